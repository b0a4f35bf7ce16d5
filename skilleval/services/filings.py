"""The filing package (上报材料) of a batch: collected, refused with everything that is missing, exported, recorded.

An export is never overwritten: a new one is a new version that names the one it supersedes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Filing, Notice, Objection, id_of
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.reports.cover_letter import LEVELS, authority
from skilleval.reports.filing import FilingContent, NoticeFacts, filing_templates
from skilleval.reports.fonts import Fonts
from skilleval.reports.package import Written, verify_package, write_package
from skilleval.reports.scores import score_lines
from skilleval.services import filing_content as reading
from skilleval.services import journal, notice_list, notices
from skilleval.services.duties import take_duty
from skilleval.services.filing_record import BatchOutline, read_batch
from skilleval.services.filing_scores import decisions_in, schemes_in, staff_in
from skilleval.services.filing_store import keep_package
from skilleval.services.journal import Actor
from skilleval.services.objections import objections_of
from skilleval.services.provenance import provenance_of
from skilleval.services.recused_results import Counted, counted_recusals
from skilleval.services.tenancy import viewer_of


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export left: the row that records it and the file."""

    filing: Filing
    written: Written


@dataclass(frozen=True, slots=True)
class Drafted:
    """A package that was written and checked, and what it says."""

    content: FilingContent
    written: Written


def export_filing(
    session: Session,
    actor: Actor,
    batch: Batch,
    *,
    vault: Vault,
    fonts: Fonts,
    folder: Path,
    instance_folder: Path,
    on: date,
    addressed_to: str | None = None,
    demo: bool = False,
    drafted: Drafted | None = None,
) -> Exported:
    """Write the package of a certified batch into ``folder`` and record it; a sealed copy stays with the installation.

    A package that was ``drafted`` is taken as it is where it still says what holds, and else written anew.

    Without ``addressed_to`` it goes to the authority of the registration. Authority is not asked for anew: certificates
    were issued with it on the batch's own days, and a registration that ends later must still report them. Refused with
    every reason: a batch that is not certified, a notice that is not closed, somebody without a result or a certificate,
    a code nobody confirmed, a certificate for which a mark or vote of somebody counts who has to be recused, and a package
    in which the verifier finds anything wrong (no file is left then).
    """
    take_duty(session, actor, batch, "filings.export_filing")
    content = collect_content(
        session, batch, vault=vault, instance_folder=instance_folder, on=on, addressed_to=addressed_to, demo=demo
    )
    if drafted is None or drafted.content != content:
        drafted = draft_filing(content, fonts=fonts, folder=folder)
    written = drafted.written
    keep_package(instance_folder, vault, written.path.read_bytes())
    filing = Filing(
        institution_id=batch.institution_id,
        batch_id=id_of(batch),
        version=content.version,
        addressed_to=content.addressed_to,
        file_name=written.path.name,
        sha256=written.sha256,
        manifest=dict(written.manifest),
        exported_on=on,
    )
    session.add(filing)
    rows: list[Batch | Filing] = [filing]
    if batch.state == "certified":
        batch.state = lifecycle.step("batch", batch.state, "filed")
        session.add(batch)
        rows.append(batch)
    journal.record(session, actor, batch.institution_id, "filing.export", objects=rows)
    return Exported(filing, written)


def draft_filing(
    content: FilingContent, *, fonts: Fonts, folder: Path, progress: Callable[[int], None] | None = None
) -> Drafted:
    """Write the package of ``content`` into ``folder`` and check it; nothing is recorded, so that it takes no time of others.

    ``progress`` is told how many of its files (``files_in``) are made. Refused: a package in which the verifier finds
    anything wrong (no file is left then).
    """
    written = write_package(folder, content, fonts, progress)
    verdict = verify_package(written.path)
    if not verdict.ok:
        written.path.unlink()
        told = [f"{finding.place}：{finding.message}" for finding in verdict.findings]
        raise RuleBroken(f"批次 {content.plan[0].batch_number} 的上报材料未通过自检，未导出", told)
    return Drafted(content, written)


def collect_content(
    session: Session,
    batch: Batch,
    *,
    vault: Vault,
    instance_folder: Path,
    on: date,
    addressed_to: str | None = None,
    demo: bool = False,
) -> FilingContent:
    """Everything that the package of ``batch`` will say. Refused with every reason why it can't be said yet."""
    if batch.state not in ("certified", "filed"):
        told = lifecycle.label("batch", batch.state)
        raise RuleBroken(f"批次 {batch.number} 现在是“{told}”，发证完成后才能导出上报材料")
    record, notice = read_batch(session, batch), notices.current_notice(session, batch)
    level = addressed_to or record.registration.authority_level
    missing = reasons_against_export(session, record, notice, level)
    if missing:
        raise RuleBroken(f"批次 {batch.number} 还不能导出上报材料", missing)
    candidates = reading.candidate_lines(record, vault)
    earlier = filings_of(session, batch)
    provenance = provenance_of(session, batch, instance_folder)
    content = FilingContent(
        filer=reading.filer_of(record),
        plan=reading.plan_lines(record, _versions_told(provenance.specification, provenance.standard)),
        candidates=candidates,
        results=reading.result_lines(record, candidates),
        certificates=reading.certificate_lines(record, candidates, vault),
        notice_lines=reading.notice_lines(notice, notice_list.ROUTE_NAMES),
        notice=_notice_facts(session, notice),
        provenance=provenance,
        addressed_to=level,
        version=len(earlier) + 1,
        exported_on=on,
        supersedes=earlier[-1].sha256 if earlier else None,
        parts=reading.part_rules(record),
        withheld=reading.withheld(record, [entry["admission_number"] for entry in notice.content["entries"]]),
        cases=tuple(record.told_cases.values()),
        schemes=schemes_in(record.scores),
        scores=score_lines(record.scores),
        decisions=decisions_in(record.scores),
        assessors=staff_in(session, batch, record.scores),
        demo=demo,
    )
    authority(content, filing_templates()["letter"])
    return content


def reasons_against_export(session: Session, record: BatchOutline, notice: Notice, level: str) -> list[str]:
    """Everything that keeps the batch from being filed, in Chinese; empty when nothing does."""
    return export_reasons(record, notice, objections_of(session, notice), counted_recusals(session, record.batch), level)


def export_reasons(
    record: BatchOutline, notice: Notice, objections: Iterable[Objection], recused: Iterable[Counted], level: str
) -> list[str]:
    """``reasons_against_export`` where the objections and ``counted_recusals`` of the batch were read already."""
    reasons = []
    if level not in LEVELS:
        reasons.append(f"上报对象应为 {'、'.join(LEVELS)} 之一，现为“{level}”")
    if notice.state != "closed":
        reasons.append("公示尚未结束（skilleval notices close）")
    for objection in objections:
        if objection.state == "open":
            reasons.append(f"第 {objection.serial} 号异议尚未处理")
    if not record.candidates:
        reasons.append("没有资格审核通过的考生")
    uploaded = filing_templates()["certificates"].codes["id_types"]
    for candidate in record.candidates:
        key, person = id_of(candidate), record.people[candidate.person_id]
        who = f"{person.name}（{candidate.admission_number or '无准考证号'}）"
        result, certificate = record.results.get(key), record.certificates.get(key)
        if not candidate.admission_number:
            reasons.append(f"{who}没有准考证号")
        if result is None:
            reasons.append(f"{who}没有核定成绩")
        elif result.outcome == "passed" and certificate is None and key not in record.ended:
            reasons.append(f"{who}合格但尚未发证（skilleval certificates issue）")
        if certificate is not None and certificate.id_type not in uploaded:
            reasons.append(f"{who}的证件类型在证书数据上报表中没有已确认的代码")
        if certificate is not None and Grade(certificate.grade).digit is None:
            reasons.append(f"{who}的等级 {Grade(certificate.grade).name_zh} 没有已确认的上报代码")
    return reasons + [one.told for one in recused]


def filings_of(session: Session, batch: Batch) -> Sequence[Filing]:
    """All packages exported for a batch, first to last."""
    query = select(Filing).where(col(Filing.institution_id) == batch.institution_id, col(Filing.batch_id) == batch.id)
    return session.exec(query.order_by(col(Filing.version))).all()


def filing_of(session: Session, batch: Batch, version: int | None = None) -> Filing:
    """One version of a batch's package, the last one without a version. Refused: there is none."""
    found = [one for one in filings_of(session, batch) if version in (None, one.version)]
    if not found:
        told = "还没有导出过上报材料" if version is None else f"没有第 {version} 版上报材料"
        raise RuleBroken(f"批次 {batch.number} {told}")
    return found[-1]


def list_filings(session: Session) -> Sequence[tuple[Filing, Batch]]:
    """All packages that the viewer ever exported, with their batches, by batch and version."""
    query = (
        select(Filing, Batch)
        .join(Batch, col(Batch.id) == col(Filing.batch_id))
        .where(viewer_of(session).own(col(Filing.institution_id)))
        .order_by(col(Batch.number), col(Batch.id), col(Filing.version))
    )
    return session.exec(query).all()


def _notice_facts(session: Session, notice: Notice) -> NoticeFacts:
    return NoticeFacts(
        serial=notice.serial,
        first_day=notice.first_day,
        last_day=notice.last_day,
        working_days=notice.working_days,
        content_hash=notice.content_hash,
        journal_head=notice.journal_head,
        objections=len(objections_of(session, notice)),
        contact=notice.content["contact"],
        phone=notice.content["phone"],
    )


def _versions_told(specification: object, standard: object) -> str:
    """The plan's column 依据规则版本: the specification, its standard, its entry conditions."""
    assert isinstance(specification, dict) and isinstance(standard, dict)
    told = [f"《{specification['title']}》第{specification['version']}版"]
    if standard:
        told.append(" ".join(filter(None, ("国家职业标准", standard.get("title"), standard.get("document")))))
    if specification["conditions"]:
        told.append(f"申报条件 {specification['conditions']} 版")
    return "；".join(told)
