"""Occupations and standards: found by name, code or pinyin; a standard's weights, conditions and source, confirmed against
the original."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import StringField
from wtforms.validators import Length, Optional

from skilleval import standards as library
from skilleval.db.tables import ScopeLine
from skilleval.domain.errors import RuleBroken
from skilleval.domain.occupations import Occupation, Standard
from skilleval.occupation_search import find_occupations
from skilleval.services import rules
from skilleval.services.entry_conditions import conditions_on
from skilleval.services.standard_confirmations import Trust, confirm_standard, confirmations_of, trust_of
from skilleval.services.tenancy import viewer_of
from skilleval.web import gate
from skilleval.web.firm_edits import own_firm
from skilleval.web.forms import Form, Required, page
from skilleval.web.language import _, lazy

pages = Blueprint("standards", __name__, url_prefix="/standards")

PAGE = 50
_PIECE = 1 << 20
#: how a trust looks: the stored word whose tone it has
TONES = {Trust.ORIGINAL: "met", Trust.CONFIRMED: "met", Trust.STALE: "unknown", Trust.UNCONFIRMED: "unknown"}


class ConfirmForm(Form):
    """A comparison of a standard with its original."""

    original = FileField(
        lazy("原标准文件"), [Required()], description=lazy("只计算摘要（SHA-256），文件本身不保存，不超过 32 MB")
    )
    note = StringField(lazy("说明"), [Optional(), Length(max=300)], description=lazy("如：核对了权重表第 12 页，等级与申报条件"))


@dataclass(frozen=True, slots=True)
class Found:
    """One occupation of the list: its standards, and whether it is in the institution's scope."""

    occupation: Occupation
    standards: list[Standard]
    in_scope: bool


@pages.get("")
def index() -> str:
    """Occupations, narrowed by what is typed and ticked."""
    session = gate.reading()
    held: dict[str, list[Standard]] = {}
    for standard in library.load_standards(_own()).values():
        held.setdefault(standard.code, []).append(standard)
    mine = _scope(session)
    typed, only = request.args.get("q", "").strip()[:60], request.args.get("only", "")
    found = [Found(one, held.get(one.code, []), one.code in mine) for one in find_occupations(typed)]
    if only == "standard":
        found = [one for one in found if one.standards]
    if only == "scope":
        found = [one for one in found if one.in_scope]
    number = max(1, request.args.get("page", 1, int))
    confirmations = confirmations_of(session, viewer_of(session).key or 0)
    shown = found[(number - 1) * PAGE : number * PAGE]
    return render_template(
        "standards/index.html", found=shown, total=len(found), number=number, last=max(1, -(-len(found) // PAGE)),
        typed=typed, only=only, tones=TONES,
        trusts={s.key: trust_of(s, confirmations, _own()) for one in shown for s in one.standards},
    )  # fmt: skip


@pages.get("/<code>")
def show(code: str) -> str:
    """One occupation with its standards."""
    try:
        occupation = library.occupation(code, request.args.get("edition", "2022"))
    except RuleBroken:
        abort(404)
    session = gate.reading()
    found = library.find_standards(code, own_folder=_own())
    found += [one for one in library.load_standards(_own()).values() if one.code == code and one not in found]
    confirmations = confirmations_of(session, viewer_of(session).key or 0)
    return render_template(
        "standards/occupation.html", occupation=occupation, found=found, tones=TONES,
        trusts={one.key: trust_of(one, confirmations, _own()) for one in found}, in_scope=code in _scope(session),
    )  # fmt: skip


@pages.route("/of/<key>", methods=["GET", "POST"])
def standard(key: str) -> Response | BaseResponse:
    """One standard: weights, conditions of its edition, source, trust; the form notes a comparison with the original."""
    one = standard_of(key)
    form = ConfirmForm()
    if form.validate_on_submit():
        try:
            digest = _digest(form.original.data.stream)
            with gate.writing() as session:
                confirm_standard(
                    session, gate.actor(), own_firm(session), key, sha256=digest, on=gate.today(),
                    note=form.note.data or "", own_standards=_own(),
                )  # fmt: skip
                session.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            flash(_("核对已记录。"))
            return redirect(url_for("standards.standard", key=key), 303)
    session = gate.reading()
    firm = own_firm(session)
    confirmations = confirmations_of(session, firm.id or 0, key)
    packs = rules.packs_of(session, firm.id or 0, gate.site().installation.library, gate.today())
    return page(
        "standards/show.html", form, one=one, confirmations=confirmations, trust=trust_of(one, confirmations, _own()),
        tones=TONES, text_sha256=library.text_hash(key, _own()), occupation=library.occupations().get((one.code, one.edition)),
        conditions=conditions_on(packs, one.conditions, gate.today()) if one.conditions else (),
        totals={grade: sum(one.weights(grade).values()) for grade in one.grades},
    )  # fmt: skip


def standard_of(key: str) -> Standard:
    """The standard of this key; without one the page is not there."""
    found = library.load_standards(_own()).get(key)
    return found if found is not None else abort(404)


def _digest(stream: IO[bytes]) -> str:
    """The hash of an upload, read piece by piece: it is opaque, and is not kept. Refused: an empty file."""
    digest = hashlib.sha256()
    if not (piece := stream.read(_PIECE)):
        raise RuleBroken(_("这是一个空文件，请选择原标准的文件"))
    while piece:
        digest.update(piece)
        piece = stream.read(_PIECE)
    return digest.hexdigest()


def _scope(session: Session) -> set[str]:
    query = select(ScopeLine.occupation_code).where(viewer_of(session).own(col(ScopeLine.institution_id)))
    return set(session.exec(query))


def _own() -> Path:
    return gate.site().installation.folder / "standards"
