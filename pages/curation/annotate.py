"""Annotate: one example after the other, guidelines beside it, saved over /work/annotate."""

from __future__ import annotations

from pages.components import page
from pages.curation.editor import editor

page.head("Annotate", "Make each example what a good model should learn, one at a time.")
editor("annotate")
