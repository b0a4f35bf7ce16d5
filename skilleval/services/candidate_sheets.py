"""The workbook of candidates (考生报名表): its columns, checked row by row, then written and judged.

Source: T7 of guangdong-rules 7.2 (columns).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlmodel import Session

from skilleval.db.secrets import Vault
from skilleval.db.tables import (
    Batch,
    Candidate,
    ImportReceipt,
    Person,
    id_of,
)
from skilleval.domain.candidacy import skip_told
from skilleval.domain.eligibility import Condition
from skilleval.domain.ladder import Grade
from skilleval.packs import Library
from skilleval.services import authority, journal, people
from skilleval.services.candidacy import conditions_of, judge_all
from skilleval.services.candidates import enrolled, must_enrol
from skilleval.services.duties import take_duty
from skilleval.services.employers import EMPLOYER_COLUMNS, Employers
from skilleval.services.enrolment import beyond_authority, must_be_in_time, sitter_of
from skilleval.services.holdings import held_certificates
from skilleval.services.journal import Actor
from skilleval.sheets.columns import Column, Report
from skilleval.sheets.intake import Source
from skilleval.sheets.reading import Table, file_hash, read_table

TEMPLATE_ID = "candidates/1"
COLUMNS = (
    Column("name", "姓名", required=True, width=12, example="张三"),
    Column("id_number", "证件号码", "digits", required=True, width=22, personal=True, example="440999199001010010",
           synonyms=("身份证号", "身份证号码", "公民身份号码", "证件号"), note="须与花名册一致"),
    *EMPLOYER_COLUMNS,
    Column("employee_no", "工号", width=12, synonyms=("员工编号",), example="E0001"),
    Column("grade", "申报等级", "grade", required=True, width=16, example="三级/高级工", synonyms=("认定等级", "等级")),
    Column("claimed", "申报条件", width=22, example="2018/senior/1", note="申报条件编号，见“填写说明”；可不填，由软件逐条判断"),
)  # fmt: skip


@dataclass(slots=True)
class Staged:
    """A candidate workbook that was checked and not yet written."""

    batch: Batch
    file: Source
    sha256: str
    report: Report
    new: list[tuple[Person, dict[str, Any]]] = field(default_factory=list)
    changed: list[tuple[Candidate, dict[str, Any]]] = field(default_factory=list)


def stage_candidates(
    session: Session, batch: Batch, file: Source, *, vault: Vault, library: Library, on: date
) -> Staged:
    """Read and check a candidate workbook. Nothing is written; wrong rows stand in the report.

    Refused with ``RuleBroken``: a batch that is not enrolling or whose enrolment is over by the day, a file that is none,
    wrong headings.
    """
    must_enrol(batch)
    must_be_in_time(batch, on)
    table = read_table(file, COLUMNS, template_id=TEMPLATE_ID)
    staged = Staged(batch, file, file_hash(file), table.report())
    known_conditions, _related = conditions_of(session, batch, library)
    here = {one.person_id: one for one in enrolled(session, batch)}
    first: dict[str, int] = {}
    employers = Employers(session, batch, vault)
    named: list[tuple[int, Person, dict[str, Any]]] = []
    for row, values in table.every_row:
        person = employers.person(table, row, values) if values["id_number"] is not None else None
        if values["grade"] is not None:
            _check_grade(table, row, values, batch, known_conditions)
        if person is None:
            continue
        # By number, not by row of the roster: somebody may stand in the rosters of two firms.
        number = values["id_number"]
        if first.setdefault(number, row) != row:
            table.fail(row, "id_number", number, "person_twice", f"与第{first[number]}行是同一个人，一批只能申报一个等级")
        if row not in table.failed:
            named.append((row, person, values))
    if batch.route == "direct":
        _check_authority(session, batch, library, table, named)
    for row, person, values in named:
        if row not in table.failed:
            _sort_row(staged, here.get(id_of(person)), person, values, table, row)
    staged.report.failed = len(table.failed)
    staged.report.errors = sorted(table.errors, key=lambda error: (error.row, error.column))
    return staged


def write_candidates(
    session: Session, actor: Actor, staged: Staged, library: Library, *, vault: Vault, on: date
) -> Report:
    """Write what was staged, judge every new and changed candidate, and leave one journal entry and one receipt.

    Refused with every reason: a grade or firm for which the institution has no authority; a day after enrolment.
    """
    take_duty(session, actor, staged.batch, "candidate_sheets.write_candidates")
    batch, written = staged.batch, []
    must_be_in_time(batch, on)
    for person, values in staged.new:
        candidate = Candidate(
            institution_id=batch.institution_id, batch_id=id_of(batch), employer_id=person.institution_id,
            person_id=id_of(person), grade=values["grade"], route=batch.route, claimed=values.get("claimed"),
        )  # fmt: skip
        session.add(candidate)
        written.append(candidate)
    for candidate, different in staged.changed:
        for name, value in different.items():
            setattr(candidate, name, value)
        candidate.state = "applied"
        session.add(candidate)
        written.append(candidate)
    if written:
        session.flush()
        judge_all(session, batch, written, library, on)
        authority.require(session, batch, library, candidates=written)
        receipt = ImportReceipt(
            institution_id=batch.institution_id, kind="candidates", scope=batch.number,
            file_name=staged.file.name, sha256=staged.sha256, counts=staged.report.counts(), actor=actor.name,
        )  # fmt: skip
        session.add(receipt)
        journal.record(session, actor, batch.institution_id, "candidates.import", objects=[*written, receipt])
    return staged.report


def _check_grade(
    table: Table, row: int, values: dict[str, Any], batch: Batch, known: Sequence[Condition]
) -> None:
    grade = values["grade"]
    if grade not in batch.grades:
        listed = "、".join(Grade(one).printed for one in batch.grades)
        table.fail(row, "grade", Grade(grade).printed, "grade_outside", f"不在本批次的等级内（{listed}）")
    claimed = values.get("claimed")
    if claimed is not None and claimed not in {one.clause.id for one in known if one.grade.value == grade}:
        own = "、".join(one.clause.id for one in known if one.grade.value == grade)
        table.fail(row, "claimed", claimed, "condition_unknown", f"不是{Grade(grade).printed}的申报条件编号（{own}）")


def _check_authority(
    session: Session, batch: Batch, library: Library, table: Table, named: Sequence[tuple[int, Person, dict[str, Any]]]
) -> None:
    """Fail the rows of people whom the institution may not recognise directly, such as by a step that is too long."""
    everybody = [person for _row, person, _values in named]
    told = people.backgrounds(session, everybody, batch.starts_on)
    held = held_certificates(session, list(told))
    sitters = {
        row: sitter_of(Grade(values["grade"]), person.institution_id, told[key], held.get(key, ()))
        for row, person, values in named
        if (key := id_of(person))
    }
    stepwise = {one: replace(one, skips=False) for one in sitters.values() if one.skips}
    found = beyond_authority(session, batch, library, [*sitters.values(), *stepwise.values()])
    for row, person, values in named:
        sitter = sitters[row]
        if reasons := found[sitter]:
            way = "本机构不能直接认定此人：" + "；".join(reasons)
            if sitter in stepwise and found[stepwise[sitter]] != reasons:
                way += f"。{skip_told(held.get(id_of(person), ()), sitter.grade)}"
            table.fail(row, "grade", Grade(values["grade"]).printed, "beyond_authority", way)


def _sort_row(
    staged: Staged, candidate: Candidate | None, person: Person, values: dict[str, Any], table: Table, row: int
) -> None:
    if candidate is None:
        staged.new.append((person, values))
        staged.report.new += 1
        return
    wanted = {"grade": values["grade"]} | ({"claimed": values["claimed"]} if values.get("claimed") else {})
    different = {name: value for name, value in wanted.items() if getattr(candidate, name) != value}
    if not different:
        staged.report.unchanged += 1
    elif candidate.state == "withdrawn":
        table.fail(row, "name", values["name"], "withdrawn", "该考生已退出本批次")
    else:
        staged.changed.append((candidate, different))
        staged.report.changed += 1
