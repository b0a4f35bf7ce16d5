"""Replay of confirmations (转正定级) and nominations (评聘推荐): judged again from what each kept, and compared.

Nothing of today decides. Every row is held against the journal too, so that whoever changed one is named.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.tables import Appointment, Confirmation, Institution, Nomination, Person
from skilleval.domain.appointment import ENTRY, WINDOWS, prove_entry, prove_window
from skilleval.domain.authority import resolve
from skilleval.domain.backgrounds import background_from_plain
from skilleval.domain.confirmation import TERMS, Apprentice, FirmRule, prove_confirmation
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.questions import question_from_plain
from skilleval.domain.rules import Proof
from skilleval.packs import Packs
from skilleval.services import rules
from skilleval.services.appointments import conditions_of
from skilleval.services.verification import row_faults, verify_chain

KINDS: Mapping[str, str] = {"confirmation": "转正定级", "nomination": "评聘推荐"}
_WORDS = {"row_changed": "被改动", "row_unknown": "不是经本软件写入的", "row_missing": "被删除"}
_TABLES = {"confirmation": "转正定级记录", "nomination": "评聘推荐", "appointment": "聘任"}


@dataclass(frozen=True, slots=True)
class PostReplay:
    """One confirmation or nomination: equal, differs or cannot be replayed, and why."""

    kind: str
    number: int
    person: str
    state: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PostsReplay:
    """Those of an institution: the records that were tampered with, by name, and every one judged again."""

    institution: str
    tampered: tuple[str, ...]
    records: tuple[PostReplay, ...]

    @property
    def equal(self) -> bool:
        """Whether nothing was tampered with and everything came out as it is stored."""
        return not self.tampered and all(one.state == "equal" for one in self.records)


def replay_posts(session: Session, institution: Institution) -> PostsReplay:
    """Judge all confirmations and nominations of an institution again. Changes nothing."""
    firm = institution.id
    confirmed = select(Confirmation, Person.name).where(
        col(Confirmation.institution_id) == firm, col(Person.id) == col(Confirmation.person_id)
    )
    nominated = select(Nomination, Person.name).where(
        col(Nomination.institution_id) == firm, col(Person.id) == col(Nomination.person_id)
    )
    records = [
        _replayed(session, "confirmation", row, name) for row, name in session.exec(confirmed.order_by(col(Confirmation.id)))
    ]
    records += [
        _replayed(session, "nomination", row, name) for row, name in session.exec(nominated.order_by(col(Nomination.id)))
    ]
    return PostsReplay(institution.name, tuple(_tampered(session, institution, records)), tuple(records))


def _tampered(session: Session, institution: Institution, records: list[PostReplay]) -> list[str]:
    appointed = select(Appointment.id).where(col(Appointment.institution_id) == institution.id)
    rows = {kind: [one.number for one in records if one.kind == kind] for kind in KINDS}
    rows["appointment"] = [key for key in session.exec(appointed.order_by(col(Appointment.id))) if key is not None]
    firm = institution.id
    assert firm is not None
    named = [f"操作日志：{one.where}：{one.message}" for one in verify_chain(session, firm)]
    faults = row_faults(session, firm, rows)
    return named + [
        f"{_TABLES[table]}：第 {key} 号{_WORDS[code]}" for (table, key), code in sorted(faults.items()) if table in _TABLES
    ]


def _replayed(session: Session, kind: str, row: Confirmation | Nomination, name: str) -> PostReplay:
    assert row.id is not None
    try:
        told = _confirmed(session, row) if isinstance(row, Confirmation) else _nominated(session, row)
        state = "differs" if told else "equal"
    except RuleBroken as refusal:
        told, state = [refusal.message], "cannot"
    except (AttributeError, KeyError, TypeError, ValueError):
        # What was stored may have been changed into anything.
        told, state = ["保存的判断依据无法读取，记录被改动或已损坏"], "cannot"
    return PostReplay(kind, row.id, name, state, tuple(told))


def _confirmed(session: Session, row: Confirmation) -> list[str]:
    packs, on = _packs(session, row.versions), row.confirmed_on
    rule = FirmRule(row.rule_name, row.rule_version, row.rule_document)
    apprentice = Apprentice(row.probation_to, row.mentoring_to, True, rule)
    proof = prove_confirmation(apprentice, {key: packs.find(key, on) for key in TERMS}, on)
    told = _differences("转正定级的条件", row.proof["confirmation"], proof.as_dict())
    if "asked" not in row.versions:
        raise RuleBroken("决定时没有保存权限判断的依据（早于本功能），不能复算权限")
    question = question_from_plain(row.versions["asked"])
    if question.on != on:
        told.append(f"权限判断的日期是 {question.on}，转正定级日期是 {on}")
    answer = resolve(question, packs.authority(question.on), packs.every_rule()).as_dict()
    kept = row.proof["authority"]
    # What is still needed is advice, and names the grade that nobody said.
    same = {key: value for key, value in kept.items() if key != "needs"} == {
        key: value for key, value in answer.items() if key != "needs"
    }
    return told if same else [*told, f"机构的权限：保存的是“{kept['verdict']}”，复算为“{answer['verdict']}”，或证明不同"]


def _nominated(session: Session, row: Nomination) -> list[str]:
    packs, on, grade = _packs(session, row.inputs), row.nominated_on, Grade(row.grade)
    background = background_from_plain(row.inputs["background"])
    window = prove_window(packs.find(WINDOWS, on), on)
    entry = prove_entry(
        packs.find(ENTRY[grade], on), row.route, conditions_of(packs, on), background, row.occupation_code, grade, on
    )
    return [
        *_differences("申报时段", row.proof["window"], window.as_dict()),
        *_differences("推荐途径", row.proof["entry"], entry.as_dict()),
    ]


def _packs(session: Session, kept: Mapping[str, Any]) -> Packs:
    return rules.pinned_packs(session, kept["packs"], kept["switches"])


def _differences(what: str, stored: Mapping[str, Any], judged: Mapping[str, Any]) -> list[str]:
    if stored == judged:
        return []
    before, after = Proof.from_dict(stored), Proof.from_dict(judged)
    pairs = zip(before.leaves(), after.leaves(), strict=False)
    first = next(((one, other) for one, other in pairs if one != other), None)
    if first is None:
        return [f"{what}：保存的证明与复算的不同"]
    one, other = first
    return [f"{what}：{other.clause.id} 保存的是“{one.fact} {one.answer.name_zh}”，复算为“{other.fact} {other.answer.name_zh}”"]
