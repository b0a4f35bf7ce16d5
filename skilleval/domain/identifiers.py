"""Numbers that name people, firms and certificates: their form, their check characters, what they tell.

Sources: GB 11643 (resident ID), GB 32100-2015 (统一社会信用代码), GB 11714 (its organisation part),
人社鉴发〔2019〕2号 (certificate number); national-rules chapters 3 and 7, confidence high unless said otherwise.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from stdnum.cn import uscc
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_11_2

from skilleval.domain.errors import RuleBroken
from skilleval.domain.ladder import Grade, grade_of_digit

#: document types (证件类型) → their Chinese names
ID_TYPES: Final = {
    "resident_id": "居民身份证",
    "hmt_residence": "港澳台居民居住证",
    "foreign_residence": "外国人永久居留身份证",
    "hm_pass": "港澳居民来往内地通行证",
    "tw_pass": "台湾居民来往大陆通行证",
    "passport": "护照",
    "other": "其他",
}

#: what is wrong with a document number → what to tell the person who typed it
ID_ERRORS: Final = {
    "length": "应为18位",
    "characters": "前17位应为数字，末位为数字或X",
    "area": "前两位不是省级行政区划代码",
    "birth": "第7至14位不是有效的出生日期",
    "check": "末位校验码不符，请核对是否录错",
    "form": "格式与证件类型不符",
}

#: first two digits of a mainland resident ID (GB/T 2260); a county code is not checked, for codes are retired
PROVINCES: Final = frozenset(
    f"{first}{second}"
    for first, seconds in {"1": "12345", "2": "123", "3": "1234567", "4": "123456", "5": "01234", "6": "12345", "7": "1"}.items()
    for second in seconds
)
_FORMS: Final = {
    "hm_pass": re.compile(r"[HM]\d{8}(\d{2})?"),
    "tw_pass": re.compile(r"\d{8}|\d{10}[A-Z0-9]{0,2}"),
    "passport": re.compile(r"[A-Z0-9]{5,17}"),
    "other": re.compile(r"\S{3,30}"),
}
_EIGHTEEN: Final = re.compile(r"\d{17}[\dX]")
_FOREIGN_2017: Final = re.compile(r"[A-Z]{3}\d{12}")


def clean_number(text: str) -> str:
    """The number as stored: blanks gone, capital letters. Full-width is folded where the text comes in."""
    return re.sub(r"\s", "", text).upper()


def id_error(id_type: str, number: str) -> str | None:
    """The key in ``ID_ERRORS`` of what is wrong with a cleaned number, or None.

    An 18-character number has its form, area, date and check character examined, in this order.
    """
    if id_type == "foreign_residence" and _FOREIGN_2017.fullmatch(number):
        return None
    if id_type not in ("resident_id", "hmt_residence", "foreign_residence"):
        form = _FORMS.get(id_type, _FORMS["other"])
        return None if form.fullmatch(number) else "form"
    if len(number) != 18:
        return "length"
    if not (number.isascii() and _EIGHTEEN.fullmatch(number)):
        return "characters"
    if not _area_fits(id_type, number):
        return "area"
    if birth_date_of(number) is None:
        return "birth"
    return None if mod_11_2.is_valid(number) else "check"


def _area_fits(id_type: str, number: str) -> bool:
    if id_type == "resident_id":
        return number[:2] in PROVINCES
    if id_type == "hmt_residence":
        return number[:6] in ("810000", "820000", "830000")
    return number.startswith("9")


def birth_date_of(number: str) -> date | None:
    """The birth date inside an 18-character number; None when there is no such day."""
    digits = number[6:14]
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def sex_of(id_type: str, number: str) -> str | None:
    """``male`` or ``female`` by the 17th digit; None for documents that do not tell (confidence for 9… is low)."""
    if id_type not in ("resident_id", "hmt_residence") or len(number) != 18:
        return None
    return "male" if int(number[16]) % 2 else "female"


def mask_number(number: str) -> str:
    """The number as shown: the first six and last four characters of a long one, the first and last two of a short."""
    if len(number) >= 15:
        return number[:6] + "*" * (len(number) - 10) + number[-4:]
    if len(number) > 4:
        return number[:2] + "*" * (len(number) - 4) + number[-2:]
    return "*" * len(number)


def credit_code_error(code: str) -> str | None:
    """What is wrong with a 统一社会信用代码, in Chinese, or None.

    A few real codes given out before the rule settled fail the check character (confidence low), so a caller that
    meets an existing firm may warn instead of refusing.
    """
    if len(code) != 18:
        return "统一社会信用代码应为18位"
    try:
        uscc.validate(code)
    except ValidationError:
        return "统一社会信用代码校验码不符或含有不允许的字符，请核对营业执照"
    return None


#: 评价机构类别代码 + 机构代码 + 省级代码 + 序列码: the first 13 characters of every certificate of the institution
REGISTRATION_NUMBER: Final = re.compile(r"[YS]\d{4}(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5])\d{6}", re.ASCII)
_CERTIFICATE: Final = re.compile(
    r"(?P<prefix>[YS]\d{4}(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5])\d{6})(?P<year>\d{2})(?P<grade>[1-5A-Z])(?P<serial>\d{6})",
    re.ASCII,
)
LAST_SERIAL: Final = 999_999

#: position 16 of the certificate number. 特级技师 and 首席技师 have a letter that no source we could read confirms.
UNCONFIRMED: Final = (Grade.SPECIAL_TECHNICIAN, Grade.CHIEF_TECHNICIAN)


def registration_number_error(number: str) -> str | None:
    """What is wrong with a 备案号 of 13 characters, in Chinese, or None."""
    if REGISTRATION_NUMBER.fullmatch(number):
        return None
    return "备案号应为13位：Y或S、4位机构代码、2位省级代码、6位序列码，如 Y000044000123"


def grade_code(grade: Grade) -> str:
    """The character at position 16. Refused: a grade that has none, or whose character is not confirmed."""
    if grade.digit:
        return grade.digit
    if grade in UNCONFIRMED:
        raise RuleBroken(
            f"{grade.name_zh}的证书编号等级代码尚无可靠依据（已知第16位为字母，但文件未能核实），不能自编编号；"
            "请向省级部门确认后，用 skilleval certificates import-numbers 导入省里下发的编号"
        )
    raise RuleBroken(f"{grade.name_zh}由企业转正定级，没有职业技能等级证书编号")


@dataclass(frozen=True, slots=True)
class CertificateNumber:
    """A certificate number in its parts. It has no check character."""

    prefix: str
    year: str
    grade_code: str
    serial: int

    def __str__(self) -> str:
        return f"{self.prefix}{self.year}{self.grade_code}{self.serial:06d}"

    @classmethod
    def parse(cls, text: str) -> "CertificateNumber":
        """The parts of a number of 22 characters. Refused with ``RuleBroken``: any other form."""
        found = _CERTIFICATE.fullmatch(text)
        if found is None:
            raise RuleBroken(f"证书编号“{text}”应为22位：13位备案号、2位年份、1位等级代码、6位序列码")
        return cls(found["prefix"], found["year"], found["grade"], int(found["serial"]))

    def problems(self, *, registration_number: str, issued_on: date, grade: Grade) -> list[str]:
        """Everything in which the number disagrees with the record it stands on, in Chinese."""
        problems = []
        if self.prefix != registration_number:
            problems.append(f"证书编号前13位 {self.prefix} 与备案号 {registration_number} 不一致")
        if self.year != f"{issued_on:%y}":
            problems.append(f"证书编号年份 {self.year} 与发证日期 {issued_on} 不一致")
        if self.grade_code.isdigit():
            if grade_of_digit(self.grade_code) is not grade:
                problems.append(f"证书编号等级代码 {self.grade_code} 与等级 {grade.printed} 不一致")
        elif grade not in UNCONFIRMED:
            problems.append(f"证书编号等级代码 {self.grade_code} 与等级 {grade.printed} 不一致")
        if self.serial == 0:
            problems.append("证书编号序列码应从 000001 开始")
        return problems
