"""The tables: what one row is, its keys, and what must hold even if code is wrong. No rules.

Every table of a tenant carries ``institution_id``, and a foreign key between two of them is composite
(``institution_id, x_id``), so that a row of one firm can't be bound to a row of another even by a bug.
Marks and their maxima are whole hundredths (6000 is 60.00): a Decimal is a float on SQLite.

All modules are imported here, since a table must be known to the metadata before the first use of any.
"""

from skilleval.db.tables.account import Account, AccountEvent, AccountRole, LoginCounter, SetupToken, WebSession
from skilleval.db.tables.appointment import Appointment, Honour, Nomination
from skilleval.db.tables.base import GRADES, MEMBER_KINDS, METHODS, ROUTES, Table, id_of
from skilleval.db.tables.batch import Adjudication, Assignment, Batch, Candidate, Mark, Result
from skilleval.db.tables.chain import Chain, ChainMember, Mandate, MembershipCorrection
from skilleval.db.tables.confirmation import Confirmation
from skilleval.db.tables.contest import Contest, ContestResult, ContestRule
from skilleval.db.tables.draft import MarkDraft, MarkUnlock
from skilleval.db.tables.duty import BatchDuty
from skilleval.db.tables.firm import (
    Institution,
    PackChoice,
    Personnel,
    PinnedText,
    Post,
    PostGrade,
    Registration,
    ScopeLine,
    Specification,
    SpecificationPart,
    Venue,
)
from skilleval.db.tables.item import Item, TaskCard
from skilleval.db.tables.job import Job
from skilleval.db.tables.journal import JournalDetail, JournalEntry, JournalHead, JournalObject
from skilleval.db.tables.official import (
    Certificate,
    CertificateEvent,
    Filing,
    FilingAnswer,
    ImportReceipt,
    Notice,
    NumberCounter,
    Objection,
)
from skilleval.db.tables.panel import CONFLICT_KINDS, Conflict, Panel, PanelMember
from skilleval.db.tables.people import Credential, Person, WorkPeriod
from skilleval.db.tables.recognition import (
    CaseDecision,
    CaseEvidence,
    CaseLine,
    CaseVote,
    Evidence,
    RecognitionCase,
)
from skilleval.db.tables.relation import RELATION_KINDS, Relation
from skilleval.db.tables.scheme import Scheme, ScoreLine, ScoreSheet
from skilleval.db.tables.specification import (
    DraftOpinion,
    DraftRevision,
    OpinionAnswer,
    Reviewer,
    ReviewRound,
    SpecificationDraft,
    SpecificationDrafter,
)
from skilleval.db.tables.standard import StandardConfirmation
from skilleval.db.tables.upload import StagedImport
from skilleval.db.tables.view import ListLayout, SavedView

__all__ = [
    "CONFLICT_KINDS",
    "GRADES",
    "MEMBER_KINDS",
    "METHODS",
    "RELATION_KINDS",
    "ROUTES",
    "Account",
    "AccountEvent",
    "AccountRole",
    "Adjudication",
    "Appointment",
    "Assignment",
    "Batch",
    "BatchDuty",
    "Candidate",
    "CaseDecision",
    "CaseEvidence",
    "CaseLine",
    "CaseVote",
    "Certificate",
    "CertificateEvent",
    "Chain",
    "ChainMember",
    "Confirmation",
    "Conflict",
    "Contest",
    "ContestResult",
    "ContestRule",
    "Credential",
    "DraftOpinion",
    "DraftRevision",
    "Evidence",
    "Filing",
    "FilingAnswer",
    "Honour",
    "ImportReceipt",
    "Institution",
    "Item",
    "Job",
    "JournalDetail",
    "JournalEntry",
    "JournalHead",
    "JournalObject",
    "ListLayout",
    "LoginCounter",
    "Mandate",
    "Mark",
    "MarkDraft",
    "MarkUnlock",
    "MembershipCorrection",
    "Nomination",
    "Notice",
    "NumberCounter",
    "Objection",
    "OpinionAnswer",
    "PackChoice",
    "Panel",
    "PanelMember",
    "Person",
    "Personnel",
    "PinnedText",
    "Post",
    "PostGrade",
    "RecognitionCase",
    "Registration",
    "Relation",
    "Result",
    "ReviewRound",
    "Reviewer",
    "SavedView",
    "Scheme",
    "ScopeLine",
    "ScoreLine",
    "ScoreSheet",
    "SetupToken",
    "Specification",
    "SpecificationDraft",
    "SpecificationDrafter",
    "SpecificationPart",
    "StagedImport",
    "StandardConfirmation",
    "Table",
    "TaskCard",
    "Venue",
    "WebSession",
    "WorkPeriod",
    "id_of",
]
