"""``skilleval demo``: a chain lead and three suppliers, told by the very commands that a user types. The story: ``demo/``."""

import contextlib
import io
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

import skilleval.cli as root
from skilleval.cli.output import _, emit, json_option
from skilleval.demo.story import TODAY, Story
from skilleval.domain import lifecycle
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade

SEED = 20260608
PEOPLE = 100
Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter: its title, what happens in it, and what is told of that."""

    name: str
    title: str
    happen: Callable[[Story], Facts]
    told: Callable[[Facts], Iterator[str]]


@click.command(help=_("用虚构数据演示：链主企业与三家供应商，各种认定方式，从花名册到上报材料包。"))
@click.option(
    "--people", type=click.IntRange(20, 5000), default=PEOPLE, show_default=True, help=_("链主企业随机生成的人数，另有二十名固定人员")
)
@click.option("--seed", type=int, default=SEED, show_default=True, help=_("随机种子；相同则人员、成绩、编号都相同"))
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("demo-output"), show_default=True,
    help=_("输出文件夹（其中已有的演示会被替换）"),
)  # fmt: skip
@json_option
def demo(people: int, seed: int, out: Path, as_json: bool) -> None:
    """Run the demo into a folder of its own; no other installation is touched."""
    say = (lambda _line: None) if as_json else click.echo
    say(_("演示：链主企业与三家供应商（全部数据均为虚构，证书印有“演示”字样）"))
    teller = _Teller(say)
    story = Story(_fresh(out), people, seed, do_command, teller.hear)
    facts = {chapter.name: teller.tell(chapter, story) for chapter in chapters()}
    answer = _account(story, facts)
    emit(answer, as_json, _closing(story, answer))


@dataclass(slots=True)
class _Teller:
    """Prints chapters: each kind of command once a chapter, as it was typed, then what came of them."""

    say: Callable[[str], Any]
    shown: frozenset[tuple[str, ...]] = frozenset()

    def tell(self, chapter: Chapter, story: Story) -> Facts:
        self.say("")
        self.say(chapter.title)
        self.shown = frozenset()
        facts = chapter.happen(story)
        for line in chapter.told(facts):
            self.say(f"    {line}")
        return facts

    def hear(self, command: str) -> None:
        kind = tuple(command.split()[:2])
        if kind not in self.shown:
            self.shown |= {kind}
            self.say(f"  $ skilleval {command}")


def do_command(words: Sequence[str]) -> tuple[int, str]:
    """Do a command of this command line: its exit code, and what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = root.main.main(args=list(words), prog_name="skilleval", standalone_mode=False) or 0
    return code, printed.getvalue()


def chapters() -> tuple[Chapter, ...]:
    """The story in order. Its modules are imported only when it is told, so that --help stays quick."""
    from skilleval.demo import (
        accounts,
        appointments,
        chain,
        checks,
        confirmations,
        contests,
        direct,
        firms,
        methods,
        road,
        rosters,
        under_way,
    )

    return (
        Chapter("firms", _("一、建立安装，登记四家企业：备案、评价规范、岗位、考评员、场地"), firms.register, _firms),
        Chapter("rosters", _("二、导入花名册：先是一份有错的，再是改好的，再导一次；然后是三家供应商的"), rosters.import_rosters, _rosters),
        Chapter("enrolment", _("三、电工批次：建立、报名，逐人判断申报条件"), road.enrol, _enrolment),
        Chapter("marks", _("四、评分：考评员填成绩表，导入，分歧由人裁定，核定"), road.mark, _marks),
        Chapter("notice", _("五、公示，登记并处理一件异议，期满结束"), road.publish, _notice),
        Chapter("certificates", _("六、编号发证"), road.issue, _certificates),
        Chapter("filing", _("七、导出上报材料包"), road.file_batch, _filing),
        Chapter("chain", _("八、产教评技能生态链：为供应商的员工认定；一件异议成立；补发一份证书"), chain.grow, _chain),
        Chapter("direct", _("九、直接认定：链主企业（大型）各等级，供应商（中型）限技师、高级技师"), direct.recognise, _direct),
        Chapter("contest", _("十、竞赛晋级"), contests.promote, _contest),
        Chapter("appointments", _("十一、特级技师、首席技师评聘"), appointments.appoint, _appointments),
        Chapter("confirmations", _("十二、学徒工转正定级"), confirmations.confirm, _confirmations),
        Chapter("under_way", _("十三、进行中的批次：报名、评分、计划"), under_way.leave_open, _under_way),
        Chapter("methods", _("十四、评分表、业绩与过程：三种评分办法逐行计分，直到上报材料包"), methods.assess, _methods),
        Chapter("accounts", _("十五、网页账号：每个角色一个，首次登录时须修改一次性密码"), accounts.open_accounts, _accounts),
        Chapter("checks", _("十六、校验全部材料包与整个安装，复算每个有结果的批次"), checks.check, _checks),
    )


def _fresh(out: Path) -> Path:
    """The output folder, empty. Refused: a folder that is there and is no earlier demo."""
    marker = out / ".skilleval-demo"
    if out.exists() and any(out.iterdir()) and not marker.exists():
        raise RuleBroken(f"{out} 不是空文件夹，也不是以前的演示，未作任何改动；请另选一个文件夹")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    marker.touch()
    return out.resolve()


def _firms(facts: Facts) -> Iterator[str]:
    for name, added in facts["firms"].items():
        yield _("{name}：登记 {added} 项").format(name=name, added=added)


def _accounts(facts: Facts) -> Iterator[str]:
    for one in facts["accounts"]:
        yield _("登录名 {login}  一次性密码 {password}  {role} {firm}").format(**one)


def _rosters(facts: Facts) -> Iterator[str]:
    yield _("读取 {read} 行，{failed} 行有错，一行也没有写入：").format(**facts["refused"])
    for error in facts["refused"]["errors"][:3]:
        yield f"  第{error['row']}行 {error['column']}列 {error['header']}：{error['message']}"
    yield _("改好后新增 {new} 人；同一文件再导一次，未变 {again} 人").format(**facts)
    for name, new in facts["suppliers"].items():
        yield _("{name}：{new} 人").format(name=name, new=new)


def _enrolment(facts: Facts) -> Iterator[str]:
    yield _applied(facts["eligibility"])
    for proof in facts["proofs"]:
        title = {"met": _("符合"), "not_met": _("不符合")}[proof["verdict"]]
        yield f"{proof['name']} {proof['grade']} {title}："
        yield from (f"  · {line}" for line in proof["because"])


def _applied(counts: dict[str, int]) -> str:
    return _("报名 {count} 人：符合 {met}，不符合 {not_met}，无法判断 {unknown}").format(count=sum(counts.values()), **counts)


def _marks(facts: Facts) -> Iterator[str]:
    yield from facts["disputes"]
    yield _settled(facts["outcomes"])


def _settled(counts: dict[str, int]) -> str:
    return _("核定 {settled} 人：合格 {passed}，不合格 {failed}，缺考 {absent}").format(**counts)


def _notice(facts: Facts) -> Iterator[str]:
    notice = facts["notice"]
    yield _("公示 {count} 人，{first_day} 至 {last_day}").format(count=len(notice["entries"]), **notice)
    for reason in facts["early"]:
        yield _("还不能结束：{reason}").format(reason=reason)


def _certificates(facts: Facts) -> Iterator[str]:
    yield _("预览下一个编号 {next}；发证 {count} 份").format(next=facts["next"], count=len(facts["certificates"]))


def _filing(facts: Facts) -> Iterator[str]:
    yield _("{name}：{files} 个文件，考生 {candidates} 人，证书 {certificates} 份").format(name=facts["package"].name, **facts)


def _chain(facts: Facts) -> Iterator[str]:
    yield _("{chain}：链员 {members} 家，服务关系 {mandates} 项").format(**facts)
    yield _("报名 {candidates} 人，其中供应商员工 {of_members} 人").format(**facts)
    yield _settled(facts["outcomes"])
    for reason in facts["corrected"]["before"]:
        yield _("还不能结束：{reason}").format(reason=reason)
    yield _("{name} 的成绩按原始评分表更正为不合格，不发证；发证 {count} 份").format(
        name=facts["corrected"]["name"], count=len(facts["certificates"])
    )
    yield _("补发 {reissued}，编号不变").format(**facts)


def _direct(facts: Facts) -> Iterator[str]:
    for told in facts["wide"], facts["narrow"]:
        for case in told["cases"]:
            word = _("予以认定") if case["state"] == "recognised" else _("不予认定")
            yield _("{number} {name} {grade}：综合 {composite}，{word}").format(word=word, **case)
    yield _("供应商申请直接认定高级工，不能建立批次：")
    yield from (f"  · {reason}" for reason in facts["narrow"]["beyond"])
    yield _("供应商的批次公示至 {last_day}，有一件异议待处理").format(**facts["narrow"])


def _contest(facts: Facts) -> Iterator[str]:
    for one in facts["promoted"]:
        yield _("{name} 晋升 {grade}").format(name=one["name"], grade=Grade(one["grade"]).printed)
    for one in facts["refused"]:
        yield _("未晋级 {name}：{reason}").format(name=one["name"], reason=one["reasons"][0])


def _appointments(facts: Facts) -> Iterator[str]:
    yield _("推荐 {nominated} 人，聘任 {appointed} 人").format(**facts)
    yield _("不能推荐 {name}：{reason}").format(name=facts["late"], reason="；".join(facts["why"]))


def _confirmations(facts: Facts) -> Iterator[str]:
    yield _("转正定级：合格 {passed} 人，不合格 {failed} 人").format(**facts)
    yield _("不能转正 {name}：{reason}").format(name=facts["early"], reason="；".join(facts["why"]))


def _under_way(facts: Facts) -> Iterator[str]:
    yield _applied(facts["applied"])
    yield _("供应商的批次正在评分，已录入 {count} 项评分").format(count=facts["marked"])
    soon = facts["soon"]
    yield _("{name} 申报{grade}：{way}").format(name=soon["name"], grade=soon["grade"], way=soon["ways"][0]["text"])


def _methods(facts: Facts) -> Iterator[str]:
    yield _("导入：评分表 {skill} 行，业绩数据 {performance} 行，过程考核 {process} 行").format(**facts["rows"])
    yield from facts["disputes"]
    yield _settled(facts["outcomes"])


def _checks(facts: Facts) -> Iterator[str]:
    yield _("{packages} 个材料包与整个安装均校验通过").format(**facts)
    yield _("复算 {batches} 个批次、{count} 名考生的资格、成绩、编号：全部一致").format(
        batches=len(facts["replayed"]), count=sum(facts["replayed"].values())
    )
    for one in facts["batches"]:
        yield f"{one['number']}  {one['name']}  {lifecycle.label('batch', one['state'])}"


def _account(story: Story, facts: dict[str, Facts]) -> dict[str, Any]:
    """What happened, in numbers, and where the files are."""
    names = {
        "rosters": "花名册", "enrolment": "报名", "marks": "成绩", "notices": "公示", "certificates": "证书", "minutes": "纪要",
        "filings": "上报", "plans": "文件", "instance": "instance",
    }  # fmt: skip
    return {
        "people": facts["rosters"]["new"],
        "eligibility": facts["enrolment"]["eligibility"],
        "outcomes": facts["marks"]["outcomes"],
        "certificates": facts["certificates"]["certificates"],
        "batches": {one["number"]: one["state"] for one in facts["checks"]["batches"]},
        "firms": {firm.name: firm.credit_code for firm in facts["checks"]["firms"]},
        "today": TODAY,
        "accounts": facts["accounts"]["accounts"],
        "files": {key: story.out / name for key, name in names.items()} | {"package": story.packages[0]},
        "packages": story.packages,
    }


def _closing(story: Story, answer: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield _("完成。可以打开看看：")
    yield from (f"  {file}" for file in answer["files"].values())
    yield _("接着可以试试（{today} 为演示的“今天”）：").format(**answer)
    place = f'skilleval --instance "{story.instance}" --on {answer["today"]}'
    yield f"  {place} serve"
    yield _("    在浏览器中打开 http://127.0.0.1:8000，用上面的登录名和一次性密码登录（make demo 之后用 make serve 即可）")
    yield f"  {place} batches list"
    for code in answer["firms"].values():
        yield f"  {place} --acting {code} batches list"
    yield f"  {place} batches show 2026-ZJ-01"
    yield f"  {place} candidates list --batch 2026-JQ-01"
    yield f"  {place} notices show --batch 2026-ZJ-01"
