import os
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.bulk import insert_columns, reserve_ids
from skilleval.db.engine import PRAGMAS, Database, sqlite_url
from skilleval.db.guards import APPEND_ONLY
from skilleval.db.secrets import Vault, create_keys, load_vault
from skilleval.db.tables import Candidate, Credential, Mark, Table
from skilleval.domain.errors import RuleBroken
from tests.factories import make_batch, make_candidate, make_firm, make_person


def test_every_pragma_is_in_force_on_writing_and_reading_connections(sqlite_database: Database) -> None:
    for opened in (sqlite_database.writing, sqlite_database.reading):
        with opened() as session:
            found = {name: session.connection().exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS}

            assert found == PRAGMAS


def test_a_reading_session_cannot_write(database: Database) -> None:
    with database.writing() as session:
        make_firm(session)
        session.commit()

    with database.reading() as session, pytest.raises(sa.exc.SQLAlchemyError):
        session.connection().exec_driver_sql("UPDATE institution SET name = 'x'")


def test_an_error_for_the_log_tells_the_statement_and_no_value(database: Database) -> None:
    with database.writing() as session, pytest.raises(sa.exc.IntegrityError) as failed:
        make_firm(session)
        make_firm(session)

    assert "INSERT INTO institution" in str(failed.value) and "岭南精工" not in str(failed.value)


def test_what_is_not_committed_is_gone(database: Database) -> None:
    with database.writing() as session:
        make_firm(session)

    with database.reading() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM institution").scalar() == 0


def test_columns_go_in_as_rows_and_what_is_left_out_is_null(session: Session, vault: Vault) -> None:
    firm = make_firm(session)
    make_person(session, vault, firm)
    table = Credential.__table__  # type: ignore[attr-defined]
    ids = reserve_ids(session, table, 2)
    columns = {
        "id": ids, "institution_id": [firm.id] * 2, "person_id": [1, 1], "kind": ["title", "diploma"], "level": ["junior", "x"],
        "obtained_on": [date(2020, 6, 1), None], "matching": [True, None],
    }  # fmt: skip

    insert_columns(session, table, columns)

    stored = session.exec(select(Credential).order_by(col(Credential.id))).all()
    assert [(one.id, one.level, one.obtained_on, one.matching, one.number) for one in stored] == [
        (ids[0], "junior", date(2020, 6, 1), True, None), (ids[1], "x", None, None, None),
    ]  # fmt: skip


def test_a_row_of_one_firm_cannot_be_bound_to_a_row_of_another(session: Session, vault: Vault) -> None:
    one, other = make_firm(session), make_firm(session, "91440999MA00001620", "Y000044000124")
    batch, stranger = make_batch(session, one), make_person(session, vault, other)

    with pytest.raises(sa.exc.IntegrityError):
        make_candidate(session, batch, stranger).employer_id = one.id
        session.flush()


def test_an_append_only_row_is_neither_edited_nor_deleted(session: Session, vault: Vault) -> None:
    firm = make_firm(session)
    candidate: Candidate = make_candidate(session, make_batch(session, firm), make_person(session, vault, firm))
    assert candidate.id and firm.part("senior", "skill").id and firm.assessors[0].id
    session.add(
        Mark(
            institution_id=firm.id,
            candidate_id=candidate.id,
            part_id=firm.part("senior", "skill").id or 0,
            personnel_id=firm.assessors[0].id,
            value=6000,
        )
    )
    session.commit()

    statements = ["UPDATE mark SET value = 9000", "DELETE FROM mark"]
    if session.connection().dialect.name == "postgresql":
        statements.append("TRUNCATE mark CASCADE")
    for statement in statements:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            session.connection().exec_driver_sql(statement)
        session.rollback()


def test_replacing_a_row_does_not_walk_past_the_guard(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        make_firm(session)
        session.commit()
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            session.connection().exec_driver_sql(
                "INSERT OR REPLACE INTO journal_entry SELECT institution_id, seq, 'forged', hash FROM journal_entry"
            )


def test_every_guarded_table_exists() -> None:
    assert set(APPEND_ONLY) <= set(Table.metadata.tables)


def test_a_database_is_never_made_over_another(tmp_path: Path) -> None:
    file = tmp_path / "one.db"
    Database(sqlite_url(file)).create()

    with pytest.raises(RuleBroken, match="不会覆盖"):
        Database(sqlite_url(file)).create()


def test_a_sealed_number_opens_for_its_own_institution_only(vault: Vault) -> None:
    sealed = vault.seal(1, "11010519491231002X")

    assert vault.open(1, sealed) == "11010519491231002X"
    assert sealed != vault.seal(1, "11010519491231002X")
    for wrong in (lambda: vault.open(2, sealed), lambda: vault.open(1, sealed[:-1] + b"\x00")):
        with pytest.raises(RuleBroken, match="无法解密"):
            wrong()


def test_the_index_of_a_number_differs_between_firms(vault: Vault) -> None:
    assert vault.index(1, "A") == vault.index(1, "A") != vault.index(2, "A")


def test_the_key_file_is_its_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    create_keys(tmp_path)
    file = next(tmp_path.iterdir())

    assert file.stat().st_mode & 0o777 == 0o400 or os.name == "nt"
    assert load_vault(tmp_path).index(1, "A") == load_vault(tmp_path).index(1, "A")
    with pytest.raises(FileExistsError):
        create_keys(tmp_path)
