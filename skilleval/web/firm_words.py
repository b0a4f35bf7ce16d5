"""What the columns and words of a firm's rows are called on pages."""

from typing import Any

from skilleval.db.tables import Table
from skilleval.domain.authority import ROUTES
from skilleval.domain.identifiers import ID_TYPES
from skilleval.domain.methods import METHODS
from skilleval.domain.scoring import AGREEMENT_RULES
from skilleval.web.language import _, marked
from skilleval.web.show import NOTHING, grade, label, mark, shown

#: table → what one row is called
TABLES = {
    "institution": marked("机构"), "registration": marked("备案"), "scope_line": marked("备案范围"),
    "specification": marked("评价规范"), "specification_part": marked("评价规范的部分"), "post": marked("岗位"),
    "post_grade": marked("岗位等级"), "personnel": marked("评价人员"), "venue": marked("场地"),
}  # fmt: skip

#: column → its name on a page
COLUMNS = {
    "credit_code": marked("统一社会信用代码"), "name": marked("名称"), "kind": marked("类别"), "ownership": marked("单位性质"),
    "industry": marked("所属行业"), "cluster": marked("产业集群"), "size": marked("企业规模"),
    "manufacturing": marked("制造业"), "listed": marked("上市公司"), "above_scale": marked("规模以上"),
    "chain_lead": marked("链主企业"), "flagship": marked("行业龙头"), "legal_representative": marked("法定代表人"),
    "address": marked("地址"), "province": marked("省代码"), "city": marked("地市代码"), "district": marked("区县"),
    "insured_place": marked("参保地"), "employees": marked("员工总数"), "skilled_posts": marked("技能岗位人数"),
    "senior_skilled": marked("高级工以上人数"), "insured_employees": marked("参保人数"),
    "full_time_staff": marked("专职评价人员"), "responsible": marked("评价工作负责人"), "contact": marked("联系人"),
    "phone": marked("电话"), "email": marked("电子邮箱"), "number": marked("备案号"), "authority": marked("备案机关"),
    "authority_level": marked("机关级别"), "registered_on": marked("备案日期"), "valid_from": marked("有效期自"),
    "valid_to": marked("有效期至"), "state": marked("状态"), "serial": marked("序号"),
    "occupation_code": marked("职业编码"), "occupation_edition": marked("大典版本"), "occupation_name": marked("职业名称"),
    "trade": marked("工种"), "grades": marked("等级"), "basis": marked("评价依据"), "basis_name": marked("依据名称"),
    "basis_year": marked("依据年份"), "routes": marked("认定方式"), "complete_grade_set": marked("等级设置完整"),
    "ceiling": marked("最高备案等级"), "workers": marked("从业人数"), "note": marked("备注"), "code": marked("编号"),
    "version": marked("版本"), "title": marked("名称"), "standard": marked("所依据的国家职业标准"),
    "conditions": marked("申报条件版次"), "related_occupations": marked("相关职业"), "approved_on": marked("批准日期"),
    "grade": marked("等级"), "method": marked("部分"), "weight": marked("权重"), "maximum": marked("满分"),
    "pass_mark": marked("合格线"), "assessors": marked("考评员人数"), "agreement": marked("评分合成"),
    "post_specification": marked("岗位规范"), "skill_pay": marked("技能津贴（分/月）"), "sex": marked("性别"),
    "id_type": marked("证件类型"), "id_index": marked("证件号码"), "employer": marked("工作单位"),
    "card_number": marked("证卡编号"), "card_valid_to": marked("证卡有效期至"), "occupations": marked("可评职业"),
    "lease_to": marked("租期至"), "seats": marked("工位"), "monitored": marked("视频监控"),
    "equipment": marked("设备"),
}  # fmt: skip

INSTITUTION_KINDS = {"employer": marked("用人单位"), "chain_evaluator": marked("技能生态链评价机构")}
SIZES = {"大": marked("大"), "中": marked("中"), "小": marked("小"), "微": marked("微")}
AUTHORITY_LEVELS = {"province": marked("省"), "city": marked("市"), "district": marked("区")}
REGISTRATION_STATES = {
    "draft": marked("拟申报"), "submitted": marked("已申报"), "registered": marked("已备案"),
    "suspended": marked("暂停"), "removed": marked("已取消"),
}  # fmt: skip
BASES = {"standard": marked("国家职业标准"), "specification": marked("评价规范"), "direct_sheet": marked("直接认定评价表")}
PERSONNEL_KINDS = {
    "assessor": marked("考评员"), "senior_assessor": marked("高级考评员"), "supervisor": marked("内部质量督导员"),
    "expert": marked("专家"), "staff": marked("考务人员"),
}  # fmt: skip
VENUE_KINDS = {"theory": marked("理论"), "computer": marked("机考"), "practical": marked("实操"), "review": marked("综合评审")}
SPECIFICATION_STATES = {"draft": marked("草稿"), "approved": marked("已批准"), "superseded": marked("已被取代")}
SEXES = {"male": marked("男"), "female": marked("女")}
#: where a stored word has a name: (table, column) → the words
_WORDS = {
    ("institution", "kind"): INSTITUTION_KINDS, ("institution", "size"): SIZES, ("registration", "authority_level"): AUTHORITY_LEVELS,
    ("registration", "state"): REGISTRATION_STATES, ("scope_line", "basis"): BASES,
    ("personnel", "kind"): PERSONNEL_KINDS, ("personnel", "sex"): SEXES, ("personnel", "id_type"): dict(ID_TYPES),
    ("venue", "kind"): VENUE_KINDS, ("specification", "state"): SPECIFICATION_STATES,
    ("specification_part", "method"): {key: one.name_zh for key, one in METHODS.items()},
}  # fmt: skip
_GRADE_COLUMNS = ("grade", "grades", "ceiling")
_HUNDREDTHS = ("maximum", "pass_mark")


def kind_of(row: Table) -> str:
    """What a row is called."""
    return _(TABLES[str(row.__tablename__)])


def name_of(row: Any) -> str:
    """The name of a row among its like."""
    table = row.__tablename__
    if table == "specification_part":
        return f"{grade(row.grade)} {label(METHODS[row.method].name_zh)}"
    if table == "scope_line":
        return f"{row.occupation_name} {row.trade}".strip()
    if table == "registration":
        return str(row.number)
    if table == "specification":
        return _("{title}（{code} 第{version}版）").format(title=row.title, code=row.code, version=row.version)
    return f"{row.name}（{row.code}）" if table == "personnel" else str(row.name)


def value_of(row: Table, column: str, value: Any) -> str:
    """A value of a column in the words of a page. A document number is never shown, only that there is one."""
    if value in (None, "", []):
        return NOTHING
    if column == "id_index":
        return _("已填")
    if column in _HUNDREDTHS:
        return mark(value)
    if column in _GRADE_COLUMNS:
        return _("、").join(grade(word) for word in ([value] if isinstance(value, str) else value))
    if column == "routes":
        return _("、").join(label(ROUTES.get(word, word)) for word in value)
    if column == "agreement":
        return agreement(value)
    if column == "equipment":
        return "；".join(" ".join(str(one) for one in device.values()) for device in value)
    words = _WORDS.get((str(row.__tablename__), column), {})
    return _(words[value]) if value in words else shown(value)


def agreement(rule: dict[str, Any]) -> str:
    """How several assessors' marks become one, and by how much they may differ."""
    tolerance = rule.get("tolerance")
    told = "" if tolerance is None else _("，最多相差 {points} 分").format(points=mark(tolerance))
    return label(AGREEMENT_RULES[rule["rule"]]) + told


def differences(row: Table, columns: dict[str, tuple[Any, Any]]) -> list[tuple[str, str, str]]:
    """What differs in a row: the column's name, the old value and the new one, without what is sealed."""
    return [
        (_(COLUMNS.get(name, name)), value_of(row, name, old), value_of(row, name, new))
        for name, (old, new) in columns.items()
        if name != "id_sealed"
    ]
