"""What if (试算): a number of a rule, another pack or edition tried on everybody; who would gain and lose, with both proofs.

Nothing is written. The text of a file that somebody tries stands in the page that answers, and nowhere else.
"""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request
from sqlmodel import Session
from werkzeug.datastructures import FileStorage

from skilleval.db.tables import Institution
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.occupations import Standard
from skilleval.domain.rule_changes import WORDS
from skilleval.domain.rules import Proof, Rule
from skilleval.domain.thresholds import Threshold, thresholds, with_threshold
from skilleval.domain.wording import KEYS
from skilleval.pack_contradictions import LAYERS, Pack
from skilleval.pack_trials import read_text, with_rule
from skilleval.packs import Packs
from skilleval.services import rules as service
from skilleval.services.entry_conditions import Basis, basis_of
from skilleval.services.whatif import KINDS, Change, Subject, WhatIf, what_if, what_if_edition
from skilleval.web import gate
from skilleval.web.firm_edits import own_firm
from skilleval.web.forms import uploaded_text
from skilleval.web.language import _
from skilleval.web.rules import day_asked
from skilleval.web.standards import standard_of

pages = Blueprint("rule_trials", __name__, url_prefix="/rules/whatif")

#: the most lines that a list shows; the numbers are those of all
MOST_SHOWN = 200
UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Choice:
    """One number that may be tried: what names it in the address, its rule and what it counts."""

    key: str
    rule: Rule
    threshold: Threshold


@dataclass(frozen=True, slots=True)
class Upload:
    """A pack that somebody tries: its file's name without the ending, and its text."""

    stem: str
    text: str


@pages.get("")
def show() -> str:
    """Choose what to try; with a choice in the address, what it would do."""
    return _page(gate.reading(), None)


@pages.post("")
def upload() -> tuple[str, int]:
    """Try a pack from a file, checked as every pack is. The page that answers carries its text on to its own lists."""
    sent = request.files.get("file")
    try:
        trial = _uploaded(sent) if sent else Upload(request.form.get("stem", "")[:60], request.form.get("text", ""))
        pack = read_text(gate.site().installation.library, trial.stem, trial.text)
        found = _tried(gate.reading(), own_firm(gate.reading()), pack)
    except RuleBroken as refusal:
        return _page(gate.reading(), refusal), 422
    return _page(gate.reading(), None, found, trial), 200


@pages.get("/conditions/<key>")
def edition(key: str) -> str:
    """Whom of the firm it would touch if a standard's occupation were judged by another edition of the entry conditions."""
    session = gate.reading()
    firm, on, standard = own_firm(session), day_asked(), standard_of(key)
    packs = service.packs_of(session, firm.id or 0, gate.site().installation.library, on)
    basis = _basis(session, firm, standard)
    wanted, found, refusal = request.args.get("edition", ""), None, None
    try:
        if wanted and basis is not None:
            found = what_if_edition(session, packs, firm, standard.code, basis, wanted, on=on)
    except RuleBroken as error:
        refusal = error
    return render_template(
        "rules/edition.html", one=standard, on=on, basis=basis, editions=packs.editions(), wanted=wanted, refusal=refusal,
        address={"key": key, "edition": wanted, "on": on}, **_told(found),
    )  # fmt: skip


def _page(session: Session, refusal: RuleBroken | None, found: WhatIf | None = None, trial: Upload | None = None) -> str:
    """The page of trials: with what an uploaded pack would do, why it was refused, or what the address asks for."""
    firm, on = own_firm(session), day_asked()
    library = gate.site().installation.library
    packs = service.packs_of(session, firm.id or 0, library, on)
    choices = _choices(packs)
    others = [one for one in library.packs if one not in packs.packs]
    if refusal is None and found is None:
        try:
            chosen = _trial(choices, others)
            found = _tried(session, firm, chosen) if chosen is not None else None
        except RuleBroken as error:
            refusal = error
    address = {"on": on, **{word: request.args.get(word) for word in ("number", "value", "pack")}}
    return render_template(
        "rules/whatif.html", choices=choices, others=others, on=on, refusal=refusal, layers=LAYERS, words=WORDS, keys=KEYS,
        trial=trial, address=address, **_told(found),
    )  # fmt: skip


def _uploaded(sent: FileStorage) -> Upload:
    """The text of the file that was sent. Refused: none, a large one, no UTF-8."""
    text = uploaded_text(sent)
    if not text.strip():
        raise RuleBroken(_("请选择规则包文件"))
    stem = (sent.filename or "").replace("\\", "/").rpartition("/")[2].removesuffix(".toml")
    return Upload("".join(one for one in stem if one.isprintable())[:60], text)


def _basis(session: Session, firm: Institution, standard: Standard) -> Basis | None:
    """By what the firm judges today: its specification, else the standard's own edition; None where neither says one."""
    try:
        return basis_of(session, firm.id or 0, standard.code)
    except RuleBroken:
        return basis_of(session, firm.id or 0, standard.code, standard.conditions) if standard.conditions else None


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


def _told(found: WhatIf | None) -> dict[str, Any]:
    """What a page tells of a trial: its numbers, and the list and the proofs that the address or form asks for."""
    if found is None:
        return {"found": None}
    listed = request.values.get("list", "")
    changes, people = _listed(found, listed)
    return {
        "found": found, "kinds": KINDS, "listed": listed, "total": len(changes) + len(people), "changes": changes[:MOST_SHOWN],
        "people": people[:MOST_SHOWN], "compared": _compared(found), "by_grade": _by_grade(found), "UNCHANGED": UNCHANGED,
    }  # fmt: skip


def _by_grade(found: WhatIf) -> dict[Grade, Any]:
    counted = found.counted_by(lambda one: one.grade.value)
    return {grade: counted[grade.value] for grade in Grade if grade.value in counted}


def _listed(found: WhatIf, word: str) -> tuple[list[Change], list[Subject]]:
    """What one number of the page counts: ``gains`` or ``gains/senior`` the changes, ``unchanged`` the people; else all changes."""
    kind, _slash, grade = word.partition("/")
    if kind == UNCHANGED:
        return [], found.unchanged
    return [one for one in found.changes if kind in ("", one.kind) and grade in ("", one.grade.value)], []


def _compared(found: WhatIf) -> list[tuple[Change, tuple[Proof, Proof]]]:
    """Both proofs of every change of the person whom the address or form names."""
    person = gate.row_number("person", request.values.get("person", ""))
    return [(one, one.proofs()) for one in found.changes if one.subject.person.id == person] if person is not None else []
