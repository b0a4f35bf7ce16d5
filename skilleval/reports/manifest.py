"""The manifest of a package: what it holds, from what it was made, and a seal over itself."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from skilleval.reports.direct_case import read_case
from skilleval.reports.filing import Filer, FilingContent, NoticeFacts
from skilleval.reports.filing_lines import PlanLine
from skilleval.reports.scores import read_decision, read_scheme
from skilleval.reports.templates import Template

NAME = "manifest.json"
FORMAT = "skilleval-filing"
VERSION = 2

#: What a manifest must say, and as what.
_SHAPE: Mapping[str, type] = {
    **dict.fromkeys(("format", "institution", "batch", "filing", "notice", "counts", "software"), dict),
    **dict.fromkeys(("standard", "specification", "batch_versions"), dict),
    **dict.fromkeys(("rule_data", "templates", "files", "parts", "schemes", "cases", "decisions"), list),
    **dict.fromkeys(("assessors", "withheld", "left_empty", "notes"), list),
    **dict.fromkeys(("journal_head", "seal"), str),
}

#: What each entry of a list must say, and as what.
_ENTRIES: Mapping[str, Mapping[str, type]] = {
    "rule_data": {"name": str, "sha256": str},
    "templates": {"name": str, "version": int, "sha256": str},
    "files": {"name": str, "document": str, "bytes": int, "sha256": str},
    "parts": {"grade": str, "method": str, "weight": int, "maximum": int, "pass_mark": int},
    "assessors": {"code": str, "name": str},
    "withheld": {"admission_number": str, "why": str},
    "left_empty": {"file": str, "column": str, "rows": int, "why": str},
}


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the package besides the manifest. ``rows`` is None for a file without a table."""

    name: str
    document: str
    content: bytes
    rows: int | None

    @property
    def sha256(self) -> str:
        """The hash of the file."""
        return hashlib.sha256(self.content).hexdigest()


def make(content: FilingContent, templates: Mapping[str, Template], members: Sequence[Member]) -> dict[str, Any]:
    """The sealed manifest of ``members``."""
    manifest: dict[str, Any] = {
        "format": {"name": FORMAT, "version": VERSION},
        "institution": _institution(content.filer),
        "batch": _batch(content.plan),
        "filing": {
            "version": content.version,
            "supersedes": content.supersedes,
            "addressed_to": content.addressed_to,
            "exported_on": content.exported_on.isoformat(),
        },
        "notice": _notice(content.notice),
        "counts": {
            "candidates": len(content.candidates),
            "passed": content.passed,
            "certificates": len(content.certificates),
        },
        "software": {"name": "skilleval", "version": content.provenance.software},
        "standard": dict(content.provenance.standard),
        "specification": dict(content.provenance.specification),
        "batch_versions": dict(content.provenance.batch_versions),
        "rule_data": [dict(entry) for entry in content.provenance.rule_data],
        "templates": [
            {"name": template.name, "version": template.version, "sha256": template.sha256}
            for template in templates.values()
        ],
        "parts": [part.as_json() for part in content.parts],
        "schemes": [scheme.as_json() for scheme in content.schemes],
        "decisions": [asdict(decision) for decision in content.decisions],
        "assessors": [{"code": code, "name": name} for code, name in content.assessors],
        "cases": [case.as_json() for case in content.cases],
        "withheld": [{"admission_number": entry.admission_number, "why": entry.why} for entry in content.withheld],
        "files": [_file(member) for member in members],
        "journal_head": content.provenance.journal_head,
        "left_empty": left_empty(content, templates),
        "notes": list(content.notes),
    }
    return {**manifest, "seal": seal(manifest)}


def _institution(filer: Filer) -> dict[str, Any]:
    return {
        "name": filer.name,
        "credit_code": filer.credit_code,
        "registration_number": filer.registration_number,
        "authority": filer.authority,
        "valid_from": filer.valid_from.isoformat(),
        "valid_to": filer.valid_to.isoformat(),
    }


def _batch(plan: Sequence[PlanLine]) -> dict[str, Any]:
    """The batch of a plan, which has a line for each grade."""
    line = plan[0]
    return {
        "number": line.batch_number,
        "name": line.batch_name,
        "occupation_code": line.occupation_code,
        "occupation_name": line.occupation_name,
        "trade": line.trade,
        "grades": [one.grade.value for one in plan],
        "starts_on": line.starts_on.isoformat(),
        "ends_on": line.ends_on.isoformat(),
    }


def _notice(notice: NoticeFacts) -> dict[str, Any]:
    return {
        "serial": notice.serial,
        "first_day": notice.first_day.isoformat(),
        "last_day": notice.last_day.isoformat(),
        "working_days": notice.working_days,
        "content_hash": notice.content_hash,
        "journal_head": notice.journal_head,
        "objections": notice.objections,
    }


def _file(member: Member) -> dict[str, Any]:
    return {
        "name": member.name,
        "document": member.document,
        "rows": member.rows,
        "bytes": len(member.content),
        "sha256": member.sha256,
    }


def left_empty(content: FilingContent, templates: Mapping[str, Template]) -> list[dict[str, Any]]:
    """Each column with empty cells: where, in how many rows, and why."""
    found = []
    for document, template in templates.items():
        lines = content.lines(document)
        for column in template.columns:
            empty = sum(1 for line in lines if getattr(line, column.key) in (None, ""))
            if empty:
                why = template.texts.get("empty", {}).get(column.key) or "系统中没有这项资料"
                entry = {"file": template.file, "column": column.heading, "rows": empty, "why": why}
                found.append(entry | ({"written": column.when_empty} if column.when_empty else {}))
    return found


def canonical(manifest: Mapping[str, Any]) -> bytes:
    """The one spelling of a manifest: readable, keys in order, a line end at the end."""
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    return (text + "\n").encode()


def seal(manifest: Mapping[str, Any]) -> str:
    """The hash of everything that the manifest says but the seal."""
    unsealed = {key: value for key, value in manifest.items() if key != "seal"}
    return hashlib.sha256(canonical(unsealed)).hexdigest()


def parse(raw: bytes) -> dict[str, Any]:
    """The manifest in ``raw``. Raises ``ValueError`` with the reason in Chinese: not one of ours, or changed."""
    try:
        manifest = json.loads(raw.decode())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"清单无法读取：{error}") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), dict):
        raise ValueError("清单不是 skilleval 资料包的清单")
    written = manifest["format"]
    if written != {"name": FORMAT, "version": VERSION}:
        raise ValueError(f"不认识的资料包格式 {written.get('name')} {written.get('version')}，请用生成它的软件版本核对")
    for key, kind in _SHAPE.items():
        if not isinstance(manifest.get(key), kind):
            raise ValueError(f"清单缺少“{key}”或其类型不对")
    for key, shape in _ENTRIES.items():
        for entry in manifest[key]:
            if not isinstance(entry, dict) or not all(isinstance(entry.get(name), kind) for name, kind in shape.items()):
                raise ValueError(f"清单“{key}”中有一项缺少内容或类型不对")
    for entry in manifest["cases"]:
        read_case(entry)
    for entry in manifest["schemes"]:
        read_scheme(entry)
    for entry in manifest["decisions"]:
        read_decision(entry)
    if seal(manifest) != manifest["seal"] or canonical(manifest) != raw:
        raise ValueError("清单的封印不符：清单在生成后被改动")
    return manifest
