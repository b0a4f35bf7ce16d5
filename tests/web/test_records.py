"""业绩 and 过程 on screen: what is unknown stays unknown, the running result, locking, and unlocking."""

import pytest
from sqlmodel import col, select

from skilleval.db.tables import Mark, MarkDraft, ScoreLine
from skilleval.installation import Installation
from skilleval.services.verification import verify_all
from tests.chained import MEMBERS
from tests.factories import Firm, make_firm
from tests.web.conftest import Browser, SignedIn
from tests.web.counted import MOST, statements
from tests.web.scored import Hidden
from tests.worked import make_worked

SCRIPT = {"headers": {"Accept": "application/json"}}
#: 40 % of the best and 60 % of 0.6 × 80 + 0.4 × 60
VALUES = {"value-0-0": "98", "value-0-1": "0", "value-1-0": "95", "value-1-1": "8"}
SEEN = {
    "rows": "3", "day-0": "2026-06-08", "occasion-0": "RC", "observer-0": "K1", "score-0": "80",
    "day-1": "2026-06-09", "occasion-1": "RC", "observer-1": "K2", "score-1": "90",
    "day-2": "2026-06-10", "occasion-2": "JD", "observer-2": "K1", "score-2": "70",
}  # fmt: skip


@pytest.fixture
def firm(installation: Installation) -> Firm:
    with installation.database.writing() as session:
        firm = make_firm(session)
        make_worked(session, installation.vault, firm)
        session.commit()
    return firm


def part(hide: Hidden, firm: Firm, method: str) -> str:
    return f"/batches/{hide('batch', 1)}/records/{hide('part', firm.part('senior', method).id or 0)}"


def one(hide: Hidden, firm: Firm, method: str, candidate: int = 1) -> str:
    return f"{part(hide, firm, method)}/{hide('candidate', candidate)}"


def marks(installation: Installation) -> list[tuple[int, int, int | None]]:
    with installation.database.reading() as session:
        return [(one.candidate_id, one.revision, one.value) for one in session.exec(select(Mark).order_by(col(Mark.id)))]


def test_a_value_that_is_not_there_is_unknown_and_makes_no_mark(
    installation: Installation, hide: Hidden, firm: Firm, assessors: list[Browser]
) -> None:
    address = one(hide, firm, "performance")

    saved = assessors[0].post(address, {"version": "0", **VALUES, "value-1-1": ""}, **SCRIPT).get_json()
    with statements() as seen:
        page = assessors[0].get(address).get_data(as_text=True)
    whole = assessors[0].get(f"{part(hide, firm, 'performance')}/submit").get_data(as_text=True)
    refused = assessors[0].post(f"{part(hide, firm, 'performance')}/submit")

    # 40 + 0.36 × 80 of 76 % of the weight
    assert (saved["total"], saved["weight"], saved["missing"]) == ("68.8", "76%", ["评价前半年的责任故障停机"])
    assert "评价前半年的责任故障停机" in page and 'value="95"' in page and 'name="value-1-1" value=""' in page
    assert "没有记录齐全而未提交的考生" in whole and "评价前半年的责任故障停机" in whole and "还没有记录" in whole
    assert refused.status_code == 422 and "也不作 0 分" in refused.get_data(as_text=True)
    assert marks(installation) == []
    assert len(seen) <= MOST


def test_whole_records_become_marks_with_their_lines(
    installation: Installation, hide: Hidden, firm: Firm, assessors: list[Browser]
) -> None:
    for method, form in (("performance", VALUES), ("process", SEEN)):
        assert assessors[0].post(one(hide, firm, method), {"version": "0", **form}).status_code == 303
        assert assessors[0].post(f"{part(hide, firm, method)}/submit").status_code == 303
    locked = assessors[0].post(one(hide, firm, "performance"), {"version": "1", **VALUES})

    # 83.2, and (80 + 90 + 2 × 70) / 4
    assert marks(installation) == [(1, 1, 8320), (1, 1, 7750)]
    assert locked.status_code == 422 and "已提交并锁定" in locked.get_data(as_text=True)
    with installation.database.reading() as session:
        assert len(session.exec(select(ScoreLine)).all()) == 7
        assert session.exec(select(MarkDraft)).all() == []
        assert verify_all(session) == []


@pytest.mark.parametrize(
    ("method", "own", "told"),
    [
        ("performance", {"value-0-0": "100.01"}, "应在 0 至 100"),
        ("performance", {"value-0-0": "很高"}, "填的是“很高”"),
        ("process", {"day-0": "2026-06-07"}, "不在批次的评价期间"),
        ("process", {"score-0": "100.01"}, "应在 0 至 100"),
        ("process", {"score-0": ""}, "第 1 行还缺得分"),
        ("process", {"observer-0": "K3"}, "没有指派评这一部分"),
        ("process", {"day-1": "2026-06-08", "observer-1": "K1"}, "记了两次"),
        ("process", {"absent": "yes"}, "已标缺考，不能再有记录"),
    ],
)
def test_what_can_not_be_is_refused_and_stays_on_the_page(
    installation: Installation, hide: Hidden, firm: Firm, assessors: list[Browser], method: str, own: dict[str, str], told: str
) -> None:
    form = {"version": "0", **(VALUES if method == "performance" else SEEN), **own}

    by_form = assessors[0].post(one(hide, firm, method), form)
    by_script = assessors[0].post(one(hide, firm, method), form, **SCRIPT)

    assert (by_form.status_code, by_script.status_code) == (422, 422)
    assert told in by_form.get_data(as_text=True) and told in "".join(by_script.get_json()["problems"])
    assert 'value="8"' in by_form.get_data(as_text=True) or 'value="70"' in by_form.get_data(as_text=True)
    with installation.database.reading() as session:
        assert session.exec(select(MarkDraft)).all() == []


def test_one_assessor_answers_for_a_computed_mark_and_the_part_is_open_then(
    installation: Installation, hide: Hidden, firm: Firm, assessors: list[Browser], signed_in: SignedIn
) -> None:
    address = part(hide, firm, "process")
    for candidate, form in ((1, SEEN), (2, {"absent": "yes"})):
        assessors[0].post(one(hide, firm, "process", candidate), {"version": "0", **form})
    closed = signed_in("reviewer").get(f"/batches/{hide('batch', 1)}/marks").get_data(as_text=True)
    assessors[0].post(f"{address}/submit")

    other = assessors[1].post(one(hide, firm, "process"), {"version": "0", **SEEN})
    page = signed_in("reviewer").get(f"/batches/{hide('batch', 1)}/marks").get_data(as_text=True)

    assert other.status_code == 422 and "已由 K1 考评员甲 名下计分" in other.get_data(as_text=True)
    assert "77.5" in page and "77.5" not in closed
    assert marks(installation) == [(1, 1, 7750), (2, 1, None)]


def test_an_unlocked_mark_is_entered_again_from_what_stood(
    installation: Installation, hide: Hidden, firm: Firm, assessors: list[Browser], signed_in: SignedIn
) -> None:
    address = one(hide, firm, "performance")
    assessors[0].post(address, {"version": "0", **VALUES})
    assessors[0].post(f"{part(hide, firm, 'performance')}/submit")
    unlock = {"mark": hide("mark", 1), "reason": "数据有误"}
    assert signed_in("reviewer").post(f"/batches/{hide('batch', 1)}/marks/{hide('candidate', 1)}/unlock", unlock).status_code == 303

    page = assessors[0].get(address).get_data(as_text=True)
    assessors[0].post(address, {"version": "0", **VALUES, "value-1-1": "0"})
    assessors[0].post(f"{part(hide, firm, 'performance')}/submit")

    assert "数据有误" in page and 'name="value-1-1" value="8"' in page
    assert marks(installation) == [(1, 1, 8320), (1, 2, 9280)]


def test_a_stale_window_does_not_overwrite(hide: Hidden, firm: Firm, assessors: list[Browser]) -> None:
    address = one(hide, firm, "performance")
    assessors[0].post(address, {"version": "0", **VALUES})

    assert assessors[0].post(address, {"version": "0", **VALUES}).status_code == 422


def test_only_whoever_is_assigned_has_the_sheet(
    installation: Installation, hide: Hidden, firm: Firm, assessors: list[Browser], signed_in: SignedIn
) -> None:
    address = one(hide, firm, "performance")
    with installation.database.writing() as session:
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()

    assert [browser.get(address).status_code for browser in assessors] == [200, 404, 404]
    assert signed_in("assessor", at=MEMBERS[0]).get(address).status_code == 404
    assert signed_in("hr").post(address, {"version": "0", **VALUES}).status_code == 403
