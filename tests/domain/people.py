"""Generated people, conditions and days for the properties of eligibility: unknown and half-entered facts included."""

from datetime import date

from hypothesis import strategies as st

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
from skilleval.domain.eligibility import Condition, Requirement
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Cited, Clause, Compare, Group

OWN, RELATED, OTHER = "6-31-01-03", "6-31-01-04", "6-18-01-01"

days = st.dates(date(1995, 1, 1), date(2028, 12, 31)) | st.sampled_from(
    [date(2020, 2, 29), date(2024, 2, 29), date(2021, 2, 28), date(2023, 1, 31), date(2025, 12, 31)]
)
codes = st.sampled_from([OWN, OWN, OWN, RELATED, OTHER, None])
grades = st.sampled_from(list(Grade))
maybe = st.none() | st.booleans()


def _work(draw: st.DrawFn) -> Work:
    start, end = draw(st.none() | days), draw(st.none() | days)
    return Work(draw(codes), start, end if start is None or end is None or end >= start else None)


def several(one: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...] | None]:
    return st.none() | st.lists(one, max_size=3).map(tuple)


facts = st.fixed_dictionaries(
    {},
    optional={
        "employment": st.sampled_from(["contract", "intern"]),
        "post": st.sampled_from(["电工", "钳工"]),
        "hired_on": days,
        "employees": st.integers(900, 1100),
        "holds": st.sampled_from(["junior", "senior"]),
    },
)
people = st.builds(
    Background,
    birth_date=st.none() | st.dates(date(1960, 1, 1), date(2012, 12, 31)),
    work=several(st.composite(_work)()),
    certificates=several(st.builds(HeldCertificate, grades, codes, st.none() | days)),
    titles=several(st.builds(Title, st.sampled_from(list(TITLE_LEVELS)), maybe, st.none() | days)),
    diplomas=several(st.builds(Diploma, st.sampled_from(list(DIPLOMA_KINDS)), maybe, st.none() | days, maybe)),
    evidence=several(
        st.builds(Evidence, st.sampled_from(list(EVIDENCE_KINDS)), st.none() | st.sampled_from(list(EVIDENCE_LEVELS)), st.none() | days)
    ),
    facts=facts,
)  # fmt: skip

years = st.integers(0, 6)
requirements = st.one_of(
    st.builds(Requirement, age=st.integers(0, 30)),
    st.builds(Requirement, work_years=years),
    st.builds(Requirement, work_years=years, after_certificate=grades),
    st.builds(Requirement, work_years=years, after_title=st.sampled_from(list(TITLE_LEVELS))),
    st.builds(Requirement, certificate=grades, held_years=years),
    st.builds(Requirement, title=st.sampled_from(list(TITLE_LEVELS)), held_years=years),
    st.builds(
        Requirement,
        diplomas=st.lists(st.sampled_from(list(DIPLOMA_KINDS)), min_size=1, max_size=3, unique=True).map(tuple),
        assessed=st.booleans(),
        students=st.booleans(),
    ),
    st.builds(
        Requirement,
        evidence=st.lists(st.sampled_from(list(EVIDENCE_KINDS)), min_size=1, max_size=2, unique=True).map(tuple),
        level=st.sampled_from(list(EVIDENCE_LEVELS)),
    ),
)
comparisons = st.one_of(
    st.builds(Compare, st.just("employment"), st.just("is"), st.sampled_from(["contract", "dispatched"])),
    st.builds(Compare, st.just("post"), st.just("one_of"), st.just(("电工", "钳工"))),
    st.builds(Compare, st.just("employees"), st.sampled_from(["is", "at_least", "at_most"]), st.integers(950, 1050)),
    st.builds(Compare, st.just("holds"), st.sampled_from(["is", "at_least", "at_most"]), st.sampled_from(["junior", "technician"])),
    st.builds(Compare, st.just("hired_on"), st.just("full_years"), years),
    st.builds(
        Compare,
        st.just("hired_on"),
        st.sampled_from(["on_or_before", "on_or_after"]),
        days | st.sampled_from(["day", "day-1y", "day+30d", "day-6m", "day-1m", "day-45d", "day+2y"]),
    ),
)  # fmt: skip


def clause(number: int) -> Clause:
    return Clause(f"made/{number}", f"第{number}条", "生成的规则", "high")


def _nested(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Group, st.sampled_from(["all", "any", "none"]), parts),
        parts.flatmap(lambda some: st.builds(Group, st.just("least"), st.just(some), st.integers(1, len(some)))),
        inner.map(lambda one: Cited(clause(99), one)),
    )


expressions = st.recursive(requirements | comparisons, _nested, max_leaves=4)
conditions = st.lists(
    st.lists(expressions, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3
).map(lambda some: tuple(Condition(Grade.SENIOR, clause(number), one) for number, one in enumerate(some, start=1)))
