"""演练 of a batch: the road ahead as it would go today, and nothing of it that counts anywhere."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from urllib.parse import unquote

import pytest
from sqlmodel import Session, select

from skilleval.db.engine import Database
from skilleval.db.tables import Batch, Institution, JournalEntry, NumberCounter
from skilleval.domain.errors import RuleBroken
from skilleval.domain.identifiers import mask_number
from skilleval.installation import Installation
from skilleval.services import (
    allotted_numbers,
    certificates,
    filings,
    journal,
    notices,
    objections,
    rehearsals,
    statistics,
    timelines,
    verification,
)
from skilleval.services.rehearsal_ground import Means
from skilleval.services.rehearsals import rehearse
from tests.certified import CALENDAR, make_certified_batch
from tests.chained import MEMBERS
from tests.factories import ACTOR, LIBRARY, Firm, id_number, make_batch, make_candidate, make_firm, make_person
from tests.reports.reading import codes_of, fonts_not_embedded, run, text_of
from tests.web.conftest import TODAY, SignedIn
from tests.web.readings import content_of
from tests.web.scored import make_marked

Hide = Callable[[str, int], str]
STATES = ("draft", "enrolling", "reviewed", "scheduled", "marking", "settled", "noticed", "cleared", "certified")


def make(session: Session, installation: Installation, state: str) -> Firm:
    """A batch in this state with two candidates, of whom nobody has a mark; a certified one is whole."""
    firm = make_firm(session)
    if state in ("settled", "noticed", "cleared", "certified"):
        batch = make_certified_batch(session, installation.vault, firm)
        batch.state = state
        session.add(batch)
    else:
        batch = make_batch(session, firm, state=state)
        for serial, name in enumerate(("陈大文", "李小明"), start=1):
            make_candidate(session, batch, make_person(session, installation.vault, firm, name, serial))
    session.flush()
    return firm


def means(installation: Installation, on: date = TODAY) -> Means:
    return Means(LIBRARY, CALENDAR, installation.vault, on, lambda _text: [])


@pytest.mark.parametrize("state", STATES)
def test_a_rehearsal_changes_nothing_in_any_table(
    signed_in: SignedIn, installation: Installation, sqlite_database: Database, hide: Hide, state: str
) -> None:
    with installation.database.writing() as session:
        make(session, installation, state)
        session.commit()
    browser, page = signed_in("reviewer"), f"/batches/{hide('batch', 1)}/rehearsal"
    before = content_of(sqlite_database)

    shown, sheet, certificate = (browser.get(one) for one in (page, f"{page}/notice.pdf", f"{page}/certificate.pdf"))
    acts = [browser.post(one, {}) for one in (page, f"{page}/notice.pdf", f"{page}/certificate.pdf")]

    assert (shown.status_code, sheet.status_code, sheet.mimetype) == (200, 200, "application/pdf")
    assert (certificate.status_code, certificate.mimetype) == (200, "application/pdf")
    assert [one.status_code for one in acts] == [404, 404, 404]
    assert content_of(sqlite_database) == before


def test_the_control_of_that_finds_one_row_that_is_written(installation: Installation, sqlite_database: Database) -> None:
    with installation.database.writing() as session:
        make(session, installation, "settled")
        session.commit()
    before = content_of(sqlite_database)

    with installation.database.writing() as session:
        session.add(NumberCounter(prefix="Y1", year="26", grade_code="3", last=1))
        session.commit()

    assert content_of(sqlite_database) != before


#: entry point → what it gives of a batch: the same before and after a rehearsal
COUNTED: dict[str, Callable[[Session, Batch, Institution], object]] = {
    "notices": lambda session, batch, _firm: [one.content_hash for one in notices.notices_of(session, batch)],
    "numbers": lambda session, batch, _firm: certificates.preview(session, batch, TODAY),
    "certificates": lambda session, batch, _firm: [one.number for one in certificates.certificates_of(session, batch)],
    "filings": lambda session, batch, _firm: len(filings.filings_of(session, batch)),
    "statistics": lambda session, _batch, firm: repr(statistics.statistics(session, LIBRARY, firm, on=TODAY)),
    "journal": lambda session, _batch, firm: journal.head_hash(session, firm.id or 0),
    "timeline": lambda session, batch, _firm: len(timelines.timeline_of(session, batch, 100)),
    "verification": lambda session, _batch, _firm: len(verification.verify_all(session)),
}


@pytest.mark.parametrize("entry", COUNTED)
def test_no_entry_point_gives_more_after_a_rehearsal(installation: Installation, entry: str) -> None:
    with installation.database.writing() as session:
        firm = make(session, installation, "settled")
        session.commit()
        batch = session.exec(select(Batch)).one()
        before = COUNTED[entry](session, batch, firm.institution)

        assert rehearse(session, batch, means(installation))

        assert not session.new and not session.dirty and not session.deleted
        assert COUNTED[entry](session, batch, firm.institution) == before


#: entry point → the act, which a rehearsal brings no nearer
ACTS: dict[str, Callable[[Session, Installation, Batch, Path], object]] = {
    "publish": lambda session, installation, batch, _folder: notices.publish_notice(
        session, ACTOR, batch, LIBRARY, vault=installation.vault, first_day=date(2026, 6, 15), working_days=5,
        calendar=CALENDAR, on=date(2026, 6, 15),
    ),
    "issue": lambda session, installation, batch, _folder: certificates.issue_certificates(
        session, ACTOR, batch, LIBRARY, vault=installation.vault, on=TODAY, missing_glyphs=lambda _text: [],
    ),
    "allot": lambda session, installation, batch, folder: allotted_numbers.stage_numbers(
        session, batch, folder / "none.xlsx", vault=installation.vault, on=TODAY,
    ),
    "export": lambda session, installation, batch, folder: filings.collect_content(
        session, batch, vault=installation.vault, instance_folder=folder, on=TODAY,
    ),
    "object": lambda session, _installation, batch, _folder: objections.raise_objection(
        session, ACTOR, notices.current_notice(session, batch), raised_by="某人", text="异议", on=TODAY,
    ),
}  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
def test_what_was_rehearsed_can_not_be_published_numbered_issued_or_exported(
    installation: Installation, tmp_path: Path, act: str
) -> None:
    with installation.database.writing() as session:
        make(session, installation, "marking")
        session.commit()
        batch = session.exec(select(Batch)).one()
        stages = rehearse(session, batch, means(installation))
        content, _basis = rehearsals.rehearsed_notice(session, batch, means(installation))

        with pytest.raises(RuleBroken):
            ACTS[act](session, installation, batch, tmp_path)

    assert [one.to for one in stages] == ["settled", "noticed", "cleared", "certified", "filed"]
    # What the sample says is not even what the public page or the check would find.
    assert "content_hash" not in content and "journal_head" not in content


def test_the_road_names_what_each_step_lacks_and_what_it_would_come_to(
    signed_in: SignedIn, installation: Installation, hide: Hide
) -> None:
    with installation.database.writing() as session:
        make(session, installation, "draft")
        session.commit()

    page = signed_in("hr").get(f"/batches/{hide('batch', 1)}/rehearsal").get_data(as_text=True)

    words = ("只看不记", "评价自 2026-06-08 开始，今天是 2026-06-01", "可以组成 3 人评审组", "5 个工作日", "演练不占用", "下一个自编编号为 Y00004400012326")
    assert [word for word in words if word not in page] == []


def test_what_nobody_can_say_yet_is_unknown_and_not_clear(installation: Installation) -> None:
    with installation.database.writing() as session:
        make_batch(session, make_firm(session), state="draft")
        session.flush()
        stages = {one.to: one for one in rehearse(session, session.exec(select(Batch)).one(), means(installation))}

    assert [to for to, one in stages.items() if one.unknown] == ["settled", "cleared", "certified", "filed"]
    assert stages["noticed"].missing == ["批次 2026-DG-01 没有可以列入公示样张的考生"]
    # Nobody has applied: every grade that may come must have its assessors.
    assert sum("考评员人数" in leaf.text for leaf in stages["scheduled"].leaves) == 6


def test_a_panel_that_is_not_possible_is_told_with_the_smallest_reason(installation: Installation) -> None:
    with installation.database.writing() as session:
        firm = make(session, installation, "reviewed")
        for one in firm.assessors[1:]:
            one.card_valid_to = date(2026, 1, 1)
            session.add(one)
        session.flush()
        stages = {one.to: one for one in rehearse(session, session.exec(select(Batch)).one(), means(installation))}

    assert any("技能操作考核现在组不成评审组" in reason for reason in stages["marking"].missing)


def test_marks_that_nobody_may_see_yet_stay_hidden(signed_in: SignedIn, installation: Installation, hide: Hide) -> None:
    with installation.database.writing() as session:
        make_marked(session, installation.vault)
        session.commit()

    page = signed_in("hr").get(f"/batches/{hide('batch', 1)}/rehearsal").get_data(as_text=True)

    assert "K1 已锁定 0 / 2" in page and "分数" not in page


def test_the_sample_is_stamped_on_each_page_and_has_no_hash_or_seal(
    signed_in: SignedIn, installation: Installation, hide: Hide, tmp_path: Path
) -> None:
    with installation.database.writing() as session:
        firm = make(session, installation, "marking")
        batch = session.exec(select(Batch)).one()
        for serial in range(3, 43):
            make_candidate(session, batch, make_person(session, installation.vault, firm, f"员工{serial}", serial))
        session.commit()

    (tmp_path / "sample.pdf").write_bytes(signed_in("approver").get(f"/batches/{hide('batch', 1)}/rehearsal/notice.pdf").get_data())
    pages = text_of(tmp_path / "sample.pdf").split("\f")[:-1]

    assert len(pages) > 1
    assert ["不公示、不发证、不上报" in page for page in pages] == [True] * len(pages)
    assert "假定已申报和审核通过的考生全部合格" in pages[0] and "陈大文" in pages[0]
    assert "盖章" not in "".join(pages) and "SHA-256" not in "".join(pages)


def test_who_may_not_see_marks_sees_no_rehearsal_and_another_firm_finds_none(
    signed_in: SignedIn, installation: Installation, hide: Hide
) -> None:
    with installation.database.writing() as session:
        make(session, installation, "draft")
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
    page = f"/batches/{hide('batch', 1)}/rehearsal"

    assert [signed_in(role).get(page).status_code for role in ("assessor", "issuer", "member_hr")] == [403] * 3
    stranger = signed_in("hr", at=MEMBERS[0])
    assert [stranger.get(page).status_code, stranger.get(f"{page}/notice.pdf").status_code] == [404, 404]


def test_a_batch_that_is_over_has_no_road(signed_in: SignedIn, installation: Installation, hide: Hide) -> None:
    with installation.database.writing() as session:
        make_batch(session, make_firm(session), state="cancelled")
        session.commit()
    page = f"/batches/{hide('batch', 1)}/rehearsal"
    browser = signed_in("hr")

    assert "没有可以演练的步骤" in browser.get(page).get_data(as_text=True)
    assert browser.get(f"{page}/notice.pdf").status_code == 422


@pytest.mark.slow
def test_a_rehearsed_certificate_says_so_has_no_number_no_code_and_a_masked_document(
    signed_in: SignedIn, installation: Installation, hide: Hide, tmp_path: Path
) -> None:
    with installation.database.writing() as session:
        make(session, installation, "enrolling")
        firm = session.exec(select(Institution)).one().name
        session.commit()
        before = certificates.preview(session, session.exec(select(Batch)).one(), TODAY)
    answer = signed_in("approver").get(f"/batches/{hide('batch', 1)}/rehearsal/certificate.pdf")
    file = tmp_path / "sample.pdf"
    file.write_bytes(answer.get_data())

    text = text_of(file)

    name = unquote(answer.headers["Content-Disposition"].rpartition("''")[2])
    assert answer.headers["Content-Disposition"].startswith("attachment") and name == "演练_无效_2026-DG-01_证书样张.pdf"
    words = ("不具任何效力", "陈大文", mask_number(id_number(1)), "电工", "三级/高级工", firm, "演练，没有编号", "演练无二维码", "2026年6月1日")
    assert [word for word in words if word not in text] == []
    # The stamp stands across the page, so its words are found in the order in which they were drawn.
    assert "演练·无效" in "".join(run("pdftotext", "-raw", file, "-").split())
    assert id_number(1) not in text and "Y000044" not in text
    # What the codes of real certificates say is read from their pages in tests/reports/test_certificate.py.
    assert codes_of(file, tmp_path) == [] and fonts_not_embedded(file) == []
    with installation.database.reading() as session:
        assert certificates.preview(session, session.exec(select(Batch)).one(), TODAY) == before
        assert not [one for one in session.exec(select(JournalEntry.body)) if "certificates." in one]


def test_nobody_to_certify_has_no_sample_and_others_see_none(
    signed_in: SignedIn, installation: Installation, hide: Hide
) -> None:
    with installation.database.writing() as session:
        make_batch(session, make_firm(session), state="draft")
        make_firm(session, MEMBERS[0], "Y000044000991", name="配套企业甲")
        session.commit()
    page = f"/batches/{hide('batch', 1)}/rehearsal/certificate.pdf"

    nobody = signed_in("hr").get(page)

    assert nobody.status_code == 422 and "没有可以印在证书样张上的考生" in nobody.get_data(as_text=True)
    assert [signed_in("hr", at=MEMBERS[0]).get(page).status_code, signed_in("assessor").get(page).status_code] == [404, 403]
