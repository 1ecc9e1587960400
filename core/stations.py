"""Where a project stands: its stations, what waits for a person, and the one next step.

Pure decisions over counts. Three tables say everything: STATIONS (the loop), QUEUES (what waits for
whom), STEPS (the words of each next step).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from core.actor import WORKERS, Role
from core.wording import counted, figure

StationName = Literal[
    "import", "annotate", "review", "freeze", "train", "generate", "rate", "decide"
]
STATIONS: tuple[StationName, ...] = get_args(StationName)
StationState = Literal["done", "open", "next", "ahead"]
Place = StationName | Literal["jobs", "study", "examples"]
LEAST_TO_FREEZE = 10


@dataclass(frozen=True)
class Standing:
    """Where a project stands, and what waits for one person. All are counts.

    `to_annotate`, `sent_back`, `to_review`, `to_rate`: what that person's queues hold; `runs`:
    completed ones; `scored`: systems with scored answers, `tuned_scored` the tuned among them;
    `pairs`, `judged`: over all studies; `open`: studies not closed.
    """

    total: int = 0
    new: int = 0
    accepted: int = 0
    annotated: int = 0
    sent_back_to_anyone: int = 0
    to_annotate: int = 0
    sent_back: int = 0
    to_review: int = 0
    to_rate: int = 0
    versions: int = 0
    runs: int = 0
    tuned_scored: int = 0
    scored: int = 0
    studies: int = 0
    open: int = 0
    pairs: int = 0
    judged: int = 0
    active_jobs: int = 0


@dataclass(frozen=True)
class Station:
    """One station of the loop: what it counts, and whether it is done, next, lies ahead, or is
    open: the project went past it, and more could be done there."""

    name: StationName
    count: str
    state: StationState


@dataclass(frozen=True)
class Queue:
    """One kind of work that waits for people: the count of Standing that holds it, what one and
    many of it are called, where it is done, and by whom."""

    count: str
    one: str
    many: str
    place: Place
    roles: tuple[Role, ...]


# The most pressing first.
QUEUES: tuple[Queue, ...] = (
    Queue(
        "sent_back", "example sent back to you", "examples sent back to you", "annotate",
        ("annotator", "lead"),
    ),
    Queue("to_review", "example to review", "examples to review", "review", ("reviewer", "lead")),
    Queue("to_rate", "pair to rate", "pairs to rate", "rate", ("reviewer", "lead")),
    Queue(
        "to_annotate", "example to annotate", "examples to annotate", "annotate",
        ("annotator", "lead"),
    ),
    Queue("active_jobs", "job running or queued", "jobs running or queued", "jobs", WORKERS),
)  # fmt: skip


@dataclass(frozen=True)
class Waiting:
    """Something that waits for this person: how many of what, in words, and where it is done."""

    kind: str
    count: int
    text: str
    place: Place


@dataclass(frozen=True)
class NextStep:
    """The one primary action: a button's words, why, and where it leads."""

    title: str
    why: str
    place: Place
    kind: str = ""


def stations(at: Standing) -> list[Station]:
    """The loop, each station with its count; the first that is not done is next."""
    left = at.new + at.sent_back_to_anyone
    scored = counted(at.scored, "system")
    closed = counted(at.studies - at.open, "study", "studies")
    facts: dict[StationName, tuple[bool, str]] = {
        "import": (at.total > 0, counted(at.total, "example")),
        "annotate": (at.total > 0 and not left, f"{figure(left)} left"),
        "review": (
            at.accepted >= LEAST_TO_FREEZE and not at.annotated,
            f"{figure(at.annotated)} waiting, {figure(at.accepted)} accepted",
        ),
        "freeze": (at.versions > 0, counted(at.versions, "version")),
        # Two systems that came from elsewhere need no run and no generation here.
        "train": (at.runs > 0 or at.scored > 1, counted(at.runs, "run")),
        "generate": (
            at.tuned_scored > 0 or at.scored > 1,
            f"{scored} scored",
        ),
        "rate": (0 < at.pairs <= at.judged, f"{figure(at.judged)} of {counted(at.pairs, 'pair')}"),
        "decide": (
            at.studies > at.open,
            f"{closed} closed",
        ),
    }
    enough = at.accepted >= LEAST_TO_FREEZE
    past_review = at.versions or (enough and not at.annotated)
    at_review = enough or at.versions or at.annotated
    passed = STATIONS.index("freeze" if past_review else "review") if at_review else 0
    following = next((name for name in STATIONS[passed:] if not facts[name][0]), None)

    def state(name: StationName, done: bool) -> StationState:
        if done:
            return "done"
        if STATIONS.index(name) < passed:
            return "open"
        return "next" if name == following else "ahead"

    return [Station(name, count, state(name, done)) for name, (done, count) in facts.items()]


def waiting(at: Standing, roles: frozenset[Role]) -> list[Waiting]:
    """What waits for somebody with these roles, the most pressing first; nothing that is 0."""
    return [
        Waiting(queue.count, count, counted(count, queue.one, queue.many), queue.place)
        for queue in QUEUES
        if roles & frozenset(queue.roles) and (count := getattr(at, queue.count)) > 0
    ]


def next_step(line: list[Station], at: Standing, roles: frozenset[Role]) -> NextStep:
    """The one thing to do now. A lead moves the project on; others do what waits for them."""
    if "lead" in roles:
        return _lead_step(next((one.name for one in line if one.state == "next"), None), at)
    for item in waiting(at, roles):
        if item.kind != "active_jobs":
            return _step(item.kind, item.count)
    if at.total == 0 and "annotator" in roles:
        return _step("import")
    if "viewer" in roles:
        return _step("view" if at.studies or at.scored else "look")
    return _step("nothing")


def _lead_step(following: StationName | None, at: Standing) -> NextStep:
    if following is None:
        return _step("done")
    if at.sent_back:
        return _step("sent_back", at.sent_back)
    if following in ("annotate", "review"):
        if at.to_review:
            return _step("to_review", at.to_review)
        if at.accepted < LEAST_TO_FREEZE:
            return _step("accept", at.new + at.sent_back_to_anyone)
        following = "freeze"
    if at.active_jobs and following in ("import", "freeze", "train", "generate"):
        return _step("active_jobs", at.active_jobs)
    if following == "rate" and at.studies:
        return _step("to_rate", at.pairs - at.judged)
    return _step(following, {"freeze": at.accepted, "decide": at.judged}.get(following, 0))


def _step(kind: str, count: int = 0) -> NextStep:
    title, why, place, one = STEPS[kind]
    amount = counted(count, one)
    return NextStep(title.format(n=amount), why.format(n=amount), place, kind)


# Title, why, where, and what {n} counts.
STEPS: dict[str, tuple[str, str, Place, str]] = {
    "import": (
        "Import examples",
        "A project starts with a file of instructions and outputs.",
        "import",
        "",
    ),
    "sent_back": (
        "Revise what was sent back",
        "{n} sent back to you with a comment.",
        "annotate",
        "example",
    ),
    "to_annotate": ("Annotate examples", "Waiting for you: {n}.", "annotate", "example"),
    "accept": (
        "Annotate examples",
        "Not annotated yet: {n}. You can also accept them in bulk on the Review page.",
        "annotate",
        "example",
    ),
    "to_review": (
        "Review examples",
        "Waiting for a decision: {n}. Only accepted examples are frozen.",
        "review",
        "example",
    ),
    "freeze": (
        "Freeze {n}",
        "Runs train on a frozen dataset version, and systems are compared on it.",
        "freeze",
        "example",
    ),
    "train": (
        "Start a run",
        "There is a frozen version, and no run has completed yet.",
        "train",
        "",
    ),
    "generate": (
        "Generate answers",
        "A run has completed; let base and tuned answer the test split.",
        "generate",
        "",
    ),
    "rate": (
        "Open a study",
        "Blind ratings tell whether people prefer the tuned answers.",
        "study",
        "",
    ),
    "to_rate": ("Rate blind pairs", "Not rated yet: {n}.", "rate", "pair"),
    "decide": ("Read the results", "Rated: {n}. See what the intervals show.", "decide", "pair"),
    "active_jobs": (
        "Watch the running jobs",
        "{n} must end before the project goes on.",
        "jobs",
        "job",
    ),
    "nothing": (
        "See the project's jobs",
        "Nothing is waiting for you right now.",
        "jobs",
        "",
    ),
    "view": (
        "Read the results",
        "Scores and ratings, each with its interval.",
        "decide",
        "",
    ),
    "look": (
        "Browse the examples",
        "Results appear here once systems are scored or rated.",
        "examples",
        "",
    ),
    "done": (
        "Read the results",
        "Every station is done. A new version starts the next round.",
        "decide",
        "",
    ),
}
