"""The register of assessment items (考核项目) of a specification: what each tests, its coverage matrix, adding, changing, retiring.

An item is checked as a file of items is; see ``services/item_sheets``. Its task card stands in ``task_cards``.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from skilleval.db.tables import Item, Personnel, Specification, SpecificationPart, TaskCard
from skilleval.domain.coverage import Cell, Cover
from skilleval.domain.errors import RuleBroken
from skilleval.domain.items import BASIC_REQUIREMENTS
from skilleval.domain.ladder import Grade
from skilleval.domain.lifecycle import STATES
from skilleval.domain.methods import METHODS
from skilleval.reports import coverage as report
from skilleval.services import item_sheets
from skilleval.services import items as service
from skilleval.services.coverage import Coverage, coverage_of
from skilleval.services.marking_scene import title
from skilleval.services.task_cards import latest_card
from skilleval.services.timelines import timeline_of
from skilleval.web import gate, lists
from skilleval.web.firm_edits import own_firm, own_row, own_rows
from skilleval.web.forms import Form, Required, number_in, page, row_choice
from skilleval.web.language import _, lazy
from skilleval.web.show import label, mark, shown

_STATES = STATES["item"]

pages = Blueprint("items", __name__, url_prefix="/specifications")

#: cover of a requirement → the look of its cell
TONES = {Cover.AS_PLANNED: "good", Cover.UNCOVERED: "bad", Cover.OVER: "warn", Cover.UNDER: "warn", Cover.UNKNOWN: "wait"}
#: the key that a refusal names → the field of the form, where the two differ
_FIELDS = {"grade": "part", "method": "part"}


class ItemForm(Form):
    """One item: which requirement it tests, and who made and reviewed it."""

    code = StringField(lazy("项目编号"), [Required(), Length(max=40)], description=lazy("本单位自编，字母、数字和 . _ -，如 SK-301"))
    title = StringField(lazy("项目名称"), [Required(), Length(max=500)])
    part = SelectField(lazy("等级与评价部分"), [Required()])
    function = StringField(
        lazy("职业功能"), [Required(), Length(max=500)], render_kw={"list": "functions"},
        description=lazy("所依据标准的职业功能；理论项目也可填“职业道德”“基础知识”"),
    )  # fmt: skip
    task = StringField(lazy("工作内容"), [Optional(), Length(max=500)], render_kw={"list": "tasks"}, description=lazy("标准的工作内容；写到哪一级就填到哪一级"))
    requirement = TextAreaField(lazy("技能要求或相关知识"), [Optional(), Length(max=500)], description=lazy("标准条目的序号，或用自己的话写明"))
    points = StringField(lazy("分值"), [Required(), Length(max=8)], render_kw={"inputmode": "decimal"})
    state = SelectField(
        lazy("状态"), [Required()], choices=[SelectChoice(key, lazy(_STATES[key])) for key in ("draft", "in_use")],
        description=lazy("启用后内容不再改动"),
    )  # fmt: skip
    author = SelectField(lazy("命题人"), [Required()])
    reviewer = SelectField(lazy("审核人"), [Optional()], description=lazy("启用前必填，不能是命题人本人"))
    sha256 = StringField(lazy("试题文件的 SHA-256 摘要"), [Optional(), Length(max=64)], description=lazy("试题内容由本单位另行保管，这里可留下它的摘要"))


@pages.get("/<row(kind='specification'):specification_id>/items")
def index(specification_id: int) -> Response | str:
    """The items of one specification version, retired ones too."""
    session = gate.reading()
    one = own_row(session, Specification, specification_id)
    return lists.answer(lists.Page(_listing(session, one), session), "items/index.html", one=one)


@pages.route("/<row(kind='specification'):specification_id>/items/new", methods=["GET", "POST"])
def new(specification_id: int) -> Response | BaseResponse:
    """Register an item."""
    session = gate.reading()
    one = own_row(session, Specification, specification_id)
    form = ItemForm()
    _offer(session, form, one)
    if form.validate_on_submit() and (saved := _save(form, specification_id, None)):
        flash(_("已登记考核项目 {code}。").format(code=saved.code))
        return redirect(url_for("items.show", item_id=saved.id), 303)
    return page("items/edit.html", form, one=one, item=None, **_named(one))


@pages.get("/items/<row(kind='item'):item_id>")
def show(item_id: int) -> str:
    """One item with its task card."""
    session = gate.reading()
    item = own_row(session, Item, item_id)
    people = {one.id: one for one in own_rows(session, Personnel, col(Personnel.code))}
    return render_template(
        "items/show.html", item=item, one=own_row(session, Specification, item.specification_id), methods=METHODS,
        author=people.get(item.author_id), reviewer=people.get(item.reviewer_id), card=latest_card(session, item),
        timeline=timeline_of(session, item),
    )  # fmt: skip


@pages.route("/items/<row(kind='item'):item_id>/edit", methods=["GET", "POST"])
def edit(item_id: int) -> Response | BaseResponse:
    """Change a draft, or put it in use. One that is in use or retired stays as it is."""
    session = gate.reading()
    item = own_row(session, Item, item_id)
    one = own_row(session, Specification, item.specification_id)
    form = ItemForm(data=_told_before(session, item))
    del form.code
    _offer(session, form, one)
    if form.validate_on_submit() and (saved := _save(form, one.id or 0, item_id)):
        flash(_("已保存考核项目 {code}。").format(code=saved.code))
        return redirect(url_for("items.show", item_id=item_id), 303)
    return page("items/edit.html", form, one=one, item=item, **_named(one))


@pages.post("/items/<row(kind='item'):item_id>/retire")
def retire(item_id: int) -> BaseResponse:
    """Take an item out of use, with a reason; it stays in the register."""
    with gate.writing() as session:
        item = own_row(session, Item, item_id)
        service.retire_item(session, gate.actor(), item, reason=request.form.get("reason", ""), on=gate.today())
        session.commit()
    flash(_("已停用，项目保留在登记中。"))
    return redirect(url_for("items.show", item_id=item_id), 303)


@pages.get("/<row(kind='specification'):specification_id>/coverage")
def coverage(specification_id: int) -> Response | str:
    """Requirement × grade: how many items in use for how many points, planned and actual weight; gaps stand out."""
    session = gate.reading()
    one = own_row(session, Specification, specification_id)
    tolerance = min(max(request.args.get("tolerance", 0, int), 0), 100)
    found = coverage_of(session, one, tolerance=tolerance, own_standards=_own_standards())
    if request.args.get("format") == "xlsx":
        return _workbook(own_firm(session).name, found)
    return render_template(
        "items/coverage.html", one=one, found=found, covers=list(Cover), tones=TONES, percent=report.percent,
        planned=report.planned, parts=_matrix(found.matrix.cells), methods=METHODS,
        counts={cover: sum(1 for _cell in found.matrix.having(cover)) for cover in Cover},
    )  # fmt: skip


def _matrix(cells: tuple[Cell, ...]) -> list[tuple[str, list[Grade], list[tuple[str, dict[Grade, Cell]]]]]:
    """Method → its grades across → its requirements down, each with the cell of a grade where there is one."""
    found = []
    for method in METHODS:
        own = [cell for cell in cells if cell.method == method]
        grades = list(dict.fromkeys(cell.grade for cell in own))
        rows = [
            (function, {cell.grade: cell for cell in own if cell.function == function})
            for function in dict.fromkeys(cell.function for cell in own)
        ]
        if rows:
            found.append((method, grades, rows))
    return found


def _workbook(firm: str, found: Coverage) -> Response:
    one = found.specification
    notes = [
        (_("机构"), firm), (_("评价规范"), f"{one.code} 第{one.version}版 {one.title}"),
        (_("依据标准"), found.standard or _("未知")), (_("允许相差"), f"{found.tolerance} 个百分点"),
        (_("截至"), str(gate.today())), *((_("说明"), note) for note in found.notes),
    ]  # fmt: skip
    with TemporaryDirectory() as folder:
        file = report.write_coverage(Path(folder) / "coverage.xlsx", found.matrix, notes)
        return lists.workbook_response(file.read_bytes(), "coverage.xlsx")


def _save(form: ItemForm, specification_id: int, item_id: int | None) -> Item | None:
    """The item as it was saved; None where it was refused and the form says why."""
    act = item_sheets.add_item if item_id is None else item_sheets.change_item
    try:
        with gate.writing() as session:
            one = own_row(session, Specification, specification_id)
            code = form.code.data if item_id is None else own_row(session, Item, item_id).code
            saved = act(
                session, gate.actor(), own_firm(session), {**_entry(session, form, one), "code": code}, on=gate.today(),
                own_standards=_own_standards(),
            )  # fmt: skip
            session.commit()
            return saved
    except RuleBroken as refusal:
        _refuse(form, refusal)
        return None


def _entry(session: Session, form: ItemForm, one: Specification) -> dict[str, Any]:
    """The form as an ``[[item]]``."""
    number = gate.row_number("part", form.part.data or "")
    part = next((found for found in _parts(session, one) if found.id == number), None) or abort(404)
    points = number_in(form.points.data or "")
    if points is None:
        raise RuleBroken(_("请改正标出的内容"), [f"points：{_('应为数，如 15 或 12.5')}"])
    told = {
        "title": form.title.data, "specification": one.code, "version": one.version, "grade": Grade(part.grade).printed,
        "method": METHODS[part.method].name_zh, "function": form.function.data, "task": form.task.data,
        "requirement": form.requirement.data, "points": points, "state": _STATES[form.state.data],
        "author": form.author.data, "reviewer": form.reviewer.data, "sha256": form.sha256.data,
    }  # fmt: skip
    return {key: value for key, value in told.items() if value not in (None, "")}


def _refuse(form: ItemForm, refusal: RuleBroken) -> None:
    """Say every reason at the field that it is about."""
    for reason in refusal.reasons or (refusal.message,):
        key, _colon, told = reason.partition("：")
        field = _FIELDS.get(key, key)
        if field in form and told:
            form[field].errors = [*form[field].errors, told]
        else:
            form.form_errors.append(reason)


def _told_before(session: Session, item: Item) -> dict[str, Any]:
    """What the form of a standing item begins with."""
    one = own_row(session, Specification, item.specification_id)
    codes = {person.id: person.code for person in own_rows(session, Personnel, col(Personnel.code))}
    part = next((found for found in _parts(session, one) if (found.grade, found.method) == (item.grade, item.method)), None)
    return item.model_dump() | {
        "points": mark(item.points), "author": codes.get(item.author_id), "reviewer": codes.get(item.reviewer_id or 0, ""),
        "part": row_choice("part", [(part.id, "")])[0].value if part else "",
    }  # fmt: skip


def _offer(session: Session, form: ItemForm, one: Specification) -> None:
    """The specification's own parts, and the institution's own people."""
    form.part.choices = [SelectChoice("", "—"), *row_choice("part", [(part.id, title(part)) for part in _parts(session, one)])]
    people = [SelectChoice(person.code, f"{person.code} {person.name}") for person in own_rows(session, Personnel, col(Personnel.code))]
    form.author.choices = [SelectChoice("", "—"), *people]
    form.reviewer.choices = [SelectChoice("", "—"), *people]


def _named(one: Specification) -> dict[str, list[str]]:
    """The requirements that the standard names, to be picked from while typing."""
    standard = service.standard_of(one, _own_standards())
    functions = standard.functions if standard else ()
    return {
        "functions": [*(function.name for function in functions), *BASIC_REQUIREMENTS],
        "tasks": [task for function in functions for task in function.tasks],
    }


def _parts(session: Session, one: Specification) -> list[SpecificationPart]:
    query = select(SpecificationPart).where(
        col(SpecificationPart.institution_id) == one.institution_id, col(SpecificationPart.specification_id) == one.id
    )
    return sorted(session.exec(query), key=lambda part: (Grade(part.grade), part.serial))


def _own_standards() -> Path:
    return gate.site().installation.folder / "standards"


def _listing(session: Session, one: Specification) -> lists.Listing:
    author, reviewer = aliased(Personnel), aliased(Personnel)
    cards = (
        sa.select(sa.func.max(col(TaskCard.revision)))
        .where(col(TaskCard.institution_id) == one.institution_id, col(TaskCard.item_id) == col(Item.id))
        .scalar_subquery()
    )
    query = (
        sa.select(
            *(col(column) for column in (
                Item.id, Item.code, Item.title, Item.grade, Item.method, Item.function, Item.task, Item.requirement, Item.points,
                Item.state, Item.reason,
            )),
            col(author.name).label("author"), col(reviewer.name).label("reviewer"), cards.label("card"),
        )
        .join(author, col(author.id) == col(Item.author_id))
        .outerjoin(reviewer, col(reviewer.id) == col(Item.reviewer_id))
        .where(col(Item.institution_id) == one.institution_id, col(Item.specification_id) == one.id)
    )  # fmt: skip
    parts = _parts(session, one)
    grades = {part.grade: label(Grade(part.grade).printed) for part in parts}
    methods = {part.method: label(METHODS[part.method].name_zh) for part in parts}
    return lists.Listing(
        name="items", title=_("考核项目"), query=query, id=col(Item.id), kind="item", sort="code",
        columns=(
            lists.Column("code", _("编号"), lambda row: row.code, order=col(Item.code), kind="link"),
            lists.Column("title", _("项目"), lambda row: row.title, order=col(Item.title), width=30),
            lists.Column("grade", _("等级"), lambda row: label(Grade(row.grade).printed)),
            lists.Column("method", _("部分"), lambda row: label(METHODS[row.method].name_zh)),
            lists.Column("requirement", _("所考的要求"), _requirement, width=40),
            lists.Column("points", _("分值"), lambda row: mark(row.points), order=col(Item.points), kind="number"),
            lists.Column("people", _("命题 / 审核"), lambda row: f"{row.author} / {shown(row.reviewer)}"),
            lists.Column("card", _("任务书"), lambda row: _("第 {revision} 次").format(revision=row.card) if row.card else None),
            lists.Column(
                "state", _("状态"), lambda row: _STATES[row.state], order=col(Item.state), kind="state",
                word=lambda row: {"in_use": "active", "retired": "replaced"}.get(row.state, row.state),
            ),
        ),
        filters=(
            lists.Filter("grade", _("等级"), grades, lambda value: col(Item.grade) == value),
            lists.Filter("method", _("部分"), methods, lambda value: col(Item.method) == value),
            lists.Filter("state", _("状态"), _STATES, lambda value: col(Item.state) == value),
        ),
        search=lambda typed: sa.or_(
            col(Item.code).contains(typed, autoescape=True), col(Item.title).contains(typed, autoescape=True),
            col(Item.function).contains(typed, autoescape=True),
        ),
        search_hint=_("编号、项目、职业功能"), link=lambda row: url_for("items.show", item_id=row.id),
    )  # fmt: skip


def _requirement(row: Any) -> str:
    return " › ".join(one for one in (row.function, row.task, row.requirement) if one)
