"""The unblinding ledger: who has seen results or names rates on, and none of that counts."""

from __future__ import annotations

import csv
import io

import pytest

from core.errors import Conflict, InvalidInput, NotAllowed
from core.statistics.estimates import says_better
from core.study.unblinding import Unblinding
from core.study.verdicts import set_apart_words
from core.workflows.evaluation import generating, rating, results, seals, studies, unblinding
from storage.database import migration_files
from tests.builders import an_actor
from tests.evaluation.test_results import Place
from tests.evaluation.test_results import place as place  # the fixture
from tests.job_builders import run_here
from tests.study_builders import a_judgement, a_study, rate_all


def rate_as_lead(place: Place, study_id: str, verdict: str, most: int | None = None) -> int:
    """The project's lead, who may do both, rates what is left."""
    return rate_all(place.store, place.lead, study_id, lambda pair: place.vote(pair, verdict), most)


def seen(place: Place, study_id: str) -> list[tuple[str, str]]:
    found = unblinding.ledger(place.store, place.lead, study_id)
    return [(one.person_id, one.what) for one in found]


def test_a_lead_who_has_seen_the_answers_with_names_is_recorded_and_rates_apart_from_the_verdict(
    place: Place,
) -> None:
    study_id = place.study(size=20)
    results.pairs_page(place.store, place.lead, study_id)
    assert rate_as_lead(place, study_id, "tuned") == 20
    result, compared = place.result(study_id), place.compared(study_id)
    assert seen(place, study_id) == [
        (place.lead.person_id, "answers"),
        (place.lead.person_id, "results"),
    ]
    assert compared.set_apart == {"candidate": 20}
    assert set_apart_words(compared.set_apart, compared.only_set_apart).endswith(
        "20 won, 0 lost, 0 tied. 20 pairs have no other."
    )
    assert (compared.judged, compared.net.value, compared.verdicts) == (0, None, {})
    assert (result.found.judgements, result.found.made) == (0, 20)
    assert says_better(compared.net) == "not shown"
    assert all(c.difference.n == 0 for c in compared.criteria)
    (registered,) = results.register_of(place.store, place.lead, study_id, place.tuned).studies
    assert (registered.judged, registered.won, registered.e_value) == (0, 0, 1)


def test_what_was_judged_before_stays_and_the_first_that_counts_fixes_the_verdict(
    place: Place,
) -> None:
    study_id = place.study(size=6, overlap=1.0)
    assert rate_as_lead(place, study_id, "tuned", most=2) == 2
    results.pairs_page(place.store, place.lead, study_id)
    assert rate_as_lead(place, study_id, "tuned") == 4
    place.vote_all(study_id, ["base"] * 6)
    compared = place.compared(study_id)
    assert compared.verdicts == {"candidate": 2, "baseline": 4}
    assert compared.split == 2
    assert (compared.set_apart, compared.only_set_apart) == ({"candidate": 4}, 0)
    assert set_apart_words(compared.set_apart) == (
        "4 judgements by people who had seen results or names are set apart: 4 won, 0 lost, 0 tied."
    )


def test_agreement_sides_and_flags_leave_set_apart_judgements_out(place: Place) -> None:
    study_id = place.study(size=6, overlap=1.0)
    place.vote_all(study_id, ["base"] * 6)
    alone = place.result(study_id).found
    rate_all(
        place.store, place.lead, study_id,
        lambda pair: place.vote(pair, "tuned", base=1, tuned=5, flags={"base": ("unsafe",)}),
    )  # fmt: skip
    both = place.result(study_id).found
    assert both.agreement == alone.agreement
    assert both.side_bias == alone.side_bias
    assert both.comparisons[0].flags == {}
    assert both.comparisons[0].criteria == alone.comparisons[0].criteria
    assert (both.made, alone.made) == (12, 6)


def test_who_has_pairs_left_is_told_how_many_before_anything_is_shown(place: Place) -> None:
    store, study_id = place.store, place.study(size=8)
    viewer = an_actor(place.project_id, "viewer", name="vi")
    place.vote_all(study_id, ["tuned"] * 3)
    assert unblinding.pairs_left(store, place.lead, study_id) == 5
    assert unblinding.pairs_left(store, viewer, study_id) == 0
    unblinding.open_all_the_same(store, place.lead, study_id, "results")
    assert unblinding.pairs_left(store, place.lead, study_id) == 0
    assert not unblinding.is_blind(store, place.lead, study_id)
    other = an_actor(place.project_id, name="lou")
    assert unblinding.pairs_left(store, other, study_id) == 5
    rate_all(store, place.rater(), study_id, lambda pair: place.vote(pair, "tuned"))
    assert unblinding.pairs_left(store, other, study_id) == 0
    with pytest.raises(NotAllowed):
        unblinding.pairs_left(store, place.rater(), study_id)


def test_each_thing_is_noted_once_a_person_with_its_entry_in_the_audit(place: Place) -> None:
    study_id = place.study(size=6)
    assert place.compared(study_id).net.n == 0
    assert seen(place, study_id) == []  # where nobody has judged, results tell nothing
    place.vote_all(study_id, ["tuned"])
    for _ in range(2):
        place.result(study_id)
        results.pairs_page(place.store, place.lead, study_id, "rated")
        results.export_judgements(place.store, place.lead, study_id)
    viewer = an_actor(place.project_id, "viewer", name="vi")
    results.study_report(place.store, viewer, study_id)
    ada = place.lead.person_id
    assert seen(place, study_id) == [
        (ada, "results"), (ada, "answers"), (ada, "judgements"), (viewer.person_id, "results"),
    ]  # fmt: skip
    events = place.store.audit.of_subject("study", study_id)
    told = [(e.actor_id, e.detail["what"]) for e in events if e.action == "unblinded"]
    assert told == seen(place, study_id)
    with pytest.raises(NotAllowed):
        unblinding.ledger(place.store, viewer, study_id)


def test_a_look_at_a_closed_study_counts_when_it_is_opened_again(place: Place) -> None:
    study_id = place.study(size=6)
    place.vote_all(study_id, ["base"])
    studies.set_closed(place.store, place.lead, study_id, True)
    place.result(study_id)
    studies.set_closed(place.store, place.lead, study_id, False)
    rate_as_lead(place, study_id, "tuned")
    assert place.compared(study_id).verdicts == {"baseline": 1}
    assert place.compared(study_id).set_apart == {"candidate": 5}


def test_answers_of_one_system_read_by_name_are_noted_in_open_and_closed_studies(
    place: Place,
) -> None:
    opened, closed = place.study(size=6), place.study(size=6)
    studies.set_closed(place.store, place.lead, closed, True)
    for _ in range(2):
        generating.answers_page(place.store, place.lead, place.version_id, [place.base])
    for study_id in (opened, closed):
        assert seen(place, study_id) == [(place.lead.person_id, "answers")]


def test_what_is_seen_of_a_study_is_noted_in_every_other_of_the_same_systems(place: Place) -> None:
    first, second = place.study(size=6), place.study(size=6)
    results.pairs_page(place.store, place.lead, second)
    assert seen(place, first) == seen(place, second) == [(place.lead.person_id, "answers")]


def test_answers_read_by_name_before_a_study_opens_set_its_judgements_apart(place: Place) -> None:
    for _ in range(2):
        generating.answers_page(place.store, place.lead, place.version_id, [place.base])
    study_id = place.study(size=20)
    assert seen(place, study_id) == [(place.lead.person_id, "answers")]
    assert rate_as_lead(place, study_id, "tuned", most=2) == 2
    place.vote_all(study_id, ["base"] * 3)
    assert place.compared(study_id).verdicts == {"baseline": 3}
    assert place.compared(study_id).set_apart == {"candidate": 2}
    (event,) = place.store.audit.of_subject("system", place.base)[-1:]
    assert (event.said, event.actor_id) == ("answers read", place.lead.person_id)
    assert [one.said for one in place.store.audit.of_subject("system", place.base)].count(
        "answers read"
    ) == 1


def test_what_was_seen_of_a_study_is_noted_in_those_of_the_same_systems_that_open_later(
    place: Place,
) -> None:
    first = place.study(size=6)
    place.vote_all(first, ["base"])
    studies.set_closed(place.store, place.lead, first, True)
    results.pairs_page(place.store, place.lead, first)
    again = place.study(size=6)
    assert seen(place, again) == [(place.lead.person_id, "answers")]
    assert rate_as_lead(place, again, "tuned") == 6
    assert place.compared(again).set_apart == {"candidate": 6}
    third = place.third("imported")
    assert seen(place, a_study(place.store, place.lead, place.project_id, place.base, third)) == []


def test_an_opened_seal_tells_who_answered_what_and_is_noted(place: Place) -> None:
    study_id = place.study(size=6)
    studies.set_closed(place.store, place.lead, study_id, True)
    seals.opened_seal(place.store, place.lead, study_id)
    studies.set_closed(place.store, place.lead, study_id, False)
    rate_as_lead(place, study_id, "tuned")
    assert place.compared(study_id).set_apart == {"candidate": 6}


def test_who_has_seen_results_takes_nothing_back_that_was_judged_before(place: Place) -> None:
    study_id = place.study(size=6)
    rate_as_lead(place, study_id, "base", most=3)
    last = rating.last_judgement(place.store, place.lead, study_id)
    assert last is not None
    place.result(study_id)
    assert rating.rated_lately(place.store, place.lead, study_id) == []
    with pytest.raises(Conflict, match="stays"):
        rating.take_back(place.store, place.lead, study_id, last)
    assert place.compared(study_id).verdicts == {"baseline": 3}


def test_examples_and_exports_say_which_judgements_are_set_apart(place: Place) -> None:
    study_id = place.study(size=4, overlap=1.0)
    place.vote_all(study_id, ["base"] * 4)
    place.result(study_id)
    rate_as_lead(place, study_id, "tuned")
    pairs = results.pairs_page(place.store, place.lead, study_id)
    assert {(p.verdicts, p.set_apart) for p in pairs} == {((place.base,), (place.tuned,))}
    text = results.export_judgements(place.store, place.lead, study_id)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {(row["preferred"], row["set_apart"]) for row in rows} == {
        ("Model one", "False"), ("Run two", "True"),
    }  # fmt: skip


def test_a_worker_sets_the_same_judgements_apart(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    study_id = place.study(size=6, overlap=0.5)
    place.vote_all(study_id, ["base"] * 3)
    at_first = place.result(study_id)
    rate_as_lead(place, study_id, "tuned")
    at_once = place.result(study_id)
    assert at_once.found.comparisons[0].set_apart
    assert at_once.found.comparisons[0].verdicts == at_first.found.comparisons[0].verdicts
    monkeypatch.setattr(results, "MANY_JUDGEMENTS", 0)
    asked = results.study_report(place.store, place.lead, study_id)
    job = place.store.jobs.by_id(asked.job_id)
    assert job is not None
    run_here(place.store, job.subject_id)
    assert place.result(study_id) == at_once


def test_a_ledger_of_anything_else_is_refused() -> None:
    with pytest.raises(InvalidInput, match="The ledger holds results"):
        Unblinding("p", "Ada", "dreams", None)  # type: ignore[arg-type]


def test_what_is_set_apart_counts_as_rated_nowhere_and_leaves_its_pair_to_others(
    place: Place,
) -> None:
    study_id = place.study(size=10, overlap=0.2)
    results.pairs_page(place.store, place.lead, study_id)
    assert rate_as_lead(place, study_id, "tuned") == 10
    lead = rating.progress(place.store, place.lead, study_id)
    assert (lead.judged, lead.reviewed, lead.mine, lead.open) == (0, 0, 10, 0)
    study = studies.get_study(place.store, place.lead, study_id)
    assert results.reviewed_of(place.store, place.lead, study, lead.reviewed) == 0
    (listed,) = place.store.studies.open_studies(place.project_id)
    assert (listed.judged, listed.done, listed.places) == (0, 0, 12)
    blind = rating.progress(place.store, place.rater(), study_id)
    assert (blind.open, blind.for_this_rater) == (12, 10)

    # Each pair waits for somebody blind; what they say first counts, though it is not the first.
    place.vote_all(study_id, ["base"] * 3 + ["cannot_judge"])
    at = rating.progress(place.store, place.rater(), study_id)
    assert (at.judged, at.reviewed, at.mine) == (4, 3, 4)
    assert place.result(study_id).reviewed == 3
    place.vote_all(study_id, ["base"] * 6)
    assert rating.progress(place.store, place.rater(), study_id).open == 0
    assert rating.progress(place.store, place.rater("cem"), study_id).open == 2
    place.vote_all(study_id, ["base"] * 2, "cem")
    done = rating.progress(place.store, place.rater("dan"), study_id)
    assert (done.judged, done.reviewed, done.open) == (10, 9, 0)
    (listed,) = place.store.studies.open_studies(place.project_id)
    assert (listed.judged, listed.done) == (10, 12)


def test_taking_back_the_one_blind_judgement_of_a_pair_leaves_it_unrated(place: Place) -> None:
    study_id = place.study(size=4, overlap=1.0)
    place.vote_all(study_id, ["base"])
    results.pairs_page(place.store, place.lead, study_id)
    rate_as_lead(place, study_id, "tuned")
    assert rating.progress(place.store, place.lead, study_id).judged == 1
    last = place.store.judgements.last_of(study_id, place.rater().person_id)
    assert last is not None
    rating.take_back(place.store, place.rater(), study_id, last)
    at = rating.progress(place.store, place.rater(), study_id)
    assert (at.judged, at.reviewed, at.mine) == (0, 0, 0)


def test_several_candidates_count_as_reviewed_by_blind_judgements_alone(place: Place) -> None:
    other = place.third()
    study_id = a_study(
        place.store, place.lead, place.project_id, place.base, place.tuned, other, size=4
    )
    results.pairs_page(place.store, place.lead, study_id)
    rate_all(place.store, place.lead, study_id, a_judgement)
    study = studies.get_study(place.store, place.lead, study_id)
    assert results.reviewed_of(place.store, place.lead, study, 8) == 0
    rate_all(place.store, place.rater(), study_id, a_judgement)
    assert results.reviewed_of(place.store, place.lead, study, 8) == 4


def test_a_workspace_of_before_loses_what_set_apart_judgements_had_added(place: Place) -> None:
    study_id = place.study(size=10)
    results.pairs_page(place.store, place.lead, study_id)
    rate_as_lead(place, study_id, "tuned")
    place.vote_all(study_id, ["base"] * 3 + ["cannot_judge"])
    place.store.database.execute(  # as the counters were written before: the lead's came first
        """
        INSERT INTO study_counts
            (study_id, rater_id, pairs, places, filled, judged, judgements, blocked, repeats,
             reviewed, gold)
        VALUES ($study, '', 0, 0, 0, 6, 0, 0, 0, 7, false)
        """,
        {"study": study_id},
    )
    migration = next(sql for name, sql in migration_files().items() if name.startswith("0023"))
    place.store.database.execute(migration)
    at = rating.progress(place.store, place.lead, study_id)
    assert (at.judged, at.reviewed) == (4, 3)
