"""Direct recognition by the services: who may apply, what a case needs, what is decided, settled, filed and replayed."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from skilleval.db.engine import Database
from skilleval.db.secrets import Vault
from skilleval.db.tables import (
    Candidate,
    CaseDecision,
    CaseLine,
    CaseVote,
    Certificate,
    Notice,
    PanelMember,
    Personnel,
    PostGrade,
    RecognitionCase,
    Result,
)
from skilleval.domain.errors import RuleBroken
from skilleval.domain.set_aside import limits_of
from skilleval.reports.fonts import load_fonts
from skilleval.reports.package import verify_package
from skilleval.services import (
    allotted_numbers,
    attendance,
    case_evidence,
    certificates,
    conflicts,
    evidence,
    journal,
    mark_sheets,
    marks,
    notice_closing,
    notices,
    recognition_minutes,
    recognitions,
    recused_results,
    replay,
    shared_evidence,
)
from skilleval.services.filings import export_filing
from skilleval.services.journal import Actor
from skilleval.services.number_list import NUMBER_COLUMNS
from skilleval.services.relations import Declared, declare_relation
from skilleval.services.results import correct_result, latest_results, settle_results
from skilleval.services.verification import verify_all
from skilleval.sheets.writing import FormSheet, write_form
from tests.closed import CALENDAR, CLOSED, NOTICED
from tests.direct import DECIDED, DIRECTOR, HELD, Direct, make_direct
from tests.factories import ACTOR, LIBRARY, REGISTRATION_NUMBER, id_number
from tests.prepared import Prepared, prepare

ALL = ("agree", "agree", "agree")
AFTER_HELD = HELD + timedelta(1)


Ready = tuple[Direct, RecognitionCase]


@pytest.fixture(scope="module")
def direct_prepared(empty_sqlite: Path, vault: Vault, tmp_path_factory: pytest.TempPathFactory) -> Prepared[Direct]:
    """A direct batch that is enrolling."""
    return prepare(
        empty_sqlite, tmp_path_factory.mktemp("direct"), lambda session, folder: make_direct(session, vault, folder)
    )


@pytest.fixture(scope="module")
def ready_prepared(empty_sqlite: Path, vault: Vault, tmp_path_factory: pytest.TempPathFactory) -> Prepared[Ready]:
    """A batch that is being marked, with one case that lacks nothing."""

    def make(session: Session, folder: Path) -> Ready:
        direct = make_direct(session, vault, folder)
        direct.apply(("陈大文", "technician", "intermediate"))
        direct.start()
        case = direct.lay("陈大文")
        direct.vote(case, *ALL)
        return direct, case

    return prepare(empty_sqlite, tmp_path_factory.mktemp("ready"), make)


@pytest.fixture
def session(request: pytest.FixtureRequest, sqlite_database: Database) -> Iterator[Session]:
    """A session of an empty database, or of a copy of the scene for which the test asks."""
    for scene in {"direct", "ready"} & set(request.fixturenames):
        request.getfixturevalue(f"{scene}_prepared").copy_to(sqlite_database)
    with sqlite_database.writing() as session:
        yield session


@pytest.fixture
def direct(session: Session, direct_prepared: Prepared[Direct], tmp_path: Path) -> Direct:
    return direct_prepared.again(session, tmp_path)


@pytest.fixture
def ready(session: Session, ready_prepared: Prepared[Ready], tmp_path: Path) -> Ready:
    return ready_prepared.again(session, tmp_path)


# --- who may apply ---------------------------------------------------------------------------------


def test_no_entry_condition_binds_and_each_limit_set_aside_is_told_with_the_fact(direct: Direct) -> None:
    direct.apply(("陈大文", "technician", "intermediate"))

    candidate = direct.named("陈大文")

    limits = {one.name: one for one in limits_of(candidate.proof)}
    assert candidate.verdict == "met" and candidate.skips_grade
    assert list(limits) == ["学历", "资历", "年龄", "比例", "逐级"]
    assert limits["逐级"].applied and limits["逐级"].fact == "现持四级/中级工，申报二级/技师"
    assert limits["资历"].applied and "没有本职业或相关职业三级/高级工及以上证书" in limits["资历"].fact
    assert not limits["年龄"].applied and limits["比例"].fact == "未触及：没有登记比例限制"


def test_a_skip_under_the_narrow_power_is_an_error_of_its_row_alone(
    session: Session, vault: Vault, tmp_path: Path
) -> None:
    direct = make_direct(session, vault, tmp_path, wide=False)

    report = direct.apply(("陈大文", "technician", "intermediate"), ("李高工", "technician", "senior"))

    assert [(one.row, one.code) for one in report.errors] == [(2, "beyond_authority")]
    assert "direct.step_by_step" in report.errors[0].message and report.counts()["failed"] == 1
    told = "现持四级/中级工，申报二级/技师，跳过了三级/高级工；逐级须先取得三级/高级工，现可申报这一等级（直接认定不许可的，可参加考核）"
    assert report.errors[0].message.endswith(told)
    assert session.exec(select(Candidate.state)).all() == ["applied"] and direct.named("李高工").verdict == "met"


def test_a_step_that_nobody_entered_is_unknown_with_its_clause_and_never_accepted(
    session: Session, vault: Vault, tmp_path: Path
) -> None:
    direct = make_direct(session, vault, tmp_path, wide=False)

    report = direct.apply(("陈大文", "technician", None))

    candidate = direct.named("陈大文")
    assert not report.failed and candidate.verdict == "unknown" and "direct.step_by_step" in str(candidate.proof)
    with pytest.raises(RuleBroken, match="不能审核通过"):
        direct.start()


def test_an_unsaid_step_is_asked_about_as_soon_as_the_verdict_is_no_longer_unknown(
    session: Session, vault: Vault, tmp_path: Path
) -> None:
    direct = make_direct(session, vault, tmp_path, wide=False)
    direct.apply(("陈大文", "technician", None))
    candidate = direct.named("陈大文")
    candidate.verdict = "met"  # as somebody might force it

    with pytest.raises(RuleBroken) as refusal:
        direct.start()

    assert any("direct.step_by_step" in reason for reason in refusal.value.reasons)


def test_the_narrow_power_lifts_no_step(session: Session, vault: Vault, tmp_path: Path) -> None:
    direct = make_direct(session, vault, tmp_path, wide=False)
    direct.apply(("李高工", "technician", "senior"))

    candidate = direct.named("李高工")

    assert candidate.verdict == "met" and not candidate.skips_grade
    assert "逐级" not in [one.name for one in limits_of(candidate.proof)]


def test_an_incomplete_grade_set_has_no_wide_power_and_the_missing_grades_are_named(direct: Direct) -> None:
    for row in direct.session.exec(select(PostGrade).where(col(PostGrade.grade).in_(["junior", "technician"]))):
        direct.session.delete(row)
    direct.session.flush()

    with pytest.raises(RuleBroken) as refusal:
        direct.apply(("陈大文", "senior", "intermediate"))

    told = " ".join(refusal.value.reasons)
    assert "五级/初级工" in told and "二级/技师" in told


@pytest.mark.parametrize("reason", [None, "市人社局已书面答复"])
def test_where_the_clauses_disagree_a_case_is_decided_by_the_written_reason_only(
    session: Session, vault: Vault, tmp_path: Path, reason: str | None
) -> None:
    direct = make_direct(session, vault, tmp_path, wide=False)
    direct.batch.authority_reason = "市人社局已书面答复"
    session.delete(session.exec(select(PostGrade).where(col(PostGrade.grade) == "junior")).one())
    journal.record(session, ACTOR, direct.firm.id, "batch.change", objects=[direct.batch])
    direct.apply(("李高工", "technician", "senior"))
    direct.start()
    case = direct.lay("李高工")
    direct.vote(case, *ALL)
    direct.batch.authority_reason = reason

    if reason is None:
        assert "条款不一致" in reasons(direct, case) and "authority_reason" in reasons(direct, case)
        return
    assert direct.decide(case).decision == "recognised"
    assert "书面理由：市人社局已书面答复" in str(direct.named("李高工").proof)
    assert replay.replay_batch(session, direct.batch).cases[0].steps[1].state == "equal"


@pytest.mark.parametrize("held", ["technician", "senior_technician"])
def test_who_holds_the_grade_already_is_not_recognised_again(direct: Direct, held: str) -> None:
    direct.apply(("陈大文", "technician", held))

    assert direct.named("陈大文").verdict == "not_met"


# --- what a case needs, at the decision ------------------------------------------------------------


def reasons(direct: Direct, case: RecognitionCase, **changed: object) -> str:
    with pytest.raises(RuleBroken) as refusal:
        direct.decide(case, **changed)
    return " ".join([refusal.value.message, *refusal.value.reasons])


def test_a_case_that_lacks_nothing_is_recognised(ready: Ready) -> None:
    direct, case = ready

    decision = direct.decide(case)

    assert (case.state, decision.composite, decision.revision) == ("recognised", 8950, 1)


def test_all_reasons_are_told_at_once(direct: Direct) -> None:
    direct.apply(("陈大文", "technician", "intermediate"))
    direct.start()
    case = direct.lay("陈大文", accept=False)
    case.methods = {}
    line = direct.session.exec(select(CaseLine).where(col(CaseLine.serial) == 2)).one()
    line.score = None

    told = reasons(direct, case, actor=Actor("专家1", "hr"))

    for words in ("没有已采信的佐证材料", "第 2 项“安全与纪律”没有评分", "任何一种", "至少需 3 人表决，现有 0 人",
                  "没有写明评审结论", "作出决定的人是评审组成员 P1"):  # fmt: skip
        assert words in told
    assert case.state == "draft" and not direct.session.exec(select(CaseDecision)).all()


@pytest.mark.parametrize("actor", ["专家2", "P2", "考评员甲", "K1"])
def test_who_assessed_does_not_decide_either_way(ready: Ready, actor: str) -> None:
    direct, case = ready

    assert "须由另一人决定" in reasons(direct, case, actor=Actor(actor, "hr"))
    assert "须由另一人决定" in reasons(direct, case, actor=Actor(actor, "hr"), recognise=False)


def test_whom_a_case_is_about_neither_verifies_its_evidence_nor_decides_it(ready: Ready) -> None:
    direct, case = ready
    own, row = Actor("陈大文", "hr"), evidence.find_evidence(direct.session, "ZM-1")
    evidence.reject_evidence(direct.session, ACTOR, [row], reason="原件不清", on=HELD)

    with pytest.raises(RuleBroken) as refusal:
        evidence.accept_evidence(direct.session, own, [row], on=HELD)

    assert refusal.value.reasons == ("ZM-1 是陈大文本人的",)
    assert row.state == "rejected"
    assert "申报人本人，须由另一人决定" in reasons(direct, case, actor=own)


def test_a_batch_without_a_panel_is_not_marked(direct: Direct) -> None:
    direct.apply(("陈大文", "technician", "intermediate"))
    direct.prepare()

    with pytest.raises(RuleBroken) as refusal:
        direct.advance("marking", HELD)

    assert refusal.value.reasons == ("尚未组成直接认定评审组（skilleval panels assign），开始评分后不能再组成",)


def test_evidence_rejected_before_the_decision_counts_for_nothing(ready: Ready) -> None:
    direct, case = ready
    evidence.reject_evidence(direct.session, ACTOR, [evidence.find_evidence(direct.session, "ZM-1")], reason="不实", on=HELD)

    assert "必备项第 1 项“独立承担检修”没有已采信的佐证材料" in reasons(direct, case)


def test_evidence_that_a_recognition_rests_on_is_not_rejected(ready: Ready) -> None:
    direct, case = ready
    direct.decide(case)

    with pytest.raises(RuleBroken) as refusal:
        evidence.reject_evidence(
            direct.session, ACTOR, [evidence.find_evidence(direct.session, "ZM-1")], reason="不实", on=HELD
        )

    assert refusal.value.reasons == (f"ZM-1 已用于予以认定的案卷 {case.number}",)


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ({"started_on": HELD, "ended_on": HELD}, []),
        ({"started_on": AFTER_HELD, "ended_on": AFTER_HELD}, ["起始（取得）日期 2026-06-09", "截止日期 2026-06-09"]),
        ({"ended_on": AFTER_HELD}, ["截止日期 2026-06-09"]),
    ],
    ids=["today", "tomorrow", "ends-tomorrow"],
)
def test_evidence_of_what_is_yet_to_come_is_not_taken(direct: Direct, told: dict[str, Any], wrong: list[str]) -> None:
    direct.apply(("陈大文", "technician", "intermediate"))
    direct.start()

    if not wrong:
        assert direct.lay("陈大文", **told).number
        return
    with pytest.raises(RuleBroken) as refusal:
        direct.lay("陈大文", **told)

    assert len(refusal.value.reasons) == len(wrong)
    assert all(one in told and "晚于今天 2026-06-08" in told for one, told in zip(wrong, refusal.value.reasons, strict=True))
    assert evidence.list_evidence(direct.session) == []


@pytest.mark.parametrize(("day", "late"), [(DECIDED, False), (DECIDED + timedelta(1), True)])
def test_evidence_from_after_a_decision_is_not_put_under_it(ready: Ready, day: date, late: bool) -> None:
    direct, case = ready
    entry = {"code": "ZM-2", "person": "E0001", "kind": "技术革新", "title": "改造", "started_on": day, "issuer": "技术中心"}
    [row] = evidence.add_evidence(
        direct.session, ACTOR, direct.firm.institution, [entry], folder=direct.folder, vault=direct.vault, on=day
    )
    direct.decide(case, recognise=False)

    if not late:
        assert case_evidence.rest_on(direct.session, ACTOR, case, row, [3])
        return
    with pytest.raises(RuleBroken) as refusal:
        case_evidence.rest_on(direct.session, ACTOR, case, row, [3])
    direct.vote(case, "agree")

    assert "晚于决定日期 2026-06-10，不能归入已作决定的案卷" in refusal.value.reasons[0]
    assert case_evidence.rest_on(direct.session, ACTOR, case, row, [3])
    assert "佐证材料 ZM-2 的日期 2026-06-11 晚于决定日期 2026-06-10" in reasons(direct, case)


def test_a_recognised_case_takes_no_scores_and_no_votes(ready: Ready) -> None:
    direct, case = ready
    direct.decide(case)

    with pytest.raises(RuleBroken, match="不能再改动"):
        recognitions.score_case(direct.session, ACTOR, case, lines={1: 2000}, methods={})
    with pytest.raises(RuleBroken, match="不能再改动"):
        direct.vote(case, "against")


def settled_with_a_conflict(ready: Ready) -> tuple[Direct, RecognitionCase]:
    """A settled case in whose decision P3 voted, who is confirmed since as the person's mentor."""
    direct, case = ready
    direct.decide(case)
    settle_results(direct.session, ACTOR, direct.batch, LIBRARY)
    told = Declared("mentor", "陈大文", "2024年师带徒协议", "P3")
    declare_relation(direct.session, ACTOR, direct.firm.institution, told, vault=direct.vault, on=HELD)
    named = f"{direct.batch.number}:P3:{direct.named('陈大文').person_id}:mentor"
    conflicts.decide_conflict(direct.session, DIRECTOR, direct.batch, named, state="confirmed", reason="属实", on=DECIDED)
    return direct, case


def test_a_vote_of_a_confirmed_conflict_keeps_a_settled_batch_from_its_notice(ready: Ready) -> None:
    direct, case = settled_with_a_conflict(ready)

    with pytest.raises(RuleBroken) as refusal:
        publish_settled(direct)

    [told] = refusal.value.reasons
    assert f"案卷 {case.number} 的表决仍计入结果" in told and "专家3（P3）与考生陈大文：师徒关系，已认定" in told
    assert "recognitions vote" in told


def test_a_case_is_voted_on_again_without_who_has_to_be_recused(ready: Ready) -> None:
    direct, case = settled_with_a_conflict(ready)
    attendance.record_absence(direct.session, ACTOR, direct.batch, "", member_code="P3", reason="回避")

    assert "评审组至少需 3 人表决，现有 2 人" in reasons(direct, case)
    decision = direct.decide(case, recognise=False)

    assert (decision.revision, case.state) == (2, "not_recognised")
    results = latest_results(direct.session, direct.batch)
    assert results[case.candidate_id].outcome == "failed" and recused_results.counted_recusals(direct.session, direct.batch) == []
    with pytest.raises(RuleBroken, match="只有排定之后"):  # nothing is voted on again any more
        attendance.cancel_absence(direct.session, ACTOR, direct.batch, "", member_code="P3", reason="误登")


def test_a_settled_case_is_voted_on_again_with_a_substitute_and_recognised(ready: Ready) -> None:
    direct, case = settled_with_a_conflict(ready)
    expert(direct, "P4")
    with pytest.raises(RuleBroken, match="不能予以认定"):
        direct.decide(case)
    attendance.record_absence(direct.session, ACTOR, direct.batch, "", member_code="P3", reason="回避")
    substitute(direct, "P4", gone="P3", reason="P3 回避")
    recognitions.vote(direct.session, ACTOR, case, member_code="P4", word="agree")

    decision = direct.decide(case)

    assert (decision.revision, case.state) == (2, "recognised")
    assert publish_settled(direct).content["entries"] and verify_all(direct.session) == []
    assert replay.replay_batch(direct.session, direct.batch).equal
    with pytest.raises(RuleBroken, match="不能再改动"):
        recognitions.vote(direct.session, ACTOR, case, member_code="P4", word="against")


def test_nobody_votes_while_the_panel_may_still_change(ready: Ready) -> None:
    direct, case = ready
    direct.batch.state = "scheduled"

    with pytest.raises(RuleBroken, match="只有“评分”阶段可以表决"):
        direct.vote(case, "agree")


@pytest.mark.parametrize("file", [None, b"same"])
def test_evidence_of_two_people_warns_and_does_not_stop(direct: Direct, file: bytes | None) -> None:
    direct.apply(("陈大文", "technician", "intermediate"), ("李二", "technician", "senior"))
    direct.start()
    first, second = direct.lay("陈大文", "ZM-1", file=file), direct.lay("李二", "ZM-2", file=file)
    direct.vote(first, *ALL)

    decision = direct.decide(first)

    wanted = [] if file is None else ["佐证材料 ZM-1 与李二的材料 ZM-2 是同一份，须核实各人的贡献"]
    assert decision.warnings == wanted == shared_evidence.warnings_of(direct.session, first)
    assert bool(shared_evidence.warnings_of(direct.session, second)) is (file is not None)


def test_the_same_entry_used_for_two_people_warns(direct: Direct) -> None:
    direct.apply(("陈大文", "technician", "intermediate"), ("李二", "technician", "senior"))
    direct.start()
    case = direct.lay("陈大文")
    lines = [{"group": "工作业绩", "text": "x", "maximum": 1, "evidence": ["ZM-1"]}]
    [other] = recognitions.add_cases(direct.session, ACTOR, direct.batch, [{"candidate": "李二", "lines": lines}], vault=direct.vault)

    assert shared_evidence.warnings_of(direct.session, case) == ["佐证材料 ZM-1 与李二的材料是同一份，须核实各人的贡献"]
    assert shared_evidence.warnings_of(direct.session, other) == ["佐证材料 ZM-1 与陈大文的材料是同一份，须核实各人的贡献"]


def test_what_is_wrong_in_a_file_of_cases_is_told_at_once(direct: Direct) -> None:
    direct.apply(("陈大文", "technician", "intermediate"))
    line = {"group": "岗位职责", "text": "x", "maximum": 10, "score": 10.01}
    content = [
        {"candidate": "陈大文", "methods": {"theory": 80}, "lines": [line]},
        {"candidate": "王没有", "lines": [{**line, "score": 10, "evidence": ["ZM-9"]}]},
    ]

    with pytest.raises(RuleBroken) as refusal:
        recognitions.add_cases(direct.session, ACTOR, direct.batch, content, vault=direct.vault)

    told = " ".join(refusal.value.reasons)
    assert "methods “theory”" in told and "score 应为 0 至 maximum" in told and "没有这名考生" in told
    with pytest.raises(RuleBroken, match="不是直接认定"):
        direct.batch.route = "assessment"
        recognitions.add_cases(direct.session, ACTOR, direct.batch, content, vault=direct.vault)


# --- nothing outside authority ---------------------------------------------------------------------


def suspend(direct: Direct) -> None:
    direct.firm.registration.state = "suspended"
    direct.session.flush()


def test_no_decision_without_authority(ready: Ready) -> None:
    direct, case = ready
    suspend(direct)

    assert "状态不是“已备案”" in reasons(direct, case)
    assert case.state == "reviewing"


def test_no_decision_on_a_day_after_the_registration_ended(ready: Ready) -> None:
    direct, case = ready
    direct.firm.registration.valid_to = date(2026, 6, 12)
    direct.session.flush()

    assert "2026-06-13 不在有效期内" in reasons(direct, case, on=date(2026, 6, 13))
    assert direct.decide(case, on=date(2026, 6, 12)).decision == "recognised"


def test_no_settlement_without_authority(ready: Ready) -> None:
    direct, case = ready
    direct.decide(case)
    suspend(direct)

    with pytest.raises(RuleBroken) as refusal:
        settle_results(direct.session, ACTOR, direct.batch, LIBRARY)

    assert any("状态不是“已备案”" in reason for reason in refusal.value.reasons)
    assert not direct.session.exec(select(Result)).all()


def publish_settled(direct: Direct) -> Notice:
    return notices.publish_notice(
        direct.session, ACTOR, direct.batch, LIBRARY, vault=direct.vault, first_day=NOTICED, working_days=5,
        calendar=CALENDAR, on=NOTICED,
    )  # fmt: skip


def cleared(direct: Direct, case: RecognitionCase) -> None:
    direct.decide(case)
    settle_results(direct.session, ACTOR, direct.batch, LIBRARY)
    notice = publish_settled(direct)
    assert {entry["route"] for entry in notice.content["entries"]} == {"直接认定"}
    notice_closing.close_notice(direct.session, ACTOR, notice, vault=direct.vault, on=CLOSED)


def issue(direct: Direct) -> None:
    certificates.issue_certificates(
        direct.session, ACTOR, direct.batch, LIBRARY, vault=direct.vault, on=CLOSED, missing_glyphs=lambda _text: ()
    )


def test_no_certificate_and_no_imported_number_without_authority(ready: Ready) -> None:
    direct, case = ready
    cleared(direct, case)
    rows = [{"id_number": id_number(1), "name": "陈大文", "number": f"{REGISTRATION_NUMBER}262000777"}]
    sheet = FormSheet("编号", NUMBER_COLUMNS, rows, example=False)
    file = write_form(direct.folder / "n.xlsx", [sheet], "numbers/1", [])
    staged = allotted_numbers.stage_numbers(direct.session, direct.batch, file, vault=direct.vault, on=CLOSED)
    direct.firm.institution.size = "中"  # the narrow power is left, and the candidate skips a grade
    direct.session.flush()

    for act in (
        lambda: issue(direct),
        lambda: allotted_numbers.write_numbers(
            direct.session, ACTOR, staged, LIBRARY, vault=direct.vault, on=CLOSED, missing_glyphs=lambda _text: ()
        ),
    ):
        with pytest.raises(RuleBroken) as refusal:
            act()
        assert any("direct.step_by_step" in reason for reason in refusal.value.reasons)
    assert not direct.session.exec(select(Certificate)).all()


# --- recusal and attendance of the panel -----------------------------------------------------------


def recuse(direct: Direct, code: str) -> None:
    """A confirmed conflict of a panel member with the candidate."""
    told = Declared(kind="mentor", other="陈大文", source="2024年师带徒协议", code=code)
    declare_relation(direct.session, ACTOR, direct.firm.institution, told, vault=direct.vault, on=HELD)
    [found] = conflicts.conflicts_of_batch(direct.session, direct.batch)
    named = conflicts.conflict_id(direct.batch, found)
    conflicts.decide_conflict(direct.session, DIRECTOR, direct.batch, named, state="confirmed", reason="属实", on=HELD)


def test_the_vote_of_somebody_who_has_to_be_recused_recognises_nobody(ready: Ready) -> None:
    direct, case = ready
    recuse(direct, "P2")

    told = reasons(direct, case)

    assert "评审组成员 P2 与考生：师徒关系，已认定" in told and "panels absent" in told
    assert direct.decide(case, recognise=False).decision == "not_recognised"


def test_a_conflict_confirmed_after_the_decision_stops_the_settlement_and_replay_still_agrees(
    ready: Ready,
) -> None:
    direct, case = ready
    direct.decide(case)
    recuse(direct, "P2")

    with pytest.raises(RuleBroken) as refusal:
        settle_results(direct.session, ACTOR, direct.batch, LIBRARY)

    assert any("P2 与考生：师徒关系" in one for one in refusal.value.reasons)


def test_who_is_recused_is_entered_as_absent_and_the_others_must_still_be_enough(
    ready: Ready,
) -> None:
    direct, case = ready
    recuse(direct, "P2")

    seat = attendance.record_absence(direct.session, ACTOR, direct.batch, "", member_code="P2", reason="回避")

    assert seat.absent_reason == "回避"
    told = reasons(direct, case)
    assert "师徒关系" not in told and "至少需 3 人表决，现有 2 人" in told
    with pytest.raises(RuleBroken, match="登记为缺席（回避），不能表决"):
        recognitions.vote(direct.session, ACTOR, case, member_code="P2", word="agree")


def substitute(direct: Direct, code: str, *, gone: str = "P2", reason: str = "P2 回避") -> PanelMember:
    return attendance.substitute_member(
        direct.session, ACTOR, direct.batch, "", absent_code=gone, substitute_code=code, reason=reason
    )


def expert(direct: Direct, code: str, **fields: object) -> None:
    one = Personnel.model_validate({"institution_id": direct.firm.id, "code": code, "name": f"专家{code}", "kind": "expert", **fields})
    direct.session.add(one)
    journal.record(direct.session, ACTOR, direct.firm.id, "institution.add", objects=[one])


def test_a_substitute_makes_the_panel_whole_again_and_the_absent_one_stays_on_record(ready: Ready) -> None:
    direct, case = ready
    expert(direct, "P4")
    recuse(direct, "P2")
    attendance.record_absence(direct.session, ACTOR, direct.batch, "", member_code="P2", reason="回避")
    lacks = reasons(direct, case)

    seat = substitute(direct, "P4")
    recognitions.vote(direct.session, ACTOR, case, member_code="P4", word="agree")

    assert "缺席 1 人，可为其增补成员（skilleval panels substitute）" in lacks
    assert direct.decide(case).decision == "recognised" and verify_all(direct.session) == []
    panel = {one.code: member for member, one in recognitions.panel_of(direct.session, direct.batch)}
    assert (panel["P2"].absent_reason, panel["P4"].replaces_id, seat.role) == ("回避", panel["P2"].id, "member")
    with pytest.raises(RuleBroken, match="已有增补的成员"):
        attendance.cancel_absence(direct.session, ACTOR, direct.batch, "", member_code="P2", reason="误登")


def test_who_stands_in_for_the_chair_is_chair(ready: Ready) -> None:
    direct, case = ready
    expert(direct, "P4")
    attendance.record_absence(direct.session, ACTOR, direct.batch, "", member_code="P1", reason="病假")

    assert substitute(direct, "P4", gone="P1").role == "chair"
    assert "评审组没有到会的组长" not in reasons(direct, case)


@pytest.mark.parametrize(
    ("state", "code", "gone", "reason", "told"),
    [
        ("marking", "P4", "P2", " ", "须写明理由"),
        ("scheduled", "P4", "P2", "回避", "只有“评分”阶段可以增补"),
        ("settled", "P4", "P2", "回避", "只有“评分”阶段可以增补"),
        ("marking", "P4", "P3", "回避", "没有登记缺席"),
        ("marking", "P9", "P2", "回避", "没有编号为 P9"),
        ("marking", "P1", "P2", "回避", "已在评审组中"),
        ("marking", "D1", "P2", "回避", "是督导员"),
        ("marking", "P5", "P2", "回避", "P5"),
        ("marking", "P6", "P2", "回避", "师徒关系"),
    ],
)
def test_a_substitute_who_may_not_sit_is_refused(
    ready: Ready, state: str, code: str, gone: str, reason: str, told: str
) -> None:
    direct, _case = ready
    for one, fields in (("P4", {}), ("P5", {"card_valid_to": HELD}), ("P6", {})):
        expert(direct, one, **fields)
    told_of = Declared("mentor", "陈大文", "2024年师带徒协议", "P6")
    declare_relation(direct.session, ACTOR, direct.firm.institution, told_of, vault=direct.vault, on=HELD)
    attendance.record_absence(direct.session, ACTOR, direct.batch, "", member_code="P2", reason="回避")
    direct.batch.state = state

    with pytest.raises(RuleBroken) as refusal:
        substitute(direct, code, gone=gone, reason=reason)

    assert told in " ".join([refusal.value.message, *refusal.value.reasons])


def test_an_absent_member_is_stood_in_for_once_and_a_substitute_too(ready: Ready) -> None:
    direct, _case = ready
    for code in ("P4", "P5"):
        expert(direct, code)
    attendance.record_absence(direct.session, ACTOR, direct.batch, "", member_code="P2", reason="病假")
    substitute(direct, "P4")

    with pytest.raises(RuleBroken) as refusal:
        substitute(direct, "P5")
    attendance.record_absence(direct.session, ACTOR, direct.batch, "", member_code="P4", reason="病假")

    assert refusal.value.reasons == ("缺席的成员已有增补；增补的成员缺席的，为其增补",)
    assert substitute(direct, "P5", gone="P4").replaces_id is not None


def test_an_absence_is_taken_back_with_a_reason(ready: Ready) -> None:
    direct, case = ready
    attendance.record_absence(direct.session, ACTOR, direct.batch, "", member_code="P2", reason="请假")

    attendance.cancel_absence(direct.session, ACTOR, direct.batch, "", member_code="P2", reason="登记错人")

    assert direct.decide(case).decision == "recognised"


@pytest.mark.parametrize(
    ("state", "code", "reason", "told"),
    [("marking", "P2", " ", "须写明原因"), ("marking", "P9", "请假", "没有编号为 P9"), ("settled", "P2", "请假", "核定结果之前")],
)
def test_an_absence_that_may_not_be_entered_is_refused(
    ready: Ready, state: str, code: str, reason: str, told: str
) -> None:
    direct, _case = ready
    direct.batch.state = state

    with pytest.raises(RuleBroken, match=told):
        attendance.record_absence(direct.session, ACTOR, direct.batch, "", member_code=code, reason=reason)


# --- settled, corrected, filed, replayed -----------------------------------------------------------


def test_settling_waits_for_every_case(direct: Direct) -> None:
    direct.apply(("陈大文", "technician", "intermediate"), ("李二", "technician", "senior"))
    direct.start()
    direct.lay("陈大文")

    with pytest.raises(RuleBroken) as refusal:
        settle_results(direct.session, ACTOR, direct.batch, LIBRARY)

    assert refusal.value.reasons == ("2026-ZJ-01-0001 案卷 2026-ZJ-01-A001 尚未决定", "2026-ZJ-01-0002 没有案卷")


def test_a_panel_member_entered_as_absent_after_the_decision_stops_the_settlement(
    ready: Ready,
) -> None:
    direct, case = ready
    direct.decide(case)
    member = direct.session.exec(select(PanelMember).where(col(PanelMember.role) == "member")).first()
    assert member is not None
    member.absent_reason = "请假"
    direct.session.flush()

    with pytest.raises(RuleBroken) as refusal:
        settle_results(direct.session, ACTOR, direct.batch, LIBRARY)

    assert any("至少需 3 人表决，现有 2 人" in reason for reason in refusal.value.reasons)


def test_an_upheld_objection_is_answered_by_a_new_decision(ready: Ready) -> None:
    direct, case = ready
    direct.decide(case)
    settle_results(direct.session, ACTOR, direct.batch, LIBRARY)
    with pytest.raises(RuleBroken, match="recognitions decide"):
        correct_result(direct.session, ACTOR, direct.batch, direct.named("陈大文"), parts={"skill": 1}, reason="x")

    direct.decide(case, recognise=False, reason="异议成立")

    results = direct.session.exec(select(Result).order_by(col(Result.revision))).all()
    assert [(one.outcome, one.revision, one.reason) for one in results] == [("passed", 1, None), ("failed", 2, "异议成立")]
    assert replay.replay_batch(direct.session, direct.batch).equal


def whole_road(direct: Direct, folder: Path) -> Path:
    """One person recognised with a skip, one by the step, one refused; to the package on disk."""
    direct.apply(("陈大文", "technician", "intermediate"), ("李二", "technician", "senior"), ("王三", "senior", "intermediate"))
    direct.start()
    for place, name in enumerate(("陈大文", "李二", "王三"), start=1):
        case = direct.lay(name, f"ZM-{place}")
        direct.vote(case, *(ALL if name != "王三" else ("against", "against", "abstain")))
        direct.decide(case, recognise=name != "王三")
    settle_results(direct.session, ACTOR, direct.batch, LIBRARY)
    notice = notices.publish_notice(
        direct.session, ACTOR, direct.batch, LIBRARY, vault=direct.vault, first_day=NOTICED, working_days=5,
        calendar=CALENDAR, on=NOTICED,
    )  # fmt: skip
    notice_closing.close_notice(direct.session, ACTOR, notice, vault=direct.vault, on=CLOSED)
    issue(direct)
    exported = export_filing(
        direct.session, ACTOR, direct.batch, vault=direct.vault, fonts=load_fonts({}), folder=folder,
        instance_folder=folder, on=CLOSED,
    )  # fmt: skip
    return exported.written.path


def test_the_whole_road_ends_in_a_package_that_verifies_and_replays_on_either_database(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    with database.writing() as session:
        direct = make_direct(session, vault, tmp_path)

        path = whole_road(direct, tmp_path)

        assert verify_package(path).findings == ()
        replayed = replay.replay_batch(session, direct.batch)
        assert replayed.equal, [(case.who, case.steps) for case in replayed.cases]
        assert verify_all(session) == []
        results = {one.outcome for one in session.exec(select(Result))}
        assert results == {"passed", "failed"} and len(session.exec(select(Certificate)).all()) == 2


def test_a_tampered_decision_and_a_tampered_vote_are_named(ready: Ready) -> None:
    direct, case = ready
    direct.decide(case)
    settle_results(direct.session, ACTOR, direct.batch, LIBRARY)
    connection = direct.session.connection()
    for table in ("case_decision", "case_vote"):
        connection.exec_driver_sql(f"DROP TRIGGER {table}_no_update")
    connection.exec_driver_sql("UPDATE case_decision SET composite = 9999")
    connection.exec_driver_sql("UPDATE case_vote SET vote = 'against' WHERE member_id = (SELECT min(member_id) FROM case_vote)")
    direct.session.expire_all()

    replayed = replay.replay_batch(direct.session, direct.batch)

    told = " ".join(replayed.tampered)
    assert "的第 1 次决定被改动" in told and "的一项表决被改动" in told
    [marks_step] = [step for step in replayed.cases[0].steps if step.name == "marks"]
    assert marks_step.reasons == ("第 1 次决定的综合得分为 99.99，复算为 89.50",)


def test_the_database_refuses_to_change_votes_and_decisions(ready: Ready) -> None:
    direct, case = ready
    direct.decide(case)
    for table in (CaseVote, CaseDecision):
        row = direct.session.exec(select(table)).first()
        with pytest.raises(Exception, match="append-only"), direct.session.begin_nested():
            direct.session.delete(row)
            direct.session.flush()


def test_no_marks_are_entered_by_sheet(ready: Ready) -> None:
    direct, _case = ready

    with pytest.raises(RuleBroken, match="recognitions score"):
        mark_sheets.marks_workbook(direct.session, direct.batch, direct.folder / "m.xlsx")
    assert set(map(str, marks.part_marks(direct.session, direct.batch).values())) == {"{}"}


# --- minutes ---------------------------------------------------------------------------------------


def test_each_sentence_of_the_minutes_names_rows_that_there_are(ready: Ready) -> None:
    direct, case = ready
    with pytest.raises(RuleBroken, match="尚未决定"):
        recognition_minutes.minutes_of(direct.session, case)
    direct.decide(case)

    told = recognition_minutes.minutes_of(direct.session, case)

    sentences = [one for section in told.sections for one in section.sentences]
    assert all(one.sources for one in sentences)
    for table, key in {source for one in sentences for source in one.sources}:
        found = direct.session.connection().exec_driver_sql(f"SELECT count(*) FROM {table} WHERE id = {key}").scalar()
        assert found == 1, (table, key)
    text = "\n".join(one.text for one in sentences)
    for words in ("陈大文", "打破的限制：逐级（现持四级/中级工，申报二级/技师）", "（direct.wide）", "ZM-1 关键岗位实践",
                  "评审组长 专家1表决“同意”，意见：符合认定要求", "综合得分 89.50", f"{DECIDED}由认定主任决定"):  # fmt: skip
        assert words in text, words
