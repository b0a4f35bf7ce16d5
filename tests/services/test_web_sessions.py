from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from skilleval.db.engine import Database
from skilleval.db.secrets import Vault
from skilleval.db.tables import Account, WebSession
from skilleval.domain.errors import RuleBroken
from skilleval.services import account_roles, accounts, web_sessions
from tests.accounts import HASHER, NOW, OPERATOR, PASSWORD, make_account, phone
from tests.factories import CREDIT_CODE, Firm, make_firm

OTHER_CODE = "91440999MA00001620"
SECOND = timedelta(seconds=1)


@pytest.fixture
def session(sqlite_database: Database) -> Iterator[Session]:
    """On SQLite: what the two systems may do differently is tested on both below."""
    with sqlite_database.writing() as session:
        yield session


@pytest.fixture
def firm(session: Session) -> Firm:
    return make_firm(session)


@pytest.fixture
def account(session: Session, firm: Firm) -> Account:
    return make_account(session, "wang", (CREDIT_CODE, "assessor"), (CREDIT_CODE, "reviewer"))


def who_of(session: Session, cookie: str, after: timedelta = timedelta()) -> web_sessions.Who | None:
    return web_sessions.find_session(session, cookie, now=NOW + after)


def test_a_session_tells_who_asks_for_which_institution_in_which_roles(session: Session, firm: Firm, account: Account) -> None:
    account_roles.link_personnel(session, OPERATOR, account, CREDIT_CODE, firm.assessors[0].id, now=NOW)

    who = who_of(session, web_sessions.open_session(session, account, now=NOW))

    assert who is not None
    assert (who.account_id, who.public_id, who.login, who.name) == (account.id, account.public_id, "wang", "姓名wang")
    assert (who.institution_id, who.institution_name, who.credit_code) == (firm.id, firm.institution.name, CREDIT_CODE)
    assert who.roles == {"assessor", "reviewer"} and who.personnel_id == firm.assessors[0].id
    assert [(one.credit_code, one.roles) for one in who.memberships] == [(CREDIT_CODE, {"assessor", "reviewer"})]
    actor = web_sessions.actor_of(who)
    assert (actor.name, actor.role, actor.account) == ("姓名wang", "assessor+reviewer", account.public_id)


def test_the_system_administrator_acts_for_no_institution(session: Session) -> None:
    root = make_account(session, "root", (None, "administrator"))

    who = who_of(session, web_sessions.open_session(session, root, now=NOW))

    assert who is not None and who.roles == {"administrator"} and who.memberships == ()
    assert (who.institution_id, who.institution_name, who.credit_code, who.personnel_id) == (None, None, None, None)


def test_an_account_without_a_role_sees_nothing(session: Session) -> None:
    who = who_of(session, web_sessions.open_session(session, make_account(session), now=NOW))

    assert who is not None and who.roles == frozenset() and who.institution_id is None


def test_the_database_keeps_only_the_hash_of_the_cookie(session: Session, account: Account) -> None:
    cookie = web_sessions.open_session(session, account, now=NOW)

    rows = session.connection().execute(sa.select(WebSession.__table__)).all()  # type: ignore[attr-defined]
    assert len(cookie) == 43 and cookie not in str(rows) and web_sessions.id_hash(cookie) in str(rows)
    assert who_of(session, web_sessions.id_hash(cookie)) is None
    assert who_of(session, "") is None


@pytest.mark.parametrize(("after", "lives"), [(web_sessions.IDLE - SECOND, True), (web_sessions.IDLE, False)])
def test_a_session_that_is_not_used_ends(session: Session, account: Account, after: timedelta, lives: bool) -> None:
    cookie = web_sessions.open_session(session, account, now=NOW)

    assert (who_of(session, cookie, after) is not None) is lives


@pytest.mark.parametrize(("after", "lives"), [(web_sessions.ABSOLUTE - SECOND, True), (web_sessions.ABSOLUTE, False)])
def test_a_session_ends_after_twelve_hours_however_much_it_is_used(
    session: Session, account: Account, after: timedelta, lives: bool
) -> None:
    cookie = web_sessions.open_session(session, account, now=NOW)
    who = who_of(session, cookie)
    assert who is not None

    web_sessions.touch(session, who, now=NOW + web_sessions.ABSOLUTE - timedelta(minutes=1))

    assert (who_of(session, cookie, after) is not None) is lives


def test_a_session_is_marked_as_seen_at_most_once_a_minute(session: Session, account: Account) -> None:
    cookie = web_sessions.open_session(session, account, now=NOW)
    who = who_of(session, cookie)
    assert who is not None

    assert not web_sessions.needs_touch(who, now=NOW + timedelta(seconds=59))
    assert web_sessions.needs_touch(who, now=NOW + timedelta(seconds=60))
    web_sessions.touch(session, who, now=NOW + timedelta(seconds=60))

    assert who_of(session, cookie, web_sessions.IDLE + SECOND) is not None


def sign_out(session: Session, vault: Vault, account: Account, cookie: str) -> None:
    who = who_of(session, cookie)
    assert who is not None
    web_sessions.close_session(session, who)


def disable(session: Session, vault: Vault, account: Account, cookie: str) -> None:
    accounts.disable_account(session, OPERATOR, account, reason="离职", now=NOW)


def change_password(session: Session, vault: Vault, account: Account, cookie: str) -> None:
    accounts.change_password(session, account, PASSWORD, "另一句 够长的 密码 2026", now=NOW, hasher=HASHER)


def reset_password(session: Session, vault: Vault, account: Account, cookie: str) -> None:
    accounts.reset_password(session, OPERATOR, account, now=NOW, hasher=HASHER)


def gain_a_role(session: Session, vault: Vault, account: Account, cookie: str) -> None:
    account_roles.grant_role(session, OPERATOR, account, CREDIT_CODE, "approver", now=NOW)


def lose_a_role(session: Session, vault: Vault, account: Account, cookie: str) -> None:
    account_roles.revoke_role(session, OPERATOR, account, CREDIT_CODE, "assessor", now=NOW)


def set_up_codes(session: Session, vault: Vault, account: Account, cookie: str) -> None:
    phone(session, vault, account)


@pytest.mark.parametrize(
    "act", [sign_out, disable, change_password, reset_password, gain_a_role, lose_a_role, set_up_codes]
)
def test_what_ends_a_session(
    session: Session, vault: Vault, account: Account, act: Callable[[Session, Vault, Account, str], None]
) -> None:
    cookie = web_sessions.open_session(session, account, now=NOW)
    elsewhere = web_sessions.open_session(session, account, now=NOW)
    stranger = web_sessions.open_session(session, make_account(session, "stranger", (CREDIT_CODE, "hr")), now=NOW)

    act(session, vault, account, cookie)

    assert who_of(session, cookie) is None
    assert (who_of(session, elsewhere) is None) is (act is not sign_out)
    assert who_of(session, stranger) is not None


def test_an_account_disabled_behind_the_services_is_out_at_once(session: Session, account: Account) -> None:
    cookie = web_sessions.open_session(session, account, now=NOW)

    session.connection().exec_driver_sql("UPDATE account SET state = 'disabled'")

    assert who_of(session, cookie) is None


def test_a_session_gets_a_new_id_and_the_old_one_is_worth_nothing(session: Session, account: Account) -> None:
    cookie = web_sessions.open_session(session, account, now=NOW)
    who = who_of(session, cookie)
    assert who is not None

    fresh = web_sessions.rotate(session, who, now=NOW)

    assert who_of(session, cookie) is None and who_of(session, fresh) is not None
    with pytest.raises(RuleBroken, match="请重新登录"):
        web_sessions.rotate(session, who, now=NOW)


def test_whoever_works_for_two_institutions_switches_between_them(session: Session, firm: Firm, account: Account) -> None:
    other = make_firm(session, OTHER_CODE, "Y000044000124", name="另一企业")
    account_roles.grant_role(session, OPERATOR, account, OTHER_CODE, "hr", now=NOW)
    cookie = web_sessions.open_session(session, account, now=NOW)
    who = who_of(session, cookie)
    assert who is not None and who.institution_id == firm.id
    web_sessions.reveal_numbers(session, who, now=NOW)

    fresh = web_sessions.switch_institution(session, who, f" {OTHER_CODE.lower()}", now=NOW)

    there = who_of(session, fresh)
    assert there is not None and there.institution_id == other.id and there.institution_name == "另一企业"
    assert there.roles == {"hr"} and there.revealed_until is None
    assert sorted(one.credit_code for one in there.memberships) == sorted((CREDIT_CODE, OTHER_CODE))
    assert who_of(session, cookie) is None


@pytest.mark.parametrize("code", [OTHER_CODE, "91440999MA0000099X", ""])
def test_nobody_switches_to_an_institution_where_they_have_no_role(session: Session, account: Account, code: str) -> None:
    make_firm(session, OTHER_CODE, "Y000044000124")
    who = who_of(session, web_sessions.open_session(session, account, now=NOW))
    assert who is not None

    with pytest.raises(RuleBroken, match="您在该机构没有角色"):
        web_sessions.switch_institution(session, who, code, now=NOW)


def test_full_numbers_are_shown_for_five_minutes(session: Session, account: Account) -> None:
    cookie = web_sessions.open_session(session, account, now=NOW)
    who = who_of(session, cookie)
    assert who is not None and who.revealed_until is None

    web_sessions.reveal_numbers(session, who, now=NOW)

    shown = who_of(session, cookie)
    assert shown is not None and shown.revealed_until == NOW + timedelta(minutes=5)


def test_a_role_that_demands_codes_is_told_until_they_are_set_up(session: Session, vault: Vault, account: Account) -> None:
    def missing(*roles: str) -> bool:
        cookie = web_sessions.open_session(session, account, now=NOW)
        who = web_sessions.find_session(session, cookie, now=NOW, totp_roles=roles)
        assert who is not None
        return who.totp_missing

    assert not missing() and not missing("issuer") and missing("assessor")
    phone(session, vault, account)
    assert not missing("assessor")


def test_sessions_that_are_over_go_when_another_opens(session: Session, account: Account) -> None:
    web_sessions.open_session(session, account, now=NOW)

    web_sessions.open_session(session, account, now=NOW + web_sessions.ABSOLUTE)

    assert len(session.exec(select(WebSession)).all()) == 1


def test_finding_a_session_takes_one_query_and_works_where_nothing_can_be_written(database: Database) -> None:
    with database.writing() as session:
        firm = make_firm(session)
        cookie = web_sessions.open_session(session, make_account(session, "wang", (CREDIT_CODE, "hr")), now=NOW)
        session.commit()
    asked: list[str] = []

    with database.reading() as session:
        sa.event.listen(session.get_bind(), "before_cursor_execute", lambda *told: asked.append(told[2]))
        who = who_of(session, cookie)

    assert who is not None and (who.institution_id, who.seen_at) == (firm.id, NOW)
    assert len([one for one in asked if one.startswith("SELECT")]) == 1
