import copy
import tomllib
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Institution, JournalEntry, Personnel, Specification
from skilleval.domain.errors import RuleBroken
from skilleval.services import institutions
from skilleval.services.specification_standing import in_force, is_in_force
from skilleval.services.verification import verify_all
from tests.conftest import on_sqlite
from tests.factories import ACTOR, make_batch, make_firm

EXAMPLE = Path(__file__).resolve().parents[2] / "templates" / "institution.example.toml"


def whole_example() -> dict[str, Any]:
    return tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))


def example() -> dict[str, Any]:
    """The example with the first of its specifications alone."""
    content = whole_example()
    return {**content, "specification": content["specification"][:1]}


def test_the_example_is_accepted_and_adding_it_again_changes_nothing(session: Session, vault: Vault) -> None:
    first = institutions.add_institution(session, ACTOR, whole_example(), vault=vault)
    again = institutions.add_institution(session, ACTOR, whole_example(), vault=vault)

    assert len(first.added) == 30 and not first.warnings
    assert (again.added, again.changed) == ([], [])
    assert len(session.exec(select(JournalEntry)).all()) == 1
    assert verify_all(session) == []


def test_a_document_number_is_stored_sealed_only(session: Session, vault: Vault) -> None:
    content = example()
    number = content["personnel"][0]["id_number"]
    applied = institutions.add_institution(session, ACTOR, content, vault=vault)

    person = session.exec(select(Personnel).where(Personnel.code == "K01")).one()
    assert person.id_sealed is not None and applied.institution.id is not None
    assert vault.open(applied.institution.id, person.id_sealed) == number
    assert number not in str(person.model_dump())


def test_a_changed_file_updates_what_may_change(session: Session, vault: Vault) -> None:
    institutions.add_institution(session, ACTOR, example(), vault=vault)
    content = example()
    content["institution"]["phone"] = "0755-11111111"
    content["venue"][0]["seats"] = 60

    applied = institutions.add_institution(session, ACTOR, content, vault=vault)

    assert (len(applied.added), len(applied.changed)) == (0, 2)
    assert verify_all(session) == []


def test_a_part_that_the_file_drops_is_no_longer_assessed(session: Session, vault: Vault) -> None:
    institutions.add_institution(session, ACTOR, example(), vault=vault)
    content = example()
    content["specification"][0]["part"][1]["method"] = "process"

    applied = institutions.add_institution(session, ACTOR, content, vault=vault)

    specification = session.exec(select(Specification)).one()
    assert specification.id is not None and len(applied.removed) == 3
    for grade in ("junior", "intermediate", "senior"):
        parts = institutions.parts_of(session, specification.id, grade)
        assert [(part.method, part.weight) for part in parts] == [("theory", 40), ("process", 60)]
    assert verify_all(session) == []


def newer(approved_on: date, **changed: object) -> dict[str, Any]:
    """The file with a second version of its specification."""
    content = example()
    content["specification"].append({**example()["specification"][0], "version": 2, "approved_on": approved_on, **changed})
    return content


def versions(session: Session) -> list[Specification]:
    return list(session.exec(select(Specification).order_by(col(Specification.version))))


@pytest.mark.parametrize(("day", "standing"), [(date(2026, 6, 30), [1]), (date(2026, 7, 1), [2])])
def test_a_newer_version_takes_the_place_of_the_earlier_from_the_day_of_its_approval(
    session: Session, vault: Vault, day: date, standing: list[int]
) -> None:
    institutions.add_institution(session, ACTOR, example(), vault=vault)

    applied = institutions.add_institution(session, ACTOR, newer(date(2026, 7, 1)), vault=vault)

    first, second = versions(session)
    assert (first.state, first.superseded_on, second.state) == ("superseded", date(2026, 7, 1), "approved")
    assert [row for row, _told in applied.differences] == [first] and verify_all(session) == []
    assert [one.version for one in (first, second) if is_in_force(one, day)] == standing
    assert [one.version for one in session.exec(select(Specification).where(in_force(day)))] == standing


def test_an_older_file_sent_again_brings_no_older_version_back(session: Session, vault: Vault) -> None:
    institutions.add_institution(session, ACTOR, newer(date(2026, 7, 1)), vault=vault)
    content = example()
    content["specification"][0]["state"] = "approved"

    again = institutions.add_institution(session, ACTOR, content, vault=vault)

    assert (again.changed, [one.state for one in versions(session)]) == ([], ["superseded", "approved"])


def test_a_draft_takes_nobodys_place(session: Session, vault: Vault) -> None:
    institutions.add_institution(session, ACTOR, newer(date(2026, 7, 1), state="draft"), vault=vault)

    assert [one.state for one in versions(session)] == ["approved", "draft"]


def test_of_three_versions_each_is_superseded_by_the_next(session: Session, vault: Vault) -> None:
    content = newer(date(2026, 7, 1))
    content["specification"].append({**example()["specification"][0], "version": 3, "approved_on": date(2026, 9, 1)})

    institutions.add_institution(session, ACTOR, content, vault=vault)

    assert [one.superseded_on for one in versions(session)] == [date(2026, 7, 1), date(2026, 9, 1), None]


def test_a_specification_that_a_batch_uses_asks_for_a_new_version(session: Session, vault: Vault) -> None:
    firm = make_firm(session)
    make_batch(session, firm)
    content = example()
    content["institution"]["credit_code"] = firm.institution.credit_code

    with pytest.raises(RuleBroken, match="version"):
        institutions.add_institution(session, ACTOR, content, vault=vault)


def change(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def apply(content: dict[str, Any]) -> None:
        *way, last = path.split(".")
        target: Any = content
        for name in way:
            target = target[int(name)] if name.isdecimal() else target[name]
        if value is None:
            del target[last]
        else:
            target[last] = value

    return apply


@on_sqlite
@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("institution.credit_code", "91440999MA0000015F", "institution.credit_code"),
        ("institution.name", None, "institution 缺少 name"),
        ("institution.colour", "red", "不认识的项 colour"),
        ("institution.employees", "很多", "institution.employees 应为整数"),
        ("institution.employees", -1, "不能为负数"),
        ("institution.kind", "school", "institution.kind “school”应为"),
        ("registration", None, "缺少 [registration]"),
        ("registration.number", "Y1", "备案号应为13位"),
        ("registration.valid_to", date(2020, 1, 1), "早于有效期的起始日"),
        ("registration.valid_from", "2025-01-02", "应为日期"),
        ("scope.0.occupation_code", "6-31-01-10", "对应“机电设备维修工”"),
        ("scope.0.occupation_name", "工业机器人系统运维员", "不符"),
        ("scope.0.grades", ["九级"], "无法识别的职业技能等级"),
        ("scope.0.ceiling", "高级工", "高于 ceiling"),
        ("scope.0.routes", ["exam"], "scope[1].routes"),
        ("specification.0.conditions", "1999", "应为：2018、2023"),
        ("specification.0.part.0.weight", 41, "权重合计为 101"),
        ("specification.0.part.0.pass_mark", 101, "pass_mark"),
        ("specification.0.part.0.assessors", 0, "assessors"),
        ("specification.0.part.0.method", "oral", "part[1].method"),
        ("specification.0.part.0.agreement", {"rule": "vote"}, "agreement.rule"),
        ("specification.0.part.1.agreement", {"rule": "mean", "tolerance": -1}, "tolerance"),
        ("post.0.grade.0.grade", "学士", "post[1].grade[1].grade"),
        ("personnel.0.id_number", "440999198006060170", "校验码"),
        ("personnel.1.code", "K01", "相同"),
        ("venue.0.seats", None, "venue[1] 缺少 seats"),
        ("school", [], "不认识的节 [school]"),
        ("registration.valid_from", datetime(2025, 1, 2, 8), "registration.valid_from 应为日期"),
        ("specification.0.standard", "6-31-01-03@2099", "可用的有：6-31-01-03@2018"),
        ("specification.0.related_occupations", ["6-99-99-99"], "specification[1].related_occupations"),
        ("specification.0.part.0.agreement", {"rule": ["mean"]}, "agreement.rule"),
        ("post.0.grade", ["高级工"], "post[1].grade 的每一项应为表"),
        ("personnel.0.occupations", ["6-99-99-99"], "personnel[1].occupations"),
        ("personnel.0.occupations", [date(2026, 1, 1)], "personnel[1].occupations 的每一项应为文字"),
        ("venue.0.occupations", ["电工"], "venue[1].occupations"),
        ("venue.0.equipment", [{"bought": date(2026, 1, 1)}], "venue[1].equipment[1].bought"),
    ],
)
def test_a_wrong_value_is_named_by_section_and_key(
    session: Session, vault: Vault, path: str, value: object, words: str
) -> None:
    content = copy.deepcopy(example())
    change(path, value)(content)

    with pytest.raises(RuleBroken) as refusal:
        institutions.add_institution(session, ACTOR, content, vault=vault)

    assert any(words in reason for reason in refusal.value.reasons), refusal.value.reasons
    assert session.exec(select(Institution)).all() == []


def test_all_errors_are_told_at_once(session: Session, vault: Vault) -> None:
    content = example()
    content["institution"]["employees"] = "x"
    content["venue"][0]["seats"] = "y"

    with pytest.raises(RuleBroken) as refusal:
        institutions.add_institution(session, ACTOR, content, vault=vault)

    assert len(refusal.value.reasons) == 2


def test_special_and_chief_grades_are_taken_with_a_warning(session: Session, vault: Vault) -> None:
    content = example()
    content["scope"][0]["grades"] += ["特级技师", "首席技师"]
    content["scope"][0]["ceiling"] = "首席技师"

    applied = institutions.add_institution(session, ACTOR, content, vault=vault)

    assert len(applied.warnings) == 2


@pytest.mark.parametrize(
    ("day", "words"),
    [(date(2024, 12, 31), "不在有效期内"), (date(2028, 1, 1), "不在有效期内"), (date(2025, 1, 1), None), (date(2027, 12, 31), None)],
)
def test_a_registration_holds_on_its_first_and_last_day(session: Session, day: date, words: str | None) -> None:
    firm = make_firm(session)

    if words is None:
        assert institutions.active_registration(session, firm.id, day).number == firm.registration.number
    else:
        with pytest.raises(RuleBroken, match=words):
            institutions.active_registration(session, firm.id, day)


def test_a_suspended_registration_covers_nothing(session: Session) -> None:
    firm = make_firm(session)
    firm.registration.state = "suspended"
    session.flush()

    with pytest.raises(RuleBroken, match="状态不是"):
        institutions.active_registration(session, firm.id, date(2026, 6, 8))


def test_a_member_firm_of_a_chain_needs_no_registration(session: Session, vault: Vault) -> None:
    content = {"institution": {"credit_code": "91440999MA00001620", "name": "配套企业甲", "manufacturing": False, "province": "32"}}

    applied = institutions.add_institution(session, ACTOR, content, vault=vault)

    assert [type(row).__name__ for row in applied.added] == ["Institution"]
    with pytest.raises(RuleBroken, match="没有备案记录"):
        institutions.active_registration(session, applied.institution.id or 0, date(2026, 6, 8))


NEW = {"credit_code": "91440999MA00001620", "name": "配套企业甲", "manufacturing": True, "province": "44"}


@pytest.mark.parametrize(
    ("left_out", "told"),
    [
        (("manufacturing",), ["institution.manufacturing 没有写：须写明是否属于制造业，写 manufacturing = true 或 manufacturing = false"]),
        (("province",), ['institution.province 没有写：须写明所在省的行政区划代码前两位，如广东写 province = "44"']),
        (("manufacturing", "province"), ["manufacturing = true", 'province = "44"']),
    ],
)
def test_a_new_institution_is_taken_for_nothing_that_its_file_does_not_state(
    session: Session, vault: Vault, left_out: tuple[str, ...], told: list[str]
) -> None:
    content = {"institution": {key: value for key, value in NEW.items() if key not in left_out}}

    with pytest.raises(RuleBroken, match="未作任何改动") as refusal:
        institutions.add_institution(session, ACTOR, content, vault=vault)

    assert len(refusal.value.reasons) == len(told)
    assert all(words in reason for words, reason in zip(told, refusal.value.reasons, strict=True))
    assert session.exec(select(Institution)).all() == []


@pytest.mark.parametrize("said", [{}, {"province": "32"}, {"manufacturing": True}])
def test_of_an_institution_that_is_there_what_its_file_leaves_out_stays(
    session: Session, vault: Vault, said: dict[str, object]
) -> None:
    institutions.add_institution(session, ACTOR, {"institution": {**NEW, "manufacturing": False, "province": "45"}}, vault=vault)

    institutions.add_institution(session, ACTOR, {"institution": {"credit_code": NEW["credit_code"], "name": "新名", **said}}, vault=vault)

    [one] = session.exec(select(Institution)).all()
    assert (one.name, one.manufacturing, one.province) == ("新名", said.get("manufacturing", False), said.get("province", "45"))


@pytest.mark.parametrize("province", ["4403", "99", "粤", "4"])
def test_a_province_is_told_by_two_digits(session: Session, vault: Vault, province: str) -> None:
    with pytest.raises(RuleBroken) as refusal:
        institutions.add_institution(session, ACTOR, {"institution": {**NEW, "province": province}}, vault=vault)

    assert f"institution.province “{province}”应为行政区划代码的前两位" in refusal.value.reasons[0]


def test_no_row_of_an_institution_comes_about_without_what_rules_ask(session: Session) -> None:
    session.add(Institution(credit_code="91440999MA00001620", name="配套企业甲"))

    with pytest.raises(sa.exc.IntegrityError):
        session.flush()
