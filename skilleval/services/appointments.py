"""特级技师 and 首席技师 (评聘): nominated by the firm within a window of the province, appointed after its list.

Sources: guangdong-rules 2.3 and 7.2 T10; national-rules 1.2, 1.5 and 3.4. Posts are no certificates: nothing here makes one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from skilleval import standards
from skilleval.db.secrets import Vault
from skilleval.db.tables import Appointment, Certificate, Institution, Nomination, Person, id_of
from skilleval.domain.appointment import (
    ENTRY,
    LETTERS,
    WINDOWS,
    number_problems,
    parse_top_grade,
    prove_entry,
    prove_window,
)
from skilleval.domain.backgrounds import Background, HeldCertificate, background_as_plain
from skilleval.domain.eligibility import Condition
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Proof
from skilleval.packs import Library, Packs
from skilleval.services import authority, honours, institutions, journal, people, rules
from skilleval.services.journal import Actor
from skilleval.services.toml_form import form_problems

_KEYS: Mapping[str, type] = {
    **dict.fromkeys(("institution", "person", "grade", "occupation_code", "trade", "route", "current_grade",
                     "achievements", "post", "pay", "authority_reason"), str),
    **dict.fromkeys(("current_on", "notice_from", "notice_to", "term_from", "term_to", "nominated_on"), date),
    **dict.fromkeys(("year", "period", "votes_for", "votes_cast"), int),
    "honour": list,
}  # fmt: skip
_OPTIONAL = ("trade", "current_grade", "current_on", "authority_reason", "honour")
#: what a nomination keeps as the file says it
_STORED = (
    "year", "period", "occupation_code", "trade", "route", "achievements", "votes_for", "votes_cast", "notice_from",
    "notice_to", "post", "term_from", "term_to", "pay", "nominated_on", "authority_reason",
)  # fmt: skip


def nominate(
    session: Session, actor: Actor, institution: Institution, content: dict[str, Any], library: Library, *, vault: Vault
) -> Nomination:
    """Record a nomination from its parsed file, and the honours that come with it.

    Refused with every reason: outside a window or in a year without a known one, a route that the person does not meet or
    that nobody can judge, what the institution may not do (评聘 of this grade on this day), a notice of the firm that is
    not over, votes or terms that can't be, a grade that the roster knows otherwise, the same person twice in a period.
    """
    problems = form_problems(content, _KEYS, [key for key in _KEYS if key not in _OPTIONAL])
    problems = problems or honours.honour_problems(content)
    if problems:
        raise RuleBroken("推荐文件有错误，未作任何改动", problems)
    firm, on = id_of(institution), content["nominated_on"]
    grade = parse_top_grade(content["grade"])
    person = people.find_person(session, firm, content["person"], vault=vault)
    packs = rules.packs_of(session, firm, library, on)
    added = honours.new_honours(session, person, content.get("honour", []))
    background = _background(session, person, added, on)
    current = _current(background, content["occupation_code"], on)
    window = prove_window(packs.find(WINDOWS, on), on)
    entry = prove_entry(
        packs.find(ENTRY[grade], on), content["route"], conditions_of(packs, on), background,
        content["occupation_code"], grade, on,
    )  # fmt: skip
    plan = authority.Plan(
        content["occupation_code"], content.get("trade", ""), "appointment", (on,), content.get("authority_reason")
    )
    problems = [
        *_file_problems(content),
        *_current_problems(content, background, current),
        *_reasons(window),
        *_reasons(entry),
        *authority.plan_reasons(session, institution, library, plan, [authority.Sitter(grade)]),
        *_earlier_problems(session, person, content, grade, on),
    ]
    if problems:
        raise RuleBroken("不能推荐，未作任何改动", _failing_first(problems))
    proofs = {"window": window.as_dict(), "entry": entry.as_dict()}
    inputs = {
        "background": background_as_plain(background),
        "packs": rules.pin_packs(session, packs), "switches": packs.switches(on),
    }  # fmt: skip
    nomination = _row(session, content, firm, person, grade, current, proofs, inputs)
    session.add_all([*added, nomination])
    journal.record(session, actor, firm, "appointments.nominate", objects=[*added, nomination])
    return nomination


def _row(
    session: Session, content: dict[str, Any], firm: int, person: Person, grade: Grade, current: HeldCertificate | None,
    proofs: dict[str, Any], inputs: dict[str, Any],
) -> Nomination:  # fmt: skip
    """What the file says of a nomination, with what the firm and the person have on that day and what it rests on."""
    return Nomination(
        institution_id=firm,
        registration_id=id_of(institutions.active_registration(session, firm, content["nominated_on"])),
        person_id=id_of(person), grade=grade.value,
        occupation_name=standards.occupation(content["occupation_code"]).name,
        current_grade=current.grade.value if current else None, current_on=current.obtained_on if current else None,
        proof=proofs, inputs=inputs, **{key: content[key] for key in _STORED if key in content},
    )  # fmt: skip


def appoint(
    session: Session,
    actor: Actor,
    nomination: Nomination,
    library: Library,
    *,
    list_number: str,
    term_from: date,
    term_to: date,
    on: date,
    number: str | None = None,
) -> Appointment:
    """Appoint a nominee to the post after the province published its list.

    Refused with every reason: no list, a day before the nomination, a term that can't be, a second appointment, what the
    institution may not do on the day, and a number whose letter no pack has or that is not of its form.
    """
    institution = session.get(Institution, nomination.institution_id)
    assert institution is not None
    grade = Grade(nomination.grade)
    packs = rules.packs_of(session, nomination.institution_id, library, on)
    plan = authority.Plan(
        nomination.occupation_code, nomination.trade, "appointment", (on,), nomination.authority_reason
    )
    problems = []
    if not list_number.strip():
        problems.append("须写明省里公布的名单文号")
    if on <= nomination.nominated_on:
        problems.append(f"聘任日期 {on} 不晚于推荐日期 {nomination.nominated_on}；省里公布名单后方可聘任")
    if term_from < on or term_to < term_from:
        problems.append(f"聘期 {term_from} 至 {term_to} 应自聘任日期 {on} 或以后起，且起止有序")
    if appointment_of(session, nomination) is not None:
        problems.append("这一推荐已经聘任")
    problems += authority.plan_reasons(session, institution, library, plan, [authority.Sitter(grade)])
    if number is not None:
        problems += _number_problems(session, packs, institution, grade, number, on)
    if problems:
        raise RuleBroken("不能聘任，未作任何改动", problems)
    appointment = Appointment(
        institution_id=nomination.institution_id, nomination_id=id_of(nomination), list_number=list_number.strip(),
        appointed_on=on, term_from=term_from, term_to=term_to, number=number,
    )  # fmt: skip
    session.add(appointment)
    journal.record(session, actor, nomination.institution_id, "appointments.appoint", objects=[appointment])
    return appointment


def nominations_of(
    session: Session, institution: Institution
) -> Sequence[tuple[Nomination, Person, Appointment | None]]:
    """The firm's nominations with their people and, where there is one, the appointment; oldest first."""
    query = (
        select(Nomination, Person)
        .where(col(Nomination.institution_id) == institution.id, col(Person.id) == col(Nomination.person_id))
        .order_by(col(Nomination.year), col(Nomination.period), col(Nomination.id))
    )
    return [(one, person, appointment_of(session, one)) for one, person in session.exec(query)]


def find_nomination(
    session: Session, institution: Institution, number: int
) -> tuple[Nomination, Person, Appointment | None]:
    """One nomination of the firm by its number. Refused: the firm has none of this number."""
    for row in nominations_of(session, institution):
        if row[0].id == number:
            return row
    raise RuleBroken(f"{institution.name} 没有第 {number} 号推荐，可用 skilleval appointments list 查看")


def appointment_of(session: Session, nomination: Nomination) -> Appointment | None:
    """The appointment that came of a nomination."""
    query = select(Appointment).where(
        col(Appointment.institution_id) == nomination.institution_id, col(Appointment.nomination_id) == nomination.id
    )
    return session.exec(query).first()


def _background(session: Session, person: Person, added: Sequence[Any], on: date) -> Background:
    """The person's background with the honours that the file brings."""
    background = people.backgrounds(session, [person], on)[id_of(person)]
    if not added:
        return background
    return replace(background, evidence=(*(background.evidence or ()), *honours.as_evidence(added)))


def conditions_of(packs: Packs, on: date) -> list[Condition]:
    """The conditions of every edition that these packs have on a day: a route names its own."""
    return [one for edition in packs.editions() for one in packs.conditions(edition, on)]


def _current(background: Background, occupation_code: str, on: date) -> HeldCertificate | None:
    """The highest certificate of the occupation that is held on the day."""
    held = [
        one
        for one in (*(background.certificates or ()), *background.issued)
        if one.occupation_code in (occupation_code, None) and (one.obtained_on is None or one.obtained_on <= on)
    ]
    return max(held, key=lambda one: one.grade, default=None)


def _current_problems(content: dict[str, Any], background: Background, current: HeldCertificate | None) -> list[str]:
    """Where the file says of the certificate held what the roster does not."""
    if "current_grade" not in content:
        return []
    said = None if content["current_grade"] == "无" else Grade.parse(content["current_grade"])
    known = current.grade if current else None
    if background.certificates is None and current is None:
        return ["花名册没有填现持证书，无法核对 current_grade"]
    if said is not known:
        told = known.printed if known else "无"
        return [f"current_grade {said.printed if said else '无'}与花名册和本机构已发证书（{told}）不一致"]
    if current is not None and content.get("current_on") not in (None, current.obtained_on):
        return [f"current_on {content['current_on']}与花名册的发证日期 {current.obtained_on} 不一致"]
    return []


def _file_problems(content: dict[str, Any]) -> list[str]:
    problems = []
    if content["year"] != content["nominated_on"].year:
        problems.append(f"年度 {content['year']} 与报送日期 {content['nominated_on']} 不在同一年")
    if content["notice_to"] < content["notice_from"]:
        problems.append("公示止日（notice_to）早于公示起日（notice_from）")
    if content["nominated_on"] <= content["notice_to"]:
        problems.append(f"本企业公示至 {content['notice_to']}，公示结束后方可推荐（nominated_on {content['nominated_on']}）")
    if content["term_to"] < content["term_from"]:
        problems.append("拟聘期止日（term_to）早于起日（term_from）")
    if not 0 < content["votes_for"] <= content["votes_cast"]:
        problems.append(f"委员会表决 {content['votes_for']}/{content['votes_cast']} 不成立")
    return problems


def _earlier_problems(session: Session, person: Person, content: dict[str, Any], grade: Grade, on: date) -> list[str]:
    mine = select(Nomination).where(
        col(Nomination.institution_id) == person.institution_id, col(Nomination.person_id) == person.id
    )
    problems = []
    for one in session.exec(mine.order_by(col(Nomination.id))):
        standing = appointment_of(session, one)
        if (one.year, one.period) == (content["year"], content["period"]):
            problems.append(f"{person.name} 在 {one.year} 年第 {one.period} 期已推荐")
        if standing is not None and Grade(one.grade) >= grade and standing.term_to >= on:
            problems.append(f"{person.name} 已聘为{Grade(one.grade).name_zh}，聘期至 {standing.term_to}")
    return problems


def _number_problems(
    session: Session, packs: Packs, institution: Institution, grade: Grade, number: str, on: date
) -> list[str]:
    try:
        letter = packs.parameter(LETTERS[grade], on).value
        registration = institutions.active_registration(session, id_of(institution), on)
    except RuleBroken as refusal:
        return [f"编号不能使用：{refusal.message}"]
    problems = number_problems(number, letter=letter, registration_number=registration.number, on=on)
    taken = select(Appointment.id).where(col(Appointment.number) == number)
    issued = select(Certificate.id).where(col(Certificate.number) == number)
    if session.exec(taken).first() is not None or session.exec(issued).first() is not None:
        problems.append(f"编号 {number} 已使用")
    return problems


def _reasons(proof: Proof) -> list[str]:
    """Why a proof is no yes, a line a leaf."""
    if proof.answer is Answer.MET:
        return []
    return [
        f"{leaf.text}：{leaf.answer.name_zh}，{leaf.fact}（{leaf.clause.id}）"
        for leaf in proof.leaves()
        if leaf.answer is not Answer.MET
    ]


def _failing_first(problems: Sequence[str]) -> list[str]:
    """What decides before what nobody knows."""
    return sorted(dict.fromkeys(problems), key=lambda line: f"：{Answer.UNKNOWN.name_zh}" in line)
