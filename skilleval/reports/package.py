"""The filing package (上报材料): one zip that holds every document, says what it was made from, and can be checked
by anybody who has this software, with no database.

``write_package`` makes it from a :class:`FilingContent`; ``verify_package`` reads nothing but the file.
"""

import hashlib
import io
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO

from skilleval.domain.errors import RuleBroken
from skilleval.reports import archive, confirmation_form, cover_letter, manifest
from skilleval.reports.files import write_whole
from skilleval.reports.filing import LINES, FilingContent, documents_of, filing_templates
from skilleval.reports.findings import WARNINGS, Finding, Findings
from skilleval.reports.fonts import Fonts
from skilleval.reports.manifest import Member
from skilleval.reports.notice import NoticeEntry, NoticeSheet, render_notice
from skilleval.reports.package_agreement import agreement
from skilleval.reports.package_rules import RULES
from skilleval.reports.package_sheets import Sheet, read_sheet
from skilleval.reports.package_statements import STATEMENTS
from skilleval.reports.templates import Template
from skilleval.sheets import flat
from skilleval.sheets.reading import read_sheets

_UNSAFE = re.compile(r"[^0-9A-Za-z\u4e00-\u9fff_-]")
_NUMBERS = ("integer", "mark")
_PRINTED = ("confirmation", "notice", "letter")


@dataclass(frozen=True, slots=True)
class Written:
    """A package on disk."""

    path: Path
    sha256: str
    manifest: Mapping[str, Any]


#: told how many files are made
Progress = Callable[[int], None]


def files_in(content: FilingContent) -> int:
    """How many files the package of ``content`` has, the manifest among them."""
    return len(_sheets_of(content)) + len(_PRINTED) + 1


def write_package(folder: Path, content: FilingContent, fonts: Fonts, progress: Progress | None = None) -> Written:
    """Write the package of ``content`` into ``folder``, whole or not at all.

    Refused with ``RuleBroken``: a value that a code list has no confirmed code for.
    """
    members = make_members(content, filing_templates(), fonts, progress)
    told = manifest.make(content, filing_templates(), members)
    files = {member.name: member.content for member in members}
    packed = archive.pack({manifest.NAME: manifest.canonical(told), **files})
    path = folder / package_name(content)
    write_whole(path, packed)
    if progress is not None:
        progress(len(files) + 1)
    return Written(path, hashlib.sha256(packed).hexdigest(), told)


def package_name(content: FilingContent) -> str:
    """The file's name: credit code, batch, version; characters that a file system may refuse are replaced."""
    batch = _UNSAFE.sub("-", content.plan[0].batch_number)
    return f"上报材料_{content.filer.credit_code}_{batch}_v{content.version}.zip"


def make_members(
    content: FilingContent, templates: Mapping[str, Template], fonts: Fonts, progress: Progress | None = None
) -> list[Member]:
    """All files but the manifest, in order. The letter comes last: it names the others with their hashes."""
    members: list[Member] = []

    def add(member: Member) -> None:
        members.append(member)
        if progress is not None:
            progress(len(members))

    def printed(document: str, pdf: bytes) -> None:
        add(Member(templates[document].printed, document, pdf, None))

    for document in _sheets_of(content):
        add(_workbook(document, templates[document], content))
    printed("confirmation", confirmation_form.render(content, templates["confirmation"], fonts))
    printed("notice", render_notice(notice_sheet(content, templates["notice"]), fonts))
    members.sort(key=lambda member: member.name)
    printed("letter", cover_letter.render(content, templates, members, fonts))
    return members


def _sheets_of(content: FilingContent) -> list[str]:
    """The documents that are workbooks."""
    return [document for document in documents_of(content.schemes) if document in LINES]


def _workbook(document: str, template: Template, content: FilingContent) -> Member:
    file = io.BytesIO()
    count = write_sheet(file, template, content.titled(template.title), content.lines(document))
    return Member(template.file, document, file.getvalue(), count)


def write_sheet(file: BinaryIO, template: Template, title: str, lines: Sequence[object]) -> int:
    """Write ``lines`` as the workbook of ``template`` and return how many there were."""
    columns = [
        flat.FlatColumn(column.heading, column.width, column.kind if column.kind in _NUMBERS else "text")
        for column in template.columns
    ]
    writers = [(attrgetter(column.key), template.writer(column)) for column in template.columns]
    rows = ([write(read(line)) for read, write in writers] for line in lines)
    return flat.write_flat(file, template.sheet, title, columns, rows)


def notice_sheet(content: FilingContent, template: Template) -> NoticeSheet:
    """The published list as its PDF prints it."""
    filer, plan, facts = content.filer, content.plan[0], content.notice
    return NoticeSheet(
        institution=filer.name,
        credit_code=filer.credit_code,
        contact=facts.contact,
        phone=facts.phone,
        batch=plan.batch_number,
        batch_name=plan.batch_name,
        first_day=facts.first_day,
        last_day=facts.last_day,
        working_days=facts.working_days,
        entries=tuple(
            NoticeEntry(
                serial=line.serial,
                name=line.name,
                masked_number=line.masked_id_number,
                employer=line.employer,
                occupation=line.occupation_name,
                trade=line.trade,
                grade=line.grade.printed,
                route=template.codes["routes"][line.route],
            )
            for line in content.notice_lines
        ),
        content_hash=facts.content_hash,
        journal_head=facts.journal_head,
        demo=content.demo,
    )


def verify_package(path: Path) -> Findings:
    """Everything that is wrong with the package at ``path``; reads nothing else, neither database nor settings."""
    try:
        size = path.stat().st_size
        if size > archive.MAXIMUM_BYTES:
            raise archive.NotAPackage(f"文件有 {size // 1024 // 1024} MB，不是本软件生成的资料包")
        packed = path.read_bytes()
        members = archive.unpack(packed)
    except archive.NotAPackage as reason:
        return Findings(path.name, (Finding("not-a-package", str(reason), path.name),))
    except OSError as error:
        raise RuleBroken(f"{path} 无法读取：{error.strerror}") from error
    digest = hashlib.sha256(packed).hexdigest()
    try:
        told = manifest.parse(members.pop(manifest.NAME, b""))
    except ValueError as reason:
        return Findings(path.name, (Finding("manifest", str(reason), manifest.NAME),), digest)
    verdict = Findings(
        path.name, (), digest, str(told["institution"].get("name")), str(told["batch"].get("number")),
        tuple(sorted(told["counts"].items())),
    )  # fmt: skip
    return replace(verdict, findings=tuple(_check(told, members)))


def _check(told: Mapping[str, Any], members: Mapping[str, bytes]) -> list[Finding]:
    """Container first, then each workbook, then all together; what rests on a broken layer is not checked."""
    every = filing_templates()
    templates = {document: every[document] for document in documents_of(told["schemes"])}
    found = [*_check_templates(told, every), *_check_members(told, members, templates)]
    if found:
        return found
    opened: dict[str, Sheet] = {}
    rows = {entry["name"]: entry["rows"] for entry in told["files"]}
    for document in (one for one in templates if one in LINES):
        template = templates[document]
        opened[document], wrong = _open_sheet(template, members[template.file])
        found += wrong
        if not wrong and rows[template.file] != len(opened[document].lines):
            message = f"清单写 {rows[template.file]} 行，文件中为 {len(opened[document].lines)} 行"
            found.append(Finding("row-count", message, template.file))
    if any(finding.code in ("workbook", "headings") for finding in found):
        return found
    for rule in RULES:
        found += rule(opened, told)
    found += agreement(opened, told)
    if all(finding.code in WARNINGS for finding in found):
        for statement in STATEMENTS:
            found += statement(opened, told)
    return found


def _check_templates(told: Mapping[str, Any], templates: Mapping[str, Template]) -> list[Finding]:
    named = {entry.get("name"): entry for entry in told["templates"]}
    found = []
    for name, template in templates.items():
        entry = named.get(name, {})
        if (entry.get("version"), entry.get("sha256")) != (template.version, template.sha256):
            theirs, ours = entry.get("version"), template.version
            message = f"“{template.label}”的模板（第 {theirs} 版）与本软件所带的（第 {ours} 版）不同，无法核对"
            found.append(Finding("template", message, manifest.NAME))
    return found


def _check_members(
    told: Mapping[str, Any], members: Mapping[str, bytes], templates: Mapping[str, Template]
) -> list[Finding]:
    found = []
    wanted = {name for template in templates.values() for name in (template.file, template.printed) if name}
    listed = {str(entry.get("name")): entry for entry in told["files"]}
    for name in sorted(wanted - members.keys() | listed.keys() - members.keys()):
        found.append(Finding("member-missing", "资料包中没有此文件", name))
    for name in sorted(members.keys() - (wanted & listed.keys())):
        found.append(Finding("member-foreign", "清单或模板中没有此文件", name))
    if len(listed) != len(told["files"]):
        found.append(Finding("manifest-disagrees", "清单中有文件列了两次", manifest.NAME))
    documents = {file: name for name, template in templates.items() for file in (template.file, template.printed)}
    for name in sorted(wanted & listed.keys() & members.keys()):
        entry = listed[name]
        if hashlib.sha256(members[name]).hexdigest() != entry["sha256"]:
            found.append(Finding("hash", "文件内容与清单的 SHA-256 不符", name))
        elif (len(members[name]), documents[name]) != (entry["bytes"], entry["document"]):
            found.append(Finding("manifest-disagrees", "文件的大小或种类与清单所写不符", name))
        elif name.endswith(".pdf") and entry.get("rows") is not None:
            found.append(Finding("manifest-disagrees", "PDF 文件在清单中不应有行数", name))
        elif name.endswith(".pdf") and not members[name].startswith(b"%PDF-"):
            found.append(Finding("pdf", "不是 PDF 文件", name))
    return found


def _open_sheet(template: Template, workbook: bytes) -> tuple[Sheet, list[Finding]]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / template.file
        file.write_bytes(workbook)
        try:
            found = {sheet.name: sheet.rows for sheet in read_sheets(file)}
        except RuleBroken as refusal:
            return Sheet(template, ()), [Finding("workbook", refusal.message, template.file)]
    if template.sheet not in found:
        return Sheet(template, ()), [Finding("workbook", f"没有工作表“{template.sheet}”", template.file)]
    if len(found) > 1:
        others = "、".join(f"“{name}”" for name in found if name != template.sheet)
        return Sheet(template, ()), [Finding("workbook", f"模板没有的工作表{others}", template.file)]
    return read_sheet(template, found[template.sheet])
