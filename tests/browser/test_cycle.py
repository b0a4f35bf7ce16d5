"""The whole cycle in the browser: from an empty installation to a verified package, by those who do it, on pages only."""

import json
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import waitress

from skilleval.installation import Installation
from skilleval.web.application import create_app
from tests.browser.office import Desk, Office, Site
from tests.conftest import Cli
from tests.factories import CREDIT_CODE, id_number

FIRM_FILE = Path(__file__).parents[2] / "templates" / "institution.example.toml"
FIRM, NUMBER = "岭南精工制造有限公司", "2026-DG-01"
PASSWORD = "竹窗夜雨-bamboo-{}"
#: who has an account: login → name, role, the code among the personnel
PEOPLE = {
    "hr1": ("陈人事", "hr", ""),
    "reviewer1": ("林审核", "reviewer", ""),
    "approver1": ("黄审批", "approver", ""),
    "issuer1": ("何证书", "issuer", ""),
    "assessor1": ("示例考评员甲", "assessor", "K01"),
    "assessor2": ("示例考评员乙", "assessor", "K02"),
    "assessor3": ("示例考评员丙", "assessor", "K03"),
}
#: who sits: name → the marks in theory and by each assessor in skill
CANDIDATES = {"梁一": ("81", "84.5"), "吴二": ("76.5", "79"), "周三": ("55", "48")}
PLANNING, ENROLLING, MARKING = date(2026, 6, 1), date(2026, 6, 3), date(2026, 7, 6)
NOTICED, CLEARED = date(2026, 7, 13), date(2026, 7, 27)


@pytest.fixture
def site(instance: Path) -> Iterator[Site]:
    """The application on an empty installation, served on a free port of this machine."""
    installation = Installation(instance)
    app = create_app(installation, today=PLANNING)
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=4, ident="")
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield Site(app, f"http://127.0.0.1:{server.effective_port}")
    server.close()
    thread.join(timeout=5)
    installation.database.close()


@pytest.fixture
def office(chromium: Any, site: Site) -> Iterator[Office]:
    """Desks for those who work there, each with a browser session of its own."""
    office = Office(chromium, site)
    yield office
    for context in office.contexts:
        context.close()


@pytest.mark.slow
def test_five_people_bring_a_batch_from_an_empty_installation_to_a_verified_package(
    office: Office, site: Site, cli: Cli, tmp_path: Path
) -> None:
    admin = become_administrator(office, cli)
    found_institution(admin)
    hr = open_account(office, admin, "hr1", first=True)
    upload_institution(hr)
    desks = {login: open_account(office, admin, login) for login in PEOPLE if login != "hr1"}

    import_roster(hr, tmp_path)
    plan_batch(hr)
    go_back_and_plan_again(hr)
    site.move_to(ENROLLING)
    open_enrolment_in_two_windows(hr)
    enrol(hr, tmp_path)
    review(desks["reviewer1"])
    staff(hr)

    site.move_to(MARKING)
    begin_marking(hr)
    mark_in_two_windows(desks["assessor1"])
    for place in (1, 2, 3):
        mark(desks[f"assessor{place}"])
    settle(desks["reviewer1"])

    site.move_to(NOTICED)
    publish(desks["approver1"])
    site.move_to(CLEARED)
    close(desks["approver1"])
    numbers = issue(desks["issuer1"])
    package = file(hr, tmp_path)

    assert cli("filings", "verify", str(package)).exit_code == 0
    check_publicly(office, numbers)
    assert office.complaints == []


# — the acts, in the order of the cycle —


def become_administrator(office: Office, cli: Cli) -> Desk:
    """The installer runs one command; what it prints makes the first administrator in the browser."""
    token = json.loads(cli("accounts", "setup-token", "--json").output)["token"]
    desk = office.desk("admin")
    desk.open("/")
    desk.picture("01-empty")
    desk.fill("设置口令", token)
    desk.fill("登录名", "admin")
    desk.fill("姓名", "系统管理员")
    desk.fill("密码", PASSWORD.format("admin"))
    desk.press("建立")
    desk.sees("系统管理员已建立")
    sign_in(desk, "admin", PASSWORD.format("admin"))
    desk.sees("管理账号")
    desk.picture("02-administration")
    return desk


def found_institution(admin: Desk) -> None:
    admin.follow("建立机构")
    admin.fill("统一社会信用代码", CREDIT_CODE)
    admin.fill("单位名称", FIRM)
    admin.page.get_by_label("类别").select_option("employer")
    admin.page.get_by_label("制造业").select_option("true")
    admin.fill("省代码", "44")
    admin.picture("03-new-institution")
    admin.press("建立")
    admin.sees("已建立机构")


def sign_in(desk: Desk, login: str, password: str) -> None:
    desk.fill("登录名", login)
    desk.fill("密码", password)
    desk.press("登录")


def open_account(office: Office, admin: Desk, login: str, *, first: bool = False) -> Desk:
    """The administrator makes the account, the person signs in with the password shown once and chooses their own."""
    name, role, code = PEOPLE[login]
    if not first:
        admin.follow("账号", "nav.menu")
        admin.follow("新建账号")
    admin.fill("登录名", login)
    admin.fill("姓名", name)
    admin.page.get_by_label("机构").select_option(CREDIT_CODE)
    admin.page.get_by_label("角色").select_option(role)
    admin.picture(f"04-new-account-{login}")
    admin.press("建立")
    once = admin.page.locator("code.once").inner_text()
    admin.picture(f"05-once-{login}")
    if code:
        admin.follow("查看账号")
        admin.page.locator("#personnel-1").select_option(label=f"{code}　{name}")
        admin.press("保存")
        admin.picture(f"06-account-{login}")
    desk = office.desk(login)
    desk.open("/")
    sign_in(desk, login, once)
    desk.fill("现在的密码", once)
    desk.fill("新密码", PASSWORD.format(login))
    desk.fill("再输一次", PASSWORD.format(login))
    desk.press("更改密码")
    desk.sees("密码已更改")
    desk.picture(f"07-home-{login}")
    return desk


def upload_institution(hr: Desk) -> None:
    hr.follow("机构与备案", "nav.menu")
    hr.picture("08-institution-empty")
    hr.follow("上传机构文件")
    hr.page.get_by_label("机构文件").set_input_files(FIRM_FILE)
    hr.press("检查并预览")
    hr.picture("09-institution-preview")
    hr.press("确认写入")
    hr.sees("机构文件已写入", "Y000044000123")
    hr.picture("10-institution")


def import_roster(hr: Desk, folder: Path) -> None:
    """One document number has a digit wrong; it is put right on the page, and all is written once."""
    right = {name: id_number(place) for place, name in enumerate(CANDIDATES, start=1)}
    wrong = {**right, "吴二": right["吴二"][:-1] + ("0" if right["吴二"][-1] != "0" else "1")}
    rows = [
        f"E{place:04d},{name},{number},高中,1540000000{place},一车间,维修电工,合同,2012-07-01,6-31-01-03,2012-07-01,无,无,无"
        for place, (name, number) in enumerate(wrong.items(), start=1)
    ]
    heading = "工号,姓名,证件号码,文化程度,联系电话,部门,岗位,用工形式,入职日期,从事职业编码,从事本职业起始日期,现持证书等级,职称,学历类别"
    roster = folder / "花名册.csv"
    roster.write_text("\n".join([heading, *rows, ""]), encoding="utf-8")
    hr.follow("导入", "nav.menu")
    hr.picture("11-imports")
    hr.page.locator("ul.choices a").first.click()
    hr.page.get_by_label("文件").set_input_files(roster)
    hr.picture("12-import-new")
    hr.press("上传并检查")
    hr.sees("逐格更正")
    hr.picture("13-import-error")
    hr.page.get_by_label("第 3 行 证件号码 改为").fill(right["吴二"])
    hr.press("更正并重新检查")
    hr.sees("没有错误")
    hr.picture("14-import-corrected")
    hr.act_twice("写入")
    hr.sees("已写入")
    hr.picture("15-import-receipt")
    hr.page.go_back()
    hr.page.reload()
    hr.sees("导入回执")
    hr.follow("查看花名册")
    hr.sees(*CANDIDATES, "共 3 行")
    hr.picture("16-people")


def plan_batch(hr: Desk) -> None:
    hr.follow("批次", "nav.menu")
    hr.picture("17-batches-empty")
    hr.follow("新建批次", "main .head")
    hr.page.get_by_label("四级/中级工").check()
    hr.fill("批次编号", NUMBER)
    hr.fill("批次名称", "2026年第一批电工认定")
    hr.fill("计划人数", "3")
    for label, day in (("报名截止", "2026-06-20"), ("评价开始", "2026-07-06"), ("评价结束", "2026-07-10")):
        hr.fill(label, day)
    hr.page.get_by_label("一号实训车间").check()
    hr.page.get_by_label("示例督导员丁").check()
    hr.page.get_by_label("示例考评员甲 理论知识考试").check()
    for one in "甲乙丙":
        hr.page.get_by_label(f"示例考评员{one} 技能操作考核").check()
    hr.picture("18-batch-new")
    hr.page.get_by_role("button", name="建立批次").dblclick()
    hr.sees("批次已建立")
    hr.picture("19-batch")


def go_back_and_plan_again(hr: Desk) -> None:
    """Back after the batch was planned: the form still holds what was typed, and sending it again makes no second batch."""
    hr.page.go_back()
    assert hr.page.get_by_label("批次编号").input_value() == NUMBER
    hr.press("建立批次")
    hr.sees(f"批次编号 {NUMBER} 已存在")
    assert hr.page.get_by_label("批次名称").input_value() == "2026年第一批电工认定"
    hr.picture("19-batch-again")
    hr.follow("批次", "nav.menu")
    hr.sees("共 1 行")


def open_enrolment_in_two_windows(hr: Desk) -> None:
    """Both windows show the plan; the second is told that the step was taken already."""
    open_batch(hr)
    other = hr.second_window()
    hr.press("进入“报名”")
    hr.sees("批次已进入“报名”")
    other.press("进入“报名”")
    other.sees("没有办成", "现在是“报名”")
    other.picture("19-second-window")
    other.page.close()


def enrol(hr: Desk, folder: Path) -> None:
    form = folder / "报名表.csv"
    rows = [f"{name},{id_number(place)},中级工" for place, name in enumerate(CANDIDATES, start=1)]
    form.write_text("\n".join(["姓名,证件号码,申报等级", *rows, ""]), encoding="utf-8")
    hr.follow("导入", "nav.menu")
    hr.follow("报名表", "ul.choices")
    hr.page.get_by_label("文件").set_input_files(form)
    hr.press("上传并检查")
    hr.picture("20-enrol-checked")
    hr.act("写入")
    hr.sees("已写入")
    hr.follow("查看考生")
    hr.sees(*CANDIDATES)
    hr.picture("21-candidates")


def open_batch(desk: Desk, tab: str = "概览") -> None:
    desk.follow("批次", "nav.menu")
    desk.follow(NUMBER, "main")
    if tab != "概览":
        desk.follow(tab, "nav.tabs")


def review(reviewer: Desk) -> None:
    reviewer.follow("首页", "nav.menu")
    reviewer.picture("22-reviewer-home")
    reviewer.follow("审核资格")
    reviewer.act("通过全部“符合”的考生")
    reviewer.picture("23-reviewed")


def staff(hr: Desk) -> None:
    open_batch(hr)
    hr.picture("24-batch-enrolling")
    hr.press("进入“资格审核完成”")
    hr.picture("25-batch-reviewed")
    hr.follow("评审组", "nav.tabs")
    hr.picture("26-panels")
    hr.page.get_by_label("部分").first.select_option("skill")
    hr.press("看建议")
    hr.picture("27-panel-proposed")
    hr.fill("理由", "按建议组成")
    hr.press("组成评审组")
    hr.sees("评审组已组成")
    hr.picture("28-panel")
    hr.follow("概览", "nav.tabs")
    hr.press("进入“考务编排完成”")
    hr.sees("批次已进入“考务编排完成”")
    hr.picture("29-scheduled")


def begin_marking(hr: Desk) -> None:
    open_batch(hr)
    hr.press("进入“评分”")
    hr.sees("批次已进入“评分”")
    hr.picture("30-marking")


def mark_in_two_windows(assessor: Desk) -> None:
    """One sheet open twice: the window that comes second is told, and what the first one saved stays."""
    open_batch(assessor, "评分")
    assessor.page.get_by_role("link", name="评分", exact=True).and_(assessor.page.locator("main a.primary")).first.click()
    other = assessor.second_window()
    forget_the_point(assessor)
    assessor.type("81")
    assessor.sees("草稿已保存")
    other.type("12")
    other.sees("已在另一个窗口或设备上改过")
    other.picture("30-second-window")
    other.page.close(run_before_unload=False)
    assessor.page.reload()
    assert assessor.page.get_by_label("分数").input_value() == "81.00"


def forget_the_point(assessor: Desk) -> None:
    """81.5 typed as 815 is no 81: the cell is empty, says why, and Enter leads nowhere until a number stands in it."""
    name = assessor.page.locator("h1").inner_text()
    assessor.type("815")
    assessor.sees("815　最多 100　请重新输入")
    assessor.page.keyboard.press("Enter")
    assert assessor.page.get_by_label("分数").input_value() == ""
    assert assessor.page.locator("h1").inner_text() == name


def mark(assessor: Desk) -> None:
    """Each sheet by keyboard only: a number and Enter, which leads to the next candidate."""
    open_batch(assessor, "评分")
    assessor.picture("31-own-sheets")
    for place in range(assessor.page.locator("main table.list tbody tr").count()):
        row = assessor.page.locator("main table.list tbody tr").nth(place)
        part = 1 if "技能" in row.inner_text() else 0
        row.get_by_role("link", name="评分", exact=True).click()
        for name, marks in CANDIDATES.items():
            assessor.page.locator("h1", has_text=name).wait_for()
            assessor.type(marks[part])
            assessor.page.keyboard.press("Enter")
        assessor.sees("草稿已保存")
        assessor.picture(f"32-sheet-{part}")
        assessor.follow("核对与提交")
        assessor.picture(f"33-submit-{part}")
        assessor.act("提交并锁定 3 人")
        assessor.sees("已提交并锁定 3 人的评分")
        open_batch(assessor, "评分")


def settle(reviewer: Desk) -> None:
    open_batch(reviewer, "成绩")
    reviewer.picture("34-marks")
    reviewer.act("核定成绩")
    reviewer.sees("合格")
    reviewer.picture("35-settled")


def publish(approver: Desk) -> None:
    approver.follow("首页", "nav.menu")
    approver.picture("36-approver-home")
    approver.follow("公示", "main")
    approver.picture("37-notice-plan")
    approver.act("发布公示")
    approver.sees("已公示")
    approver.picture("38-noticed")


def close(approver: Desk) -> None:
    open_batch(approver, "公示")
    approver.act("结束公示")
    approver.sees("公示已结束")
    approver.picture("39-cleared")


def issue(issuer: Desk) -> list[str]:
    issuer.follow("首页", "nav.menu")
    issuer.picture("40-issuer-home")
    issuer.follow("编号发证", "main")
    issuer.picture("41-certificates")
    issuer.follow("编号发证", "main .acts")
    issuer.picture("42-issue")
    issuer.fill("批次编号", NUMBER)
    issuer.page.get_by_role("button", name="颁发 2 份证书").dblclick()
    issuer.sees("已发证 2 份")
    issuer.picture("43-issued")
    return issuer.page.locator("main table.list tbody td.link").all_inner_texts()


def file(hr: Desk, folder: Path) -> Path:
    open_batch(hr, "上报")
    hr.picture("44-filings")
    hr.follow("导出上报材料")
    hr.picture("45-export")
    hr.press("导出")
    hr.sees("自检通过")
    hr.picture("46-filing")
    with hr.page.expect_download() as waiting:
        hr.act("下载资料包")
    package = folder / waiting.value.suggested_filename
    waiting.value.save_as(package)
    return package


def check_publicly(office: Office, numbers: list[str]) -> None:
    anybody = office.desk("anybody")
    anybody.open("/check")
    anybody.fill("证书编号", numbers[0])
    anybody.fill("证书上的姓名", "梁一")
    anybody.press("核验")
    anybody.sees("证书有效")
    anybody.picture("47-checked")
