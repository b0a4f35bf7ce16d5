from datetime import date
from pathlib import Path

import pytest
from sqlmodel import Session, select

from skilleval import packs
from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Candidate, Certificate, Credential, Person
from skilleval.domain.eligibility import judge
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer
from skilleval.services import batch_steps, candidate_sheets, candidates, people
from skilleval.services.verification import verify_all
from skilleval.sheets.columns import Report
from skilleval.sheets.writing import FormSheet, write_form
from tests.conftest import Kept, on_sqlite
from tests.factories import (
    ACTOR,
    LIBRARY,
    Firm,
    entry_conditions,
    id_number,
    make_batch,
    make_candidate,
    make_firm,
    make_person,
)

ON = date(2026, 5, 18)


@pytest.fixture
def firm(kept: Kept) -> Firm:
    return kept(make_firm)


@pytest.fixture
def batch(session: Session, firm: Firm) -> Batch:
    return make_batch(session, firm, state="enrolling")


def hold(session: Session, person: Person, grade: str, on: date | None, code: str | None = "6-31-01-03") -> None:
    assert person.id is not None
    session.add(
        Credential(institution_id=person.institution_id, person_id=person.id, kind="certificate", level=grade,
                   occupation_code=code, obtained_on=on)
    )  # fmt: skip
    session.flush()


def apply(session: Session, vault: Vault, batch: Batch, path: Path, *rows: dict[str, object]) -> Report:
    file = write_form(path, [FormSheet("报名表", candidate_sheets.COLUMNS, rows, example=False)], candidate_sheets.TEMPLATE_ID, [])
    staged = candidate_sheets.stage_candidates(session, batch, file, vault=vault, library=LIBRARY, on=ON)
    candidate_sheets.write_candidates(session, ACTOR, staged, LIBRARY, vault=vault, on=ON)
    assert staged.report.adds_up
    return staged.report


def row(name: str = "陈大文", serial: int = 1, grade: str = "senior", **fields: object) -> dict[str, object]:
    return {"name": name, "id_number": id_number(serial), "grade": grade, **fields}


def only(session: Session) -> Candidate:
    return session.exec(select(Candidate)).one()


@pytest.mark.parametrize(
    ("held", "verdict"),
    [
        ([("intermediate", date(2021, 6, 8))], "met"),  # five years on the first day of the batch
        ([("intermediate", date(2021, 6, 9))], "not_met"),
        ([("none", None)], "not_met"),
        ([], "unknown"),
        ([("intermediate", None)], "unknown"),
        ([("intermediate", date(2015, 1, 1)), ("senior", date(2020, 1, 1))], "not_met"),  # held already
        ([("intermediate", date(2015, 1, 1)), ("technician", date(2020, 1, 1))], "not_met"),
    ],
)
def test_an_application_is_judged_on_the_first_day_of_the_batch(
    session: Session, vault: Vault, firm: Firm, batch: Batch, tmp_path: Path, held: list[tuple[str, date | None]], verdict: str
) -> None:
    person = make_person(session, vault, firm, education="高中")
    for grade, day in held:
        hold(session, person, grade, day, "6-31-01-03")

    apply(session, vault, batch, tmp_path / "c.xlsx", row())

    candidate = only(session)
    assert candidate.verdict == verdict
    assert candidate.proof is not None and candidate.proof["children"]


@pytest.mark.parametrize(("held", "verdict"), [([], "unknown"), (["none"], "met"), (["junior"], "met")])
def test_who_told_of_no_certificate_is_not_said_to_have_none(
    session: Session, vault: Vault, firm: Firm, batch: Batch, tmp_path: Path, held: list[str], verdict: str
) -> None:
    person = make_person(session, vault, firm)  # whose years of work open the grade without any certificate
    for grade in held:
        hold(session, person, grade, date(2015, 1, 1))

    apply(session, vault, batch, tmp_path / "c.xlsx", row(grade="intermediate"))

    assert only(session).verdict == verdict


@pytest.mark.parametrize(
    ("window", "held_on", "verdict"),
    [
        ("rolling_12_months", date(2025, 6, 8), "met"),
        ("rolling_12_months", date(2025, 6, 9), "not_met"),
        ("calendar_year", date(2025, 12, 31), "met"),
        ("calendar_year", date(2026, 1, 1), "not_met"),
        ("none", date(2026, 6, 1), "met"),
    ],
)
def test_one_certificate_a_year_by_the_setting(
    session: Session, vault: Vault, firm: Firm, batch: Batch, tmp_path: Path, window: str, held_on: date, verdict: str
) -> None:
    (tmp_path / "rulepacks").mkdir()
    pack = (
        'schema = "rule-pack/2"\nname = "x"\nlayer = "firm"\n[[parameter]]\nid = "certificate.window"\n'
        f'value = "{window}"\nclause = "x"\nsource = "x"\nconfidence = "high"\nstatus = "in_force"\n'
        'from = 2020-01-01\noverrides = "guangdong"\noverrides_because = "x"\n'
    )
    (tmp_path / "rulepacks" / "own.toml").write_text(pack, encoding="utf-8")
    person = make_person(session, vault, firm, education="高中")
    hold(session, person, "intermediate", date(2015, 1, 1))
    hold(session, person, "junior", held_on, "6-18-01-01")
    apply(session, vault, batch, tmp_path / "c.xlsx", row())

    candidates.check_eligibility(session, ACTOR, batch, packs.library(tmp_path), on=ON)

    assert only(session).verdict == verdict


def test_the_same_workbook_again_changes_nothing(
    session: Session, vault: Vault, firm: Firm, batch: Batch, tmp_path: Path
) -> None:
    make_person(session, vault, firm)

    first = apply(session, vault, batch, tmp_path / "c.xlsx", row())
    again = apply(session, vault, batch, tmp_path / "c.xlsx", row())
    changed = apply(session, vault, batch, tmp_path / "d.xlsx", row(grade="intermediate"))

    assert (first.new, again.unchanged, changed.changed) == (1, 1, 1)
    assert only(session).grade == "intermediate"
    assert verify_all(session) == []


@on_sqlite
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"id_number": id_number(99)}, "person_unknown"),
        ({"name": "别人"}, "name_differs"),
        ({"grade": "technician"}, "grade_outside"),
        ({"claimed": "2018/junior/1"}, "condition_unknown"),
    ],
)
def test_a_wrong_application_is_told_in_its_cell(
    session: Session, vault: Vault, firm: Firm, batch: Batch, tmp_path: Path, fields: dict[str, object], code: str
) -> None:
    make_person(session, vault, firm)

    report = apply(session, vault, batch, tmp_path / "c.xlsx", {**row(), **fields})

    assert [error.code for error in report.errors] == [code]
    assert session.exec(select(Candidate)).all() == []


def test_a_row_tells_all_its_errors_at_once(session: Session, vault: Vault, batch: Batch, tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    file.write_text(f"姓名,证件号码,申报等级\n,{id_number(9)},九级\n", encoding="utf-8")

    report = candidate_sheets.stage_candidates(session, batch, file, vault=vault, library=LIBRARY, on=ON).report

    assert [error.code for error in report.errors] == ["required", "person_unknown", "grade"]
    assert report.adds_up


def test_one_person_applies_for_one_grade_in_a_batch(
    session: Session, vault: Vault, firm: Firm, batch: Batch, tmp_path: Path
) -> None:
    make_person(session, vault, firm)

    report = apply(session, vault, batch, tmp_path / "c.xlsx", row(), row(grade="intermediate"))

    assert [(error.row, error.code) for error in report.errors] == [(3, "person_twice")]
    assert "第2行" in report.errors[0].message


def test_a_condition_claimed_but_not_met_is_no_way_in(
    session: Session, vault: Vault, firm: Firm, batch: Batch, tmp_path: Path
) -> None:
    person = make_person(session, vault, firm, education="高中")
    hold(session, person, "intermediate", date(2015, 1, 1))

    apply(session, vault, batch, tmp_path / "c.xlsx", row(claimed="2018/senior/4"))
    assert only(session).verdict == "not_met"
    apply(session, vault, batch, tmp_path / "d.xlsx", row(claimed="2018/senior/1"))
    assert only(session).verdict == "met"


def test_only_those_whose_conditions_are_met_are_accepted(
    session: Session, vault: Vault, firm: Firm, batch: Batch, tmp_path: Path
) -> None:
    good, vague = make_person(session, vault, firm), make_person(session, vault, firm, "李四", 2)
    hold(session, good, "intermediate", date(2015, 1, 1))
    apply(session, vault, batch, tmp_path / "c.xlsx", row(), row("李四", 2))
    everybody = session.exec(select(Candidate)).all()

    with pytest.raises(RuleBroken) as refusal:
        candidates.accept_candidates(session, ACTOR, batch, everybody, LIBRARY)
    assert refusal.value.reasons[0].startswith("李四：无法判断")

    hold(session, vague, "intermediate", date(2015, 1, 1))
    candidates.check_eligibility(session, ACTOR, batch, LIBRARY, on=ON)
    candidates.accept_candidates(session, ACTOR, batch, everybody, LIBRARY)
    assert {one.state for one in everybody} == {"eligible"}


def test_a_refusal_needs_a_reason(session: Session, vault: Vault, firm: Firm, batch: Batch) -> None:
    candidate = make_candidate(session, batch, make_person(session, vault, firm), state="applied")

    with pytest.raises(RuleBroken, match="须写明理由"):
        candidates.refuse_candidates(session, ACTOR, batch, [candidate], reason=" ")


def test_after_enrolment_nobody_is_added_or_changed(
    session: Session, vault: Vault, firm: Firm, tmp_path: Path
) -> None:
    closed = make_batch(session, firm, state="marking")
    make_person(session, vault, firm)

    with pytest.raises(RuleBroken, match="只有“报名”阶段"):
        apply(session, vault, closed, tmp_path / "c.xlsx", row())


def test_admission_numbers_are_given_by_grade_when_the_batch_is_scheduled(
    session: Session, vault: Vault, firm: Firm
) -> None:
    batch = make_batch(session, firm, state="reviewed")
    for serial, grade in ((1, "senior"), (2, "intermediate"), (3, "senior")):
        person = make_person(session, vault, firm, f"员工{serial}", serial)
        make_candidate(session, batch, person, grade, admission_number=None)

    batch_steps.advance_batch(session, ACTOR, batch, "scheduled", library=LIBRARY, on=ON)

    given = {(one.grade, one.person_id): one.admission_number for one in session.exec(select(Candidate))}
    assert sorted(given.values()) == [f"2026-DG-01-{serial:04d}" for serial in (1, 2, 3)]  # type: ignore[type-var]
    assert given["intermediate", 2] == "2026-DG-01-0001"


def test_who_withdraws_is_out_and_cannot_be_accepted_any_more(
    session: Session, vault: Vault, firm: Firm, batch: Batch
) -> None:
    candidate = make_candidate(session, batch, make_person(session, vault, firm), state="applied")

    candidates.withdraw_candidates(session, ACTOR, batch, [candidate], reason="本人放弃")

    assert (candidate.state, candidate.decision_reason) == ("withdrawn", "本人放弃")
    with pytest.raises(RuleBroken):
        candidates.withdraw_candidates(session, ACTOR, batch, [candidate], reason="再次")
    with pytest.raises(RuleBroken, match="须写明理由"):
        candidates.withdraw_candidates(session, ACTOR, batch, [candidate], reason="")


def test_a_certificate_issued_here_opens_the_next_grade_though_the_roster_is_silent(
    session: Session, vault: Vault, firm: Firm, tmp_path: Path
) -> None:
    person = make_person(session, vault, firm)
    earlier = make_batch(session, firm, "B0", state="certified")
    candidate = make_candidate(session, earlier, person, "intermediate", state="eligible")
    certificate = Certificate(
        institution_id=earlier.institution_id, candidate_id=candidate.id or 0, number="Y000044000123204000001",
        name=person.name, id_type=person.id_type, id_sealed=person.id_sealed, occupation_code="6-31-01-03",
        occupation_name="电工", grade="intermediate", issuer="x", issued_on=date(2020, 1, 1),
    )  # fmt: skip
    session.add(certificate)
    session.flush()

    known = people.backgrounds(session, [person], date(2026, 6, 8))[person.id or 0]
    before = people.backgrounds(session, [person], date(2019, 12, 31))[person.id or 0]

    assert known.certificates is None and before.issued == ()
    conditions = entry_conditions("2018")
    assert judge(known, "6-31-01-03", Grade.SENIOR, conditions, date(2026, 6, 8)).met_by == ("2018/senior/1",)
    assert judge(before, "6-31-01-03", Grade.SENIOR, conditions, date(2026, 6, 8)).answer is Answer.UNKNOWN
