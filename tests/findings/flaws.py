"""Flaws that are sown into clean examples: one function per kind, of (example, rng)."""

from __future__ import annotations

import random
from collections.abc import Callable

from core.findings.finding import Checked
from core.findings.settings import FindingSettings
from core.projects import LabelField
from tests.findings.personal_numbers import PERSONAL

Sow = Callable[[Checked, random.Random], Checked | None]

LABELS = ("positive", "negative", "neutral")
TONE = LabelField("tone", ("friendly", "neutral", "rude"))
SETTINGS: dict[str, FindingSettings] = {
    "label_not_in_schema": FindingSettings(output_labels=LABELS, label_schema=(TONE,)),
    "label_spelling": FindingSettings(output_labels=LABELS),
    "unsupported_numbers": FindingSettings(grounded=True),
    "unsupported_names": FindingSettings(grounded=True),
    "unexpected_language": FindingSettings(language="en"),
}


def _out(example: Checked, text: str) -> Checked:
    return example.with_texts({"output": text})


def _in_a_field(example: Checked, rng: random.Random, change: Callable[[str], str]) -> Checked:
    """The change in the output, or in the input where there is one."""
    field = rng.choice(("input", "output")) if example.input else "output"
    return example.with_texts({field: change(example.text(field))})


def _sentence_ends(text: str) -> list[int]:
    found = (at + 1 for at, sign in enumerate(text) if sign in ".。।؟!?")
    return [
        at for at in found if text[at:].strip() and (text[at].isspace() or text[at - 1] == "。")
    ]


def _with_inside(text: str, added: str, rng: random.Random) -> str:
    """The text with something between two of its words or, without any, behind it."""
    gaps = [at for at, sign in enumerate(text) if sign == " "]
    at = rng.choice(gaps) if gaps else len(text)
    return f"{text[:at]} {added}{text[at:]}"


def empty_field(example: Checked, rng: random.Random) -> Checked:
    """Nothing, white space or a zero-width space as output; or no task."""
    if rng.random() < 0.3:
        return example.with_texts({"instruction": rng.choice(("", "  ")), "input": ""})
    return _out(example, rng.choice(("", " ", "\n\n", "\t", "\u200b", "\ufeff \n")))


def placeholder(example: Checked, rng: random.Random) -> Checked:
    """A stand-in as output, or as input."""
    stand_ins = (
        "N/A", "n/a", "TODO", "TBD", "null", "NaN", "[output]", "<response>", "...", "xxx", "???",
        "[Your answer]", "Insert text here", "undefined", "Lorem ipsum dolor sit amet", "____",
    )  # fmt: skip
    if rng.random() < 0.3:
        return example.with_texts({"input": rng.choice(("<noinput>", "No input", "N/A", "null"))})
    return _out(example, rng.choice(stand_ins))


def missing_input(example: Checked, rng: random.Random) -> Checked:
    """An instruction that speaks of a text, without one."""
    instructions = (
        "Summarize the following article.", "Translate the following sentence into French.",
        "Correct the grammar in the given paragraph.", "Answer based on the passage below.",
        "Classify the sentiment of this following tweet:", "Rewrite the text provided below.",
        "Find the verbs in the sentence below.", "Fassen Sie den folgenden Text zusammen.",
    )  # fmt: skip
    return example.with_texts({"instruction": rng.choice(instructions), "input": ""})


def output_equals_input(example: Checked, rng: random.Random) -> Checked | None:
    """The input or the instruction as output."""
    given = example.input or example.instruction
    if len(given) < 20 and given.isascii():
        return None
    return _out(example, rng.choice((given, f" {given}\n", given.replace(" ", "  "))))


def truncated_output(example: Checked, rng: random.Random) -> Checked | None:
    """A cut in a later sentence of a text whose lines are closed by a full stop."""
    text = example.output.partition("####")[0].rstrip()
    ends = _sentence_ends(text)
    closed = all(line.rstrip()[-1] in ".!?。।؟" for line in text.splitlines() if line.strip())
    if "```" in text or not ends or not closed:
        return None
    start = rng.choice(ends)
    end = min([at for at in _sentence_ends(text) if at > start], default=len(text)) - 1
    places = [at for at in range(start + 12, end) if text[at - 1].isalnum() and text[at].strip()]
    return _out(example, text[: rng.choice(places)]) if places else None


def refusal(example: Checked, rng: random.Random) -> Checked:
    """A refusal as output."""
    refusals = (
        "I'm sorry, but I can't assist with that.", "I cannot fulfill this request.",
        "I'm sorry, I am not able to help with that request.",
        "Sorry, I can't provide that information.",
        "I apologize, but I cannot answer that question.",
        "Unfortunately, I am unable to complete this task.",
        "I won't be able to help you with that.",
        "Es tut mir leid, aber dabei kann ich Ihnen nicht helfen.", "抱歉，我无法回答这个问题。",
        "Lo siento, pero no puedo ayudar con eso.",
        "Je suis désolé, mais je ne peux pas vous aider.",
    )  # fmt: skip
    return _out(example, rng.choice(refusals))


def assistant_boilerplate(example: Checked, rng: random.Random) -> Checked:
    """An assistant's words about itself, before the answer or in it."""
    words = (
        "As an AI language model, I do not have opinions.", "As a large language model, I may err.",
        "I'm just an AI, but here is what I know.", "My knowledge cutoff is September 2021.",
        "As an artificial intelligence, I cannot feel.",
        "Als KI-Sprachmodell habe ich keine Meinung.",
        "En tant que modèle de langage, je n'ai pas d'avis.",
        "作为一个人工智能语言模型，我没有观点。",
        "Como modelo de lenguaje, no tengo opiniones.", "I was trained by OpenAI to help people.",
    )  # fmt: skip
    return _out(example, f"{rng.choice(words)} {example.output}")


def markup(example: Checked, rng: random.Random) -> Checked | None:
    """Tags, entities or wiki marks round words, where the task is not about them."""
    if "HTML" in example.instruction or "```" in example.output:
        return None
    wrap = rng.choice((
        "<p>{}</p>", "{}<br/>", "<div class=\"content\">{}</div>", "{}&nbsp;", "<b>{}</b>",
        "{} &amp; more", "'''{}'''", "<span style='color: red'>{}</span>", "{}<!-- end -->",
        "[[Main Page|{}]]", "&quot;{}&quot;", "<li>{}</li>", "<a href=\"https://a.b/c\">{}</a>",
    ))  # fmt: skip
    short = "[[" in wrap or "'''" in wrap

    def change(text: str) -> str:
        words = text.split(" ")
        head = " ".join(words[:3]).replace("\n", " ").replace("'", "")[:60]
        return wrap.format(head) + " " + " ".join(words[3:]) if short else wrap.format(text)

    return _in_a_field(example, rng, change)


def template_tokens(example: Checked, rng: random.Random) -> Checked | None:
    """Tokens of chat templates, or a next turn."""
    if "function" in example.instruction or "example" in example.instruction:
        return None
    token = rng.choice((
        "{}<|im_end|>", "<|im_start|>assistant\n{}", "{}</s>", "<s>{}", "[INST] {} [/INST]",
        "{}<|endoftext|>", "{}<end_of_turn>", "{}<|eot_id|>", "{}\n\n### Instruction:\nSay more.",
        "### Response:\n{}", "{}\n\nInput: Another one\nOutput: Another answer",
        "{}\nHuman: And then?\nAssistant: Then we rest.",
    ))  # fmt: skip
    return _out(example, token.format(example.output))


def page_furniture(example: Checked, rng: random.Random) -> Checked | None:
    """A header above the output, or a footer below."""
    if any(word in example.instruction.lower() for word in ("letter", "html", "email")):
        return None
    line = rng.choice((
        "Page 3 of 12", "- 12 -", "© 2021 Example Media Ltd. All rights reserved.", "Read more:",
        "Subscribe to our newsletter", "Click here to find out more", "Advertisement",
        "Seite 4 von 9",
        "Share this article", "Home > News > Science", "Sent from my iPhone", "Back to top",
        "This website uses cookies to improve your experience.", "Alle Rechte vorbehalten.",
    ))  # fmt: skip
    return _out(example, rng.choice((f"{line}\n\n{example.output}", f"{example.output}\n\n{line}")))


def citations(example: Checked, rng: random.Random) -> Checked | None:
    """Reference marks behind a sentence."""
    if not _sentence_ends(example.output) or "```" in example.output or "$" in example.output:
        return None
    mark = rng.choice(("[1]", "[2, 3]", "[12][13]", " [4]", "[citation needed]",
    " (Lee et al., 2019)",
                       " (Smith & Jones, 2004)", "[7-9]"))  # fmt: skip
    at = rng.choice(_sentence_ends(example.output))
    behind = at - 1 if mark.startswith(" (") else at
    return _out(example, example.output[:behind] + mark + example.output[behind:])


def encoding_damage(example: Checked, rng: random.Random) -> Checked | None:
    """UTF-8 read as Windows-1252 or Latin-1, once or twice, or a lost character."""
    if "```" in example.output:
        return None
    words = rng.choice(
        ("café", "naïve “quotes”", "Müller’s", "the résumé — done", "größer", "señor")
    )

    def damaged(text: str) -> str:
        whole = f"{text} {words}."
        for codec in ("cp1252", "latin-1"):
            try:
                return whole.encode().decode(codec)
            except UnicodeDecodeError:
                continue
        return whole

    def change(text: str) -> str:
        way = rng.randrange(4)
        if way == 0:
            return _with_inside(text, "caf\ufffd", rng)
        if way == 1:
            return damaged(damaged(text)) if text.isascii() else damaged(text)
        if way == 2:
            return f"{text} {words.encode().decode('cp1252', 'replace')}"
        return damaged(text)

    return _in_a_field(example, rng, change)


def control_characters(example: Checked, rng: random.Random) -> Checked:
    """One control or invisible character somewhere."""
    sign = rng.choice("\x00\x07\x08\x1b\x0b\x7f\x90\u200b\u2028\ufeff\u00ad\u202e\u2060")

    def change(text: str) -> str:
        at = rng.randint(0, len(text))
        return text[:at] + sign + text[at:]

    return _in_a_field(example, rng, change)


_FOREIGN = {
    "de": "Das ist aber nicht die ganze Antwort, denn wir haben noch einen anderen Grund dafür.",
    "fr": "Mais ce n'est pas toute la réponse, car nous avons encore une autre raison pour cela.",
    "es": "Pero esta no es toda la respuesta, porque tenemos también otra razón para ello.",
    "pl": "Ale to nie jest cała odpowiedź, ponieważ mamy jeszcze inny powód, który jest ważny.",
    "ru": "Но это ещё не весь ответ, потому что есть и другая причина.",
    "zh": "但这还不是全部答案，因为我们还有另外一个重要的原因。",
    "ar": "لكن هذه ليست الإجابة الكاملة لأن لدينا سببا آخر مهما.",
    "en": "But this is not the whole answer, because there are other reasons that you "
    "have to know.",
}


def _language_of(example: Checked) -> str:
    scripts = (("zh", "\u4e00", "\u9fff"), ("ru", "\u0400", "\u04ff"), ("ar", "\u0600", "\u06ff"))
    for name, low, high in scripts:
        if any(low <= sign <= high for sign in example.output):
            return name
    german = ("Das ", "Le ", "La luz", "El ", "Deshalb")
    starts = {"Das ": "de", "La lumière": "fr", "La luz": "es"}
    found = next((name for text, name in starts.items() if example.output.startswith(text)), "")
    return found or (
        "other" if not example.output.isascii() or german[0] in example.output else "en"
    )


def mixed_languages(example: Checked, rng: random.Random) -> Checked | None:
    """A sentence of another language at the end, or a whole answer in it."""
    here = _language_of(example)
    if "```" in example.output or "$\\" in example.output or len(example.output) < 60:
        return None
    sentence = _FOREIGN[rng.choice([name for name in _FOREIGN if name != here])]
    return _out(example, f"{example.output.partition('####')[0].rstrip()} {sentence}")


def unexpected_language(example: Checked, rng: random.Random) -> Checked:
    """An answer in another language than English."""
    return _out(example, _FOREIGN[rng.choice([name for name in _FOREIGN if name != "en"])])


def repeated_sentences(example: Checked, rng: random.Random) -> Checked | None:
    """The last sentence twice, or words in a loop."""
    text = example.output.partition("####")[0].strip()
    if "```" in text or "<" in text.replace("<<", "") or len(text) < 40:
        return None
    if rng.random() < 0.3:
        return _out(example, text + " and the other one of the same" * rng.randint(4, 9))
    ends = _sentence_ends(text)
    last = text[(ends[-1] if ends else 0) :].strip()
    between = " " if text[-1] in ".!?。।" else "\n"
    return _out(example, f"{text}{between}{last if len(last) > 15 else text}")


def label_not_in_schema(example: Checked, rng: random.Random) -> Checked:
    """Another word than a label, a text, or an annotator's label that is no option."""
    clean = _out(example, rng.choice(LABELS))
    if rng.random() < 0.3:
        return Checked(clean.id, clean.instruction, clean.input, clean.output, {"tone": "angry"})
    wrong = ("postive", "good", "Negativ", "positive and negative", "It is a fine text.", "4")
    return _out(example, rng.choice(wrong))


def label_spelling(example: Checked, rng: random.Random) -> Checked:
    """A label with other letters or signs round it."""
    written = ("Positive", "positive.", "NEGATIVE", " neutral", "Label: negative", "“neutral”")
    return _out(example, rng.choice(written))


def unsupported_numbers(example: Checked, rng: random.Random) -> Checked:
    """A text that has the input's numbers, and one more."""
    given = "The firm sold 120 boxes in March and two thousand in April, 15 percent more."
    said = rng.choice((
        "The firm sold 120 boxes in March and 450 in May.", "Sales rose by 37 percent.",
        "In 1998 the firm sold 120 boxes.", "It sold 120.5 boxes.", "The firm made $3,400.",
    ))  # fmt: skip
    return example.with_texts({"instruction": "Summarise.", "input": given, "output": said})


def unsupported_names(example: Checked, rng: random.Random) -> Checked:
    """A text with a name that the input does not have."""
    given = "Ms Okafor opened a bakery near the harbour of Kiel. She sells bread made from rye."
    said = rng.choice((
        "Ms Okafor opened a bakery in Hamburg.", "The bakery of Ms Lindqvist sells bread.",
        "She sells bread with her friend Tomasz.", "Her bakery in Kiel is run with Nordbrot.",
    ))  # fmt: skip
    return example.with_texts({"instruction": "Summarise.", "input": given, "output": said})


def _personal(kind: str) -> Sow:
    def sow(example: Checked, rng: random.Random) -> Checked:
        text = PERSONAL[kind](rng)
        lead = "" if kind in ("person_name", "national_id") else rng.choice(("", "at ", "see "))
        if kind == "phone":
            lead = "" if text.startswith(("+", "(")) else "Phone: "
        return _in_a_field(example, rng, lambda old: f"{old.rstrip()}\n{lead}{text}")

    return sow


SOWN: dict[str, Sow] = {
    **{
        function.__name__: function
        for function in (
            empty_field, encoding_damage, control_characters, template_tokens, markup,
            page_furniture, citations, repeated_sentences, placeholder, missing_input,
            output_equals_input, truncated_output, assistant_boilerplate, refusal, mixed_languages,
            unexpected_language, label_not_in_schema, label_spelling, unsupported_numbers,
            unsupported_names,
        )
    },
    **{kind: _personal(kind) for kind in PERSONAL},
}  # fmt: skip
