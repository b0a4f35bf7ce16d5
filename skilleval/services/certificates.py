"""Certificates: issued with everything printed on them, replaced, found; nothing is edited or deleted.

Sources: 人社鉴发〔2019〕2号 (number), 人社鉴发〔2021〕1号 (what is printed); national-rules chapters 3 and 4.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import (
    Batch,
    Candidate,
    Certificate,
    CertificateEvent,
    Institution,
    Person,
    Table,
    id_of,
)
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import grade_code
from skilleval.domain.ladder import Grade
from skilleval.packs import Library
from skilleval.services import authority, institutions, journal, notices
from skilleval.services.certificate_events import candidate_and_batch, chain_of, status_of
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.notice_list import differing, entries_from
from skilleval.services.numbering import Reached, counters_query, next_number, preview_numbers
from skilleval.services.recused_results import must_not_count
from skilleval.services.results import latest_results
from skilleval.services.tenancy import viewer_of

#: given a text, the characters no font can draw, such as 𠮷(U+20BB7)
MissingGlyphs = Callable[[str], Sequence[str]]


def preview(session: Session, batch: Batch, on: date) -> dict[str, str]:
    """The next number of the local series for each grade of the batch; for a grade without one, why not."""
    registration = institutions.active_registration(session, batch.institution_id, on)
    reached = [Reached(*row) for row in session.execute(counters_query(batch.institution_id, on))]
    return preview_in(session, batch, registration.number, on, reached)


def preview_in(session: Session, batch: Batch, registration: str, on: date, reached: Iterable[Reached]) -> dict[str, str]:
    """``preview`` under the number of a registration, from how far its series have come."""
    grades = sorted(Grade(one) for one in batch.grades)
    shown = preview_numbers(session, registration, grades, on, reached)
    return {grade.printed: shown[grade] for grade in grades}


def issue_certificates(
    session: Session,
    actor: Actor,
    batch: Batch,
    library: Library,
    *,
    vault: Vault,
    on: date,
    missing_glyphs: MissingGlyphs,
) -> list[Certificate]:
    """Issue a certificate with a local number to everybody who passed and has none, and take the batch to 已发证.

    Refused, before any number is used: a notice that is not closed, a name or number that is not the published one any more,
    a grade whose code is not confirmed, a character that no font can draw; with every reason, results in which a mark or
    vote of somebody counts who has to be recused, and what is beyond the institution's authority on the batch's days or on
    this one.
    """
    take_duty(session, actor, batch, "certificates.issue_certificates")
    # On PostgreSQL a second issuer waits here and then finds the batch certified; on SQLite writers are alone anyway.
    session.refresh(batch, with_for_update=True)
    lifecycle.step("batch", batch.state, "certified")
    registration = institutions.active_registration(session, batch.institution_id, on)
    waiting = waiting_of(session, batch)
    if not waiting and not certificates_of(session, batch):
        raise RuleBroken(f"批次 {batch.number} 没有可以发证的考生")
    must_not_count(session, batch, "发证")
    authority.require(session, batch, library, candidates=_candidates(waiting), also_on=on)
    must_be_as_published(session, batch, waiting, vault)
    _check_before_numbers(session, batch, waiting, vault, missing_glyphs)
    issued: list[Table] = []
    for candidate, person in waiting:
        number = next_number(session, registration.number, Grade(candidate.grade), on)
        issued += new_certificate(session, actor, batch, candidate, person, str(number), "local", vault, on)
    batch.state = "certified"
    session.add(batch)
    journal.record(session, actor, batch.institution_id, "certificates.issue", objects=[*issued, batch])
    return certificates_of(session, batch)


def replace_certificate(
    session: Session,
    actor: Actor,
    certificate: Certificate,
    library: Library,
    *,
    vault: Vault,
    on: date,
    missing_glyphs: MissingGlyphs,
) -> Certificate:
    """A new certificate with a new number for one that was voided; it names the one it replaces.

    Refused: a certificate that is not voided, was replaced already, or has its number from the province; with every
    reason, a mark or vote that counts of somebody who has to be recused, and what is beyond the institution's authority.
    """
    take_duty(session, actor, candidate_and_batch(session, certificate)[1], "certificates.replace_certificate")
    if status_of(session, certificate) != "voided":
        raise RuleBroken(f"证书 {certificate.number} 没有作废，不需要换发")
    candidate, batch = candidate_and_batch(session, certificate)
    session.refresh(batch, with_for_update=True)
    _before, later = chain_of(session, certificate)
    if later is not None:
        raise RuleBroken(f"证书 {certificate.number} 已换发为 {later.number}")
    if certificate.origin == "imported":
        raise RuleBroken(
            f"证书 {certificate.number} 的编号由省里下发，换发的编号也须由省里下发；"
            "请用 skilleval certificates import-numbers 导入新编号"
        )
    must_not_count(session, batch, "换发证书", [candidate])
    authority.require(session, batch, library, candidates=[candidate], also_on=on)
    person = session.get(Person, candidate.person_id)
    assert person is not None
    must_be_printable(session, batch, [(candidate, person)], vault, missing_glyphs)
    registration = institutions.active_registration(session, batch.institution_id, on)
    number = next_number(session, registration.number, Grade(candidate.grade), on)
    issued = new_certificate(session, actor, batch, candidate, person, str(number), "local", vault, on, certificate.id)
    journal.record(session, actor, batch.institution_id, "certificates.replace", objects=issued)
    new = issued[0]
    assert isinstance(new, Certificate)
    return new


def find_certificate(session: Session, number: str) -> Certificate:
    """The certificate with this number, if the viewer issued it. Refused: none has it."""
    return _certificate(session, number, viewer_of(session).own(col(Certificate.institution_id)))


def seen_certificate(session: Session, number: str) -> Certificate:
    """The certificate with this number, if the viewer issued it or it is of its people. Refused: none has it."""
    return _certificate(session, number, viewer_of(session).certificates())


def _certificate(session: Session, number: str, seen: sa.ColumnElement[bool]) -> Certificate:
    found = session.exec(select(Certificate).where(col(Certificate.number) == number.strip().upper(), seen)).first()
    if found is None:
        raise RuleBroken(f"没有编号为 {number} 的证书")
    return found


def certificates_of(session: Session, batch: Batch) -> list[Certificate]:
    """All certificates of a batch in the order of their numbers, those that ended included."""
    query = (
        select(Certificate)
        .join(Candidate, col(Candidate.id) == col(Certificate.candidate_id))
        .where(col(Certificate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id)
    )
    return list(session.exec(query.order_by(col(Certificate.number))).all())


def seen_certificates_of(session: Session, batch: Batch) -> list[Certificate]:
    """Those of ``certificates_of`` that the viewer may see: all of its own batches, its people's in others."""
    seen = set(session.exec(select(Certificate.id).where(viewer_of(session).certificates())))
    return [one for one in certificates_of(session, batch) if one.id in seen]


def waiting_of(session: Session, batch: Batch) -> list[tuple[Candidate, Person]]:
    """Those who passed, stand on the closed notice and have no certificate yet, by grade and admission number."""
    results = latest_results(session, batch)
    notice = notices.current_notice(session, batch)
    if notice.state != "closed":
        raise RuleBroken(f"公示还没有结束（至 {notice.last_day} 止），不能发证")
    published = {entry["admission_number"] for entry in notice.content["entries"]}
    certified = {one.candidate_id for one in certificates_of(session, batch)}
    waiting = [
        (candidate, person)
        for candidate, person in candidates_and_people(session, batch)
        if candidate.id not in certified
        and candidate.admission_number in published
        and (result := results.get(id_of(candidate))) is not None
        and result.outcome == "passed"
    ]
    return sorted(waiting, key=lambda pair: (Grade(pair[0].grade).rank, pair[0].admission_number or ""))


def _candidates(pairs: Iterable[tuple[Candidate, Person]]) -> list[Candidate]:
    return [candidate for candidate, _person in pairs]


def candidates_and_people(session: Session, batch: Batch) -> Sequence[tuple[Candidate, Person]]:
    """All candidates of a batch with the people they are, by admission number."""
    query = (
        select(Candidate, Person)
        .where(
            col(Candidate.institution_id) == batch.institution_id,
            col(Candidate.batch_id) == batch.id,
            col(Person.id) == col(Candidate.person_id),
        )
        .order_by(col(Candidate.admission_number))
    )
    return session.exec(query).all()


def last_certificates(session: Session, batch: Batch) -> dict[int, Certificate]:
    """The certificate of each candidate, of several the one that replaces the others."""
    issued = sorted(certificates_of(session, batch), key=id_of)
    return {one.candidate_id: one for one in issued}


def _check_before_numbers(
    session: Session, batch: Batch, waiting: Iterable[tuple[Candidate, Person]], vault: Vault, missing: MissingGlyphs
) -> None:
    waiting = list(waiting)
    for grade in sorted({Grade(candidate.grade) for candidate, _person in waiting}):
        grade_code(grade)
    must_be_printable(session, batch, waiting, vault, missing)


def must_be_as_published(
    session: Session, batch: Batch, waiting: Sequence[tuple[Candidate, Person]], vault: Vault
) -> None:
    """Refused with every one: a certificate that would bear what nobody could object to, since the notice said otherwise."""
    if told := not_as_published(session, batch, waiting, vault):
        raise RuleBroken(
            "证书将与公示不一致，未使用任何证书编号；更正无误的先发布更正公示（skilleval notices correct），"
            "公示期满后再发证，改错了的在花名册中改回", told
        )  # fmt: skip


def not_as_published(
    session: Session, batch: Batch, waiting: Sequence[tuple[Candidate, Person]], vault: Vault
) -> list[str]:
    """What these certificates would bear otherwise than the notice says: it was corrected in the roster since, in Chinese."""
    entries = entries_from(
        [(candidate, person, "") for candidate, person in waiting], batch, vault, {id_of(one) for one in _candidates(waiting)}
    )
    return differing(notices.current_notice(session, batch), entries)


def must_be_printable(
    session: Session, batch: Batch, waiting: Iterable[tuple[Candidate, Person]], vault: Vault, missing: MissingGlyphs
) -> None:
    """Every character that will be printed, against the fonts, before a number is burned."""
    if problems := unprintable(session, batch, waiting, vault, missing):
        raise RuleBroken("有字符无法印制，未使用任何证书编号；请在 config.toml 的 [fonts] 中指定含有这些字的字体", problems)


def unprintable(
    session: Session, batch: Batch, waiting: Iterable[tuple[Candidate, Person]], vault: Vault, missing: MissingGlyphs
) -> list[str]:
    """Whose name or number, and which of the batch's own words, no font can print, in Chinese."""
    issuer = session.get(Institution, batch.institution_id)
    assert issuer is not None
    problems = [
        f"{person.name}：没有字体能印 {'、'.join(absent)}"
        for _candidate, person in waiting
        if (absent := missing(person.name + vault.open(person.institution_id, person.id_sealed)))
    ]
    if absent := missing(issuer.name + batch.occupation_name + batch.trade):
        problems.append(f"机构、职业或工种名称：没有字体能印 {'、'.join(absent)}")
    return problems


def new_certificate(
    session: Session,
    actor: Actor,
    batch: Batch,
    candidate: Candidate,
    person: Person,
    number: str,
    origin: str,
    vault: Vault,
    on: date,
    replaces_id: int | None = None,
) -> list[Table]:
    """A certificate with this number, and the event of its issue, both flushed; the caller journals them."""
    issuer = session.get(Institution, batch.institution_id)
    assert issuer is not None
    certificate = Certificate(
        institution_id=batch.institution_id, candidate_id=id_of(candidate), number=number, origin=origin,
        name=person.name, id_type=person.id_type,
        id_sealed=vault.seal(batch.institution_id, vault.open(person.institution_id, person.id_sealed)),
        occupation_code=batch.occupation_code, occupation_name=batch.occupation_name, trade=batch.trade,
        grade=candidate.grade, issuer=issuer.name, issued_on=on, replaces_id=replaces_id,
    )  # fmt: skip
    session.add(certificate)
    session.flush()
    event = CertificateEvent(
        institution_id=batch.institution_id, certificate_id=id_of(certificate), serial=1, kind="issued", on_day=on,
        by=actor.name,
    )  # fmt: skip
    session.add(event)
    session.flush()
    return [certificate, event]
