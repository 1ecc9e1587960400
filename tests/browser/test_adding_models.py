"""Adding a base model from the hub on the Train page, in a real browser, with a small hub."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.driving import expect, expect_heading, expect_to_fit_a_phone, sign_in
from tests.builders import a_project, a_store
from tests.hub_server import a_hub
from tests.serving import serve
from tests.tiny_model import make_tiny_model
from tests.tuning.test_training_workflow import a_version


def test_a_lead_adds_a_model_sees_it_come_and_reads_why_another_is_refused(
    context: BrowserContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = a_store(tmp_path / "workspace")
    a_version(store, a_project(store).project_id)
    store.close()
    with a_hub() as hub:
        hub.add("org/tiny-hub", make_tiny_model(tmp_path / "source"))
        hub.repositories["org/tiny-hub"].files["model.safetensors"] += bytes(500_000)
        hub.delay = 0.1
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        with serve(tmp_path) as server:
            server.add("lea", "lead", "Notes")
            page = sign_in(context, server, "lea", "/train")
            expect_heading(page, "Train")
            page.get_by_text("Add a model from the Hugging Face hub").click()
            page.get_by_role("textbox", name="Model id").fill("tiny")
            page.get_by_role("button", name="Allow and download").click()
            expect(page.get_by_text("“tiny” is no id of a model.")).to_be_visible()
            page.get_by_role("textbox", name="Model id").fill("org/none")
            page.get_by_role("button", name="Allow and download").click()
            expect(page.get_by_text("shows no model “org/none” to this server")).to_be_visible()
            expect_to_fit_a_phone(page)
            page.get_by_role("textbox", name="Model id").fill("org/tiny-hub")
            page.get_by_role("button", name="Allow and download").click()
            expect(page.get_by_text("kB of")).to_be_visible()
            hub.delay = 0
            expect(page.get_by_text("org/tiny-hub is here: choose it")).to_be_visible()
            page.get_by_role("combobox", name="Base model").click()
            page.get_by_role("option", name="org/tiny-hub (0123456)").click()
            expect(page.get_by_role("button", name="Check these settings")).to_be_visible()
