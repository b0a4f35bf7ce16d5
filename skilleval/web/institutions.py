"""The institution: its facts, its registrations with scope, ceiling and countdown; edited by forms or by its file."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlmodel import Session, col
from werkzeug.wrappers import Response as BaseResponse
from wtforms import IntegerField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, NumberRange, Optional

from skilleval.db.tables import ROUTES as SCOPE_ROUTES
from skilleval.db.tables import Institution, Registration, ScopeLine
from skilleval.domain.authority import ROUTES
from skilleval.domain.expiry import term
from skilleval.domain.ladder import Grade
from skilleval.services import firm_content
from skilleval.services.timelines import institution_timeline
from skilleval.web import firm_words, gate
from skilleval.web.batches import CheckboxesField
from skilleval.web.expiry import lead_days
from skilleval.web.firm_edits import RowForm, chosen, entry, hand_in, own_firm, own_row, own_rows, prefilled, yes_no
from skilleval.web.forms import DayField, OccupationField, Required, optional_day, page
from skilleval.web.language import _, lazy

pages = Blueprint("institutions", __name__, url_prefix="/institution")


def _text(label: str, *validators: Any, **options: Any) -> StringField:
    return StringField(label, [*(validators or [Optional()]), Length(max=200)], **options)


def _count(label: str) -> IntegerField:
    return IntegerField(label, [Optional(), NumberRange(min=0, max=10_000_000)])


class InstitutionForm(RowForm):
    """The facts of the institution; the rules ask for some of them, and what is not filled in stays unknown."""

    name = _text(lazy("单位名称"), Required(), description=lazy("与备案一致"))
    kind = chosen(lazy("类别"), firm_words.INSTITUTION_KINDS, required=True)
    ownership = _text(lazy("单位性质"))
    industry = _text(lazy("所属行业"))
    cluster = _text(lazy("产业集群"))
    size = chosen(lazy("企业规模"), firm_words.SIZES)
    manufacturing = yes_no(lazy("制造业"))
    listed = yes_no(lazy("上市公司"))
    above_scale = yes_no(lazy("规模以上"))
    chain_lead = yes_no(lazy("链主企业"))
    flagship = yes_no(lazy("行业龙头"))
    employees = _count(lazy("员工总数"))
    skilled_posts = _count(lazy("技能岗位人数"))
    senior_skilled = _count(lazy("其中高级工以上"))
    insured_employees = _count(lazy("参保人数"))
    full_time_staff = _count(lazy("专职评价人员"))
    province = _text(lazy("省代码"), description=lazy("广东为 44"))
    city = _text(lazy("地市代码"), description=lazy("深圳为 4403"))
    district = _text(lazy("区县"))
    insured_place = _text(lazy("参保地"))
    address = _text(lazy("地址"))
    legal_representative = _text(lazy("法定代表人"))
    responsible = _text(lazy("评价工作负责人"))
    contact = _text(lazy("联系人"))
    phone = _text(lazy("电话"))
    email = _text(lazy("电子邮箱"))


class RegistrationForm(RowForm):
    """One registration. Its number and first day name it: another one of either is a new registration."""

    number = _text(lazy("备案号"), Required(), description=lazy("13 位，即证书编号的前 13 位"))
    authority = _text(lazy("备案机关"), Required())
    authority_level = chosen(lazy("机关级别"), firm_words.AUTHORITY_LEVELS, required=True)
    registered_on = optional_day(lazy("备案日期"))
    valid_from = DayField(lazy("有效期自"), [Required()])
    valid_to = DayField(lazy("有效期至"), [Required()])
    state = chosen(lazy("状态"), firm_words.REGISTRATION_STATES, required=True)


class ScopeForm(RowForm):
    """One line of the scope: an occupation and trade with its grades."""

    occupation_code = OccupationField(
        lazy("职业编码"), [Required(), Length(max=10)], description=lazy("如 6-31-01-03；也可输入名称后从列表中选")
    )
    occupation_name = _text(lazy("职业名称"), Required(), description=lazy("与编码须一致"))
    trade = _text(lazy("工种"), description=lazy("不分工种的不填"))
    grades = CheckboxesField(lazy("等级"), [Required()], choices=[SelectChoice(one.value, lazy(one.printed)) for one in Grade])
    ceiling = chosen(lazy("最高备案等级"), {one.value: one.printed for one in Grade})
    basis = chosen(lazy("评价依据"), firm_words.BASES, required=True)
    basis_name = _text(lazy("依据名称"), Required())
    basis_year = _text(lazy("依据年份"))
    routes = CheckboxesField(
        lazy("认定方式"), [Required()], choices=[SelectChoice(key, lazy(ROUTES[key])) for key in SCOPE_ROUTES]
    )
    complete_grade_set = yes_no(lazy("等级设置完整"))
    workers = _count(lazy("从业人数"))
    note = _text(lazy("备注"))


@pages.get("")
def show() -> str:
    """The institution with its registrations, the latest first, and the scope of each."""
    session = gate.reading()
    firm = own_firm(session)
    registrations = own_rows(session, Registration, col(Registration.valid_from).desc())
    lead = lead_days(session)
    lines: dict[int, list[ScopeLine]] = {}
    for one in own_rows(session, ScopeLine, col(ScopeLine.serial), col(ScopeLine.id)):
        lines.setdefault(one.registration_id, []).append(one)
    return render_template(
        "institutions/show.html", firm=firm, registrations=registrations, lines=lines, words=firm_words,
        terms={one.id: term(one.valid_to, gate.today(), lead) for one in registrations}, ceilings=_ceilings(lines),
        timeline=institution_timeline(session, firm),
    )  # fmt: skip


@pages.route("/edit", methods=["GET", "POST"])
def edit() -> Response | BaseResponse:
    """Change the facts. The 统一社会信用代码 names the institution and stays."""
    firm = own_firm(gate.reading())
    form = InstitutionForm(data=prefilled(firm))

    def content(_session: Session, own: Institution) -> dict[str, Any]:
        return {"institution": {"credit_code": own.credit_code, **entry(form, own)}}

    if form.validate_on_submit() and hand_in(form, content):
        flash(_("机构信息已保存。"))
        return redirect(url_for("institutions.show"), 303)
    return page("institutions/edit.html", form, firm=own_firm(gate.reading()))


@pages.route("/registration", methods=["GET", "POST"])
def new_registration() -> Response | BaseResponse:
    """Note a registration, the first one or a renewal."""
    form = RegistrationForm(data={"state": "registered"})

    def content(_session: Session, own: Institution) -> dict[str, Any]:
        return {**firm_content.head(own), "registration": entry(form)}

    if form.validate_on_submit() and hand_in(form, content):
        flash(_("备案已保存。下一步：逐项填写备案范围。"))
        return redirect(url_for("institutions.show"), 303)
    return page("institutions/registration.html", form, one=None)


@pages.route("/registration/<row(kind='registration'):registration_id>", methods=["GET", "POST"])
def registration(registration_id: int) -> Response | BaseResponse:
    """Change a registration; its number and first day name it and stay."""
    one = own_row(gate.reading(), Registration, registration_id)
    form = RegistrationForm(data=prefilled(one))
    del form.number, form.valid_from

    def content(session: Session, own: Institution) -> dict[str, Any]:
        before = own_row(session, Registration, registration_id)
        named = {"number": before.number, "valid_from": before.valid_from}
        return {**firm_content.head(own), "registration": named | entry(form, before)}

    if form.validate_on_submit() and hand_in(form, content):
        flash(_("备案已保存。"))
        return redirect(url_for("institutions.show"), 303)
    return page("institutions/registration.html", form, one=one)


@pages.route("/registration/<row(kind='registration'):registration_id>/scope", methods=["GET", "POST"])
def new_scope(registration_id: int) -> Response | BaseResponse:
    """Add a line to the scope of a registration."""
    one = own_row(gate.reading(), Registration, registration_id)
    form = ScopeForm(data=_named_occupation())

    def content(session: Session, own: Institution) -> dict[str, Any]:
        registered = firm_content.registered(session, own_row(session, Registration, registration_id))
        return {**firm_content.head(own), **registered, "scope": [*registered["scope"], entry(form)]}

    if form.validate_on_submit() and hand_in(form, content):
        flash(_("备案范围已增加一项。"))
        return redirect(url_for("institutions.show"), 303)
    return page("institutions/scope.html", form, registration=one, line=None)


@pages.route("/scope/<row(kind='scope_line'):line_id>", methods=["GET", "POST"])
def scope(line_id: int) -> Response | BaseResponse:
    """Change a line of the scope; its occupation and trade name it and stay."""
    line = own_row(gate.reading(), ScopeLine, line_id)
    registered_at = own_row(gate.reading(), Registration, line.registration_id)
    form = ScopeForm(data=prefilled(line))
    del form.occupation_code, form.trade

    def content(session: Session, own: Institution) -> dict[str, Any]:
        before = own_row(session, ScopeLine, line_id)
        told = firm_content.registered(session, own_row(session, Registration, before.registration_id))
        place = next(
            number for number, one in enumerate(told["scope"])
            if (one["occupation_code"], one["trade"]) == (before.occupation_code, before.trade)
        )  # fmt: skip
        told["scope"][place] |= entry(form, before)
        return {**firm_content.head(own), **told}

    if form.validate_on_submit() and hand_in(form, content):
        flash(_("备案范围已保存。"))
        return redirect(url_for("institutions.show"), 303)
    return page("institutions/scope.html", form, registration=registered_at, line=line)


def _named_occupation() -> dict[str, str]:
    """An occupation that the address names, as the page of an occupation links here."""
    return {key: request.args[key] for key in ("occupation_code", "occupation_name") if key in request.args}


def _ceilings(lines: dict[int, list[ScopeLine]]) -> dict[int, Grade]:
    """The highest grade of each scope: the ceilings where they are stated, else the grades."""
    highest = {
        key: [Grade(word) for one in listed for word in ([one.ceiling] if one.ceiling else one.grades)]
        for key, listed in lines.items()
    }
    return {key: max(grades) for key, grades in highest.items() if grades}
