"""What would make it yes: the smallest changes that turn a verdict, and the first day on which it is turned.

Ways are made from the tree of each condition and then tried out: a way is given only where ``judge`` finds the person met
on its day, and not met on the day before. The rules are taken as they stand on the day that was asked about, and waiting is
followed for fifty years.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, islice, product

from skilleval.domain.backgrounds import Background
from skilleval.domain.changes import Change, Sight
from skilleval.domain.dates import add_years
from skilleval.domain.eligibility import Condition, judge
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Cited, Expression, Group
from skilleval.domain.timeline import Timeline

HORIZON_YEARS = 50
#: sets of changes tried out for one condition; the shipped conditions have less than a hundred
MAX_TRIED = 2000

Acts = tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to yes: what has to be done, the first day on which the person is met then, and by which condition."""

    changes: Acts
    ready_on: date
    by: str

    @property
    def acts(self) -> Acts:
        """The changes without the waiting."""
        return tuple(one for one in self.changes if one.kind != "wait")

    @property
    def line(self) -> str:
        """The way in one line of Chinese."""
        done = "；".join(one.text for one in self.acts)
        lead = f"还差：{done}" if done else "只需等时间届满"
        return f"{lead}；最早 {self.ready_on} 符合（依据 {self.by}）"

    @property
    def sentence(self) -> str:
        """The way as a letter says it, without the condition's id."""
        if not self.acts:
            return f"您无须另外补办，待时间届满，自{self.ready_on}起即符合申报条件"
        done = "，并".join(one.phrase for one in self.acts)
        new = [one for one in self.acts if one.kind in ("obtain", "begin")]
        if new and len(self.changes) == len(self.acts):
            return f"如您{done}，自取得之日起即符合申报条件"
        counted = f"（按{new[0].day}起计算）" if new else ""
        return f"如您{done}{counted}，最早自{self.ready_on}起符合申报条件"

    def as_dict(self) -> dict[str, object]:
        """The way as JSON values."""
        return {
            "changes": [one.as_dict() for one in self.changes],
            "ready_on": self.ready_on.isoformat(),
            "by": self.by,
            "text": self.line,
        }


def ways(
    background: Background,
    occupation_code: str,
    grade: Grade,
    conditions: Sequence[Condition],
    on: date,
    related: Iterable[str] = (),
) -> tuple[Way, ...]:
    """The ways to yes, best first: fewest acts, then the earliest day. None where the answer is yes already.

    No way is given that does more than another without being ready earlier.
    """
    related = tuple(related)
    mine = [one for one in conditions if one.grade is grade]
    if not mine or judge(background, occupation_code, grade, mine, on, related=related).answer is Answer.MET:
        return ()
    sight = Sight(background, occupation_code, frozenset((occupation_code, *related)), on)
    trial = _Trial(sight, grade, mine, related)
    found: dict[frozenset[Change], Way] = {}
    for condition in mine:
        for acts in islice(_options(Group("all", condition.requirements), True, sight), MAX_TRIED):
            way = trial.way(_merged(acts))
            if way is not None:
                found.setdefault(frozenset(way.acts), way)
    return tuple(_undominated(list(found.values())))


def advice(found: Sequence[Way]) -> list[str]:
    """The ways that a letter tells, as sentences: the best, and the best that only needs facts entered."""
    entering = [way for way in found[1:] if way.acts and all(one.kind == "enter" for one in way.acts)]
    return [way.sentence for way in (*found[:1], *entering[:1])]


def apply(way: Way, background: Background) -> Background:
    """The background after all changes of a way."""
    return _applied(way.changes, background)


def _applied(changes: Iterable[Change], background: Background) -> Background:
    for change in changes:
        background = change.put(background)
    return background


def _options(expression: Expression, wanted: bool, sight: Sight) -> Iterator[Acts]:
    """Sets of changes that could make an expression met, or not met: the empty set stands for waiting."""
    if isinstance(expression, Cited):
        yield from _options(expression.expression, wanted, sight)
    elif isinstance(expression, Group):
        # "None of" is met when every part is not.
        turned = wanted if expression.kind != "none" else not wanted
        for parts in _needed(expression, wanted):
            for chosen in product(*(tuple(_options(part, turned, sight)) for part in parts)):
                yield tuple(change for acts in chosen for change in acts)
    else:
        yield from sight.changes(expression, wanted)


def _needed(group: Group, wanted: bool) -> Iterator[tuple[Expression, ...]]:
    """The sets of parts that decide a group when they all turn."""
    count = len(group.parts)
    if group.kind == "least":
        needed = group.least if wanted else count - group.least + 1
    elif group.kind == "none":
        needed = count if wanted else 1
    else:
        needed = count if (group.kind == "all") is wanted else 1
    yield from combinations(group.parts, needed)


def _merged(acts: Acts) -> Acts:
    """One act a subject: of two, the one with the earlier day, which does for both."""
    kept: dict[tuple[str, str], Change] = {}
    for act in acts:
        other = kept.get(act.subject)
        if other is None or (act.day is not None and other.day is not None and act.day < other.day):
            kept[act.subject] = act
    return tuple(kept.values())


def _cost(way: Way) -> tuple[int, date, int]:
    return len(way.acts), way.ready_on, sum(one.kind != "enter" for one in way.acts)


def _undominated(found: Sequence[Way]) -> Iterator[Way]:
    ordered = sorted(found, key=_cost)
    for place, way in enumerate(ordered):
        if not any(_outdoes(other, way) for other in ordered[:place]):
            yield way


def _outdoes(other: Way, way: Way) -> bool:
    """Whether the cheaper one is ready no later, and asks for nothing else or rests on the same condition."""
    subjects = {one.subject for one in way.acts}
    return other.ready_on <= way.ready_on and (other.by == way.by or {one.subject for one in other.acts} <= subjects)


class _Trial:
    """Tries sets of changes out on one person."""

    def __init__(self, sight: Sight, grade: Grade, conditions: Sequence[Condition], related: tuple[str, ...]) -> None:
        self.sight, self.grade, self.conditions, self.related = sight, grade, conditions, related
        self.until = add_years(sight.on, HORIZON_YEARS)
        self._ready: dict[Acts, date | None] = {}

    def ready(self, acts: Acts) -> date | None:
        """The first day on which the person is met after these acts."""
        if acts not in self._ready:
            line = Timeline(_applied(acts, self.sight.background), self.sight.occupations, self.sight.on, self.until)
            self._ready[acts] = line.first_met(self.conditions)
        return self._ready[acts]

    def way(self, acts: Acts) -> Way | None:
        """The way of these acts, without those that are not needed and with the latest days that suffice."""
        day = self.ready(acts)
        if day is None:
            return None
        for act in acts:
            fewer = tuple(one for one in acts if one is not act)
            without = self.ready(fewer)
            if without is not None and without <= day:
                acts = fewer
        for place, act in enumerate(acts):
            looser = (*acts[:place], act.full_by(day, self.sight.on), *acts[place + 1 :])
            if self.ready(looser) == day:
                acts = looser
        return self._checked(acts, day)

    def _checked(self, acts: Acts, day: date) -> Way | None:
        person, on = _applied(acts, self.sight.background), self.sight.on

        def verdict(day: date) -> tuple[str, ...]:
            code = self.sight.occupation_code
            return judge(person, code, self.grade, self.conditions, day, related=self.related).met_by

        met_by = verdict(day)
        if not met_by or (day > on and verdict(day - timedelta(days=1))):
            return None
        waiting = (Change("wait", "", f"等到{day}", day),) if day > on else ()
        return Way((*acts, *waiting), day, met_by[0])
