import tomllib
from pathlib import Path

import pytest

from skilleval import paths
from skilleval.domain.errors import RuleBroken
from skilleval.settings import CONFIG_NAME, CONFIG_TEMPLATE, load_settings


def test_the_shipped_configuration_loads_and_leaves_fonts_to_the_system(tmp_path: Path) -> None:
    (tmp_path / CONFIG_NAME).write_text(CONFIG_TEMPLATE, encoding="utf-8")

    settings = load_settings(tmp_path)

    assert settings.database_file == tmp_path / "skilleval.db"
    assert settings.fonts == {}
    assert settings.certificate.demo is False


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_every_setting_stands_in_the_readme(name: str) -> None:
    text = (Path(__file__).parent.parent / name).read_text(encoding="utf-8")
    content = tomllib.loads(CONFIG_TEMPLATE)

    keys = [f"[{section}] {key}" if isinstance(told, dict) else section for section, told in content.items()
            for key in (told if isinstance(told, dict) else ("",))]  # fmt: skip

    assert len(keys) > 10 and [key for key in keys if f"`{key}`" not in text] == []


@pytest.mark.parametrize(("text", "days"), [("", 14), ("[imports]\nkeep_days = 1", 1), ("[imports]\nkeep_days = 90", 90)])
def test_what_waits_to_be_imported_is_kept_fourteen_days_unless_told_otherwise(tmp_path: Path, text: str, days: int) -> None:
    (tmp_path / CONFIG_NAME).write_text(text, encoding="utf-8")

    assert load_settings(tmp_path).imports.keep_days == days


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("databse_url = ''", "databse_url"),
        ("database_url = 3", "database_url"),
        ("[certificate]\ndemo = 'yes'", "demo"),
        ("[certificate]\ncolour = 'red'", "colour"),
        ("[web]\ntotp_roles = 'issuer'", "totp_roles"),
        ("[web]\ntotp_roles = ['clerk']", "clerk"),
        ("[web]\ntotp_roles = [['issuer']]", "issuer"),
        ("[imports]\nkeep_days = 0", "1 至 90"),
        ("[imports]\nkeep_days = 91", "1 至 90"),
        ("[imports]\nkeep_days = true", "keep_days"),
        ("[imports]\nkeep_days = '14'", "keep_days"),
        ("[imports]\nkept_days = 14", "kept_days"),
        ("[duties]\nmerge = 'review'", "merge"),
        ("[duties]\nmerge = ['review', 'approve']", "merge"),
        ("[duties]\nmerge = [['review', 'sign']]", "sign"),
        ("[duties]\nmerge = [['review']]", "至少写两项"),
        ("fonts = 3", "fonts"),
        ("[", CONFIG_NAME),
    ],
)
def test_a_wrong_configuration_is_refused_with_file_and_key(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / CONFIG_NAME).write_text(text, encoding="utf-8")

    with pytest.raises(RuleBroken, match=words):
        load_settings(tmp_path)


def test_a_folder_that_is_no_installation_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RuleBroken, match="skilleval init"):
        load_settings(tmp_path)


def test_a_shipped_folder_that_is_missing_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="no_such_data"):
        paths.shipped("no_such_data")


def test_the_instance_given_wins_over_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paths.INSTANCE_VARIABLE, str(tmp_path / "env"))

    assert paths.instance(tmp_path / "given") == tmp_path / "given"
    assert paths.instance() == tmp_path / "env"


def test_roles_and_duties_of_a_configuration(tmp_path: Path) -> None:
    text = '[web]\ntotp_roles = ["issuer"]\n[duties]\nmerge = [["review", "approve"]]'
    (tmp_path / CONFIG_NAME).write_text(text, encoding="utf-8")

    settings = load_settings(tmp_path)

    assert settings.web.totp_roles == ("issuer",)
    assert settings.merged_duties == (frozenset({"review", "approve"}),)
