"""The chain: members, mandates, a batch for people of three firms in which an objection is upheld, a reissued certificate."""

from datetime import date
from typing import Any

from skilleval.demo import road
from skilleval.demo.files import write_enrolment, write_toml
from skilleval.demo.firms import LEAD, MACHINING, MOTORS, PLANNED, SUPPLIERS, batch_content
from skilleval.demo.people import ELECTRICIAN, FITTER
from skilleval.demo.rosters import crowd_of
from skilleval.demo.story import TODAY, Story

CHAIN = "岭南高端装备产教评技能生态链"
BATCH = "2026-QG-01"
_ENROLLED, _HELD, _NOTICED = date(2026, 5, 20), date(2026, 6, 9), date(2026, 6, 16)
_OBJECTED, _DECIDED, _OVER = date(2026, 6, 17), date(2026, 6, 22), date(2026, 6, 24)
_CLOSED = date(2026, 7, 2)
#: how many of the lead's own fitters apply, beside all of the suppliers'
_OWN = 16
_LOST = date(2026, 7, 6)


def grow(story: Story) -> dict[str, Any]:
    """Found the chain, recognise people of three firms in it, and reissue the first certificate that came of it."""
    told = {**_found(story), **_recognise(story)}
    lost = told["certificates"][0]
    story.run("certificates", "reissue", lost, "--reason", "本人遗失，书面申请补发", on=_LOST)
    return {**told, "reissued": lost}


def _found(story: Story) -> dict[str, Any]:
    """Record the chain with its three members, and whom the lead may assess."""
    story.run("chains", "add", CHAIN, "--lead", LEAD.credit_code, "--cluster", "高端装备制造", "--city", LEAD.city, on=PLANNED)
    for firm in SUPPLIERS:
        story.run(
            "chains", "member-add", CHAIN, "--credit-code", firm.credit_code, "--member", firm.name, "--joined", "2025-03-01",
            "--relation", "供应商", on=PLANNED,
        )  # fmt: skip
    for place, (firm, occupations) in enumerate(((MACHINING, [FITTER]), (MOTORS, [FITTER, ELECTRICIAN])), start=1):
        named = [word for one in occupations for word in ("--occupation", one.code)]
        story.run(
            "chains", "mandate-add", CHAIN, "--evaluator", LEAD.credit_code, "--member", firm.credit_code,
            "--document", f"岭精工委〔2026〕{place}号", "--from", "2026-01-01", "--to", "2026-12-31", *named, on=PLANNED,
        )  # fmt: skip
    shown = story.run("chains", "show", CHAIN, on=TODAY)
    return {"chain": CHAIN, "members": len(shown["member_list"]), "mandates": len(shown["mandates"])}


def _recognise(story: Story) -> dict[str, Any]:
    """A batch of the lead for fitters of three firms, to its package; one objection is upheld, and the result corrected."""
    plan = batch_content(
        LEAD, FITTER, BATCH, "2026年生态链装配钳工职业技能等级认定", ("中级工", "高级工", "技师", "高级技师"),
        enrol_until=_ENROLLED, starts_on=_HELD, ends_on=date(2026, 6, 11),
    )  # fmt: skip
    story.run("batches", "add", write_toml(story.out / "文件" / f"{BATCH}.toml", plan), on=PLANNED)
    story.run("batches", "advance", BATCH, "enrolling", on=PLANNED)
    people = [*crowd_of(story, LEAD, FITTER)[:_OWN]]
    employers: dict[str, str] = {}
    for firm in (MACHINING, MOTORS):
        own = crowd_of(story, firm, FITTER)
        people += own
        employers |= {one.id_number: firm.credit_code for one in own}
    file = write_enrolment(story.out / "报名" / f"报名表_{BATCH}.xlsx", people, employers)
    story.run("candidates", "import", file, "--batch", BATCH, on=_ENROLLED)
    road.review(story, BATCH, _ENROLLED, others=True)
    outcomes = road.assess(story, BATCH, _HELD)["outcomes"]
    corrected = _uphold(story)
    numbers = road.certify(story, BATCH, _CLOSED)
    road.export(story, BATCH, _CLOSED)
    return {
        "candidates": len(people), "of_members": len(employers), "outcomes": outcomes, "corrected": corrected,
        "certificates": numbers,
    }  # fmt: skip


def _uphold(story: Story) -> dict[str, Any]:
    """Somebody objects to the first on the list; it is upheld, the result and then the notice are corrected, and closed."""
    notice = road.publish_notice(story, BATCH, _NOTICED)
    objected = notice["entries"][0]
    admission = objected["admission_number"]
    story.run(
        "notices", "object", "--batch", BATCH, "--by", "演示同组考生", "--text", "该考生技能操作成绩疑似登分错误，请复核原始评分表",
        "--candidate", admission, on=_OBJECTED,
    )  # fmt: skip
    story.run(
        "notices", "decide", "--batch", BATCH, "--serial", "1", "--uphold", "--reason", "原始评分表为53分，登分错误",
        on=_DECIDED, actor="演示督导员",
    )  # fmt: skip
    open_still = story.run("notices", "close", "--batch", BATCH, on=_OVER, expect=1)
    result = story.run(
        "marks", "correct", "--batch", BATCH, admission, "--part", "skill=53", "--reason", "异议成立，按原始评分表更正", on=_OVER
    )
    anew = story.run(
        "notices", "correct", "--batch", BATCH, "--reason", "第 1 号异议成立，成绩更正", "--out", story.out / "公示", on=_OVER
    )
    story.run("notices", "close", "--batch", BATCH, on=_CLOSED)
    return {
        "name": objected["name"], "outcome": result["outcome"], "before": open_still["reasons"], "until": anew["last_day"],
    }  # fmt: skip
