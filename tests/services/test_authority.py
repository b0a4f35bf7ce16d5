"""Authority from the database: the facts behind an answer."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from skilleval import packs, paths
from skilleval.db.engine import Database
from skilleval.db.tables import Institution, Post, PostGrade
from skilleval.domain.authority import Authority, Verdict
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer
from skilleval.services import authority, chains
from tests.factories import ACTOR, LIBRARY, Firm, make_firm

ON = date(2026, 6, 23)
FIVE = ["junior", "intermediate", "senior", "technician", "senior_technician"]


@pytest.fixture
def session(sqlite_database: Database) -> Iterator[Session]:
    with sqlite_database.writing() as session:
        yield session


@pytest.fixture
def firm(session: Session) -> Firm:
    firm = make_firm(session)
    firm.institution.employees = 1200
    firm.specification.standard = "6-31-01-03@2018"
    return firm


def ask(session: Session, firm: Firm, grade: Grade = Grade.SENIOR, route: str = "assessment", **more: Any) -> Authority:
    asked = {"occupation_code": "6-31-01-03", "trade": "", "on": date(2026, 6, 8), **more}
    session.flush()
    return authority.authority_for(session, firm.institution, LIBRARY, grade=grade, route=route, **asked)


def make_complete(session: Session, firm: Firm, grades: list[str] = FIVE) -> list[PostGrade]:
    """Posts, scope and specification for all five grades; the ceiling is 一级 and every route is registered."""
    firm.scope.grades, firm.scope.ceiling = list(FIVE), "senior_technician"
    firm.scope.routes = ["assessment", "direct", "contest", "appointment"]
    template = firm.parts[0].model_dump()
    for grade in ("technician", "senior_technician"):
        session.add(type(firm.parts[0])(**{**template, "id": None, "grade": grade}))
    post = Post(institution_id=firm.id, name="维修电工", occupation_code="6-31-01-03")
    session.add(post)
    session.flush()
    assert post.id is not None
    graded = [
        PostGrade(institution_id=firm.id, post_id=post.id, name=f"{serial}档", serial=serial, grade=grade,
                  post_specification=f"电工岗位规范{serial}")
        for serial, grade in enumerate(grades, start=1)
    ]  # fmt: skip
    session.add_all(graded)
    session.flush()
    return graded


def test_a_registered_firm_may_assess_what_is_in_its_scope(session: Session, firm: Firm) -> None:
    answer = ask(session, firm)

    assert (answer.verdict, answer.clauses) == (Verdict.YES, ("assessment.by_standard",))


def lines_of(answer: Authority) -> str:
    return "\n".join(answer.proof.lines())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda firm: setattr(firm.registration, "state", "suspended"), "的状态不是“已备案”"),
        (lambda firm: setattr(firm.registration, "valid_to", date(2026, 6, 7)), "2026-06-08 不在有效期内"),
        (lambda firm: setattr(firm.scope, "occupation_code", "6-18-01-01"), "职业 6-31-01-03 不在备案范围内"),
        (lambda firm: setattr(firm.scope, "trade", "维修电工"), "只备案了工种：维修电工"),
        (lambda firm: setattr(firm.scope, "grades", ["junior"]), "三级/高级工，已备案：五级/初级工"),
        (lambda firm: setattr(firm.scope, "ceiling", "junior"), "最高备案等级五级/初级工"),
        (lambda firm: setattr(firm.scope, "routes", ["direct"]), "三级/高级工已备案的认定方式：直接认定"),
    ],
)
def test_what_is_not_registered_is_told_as_it_stands(
    session: Session, firm: Firm, change: Callable[[Firm], None], words: str
) -> None:
    change(firm)

    answer = ask(session, firm)

    assert answer.verdict is Verdict.NO
    assert words in lines_of(answer)


def test_a_line_without_a_trade_covers_every_trade(session: Session, firm: Firm) -> None:
    assert ask(session, firm, trade="维修电工").verdict is Verdict.YES


def test_an_institution_without_a_registration_may_nothing(session: Session) -> None:
    bare = Institution(credit_code="91440999MA00000239", name="空白", manufacturing=True, province="44")
    session.add(bare)
    session.flush()

    answer = authority.authority_for(
        session, bare, LIBRARY, occupation_code="6-31-01-03", trade="", grade=Grade.SENIOR, route="assessment", on=ON
    )

    assert answer.verdict is Verdict.NO and "没有备案记录" in lines_of(answer)


def test_an_occupation_that_there_is_not_is_refused(session: Session, firm: Firm) -> None:
    with pytest.raises(RuleBroken, match="不在职业分类大典"):
        ask(session, firm, occupation_code="9-99-99-99")


@pytest.mark.parametrize(("size", "verdict"), [("大", Verdict.YES), ("中", Verdict.NO), (None, Verdict.UNKNOWN)])
def test_a_size_that_nobody_entered_is_unknown(
    session: Session, firm: Firm, size: str | None, verdict: Verdict
) -> None:
    make_complete(session, firm)
    firm.institution.size, firm.institution.listed = size, False

    assert ask(session, firm, Grade.SENIOR, "direct", holds=None).verdict is verdict


def complete_of(answer: Authority) -> dict[str, str]:
    """What the proof says of a, b and c where they are not met."""
    def walk(proof: Any) -> Iterator[Any]:
        yield proof
        for child in proof.children:
            yield from walk(child)

    return {
        one.clause.id.rpartition(".")[2]: one.fact
        for one in walk(answer.proof)
        if one.clause.id.startswith("complete_grade_set.") and not one.children and one.answer is not Answer.MET
    }


def test_the_proof_shows_which_part_of_the_grade_set_is_missing(session: Session, firm: Firm) -> None:
    graded = make_complete(session, firm, [grade for grade in FIVE if grade != "senior"])
    firm.scope.grades = [grade for grade in FIVE if grade != "junior"]
    graded[1].post_specification = None

    answer = ask(session, firm, Grade.TECHNICIAN, "direct", holds=Grade.SENIOR)

    assert answer.verdict is Verdict.CLAUSES_DISAGREE
    gaps = complete_of(answer)
    assert gaps["a"] == "没有岗位等级的：三级/高级工"
    assert gaps["b"] == "没有备案的：五级/初级工"
    assert gaps["c"] == "没有岗位规范的：四级/中级工、三级/高级工"


def test_a_complete_set_is_compared_with_the_standard(session: Session, firm: Firm) -> None:
    graded = make_complete(session, firm)

    assert ask(session, firm, Grade.TECHNICIAN, "direct", holds=Grade.SENIOR).verdict is Verdict.YES
    # A post grade that begins later is not there yet.
    graded[4].valid_from = date(2026, 6, 9)
    assert ask(session, firm, Grade.TECHNICIAN, "direct", holds=Grade.SENIOR).verdict is Verdict.CLAUSES_DISAGREE


@pytest.mark.parametrize(
    ("declared", "verdict"), [(True, Verdict.YES), (None, Verdict.YES), (False, Verdict.UNKNOWN)]
)
def test_a_registration_that_declares_the_set_incomplete_makes_the_wide_power_unknown(
    session: Session, firm: Firm, declared: bool | None, verdict: Verdict
) -> None:
    make_complete(session, firm)
    firm.scope.complete_grade_set = declared

    answer = ask(session, firm, Grade.TECHNICIAN, "direct", holds=Grade.SENIOR)

    assert answer.verdict is verdict
    assert ("备案写明未完整设置，而岗位等级与评价规范显示完整，须核对" in lines_of(answer)) is (declared is False)


@pytest.mark.parametrize("declared", [True, False])
def test_a_declaration_fills_no_gap_of_the_set(session: Session, firm: Firm, declared: bool) -> None:
    make_complete(session, firm, [grade for grade in FIVE if grade != "senior"])
    firm.scope.complete_grade_set = declared

    answer = ask(session, firm, Grade.TECHNICIAN, "direct", holds=Grade.SENIOR)

    assert answer.verdict is Verdict.CLAUSES_DISAGREE
    assert complete_of(answer)["a"] == "没有岗位等级的：三级/高级工"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("standard", "6-31-01-03@1900", "所依据的标准 6-31-01-03@1900"),
        ("state", "draft", "没有已批准的评价规范"),
        ("approved_on", date(2026, 6, 9), "没有已批准的评价规范"),
    ],
)
def test_without_a_text_that_tells_the_grades_completeness_is_unknown(
    session: Session, firm: Firm, field: str, value: object, words: str
) -> None:
    make_complete(session, firm)
    setattr(firm.specification, field, value)

    answer = ask(session, firm, Grade.TECHNICIAN, "direct", holds=Grade.SENIOR)

    assert answer.verdict is Verdict.UNKNOWN and words in lines_of(answer)


def test_a_specification_of_the_firms_own_defines_the_grades(session: Session, firm: Firm) -> None:
    make_complete(session, firm, ["junior", "intermediate", "senior"])
    firm.specification.standard = None
    session.flush()

    assert set(complete_of(ask(session, firm, Grade.TECHNICIAN, "direct"))) == {"a", "c"}


def test_a_standard_of_the_installations_own_counts(session: Session, firm: Firm, tmp_path: Path) -> None:
    make_complete(session, firm, ["senior"])
    shipped = next((paths.shipped("occupational_standards") / "standards").glob("6-31-01-03*.toml"))
    (tmp_path / "standards").mkdir()
    (tmp_path / "standards" / shipped.name).write_text(
        shipped.read_text(encoding="utf-8").replace("issued = 2018", "issued = 2025"), encoding="utf-8"
    )
    firm.specification.standard = "6-31-01-03@2025"
    session.flush()

    answer = authority.authority_for(
        session, firm.institution, packs.library(tmp_path), occupation_code="6-31-01-03", trade="",
        grade=Grade.TECHNICIAN, route="direct", on=date(2026, 6, 8), holds=Grade.SENIOR,
    )  # fmt: skip

    assert answer.verdict is Verdict.CLAUSES_DISAGREE and "没有岗位等级的" in complete_of(answer)["a"]


@pytest.mark.parametrize(
    ("holds", "verdict", "told"),
    [
        (authority.UNSAID, Verdict.YES, True),
        (Grade.SENIOR, Verdict.YES, False),
        (Grade.INTERMEDIATE, Verdict.NO, False),
        (None, Verdict.NO, False),
    ],
)
def test_skipping_is_judged_by_what_is_held_and_told_where_nobody_said(
    session: Session, firm: Firm, holds: authority.Holds, verdict: Verdict, told: bool
) -> None:
    make_complete(session, firm)
    firm.institution.size, firm.institution.listed = "中", False

    answer = ask(session, firm, Grade.TECHNICIAN, "direct", holds=holds)

    assert (answer.verdict, authority.STEP_UNSAID in answer.needs) == (verdict, told)


def test_where_skipping_is_lifted_nobody_need_say_what_is_held(session: Session, firm: Firm) -> None:
    make_complete(session, firm)
    firm.institution.size = "大"

    assert authority.STEP_UNSAID not in ask(session, firm, Grade.TECHNICIAN, "direct").needs


def test_who_holds_nothing_may_begin_at_the_lowest_grade_without_skipping(session: Session, firm: Firm) -> None:
    make_complete(session, firm)
    firm.institution.size = "大"

    skipped = {grade: "属于跨级认定（现持无等级" in lines_of(ask(session, firm, grade, "direct", holds=None))
               for grade in (Grade.JUNIOR, Grade.TECHNICIAN)}  # fmt: skip

    assert skipped == {Grade.JUNIOR: False, Grade.TECHNICIAN: True}


@pytest.mark.parametrize(("kind", "verdict"), [("employer", Verdict.NO), ("chain_evaluator", Verdict.UNKNOWN)])
def test_another_firms_people_need_a_chain_evaluator_and_a_mandate(
    session: Session, firm: Firm, kind: str, verdict: Verdict
) -> None:
    other = Institution(credit_code="91440999MA00000239", name="链上企业", manufacturing=True, province="44")
    session.add(other)
    firm.institution.kind = kind

    answer = ask(session, firm, member=other)

    assert answer.verdict is verdict and "authority.own_people" in answer.clauses
    assert ask(session, firm, member=firm.institution).verdict is Verdict.YES


@pytest.mark.parametrize(
    ("grades", "on", "verdict", "words"),
    [
        ((), date(2026, 6, 8), Verdict.YES, "XY-1"),
        ((Grade.JUNIOR,), date(2026, 6, 8), Verdict.NO, "不包括三级/高级工"),
        ((), date(2026, 12, 31), Verdict.YES, "XY-1"),
        ((), date(2027, 1, 1), Verdict.NO, "2026-12-31已到期"),
    ],
)
def test_a_recorded_mandate_decides_for_the_firms_that_it_names(
    session: Session, firm: Firm, grades: tuple[Grade, ...], on: date, verdict: Verdict, words: str
) -> None:
    firm.institution.kind, firm.institution.chain_lead = "chain_evaluator", True
    other = Institution(credit_code="91440999MA00000239", name="链上企业", manufacturing=True, province="44")
    session.add(other)
    session.flush()
    chain = chains.add_chain(session, ACTOR, firm.institution, name="精工链")
    chains.add_member(
        session, ACTOR, chain, credit_code=other.credit_code, name=other.name, kind="firm", joined_on=date(2026, 1, 1)
    )
    chains.add_mandate(
        session, ACTOR, chain, evaluator=firm.institution, employer=other, document="XY-1",
        valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31), grades=grades,
    )  # fmt: skip

    answer = ask(session, firm, member=other, on=on)

    assert answer.verdict is verdict and words in lines_of(answer)
