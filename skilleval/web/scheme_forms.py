"""Forms of the three kinds of schemes (评分办法). Fields are called as the tables and keys of a scheme's file are."""

from collections.abc import Mapping
from typing import Any

from wtforms import FieldList, FormField, SelectField, StringField
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from skilleval.domain.criteria import CRITERION_KINDS
from skilleval.domain.performance import DIRECTIONS
from skilleval.services.scheme_file import OWN, TABLES
from skilleval.web.batches import CheckboxesField
from skilleval.web.forms import Form, Required, number_in
from skilleval.web.language import lazy
from skilleval.web.rows import filled, spared

_MOST = 100


def _text(label: str, most: int = 100) -> StringField:
    return StringField(label, [Optional(), Length(max=most)], render_kw={"class": "grow"} if most >= 100 else None)


def _number(label: str) -> StringField:
    return StringField(label, [Optional(), Length(max=20)], render_kw={"inputmode": "decimal"})


def _one_of(label: str, words: Mapping[str, str]) -> SelectField:
    return SelectField(label, [Optional()], choices=[SelectChoice("", "—"), *(SelectChoice(key, lazy(name)) for key, name in words.items())])


class GroupRow(PlainForm):
    """A group of criteria."""

    name = _text(lazy("分组"))
    maximum = _number(lazy("得分封顶（不填为各项之和）"))
    cap = _number(lazy("合计最多扣（不填为不限）"))


class CriterionRow(PlainForm):
    """A criterion that gives points or loses them."""

    code = _text(lazy("编号"), 20)
    name = _text(lazy("评分项"))
    group = _text(lazy("所在分组"))
    kind = _one_of(lazy("得分或扣分"), CRITERION_KINDS)
    maximum = _number(lazy("分值"))
    each = _number(lazy("每次扣"))
    cap = _number(lazy("最多扣"))


class VetoRow(PlainForm):
    """A safety veto item."""

    code = _text(lazy("编号"), 20)
    name = _text(lazy("发生什么即为 0 分"))


class PeriodRow(PlainForm):
    """A period of a performance review."""

    name = _text(lazy("时段"))
    weight = _number(lazy("权重（百分比）"))


class IndicatorRow(PlainForm):
    """An indicator with its bands."""

    code = _text(lazy("编号"), 20)
    name = _text(lazy("指标"))
    unit = _text(lazy("单位"), 20)
    weight = _number(lazy("权重（百分比）"))
    better = _one_of(lazy("好坏方向"), DIRECTIONS)
    bands = _text(lazy("各档：达到＝得分"), 400)
    otherwise = _number(lazy("都不到得"))
    target = _text(lazy("目标"))
    lowest = _number(lazy("数值下限"))
    highest = _number(lazy("数值上限"))


class OccasionRow(PlainForm):
    """A kind of observation."""

    code = _text(lazy("编号"), 20)
    name = _text(lazy("考核项目"))
    weight = _number(lazy("每次的权重"))
    at_least = _number(lazy("至少几次（不填为不限）"))


class SchemeForm(Form):
    """What every scheme has."""

    title = StringField(lazy("名称"), [Required(), Length(max=100)])
    grades = CheckboxesField(lazy("用于哪些等级"), [Required()])


class CriteriaForm(SchemeForm):
    """A criterion sheet."""

    group = FieldList(FormField(GroupRow), lazy("分组"), max_entries=_MOST)
    criterion = FieldList(FormField(CriterionRow), lazy("评分项"), max_entries=_MOST)
    veto = FieldList(FormField(VetoRow), lazy("安全否决项"), max_entries=_MOST)


class ReviewForm(SchemeForm):
    """Performance indicators."""

    period = FieldList(FormField(PeriodRow), lazy("时段"), max_entries=_MOST)
    indicator = FieldList(FormField(IndicatorRow), lazy("指标"), max_entries=_MOST)


class ObservingForm(SchemeForm):
    """A process assessment."""

    at_least = _number(lazy("至少几次观察"))
    observers = _number(lazy("至少几名观察人"))
    occasion = FieldList(FormField(OccasionRow), lazy("考核项目"), max_entries=_MOST)


FORMS: Mapping[str, type[SchemeForm]] = {"criteria": CriteriaForm, "review": ReviewForm, "observing": ObservingForm}


def begun(kind: str, spoken: Mapping[str, Any]) -> dict[str, Any]:
    """What the form of a kind begins with: what the file of a scheme says, as people type it."""
    rows = {name: spared([_shown(row) for row in spoken.get(name, [])], least=5) for name in TABLES[kind]}
    return {**{key: spoken.get(key, "") for key in OWN[kind]}, **rows}


def content(kind: str, form: SchemeForm) -> dict[str, Any]:
    """The form as the file of a scheme says it. What is no number stays text, which the service then refuses."""
    own = {key: _typed(form[key].data, is_kind) for key, is_kind in OWN[kind].items() if form[key].data}
    tables = {
        name: [_row(row, keys) for _number, row in filled(form[name])] for name, (keys, _required) in TABLES[kind].items()
    }
    return {"title": form.title.data, **own, **{name: rows for name, rows in tables.items() if rows}}


def _row(row: Mapping[str, Any], keys: Mapping[str, type]) -> dict[str, Any]:
    return {key: _bands(value) if key == "bands" else _typed(value, keys[key]) for key, value in row.items()}


def _typed(value: str, kind: type) -> Any:
    if kind is int and value.isascii() and value.isdecimal():
        return int(value)
    number = number_in(value) if kind is float else None
    return value if number is None else number


def _bands(typed: str) -> list[dict[str, Any]]:
    """``98=100；95=80`` as bands from the best to the worst."""
    found = []
    for one in typed.replace("；", ";").replace("＝", "=").split(";"):
        at, _sign, points = one.partition("=")
        if one.strip():
            found.append({"at": _typed(at.strip(), float), "points": _typed(points.strip(), float)})
    return found


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A table of the file with its bands in one text."""
    told = dict(row)
    if "bands" in told:
        told["bands"] = "；".join(f"{one['at']}={one['points']}" for one in told["bands"])
    return told
