"""Synthetic employees of a firm: the same seed gives the same people on every machine.

No document number can belong to anyone: all lie in the area 440999, which was never assigned. Telephone numbers lie
in 154-, which no operator was given. ``expected`` is the answer that a person's facts were built to give for the
grade ``aim``; facts stand well clear of every threshold, so that it is the same under the conditions of 2018 and 2023.
"""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from stdnum.iso7064 import mod_11_2

from skilleval.demo import names
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer

#: An area of Guangdong that GB/T 2260 never assigned.
UNASSIGNED_AREA = "440999"
#: 154 was never given to an operator.
UNREAL_PHONE = "154"
#: The body that prior certificates name: province 44, a serial far beyond those in use.
_PRIOR_ISSUER = ("Y000044990001", "示例职业技能评价中心")

#: No schooling here opens a condition by diploma.
_SCHOOLING = ("初中", "高中", "高中", "小学")
_EMPLOYMENT = ("contract",) * 8 + ("dispatched", "outsourced")
_AIMS = (Grade.INTERMEDIATE,) * 9 + (Grade.SENIOR,) * 8 + (Grade.TECHNICIAN,) * 2 + (Grade.SENIOR_TECHNICIAN,)
_ANSWERS = (Answer.MET,) * 7 + (Answer.NOT_MET,) * 2 + (Answer.UNKNOWN,)
_BELOW = {
    Grade.INTERMEDIATE: Grade.JUNIOR,
    Grade.SENIOR: Grade.INTERMEDIATE,
    Grade.TECHNICIAN: Grade.SENIOR,
    Grade.SENIOR_TECHNICIAN: Grade.TECHNICIAN,
}
_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Occupation:
    """What the demo's people work in: code, name, the firm's posts for it, and the departments, one drawn for each."""

    code: str
    name: str
    posts: tuple[str, ...]
    #: six, whatever the occupation, so that a seed gives the same people in all of them
    departments: tuple[str, str, str, str, str, str] = field(repr=False)


_POWER, _ASSEMBLY_1, _ASSEMBLY_2, _MACHINING, _MOULDS = "设备动力部", "装配一车间", "装配二车间", "机加工车间", "模具车间"
ELECTRICIAN = Occupation(
    "6-31-01-03", "电工", ("维修电工", "配电值班电工", "设备电气技术员"),
    (_POWER, _POWER, _POWER, _ASSEMBLY_1, _MACHINING, _MOULDS),
)  # fmt: skip
FITTER = Occupation(
    "6-20-01-01", "装配钳工", ("装配工", "总装技工"),
    (_ASSEMBLY_1, _ASSEMBLY_1, _ASSEMBLY_1, _ASSEMBLY_2, _ASSEMBLY_2, "质量部"),
)  # fmt: skip
MACHINIST = Occupation(
    "6-18-01-07", "多工序数控机床操作调整工", ("加工中心操作工", "数控车铣操作工"),
    (_MACHINING, _MACHINING, _MACHINING, _MACHINING, _MOULDS, "质量部"),
)  # fmt: skip
MOULD_MAKER = Occupation("6-18-04-01", "模具工", ("注塑模具工", "冲压模具工"), (_MOULDS,) * 6)
ROBOT_OPERATOR = Occupation(
    "6-31-07-03", "工业机器人系统操作员", ("机器人工作站操作员", "产线自动化操作员"),
    (_ASSEMBLY_1, _ASSEMBLY_2, _ASSEMBLY_2, _MACHINING, _MACHINING, _POWER),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Holding:
    """A certificate or title; the level ``none`` says that there is none, which is not the same as nobody knowing.

    An ``obtained_on`` of None is a date that nobody wrote down.
    """

    kind: str
    level: str
    occupation: Occupation | None = None
    number: str | None = None
    obtained_on: date | None = None
    issuer: str | None = None
    major: str | None = None


@dataclass(frozen=True, slots=True)
class Employee:
    """One person of the roster and the answer that the facts were built to give."""

    employee_no: str
    name: str
    sex: str
    id_number: str
    birth_date: date
    education: str
    phone: str
    department: str
    post: str
    employment: str
    hired_on: date
    occupation: Occupation
    occupation_since: date | None
    holdings: tuple[Holding, ...]
    aim: Grade
    #: None: nobody built the facts for an answer
    expected: Answer | None

    def __repr__(self) -> str:
        """Without the document number."""
        return f"Employee({self.employee_no} {self.name})"


def make_people(
    count: int,
    seed: int,
    on: date,
    *,
    occupation: Occupation = ELECTRICIAN,
    first: int = 1,
    taken: set[str] | None = None,
) -> tuple[Employee, ...]:
    """``count`` employees as they stand on the day ``on``; one in six works in another occupation.

    The first three are one whose facts meet the conditions, one refused and one unknown, so that the smallest
    roster shows all three. No document number in ``taken`` (without check characters) is given again, and those given are
    added to it.
    """
    rng = random.Random(seed)
    numbers = set() if taken is None else taken
    return tuple(_make_one(rng, index, on, occupation, numbers) for index in range(first, first + count))


def make_person(
    index: int,
    seed: int,
    occupation: Occupation,
    *,
    since: date,
    held: Grade | None,
    held_on: date,
    aim: Grade,
    taken: set[str],
) -> Employee:
    """One employee with this work and certificate and no title.

    ``held`` of None is somebody of whom it is known that there is no certificate. No document number in ``taken`` (without
    check characters) is given again, and the one given is added to it.
    """
    rng = random.Random(seed * 1000 + index)
    sex = "female" if rng.random() < 0.28 else "male"
    birth = _years_before(since, rng.uniform(19, 26))
    certificate = Holding("certificate", "none")
    if held is not None:
        certificate = _certificate(rng, held, occupation, held_on)
    return Employee(
        employee_no=f"E{index:06d}",
        name=_name(rng, sex, index),
        sex=sex,
        id_number=_document_number(rng, birth, sex, taken),
        birth_date=birth,
        education=rng.choice(_SCHOOLING),
        phone=f"{UNREAL_PHONE}{index % 100_000_000:08d}",
        department=rng.choice(occupation.departments),
        post=rng.choice(occupation.posts),
        employment="contract",
        hired_on=since,
        occupation=occupation,
        occupation_since=since,
        holdings=(certificate, Holding("title", "none")),
        aim=aim,
        expected=None,
    )


def _make_one(rng: random.Random, index: int, on: date, main: Occupation, taken: set[str]) -> Employee:
    sex = "female" if rng.random() < 0.28 else "male"
    occupation = FITTER if main is not FITTER and index > 3 and rng.random() < 1 / 6 else main
    leading = (Answer.MET, Answer.NOT_MET, Answer.UNKNOWN)
    expected = leading[index - 1] if index <= 3 else rng.choice(_ANSWERS)
    aim = Grade.SENIOR if index <= 3 else rng.choice(_AIMS)
    since, held_on, schooling = _facts(rng, aim, expected, on)
    started = since or on - timedelta(days=rng.randint(9, 14) * 365)
    birth = _years_before(started, rng.uniform(19, 26))
    holdings = _holdings(rng, aim, expected, occupation, held_on)
    hired = started + timedelta(days=rng.randint(0, min(900, (on - started).days - 30)))
    return Employee(
        employee_no=f"E{index:06d}",
        name=_name(rng, sex, index),
        sex=sex,
        id_number=_document_number(rng, birth, sex, taken),
        birth_date=birth,
        education=schooling,
        phone=f"{UNREAL_PHONE}{index % 100_000_000:08d}",
        department=rng.choice(occupation.departments),
        post=rng.choice(occupation.posts),
        employment=rng.choice(_EMPLOYMENT),
        hired_on=hired,
        occupation=occupation,
        occupation_since=since,
        holdings=holdings,
        aim=aim,
        expected=expected,
    )


def _facts(rng: random.Random, aim: Grade, expected: Answer, on: date) -> tuple[date | None, date, str]:
    """Start of work, day of the certificate below the aim, schooling: what makes the answer ``expected``."""
    schooling = rng.choice(_SCHOOLING)
    base = {Grade.INTERMEDIATE: 0.0, Grade.SENIOR: 1.0, Grade.TECHNICIAN: 6.0, Grade.SENIOR_TECHNICIAN: 12.0}[aim]
    if expected is Answer.MET:
        held_for = rng.uniform(6.2, 8.8)
        return _years_before(on, base + held_for + rng.uniform(1, 3)), _years_before(on, held_for), schooling
    if expected is Answer.NOT_MET:
        held_for = rng.uniform(0.4, 1.6)
        return _years_before(on, base + held_for + rng.uniform(0.5, 1.2)), _years_before(on, held_for), schooling
    return None, _years_before(on, rng.uniform(6.2, 8.8)), schooling


def _holdings(
    rng: random.Random, aim: Grade, expected: Answer, occupation: Occupation, held_on: date
) -> tuple[Holding, ...]:
    certificate = _certificate(rng, _BELOW[aim], occupation, held_on)
    return (certificate,) if expected is Answer.UNKNOWN else (certificate, Holding("title", "none"))


def _certificate(rng: random.Random, held: Grade, occupation: Occupation, held_on: date) -> Holding:
    prefix, issuer = _PRIOR_ISSUER
    number = f"{prefix}{held_on:%y}{held.digit}{rng.randint(1, 999_999):06d}"
    return Holding("certificate", held.value, occupation, number, held_on, issuer)


def _name(rng: random.Random, sex: str, index: int) -> str:
    rare = names.RARE_FOR_WOMEN if sex == "female" else names.RARE_FOR_MEN
    given = names.GIVEN_FOR_WOMEN if sex == "female" else names.GIVEN_FOR_MEN
    common = rng.choice(names.SURNAMES) + rng.choice(given)
    if index % 3 and len(common) == 3 and rng.random() < 0.1:
        common = common[0] + common[2]
    if index % names.RARE_EVERY == 5:
        return rare[index // names.RARE_EVERY % len(rare)]
    return common


def _document_number(rng: random.Random, birth: date, sex: str, taken: set[str]) -> str:
    """A number in the unassigned area; the last digit of the serial is odd for men."""
    while True:
        serial = rng.randrange(1 if sex == "male" else 0, 1000, 2)
        body = f"{UNASSIGNED_AREA}{birth:%Y%m%d}{serial:03d}"
        if body not in taken:
            taken.add(body)
            return body + str(mod_11_2.calc_check_digit(body))


def _years_before(day: date, years: float) -> date:
    return day - timedelta(days=round(years * _YEAR))
