"""Minutes (评审纪要, 评审记录): every sentence with the record that it was written from.

Practice documents, not official forms: guangdong-rules 2.2 says what the file of a direct recognition holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Spacer

from skilleval.reports.fonts import Fonts
from skilleval.reports.paper import Paper

#: what the tables are called in print
RECORDS = {
    "batch": "批次", "candidate": "考生", "person": "花名册", "recognition_case": "案卷", "case_line": "评价表行",
    "evidence": "佐证材料", "panel": "评审组", "panel_member": "评审组成员", "case_vote": "表决", "case_decision": "决定",
    "specification_draft": "起草项目", "specification_drafter": "起草单位", "draft_revision": "文稿", "review_round": "评审",
    "reviewer": "评审专家", "draft_opinion": "意见", "opinion_answer": "意见处理", "specification": "评价规范",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, and the rows (table, id) that it says."""

    text: str
    sources: tuple[tuple[str, int], ...]

    @property
    def told(self) -> str:
        """The rows as printed: 记录：评价表行 3、佐证材料 7."""
        return "记录：" + "、".join(f"{RECORDS[table]} {key}" for table, key in self.sources)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its sentences."""

    heading: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Minutes:
    """Everything that the minutes of one case, or the record of one draft, say."""

    title: str
    sections: tuple[Section, ...]
    institution: str
    journal_head: str
    #: codes and names of those who sign, the chair first
    signers: tuple[str, ...] = ()


def render_minutes(minutes: Minutes, fonts: Fonts, *, demo: bool = False) -> bytes:
    """The minutes as PDF. Refused: a character that no font has."""
    page = Paper(fonts, demo=demo)
    story: list[Flowable] = [page.title(minutes.title)]
    for section in minutes.sections:
        # A heading and what a sentence rests on are never torn from the sentence.
        lead: list[Flowable] = [Spacer(1, 2 * mm), page.text(section.heading)]
        for sentence in section.sentences:
            told = [page.text(f"\u3000\u3000{sentence.text}"), page.small(sentence.told), Spacer(1, 2 * mm)]
            story.append(KeepTogether([*lead, *told]))
            lead = []
    story += [Spacer(1, 6 * mm), *_signatures(minutes.signers, page), page.text(f"{minutes.institution}（盖章）", align="right")]
    story.append(page.small(f"生成时操作日志链头 {minutes.journal_head}"))
    return page.build(story, title=minutes.title)


def _signatures(signers: Sequence[str], page: Paper) -> list[Flowable]:
    return [page.text(f"{who}（签名）：________________") for who in signers]
