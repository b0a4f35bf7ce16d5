"""What if (试算): a number of a rule, or another pack, tried on everybody; who would gain and lose, with both proofs."""

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from sqlmodel import Session

from skilleval.db.tables import Institution
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rule_changes import WORDS
from skilleval.domain.rules import Proof, Rule
from skilleval.domain.thresholds import Threshold, thresholds, with_threshold
from skilleval.domain.wording import KEYS
from skilleval.pack_trials import with_rule
from skilleval.packs import LAYERS, Pack, Packs
from skilleval.services import rules as service
from skilleval.services.whatif import KINDS, Change, WhatIf, what_if
from skilleval.web import gate
from skilleval.web.firm_edits import own_firm
from skilleval.web.language import _
from skilleval.web.rules import day_asked
from skilleval.web.show import shown

pages = Blueprint("rule_trials", __name__, url_prefix="/rules/whatif")

#: the most changes that a page shows; their numbers are those of all
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """One number that may be tried: what names it in the address, its rule and what it counts."""

    key: str
    rule: Rule
    threshold: Threshold


@pages.get("")
def show() -> str:
    """Choose what to try; with a choice in the address, what it would do. Nothing is written."""
    session = gate.reading()
    firm, on = own_firm(session), day_asked()
    library = gate.site().installation.library
    packs = service.packs_of(session, firm.id or 0, library, on)
    choices = _choices(packs)
    others = [one for one in library.packs if one not in packs.packs]
    found, refusal = None, None
    try:
        trial = _trial(choices, others)
        found = _tried(session, firm, trial) if trial is not None else None
    except RuleBroken as error:
        refusal = error
    return render_template(
        "rules/whatif.html", choices=choices, others=others, on=on, found=found, refusal=refusal, kinds=KINDS, layers=LAYERS,
        words=WORDS, keys=KEYS, grades=list(Grade), shown=found.changes[:MOST_SHOWN] if found else [],
        by_grade=found.counted_by(lambda one: shown(one.grade)) if found else {}, compared=_compared(found) if found else None,
    )  # fmt: skip


def _choices(packs: Packs) -> list[Choice]:
    """Every number in the entry conditions that hold on the day."""
    return [
        Choice(f"{rule.clause.id}#{number}", rule, one)
        for rule in packs.standing(day_asked())
        if rule.kind == "condition"
        for number, one in enumerate(thresholds(rule))
    ]


def _trial(choices: list[Choice], others: list[Pack]) -> Pack | None:
    """The pack that the address asks to try; None where it asks for nothing. Refused: no such thing, a number that is none."""
    if name := request.args.get("pack"):
        found = next((one for one in others if one.key == name), None)
        if found is None:
            raise RuleBroken(_("没有可试用的规则包 {name}").format(name=name))
        return found
    if not (key := request.args.get("number")):
        return None
    chosen = next((one for one in choices if one.key == key), None)
    value = request.args.get("value", -1, int)
    if chosen is None:
        raise RuleBroken(_("这一天没有这个数值可试，请重新选择"))
    if not 0 < value <= 60:
        raise RuleBroken(_("试用的数值应为 1 至 60 的整数"))
    return with_rule(
        gate.site().installation.library, chosen.rule, with_threshold(chosen.rule, chosen.threshold, value)
    )


def _tried(session: Session, firm: Institution, trial: Pack) -> WhatIf:
    return what_if(session, gate.site().installation.library, trial, on=day_asked(), institution=firm)


def _compared(found: WhatIf) -> list[tuple[Change, tuple[Proof, Proof]]]:
    """Both proofs of every change of the person whom the address names."""
    person = gate.row_number("person", request.args.get("person", ""))
    return [(one, one.proofs()) for one in found.changes if one.subject.person.id == person] if person is not None else []
