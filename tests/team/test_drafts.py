"""What somebody typed into a project's form and did not save, on a real database."""

from __future__ import annotations

from dataclasses import replace

from core.projects import LabelField, ProjectSettings
from core.workflows.team.drafts import (
    SettingsDraft,
    drop_draft,
    keep_settings_draft,
    settings_draft,
)
from storage.store import Store
from tests.builders import an_actor

STORED = ProjectSettings(name="Notes", guidelines="Be brief.")
TYPED = replace(STORED, guidelines="Be kind.", label_schema=(LabelField("tone", ("a", "b")),))


def test_a_draft_is_found_again_by_its_writer_alone(store: Store) -> None:
    ann, ben = an_actor("prj_a"), an_actor("prj_a", name="ben")
    keep_settings_draft(store, ann, "prj_a", SettingsDraft(TYPED, STORED))
    assert settings_draft(store, ann, "prj_a") == SettingsDraft(TYPED, STORED)
    assert settings_draft(store, ben, "prj_a") is None
    assert settings_draft(store, ann, "prj_b") is None


def test_the_newest_draft_replaces_the_one_before(store: Store) -> None:
    ann = an_actor("prj_a")
    for words in ("one", "two"):
        draft = SettingsDraft(replace(TYPED, guidelines=words), STORED)
        keep_settings_draft(store, ann, "prj_a", draft)
    found = settings_draft(store, ann, "prj_a")
    assert found is not None
    assert found.settings.guidelines == "two"


def test_a_draft_that_was_dropped_or_typed_back_is_gone(store: Store) -> None:
    ann = an_actor("prj_a")
    draft = SettingsDraft(TYPED, STORED)
    keep_settings_draft(store, ann, "prj_a", draft)
    drop_draft(store, ann, "prj_a")
    assert settings_draft(store, ann, "prj_a") is None
    keep_settings_draft(store, ann, "prj_a", draft)
    keep_settings_draft(store, ann, "prj_a", SettingsDraft(STORED, STORED))
    assert settings_draft(store, ann, "prj_a") is None


def test_a_draft_that_this_version_cannot_use_is_as_none(store: Store) -> None:
    ann = an_actor("prj_a")
    store.drafts.keep(ann.person_id, "prj_a", {"settings": {"name": ""}})
    assert settings_draft(store, ann, "prj_a") is None
