"""Whether the venues of a batch have the equipment of a practical task: met, not met, or unknown.

Only what somebody entered counts. Equipment of unknown number or condition can neither be counted on nor be missed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skilleval.domain.rules import Answer


@dataclass(frozen=True, slots=True)
class Need:
    """A piece of equipment that a task asks for at each of its stations; an empty model is any."""

    name: str
    count: int
    model: str = ""

    @property
    def told(self) -> str:
        """Name and model in words."""
        return f"{self.name}（{self.model}）" if self.model else self.name


@dataclass(frozen=True, slots=True)
class Place:
    """A venue and its equipment as the firm entered it, entries {name, model, count, sound}; empty is not entered."""

    name: str
    equipment: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Found:
    """The answer about one need, with what it rests on."""

    need: Need
    answer: Answer
    wanted: int
    sound: int
    fact: str


def equip(needs: Sequence[Need], stations: int, places: Sequence[Place]) -> list[Found]:
    """The answer for each need at so many stations (同时考核工位) at the places together; no places is unknown."""
    return [_found(need, need.count * stations, places) for need in needs]


def overall(found: Sequence[Found]) -> Answer:
    """All needs together: one that is not met decides, then one that is unknown; a task without needs is met."""
    answers = {one.answer for one in found}
    for answer in (Answer.NOT_MET, Answer.UNKNOWN):
        if answer in answers:
            return answer
    return Answer.MET


def _found(need: Need, wanted: int, places: Sequence[Place]) -> Found:
    if not places:
        return Found(need, Answer.UNKNOWN, wanted, 0, "批次没有登记实操场地")
    sound, doubts = 0, [f"{place.name}没有录入设备" for place in places if not place.equipment]
    for place in places:
        for device in place.equipment:
            counted, doubt = _count(need, device)
            sound += counted
            if doubt:
                doubts.append(f"{place.name}的{doubt}")
    if sound >= wanted:
        return Found(need, Answer.MET, wanted, sound, f"完好 {sound} 台（件）")
    if doubts:
        return Found(need, Answer.UNKNOWN, wanted, sound, f"已知完好 {sound} 台（件）；{'；'.join(doubts)}")
    named = "、".join(place.name for place in places)
    return Found(need, Answer.NOT_MET, wanted, sound, f"{named}完好 {sound} 台（件）")


def _count(need: Need, device: Mapping[str, Any]) -> tuple[int, str]:
    """How many of a need an entry surely gives, and why it may give more."""
    if device.get("name") != need.name or device.get("sound") is False:
        return 0, ""
    if need.model and "model" in device and device["model"] != need.model:
        return 0, ""
    lacking = list(_lacking(need, device))
    return (0, f"{need.name}{'、'.join(lacking)}未填") if lacking else (int(device["count"]), "")


def _lacking(need: Need, device: Mapping[str, Any]) -> Iterator[str]:
    if need.model and not device.get("model"):
        yield "型号"
    if not isinstance(device.get("count"), int):
        yield "数量"
    if not isinstance(device.get("sound"), bool):
        yield "是否完好"
