"""All certificates of an institution and of its people: the list, one certificate with its events, and what ends it."""

from collections.abc import Callable

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse

from skilleval.db.tables import Batch, Candidate, Certificate, CertificateEvent
from skilleval.domain.identifiers import ID_TYPES, mask_number
from skilleval.domain.ladder import Grade
from skilleval.reports.fonts import load_fonts
from skilleval.services import certificate_events, certificate_prints
from skilleval.services import certificates as service
from skilleval.services.tenancy import viewer_of
from skilleval.services.timelines import certificate_timeline
from skilleval.web import files, gate, lists, show
from skilleval.web.language import _, marked

pages = Blueprint("issued", __name__, url_prefix="/certificates")

#: what may be done to a certificate that stands, by the word of the form
ACTS: dict[str, Callable[..., CertificateEvent]] = {
    "voided": certificate_events.void_certificate, "revoked": certificate_events.revoke_certificate, "reissued": certificate_events.reissue_certificate,
}  # fmt: skip


@pages.get("")
def index() -> Response | str:
    """The certificates that the institution issued, and those of its people."""
    session = gate.reading()
    return lists.answer(lists.Page(listing(session, sa.true()), session), "issued/index.html")


@pages.get("/<row(kind='certificate'):certificate_id>")
def show_(certificate_id: int) -> str:
    """One certificate: everything printed on it, what happened to it, and what may be done."""
    session = gate.reading()
    certificate = _certificate(session, certificate_id, viewer_of(session).certificates())
    candidate = session.get(Candidate, certificate.candidate_id)
    assert candidate is not None
    before, later = certificate_events.chain_of(session, certificate)
    number = gate.site().installation.vault.open(certificate.institution_id, certificate.id_sealed)
    return render_template(
        "issued/show.html", certificate=certificate, events=certificate_events.events_of(session, certificate), kinds=certificate_events.KINDS, states=STATES,
        before=before, later=later, own=viewer_of(session).owns(certificate.institution_id), number=mask_number(number),
        id_type=show.label(ID_TYPES[certificate.id_type]), batch=session.get(Batch, candidate.batch_id), candidate=candidate,
        status=certificate_events.status_of(session, certificate), timeline=certificate_timeline(session, certificate),
    )  # fmt: skip


@pages.post("/<row(kind='certificate'):certificate_id>/end")
def act(certificate_id: int) -> BaseResponse:
    """Void, revoke or reissue a certificate, with the reason."""
    kind = request.form.get("to", "")
    if kind not in ACTS:
        abort(400)
    with gate.writing() as session:
        certificate = _own(session, certificate_id)
        ACTS[kind](session, gate.actor(), certificate, reason=request.form.get("reason", ""), on=gate.today())
        session.commit()
    flash(_("证书 {number} 已{kind}。").format(number=certificate.number, kind=show.label(certificate_events.KINDS[kind])))
    return redirect(url_for("issued.show_", certificate_id=certificate_id), 303)


@pages.post("/<row(kind='certificate'):certificate_id>/replace")
def replace(certificate_id: int) -> BaseResponse:
    """A new certificate with a new number for one that was voided."""
    installation = gate.site().installation
    fonts = load_fonts(installation.settings.fonts)
    with gate.writing() as session:
        new = service.replace_certificate(
            session, gate.actor(), _own(session, certificate_id), installation.library, vault=installation.vault,
            on=gate.today(), missing_glyphs=certificate_prints.glyphs_missing_in(fonts),
        )  # fmt: skip
        session.commit()
    flash(_("已换发：{number}").format(number=new.number))
    return redirect(url_for("issued.show_", certificate_id=new.id), 303)


@pages.post("/<row(kind='certificate'):certificate_id>/print")
def print_(certificate_id: int) -> BaseResponse:
    """One certificate as PDF. It bears the full document number, so the journal tells who printed it."""
    installation = gate.site().installation
    with gate.writing() as session:
        certificate = _own(session, certificate_id)
        printed = certificate_prints.print_certificates(
            session, gate.actor(), [certificate], vault=installation.vault, settings=installation.settings,
            fonts=load_fonts(installation.settings.fonts),
        )  # fmt: skip
        session.commit()
    return files.download(printed, f"{certificate.number}.pdf", files.PDF)


def of_person(session: Session, person_id: int) -> list[Certificate]:
    """The certificates of one person that the viewer may see, newest first."""
    query = (
        select(Certificate)
        .join(Candidate, col(Candidate.id) == col(Certificate.candidate_id))
        .where(col(Candidate.person_id) == person_id, viewer_of(session).certificates())
    )
    return list(session.exec(query.order_by(col(Certificate.issued_on).desc(), col(Certificate.id).desc())))


def listing(session: Session, which: sa.ColumnElement[bool]) -> lists.Listing:
    """The certificates that the viewer may see, of those that ``which`` names, with the state of each."""
    state = _state()
    query = (
        sa.select(
            *(col(one) for one in (
                Certificate.id, Certificate.number, Certificate.name, Certificate.occupation_name, Certificate.trade,
                Certificate.grade, Certificate.issued_on, Certificate.origin,
            )),
            col(Batch.number).label("batch"), state.label("state"),
        )
        .join(Candidate, col(Candidate.id) == col(Certificate.candidate_id))
        .join(Batch, col(Batch.id) == col(Candidate.batch_id))
        .where(viewer_of(session).certificates(), which)
    )  # fmt: skip
    occupations, years = _choices(session)
    return lists.Listing(
        name="certificates", title=_("证书"), query=query, id=col(Certificate.id), kind="certificate", sort="number",
        columns=(
            lists.Column("number", _("证书编号"), lambda row: row.number, order=col(Certificate.number), kind="link", width=26),
            lists.Column("name", _("姓名"), lambda row: row.name, order=col(Certificate.name), width=12),
            lists.Column("occupation", _("职业"), lambda row: f"{row.occupation_name} {row.trade}".strip(), order=col(Certificate.occupation_name)),
            lists.Column("grade", _("等级"), lambda row: show.grade(row.grade), order=col(Certificate.grade)),
            lists.Column("issued_on", _("发证日期"), lambda row: row.issued_on, order=col(Certificate.issued_on)),
            lists.Column("batch", _("批次"), lambda row: row.batch, order=col(Batch.number)),
            lists.Column("origin", _("编号来源"), lambda row: _("省里下发") if row.origin == "imported" else _("自编")),
            lists.Column("state", _("状态"), lambda row: STATES[row.state], kind="state", word=lambda row: row.state),
        ),
        filters=(
            lists.Filter("state", _("状态"), STATES, lambda value: state == value),
            lists.Filter("grade", _("等级"), {one.value: one.printed for one in Grade}, lambda value: col(Certificate.grade) == value),
            lists.Filter("occupation", _("职业"), occupations, lambda value: col(Certificate.occupation_code) == value),
            lists.Filter("year", _("年份"), years, lambda value: sa.extract("year", col(Certificate.issued_on)) == int(value)),
        ),
        search=lambda typed: sa.or_(
            col(Certificate.number) == typed.upper(), col(Certificate.name).contains(typed, autoescape=True)
        ),
        search_hint=_("证书编号、姓名"), link=lambda row: url_for("issued.show_", certificate_id=row.id),
    )  # fmt: skip


#: how a certificate stands, told by its events and by what replaces it
STATES = {"issued": marked("有效"), "voided": marked("已作废"), "revoked": marked("已撤销"), "replaced": marked("已换发")}


def _state() -> sa.ColumnElement[str]:
    def happened(kind: str) -> sa.ColumnElement[bool]:
        return (
            sa.select(col(CertificateEvent.id))
            .where(col(CertificateEvent.certificate_id) == col(Certificate.id), col(CertificateEvent.kind) == kind)
            .correlate(Certificate)
            .exists()
        )

    later = aliased(Certificate)
    replaced = sa.select(col(later.id)).where(col(later.replaces_id) == col(Certificate.id)).correlate(Certificate).exists()
    return sa.case((replaced, "replaced"), (happened("revoked"), "revoked"), (happened("voided"), "voided"), else_="issued")


def _choices(session: Session) -> tuple[dict[str, str], dict[str, str]]:
    """The occupations and years that there are certificates of, in one statement."""
    year = sa.extract("year", col(Certificate.issued_on))
    found = session.execute(
        sa.select(col(Certificate.occupation_code), col(Certificate.occupation_name), year)
        .where(viewer_of(session).certificates())
        .distinct()
        .order_by(col(Certificate.occupation_code), year)
    ).all()
    years = sorted({str(int(row[2])) for row in found}, reverse=True)
    return {row[0]: row[1] for row in found}, {one: one for one in years}


def _own(session: Session, certificate_id: int) -> Certificate:
    return _certificate(session, certificate_id, viewer_of(session).own(col(Certificate.institution_id)))


def _certificate(session: Session, certificate_id: int, seen: sa.ColumnElement[bool]) -> Certificate:
    return session.exec(select(Certificate).where(col(Certificate.id) == certificate_id, seen)).first() or abort(404)
