"""A verdict as a paragraph of plain Chinese that HR can send: what was found, why, what would help, by which clauses.

The texts of clauses and facts are those of the proof; nothing is said that does not stand in it. Ids of rules are left out.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from skilleval.domain.rules import Answer, Proof

_FOUND = {
    Answer.MET: "您符合要求",
    Answer.NOT_MET: "您暂不符合要求",
    Answer.UNKNOWN: "根据现有资料，暂时还不能判断您是否符合要求",
}
_NONE_OF_THEM = {
    Answer.NOT_MET: "具备其中一条即可，经逐条核对，您目前尚未达到任何一条：",
    Answer.UNKNOWN: "具备其中一条即可，以下各条因资料不全暂时无法判断：",
}
_CLOSING = {
    Answer.MET: "如以上信息有误，请及时与人力资源部门联系更正。",
    Answer.NOT_MET: "如您认为上述信息有误，或有材料需要补充，请与人力资源部门联系，我们将重新核对。",
    Answer.UNKNOWN: "请您尽快向人力资源部门补充上述资料，我们收到后将重新核对并告知您结果。",
}
_NOTHING_TO_ADD = "如有疑问，请与人力资源部门联系。"
#: words of forms → words of letters
_WORDS = {"未填写": "尚未登记", "未填": "尚未登记", "请在花名册填“无”": "的也请告知我们"}
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)


def letter(proof: Proof, addressee: str, on: date, *, subject: str = "", advice: Sequence[str] = ()) -> str:
    """The letter about one verdict. ``subject``: what was applied for; ``advice``: sentences that say what would help."""
    asked = f"关于您{subject}一事，" if subject else ""
    parts = list(_deciding(proof))
    whole = [_paragraph(part) for part in parts if _alternatives(part)]
    single = [part for part in parts if not _alternatives(part)]
    reasons = "".join(whole) + _single(single, proof.answer, also=bool(whole))
    helps = "".join(f"{one}。" for one in advice)
    told = [leaf for part in parts for leaf in _leaves(part)]
    sources = dict.fromkeys(leaf.clause.reference for leaf in told if leaf.clause.source)
    basis = f"以上审核依据：{'；'.join(sources)}。" if sources else ""
    open_facts = proof.answer is not Answer.UNKNOWN or any(leaf.origin not in ("", "规则包") for leaf in told)
    closing = _CLOSING[proof.answer] if open_facts else _NOTHING_TO_ADD
    head = f"{addressee}：您好！{asked}经审核，截至{on}，{_FOUND[proof.answer]}。"
    return _plain(f"{head}{reasons}{helps}{basis}{closing}")


def _plain(text: str) -> str:
    """The words of files and forms as a letter says them."""
    text = _DAY.sub(lambda day: f"{day[1]}年{int(day[2])}月{int(day[3])}日", text)
    for written, told in _WORDS.items():
        text = text.replace(written, told)
    return text


def _deciding(proof: Proof) -> Iterator[Proof]:
    """The parts of the whole that each decide: below "all of" those that share the answer, else the whole itself."""
    if _alternatives(proof) or not proof.children or _is_clause(proof):
        yield proof
        return
    same = [child for child in proof.children if child.answer is proof.answer] or proof.children
    for child in same:
        yield from _deciding(child)


def _alternatives(proof: Proof) -> bool:
    """Whether one of several clauses is enough."""
    return len(proof.children) > 0 and "其一" in proof.text


def _is_clause(proof: Proof) -> bool:
    return proof.text == proof.clause.text and bool(proof.clause.source)


def _paragraph(proof: Proof) -> str:
    """The alternatives: which of them are met, or why none is."""
    title = proof.text.partition("（")[0]
    same = [child for child in proof.children if child.answer is proof.answer]
    if proof.answer is Answer.MET:
        return f"{title}中，您具备以下{'一条' if len(same) == 1 else '各条'}：{_numbered(same)}。"
    if len(proof.children) == 1:
        only = proof.children[0]
        word = "您目前尚未达到" if proof.answer is Answer.NOT_MET else "因资料不全暂时无法判断"
        return f"{title}为“{only.text}”，{word}：{_facts(only)}。"
    return f"{title}{_NONE_OF_THEM[proof.answer]}{_numbered(same)}。"


def _single(parts: Sequence[Proof], answer: Answer, *, also: bool) -> str:
    """What is asked besides, one after the other; where all is met, in one go."""
    if not parts:
        return ""
    lead = "此外，" if also else ""
    if answer is Answer.MET and also:
        return f"{lead}{''.join(f'“{part.text}”' for part in parts)}{'各项' if len(parts) > 1 else '一项'}也符合。"
    word = {Answer.MET: "符合", Answer.NOT_MET: "不符合", Answer.UNKNOWN: "暂时无法判断"}[answer]
    said = [f"“{part.text}”一项{word}：{_facts(part)}" if part.children or part.fact else part.text for part in parts]
    return f"{lead}{'；'.join(said)}。"


def _numbered(clauses: Sequence[Proof]) -> str:
    told = [f"“{one.text}”——{_facts(one)}" for one in clauses]
    return told[0] if len(told) == 1 else "；".join(f"{number}. {one}" for number, one in enumerate(told, start=1))


def _facts(proof: Proof) -> str:
    """The facts that decide a clause, each once."""
    return "，".join(dict.fromkeys(leaf.fact or leaf.text for leaf in _leaves(proof)))


def _leaves(proof: Proof) -> Iterator[Proof]:
    if not proof.children:
        yield proof
        return
    same = [child for child in proof.children if child.answer is proof.answer] or proof.children
    for child in same:
        yield from _leaves(child)

