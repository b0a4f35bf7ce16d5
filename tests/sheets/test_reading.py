import io
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from skilleval.domain.errors import RuleBroken
from skilleval.sheets.columns import Column, Report, are_tidy, read_cell
from skilleval.sheets.reading import read_sheets, read_table
from skilleval.sheets.writing import FormSheet, write_errors, write_form
from tests.conftest import skip_without

COLUMNS = (
    Column("name", "姓名", required=True, example="张三"),
    Column("number", "证件号码", "digits", required=True, synonyms=("身份证号", "身份证号码"), personal=True),
    Column("hired", "入职日期", "date", synonyms=("入职时间",)),
    Column("kind", "用工形式", "choice", choices={"合同": "contract", "派遣": "dispatched"}),
    Column("grade", "现持等级", "grade", choices={"无": "none"}),
    Column("years", "年限", "integer"),
    Column("mark", "成绩", "mark"),
    Column("matching", "专业对口", "yes_no"),
)
ID = "440999199001010010"


def workbook(path: Path, rows: list[list[object]], sheet: str = "花名册") -> Path:
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False})
    page = book.add_worksheet(sheet)
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if isinstance(cell, date):
                page.write_datetime(row, column, cell, day)
            elif isinstance(cell, str):
                page.write_string(row, column, cell)
            elif cell is not None:
                page.write_number(row, column, cell)
    book.close()
    return path


def only(path: Path, header: str, cell: object) -> object:
    """The value read from one cell, or the code of its error."""
    table = read_table(workbook(path, [["姓名", "证件号码", header], ["张三", ID, cell]]), COLUMNS)
    key = next(column.key for column in COLUMNS if column.header == header)
    return table.errors[0].code if table.errors else table.rows[0][1][key]


@pytest.mark.parametrize(
    ("header", "cell", "value"),
    [
        ("入职日期", date(2025, 6, 1), date(2025, 6, 1)),
        ("入职日期", "2025-06-01", date(2025, 6, 1)),
        ("入职日期", "2025/6/1", date(2025, 6, 1)),
        ("入职日期", "2025.6.1", date(2025, 6, 1)),
        ("入职日期", "2025年6月1日", date(2025, 6, 1)),
        ("入职日期", "２０２５０６０１", date(2025, 6, 1)),
        ("入职日期", 20250601.0, date(2025, 6, 1)),
        ("入职日期", "2025-06-01 00:00:00", date(2025, 6, 1)),
        ("入职日期", "2025年6月", "date"),
        ("入职日期", "2023-02-29", "date"),
        ("入职日期", "1025-06-01", "date"),
        ("入职日期", "2026-W01-1", "date"),
        ("入职日期", "昨天", "date"),
        ("用工形式", "　合同 ", "contract"),
        ("用工形式", "临时", "choice"),
        ("现持等级", "三级（高级工）", "senior"),
        ("现持等级", 3.0, "senior"),
        ("现持等级", "无", "none"),
        ("现持等级", "九级", "grade"),
        ("年限", 3.0, 3),
        ("年限", "3.5", "integer"),
        ("成绩", 86.5, 8650),
        ("成绩", "59.99", 5999),
        ("成绩", "59.995", "mark"),
        ("成绩", "优", "mark"),
        ("专业对口", "是", True),
        ("专业对口", "也许", "yes_no"),
    ],
)
def test_a_cell_is_read_in_its_usual_spellings(tmp_path: Path, header: str, cell: object, value: object) -> None:
    assert only(tmp_path / "a.xlsx", header, cell) == value


@pytest.mark.parametrize("kind", ["text", "digits"])
@pytest.mark.parametrize(
    "cell",
    ["张三", "䶮", "A1", "a1", "1E5", "E12345678", "440999199001010010", " x", "x ", "a b", "a  b", "　张", "张\u00a0三",
     "１２３", "（甲）", "a-b", "'1", "x\x07", "x\ud800", "x\ue000", "\t", "", " ", None, 1.0, "ß", "ǆ"],
)  # fmt: skip
def test_cells_that_pass_as_tidy_are_read_as_they_stand(cell: str, kind: str) -> None:
    column = Column("x", "列", kind, required=True)

    if are_tidy([cell, "甲" if kind == "text" else "1"], column):
        assert read_cell(cell, column) == cell


def test_most_columns_pass_as_tidy() -> None:
    assert are_tidy(["张三", "买买提·艾合买提江", "𠮷野家"], Column("name", "姓名"))
    assert are_tidy([ID, "44099919900101001X"], Column("number", "证件号码", "digits"))


def test_a_number_cell_in_a_column_of_numbers_is_refused_because_its_digits_are_lost(tmp_path: Path) -> None:
    table = read_table(workbook(tmp_path / "a.xlsx", [["姓名", "身份证号"], ["张三", 440999199001010010.0]]), COLUMNS)

    assert [error.code for error in table.errors] == ["number_cell"]
    assert table.errors[0].column == "B" and table.errors[0].row == 2 and table.errors[0].header == "身份证号"
    assert "199001" not in table.errors[0].value


@pytest.mark.parametrize("text", ["4.40999E+17", "4.4E17"])
def test_scientific_notation_typed_as_text_is_refused_too(tmp_path: Path, text: str) -> None:
    table = read_table(workbook(tmp_path / "a.xlsx", [["姓名", "证件号码"], ["张三", text]]), COLUMNS)

    assert [error.code for error in table.errors] == ["number_cell"]


@pytest.mark.parametrize("name", ["䶮", "𠮷野家", "买买提·艾合买提江", "上官婉儿", "=1+1", "欧阳 娜"])
def test_a_name_is_kept_as_it_is(tmp_path: Path, name: str) -> None:
    table = read_table(workbook(tmp_path / "a.xlsx", [["姓名", "证件号码"], [name, ID]]), COLUMNS)

    assert table.rows[0][1]["name"] == name


def test_all_errors_are_reported_at_once_and_good_rows_kept(tmp_path: Path) -> None:
    rows = [["姓名", "证件号码", "年限"], ["", 1.0, "x"], ["张三", ID, 1.0], ["", ID, 2.0]]

    table = read_table(workbook(tmp_path / "a.xlsx", rows), COLUMNS)

    assert [(error.row, error.column, error.code) for error in table.errors] == [
        (2, "A", "required"), (2, "B", "number_cell"), (2, "C", "integer"), (4, "A", "required"),
    ]  # fmt: skip
    assert [number for number, _values in table.rows] == [3]
    assert (table.read, table.skipped, table.failed) == (3, 0, {2, 4})


def test_title_rows_blank_rows_examples_and_totals_are_passed_over(tmp_path: Path) -> None:
    rows = [
        ["某厂花名册"], ["制表：人力资源部"], [], ["姓　名*", "公民身份号码", "证件号码（必填）"], ["示例：张三", "", ID],
        [], ["李四", "", ID], ["合计", "", "1人"],
    ]  # fmt: skip

    table = read_table(workbook(tmp_path / "a.xlsx", rows), COLUMNS)

    assert [(number, values["name"]) for number, values in table.rows] == [(7, "李四")]
    assert (table.read, table.skipped) == (3, 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_text_files_are_read_in_their_encodings(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_text(f"姓名,身份证号码,入职时间\n陈䶮,{ID},2025.6.1\n", encoding=encoding)

    table = read_table(tmp_path / "a.csv", COLUMNS)

    assert table.rows == [(2, {"name": "陈䶮", "number": ID, "hired": date(2025, 6, 1)})]


def test_a_header_that_is_missing_or_stands_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuleBroken) as missing:
        read_table(workbook(tmp_path / "a.xlsx", [["姓名", "年限"], ["张三", 1.0]]), COLUMNS)
    with pytest.raises(RuleBroken) as twice:
        read_table(workbook(tmp_path / "b.xlsx", [["姓名", "身份证号", "证件号码"], ["张三", ID, ID]]), COLUMNS)

    assert "缺少表头“证件号码”" in missing.value.reasons[0]
    assert "出现了 2 次：B列“身份证号”、C列“证件号码”" in twice.value.reasons[0]


def test_two_rows_of_headings_read_as_one(tmp_path: Path) -> None:
    rows = [
        ["某厂花名册"], ["姓名", "身份证号", "现持证书", None, "备注"], [None, None, "等级", "成绩", None],
        ["李四", ID, "三级", 86.5, "x"],
    ]  # fmt: skip
    columns = (*COLUMNS[:2], Column("held", "现持证书等级", "grade"), Column("mark", "现持证书成绩", "mark"))

    table = read_table(workbook(tmp_path / "a.xlsx", rows), columns)

    assert table.rows == [(4, {"name": "李四", "number": ID, "held": "senior", "mark": 8650})]
    assert table.ignored == ("E列“备注”",)
    assert table.report().notes == ["工作表“花名册”的E列“备注”没有使用"]


def test_the_sheet_that_has_the_headings_is_read_whatever_stands_before_it(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["姓名", "入职日期", "用工形式", "年限"])
    second = book.create_sheet("花名册")
    second.append(["姓名", "身份证号"])
    second.append(["李四", ID])
    book.save(tmp_path / "a.xlsx")

    assert read_table(tmp_path / "a.xlsx", COLUMNS).rows == [(2, {"name": "李四", "number": ID})]


def test_a_form_for_something_else_or_of_an_older_kind_is_refused(tmp_path: Path) -> None:
    path = write_form(tmp_path / "form.xlsx", [FormSheet("花名册", COLUMNS)], "people/1", [])

    with pytest.raises(RuleBroken, match="是另一种模板"):
        read_table(path, COLUMNS, template_id="candidates/1")
    with pytest.raises(RuleBroken, match="这里需要 people/2"):
        read_table(path, COLUMNS, template_id="people/2")
    with pytest.raises(RuleBroken, match="是另一种模板"):
        read_sheets(path, template_id="marks/1 2026-DG-01")


def refused(path: Path) -> str:
    with pytest.raises(RuleBroken) as refusal:
        read_sheets(path)
    return refusal.value.message


def test_files_that_are_no_workbooks_are_refused_with_advice(tmp_path: Path) -> None:
    cases = {
        "empty.xlsx": (b"", "空文件"),
        "text.xlsx": ("姓名".encode(), "不是有效的 Excel 工作簿"),
        "old.xlsx": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "另存为"),  # .xls renamed, or encrypted
        "scan.xlsx": (b"%PDF-1.7", "PDF"),
        "image.csv": (b"\x89PNG\x00\x00", "不是文本"),
        "broken.xlsx": (b"PK\x03\x04" + b"x" * 100, "已损坏"),
        "latin.csv": (b"\xff\xfe\xfd" * 3, "编码"),
        "quote.csv": ('姓名,备注\n陈一,"无\n李二,无\n'.encode(), "双引号没有成对"),
        "blank.csv": (b" \r\n" * 100_000, "只有空白"),
        "endless.csv": ("姓名".encode() + b"\r\n" + b",\r\n" * 300_000, "删除空白的行"),
    }
    for name, (content, words) in cases.items():
        (tmp_path / name).write_bytes(content)
        assert words in refused(tmp_path / name), name
    assert "找不到" in refused(tmp_path / "none.xlsx")


def test_a_cell_as_long_as_a_file_is_an_error_of_its_row_and_is_not_printed_whole(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"姓名,证件号码,备注\n{'张' * 200_000},{'8' * 200_000},x\n", encoding="utf-8")

    table = read_table(tmp_path / "a.csv", COLUMNS)
    table.fail(2, "number", "8" * 200_000, "id_length", "应为18位")

    assert all(len(error.value) <= 40 for error in table.errors)


def zipped(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"readme.txt": b"x"}, "不是 Excel 工作簿"),
        ({"xl/workbook.xml": b"x", "xl/vbaProject.bin": b"x"}, ".xlsm"),
        ({"xl/workbook.bin": b"x"}, ".xlsb"),
        ({"xl/workbook.xml": b"x", "inner.zip": b"x"}, "不应有的文件"),
        ({"xl/workbook.xml": b"x", "../up.xml": b"x"}, "不应有的文件"),
        ({"xl/workbook.xml": b"x"} | {f"{n}.xml": b"" for n in range(2001)}, "过大"),
        ({"xl/workbook.xml": b"\0" * 30_000_000}, "压缩炸弹"),
        ({"xl/workbook.xml": b"<x"}, "不能作为 Excel 工作簿读取"),
    ],
)
def test_archives_that_are_not_what_they_should_be_are_refused(
    tmp_path: Path, entries: dict[str, bytes], words: str
) -> None:
    assert words in refused(zipped(tmp_path / "a.xlsx", entries))


def with_sheet(path: Path, xml: str) -> Path:
    """A small workbook whose one sheet is replaced."""
    workbook(path, [["姓名"]])
    content = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(content) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry, xml if entry.filename == "xl/worksheets/sheet1.xml" else source.read(entry))
    return path


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
FAR = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


def test_a_tiny_workbook_that_uses_the_whole_sheet_only_kills_the_child(tmp_path: Path) -> None:
    path = with_sheet(tmp_path / "far.xlsx", SHEET.format(FAR))

    assert path.stat().st_size < 10_000
    assert "范围" in refused(path) or "过大" in refused(path)


@pytest.mark.slow
def test_megabytes_of_blanks_are_refused_or_read_as_empty(tmp_path: Path) -> None:
    blanks = "".join(f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>   </t></is></c></row>' for n in range(1, 280_000))
    path = with_sheet(tmp_path / "blank.xlsx", SHEET.format(blanks))

    with pytest.raises(RuleBroken):
        read_table(path, COLUMNS)


def test_a_form_passes_its_own_import_and_its_example_is_skipped(tmp_path: Path) -> None:
    path = write_form(tmp_path / "form.xlsx", [FormSheet("花名册", COLUMNS)], "people/1", ["说明"])

    table = read_table(path, COLUMNS)

    assert (table.rows, table.errors, table.skipped) == ([], [], 1)
    book = openpyxl.load_workbook(path)
    assert book["skilleval"].sheet_state == "veryHidden" and book["skilleval"]["A1"].value == "people/1"
    assert book["花名册"]["B2"].number_format == "@"
    assert any("合同" in rule.formula1 for rule in book["花名册"].data_validations.dataValidation)
    assert "填写说明" in book.sheetnames


def test_values_written_into_a_form_read_back(tmp_path: Path) -> None:
    values = {"name": "=1+1", "number": ID, "hired": date(2025, 6, 1), "kind": "contract", "grade": "none", "years": 3,
              "mark": 5999, "matching": False}  # fmt: skip
    path = write_form(tmp_path / "form.xlsx", [FormSheet("花名册", COLUMNS, [values])], "people/1", [])

    assert read_table(path, COLUMNS).rows == [(3, values)]


def test_the_errors_workbook_marks_exactly_the_rows_that_failed(tmp_path: Path) -> None:
    source = workbook(tmp_path / "a.xlsx", [["某厂"], ["姓名", "证件号码"], ["", ID], ["张三", ID], ["李四", 1.0]])
    table = read_table(source, COLUMNS)

    write_errors(tmp_path / "errors.xlsx", source, table.errors)

    page = openpyxl.load_workbook(tmp_path / "errors.xlsx")["花名册"]
    assert page["C2"].value == "错误原因"
    assert [row for row in range(1, page.max_row + 1) if page.cell(row, 3).value and row != 2] == [3, 5]
    assert page["A3"].comment is not None and "必填" in page["A3"].comment.text
    assert page["B3"].value == ID


@pytest.mark.slow
def test_a_wrong_number_or_date_is_coloured_as_a_wrong_text_is(tmp_path: Path) -> None:
    rows = [["姓名", "证件号码", "入职日期"], ["张三", 440999199001010010.0, date(2020, 1, 1)], ["", ID, ""]]
    source = workbook(tmp_path / "a.xlsx", rows)
    errors = read_table(source, COLUMNS).errors
    hired = replace(errors[0], column="C", header="入职日期", message="早于出生日期")

    write_errors(tmp_path / "errors.xlsx", source, [*errors, hired])

    page = openpyxl.load_workbook(tmp_path / "errors.xlsx")["花名册"]
    assert {page[cell].fill.start_color.rgb for cell in ("B2", "C2", "A3", "D2")} == {"FFFFC7CE"}
    assert page["D2"].alignment.wrap_text
    assert page.freeze_panes == "A2"


@pytest.mark.slow
def test_a_form_saved_by_another_program_still_imports(tmp_path: Path) -> None:
    skip_without("soffice")
    values = {"name": "买买提·艾合买提江", "number": ID, "hired": date(2025, 6, 1), "kind": "contract", "years": 3}
    source = write_form(tmp_path / "form.xlsx", [FormSheet("花名册", COLUMNS, [values])], "people/1", ["说明"])
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"

    subprocess.run(
        [shutil.which("soffice") or "", profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML",
         "--outdir", str(tmp_path / "saved"), str(source)], check=True, capture_output=True, timeout=120,
    )  # fmt: skip

    [(_number, read)] = read_table(tmp_path / "saved" / "form.xlsx", COLUMNS).rows
    assert {key: value for key, value in read.items() if value is not None} == values


def test_counts_of_a_report_add_up_or_it_says_so() -> None:
    assert Report(read=6, new=1, changed=1, unchanged=1, failed=2, skipped=1).adds_up
    assert not Report(read=6, new=1).adds_up
