"""Near-duplicate groups: what must merge, what must not, recall, and bounds."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.examples.duplicates import near_duplicate_groups
from tests.benchmarks.duplicates_speed import edited_texts, templated_notes

SENTENCE = "please write a short and friendly answer to this customer who asks about late parcels"
GSM8K = Path(__file__).parents[3] / "shared" / "data" / "gsm8k" / "train.jsonl"


def groups_of(*texts: str) -> list[int]:
    return near_duplicate_groups(texts).group


def test_copies_that_differ_in_case_and_spacing_are_one_group() -> None:
    assert groups_of("Say hello", "say  HELLO\n", "Say goodbye") == [0, 0, 2]


def test_one_changed_word_is_a_near_duplicate_and_another_text_is_not() -> None:
    found = groups_of(SENTENCE, SENTENCE.replace("short", "brief"), SENTENCE[::-1])
    assert found == [0, 0, 2]


def test_texts_that_differ_in_a_name_or_a_number_only_are_siblings() -> None:
    template = "Please tell me in one sentence what the capital of {} was in the year {} or so"
    places = ["France", "Spain", "Chile", "Kenya"]
    texts = [template.format(place, 1900 + k) for k, place in enumerate(places)]
    assert groups_of(*texts) == [0, 1, 2, 3]
    assert groups_of(texts[0], texts[0].replace("sentence", "word")) == [0, 0]


def test_a_lower_cased_copy_with_one_edit_is_still_found() -> None:
    note = "We met Ada Vale from Norvik Labs today and they want a tool for billing by next spring"
    other = "Then Bo Quist said that Ada Vale of Norvik Labs never came back to him about the price"
    assert groups_of(note, other, note.lower().replace("tool", "system")) == [0, 1, 0]


def test_an_operator_makes_another_sum() -> None:
    assert groups_of("What is 3+4?", "What is 3-4?", "what is 3+4?") == [0, 1, 0]


def test_a_chain_of_edits_never_becomes_one_group() -> None:
    words = SENTENCE.split()
    chain = [" ".join([f"x{'y' * k}" for k in range(done)] + words[done:]) for done in range(12)]
    found = near_duplicate_groups(chain)
    assert found.largest <= 5
    for index, hub in enumerate(found.group):
        assert abs(index - hub) <= 2


def test_a_star_is_named_after_the_text_that_all_its_members_are_near() -> None:
    words = SENTENCE.split()
    copies = [
        " ".join([*words[:k], "x" * (k + 3), "y" * (k + 3), *words[k + 2 :]])
        for k in range(0, len(words) - 1, 2)
    ]
    found = near_duplicate_groups([*copies, SENTENCE])
    assert set(found.group) == {len(copies)}
    assert (found.count, found.largest, found.largest_share) == (1, len(copies) + 1, 1.0)


def test_chinese_and_russian_texts_are_compared_too() -> None:
    chinese = "请用一句话礼貌地回答这位询问包裹为什么迟到的顾客并且说明下一步该怎么做"
    russian = "напишите пожалуйста короткий и вежливый ответ клиенту который спрашивает о посылке"
    edited = [chinese.replace("礼", "客"), russian.replace("короткий", "краткий")]
    assert groups_of(chinese, russian, *edited) == [0, 1, 0, 1]


def test_thai_and_khmer_which_have_no_spaces_between_words_are_compared_too() -> None:
    thai = "กรุณาบอกฉันว่าพรุ่งนี้อากาศที่กรุงเทพจะเป็นอย่างไรและฉันควรนำร่มไปด้วยหรือไม่"
    khmer = "សូមប្រាប់ខ្ញុំថាថ្ងៃស្អែកអាកាសធាតុនៅភ្នំពេញយ៉ាងណាហើយតើខ្ញុំគួរយកឆ័ត្រទៅជាមួយឬទេ"
    edited = [thai.replace("พรุ่งนี้", "วันนี้"), khmer.replace("ស្អែក", "នេះ")]
    assert groups_of(thai, khmer, *edited) == [0, 1, 0, 1]


@pytest.mark.parametrize("texts", [[], [""], ["", " ", "?"], ["a"], ["!", "?"]])
def test_texts_with_few_or_no_words_are_no_crash(texts: list[str]) -> None:
    found = near_duplicate_groups(texts)
    assert len(found.group) == len(texts)
    assert found.count == len({text.strip() for text in texts})


def test_a_threshold_outside_zero_to_one_is_refused() -> None:
    with pytest.raises(InvalidInput, match="threshold"):
        near_duplicate_groups(["a"], threshold=0)


@pytest.mark.parametrize(("edit", "low"), [(edit, low) for edit in (1, 2) for low in (15, 20, 25)])
def test_one_or_two_edits_in_fifteen_to_thirty_words_are_recalled(edit: int, low: int) -> None:
    originals, copies, edits = edited_texts(8000, random.Random(2))
    found = near_duplicate_groups(originals + [copy for _, copy in copies])
    hits = [
        found.group[source] == found.group[len(originals) + k]
        for k, (source, _) in enumerate(copies)
        if edits[k] == edit and low <= len(originals[source].split()) < low + 6
    ]
    assert len(hits) > 50
    assert sum(hits) / len(hits) >= 0.95


def test_random_texts_are_not_merged() -> None:
    originals, _, _ = edited_texts(8000, random.Random(5))
    assert near_duplicate_groups(originals).count == len(originals)


def test_the_same_texts_and_seed_give_the_same_groups() -> None:
    originals, copies, _ = edited_texts(2000, random.Random(1))
    texts = originals + [copy for _, copy in copies]
    assert near_duplicate_groups(texts, seed=3) == near_duplicate_groups(texts, seed=3)


def test_twenty_thousand_templated_notes_take_bounded_work_and_stay_apart() -> None:
    notes = templated_notes(20_000, random.Random(3))
    found = near_duplicate_groups(notes)
    assert found.capped_buckets > 0
    assert found.largest_bucket > 100
    assert len(notes) - found.count < 0.01 * len(notes)


def test_a_family_of_thousands_of_edited_copies_is_one_star() -> None:
    rng, words = random.Random(1), [f"w{chr(97 + k % 26)}{chr(97 + k // 26)}" for k in range(30)]
    family = []
    for _copy in range(3000):
        copy = list(words)
        copy[rng.randrange(30)] = "z" + "".join(rng.choices("abcdefgh", k=5))
        family.append(" ".join(copy))
    assert near_duplicate_groups(family).largest > 2900


@pytest.mark.shared
def test_gsm8k_has_next_to_no_near_duplicates() -> None:
    if not GSM8K.exists():
        pytest.skip("the real data is not beside the checkout")
    lines = GSM8K.read_text(encoding="utf-8").splitlines()
    found = near_duplicate_groups([json.loads(line)["question"] for line in lines])
    assert len(lines) == 7473
    assert found.count >= 7460


def test_independent_demo_notes_stay_apart_and_planted_duplicates_are_found() -> None:
    make_examples = pytest.importorskip("core.demo.notes").make_examples
    examples = make_examples(1200)
    clean = [example.input for example in examples if example.flaw is None]
    assert len(clean) - near_duplicate_groups(clean).count < 0.01 * len(clean)
    sizes = Counter(group := near_duplicate_groups([e.input for e in examples]).group)
    planted = [
        sizes[hub] > 1
        for example, hub in zip(examples, group, strict=True)
        if example.flaw in ("duplicate", "near_duplicate")
    ]
    assert sum(planted) >= 0.9 * len(planted) > 0
