"""``skilleval rules`` as a person runs it."""

from datetime import date
from pathlib import Path

import pytest

from skilleval import packs
from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import load_vault
from skilleval.db.tables import Credential
from tests.conftest import Cli
from tests.factories import CREDIT_CODE, make_firm, make_person

ON = date(2026, 6, 8)


@pytest.fixture
def staffed(instance: Path) -> None:
    """A firm with one person who has held 中级工 for four years."""
    database, vault = Database(sqlite_url(instance / "skilleval.db")), load_vault(instance / "keys")
    with database.writing() as session:
        firm = make_firm(session)
        person = make_person(session, vault, firm, "王明", 1, post="维修电工")
        session.flush()
        session.add(
            Credential(institution_id=firm.id, person_id=person.id or 0, kind="certificate", level="intermediate",
                       occupation_code="6-31-01-03", obtained_on=date(2022, 6, 8))
        )  # fmt: skip
        for kind in ("title", "diploma"):
            session.add(Credential(institution_id=firm.id, person_id=person.id or 0, kind=kind, level="none"))
        session.commit()
    database.close()


@pytest.fixture
def sooner(cli: Cli, tmp_path: Path) -> Path:
    """The conditions of 2018 with three years after 中级工 in the place of five."""
    file = tmp_path / "conditions-2018.toml"
    assert cli("rules", "copy", "conditions-2018", file).exit_code == 0
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('work_years = 5, after_certificate = "inter', 'work_years = 3, after_certificate = "inter'), encoding="utf-8")
    return file


def test_the_list_has_every_pack_and_rule(cli: Cli) -> None:
    answer = cli("rules", "list", "--json").json()

    assert [(one["key"], one["sha256"]) for one in answer["packs"]] == [(one.key, one.sha256) for one in packs.library().packs]
    assert len(answer["rules"]) == sum(one["rules"] for one in answer["packs"])
    assert all(one["clause"] and one["source"] and one["status"] for one in answer["rules"])
    override = next(one for one in answer["rules"] if one["id"] == "authority.own_people" and one["pack"] == "guangdong-plan")
    assert override["overrides"] == "national" and "征求意见稿" in override["overrides_because"]


def test_the_national_layer_is_said_to_apply_always(cli: Cli) -> None:
    lines = {line.split("]")[0][1:]: line for line in cli("rules", "list").output.splitlines() if line.startswith("[")}

    assert {key for key, line in lines.items() if "一律适用" in line} == {"conditions-2018", "conditions-2023", "national"}
    assert "默认采用" in lines["guangdong"] and "自行选用" in lines["shenzhen"]


def test_the_list_is_narrowed_by_pack_kind_and_day(cli: Cli) -> None:
    parameters = cli("rules", "list", "--pack", "shenzhen", "--kind", "parameter", "--json").json()
    before = cli("rules", "list", "--pack", "shenzhen", "--on", "2022-08-30", "--json").json()
    told = cli("rules", "list", "--pack", "shenzhen")

    assert {one["id"] for one in parameters["rules"]} == {"review.working_days", "correction.working_days", "certificate_data.working_days"}
    assert before["rules"] == []
    assert "[shenzhen] 深圳  市  自行选用  现行  3 条" in told.stdout
    assert cli("rules", "list", "--pack", "mars").exit_code == 1


def test_a_firms_list_shows_its_choice_and_readings_on_the_day(cli: Cli, staffed: None) -> None:
    choose = ("rules", "choose", "--institution", CREDIT_CODE, "--packs", "guangdong,guangdong-plan,shenzhen")
    reading = ("--switch", "reading.manufacturing_binds_all=false", "--from", "2026-07-01")
    assert cli(*choose, *reading, "--reason", " ").exit_code == 1
    assert cli(*choose, *reading, "--reason", "按市里要求").exit_code == 0

    before = cli("rules", "list", "--institution", CREDIT_CODE, "--on", "2026-06-30", "--json").json()
    after = cli("rules", "list", "--institution", CREDIT_CODE, "--on", "2026-07-01", "--json").json()
    told = cli("rules", "list", "--institution", CREDIT_CODE, "--on", "2026-07-01")

    assert before["institution"]["chosen"] is None
    assert before["institution"]["readings"]["reading.manufacturing_binds_all"] is True
    assert after["institution"]["chosen"]["reason"] == "按市里要求"
    assert after["institution"]["readings"]["reading.manufacturing_binds_all"] is False
    assert {one["key"] for one in after["packs"]} - {one["key"] for one in before["packs"]} == {"shenzhen"}
    assert "按市里要求" in told.stdout and "本机构所选" in told.stdout
    # An overridden rule is listed once, as the pack has it that counts.
    assert [one["pack"] for one in after["rules"] if one["id"] == "authority.own_people"] == ["guangdong-plan"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--packs", "mars"), "没有规则包 mars"),
        (("--packs", "guangdong", "--switch", "reading.none=true"), "没有读法开关"),
        (("--packs", "guangdong-plan", "--switch", "reading.manufacturing_binds_all=maybe"), "应写作"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(cli: Cli, staffed: None, arguments: tuple[str, ...], words: str) -> None:
    answer = cli("rules", "choose", "--institution", CREDIT_CODE, *arguments, "--from", "2026-07-01", "--reason", "x")

    assert answer.exit_code == 1
    assert words in answer.stderr


def test_show_has_every_version_in_every_pack_in_words(cli: Cli) -> None:
    told = cli("rules", "show", "authority.own_people").stdout
    versions = cli("rules", "show", "appointment.chief.practice", "--json").json()

    assert "[national]" in told and "[guangdong-plan]" in told
    assert "条件：是本机构的员工，或（是技能生态链评价机构，且对该企业的服务关系当日有效）" in told
    assert "覆盖：national；理由：征求意见稿" in told
    assert [(one["from"], one["to"]) for one in versions] == [("2023-01-01", "2023-12-31"), ("2024-01-01", None)]


def test_a_rule_that_is_not_there_names_those_near(cli: Cli) -> None:
    answer = cli("rules", "show", "notice")

    assert answer.exit_code == 1
    assert "notice.working_days" in answer.stderr


def test_check_finds_nothing_in_what_is_shipped(cli: Cli) -> None:
    assert cli("rules", "check", "--json").json() == {"files": len(packs.library().packs), "findings": []}


def test_check_tells_all_problems_of_all_files_at_once(cli: Cli, instance: Path, tmp_path: Path) -> None:
    shipped = cli("rules", "copy", "shenzhen", tmp_path / "one.toml")
    assert shipped.exit_code == 0
    text = (tmp_path / "one.toml").read_text(encoding="utf-8")
    (tmp_path / "one.toml").write_text(text.replace("value = 5", 'value = "fünf"').replace("layer", "leyer"), encoding="utf-8")
    (tmp_path / "two.toml").write_text(text.replace('name = "深圳"', 'name = "又一个"\ndefault = true').replace("default = false", ""), encoding="utf-8")
    (tmp_path / "three.toml").write_text("schema = ", encoding="utf-8")
    files = [tmp_path / f"{name}.toml" for name in ("one", "two", "three", "none")]

    answer = cli("rules", "check", *files, "--json")

    assert answer.exit_code == 1
    found = {(one["file"], one["message"]) for one in answer.json()["findings"]}
    assert {file for file, _message in found} >= {"one.toml", "three.toml", "none.toml"}
    assert any("leyer" in message for _file, message in found)
    assert sum("整数" in message for _file, message in found) == 3

    (instance / "rulepacks" / "own.toml").write_text("schema = ", encoding="utf-8")
    assert [one["file"] for one in cli("rules", "check", "--json").json()["findings"]] == ["own.toml"]


def test_check_finds_packs_that_contradict_each_other(cli: Cli, tmp_path: Path) -> None:
    text = next(one.text for one in packs.library().packs if one.key == "guangdong").replace('name = "广东"', 'name = "又一个"')
    (tmp_path / "again.toml").write_text(text, encoding="utf-8")

    answer = cli("rules", "check", tmp_path / "again.toml")

    assert answer.exit_code == 1
    assert "规则包之间：notice.working_days：guangdong、again 都有这条规则" in answer.stdout


def test_diff_tells_each_changed_key_and_nothing_of_the_same_pack(cli: Cli, sooner: Path) -> None:
    told = cli("rules", "diff", "conditions-2018", sooner)
    same = cli("rules", "diff", "guangdong", "guangdong", "--json").json()

    assert "满5年 → 取得四级/中级工证书后累计从事本职业或相关职业工作满3年" in told.stdout
    assert "新增 0 条，删去 0 条，改变 1 条" in told.stdout
    assert (same["changes"], same["overrides"]) == ([], {})
    assert cli("rules", "diff", "guangdong", "no-such").exit_code == 1


def test_copy_never_overwrites(cli: Cli, sooner: Path) -> None:
    before = sooner.read_text(encoding="utf-8")

    assert cli("rules", "copy", "conditions-2018", sooner).exit_code == 1
    assert sooner.read_text(encoding="utf-8") == before


def test_whatif_tells_who_gains_and_opens_both_proofs(cli: Cli, staffed: None, sooner: Path) -> None:
    told = cli("rules", "whatif", sooner, on=ON)
    answer = cli("rules", "whatif", sooner, "--institution", CREDIT_CODE, "--json", on=ON).json()
    person = cli("rules", "whatif", sooner, "--person", "E0001", on=ON)

    assert "E0001  王明  维修电工  三级/高级工  不符合 → 符合" in told.stdout
    assert answer["totals"] == {"gains": 1, "loses": 0, "becomes_unknown": 0, "becomes_not_met": 0}
    assert answer["by_post"] == {"维修电工": answer["totals"]} and len(answer["changes"]) == 1
    assert [answer["changes"][0]["proofs"][side]["answer"] for side in ("before", "after")] == ["not_met", "met"]
    assert "改动前：不符合" in person.stdout and "改动后：符合" in person.stdout
    assert person.stdout.count("│") > 10
    assert cli("rules", "whatif", sooner, "--person", "没有", on=ON).exit_code == 1


def test_whatif_with_the_pack_as_it_stands_changes_nobody(cli: Cli, staffed: None) -> None:
    answer = cli("rules", "whatif", "conditions-2018", "--json", on=ON).json()

    assert (answer["judged"], answer["changes"], answer["rules"], answer["parameters"]) == (1, [], [], [])


def test_whatif_lists_parameters_that_change(cli: Cli, staffed: None, tmp_path: Path) -> None:
    file = tmp_path / "guangdong.toml"
    cli("rules", "copy", "guangdong", file)
    file.write_text(file.read_text(encoding="utf-8").replace("value = 5", "value = 7", 1), encoding="utf-8")

    answer = cli("rules", "whatif", file, "--json", on=ON).json()

    [parameter] = answer["parameters"]
    assert (parameter["id"], parameter["keys"]["value"]) == ("notice.working_days", {"old": "5", "new": "7"})
