"""G1 and G4: the whole import of a roster, and the insert alone, against plain loops and an ORM."""

import shutil
import sqlite3
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import Vault
from skilleval.db.tables import Institution, Person
from skilleval.demo.people import Employee, make_people
from skilleval.domain.ladder import Grade
from skilleval.pinyin import initials, pinyin
from skilleval.services.journal import Actor
from tests.harness.measure import Goal, Limit

ON = date(2026, 6, 1)
ACTOR = Actor("bench", "hr")
VAULT = Vault(bytes(range(32)))
#: the slow side runs on this many rows and is scaled up
CAP, WARM = 4_000, 10
#: 20 columns of the roster
KEYS = (
    "employee_no", "name", "sex", "id_type", "id_number", "birth_date", "education", "phone", "department", "post",
    "employment", "hired_on", "occupation", "occupation_since", "held_grade", "held_occupation", "held_number",
    "held_on", "title_on", "diploma_on",
)  # fmt: skip


def _row(person: Employee) -> list[str]:
    held = person.holdings[0]
    assert held.occupation is not None
    return [
        person.employee_no, person.name, "男" if person.sex == "male" else "女", "居民身份证", person.id_number,
        str(person.birth_date), person.education, person.phone, person.department, person.post, "合同",
        str(person.hired_on), person.occupation.code, str(person.occupation_since or ""), Grade(held.level).printed,
        held.occupation.code, held.number or "", str(held.obtained_on or ""), "", "",
    ]  # fmt: skip


def prepare(folder: Path, rows: int) -> None:
    """An empty database with one firm, and rosters of the sizes that the sides ask for."""
    from skilleval.services.roster import ROSTER
    from skilleval.sheets.flat import FlatColumn, write_flat

    database = Database(sqlite_url(folder / "empty.db"))
    database.create()
    with database.writing() as session:
        session.add(Institution(credit_code="91440999MA0000015E", name="岭南精工制造有限公司", manufacturing=True, province="44"))
        session.commit()
    database.close()
    headings = {column.key: column.header for column in ROSTER}
    cells = [_row(person) for person in make_people(rows, 1, ON)]
    for count in {WARM, min(CAP, rows), rows}:
        with (folder / f"{count}.xlsx").open("wb") as file:
            write_flat(file, "花名册", "", [FlatColumn(headings[key], 14) for key in KEYS], cells[:count])


def _fresh(folder: Path, name: str) -> Path:
    file = folder / f"{name}.db"
    for old in folder.glob(f"{name}.db*"):
        old.unlink()
    shutil.copy(folder / "empty.db", file)
    return file


def import_ours(folder: Path, rows: int) -> Any:
    from skilleval.services.people import stage_people, write_people

    database = Database(sqlite_url(_fresh(folder, "ours")))
    with database.writing() as session:
        firm = session.get(Institution, 1)
        assert firm is not None
        report = write_people(
            session, ACTOR, stage_people(session, firm, folder / f"{rows}.xlsx", vault=VAULT, on=ON), vault=VAULT
        )
        session.commit()
    database.close()
    assert report.new == rows


def import_unchecked(folder: Path, rows: int) -> Any:
    from python_calamine import CalamineWorkbook

    (folder / "plain.db").unlink(missing_ok=True)
    connection = _plain_database(folder / "plain.db")
    cells = CalamineWorkbook.from_path(folder / f"{rows}.xlsx").get_sheet_by_index(0).iter_rows()
    next(cells)
    connection.executemany(f"INSERT INTO person VALUES ({','.join('?' * len(KEYS))})", cells)
    connection.commit()
    connection.close()


def _plain_database(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file)
    connection.executescript(
        f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE person ({','.join(KEYS)});"
        "CREATE UNIQUE INDEX a ON person (id_number); CREATE INDEX b ON person (name);"
        "CREATE INDEX c ON person (employee_no);"
    )
    return connection


def import_naively(folder: Path, rows: int) -> Any:
    """What a team writes first: pandas reads, a loop checks, the ORM adds one object after another."""
    import pandas
    from stdnum.iso7064 import mod_11_2

    frame = pandas.read_excel(folder / f"{rows}.xlsx", engine="openpyxl", dtype=str, keep_default_na=False)
    people, seen = [], set()
    for _index, row in frame.iterrows():
        number = row["证件号码"]
        if not mod_11_2.is_valid(number) or number in seen or not row["姓名"].strip():
            continue
        seen.add(number)
        birth = pandas.to_datetime(row["出生日期"]).date()
        people.append(_person(row["姓名"], number, birth, row["工号"], row["联系电话"]))
    database = Database(sqlite_url(_fresh(folder, "naive")))
    with database.writing() as session:
        session.add_all(people)
        session.commit()
    database.close()


def _person(name: str, number: str, birth: date, employee_no: str, phone: str) -> Person:
    return Person(
        institution_id=1, name=name, id_type="resident_id", id_sealed=VAULT.seal(1, number),
        id_index=VAULT.index(1, number), tail_index=VAULT.tail_index(1, number),
        pinyin=pinyin(name), initials=initials(name), sex="male", birth_date=birth, employee_no=employee_no, phone=phone,
        education="高中", department="一车间", post="维修电工", employment="contract", hired_on=ON,
        occupation_code="6-31-01-03", occupation_since=ON,
    )  # fmt: skip


@cache
def _rows(rows: int) -> list[dict[str, Any]]:
    found = []
    for key, one in enumerate(make_people(rows, 1, ON), start=1):
        person = _person(one.name, one.id_number, one.birth_date, one.employee_no, one.phone)
        found.append({"id": key, **person.model_dump(exclude={"id"})})
    return found


def insert_ours(folder: Path, rows: int) -> Any:
    from skilleval.db.bulk import insert_columns

    database = Database(sqlite_url(_fresh(folder, "bulk")))
    with database.writing() as session:
        values = _rows(rows)
        columns = {key: [row[key] for row in values] for key in values[0]}
        insert_columns(session, Person.__table__, columns)  # type: ignore[attr-defined]
        session.commit()
    database.close()


def insert_raw(folder: Path, rows: int) -> Any:
    """The same rows into the same table by the same driver, ready made as tuples of what the driver takes."""
    import sqlcipher3.dbapi2 as driver

    connection = driver.connect(str(_fresh(folder, "raw")))
    connection.execute("PRAGMA foreign_keys=ON")
    values = _rows(rows)
    columns = list(values[0])
    connection.executemany(
        f"INSERT INTO person ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})",
        [tuple(value.isoformat() if isinstance(value, date) else value for value in row.values()) for row in values],
    )
    connection.commit()
    connection.close()


def insert_objects(folder: Path, rows: int) -> Any:
    database = Database(sqlite_url(_fresh(folder, "objects")))
    with database.writing() as session:
        session.add_all([Person(**row) for row in _rows(rows)])
        session.commit()
    database.close()


GOALS = (
    Goal(
        "G1",
        "whole import, 20 columns",
        {"ours": import_ours, "unchecked": import_unchecked, "pandas+openpyxl+ORM": import_naively},
        (
            Limit("unchecked", "at most", 1.6),
            Limit("pandas+openpyxl+ORM", "at least", 10),
            Limit("unchecked", "MB ratio at most", 1.5),
        ),
        prepare=prepare,
        cap={"pandas+openpyxl+ORM": CAP},
    ),
    Goal(
        "G4",
        "insert",
        {"ours": insert_ours, "raw executemany": insert_raw, "ORM add_all": insert_objects},
        (Limit("raw executemany", "at most", 1.5), Limit("ORM add_all", "at least", 8)),
        prepare=prepare,
        warm=_rows,
    ),
)
