"""特级 and 首席 from the database: nominated in a window and within authority, appointed after the list, no certificate."""

import copy
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from skilleval import packs
from skilleval.db.secrets import Vault
from skilleval.db.tables import Appointment, Certificate, Credential, Honour, Nomination, PostGrade
from skilleval.domain.errors import RuleBroken
from skilleval.packs import Library
from skilleval.reports.nomination import COLUMNS, write_nominations
from skilleval.services import appointments, honours, journal
from skilleval.services.verification import verify_all
from tests.conftest import Kept, on_sqlite
from tests.factories import ACTOR, LIBRARY, Firm, make_firm, make_person
from tests.services.test_authority import FIVE, make_complete

ON = date(2025, 8, 18)
FORM: dict[str, Any] = {
    "institution": "91440999MA0000015E", "year": 2025, "period": 2, "person": "E0001", "grade": "特级技师",
    "occupation_code": "6-31-01-03", "route": "A", "current_grade": "高级技师", "achievements": "改造压机，带徒6人",
    "votes_for": 7, "votes_cast": 7, "notice_from": date(2025, 8, 4), "notice_to": date(2025, 8, 8), "post": "电气岗",
    "term_from": date(2026, 1, 1), "term_to": date(2028, 12, 31), "pay": "第七档", "nominated_on": ON,
    "honour": [{"kind": "技能荣誉称号", "name": "技术能手", "issuer": "市人社局", "level": "地市级（厅局级）",
                "obtained_on": date(2023, 5, 1)}],
}  # fmt: skip
LETTER = """schema = "rule-pack/2"
name = "本企业"
layer = "firm"
status = "in_force"
from = 2025-01-01

[[parameter]]
id = "number.special_letter"
value = "Q"
clause = "省里书面答复：第16位为Q（测试用）"
source = "省里答复"
confidence = "high"
overrides = "national"
overrides_because = "省里已书面答复"
"""


@dataclass
class Scene:
    session: Session
    vault: Vault
    firm: Firm
    library: Library = LIBRARY

    def nominate(self, **change: Any) -> Nomination:
        content = {key: value for key, value in {**copy.deepcopy(FORM), **change}.items() if value is not None}
        return appointments.nominate(
            self.session, ACTOR, self.firm.institution, content, self.library, vault=self.vault
        )

    def refused(self, **change: Any) -> str:
        before = len(self.session.exec(select(Nomination)).all())
        with pytest.raises(RuleBroken) as refusal:
            self.nominate(**change)
        assert len(self.session.exec(select(Nomination)).all()) == before
        return "\n".join([refusal.value.message, *refusal.value.reasons])

    def appoint(self, nomination: Nomination, **change: Any) -> Appointment:
        told: dict[str, Any] = {
            "list_number": "粤人社函〔2025〕9号", "term_from": date(2026, 1, 1), "term_to": date(2028, 12, 31),
            "on": date(2025, 12, 20), **change,
        }  # fmt: skip
        return appointments.appoint(self.session, ACTOR, nomination, self.library, **told)

    def not_appointed(self, nomination: Nomination, **change: Any) -> str:
        before = len(self.session.exec(select(Appointment)).all())
        with pytest.raises(RuleBroken) as refusal:
            self.appoint(nomination, **change)
        assert len(self.session.exec(select(Appointment)).all()) == before
        return "\n".join([refusal.value.message, *refusal.value.reasons])


def make_flagship(session: Session, vault: Vault) -> Firm:
    firm = make_firm(session, above_scale=True, size="中", chain_lead=False, flagship=False)
    firm.specification.standard = "6-31-01-03@2018"
    graded = make_complete(session, firm)
    tops = ["special_technician", "chief_technician"]
    firm.scope.grades, firm.scope.ceiling = [*FIVE, *tops], "chief_technician"
    posts = [
        PostGrade(institution_id=firm.id, post_id=graded[0].post_id, name=f"{serial}档", serial=serial, grade=grade,
                  post_specification=f"电工岗位规范{serial}")
        for serial, grade in enumerate(tops, start=6)
    ]  # fmt: skip
    session.add_all(posts)
    person = make_person(session, vault, firm, "陈大文", 1)
    held = Credential(
        institution_id=firm.id, person_id=person.id or 0, kind="certificate", level="senior_technician",
        occupation_code="6-31-01-03", obtained_on=date(2024, 8, 18),
    )  # fmt: skip
    session.add(held)
    journal.record(
        session, ACTOR, firm.id, "test.changed",
        objects=[firm.institution, firm.specification, firm.scope, *graded, *posts, held],
    )  # fmt: skip
    return firm


@pytest.fixture
def scene(session: Session, kept: Kept, vault: Vault) -> Scene:
    return Scene(session, vault, kept(make_flagship, vault))


def test_a_nomination_and_its_appointment_are_recorded_and_no_certificate(scene: Scene) -> None:
    nomination = scene.nominate()
    appointment = scene.appoint(nomination)

    assert (nomination.current_grade, nomination.current_on) == ("senior_technician", date(2024, 8, 18))
    assert (appointment.list_number, appointment.number) == ("粤人社函〔2025〕9号", None)
    assert scene.session.exec(select(Certificate)).all() == []
    found = [one for one in verify_all(scene.session) if "nomination" in one.where or "appointment" in one.where or "honour" in one.where]
    assert found == []


@on_sqlite
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"nominated_on": date(2025, 8, 17)}, "2024-08-18取得证书，2025-08-18满1年"),
        ({"nominated_on": date(2025, 10, 31)}, "在省定的申报时段内：不符合，2025-10-31"),
        ({"nominated_on": date(2026, 8, 18)}, "没有读到2026年的申报时段"),
        ({"route": "B"}, "职称"),
        ({"route": "E"}, "推荐途径"),
        ({"grade": "高级技师"}, "不是评聘的岗位"),
        ({"notice_to": date(2025, 8, 18)}, "公示结束后方可推荐"),
        ({"votes_for": 8}, "8/7"),
        ({"votes_for": 0}, "0/7"),
        ({"term_to": date(2025, 12, 31)}, "拟聘期止日（term_to）早于起日"),
        ({"current_grade": "技师"}, "与花名册和本机构已发证书（一级/高级技师）不一致"),
        ({"current_on": date(2024, 8, 17)}, "与花名册的发证日期 2024-08-18 不一致"),
        ({"year": 2024}, "年度 2024"),
        ({"pay": None}, "缺少 pay"),
        ({"number": "X"}, "不认识的项 number"),
        ({"honour": [{"kind": "奖状", "name": "a", "issuer": "b"}]}, "honour[1] kind “奖状”应为"),
        ({"honour": [{"kind": "技能荣誉称号", "issuer": "b"}]}, "honour[1] 缺少 name"),
    ],
)
def test_what_stands_against_a_nomination_is_told(scene: Scene, change: dict[str, Any], words: str) -> None:
    assert words in scene.refused(**change)
    assert scene.session.exec(select(Honour)).all() == []


@pytest.mark.parametrize("day", [date(2025, 10, 30), ON])
def test_the_last_day_of_the_window_and_the_first_full_year_pass(scene: Scene, day: date) -> None:
    assert scene.nominate(nominated_on=day).nominated_on == day


def test_honours_are_kept_once_and_open_route_c(scene: Scene) -> None:
    person = scene.session.exec(select(Credential)).one().person_id
    scene.session.add(
        Credential(institution_id=scene.firm.id, person_id=person, kind="certificate", level="technician",
                   occupation_code="6-31-01-03", obtained_on=date(2022, 8, 18))
    )  # fmt: skip
    scene.nominate(route="C")
    scene.nominate(route="C", period=3)

    [honour] = scene.session.exec(select(Honour)).all()
    assert (honour.kind, honour.level) == ("honour", "city")
    assert [one.kind for one in honours.as_evidence([honour])] == ["honour"]


def test_without_any_honour_on_record_route_c_is_unknown(scene: Scene) -> None:
    assert "无法判断，未填技能荣誉称号" in scene.refused(route="C", honour=None)


def test_nobody_is_nominated_twice_in_a_period_or_during_a_term(scene: Scene) -> None:
    scene.appoint(scene.nominate())

    assert "在 2025 年第 2 期已推荐" in scene.refused()
    assert "已聘为特级技师，聘期至 2028-12-31" in scene.refused(period=3)


def test_what_fails_is_told_before_what_nobody_knows(scene: Scene) -> None:
    scene.firm.institution.above_scale, scene.firm.registration.state = None, "suspended"
    scene.session.flush()

    lines = scene.refused(route="C", honour=None).splitlines()[1:]

    unknown = ["：无法判断" in line for line in lines]
    assert unknown == sorted(unknown) and unknown[0] is False and unknown[-1] is True


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "suspended": ({"registration.state": "suspended"}, "状态不是“已备案”"),
    "grade removed": ({"scope.grades": FIVE}, "authority.grade_in_scope"),
    "ceiling lowered": ({"scope.ceiling": "senior_technician"}, "authority.grade_in_scope"),
    "route removed": ({"scope.routes": ["assessment"]}, "authority.route_in_scope"),
    "not above scale": ({"institution.above_scale": False}, "appointment.special"),
    "scale unknown": ({"institution.above_scale": None}, "无法判断"),
}


def alter(scene: Scene, change: str) -> str:
    values, words = CHANGES[change]
    for path, value in values.items():
        row, _, name = path.partition(".")
        setattr(getattr(scene.firm, row), name, value)
    scene.session.flush()
    return words


@on_sqlite
@pytest.mark.parametrize("change", CHANGES)
def test_nobody_is_nominated_outside_authority(scene: Scene, change: str) -> None:
    words = alter(scene, change)

    assert words in scene.refused()


@on_sqlite
@pytest.mark.parametrize("change", CHANGES)
def test_nobody_is_appointed_outside_authority(scene: Scene, change: str) -> None:
    nomination = scene.nominate()
    words = alter(scene, change)

    assert words in scene.not_appointed(nomination)


AWARD = {"kind": "中华技能大奖", "name": "中华技能大奖", "issuer": "人社部", "level": "国家级", "obtained_on": date(2020, 1, 1)}


@pytest.mark.parametrize(
    ("firm", "words"),
    [
        ({}, "appointment.chief"),
        ({"size": "大"}, "条款不一致"),
        ({"flagship": True}, "条款不一致"),
        ({"chain_lead": True}, ""),
    ],
)
def test_chief_is_for_leads_and_flagships_as_the_texts_say(scene: Scene, firm: dict[str, Any], words: str) -> None:
    for name, value in firm.items():
        setattr(scene.firm.institution, name, value)
    scene.session.flush()
    chief = {"grade": "首席技师", "route": "D", "honour": [AWARD]}

    if words:
        assert words in scene.refused(**chief)
    else:
        assert scene.nominate(**chief).grade == "chief_technician"
    if words == "条款不一致":
        assert scene.nominate(**chief, authority_reason="省里已书面答复").authority_reason


def test_the_other_routes_to_chief_are_unknown(scene: Scene) -> None:
    scene.firm.institution.chain_lead = True
    scene.session.flush()

    assert "这一途径的条件没有读到" in scene.refused(grade="首席技师")


@on_sqlite
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"list_number": " "}, "名单文号"),
        ({"on": ON}, "不晚于推荐日期"),
        ({"term_from": date(2025, 12, 19)}, "聘期"),
        ({"term_to": date(2025, 12, 31)}, "聘期"),
        ({"number": "Y00004400012325Q000001"}, "number.special_letter（特级技师证书编号第16位的字母（文件未见，须向省里核实））没有可靠依据"),
    ],
)
def test_what_stands_against_an_appointment_is_told(scene: Scene, change: dict[str, Any], words: str) -> None:
    assert words in scene.not_appointed(scene.nominate(), **change)


def test_an_appointment_is_made_once(scene: Scene) -> None:
    nomination = scene.nominate()
    scene.appoint(nomination)

    assert "已经聘任" in scene.not_appointed(nomination)


def test_a_letter_from_an_own_pack_lets_a_number_in(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "rulepacks").mkdir()
    (tmp_path / "rulepacks" / "own.toml").write_text(LETTER, encoding="utf-8")
    scene.library = packs.library(tmp_path)
    nomination = scene.nominate()

    assert "第16位为 R" in scene.not_appointed(nomination, number="Y00004400012325R000001")
    assert scene.appoint(nomination, number="Y00004400012325Q000001").number == "Y00004400012325Q000001"


def test_what_was_said_is_never_changed(scene: Scene) -> None:
    scene.appoint(scene.nominate())

    for table in ("nomination", "appointment"):
        with pytest.raises(sa.exc.DatabaseError, match="append-only"), scene.session.begin_nested():
            scene.session.connection().exec_driver_sql(f"DELETE FROM {table}")


def test_the_sheet_has_a_row_a_nomination(scene: Scene, tmp_path: Path) -> None:
    nomination = scene.nominate(achievements="=1+1")
    scene.appoint(nomination)
    [row] = appointments.nominations_of(scene.session, scene.firm.institution)
    kept = honours.honours_of(scene.session, [nomination.person_id])[nomination.person_id]

    write_nominations(tmp_path / "t10.xlsx", "岭南精工", [(*row, kept, "440999199001010010")])

    page = openpyxl.load_workbook(tmp_path / "t10.xlsx")["推荐表"]
    heads, cells = [[cell.value for cell in one] for one in page.iter_rows()][:2]
    told = dict(zip(heads, cells, strict=True))
    assert heads == [one.heading for one in COLUMNS]
    assert (told["年度"], told["姓名"], told["证件号码"]) == (2025, "陈大文", "440999199001010010")
    assert (told["推荐途径"], told["结果文件"]) == ("A 高级技师证书", "粤人社函〔2025〕9号")
    assert told["主要业绩"] == "=1+1" and told["荣誉（授予单位，级别）"] == "技术能手（市人社局，地市级（厅局级））"
