"""The store: one database and a repository per subject. Workflows take it as their argument."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from storage.acceptances import Acceptances
from storage.accounts import Accounts
from storage.annotation import Annotation
from storage.answers import Answers
from storage.audit import Audit
from storage.augmentations import Augmentations
from storage.backup import Backups
from storage.batches import Batches
from storage.candidates import Candidates
from storage.cards import Cards
from storage.checks import Checks
from storage.comments import Comments
from storage.contamination import ContaminationChecks
from storage.counters import Counters
from storage.database import Database
from storage.decisions import Decisions
from storage.differences import Differences
from storage.disagreements import Disagreements
from storage.downloads import Downloads
from storage.drafts import Drafts
from storage.duplicates import DuplicateGroups
from storage.evidence import EvidenceRows
from storage.examples import Examples
from storage.exports import Exports
from storage.extensions import Extensions
from storage.findings import Findings
from storage.firewall import Firewalls
from storage.freezing import FreezeInputs
from storage.gold import Gold
from storage.gold_examples import GoldExamples
from storage.gold_seen import GoldSeenExamples
from storage.groups import Groups
from storage.guesses import Guesses
from storage.guidelines import Guidelines
from storage.imports import Imports
from storage.intake import Intake
from storage.invitations import Invitations
from storage.jobs import Jobs
from storage.judgements import Judgements
from storage.lineage import Lineages
from storage.listing import Listing
from storage.mends import Mends
from storage.negatives import Negatives
from storage.overlaps import Overlaps
from storage.own_work import OwnWork
from storage.preferences import Preferences
from storage.presentations import Presentations
from storage.progress import PeoplesProgress
from storage.projects import Projects
from storage.promises import Promises
from storage.queue_orders import QueueOrders
from storage.queues import Queues
from storage.quotas import Quotas
from storage.reports import Reports
from storage.results import Results
from storage.runs import Runs
from storage.search import Search
from storage.sessions import Sessions
from storage.shared_outputs import SharedOutputs
from storage.studies import Studies
from storage.study_pairs import StudyPairs
from storage.synthetic import SyntheticExamples
from storage.systems import Systems
from storage.unblindings import Unblindings
from storage.versions import Versions

T = TypeVar("T")


class Store:
    """Everything Touchstone keeps in `<workspace>/touchstone.duckdb`, migrated when opened.

    Raises WorkspaceInUse when another process has it open.
    """

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace.resolve()
        self.database = Database(self.workspace / "touchstone.duckdb")
        self.database.migrate()
        self.audit = Audit(self.database)
        self.sessions = Sessions(self.database)
        self.accounts = Accounts(self.database, self.sessions)
        self.invitations = Invitations(self.database)
        self.backups = Backups(self.database)
        self.guidelines = Guidelines(self.database)
        self.drafts = Drafts(self.database)
        self.jobs = Jobs(self.database)
        self.counters = Counters(self.database)
        self.queue_orders = QueueOrders(self.database, self.counters)
        self.projects = Projects(self.database, self.queue_orders)
        self.intake = Intake(self.database, self.counters)
        self.imports = Imports(self.database, self.counters, self.intake)
        self.synthetic = SyntheticExamples(self.database)
        self.augmentations = Augmentations(self.database, self.counters, self.intake)
        self.negatives = Negatives(self.database, self.augmentations)
        self.examples = Examples(self.database, self.counters)
        self.listing = Listing(self.database, self.counters)
        self.groups = Groups(self.database)
        self.quotas = Quotas(self.database)
        self.progress = PeoplesProgress(self.database)
        promises = Promises()
        self.queues = Queues(self.database, self.groups, promises)
        self.overlaps = Overlaps(self.database)
        self.disagreements = Disagreements(self.database, self.counters)
        self.acceptances = Acceptances(self.database)
        self.gold_examples = GoldExamples(self.database)
        self.gold_seen = GoldSeenExamples(self.database, self.examples, self.gold_examples)
        self.candidates = Candidates(
            self.database, self.counters, self.examples, self.groups, self.queue_orders,
            self.overlaps, promises, self.disagreements,
        )  # fmt: skip
        self.annotation = Annotation(
            self.database, self.counters, self.queues, self.acceptances, self.disagreements
        )
        self.comments = Comments(self.database)
        self.own_work = OwnWork(self.database)
        self.checks = Checks(self.database)
        self.findings = Findings(self.database)
        self.batches = Batches(self.database, self.counters)
        self.mends = Mends(self.database, self.counters, self.batches)
        self.duplicates = DuplicateGroups(self.database, self.batches)
        self.versions = Versions(self.database)
        self.exports = Exports(self.database)
        self.firewall = Firewalls(self.database)
        self.search = Search(self.database, self.workspace)
        self.freezing = FreezeInputs(self.database)
        self.differences = Differences(self.database)
        self.lineage = Lineages(self.database)
        self.cards = Cards(self.database)
        self.downloads = Downloads(self.database, self.workspace / "inbox")
        self.runs = Runs(self.database)
        self.systems = Systems(self.database)
        self.answers = Answers(self.database)
        self.shared_outputs = SharedOutputs(self.database)
        self.studies = Studies(self.database)
        self.extensions = Extensions(self.database)
        self.presentations = Presentations(self.database)
        self.judgements = Judgements(self.database)
        self.guesses = Guesses(self.database)
        self.gold = Gold(self.database)
        self.unblindings = Unblindings(self.database)
        self.reports = Reports(self.database)
        self.results = Results(self.database)
        self.study_pairs = StudyPairs(self.database)
        self.evidence = EvidenceRows(self.database)
        self.contamination = ContaminationChecks(self.database)
        self.decisions = Decisions(self.database)
        self.preferences = Preferences(self.database)

    def transact(self, action: Callable[[], T], *, in_turn: bool = False) -> T:
        """Run `action` in one transaction, again from its start when somebody was faster.

        `in_turn` is for queues: those who take the next one do so one after the other.
        """
        return self.database.transact(action, in_turn=in_turn)

    def close(self) -> None:
        """Write what is pending and let go of the file."""
        self.search.close()
        self.database.close()
