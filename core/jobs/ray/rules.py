"""What is true of a job on a Ray cluster, and what is to be done about it. Pure.

Three things speak: the folder (what the worker last wrote), the cluster (what Ray says of the job),
and the lock. Ray alone is never believed about an end: a worker writes its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from core.jobs.launcher import LEASE_SECONDS, LOST
from core.jobs.state import ACTIVE, JobFault, JobState

# "unknown": not asked yet; "absent": the cluster answers, and knows no such job.
Said = Literal["unknown", "pending", "running", "ended", "absent", "unreachable", "refused"]
# How long a shared disk may take to show what a worker wrote at its end.
GRACE_SECONDS = 10.0
# A worker looks for CANCEL at every step; who has not after this long hangs.
CANCEL_SECONDS = 60.0
WHAT_TO_CHECK = (
    "Check that the nodes see the workspace and have Touchstone's packages (docs/deployment.md), "
    "then resume the job."
)
RAYS_OWN = re.compile(r"^Running entrypoint for job | -- Runtime env is setting up")
GO_ON = "Resume the job; a training goes on from its last checkpoint."


@dataclass(frozen=True)
class Answer:
    """What Ray says of a job, in its `message`, and for how many `seconds` it has said so."""

    said: Said
    message: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Look:
    """All that is known at one moment.

    `silence` is for how many seconds no heartbeat was seen, by the clock of who looks; `held`,
    whether somebody on this machine or a disk that tells holds the job's lock; `stop`,
    `cancel` and `end`, whether these flags are there.
    """

    state: JobState
    answer: Answer
    silence: float = 0.0
    held: bool = False
    stop: bool = False
    cancel: bool = False
    end: bool = False

    @property
    def asked(self) -> bool:
        """Whether somebody wants the job to end."""
        return self.stop or self.cancel

    @property
    def began(self) -> bool:
        """Whether a worker has written since the start."""
        return self.state.pid is not None


def judge(look: Look, grace: float = GRACE_SECONDS, lease: float = LEASE_SECONDS) -> JobState:
    """The true state of a job; `grace` and `lease` are seconds."""
    state = look.state
    if state.status not in ACTIVE:
        return state
    if look.held or _lives(look, grace, lease):
        return replace(state, status="stopping") if look.asked else state
    if look.cancel:
        return replace(state, status="cancelled", error=None)
    if look.stop:
        return replace(state, status="stopped", error=None)
    fault = _why(look)
    return replace(state, status="lost" if look.began else "failed", error=fault)


def _lives(look: Look, grace: float, lease: float) -> bool:
    said = look.answer.said
    if said == "ended":
        return min(look.answer.seconds, look.silence) < grace
    if said in ("absent", "unreachable"):
        return look.silence < lease if look.began else not look.asked
    return said != "refused"


def _why(look: Look) -> JobFault:
    answer = look.answer
    if not look.began:
        what = "did not take the job" if answer.said == "refused" else "could not start the worker"
        reason = f"The Ray cluster {what}: {reason_in(answer.message)}"
        return JobFault("cannot_start", reason, WHAT_TO_CHECK)
    if answer.said == "unreachable":
        return JobFault(
            "lost",
            "The Ray cluster does not answer, and the worker has not written for a minute.",
            GO_ON,
        )
    if answer.said == "absent":
        return JobFault(
            "lost",
            "The Ray cluster does not know the job any more, as after a restart, and the worker "
            "has not written for a minute.",
            GO_ON,
        )
    return LOST


def next_step(
    look: Look, *, newest: bool, cancelled_for: float = 0.0
) -> Literal["submit", "stop"] | None:
    """What to ask of the cluster now.

    `newest`: no later start has taken the job over; `cancelled_for`: seconds since CANCEL was seen.
    Asking for the same start twice is no harm: Ray takes a name once.
    """
    said, state = look.answer.said, look.state
    wanted = newest and state.status in ACTIVE
    if said == "absent":
        return "submit" if wanted and not look.began and not look.asked else None
    if said not in ("pending", "running"):
        return None
    overdue = look.end or (look.cancel and cancelled_for > CANCEL_SECONDS)
    if newest and (look.began or state.status == "starting"):
        return "stop" if overdue or (said == "pending" and look.asked) else None
    return "stop"


def reason_in(message: str) -> str:
    """What matters of Ray's message, as one sentence of at most 300 characters."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    if lines and lines[0].startswith("Job entrypoint command failed"):
        # Ray's own lines stand among those of the command, in any order.
        said = [line for line in lines[1:] if not RAYS_OWN.search(line)]
        text = said[-1] if said else "it ended at once; the worker's log may say why"
    elif any(line.startswith("Traceback") for line in lines):
        text = lines[-1]
    else:
        text = " ".join(lines) or "it gave no reason"
    return text[:300].rstrip(" .") + "."


def remark(answer: Answer | None, state: JobState) -> str:
    """What people should know of the cluster while they wait; "" when all is as usual."""
    if answer is None or state.status not in ACTIVE:
        return ""
    if answer.said == "unreachable":
        stays = "The job stays as it is meanwhile, and Touchstone goes on asking."
        return f"The cluster cannot be asked: {reason_in(answer.message)} {stays}"
    if state.pid is None:
        waits = {"unknown": "Being handed over.", "absent": "Being handed over."}
        waits |= {"pending": "Waits for a free place on the cluster.", "running": "Starting."}
        return waits.get(answer.said, "")
    return ""
