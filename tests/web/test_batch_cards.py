"""Task cards in the workspace of a batch: held against its venues, and drawn for each candidate."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Item, Job
from skilleval.installation import Installation
from skilleval.services.task_cards import add_cards
from skilleval.web import jobs as job_pages
from skilleval.worker import loop
from tests.chained import MEMBERS
from tests.factories import ACTOR, Firm, make_batch, make_candidate, make_firm, make_person
from tests.reports.reading import text_of
from tests.services.test_task_cards import CARD
from tests.web.conftest import SignedIn
from tests.web.counted import MOST, statements
from tests.web.scored import Hidden


def add_item(session: Session, firm: Firm, code: str, grade: str = "senior", method: str = "skill") -> None:
    session.add(Item(
        institution_id=firm.id, specification_id=firm.specification.id or 0, code=code, title="正反转控制", grade=grade,
        method=method, function="功能", points=1000, state="in_use", author_id=firm.assessors[0].id or 0,
        reviewer_id=firm.assessors[1].id,
    ))  # fmt: skip
    session.flush()


def scheduled(session: Session, vault: Vault, firm: Firm, names: Sequence[str] = ("陈大文", "李小明")) -> Batch:
    batch = make_batch(session, firm, state="scheduled")
    for serial, name in enumerate(names, start=1):
        make_candidate(session, batch, make_person(session, vault, firm, name, serial))
    return batch


@pytest.fixture
def firm(installation: Installation) -> Firm:
    """A firm with a card for SK-1, none for SK-2, and a batch in which two people sit."""
    with installation.database.writing() as session:
        firm = make_firm(session)
        for code, grade, method in (("SK-1", "senior", "skill"), ("SK-2", "senior", "skill"), ("LL-1", "senior", "theory")):
            add_item(session, firm, code, grade, method)
        content = {"institution": firm.institution.credit_code, "specification": "DG", "card": [CARD]}
        add_cards(session, ACTOR, firm.institution, content)
        scheduled(session, installation.vault, firm)
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
    return firm


@pytest.fixture
def cards(firm: Firm, hide: Hidden) -> str:
    return f"/batches/{hide('batch', 1)}/cards"


def equip(installation: Installation, firm: Firm, *equipment: dict[str, object]) -> None:
    with installation.database.writing() as session:
        venue = session.merge(firm.venue)
        venue.kind, venue.equipment = "practical", list(equipment)
        session.commit()


def test_the_workspace_lists_the_practical_items_with_their_cards(
    signed_in: SignedIn, installation: Installation, firm: Firm, cards: str, hide: Hidden
) -> None:
    equip(installation, firm, {"name": "实训台", "count": 2, "sound": True})
    browser = signed_in("supervisor")

    with statements() as seen:
        page = browser.get(cards).get_data(as_text=True)

    assert f'href="{cards}/{hide("item", 1)}">SK-1' in page and "第 1 次登记" in page and "符合" in page
    assert "<td>SK-2</td>" in page and "还没有" in page and "登记任务书" not in page
    assert "LL-1" not in page and len(seen) <= MOST
    assert 'aria-current="page">任务书' in page and f'href="{cards}"' in browser.get(f"/batches/{hide('batch', 1)}").get_data(as_text=True)


@pytest.mark.parametrize(
    ("equipment", "told"),
    [
        ([{"name": "实训台", "count": 2, "sound": True}], "有任务书所列的全部设备"),
        ([{"name": "实训台", "count": 1, "sound": True}], "缺 1 种设备：实训台"),
        ([{"name": "实训台", "count": 2}], "有 1 种设备无法判断：实训台"),
        ([], "有 1 种设备无法判断：实训台"),
    ],
)
def test_the_card_is_held_against_the_venues_with_one_clear_answer(
    signed_in: SignedIn, installation: Installation, firm: Firm, cards: str, hide: Hidden, equipment: list[dict[str, object]], told: str
) -> None:
    equip(installation, firm, *equipment)
    browser = signed_in("reviewer")

    with statements() as seen:
        page = browser.get(f"{cards}/{hide('item', 1)}").get_data(as_text=True)

    answers = ["有任务书所列的全部设备", "种设备：实训台", "种设备无法判断"]
    assert told in page and sum(one in page for one in answers) == 1
    assert "陈大文" in page and "李小明" in page and "材料和工具没有库存数据" in page and len(seen) <= MOST


def test_each_candidate_gets_a_card_and_all_of_them_come_in_one_file(
    signed_in: SignedIn, cards: str, hide: Hidden, tmp_path: Path
) -> None:
    browser, card = signed_in("hr"), f"{cards}/{hide('item', 1)}"
    one, every = browser.get(f"{card}/{hide('candidate', 2)}.pdf"), browser.get(f"{card}/print.pdf")
    for name, answer in (("one", one), ("every", every)):
        (tmp_path / f"{name}.pdf").write_bytes(answer.get_data())

    alone, pages = text_of(tmp_path / "one.pdf"), text_of(tmp_path / "every.pdf").split("\f")[:-1]

    assert all(answer.headers["Content-Disposition"].startswith("attachment") for answer in (one, every))
    assert "李小明" in alone and "陈大文" not in alone and "操作技能考核任务书" in alone
    # In the running head and in the table; nobody's page names somebody else.
    assert [(page.count("陈大文"), page.count("李小明")) for page in pages] == [(2, 0), (0, 2)]


def test_the_cards_of_a_large_batch_are_drawn_by_the_worker(
    signed_in: SignedIn, installation: Installation, cards: str, hide: Hidden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_pages, "MANY", 1)
    browser, card = signed_in("supervisor"), f"{cards}/{hide('item', 1)}"

    offered = browser.get(card).get_data(as_text=True)
    page = browser.post(f"{card}/print").location
    while loop.run_next(installation, threading.Event()):
        pass

    with installation.database.reading() as session:
        job = session.exec(select(Job).order_by(col(Job.id).desc())).one()
    assert f'action="{card}/print"' in offered and f"{card}/print.pdf" not in offered
    assert (job.state, job.message, job.file_name) == ("done", "", "任务书_2026-DG-01_SK-1.pdf")
    assert browser.post(f"{page}/result").data[:5] == b"%PDF-"


def test_an_item_without_a_card_or_of_another_grade_is_refused(
    signed_in: SignedIn, installation: Installation, firm: Firm, cards: str, hide: Hidden
) -> None:
    with installation.database.writing() as session:
        add_item(session, firm, "SK-4")
        session.get_one(Batch, 1).grades = ["junior"]
        session.commit()
    browser = signed_in("hr")

    none, unfit = browser.get(f"{cards}/{hide('item', 2)}"), browser.post(f"{cards}/{hide('item', 4)}/print")

    assert none.status_code == 422 and "还没有任务书，请先在考核项目页的“登记任务书”登记" in none.get_data(as_text=True)
    assert unfit.status_code == 422 and "不适用" in unfit.get_data(as_text=True)


def test_a_card_goes_to_nobody_who_does_not_sit_and_others_see_none(
    signed_in: SignedIn, installation: Installation, firm: Firm, cards: str, hide: Hidden
) -> None:
    with installation.database.writing() as session:
        batch = session.get_one(Batch, 1)
        make_candidate(session, batch, make_person(session, installation.vault, firm, "王退出", 9), state="withdrawn")
        session.commit()
    card = f"{cards}/{hide('item', 1)}"
    pages = [cards, card, f"{card}/print.pdf", f"{card}/{hide('candidate', 1)}.pdf"]
    stranger, assessor = signed_in("hr", at=MEMBERS[0]), signed_in("assessor")

    assert signed_in("hr").get(f"{card}/{hide('candidate', 3)}.pdf").status_code == 404
    assert [stranger.get(one).status_code for one in pages] == [404] * 4
    assert [assessor.get(one).status_code for one in pages] == [403] * 4
    assert [stranger.post(f"{card}/print").status_code, signed_in("auditor").post(f"{card}/print").status_code] == [404, 403]
