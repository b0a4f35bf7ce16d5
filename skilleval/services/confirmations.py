"""Confirmations of 学徒工 (转正定级): one by one, by the firm's own rule. No certificate and no number is made of one.

Source: national-rules 1.3 (人社部发〔2022〕14号). A failed one stays on record, and the person may be confirmed later.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Confirmation, Institution, Person, Post, id_of
from skilleval.domain.authority import reasons
from skilleval.domain.confirmation import TERMS, Apprentice, FirmRule, prove_confirmation
from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade
from skilleval.domain.questions import question_as_plain
from skilleval.domain.rules import Answer, Proof
from skilleval.packs import Library
from skilleval.services import authority, journal, rules
from skilleval.services.journal import Actor
from skilleval.services.people import find_person
from skilleval.services.toml_form import form_problems

RESULTS = {"passed": "合格", "failed": "不合格"}
_KEYS: dict[str, type] = {
    "institution": str, "person": str, "post": str, "occupation_code": str, "trade": str, "mentor": str,
    "agreement": str, "probation_to": date, "mentoring_to": date, "grade": str, "result": str, "confirmed_on": date,
    "by": str, "rule": dict,
}  # fmt: skip
_REQUIRED = ("institution", "person", "post", "occupation_code", "agreement", "result", "confirmed_on", "by")
_RULE_KEYS: dict[str, type] = {"name": str, "version": str, "document": str}


def add_confirmation(
    session: Session, actor: Actor, institution: Institution, content: dict[str, Any], library: Library, *, vault: Vault
) -> Confirmation:
    """Record that a person of the firm was, or was not, confirmed as 学徒工 in a post.

    Refused with every reason: a day before both periods are over, no mentor, no rule of the firm, another grade, what the
    institution may not do, a post in which the person was confirmed already. A certificate or number is never made.
    """
    _must_be_readable(content)
    firm, on = id_of(institution), content["confirmed_on"]
    problems: list[str] = []
    person = _person(session, firm, content["person"], "员工", vault, problems)
    mentor = _person(session, firm, content["mentor"], "师傅", vault, problems) if content.get("mentor") else None
    post = _post(session, firm, content, problems)
    result = _result(content["result"], problems)
    if mentor is not None and person is not None and mentor.id == person.id:
        problems.append("师傅不能是本人")
    packs = rules.packs_of(session, firm, library, on)
    apprentice = Apprentice(
        content.get("probation_to"), content.get("mentoring_to"), mentor is not None, _rule(content.get("rule", {}))
    )
    proof = prove_confirmation(apprentice, {key: packs.find(key, on) for key in TERMS}, on)
    problems += _unmet(proof)
    grade = Grade.parse(content.get("grade", "学徒工"))
    asked: dict[str, Any] = {
        "occupation_code": content["occupation_code"], "trade": content.get("trade", ""), "grade": grade,
        "route": "confirmation", "on": on,
    }  # fmt: skip
    answer = authority.authority_for(session, institution, library, **asked)
    problems += reasons(answer)
    if person is not None and post is not None and result == "passed":
        problems += _earlier(session, person, post)
    if problems or person is None or mentor is None or post is None:
        raise RuleBroken("不能转正定级，未作任何改动", problems)
    assert apprentice.rule is not None
    proofs = {"confirmation": proof.as_dict(), "authority": answer.as_dict()}
    versions = {
        "packs": rules.pin_packs(session, packs), "switches": packs.switches(on),
        "asked": question_as_plain(authority.question_of(session, institution, library, **asked)),
    }  # fmt: skip
    confirmation = _row(content, firm, person, mentor, post, apprentice.rule, result, proofs, versions)
    session.add(confirmation)
    journal.record(session, actor, firm, "confirmations.add", objects=[confirmation])
    return confirmation


def _must_be_readable(content: dict[str, Any]) -> None:
    """Refused with every reason: keys and types that are not those of a confirmation's file."""
    problems = form_problems(content, _KEYS, _REQUIRED)
    if isinstance(content.get("rule"), dict):
        problems += form_problems(content["rule"], _RULE_KEYS, (), "rule")
    if problems:
        raise RuleBroken("转正定级文件有错误，未作任何改动", problems)


def _unmet(proof: Proof) -> list[str]:
    """What a proof asks for and is not met, each with its fact and clause."""
    return [
        f"{leaf.text}：{leaf.answer.name_zh}，{leaf.fact}（{leaf.clause.id}）"
        for leaf in proof.leaves()
        if leaf.answer is not Answer.MET
    ]


def _row(
    content: dict[str, Any], firm: int, person: Person, mentor: Person, post: Post, rule: FirmRule, result: str,
    proofs: dict[str, Any], versions: dict[str, Any],
) -> Confirmation:  # fmt: skip
    """What the file says of a confirmation, with what it rests on."""
    return Confirmation(
        institution_id=firm, person_id=id_of(person), post_id=id_of(post), mentor_id=id_of(mentor),
        agreement=content["agreement"], probation_to=content["probation_to"], mentoring_to=content["mentoring_to"],
        rule_name=rule.name, rule_version=rule.version, rule_document=rule.document, result=result,
        confirmed_on=content["confirmed_on"], decided_by=content["by"], proof=proofs, versions=versions,
    )  # fmt: skip


def confirmations_of(session: Session, institution: Institution) -> Sequence[tuple[Confirmation, Person, Post]]:
    """The firm's confirmations with person and post, oldest first."""
    query = (
        select(Confirmation, Person, Post)
        .where(
            col(Confirmation.institution_id) == institution.id,
            col(Person.id) == col(Confirmation.person_id),
            col(Post.id) == col(Confirmation.post_id),
        )
        .order_by(col(Confirmation.confirmed_on), col(Confirmation.id))
    )
    return session.exec(query).all()


def find_confirmation(session: Session, institution: Institution, number: int) -> tuple[Confirmation, Person, Post]:
    """One confirmation of the firm by its number. Refused: the firm has none of this number."""
    for row in confirmations_of(session, institution):
        if row[0].id == number:
            return row
    raise RuleBroken(f"{institution.name} 没有第 {number} 号转正定级记录，可用 skilleval confirmations list 查看")


def _person(
    session: Session, firm: int, named: str, role: str, vault: Vault, problems: list[str]
) -> Person | None:
    try:
        return find_person(session, firm, named, vault=vault)
    except RuleBroken as refusal:
        problems.append(f"{role}：{refusal.message}")
        return None


def _post(session: Session, firm: int, content: dict[str, Any], problems: list[str]) -> Post | None:
    query = select(Post).where(
        col(Post.institution_id) == firm,
        col(Post.name) == content["post"],
        col(Post.occupation_code) == content["occupation_code"],
        col(Post.trade) == content.get("trade", ""),
    )
    found = session.exec(query).first()
    if found is None:
        problems.append(f"机构档案中没有岗位“{content['post']}”（职业 {content['occupation_code']}）")
    return found


def _result(written: str, problems: list[str]) -> str:
    for word, told in RESULTS.items():
        if written in (word, told):
            return word
    problems.append(f"result “{written}”应为：{'、'.join(RESULTS.values())}")
    return ""


def _rule(written: dict[str, Any]) -> FirmRule | None:
    values = [written.get(key, "").strip() for key in _RULE_KEYS]
    return FirmRule(*values) if all(values) else None


def _earlier(session: Session, person: Person, post: Post) -> list[str]:
    query = select(Confirmation).where(
        col(Confirmation.institution_id) == person.institution_id,
        col(Confirmation.person_id) == person.id,
        col(Confirmation.post_id) == post.id,
        col(Confirmation.result) == "passed",
    )
    found = session.exec(query).first()
    return [] if found is None else [f"{person.name}已于{found.confirmed_on}在岗位“{post.name}”转正定级，不能重复"]
