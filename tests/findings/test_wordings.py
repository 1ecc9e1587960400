"""Wordings that the corpus of sown flaws does not have, collected after the checks were written."""

from __future__ import annotations

import pytest

from core.findings.examples import check_example
from core.findings.finding import Checked
from core.findings.settings import FindingSettings

WORDINGS: dict[str, tuple[str, ...]] = {
    "refusal": (
        "I'm unable to assist with that request.",
        "I can't help you do that.",
        "I must decline to answer this question.",
        "Sorry, but I can't do that.",
        "I'm afraid I can't answer that.",
        "I do not have the ability to browse the internet.",
        "That is not something I can help with.",
        "I'm not comfortable writing that.",
        "I am sorry, but I cannot generate content of that kind.",
        "Leider kann ich diese Anfrage nicht beantworten.",
        "No puedo ayudarte con eso.",
        "Я не могу помочь с этим.",
    ),
    "assistant_boilerplate": (
        "As an AI assistant, I don't eat.",
        "I am an AI assistant created by Anthropic.",
        "As a language model trained by Google I do not know.",
        "Since I'm an AI, I have no body.",
        "My training data only goes up to 2022.",
        "I don't have personal experiences or emotions as an AI.",
        "Als künstliche Intelligenz weiß ich das nicht.",
        "En tant qu'IA, je ne peux pas.",
    ),
    "placeholder": (
        "n.a.",
        "TBA",
        "<your answer here>",
        "[INSERT NAME]",
        "(blank)",
        "Answer goes here.",
        "No answer",
        "Not available",
        "{{output}}",
        "to be added",
    ),
    "template_tokens": (
        "<|assistant|>\nHi there.",
        "Hi there.<|end|>",
        "### Assistant: Hi there.",
        "Hi there.\nUser: Why?\nAssistant: So.",
        "<|start_header_id|>user<|end_header_id|> Hi",
        "Hi there.<|im_sep|>",
        "<bos>Hi there.",
        "Hi.<|fim_middle|>",
    ),
    "markup": (
        "<h1>Title</h1> Text is here.",
        "Line one<br>Line two",
        "a &lt; b",
        "It&#39;s fine",
        "<table><tr><td>1</td></tr></table>",
        "<sup>2</sup> is small",
        "<ref>Lee</ref> says",
        "[b]bold[/b]",
        "<strong>Hi</strong>",
        "<center>Hi</center>",
        "{{Infobox}} He is.",
    ),
    "page_furniture": (
        "Text one.\nPage 12\nText two.",
        "Text one.\n12 | P a g e\nText two.",
        "Text one.\nCopyright 2020 by Lee Press\nText two.",
        "Text one is here.\nPrint this page\nText two.",
        "Log in\nRegister\nText is here.",
        "Text is here.\nComments (3)",
        "Text here.\n\nPosted by admin on May 3, 2019",
    ),
    "citations": (
        "It is old (Smith, 2001). It is new.",
        "It is old.¹ So it is.",
        "It is old [see 3]. So.",
        "It is old [12, pp. 3-5]. So it is.",
        "It is old.\u200a[3] So it is.",
    ),
    "encoding_damage": (
        "donâ€™t do it",
        "Ã¼ber",
        "Ð¿ÑÐ¸Ð²ÐµÑ",
        "l‚Äôeau",
        "caf�",
        "æ—¥æœ¬èªž",
        "weiÃŸ nicht",
        "naÃ¯ve",
    ),
    "repeated_sentences": (
        "yes yes yes yes yes yes yes",
        "I like it. I like tea. I like it. I like tea.",
        "The cat sat on the mat. A dog ran. The cat sat on the mat. It was "
        "late. The cat sat on the mat.",
        "one two three one two three one two three one two three",
        "Hello there my friend. Hello there my friend.",
    ),
    "truncated_output": (
        "There are three kinds. The first one is made of wood. The second is ma",
        "It rains. The reason for this is that the",
        "```python\nprint(1)",
        "He went home. Then he ate, slept,",
        "First of all, we need to (",
        "这是一个句子。这是另外一个没有说完的句",
    ),
    "phone": (
        "My number: 07911 123456",
        "Tel.: 089/1234567",
        "Reach me at 555-123-4567.",
        "0800 123 4567 is free",
        "call 1 800 555 0199 now",
        "+91 98765 43210",
        "phone 5551234",
        "Mobile: 0176-12345678",
        "Fax (030) 123 45 67",
    ),
    "email": (
        "ann(at)mail.de",
        "<ann.lee@mail-host.de>",
        "mailto:ann@mail-host.de",
        "ann@mail-host.co.uk.",
        "ANN@MAIL-HOST.DE",
        "jörg@müller-post.de",
    ),
    "person_name": (
        "Prof. Dr. Hannah Weiß",
        "Dear Mr. O'Neill,",
        "Signed, Priya Raman",
        "Best,\nJohn",
        "Dr Lee came",
        "Contact: Jane Doe",
    ),
    "missing_input": (
        "Proofread this essay.",
        "Fix the bug in this code.",
        "Given the following review, predict the rating.",
        "Convert the given table to JSON.",
        "Answer the question based on the context.",
    ),
    "mixed_languages": (
        "The house is old and red. La casa es vieja y roja, y está en la calle.",
        "Это дом, который стоит у реки. The house is on the bank of the river.",
    ),
}


@pytest.mark.parametrize("kind", WORDINGS)
def test_other_wordings_are_found(kind: str) -> None:
    for text in WORDINGS[kind]:
        if kind == "missing_input":
            example = Checked("1", text, "", "Fine, it is so.")
        else:
            example = Checked("1", "Say what you know.", "", text)
        found = {one.kind for one in check_example(example, FindingSettings())}
        assert kind in found, text
