"""Topics: clusters of texts that are known to be about three things, named and always the same."""

from __future__ import annotations

import random

import pytest

from core.examples import topics as topics_module
from core.examples.topics import OTHER, topics

WORDS = (
    "parcel delivery courier address tracking depot package late arrived",
    "invoice payment refund card charged bank amount receipt money",
    "password login account email reset locked username sign browser",
)
ABOUT = {line.split()[0]: line.split() for line in WORDS}


def some_texts(n: int, seed: int = 3) -> tuple[list[str], list[str]]:
    """Texts that share a frame, each about one of three things, and which."""
    rng = random.Random(seed)
    truth = [rng.choice(list(ABOUT)) for _ in range(n)]
    texts = [
        f"Please answer the customer, number {k}: {' '.join(rng.sample(ABOUT[one], 4))}"
        for k, one in enumerate(truth)
    ]
    return texts, truth


def test_texts_about_three_things_are_found_apart_and_named_by_their_words() -> None:
    texts, truth = some_texts(90)
    found = topics(texts, 3)
    assert len(found.names) == 3
    for name in found.names:
        own = {truth[k] for k, one in enumerate(found.name_of) if one == name}
        assert len(own) == 1, (name, own)
        assert set(name.split(", ")) <= set(ABOUT[own.pop()])
    sizes = [found.of.count(k) for k in range(3)]
    assert sizes == sorted(sizes, reverse=True)


def test_the_same_texts_give_the_same_topics() -> None:
    texts, _ = some_texts(200)
    assert topics(texts) == topics(list(texts))


def test_texts_beyond_those_that_clusters_are_fitted_to_join_the_nearest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts, truth = some_texts(120)
    monkeypatch.setattr(topics_module, "MOST_FITTED", 60)
    found = topics(texts, 3)
    pairs = set(zip(found.name_of, truth, strict=True))
    assert len(pairs) == 3


def test_few_texts_are_one_topic_and_none_are_none() -> None:
    texts, _ = some_texts(12)
    assert len(topics(texts).names) == 1
    assert topics([]).names == ()


def test_texts_that_share_no_word_with_another_are_apart() -> None:
    texts, _ = some_texts(60)
    found = topics([*texts, "", "42", "xyzzy"], 3)
    assert found.name_of[-3:] == [OTHER] * 3
    assert found.names[-1] == OTHER
    assert topics(["", "1"]).name_of == [OTHER, OTHER]


def test_copies_of_few_texts_make_no_more_topics_than_there_are_texts() -> None:
    assert len(topics(["parcel is late", "invoice is wrong"] * 60).names) == 2


def test_topics_of_chinese_texts_are_named_by_signs() -> None:
    found = topics(["包裹迟到"] * 30 + ["密码错误"] * 30)
    assert len(found.names) == 2
    assert all(set(name.split(", ")) <= set("包裹迟到密码错误") for name in found.names)
