"""What a decision of direct recognition was made from, as JSON values that name nobody, so that it can be made again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from skilleval.domain.authority import Question
from skilleval.domain.errors import RuleBroken
from skilleval.domain.questions import question_as_plain, question_from_plain
from skilleval.domain.recognition import CaseFacts, Line, Shown, Voter

FORM = "case-inputs/1"
Pins = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of authority with the packs that answered it: hash by pack, and the readings in use."""

    question: Question
    packs: Pins
    switches: Pins


@dataclass(frozen=True, slots=True)
class CaseInputs:
    """The facts of a case besides the resolver's answers, the questions put to it, and the batch's written reason."""

    facts: CaseFacts
    asked: tuple[Asked, ...]
    written_reason: str | None
    #: the packs whose panel rules decided
    packs: Pins
    switches: Pins


def inputs_as_plain(inputs: CaseInputs) -> dict[str, Any]:
    """The inputs as JSON values."""
    facts = inputs.facts
    return {
        "form": FORM,
        "decided_on": facts.decided_on.isoformat(),
        "methods": dict(facts.methods),
        "lines": [_line_as_plain(line) for line in facts.lines],
        "panel": [asdict(one) for one in facts.panel],
        "decider_acts": list(facts.decider_acts),
        "asked": [
            {"question": question_as_plain(one.question), "packs": dict(one.packs), "switches": dict(one.switches)}
            for one in inputs.asked
        ],
        "written_reason": inputs.written_reason,
        "packs": dict(inputs.packs),
        "switches": dict(inputs.switches),
    }


def inputs_from_plain(plain: Mapping[str, Any]) -> CaseInputs:
    """The inputs that ``inputs_as_plain`` gave. Refused: values that are none."""
    try:
        if plain["form"] != FORM:
            raise RuleBroken(f"保存的决定依据格式是 {plain['form']}，这里需要 {FORM}")
        facts = CaseFacts(
            date.fromisoformat(plain["decided_on"]),
            dict(plain["methods"]),
            _lines_from_plain(plain["lines"]),
            tuple(_voter_from_plain(one) for one in plain["panel"]),
            tuple(plain["decider_acts"]),
        )
        asked = tuple(Asked(question_from_plain(one["question"]), one["packs"], one["switches"]) for one in plain["asked"])
        return CaseInputs(facts, asked, plain["written_reason"], plain["packs"], plain["switches"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RuleBroken(f"保存的决定依据无法读取：{error}") from error


def _voter_from_plain(stored: Mapping[str, Any]) -> Voter:
    # Decisions of before recusals were asked about kept none.
    recusals = tuple((kind, state) for kind, state in stored.get("recusals", ()))
    return Voter(**{**stored, "recusals": recusals})


def _line_as_plain(line: Line) -> dict[str, Any]:
    shown = [{"code": one.code, "last_day": one.last_day.isoformat(), "state": one.state} for one in line.evidence]
    return {**asdict(line), "evidence": shown}


def _lines_from_plain(stored: Sequence[Mapping[str, Any]]) -> tuple[Line, ...]:
    return tuple(
        Line(**{**one, "evidence": tuple(
            Shown(shown["code"], date.fromisoformat(shown["last_day"]), shown["state"]) for shown in one["evidence"]
        )})
        for one in stored
    )  # fmt: skip
