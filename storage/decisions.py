"""Release gates, decisions, and what an hour costs."""

from __future__ import annotations

import json
from dataclasses import asdict

from core.clock import new_id, now
from core.decision.decision import Decision, Outcome
from core.decision.gate import GatePlan
from core.evidence.costs import Rates
from storage.database import Database


class Decisions:
    """Questions about what leads decided."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def gate_plan(self, study_id: str) -> tuple[GatePlan, int] | None:
        """The newest thresholds of a study, and how many judgements there were when they were
        written; None where nobody changed them."""
        row = self._db.one(
            """
            SELECT content, judgements FROM gate_plans WHERE study_id = $study
            ORDER BY created_at DESC, plan_id DESC LIMIT 1
            """,
            {"study": study_id},
        )
        return (GatePlan.from_json(json.loads(row["content"])), row["judgements"]) if row else None

    def add_gate_plan(self, study_id: str, plan: GatePlan, judgements: int, actor_id: str) -> None:
        """Write down thresholds; earlier ones stay."""
        self._db.execute(
            """
            INSERT INTO gate_plans (plan_id, study_id, content, judgements, actor_id, created_at)
            VALUES ($plan, $study, $content, $judgements, $actor, $now)
            """,
            {
                "plan": new_id("gate"),
                "study": study_id,
                "content": json.dumps(plan.to_json()),
                "judgements": judgements,
                "actor": actor_id,
                "now": now(),
            },
        )

    def add(
        self,
        decision_id: str,
        study_id: str,
        candidate_id: str,
        outcome: Outcome,
        reason: str,
        report: str,
        report_hash: str,
        actor_id: str,
    ) -> None:
        """Write down a decision with its report."""
        self._db.execute(
            """
            INSERT INTO decisions
                (decision_id, study_id, candidate_id, outcome, reason, report, report_hash,
                 actor_id, created_at)
            VALUES ($decision, $study, $candidate, $outcome, $reason, $report, $hash, $actor, $now)
            """,
            {
                "decision": decision_id,
                "study": study_id,
                "candidate": candidate_id,
                "outcome": outcome,
                "reason": reason,
                "report": report,
                "hash": report_hash,
                "actor": actor_id,
                "now": now(),
            },
        )

    def is_known(self, decision_id: str) -> bool:
        """Whether this decision was written already."""
        return bool(
            self._db.value(
                "SELECT count(*) FROM decisions WHERE decision_id = $id", {"id": decision_id}
            )
        )

    def of_study(self, study_id: str) -> list[Decision]:
        """What was decided of a study's candidates, oldest first."""
        rows = self._db.rows(
            """
            SELECT d.decision_id, d.study_id, d.candidate_id, d.outcome, d.reason, d.report_hash,
                   coalesce(p.name, 'Touchstone') AS person, d.created_at
            FROM decisions d LEFT JOIN people p ON p.person_id = d.actor_id
            WHERE d.study_id = $study ORDER BY d.created_at, d.decision_id
            """,
            {"study": study_id},
        )
        return [Decision(**row) for row in rows]

    def report(self, study_id: str, decision_id: str) -> str | None:
        """The report that a decision was signed on."""
        found = self._db.value(
            "SELECT report FROM decisions WHERE study_id = $study AND decision_id = $id",
            {"study": study_id, "id": decision_id},
        )
        return None if found is None else str(found)

    def rates(self, project_id: str) -> Rates:
        """What an hour costs in a project; 0 where nobody said."""
        found = self._db.value(
            "SELECT content FROM project_rates WHERE project_id = $project",
            {"project": project_id},
        )
        return Rates(**json.loads(found)) if found else Rates()

    def set_rates(self, project_id: str, rates: Rates) -> None:
        """Keep what an hour costs."""
        self._db.execute(
            """
            INSERT INTO project_rates (project_id, content) VALUES ($project, $content)
            ON CONFLICT (project_id) DO UPDATE SET content = excluded.content
            """,
            {"project": project_id, "content": json.dumps(asdict(rates))},
        )
