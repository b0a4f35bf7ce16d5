"""``skilleval demo``: the main job from a roster to a verified package, by the very commands that a user types."""

import contextlib
import io
import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import click

import skilleval.cli as face
from skilleval import paths
from skilleval.cli.output import _, emit, json_option
from skilleval.domain.errors import RuleBroken

SEED = 20260608
PEOPLE = 60
CREDIT_CODE = "91440999MA0000015E"
BATCH = "2026-DG-01"
FIRM = "岭南精工制造有限公司"
#: the days on which the story happens; the holiday tables know this year
PLANNED, ENROLLED, HELD, NOTICED = date(2026, 4, 20), date(2026, 5, 18), date(2026, 6, 8), date(2026, 6, 15)
OBJECTED, DECIDED, CLOSED = date(2026, 6, 16), date(2026, 6, 18), date(2026, 6, 23)


@dataclass(slots=True)
class Story:
    """The demo as it goes: where it writes, and what each command answered."""

    out: Path
    quiet: bool
    answers: dict[str, Any] = field(default_factory=dict)

    @property
    def instance(self) -> Path:
        """The demo's own installation."""
        return self.out / "instance"

    def say(self, line: str = "") -> None:
        """A line of the account."""
        if not self.quiet:
            click.echo(line)

    def run(self, *arguments: object, on: date, actor: str = "演示人事", expect: int = 0) -> Any:
        """Type a command with ``--json`` and return its answer. A command that ends otherwise ends the demo."""
        typed = [str(argument) for argument in arguments]
        shown = " ".join(f'"{word}"' if " " in word else word for word in typed).replace(f"{self.out}/", "")
        self.say(f"  $ skilleval {shown}")
        command = ["--instance", str(self.instance), "--on", on.isoformat(), "--actor", actor, *typed, "--json"]
        answered = io.StringIO()
        with contextlib.redirect_stdout(answered):
            code = face.main.main(args=command, prog_name="skilleval", standalone_mode=False) or 0
        if code != expect:
            raise RuleBroken(f"演示中断：{shown} 的退出码是 {code}：{answered.getvalue()[:2000]}")
        return json.loads(answered.getvalue())


@click.command(help=_("用虚构数据走完主流程：花名册 → 资格 → 成绩 → 公示 → 证书 → 上报材料包。"))
@click.option("--people", type=click.IntRange(10, 5000), default=PEOPLE, show_default=True, help=_("人数"))
@click.option("--seed", type=int, default=SEED, show_default=True, help=_("随机种子；相同则人员、成绩、编号都相同"))
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("demo-output"), show_default=True,
    help=_("输出文件夹（其中已有的演示会被替换）"),
)  # fmt: skip
@json_option
def demo(people: int, seed: int, out: Path, as_json: bool) -> None:
    """Run the demo into a folder of its own; no other installation is touched."""
    story = Story(_fresh(out), quiet=as_json)
    story.say(_("演示：一家备案企业的一个认定批次（全部数据均为虚构，证书印有“演示”字样）"))
    for step in (_set_up, _import_people, _enrol, _mark, _publish, _issue, _file):
        step(story, people, seed)
    emit(_account(story), as_json, [])


def _fresh(out: Path) -> Path:
    """The output folder, empty. Refused: a folder that is there and is no earlier demo."""
    marker = out / ".skilleval-demo"
    if out.exists() and any(out.iterdir()) and not marker.exists():
        raise RuleBroken(f"{out} 不是空文件夹，也不是以前的演示，未作任何改动；请另选一个文件夹")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    marker.touch()
    return out.resolve()


def _set_up(story: Story, people: int, seed: int) -> None:
    story.say()
    story.say(_("一、建立安装，登记机构、备案、评价规范、考评员、场地"))
    story.run("init", on=PLANNED)
    config = story.instance / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("demo = false", "demo = true"), encoding="utf-8")
    for name in ("institution", "batch"):
        shutil.copy(paths.shipped("templates") / f"{name}.example.toml", story.out / f"{name}.toml")
    answer = story.run("institutions", "add", story.out / "institution.toml", on=PLANNED)
    story.say(_("    {name}：登记 {added} 项").format(**answer))


def _import_people(story: Story, people: int, seed: int) -> None:
    from skilleval.demo.people import make_people
    from skilleval.demo.roster import FAULTS, write_faulty_roster, write_roster

    employees = make_people(people, seed, HELD)
    faults = min(len(FAULTS), people - 1)
    write_faulty_roster(story.out / "花名册_有错.xlsx", employees, FIRM, seed, faults)
    write_roster(story.out / "花名册.xlsx", employees, FIRM, seed)
    story.say()
    story.say(_("二、导入花名册：先是一份埋了 {count} 处错误的，再是改好的，再导一次").format(count=faults))
    firm = ("--institution", CREDIT_CODE)
    bad = story.run(
        "people", "import", story.out / "花名册_有错.xlsx", *firm, "--errors", story.out / "花名册_错误原因.xlsx",
        on=PLANNED, expect=1,
    )  # fmt: skip
    story.say(_("    读取 {read} 行，{failed} 行有错，一行也没有写入：").format(**bad))
    for error in bad["errors"][:3]:
        story.say(f"      第{error['row']}行 {error['column']}列 {error['header']}：{error['message']}")
    good = story.run("people", "import", story.out / "花名册.xlsx", *firm, on=PLANNED)
    again = story.run("people", "import", story.out / "花名册.xlsx", *firm, on=PLANNED)
    story.say(_("    改好后新增 {new} 人；同一文件再导一次，未变 {same} 人").format(new=good["new"], same=again["unchanged"]))
    story.answers |= {"employees": employees, "roster": good}


def _enrol(story: Story, people: int, seed: int) -> None:
    story.say()
    story.say(_("三、建立批次，报名，逐人判断申报条件"))
    story.run("batches", "add", story.out / "batch.toml", on=PLANNED)
    story.run("batches", "advance", BATCH, "enrolling", on=PLANNED)
    _write_enrolment(story)
    story.run("candidates", "import", story.out / "报名表.xlsx", "--batch", BATCH, on=ENROLLED)
    listed = story.run("candidates", "list", "--batch", BATCH, on=ENROLLED)
    counts = {word: sum(row["verdict"] == word for row in listed) for word in ("met", "not_met", "unknown")}
    story.say(_("    报名 {count} 人：符合 {met}，不符合 {not_met}，无法判断 {unknown}").format(count=len(listed), **counts))
    for verdict, title in (("met", _("符合")), ("not_met", _("不符合"))):
        row = next((one for one in listed if one["verdict"] == verdict), None)
        if row is not None:
            proof = story.run("candidates", "explain", "--batch", BATCH, row["employee_no"], on=ENROLLED)["proof"]
            story.say(f"    {row['name']} {row['grade']} {title}：")
            for line in _because(proof, verdict):
                story.say(f"      · {line}")
    story.run("candidates", "accept", "--batch", BATCH, "--all-met", on=ENROLLED)
    if counts["met"] < len(listed):
        reason = _("申报条件不符合或无法判断")
        story.run("candidates", "refuse", "--batch", BATCH, "--all-others", "--reason", reason, on=ENROLLED)
    story.run("batches", "advance", BATCH, "reviewed", on=ENROLLED)
    story.run("batches", "advance", BATCH, "scheduled", on=ENROLLED)
    story.answers["eligibility"] = counts


def _because(proof: dict[str, Any], verdict: str) -> Iterator[str]:
    """The leaves that made the answer: for a yes those of a condition that is met, for a no all that are not."""
    if not proof["children"]:
        yield f"{proof['text']}（{proof['fact']}）——{proof['clause']['id']}"
        return
    children = [child for child in proof["children"] if child["answer"] == verdict]
    for child in children:
        yield from _because(child, verdict)


def _write_enrolment(story: Story) -> None:
    """What HR does by hand: the grade that each person applies for, in the enrolment workbook."""
    from skilleval.services.candidates import COLUMNS, TEMPLATE_ID
    from skilleval.sheets.writing import FormSheet, write_form

    rows = [
        {"name": one.name, "id_number": one.id_number, "employee_no": one.employee_no, "grade": one.aim.value}
        for one in story.answers["employees"]
        if one.occupation.code == "6-31-01-03"
    ]
    write_form(story.out / "报名表.xlsx", [FormSheet("报名表", COLUMNS, rows, example=False)], TEMPLATE_ID, [])


def _mark(story: Story, people: int, seed: int) -> None:
    story.say()
    story.say(_("四、评分：考评员填成绩表，导入，分歧由人裁定，核定"))
    story.run("batches", "advance", BATCH, "marking", on=HELD)
    _write_marks(story, seed)
    story.run("marks", "import", story.out / "成绩表.xlsx", "--batch", BATCH, on=HELD)
    for row in story.run("marks", "list", "--batch", BATCH, on=HELD):
        if row["disputes"]:
            story.say(f"    {row['admission_number']} {row['disputes'][0]}")
            story.run(
                "marks", "adjudicate", "--batch", BATCH, row["admission_number"], "--method", "skill", "--mark", "61",
                "--reason", _("考评组长复核工件后裁定"), on=HELD, actor="演示考评组长",
            )  # fmt: skip
    counts = story.run("marks", "settle", "--batch", BATCH, on=HELD)
    story.say(_("    核定 {settled} 人：合格 {passed}，不合格 {failed}，缺考 {absent}").format(**counts))
    story.answers["outcomes"] = counts


def _write_marks(story: Story, seed: int) -> None:
    """What assessors do by hand: marks in the workbook. One candidate is absent, one in dispute across the pass mark."""
    from skilleval.cli.output import Workplace
    from skilleval.services import batches
    from skilleval.services.mark_sheets import marks_workbook
    from skilleval.services.tenancy import batch_of

    rng = random.Random(seed)
    with Workplace(story.instance, "演示考务", HELD).database.reading() as session:
        batch = batch_of(session, BATCH)
        candidates = [one for one in batches.candidates_of(session, batch) if one.state == "eligible"]
        entered: dict[tuple[str, str, str], int | None] = {}
        for index, candidate in enumerate(candidates):
            number = candidate.admission_number or ""
            for part in (one for one in batches.parts_of_batch(session, batch) if one.grade == candidate.grade):
                level = rng.choice((5200, 6900, 7400, 8100, 8600, 9000)) if index > 2 else 8200
                for place, assessor in enumerate(batches.assessors_for(session, batch, part)):
                    value: int | None = level + rng.randrange(-300, 301, 50)
                    if index == 1:
                        value = None
                    if index == 2 and part.method == "skill":
                        value = (5900, 6150, 6200)[place % 3]
                    entered[number, part.method, assessor.code] = value
        marks_workbook(session, batch, story.out / "成绩表.xlsx", entered)


def _publish(story: Story, people: int, seed: int) -> None:
    story.say()
    story.say(_("五、公示，登记并处理一件异议，期满结束"))
    notice = story.run("notices", "publish", "--batch", BATCH, "--out", story.out / "公示", on=NOTICED)
    story.say(_("    公示 {count} 人，{first_day} 至 {last_day}").format(count=len(notice["entries"]), **notice))
    story.run(
        "notices", "object", "--batch", BATCH, "--by", "演示职工", "--text", _("请复核成绩汇总"),
        "--candidate", notice["entries"][0]["admission_number"], on=OBJECTED,
    )  # fmt: skip
    early = story.run("notices", "close", "--batch", BATCH, on=DECIDED, expect=1)
    for reason in early["reasons"]:
        story.say(_("    还不能结束：{reason}").format(reason=reason))
    story.run(
        "notices", "decide", "--batch", BATCH, "--serial", "1", "--reject", "--reason", _("复核无误，维持原成绩"),
        on=DECIDED, actor="演示督导员",
    )  # fmt: skip
    story.run("notices", "close", "--batch", BATCH, on=CLOSED)


def _issue(story: Story, people: int, seed: int) -> None:
    story.say()
    story.say(_("六、编号发证"))
    preview = story.run("certificates", "preview", "--batch", BATCH, on=CLOSED)
    issued = story.run("certificates", "issue", "--batch", BATCH, "--out", story.out / "证书", on=CLOSED)
    story.say(_("    预览下一个编号 {number}；发证 {count} 份").format(
        number=next(iter(preview.values())), count=len(issued["certificates"])))  # fmt: skip
    story.answers["certificates"] = [one["number"] for one in issued["certificates"]]


def _file(story: Story, people: int, seed: int) -> None:
    story.say()
    story.say(_("七、导出上报材料包并校验，校验整个安装，复算整个批次"))
    story.run("filings", "export", "--batch", BATCH, "--out", story.out / "上报", on=CLOSED)
    [package] = (story.out / "上报").glob("*.zip")
    story.run("filings", "verify", package, on=CLOSED)
    story.run("verify", "--all", on=CLOSED)
    story.say(_("    材料包与安装均校验通过"))
    replayed = story.run("replay", BATCH, on=CLOSED)
    story.say(_("    复算 {count} 名考生的资格、成绩、编号：全部一致").format(count=replayed["counts"]["equal"]))
    story.answers["package"] = package


def _account(story: Story) -> dict[str, Any]:
    """What happened, in numbers, and where the files are."""
    files = {
        "roster": story.out / "花名册.xlsx",
        "marks": story.out / "成绩表.xlsx",
        "certificates": story.out / "证书",
        "notice": story.out / "公示",
        "package": story.answers["package"],
        "instance": story.instance,
    }
    story.say()
    story.say(_("完成。可以打开看看："))
    for file in files.values():
        story.say(f"  {file}")
    return {
        "people": story.answers["roster"]["new"],
        "eligibility": story.answers["eligibility"],
        "outcomes": story.answers["outcomes"],
        "certificates": story.answers["certificates"],
        "files": files,
    }
