"""Promotion by a contest (竞赛晋级): which grade a rank gives, and whether this person may be given it.

No national table is current: each event's notice sets its ranks, so they are rows of data (national-rules 8.1; S43). "One
grade up if already held" lifts a person who holds the grade of the row by one; nothing goes above the cap of the packs
(高级技师). Whoever holds as much or more gets nothing a second time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from skilleval.domain.candidacy import Application, Judgement, Terms, not_held_already, one_a_year, skips_grade
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Clause, Proof, Rule, all_of, any_of, no_version

CAP = "contest.cap"
CLASSES: Mapping[str, str] = {
    "national_games": "全国技能大赛", "nation_1": "国家级一类", "nation_2": "国家级二类", "province_1": "省级一类",
    "province_2": "省级二类", "city": "市级", "chain": "产教评技能生态链", "firm": "企业级",
}  # fmt: skip
BASES: Mapping[str, str] = {"rank": "名次", "percent": "名次百分比", "award": "奖项"}
_RESULTS = "竞赛成绩表"


@dataclass(frozen=True, slots=True)
class RankRow:
    """One row of an event's notice: who of a group gets which grade.

    ``by`` rank: from ``lower`` to ``upper``, both included. ``by`` percent: above ``lower`` percent of the participants,
    up to ``upper``, that included. ``by`` award: one of ``awards``.
    """

    serial: int
    group: str
    by: str
    grade: Grade
    one_up: bool
    lower: int = 0
    upper: int = 0
    awards: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The row as the notice says it."""
        ranks = {
            "rank": f"第{self.lower}至{self.upper}名",
            "percent": f"名次在前{self.upper}%" + (f"（{self.lower}%以后）" if self.lower else ""),
            "award": f"获{'或'.join(self.awards)}",
        }[self.by]
        return f"{self.group}{ranks}，晋升{self.grade.printed}" + ("，已持有的晋升上一等级" if self.one_up else "")


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody reached in a contest. None: nobody entered it."""

    group: str
    rank: int | None = None
    participants: int | None = None
    award: str | None = None


@dataclass(frozen=True, slots=True)
class Contest:
    """What a promotion rests on: the event, its document, its rows, and what the person reached."""

    code: str
    name: str
    document: str
    rows: tuple[RankRow, ...]
    standing: Standing

    def clause(self, row: RankRow) -> Clause:
        """A row of the notice as a clause."""
        return Clause(f"contest/{self.code}/{row.serial}", row.text, f"{self.name}（{self.document}）", "high")

    def as_plain(self) -> dict[str, Any]:
        """The contest as JSON values; it names nobody."""
        rows = [{**asdict(row), "grade": row.grade.value, "awards": list(row.awards)} for row in self.rows]
        return {**asdict(self), "rows": rows}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Contest":
        """The contest that ``as_plain`` gave. Refused: values that are none."""
        try:
            rows = tuple(
                RankRow(**{**row, "grade": Grade(row["grade"]), "awards": tuple(row["awards"])}) for row in plain["rows"]
            )
            standing = Standing(**plain["standing"])
            numbers = [standing.rank, standing.participants, *(one for row in rows for one in (row.lower, row.upper))]
            if not all(one is None or isinstance(one, int) for one in numbers):
                raise TypeError("a rank is no number")
            return cls(plain["code"], plain["name"], plain["document"], rows, standing)
        except (KeyError, TypeError, ValueError) as error:
            raise RuleBroken(f"保存的竞赛依据无法读取：{error}") from error


def row_problems(rows: Iterable[RankRow], cap: Rule | None) -> list[str]:
    """Everything wrong with the rows of a notice, in Chinese; so a grade above the cap, or where no cap is in force."""
    problems = []
    for row in rows:
        where = f"rule[{row.serial}]"
        if cap is None or cap.value is None:
            problems.append(f"{where}：规则包没有竞赛晋级最高等级（{CAP}）的有效版本")
        elif row.grade > Grade(cap.value):
            problems.append(f"{where}：{row.grade.printed}高于竞赛晋级的最高等级{Grade(cap.value).printed}（{CAP}）")
        if row.grade <= Grade.JUNIOR:
            problems.append(f"{where}：{row.grade.printed}不以竞赛晋级取得")
        if row.by == "rank" and not 1 <= row.lower <= row.upper:
            problems.append(f"{where}：名次应写作 from = 1、to = 5")
        if row.by == "percent" and not 0 <= row.lower < row.upper <= 100:
            problems.append(f"{where}：百分比应写作 above = 20、to = 40，在 0 至 100 之间")
        if row.by == "award" and not row.awards:
            problems.append(f"{where}：须写明 awards")
    return problems


def prove_row(row: RankRow, contest: Contest) -> Proof:
    """Whether the person's standing is one of this row. Unknown where the rank or the number of participants is missing."""
    one, clause = contest.standing, contest.clause(row)
    if one.group != row.group:
        return Proof(Answer.NOT_MET, row.text, clause, f"组别为{one.group}", (), _RESULTS)
    if row.by == "award":
        held = one.award in row.awards
        return _leaf(row, clause, None if one.award is None else held, f"奖项：{one.award or '未填'}")
    if one.rank is None:
        return _leaf(row, clause, None, "未填名次")
    if row.by == "rank":
        return _leaf(row, clause, row.lower <= one.rank <= row.upper, f"第{one.rank}名")
    if one.participants is None:
        return _leaf(row, clause, None, f"第{one.rank}名，未填参赛人数")
    place = one.rank * 100
    within = row.lower * one.participants < place <= row.upper * one.participants
    return _leaf(row, clause, within, f"第{one.rank}名，共{one.participants}人")


def _leaf(row: RankRow, clause: Clause, held: bool | None, fact: str) -> Proof:
    answer = Answer.UNKNOWN if held is None else Answer.MET if held else Answer.NOT_MET
    return Proof(answer, row.text, clause, fact, (), _RESULTS)


def earned_row(contest: Contest) -> RankRow | None:
    """The row that the person's standing earned, the one of the highest grade where several did."""
    earned = [row for row in contest.rows if prove_row(row, contest).answer is Answer.MET]
    return max(earned, key=lambda row: row.grade, default=None)


def promoted_to(row: RankRow, application: Application) -> Grade:
    """The grade that a row gives to a person: its own, or one up for who holds just that. It may lie above the cap."""
    held = [one.grade for one in application.held if one.occupation_code in (application.occupation_code, None)]
    if not row.one_up or max(held, default=None) is not row.grade:
        return row.grade
    return next(grade for grade in Grade if grade.rank == row.grade.rank + 1)


def judge_promotion(application: Application, contest: Contest, terms: Terms, cap: Rule | None) -> Judgement:
    """Whether the person is promoted to the grade that is asked for, with every reason."""
    grade, row = application.grade, earned_row(contest)
    notice = Clause(f"contest/{contest.code}", f"{contest.name}的晋级规定（符合其一即可）", contest.document, "high")
    ranks = any_of(notice.text, notice, (prove_row(one, contest) for one in contest.rows))
    children = [
        ranks, _below_cap(application, cap), not_held_already(application, terms.duplicate),
        one_a_year(application, terms.window),
    ]  # fmt: skip
    if row is not None:
        given = promoted_to(row, application)
        answer = Answer.MET if given is grade else Answer.NOT_MET
        fact = f"按规定为{given.printed}"
        children.append(Proof(answer, f"名次所得等级为{grade.printed}", contest.clause(row), fact, (), _RESULTS))
    whole = Clause("promotion", "竞赛晋级须同时符合以下各项", "", "high")
    return Judgement(all_of(f"可否以竞赛晋级认定{grade.printed}", whole, children), skips_grade(application.held, grade))


def _below_cap(application: Application, cap: Rule | None) -> Proof:
    text = "不高于竞赛晋级的最高等级"
    if cap is None or cap.value is None:
        return no_version(CAP, application.on, text)
    highest = Grade(cap.value)
    answer = Answer.MET if application.grade <= highest else Answer.NOT_MET
    return Proof(answer, text, cap.clause, f"{application.grade.printed}，最高{highest.printed}", (), "规则包")


def reasons_of(judgement: Judgement) -> tuple[str, ...]:
    """What a result that comes from a contest says: the rows that the person's standing met, with the notice."""
    ranks = judgement.proof.children[0]
    return tuple(
        f"竞赛晋级：{leaf.text}（{leaf.fact}；{leaf.clause.reference}）" for leaf in ranks.leaves() if leaf.answer is Answer.MET
    )


def why_not(judgement: Judgement) -> list[str]:
    """Why somebody is not promoted, a line a reason; the rows of the notice only where none is met."""
    told = []
    for child in judgement.proof.children:
        if child.answer is not Answer.MET:
            same = [leaf for leaf in child.leaves() if leaf.answer is child.answer]
            told += [f"{leaf.text}：{leaf.answer.name_zh}，{leaf.fact}（{leaf.clause.id}）" for leaf in same]
    return told
