"""Personnel of evaluations (评价人员): assessors, supervisors, experts, with the term of their cards."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, flash, redirect, render_template, url_for
from sqlmodel import Session, col
from werkzeug.wrappers import Response as BaseResponse
from wtforms import StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from skilleval.db.tables import Institution, Personnel
from skilleval.domain.errors import RuleBroken
from skilleval.domain.expiry import term
from skilleval.domain.identifiers import ID_TYPES, mask_number
from skilleval.domain.ladder import Grade
from skilleval.services import firm_content
from skilleval.services.tenancy import viewer_of
from skilleval.services.timelines import timeline_of
from skilleval.web import firm_words, gate, lists
from skilleval.web.batches import CheckboxesField
from skilleval.web.expiry import TONES, card_words, expiry_filter, lead_days
from skilleval.web.firm_edits import RowForm, chosen, codes, entry, hand_in, own_row, prefilled
from skilleval.web.forms import Required, optional_day, page
from skilleval.web.language import _, lazy
from skilleval.web.show import label

pages = Blueprint("personnel", __name__, url_prefix="/personnel")

#: how a term looks: the stored word whose tone it has


class PersonnelForm(RowForm):
    """Somebody who may act in an evaluation."""

    code = StringField(
        lazy("编号"), [Required(), Length(max=20)], description=lazy("本单位自编的短编号，成绩表用它指人；以后不能改")
    )
    name = StringField(lazy("姓名"), [Required(), Length(max=60)])
    kind = chosen(lazy("类别"), firm_words.PERSONNEL_KINDS, required=True)
    sex = chosen(lazy("性别"), firm_words.SEXES)
    id_type = chosen(lazy("证件类型"), dict(ID_TYPES))
    id_number = StringField(
        lazy("证件号码"), [Optional(), Length(max=30)], render_kw={"autocomplete": "off", "data-secret": ""},
        description=lazy("加密保存，只显示后几位；已填过而不改的留空"),
    )  # fmt: skip
    employer = StringField(lazy("工作单位"), [Optional(), Length(max=100)])
    title = StringField(lazy("职称"), [Optional(), Length(max=60)])
    grade = chosen(lazy("本人技能等级"), {one.value: one.printed for one in Grade})
    card_number = StringField(lazy("证卡编号"), [Optional(), Length(max=60)])
    card_valid_to = optional_day(lazy("证卡有效期至"))
    occupations = StringField(
        lazy("可评职业"), [Optional(), Length(max=400)], description=lazy("职业编码，多个以空格分开，如 6-31-01-03")
    )
    grades = CheckboxesField(lazy("可评等级"), choices=[SelectChoice(one.value, lazy(one.printed)) for one in Grade])
    phone = StringField(lazy("电话"), [Optional(), Length(max=40)])


@pages.get("")
def index() -> Response | str:
    """The personnel of the institution."""
    session = gate.reading()
    return lists.answer(lists.Page(_listing(session), session), "personnel/index.html")


@pages.get("/<row(kind='personnel'):personnel_id>")
def show(personnel_id: int) -> str:
    """One of the personnel; the document number is masked."""
    session = gate.reading()
    one = own_row(session, Personnel, personnel_id)
    number = gate.site().installation.vault.open(one.institution_id, one.id_sealed) if one.id_sealed else ""
    return render_template(
        "personnel/show.html", one=one, words=firm_words, card=term(one.card_valid_to, gate.today(), lead_days(session)),
        number=mask_number(number) if number else "", phone=mask_number(one.phone) if one.phone else "",
        timeline=timeline_of(session, one),
    )  # fmt: skip


@pages.route("/new", methods=["GET", "POST"])
def new() -> Response | BaseResponse:
    """Add somebody."""
    form = PersonnelForm()

    def content(session: Session, own: Institution) -> dict[str, Any]:
        return {**firm_content.head(own), "personnel": [_entry(session, form, None)]}

    if form.validate_on_submit() and (applied := hand_in(form, content)):
        flash(_("评价人员已保存。"))
        return redirect(url_for("personnel.show", personnel_id=_row_of(applied.added)), 303)
    return page("personnel/edit.html", form, one=None)


@pages.route("/<row(kind='personnel'):personnel_id>/edit", methods=["GET", "POST"])
def edit(personnel_id: int) -> Response | BaseResponse:
    """Change somebody; the code names them and stays."""
    one = own_row(gate.reading(), Personnel, personnel_id)
    form = PersonnelForm(data=prefilled(one, occupations=" ".join(one.occupations)))
    del form.code

    def content(session: Session, own: Institution) -> dict[str, Any]:
        before = own_row(session, Personnel, personnel_id)
        return {**firm_content.head(own), "personnel": [{"code": before.code, **_entry(session, form, before)}]}

    if form.validate_on_submit() and hand_in(form, content):
        flash(_("评价人员已保存。"))
        return redirect(url_for("personnel.show", personnel_id=personnel_id), 303)
    return page("personnel/edit.html", form, one=one)


def _entry(session: Session, form: PersonnelForm, before: Personnel | None) -> dict[str, Any]:
    told = entry(form, before)
    if "occupations" in told:
        told["occupations"] = codes(told["occupations"])
    if before is None:
        _refuse_taken(session, form)
    return told


def _refuse_taken(session: Session, form: PersonnelForm) -> None:
    """A new entry with a code in use would change somebody else."""
    taken = sa.select(col(Personnel.id)).where(
        viewer_of(session).own(col(Personnel.institution_id)), col(Personnel.code) == form.code.data
    )
    if session.execute(taken).first() is not None:
        raise RuleBroken(_("编号 {code} 已是另一人的").format(code=form.code.data))


def _row_of(rows: list[Any]) -> int:
    return next(one.id or 0 for one in rows if isinstance(one, Personnel))


def _listing(session: Session) -> lists.Listing:
    query = sa.select(
        *(col(one) for one in (
            Personnel.id, Personnel.code, Personnel.name, Personnel.kind, Personnel.occupations, Personnel.grades,
            Personnel.card_number, Personnel.card_valid_to,
        ))
    ).where(viewer_of(session).own(col(Personnel.institution_id)))  # fmt: skip
    kinds = {key: _(name) for key, name in firm_words.PERSONNEL_KINDS.items()}
    lead = lead_days(session)
    return lists.Listing(
        name="personnel", title=_("评价人员"), query=query, id=col(Personnel.id), kind="personnel", sort="code",
        columns=(
            lists.Column("code", _("编号"), lambda row: row.code, order=col(Personnel.code), kind="link", width=10),
            lists.Column("name", _("姓名"), lambda row: row.name, order=col(Personnel.name), width=12),
            lists.Column("kind", _("类别"), lambda row: kinds[row.kind], order=col(Personnel.kind)),
            lists.Column("occupations", _("可评职业"), lambda row: row.occupations, width=24),
            lists.Column("grades", _("可评等级"), lambda row: [label(Grade(word).name_zh) for word in row.grades], width=30),
            lists.Column("card_number", _("证卡编号"), lambda row: row.card_number),
            lists.Column("card_valid_to", _("证卡有效期至"), lambda row: row.card_valid_to, order=sa.func.coalesce(col(Personnel.card_valid_to), date.max)),
            lists.Column(
                "term", _("证卡"), lambda row: card_words(term(row.card_valid_to, gate.today(), lead)), kind="state",
                word=lambda row: TONES[term(row.card_valid_to, gate.today(), lead).expiry], width=20,
            ),
        ),
        filters=(
            lists.Filter("kind", _("类别"), kinds, lambda value: col(Personnel.kind) == value),
            expiry_filter(Personnel.card_valid_to, _("证卡"), lead),
        ),
        search=lambda typed: sa.or_(
            col(Personnel.name).contains(typed, autoescape=True), col(Personnel.code) == typed,
        ),
        search_hint=_("姓名、编号"),
        link=(lambda row: url_for("personnel.show", personnel_id=row.id)) if gate.may("personnel.show") else None,
    )  # fmt: skip
