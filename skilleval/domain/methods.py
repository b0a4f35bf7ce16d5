"""The ways of assessing. Adding one: a line here, its truth table, its word in the CHECK of ``db/tables/base.py``."""

from dataclasses import dataclass

from skilleval.domain.ladder import Grade


@dataclass(frozen=True, slots=True)
class Method:
    """One way of assessing: its Chinese name, and the kind of scheme (评分办法) that a firm may define for it.

    Empty where there is none: an examination paper has its own key.
    """

    key: str
    name_zh: str
    short_zh: str
    scheme: str = ""


#: 理论, 技能 and 综合评审 are in every national standard; 工作业绩评审 and 过程考核 in the founding plan 二(四)2.
METHODS = {
    method.key: method
    for method in (
        Method("theory", "理论知识考试", "理论"),
        Method("skill", "技能操作考核", "技能", "criteria"),
        Method("review", "综合评审", "综评", "criteria"),
        Method("performance", "工作业绩评审", "业绩", "review"),
        Method("process", "过程考核", "过程", "observing"),
    )
}

#: national standards ask 综合评审 of these (confidence high)
REVIEWED_GRADES = (Grade.TECHNICIAN, Grade.SENIOR_TECHNICIAN)
