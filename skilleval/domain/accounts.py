"""Accounts: the roles (角色) that one may have, which of them exclude each other, and what a password must be.

Source of the roles and of what excludes what: security.md, "Accounts and sessions" (system and audit administrators are
exclusive roles; the five duties of a batch are kept apart elsewhere, in ``duties``).
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from skilleval.domain.errors import RuleBroken

#: NIST SP 800-63B-4, 3.1.1.2 asks for length and a list of the commonest, not for kinds of characters
PASSWORD_MINIMUM = 12
#: long enough for any passphrase, short enough that nobody makes the server hash a book
PASSWORD_MAXIMUM = 256
#: fewer different characters than this is one key held down
PASSWORD_VARIETY = 5
#: the commonest that are long enough, as Chinese users choose them: digits in a row, keyboard rows, words with a year
COMMON_PASSWORDS = frozenset({
    "123456789012", "1234567890123", "12345678901234", "123456789123", "123456789abc", "1234567890qwe", "0123456789012",
    "012345678910", "987654321098", "1qaz2wsx3edc", "1qaz2wsx3edc4rfv", "qwertyuiop12", "qwertyuiop123", "qwertyuiopasdfghjkl",
    "qwerty123456", "qazwsxedcrfv", "asdfghjkl123", "zxcvbnm12345", "abcdefghijkl", "abcdefg12345", "abc123456789",
    "a123456789012", "password1234", "password12345", "password123456", "passw0rd1234", "p@ssw0rd1234",
    "admin1234567", "admin12345678", "administrator", "administrator1", "woaini1314520", "woaini520131", "woaini123456",
    "5201314520131", "520131452013", "iloveyou1234", "welcome12345", "letmein12345", "changeme1234", "huawei123456",
})  # fmt: skip
_LOGIN = re.compile(r"[\w.@-]{2,64}")


@dataclass(frozen=True, slots=True)
class Role:
    """One role: its key, its Chinese name, and what it may do, in one sentence. ``writes``: whether it changes anything."""

    key: str
    name_zh: str
    may: str
    writes: bool = True


ROLES = {
    role.key: role
    for role in (
        Role("hr", "人力资源", "维护本机构档案、花名册和批次，为考生报名"),
        Role("assessor", "考评员", "为分派给自己的考生评分"),
        Role("reviewer", "审核员", "审核报考条件，核定成绩"),
        Role("approver", "审批人", "作出认定决定，发布公示，处理异议"),
        Role("supervisor", "督导员", "查看批次的全部内容，不作任何改动", writes=False),
        Role("issuer", "证书管理员", "编号、制发、作废、撤销、补发证书"),
        Role("member_hr", "成员企业人力资源", "维护本企业花名册，查看本企业考生"),
        Role("auditor", "审计员", "查看操作日志和全部记录，不作任何改动", writes=False),
        Role("administrator", "系统管理员", "管理账号与角色，不接触业务数据"),
    )
}


def role_conflict(roles: Collection[str]) -> str | None:
    """Why one account can't have these roles together, at whatever institutions; None where it can."""
    held = set(roles)
    if "administrator" in held and len(held) > 1:
        return f"系统管理员不接触业务数据，不能兼任{_names(held - {'administrator'})}；请另建账号"
    writing = {role for role in held if ROLES[role].writes}
    if "auditor" in held and writing:
        return f"审计员只查看不改动，不能兼任{_names(writing)}；请另建账号"
    return None


def check_role(role: str) -> Role:
    """The role of this key. Refused: a key that is none."""
    if role not in ROLES:
        raise RuleBroken(f"没有角色“{role}”，可用：{'、'.join(f'{one.key}（{one.name_zh}）' for one in ROLES.values())}")
    return ROLES[role]


def fold_login(login: str) -> str:
    """A login name in the one spelling by which it is kept and found: full-width and capital letters make no difference."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def check_login(login: str) -> str:
    """The folded login name. Refused: one that is too short or long, or has blanks or other signs."""
    folded = fold_login(login)
    if not _LOGIN.fullmatch(folded):
        raise RuleBroken("登录名应为2至64个字符，可用字母、数字、汉字和 . _ - @")
    return folded


def plain_password(password: str) -> str:
    """A password in the one spelling that is hashed: an input method's full-width letters make no difference."""
    return unicodedata.normalize("NFKC", password)


def password_problems(password: str, login: str) -> tuple[str, ...]:
    """Everything that is wrong with a new password, in words; empty where it may be used."""
    plain = plain_password(password)
    folded, problems = plain.casefold(), []
    if len(plain) < PASSWORD_MINIMUM:
        problems.append(f"密码至少{PASSWORD_MINIMUM}个字符，现为{len(plain)}个；可用几个不相干的词连成一句")
    if len(plain) > PASSWORD_MAXIMUM:
        problems.append(f"密码最多{PASSWORD_MAXIMUM}个字符，现为{len(plain)}个")
    if folded.strip() == fold_login(login):
        problems.append("密码不能与登录名相同")
    if folded in COMMON_PASSWORDS:
        problems.append("这是最常见的密码之一，别人一猜就中")
    elif plain and len(set(folded)) < PASSWORD_VARIETY:
        problems.append(f"密码至少用{PASSWORD_VARIETY}个不同的字符")
    return tuple(problems)


def check_password(password: str, login: str) -> str:
    """The password as it is hashed. Refused with every problem."""
    problems = password_problems(password, login)
    if problems:
        raise RuleBroken("密码不合要求：" + "；".join(problems), problems)
    return plain_password(password)


def _names(roles: Collection[str]) -> str:
    return "、".join(role.name_zh for role in ROLES.values() if role.key in roles)
