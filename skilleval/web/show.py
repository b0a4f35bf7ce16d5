"""How values look on a page: dates, marks, grades and states, said once."""

from datetime import date, datetime
from functools import cache
from typing import Any

from flask import Flask, url_for
from markupsafe import Markup

from skilleval.domain import lifecycle
from skilleval.domain.authority import ROUTES
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer
from skilleval.web import gate
from skilleval.web.language import _, current

#: what stands where nothing is known: never 0, never an empty cell
NOTHING = "—"

#: the look of a state, by the word stored: calm where all is well, loud only where somebody must act
_TONES = {
    "met": "good", "passed": "good", "accepted": "good", "eligible": "good", "issued": "good", "closed": "good", "recognised": "good",
    "approved": "good", "active": "good", "filed": "good", "agree": "good", "running": "good", "returned": "bad",
    "ending": "warn", "upheld": "warn", "unknown": "warn", "applied": "wait", "draft": "wait", "open": "wait",
    "published": "wait", "submitted": "wait", "reviewing": "wait",
    "not_met": "bad", "failed": "bad", "refused": "bad", "revoked": "bad", "voided": "bad", "disabled": "bad",
    "rejected": "bad", "not_recognised": "bad", "against": "bad", "ended": "bad",
    "withdrawn": "off", "cancelled": "off", "replaced": "off",
}  # fmt: skip


#: the states of a batch in the order of the work; a batch that was cancelled leaves the strip
PIPELINE = tuple(state for state in lifecycle.STATES["batch"] if state != "cancelled")


def shown(value: Any) -> str:
    """A value in the words of a page."""
    if type(value) is str:  # nearly every cell of a list
        return value or NOTHING
    match value:
        case None | "":
            return NOTHING
        case bool():
            return _("是") if value else _("否")
        case datetime():
            return f"{value.astimezone(gate.CHINA):%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case Grade():
            return label(value.printed)
        case Answer():
            return label(value.name_zh)
        case list() | tuple() | set() | frozenset():
            return _("、").join(shown(one) for one in value) or NOTHING
    return str(value)


def label(word: Any) -> str:
    """A label of the domain (``labels.LABELS``) in the language of the page; what is none stays as it is."""
    return _(str(word)) if word else ""


def state_label(kind: str, state: str) -> str:
    """The name of a state of a batch, candidate, notice and so on."""
    return label(lifecycle.label(kind, state))


def grade(word: str | None) -> str:
    """The label of a stored grade: the printed one, and its English name on an English page."""
    return label(Grade(word).printed) if word else NOTHING


def mark(hundredths: int | None) -> str:
    """A mark stored in hundredths, with two places at most."""
    return NOTHING if hundredths is None else f"{hundredths / 100:.2f}".rstrip("0").rstrip(".")


def verdict(word: str | None) -> str:
    """The word of a verdict; one that was not given yet says so."""
    return label(Answer(word).name_zh) if word else _("尚未判断")


def tone(word: str | None) -> str:
    """The look of a state or verdict: good, wait, warn, bad or off."""
    return _TONES.get(word or "", "wait")


def pill(text: str, look: str = "wait") -> Markup:
    """A short text, in the language of the page, on the ground of its tone."""
    return Markup('<span class="pill {}">{}</span>').format(look, label(text))


def climbed(word: str | None) -> str:
    """The ladder filled up to a grade, with its name: what somebody has reached."""
    return _drawn(word, current()) if word else NOTHING


@cache
def _drawn(word: str, _language: str) -> str:
    """The ladder of ``climbed``, made once a grade and language, for lists are long."""
    held = Grade(word)
    rungs = "".join(
        f'<span class="rung{" held" if rung <= held else ""}" title="{label(rung.printed)}"></span>' for rung in Grade
    )
    name = label(held.printed)
    return Markup('<span class="ladder" role="img" aria-label="{}">{}</span> {}').format(name, Markup(rungs), name)


def install(app: Flask) -> None:
    """Give templates the filters, and the ladder that they draw."""
    app.jinja_env.filters.update(shown=shown, climbed=climbed, grade=grade, label=label, mark=mark, verdict=verdict, tone=tone)
    app.jinja_env.globals.update(
        drawn_pill=pill,
        NOTHING=NOTHING,
        LADDER=tuple(Grade),
        Grade=Grade,
        state_label=state_label,
        asset=_asset,
        PIPELINE=PIPELINE,
        route_names=ROUTES,
        hidden_id=app.extensions["skilleval.ids"].hide,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def _asset(name: str) -> str:
    """The address of a file of our own; it changes with the files, so browsers may keep it for ever."""
    return url_for("static", filename=name, v=gate.site().static_version)
