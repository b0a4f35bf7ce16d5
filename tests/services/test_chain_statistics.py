"""Chain statistics: who is counted, and that small numbers are hidden."""

from datetime import date

from sqlmodel import Session

from skilleval.db.secrets import Vault
from skilleval.domain.suppression import Count
from skilleval.services import chains
from skilleval.services.chain_statistics import chain_statistics
from tests.certified import settle
from tests.chained import MEMBERS, Scene, make_scene
from tests.factories import ACTOR, LIBRARY, Firm, make_candidate, make_person

ON = date(2026, 6, 30)


def sit(session: Session, vault: Vault, scene: Scene, firm: Firm, count: int) -> None:
    for serial in range(1, count + 1):
        candidate = make_candidate(session, scene.batch, make_person(session, vault, firm, f"人{serial}", serial))
        session.flush()
        settle(session, candidate, 8000)


def test_people_are_counted_by_member(session: Session, vault: Vault) -> None:
    scene = make_scene(session)
    sit(session, vault, scene, scene.lead, 6)
    sit(session, vault, scene, scene.member, 5)

    found = chain_statistics(session, scene.chain, LIBRARY, on=ON, year=2026)

    assert found.shown.total == Count(11, 11, 0)
    assert dict(found.shown.tables["member"]) == {"岭南精工制造有限公司": Count(6, 6, 0), "配套企业甲": Count(5, 5, 0)}
    assert chain_statistics(session, scene.chain, LIBRARY, on=ON, year=2025).shown.tables["member"] == {}
    chains.end_membership(session, ACTOR, scene.chain, credit_code=MEMBERS[0], left_on=date(2026, 6, 7), reason="退出")
    assert chain_statistics(session, scene.chain, LIBRARY, on=ON).shown.total == Count(6, 6, 0)


def test_a_small_member_is_hidden(session: Session, vault: Vault) -> None:
    scene = make_scene(session)
    sit(session, vault, scene, scene.lead, 6)
    sit(session, vault, scene, scene.member, 4)

    found = chain_statistics(session, scene.chain, LIBRARY, on=ON)

    # The lead knows its own six: ten less six would tell the four, so the total goes too.
    assert found.smallest == 5 and found.shown.total is None
    assert set(found.shown.tables["member"].values()) == {None}
