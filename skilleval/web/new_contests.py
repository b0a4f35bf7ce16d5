"""A new contest by form: the event, and the rows of its notice, one line each."""

from typing import Any

from flask import Response, flash, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse
from wtforms import BooleanField, FieldList, FormField, IntegerField, SelectField, StringField
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, NumberRange, Optional

from skilleval.domain.contests import BASES, CLASSES
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.services import contests as service
from skilleval.web import gate
from skilleval.web.contests import pages
from skilleval.web.firm_edits import codes, own_firm
from skilleval.web.forms import DayField, Form, OccupationField, Required, page
from skilleval.web.language import _, lazy

#: the pages of contests, to which this module adds the form of a new one
__all__ = ["pages"]

ROWS = 8
#: 五级 is not reached by a contest (domain/contests.py)
_GRADES = [SelectChoice(one.value, lazy(one.printed)) for one in Grade if one.digit and one > Grade.JUNIOR]


def _choices(words: dict[str, str]) -> list[SelectChoice]:
    return [SelectChoice(word, lazy(name)) for word, name in words.items()]


class RuleRow(PlainForm):
    """One row of the notice; a row without a group is not saved."""

    group = StringField(lazy("组别"), [Optional(), Length(max=20)])
    by = SelectField(lazy("按什么晋级"), choices=_choices(dict(BASES)))
    lower = IntegerField(lazy("从"), [Optional(), NumberRange(min=0, max=100_000)])
    upper = IntegerField(lazy("到"), [Optional(), NumberRange(min=0, max=100_000)])
    awards = StringField(lazy("奖项"), [Optional(), Length(max=100)])
    grade = SelectField(lazy("晋升到"), choices=_GRADES)
    one_up = BooleanField(lazy("已持有的升一级"))


class ContestForm(Form):
    """A contest and the rows of its notice."""

    code = StringField(lazy("编号"), [Required(), Length(max=30)], description=lazy("本机构自编，不重复"))
    name = StringField(lazy("名称"), [Required(), Length(max=80)])
    kind = SelectField(lazy("类别"), [Required()], choices=_choices(dict(CLASSES)))
    organiser = StringField(lazy("主办单位"), [Required(), Length(max=80)])
    document = StringField(lazy("文件"), [Required(), Length(max=80)], description=lazy("赛事通知的文号，如 深人社〔2026〕1号"))
    occupation_code = OccupationField(lazy("职业编码"), [Required(), Length(max=10)], description=lazy("如 6-31-01-03；也可输入名称后从列表中选"))
    trade = StringField(lazy("工种"), [Optional(), Length(max=40)], description=lazy("不分工种的不填"))
    held_from = DayField(lazy("举办日期起"), [Required()])
    held_to = DayField(lazy("举办日期止"), [Required()])
    rules = FieldList(FormField(RuleRow), lazy("晋级规定"), min_entries=1, max_entries=60)


@pages.route("/new", methods=["GET", "POST"])
def new() -> Response | BaseResponse:
    """Record a contest and the rows of its notice. The service checks both as it checks a contest's file."""
    form = ContestForm(data={"rules": [{}] * ROWS})
    if form.validate_on_submit():
        try:
            content = _content(form)
            with gate.writing() as session:
                firm = own_firm(session)
                told = {"institution": firm.credit_code, **content}
                contest = service.add_contest(session, gate.actor(), firm, told, gate.site().installation.library)
                session.commit()
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            flash(_("竞赛已登记。下一步：导入成绩。"))
            return redirect(url_for("contests.show", contest_id=contest.id), 303)
    return page("contests/new.html", form)


def _content(form: ContestForm) -> dict[str, Any]:
    """The form as a contest's file. Refused: no row of the notice, and every row that lacks its bounds or holds others'."""
    named = {one.name: one.data for one in form if one.name not in ("csrf_token", "rules") and one.data not in (None, "")}
    rows = [(number, row) for number, row in enumerate(form.rules.data, start=1) if row["group"]]
    problems = [problem for number, row in rows for problem in _row_problems(number, row)]
    if problems or not rows:
        raise RuleBroken(_("晋级规定没有写全"), problems or [_("至少写一条晋级规定，组别不能空")])
    return {**named, "rule": [_rule(row) for _number, row in rows]}


def _row_problems(number: int, row: dict[str, Any]) -> list[str]:
    """What a row lacks for its way of promotion, in the words of the form."""
    ranked = row["by"] != "award"
    lacking = row["upper"] is None or (row["by"] == "rank" and row["lower"] is None) if ranked else not row["awards"]
    beyond = bool(row["awards"]) if ranked else (row["lower"], row["upper"]) != (None, None)
    wanted = {
        "rank": _("名次须写“从”和“到”，奖项不填"), "percent": _("名次百分比须写“到”（“从”不填为 0），奖项不填"),
        "award": _("奖项须写明，“从”和“到”不填"),
    }  # fmt: skip
    return [_("第 {number} 行：{wanted}").format(number=number, wanted=wanted[row["by"]])] if lacking or beyond else []


def _rule(row: dict[str, Any]) -> dict[str, Any]:
    """A row as a ``[[rule]]``."""
    told = {key: row[key] for key in ("group", "by", "grade", "one_up")}
    match row["by"]:
        case "rank":
            return {**told, "from": row["lower"], "to": row["upper"]}
        case "percent":
            return {**told, "above": row["lower"] or 0, "to": row["upper"]}
    return {**told, "awards": codes(row["awards"])}
