"""What a proof of eligibility says, word by word: every kind of requirement, every answer, every reason."""

from datetime import date

import pytest

from skilleval.domain.backgrounds import Background, Diploma, Evidence, HeldCertificate, Title, Work
from skilleval.domain.eligibility import Condition, Requirement, Verdict, full_on, judge, prove_requirement
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Clause, Compare, Proof, no_version

OWN, RELATED, OTHER = "6-31-01-03", "6-31-01-04", "6-18-01-01"
ON, EVE, LATER = date(2026, 6, 8), date(2026, 6, 7), date(2026, 6, 9)
OLD, NEW = date(2020, 1, 1), date(2024, 1, 1)
CLAUSE = Clause("x/1", "应当如此", "某文件", "high", "第三条")
MET, NOT, UNKNOWN = Answer.MET, Answer.NOT_MET, Answer.UNKNOWN
JUNIOR, INTERMEDIATE, SENIOR, TECHNICIAN = Grade.JUNIOR, Grade.INTERMEDIATE, Grade.SENIOR, Grade.TECHNICIAN


def work(*entries: Work) -> Background:
    return Background(work=entries)


def held(*entries: HeldCertificate) -> Background:
    return Background(certificates=entries)


def titled(*entries: Title) -> Background:
    return Background(titles=entries)


def schooled(*entries: Diploma) -> Background:
    return Background(diplomas=entries)


def shown(*entries: Evidence) -> Background:
    return Background(evidence=entries)


Row = tuple[Requirement, Background, Answer, str, str]

AGE, SIXTEEN = "年满16周岁", Requirement(age=16)
AGES: list[Row] = [
    (SIXTEEN, Background(), UNKNOWN, AGE, "未填出生日期"),
    (SIXTEEN, Background(date(2010, 6, 8)), MET, AGE, "2010-06-08出生，2026-06-08满16周岁"),
    (SIXTEEN, Background(date(2010, 6, 9)), NOT, AGE, "2010-06-09出生，2026-06-09满16周岁"),
    (Requirement(age=0), Background(ON), MET, "年满0周岁", "2026-06-08出生，2026-06-08满0周岁"),
]  # fmt: skip

TITLE, INTERMEDIATE_TITLE = "取得符合专业对应关系的中级职称", Requirement(title="intermediate")
TWO_YEARS = Requirement(title="intermediate", held_years=2)
NO_TITLE, VAGUE_TITLE = "没有对口的中级职称", "职称的取得日期或专业是否对口未填"
TITLES: list[Row] = [
    (INTERMEDIATE_TITLE, Background(), UNKNOWN, TITLE, "未填职称"),
    (INTERMEDIATE_TITLE, titled(), NOT, TITLE, NO_TITLE),
    (INTERMEDIATE_TITLE, titled(Title("junior", True, OLD)), NOT, TITLE, NO_TITLE),
    (INTERMEDIATE_TITLE, titled(Title("junior", None, None)), NOT, TITLE, NO_TITLE),
    (INTERMEDIATE_TITLE, titled(Title("intermediate", False, OLD)), NOT, TITLE, NO_TITLE),
    (INTERMEDIATE_TITLE, titled(Title("intermediate", False, None)), NOT, TITLE, NO_TITLE),
    (INTERMEDIATE_TITLE, titled(Title("intermediate", True, ON)), MET, TITLE, "2026-06-08取得中级职称"),
    (INTERMEDIATE_TITLE, titled(Title("intermediate", True, LATER)), NOT, TITLE, NO_TITLE),
    (INTERMEDIATE_TITLE, titled(Title("senior", True, OLD)), MET, TITLE, "2020-01-01取得高级职称"),
    (INTERMEDIATE_TITLE, titled(Title("senior", True, NEW), Title("intermediate", True, OLD)), MET, TITLE, "2020-01-01取得中级职称"),
    (INTERMEDIATE_TITLE, titled(Title("senior", True, OLD), Title("intermediate", True, OLD)), MET, TITLE, "2020-01-01取得高级职称"),
    (INTERMEDIATE_TITLE, titled(Title("intermediate", None, OLD)), UNKNOWN, TITLE, VAGUE_TITLE),
    (INTERMEDIATE_TITLE, titled(Title("intermediate", True, None)), UNKNOWN, TITLE, VAGUE_TITLE),
    (INTERMEDIATE_TITLE, titled(Title("intermediate", True, None), Title("senior", True, NEW)), MET, TITLE, "2024-01-01取得高级职称"),
    (Requirement(title="senior"), titled(Title("intermediate", True, OLD)), NOT, "取得符合专业对应关系的高级职称", "没有对口的高级职称"),
    (TWO_YEARS, Background(), UNKNOWN, TITLE + "满2年", "未填职称"),
    (TWO_YEARS, titled(), NOT, TITLE + "满2年", NO_TITLE),
    (TWO_YEARS, titled(Title("intermediate", True, date(2024, 6, 8))), MET, TITLE + "满2年", "2024-06-08取得中级职称，2026-06-08满2年"),
    (TWO_YEARS, titled(Title("intermediate", True, date(2024, 6, 9))), NOT, TITLE + "满2年", "2024-06-09取得中级职称，2026-06-09满2年"),
]  # fmt: skip

SHOWN, HONOUR = "地市级（厅局级）及以上的技能荣誉称号或专利", Requirement(evidence=("honour", "patent"), level="city")
NOT_SHOWN, VAGUELY_SHOWN = "没有这样的材料", "级别或取得日期未填"
EVIDENCE: list[Row] = [
    (HONOUR, Background(), UNKNOWN, SHOWN, "未填技能荣誉称号或专利"),
    (HONOUR, shown(), NOT, SHOWN, NOT_SHOWN),
    (HONOUR, shown(Evidence("contest", "nation", OLD)), NOT, SHOWN, NOT_SHOWN),
    (HONOUR, shown(Evidence("honour", "firm", OLD)), NOT, SHOWN, NOT_SHOWN),
    (HONOUR, shown(Evidence("honour", "firm", None)), NOT, SHOWN, NOT_SHOWN),
    (HONOUR, shown(Evidence("honour", "city", ON)), MET, SHOWN, "有这样的材料"),
    (HONOUR, shown(Evidence("patent", "nation", OLD)), MET, SHOWN, "有这样的材料"),
    (HONOUR, shown(Evidence("honour", "city", LATER)), NOT, SHOWN, NOT_SHOWN),
    (HONOUR, shown(Evidence("honour", None, LATER)), NOT, SHOWN, NOT_SHOWN),
    (HONOUR, shown(Evidence("honour", None, ON)), UNKNOWN, SHOWN, VAGUELY_SHOWN),
    (HONOUR, shown(Evidence("honour", "city", None)), UNKNOWN, SHOWN, VAGUELY_SHOWN),
    (HONOUR, shown(Evidence("honour", None, None), Evidence("patent", "city", OLD)), MET, SHOWN, "有这样的材料"),
    (Requirement(evidence=("contest",)), shown(Evidence("contest", "firm", OLD)), MET, "企业级及以上的职业技能竞赛名次", "有这样的材料"),
]  # fmt: skip

CERTIFICATE, HOLDS_SENIOR = "取得本职业或相关职业三级/高级工证书", Requirement(certificate=SENIOR)
FOR_TWO_YEARS = Requirement(certificate=SENIOR, held_years=2)
NOT_HELD, VAGUELY_HELD = "没有本职业或相关职业三级/高级工及以上证书", "现持证书的职业或发证日期未填"
CERTIFICATES: list[Row] = [
    (HOLDS_SENIOR, Background(), UNKNOWN, CERTIFICATE, "未填现持证书"),
    (HOLDS_SENIOR, held(), NOT, CERTIFICATE, NOT_HELD),
    (HOLDS_SENIOR, held(HeldCertificate(SENIOR, OWN, ON)), MET, CERTIFICATE, "2026-06-08取得证书"),
    (HOLDS_SENIOR, held(HeldCertificate(SENIOR, OWN, LATER)), NOT, CERTIFICATE, NOT_HELD),
    (HOLDS_SENIOR, held(HeldCertificate(TECHNICIAN, RELATED, OLD)), MET, CERTIFICATE, "2020-01-01取得证书"),
    (HOLDS_SENIOR, held(HeldCertificate(INTERMEDIATE, OWN, OLD)), NOT, CERTIFICATE, NOT_HELD),
    (HOLDS_SENIOR, held(HeldCertificate(INTERMEDIATE, None, None)), NOT, CERTIFICATE, NOT_HELD),
    (HOLDS_SENIOR, held(HeldCertificate(SENIOR, OTHER, OLD)), NOT, CERTIFICATE, NOT_HELD),
    (HOLDS_SENIOR, held(HeldCertificate(SENIOR, OTHER, None)), NOT, CERTIFICATE, NOT_HELD),
    (HOLDS_SENIOR, held(HeldCertificate(SENIOR, None, OLD)), UNKNOWN, CERTIFICATE, VAGUELY_HELD),
    (HOLDS_SENIOR, held(HeldCertificate(SENIOR, OWN, None)), UNKNOWN, CERTIFICATE, VAGUELY_HELD),
    (HOLDS_SENIOR, held(HeldCertificate(SENIOR, OWN, NEW), HeldCertificate(TECHNICIAN, OWN, OLD)), MET, CERTIFICATE, "2020-01-01取得证书"),
    (HOLDS_SENIOR, held(HeldCertificate(SENIOR, None, OLD), HeldCertificate(SENIOR, OWN, NEW)), MET, CERTIFICATE, "2024-01-01取得证书"),
    # what was issued here is known whatever the roster says
    (HOLDS_SENIOR, Background(issued=(HeldCertificate(SENIOR, OWN, OLD),)), MET, CERTIFICATE, "2020-01-01取得证书"),
    (HOLDS_SENIOR, Background(issued=(HeldCertificate(JUNIOR, OWN, OLD),)), UNKNOWN, CERTIFICATE, "未填现持证书"),
    (FOR_TWO_YEARS, held(HeldCertificate(SENIOR, OWN, date(2024, 6, 8))), MET, CERTIFICATE + "满2年", "2024-06-08取得证书，2026-06-08满2年"),
    (FOR_TWO_YEARS, held(HeldCertificate(SENIOR, OWN, date(2024, 6, 9))), NOT, CERTIFICATE + "满2年", "2024-06-09取得证书，2026-06-09满2年"),
    (FOR_TWO_YEARS, held(), NOT, CERTIFICATE + "满2年", NOT_HELD),
]  # fmt: skip

COLLEGE = Requirement(diplomas=("college",))
STUDENT = Requirement(diplomas=("college",), students=True)
ASSESSED = Requirement(diplomas=("technical", "secondary_vocational"), assessed=True)
APPRENTICE = Requirement(diplomas=("apprenticeship",), assessed=True)
PREPARATORY = Requirement(diplomas=("technical", "preparatory_certificate"), students=True)
SCHOOL = "取得大专及以上普通高校本专业或相关专业毕业证书"
ASSESSED_SCHOOL = "取得经评估论证的技工院校中级工班、中等职业学校本专业或相关专业毕业证书"
FITS, NO_SCHOOL, VAGUE_SCHOOL = "学历符合", "没有这类学历", "毕业时间、专业是否对口或是否经评估论证未填"
DIPLOMAS: list[Row] = [
    (COLLEGE, Background(), UNKNOWN, SCHOOL, "未填学历"),
    (COLLEGE, schooled(), NOT, SCHOOL, NO_SCHOOL),
    (COLLEGE, schooled(Diploma("technical", True, OLD)), NOT, SCHOOL, NO_SCHOOL),
    (COLLEGE, schooled(Diploma("college", True, ON)), MET, SCHOOL, FITS),
    (COLLEGE, schooled(Diploma("college", True, LATER)), NOT, SCHOOL, NO_SCHOOL),
    (COLLEGE, schooled(Diploma("college", False, OLD)), NOT, SCHOOL, NO_SCHOOL),
    (COLLEGE, schooled(Diploma("college", False, None)), NOT, SCHOOL, NO_SCHOOL),
    (COLLEGE, schooled(Diploma("college", None, OLD)), UNKNOWN, SCHOOL, VAGUE_SCHOOL),
    (COLLEGE, schooled(Diploma("college", None, LATER)), NOT, SCHOOL, NO_SCHOOL),
    (COLLEGE, schooled(Diploma("college", True, None)), UNKNOWN, SCHOOL, VAGUE_SCHOOL),
    (COLLEGE, schooled(Diploma("college", True, OLD, False)), MET, SCHOOL, FITS),
    (COLLEGE, schooled(Diploma("college", True, None), Diploma("college", True, OLD)), MET, SCHOOL, FITS),
    (STUDENT, schooled(Diploma("college", True, date(2027, 6, 8))), MET, SCHOOL + "（含应届毕业生）", FITS),
    (STUDENT, schooled(Diploma("college", True, date(2027, 6, 9))), NOT, SCHOOL + "（含应届毕业生）", NO_SCHOOL),
    (ASSESSED, schooled(Diploma("technical", True, OLD, True)), MET, ASSESSED_SCHOOL, FITS),
    (ASSESSED, schooled(Diploma("technical", True, OLD, None)), UNKNOWN, ASSESSED_SCHOOL, VAGUE_SCHOOL),
    (ASSESSED, schooled(Diploma("secondary_vocational", True, OLD, False)), NOT, ASSESSED_SCHOOL, NO_SCHOOL),
    (ASSESSED, schooled(Diploma("secondary_vocational", True, None, False)), NOT, ASSESSED_SCHOOL, NO_SCHOOL),
    (APPRENTICE, schooled(), NOT, "取得本职业或相关职业学徒期满的证明", NO_SCHOOL),
    (PREPARATORY, schooled(), NOT, "取得本职业或相关职业预备技师证书或技工院校中级工班本专业或相关专业毕业证书（含应届毕业生）", NO_SCHOOL),
]  # fmt: skip

WORKED, FIVE_YEARS = "累计从事本职业或相关职业工作满5年", Requirement(work_years=5)
TOO_LITTLE, VAGUE_WORK = "可计算的工作不满5年", "从事的职业或起始日期未填"
WORK: list[Row] = [
    (FIVE_YEARS, Background(), UNKNOWN, WORKED, "未填从事本职业的起始日期"),
    (FIVE_YEARS, work(), NOT, WORKED, TOO_LITTLE),
    (FIVE_YEARS, work(Work(OWN, date(2021, 6, 8))), MET, WORKED, "2026-06-08满5年"),
    (FIVE_YEARS, work(Work(RELATED, date(2021, 6, 9))), NOT, WORKED, "将于2026-06-09满5年"),
    (FIVE_YEARS, work(Work(OWN, date(2010, 1, 1), date(2014, 12, 30))), NOT, WORKED, TOO_LITTLE),
    (FIVE_YEARS, work(Work(OWN, LATER)), NOT, WORKED, TOO_LITTLE),
    (FIVE_YEARS, work(Work(OTHER, OLD)), NOT, WORKED, TOO_LITTLE),
    (FIVE_YEARS, work(Work(OTHER, None)), NOT, WORKED, TOO_LITTLE),
    (FIVE_YEARS, work(Work(None, OLD)), UNKNOWN, WORKED, VAGUE_WORK),
    (FIVE_YEARS, work(Work(OWN, None)), UNKNOWN, WORKED, VAGUE_WORK),
    (FIVE_YEARS, work(Work(OWN, NEW), Work(None, None)), UNKNOWN, WORKED, VAGUE_WORK),
    (FIVE_YEARS, work(Work(OWN, OLD), Work(None, None), Work(OWN, None)), MET, WORKED, "2025-01-01满5年"),
]  # fmt: skip

SINCE_CERTIFICATE = Requirement(work_years=3, after_certificate=INTERMEDIATE)
SINCE_TITLE = Requirement(work_years=3, after_title="junior")
AFTER_CERTIFICATE = "取得四级/中级工证书后累计从事本职业或相关职业工作满3年"
AFTER_TITLE = "取得初级职称后累计从事本职业或相关职业工作满3年"


def since(day: date, *entries: Work) -> Background:
    """Somebody who got a certificate and a title on a day; without entries nobody entered the work."""
    return Background(
        work=entries or None, certificates=(HeldCertificate(INTERMEDIATE, OWN, day),), titles=(Title("junior", True, day),)
    )


LONG = Work(OWN, date(2010, 1, 1))
WORK_SINCE: list[Row] = [
    (SINCE_CERTIFICATE, work(LONG), UNKNOWN, AFTER_CERTIFICATE, "未填现持证书"),
    (SINCE_CERTIFICATE, Background(work=(LONG,), certificates=()), NOT, AFTER_CERTIFICATE, "没有本职业或相关职业四级/中级工及以上证书"),
    (SINCE_CERTIFICATE, since(date(2023, 6, 8), LONG), MET, AFTER_CERTIFICATE, "2023-06-08取得证书，2026-06-08满3年"),
    (SINCE_CERTIFICATE, since(date(2023, 6, 9), LONG), NOT, AFTER_CERTIFICATE, "2023-06-09取得证书，最早2026-06-09满3年"),
    (SINCE_CERTIFICATE, since(date(2023, 6, 9)), NOT, AFTER_CERTIFICATE, "2023-06-09取得证书，最早2026-06-09满3年"),
    (SINCE_CERTIFICATE, since(date(2023, 6, 8)), UNKNOWN, AFTER_CERTIFICATE, "2023-06-08取得证书，未填从事本职业的起始日期"),
    (SINCE_CERTIFICATE, since(OLD, Work(None, OLD)), UNKNOWN, AFTER_CERTIFICATE, "2020-01-01取得证书，从事的职业或起始日期未填"),
    (SINCE_CERTIFICATE, since(OLD, Work(OWN, NEW)), NOT, AFTER_CERTIFICATE, "2020-01-01取得证书，将于2027-01-01满3年"),
    (SINCE_CERTIFICATE, since(OLD, Work(OWN, date(2010, 1, 1), date(2019, 12, 31))), NOT, AFTER_CERTIFICATE, "2020-01-01取得证书，可计算的工作不满3年"),
    (SINCE_TITLE, work(LONG), UNKNOWN, AFTER_TITLE, "未填职称"),
    (SINCE_TITLE, Background(work=(LONG,), titles=()), NOT, AFTER_TITLE, "没有对口的初级职称"),
    (SINCE_TITLE, since(date(2023, 6, 8), LONG), MET, AFTER_TITLE, "2023-06-08取得初级职称，2026-06-08满3年"),
    (SINCE_TITLE, since(date(2023, 6, 9), LONG), NOT, AFTER_TITLE, "2023-06-09取得初级职称，最早2026-06-09满3年"),
]  # fmt: skip

ROWS = [*AGES, *TITLES, *EVIDENCE, *CERTIFICATES, *DIPLOMAS, *WORK, *WORK_SINCE]


@pytest.mark.parametrize(("requirement", "person", "answer", "text", "fact"), ROWS)
def test_a_requirement_says_what_it_asks_and_what_it_found(
    requirement: Requirement, person: Background, answer: Answer, text: str, fact: str
) -> None:
    proof = prove_requirement(requirement, CLAUSE, background=person, occupations=frozenset((OWN, RELATED)), on=ON)

    assert proof == Proof(answer, text, CLAUSE, fact, (), "佐证材料" if requirement.evidence else "花名册")


#: (times of work, years, counted from, the day on which they are full)
FULL: list[tuple[list[tuple[date, date | None]], int, date | None, date | None]] = [
    ([], 1, None, None),
    ([(ON, None)], 1, None, date(2027, 6, 8)),
    ([(LATER, None)], 1, None, None),
    ([(OLD, None)], 5, NEW, date(2029, 1, 1)),
    # the last day of work counts, and work that ended on the day of the certificate still has that day
    ([(OLD, date(2020, 12, 31))], 1, None, date(2021, 1, 1)),
    ([(OLD, date(2020, 12, 30))], 1, None, None),
    ([(OLD, NEW)], 0, NEW, NEW),
    ([(OLD, date(2023, 12, 31))], 0, NEW, None),
    # a gap moves the clock by as many days; one day after the other is no gap
    ([(OLD, date(2020, 1, 10)), (date(2020, 1, 21), None)], 1, None, date(2021, 1, 11)),
    ([(OLD, date(2020, 1, 10)), (date(2020, 1, 11), None)], 1, None, date(2021, 1, 1)),
    ([(OLD, date(2020, 1, 10)), (date(2020, 1, 12), None)], 1, None, date(2021, 1, 2)),
    ([(OLD, date(2020, 1, 10)), (date(2020, 1, 21), date(2020, 1, 30)), (date(2020, 2, 10), None)], 1, None, date(2021, 1, 21)),
    # in any order; what lies within another time adds nothing, and does not end it either
    ([(date(2020, 1, 21), None), (OLD, date(2020, 1, 10))], 1, None, date(2021, 1, 11)),
    ([(OLD, date(2020, 3, 31)), (date(2020, 2, 1), date(2020, 2, 10)), (date(2020, 4, 1), None)], 1, None, date(2021, 1, 1)),
    ([(OLD, None), (OLD, date(2020, 1, 10))], 1, None, date(2021, 1, 1)),
    ([(OLD, date(2020, 1, 10)), (OLD, date(2020, 12, 31))], 1, None, date(2021, 1, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("spans", "years", "since", "full"), FULL)
def test_years_add_up_over_several_times_of_work(
    spans: list[tuple[date, date | None]], years: int, since: date | None, full: date | None
) -> None:
    assert full_on([Work(OWN, *span) for span in spans], years, since, ON) == full


def test_work_without_a_beginning_is_not_counted() -> None:
    assert full_on([Work(OWN, None), Work(OWN, None, ON)], 0, None, ON) is None


TEXT = "三级/高级工申报条件（具备其一即可）"
CONDITIONS = (
    Condition(SENIOR, CLAUSE, (Requirement(age=16), Compare("employment", "is", "contract"))),
    Condition(SENIOR, Clause("x/2", "或者如此", "某文件", "high"), (Compare("switch:reading.x", "is", True),)),
    Condition(JUNIOR, Clause("x/3", "另一等级", "某文件", "high"), (Requirement(age=1),)),
)


def test_a_verdict_has_every_condition_of_the_grade_with_its_requirements() -> None:
    person = Background(date(2000, 1, 1), facts={"employment": "contract"})
    verdict = judge(person, OWN, SENIOR, CONDITIONS, ON, switches={"reading.x": False})

    assert list(verdict.proof.lines()) == [
        f"[符合] {TEXT}",
        "  [符合] 应当如此",
        "    [符合] 年满16周岁（2000-01-01出生，2016-01-01满16周岁；来源：花名册）  ——x/1：某文件第三条",
        "    [符合] 用工形式为合同（用工形式：合同；来源：花名册）  ——x/1：某文件第三条",
        "  [不符合] 或者如此",
        "    [不符合] 对文件未写明之处的读法：reading.x（本机构采用的读法为“否”；来源：所选读法）  ——x/2：某文件",
    ]
    assert verdict.proof.clause == Clause("senior", TEXT, "", "high")
    assert [child.clause.id for child in verdict.proof.children] == ["x/1", "x/2"]
    assert (verdict.answer, verdict.met_by, verdict.claimed) == (MET, ("x/1",), None)


@pytest.mark.parametrize(("hired", "answer"), [(date(2025, 6, 8), MET), (date(2025, 6, 9), NOT)])
def test_a_fact_of_the_roster_is_held_against_the_day_that_is_asked(hired: date, answer: Answer) -> None:
    rules = (Condition(SENIOR, CLAUSE, (Compare("hired_on", "full_years", 1),)),)

    assert judge(Background(facts={"hired_on": hired}), OWN, SENIOR, rules, ON).answer is answer


def test_without_a_chosen_reading_the_verdict_rests_on_the_facts() -> None:
    verdict = judge(Background(date(2000, 1, 1)), OWN, SENIOR, CONDITIONS, ON, claimed="x/2")

    assert (verdict.answer, verdict.met_by, verdict.claimed) == (UNKNOWN, (), UNKNOWN)


def test_before_the_first_version_the_verdict_is_unknown() -> None:
    assert judge(Background(), OWN, SENIOR, (), ON) == Verdict(UNKNOWN, no_version("senior", ON, TEXT), ())


def test_conditions_that_are_silent_about_a_grade_give_unknown() -> None:
    whole = Clause("technician", "二级/技师申报条件（具备其一即可）", "", "high")
    silent = Proof(UNKNOWN, "所用申报条件没有规定二级/技师", whole)

    assert judge(Background(), OWN, TECHNICIAN, CONDITIONS, ON, claimed="x/1") == Verdict(UNKNOWN, silent, ())
