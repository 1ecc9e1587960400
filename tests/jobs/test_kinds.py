"""The table of job kinds: each entry leads to real functions; nobody keeps a second list."""

from __future__ import annotations

import inspect

import pytest

from core.jobs.kinds import KINDS, PLACES, JobKind, UnknownKind, function_of, kind_of


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_every_kind_leads_to_its_functions(kind: JobKind) -> None:
    assert list(inspect.signature(function_of(kind.run)).parameters) == ["job"]
    for text in filter(None, (kind.take_in, kind.take_in_part)):
        assert list(inspect.signature(function_of(text)).parameters) == ["store", "job", "folder"]
    assert kind.device in PLACES
    assert kind.label


def test_an_unknown_kind_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownKind, match="Known: import, "):
        kind_of("dance")
