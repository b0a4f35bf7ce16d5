"""The printed record of a nomination (推荐材料) or a confirmation (转正定级表): facts, what they rest on, and who signs.

Practice documents, not official forms: the facts are those of national-rules 1.3 and guangdong-rules 2.3.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer

from skilleval.db.tables import Appointment, Confirmation, Nomination, Person, Post
from skilleval.domain.appointment import ROUTES
from skilleval.domain.ladder import Grade
from skilleval.domain.rules import Proof
from skilleval.reports.fonts import Fonts
from skilleval.reports.paper import Paper

_WIDTHS = (42 * mm, 128 * mm)


@dataclass(frozen=True, slots=True)
class Record:
    """What one printed record says."""

    title: str
    institution: str
    facts: tuple[tuple[str, str], ...]
    findings: tuple[str, ...]
    signers: tuple[str, ...]


def nomination_record(
    firm: str, one: Nomination, person: Person, appointment: Appointment | None, honours: Sequence[str], number: str
) -> Record:
    """The record of a nomination; ``number`` is the document number as it is to be printed."""
    held = Grade(one.current_grade).printed if one.current_grade else "无"
    facts = (
        ("姓名", person.name), ("证件号码", number), ("申报等级", Grade(one.grade).name_zh),
        ("职业（工种）", f"{one.occupation_code} {one.occupation_name} {one.trade}".strip()),
        ("年度、期次", f"{one.year} 年第 {one.period} 期"), ("推荐途径", f"{one.route} {ROUTES[one.route]}"),
        ("现持等级", held + (f"（{one.current_on}）" if one.current_on else "")), ("荣誉", "；".join(honours) or "无"),
        ("主要业绩", one.achievements), ("委员会表决", f"同意 {one.votes_for} 票，投票 {one.votes_cast} 票"),
        ("本企业公示", f"{one.notice_from} 至 {one.notice_to}"), ("聘任岗位", one.post), ("薪酬安排", one.pay),
        ("报送日期", str(one.nominated_on)),
        ("聘期", f"{(appointment or one).term_from} 至 {(appointment or one).term_to}"),
        ("省公布名单", f"{appointment.list_number}，{appointment.appointed_on} 聘任" if appointment else "尚未聘任"),
    )  # fmt: skip
    findings = [line for key in ("window", "entry") for line in _leaves(Proof.from_dict(one.proof[key]))]
    return Record(f"{Grade(one.grade).name_zh}推荐材料", firm, facts, tuple(findings), ("评价委员会（盖章）", "申报单位（盖章）"))


def confirmation_record(firm: str, one: Confirmation, person: Person, post: Post, mentor: str, result: str) -> Record:
    """The record of a confirmation. It is no certificate and has no number."""
    facts = (
        ("姓名", person.name), ("工号", person.employee_no or "—"), ("岗位", post.name), ("职业", post.occupation_code),
        ("定级", Grade.APPRENTICE.printed), ("师傅", mentor), ("师徒协议", one.agreement),
        ("试用期至", str(one.probation_to)), ("师带徒期至", str(one.mentoring_to)),
        ("依据的办法", f"《{one.rule_name}》{one.rule_version}（{one.rule_document}）"), ("结果", result),
        ("定级日期", str(one.confirmed_on)), ("决定", one.decided_by),
    )  # fmt: skip
    findings = tuple(_leaves(Proof.from_dict(one.proof["confirmation"])))
    return Record("学徒工转正定级表", firm, facts, findings, ("师傅", "本人", "企业（盖章）"))


def render_record(record: Record, fonts: Fonts, *, demo: bool = False) -> bytes:
    """The record as PDF. Refused: a character that no font has."""
    page = Paper(fonts, demo=demo)
    rows = [[page.cell(name, bold=True), page.cell(value, align="left")] for name, value in record.facts]
    story: list[Flowable] = [page.title(record.title), page.text(record.institution), Spacer(1, 3 * mm), page.grid(rows, _WIDTHS)]
    story += [Spacer(1, 4 * mm), page.text("依据")]
    story += [page.paragraph(line) for line in record.findings]
    story += [Spacer(1, 8 * mm)]
    story += [page.text(f"{one}：　　　　　　　　年　　月　　日") for one in record.signers]
    return page.build(story, title=record.title)


def _leaves(proof: Proof) -> Iterator[str]:
    for leaf in proof.leaves():
        yield f"{leaf.text}：{leaf.answer.name_zh}。{leaf.fact}（{leaf.clause.id}）"
