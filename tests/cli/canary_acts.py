"""What the canary asks about direct recognition, contests, nominations and confirmations, whosever they are."""

from collections.abc import Iterator
from pathlib import Path

from skilleval import paths
from skilleval.services.contests import COLUMNS, TEMPLATE_ID
from skilleval.sheets.writing import FormSheet, write_form
from tests.factories import CREDIT_CODE, id_number
from tests.marked import FIRMS, World

Ask = tuple[str, ...]


def about_acts(world: World, out: Path) -> Iterator[Ask]:
    """The commands, each about every record that there is; what answers comes before what may change it."""
    out.mkdir(parents=True, exist_ok=True)
    yield from [("evidence", "list"), ("evidence", "list", "--json"), ("contests", "template", str(out / "竞赛空表.xlsx"))]
    for number in world.acts.cases:
        yield from [("recognitions", "show", number), ("recognitions", "show", number, "--json")]
        yield ("recognitions", "minutes", number, "--out", str(out / f"纪要{number}.pdf"), "--json")
    for letter, code in FIRMS.items():
        yield from _about_firm(letter, ("--institution", code), world, out)
    for number in world.acts.batches:
        yield from _about_direct(number, out)
    for code in world.acts.evidence:
        yield from [("evidence", "reject", code, "--reason", "试", "--json"), ("evidence", "accept", code, "--json")]
    for number in world.acts.cases:
        yield ("recognitions", "vote", number, "--member", "没有", "--agree")
        yield ("recognitions", "score", number, "--line", "1=80", "--json")
        yield ("recognitions", "decide", number, "--recognise", "--reason", "试")
        yield ("recognitions", "decide", number, "--refuse", "--reason", "试", "--json")


def _about_firm(letter: str, at: Ask, world: World, out: Path) -> Iterator[Ask]:
    yield from [("evidence", "list", *at, "--json"), ("contests", "list", *at, "--json"), ("confirmations", "list", *at, "--json")]
    yield ("appointments", "list", *at, "--out", str(out / f"推荐表{letter}.xlsx"), "--json")
    written = _written(out)
    for nomination in map(str, world.acts.nominations):
        yield ("appointments", "show", nomination, *at, "--json")
        yield ("appointments", "appoint", nomination, *at, "--list-number", "9号", "--from", "2026-01-01", "--to", "2028-12-31")
    for confirmation in map(str, world.acts.confirmations):
        yield ("confirmations", "show", confirmation, *at, "--json")
    for code in world.acts.contests:
        yield ("contests", "show", code, *at, "--json")
        results = (str(_results(written / f"成绩{letter}.xlsx")), *at, "--errors", str(out / f"错误成绩{letter}{code}.xlsx"))
        yield ("contests", "import", code, *results)
        yield ("contests", "promote", code, "--batch", str(_plan(written / f"晋级{letter}.toml", at[1])))
    yield ("contests", "add", str(_example("contest", written / f"竞赛{letter}.toml", at[1], "SZ-DG-2026", f"赛{letter}")))
    for name in ("金丁姓", "金乙密"):
        nomination = _example("nomination", written / f"推荐{letter}{name}.toml", at[1], "E0001", name)
        yield ("appointments", "nominate", str(nomination), "--out", str(out / f"推荐表{letter}{name}.xlsx"))
        yield ("confirmations", "add", str(_example("confirmation", written / f"转正{letter}.toml", at[1], "E0001", name)))
        yield ("evidence", "add", str(_example("evidence", written / f"佐证{letter}.toml", at[1], "E0001", name)))


def _about_direct(number: str, top: Path) -> Iterator[Ask]:
    out = top / number
    at = ("--batch", number)
    yield from [("recognitions", "list", *at), ("recognitions", "list", *at, "--json"), ("batches", "show", number, "--json")]
    yield from [("candidates", "list", *at, "--json"), ("replay", number, "--json"), ("marks", "settle", *at)]
    cases = _example("cases", _written(top) / f"案卷{number}.toml", "2026-ZJ-01", "E0001", "金乙姓", own=number)
    yield ("recognitions", "add", str(cases))
    yield from (("contests", "disallow", name, *at, "--reason", " ") for name in ("金丁姓", "金乙密"))
    yield from [("notices", "show", *at, "--out", str(out / "公示"), "--json"), ("certificates", "preview", *at)]
    yield ("filings", "export", *at, "--out", str(out / "上报"))
    yield from (("filings", "verify", str(package)) for package in sorted((out / "上报").glob("*.zip")))


def _written(out: Path) -> Path:
    """Where to put what the asking firm writes itself: not among what it is answered."""
    folder = out.parent / "written"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _example(noun: str, file: Path, code: str, old: str, new: str, own: str = "") -> Path:
    """The shipped example of another institution and person (or of another batch)."""
    text = (paths.shipped("templates") / f"{noun}.example.toml").read_text(encoding="utf-8")
    text = text.replace(code, own) if own else text.replace(CREDIT_CODE, code)
    file.write_text(text.replace(f'"{old}"', f'"{new}"'), encoding="utf-8")
    return file


def _plan(file: Path, code: str) -> Path:
    file.write_text(
        f'institution = "{code}"\nnumber = "晋级"\nname = "晋级"\nroute = "竞赛晋级"\noccupation_code = "6-31-01-03"\n'
        'grades = ["中级工", "高级工"]\nspecification = "DG"\nstarts_on = 2026-06-08\nends_on = 2026-06-12\n', encoding="utf-8",
    )  # fmt: skip
    return file


def _results(file: Path) -> Path:
    """Everybody's number under a wrong name: the errors must not tell whose they are."""
    rows = [
        {"name": "错", "id_number": id_number(place * 10 + serial), "group": "错组", "rank": 1, "participants": 9}
        for place in range(len(FIRMS))
        for serial in (1, 2)
    ]
    return write_form(file, [FormSheet("竞赛成绩", COLUMNS, rows, example=False)], TEMPLATE_ID, [])
