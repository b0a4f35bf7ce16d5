from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from skilleval.db.engine import Database
from skilleval.db.secrets import Vault
from skilleval.db.tables import ImportReceipt, JournalEntry, Person, Personnel
from skilleval.services import journal
from skilleval.services.verification import verify_all, verify_journal, verify_numbers, verify_pinned
from tests.conftest import Kept
from tests.factories import ACTOR, Firm, make_batch, make_candidate, make_firm, make_person


def make_history(session: Session, vault: Vault) -> Firm:
    firm = make_firm(session)
    person = make_person(session, vault, firm)
    batch = make_batch(session, firm)
    make_candidate(session, batch, person)
    receipt = ImportReceipt(
        institution_id=firm.id, kind="people", file_name="roster.xlsx", sha256="0" * 64, counts={"read": 1}, actor="hr"
    )
    session.add(receipt)
    journal.record(session, ACTOR, firm.id, "people.import", objects=[receipt])
    journal.record(session, ACTOR, firm.id, "batch.rename", objects=[batch], reason="笔误", detail={"name": "新名"})
    return firm


@pytest.fixture
def firm(session: Session, kept: Kept, vault: Vault) -> Firm:
    firm = kept(make_history, vault)
    session.commit()
    return firm


def test_the_hashes_of_columns_are_those_of_their_rows() -> None:
    table = Personnel.__table__  # type: ignore[attr-defined]
    columns = {
        "id": range(1, 4),
        "institution_id": [1, 1, 1],
        "name": ["甲", "乙", ""],
        "sex": ["male", None, "female"],
        "id_sealed": [b"\x01\xff", None, memoryview(b"\x01")],
        "card_valid_to": [date(2026, 6, 1), None, date(2026, 6, 1)],
        "occupations": [["6-31-01-03"], [], ["6-31-01-03", "6-18-01-01"]],
        "phone": [None, None, None],
    }
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]

    assert journal.row_hashes(table, columns) == [journal.row_hash(table, row) for row in rows]


def codes(session: Session, firm: Firm, anchor: str | None = None) -> set[str]:
    return {finding.code for finding in verify_journal(session, firm.id, anchor)}


def forge(session: Session, firm: Firm, statement: str) -> set[str]:
    """Change the database behind the journal's back, as somebody with the file could, and verify."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = 1")
    else:
        connection.exec_driver_sql("SET session_replication_role = replica")
    connection.exec_driver_sql(statement)
    session.expire_all()
    return codes(session, firm)


def test_an_honest_history_verifies(session: Session, firm: Firm) -> None:
    assert verify_all(session) == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE candidate SET grade = 'junior'", "row_changed"),
        ("UPDATE person SET name = '别人'", "row_changed"),
        ("DELETE FROM candidate", "row_missing"),
        (
            "INSERT INTO venue (institution_id, name, address, kind, seats, occupations, equipment) "
            "SELECT institution_id, '假', '假', 'x', 1, occupations, equipment FROM venue",
            "row_unknown",
        ),
        ("UPDATE journal_entry SET body = replace(body, 'hr', 'ceo') WHERE seq = 2", "entry_changed"),
        ("DELETE FROM journal_entry WHERE seq = 2", "entry_missing"),
        ("DELETE FROM journal_entry WHERE seq = (SELECT max(seq) FROM journal_entry)", "head_differs"),
        ("UPDATE journal_object SET after_hash = 'x' WHERE seq = 2", "objects_changed"),
        ("UPDATE journal_detail SET content = '{}'", "detail_changed"),
        ("UPDATE journal_entry SET body = 'no json' WHERE seq = 2", "entry_changed"),
        ("UPDATE journal_entry SET body = '[]' WHERE seq = 2", "entry_changed"),
        ("UPDATE journal_head SET seq = seq - 1", "head_differs"),
        ("UPDATE import_receipt SET sha256 = 'x'", "row_changed"),
        ("DELETE FROM import_receipt", "row_missing"),
    ],
)
def test_a_change_behind_the_journal_is_found(session: Session, firm: Firm, statement: str, found: str) -> None:
    assert found in forge(session, firm, statement)


def test_swapping_two_entries_is_found(session: Session, firm: Firm) -> None:
    statement = (
        "UPDATE journal_entry SET seq = CASE seq WHEN 2 THEN -3 WHEN 3 THEN -2 ELSE seq END WHERE seq IN (2, 3)"
    )
    forge(session, firm, statement)

    assert "chain_broken" in forge_again(session, firm, "UPDATE journal_entry SET seq = -seq WHERE seq < 0")


def forge_again(session: Session, firm: Firm, statement: str) -> set[str]:
    session.connection().exec_driver_sql(statement)
    session.expire_all()
    return codes(session, firm)


def test_a_tail_cut_together_with_the_head_is_found_against_a_printed_anchor_only(session: Session, firm: Firm) -> None:
    printed = journal.head_hash(session, firm.id)
    last = session.exec(sa.select(sa.func.max(JournalEntry.seq))).scalar_one()
    kept = session.get(JournalEntry, (firm.id, last - 1))
    assert kept is not None

    for table in ("journal_detail", "journal_object", "journal_entry"):
        forge(session, firm, f"DELETE FROM {table} WHERE seq = {last}")
    found = forge_again(session, firm, f"UPDATE journal_head SET seq = {last - 1}, hash = '{kept.hash}'")

    assert "head_differs" not in found
    assert "anchor_missing" in codes(session, firm, printed)


def test_erasing_a_detail_on_request_keeps_the_chain_whole(session: Session, firm: Firm) -> None:
    assert forge(session, firm, "DELETE FROM journal_detail") == set()


def test_a_lawful_change_verifies(session: Session, firm: Firm, vault) -> None:
    person = session.get(Person, 1)
    assert person is not None
    person.department = "二车间"
    journal.record(session, ACTOR, firm.id, "people.change", objects=[person])

    assert codes(session, firm) == set()


def test_no_entry_no_change(database: Database) -> None:
    with database.writing() as session:
        firm = make_firm(session)
        session.rollback()
    with database.reading() as session:
        assert session.get(JournalEntry, (firm.institution.id or 1, 1)) is None
        assert verify_numbers(session) == []


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE pinned_text SET content = content || ' ' WHERE name = 'national.toml'", "pinned_changed"),
        ("DELETE FROM pinned_text WHERE name = 'national.toml'", "pinned_missing"),
    ],
)
def test_a_rule_text_that_decided_is_missed_when_it_is_changed_or_gone(
    session: Session, firm: Firm, statement: str, code: str
) -> None:
    assert verify_pinned(session) == []

    session.connection().exec_driver_sql(statement)

    assert [finding.code for finding in verify_pinned(session)] == [code]
    assert "national" in verify_pinned(session)[0].where + verify_pinned(session)[0].message
