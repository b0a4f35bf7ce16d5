"""竞赛晋级 from the database: recorded, imported, promoted within authority, certified, filed and replayed."""

import copy
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from skilleval.db.secrets import Vault
from skilleval.db.tables import Batch, Candidate, Contest, ContestResult, Credential, Result, SpecificationPart
from skilleval.domain.errors import RuleBroken
from skilleval.reports.fonts import load_fonts
from skilleval.reports.package import verify_package
from skilleval.services import (
    certificates,
    contests,
    journal,
    notice_closing,
    notices,
    promotions,
    replay,
)
from skilleval.services.filings import export_filing
from skilleval.services.results import correct_result
from skilleval.services.verification import verify_all
from skilleval.sheets.writing import FormSheet, write_form
from tests.closed import CALENDAR, CLOSED, NOTICED
from tests.conftest import Kept, on_sqlite
from tests.factories import ACTOR, LIBRARY, Firm, id_number, make_firm, make_person
from tests.services.test_authority import make_complete

ON = date(2026, 6, 8)
EVENT: dict[str, Any] = {
    "institution": "91440999MA0000015E", "code": "C1", "name": "市电工赛", "kind": "省级二类", "organiser": "市人社局",
    "document": "深人社〔2026〕1号", "occupation_code": "6-31-01-03", "held_from": date(2026, 5, 10),
    "held_to": date(2026, 5, 12),
    "rule": [
        {"group": "职工组", "by": "名次", "from": 1, "to": 3, "grade": "高级工", "one_up": True},
        {"group": "职工组", "by": "名次百分比", "above": 0, "to": 40, "grade": "中级工"},
    ],
}  # fmt: skip
PLAN: dict[str, Any] = {
    "institution": "91440999MA0000015E", "number": "2026-JS-01", "name": "竞赛晋级", "occupation_code": "6-31-01-03",
    "grades": ["中级工", "高级工", "技师"], "specification": "DG", "starts_on": ON, "ends_on": date(2026, 6, 12),
}  # fmt: skip
#: name, certificate held, rank
PEOPLE = (
    ("一名无证", None, 1), ("二名高级", "senior", 2), ("三名技师", "technician", 3), ("四名", None, 4), ("末名", None, 10),
)  # fmt: skip


@dataclass
class Scene:
    session: Session
    vault: Vault
    firm: Firm
    folder: Path

    def contest(self, **change: Any) -> Contest:
        content = {key: value for key, value in {**copy.deepcopy(EVENT), **change}.items() if value is not None}
        return contests.add_contest(self.session, ACTOR, self.firm.institution, content, LIBRARY)

    def bring(self, contest: Contest, rows: list[dict[str, Any]]) -> contests.Staged:
        file = write_form(self.folder / "r.xlsx", [FormSheet("竞赛成绩", contests.COLUMNS, rows, example=False)],
                          contests.TEMPLATE_ID, [])  # fmt: skip
        staged = contests.stage_results(self.session, contest, file, vault=self.vault)
        if not staged.report.failed:
            contests.write_results(self.session, ACTOR, staged)
        return staged

    def promote(self, contest: Contest, on: date = ON, **change: Any) -> promotions.Promoted:
        plan = {**copy.deepcopy(PLAN), **change}
        return promotions.promote(self.session, ACTOR, self.firm.institution, contest, plan, LIBRARY, on=on)

    def refused(self, contest: Contest, **change: Any) -> str:
        with pytest.raises(RuleBroken) as refusal, self.session.begin_nested():
            self.promote(contest, **change)
        assert not self.session.exec(select(Result)).all() and not self.session.exec(select(Batch)).all()
        return "\n".join([refusal.value.message, *refusal.value.reasons])


def rows() -> list[dict[str, Any]]:
    return [
        {"name": name, "id_number": id_number(serial), "group": "职工组", "rank": rank, "participants": 10}
        for serial, (name, _held, rank) in enumerate(PEOPLE, start=1)
    ]


def make_complete_firm(session: Session, vault: Vault) -> Firm:
    firm = make_firm(session)
    firm.specification.standard = "6-31-01-03@2018"
    graded = make_complete(session, firm)
    parts = session.exec(select(SpecificationPart)).all()
    changed: list[Any] = [firm.specification, firm.scope, *graded, *parts]
    for serial, (name, held, _rank) in enumerate(PEOPLE, start=1):
        person = make_person(session, vault, firm, name, serial, education="高中")
        credential = Credential(
            institution_id=firm.id, person_id=person.id or 0, kind="certificate", level=held or "none",
            occupation_code="6-31-01-03" if held else None, obtained_on=date(2015, 1, 1) if held else None,
        )  # fmt: skip
        session.add(credential)
        changed.append(credential)
    journal.record(session, ACTOR, firm.id, "test.changed", objects=changed)
    return firm


Made = tuple[Firm, Contest | None]


def make_contested(session: Session, vault: Vault, folder: Path) -> Made:
    """The firm with a contest whose results are imported."""
    scene = Scene(session, vault, make_complete_firm(session, vault), folder)
    contest = scene.contest()
    assert scene.bring(contest, rows()).report.new == len(PEOPLE)
    return scene.firm, contest


@pytest.fixture
def made(request: pytest.FixtureRequest, kept: Kept, vault: Vault, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The firm, with its contest where the test asks for it."""
    if "contest" in request.fixturenames:
        return kept(make_contested, vault, tmp_path_factory.getbasetemp())
    return kept(make_complete_firm, vault), None


@pytest.fixture
def scene(session: Session, made: Made, vault: Vault, tmp_path: Path) -> Scene:
    return Scene(session, vault, made[0], tmp_path)


@pytest.fixture
def contest(made: Made) -> Contest:
    assert made[1] is not None
    return made[1]


def test_ranks_become_settled_results_with_the_notice_as_clause(scene: Scene, contest: Contest) -> None:
    done = scene.promote(contest)

    assert [one.grade for one in done.candidates] == ["senior", "technician", "intermediate"]
    assert (done.batch.route, done.batch.state) == ("contest", "settled")
    assert [name for name, _reasons in done.refused] == ["三名技师", "末名"]
    told = dict(done.refused)
    assert "已持有二级/技师证书" in told["三名技师"][0] and "第10名" in " ".join(told["末名"])
    results = scene.session.exec(select(Result)).all()
    assert {(one.outcome, one.total, str(one.parts)) for one in results} == {("passed", None, "{}")}
    assert "市电工赛（深人社〔2026〕1号）" in results[0].proof[0]
    assert [one.state for one in scene.session.exec(select(Candidate))].count("refused") == 1


def certified(scene: Scene, contest: Contest) -> Batch:
    batch = scene.promote(contest).batch
    notice = notices.publish_notice(
        scene.session, ACTOR, batch, LIBRARY, vault=scene.vault, first_day=NOTICED, working_days=5, calendar=CALENDAR,
        on=NOTICED,
    )  # fmt: skip
    notice_closing.close_notice(scene.session, ACTOR, notice, vault=scene.vault, on=CLOSED)
    certificates.issue_certificates(
        scene.session, ACTOR, batch, LIBRARY, vault=scene.vault, on=CLOSED, missing_glyphs=lambda _text: ()
    )
    return batch


@pytest.mark.slow
def test_a_promotion_is_certified_and_its_filing_verifies(scene: Scene, contest: Contest) -> None:
    batch = certified(scene, contest)

    exported = export_filing(
        scene.session, ACTOR, batch, vault=scene.vault, fonts=load_fonts({}), folder=scene.folder,
        instance_folder=scene.folder, on=date(2026, 7, 1),
    )  # fmt: skip

    assert verify_package(exported.written.path).ok and batch.state == "filed"
    assert [one.where for one in verify_all(scene.session) if "contest" in one.where] == []


def test_a_promotion_replays(scene: Scene, contest: Contest) -> None:
    batch = certified(scene, contest)
    scene.session.flush()

    done = replay.replay_batch(scene.session, batch, as_of=date(2026, 6, 9))

    told = [(case.who, step.name, step.reasons) for case in done.cases for step in case.steps if step.state != "equal"]
    assert told == [], done.tampered
    assert {step.name for case in done.cases for step in case.steps} == {"rows", "eligibility", "outcome", "number"}


@pytest.mark.parametrize("table", ["contest", "contest_rule", "contest_result"])
def test_what_was_reached_is_never_changed(scene: Scene, contest: Contest, table: str) -> None:
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), scene.session.begin_nested():
        scene.session.connection().exec_driver_sql(f"DELETE FROM {table}")


def test_a_verdict_that_was_tampered_with_does_not_replay(scene: Scene, contest: Contest) -> None:
    batch = scene.promote(contest).batch
    candidate = scene.session.exec(select(Candidate).where(Candidate.state == "eligible")).first()
    assert candidate is not None and candidate.inputs is not None
    inputs = copy.deepcopy(candidate.inputs)
    inputs["contest"]["standing"]["rank"] = 9
    candidate.inputs = inputs
    scene.session.add(candidate)
    scene.session.flush()

    [case] = replay.replay_batch(scene.session, batch, candidates=[candidate]).cases

    assert {step.name for step in case.steps if step.state == "differs"} == {"rows", "eligibility", "outcome"}


CHANGES: dict[str, tuple[str, Any, str]] = {
    "suspended": ("registration.state", "suspended", "状态不是“已备案”"),
    "grade removed": ("scope.grades", ["senior", "technician"], "authority.grade_in_scope"),
    "ceiling lowered": ("scope.ceiling", "senior", "authority.grade_in_scope"),
    "route removed": ("scope.routes", ["assessment"], "authority.route_in_scope"),
}


@on_sqlite
@pytest.mark.parametrize("change", CHANGES)
def test_nobody_is_promoted_outside_authority(scene: Scene, contest: Contest, change: str) -> None:
    place, value, words = CHANGES[change]
    row, _, name = place.partition(".")
    setattr(getattr(scene.firm, row), name, value)
    scene.session.flush()

    assert words in scene.refused(contest)


@on_sqlite
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"route": "考核"}, "route 应为“竞赛晋级”"),
        ({"occupation_code": "6-18-01-01"}, "职业、工种与竞赛的不同"),
        ({"starts_on": date(2026, 5, 11)}, "竞赛到 2026-05-12 才结束"),
        ({"on": date(2026, 5, 11)}, "今天是 2026-05-11"),
        ({"grades": ["高级工", "技师"]}, "四名：所得四级/中级工不在批次的等级内"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused(
    scene: Scene, contest: Contest, change: dict[str, Any], words: str
) -> None:
    assert words in scene.refused(contest, **change)


def test_a_contest_by_which_nobody_is_promoted_makes_no_batch(scene: Scene) -> None:
    contest = scene.contest()
    assert "还没有导入成绩" in scene.refused(contest)

    scene.bring(contest, rows()[2:3])
    assert "三名技师：未持有本职业三级/高级工及以上证书：不符合，已持有二级/技师证书" in scene.refused(contest)


def test_nobody_is_promoted_twice_by_one_contest(scene: Scene, contest: Contest) -> None:
    scene.promote(contest)

    with pytest.raises(RuleBroken) as refusal:
        scene.promote(contest, number="2026-JS-02")

    assert any("已在批次 2026-JS-01 按本竞赛晋级" in one for one in refusal.value.reasons)


def test_a_promotion_is_taken_back_by_a_new_result_and_never_by_marks(scene: Scene, contest: Contest) -> None:
    done = scene.promote(contest)
    batch, first = done.batch, done.candidates[0]

    with pytest.raises(RuleBroken, match="没有分数"):
        correct_result(scene.session, ACTOR, batch, first, parts={"theory": 9000}, reason="x")
    with pytest.raises(RuleBroken, match="理由"):
        promotions.disallow(scene.session, ACTOR, batch, first, reason=" ")
    result = promotions.disallow(scene.session, ACTOR, batch, first, reason="成绩有误")

    assert (result.revision, result.outcome) == (2, "failed")
    assert replay.replay_batch(scene.session, batch, candidates=[first]).cases[0].equal
    with pytest.raises(RuleBroken, match="不需要取消"):
        promotions.disallow(scene.session, ACTOR, batch, first, reason="再次")


@on_sqlite
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "街道级"}, "kind “街道级”应为"),
        ({"held_to": date(2026, 5, 9)}, "赛事止日（held_to）早于起日"),
        ({"occupation_code": "9-99-99-99"}, "9-99-99-99"),
        ({"document": None}, "缺少 document"),
        ({"rule": []}, "缺少 rule"),
        ({"rule": [{"group": "a", "by": "名次", "from": 1, "to": 3, "grade": "特级技师"}]}, "高于竞赛晋级的最高等级"),
        ({"rule": [{"group": "a", "by": "抽签", "grade": "高级工"}]}, "by “抽签”应为"),
        ({"rule": [{"group": "a", "by": "名次", "from": 1, "to": 3, "grade": "九级"}]}, "无法识别"),
        ({"rule": [{"group": "a", "by": "名次", "above": 1, "to": 3, "grade": "高级工"}]}, "above 不能与按名次同用"),
        ({"rule": ["第一名"]}, "rule 应写作 [[rule]]"),
    ],
)
def test_a_contest_that_cannot_be_is_refused(scene: Scene, change: dict[str, Any], words: str) -> None:
    with pytest.raises(RuleBroken) as refusal:
        scene.contest(**change)

    assert any(words in one for one in refusal.value.reasons)
    assert not scene.session.exec(select(Contest)).all()


def test_a_code_stands_for_one_contest(scene: Scene, contest: Contest) -> None:
    with pytest.raises(RuleBroken) as refusal:
        scene.contest()

    assert refusal.value.reasons == ("竞赛编号 C1 已存在",)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id_number": id_number(99)}, "person_unknown"),
        ({"name": "别人"}, "name_differs"),
        ({"group": "教师组"}, "group_unknown"),
        ({"rank": 0}, "rank_range"),
        ({"rank": 11}, "rank_range"),
        ({"rank": None}, "standing_missing"),
        ({"rank": 2}, "result_stands"),
    ],
)
def test_a_wrong_row_is_told_and_nothing_is_written(
    scene: Scene, contest: Contest, change: dict[str, Any], code: str
) -> None:
    staged = scene.bring(contest, [{**rows()[0], **change}])

    assert [error.code for error in staged.report.errors] == [code] and staged.report.adds_up
    assert len(scene.session.exec(select(ContestResult)).all()) == len(PEOPLE)


def test_the_same_file_again_changes_nothing(scene: Scene, contest: Contest) -> None:
    assert scene.bring(contest, rows()).report.unchanged == len(PEOPLE)
    assert [one.code for one in scene.bring(contest, [rows()[0], rows()[0]]).report.errors] == ["person_twice"]
