"""What was said of a case against what is computed again: verdict, marks, outcome, each difference in Chinese."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from skilleval.db.tables import Batch, Candidate, Result
from skilleval.domain import contests
from skilleval.domain.candidacy import Application, Judgement, Terms, judge_candidate
from skilleval.domain.methods import METHODS
from skilleval.domain.rules import Answer, Proof
from skilleval.domain.scoring import Outcome, Part, PartMark, Settlement, settle, show
from skilleval.packs import Packs
from skilleval.services import promotions

_CORRECTED = "（更正）"


def judged_again(candidate: Candidate, application: Application, packs: Packs) -> Judgement:
    """The verdict again, by entry conditions or by what was reached in a contest."""
    if candidate.route != promotions.ROUTE:
        return judge_candidate(application, _terms(packs, application.edition, application.on))
    contest = contests.Contest.from_plain((candidate.inputs or {}).get("contest", {}))
    terms = promotions.terms_of(packs, application.on)
    return contests.judge_promotion(application, contest, terms, packs.find(contests.CAP, application.on))


def _terms(packs: Packs, edition: str, on: date) -> Terms:
    return Terms(
        packs.conditions(edition, on), packs.find("certificate.window", on), packs.find("certificate.duplicate", on),
        packs.authority(on), packs.every_rule(),
    )  # fmt: skip


def verdict_differences(candidate: Candidate, application: Application, judged: Judgement, batch: Batch) -> list[str]:
    """In what a stored verdict is not what was judged again."""
    told = []
    if candidate.verdict != judged.answer.value:
        stored = Answer(candidate.verdict).name_zh
        told.append(f"保存的结论是“{stored}”，复算为“{judged.answer.name_zh}”")
    if candidate.proof != judged.proof.as_dict():
        told.append("保存的证明与复算的证明不同" + _first_difference(candidate.proof, judged.proof))
    if candidate.skips_grade != judged.skips_grade:
        told.append("是否跨级与复算不同")
    asked = (application.grade.value, application.claimed, application.occupation_code, application.on)
    if asked != (candidate.grade, candidate.claimed, batch.occupation_code, batch.starts_on):
        told.append("申报的等级、条件、职业或评价开始日与判断时的不同")
    return told


def _first_difference(stored: Mapping[str, Any] | None, judged: Proof) -> str:
    """The first leaf in which a stored proof is not the one that was computed."""
    try:
        before = list(Proof.from_dict(stored or {}).leaves())
    except (KeyError, TypeError, ValueError):
        return "（证明无法读取）"
    pairs = zip(before, judged.leaves(), strict=False)
    differing = next(((one, other) for one, other in pairs if one != other), None)
    if differing is None:
        return ""
    one, other = differing
    return f"（{other.clause.id}：保存的是“{one.text} {one.fact} {one.answer.name_zh}”，复算为“{other.text} {other.fact} {other.answer.name_zh}”）"


def mark_differences(result: Result, settlement: Settlement) -> list[str]:
    """In what the parts of a settled result are not what the marks come to."""
    told = [
        f"{METHODS[method].name_zh}：核定成绩为 {show(stored)}，按评分复算为 {show(value)}"
        for method, value in settlement.parts.items()
        if (stored := result.parts.get(method)) != value
    ]
    if result.parts.keys() != settlement.parts.keys():
        told.append("核定的各部分与评价规范不同")
    if list(result.proof) != list(settlement.reasons):
        told.append("保存的理由与复算的理由不同")
    return told


def outcome_differences(result: Result, settlement: Settlement, place: int) -> list[str]:
    """In what the outcome of a result, the ``place``-th of its candidate, is not the settlement's."""
    told = []
    if result.revision != place:
        told.append(f"第 {place} 版核定成绩的版次写作 {result.revision}")
    if result.outcome != settlement.outcome.value:
        told.append(f"第 {place} 版为“{Outcome(result.outcome).name_zh}”，复算为“{settlement.outcome.name_zh}”")
    if result.total != settlement.total:
        told.append(f"第 {place} 版总成绩为 {show(result.total)}，复算为 {show(settlement.total)}")
    return told


def from_own_parts(parts: Mapping[str, Part], result: Result) -> Settlement:
    """A corrected result settled again from the marks that the correction itself set."""
    own = {
        method: PartMark(
            value, absent=value is None,
            text=f"{METHODS[method].name_zh}：{show(value) if value is not None else '缺考'}",
        )
        for method in parts
        for value in (result.parts.get(method),)
    }  # fmt: skip
    return settle(parts, own)


def uncorrected(reason: Any) -> str:
    """A reason without the word that it was corrected."""
    # Which parts a correction named is not stored apart; the word in its reasons is all that tells.
    return str(reason).removesuffix(_CORRECTED)
