"""The province's list of certificate numbers: whom a row names, and how it lives with the local series."""

from datetime import date
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Candidate, ImportReceipt
from skilleval.domain.errors import RuleBroken
from skilleval.services import allotted_numbers, certificates
from skilleval.services.certificate_events import void_certificate
from skilleval.services.certificates import find_certificate, replace_certificate
from skilleval.services.number_list import NUMBER_COLUMNS
from skilleval.sheets.columns import Report
from skilleval.sheets.writing import FormSheet, write_form
from tests.certified import publish, settle
from tests.conftest import Kept
from tests.factories import (
    ACTOR,
    LIBRARY,
    REGISTRATION_NUMBER,
    id_number,
    make_batch,
    make_candidate,
    make_firm,
    make_person,
)

ON = date(2026, 6, 23)
SERIES = f"{REGISTRATION_NUMBER}263"


def no_glyph_is_missing(_text: str) -> list[str]:
    return []


def make_published(session: Session, vault: Vault) -> Batch:
    """Three 高级工 who passed and whose notice is closed."""
    firm = make_firm(session)
    batch = make_batch(session, firm, state="settled")
    for serial in (1, 2, 3):
        settle(session, make_candidate(session, batch, make_person(session, vault, firm, f"员工{serial}", serial)), 8000)
    publish(session, batch, vault)
    return batch


@pytest.fixture
def batch(kept: Kept, vault: Vault) -> Batch:
    return kept(make_published, vault)


def line(serial: int, number: str, **fields: object) -> dict[str, object]:
    return {"id_number": id_number(serial), "name": f"员工{serial}", "number": f"{SERIES}{number}", **fields}


def bring(session: Session, vault: Vault, batch: Batch, folder: Path, *rows: dict[str, object]) -> Report:
    sheet = FormSheet("编号", NUMBER_COLUMNS, rows, example=False)
    file = write_form(folder / "numbers.xlsx", [sheet], "numbers/1", [])
    staged = allotted_numbers.stage_numbers(session, batch, file, vault=vault, on=ON)
    if not staged.report.failed:
        allotted_numbers.write_numbers(session, ACTOR, staged, LIBRARY, vault=vault, on=ON, missing_glyphs=no_glyph_is_missing)
    assert staged.report.adds_up
    return staged.report


def admission(session: Session, serial: int) -> str:
    found = session.exec(select(Candidate.admission_number).order_by(col(Candidate.id))).all()
    return found[serial - 1] or ""


def codes(report: Report) -> list[tuple[int, str]]:
    return [(error.row, error.code) for error in report.errors]


def test_one_person_gets_one_number_from_a_list(session: Session, vault: Vault, batch: Batch, tmp_path: Path) -> None:
    report = bring(session, vault, batch, tmp_path, line(1, "000777"), line(1, "000778"))

    assert codes(report) == [(3, "candidate_twice")]
    assert certificates.certificates_of(session, batch) == []


def test_an_admission_number_and_a_document_number_must_name_one_person(
    session: Session, vault: Vault, batch: Batch, tmp_path: Path
) -> None:
    report = bring(session, vault, batch, tmp_path, line(1, "000777", admission_number=admission(session, 2)))

    assert codes(report) == [(2, "candidate_differs")]


def test_an_admission_number_alone_names_a_candidate(
    session: Session, vault: Vault, batch: Batch, tmp_path: Path
) -> None:
    row = line(2, "000777", admission_number=admission(session, 2), id_number=None)

    assert bring(session, vault, batch, tmp_path, row).new == 1


def test_a_number_that_somebody_else_holds_is_not_unchanged(
    session: Session, vault: Vault, batch: Batch, tmp_path: Path
) -> None:
    bring(session, vault, batch, tmp_path, line(1, "000777"), line(2, "000778"), line(3, "000779"))

    report = bring(session, vault, batch, tmp_path, line(1, "000778"), line(2, "000778"))

    assert codes(report) == [(2, "already_certified")]
    assert (report.unchanged, report.failed) == (1, 1)


def test_a_list_leaves_a_receipt(session: Session, vault: Vault, batch: Batch, tmp_path: Path) -> None:
    bring(session, vault, batch, tmp_path, line(1, "000777"))

    receipt = session.exec(select(ImportReceipt)).one()
    assert (receipt.kind, receipt.scope, receipt.counts["new"]) == ("numbers", batch.number, 1)
    assert batch.state == "cleared"  # two still wait


def test_a_local_number_that_the_province_gave_out_is_refused_in_words(
    session: Session, vault: Vault, batch: Batch, tmp_path: Path
) -> None:
    bring(session, vault, batch, tmp_path, line(1, "000001"))

    with pytest.raises(RuleBroken, match=f"{SERIES}000001 已按省里下发的编号使用"):
        certificates.issue_certificates(
            session, ACTOR, batch, LIBRARY, vault=vault, on=ON, missing_glyphs=no_glyph_is_missing
        )

    assert "省里下发" in certificates.preview(session, batch, ON)["三级/高级工"]


def test_an_allotted_number_is_replaced_by_an_allotted_number_only(
    session: Session, vault: Vault, batch: Batch, tmp_path: Path
) -> None:
    bring(session, vault, batch, tmp_path, line(1, "000777"), line(2, "000778"), line(3, "000779"))
    old = find_certificate(session, f"{SERIES}000777")
    void_certificate(session, ACTOR, old, reason="姓名印错", on=ON)

    with pytest.raises(RuleBroken, match="省里下发"):
        replace_certificate(session, ACTOR, old, LIBRARY, vault=vault, on=ON, missing_glyphs=no_glyph_is_missing)
    report = bring(session, vault, batch, tmp_path, line(1, "000780"))

    assert report.new == 1
    assert find_certificate(session, f"{SERIES}000780").replaces_id == old.id
