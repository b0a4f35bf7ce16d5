"""What the manifest says about a package, worked out again from its files.

These rest on everything else: a cell that is wrong changes counts as well, and one mistake is one finding. So they are
asked only of a package in which nothing else was found.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from skilleval.reports.findings import Finding
from skilleval.reports.manifest import NAME
from skilleval.reports.package_sheets import Sheets

Statement = Callable[[Sheets, Mapping[str, Any]], Iterator[Finding]]

_DIGEST = re.compile(r"[0-9a-f]{64}")


def empty_cells_are_told(sheets: Sheets, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """The manifest names each column with empty cells, and in how many rows they are."""
    told = {(entry["file"], entry["column"]): entry["rows"] for entry in manifest["left_empty"]}
    for sheet in sheets.values():
        for column in sheet.template.columns:
            empty = sum(1 for line in sheet.lines if line.values.get(column.key) is None)
            named = told.pop((sheet.template.file, column.heading), 0)
            if empty != named:
                message = f"清单写“{column.heading}”留空 {named} 行，文件中为 {empty} 行"
                yield Finding("left-empty", message, sheet.template.file)
    for file, heading in told:
        yield Finding("left-empty", f"清单写“{heading}”留空，文件中没有这一列", str(file))


def titles_agree(sheets: Sheets, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Each workbook's title names the institution, the batch and the days of the manifest."""
    batch, notice = manifest["batch"], manifest["notice"]
    for sheet in sheets.values():
        expected = sheet.template.title.format(
            institution=manifest["institution"].get("name"),
            batch=batch.get("number"),
            batch_name=batch.get("name"),
            count=manifest["counts"].get("certificates"),
            first_day=notice.get("first_day"),
            last_day=notice.get("last_day"),
        )
        if sheet.title != expected:
            yield Finding("title", f"标题应为“{expected}”", sheet.template.file, 1, "A", "标题", sheet.title)


def grades_agree(sheets: Sheets, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """The plan has a row for each grade of the manifest, and no other."""
    planned = sorted(str(getattr(line.get("grade"), "value", "")) for line in sheets["plan"].lines)
    if planned != sorted(map(str, manifest["batch"].get("grades") or [])):
        yield Finding("manifest-disagrees", "清单的等级与评价计划的等级不一致", NAME)


def withheld_are_candidates(sheets: Sheets, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Who is said to have no valid certificate is on the roll, and has none."""
    numbers = {line.text("admission_number"): line.text("certificate_number") for line in sheets["results"].lines}
    for entry in manifest["withheld"]:
        number = entry["admission_number"]
        if number not in numbers:
            yield Finding("withheld", f"清单说明未发证的 {number} 不在成绩汇总中", NAME)
        elif numbers[number]:
            yield Finding("withheld", f"清单说明 {number} 未持有有效证书，成绩汇总中却有证书编号", NAME)


def notice_lasts_as_told(_sheets: Sheets, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """So many working days fit between the first and the last day, both included.

    Only the days are counted: which of them are worked is in the holiday table of the installation that published.
    """
    notice = manifest["notice"]
    days = (date.fromisoformat(notice["last_day"]) - date.fromisoformat(notice["first_day"])).days + 1
    told = notice.get("working_days")
    if not isinstance(told, int) or not 1 <= told <= days:
        yield Finding("date-order", f"清单写公示 {told} 个工作日，起止之间只有 {days} 天", NAME)


def digests_are_whole(_sheets: Sheets, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """The head of the journal and the hashes of the notice are digests; a later version names the one before."""
    notice, filing = manifest["notice"], manifest["filing"]
    digests = {
        "操作日志链头": manifest["journal_head"],
        "公示时操作日志链头": notice.get("journal_head"),
        "公示内容摘要": notice.get("content_hash"),
    }
    version, earlier = filing.get("version"), filing.get("supersedes")
    if not isinstance(version, int) or version < 1 or (version == 1) != (earlier is None):
        yield Finding("manifest-disagrees", f"清单的版本号 {version} 与所取代的版本不相符", NAME)
    elif earlier is not None:
        digests["所取代的资料包"] = earlier
    for name, digest in digests.items():
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            yield Finding("manifest-disagrees", f"清单的{name}不是64位摘要", NAME)


STATEMENTS: tuple[Statement, ...] = (
    empty_cells_are_told,
    titles_agree,
    grades_agree,
    withheld_are_candidates,
    notice_lasts_as_told,
    digests_are_whole,
)
