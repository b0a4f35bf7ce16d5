"""Authority by five made rules: every verdict with the clauses that decide, what is lifted and needed, word by word.

The packs' own rules are held by the decision table; these are small enough to see every branch of the resolver.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from skilleval.domain.authority import Authority, Question, Verdict, parse_route, reasons, resolve
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Clause, Compare, Group, Proof, Rule, no_version

ON = date(2026, 6, 8)
YES, NO, UNKNOWN, DISAGREE = Verdict.YES, Verdict.NO, Verdict.UNKNOWN, Verdict.CLAUSES_DISAGREE
T, F, N = True, False, None


def rule(rule_id: str, kind: str, fact: str, **more: Any) -> Rule:
    clause = Clause(rule_id, f"条文{rule_id}", "某文件", "high", "第一条")
    scope = {"routes": ("assessment",), "grades": ("senior",)}
    return Rule(clause, kind, date(2020, 1, 1), when=Compare(fact, "is", True), **(scope | more))


PREMISE = rule("r/1", "require", "listed", routes=(), grades=(), needs=("先上市",))
LARGE = rule("p/1", "permit", "large", lifts=("学历", "年龄"), needs=("评价表",))
FLAGSHIP = rule("p/2", "permit", "flagship", lifts=("年龄", "比例"), needs=("评价表", "推荐表"))
LIMIT = rule("l/1", "limit", "chain_lead", against=("p/1",))
CONTRARY = rule("o/1", "oppose", "manufacturing", against=("p/1",), needs=("书面理由",))
RULES = (PREMISE, LARGE, FLAGSHIP, LIMIT, CONTRARY)
ASKED = ("listed", "large", "flagship", "chain_lead", "manufacturing")


def ask(
    facts: Sequence[bool | None] = (T, T, F, F, F),
    rules: Sequence[Rule] = RULES,
    known: Sequence[Rule] = (),
    grade: Grade = Grade.SENIOR,
    **more: Any,
) -> Authority:
    return resolve(Question(grade, "assessment", ON, dict(zip(ASKED, facts, strict=True)), {}, **more), rules, known)


def nodes(proof: Proof) -> Iterator[Proof]:
    yield proof
    for child in proof.children:
        yield from nodes(child)


ENTER = {
    "listed": "补充：是否上市公司（未填是否上市公司）", "large": "补充：是否大型企业（未填是否大型企业）",
    "flagship": "补充：是否行业龙头企业（未填是否行业龙头企业）", "lead": "补充：是否链主企业（未填是否链主企业）",
    "trade": "补充：是否制造业（未填是否制造业）",
}  # fmt: skip
BE_LARGE, BE_FLAGSHIP, NOT_LEAD, OTHER_TRADE = "须是大型企业", "须是行业龙头企业", "须不是链主企业", "须不属于制造业"
Texts = tuple[str, ...]

#: listed (premise), large and flagship (permits), lead (limits the first), manufacturing (opposes the first)
TABLE: list[tuple[tuple[bool | None, ...], Verdict, Texts, Texts, Texts]] = [
    ((T, T, F, F, F), YES, ("p/1",), ("学历", "年龄"), ("评价表",)),
    ((T, T, T, F, F), YES, ("p/1", "p/2"), ("学历", "年龄", "比例"), ("评价表", "推荐表")),
    ((T, T, T, F, T), YES, ("p/2",), ("年龄", "比例"), ("评价表", "推荐表")),
    ((T, T, T, T, N), YES, ("p/2",), ("年龄", "比例"), ("评价表", "推荐表")),
    ((T, T, F, F, T), DISAGREE, ("p/1", "o/1"), ("学历", "年龄"), ("评价表", "书面理由")),
    # a premise fails, whatever is permitted
    ((F, T, F, F, F), NO, ("r/1",), (), ("先上市",)),
    ((F, T, F, F, T), NO, ("r/1",), (), ("先上市", OTHER_TRADE)),
    ((F, N, F, F, F), NO, ("r/1",), (), ("先上市", ENTER["large"])),
    ((F, F, F, F, F), NO, ("r/1", "p/1", "p/2"), (), ("先上市", BE_LARGE)),
    # no permit is granted
    ((T, F, F, F, F), NO, ("p/1", "p/2"), (), (BE_LARGE,)),
    ((T, T, F, T, F), NO, ("p/1", "l/1", "p/2"), (), (NOT_LEAD,)),
    ((T, F, F, T, F), NO, ("p/1", "p/2"), (), (BE_FLAGSHIP,)),
    ((T, N, F, T, F), NO, ("p/1", "l/1", "p/2"), (), (BE_FLAGSHIP,)),
    ((T, T, F, T, T), NO, ("p/1", "l/1", "p/2"), (), (BE_FLAGSHIP,)),
    ((N, F, F, F, F), NO, ("p/1", "p/2"), (), (ENTER["listed"], BE_LARGE)),
    # nobody can tell
    ((N, T, F, F, F), UNKNOWN, ("r/1",), (), (ENTER["listed"],)),
    ((N, T, F, F, T), UNKNOWN, ("r/1",), (), (ENTER["listed"], OTHER_TRADE)),
    ((N, N, F, F, F), UNKNOWN, ("r/1", "p/1"), (), (ENTER["listed"], ENTER["large"])),
    ((N, T, T, N, F), UNKNOWN, ("r/1",), (), (ENTER["listed"],)),
    ((T, N, F, F, F), UNKNOWN, ("p/1",), (), (ENTER["large"],)),
    ((T, F, N, F, F), UNKNOWN, ("p/2",), (), (ENTER["flagship"],)),
    ((T, T, N, F, T), UNKNOWN, ("p/2",), (), (ENTER["flagship"],)),
    ((T, N, F, F, T), UNKNOWN, ("p/1",), (), (BE_FLAGSHIP,)),
    ((T, T, F, N, F), UNKNOWN, ("p/1", "l/1"), (), (ENTER["lead"],)),
    ((T, T, F, N, T), UNKNOWN, ("p/1", "l/1"), (), (BE_FLAGSHIP,)),
    ((T, T, F, F, N), UNKNOWN, ("p/1", "o/1"), (), (ENTER["trade"],)),
    ((T, N, N, N, N), UNKNOWN, ("p/1", "l/1", "o/1", "p/2"), (), (ENTER["flagship"],)),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "verdict", "clauses", "lifted", "needs"), TABLE)
def test_a_verdict_names_what_decides_it(
    facts: tuple[bool | None, ...], verdict: Verdict, clauses: Texts, lifted: Texts, needs: Texts
) -> None:
    answer = ask(facts)

    assert (answer.verdict, answer.clauses, answer.lifted, answer.needs) == (verdict, clauses, lifted, needs)
    assert answer.proof.answer is {YES: Answer.MET, NO: Answer.NOT_MET}.get(verdict, Answer.UNKNOWN)
    assert bool(answer.proof.fact) == (verdict is DISAGREE)


def test_the_proof_shows_premises_and_permits_with_what_stands_against_them() -> None:
    proof = ask((T, T, F, F, T)).proof

    assert list(proof.lines()) == [
        "[无法判断] 可否以考核方式认定三级/高级工（“条文p/1”（某文件第一条）许可，而“条文o/1”（某文件第一条））",
        "  [符合] 条文r/1",
        "    [符合] 是上市公司（是否上市公司：是；来源：机构档案）  ——r/1：某文件第一条",
        "  [不符合] 有一条规则许可以考核方式认定三级/高级工",
        "    [不符合] 条文p/1",
        "      [符合] 条文p/1",
        "        [符合] 是大型企业（是否大型企业：是；来源：机构档案）  ——p/1：某文件第一条",
        "      [符合] 不受此限：条文l/1",
        "        [不符合] 是产教评技能生态链链主企业（是否链主企业：否；来源：机构档案）  ——l/1：某文件第一条",
        "      [不符合] 没有相反的条款：条文o/1",
        "        [符合] 属于制造业（是否制造业：是；来源：机构档案）  ——o/1：某文件第一条",
        "    [不符合] 条文p/2",
        "      [不符合] 是行业龙头企业（是否行业龙头企业：否；来源：机构档案）  ——p/2：某文件第一条",
    ]
    premise, permission = proof.children
    assert proof.clause == Clause("authority", "须符合各项前提，并有一条许可", "", "high")
    assert permission.clause == Clause("authority.permission", permission.text, "", "high")
    assert {node.clause for node in nodes(premise)} == {PREMISE.clause}
    own = [[node.clause.id for node in nodes(child)] for child in permission.children]
    assert own == [["p/1", "p/1", "p/1", "l/1", "l/1", "o/1", "o/1"], ["p/2", "p/2"]]


@pytest.mark.parametrize("only", [LIMIT, CONTRARY])
def test_a_permit_with_one_clause_against_it_shows_that_one(only: Rule) -> None:
    (shown,) = ask(rules=(LARGE, only)).proof.children[0].children

    assert [child.clause.id for child in shown.children] == ["p/1", only.clause.id]


def test_all_clauses_that_disagree_are_cited() -> None:
    second = replace(rule("o/2", "oppose", "listed", against=("p/1", "p/2")), clause=Clause("o/2", "乙", "草案", "low", "", "draft"))
    answer = ask((T, T, T, F, T), (*RULES, second))

    assert (answer.verdict, answer.clauses) == (DISAGREE, ("p/1", "o/1", "o/2", "p/2"))
    assert answer.proof.fact == (
        "“条文p/1”（某文件第一条）许可，而“条文o/1”（某文件第一条）；“乙”（草案（草案，尚未施行））；"
        "“条文p/2”（某文件第一条）许可，而“乙”（草案（草案，尚未施行））"
    )
    assert ask((T, T, F, F, F), (*RULES, second)).clauses == ("p/1", "o/2"), "only what holds"


def test_a_clause_against_a_permit_that_is_not_granted_is_no_disagreement() -> None:
    second = rule("o/2", "oppose", "listed", against=("p/2",), needs=("不用",))
    answer = ask((T, T, F, F, T), (*RULES, second))

    assert answer.proof.fact == "“条文p/1”（某文件第一条）许可，而“条文o/1”（某文件第一条）"
    assert (answer.clauses, answer.needs) == (("p/1", "o/1"), ("评价表", "书面理由"))


@pytest.mark.parametrize(
    ("scope", "applies"),
    [
        ({}, True),
        ({"routes": ()}, True),
        ({"grades": ()}, True),
        ({"routes": ("direct",)}, False),
        ({"grades": ("junior", "technician")}, False),
        ({"routes": ("direct", "assessment"), "grades": ("junior", "senior")}, True),
    ],
)
def test_a_rule_applies_to_its_routes_and_grades(scope: dict[str, Any], applies: bool) -> None:
    assert (ask(rules=(replace(LARGE, **scope),)).verdict is YES) is applies


def test_a_permit_that_begins_later_leaves_the_answer_open() -> None:
    def later(rule_id: str, since: date, **more: Any) -> Rule:
        return replace(rule(rule_id, "permit", "large", **more), valid_from=since)

    known = (
        later("p/5", date(2026, 7, 1)), later("p/6", date(2026, 6, 9)), later("p/7", ON), later("p/8", date(2026, 6, 9), grades=("junior",)),
        replace(LIMIT, valid_from=date(2026, 6, 9)),
    )  # fmt: skip
    answer = ask((N, T, F, F, F), (PREMISE,), known)

    assert (answer.verdict, answer.clauses, answer.lifted) == (UNKNOWN, ("r/1", "p/5", "p/6"), ())
    assert answer.needs == (ENTER["listed"], "许可自2026-06-09起才有版本，此前的认定须另找依据")
    assert answer.proof.children[1] == Proof(
        Answer.UNKNOWN,
        "有一条规则许可以考核方式认定三级/高级工",
        Clause("authority.permission", "有一条规则许可以考核方式认定三级/高级工", "", "high"),
        children=(no_version("p/5", ON, "条文p/5"), no_version("p/6", ON, "条文p/6")),
    )
    assert ask((T, F, F, F, F), RULES, known).verdict is NO, "a permit that stands already decides"


DIRECT = rule("p/3", "permit", "large", routes=("direct", "contest"), grades=("senior", "technician"))
SCOPE = rule("r/2", "require", "route_in_scope", routes=(), grades=(), needs=("备案该方式",))
OTHERS = (PREMISE, SCOPE, DIRECT, rule("l/2", "limit", "large", routes=("appointment",)))


def test_where_no_rule_permits_it_the_answer_is_no_and_names_the_routes_that_do() -> None:
    answer = ask((F, T, F, F, F), OTHERS)
    text = "有一条规则许可以考核方式认定三级/高级工"
    silent = Clause("authority.silent", "所选规则包没有许可这种认定", "所选规则包", "high")

    assert (answer.verdict, answer.clauses) == (NO, ("r/1",))
    assert answer.proof.children[-1] == Proof(Answer.NOT_MET, text, silent, "2026-06-08没有这样的规则", (), "所选规则包")
    assert answer.needs == ("先上市", "改用直接认定、竞赛晋级方式")


def test_a_premise_that_asks_for_more_than_the_route_stays_needed() -> None:
    more = replace(SCOPE, when=Group("all", (Compare("route_in_scope", "is", True), Compare("listed", "is", True))))

    assert ask((T, T, F, F, F), (more, DIRECT)).needs == (
        "补充：认定方式是否备案（未填认定方式是否备案）", "改用直接认定、竞赛晋级方式",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("premise", "needs"),
    [
        (replace(PREMISE, grades=("senior",)), ("先上市",)),
        (PREMISE, ("先上市", "改用直接认定、竞赛晋级方式")),
    ],
)
def test_no_other_route_is_named_where_the_grade_itself_is_refused(premise: Rule, needs: Texts) -> None:
    assert ask((F, T, F, F, F), (premise, DIRECT)).needs == needs


def test_a_premise_of_the_grade_that_holds_leaves_the_other_routes_open() -> None:
    answer = ask((T, T, F, F, F), (replace(PREMISE, grades=("senior",)), DIRECT))

    assert answer.needs == ("改用直接认定、竞赛晋级方式",)


def test_a_grade_that_nothing_permits_is_told_no_route() -> None:
    assert ask(rules=(DIRECT,), grade=Grade.JUNIOR).needs == ()


def test_what_is_told_of_a_fact_and_its_own_proof_stand_in_the_answer() -> None:
    found = Proof(Answer.MET, "营业执照", PREMISE.clause, "已核对")
    answer = ask(told={"listed": "代码600000"}, evidence={"listed": found})

    leaf = answer.proof.children[0].children[0]
    assert (leaf.fact, leaf.children) == ("代码600000", (found,))


@pytest.mark.parametrize(("until", "verdict"), [(ON, YES), (date(2026, 6, 7), NO)])
def test_days_are_compared_with_the_day_of_the_question(until: date, verdict: Verdict) -> None:
    dated = replace(LARGE, when=Compare("registered_to", "on_or_after", "day"))

    assert resolve(Question(Grade.SENIOR, "assessment", ON, {"registered_to": until}, {}), (dated,)).verdict is verdict


def test_reasons_are_told_once_each_with_the_clause() -> None:
    twice = replace(PREMISE, kind="permit")
    answer = ask((F, T, F, F, F), (PREMISE, twice))

    assert reasons(answer) == ["是上市公司：不符合，是否上市公司：否（r/1）"]
    assert reasons(ask()) == []
    bare = replace(answer, proof=Proof(Answer.UNKNOWN, "甲", LIMIT.clause))
    assert reasons(bare) == ["甲：无法判断（l/1）"]


def test_what_is_met_is_no_reason() -> None:
    assert reasons(ask((T, N, F, F, F), (PREMISE, LARGE))) == ["是大型企业：无法判断，未填是否大型企业（p/1）"]


def test_an_answer_is_told_as_json() -> None:
    answer = ask((T, T, F, F, T))

    assert answer.as_dict() == {
        "verdict": "clauses_disagree",
        "proof": answer.proof.as_dict(),
        "clauses": ["p/1", "o/1"],
        "lifted": ["学历", "年龄"],
        "needs": ["评价表", "书面理由"],
    }


def test_verdicts_and_routes_have_their_words() -> None:
    assert [verdict.name_zh for verdict in Verdict] == ["可以", "不可以", "无法判断", "条款不一致"]
    assert [parse_route(text) for text in (" 竞赛晋级 ", "评聘评价", "confirmation")] == ["contest", "appointment", "confirmation"]
    with pytest.raises(RuleBroken) as refused:
        parse_route("抽签")
    assert str(refused.value) == "无法识别的认定方式“抽签”，可用的有：考核、直接认定、竞赛晋级、评聘、转正定级"
