"""Whether a batch's venues have the equipment of a task: only what somebody entered counts."""

from typing import Any

import pytest

from skilleval.domain.equipment import Need, Place, equip, overall
from skilleval.domain.rules import Answer

MET, NOT_MET, UNKNOWN = Answer.MET, Answer.NOT_MET, Answer.UNKNOWN
BENCH: dict[str, Any] = {"name": "实训台", "model": "A", "count": 10, "sound": True}


@pytest.mark.parametrize(
    ("devices", "stations", "answer"),
    [
        ([BENCH], 5, MET),
        ([BENCH], 6, NOT_MET),
        ([BENCH, {**BENCH, "count": 2}], 6, MET),
        ([{**BENCH, "sound": False}], 1, NOT_MET),
        ([{"name": "实训台", "model": "A", "count": 10}], 1, UNKNOWN),
        ([{"name": "实训台", "model": "A", "sound": True}], 1, UNKNOWN),
        ([{"name": "实训台", "model": "A", "count": "十", "sound": True}], 1, UNKNOWN),
        ([BENCH, {"name": "实训台", "model": "A"}], 5, MET),
        ([BENCH, {"name": "实训台", "model": "A"}], 6, UNKNOWN),
        ([{**BENCH, "name": "机床"}], 1, NOT_MET),
        ([], 1, UNKNOWN),
    ],
)
def test_two_benches_a_station(devices: list[dict[str, Any]], stations: int, answer: Answer) -> None:
    (found,) = equip([Need("实训台", 2)], stations, [Place("车间", devices)])

    assert found.answer is answer
    assert found.wanted == 2 * stations


@pytest.mark.parametrize(
    ("device", "answer"),
    [(BENCH, MET), ({**BENCH, "model": "B"}, NOT_MET), ({"name": "实训台", "count": 10, "sound": True}, UNKNOWN)],
)
def test_a_model_that_is_asked_for_must_be_that_one(device: dict[str, Any], answer: Answer) -> None:
    assert equip([Need("实训台", 1, "A")], 1, [Place("车间", [device])])[0].answer is answer


def test_no_venue_at_all_is_unknown() -> None:
    assert equip([Need("实训台", 1)], 1, [])[0].answer is UNKNOWN


def test_a_second_venue_without_data_makes_a_lack_unknown_and_a_plenty_no_less() -> None:
    places = [Place("甲", [BENCH]), Place("乙", [])]

    assert equip([Need("实训台", 10)], 1, places)[0].answer is MET
    lacking = equip([Need("实训台", 11)], 1, places)[0]
    assert lacking.answer is UNKNOWN and "乙没有录入设备" in lacking.fact


def test_all_needs_together() -> None:
    places = [Place("甲", [BENCH, {"name": "仪表"}])]
    bench, meter, lathe = Need("实训台", 1), Need("仪表", 1), Need("车床", 1)

    assert overall(equip([], 1, places)) is MET
    assert overall(equip([bench], 1, places)) is MET
    assert overall(equip([bench, meter], 1, places)) is UNKNOWN
    assert overall(equip([bench, meter, lathe], 1, places)) is NOT_MET
