import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from skilleval import packs
from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Candidate, Certificate, Person, PinnedText, Result
from skilleval.domain.errors import RuleBroken
from skilleval.services import candidates, certificate_events, certificates, replay
from skilleval.services.replay_numbers import Ledger
from skilleval.services.verification import verify_all
from tests.closed import STORY, candidate_named, make_closed_batch
from tests.factories import ACTOR, LIBRARY, id_number


@pytest.fixture(scope="module")
def closed_file(empty_sqlite: Path, vault: Vault, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("closed")
    file = folder / "closed.db"
    shutil.copy(empty_sqlite, file)
    database = Database(sqlite_url(file))
    with database.writing() as session:
        make_closed_batch(session, vault, folder)
        session.commit()
    database.close()
    return file


@pytest.fixture
def session(closed_file: Path, tmp_path: Path) -> Iterator[Session]:
    """A certified batch in a database of the test's own."""
    file = tmp_path / "closed.db"
    shutil.copy(closed_file, file)
    database = Database(sqlite_url(file))
    with database.writing() as session:
        yield session
    database.close()


def again(session: Session, **options: Any) -> replay.Replay:
    session.expire_all()
    return replay.replay_batch(session, session.exec(select(Batch)).one(), **options)


def tamper(session: Session, statement: str, **values: Any) -> replay.Replay:
    """Change the database behind the software's back, as somebody with the file could, and replay."""
    connection = session.connection()
    for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = 1")
    assert connection.exec_driver_sql(statement, values).rowcount >= 1
    return again(session)


def case_of(replayed: replay.Replay, name: str) -> dict[str, replay.Step]:
    [case] = [case for case in replayed.cases if case.who.endswith(name)]
    return {step.name: step for step in case.steps}


def states(replayed: replay.Replay, name: str) -> dict[str, str]:
    return {step: found.state for step, found in case_of(replayed, name).items()}


# --- what is untouched replays equal ---------------------------------------------------------------


def test_a_closed_batch_replays_equal(session: Session) -> None:
    replayed = again(session)

    assert replayed.equal and replayed.tampered == ()
    assert states(replayed, "陈大文") == dict.fromkeys(("rows", "eligibility", "marks", "outcome", "number"), "equal")
    assert states(replayed, "周缺席") == dict.fromkeys(("rows", "eligibility", "marks", "outcome"), "equal")
    assert states(replayed, "王无证") == dict.fromkeys(("rows", "eligibility"), "equal")
    assert verify_all(session) == []


def test_a_closed_batch_replays_equal_on_either_database(database: Database, vault: Vault, tmp_path: Path) -> None:
    with database.writing() as session:
        make_closed_batch(session, vault, tmp_path)

        assert again(session).equal


def test_a_mark_on_the_half_hundredth_replays_equal(session: Session) -> None:
    key = candidate_named(session, "郑半分").id

    settled = session.exec(select(Result).where(col(Result.candidate_id) == key)).one()

    assert settled.parts == {"theory": 6000, "skill": 6000}  # 59.99 and 60.00 make 59.995
    assert states(again(session), "郑半分")["marks"] == "equal"


def test_replay_changes_nothing(session: Session, tmp_path: Path) -> None:
    session.rollback()
    before = (tmp_path / "closed.db").read_bytes()

    again(session)
    again(session, as_of=date(2030, 1, 1))
    session.rollback()

    assert (tmp_path / "closed.db").read_bytes() == before


def test_a_batch_replays_equal_after_people_packs_and_standards_changed(
    session: Session, vault: Vault, tmp_path: Path
) -> None:
    (tmp_path / "rulepacks").mkdir()
    stricter = (
        'schema = "rule-pack/2"\nname = "x"\nlayer = "firm"\n[[condition]]\nid = "2018/senior/1"\nedition = "2018"\n'
        'grade = "senior"\nclause = "x"\nsource = "x"\nconfidence = "high"\nstatus = "in_force"\nfrom = 2020-01-01\n'
        'overrides = "conditions-2018"\noverrides_because = "x"\nrequires = [{ age = 60 }]\n'
    )
    (tmp_path / "rulepacks" / "own.toml").write_text(stricter, encoding="utf-8")
    library = packs.library(tmp_path)
    for person in session.exec(select(Person)):
        person.birth_date, person.occupation_since, person.name = date(2009, 1, 1), None, f"{person.name}改"
        session.add(person)
    session.connection().exec_driver_sql("DELETE FROM credential")
    session.flush()
    batch = session.exec(select(Batch)).one()

    replayed = again(session)

    assert library.choose().find("2018/senior/1", date(2026, 6, 8)) != packs.load().find("2018/senior/1", date(2026, 6, 8))
    assert replayed.equal
    # … although the same people would be judged otherwise today
    batch.state = "enrolling"
    candidate = candidate_named(session, "陈大文改")
    candidate.state = "applied"
    candidates.check_eligibility(session, ACTOR, batch, library, on=date(2026, 5, 19))
    assert candidate.verdict != "met"


def test_one_candidate_is_replayed_alone(session: Session) -> None:
    chosen = [candidate_named(session, "李有争")]

    replayed = again(session, candidates=chosen)

    assert [case.candidate.id for case in replayed.cases] == [chosen[0].id] and replayed.equal


def test_the_inputs_hold_neither_names_nor_document_numbers(session: Session) -> None:
    for serial, (name, _grade, _marks) in enumerate(STORY, start=1):
        kept = json.dumps(candidate_named(session, name).inputs, ensure_ascii=False)

        assert name not in kept and id_number(serial) not in kept
        assert '"birth_date": "1990-01-01"' in kept and '"conditions-2018"' in kept


def test_a_certificate_that_replaces_a_voided_one_replays_equal(session: Session, vault: Vault) -> None:
    key, on = candidate_named(session, "陈大文").id, date(2026, 7, 1)
    first = session.exec(select(Certificate).where(col(Certificate.candidate_id) == key)).one()
    certificate_events.void_certificate(session, ACTOR, first, reason="印错", on=on)
    second = certificates.replace_certificate(
        session, ACTOR, first, LIBRARY, vault=vault, on=on, missing_glyphs=lambda _text: ()
    )

    assert int(second.number[-6:]) > int(first.number[-6:])
    assert again(session).equal


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("Y000044000123263000777", []),
        ("Y000044000123264000777", ["证书编号等级代码 4 与等级 三级/高级工 不一致"]),
        ("Y000044000123253000777", ["证书编号年份 25 与发证日期 2026-06-23 不一致"]),
        ("X1", ["证书编号“X1”应为22位：13位备案号、2位年份、1位等级代码、6位序列码"]),
    ],
)
def test_of_a_number_from_the_province_all_but_the_serial_is_replayed(
    session: Session, number: str, told: list[str]
) -> None:
    candidate = candidate_named(session, "陈大文")
    given = session.exec(select(Certificate).where(col(Certificate.candidate_id) == candidate.id)).one()
    copied = Certificate(**{**given.model_dump(exclude={"id"}), "number": number, "origin": "imported"})
    ledger = Ledger.of(session, session.exec(select(Batch)).one())

    assert ledger.differences(copied, candidate) == told


# --- what was tampered with is named ---------------------------------------------------------------

WHOSE = "candidate_id = (SELECT c.id FROM candidate c JOIN person p ON p.id = c.person_id WHERE p.name = :name)"


def test_a_tampered_mark_is_named(session: Session) -> None:
    replayed = tamper(
        session,
        "UPDATE mark SET value = 7600 WHERE personnel_id = (SELECT id FROM personnel WHERE code = 'K2') "
        f"AND part_id IN (SELECT id FROM specification_part WHERE method = 'skill') AND {WHOSE}",
        name="陈大文",
    )

    [named] = replayed.tampered
    assert "考生 " in named and named.endswith("陈大文、技能操作考核、考评员 K2 的评分被改动")
    assert states(replayed, "陈大文") | {"eligibility": "equal"} == {
        "rows": "differs", "eligibility": "equal", "marks": "differs", "outcome": "differs", "number": "equal",
    }  # fmt: skip
    assert "核定成绩为 70.00，按评分复算为 72.00" in case_of(replayed, "陈大文")["marks"].reasons[0]
    assert set(states(replayed, "李有争").values()) == {"equal"}


def test_a_mark_tampered_by_less_than_rounding_shows_is_named_all_the_same(session: Session) -> None:
    # 70.00, 70.00, 70.01 and 70.00, 70.00, 70.00 have the same mean, so that only the journal tells.
    replayed = tamper(session, f"UPDATE mark SET value = 7000 WHERE value = 7001 AND {WHOSE}", name="陈大文")

    assert len(replayed.tampered) == 1 and "考评员 K3 的评分被改动" in replayed.tampered[0]
    assert states(replayed, "陈大文")["marks"] == "equal" and not replayed.equal


def test_a_deleted_mark_is_named(session: Session) -> None:
    replayed = tamper(session, f"DELETE FROM mark WHERE value = 7001 AND {WHOSE}", name="陈大文")

    assert len(replayed.tampered) == 1 and "评分" in replayed.tampered[0] and "被删除" in replayed.tampered[0]
    assert states(replayed, "陈大文")["marks"] == "differs"


def test_a_deleted_candidate_and_a_deleted_certificate_are_named(session: Session) -> None:
    key = candidate_named(session, "王无证").id

    gone = tamper(session, "DELETE FROM candidate WHERE id = :id", id=key)
    both = tamper(session, f"DELETE FROM certificate WHERE {WHOSE}", name="陈大文")

    assert gone.tampered == (f"资格：一名考生（candidate 第 {key} 行）被删除",)
    assert any(named.startswith("证书：一份证书") and named.endswith("被删除") for named in both.tampered)
    assert case_of(both, "陈大文")["number"].reasons == ("合格而没有证书",)


def test_a_mark_slipped_in_is_named(session: Session) -> None:
    replayed = tamper(
        session,
        "INSERT INTO mark (institution_id, candidate_id, part_id, personnel_id, revision, value, absent, recorded_at) "
        "SELECT institution_id, candidate_id, part_id, personnel_id, 2, 9000, 0, recorded_at FROM mark "
        f"WHERE value = 7001 AND {WHOSE}",
        name="陈大文",
    )

    assert [one.partition("考评员")[2] for one in replayed.tampered] == [" K3 的第 2 次评分不是经本软件写入的"]
    assert states(replayed, "陈大文")["marks"] == "differs"


def test_a_tampered_adjudication_is_named(session: Session) -> None:
    replayed = tamper(session, "UPDATE adjudication SET value = 9900")

    assert len(replayed.tampered) == 1 and replayed.tampered[0].endswith("李有争、技能操作考核的裁定被改动")
    assert states(replayed, "李有争")["marks"] == "differs"


def test_a_tampered_pass_mark_is_named(session: Session) -> None:
    replayed = tamper(session, "UPDATE specification_part SET pass_mark = 9000 WHERE grade = 'senior' AND method = 'skill'")

    assert replayed.tampered == ("评价规范：三级/高级工技能操作考核的规定（权重、满分、合格线、考评员数、取值办法）被改动",)
    assert states(replayed, "陈大文")["outcome"] == "differs"


def test_tampered_inputs_are_named(session: Session) -> None:
    candidate = candidate_named(session, "王无证")
    inputs = {**(candidate.inputs or {}), "held": []}
    inputs["background"] = {**inputs["background"], "certificates": [
        {"grade": "intermediate", "occupation_code": "6-31-01-03", "obtained_on": "2015-06-08"}]}  # fmt: skip

    replayed = tamper(
        session, "UPDATE candidate SET inputs = :inputs WHERE id = :id", inputs=json.dumps(inputs), id=candidate.id
    )

    [named] = replayed.tampered
    assert named.startswith("资格：考生") and named.endswith("王无证 的申报与资格审核记录（判断依据、结论、证明）被改动")
    assert case_of(replayed, "王无证")["eligibility"].reasons[0] == "保存的结论是“无法判断”，复算为“符合”"


@pytest.mark.parametrize("inputs", ["{}", "[]", '{"form": "other"}', "{\"form\": \"candidate-inputs/1\"}", "3"])
def test_inputs_that_cannot_be_read_are_no_equal(session: Session, inputs: str) -> None:
    replayed = tamper(session, "UPDATE candidate SET inputs = :inputs", inputs=inputs)

    assert states(replayed, "陈大文")["eligibility"] == "cannot" and len(replayed.tampered) == len(STORY)


def test_a_tampered_proof_is_named_with_the_leaf_that_differs(session: Session) -> None:
    candidate = candidate_named(session, "陈大文")
    proof = json.dumps(candidate.proof, ensure_ascii=False).replace("2015-06-08", "2005-06-08")

    replayed = tamper(session, "UPDATE candidate SET proof = :proof WHERE id = :id", proof=proof, id=candidate.id)

    assert "陈大文" in replayed.tampered[0]
    [reason] = case_of(replayed, "陈大文")["eligibility"].reasons
    assert "证明" in reason and "2005-06-08" in reason and "2015-06-08" in reason


def test_a_tampered_verdict_is_named(session: Session) -> None:
    replayed = tamper(session, "UPDATE candidate SET verdict = 'met', skips_grade = 1 - skips_grade WHERE verdict = 'unknown'")

    reasons = case_of(replayed, "王无证")["eligibility"].reasons
    assert reasons == ("保存的结论是“符合”，复算为“无法判断”", "是否跨级与复算不同")
    assert len(replayed.tampered) == 1


@pytest.mark.parametrize(
    ("statement", "name", "step", "words"),
    [
        ("UPDATE result SET outcome = 'passed' WHERE outcome = 'absent'", "周缺席", "outcome", "第 1 版为“合格”，复算为“缺考”"),
        ("UPDATE result SET total = 9999 WHERE revision = 2", "吴更正", "outcome", "第 2 版总成绩为 99.99，复算为 64.00"),
        ("UPDATE result SET outcome = 'passed' WHERE revision = 1", "吴更正", "outcome", "第 1 版为“合格”，复算为“不合格”"),
        ("UPDATE result SET proof = '[]' WHERE revision = 2", "吴更正", "outcome", "第 2 版的理由与复算不一致"),
        ("UPDATE result SET proof = '[]' WHERE revision = 1", "陈大文", "marks", "保存的理由与复算的理由不同"),
    ],
)
def test_a_tampered_result_is_named(session: Session, statement: str, name: str, step: str, words: str) -> None:
    replayed = tamper(session, statement)

    assert any(name in named and "版核定成绩被改动" in named for named in replayed.tampered)
    assert words in case_of(replayed, name)[step].reasons


@pytest.mark.parametrize("parts", ["[]", "no JSON", "7"])
def test_a_result_that_cannot_be_read_is_named(session: Session, parts: str) -> None:
    replayed = tamper(session, f"UPDATE result SET parts = :parts WHERE {WHOSE}", name="陈大文", parts=parts)

    assert any("陈大文" in named and "版核定成绩被改动" in named for named in replayed.tampered)
    assert case_of(replayed, "陈大文")["marks"] == replay.Step("marks", "differs", ("核定成绩的记录无法读取",))


def test_a_batch_whose_grades_cannot_be_read_is_refused(session: Session) -> None:
    with pytest.raises(RuleBroken, match="等级无法读取"):
        tamper(session, "UPDATE batch SET grades = 'no JSON'")


@pytest.mark.parametrize(
    ("statement", "codes"),
    [
        ("UPDATE candidate SET inputs = 'no JSON'", {"row_changed"}),
        ("UPDATE batch SET versions = 'no JSON'", {"row_changed"}),
        ("UPDATE certificate SET number = 'X' WHERE id = 1", {"row_changed", "number_malformed", "numbers_not_dense"}),
    ],
)
def test_what_cannot_be_read_is_a_finding_and_no_crash(session: Session, statement: str, codes: set[str]) -> None:
    replayed = tamper(session, statement)

    assert not replayed.equal and replayed.tampered
    assert {one.code for one in verify_all(session)} == codes


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("number = 'Y000044000123263000009'", "复算为 Y0000440001232630000"),
        ("number = 'Y000044000199' || substr(number, 14)", "复算为 Y0000440001232630000"),
        ("issued_on = '2025-06-23'", "复算为 Y00004400012325300000"),
        ("grade = 'junior'", "证书等级为五级/初级工，认定等级为三级/高级工"),
        ("occupation_name = '焊工'", "证书的职业或工种与批次不同"),
        ("issued_on = '2031-06-23'", "没有有效期内的备案"),
    ],
)
def test_a_tampered_certificate_is_named(session: Session, change: str, words: str) -> None:
    replayed = tamper(session, f"UPDATE certificate SET {change} WHERE {WHOSE}", name="陈大文")

    assert [named.startswith("证书：考生") and named.endswith("被改动") for named in replayed.tampered] == [True]
    assert any(words in reason for reason in case_of(replayed, "陈大文")["number"].reasons)


def test_a_registration_number_that_was_tampered_with_is_named(session: Session) -> None:
    replayed = tamper(session, "UPDATE registration SET number = 'Y000044000199'")

    assert replayed.tampered == ("备案：备案号 Y000044000199 的记录被改动",)
    assert states(replayed, "陈大文")["number"] == "differs"


def test_a_pinned_text_that_was_tampered_with_is_no_equal(session: Session) -> None:
    replayed = tamper(session, "UPDATE pinned_text SET content = content || '#' WHERE name = 'conditions-2018.toml'")

    assert case_of(replayed, "陈大文")["eligibility"] == replay.Step(
        "eligibility", "cannot", ("规则包 conditions-2018 的存档文本与摘要不符，存档被改动",)
    )
    assert not replayed.equal


def test_a_journal_rewritten_to_fit_is_named(session: Session) -> None:
    replayed = tamper(session, "UPDATE journal_object SET after_hash = 'x' WHERE table_name = 'mark'")

    assert any(named.startswith("操作日志：") for named in replayed.tampered)


# --- what can't be replayed, and other days ---------------------------------------------------------


def test_a_batch_judged_before_inputs_were_kept_cannot_be_replayed(session: Session) -> None:
    for one in session.exec(select(Candidate)):
        one.inputs = None
        session.add(one)
    session.flush()

    replayed = again(session)

    assert states(replayed, "陈大文")["eligibility"] == "cannot" and not replayed.equal
    assert "没有保存依据" in case_of(replayed, "陈大文")["eligibility"].reasons[0]


def test_a_pack_text_that_was_not_kept_cannot_be_replayed(session: Session) -> None:
    for one in session.exec(select(PinnedText)):
        session.delete(one)
    session.flush()

    assert states(again(session), "陈大文")["eligibility"] == "cannot"


@pytest.mark.parametrize(
    ("on", "answer", "words"),
    [
        (date(2026, 6, 8), "met", []),
        (date(2020, 6, 8), "met", []),
        (date(2020, 6, 7), "not_met", ["2018/senior/1：当时符合，该日不符合"]),
        (date(2017, 12, 31), "unknown", ["没有有效版本"]),
    ],
)
def test_another_day_is_information_and_says_which_rule_makes_the_difference(
    session: Session, on: date, answer: str, words: list[str]
) -> None:
    replayed = again(session, candidates=[candidate_named(session, "陈大文")], as_of=on)

    [case] = replayed.cases
    assert case.another_day is not None and case.another_day.then.value == "met"
    assert case.another_day.now.value == answer and replayed.equal
    for word in words:
        assert any(word in told for told in case.another_day.differences), case.another_day.differences
