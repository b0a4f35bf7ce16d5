"""Several short lists of different tables in one question to the database: what needs many of them asks once."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

#: under the type of its values, the query for a list: it selects the fields of the type in their order. Each list has a
#: type of its own, which one annotation for all of them can't say
Queries = Mapping[type[Any], sa.SelectBase]
#: the lists by the type of their values
Lists = Mapping[type[Any], Sequence[Any]]


def together(session: Session, queries: Queries) -> Lists:
    """The rows of each query as values of the type that it stands under, in no order.

    Every list has columns of its own that are null in the rows of
    the others, so this is for dozens or hundreds of narrow rows, not for thousands.
    """
    lists = [query.subquery() for query in queries.values()]
    spans = list(pairwise(accumulate((len(one.c) for one in lists), initial=0)))
    # Made once for all lists: with ten of them most of the time went into making them for each.
    nulls = [sa.cast(sa.null(), column.type).label(None) for one in lists for column in one.c]
    whole = sa.union_all(*(
        sa.select(sa.literal(place), *nulls[:first], *(column.label(None) for column in own.c), *nulls[end:])
        for place, (own, (first, end)) in enumerate(zip(lists, spans, strict=True))
    ))  # fmt: skip
    kinds = list(queries)
    found: dict[type[Any], list[Any]] = {kind: [] for kind in kinds}
    for place, *fields in session.execute(whole):
        first, end = spans[place]
        found[kinds[place]].append(kinds[place](*fields[first:end]))
    return found
