"""The inbox: what waits for each role, in which numbers, by which day, and for nobody else."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from skilleval import holidays
from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Candidate, Filing, FilingAnswer, Mark, Result
from skilleval.domain.accounts import ROLES
from skilleval.services import inbox
from skilleval.services.inbox import Waiting, waiting_for
from skilleval.services.tenancy import acting_for
from tests.chained import MEMBERS
from tests.conftest import Kept
from tests.factories import CREDIT_CODE, Firm, make_batch, make_candidate, make_firm, make_person
from tests.statements import statements

CALENDAR = holidays.load_calendar()
#: the evaluation of the batch is from 8 to 12 June 2026; ten working days later, with 端午 on 19 June, is 29 June
DURING, BEFORE = date(2026, 6, 10), date(2026, 6, 1)


def tasks(session: Session, *roles: str, personnel_id: int | None = None, on: date = BEFORE) -> dict[str, int]:
    """What waits, as task → count."""
    return {one.task: one.count for one in ask(session, *roles, personnel_id=personnel_id, on=on)}


def ask(session: Session, *roles: str, personnel_id: int | None = None, on: date = BEFORE) -> list[Waiting]:
    """The inbox of these roles at the firm."""
    session.info.update(acting_for(CREDIT_CODE))
    return waiting_for(session, roles, personnel_id=personnel_id, calendar=CALENDAR, on=on)


@pytest.fixture
def firm(kept: Kept) -> Firm:
    return kept(make_firm)


def sit(session: Session, vault: Vault, firm: Firm, batch: Batch, *states: str, **fields: object) -> list[Candidate]:
    """One candidate a state."""
    found = []
    for state in states:
        serial = session.exec(sa.select(sa.func.count()).select_from(Candidate.__table__)).scalar_one() + 1  # type: ignore[attr-defined,call-overload] # of SQLModel
        person = make_person(session, vault, firm, f"考生{serial}", serial)
        session.flush()
        found.append(make_candidate(session, batch, person, state=state, **fields))
    session.flush()
    return found


def mark(session: Session, firm: Firm, candidate: Candidate, *values: int, method: str = "skill", revision: int = 1) -> None:
    """Marks of a part by the firm's assessors in their order."""
    for assessor, value in zip(firm.assessors, values, strict=False):
        session.add(
            Mark(institution_id=firm.id, candidate_id=candidate.id or 0, part_id=firm.part("senior", method).id or 0,
                 personnel_id=assessor.id or 0, revision=revision, value=value)
        )  # fmt: skip
    session.flush()


def test_applications_wait_for_hr_until_judged_and_for_the_reviewer_until_decided(session: Session, vault: Vault, firm: Firm) -> None:
    batch = make_batch(session, firm, state="enrolling")
    sit(session, vault, firm, batch, "applied", "eligible", "refused", "withdrawn", verdict="met")
    sit(session, vault, firm, batch, "applied")

    assert tasks(session, "hr") == {"check": 1}
    assert tasks(session, "reviewer") == {"review": 2}


@pytest.mark.parametrize(
    ("state", "on", "waits"),
    [
        ("draft", BEFORE, True), ("reviewed", BEFORE, True), ("scheduled", date(2026, 6, 7), False),
        ("scheduled", date(2026, 6, 8), True), ("enrolling", BEFORE, False), ("marking", DURING, False),
        ("filed", DURING, False), ("archived", DURING, False), ("cancelled", DURING, False),
    ],
)  # fmt: skip
def test_a_batch_waits_for_its_next_step_only_when_it_can_be_taken(session: Session, firm: Firm, state: str, on: date, waits: bool) -> None:
    make_batch(session, firm, state=state)

    assert ("advance" in tasks(session, "hr", on=on)) is waits


def test_a_package_that_the_desk_returned_waits_for_hr_until_a_new_version_answers_it(session: Session, firm: Firm) -> None:
    batch = make_batch(session, firm, state="filed")
    session.flush()
    before = tasks(session, "hr")
    first = package(session, batch, 1)
    answer(session, first, 1, "received")
    received = tasks(session, "hr")
    answer(session, first, 2, "returned")
    returned = ask(session, "hr")
    package(session, batch, 2)

    assert (before, received, tasks(session, "hr")) == ({}, {}, {})
    assert [(one.task, one.count, one.due.day) for one in returned] == [("refile", 1, None)]
    assert tasks(session, "approver") == {}


def test_a_returned_package_that_was_accepted_after_all_waits_for_nobody(session: Session, firm: Firm) -> None:
    first = package(session, make_batch(session, firm, state="filed"), 1)
    answer(session, first, 1, "returned")
    answer(session, first, 2, "accepted")

    assert tasks(session, "hr") == {}


def package(session: Session, batch: Batch, version: int) -> Filing:
    """A package of a batch that was exported."""
    session.flush()
    filing = Filing(
        institution_id=batch.institution_id, batch_id=batch.id or 0, version=version, addressed_to="city",
        file_name=f"v{version}.zip", sha256="0" * 64, manifest={}, exported_on=DURING,
    )  # fmt: skip
    session.add(filing)
    session.flush()
    return filing


def answer(session: Session, filing: Filing, serial: int, kind: str) -> None:
    """What the desk said of a package."""
    session.add(
        FilingAnswer(institution_id=filing.institution_id, filing_id=filing.id or 0, serial=serial, kind=kind,
                     on_day=DURING, reason="缺章", recorded_by="演示")
    )  # fmt: skip
    session.flush()


def test_enrolment_can_end_once_every_application_is_decided(session: Session, vault: Vault, firm: Firm) -> None:
    batch = make_batch(session, firm, state="enrolling")
    sit(session, vault, firm, batch, "eligible", "refused", verdict="met")

    assert tasks(session, "hr") == {"advance": 1}


def test_an_assessor_is_told_of_the_parts_that_they_alone_have_not_marked(session: Session, vault: Vault, firm: Firm) -> None:
    batch = make_batch(session, firm, state="marking")
    first, _second = sit(session, vault, firm, batch, "eligible", "eligible")
    sit(session, vault, firm, batch, "withdrawn")
    mark(session, firm, first, 7000)
    one, other = firm.assessors[:2]

    # Assessor one has theory and skill, the other skill only.
    assert tasks(session, "assessor", personnel_id=one.id, on=DURING) == {"score": 3}
    assert tasks(session, "assessor", personnel_id=other.id, on=DURING) == {"score": 2}
    assert tasks(session, "assessor", personnel_id=None, on=DURING) == {}
    assert tasks(session, "hr", personnel_id=one.id, on=DURING) == {}


@pytest.mark.parametrize(
    ("values", "expected"),
    [((5900, 6100, 6200), {"adjudicate": 1}), ((6000, 6000, 6000), {}), ((7000, 7500, 8000), {}), ((7000, 7500, 8001), {"adjudicate": 1})],
)
def test_marks_in_dispute_wait_for_the_reviewer(session: Session, vault: Vault, firm: Firm, values: tuple[int, ...], expected: dict[str, int]) -> None:
    batch = make_batch(session, firm, state="marking")
    [one] = sit(session, vault, firm, batch, "eligible")
    mark(session, firm, one, *values)

    assert tasks(session, "reviewer", on=DURING) == expected


def test_a_corrected_mark_ends_the_dispute_and_the_last_part_lets_settle(session: Session, vault: Vault, firm: Firm) -> None:
    batch = make_batch(session, firm, state="marking")
    [one] = sit(session, vault, firm, batch, "eligible")
    mark(session, firm, one, 5900, 6100, 6200)
    mark(session, firm, one, 6050, revision=2)

    without_theory = tasks(session, "reviewer", on=DURING)
    mark(session, firm, one, 8000, method="theory")

    assert without_theory == {}
    assert tasks(session, "reviewer", on=DURING) == {"settle": 1}


def results(session: Session, firm: Firm, candidate: Candidate, *outcomes: str) -> None:
    """The results of a candidate, each correcting the one before."""
    for revision, outcome in enumerate(outcomes, start=1):
        session.add(Result(institution_id=firm.id, candidate_id=candidate.id or 0, revision=revision, outcome=outcome, parts={}))
    session.flush()


@pytest.mark.parametrize(("state", "role", "task"), [("settled", "approver", "publish"), ("cleared", "issuer", "issue")])
def test_only_who_passed_and_has_no_certificate_waits_for_notice_and_certificate(
    session: Session, vault: Vault, firm: Firm, state: str, role: str, task: str
) -> None:
    batch = make_batch(session, firm, state=state)
    passed, failed, corrected = sit(session, vault, firm, batch, "eligible", "eligible", "eligible")
    for one, outcomes in ((passed, ["passed"]), (failed, ["failed"]), (corrected, ["passed", "failed"])):
        results(session, firm, one, *outcomes)

    assert tasks(session, role, on=DURING) == {task: 1}


def test_a_batch_in_which_nobody_passed_has_nothing_to_publish(session: Session, vault: Vault, firm: Firm) -> None:
    [one] = sit(session, vault, firm, make_batch(session, firm, state="settled"), "eligible")
    results(session, firm, one, "failed")

    assert tasks(session, "approver", on=DURING) == {}


@pytest.mark.parametrize(
    ("on", "day", "why", "left"),
    [
        (date(2026, 6, 11), date(2026, 6, 12), "评价结束", 1),
        (date(2026, 6, 12), date(2026, 6, 12), "评价结束", 0),
        (date(2026, 6, 13), date(2026, 6, 29), "成绩、公示、上报期限", 10),
        (date(2026, 6, 29), date(2026, 6, 29), "成绩、公示、上报期限", 0),
        (date(2026, 6, 30), date(2026, 6, 29), "成绩、公示、上报期限", -1),
    ],
)
def test_after_the_evaluation_the_deadline_of_the_results_counts(session: Session, vault: Vault, firm: Firm, on: date, day: date, why: str, left: int) -> None:
    batch = make_batch(session, firm, state="settled")
    [passed] = sit(session, vault, firm, batch, "eligible")
    results(session, firm, passed, "passed")

    [one] = ask(session, "approver", on=on)

    assert (one.task, one.due.day, one.due.why, one.due.left, one.due.is_overdue) == ("publish", day, why, left, left < 0)


def test_working_days_of_a_year_without_a_table_are_unknown(session: Session, firm: Firm) -> None:
    batch = make_batch(session, firm)
    batch.starts_on = batch.ends_on = date(2040, 6, 8)
    session.flush()

    [one] = ask(session, "hr")

    assert (one.due.day, one.due.left, one.due.is_overdue) == (date(2040, 6, 8), None, False)


def test_what_is_another_firms_waits_for_nobody_here(session: Session, vault: Vault, firm: Firm) -> None:
    other = make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
    batch = make_batch(session, other, number="2026-X-01", state="enrolling")
    sit(session, vault, other, batch, "applied")

    assert tasks(session, *ROLES) == {}


@pytest.mark.parametrize("roles", [(), ("administrator",), ("supervisor",), ("auditor",), ("member_hr",)])
def test_of_roles_that_do_nothing_no_business_is_asked(session: Session, firm: Firm, roles: tuple[str, ...]) -> None:
    make_batch(session, firm)
    session.flush()
    session.info.update(acting_for(CREDIT_CODE))

    with statements() as asked:
        found = waiting_for(session, roles, personnel_id=None, calendar=CALENDAR, on=BEFORE)

    assert (found, asked) == ([], [])


def test_a_session_of_no_institution_has_no_inbox(session: Session, firm: Firm) -> None:
    make_batch(session, firm)
    session.flush()

    with statements() as asked:
        found = waiting_for(session, list(ROLES), personnel_id=None, calendar=CALENDAR, on=BEFORE)

    assert (found, asked) == ([], [])


def test_the_number_of_statements_does_not_grow_with_the_batches(session: Session, vault: Vault, firm: Firm) -> None:
    for place, state in enumerate(("draft", "enrolling", "marking", "marking", "settled", "cleared", "certified")):
        one, _other = sit(session, vault, firm, make_batch(session, firm, number=f"2026-{place}", state=state), "eligible", "applied")
        results(session, firm, one, *(["passed"] if state == "settled" else []))
    session.info.update(acting_for(CREDIT_CODE))
    session.flush()
    session.expunge_all()

    with statements() as asked:
        found = waiting_for(session, list(ROLES), personnel_id=1, calendar=CALENDAR, on=date(2026, 7, 1))

    assert {one.task for one in found} >= {"advance", "review", "score", "publish", "file"}
    # One for the institution that asks; six for the inbox.
    assert len(asked) <= 7


def test_every_task_is_of_a_role_that_writes() -> None:
    assert all(ROLES[task.role].writes for task in inbox.TASKS.values())
