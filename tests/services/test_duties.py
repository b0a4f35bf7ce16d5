import importlib
import inspect
import pkgutil
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlmodel import Session, select

from skilleval import services
from skilleval.db.engine import Database
from skilleval.db.secrets import Vault
from skilleval.db.tables import Account, Batch, BatchDuty
from skilleval.domain.duties import DUTIES, merged_duties
from skilleval.domain.errors import RuleBroken
from skilleval.installation import MERGED_DUTIES, Installation
from skilleval.services import account_roles, batch_steps, batches, candidates, duties, staffing, verification
from skilleval.services.duties import ACTS, duty_problem, take_duty
from skilleval.services.journal import Actor
from skilleval.settings import CONFIG_NAME
from tests.accounts import NOW, OPERATOR, actor_with
from tests.factories import CREDIT_CODE, LIBRARY, make_batch, make_candidate, make_firm, make_person

OTHER_CODE = "91440999MA00001620"
#: services with an actor that write for no batch, or that only an act of ``ACTS`` calls
EXEMPT = {
    "case_decisions.outlook": "changes nothing",
    "marking.write_lines": "called by marking.lock_sheet and double_entry.write_agreed, which take the duty",
    "marking.write_scored": "called by marking.write_lines and records.lock_records, which takes the duty",
    "case_decisions.settle_cases": "called by results.settle_results, which takes the duty",
    "evidence.add_evidence": "belongs to a person, not to a batch",
    "evidence.hand_in": "belongs to a person, not to a batch",
    "case_evidence.rest_on": "hands evidence of a person in, which a member firm without a duty in the batch does too",
    "evidence.accept_evidence": "belongs to a person, not to a batch",
    "evidence.reject_evidence": "belongs to a person, not to a batch",
    "relations.declare_relation": "belongs to the firm's personnel",
    "contests.add_contest": "belongs to the firm",
    "contests.write_results": "belongs to the firm",
    "appointments.nominate": "belongs to the firm",
    "appointments.appoint": "belongs to the firm",
    "confirmations.add_confirmation": "belongs to the firm",
    "people.write_people": "belongs to the firm",
    "people_changes.change_people": "belongs to the firm",
    "disclosures.disclose_number": "shows a number and changes nothing else",
    "imports.note_filled": "shows numbers and changes nothing else",
    "imports.write": "hands over to the service of its kind, which takes the duty",
    "imports.expire": "throws away a file that nobody wrote",
    "import_expiry.expire_imports": "throws away files that nobody wrote",
    "imports.discard": "throws away a file that was not written",
    "institutions.add_institution": "belongs to the firm",
    "rules.choose_packs": "belongs to the firm",
    "specification_versions.add_version": "belongs to the firm's specification",
    "standard_confirmations.confirm_standard": "belongs to the firm",
    "schemes.define_scheme": "belongs to the firm's specification",
    "chains.add_chain": "belongs to the chain",
    "chains.add_member": "belongs to the chain",
    "chains.end_membership": "belongs to the chain",
    "membership_corrections.correct_leave": "belongs to the chain",
    "chains.add_mandate": "belongs to the chain",
    "chains.revoke_mandate": "belongs to the chain",
    "institutions.approve_specification": "belongs to the firm's specification",
    "item_sheets.write_items": "belongs to the firm's item bank",
    "item_sheets.add_item": "belongs to the firm's item bank",
    "item_sheets.change_item": "belongs to the firm's item bank",
    "items.retire_item": "belongs to the firm's item bank",
    "task_cards.add_cards": "belongs to the firm's item bank",
    "notices.take_back": "called by what withdraws or corrects, which takes the duty",
    "certificates.new_certificate": "called by what issues or replaces, which takes the duty",
    "certificate_prints.print_certificates": "writes nothing but who printed what",
    "certificate_prints.note_print": "writes nothing but who printed what",
    "filing_store.hand_out": "writes nothing but who took what",
    "journal.record": "is the journal",
    "journal.record_bulk": "is the journal",
}
#: modules about accounts or drafts of specifications, which know no batch, and the one that holds the rule
APART = {
    "accounts", "account_roles", "account_events", "second_factor", "duties",
    "specifications", "specification_drafters", "specification_reviews",
}  # fmt: skip
REGISTER, SCORE, REVIEW = "batch_steps.advance_batch", "marks.correct_mark", "results.settle_results"


def services_that_act() -> dict[str, Callable[..., object]]:
    """Every public function of the services that is told who acts."""
    found = {}
    for one in pkgutil.iter_modules(services.__path__):
        module = importlib.import_module(f"skilleval.services.{one.name}")
        for name, function in vars(module).items():
            if not inspect.isfunction(function) or function.__module__ != module.__name__ or name.startswith("_"):
                continue
            if "actor" in inspect.signature(function).parameters and one.name not in APART:
                found[f"{one.name}.{name}"] = function
    return found


def test_every_service_that_writes_for_a_batch_names_its_duty_or_says_why_not() -> None:
    acting = services_that_act()

    assert not ACTS.keys() & EXEMPT.keys()
    assert sorted(acting) == sorted({*ACTS, *EXEMPT})
    for act in ACTS:
        assert f'"{act}")' in inspect.getsource(acting[act]), act
    for act in EXEMPT:
        assert "take_duty(" not in inspect.getsource(acting[act]), act


def test_every_duty_has_an_act() -> None:
    assert {duty for duty in ACTS.values() if duty} == set(DUTIES)


@pytest.fixture
def session(sqlite_database: Database) -> Iterator[Session]:
    with sqlite_database.writing() as session:
        yield session


@pytest.fixture
def batch(session: Session) -> Batch:
    return make_batch(session, make_firm(session), state="enrolling")


def business(session: Session, login: str = "wang") -> Actor:
    """Somebody who may do everything that one role each allows."""
    return actor_with(session, login, *((CREDIT_CODE, role) for role in ("hr", "assessor", "reviewer", "approver", "issuer")))


def test_the_first_act_takes_the_duty_and_the_next_of_its_kind_adds_nothing(session: Session, batch: Batch) -> None:
    actor = business(session)

    take_duty(session, actor, batch, REGISTER)
    take_duty(session, actor, batch, "candidate_sheets.write_candidates")

    assert [(one.duty, account.public_id) for one, account in duties.duties_of(session, batch)] == [("register", actor.account)]
    assert verification.verify_all(session) == []


def test_nobody_has_two_duties_of_a_batch(session: Session, batch: Batch) -> None:
    acts = {duty: next(act for act in ACTS if ACTS[act] == duty) for duty in DUTIES}
    for first in DUTIES:
        actor = business(session, f"{first}-person")
        take_duty(session, actor, batch, acts[first])
        for then in DUTIES:
            told = duty_problem(session, actor, batch, acts[then])
            assert (told is None) is (first == then), (first, then)
            if told is not None:
                with pytest.raises(RuleBroken, match=f"已承担“{DUTIES[first]}”.*不能再承担“{DUTIES[then]}”"):
                    take_duty(session, actor, batch, acts[then])

    assert len(session.exec(select(BatchDuty)).all()) == len(DUTIES)


def test_another_batch_is_another_matter(session: Session, batch: Batch) -> None:
    actor, firm_batch = business(session), batch
    other = make_batch(session, make_firm(session, OTHER_CODE, "Y000044000124"), "2026-DG-02")
    account_roles.grant_role(session, OPERATOR, _account(session, actor), OTHER_CODE, "reviewer", now=NOW)

    take_duty(session, actor, firm_batch, REGISTER)
    take_duty(session, actor, other, REVIEW)

    assert [one.duty for one in session.exec(select(BatchDuty))] == ["register", "review"]


@pytest.mark.parametrize(
    ("role", "words"), [("supervisor", "督导员只能查看"), ("auditor", "审计员只能查看"), ("administrator", "没有办理批次")]
)
@pytest.mark.parametrize("act", [REGISTER, "filings.export_filing", "candidates.check_eligibility"])
def test_who_only_reads_writes_nothing(session: Session, batch: Batch, role: str, words: str, act: str) -> None:
    actor = actor_with(session, "wang", (None if role == "administrator" else CREDIT_CODE, role))

    with pytest.raises(RuleBroken, match=words):
        take_duty(session, actor, batch, act)


def test_a_role_at_another_institution_or_one_that_was_taken_back_is_none(session: Session, batch: Batch) -> None:
    make_firm(session, OTHER_CODE, "Y000044000124")
    stranger, former = actor_with(session, "stranger", (OTHER_CODE, "hr")), actor_with(session, "former", (CREDIT_CODE, "hr"))
    account_roles.revoke_role(session, OPERATOR, _account(session, former), CREDIT_CODE, "hr", now=NOW)

    for actor in (stranger, former):
        with pytest.raises(RuleBroken, match="没有办理批次"):
            take_duty(session, actor, batch, REGISTER)


def test_an_act_of_no_duty_goes_with_every_duty(session: Session, batch: Batch) -> None:
    actor = business(session)
    take_duty(session, actor, batch, REVIEW)

    take_duty(session, actor, batch, "filings.export_filing")

    assert len(session.exec(select(BatchDuty)).all()) == 1


def test_the_operator_at_the_command_line_is_asked_nothing(session: Session, batch: Batch) -> None:
    for act in ACTS:
        take_duty(session, OPERATOR, batch, act)

    assert session.exec(select(BatchDuty)).all() == []


def test_a_small_firm_merges_duties_by_a_setting(session: Session, batch: Batch) -> None:
    actor = business(session)
    session.info[MERGED_DUTIES] = merged_duties([["review", "approve"]])
    take_duty(session, actor, batch, REVIEW)

    take_duty(session, actor, batch, "notices.publish_notice")

    with pytest.raises(RuleBroken, match=r"已承担“审核”.*、“审批”.*不能再承担“发证”"):
        take_duty(session, actor, batch, "certificates.issue_certificates")


def test_whoever_enrolled_does_not_review(session: Session, vault: Vault) -> None:
    firm = make_firm(session)
    batch = make_batch(session, firm, state="enrolling")
    hr, reviewer = actor_with(session, "hr-1", (CREDIT_CODE, "hr")), actor_with(session, "reviewer-1", (CREDIT_CODE, "reviewer"))
    candidate = make_candidate(session, batch, make_person(session, vault, firm), state="applied")
    batches.record_authority_reason(session, hr, batch, "条款不一致，按备案办理")

    with pytest.raises(RuleBroken, match="已承担“组织报名”"):
        candidates.refuse_candidates(session, hr, batch, [candidate], reason="材料不全")
    candidates.refuse_candidates(session, reviewer, batch, [candidate], reason="材料不全")

    assert candidate.state == "refused"
    assert verification.verify_all(session) == []


def test_the_supervisor_changes_nothing_by_any_service_of_a_batch(session: Session, batch: Batch) -> None:
    supervisor = actor_with(session, "wang", (CREDIT_CODE, "supervisor"))

    for act in (
        lambda: batch_steps.advance_batch(session, supervisor, batch, "cancelled", library=LIBRARY, on=date(2026, 5, 1)),
        lambda: batches.record_authority_reason(session, supervisor, batch, "理由"),
        lambda: staffing.restaff_batch(session, supervisor, batch, {}, reason="理由"),
    ):
        with pytest.raises(RuleBroken, match="督导员只能查看"):
            act()


def test_the_setting_reaches_every_session_of_the_installation(instance: Path) -> None:
    config = instance / CONFIG_NAME
    config.write_text(config.read_text(encoding="utf-8").replace("merge = []", 'merge = [["review", "approve"]]'), encoding="utf-8")
    installation = Installation(instance)

    for opened in (installation.database.writing, installation.database.reading):
        with opened() as session:
            assert session.info[MERGED_DUTIES] == (frozenset({"review", "approve"}),)
    installation.database.close()


@pytest.mark.slow
def test_two_browsers_of_one_account_do_not_take_two_duties_at_once(database: Database) -> None:
    with database.writing() as session:
        batch = make_batch(session, make_firm(session))
        actor = business(session)
        session.commit()
    told: list[str] = []
    ready = threading.Barrier(2)

    def take(act: str) -> None:
        ready.wait()
        with database.writing() as session:
            try:
                take_duty(session, actor, session.merge(batch, load=False), act)
                session.commit()
            except RuleBroken as refusal:
                told.append(refusal.message)

    workers = [threading.Thread(target=take, args=(act,)) for act in (REGISTER, REVIEW)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert len(told) == 1 and "不能再承担" in told[0]
    with database.reading() as session:
        assert len(session.exec(select(BatchDuty)).all()) == 1


def _account(session: Session, actor: Actor) -> Account:
    return session.exec(select(Account).where(Account.public_id == actor.account)).one()
