"""What a new edition of a standard or of the occupation index changes, and which kinds of records that concerns.

A preview: nothing here says what a firm must do by law. Which subject concerns which records is the software's own table.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from skilleval.domain.ladder import Grade
from skilleval.domain.occupations import Function, Occupation, Standard

KINDS = {"new": "新增", "changed": "改变", "gone": "取消"}
SUBJECTS = {
    "code": "职业编码", "name": "名称", "document": "印发", "conditions": "申报条件", "grade": "等级",
    "function": "职业功能", "weight": "技能权重", "task": "工作内容", "trade": "工种",
}  # fmt: skip
#: records by what they are to the occupation
RECORDS = {
    "working": "从事本职业的人员", "holding": "持有证书的人员", "applying": "在办批次的考生", "batch": "在办批次",
    "specification": "评价规范", "post": "岗位", "scope": "备案范围", "personnel": "考评人员", "venue": "考核场地",
}  # fmt: skip
_ALL = frozenset(RECORDS)
#: subject → the records that a change of it concerns
CONCERNS: Mapping[str, frozenset[str]] = {
    "code": _ALL,
    "name": frozenset({"batch", "specification", "scope"}),
    "document": frozenset({"specification", "scope"}),
    "conditions": frozenset({"working", "applying", "batch", "specification"}),
    "grade": frozenset({"holding", "applying", "batch", "specification", "post", "scope"}),
    "function": frozenset({"applying", "batch", "specification"}),
    "weight": frozenset({"applying", "batch", "specification"}),
    "task": frozenset({"applying", "batch", "specification"}),
    "trade": frozenset({"batch", "specification", "post", "scope"}),
}
#: what is new can be taken up, and binds nobody who was there before
_TAKES_UP = frozenset({"specification", "scope"})


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is new, changed or gone. No grade named: it concerns all; no trade: likewise.

    ``code`` is the occupation's code before; ``moved_to`` the one that takes its place, where the code itself changed.
    """

    kind: str
    subject: str
    code: str
    text: str
    grades: tuple[Grade, ...] = ()
    trade: str = ""
    moved_to: str = ""

    def concerns(self, record: str, grades: Iterable[Grade] = (), trade: str = "") -> bool:
        """Whether the change touches a record of this kind, with these grades and this trade (empty: all of them)."""
        if record not in CONCERNS[self.subject]:
            return False
        if self.trade and trade and trade != self.trade:
            return False
        if self.kind == "new" and self.subject in ("code", "grade", "trade"):
            return self.subject != "code" and record in _TAKES_UP
        held = set(grades)
        return not self.grades or not held or bool(held & set(self.grades))


def compare_standards(old: Standard, new: Standard) -> list[Change]:
    """Everything in which a new edition of a standard differs from the old one, in the order of a reader's interest."""
    return [*_head_changes(old, new), *_grade_changes(old, new), *_function_changes(old, new)]


def _head_changes(old: Standard, new: Standard) -> Iterator[Change]:
    trade = old.trade
    if old.code != new.code:
        yield Change("changed", "code", old.code, f"职业编码由 {old.code} 变为 {new.code}", (), trade, new.code)
    if (old.title, old.trade) != (new.title, new.trade):
        yield Change("changed", "name", old.code, f"名称由“{_called(old)}”变为“{_called(new)}”", (), trade)
    before, after = _issue(old), _issue(new)
    if before != after:
        yield Change("changed", "document", old.code, f"标准由 {before} 换为 {after}", (), trade)
    if old.conditions != new.conditions:
        text = f"申报条件由{_edition(old)}变为{_edition(new)}"
        yield Change("changed", "conditions", old.code, text, (), trade)


def _grade_changes(old: Standard, new: Standard) -> Iterator[Change]:
    for grade in sorted({*old.grades, *new.grades}):
        if grade not in new.grades:
            yield Change("gone", "grade", old.code, f"不再设{grade.printed}", (grade,), old.trade)
        elif grade not in old.grades:
            yield Change("new", "grade", old.code, f"增设{grade.printed}", (grade,), old.trade)


def _function_changes(old: Standard, new: Standard) -> Iterator[Change]:
    before = {function.name: function for function in old.functions}
    after = {function.name: function for function in new.functions}
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            yield _whole_function("gone", "取消", before[name], old)
        elif name not in before:
            yield _whole_function("new", "增加", after[name], old)
        else:
            yield from _weight_changes(before[name], after[name], old, new)
            if before[name].tasks != after[name].tasks:
                grades = tuple(sorted(before[name].skill_weights))
                yield Change("changed", "task", old.code, f"职业功能“{name}”的工作内容有改动", grades, old.trade)


def _whole_function(kind: str, act: str, function: Function, old: Standard) -> Change:
    grades = tuple(sorted(function.skill_weights))
    shares = "、".join(f"{grade.printed} {function.skill_weights[grade]}%" for grade in grades)
    return Change(kind, "function", old.code, f"{act}职业功能“{function.name}”（{shares}）", grades, old.trade)


def _weight_changes(before: Function, after: Function, old: Standard, new: Standard) -> Iterator[Change]:
    """The weights at the grades that both editions have; a grade that came or went is told by itself."""
    for grade in sorted(set(old.grades) & set(new.grades)):
        was, now = before.skill_weights.get(grade), after.skill_weights.get(grade)
        if was == now:
            continue
        kind = "new" if was is None else "gone" if now is None else "changed"
        text = f"{grade.printed}“{before.name}”的技能权重由 {_percent(was)} 变为 {_percent(now)}"
        yield Change(kind, "weight", old.code, text, (grade,), old.trade)


def compare_occupations(old: Mapping[str, Occupation], new: Mapping[str, Occupation]) -> list[Change]:
    """Codes that are new, gone or moved, names and trades that changed, between two indexes by code.

    An occupation moved when its name stands under another code; a code that it left may mean something else now. Trades
    are compared only where both lists are complete.
    """
    places = {one.name: code for code, one in new.items()}
    changes: list[Change] = []
    arrived: set[str] = set()
    for code, one in sorted(old.items()):
        there, place = new.get(code), places.get(one.name)
        if there is not None and there.name == one.name:
            changes += _trade_changes(one, there)
        elif place is not None and (place not in old or old[place].name != one.name):
            arrived.add(place)
            meaning = f"，{code} 现指“{there.name}”" if there is not None else ""
            text = f"“{one.name}”的编码由 {code} 变为 {place}{meaning}"
            changes.append(Change("changed", "code", code, text, moved_to=place))
        elif there is not None:
            changes.append(Change("changed", "name", code, f"{code} 的名称由“{one.name}”变为“{there.name}”"))
            changes += _trade_changes(one, there)
        else:
            changes.append(Change("gone", "code", code, f"职业 {code} {one.name} 取消"))
    changes += [
        Change("new", "code", code, f"新增职业 {code} {one.name}")
        for code, one in sorted(new.items())
        if code not in old and code not in arrived
    ]
    return changes


def _trade_changes(old: Occupation, new: Occupation) -> Iterator[Change]:
    if not (_complete(old) and _complete(new)):
        return
    for trade in old.trades:
        if trade not in new.trades:
            yield Change("gone", "trade", old.code, f"{old.code} {old.name}取消工种“{trade}”", (), trade)
    for trade in new.trades:
        if trade not in old.trades:
            yield Change("new", "trade", old.code, f"{old.code} {old.name}增加工种“{trade}”", (), trade)


def _complete(occupation: Occupation) -> bool:
    return occupation.trade_count == len(occupation.trades)


def reasons(
    changes: Sequence[Change], record: str, grades: Iterable[Grade] = (), trade: str = "", subjects: Iterable[str] = SUBJECTS
) -> tuple[Change, ...]:
    """The changes that concern a record, of these subjects alone. Empty: it is not touched."""
    held, asked = tuple(grades), set(subjects)
    return tuple(one for one in changes if one.subject in asked and one.concerns(record, held, trade))


def _called(standard: Standard) -> str:
    return f"{standard.title}（{standard.trade}）" if standard.trade else standard.title


def _issue(standard: Standard) -> str:
    return f"{standard.key}（{standard.document or '文号未取得'}）"


def _edition(standard: Standard) -> str:
    return f"“{standard.conditions}”版" if standard.conditions else "（未确定）"


def _percent(weight: int | None) -> str:
    return "无" if weight is None else f"{weight}%"
