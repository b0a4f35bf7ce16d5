"""Replay: judge, settle and number a case again from what was stored, and compare with what was said then (M12).

Nothing of today decides: not the roster, the packs, the standards or the staff. Eligibility comes from the inputs and
pack texts that the verdict pinned; a mark from the lines of its sheet by the scheme that was in force; marks, outcome and
number from marks, decisions and the parts of the specification.
Every row that is read is held against the journal too, so that whoever changed one is not believed but named.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlmodel import Session

from skilleval.db.tables import Batch, Candidate, Certificate, Result, id_of
from skilleval.domain import contests, lifecycle
from skilleval.domain.candidacy import Application, rule_differences
from skilleval.domain.errors import RuleBroken
from skilleval.domain.methods import METHODS
from skilleval.domain.rules import Answer
from skilleval.domain.scoring import Part, settle, show
from skilleval.packs import Packs
from skilleval.services import batches, marks, promotions, replay_cases, replay_rows, replay_schemes, rules
from skilleval.services.replay_differences import (
    from_own_parts,
    judged_again,
    mark_differences,
    outcome_differences,
    uncorrected,
    verdict_differences,
)
from skilleval.services.replay_numbers import Ledger

STEPS = {
    "rows": "原始记录", "eligibility": "资格", "sheets": "评分记录", "marks": "评分", "outcome": "结果", "number": "证书编号"
}  # fmt: skip
STATES = {"equal": "一致", "differs": "不一致", "cannot": "不能复算"}
_SETTLED = ("settled", "noticed", "cleared", "certified", "filed", "archived")
_CERTIFIED = ("certified", "filed", "archived")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a candidate's case: equal, differs or cannot be replayed, and why."""

    name: str
    state: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OnAnotherDay:
    """The same person under the versions that hold on another day. Information: a difference is no fault."""

    on: date
    then: Answer
    now: Answer
    #: the rules whose answer differs, in Chinese
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """The case of one candidate, step by step."""

    candidate: Candidate
    who: str
    steps: tuple[Step, ...]
    another_day: OnAnotherDay | None = None

    @property
    def equal(self) -> bool:
        """Whether every step came out as it is stored."""
        return all(step.state == "equal" for step in self.steps)


@dataclass(frozen=True, slots=True)
class Replay:
    """A batch replayed: the records that were tampered with, by name, and every candidate's case."""

    batch: str
    tampered: tuple[str, ...]
    cases: tuple[Replayed, ...]

    @property
    def equal(self) -> bool:
        """Whether nothing was tampered with and every case came out as it is stored."""
        return not self.tampered and all(case.equal for case in self.cases)


def replay_batch(
    session: Session, batch: Batch, *, candidates: Sequence[Candidate] | None = None, as_of: date | None = None
) -> Replay:
    """Replay a batch, or the chosen ones of its candidates. Changes nothing. Refused: a batch whose grades can't be read.

    ``as_of`` adds what the verdict would be on that day, by the versions of the pinned packs that hold then.
    """
    if not isinstance(batch.grades, list):
        raise RuleBroken(f"批次 {batch.number} 的记录被改动，等级无法读取，不能复算；请运行 skilleval verify --all 查看被改动的记录")
    everybody = batches.candidates_of(session, batch)
    chosen = everybody if candidates is None else candidates
    names = marks.names_of(session, everybody)
    who = {id_of(one): f"{one.admission_number or '（未编号）'} {names[one.person_id]}" for one in everybody}
    found = replay_rows.tampered_rows(session, batch, chosen, who)
    case = _Case(session, batch)
    cases = tuple(
        Replayed(
            one, who[id_of(one)],
            (_rows_step(found.of(id_of(one))), *case.steps(one)),
            case.on_another_day(one, as_of) if as_of is not None else None,
        )
        for one in chosen
    )  # fmt: skip
    return Replay(batch.number, found.all_named, cases)


def _rows_step(named: Sequence[str]) -> Step:
    return Step("rows", "differs" if named else "equal", tuple(named))


class _Case:
    """What all candidates of a batch share, read once."""

    def __init__(self, session: Session, batch: Batch) -> None:
        self.session, self.batch = session, batch
        self.agreed = marks.part_marks(session, batch)
        self.remarks = marks.remarks_of(session, batch)
        self.results = replay_rows.results_of(session, batch)
        self.ledger = Ledger.of(session, batch)
        self.sheets = replay_schemes.sheet_differences(session, batch)
        self._packs: dict[tuple[Any, ...], Packs] = {}
        self._parts: dict[str, dict[str, Part]] = {}

    def steps(self, candidate: Candidate) -> list[Step]:
        """The steps that the candidate's case has come to."""
        results = self.results.get(id_of(candidate), [])
        steps = [self._eligibility(candidate)]
        if (told := self.sheets.get(id_of(candidate))) is not None:
            steps.append(_step("sheets", told))
        if results or (self.batch.state in _SETTLED and candidate.state == "eligible"):
            steps += self._settled(candidate, results)
        certificates = self.ledger.certificates.get(id_of(candidate), [])
        passed = bool(results) and results[-1].outcome == "passed"
        if certificates or (self.batch.state in _CERTIFIED and passed):
            steps.append(self._number(candidate, certificates, passed))
        return steps

    def on_another_day(self, candidate: Candidate, on: date) -> OnAnotherDay | None:
        """The verdict on another day; None where the first one can't be replayed."""
        try:
            application, packs = self._inputs(candidate)
            then = judged_again(candidate, application, packs)
            held = tuple(one for one in application.held if one.obtained_on is None or one.obtained_on <= on)
            asked = replace(application.asked, on=on) if application.asked else None
            now = judged_again(candidate, replace(application, on=on, held=held, asked=asked), packs)
        except RuleBroken:
            return None
        return OnAnotherDay(on, then.answer, now.answer, tuple(rule_differences(then.proof, now.proof)))

    def _inputs(self, candidate: Candidate) -> tuple[Application, Packs]:
        inputs = candidate.inputs
        if candidate.verdict is None:
            raise RuleBroken("尚未判断")
        if inputs is None:
            raise RuleBroken("判断时没有保存依据（早于本功能），不能复算")
        application = Application.from_plain(inputs)
        versions, switches = inputs.get("packs"), inputs.get("switches")
        if not isinstance(versions, dict) or not isinstance(switches, dict):
            raise RuleBroken("保存的判断依据没有写明规则包的版本")
        key = (tuple(versions.items()), tuple(switches.items()))
        if key not in self._packs:
            self._packs[key] = rules.pinned_packs(self.session, versions, switches)
        return application, self._packs[key]

    def _eligibility(self, candidate: Candidate) -> Step:
        try:
            application, packs = self._inputs(candidate)
            judged = judged_again(candidate, application, packs)
        except RuleBroken as refusal:
            return Step("eligibility", "cannot", (refusal.message,))
        return _step("eligibility", verdict_differences(candidate, application, judged, self.batch))

    def _settled(self, candidate: Candidate, results: Sequence[Result]) -> list[Step]:
        if not results:
            return [Step("marks", "differs", ("没有核定成绩",))]
        if not all(isinstance(one.parts, dict) and isinstance(one.proof, list) for one in results):
            return [Step("marks", "differs", ("核定成绩的记录无法读取",))]
        if self.batch.route == "direct":
            told, outcomes = replay_cases.differences(self.session, candidate, results)
            return [_step("marks", told), _step("outcome", outcomes)]
        if candidate.route == promotions.ROUTE:
            return [self._promoted(candidate, results)]
        parts = self._parts.setdefault(candidate.grade, marks.domain_parts(self.session, self.batch, candidate.grade))
        agreed = self.agreed.get(id_of(candidate))
        if agreed is None:
            state = lifecycle.label("candidate", candidate.state)
            return [Step("marks", "differs", (f"考生现为“{state}”，不应有核定成绩",))]
        try:
            first = settle(parts, agreed)
        except RuleBroken as refusal:
            return [Step("marks", "differs", (refusal.message, *refusal.reasons))]
        told = mark_differences(results[0], first)
        outcomes = outcome_differences(results[0], first, 1)
        for place, result in enumerate(results[1:], start=2):
            corrected = from_own_parts(parts, result)
            outcomes += outcome_differences(result, corrected, place)
            if list(map(uncorrected, result.proof)) != list(map(uncorrected, corrected.reasons)):
                outcomes.append(f"第 {place} 版的理由与复算不一致")
        outcomes += [
            f"{METHODS[method].name_zh}重评为 {show(value)}，没有一版更正的成绩是它"
            for method, value in self.remarks.get(id_of(candidate), [])
            if all(one.parts.get(method) != value for one in results[1:])
        ]
        return [_step("marks", told), _step("outcome", outcomes)]

    def _promoted(self, candidate: Candidate, results: Sequence[Result]) -> Step:
        """The results of a promotion again from what was reached; a later one only takes it back, with its reason."""
        try:
            application, packs = self._inputs(candidate)
            reasons = contests.reasons_of(judged_again(candidate, application, packs))
        except RuleBroken as refusal:
            return Step("outcome", "cannot", (refusal.message,))
        wanted = [("passed", list(reasons)), *(("failed", [f"取消晋级：{one.reason}"]) for one in results[1:])]
        told = [
            f"第 {place} 版核定结果与按竞赛成绩的复算不同"
            for place, (result, (outcome, proof)) in enumerate(zip(results, wanted, strict=True), start=1)
            if (result.revision, result.outcome, list(result.proof), result.parts, result.total)
            != (place, outcome, proof, {}, None)
        ]
        return _step("outcome", told)

    def _number(self, candidate: Candidate, certificates: Sequence[Certificate], passed: bool) -> Step:
        told = [] if passed else ["没有合格而有证书"]
        if not certificates:
            told.append("合格而没有证书")
        for certificate in certificates:
            told += self.ledger.differences(certificate, candidate)
        return _step("number", told)


def _step(name: str, differences: Sequence[str]) -> Step:
    return Step(name, "differs" if differences else "equal", tuple(differences))
