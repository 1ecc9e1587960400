"""What somebody chose on Train and did not start, on a real database."""

from __future__ import annotations

import pytest

from core.actor import Actor
from core.errors import NotAllowed
from core.workflows.tuning.run_drafts import RunDraft, drop_run_draft, keep_run_draft, run_draft
from storage.store import Store
from tests.builders import an_actor

TYPED = RunDraft("v1", "demo", "mine", "balanced", {"lora_r": 0, "head": "generation"})


@pytest.fixture
def lead() -> Actor:
    return an_actor("prj_a", "lead")


def test_a_draft_of_a_run_is_found_again_by_its_writer_alone_until_it_is_dropped(
    store: Store, lead: Actor
) -> None:
    keep_run_draft(store, lead, "prj_a", RunDraft(name="before"))
    keep_run_draft(store, lead, "prj_a", TYPED)
    assert run_draft(store, lead, "prj_a") == TYPED
    assert run_draft(store, lead, "prj_b") == RunDraft()
    assert run_draft(store, an_actor("prj_a", "lead", name="ben"), "prj_a") == RunDraft()
    with pytest.raises(NotAllowed):
        keep_run_draft(store, an_actor("prj_a", "reviewer"), "prj_a", TYPED)
    drop_run_draft(store, lead, "prj_a")
    assert run_draft(store, lead, "prj_a") == RunDraft()


def test_of_an_older_draft_only_settings_that_the_form_has_are_used() -> None:
    old = RunDraft(settings={"lora_r": 8, "gone": 1, "seed": None, "init_text": 5, "rate": 0.1})
    start = {"lora_r": 16, "seed": 42, "init_text": "", "rate": 0.5, "new": True}
    assert old.settings_like(start) == {"lora_r": 8, "rate": 0.1}


def test_an_older_draft_that_says_true_or_false_keeps_what_was_chosen() -> None:
    for older, now in ((True, "full"), (False, "off")):
        draft = RunDraft(settings={"activation_checkpointing": older})
        assert draft.settings_like({"activation_checkpointing": "selective"}) == {
            "activation_checkpointing": now
        }
