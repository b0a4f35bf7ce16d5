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
from skilleval.web.language import _

#: what stands where nothing is known: never 0, never an empty cell
NOTHING = "—"

#: the look of a state, by the word stored: calm where all is well, loud only where somebody must act
_TONES = {
    "met": "good", "passed": "good", "accepted": "good", "issued": "good", "closed": "good", "recognised": "good",
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
            return value.printed
        case Answer():
            return value.name_zh
        case list() | tuple() | set() | frozenset():
            return "、".join(shown(one) for one in value) or NOTHING
    return str(value)


def grade(word: str | None) -> str:
    """The printed label of a stored grade."""
    return Grade(word).printed if word else NOTHING


def mark(hundredths: int | None) -> str:
    """A mark stored in hundredths, with two places at most."""
    return NOTHING if hundredths is None else f"{hundredths / 100:.2f}".rstrip("0").rstrip(".")


def verdict(word: str | None) -> str:
    """The Chinese word of a verdict; one that was not given yet says so."""
    return Answer(word).name_zh if word else _("尚未判断")


def tone(word: str | None) -> str:
    """The look of a state or verdict: good, wait, warn, bad or off."""
    return _TONES.get(word or "", "wait")


def pill(text: str, look: str = "wait") -> Markup:
    """A short text on the ground of its tone."""
    return Markup('<span class="pill {}">{}</span>').format(look, text)


@cache
def climbed(word: str | None) -> str:
    """The ladder filled up to a grade, with its name: what somebody has reached. Made once a grade, for lists are long."""
    if not word:
        return NOTHING
    grade = Grade(word)
    rungs = "".join(f'<span class="rung{" held" if rung <= grade else ""}" title="{rung.printed}"></span>' for rung in Grade)
    return Markup('<span class="ladder" role="img" aria-label="{}">{}</span> {}').format(grade.printed, Markup(rungs), grade.printed)


def install(app: Flask) -> None:
    """Give templates the filters, and the ladder that they draw."""
    app.jinja_env.filters.update(shown=shown, climbed=climbed, grade=grade, mark=mark, verdict=verdict, tone=tone)
    app.jinja_env.globals.update(
        drawn_pill=pill,
        NOTHING=NOTHING,
        LADDER=tuple(Grade),
        Grade=Grade,
        state_label=lifecycle.label,
        asset=_asset,
        PIPELINE=PIPELINE,
        route_names=ROUTES,
        hidden_id=app.extensions["skilleval.ids"].hide,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def _asset(name: str) -> str:
    """The address of a file of our own; it changes with every start, so browsers may keep it for ever."""
    return url_for("static", filename=name, v=gate.site().static_version)
