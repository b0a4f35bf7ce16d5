import multiprocessing
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlmodel import Session, select

from skilleval.db.engine import Database
from skilleval.db.secrets import Vault
from skilleval.db.tables import Account, LoginCounter
from skilleval.domain.errors import RuleBroken
from skilleval.services import account_events, accounts, counters, second_factor, sign_in
from tests.accounts import NOW, OPERATOR, enter, make_account, phone
from tests.factories import CREDIT_CODE, make_firm

SECOND = timedelta(seconds=1)


@pytest.fixture
def session(sqlite_database: Database) -> Iterator[Session]:
    """On SQLite: what the two systems may do differently is tested on both below."""
    with sqlite_database.writing() as session:
        yield session


class CountingHasher(PasswordHasher):
    """Counts how often a password was compared with a hash, and with hashes of what cost."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.costs: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        self.costs.append(str(hash).split("$")[3])
        return super().verify(hash, password)


def test_name_and_password_sign_in_whatever_the_spelling_of_the_name(session: Session, vault: Vault) -> None:
    account = make_account(session)

    answer = enter(session, vault, login=" ＷANG ")

    assert (answer.account, answer.refusal, answer.code_wanted, answer.totp_missing) == (account, "", False, False)
    assert account_events.events_of(session, account)[0].action == "accounts.sign_in"


def test_unknown_disabled_and_wrong_get_the_same_answer_after_the_same_work(session: Session, vault: Vault) -> None:
    make_account(session)
    accounts.disable_account(session, OPERATOR, make_account(session, "gone"), reason="离职", now=NOW)
    entries: list[dict[str, object]] = [
        {"password": "wrong"}, {"login": "nobody"}, {"login": "gone"}, {"login": "gone", "password": "wrong"}, {"login": ""},
    ]  # fmt: skip

    answers, work = set(), []
    for entry in entries:
        hasher = CountingHasher()
        answers.add(enter(session, vault, hasher=hasher, **entry))
        work.append(hasher.costs)

    assert answers == {sign_in.SignedIn(refusal=sign_in.WRONG)}
    assert work == [["m=8,t=1,p=1"]] * len(entries)


def test_an_old_hash_is_renewed_when_its_owner_comes_in(session: Session, vault: Vault) -> None:
    account, stronger = make_account(session), PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)

    enter(session, vault, password="wrong", hasher=stronger)
    assert "m=8,t=1" in account.password_hash
    assert enter(session, vault, hasher=stronger).account is account
    assert "m=16,t=2" in account.password_hash
    assert enter(session, vault).account is account


@pytest.mark.parametrize(("wrong", "comes_in"), [(sign_in.LIMITS["login"] - 1, True), (sign_in.LIMITS["login"], False)])
def test_a_name_takes_five_wrong_tries(session: Session, vault: Vault, wrong: int, comes_in: bool) -> None:
    account = make_account(session)
    for place in range(wrong):
        enter(session, vault, password="wrong", address=f"192.0.2.{place}")

    answer = enter(session, vault, address="192.0.2.99")

    assert (answer.account is account) is comes_in
    assert ("请15分钟后再试" in answer.refusal) is not comes_in


@pytest.mark.parametrize(("later", "comes_in"), [(counters.WINDOW - SECOND, False), (counters.WINDOW, True)])
def test_a_locked_name_opens_again_when_its_window_is_over(
    session: Session, vault: Vault, later: timedelta, comes_in: bool
) -> None:
    make_account(session)
    for _ in range(sign_in.LIMITS["login"]):
        enter(session, vault, password="wrong")

    answer = enter(session, vault, now=NOW + later)

    assert (answer.account is not None) is comes_in
    if not comes_in:
        assert answer.again_at == NOW + counters.WINDOW and "请1分钟后再试" in answer.refusal


def test_a_name_that_does_not_exist_is_locked_in_the_same_words(session: Session, vault: Vault) -> None:
    make_account(session)

    told = [
        [enter(session, vault, login=login, password="wrong") for _ in range(sign_in.LIMITS["login"] + 1)]
        for login in ("wang", "nobody")
    ]

    assert told[0] == told[1] and told[0][-1].again_at is not None


@pytest.mark.parametrize(("wrong", "comes_in"), [(sign_in.LIMITS["address"] - 1, True), (sign_in.LIMITS["address"], False)])
def test_an_address_takes_thirty_wrong_tries_whatever_the_names(
    session: Session, vault: Vault, wrong: int, comes_in: bool
) -> None:
    make_account(session)
    for place in range(wrong):
        enter(session, vault, login=f"name{place}", password="wrong")

    assert (enter(session, vault).account is not None) is comes_in
    assert enter(session, vault, address="192.0.2.200").account is not None


def test_coming_in_forgets_the_slips_of_the_name_but_not_of_the_address(session: Session, vault: Vault) -> None:
    make_account(session)
    for _ in range(sign_in.LIMITS["login"] - 1):
        enter(session, vault, password="wrong")

    assert enter(session, vault).account is not None

    counts = sorted(one.count for one in session.exec(select(LoginCounter)))
    assert counts == [0, sign_in.LIMITS["login"] - 1]
    assert enter(session, vault, password="wrong").again_at is None


def test_a_code_is_demanded_and_works_once(database: Database, vault: Vault) -> None:
    with database.writing() as session:
        check_code_works_once(session, vault)


def check_code_works_once(session: Session, vault: Vault) -> None:
    account = make_account(session)
    codes = phone(session, vault, account)
    later = NOW + timedelta(minutes=5)

    assert enter(session, vault, now=later) == sign_in.SignedIn(code_wanted=True)
    assert enter(session, vault, now=later, code=codes.at(later)).account is account
    again = enter(session, vault, now=later, code=codes.at(later))

    assert (again.account, again.refusal) == (None, sign_in.WRONG_CODE)
    assert enter(session, vault, now=later + timedelta(seconds=30), code=codes.at(later + timedelta(seconds=30))).account


def test_the_code_that_confirmed_the_set_up_does_not_sign_in(session: Session, vault: Vault) -> None:
    codes = phone(session, vault, make_account(session))

    assert enter(session, vault, code=codes.at(NOW)).refusal == sign_in.WRONG_CODE


@pytest.mark.parametrize(("steps", "comes_in"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phones_clock_may_be_one_step_off(session: Session, vault: Vault, steps: int, comes_in: bool) -> None:
    codes, later = phone(session, vault, make_account(session)), NOW + timedelta(minutes=10)

    code = codes.at(later + timedelta(seconds=30 * steps))

    assert (enter(session, vault, now=later, code=f" {code[:3]} {code[3:]}").account is not None) is comes_in


def test_a_code_after_a_newer_one_was_used_is_refused(session: Session, vault: Vault) -> None:
    codes, later = phone(session, vault, make_account(session)), NOW + timedelta(minutes=10)
    ahead = codes.at(later + timedelta(seconds=30))

    assert enter(session, vault, now=later, code=ahead).account is not None
    assert enter(session, vault, now=later, code=codes.at(later)).refusal == sign_in.WRONG_CODE


@pytest.mark.parametrize("code", ["000000", "abcdef", "口令口令口令", "1", "9" * 500])
def test_wrong_codes_count_as_wrong_tries(session: Session, vault: Vault, code: str) -> None:
    phone(session, vault, make_account(session))
    later = NOW + timedelta(minutes=10)

    answers = [enter(session, vault, now=later, code=code) for _ in range(sign_in.LIMITS["login"] + 1)]

    assert [one.again_at is not None for one in answers] == [False] * sign_in.LIMITS["login"] + [True]


def test_a_right_password_without_its_code_forgets_no_slips(session: Session, vault: Vault) -> None:
    phone(session, vault, make_account(session))
    for _ in range(sign_in.LIMITS["login"] - 1):
        enter(session, vault, code="000000")

    assert enter(session, vault).code_wanted
    enter(session, vault, code="000000")

    assert enter(session, vault).again_at is not None


def test_a_role_may_demand_codes(session: Session, vault: Vault) -> None:
    make_firm(session)
    account = make_account(session, "wang", (CREDIT_CODE, "issuer"))

    assert not enter(session, vault, totp_roles=("approver",)).totp_missing
    assert enter(session, vault, totp_roles=("approver", "issuer")).totp_missing

    phone(session, vault, account)
    assert enter(session, vault, totp_roles=("issuer",)).code_wanted


def test_setting_up_codes_is_refused_where_it_makes_no_sense(session: Session, vault: Vault) -> None:
    account = make_account(session)

    with pytest.raises(RuleBroken, match="请先开始设置"):
        second_factor.confirm_totp(session, account, "123456", vault=vault, now=NOW)
    second_factor.start_totp(session, account, vault=vault)
    with pytest.raises(RuleBroken, match="动态口令不对"):
        second_factor.confirm_totp(session, account, "12345", vault=vault, now=NOW)
    assert enter(session, vault).account is account

    phone(session, vault, account)
    with pytest.raises(RuleBroken, match="已经启用"):
        second_factor.start_totp(session, account, vault=vault)
    second_factor.remove_totp(session, OPERATOR, account, now=NOW)
    assert enter(session, vault).account is account
    with pytest.raises(RuleBroken, match="没有启用动态口令"):
        second_factor.remove_totp(session, OPERATOR, account, now=NOW)


def test_the_secret_is_sealed_for_its_account_alone(session: Session, vault: Vault) -> None:
    one, two = make_account(session, "one"), make_account(session, "two")
    secret = second_factor.start_totp(session, one, vault=vault)
    address = second_factor.address_of(one.login, secret)

    assert one.totp_sealed is not None and secret.encode() not in one.totp_sealed
    assert address.startswith("otpauth://totp/skilleval:one?") and secret in address
    assert vault.open_secret(one.public_id, one.totp_sealed) == secret
    with pytest.raises(RuleBroken, match="无法解密"):
        vault.open_secret(two.public_id, one.totp_sealed)


def test_counters_whose_window_is_over_are_deleted(session: Session, vault: Vault) -> None:
    enter(session, vault, login="early")
    enter(session, vault, login="late", now=NOW + counters.WINDOW - SECOND)

    counters.forget_old_counters(session, now=NOW + counters.WINDOW)

    assert len(session.exec(select(LoginCounter)).all()) == 1


def _try_wrong(url: str, key: bytes, now: datetime, count: int) -> None:
    database = Database(url)
    for _ in range(count):
        with database.writing() as session:
            enter(session, Vault(key), password="wrong", now=now)
            session.commit()
    database.close()


@pytest.mark.slow
def test_two_processes_count_together(database: Database, vault: Vault) -> None:
    with database.writing() as session:
        make_account(session)
        session.commit()
    url = database.url.render_as_string(hide_password=False)
    context: Any = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_try_wrong, args=(url, bytes(range(32)), NOW, 5)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert [worker.exitcode for worker in workers] == [0, 0]
    with database.reading() as session:
        # the name is full after five of the ten, and what is refused for that counts no further
        assert [one.count for one in session.exec(select(LoginCounter))] == [5, 5]
        assert session.exec(select(Account)).one().state == "active"
