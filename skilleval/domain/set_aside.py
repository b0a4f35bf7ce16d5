"""What direct recognition sets aside (打破的限制), each limit with the fact for which it had to be.

Sources: guangdong-rules 2.2 (tick list 学历 资历 年龄 比例 逐级, each with its fact); which of them a clause lifts stands
with the clause, in the packs.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from skilleval.domain.authority import Authority
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Clause, Proof

NODE = "direct.set_aside"
#: which limit a requirement of an entry condition belongs to, by how its text begins or what it names; else 资历
_BY_TEXT = (("年龄", ("周岁",)), ("学历", ("毕业证书", "学徒期满", "预备技师证书")))
_UNNEEDED = "未触及"


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit that the clause lifts: whether it stood in this person's way, and the fact."""

    name: str
    applied: bool
    fact: str


def set_aside(answer: Authority, entry: Proof, held: Grade | None, grade: Grade, *, skips: bool) -> Proof:
    """The limits that the clause lifts as one node that is always met; each leaf tells the fact.

    ``entry`` is what the entry conditions would have said. A limit that did not stand in the way is told as such.
    """
    lacking = _lacking(entry)
    told = {
        **{name: "；".join(facts) for name, facts in lacking.items()},
        "逐级": f"现持{held.printed if held else '无等级'}，申报{grade.printed}" if skips else "",
    }
    leaves = tuple(
        Proof(Answer.MET, name, Clause(NODE, f"依条款不受{name}限制", "、".join(answer.clauses), "high"),
              told.get(name) or _unneeded(name), (), "申报条件" if name in lacking else "")
        for name in answer.lifted
    )  # fmt: skip
    clause = Clause(NODE, "打破的限制及其事实", "、".join(answer.clauses), "high")
    return Proof(Answer.MET, "打破的限制", clause, children=leaves)


def limits_of(proof: Mapping[str, Any] | None) -> list[Limit]:
    """The limits that a candidate's stored proof tells as lifted; none where it tells of none."""
    for node in (proof or {}).get("children", ()):
        if node["clause"]["id"] == NODE:
            return [Limit(leaf["text"], not leaf["fact"].startswith(_UNNEEDED), leaf["fact"]) for leaf in node["children"]]
    return []


def limits_told(limits: Iterable[Limit]) -> str:
    """The limits that were really set aside, as a filing tells them: 资历（没有…）；逐级（现持…，申报…）."""
    return "；".join(f"{one.name}（{one.fact}）" for one in limits if one.applied)


def _unneeded(name: str) -> str:
    return f"{_UNNEEDED}：" + {"比例": "没有登记比例限制", "逐级": "不属于跨级认定"}.get(name, "没有不符合的要求")


def _lacking(entry: Proof) -> dict[str, list[str]]:
    """The facts for which the entry conditions are not met, by limit; nothing where one of them is met."""
    found: dict[str, list[str]] = {}
    if entry.answer is Answer.MET:
        return found
    for leaf in _unmet(entry):
        fact = f"{leaf.text}：{leaf.fact or leaf.answer.name_zh}"
        facts = found.setdefault(_limit_of(leaf.text), [])
        if fact not in facts:
            facts.append(fact)
    return found


def _unmet(proof: Proof) -> Iterator[Proof]:
    return (leaf for leaf in proof.leaves() if leaf.answer is not Answer.MET)


def _limit_of(text: str) -> str:
    return next((name for name, words in _BY_TEXT if any(word in text for word in words)), "资历")
