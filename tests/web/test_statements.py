"""Few statements, whatever is asked: how many firms, candidates, grades and parts a batch has does not count."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from itertools import product
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.engine import Database, sqlite_url
from skilleval.db.tables import (
    Batch,
    Candidate,
    Chain,
    ChainMember,
    Conflict,
    Institution,
    Mandate,
    Mark,
    Notice,
    Panel,
    PanelMember,
    RecognitionCase,
)
from skilleval.domain import chains as rules
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Proof
from skilleval.services import authority, institutions
from skilleval.services.authority import Plan, Sitter, plan_reasons
from skilleval.services.authority_ground import Ground, Records, records_of
from skilleval.services.rehearsals import ROAD
from skilleval.services.rules import choose_packs, packs_of
from tests.factories import ACTOR, LIBRARY
from tests.marked import FIRMS, LEAD
from tests.web import many
from tests.web.counted import statements
from tests.web.marked_site import STAFF_OF, MarkedSite, copied, open_site
from tests.web.readings import MOST_STATEMENTS
from tests.web.survey import survey, visit

pytestmark = pytest.mark.slow

E = "6-31-01-03"
#: before and after everything that ends or begins in the marked world, and its days
DAYS = (date(2024, 12, 31), date(2025, 1, 1), date(2026, 5, 31), date(2026, 6, 1), date(2026, 6, 8), date(2028, 1, 1))
#: the pages that ask most
PAGES = (
    "batches.show", "candidates.show_", "cases.decision", "marks.show_", "panels.conflicts", "panels.index", "rehearsals.show",
    "scoring.index",
)  # fmt: skip
#: the states from which there are steps ahead
STATES = ("draft", *ROAD[:-1])
#: how the notice of a batch stands in each state in which somebody's marks may turn out to count although they may not
NOTICE_STANDS = {"settled": "withdrawn", "noticed": "published", "cleared": "closed", "certified": "closed", "filed": "closed"}


def everybody(session: Session) -> Sequence[Institution]:
    return session.exec(select(Institution).order_by(col(Institution.id))).all()


def gathered(session: Session, evaluator: Institution) -> Records:
    """What is on record between an evaluator and everybody, gathered at once."""
    return records_of(session, evaluator, E, "", [one.id for one in everybody(session)])


def served_alone(session: Session, evaluator: Institution, employer: Institution, grade: Grade, on: date) -> Proof | None:
    """Row by row: whether the evaluator may assess the firm's people; None where nothing is recorded of the two."""
    chains = {one.id: one.name for one in session.exec(select(Chain))}
    mandates = session.exec(
        select(Mandate)
        .where(col(Mandate.institution_id) == evaluator.id, col(Mandate.employer_id) == employer.id)
        .order_by(col(Mandate.valid_from), col(Mandate.id))
    ).all()
    joined = session.exec(
        select(ChainMember)
        .where(col(ChainMember.credit_code) == employer.credit_code)
        .order_by(col(ChainMember.joined_on), col(ChainMember.id))
    ).all()
    if not mandates and not joined:
        return None
    mandated = {one.chain_id for one in mandates}
    own = [one for one in joined if one.institution_id == evaluator.id or one.chain_id in mandated]
    return rules.mandate_proof(
        [rules.Membership(chains[one.chain_id], one.joined_on, one.left_on) for one in own],
        [
            rules.Mandate(
                chains[one.chain_id], one.document, one.valid_from, one.valid_to, tuple(one.occupations),
                tuple(Grade(grade) for grade in one.grades), one.revoked_on,
            )
            for one in mandates
        ],
        E, grade, on,
    )  # fmt: skip


def test_what_is_gathered_of_all_firms_answers_as_each_firm_alone(marked_site: MarkedSite) -> None:
    told = set()
    with marked_site.installation.database.reading() as session:
        for evaluator in everybody(session):
            records = gathered(session, evaluator)
            for employer, on, grade in product(everybody(session), DAYS, (Grade.JUNIOR, Grade.SENIOR)):
                found = records.served[employer.id or 0]
                alone = served_alone(session, evaluator, employer, grade, on)

                assert found.is_recorded is (alone is not None)
                if alone is not None:
                    assert found.proof(E, grade, on) == alone
                    told.add(alone.answer)

    assert len(told) == 2  # the world has firms that are served and firms that are not


def registration_alone(session: Session, firm: Institution, on: date) -> tuple[int | None, str]:
    try:
        return institutions.active_registration(session, firm.id or 0, on).id, ""
    except RuleBroken as refusal:
        return None, refusal.message


def test_what_is_gathered_for_all_days_answers_as_each_day_alone(marked_files: Path, tmp_path: Path) -> None:
    site = open_site(copied(marked_files, tmp_path))
    with site.installation.database.writing() as session:
        for serial, firm in enumerate(everybody(session)):
            names = [pack.key for pack in packs_of(session, firm.id or 0, LIBRARY, DAYS[3]).packs if pack.layer != "national"]
            choose_packs(session, ACTOR, firm, LIBRARY, names=names[serial:], switches={}, valid_from=DAYS[3], reason="另选")
        session.flush()
        for firm in everybody(session):
            records = gathered(session, firm)
            for on in DAYS:
                registration, lapsed = records.registration(on)

                assert (None if registration is None else registration.id, lapsed) == registration_alone(session, firm, on)
                assert records.ground(LIBRARY, on).packs == packs_of(session, firm.id or 0, LIBRARY, on)


def plans(days: Iterable[date]) -> list[Plan]:
    return [Plan(E, "", route, tuple(days)) for route in ("assessment", "direct")]


def alone_grounds(session: Session, evaluator: Institution) -> dict[tuple[int | None, date], Ground]:
    """By firm and day: what is on record between an evaluator and this firm, gathered for it alone."""
    records = {firm.id: records_of(session, evaluator, E, "", [firm.id]) for firm in everybody(session)}
    return {(firm, day): one.ground(LIBRARY, day) for (firm, one), day in product(records.items(), DAYS)}


def test_what_is_gathered_of_many_sitters_refuses_what_each_alone_is_refused(marked_site: MarkedSite) -> None:
    with marked_site.installation.database.reading() as session:
        for institution in everybody(session):
            people = [
                Sitter(grade, firm.id, skips)
                for grade, firm, skips in product((Grade.SENIOR, Grade.CHIEF_TECHNICIAN), everybody(session), (None, False, True))
            ]
            grounds = alone_grounds(session, institution)
            for plan in plans(DAYS):
                alone = {
                    told
                    for one, day in product(people, DAYS)
                    for told in authority._told(authority._refused({day: grounds[one.employer_id, day]}, plan, [one]))
                }

                assert set(plan_reasons(session, institution, LIBRARY, plan, people)) == alone


def test_many_days_firms_and_grades_are_asked_in_one_statement(marked_site: MarkedSite) -> None:
    with marked_site.installation.database.reading() as session:
        lead, *members = everybody(session)
        people = [Sitter(grade, firm.id) for grade, firm in product(Grade, (lead, *members))]

        with statements() as asked:
            found = authority.plan_reasons(session, lead, LIBRARY, plans(DAYS)[0], people)

    assert found and len(asked) == 1


@pytest.fixture
def scheduled(marked_files: Path, tmp_path: Path) -> tuple[MarkedSite, Batch, dict[str, int]]:
    """A copy of the world in which the batch of the lead where everybody's people sit is about to be marked; firms by letter."""
    site = open_site(copied(marked_files, tmp_path))
    with Database(sqlite_url(site.file)).writing() as session:
        batch = session.exec(select(Batch).where(col(Batch.number) == f"{LEAD}-批-1")).one()
        batch.state = "scheduled"
        session.add(batch)
        session.commit()
        session.refresh(batch)
        firms = {letter: session.exec(select(Institution.id).where(col(Institution.credit_code) == code)).one() or 0
                 for letter, code in FIRMS.items()}  # fmt: skip
    return site, batch, firms


def counted(site: MarkedSite, pages: Collection[str] = PAGES) -> dict[str, int]:
    """How many statements each page takes at most; that the session was seen, once a minute, is none of the page's."""
    most: dict[str, int] = {}
    for one in survey(site, [STAFF_OF[LEAD]], owners=LEAD, endpoints=pages, links=False):
        asked = sum(not statement.startswith("UPDATE web_session") for statement in one.statements)
        most[one.endpoint] = max(most.get(one.endpoint, 0), asked)
    return most


def test_no_page_of_a_batch_needs_more_statements_with_more_firms_people_and_parts(
    scheduled: tuple[MarkedSite, Batch, dict[str, int]],
) -> None:
    site, batch, firms = scheduled
    few = counted(site)

    file = Database(sqlite_url(site.file))
    people = many.multiply(file, firms[LEAD], 10)["candidate"]
    sitting, parts = many.more_firms(file, firms["甲"], batch.id or 0, 20), many.more_parts(file, batch.id or 0)

    assert people > 30 and sitting > 30 and parts == 40
    more = counted(site)
    # A page may take fewer: decisions over marks are read only once everybody has locked.
    assert [page for page in PAGES if more[page] > few[page]] == []
    assert max(few.values()) <= MOST_STATEMENTS, few


def test_a_rehearsal_needs_no_more_statements_in_any_state(marked_files: Path, tmp_path: Path) -> None:
    site = open_site(copied(marked_files, tmp_path))
    most = {}
    for state in STATES:
        with Database(sqlite_url(site.file)).writing() as session:
            session.connection().execute(sa.update(Batch).values(state=state))
            session.commit()
        most[state] = counted(site, ["rehearsals.show"])["rehearsals.show"]

    assert max(most.values()) <= MOST_STATEMENTS and min(most.values()) > 3, most


def recuse_everybody(session: Session, batch: Batch) -> int:
    """Confirm a conflict of interest between all who marked or voted in a batch and all whom they examined; how many."""
    sat = select(col(Candidate.employer_id), col(Candidate.person_id)).where(col(Candidate.batch_id) == batch.id)
    if batch.route == "direct":
        acted = sat.join(Panel, col(Panel.batch_id) == col(Candidate.batch_id)).join(PanelMember, col(PanelMember.panel_id) == col(Panel.id))
        pairs = session.exec(acted.add_columns(col(PanelMember.personnel_id))).all()
    else:
        pairs = session.exec(sat.join(Mark, col(Mark.candidate_id) == col(Candidate.id)).add_columns(col(Mark.personnel_id))).all()
    session.add_all(
        Conflict(institution_id=batch.institution_id, employer_id=employer, person_id=person, personnel_id=personnel, kind="mentor",
                 state="confirmed", fact="协议", reason="在案", decided_by="主任", found_on=DAYS[4], decided_on=DAYS[4])
        for employer, person, personnel in set(pairs)
    )  # fmt: skip
    return len(set(pairs))


def bring_to(site: MarkedSite, batch_id: int, state: str) -> None:
    """Let a batch be in a state, and its notice stand as it does then."""
    with Database(sqlite_url(site.file)).writing() as session:
        session.get_one(Batch, batch_id).state = state
        for notice in session.exec(select(Notice).where(col(Notice.batch_id) == batch_id)):
            notice.state = NOTICE_STANDS[state]
        session.commit()


@pytest.fixture
def recused(marked_files: Path, tmp_path: Path) -> tuple[MarkedSite, int, dict[int, int | None]]:
    """A copy of the world in which nothing of what counts in the lead's certified batches may count; the lead, and by batch a
    case, where the batch is of direct recognition."""
    site = open_site(copied(marked_files, tmp_path))
    with Database(sqlite_url(site.file)).writing() as session:
        lead = session.exec(select(Institution).where(col(Institution.credit_code) == FIRMS[LEAD])).one()
        query = select(Batch).where(col(Batch.institution_id) == lead.id, col(Batch.state) == "certified")
        batches = session.exec(query.order_by(col(Batch.route))).all()
        assert [one.route for one in batches] == ["assessment", "direct"]
        assert [recuse_everybody(session, one) for one in batches] == [12, 8]
        cases = {one.batch_id: one.id for one in session.exec(select(RecognitionCase).order_by(col(RecognitionCase.id).desc()))}
        found = {one.id or 0: cases.get(one.id or 0) for one in batches}
        session.commit()
        return site, lead.id or 0, found


def asked_by_state(site: MarkedSite, batch_id: int, case_id: int | None) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int]]:
    """By state of a batch and page: how many statements it takes, and how often it tells of something that may not count."""
    start = f"/batches/{site.hide('batch', batch_id)}"
    pages = {"batches.show": start, "notices.index": f"{start}/notices", "filings.export": f"{start}/filings/export",
             "panels.index": f"{start}/panels"}  # fmt: skip
    if case_id is not None:
        case = f"{start}/cases/{site.hide('case', case_id)}"
        pages |= {"cases.show": case, "cases.decision": f"{case}/decision"}
    asked, told = {}, {}
    for state in NOTICE_STANDS:
        bring_to(site, batch_id, state)
        for endpoint, path in pages.items():
            one = visit(site, STAFF_OF[LEAD], endpoint, path, LEAD)
            assert one.status == 200, path
            asked[state, endpoint], told[state, endpoint] = len(one.statements), one.text.count("仍计入结果")
    return asked, told


def test_what_counts_of_those_who_have_to_be_recused_is_told_in_as_many_statements_for_one_as_for_many(
    recused: tuple[MarkedSite, int, dict[int, int | None]],
) -> None:
    site, lead, batches = recused
    few = {batch: asked_by_state(site, batch, case) for batch, case in batches.items()}

    counts = many.multiply(Database(sqlite_url(site.file)), lead, 10)
    more = {batch: asked_by_state(site, batch, case) for batch, case in batches.items()}

    assert counts["conflict"] >= 70
    for batch in batches:
        (asked, told), (asked_of_more, told_of_more) = few[batch], more[batch]
        assert asked == asked_of_more
        assert max(asked.values()) <= MOST_STATEMENTS, asked
        telling = {one for one, times in told.items() if times}
        assert telling >= {
            *((state, "batches.show") for state in ("settled", "noticed", "cleared", "certified")),
            ("settled", "notices.index"), ("noticed", "notices.index"), ("certified", "filings.export"), ("filed", "filings.export"),
        }  # fmt: skip
        assert all(told_of_more[one] > told[one] for one in telling)
