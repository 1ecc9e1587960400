"""The "try" job: a base and its tuned model answer questions that arrive while it runs.

    python -m core.worker JOB_DIR

spec.json: base_model, adapter (a folder), precision, base_model_hash, prompt (Prompt),
idle_seconds.
Questions are lines of questions.jsonl in the job's folder, written by the app: {question_id,
instruction, input, config (GenerationConfig)}; each is answered by an event "answer" with the same
question_id, `base` and `tuned` (texts) and `seconds`. The job ends by itself, and gives the memory
back, when nothing was asked for idle_seconds; stopping it is its usual end, too.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from transformers import GenerationConfig as DecodingConfig
from transformers import logging as transformers_logging

from core.gpu.adapters import load_adapter, without_adapter
from core.gpu.decoding import answer_batch, stop_tokens
from core.gpu.models import load_model, refuse_changed
from core.gpu.prompting import prompt_texts, prompt_tokens
from core.jobs.context import JobContext
from core.jobs.events import read_events
from core.jobs.folder import write_json
from core.prompts import Prompt
from core.tuning.generation_config import GenerationConfig

QUESTIONS = "questions.jsonl"
LOOK_SECONDS = 0.1


def run(job: JobContext) -> None:
    """Answers until nobody asks any more; see the module's text."""
    transformers_logging.disable_progress_bar()
    models = _Models(job)
    job.note("Loaded: ask it something.")
    path = job.folder.path / QUESTIONS
    # Of an earlier start, those that were answered; the file is read from its beginning.
    events = read_events(job.folder.events_file)[0]
    done = {event["question_id"] for event in events if event["kind"] == "answer"}
    offset, asked_at = 0, time.monotonic()
    while not job.should_stop() and time.monotonic() < asked_at + job.spec["idle_seconds"]:
        questions, offset = read_events(path, offset)
        for question in questions:
            if question["question_id"] in done or job.should_stop():
                continue
            started = time.monotonic()
            answers = models.answers(question)
            seconds = round(time.monotonic() - started, 3)
            job.emit("answer", question_id=question["question_id"], **answers, seconds=seconds)
            done.add(question["question_id"])
            asked_at = time.monotonic()
        time.sleep(LOOK_SECONDS)
    with job.final() as folder:
        write_json(folder / "try.json", {"answered": len(done)})
    job.note(f"Unloaded after {len(done)} questions.")


class _Models:
    def __init__(self, job: JobContext) -> None:
        spec = job.spec
        self.base = load_model(spec["base_model"], job.workspace, spec["precision"])
        refuse_changed(self.base, spec["base_model_hash"])
        self.prompt = Prompt.from_json(spec["prompt"])
        self.stops = stop_tokens(self.base, self.prompt)
        # Only what is asked with a question counts, not what the model's folder may ask for.
        self.base.model.generation_config = DecodingConfig(eos_token_id=self.stops)
        self.model = load_adapter(self.base, job.resolve(spec["adapter"]))

    def answers(self, question: Mapping[str, Any]) -> dict[str, str]:
        """What base and tuned model say; a question that fills the context gets an empty answer."""
        asked = [(str(question["instruction"]), str(question["input"]))]
        texts = prompt_texts(self.base.tokenizer, self.prompt, asked)
        ids = prompt_tokens(self.base.tokenizer, self.prompt, texts)
        if len(ids[0]) >= (self.base.context or 10**9):
            return {"base": "", "tuned": ""}
        config = GenerationConfig.from_json(question["config"])
        with without_adapter(self.model, self.base) as base:
            first = self._answer(base, ids, config)
        return {"base": first, "tuned": self._answer(self.model, ids, config)}

    def _answer(self, model: Any, ids: list[list[int]], config: GenerationConfig) -> str:
        return answer_batch(
            model, self.base, ids, config, self.stops, self.prompt.stop_strings, chance="try"
        )[0].text
