"""Saved views: theirs who saved them, at one institution; one default a list; few, short, printable."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from skilleval.db.engine import Database
from skilleval.db.tables import SavedView
from skilleval.domain.errors import RuleBroken
from skilleval.services import saved_views, web_sessions
from skilleval.services.saved_views import LONGEST_NAME, LONGEST_QUERY, MOST_VIEWS
from skilleval.services.verification import verify_all
from skilleval.services.web_sessions import Who
from tests.accounts import make_account
from tests.chained import MEMBERS
from tests.factories import CREDIT_CODE, make_firm
from tests.services.test_web_sessions import NOW


@pytest.fixture
def session(sqlite_database: Database) -> Iterator[Session]:
    with sqlite_database.writing() as session:
        make_firm(session)
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        yield session


def somebody(session: Session, login: str, *places: tuple[str | None, str]) -> Who:
    account = make_account(session, login, *places)
    who = web_sessions.find_session(session, web_sessions.open_session(session, account, now=NOW), now=NOW)
    assert who is not None
    return who


@pytest.fixture
def wang(session: Session) -> Who:
    return somebody(session, "wang", (CREDIT_CODE, "hr"))


def names(session: Session, who: Who, listing: str = "people") -> list[str]:
    return [one.name for one in saved_views.layout_of(session, who, listing).views]


def test_a_view_stands_on_its_list_for_its_account_only(session: Session, wang: Who) -> None:
    li, elsewhere = somebody(session, "li", (CREDIT_CODE, "hr")), somebody(session, "zhao", (MEMBERS[0], "hr"))

    saved_views.save_view(session, wang, "people", " 一车间 ", "department=%E4%B8%80")

    assert names(session, wang) == ["一车间"]
    assert names(session, wang, "batches") == names(session, li) == names(session, elsewhere) == []


def test_an_account_keeps_its_views_apart_by_institution(session: Session) -> None:
    here = somebody(session, "wang", (CREDIT_CODE, "hr"), (MEMBERS[0], "hr"))
    saved_views.save_view(session, here, "people", "一车间", "")
    cookie = web_sessions.switch_institution(session, here, MEMBERS[0], now=NOW)

    there = web_sessions.find_session(session, cookie, now=NOW)

    assert there is not None and there.institution_id != here.institution_id
    assert (names(session, here), names(session, there)) == (["一车间"], [])


def test_a_name_that_is_used_stands_for_the_new_filters(session: Session, wang: Who) -> None:
    saved_views.save_view(session, wang, "people", "常用", "grade=senior")
    saved_views.choose_default(session, wang, "people", "常用")

    saved_views.save_view(session, wang, "people", "常用", "grade=junior")

    default = saved_views.layout_of(session, wang, "people").default
    assert default is not None and (default.name, default.query) == ("常用", "grade=junior")


def test_one_view_at_most_is_the_default(session: Session, wang: Who) -> None:
    for name in ("甲", "乙"):
        saved_views.save_view(session, wang, "people", name, "")
        saved_views.choose_default(session, wang, "people", name)

    default = saved_views.layout_of(session, wang, "people").default
    assert default is not None and default.name == "乙"
    with pytest.raises(sa.exc.IntegrityError):
        session.execute(sa.update(SavedView).values(is_default=True))


def test_a_default_is_dropped_and_a_view_removed(session: Session, wang: Who) -> None:
    saved_views.save_view(session, wang, "people", "甲", "")
    saved_views.choose_default(session, wang, "people", "甲")

    saved_views.drop_default(session, wang, "people")
    dropped = saved_views.layout_of(session, wang, "people").default
    saved_views.remove_view(session, wang, "people", "甲")

    assert dropped is None and names(session, wang) == []


def test_anothers_view_is_refused_like_one_that_is_not_there(session: Session, wang: Who) -> None:
    saved_views.save_view(session, wang, "people", "甲", "")
    li = somebody(session, "li", (CREDIT_CODE, "hr"))
    told = []

    for act in (saved_views.remove_view, saved_views.choose_default):
        for name in ("甲", "没有的"):
            with pytest.raises(RuleBroken) as refusal:
                act(session, li, "people", name)
            told.append(refusal.value.message)

    assert len(set(told)) == 1 and names(session, wang) == ["甲"]


@pytest.mark.parametrize(
    ("name", "query", "refused"),
    [
        ("", "", "起一个"), ("   ", "", "起一个"), ("名" * LONGEST_NAME, "", ""), ("名" * (LONGEST_NAME + 1), "", "起一个"),
        ("a\x00b", "", "不能显示"), ("a\u202eb", "", "不能显示"),
        ("长", "q" * LONGEST_QUERY, ""), ("长", "q" * (LONGEST_QUERY + 1), "保存不下"),
    ],
)  # fmt: skip
def test_names_and_filters_are_short_and_printable(session: Session, wang: Who, name: str, query: str, refused: str) -> None:
    if not refused:
        saved_views.save_view(session, wang, "people", name, query)
        assert names(session, wang) == [name]
        return
    with pytest.raises(RuleBroken, match=refused):
        saved_views.save_view(session, wang, "people", name, query)


def test_a_list_has_twenty_views_and_no_more(session: Session, wang: Who) -> None:
    for number in range(MOST_VIEWS):
        saved_views.save_view(session, wang, "people", f"视图{number:02}", "")

    with pytest.raises(RuleBroken, match="最多保存20个"):
        saved_views.save_view(session, wang, "people", "又一个", "")
    saved_views.save_view(session, wang, "people", "视图00", "grade=senior")

    assert len(names(session, wang)) == MOST_VIEWS


def test_whoever_acts_for_no_institution_keeps_nothing(session: Session) -> None:
    nobody = somebody(session, "admin", (None, "administrator"))

    with pytest.raises(RuleBroken, match="不代表任何机构"):
        saved_views.save_view(session, nobody, "people", "甲", "")
    assert saved_views.layout_of(session, nobody, "people") == saved_views.Layout()


def test_what_an_account_keeps_needs_no_entry_in_the_journal(session: Session, wang: Who) -> None:
    before = [one.code for one in verify_all(session)]

    saved_views.save_view(session, wang, "people", "甲", "")
    saved_views.hide_columns(session, wang, "people", {"post", "hired_on"})

    assert [one.code for one in verify_all(session)] == before
    assert saved_views.layout_of(session, wang, "people").hidden == {"post", "hired_on"}
