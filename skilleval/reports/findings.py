"""What a check of a package found: each with its file, row and column, what is wrong and what to do."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

#: What to do about each kind of finding. The kinds are the whole list of what a package is checked for.
FIXES = {
    "not-a-package": "请向报送单位索取原始资料包，不要解压后重新打包",
    "manifest": "请向报送单位索取原始资料包",
    "member-missing": "请重新导出资料包",
    "member-foreign": "请移除多余文件，或重新导出资料包",
    "hash": "文件在导出后被改动，请在系统中更正后重新导出",
    "template": "请用导出时的软件版本核对，或用当前版本重新导出",
    "pdf": "请重新导出资料包",
    "workbook": "请重新导出资料包",
    "headings": "请按模板的列次序和列名重新导出",
    "row-count": "请重新导出资料包",
    "cell": "请在系统中更正后重新导出",
    "required": "请补齐后重新导出",
    "serial": "请重新导出资料包",
    "id-number": "请核对证件原件，更正人员资料后重新导出",
    "id-birth": "请核对证件原件，更正出生日期或证件号码",
    "id-sex": "请核对证件原件，更正性别或证件号码",
    "credit-code": "请核对营业执照上的统一社会信用代码",
    "occupation-code": "请按职业分类大典更正职业编码",
    "registration-number": "请核对备案号",
    "certificate-number": "请核对证书编号（22 位）",
    "number-grade": "证书编号第16位应与职业技能等级一致，请核对",
    "number-year": "证书编号第14、15位应与发证日期的年份一致，请核对",
    "number-prefix": "证书编号前13位应为本机构备案号，请核对",
    "mark-range": "成绩应在 0 与满分之间，请核对",
    "date-order": "请核对日期的先后",
    "duplicate-admission": "一个准考证号只能对应一人，请核对",
    "duplicate-person": "同一人在一个批次中只能出现一次，请删除重复的一条",
    "duplicate-certificate": "一个证书编号只能使用一次，请核对",
    "result-missing": "每名考生都应有成绩记录，请核对",
    "result-foreign": "成绩汇总中不应有花名册以外的人，请核对",
    "certificate-missing": "已发证的应列入证书数据上报表，请核对",
    "certificate-foreign": "证书数据上报表中不应有成绩汇总以外的证书，请核对",
    "outcome-certificate": "合格的应有证书，不合格的不应有证书，请核对",
    "outcome-marks": "评定结果应与各部分成绩一致，请核对",
    "total": "评定成绩应等于各部分成绩按权重之和，请核对",
    "disagree": "两个文件所写应一致，请核对",
    "plan-count": "评价计划的考生数应与花名册一致，请核对",
    "confirmation-count": "表5的数量应与证书数据一致，请核对",
    "notice-missing": "合格人员均应公示，请核对",
    "notice-foreign": "公示名单中不应有未合格的人，请核对",
    "issuer": "机构更名前发的证书保留原名；如非更名，请核对发证机构",
    "parts": "清单应写明每个等级考核哪些部分，请重新导出资料包",
    "case": "直接认定的各列应与清单中的案卷一致，请在系统中更正后重新导出",
    "scores": "评分明细各行应能按评分办法复算，并与成绩汇总一致，请核对原始评分记录后重新导出",
    "left-empty": "清单所写的留空行数应与文件一致，请重新导出资料包",
    "title": "标题应写明机构和批次，请重新导出资料包",
    "withheld": "请核对未发证的说明，重新导出资料包",
    "manifest-disagrees": "清单所写应与各文件一致，请重新导出资料包",
}


#: Findings to look at that do not make a package wrong: a few codes given out before the rule settled fail the check,
#: and a firm may have changed its name since it issued.
WARNINGS = frozenset({"credit-code", "issuer"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. ``row`` counts from 1 as the spreadsheet does; ``value`` is masked."""

    code: str
    message: str
    file: str = ""
    row: int | None = None
    column: str = ""
    heading: str = ""
    value: str = ""

    @property
    def place(self) -> str:
        """Where, in words: the file, the row, the column's letter and heading."""
        row = f" 第{self.row}行" if self.row else ""
        column = f" {self.column}列“{self.heading}”" if self.column else ""
        return f"{self.file}{row}{column}"

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "code": self.code, "file": self.file, "row": self.row, "column": self.column, "header": self.heading,
            "value": self.value, "message": self.message, "fix": FIXES[self.code],
            "severity": "warning" if self.code in WARNINGS else "error",
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Findings:
    """The verdict on a package."""

    package: str
    findings: tuple[Finding, ...]
    sha256: str = ""
    institution: str = ""
    batch: str = ""
    counts: tuple[tuple[str, int], ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was found that makes the package wrong."""
        return all(finding.code in WARNINGS for finding in self.findings)

    def by_kind(self) -> dict[str, int]:
        """How often each kind was found, the most frequent first."""
        return dict(Counter(finding.code for finding in self.findings).most_common())
