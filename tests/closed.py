"""A batch brought from enrolment to certificates by the services alone, so that it can be replayed."""

from datetime import date
from pathlib import Path

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Candidate, Credential, Person
from skilleval.domain.workdays import Calendar
from skilleval.services import (
    batch_steps,
    candidate_sheets,
    candidates,
    certificates,
    journal,
    mark_sheets,
    marks,
    notice_closing,
    notices,
)
from skilleval.services.results import correct_result, settle_results
from skilleval.sheets.writing import FormSheet, write_form
from tests.factories import ACTOR, LIBRARY, Firm, id_number, make_batch, make_firm, make_person

ENROLLED, HELD, NOTICED, CLOSED = date(2026, 5, 18), date(2026, 6, 8), date(2026, 6, 15), date(2026, 6, 23)
CALENDAR = Calendar(years=frozenset({2026}), holidays=frozenset(), worked=frozenset())
Marks = dict[str, dict[str, int | None]]

GOOD: Marks = {"theory": {"K1": 8000}, "skill": {"K1": 7000, "K2": 7000, "K3": 7001}}
SPLIT: Marks = {"theory": {"K1": 8000}, "skill": {"K1": 5900, "K2": 6100, "K3": 6200}}
#: 59.99 and 60.00 make 59.995, which is 60.00 where the pass mark is below both
HALF: Marks = {"theory": {"K1": 6000}, "skill": {"K1": 5999, "K2": 6000}}
ABSENT: Marks = {"theory": {"K1": None}, "skill": {"K1": None, "K2": None, "K3": None}}
POOR: Marks = {"theory": {"K1": 7000}, "skill": {"K1": 5999, "K2": 5999, "K3": 5998}}
#: name, grade, marks; the last one brings no certificate, can't be judged, and is refused
STORY: tuple[tuple[str, str, Marks], ...] = (
    ("陈大文", "senior", GOOD),
    ("李有争", "senior", SPLIT),
    ("郑半分", "intermediate", HALF),
    ("周缺席", "senior", ABSENT),
    ("吴更正", "senior", POOR),
    ("王无证", "senior", {}),
)


def make_closed_batch(session: Session, vault: Vault, folder: Path) -> Batch:
    """A certified batch: passed, adjudicated, on the half hundredth, absent, corrected, refused."""
    batch = make_noticed_batch(session, vault, folder)
    notice_closing.close_notice(session, ACTOR, notices.current_notice(session, batch), vault=vault, on=CLOSED)
    certificates.issue_certificates(
        session, ACTOR, batch, LIBRARY, vault=vault, on=CLOSED, missing_glyphs=lambda _text: ()
    )
    return batch


def make_noticed_batch(session: Session, vault: Vault, folder: Path) -> Batch:
    """The same batch while its notice is published."""
    firm = make_firm(session)
    half = firm.part("intermediate", "skill")
    half.assessors, half.pass_mark = 2, 5900
    journal.record(session, ACTOR, firm.id, "specification.change", objects=[half])
    batch = make_batch(session, firm, state="enrolling")
    _enrol(session, vault, firm, batch, folder)
    _mark(session, batch, folder)
    notices.publish_notice(
        session, ACTOR, batch, LIBRARY, vault=vault, first_day=NOTICED, working_days=5, calendar=CALENDAR, on=NOTICED
    )
    return batch


def candidate_named(session: Session, name: str) -> Candidate:
    """The candidate with this name."""
    return session.exec(select(Candidate).where(
        col(Candidate.person_id) == select(Person.id).where(col(Person.name) == name).scalar_subquery())).one()  # fmt: skip


def _enrol(session: Session, vault: Vault, firm: Firm, batch: Batch, folder: Path) -> None:
    library = LIBRARY
    rows = []
    for serial, (name, grade, _marks) in enumerate(STORY, start=1):
        person = make_person(session, vault, firm, name, serial, education="高中")
        rows.append({"name": name, "id_number": id_number(serial), "grade": grade})
        if name != "王无证":
            held = Credential(
                institution_id=firm.id, person_id=person.id or 0, kind="certificate", occupation_code="6-31-01-03",
                level="intermediate" if grade == "senior" else "junior", obtained_on=date(2015, 6, 8),
            )  # fmt: skip
            session.add(held)
            journal.record(session, ACTOR, firm.id, "people.hold", objects=[held])
    file = write_form(folder / "c.xlsx", [FormSheet("报名表", candidate_sheets.COLUMNS, rows, example=False)],
                      candidate_sheets.TEMPLATE_ID, [])  # fmt: skip
    staged = candidate_sheets.stage_candidates(session, batch, file, vault=vault, library=library, on=ENROLLED)
    candidate_sheets.write_candidates(session, ACTOR, staged, library, vault=vault, on=ENROLLED)
    everybody = session.exec(select(Candidate)).all()
    candidates.accept_candidates(session, ACTOR, batch, [one for one in everybody if one.verdict == "met"], LIBRARY)
    rest = [one for one in everybody if one.verdict != "met"]
    candidates.refuse_candidates(session, ACTOR, batch, rest, reason="无法判断")
    for state, on in (("reviewed", ENROLLED), ("scheduled", ENROLLED), ("marking", HELD)):
        batch_steps.advance_batch(session, ACTOR, batch, state, library=LIBRARY, on=on)


def _mark(session: Session, batch: Batch, folder: Path) -> None:
    given = {
        (candidate_named(session, name).admission_number or "", method, code): value
        for name, _grade, entered in STORY
        for method, values in entered.items()
        for code, value in values.items()
    }
    mark_sheets.marks_workbook(session, batch, folder / "m.xlsx", given)
    mark_sheets.write_marks(session, ACTOR, mark_sheets.stage_marks(session, batch, folder / "m.xlsx"))
    disputed, poor = candidate_named(session, "李有争"), candidate_named(session, "吴更正")
    marks.adjudicate(session, ACTOR, batch, disputed, method="skill", value=6000, reason="复核工件")
    settle_results(session, ACTOR, batch, LIBRARY)
    correct_result(session, ACTOR, batch, poor, parts={"skill": 6000}, reason="登分错误")
