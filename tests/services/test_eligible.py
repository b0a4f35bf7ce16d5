"""Who may sit, why the others may not, and who will by a later day."""

from datetime import date

import pytest
from sqlmodel import Session, select

from skilleval import packs
from skilleval.db.secrets import Vault
from skilleval.db.tables import Credential, Honour, Person, Specification
from skilleval.domain.eligibility import judge
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer
from skilleval.services import rules
from skilleval.services.eligible import coming_people, eligible_people
from skilleval.services.entry_conditions import basis_of, conditions_on
from tests.certified import ISSUED_ON, make_certified_batch
from tests.conftest import Kept, on_sqlite
from tests.factories import ACTOR, Firm, entry_conditions, make_firm, make_person
from tests.statements import statements

ON = date(2026, 6, 8)
E = "6-31-01-03"


def hold(session: Session, firm: Firm, person_id: int | None, kind: str, level: str, day: date | None = None) -> None:
    session.add(
        Credential(institution_id=firm.id, person_id=person_id or 0, kind=kind, level=level, obtained_on=day,
                   occupation_code=E if level != "none" else None)
    )  # fmt: skip


def add(session: Session, vault: Vault, firm: Firm, name: str, serial: int, held_on: date | None, **fields: object) -> None:
    """A person with a 中级工 certificate and neither title nor diploma."""
    person = make_person(session, vault, firm, name, serial, **fields)
    session.flush()
    hold(session, firm, person.id, "certificate", "intermediate", held_on)
    hold(session, firm, person.id, "title", "none")
    hold(session, firm, person.id, "diploma", "none")
    session.flush()


def make_waiting(session: Session, vault: Vault) -> Firm:
    """Five years are full: years ago, today, tomorrow, in two years; one whose start nobody entered, one without a day."""
    firm = make_firm(session)
    for serial, (name, day) in enumerate(
        (("早已", date(2015, 1, 1)), ("今天", date(2021, 6, 8)), ("明天", date(2021, 6, 9)), ("后年", date(2023, 6, 8))), start=1
    ):
        add(session, vault, firm, name, serial, day)
    add(session, vault, firm, "未填起始", 5, date(2015, 1, 1), occupation_since=None, occupation_code=None)
    add(session, vault, firm, "未填日期", 6, None)
    return firm


@pytest.fixture
def firm(kept: Kept, vault: Vault) -> Firm:
    return kept(make_waiting, vault)


def ask(session: Session, firm: Firm, edition: str | None = None, on: date = ON, grade: Grade = Grade.SENIOR):  # type: ignore[no-untyped-def]
    return eligible_people(session, packs.library(), firm.institution, occupation=E, grade=grade, on=on, edition=edition)


def test_everybody_has_an_answer_and_the_reasons_are_counted(session: Session, firm: Firm) -> None:
    found = ask(session, firm)

    assert {one.person.name: one.answer.value for one in found.standings} == {
        "早已": "met", "今天": "met", "明天": "not_met", "后年": "not_met", "未填起始": "unknown", "未填日期": "unknown",
    }  # fmt: skip
    assert dict(found.reasons(Answer.MET)) == {"2018/senior/1": 2}
    assert found.reasons(Answer.NOT_MET)["取得四级/中级工证书后累计从事本职业或相关职业工作满5年"] == 2
    assert dict(found.reasons(Answer.UNKNOWN)) == {"未填从事本职业的起始日期": 1, "现持证书的职业或发证日期未填": 1}


def test_a_reason_counts_once_a_person_and_never_more_than_there_are(session: Session, firm: Firm) -> None:
    found = ask(session, firm, "2023")

    for answer in Answer:
        assert all(count <= len(found.of(answer)) for count in found.reasons(answer).values())
    assert sum(len(found.of(answer)) for answer in Answer) == len(found.standings) == 6


@pytest.mark.parametrize("edition", ["2018", "2023"])
def test_each_answer_is_the_one_that_the_person_gets_alone(session: Session, firm: Firm, edition: str) -> None:
    found = ask(session, firm, edition)

    for one in found.standings:
        verdict = judge(one.background, E, Grade.SENIOR, entry_conditions(edition), ON)
        assert (one.answer, one.reasons if verdict.met_by else ()) == (verdict.answer, verdict.met_by)


def test_the_first_day_is_the_day_the_years_are_full_and_not_the_day_before(session: Session, firm: Firm) -> None:
    found = ask(session, firm)

    def coming(by: date) -> list[tuple[str, date]]:
        people = coming_people(session, packs.library(), firm.institution, found, by=by)
        return [(one.person.name, one.first_day) for one in people]

    assert coming(date(2026, 6, 9)) == [("明天", date(2026, 6, 9))]
    assert coming(date(2028, 6, 7)) == [("明天", date(2026, 6, 9))]
    assert coming(date(2028, 6, 8)) == [("明天", date(2026, 6, 9)), ("后年", date(2028, 6, 8))]
    with pytest.raises(RuleBroken, match="晚于"):
        coming(ON)


@on_sqlite
def test_looking_a_year_further_ahead_asks_the_database_nothing_more(session: Session, firm: Firm) -> None:
    found = ask(session, firm)

    def asked(by: date) -> int:
        with statements() as heard:
            coming_people(session, packs.library(), firm.institution, found, by=by)
        return len(heard)

    assert asked(date(2027, 6, 9)) == asked(date(2026, 6, 9)) == 2


def test_what_will_be_met_follows_the_versions_that_will_hold(session: Session, firm: Firm) -> None:
    """A condition that ends before its years are full lets nobody in."""
    ended = [
        packs.read_pack(pack.key, pack.text.replace('edition = "2018"', 'edition = "2018"\nto = 2027-12-31'))
        if pack.key == "conditions-2018" else pack
        for pack in packs.library().packs
    ]  # fmt: skip
    library = packs.assemble(ended)
    found = eligible_people(session, library, firm.institution, occupation=E, grade=Grade.SENIOR, on=ON)

    people = coming_people(session, library, firm.institution, found, by=date(2028, 12, 31))

    assert [one.person.name for one in people] == ["明天"]


def test_the_edition_is_that_of_the_newest_approved_specification(session: Session, firm: Firm) -> None:
    assert ask(session, firm).edition == "2018"
    for version, (state, day) in enumerate((("approved", date(2026, 1, 1)), ("draft", date(2026, 5, 1))), start=2):
        session.add(
            Specification(institution_id=firm.id, code="DG", version=version, title="电工评价规范", occupation_code=E,
                          conditions="2023" if version == 2 else "1999", related_occupations=["6-31-01-02"], state=state,
                          approved_on=day)
        )  # fmt: skip
    session.flush()

    assert ask(session, firm).edition == "2023"
    assert basis_of(session, firm.id, E).related == ("6-31-01-02",)
    assert ask(session, firm, "2018").edition == "2018"


def test_an_occupation_without_specification_and_an_edition_that_no_pack_has_are_refused(session: Session, firm: Firm) -> None:
    with pytest.raises(RuleBroken, match="--conditions"):
        eligible_people(session, packs.library(), firm.institution, occupation="6-20-01-01", grade=Grade.SENIOR, on=ON)
    with pytest.raises(RuleBroken, match="1999"):
        ask(session, firm, "1999")


def test_who_holds_the_grade_already_is_marked(session: Session, firm: Firm) -> None:
    found = ask(session, firm, "2023", grade=Grade.INTERMEDIATE)

    assert {one.person.name for one in found.standings if one.holds_already} >= {"早已", "未填日期"}
    assert not any(one.holds_already for one in ask(session, firm).standings)


def test_a_certificate_issued_here_is_held_already_too(session: Session, vault: Vault) -> None:
    firm = make_firm(session)
    make_certified_batch(session, vault, firm)

    assert [sum(one.holds_already for one in ask(session, firm, on=day).standings) for day in (ON, ISSUED_ON)] == [0, 5]


def test_the_top_grades_are_judged_by_the_edition_of_the_province() -> None:
    found = conditions_on(packs.load(), "2018", ON)

    editions = {one.clause.id.partition("/")[0] for one in found if one.grade is Grade.SPECIAL_TECHNICIAN}
    assert editions == {"guangdong-2025", "guangdong-award"}
    assert {one.clause.id.partition("/")[0] for one in found if one.grade < Grade.SPECIAL_TECHNICIAN} == {"2018"}


def test_a_day_before_the_first_version_makes_everybody_unknown(session: Session, firm: Firm) -> None:
    found = ask(session, firm, "2023", on=date(2022, 12, 31))

    assert {one.answer for one in found.standings} == {Answer.UNKNOWN}


# --- honours as evidence ---------------------------------------------------------------------------

HONOURED = """
schema = "rule-pack/2"
name = "本市荣誉"
layer = "city"
source = "x"
confidence = "high"
status = "in_force"
from = 2020-01-01

[[condition]]
id = "city-2026/senior/1"
edition = "city-2026"
grade = "senior"
clause = "获市级以上荣誉或科技奖"
requires = [{ any = [{ evidence = ["honour"], level = "city" }, { evidence = ["science_award"], level = "firm" }] }]
"""
#: name → its honours: (kind, level, day), each with the answer that the rule gives
HONOURS: dict[str, tuple[list[tuple[str, str | None, date | None]], str]] = {
    "早已": ([("honour", "city", date(2020, 5, 1))], "met"),
    "今天": ([("honour", "firm", date(2020, 5, 1)), ("honour", "province", ON)], "met"),
    "明天": ([("honour", "nation", date(2026, 6, 9))], "not_met"),
    "后年": ([("honour", "firm", date(2020, 5, 1))], "not_met"),
    "未填起始": ([("honour", "city", None)], "unknown"),
    "未填日期": ([], "unknown"),
}


def test_an_honour_on_record_counts_where_a_rule_asks_for_it_at_both_speeds(session: Session, firm: Firm) -> None:
    library = packs.assemble([*packs.library().packs, packs.read_pack("city", HONOURED)])
    people = {one.name: one.id or 0 for one in session.exec(select(Person))}
    for name, (held, _answer) in HONOURS.items():
        for kind, level, day in held:
            session.add(Honour(institution_id=firm.id, person_id=people[name], kind=kind, name=f"{kind}{level}", issuer="某市",
                               level=level, obtained_on=day))  # fmt: skip
    session.flush()
    rules.choose_packs(session, ACTOR, firm.institution, library, names=["guangdong", "city"], switches={},
                       valid_from=date(2026, 1, 1), reason="本市规定")  # fmt: skip

    found = eligible_people(session, library, firm.institution, occupation=E, grade=Grade.SENIOR, on=ON, edition="city-2026")

    conditions = library.choose(["guangdong", "city"]).conditions("city-2026", ON)
    slow = {one.person.name: judge(one.background, E, Grade.SENIOR, conditions, ON).answer for one in found.standings}
    assert {one.person.name: one.answer for one in found.standings} == slow
    assert {name: answer.value for name, answer in slow.items()} == {name: told for name, (_held, told) in HONOURS.items()}
