"""Double entry of paper sheets in the browser."""

import pytest
from sqlmodel import select

from skilleval.db.tables import Mark, MarkDraft
from skilleval.installation import Installation
from skilleval.services.verification import verify_all
from tests.chained import MEMBERS
from tests.factories import Firm, make_firm
from tests.web.conftest import Browser, SignedIn
from tests.web.scored import Hidden, make_marked, part_id


@pytest.fixture
def firm(installation: Installation) -> Firm:
    with installation.database.writing() as session:
        firm = make_marked(session, installation.vault)
        session.commit()
    return firm


@pytest.fixture
def typists(signed_in: SignedIn, firm: Firm) -> list[Browser]:
    return [signed_in("hr"), signed_in("reviewer")]


def paper(hide: Hidden, firm: Firm, act: str = "", method: str = "theory") -> str:
    part, assessor = hide("part", part_id(firm, method)), hide("personnel", firm.assessors[0].id or 0)
    return f"/batches/{hide('batch', 1)}/paper/{part}/{assessor}{act}"


def typed(hide: Hidden, *each: str, version: int = 0) -> dict[str, object]:
    rows = {f"{hide('candidate', serial)}:value": mark for serial, mark in enumerate(each, start=1)}
    return rows | {f"{hide('candidate', serial)}:version": str(version) for serial in range(1, len(each) + 1)}


def values(installation: Installation) -> list[int | None]:
    with installation.database.reading() as session:
        assert verify_all(session) == []
        return [one.value for one in session.exec(select(Mark).order_by(Mark.candidate_id))]  # type: ignore[arg-type] # a column


def test_what_two_typed_alike_becomes_marks(installation: Installation, hide: Hidden, firm: Firm, typists: list[Browser]) -> None:
    for browser in typists:
        assert browser.post(paper(hide, firm), typed(hide, "80", "70.5")).status_code == 303

    written = typists[1].post(paper(hide, firm, "/write"))

    assert written.status_code == 303
    assert values(installation) == [8000, 7050]


def test_where_they_differ_is_shown_cell_by_cell_and_nothing_is_written(
    installation: Installation, hide: Hidden, firm: Firm, typists: list[Browser]
) -> None:
    typists[0].post(paper(hide, firm), typed(hide, "80", "70.5"))
    typists[1].post(paper(hide, firm), typed(hide, "80", "75"))

    compared = typists[0].get(paper(hide, firm, "/compare")).get_data(as_text=True)
    refused = typists[0].post(paper(hide, firm, "/write"))

    assert "<strong>70.50</strong> / <strong>75.00</strong>" in compared
    assert refused.status_code == 422
    assert "李小明：分数 70.50 / 75.00" in refused.get_data(as_text=True)
    assert values(installation) == []


def test_what_was_put_right_is_written(installation: Installation, hide: Hidden, firm: Firm, typists: list[Browser]) -> None:
    typists[0].post(paper(hide, firm), typed(hide, "80", "70.5"))
    typists[1].post(paper(hide, firm), typed(hide, "80", "75"))

    assert typists[1].post(paper(hide, firm), typed(hide, "80", "70.5", version=1)).status_code == 303
    typists[0].post(paper(hide, firm, "/write"))

    assert values(installation) == [8000, 7050]


def test_one_typing_is_not_enough_and_is_not_shown_to_the_other(
    installation: Installation, hide: Hidden, firm: Firm, typists: list[Browser]
) -> None:
    typists[0].post(paper(hide, firm), typed(hide, "81.25", ""))

    others = [typists[1].get(paper(hide, firm, act)).get_data(as_text=True) for act in ("", "/compare")]
    alone = typists[0].post(paper(hide, firm, "/write"))

    assert ["81.25" in page for page in others] == [False, False]
    assert "81.25" in typists[0].get(paper(hide, firm)).get_data(as_text=True)
    assert alone.status_code == 422
    assert values(installation) == []


def test_a_candidate_whom_only_one_typed_is_in_the_way(installation: Installation, hide: Hidden, firm: Firm, typists: list[Browser]) -> None:
    typists[0].post(paper(hide, firm), typed(hide, "80", "70.5"))
    typists[1].post(paper(hide, firm), typed(hide, "80", ""))

    refused = typists[0].post(paper(hide, firm, "/write")).get_data(as_text=True)

    assert "李小明：只有一人录入" in refused
    assert values(installation) == []


def test_a_third_does_not_type_nor_does_the_assessor(
    signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm, typists: list[Browser]
) -> None:
    assessor = signed_in("hr", personnel=firm.assessors[0].id)
    own = assessor.post(paper(hide, firm), typed(hide, "80", "70"))
    for browser in typists:
        browser.post(paper(hide, firm), typed(hide, "80", "70"))

    third = signed_in("hr").post(paper(hide, firm), typed(hide, "80", "70"))

    assert "考评员本人" in own.get_data(as_text=True)
    assert "已有两人录入" in third.get_data(as_text=True)
    assert (own.status_code, third.status_code) == (422, 422)


def test_a_wrong_cell_is_refused_with_its_range_and_whose_it_is(
    installation: Installation, hide: Hidden, firm: Firm, typists: list[Browser]
) -> None:
    answer = typists[0].post(paper(hide, firm), typed(hide, "80", "100.5"))

    assert answer.status_code == 422
    assert "李小明：分数应在 0 至 100.00 之间" in answer.get_data(as_text=True)
    with installation.database.reading() as session:
        assert session.exec(select(MarkDraft)).all() == []


def test_typing_is_for_hr_and_reviewers_of_the_firm(signed_in: SignedIn, installation: Installation, hide: Hidden, firm: Firm) -> None:


    with installation.database.writing() as session:
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
    stranger = signed_in("hr", at=MEMBERS[0])

    assert signed_in("assessor").get(paper(hide, firm)).status_code == 403
    assert [stranger.get(paper(hide, firm)).status_code, stranger.post(paper(hide, firm, "/write")).status_code] == [404, 404]
