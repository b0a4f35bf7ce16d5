"""Chains on the command line: what stands of a mandate, and why another does not."""

from datetime import date
from pathlib import Path

from skilleval.db.engine import Database, sqlite_url
from tests.conftest import Cli
from tests.factories import CREDIT_CODE, make_firm

SUPPLIER = "91440999MA00001620"


def test_a_revoked_mandate_is_shown_with_its_day_and_reason(cli: Cli, instance: Path) -> None:
    with Database(sqlite_url(instance / "skilleval.db")).writing() as session:
        make_firm(session, chain_lead=True, kind="chain_evaluator")
        make_firm(session, SUPPLIER, "Y000044000124", name="配套制造有限公司")
        session.commit()
    day = date(2026, 6, 8)
    for command in (
        ("add", "甲链", "--lead", CREDIT_CODE),
        ("member-add", "甲链", "--credit-code", SUPPLIER, "--member", "配套制造有限公司", "--joined", "2025-01-01"),
        ("mandate-add", "甲链", "--evaluator", CREDIT_CODE, "--member", SUPPLIER, "--document", "X1",
         "--from", "2025-01-01", "--to", "2027-12-31"),
    ):  # fmt: skip
        assert cli("chains", *command, on=day).exit_code == 0, command
    before = cli("chains", "show", "甲链", on=day).output

    revoked = cli("chains", "mandate-revoke", "--evaluator", CREDIT_CODE, "--document", "X1", "--reason", "终止合作", on=day)

    assert revoked.exit_code == 0 and before.splitlines()[-1].endswith("  有效")
    assert cli("chains", "show", "甲链", on=day).output.splitlines()[-1].endswith("  自 2026-06-08 起撤销：终止合作")
