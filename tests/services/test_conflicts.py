from datetime import date
from pathlib import Path

import pytest
from sqlmodel import Session, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Assignment, Batch, Candidate, Conflict, Mark, Person, Personnel, Relation, Result
from skilleval.domain.errors import RuleBroken
from skilleval.services import batch_steps, batches, conflicts, mark_sheets, marks
from skilleval.services.conflicts import conflict_id, conflicts_of_batch, decide_conflict
from skilleval.services.journal import Actor
from skilleval.services.relations import Declared, declare_relation
from skilleval.services.results import settle_results
from skilleval.services.rules import packs_of_batch
from skilleval.services.staffing import restaff_batch
from skilleval.services.verification import verify_all
from tests.conftest import Kept, on_sqlite
from tests.factories import ACTOR, LIBRARY, Firm, id_number, make_batch, make_candidate, make_firm, make_person

ON = date(2026, 6, 8)
OTHER = Actor("认定主任", "hr")
OTHER_CREDIT = "91440999MA00000232"


Made = tuple[Firm, Batch]


def make_scheduled(session: Session, vault: Vault) -> Made:
    firm = make_firm(session)
    batch = make_batch(session, firm, state="scheduled")
    make_candidate(session, batch, make_person(session, vault, firm, "陈大文", 1, department="装配一班"))
    make_candidate(session, batch, make_person(session, vault, firm, "李小红", 2, department="装配二班"))
    return firm, batch


@pytest.fixture
def made(kept: Kept, vault: Vault) -> Made:
    return kept(make_scheduled, vault)


@pytest.fixture
def firm(made: Made) -> Firm:
    return made[0]


@pytest.fixture
def batch(made: Made) -> Batch:
    return made[1]


def kinds(session: Session, batch: Batch) -> set[tuple[str, str, str, str]]:
    return {(one.examiner.code, one.subject.name, one.kind, one.state) for one in conflicts_of_batch(session, batch)}


def named(session: Session, batch: Batch, kind: str) -> str:
    return next(conflict_id(batch, one) for one in conflicts_of_batch(session, batch) if one.kind == kind)


def declare(session: Session, vault: Vault, firm: Firm, **fields: object) -> Relation:
    told = Declared(**{"kind": "mentor", "other": "陈大文", "source": "2024年师带徒协议", "code": "K1", **fields})  # type: ignore[arg-type]
    return declare_relation(session, ACTOR, firm.institution, told, vault=vault, on=ON)


def to_marking(session: Session, batch: Batch) -> Batch:
    return batch_steps.advance_batch(session, ACTOR, batch, "marking", library=LIBRARY, on=ON)


def refused(session: Session, batch: Batch) -> tuple[str, ...]:
    with pytest.raises(RuleBroken) as refusal:
        to_marking(session, batch)
    return refusal.value.reasons


def test_an_assessor_who_is_a_candidate_is_found(session: Session, vault: Vault, firm: Firm, batch: Batch) -> None:
    firm.assessors[1].id_index = vault.index(firm.id, id_number(2))

    assert kinds(session, batch) == {("K2", "李小红", "self", "suspected")}


def test_the_same_team_is_found_by_the_roster_record(session: Session, vault: Vault, firm: Firm, batch: Batch) -> None:
    make_person(session, vault, firm, "考评员甲", 9, department="装配一班")

    assert kinds(session, batch) == {("K1", "陈大文", "team", "suspected")}

    firm.assessors[0].id_index = vault.index(firm.id, id_number(9))
    assert kinds(session, batch) == {("K1", "陈大文", "team", "suspected")}
    firm.assessors[0].id_index = vault.index(firm.id, id_number(8))  # another one of that name
    assert kinds(session, batch) == set()


@pytest.mark.parametrize("kind", ["supervisor", "mentor", "trainer", "kin", "declared"])
def test_a_declared_relation_is_found(session: Session, vault: Vault, firm: Firm, batch: Batch, kind: str) -> None:
    declare(session, vault, firm, kind=kind)

    assert kinds(session, batch) == {("K1", "陈大文", kind, "suspected")}


def test_a_relation_of_two_people_is_found_for_the_one_who_assesses(session: Session, vault: Vault, firm: Firm, batch: Batch) -> None:
    make_person(session, vault, firm, "考评员甲", 9)
    declare(session, vault, firm, code=None, person="陈大文", other="考评员甲")

    assert kinds(session, batch) == {("K1", "陈大文", "mentor", "suspected")}


def test_who_examined_the_person_before_is_reminded_of_and_goes_on(session: Session, firm: Firm, batch: Batch) -> None:
    earlier = make_batch(session, firm, "2025-DG-01", "archived")
    earlier.starts_on, earlier.ends_on = date(2025, 6, 9), date(2025, 6, 12)
    person = conflicts.scene_of(session, batch).candidates[0].person_id
    before = make_candidate(session, earlier, session.get_one(Person, person), "intermediate")
    session.add(Mark(institution_id=firm.id, candidate_id=before.id or 0, part_id=firm.part("intermediate", "skill").id or 0,
                     personnel_id=firm.assessors[2].id or 0, revision=1, value=8000, absent=False))  # fmt: skip
    session.flush()

    assert kinds(session, batch) == {("K3", "陈大文", "past_panel", "suspected")}
    assert kinds(session, earlier) == set()
    leaf = batch_steps.readiness(session, batch, packs_of_batch(session, batch), LIBRARY, ON)["marking"]
    assert any("提醒 1 项" in one.fact for one in leaf.leaves())
    assert to_marking(session, batch).state == "marking"


def test_a_batch_goes_to_marking_only_when_each_conflict_is_dismissed(
    session: Session, vault: Vault, firm: Firm, batch: Batch
) -> None:
    declare(session, vault, firm)
    declare(session, vault, firm, kind="kin", code="D1", other="李小红", source="本人声明")

    assert refused(session, batch) == (
        "督导员丁（D1）与考生李小红：近亲属，待认定（本人声明）",
        "考评员甲（K1）与考生陈大文：师徒关系，待认定（2024年师带徒协议）",
    )
    proof = batch_steps.readiness(session, batch, packs_of_batch(session, batch), LIBRARY, ON)["marking"]
    assert {"conflict.kin", "conflict.mentor"} <= {leaf.clause.id for leaf in proof.leaves()}

    decide_conflict(session, ACTOR, batch, named(session, batch, "kin"), state="dismissed", reason="经核实为同姓", on=ON)
    decide_conflict(session, ACTOR, batch, named(session, batch, "mentor"), state="confirmed", reason="协议在案", on=ON)
    assert refused(session, batch) == (
        "考评员甲（K1）与考生陈大文：师徒关系，已认定（2024年师带徒协议；测试经办：协议在案）",
    )
    decide_conflict(session, ACTOR, batch, named(session, batch, "mentor"), state="dismissed", reason="协议已于2020年终止", on=ON)

    assert to_marking(session, batch).state == "marking"
    assert verify_all(session) == []


def test_a_dismissal_lapses_when_the_facts_change(session: Session, vault: Vault, firm: Firm, batch: Batch) -> None:
    declare(session, vault, firm)
    decide_conflict(session, ACTOR, batch, named(session, batch, "mentor"), state="dismissed", reason="不实", on=ON)
    assert kinds(session, batch) == {("K1", "陈大文", "mentor", "dismissed")}

    declare(session, vault, firm, source="2026年师带徒协议")

    assert kinds(session, batch) == {("K1", "陈大文", "mentor", "suspected")}
    assert "2024年师带徒协议；2026年师带徒协议" in refused(session, batch)[0]
    row = decide_conflict(session, ACTOR, batch, named(session, batch, "mentor"), state="dismissed", reason="仍不实", on=ON)
    assert (row.state, row.reason, row.decided_by) == ("dismissed", "仍不实", ACTOR.name)
    assert len(session.exec(select(Conflict)).all()) == 1


def test_an_assessor_of_other_parts_has_no_conflict_there(session: Session, vault: Vault, firm: Firm, batch: Batch) -> None:
    stranger = Personnel(institution_id=firm.id, code="K9", name="考评员己", kind="assessor")
    session.add(stranger)
    session.flush()
    session.add(Assignment(institution_id=firm.id, batch_id=batch.id or 0, personnel_id=stranger.id or 0, role="assessor",
                           method="skill", grade="junior"))  # fmt: skip
    session.flush()
    declare(session, vault, firm, code="K9")

    assert kinds(session, batch) == set()


def test_staff_with_a_conflict_is_not_taken_on(session: Session, vault: Vault, firm: Firm, batch: Batch) -> None:
    restaff_batch(session, ACTOR, batch, {"assessors": []}, reason="先撤下")
    declare(session, vault, firm)

    with pytest.raises(RuleBroken) as refusal:
        restaff_batch(session, ACTOR, batch, {"assessors": [{"code": "K1", "methods": ["skill"]}]}, reason="补")

    assert refusal.value.reasons == ("考评员甲（K1）与考生陈大文：师徒关系，待认定（2024年师带徒协议）",)


@pytest.mark.parametrize(
    ("state", "reason", "by", "words"),
    [
        ("dismissed", " ", "测试经办", "须写明理由"),
        ("dismissed", "不实", "考评员甲", "不能处理本人的回避情形"),
        ("confirmed", "属实", "K1", "不能处理本人的回避情形"),
    ],
)
def test_a_decision_needs_a_reason_and_another_person(
    session: Session, vault: Vault, firm: Firm, batch: Batch, state: str, reason: str, by: str, words: str
) -> None:
    declare(session, vault, firm)

    with pytest.raises(RuleBroken, match=words):
        decide_conflict(session, Actor(by, "hr"), batch, named(session, batch, "mentor"), state=state, reason=reason, on=ON)


def test_what_is_not_there_or_decided_already_is_not_decided(session: Session, vault: Vault, firm: Firm, batch: Batch) -> None:
    declare(session, vault, firm)
    found = named(session, batch, "mentor")
    decide_conflict(session, ACTOR, batch, found, state="confirmed", reason="属实", on=ON)

    with pytest.raises(RuleBroken, match="已是“已认定”"):
        decide_conflict(session, ACTOR, batch, found, state="confirmed", reason="属实", on=ON)
    for wrong in (found.replace("mentor", "kin"), found.replace("K1", "K9"), "x"):
        with pytest.raises(RuleBroken, match="没有编号为"):
            decide_conflict(session, ACTOR, batch, wrong, state="confirmed", reason="属实", on=ON)


def test_that_somebody_is_oneself_is_never_dismissed(session: Session, vault: Vault, firm: Firm, batch: Batch) -> None:
    firm.assessors[1].id_index = vault.index(firm.id, id_number(2))

    with pytest.raises(RuleBroken, match="证件号码相同，不能排除"):
        decide_conflict(session, ACTOR, batch, named(session, batch, "self"), state="dismissed", reason="无妨", on=ON)


@on_sqlite
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "friend"}, "关系“friend”应为"),
        ({"source": " "}, "须写明依据"),
        ({"code": None}, "须写明其一"),
        ({"person": "李小红"}, "只写其一"),
        ({"code": "K8"}, "没有编号为 K8"),
        ({"other": "无名氏"}, "没有这个人"),
        ({"code": None, "person": "陈大文"}, "同一个人"),
        ({"valid_from": date(2026, 6, 9)}, "还没有到"),
        ({"valid_from": date(2026, 6, 8), "valid_to": date(2026, 6, 7)}, "早于起始日期"),
    ],
)
def test_a_declaration_that_says_nothing_sound_is_refused(
    session: Session, vault: Vault, firm: Firm, batch: Batch, fields: dict[str, object], words: str
) -> None:
    with pytest.raises(RuleBroken) as refusal:
        declare(session, vault, firm, **fields)

    assert words in " ".join([refusal.value.message, *refusal.value.reasons])
    assert session.exec(select(Relation)).all() == []


def test_a_relation_is_declared_once(session: Session, vault: Vault, firm: Firm, batch: Batch) -> None:
    declare(session, vault, firm)

    with pytest.raises(RuleBroken, match="已经声明过"):
        declare(session, vault, firm)


def test_a_firm_that_is_no_member_has_no_people_here(session: Session, vault: Vault, firm: Firm, batch: Batch) -> None:
    other = make_firm(session, OTHER_CREDIT, "Y000044000124")
    make_person(session, vault, other, "外人", 5)

    with pytest.raises(RuleBroken, match="不是链员"):
        declare(session, vault, firm, other="外人", employer=other.institution)


def test_a_candidate_of_a_member_firm_has_conflicts_too(session: Session, vault: Vault, firm: Firm, batch: Batch) -> None:
    member = make_firm(session, OTHER_CREDIT, "Y000044000124")
    make_candidate(session, batch, make_person(session, vault, member, "考评员乙", 5, department="装配一班"))

    assert kinds(session, batch) == {("K2", "考评员乙", "self", "suspected")}
    decide_conflict(session, ACTOR, batch, named(session, batch, "self"), state="dismissed", reason="证件号码不同", on=ON)

    row = session.exec(select(Conflict)).one()
    assert (row.institution_id, row.employer_id, row.state) == (firm.id, member.id, "dismissed")
    assert kinds(session, batch) == {("K2", "考评员乙", "self", "dismissed")}


# --- a conflict that comes to light after marking --------------------------------------------------

MARKS = {"theory": {"K1": 8000}, "skill": {"K1": 7000, "K2": 7200, "K3": 7400}}


def marked(session: Session, batch: Batch, folder: Path) -> Candidate:
    """Both candidates marked by everybody; the first of them."""
    to_marking(session, batch)
    numbers = [one.admission_number or "" for one in batches.candidates_of(session, batch)]
    entered: dict[tuple[str, str, str], int | None] = {
        (number, method, code): value for number in numbers for method, own in MARKS.items() for code, value in own.items()
    }
    mark_sheets.marks_workbook(session, batch, folder / "m.xlsx", entered)
    mark_sheets.write_marks(session, ACTOR, mark_sheets.stage_marks(session, batch, folder / "m.xlsx"))
    return batches.candidates_of(session, batch)[0]


def confirm(session: Session, batch: Batch) -> None:
    decide_conflict(session, OTHER, batch, named(session, batch, "mentor"), state="confirmed", reason="协议属实", on=ON)


def settle(session: Session, batch: Batch) -> list[Result]:
    return settle_results(session, ACTOR, batch, LIBRARY)


def test_a_conflict_confirmed_after_marking_keeps_the_mark_from_counting_until_another_person_decides(
    session: Session, vault: Vault, firm: Firm, batch: Batch, tmp_path: Path
) -> None:
    candidate = marked(session, batch, tmp_path)
    declare(session, vault, firm, code="K2")
    confirm(session, batch)

    with pytest.raises(RuleBroken) as refusal:
        settle(session, batch)
    with pytest.raises(RuleBroken, match="须回避，不能裁定"):
        marks.adjudicate(session, Actor("K2", "hr"), batch, candidate, method="skill", value=7100, reason="复核录像")

    [told] = refusal.value.reasons
    assert all(word in told for word in ("技能操作考核", "师徒关系，已认定", "marks adjudicate", "conflict.mentor"))
    marks.adjudicate(session, OTHER, batch, candidate, method="skill", value=7100, reason="复核录像")
    assert [one.parts["skill"] for one in settle(session, batch)] == [7100, 7200]
    assert len(session.exec(select(Mark)).all()) == 8 and verify_all(session) == []


def test_a_conflict_suspected_after_marking_is_confirmed_or_dismissed_first(
    session: Session, vault: Vault, firm: Firm, batch: Batch, tmp_path: Path
) -> None:
    marked(session, batch, tmp_path)
    declare(session, vault, firm, code="K2")

    with pytest.raises(RuleBroken) as refusal:
        settle(session, batch)

    assert "conflicts confirm / dismiss" in refusal.value.reasons[0]
    decide_conflict(session, OTHER, batch, named(session, batch, "mentor"), state="dismissed", reason="协议早已解除", on=ON)
    assert len(settle(session, batch)) == 2


def test_a_conflict_that_the_packs_only_warn_of_settles(
    session: Session, firm: Firm, batch: Batch, tmp_path: Path
) -> None:
    candidate = marked(session, batch, tmp_path)
    earlier = make_batch(session, firm, "2025-DG-01", "archived")
    earlier.starts_on, earlier.ends_on = date(2025, 6, 9), date(2025, 6, 12)
    before = make_candidate(session, earlier, session.get_one(Person, candidate.person_id), "intermediate")
    session.add(Mark(institution_id=firm.id, candidate_id=before.id or 0, part_id=firm.part("intermediate", "skill").id or 0,
                     personnel_id=firm.assessors[2].id or 0, revision=1, value=8000, absent=False))  # fmt: skip
    session.flush()

    assert ("K3", "陈大文", "past_panel", "suspected") in kinds(session, batch)
    assert len(settle(session, batch)) == 2


def test_a_part_of_somebody_in_dispute_only_is_adjudicated(session: Session, batch: Batch, tmp_path: Path) -> None:
    candidate = marked(session, batch, tmp_path)

    with pytest.raises(RuleBroken, match="没有分歧，也没有考评员须回避"):
        marks.adjudicate(session, OTHER, batch, candidate, method="skill", value=7100, reason="复核")
