"""Contests: the event and the rows of its notice from a file, who reached what from a workbook, and the promotion.

Sources: national-rules 8.1 (rows of each notice, cap), guangdong-rules 6.4 S43 (竞赛晋级 goes into the same results,
notices, certificates and filings).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from skilleval import standards
from skilleval.db.secrets import Vault
from skilleval.db.tables import Contest, ContestResult, ContestRule, ImportReceipt, Institution, Person, id_of
from skilleval.domain import contests as domain
from skilleval.domain.contests import RankRow
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.packs import Library
from skilleval.services import journal, rules
from skilleval.services.journal import Actor
from skilleval.services.toml_form import form_problems, table_problems
from skilleval.sheets.columns import Column, Report
from skilleval.sheets.intake import Source
from skilleval.sheets.reading import Table, file_hash, read_table

TEMPLATE_ID = "contest-results/1"
COLUMNS = (
    Column("name", "姓名", required=True, width=12, example="张三"),
    Column("id_number", "证件号码", "digits", required=True, width=22, personal=True, example="440999199001010010",
           synonyms=("身份证号", "身份证号码", "公民身份号码", "证件号"), note="须与花名册一致"),
    Column("group", "组别", required=True, width=14, example="职工组"),
    Column("rank", "名次", "integer", width=8, example="3"),
    Column("participants", "参赛人数", "integer", width=10, example="60", note="按名次百分比晋升时须填"),
    Column("award", "奖项", width=14, example="优胜奖", note="没有获奖请填“无”"),
)  # fmt: skip
_KEYS: Mapping[str, type] = {
    **dict.fromkeys(("institution", "code", "name", "kind", "organiser", "document", "occupation_code", "trade"), str),
    "held_from": date, "held_to": date, "rule": list,
}  # fmt: skip
_RULE_KEYS: Mapping[str, type] = {
    "group": str, "by": str, "from": int, "to": int, "above": int, "awards": list, "grade": str, "one_up": bool,
}  # fmt: skip


@dataclass(slots=True)
class Staged:
    """A workbook of results that was checked and not yet written."""

    contest: Contest
    file: Source
    sha256: str
    report: Report
    new: list[ContestResult] = field(default_factory=list)


def add_contest(
    session: Session, actor: Actor, institution: Institution, content: dict[str, Any], library: Library
) -> Contest:
    """Record an event and the rows of its notice from its parsed file.

    Refused with every reason: keys, an unknown class, occupation or grade, dates, a row that can't be, a grade above the
    cap of the packs, a code in use.
    """
    problems = form_problems(content, _KEYS, [key for key in _KEYS if key != "trade"])
    problems = problems or table_problems(content, "rule", _RULE_KEYS, ("group", "by", "grade"))
    if problems:
        raise RuleBroken("竞赛文件有错误，未作任何改动", problems)
    firm = id_of(institution)
    kind = next((key for key, told in domain.CLASSES.items() if content["kind"] in (key, told)), None)
    if kind is None:
        problems.append(f"kind “{content['kind']}”应为：{'、'.join(domain.CLASSES.values())}")
    if content["held_to"] < content["held_from"]:
        problems.append("赛事止日（held_to）早于起日（held_from）")
    try:
        standards.occupation(content["occupation_code"])
    except RuleBroken as refusal:
        problems.append(refusal.message)
    if any(one.code == content["code"] for one in contests_of(session, institution)):
        problems.append(f"竞赛编号 {content['code']} 已存在")
    rows = [row for place, one in enumerate(content["rule"], start=1) if (row := _row(place, one, problems))]
    cap = rules.packs_of(session, firm, library, content["held_to"]).find(domain.CAP, content["held_to"])
    problems += domain.row_problems(rows, cap)
    if problems or kind is None:
        raise RuleBroken("竞赛没有登记，未作任何改动", problems)
    own = {key: content[key] for key in _KEYS if key in content and key not in ("institution", "rule", "kind")}
    contest = Contest(institution_id=firm, kind=kind, **own)
    session.add(contest)
    session.flush()
    written = [
        ContestRule(
            institution_id=firm, contest_id=id_of(contest), serial=row.serial, group_name=row.group, by=row.by,
            grade=row.grade.value, one_up=row.one_up, lower=row.lower, upper=row.upper, awards=list(row.awards),
        )
        for row in rows
    ]  # fmt: skip
    session.add_all(written)
    journal.record(session, actor, firm, "contests.add", objects=[contest, *written])
    return contest


def stage_results(session: Session, contest: Contest, file: Source, *, vault: Vault) -> Staged:
    """Read and check a workbook of results. Nothing is written; wrong rows stand in the report.

    Refused with ``RuleBroken``: a file that is none, wrong headings.
    """
    table = read_table(file, COLUMNS, template_id=TEMPLATE_ID)
    staged = Staged(contest, file, file_hash(file), table.report())
    here = {one.person_id: one for one in results_of(session, contest)}
    groups = {row.group for row in rows_of(session, contest)}
    first: dict[int, int] = {}
    for row, values in table.every_row:
        _check_standing(table, row, values, groups)
        person = _person(session, table, row, values, contest, vault) if values["id_number"] is not None else None
        if person is None:
            continue
        key = id_of(person)
        if first.setdefault(key, row) != row:
            table.fail(row, "id_number", values["id_number"], "person_twice", f"与第{first[key]}行是同一个人")
        if row not in table.failed:
            _sort_row(staged, here.get(key), person, values, table, row)
    staged.report.failed = len(table.failed)
    staged.report.errors = sorted(table.errors, key=lambda error: (error.row, error.column))
    return staged


def write_results(session: Session, actor: Actor, staged: Staged) -> Report:
    """Write what was staged, with one journal entry and one receipt."""
    if staged.new:
        contest = staged.contest
        receipt = ImportReceipt(
            institution_id=contest.institution_id, kind="contest", scope=contest.code, file_name=staged.file.name,
            sha256=staged.sha256, counts=staged.report.counts(), actor=actor.name,
        )  # fmt: skip
        session.add_all([*staged.new, receipt])
        journal.record(session, actor, contest.institution_id, "contests.import", objects=[*staged.new, receipt])
    return staged.report


def contests_of(session: Session, institution: Institution) -> Sequence[Contest]:
    """The contests that a firm recorded, oldest first."""
    query = select(Contest).where(col(Contest.institution_id) == institution.id)
    return session.exec(query.order_by(col(Contest.held_from), col(Contest.id))).all()


def find_contest(session: Session, institution: Institution, code: str) -> Contest:
    """The firm's contest of this code. Refused: the firm has none."""
    for one in contests_of(session, institution):
        if one.code == code.strip():
            return one
    raise RuleBroken(f"{institution.name} 没有编号为 {code} 的竞赛，可用 skilleval contests list 查看")


def rows_of(session: Session, contest: Contest) -> tuple[RankRow, ...]:
    """The rows of a contest's notice, in order."""
    query = select(ContestRule).where(
        col(ContestRule.institution_id) == contest.institution_id, col(ContestRule.contest_id) == contest.id
    )
    return tuple(
        RankRow(one.serial, one.group_name, one.by, Grade(one.grade), one.one_up, one.lower, one.upper, tuple(one.awards))
        for one in session.exec(query.order_by(col(ContestRule.serial)))
    )


def results_of(session: Session, contest: Contest) -> Sequence[ContestResult]:
    """What the firm's people reached in a contest, in the order in which it was entered."""
    query = select(ContestResult).where(
        col(ContestResult.institution_id) == contest.institution_id, col(ContestResult.contest_id) == contest.id
    )
    return session.exec(query.order_by(col(ContestResult.id))).all()


def _row(place: int, written: dict[str, Any], problems: list[str]) -> RankRow | None:
    where = f"rule[{place}]"
    by = next((key for key, told in domain.BASES.items() if written["by"] in (key, told)), None)
    if by is None:
        problems.append(f"{where} by “{written['by']}”应为：{'、'.join(domain.BASES.values())}")
        return None
    fitting = {"rank": {"from", "to"}, "percent": {"above", "to"}, "award": {"awards"}}[by]
    problems += [
        f"{where} {key} 不能与按{domain.BASES[by]}同用"
        for key in ("from", "to", "above", "awards")
        if key in written and key not in fitting
    ]
    try:
        grade = Grade.parse(written["grade"])
    except RuleBroken as refusal:
        problems.append(f"{where} grade：{refusal.message}")
        return None
    lower = written.get("above", 0) if by == "percent" else written.get("from", 0)
    awards = tuple(map(str, written.get("awards", ())))
    return RankRow(place, written["group"], by, grade, written.get("one_up", False), lower, written.get("to", 0), awards)


def _check_standing(table: Table, row: int, values: dict[str, Any], groups: set[str]) -> None:
    group, rank, participants = values["group"], values.get("rank"), values.get("participants")
    if group is not None and group not in groups:
        table.fail(row, "group", group, "group_unknown", f"竞赛的组别为：{'、'.join(sorted(groups))}")
    if rank == 0:
        table.fail(row, "rank", rank, "rank_range", "名次从 1 开始")
    if rank is not None and participants is not None and rank > participants:
        table.fail(row, "rank", rank, "rank_range", f"名次大于参赛人数 {participants}")
    if rank is None and values.get("award") is None and (row, "rank") not in table.failed_cells:
        table.fail(row, "group", group or "", "standing_missing", "名次与奖项至少填一项")


def _person(
    session: Session, table: Table, row: int, values: dict[str, Any], contest: Contest, vault: Vault
) -> Person | None:
    index = vault.index(contest.institution_id, values["id_number"])
    found = session.exec(
        select(Person).where(col(Person.institution_id) == contest.institution_id, col(Person.id_index) == index)
    ).first()
    if found is None:
        table.fail(row, "id_number", values["id_number"], "person_unknown", "花名册中没有此人，请先导入花名册（skilleval people import）")
    elif values["name"] is not None and found.name != values["name"]:
        table.fail(row, "name", values["name"], "name_differs", f"与花名册中的姓名“{found.name}”不一致")
    return found


def _sort_row(
    staged: Staged, standing: ContestResult | None, person: Person, values: dict[str, Any], table: Table, row: int
) -> None:
    told = {"group_name": values["group"], **{key: values.get(key) for key in ("rank", "participants", "award")}}
    if standing is None:
        staged.new.append(
            ContestResult(
                institution_id=person.institution_id, contest_id=id_of(staged.contest), person_id=id_of(person), **told
            )
        )
        staged.report.new += 1
    elif all(getattr(standing, key) == value for key, value in told.items()):
        staged.report.unchanged += 1
    else:
        table.fail(row, "rank", values.get("rank"), "result_stands", "已录入另一成绩，不能覆盖")
