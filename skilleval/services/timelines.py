"""What the journal tells of one record: the entries that wrote it or a part of it, newest first.

For the viewer's own records only: of another's the list is empty, as if nothing had been written. What a record is made of
stands in ``PARTS``, a line each. Marks are no part of anything here: who has marked whom and why is not told before all
have locked, and the pages of marks tell it then.
"""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from skilleval.db.tables import (
    Appointment,
    Batch,
    Candidate,
    CaseDecision,
    CaseEvidence,
    CaseLine,
    CaseVote,
    Certificate,
    CertificateEvent,
    Chain,
    ChainMember,
    Contest,
    ContestResult,
    ContestRule,
    DraftOpinion,
    DraftRevision,
    Evidence,
    Filing,
    FilingAnswer,
    Institution,
    Item,
    JournalDetail,
    JournalEntry,
    JournalObject,
    Mandate,
    Nomination,
    Notice,
    Objection,
    OpinionAnswer,
    PackChoice,
    Post,
    PostGrade,
    RecognitionCase,
    Registration,
    Result,
    ReviewRound,
    Scheme,
    ScopeLine,
    Specification,
    SpecificationDraft,
    SpecificationDrafter,
    SpecificationPart,
    Table,
    TaskCard,
    id_of,
)
from skilleval.services.journal_reading import Entry, entry_of, with_details
from skilleval.services.tenancy import viewer_of

#: entries that a page tells of a record
LAST = 50
#: record → the columns of other tables by which their rows are its parts; theirs are its parts too
PARTS: dict[type[Table], tuple[Any, ...]] = {
    Batch: (Notice.batch_id, Filing.batch_id, Candidate.batch_id),
    Candidate: (Certificate.candidate_id,),
    Notice: (Objection.notice_id,),
    Certificate: (CertificateEvent.certificate_id,),
    Filing: (FilingAnswer.filing_id,),
    RecognitionCase: (CaseLine.case_id, CaseVote.case_id, CaseDecision.case_id),
    CaseLine: (CaseEvidence.line_id,),
    Evidence: (CaseEvidence.evidence_id,),
    Contest: (ContestRule.contest_id, ContestResult.contest_id),
    Nomination: (Appointment.nomination_id,),
    Institution: (Registration.institution_id, ScopeLine.institution_id, PackChoice.institution_id),
    Post: (PostGrade.post_id,),
    Specification: (SpecificationPart.specification_id,),
    SpecificationPart: (Scheme.part_id,),
    SpecificationDraft: (
        SpecificationDrafter.draft_id, DraftRevision.draft_id, ReviewRound.draft_id, DraftOpinion.draft_id,
    ),
    DraftOpinion: (OpinionAnswer.opinion_id,),
    Item: (TaskCard.item_id,),
    Chain: (ChainMember.chain_id, Mandate.chain_id),
}  # fmt: skip


def timeline_of(session: Session, row: Any, last: int = LAST) -> list[Entry]:
    """The last entries that wrote this row of an institution or a part of it. One statement."""
    return _told_of(session, row.institution_id, _wrote(type(row), [row.id]), last)


def institution_timeline(session: Session, institution: Institution) -> list[Entry]:
    """The last entries that wrote the institution, its registrations, scope or choice of rules."""
    return _told_of(session, id_of(institution), _wrote(Institution, [institution.id]))


def certificate_timeline(session: Session, certificate: Certificate) -> list[Entry]:
    """The last entries that wrote or printed the certificate."""
    printed = _named("certificates.print", certificate.number)
    return _told_of(session, certificate.institution_id, _wrote(Certificate, [certificate.id]), named=printed)


def filing_timeline(session: Session, filing: Filing) -> list[Entry]:
    """The last entries that wrote the package or an answer to it, or took it away."""
    taken = _named("filing.download", filing.file_name)
    return _told_of(session, filing.institution_id, _wrote(Filing, [filing.id]), named=taken)


def notice_timeline(session: Session, batch: Batch) -> list[Entry]:
    """The last entries that wrote notices of the batch or objections to them."""
    notices = sa.select(col(Notice.id)).where(col(Notice.batch_id) == batch.id)
    return _told_of(session, batch.institution_id, _wrote(Notice, notices))


def contest_timeline(session: Session, contest: Contest, judged: sa.Select[Any]) -> list[Entry]:
    """The last entries that wrote the contest, or the promotion of those whose candidate ids ``judged`` selects."""
    results = sa.select(col(Result.id)).where(col(Result.candidate_id).in_(judged))
    wrote = sa.or_(_wrote(Contest, [contest.id]), _wrote(Candidate, judged), _wrote(Result, results))
    return _told_of(session, contest.institution_id, wrote)


def chain_timeline(session: Session, chain: Chain) -> list[Entry]:
    """The last entries of the viewer's own journal about the chain: the lead's of the chain and its members, an evaluator's
    of its mandates; those of the lead for the operator."""
    return _told_of(session, viewer_of(session).key or chain.institution_id, _wrote(Chain, [chain.id]))


def _wrote(table: type[Table], ids: Any) -> sa.ColumnElement[bool]:
    """Rows of the journal that tell of these rows of a table or of parts of them."""
    return sa.or_(
        *(
            sa.and_(col(JournalObject.table_name) == kind.__tablename__, col(JournalObject.object_id).in_(which))
            for kind, which in _with_parts(table, ids)
        )
    )


def _with_parts(table: type[Table], ids: Any) -> Iterator[tuple[Any, Any]]:
    yield table, ids
    for column in PARTS.get(table, ()):
        part = column.class_
        yield from _with_parts(part, sa.select(part.id).where(column.in_(ids)))


def _named(action: str, word: str) -> sa.ColumnElement[bool]:
    """Entries of an act that names this record in its details: one that only shows a record writes no row of it.

    To list the row as written would take whatever it holds by then for what was recorded.
    """
    body, content = col(JournalEntry.body), col(JournalDetail.content)
    return sa.and_(
        body.contains(f'"action":"{action}"', autoescape=True),
        content.contains(json.dumps(word, ensure_ascii=False), autoescape=True),
    )


def _told_of(
    session: Session, institution_id: int, wrote: sa.ColumnElement[bool], last: int = LAST, *,
    named: sa.ColumnElement[bool] | None = None,
) -> list[Entry]:  # fmt: skip
    if not viewer_of(session).owns(institution_id):
        return []
    own = col(JournalObject.institution_id) == institution_id
    which = col(JournalEntry.seq).in_(sa.select(col(JournalObject.seq)).where(own, wrote))
    query = with_details(institution_id).where(which if named is None else sa.or_(which, named))
    rows = session.execute(query.order_by(col(JournalEntry.seq).desc()).limit(last)).all()
    return [entry_of(row.body, row.content) for row in rows]
