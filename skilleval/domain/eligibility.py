"""May this person sit for this grade, by which entry condition (申报条件), and what is missing?

How years count is a named reading (national-rules 6.3, after 民法典 201–202; confidence medium): the clock starts on
the later of certificate (or title) and work; N years are full on the same calendar day N years later, that day included,
or on the month's last day where that day does not exist. Several periods add up, work at the same time counts once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from operator import itemgetter

from skilleval.domain.backgrounds import (
    DIPLOMA_KINDS,
    EVIDENCE_KINDS,
    EVIDENCE_LEVELS,
    TITLE_LEVELS,
    Background,
    Diploma,
    Evidence,
    Work,
)
from skilleval.domain.dates import add_years
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Case, Clause, Expression, Proof, all_of, any_of, no_version, prove

_NO_SCHOOLS = {
    "apprenticeship": "本职业或相关职业学徒期满的证明",
    "preparatory_certificate": "本职业或相关职业预备技师证书",
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a condition asks for; the fields that are set tell which.

    ``age``: full years of life. ``work_years``: years of work in the occupation or a related one, counted from
    ``after_certificate`` or ``after_title`` on where one is named. ``certificate``, ``title``: held, for ``held_years``.
    ``diplomas``: one of these kinds, of a matching major; ``assessed``: that passed the proof step; ``students``: the
    final year counts. ``evidence``: one of these kinds, given by this ``level`` or a higher one.
    """

    age: int | None = None
    work_years: int | None = None
    after_certificate: Grade | None = None
    after_title: str | None = None
    certificate: Grade | None = None
    title: str | None = None
    held_years: int = 0
    diplomas: tuple[str, ...] = ()
    assessed: bool = False
    students: bool = False
    evidence: tuple[str, ...] = ()
    level: str = "firm"


@dataclass(frozen=True, slots=True)
class Condition:
    """One entry condition; any one of a grade's conditions is enough, and all its requirements must be met.

    A requirement is a ``Requirement``, a comparison of one fact, or a group of either.
    """

    grade: Grade
    clause: Clause
    requirements: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one person and grade, its proof, and the ids of the conditions that are met."""

    answer: Answer
    proof: Proof
    met_by: tuple[str, ...]
    #: the answer to the condition that was claimed; None when none was, or there is no such condition
    claimed: Answer | None = None


def judge(
    background: Background,
    occupation_code: str,
    grade: Grade,
    conditions: Sequence[Condition],
    on: date,
    *,
    related: Iterable[str] = (),
    claimed: str | None = None,
    switches: Mapping[str, bool] | None = None,
) -> Verdict:
    """Whether the person may sit for ``grade`` on the day ``on``, with every reason.

    A grade that the conditions say nothing about gives unknown: silence is no permission. So does a day on which no
    version of the conditions is in force (``conditions`` is empty then).
    """
    occupations = frozenset((occupation_code, *related))
    leaf = partial(prove_requirement, background=background, occupations=occupations, on=on)
    case = Case(on, background.facts, switches or {}, leaf)
    whole = Clause(f"{grade.value}", f"{grade.printed}申报条件（具备其一即可）", "", "high")
    proofs = {
        condition.clause.id: all_of(
            condition.clause.text,
            condition.clause,
            (prove(requirement, condition.clause, case) for requirement in condition.requirements),
        )
        for condition in conditions
        if condition.grade is grade
    }
    if not conditions:
        silent = no_version(grade.value, on, whole.text)
        return Verdict(Answer.UNKNOWN, silent, ())
    if not proofs:
        silent = Proof(Answer.UNKNOWN, f"所用申报条件没有规定{grade.printed}", whole)
        return Verdict(Answer.UNKNOWN, silent, ())
    proof = any_of(whole.text, whole, proofs.values())
    met_by = tuple(key for key, one in proofs.items() if one.answer is Answer.MET)
    return Verdict(proof.answer, proof, met_by, proofs[claimed].answer if claimed in proofs else None)


def prove_requirement(
    requirement: Requirement, clause: Clause, *, background: Background, occupations: frozenset[str], on: date
) -> Proof:
    """The answer of one requirement for a person on a day, with the fact used and where it was entered."""
    if requirement.age is not None:
        return _prove_age(requirement.age, background, on, clause)
    if requirement.work_years is not None:
        return _prove_work(requirement, background, occupations, on, clause)
    if requirement.certificate is not None:
        return _prove_certificate(requirement, background, occupations, on, clause)
    if requirement.title is not None:
        return _prove_title(requirement, background, on, clause)
    if requirement.evidence:
        return _prove_evidence(requirement, background, on, clause)
    return _prove_diploma(requirement, background, on, clause)


def _leaf(answer: Answer, text: str, clause: Clause, fact: str, origin: str = "花名册") -> Proof:
    return Proof(answer, text, clause, fact, (), origin)


def _prove_age(age: int, background: Background, on: date, clause: Clause) -> Proof:
    text = f"年满{age}周岁"
    if background.birth_date is None:
        return _leaf(Answer.UNKNOWN, text, clause, "未填出生日期")
    reached = add_years(background.birth_date, age)
    fact = f"{background.birth_date}出生，{reached}满{age}周岁"
    return _leaf(Answer.MET if reached <= on else Answer.NOT_MET, text, clause, fact)


def _prove_title(requirement: Requirement, background: Background, on: date, clause: Clause) -> Proof:
    level, years = requirement.title, requirement.held_years
    assert level is not None
    text = f"取得符合专业对应关系的{TITLE_LEVELS[level]}" + (f"满{years}年" if years else "")
    answer, since, fact = _title_since(level, background, on)
    return _held_long_enough(answer, since, years, fact, text, clause, on)


def _held_long_enough(
    answer: Answer, since: date | None, years: int, fact: str, text: str, clause: Clause, on: date
) -> Proof:
    if since is None or not years:
        return _leaf(answer, text, clause, fact)
    full = add_years(since, years)
    return _leaf(Answer.MET if full <= on else Answer.NOT_MET, text, clause, f"{fact}，{full}满{years}年")


def _prove_evidence(requirement: Requirement, background: Background, on: date, clause: Clause) -> Proof:
    kinds = "或".join(EVIDENCE_KINDS[kind] for kind in requirement.evidence)
    text = f"{EVIDENCE_LEVELS[requirement.level]}及以上的{kinds}"
    if background.evidence is None:
        return _leaf(Answer.UNKNOWN, text, clause, f"未填{kinds}", "佐证材料")
    fitting = [one for one in background.evidence if one.kind in requirement.evidence]
    answers = [_evidence_answer(requirement, one, on) for one in fitting]
    for answer, fact in ((Answer.MET, "有这样的材料"), (Answer.UNKNOWN, "级别或取得日期未填")):
        if answer in answers:
            return _leaf(answer, text, clause, fact, "佐证材料")
    return _leaf(Answer.NOT_MET, text, clause, "没有这样的材料", "佐证材料")


def _evidence_answer(requirement: Requirement, evidence: Evidence, on: date) -> Answer:
    order = list(EVIDENCE_LEVELS)
    if evidence.level is not None and order.index(evidence.level) < order.index(requirement.level):
        return Answer.NOT_MET
    if evidence.obtained_on is not None and evidence.obtained_on > on:
        return Answer.NOT_MET
    return Answer.UNKNOWN if evidence.level is None or evidence.obtained_on is None else Answer.MET


def _prove_certificate(
    requirement: Requirement, background: Background, occupations: frozenset[str], on: date, clause: Clause
) -> Proof:
    grade, years = requirement.certificate, requirement.held_years
    assert grade is not None
    text = f"取得本职业或相关职业{grade.printed}证书" + (f"满{years}年" if years else "")
    answer, since, fact = _certificate_since(grade, background, occupations, on)
    return _held_long_enough(answer, since, years, fact, text, clause, on)


def _certificate_since(
    grade: Grade, background: Background, occupations: frozenset[str], on: date
) -> tuple[Answer, date | None, str]:
    """Whether a certificate of this grade or a higher one is held, the first day it was, and the fact."""
    fitting = [one for one in (*(background.certificates or ()), *background.issued) if one.grade >= grade]
    fitting = [one for one in fitting if one.occupation_code is None or one.occupation_code in occupations]
    dated = [one.obtained_on for one in fitting if one.occupation_code is not None and one.obtained_on is not None]
    held = [day for day in dated if day <= on]
    if held:
        return Answer.MET, min(held), f"{min(held)}取得证书"
    if background.certificates is None:
        return Answer.UNKNOWN, None, "未填现持证书"
    if any(one.occupation_code is None or one.obtained_on is None for one in fitting):
        return Answer.UNKNOWN, None, "现持证书的职业或发证日期未填"
    return Answer.NOT_MET, None, f"没有本职业或相关职业{grade.printed}及以上证书"


def _title_since(level: str, background: Background, on: date) -> tuple[Answer, date | None, str]:
    if background.titles is None:
        return Answer.UNKNOWN, None, "未填职称"
    order = list(TITLE_LEVELS)
    fitting = [one for one in background.titles if order.index(one.level) >= order.index(level)]
    fitting = [one for one in fitting if one.matching is not False]
    held = [(one.obtained_on, one) for one in fitting if one.matching and one.obtained_on and one.obtained_on <= on]
    if held:
        since, first = min(held, key=itemgetter(0))
        return Answer.MET, since, f"{since}取得{TITLE_LEVELS[first.level]}"
    if any(one.matching is None or one.obtained_on is None for one in fitting):
        return Answer.UNKNOWN, None, "职称的取得日期或专业是否对口未填"
    return Answer.NOT_MET, None, f"没有对口的{TITLE_LEVELS[level]}"


def diploma_wording(kinds: Sequence[str], assessed: bool) -> str:
    """What a requirement of diplomas asks for, in Chinese. Two of the kinds are no schools."""
    plain = [_NO_SCHOOLS[kind] for kind in kinds if kind in _NO_SCHOOLS]
    schools = [DIPLOMA_KINDS[kind] for kind in kinds if kind not in _NO_SCHOOLS]
    if schools:
        plain.append(f"{'经评估论证的' * assessed}{'、'.join(schools)}本专业或相关专业毕业证书")
    return "或".join(plain)


def _prove_diploma(requirement: Requirement, background: Background, on: date, clause: Clause) -> Proof:
    students = "（含应届毕业生）" if requirement.students else ""
    text = f"取得{diploma_wording(requirement.diplomas, requirement.assessed)}{students}"
    if background.diplomas is None:
        return _leaf(Answer.UNKNOWN, text, clause, "未填学历")
    answers = [
        _diploma_answer(requirement, diploma, on) for diploma in background.diplomas if diploma.kind in requirement.diplomas
    ]
    if Answer.MET in answers:
        return _leaf(Answer.MET, text, clause, "学历符合")
    if Answer.UNKNOWN in answers:
        return _leaf(Answer.UNKNOWN, text, clause, "毕业时间、专业是否对口或是否经评估论证未填")
    return _leaf(Answer.NOT_MET, text, clause, "没有这类学历")


def _diploma_answer(requirement: Requirement, diploma: Diploma, on: date) -> Answer:
    if diploma.matching is False or (requirement.assessed and diploma.assessed is False):
        return Answer.NOT_MET
    if diploma.graduated_on is None:
        return Answer.UNKNOWN
    if diploma.graduated_on > on and not (requirement.students and diploma.graduated_on <= add_years(on, 1)):
        return Answer.NOT_MET
    if diploma.matching is None or (requirement.assessed and diploma.assessed is None):
        return Answer.UNKNOWN
    return Answer.MET


def _prove_work(
    requirement: Requirement, background: Background, occupations: frozenset[str], on: date, clause: Clause
) -> Proof:
    years = requirement.work_years
    assert years is not None
    text = f"累计从事本职业或相关职业工作满{years}年"
    since: date | None = None
    fact = ""
    if requirement.after_certificate is not None or requirement.after_title is not None:
        if requirement.after_certificate is not None:
            text = f"取得{requirement.after_certificate.printed}证书后{text}"
            answer, since, fact = _certificate_since(requirement.after_certificate, background, occupations, on)
        else:
            assert requirement.after_title is not None
            text = f"取得{TITLE_LEVELS[requirement.after_title]}后{text}"
            answer, since, fact = _title_since(requirement.after_title, background, on)
        if answer is Answer.NOT_MET or since is None:
            return _leaf(answer, text, clause, fact)
    return _count_work(text, years, background, occupations, on, clause, since, fact)


def _count_work(
    text: str,
    years: int,
    background: Background,
    occupations: frozenset[str],
    on: date,
    clause: Clause,
    since: date | None,
    fact: str,
) -> Proof:
    lead = f"{fact}，" if fact else ""
    if since is not None and add_years(since, years) > on:
        # Whatever work nobody has entered, it can't have begun to count before the certificate.
        return _leaf(Answer.NOT_MET, text, clause, f"{lead}最早{add_years(since, years)}满{years}年")
    if background.work is None:
        return _leaf(Answer.UNKNOWN, text, clause, f"{lead}未填从事本职业的起始日期")
    fitting = [one for one in background.work if one.occupation_code in occupations]
    vague = [one for one in background.work if one.occupation_code is None] + [
        one for one in fitting if one.started_on is None
    ]
    full = full_on([one for one in fitting if one.started_on is not None], years, since, on)
    if full is not None and full <= on:
        return _leaf(Answer.MET, text, clause, f"{lead}{full}满{years}年")
    if vague:
        return _leaf(Answer.UNKNOWN, text, clause, f"{lead}从事的职业或起始日期未填")
    return _leaf(Answer.NOT_MET, text, clause, f"{lead}" + (f"将于{full}满{years}年" if full else f"可计算的工作不满{years}年"))


def full_on(work: Sequence[Work], years: int, since: date | None, on: date) -> date | None:
    """The day on which ``years`` are full if present work goes on; None when no work counts or it ended too early.

    Gaps between periods move the start of the clock: two periods count like one that began later by the gap.
    """
    earliest = since or date.min
    spans = [
        (max(one.started_on, earliest), one.ended_on + timedelta(days=1) if one.ended_on else None)
        for one in work
        if one.started_on is not None
        and one.started_on <= on
        and (one.ended_on is None or one.ended_on >= earliest)
    ]
    if not spans:
        return None
    # An open end sorts last among periods that began on the same day.
    spans.sort(key=lambda span: (span[0], span[1] or date.max))
    clock, reached = spans[0][0], spans[0][0]
    for begun, ended in spans:
        if begun > reached:
            clock += begun - reached
            reached = begun
        full = add_years(clock, years)
        if ended is None or full <= ended:
            return full
        reached = max(reached, ended)
    return None
