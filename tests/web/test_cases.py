"""Case files of direct recognition in the browser: evidence handed in and verified, scores, votes, the decision."""

import io
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from PIL import Image
from pypdf import PdfReader
from sqlmodel import col, select

from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import Vault
from skilleval.db.tables import (
    AccountRole,
    Batch,
    Candidate,
    CaseDecision,
    CaseEvidence,
    Evidence,
    Person,
    Personnel,
    RecognitionCase,
    Result,
)
from skilleval.installation import Installation
from tests.chained import MEMBERS
from tests.direct import make_direct
from tests.factories import make_firm
from tests.uploaded import pdf, photo
from tests.web.conftest import Browser, SignedIn, application_on, without_token

DECIDED = date(2026, 6, 10)
Address = Callable[..., str]


@pytest.fixture
def app(installation: Installation) -> Flask:
    """The application on the day on which the cases are decided."""
    return application_on(installation, DECIDED)


@pytest.fixture(scope="module")
def prepared(empty_sqlite: Path, vault: Vault, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A direct batch that is being marked, with a panel of three and one case whose must-line has no accepted evidence."""
    folder = tmp_path_factory.mktemp("direct")
    file = folder / "skilleval.db"
    shutil.copy(empty_sqlite, file)
    database = Database(sqlite_url(file))
    with database.writing() as session:
        direct = make_direct(session, vault, folder)
        direct.apply(("陈大文", "technician", "intermediate"), ("李小明", "technician", "intermediate"))
        direct.start()
        direct.lay("陈大文", accept=False)
        session.commit()
    database.close()
    return file


@pytest.fixture
def sqlite_database(prepared: Path, tmp_path: Path) -> Iterator[Database]:
    """The test's own copy of it."""
    file = tmp_path / "skilleval.db"
    shutil.copy(prepared, file)
    database = Database(sqlite_url(file))
    yield database
    database.close()


@pytest.fixture
def case(installation: Installation) -> int:
    """The number of its case."""
    with installation.database.reading() as session:
        return session.exec(select(RecognitionCase.id)).one() or 0


@pytest.fixture
def at(app: Flask, installation: Installation, case: int) -> Address:
    """The address of the case, or of something below it."""
    hide = app.extensions["skilleval.ids"].hide

    def address(rest: str = "") -> str:
        with installation.database.reading() as session:
            batch_id = session.get_one(RecognitionCase, case).batch_id
        return f"/batches/{hide('batch', batch_id)}/cases/{hide('case', case)}{rest}"

    return address


def _seated(installation: Installation, signed_in: SignedIn, code: str, *roles: str) -> Browser:
    """A browser of somebody who is this one of the personnel."""
    browser = signed_in(*(roles or ("assessor",)))
    with installation.database.writing() as session:
        person = session.exec(select(Personnel.id).where(Personnel.code == code)).one()
        last = session.exec(sa.select(sa.func.max(col(AccountRole.account_id)))).one()[0]
        for role in session.exec(select(AccountRole).where(AccountRole.account_id == last)):
            role.personnel_id = person
        session.commit()
    return browser


def _form(content: bytes, name: str = "证明.pdf", **changed: object) -> dict[str, object]:
    return {
        "lines": "1", "kind": "key_post", "title": "配电室检修", "issuer": "设备动力部", "started_on": "2023-01-01",
        "ended_on": "2025-12-31", "level": "", "file": (io.BytesIO(content), name), **changed,
    }  # fmt: skip


def _register(installation: Installation) -> list[Evidence]:
    with installation.database.reading() as session:
        return list(session.exec(select(Evidence).order_by(col(Evidence.id))))


def _kept(installation: Installation) -> list[Path]:
    return sorted((installation.folder / "evidence").glob("*"))


def _evidence(app: Flask, row: Evidence, rest: str = "") -> str:
    return f"/evidence/{app.extensions['skilleval.ids'].hide('evidence', row.id)}{rest}"


# --- the list and laying cases -----------------------------------------------------------------------


def test_the_tab_stands_only_in_direct_batches_and_lists_the_cases(signed_in: SignedIn, at: Address) -> None:
    batch = at().partition("/cases/")[0]
    browser = signed_in("hr")

    workspace = browser.get(batch).get_data(as_text=True)
    listed = browser.get(f"{batch}/cases").get_data(as_text=True)

    assert f'href="{batch}/cases"' in workspace and "直接认定档案" in workspace
    assert "2026-ZJ-01-A001" in listed and "陈大文" in listed and "0 / 1" in listed


def test_cases_are_laid_by_a_common_sheet_and_by_file_with_all_errors(
    app: Flask, signed_in: SignedIn, installation: Installation, at: Address
) -> None:
    new = at().partition("/cases/")[0] + "/cases/new"
    with installation.database.reading() as session:
        waiting = session.exec(
            select(Candidate.id).join(Person, col(Person.id) == col(Candidate.person_id)).where(Person.name == "李小明")
        ).one()
    sheet: dict[str, object] = {
        "candidate": app.extensions["skilleval.ids"].hide("candidate", waiting), "method": "skill", "group-0": "岗位职责",
        "text-0": "检修",
    }  # fmt: skip
    browser = signed_in("hr")

    wrong = browser.post(new, {**sheet, "maximum-0": "三十"})
    none = browser.post(new.replace("new", "file"), {"file": (io.BytesIO("[[cases]]\ncandidate = '李小明'\nmethod = 1".encode()), "a.toml")})
    broken = browser.post(new.replace("new", "file"), {"file": (io.BytesIO(b"x = ["), "a.toml")})
    laid = browser.post(new, {**sheet, "maximum-0": "30", "must-0": "on"})

    assert wrong.status_code == 422 and "maximum 应为大于 0" in wrong.get_data(as_text=True)
    assert 'value="三十"' in wrong.get_data(as_text=True)
    assert none.status_code == 422 and "不认识的项 method" in none.get_data(as_text=True) and "缺少 lines" in none.get_data(as_text=True)
    assert broken.status_code == 422 and "不是有效的 TOML" in broken.get_data(as_text=True)
    assert laid.status_code == 303
    with installation.database.reading() as session:
        assert len(session.exec(select(RecognitionCase)).all()) == 2


# --- evidence ----------------------------------------------------------------------------------------


def test_a_pdf_is_kept_as_it_is_under_a_name_of_ours_and_only_ever_saved(
    app: Flask, signed_in: SignedIn, installation: Installation, at: Address
) -> None:
    browser = signed_in("hr")

    answer = browser.post(at("/evidence"), _form(pdf(2), "../../身份证.exe"))
    row = _register(installation)[-1]
    file = browser.get(_evidence(app, row, "/file"))

    assert answer.status_code == 303
    assert (row.code, row.state, row.file_name) == ("2026-ZJ-01-A001-01", "submitted", None)
    assert [one.name for one in _kept(installation)] == [row.stored_as]
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert file.headers["X-Content-Type-Options"] == "nosniff" and "sandbox" in file.headers["Content-Security-Policy"]
    assert len(PdfReader(io.BytesIO(file.data)).pages) == 2
    assert row.code in browser.get(at()).get_data(as_text=True)


def test_a_picture_is_given_out_without_what_the_camera_wrote(
    app: Flask, signed_in: SignedIn, installation: Installation, at: Address
) -> None:
    browser = signed_in("hr")

    browser.post(at("/evidence"), _form(photo("JPEG"), "a.pdf"))
    answer = browser.get(_evidence(app, _register(installation)[-1], "/file"))

    assert answer.mimetype == "image/jpeg" and b"where" not in answer.data
    assert dict(Image.open(io.BytesIO(answer.data)).getexif()) == {}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<html><script>alert(1)</script></html>", "不是其中任何一种"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "不能打开"),
    ],
    ids=["html", "broken"],
)  # fmt: skip
def test_what_is_no_plain_pdf_or_picture_is_refused_and_nothing_is_kept(
    signed_in: SignedIn, installation: Installation, at: Address, content: bytes, told: str
) -> None:
    answer = signed_in("hr").post(at("/evidence"), _form(content, "证明.pdf"))

    assert answer.status_code == 422 and told in answer.get_data(as_text=True)
    assert 'value="配电室检修"' in answer.get_data(as_text=True)
    assert len(_register(installation)) == 1 and _kept(installation) == []


def test_a_file_of_eleven_megabytes_is_refused_with_its_reason(signed_in: SignedIn, installation: Installation, at: Address) -> None:
    browser = signed_in("hr")
    words = {"csrf_token": browser.token(), **{key: value for key, value in _form(b"").items() if key != "file"}}
    parts = [f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in words.items()]
    file = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-'
    body = "".join([*parts, file]).encode() + b"0" * (11 * 1024 * 1024) + b"\r\n--x--\r\n"

    answer = browser.client.post(at("/evidence"), data=body, content_type="multipart/form-data; boundary=x")

    assert answer.status_code == 422 and "超过 10 MB" in answer.get_data(as_text=True)
    assert _kept(installation) == []


def test_evidence_of_tomorrow_is_refused_and_keeps_no_file(
    signed_in: SignedIn, installation: Installation, at: Address
) -> None:
    browser = signed_in("hr")

    refused = browser.post(at("/evidence"), _form(pdf(), ended_on=f"{DECIDED + timedelta(1)}"))
    kept_then = _kept(installation)
    taken = browser.post(at("/evidence"), _form(pdf(), ended_on=f"{DECIDED}"))

    assert refused.status_code == 422 and f"晚于今天 {DECIDED}" in refused.get_data(as_text=True) and kept_then == []
    assert taken.status_code == 303 and len(_kept(installation)) == 1


def test_a_fault_in_the_form_keeps_no_file(signed_in: SignedIn, installation: Installation, at: Address) -> None:
    answer = signed_in("hr").post(at("/evidence"), _form(pdf(), ended_on="2022-01-01"))

    assert answer.status_code == 422 and "早于" in answer.get_data(as_text=True) and _kept(installation) == []


def test_a_file_that_was_changed_on_the_disk_is_not_given_out(
    app: Flask, signed_in: SignedIn, installation: Installation, at: Address
) -> None:
    browser = signed_in("hr")
    browser.post(at("/evidence"), _form(pdf()))
    _kept(installation)[0].write_bytes(pdf(3))

    answer = browser.get(_evidence(app, _register(installation)[-1], "/file"))

    assert answer.status_code == 422 and "与登记的摘要不符" in answer.get_data(as_text=True)


def test_evidence_is_verified_by_a_reviewer_who_did_not_hand_it_in(
    app: Flask, signed_in: SignedIn, installation: Installation, at: Address
) -> None:
    both = signed_in("hr", "reviewer")
    both.post(at("/evidence"), _form(pdf()))
    row = _register(installation)[-1]

    own = both.post(_evidence(app, row, "/accept"))
    as_hr = signed_in("hr").post(_evidence(app, row, "/accept"))
    no_reason = signed_in("reviewer").post(_evidence(app, row, "/reject"), {"reason": " "})
    accepted = signed_in("reviewer").post(_evidence(app, row, "/accept"))

    assert own.status_code == 422 and "是您自己提交的" in own.get_data(as_text=True)
    assert "须由另一人核验" in both.get(_evidence(app, row)).get_data(as_text=True)
    assert (as_hr.status_code, no_reason.status_code, accepted.status_code) == (403, 422, 303)
    assert _register(installation)[-1].state == "accepted"
    assert "已采信的佐证：1 / 1" in both.get(at()).get_data(as_text=True)


def test_evidence_of_the_person_is_tied_to_further_lines_and_anybody_elses_is_not(
    app: Flask, signed_in: SignedIn, installation: Installation, at: Address
) -> None:
    browser = signed_in("hr")
    with installation.database.writing() as session:
        old = session.exec(select(Evidence)).one()
        person = session.exec(select(Person).where(Person.name == "李小明")).one()
        spare, foreign = (
            Evidence(**old.model_dump(exclude={"id", "code", "person_id"}), code=code, person_id=key or 0)
            for code, key in (("ZM-8", old.person_id), ("ZM-9", person.id))
        )
        session.add_all([spare, foreign])
        session.commit()
    hide = app.extensions["skilleval.ids"].hide

    tied = browser.post(at("/attach"), {"evidence": hide("evidence", spare.id), "line": ["2", "3"]})
    no_line = browser.post(at("/attach"), {"evidence": hide("evidence", spare.id), "line": "9"})
    others = browser.post(at("/attach"), {"evidence": hide("evidence", foreign.id), "line": "2"})

    assert (tied.status_code, no_line.status_code, others.status_code) == (303, 422, 404)
    with installation.database.reading() as session:
        assert len(session.exec(select(CaseEvidence).where(CaseEvidence.evidence_id == spare.id)).all()) == 2


# --- tenancy -----------------------------------------------------------------------------------------


def test_a_member_firm_sees_and_adds_for_its_own_people_only_and_nothing_of_the_panel(
    app: Flask, signed_in: SignedIn, installation: Installation, at: Address, case: int
) -> None:
    signed_in("hr").post(at("/evidence"), _form(pdf()))
    row = _register(installation)[-1]
    with installation.database.writing() as session:
        member = make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
        member_id = member.id
    stranger = signed_in("member_hr", at=MEMBERS[0])
    refused = [stranger.get(at()), stranger.post(at("/evidence"), _form(pdf())), stranger.get(at("/decision"))]
    refused += [stranger.get(_evidence(app, row)), stranger.get(_evidence(app, row, "/file")), stranger.get(_evidence(app, row).replace("a", "b"))]
    _move_to(installation, member_id, case)

    page = stranger.get(at()).get_data(as_text=True)
    added = stranger.post(at("/evidence"), _form(pdf()))
    own = _register(installation)[-1]

    assert [one.status_code for one in refused] == [404] * 6
    assert len({without_token(one) for one in refused if one.request.method == "GET"}) == 1
    assert "陈大文" in page and "评审组与表决" not in page and "认定决定" not in page and "经过" not in page
    assert added.status_code == 303 and own.employer_id == member_id
    assert stranger.get(_evidence(app, own, "/file")).status_code == 200
    assert stranger.get(at("/decision")).status_code == 404 and stranger.post(_evidence(app, own, "/accept")).status_code == 403
    # The people of the evaluator itself are no business of an account that only speaks for its firm's people.
    assert signed_in("member_hr").get(at()).status_code == 404


def _move_to(installation: Installation, employer: int, case: int) -> None:
    """Make the candidate of the case, and the person, one of another firm."""
    with installation.database.writing() as session:
        session.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
        row = session.get_one(RecognitionCase, case)
        person = session.execute(sa.text(f"SELECT person_id FROM candidate WHERE id = {row.candidate_id}")).scalar_one()
        for statement in (
            f"UPDATE candidate SET employer_id = {employer} WHERE id = {row.candidate_id}",
            f"UPDATE evidence SET employer_id = {employer} WHERE person_id = {person}",
            f"UPDATE credential SET institution_id = {employer} WHERE person_id = {person}",
            f"UPDATE person SET institution_id = {employer} WHERE id = {person}",
        ):
            session.execute(sa.text(statement))
        session.commit()


def test_the_same_file_for_two_people_is_warned_of(signed_in: SignedIn, installation: Installation, at: Address, app: Flask) -> None:
    browser = signed_in("hr")
    content = pdf()
    browser.post(at("/evidence"), _form(content))
    with installation.database.writing() as session:
        row = session.exec(select(Evidence).order_by(col(Evidence.id).desc())).first()
        other = session.exec(select(Person).where(Person.name == "李小明")).one()
        assert row is not None
        session.add(Evidence(**row.model_dump(exclude={"id", "code", "person_id", "stored_as"}), code="ZM-7", person_id=other.id or 0))
        session.commit()

    page = signed_in("approver").get(at("/decision")).get_data(as_text=True)

    assert "与李小明的材料 ZM-7 是同一份" in page


# --- scores, votes, decision -------------------------------------------------------------------------


def _shown(browser: Browser, at: Address) -> dict[str, object]:
    """The scores as the page shows them, which its form sends back."""
    return dict(re.findall(r'name="(seen-[\w-]+)" value="([\d.]*)"', browser.get(at()).get_data(as_text=True)))


def test_only_a_member_of_the_panel_scores_and_votes_from_the_own_seat(
    installation: Installation, signed_in: SignedIn, at: Address
) -> None:
    chair = _seated(installation, signed_in, "P1")
    outsider = _seated(installation, signed_in, "K1")

    scored = chair.post(at("/score"), {**_shown(chair, at), "line-1": "28.5", "method-performance": "90"})
    wrong = chair.post(at("/score"), {"line-1": "30.5", "line-2": "很好"})
    over = chair.post(at("/score"), {**_shown(chair, at), "line-1": "30.5"})
    voted = chair.post(at("/vote"), {"vote": "agree", "comment": "符合要求"})
    foreign = [outsider.get(at()), outsider.post(at("/score"), {"line-1": "1"}), outsider.post(at("/vote"), {"vote": "agree"})]
    page = chair.get(at()).get_data(as_text=True)

    assert (scored.status_code, voted.status_code) == (303, 303)
    assert wrong.status_code == 422 and "“很好”不是分数" in wrong.get_data(as_text=True)
    assert over.status_code == 422 and "0 至 30.00" in over.get_data(as_text=True)
    assert [one.status_code for one in foreign] == [404, 404, 404]
    assert 'value="28.5"' in page and "符合要求" in page
    # What happened is told, and not how somebody voted or what they wrote.
    story = page[page.index("<h2>经过</h2>") :]
    assert "评审表决" in story and "填写综合评价表" in story and "建立直接认定案卷" in story
    assert "符合要求" not in story and "28.5" not in story and "同意" not in story
    assert signed_in("hr").post(at("/vote"), {"vote": "agree"}).status_code == 403


def test_a_score_that_another_window_changed_is_not_overwritten_and_what_was_left_alone_stays(
    installation: Installation, signed_in: SignedIn, at: Address
) -> None:
    chair, member = _seated(installation, signed_in, "P1"), _seated(installation, signed_in, "P2")
    chair.post(at("/score"), {**_shown(chair, at), "line-1": "28.5", "method-performance": "90"})

    blind = member.post(at("/score"), {"seen-line-1": "", "line-1": "20", "seen-method-performance": "", "method-performance": "70"})
    same = member.post(at("/score"), {"seen-line-1": "", "line-1": "28.5"})
    left = member.post(at("/score"), {"seen-line-1": "27", "line-1": "27", "seen-method-performance": "90", "method-performance": "91"})
    page = chair.get(at()).get_data(as_text=True)

    told = blind.get_data(as_text=True)
    assert blind.status_code == 422 and "第 1 项现为 28.50" in told and "工作业绩评审现为 90.00" in told
    assert (same.status_code, left.status_code) == (303, 303)
    assert 'name="line-1" value="28.5"' in page and 'name="method-performance" value="91"' in page


def test_a_decision_that_another_window_took_is_told_to_who_had_not_seen_it(
    signed_in: SignedIn, at: Address
) -> None:
    approver = signed_in("approver")
    word = {"decision": "not_recognised", "reason": "业绩不足", "seen": "0"}

    first = approver.post(at("/decide"), word)
    blind = approver.post(at("/decide"), {**word, "reason": "材料不足"})
    page = approver.get(at("/decision")).get_data(as_text=True)
    informed = approver.post(at("/decide"), {**word, "reason": "材料不足", "seen": "1"})

    assert (first.status_code, blind.status_code, informed.status_code) == (303, 422, 303)
    assert "已决定“不予认定”（理由：业绩不足）。请刷新后再看" in blind.get_data(as_text=True)
    assert 'name="seen" value="1"' in page


def test_an_account_without_a_seat_that_sees_the_case_cannot_vote(installation: Installation, signed_in: SignedIn, at: Address) -> None:
    browser = _seated(installation, signed_in, "K1", "assessor", "supervisor")

    answer = browser.post(at("/vote"), {"vote": "agree"})

    assert answer.status_code == 422 and "不是批次 2026-ZJ-01 评审组的成员" in answer.get_data(as_text=True)


def test_the_decision_is_greyed_with_every_reason_and_refused_until_nothing_is_missing(
    app: Flask, installation: Installation, signed_in: SignedIn, at: Address
) -> None:
    approver, hr = signed_in("approver"), signed_in("hr")
    word = {"decision": "recognised", "reason": "评审组一致同意"}

    early = approver.get(at("/decision")).get_data(as_text=True)
    refused = approver.post(at("/decide"), word)
    no_minutes = hr.get(at("/minutes.pdf"))
    for code in ("P1", "P2", "P3"):
        _seated(installation, signed_in, code).post(at("/vote"), {"vote": "agree", "comment": "符合认定要求"})
    signed_in("reviewer").post(_evidence(app, _register(installation)[0], "/accept"))
    done = approver.post(at("/decide"), word)
    minutes = hr.get(at("/minutes.pdf"))

    assert '<button type="button" disabled>予以认定</button>' in early
    assert "评审组至少需 3 人表决，现有 0 人" in early and "必备项第 1 项" in early
    assert refused.status_code == 422 and "现有 0 人" in refused.get_data(as_text=True)
    assert no_minutes.status_code == 422
    assert done.status_code == 303
    with installation.database.reading() as session:
        assert session.exec(select(CaseDecision)).one().decision == "recognised"
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(minutes.data)).pages)
    assert "陈大文" in text and "attachment" in minutes.headers["Content-Disposition"]
    assert hr.post(at("/decide"), word).status_code == 403


def test_the_batch_is_settled_from_its_tab_once_every_case_is_decided(
    app: Flask, installation: Installation, signed_in: SignedIn, at: Address
) -> None:
    batch, reviewer = at().partition("/cases")[0], signed_in("reviewer")

    early = reviewer.post(f"{batch}/marks/settle")
    for code in ("P1", "P2", "P3"):
        _seated(installation, signed_in, code).post(at("/vote"), {"vote": "agree", "comment": "符合认定要求"})
    signed_in("reviewer").post(_evidence(app, _register(installation)[0], "/accept"))
    signed_in("approver").post(at("/decide"), {"decision": "recognised", "reason": "评审组一致同意"})
    with installation.database.writing() as session:
        session.exec(select(Candidate).join(Person, col(Person.id) == col(Candidate.person_id)).where(Person.name == "李小明")).one().state = "withdrawn"
        session.commit()
    offered = reviewer.get(f"{batch}/cases").get_data(as_text=True)
    settled = reviewer.post(f"{batch}/marks/settle")

    assert (early.status_code, settled.status_code) == (422, 303)
    assert f"{batch}/marks/settle" in offered
    with installation.database.reading() as session:
        assert [one.outcome for one in session.exec(select(Result))] == ["passed"]
        assert session.exec(select(Batch.state)).one() == "settled"


def test_who_sits_on_the_panel_does_not_decide_under_whatever_name(
    installation: Installation, signed_in: SignedIn, at: Address
) -> None:
    browser = _seated(installation, signed_in, "P2", "approver")

    page = browser.get(at("/decision")).get_data(as_text=True)
    answer = browser.post(at("/decide"), {"decision": "not_recognised", "reason": "业绩不足"})

    assert "您是评审组成员 P2" in page
    assert answer.status_code == 422 and "须由另一人决定" in answer.get_data(as_text=True)


@pytest.mark.parametrize("role", ["supervisor", "auditor"])
def test_who_only_reads_reads_everything_and_changes_nothing(signed_in: SignedIn, at: Address, role: str) -> None:
    browser = signed_in(role)

    read = [browser.get(at()), browser.get(at("/decision")), browser.get("/evidence")]
    acts = [browser.post(at(f"/{one}")) for one in ("evidence", "attach", "score", "vote", "decide")]

    assert [one.status_code for one in read] == [200] * 3
    assert [one.status_code for one in acts] == [403] * 5


def test_the_case_page_asks_twelve_times_at_most(signed_in: SignedIn, installation: Installation, at: Address) -> None:
    browser = signed_in("hr")
    counted: list[str] = []
    with installation.database.reading() as session:
        sa.event.listen(session.get_bind(), "before_cursor_execute", lambda *told: counted.append(told[2]))
    address = at()

    counted.clear()
    browser.get(address)
    case_page = len(counted)
    browser.get(address.partition("/cases/")[0] + "/cases")

    assert 0 < case_page <= 12 and len(counted) - case_page <= 12
