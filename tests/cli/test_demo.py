import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from skilleval.cli import main
from tests.conftest import Cli


def run_demo(out: Path, *options: str) -> dict[str, object]:
    result = CliRunner().invoke(main, ["demo", "--out", str(out), "--people", "24", *options, "--json"])
    assert result.exit_code == 0, result.output
    answer: dict[str, object] = json.loads(result.stdout)
    return answer


@pytest.mark.slow
def test_the_main_job_runs_from_a_roster_to_a_verified_package(tmp_path: Path, cli: Cli) -> None:
    answer = run_demo(tmp_path / "one")

    files = answer["files"]
    assert isinstance(files, dict)
    assert answer["people"] == 24 and answer["certificates"]
    assert all(Path(file).exists() for file in files.values())
    verified = cli("filings", "verify", files["package"], "--json")
    assert verified.exit_code == 0, verified.output
    assert len(zipfile.ZipFile(files["package"]).namelist()) >= 8
    replayed = CliRunner().invoke(main, ["--instance", str(files["instance"]), "replay", "2026-DG-01", "--json"])
    assert replayed.exit_code == 0, replayed.output
    counts = json.loads(replayed.stdout)["counts"]
    assert counts["equal"] and counts == {"equal": counts["equal"], "differs": 0, "cannot": 0}


@pytest.mark.slow
def test_the_same_seed_gives_the_same_people_marks_and_numbers(tmp_path: Path) -> None:
    one, again, other = (run_demo(tmp_path / name, "--seed", seed) for name, seed in (("a", "1"), ("b", "1"), ("c", "2")))

    for key in ("eligibility", "outcomes", "certificates"):
        assert one[key] == again[key]
    rosters = [(tmp_path / name / "花名册.xlsx").read_bytes() for name in "abc"]
    assert rosters[0] == rosters[1] != rosters[2]
    assert other["people"] == one["people"]


def test_the_demo_never_empties_a_folder_that_is_none_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("keep", encoding="utf-8")

    result = CliRunner().invoke(main, ["demo", "--out", str(tmp_path)])

    assert result.exit_code == 1 and "未作任何改动" in result.output
    assert (tmp_path / "letter.txt").read_text(encoding="utf-8") == "keep"


@pytest.mark.slow
def test_a_replaced_certificate_and_its_successor_name_each_other(tmp_path: Path) -> None:
    run_demo(tmp_path / "demo")
    old = sorted(file.stem for file in (tmp_path / "demo" / "证书" / "单份").iterdir())[0]

    def certificates(*arguments: str) -> str:
        place = ["--instance", str(tmp_path / "demo" / "instance"), "--on", "2026-07-01"]
        result = CliRunner().invoke(main, [*place, "certificates", *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    certificates("void", old, "--reason", "照片有误")
    new = json.loads(certificates("replace", old, "--json"))["number"]

    assert f"已换发为 {new}" in certificates("show", old)
    assert f"替换已作废的 {old}" in certificates("show", new)
