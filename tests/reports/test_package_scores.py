"""The scores (评分明细) of a package: clean as they are, and whatever is altered and sealed anew is found."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from skilleval.reports import archive, manifest
from skilleval.reports.filing import documents_of, filing_templates
from skilleval.reports.findings import Finding
from skilleval.reports.fonts import load_fonts
from skilleval.reports.package import verify_package, write_package
from skilleval.reports.package_marks import marks_hold
from skilleval.reports.package_scores import scores_hold
from skilleval.reports.package_sheets import read_sheet
from skilleval.reports.scores import read_scheme
from tests.reports.defects import Tables, open_tables, repack, reseal, written_again
from tests.reports.samples import clean_content
from tests.reports.scored import decided_content, scored_content

FILE = "08_评分明细.xlsx"
KEYS = {name: [column.key for column in filing_templates()[name].columns] for name in ("scores", "results")}
HEADINGS = {column.key: column.heading for column in filing_templates()["scores"].columns}


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_package(tmp_path_factory.mktemp("scored"), scored_content(), load_fonts({})).path.read_bytes()


@pytest.fixture
def tables(packed: bytes) -> Tables:
    return open_tables(packed)


def found_in(packed: bytes, tables: Tables, change: Callable[[dict[str, Any]], None] | None = None) -> list[Finding]:
    """What the rule alone finds in tables, without packing them; ``change`` alters the manifest."""
    told = manifest.parse(archive.unpack(packed)[manifest.NAME])
    if change is not None:
        change(told)
    sheets, wrong = {}, []
    for name, rows in tables.items():
        template = filing_templates()[name]
        head = [*([["标题"]] if template.title else []), [column.heading for column in template.columns]]
        sheets[name], read = read_sheet(template, [*head, *rows])
        wrong += read
    return [*wrong, *scores_hold(sheets, told), *marks_hold(sheets, told)]


def findings(packed: bytes, folder: Path) -> tuple[Finding, ...]:
    path = folder / "package.zip"
    path.write_bytes(packed)
    return verify_package(path).findings


def row_of(tables: Tables, place: int = 1, **wanted: str) -> int:
    """The index of the ``place``-th row whose cells are as wanted."""
    found = [
        index for index, cells in enumerate(tables["scores"])
        if all(cells[KEYS["scores"].index(key)] == value for key, value in wanted.items())
    ]  # fmt: skip
    return found[place - 1]


def put(tables: Tables, document: str, row: int, key: str, value: object) -> None:
    cells = tables[document][row]
    assert cells[KEYS[document].index(key)] != value
    cells[KEYS[document].index(key)] = value


def test_a_package_with_schemes_has_every_line_and_verifies(packed: bytes, tmp_path: Path) -> None:
    rows = open_tables(packed)["scores"]
    kinds = [cells[KEYS["scores"].index("kind")] for cells in rows]

    assert findings(packed, tmp_path) == ()
    # per sheet: six criteria, or a veto's three rows; four values; three observations; then marks, then the part
    assert {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)} == {
        "得分项": 15, "扣分项": 6, "考评员评分": 10, "部分成绩": 6, "业绩指标": 8, "过程观察": 6, "安全否决项": 3, "封顶或否决": 3,
    }  # fmt: skip
    first = dict(zip(KEYS["scores"], rows[row_of(open_tables(packed), item="5")], strict=True))
    assert (first["item_name"], first["maximum"], first["each"], first["cap"], first["entered"], first["points"]) == (
        "工具使用不当", 5, 1.5, 5, "1", 3.5,
    )  # fmt: skip


def test_a_package_without_schemes_is_as_it_was(tmp_path: Path) -> None:
    plain = write_package(tmp_path, clean_content(4), load_fonts({})).path.read_bytes()

    assert FILE not in archive.unpack(plain) and "scores" not in documents_of(())
    assert manifest.parse(archive.unpack(plain)[manifest.NAME])["schemes"] == []
    assert findings(plain, tmp_path) == ()


def test_without_a_change_there_is_no_finding(packed: bytes, tables: Tables, tmp_path: Path) -> None:
    assert findings(written_again(packed, tables), tmp_path) == ()
    assert found_in(packed, tables) == []


@pytest.mark.parametrize(
    ("row", "key", "value", "told_at"),
    [
        ({"item": "1"}, "entered", "19.00", "points"),
        ({"item": "1"}, "entered", "20.01", "mark"),
        ({"item": "1"}, "entered", "18.0", "mark"),
        ({"item": "1"}, "points", 19, "points"),
        ({"item": "1"}, "maximum", 30, "maximum"),
        ({"item": "1"}, "item", "9", "mark"),
        ({"item": "1"}, "item", "2", "mark"),
        ({"item": "1"}, "item_name", "元件拆除", "item_name"),
        ({"item": "1"}, "group", "故障排除", "group"),
        ({"item": "1"}, "text", "1 元件安装：19.00 / 20.00", "text"),
        ({"item": "1"}, "kind", "扣分项", "kind"),
        ({"item": "1"}, "scheme", "别的评分表（第 1 版）", "scheme"),
        ({"item": "5"}, "each", 1, "each"),
        ({"item": "5"}, "cap", 4, "cap"),
        ({"item": "5"}, "entered", "2", "points"),
        ({"item": "F1"}, "entered", "否", "entered"),
        ({"item": "A"}, "entered", "98.5", "text"),
        ({"item": "A"}, "entered", "101", "mark"),
        ({"item": "A"}, "band", "不低于 95", "band"),
        ({"item": "A"}, "weight", 50, "weight"),
        ({"item": "A"}, "period_weight", 60, "period_weight"),
        ({"item": "A"}, "period", "评价前半年", "mark"),
        ({"item": "RC"}, "entered", "75.00", "points"),
        ({"item": "RC"}, "day", "2026-06-07", "mark"),
        ({"item": "RC"}, "day", "2026-06-09", "text"),
        ({"item": "RC"}, "observer", "K3", "text"),
        ({"item": "RC"}, "weight", 2, "weight"),
        ({"kind": "考评员评分"}, "points", 93.01, "points"),
        ({"kind": "部分成绩"}, "points", 93, "points"),
        ({"kind": "部分成绩"}, "how", "中位数", "how"),
        ({"kind": "部分成绩"}, "text", "技能操作考核：92.17", "text"),
        ({"item": "1"}, "method", "综合评审", "method"),
    ],
)
def test_a_cell_altered_and_sealed_anew_is_found_where_it_stands(
    row: dict[str, str], key: str, value: object, told_at: str, packed: bytes, tables: Tables
) -> None:
    place = row_of(tables, **row)
    put(tables, "scores", place, key, value)

    found = found_in(packed, tables)

    # "mark" stands for the row of the assessor's mark: the sheet as a whole gives none
    kinds = [cells[KEYS["scores"].index("kind")] for cells in tables["scores"]]
    told = (place, HEADINGS[told_at]) if told_at != "mark" else (kinds.index("考评员评分", place), HEADINGS["points"])
    assert [(one.code, one.file) for one in found[:1]] == [("scores", FILE)]
    assert ((found[0].row or 0) - 3, found[0].heading) == told
    # a row that went to another part is missed in its own as well
    assert len(found) == (1 if key != "method" else 2)


@pytest.mark.parametrize("row", [{"item": "1"}, {"item": "5"}, {"item": "B"}, {"item": "JD"}, {"kind": "考评员评分"}, {"kind": "部分成绩"}])
def test_a_row_taken_out_is_found(row: dict[str, str], packed: bytes, tables: Tables) -> None:
    del tables["scores"][row_of(tables, **row)]

    assert [one.code for one in found_in(packed, tables)] == ["scores"]


def test_a_row_put_in_is_found(packed: bytes) -> None:
    for wanted in ({"item": "1"}, {"item": "RC"}, {"kind": "封顶或否决"}, {"kind": "部分成绩"}):
        tables = open_tables(packed)
        place = row_of(tables, **wanted)
        tables["scores"].insert(place, list(tables["scores"][place]))

        assert [one.code for one in found_in(packed, tables)] == ["scores"]


def test_a_finding_shows_the_word_of_the_cell(packed: bytes, tables: Tables, tmp_path: Path) -> None:
    put(tables, "scores", row_of(tables, kind="部分成绩", method="技能操作考核"), "how", "中位数")

    [found] = findings(repack(packed, tables), tmp_path)

    assert (found.heading, found.value) == ("取分办法", "中位数")


def test_a_sheet_or_a_whole_part_taken_out_is_found(packed: bytes) -> None:
    code, kind, method = (KEYS["scores"].index(key) for key in ("assessor_code", "kind", "method"))
    for gone in (
        lambda cells: cells[code] == "K3",
        lambda cells: cells[method] == "过程考核",
        lambda cells: cells[kind] != "部分成绩" and cells[method] == "工作业绩评审",
    ):
        tables = open_tables(packed)
        tables["scores"] = [cells for cells in tables["scores"] if not gone(cells)]

        # both candidates of the grade lack it; of a vetoed sheet the mean stays 0, and the number of sheets tells
        assert [one.code for one in found_in(packed, tables)] == ["scores", "scores"]


def test_a_mark_raised_everywhere_but_in_what_was_entered_and_sealed_anew_is_found(
    packed: bytes, tables: Tables, tmp_path: Path
) -> None:
    for place, value in enumerate((93, 93, 93), start=1):
        row = row_of(tables, place, kind="考评员评分", method="技能操作考核")
        tables["scores"][row][KEYS["scores"].index("points")] = value
    part = row_of(tables, kind="部分成绩", method="技能操作考核")
    put(tables, "scores", part, "points", 93)
    put(tables, "scores", part, "text", "技能操作考核：93.00（3 名考评员，平均分）")
    put(tables, "results", 1, "skill", 93)
    put(tables, "results", 1, "total", 82.91)

    [found] = findings(repack(packed, tables), tmp_path)

    assert (found.code, found.heading, found.value) == ("scores", "得分", "93.00")


@pytest.mark.parametrize("total", [False, True], ids=["mark", "mark and total"])
def test_a_result_that_is_not_its_sheets_is_found_once(total: bool, packed: bytes, tables: Tables) -> None:
    put(tables, "results", 1, "skill", 95.17)
    tables["results"][1][KEYS["results"].index("total")] += 1.2 if total else 0

    [found] = found_in(packed, tables)

    assert (found.code, found.file, found.heading) == ("scores", "03_成绩汇总.xlsx", "技能操作考核成绩")


@pytest.mark.parametrize(("key", "value"), [("entered", "19.00"), ("points", 17)])
def test_a_line_altered_and_sealed_anew_is_found(
    key: str, value: object, packed: bytes, tables: Tables, tmp_path: Path
) -> None:
    put(tables, "scores", row_of(tables, item="1"), key, value)

    assert [(one.code, one.heading) for one in findings(repack(packed, tables), tmp_path)] == [("scores", "得分")]


def _set(path: tuple[Any, ...], value: object) -> Callable[[dict[str, Any]], None]:
    def change(told: dict[str, Any]) -> None:
        *way, last = path
        for key in way:
            told = told[key]
        told[last] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set(("schemes", 0, "content", "criterion", 4, "each"), 100),
        _set(("schemes", 0, "content", "criterion", 0, "maximum"), 1900),
        _set(("schemes", 0, "content", "group", 2, "cap"), 100),
        _set(("schemes", 0, "content", "veto"), []),
        _set(("schemes", 0, "version"), 2),
        _set(("schemes", 0, "rule"), "median"),
        _set(("schemes", 0, "assessors"), 4),
        _set(("schemes", 0, "tolerance"), 100),
        _set(("schemes", 1, "content", "indicator", 0, "bands", 1, "at"), "94"),
        _set(("schemes", 1, "content", "period", 0, "weight"), 50),
        _set(("schemes", 2, "content", "at_least"), 4),
        _set(("schemes", 2, "content", "occasion", 1, "weight"), 3),
        _set(("schemes", 0, "grade"), "technician"),
        _set(("schemes", slice(0, 1)), []),
        _set(("batch", "starts_on"), "x"),
    ],
)
def test_a_scheme_altered_in_the_manifest_is_found(
    change: Callable[[dict[str, Any]], None], packed: bytes, tables: Tables
) -> None:
    assert {one.code for one in found_in(packed, tables, change)} == {"scores"}


def test_a_scheme_altered_or_left_out_and_sealed_anew_is_found(packed: bytes, tmp_path: Path) -> None:
    for change, code in (
        (_set(("schemes", 0, "content", "criterion", 4, "each"), 100), "scores"), (_set(("schemes",), []), "member-foreign")
    ):  # fmt: skip
        members = archive.unpack(packed)
        told = manifest.parse(members[manifest.NAME])
        change(told)

        assert {one.code for one in findings(reseal(members, told, {}), tmp_path)} == {code}


@pytest.mark.parametrize(
    "change",
    [
        _set(("schemes", 0), "x"),
        _set(("schemes", 0, "rule"), "best"),
        _set(("schemes", 0, "content"), {}),
        _set(("schemes", 0, "content", "criterion", 0, "maximum"), 20.5),
        _set(("schemes", 0, "content", "criterion", 0, "maximum"), "20"),
        _set(("schemes", 1, "content", "indicator", 0, "bands", 1, "at"), "x"),
    ],
)
def test_a_manifest_whose_schemes_cannot_be_read_is_none(change: Callable[[dict[str, Any]], None], packed: bytes) -> None:
    told = manifest.parse(archive.unpack(packed)[manifest.NAME])
    change(told)
    told["seal"] = manifest.seal(told)

    with pytest.raises(ValueError, match="schemes"):
        manifest.parse(manifest.canonical(told))


def test_a_decision_needs_its_words_and_is_held_against_the_results(packed: bytes) -> None:
    def with_part(decided: dict[str, object] | None, **changed: object) -> list[tuple[str, str]]:
        tables = open_tables(packed)
        for key, value in changed.items():
            put(tables, "scores", row_of(tables, kind="部分成绩"), key, value)
        return [(one.code, one.file) for one in found_in(packed, tables, _decided(tables, decided))]

    corrected = {"how": "corrected", "value": 9300, "reason": "登分错误", "by": ""}
    assert with_part(DECISION, how="裁定", text="技能操作考核：92.17（裁定）：复核工件（裁定人：复评专家）") == []
    assert with_part(DECISION, how="裁定", text="") == [("required", FILE)]
    assert with_part(corrected, how="更正", points=93, text="技能操作考核：93.00（更正）：登分错误") == [("scores", "03_成绩汇总.xlsx")]


DECISION: dict[str, object] = {"how": "adjudicated", "value": 9217, "reason": "复核工件", "by": "复评专家"}


def _decided(tables: Tables, decided: dict[str, object] | None) -> Callable[[dict[str, Any]], None]:
    """A manifest that tells a decision of the first part in the tables."""
    row = tables["scores"][row_of(tables, kind="部分成绩")]
    number = row[KEYS["scores"].index("admission_number")]
    return _set(("decisions",), [] if decided is None else [{"admission_number": number, "method": "skill", **decided}])


@pytest.mark.parametrize(
    ("decided", "key", "value", "told_at"),
    [
        (DECISION, "text", "技能操作考核：92.17（裁定）：领导同意", "text"),
        (DECISION, "points", 93, "points"),
        (DECISION, "how", "更正", "how"),
        (DECISION, "how", "平均分", "how"),
        (None, "text", "技能操作考核：92.17（裁定）：领导同意", "how"),
        (DECISION, "text", "技能操作考核：92.17（裁定）：复核工件（裁定人：别人）", "text"),
        (DECISION | {"reason": "领导同意"}, "", "", "text"),
        (DECISION | {"by": "别人"}, "", "", "text"),
        (DECISION | {"value": 9300}, "", "", "points"),
        (DECISION, "", "", None),
    ],
)
def test_a_decision_that_is_not_the_one_in_the_manifest_is_found(
    decided: dict[str, object] | None, key: str, value: object, told_at: str | None, packed: bytes, tables: Tables
) -> None:
    place = row_of(tables, kind="部分成绩")
    put(tables, "scores", place, "how", "裁定")
    put(tables, "scores", place, "text", "技能操作考核：92.17（裁定）：复核工件（裁定人：复评专家）")
    if key:
        put(tables, "scores", place, key, value)

    found = found_in(packed, tables, _decided(tables, decided))

    assert [(one.code, one.file, one.heading) for one in found] == (
        [] if told_at is None else [("scores", FILE, HEADINGS[told_at])]
    )


def test_a_decision_of_which_there_is_no_row_is_found(packed: bytes, tables: Tables) -> None:
    [found] = found_in(packed, tables, _set(("decisions",), [{**DECISION, "admission_number": "X-1", "method": "skill"}]))

    assert found.file == manifest.NAME and "X-1" in found.message


def test_an_adjudication_altered_and_sealed_anew_is_found(tmp_path: Path) -> None:
    content = decided_content()
    packed = write_package(tmp_path, content, load_fonts({})).path.read_bytes()
    tables = open_tables(packed)
    assert findings(packed, tmp_path) == () and content.decisions[0].by == "复评专家"

    put(tables, "scores", row_of(tables, how="裁定"), "text", f"{content.decisions[0].text}，领导同意")

    assert [(one.code, one.heading) for one in findings(repack(packed, tables), tmp_path)] == [("scores", HEADINGS["text"])]


@pytest.mark.parametrize(
    ("row", "changed", "told_at"),
    [
        ({"item": "RC"}, {"observer": "K9"}, "observer"),
        ({"item": "RC"}, {"observer": "K9", "text": True}, "observer"),
        ({"item": "1"}, {"assessor": "考评员丁"}, "assessor"),
    ],
)
def test_who_marked_or_observed_stands_in_the_manifest(
    row: dict[str, str], changed: dict[str, object], told_at: str, packed: bytes, tables: Tables, tmp_path: Path
) -> None:
    place = row_of(tables, **row)
    before = tables["scores"][place][KEYS["scores"].index("observer")]
    for key, value in changed.items():
        told = tables["scores"][place][KEYS["scores"].index("text")].replace(before, "K9") if key == "text" else value
        put(tables, "scores", place, key, told)

    assert [(one.code, one.heading) for one in findings(repack(packed, tables), tmp_path)] == [("scores", HEADINGS[told_at])]


@pytest.mark.parametrize("changed", [{"how": "best"}, {"value": "1"}, {"method": "oral"}, {"reason": None}, {"more": 1}])
def test_a_manifest_whose_decisions_cannot_be_read_is_none(changed: dict[str, Any], packed: bytes) -> None:
    told = manifest.parse(archive.unpack(packed)[manifest.NAME])
    told["decisions"] = [{"admission_number": "X-1", "method": "skill", **DECISION, **changed}]
    told["seal"] = manifest.seal(told)

    with pytest.raises(ValueError, match="decisions"):
        manifest.parse(manifest.canonical(told))


def test_the_manifest_tells_a_scheme_as_it_was_written() -> None:
    for scheme in scored_content().schemes:
        assert read_scheme(scheme.as_json()) == scheme
