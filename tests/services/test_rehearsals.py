"""What a rehearsal reads once for all steps says what the act itself would be refused for, where somebody has to be recused."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from skilleval.db.engine import Database
from skilleval.db.secrets import Vault
from skilleval.db.tables import Assignment, Batch, Institution, Personnel
from skilleval.domain.errors import RuleBroken
from skilleval.services import filings, notice_closing, notices
from skilleval.services.conflicts import decide_conflict
from skilleval.services.filing_record import read_batch
from skilleval.services.journal import Actor
from skilleval.services.rehearsal_ground import Means
from skilleval.services.rehearsals import rehearse
from skilleval.services.relations import Declared, declare_relation
from skilleval.services.results import settle_results
from tests.closed import CALENDAR, CLOSED, HELD, NOTICED, candidate_named, make_noticed_batch
from tests.factories import ACTOR, LIBRARY
from tests.prepared import Prepared, prepare
from tests.web.counted import MOST, statements

#: the session, the account's institution and the batch, which are read before a page asks anything
OF_EVERY_PAGE = 3


@pytest.fixture(scope="module")
def noticed_prepared(empty_sqlite: Path, vault: Vault, tmp_path_factory: pytest.TempPathFactory) -> Prepared[Batch]:
    """A batch on notice in which K2, who has been confirmed as the mentor of 陈大文, marked the skill of 陈大文."""

    def make(session: Session, folder: Path) -> Batch:
        batch = make_noticed_batch(session, vault, folder)
        institution = session.get_one(Institution, batch.institution_id)
        declare_relation(session, ACTOR, institution, Declared("mentor", "陈大文", "师带徒协议", "K2"), vault=vault, on=HELD)
        named = f"{batch.number}:K2:{candidate_named(session, '陈大文').person_id}:mentor"
        decide_conflict(session, Actor("认定主任", "hr"), batch, named, state="confirmed", reason="协议在案", on=NOTICED)
        # K3 has marked nobody: without K3 every sheet is locked.
        idle = select(Assignment).join(Personnel, col(Personnel.id) == col(Assignment.personnel_id))
        for one in session.exec(idle.where(col(Personnel.code) == "K3")):
            session.delete(one)
        return batch

    return prepare(empty_sqlite, tmp_path_factory.mktemp("recused"), make)


@pytest.fixture
def session(noticed_prepared: Prepared[Batch], sqlite_database: Database) -> Iterator[Session]:
    noticed_prepared.copy_to(sqlite_database)
    with sqlite_database.writing() as session:
        yield session


def against_settling(session: Session, batch: Batch, _vault: Vault) -> list[str]:
    with pytest.raises(RuleBroken) as refused:
        settle_results(session, ACTOR, batch, LIBRARY)
    return list(refused.value.reasons)


def against_closing(session: Session, batch: Batch, vault: Vault) -> list[str]:
    return notice_closing.closing_of(session, notices.current_notice(session, batch), vault=vault).reasons(CLOSED)


def against_export(session: Session, batch: Batch, _vault: Vault) -> list[str]:
    record = read_batch(session, batch)
    level = record.registration.authority_level
    return filings.reasons_against_export(session, record, notices.current_notice(session, batch), level)


#: the state of the batch → the step that comes next, and what it would be refused for
NEXT: dict[str, tuple[str, Callable[[Session, Batch, Vault], list[str]]]] = {
    "marking": ("settled", against_settling), "noticed": ("cleared", against_closing), "certified": ("filed", against_export),
}  # fmt: skip


@pytest.mark.parametrize("state", NEXT)
def test_whose_marks_may_not_count_is_told_as_the_act_tells_it_in_few_statements(
    session: Session, noticed_prepared: Prepared[Batch], vault: Vault, tmp_path: Path, state: str
) -> None:
    batch = noticed_prepared.again(session, tmp_path)
    batch.state = state
    session.add(batch)
    session.flush()
    means = Means(LIBRARY, CALENDAR, vault, CLOSED, lambda _text: [])
    institution = session.get_one(Institution, batch.institution_id)

    with statements() as asked:
        stage = rehearse(session, batch, means)[0]

    to, against = NEXT[state]
    told = against(session, batch, vault)
    assert institution.id and (stage.to, stage.missing) == (to, told)
    assert any("师徒关系" in one for one in told) is (state in ("marking", "noticed"))
    assert len(asked) <= MOST - OF_EVERY_PAGE
