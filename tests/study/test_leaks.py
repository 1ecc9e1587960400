"""The scan for what gives systems away: every known leak is found, and like systems seldom are."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import InvalidInput
from core.study.leak_report import LeakReport, Measure
from core.study.leaks import FEWEST_TO_TELL, scan, worst
from core.study.phrases import template_tokens
from core.study.within_pairs import told_by, told_by_wording

SELF_INSTRUCT = Path(__file__).parents[3] / "shared" / "data" / "self-instruct"
TEMPLATE = "{instruction}\n\nInput: {input}\nOutput:"
SUBJECTS = ("The engine", "A gardener", "My neighbour", "This river", "Your letter", "One clerk")
DOINGS = ("turns", "waits", "sings", "moves on", "says little", "falls silent", "begins anew")
TIMES = ("at noon", "every other day", "in the rain", "without a word", "for years", "by itself")


def prose(chance: random.Random) -> str:
    """Two to six sentences that nothing tells apart from the next text."""
    said = (
        f"{chance.choice(SUBJECTS)} {chance.choice(DOINGS)} {chance.choice(TIMES)}."
        for _ in range(chance.randint(2, 6))
    )
    return " ".join(said)


def two_alike(pairs: int, seed: int) -> tuple[list[str], list[str]]:
    chance = random.Random(seed)
    return [prose(chance) for _ in range(pairs)], [prose(chance) for _ in range(pairs)]


def responses(system: str) -> list[str]:
    file = SELF_INSTRUCT / f"{system}_predictions.jsonl"
    if not file.exists():
        pytest.skip("the real data is not beside the checkout")
    return [json.loads(line)["response"] for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.shared
def test_real_base_and_tuned_answers_are_flagged_as_not_blind() -> None:
    base, tuned = responses("base_davinci"), responses("tuned_davinci-self-instruct")
    report = scan(base, tuned, names=["davinci"], template=TEMPLATE)
    assert not report.blind
    length, _form, wording = report.measures
    assert length.name == "Length"
    assert length.share == pytest.approx(0.968, abs=0.001)
    assert wording.share > 0.95
    assert any("Length alone" in sentence for sentence in report.findings)
    turned = scan(tuned, base, names=["davinci"], template=TEMPLATE)
    assert (turned.findings, turned.measures) == (report.findings, report.measures)


@pytest.mark.shared
def test_two_halves_of_one_real_system_are_blind() -> None:
    for system in ("base_davinci", "tuned_davinci-self-instruct"):
        texts = random.Random(1).sample(responses(system), 252)
        report = scan(texts[:126], texts[126:], names=["davinci"], template="{instruction}")
        assert report.blind, report.findings
        assert max(one.share for one in report.measures) < 0.7


LEAKS: dict[str, tuple[Callable[[str, int], str], str]] = {
    "longer by a third": (
        lambda text, _k: text + " And on" * (len(text) // 21 + 1),
        "Length alone",
    ),
    "an opening": (lambda text, _k: f"Sure! Here is what I think. {text}", "“Sure! Here is” opens"),
    "curly quotes": (lambda text, _k: f"“{text}”", "Curly quotes alone tell"),
    "boilerplate in 60 %": (
        lambda text, k: f"{text} As an AI language model, I stop here." if k % 5 < 3 else text,
        "“As an AI …” stands in 36 answers",
    ),
    "its maker in 30 %": (
        lambda text, k: f"{text} OpenAI made me." if k % 10 < 3 else text,
        "The name 'OpenAI' stands in 18 answers",
    ),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_each_known_leak_ends_blindness_and_is_named(leak: str) -> None:
    change, sentence = LEAKS[leak]
    plain, other = two_alike(60, seed=4)
    if leak.startswith("longer"):
        other = plain  # 30 % longer in every pair, though lengths differ more from pair to pair
    changed = [change(text, k) for k, text in enumerate(other)]
    report = scan(plain, changed, names=[], template=TEMPLATE)
    assert not report.blind
    assert any(sentence in finding for finding in report.findings), report.findings


def test_what_the_reference_says_too_is_content_and_no_leak() -> None:
    plain, other = two_alike(40, seed=5)
    named = [f"Answer: {text} Claude painted it." for text in other]
    assert not scan(plain, named, names=[], template=TEMPLATE).blind
    report = scan(plain, named, names=[], template=TEMPLATE, references=named)
    assert report.blind, report.findings


def test_like_systems_are_seldom_called_not_blind_however_few_the_pairs() -> None:
    for pairs in (3, 5, 9, 12, 30):
        accused = 0
        for study in range(50):
            a, b = two_alike(pairs, seed=1000 * pairs + study)
            accused += not scan(a, b, names=[], template=TEMPLATE).blind
        assert accused <= 3, pairs


def test_wording_is_measured_and_does_not_decide() -> None:
    plain, other = two_alike(60, seed=6)
    formal = [text.replace("little", "not a thing").replace("A ", "Some ") for text in other]
    report = scan(plain, formal, names=[], template=TEMPLATE)
    assert report.blind
    wording = report.measures[-1]
    assert wording.name == "Wording"
    assert wording.p == pytest.approx(0.001)
    assert wording.share > 0.75
    alike = told_by_wording(plain, other)
    assert alike.p is not None
    assert alike.p > 0.05


def test_the_p_of_wording_is_uniform_where_there_is_nothing_to_learn() -> None:
    found = [told_by_wording(*two_alike(12, seed)).p or 0.0 for seed in range(60)]
    assert sum(p <= 0.05 for p in found) <= 8
    assert 0.35 < float(np.mean(found)) < 0.75


def test_a_model_name_or_a_template_token_on_one_side_ends_blindness() -> None:
    plain = [f"The answer is {k}." for k in range(20)]
    named = [*plain[:-1], "I am Bertha-3 and say 19."]
    assert not scan(plain, named, names=["bertha-3"], template=TEMPLATE).blind
    assert scan(plain, named, names=["bertha", ""], template=TEMPLATE).findings
    assert scan(plain, named, names=["bert"], template=TEMPLATE).blind
    for leak in ("Output:", "<|im_end|>"):
        report = scan([*plain[:-1], f"19 {leak} 20."], plain, names=[], template=TEMPLATE)
        assert (report.blind, len(report.findings)) == (False, 1)
        assert leak in report.findings[0]


def test_a_name_on_both_sides_is_found_and_leaves_the_study_blind() -> None:
    texts = ["Acme Bot says hello.", "It is noon."]
    report = scan(texts, texts, names=["Acme Bot"], template=TEMPLATE)
    assert report.blind
    assert any("both systems (1, 1)" in finding for finding in report.findings)


@pytest.mark.parametrize(
    "said", ["__ChatGPT__ says so.", "_As an AI language model, I cannot._", "**Claude** here."]
)
def test_emphasis_of_markdown_hides_no_maker(said: str) -> None:
    a, b = two_alike(30, 6)
    told = [f"{text} {said}" if k % 3 else text for k, text in enumerate(a)]
    report = scan(told, b, names=["base"], template=TEMPLATE)
    assert not report.blind
    assert "names_left_out" in report.remedies


def test_a_name_within_another_word_is_no_name() -> None:
    a, b = two_alike(30, 6)
    a = [f"{text} See base_url, data_base and GPT_2x." for text in a]
    assert not [f for f in scan(a, b, names=["base"], template=TEMPLATE).findings if "name" in f]


def test_a_maker_named_once_is_said_and_left_to_the_lead() -> None:
    plain = [f"The answer is {k}." for k in range(20)]
    report = scan(plain, [*plain[:-1], "Ask Claude."], names=[], template=TEMPLATE)
    assert report.blind
    assert "The name 'Claude' stands in 1 answers of one system alone" in report.findings[0]


def test_format_alone_gives_a_system_away() -> None:
    prose = ["One and two and three.", "Red and blue, or so."] * 10
    lists = ["- one and two\n- three.", "- red and blue\n- so."] * 10
    report = scan(prose, lists, names=[], template=TEMPLATE)
    assert not report.blind
    assert report.measures[1].share == 1.0
    broken = [text.rstrip(".") for text in prose]
    report = scan(prose, broken, names=[], template=TEMPLATE)
    assert not report.blind
    assert "break off more often (100\u202f% against 0\u202f%" in report.findings[-1]


def test_few_pairs_are_too_few_to_tell_and_never_called_not_blind_by_length() -> None:
    short, long = ["Yes."] * 40, ["Yes, yes, yes."] * 40
    for n in range(1, 8):
        report = scan(short[:n], long[:n], names=[], template=TEMPLATE)
        assert (report.measures[0].share, report.blind, report.enough) == (1.0, True, False)
        assert any("too few to tell" in finding for finding in report.findings)
    told = scan(short[:FEWEST_TO_TELL], long[:FEWEST_TO_TELL], names=[], template=TEMPLATE)
    assert (told.blind, told.enough) == (False, True)


def test_a_share_is_of_pairs_with_ties_halved_and_its_p_that_of_the_sign_test() -> None:
    assert told_by("x", [1, 2, 3, 4], [2, 3, 4, 4]) == Measure("x", 0.875, 0.25)
    assert told_by("x", [2, 3, 4, 4], [1, 2, 3, 4]) == told_by("x", [1, 2, 3, 4], [2, 3, 4, 4])
    assert told_by("x", [1, 1], [1, 1]) == Measure("x", 0.5, 1.0)


def test_the_answers_of_one_system_alone_cannot_be_scanned() -> None:
    with pytest.raises(InvalidInput, match="both"):
        scan(["a"], [], names=[], template=TEMPLATE)
    with pytest.raises(InvalidInput, match="same examples"):
        scan(["a"], ["a", "b"], names=[], template=TEMPLATE)


def test_several_candidates_are_blind_only_when_each_is() -> None:
    plain, other = two_alike(20, seed=7)
    good = scan(plain, other, names=[], template=TEMPLATE)
    bad = scan(plain, [f"“{text}”" for text in other], names=[], template=TEMPLATE)
    together = worst([good, bad])
    assert not together.blind
    assert together.measures[1] == bad.measures[1]


def test_a_report_of_a_former_version_is_read_with_its_two_numbers() -> None:
    old = {"findings": ["Length tells."], "length_auc": 0.9, "format_auc": 0.6, "blind": False}
    found = LeakReport.from_json(old)
    assert found.measures == (Measure("Length", 0.9), Measure("Format", 0.6))
    assert (found.blind, found.enough) == (False, True)
    assert LeakReport.from_json(found.to_json()) == found


def test_template_tokens_are_its_fixed_lines_without_common_words() -> None:
    tokens = template_tokens("Below is a task.\n{instruction}\n### Response:\nAnswer\nok {input}")
    assert tokens[:2] == ["Below is a task.", "### Response:"]
    assert "Answer" not in tokens
    assert "</s>" in tokens
