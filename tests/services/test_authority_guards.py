"""Nothing official is created without authority: one test an entry point and a way to lose it, each with a control."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from skilleval import packs
from skilleval.db.engine import Database
from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Candidate, Certificate, JournalEntry, Mark, Result
from skilleval.domain.errors import RuleBroken
from skilleval.domain.rules import Answer
from skilleval.packs import Library
from skilleval.reports.fonts import load_fonts
from skilleval.services import (
    allotted_numbers,
    authority,
    batch_plans,
    batch_steps,
    batches,
    candidate_sheets,
    candidates,
    certificate_events,
    certificates,
    chains,
    notices,
    rules,
)
from skilleval.services.filings import export_filing
from skilleval.services.number_list import NUMBER_COLUMNS
from skilleval.services.results import settle_results
from skilleval.services.verification import verify_all
from skilleval.sheets.writing import FormSheet, write_form
from tests.certified import CALENDAR, CLOSED_ON, FIRST_DAY, make_certified_batch, publish, settle
from tests.chained import Scene as ChainScene
from tests.chained import make_scene as make_chain
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
from tests.services.test_authority import make_complete
from tests.services.test_batches import PLAN

ON = date(2026, 6, 23)
STRICT = """
schema = "rule-pack/2"
name = "本市从严"
layer = "city"
default = false
[[authority]]
id = "assessment.by_standard"
kind = "permit"
routes = ["assessment"]
grades = ["junior", "intermediate", "senior"]
clause = "从业人员不少于一百万的企业方可考核"
source = "本市通知"
confidence = "high"
status = "in_force"
from = 2026-01-01
overrides = "national"
overrides_because = "本市从严"
when = { fact = "employees", at_least = 1000000 }
"""
CONTRARY = """
schema = "rule-pack/2"
name = "本市相反"
layer = "city"
default = true
[[authority]]
id = "own.contrary"
kind = "oppose"
against = ["assessment.by_standard"]
clause = "本市另有说法"
source = "本市通知"
confidence = "high"
status = "in_force"
from = 2026-01-01
when = { fact = "registered", is = true }
needs = ["市里的书面答复"]
"""


@pytest.fixture
def session(sqlite_database: Database) -> Iterator[Session]:
    with sqlite_database.writing() as session:
        yield session


@pytest.fixture
def firm(session: Session) -> Firm:
    firm = make_firm(session)
    firm.institution.employees = 1200
    firm.specification.standard = "6-31-01-03@2018"
    return firm


def own_library(folder: Path, text: str) -> Library:
    (folder / "rulepacks").mkdir(exist_ok=True)
    (folder / "rulepacks" / "city.toml").write_text(text, encoding="utf-8")
    return packs.library(folder)


@dataclass
class Scene:
    """A firm with the library of its installation, and where its files go."""

    session: Session
    vault: Vault
    firm: Firm
    library: Library
    folder: Path

    def batch(self, reached: str, **fields: Any) -> Batch:
        """A batch that has reached a state, with one candidate."""
        batch = make_batch(self.session, self.firm, state=reached)
        person = make_person(self.session, self.vault, self.firm, "员工1", 1)
        make_candidate(self.session, batch, person, **fields)
        self.session.flush()
        return batch

    def only(self) -> Candidate:
        return self.session.exec(select(Candidate)).one()


@pytest.fixture
def scene(session: Session, vault: Vault, firm: Firm, tmp_path: Path) -> Scene:
    return Scene(session, vault, firm, own_library(tmp_path, STRICT), tmp_path)


Act = Callable[[], object]


def adding(scene: Scene) -> Act:
    content = copy.deepcopy(PLAN)
    return lambda: batch_plans.add_batch(scene.session, ACTOR, scene.firm.institution, content, scene.library)


def advancing(scene: Scene, state: str, to: str) -> Act:
    batch = scene.batch(state)
    return lambda: batch_steps.advance_batch(scene.session, ACTOR, batch, to, library=scene.library, on=date(2026, 6, 8))


def importing(scene: Scene) -> Act:
    batch = make_batch(scene.session, scene.firm, state="enrolling")
    make_person(scene.session, scene.vault, scene.firm, "员工1", 1)
    rows = [{"name": "员工1", "id_number": id_number(1), "grade": "senior"}]
    sheet = FormSheet("报名表", candidate_sheets.COLUMNS, rows, example=False)
    file = write_form(scene.folder / "c.xlsx", [sheet], candidate_sheets.TEMPLATE_ID, [])
    staged = candidate_sheets.stage_candidates(scene.session, batch, file, vault=scene.vault, library=scene.library, on=date(2026, 5, 18))
    return lambda: candidate_sheets.write_candidates(
        scene.session, ACTOR, staged, scene.library, vault=scene.vault, on=date(2026, 5, 18)
    )


def accepting(scene: Scene) -> Act:
    batch = scene.batch("enrolling", state="applied", verdict="met")
    return lambda: candidates.accept_candidates(scene.session, ACTOR, batch, [scene.only()], scene.library)


def settling(scene: Scene) -> Act:
    batch = scene.batch("marking")
    for method, assessors in (("theory", scene.firm.assessors[:1]), ("skill", scene.firm.assessors)):
        for assessor in assessors:
            scene.session.add(
                Mark(institution_id=scene.firm.id, candidate_id=scene.only().id or 0, value=8000,
                     part_id=scene.firm.part("senior", method).id or 0, personnel_id=assessor.id or 0)
            )  # fmt: skip
    scene.session.flush()
    return lambda: settle_results(scene.session, ACTOR, batch, scene.library)


def publishing(scene: Scene) -> Act:
    batch = scene.batch("settled")
    settle(scene.session, scene.only(), 8000)
    return lambda: notices.publish_notice(
        scene.session, ACTOR, batch, scene.library, vault=scene.vault, first_day=FIRST_DAY, working_days=5,
        calendar=CALENDAR, on=FIRST_DAY,
    )  # fmt: skip


def cleared(scene: Scene) -> Batch:
    batch = scene.batch("settled")
    settle(scene.session, scene.only(), 8000)
    publish(scene.session, batch, scene.vault)
    return batch


def glyphs(_text: str) -> list[str]:
    return []


def issuing(scene: Scene) -> Act:
    batch = cleared(scene)
    return lambda: certificates.issue_certificates(
        scene.session, ACTOR, batch, scene.library, vault=scene.vault, on=ON, missing_glyphs=glyphs
    )


def bringing_numbers(scene: Scene) -> Act:
    batch = cleared(scene)
    rows = [{"id_number": id_number(1), "name": "员工1", "number": f"{REGISTRATION_NUMBER}263000777"}]
    sheet = FormSheet("编号", NUMBER_COLUMNS, rows, example=False)
    file = write_form(scene.folder / "n.xlsx", [sheet], "numbers/1", [])
    staged = allotted_numbers.stage_numbers(scene.session, batch, file, vault=scene.vault, on=ON)
    return lambda: allotted_numbers.write_numbers(
        scene.session, ACTOR, staged, scene.library, vault=scene.vault, on=ON, missing_glyphs=glyphs
    )


def replacing(scene: Scene) -> Act:
    issuing(scene)()
    old = scene.session.exec(select(Certificate)).one()
    certificate_events.void_certificate(scene.session, ACTOR, old, reason="印错", on=ON)
    return lambda: certificates.replace_certificate(
        scene.session, ACTOR, old, scene.library, vault=scene.vault, on=ON, missing_glyphs=glyphs
    )


ENTRIES: dict[str, Callable[[Scene], Act]] = {
    "batches.add": adding,
    "batches.advance enrolling": lambda scene: advancing(scene, "draft", "enrolling"),
    "batches.advance marking": lambda scene: advancing(scene, "scheduled", "marking"),
    "candidates.import": importing,
    "candidates.accept": accepting,
    "marks.settle": settling,
    "notices.publish": publishing,
    "certificates.issue": issuing,
    "certificates.import-numbers": bringing_numbers,
    "certificates.replace": replacing,
}


def suspend(scene: Scene) -> None:
    scene.firm.registration.state = "suspended"


def remove_grade(scene: Scene) -> None:
    scene.firm.scope.grades = ["junior", "intermediate"]


def lower_ceiling(scene: Scene) -> None:
    scene.firm.scope.ceiling = "intermediate"


def choose_strict(scene: Scene) -> None:
    rules.choose_packs(
        scene.session, ACTOR, scene.firm.institution, scene.library, names=["guangdong", "guangdong-plan", "city"],
        switches={}, valid_from=date(2026, 1, 1), reason="试行",
    )  # fmt: skip


CHANGES: dict[str, tuple[Callable[[Scene], None], str]] = {
    "suspended": (suspend, "状态不是“已备案”"),
    "grade removed": (remove_grade, "authority.grade_in_scope"),
    "ceiling lowered": (lower_ceiling, "authority.grade_in_scope"),
    "no permit": (choose_strict, "assessment.by_standard"),
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_what_stays_as_it_was_passes(scene: Scene, entry: str) -> None:
    act = ENTRIES[entry](scene)

    assert act() is not None


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("entry", ENTRIES)
def test_nothing_official_is_created_without_authority(scene: Scene, entry: str, change: str) -> None:
    act = ENTRIES[entry](scene)
    alter, words = CHANGES[change]
    alter(scene)
    scene.session.flush()
    before = {batch.number: batch.state for batch in scene.session.exec(select(Batch))}
    counted = [len(scene.session.exec(select(table)).all()) for table in (Result, Certificate)]

    with pytest.raises(RuleBroken) as refusal:
        act()

    assert words in " ".join([refusal.value.message, *refusal.value.reasons])
    assert {batch.number: batch.state for batch in scene.session.exec(select(Batch))} == before
    assert [len(scene.session.exec(select(table)).all()) for table in (Result, Certificate)] == counted


def test_every_reason_is_told_for_every_grade(scene: Scene) -> None:
    act = adding(scene)
    remove_grade(scene)
    scene.firm.scope.routes = ["direct"]
    scene.firm.registration.valid_to = date(2026, 6, 11)

    with pytest.raises(RuleBroken) as refusal:
        act()

    told = " ".join(refusal.value.reasons)
    assert all(words in told for words in ("2026-06-12 不在有效期内", "三级/高级工，已备案", "考核，四级/中级工"))


def test_both_ends_of_the_batch_are_asked_for(scene: Scene) -> None:
    scene.firm.registration.valid_to = date(2026, 6, 11)

    with pytest.raises(RuleBroken, match="不能建立"):
        adding(scene)()


def test_the_day_on_which_a_number_is_used_is_asked_for_too(scene: Scene) -> None:
    act = issuing(scene)
    scene.firm.registration.valid_to = date(2026, 6, 22)
    scene.session.flush()

    with pytest.raises(RuleBroken, match="2026-06-23 不在有效期内"):
        act()


def test_another_firms_candidate_is_refused_with_that_firm_named(scene: Scene, vault: Vault) -> None:
    other = make_firm(scene.session, "91440999MA00000239", "Y000044000124")
    other.institution.name = "链上企业"
    batch = make_batch(scene.session, scene.firm, state="enrolling")
    guest = make_candidate(scene.session, batch, make_person(scene.session, vault, other), state="applied", verdict="met")

    with pytest.raises(RuleBroken) as refusal:
        candidates.accept_candidates(scene.session, ACTOR, batch, [guest], LIBRARY)

    assert any("员工所在单位：链上企业" in reason for reason in refusal.value.reasons)
    [told] = refusal.value.reasons
    assert refusal.value.message.startswith("1 名考生不能审核通过") and told.startswith("陈大文") and "（authority.own_people）" in told
    assert "skilleval candidates refuse" in told and "skilleval candidates withdraw" in told


@pytest.fixture
def chain(session: Session, vault: Vault) -> tuple[ChainScene, list[Candidate]]:
    """A batch of a chain evaluator with one person of its own and one of the member that it serves, both met."""
    found = make_chain(session)
    people = make_person(session, vault, found.lead, "本企员工"), make_person(session, vault, found.member, "甲企员工", 2)
    return found, [make_candidate(session, found.batch, one, state="applied", verdict="met") for one in people]


def test_who_is_served_no_more_is_left_and_told_while_the_others_are_accepted(
    session: Session, chain: tuple[ChainScene, list[Candidate]]
) -> None:
    scene, (own, guest) = chain
    chains.revoke_mandate(session, ACTOR, scene.mandate, reason="协议终止", on=date(2026, 6, 1))

    found = candidates.accept_met(session, ACTOR, scene.batch, LIBRARY)

    assert list(found.candidates) == [own] and (own.state, guest.state) == ("eligible", "applied")
    [told] = found.left
    assert told.startswith("甲企员工") and "2026-06-01" in told and "（chain." in told
    assert "skilleval candidates refuse" in told and "skilleval candidates withdraw" in told
    with pytest.raises(RuleBroken) as refusal:
        candidates.accept_met(session, ACTOR, scene.batch, LIBRARY)
    assert refusal.value.reasons == (told,)
    with pytest.raises(RuleBroken) as refusal:
        candidates.accept_candidates(session, ACTOR, scene.batch, [guest], LIBRARY)
    assert refusal.value.reasons == (told,) and guest.state == "applied"


def test_everybody_who_is_served_is_accepted_at_once(
    session: Session, chain: tuple[ChainScene, list[Candidate]]
) -> None:
    scene, both = chain

    found = candidates.accept_met(session, ACTOR, scene.batch, LIBRARY)

    assert (list(found.candidates), list(found.left)) == (both, []) and {one.state for one in both} == {"eligible"}


def test_what_stands_against_the_batch_accepts_nobody_and_names_nobody(
    session: Session, chain: tuple[ChainScene, list[Candidate]]
) -> None:
    scene, both = chain
    scene.lead.registration.state = "suspended"
    session.flush()

    with pytest.raises(RuleBroken, match="不能开展认定") as refusal:
        candidates.accept_met(session, ACTOR, scene.batch, LIBRARY)

    assert not any("员工：" in one for one in refusal.value.reasons) and {one.state for one in both} == {"applied"}


@pytest.mark.parametrize("reason", [None, " ", "市里已书面答复"])
def test_where_clauses_disagree_a_written_reason_is_recorded(
    session: Session, firm: Firm, tmp_path: Path, reason: str | None
) -> None:
    library = own_library(tmp_path, CONTRARY)
    content = copy.deepcopy(PLAN) | ({"authority_reason": reason} if reason is not None else {})

    if reason is None or not reason.strip():
        with pytest.raises(RuleBroken) as refusal:
            batch_plans.add_batch(session, ACTOR, firm.institution, content, library)
        assert "本市另有说法" in refusal.value.reasons[0] and "authority_reason" in refusal.value.reasons[0]
        return
    batch = batch_plans.add_batch(session, ACTOR, firm.institution, content, library)
    batch_steps.advance_batch(session, ACTOR, batch, "enrolling", library=library, on=date(2026, 5, 1))
    assert (batch.authority_reason, batch.state) == (reason, "enrolling")


def test_a_planned_batch_whose_clauses_come_to_disagree_takes_a_written_reason(
    session: Session, firm: Firm, tmp_path: Path
) -> None:
    batch = batch_plans.add_batch(session, ACTOR, firm.institution, copy.deepcopy(PLAN), LIBRARY)
    library, on = own_library(tmp_path, CONTRARY), date(2026, 5, 1)
    ready = batch_steps.readiness(session, batch, rules.packs_of_batch(session, batch), library, on)["enrolling"]
    against = [leaf for leaf in ready.leaves() if leaf.answer is not Answer.MET]
    assert {leaf.clause.id for leaf in against} == {"own.contrary"}, "not hung under the scope"
    assert all("skilleval batches reason" in leaf.fact for leaf in against)
    with pytest.raises(RuleBroken, match="还不能进入"):
        batch_steps.advance_batch(session, ACTOR, batch, "enrolling", library=library, on=on)

    batches.record_authority_reason(session, ACTOR, batch, " 市里已书面答复 ")
    batch_steps.advance_batch(session, ACTOR, batch, "enrolling", library=library, on=on)
    batches.record_authority_reason(session, ACTOR, batch, "省里亦同意")

    assert (batch.state, batch.authority_reason) == ("enrolling", "市里已书面答复；省里亦同意")
    entries = [json.loads(one.body) for one in session.exec(select(JournalEntry).order_by(col(JournalEntry.seq)))]
    assert [(one["actor"], one["reason"]) for one in entries if one["action"] == "batch.authority_reason"] == [
        (ACTOR.name, "市里已书面答复"), (ACTOR.name, "省里亦同意"),
    ]  # fmt: skip
    assert [one for one in verify_all(session) if one.where.startswith("batch")] == []


def test_a_reason_without_words_or_for_a_cancelled_batch_is_refused(session: Session, firm: Firm) -> None:
    batch = make_batch(session, firm)
    with pytest.raises(RuleBroken, match="须写明"):
        batches.record_authority_reason(session, ACTOR, batch, " ")

    batch.state = "cancelled"

    with pytest.raises(RuleBroken, match="已取消"):
        batches.record_authority_reason(session, ACTOR, batch, "市里已书面答复")
    assert batch.authority_reason is None


@pytest.mark.parametrize(("skips", "verdict"), [(False, []), (True, ["direct.step_by_step"])])
def test_a_direct_batch_is_asked_about_each_candidates_step(scene: Scene, skips: bool, verdict: list[str]) -> None:
    make_complete(scene.session, scene.firm)
    scene.firm.institution.size, scene.firm.institution.listed = "中", False
    batch = scene.batch("enrolling", grade="technician", skips_grade=skips)
    batch.route = "direct"

    found = authority.reasons_against(scene.session, batch, LIBRARY, candidates=[scene.only()])

    assert [word for word in ("direct.step_by_step",) if any(word in one for one in found)] == verdict
    assert bool(found) is skips


@pytest.mark.slow
@pytest.mark.parametrize("change", ["expired", "suspended"])
def test_what_was_lawfully_issued_is_filed_whatever_came_after(
    session: Session, vault: Vault, firm: Firm, tmp_path: Path, change: str
) -> None:
    batch = make_certified_batch(session, vault, firm)
    if change == "expired":
        firm.registration.valid_to = CLOSED_ON
    else:
        firm.registration.state = "suspended"
    session.flush()

    exported = export_filing(
        session, ACTOR, batch, vault=vault, fonts=load_fonts({}), folder=tmp_path, instance_folder=tmp_path,
        on=date(2026, 7, 1),
    )  # fmt: skip

    assert exported.written.path.exists() and batch.state == "filed"
