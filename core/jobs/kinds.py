"""The kinds of job: one table, which the worker, the supervisor and the pages read.

A new kind is one entry here, a `run(job)` that a worker executes, and a `take_in` when its result
belongs into the database. Functions are named as text, "module:function": the worker imports only
`prepare` and `run`, so that light kinds start fast, and the server only `take_in`, so that torch
stays out.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import InvalidInput

Device = Literal["accelerator", "light"]
# How many jobs may run at once on each.
PLACES: dict[str, int] = {"accelerator": 1, "light": 2}
# How a worker finds its way out of this machine, where its kind needs that.
NETWORK = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
)


class UnknownKind(InvalidInput):
    """No such kind of job."""

    title = "This kind of job is not known"


@dataclass(frozen=True)
class JobKind:
    """What the program knows of a kind of job.

    `run` is `run(job: JobContext) -> None`, executed by the worker. `take_in` is
    `take_in(store, job: Job, folder: JobFolder) -> None`, executed by the server inside the
    transaction that marks the job as taken in; "" when there is nothing to take in. A result of
    many rows has a `take_in_part` too, of the same arguments: called before, once at each look and
    outside of a transaction, for as long as it returns True. `reads_file`: a file that was refused
    stays refused. `judges_data`: so do the data that it was given; resuming is of no use.
    `counts_bytes`: its progress does. `variables`: what its worker gets of the server's environment
    besides what all get; a name that ends in _ stands for all that begin so. `online`: it may ask
    the Hugging Face hub, which all others are kept from. `folder` is the workspace's folder for it;
    in "runs" a job is named after its subject. `prepare(job: JobContext)`, where there is one, is
    called by the worker before `run` is imported. `label` is what people call it.
    """

    name: str
    label: str
    run: str
    prepare: str = ""
    take_in: str = ""
    take_in_part: str = ""
    device: Device = "light"
    reads_file: bool = False
    judges_data: bool = False
    counts_bytes: bool = False
    online: bool = False
    variables: tuple[str, ...] = ()
    folder: Literal["jobs", "runs"] = "jobs"

    def __post_init__(self) -> None:
        for text in filter(None, (self.run, self.prepare, self.take_in, self.take_in_part)):
            module, _, function = text.partition(":")
            if not (module and function.isidentifier()):
                raise InvalidInput(f"“{text}” names no function. Write it as module:function.")


def _table(*kinds: JobKind) -> dict[str, JobKind]:
    return {kind.name: kind for kind in kinds}


KINDS: dict[str, JobKind] = _table(
    JobKind(
        "import",
        "import",
        run="core.importing.job:run",
        prepare="core.importing.job:prepare",
        take_in="core.workflows.curation.importing:take_in",
        take_in_part="core.workflows.curation.importing:take_in_part",
        reads_file=True,
        counts_bytes=True,
    ),
    JobKind(
        "freeze",
        "freeze",
        run="core.versions.freeze_job:run",
        prepare="core.jobs.imports:leave_out_pandas",
        take_in="core.workflows.curation.freezing:take_in",
        judges_data=True,
    ),
    JobKind(
        "check",  # what releases before 0.2 called it: jobs that wait since then
        "freeze",
        run="core.versions.freeze_job:run",
        prepare="core.jobs.imports:leave_out_pandas",
        take_in="core.workflows.curation.freezing:take_in",
        judges_data=True,
    ),
    JobKind(
        "check_examples",
        "check",
        run="core.checks.check_job:run",
        take_in="core.workflows.curation.checks:take_in",
    ),
    JobKind(
        "index_text",
        "index texts",
        run="core.examples.index_job:run",
        prepare="core.jobs.imports:leave_out_pandas",
        take_in="core.workflows.curation.searching:take_in",
    ),
    JobKind(
        "export",
        "export",
        run="core.exporting.job:run",
        prepare="core.exporting.job:prepare",
    ),
    JobKind(
        "protect",
        "protect texts",
        run="core.importing.protected_job:run",
        prepare="core.importing.job:prepare",
        take_in="core.workflows.curation.protecting:take_in",
        reads_file=True,
        counts_bytes=True,
    ),
    JobKind(
        "download_model",
        "download a model",
        run="core.tuning.hub_job:run",
        counts_bytes=True,
        online=True,
        variables=(*NETWORK, "HF_ENDPOINT", "HF_TOKEN"),
    ),
    JobKind(
        "mask",
        "mask personal data",
        run="core.findings.mask_job:run",
        prepare="core.jobs.imports:leave_out_pandas",
        take_in="core.workflows.curation.bulk:take_in_masked",
    ),
    JobKind(
        "train",
        "train",
        run="core.gpu.training:run",
        prepare="core.gpu.imports:leave_out_unused",
        take_in="core.workflows.tuning.techniques:take_in_run",
        device="accelerator",
        folder="runs",
        variables=(*NETWORK, "MLFLOW_"),
    ),
    JobKind(
        "preflight",
        "pre-flight",
        run="core.gpu.preflight:run",
        prepare="core.gpu.imports:leave_out_unused",
        device="accelerator",
    ),
    JobKind(
        "merge",
        "merge",
        run="core.gpu.merging:run",
        prepare="core.gpu.imports:leave_out_unused",
        device="accelerator",
    ),
    JobKind(
        "try",
        "try a model",
        run="core.gpu.trying:run",
        prepare="core.gpu.imports:leave_out_unused",
        device="accelerator",
    ),
    JobKind(
        "generate",
        "generate",
        run="core.gpu.generation:run",
        prepare="core.gpu.imports:leave_out_unused",
        take_in="core.workflows.evaluation.generating:take_in",
        device="accelerator",
    ),
    JobKind(
        "augment",
        "propose paraphrases",
        run="core.augmentation.template_job:run",
        prepare="core.jobs.imports:leave_out_pandas",
        take_in="core.workflows.curation.augmenting:take_in",
    ),
    JobKind(
        "paraphrase",
        "let a model paraphrase",
        run="core.gpu.augmenting:run",
        prepare="core.gpu.imports:leave_out_unused",
        take_in="core.workflows.curation.augmenting:take_in",
        device="accelerator",
    ),
    JobKind(
        "negatives",
        "propose negatives",
        run="core.augmentation.negative_job:run",
        prepare="core.jobs.imports:leave_out_pandas",
        take_in="core.workflows.curation.augmenting:take_in",
    ),
    JobKind(
        "model_negatives",
        "let a model propose negatives",
        run="core.gpu.augmenting:run_negatives",
        prepare="core.gpu.imports:leave_out_unused",
        take_in="core.workflows.curation.augmenting:take_in",
        device="accelerator",
    ),
    JobKind(
        "contamination",
        "check contamination",
        run="core.gpu.contamination:run",
        prepare="core.gpu.imports:leave_out_unused",
        take_in="core.workflows.evaluation.contamination:take_in",
        device="accelerator",
    ),
    JobKind(
        "answers",
        "import answers",
        run="core.importing.answers_job:run",
        prepare="core.importing.job:prepare",
        take_in="core.workflows.evaluation.answers:take_in",
        reads_file=True,
        counts_bytes=True,
    ),
    JobKind(
        "live",
        "import live answers",
        run="core.importing.live_job:run",
        prepare="core.importing.job:prepare",
        take_in="core.workflows.evaluation.live_answers:take_in",
        reads_file=True,
        counts_bytes=True,
    ),
    JobKind(
        "score",
        "score",
        run="core.scoring.job:run",
        prepare="core.jobs.imports:leave_out_pandas",
        take_in="core.workflows.evaluation.scoring:take_in",
    ),
    JobKind(
        "study",
        "open a study",
        run="core.study.draw_job:run",
        prepare="core.jobs.imports:leave_out_pandas",
        take_in="core.workflows.evaluation.drawing:take_in",
    ),
    JobKind(
        "extend",
        "add pairs to a study",
        run="core.study.extend_job:run",
        prepare="core.jobs.imports:leave_out_pandas",
        take_in="core.workflows.evaluation.extending:take_in",
        judges_data=True,
    ),
    JobKind(
        "report",
        "results",
        run="core.study.report_job:run",
        prepare="core.jobs.imports:leave_out_pandas",
        take_in="core.workflows.evaluation.reports:take_in",
    ),
)


def kind_of(name: str) -> JobKind:
    """The kind of that name. Raises UnknownKind."""
    if name not in KINDS:
        raise UnknownKind(f"“{name}” is no kind of job. Known: {', '.join(KINDS)}.")
    return KINDS[name]


def function_of(text: str) -> Callable[..., Any]:
    """The function that "module:function" names, its module imported now."""
    module, _, name = text.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found
