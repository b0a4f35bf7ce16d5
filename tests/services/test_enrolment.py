"""The last day of enrolment: kept, told with its window, and extended with a reason."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlmodel import Session, select

from skilleval.db.engine import Database
from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Candidate, JournalEntry
from skilleval.domain.errors import RuleBroken
from skilleval.services import candidate_sheets
from skilleval.services.enrolment import extend_enrolment
from skilleval.sheets.writing import FormSheet, write_form
from tests.factories import ACTOR, LIBRARY, Firm, id_number, make_batch, make_firm, make_person

LAST = date(2026, 5, 20)
AFTER = date(2026, 5, 21)


@pytest.fixture
def session(sqlite_database: Database) -> Iterator[Session]:
    with sqlite_database.writing() as open_session:
        yield open_session


@pytest.fixture
def firm(session: Session) -> Firm:
    return make_firm(session)


@pytest.fixture
def file(session: Session, vault: Vault, firm: Firm, tmp_path: Path) -> Path:
    make_person(session, vault, firm)
    rows = [{"name": "陈大文", "id_number": id_number(1), "grade": "senior"}]
    return write_form(tmp_path / "c.xlsx", [FormSheet("报名表", candidate_sheets.COLUMNS, rows, example=False)], candidate_sheets.TEMPLATE_ID, [])


def stage(session: Session, vault: Vault, batch: Batch, file: Path, on: date) -> candidate_sheets.Staged:
    return candidate_sheets.stage_candidates(session, batch, file, vault=vault, library=LIBRARY, on=on)


def test_the_last_day_of_enrolment_still_counts(session: Session, vault: Vault, firm: Firm, file: Path) -> None:
    batch = make_batch(session, firm, state="enrolling")

    candidate_sheets.write_candidates(session, ACTOR, stage(session, vault, batch, file, LAST), LIBRARY, vault=vault, on=LAST)

    assert len(session.exec(select(Candidate)).all()) == 1


def test_after_the_last_day_nobody_is_read_or_written_and_the_window_and_the_way_are_told(
    session: Session, vault: Vault, firm: Firm, file: Path
) -> None:
    batch = make_batch(session, firm, state="enrolling")
    staged = stage(session, vault, batch, file, LAST)

    with pytest.raises(RuleBroken) as checked:
        stage(session, vault, batch, file, AFTER)
    with pytest.raises(RuleBroken, match="2026-05-20 截止"):
        candidate_sheets.write_candidates(session, ACTOR, staged, LIBRARY, vault=vault, on=AFTER)

    told = checked.value.message
    assert all(word in told for word in ("2026-05-20", "2026-05-21", "2026-06-08 至 2026-06-12", "2026-DG-01", "batches extend"))
    assert session.exec(select(Candidate)).all() == []


def test_without_a_last_day_enrolment_is_open_until_the_review(session: Session, vault: Vault, firm: Firm, file: Path) -> None:
    batch = make_batch(session, firm, state="enrolling")
    batch.enrol_until = None

    assert stage(session, vault, batch, file, AFTER).report.new == 1


def test_an_extension_with_a_reason_opens_it_again_and_is_journaled(
    session: Session, vault: Vault, firm: Firm, file: Path
) -> None:
    batch = make_batch(session, firm, state="enrolling")

    extend_enrolment(session, ACTOR, batch, AFTER, reason="车间停电一天")

    entries = session.exec(select(JournalEntry.body)).all()
    assert any("报名截止由 2026-05-20 延长至 2026-05-21：车间停电一天" in body for body in entries)
    assert stage(session, vault, batch, file, AFTER).report.new == 1


@pytest.mark.parametrize(
    ("state", "until", "reason", "told"),
    [
        ("enrolling", LAST, "停电", "应在原截止日期"),
        ("enrolling", date(2026, 6, 9), "停电", "不晚于评价开始日"),
        ("enrolling", AFTER, " ", "须写明理由"),
        ("reviewed", AFTER, "停电", "不能再延长"),
    ],
)
def test_an_extension_that_may_not_be_is_refused(
    session: Session, firm: Firm, state: str, until: date, reason: str, told: str
) -> None:
    batch = make_batch(session, firm, state=state)

    with pytest.raises(RuleBroken, match=told):
        extend_enrolment(session, ACTOR, batch, until, reason=reason)
    assert batch.enrol_until == LAST
