"""What the filing package tells of marks by schemes, from the record of a batch."""

from datetime import date
from pathlib import Path

from sqlmodel import Session

from skilleval.db.secrets import Vault
from skilleval.reports.fonts import load_fonts
from skilleval.reports.package import verify_package
from skilleval.services.filings import collect_content, export_filing
from tests.assessed import NAMES, make_assessed_batch
from tests.factories import ACTOR


def test_the_sheets_behind_every_mark_are_filed_and_verify(session: Session, vault: Vault, tmp_path: Path) -> None:
    batch, on = make_assessed_batch(session, vault, tmp_path), date(2026, 6, 24)

    content = collect_content(session, batch, vault=vault, instance_folder=tmp_path, on=on)
    exported = export_filing(
        session, ACTOR, batch, vault=vault, fonts=load_fonts({}), folder=tmp_path / "out", instance_folder=tmp_path, on=on
    )

    assert verify_package(exported.written.path).findings == ()
    assert [(one.method, one.version, one.kind) for one in content.schemes] == [
        ("skill", 1, "criteria"), ("performance", 1, "review"), ("process", 1, "observing"),
    ]  # fmt: skip
    told = {(one.name, one.method): (one.points, one.how) for one in content.scores if one.kind == "part"}
    assert {name: told.get((name, "skill")) for name in NAMES} == {
        "陈合格": (9217, "mean"), "李否决": (0, "mean"), "王裁定": (6100, "adjudicated"), "周缺席": None,
        "吴更正": (6100, "corrected"), "郑改分": (9300, "mean"),
    }  # fmt: skip
    assert told["陈合格", "performance"] == (8200, "mean") and told["陈合格", "process"] == (8250, "mean")
    marks = [(one.assessor_code, one.points) for one in content.scores if one.name == "郑改分" and one.kind == "mark"]
    assert marks == [("K1", 9300), ("K2", 9300), ("K3", 9300), ("K1", 8200), ("K1", 8250)]
    reasons = {one.name: one.text for one in content.scores if one.how in ("adjudicated", "corrected")}
    assert reasons == {"王裁定": f"技能操作考核：61.00（裁定）：复核工件（裁定人：{ACTOR.name}）", "吴更正": "技能操作考核：61.00（更正）：登分错误"}
    decided = {(one.how, one.reason, one.by) for one in content.decisions}
    assert decided == {("adjudicated", "复核工件", ACTOR.name), ("corrected", "登分错误", "")}
    assert [code for code, _name in content.assessors] == ["K1", "K2", "K3"] and all(name for _code, name in content.assessors)
