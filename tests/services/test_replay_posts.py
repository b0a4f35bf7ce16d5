"""Confirmations and nominations judged again from what they kept; whoever changed a record is named."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from skilleval.db.engine import Database
from skilleval.db.secrets import Vault
from skilleval.db.tables import Confirmation, Nomination, Post
from skilleval.services import confirmations, journal
from skilleval.services.replay_posts import PostsReplay, replay_posts
from tests.conftest import Kept
from tests.factories import ACTOR, LIBRARY, Firm, make_person
from tests.services import test_appointments
from tests.services.test_confirmations import FORM


@pytest.fixture
def session(sqlite_database: Database) -> Iterator[Session]:
    with sqlite_database.writing() as open_session:
        yield open_session


def make_told(session: Session, vault: Vault) -> Firm:
    """A firm with a nomination and a confirmation."""
    scene = test_appointments.Scene(session, vault, test_appointments.make_flagship(session, vault))
    scene.nominate()
    session.add(post := Post(institution_id=scene.firm.id, name="学徒岗", occupation_code="6-31-01-03"))
    journal.record(session, ACTOR, scene.firm.id, "institution.change", objects=[post])
    make_person(session, vault, scene.firm, "学徒甲", 7)
    make_person(session, vault, scene.firm, "师傅乙", 8)
    content = {**FORM, "person": "E0007", "mentor": "E0008", "post": "学徒岗"}
    confirmations.add_confirmation(session, ACTOR, scene.firm.institution, content, LIBRARY, vault=vault)
    return scene.firm


@pytest.fixture
def firm(kept: Kept, vault: Vault) -> Firm:
    return kept(make_told, vault)


def tamper(session: Session, firm: Firm, table: str, change: Callable[[dict[str, Any]], None]) -> PostsReplay:
    """Change a row behind the back of software and guards, and replay."""
    connection = session.connection()
    guards = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
    for (name,) in connection.execute(guards, {"table": table}).all():
        connection.execute(sa.text(f"DROP TRIGGER {name}"))
    row = dict(connection.execute(sa.text(f"SELECT * FROM {table}")).mappings().one())
    change(row)
    sets = ", ".join(f"{key} = :{key}" for key in row)
    connection.execute(sa.text(f"UPDATE {table} SET {sets}"), row)
    session.expire_all()
    return replay_posts(session, firm.institution)


def in_json(column: str, change: Callable[[Any], None]) -> Callable[[dict[str, Any]], None]:
    def act(row: dict[str, Any]) -> None:
        kept = json.loads(row[column])
        change(kept)
        row[column] = json.dumps(kept)

    return act


def test_what_nobody_touched_comes_out_as_it_is_stored(session: Session, firm: Firm) -> None:
    found = replay_posts(session, firm.institution)

    assert found.equal and found.tampered == ()
    assert [(one.kind, one.person, one.state) for one in found.records] == [
        ("confirmation", "学徒甲", "equal"), ("nomination", "陈大文", "equal"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "change", "state", "told"),
    [
        ("confirmation", lambda row: row.update(probation_to="2026-05-30"), "differs", "confirmation.probation_over"),
        ("confirmation", lambda row: row.update(rule_version="2026版"), "differs", "confirmation.own_rule"),
        ("confirmation", in_json("versions", lambda kept: kept["asked"]["facts"].clear()), "differs", "机构的权限"),
        ("confirmation", in_json("versions", lambda kept: kept["packs"].update(guangdong="0" * 64)), "cannot", "没有保存规则包"),
        ("confirmation", in_json("versions", lambda kept: kept.pop("packs")), "cannot", "无法读取"),
        ("nomination", in_json("inputs", lambda kept: kept["background"]["certificates"].clear()), "differs", "推荐途径"),
        ("nomination", lambda row: row.update(nominated_on="2025-08-19"), "differs", "申报时段"),
        ("nomination", in_json("proof", lambda kept: kept["window"].update(fact="随时")), "differs", "申报时段"),
    ],
)
def test_a_tampered_record_differs_and_is_named(
    session: Session, firm: Firm, table: str, change: Callable[[dict[str, Any]], None], state: str, told: str
) -> None:
    found = tamper(session, firm, table, change)

    [one] = [record for record in found.records if record.state != "equal"]
    assert (one.kind, one.state) == (table, state) and told in one.reasons[0]
    assert len(found.tampered) == 1 and "第 1 号被改动" in found.tampered[0] and not found.equal


def test_a_change_that_no_rule_sees_is_named_all_the_same(session: Session, firm: Firm) -> None:
    found = tamper(session, firm, "confirmation", lambda row: row.update(agreement="SF-9"))

    assert {one.state for one in found.records} == {"equal"}
    assert found.tampered == ("转正定级记录：第 1 号被改动",)


def test_what_was_kept_names_nobody(session: Session, firm: Firm) -> None:
    row, nomination = session.get_one(Confirmation, 1), session.get_one(Nomination, 1)

    kept = json.dumps([row.versions, nomination.inputs], ensure_ascii=False)
    assert not any(word in kept for word in ("学徒甲", "师傅乙", "陈大文", "440999"))
