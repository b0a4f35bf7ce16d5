"""The corner of a member firm: its roster, its people in evaluators' batches, their evidence, the mandates it gave."""

import sqlalchemy as sa
from flask import Blueprint, Response, render_template, url_for
from sqlmodel import Session, col, select

from skilleval.db.tables import Batch, Candidate, Chain, Evidence, Institution, Mandate, Person
from skilleval.domain import chains, lifecycle
from skilleval.domain.authority import ROUTES
from skilleval.domain.recognition import EVIDENCE_KINDS, EVIDENCE_STATES
from skilleval.services import chains as service
from skilleval.services.rules import packs_of
from skilleval.services.tenancy import viewer_of
from skilleval.web import gate, lists
from skilleval.web.chains import NOTICE_DAYS, TONES
from skilleval.web.language import _
from skilleval.web.show import grade, label

pages = Blueprint("corner", __name__, url_prefix="/corner")


@pages.get("")
def show() -> str:
    """What the firm's people and mandates come to, each number with its list."""
    session, today = gate.reading(), gate.today()
    own = gate.who().institution_id or 0
    rule = packs_of(session, own, gate.site().installation.library, today).find(NOTICE_DAYS, today)
    mandates = [
        (row, chain.name, evaluator, service.state_of(row, chain, today, rule.value if rule else None))
        for row, chain, evaluator in _mandates(session, own)
    ]
    return render_template(
        "corner/show.html", counts=_counts(session, own), mandates=mandates, states=chains.MANDATE_STATES, tones=TONES
    )


@pages.get("/candidates")
def candidates() -> Response | str:
    """The firm's own people in batches of other evaluators."""
    session = gate.reading()
    return lists.answer(lists.Page(_candidates(gate.who().institution_id or 0), session), "corner/candidates.html")


@pages.get("/evidence")
def evidence() -> Response | str:
    """What is on record for the firm's own people, for direct recognition."""
    session = gate.reading()
    return lists.answer(lists.Page(_evidence(gate.who().institution_id or 0), session), "corner/evidence.html")


def _counts(session: Session, own: int) -> dict[str, int]:
    """People on the roster, candidates in others' batches by state, evidence."""
    people = sa.select(sa.func.count()).select_from(Person).where(col(Person.institution_id) == own)
    shown = sa.select(sa.func.count()).select_from(Evidence).where(col(Evidence.employer_id) == own)
    row = session.execute(
        sa.select(people.scalar_subquery(), shown.scalar_subquery(), *(
            sa.select(sa.func.count()).select_from(Candidate).where(*_elsewhere(own), col(Candidate.state) == state).scalar_subquery()
            for state in lifecycle.STATES["candidate"]
        ))
    ).one()  # fmt: skip
    return dict(zip(("people", "evidence", *lifecycle.STATES["candidate"]), row, strict=True))


def _elsewhere(own: int) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return col(Candidate.employer_id) == own, col(Candidate.institution_id) != own


def _mandates(session: Session, own: int) -> list[tuple[Mandate, Chain, str]]:
    query = select(Mandate, Chain, Institution.name).where(
        col(Mandate.employer_id) == own, viewer_of(session).mandates(), col(Chain.id) == col(Mandate.chain_id),
        col(Institution.id) == col(Mandate.institution_id),
    )  # fmt: skip
    return list(session.exec(query.order_by(col(Mandate.valid_to).desc(), col(Mandate.id))).all())


def _candidates(own: int) -> lists.Listing:
    query: lists.Statement = sa.select(
        col(Candidate.id), col(Person.name), col(Person.employee_no), col(Candidate.grade), col(Candidate.route),
        col(Candidate.state), col(Batch.id).label("batch_id"), col(Batch.number), col(Batch.occupation_name),
        col(Batch.state).label("batch_state"), col(Batch.starts_on), col(Institution.name).label("evaluator"),
    ).where(
        *_elsewhere(own), col(Person.institution_id) == own, col(Person.id) == col(Candidate.person_id),
        col(Batch.institution_id) == col(Candidate.institution_id), col(Batch.id) == col(Candidate.batch_id),
        col(Institution.id) == col(Candidate.institution_id),
    )  # fmt: skip
    states = lifecycle.STATES["candidate"]
    return lists.Listing(
        name="corner_candidates", title=_("本企业考生"), query=query, id=col(Candidate.id), kind="candidate", sort="starts_on",
        descending=True,
        columns=(
            lists.Column("name", _("姓名"), lambda row: row.name, order=col(Person.name)),
            lists.Column("employee_no", _("工号"), lambda row: row.employee_no, order=sa.func.coalesce(col(Person.employee_no), "")),
            lists.Column("number", _("批次"), lambda row: row.number, order=col(Batch.number), kind="link"),
            lists.Column("evaluator", _("评价机构"), lambda row: row.evaluator, width=24),
            lists.Column("occupation", _("职业"), lambda row: row.occupation_name),
            lists.Column("grade", _("等级"), lambda row: grade(row.grade)),
            lists.Column("route", _("方式"), lambda row: label(ROUTES[row.route])),
            lists.Column("starts_on", _("评价开始"), lambda row: row.starts_on, order=col(Batch.starts_on)),
            lists.Column("state", _("考生状态"), lambda row: states[row.state], order=col(Candidate.state), kind="state",
                         word=lambda row: row.state),
            lists.Column("batch_state", _("批次状态"), lambda row: lifecycle.label("batch", row.batch_state), kind="state",
                         word=lambda row: row.batch_state),
        ),
        filters=(lists.Filter("state", _("考生状态"), states, lambda value: col(Candidate.state) == value),),
        search=lambda typed: sa.or_(col(Person.name).contains(typed, autoescape=True), col(Person.employee_no) == typed),
        search_hint=_("姓名、工号"),
        link=lambda row: url_for("batches.show", batch_id=row.batch_id),
    )  # fmt: skip


def _evidence(own: int) -> lists.Listing:
    query: lists.Statement = sa.select(
        col(Evidence.id), col(Evidence.code), col(Evidence.kind), col(Evidence.title), col(Evidence.started_on),
        col(Evidence.state), col(Person.name), col(Institution.name).label("holder"),
    ).where(
        col(Evidence.employer_id) == own, col(Person.institution_id) == own, col(Person.id) == col(Evidence.person_id),
        col(Institution.id) == col(Evidence.institution_id),
    )  # fmt: skip
    return lists.Listing(
        name="corner_evidence", title=_("本企业员工的佐证材料"), query=query, id=col(Evidence.id), kind="evidence", sort="started_on",
        descending=True,
        columns=(
            lists.Column("name", _("姓名"), lambda row: row.name, order=col(Person.name)),
            lists.Column("code", _("编号"), lambda row: row.code, order=col(Evidence.code)),
            lists.Column("kind", _("类别"), lambda row: label(EVIDENCE_KINDS.get(row.kind, row.kind))),
            lists.Column("title", _("名称"), lambda row: row.title, width=36),
            lists.Column("started_on", _("日期"), lambda row: row.started_on, order=col(Evidence.started_on)),
            lists.Column("holder", _("收存机构"), lambda row: row.holder, width=24),
            lists.Column("state", _("状态"), lambda row: EVIDENCE_STATES[row.state], order=col(Evidence.state), kind="state",
                         word=lambda row: row.state),
        ),
        filters=(lists.Filter("state", _("状态"), EVIDENCE_STATES, lambda value: col(Evidence.state) == value),),
    )  # fmt: skip
