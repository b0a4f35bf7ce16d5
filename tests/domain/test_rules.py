"""Three-valued groups, comparisons of facts, and proofs: what each says, word by word."""

from datetime import date
from itertools import product

import pytest

from skilleval.domain.facts import FACTS, compare, day_of, value_problem
from skilleval.domain.rules import (
    Answer,
    Case,
    Cited,
    Clause,
    Compare,
    Expression,
    Group,
    Proof,
    Refer,
    Rule,
    all_of,
    any_of,
    group_answer,
    least_answer,
    no_version,
    opposite,
    prove,
    prove_value,
)

MET, NOT, UNKNOWN = Answer.MET, Answer.NOT_MET, Answer.UNKNOWN
ON = date(2026, 6, 8)
CLAUSE = Clause("x/1", "应当如此", "某文件", "high", "第三条")
DRAFT = Clause("x/2", "拟当如此", "某草案", "medium", "二（四）1", "draft")
ALL = (MET, NOT, UNKNOWN)


@pytest.mark.parametrize("answers", list(product(ALL, repeat=3)))
def test_groups_of_three_valued_answers(answers: tuple[Answer, ...]) -> None:
    """Against the definition: an unknown may turn out either way, and the group is known when both ways agree."""
    worlds = list(product(*[(True, False) if one is UNKNOWN else (one is MET,) for one in answers]))

    def expected(met: list[bool]) -> Answer:
        return MET if all(met) else NOT if not any(met) else UNKNOWN

    assert group_answer("all", answers) is expected([all(world) for world in worlds])
    assert group_answer("any", answers) is expected([any(world) for world in worlds])
    assert group_answer("none", answers) is expected([not any(world) for world in worlds])
    for least in (1, 2, 3):
        assert group_answer("least", answers, least) is expected([sum(world) >= least for world in worlds])
        assert least_answer(answers, least) is group_answer("least", answers, least)


def test_the_opposite_of_unknown_is_unknown() -> None:
    assert [opposite(answer) for answer in ALL] == [NOT, MET, UNKNOWN]
    assert [answer.name_zh for answer in ALL] == ["符合", "不符合", "无法判断"]


#: (comparison, fact held, answer, what is asked, what is told)
COMPARISONS = [
    (Compare("listed", "is", True), True, MET, "是上市公司", "是否上市公司：是"),
    (Compare("listed", "is", True), False, NOT, "是上市公司", "是否上市公司：否"),
    (Compare("listed", "is", False), False, MET, "不是上市公司", "是否上市公司：否"),
    (Compare("listed", "is", True), None, UNKNOWN, "是上市公司", "未填是否上市公司"),
    (Compare("employees", "at_least", 1000), 1000, MET, "员工总数不低于1000", "员工总数：1000"),
    (Compare("employees", "at_least", 1000), 999, NOT, "员工总数不低于1000", "员工总数：999"),
    (Compare("employees", "at_most", 300), 300, MET, "员工总数不高于300", "员工总数：300"),
    (Compare("employees", "at_most", 300), 301, NOT, "员工总数不高于300", "员工总数：301"),
    (Compare("employees", "is", 5), 5, MET, "员工总数为5", "员工总数：5"),
    (Compare("target", "is", "senior"), "senior", MET, "认定等级为三级/高级工", "认定等级：三级/高级工"),
    (Compare("target", "at_least", "senior"), "technician", MET, "认定等级不低于三级/高级工", "认定等级：二级/技师"),
    (Compare("target", "at_least", "senior"), "intermediate", NOT, "认定等级不低于三级/高级工", "认定等级：四级/中级工"),
    (Compare("target", "at_most", "senior"), "senior", MET, "认定等级不高于三级/高级工", "认定等级：三级/高级工"),
    (Compare("target", "one_of", ("junior", "senior")), "senior", MET, "认定等级为五级/初级工、三级/高级工之一", "认定等级：三级/高级工"),
    (Compare("target", "one_of", ("junior",)), "senior", NOT, "认定等级为五级/初级工之一", "认定等级：三级/高级工"),
    (Compare("employment", "is", "contract"), "contract", MET, "用工形式为合同", "用工形式：合同"),
    (Compare("employment", "one_of", ("contract", "dispatched")), "intern", NOT, "用工形式为合同、派遣之一", "用工形式：实习"),
    (Compare("post", "is", "维修电工"), "维修电工", MET, "岗位为维修电工", "岗位：维修电工"),
    (Compare("hired_on", "full_years", 1), date(2025, 6, 8), MET, "入职日期起满1年", "入职日期：2025-06-08"),
    (Compare("hired_on", "full_years", 1), date(2025, 6, 9), NOT, "入职日期起满1年", "入职日期：2025-06-09"),
    (Compare("hired_on", "on_or_before", "day-6m"), date(2025, 12, 8), MET, "入职日期不晚于当日前6个月", "入职日期：2025-12-08"),
    (Compare("hired_on", "on_or_before", "day-6m"), date(2025, 12, 9), NOT, "入职日期不晚于当日前6个月", "入职日期：2025-12-09"),
    (Compare("hired_on", "on_or_after", date(2026, 1, 1)), date(2026, 1, 1), MET, "入职日期不早于2026-01-01", "入职日期：2026-01-01"),
    (Compare("hired_on", "on_or_after", "day"), date(2026, 6, 7), NOT, "入职日期不早于当日", "入职日期：2026-06-07"),
    (Compare("registered_to", "on_or_after", "day+30d"), date(2026, 7, 8), MET, "备案有效期止不早于当日后30天", "备案有效期止：2026-07-08"),
]  # fmt: skip


@pytest.mark.parametrize(("leaf", "held", "answer", "asked", "told"), COMPARISONS)
def test_a_fact_is_compared_and_told(leaf: Compare, held: object, answer: Answer, asked: str, told: str) -> None:
    proof = prove(leaf, CLAUSE, Case(ON, {leaf.fact: held}))

    assert (proof.answer, proof.text, proof.fact) == (answer, asked, told)
    assert (proof.clause, proof.origin, proof.children) == (CLAUSE, FACTS[leaf.fact].origin, ())


def test_a_fact_that_is_absent_is_unknown_and_not_no() -> None:
    assert prove(Compare("listed", "is", False), CLAUSE, Case(ON)).answer is UNKNOWN


def test_days_relative_to_the_case() -> None:
    assert day_of("day", ON) == ON
    assert day_of("day-1y", date(2024, 2, 29)) == date(2023, 2, 28)
    assert day_of("day+1m", date(2026, 1, 31)) == date(2026, 2, 28)
    assert day_of("day-30d", ON) == date(2026, 5, 9)
    assert day_of(date(2020, 1, 1), ON) == date(2020, 1, 1)


#: (fact, operator, value, a word of the refusal; None where it is sound)
VALUES = [
    ("listed", "is", True, None),
    ("listed", "is", "yes", "应为true 或 false"),
    ("listed", "at_least", True, "不能用 at_least"),
    ("employees", "at_least", 3, None),
    ("employees", "at_least", True, "应为整数"),
    ("employees", "at_least", date(2026, 1, 1), "应为整数"),
    ("hired_on", "on_or_after", 3, "应为日期"),
    ("hired_on", "on_or_after", "day-1w", "应为日期"),
    ("hired_on", "on_or_after", "day-1y", None),
    ("hired_on", "full_years", -1, "不为负"),
    ("hired_on", "full_years", 0, None),
    ("target", "is", "master", "应为等级"),
    ("target", "one_of", [], "应为列表"),
    ("target", "one_of", "senior", "应为列表"),
    ("target", "one_of", ["senior", "master"], "应为等级"),
    ("target", "one_of", ["senior"], None),
    ("employment", "is", "slave", "contract、dispatched、outsourced、intern"),
    ("post", "is", "焊工岗", None),
    ("post", "is", 3, "应为文字"),
]


@pytest.mark.parametrize(("fact", "operator", "value", "words"), VALUES)
def test_a_value_of_the_wrong_kind_is_refused(fact: str, operator: str, value: object, words: str | None) -> None:
    problem = value_problem(FACTS[fact], operator, value)

    assert problem is None if words is None else words in (problem or "")


def test_grades_compare_by_rank_and_not_by_what_is_printed() -> None:
    assert compare(FACTS["ceiling"], "at_least", "special_technician", "senior_technician", ON)
    assert not compare(FACTS["ceiling"], "at_least", "apprentice", "junior", ON)


LISTED, LARGE = Compare("listed", "is", True), Compare("large", "is", True)
#: (expression, what the node says)
GROUPS: list[tuple[Expression, str]] = [
    (Group("all", (LISTED, LARGE)), "以下各项均须符合"),
    (Group("any", (LISTED, LARGE)), "以下各项符合其一即可"),
    (Group("none", (LISTED, LARGE)), "不得有以下任何一项"),
    (Group("least", (LISTED, LARGE), 2), "以下各项至少须符合2项"),
]


@pytest.mark.parametrize(("group", "text"), GROUPS)
def test_a_group_keeps_every_part_with_its_reason(group: Group, text: str) -> None:
    proof = prove(group, CLAUSE, Case(ON, {"listed": True}))

    assert (proof.text, proof.clause) == (text, CLAUSE)
    assert [(leaf.answer, leaf.text) for leaf in proof.leaves()] == [(MET, "是上市公司"), (UNKNOWN, "是大型企业")]
    assert proof.answer is group_answer(group.kind, [MET, UNKNOWN], group.least)
    assert prove(group, CLAUSE, Case(ON), "另一说法").text == "另一说法"


def test_a_rule_that_is_cited_keeps_its_own_clause() -> None:
    proof = prove(Cited(DRAFT, LISTED), CLAUSE, Case(ON, {"listed": False}))

    assert (proof.answer, proof.text, proof.clause) == (NOT, "拟当如此", CLAUSE)
    assert [leaf.clause for leaf in proof.leaves()] == [DRAFT]


def test_a_rule_without_a_version_on_the_day_is_unknown() -> None:
    proof = prove(Refer("some.rule"), CLAUSE, Case(ON))

    assert (proof.answer, proof.text, proof.fact) == (UNKNOWN, "须符合规则 some.rule", "2026-06-08 没有有效版本")
    assert no_version("some.rule", ON, "文字").clause == Clause("some.rule", "文字", "规则包", "high")


@pytest.mark.parametrize(
    ("chosen", "answer", "told"),
    [
        (True, MET, "本机构采用的读法为“是”"), (False, NOT, "本机构采用的读法为“否”"),
        (None, UNKNOWN, "2026-06-08 没有这一读法的有效版本"),
    ],
)  # fmt: skip
def test_a_reading_is_told_as_the_choice_it_is(chosen: bool | None, answer: Answer, told: str) -> None:
    switches = {} if chosen is None else {"reading.x": chosen}
    proof = prove(Compare("switch:reading.x", "is", True), CLAUSE, Case(ON, {}, switches))

    assert (proof.answer, proof.origin) == (answer, "所选读法")
    assert proof.text == "对文件未写明之处的读法：reading.x"
    assert proof.fact == told


@pytest.mark.parametrize(
    ("operator", "given", "answer"),
    [
        ("at_least", 59, NOT), ("at_least", 60, MET), ("at_least", 61, MET),
        ("at_most", 59, MET), ("at_most", 60, MET), ("at_most", 61, NOT),
        ("is", 60, MET), ("is", 61, NOT), ("at_least", None, UNKNOWN),
    ],
)  # fmt: skip
def test_a_value_keeps_to_a_parameter_or_does_not(operator: str, given: int | None, answer: Answer) -> None:
    rule = Rule(CLAUSE, "parameter", date(2020, 1, 1), value=60, operator=operator)
    proof = prove_value(rule, given, "合格线", "", "评价规范")

    assert (proof.answer, proof.text, proof.clause, proof.origin) == (answer, "合格线", CLAUSE, "评价规范")
    assert proof.fact == ("未填" if given is None else "")


@pytest.mark.parametrize(
    ("operator", "given", "answer"),
    [
        # By the alphabet 中级工 < 初级工 < 高级工 < 高级技师 < 技师.
        ("at_most", "junior", MET), ("at_most", "intermediate", MET), ("at_most", "senior", MET), ("at_most", "technician", NOT),
        ("at_most", "chief_technician", NOT), ("at_least", "junior", NOT), ("at_least", "senior", MET),
        ("at_least", "chief_technician", MET), ("is", "senior", MET), ("is", "junior", NOT), ("at_most", None, UNKNOWN),
    ],
)  # fmt: skip
def test_grades_keep_to_a_parameter_by_rank(operator: str, given: str | None, answer: Answer) -> None:
    rule = Rule(CLAUSE, "parameter", date(2020, 1, 1), value="senior", operator=operator)

    assert prove_value(rule, given, "等级", "").answer is answer


def test_a_parameter_that_nobody_established_gives_unknown() -> None:
    rule = Rule(CLAUSE, "parameter", date(2020, 1, 1), value=None)

    assert prove_value(rule, 60, "x", "说明") == Proof(UNKNOWN, "x", CLAUSE, "说明", (), "")


def test_a_value_that_is_held_against_a_parameter_is_a_leaf() -> None:
    rule = Rule(CLAUSE, "parameter", date(2020, 1, 1), value=60)

    assert prove_value(rule, 60, "合格线", "得60分") == Proof(MET, "合格线", CLAUSE, "得60分", (), "")
    assert prove_value(rule, None, "合格线", "", "评价规范") == Proof(UNKNOWN, "合格线", CLAUSE, "未填", (), "评价规范")


def test_what_is_told_of_a_fact_and_the_proof_behind_it_stand_in_its_leaf() -> None:
    behind = Proof(NOT, "营业执照", DRAFT, "过期")
    case = Case(ON, {"listed": True, "large": None}, told={"listed": "代码600000", "large": "没有年报"}, evidence={"listed": behind})

    origin = FACTS["listed"].origin
    assert prove(LISTED, CLAUSE, case) == Proof(MET, "是上市公司", CLAUSE, "代码600000", (behind,), origin)
    assert prove(LARGE, CLAUSE, case) == Proof(UNKNOWN, "是大型企业", CLAUSE, "没有年报", (), origin)


def test_nested_groups_pass_the_clause_and_the_case_on() -> None:
    nested = Group("any", (Group("least", (LISTED, Cited(DRAFT, LARGE)), 1), Refer("some.rule")))
    proof = prove(nested, CLAUSE, Case(ON, {"listed": False, "large": True}))

    assert list(proof.lines(1)) == [
        "  [符合] 以下各项符合其一即可",
        "    [符合] 以下各项至少须符合1项",
        "      [不符合] 是上市公司（是否上市公司：否；来源：机构档案）  ——x/1：某文件第三条",
        "      [符合] 拟当如此",
        "        [符合] 是大型企业（是否大型企业：是；来源：机构档案）  ——x/2：某草案二（四）1（草案，尚未施行）",
        "    [无法判断] 须符合规则 some.rule（2026-06-08 没有有效版本；来源：规则包）  ——some.rule：规则包",
    ]


def test_a_text_of_its_own_replaces_the_one_of_a_cited_rule() -> None:
    assert prove(Cited(DRAFT, LISTED), CLAUSE, Case(ON), "另一说法").text == "另一说法"
    assert prove(Refer("some.rule"), CLAUSE, Case(ON), "另一说法") == no_version("some.rule", ON, "另一说法")


def test_what_other_modules_prove_is_asked_of_them() -> None:
    leaf = Proof(MET, "年满16周岁", DRAFT)

    assert prove("leaf", DRAFT, Case(ON, prove_leaf=lambda asked, clause: Proof(MET, "年满16周岁", clause))) == leaf
    with pytest.raises(AssertionError, match="nothing proves 'leaf'"):
        prove("leaf", CLAUSE, Case(ON))


def test_a_tree_that_was_kept_before_origins_were_has_none() -> None:
    stored = {key: value for key, value in Proof(MET, "丙", CLAUSE).as_dict().items() if key != "origin"}

    assert Proof.from_dict(stored) == Proof(MET, "丙", CLAUSE)


@pytest.mark.parametrize(
    ("status", "since", "until", "holds"),
    [
        ("in_force", date(2026, 6, 8), None, True),
        ("draft", date(2026, 6, 8), None, True),
        ("in_force", date(2026, 6, 9), None, False),
        ("in_force", date(2020, 1, 1), date(2026, 6, 8), True),
        ("in_force", date(2020, 1, 1), date(2026, 6, 7), False),
        ("repealed", date(2020, 1, 1), None, False),
    ],
)
def test_a_version_holds_from_its_first_day_to_its_last(
    status: str, since: date, until: date | None, holds: bool
) -> None:
    clause = Clause("x", "x", "x", "high", "", status)

    assert Rule(clause, "parameter", since, until).holds_on(ON) is holds


TREE = any_of(
    "甲",
    DRAFT,
    [
        all_of("乙", CLAUSE, [Proof(NOT, "丙", CLAUSE, "事实", (), "花名册"), Proof(UNKNOWN, "丁", DRAFT)]),
        Proof(UNKNOWN, "戊", Clause("own", "软件自身的规则", "", "high")),
    ],
)


def test_a_tree_prints_its_answers_facts_and_clauses() -> None:
    assert list(TREE.lines()) == [
        "[无法判断] 甲",
        "  [不符合] 乙",
        "    [不符合] 丙（事实；来源：花名册）  ——x/1：某文件第三条",
        "    [无法判断] 丁  ——x/2：某草案二（四）1（草案，尚未施行）",
        "  [无法判断] 戊",
    ]


def test_a_tree_goes_to_json_and_comes_back_the_same() -> None:
    stored = TREE.as_dict()

    assert Proof.from_dict(stored) == TREE
    assert stored["children"][0]["children"][0] == {
        "answer": "not_met",
        "text": "丙",
        "fact": "事实",
        "origin": "花名册",
        "clause": {
            "id": "x/1", "text": "应当如此", "source": "某文件", "article": "第三条", "confidence": "high",
            "status": "in_force",
        },
        "children": [],
    }  # fmt: skip
