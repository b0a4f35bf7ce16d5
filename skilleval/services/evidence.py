"""Evidence (佐证材料) of people: handed in, accepted or rejected by a verifier, never changed in between.

Source of the kinds: guangdong-rules 2.2 and the founding plan 二（一）1、二（三）1.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import CaseEvidence, CaseLine, Evidence, Institution, Person, RecognitionCase, id_of
from skilleval.domain.backgrounds import EVIDENCE_LEVELS
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import clean_number
from skilleval.domain.recognition import EVIDENCE_KINDS, EVIDENCE_STATES
from skilleval.reports.files import write_whole
from skilleval.services import journal
from skilleval.services.journal import Actor
from skilleval.services.tenancy import viewer_of
from skilleval.uploads.intake import CleanFile

_KEYS: Mapping[str, type] = {
    **dict.fromkeys(("code", "employer", "person", "kind", "title", "issuer", "level", "file"), str),
    "started_on": date,
    "ended_on": date,
}
_REQUIRED = ("code", "person", "kind", "title", "started_on", "issuer")


def add_evidence(
    session: Session,
    actor: Actor,
    institution: Institution,
    entries: Sequence[Any],
    *,
    folder: Path,
    vault: Vault,
    on: date,
) -> list[Evidence]:
    """Hand in evidence from the entries of a file; ``folder`` is where the named files lie, and their hashes are kept.

    Refused with every reason, and nothing is written: keys, kinds, levels and dates that are wrong or yet to come, a code in
    use, people or files that there are not.
    """
    problems: list[str] = []
    known = set(session.exec(select(Evidence.code).where(col(Evidence.institution_id) == institution.id)))
    rows = []
    for place, entry in enumerate(entries, start=1):
        row, wrong = _row(session, institution, entry, known, folder, vault, actor, on)
        problems += [f"第 {place} 项：{one}" for one in wrong]
        if row is not None:
            known.add(row.code)
            rows.append(row)
    if problems or not rows:
        raise RuleBroken("佐证材料文件有错误，未作任何改动", problems or ["没有 [[evidence]] 一项"])
    session.add_all(rows)
    journal.record(session, actor, id_of(institution), "evidence.add", objects=rows)
    return rows


def hand_in(
    session: Session,
    actor: Actor,
    institution: Institution,
    person: Person,
    entry: Mapping[str, Any],
    *,
    file: CleanFile,
    folder: Path,
    on: date,
) -> Evidence:
    """Hand in one piece of evidence of a person with its file, which is put into ``folder`` under a random name.

    ``entry`` is one of a file without ``person`` and ``file``. Refused with every reason: as ``add_evidence``. A caller who
    does not commit takes the file away again (``discard``).
    """
    known = set(session.exec(select(Evidence.code).where(col(Evidence.institution_id) == institution.id)))
    told = {**entry, "person": person.name}
    problems = _entry_problems(told) or _word_problems(told, known, on)
    if problems:
        raise RuleBroken("佐证材料有错误，未作任何改动", problems)
    row = _evidence(institution, person, told, actor)
    row.stored_as, row.sha256 = f"{secrets.token_hex(16)}.{file.kind}", file.sha256
    session.add(row)
    session.flush()
    journal.record(session, actor, id_of(institution), "evidence.add", objects=[row])
    write_whole(folder / row.stored_as, file.content)
    return row


def discard(row: Evidence, folder: Path) -> None:
    """Take the file of evidence away that was not committed."""
    if row.stored_as is not None:
        (folder / row.stored_as).unlink(missing_ok=True)


def content_of(row: Evidence, folder: Path) -> bytes:
    """The file of evidence as it was handed in. Refused: evidence without a kept file, one that is gone or was changed."""
    if row.stored_as is None:
        raise RuleBroken(f"佐证材料 {row.code} 没有保存在本系统中的文件")
    try:
        content = (folder / row.stored_as).read_bytes()
    except OSError as error:
        raise RuleBroken(f"佐证材料 {row.code} 的文件不在了，请系统管理员从备份中恢复") from error
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise RuleBroken(f"佐证材料 {row.code} 的文件与登记的摘要不符，已被改动，不予提供")
    return content


def accept_evidence(session: Session, actor: Actor, rows: Sequence[Evidence], *, on: date) -> Sequence[Evidence]:
    """Accept evidence after it was verified; the actor is the verifier.

    Refused: one that is accepted already, one's own, one that the same account handed in.
    """
    people = {one.person_id for one in rows}
    names = dict(session.exec(select(Person.id, Person.name).where(col(Person.id).in_(people))).all())
    own = [f"{one.code} 是{actor.name}本人的" for one in rows if names[one.person_id] == actor.name.strip()]
    if own:
        raise RuleBroken("佐证材料须由本人以外的人核验，命令行以 --actor 写明核验人", own)
    return _verify(session, actor, rows, "accepted", None, on)


def reject_evidence(
    session: Session, actor: Actor, rows: Sequence[Evidence], *, reason: str, on: date
) -> Sequence[Evidence]:
    """Reject evidence with a reason.

    Refused: no reason, one that is rejected already or that a recognition rests on, one that the same account handed in.
    """
    if not reason.strip():
        raise RuleBroken("不采信佐证材料须写明理由")
    used = [f"{one.code} 已用于予以认定的案卷 {number}" for one in rows for number in _recognised_by(session, one)]
    if used:
        raise RuleBroken("佐证材料不能改为不采信，须先改变认定决定", used)
    return _verify(session, actor, rows, "rejected", reason.strip(), on)


def find_evidence(session: Session, code: str) -> Evidence:
    """The viewer's evidence with this code. Refused: none has it, or evidence of several institutions does."""
    own = viewer_of(session).own(col(Evidence.institution_id))
    found = session.exec(select(Evidence).where(col(Evidence.code) == code.strip(), own)).all()
    if len(found) != 1:
        raise RuleBroken(f"没有编号为 {code} 的佐证材料" if not found else f"有 {len(found)} 个机构使用佐证材料编号 {code}")
    return found[0]


def list_evidence(session: Session, institution: Institution | None = None) -> Sequence[tuple[Evidence, Person]]:
    """Evidence with its person, of one institution or of all, by code."""
    query = select(Evidence, Person).where(col(Person.id) == col(Evidence.person_id))
    if institution is not None:
        query = query.where(col(Evidence.institution_id) == institution.id)
    return session.exec(query.order_by(col(Evidence.institution_id), col(Evidence.code))).all()


def _verify(
    session: Session, actor: Actor, rows: Sequence[Evidence], state: str, reason: str | None, on: date
) -> Sequence[Evidence]:
    standing = [f"{one.code} 已是“{EVIDENCE_STATES[state]}”" for one in rows if one.state == state]
    standing += [f"{one.code} 是您自己提交的，须由另一人核验" for one in rows if one.submitted_by and one.submitted_by == actor.account]
    if standing:
        raise RuleBroken("佐证材料没有改动", standing)
    for one in rows:
        one.state, one.reason, one.verifier, one.verified_on = state, reason, actor.name, on
    session.add_all(rows)
    for firm in sorted({one.institution_id for one in rows}):
        own = [one for one in rows if one.institution_id == firm]
        journal.record(session, actor, firm, f"evidence.{state}", objects=own, reason=reason)
    return rows


def _recognised_by(session: Session, evidence: Evidence) -> Sequence[str]:
    query = (
        select(RecognitionCase.number)
        .join(CaseLine, col(CaseLine.case_id) == col(RecognitionCase.id))
        .join(CaseEvidence, col(CaseEvidence.line_id) == col(CaseLine.id))
        .where(col(CaseEvidence.evidence_id) == evidence.id, col(RecognitionCase.state) == "recognised")
        .distinct()
    )
    return session.exec(query.order_by(col(RecognitionCase.number))).all()


def _row(
    session: Session,
    institution: Institution,
    entry: Any,
    known: set[str],
    folder: Path,
    vault: Vault,
    actor: Actor,
    on: date,
) -> tuple[Evidence | None, list[str]]:
    problems = _entry_problems(entry)
    if problems:
        return None, problems
    problems = _word_problems(entry, known, on)
    person = _person(session, institution, entry, vault)
    if person is None:
        problems.append("花名册中没有此人，person 应为工号或证件号码，他企业人员另写 employer（统一社会信用代码）")
    digest = None
    if "file" in entry:
        try:
            digest = hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest()
        except OSError:
            problems.append(f"找不到文件 {entry['file']}")
    if problems or person is None:
        return None, problems
    row = _evidence(institution, person, entry, actor)
    row.file_name, row.sha256 = Path(entry["file"]).name if "file" in entry else None, digest
    return row, []


def _word_problems(entry: Mapping[str, Any], known: set[str], on: date) -> list[str]:
    """What is wrong with the words and days of an entry whose keys and types are right, handed in on a day."""
    problems = []
    if _word(entry["kind"], EVIDENCE_KINDS) is None:
        problems.append(f"kind “{entry['kind']}”应为：{'、'.join(EVIDENCE_KINDS.values())}")
    if "level" in entry and _word(entry["level"], EVIDENCE_LEVELS) is None:
        problems.append(f"level “{entry['level']}”应为：{'、'.join(EVIDENCE_LEVELS.values())}")
    if entry["code"] in known:
        problems.append(f"编号 {entry['code']} 已存在")
    if entry.get("ended_on", entry["started_on"]) < entry["started_on"]:
        problems.append("止日（ended_on）早于起日（started_on）")
    names = {"started_on": "起始（取得）日期", "ended_on": "截止日期"}
    problems += [
        f"{name} {entry[key]} 晚于今天 {on}（{key}）：佐证材料只能证明已经发生的事，仍在进行的截止日期留空"
        for key, name in names.items()
        if entry.get(key, on) > on
    ]
    return problems


def _evidence(institution: Institution, person: Person, entry: Mapping[str, Any], actor: Actor) -> Evidence:
    kind = _word(entry["kind"], EVIDENCE_KINDS)
    assert kind is not None
    return Evidence(
        institution_id=id_of(institution), code=entry["code"], employer_id=person.institution_id,
        person_id=id_of(person), kind=kind, title=entry["title"], started_on=entry["started_on"],
        ended_on=entry.get("ended_on"), issuer=entry["issuer"],
        level=_word(entry["level"], EVIDENCE_LEVELS) if "level" in entry else None, submitted_by=actor.account,
    )  # fmt: skip


def _entry_problems(entry: Any) -> list[str]:
    if not isinstance(entry, dict):
        return ["应写作 [[evidence]] 一节"]
    problems = [f"缺少 {key}" for key in _REQUIRED if entry.get(key) in (None, "")]
    problems += [f"不认识的项 {key}" for key in entry if key not in _KEYS]
    for key, kind in _KEYS.items():
        if key in entry and (not isinstance(entry[key], kind) or isinstance(entry[key], datetime)):
            problems.append(f"{key} 应为{'文字' if kind is str else '日期（如 2026-06-08，不加引号）'}")
    return problems


def _word(written: str, words: Mapping[str, str]) -> str | None:
    return next((key for key, name in words.items() if written in (key, name)), None)


def _person(session: Session, institution: Institution, entry: Mapping[str, Any], vault: Vault) -> Person | None:
    firm = id_of(institution)
    if "employer" in entry:
        query = select(Institution.id).where(col(Institution.credit_code) == entry["employer"])
        firm = session.exec(query).first() or 0
    people = select(Person).where(col(Person.institution_id) == firm)
    index = vault.index(firm, clean_number(entry["person"]))
    found = session.exec(
        people.where((col(Person.employee_no) == entry["person"]) | (col(Person.id_index) == index))
    ).all()
    return found[0] if len(found) == 1 else None
