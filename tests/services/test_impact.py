import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from skilleval import paths, standards
from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import Vault, load_vault
from skilleval.db.tables import Credential, Institution, Post, PostGrade, Specification, Table
from skilleval.domain.impact import compare_occupations, compare_standards
from skilleval.services import impact, journal
from tests.closed import make_closed_batch
from tests.conftest import Cli
from tests.factories import ACTOR, CREDIT_CODE, make_batch, make_candidate, make_firm, make_person

OLD_KEY, DAY = "6-31-01-03@2018", date(2026, 6, 1)
OTHER_FIRM = "91440999MA0000023A"
DOCUMENT = "标准由 6-31-01-03@2018（人社厅发〔2018〕145号） 换为 6-31-01-03@2025（人社厅发〔2025〕9号）"
CONDITIONS = "申报条件由“2018”版变为“2023”版"
NO_JUNIOR = "不再设五级/初级工"
NO_WIRING = "取消职业功能“电器安装和线路敷设”（五级/初级工 40%）"
CONTROL = "三级/高级工“自动控制电路装调维修”的技能权重由 20% 变为 25%"
NO_ELECTRONICS = "三级/高级工“应用电子电路调试维修”的技能权重由 15% 变为 无"
NETWORK = "增加职业功能“工业网络装调维修”（三级/高级工 10%）"


def new_edition(folder: Path, *replacements: tuple[str, str]) -> Path:
    """The shipped standard as a new edition might come: no junior grade, other weights at senior, the 2023 wording."""
    text = (paths.shipped("occupational_standards") / "standards" / "6-31-01-03.toml").read_text(encoding="utf-8")
    wiring = '[[function]]\nname = "电器安装和线路敷设"\nskill_weights = { junior = 40 }\n'
    for before, after in (
        ("issued = 2018-12-26", "issued = 2025-03-01"),
        ("人社厅发〔2018〕145号", "人社厅发〔2025〕9号"),
        ('edition = "2018"', 'edition = "2023"'),
        ('grades = ["junior", ', "grades = ["),
        (wiring, ""),
        ("junior = 20, intermediate = 15", "intermediate = 15"),
        ("junior = 40, intermediate = 30", "intermediate = 30"),
        ("intermediate = 30, senior = 20", "intermediate = 30, senior = 25"),
        ("{ senior = 15, technician = 20 }", "{ technician = 20 }"),
        *replacements,
    ):
        assert before in text, before
        text = text.replace(before, after)
    text += '\n[[function]]\nname = "工业网络装调维修"\nskill_weights = { senior = 10 }\n'
    file = folder / "new.toml"
    file.write_text(text, encoding="utf-8")
    return file


def fill(session: Session, vault: Vault) -> None:
    """A firm with records that rest on the standard, records that don't, and a second firm."""
    firm = make_firm(session)
    works, junior, welder = (
        make_person(session, vault, firm, "陈大文", 1),
        make_person(session, vault, firm, "李四", 2),
        make_person(session, vault, firm, "焊工某", 3, occupation_code="6-18-02-04"),
    )
    held = [
        Credential(institution_id=firm.id, person_id=person.id or 0, kind="certificate", level=level, occupation_code=code)
        for person, level, code in (
            (junior, "junior", "6-31-01-03"), (works, "intermediate", "6-31-01-03"), (welder, "junior", "6-18-02-04"),
        )
    ]  # fmt: skip
    own = Specification(institution_id=firm.id, code="QT", title="自定", occupation_code="6-31-01-03", conditions="2018")
    posts = [Post(institution_id=firm.id, name=name, occupation_code="6-31-01-03") for name in ("维修电工", "高级维修电工")]
    session.add_all([*held, own, *posts])
    session.flush()
    grades = [
        PostGrade(institution_id=firm.id, post_id=post.id or 0, name="P1", serial=1, grade=grade)
        for post, grade in zip(posts, ("junior", "senior"), strict=True)
    ]
    session.add_all(grades)
    journal.record(session, ACTOR, firm.id, "x", objects=[*held, own, *posts, *grades])
    open_batch, closed = make_batch(session, firm, "B1", "enrolling"), make_batch(session, firm, "B0", "filed")
    make_candidate(session, open_batch, works, "senior", state="applied")
    make_candidate(session, open_batch, junior, "intermediate", state="refused")
    make_candidate(session, closed, works, "senior")
    other = make_firm(session, OTHER_FIRM, "Y000044000124")
    other.specification.standard = "6-18-02-04@2018"
    journal.record(session, ACTOR, other.id, "x", objects=[other.specification])


@pytest.fixture
def filled(sqlite_database: Database, vault: Vault) -> Iterator[Session]:
    with sqlite_database.writing() as session:
        fill(session, vault)
        session.commit()
        yield session


def everything(session: Session) -> str:
    """The hash of every row of every table."""
    session.expire_all()
    digest = hashlib.sha256()
    for table in Table.metadata.sorted_tables:
        digest.update(repr(session.connection().execute(table.select()).all()).encode())
    return digest.hexdigest()


def test_the_impact_of_a_new_edition_equals_a_hand_made_list(filled: Session, tmp_path: Path) -> None:
    old, new = standards.find_standard(OLD_KEY), standards.load_standard(new_edition(tmp_path))
    firm = filled.exec(select(Institution).where(col(Institution.credit_code) == CREDIT_CODE)).one()
    before = everything(filled)

    changes = compare_standards(old, new)
    touched = impact.touched_records(filled, changes, on=DAY, institution=firm, old=old)

    assert [one.text for one in changes] == [
        DOCUMENT, CONDITIONS, NO_JUNIOR, NO_WIRING, CONTROL, NO_ELECTRONICS, NETWORK,
    ]  # fmt: skip
    assert [(one.record, one.name, one.why) for one in touched] == [
        ("working", "E0001 陈大文", (CONDITIONS,)),
        ("working", "E0002 李四", (CONDITIONS,)),
        ("holding", "E0002 李四 持五级/初级工证书", (NO_JUNIOR,)),
        ("applying", "E0001 陈大文 在 B1 申报三级/高级工", (CONDITIONS, CONTROL, NO_ELECTRONICS, NETWORK)),
        ("batch", "批次 B1（报名）", (CONDITIONS, NO_JUNIOR, NO_WIRING, CONTROL, NO_ELECTRONICS, NETWORK)),
        ("specification", "评价规范 DG 第 1 版", tuple(one.text for one in changes)),
        ("post", "岗位 维修电工", (NO_JUNIOR,)),
        ("scope", "备案 Y000044000123 第 1 项 电工", (NO_JUNIOR,)),
    ]
    assert [line.removeprefix("岭南精工制造有限公司：") for line in impact.migration(touched)] == [
        f"批次 B1（报名）：{'；'.join((CONDITIONS, NO_JUNIOR, NO_WIRING, CONTROL, NO_ELECTRONICS, NETWORK))}。"
        "可取消后按新版重建，或按计划时的版本办完",
        f"评价规范 DG 第 1 版：{'；'.join(one.text for one in changes)}。请对照修订，版本加一，批准后用于新批次",
        f"岗位 维修电工：{NO_JUNIOR}。请更新岗位与等级的对应",
        f"备案 Y000044000123 第 1 项 电工：{NO_JUNIOR}。请与备案机关核对，需要时办理备案变更",
        f"从事本职业的人员 2 人：{CONDITIONS}。请更新花名册后重新导入，并按新的申报条件重新测算",
        f"持有证书的人员 1 人：{NO_JUNIOR}。请核对其证书在新版中对应的等级或编码",
        *(
            f"在办批次的考生 1 人：{why}。按批次计划时的版本办完，如重建批次则重新申报"
            for why in (CONDITIONS, CONTROL, NO_ELECTRONICS, NETWORK)
        ),
    ]
    assert everything(filled) == before


def test_a_specification_of_another_standard_is_touched_by_the_code_alone(filled: Session, tmp_path: Path) -> None:
    file = new_edition(tmp_path, ('\ncode = "6-31-01-03"', '\ncode = "6-31-01-99"'))
    old, new = standards.find_standard(OLD_KEY), standards.load_standard(file)

    touched = impact.touched_records(filled, compare_standards(old, new), on=DAY, old=old)

    moved = "职业编码由 6-31-01-03 变为 6-31-01-99"
    why = {(one.institution, one.name): one.why for one in touched}
    assert why["岭南精工制造有限公司", "评价规范 QT 第 1 版"] == (moved,)
    assert sum(one.record == "personnel" for one in touched) == 6
    assert all(moved in one.why for one in touched)
    assert not any("焊工某" in one.name for one in touched)


def test_a_certificate_issued_here_is_held_too(sqlite_database: Database, vault: Vault, tmp_path: Path) -> None:
    old = standards.find_standard(OLD_KEY)
    no_senior = replace(old, grades=tuple(one for one in old.grades if one.value != "senior"))
    with sqlite_database.writing() as session:
        make_closed_batch(session, vault, tmp_path)

        touched = impact.touched_records(session, compare_standards(old, no_senior), on=DAY, old=old)

    held = [one.name.partition("证书 ")[0] for one in touched if one.record == "holding" and "证书 " in one.name]
    assert held == ["E0001 陈大文 持三级/高级工", "E0002 李有争 持三级/高级工", "E0005 吴更正 持三级/高级工"]
    assert not any(one.record in ("batch", "applying") for one in touched)


def test_a_registration_that_is_over_is_not_touched(filled: Session, tmp_path: Path) -> None:
    old, new = standards.find_standard(OLD_KEY), standards.load_standard(new_edition(tmp_path))

    later = impact.touched_records(filled, compare_standards(old, new), on=date(2028, 1, 1), old=old)

    assert not any(one.record == "scope" for one in later)


def test_an_index_in_which_a_code_moved_touches_everything_that_bears_it(filled: Session, tmp_path: Path) -> None:
    shipped = paths.shipped("occupational_standards") / "occupations.csv"
    moved = tmp_path / "new.csv"
    text = shipped.read_text(encoding="utf-8").replace("6-31-01-03,2022,电工,", "6-31-01-98,2025,电工,")
    moved.write_text(text, encoding="utf-8")

    changes = compare_occupations(standards.read_index(shipped), standards.read_index(moved))
    touched = impact.touched_records(filled, changes, on=DAY)

    assert [one.text for one in changes] == ["“电工”的编码由 6-31-01-03 变为 6-31-01-98"]
    counts = {record: sum(one.record == record for one in touched) for record in ("working", "holding", "batch", "post")}
    assert counts == {"working": 2, "holding": 2, "batch": 1, "post": 2}


# --- the command -----------------------------------------------------------------------------------


@pytest.fixture
def installed(instance: Path) -> Database:
    database = Database(sqlite_url(instance / "skilleval.db"))
    with database.writing() as session:
        fill(session, load_vault(instance / "keys"))
        session.commit()
    return database


def test_the_command_previews_and_changes_nothing(installed: Database, cli: Cli, tmp_path: Path) -> None:
    file = new_edition(tmp_path)
    with installed.reading() as session:
        before = everything(session)

    shown = cli("standards", "impact", OLD_KEY, file, "--institution", CREDIT_CODE)
    told = cli("standards", "impact", OLD_KEY, file, "--institution", CREDIT_CODE, "--json").json()

    assert shown.exit_code == 0 and "[取消] 等级：不再设五级/初级工" in shown.output and "三、迁移清单" in shown.output
    assert told["counts"] == {
        "working": 2, "holding": 1, "applying": 1, "batch": 1, "specification": 1, "post": 1, "scope": 1, "personnel": 0,
        "venue": 0,
    }  # fmt: skip
    assert len(told["changes"]) == 7 and told["migration"]
    with installed.reading() as session:
        assert everything(session) == before


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (OLD_KEY, "6-31-01-03@1999", "没有标准 6-31-01-03@1999，可用的有：6-31-01-03@2018"),
        ("x", "y.csv", "应同为标准"),
        ("x.csv", "y.csv", "找不到文件 x.csv"),
        (OLD_KEY, "y.toml", "找不到文件 y.toml"),
    ],
)
def test_what_is_no_edition_is_refused(cli: Cli, old: str, new: str, words: str) -> None:
    answer = cli("standards", "impact", old, new)

    assert answer.exit_code == 1 and words in answer.output


def test_a_file_that_is_no_index_is_refused(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("编码,名称\n6-31-01-03,电工\n", encoding="utf-8")

    answer = cli("standards", "impact", file, file)

    assert answer.exit_code == 1 and "不是职业目录" in answer.output
