"""No firm reads another's: every answer, file and error of every command, asked as each firm, is scanned for foreign marks."""

import re
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from skilleval.cli import main, output
from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import load_vault
from skilleval.services import candidate_sheets, item_sheets
from skilleval.services.roster import ROSTER
from skilleval.services.roster import TEMPLATE_ID as ROSTER_ID
from skilleval.services.tenancy import Viewer
from skilleval.sheets.writing import FormSheet, write_form
from tests.cli.canary_acts import about_acts
from tests.factories import id_number
from tests.marked import FIRMS, LEAD, World, allowed, every_mark, make_world
from tests.reports.reading import text_of
from tests.test_guards import every_command

pytestmark = pytest.mark.slow

ON = "2026-06-25"
Ask = tuple[str, ...]
#: commands that are not asked, each with the records that the marked world lacks
UNMARKED: set[str] = set()
#: commands that touch no firm's record
ELSEWHERE = {
    "init", "demo", "fonts", "serve", "worker", "standards check", "standards list", "standards show", "rules check", "rules copy", "rules diff",
    "rules show", "people template", "items template",
}  # fmt: skip


def make_installation(folder: Path) -> World:
    """An installation with the marked world in it."""
    assert CliRunner().invoke(main, ["--instance", str(folder), "init"]).exit_code == 0
    database = Database(sqlite_url(folder / "skilleval.db"))
    with database.writing() as session:
        world = make_world(session, load_vault(folder / "keys"))
    database.close()
    return world


def asks(world: World, out: Path) -> Iterator[Ask]:
    """Every command that answers, about every record that there is, whosever it is."""
    yield from [("institutions", "list"), ("batches", "list"), ("filings", "list"), ("chains", "list"), ("journal", "verify")]
    yield from [("verify", "--all"), ("rules", "whatif", "national", "--json")]
    # What each filter of the viewer stands before comes first, so that one that is off is caught soon.
    yield from (("certificates", "show", number, "--json") for number in world.certificates)
    yield from (("candidates", "list", "--batch", number, "--json") for number in world.batches)
    yield from (("chains", "show", name, "--json") for name in world.chains)
    yield from (("specifications", "show", number, "--json") for number in world.drafts)
    yield from [("accounts", "list", "--json"), ("accounts", "show", "wang", "--json"), ("accounts", "setup-token")]
    yield from [("accounts", act, "wang", "hr", "--institution", FIRMS[LEAD]) for act in ("grant", "revoke")]
    yield from [("accounts", act, "wang", "--reason", "试") for act in ("disable", "enable")]
    yield from [("accounts", act, "wang") for act in ("reset-password", "remove-totp")]
    yield ("accounts", "link", "wang", "--institution", FIRMS[LEAD], "--personnel", "K1")
    yield ("accounts", "add", "wang", "--name", "王", "--role", "hr", "--institution", FIRMS[LEAD])
    yield ("standards", "impact", "6-31-01-03/2018", "6-31-01-03/2018", "--json")
    for letter, code in FIRMS.items():
        yield from _about_firm(letter, code, world, out)
    for place, number in enumerate(world.batches):
        everybody = [name for names in world.people.values() for name in names]
        yield from (("candidates", "explain", name, "--batch", number, "--letter") for name in everybody)
        yield from _about_batch(number, _looked_for(number[0], world), out / str(place))
    yield from about_acts(world, out)
    for number in world.certificates:
        for act in ("void", "revoke", "reissue"):
            yield ("certificates", act, number, "--reason", " ")
        yield ("certificates", "replace", number)
    yield ("specifications", "list", "--json")
    for number in world.drafts:
        yield from _about_draft(number, out / number)
    for name in world.chains:
        yield from [("chains", "show", name, "--json"), ("chains", "stats", name, "--json")]
        yield ("chains", "member-correct", name, "--credit-code", FIRMS["乙"], "--not-left", "--reason", "无")
        yield ("chains", "member-leave", name, "--credit-code", FIRMS["乙"], "--left", "2020-01-01", "--reason", "无")
        yield ("chains", "member-add", name, "--credit-code", FIRMS["乙"], "--member", "错名", "--joined", "2026-01-01")
        yield ("chains", "mandate-add", name, "--evaluator", FIRMS[LEAD], "--member", FIRMS["乙"], "--document", "",
               "--from", "2026-01-01", "--to", "2026-12-31")  # fmt: skip


def _looked_for(letter: str, world: World) -> list[str]:
    """Whom the commands on one candidate are asked about in a firm's batch: in the lead's, which serves all firms, everybody; in
    another's its own people and a stranger. All find the candidate alike, and ``candidates explain`` is asked about everybody."""
    if letter == LEAD:
        return [name for names in world.people.values() for name in names]
    stranger = next(names[0] for one, names in world.people.items() if one != letter and one != LEAD)
    return [*world.people[letter], stranger]


def _about_draft(number: str, out: Path) -> Iterator[Ask]:
    out.mkdir(parents=True, exist_ok=True)
    yield from [("specifications", act, number, "--json") for act in ("show", "diff")]
    yield ("specifications", "record", number, "--out", str(out / "评审记录.pdf"), "--json")
    yield ("specifications", "draft", str(_write(out, "起草.toml", f'number = "{number}"\nwrong = 1')))
    yield ("specifications", "revise", number, str(_write(out, "稿.toml", 'wrong = 1')), "--reason", "试")
    yield ("specifications", "review", str(_write(out, "评审.toml", f'draft = "{number}"\nwrong = 1')))
    yield from [("specifications", "opine", number, "--part", "试", "--text", " ", *more) for more in ((), ("--expert", "没有"))]
    yield ("specifications", "answer", number, "9", "--adopt", "--reason", "试")
    yield from [("specifications", act, number, *more, "--reason", " ") for act, more in (
        ("conclude", ("--pass",)), ("approve", ()), ("abandon", ()))]  # fmt: skip
    yield ("specifications", "drafter-add", number, "--credit-code", FIRMS["乙"], "--person", "某", "--joined", "2020-01-01")
    yield ("specifications", "drafter-leave", number, "--credit-code", FIRMS["丙"], "--left", "2026-01-01", "--reason", "试")


def _about_firm(letter: str, code: str, world: World, out: Path) -> Iterator[Ask]:
    at = ("--institution", code)
    yield ("institutions", "show", code, "--json")
    yield ("institutions", "add", str(_write(out, f"机构{letter}.toml", f'[institution]\ncredit_code = "{code}"\nname = "新名"\nwrong = 1')))
    yield ("people", "list", *at, "--json")
    yield ("people", "eligible", *at, "--occupation", "6-31-01-03", "--grade", "高级工", "--out", str(out / f"可申报{letter}.xlsx"), "--json")
    yield ("people", "statistics", *at, "--out", str(out / f"统计{letter}.xlsx"), "--json")
    yield from (("people", "next", name, *at, "--json") for names in world.people.values() for name in names)
    yield ("people", "import", str(_roster(out / f"花名册{letter}.xlsx")), *at, "--errors", str(out / f"错误{letter}.xlsx"))
    yield ("journal", "show", *at, "--json")
    yield ("replay", *at, "--json")
    yield ("journal", "verify", *at)
    yield ("rules", "list", *at, "--json")
    yield ("schemes", "list", *at, "--json")
    scheme = f'institution = "{code}"\nspecification = "DG"\nmethod = "skill"\ngrades = ["高级工"]\ntitle = "表"'
    yield ("schemes", "define", str(_write(out, f"评分办法{letter}.toml", scheme)))
    yield from _about_items(letter, at, world, out)
    yield ("rules", "choose", *at, "--packs", "nothing", "--from", "2026-01-01", "--reason", "试")
    yield ("rules", "whatif", "national", *at, "--json")
    yield ("chains", "add", "新链", "--lead", code, "--city", "x") if letter in "甲乙" else ("chains", "list", "--json")
    yield from (
        ("conflicts", "declare", *at, "--assessor", "K1", "--with", name, "--kind", "kin", "--source", "试", "--employer", employer)
        for employer in FIRMS.values() for name in ("金乙密", "没有")
    )  # fmt: skip
    yield from (("chains", "mandate-revoke", "--evaluator", code, "--document", one, "--reason", " ") for one in world.documents)
    for member in FIRMS.values():
        yield ("authority", *at, "--occupation", "6-31-01-03", "--grade", "高级工", "--route", "考核", "--member", member, "--json")
    batch = 'number = "新"\nname = "新"\noccupation_code = "6-31-01-03"'
    yield ("batches", "add", str(_write(out, f"批次{letter}.toml", f'institution = "{code}"\n{batch}')))


def _about_items(letter: str, at: Ask, world: World, out: Path) -> Iterator[Ask]:
    """The register of items of a firm: whose staff an item names, and what stands in its workbook."""
    named, of = FIRMS[letter], (*at, "--specification", "DG")
    row: dict[str, Any] = {
        "code": "A1", "specification": "DG", "version": 1, "grade": "senior", "method": "skill", "title": "题", "function": "功能",
        "points": 1000, "state": "in_use", "author": "K1", "reviewer": "K2",
    }  # fmt: skip
    rows = [row, {**row, "code": "A3", "reviewer": "K9"}]
    file = write_form(out / f"项目{letter}.xlsx", [FormSheet(item_sheets.SHEET, item_sheets.COLUMNS, rows, example=False)], item_sheets.TEMPLATE_ID, [])
    yield ("items", "import", str(file), *at, "--good-rows", "--errors", str(out / f"项目错误{letter}.xlsx"), "--json")
    entry = 'code = "A2"\ngrade = "高级工"\nmethod = "技能操作考核"\ntitle = "题"\nfunction = "功能"\npoints = 10\nstate = "草稿"\nauthor = "K1"'
    yield ("items", "add", str(_write(out, f"项目{letter}.toml", f'institution = "{named}"\nspecification = "DG"\nversion = 1\n[[item]]\n{entry}')))
    yield ("items", "list", *at, "--out", str(out / f"项目表{letter}.xlsx"), "--json")
    yield ("items", "coverage", *of, "--out", str(out / f"覆盖{letter}.xlsx"), "--json")
    card = '[[card]]\nitem = "A1"\nminutes = 1\nplace = "场"\nsteps = ["一"]\nsafety = ["一"]\nequipment = [{ name = "台", count = 1 }]'
    yield ("items", "card-add", str(_write(out, f"任务书{letter}.toml", f'institution = "{named}"\nspecification = "DG"\n{card}')))
    yield ("items", "card-print", "A1", *of, "--out", str(out / f"任务书{letter}"))
    for number in world.batches:
        yield ("items", "card-check", "A1", *of, "--batch", number, "--json")
        yield ("items", "card-print", "A1", *of, "--batch", number, "--out", str(out / f"任务书{letter}"))
    yield ("items", "retire", "A2", *of, "--reason", "试")


def _about_batch(number: str, people: list[str], out: Path) -> Iterator[Ask]:
    out.mkdir(parents=True, exist_ok=True)
    at = ("--batch", number)
    yield ("batches", "show", number, "--json")
    yield ("batches", "advance", number, "scheduled")
    yield ("batches", "staff", str(_write(out, "人员.toml", 'supervisors = ["没有"]')), *at, "--reason", "试")
    yield ("batches", "reason", number, "--authority-reason", " ")
    yield ("batches", "extend", number, "--until", "2026-06-08", "--reason", " ")
    yield ("recognitions", "list", *at, "--json")
    yield ("replay", number, "--json")
    yield from (("replay", f"{number}-{serial:04d}", "--json") for serial in range(1, 9))
    yield from [("candidates", "list", *at, "--json"), ("candidates", "template", str(out / "报名.xlsx"), *at)]
    yield ("candidates", "check", *at)
    yield ("candidates", "import", str(_enrolment(out / "导入.xlsx")), *at, "--check", "--errors", str(out / "错误.xlsx"), "--json")
    yield ("candidates", "accept", "--all-met", *at)
    yield ("candidates", "refuse", "--all-others", *at, "--reason", " ")
    yield from [("marks", "list", *at, "--json"), ("marks", "template", str(out / "成绩.xlsx"), *at), ("marks", "settle", *at)]
    yield ("marks", "import", str(out / "成绩.xlsx"), *at)
    yield ("schemes", "template", str(out / "评分表.xlsx"), *at, "--method", "skill", "--grade", "高级工")
    yield ("schemes", "import", str(out / "评分表.xlsx"), *at, "--method", "skill", "--grade", "高级工")
    for name in people:
        yield ("candidates", "withdraw", name, *at, "--reason", " ")
        yield ("schemes", "show", name, *at, "--json")
        yield ("marks", "revise", name, *at, "--method", "theory", "--assessor", "K1", "--mark", "80", "--reason", "试")
        yield ("marks", "adjudicate", name, *at, "--method", "theory", "--mark", "80", "--reason", "试")
        yield ("marks", "remark", name, *at, "--method", "theory", "--mark", "80", "--reason", "试")
        yield ("marks", "correct", name, *at, "--part", "theory=80", "--reason", "试")
        yield ("replay", name, *at)
    yield from [("panels", act, *at, "--json") for act in ("propose", "check", "show")]
    yield ("panels", "assign", *at, "--chair", "K1", "--member", "没有", "--reason", "试")
    yield from [("panels", act, *at, "--member", "没有", "--reason", "试") for act in ("absent", "attend")]
    yield ("panels", "substitute", *at, "--for", "没有", "--member", "K1", "--reason", "试")
    yield ("conflicts", "list", *at, "--json")
    yield from [("conflicts", act, f"{number}/1", "--reason", " ") for act in ("confirm", "dismiss")]
    yield ("notices", "show", *at, "--out", str(out / "公示"), "--json")
    yield ("notices", "publish", *at)
    yield ("notices", "object", *at, "--by", "某", "--text", "某", "--candidate", "没有")
    yield ("notices", "decide", *at, "--serial", "1", "--uphold", "--reason", "试")
    yield ("notices", "correct", *at, "--reason", "试")
    yield from [("notices", "close", *at), ("notices", "withdraw", *at, "--reason", " ")]
    yield from [("certificates", "preview", *at), ("certificates", "issue", *at)]
    yield ("certificates", "print", *at, "--out", str(out / "证书"))
    yield ("certificates", "import-numbers", str(out / "导入.xlsx"), *at)
    yield ("filings", "answer", *at, "--answer", "received", "--json")
    yield ("filings", "export", *at, "--out", str(out / "上报"))
    yield from (("filings", "verify", str(package)) for package in sorted((out / "上报").glob("*.zip")))


def _write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def _numbers() -> list[str]:
    return [id_number(place * 10 + serial) for place in range(len(FIRMS)) for serial in (1, 2)]


def _roster(file: Path) -> Path:
    """Everybody's number under a wrong name and 工号 of another: the errors must not tell whose they are."""
    rows = [{"name": "错", "id_number": number, "sex": "male", "employee_no": "工号1"} for number in _numbers()]
    return write_form(file, [FormSheet("花名册", ROSTER, rows, example=False)], ROSTER_ID, [])


def _enrolment(file: Path) -> Path:
    rows = [
        {"name": "错", "id_number": number, "grade": "senior", "employer_code": code, "employer": name}
        for number in _numbers()
        for code in FIRMS.values()
        for name in (None, "错名")
    ]
    return write_form(file, [FormSheet("报名表", candidate_sheets.COLUMNS, rows, example=False)], candidate_sheets.TEMPLATE_ID, [])


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """The text of every file below a folder: cells of workbooks, pages of PDFs, and what is packed in archives."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        if file.suffix == ".pdf":
            yield file.name, text_of(file)
        elif zipfile.is_zipfile(file):
            inside = folder.parent / "unpacked" / file.stem
            with zipfile.ZipFile(file) as archive:
                archive.extractall(inside)
            yield from ((f"{file.stem}/{name}", text) for name, text in texts(inside))
            shutil.rmtree(inside)
        else:
            yield file.name, file.read_text(encoding="utf-8", errors="replace")


def marks_in(text: str) -> set[str]:
    """The marks in a text; a line that is broken in a cell breaks no mark."""
    return set(re.findall("金[" + "".join(FIRMS) + "][名姓人约密]", re.sub(r"\s", "", text)))


def readings(
    instance: Path, world: World, viewer: str, out: Path, asked: Callable[[World, Path], Iterator[Ask]] = asks
) -> Iterator[tuple[str, set[str], set[str]]]:
    """Each answer and file: what was asked, the marks in it, and those among them that are not for the firm."""
    for command in asked(world, out):
        result = CliRunner().invoke(
            main, ["--instance", str(instance), "--on", ON, "--acting", FIRMS[viewer], "--actor", "外人", *command]
        )
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        # What one typed oneself comes back in a refusal: it tells nothing.
        written = [Path(one).read_text(encoding="utf-8") for one in command if one.endswith(".toml")]
        typed = marks_in(" ".join([*command, *written])) if result.exit_code else set()
        told = marks_in(result.output) - typed
        yield " ".join(command), told, told - allowed(viewer, notice=command[:2] == ("notices", "show"))
    for name, text in texts(out):
        told = marks_in(text)
        yield name, told, told - allowed(viewer, notice=name.startswith("公示"))


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, World]:
    folder = tmp_path_factory.mktemp("canary") / "instance"
    return folder, make_installation(folder)


@pytest.fixture
def installation(pristine: tuple[Path, World], tmp_path: Path) -> tuple[Path, World]:
    folder, world = pristine
    shutil.copytree(folder, tmp_path / "instance")
    return tmp_path / "instance", world


@pytest.fixture(autouse=True)
def _opened_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each command opens the database anew, a fifth of its work; here all commands of one asker share what the first
    opened, as the pages of the web application do."""
    opened: dict[str, Database] = {}

    def share(url: str, info: Mapping[str, object]) -> Database:
        return opened.setdefault(f"{url} {info}", Database(url, info))

    monkeypatch.setattr(output, "Database", share)
    yield
    for database in opened.values():
        database.close()


@pytest.mark.parametrize("viewer", FIRMS)
def test_no_firm_reads_anothers_marks(installation: tuple[Path, World], tmp_path: Path, viewer: str) -> None:
    answers = list(readings(*installation, viewer, tmp_path / "out"))

    assert [(asked, foreign) for asked, _told, foreign in answers if foreign] == []
    read = set().union(*(told for _asked, told, _foreign in answers))
    # The canary sings: what is the firm's own does come out, of every class.
    assert {f"金{viewer}{kind}" for kind in "名姓人密"} <= read


def test_every_command_is_asked(pristine: tuple[Path, World], tmp_path: Path) -> None:
    asked = {" ".join(command[:size]) for command in asks(pristine[1], tmp_path) for size in (1, 2)}

    # A package is verified as soon as the firm that asks has exported one.
    assert {" ".join(command) for command in every_command()} - asked - ELSEWHERE - UNMARKED == {"filings verify"}


FILTERS = ("own", "candidates", "batches", "certificates", "members", "mandates", "chains", "partners", "drafts")


@pytest.mark.parametrize("off", FILTERS)
def test_the_canary_catches_a_filter_that_is_switched_off(
    installation: tuple[Path, World], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, off: str
) -> None:
    monkeypatch.setattr(Viewer, off, lambda *_arguments: sa.true())

    assert any(foreign for _asked, _told, foreign in readings(*installation, "甲", tmp_path / "out"))


def test_the_canary_catches_a_foreign_record_behind_each_command_of_the_acts(
    installation: tuple[Path, World], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Viewer, "own", lambda *_arguments: sa.true())

    caught = {
        asked for asked, _told, foreign in readings(*installation, "甲", tmp_path / "out", about_acts) if foreign
    }

    expected = [
        *(f"{noun} {act}" for noun in ("contests", "appointments", "confirmations", "recognitions") for act in ("list", "show")),
        "evidence list", "evidence accept", "evidence reject", "recognitions score", "recognitions minutes",
    ]  # fmt: skip
    assert [act for act in expected if not any(asked.startswith(act) for asked in caught)] == []
    # What is written to files: minutes, nominations, the errors of results, the filing of a direct batch.
    files = ("纪要", "推荐表", "错误成绩", "上报材料_")
    assert [name for name in files if not any(asked.startswith(name) for asked in caught)] == []


def test_the_operator_reads_all_marks(installation: tuple[Path, World]) -> None:
    folder, world = installation
    read = set()
    for code in FIRMS.values():
        for command in (("institutions", "show", code), ("people", "list", "--institution", code), ("journal", "show", "--institution", code)):
            read |= marks_in(CliRunner().invoke(main, ["--instance", str(folder), *command, "--json"]).output)
    for name in world.chains:
        read |= marks_in(CliRunner().invoke(main, ["--instance", str(folder), "chains", "show", name, "--json"]).output)

    assert every_mark() - read <= {f"金{LEAD}约"}


def test_what_is_another_firms_is_refused_in_the_words_for_what_is_not_there(installation: tuple[Path, World]) -> None:
    folder, world = installation

    def told(*command: str) -> str:
        result = CliRunner().invoke(main, ["--instance", str(folder), "--acting", FIRMS["甲"], *command])
        assert result.exit_code == 1
        return result.output.replace(command[-1], "…")

    for there, nowhere in (
        (("institutions", "show", FIRMS["乙"]), ("institutions", "show", "91440999MA0000186J")),
        (("batches", "show", "乙-批-1"), ("batches", "show", "ZZZ")),
        (("candidates", "list", "--batch", "乙-批-1"), ("candidates", "list", "--batch", "ZZZ")),
        (("candidates", "explain", "--batch", "丁-批-1", "金乙姓"), ("candidates", "explain", "--batch", "丁-批-1", "ZZZ")),
        (("chains", "show", "金丙名链"), ("chains", "show", "ZZZ")),
        (("specifications", "show", "乙-稿"), ("specifications", "show", "ZZZ")),
    ):
        assert told(*there) == told(*nowhere)
    own = {number for number in world.certificates if CliRunner().invoke(
        main, ["--instance", str(folder), "--acting", FIRMS["甲"], "certificates", "show", number]).exit_code == 0}  # fmt: skip
    assert len(own) == 4
    foreign = next(number for number in world.certificates if number not in own)
    assert told("certificates", "show", foreign) == told("certificates", "show", "X" * 22)


def test_an_institution_that_is_not_there_sees_nothing(installation: tuple[Path, World]) -> None:
    folder, _world = installation
    command = ["--instance", str(folder), "--on", str(date(2026, 6, 25)), "--acting", "91440999MA0000186J", "batches", "list"]

    result = CliRunner().invoke(main, command)

    assert result.exit_code == 1 and "没有统一社会信用代码为" in result.output
