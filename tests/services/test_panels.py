from datetime import date

import pytest
from sqlmodel import Session, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Assignment, Batch, PanelMember, Personnel, SpecificationPart, Table
from skilleval.domain.errors import RuleBroken
from skilleval.services import batch_steps, batches, journal
from skilleval.services.panels import assign_panel, check_person, method_of, panels_of, propose_panel
from skilleval.services.relations import Declared, declare_relation
from skilleval.services.staffing import restaff_batch
from skilleval.services.verification import verify_all
from tests.conftest import Kept, on_sqlite
from tests.factories import ACTOR, LIBRARY, Firm, id_number, make_batch, make_candidate, make_firm, make_person

ON = date(2026, 6, 8)


Made = tuple[Firm, Batch]


def make_assessed_firm(session: Session) -> Firm:
    """A firm with 综合评审 of 高级工 and five who may assess it; the fifth's card ends before the batch."""
    firm = make_firm(session)
    assert firm.specification.id is not None
    rows: list[Table] = [
        SpecificationPart(institution_id=firm.id, specification_id=firm.specification.id, grade="senior", method="review",
                          serial=3, weight=10, assessors=3, agreement={"rule": "mean", "tolerance": None}),
        Personnel(institution_id=firm.id, code="K4", name="考评员丁", kind="senior_assessor"),
        Personnel(institution_id=firm.id, code="K5", name="考评员戊", kind="senior_assessor", card_valid_to=date(2026, 6, 11)),
    ]  # fmt: skip
    session.add_all(rows)
    journal.record(session, ACTOR, firm.id, "institution.add", objects=rows)
    return firm


def make_scheduled(session: Session, vault: Vault) -> Made:
    firm = make_assessed_firm(session)
    batch = make_batch(session, firm, state="scheduled")
    make_candidate(session, batch, make_person(session, vault, firm, "陈大文", 1))
    make_candidate(session, batch, make_person(session, vault, firm, "李小红", 2))
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


def assign(session: Session, batch: Batch, *codes: str, method: str = "review", reason: str = "按评价方案") -> None:
    assign_panel(session, ACTOR, batch, method, chair=codes[0], members=codes[1:], reason=reason)


def refused(session: Session, batch: Batch, *codes: str, **fields: str) -> str:
    with pytest.raises(RuleBroken) as refusal:
        assign(session, batch, *codes, **fields)
    assert panels_of(session, batch) == []
    return " ".join([refusal.value.message, *refusal.value.reasons])


def seats(session: Session, batch: Batch) -> list[tuple[str, str]]:
    return [(person.code, seat.role) for _panel, members in panels_of(session, batch) for seat, person in members]


def test_a_panel_is_assigned_and_its_members_assess_the_part(session: Session, firm: Firm, batch: Batch) -> None:
    assign(session, batch, "K4", "K1", "K2")

    assert seats(session, batch) == [("K4", "chair"), ("K1", "member"), ("K2", "member")]
    part = next(one for one in batches.parts_of_batch(session, batch) if one.method == "review")
    assert [one.code for one in batches.assessors_for(session, batch, part)] == ["K1", "K2", "K4"]
    assert batch_steps.advance_batch(session, ACTOR, batch, "marking", library=LIBRARY, on=ON).state == "marking"
    assert verify_all(session) == []
    with pytest.raises(RuleBroken, match="开始评分后"):
        assign(session, batch, "K4", "K1", "K3")


def test_a_panel_is_changed_by_assigning_it_anew(session: Session, firm: Firm, batch: Batch) -> None:
    assign(session, batch, "K4", "K1", "K2")

    assign(session, batch, "K3", "K1", "K2", reason="K4 出差")

    assert seats(session, batch) == [("K3", "chair"), ("K1", "member"), ("K2", "member")]
    assert len(session.exec(select(PanelMember)).all()) == 3
    review = session.exec(select(Assignment).where(Assignment.method == "review")).all()
    assert {one.personnel_id for one in review} == {one.id for one in firm.assessors}
    assert verify_all(session) == []


@on_sqlite
@pytest.mark.parametrize(
    ("codes", "words"),
    [
        (("K1", "K2"), ["至少需 3 人，现有 2 人"]),
        (("K1", "K2", "K2"), ["至少需 3 人，现有 2 人"]),
        (("K1", "K2", "K3", "K4"), ["人数须为单数，现有 4 人"]),
        (("K1", "K2", "D1"), ["督导员丁（D1）是督导员", "是本批次的督导员"]),
        (("K1", "K2", "K5"), ["证卡有效期至 2026-06-11"]),
        (("K1", "K2", "K8", "K9"), ["没有编号为 K8", "没有编号为 K9"]),
        (("K5", "D1"), ["至少需 3 人", "证卡有效期", "是督导员"]),
    ],
)
def test_a_panel_that_may_not_be_is_refused_with_every_reason(
    session: Session, batch: Batch, codes: tuple[str, ...], words: list[str]
) -> None:
    told = refused(session, batch, *codes)

    assert all(word in told for word in words), told


def test_a_panel_needs_a_reason_and_a_method_of_the_batch(session: Session, batch: Batch) -> None:
    assert "须写明理由" in refused(session, batch, "K4", "K1", "K2", reason=" ")
    assert "没有过程考核" in refused(session, batch, "K4", "K1", "K2", method="process")
    assert "没有直接认定的考生" in refused(session, batch, "K4", "K1", "K2", method="")
    with pytest.raises(RuleBroken, match="没有“dance”"):
        method_of("dance")


def test_an_assessor_who_is_a_candidate_does_not_sit(session: Session, vault: Vault, firm: Firm, batch: Batch) -> None:
    firm.assessors[0].id_index = vault.index(firm.id, id_number(1))

    assert "考评员甲（K1）与考生陈大文：考评本人，待认定（证件号码相同）" in refused(session, batch, "K4", "K1", "K2")


def test_a_panel_of_direct_recognition_has_no_method(session: Session, vault: Vault, firm: Firm, batch: Batch) -> None:
    make_candidate(session, batch, make_person(session, vault, firm, "王直", 3), route="direct")

    assign(session, batch, "K4", "K1", "K2", method="")

    assert [panel.method for panel, _seats in panels_of(session, batch)] == [""]
    assert session.exec(select(Assignment).where(Assignment.method == "")).all() != []  # the supervisor's
    assert session.exec(select(Assignment).where(Assignment.method == "", Assignment.role == "assessor")).all() == []


def test_a_conflict_after_the_assignment_stops_marking(session: Session, vault: Vault, firm: Firm, batch: Batch) -> None:
    assign(session, batch, "K4", "K1", "K2")
    told = Declared("kin", "李小红", "本人声明", code="K4")
    declare_relation(session, ACTOR, firm.institution, told, vault=vault, on=ON)

    with pytest.raises(RuleBroken) as refusal:
        batch_steps.advance_batch(session, ACTOR, batch, "marking", library=LIBRARY, on=ON)

    assert refusal.value.reasons == ("考评员丁（K4）与考生李小红：近亲属，待认定（本人声明）",)


def test_a_proposal_writes_nothing_and_is_the_same_each_time(session: Session, batch: Batch) -> None:
    first, again = propose_panel(session, batch, "review"), propose_panel(session, batch, "review")

    assert first == again and first.feasible
    assert (first.picked, first.chair) == (("K1", "K2", "K3"), "K1")
    assert panels_of(session, batch) == [] and not session.new and not session.dirty


@pytest.mark.parametrize(("method", "size"), [("review", 0), ("review", 2), ("review", 4), ("theory", 0), ("skill", 4)])
def test_no_size_is_proposed_that_could_not_be_assigned(session: Session, batch: Batch, method: str, size: int) -> None:
    with pytest.raises(RuleBroken, match=f"不能是 {size} 人"):
        propose_panel(session, batch, method, size)


def test_who_acted_less_this_year_goes_first(session: Session, firm: Firm, batch: Batch) -> None:
    make_batch(session, firm, "2026-DG-02", "archived")  # K1 to K3 act in it
    make_batch(session, firm, "2026-DG-03", "cancelled")

    proposal = propose_panel(session, batch, "review")

    assert proposal.picked == ("K4", "K1", "K2")
    assert {one.member.code: one.member.workload for one in proposal.choices} == {"K1": 1, "K2": 1, "K3": 1, "K4": 0, "K5": 0}


def test_where_no_panel_is_possible_the_smallest_reason_is_told(session: Session, vault: Vault, firm: Firm, batch: Batch) -> None:
    for code in ("K1", "K2", "K3"):
        told = Declared("mentor", "陈大文", "师带徒协议", code=code)
        declare_relation(session, ACTOR, firm.institution, told, vault=vault, on=ON)

    proposal = propose_panel(session, batch, "review")

    assert not proposal.feasible
    assert [one.text for one in proposal.blocking] == ["考生陈大文与考评人员有须回避的情形"]


def test_a_person_is_held_against_every_candidate(session: Session, vault: Vault, firm: Firm, batch: Batch) -> None:
    told = Declared("mentor", "陈大文", "师带徒协议", code="K1")
    declare_relation(session, ACTOR, firm.institution, told, vault=vault, on=ON)

    check = check_person(session, batch, "K1")

    assert check.duties == ("理论知识考试考评员", "技能操作考核考评员")
    assert [(name, [one.kind for one in found]) for _candidate, name, found in check.candidates] == [
        ("陈大文", ["mentor"]), ("李小红", []),
    ]  # fmt: skip
    assert {method: proof.answer.value for method, proof in check.proofs.items()} == {
        "theory": "not_met", "skill": "not_met", "review": "not_met",
    }  # fmt: skip
    with pytest.raises(RuleBroken):
        check_person(session, batch, "K8")


def test_a_part_is_not_taken_from_somebody_on_its_panel(session: Session, batch: Batch) -> None:
    assign(session, batch, "K4", "K1", "K2")

    with pytest.raises(RuleBroken) as refusal:
        restaff_batch(session, ACTOR, batch, {"assessors": []}, reason="x")

    assert "考评员丁 在“综合评审评审组”中" in " ".join(refusal.value.reasons)
