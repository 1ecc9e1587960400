"""The one live view of a job: how it stands, how far it is, what it says, and the ways to end it.

live(job_id)        # follows the job every second while it moves, then reruns the page once
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.actor import Actor
from core.jobs.job import Job
from core.jobs.kinds import KINDS
from core.workflows.jobs import control
from core.workflows.jobs.job_view import LiveView, live_view
from pages.components import page, session
from pages.components.errors import escaped
from storage.store import Store

SECONDS = 1.0
SILENCE_SHOWN = 300.0
# status → (shape for plain text, icon, colour, word): never the colour alone.
STATUS = {
    "draft": ("…", "hourglass_empty", "gray", "draft"),
    "queued": ("…", "hourglass_empty", "gray", "queued"),
    "starting": ("▸", "rocket_launch", "blue", "starting"),
    "running": ("▶", "play_arrow", "blue", "running"),
    "stopping": ("◌", "pending", "orange", "stopping"),
    "completed": ("✓", "check", "green", "completed"),
    "stopped": ("◼", "stop", "orange", "stopped"),
    "cancelled": ("⊘", "block", "gray", "cancelled"),
    "failed": ("✕", "error", "red", "failed"),
    "lost": ("?", "link_off", "red", "lost"),
}
Action = Callable[[Store, Actor, str], None]


def word(status: str) -> str:
    """A status as plain text: its shape and its word."""
    shape, _, _, text = STATUS[status]
    return f"{shape} {text}"


def badge(status: str) -> None:
    """A status as a badge: icon, word and colour."""
    _, icon, colour, text = STATUS[status]
    st.badge(text, icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]


def view_of(job_id: str, *, notes: int = 4) -> LiveView:
    """A job as this person sees it now."""
    return live_view(session.store(), session.actor(), job_id, notes)


def live(job_id: str, *, notes: int = 4) -> LiveView:
    """Draw a job, and while it moves draw it again every second; the view as it is now."""
    view = view_of(job_id, notes=notes)
    if view.moves:
        _followed(job_id, notes)
    else:
        draw(view)
    return view


@st.fragment(run_every=SECONDS)
def _followed(job_id: str, notes: int) -> None:
    view = live_view(session.store(), session.actor(), job_id, notes)
    if not view.moves:
        st.rerun()  # before drawing: a button of a fragment that goes away would lose its click
    draw(view)


def draw(view: LiveView, *, title: bool = True) -> None:
    """One look at a job, with the buttons this person may use."""
    job = view.job
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            badge(job.status)
            if title:
                st.markdown(f"**{escaped(job.title)}**", width="content")
        if view.waits_for_space:
            st.warning(
                "There is no space left where the workspace lies. Nothing is lost: once somebody "
                "frees some on that disk, the result is taken in by itself."
            )
        elif job.status in ("starting", "running", "stopping"):
            st.progress(_share(job.step, job.total), text=_pace(view))
            if view.silent > SILENCE_SHOWN:
                st.caption(
                    f"No step and no word for {page.duration(view.silent)}. The worker is alive; "
                    "if its steps do not take that long, stop it."
                )
        elif job.status == "queued":
            st.caption(f"Waits behind {view.ahead}." if view.ahead else "Starts in a moment.")
        elif not job.taken_in:
            st.caption("Taking in the result …")
        failure(view)
        if view.place:
            st.caption(escaped(view.place))
        said = [f"{page.when(moment)} · {escaped(text)}" for moment, text in view.notes]
        if said:
            st.caption("  \n".join(said))
        controls(view)


def failure(view: LiveView) -> None:
    """Why a job failed and what to do, if it did."""
    if error := view.job.error:
        st.text(error.sentence)


def controls(view: LiveView) -> None:
    """The buttons to stop, cancel, end and resume: those that make sense now."""
    job_id, waits = view.job.job_id, view.job.status == "queued"
    if not (view.may_stop or view.may_end or view.may_cancel or view.may_resume or view.may_move):
        return
    with st.container(horizontal=True):
        if view.may_move:
            _button("Move to the front", "vertical_align_top", job_id, control.move_to_front)
        if view.may_resume:
            _button("Resume", "play_arrow", job_id, control.resume_job, primary=True)
        if view.may_stop:
            _button("Stop, to resume later", "stop", job_id, control.stop_job)
        if view.may_end:
            with st.popover("It does not end …", icon=":material/timer_off:", type="tertiary"):
                st.write(
                    "It ends at its next step, which may take minutes. Its process can be ended "
                    "now: what came after its last checkpoint is lost, and the rest stays."
                )
                _button("End it now", "power_settings_new", job_id, control.end_job)
        if view.may_cancel and waits:
            _button("Take out of the queue", "block", job_id, control.cancel_job)
        elif view.may_cancel:
            with st.popover("Cancel …", icon=":material/block:", type="tertiary"):
                st.write("Ends this job for good: it cannot be resumed. Saved data stays.")
                _button("Cancel for good", "block", job_id, control.cancel_job)


def _button(text: str, icon: str, job_id: str, action: Action, *, primary: bool = False) -> None:
    st.button(
        text,
        icon=f":material/{icon}:",
        key=f"{action.__name__} {job_id}",
        type="primary" if primary else "secondary",
        on_click=lambda: action(session.store(), session.actor(), job_id),
    )


def _share(step: int, total: int) -> float:
    return min(1.0, step / total) if total else 0.0


def how_far(job: Job) -> str:
    """“120 of 600”, “1.2 MB of 4.2 MB” where bytes are counted, "" where a job does not count."""
    write = page.size if _counts_bytes(job) else page.number
    return f"{write(job.step)} of {write(job.total)}" if job.total else ""


def _counts_bytes(job: Job) -> bool:
    return job.kind in KINDS and KINDS[job.kind].counts_bytes


def _pace(view: LiveView) -> str:
    far, left = how_far(view.job), view.seconds_left
    if not far:
        return "Getting ready …"
    if view.job.kind == "train" and view.job.step == view.job.total:
        return f"Step {far} · checking and saving the adapter …"
    text = far if _counts_bytes(view.job) else f"Step {far}"
    return text if left is None or left < 1 else f"{text} · {page.duration(left)} left"
