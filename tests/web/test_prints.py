"""The print set of a session."""

from pathlib import Path

import pytest

from skilleval.installation import Installation
from tests.chained import MEMBERS
from tests.factories import make_batch, make_firm
from tests.reports.reading import fonts_not_embedded, text_of
from tests.web.conftest import SignedIn
from tests.web.scored import Hidden, make_marked


@pytest.fixture
def address(installation: Installation, hide: Hidden) -> str:
    with installation.database.writing() as session:
        make_marked(session, installation.vault)
        other = make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        make_batch(session, other, number="2026-X-01", state="scheduled")
        session.commit()
    return f"/batches/{hide('batch', 1)}/prints/room.pdf"


@pytest.mark.slow
def test_the_set_has_door_sheet_sign_in_sheet_and_every_assessors_sheets(
    signed_in: SignedIn, address: str, tmp_path: Path
) -> None:
    file = tmp_path / "room.pdf"
    file.write_bytes(signed_in("hr").get(address).get_data())

    pages = text_of(file).split("\f")[:-1]

    assert fonts_not_embedded(file) == []
    # Door and sign-in, theory of K1, then skill of K1, K2 and K3, a sheet for each of two candidates.
    assert len(pages) == 2 + 1 + 3 * 2
    assert "考场门贴" in pages[0] and "考生签到表" in pages[1] and "理论知识考试评分表" in pages[2]
    assert all("技能操作考核评分表" in page and "带电作业" in page for page in pages[3:])
    assert ["李小明" in page for page in pages[3:]] == [False, True] * 3


def test_a_batch_without_numbers_has_nothing_to_print_and_others_print_nothing(
    signed_in: SignedIn, hide: Hidden, address: str
) -> None:
    theirs = f"/batches/{hide('batch', 2)}/prints/room.pdf"

    empty = signed_in("hr", at=MEMBERS[0]).get(theirs)

    assert empty.status_code == 422
    assert "还没有编排考生" in empty.get_data(as_text=True)
    assert [signed_in("hr").get(theirs).status_code, signed_in("assessor").get(address).status_code] == [404, 403]
