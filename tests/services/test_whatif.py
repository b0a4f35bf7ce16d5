"""What a changed rule pack would do: who changes, counted so that totals equal the list, with both proofs."""

from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from sqlmodel import Session

from skilleval import pack_trials, packs
from skilleval.db.secrets import Vault
from skilleval.db.tables import Credential
from skilleval.demo.people import make_people
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer
from skilleval.pack_contradictions import Pack
from skilleval.packs import read_pack
from skilleval.services import rules
from skilleval.services.entry_conditions import Basis
from skilleval.services.whatif import (
    Change,
    Setting,
    Side,
    WhatIf,
    changed_answers,
    find_subject,
    what_if,
    what_if_edition,
)
from tests.factories import ACTOR, Firm, entry_conditions, make_firm, make_person
from tests.harness.bench_eligibility import _background

ON = date(2026, 6, 8)
SOONER = ("work_years = 5, after_certificate = \"intermediate\"", "work_years = 3, after_certificate = \"intermediate\"")


def changed(key: str, *replaced: tuple[str, str]) -> Pack:
    text = next(pack.text for pack in packs.library().packs if pack.key == key)
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    return read_pack(key, text)


def firm_of_three(session: Session, vault: Vault, code: str = "91440999MA0000015E", number: str = "Y000044000123") -> Firm:
    """中级工 for six, for four years, and for a time that nobody entered."""
    firm = make_firm(session, code, number)
    for serial, (name, day) in enumerate((("六年", date(2020, 6, 8)), ("四年", date(2022, 6, 8)), ("未填", None)), start=1):
        person = make_person(session, vault, firm, name, serial, post="维修电工" if serial < 3 else None)
        session.flush()
        session.add(
            Credential(
                institution_id=firm.id, person_id=person.id or 0, kind="certificate", level="intermediate",
                occupation_code="6-31-01-03", obtained_on=day,
            )
        )  # fmt: skip
        # Nothing but the certificate opens a way, so that the answers are known.
        for kind in ("title", "diploma"):
            session.add(Credential(institution_id=firm.id, person_id=person.id or 0, kind=kind, level="none"))
    session.flush()
    return firm


def told(found: WhatIf) -> list[tuple[str, str, str, str]]:
    return [(one.subject.person.name, one.grade.name_zh, one.before.value, one.after.value) for one in found.changes]


def test_who_gains_is_found_and_both_proofs_open(session: Session, vault: Vault) -> None:
    firm = firm_of_three(session, vault)

    found = what_if(session, packs.library(), changed("conditions-2018", SOONER), on=ON, institution=firm.institution)

    assert told(found) == [("四年", "高级工", "not_met", "met")]
    before, after = found.changes[0].proofs()
    assert (before.answer, after.answer) == (Answer.NOT_MET, Answer.MET)
    assert any("满5年" in leaf.text for leaf in before.leaves()) and any("满3年" in leaf.text for leaf in after.leaves())
    assert [(one.rule.clause.id, list(one.keys)) for one in found.rules] == [("2018/senior/1", ["when"])]
    assert (len(found.subjects), found.left_out) == (3, Counter())


def test_the_empty_change_changes_nobody(session: Session, vault: Vault) -> None:
    firm = firm_of_three(session, vault)

    for pack in packs.load().packs:
        found = what_if(session, packs.library(), read_pack(pack.key, pack.text), on=ON, institution=firm.institution)
        assert (found.changes, found.rules) == ([], [])


def test_a_change_and_its_inverse_are_the_identity(session: Session, vault: Vault) -> None:
    firm, library = firm_of_three(session, vault), packs.library()
    pack, back = changed("conditions-2018", SOONER), changed("conditions-2018")

    forth = what_if(session, library, pack, on=ON, institution=firm.institution)
    there = pack_trials.with_pack(library, pack)
    home = what_if(session, there, back, on=ON, institution=firm.institution)

    assert pack_trials.with_pack(there, back) == library
    assert forth.changes
    assert [(name, grade, after, before) for name, grade, before, after in told(forth)] == told(home)


def test_over_all_firms_each_table_adds_up_to_the_list(session: Session, vault: Vault) -> None:
    firm_of_three(session, vault)
    other = firm_of_three(session, vault, "91440999MA0000016C", "Y000044000124")
    other.institution.name = "另一家"
    make_person(session, vault, other, "没有职业", 9, occupation_code=None, occupation_since=None)
    make_person(session, vault, other, "没有规范", 10, occupation_code="6-20-01-01")
    session.flush()

    found = what_if(session, packs.library(), changed("conditions-2018", SOONER), on=ON)

    assert found.totals == Counter(gains=2)
    for name in (lambda one: one.grade.value, lambda one: one.subject.person.post or "", lambda one: one.subject.institution.name):
        assert sum(found.counted_by(name).values(), Counter()) == found.totals
    assert found.counted_by(lambda one: one.subject.institution.name).keys() == {"岭南精工制造有限公司", "另一家"}
    assert found.left_out == Counter(no_occupation=1, no_specification=1)
    assert len(found.subjects) + found.left_out.total() == 8
    with pytest.raises(RuleBroken, match="2 个人"):
        find_subject(found, "四年")


def test_an_edition_that_is_gone_makes_unknown_not_refused(session: Session, vault: Vault) -> None:
    firm = firm_of_three(session, vault)
    gone = changed("conditions-2018", ('edition = "2018"', 'edition = "1999"'))

    found = what_if(session, packs.library(), gone, on=ON, institution=firm.institution)

    assert {one.after for one in found.changes} == {Answer.UNKNOWN}
    assert {one.kind for one in found.changes} == {"becomes_unknown"}


def test_a_changed_parameter_is_listed_and_changes_nobody(session: Session, vault: Vault) -> None:
    firm = firm_of_three(session, vault)
    pack = changed("guangdong", ("value = 5\noperator", "value = 7\noperator"))

    found = what_if(session, packs.library(), pack, on=ON, institution=firm.institution)

    assert found.changes == []
    assert [(one.rule.clause.id, one.keys["value"]) for one in found.rules] == [("notice.working_days", ("5", "7"))]


def test_a_pack_that_the_firm_does_not_use_is_tried_out_as_if_it_did(session: Session, vault: Vault) -> None:
    firm = firm_of_three(session, vault)
    shenzhen = next(pack for pack in packs.library().packs if pack.key == "shenzhen")

    found = what_if(session, packs.library(), shenzhen, on=ON, institution=firm.institution)
    assert {one.what for one in found.rules} == {"added"}

    rules.choose_packs(session, ACTOR, firm.institution, packs.library(), names=["guangdong", "shenzhen"], switches={},
                       valid_from=ON, reason="测试")  # fmt: skip
    assert what_if(session, packs.library(), shenzhen, on=ON, institution=firm.institution).rules == []


def test_a_file_takes_the_place_of_the_pack_of_its_stem_or_name_or_is_new(tmp_path: Path) -> None:
    library = packs.library()
    text = changed("conditions-2018").text
    for name, key in (("conditions-2018.toml", "conditions-2018"), ("草稿.toml", "conditions-2018")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert pack_trials.read_trial(library, tmp_path / name).key == key

    (tmp_path / "新.toml").write_text(text.replace("2018/", "own/").replace("name = \"国家", "name = \"本厂"), encoding="utf-8")
    new = pack_trials.read_trial(library, tmp_path / "新.toml")
    assert new.key == "新"
    assert len(pack_trials.with_pack(library, new).packs) == len(library.packs) + 1


@cache
def generated() -> list[object]:
    return [_background(person) for person in make_people(400, 7, ON)]


@pytest.mark.parametrize(("before", "after"), [("2018", "2023"), ("2023", "2018"), ("2018", "2018")])
def test_masks_find_just_those_whose_two_proofs_differ(before: str, after: str) -> None:
    people = generated()
    setting = Setting("6-31-01-03", (), ON, Side(entry_conditions(before)), Side(entry_conditions(after)))

    found = {(place, grade): (one, other) for place, grade, one, other in changed_answers(people, setting)}

    for place, background in enumerate(people):
        for grade in setting.grades:
            one, other = (proof.answer for proof in setting.prove(background, grade))
            assert found.get((place, grade)) == (None if one is other else (one, other))
    assert bool(found) == (before != after)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (Answer.NOT_MET, Answer.MET, "gains"), (Answer.UNKNOWN, Answer.MET, "gains"),
        (Answer.MET, Answer.NOT_MET, "loses"), (Answer.UNKNOWN, Answer.NOT_MET, "becomes_not_met"),
        (Answer.MET, Answer.UNKNOWN, "becomes_unknown"), (Answer.NOT_MET, Answer.UNKNOWN, "becomes_unknown"),
    ],
)  # fmt: skip
def test_every_change_is_of_just_one_kind(before: Answer, after: Answer, kind: str) -> None:
    assert Change(None, Grade.SENIOR, before, after).kind == kind  # type: ignore[arg-type]


def test_a_pack_that_contradicts_those_in_use_is_refused(session: Session, vault: Vault) -> None:
    firm = firm_of_three(session, vault)
    text = changed("guangdong").text.replace('name = "广东"', 'name = "又一个"')

    with pytest.raises(RuleBroken) as refusal:
        what_if(session, packs.library(), read_pack("again", text), on=ON, institution=firm.institution)
    assert "没有写明谁覆盖谁" in " ".join(refusal.value.reasons)


def test_the_facts_of_the_roster_reach_the_conditions(session: Session, vault: Vault) -> None:
    firm = firm_of_three(session, vault)
    own = '{ work_years = 5, after_certificate = "intermediate" }'
    pack = changed("conditions-2018", (own, own + ', { fact = "post", is = "班组长" }'))

    found = what_if(session, packs.library(), pack, on=ON, institution=firm.institution)

    assert told(found) == [("六年", "高级工", "met", "not_met")]


def test_another_edition_is_compared_for_the_people_of_its_occupation_alone(session: Session, vault: Vault) -> None:
    firm = firm_of_three(session, vault)
    make_person(session, vault, firm, "别的职业", 9, occupation_code="6-18-01-01")
    standing, basis = packs.load(), Basis("2018", ())

    there = what_if_edition(session, standing, firm.institution, "6-31-01-03", basis, "2023", on=ON)
    same = what_if_edition(session, standing, firm.institution, "6-31-01-03", basis, "2018", on=ON)

    # By 2023 ten years of work are enough by themselves; 2018 asks five years with 中级工.
    assert told(there) == [("四年", "高级工", "not_met", "met"), ("未填", "高级工", "unknown", "met")]
    assert [one.person.name for one in there.unchanged] == ["六年"]
    assert (told(same), len(same.unchanged)) == ([], 3)
    with pytest.raises(RuleBroken, match="1999"):
        what_if_edition(session, standing, firm.institution, "6-31-01-03", basis, "1999", on=ON)
