"""Rules: the packs that apply to the institution on a day, every rule with its clause, and the readings that it chose."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlmodel import Session, col
from werkzeug.wrappers import Response as BaseResponse
from wtforms import TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length

from skilleval.db.tables import PackChoice
from skilleval.domain.errors import RuleBroken
from skilleval.domain.rules import Rule
from skilleval.domain.wording import CONFIDENCES, KEYS, KINDS, SEVERITIES, STATUSES, rule_in_words, value_in_words
from skilleval.pack_contradictions import LAYERS
from skilleval.packs import Packs
from skilleval.services import rules as service
from skilleval.web import gate
from skilleval.web.batches import CheckboxesField
from skilleval.web.files import download
from skilleval.web.firm_edits import own_firm, own_rows
from skilleval.web.forms import DayField, Form, Required, page
from skilleval.web.language import _, lazy

pages = Blueprint("rules", __name__, url_prefix="/rules")


class ChoiceForm(Form):
    """Which packs and readings the institution uses from a day on."""

    packs = CheckboxesField(lazy("规则包"), description=lazy("全国层面的规则包一律适用，不必选"))
    readings = CheckboxesField(
        lazy("读法取“是”的"), description=lazy("文件没有写明之处，各种读法的后果见条文；不勾的取“否”")
    )
    valid_from = DayField(lazy("从哪一天起"), [Required()])
    reason = TextAreaField(lazy("理由"), [Required(), Length(min=2, max=500)], render_kw={"rows": 2})


@pages.get("")
def index() -> str:
    """The rules that hold for the institution on a day, by pack; narrowed by kind and by what is typed."""
    session = gate.reading()
    firm, on = own_firm(session), day_asked()
    packs = service.packs_of(session, firm.id or 0, gate.site().installation.library, on)
    kind, typed = request.args.get("kind", ""), request.args.get("q", "").strip()[:60]
    standing = [one for one in packs.standing(on) if _fits(one, kind, typed)]
    choices = own_rows(session, PackChoice, col(PackChoice.valid_from).desc(), col(PackChoice.id).desc())
    return render_template(
        "rules/index.html", packs=packs.packs, on=on, kind=kind, typed=typed, kinds=KINDS, layers=LAYERS, statuses=STATUSES,
        confidences=CONFIDENCES, severities=SEVERITIES, value_of=value_in_words, choices=choices,
        by_pack={pack.key: [one for one in standing if one.pack == pack.key] for pack in packs.packs}, total=len(standing),
        readings=_readings(packs, on), standing_choice=next((one for one in choices if one.valid_from <= on), None),
    )  # fmt: skip


@pages.get("/of/<path:rule_id>")
def show(rule_id: str) -> str:
    """One rule in all its versions and packs, in words; which of them holds for the institution today."""
    session = gate.reading()
    library = gate.site().installation.library
    versions = [one for pack in library.packs for one in pack.rules if one.clause.id == rule_id]
    if not versions:
        abort(404)
    holding = service.packs_of(session, own_firm(session).id or 0, library, gate.today()).find(rule_id, gate.today())
    return render_template(
        "rules/show.html", rule_id=rule_id, versions=versions, holding=holding, words=rule_in_words, keys=KEYS,
        names={pack.key: pack.name for pack in library.packs}, overrides={pack.key: pack.overrides for pack in library.packs},
    )  # fmt: skip


@pages.get("/packs/<key>.toml")
def text(key: str) -> Response:
    """A pack's text, to be read or changed and tried; what applies is the text of the installation."""
    found = next((one for one in gate.site().installation.library.packs if one.key == key), None) or abort(404)
    return download(found.text.encode(), f"{found.key}.toml", "text/plain; charset=utf-8")


@pages.route("/choose", methods=["GET", "POST"])
def choose() -> Response | BaseResponse:
    """Choose packs and readings from a day on. What was decided before keeps the packs that decided it."""
    session = gate.reading()
    library = gate.site().installation.library
    packs = service.packs_of(session, own_firm(session).id or 0, library, gate.today())
    switches = {one.clause.id: one for pack in library.packs for one in pack.rules if one.kind == "switch"}
    standing = packs.switches(gate.today())
    form = ChoiceForm(
        data={
            "packs": [one.key for one in packs.packs], "readings": [key for key, value in standing.items() if value],
            "valid_from": gate.today(),
        }
    )  # fmt: skip
    form.packs.choices = [
        SelectChoice(one.key, f"{one.name}（{LAYERS[one.layer]}）") for one in library.packs if one.layer != "national"
    ]
    form.readings.choices = [SelectChoice(key, f"{one.clause.text}（{key}）") for key, one in switches.items()]
    if form.validate_on_submit():
        try:
            with gate.writing() as write:
                _choose(write, form, switches)
                write.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            flash(_("选用已记录，从 {day} 起适用；以前的决定不受影响。").format(day=form.valid_from.data))
            return redirect(url_for("rules.index", on=form.valid_from.data), 303)
    return page("rules/choose.html", form)


def day_asked() -> date:
    """The day that the address names, else today."""
    try:
        return date.fromisoformat(request.args.get("on", ""))
    except ValueError:
        return gate.today()


def _choose(session: Session, form: ChoiceForm, switches: dict[str, Rule]) -> None:
    names, chosen = form.packs.data or [], set(form.readings.data or [])
    library = gate.site().installation.library
    held = {one.clause.id for pack in library.choose(names).packs for one in pack.rules}
    readings = {key: key in chosen for key in switches if key in held}
    if strange := sorted(chosen - held):
        raise RuleBroken(_("读法 {names} 不在所选的规则包中").format(names="、".join(strange)))
    service.choose_packs(
        session, gate.actor(), own_firm(session), library, names=names, switches=readings,
        valid_from=form.valid_from.data or gate.today(), reason=form.reason.data or "",
    )  # fmt: skip


def _readings(packs: Packs, on: date) -> list[dict[str, Any]]:
    """The readings in use: the question, the value, and whose it is."""
    texts = {one.clause.id: one.clause for one in packs.standing(on) if one.kind == "switch"}
    return [
        {"id": key, "clause": texts[key], "value": value_in_words(value), "chosen": key in packs.chosen_switches}
        for key, value in packs.switches(on).items()
    ]


def _fits(rule: Rule, kind: str, typed: str) -> bool:
    if kind and rule.kind != kind:
        return False
    return not typed or any(typed.lower() in text.lower() for text in (rule.clause.id, rule.clause.text, rule.clause.source))
