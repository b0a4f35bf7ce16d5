"""Several short lists of different tables in one question to the database: what needs many of them asks once."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, chain, pairwise
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
    # Each place in the row is labelled once, filled or empty: making labels costs more than the question itself.
    filled = [[column.label(None) for column in one.c] for one in lists]
    empty = [[sa.cast(sa.null(), column.type).label(None) for column in one.c] for one in lists]
    whole = sa.union_all(*(
        sa.select(sa.literal(place), *chain.from_iterable((*empty[:place], own, *empty[place + 1 :])))
        for place, own in enumerate(filled)
    ))  # fmt: skip
    spans = list(pairwise(accumulate((len(one.c) for one in lists), initial=1)))
    kinds = list(queries)
    found: dict[type[Any], list[Any]] = {kind: [] for kind in kinds}
    for row in session.execute(whole):
        first, end = spans[row[0]]
        found[kinds[row[0]]].append(kinds[row[0]](*row[first:end]))
    return found
