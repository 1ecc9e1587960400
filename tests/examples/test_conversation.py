"""core.conversation: turns as the text of an input, and back, whatever they say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.conversation import SPEAKERS, Turn, readable, to_text, turns_of

MARKERS = [f"[[{speaker}]]" for speaker in SPEAKERS]
PIECES = st.sampled_from([*MARKERS, "[[user]] ", "\\", "\n", "\r", "\t", "a", " ", "日", "\u2028"])
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=8).map("".join))
TURNS = st.lists(st.tuples(st.sampled_from(SPEAKERS), TEXTS), min_size=1, max_size=5)


@given(TURNS)
def test_turns_come_back_as_they_were_whatever_they_say(turns: list[Turn]) -> None:
    assert turns_of(to_text(turns)) == tuple(turns)


def test_a_text_that_only_mentions_a_speaker_is_no_conversation() -> None:
    for text in ("", "Hello", "See [[user]]", "a\n[[user]]\nb", "[[user]] b", "[[Paris]]\nb"):
        assert turns_of(text) == ()
        assert readable(text) == text


def test_turns_that_people_wrote_by_hand_are_read_too() -> None:
    text = "\n[[system]]\r\nBe brief.\r\n\r\n[[user]]\r\nHi\n[[assistant]]"
    assert turns_of(text) == (("system", "Be brief."), ("user", "Hi"), ("assistant", ""))
    assert readable(text) == "System: Be brief.\n\nUser: Hi\n\nAssistant: "
