"""What a panel (评审组) must be: its size, its chair, and who may sit on it, each answer with its clause and fact.

Sources: national-rules 2.3 (three or more and an odd number; 考评员 up to 三级, 高级考评员 all) and 2.4 (回避, and no
supervisor assesses in one batch). The numbers are parameters of the packs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from skilleval.domain.conflicts import CONFLICT_RULES, Conflict, prove_conflict
from skilleval.domain.ladder import Grade
from skilleval.domain.methods import METHODS
from skilleval.domain.rules import Answer, Clause, Proof, Rule, all_of, own_clause, prove_value, unless_warning

#: method → the rule that says how many are needed; direct recognition (直接认定) has no method
_SIZE_RULES: Mapping[str, str] = {"": "panel.minimum", "review": "panel.minimum", "skill": "skill.assessors_minimum"}
#: kinds of personnel who may sit on a panel
ASSESSING: Mapping[str, str] = {"assessor": "考评员", "senior_assessor": "高级考评员", "expert": "专家"}
#: every kind of personnel
PERSONNEL_KINDS: Mapping[str, str] = {**ASSESSING, "supervisor": "内部质量督导员", "staff": "考务人员"}
#: the rules of packs that a panel rests on
PANEL_RULES = ("panel.minimum", "panel.odd", "skill.assessors_minimum", "assessor.highest_grade",
               "duties.assessor_supervises", *CONFLICT_RULES)  # fmt: skip
Rules = Mapping[str, Rule]


@dataclass(frozen=True, slots=True)
class Need:
    """What a panel is for: the method (empty for direct recognition), occupation, grades, until when, at least how many."""

    method: str
    occupation_code: str
    grades: tuple[Grade, ...]
    ends_on: date
    minimum: int = 1

    @property
    def name(self) -> str:
        """综合评审, or 直接认定."""
        return METHODS[self.method].name_zh if self.method else "直接认定"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who may sit on a panel, with the conflicts that stand with the people whom it would assess.

    An empty list of occupations or grades is no limit; ``workload`` counts the other batches of the year.
    """

    code: str
    name: str
    kind: str
    occupations: tuple[str, ...] = ()
    grades: tuple[Grade, ...] = ()
    card_valid_to: date | None = None
    supervises: bool = False
    workload: int = 0
    conflicts: tuple[Conflict, ...] = ()

    @property
    def label(self) -> str:
        """考评员甲（K1）."""
        return f"{self.name}（{self.code}）"

    @property
    def open_conflicts(self) -> tuple[Conflict, ...]:
        """Those that nobody dismissed."""
        return tuple(one for one in self.conflicts if one.state != "dismissed")


def smallest_size(need: Need, rules: Rules) -> int:
    """The smallest panel that the rules allow; a rule that only warns counts, since a proposal shouldn't need a reminder."""
    rule = rules.get(_SIZE_RULES.get(need.method, ""))
    size = max(need.minimum, rule.value if rule is not None and rule.value is not None else 1)
    return size + 1 if size % 2 == 0 and _must_be_odd(need, rules) else size


def prove_panel(members: Sequence[Member], chair: str, need: Need, rules: Rules) -> Proof:
    """Whether these may be the panel: size, odd number, chair (by code), and each member."""
    text = f"{need.name}评审组"
    children = [*prove_size(len(members), need, rules), _chair(members, chair)]
    return all_of(text, own_clause("panel", text), [*children, *(prove_member(one, need, rules) for one in members)])


def prove_member(member: Member, need: Need, rules: Rules) -> Proof:
    """Whether somebody may sit on the panel: kind, occupation, grades, card, supervision, and every conflict."""
    text = f"{member.label}可任{need.name}评审"
    conflicts = [prove_conflict(one, rules.get(f"conflict.{one.kind}")) for one in member.conflicts]
    leaves = [*prove_fitness(member, need, rules), *conflicts]
    return all_of(text, own_clause("panel.member", text), leaves)


def prove_fitness(member: Member, need: Need, rules: Rules) -> list[Proof]:
    """What a member must be, whomever the panel assesses."""
    return [
        _kind(member),
        _occupation(member, need),
        _grades(member, need),
        _highest_grade(member, need, rules.get("assessor.highest_grade")),
        _card(member, need),
        _supervision(member, rules.get("duties.assessor_supervises")),
    ]


def prove_size(count: int, need: Need, rules: Rules) -> list[Proof]:
    """Whether a panel may have so many members: the rule's or the specification's number, and an odd one."""
    text, told = f"{need.name}评审组的人数", f"现有 {count} 人"
    rule = rules.get(_SIZE_RULES.get(need.method, ""))
    leaves = []
    if rule is not None:
        asked = f"至少需 {rule.value} 人，{told}"
        leaves.append(unless_warning(prove_value(rule, count, text, asked, "评审组"), rule))
    if rule is None or rule.value is None or need.minimum > rule.value:
        clause = Clause("specification.assessors", f"评价规范规定{need.name}须有 {need.minimum} 人", "本机构评价规范", "high")
        leaves.append(_leaf(count >= need.minimum, text, clause, f"至少需 {need.minimum} 人，{told}"))
    if _must_be_odd(need, rules):
        odd = rules["panel.odd"]
        leaves.append(unless_warning(_leaf(count % 2 == 1, f"{need.name}评审组人数为单数", odd.clause, f"人数须为单数，{told}"), odd))
    return leaves


def _must_be_odd(need: Need, rules: Rules) -> bool:
    rule = rules.get("panel.odd")
    return need.method in _SIZE_RULES and rule is not None and rule.value is True


def _chair(members: Sequence[Member], chair: str) -> Proof:
    text = "评审组设组长一人，由组员担任"
    found = next((one.label for one in members if one.code == chair), None)
    return _leaf(found is not None, text, own_clause("panel.chair", text), f"组长：{found}" if found else f"组长 {chair} 不在评审组中")


def _kind(member: Member) -> Proof:
    text = "评审组成员是考评员、高级考评员或专家"
    told = ASSESSING.get(member.kind, "督导员" if member.kind == "supervisor" else "考务人员")
    return _leaf(member.kind in ASSESSING, text, own_clause("panel.kind", text), f"{member.label}是{told}")


def _occupation(member: Member, need: Need) -> Proof:
    text = f"可考评职业 {need.occupation_code}"
    held = not member.occupations or need.occupation_code in member.occupations
    listed = "、".join(member.occupations)
    told = f"{member.label}可考评的职业：{listed}" if listed else f"{member.label}的可考评职业未作限定"
    return _leaf(held, text, own_clause("panel.occupation", text), told)


def _grades(member: Member, need: Need) -> Proof:
    text = f"可考评{'、'.join(one.printed for one in need.grades)}"
    listed = "、".join(one.printed for one in member.grades)
    told = f"{member.label}可考评的等级：{listed}" if listed else f"{member.label}的可考评等级未作限定"
    lacking = [one.printed for one in need.grades if member.grades and one not in member.grades]
    fact = f"{told}，不含{'、'.join(lacking)}" if lacking else told
    return _leaf(not lacking, text, own_clause("panel.grade", text), fact)


def _highest_grade(member: Member, need: Need, rule: Rule | None) -> Proof:
    """Only 考评员 have a limit; what no pack says is no limit."""
    text = "技师及以上由高级考评员考评"
    told = f"{member.label}是{ASSESSING.get(member.kind, '其他人员')}"
    if rule is None or rule.value is None or member.kind != "assessor":
        return _leaf(True, text, rule.clause if rule is not None else own_clause("panel.highest_grade", text), told)
    above = [grade.printed for grade in need.grades if grade > Grade(rule.value)]
    fact = f"{told}，最高可考评{Grade(rule.value).printed}" + (f"，本组考评{'、'.join(above)}" if above else "")
    return unless_warning(_leaf(not above, text, rule.clause, fact), rule)


def _card(member: Member, need: Need) -> Proof:
    """A card that nobody entered is told and doesn't stop: experts have none, and older files lack it."""
    text = "证卡在批次结束时有效"
    clause = own_clause("panel.card", text)
    if member.card_valid_to is None:
        return _leaf(True, text, clause, f"提醒：{member.label}未填写证卡有效期")
    told = f"{member.label}的证卡有效期至 {member.card_valid_to}，批次至 {need.ends_on} 结束"
    return _leaf(member.card_valid_to >= need.ends_on, text, clause, told)


def _supervision(member: Member, rule: Rule | None) -> Proof:
    text = "考评员不兼任本批次督导员"
    clause = rule.clause if rule is not None else own_clause("duties", text)
    allowed = rule is not None and rule.value is True
    told = f"{member.label}是本批次的督导员" if member.supervises else f"{member.label}不是本批次的督导员"
    return unless_warning(_leaf(allowed or not member.supervises, text, clause, told), rule)


def _leaf(held: bool, text: str, clause: Clause, fact: str, origin: str = "机构人员档案") -> Proof:
    return Proof(Answer.MET if held else Answer.NOT_MET, text, clause, fact, (), origin)
