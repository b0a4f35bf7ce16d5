"""The file of one case: its matrix and evidence, the panel's scores and votes, the decision and the minutes."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length

from skilleval.db.tables import Batch, Candidate, Evidence, Institution, Person, RecognitionCase
from skilleval.domain.backgrounds import EVIDENCE_LEVELS
from skilleval.domain.errors import RuleBroken
from skilleval.domain.methods import METHODS
from skilleval.domain.recognition import EVIDENCE_KINDS, EVIDENCE_STATES, STATES, VOTES, Line, score_of
from skilleval.domain.rules import Proof
from skilleval.reports.fonts import load_fonts
from skilleval.reports.minutes import render_minutes
from skilleval.services import case_decisions, case_evidence, recognition_minutes
from skilleval.services import evidence as evidence_service
from skilleval.services import recognitions as service
from skilleval.services.case_evidence import Coverage
from skilleval.services.case_file import hundredths
from skilleval.services.recused_results import votes_anew
from skilleval.services.timelines import timeline_of
from skilleval.uploads.intake import MAX_BYTES, CleanFile, clean
from skilleval.web import evidence, gate, lists
from skilleval.web.batches import CheckboxesField
from skilleval.web.forms import DayField, Form, Required, bytes_of, number_in, optional_day
from skilleval.web.language import _, lazy
from skilleval.web.recognitions import WHOLE, seen_candidates
from skilleval.web.show import label

pages = Blueprint("cases", __name__, url_prefix="/batches/<row(kind='batch'):batch_id>/cases/<row(kind='case'):case_id>")


class EvidenceForm(Form):
    """One piece of evidence with its file, for lines of the case."""

    lines = CheckboxesField(lazy("证明哪几项"), [Required()], coerce=int)
    kind = SelectField(lazy("类别"), [Required()])
    title = StringField(lazy("名称"), [Required(), Length(max=120)])
    issuer = StringField(lazy("出具单位"), [Required(), Length(max=120)])
    level = SelectField(lazy("级别"))
    started_on = DayField(lazy("起（或取得日期）"), [Required()])
    ended_on = optional_day(lazy("止"))
    file = FileField(
        lazy("文件"),
        description=lazy("PDF、PNG 或 JPEG，不超过 10 MB；照片中的拍摄地点等信息会去掉"),
    )


@dataclass(frozen=True, slots=True)
class File:
    """A case with everybody it concerns."""

    case: RecognitionCase
    batch: Batch
    candidate: Candidate
    person: Person
    employer: Institution

    @property
    def inside(self) -> bool:
        """Whether the one who asks stands on the institution's side, and may see what the panel does."""
        who = gate.who()
        return self.case.institution_id == who.institution_id and bool((WHOLE | {"assessor"}) & who.roles)

    @property
    def open(self) -> bool:
        """Whether evidence may still be added."""
        return self.batch.state in service.OPEN and self.case.state != "recognised"


@pages.get("")
def show(batch_id: int, case_id: int) -> str:
    """The case: basis, limits set aside, criterion × evidence, scores, votes, decisions."""
    session = gate.reading()
    found = seen_case(session, batch_id, case_id)
    coverage = case_evidence.coverage_of(session, found.case)
    return _page(session, found, coverage, _evidence_form(coverage))


@pages.post("/evidence")
def hand_in(batch_id: int, case_id: int) -> BaseResponse | str:
    """Hand in evidence with its file, and tie it to lines of the case."""
    session = gate.reading()
    found = seen_case(session, batch_id, case_id)
    coverage = case_evidence.coverage_of(session, found.case)
    form = _evidence_form(coverage)
    if form.validate_on_submit():
        try:
            # Opened before the database is locked for writing: a large picture takes a second.
            code = _handed_in(batch_id, case_id, form, clean(bytes_of(form.file.data, MAX_BYTES)))
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            flash(_("佐证材料 {code} 已登记，待核验。").format(code=code))
            return redirect(url_for("cases.show", batch_id=batch_id, case_id=case_id), 303)
    session = gate.reading()
    found = seen_case(session, batch_id, case_id)
    page = _page(session, found, case_evidence.coverage_of(session, found.case), form)
    return Response(page, 422, content_type="text/html; charset=utf-8")


@pages.post("/attach")
def attach(batch_id: int, case_id: int) -> BaseResponse:
    """Tie evidence of the person that is there already to lines of the case."""
    with gate.writing() as session:
        found = seen_case(session, batch_id, case_id)
        number = gate.row_number("evidence", request.form.get("evidence", "")) or abort(404)
        piece = next((one for one in _spare(session, found, ()) if one.id == number), None) or abort(404)
        serials = [int(one) for one in request.form.getlist("line") if one.isdecimal()]
        case_evidence.rest_on(session, gate.actor(), found.case, piece, serials)
        session.commit()
    flash(_("佐证材料已归入案卷。"))
    return redirect(url_for("cases.show", batch_id=batch_id, case_id=case_id), 303)


@pages.post("/score")
def score(batch_id: int, case_id: int) -> BaseResponse:
    """Set scores of lines and marks of methods, by a member of the panel."""
    with gate.writing() as session:
        found = _inside(session, batch_id, case_id)
        service.seat_of(session, found.batch, gate.who().personnel_id)
        lines = {int(key): pair for key, pair in _changed("line").items() if key.isdecimal()}
        methods = _changed("method")
        service.must_be_as_seen(session, found.case, lines=lines, methods=methods)
        service.score_case(
            session, gate.actor(), found.case, lines={key: wanted for key, (_seen, wanted) in lines.items()},
            methods={key: wanted for key, (_seen, wanted) in methods.items()},
        )  # fmt: skip
        session.commit()
    flash(_("评分已保存。"))
    return redirect(url_for("cases.show", batch_id=batch_id, case_id=case_id), 303)


@pages.post("/vote")
def vote(batch_id: int, case_id: int) -> BaseResponse:
    """Vote, from one's own seat on the panel; the chair's comment is the conclusion."""
    with gate.writing() as session:
        found = _inside(session, batch_id, case_id)
        _member, personnel = service.seat_of(session, found.batch, gate.who().personnel_id)
        service.vote(
            session, gate.actor(), found.case, member_code=personnel.code, word=request.form.get("vote", ""),
            comment=request.form.get("comment", "")[:2000],
        )  # fmt: skip
        session.commit()
    flash(_("表决已登记。"))
    return redirect(url_for("cases.show", batch_id=batch_id, case_id=case_id), 303)


@pages.get("/decision")
def decision(batch_id: int, case_id: int) -> str:
    """What stands against recognising the case now, with the proof, and the decision."""
    session = gate.reading()
    found = _inside(session, batch_id, case_id)
    outlook = case_decisions.outlook(
        session, found.case, gate.site().installation.library, actor=gate.actor(), on=gate.today()
    )
    return render_template(
        "cases/decision.html", **_told(found), outlook=outlook, score=score_of(outlook.inputs.facts.lines),
        decisions=case_decisions.decisions_of(session, found.case), apart=outlook.inputs.facts.decider_acts,
        deciding=found.batch.state in case_decisions.DECIDING,
    )  # fmt: skip


@pages.post("/decide")
def decide(batch_id: int, case_id: int) -> BaseResponse:
    """Decide the case."""
    word = request.form.get("decision", "")
    if word not in ("recognised", "not_recognised"):
        abort(400)
    with gate.writing() as session:
        found = _inside(session, batch_id, case_id)
        case_decisions.must_be_latest(session, found.case, request.form.get("seen", 0, int))
        case_decisions.decide_case(
            session, gate.actor(), found.case, gate.site().installation.library, recognise=word == "recognised",
            reason=request.form.get("reason", ""), on=gate.today(),
        )  # fmt: skip
        session.commit()
    flash(_("已决定：{state}。").format(state=label(STATES[word])))
    return redirect(url_for("cases.decision", batch_id=batch_id, case_id=case_id), 303)


@pages.get("/minutes.pdf")
def minutes(batch_id: int, case_id: int) -> Response:
    """The minutes of the panel as PDF: each sentence names the record that it was written from."""
    session = gate.reading()
    found = _inside(session, batch_id, case_id)
    settings = gate.site().installation.settings
    told = recognition_minutes.minutes_of(session, found.case)
    content = render_minutes(told, load_fonts(settings.fonts), demo=settings.certificate.demo)
    return lists.pdf_response(content, f"{found.case.number}.pdf")


def seen_case(session: Session, batch_id: int, case_id: int) -> File:
    """The case, if whoever asks may see it; else the page is not there."""
    query = (
        sa.select(RecognitionCase, Batch, Candidate, Person, Institution)
        .join(Batch, col(Batch.id) == col(RecognitionCase.batch_id))
        .join(Candidate, col(Candidate.id) == col(RecognitionCase.candidate_id))
        .join(Person, col(Person.id) == col(Candidate.person_id))
        .join(Institution, col(Institution.id) == col(Candidate.employer_id))
        .where(col(RecognitionCase.id) == case_id, col(RecognitionCase.batch_id) == batch_id, seen_candidates())
    )
    found = session.execute(query).first()
    return File(*found) if found is not None else abort(404)


def _inside(session: Session, batch_id: int, case_id: int) -> File:
    found = seen_case(session, batch_id, case_id)
    return found if found.inside else abort(404)


def _told(found: File) -> dict[str, Any]:
    return {
        "case": found.case, "batch": found.batch, "candidate": found.candidate, "person": found.person,
        "employer": found.employer, "inside": found.inside, "states": STATES, "names": METHODS, "words": VOTES,
    }  # fmt: skip


def _page(session: Session, found: File, coverage: Coverage, form: EvidenceForm) -> str:
    panel = service.panel_of(session, found.batch) if found.inside else ()
    votes = {one.member_id: one for one in service.votes_of(session, found.case)} if found.inside else {}
    mine = gate.who().personnel_id
    return render_template(
        "cases/show.html", **_told(found), coverage=coverage, form=form, panel=panel, votes=votes,
        score=score_of([Line(one.serial, one.category, one.text, one.maximum, one.must, one.score)
                        for one in (row.line for row in coverage.criteria)]),
        seat=next(((member, one) for member, one in panel if mine is not None and one.id == mine), None),
        basis=None if found.candidate.proof is None else Proof.from_dict(found.candidate.proof), open=found.open,
        spare=_spare(session, found, [one.code for one in coverage.evidence]),
        kinds=EVIDENCE_KINDS, evidence_states=EVIDENCE_STATES,
        again=found.inside and votes_anew(session, found.batch, found.candidate),
        timeline=timeline_of(session, found.case) if found.inside else [],
    )  # fmt: skip


def _evidence_form(coverage: Coverage) -> EvidenceForm:
    form = EvidenceForm()
    lines = [one.line for one in coverage.criteria]
    form.lines.choices = [SelectChoice(one.serial, f"{one.serial}. {one.text}{_('（必备）') if one.must else ''}") for one in lines]
    form.kind.choices = [SelectChoice(key, label(name)) for key, name in EVIDENCE_KINDS.items()]
    form.level.choices = [SelectChoice("", _("不分级别")), *(SelectChoice(key, label(name)) for key, name in EVIDENCE_LEVELS.items())]
    return form


def _handed_in(batch_id: int, case_id: int, form: EvidenceForm, file: CleanFile) -> str:
    folder = gate.site().installation.folder / evidence.FOLDER
    with gate.writing() as session:
        found = seen_case(session, batch_id, case_id)
        firm = session.get(Institution, found.case.institution_id) or abort(404)
        entry = {
            "code": _next_code(session, found), "kind": form.kind.data, "title": form.title.data,
            "issuer": form.issuer.data, "started_on": form.started_on.data,
            **{key: value for key, value in (("ended_on", form.ended_on.data), ("level", form.level.data)) if value},
        }  # fmt: skip
        row = evidence_service.hand_in(
            session, gate.actor(), firm, found.person, entry, file=file, folder=folder, on=gate.today()
        )
        try:
            case_evidence.rest_on(session, gate.actor(), found.case, row, form.lines.data or [])
            session.commit()
        except BaseException:
            evidence_service.discard(row, folder)
            raise
        return row.code


def _next_code(session: Session, found: File) -> str:
    """The next code of evidence that was handed in for this case."""
    query = select(Evidence.code).where(
        col(Evidence.institution_id) == found.case.institution_id,
        col(Evidence.code).startswith(f"{found.case.number}-", autoescape=True),
    )
    last = max((int(tail) for code in session.exec(query) if (tail := code.rpartition("-")[2]).isdecimal()), default=0)
    return f"{found.case.number}-{last + 1:02d}"


def _spare(session: Session, found: File, used: Any) -> list[Evidence]:
    """Evidence of the person that the case does not use."""
    query = select(Evidence).where(
        col(Evidence.institution_id) == found.case.institution_id,
        col(Evidence.employer_id) == found.candidate.employer_id,
        col(Evidence.person_id) == found.candidate.person_id, col(Evidence.code).not_in(list(used)),
    )  # fmt: skip
    return list(session.exec(query.order_by(col(Evidence.code))))


def _changed(kind: str) -> dict[str, tuple[int | None, int]]:
    """The scores that were typed anew, by line or method: what the page showed, and what is wanted."""
    seen = _typed(f"seen-{kind}")
    return {key: (seen.get(key), wanted) for key, wanted in _typed(kind).items() if wanted != seen.get(key)}


def _typed(kind: str) -> dict[str, int]:
    """Scores as typed, in hundredths, by line or method; what was left empty is left as it was. Refused: no number."""
    found: dict[str, int] = {}
    wrong = []
    for name, typed in request.form.items():
        if name.startswith(f"{kind}-") and typed.strip():
            value = hundredths(number_in(typed))
            if value is None:
                wrong.append(_("“{typed}”不是分数，应为不小于 0、至多两位小数的数").format(typed=typed[:20]))
            else:
                found[name.removeprefix(f"{kind}-")] = value
    if wrong:
        raise RuleBroken(_("评分有错误，未作任何改动"), wrong)
    return found
