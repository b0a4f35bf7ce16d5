"""A chain in which every text of every firm is marked with whose it is and who may read it (the canary's world).

A mark is 金, the firm, and a class: 名 the firm's and its batch's name, 姓 the name of a candidate, 人 the rest of a
candidate's record, 约 what chain and member agreed on, 密 everything else. An answer may show to a firm its own marks, and of
others only what ``allowed`` says.
"""

from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import (
    Batch,
    Candidate,
    Certificate,
    Chain,
    ChainMember,
    Credential,
    Institution,
    Item,
    Mandate,
    Mark,
    Objection,
    PackChoice,
    Person,
    Personnel,
    Post,
    PostGrade,
    Registration,
    Scheme,
    ScopeLine,
    ScoreLine,
    ScoreSheet,
    Specification,
    TaskCard,
    Venue,
    WorkPeriod,
)
from skilleval.db.tables.base import Table
from skilleval.services import (
    certificates,
    chains,
    notice_closing,
    notices,
    objections,
    rules,
    specification_reviews,
    specifications,
)
from skilleval.services.journal import Actor
from tests.certified import CALENDAR, CLOSED_ON, FIRST_DAY, ISSUED_ON, settle
from tests.chained import MEMBERS, add_member, join
from tests.drafted import HANDED, OPENED, OPINION, conclude, hold, make_draft, revision
from tests.factories import ACTOR, CREDIT_CODE, LIBRARY, Firm, make_batch, make_candidate, make_firm, make_person
from tests.marked_acts import Acts, make_direct, make_records, marked_proof
from tests.services.test_authority import make_complete

FIRMS = {"丁": CREDIT_CODE, "甲": MEMBERS[0], "乙": MEMBERS[1], "丙": MEMBERS[2]}
LEAD = "丁"
#: texts that are codes: their values are words of the program or numbers of the state, not a firm's own text
CODED = {
    "kind", "size", "province", "authority_level", "state", "occupation_code", "occupation_edition", "basis",
    "ceiling", "standard", "conditions", "grade", "method", "level", "id_type", "id_index", "sex", "education",
    "employment", "role", "route", "credit_code", "number", "code", "city", "claimed", "admission_number", "verdict",
    "ownership", "sha256", "content_hash", "journal_head", "origin", "packs", "cluster",
}  # fmt: skip


@dataclass
class World:
    """What the commands are asked about: by firm its people, and by kind the numbers to name."""

    people: dict[str, list[str]] = field(default_factory=dict)
    batches: list[str] = field(default_factory=list)
    certificates: list[str] = field(default_factory=list)
    chains: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    drafts: list[str] = field(default_factory=list)
    acts: Acts = field(default_factory=Acts)


def allowed(viewer: str, *, notice: bool) -> set[str]:
    """The marks that a firm may read: its own, the lead's public ones, on a notice all names; the lead its candidates."""
    own = {f"金{viewer}{kind}" for kind in "名姓人约密"}
    public = {f"金{LEAD}名"} | ({f"金{firm}{kind}" for firm in FIRMS for kind in "名姓"} if notice else set())
    served = {f"金{firm}{kind}" for firm in FIRMS for kind in "名姓人约"} if viewer == LEAD else set()
    # 丙 leads a chain of its own, to which 乙 belongs.
    other = {"乙": {"金丙名"}, "丙": {"金乙名"}}.get(viewer, set())
    return own | public | served | other


def every_mark() -> set[str]:
    """All marks that there can be."""
    return {f"金{firm}{kind}" for firm in FIRMS for kind in "名姓人约密"}


def make_world(session: Session, vault: Vault) -> World:
    """A lead and three members, all with their own batches and people, and one certified batch of the lead with all."""
    lead = make_firm(session, chain_lead=True, kind="chain_evaluator", name="金丁名总装")
    chain = chains.add_chain(session, ACTOR, lead.institution, name="金丁名链")
    firms = {LEAD: lead}
    for letter, code in list(FIRMS.items())[1:]:
        firms[letter], _mandate = add_member(session, chain, lead, code, f"金{letter}名厂")
    for letter, firm in firms.items():
        _may_everything(session, firm)
        _own_things(session, vault, letter, firm)
    firms["丙"].institution.chain_lead = True
    other = chains.add_chain(session, ACTOR, firms["丙"].institution, name="金丙名链")
    join(session, other, firms["乙"].institution)
    _mark_texts(session, firms)
    world = World(batches=[f"{letter}-批-{place}" for letter in FIRMS for place in (1, 2)])
    _certified(session, vault, firms, world)
    _acted(session, vault, firms, world.acts)
    world.people = {
        letter: list(session.exec(select(Person.name).where(col(Person.institution_id) == firm.id)))
        for letter, firm in firms.items()
    }
    world.certificates = list(session.exec(select(Certificate.number)))
    world.chains = list(session.exec(select(Chain.name)))
    world.drafts = [_draft(session, chain, letter) for letter in "甲乙"]
    world.documents = list(session.exec(select(Mandate.document)))
    session.commit()
    return world


def _may_everything(session: Session, firm: Firm) -> None:
    """A large firm that is registered for all routes: what it may not do would be refused before it is looked for."""
    firm.institution.size, firm.institution.listed = "大", False
    firm.specification.standard = "6-31-01-03@2018"
    make_complete(session, firm)


def _own_things(session: Session, vault: Vault, letter: str, firm: Firm) -> None:
    place = "丁甲乙丙".index(letter)
    for serial in (1, 2):
        person = make_person(
            session, vault, firm, f"金{letter}{'姓' if serial == 1 else '密'}", place * 10 + serial, department="车间", post="岗位",
            note="备注", employee_no="工号",
        )  # fmt: skip
        person.employee_no = f"工号{serial}"
        session.add(person)
        session.flush()
        session.add(Credential(institution_id=firm.id, person_id=person.id or 0, kind="diploma", level="technical",
                               issuer="学校", major="专业", obtained_on=date(2009, 7, 1)))  # fmt: skip
        session.add(WorkPeriod(institution_id=firm.id, person_id=person.id or 0, occupation_code="6-31-01-03",
                               started_on=date(2008, 1, 1), ended_on=date(2009, 1, 1), employer="前雇主", witness="证明人"))  # fmt: skip
    post = Post(institution_id=firm.id, name="岗位", occupation_code="6-31-01-03")
    session.add(post)
    session.flush()
    session.add(PostGrade(institution_id=firm.id, post_id=post.id or 0, name="岗级", serial=1, grade="senior", post_specification="岗规"))
    criterion = {"code": "1", "name": f"金{letter}密接线", "group": "操作", "kind": "add", "maximum": 10000}
    session.add(Scheme(institution_id=firm.id, part_id=firm.part("senior", "skill").id or 0, kind="criteria",
                       title=f"金{letter}密评分表", content={"group": [{"name": "操作"}], "criterion": [criterion]},
                       defined_by=f"金{letter}密人"))  # fmt: skip
    item = Item(
        institution_id=firm.id, specification_id=firm.specification.id or 0, code="XM-1", title=f"金{letter}密项目", grade="senior",
        method="skill", function="功能", points=1000, author_id=firm.assessors[0].id or 0,
    )  # fmt: skip
    session.add(item)
    session.flush()
    session.add(TaskCard(institution_id=firm.id, item_id=item.id or 0, minutes=60, place=f"金{letter}密车间", steps=["步骤"],
                         safety=["安全"], recorded_by=f"金{letter}密人"))  # fmt: skip
    one = firm.institution
    one.legal_representative = one.address = one.contact = one.phone = one.email = one.district = "文字"
    one.industry = one.insured_place = "文字"
    session.add(one)
    rules.choose_packs(session, Actor(f"金{letter}密人", "hr"), one, LIBRARY, names=list(_standing(session, firm)), switches={},
                       valid_from=date(2025, 1, 1), reason=f"金{letter}密理由")  # fmt: skip


def _standing(session: Session, firm: Firm) -> list[str]:
    return [pack.key for pack in rules.packs_of(session, firm.id, LIBRARY, date(2026, 6, 8)).packs if pack.layer != "national"]


def _mark_texts(session: Session, firms: dict[str, Firm]) -> None:
    """Put the mark before every free text; what names the row of a candidate is of another class than the rest."""
    session.flush()
    tables: tuple[type[Table], ...] = (
        Institution, Person, Credential, WorkPeriod, Personnel, Post, PostGrade, Registration, ScopeLine, Specification, Venue,
        ChainMember, Mandate,
    )  # fmt: skip
    letters = {firm.id: letter for letter, firm in firms.items()}
    members = {firm.institution.credit_code: letter for letter, firm in firms.items()}
    candidates = {
        person.id for person in session.exec(select(Person)) if "姓" in person.name
    }
    for table in tables:
        for one in session.exec(select(table)).all():
            owner = getattr(one, "institution_id", None) or one.id  # type: ignore[attr-defined] # an institution owns itself
            letter, kind = letters[owner], "密"
            if isinstance(one, ChainMember):
                letter, kind = members[one.credit_code], "约" if letter == LEAD else "密"
            elif isinstance(one, Mandate):
                letter, kind = letters[one.employer_id], "约"
            elif (one.id if isinstance(one, Person) else getattr(one, "person_id", None)) in candidates:  # type: ignore[attr-defined]
                kind = "人"
            for column in sa.inspect(table).columns:
                value = getattr(one, column.key)
                if isinstance(value, str) and value and column.key not in CODED and not value.startswith("金"):
                    public = isinstance(one, Institution) and column.key in ("contact", "responsible", "phone")  # on the notice
                    setattr(one, column.key, f"金{letter}{'名' if public else kind}{value}")
            session.add(one)
    session.flush()


def _certified(session: Session, vault: Vault, firms: dict[str, Firm], world: World) -> None:
    """The lead's first batch holds one of each firm and is certified; the members' hold one of their own; each has an open one."""
    for letter, firm in firms.items():
        sitting = list(firms.values()) if letter == LEAD else [firm]
        for place in (1, 2):
            batch = make_batch(session, firm, f"{letter}-批-{place}", "settled" if place == 1 else "enrolling")
            batch.name = f"金{letter}{'名' if letter == LEAD else '密'}批次{place}"
            batch.enrol_until = batch.enrol_until if place == 1 else None
            if place == 1:
                for one in sitting:
                    person = session.exec(
                        select(Person).where(col(Person.institution_id) == one.id).order_by(col(Person.id))
                    ).first()
                    assert person is not None
                    candidate = make_candidate(
                        session, batch, person, verdict="met", decision_reason=f"{person.name[:2]}人决定", proof=marked_proof(f"{person.name[:2]}人")
                    )
                    _mark(session, firm, candidate)
                    settle(session, candidate, 8000)
                _publish_and_issue(session, vault, batch, letter)


def _draft(session: Session, chain: Chain, letter: str) -> str:
    """A draft that the lead writes with one member, whose drafter, revision and opinion are marked as the member's."""
    drafter = {"credit_code": FIRMS[letter], "role": f"金{letter}人分工", "people": [f"金{letter}人起草"], "joined_on": OPENED}
    draft = make_draft(session, chain, number=f"{letter}-稿", member=FIRMS[letter], drafter=[drafter])
    specifications.revise(
        session, Actor(f"金{letter}人经办", "hr"), draft, revision(35), reason=f"金{letter}人理由", on=HANDED,
        credit_code=FIRMS[letter],
    )  # fmt: skip
    specification_reviews.opine_as_drafter(
        session, Actor(f"金{letter}人经办", "hr"), draft, part="权重", text=f"金{letter}人意见", on=HANDED,
        credit_code=FIRMS[letter],
    )  # fmt: skip
    hold(session, draft, {**OPINION, "text": f"金{letter}人评审意见"})
    conclude(session, draft, "revise")
    return draft.number


def _acted(session: Session, vault: Vault, firms: dict[str, Firm], acts: Acts) -> None:
    """Each firm's direct batches, one certified and one being marked, and its records of what is no batch."""
    people = {
        letter: session.exec(select(Person).where(col(Person.institution_id) == firm.id).order_by(col(Person.id))).all()
        for letter, firm in firms.items()
    }
    for letter, firm in firms.items():
        sitting = [own[0] for own in people.values()] if letter == LEAD else [people[letter][0]]
        batch = make_direct(session, acts, letter, firm, sitting, "settled")
        _publish_and_issue(session, vault, batch, letter)
        make_direct(session, acts, letter, firm, [people[letter][1]], "marking")
        post = session.exec(select(Post).where(col(Post.institution_id) == firm.id)).first()
        assert post is not None
        make_records(session, acts, letter, firm, people[letter], post)


def _mark(session: Session, firm: Firm, candidate: Candidate) -> None:
    for part in (firm.part("senior", "theory"), firm.part("senior", "skill")):
        scheme = session.exec(select(Scheme).where(col(Scheme.part_id) == part.id)).first()
        for assessor in firm.assessors[: part.assessors]:
            mark = Mark(institution_id=firm.id, candidate_id=candidate.id or 0, part_id=part.id or 0,
                        personnel_id=assessor.id or 0, value=8000)  # fmt: skip
            session.add(mark)
            session.flush()
            if scheme is not None:
                _fill(session, scheme, mark)


def _fill(session: Session, scheme: Scheme, mark: Mark) -> None:
    """The sheet behind a mark of 80.00."""
    sheet = ScoreSheet(institution_id=mark.institution_id, candidate_id=mark.candidate_id, mark_id=mark.id or 0,
                       scheme_id=scheme.id or 0, value=8000)  # fmt: skip
    session.add(sheet)
    session.flush()
    [criterion] = scheme.content["criterion"]
    session.add(ScoreLine(institution_id=mark.institution_id, sheet_id=sheet.id or 0, serial=1, item="1", entered="80.00",
                          points=8000, text=f"1 {criterion['name']}：80.00 / 100.00"))  # fmt: skip
    session.flush()


def _publish_and_issue(session: Session, vault: Vault, batch: Batch, letter: str) -> None:
    notice = notices.publish_notice(
        session, ACTOR, batch, LIBRARY, vault=vault, first_day=FIRST_DAY, working_days=5, calendar=CALENDAR, on=FIRST_DAY
    )
    for candidate in session.exec(select(Candidate).where(col(Candidate.batch_id) == batch.id)).all():
        person = session.get(Person, candidate.person_id)
        assert person is not None
        objection = objections.raise_objection(
            session, Actor("记录人", "hr"), notice, raised_by=f"{person.name[:2]}人异议人", text=f"{person.name[:2]}人异议",
            on=FIRST_DAY, candidate=candidate,
        )  # fmt: skip
        objections.reject_objection(session, Actor("处理人", "hr"), objection, reason=f"{person.name[:2]}人处理", on=FIRST_DAY)
    assert session.exec(select(Objection)).first() and session.exec(select(PackChoice)).first()
    notice_closing.close_notice(session, ACTOR, notice, vault=vault, on=CLOSED_ON)
    certificates.issue_certificates(
        session, Actor(f"金{letter}{'名' if letter == LEAD else '密'}经办", "hr"), batch, LIBRARY, vault=vault, on=ISSUED_ON,
        missing_glyphs=lambda _text: [],
    )  # fmt: skip
