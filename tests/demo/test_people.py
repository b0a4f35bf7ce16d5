"""The synthetic people: nobody real, the same everywhere, and of every kind that a demo needs."""

import hashlib
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Person
from skilleval.demo import names
from skilleval.demo.people import UNASSIGNED_AREA, UNREAL_PHONE, make_people
from skilleval.demo.roster import FAULTS, FIRST_ROW, HEADINGS, TITLE_ROWS, write_faulty_roster, write_roster
from skilleval.domain.eligibility import judge
from skilleval.domain.identifiers import birth_date_of, id_error, sex_of
from skilleval.domain.rules import Answer
from skilleval.services.people import backgrounds, stage_people, write_people
from skilleval.services.roster import read_roster
from tests.factories import ACTOR, entry_conditions, make_firm

ON = date(2026, 6, 1)


def test_the_same_seed_gives_the_same_people_on_every_machine() -> None:
    told = "\n".join(
        f"{person.id_number} {person.name} {person.hired_on} {person.holdings}" for person in make_people(500, 7, ON)
    )

    assert hashlib.sha256(told.encode()).hexdigest() == (
        "9d01555a782e1368b93bfe69fdf276bf64a6a25c0fbd1b8411c074320969e147"
    )


def test_another_seed_gives_other_people() -> None:
    assert make_people(20, 7, ON) != make_people(20, 8, ON)


def test_no_number_can_be_anybodys_and_all_are_well_formed() -> None:
    people = make_people(2000, 1, ON)

    assert len({person.id_number for person in people}) == 2000
    for person in people:
        assert person.id_number.startswith(UNASSIGNED_AREA)
        assert id_error("resident_id", person.id_number) is None
        assert person.birth_date == birth_date_of(person.id_number)
        assert person.sex == sex_of("resident_id", person.id_number)
        assert person.phone.startswith(UNREAL_PHONE) and len(person.phone) == 11


def test_facts_follow_each_other_in_time() -> None:
    for person in make_people(2000, 2, ON):
        since = person.occupation_since or person.hired_on
        assert (since - person.birth_date).days > 18 * 365
        assert person.hired_on <= ON
        assert all(held.obtained_on <= ON for held in person.holdings if held.obtained_on)


def test_every_answer_and_every_rare_name_occurs() -> None:
    people = make_people(1000, 3, ON)

    answers = Counter(person.expected for person in people)
    assert all(answers[answer] > 50 for answer in Answer)
    borne = {person.name for person in people}
    assert set(names.RARE_FOR_MEN + names.RARE_FOR_WOMEN) <= borne


def test_the_first_three_are_one_of_each_answer() -> None:
    assert [person.expected for person in make_people(3, 99, ON)] == [Answer.MET, Answer.NOT_MET, Answer.UNKNOWN]


def test_no_document_number_stands_in_a_repr() -> None:
    person = make_people(1, 1, ON)[0]

    assert person.id_number not in repr(person)


def _rows(file: Path) -> list[list[object]]:
    return [list(row) for row in CalamineWorkbook.from_path(file).get_sheet_by_name("花名册").to_python()]


def test_the_roster_has_a_merged_title_and_keeps_every_number_as_text(tmp_path: Path) -> None:
    people = make_people(60, 4, ON)

    write_roster(tmp_path / "花名册.xlsx", people, "岭南精工制造有限公司", seed=4)

    rows = _rows(tmp_path / "花名册.xlsx")
    assert "花名册" in str(rows[0][0])
    assert rows[TITLE_ROWS] == list(HEADINGS.values())
    numbers = [row[3] for row in rows[FIRST_ROW - 1 :]]
    assert [str(number).strip().upper() for number in numbers] == [person.id_number for person in people]
    assert all(isinstance(number, str) for number in numbers)


def test_dates_are_written_in_many_spellings(tmp_path: Path) -> None:
    write_roster(tmp_path / "a.xlsx", make_people(80, 5, ON), "甲公司", seed=5)

    kinds = {
        "cell" if isinstance(row[4], date) else "年" if "年" in str(row[4]) else "." if "." in str(row[4]) else "other"
        for row in _rows(tmp_path / "a.xlsx")[FIRST_ROW - 1 :]
    }
    assert kinds == {"cell", "年", ".", "other"}


def test_planted_faults_stand_where_the_answer_key_says(tmp_path: Path) -> None:
    people = make_people(60, 6, ON)

    planted = write_faulty_roster(tmp_path / "a.xlsx", people, "甲公司", seed=6, faults=len(FAULTS))

    rows = _rows(tmp_path / "a.xlsx")
    assert [fault.kind for fault in planted] == list(FAULTS)
    by_kind = {fault.kind: rows[fault.row - 1][ord(fault.column) - ord("A")] for fault in planted}
    assert isinstance(by_kind["number_cell"], float)
    assert id_error("resident_id", str(by_kind["check_digit"]).strip()) == "check"
    assert str(by_kind["no_name"]).strip() == ""
    assert by_kind["unknown_code"] == "6-99-99-99"
    assert by_kind["person_twice"] == rows[FIRST_ROW - 1][3]


def test_an_untidy_roster_is_imported_without_an_error(tmp_path: Path) -> None:
    people = make_people(300, 8, ON)
    write_roster(tmp_path / "a.xlsx", people, "甲公司", seed=8)

    table, entries = read_roster(tmp_path / "a.xlsx", ON)

    assert table.errors == []
    assert [(entry.person["name"], entry.id_number) for entry in entries] == [
        (person.name, person.id_number) for person in people
    ]


def test_the_import_finds_each_planted_fault_in_its_cell_and_no_other(tmp_path: Path) -> None:
    planted = write_faulty_roster(tmp_path / "a.xlsx", make_people(300, 9, ON), "甲公司", seed=9, faults=40)

    table, _entries = read_roster(tmp_path / "a.xlsx", ON)

    found = [(error.row, error.column) for error in table.errors]
    assert sorted(found) == sorted((fault.row, fault.column) for fault in planted)


@pytest.mark.parametrize("edition", ["2018", "2023"])
def test_the_facts_give_the_expected_answer_under_both_generations_of_conditions(
    edition: str, tmp_path: Path, session: Session, vault: Vault
) -> None:
    people = make_people(400, 10, ON)
    write_roster(tmp_path / "a.xlsx", people, "甲公司", seed=10)
    firm = make_firm(session).institution
    write_people(session, ACTOR, stage_people(session, firm, tmp_path / "a.xlsx", vault=vault, on=ON), vault=vault)
    rows = session.exec(select(Person).order_by(col(Person.id))).all()
    known = backgrounds(session, rows, ON)

    for row, person in zip(rows, people, strict=True):
        verdict = judge(known[row.id or 0], person.occupation.code, person.aim, entry_conditions(edition), ON)
        assert (person.employee_no, verdict.answer) == (person.employee_no, person.expected)


def test_more_faults_than_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one fault a row"):
        write_faulty_roster(tmp_path / "a.xlsx", make_people(3, 1, ON), "甲公司", seed=1, faults=3)
