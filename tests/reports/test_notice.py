from pathlib import Path
from typing import Any

import pytest

from skilleval.reports.fonts import load_fonts
from skilleval.reports.notice import NoticeSheet, write_notice
from tests.reports.reading import fonts_not_embedded, is_sound, text_of

NAMES = ("郑䶮", "𠮷明远", "买买提·艾合买提江", "=1+1")
HASH, HEAD = "ab12" * 16, "cd34" * 16


def content(count: int) -> dict[str, Any]:
    entries = [
        {
            "serial": serial,
            "admission_number": f"2026-DG-01-{serial:04d}",
            "name": NAMES[serial % len(NAMES)],
            "masked_number": f"440999********{serial:04d}",
            "employer": "岭南精工制造有限公司",
            "occupation": "电工",
            "trade": "",
            "grade": "三级/高级工",
            "route": "考核",
        }
        for serial in range(1, count + 1)
    ]
    return {
        "institution": "岭南精工制造有限公司", "credit_code": "91440999MA0000015E", "contact": "演示联系人",
        "phone": "15400000000", "batch": "2026-DG-01", "batch_name": "2026年第一批电工认定", "first_day": "2026-06-15",
        "last_day": "2026-06-22", "working_days": 5, "entries": entries,
    }  # fmt: skip


def written(folder: Path, *, demo: bool = False) -> Path:
    given = NoticeSheet.from_content(content(12), content_hash=HASH, journal_head=HEAD, demo=demo)
    return write_notice(folder / "公示.pdf", given, load_fonts({}))


@pytest.mark.slow
def test_the_notice_prints_period_contact_people_hash_and_journal_head(tmp_path: Path) -> None:
    file = written(tmp_path)

    text = text_of(file)

    assert fonts_not_embedded(file) == []
    assert is_sound(file)
    for told in ("2026年6月15日至2026年6月22日", "共 5 个工作日", "演示联系人", "15400000000", "合格人数：12 人", HASH, HEAD):
        assert told in text
    for name in NAMES:
        assert name in text
    assert text.count("三级/高级工") == 12 and text.count("440999********") == 12


@pytest.mark.slow
def test_the_notice_is_signed_by_the_institution_on_its_first_day_and_the_longest_grade_fits(tmp_path: Path) -> None:
    given = content(1)
    given["entries"][0]["grade"] = "一级/高级技师"
    sheet = NoticeSheet.from_content(given, content_hash=HASH, journal_head=HEAD)

    text = text_of(write_notice(tmp_path / "公示.pdf", sheet, load_fonts({})))

    assert "岭南精工制造有限公司（盖章）" in text
    assert text.index("2026年6月15日", text.index("（盖章）")) < text.index("本公示内容摘要")
    assert "一级/高级技师" in text


@pytest.mark.slow
def test_an_empty_trade_is_printed_as_two_hyphens(tmp_path: Path) -> None:
    assert text_of(written(tmp_path)).count(" -- ") == 12


@pytest.mark.slow
def test_a_demonstration_notice_says_so_and_another_does_not(tmp_path: Path) -> None:
    assert "演示数据" in text_of(written(tmp_path, demo=True))
    assert "演示数据" not in text_of(written(tmp_path))


def test_a_sheet_does_not_tell_the_people_in_its_repr() -> None:
    assert "𠮷" not in repr(NoticeSheet.from_content(content(3), content_hash=HASH, journal_head=HEAD))
