"""Certificates: issued with everything printed on them, reissued, voided, revoked; nothing is edited or deleted.

Sources: 人社鉴发〔2019〕2号 (number), 人社鉴发〔2021〕1号 (what is printed); national-rules chapters 3 and 4.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import (
    Batch,
    Candidate,
    Certificate,
    CertificateEvent,
    ImportReceipt,
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
from skilleval.services import authority, institutions, journal, marks, notices
from skilleval.services.duties import take_duty
from skilleval.services.journal import Actor
from skilleval.services.number_list import NUMBER_COLUMNS, Roll, RowProblem, number_problem
from skilleval.services.numbering import Reached, counters_query, next_number, preview_numbers
from skilleval.services.recused_results import must_not_count
from skilleval.services.tenancy import viewer_of
from skilleval.sheets.columns import Report
from skilleval.sheets.intake import Source
from skilleval.sheets.reading import file_hash, read_table

#: given a text, the characters no font can draw, such as 𠮷(U+20BB7)
MissingGlyphs = Callable[[str], Sequence[str]]

KINDS = {"issued": "颁发", "reissued": "补发", "voided": "作废", "revoked": "撤销"}


@dataclass(slots=True)
class StagedNumbers:
    """Numbers from the province's list that were checked and not yet written."""

    batch: Batch
    file: Source
    sha256: str
    report: Report
    new: list[tuple[Candidate, str]] = field(default_factory=list)


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

    Refused, before any number is used: a notice that is not closed, a grade whose code is not confirmed, a character that
    no font can draw; with every reason, results in which a mark or vote of somebody counts who has to be recused, and what is
    beyond the institution's authority on the batch's days or on this one.
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
    _check_before_numbers(session, batch, waiting, vault, missing_glyphs)
    issued: list[Table] = []
    for candidate, person in waiting:
        number = next_number(session, registration.number, Grade(candidate.grade), on)
        issued += _issue(session, actor, batch, candidate, person, str(number), "local", vault, on)
    batch.state = "certified"
    session.add(batch)
    journal.record(session, actor, batch.institution_id, "certificates.issue", objects=[*issued, batch])
    return certificates_of(session, batch)


def stage_numbers(session: Session, batch: Batch, file: Source, *, vault: Vault, on: date) -> StagedNumbers:
    """Read and check the province's list of allotted numbers. Nothing is written; wrong rows stand in the report.

    Refused with ``RuleBroken``: a batch whose notice is not closed, a file that is none, wrong headings.
    """
    session.refresh(batch, with_for_update=True)
    if batch.state not in ("cleared", "certified"):
        raise RuleBroken(f"批次现在是“{lifecycle.label('batch', batch.state)}”，公示结束后才能导入证书编号")
    table = read_table(file, NUMBER_COLUMNS)
    staged = StagedNumbers(batch, file, file_hash(file), table.report())
    registration = institutions.active_registration(session, batch.institution_id, on)
    roll = Roll.of(_pairs(session, batch), vault)
    waiting = {candidate.id for candidate, _person in waiting_of(session, batch)}
    standing = _last_certificates(session, batch)
    rows_of: dict[object, int] = {}
    for row, values in table.rows:
        found = roll.find(values)
        if isinstance(found, Candidate):
            held = standing.get(id_of(found))
            if held is not None and held.number == values["number"]:
                staged.report.unchanged += 1
                continue
            fault = _allotted_fault(session, found, values["number"], held, waiting, rows_of, row)
            if fault is None and (
                reason := number_problem(values["number"], registration.number, on, Grade(found.grade))
            ):
                fault = RowProblem("number", "number_wrong", reason)
            if fault is None:
                staged.new.append((found, values["number"]))
                staged.report.new += 1
                continue
            found = fault
        table.errors.append(
            table.error(row, found.column, values.get(found.column) or "", found.code, found.message)
        )
        table.failed.add(row)
    staged.report.failed = len(table.failed)
    staged.report.errors = sorted(table.errors, key=lambda error: (error.row, error.column))
    return staged


def _allotted_fault(
    session: Session,
    candidate: Candidate,
    number: str,
    held: Certificate | None,
    waiting: set[int | None],
    rows_of: dict[object, int],
    row: int,
) -> RowProblem | None:
    """Why this candidate can't have this number: a fault of the person, of the row, or a number that is taken."""
    if held is not None and status_of(session, held) != "voided":
        return RowProblem("number", "already_certified", f"该考生已有证书 {held.number}")
    if held is None and candidate.id not in waiting:
        return RowProblem("name", "candidate_unknown", "该考生没有合格，或不在公示名单中")
    if (earlier := rows_of.setdefault(candidate.id, row)) != row:
        return RowProblem("name", "candidate_twice", f"与第{earlier}行是同一名考生")
    if (earlier := rows_of.setdefault(number, row)) != row:
        return RowProblem("number", "number_twice", f"证书编号与第{earlier}行相同")
    if session.exec(select(Certificate.id).where(col(Certificate.number) == number)).first() is not None:
        return RowProblem("number", "number_used", "证书编号已被使用")
    return None


def write_numbers(
    session: Session,
    actor: Actor,
    staged: StagedNumbers,
    library: Library,
    *,
    vault: Vault,
    on: date,
    missing_glyphs: MissingGlyphs,
) -> Report:
    """Issue certificates with the numbers that were staged; the batch is 已发证 when nobody waits any more.

    Refused as for local numbers: a character that no font can draw, a mark or vote that counts of somebody who has to be
    recused, what is beyond the institution's authority.
    """
    take_duty(session, actor, staged.batch, "certificates.write_numbers")
    batch = staged.batch
    people = {id_of(candidate): person for candidate, person in _pairs(session, batch)}
    standing = _last_certificates(session, batch)
    chosen = [(candidate, people[id_of(candidate)]) for candidate, _number in staged.new]
    must_not_count(session, batch, "发证", _candidates(chosen))
    authority.require(session, batch, library, candidates=_candidates(chosen), also_on=on)
    _check_glyphs(session, batch, chosen, vault, missing_glyphs)
    issued: list[Table] = []
    for candidate, number in staged.new:
        person, replaced = people[id_of(candidate)], standing.get(id_of(candidate))
        issued += _issue(
            session, actor, batch, candidate, person, number, "imported", vault, on, replaced.id if replaced else None
        )
    if issued:
        if not waiting_of(session, batch) and batch.state == "cleared":
            batch.state = "certified"
            session.add(batch)
            issued.append(batch)
        receipt = ImportReceipt(
            institution_id=batch.institution_id, kind="numbers", scope=batch.number, file_name=staged.file.name,
            sha256=staged.sha256, counts=staged.report.counts(), actor=actor.name,
        )  # fmt: skip
        session.add(receipt)
        issued.append(receipt)
        journal.record(session, actor, batch.institution_id, "certificates.import", objects=issued)
    return staged.report


def void_certificate(session: Session, actor: Actor, certificate: Certificate, *, reason: str, on: date) -> CertificateEvent:
    """Void a certificate (作废), for a slip in what was printed. The number is kept and never used again."""
    take_duty(session, actor, _candidate_and_batch(session, certificate)[1], "certificates.void_certificate")
    return _end(session, actor, certificate, "voided", reason, on)


def revoke_certificate(session: Session, actor: Actor, certificate: Certificate, *, reason: str, on: date) -> CertificateEvent:
    """Revoke a certificate (撤销): the grade was not rightly recognised. The number is kept and never used again."""
    take_duty(session, actor, _candidate_and_batch(session, certificate)[1], "certificates.revoke_certificate")
    return _end(session, actor, certificate, "revoked", reason, on)


def reissue_certificate(session: Session, actor: Actor, certificate: Certificate, *, reason: str, on: date) -> CertificateEvent:
    """Reissue a lost or damaged certificate (补发): the same number and content, printed once more.

    Refused with every reason: a mark or vote that counts of somebody who has to be recused.
    """
    candidate, batch = _candidate_and_batch(session, certificate)
    take_duty(session, actor, batch, "certificates.reissue_certificate")
    _must_stand(session, certificate)
    must_not_count(session, batch, "补发证书", [candidate])
    return _event(session, actor, certificate, "reissued", reason, on)


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
    take_duty(session, actor, _candidate_and_batch(session, certificate)[1], "certificates.replace_certificate")
    if status_of(session, certificate) != "voided":
        raise RuleBroken(f"证书 {certificate.number} 没有作废，不需要换发")
    candidate, batch = _candidate_and_batch(session, certificate)
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
    _check_glyphs(session, batch, [(candidate, person)], vault, missing_glyphs)
    registration = institutions.active_registration(session, batch.institution_id, on)
    number = next_number(session, registration.number, Grade(candidate.grade), on)
    issued = _issue(session, actor, batch, candidate, person, str(number), "local", vault, on, certificate.id)
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


def events_of(session: Session, certificate: Certificate) -> Sequence[CertificateEvent]:
    """What happened to a certificate, in order."""
    query = select(CertificateEvent).where(
        col(CertificateEvent.institution_id) == certificate.institution_id,
        col(CertificateEvent.certificate_id) == certificate.id,
    )
    return session.exec(query.order_by(col(CertificateEvent.serial))).all()


def chain_of(session: Session, certificate: Certificate) -> tuple[Certificate | None, Certificate | None]:
    """The certificate that this one replaces, and the one that replaces it."""
    before = session.get(Certificate, certificate.replaces_id) if certificate.replaces_id is not None else None
    query = select(Certificate).where(
        col(Certificate.institution_id) == certificate.institution_id, col(Certificate.replaces_id) == certificate.id
    )
    return before, session.exec(query).first()


def status_of(session: Session, certificate: Certificate) -> str:
    """``issued`` while it stands (reissued or not), else ``voided`` or ``revoked``."""
    kinds = {event.kind for event in events_of(session, certificate)}
    return next((kind for kind in ("revoked", "voided") if kind in kinds), "issued")


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
    results = marks.latest_results(session, batch)
    notice = notices.current_notice(session, batch)
    if notice.state != "closed":
        raise RuleBroken(f"公示还没有结束（至 {notice.last_day} 止），不能发证")
    published = {entry["admission_number"] for entry in notice.content["entries"]}
    certified = {one.candidate_id for one in certificates_of(session, batch)}
    waiting = [
        (candidate, person)
        for candidate, person in _pairs(session, batch)
        if candidate.id not in certified
        and candidate.admission_number in published
        and (result := results.get(id_of(candidate))) is not None
        and result.outcome == "passed"
    ]
    return sorted(waiting, key=lambda pair: (Grade(pair[0].grade).rank, pair[0].admission_number or ""))


def _candidates(pairs: Iterable[tuple[Candidate, Person]]) -> list[Candidate]:
    return [candidate for candidate, _person in pairs]


def _pairs(session: Session, batch: Batch) -> Sequence[tuple[Candidate, Person]]:
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


def _last_certificates(session: Session, batch: Batch) -> dict[int, Certificate]:
    """The certificate of each candidate, of several the one that replaces the others."""
    issued = sorted(certificates_of(session, batch), key=lambda one: id_of(one))
    return {one.candidate_id: one for one in issued}


def _check_before_numbers(
    session: Session, batch: Batch, waiting: Iterable[tuple[Candidate, Person]], vault: Vault, missing: MissingGlyphs
) -> None:
    waiting = list(waiting)
    for grade in sorted({Grade(candidate.grade) for candidate, _person in waiting}):
        grade_code(grade)
    _check_glyphs(session, batch, waiting, vault, missing)


def _check_glyphs(
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


def _issue(
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


def _must_stand(session: Session, certificate: Certificate) -> None:
    status = status_of(session, certificate)
    if status != "issued":
        raise RuleBroken(f"证书 {certificate.number} 已{KINDS[status]}")


def _end(session: Session, actor: Actor, certificate: Certificate, kind: str, reason: str, on: date) -> CertificateEvent:
    _must_stand(session, certificate)
    return _event(session, actor, certificate, kind, reason, on)


def _event(session: Session, actor: Actor, certificate: Certificate, kind: str, reason: str, on: date) -> CertificateEvent:
    if not reason.strip():
        raise RuleBroken(f"{KINDS[kind]}证书须写明理由")
    if on < certificate.issued_on:
        raise RuleBroken(f"{KINDS[kind]}日期 {on} 早于发证日期 {certificate.issued_on}")
    event = CertificateEvent(
        institution_id=certificate.institution_id, certificate_id=id_of(certificate),
        serial=len(events_of(session, certificate)) + 1, kind=kind, on_day=on, reason=reason.strip(), by=actor.name,
    )  # fmt: skip
    session.add(event)
    journal.record(session, actor, certificate.institution_id, f"certificates.{kind}", objects=[event], reason=reason.strip())
    return event


def _candidate_and_batch(session: Session, certificate: Certificate) -> tuple[Candidate, Batch]:
    candidate = session.get(Candidate, certificate.candidate_id)
    assert candidate is not None
    batch = session.get(Batch, candidate.batch_id)
    assert batch is not None
    return candidate, batch
