import pytest
from click.testing import CliRunner

from skilleval.cli import main


@pytest.mark.parametrize(
    ("words", "told", "at"),
    [
        ("panels show --bach X", "没有选项 --bach", "panels show"),
        ("panel show", "没有命令 panel", "main"),
        ("panels shwo", "没有命令 shwo", "main panels"),
        ("panels show", "缺少 --batch", "panels show"),
        ("schemes template a.xlsx --batch X", "缺少 --method（应为 skill、review、performance、process）", "schemes template"),
        ("schemes template a.xlsx --batch X --method oral", "--method：“oral”应为 'skill', 'review', 'performance', 'process' 之一", "schemes"),
        ("evidence accept", "缺少 CODES...", "evidence accept"),
        ("chains stats X --year now", "--year：“now”不是整数", "chains stats"),
        ("notices decide --batch X --serial 0 --uphold --reason x", "--serial：0 不在范围 x>=1 内", "notices decide"),
        ("notices show --batch", "选项 --batch 后须写一个值", "该命令的"),
        ("batches show A B", "多写了 B", "batches show"),
        ("--on tomorrow batches list", "--on：“tomorrow”不是日期，请写作 2026-06-01", "main"),
        ("recognitions decide A --reason x", "须写明 --recognise 或 --refuse", "recognitions decide"),
    ],
)
def test_a_wrong_call_is_told_in_chinese_with_where_to_look(words: str, told: str, at: str) -> None:
    result = CliRunner().invoke(main, words.split())

    assert result.exit_code == 2
    first, second = result.stderr.splitlines()
    assert first == f"命令写法有误：{told}"
    assert second.startswith("写法见 ") and at in second and second.endswith(" --help")


def test_a_noun_without_a_verb_shows_its_help() -> None:
    result = CliRunner().invoke(main, ["panels"])

    assert result.exit_code == 2 and "assign" in result.output and "命令写法有误" not in result.output
