"""The cover letter (上报函) of a package, to the district, the city or the province.

It names every attachment with its rows and hash and the head of the journal: on paper, stamped, these anchor the
files. Its words are template data.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer

from skilleval.domain.errors import RuleBroken
from skilleval.reports.filing import FilingContent
from skilleval.reports.fonts import Fonts
from skilleval.reports.manifest import Member
from skilleval.reports.paper import Paper
from skilleval.reports.templates import Template

LEVELS = {"district": "区", "city": "市", "province": "省"}


def render(
    content: FilingContent, templates: Mapping[str, Template], members: Sequence[Member], fonts: Fonts
) -> bytes:
    """The letter that goes with ``members``, as PDF."""
    words = templates["letter"].texts["letter"]
    facts = _facts(content, templates["letter"])
    page = Paper(fonts, demo=content.demo)
    title = str(words["title"]).format(**facts)
    story: list[Flowable] = [page.title(title), Spacer(1, 8 * mm), page.text(words["opening"].format(**facts))]
    story += [page.paragraph(text.format(**facts)) for text in words["body"]]
    story += [Spacer(1, 4 * mm), page.text(words["attachments"])]
    for serial, member in enumerate(members, start=1):
        rows = words["rows"].format(rows=member.rows) if member.rows is not None else words["no_rows"]
        label = templates[member.document].label
        story.append(page.text(words["attachment"].format(serial=serial, label=label, file=member.name, rows=rows)))
        story.append(page.small(words["digest"].format(digest=member.sha256)))
    story += [
        Spacer(1, 2 * mm),
        page.small(words["anchor"].format(journal_head=content.provenance.journal_head)),
        Spacer(1, 6 * mm),
        page.text(words["contact"].format(**facts)),
        Spacer(1, 10 * mm),
    ]
    story += [page.text(text.format(**facts), align="right") for text in words["closing"]]
    return page.build(story, title=title)


def _facts(content: FilingContent, template: Template) -> dict[str, object]:
    filer, plan, notice, words = content.filer, content.plan[0], content.notice, template.texts["letter"]
    objections = words["some_objections"] if notice.objections else words["no_objections"]
    withheld = words["some_withheld"] if content.withheld else ""
    supersedes = words["some_superseded"] if content.version > 1 else ""
    return {
        "authority": authority(content, template),
        "institution": filer.name,
        "credit_code": filer.credit_code,
        "registration_number": filer.registration_number,
        "valid_from": _day(filer.valid_from),
        "valid_to": _day(filer.valid_to),
        "batch": plan.batch_number,
        "batch_name": plan.batch_name,
        "starts_on": _day(plan.starts_on),
        "ends_on": _day(plan.ends_on),
        "occupation": plan.occupation_name + (f"（{plan.trade}）" if plan.trade else ""),
        "occupation_code": plan.occupation_code,
        "grades": "、".join(line.grade.printed for line in content.plan),
        "candidates": len(content.candidates),
        "passed": content.passed,
        "certificates": len(content.certificates),
        "first_day": _day(notice.first_day),
        "last_day": _day(notice.last_day),
        "working_days": notice.working_days,
        "objections": objections.format(count=notice.objections),
        "withheld": withheld.format(count=len(content.withheld)),
        "supersedes": supersedes.format(version=content.version, earlier=content.version - 1),
        "contact": filer.contact or filer.responsible or "________",
        "phone": filer.phone or "________",
        "exported_on": _day(content.exported_on),
    }


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def authority(content: FilingContent, template: Template) -> str:
    """The office that the letter is addressed to. Refused: a level whose office can't be named."""
    filer, level = content.filer, content.addressed_to
    if level == filer.authority_level:
        return filer.authority
    city = template.texts["cities"].get(filer.city[:4], "")
    if (level == "city" and not city) or (level == "district" and not filer.district):
        place = "地市" if level == "city" else "区县"
        raise RuleBroken(f"机构资料中没有所在{place}，无法确定上报对象，请在机构文件中补齐")
    return str(template.texts["authorities"][level]).format(city=city, district=filer.district)
