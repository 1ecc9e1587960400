"""Results: what a lead reads. Every number comes with its n and an interval.

A difference is called better or worse only where `core.statistics.estimates.says_better` allows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.actor import READS_RESULTS, Actor
from core.evidence.evidence import Evidence
from core.exporting.tables import to_csv
from core.statistics.estimates import Estimate, proportion, says_better
from core.study.answer import StudyPair
from core.study.exporting import as_jsonl, flat, judgement_records
from core.study.findings import Comparison, Findings
from core.study.gold import GoldResult, gold_results
from core.study.pairing import of_both
from core.study.register import Register, RegisteredStudy, counts_of
from core.study.report_job import StudyReport, study_of
from core.study.report_job import study_report as report_of
from core.study.study import Study, ten_percent_rule
from core.study.verdicts import FOR_TUNING, headline, seen
from core.wording import figure
from core.workflows.evaluation import reports
from core.workflows.evaluation.studies import counts_because, get_study, get_study_as_lead
from core.workflows.evaluation.topics import kept_topics, write_topics
from core.workflows.evaluation.unblinding import note_seen

if TYPE_CHECKING:
    from storage.store import Store

# From here on the intervals take the server more than an instant (see tests/benchmarks).
MANY_JUDGEMENTS = 1500


@dataclass(frozen=True)
class StudyResult:
    """What the judgements of one study say. `withheld`: why no verdict is given, or ""; what was
    seen may then be told, never a verdict. `withdrawn`: judgements that were taken back."""

    study: Study
    withheld: str
    found: Findings
    evidence: Evidence
    withdrawn: int = 0

    @property
    def counted_from(self) -> int:
        """What the 10 % rule counts from: the examples of the frozen split."""
        return self.study.plan.counted_from

    @property
    def pairs(self) -> int:
        """The pairs drawn."""
        return self.study.plan.pairs

    @property
    def reviewed(self) -> int:
        """How many of them were judged for every candidate, those that could not be aside."""
        return min(self.counted_from, *(one.reviewed for one in self.found.comparisons))

    @property
    def ten_percent_rule(self) -> str:
        """Whether that is at least 10 %, in words."""
        return ten_percent_rule(self.reviewed, self.study.plan.least, self.study.examples_drawn)

    @property
    def rule_counts(self) -> str:
        """The rule with its numbers: “10 % rule met: 26 of the split's 252 examples needed”."""
        least, of = figure(self.study.plan.least), figure(self.counted_from)
        what = f"the split's {of} examples" if self.study.plan.split_size else f"{of} outputs"
        return f"{self.ten_percent_rule}: {least} of {what} needed"

    @property
    def coverage(self) -> Estimate:
        """The judged share of them, exact interval."""
        return proportion(self.reviewed, self.counted_from)

    def headline(self, comparison: Comparison) -> str:
        """The sentence above the chart of one candidate; what was seen first, whatever it means."""
        name = self.study.name_of(comparison.candidate_id)
        counts = {
            "wins": comparison.count("candidate"),
            "losses": comparison.count("baseline"),
            "cannot_judge": comparison.count("cannot_judge"),
        }
        if self.withheld:
            return f"{seen(name, comparison.net.n, **counts)}."
        return headline(
            comparison.net,
            candidate=name,
            baseline=self.study.baseline.name,
            notes=(
                self.ten_percent_rule,
                self._blindness(comparison),
            ),
            **counts,
        )

    def _blindness(self, comparison: Comparison) -> str:
        if not self.study.blind:
            return "not blind"
        guessed = comparison.blinding
        if guessed and says_better(guessed.index) == "better":
            return "raters guessed the candidate beyond chance"
        return "blindness held" if self.study.leaks.enough else "too few pairs to tell blindness"


def study_report(store: Store, actor: Actor, study_id: str) -> reports.Report[StudyResult]:
    """Everything the dashboard says of a study, or the job that computes it; leads only."""
    study = get_study(store, actor, study_id)
    claims = _claims_of_each(store, study)
    stamp, report_id = _stamp(store, study_id, claims), f"findings {study_id}"
    count, withdrawn = store.judgements.count(study_id), store.judgements.count_withdrawn(study_id)
    if count < MANY_JUDGEMENTS:
        if count:
            note_seen(store, actor, study, "results")
        report = report_of(
            study.baseline.system_id,
            [c.system_id for c in study.candidates],
            [c.name for c in study.rubric],
            store.judgements.of_study(study_id),
            store.judgements.ratings(study_id),
            store.evidence.pair_facts(study_id),
            store.evidence.pair_scores(study_id),
            planned=study.pairs_each,
            claims=claims,
            guesses=store.guesses.of_study(study_id),
            risk_planned=study.examples_drawn - study.pairs_each,
            topics=kept_topics(store, study.version_id),
            fixed_size=study.fixed_size,
        )
        return reports.Report(_result(study, report, withdrawn))
    content = reports.kept(store, report_id, stamp)
    if content is not None:
        note_seen(store, actor, study, "results")
        return reports.Report(_result(study, study_of(content), withdrawn))
    return reports.Report(None, _compute(store, actor, study, report_id, stamp, claims))


def _result(study: Study, report: StudyReport, withdrawn: int) -> StudyResult:
    return StudyResult(study, _withheld(study), report.found, report.evidence, withdrawn)


def _claims_of_each(store: Store, study: Study) -> dict[str, int]:
    """Candidate → how many comparisons share one chance of a false claim with that of it and the
    baseline: of all their studies, one a candidate."""
    baseline = study.baseline.system_id
    return {
        one.system_id: store.studies.claims(baseline, one.system_id) for one in study.candidates
    }


def register_of(store: Store, actor: Actor, study_id: str, candidate_id: str) -> Register:
    """Every study of this study's baseline and a candidate, whatever came of it."""
    study = get_study(store, actor, study_id)
    baseline = study.baseline.system_id
    found = []
    for other_id in store.studies.of_both(baseline, candidate_id):
        other = get_study(store, actor, other_id)
        judged = won = lost = e = None
        if store.judgements.count(other_id) < MANY_JUDGEMENTS:
            own = of_both(store.judgements.of_study(other_id), baseline, candidate_id)
            judged, won, lost, e = counts_of(own, baseline)
        found.append(
            RegisteredStudy(
                other_id, other.name, other.person, other.created_at, other.closed, judged, won,
                lost, e, len(other.candidates),
            )
        )  # fmt: skip
    return Register(tuple(found))


def _compute(
    store: Store,
    actor: Actor,
    study: Study,
    report_id: str,
    stamp: str,
    claims: Mapping[str, int],
) -> str:
    if there := reports.job_of(store, report_id, stamp):
        return there.job_id
    judgements = reports.scratch(store, "judgements.parquet")
    ratings = reports.scratch(store, "ratings.parquet")
    guesses = reports.scratch(store, "guesses.parquet")
    facts, scores = reports.scratch(store, "facts.parquet"), reports.scratch(store, "s.parquet")
    topics = write_topics(store, study.version_id)
    store.judgements.write(judgements, ratings, study.study_id)
    store.guesses.write(guesses, study.study_id)
    store.evidence.write(facts, scores, study.study_id)
    return reports.computing(
        store,
        actor,
        study.project_id,
        report_id,
        stamp,
        title=f"Results of {study.name}",
        spec={
            "report": "study",
            "baseline_id": study.baseline.system_id,
            "candidate_ids": [c.system_id for c in study.candidates],
            "criteria": [c.name for c in study.rubric],
            "planned": study.pairs_each,
            "risk_planned": study.examples_drawn - study.pairs_each,
            "fixed_size": study.fixed_size,
            "claims": dict(claims),
        },
        files={
            "judgements.parquet": judgements,
            "ratings.parquet": ratings,
            "guesses.parquet": guesses,
            "facts.parquet": facts,
            "scores.parquet": scores,
            **({"topics.parquet": topics} if topics else {}),
        },
    )


def _withheld(study: Study) -> str:
    if study.plan.for_tuning:
        return FOR_TUNING
    if study.blind or counts_because(study):
        return ""
    return (
        "The verdict is withheld: this study is not blind. The scan can tell the systems apart, so "
        "raters may too, and what was seen is not shown to mean that one is better. It counts "
        "once a lead writes why it may."
    )


def reviewed_of(store: Store, actor: Actor, study: Study, counted: int) -> int:
    """How many examples the 10 % rule counts: reviewed for every candidate. `counted`: the reviewed
    pairs of the study, by its counters."""
    actor.require(study.project_id, *READS_RESULTS)
    if len(study.candidates) == 1:
        return counted
    return store.results.reviewed(study.study_id)


def gold_of(store: Store, actor: Actor, study_id: str) -> tuple[GoldResult, ...]:
    """How each rater judged the gold pairs; leads only, and in nothing else."""
    get_study_as_lead(store, actor, study_id)
    return gold_results(store.gold.judged(study_id))


def none_in(pairs: int) -> Estimate:
    """What seeing nothing in so many pairs still allows: a share of 0 with its exact interval."""
    return proportion(0, pairs)


def study_stamp(store: Store, actor: Actor, study_id: str) -> str:
    """Changes whenever the results of a study may have; leads only. Costs little."""
    return _stamp(store, study_id, _claims_of_each(store, get_study(store, actor, study_id)))


def _stamp(store: Store, study_id: str, claims: Mapping[str, int]) -> str:
    counts = ":".join(map(str, claims.values()))
    return f"study 4 {store.results.study_stamp(study_id)}:{counts}"


def pairs_page(
    store: Store, actor: Actor, study_id: str, which: str = "all", limit: int = 10, offset: int = 0
) -> list[StudyPair]:
    """Pairs of a study: both answers, the reference, verdicts and comments; leads only.

    `which`: all, rated, open, or split, where two people differ.
    """
    note_seen(store, actor, get_study(store, actor, study_id), "answers")
    return store.study_pairs.page(study_id, which, limit, offset)


def count_pairs(store: Store, actor: Actor, study_id: str, which: str = "all") -> int:
    """How many pairs that are; leads only."""
    get_study(store, actor, study_id)
    return store.study_pairs.count(study_id, which)


def export_judgements(
    store: Store, actor: Actor, study_id: str, *, file_format: str = "csv", by_name: bool = False
) -> str:
    """Every judgement of a study with ratings, flags, corrections, comments and seconds, as CSV or
    JSONL; leads only. Raters are numbered unless `by_name`."""
    study = get_study_as_lead(store, actor, study_id)
    note_seen(store, actor, study, "judgements")
    names = {s.system_id: s.name for s in study.systems}
    records = judgement_records(
        store.results.judgement_rows(study_id),
        store.judgements.ratings(study_id),
        names,
        by_name=by_name,
    )
    return as_jsonl(records) if file_format == "jsonl" else to_csv([flat(r) for r in records])
