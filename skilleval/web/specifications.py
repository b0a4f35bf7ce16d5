"""Specifications (评价规范): the versions of each, their parts by grade, what differs, and a new version by form."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import FieldList, FormField, IntegerField, SelectField, StringField
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, NumberRange, Optional

from skilleval import standards
from skilleval.db.tables import Item, Scheme, Specification, SpecificationPart
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS, REVIEWED_GRADES
from skilleval.domain.scoring import AGREEMENT_RULES
from skilleval.services import firm_content, specification_versions
from skilleval.services.standard_confirmations import confirmations_of, trust_of
from skilleval.services.tenancy import viewer_of
from skilleval.services.timelines import timeline_of
from skilleval.web import firm_words, gate, lists
from skilleval.web.firm_edits import codes, own_firm, own_row, refuse
from skilleval.web.forms import DayField, Form, OccupationField, Required, page
from skilleval.web.language import _, lazy
from skilleval.web.standards import TONES

pages = Blueprint("specifications", __name__, url_prefix="/specifications")

_SPARE = 3


def _one_of(label: str, words: dict[str, str]) -> SelectField:
    choices = [SelectChoice("", "—"), *(SelectChoice(word, lazy(name)) for word, name in words.items())]
    return SelectField(label, [Optional()], choices=choices)


class PartRow(PlainForm):
    """One assessed part at one grade; a row without a part is not saved."""

    grade = _one_of(lazy("等级"), {one.value: one.printed for one in Grade})
    method = _one_of(lazy("部分"), {key: one.name_zh for key, one in METHODS.items()})
    weight = IntegerField(lazy("权重（百分比）"), [Optional(), NumberRange(min=1, max=100)])
    maximum = IntegerField(lazy("满分"), [Optional(), NumberRange(min=1, max=1000)])
    pass_mark = IntegerField(lazy("合格线"), [Optional(), NumberRange(min=1, max=1000)])
    assessors = IntegerField(lazy("考评员"), [Optional(), NumberRange(min=1, max=20)])
    rule = _one_of(lazy("评分合成"), dict(AGREEMENT_RULES))
    tolerance = IntegerField(lazy("最多相差（分）"), [Optional(), NumberRange(min=0, max=1000)])


class SpecificationForm(Form):
    """A version of a specification."""

    code = StringField(lazy("编号"), [Required(), Length(max=20)], description=lazy("本机构自编，如 DG；各版相同"))
    title = StringField(lazy("名称"), [Required(), Length(max=100)])
    occupation_code = OccupationField(lazy("职业编码"), [Required(), Length(max=10)], description=lazy("如 6-31-01-03；也可输入名称后从列表中选"))
    trade = StringField(lazy("工种"), [Optional(), Length(max=40)], description=lazy("不分工种的不填"))
    standard = StringField(
        lazy("所依据的国家职业标准"), [Optional(), Length(max=80)], description=lazy("如 6-31-01-03@2018；企业自定的不填")
    )
    conditions = SelectField(lazy("申报条件版次"), [Optional()])
    related_occupations = StringField(
        lazy("相关职业"), [Optional(), Length(max=400)], description=lazy("编码，以空格分开；其工作年限和证书也可计算")
    )
    approved_on = DayField(lazy("批准日期"), [Required()])
    parts = FieldList(FormField(PartRow), lazy("考核部分"), min_entries=1, max_entries=60)


@pages.get("")
def index() -> Response | str:
    """All versions of all specifications."""
    session = gate.reading()
    return lists.answer(lists.Page(_listing(session), session), "specifications/index.html")


@pages.get("/<row(kind='specification'):specification_id>")
def show(specification_id: int) -> str:
    """One version: its parts by grade, the standard that it rests on, and what differs from another version."""
    session = gate.reading()
    firm, one = own_firm(session), own_row(session, Specification, specification_id)
    versions = specification_versions.versions_of(session, firm, one.code)
    wanted = request.args.get("compare", one.version - 1, int)
    other = next((found for found in versions if found.version == wanted and found is not one), None)
    own = gate.site().installation.folder / "standards"
    standard = standards.load_standards(own).get(one.standard or "")
    confirmations = confirmations_of(session, firm.id or 0, one.standard or "")
    return render_template(
        "specifications/show.html", one=one, versions=versions, other=other, words=firm_words, methods=METHODS,
        parts=_by_grade(_parts(session, one)), counts=_counts(session, one), standard=standard, tones=TONES,
        trust=trust_of(standard, confirmations, own) if standard else None,
        changes=specification_versions.differences(session, other, one) if other else [],
        timeline=timeline_of(session, one),
    )  # fmt: skip


@pages.route("/new", methods=["GET", "POST"])
def new() -> Response | BaseResponse:
    """The first version of a specification; with ``standard`` in the address, begun from that standard."""
    form = SpecificationForm(data=_begun(request.args.get("standard", "")))
    _offer(form)
    if form.validate_on_submit() and (saved := _save(form, None)):
        return _saved(saved)
    return page("specifications/edit.html", form, one=None, sums=_sums(form), grades=list(Grade))


@pages.route("/<row(kind='specification'):specification_id>/next", methods=["GET", "POST"])
def next_version(specification_id: int) -> Response | BaseResponse:
    """The next version, begun from this one. What decided something before stays as it was."""
    session = gate.reading()
    one = own_row(session, Specification, specification_id)
    rows = firm_content.specification_entry(one, _parts(session, one))["part"]
    told = one.model_dump() | {
        "related_occupations": " ".join(one.related_occupations), "approved_on": gate.today(),
        "parts": [*map(_row, rows), *([{}] * _SPARE)],
    }  # fmt: skip
    form = SpecificationForm(data=told)
    _offer(form)
    del form.code, form.occupation_code, form.trade
    if form.validate_on_submit() and (saved := _save(form, specification_id)):
        return _saved(saved)
    return page("specifications/edit.html", form, one=one, sums=_sums(form), grades=list(Grade))


def _save(form: SpecificationForm, earlier_id: int | None) -> Specification | None:
    """The new version; None where it was refused and the form says why."""
    installation = gate.site().installation
    try:
        with gate.writing() as session:
            firm = own_firm(session)
            named = _named(session, form, earlier_id)
            saved = specification_versions.add_version(
                session, gate.actor(), firm, {**named, **_told(form)}, vault=installation.vault,
                own_standards=installation.folder / "standards",
            )  # fmt: skip
            session.commit()
            return saved
    except RuleBroken as refusal:
        refuse(form, refusal)
        return None


def _named(session: Session, form: SpecificationForm, earlier_id: int | None) -> dict[str, Any]:
    """What names the specification and is the same in all its versions. Refused: a first version of a code in use."""
    if earlier_id is not None:
        one = own_row(session, Specification, earlier_id)
        return {
            "code": one.code, "occupation_code": one.occupation_code, "occupation_edition": one.occupation_edition,
            "trade": one.trade,
        }  # fmt: skip
    code = form.code.data or ""
    if specification_versions.versions_of(session, own_firm(session), code):
        raise RuleBroken(_("编号 {code} 已有评价规范，请打开它另立新版").format(code=code))
    return {"code": code, "occupation_code": form.occupation_code.data, "trade": form.trade.data or ""}


def _told(form: SpecificationForm) -> dict[str, Any]:
    """The form as a ``[[specification]]``. Refused with every row that is half filled."""
    parts: list[dict[str, Any]] = []
    lacking: dict[str, list[str]] = {}
    for number, row in enumerate(form.parts.data, start=1):
        told = {key: value for key, value in row.items() if value not in (None, "")}
        if "method" not in told:
            continue
        if missing := [_(name) for key, name in (("grade", "等级"), ("weight", "权重"), ("rule", "评分合成")) if key not in told]:
            lacking.setdefault("、".join(missing), []).append(str(number))
            continue
        agreement = {"rule": told.pop("rule")} | ({"tolerance": told.pop("tolerance")} if "tolerance" in told else {})
        parts.append({"grades": [told.pop("grade")], **told, "agreement": agreement})
    if lacking or not parts:
        problems = [_("第 {number} 行缺少：{names}").format(number="、".join(rows), names=names) for names, rows in lacking.items()]
        way = _("权重由本企业自定，同一等级各部分合计 100；不设的部分，把该行的“部分”选为“—”")
        raise RuleBroken(_("考核部分没有写全"), [*problems, way] if problems else [_("至少写一个考核部分")])
    told = {
        "title": form.title.data, "standard": form.standard.data, "conditions": form.conditions.data,
        "related_occupations": codes(form.related_occupations.data), "approved_on": form.approved_on.data, "part": parts,
    }  # fmt: skip
    return {key: value for key, value in told.items() if value not in (None, "")} | {"state": "approved"}


def _saved(specification: Specification) -> BaseResponse:
    flash(_("已保存为第 {version} 版。以前的批次仍用当时的版本。").format(version=specification.version))
    return redirect(url_for("specifications.show", specification_id=specification.id), 303)


def _begun(key: str) -> dict[str, Any]:
    """What a first version begins with: the standard's occupation and grades, each with the parts that national standards
    ask of it. Weights are the firm's own to say."""
    standard = standards.load_standards(gate.site().installation.folder / "standards").get(key)
    empty = {"maximum": 100, "pass_mark": 60, "assessors": 1, "rule": "mean"}
    if standard is None:
        return {"approved_on": gate.today(), "parts": [empty] * 6}
    rows = [
        {**empty, "grade": grade.value, "method": method}
        for grade in standard.grades
        for method in ("theory", "skill", *(("review",) if grade in REVIEWED_GRADES else ()))
    ]
    return {
        "title": _("{name}评价规范").format(name=standard.title.partition("国家")[0]), "occupation_code": standard.code,
        "trade": standard.trade, "standard": standard.key, "conditions": standard.conditions or "",
        "approved_on": gate.today(), "parts": [*rows, *([{}] * _SPARE)],
    }  # fmt: skip


def _row(part: dict[str, Any]) -> dict[str, Any]:
    agreement = part["agreement"]
    return {**part, "grade": part["grades"][0], "rule": agreement["rule"], "tolerance": agreement.get("tolerance")}


def _offer(form: SpecificationForm) -> None:
    library = gate.site().installation.library
    names = {rule.edition: pack.name for pack in library.packs for rule in pack.rules if rule.kind == "condition"}
    editions = [SelectChoice(one, one if one.isdigit() else f"{names[one]}（{one}）") for one in sorted(names)]
    form.conditions.choices = [SelectChoice("", _("未定")), *editions]


def _sums(form: SpecificationForm) -> dict[str, int]:
    """The weights of each grade in the form, added up."""
    sums: dict[str, int] = {}
    for row in form.parts.data:
        if row.get("grade") and row.get("method") and row.get("weight"):
            sums[row["grade"]] = sums.get(row["grade"], 0) + row["weight"]
    return sums


def _parts(session: Session, one: Specification) -> list[SpecificationPart]:
    """The parts in the order of the ladder."""
    query = select(SpecificationPart).where(
        col(SpecificationPart.institution_id) == one.institution_id, col(SpecificationPart.specification_id) == one.id
    )
    return sorted(session.exec(query), key=lambda part: (Grade(part.grade), part.serial))


def _by_grade(parts: list[SpecificationPart]) -> dict[Grade, list[SpecificationPart]]:
    found: dict[Grade, list[SpecificationPart]] = {}
    for part in parts:
        found.setdefault(Grade(part.grade), []).append(part)
    return found


def _counts(session: Session, one: Specification) -> dict[tuple[str, str], tuple[int, int]]:
    """(grade, method) → how many items are in use, and the latest version of the scheme (评分办法), 0 without one."""
    items = (
        sa.select(col(Item.grade), col(Item.method), sa.func.count())
        .where(
            col(Item.institution_id) == one.institution_id, col(Item.specification_id) == one.id, col(Item.state) == "in_use"
        )
        .group_by(col(Item.grade), col(Item.method))
    )
    schemes = (
        sa.select(col(SpecificationPart.grade), col(SpecificationPart.method), sa.func.max(col(Scheme.version)))
        .join(Scheme, col(Scheme.part_id) == col(SpecificationPart.id))
        .where(
            col(SpecificationPart.institution_id) == one.institution_id, col(SpecificationPart.specification_id) == one.id
        )
        .group_by(col(SpecificationPart.grade), col(SpecificationPart.method))
    )
    used = {(grade, method): count for grade, method, count in session.execute(items)}
    defined = {(grade, method): version for grade, method, version in session.execute(schemes)}
    return {key: (used.get(key, 0), defined.get(key, 0)) for key in {*used, *defined}}


def _listing(session: Session) -> lists.Listing:
    viewer = viewer_of(session)
    query = sa.select(
        *(col(one) for one in (
            Specification.id, Specification.code, Specification.version, Specification.title, Specification.occupation_code,
            Specification.trade, Specification.standard, Specification.conditions, Specification.state,
            Specification.approved_on, Specification.draft_number,
        ))
    ).where(viewer.own(col(Specification.institution_id)))  # fmt: skip
    states = {key: _(name) for key, name in firm_words.SPECIFICATION_STATES.items()}
    return lists.Listing(
        name="specifications", title=_("评价规范"), query=query, id=col(Specification.id), kind="specification", sort="code",
        columns=(
            lists.Column("title", _("名称"), lambda row: row.title, order=col(Specification.title), kind="link", width=30),
            lists.Column("code", _("编号"), lambda row: row.code, order=col(Specification.code), width=10),
            lists.Column("version", _("版本"), lambda row: row.version, order=col(Specification.version), kind="number", width=8),
            lists.Column("occupation", _("职业（工种）"), lambda row: f"{row.occupation_code} {row.trade}".strip(), order=col(Specification.occupation_code)),
            lists.Column("standard", _("所依据的标准"), lambda row: row.standard, width=22),
            lists.Column("conditions", _("申报条件"), lambda row: row.conditions, width=10),
            lists.Column("approved_on", _("批准日期"), lambda row: row.approved_on),
            lists.Column("draft", _("起草项目"), lambda row: row.draft_number),
            lists.Column(
                "state", _("状态"), lambda row: states[row.state], order=col(Specification.state), kind="state",
                word=lambda row: {"superseded": "replaced"}.get(row.state, row.state),
            ),
        ),
        filters=(lists.Filter("state", _("状态"), states, lambda value: col(Specification.state) == value),),
        search=lambda typed: sa.or_(
            col(Specification.title).contains(typed, autoescape=True), col(Specification.code) == typed,
            col(Specification.occupation_code).startswith(typed, autoescape=True),
        ),
        search_hint=_("名称、编号、职业编码"),
        link=lambda row: url_for("specifications.show", specification_id=row.id),
    )  # fmt: skip
