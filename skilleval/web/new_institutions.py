"""A new institution of the installation: the administrator names it, its HR fills it in.

Everything else of an institution is business, which its own HR sees to; before it exists nobody can be its HR.
"""

from flask import Blueprint, flash, redirect, url_for
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import StringField
from wtforms.validators import Length, Regexp

from skilleval.db.tables import Institution
from skilleval.domain.errors import RuleBroken
from skilleval.services import institutions
from skilleval.web import firm_words, gate
from skilleval.web.firm_edits import asked_yes_no, chosen, refuse
from skilleval.web.forms import Form, Required, page
from skilleval.web.language import _, lazy

pages = Blueprint("new_institutions", __name__, url_prefix="/accounts/institutions")


class NewInstitutionForm(Form):
    """What makes an institution: its code, its name, what it is and where."""

    credit_code = StringField(lazy("统一社会信用代码"), [Required(), Length(max=18)], description=lazy("18 位，建立后不能更改"))
    name = StringField(lazy("单位名称"), [Required(), Length(max=200)], description=lazy("与备案一致"))
    kind = chosen(lazy("类别"), firm_words.INSTITUTION_KINDS, required=True)
    # Rules ask for both, so that neither may be guessed.
    manufacturing = asked_yes_no(lazy("制造业"))
    province = StringField(
        lazy("省代码"), [Required(), Regexp(r"[1-9]\d\Z", message=lazy("省代码是两位数字，如广东为 44"))],
        description=lazy("行政区划代码的前两位，广东为 44"), render_kw={"inputmode": "numeric", "maxlength": 2},
    )  # fmt: skip


@pages.route("/new", methods=["GET", "POST"])
def new() -> BaseResponse:
    """Name a new institution; the next thing is an account for its HR."""
    form = NewInstitutionForm()
    if form.validate_on_submit():
        own = {
            "credit_code": form.credit_code.data or "", "name": form.name.data or "", "kind": form.kind.data,
            "manufacturing": form.manufacturing.data == "true", "province": form.province.data or "",
        }  # fmt: skip
        installation = gate.site().installation
        try:
            with gate.writing() as session:
                _must_be_new(session, own["credit_code"])
                institutions.add_institution(
                    session, gate.actor(), {"institution": own}, vault=installation.vault,
                    own_standards=installation.folder / "standards",
                )  # fmt: skip
                session.commit()
        except RuleBroken as refusal:
            refuse(form, refusal)
        else:
            flash(_("已建立机构“{name}”。下一步：为它的人力资源建立账号，由其填写备案、评价规范和人员。").format(name=own["name"]))
            return redirect(url_for("accounts.new", institution=own["credit_code"], role="hr"), 303)
    return page("accounts/new_institution.html", form)


def _must_be_new(session: Session, credit_code: str) -> None:
    """An institution that is there is its own HR's to change."""
    query = select(Institution).where(col(Institution.credit_code) == credit_code)
    if (found := session.exec(query).first()) is not None:
        raise RuleBroken(_("{code} 已经建立，是“{name}”；机构信息由它的人力资源修改").format(code=credit_code, name=found.name))
