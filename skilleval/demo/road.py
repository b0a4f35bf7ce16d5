"""The main road of one batch by assessment: enrol, mark, publish, issue, file."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from skilleval.demo.files import write_enrolment, write_marks, write_toml
from skilleval.demo.firms import LEAD, PLANNED, batch_content
from skilleval.demo.people import ELECTRICIAN
from skilleval.demo.rosters import HELD, crowd_of
from skilleval.demo.story import Story

BATCH = "2026-DG-01"
ENROLLED, NOTICED = date(2026, 5, 18), date(2026, 6, 15)
OBJECTED, DECIDED, CLOSED = date(2026, 6, 16), date(2026, 6, 18), date(2026, 6, 23)
REFUSAL = "申报条件不符合或无法判断"


def enrol(story: Story) -> dict[str, Any]:
    """Plan the batch, enrol all electricians of the crowd and judge them. The counts, and one proof of each answer."""
    plan = batch_content(
        LEAD, ELECTRICIAN, BATCH, "2026年第一批电工职业技能等级认定", ("中级工", "高级工", "技师", "高级技师"),
        enrol_until=date(2026, 5, 20), starts_on=HELD, ends_on=date(2026, 6, 12),
    )  # fmt: skip
    story.run("batches", "add", write_toml(story.out / "文件" / f"{BATCH}.toml", plan), on=PLANNED)
    story.run("batches", "advance", BATCH, "enrolling", on=PLANNED)
    file = write_enrolment(story.out / "报名" / f"报名表_{BATCH}.xlsx", crowd_of(story, LEAD, ELECTRICIAN), {})
    story.run("candidates", "import", file, "--batch", BATCH, on=ENROLLED)
    listed = story.run("candidates", "list", "--batch", BATCH, on=ENROLLED)
    counts = {word: sum(row["verdict"] == word for row in listed) for word in ("met", "not_met", "unknown")}
    shown = [row for word in ("met", "not_met") for row in listed if row["verdict"] == word]
    first = {row["verdict"]: row for row in reversed(shown)}
    proofs = [_explained(story, first[word]) for word in ("met", "not_met") if word in first]
    review(story, BATCH, ENROLLED, others=counts["met"] < len(listed))
    return {"eligibility": counts, "proofs": proofs}


def review(story: Story, batch: str, on: date, *, others: bool) -> None:
    """Accept whose conditions are met, refuse the ``others`` where there are any, and take the batch to its examination."""
    story.run("candidates", "accept", "--batch", batch, "--all-met", on=on)
    if others:
        story.run("candidates", "refuse", "--batch", batch, "--all-others", "--reason", REFUSAL, on=on)
    story.run("batches", "advance", batch, "reviewed", on=on)
    story.run("batches", "advance", batch, "scheduled", on=on)


def mark(story: Story) -> dict[str, Any]:
    """The marks of the main batch, settled: how many passed, failed, were absent, and the disputes on the way."""
    return assess(story, BATCH, HELD)


def assess(story: Story, batch: str, on: date) -> dict[str, Any]:
    """Import the marks of a batch, let the chair decide every dispute, and settle the results."""
    enter_marks(story, batch, on)
    return settle(story, batch, on)


def enter_marks(story: Story, batch: str, on: date) -> None:
    """Begin to mark a batch, and import the marks workbook of its assessors."""
    story.run("batches", "advance", batch, "marking", on=on)
    file = write_marks(story, batch, story.out / "成绩" / f"成绩表_{batch}.xlsx")
    story.run("marks", "import", file, "--batch", batch, on=on)


def settle(story: Story, batch: str, on: date) -> dict[str, Any]:
    """Let the chair decide every dispute, and settle the results: the disputes, and the outcomes counted."""
    disputes = []
    for row in story.run("marks", "list", "--batch", batch, on=on):
        if row["disputes"]:
            disputes.append(f"{row['admission_number']} {row['disputes'][0]}")
            story.run(
                "marks", "adjudicate", "--batch", batch, row["admission_number"], "--method", "skill", "--mark", "61",
                "--reason", "考评组长复核工件后裁定", on=on, actor="演示考评组长",
            )  # fmt: skip
    return {"disputes": disputes, "outcomes": story.run("marks", "settle", "--batch", batch, on=on)}


def publish(story: Story) -> dict[str, Any]:
    """Publish the list, reject an objection, and close the notice when its last day is over."""
    notice = publish_notice(story, BATCH, NOTICED)
    story.run(
        "notices", "object", "--batch", BATCH, "--by", "演示职工", "--text", "请复核成绩汇总",
        "--candidate", notice["entries"][0]["admission_number"], on=OBJECTED,
    )  # fmt: skip
    early = story.run("notices", "close", "--batch", BATCH, on=DECIDED, expect=1)
    story.run(
        "notices", "decide", "--batch", BATCH, "--serial", "1", "--reject", "--reason", "复核无误，维持原成绩",
        on=DECIDED, actor="演示督导员",
    )  # fmt: skip
    story.run("notices", "close", "--batch", BATCH, on=CLOSED)
    return {"notice": notice, "early": early["reasons"]}


def publish_notice(story: Story, batch: str, on: date) -> Any:
    """Publish the list of a batch and write its PDF."""
    return story.run("notices", "publish", "--batch", batch, "--out", story.out / "公示", on=on)


def issue(story: Story) -> dict[str, Any]:
    """Number and issue: the next number as previewed, and the numbers issued."""
    preview = story.run("certificates", "preview", "--batch", BATCH, on=CLOSED)
    return {"next": next(iter(preview.values())), "certificates": certify(story, BATCH, CLOSED)}


def certify(story: Story, batch: str, on: date) -> list[str]:
    """Issue the certificates of a batch and write their PDFs. Their numbers."""
    issued = story.run("certificates", "issue", "--batch", batch, "--out", story.out / "证书" / batch, on=on)
    return [one["number"] for one in issued["certificates"]]


def file_batch(story: Story) -> dict[str, Any]:
    """Export the filing package of the main batch: what is in it."""
    return export(story, BATCH, CLOSED)


def export(story: Story, batch: str, on: date) -> dict[str, Any]:
    """Export the filing package of a batch: the file, and the counts in it."""
    exported = story.run("filings", "export", "--batch", batch, "--out", story.out / "上报", on=on)
    story.packages.append(Path(exported["file"]))
    return {"package": Path(exported["file"]), "files": len(exported["files"]), **exported["counts"]}


def _explained(story: Story, row: dict[str, Any]) -> dict[str, Any]:
    proof = story.run("candidates", "explain", "--batch", BATCH, row["employee_no"], on=ENROLLED)["proof"]
    verdict = row["verdict"]
    return {"name": row["name"], "grade": row["grade"], "verdict": verdict, "because": list(_because(proof, verdict))}


def _because(proof: dict[str, Any], verdict: str) -> Iterator[str]:
    """The leaves that made the answer: for a yes those of a condition that is met, for a no all that are not."""
    if not proof["children"]:
        yield f"{proof['text']}（{proof['fact']}）——{proof['clause']['id']}"
        return
    children = [child for child in proof["children"] if child["answer"] == verdict]
    for child in children:
        yield from _because(child, verdict)
