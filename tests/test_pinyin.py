"""How names are typed: readings, family names that read otherwise, and characters that have none."""

import pytest

from skilleval.pinyin import initials, pinyin


@pytest.mark.parametrize(
    ("name", "full", "short"),
    [
        ("张三", "zhangsan", "zs"),
        ("曾国强", "zengguoqiang", "zgq"),
        ("未曾", "weiceng", "wc"),
        ("单雄信", "shanxiongxin", "sxx"),
        ("单于明", "chanyuming", "cym"),
        ("欧阳锋", "ouyangfeng", "oyf"),
        ("吕布", "lvbu", "lb"),
        ("艾力·买买提", "ailimaimaiti", "almmt"),
        ("John Smith", "johnsmith", "johnsmith"),
        ("", "", ""),
    ],
)
def test_a_name_is_read_as_it_is_typed(name: str, full: str, short: str) -> None:
    assert (pinyin(name), initials(name)) == (full, short)
