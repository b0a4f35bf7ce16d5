"""Forms with rows (FieldList of FormField) that may stay empty: what is filled in, and more of them where they are too few."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import request
from wtforms import FieldList

#: empty rows below those that are filled in
SPARE = 3


def spared(rows: Iterable[Mapping[str, Any]], least: int = 0) -> list[Mapping[str, Any]]:
    """Rows that a form begins with: those that there are, and empty ones below, ``least`` in all."""
    known = list(rows)
    return [*known, *({} for _row in range(max(SPARE, least - len(known))))]


def filled(rows: FieldList) -> list[tuple[int, dict[str, Any]]]:
    """The rows in which something was filled in, by their numbers from 1, each without its empty fields."""
    told = [{key: value for key, value in row.items() if value not in (None, "")} for row in rows.data]
    return [(number, row) for number, row in enumerate(told, start=1) if row]


def extended(*lists: FieldList) -> bool:
    """Whether the form was sent only for more rows: then the list that its button names has some more."""
    wanted = next((one for one in lists if one.name == request.form.get("more")), None)
    if wanted is None:
        return False
    for _row in range(min(SPARE, (wanted.max_entries or 0) - len(wanted))):
        wanted.append_entry()
    return True
