"""Names as they are typed on a keyboard (拼音), to sort and to find people by.

The readings come from pypinyin; those that a character has as a family name only are ours.
"""

import os
from functools import cache

#: family names read otherwise than the character alone, as dictionaries of the language agree; a syllable a character
_FAMILY = {
    "单": "shan", "仇": "qiu", "区": "ou", "查": "zha", "解": "xie", "朴": "piao", "任": "ren", "曾": "zeng", "盖": "ge",
    "翟": "zhai", "缪": "miao", "员": "yun", "折": "she", "种": "chong", "繁": "po", "黑": "he", "覃": "qin", "召": "shao",
    "祭": "zhai", "句": "gou", "能": "nai", "阚": "kan", "洗": "xian", "适": "kuo", "尉迟": "yu chi", "万俟": "mo qi",
    "澹台": "tan tai", "单于": "chan yu", "长孙": "zhang sun", "令狐": "ling hu",
}  # fmt: skip


def pinyin(name: str) -> str:
    """The name in small letters without tones or blanks, ``zengxiaoming``; a character without a reading stays itself."""
    return "".join(_syllables(name))


def initials(name: str) -> str:
    """The first letter of each character's reading, ``zxm``."""
    return "".join(one[:1] for one in _syllables(name))


def _syllables(name: str) -> list[str]:
    family = next((name[:length] for length in (2, 1) if name[:length] in _FAMILY), "")
    given = [_reading(character) for character in name[len(family) :]]
    return [*_FAMILY[family].split(), *given] if family else given


@cache
def _reading(character: str) -> str:
    """The commonest reading of one character; letters and digits as small ones, blanks and points as nothing."""
    if not character.isalnum():
        return ""
    if character.isascii():
        return character.lower()
    # Slow to import, and few commands write names; its table of phrases, most of that, is of no use for names.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    from pypinyin import lazy_pinyin

    found: str = lazy_pinyin(character)[0]
    return found
