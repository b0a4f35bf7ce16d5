"""The institution in the browser: what it shows, its forms, and its file."""

import io
import re
from datetime import date

import pytest
from flask import Flask
from sqlmodel import select

from skilleval.db.tables import Institution, Registration, ScopeLine, Venue
from skilleval.installation import Installation
from tests.chained import MEMBERS
from tests.factories import CREDIT_CODE, Firm, make_firm
from tests.web.conftest import SignedIn
from tests.web.counted import MOST, statements


@pytest.fixture
def firm(installation: Installation) -> Firm:
    """A registered firm, and another one whose rows are none of its business."""
    with installation.database.writing() as session:
        firm = make_firm(session)
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
    return firm


def test_scope_ceiling_and_countdown_stand_on_the_page(signed_in: SignedIn, firm: Firm) -> None:
    page = signed_in("auditor").get("/institution").get_data(as_text=True)

    assert "有效，还有 578 天" in page
    assert page.count('class="cell held"') == 3
    assert re.search(r"最高备案等级</dt><dd>三级/高级工", page)
    assert "修改机构信息" not in page


def test_a_registration_that_ends_soon_and_one_that_is_over_say_so(
    signed_in: SignedIn, installation: Installation, firm: Firm
) -> None:
    words = []
    for last_day in (date(2026, 8, 30), date(2026, 5, 31)):
        with installation.database.writing() as session:
            one = session.get(Registration, firm.registration.id)
            assert one is not None
            one.valid_to = last_day
            session.add(one)
            session.commit()
        words.append(signed_in("hr").get("/institution").get_data(as_text=True))

    assert "即将到期，还有 90 天" in words[0]
    assert "已过期 1 天" in words[1]


def test_the_form_changes_the_facts(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    answer = signed_in("hr").post("/institution/edit", {**_facts(), "employees": "1200", "size": "大", "chain_lead": "false"})

    assert answer.status_code == 303
    with installation.database.reading() as session:
        own = session.exec(select(Institution).where(Institution.credit_code == CREDIT_CODE)).one()
    assert (own.employees, own.size, own.chain_lead, own.listed) == (1200, "大", False, None)


def test_what_is_known_is_not_emptied_by_a_choice_left_blank(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    browser = signed_in("hr")
    browser.post("/institution/edit", {**_facts(), "size": "大"})

    answer = browser.post("/institution/edit", {**_facts(), "size": ""})

    assert answer.status_code == 422
    assert "已填过的内容不能清空" in answer.get_data(as_text=True)


def test_a_line_of_the_scope_is_added_behind_the_others(signed_in: SignedIn, installation: Installation, firm: Firm, app: Flask) -> None:
    answer = signed_in("hr").post(_scope_of(app, firm), {**_line(), "occupation_name": "装配钳工"})

    assert answer.status_code == 303
    with installation.database.reading() as session:
        lines = session.exec(select(ScopeLine).where(ScopeLine.institution_id == firm.id).order_by(ScopeLine.serial)).all()  # type: ignore[arg-type] # a column
    assert [(one.serial, one.occupation_name, one.grades) for one in lines][1:] == [(2, "装配钳工", ["junior", "senior"])]


def test_a_wrong_pair_of_code_and_name_is_said_at_its_field(signed_in: SignedIn, installation: Installation, firm: Firm, app: Flask) -> None:
    answer = signed_in("hr").post(_scope_of(app, firm), {**_line(), "occupation_name": "电工"})

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert re.search(r'id="occupation_code-wrong">职业编码 6-20-01-01 对应“装配钳工”', page)


def test_a_grade_above_the_ceiling_is_refused(signed_in: SignedIn, firm: Firm, app: Flask) -> None:
    address = f"/institution/scope/{_hidden(app, 'scope_line', firm.scope.id)}"

    answer = signed_in("hr").post(address, {**_line(), "occupation_name": "电工", "grades": ["technician"], "ceiling": "senior"})

    assert answer.status_code == 422
    assert "二级/技师高于 ceiling 三级/高级工" in answer.get_data(as_text=True)


def test_the_file_is_shown_before_it_is_written(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    browser = signed_in("hr")

    preview = browser.post("/institution/file", {"file": _file(seats=30)}, content_type="multipart/form-data")
    before = _seats(installation)
    sealed = re.search(r'name="sealed" value="([^"]+)"', preview.get_data(as_text=True))
    assert sealed is not None
    applied = browser.post("/institution/file/apply", {"sealed": sealed[1]})

    assert "工位：<del>20</del> → <ins>30</ins>" in preview.get_data(as_text=True)
    assert (before, applied.status_code, _seats(installation)) == (20, 303, 30)


def test_every_error_of_a_file_is_listed_and_nothing_written(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    answer = signed_in("hr").post("/institution/file", {"file": _file(seats=-1, extra='kind = "吊车"\n')}, content_type="multipart/form-data")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "venue[1].seats 不能为负数" in page
    assert "缺少 address" not in page
    assert _seats(installation) == 20


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"not = [toml", "不是有效的 TOML 文件"),
        ("[institution]\nname = \"甲\"".encode("gb18030"), "不是 UTF-8"),
        (b"#" * (200 * 1024 + 1), "超过 200 KB"),
        (f'[institution]\ncredit_code = "{MEMBERS[0]}"\nname = "配套企业甲"\n'.encode(), "没有统一社会信用代码为"),
    ],
)
def test_a_file_that_is_none_or_another_firms_is_refused(signed_in: SignedIn, firm: Firm, content: bytes, told: str) -> None:
    answer = signed_in("hr").post("/institution/file", {"file": (io.BytesIO(content), "f.toml")}, content_type="multipart/form-data")

    assert answer.status_code == 422
    assert told in answer.get_data(as_text=True)


def test_a_preview_that_was_tampered_with_or_is_another_firms_is_refused(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    preview = signed_in("hr").post("/institution/file", {"file": _file(seats=30)}, content_type="multipart/form-data")
    sealed = re.search(r'name="sealed" value="([^"]+)"', preview.get_data(as_text=True))
    assert sealed is not None

    answers = [
        signed_in("hr").post("/institution/file/apply", {"sealed": "AAAA" + sealed[1][4:]}),
        signed_in("hr").post("/institution/file/apply", {"sealed": "no"}),
        signed_in("hr", at=MEMBERS[0]).post("/institution/file/apply", {"sealed": sealed[1]}),
    ]

    assert [one.status_code for one in answers] == [422, 422, 422]
    assert _seats(installation) == 20


def test_another_firms_registration_and_scope_are_not_there(signed_in: SignedIn, firm: Firm, app: Flask) -> None:
    stranger = signed_in("hr", at=MEMBERS[0])
    registration = _hidden(app, "registration", firm.registration.id)
    line = _hidden(app, "scope_line", firm.scope.id)

    addresses = [f"/institution/registration/{registration}", f"/institution/registration/{registration}/scope", f"/institution/scope/{line}"]

    assert [stranger.get(one).status_code for one in addresses] == [404, 404, 404]
    assert [stranger.post(one).status_code for one in addresses] == [404, 404, 404]


def test_who_is_not_of_hr_changes_nothing(signed_in: SignedIn, firm: Firm) -> None:
    assert [signed_in(role).post("/institution/edit", _facts()).status_code for role in ("auditor", "supervisor", "reviewer")] == [403] * 3


def test_the_page_asks_few_statements(signed_in: SignedIn, firm: Firm) -> None:
    browser = signed_in("hr")

    with statements() as seen:
        browser.get("/institution")

    assert len(seen) <= MOST


def _facts() -> dict[str, object]:
    return {"name": "岭南精工制造有限公司", "kind": "employer", "city": "4403", "manufacturing": "true", "province": "44", "responsible": "演示负责人"}


def _line() -> dict[str, object]:
    return {
        "occupation_code": "6-20-01-01", "grades": ["junior", "senior"], "ceiling": "senior", "basis": "standard",
        "basis_name": "国家职业标准", "routes": ["assessment"],
    }  # fmt: skip


def _scope_of(app: Flask, firm: Firm) -> str:
    return f"/institution/registration/{_hidden(app, 'registration', firm.registration.id)}/scope"


def _file(seats: int, extra: str = "") -> tuple[io.BytesIO, str]:
    text = f"""
[institution]
credit_code = "{CREDIT_CODE}"
name = "岭南精工制造有限公司"
[[venue]]
name = "一号实训车间"
address = "厂区一号楼"
seats = {seats}
{extra or 'kind = "practical"'}
"""
    return io.BytesIO(text.encode()), "firm.toml"


def _seats(installation: Installation) -> int:
    with installation.database.reading() as session:
        return session.exec(select(Venue.seats).order_by(Venue.id)).first() or 0  # type: ignore[arg-type] # a column


def _hidden(app: Flask, kind: str, row: int | None) -> str:
    return str(app.extensions["skilleval.ids"].hide(kind, row or 0))
