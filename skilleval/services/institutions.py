"""Institutions and what belongs to them, from one TOML file: registration, scope, specifications, posts, staff, venues.

Sources of the fields: guangdong-rules 7.2, T1–T5 (composite lists, not official forms). Adding the same file again
changes nothing; a changed one updates what may change.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import (
    Batch,
    Institution,
    Item,
    Personnel,
    Post,
    PostGrade,
    Registration,
    Scheme,
    ScopeLine,
    Specification,
    SpecificationPart,
    Table,
    Venue,
    id_of,
)
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.services import journal
from skilleval.services.firm_file import check_firm, must_state
from skilleval.services.journal import Actor
from skilleval.services.specification_standing import supersede_earlier


@dataclass(slots=True)
class Applied:
    """What a firm file did: the institution, the rows it added and changed, and reminders."""

    institution: Institution
    added: list[Table] = field(default_factory=list)
    changed: list[Table] = field(default_factory=list)
    #: for each row that was changed, the old and the new value of every column that differs
    differences: list[tuple[Table, dict[str, tuple[Any, Any]]]] = field(default_factory=list)
    #: parts that a specification had in an earlier file and has no more
    removed: list[Table] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def add_institution(
    session: Session, actor: Actor, content: dict[str, Any], *, vault: Vault, own_standards: Path | None = None
) -> Applied:
    """Add what the file says, or bring the institution up to it; a newer approved version of a specification supersedes those
    before it.

    Refused with every reason: an unknown or missing key, a wrong value, a code and name that do not belong together,
    a specification changed although a batch uses it, a new institution whose industry or province is not stated.
    """
    warnings = check_firm(content, own_standards)
    own = content["institution"]
    found = session.exec(select(Institution).where(col(Institution.credit_code) == own["credit_code"])).first()
    if found is None:
        must_state(own)
    applied = Applied(found or Institution(**own), warnings=warnings)
    if found is None:
        session.add(applied.institution)
        session.flush()
        applied.added.append(applied.institution)
    else:
        _update(session, applied, found, own)
    firm = id_of(applied.institution)
    registration = _put_registration(session, applied, firm, content["registration"]) if "registration" in content else None
    for serial, line in enumerate(content.get("scope", []), start=1):
        assert registration is not None, "a file without a registration has no scope"
        _put_scope(session, applied, firm, id_of(registration), {"serial": serial, **line})
    for specification in content.get("specification", []):
        _put_specification(session, applied, firm, specification)
    _supersede(session, applied, firm, {one["code"] for one in content.get("specification", [])})
    for post in content.get("post", []):
        _put_post(session, applied, firm, post)
    for person in content.get("personnel", []):
        _put_personnel(session, applied, firm, person, vault)
    for venue in content.get("venue", []):
        _put(session, applied, Venue, {"institution_id": firm, "name": venue["name"]}, venue)
    if applied.added or applied.changed or applied.removed:
        action = "institution.add" if found is None else "institution.change"
        journal.record(
            session, actor, firm, action, objects=[*applied.added, *applied.changed], deleted=applied.removed
        )
    return applied


def approve_specification(
    session: Session, actor: Actor, institution: Institution, values: dict[str, Any], *, draft_number: str, on: date
) -> Specification:
    """Make a checked specification (``check_specification``) an approved one of the institution, naming its draft; it
    supersedes earlier versions.

    Refused: a code and version that the institution has already.
    """
    firm = id_of(institution)
    must_be_new(session, firm, values)
    applied = Applied(institution)
    approved = {**values, "state": "approved", "approved_on": on, "draft_number": draft_number}
    specification = _put_specification(session, applied, firm, approved)
    _supersede(session, applied, firm, {specification.code})
    journal.record(session, actor, firm, "institution.specification", objects=[*applied.added, *applied.changed])
    return specification


def must_be_new(session: Session, institution_id: int, values: dict[str, Any]) -> None:
    """Refuse a specification whose code and version the institution has already."""
    same = select(Specification).where(
        col(Specification.institution_id) == institution_id, col(Specification.code) == values["code"],
        col(Specification.version) == values["version"],
    )  # fmt: skip
    if session.exec(same).first() is not None:
        raise RuleBroken(f"已有评价规范 {values['code']} 第 {values['version']} 版，请在文稿中把 version 加一")


class Registered(Protocol):
    """What must be known of a registration to say whether it is in force."""

    @property
    def number(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_to(self) -> date: ...


R = TypeVar("R", bound=Registered)


def active_registration(session: Session, institution_id: int, on: date) -> Registration:
    """The registration in force on a day. Refused: none is; the message says why."""
    registrations = session.exec(
        select(Registration)
        .where(col(Registration.institution_id) == institution_id)
        .order_by(col(Registration.valid_from).desc())
    ).all()
    return registration_on(registrations, on)


def registration_on(registrations: Sequence[R], on: date) -> R:
    """The one of an institution's registrations, the latest first, that is in force on a day. Refused as above."""
    for one in registrations:
        if one.state == "registered" and one.valid_from <= on <= one.valid_to:
            return one
    if not registrations:
        raise RuleBroken("该机构没有备案记录，不能开展认定")
    last = registrations[0]
    if last.state != "registered":
        raise RuleBroken(f"备案 {last.number} 的状态不是“已备案”，不能开展认定")
    raise RuleBroken(f"备案 {last.number} 的有效期为 {last.valid_from} 至 {last.valid_to}，{on} 不在有效期内")


def last_registration(session: Session, institution_id: int) -> Registration | None:
    """The latest registration on record, whether in force or not."""
    query = select(Registration).where(col(Registration.institution_id) == institution_id)
    return session.exec(query.order_by(col(Registration.valid_from).desc())).first()


def personnel_of_code(session: Session, institution: Institution, code: str) -> Personnel:
    """The one of the institution's personnel that has this code. Refused: nobody has it."""
    query = select(Personnel).where(col(Personnel.institution_id) == institution.id, col(Personnel.code) == code.strip())
    found = session.exec(query).first()
    if found is None:
        raise RuleBroken(f"{institution.name} 没有编号为 {code} 的考评人员，可用 skilleval institutions show 查看")
    return found


def parts_of(session: Session, specification_id: int, grade: str) -> Sequence[SpecificationPart]:
    """The parts of a specification at one grade, in order."""
    query = select(SpecificationPart).where(
        col(SpecificationPart.specification_id) == specification_id, col(SpecificationPart.grade) == grade
    )
    return session.exec(query.order_by(col(SpecificationPart.serial))).all()


def _put(
    session: Session, applied: Applied, table: type[Table], key: dict[str, Any], values: dict[str, Any]
) -> Any:
    query = select(table).where(*(col(getattr(table, name)) == value for name, value in key.items()))
    found = session.exec(query).first()
    if found is None:
        row = table(**{**values, **key})
        session.add(row)
        session.flush()
        applied.added.append(row)
        return row
    _update(session, applied, found, values)
    return found


def _update(session: Session, applied: Applied, row: Table, values: dict[str, Any]) -> None:
    different = {name: (old, value) for name, value in values.items() if (old := getattr(row, name)) != value}
    for name, (_old, value) in different.items():
        setattr(row, name, value)
    if different:
        session.add(row)
        applied.changed.append(row)
        applied.differences.append((row, different))


def _put_registration(session: Session, applied: Applied, firm: int, values: dict[str, Any]) -> Registration:
    key = {"institution_id": firm, "number": values["number"], "valid_from": values["valid_from"]}
    registration = _put(session, applied, Registration, key, values)
    assert isinstance(registration, Registration)
    return registration


def _put_scope(session: Session, applied: Applied, firm: int, registration_id: int, line: dict[str, Any]) -> None:
    key = {
        "institution_id": firm,
        "registration_id": registration_id,
        "occupation_code": line["occupation_code"],
        "trade": line.get("trade", ""),
    }
    _put(session, applied, ScopeLine, key, line)


def _put_specification(session: Session, applied: Applied, firm: int, values: dict[str, Any]) -> Specification:
    own = {name: value for name, value in values.items() if name != "part"}
    key = {"institution_id": firm, "code": own["code"], "version": own.get("version", 1)}
    if _is_superseded(session, key) and own.get("state") == "approved":
        del own["state"]  # an older file, sent again, brings no older version back
    before = len(applied.added) + len(applied.changed) + len(applied.removed)
    specification: Specification = _put(session, applied, Specification, key, own)
    is_new = any(one is specification for one in applied.added)
    serials: dict[str, int] = {}
    for part in values["part"]:
        for grade in part["grades"]:
            serials[grade] = serials.get(grade, 0) + 1
            row = {name: value for name, value in part.items() if name != "grades"} | {"serial": serials[grade]}
            part_key = {
                "institution_id": firm, "specification_id": specification.id, "grade": grade, "method": part["method"],
            }  # fmt: skip
            _put(session, applied, SpecificationPart, part_key, row)
    stated = {(grade, part["method"]) for part in values["part"] for grade in part["grades"]}
    standing = select(SpecificationPart).where(
        col(SpecificationPart.institution_id) == firm, col(SpecificationPart.specification_id) == specification.id
    )
    gone = [one for one in session.exec(standing) if (one.grade, one.method) not in stated]
    applied.removed += gone
    touched = len(applied.added) + len(applied.changed) + len(applied.removed) > before
    if touched:
        _refuse_fixed(session, specification, is_new=is_new)
    for one in gone:
        _refuse_part_with_items(session, own["code"], one)
        session.delete(one)
    return specification


def _is_superseded(session: Session, key: dict[str, Any]) -> bool:
    query = select(Specification.state).where(*(col(getattr(Specification, name)) == value for name, value in key.items()))
    return session.exec(query).first() == "superseded"


def _supersede(session: Session, applied: Applied, firm: int, codes: Collection[str]) -> None:
    """A newer version takes the place of those before it; batches that were planned by one of them keep it."""
    for code in sorted(codes):
        for one in supersede_earlier(session, firm, code):
            if all(one is not other for other in applied.added):
                applied.changed += [one] if all(one is not other for other in applied.changed) else []
                different: dict[str, tuple[Any, Any]] = {
                    "state": ("approved", one.state), "superseded_on": (None, one.superseded_on),
                }  # fmt: skip
                applied.differences.append((one, different))


def _refuse_part_with_items(session: Session, code: str, part: SpecificationPart) -> None:
    """Retired items count too: what was once registered must keep the part that it belonged to."""
    held = select(Item.code).where(
        col(Item.institution_id) == part.institution_id, col(Item.specification_id) == part.specification_id,
        col(Item.grade) == part.grade, col(Item.method) == part.method,
    )  # fmt: skip
    if codes := session.exec(held.order_by(col(Item.code))).all():
        raise RuleBroken(
            f"评价规范 {code} 的{Grade(part.grade).printed} {part.method} 部分已登记考核项目 {'、'.join(codes)}，不能删去；"
            "请把 version 加一作为新版本"
        )


def _refuse_fixed(session: Session, specification: Specification, *, is_new: bool) -> None:
    """Refuse to change a version on which something rests already: a batch, a scheme, the review of its draft."""
    named = f"评价规范 {specification.code} 第 {specification.version} 版"
    used = select(Batch.id).where(
        col(Batch.institution_id) == specification.institution_id, col(Batch.specification_id) == specification.id
    )
    if session.exec(used).first() is not None:
        raise RuleBroken(f"{named}已有批次使用，不能改动；请把 version 加一作为新版本")
    schemed = select(Scheme.id).where(
        col(Scheme.institution_id) == specification.institution_id, col(Scheme.part_id) == col(SpecificationPart.id),
        col(SpecificationPart.specification_id) == specification.id,
    )  # fmt: skip
    if session.exec(schemed).first() is not None:
        raise RuleBroken(f"{named}已登记评分办法，不能改动；请把 version 加一作为新版本")
    if not is_new and specification.draft_number is not None:
        raise RuleBroken(
            f"{named}由起草项目 {specification.draft_number} 评审批准，"
            "不能用机构文件改动；请另行起草新的一版（skilleval specifications draft）"
        )


def _put_post(session: Session, applied: Applied, firm: int, values: dict[str, Any]) -> None:
    own = {name: value for name, value in values.items() if name != "grade"}
    key = {
        "institution_id": firm, "name": own["name"], "occupation_code": own["occupation_code"], "trade": own.get("trade", ""),
    }  # fmt: skip
    post = _put(session, applied, Post, key, own)
    for serial, grade in enumerate(values.get("grade", []), start=1):
        grade_key = {"institution_id": firm, "post_id": post.id, "name": grade["name"]}
        _put(session, applied, PostGrade, grade_key, {"serial": serial, **grade})


def _put_personnel(session: Session, applied: Applied, firm: int, values: dict[str, Any], vault: Vault) -> None:
    own = {name: value for name, value in values.items() if name != "id_number"}
    key = {"institution_id": firm, "code": own["code"]}
    if number := values.get("id_number"):
        own["id_index"] = vault.index(firm, number)
        held = session.exec(
            select(Personnel).where(col(Personnel.institution_id) == firm, col(Personnel.code) == own["code"])
        ).first()
        if held is None or held.id_index != own["id_index"]:
            # A fresh seal of the same number differs, so an unchanged number keeps the one it has.
            own["id_sealed"] = vault.seal(firm, number)
    _put(session, applied, Personnel, key, own)
