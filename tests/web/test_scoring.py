"""Scoring in the browser: drafts, range, blindness, locking and unlocking."""

import pytest
from sqlmodel import select

from skilleval.db.tables import Batch, Mark, MarkDraft, ScoreLine
from skilleval.installation import Installation
from skilleval.services import marks
from skilleval.services.verification import verify_all
from tests.chained import MEMBERS
from tests.factories import Firm, make_batch, make_candidate, make_firm, make_person
from tests.web.conftest import Browser, SignedIn
from tests.web.scored import FILLED, Hidden, hand_in, make_marked, part_id, scoring, sheet

SCRIPT = {"headers": {"Accept": "application/json"}}


@pytest.fixture
def firm(installation: Installation) -> Firm:
    with installation.database.writing() as session:
        firm = make_marked(session, installation.vault)
        session.commit()
    return firm


def rows(installation: Installation, table: type[Mark] | type[MarkDraft] | type[ScoreLine]) -> int:
    with installation.database.reading() as session:
        return len(session.exec(select(table)).all())


def test_a_draft_is_kept_and_counts_nowhere(installation: Installation, hide: Hidden, firm: Firm, assessors: list[Browser]) -> None:
    address = sheet(hide, firm, "skill", 1)

    saved = assessors[0].post(address, {"version": "0", **FILLED}, **SCRIPT).get_json()
    page = assessors[0].get(address).get_data(as_text=True)

    assert (saved["total"], saved["missing"], saved["version"]) == ("93", [], 1)
    assert '<strong data-total>93</strong>' in page
    assert 'value="22.50"' in page
    assert (rows(installation, MarkDraft), rows(installation, Mark)) == (1, 0)
    with installation.database.reading() as session:
        agreed = marks.part_marks(session, session.exec(select(Batch)).one())
    assert {mark.value for parts in agreed.values() for mark in parts.values()} == {None}


def test_a_sheet_that_is_half_filled_says_what_is_missing_and_what_it_comes_to(
    hide: Hidden, firm: Firm, assessors: list[Browser]
) -> None:
    half = {"cell:1": "18", "cell:5": "99"}

    saved = assessors[0].post(sheet(hide, firm, "skill", 1), {"version": "0", **half}, **SCRIPT).get_json()

    assert (saved["total"], len(saved["missing"]), saved["state"]) == ("18", 4, "草稿")


@pytest.mark.parametrize(
    ("method", "cell", "typed", "told"),
    [
        ("skill", "cell:1", "20.01", "应在 0 至 20.00 分之间"),
        ("skill", "cell:1", "-1", "应在 0 至 20.00 分之间"),
        ("skill", "cell:5", "100", "0 至 99 次"),
        ("skill", "cell:1", "18.555", "最多两位小数"),
        ("skill", "cell:5", "1.5", "应为整数"),
        ("theory", "cell:value", "100.01", "分数应在 0 至 100.00 之间"),
        ("theory", "cell:value", "九十", "应为分数"),
    ],
)
def test_what_is_out_of_range_is_refused_with_the_range_and_not_kept(
    installation: Installation, hide: Hidden, firm: Firm, assessors: list[Browser], method: str, cell: str, typed: str, told: str
) -> None:
    address = sheet(hide, firm, method, 1)

    by_script = assessors[0].post(address, {"version": "0", cell: typed}, **SCRIPT)
    by_form = assessors[0].post(address, {"version": "0", cell: typed})

    assert (by_script.status_code, by_form.status_code) == (422, 422)
    assert told in "".join(by_script.get_json()["problems"])
    assert told in by_form.get_data(as_text=True)
    assert f'value="{typed}"' in by_form.get_data(as_text=True)
    assert rows(installation, MarkDraft) == 0


def test_the_highest_mark_is_in_range(installation: Installation, hide: Hidden, firm: Firm, assessors: list[Browser]) -> None:
    answer = assessors[0].post(sheet(hide, firm, "theory", 1), {"version": "0", "cell:value": "100"}, **SCRIPT)

    assert answer.get_json()["total"] == "100"


def test_an_absent_candidate_has_no_mark_beside(hide: Hidden, firm: Firm, assessors: list[Browser]) -> None:
    both = {"version": "0", "cell:value": "80", "absent": "yes"}

    answer = assessors[0].post(sheet(hide, firm, "theory", 1), both)

    assert answer.status_code == 422
    assert "已标缺考，不能再有评分" in answer.get_data(as_text=True)


def test_a_second_window_does_not_overwrite_unseen(hide: Hidden, firm: Firm, assessors: list[Browser]) -> None:
    address = sheet(hide, firm, "theory", 1)
    assessors[0].post(address, {"version": "0", "cell:value": "80"}, **SCRIPT)

    stale = assessors[0].post(address, {"version": "0", "cell:value": "60"}, **SCRIPT)

    assert stale.status_code == 422
    assert "另一个窗口" in stale.get_json()["problems"][0]
    assert 'value="80.00"' in assessors[0].get(address).get_data(as_text=True)


def test_handing_in_locks_what_is_whole_and_leaves_the_rest_a_draft(
    installation: Installation, hide: Hidden, firm: Firm, assessors: list[Browser]
) -> None:
    assessors[0].post(sheet(hide, firm, "skill", 2), {"version": "0", "cell:1": "18"})

    hand_in(assessors[0], hide, firm, "skill", FILLED)

    page = assessors[0].get(f"{scoring(hide, firm, 'skill')}/submit").get_data(as_text=True)
    assert "1 人没有评完" in page and "2 布线接线" in page
    assert (rows(installation, Mark), rows(installation, MarkDraft), rows(installation, ScoreLine)) == (1, 1, 6)
    with installation.database.reading() as session:
        assert session.exec(select(Mark)).one().value == 9300
        assert verify_all(session) == []


def test_what_is_locked_is_not_edited(installation: Installation, hide: Hidden, firm: Firm, assessors: list[Browser]) -> None:
    address = sheet(hide, firm, "theory", 1)
    hand_in(assessors[0], hide, firm, "theory", {"cell:value": "80"})

    answer = assessors[0].post(address, {"version": "0", "cell:value": "90"})
    again = assessors[0].post(f"{scoring(hide, firm, 'theory')}/submit")

    assert "已提交并锁定" in answer.get_data(as_text=True)
    assert (answer.status_code, again.status_code) == (422, 422)
    assert (rows(installation, Mark), rows(installation, MarkDraft)) == (1, 0)


def test_a_veto_makes_the_part_nothing_and_whole(installation: Installation, hide: Hidden, firm: Firm, assessors: list[Browser]) -> None:
    hand_in(assessors[0], hide, firm, "skill", {"cell:1": "18", "veto": "F1"})

    with installation.database.reading() as session:
        assert session.exec(select(Mark)).one().value == 0


def test_an_assessor_opens_only_the_parts_that_are_theirs(hide: Hidden, firm: Firm, assessors: list[Browser]) -> None:
    own, others = (assessors[1].get(sheet(hide, firm, method, 1)).status_code for method in ("skill", "theory"))

    assert (own, others) == (200, 404)


def test_other_roles_do_not_score(signed_in: SignedIn, hide: Hidden, firm: Firm) -> None:
    answers = [signed_in(role).get(sheet(hide, firm, "theory", 1)).status_code for role in ("hr", "reviewer", "supervisor")]

    assert answers == [403, 403, 403]


def test_an_account_that_is_no_assessor_of_the_firm_is_told_so(signed_in: SignedIn, hide: Hidden, firm: Firm) -> None:
    browser = signed_in("assessor")

    assert "还没有对应考评人员" in browser.get(f"/batches/{hide('batch', 1)}/scoring").get_data(as_text=True)
    assert browser.get(sheet(hide, firm, "theory", 1)).status_code == 404


def test_another_firm_finds_no_sheet(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm, assessors: list[Browser]
) -> None:
    with installation.database.writing() as session:
        other = make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        theirs = make_batch(session, other, number="2026-X-01", state="marking")
        candidate = make_candidate(session, theirs, make_person(session, installation.vault, other, "外人", 7))
        session.commit()
        ids = {"batch": theirs.id or 0, "part": part_id(other, "theory"), "candidate": candidate.id or 0}
        stranger = other.assessors[0].id
    browser = signed_in("assessor", at=MEMBERS[0], personnel=stranger)
    batch, part = hide("batch", 1), hide("part", part_id(firm, "theory"))
    cells = {"version": "0", "cell:value": "80"}

    whole = browser.post(sheet(hide, firm, "theory", 1), cells)
    in_batch = browser.post(f"/batches/{hide('batch', ids['batch'])}/scoring/{part}/{hide('candidate', 1)}", cells)
    in_part = assessors[0].post(f"/batches/{batch}/scoring/{hide('part', ids['part'])}/{hide('candidate', 1)}", cells)
    of_candidate = assessors[0].post(f"/batches/{batch}/scoring/{part}/{hide('candidate', ids['candidate'])}", cells)

    assert [one.status_code for one in (whole, in_batch, in_part, of_candidate)] == [404] * 4
    assert rows(installation, MarkDraft) == 0
