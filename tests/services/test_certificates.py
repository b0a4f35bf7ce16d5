import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from sqlmodel import Session, select

from skilleval.db.engine import Database
from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Certificate, NumberCounter, Person
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.services import (
    allotted_numbers,
    certificate_events,
    certificates,
    notice_closing,
    notices,
    numbering,
    reopening,
)
from skilleval.services.number_list import NUMBER_COLUMNS
from skilleval.services.verification import verify_all
from skilleval.sheets.columns import Report
from skilleval.sheets.writing import FormSheet, write_form
from tests.certified import CALENDAR, publish, settle
from tests.conftest import Kept, on_sqlite
from tests.factories import (
    ACTOR,
    LIBRARY,
    REGISTRATION_NUMBER,
    Firm,
    id_number,
    make_batch,
    make_candidate,
    make_firm,
    make_person,
)

ON = date(2026, 6, 23)
PREFIX = f"{REGISTRATION_NUMBER}26"


def all_glyphs(_text: str) -> list[str]:
    return []


Made = tuple[Firm, Batch]


def make_published(session: Session, vault: Vault) -> Made:
    """Four candidates: two 高级工 and one 中级工 who passed, one who failed; the notice is closed."""
    firm = make_firm(session)
    batch = make_batch(session, firm, state="settled")
    for serial, (grade, skill) in enumerate(
        (("senior", 8000), ("intermediate", 8000), ("senior", 8000), ("senior", 5000)), start=1
    ):
        person = make_person(session, vault, firm, f"员工{serial}", serial)
        settle(session, make_candidate(session, batch, person, grade), skill)
    publish(session, batch, vault)
    return firm, batch


@pytest.fixture
def made(kept: Kept, vault: Vault) -> Made:
    return kept(make_published, vault)


@pytest.fixture
def firm(made: Made) -> Firm:
    return made[0]


@pytest.fixture
def bare(kept: Kept) -> Firm:
    """The firm without a batch."""
    return kept(make_firm)


@pytest.fixture
def batch(made: Made) -> Batch:
    return made[1]


def issue(session: Session, vault: Vault, batch: Batch, glyphs: certificates.MissingGlyphs = all_glyphs) -> list[str]:
    issued = certificates.issue_certificates(session, ACTOR, batch, LIBRARY, vault=vault, on=ON, missing_glyphs=glyphs)
    return [one.number for one in issued]


def test_everybody_who_passed_gets_the_next_number_of_the_grade(session: Session, vault: Vault, batch: Batch) -> None:
    assert certificates.preview(session, batch, ON)["三级/高级工"] == f"{PREFIX}3000001"

    numbers = issue(session, vault, batch)

    assert numbers == [f"{PREFIX}3000001", f"{PREFIX}3000002", f"{PREFIX}4000001"]
    assert batch.state == "certified"
    assert certificates.preview(session, batch, ON)["三级/高级工"] == f"{PREFIX}3000003"
    assert "numbers_not_dense" not in {finding.code for finding in verify_all(session)}
    first = certificates.find_certificate(session, numbers[0])
    assert vault.open(first.institution_id, first.id_sealed) == id_number(1)
    with pytest.raises(RuleBroken):
        issue(session, vault, batch)


def test_a_notice_that_is_not_closed_lets_nobody_have_a_certificate(session: Session, vault: Vault, bare: Firm) -> None:
    batch = make_batch(session, bare, state="settled")

    with pytest.raises(RuleBroken, match="成绩已核定"):
        issue(session, vault, batch)


def test_a_character_that_cannot_be_printed_stops_before_a_number_is_used(
    session: Session, vault: Vault, batch: Batch
) -> None:
    with pytest.raises(RuleBroken) as refusal:
        issue(session, vault, batch, lambda text: ["𠮷(U+20BB7)"] if "员工2" in text else [])

    assert refusal.value.reasons == ("员工2：没有字体能印 𠮷(U+20BB7)",)
    assert session.exec(select(Certificate)).all() == [] and session.exec(select(NumberCounter)).all() == []


def rename(session: Session, was: str, now: str) -> None:
    """A name corrected in the roster."""
    session.exec(select(Person).where(Person.name == was)).one().name = now
    session.flush()


def test_a_name_corrected_after_the_notice_gets_a_certificate_only_when_it_hung_too(
    session: Session, vault: Vault, batch: Batch
) -> None:
    rename(session, "员工1", "员工一")
    told = "准考证号 2026-DG-01-0001：姓名公示为“员工1”，现为“员工一”"
    with pytest.raises(RuleBroken, match="与公示不一致") as refusal:
        issue(session, vault, batch)
    numbers_used = session.exec(select(NumberCounter)).all()
    first = notices.current_notice(session, batch)
    second = reopening.correct_notice(
        session, ACTOR, first, LIBRARY, reason="姓名有误", vault=vault, first_day=ON, working_days=5, calendar=CALENDAR,
        on=ON,
    )  # fmt: skip
    again = (first.state, second.content["correction"], batch.state)
    with pytest.raises(RuleBroken):
        issue(session, vault, batch)
    notice_closing.close_notice(session, ACTOR, second, vault=vault, on=date(2026, 6, 30))

    issue(session, vault, batch)

    assert refusal.value.reasons == (told,)
    assert numbers_used == []
    correction = {"serial": 1, "reason": "姓名有误", "gone": ["员工1"], "new": ["员工一"]}
    assert again == ("withdrawn", correction, "noticed")
    assert "员工一" in session.exec(select(Certificate.name)).all()


def test_a_name_put_back_as_it_hung_is_certified_and_a_certified_batch_has_no_corrected_notice(
    session: Session, vault: Vault, batch: Batch
) -> None:
    rename(session, "员工1", "员工一")
    rename(session, "员工一", "员工1")
    issue(session, vault, batch)
    rename(session, "员工1", "员工一")

    with pytest.raises(RuleBroken, match="尚未发证"):
        reopening.correct_notice(
            session, ACTOR, notices.current_notice(session, batch), LIBRARY, reason="姓名有误", vault=vault, first_day=ON,
            working_days=5, calendar=CALENDAR, on=ON,
        )  # fmt: skip


@pytest.mark.parametrize("grade", [Grade.SPECIAL_TECHNICIAN, Grade.CHIEF_TECHNICIAN])
def test_a_grade_without_a_confirmed_code_gets_no_number(session: Session, bare: Firm, grade: Grade) -> None:
    with pytest.raises(RuleBroken, match="尚无可靠依据"):
        numbering.next_number(session, REGISTRATION_NUMBER, grade, ON)


def test_a_rolled_back_issue_gives_its_numbers_back(database: Database, vault: Vault) -> None:
    with database.writing() as session:
        numbering.next_number(session, REGISTRATION_NUMBER, Grade.SENIOR, ON)
        session.rollback()
        assert str(numbering.next_number(session, REGISTRATION_NUMBER, Grade.SENIOR, ON)) == f"{PREFIX}3000001"


def test_a_full_series_is_refused(session: Session, bare: Firm) -> None:
    session.add(NumberCounter(prefix=REGISTRATION_NUMBER, year="26", grade_code="3", last=999_999))
    session.flush()

    with pytest.raises(RuleBroken, match="已用完"):
        numbering.next_number(session, REGISTRATION_NUMBER, Grade.SENIOR, ON)


def test_void_keeps_the_number_and_a_replacement_names_it(session: Session, vault: Vault, batch: Batch) -> None:
    [first, *_rest] = issue(session, vault, batch)
    certificate = certificates.find_certificate(session, first)

    certificate_events.reissue_certificate(session, ACTOR, certificate, reason="遗失", on=ON)
    certificate_events.void_certificate(session, ACTOR, certificate, reason="姓名印错", on=ON)
    new = certificates.replace_certificate(session, ACTOR, certificate, LIBRARY, vault=vault, on=ON, missing_glyphs=all_glyphs)

    assert [event.kind for event in certificate_events.events_of(session, certificate)] == ["issued", "reissued", "voided"]
    assert (new.number, new.replaces_id) == (f"{PREFIX}3000003", certificate.id)
    assert certificate_events.status_of(session, certificate) == "voided"
    for act in (certificate_events.void_certificate, certificate_events.reissue_certificate, certificate_events.revoke_certificate):
        with pytest.raises(RuleBroken, match="已作废"):
            act(session, ACTOR, certificate, reason="再来", on=ON)
    with pytest.raises(RuleBroken, match=new.number):
        certificates.replace_certificate(session, ACTOR, certificate, LIBRARY, vault=vault, on=ON, missing_glyphs=all_glyphs)


def test_an_end_needs_a_reason_and_a_day_that_is_not_too_early(session: Session, vault: Vault, batch: Batch) -> None:
    certificate = certificates.find_certificate(session, issue(session, vault, batch)[0])

    with pytest.raises(RuleBroken, match="须写明理由"):
        certificate_events.void_certificate(session, ACTOR, certificate, reason=" ", on=ON)
    with pytest.raises(RuleBroken, match="早于发证日期"):
        certificate_events.void_certificate(session, ACTOR, certificate, reason="x", on=date(2026, 6, 22))


def bring(session: Session, vault: Vault, batch: Batch, path: Path, *rows: dict[str, object]) -> Report:
    file = write_form(path, [FormSheet("编号", NUMBER_COLUMNS, rows, example=False)], "numbers/1", [])
    staged = allotted_numbers.stage_numbers(session, batch, file, vault=vault, on=ON)
    allotted_numbers.write_numbers(session, ACTOR, staged, LIBRARY, vault=vault, on=ON, missing_glyphs=all_glyphs)
    assert staged.report.adds_up
    return staged.report


def allotted(serial: int, number: str, **fields: object) -> dict[str, object]:
    return {"id_number": id_number(serial), "name": f"员工{serial}", "number": number, **fields}


def test_numbers_allotted_by_the_province_are_taken_and_the_same_list_again_changes_nothing(
    session: Session, vault: Vault, batch: Batch, tmp_path: Path
) -> None:
    rows = (
        allotted(1, f"{PREFIX}3000777"), allotted(2, f"{PREFIX}4000778"), allotted(3, f"{PREFIX}3000779"),
    )  # fmt: skip

    first = bring(session, vault, batch, tmp_path / "n.xlsx", *rows)
    again = bring(session, vault, batch, tmp_path / "n.xlsx", *rows)

    assert (first.new, again.unchanged) == (3, 3)
    assert batch.state == "certified"
    assert {one.origin for one in certificates.certificates_of(session, batch)} == {"imported"}


def test_numbers_of_the_province_are_for_the_names_that_hung(
    session: Session, vault: Vault, batch: Batch, tmp_path: Path
) -> None:
    rename(session, "员工1", "员工一")

    with pytest.raises(RuleBroken, match="与公示不一致"):
        bring(session, vault, batch, tmp_path / "numbers.xlsx", allotted(1, f"{PREFIX}3000001", name="员工一"))

    assert session.exec(select(Certificate)).all() == []


@on_sqlite
@pytest.mark.parametrize(
    ("row", "code"),
    [
        (allotted(1, f"{PREFIX}4000777"), "number_wrong"),  # the code of 中级工 for a 高级工
        (allotted(1, f"{REGISTRATION_NUMBER}253000777"), "number_wrong"),  # another year
        (allotted(1, "Y000044000999263000777"), "number_wrong"),  # another institution
        (allotted(1, "123"), "number_wrong"),
        (allotted(4, f"{PREFIX}3000777"), "candidate_unknown"),  # who failed
        (allotted(1, f"{PREFIX}3000777", name="别人"), "candidate_unknown"),
    ],
)
def test_a_number_that_does_not_fit_its_record_is_told(
    session: Session, vault: Vault, batch: Batch, tmp_path: Path, row: dict[str, object], code: str
) -> None:
    report = bring(session, vault, batch, tmp_path / "n.xlsx", row)

    assert [error.code for error in report.errors] == [code]


def test_one_number_for_two_people_is_told(session: Session, vault: Vault, batch: Batch, tmp_path: Path) -> None:
    number = f"{PREFIX}3000777"

    report = bring(session, vault, batch, tmp_path / "n.xlsx", allotted(1, number), allotted(3, number))

    assert [(error.row, error.code) for error in report.errors] == [(3, "number_twice")]


ISSUER = """
import sys, time
from datetime import date
from pathlib import Path
import sqlalchemy as sa
from sqlmodel import Session
from skilleval.db.engine import Database, sqlite_url
from skilleval.domain.ladder import Grade
from skilleval.services.numbering import next_number

file, build, out = sys.argv[1:4]
database = Database(sqlite_url(Path(file)))
control = sa.create_engine(sqlite_url(Path(file)))  # the default engine: its driver begins late
time.sleep(max(0, float(sys.argv[4]) - time.time()))
numbers = []
while len(numbers) < 150:
    opened = database.writing() if build == "own" else Session(control)
    try:
        with opened as session:
            number = str(next_number(session, "Y000044000123", Grade.SENIOR, date(2026, 6, 23)))
            session.commit()
        numbers.append(number)
    except sa.exc.OperationalError:
        pass  # locked: the control build meets this as well, and tries again
Path(out).write_text("\\n".join(numbers))
"""


@pytest.mark.slow
@pytest.mark.parametrize("build", ["own", "control with the default engine"])
def test_two_processes_issuing_at_once_give_dense_numbers_without_a_duplicate(
    sqlite_database: Database, tmp_path: Path, build: str
) -> None:
    import time

    with sqlite_database.writing() as session:
        session.add(NumberCounter(prefix=REGISTRATION_NUMBER, year="26", grade_code="3", last=0))
        session.commit()
    start = str(time.time() + 2)
    command = [sys.executable, "-c", ISSUER, str(sqlite_database.url.database), build]
    running = [subprocess.Popen([*command, str(tmp_path / f"{n}.txt"), start]) for n in range(2)]

    assert [process.wait(timeout=120) for process in running] == [0, 0]

    numbers = [line for n in range(2) for line in (tmp_path / f"{n}.txt").read_text().splitlines()]
    dense = sorted(numbers) == [f"{PREFIX}3{serial:06d}" for serial in range(1, 301)]
    assert dense == (build == "own")
