"""Exporting filing packages: what is collected, what is refused, what is recorded."""

import json
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import (
    Batch,
    Certificate,
    Credential,
    Filing,
    JournalEntry,
    Objection,
    Person,
)
from skilleval.domain.errors import RuleBroken
from skilleval.reports import archive, manifest
from skilleval.reports.fonts import load_fonts
from skilleval.reports.package import files_in, verify_package
from skilleval.services import notices
from skilleval.services.filing_content import candidate_lines
from skilleval.services.filing_record import read_batch
from skilleval.services.filings import Exported, collect_content, draft_filing, export_filing, filings_of
from tests.certified import FIRST_DAY, candidates_of, certify, event, make_certified_batch, settle
from tests.conftest import Kept, on_sqlite
from tests.factories import ACTOR, REGISTRATION_NUMBER, Firm, make_candidate, make_firm, make_person

EXPORTED_ON = date(2026, 6, 24)
Export = Callable[..., Exported]


Made = tuple[Firm, Batch]


def make_certified(session: Session, vault: Vault) -> Made:
    firm = make_firm(session)
    return firm, make_certified_batch(session, vault, firm)


@pytest.fixture
def made(kept: Kept, vault: Vault) -> Made:
    return kept(make_certified, vault)


@pytest.fixture
def firm(made: Made) -> Firm:
    return made[0]


@pytest.fixture
def batch(made: Made) -> Batch:
    return made[1]


@pytest.fixture
def export(session: Session, batch: Batch, vault: Vault, tmp_path: Path) -> Export:
    def run(**changed: Any) -> Exported:
        settings: dict[str, Any] = {
            "vault": vault, "fonts": load_fonts({}), "folder": tmp_path / "out", "instance_folder": tmp_path,
            "on": EXPORTED_ON, **changed,
        }  # fmt: skip
        return export_filing(session, ACTOR, batch, **settings)

    return run


def _last_certificate(session: Session, batch: Batch) -> Certificate:
    return session.exec(select(Certificate).order_by(col(Certificate.id).desc())).first() or pytest.fail("none")


def test_an_exported_package_verifies_without_the_database(export: Export) -> None:
    exported = export()

    verdict = verify_package(exported.written.path)

    assert verdict.findings == ()
    assert dict(verdict.counts) == {"candidates": 6, "passed": 5, "certificates": 5}


def test_drafting_tells_of_every_file_of_the_package(session: Session, batch: Batch, vault: Vault, tmp_path: Path) -> None:
    content = collect_content(session, batch, vault=vault, instance_folder=tmp_path, on=EXPORTED_ON)
    told: list[int] = []

    drafted = draft_filing(content, fonts=load_fonts({}), folder=tmp_path / "out", progress=told.append)

    with zipfile.ZipFile(drafted.written.path) as package:
        count = len(package.namelist())
    assert count > 5 and told == list(range(1, count + 1)) and files_in(content) == count
    assert session.exec(select(Filing)).all() == [] and batch.state == "certified"


def test_a_draft_is_exported_as_it_is_or_anew_where_something_has_changed_since(
    session: Session, batch: Batch, vault: Vault, export: Export, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {"vault": vault, "instance_folder": tmp_path, "on": EXPORTED_ON}
    drafts = [
        draft_filing(collect_content(session, batch, **settings), fonts=load_fonts({}), folder=tmp_path / folder)
        for folder in ("one", "two")
    ]

    taken = export(drafted=drafts[0])
    anew = export(drafted=drafts[1])

    assert taken.written is drafts[0].written and taken.filing.sha256 == drafts[0].written.sha256
    # The first export stands in the journal, and the second is another version.
    assert anew.written is not drafts[1].written and (anew.filing.version, anew.filing.sha256) != (1, drafts[1].written.sha256)
    assert verify_package(anew.written.path).findings == ()


def test_an_export_is_recorded_with_its_hash_and_moves_the_batch(
    session: Session, batch: Batch, export: Export
) -> None:
    exported = export()

    filing = session.exec(select(Filing)).one()
    assert filing.sha256 == exported.written.sha256
    assert (filing.version, filing.addressed_to) == (1, "city")
    assert batch.state == "filed"
    last = session.exec(select(JournalEntry).order_by(col(JournalEntry.seq).desc())).first()
    assert last is not None and json.loads(last.body)["action"] == "filing.export"


def test_another_export_is_a_new_version_that_names_the_old_one(session: Session, batch: Batch, export: Export) -> None:
    first = export()

    second = export(addressed_to="province")

    assert [filing.version for filing in filings_of(session, batch)] == [1, 2]
    assert second.written.manifest["filing"]["supersedes"] == first.written.sha256
    assert first.written.path.exists() and second.written.path.exists()
    assert verify_package(second.written.path).ok


def test_the_manifest_names_the_journal_head_and_the_rule_data(session: Session, export: Export) -> None:
    told = export().written.manifest

    entries = session.exec(select(JournalEntry).order_by(col(JournalEntry.seq))).all()
    assert told["journal_head"] == entries[-2].hash
    names = {entry["name"] for entry in told["rule_data"]}
    assert {"rulepacks/national.toml", "rulepacks/guangdong.toml", "rulepacks/conditions-2018.toml"} <= names
    assert told["specification"] == {"code": "DG", "version": 1, "title": "电工评价规范", "conditions": "2018"}


def test_no_document_number_stands_in_the_manifest_or_the_journal(
    session: Session, vault: Vault, export: Export
) -> None:
    told = json.dumps(dict(export().written.manifest), ensure_ascii=False)

    bodies = "".join(entry.body for entry in session.exec(select(JournalEntry)))
    for person in session.exec(select(Person)):
        number = vault.open(person.institution_id, person.id_sealed)
        assert number not in told and number not in bodies


@on_sqlite
@pytest.mark.parametrize("state", ["draft", "marking", "settled", "noticed", "cleared"])
def test_a_batch_that_is_not_certified_is_refused(state: str, batch: Batch, export: Export, tmp_path: Path) -> None:
    batch.state = state

    with pytest.raises(RuleBroken, match="发证完成后才能导出"):
        export()

    assert not (tmp_path / "out").exists()


def test_a_refusal_lists_everything_that_is_missing(
    session: Session, vault: Vault, firm: Firm, batch: Batch, export: Export
) -> None:
    late = make_candidate(session, batch, make_person(session, vault, firm, "周迟", 50))
    unissued = make_candidate(session, batch, make_person(session, vault, firm, "吴证", 51))
    settle(session, unissued, 8000)
    notice = notices.current_notice(session, batch)
    session.add(
        Objection(institution_id=firm.id, notice_id=notice.id or 0, serial=1, raised_on=FIRST_DAY, raised_by="某人",
                  text="有异议", recorded_by="测试经办")
    )  # fmt: skip
    session.flush()

    with pytest.raises(RuleBroken) as refusal:
        export()

    reasons = "\n".join(refusal.value.reasons)
    assert f"周迟（{late.admission_number}）没有核定成绩" in reasons
    assert f"吴证（{unissued.admission_number}）合格但尚未发证" in reasons
    assert "第 1 号异议尚未处理" in reasons
    assert len(refusal.value.reasons) == 3


def test_a_document_type_without_a_confirmed_code_is_refused_by_name(
    session: Session, vault: Vault, firm: Firm, batch: Batch, export: Export
) -> None:
    candidate = make_candidate(session, batch, make_person(session, vault, firm, "外籍员工", 60))
    settle(session, candidate, 8000)
    certify(session, candidate, f"{REGISTRATION_NUMBER}263000060", vault, id_type="passport")

    with pytest.raises(RuleBroken) as refusal:
        export()

    assert "外籍员工" in refusal.value.reasons[0] and "没有已确认的代码" in refusal.value.reasons[0]


def test_a_voided_certificate_is_left_out_and_the_reason_stands_in_the_manifest(
    session: Session, batch: Batch, export: Export
) -> None:
    certificate = _last_certificate(session, batch)
    event(session, certificate, 2, "voided", "照片有误")

    exported = export()

    assert dict(verify_package(exported.written.path).counts)["certificates"] == 4
    assert verify_package(exported.written.path).ok
    assert [entry["why"] for entry in exported.written.manifest["withheld"]] == [
        f"证书 {certificate.number} 已作废：照片有误"
    ]


def test_the_highest_certificate_held_stands_in_the_roll(session: Session, batch: Batch, export: Export) -> None:
    candidate = candidates_of(session, batch)[0]
    for level, day in (("junior", date(2015, 1, 1)), ("intermediate", date(2018, 1, 1)), ("none", None)):
        session.add(
            Credential(
                institution_id=batch.institution_id, person_id=candidate.person_id, kind="certificate", level=level,
                occupation_code="6-31-01-03", number="1234567890123456", obtained_on=day,
            )
        )  # fmt: skip
    session.flush()

    members = archive.unpack(export().written.path.read_bytes())

    told = {entry["column"]: entry["rows"] for entry in json.loads(members[manifest.NAME])["left_empty"]}
    assert told["现持证书等级"] == 5


@pytest.mark.parametrize("level", ["district", "province"])
def test_a_package_may_go_to_another_level(level: str, firm: Firm, export: Export) -> None:
    firm.institution.district = "南山区"

    assert export(addressed_to=level).filing.addressed_to == level


def test_a_district_that_is_not_known_is_refused(export: Export) -> None:
    with pytest.raises(RuleBroken, match="没有所在区县"):
        export(addressed_to="district")


def test_a_package_that_would_not_verify_is_not_exported(
    session: Session, export: Export, tmp_path: Path
) -> None:
    with pytest.raises(RuleBroken, match="未通过自检") as refusal:
        export(on=date(2026, 6, 18))

    assert "公示结束" in "".join(refusal.value.reasons)
    assert list((tmp_path / "out").iterdir()) == []
    assert session.exec(select(Filing)).all() == []


def test_the_roll_names_the_condition_claimed_or_else_the_one_found_met(
    session: Session, vault: Vault, batch: Batch
) -> None:
    def node(key: str, answer: str, *children: dict[str, Any]) -> dict[str, Any]:
        return {"answer": answer, "clause": {"id": key, "text": f"条件{key[-1]}"}, "children": list(children)}

    claimed, found, unchecked = candidates_of(session, batch)[:3]
    conditions = node("senior", "met", node("2018/senior/1", "not_met"), node("2018/senior/2", "met"))
    claimed.proof = found.proof = node("candidate", "met", conditions)
    claimed.claimed, found.claimed, unchecked.claimed = "2018/senior/1", None, None

    lines = candidate_lines(read_batch(session, batch), vault)

    assert [line.condition for line in lines[:3]] == ["条件1（2018/senior/1）", "条件2（2018/senior/2）", ""]
