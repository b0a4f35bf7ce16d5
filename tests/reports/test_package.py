"""The filing package: what it holds, that it verifies, and that every planted defect is found and nothing else."""

import io
import json
import random
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.reports import archive, manifest, package
from skilleval.reports.filing import FilingContent, Withheld, filing_templates
from skilleval.reports.findings import FIXES, Finding
from skilleval.reports.fonts import load_fonts
from skilleval.reports.package import verify_package, write_package
from tests.reports.defects import COUNTS, DEFECTS, Expected, Planter, open_tables, repack, reseal
from tests.reports.reading import text_of
from tests.reports.samples import BATCH, clean_content

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fonts() -> Any:
    return load_fonts({})


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory, fonts: Any) -> bytes:
    """A clean package of 80 candidates, as bytes."""
    return write_package(tmp_path_factory.mktemp("package"), clean_content(80), fonts).path.read_bytes()


def _verified(tmp_path: Path, packed: bytes) -> tuple[Finding, ...]:
    file = tmp_path / "package.zip"
    file.write_bytes(packed)
    return verify_package(file).findings


def _sheet(packed: bytes, document: str) -> Any:
    template = filing_templates()[document]
    book = openpyxl.load_workbook(io.BytesIO(archive.unpack(packed)[template.file]))
    return book[template.sheet]


def test_a_clean_package_verifies(tmp_path: Path, clean: bytes) -> None:
    (tmp_path / "package.zip").write_bytes(clean)

    verdict = verify_package(tmp_path / "package.zip")

    assert verdict.findings == ()
    assert verdict.ok
    assert dict(verdict.counts) == {"candidates": 80, "passed": 60, "certificates": 60}
    assert verdict.batch == BATCH


def test_the_same_content_gives_the_same_bytes(tmp_path: Path, fonts: Any) -> None:
    first = write_package(tmp_path / "a", clean_content(), fonts)
    second = write_package(tmp_path / "b", clean_content(), fonts)

    assert first.sha256 == second.sha256


def test_no_part_of_a_package_is_left_behind_when_writing_fails(tmp_path: Path, fonts: Any) -> None:
    content = clean_content()
    line = replace(content.certificates[0], id_type="passport")

    with pytest.raises(RuleBroken, match="没有已确认的代码"):
        write_package(tmp_path, replace(content, certificates=(line,)), fonts)

    assert list(tmp_path.iterdir()) == []


def test_a_grade_without_a_confirmed_code_is_refused(tmp_path: Path, fonts: Any) -> None:
    content = clean_content()
    line = replace(content.certificates[0], grade=Grade.CHIEF_TECHNICIAN)

    with pytest.raises(RuleBroken, match="首席技师没有已确认的上报等级代码"):
        write_package(tmp_path, replace(content, certificates=(line,)), fonts)


def test_the_upload_sheet_has_the_eleven_columns_in_order_and_only_text(clean: bytes) -> None:
    sheet = _sheet(clean, "certificates")

    assert [cell.value for cell in sheet[1]] == [
        "姓名", "证件类型", "证件号码", "所在单位", "职业名称", "工种名称", "职业技能等级", "证书编号", "发证日期",
        "评价机构", "发证机构",
    ]  # fmt: skip
    row = [cell.value for cell in sheet[2]]
    assert row[1] == "201"
    assert row[6] in ("3", "4")
    assert row[8] == "2026-06-23"
    assert all(value is None or isinstance(value, str) for value in row)
    assert sheet["C2"].number_format == "@"


def test_an_empty_employer_is_written_as_other(tmp_path: Path, fonts: Any) -> None:
    content = clean_content()
    line = replace(content.certificates[0], employer="")

    packed = write_package(tmp_path, replace(content, certificates=(line, *content.certificates[1:])), fonts)

    assert _sheet(packed.path.read_bytes(), "certificates")["D2"].value == "其他"
    told = [entry for entry in packed.manifest["left_empty"] if entry["column"] == "所在单位"]
    assert [(entry["rows"], entry["written"]) for entry in told] == [(1, "其他")]


def test_a_name_that_looks_like_a_formula_stays_text(clean: bytes) -> None:
    sheet = _sheet(clean, "candidates")

    found = [cell for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"]
    assert found and all(cell.data_type != "f" for cell in found)


def test_the_manifest_says_what_was_left_empty_and_why(clean: bytes) -> None:
    told = json.loads(archive.unpack(clean)[manifest.NAME])

    reasons = {(entry["file"], entry["column"]): entry["why"] for entry in told["left_empty"]}
    assert reasons["02_考生花名册.xlsx", "照片"] == "照片不写入表格"
    assert reasons["03_成绩汇总.xlsx", "综合评审成绩"].startswith("缺考、未完成")
    assert all(reasons.values())


def test_the_manifest_names_rows_and_hash_of_each_file_and_the_journal_head(clean: bytes) -> None:
    members = archive.unpack(clean)
    told = json.loads(members.pop(manifest.NAME))

    assert {entry["name"] for entry in told["files"]} == set(members)
    assert {entry["name"]: entry["rows"] for entry in told["files"]}["04_证书数据上报表.xlsx"] == 60
    assert told["journal_head"] == "a" * 64
    assert {entry["name"] for entry in told["templates"]} == set(filing_templates())


@pytest.mark.parametrize("kind", [*DEFECTS, *COUNTS])
def test_each_kind_of_defect_is_found_where_it_stands_and_nothing_else(
    kind: str, tmp_path: Path, clean: bytes
) -> None:
    tables = open_tables(clean)
    planter = DEFECTS.get(kind) or COUNTS[kind]

    expected = planter(tables, 0 if kind in COUNTS else 20)

    assert _places(_verified(tmp_path, repack(clean, tables))) == [_place(expected)]


@pytest.mark.parametrize("seed", range(3))
def test_all_defects_planted_together_are_found_and_nothing_else(seed: int, tmp_path: Path, clean: bytes) -> None:
    rng = random.Random(seed)
    tables = open_tables(clean)
    kinds: list[tuple[str, Planter]] = list(DEFECTS.items())
    chosen = rng.sample(kinds[:38], 8)
    rows = rng.sample(range(8, 56), len(chosen))
    expected = [planter(tables, row) for (_, planter), row in zip(chosen, rows, strict=True)]
    expected.append(COUNTS["a count of the form"](tables, rng.randrange(2)))

    assert _places(_verified(tmp_path, repack(clean, tables))) == sorted(map(_place, expected), key=str)


def _place(expected: Expected) -> tuple[str, str, int | None, str]:
    template = filing_templates()[expected.document]
    heading = next((column.heading for column in template.columns if column.key == expected.key), expected.key)
    row = expected.row + template.heading_row + 1 if expected.row is not None else None
    return expected.code, template.file, row, heading


def _places(findings: tuple[Finding, ...]) -> list[tuple[str, str, int | None, str]]:
    return sorted(((one.code, one.file, one.row, one.heading) for one in findings), key=str)


def test_a_finding_names_the_column_letter_and_masks_the_number(tmp_path: Path, clean: bytes) -> None:
    tables = open_tables(clean)
    DEFECTS["check digit of a candidate"](tables, 4)

    finding = _verified(tmp_path, repack(clean, tables))[0]

    assert (finding.row, finding.column, finding.heading) == (7, "F", "证件号码")
    assert finding.value.startswith("440999****")
    assert finding.place == "02_考生花名册.xlsx 第7行 F列“证件号码”"


def test_any_changed_byte_is_found(tmp_path: Path, clean: bytes) -> None:
    rng = random.Random(1)

    for position in [0, len(clean) - 1, *rng.sample(range(len(clean)), 25)]:
        changed = bytearray(clean)
        changed[position] ^= 1 << rng.randrange(8)
        assert _verified(tmp_path, bytes(changed)), f"byte {position}"


def test_a_changed_member_with_a_right_checksum_is_found_by_its_hash(tmp_path: Path, clean: bytes) -> None:
    members = archive.unpack(clean)
    name = "07_上报函.pdf"
    members[name] = members[name].replace(b"%PDF-1.", b"%PDF-2.", 1)

    findings = _verified(tmp_path, archive.pack(members))

    assert [(one.code, one.file) for one in findings] == [("hash", name)]


def test_a_changed_manifest_is_found_by_its_seal(tmp_path: Path, clean: bytes) -> None:
    members = archive.unpack(clean)
    members[manifest.NAME] = members[manifest.NAME].replace(b'"journal_head": "aaa', b'"journal_head": "baa')

    assert [one.code for one in _verified(tmp_path, archive.pack(members))] == ["manifest"]


def test_missing_and_foreign_members_are_named(tmp_path: Path, clean: bytes) -> None:
    members = archive.unpack(clean)
    del members["06_公示名单.pdf"]
    members["附加.txt"] = b"x"

    found = {(one.code, one.file) for one in _verified(tmp_path, archive.pack(members))}

    assert found == {("member-missing", "06_公示名单.pdf"), ("member-foreign", "附加.txt")}


def test_a_changed_heading_is_named_with_its_column(tmp_path: Path, clean: bytes) -> None:
    members = archive.unpack(clean)
    told = manifest.parse(members[manifest.NAME])
    book = openpyxl.load_workbook(io.BytesIO(members["04_证书数据上报表.xlsx"]))
    book["证书数据"]["D1"] = "单位"
    file = io.BytesIO()
    book.save(file)
    members["04_证书数据上报表.xlsx"] = file.getvalue()

    findings = _verified(tmp_path, reseal(members, told, {}))

    assert [(one.code, one.row, one.column, one.value) for one in findings] == [("headings", 1, "D", "单位")]


def test_a_number_cell_in_an_identifier_column_is_found(tmp_path: Path, clean: bytes) -> None:
    members = archive.unpack(clean)
    told = manifest.parse(members[manifest.NAME])
    book = openpyxl.load_workbook(io.BytesIO(members["02_考生花名册.xlsx"]))
    book["考生花名册"]["F5"] = 440999199001010010
    file = io.BytesIO()
    book.save(file)
    members["02_考生花名册.xlsx"] = file.getvalue()

    findings = _verified(tmp_path, reseal(members, told, {}))

    assert [(one.code, one.row, one.column) for one in findings] == [("cell", 5, "F")]


def test_rows_other_than_the_manifest_says_are_found(tmp_path: Path, clean: bytes) -> None:
    members = archive.unpack(clean)
    told = manifest.parse(members[manifest.NAME])

    findings = _verified(tmp_path, reseal(members, told, {"06_公示名单.xlsx": 61}))

    assert [(one.code, one.file) for one in findings] == [("row-count", "06_公示名单.xlsx")]


@pytest.mark.parametrize(
    ("section", "key", "value", "code"),
    [
        ("left_empty", 0, {"file": "01_评价计划.xlsx", "column": "工种", "rows": 9, "why": "x"}, "left-empty"),
        ("batch", "grades", ["senior"], "manifest-disagrees"),
        ("parts", slice(0, 2), [], "parts"),
        ("parts", 0, "x", "manifest"),
        ("withheld", slice(0, 0), [{"admission_number": "2026-DG-01-9999", "why": "x"}], "withheld"),
        ("withheld", slice(0, 0), [{"admission_number": "2026-DG-01-0001", "why": "x"}], "withheld"),
        ("withheld", slice(0, 0), ["x"], "manifest"),
        ("notice", "working_days", 9, "date-order"),
        ("notice", "content_hash", "x", "manifest-disagrees"),
        ("filing", "version", 2, "manifest-disagrees"),
    ],
)
def test_a_manifest_that_the_files_deny_is_not_called_ok(
    section: str, key: Any, value: Any, code: str, tmp_path: Path, clean: bytes
) -> None:
    members = archive.unpack(clean)
    told = manifest.parse(members[manifest.NAME])
    told[section][key] = value

    assert code in {one.code for one in _verified(tmp_path, reseal(members, told, {}))}


def test_what_stands_outside_the_table_is_found(tmp_path: Path, clean: bytes) -> None:
    for changed, code in (("A1", "title"), ("AG5", "cell"), ("", "workbook")):
        members = archive.unpack(clean)
        told = manifest.parse(members[manifest.NAME])
        book = openpyxl.load_workbook(io.BytesIO(members["03_成绩汇总.xlsx"]))
        if changed:
            book["成绩汇总"][changed] = "假"
        else:
            book.create_sheet("附表")
        file = io.BytesIO()
        book.save(file)
        members["03_成绩汇总.xlsx"] = file.getvalue()

        found = [one.code for one in _verified(tmp_path, reseal(members, told, {}))]

        assert found == [code]


def test_a_file_listed_twice_or_with_another_size_is_found(tmp_path: Path, clean: bytes) -> None:
    members = archive.unpack(clean)
    told = manifest.parse(members[manifest.NAME])
    twice = {**told, "files": [*told["files"], told["files"][0]]}
    size = {**told, "files": [{**told["files"][0], "bytes": 1}, *told["files"][1:]]}

    for forged in (twice, size):
        forged["seal"] = manifest.seal(forged)
        packed = archive.pack({**members, manifest.NAME: manifest.canonical(forged)})
        assert [one.code for one in _verified(tmp_path, packed)] == ["manifest-disagrees"]


def test_a_template_of_another_version_is_not_called_ok(tmp_path: Path, clean: bytes) -> None:
    members = archive.unpack(clean)
    told = manifest.parse(members[manifest.NAME])
    told["templates"][0]["version"] = 99

    assert [one.code for one in _verified(tmp_path, reseal(members, told, {}))] == ["template"]


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"hello" * 100, b"PK\x03\x04" + bytes(200)], ids=["empty", "two bytes", "text", "broken"]
)
def test_what_is_no_package_is_said_to_be_none(content: bytes, tmp_path: Path) -> None:
    assert [one.code for one in _verified(tmp_path, content)] == ["not-a-package"]


def test_an_archive_packed_again_by_other_software_is_not_accepted(tmp_path: Path, clean: bytes) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as again:
        for name, content in archive.unpack(clean).items():
            again.writestr(name, content)

    assert [one.code for one in _verified(tmp_path, file.getvalue())] == ["not-a-package"]


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("manifest.json", bytes(50_000_000))

    assert [one.code for one in _verified(tmp_path, file.getvalue())] == ["not-a-package"]


def test_who_passed_without_a_certificate_is_accepted_only_with_a_reason(tmp_path: Path, fonts: Any) -> None:
    content = clean_content()
    gone = content.results[0]
    results = (replace(gone, certificate_number="", issued_on=None), *content.results[1:])
    without = replace(content, results=results, certificates=content.certificates[1:])
    excused = replace(without, withheld=(Withheld(gone.admission_number, "证书已作废：照片有误"),))

    found = verify_package(write_package(tmp_path / "a", without, fonts).path).findings
    accepted = verify_package(write_package(tmp_path / "b", excused, fonts).path).findings

    assert [one.code for one in found] == ["outcome-certificate"]
    assert accepted == ()


def test_the_letter_says_who_has_no_certificate_and_which_version_it_replaces(tmp_path: Path, fonts: Any) -> None:
    gone = clean_content().results[0]
    withheld = (Withheld(gone.admission_number, "证书已作废：照片有误"),)
    second = replace(clean_content(version=2), withheld=withheld, supersedes="d" * 64)
    texts = []
    for content in (clean_content(), second):
        file = tmp_path / "letter.pdf"
        packed = write_package(tmp_path / str(content.version), content, fonts).path.read_bytes()
        file.write_bytes(archive.unpack(packed)["07_上报函.pdf"])
        texts.append("".join(text_of(file).split()))

    assert "另有1人未持有有效证书" in texts[1] and "取代此前报送的第1版" in texts[1]
    assert "未持有有效证书" not in texts[0] and "取代" not in texts[0]
    assert "2026年6月15日至2026年6月22日公示5个工作日" in texts[0]


@pytest.mark.parametrize(
    ("earlier", "changed"),
    [
        ("备案有效期", {"valid_to": date(2026, 6, 11)}),
        ("备案有效期", {"valid_from": date(2026, 6, 9)}),
    ],
)
def test_a_registration_that_does_not_cover_the_batch_is_found(
    earlier: str, changed: dict[str, date], tmp_path: Path, fonts: Any
) -> None:
    content: FilingContent = clean_content()
    content = replace(content, filer=replace(content.filer, **changed))

    findings = verify_package(write_package(tmp_path, content, fonts).path).findings

    assert [one.code for one in findings] == ["date-order"]
    assert earlier in findings[0].message


def test_every_kind_of_finding_has_words_on_what_to_do() -> None:
    planted = {"hash", "manifest", "not-a-package", "headings", "row-count", "template", "member-missing"}

    assert all(FIXES.values())
    assert planted <= FIXES.keys()


def test_the_package_name_holds_nothing_a_file_system_refuses() -> None:
    content = clean_content()
    plan = replace(content.plan[0], batch_number="2026/一:批*..\\1")

    assert package.package_name(replace(content, plan=(plan,))) == "上报材料_91440999MA0000015E_2026-一-批----1_v1.zip"
