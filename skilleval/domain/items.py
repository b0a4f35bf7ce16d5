"""Assessment items (试题 / 考核项目): which requirement each tests, who made and who reviewed it, and whether it may change.

Source: S51 二(三)2 in guangdong-rules.md (questions and criteria follow the knowledge and skill requirements of the post);
the rows of the two weight tables in national-rules.md 6.2. An item is registered, not examined: no question text is kept.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from skilleval.domain import lifecycle
from skilleval.domain.ladder import Grade
from skilleval.domain.occupations import Function, Standard
from skilleval.domain.scoring import show

#: rows of every theory weight table beside the job functions (national-rules.md 6.2)
BASIC_REQUIREMENTS = ("职业道德", "基础知识")
#: the ways of assessing whose requirements a standard lists by job function
BY_FUNCTION = ("theory", "skill")
#: it names files too, and a spreadsheet must not take it for a remark
ITEM_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)
_LONGEST = 500
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TEXTS = ("title", "function", "task", "requirement", "reason")
#: what an item says; the rest is about its state
CONTENT = ("title", "grade", "method", "function", "task", "requirement", "points", "author", "reviewer", "sha256")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an item: the field, a code, and in Chinese what to do."""

    key: str
    code: str
    message: str


def form_problems(item: Mapping[str, Any], maximum: int | None) -> Iterator[Problem]:
    """What is wrong with the fields by themselves; ``maximum`` is the full mark of the part. A None says nothing."""
    code, points, sha256 = item.get("code"), item.get("points"), item.get("sha256")
    if code is not None and not ITEM_CODE.fullmatch(code):
        yield Problem("code", "code_form", "编号由字母、数字和 . _ - 组成，以字母或数字开头，最多 40 个字符")
    if points is not None and (points <= 0 or (maximum is not None and points > maximum)):
        limit = f"，且不超过该部分满分 {show(maximum)}" if maximum is not None else ""
        yield Problem("points", "points_range", f"分值应大于 0{limit}")
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        yield Problem("sha256", "sha256_form", "应为文件的 SHA-256 摘要：64 个小写十六进制字符")
    for key in _TEXTS:
        if len(item.get(key) or "") > _LONGEST:
            yield Problem(key, "too_long", f"最多 {_LONGEST} 个字符")


def requirement_problems(item: Mapping[str, Any], standard: Standard | None) -> Iterator[Problem]:
    """What is wrong with the requirement that an item tests, held against the standard; nothing where there is none."""
    method, function, task = item.get("method"), item.get("function"), item.get("task")
    if standard is None or method not in BY_FUNCTION or function is None or item.get("grade") is None:
        return
    grade = Grade(item["grade"])
    if method == "theory" and function in BASIC_REQUIREMENTS:
        return
    known = next((one for one in standard.functions if one.name == function), None)
    if known is None:
        yield Problem("function", "function_unknown", f"{standard.key} 没有这一职业功能，{_examined(standard, grade)}")
    elif grade not in known.skill_weights:
        yield Problem("function", "function_grade", f"{standard.key} 的{grade.printed}不考这一职业功能，{_examined(standard, grade)}")
    if known is not None and task is not None and known.tasks and task not in known.tasks:
        yield Problem("task", "task_unknown", f"{standard.key} 的“{known.name}”没有这一工作内容，有：{'、'.join(known.tasks)}")


def review_problems(item: Mapping[str, Any], *, same_person: bool) -> Iterator[Problem]:
    """What is wrong with author and reviewer: one person may not be both, and only a draft goes without review."""
    state = item.get("state")
    if same_person:
        yield Problem("reviewer", "own_review", "审核人不能是命题人本人")
    if state == "in_use" and item.get("reviewer") is None:
        yield Problem("reviewer", "not_reviewed", "启用须经命题人以外的人审核，请填写审核人")
    if state == "retired" and not item.get("reason"):
        yield Problem("reason", "reason_missing", "停用须写明理由")
    if state in ("draft", "in_use"):
        for key in ("reason", "retired_on"):
            if item.get(key) is not None:
                yield Problem(key, "not_retired", "只有停用的项目才填写这一项")


def change_problems(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Problem]:
    """What forbids to put ``after`` in the place of ``before``: only a draft changes what it says, and no state goes back."""
    old, new = before["state"], after.get("state")
    if new is not None and new != old and new not in lifecycle.next_states("item", old):
        labels = lifecycle.STATES["item"]
        yield Problem("state", "state_back", f"现为“{labels[old]}”，不能改为“{labels[new]}”；请用新编号登记")
        return
    if old == "draft":
        return
    for key in CONTENT:
        if before.get(key) != after.get(key):
            label = lifecycle.label("item", old)
            yield Problem(key, "item_stands", f"项目已{label}，内容不能改动；请停用后用新编号登记")
    if old == "retired" and any(after.get(key) not in (None, before.get(key)) for key in ("reason", "retired_on")):
        yield Problem("reason", "item_stands", "项目已停用，停用的理由和日期不能改动")


def _examined(standard: Standard, grade: Grade) -> str:
    """What the standard examines at a grade, and what to do where the file differs from the original."""
    names: list[Function] = [one for one in standard.functions if grade in one.skill_weights]
    listed = f"该等级有：{'、'.join(one.name for one in names)}" if names else "也没有这一等级"
    return f"{listed}（标准文件如与原文不符，请在 instance/standards/ 中更正）"
