from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from skilleval.db.engine import Database
from skilleval.db.tables import AccountEvent, AccountRole, JournalDetail, JournalEntry, SetupToken
from skilleval.domain.errors import RuleBroken
from skilleval.services import account_events, account_roles, accounts, verification
from skilleval.services.passwords import HASHER as REAL_HASHER
from skilleval.services.passwords import matches
from tests.accounts import HASHER, NOW, OPERATOR, PASSWORD, actor_with, make_account
from tests.factories import CREDIT_CODE, make_firm

OTHER_CODE = "91440999MA00001620"


@pytest.fixture
def session(sqlite_database: Database) -> Iterator[Session]:
    """On SQLite: what the two systems may do differently is tested on both below."""
    with sqlite_database.writing() as session:
        yield session


def first(session: Session, token: str, *, login: str = "root", now=NOW):  # type: ignore[no-untyped-def]
    return accounts.create_first_administrator(
        session, token, login=login, name="管理员", password=PASSWORD, now=now, hasher=HASHER
    )


def test_the_real_hash_is_argon2id_with_46_mib_one_pass_and_one_lane() -> None:
    assert REAL_HASHER.hash("x").startswith("$argon2id$v=19$m=47104,t=1,p=1$")


def test_a_token_makes_the_first_administrator(session: Session) -> None:
    token = accounts.new_setup_token(session, now=NOW)

    account = first(session, token)

    assert [(one.role, one.institution_id) for one in account_events.live_roles(session, account)] == [("administrator", None)]
    assert not account.must_change_password and matches(account.password_hash, PASSWORD, HASHER)
    assert token not in str(session.exec(select(SetupToken)).all())


@pytest.mark.parametrize(("age", "works"), [(timedelta(hours=24) - timedelta(seconds=1), True), (timedelta(hours=24), False)])
def test_a_token_works_for_24_hours(session: Session, age: timedelta, works: bool) -> None:
    token = accounts.new_setup_token(session, now=NOW)

    if works:
        assert first(session, token, now=NOW + age).login == "root"
        return
    with pytest.raises(RuleBroken, match="超过24小时"):
        first(session, token, now=NOW + age)


def test_a_wrong_token_and_one_that_was_replaced_are_refused(session: Session) -> None:
    earlier = accounts.new_setup_token(session, now=NOW)
    accounts.new_setup_token(session, now=NOW)

    for token in ("wrong", "", earlier):
        with pytest.raises(RuleBroken, match="设置口令无效"):
            first(session, token)


def test_there_is_no_second_first_administrator(session: Session) -> None:
    token = accounts.new_setup_token(session, now=NOW)
    first(session, token)

    with pytest.raises(RuleBroken, match="已有系统管理员"):
        first(session, token, login="again")
    with pytest.raises(RuleBroken, match="已有系统管理员"):
        accounts.new_setup_token(session, now=NOW)


def test_a_refused_password_leaves_the_token_to_be_tried_again(session: Session) -> None:
    token = accounts.new_setup_token(session, now=NOW)
    session.commit()

    with pytest.raises(RuleBroken, match="密码不合要求"):
        accounts.create_first_administrator(session, token, login="root", name="某", password="short", now=NOW, hasher=HASHER)
    session.rollback()

    assert first(session, token).login == "root"


def test_a_new_account_has_its_roles_and_a_password_that_must_be_changed(session: Session) -> None:
    make_firm(session)

    account, once = accounts.add_account(
        session, OPERATOR, login="Wang", name="王某", roles=[(CREDIT_CODE, "hr"), (CREDIT_CODE, "reviewer")], now=NOW, hasher=HASHER
    )

    assert (account.login, account.must_change_password) == ("wang", True)
    assert len(account.public_id) == 32 and int(account.public_id, 16)
    assert matches(account.password_hash, once, HASHER) and len(set(once)) > 5 and len(once) == 19
    assert [one.role for one in account_events.live_roles(session, account)] == ["hr", "reviewer"]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"login": "WANG"}, "已有人使用"),
        ({"login": "a"}, "登录名应为"),
        ({"name": " "}, "请填写姓名"),
        ({"roles": [(CREDIT_CODE, "boss")]}, "没有角色“boss”"),
        ({"roles": [(None, "hr")]}, "属于一个机构"),
        ({"roles": [(CREDIT_CODE, "administrator")]}, "不属于任何机构"),
        ({"roles": [(OTHER_CODE, "hr")]}, "没有统一社会信用代码"),
        ({"roles": [(CREDIT_CODE, "hr"), (CREDIT_CODE, "hr")]}, "已有岭南精工制造有限公司的角色“人力资源”"),
        ({"roles": [(CREDIT_CODE, "hr"), (None, "administrator")]}, "不能兼任人力资源"),
        ({"roles": [(CREDIT_CODE, "auditor"), (CREDIT_CODE, "issuer")]}, "不能兼任证书管理员"),
    ],
)
def test_a_wrong_account_is_refused(session: Session, told: dict[str, object], words: str) -> None:
    make_firm(session)
    make_account(session, "wang")

    with pytest.raises(RuleBroken, match=words):
        values: dict[str, object] = {"login": "li", "name": "李某", "roles": [], **told}
        accounts.add_account(session, OPERATOR, now=NOW, hasher=HASHER, **values)  # type: ignore[arg-type]


def test_an_exclusive_role_excludes_across_institutions(session: Session) -> None:
    make_firm(session)
    make_firm(session, OTHER_CODE, "Y000044000124")
    account = make_account(session, "wang", (CREDIT_CODE, "auditor"))

    with pytest.raises(RuleBroken, match="审计员只查看不改动"):
        account_roles.grant_role(session, OPERATOR, account, OTHER_CODE, "hr", now=NOW)


def test_a_role_that_was_taken_back_can_be_given_again_and_both_times_stay(session: Session) -> None:
    make_firm(session)
    account = make_account(session, "wang", (CREDIT_CODE, "hr"))

    account_roles.revoke_role(session, OPERATOR, account, CREDIT_CODE, "hr", now=NOW)
    with pytest.raises(RuleBroken, match="没有岭南精工制造有限公司的角色"):
        account_roles.revoke_role(session, OPERATOR, account, CREDIT_CODE, "hr", now=NOW)
    account_roles.grant_role(session, OPERATOR, account, CREDIT_CODE, "hr", now=NOW)

    rows = session.exec(select(AccountRole).order_by(col(AccountRole.id))).all()
    assert [(one.granted_by, one.revoked_by) for one in rows] == [("管理者", "管理者"), ("管理者", None)]


def test_only_an_administrator_or_the_operator_manages_accounts(session: Session) -> None:
    make_firm(session)
    account = make_account(session, "wang", (CREDIT_CODE, "hr"))
    hr, administrator = actor_with(session, "hr-1", (CREDIT_CODE, "hr")), actor_with(session, "root", (None, "administrator"))

    acts = [
        lambda actor: accounts.add_account(session, actor, login="new", name="新", now=NOW, hasher=HASHER),
        lambda actor: account_roles.grant_role(session, actor, account, CREDIT_CODE, "issuer", now=NOW),
        lambda actor: account_roles.revoke_role(session, actor, account, CREDIT_CODE, "issuer", now=NOW),
        lambda actor: account_roles.link_personnel(session, actor, account, CREDIT_CODE, None, now=NOW),
        lambda actor: accounts.disable_account(session, actor, account, reason="离职", now=NOW),
        lambda actor: accounts.enable_account(session, actor, account, reason="回来", now=NOW),
        lambda actor: accounts.reset_password(session, actor, account, now=NOW, hasher=HASHER),
    ]
    for act in acts:
        with pytest.raises(RuleBroken, match="只有系统管理员"):
            act(hr)
        act(administrator)


def test_a_disabled_administrator_manages_nothing(session: Session) -> None:
    administrator = actor_with(session, "root", (None, "administrator"))
    actor_with(session, "root-2", (None, "administrator"))
    accounts.disable_account(session, OPERATOR, accounts.find_account(session, "root"), reason="离职", now=NOW)

    with pytest.raises(RuleBroken, match="只有系统管理员"):
        accounts.add_account(session, administrator, login="new", name="新", now=NOW, hasher=HASHER)


def test_the_last_administrator_stays(session: Session) -> None:
    one, two = make_account(session, "one", (None, "administrator")), make_account(session, "two", (None, "administrator"))
    accounts.disable_account(session, OPERATOR, two, reason="离职", now=NOW)

    with pytest.raises(RuleBroken, match="唯一的系统管理员"):
        accounts.disable_account(session, OPERATOR, one, reason="离职", now=NOW)
    with pytest.raises(RuleBroken, match="唯一的系统管理员"):
        account_roles.revoke_role(session, OPERATOR, one, None, "administrator", now=NOW)

    accounts.enable_account(session, OPERATOR, two, reason="回来", now=NOW)
    account_roles.revoke_role(session, OPERATOR, one, None, "administrator", now=NOW)


@pytest.mark.parametrize("act", [accounts.disable_account, accounts.enable_account])
def test_disabling_and_enabling_need_a_reason(session: Session, act) -> None:  # type: ignore[no-untyped-def]
    account = make_account(session)

    with pytest.raises(RuleBroken, match="请写明"):
        act(session, OPERATOR, account, reason=" ", now=NOW)


def test_an_account_is_disabled_once_and_enabled_once(session: Session) -> None:
    account = make_account(session)

    with pytest.raises(RuleBroken, match="没有停用"):
        accounts.enable_account(session, OPERATOR, account, reason="回来", now=NOW)
    accounts.disable_account(session, OPERATOR, account, reason="离职", now=NOW)
    with pytest.raises(RuleBroken, match="已经停用"):
        accounts.disable_account(session, OPERATOR, account, reason="离职", now=NOW)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [("wrong", "新的 很长 的 密码 123", "原密码不对"), (PASSWORD, "short", "至少12个"), (PASSWORD, PASSWORD, "不能与原密码相同")],
)
def test_a_bad_change_of_password_is_refused(session: Session, old: str, new: str, words: str) -> None:
    account = make_account(session)

    with pytest.raises(RuleBroken, match=words):
        accounts.change_password(session, account, old, new, now=NOW, hasher=HASHER)


def test_a_reset_password_must_be_changed_again(session: Session) -> None:
    account = make_account(session)
    assert not account.must_change_password

    once = accounts.reset_password(session, OPERATOR, account, now=NOW, hasher=HASHER)

    assert account.must_change_password and matches(account.password_hash, once, HASHER)
    assert not matches(account.password_hash, PASSWORD, HASHER)


def test_an_account_is_tied_to_one_of_the_firms_personnel(session: Session) -> None:
    firm, other = make_firm(session), make_firm(session, OTHER_CODE, "Y000044000124")
    account = make_account(session, "wang", (CREDIT_CODE, "assessor"))
    rival = make_account(session, "li", (CREDIT_CODE, "assessor"))

    account_roles.link_personnel(session, OPERATOR, account, CREDIT_CODE, firm.assessors[0].id, now=NOW)
    granted = account_roles.grant_role(session, OPERATOR, account, CREDIT_CODE, "reviewer", now=NOW)

    assert granted.personnel_id == firm.assessors[0].id
    for who, code, person, words in (
        (rival, CREDIT_CODE, firm.assessors[0].id, "已对应另一个账号"),
        (rival, CREDIT_CODE, other.assessors[0].id, "没有这名考评人员"),
        (rival, CREDIT_CODE, 9999, "没有这名考评人员"),
        (rival, OTHER_CODE, other.assessors[0].id, "没有角色"),
    ):
        with pytest.raises(RuleBroken, match=words):
            account_roles.link_personnel(session, OPERATOR, who, code, person, now=NOW)


def test_every_act_is_an_event_and_stands_in_the_journal_of_the_institution(database: Database) -> None:
    with database.writing() as session:
        check_events_and_journal(session)


def check_events_and_journal(session: Session) -> None:
    firm = make_firm(session)
    account = make_account(session, "wang", (CREDIT_CODE, "hr"))
    administrator = actor_with(session, "root", (None, "administrator"))

    accounts.disable_account(session, administrator, account, reason="离职", now=NOW)

    actions = [(one.action, one.actor_account) for one in account_events.events_of(session, account)]
    assert actions[::-1] == [
        ("accounts.add", ""), ("accounts.grant", ""), ("accounts.change_password", account.public_id),
        ("accounts.disable", administrator.account),
    ]  # fmt: skip
    bodies = [entry.body for entry in session.exec(select(JournalEntry).where(col(JournalEntry.institution_id) == firm.id))]
    assert any('"action":"accounts.grant"' in body for body in bodies)
    assert f'"account":"{administrator.account}"' in next(body for body in bodies if "accounts.disable" in body)
    assert "离职" in session.exec(select(JournalDetail).order_by(col(JournalDetail.seq).desc())).first().content  # type: ignore[union-attr]
    assert verification.verify_all(session) == []


def test_a_role_given_behind_the_journals_back_is_found(session: Session) -> None:
    firm = make_firm(session)
    account = make_account(session, "wang", (CREDIT_CODE, "hr"))
    session.commit()

    session.connection().exec_driver_sql("UPDATE account_role SET role = 'issuer'")

    assert [one.code for one in verification.verify_journal(session, firm.id)] == ["row_changed"]
    assert account.id is not None


def test_an_event_is_never_changed(session: Session) -> None:
    make_account(session)
    session.commit()
    event = session.exec(select(AccountEvent)).first()
    assert event is not None
    event.note = "改"

    with pytest.raises(Exception, match="append-only"):
        session.flush()


def test_an_account_that_is_not_there_is_refused(session: Session) -> None:
    with pytest.raises(RuleBroken, match="没有登录名为 nobody"):
        accounts.find_account(session, "nobody")
    with pytest.raises(RuleBroken, match="没有这个账号"):
        accounts.account_of(session, "0" * 32)
