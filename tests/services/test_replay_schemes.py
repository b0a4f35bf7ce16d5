"""Marks by schemes computed again from their sheets: equal as they are, and whatever is altered is told."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Scheme
from skilleval.services import replay
from tests.assessed import NAMES, make_assessed_batch
from tests.services.test_replay import case_of, states, tamper

WHOSE = "candidate_id = (SELECT c.id FROM candidate c JOIN person p ON p.id = c.person_id WHERE p.name = '陈合格')"
SKILL = "part_id IN (SELECT id FROM specification_part WHERE method = 'skill')"
#: the sheet of K3, who saw one violation more
SHEET = f"(SELECT s.id FROM score_sheet s WHERE s.value = 9050 AND s.{WHOSE})"


@pytest.fixture(scope="module")
def assessed_file(empty_sqlite: Path, vault: Vault, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("assessed")
    file = folder / "assessed.db"
    shutil.copy(empty_sqlite, file)
    database = Database(sqlite_url(file))
    with database.writing() as session:
        make_assessed_batch(session, vault, folder)
        session.commit()
    database.close()
    return file


@pytest.fixture
def session(assessed_file: Path, tmp_path: Path) -> Iterator[Session]:
    """The batch in a database of the test's own."""
    file = tmp_path / "assessed.db"
    shutil.copy(assessed_file, file)
    database = Database(sqlite_url(file))
    with database.writing() as session:
        yield session
    database.close()


def test_every_mark_comes_out_of_its_sheet_again(session: Session) -> None:
    replayed = replay.replay_batch(session, session.exec(select(Batch)).one())

    assert replayed.tampered == ()
    told = {name: states(replayed, name) for name in NAMES}
    # who was absent has no sheet; those of the others, also one that was corrected later, come out as they are stored
    assert {name: found.get("sheets") for name, found in told.items()} == {
        name: None if name == "周缺席" else "equal" for name in NAMES
    }
    assert all(found[step] == "equal" for found in told.values() for step in ("rows", "marks", "outcome"))


@pytest.mark.parametrize(
    ("statement", "reason", "named"),
    [
        (
            f"UPDATE score_line SET points = 500 WHERE item = '5' AND sheet_id = {SHEET}",
            "评分记录第 5 行“5 工具使用不当：扣 1 次 × 1.50 = 1.50，计 3.50”与复算的“5 工具使用不当：扣 1 次 × 1.50 = 1.50，计 3.50”不同",
            "第 5 行被改动",
        ),
        (
            f"UPDATE score_line SET entered = '0' WHERE item = '5' AND sheet_id = {SHEET}",
            "评分为 90.50，按评分记录复算为 92.00",
            "第 5 行被改动",
        ),
        (f"UPDATE score_line SET entered = 'x' WHERE item = '5' AND sheet_id = {SHEET}", "评分记录不能复算；5 填的“x”不是次数", "被改动"),
        (f"DELETE FROM score_line WHERE item = '5' AND sheet_id = {SHEET}", "评分记录不能复算；评分表没有填完或填错；“5 工具使用不当”没有填", "被删除"),
        (f"UPDATE score_sheet SET value = 9300 WHERE id = {SHEET}", "评分记录的合计为 93.00，复算为 90.50", "被改动"),
        (f"UPDATE mark SET value = 9300 WHERE value = 9050 AND {WHOSE}", "评分为 93.00，按评分记录复算为 90.50", "K3 的评分被改动"),
        (
            f"UPDATE score_sheet SET scheme_id = (SELECT id FROM scheme WHERE kind = 'review') WHERE id = {SHEET}",
            "评分记录所依据的评分办法不是这一部分的", "被改动",
        ),
    ],
)  # fmt: skip
def test_a_tampered_line_sheet_or_mark_is_told(session: Session, statement: str, reason: str, named: str) -> None:
    replayed = tamper(session, statement)

    step = case_of(replayed, "陈合格")["sheets"]
    assert step.state == "differs"
    assert f"技能操作考核、考评员 K3 的评分：{reason}" in step.reasons
    assert any(one.endswith(named) for one in replayed.tampered) and not replayed.equal
    assert states(replayed, "郑改分")["sheets"] == "equal"


def test_a_tampered_item_of_a_scheme_is_told_of_every_mark_by_it(session: Session) -> None:
    scheme = session.exec(select(Scheme).where(Scheme.kind == "criteria")).one()
    content: dict[str, Any] = json.loads(json.dumps(scheme.content))
    content["criterion"][4]["each"] = 100

    replayed = tamper(session, "UPDATE scheme SET content = :content WHERE kind = 'criteria'", content=json.dumps(content))

    assert replayed.tampered == ("评分办法：三级/高级工技能操作考核的评分办法第 1 版被改动",)
    assert "技能操作考核、考评员 K1 的评分：评分为 93.00，按评分记录复算为 93.50" in case_of(replayed, "陈合格")["sheets"].reasons
    # a veto is nought whatever a violation costs
    assert [states(replayed, name)["sheets"] for name in ("陈合格", "郑改分", "李否决")] == ["differs", "differs", "equal"]


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [
        ("review", {"period": [{"name": "评价前半年", "weight": 100}]}, "业绩指标中没有评价前第二个半年的 A"),
        ("observing", {"at_least": 4}, "评分记录不齐；缺至少 4 次观察，现有 3 次"),
        ("observing", {"occasion": 3}, "评分办法第 1 版或评分记录无法读取，被改动或已损坏"),
    ],
)
def test_a_tampered_scheme_of_records_is_told(session: Session, kind: str, change: dict[str, Any], words: str) -> None:
    scheme = session.exec(select(Scheme).where(Scheme.kind == kind)).one()
    content = json.dumps({**scheme.content, **change})

    replayed = tamper(session, "UPDATE scheme SET content = :content WHERE kind = :kind", content=content, kind=kind)

    [reason] = case_of(replayed, "陈合格")["sheets"].reasons
    assert reason.endswith(words)


def test_another_version_slipped_in_is_told(session: Session) -> None:
    replayed = tamper(
        session,
        "INSERT INTO scheme (institution_id, part_id, version, kind, title, content, defined_by, recorded_at) "
        "SELECT institution_id, part_id, 2, kind, title, content, defined_by, recorded_at FROM scheme WHERE kind = 'criteria'",
    )

    assert replayed.tampered == ("评分办法：三级/高级工技能操作考核的评分办法第 2 版不是经本软件写入的",)
    assert "依据评分办法第 1 版，评分时现行的是第 2 版" in "；".join(case_of(replayed, "陈合格")["sheets"].reasons)


def test_a_mark_without_its_sheet_is_told(session: Session) -> None:
    connection = session.connection()
    for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    connection.exec_driver_sql(f"DELETE FROM score_line WHERE sheet_id = {SHEET}")

    replayed = tamper(session, f"DELETE FROM score_sheet WHERE id = {SHEET}")

    assert case_of(replayed, "陈合格")["sheets"].reasons == ("技能操作考核、考评员 K3 的评分：没有评分记录，评分无从复算",)
    assert any(one.startswith("成绩：一份评分记录") for one in replayed.tampered)
    assert sum(one.startswith("成绩：评分记录的一行") for one in replayed.tampered) == 6
