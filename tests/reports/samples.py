"""A clean filing content to test with: twelve candidates of two grades, nine of whom passed."""

from datetime import date

from skilleval.domain.identifiers import mask_number
from skilleval.domain.ladder import Grade
from skilleval.reports.filing import (
    Filer,
    FilingContent,
    NoticeFacts,
    PartRule,
    Provenance,
)
from skilleval.reports.filing_lines import (
    CandidateLine,
    CertificateLine,
    NoticeLine,
    PlanLine,
    ResultLine,
)
from tests.factories import CREDIT_CODE, REGISTRATION_NUMBER, id_number

FIRM = "岭南精工制造有限公司"
BATCH = "2026-DG-01"
NAMES = (
    "陈大文", "郑䶮", "𠮷明远", "买买提·艾合买提江", "上官云帆", "李芳", "王㐂顺", "=1+1", "黄志强", "林㛃",
    "何敏", "周伟",
)  # fmt: skip
GRADES = (Grade.SENIOR, Grade.INTERMEDIATE)
NOTICED, CLOSED, ISSUED, EXPORTED = date(2026, 6, 15), date(2026, 6, 22), date(2026, 6, 23), date(2026, 6, 24)


def clean_content(count: int = 12, version: int = 1, addressed_to: str = "city") -> FilingContent:
    """A content in which nothing is wrong. Each fourth candidate failed."""
    candidates = tuple(_candidate(serial) for serial in range(1, count + 1))
    results = tuple(_result(line) for line in candidates)
    passed = [line for line in results if line.outcome == "passed"]
    provenance = Provenance(
        software="0.1.0",
        standard={"key": "6-31-01-03", "edition": "2018", "sha256": "0" * 64, "verified_against_original": False},
        rule_data=({"name": "national", "version": 1, "sha256": "1" * 64},),
        journal_head="a" * 64,
    )
    return FilingContent(
        filer=Filer(
            name=FIRM, credit_code=CREDIT_CODE, registration_number=REGISTRATION_NUMBER,
            authority="深圳市人力资源和社会保障局", authority_level="city", valid_from=date(2025, 1, 1),
            valid_to=date(2027, 12, 31), responsible="演示负责人", contact="演示联系人", phone="15400000000",
            city="4403", district="南山区",
        ),
        plan=tuple(_plan(serial, grade, candidates) for serial, grade in enumerate(GRADES, start=1)),
        candidates=candidates,
        results=results,
        certificates=tuple(_certificate(line) for line in passed),
        notice_lines=tuple(_noticed(serial, line) for serial, line in enumerate(passed, start=1)),
        notice=NoticeFacts(1, NOTICED, CLOSED, 5, "b" * 64, "c" * 64, 0),
        provenance=provenance,
        addressed_to=addressed_to,
        version=version,
        exported_on=EXPORTED,
        parts=tuple(
            PartRule(grade, method, weight, 10000, 6000)
            for grade in GRADES
            for method, weight in (("theory", 40), ("skill", 60))
        ),
    )  # fmt: skip


def _plan(serial: int, grade: Grade, candidates: tuple[CandidateLine, ...]) -> PlanLine:
    return PlanLine(
        serial, BATCH, "2026年第一批电工认定", "6-31-01-03", "电工", "", grade, "理论知识考试、技能操作考核",
        "assessment", 20, sum(1 for line in candidates if line.grade is grade), date(2026, 5, 20), date(2026, 6, 8),
        date(2026, 6, 12),
        "一号实训车间", "考评员甲、考评员乙、考评员丙", "督导员丁", "国家职业标准 电工 2018；申报条件 2018",
    )  # fmt: skip


def _candidate(serial: int) -> CandidateLine:
    birth = date(1985 + serial % 12, 1 + serial % 12, 1 + serial % 28)
    name = NAMES[(serial - 1) % len(NAMES)]
    return CandidateLine(
        serial=serial, admission_number=f"{BATCH}-{serial:04d}", name=name, sex="male" if serial % 2 else "female",
        id_type="resident_id", id_number=id_number(serial % 1000, birth), employer=FIRM,
        employer_credit_code=CREDIT_CODE, occupation_code="6-31-01-03", occupation_name="电工", trade="",
        grade=GRADES[serial % 2], route="assessment", condition="2018/senior/1", birth_date=birth, education="高中",
        phone=f"154{serial:08d}", employment="contract", post="维修电工", work_years=9, held_occupation="电工",
        held_grade=Grade.INTERMEDIATE, held_number=f"Y000044990001194{serial:06d}", held_on=date(2019, 3, 4),
    )  # fmt: skip


def _result(line: CandidateLine) -> ResultLine:
    passes = line.serial % 4 != 0
    theory, skill = 7000 + line.serial % 100 * 10, 8000 if passes else 5500
    digit = line.grade.digit
    return ResultLine(
        serial=line.serial, admission_number=line.admission_number, name=line.name, id_type=line.id_type,
        id_number=line.id_number, sex=line.sex, education=line.education, occupation_name="电工", trade="",
        grade=line.grade, outcome="passed" if passes else "failed", institution=FIRM,
        registration_number=REGISTRATION_NUMBER, batch_number=BATCH, theory=theory, skill=skill,
        total=(theory * 40 + skill * 60) // 100,
        certificate_number=f"{REGISTRATION_NUMBER}26{digit}{line.serial:06d}" if passes else "",
        issued_on=ISSUED if passes else None,
    )  # fmt: skip


def _certificate(line: ResultLine) -> CertificateLine:
    assert line.issued_on is not None
    return CertificateLine(
        line.name, line.id_type, line.id_number, FIRM, line.occupation_name, line.trade, line.grade,
        line.certificate_number, line.issued_on, FIRM, FIRM,
    )  # fmt: skip


def _noticed(serial: int, line: ResultLine) -> NoticeLine:
    return NoticeLine(serial, line.name, mask_number(line.id_number), FIRM, "电工", "", line.grade, "assessment")
