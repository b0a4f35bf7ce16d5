"""The public notice (公示) of a batch: published, objected to, closed.

What was published is frozen with its hash. An objection that is rejected leaves the result as it is; one that is
upheld asks for a correction, and a correction that adds or changes a name asks for a new notice.
Sources: guangdong-rules 4.3 (length and columns are practice, so the length is a parameter of the rule packs).
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Candidate, Institution, JournalObject, Notice, Objection, Person, Result, id_of
from skilleval.domain import lifecycle, workdays
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import mask_number
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Rule, prove_value
from skilleval.domain.workdays import Calendar
from skilleval.packs import Library, Packs
from skilleval.services import authority, journal, rules
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.recused_results import counted_recusals, must_not_count

_LENGTH = "notice.working_days"
ROUTE_NAMES = {
    "assessment": "考核",
    "direct": "直接认定",
    "contest": "竞赛晋级",
    "appointment": "评聘",
    "confirmation": "转正定级",
}


@dataclass(frozen=True, slots=True)
class Closing:
    """What has come in since a notice was published, on which it depends whether it may be closed."""

    last_day: date
    objections: Sequence[Objection]
    #: ids of upheld objections whose result was not corrected since
    uncorrected: Set[int | None]
    #: names on the notice that would not stand there so today, and those that would and do not
    gone: Sequence[str]
    new: Sequence[str]
    #: marks and votes that count although they may not
    recused: Sequence[str]

    def reasons(self, on: date) -> list[str]:
        """Everything that keeps the notice from being closed on this day, in Chinese; empty when nothing does."""
        reasons = []
        if on <= self.last_day:
            reasons.append(f"公示期至 {self.last_day} 止，{self.last_day} 之后方可结束（今天是 {on}）")
        for objection in self.objections:
            if objection.state == "open":
                reasons.append(f"第 {objection.serial} 号异议（{objection.raised_on} 提出）尚未处理")
            elif objection.id in self.uncorrected:
                reasons.append(f"第 {objection.serial} 号异议成立，但有关成绩尚未更正（skilleval marks remark 或 skilleval marks correct）")
        if self.new:
            reasons.append(f"{'、'.join(self.new)} 在公示后才合格或有变更，须发布更正公示（skilleval notices correct）")
        if gone := [name for name in self.gone if name not in self.new]:
            reasons.append(f"{'、'.join(gone)} 已不合格而仍在公示名单上，须发布更正公示（skilleval notices correct）")
        return [*reasons, *self.recused]


def publish_notice(
    session: Session,
    actor: Actor,
    batch: Batch,
    library: Library,
    *,
    vault: Vault,
    first_day: date,
    working_days: int,
    calendar: Calendar,
    on: date,
    correction: dict[str, Any] | None = None,
) -> Notice:
    """Publish everybody who passed, for ``working_days`` from ``first_day`` on, both ends included.

    ``correction`` is what a corrected notice says of the one whose place it takes (``reopening.correct_notice``).

    Refused: a batch whose results are not settled, one in which nobody passed, a first day that is over already or lies
    before the end of the evaluation, fewer days than the batch's rule packs ask for, and, with every reason, results in
    which a mark or vote of somebody counts who has to be recused (回避), and what is beyond the institution's authority.
    """
    take_duty(session, actor, batch, "notices.publish_notice")
    lifecycle.step("batch", batch.state, "noticed")
    _check_length(session, batch, first_day, working_days)
    if first_day < on:
        raise RuleBroken(f"公示第一天 {first_day} 早于今天 {on}，公示不能倒填日期")
    if first_day < batch.ends_on:
        raise RuleBroken(f"公示第一天 {first_day} 早于评价结束日 {batch.ends_on}")
    institution = _institution(session, batch)
    entries = passed_entries(session, batch, vault)
    if not entries:
        raise RuleBroken(f"批次 {batch.number} 没有合格人员，无需公示")
    must_not_count(session, batch, "公示")
    authority.require(session, batch, library, candidates=_passed(session, batch))
    last_day = last_day_of(calendar, first_day, working_days)
    content: dict[str, Any] = {
        "institution": institution.name,
        "credit_code": institution.credit_code,
        "contact": institution.contact or institution.responsible or "",
        "phone": institution.phone or "",
        "batch": batch.number,
        "batch_name": batch.name,
        "first_day": first_day.isoformat(),
        "last_day": last_day.isoformat(),
        "working_days": working_days,
        "entries": entries,
        **({"correction": correction} if correction else {}),
    }
    notice = Notice(
        institution_id=batch.institution_id,
        batch_id=id_of(batch),
        serial=len(notices_of(session, batch)) + 1,
        first_day=first_day,
        last_day=last_day,
        working_days=working_days,
        content=content,
        content_hash=content_hash(content),
        journal_head=journal.head_hash(session, batch.institution_id),
    )
    session.add(notice)
    batch.state = "noticed"
    session.add(batch)
    journal.record(session, actor, batch.institution_id, "notice.publish", objects=[notice, batch])
    return notice


def notice_length(session: Session, batch: Batch, first_day: date) -> Rule:
    """How many working days a notice lasts, by the packs that the batch was planned by. Refused: no pack says."""
    return length_in(rules.packs_of_batch(session, batch), first_day)


def length_in(packs: Packs, first_day: date) -> Rule:
    """``notice_length`` by packs that were read already."""
    return packs.parameter(_LENGTH, first_day)


def raise_objection(
    session: Session,
    actor: Actor,
    notice: Notice,
    *,
    raised_by: str,
    text: str,
    on: date,
    candidate: Candidate | None = None,
    contact_sealed: bytes | None = None,
) -> Objection:
    """Record an objection against a notice, or against one candidate on it.

    ``contact_sealed``: how to reach who objects, for those who handle it. Refused: a notice that is no longer
    published, a day outside its period, a candidate of another batch, no text.
    """
    take_duty(session, actor, batch_of_notice(session, notice), "notices.raise_objection")
    if notice.state != "published":
        raise RuleBroken("该公示已结束或已撤回，不能再登记异议")
    if not notice.first_day <= on <= notice.last_day:
        raise RuleBroken(f"异议应在公示期 {notice.first_day} 至 {notice.last_day} 内提出，现为 {on}")
    if not text.strip() or not raised_by.strip():
        raise RuleBroken("登记异议须写明异议人和异议内容")
    if candidate is not None and candidate.batch_id != notice.batch_id:
        raise RuleBroken("该考生不在所公示的批次中")
    objection = Objection(
        institution_id=notice.institution_id,
        notice_id=id_of(notice),
        candidate_id=candidate.id if candidate else None,
        serial=len(objections_of(session, notice)) + 1,
        raised_on=on,
        raised_by=raised_by.strip(),
        text=text.strip(),
        recorded_by=actor.name,
        contact_sealed=contact_sealed,
    )
    session.add(objection)
    journal.record(session, actor, notice.institution_id, "objection.raise", objects=[objection])
    return objection


def uphold_objection(session: Session, actor: Actor, objection: Objection, *, reason: str, on: date) -> Objection:
    """Uphold an objection. The result is not touched here: it is corrected by an entry of its own."""
    take_duty(session, actor, _batch_of_objection(session, objection), "notices.uphold_objection")
    return _decide(session, actor, objection, "upheld", reason, on)


def reject_objection(session: Session, actor: Actor, objection: Objection, *, reason: str, on: date) -> Objection:
    """Reject an objection: the result stays as it is."""
    take_duty(session, actor, _batch_of_objection(session, objection), "notices.reject_objection")
    return _decide(session, actor, objection, "rejected", reason, on)


def close_notice(session: Session, actor: Actor, notice: Notice, *, vault: Vault, on: date) -> Notice:
    """End the notice, so that certificates may be issued.

    Refused with every reason: before the last day is over, with an open objection, with an upheld objection whose
    result is not corrected, when the list is no longer that of those who passed, or while a mark or vote of somebody counts
    who has to be recused.
    """
    take_duty(session, actor, batch_of_notice(session, notice), "notices.close_notice")
    batch = batch_of_notice(session, notice)
    lifecycle.step("batch", batch.state, "cleared")
    if reasons := closing_of(session, notice, vault=vault).reasons(on):
        raise RuleBroken("公示还不能结束", reasons)
    notice.state, notice.closed_on, batch.state = "closed", on, "cleared"
    session.add_all([notice, batch])
    journal.record(session, actor, notice.institution_id, "notice.close", objects=[notice, batch])
    return notice


def withdraw_notice(session: Session, actor: Actor, notice: Notice, *, reason: str) -> Notice:
    """Take a notice back, so that the batch can be published anew. What it said stays on record.

    Refused: no reason, a notice that is over, unless no certificate may be issued by it because a mark or vote of somebody
    counts whose conflict of interest was confirmed since.
    """
    batch = batch_of_notice(session, notice)
    take_duty(session, actor, batch, "notices.withdraw_notice")
    if notice.state != "published" and not is_void(session, notice, batch):
        raise RuleBroken("只能撤回公示中的公示；已结束的，只有发证前认定回避、须重评时可以撤回")
    if not reason.strip():
        raise RuleBroken("撤回公示须写明原因")
    notice.state, batch.state = "withdrawn", "settled"
    session.add_all([notice, batch])
    journal.record(
        session, actor, notice.institution_id, "notice.withdraw", objects=[notice, batch], reason=reason.strip()
    )
    return notice


def is_void(session: Session, notice: Notice, batch: Batch) -> bool:
    """Whether no certificate may be issued by a closed notice, since somebody's mark or vote counts who has to be recused."""
    return (notice.state, batch.state) == ("closed", "cleared") and bool(counted_recusals(session, batch))


def closing_of(session: Session, notice: Notice, *, vault: Vault) -> Closing:
    """What a published notice waits for before it may be closed."""
    gone, new = changed_entries(session, notice, vault=vault)
    return Closing(
        notice.last_day, objections_of(session, notice), uncorrected_objections(session, notice), gone, new,
        [one.told for one in counted_recusals(session, batch_of_notice(session, notice))],
    )  # fmt: skip


def changed_entries(session: Session, notice: Notice, *, vault: Vault) -> tuple[list[str], list[str]]:
    """The names on the notice that would not stand there so today, and those that would and do not."""
    return changes(notice, passed_entries(session, batch_of_notice(session, notice), vault))


def changes(notice: Notice, entries: Sequence[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """``changed_entries`` where ``passed_entries`` were read already."""
    published = {_entry_key(entry): str(entry["name"]) for entry in notice.content["entries"]}
    now = {_entry_key(entry): str(entry["name"]) for entry in entries}
    gone = [name for key, name in published.items() if key not in now]
    return gone, [name for key, name in now.items() if key not in published]


def notices_of(session: Session, batch: Batch) -> Sequence[Notice]:
    """All notices of a batch, first to last."""
    query = select(Notice).where(
        col(Notice.institution_id) == batch.institution_id, col(Notice.batch_id) == batch.id
    )
    return session.exec(query.order_by(col(Notice.serial))).all()


def current_notice(session: Session, batch: Batch) -> Notice:
    """The last notice of the batch that was not withdrawn. Refused: there is none."""
    return last_standing(batch, notices_of(session, batch))


def last_standing(batch: Batch, found: Iterable[Notice]) -> Notice:
    """``current_notice`` of the notices of a batch, first to last."""
    standing = [notice for notice in found if notice.state != "withdrawn"]
    if not standing:
        raise RuleBroken(f"批次 {batch.number} 还没有公示")
    return standing[-1]


def objections_of(session: Session, notice: Notice) -> Sequence[Objection]:
    """All objections against a notice and those whose place it took, in the order they were recorded.

    An objection outlives its notice: withdrawing the notice neither answers it nor takes it off the record.
    """
    query = select(Objection).where(_against(notice))
    return session.exec(query.order_by(col(Objection.serial), col(Objection.id))).all()


def _against(notice: Notice) -> sa.ColumnElement[bool]:
    """Objections against a notice and against those whose place it took."""
    standing = select(Notice.id).where(
        col(Notice.institution_id) == notice.institution_id, col(Notice.batch_id) == notice.batch_id,
        col(Notice.serial) <= notice.serial,
    )  # fmt: skip
    return sa.and_(col(Objection.institution_id) == notice.institution_id, col(Objection.notice_id).in_(standing))


def batch_of_notice(session: Session, notice: Notice) -> Batch:
    """The batch that the notice publishes."""
    batch = session.get(Batch, notice.batch_id)
    assert batch is not None
    return batch


def content_hash(content: dict[str, Any]) -> str:
    """SHA-256 of a notice's content in its one spelling."""
    return hashlib.sha256(journal.canonical(content).encode()).hexdigest()


def _check_length(session: Session, batch: Batch, first_day: date, working_days: int) -> None:
    """Refused: a notice shorter than the packs say. Where they say nothing, nothing is refused."""
    rule = rules.packs_of_batch(session, batch).find(_LENGTH, first_day)
    if rule is None or rule.severity != "block":
        return
    proof = prove_value(rule, working_days, "公示期的工作日数", f"{working_days} 个工作日")
    if proof.answer is Answer.NOT_MET:
        raise RuleBroken(
            f"公示期 {working_days} 个工作日不合规定的 {rule.value} 个工作日：“{rule.clause.text}”"
            f"（{rule.clause.id}，{rule.clause.reference}）"
        )


def _batch_of_objection(session: Session, objection: Objection) -> Batch:
    notice = session.get(Notice, objection.notice_id)
    assert notice is not None
    return batch_of_notice(session, notice)


def _decide(session: Session, actor: Actor, objection: Objection, state: str, reason: str, on: date) -> Objection:
    lifecycle.step("objection", objection.state, state)
    if actor.name in (objection.recorded_by, objection.raised_by):
        raise RuleBroken(f"异议须由登记人、异议人以外的人处理，{actor.name} 不能处理自己登记或提出的异议；请由另一人处理，命令行以 --actor 写明其姓名")
    if actor.name == _name_of(session, objection):
        raise RuleBroken(f"异议针对 {actor.name} 本人的成绩，须由另一人处理")
    if not reason.strip():
        raise RuleBroken("处理异议须写明理由")
    objection.state, objection.decided_on = state, on
    objection.decided_by, objection.decision = actor.name, reason.strip()
    session.add(objection)
    journal.record(session, actor, objection.institution_id, f"objection.{state}", objects=[objection])
    return objection


def corrected_since(session: Session, objection: Objection) -> bool:
    """Whether the result objected to was corrected after the objection; one against the whole notice names no result."""
    notice = session.get(Notice, objection.notice_id)
    assert notice is not None
    return objection.state != "upheld" or objection.id not in uncorrected_objections(session, notice)


def _name_of(session: Session, objection: Objection) -> str | None:
    """The name of the candidate whose result is objected to."""
    query = select(Person.name).join(Candidate, col(Candidate.person_id) == col(Person.id))
    return session.exec(query.where(col(Candidate.id) == objection.candidate_id)).first()


def uncorrected_objections(session: Session, notice: Notice) -> set[int | None]:
    """The ids of upheld objections whose result was not corrected since; one against the whole notice names no result."""
    return set(session.exec(select(Objection.id).where(_against(notice), is_uncorrected())))


def is_uncorrected() -> sa.ColumnElement[bool]:
    """Whether an objection was upheld and the result that it names was not corrected since.

    The journal tells what came first: days may be given by hand, and two acts may fall on one day.
    """
    raised = (
        select(sa.func.min(JournalObject.seq))
        .where(
            col(JournalObject.institution_id) == col(Objection.institution_id),
            col(JournalObject.table_name) == "objection",
            col(JournalObject.object_id) == col(Objection.id),
        )
        .correlate(Objection)
        .scalar_subquery()
    )
    corrected = (
        sa.select(col(Result.id))
        .join(
            JournalObject,
            sa.and_(
                col(JournalObject.institution_id) == col(Result.institution_id),
                col(JournalObject.table_name) == "result",
                col(JournalObject.object_id) == col(Result.id),
            ),
        )
        .where(
            col(Result.institution_id) == col(Objection.institution_id),
            col(Result.candidate_id) == col(Objection.candidate_id),
            col(Result.revision) > 1,
            col(JournalObject.seq) > raised,
        )
        .correlate(Objection)
    )
    return sa.and_(col(Objection.state) == "upheld", col(Objection.candidate_id).is_not(None), ~corrected.exists())


def passed_entries(session: Session, batch: Batch, vault: Vault) -> list[dict[str, Any]]:
    """Everybody who passed, as a notice lists them: numbered, with the document number masked."""
    return entries_from(people_of(session, batch), batch, vault, passed_of(session, batch))


def passed_of(session: Session, batch: Batch) -> set[int]:
    """The ids of the candidates who passed."""
    return {key for key, result in _latest_results(session, batch).items() if result.outcome == "passed"}


def people_of(session: Session, batch: Batch) -> Sequence[tuple[Candidate, Person, str]]:
    """All candidates of a batch in the order of their admission numbers, with the person and the name of their firm."""
    query = (
        select(Candidate, Person, Institution.name)
        .where(
            col(Candidate.institution_id) == batch.institution_id,
            col(Candidate.batch_id) == batch.id,
            col(Person.id) == col(Candidate.person_id),
            col(Institution.id) == col(Candidate.employer_id),
        )
        .order_by(col(Candidate.admission_number), col(Candidate.id))
    )
    return session.exec(query).all()


def entries_from(
    people: Iterable[tuple[Candidate, Person, str]], batch: Batch, vault: Vault, listed: Collection[int]
) -> list[dict[str, Any]]:
    """Those of ``people_of`` with these ids, as a notice lists them."""
    entries: list[dict[str, Any]] = []
    for candidate, person, employer in people:
        if candidate.id not in listed:
            continue
        entries.append(
            {
                "serial": len(entries) + 1,
                "admission_number": candidate.admission_number or "",
                "name": person.name,
                "masked_number": mask_number(vault.open(person.institution_id, person.id_sealed)),
                "employer": employer,
                "occupation": batch.occupation_name,
                "trade": batch.trade,
                "grade": Grade(candidate.grade).printed,
                "route": ROUTE_NAMES[candidate.route],
            }
        )
    return entries


def _passed(session: Session, batch: Batch) -> list[Candidate]:
    query = select(Candidate).where(
        col(Candidate.institution_id) == batch.institution_id, col(Candidate.id).in_(passed_of(session, batch))
    )
    return list(session.exec(query.order_by(col(Candidate.id))))


def _latest_results(session: Session, batch: Batch) -> dict[int, Result]:
    query = (
        select(Result)
        .join(Candidate, col(Candidate.id) == col(Result.candidate_id))
        .where(col(Result.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
        .order_by(col(Result.revision))
    )
    return {result.candidate_id: result for result in session.exec(query)}


def last_day_of(calendar: Calendar, first_day: date, working_days: int) -> date:
    """The last of ``working_days`` working days, of which ``first_day`` is the first if it is one."""
    return workdays.last_of_working_days(calendar, first_day, working_days)


def _entry_key(entry: dict[str, Any]) -> tuple[object, ...]:
    return tuple(entry[key] for key in ("name", "masked_number", "employer", "occupation", "trade", "grade", "route"))


def _institution(session: Session, batch: Batch) -> Institution:
    institution = session.get(Institution, batch.institution_id)
    assert institution is not None
    return institution
