"""Certificates as they are printed: their sheets with the mark they bear, and the characters that no font has."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Candidate, Certificate, CertificateEvent, Person
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import ID_TYPES
from skilleval.domain.ladder import Grade
from skilleval.reports.certificate import CertificateSheet, Mark, render_certificates
from skilleval.reports.fonts import Fonts
from skilleval.services import certificates, journal
from skilleval.services.certificate_check import check_address
from skilleval.services.certificates import MissingGlyphs
from skilleval.services.journal import Actor
from skilleval.services.recused_results import counted_recusals
from skilleval.services.tenancy import viewer_of
from skilleval.settings import Settings

#: more certificates than this are printed by a worker process: some seconds of work
MANY = 100


@dataclass(frozen=True, slots=True)
class Prospect:
    """What issuing would do: who waits, every character that can't be printed, and what was published otherwise, in Chinese."""

    waiting: Sequence[tuple[Candidate, Person]]
    unprintable: Sequence[str]
    differing: Sequence[str]


@dataclass(frozen=True, slots=True)
class Printable:
    """Certificates that may be printed, and what to say of each that may not."""

    chosen: Sequence[Certificate]
    withheld: Sequence[str]


def printable(session: Session, chosen: Sequence[Certificate]) -> Printable:
    """These certificates without those that are valid although a mark or vote counts for them of somebody who has to be
    recused (回避): they must be revoked. Refused with every one: nothing is left to print.

    Who is no part of the issuer is not told whose conflict it is.
    """
    told = _withheld(session, chosen)
    left = [one for one in chosen if one.id not in told]
    if told and not left:
        raise RuleBroken("没有可以打印的证书：须回避的人的评分或表决仍计入其结果", list(told.values()))
    return Printable(left, list(told.values()))


def _withheld(session: Session, chosen: Sequence[Certificate]) -> dict[int, str]:
    """By certificate, why it is not printed."""
    counted = _counted(session, chosen)
    if not counted:
        return {}
    viewer, happened = viewer_of(session), _events(session, chosen)
    return {
        one.id or 0: f"证书 {one.number} 不能打印：{why if viewer.owns(one.institution_id) else '请向发证机构查询'}"
        for one in chosen
        if (why := counted.get(one.candidate_id)) and _mark(happened.get(one.id or 0, set())) != "void"
    }


def _counted(session: Session, chosen: Sequence[Certificate]) -> dict[int | None, str]:
    """By candidate, whose mark or vote counts although it may not, and the way out."""
    query = select(Batch, Candidate).where(
        col(Batch.id) == col(Candidate.batch_id), col(Candidate.id).in_({one.candidate_id for one in chosen})
    )
    batches: dict[int | None, tuple[Batch, list[Candidate]]] = {}
    for batch, candidate in session.exec(query):
        batches.setdefault(batch.id, (batch, []))[1].append(candidate)
    told: dict[int | None, list[str]] = {}
    for batch, candidates in batches.values():
        for one in counted_recusals(session, batch, candidates):
            told.setdefault(one.candidate.id, []).append(one.told)
    return {candidate: "；".join(reasons) for candidate, reasons in told.items()}


def sheets_of(
    session: Session, chosen: Sequence[Certificate], *, vault: Vault, settings: Settings
) -> list[CertificateSheet]:
    """The sheets of these certificates, each with the mark that its events ask for, in one query for all."""
    own = settings.certificate
    happened = _events(session, chosen)
    return [
        CertificateSheet(
            name=one.name, id_type=ID_TYPES[one.id_type], id_number=vault.open(one.institution_id, one.id_sealed),
            occupation=one.occupation_name, trade=one.trade, grade=Grade(one.grade), number=one.number,
            institution=one.issuer, issued_on=one.issued_on, query_url=own.query_url,
            institution_url=own.institution_url, check_url=check_address(vault, settings, one),
            mark=_mark(happened.get(one.id or 0, set())), demo=own.demo,
        )
        for one in chosen
    ]  # fmt: skip


def print_certificates(
    session: Session, actor: Actor, chosen: Sequence[Certificate], *, vault: Vault, settings: Settings, fonts: Fonts
) -> bytes:
    """These certificates as one PDF, with full document numbers; the journal tells who printed which.

    Refused: nothing to print, a character that no font has; with every one, a certificate that is not ``printable``.
    """
    if withheld := printable(session, chosen).withheld:
        raise RuleBroken(f"{len(withheld)} 份证书不能打印", withheld)
    printed = render_certificates(sheets_of(session, chosen, vault=vault, settings=settings), fonts)
    _note(session, actor, chosen)
    return printed


def note_print(
    session: Session, actor: Actor, chosen: Sequence[Certificate], printed: Sequence[CertificateSheet], *, vault: Vault, settings: Settings
) -> None:
    """Note in the journal that these sheets of these certificates were printed, drawn before and apart.

    Refused: a certificate has changed since, so that its sheet would say what does not hold any more.
    """
    if sheets_of(session, chosen, vault=vault, settings=settings) != list(printed):
        raise RuleBroken("打印期间有证书新发、作废、撤销、补发，或须回避的被认定，没有生成文件；请重新打印")
    _note(session, actor, chosen)


def _note(session: Session, actor: Actor, chosen: Sequence[Certificate]) -> None:
    for firm in sorted({one.institution_id for one in chosen}):
        numbers = [one.number for one in chosen if one.institution_id == firm]
        journal.record(session, actor, firm, "certificates.print", detail={"numbers": numbers})


def prospect_of(session: Session, batch: Batch, *, vault: Vault, missing_glyphs: MissingGlyphs) -> Prospect:
    """Who would get a certificate now. Refused: a notice that is not closed."""
    waiting = certificates.waiting_of(session, batch)
    return Prospect(
        waiting, certificates.unprintable(session, batch, waiting, vault, missing_glyphs),
        certificates.not_as_published(session, batch, waiting, vault),
    )  # fmt: skip


def glyphs_missing_in(fonts: Fonts) -> MissingGlyphs:
    """The question of issuing: which characters of a text no font can draw, such as 𠮷（U+20BB7）."""
    return lambda text: [f"{character}（{code}）" for character, code in fonts.missing_glyphs(text, "fangsong")]


def _events(session: Session, chosen: Sequence[Certificate]) -> dict[int, set[str]]:
    """By certificate, the kinds of what happened to it."""
    happened: dict[int, set[str]] = {}
    query = select(CertificateEvent.certificate_id, CertificateEvent.kind).where(
        col(CertificateEvent.certificate_id).in_([one.id for one in chosen])
    )
    for number, kind in session.exec(query):
        happened.setdefault(number, set()).add(kind)
    return happened


def _mark(kinds: set[str]) -> Mark:
    if {"voided", "revoked"} & kinds:
        return "void"
    return "reissued" if "reissued" in kinds else ""
