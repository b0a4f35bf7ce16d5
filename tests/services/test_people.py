import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from sqlmodel import Session, col, select

from skilleval.db.engine import Database
from skilleval.db.secrets import Vault
from skilleval.db.tables import Credential, ImportReceipt, JournalEntry, Person
from skilleval.demo.people import make_people
from skilleval.demo.roster import FAULTS, write_faulty_roster, write_roster
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.services import people
from skilleval.services.roster import INSTRUCTIONS, ROSTER, TEMPLATE_ID
from skilleval.services.verification import verify_all
from skilleval.sheets.columns import Report
from skilleval.sheets.writing import FormSheet, write_form
from tests.conftest import Cli, on_sqlite
from tests.factories import ACTOR, CREDIT_CODE, Firm, id_number, make_firm

ON = date(2026, 6, 8)
EXAMPLE = Path(__file__).resolve().parents[2] / "templates" / "institution.example.toml"


@pytest.fixture
def firm(session: Session) -> Firm:
    return make_firm(session)


def roster(path: Path, *rows: dict[str, object]) -> Path:
    return write_form(path, [FormSheet("花名册", ROSTER, rows, example=False)], TEMPLATE_ID, INSTRUCTIONS)


def person(serial: int = 1, **fields: object) -> dict[str, object]:
    return {"employee_no": f"E{serial}", "name": f"员工{serial}", "id_number": id_number(serial), **fields}


def bring(session: Session, vault: Vault, firm: Firm, file: Path) -> Report:
    staged = people.stage_people(session, firm.institution, file, vault=vault, on=ON)
    report = people.write_people(session, ACTOR, staged, vault=vault)
    assert report.adds_up
    return report


def test_an_untidy_roster_is_imported_and_the_same_file_again_changes_nothing(
    session: Session, vault: Vault, firm: Firm, tmp_path: Path
) -> None:
    employees = make_people(40, 3, ON)
    write_roster(tmp_path / "a.xlsx", employees, "某厂", 3)

    first = bring(session, vault, firm, tmp_path / "a.xlsx")
    again = bring(session, vault, firm, tmp_path / "a.xlsx")

    assert first.counts() == {"read": 40, "new": 40, "changed": 0, "unchanged": 0, "blank": 0, "failed": 0, "skipped": 0}
    assert again.counts() == {"read": 40, "new": 0, "changed": 0, "unchanged": 40, "blank": 0, "failed": 0, "skipped": 0}
    stored = {vault.open(one.institution_id, one.id_sealed): one for one in session.exec(select(Person))}
    assert {number: (one.name, one.birth_date) for number, one in stored.items()} == {
        one.id_number: (one.name, one.birth_date) for one in employees
    }
    assert len(session.exec(select(ImportReceipt)).all()) == 1
    assert len(session.exec(select(JournalEntry)).all()) == 2
    assert verify_all(session) == []


def test_every_planted_fault_is_found_in_its_cell_and_no_other(
    session: Session, vault: Vault, firm: Firm, tmp_path: Path
) -> None:
    planted = write_faulty_roster(tmp_path / "a.xlsx", make_people(60, 5, ON), "某厂", 5, 2 * len(FAULTS))

    staged = people.stage_people(session, firm.institution, tmp_path / "a.xlsx", vault=vault, on=ON)

    assert {(one.row, one.column, one.header) for one in staged.report.errors} == {
        (one.row, one.column, one.heading.strip()) for one in planted
    }
    assert staged.report.failed == len(planted)


@on_sqlite
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"id_number": "440999199001010011"}, "id_check"),
        ({"id_number": "440999202302290017"}, "id_birth"),
        ({"id_number": "990999199001010010"}, "id_area"),
        ({"id_number": "44099919900101001"}, "id_length"),
        ({"sex": "female"}, "sex_differs"),
        ({"birth_date": date(1991, 1, 1)}, "birth_differs"),
        ({"occupation": "6-31-01-99"}, "occupation"),
        ({"occupation": "6-31-01-10 工业机器人系统运维员"}, "occupation"),
        ({"occupation": "没有的职业"}, "occupation"),
        ({"occupation_since": date(1995, 1, 1)}, "too_early"),
        ({"occupation_since": date(2026, 6, 9)}, "in_future"),
        ({"hired_on": date(2026, 6, 9)}, "in_future"),
        ({"held_grade": "junior", "held_on": date(2026, 6, 9)}, "in_future"),
        ({"title_level": "junior", "title_on": date(2026, 6, 9)}, "in_future"),
        ({"diploma_kind": "none", "diploma_on": date(2026, 6, 9)}, "in_future"),
        ({"id_type": "passport", "id_number": "E12345678"}, "required"),
        ({"name": ""}, "required"),
    ],
)
def test_a_wrong_cell_is_refused_by_its_code(
    session: Session, vault: Vault, firm: Firm, tmp_path: Path, fields: dict[str, object], code: str
) -> None:
    file = roster(tmp_path / "a.xlsx", {**person(), **fields})

    staged = people.stage_people(session, firm.institution, file, vault=vault, on=ON)

    assert code in {one.code for one in staged.report.errors}
    assert staged.new == []


def test_what_happens_today_has_happened(session: Session, vault: Vault, firm: Firm, tmp_path: Path) -> None:
    row = person(hired_on=ON, occupation_since=ON, held_grade="junior", held_on=ON)

    assert bring(session, vault, firm, roster(tmp_path / "a.xlsx", row)).new == 1


def test_a_row_tells_all_its_errors_at_once(session: Session, vault: Vault, firm: Firm, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(
        "姓名,性别,证件号码,入职日期,从事职业编码,现持证书等级\n"
        "甲,,440999199001010011,,9-9,八级\n"
        f"乙,,{id_number(1)},,,\n"
        f"丙,女,{id_number(1)},昨天,,\n",
        encoding="utf-8",
    )

    report = people.stage_people(session, firm.institution, file, vault=vault, on=ON).report

    assert {(one.row, one.code) for one in report.errors} == {
        (2, "id_check"), (2, "occupation"), (2, "grade"), (4, "person_twice"), (4, "date"), (4, "sex_differs"),
    }  # fmt: skip
    assert (report.read, report.new, report.failed) == (3, 1, 2)


def test_a_moved_code_says_where_it_went(session: Session, vault: Vault, firm: Firm, tmp_path: Path) -> None:
    file = roster(tmp_path / "a.xlsx", person(occupation="6-31-01-10 工业机器人系统运维员"))

    [error] = people.stage_people(session, firm.institution, file, vault=vault, on=ON).report.errors

    assert "请改用 6-31-07-01" in error.message


def test_an_error_never_shows_a_whole_document_number(
    session: Session, vault: Vault, firm: Firm, tmp_path: Path
) -> None:
    file = roster(tmp_path / "a.xlsx", person(id_number="440999199001010011"), person(2, id_number=id_number(1)), person(3, id_number=id_number(1)))

    report = people.stage_people(session, firm.institution, file, vault=vault, on=ON).report

    assert len(report.errors) == 2
    assert id_number(1) not in str(report.as_dict()) and "440999199001010011" not in str(report.as_dict())


def test_a_person_on_two_rows_is_an_error_that_names_both(
    session: Session, vault: Vault, firm: Firm, tmp_path: Path
) -> None:
    file = roster(tmp_path / "a.xlsx", person(1), person(2), person(1, employee_no="E9"))

    [error] = people.stage_people(session, firm.institution, file, vault=vault, on=ON).report.errors

    assert (error.row, error.code) == (4, "person_twice") and "第2行" in error.message


def test_an_employee_number_of_somebody_else_is_refused_unless_it_moves(
    session: Session, vault: Vault, firm: Firm, tmp_path: Path
) -> None:
    bring(session, vault, firm, roster(tmp_path / "a.xlsx", person(1), person(2)))

    taken = people.stage_people(session, firm.institution, roster(tmp_path / "b.xlsx", person(3, employee_no="E1")), vault=vault, on=ON)
    swapped = roster(tmp_path / "c.xlsx", person(1, employee_no="E2"), person(2, employee_no="E1"))

    assert [(one.row, one.code) for one in taken.report.errors] == [(2, "employee_no_taken")]
    assert taken.report.adds_up
    assert bring(session, vault, firm, swapped).changed == 2


@pytest.mark.parametrize(
    ("rows", "held"),
    [
        # a wrong grade, a wrong day and a missing occupation are put right
        ([{"held_grade": "senior", "held_on": date(2016, 6, 1)}, {"held_grade": "intermediate", "held_on": date(2016, 6, 1)}],
         [("intermediate", date(2016, 6, 1))]),
        ([{"held_grade": "senior", "held_on": date(2016, 6, 1)}, {"held_grade": "senior", "held_on": date(2017, 6, 1)}],
         [("senior", date(2017, 6, 1))]),
        ([{"held_grade": "none"}, {"held_grade": "senior", "held_on": date(2016, 6, 1)}], [("senior", date(2016, 6, 1))]),
        ([{"held_grade": "senior", "held_on": date(2016, 6, 1)}, {"held_grade": "none"}], [("none", None)]),
        ([{"held_grade": "senior"}, {"held_grade": "intermediate", "held_on": date(2016, 6, 1)}],
         [("intermediate", date(2016, 6, 1))]),
        # a blank erases nothing
        ([{"held_grade": "senior", "held_on": date(2016, 6, 1)}, {"held_grade": "senior"}], [("senior", date(2016, 6, 1))]),
        # a higher one adds to the record, and to deny both leaves none
        ([{"held_grade": "intermediate", "held_on": date(2016, 6, 1)}, {"held_grade": "senior", "held_on": date(2021, 6, 1)}],
         [("intermediate", date(2016, 6, 1)), ("senior", date(2021, 6, 1))]),
        ([{"held_grade": "intermediate", "held_on": date(2016, 6, 1)}, {"held_grade": "senior", "held_on": date(2021, 6, 1)},
          {"held_grade": "none"}], [("none", None)]),
    ],
)  # fmt: skip
def test_a_corrected_roster_corrects_what_a_person_holds(
    session: Session, vault: Vault, firm: Firm, tmp_path: Path, rows: list[dict[str, object]], held: list[tuple[str, date | None]]
) -> None:
    for number, row in enumerate(rows):
        file = roster(tmp_path / f"{number}.xlsx", person(held_occupation="6-31-01-03" if row["held_grade"] != "none" else None, **row))
        bring(session, vault, firm, file)

    again = bring(session, vault, firm, file)

    stored = session.exec(select(Credential).order_by(col(Credential.id))).all()
    assert [(one.level, one.obtained_on) for one in stored] == held
    assert again.unchanged == 1
    assert verify_all(session) == []


def test_a_change_is_written_and_a_blank_cell_erases_nothing(
    session: Session, vault: Vault, firm: Firm, tmp_path: Path
) -> None:
    bring(session, vault, firm, roster(tmp_path / "a.xlsx", person(department="一车间", post="电工")))

    report = bring(session, vault, firm, roster(tmp_path / "b.xlsx", person(department="二车间")))

    stored = session.exec(select(Person)).one()
    assert (report.changed, stored.department, stored.post) == (1, "二车间", "电工")
    assert verify_all(session) == []


def test_what_a_person_holds_is_added_once(session: Session, vault: Vault, firm: Firm, tmp_path: Path) -> None:
    held = person(held_grade="intermediate", held_occupation="6-31-01-03", held_on=date(2020, 6, 1), title_level="none")
    bring(session, vault, firm, roster(tmp_path / "a.xlsx", held))
    again = bring(session, vault, firm, roster(tmp_path / "b.xlsx", held))

    kinds = {(one.kind, one.level) for one in session.exec(select(Credential))}
    assert kinds == {("certificate", "intermediate"), ("title", "none")} and again.unchanged == 1
    stored = session.exec(select(Person)).one()
    [background] = people.backgrounds(session, [stored], date(2026, 6, 8)).values()
    assert background.titles == () and background.diplomas is None
    assert background.certificates is not None and background.certificates[0].grade is Grade.INTERMEDIATE


@pytest.mark.parametrize("name", ["䶮", "𠮷野家", "买买提·艾合买提江", "上官婉儿", "欧阳 娜", "=1+1"])
def test_a_name_comes_back_as_it_was_written(
    session: Session, vault: Vault, firm: Firm, tmp_path: Path, name: str
) -> None:
    bring(session, vault, firm, roster(tmp_path / "a.xlsx", person(name=name)))

    assert session.exec(select(Person.name)).one() == name


def test_a_person_is_found_by_number_staff_number_or_name(
    session: Session, vault: Vault, firm: Firm, tmp_path: Path
) -> None:
    bring(session, vault, firm, roster(tmp_path / "a.xlsx", person(1), person(2, name="同名"), person(3, name="同名")))

    for named in (id_number(1), "E1", "员工1"):
        assert people.find_person(session, firm.id, named, vault=vault).employee_no == "E1"
    with pytest.raises(RuleBroken, match="有 2 个人"):
        people.find_person(session, firm.id, "同名", vault=vault)
    with pytest.raises(RuleBroken, match="没有这个人"):
        people.find_person(session, firm.id, "无名", vault=vault)


def test_nothing_is_written_unless_all_rows_are_good_or_the_good_ones_are_asked_for(cli: Cli, tmp_path: Path) -> None:
    cli("institutions", "add", EXAMPLE)
    file = roster(tmp_path / "a.xlsx", person(1), person(2, name=""))
    firm = ("--institution", CREDIT_CODE, "--json")

    refused = cli("people", "import", file, "--errors", tmp_path / "e.xlsx", *firm)
    checked = cli("people", "import", roster(tmp_path / "b.xlsx", person(1)), "--check", *firm)
    before = cli("people", "list", *firm).json()
    good = cli("people", "import", file, "--good-rows", *firm)

    assert (refused.exit_code, refused.json()["written"], refused.json()["failed"]) == (1, False, 1)
    assert set(refused.json()["errors"][0]) == {"file", "sheet", "row", "column", "header", "value", "code", "message"}
    assert (checked.exit_code, checked.json()["new"]) == (0, 1) and before == []
    assert (good.json()["written"], good.json()["new"]) == (True, 1)
    assert [row["name"] for row in cli("people", "list", *firm).json()] == ["员工1"]
    page = openpyxl.load_workbook(tmp_path / "e.xlsx").active
    assert page is not None and page.cell(3, page.max_column).value == "姓名*：必填，不能为空"


def test_an_import_says_whether_there_was_nothing_new_or_nothing_at_all(cli: Cli, tmp_path: Path) -> None:
    cli("institutions", "add", EXAMPLE)
    cli("people", "template", tmp_path / "t.xlsx")
    file, firm = roster(tmp_path / "a.xlsx", person()), ("--institution", CREDIT_CODE)

    empty = cli("people", "import", tmp_path / "t.xlsx", *firm)
    cli("people", "import", file, *firm)
    again = cli("people", "import", file, *firm)

    assert "没有要导入的数据" in empty.output and "完全相同" not in empty.output
    assert "与已有数据完全相同" in again.output


def test_the_template_passes_its_own_import(cli: Cli, tmp_path: Path) -> None:
    cli("institutions", "add", EXAMPLE)
    cli("people", "template", tmp_path / "t.xlsx")

    answer = cli("people", "import", tmp_path / "t.xlsx", "--institution", CREDIT_CODE, "--json")

    assert answer.exit_code == 0 and answer.json()["skipped"] == 1


KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from sqlmodel import select
from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import Vault
from skilleval.db.tables import Institution
from skilleval.services import journal, people

file, roster, atomic = sys.argv[1], Path(sys.argv[2]), sys.argv[3] == "atomic"
vault = Vault(bytes(range(32)))
original = journal.record_bulk

def die(session, *arguments, **named):
    # The rows are in, the journal entry is not: the worst moment. The control build commits rows as it goes.
    if not atomic:
        session.commit()
    os.kill(os.getpid(), signal.SIGKILL)

journal.record_bulk = die
with Database(sqlite_url(Path(file))).writing() as session:
    firm = session.exec(select(Institution)).one()
    staged = people.stage_people(session, firm, roster, vault=vault, on=date(2026, 6, 8))
    people.write_people(session, journal.Actor("x", "hr"), staged, vault=vault)
    session.commit()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(("build", "rows_left"), [("atomic", 0), ("control that commits row by row", 30)])
def test_an_import_killed_in_the_middle_leaves_the_database_as_it_was(
    sqlite_database: Database, vault: Vault, tmp_path: Path, build: str, rows_left: int
) -> None:
    with sqlite_database.writing() as session:
        make_firm(session)
        session.commit()
    write_roster(tmp_path / "a.xlsx", make_people(30, 1, ON), "某厂", 1)
    file = str(sqlite_database.url.database)

    killed = subprocess.run([sys.executable, "-c", KILLED, file, str(tmp_path / "a.xlsx"), build], capture_output=True)

    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    with sqlite_database.writing() as session:
        assert len(session.exec(select(col(Person.id))).all()) == rows_left
        findings = verify_all(session)
        assert bool(findings) == (rows_left > 0)
        if not rows_left:
            firm = make_firm_again(session)
            assert bring(session, vault, firm, tmp_path / "a.xlsx").new == 30


def make_firm_again(session: Session) -> Firm:
    """The firm that is there already, for the retry."""
    from skilleval.db.tables import Institution

    institution = session.exec(select(Institution)).one()
    return Firm(institution, *[None] * 7)  # type: ignore[arg-type]


