"""The pages: script, title, address, icon, section, and who sees a link to them.

Whether a page may be used is decided by its workflows; this table only keeps out of sight what
somebody cannot use.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.actor import READS_RESULTS, ROLES, WORKERS, Actor, Role

HERE = Path(__file__).parent
EVERYONE: tuple[Role, ...] = ()
MEMBERS = ROLES


@dataclass(frozen=True)
class Entry:
    """One page. `roles` that see it in the current project (admins see all); empty: everyone."""

    script: str
    title: str
    path: str
    icon: str
    section: str
    roles: tuple[Role, ...]

    def seen_by(self, actor: Actor, project_id: str | None) -> bool:
        """Whether this person gets a link to the page."""
        if not self.roles or actor.is_admin:
            return True
        return project_id is not None and actor.has(project_id, *self.roles)


TABLE = (
    Entry("home.py", "Home", "", "home", "", EVERYONE),
    Entry("curation/importing.py", "Import", "import", "upload", "Curation", ("annotator", "lead")),
    Entry(
        "curation/annotate.py", "Annotate", "annotate", "edit", "Curation", ("annotator", "lead")
    ),
    Entry("curation/review.py", "Review", "review", "fact_check", "Curation", ("reviewer", "lead")),
    Entry("curation/examples.py", "Examples", "examples", "list", "Curation", MEMBERS),
    Entry("curation/curate.py", "Curate", "curate", "rule", "Curation", MEMBERS),
    Entry("curation/agreement.py", "Agreement", "agreement", "handshake", "Curation", ("lead",)),
    Entry("curation/versions.py", "Dataset versions", "versions", "layers", "Curation", MEMBERS),
    Entry("tuning/launch.py", "Train", "train", "model_training", "Tuning", ("lead",)),
    Entry("tuning/runs.py", "Runs", "runs", "monitoring", "Tuning", MEMBERS),
    Entry(
        "tuning/techniques.py", "Compare techniques", "techniques", "trophy", "Tuning", ("lead",)
    ),
    Entry("tuning/trying.py", "Try a model", "try", "chat", "Tuning", ("lead",)),
    Entry("evaluation/generate.py", "Generate", "generate", "notes", "Evaluation", ("lead",)),
    Entry("evaluation/studies.py", "Studies", "studies", "science", "Evaluation", ("lead",)),
    Entry("evaluation/rate.py", "Rate", "rate", "balance", "Evaluation", ("reviewer", "lead")),
    Entry("evaluation/results.py", "Results", "results", "insights", "Evaluation", READS_RESULTS),
    Entry("team/projects.py", "Projects", "projects", "folder", "Team", ("lead",)),
    Entry("team/people.py", "People", "people", "group", "Team", ("lead",)),
    Entry("team/audit.py", "Audit", "audit", "history", "Team", ("lead",)),
    Entry("team/jobs.py", "Jobs", "jobs", "pending_actions", "Team", WORKERS),
    Entry("team/account.py", "Your account", "account", "person", "Team", EVERYONE),
)


def opens(script: str, actor: Actor, project_id: str | None) -> bool:
    """Whether this person sees the page of this script."""
    return any(entry.script == script and entry.seen_by(actor, project_id) for entry in TABLE)


def existing() -> list[Entry]:
    """The pages whose script is there, in the order of the sidebar."""
    return [entry for entry in TABLE if (HERE / entry.script).is_file()]
