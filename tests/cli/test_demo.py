import json
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from skilleval.cli import main
from skilleval.cli.demo import do_command
from skilleval.demo import firms, road, rosters
from skilleval.demo.story import Story
from skilleval.domain.accounts import ROLES
from tests.conftest import Cli
from tests.demonstrated import Demonstrated

Ask = Callable[..., Any]
LEAD, MOULDS, MACHINING, MOTORS = (firm.credit_code for firm in (firms.LEAD, *firms.SUPPLIERS))


@pytest.fixture
def ask(demo: Demonstrated) -> Ask:
    """Type a command on the shared demo, on its last day; the answer as JSON."""

    def run(*words: str, acting: str | None = None) -> Any:
        place = ["--instance", str(demo.instance), "--on", demo.answer["today"], *(["--acting", acting] if acting else [])]
        result = CliRunner().invoke(main, [*place, *words, "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run


@pytest.mark.slow
def test_the_demo_runs_from_rosters_to_verified_packages(demo: Demonstrated, cli: Cli) -> None:
    assert demo.answer["people"] == 44 and demo.answer["certificates"]
    assert all(Path(file).exists() for file in demo.answer["files"].values())
    assert len(demo.answer["packages"]) == 4
    for package in demo.answer["packages"]:
        verified = cli("filings", "verify", package, "--json")
        assert verified.exit_code == 0, verified.output
        assert len(zipfile.ZipFile(package).namelist()) >= 8


@pytest.mark.slow
def test_the_installation_verifies_and_every_batch_with_results_is_computed_again(demo: Demonstrated, ask: Ask) -> None:
    ask("verify", "--all")

    for number, state in demo.answer["batches"].items():
        if state in ("noticed", "certified", "filed"):
            counts = ask("replay", number)["counts"]
            assert counts["equal"] and counts == {"equal": counts["equal"], "differs": 0, "cannot": 0}


@pytest.mark.slow
def test_there_is_a_batch_of_every_route_and_in_every_kind_of_state(demo: Demonstrated) -> None:
    assert demo.answer["batches"] == {
        "2026-DG-01": "filed", "2026-MJ-01": "filed", "2026-QG-01": "filed", "2026-MJ-02": "filed", "2026-JS-01": "certified",
        "2026-ZJ-01": "noticed", "2026-SK-01": "marking", "2026-JQ-01": "enrolling", "2026-DG-02": "draft",
    }  # fmt: skip


@pytest.mark.slow
def test_one_objection_is_upheld_one_case_refused_and_one_certificate_reissued(demo: Demonstrated, ask: Ask) -> None:
    notice = ask("notices", "show", "--batch", "2026-QG-01")
    cases = Counter(case["state"] for case in ask("recognitions", "list", "--batch", "2026-MJ-01"))
    numbers = [file.stem for file in (demo.out / "证书" / "2026-QG-01" / "单份").iterdir()]
    reissued = [number for number in numbers if "补发" in json.dumps(ask("certificates", "show", number), ensure_ascii=False)]

    assert (notice["serial"], [one["state"] for one in notice["objections"]]) == (2, ["upheld"])
    assert cases == {"recognised": 3, "not_recognised": 1}
    assert len(reissued) == 1


@pytest.mark.slow
def test_each_firm_sees_its_own_batches_and_the_lead_none_of_a_suppliers(ask: Ask) -> None:
    seen = {code: {one["number"] for one in ask("batches", "list", acting=code)} for code in (LEAD, MOULDS, MACHINING, MOTORS)}

    assert "2026-ZJ-01" in seen[MOULDS] and "2026-SK-01" in seen[MACHINING]
    assert not {"2026-ZJ-01", "2026-SK-01"} & seen[LEAD]
    assert seen[MOTORS] == {"2026-QG-01"}
    assert "2026-ZJ-01" not in seen[MACHINING]


@pytest.mark.slow
def test_a_supplier_is_shown_of_the_leads_batch_what_concerns_its_own_people(ask: Ask) -> None:
    whole, own = ask("batches", "show", "2026-QG-01"), ask("batches", "show", "2026-QG-01", acting=MOTORS)

    assert 0 < own["candidates"] < whole["candidates"] and own["state"] == whole["state"]
    assert whole["readiness"] and not own["readiness"] and "authority_reason" not in own


@pytest.mark.slow
def test_appointments_and_confirmations_are_on_record(ask: Ask) -> None:
    appointed = ask("appointments", "list", "--institution", LEAD)
    confirmed = ask("confirmations", "list", "--institution", LEAD)

    assert Counter((one["grade"], one["appointed_on"] is not None) for one in appointed) == {
        ("special_technician", True): 1, ("special_technician", False): 1, ("chief_technician", True): 1,
    }  # fmt: skip
    assert Counter(one["result"] for one in confirmed) == {"passed": 2, "failed": 1}


@pytest.mark.slow
def test_the_same_seed_gives_the_same_people_marks_and_numbers(tmp_path: Path) -> None:
    def told(name: str, seed: int) -> tuple[list[dict[str, Any]], bytes]:
        out = tmp_path / name
        out.mkdir()
        story = Story(out.resolve(), 20, seed, do_command, lambda _command: None)
        firms.register(story)
        rosters.import_rosters(story)
        return [road.enrol(story), road.mark(story)], (out / "花名册" / "花名册.xlsx").read_bytes()

    one, again, other = told("a", 1), told("b", 1), told("c", 2)

    assert one == again
    assert one[1] != other[1]


def test_the_demo_never_empties_a_folder_that_is_none_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("keep", encoding="utf-8")

    result = CliRunner().invoke(main, ["demo", "--out", str(tmp_path)])

    assert result.exit_code == 1 and "未作任何改动" in result.output
    assert (tmp_path / "letter.txt").read_text(encoding="utf-8") == "keep"


@pytest.mark.slow
def test_a_replaced_certificate_and_its_successor_name_each_other(demo: Demonstrated, tmp_path: Path) -> None:
    instance, old = demo.copy(tmp_path), demo.answer["certificates"][0]

    def certificates(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["--instance", str(instance), "--on", "2026-07-01", "certificates", *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    certificates("void", old, "--reason", "照片有误")
    new = json.loads(certificates("replace", old, "--json"))["number"]

    assert f"已换发为 {new}" in certificates("show", old)
    assert f"替换已作废的 {old}" in certificates("show", new)


def test_there_is_an_account_of_every_role_and_the_day_of_make_serve_is_the_demos(demo: Demonstrated, ask: Ask) -> None:
    listed = {one["login"]: one for one in ask("accounts", "list")}
    opened = demo.answer["accounts"]

    assert {one["role"] for one in opened} == {role.name_zh for role in ROLES.values()}
    assert {one["login"] for one in opened} == set(listed)
    assert all(one["password"] for one in opened)
    makefile = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")
    assert f"DEMO_DAY := {demo.answer['today']}" in makefile
