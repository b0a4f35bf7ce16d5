"""Single changes to what is known of a person that could turn one comparison: entering, obtaining, beginning, changing.

What nobody has entered is entered with the latest day that still suffices; what is obtained or begun is taken to be so on
the day that was asked about. Whether a change does turn the answer is for ``ways`` to try out.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product
from typing import Any

from skilleval.domain.backgrounds import (
    DIPLOMA_KINDS,
    EVIDENCE_KINDS,
    EVIDENCE_LEVELS,
    TITLE_LEVELS,
    Background,
    Diploma,
    Evidence,
    HeldCertificate,
    Title,
    Work,
)
from skilleval.domain.dates import add_years, latest_start
from skilleval.domain.eligibility import Requirement, diploma_wording
from skilleval.domain.facts import FACTS, Fact, compare, day_of
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Compare

#: the field of each record that holds its day
_DAYS = {Work: "started_on", HeldCertificate: "obtained_on", Title: "obtained_on", Evidence: "obtained_on", Diploma: "graduated_on"}

_WORK = "从事本职业或相关职业工作"


@dataclass(frozen=True, slots=True)
class Change:
    """One change. ``fact`` is the field of a Background, or ``facts.`` and a name; ``value`` is what is put there.

    ``kind``: enter (what nobody has entered), obtain, begin (work), change (a single fact), wait. ``about`` tells two
    changes of one fact apart. ``instead`` is the incomplete entry that the value completes. ``years``: the day of the value
    is invented, the latest that suffices, so many years before the day on which they are to be full.
    """

    kind: str
    fact: str
    what: str
    value: Any = None
    about: str = ""
    instead: Any = None
    years: int | None = None

    @property
    def subject(self) -> tuple[str, str]:
        """What it is about: two changes of one subject are one act."""
        return self.fact, self.about

    @property
    def day(self) -> date | None:
        """The day of what is entered, obtained or begun, or that is waited for."""
        found = getattr(self.value, _DAYS[type(self.value)]) if type(self.value) in _DAYS else self.value
        return found if isinstance(found, date) else None

    @property
    def text(self) -> str:
        """What is to be done, in Chinese."""
        if self.kind == "enter":
            return f"补填{self.what}" + (f"（如不晚于{self.day}）" if self.years is not None else "")
        lead = {"obtain": "取得", "begin": "开始"}.get(self.kind)
        return f"{lead}{self.what}（按{self.day}{lead}计算）" if lead else self.what

    @property
    def phrase(self) -> str:
        """What is to be done, as a letter says it after 如能."""
        if self.kind == "enter":
            latest = f"，且该日期不晚于{self.day}" if self.years is not None and self.years > 0 else ""
            return f"补充登记{self.what}{latest}"
        lead = {"obtain": "取得", "begin": "开始"}.get(self.kind)
        return f"{lead}{self.what}" if lead else self.what

    def as_dict(self) -> dict[str, Any]:
        """The change as JSON values."""
        day = self.day
        return {"kind": self.kind, "fact": self.fact, "text": self.text, "day": day.isoformat() if day else None}

    def full_by(self, day: date, on: date) -> "Change":
        """The same with the latest day that makes the years full by ``day`` and is not after ``on``."""
        if self.years is None:
            return self
        latest = min(on, latest_start(day, self.years))
        if isinstance(self.value, date):
            return replace(self, value=latest)
        return replace(self, value=replace(self.value, **{_DAYS[type(self.value)]: latest}))

    def put(self, background: Background) -> Background:
        """The background after the change."""
        if self.kind == "wait":
            return background
        if self.fact.startswith("facts."):
            return replace(background, facts={**background.facts, self.fact.removeprefix("facts."): self.value})
        if self.fact == "birth_date":
            return replace(background, birth_date=self.value)
        held = list(getattr(background, self.fact) or ())
        if self.instead in held:
            held.remove(self.instead)
        changed: dict[str, Any] = {self.fact: tuple(held) if self.value is None else (*held, self.value)}
        return replace(background, **changed)


@dataclass(frozen=True, slots=True)
class Sight:
    """A person before an occupation and those related to it, on the day that was asked about."""

    background: Background
    occupation_code: str
    occupations: frozenset[str]
    on: date

    def changes(self, leaf: Any, wanted: bool) -> list[tuple[Change, ...]]:
        """The sets of changes that could make a comparison met (or not met); the empty set, to wait, is always the first."""
        if isinstance(leaf, Compare):
            return [(), *((one,) for one in self._of_fact(leaf, wanted))]
        if not isinstance(leaf, Requirement):
            return [()]
        if not wanted:
            return [(), *((one,) for one in self._against(leaf))]
        if leaf.work_years is not None:
            return self._work(leaf, leaf.work_years)
        return [(), *((one,) for one in self._of_requirement(leaf))]

    def _of_requirement(self, asked: Requirement) -> Iterator[Change]:
        if asked.age is not None:
            if self.background.birth_date is None:
                yield Change("enter", "birth_date", "出生日期", self._ago(asked.age), years=asked.age)
        elif asked.certificate is not None:
            yield from self._certificate(asked.certificate, asked.held_years)
        elif asked.title is not None:
            yield from self._title(asked.title, asked.held_years)
        elif asked.evidence:
            yield from self._evidence(asked)
        else:
            yield from self._diploma(asked)

    def _ago(self, years: int) -> date:
        return latest_start(self.on, years)

    def _work(self, asked: Requirement, years: int) -> list[tuple[Change, ...]]:
        first: Iterable[Change] = ()
        if asked.after_certificate is not None:
            first = self._certificate(asked.after_certificate, years)
        elif asked.after_title is not None:
            first = self._title(asked.after_title, years)
        options = [(), *((one,) for one in first)], [(), *((one,) for one in self._work_itself(years))]
        return [(*one, *other) for one, other in product(*options)]

    def _work_itself(self, years: int) -> Iterator[Change]:
        work, what = self.background.work, f"{_WORK}的起始日期"
        if work is None:
            yield Change("enter", "work", what, Work(self.occupation_code, self._ago(years)), years=years)
            return
        for one in work:
            code = one.occupation_code
            if code is None and one.started_on is not None:
                told = f"{one.started_on}起所从事的职业（须属本职业或相关职业）"
                yield Change("enter", "work", told, replace(one, occupation_code=self.occupation_code), instead=one)
            elif one.started_on is None and (code is None or code in self.occupations):
                latest = self._ago(years)
                if one.ended_on is not None:
                    latest = min(latest, add_years(one.ended_on, -years))
                done = Work(code or self.occupation_code, latest, one.ended_on)
                yield Change("enter", "work", what, done, instead=one, years=years if one.ended_on is None else None)
        if not any(one.ended_on is None and one.started_on and one.occupation_code in self.occupations for one in work):
            yield Change("begin", "work", _WORK, Work(self.occupation_code, self.on))

    def _certificate(self, grade: Grade, years: int) -> Iterator[Change]:
        held, name = self.background.certificates, f"本职业或相关职业{grade.printed}证书"
        new = HeldCertificate(grade, self.occupation_code, self._ago(years))
        if held is None:
            yield Change("enter", "certificates", f"所持{name}及发证日期", new, grade.value, years=years)
            return
        for one in held:
            open_code = one.occupation_code is None
            if one.grade < grade or not (open_code or (one.occupation_code in self.occupations and not one.obtained_on)):
                continue
            done = replace(
                one,
                occupation_code=one.occupation_code or self.occupation_code,
                obtained_on=one.obtained_on or new.obtained_on,
            )
            missing = "的职业" * open_code + "及" * (open_code and not one.obtained_on) + "发证日期" * (not one.obtained_on)
            told = f"{one.grade.printed}证书{missing if open_code else '的' + missing}" + "（须属本职业或相关职业）" * open_code
            yield Change(
                "enter", "certificates", told, done, grade.value, instead=one, years=None if one.obtained_on else years
            )
        yield Change("obtain", "certificates", name, replace(new, obtained_on=self.on), grade.value)

    def _title(self, level: str, years: int) -> Iterator[Change]:
        held, name = self.background.titles, f"符合专业对应关系的{TITLE_LEVELS[level]}"
        new = Title(level, True, self._ago(years))
        if held is None:
            yield Change("enter", "titles", f"{name}及取得日期", new, level, years=years)
            return
        order = list(TITLE_LEVELS)
        for one in held:
            vague = one.matching is None or (one.matching and one.obtained_on is None)
            if order.index(one.level) >= order.index(level) and vague:
                done = replace(one, matching=True, obtained_on=one.obtained_on or new.obtained_on)
                told = f"{TITLE_LEVELS[one.level]}的取得日期与专业是否对口（须对口）"
                yield Change("enter", "titles", told, done, level, instead=one, years=None if one.obtained_on else years)
        yield Change("obtain", "titles", name, replace(new, obtained_on=self.on), level)

    def _diploma(self, asked: Requirement) -> Iterator[Change]:
        held, about = self.background.diplomas, "、".join(asked.diplomas)
        name = diploma_wording(asked.diplomas, asked.assessed)
        new = Diploma(asked.diplomas[0], True, self.on, True if asked.assessed else None)
        if held is None:
            yield Change("enter", "diplomas", f"所持{name}", new, about)
            return
        for one in held:
            if one.kind not in asked.diplomas or one.matching is False or (asked.assessed and one.assessed is False):
                continue
            done = replace(
                one, matching=True, graduated_on=one.graduated_on or self.on, assessed=one.assessed or new.assessed
            )
            if done != one:
                told = f"{DIPLOMA_KINDS[one.kind]}学历的毕业时间、专业是否对口" + "、是否经评估论证" * asked.assessed
                yield Change("enter", "diplomas", told, done, about, instead=one)
        yield Change("obtain", "diplomas", name, new, about)

    def _evidence(self, asked: Requirement) -> Iterator[Change]:
        held, about = self.background.evidence, "、".join(asked.evidence)
        kinds = "或".join(EVIDENCE_KINDS[kind] for kind in asked.evidence)
        name = f"{EVIDENCE_LEVELS[asked.level]}及以上的{kinds}"
        new = Evidence(asked.evidence[0], asked.level, self.on)
        if held is None:
            yield Change("enter", "evidence", f"所获{name}", new, about)
            return
        for one in held:
            if one.kind in asked.evidence and (one.level is None or one.obtained_on is None):
                done = replace(one, level=one.level or asked.level, obtained_on=one.obtained_on or self.on)
                yield Change("enter", "evidence", f"{EVIDENCE_KINDS[one.kind]}的级别与取得日期", done, about, instead=one)
        yield Change("obtain", "evidence", name, new, about)

    def _against(self, asked: Requirement) -> Iterator[Change]:
        """What is entered so that the person does not meet it. What somebody has cannot be taken away."""
        if asked.age is not None:
            if self.background.birth_date is None:
                yield Change("enter", "birth_date", "出生日期", self._ago(asked.age) + timedelta(days=1))
            return
        if asked.work_years is not None:
            fact, name = "work", _WORK + "的经历"
        elif asked.certificate is not None:
            fact, name = "certificates", "证书"
        elif asked.title is not None:
            fact, name = "titles", "职称"
        else:
            fact, name = ("evidence", "佐证材料") if asked.evidence else ("diplomas", "学历")
        if getattr(self.background, fact) is None:
            yield Change("enter", fact, f"没有{name}")

    def _of_fact(self, leaf: Compare, wanted: bool) -> Iterator[Change]:
        fact = FACTS.get(leaf.fact)
        if fact is None:
            return
        held = self.background.facts.get(leaf.fact)
        if held is not None and (fact.kind == "date" or compare(fact, leaf.operator, held, leaf.value, self.on) is wanted):
            return
        for value in _values(fact, leaf, self.on):
            if compare(fact, leaf.operator, value, leaf.value, self.on) is wanted:
                told = f"{fact.name_zh}（{'' if wanted else '不得'}{fact.wording(leaf.operator, leaf.value)}）"
                kind = "enter" if held is None else "change"
                yield Change(kind, f"facts.{leaf.fact}", told if held is None else f"变更{told}", value)
                return


def _values(fact: Fact, leaf: Compare, on: date) -> Iterator[Any]:
    """Values to try for a fact, nearest first."""
    if fact.kind == "date":
        bound = latest_start(on, leaf.value) if leaf.operator == "full_years" else day_of(leaf.value, on)
        yield from (bound + timedelta(days=off) for off in (0, 1, -1))
        return
    asked = leaf.value if leaf.operator == "one_of" else (leaf.value,)
    yield from asked
    yield from {
        "yes_no": (True, False),
        "number": [one + off for one in asked if isinstance(one, int) for off in (1, -1)],
        "grade": tuple(Grade),
        "word": (*fact.words, "其他"),
    }[fact.kind]
