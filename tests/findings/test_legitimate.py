"""What looks like a flaw and is none: code, formulas, quotations, sums, ordinary phrases."""

from __future__ import annotations

import pytest

from core.findings.examples import check_example
from core.findings.finding import Checked
from core.findings.grounding import new_names_in
from core.findings.settings import FindingSettings

LEGITIMATE = {
    "code in a block": ("Show a tag.", "",
    "Use this:\n```html\n<p>Hello &amp; bye</p>\n```\nDone."),
    "inline code": ("Name a tag.", "", "The tag `<br>` breaks a line, and `a[1]` is an element."),
    "a task about HTML": ("Write an HTML paragraph.", "", "<p>Hello &amp; welcome</p>"),
    "markup that the input has": ("Shorten the text.", "<b>One</b> two", "<b>One</b>"),
    "comparisons": ("Order them.", "", "We have a < b and c > d, so b <= c holds."),
    "a placeholder in angle brackets": ("How do I copy?", "", "Type cp <source> <target> there."),
    "LaTeX": ("Solve.", "",
    "$x_{1} = \\frac{1}{2}$ and $\\nu = \\underline{3}$, by the rule [sic]."),
    "intervals and lists": ("Give one.", "",
    "The interval is [0, 1]. The list [1, 2, 3] has three."),
    "calculator marks": ("Add.", "", "She has 48/2 = <<48/2=24>>24 clips.\n#### 24"),
    "a sum that looks like a phone number": ("Add.", "", "28980 - 18480 = 10500 dollars in all."),
    "numbers with separators": ("How many?", "",
    "There are 1,234,567 people and 12 000 000 trees."),
    "dates and years": ("When?", "",
    "From 2019-2021, then on 12.05.2022 and 2023-11-26 at 10:30:45."),
    "a charged phone": ("Sum.", "",
    "Her phone 742 / 106 = 7 times as much, a call lasts 15 minutes."),
    "a version and a section": ("Which?", "", "Use version 2.14.3.1, see section 1.2.3.4 for it."),
    "I cannot, of other things": ("Decline.", "",
    "I cannot come on Saturday, but I can help later."),
    "a refusal to translate": (
        "Translate into German.", "I'm sorry, I can't help with that.",
        "Es tut mir leid, dabei kann ich nicht helfen.",
    ),
    "a text about AI": ("What is GPT?", "", "GPT is a language model. An AI can learn from texts."),
    "a translation": ("Translate into French.", "The house is red and old.",
                      "La maison est rouge et vieille, et elle est dans la rue."),
    "a quotation in another language": (
        "Explain the saying.", "",
        "“C'est la vie” means that one has to take things as they are, with a smile.",
    ),
    "a chorus": ("Write a song.", "",
    "We sing all day long.\nWe sing all day long.\nLa la la la la la."),
    "a list without points": ("List three.", "", "- Mac and cheese\n- Bread of the day\n- Peas"),
    "a letter": ("Write a letter.", "",
    "Dear Jo,\n\nI will come. See you there.\n\nBest wishes,\nSam"),
    "one word": ("Is it a verb?", "run", "run"),
    "a table of markdown": ("Make a table.", "", "| a | b |\n|---|---|\n| 1 | 2 |"),
    "Persian with joiners": ("بنویس", "", "می\u200cخواهم کتاب\u200cها را بخوانم."),
    "emoji": ("Smile.", "",
    "Here you are: \U0001f469\u200d\U0001f469\u200d\U0001f467 and "
    "\U0001f3f4\U000e0067\U000e0062\U000e0065"
              "\U000e006e\U000e0067\U000e007f!"),
    "accents": ("Spell it.", "", "Façade, naïve, Ærø, Łódź, ¿qué?, “quotes” – and 5 °C for £3."),
    "the machine itself": ("Give one.", "", "Ping 127.0.0.1, or read section 2.3.1.4 again."),
    "a user interface": ("What does it say?", "", "It says: read more about it on the next page."),
    "an answer with N/A inside": ("Fill.", "", "The second column is N/A for all of the rows."),
    "unbalanced but open text": ("Complete.", "Once upon a time,", "there was a king,"),
}  # fmt: skip


@pytest.mark.parametrize("name", LEGITIMATE)
def test_what_is_meant_is_no_finding(name: str) -> None:
    example = Checked("1", *LEGITIMATE[name])
    found = check_example(example, FindingSettings())
    assert not [one for one in found if one.severity != "low" and one.field == "output"]


def test_an_input_that_is_there_is_not_missed() -> None:
    for text, given in (
        ("Summarise the following text.", "A long text."),
        ('Translate the following sentence: "Good morning."', ""),
        ("Rewrite the sentence below.\nHe go home.", ""),
        ("Explain what a sentence is.", ""),
    ):
        found = check_example(Checked("1", text, given, "An answer."), FindingSettings())
        assert not [one for one in found if one.kind == "missing_input"]


def test_grounding_is_asked_only_where_the_task_promises_it() -> None:
    example = Checked("1", "Write a story.", "", "In 1850 the sailor Tomasz came to Kiel.")
    assert not check_example(example, FindingSettings())
    kinds = {one.kind for one in check_example(example, FindingSettings(grounded=True))}
    assert kinds == {"unsupported_numbers", "unsupported_names"}


@pytest.mark.parametrize(
    ("given", "said", "new"),
    [
        ("Москва большая, там живёт Анна.", "Он живёт в Москве и знает Петрова.", ["Петрова"]),
        ("Анна пришла.", "Он спросил: «Почему?» и ушёл к Анне.", []),
        ("Ο Γιώργος μένει στην Αθήνα.", "Των Αθηνών ο Γιώργος γνωρίζει τη Μαρία.", ["Μαρία"]),
        ("Łódź jest duża.", "Spotkali się w Łodzi z Żanetą.", ["Żanetą"]),
        ("Paris is large.", "He met Čapek and Smith in Paris.", ["Čapek", "Smith"]),
    ],
)
def test_names_are_told_in_other_scripts_too_whatever_their_case(
    given: str, said: str, new: list[str]
) -> None:
    assert [one.group() for one in new_names_in(said, given)[1]] == new


def test_numbers_of_the_input_are_known_however_they_are_written() -> None:
    settings = FindingSettings(grounded=True)
    given = "Twelve boxes cost 1,200.50 dollars, 3 of them were sold, that is 25%."
    said = "It costs 1200.5 dollars for 12 boxes; three were sold, or 25 percent."
    assert not check_example(Checked("1", "Summarise.", given, said), settings)


def test_a_listed_point_is_no_number_of_the_answer() -> None:
    said = "1. Rye bread\n2. Milk"
    given = Checked("1", "Extract the goods.", "milk and rye bread", said)
    assert not [
        one
        for one in check_example(given, FindingSettings(grounded=True))
        if one.kind == "unsupported_numbers"
    ]


def test_numbers_with_commas_are_listed_so_that_each_is_seen() -> None:
    checked = Checked("1", "Summarise.", "Some.", "There were 3,037 boxes and 149,050 lids.")
    told = [one.explanation for one in check_example(checked, FindingSettings(grounded=True))]
    assert "The input does not have the numbers 3,037; 149,050." in told
