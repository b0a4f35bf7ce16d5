"""A question of authority as JSON values, so that the answer can be given again from what was stored."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from skilleval.domain.authority import ROUTES, Authority, Question, Verdict
from skilleval.domain.errors import RuleBroken
from skilleval.domain.facts import FACTS
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Clause, Proof


def question_as_plain(question: Question) -> dict[str, Any]:
    """The question as JSON values."""
    return {
        "grade": question.grade.value,
        "route": question.route,
        "on": question.on.isoformat(),
        "facts": {name: _plain(value) for name, value in question.facts.items()},
        "switches": dict(question.switches),
        "told": dict(question.told),
        "evidence": {name: proof.as_dict() for name, proof in question.evidence.items()},
    }


def question_from_plain(plain: Mapping[str, Any]) -> Question:
    """The question that ``question_as_plain`` gave. Refused: values that are none."""
    try:
        return Question(
            Grade(plain["grade"]),
            plain["route"],
            date.fromisoformat(plain["on"]),
            {name: _value(name, value) for name, value in plain["facts"].items()},
            dict(plain["switches"]),
            dict(plain["told"]),
            {name: Proof.from_dict(stored) for name, stored in plain["evidence"].items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RuleBroken(f"保存的授权判断依据无法读取：{error}") from error


def permission(answer: Authority, question: Question, written_reason: str | None) -> Proof:
    """The answer as one node of a verdict: where the clauses disagree, it holds by the batch's written reason only."""
    text = f"本机构可以{ROUTES[question.route]}方式认定此人为{question.grade.printed}（{question.on}）"
    clause = Clause("authority", "须符合各项前提，并有一条许可", "", "high")
    reason = (written_reason or "").strip()
    if answer.verdict is Verdict.CLAUSES_DISAGREE:
        told = f"条款不一致，{answer.proof.fact}；"
        told += f"书面理由：{reason}" if reason else "仍要认定的，须在批次文件中以 authority_reason 写明书面理由"
        return Proof(Answer.MET if reason else Answer.UNKNOWN, text, clause, told, (), "批次文件")
    return replace(answer.proof, text=text)


def _plain(value: Any) -> Any:
    if isinstance(value, Grade):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def _value(name: str, value: Any) -> Any:
    kind = FACTS[name].kind
    if value is None:
        return None
    return Grade(value) if kind == "grade" else date.fromisoformat(value) if kind == "date" else value
