"""A conflict of interest (回避) confirmed after marks and votes counted: what it touches is told, and nothing goes on with it."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlmodel import Session, select

from skilleval.db.engine import Database
from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Certificate, Conflict, Institution
from skilleval.domain.errors import RuleBroken
from skilleval.reports.fonts import load_fonts
from skilleval.services import (
    allotted_numbers,
    batch_steps,
    certificate_events,
    certificate_prints,
    certificates,
    filings,
    notice_closing,
    notices,
    replay,
)
from skilleval.services.conflicts import decide_conflict
from skilleval.services.journal import Actor
from skilleval.services.number_list import NUMBER_COLUMNS
from skilleval.services.recused_results import counted_recusals, touched_by
from skilleval.services.relations import Declared, declare_relation
from skilleval.services.reopening import correct_notice, remark
from skilleval.services.results import latest_results
from skilleval.services.rules import packs_of_batch
from skilleval.services.tenancy import acting_for
from skilleval.services.verification import verify_all
from skilleval.settings import Settings
from skilleval.sheets.writing import FormSheet, write_form
from tests.closed import CALENDAR, CLOSED, HELD, NOTICED, candidate_named, make_noticed_batch
from tests.factories import ACTOR, LIBRARY, REGISTRATION_NUMBER, make_firm
from tests.prepared import Prepared, prepare

DIRECTOR, EXPERT = Actor("认定主任", "hr"), Actor("复评专家", "hr")
AGAIN, OVER = date(2026, 6, 17), date(2026, 6, 24)


@pytest.fixture(scope="module")
def noticed_prepared(empty_sqlite: Path, vault: Vault, tmp_path_factory: pytest.TempPathFactory) -> Prepared[Batch]:
    """A batch in which K2 marked the skill of 陈大文, while its notice is published."""
    folder = tmp_path_factory.mktemp("noticed")
    return prepare(empty_sqlite, folder, lambda session, folder: make_noticed_batch(session, vault, folder))


@pytest.fixture
def session(noticed_prepared: Prepared[Batch], sqlite_database: Database) -> Iterator[Session]:
    noticed_prepared.copy_to(sqlite_database)
    with sqlite_database.writing() as session:
        yield session


@pytest.fixture
def batch(session: Session, noticed_prepared: Prepared[Batch], tmp_path: Path) -> Batch:
    return noticed_prepared.again(session, tmp_path)


def suspect(session: Session, vault: Vault, batch: Batch, name: str = "陈大文", code: str = "K2") -> str:
    institution = session.get_one(Institution, batch.institution_id)
    declare_relation(session, ACTOR, institution, Declared("mentor", name, "2024年师带徒协议", code), vault=vault, on=HELD)
    return f"{batch.number}:{code}:{candidate_named(session, name).person_id}:mentor"


def decide(session: Session, batch: Batch, named: str, state: str) -> Conflict:
    return decide_conflict(session, DIRECTOR, batch, named, state=state, reason="协议在案", on=NOTICED)


def publish(session: Session, vault: Vault, batch: Batch, folder: Path) -> None:
    notices.publish_notice(
        session, ACTOR, batch, LIBRARY, vault=vault, first_day=AGAIN, working_days=5, calendar=CALENDAR, on=AGAIN
    )


def withdraw(session: Session, batch: Batch) -> None:
    notices.withdraw_notice(session, ACTOR, notices.current_notice(session, batch), reason="重评")


def close(session: Session, vault: Vault, batch: Batch, folder: Path) -> None:
    notice_closing.close_notice(session, ACTOR, notices.current_notice(session, batch), vault=vault, on=CLOSED)


def issue(session: Session, vault: Vault, batch: Batch, folder: Path) -> None:
    certificates.issue_certificates(
        session, ACTOR, batch, LIBRARY, vault=vault, on=CLOSED, missing_glyphs=lambda _text: ()
    )


def bring_number(session: Session, vault: Vault, batch: Batch, folder: Path) -> None:
    number = candidate_named(session, "陈大文").admission_number
    row = {"admission_number": number, "name": "陈大文", "number": f"{REGISTRATION_NUMBER}263000009"}
    file = write_form(folder / "n.xlsx", [FormSheet("编号", NUMBER_COLUMNS, [row], example=False)], "numbers/1", [])
    staged = allotted_numbers.stage_numbers(session, batch, file, vault=vault, on=CLOSED)
    assert staged.new
    allotted_numbers.write_numbers(session, ACTOR, staged, LIBRARY, vault=vault, on=CLOSED, missing_glyphs=lambda _text: ())


def certificate_of(session: Session, name: str) -> Certificate:
    return session.exec(select(Certificate).where(Certificate.candidate_id == candidate_named(session, name).id)).one()


def void(session: Session) -> None:
    certificate_events.void_certificate(session, ACTOR, certificate_of(session, "陈大文"), reason="印错", on=CLOSED)


def replace(session: Session, vault: Vault, batch: Batch, folder: Path) -> None:
    certificates.replace_certificate(
        session, ACTOR, certificate_of(session, "陈大文"), LIBRARY, vault=vault, on=CLOSED, missing_glyphs=lambda _text: ()
    )


def export(session: Session, vault: Vault, batch: Batch, folder: Path) -> None:
    filings.export_filing(
        session, ACTOR, batch, vault=vault, fonts=load_fonts({}), folder=folder, instance_folder=folder, on=OVER
    )


Act = Callable[[Session, Vault, Batch, Path], None]
#: what is done, what is done before it, the way out that the refusal names
ENTRY_POINTS: dict[str, tuple[Act, tuple[Act, ...], str]] = {
    "publish": (publish, (), "marks remark"),
    "close": (close, (), "marks remark"),
    "issue": (issue, (close,), "notices withdraw"),
    "numbers": (bring_number, (close,), "notices withdraw"),
    "replace": (replace, (close, issue), "certificates revoke"),
    "export": (export, (close, issue), "certificates revoke"),
}


@pytest.mark.parametrize("state", ["dismissed", "confirmed"])
@pytest.mark.parametrize("act", ENTRY_POINTS)
def test_nothing_goes_on_while_a_mark_of_a_confirmed_conflict_counts(
    session: Session, vault: Vault, batch: Batch, tmp_path: Path, act: str, state: str
) -> None:
    run, before, way = ENTRY_POINTS[act]
    for step in before:
        step(session, vault, batch, tmp_path)
    named = suspect(session, vault, batch)
    if act == "publish":
        withdraw(session, batch)
    if act == "replace":
        void(session)
    decide(session, batch, named, state)

    if state == "dismissed":
        run(session, vault, batch, tmp_path)
        return
    with pytest.raises(RuleBroken) as refusal:
        run(session, vault, batch, tmp_path)

    [told] = [one for one in refusal.value.reasons if "仍计入结果" in one]
    assert "技能操作考核的评分" in told and "考评员乙（K2）与考生陈大文：师徒关系，已认定" in told and way in told


def test_what_a_confirmation_touches_is_told_and_stands_on_the_checklist(session: Session, vault: Vault, batch: Batch) -> None:
    named = suspect(session, vault, batch)
    before = batch_steps.readiness(session, batch, packs_of_batch(session, batch), LIBRARY, NOTICED)["cleared"]

    row = decide(session, batch, named, "confirmed")

    [(where, counted)] = touched_by(session, row)
    assert (where.number, counted.what) == (batch.number, "技能操作考核的评分")
    leaves = [one.fact for one in batch_steps.readiness(session, batch, packs_of_batch(session, batch), LIBRARY, NOTICED)["cleared"].leaves()]
    assert counted.told in leaves and counted.told not in [one.fact for one in before.leaves()]


def test_who_marked_nothing_of_the_candidate_touches_nothing(session: Session, vault: Vault, batch: Batch) -> None:
    # 郑半分 is of a grade whose skill test K3 did not mark.
    row = decide(session, batch, suspect(session, vault, batch, "郑半分", "K3"), "confirmed")

    assert touched_by(session, row) == [] and counted_recusals(session, batch) == []


def test_a_mark_over_which_somebody_else_decided_counts_no_more(session: Session, vault: Vault, batch: Batch) -> None:
    decide(session, batch, suspect(session, vault, batch, "李有争"), "confirmed")

    assert counted_recusals(session, batch) == []


def test_another_person_marks_anew_and_the_batch_goes_on(
    session: Session, vault: Vault, batch: Batch, tmp_path: Path
) -> None:
    decide(session, batch, suspect(session, vault, batch), "confirmed")
    candidate = candidate_named(session, "陈大文")
    with pytest.raises(RuleBroken, match="没有成立而未答复的异议"):
        remark(session, EXPERT, batch, candidate, method="theory", value=8000, reason="重评")
    with pytest.raises(RuleBroken, match="须由另一人进行"):
        remark(session, Actor("考评员乙", "hr"), batch, candidate, method="skill", value=7000, reason="重评")

    result = remark(session, EXPERT, batch, candidate, method="skill", value=6500, reason="看录像重评")

    assert (result.revision, result.parts) == (2, {"theory": 8000, "skill": 6500})
    assert result.reason == "考评员乙（K2）与考生陈大文：师徒关系，已认定回避，由复评专家重评：看录像重评"
    assert counted_recusals(session, batch) == []
    assert notice_closing.closing_of(session, notices.current_notice(session, batch), vault=vault).reasons(CLOSED) == []
    assert replay.replay_batch(session, batch, candidates=[candidate]).equal and verify_all(session) == []
    with pytest.raises(RuleBroken, match="没有成立而未答复的异议"):
        remark(session, EXPERT, batch, candidate, method="skill", value=6600, reason="再评")


def test_a_closed_notice_is_withdrawn_only_for_that_and_the_list_published_anew(
    session: Session, vault: Vault, batch: Batch, tmp_path: Path
) -> None:
    close(session, vault, batch, tmp_path)
    named = suspect(session, vault, batch)
    with pytest.raises(RuleBroken, match="只能撤回公示中的公示"):
        withdraw(session, batch)
    decide(session, batch, named, "confirmed")

    withdraw(session, batch)
    remark(session, EXPERT, batch, candidate_named(session, "陈大文"), method="skill", value=5000, reason="重评")
    publish(session, vault, batch, tmp_path)

    assert latest_results(session, batch)[candidate_named(session, "陈大文").id or 0].outcome == "failed"
    assert "陈大文" not in [one["name"] for one in notices.current_notice(session, batch).content["entries"]]
    assert verify_all(session) == []


def test_a_corrected_notice_waits_for_the_mark_too(session: Session, vault: Vault, batch: Batch) -> None:
    decide(session, batch, suspect(session, vault, batch), "confirmed")
    decide(session, batch, suspect(session, vault, batch, "李有争"), "confirmed")
    decide(session, batch, suspect(session, vault, batch, "吴更正"), "confirmed")
    remark(session, EXPERT, batch, candidate_named(session, "陈大文"), method="skill", value=5000, reason="重评")

    with pytest.raises(RuleBroken) as refusal:
        correct_notice(
            session, ACTOR, notices.current_notice(session, batch), LIBRARY, reason="回避", vault=vault, first_day=AGAIN,
            working_days=5, calendar=CALENDAR, on=AGAIN,
        )  # fmt: skip

    assert ["吴更正" in one for one in refusal.value.reasons] == [True]


def test_a_certificate_that_must_be_revoked_is_not_printed_and_the_others_are(
    session: Session, vault: Vault, batch: Batch, tmp_path: Path
) -> None:
    def printed(chosen: list[Certificate]) -> bytes:
        return certificate_prints.print_certificates(session, ACTOR, chosen, vault=vault, settings=Settings(tmp_path), fonts=load_fonts({}))

    close(session, vault, batch, tmp_path)
    issue(session, vault, batch, tmp_path)
    everyone = certificates.certificates_of(session, batch)
    touched = certificate_of(session, "陈大文")
    assert len(everyone) > 1 and certificate_prints.printable(session, everyone) == certificate_prints.Printable(everyone, [])
    decide(session, batch, suspect(session, vault, batch), "confirmed")

    found = certificate_prints.printable(session, everyone)

    [told] = found.withheld
    assert told.startswith(f"证书 {touched.number} 不能打印：") and "certificates revoke" in told and "技能操作考核的评分" in told
    assert found.chosen == [one for one in everyone if one != touched]
    assert printed(list(found.chosen)).startswith(b"%PDF-")
    for chosen in ([touched], everyone):
        with pytest.raises(RuleBroken) as refusal:
            printed(chosen)
        assert refusal.value.reasons == (told,)
    with pytest.raises(RuleBroken, match="还不能补发证书"):
        certificate_events.reissue_certificate(session, ACTOR, touched, reason="遗失", on=CLOSED)
    # once it is revoked it is printed with its mark, as every one that ended
    certificate_events.revoke_certificate(session, DIRECTOR, touched, reason="回避", on=CLOSED)
    assert certificate_prints.printable(session, everyone).withheld == []
    assert printed([touched]).startswith(b"%PDF-")


def test_a_member_firm_is_not_told_whose_conflict_keeps_a_certificate_from_being_printed(
    session: Session, vault: Vault, batch: Batch, tmp_path: Path
) -> None:
    close(session, vault, batch, tmp_path)
    issue(session, vault, batch, tmp_path)
    decide(session, batch, suspect(session, vault, batch), "confirmed")
    touched = certificate_of(session, "陈大文")
    make_firm(session, "91440999MA00000239", "Y000044000991", name="配套企业甲")
    session.flush()
    session.info.update(acting_for("91440999MA00000239"))

    with pytest.raises(RuleBroken) as refusal:
        certificate_prints.printable(session, [touched])

    assert refusal.value.reasons == (f"证书 {touched.number} 不能打印：请向发证机构查询",)


def test_a_revoked_certificate_lets_the_rest_be_filed(session: Session, vault: Vault, batch: Batch, tmp_path: Path) -> None:
    close(session, vault, batch, tmp_path)
    issue(session, vault, batch, tmp_path)
    decide(session, batch, suspect(session, vault, batch), "confirmed")

    certificate_events.revoke_certificate(session, DIRECTOR, certificate_of(session, "陈大文"), reason="回避", on=CLOSED)

    export(session, vault, batch, tmp_path)
    assert batch.state == "filed"
