"""One person's page: facts, what they hold and have done, their candidacies, the way to the next grade, the timeline."""

import re
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import abort, redirect, render_template, request, url_for
from flask import session as form_cookie
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse

from skilleval.db.tables import (
    Batch,
    Candidate,
    Certificate,
    CertificateEvent,
    Credential,
    Institution,
    Person,
    WorkPeriod,
)
from skilleval.domain.backgrounds import DIPLOMA_KINDS, TITLE_LEVELS
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import ID_TYPES, mask_number
from skilleval.services import advice, disclosures
from skilleval.services import people as people_records
from skilleval.services.history import Event, history_of
from skilleval.services.roster import ROSTER, SEXES
from skilleval.services.tenancy import viewer_of
from skilleval.web import acts, gate, show
from skilleval.web.language import _, marked
from skilleval.web.people import EMPLOYMENT_LABELS, occupation, pages

#: the pages of people, to which this module adds one person's
__all__ = ["pages"]

_SEX_LABELS = {word: label for label, word in SEXES.items()}
_HEADINGS = {column.key: column.header for column in ROSTER} | {"occupation_code": "从事职业编码", "obtained_on": "取得日期"}
_CREDENTIALS = {"certificate": marked("证书"), "title": marked("职称"), "diploma": marked("学历")}
#: where the form cookie keeps whose numbers were asked for in this browser, by hidden row number
_ASKED = "numbers"


@pages.get("/<row(kind='person'):person_id>", endpoint="show")
def show_(person_id: int) -> str:
    """One person. The document number is masked, unless it was asked for with a reason a moment ago."""
    session = gate.reading()
    person = _person(session, person_id)
    number = gate.site().installation.vault.open(person.institution_id, person.id_sealed)
    whole = _may_see_number(person_id)
    careers = _candidacies(session, person_id)
    records = people_records.records_of(session, [person_id])
    credentials, periods = records.credentials.get(person_id, []), records.periods.get(person_id, [])
    next_grade, no_next = _next_grade(session, person, records)
    return render_template(
        "people/show.html", person=person, number=number if whole else mask_number(number), whole=whole,
        until=gate.who().revealed_until, phone=person.phone if whole else mask_number(person.phone or ""),
        facts=_facts(person), careers=careers, credentials=[_credential(one) for one in credentials], periods=periods,
        occupation=occupation, next=next_grade, no_next=no_next, events=_events(session, person, careers, credentials, periods),
        sentence=acts.told, told=_told_changes,
    )  # fmt: skip


@pages.post("/<row(kind='person'):person_id>/number")
def reveal(person_id: int) -> BaseResponse:
    """Show the whole document number for a few minutes; the reason stands in the journal."""
    with gate.writing() as session:
        person = _person(session, person_id)
        reason = request.form.get("reason", "")
        disclosures.disclose_number(session, gate.actor(), gate.who(), person, reason=reason, now=gate.now())
        session.commit()
    # The session's own clock says until when; this says of whom, so that one reason opens one number.
    live = form_cookie.get(_ASKED, []) if _is_revealing() else []
    form_cookie[_ASKED] = [*live, person_id][-20:]
    return redirect(url_for("people.show", person_id=person_id), 303)


def _person(session: Session, person_id: int) -> Person:
    """The person, if they are of the institution that asks; else the page is not there."""
    query = select(Person).where(col(Person.id) == person_id, viewer_of(session).own(col(Person.institution_id)))
    return session.exec(query).first() or abort(404)


def _may_see_number(person_id: int) -> bool:
    return _is_revealing() and person_id in form_cookie.get(_ASKED, [])


def _is_revealing() -> bool:
    until = gate.who().revealed_until
    return until is not None and gate.now() < until


def _facts(person: Person) -> list[tuple[str, Any]]:
    return [
        (_("工号"), person.employee_no), (_("性别"), show.label(_SEX_LABELS.get(person.sex, ""))), (_("出生日期"), person.birth_date),
        (_("证件类型"), show.label(ID_TYPES[person.id_type])), (_("部门"), person.department), (_("岗位"), person.post),
        (_("用工形式"), show.label(EMPLOYMENT_LABELS.get(person.employment or ""))), (_("入职日期"), person.hired_on),
        (_("现从事职业"), occupation(person.occupation_code)), (_("从事本职业起"), person.occupation_since),
        (_("文化程度"), person.education),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Career:
    """One candidacy with its batch, and the certificate that came of it with what became of that."""

    candidate: Candidate
    batch: Batch
    certificate: Certificate | None
    #: the last event of the certificate: issued, reissued, voided, revoked
    status: str | None


def _candidacies(session: Session, person_id: int) -> list[Career]:
    """Every candidacy of the person that the institution may see, newest first, in one statement."""
    latest = (
        sa.select(col(CertificateEvent.kind))
        .where(
            col(CertificateEvent.certificate_id) == col(Certificate.id),
            col(CertificateEvent.institution_id) == col(Certificate.institution_id),
        )
        .order_by(col(CertificateEvent.serial).desc())
        .limit(1)
        .correlate(Certificate)
        .scalar_subquery()
    )
    query = (
        select(Candidate, Batch, Certificate, latest)
        .join(Batch, col(Batch.id) == col(Candidate.batch_id))
        .outerjoin(Certificate, col(Certificate.candidate_id) == col(Candidate.id))
        .where(col(Candidate.person_id) == person_id, viewer_of(session).candidates())
        .order_by(col(Batch.starts_on).desc(), col(Certificate.id).desc())
    )
    return [Career(*row) for row in session.exec(query)]


def _credential(one: Credential) -> tuple[str, str, Credential]:
    """What is held, in words: its kind and its level."""
    match one.kind, one.level:
        case _kind, "none":
            level = _("无")
        case "certificate", grade:
            level = show.grade(grade)
        case "title", title:
            level = show.label(TITLE_LEVELS.get(title, title))
        case _kind, diploma:
            level = show.label(DIPLOMA_KINDS.get(diploma, diploma))
    return _(_CREDENTIALS[one.kind]), level, one


def _next_grade(session: Session, person: Person, records: people_records.Records) -> tuple[advice.NextGrade | None, str]:
    """The next grade in the present occupation and the ways to it, else why it can't be told."""
    firm = session.get(Institution, person.institution_id)
    assert firm is not None
    if person.occupation_code is None:
        return None, _("花名册没有填写从事的职业，无法判断下一等级。")
    try:
        library = gate.site().installation.library
        return advice.next_grade(session, firm, person, library, on=gate.today(), records=records), ""
    except RuleBroken as refusal:
        # The options that it goes on to name are those of the command line.
        return None, refusal.message.partition("，请用 --")[0]


def _events(
    session: Session, person: Person, careers: list[Career], credentials: list[Credential], periods: list[WorkPeriod]
) -> list[Event]:
    """What the institution's own journal tells of the person and of what they hold and sat for."""
    own = [one for one in careers if one.candidate.institution_id == person.institution_id]
    rows = {
        "person": [person.id or 0],
        "credential": [one.id or 0 for one in credentials],
        "work_period": [one.id or 0 for one in periods],
        "candidate": [one.candidate.id or 0 for one in own],
        "certificate": [one.certificate.id or 0 for one in own if one.certificate is not None],
    }
    return history_of(session, person.institution_id, rows, about=str(person.id), shown_by=disclosures.ACT)


def _told_changes(event: Event) -> str:
    """The new values of an event, with telephone numbers masked."""
    return "；".join(
        _("{column}改为{value}").format(
            column=show.label(_HEADINGS.get(key, key)),
            value=mask_number(value) if key == "phone" and value else _spelled(key, value),
        )
        for key, value in event.changes.items()
    )


def _spelled(key: str, value: Any) -> str:
    if key == "employment":
        return show.label(EMPLOYMENT_LABELS.get(value, show.NOTHING))
    text = str(value) if value not in (None, "") else show.NOTHING
    return occupation(value) if key == "occupation_code" and re.fullmatch(r"[\d-]+", text) else text

