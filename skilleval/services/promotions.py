"""Promotion by a contest (竞赛晋级): a batch whose verdicts and results come from what people reached, and no marks.

From the settled batch on it is the ordinary flow: notice, certificates, filing. Source: guangdong-rules 6.4 S43.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.tables import Batch, Candidate, Contest, ContestResult, Institution, Person, Result
from skilleval.domain import contests as domain
from skilleval.domain.authority import parse_route
from skilleval.domain.candidacy import Application, Judgement, Terms
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer
from skilleval.packs import Library, Packs
from skilleval.services import authority, batch_plans, batch_steps, contests, holdings, journal, people, rules
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor

ROUTE = "contest"
#: states of a batch in which a promotion may be taken back
REVOCABLE = ("settled", "noticed")


@dataclass(frozen=True, slots=True)
class Promoted:
    """What came of a contest: the batch, who was promoted, and by name why the others were not."""

    batch: Batch
    candidates: tuple[Candidate, ...]
    refused: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class _Judged:
    person: Person
    result: ContestResult
    application: Application
    contest: domain.Contest
    judgement: Judgement

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(domain.why_not(self.judgement))


def promote(
    session: Session,
    actor: Actor,
    institution: Institution,
    contest: Contest,
    content: dict[str, Any],
    library: Library,
    *,
    on: date,
) -> Promoted:
    """Make the batch of a contest's promotions, each verdict and result settled from what the person reached.

    Refused with every reason: a batch file of another route, occupation or trade, a batch that begins or a day that lies
    before the contest's last day, a grade that the batch does not have, what is beyond the institution's authority, and
    a contest by which nobody is promoted. Who is not promoted is told with every reason, and kept as refused.
    """
    content = {"route": ROUTE, **content}
    problems = _file_problems(contest, content, on)
    if problems:
        raise RuleBroken("不能按竞赛晋级，未作任何改动", problems)
    batch = batch_plans.add_batch(session, actor, institution, content, library)
    take_duty(session, actor, batch, "promotions.promote")
    judged = _judge(session, contest, batch, library)
    earlier = _promoted_before(session, contest)
    against = {one.result.person_id: (*one.reasons, *earlier.get(one.result.person_id, ())) for one in judged}
    passed = [one for one in judged if not against[one.result.person_id]]
    refused = tuple((one.person.name, told) for one in judged if (told := against[one.result.person_id]))
    outside = [
        f"{one.person.name}：所得{one.application.grade.printed}不在批次的等级内"
        for one in passed
        if one.application.grade.value not in batch.grades
    ]
    if outside or not passed:
        told_all = [f"{name}：{reason}" for name, reasons in refused for reason in reasons]
        raise RuleBroken("不能按竞赛晋级，未作任何改动", outside or told_all or ["竞赛还没有导入成绩"])
    pinned = _pinned(session, rules.packs_of(session, batch.institution_id, library, batch.starts_on), batch)
    kept = [one for one in judged if domain.earned_row(one.contest) is not None]
    rows = [_candidate(one, batch, pinned, on, against[one.result.person_id]) for one in kept]
    session.add_all(rows)
    session.flush()
    eligible = [one for one in rows if one.state == "eligible"]
    authority.require(session, batch, library, candidates=eligible)
    batch_steps.number_candidates(session, batch)
    by_person = {one.result.person_id: one for one in passed}
    results = [_result(one, by_person[one.person_id].judgement) for one in eligible]
    batch.state = "settled"
    session.add_all([*results, batch])
    journal.record(session, actor, batch.institution_id, "contests.promote", objects=[*rows, *results, batch])
    return Promoted(batch, tuple(eligible), refused)


def disallow(
    session: Session, actor: Actor, batch: Batch, candidate: Candidate, *, reason: str
) -> Result:
    """Take a promotion back before it is certified, as a new result with a reason; what was settled stays on record.

    Refused: no reason, a batch of another route or at another step, somebody who is not promoted.
    """
    take_duty(session, actor, batch, "promotions.disallow")
    if candidate.route != ROUTE or batch.state not in REVOCABLE:
        raise RuleBroken("只有竞赛晋级的批次、在核定后与公示结束前，可以取消晋级")
    if not reason.strip():
        raise RuleBroken("取消晋级须写明理由")
    query = select(Result).where(
        col(Result.institution_id) == batch.institution_id, col(Result.candidate_id) == candidate.id
    )
    standing = session.exec(query.order_by(col(Result.revision).desc())).first()
    if standing is None or standing.outcome != "passed":
        raise RuleBroken("此人没有竞赛晋级的结果，不需要取消")
    result = Result(
        institution_id=batch.institution_id, candidate_id=standing.candidate_id, revision=standing.revision + 1,
        outcome="failed", parts={}, proof=[f"取消晋级：{reason.strip()}"], reason=reason.strip(),
    )  # fmt: skip
    session.add(result)
    journal.record(session, actor, batch.institution_id, "contests.disallow", objects=[result], reason=reason.strip())
    return result


def terms_of(packs: Packs, on: date) -> Terms:
    """The rules that a promotion asks besides the notice: one certificate a year, none twice."""
    return Terms((), packs.find("certificate.window", on), packs.find("certificate.duplicate", on))


def _file_problems(contest: Contest, content: dict[str, Any], on: date) -> list[str]:
    problems = []
    if parse_route(str(content["route"])) != ROUTE:
        problems.append("批次文件的 route 应为“竞赛晋级”")
    if (content.get("occupation_code"), content.get("trade", "")) != (contest.occupation_code, contest.trade):
        trade = f"（{contest.trade}）" if contest.trade else ""
        problems.append(f"批次的职业、工种与竞赛的不同，竞赛为 {contest.occupation_code}{trade}")
    starts = content.get("starts_on")
    if isinstance(starts, date) and starts < contest.held_to:
        problems.append(f"批次自 {starts} 开始，竞赛到 {contest.held_to} 才结束")
    if on < contest.held_to:
        problems.append(f"今天是 {on}，竞赛到 {contest.held_to} 才结束")
    return problems


def _judge(session: Session, contest: Contest, batch: Batch, library: Library) -> list[_Judged]:
    """Everybody who has a result, judged for the grade that it gives."""
    results, rows = contests.results_of(session, contest), contests.rows_of(session, contest)
    packs = rules.packs_of(session, batch.institution_id, library, batch.starts_on)
    terms, cap = terms_of(packs, batch.starts_on), packs.find(domain.CAP, batch.starts_on)
    keys = [one.person_id for one in results]
    persons = {one.id: one for one in session.exec(select(Person).where(col(Person.id).in_(keys)))}
    known = people.backgrounds(session, persons.values(), batch.starts_on)
    held = holdings.held_certificates(session, keys)
    judged = []
    for one in results:
        standing = domain.Standing(one.group_name, one.rank, one.participants, one.award)
        event = domain.Contest(contest.code, contest.name, contest.document, rows, standing)
        row = domain.earned_row(event)
        application = Application(
            known[one.person_id], batch.occupation_code, row.grade if row else Grade(batch.grades[0]), batch.starts_on,
            str(batch.versions.get("conditions", "")), (), event.clause(row).id if row else None,
            tuple(held.get(one.person_id, ())),
        )  # fmt: skip
        if row is not None:
            application = replace(application, grade=domain.promoted_to(row, application))
        person = persons[one.person_id]
        judged.append(_Judged(person, one, application, event, domain.judge_promotion(application, event, terms, cap)))
    return judged


def _promoted_before(session: Session, contest: Contest) -> dict[int, tuple[str, ...]]:
    """Who was promoted by this contest in another batch that was not cancelled."""
    query = (
        select(Candidate, Batch)
        .join(Batch, col(Batch.id) == col(Candidate.batch_id))
        .where(
            col(Candidate.institution_id) == contest.institution_id,
            col(Candidate.route) == ROUTE,
            col(Candidate.state) == "eligible",
            col(Batch.state) != "cancelled",
        )
    )
    lead = f"contest/{contest.code}/"
    return {
        one.person_id: (f"已在批次 {batch.number} 按本竞赛晋级",)
        for one, batch in session.exec(query)
        if (one.claimed or "").startswith(lead)
    }


def _pinned(session: Session, packs: Packs, batch: Batch) -> dict[str, Any]:
    return {"packs": rules.pin_packs(session, packs), "switches": packs.switches(batch.starts_on)}


def _candidate(
    one: _Judged, batch: Batch, pinned: Mapping[str, Any], on: date, reasons: tuple[str, ...]
) -> Candidate:
    assert batch.id is not None
    return Candidate(
        institution_id=batch.institution_id, batch_id=batch.id, employer_id=one.person.institution_id,
        person_id=one.result.person_id, grade=one.application.grade.value, route=ROUTE, claimed=one.application.claimed,
        skips_grade=one.judgement.skips_grade, verdict=one.judgement.answer.value, proof=one.judgement.proof.as_dict(),
        inputs={
            **one.application.as_plain(), **pinned, "contest": one.contest.as_plain(), "contest_result": one.result.id,
        },
        checked_on=on, decision_reason="；".join(reasons) or None, state="refused" if reasons else "eligible",
    )  # fmt: skip


def _result(candidate: Candidate, judgement: Judgement) -> Result:
    assert candidate.id is not None and judgement.answer is Answer.MET
    return Result(
        institution_id=candidate.institution_id, candidate_id=candidate.id, outcome="passed", parts={},
        proof=list(domain.reasons_of(judgement)),
    )  # fmt: skip
