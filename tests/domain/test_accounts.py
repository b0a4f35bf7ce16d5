import pytest

from skilleval.domain.accounts import (
    COMMON_PASSWORDS,
    PASSWORD_MAXIMUM,
    PASSWORD_MINIMUM,
    ROLES,
    check_login,
    check_password,
    check_role,
    fold_login,
    password_problems,
    role_conflict,
)
from skilleval.domain.errors import RuleBroken

BUSINESS = ("hr", "assessor", "reviewer", "approver", "supervisor", "issuer", "member_hr")


def test_there_are_nine_roles_and_two_of_them_change_nothing() -> None:
    assert list(ROLES) == [*BUSINESS, "auditor", "administrator"]
    assert [role.key for role in ROLES.values() if not role.writes] == ["supervisor", "auditor"]
    assert len({role.name_zh for role in ROLES.values()}) == 9 and all(role.may for role in ROLES.values())


@pytest.mark.parametrize("other", [*BUSINESS, "auditor"])
def test_the_administrator_has_no_other_role(other: str) -> None:
    conflict = role_conflict({"administrator", other})

    assert conflict is not None and ROLES[other].name_zh in conflict


@pytest.mark.parametrize(("other", "allowed"), [*((role, role == "supervisor") for role in BUSINESS)])
def test_the_auditor_has_no_role_that_changes_anything(other: str, allowed: bool) -> None:
    assert (role_conflict({"auditor", other}) is None) is allowed


def test_roles_of_business_go_together() -> None:
    assert role_conflict(BUSINESS) is None
    assert role_conflict(()) is None
    assert all(role_conflict({role}) is None for role in ROLES)


def test_an_unknown_role_is_refused_with_those_that_there_are() -> None:
    assert check_role("hr").name_zh == "人力资源"
    with pytest.raises(RuleBroken, match="issuer（证书管理员）"):
        check_role("boss")


@pytest.mark.parametrize(
    ("password", "login", "words"),
    [
        ("abcde678901", "wang", "至少12个字符，现为11个"),
        ("x" + "abcde" * 51 + "y", "wang", "最多256个字符，现为257个"),
        ("Wang.Da-Chui", "wang.da-chui", "不能与登录名相同"),
        ("Ｗang.da-chui", "wang.da-chui", "不能与登录名相同"),
        ("Password1234", "wang", "最常见"),
        ("abcdabcdabcd", "wang", "至少用5个不同的字符"),
        ("", "wang", "现为0个"),
    ],
)
def test_a_bad_password_is_refused_in_words(password: str, login: str, words: str) -> None:
    assert any(words in problem for problem in password_problems(password, login))
    with pytest.raises(RuleBroken, match=words):
        check_password(password, login)


@pytest.mark.parametrize("password", ["abcde6789012", "正确的马 电池 订书钉 大海", "abcdeabcdeab", "x" + "abcde" * 51])
def test_a_long_password_needs_no_signs_of_several_kinds(password: str) -> None:
    assert PASSWORD_MINIMUM <= len(password) <= PASSWORD_MAXIMUM
    assert password_problems(password, "wang") == ()
    assert check_password(password, "wang") == password


def test_full_width_letters_of_an_input_method_are_the_same_password() -> None:
    assert check_password("ａｂｃｄｅ6789012", "wang") == "abcde6789012"


def test_the_list_of_the_commonest_holds_nothing_that_length_refuses_already() -> None:
    assert all(len(one) >= PASSWORD_MINIMUM and one == one.casefold() for one in COMMON_PASSWORDS)


@pytest.mark.parametrize("login", ["a", "a b c", "x" * 65, "", "wang!", "<b>wang"])
def test_a_malformed_login_name_is_refused(login: str) -> None:
    with pytest.raises(RuleBroken, match="2至64个字符"):
        check_login(login)


def test_capitals_and_full_width_make_no_difference_in_a_login_name() -> None:
    assert check_login(" Ｗang@Firm.CN ") == fold_login("wang@firm.cn") == "wang@firm.cn"
    assert check_login("王大锤") == "王大锤"
    assert check_login("ab") == "ab" and check_login("x" * 64) == "x" * 64
