"""Complete grade set (等级设置完整): whether a firm has set up every grade that an occupation has, with what is missing.

No text that we could read defines it. This is the working definition of guangdong-rules 2.1: (a) the firm's posts have a
grade for every grade of the standard, or else of the firm's own specification, from the lowest to the highest without a
gap; (b) the registered scope covers the same grades; (c) each has a post specification and a way of assessment. National
standards do not all run from 五级 to 一级, so the comparison is with the standard and never with a fixed ladder.
What the registration declares is a second source: a set that looks complete but was declared incomplete is unknown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Clause, Proof, all_of

_SOURCE = "文件没有定义“等级设置完整”，此为本软件的工作定义（依二（一）1、二（四）2推断）"
_NONE: frozenset[Grade] = frozenset()

_clause = partial(Clause, source=_SOURCE, confidence="medium")

WHOLE = _clause(
    "complete_grade_set.whole", "等级设置完整：岗位等级、备案范围、岗位规范与评价办法都覆盖标准（或评价规范）规定的每一个等级"
)
POSTS = _clause("complete_grade_set.a", "岗位等级覆盖标准（或评价规范）规定的每一个等级，由低到高不缺级")
SCOPE = _clause("complete_grade_set.b", "备案范围覆盖同样的等级")
SPECIFIED = _clause("complete_grade_set.c", "每一个等级都有岗位规范，并有已批准的评价规范规定如何评价")
DECLARED = _clause("complete_grade_set.declared", "备案所写的“等级设置完整”与岗位等级、评价规范所显示的一致")
TOP = _clause("complete_grade_set.top", "特级技师、首席技师须已列入岗位等级")


@dataclass(frozen=True, slots=True)
class GradeSet:
    """What an institution has set up on one day for one occupation and trade."""

    #: the grades that there should be; None where neither a standard nor a specification tells
    defined: tuple[Grade, ...] | None
    #: where they come from, or why nobody can tell
    defined_by: str
    posts: frozenset[Grade] = _NONE
    scope: frozenset[Grade] = _NONE
    post_specifications: frozenset[Grade] = _NONE
    assessed: frozenset[Grade] = _NONE
    #: whether a line of the scope was registered as not complete
    declared_incomplete: bool = False


def without_gaps(grades: Iterable[Grade]) -> tuple[Grade, ...]:
    """All grades from the lowest of these to the highest: a gap in a specification is a gap in the set."""
    found = sorted(grades)
    return tuple(one for one in Grade if found and found[0] <= one <= found[-1])


def prove_complete(found: GradeSet) -> Proof:
    """Whether the set is complete, as a proof of a, b and c, each with its gaps, and of a declaration that speaks against it."""
    parts = (
        (POSTS, (("没有岗位等级的", found.posts),)),
        (SCOPE, (("没有备案的", found.scope),)),
        (SPECIFIED, (("没有岗位规范的", found.post_specifications), ("没有规定如何评价的", found.assessed))),
    )
    leaves = [_part(clause, found, checks) for clause, checks in parts]
    shown = all_of("该职业（工种）等级设置完整", WHOLE, leaves)
    if not found.declared_incomplete or shown.answer is Answer.NOT_MET:
        return shown
    return all_of(shown.text, WHOLE, [*leaves, _declared(shown.answer)])


def prove_top_grades(found: GradeSet, target: Grade) -> Proof:
    """Whether the posts have every grade above 高级技师 up to the target."""
    wanted = [grade for grade in Grade if Grade.SENIOR_TECHNICIAN < grade <= target]
    gaps = _listed(grade for grade in wanted if grade not in found.posts)
    fact = f"没有岗位等级的：{gaps}" if gaps else f"岗位等级已有{_listed(wanted)}"
    return Proof(Answer.NOT_MET if gaps else Answer.MET, TOP.text, TOP, fact, (), "岗位等级")


def _part(clause: Clause, found: GradeSet, checks: Iterable[tuple[str, frozenset[Grade]]]) -> Proof:
    if found.defined is None:
        return Proof(Answer.UNKNOWN, clause.text, clause, found.defined_by, (), "评价规范")
    gaps = [
        f"{what}：{listed}"
        for what, held in checks
        if (listed := _listed(grade for grade in found.defined if grade not in held))
    ]
    whole = f"{found.defined_by}规定的{_listed(found.defined)}都有"
    return Proof(
        Answer.NOT_MET if gaps else Answer.MET, clause.text, clause, "；".join(gaps) or whole, (), "岗位等级与评价规范"
    )


def _declared(shown: Answer) -> Proof:
    """That the registration declares the set incomplete, which nothing that was found bears out."""
    told = "岗位等级与评价规范显示完整" if shown is Answer.MET else "按岗位等级与评价规范无法判断"
    fact = f"备案写明未完整设置，而{told}，须核对"
    return Proof(Answer.UNKNOWN, DECLARED.text, DECLARED, fact, (), "备案范围；岗位等级与评价规范")


def _listed(grades: Iterable[Grade]) -> str:
    return "、".join(grade.printed for grade in grades)
