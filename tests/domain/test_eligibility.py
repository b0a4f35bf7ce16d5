from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skilleval import packs
from skilleval.domain.backgrounds import Background, Diploma, HeldCertificate, Title, Work
from skilleval.domain.dates import add_years
from skilleval.domain.eligibility import judge
from skilleval.domain.ladder import NATIONAL_GRADES, Grade
from skilleval.domain.rules import Answer
from tests.factories import entry_conditions

E, OTHER = "6-31-01-03", "6-18-01-01"
ON = date(2026, 6, 8)
MET, NOT, UNKNOWN = Answer.MET, Answer.NOT_MET, Answer.UNKNOWN
NOTHING = {"work": (), "certificates": (), "titles": (), "diplomas": ()}


def known(**facts: object) -> Background:
    """A person about whom everything is known, and who has nothing but ``facts``."""
    return Background(birth_date=date(1985, 1, 1), **{**NOTHING, **facts})  # type: ignore[arg-type]


def work(*spans: tuple[date, date | None], code: str | None = E) -> tuple[Work, ...]:
    return tuple(Work(code, start, end) for start, end in spans)


def cert(grade: Grade, day: date | None, code: str | None = E) -> tuple[HeldCertificate, ...]:
    return (HeldCertificate(grade, code, day),)


TABLE = [
    # 2023: five years for 中级工, on the day and the day before
    ("2023", Grade.INTERMEDIATE, known(work=work((date(2021, 6, 8), None))), MET),
    ("2023", Grade.INTERMEDIATE, known(work=work((date(2021, 6, 9), None))), NOT),
    # 2018 asks six
    ("2018", Grade.INTERMEDIATE, known(work=work((date(2021, 6, 8), None))), NOT),
    ("2018", Grade.INTERMEDIATE, known(work=work((date(2020, 6, 8), None))), MET),
    # 初级工: age 16 in 2023, one year of work in 2018
    ("2023", Grade.JUNIOR, Background(birth_date=date(2010, 6, 8)), MET),
    ("2023", Grade.JUNIOR, Background(birth_date=date(2010, 6, 9)), NOT),
    ("2023", Grade.JUNIOR, Background(), UNKNOWN),
    ("2018", Grade.JUNIOR, known(work=work((date(2025, 6, 8), None))), MET),
    ("2018", Grade.JUNIOR, known(diplomas=(Diploma("apprenticeship", True, date(2026, 1, 1)),)), MET),
    # a certificate starts the clock
    ("2018", Grade.SENIOR, known(work=work((date(2010, 1, 1), None)), certificates=cert(Grade.INTERMEDIATE, date(2021, 6, 8))), MET),
    ("2018", Grade.SENIOR, known(work=work((date(2010, 1, 1), None)), certificates=cert(Grade.INTERMEDIATE, date(2021, 6, 9))), NOT),
    ("2023", Grade.SENIOR, known(work=work((date(2020, 1, 1), None)), certificates=cert(Grade.INTERMEDIATE, date(2022, 6, 8))), MET),
    # work that began after the certificate counts from its own beginning
    ("2023", Grade.SENIOR, known(work=work((date(2022, 6, 9), None)), certificates=cert(Grade.INTERMEDIATE, date(2019, 1, 1))), NOT),
    ("2023", Grade.SENIOR, known(work=work((date(2022, 6, 8), None)), certificates=cert(Grade.INTERMEDIATE, date(2019, 1, 1))), MET),
    # a certificate of another occupation, or dated later, never counts
    ("2018", Grade.SENIOR, known(work=work((date(2010, 1, 1), None)), certificates=cert(Grade.INTERMEDIATE, date(2015, 1, 1), OTHER)), NOT),
    ("2018", Grade.SENIOR, known(work=work((date(2010, 1, 1), None)), certificates=cert(Grade.INTERMEDIATE, date(2026, 6, 9))), NOT),
    # facts that nobody has entered
    ("2018", Grade.SENIOR, known(certificates=None, work=work((date(2010, 1, 1), None))), UNKNOWN),
    ("2018", Grade.SENIOR, known(work=work((date(2010, 1, 1), None)), certificates=cert(Grade.INTERMEDIATE, None)), UNKNOWN),
    ("2018", Grade.SENIOR, known(work=None, certificates=cert(Grade.INTERMEDIATE, date(2015, 1, 1))), UNKNOWN),
    ("2023", Grade.SENIOR, known(work=work((None, None))), UNKNOWN),  # type: ignore[arg-type]
    ("2023", Grade.SENIOR, known(work=work((date(2000, 1, 1), None), code=None)), UNKNOWN),
    # a known fact rules every line out: the certificate is too young whatever the work is
    ("2018", Grade.SENIOR_TECHNICIAN, known(work=None, certificates=cert(Grade.TECHNICIAN, date(2024, 1, 1))), NOT),
    # a met line outweighs an unknown one
    ("2023", Grade.SENIOR, known(work=work((date(2010, 1, 1), None)), certificates=None, titles=None), MET),
    # several periods add up, the gap does not; work at the same time counts once
    ("2023", Grade.INTERMEDIATE, known(work=work((date(2015, 1, 1), date(2017, 12, 31)), (date(2024, 6, 8), None))), MET),
    ("2023", Grade.INTERMEDIATE, known(work=work((date(2015, 1, 1), date(2017, 12, 30)), (date(2024, 6, 8), None))), NOT),
    ("2023", Grade.INTERMEDIATE, known(work=work((date(2022, 1, 1), None), (date(2022, 1, 1), None))), NOT),
    # present work is not asked
    ("2023", Grade.INTERMEDIATE, known(work=work((date(2010, 1, 1), date(2014, 12, 31)))), MET),
    ("2023", Grade.INTERMEDIATE, known(work=work((date(2010, 1, 1), date(2014, 12, 30)))), NOT),
    # 中级工 by diploma: any school in 2023, a final-year student too; not a university in 2018
    ("2023", Grade.INTERMEDIATE, known(diplomas=(Diploma("college", True, date(2026, 7, 1)),)), MET),
    ("2018", Grade.INTERMEDIATE, known(diplomas=(Diploma("college", True, date(2020, 7, 1)),)), NOT),
    ("2018", Grade.INTERMEDIATE, known(diplomas=(Diploma("technical", True, date(2026, 7, 1)),)), MET),
    ("2023", Grade.INTERMEDIATE, known(diplomas=(Diploma("college", None, date(2020, 7, 1)),)), UNKNOWN),
    ("2023", Grade.INTERMEDIATE, known(diplomas=(Diploma("college", False, date(2020, 7, 1)),)), NOT),
    # 高级工: 中级工 certificate and a college diploma at once in 2023
    ("2023", Grade.SENIOR, known(certificates=cert(Grade.INTERMEDIATE, ON), diplomas=(Diploma("college", True, date(2020, 7, 1)),)), MET),
    # proved diplomas
    ("2023", Grade.SENIOR, known(diplomas=(Diploma("higher_vocational", True, date(2020, 7, 1), True),)), MET),
    ("2023", Grade.SENIOR, known(diplomas=(Diploma("higher_vocational", True, date(2020, 7, 1), None),)), UNKNOWN),
    ("2023", Grade.SENIOR, known(diplomas=(Diploma("higher_vocational", True, date(2020, 7, 1), False),)), NOT),
    # 技师 by title
    ("2023", Grade.TECHNICIAN, known(work=work((date(2010, 1, 1), None)), titles=(Title("intermediate", True, date(2025, 6, 8)),)), MET),
    ("2023", Grade.TECHNICIAN, known(work=work((date(2010, 1, 1), None)), titles=(Title("intermediate", True, date(2025, 6, 9)),)), NOT),
    ("2023", Grade.TECHNICIAN, known(work=work((date(2010, 1, 1), None)), titles=(Title("intermediate", None, date(2020, 1, 1)),)), UNKNOWN),
    ("2018", Grade.TECHNICIAN, known(work=work((date(2010, 1, 1), None)), titles=(Title("intermediate", True, date(2020, 1, 1)),)), NOT),
    # cumulative years without 后 count work before the certificate too
    ("2023", Grade.TECHNICIAN, known(work=work((date(2024, 6, 8), None)), certificates=cert(Grade.SENIOR, ON), diplomas=(Diploma("technical_senior", True, date(2020, 7, 1)),)), MET),
    # 技师班 student holding 高级工 for two years
    ("2023", Grade.TECHNICIAN, known(certificates=cert(Grade.SENIOR, date(2024, 6, 8)), diplomas=(Diploma("technical_preparatory", True, date(2026, 7, 1)),)), MET),
    ("2023", Grade.TECHNICIAN, known(certificates=cert(Grade.SENIOR, date(2024, 6, 9)), diplomas=(Diploma("technical_preparatory", True, date(2026, 7, 1)),)), NOT),
    # the conditions are silent about 特级技师
    ("2023", Grade.SPECIAL_TECHNICIAN, known(), UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("edition", "grade", "background", "answer"), TABLE)
def test_a_person_is_judged_by_the_conditions_of_the_standard(
    edition: str, grade: Grade, background: Background, answer: Answer
) -> None:
    verdict = judge(background, E, grade, entry_conditions(edition), ON)

    assert verdict.answer is answer, "\n".join(verdict.proof.lines())


@pytest.mark.parametrize(
    ("day", "years", "full"),
    [
        (date(2020, 2, 29), 1, date(2021, 2, 28)),
        (date(2020, 2, 29), 4, date(2024, 2, 29)),
        (date(2021, 2, 28), 3, date(2024, 2, 28)),
        (date(2021, 6, 8), 5, date(2026, 6, 8)),
    ],
)
def test_years_are_full_on_the_same_calendar_day(day: date, years: int, full: date) -> None:
    assert add_years(day, years) == full


def test_work_in_a_related_occupation_counts_when_the_standard_names_it() -> None:
    person = known(work=work((date(2010, 1, 1), None), code=OTHER))

    assert judge(person, E, Grade.SENIOR, entry_conditions("2023"), ON).answer is NOT
    assert judge(person, E, Grade.SENIOR, entry_conditions("2023"), ON, related=[OTHER]).answer is MET


def test_every_reason_is_given_and_every_leaf_has_a_clause_with_text() -> None:
    verdict = judge(known(), E, Grade.SENIOR, entry_conditions("2023"), ON)

    assert len(verdict.proof.children) == 6
    for leaf in verdict.proof.leaves():
        assert leaf.clause.id.startswith("2023/senior/") and leaf.clause.text and leaf.clause.source and leaf.fact


SHIPPED = {rule.clause.id: rule.clause for pack in packs.library().packs for rule in pack.rules}


@pytest.mark.parametrize("edition", packs.load().editions())
@pytest.mark.parametrize("person", [known(), Background()], ids=["nothing", "unknown"])
def test_every_leaf_under_the_shipped_packs_resolves_to_the_text_of_its_clause(edition: str, person: Background) -> None:
    conditions = entry_conditions(edition)

    for grade in {condition.grade for condition in conditions}:
        for leaf in judge(person, E, grade, conditions, ON).proof.leaves():
            assert leaf.clause == SHIPPED[leaf.clause.id]
            assert leaf.clause.text and leaf.clause.source and leaf.fact and leaf.origin and leaf.text


def test_the_claimed_condition_is_judged_by_itself() -> None:
    person = known(work=work((date(2010, 1, 1), None)))
    by_work = judge(person, E, Grade.SENIOR, entry_conditions("2023"), ON, claimed="2023/senior/1")
    by_title = judge(person, E, Grade.SENIOR, entry_conditions("2023"), ON, claimed="2023/senior/3")

    assert (by_work.claimed, by_work.met_by) == (MET, ("2023/senior/1",))
    assert (by_title.answer, by_title.claimed) == (MET, NOT)
    assert judge(person, E, Grade.SENIOR, entry_conditions("2023"), ON, claimed="no/such").claimed is None


days = st.dates(date(1990, 1, 1), date(2026, 6, 8))
people = st.builds(
    lambda start, gap, held, day: known(
        work=work((start, None)) if gap else None, certificates=cert(held, day) if day else None
    ),
    days,
    st.booleans(),
    st.sampled_from(NATIONAL_GRADES),
    st.none() | days,
)


@given(people, st.sampled_from(NATIONAL_GRADES), st.sampled_from(["2018", "2023"]), days)
def test_a_year_more_of_work_never_turns_yes_into_no(person: Background, grade: Grade, edition: str, on: date) -> None:
    conditions = entry_conditions(edition)

    if judge(person, E, grade, conditions, on).answer is MET:
        assert judge(person, E, grade, conditions, add_years(on, 1)).answer is MET
