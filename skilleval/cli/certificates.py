"""``skilleval certificates``: preview, issue, import-numbers, show, void, revoke, reissue, replace, print."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from sqlmodel import Session

from skilleval.cli.output import Workplace, _, emit, json_option, pass_workplace
from skilleval.cli.people import report_import
from skilleval.db.tables import Batch, Certificate, CertificateEvent
from skilleval.domain.identifiers import mask_number
from skilleval.domain.ladder import Grade
from skilleval.services import allotted_numbers, certificate_events
from skilleval.services import certificates as service
from skilleval.services.journal import Actor
from skilleval.services.tenancy import batch_of, seen_batch_of

batch_option = click.option("--batch", "number", required=True, help=_("批次编号"))
out_option = click.option("--out", type=click.Path(file_okay=False, path_type=Path), help=_("把证书 PDF 写入此文件夹"))
reason_option = click.option("--reason", required=True, help=_("理由"))


@click.group(help=_("证书：编号、颁发、补发、作废、撤销。"))
def certificates() -> None:
    """The commands of certificates."""


@certificates.command(help=_("预览各等级的下一个证书编号（不占用编号）。"))
@batch_option
@json_option
@pass_workplace
def preview(workplace: Workplace, number: str, as_json: bool) -> None:
    """Show the next number of each grade."""
    with workplace.database.reading() as session:
        shown = service.preview(session, batch_of(session, number), workplace.on)
    emit(shown, as_json, [f"{grade}：{text}" for grade, text in shown.items()])


@certificates.command(help=_("为公示期满的合格人员编号发证，并可生成证书 PDF。"))
@batch_option
@out_option
@json_option
@pass_workplace
def issue(workplace: Workplace, number: str, out: Path | None, as_json: bool) -> None:
    """Issue the certificates of a batch with local numbers."""
    with workplace.database.writing() as session:
        batch = batch_of(session, number)
        issued = service.issue_certificates(
            session, workplace.actor, batch, workplace.library, vault=workplace.vault, on=workplace.on,
            missing_glyphs=_glyphs(workplace),
        )  # fmt: skip
        session.commit()
        rows = [_row(workplace, session, one) for one in issued]
        files = _write_pdfs(workplace, session, batch, out)[0] if out else []
    lines = [f"{row['number']}  {row['name']}  {row['grade']}" for row in rows]
    lines.append(_("已发证 {count} 份").format(count=len(rows)))
    emit({"certificates": rows, "files": files}, as_json, [*lines, *(str(file) for file in files[:1])])


@certificates.command(name="print", help=_("重新生成一个批次的证书 PDF。"))
@batch_option
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help=_("写入此文件夹"))
@json_option
@pass_workplace
def print_(workplace: Workplace, number: str, out: Path, as_json: bool) -> None:
    """Write the PDFs of a batch again."""
    with workplace.database.reading() as session:
        files, withheld = _write_pdfs(workplace, session, seen_batch_of(session, number), out)
    emit({"files": files, "withheld": withheld}, as_json, [*(str(file) for file in files), *withheld])


@certificates.command(name="import-numbers", help=_("按省里下发的编号表发证（列：准考证号或证件号码、姓名、证书编号）。"))
@click.argument("file", type=click.Path(path_type=Path))
@batch_option
@click.option("--check", "check_only", is_flag=True, help=_("只检查，不写入"))
@click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help=_("有错误时，把原表加“错误原因”列写到这里"))
@json_option
@pass_workplace
def import_numbers(
    workplace: Workplace, file: Path, number: str, check_only: bool, errors: Path | None, as_json: bool
) -> None:
    """Issue certificates with numbers that the province allotted."""
    with workplace.database.writing() as session:
        staged = allotted_numbers.stage_numbers(
            session, batch_of(session, number), file, vault=workplace.vault, on=workplace.on
        )
        written = not check_only and not staged.report.failed
        if written:
            allotted_numbers.write_numbers(
                session, workplace.actor, staged, workplace.library, vault=workplace.vault, on=workplace.on,
                missing_glyphs=_glyphs(workplace),
            )  # fmt: skip
            session.commit()
    report_import(staged.report, file, errors, as_json, written=written)


@certificates.command(help=_("显示一份证书及其经过。"))
@click.argument("number")
@json_option
@pass_workplace
def show(workplace: Workplace, number: str, as_json: bool) -> None:
    """Show a certificate and what happened to it."""
    with workplace.database.reading() as session:
        certificate = service.seen_certificate(session, number)
        before, later = certificate_events.chain_of(session, certificate)
        chain = {"replaces": before.number if before else None, "replaced_by": later.number if later else None}
        answer = _row(workplace, session, certificate) | chain
    lines = [
        f"{answer['number']}  {answer['name']}  {answer['id_number']}",
        f"  {answer['occupation']}  {answer['trade'] or '--'}  {answer['grade']}  {answer['issued_on']}  {answer['issuer']}",
        *(f"  {one['on']}  {certificate_events.KINDS[one['kind']]}  {one['by']}  {one['reason'] or ''}" for one in answer["events"]),
    ]
    if answer["replaces"]:
        lines.append(_("  替换已作废的 {number}").format(number=answer["replaces"]))
    if answer["replaced_by"]:
        lines.append(_("  已换发为 {number}").format(number=answer["replaced_by"]))
    emit(answer, as_json, lines)


@certificates.command(help=_("作废证书（印制有误等）；编号保留，不再使用。"))
@click.argument("number")
@reason_option
@json_option
@pass_workplace
def void(workplace: Workplace, number: str, reason: str, as_json: bool) -> None:
    """Void a certificate."""
    _change(workplace, number, reason, as_json, certificate_events.void_certificate)


@certificates.command(help=_("撤销证书（不应获得该等级）；编号保留，不再使用。"))
@click.argument("number")
@reason_option
@json_option
@pass_workplace
def revoke(workplace: Workplace, number: str, reason: str, as_json: bool) -> None:
    """Revoke a certificate."""
    _change(workplace, number, reason, as_json, certificate_events.revoke_certificate)


@certificates.command(help=_("补发证书（遗失、损坏）：编号与内容不变，重新印制。"))
@click.argument("number")
@reason_option
@out_option
@json_option
@pass_workplace
def reissue(workplace: Workplace, number: str, reason: str, out: Path | None, as_json: bool) -> None:
    """Reissue a certificate."""
    _change(workplace, number, reason, as_json, certificate_events.reissue_certificate, out)


@certificates.command(help=_("为作废的证书换发新编号的证书，记明所替换的编号。"))
@click.argument("number")
@out_option
@json_option
@pass_workplace
def replace(workplace: Workplace, number: str, out: Path | None, as_json: bool) -> None:
    """Replace a voided certificate by a new one."""
    with workplace.database.writing() as session:
        new = service.replace_certificate(
            session, workplace.actor, service.find_certificate(session, number), workplace.library,
            vault=workplace.vault, on=workplace.on, missing_glyphs=_glyphs(workplace),
        )  # fmt: skip
        session.commit()
        answer = _row(workplace, session, new)
        if out:
            _write_one(workplace, session, new, out)
    emit(answer, as_json, [_("已换发：{number}").format(number=answer["number"])])


def _change(
    workplace: Workplace,
    number: str,
    reason: str,
    as_json: bool,
    act: Callable[..., CertificateEvent],
    out: Path | None = None,
) -> None:
    actor: Actor = workplace.actor
    with workplace.database.writing() as session:
        certificate = service.find_certificate(session, number)
        event = act(session, actor, certificate, reason=reason, on=workplace.on)
        session.commit()
        answer = _row(workplace, session, certificate)
        if out:
            _write_one(workplace, session, certificate, out)
    emit(answer, as_json, [_("证书 {number} 已{kind}").format(number=number, kind=certificate_events.KINDS[event.kind])])


def _row(workplace: Workplace, session: Session, certificate: Certificate) -> dict[str, Any]:
    return {
        "number": certificate.number,
        "status": certificate_events.status_of(session, certificate),
        "origin": certificate.origin,
        "name": certificate.name,
        "id_number": mask_number(workplace.vault.open(certificate.institution_id, certificate.id_sealed)),
        "occupation": certificate.occupation_name,
        "trade": certificate.trade,
        "grade": Grade(certificate.grade).printed,
        "issued_on": certificate.issued_on,
        "issuer": certificate.issuer,
        "events": [
            {"kind": event.kind, "on": event.on_day, "by": event.by, "reason": event.reason}
            for event in certificate_events.events_of(session, certificate)
        ],
    }


def _glyphs(workplace: Workplace) -> service.MissingGlyphs:
    from skilleval.reports.fonts import load_fonts
    from skilleval.services.certificate_prints import glyphs_missing_in

    return glyphs_missing_in(load_fonts(workplace.settings.fonts))


def _sheets(workplace: Workplace, session: Session, chosen: Sequence[Certificate]) -> list[Any]:
    from skilleval.services.certificate_prints import sheets_of

    return sheets_of(session, chosen, vault=workplace.vault, settings=workplace.settings)


def _write_pdfs(workplace: Workplace, session: Session, batch: Batch, out: Path) -> tuple[list[Path], Sequence[str]]:
    """The files, and why the others are not among them."""
    from skilleval.reports import certificate as report
    from skilleval.reports.fonts import load_fonts
    from skilleval.services.certificate_prints import printable

    fonts = load_fonts(workplace.settings.fonts)
    found = printable(session, service.seen_certificates_of(session, batch))
    sheets = _sheets(workplace, session, found.chosen)
    merged = report.write_certificates(out / f"证书_{batch.number}.pdf", sheets, fonts)
    return [merged, *report.write_single_certificates(out / "单份", sheets, fonts)], found.withheld


def _write_one(workplace: Workplace, session: Session, certificate: Certificate, out: Path) -> None:
    from skilleval.reports import certificate as report
    from skilleval.reports.fonts import load_fonts

    fonts = load_fonts(workplace.settings.fonts)
    list(report.write_single_certificates(out, _sheets(workplace, session, [certificate]), fonts))
