"""Candidates (考生) of a batch: applied for by workbook, judged with a proof, accepted or refused by a person.

Sources: T7 of guangdong-rules 7.2 (columns); 4.4 there (一人多证, 重复考证); the entry conditions of the specification.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import (
    Batch,
    Candidate,
    Certificate,
    CertificateEvent,
    Credential,
    ImportReceipt,
    Institution,
    Mandate,
    Person,
    Specification,
    id_of,
)
from skilleval.domain import lifecycle
from skilleval.domain.candidacy import Application, Terms, judge_candidate, skip_told
from skilleval.domain.eligibility import Condition, HeldCertificate
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import clean_number
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer
from skilleval.packs import Library
from skilleval.services import authority, journal, people, rules
from skilleval.services.authority_ground import Ground
from skilleval.services.duties import take_duty
from skilleval.services.employers import EMPLOYER_COLUMNS, Employers
from skilleval.services.enrolment import beyond_authority, must_be_in_time, sitter_of
from skilleval.services.journal import Actor
from skilleval.services.tenancy import viewer_of
from skilleval.sheets.columns import Column, Report
from skilleval.sheets.intake import Source
from skilleval.sheets.reading import Table, file_hash, read_table

TEMPLATE_ID = "candidates/1"
COLUMNS = (
    Column("name", "姓名", required=True, width=12, example="张三"),
    Column("id_number", "证件号码", "digits", required=True, width=22, personal=True, example="440999199001010010",
           synonyms=("身份证号", "身份证号码", "公民身份号码", "证件号"), note="须与花名册一致"),
    *EMPLOYER_COLUMNS,
    Column("employee_no", "工号", width=12, synonyms=("员工编号",), example="E0001"),
    Column("grade", "申报等级", "grade", required=True, width=16, example="三级/高级工", synonyms=("认定等级", "等级")),
    Column("claimed", "申报条件", width=22, example="2018/senior/1", note="申报条件编号，见“填写说明”；可不填，由软件逐条判断"),
)  # fmt: skip


@dataclass(slots=True)
class Staged:
    """A candidate workbook that was checked and not yet written."""

    batch: Batch
    file: Source
    sha256: str
    report: Report
    new: list[tuple[Person, dict[str, Any]]] = field(default_factory=list)
    changed: list[tuple[Candidate, dict[str, Any]]] = field(default_factory=list)


def conditions_of(session: Session, batch: Batch, library: Library) -> tuple[tuple[Condition, ...], Sequence[str]]:
    """The entry conditions that decide a batch, and the related occupations that its specification names."""
    edition, related = _edition(session, batch)
    packs = rules.packs_of(session, batch.institution_id, library, batch.starts_on)
    return packs.conditions(edition, batch.starts_on), related


def _edition(session: Session, batch: Batch) -> tuple[str, Sequence[str]]:
    """The generation of entry conditions and the related occupations that the batch's specification names."""
    specification = session.get(Specification, batch.specification_id)
    assert specification is not None
    if specification.conditions is None:
        raise RuleBroken(f"评价规范 {specification.code} 没有写明申报条件采用哪一版")
    return specification.conditions, specification.related_occupations


def may_apply(session: Session, batch: Batch) -> Sequence[tuple[Person, Institution]]:
    """Who works in the batch's occupation, with the firm: the institution's own people and those of firms that it serves.

    An institution that asks for itself is given its own alone.
    """
    served = sa.select(col(Mandate.employer_id)).where(
        col(Mandate.institution_id) == batch.institution_id, col(Mandate.valid_from) <= batch.starts_on,
        col(Mandate.valid_to) >= batch.ends_on, col(Mandate.revoked_on).is_(None),
    )  # fmt: skip
    query = select(Person, Institution).where(
        col(Institution.id) == col(Person.institution_id), col(Person.occupation_code) == batch.occupation_code,
        sa.or_(col(Person.institution_id) == batch.institution_id, col(Person.institution_id).in_(served)),
        viewer_of(session).own(col(Person.institution_id)),
    )  # fmt: skip
    return session.exec(query.order_by(col(Person.id))).all()


def stage_candidates(
    session: Session, batch: Batch, file: Source, *, vault: Vault, library: Library, on: date
) -> Staged:
    """Read and check a candidate workbook. Nothing is written; wrong rows stand in the report.

    Refused with ``RuleBroken``: a batch that is not enrolling or whose enrolment is over by the day, a file that is none,
    wrong headings.
    """
    _must_enrol(batch)
    must_be_in_time(batch, on)
    table = read_table(file, COLUMNS, template_id=TEMPLATE_ID)
    staged = Staged(batch, file, file_hash(file), table.report())
    known_conditions, _related = conditions_of(session, batch, library)
    here = {one.person_id: one for one in _candidates(session, batch)}
    first: dict[str, int] = {}
    employers = Employers(session, batch, vault)
    named: list[tuple[int, Person, dict[str, Any]]] = []
    for row, values in table.every_row:
        person = employers.person(table, row, values) if values["id_number"] is not None else None
        if values["grade"] is not None:
            _check_grade(table, row, values, batch, known_conditions)
        if person is None:
            continue
        # By number, not by row of the roster: somebody may stand in the rosters of two firms.
        number = values["id_number"]
        if first.setdefault(number, row) != row:
            table.fail(row, "id_number", number, "person_twice", f"与第{first[number]}行是同一个人，一批只能申报一个等级")
        if row not in table.failed:
            named.append((row, person, values))
    if batch.route == "direct":
        _check_authority(session, batch, library, table, named)
    for row, person, values in named:
        if row not in table.failed:
            _sort_row(staged, here.get(id_of(person)), person, values, table, row)
    staged.report.failed = len(table.failed)
    staged.report.errors = sorted(table.errors, key=lambda error: (error.row, error.column))
    return staged


def write_candidates(
    session: Session, actor: Actor, staged: Staged, library: Library, *, vault: Vault, on: date
) -> Report:
    """Write what was staged, judge every new and changed candidate, and leave one journal entry and one receipt.

    Refused with every reason: a grade or firm for which the institution has no authority; a day after enrolment.
    """
    take_duty(session, actor, staged.batch, "candidates.write_candidates")
    batch, written = staged.batch, []
    must_be_in_time(batch, on)
    for person, values in staged.new:
        candidate = Candidate(
            institution_id=batch.institution_id, batch_id=id_of(batch), employer_id=person.institution_id,
            person_id=id_of(person), grade=values["grade"], route=batch.route, claimed=values.get("claimed"),
        )  # fmt: skip
        session.add(candidate)
        written.append(candidate)
    for candidate, different in staged.changed:
        for name, value in different.items():
            setattr(candidate, name, value)
        candidate.state = "applied"
        session.add(candidate)
        written.append(candidate)
    if written:
        session.flush()
        _judge_all(session, batch, written, library, on)
        authority.require(session, batch, library, candidates=written)
        receipt = ImportReceipt(
            institution_id=batch.institution_id, kind="candidates", scope=batch.number,
            file_name=staged.file.name, sha256=staged.sha256, counts=staged.report.counts(), actor=actor.name,
        )  # fmt: skip
        session.add(receipt)
        journal.record(session, actor, batch.institution_id, "candidates.import", objects=[*written, receipt])
    return staged.report


def check_eligibility(session: Session, actor: Actor, batch: Batch, library: Library, *, on: date) -> list[Candidate]:
    """Judge all undecided candidates of a batch again, after facts were corrected."""
    take_duty(session, actor, batch, "candidates.check_eligibility")
    _must_enrol(batch)
    waiting = [one for one in _candidates(session, batch) if one.state in ("applied", "refused")]
    if waiting:
        _judge_all(session, batch, waiting, library, on)
        journal.record(session, actor, batch.institution_id, "candidates.check", objects=waiting)
    return waiting


def accept_candidates(
    session: Session, actor: Actor, batch: Batch, candidates: Sequence[Candidate], library: Library
) -> list[Candidate]:
    """Accept candidates whose eligibility is met.

    Refused with every name: one that is not met or unknown; with every name and reason: whom the institution may not
    recognise.
    """
    take_duty(session, actor, batch, "candidates.accept_candidates")
    _must_enrol(batch)
    names = _names(session, candidates)
    problems = [
        f"{names[one.person_id]}：{Answer(one.verdict).name_zh if one.verdict else '尚未判断'}，不能审核通过"
        "（补充或更正花名册后用 skilleval candidates check 重新判断）"
        for one in candidates
        if one.verdict != "met"
    ]
    if problems:
        raise RuleBroken(f"{len(problems)} 名考生不能审核通过", problems)
    _must_recognise(session, batch, library, candidates, authority.candidate_reasons(session, batch, library, candidates))
    return _accept(session, actor, batch, candidates)


@dataclass(frozen=True, slots=True)
class Accepted:
    """Who was accepted, and who is left although met: by name, why, and the way out."""

    candidates: Sequence[Candidate]
    left: Sequence[str]


def accept_met(session: Session, actor: Actor, batch: Batch, library: Library) -> Accepted:
    """Accept everybody undecided whose eligibility is met; whom the institution may not recognise stays undecided and is told.

    Refused with every name and reason: it may recognise nobody of them.
    """
    take_duty(session, actor, batch, "candidates.accept_met")
    _must_enrol(batch)
    met = [one for one in _candidates(session, batch) if one.state == "applied" and one.verdict == "met"]
    beyond = authority.candidate_reasons(session, batch, library, met)
    inside = [one for one in met if one.id not in beyond]
    if not inside:
        _must_recognise(session, batch, library, met, beyond)
    return Accepted(_accept(session, actor, batch, inside), _left(session, met, beyond))


def _must_recognise(
    session: Session, batch: Batch, library: Library, candidates: Sequence[Candidate], beyond: Mapping[int, Sequence[str]]
) -> None:
    """Refuse people whom the institution may not recognise. What stands against the whole batch is told as such."""
    if not beyond:
        return
    against_batch = set(authority.reasons_against(session, batch, library))
    if all(against_batch.issuperset(reasons) for reasons in beyond.values()):
        authority.require(session, batch, library, candidates=candidates)
    raise RuleBroken(f"{len(beyond)} 名考生不能审核通过：依所选规则，本机构不能认定", _left(session, candidates, beyond))


def _left(session: Session, candidates: Sequence[Candidate], beyond: Mapping[int, Sequence[str]]) -> list[str]:
    known = _people(session, candidates)
    return [
        f"{person.name}{f'（{person.employee_no}）' if person.employee_no else ''}：{'；'.join(reasons)}。"
        "登记有误的先更正再审核；否则审核不通过（skilleval candidates refuse），或由本人退出（skilleval candidates withdraw）"
        for one in candidates
        if (reasons := beyond.get(id_of(one))) and (person := known[one.person_id])
    ]


def _accept(session: Session, actor: Actor, batch: Batch, candidates: Sequence[Candidate]) -> list[Candidate]:
    for one in candidates:
        one.state = lifecycle.step("candidate", one.state, "eligible")
        one.decision_reason = None
    session.add_all(candidates)
    journal.record(session, actor, batch.institution_id, "candidates.accept", objects=list(candidates))
    return list(candidates)


def refuse_candidates(
    session: Session, actor: Actor, batch: Batch, candidates: Sequence[Candidate], *, reason: str
) -> list[Candidate]:
    """Refuse candidates, with the reason that they will be told. Refused: no reason."""
    take_duty(session, actor, batch, "candidates.refuse_candidates")
    if not reason.strip():
        raise RuleBroken("审核不通过须写明理由")
    return _turn_away(session, actor, batch, candidates, "refused", "candidates.refuse", reason)


def withdraw_candidates(
    session: Session, actor: Actor, batch: Batch, candidates: Sequence[Candidate], *, reason: str
) -> list[Candidate]:
    """Take candidates out of a batch at their own wish. Refused: no reason, a batch that has been scheduled."""
    take_duty(session, actor, batch, "candidates.withdraw_candidates")
    if not reason.strip():
        raise RuleBroken("退出须写明理由")
    return _turn_away(session, actor, batch, candidates, "withdrawn", "candidates.withdraw", reason)


def _turn_away(
    session: Session, actor: Actor, batch: Batch, candidates: Sequence[Candidate], to: str, action: str, reason: str
) -> list[Candidate]:
    _must_enrol(batch)
    for one in candidates:
        one.state = lifecycle.step("candidate", one.state, to)
        one.decision_reason = reason.strip()
    session.add_all(candidates)
    journal.record(session, actor, batch.institution_id, action, objects=list(candidates), reason=reason)
    return list(candidates)


def find_candidate(session: Session, batch: Batch, named: str, *, vault: Vault) -> tuple[Candidate, Person]:
    """The candidate of a batch by admission number, document number, 工号 or name. Refused: nobody, or several."""
    text = named.strip()
    query = (
        select(Candidate, Person)
        .where(
            col(Candidate.institution_id) == batch.institution_id,
            col(Candidate.batch_id) == batch.id,
            col(Person.id) == col(Candidate.person_id),
            viewer_of(session).candidates(),
        )
        .order_by(col(Candidate.id))
    )
    found = [
        (candidate, person)
        for candidate, person in session.exec(query)
        if text in (candidate.admission_number, person.employee_no, person.name)
        or person.id_index == vault.index(person.institution_id, clean_number(text))
    ]
    if not found:
        raise RuleBroken(f"批次 {batch.number} 中没有这名考生，请用姓名、工号、准考证号或证件号码查找")
    if len(found) > 1:
        raise RuleBroken(f"批次 {batch.number} 中有 {len(found)} 名考生符合，请改用工号或准考证号")
    return found[0]


def _must_enrol(batch: Batch) -> None:
    if batch.state != "enrolling":
        raise RuleBroken(
            f"批次 {batch.number} 现在是“{lifecycle.label('batch', batch.state)}”，只有“报名”阶段可以增改考生"
        )


def _check_grade(
    table: Table, row: int, values: dict[str, Any], batch: Batch, known: Sequence[Condition]
) -> None:
    grade = values["grade"]
    if grade not in batch.grades:
        listed = "、".join(Grade(one).printed for one in batch.grades)
        table.fail(row, "grade", Grade(grade).printed, "grade_outside", f"不在本批次的等级内（{listed}）")
    claimed = values.get("claimed")
    if claimed is not None and claimed not in {one.clause.id for one in known if one.grade.value == grade}:
        own = "、".join(one.clause.id for one in known if one.grade.value == grade)
        table.fail(row, "claimed", claimed, "condition_unknown", f"不是{Grade(grade).printed}的申报条件编号（{own}）")


def _check_authority(
    session: Session, batch: Batch, library: Library, table: Table, named: Sequence[tuple[int, Person, dict[str, Any]]]
) -> None:
    """Fail the rows of people whom the institution may not recognise directly, such as by a step that is too long."""
    everybody = [person for _row, person, _values in named]
    told = people.backgrounds(session, everybody, batch.starts_on)
    held = held_certificates(session, list(told))
    sitters = {
        row: sitter_of(Grade(values["grade"]), person.institution_id, told[key], held.get(key, ()))
        for row, person, values in named
        if (key := id_of(person))
    }
    stepwise = {one: replace(one, skips=False) for one in sitters.values() if one.skips}
    found = beyond_authority(session, batch, library, [*sitters.values(), *stepwise.values()])
    for row, person, values in named:
        sitter = sitters[row]
        if reasons := found[sitter]:
            way = "本机构不能直接认定此人：" + "；".join(reasons)
            if sitter in stepwise and found[stepwise[sitter]] != reasons:
                way += f"。{skip_told(held.get(id_of(person), ()), sitter.grade)}"
            table.fail(row, "grade", Grade(values["grade"]).printed, "beyond_authority", way)


def _sort_row(
    staged: Staged, candidate: Candidate | None, person: Person, values: dict[str, Any], table: Table, row: int
) -> None:
    if candidate is None:
        staged.new.append((person, values))
        staged.report.new += 1
        return
    wanted = {"grade": values["grade"]} | ({"claimed": values["claimed"]} if values.get("claimed") else {})
    different = {name: value for name, value in wanted.items() if getattr(candidate, name) != value}
    if not different:
        staged.report.unchanged += 1
    elif candidate.state == "withdrawn":
        table.fail(row, "name", values["name"], "withdrawn", "该考生已退出本批次")
    else:
        staged.changed.append((candidate, different))
        staged.report.changed += 1


def _judge_all(session: Session, batch: Batch, candidates: Sequence[Candidate], library: Library, on: date) -> None:
    """Judge candidates, and keep with each what its verdict was made from, so that it can be judged again."""
    edition, related = _edition(session, batch)
    packs = rules.packs_of(session, batch.institution_id, library, batch.starts_on)
    terms = Terms(
        packs.conditions(edition, batch.starts_on),
        packs.parameter("certificate.window", on=batch.starts_on),
        packs.parameter("certificate.duplicate", on=batch.starts_on),
        packs.authority(batch.starts_on),
        packs.every_rule(),
    )
    pinned = {"packs": rules.pin_packs(session, packs), "switches": packs.switches(batch.starts_on)}
    people_by_id = _people(session, candidates)
    backgrounds = people.backgrounds(session, people_by_id.values(), batch.starts_on)
    held = held_certificates(session, list(people_by_id))
    direct = batch.route == "direct"
    ground = authority.records_for(session, batch, candidates).ground(library, batch.starts_on) if direct else None
    for candidate in candidates:
        application = Application(
            backgrounds[candidate.person_id], batch.occupation_code, Grade(candidate.grade), batch.starts_on, edition,
            tuple(related), candidate.claimed, tuple(held.get(candidate.person_id, ())),
        )  # fmt: skip
        if ground is not None:
            application = _direct(ground, batch, candidate, application)
        judgement = judge_candidate(application, terms)
        candidate.verdict, candidate.proof = judgement.answer.value, judgement.proof.as_dict()
        candidate.inputs = {**application.as_plain(), **pinned}
        candidate.checked_on = on
        candidate.skips_grade = judgement.skips_grade
        session.add(candidate)


def _direct(ground: Ground, batch: Batch, candidate: Candidate, application: Application) -> Application:
    """The application with the question of authority for this person; a step that nobody entered stays unsaid."""
    held: authority.Holds = max((one.grade for one in application.held), default=None)
    if held is None and application.background.certificates is None:
        held = authority.UNSAID
    asked = authority.question_for(ground, batch, candidate, held=held)
    return replace(application, asked=asked, written_reason=batch.authority_reason)


def held_certificates(session: Session, person_ids: Sequence[int]) -> dict[int, list[HeldCertificate]]:
    """Certificates that people brought with them, and those issued here that stand."""
    held: dict[int, list[HeldCertificate]] = {}
    own = select(Credential).where(col(Credential.person_id).in_(person_ids), col(Credential.kind) == "certificate")
    for one in session.exec(own):
        if one.level != "none":
            held.setdefault(one.person_id, []).append(HeldCertificate(Grade(one.level), one.occupation_code, one.obtained_on))
    ended = sa.select(col(CertificateEvent.certificate_id)).where(col(CertificateEvent.kind).in_(["voided", "revoked"]))
    issued = (
        select(Candidate.person_id, Certificate)
        .where(col(Certificate.candidate_id) == col(Candidate.id), col(Candidate.person_id).in_(person_ids))
        .where(col(Certificate.id).not_in(ended))
    )
    for person_id, certificate in session.exec(issued):
        held.setdefault(person_id, []).append(
            HeldCertificate(Grade(certificate.grade), certificate.occupation_code, certificate.issued_on)
        )
    return held


def _candidates(session: Session, batch: Batch) -> Sequence[Candidate]:
    query = select(Candidate).where(
        col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id
    )
    return session.exec(query.order_by(col(Candidate.id))).all()


def _people(session: Session, candidates: Sequence[Candidate]) -> dict[int, Person]:
    keys = [one.person_id for one in candidates]
    return {id_of(one): one for one in session.exec(select(Person).where(col(Person.id).in_(keys)))}


def _names(session: Session, candidates: Sequence[Candidate]) -> dict[int, str]:
    return {key: person.name for key, person in _people(session, candidates).items()}
