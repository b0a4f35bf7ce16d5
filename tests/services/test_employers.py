"""People of several firms in one batch of a chain evaluator: found, refused with the reason, and followed to the filing."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlmodel import Session, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Candidate, Certificate
from skilleval.domain.errors import RuleBroken
from skilleval.reports.fonts import load_fonts
from skilleval.reports.package import verify_package
from skilleval.services import certificates, chains, notices
from skilleval.services.filing_content import candidate_lines
from skilleval.services.filing_record import read_batch
from skilleval.services.filings import export_filing
from skilleval.services.replay import replay_batch
from skilleval.services.verification import verify_all
from tests.certified import ISSUED_ON, candidates_of, publish, settle
from tests.chained import MEMBERS, Scene, add_member, enrol, make_scene, row
from tests.conftest import Kept, on_sqlite
from tests.factories import ACTOR, LIBRARY, id_number, make_firm, make_person


@pytest.fixture
def scene(kept: Kept) -> Scene:
    return kept(make_scene)


def told(session: Session, vault: Vault, scene: Scene, path: Path, *rows: dict[str, object]) -> list[tuple[str, str]]:
    report = enrol(session, vault, scene.batch, path, *rows, write=False)
    assert report.adds_up
    return [(error.code, error.message) for error in report.errors]


def test_people_of_several_firms_sit_in_one_batch(session: Session, vault: Vault, scene: Scene, tmp_path: Path) -> None:
    second, _mandate = add_member(session, scene.chain, scene.lead, MEMBERS[1], "配套企业乙")
    own = make_person(session, vault, scene.lead, "本厂人", 1)
    people = [make_person(session, vault, firm, name, serial)
              for firm, name, serial in ((scene.member, "甲厂人", 3), (second, "乙厂人", 5))]  # fmt: skip

    report = enrol(
        session, vault, scene.batch, tmp_path / "c.xlsx", row("本厂人", 1),
        {**row("甲厂人", 3, MEMBERS[0]), "employer": "配套企业甲"}, row("乙厂人", 5, MEMBERS[1]),
    )  # fmt: skip

    assert report.errors == [] and report.new == 3
    found = {one.person_id: one.employer_id for one in session.exec(select(Candidate))}
    assert found == {person.id: person.institution_id for person in (own, *people)}
    assert {one.verdict for one in session.exec(select(Candidate))} <= {"met", "unknown"}
    assert verify_all(session) == []


@on_sqlite
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda scene, session: leave(session, scene, date(2026, 6, 7)), "2026-06-07退出"),
        (lambda scene, session: leave(session, scene, date(2026, 6, 11)), "2026-06-11退出"),
        (lambda scene, session: leave(session, scene, date(2026, 6, 12)), None),
        (lambda scene, session: revoke(session, scene, date(2026, 6, 8)), "2026-06-08已撤销"),
        (lambda scene, session: revoke(session, scene, date(2026, 6, 12)), "2026-06-12已撤销"),
        (lambda scene, session: revoke(session, scene, date(2026, 6, 13)), None),
        (lambda scene, session: setattr(scene.mandate, "grades", ["junior"]), "不包括三级/高级工"),
        (lambda scene, session: setattr(scene.mandate, "occupations", ["6-18-02-04"]), "不包括职业 6-31-01-03"),
        (lambda scene, session: setattr(scene.mandate, "valid_to", date(2026, 6, 11)), "2026-06-11已到期"),
        (lambda scene, session: setattr(scene.lead.institution, "kind", "employer"), "不是技能生态链评价机构"),
    ],
)
def test_a_firm_that_is_not_served_on_the_days_of_the_batch_is_an_error_of_the_row_that_names_the_reason(
    session: Session, vault: Vault, scene: Scene, tmp_path: Path,
    change: Callable[[Scene, Session], object], words: str | None,
) -> None:  # fmt: skip
    make_person(session, vault, scene.member)
    change(scene, session)
    session.flush()

    errors = told(session, vault, scene, tmp_path / "c.xlsx", row(employer=MEMBERS[0]))

    if words is None:
        assert errors == []
    else:
        assert [code for code, _message in errors] == ["employer_not_served"] and words in errors[0][1]


def leave(session: Session, scene: Scene, day: date) -> None:
    chains.end_membership(session, ACTOR, scene.chain, credit_code=MEMBERS[0], left_on=day, reason="退出")


def revoke(session: Session, scene: Scene, day: date) -> None:
    chains.revoke_mandate(session, ACTOR, scene.mandate, reason="终止合作", on=day)


def test_a_firm_that_nobody_serves_is_refused_in_the_words_for_one_that_is_not_there(
    session: Session, vault: Vault, scene: Scene, tmp_path: Path
) -> None:
    stranger = make_firm(session, MEMBERS[1], "Y000044000992", name="无关企业")
    make_person(session, vault, stranger)

    there = told(session, vault, scene, tmp_path / "a.xlsx", row(employer=MEMBERS[1]))
    nowhere = told(session, vault, scene, tmp_path / "b.xlsx", row(employer=MEMBERS[2]))

    assert there == nowhere and there[0][0] == "employer_not_served"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"employer": None}, "person_unknown"),  # blank is the institution itself, where nobody of this number works
        ({"employer_name": "配套企业甲", "employer": None}, "required"),
        ({"employer_name": "别的名称"}, "employer_differs"),
        ({"name": "张三"}, "name_differs"),
        ({"serial": 9}, "person_unknown"),
    ],
)
def test_a_person_is_looked_for_in_the_roster_of_the_firm_that_the_row_names(
    session: Session, vault: Vault, scene: Scene, tmp_path: Path, values: dict[str, object], code: str
) -> None:
    make_person(session, vault, scene.member)
    given = {"name": "陈大文", "serial": 1, "employer": MEMBERS[0], **values}
    written = {
        "name": given["name"], "id_number": id_number(int(str(given["serial"]))), "grade": "senior",
        "employer_code": given["employer"], "employer": given.get("employer_name"),
    }  # fmt: skip

    assert [found for found, _message in told(session, vault, scene, tmp_path / "c.xlsx", written)] == [code]


def test_somebody_in_the_rosters_of_two_firms_sits_once(
    session: Session, vault: Vault, scene: Scene, tmp_path: Path
) -> None:
    make_person(session, vault, scene.member)
    make_person(session, vault, scene.lead)

    together = told(session, vault, scene, tmp_path / "a.xlsx", row(), row(employer=MEMBERS[0]))
    enrol(session, vault, scene.batch, tmp_path / "b.xlsx", row())
    later = told(session, vault, scene, tmp_path / "c.xlsx", row(employer=MEMBERS[0]))

    assert [code for code, _message in together] == [code for code, _message in later] == ["person_twice"]


def certifiable(session: Session, vault: Vault, scene: Scene, path: Path) -> None:
    """Two who passed, one of the member's; both numbers start alike in both rosters, so a wrong key would show."""
    make_person(session, vault, scene.lead, "本厂人", 1)
    make_person(session, vault, scene.member, "甲厂人", 3)
    enrol(session, vault, scene.batch, path, row("本厂人", 1), row("甲厂人", 3, MEMBERS[0]))
    for place, one in enumerate(candidates_of(session, scene.batch), start=1):
        one.state, one.verdict, one.admission_number = "eligible", "met", f"{scene.batch.number}-{place:04d}"
        settle(session, one, 8000)
    scene.batch.state = "settled"
    publish(session, scene.batch, vault)


def issue(session: Session, vault: Vault, scene: Scene) -> list[Certificate]:
    return certificates.issue_certificates(
        session, ACTOR, scene.batch, LIBRARY, vault=vault, on=ISSUED_ON, missing_glyphs=lambda _text: []
    )


def test_a_members_employee_is_published_certified_and_filed_under_the_members_name(
    session: Session, vault: Vault, scene: Scene, tmp_path: Path
) -> None:
    certifiable(session, vault, scene, tmp_path / "c.xlsx")
    lead, member = scene.lead.institution, scene.member.institution

    issued = issue(session, vault, scene)
    exported = export_filing(
        session, ACTOR, scene.batch, vault=vault, fonts=load_fonts({}), folder=tmp_path / "out", instance_folder=tmp_path,
        on=date(2026, 6, 24),
    )  # fmt: skip

    published = notices.current_notice(session, scene.batch).content["entries"]
    assert [one["employer"] for one in published] == [lead.name, member.name]
    assert {one.issuer for one in issued} == {lead.name} and {one.institution_id for one in issued} == {lead.id}
    assert [vault.open(one.institution_id, one.id_sealed) for one in issued] == [id_number(1), id_number(3)]
    lines = candidate_lines(read_batch(session, scene.batch), vault)
    assert [(line.employer, line.employer_credit_code, line.id_number) for line in lines] == [
        (lead.name, lead.credit_code, id_number(1)), (member.name, member.credit_code, id_number(3)),
    ]  # fmt: skip
    assert verify_package(exported.written.path).ok
    steps = {step.name: step.state for case in replay_batch(session, scene.batch).cases for step in case.steps}
    assert steps["number"] == "equal"


@pytest.mark.parametrize(
    ("day", "refused"),
    [(date(2026, 6, 11), True), (date(2026, 6, 12), False), (date(2026, 6, 20), False)],
)
def test_a_firm_that_leaves_after_the_batch_takes_no_certificate_back(
    session: Session, vault: Vault, scene: Scene, tmp_path: Path, day: date, refused: bool
) -> None:
    certifiable(session, vault, scene, tmp_path / "c.xlsx")
    leave(session, scene, day)

    if refused:
        with pytest.raises(RuleBroken) as refusal:
            issue(session, vault, scene)
        assert "不能开展认定" in refusal.value.message and session.exec(select(Certificate)).first() is None
    else:
        assert len(issue(session, vault, scene)) == 2


def test_a_mandate_revoked_with_effect_on_a_day_of_the_batch_stops_every_later_step(
    session: Session, vault: Vault, scene: Scene, tmp_path: Path
) -> None:
    certifiable(session, vault, scene, tmp_path / "c.xlsx")
    revoke(session, scene, date(2026, 6, 12))

    with pytest.raises(RuleBroken, match="不能开展认定"):
        issue(session, vault, scene)
