"""Posts of 特级技师 and 首席技师 (评聘): may somebody be nominated now, by which route, and what a number may look like.

They are posts that people are appointed to and no certificates: the benefit hangs on the appointment (national-rules 1.5).
Sources: guangdong-rules 2.3 (routes A to D, windows), national-rules 3.4 (number). What nobody has established, such as
the routes A to C of 首席技师 or the window of a year without a notice, is unknown and never yes.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from skilleval.domain.backgrounds import Background
from skilleval.domain.eligibility import Condition, judge
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import CertificateNumber
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Answer, Clause, Proof, Rule, no_version

#: the grades that are posts
TOP_GRADES: Final = (Grade.SPECIAL_TECHNICIAN, Grade.CHIEF_TECHNICIAN)
ROUTES: Mapping[str, str] = {"A": "高级技师证书", "B": "高级职称", "C": "技师证书加荣誉", "D": "大奖获得者直接申报"}
WINDOWS: Final = "appointment.windows"
#: the parameter that names the condition of each route at a grade
ENTRY: Mapping[Grade, str] = {grade: f"appointment.entry.{grade.value}" for grade in TOP_GRADES}
#: the parameter that has the letter at position 16
LETTERS: Mapping[Grade, str] = {
    Grade.SPECIAL_TECHNICIAN: "number.special_letter", Grade.CHIEF_TECHNICIAN: "number.chief_letter",
}  # fmt: skip
#: 2 capital letters and 20 digits, in the seven segments of every number
_NUMBER = re.compile(r"[YS]\d{14}[A-Z]\d{6}", re.ASCII)


#: states of a term (聘期), and how long before its end it is told that it ends: our own reading, no text has one
TERMS: Mapping[str, str] = {"running": "在聘", "ending": "即将到期", "ended": "已到期"}
ENDING_WITHIN: Final = timedelta(days=90)


def term_state(term_to: date, on: date) -> str:
    """The state of a term on a day, a key of ``TERMS``; its last day still belongs to it."""
    if term_to < on:
        return "ended"
    return "ending" if term_to - on <= ENDING_WITHIN else "running"


def parse_top_grade(text: str) -> Grade:
    """The grade of a post. Refused: one that is none."""
    grade = Grade.parse(text)
    if grade not in TOP_GRADES:
        raise RuleBroken(f"{grade.printed}不是评聘的岗位，评聘只用于{'、'.join(one.name_zh for one in TOP_GRADES)}")
    return grade


def prove_window(rule: Rule | None, on: date) -> Proof:
    """Whether a nomination may be handed in on a day, both ends included. Unknown for a year of which no window is known."""
    text = "在省定的申报时段内"
    if rule is None or rule.value is None:
        clause = Clause(WINDOWS, text, "规则包", "high")
        return Proof(Answer.UNKNOWN, text, clause, f"没有读到{on.year}年的申报时段，请向省里核实后写入自有规则包", (), "规则包")
    told = "、".join(f"{one['from']}至{one['to']}" for one in rule.value)
    inside = any(one["from"] <= on <= one["to"] for one in rule.value)
    return Proof(Answer.MET if inside else Answer.NOT_MET, text, rule.clause, f"{on}，时段为{told}", (), "规则包")


def condition_of(rule: Rule | None, route: str) -> str | None:
    """The id of the condition that a route of a grade rests on; None where the packs know of none."""
    if route not in ROUTES:
        raise RuleBroken(f"推荐途径“{route}”应为：{'、'.join(f'{key}（{told}）' for key, told in ROUTES.items())}")
    named: Mapping[str, Any] = rule.value if rule is not None and isinstance(rule.value, dict) else {}
    found = named.get(route)
    return None if found is None else str(found)


def prove_entry(
    rule: Rule | None,
    route: str,
    conditions: Sequence[Condition],
    background: Background,
    occupation_code: str,
    grade: Grade,
    on: date,
) -> Proof:
    """Whether a person meets the route by which they are nominated, by its condition alone.

    Unknown: a route whose condition nobody has read, or that has no version in force on the day.
    """
    text = f"{grade.name_zh}推荐途径{route}（{ROUTES.get(route, '')}）"
    wanted = condition_of(rule, route)
    if rule is None:
        return no_version(ENTRY[grade], on, text)
    if wanted is None:
        return Proof(Answer.UNKNOWN, text, rule.clause, "这一途径的条件没有读到，请向省里核实", (), "规则包")
    own = [one for one in conditions if one.clause.id == wanted]
    if not own:
        return no_version(wanted, on, text)
    return judge(background, occupation_code, grade, own, on).proof


def number_problems(text: str, *, letter: str, registration_number: str, on: date) -> list[str]:
    """Everything wrong with the number of an appointment that was imported, in Chinese.

    ``letter`` is what the packs have for the grade at position 16; nothing checks a number without one.
    """
    if _NUMBER.fullmatch(text) is None:
        return [f"编号“{text}”应为2位大写字母加20位数字（第1位与第16位为字母，共22位）"]
    number = CertificateNumber.parse(text)
    problems = []
    if number.grade_code != letter:
        problems.append(f"编号第16位为 {number.grade_code}，规则包中该等级为 {letter}")
    if number.prefix != registration_number:
        problems.append(f"编号前13位 {number.prefix} 与备案号 {registration_number} 不一致")
    if number.year != f"{on:%y}":
        problems.append(f"编号年份 {number.year} 与聘任日期 {on} 不一致")
    if number.serial == 0:
        problems.append("编号序列码应从 000001 开始")
    return problems
