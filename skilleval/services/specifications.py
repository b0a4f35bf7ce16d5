"""Drafts of specifications (起草) that the lead of a chain organises: who drafts, each revision, and what became of it.

Source: the founding plan 二（四）2 (the lead of a chain organises the writing of specifications; draft). Drafts are the
lead's; a co-drafter sees them and hands in revisions while it takes part. Reviews stand in ``specification_reviews``.
"""

import hashlib
import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from skilleval import standards
from skilleval.db.tables import (
    DraftRevision,
    Institution,
    SpecificationDraft,
    id_of,
)
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.specification_changes import SpecificationChange, specification_changes
from skilleval.services import journal
from skilleval.services.chains import find_chain
from skilleval.services.firm_file import check_specification
from skilleval.services.institutions import must_be_new
from skilleval.services.journal import Actor
from skilleval.services.specification_drafters import KIND, drafter_row, drafting_firm, member_name
from skilleval.services.tenancy import viewer_of
from skilleval.services.toml_form import form_problems, table_problems

LEAD_ROLE = "牵头单位"
_KEYS: dict[str, type] = {
    "number": str, "chain": str, "title": str, "occupation_code": str, "occupation_edition": str, "trade": str,
    "grades": list, "opened_on": date, "people": list, "drafter": list,
}  # fmt: skip
_REQUIRED = ("number", "chain", "title", "occupation_code", "grades", "opened_on", "people")
_DRAFTER_KEYS: dict[str, type] = {"credit_code": str, "role": str, "people": list, "joined_on": date}


def add_draft(session: Session, actor: Actor, content: dict[str, Any]) -> SpecificationDraft:
    """Open a draft from its file, with the lead and its co-drafters.

    Refused with every reason: keys that are wrong or missing, a chain that the viewer does not lead, an unknown occupation or
    grade, a number in use, a co-drafter that is no member of the chain on the day from which it drafts.
    """
    problems = form_problems(content, _KEYS, _REQUIRED)
    problems += table_problems(content, "drafter", _DRAFTER_KEYS, tuple(_DRAFTER_KEYS))
    if problems:
        raise RuleBroken("起草文件有错误，未作任何改动", problems)
    chain = find_chain(session, content["chain"])
    lead = _institution(session, chain.institution_id)
    edition, on = content.get("occupation_edition", "2022"), content["opened_on"]
    grades = _grades(content["grades"], problems)
    try:
        standards.occupation(content["occupation_code"], edition)
    except RuleBroken as refusal:
        problems.append(refusal.message)
    same = select(SpecificationDraft).where(
        col(SpecificationDraft.institution_id) == lead.id, col(SpecificationDraft.number) == content["number"].strip()
    )
    if session.exec(same).first() is not None:
        problems.append(f"起草编号 {content['number'].strip()} 已使用")
    draft = SpecificationDraft(
        institution_id=chain.institution_id, chain_id=id_of(chain), number=content["number"].strip(),
        title=content["title"].strip(), occupation_code=content["occupation_code"], occupation_edition=edition,
        trade=content.get("trade", ""), grades=grades, opened_on=on,
    )  # fmt: skip
    rows = [drafter_row(draft, lead.credit_code, lead.name, LEAD_ROLE, content["people"], on, problems)]
    for entry in content.get("drafter", []):
        name = member_name(session, chain, entry["credit_code"], entry["joined_on"], problems)
        code = entry["credit_code"].strip().upper()
        if code in {one.credit_code for one in rows}:
            problems.append(f"{code} 写了两次")
        if entry["joined_on"] < on:
            problems.append(f"{code} 的参加日期 {entry['joined_on']} 早于立项日期 {on}")
        rows.append(drafter_row(draft, code, name, entry["role"], entry["people"], entry["joined_on"], problems))
    if problems:
        raise RuleBroken("起草文件有错误，未作任何改动", problems)
    session.add(draft)
    session.flush()
    for row in rows:
        row.draft_id = id_of(draft)
    session.add_all(rows)
    journal.record(session, actor, draft.institution_id, "specification.draft", objects=[draft, *rows])
    return draft


def revise(
    session: Session,
    actor: Actor,
    draft: SpecificationDraft,
    content: str,
    *,
    reason: str,
    on: date,
    credit_code: str | None = None,
    own_standards: Path | None = None,
) -> DraftRevision:
    """Append a revision, as the viewer or, for the operator, the drafting firm of ``credit_code`` (else the lead) hands it in.

    Refused with every reason: a draft that is being reviewed or closed, no reason, a firm that doesn't draft on the day, a
    text that is no specification of this draft's occupation, trade and grades, one that is the last revision's, a code and
    version that the lead has already.
    """
    firm = drafting_firm(session, draft, credit_code, on)
    if not reason.strip():
        raise RuleBroken("提交文稿须写明理由（--reason）")
    if draft.state not in ("drafting", "revised"):
        lifecycle.step(KIND, draft.state, "revised")
    values = parse(content, own_standards)
    if problems := _foreign(draft, values):
        raise RuleBroken("文稿与起草项目不一致，未作任何改动", problems)
    must_be_new(session, draft.institution_id, values)
    earlier = revisions_of(session, draft)
    digest = hashlib.sha256(content.encode()).hexdigest()
    if earlier and earlier[-1].sha256 == digest:
        raise RuleBroken(f"文稿与第 {earlier[-1].serial} 稿完全相同")
    if earlier and on < earlier[-1].handed_on:
        raise RuleBroken(f"日期 {on} 早于第 {earlier[-1].serial} 稿的 {earlier[-1].handed_on}")
    revision = DraftRevision(
        institution_id=draft.institution_id, draft_id=id_of(draft), serial=len(earlier) + 1, content=content, sha256=digest,
        reason=reason.strip(), credit_code=firm.credit_code, by=actor.name, handed_on=on,
    )  # fmt: skip
    if draft.state in ("revising", "passed"):
        draft.state = "revised"
    session.add_all([draft, revision])
    journal.record(
        session, actor, draft.institution_id, "specification.revise", objects=[revision, draft], reason=reason.strip()
    )
    return revision


def abandon(session: Session, actor: Actor, draft: SpecificationDraft, *, reason: str, on: date) -> SpecificationDraft:
    """End a draft that becomes no specification. Refused: no reason, one that is under review or closed."""
    if not reason.strip():
        raise RuleBroken("终止起草须写明理由")
    draft.state = lifecycle.step(KIND, draft.state, "abandoned")
    draft.closed_on, draft.closed_reason = on, reason.strip()
    session.add(draft)
    journal.record(session, actor, draft.institution_id, "specification.abandon", objects=[draft], reason=reason.strip())
    return draft


def drafts_seen(session: Session, on: date) -> Sequence[SpecificationDraft]:
    """The drafts that the viewer leads or takes part in on a day, oldest first."""
    query = select(SpecificationDraft).where(viewer_of(session).drafts(on))
    return session.exec(query.order_by(col(SpecificationDraft.opened_on), col(SpecificationDraft.id))).all()


def find_draft(session: Session, number: str, on: date) -> SpecificationDraft:
    """The draft of this number that the viewer leads. Refused: none, or several leads use it; one it only takes part in."""
    draft = seen_draft(session, number, on)
    if not viewer_of(session).owns(draft.institution_id):
        raise RuleBroken(f"起草项目 {draft.number} 由牵头单位办理，参编单位可查看、提交文稿和意见")
    return draft


def seen_draft(session: Session, number: str, on: date) -> SpecificationDraft:
    """The viewer's own draft of this number, else one in which it takes part on a day. Refused: none, or several leads use it."""
    viewer = viewer_of(session)
    seen = [one for one in drafts_seen(session, on) if one.number == number.strip()]
    found = [one for one in seen if viewer.owns(one.institution_id)] or seen
    if not found:
        raise RuleBroken(f"没有编号为 {number} 的起草项目，可用 skilleval specifications list 查看")
    if len(found) > 1:
        raise RuleBroken(f"有 {len(found)} 个机构使用起草编号 {number}，请指明机构（--acting）")
    return found[0]


def revisions_of(session: Session, draft: SpecificationDraft) -> Sequence[DraftRevision]:
    """All revisions, the first first."""
    query = select(DraftRevision).where(
        col(DraftRevision.institution_id) == draft.institution_id, col(DraftRevision.draft_id) == draft.id
    )
    return session.exec(query.order_by(col(DraftRevision.serial))).all()


def last_revision(session: Session, draft: SpecificationDraft) -> DraftRevision:
    """The latest revision. Refused: there is none yet."""
    revisions = revisions_of(session, draft)
    if not revisions:
        raise RuleBroken(f"起草项目 {draft.number} 还没有文稿，请先用 skilleval specifications revise 提交")
    return revisions[-1]


def differences(
    session: Session, draft: SpecificationDraft, old: int, new: int, *, own_standards: Path | None = None
) -> list[SpecificationChange]:
    """What differs between two revisions by their serials. Refused: one that is not there, a draft with only one."""
    texts = {one.serial: one.content for one in revisions_of(session, draft)}
    if len(texts) == 1:
        raise RuleBroken(f"起草项目 {draft.number} 只有一稿，没有可比较的")
    for serial in (old, new):
        if serial not in texts:
            raise RuleBroken(f"起草项目 {draft.number} 没有第 {serial} 稿，现有 {len(texts)} 稿")
    return specification_changes(parse(texts[old], own_standards), parse(texts[new], own_standards))


def parse(content: str, own_standards: Path | None) -> dict[str, Any]:
    """The specification of a text, in stored words. Refused with every reason: no TOML, or no specification."""
    try:
        return check_specification(tomllib.loads(content), own_standards)
    except tomllib.TOMLDecodeError as error:
        raise RuleBroken(f"文稿不是有效的 TOML 文件：{error}") from error


def _foreign(draft: SpecificationDraft, values: dict[str, Any]) -> list[str]:
    """Where a text is not about what the draft is for."""
    grades = {Grade(grade) for part in values["part"] for grade in part["grades"]}
    pairs = {
        "职业": (draft.occupation_code, values["occupation_code"]),
        "职业目录版本": (draft.occupation_edition, values.get("occupation_edition", "2022")),
        "工种": (draft.trade, values.get("trade", "")),
        "等级": (_printed(draft.grades), _printed([grade.value for grade in grades])),
    }
    return [f"{name}：起草项目为“{wanted}”，文稿为“{given}”" for name, (wanted, given) in pairs.items() if wanted != given]


def _printed(grades: Sequence[str]) -> str:
    return "、".join(grade.printed for grade in sorted(map(Grade, grades)))


def _grades(written: Sequence[Any], problems: list[str]) -> list[str]:
    grades = set()
    for one in written:
        try:
            grades.add(Grade.parse(str(one)))
        except RuleBroken as refusal:
            problems.append(f"grades：{refusal.message}")
    return [grade.value for grade in sorted(grades)]


def _institution(session: Session, institution_id: int) -> Institution:
    institution = session.get(Institution, institution_id)
    assert institution is not None
    return institution
