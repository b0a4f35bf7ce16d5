"""Rank rules → grade: each boundary on both sides, one grade up, the cap, and what is held already."""

from datetime import date

import pytest

from skilleval import packs
from skilleval.domain.backgrounds import Background, HeldCertificate
from skilleval.domain.candidacy import Application, Terms
from skilleval.domain.contests import (
    CAP,
    Contest,
    RankRow,
    Standing,
    earned_row,
    judge_promotion,
    promoted_to,
    row_problems,
)
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer

OWN, ON = "6-31-01-03", date(2026, 6, 8)
INTERMEDIATE, SENIOR, TECHNICIAN, TOP = Grade.INTERMEDIATE, Grade.SENIOR, Grade.TECHNICIAN, Grade.SENIOR_TECHNICIAN
ROWS = (
    RankRow(1, "职工组", "rank", TECHNICIAN, True, 1, 5),
    RankRow(2, "职工组", "rank", SENIOR, True, 6, 20),
    RankRow(3, "青年组", "percent", TECHNICIAN, True, 0, 20),
    RankRow(4, "青年组", "percent", SENIOR, True, 20, 40),
    RankRow(5, "学生组", "award", SENIOR, False, awards=("金牌", "优胜奖")),
)
MET, NOT_MET, UNKNOWN = Answer.MET, Answer.NOT_MET, Answer.UNKNOWN


def contest(*standing: object) -> Contest:
    return Contest("C1", "某竞赛", "某文", ROWS, Standing(*standing))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("standing", "serial"),
    [
        (("职工组", 1), 1), (("职工组", 5), 1), (("职工组", 6), 2), (("职工组", 20), 2), (("职工组", 21), None),
        (("职工组", None), None), (("青年组", 1, 100), 3), (("青年组", 20, 100), 3), (("青年组", 21, 100), 4),
        (("青年组", 40, 100), 4), (("青年组", 41, 100), None), (("青年组", 1, None), None),
        # 20 % of 33 is 6.6: the sixth is within, the seventh is not.
        (("青年组", 6, 33), 3), (("青年组", 7, 33), 4), (("青年组", 13, 33), 4), (("青年组", 14, 33), None),
        (("学生组", 30, 100, "优胜奖"), 5), (("学生组", 1, 100, "无"), None), (("学生组", 1, 100, None), None),
        (("教师组", 1), None),
    ],
)  # fmt: skip
def test_a_standing_earns_the_row_that_the_notice_gives_it(standing: tuple[object, ...], serial: int | None) -> None:
    row = earned_row(contest(*standing))

    assert (row.serial if row else None) == serial


def application(grade: Grade, *held: Grade, known: bool = True) -> Application:
    certificates = tuple(HeldCertificate(one, OWN, date(2015, 1, 1)) for one in held)
    return Application(Background(certificates=certificates if known else None), OWN, grade, ON, "2018", held=certificates)


def terms() -> Terms:
    shipped = packs.load()
    return Terms((), shipped.find("certificate.window", ON), shipped.find("certificate.duplicate", ON))


def verdict(standing: Contest, asked: Application) -> Answer:
    return judge_promotion(asked, standing, terms(), packs.load().find(CAP, ON)).answer


@pytest.mark.parametrize(
    ("rank", "held", "given", "answer"),
    [
        (1, (), TECHNICIAN, MET),
        (1, (SENIOR,), TECHNICIAN, MET),
        (1, (TECHNICIAN,), TOP, MET),
        (1, (TOP,), TECHNICIAN, NOT_MET),  # holds more already
        (1, (Grade.SPECIAL_TECHNICIAN,), TECHNICIAN, NOT_MET),
        (6, (SENIOR,), TECHNICIAN, MET),
        (6, (TECHNICIAN,), SENIOR, NOT_MET),
        (21, (), SENIOR, NOT_MET),
    ],
)
def test_one_grade_up_is_for_who_holds_just_the_grade(
    rank: int, held: tuple[Grade, ...], given: Grade, answer: Answer
) -> None:
    event = contest("职工组", rank)
    row = earned_row(event)

    assert row is None or promoted_to(row, application(given, *held)) is given
    assert verdict(event, application(given, *held)) is answer


def test_one_up_stops_at_the_cap() -> None:
    row = RankRow(1, "职工组", "rank", TOP, True, 1, 1)
    event = Contest("C1", "某竞赛", "某文", (row,), Standing("职工组", 1))
    asked = application(promoted_to(row, application(TOP, TOP)), TOP)

    proof = judge_promotion(asked, event, terms(), packs.load().find(CAP, ON)).proof

    assert proof.answer is NOT_MET
    assert [leaf.clause.id for leaf in proof.leaves() if leaf.answer is NOT_MET] == [CAP]


def test_another_grade_than_the_one_given_is_not_met() -> None:
    assert verdict(contest("职工组", 1), application(TOP, SENIOR)) is NOT_MET


def test_what_nobody_entered_is_unknown() -> None:
    assert verdict(contest("职工组", 1), application(TECHNICIAN, known=False)) is UNKNOWN
    assert verdict(contest("青年组", 1), application(TECHNICIAN)) is UNKNOWN
    assert judge_promotion(application(TECHNICIAN), contest("职工组", 1), terms(), None).answer is UNKNOWN


@pytest.mark.parametrize(("day", "answer"), [(date(2025, 6, 8), MET), (date(2025, 6, 9), NOT_MET)])
def test_one_certificate_a_year_binds_a_promotion_too(day: date, answer: Answer) -> None:
    held = (HeldCertificate(SENIOR, OWN, day),)
    asked = Application(Background(certificates=held), OWN, TECHNICIAN, ON, "2018", held=held)

    assert verdict(contest("职工组", 1), asked) is answer


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (RankRow(1, "a", "rank", TOP, True, 1, 3), ""),
        (RankRow(1, "a", "rank", Grade.SPECIAL_TECHNICIAN, False, 1, 3), "高于竞赛晋级的最高等级"),
        (RankRow(1, "a", "rank", Grade.JUNIOR, False, 1, 3), "不以竞赛晋级取得"),
        (RankRow(1, "a", "rank", SENIOR, False, 0, 3), "名次应写作"),
        (RankRow(1, "a", "rank", SENIOR, False, 4, 3), "名次应写作"),
        (RankRow(1, "a", "percent", SENIOR, False, 40, 40), "百分比应写作"),
        (RankRow(1, "a", "percent", SENIOR, False, 0, 100), ""),
        (RankRow(1, "a", "percent", SENIOR, False, 0, 101), "百分比应写作"),
        (RankRow(1, "a", "award", SENIOR, False), "须写明 awards"),
    ],
)
def test_a_row_that_cannot_be_is_told(row: RankRow, words: str) -> None:
    found = row_problems([row], packs.load().find(CAP, ON))

    assert [words in one for one in found] == ([True] if words else [])


def test_a_contest_comes_back_from_its_plain_values() -> None:
    event = contest("青年组", 3, 40, "优胜奖")

    assert Contest.from_plain(event.as_plain()) == event


@pytest.mark.parametrize("change", [{"standing": {"group": "a", "rank": "1"}}, {"rows": "x"}, {"standing": None}, {"code": 1, "rows": [{}]}])
def test_stored_values_that_are_no_contest_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(RuleBroken, match="竞赛依据无法读取"):
        Contest.from_plain({**contest("青年组", 3).as_plain(), **change})


def test_stored_values_that_are_nothing_at_all_are_refused() -> None:
    with pytest.raises(RuleBroken, match="竞赛依据无法读取"):
        Contest.from_plain({})
