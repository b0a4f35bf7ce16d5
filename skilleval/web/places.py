"""Where in the browser an act is done: refusals of the services name commands, and whoever reads them here has pages."""

import re
from typing import Any

from flask import Flask
from markupsafe import Markup

#: command → the place on the pages where it is done; refusals stay Chinese in every language, and so do these.
#: A command that is not here has no page: it is for whoever runs the installation.
PLACES = {
    "accounts add": "“账号”页",
    "accounts list": "“账号”页",
    "accounts remove-totp": "账号页的“停用动态口令”",
    "appointments list": "“特级与首席”页",
    "batches advance": "批次概览的“下一步”",
    "batches extend": "批次概览的“延长报名”",
    "batches list": "“批次”页",
    "batches reason": "批次概览的“写明条款不一致的理由”",
    "batches staff": "批次“评审组”页的“调整人员和场地”",
    "candidates check": "批次“考生”页的“重新判断”",
    "candidates refuse": "批次“考生”页的“审核不通过”",
    "candidates withdraw": "批次“考生”页的“退出本批”",
    "certificates import-numbers": "批次“证书”页的“导入省里下发的编号”",
    "certificates issue": "批次“证书”页的“颁发证书”",
    "certificates revoke": "证书页的“撤销”",
    "chains add": "“链与成员”页的“登记技能生态链”",
    "chains list": "“链与成员”页",
    "chains mandate-add": "链的页面的“登记服务关系”",
    "chains member-correct": "链的页面上该成员的“更正退出日期”",
    "chains member-leave": "“链与成员”页",
    "confirmations list": "“学徒工转正”页",
    "conflicts confirm": "批次“评审组”页的“回避情形”",
    "conflicts confirm / dismiss": "批次“评审组”页的“回避情形”",
    "conflicts declare": "批次“回避情形”页的“声明关系”",
    "conflicts dismiss": "批次“评审组”页的“回避情形”",
    "conflicts list": "批次“评审组”页的“回避情形”",
    "contests add": "“竞赛”页的“登记竞赛”",
    "contests disallow": "竞赛页的“取消晋级”",
    "contests list": "“竞赛”页",
    "institutions list": "“机构与备案”页",
    "institutions show": "“机构与备案”页",
    "items card-add": "考核项目页的“登记任务书”",
    "items card-check": "批次“任务书”页",
    "items card-print": "批次“任务书”页",
    "items list": "评价规范的“考核项目”页",
    "marks adjudicate": "考生成绩页的“裁定”",
    "marks correct": "考生成绩页的“更正成绩”",
    "marks import": "“导入”页",
    "marks remark": "考生成绩页的“重评”",
    "marks revise": "考生成绩页的“解锁”",
    "marks template": "“导入”页的模板",
    "notices close": "批次“公示”页的“公示结束”",
    "notices correct": "批次“公示”页的“更正公示”",
    "notices decide": "批次“公示”页的“异议”",
    "notices withdraw": "批次“公示”页的“撤回公示”",
    "panels absent": "批次“评审组”页的“登记缺席”",
    "panels assign": "批次“评审组”页的“建议评审组”",
    "panels check": "批次“评审组”页的“核对一个人”",
    "panels substitute": "批次“评审组”页的“增补一人”",
    "people import": "“导入”页",
    "recognitions decide": "案卷的“认定决定”",
    "recognitions score": "案卷页",
    "recognitions vote": "案卷的“评审组与表决”",
    "schemes define": "评价规范各部分的“评分办法”页",
    "schemes import": "批次“成绩”页的“评分办法与工作簿”",
    "schemes template": "批次“成绩”页的“评分办法与工作簿”",
    "specifications abandon": "起草项目的“终止起草”",
    "specifications answer": "起草项目的“意见及处理”",
    "specifications conclude": "起草项目的“作出结论”",
    "specifications draft": "“评价规范”页的“立项”",
    "specifications drafter-add": "起草项目的“增加起草单位”",
    "specifications drafter-leave": "起草项目的“退出”",
    "specifications list": "“评价规范”页",
    "specifications record": "起草项目的“评审记录”",
    "specifications review": "起草项目的“建立评审”",
    "specifications revise": "起草项目的“提交一稿”",
    "standards list": "“职业与标准”页",
}
_NAMED = "|".join(map(re.escape, sorted(PLACES, key=len, reverse=True)))
#: the key of a file behind the name of what is wrong, which a form does not show
_KEY = re.compile(r"（(?:starts_on|ends_on|enrol_until|held_from|held_to|started_on|ended_on|term_from|term_to|notice_from|notice_to)）")
#: “用” before a command and a blank after it belong to the command; a page stands “在” somewhere
_COMMAND = re.compile(rf"(?P<by>使用|用|运行)? ?skilleval (?P<command>{_NAMED})(?![a-z-]) ?")


def for_browser(text: str) -> str:
    """The text with the page in place of each command that has one, and without the keys of a file."""
    told = _COMMAND.sub(lambda found: ("在" if found["by"] else "") + PLACES[found["command"]], text)
    return _KEY.sub("", told)


def _shown(value: Any) -> Any:
    if not isinstance(value, str) or ("skilleval " not in value and "（" not in value):
        return value
    told = for_browser(value)  # as safe as it came: only words of ours are put in
    return Markup(told) if isinstance(value, Markup) else told


def install(app: Flask) -> None:
    """Let every page say where an act is done, wherever the words come from."""
    app.jinja_env.finalize = _shown
