"""Occupations found as people type them: by name, code, or the pinyin of the name, in full or its initials."""

from functools import lru_cache

from skilleval import standards
from skilleval.domain.occupations import Occupation


def find_occupations(typed: str) -> list[Occupation]:
    """All shipped occupations whose name, trade, code or pinyin fits, by code; every one where nothing is typed.

    Letters stand for pinyin from the beginning of the name: ``diangong`` and ``dg`` find 电工.
    """
    wanted = typed.strip().lower().replace(" ", "")
    found = sorted(standards.occupations().values(), key=lambda one: (one.code, one.edition))
    if not wanted:
        return found
    if wanted.isascii() and wanted.isalpha():
        spelled = _spelled()
        return [one for one in found if any(word.startswith(wanted) for word in spelled[one.code, one.edition])]
    return [
        one
        for one in found
        if one.code.startswith(wanted) or wanted in one.name.lower() or any(wanted in trade.lower() for trade in one.trades)
    ]


@lru_cache(maxsize=1)
def _spelled() -> dict[tuple[str, str], tuple[str, str]]:
    """(code, edition) → the pinyin of the name, and its initials; read as a whole, for a character alone may be read otherwise."""
    # Slow to import, and few ask for it.
    from pypinyin import Style, lazy_pinyin

    return {
        key: ("".join(lazy_pinyin(one.name)).lower(), "".join(lazy_pinyin(one.name, style=Style.FIRST_LETTER)).lower())
        for key, one in standards.occupations().items()
    }
