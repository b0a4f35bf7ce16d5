"""Relations that people declare (师徒、近亲属……): what nothing else on record shows of conflicts of interest (回避)."""

from flask import Blueprint, Response, flash, redirect, url_for
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from skilleval.db.tables import RELATION_KINDS, Batch, Candidate, Institution, Personnel
from skilleval.domain.conflicts import KINDS
from skilleval.domain.errors import RuleBroken
from skilleval.services.relations import Declared, declare_relation
from skilleval.web import gate
from skilleval.web.batches import own_batch
from skilleval.web.firm_edits import own_firm, own_rows
from skilleval.web.forms import Form, Required, optional_day, page
from skilleval.web.language import _, lazy

pages = Blueprint("relations", __name__, url_prefix="/batches/<row(kind='batch'):batch_id>/panels/relations")


class RelationForm(Form):
    """A relation of somebody who examines, or of somebody on the roster, with a candidate."""

    kind = SelectField(lazy("关系"), [Required()], choices=[SelectChoice(key, lazy(KINDS[key])) for key in RELATION_KINDS])
    examiner = SelectField(lazy("考评人员"), [Optional()])
    person = StringField(
        lazy("或花名册人员"), [Optional(), Length(max=40)],
        description=lazy("还不是考评人员的，填工号或姓名；两栏只填一栏"),
    )  # fmt: skip
    employer = SelectField(lazy("对方所在单位"), [Required()])
    other = StringField(lazy("对方"), [Required(), Length(max=40)], description=lazy("工号或姓名"))
    valid_from = optional_day(lazy("起始日期"))
    valid_to = optional_day(lazy("截止日期"))
    source = StringField(lazy("依据"), [Required(), Length(max=200)], description=lazy("如 2024年师带徒协议"))


@pages.route("", methods=["GET", "POST"])
def declare(batch_id: int) -> Response | BaseResponse:
    """Declare a relation; what follows from it is suspected until the reviewer decides it."""
    session = gate.reading()
    batch = own_batch(session, batch_id)
    form = RelationForm()
    firms = _offer(session, batch, form)
    if form.validate_on_submit():
        installation = gate.site().installation
        try:
            with gate.writing() as write:
                told = Declared(
                    form.kind.data, form.other.data or "", form.source.data or "", form.examiner.data or None,
                    form.person.data or None, write.get(Institution, firms[form.employer.data]), form.valid_from.data,
                    form.valid_to.data,
                )  # fmt: skip
                declare_relation(write, gate.actor(), own_firm(write), told, vault=installation.vault, on=gate.today())
                write.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            flash(_("关系已登记；由此产生的回避情形待审核员认定。"))
            return redirect(url_for("panels.conflicts", batch_id=batch_id), 303)
    return page("panels/declare.html", form, batch=batch)


def _offer(session: Session, batch: Batch, form: RelationForm) -> dict[str, int]:
    """The own personnel, and the firms whose people sit in the batch, the own one first: code → number of each."""
    people = own_rows(session, Personnel, col(Personnel.code))
    form.examiner.choices = [SelectChoice("", "—"), *(SelectChoice(one.code, f"{one.name}（{one.code}）") for one in people)]
    sitting = select(Candidate.employer_id).where(
        col(Candidate.institution_id) == batch.institution_id, col(Candidate.batch_id) == batch.id
    )
    own = col(Institution.id) == batch.institution_id
    query = select(Institution).where(own | col(Institution.id).in_(sitting)).order_by(own.desc(), col(Institution.name))
    firms = session.exec(query).all()
    form.employer.choices = [SelectChoice(one.credit_code, one.name) for one in firms]
    return {one.credit_code: one.id or 0 for one in firms}
