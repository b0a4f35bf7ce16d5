"""Posts on the ladder in the browser."""

import re

import pytest
from flask import Flask
from sqlmodel import Session, select

from skilleval.db.tables import Post, PostGrade
from skilleval.installation import Installation
from tests.chained import MEMBERS
from tests.factories import Firm, make_firm, make_person
from tests.web.conftest import SignedIn
from tests.web.counted import MOST, statements


@pytest.fixture
def firm(installation: Installation) -> Firm:
    """A firm registered for 电工 五级 to 三级 by its own specification, with posts for two of the grades."""
    with installation.database.writing() as session:
        firm = make_firm(session)
        firm.specification.standard = None
        session.add(firm.specification)
        _post(session, firm, "维修电工", {"一档": "junior", "三档": "senior"})
        make_person(session, installation.vault, firm, occupation_code="6-31-01-03")
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
    return firm


def test_the_ladder_shows_the_posts_and_the_rung_that_is_missing(signed_in: SignedIn, firm: Firm) -> None:
    page = signed_in("supervisor").get("/posts").get_data(as_text=True)

    steps = {step: kind for kind, step in re.findall(r'<li class="(\w+) step-(\d)">', page)}
    assert steps == {"8": "outside", "7": "outside", "6": "outside", "5": "outside", "4": "lacking", "3": "gap", "2": "lacking", "1": "outside"}
    assert "没有岗位等级的：四级/中级工" in page
    assert "增加岗位" not in page


def test_an_occupation_is_chosen_from_the_list_and_read_in_full_width(
    signed_in: SignedIn, installation: Installation, firm: Firm
) -> None:
    browser = signed_in("hr")
    page = browser.get("/posts/new").get_data(as_text=True)
    words = {"name": "装配", "occupation_code": "６－２０－０１－０１", "grades-0-name": "一档", "grades-0-grade": "junior"}

    sent = browser.post("/posts/new", words)

    assert 'list="occupation_code-known"' in page and '<option value="6-20-01-01">装配钳工</option>' in page
    assert sent.status_code == 303
    with installation.database.reading() as session:
        assert session.exec(select(Post.occupation_code).where(Post.name == "装配")).one() == "6-20-01-01"


def test_the_ladder_asks_few_statements(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    with installation.database.writing() as session:
        for number in range(5):
            _post(session, firm, f"装配工{number}", {"一档": "junior"}, code=f"6-20-01-0{number + 1}")
        session.commit()
    browser = signed_in("hr")

    with statements() as seen:
        answer = browser.get("/posts?of=6-31-01-03:")

    assert answer.status_code == 200
    assert len(seen) <= MOST, "\n".join(one.replace("\n", " ")[:110] for one in seen)


def test_a_grade_is_added_and_the_stored_ones_stay(signed_in: SignedIn, installation: Installation, firm: Firm, app: Flask) -> None:
    form = {
        "grades-0-name": "一档", "grades-0-grade": "junior", "grades-0-post_specification": "GF-01",
        "grades-1-name": "二档", "grades-1-grade": "intermediate", "grades-1-skill_pay": "300.50",
    }  # fmt: skip

    answer = signed_in("hr").post(f"/posts/{_hidden(app, 1)}", form)

    assert answer.status_code == 303
    with installation.database.reading() as session:
        grades = session.exec(select(PostGrade).order_by(PostGrade.serial)).all()  # type: ignore[arg-type] # a column
    assert [(one.name, one.grade, one.post_specification, one.skill_pay) for one in grades] == [
        ("一档", "junior", "GF-01", None), ("三档", "senior", None, None), ("二档", "intermediate", None, 30050),
    ]  # fmt: skip


def test_a_half_filled_row_is_refused_and_nothing_saved(signed_in: SignedIn, installation: Installation, firm: Firm, app: Flask) -> None:
    answer = signed_in("hr").post(f"/posts/{_hidden(app, 1)}", {"grades-0-name": "", "grades-0-grade": "junior"})

    assert answer.status_code == 422
    assert "第 1 行须写明名称和对应等级" in answer.get_data(as_text=True)


def test_a_new_post_with_an_unknown_occupation_is_refused_at_its_field(signed_in: SignedIn, installation: Installation, firm: Firm) -> None:
    row = {"grades-0-name": "一档", "grades-0-grade": "junior"}
    browser = signed_in("hr")

    wrong = browser.post("/posts/new", {"name": "焊接", "occupation_code": "6-99-99-99", **row})
    twice = browser.post("/posts/new", {"name": "维修电工", "occupation_code": "6-31-01-03", **row})
    right = browser.post("/posts/new", {"name": "焊接", "occupation_code": "6-18-02-04", **row})

    assert (wrong.status_code, twice.status_code, right.status_code) == (422, 422, 303)
    assert 'id="occupation_code-wrong"' in wrong.get_data(as_text=True)
    assert "已有岗位“维修电工”" in twice.get_data(as_text=True)


def test_another_firms_post_is_not_there_and_nobody_else_writes(signed_in: SignedIn, firm: Firm, app: Flask) -> None:
    stranger = signed_in("hr", at=MEMBERS[0])

    assert (stranger.get(f"/posts/{_hidden(app, 1)}").status_code, stranger.post(f"/posts/{_hidden(app, 1)}").status_code) == (404, 404)
    assert "维修电工" not in stranger.get("/posts").get_data(as_text=True)
    assert signed_in("auditor").post("/posts/new").status_code == 403


def test_without_posts_and_scope_the_page_says_what_to_do(signed_in: SignedIn, installation: Installation) -> None:
    with installation.database.writing() as session:
        firm = make_firm(session)
        session.delete(firm.scope)
        session.commit()

    assert "先登记备案范围" in signed_in("hr").get("/posts").get_data(as_text=True)


def _post(session: Session, firm: Firm, name: str, grades: dict[str, str], code: str = "6-31-01-03") -> None:
    post = Post(institution_id=firm.id, name=name, occupation_code=code)
    session.add(post)
    session.flush()
    session.add_all(
        PostGrade(institution_id=firm.id, post_id=post.id or 0, name=own, serial=serial, grade=grade)
        for serial, (own, grade) in enumerate(grades.items(), start=1)
    )


def _hidden(app: Flask, row: int) -> str:
    return str(app.extensions["skilleval.ids"].hide("post", row))
