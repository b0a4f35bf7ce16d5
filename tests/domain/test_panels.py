import itertools
import random
from dataclasses import replace
from datetime import date

import pytest

from skilleval import packs
from skilleval.domain.conflicts import Conflict, Examiner, Subject
from skilleval.domain.ladder import Grade
from skilleval.domain.lifecycle import missing_in
from skilleval.domain.panel_choice import Obstacle, obstacles, propose, smallest_blocking
from skilleval.domain.panels import PANEL_RULES, Member, Need, prove_panel, smallest_size
from skilleval.domain.rules import Answer, Rule

ENDS = date(2026, 6, 12)
RULES = {one: rule for one in PANEL_RULES if (rule := packs.load().find(one, ENDS)) is not None}
NEED = Need("review", "6-31-01-03", (Grade.TECHNICIAN,), ENDS)
DIRECT, SKILL, THEORY = replace(NEED, method=""), replace(NEED, method="skill"), replace(NEED, method="theory")


def member(code: str, **fields: object) -> Member:
    return replace(Member(code, f"考评员{code}", "senior_assessor", card_valid_to=ENDS), **fields)  # type: ignore[arg-type]


def against(code: str, candidate: int, kind: str = "mentor", state: str = "suspected") -> Conflict:
    examiner, subject = Examiner(int(code[1:]), code, f"考评员{code}", 1), Subject(candidate, 1, f"考生{candidate}", "x")
    return Conflict(examiner, subject, kind, "协议", state, "理由", "张")


PEOPLE = [member(f"K{number}") for number in range(1, 8)]


@pytest.mark.parametrize(
    ("need", "size", "missing"),
    [
        (NEED, 1, ["至少需 3 人，现有 1 人"]),
        (NEED, 2, ["至少需 3 人，现有 2 人", "人数须为单数，现有 2 人"]),
        (NEED, 3, []),
        (NEED, 4, ["人数须为单数，现有 4 人"]),
        (NEED, 5, []),
        (DIRECT, 2, ["至少需 3 人，现有 2 人", "人数须为单数，现有 2 人"]),
        (DIRECT, 3, []),
        (SKILL, 4, ["人数须为单数，现有 4 人"]),
        (THEORY, 1, []),
        (THEORY, 2, []),
        (replace(NEED, minimum=5), 3, ["至少需 5 人，现有 3 人"]),
        (replace(NEED, minimum=5), 5, []),
    ],
)
def test_a_panel_has_the_size_that_the_rules_ask(need: Need, size: int, missing: list[str]) -> None:
    assert missing_in(prove_panel(PEOPLE[:size], "K1", need, RULES)) == missing


def test_every_leaf_of_a_panel_has_a_clause_and_a_fact() -> None:
    leaves = list(prove_panel(PEOPLE[:3], "K1", NEED, RULES).leaves())

    assert all(leaf.clause.text and leaf.clause.source and leaf.fact for leaf in leaves)
    assert {"panel.minimum", "panel.odd", "duties.assessor_supervises"} <= {leaf.clause.id for leaf in leaves}


@pytest.mark.parametrize(
    ("rule_id", "fields", "size", "missing"),
    [
        ("panel.minimum", {"value": 5}, 3, ["至少需 5 人，现有 3 人"]),
        ("panel.minimum", {"value": 5, "severity": "warn"}, 3, []),
        ("panel.odd", {"value": False}, 4, []),
        ("panel.odd", {"severity": "warn"}, 4, []),
    ],
)
def test_the_numbers_are_what_the_pack_says(rule_id: str, fields: dict[str, object], size: int, missing: list[str]) -> None:
    rules: dict[str, Rule] = {**RULES, rule_id: replace(RULES[rule_id], **fields)}  # type: ignore[arg-type]

    assert missing_in(prove_panel(PEOPLE[:size], "K1", NEED, rules)) == missing


@pytest.mark.parametrize(("need", "size"), [(NEED, 3), (replace(NEED, minimum=4), 5), (SKILL, 3), (THEORY, 1), (replace(THEORY, minimum=2), 2)])
def test_the_smallest_panel_keeps_to_the_rules(need: Need, size: int) -> None:
    assert smallest_size(need, RULES) == size
    assert missing_in(prove_panel(PEOPLE[:size], "K1", need, RULES)) == []


def test_the_chair_sits_on_the_panel() -> None:
    assert missing_in(prove_panel(PEOPLE[:3], "K9", NEED, RULES)) == ["组长 K9 不在评审组中"]


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({}, None),
        ({"kind": "expert", "card_valid_to": None}, None),
        ({"kind": "supervisor"}, "考评员K1（K1）是督导员"),
        ({"kind": "staff"}, "考评员K1（K1）是考务人员"),
        ({"supervises": True}, "考评员K1（K1）是本批次的督导员"),
        ({"card_valid_to": date(2026, 6, 11)}, "考评员K1（K1）的证卡有效期至 2026-06-11，批次至 2026-06-12 结束"),
        ({"card_valid_to": date(2026, 6, 12)}, None),
        ({"occupations": ("6-18-02-04",)}, "考评员K1（K1）可考评的职业：6-18-02-04"),
        ({"occupations": ("6-31-01-03",)}, None),
        ({"grades": (Grade.SENIOR,)}, "考评员K1（K1）可考评的等级：三级/高级工，不含二级/技师"),
        ({"grades": (Grade.TECHNICIAN,)}, None),
        ({"conflicts": (against("K1", 4, "self"),)}, "考评员K1（K1）与考生考生4：考评本人，待认定（协议；张：理由）"),
        ({"conflicts": (against("K1", 4, "self", "confirmed"),)}, "考评员K1（K1）与考生考生4：考评本人，已认定（协议；张：理由）"),
        ({"conflicts": (against("K1", 4, "mentor", "dismissed"),)}, None),
        ({"conflicts": (against("K1", 4, "past_panel"),)}, None),
    ],
)
def test_a_member_is_fit_or_is_told_why_not(fields: dict[str, object], missing: str | None) -> None:
    proof = prove_panel([member("K1", **fields), *PEOPLE[1:3]], "K2", NEED, RULES)

    assert missing_in(proof) == ([] if missing is None else [missing])


@pytest.mark.parametrize(
    ("kind", "grade", "severity", "answer", "reminds"),
    [
        ("assessor", Grade.SENIOR, "warn", Answer.MET, False),
        ("assessor", Grade.TECHNICIAN, "warn", Answer.MET, True),
        ("assessor", Grade.TECHNICIAN, "block", Answer.NOT_MET, False),
        ("senior_assessor", Grade.SENIOR_TECHNICIAN, "block", Answer.MET, False),
    ],
)
def test_an_assessor_goes_up_to_the_highest_grade_of_the_pack(
    kind: str, grade: Grade, severity: str, answer: Answer, reminds: bool
) -> None:
    rules = {**RULES, "assessor.highest_grade": replace(RULES["assessor.highest_grade"], severity=severity)}
    proof = prove_panel([member("K1", kind=kind), *PEOPLE[1:3]], "K1", replace(NEED, grades=(grade,)), rules)
    leaf = next(one for one in proof.leaves() if one.clause.id == "assessor.highest_grade")

    assert leaf.answer is answer and leaf.fact.startswith("提醒：") == reminds


# --- proposals --------------------------------------------------------------------------------------


def test_a_proposal_takes_fewest_conflicts_then_lowest_workload_then_the_code() -> None:
    pool = [
        member("K1", conflicts=(against("K1", 4, "past_panel"),)),
        member("K2", workload=2),
        member("K3", workload=1),
        member("K4", workload=1, kind="assessor"),
        member("K5", supervises=True),
        member("K6", workload=3, conflicts=(against("K6", 4, "mentor", "dismissed"),)),
    ]

    proposals = {propose(list(order), NEED, RULES).picked for order in itertools.permutations(pool)}
    proposal = propose(pool, NEED, RULES, 5)

    assert proposals == {("K3", "K4", "K2")}
    assert proposal.picked == ("K3", "K4", "K2", "K6", "K1") and proposal.chair == "K3"
    told = {one.member.code: one for one in proposal.choices}
    assert all(one.reasons and one.consequences for one in told.values())
    assert told["K5"].reasons == ("考评员K5（K5）是本批次的督导员",) and told["K5"].consequences == ("指派将被拒绝",)


def test_what_is_proposed_may_be_assigned() -> None:
    dice = random.Random(4)
    for _ in range(200):
        pool = [some_member(f"K{number}", dice) for number in range(1, 8)]
        proposal = propose(pool, NEED, RULES)
        if proposal.feasible:
            people = [one for one in pool if one.code in proposal.picked]
            assert missing_in(prove_panel(people, proposal.chair, NEED, RULES)) == []


def test_an_exclusion_names_the_way_in() -> None:
    pool = [*PEOPLE[:3], member("K9", conflicts=(against("K9", 4),))]

    left = next(one for one in propose(pool, NEED, RULES).choices if one.member.code == "K9")

    assert "待认定" in left.reasons[0] and "conflicts dismiss" in left.consequences[1]


def test_one_candidate_in_the_way_of_all_is_the_smallest_reason() -> None:
    pool = [member(f"K{n}", conflicts=(against(f"K{n}", 4), against(f"K{n}", 4, "kin"))) for n in range(1, 4)]

    proposal = propose(pool, NEED, RULES)

    assert not proposal.feasible and proposal.picked == ()
    assert [one.text for one in proposal.blocking] == ["考生考生4与考评人员有须回避的情形"]


def test_people_who_are_not_there_are_counted() -> None:
    proposal = propose([member("K1", supervises=True)], NEED, RULES)

    assert proposal.short_of == 2 and len(proposal.blocking) == 1
    assert propose([], NEED, RULES).short_of == 3


def some_member(code: str, dice: random.Random) -> Member:
    people = [number for number in (1, 2, 3) if dice.random() < 0.4]
    return member(
        code, supervises=dice.random() < 0.3, kind=dice.choice(["senior_assessor", "senior_assessor", "staff"]),
        card_valid_to=dice.choice([ENDS, ENDS, date(2026, 1, 1)]), workload=dice.randrange(3),
        conflicts=tuple(against(code, number, dice.choice(["mentor", "past_panel"])) for number in people),
    )  # fmt: skip


def by_brute_force(sets: list[frozenset[Obstacle]], wanted: int) -> int:
    """The size of the smallest set of obstacles whose removal frees ``wanted``: all subsets, smallest first."""
    everything = sorted(frozenset().union(*sets))
    for count in range(len(everything) + 1):
        for removed in itertools.combinations(everything, count):
            if sum(one <= set(removed) for one in sets) >= wanted:
                return count
    raise AssertionError("not even without all obstacles")


def test_the_smallest_reason_is_proved_by_brute_force() -> None:
    dice = random.Random(7)
    sizes = set()
    for _ in range(300):
        sets = [obstacles(some_member(f"K{n}", dice), NEED, RULES) for n in range(1, dice.randrange(4, 7))]
        wanted = dice.randrange(1, len(sets) + 1)

        found = smallest_blocking(sets, wanted)

        assert len(found) == by_brute_force(sets, wanted)
        assert sum(one <= set(found) for one in sets) >= wanted
        assert smallest_blocking(sets[::-1], wanted) == found
        sizes.add(len(found))
    assert len(sizes) > 3


def test_many_assessors_are_no_hindrance() -> None:
    sets = [frozenset({Obstacle(f"甲{n}"), Obstacle(f"考生{n % 12}", n % 12 + 1)}) for n in range(200)]

    assert len(smallest_blocking(sets, 7)) == 8
