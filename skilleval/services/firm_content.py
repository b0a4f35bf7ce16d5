"""What is stored of a firm, in the words of its file (``firm_file``): a form changes one entry of it and hands it in like a file.

So a form passes the very checks that a file does, and rows that hang together (the lines of a scope, the grades of a
post) keep their order.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.tables import (
    Institution,
    Post,
    PostGrade,
    Registration,
    ScopeLine,
    Specification,
    SpecificationPart,
    Table,
)
from skilleval.services.firm_file import PART, POST, POST_GRADE, REGISTRATION, SCOPE, SPECIFICATION

Entry = dict[str, Any]
_IN_HUNDREDTHS = ("maximum", "pass_mark")


def head(institution: Institution) -> dict[str, Any]:
    """The section that says whose file it is, and nothing more."""
    return {"institution": {"credit_code": institution.credit_code, "name": institution.name}}


def registered(session: Session, registration: Registration) -> dict[str, Any]:
    """A registration with all lines of its scope in their order."""
    lines = select(ScopeLine).where(
        col(ScopeLine.institution_id) == registration.institution_id,
        col(ScopeLine.registration_id) == registration.id,
    )
    return {
        "registration": stated(registration, REGISTRATION),
        "scope": [stated(one, SCOPE) for one in session.exec(lines.order_by(col(ScopeLine.serial), col(ScopeLine.id)))],
    }


def post_entry(session: Session, post: Post) -> Entry:
    """A post with all its grades in their order."""
    grades = select(PostGrade).where(
        col(PostGrade.institution_id) == post.institution_id, col(PostGrade.post_id) == post.id
    )
    listed = session.exec(grades.order_by(col(PostGrade.serial), col(PostGrade.id)))
    return {**stated(post, POST), "grade": [stated(one, POST_GRADE) for one in listed]}


def specification_entry(specification: Specification, parts: Iterable[SpecificationPart]) -> Entry:
    """A specification with its parts, an entry a grade and method, marks in points as a file has them."""
    return {**stated(specification, SPECIFICATION), "part": [_part(one) for one in parts]}


def stored_words(specification: Specification, parts: Iterable[SpecificationPart]) -> Entry:
    """A specification as ``check_specification`` gives it: marks in hundredths. For comparing two versions."""
    own = {name: getattr(specification, name) for name in SPECIFICATION if name != "part"}
    listed = [{**{name: getattr(one, name) for name in PART if name != "grades"}, "grades": [one.grade]} for one in parts]
    return {**own, "part": listed}


def stated(row: Table, keys: Mapping[str, type]) -> Entry:
    """What a row says, by the keys of the file; what nobody entered is left out."""
    values = {name: getattr(row, name) for name in keys if hasattr(row, name)}
    return {name: value for name, value in values.items() if value is not None}


def _part(part: SpecificationPart) -> Entry:
    told = stated(part, PART) | {"grades": [part.grade]}
    for name in _IN_HUNDREDTHS:
        told[name] //= 100
    tolerance = part.agreement.get("tolerance")
    told["agreement"] = {"rule": part.agreement["rule"]} | ({} if tolerance is None else {"tolerance": tolerance // 100})
    return told
