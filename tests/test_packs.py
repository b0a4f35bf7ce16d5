"""Rule packs: what a pack may say, what is refused by file, rule and key, and which version holds on a day."""

import re
import textwrap
from datetime import date, timedelta
from pathlib import Path

import pytest

from skilleval import packs
from skilleval.domain.errors import RuleBroken

OWN = """
schema = "rule-pack/2"
name = "本市"
layer = "city"
default = true
source = "市局通知"
[[parameter]]
id = "notice.working_days"
value = 7
operator = "at_least"
clause = "本市要求公示7个工作日"
confidence = "high"
status = "in_force"
from = 2026-03-01
overrides = "guangdong"
overrides_because = "本市另有规定"
[[authority]]
id = "own.permit"
kind = "permit"
clause = "许可"
confidence = "high"
status = "draft"
from = 2026-01-01
when = { all = [{ fact = "employees", at_least = 1000 }, { rule = "chief.lead_or_flagship" }] }
[[condition]]
id = "own/senior/1"
edition = "own"
grade = "senior"
clause = "满一年"
confidence = "high"
status = "draft"
from = 2026-01-01
requires = [{ work_years = 1 }]
"""


def own(tmp_path: Path, *texts: str) -> Path:
    (tmp_path / "rulepacks").mkdir()
    for number, text in enumerate(texts):
        (tmp_path / "rulepacks" / f"city{number or ''}.toml").write_text(text, encoding="utf-8")
    return tmp_path


def refusal_of(folder: Path) -> str:
    with pytest.raises(RuleBroken) as refusal:
        packs.library(folder)
    return " ".join([refusal.value.message, *refusal.value.reasons])


def test_every_rule_has_a_source_and_a_clause() -> None:
    for pack in packs.library().packs:
        for rule in pack.rules:
            assert rule.clause.source and rule.clause.text, rule.clause.id


def test_what_is_low_in_confidence_has_no_value_or_only_warns() -> None:
    low = [rule for pack in packs.library().packs for rule in pack.rules if rule.clause.confidence == "low"]

    assert low and all(rule.value is None or rule.severity == "warn" for rule in low)


def test_a_firms_own_pack_overrides_from_its_day_on(tmp_path: Path) -> None:
    loaded = packs.load(own(tmp_path, OWN))

    assert loaded.parameter("notice.working_days", date(2026, 2, 28)).value == 5
    assert loaded.parameter("notice.working_days", date(2026, 3, 1)).value == 7


def test_what_nobody_has_established_is_refused_not_guessed() -> None:
    with pytest.raises(RuleBroken, match="没有可靠依据"):
        packs.load().parameter("registration.months", date(2026, 1, 1))


def test_a_day_before_the_first_version_has_no_answer() -> None:
    with pytest.raises(RuleBroken, match="没有有效版本"):
        packs.load().parameter("results.working_days", date(2022, 8, 30))
    with pytest.raises(RuleBroken, match="没有参数"):
        packs.load().parameter("no.such", date(2026, 1, 1))
    assert packs.load().conditions("2023", date(2022, 12, 31)) == ()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("rule-pack/2", "rule-pack/9", "schema"),
        ('layer = "city"', 'layer = "village"', "layer 应为"),
        ('source = "市局通知"', "", "缺少 source"),
        ('overrides_because = "本市另有规定"', "", "overrides_because"),
        ('overrides = "guangdong"', "", "没有写 overrides"),
        ('overrides = "guangdong"', 'overrides = "shenzhen"', "没有这条规则"),
        ("from = 2026-03-01", 'from = "March"', "应为日期"),
        ("from = 2026-03-01", "from = 2026-03-01\nto = 2026-02-01", "to 早于 from"),
        ('status = "in_force"', 'status = "maybe"', "status"),
        ("value = 7", "valeu = 7", "valeu"),
        ("[[parameter]]", "[[parameter]", "无法读取"),
        ('fact = "employees"', 'fact = "shoe_size"', "没有“shoe_size”这一事实"),
        ("at_least = 1000", "at_least = 2026-01-01", "不能与"),
        ('{ fact = "employees", at_least = 1000 }', '{ fact = "hired_on", on_or_after = 3 }', "不能与"),
        ('{ fact = "employees", at_least = 1000 }', '{ fact = "listed", at_least = true }', "不能用 at_least"),
        ('{ fact = "employees", at_least = 1000 }', '{ switch = "reading.none", is = true }', "没有读法开关"),
        ('rule = "chief.lead_or_flagship"', 'rule = "no.such"', "不存在"),
        ('rule = "chief.lead_or_flagship"', 'rule = "own.permit"', "循环引用"),
        ("all = [", "most = [", "most"),
        ('kind = "permit"', 'kind = "limit"', "against"),
        ('kind = "permit"', 'kind = "oppose"\nagainst = ["top.appointed"]', "不是一条授权规则"),
        ('grade = "senior"', 'grade = "master"', "不是等级"),
        ("{ work_years = 1 }", "{ work_yeers = 1 }", "work_yeers"),
        ("{ work_years = 1 }", "{ work_years = true }", "类型不对"),
        ("{ work_years = 1 }", "{ work_years = 1, age = 16 }", "有且只有一项"),
        ("{ work_years = 1 }", "{ work_years = 1, students = true }", "不能与 work_years 同用"),
        ("{ work_years = 1 }", '{ diplomas = ["phd"] }', "不是学历类别"),
        ("{ work_years = 1 }", '{ work_years = 1, after_title = "x" }', "不是职称级别"),
        ("{ work_years = 1 }", "{ at_least = 3, of = [{ age = 16 }] }", "超过 of 的项数"),
        ('clause = "满一年"', "", "缺少 clause"),
        ('id = "own/senior/1"', 'id = "2023/senior/1"', "没有写明谁覆盖谁"),
        ('layer = "city"', 'layer = ["city"]', "layer 应为"),
        ('status = "in_force"', "status = [1]", "status 应为"),
        ("from = 2026-03-01", "from = 2026-03-01T08:00:00", "不带时刻"),
        ("from = 2026-03-01", "from = 2026-03-01T08:00:00\nto = 2027-01-01", "不带时刻"),
        ("[[parameter]]", "parameter = 5\n[[switch]]", "[[parameter]]"),
        ("[[parameter]]", "parameter = [5]\n[[switch]]", "[[parameter]]"),
        ('kind = "permit"', 'kind = ["permit"]', "kind 应为"),
        ('grade = "senior"', 'grade = ["senior"]', "不是等级"),
        ("{ work_years = 1 }", "{ evidence = [[1]] }", "不是佐证材料类别"),
        ("at_least = 1000", "at_least = 2026-01-01", "与 2026-01-01 比较"),
        ('{ fact = "employees", at_least = 1000 }', '{ fact = "target", one_of = [["senior"]] }', "应为等级"),
        ('{ fact = "employees", at_least = 1000 }', '{ fact = "hired_on", on_or_after = 2026-01-01T08:00:00 }', "不能与"),
        ("{ work_years = 1 }", f"{'{ all = [' * 21}{{ age = 16 }}{'] }' * 21}", "超过 20 层"),
        ("{ work_years = 1 }", f"{'{ all = [' * 2000}{{ age = 16 }}{'] }' * 2000}", "层数太多"),
        ('id = "notice.working_days"\nvalue = 7', 'id = "certificate.window"\nvalue = "weekly"', "rolling_12_months、calendar_year、none"),
        ("value = 7", "value = true", "应为整数或等级"),
        ("value = 7", 'value = "七"', "应为整数或等级"),
        ('value = 7\noperator = "at_least"', 'value = "七"', "value 应为整数，与 guangdong.toml"),
        (
            'id = "notice.working_days"\nvalue = 7\noperator = "at_least"',
            'id = "statistics.highly_skilled_from"\nvalue = "boss"',
            "value 应为等级",
        ),
        ('[[parameter]]\nid = "notice.working_days"\nvalue = 7\noperator = "at_least"', '[[switch]]\nid = "notice.working_days"\nvalue = true', "写成了读法"),
    ],
)
def test_a_malformed_pack_is_refused_by_file_and_key(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in OWN
    folder = own(tmp_path, OWN.replace(old, new))

    with pytest.raises(RuleBroken) as refusal:
        packs.load(folder)

    told = " ".join([refusal.value.message, *refusal.value.reasons])
    assert words in told
    assert "city" in told


def test_the_pack_that_the_table_of_faults_starts_from_is_sound(tmp_path: Path) -> None:
    """The control: without a fault it is read."""
    assert "city" in [pack.key for pack in packs.load(own(tmp_path, OWN)).packs]


def test_versions_of_one_rule_may_not_overlap_and_may_follow_each_other(tmp_path: Path) -> None:
    version = '\n[[authority]]\nid = "own.permit"\nkind = "permit"\nclause = "x"\nconfidence = "high"\nstatus = "draft"\n'
    earlier = version + 'from = 2025-01-01\nto = {}\nwhen = {{ fact = "listed", is = true }}\n'

    assert packs.read_pack("city", OWN + earlier.format("2025-12-31"))
    with pytest.raises(RuleBroken) as refusal:
        packs.read_pack("city", OWN + earlier.format("2026-01-01"))
    assert "日期重叠" in refusal.value.reasons[0]


def test_an_own_pack_under_the_name_of_a_shipped_one_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "rulepacks").mkdir()
    (tmp_path / "rulepacks" / "guangdong.toml").write_text(OWN, encoding="utf-8")

    assert "有两个规则包都叫 guangdong：自有规则包请另起文件名" in refusal_of(tmp_path)


def test_two_packs_that_override_each_other_are_refused(tmp_path: Path) -> None:
    one = OWN.replace('overrides = "guangdong"', 'overrides = "city1"')
    other = OWN.replace('overrides = "guangdong"', 'overrides = "city"').replace("own", "other")

    assert "互相覆盖" in refusal_of(own(tmp_path, one, other))


def test_two_packs_that_override_the_same_rule_cannot_be_chosen_together(tmp_path: Path) -> None:
    library = packs.library(own(tmp_path, OWN, OWN.replace("own", "other")))

    with pytest.raises(RuleBroken) as refusal:
        library.choose(["guangdong", "city", "city1"])
    assert "只能选一个" in " ".join(refusal.value.reasons)
    assert library.choose(["guangdong", "city1"]).parameter("notice.working_days", date(2026, 3, 1)).value == 7


def test_a_choice_of_what_is_not_there_is_refused() -> None:
    with pytest.raises(RuleBroken, match="没有规则包 mars"):
        packs.library().choose(["mars"])
    with pytest.raises(RuleBroken) as refusal:
        packs.library().choose(None, {"reading.none": True})
    assert "没有读法开关 reading.none" in refusal.value.reasons[0]


def test_what_stands_on_a_day_is_what_holds_on_it_from_its_first_day_to_its_last() -> None:
    chosen = packs.library().choose([pack.key for pack in packs.library().packs if pack.layer != "national" and pack.default])
    rules = chosen.every_rule()
    first = {rule.valid_from for rule in rules}
    last = {rule.valid_to for rule in rules if rule.valid_to is not None}
    assert len(first) > 5 and last

    for day in sorted(near + timedelta(step) for near in first | last for step in (-1, 0, 1)):
        held = {rule.clause.id: rule.valid_from for rule in rules if rule.holds_on(day)}
        assert {rule.clause.id: rule.valid_from for rule in chosen.standing(day)} == held, day


def test_both_generations_of_conditions_are_shipped_and_an_unknown_one_is_refused() -> None:
    loaded, on = packs.load(), date(2026, 6, 8)

    assert {"2018", "2023"} <= set(loaded.editions())
    assert (len(loaded.conditions("2018", on)), len(loaded.conditions("2023", on))) == (14, 19)
    with pytest.raises(RuleBroken, match="2018、2023"):
        loaded.conditions("1999", on)


def test_a_choice_keeps_the_national_layer_and_leaves_out_the_rest() -> None:
    assert {pack.layer for pack in packs.library().choose([]).packs} == {"national"}
    assert "guangdong-plan" in [pack.key for pack in packs.load().packs]


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_pack_in_the_readme_is_one_that_can_be_used(tmp_path: Path, readme: str) -> None:
    text = (Path(__file__).resolve().parent.parent / readme).read_text(encoding="utf-8")
    found = re.search(r'( +schema = "rule-pack/2".*?\n)\n  \S', text, re.DOTALL)
    assert found is not None

    loaded = packs.library(own(tmp_path, textwrap.dedent(found[1]))).choose(["guangdong", "city"])

    assert loaded.parameter("notice.working_days", date(2026, 3, 1)).value == 7
    assert len(loaded.conditions("city-2026", date(2026, 3, 1))) == 1
