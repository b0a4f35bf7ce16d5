"""The scheme (评分办法) of a part of a specification: read, defined by form or by its file; every version stays."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms.fields.choices import SelectChoice

from skilleval.db.tables import Scheme, Specification, SpecificationPart
from skilleval.domain.criteria import CRITERION_KINDS
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.performance import DIRECTIONS
from skilleval.domain.scheme_plans import plan_of
from skilleval.domain.schemes import KINDS
from skilleval.services import schemes as service
from skilleval.services.marking_scene import title
from skilleval.services.scheme_file import TABLES, spoken
from skilleval.web import gate, scheme_forms
from skilleval.web.firm_edits import own_firm, own_row
from skilleval.web.forms import Form, page, toml_of
from skilleval.web.language import _, lazy
from skilleval.web.rows import extended
from skilleval.web.scheme_forms import FORMS, SchemeForm
from skilleval.web.show import label

pages = Blueprint("schemes", __name__, url_prefix="/specifications/parts/<row(kind='part'):part_id>/scheme")

#: shipped sample of each kind
SAMPLES = {"criteria": "scheme-skill", "review": "scheme-performance", "observing": "scheme-process"}


class FileForm(Form):
    """The file of a scheme."""

    file = FileField(lazy("评分办法文件（TOML）"), render_kw={"accept": ".toml"})


@pages.get("")
def show(part_id: int) -> str:
    """The scheme that stands, or an earlier version of it, as whoever scores by it needs to know it."""
    return _page(gate.reading(), part_id, FileForm(formdata=None))


@pages.route("/define", methods=["GET", "POST"])
def define(part_id: int) -> Response | BaseResponse:
    """Define the scheme by form, begun from the one that stands."""
    session = gate.reading()
    part, one = _part(session, part_id)
    kind = _kind(part)
    form = FORMS[kind](data=_begun(session, part, kind))
    form.grades.choices = [
        SelectChoice(other.grade, label(Grade(other.grade).printed)) for other in _like(session, part)
    ]
    if form.is_submitted() and extended(*_lists(form, kind)):
        response = _form_page(form, part, one, kind)
        response.status_code = 200
        return response
    if form.validate_on_submit():
        try:
            return _defined(part_id, {**scheme_forms.content(kind, form), "grades": list(form.grades.data or [])})
        except RuleBroken as refusal:
            form.refuse(refusal)
    return _form_page(form, part, one, kind)


@pages.post("/file")
def by_file(part_id: int) -> BaseResponse:
    """Define the scheme by its file. What the file leaves out of specification, version, method and grades is this page's."""
    form = FileForm()
    try:
        return _defined(part_id, toml_of(form.file.data))
    except RuleBroken as refusal:
        form.refuse(refusal)
    return Response(_page(gate.reading(), part_id, form), 422, content_type="text/html; charset=utf-8")


def _defined(part_id: int, told: dict[str, Any]) -> BaseResponse:
    """Define what was told, if it is about this part's specification and method."""
    with gate.writing() as session:
        part, one = _part(session, part_id)
        firm = own_firm(session)
        here = {"institution": firm.credit_code, "specification": one.code, "version": one.version, "method": part.method}
        if strange := [key for key, value in here.items() if told.get(key, value) != value]:
            raise RuleBroken(
                _("文件不是这一评价规范这一部分的评分办法，未作任何改动"),
                [_("{key} 应为 {value}").format(key=key, value=here[key]) for key in strange],
            )
        written = service.define_scheme(session, gate.actor(), firm, {**here, "grades": [part.grade], **told})
        session.commit()
    flash(_("评分办法已登记，用于 {count} 个等级。").format(count=len(written)))
    return redirect(url_for("schemes.show", part_id=part_id), 303)


def _page(session: Session, part_id: int, form: FileForm) -> str:
    part, one = _part(session, part_id)
    kind = _kind(part)
    versions = service.versions_of(session, part)
    wanted = request.args.get("version", len(versions), int)
    scheme = next((found for found in versions if found.version == wanted), versions[-1] if versions else None)
    return render_template(
        "schemes/show.html", part=part, one=one, title=title(part), kind=kind, kinds=KINDS, versions=versions, scheme=scheme,
        plan=plan_of(scheme.kind, scheme.content) if scheme else None, form=form, marked=service.is_marked(session, part),
        directions=DIRECTIONS, criterion_kinds=CRITERION_KINDS, sample=SAMPLES[kind],
    )  # fmt: skip


def _form_page(form: SchemeForm, part: SpecificationPart, one: Specification, kind: str) -> Response:
    return page(
        "schemes/define.html", form, part=part, one=one, title=title(part), kind=kind, kinds=KINDS, lists=_lists(form, kind)
    )


def _lists(form: SchemeForm, kind: str) -> list[Any]:
    return [form[name] for name in TABLES[kind]]


def _begun(session: Session, part: SpecificationPart, kind: str) -> dict[str, Any]:
    versions: list[Scheme] = list(service.versions_of(session, part))
    standing = spoken(versions[-1].content, kind) if versions else {}
    return {
        "title": versions[-1].title if versions else f"{title(part)}{KINDS[kind]}", "grades": [part.grade],
        **scheme_forms.begun(kind, standing),
    }  # fmt: skip


def _part(session: Session, part_id: int) -> tuple[SpecificationPart, Specification]:
    part = own_row(session, SpecificationPart, part_id)
    return part, own_row(session, Specification, part.specification_id)


def _kind(part: SpecificationPart) -> str:
    """The kind of scheme that the part takes. Refused: one that takes none."""
    kind = METHODS[part.method].scheme
    if kind not in FORMS:
        raise RuleBroken(_("{part}不用评分办法，直接录入评分").format(part=title(part)))
    return kind


def _like(session: Session, part: SpecificationPart) -> list[SpecificationPart]:
    """The parts of the same method in the same version, lowest grade first."""
    query = select(SpecificationPart).where(
        col(SpecificationPart.institution_id) == part.institution_id,
        col(SpecificationPart.specification_id) == part.specification_id, col(SpecificationPart.method) == part.method,
    )  # fmt: skip
    return sorted(session.exec(query), key=lambda one: Grade(one.grade))
