"""The files of the demo are those that a user writes: they read back as what was meant."""

import tomllib
from datetime import date
from pathlib import Path

import pytest

from skilleval.demo.files import write_toml
from skilleval.demo.firms import LEAD, MOTORS, SUPPLIERS, Firm, firm_content
from skilleval.demo.people import MOULD_MAKER, make_person
from skilleval.domain.identifiers import birth_date_of, credit_code_error, id_error
from skilleval.domain.ladder import Grade
from skilleval.services.firm_file import check_firm


def test_a_written_file_reads_back_as_what_was_meant(tmp_path: Path) -> None:
    content = {
        "number": "2026-\"引号\"\\-01", "planned": 40, "score": 26.5, "must": True, "starts_on": date(2026, 6, 8), "venues": ["甲", "乙"],
        "empty": [], "rule": {"name": "办法"}, "line": [{"text": "一", "agreement": {"rule": "mean"}}, {"part": [{"grades": ["高级工"]}]}],
    }  # fmt: skip

    file = write_toml(tmp_path / "文件" / "a.toml", content)

    assert tomllib.loads(file.read_text(encoding="utf-8")) == content


@pytest.mark.parametrize("firm", [LEAD, *SUPPLIERS], ids=lambda firm: firm.file)
def test_every_firm_of_the_demo_has_a_file_without_an_error(firm: Firm) -> None:
    content = firm_content(firm, 1)

    assert credit_code_error(firm.credit_code) is None
    assert ("registration" in content) is (firm is not MOTORS)
    # Of the lead alone: nobody has established the letters of the two top grades.
    assert ["特级技师、首席技师" in reminder for reminder in check_firm(content)] == [True] * (firm is LEAD)


def test_somebody_with_a_part_has_the_facts_given_and_a_number_of_nobody() -> None:
    taken: set[str] = set()

    one, other = (
        make_person(index, 1, MOULD_MAKER, since=date(2012, 3, 1), held=held, held_on=date(2019, 5, 20),
                    aim=Grade.TECHNICIAN, taken=taken)
        for index, held in ((9001, Grade.SENIOR), (9002, None))
    )  # fmt: skip

    assert (one.holdings[0].level, one.holdings[0].obtained_on) == ("senior", date(2019, 5, 20))
    assert other.holdings[0].level == "none"
    assert taken == {one.id_number[:17], other.id_number[:17]}
    assert id_error("resident_id", one.id_number) is None and one.birth_date == birth_date_of(one.id_number)
