"""May this person be confirmed as 学徒工 (转正定级) on this day? By the firm's own rule, after probation and mentoring.

Sources: national-rules 1.3 (人社部发〔2022〕14号): both the time with the mentor (师傅) and the probation must be over, the
conditions are the firm's own, and nothing gives a 学徒工 a certificate or a number. A period's end is its last day, which
still belongs to it, so that it is over from the day after (a reading; confidence medium).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from skilleval.domain.dates import add_months
from skilleval.domain.rules import Clause, Proof, Rule, all_of, no_version, prove_value

#: the parameters of the packs that a confirmation rests on, each with what it asks
TERMS: Mapping[str, str] = {
    "confirmation.probation_over": "试用期已届满",
    "confirmation.mentoring_over": "师带徒期已届满",
    "confirmation.mentor": "有本企业的师傅",
    "confirmation.own_rule": "有企业自定的转正定级办法",
}
_RECORD = "转正定级表"
#: no probation may last more months: whoever was hired longer ago is past it, whatever was agreed
LONGEST_PROBATION = "confirmation.longest_probation_months"


def hired_before(on: date, months: int) -> date:
    """The last day of hiring whose probation of so many months is over on a day."""
    return add_months(on, -months) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FirmRule:
    """The firm's own rule that a confirmation goes by: its name, its version and the document that set it."""

    name: str
    version: str
    document: str


@dataclass(frozen=True, slots=True)
class Apprentice:
    """What is known of somebody who is to be confirmed. None: nobody entered it."""

    probation_to: date | None
    mentoring_to: date | None
    has_mentor: bool
    rule: FirmRule | None


def prove_confirmation(apprentice: Apprentice, terms: Mapping[str, Rule | None], on: date) -> Proof:
    """Whether the person may be confirmed on a day, with every reason. ``terms`` are the rules of ``TERMS`` on that day.

    A rule without a version in force makes it unknown, never yes.
    """
    rule = apprentice.rule
    found = {
        "confirmation.probation_over": _over(apprentice.probation_to, on),
        "confirmation.mentoring_over": _over(apprentice.mentoring_to, on),
        "confirmation.mentor": (apprentice.has_mentor, "有师傅记录" if apprentice.has_mentor else "没有师傅"),
        "confirmation.own_rule": (
            rule is not None,
            f"《{rule.name}》{rule.version}（{rule.document}）" if rule is not None else "没有写明办法的名称、版本和文件",
        ),
    }
    whole = Clause("confirmation", "转正定级须同时符合以下各项", "", "high")
    return all_of("可否转正定级为学徒工", whole, (_leaf(key, terms.get(key), on, *found[key]) for key in TERMS))


def _over(last_day: date | None, on: date) -> tuple[bool | None, str]:
    if last_day is None:
        return None, "未填最后一日"
    return last_day < on, f"最后一日为{last_day}，自{last_day + timedelta(days=1)}起届满"


def _leaf(rule_id: str, rule: Rule | None, on: date, given: bool | None, fact: str) -> Proof:
    if rule is None:
        return no_version(rule_id, on, TERMS[rule_id])
    return prove_value(rule, given, TERMS[rule_id], fact, _RECORD)
