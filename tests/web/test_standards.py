"""Occupations and standards in the browser, and the comparison with the original."""

import hashlib
import io
import re

import pytest
from sqlmodel import select

from skilleval.db.tables import StandardConfirmation
from skilleval.installation import Installation
from tests.chained import MEMBERS
from tests.factories import Firm, make_firm
from tests.web.conftest import SignedIn
from tests.web.counted import MOST, statements

KEY = "6-31-01-03@2018"


@pytest.fixture
def firm(installation: Installation) -> Firm:
    """Two firms."""
    with installation.database.writing() as session:
        firm = make_firm(session)
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
    return firm


@pytest.mark.parametrize("typed", ["电工", "6-31-01-03", "diangong", "DG"])
def test_an_occupation_is_found_by_name_code_and_pinyin(signed_in: SignedIn, firm: Firm, typed: str) -> None:
    page = signed_in("assessor").get("/standards", query_string={"q": typed}).get_data(as_text=True)

    assert "/standards/6-31-01-03" in page
    assert "未与原标准核对" in page


def test_the_list_turns_pages_and_is_narrowed_to_the_scope(signed_in: SignedIn, firm: Firm) -> None:
    browser = signed_in("hr")

    first, last = (browser.get(f"/standards?page={number}").get_data(as_text=True) for number in (1, 17))
    own = browser.get("/standards?only=scope").get_data(as_text=True)
    nothing = browser.get("/standards?q=zzzz").get_data(as_text=True)

    assert ('rel="next"' in first, 'rel="next"' in last, 'rel="prev"' in last) == (True, False, True)
    assert "共 1 个职业" in own
    assert "拼音首字母" in nothing


def test_a_standard_shows_weights_conditions_and_their_clauses(signed_in: SignedIn, firm: Firm) -> None:
    browser = signed_in("auditor")

    with statements() as seen:
        page = browser.get(f"/standards/of/{KEY}").get_data(as_text=True)

    assert re.findall(r'<tr class="sum">.*?</tr>', page, re.DOTALL)[0].count('<td class="number">100</td>') == 5
    assert "2018/senior/1" in page
    assert "记录一次核对" not in page
    assert len(seen) <= MOST


def test_a_comparison_keeps_the_hash_of_the_original_and_counts_for_this_firm_only(
    signed_in: SignedIn, installation: Installation, firm: Firm
) -> None:
    browser = signed_in("hr")
    content = b"%PDF-1.7 the original"

    answer = browser.post(f"/standards/of/{KEY}", _upload(content), content_type="multipart/form-data")
    page = browser.get(f"/standards/of/{KEY}").get_data(as_text=True)
    elsewhere = signed_in("hr", at=MEMBERS[0]).get(f"/standards/of/{KEY}").get_data(as_text=True)

    assert answer.status_code == 303
    assert hashlib.sha256(content).hexdigest() in page
    assert "本机构已与原标准核对" in page
    assert hashlib.sha256(content).hexdigest() not in elsewhere
    with installation.database.reading() as session:
        row = session.exec(select(StandardConfirmation)).one()
    assert (row.standard, row.by, row.note) == (KEY, "姓名person1", "对照第 12 页")


def test_the_same_comparison_an_empty_file_and_none_are_refused(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    browser = signed_in("hr")
    browser.post(f"/standards/of/{KEY}", _upload(b"original"), content_type="multipart/form-data")

    answers = [
        browser.post(f"/standards/of/{KEY}", form, content_type="multipart/form-data")
        for form in (_upload(b"original"), _upload(b""), {"note": "没有文件"})
    ]

    assert [one.status_code for one in answers] == [422, 422, 422]
    assert "已与这一份原标准文件核对过" in answers[0].get_data(as_text=True)
    with installation.database.reading() as session:
        assert len(session.exec(select(StandardConfirmation)).all()) == 1


def test_only_hr_confirms_and_what_is_not_there_is_missing(signed_in: SignedIn, firm: Firm) -> None:
    browser = signed_in("reviewer")

    assert browser.post(f"/standards/of/{KEY}", _upload(b"x"), content_type="multipart/form-data").status_code == 403
    assert [browser.get(one).status_code for one in ("/standards/of/9-99@2018", "/standards/9-99-99-99")] == [404, 404]


def _upload(content: bytes) -> dict[str, object]:
    return {"original": (io.BytesIO(content), "原标准.pdf"), "note": "对照第 12 页"}
