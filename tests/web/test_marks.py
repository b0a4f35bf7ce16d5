"""The marks of a batch in the browser: blind until locked, unlocked by somebody else, adjudicated, settled, corrected."""

import re

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from skilleval.db.tables import Adjudication, Batch, Mark, MarkUnlock, Panel, PanelMember, Result
from skilleval.domain.marking import Entered
from skilleval.installation import Installation
from skilleval.services import mark_drafts, marking, marking_scene
from skilleval.services.verification import verify_all
from tests.chained import MEMBERS
from tests.factories import ACTOR, Firm, make_batch, make_candidate, make_firm, make_person
from tests.web.conftest import Browser, SignedIn
from tests.web.scored import FILLED, Hidden, asked, hand_in, make_marked, part_id, sheet

#: 50, where FILLED is 93: on the other side of the pass mark
POOR = FILLED | {"cell:1": "0", "cell:2": "0", "cell:4": "21.5"}


@pytest.fixture
def firm(installation: Installation) -> Firm:
    with installation.database.writing() as session:
        firm = make_marked(session, installation.vault)
        session.commit()
    return firm


@pytest.fixture
def marked(hide: Hidden, firm: Firm, assessors: list[Browser]) -> list[Browser]:
    """Everybody has locked everything; K3 finds the first candidate's skill too poor to pass."""
    hand_in(assessors[0], hide, firm, "theory", {"cell:value": "80"}, {"cell:value": "70.5"})
    for browser, first in zip(assessors, (FILLED, FILLED, POOR), strict=True):
        hand_in(browser, hide, firm, "skill", first, FILLED)
    return assessors


def home(hide: Hidden, candidate: int | None = None, act: str = "") -> str:
    address = f"/batches/{hide('batch', 1)}/marks"
    return address if candidate is None else f"{address}/{hide('candidate', candidate)}{act}"


def stored(installation: Installation, table: type[Mark] | type[Adjudication] | type[Result] | type[MarkUnlock]) -> list[object]:
    with installation.database.reading() as session:
        return list(session.exec(select(table).order_by(col(table.id))).all())


def test_nobody_sees_a_mark_before_all_have_locked_the_part(
    signed_in: SignedIn, hide: Hidden, firm: Firm, assessors: list[Browser]
) -> None:
    reviewer = signed_in("reviewer")
    for browser, first in ((assessors[0], FILLED), (assessors[1], POOR)):
        hand_in(browser, hide, firm, "skill", first, FILLED)
    readers = (reviewer, signed_in("hr"), assessors[2])

    before = [one.get(home(hide)).get_data(as_text=True) for one in readers]
    before += [reviewer.get(home(hide, 1, act)).get_data(as_text=True) for act in ("", "/sheets")]
    refused = reviewer.post(home(hide) + "/settle").get_data(as_text=True)
    hand_in(assessors[2], hide, firm, "skill", FILLED, FILLED)
    after = [one.get(home(hide)).get_data(as_text=True) for one in readers]
    after += [reviewer.get(home(hide, 1, act)).get_data(as_text=True) for act in ("", "/sheets")]

    marks = re.compile(r">(93|50)<|93\.00|50\.00")
    assert [bool(marks.search(page)) for page in (*before, refused)] == [False] * 6
    assert [bool(marks.search(page)) for page in after] == [True] * 5
    assert "须裁定" in after[0]


def test_an_assessor_who_did_not_come_has_no_sheet_and_is_not_waited_for(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm, assessors: list[Browser]
) -> None:
    with installation.database.writing() as session:
        panel = Panel(institution_id=firm.id, batch_id=1, name="技能评审组", method="skill", reason="抽签")
        session.add(panel)
        session.flush()
        away = firm.assessors[2].id or 0
        session.add(PanelMember(institution_id=firm.id, panel_id=panel.id or 0, personnel_id=away, absent_reason="病假"))
        session.commit()
    for browser in assessors[:2]:
        hand_in(browser, hide, firm, "skill", FILLED, FILLED)

    page = signed_in("reviewer").get(home(hide, 1)).get_data(as_text=True)

    assert assessors[2].get(sheet(hide, firm, "skill", 1)).status_code == 404
    assert '<td class="number">93</td>' in page
    assert "需 3 名考评员评分，现有 2 名" in page


def test_unlocking_lets_the_assessor_enter_a_new_revision_and_the_earlier_one_stays(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm, marked: list[Browser]
) -> None:
    words = {"mark": hide("mark", 1), "reason": "登分时看错行"}

    assert signed_in("reviewer").post(home(hide, 1, "/unlock"), words).status_code == 303
    assert "登分时看错行" in marked[0].get(sheet(hide, firm, "theory", 1)).get_data(as_text=True)
    marked[0].post(sheet(hide, firm, "theory", 1), {"version": "0", "cell:value": "85"})
    marked[0].post(f"/batches/{hide('batch', 1)}/scoring/{hide('part', part_id(firm, 'theory'))}/submit")

    with installation.database.reading() as session:
        revisions = session.exec(select(Mark).where(Mark.candidate_id == 1, Mark.part_id == part_id(firm, "theory"))).all()
        assert [(one.revision, one.value, one.reason) for one in revisions] == [(1, 8000, None), (2, 8500, "登分时看错行")]
        assert verify_all(session) == []


def test_an_unlocked_mark_stands_in_the_way_of_settling(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm, marked: list[Browser]
) -> None:
    reviewer = signed_in("reviewer")
    reviewer.post(home(hide, 2, "/unlock"), {"mark": hide("mark", 2), "reason": "登分时看错行"})

    answer = reviewer.post(home(hide) + "/settle")

    assert answer.status_code == 422
    assert "李小明 有评分已解锁" in answer.get_data(as_text=True)
    assert stored(installation, Result) == []


def test_nobody_unlocks_their_own_mark_nor_without_a_reason(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm
) -> None:
    with installation.database.writing() as session:
        scene = marking_scene.scene_of(session, session.exec(select(Batch)).one())
        part = next(one for one in scene.parts if one.id == part_id(firm, "theory"))
        assessor = scene.assessors[part_id(firm, "theory")][0]
        mark_drafts.save_draft(session, scene, part, scene.candidates[0][0], assessor, Entered(value=8000), version=0)
        marking.lock_sheet(session, ACTOR, scene, part, assessor)
        session.commit()
    words = {"mark": hide("mark", 1), "reason": "想改"}

    mine = signed_in("reviewer", personnel=firm.assessors[0].id).post(home(hide, 1, "/unlock"), words)
    no_reason = signed_in("reviewer").post(home(hide, 1, "/unlock"), {**words, "reason": " "})

    assert "不能解锁本人的评分" in mine.get_data(as_text=True)
    assert "解锁须写明理由" in no_reason.get_data(as_text=True)
    assert (mine.status_code, no_reason.status_code) == (422, 422)
    assert stored(installation, MarkUnlock) == []


def test_who_scored_in_a_batch_does_not_review_there(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm, marked: list[Browser]
) -> None:
    with installation.database.writing() as session:
        session.execute(sa.text("UPDATE account_role SET role = 'reviewer' WHERE personnel_id = 1"))
        session.commit()

    answer = marked[0].post(home(hide, 1, "/unlock"), {"mark": hide("mark", 1), "reason": "想改"})

    assert answer.status_code == 422
    assert "同一批次不能再承担" in answer.get_data(as_text=True)


def test_a_mark_is_unlocked_once(signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm, marked: list[Browser]) -> None:
    words = {"mark": hide("mark", 1), "reason": "登分时看错行"}
    answers = [signed_in("reviewer").post(home(hide, 1, "/unlock"), words).status_code for _time in range(2)]

    assert answers == [303, 422]
    assert len(stored(installation, MarkUnlock)) == 1


def test_a_dispute_is_adjudicated_then_settled(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm, marked: list[Browser]
) -> None:
    reviewer = signed_in("reviewer")
    listed = reviewer.get(home(hide)).get_data(as_text=True)

    early = reviewer.post(home(hide) + "/settle")
    decided = reviewer.post(home(hide, 1, "/adjudicate"), decision(hide, firm, seen(reviewer, hide), "88.5"))
    settled = reviewer.post(home(hide) + "/settle")

    assert "评分 93.00、93.00、50.00 分列合格线 60.00 两侧" in listed
    assert (early.status_code, decided.status_code, settled.status_code) == (422, 303, 303)
    assert [one.parts["skill"] for one in stored(installation, Result)] == [8850, 9300]  # type: ignore[attr-defined]
    assert "合格" in signed_in("supervisor").get(home(hide)).get_data(as_text=True)


def test_of_two_who_decide_one_mark_the_second_is_told_what_the_first_did(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm, marked: list[Browser]
) -> None:
    first, second = signed_in("reviewer"), signed_in("reviewer")
    words = [decision(hide, firm, seen(one, hide), mark) for one, mark in ((first, "88"), (second, "58"))]

    answers = [one.post(home(hide, 1, "/adjudicate"), each) for one, each in zip((first, second), words, strict=True)]

    assert [one.status_code for one in answers] == [303, 422]
    assert "已裁定为 88.00（理由：复核评分表）" in answers[1].get_data(as_text=True)
    assert [one.value for one in stored(installation, Adjudication)] == [8800]  # type: ignore[attr-defined]


def test_of_two_who_correct_one_result_the_second_is_told_what_the_first_did(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm, marked: list[Browser]
) -> None:
    reviewer = signed_in("reviewer")
    reviewer.post(home(hide, 1, "/adjudicate"), decision(hide, firm, seen(reviewer, hide), "88"))
    reviewer.post(home(hide) + "/settle")
    words = {"revision": "1", "part:theory": "81", "reason": "登分错误"}

    answers = [signed_in("reviewer").post(home(hide, 1, "/correct"), {**words, "part:theory": mark}) for mark in ("81", "82")]

    assert [one.status_code for one in answers] == [303, 422]
    assert "理由：登分错误" in answers[1].get_data(as_text=True)
    page = reviewer.get(home(hide, 1)).get_data(as_text=True)
    assert "第 1 次记录" in page and "第 2 次记录" in page


@pytest.mark.parametrize("role", ["hr", "assessor", "approver", "supervisor", "auditor"])
def test_only_the_reviewer_settles_unlocks_adjudicates_and_corrects(
    signed_in: SignedIn, hide: Hidden, firm: Firm, role: str
) -> None:
    browser = signed_in(role)

    answers = [browser.post(home(hide) + "/settle")]
    answers += [browser.post(home(hide, 1, act)) for act in ("/unlock", "/adjudicate", "/correct")]

    assert {one.status_code for one in answers} == {403}


def test_another_firm_reaches_no_mark_by_any_field(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm, marked: list[Browser]
) -> None:
    with installation.database.writing() as session:
        other = make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        theirs = make_batch(session, other, number="2026-X-01", state="marking")
        candidate = make_candidate(session, theirs, make_person(session, installation.vault, other, "外人", 7))
        session.commit()
        batch, sitter, part = theirs.id or 0, candidate.id or 0, part_id(other, "skill")
    stranger, reviewer = signed_in("reviewer", at=MEMBERS[0]), signed_in("reviewer")
    unlock, decide = {"mark": hide("mark", 1), "reason": "理由"}, decision(hide, firm, "0-0", "60")
    inside = f"/batches/{hide('batch', batch)}/marks"

    pages = [stranger.get(home(hide, *one)) for one in ((), (1,), (1, "/sheets"))]
    acts = [stranger.post(home(hide) + "/settle"), stranger.post(home(hide, 1, "/unlock"), unlock)]
    acts += [
        stranger.post(f"{inside}/{hide('candidate', 1)}/unlock", unlock),
        stranger.post(f"{inside}/{hide('candidate', sitter)}/unlock", unlock),
        stranger.post(f"{inside}/{hide('candidate', sitter)}/adjudicate", decide),
        reviewer.post(home(hide, 1, "/adjudicate"), {**decide, "part": hide("part", part)}),
        reviewer.post(home(hide, sitter, "/unlock"), unlock),
        reviewer.post(home(hide, 2, "/unlock"), unlock),
    ]

    assert [one.status_code for one in (*pages, *acts)] == [404] * 11
    assert (stored(installation, MarkUnlock), stored(installation, Adjudication)) == ([], [])


def test_pages_ask_the_database_at_most_twelve_times(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm, marked: list[Browser]
) -> None:
    pages = [(signed_in("reviewer"), home(hide)), (signed_in("reviewer"), home(hide, 1)), (signed_in("reviewer"), home(hide, 1, "/sheets"))]
    pages += [(marked[0], sheet(hide, firm, "skill", 1)), (marked[0], f"/batches/{hide('batch', 1)}/scoring")]

    assert {address: count for browser, address in pages if (count := asked(browser, address)) > 12} == {}


def decision(hide: Hidden, firm: Firm, word: str, mark: str) -> dict[str, object]:
    return {"part": hide("part", part_id(firm, "skill")), "seen": word, "mark": mark, "reason": "复核评分表"}


def seen(browser: Browser, hide: Hidden) -> str:
    """What the page of the first candidate keeps of skill, the last part and the one in dispute."""
    page = browser.get(home(hide, 1)).get_data(as_text=True)
    return page.rpartition('name="seen" value="')[2].partition('"')[0]
