"""May this person sit in this batch? The one place where a candidate's verdict is composed, at enrolment and at replay.

Four questions: an entry condition is met, the grade is not held already (重复考证), no other certificate within the
year (一人一证), and the condition that was claimed is itself met. For direct recognition (直接认定) the clause that permits
it takes the place of the entry conditions: what it lifts is told, each limit with the fact (``set_aside``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from skilleval.domain.authority import Question, resolve
from skilleval.domain.backgrounds import (
    Background,
    HeldCertificate,
    background_as_plain,
    background_from_plain,
    entry_as_plain,
    entry_from_plain,
)
from skilleval.domain.dates import add_years
from skilleval.domain.eligibility import Condition, judge
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.questions import permission, question_as_plain, question_from_plain
from skilleval.domain.rules import Answer, Clause, Proof, Rule, all_of, no_version
from skilleval.domain.set_aside import set_aside

FORM = "candidate-inputs/1"


@dataclass(frozen=True, slots=True)
class Application:
    """What a verdict is made from besides the rules: the person's background, and what is applied for.

    ``on`` is the first day of the batch, ``edition`` the generation of entry conditions; ``held`` are the certificates
    that the person brought and those issued here that stood when the verdict was given.
    """

    background: Background
    occupation_code: str
    grade: Grade
    on: date
    edition: str
    related: tuple[str, ...] = ()
    claimed: str | None = None
    held: tuple[HeldCertificate, ...] = ()
    #: for direct recognition: the question of authority for this person, and the batch's written reason
    asked: Question | None = None
    written_reason: str | None = None

    def as_plain(self) -> dict[str, Any]:
        """The application as JSON values, without anything that names the person."""
        return {
            "form": FORM,
            "background": background_as_plain(self.background),
            "occupation": self.occupation_code,
            "related": list(self.related),
            "grade": self.grade.value,
            "on": self.on.isoformat(),
            "edition": self.edition,
            "claimed": self.claimed,
            "held": [entry_as_plain(one) for one in self.held],
            **self._direct(),
        }

    def _direct(self) -> dict[str, Any]:
        """What direct recognition adds; nothing for the other routes."""
        if self.asked is None:
            return {}
        return {"asked": question_as_plain(self.asked), "written_reason": self.written_reason}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Application":
        """The application that ``as_plain`` gave. Refused: values that are none."""
        try:
            if plain["form"] != FORM:
                raise RuleBroken(f"保存的判断依据格式是 {plain['form']}，这里需要 {FORM}")
            return cls(
                background=background_from_plain(plain["background"]),
                occupation_code=plain["occupation"],
                grade=Grade(plain["grade"]),
                on=date.fromisoformat(plain["on"]),
                edition=plain["edition"],
                related=tuple(plain["related"]),
                claimed=plain["claimed"],
                held=tuple(entry_from_plain(HeldCertificate, one) for one in plain["held"]),
                asked=question_from_plain(plain["asked"]) if "asked" in plain else None,
                written_reason=plain.get("written_reason"),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise RuleBroken("保存的判断依据无法读取，记录被改动或已损坏") from error


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules that a verdict is made by, in the versions of one day. None: no version holds on that day."""

    conditions: Sequence[Condition]
    #: certificate.window: how one certificate a year is counted
    window: Rule | None
    #: certificate.duplicate: nobody is recognised twice for one grade
    duplicate: Rule | None
    #: for direct recognition: the rules of authority that stand on the day, and those of all days
    authority: Sequence[Rule] = ()
    known: Sequence[Rule] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """A candidate's verdict with its whole proof, and whether the grade right below was never held."""

    proof: Proof
    skips_grade: bool

    @property
    def answer(self) -> Answer:
        """Met, not met, or unknown."""
        return self.proof.answer


def judge_candidate(application: Application, terms: Terms) -> Judgement:
    """Whether the person may sit for the grade, with every reason."""
    grade = application.grade
    verdict = judge(
        application.background, application.occupation_code, grade, terms.conditions, application.on,
        related=application.related, claimed=application.claimed,
    )  # fmt: skip
    if application.asked is not None:
        return _judge_direct(application, application.asked, terms, verdict.proof)
    children = [verdict.proof, not_held_already(application, terms.duplicate), one_a_year(application, terms.window)]
    if application.claimed is not None and verdict.claimed is not Answer.MET:
        children.append(_claimed(application, verdict.claimed, terms.conditions))
    whole = Clause("candidate", "参加本批次认定须同时符合以下各项", "", "high")
    return Judgement(all_of(f"可否参加{grade.printed}认定", whole, children), skips_grade(application.held, grade))


def _judge_direct(application: Application, asked: Question, terms: Terms, entry: Proof) -> Judgement:
    """The verdict where a clause permits direct recognition: no entry condition binds, but each one set aside is told."""
    answer = resolve(asked, terms.authority, terms.known)
    skips = skips_grade(application.held, application.grade)
    children = [
        permission(answer, asked, application.written_reason),
        not_held_already(application, terms.duplicate),
        one_a_year(application, terms.window),
    ]
    if answer.lifted:
        held = max((one.grade for one in application.held), default=None)
        children.append(set_aside(answer, entry, held, application.grade, skips=skips))
    whole = Clause("candidate", "直接认定须有许可的条款，且未持有该等级、同一年度内未取得其他证书", "", "high")
    return Judgement(all_of(f"可否直接认定{application.grade.printed}", whole, children), skips)


def rule_differences(then: Proof, now: Proof) -> list[str]:
    """The rules whose answer or wording is another on another day."""
    before, after = _by_rule(then), _by_rule(now)
    told = []
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        if old is None or new is None:
            there = new or old
            assert there is not None
            told.append(f"{key[1]}：{'当时没有、该日有效' if old is None else '当时有效、该日没有有效版本'}（{there.text}）")
        elif old.answer is not new.answer:
            facts = "；".join(dict.fromkeys(leaf.fact for leaf in new.leaves() if leaf.answer is new.answer and leaf.fact))
            told.append(
                f"{key[1]}：当时{old.answer.name_zh}，该日{new.answer.name_zh}（{facts}）"
                + ("" if old.clause == new.clause else f"；条文不同：{old.clause.text} → {new.clause.text}")
            )
    return told


def _by_rule(proof: Proof) -> dict[tuple[str, str], Proof]:
    """The parts of a candidate's proof by rule: each entry condition, then what is asked besides."""
    found = {("condition", one.clause.id): one for one in (proof.children[0].children or proof.children[:1])}
    return found | {("besides", one.clause.id): one for one in proof.children[1:]}


_HELD = "花名册与本机构已发证书"
_UNTOLD = "未填现持证书；没有证书请在花名册填“无”"


def not_held_already(application: Application, rule: Rule | None) -> Proof:
    """No second certificate of a grade. Unknown where the roster says nothing of certificates."""
    grade = application.grade
    text = f"未持有本职业{grade.printed}及以上证书"
    if rule is None:
        return no_version("certificate.duplicate", application.on, text)
    same = [one for one in application.held if one.grade >= grade]
    if any(one.occupation_code == application.occupation_code for one in same):
        return Proof(Answer.NOT_MET, text, rule.clause, f"已持有{max(one.grade for one in same).printed}证书", (), _HELD)
    if any(one.occupation_code is None for one in same):
        return Proof(Answer.UNKNOWN, text, rule.clause, "现持证书的职业未填", (), _HELD)
    if application.background.certificates is None:
        return Proof(Answer.UNKNOWN, text, rule.clause, _UNTOLD, (), _HELD)
    return Proof(Answer.MET, text, rule.clause, "没有这样的证书", (), _HELD)


#: how certificate.window may count a year; a pack that says anything else is refused
WINDOWS = ("rolling_12_months", "calendar_year", "none")


def one_a_year(application: Application, rule: Rule | None) -> Proof:
    """One certificate a year: of any occupation, counted back from the first day of the batch. Unknown as above."""
    text = "同一年度内未取得过其他证书"
    if rule is None:
        return no_version("certificate.window", application.on, text)
    first = {
        "calendar_year": date(application.on.year, 1, 1),
        "rolling_12_months": add_years(application.on, -1) + timedelta(days=1),
    }.get(rule.value)
    clause, held = rule.clause, application.held
    if first is None:
        return Proof(Answer.MET, text, clause, "设置为不检查", (), "规则包")
    recent = [one.obtained_on for one in held if one.obtained_on is not None and one.obtained_on >= first]
    if recent:
        return Proof(Answer.NOT_MET, text, clause, f"{max(recent)}已取得证书，在{first}之后", (), _HELD)
    if any(one.obtained_on is None for one in held):
        return Proof(Answer.UNKNOWN, text, clause, "现持证书的发证日期未填", (), _HELD)
    if application.background.certificates is None:
        return Proof(Answer.UNKNOWN, text, clause, _UNTOLD, (), _HELD)
    return Proof(Answer.MET, text, clause, f"{first}以来没有取得证书", (), _HELD)


def _claimed(application: Application, answer: Answer | None, known: Sequence[Condition]) -> Proof:
    claimed = application.claimed or ""
    clause = next((one.clause for one in known if one.clause.id == claimed), None)
    if clause is None:
        return no_version(claimed, application.on, f"所填申报条件：{claimed}")
    return Proof(answer or Answer.UNKNOWN, f"所填申报条件：{clause.text}", clause, "请改填实际符合的条件，或不填", (), "报名表")


def skips_grade(held: Sequence[HeldCertificate], grade: Grade) -> bool:
    """Whether the grade right below was never held: recorded, and judged by the entry conditions alone."""
    return grade.rank > Grade.JUNIOR.rank and not any(one.grade.rank >= grade.rank - 1 for one in held)


def skip_told(held: Sequence[HeldCertificate], grade: Grade) -> str:
    """Of somebody who skips grades: what is held, which grades are skipped, and which one may be asked for step by step."""
    top = max((one.grade for one in held), default=None)
    skipped = [one for one in Grade if (top or Grade.APPRENTICE) < one < grade]
    between = "、".join(one.printed for one in skipped)
    facts = f"现持{top.printed if top else '无等级证书'}，申报{grade.printed}，跳过了{between}"
    return f"{facts}；逐级须先取得{skipped[0].printed}，现可申报这一等级（直接认定不许可的，可参加考核）"
