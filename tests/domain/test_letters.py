"""Letters: plain Chinese that HR can send, without ids and code words."""

import re
from datetime import date

from hypothesis import given, settings

from skilleval.domain.backgrounds import Background, Diploma, HeldCertificate, Work
from skilleval.domain.eligibility import judge
from skilleval.domain.ladder import Grade
from skilleval.domain.letters import letter
from skilleval.domain.rules import Answer, Clause, Proof, all_of
from skilleval.domain.ways import advice, ways
from tests.domain.people import OWN, conditions, days, people
from tests.factories import entry_conditions

ON = date(2026, 6, 8)
JOB = (Work(OWN, date(2018, 1, 4)),)


def write(person: Background, grade: Grade, edition: str = "2018") -> str:
    rules = entry_conditions(edition)
    verdict = judge(person, OWN, grade, rules, ON)
    helps = advice(ways(person, OWN, grade, rules, ON)) if verdict.answer is not Answer.MET else []
    return letter(verdict.proof, "陈大文同志", ON, subject=f"申报电工{grade.printed}", advice=helps)


def nothing(**facts: object) -> Background:
    none = {"work": JOB, "certificates": (), "titles": (), "diplomas": ()}
    return Background(birth_date=date(1985, 1, 1), **{**none, **facts})  # type: ignore[arg-type]


def test_a_refusal_says_why_from_when_and_by_which_text() -> None:
    person = nothing(certificates=(HeldCertificate(Grade.TECHNICIAN, OWN, date(2025, 5, 23)),))

    assert write(person, Grade.SENIOR_TECHNICIAN) == (
        "陈大文同志：您好！关于您申报电工一级/高级技师一事，经审核，截至2026年6月8日，您暂不符合要求。"
        "一级/高级技师申报条件为“取得二级/技师证书后，累计从事本职业或相关职业工作4年（含）以上”，您目前尚未达到："
        "2025年5月23日取得证书，最早2029年5月23日满4年。您无须另外补办，待时间届满，自2029年5月23日起即符合申报条件。"
        "以上审核依据：国家职业技能标准编制技术规程（2018年版）；公开标准中的一致措辞。"
        "如您认为上述信息有误，或有材料需要补充，请与人力资源部门联系，我们将重新核对。"
    )


def test_an_open_question_names_what_is_missing_and_what_it_would_take() -> None:
    told = write(nothing(certificates=(HeldCertificate(Grade.INTERMEDIATE, OWN, None),)), Grade.SENIOR)

    assert "根据现有资料，暂时还不能判断您是否符合要求" in told
    assert "现持证书的职业或发证日期尚未登记" in told
    assert "如您补充登记四级/中级工证书的发证日期，且该日期不晚于2021年6月8日，最早自2026年6月8日起符合申报条件。" in told
    assert told.endswith("请您尽快向人力资源部门补充上述资料，我们收到后将重新核对并告知您结果。")


def test_a_yes_names_the_clause_that_is_met_and_no_other() -> None:
    person = nothing(diplomas=(Diploma("technical_senior", True, date(2020, 7, 1)),))

    told = write(person, Grade.SENIOR, "2023")

    assert "您具备以下一条：“取得技工院校高级工班及以上本专业或相关专业毕业证书（含在读应届毕业生）”——学历符合。" in told
    assert "职称" not in told


def test_what_is_asked_besides_is_told_besides() -> None:
    rules = entry_conditions("2018")
    person = nothing(certificates=(HeldCertificate(Grade.INTERMEDIATE, OWN, date(2020, 1, 1)),))
    verdict = judge(person, OWN, Grade.SENIOR, rules, ON)
    held = Proof(Answer.NOT_MET, "未持有本职业三级/高级工及以上证书", Clause("x", "不得重复", "通报", "high"), "已持有三级/高级工证书")
    whole = all_of("可否参加", Clause("candidate", "须同时符合", "", "high"), [verdict.proof, held])

    told = letter(whole, "陈大文同志", ON)

    assert verdict.answer is Answer.MET and "申报条件" not in told
    assert "“未持有本职业三级/高级工及以上证书”一项不符合：已持有三级/高级工证书。以上审核依据：通报。" in told


def test_where_the_rules_are_silent_nothing_is_asked_of_the_person() -> None:
    told = write(nothing(), Grade.CHIEF_TECHNICIAN, "2023")

    assert told.endswith("暂时还不能判断您是否符合要求。所用申报条件没有规定首席技师。如有疑问，请与人力资源部门联系。")


def test_what_is_to_be_obtained_is_told_with_its_waiting() -> None:
    assert "如您取得符合专业对应关系的中级职称（按2026年6月8日起计算），最早自2027年6月8日起符合申报条件。" in write(
        nothing(), Grade.TECHNICIAN, "2023"
    )
    assert "本专业或相关专业毕业证书，自取得之日起即符合申报条件。" in write(nothing(work=()), Grade.SENIOR, "2023")


@given(people, conditions, days)
@settings(max_examples=60, deadline=None)
def test_no_letter_has_ids_code_words_or_bare_dates(person: Background, rules: object, on: date) -> None:
    found = ways(person, OWN, Grade.SENIOR, rules, on)  # type: ignore[arg-type]
    verdict = judge(person, OWN, Grade.SENIOR, rules, on)  # type: ignore[arg-type]

    told = letter(verdict.proof, "陈大文同志", on, advice=advice(found))

    assert not re.search(r"[A-Za-z_]|\d{4}-\d{2}-\d{2}|。。|；。|，。", told), told
