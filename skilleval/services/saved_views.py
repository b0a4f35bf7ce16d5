"""Filters that an account has saved for a list, and the columns that it wants to see there.

Both belong to one account at one institution. They are its own convenience and no fact of the business: nothing is journaled.
"""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from skilleval.db.tables import ListLayout, SavedView
from skilleval.domain.errors import RuleBroken
from skilleval.services.web_sessions import Who

#: views of one list: more do not fit above it
MOST_VIEWS = 20
LONGEST_NAME, LONGEST_QUERY = 40, 1000


@dataclass(frozen=True, slots=True)
class View:
    """A saved view: its name and the words of its address. What they mean is asked when it is used."""

    name: str
    query: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """How an account keeps a list: columns left out, and saved views by name."""

    hidden: frozenset[str] = frozenset()
    views: tuple[View, ...] = ()

    @property
    def default(self) -> View | None:
        """The view that the list opens with."""
        return next((one for one in self.views if one.is_default), None)


def layout_of(session: Session, who: Who, listing: str) -> Layout:
    """How whoever asks keeps this list at the institution that they act for; one statement."""
    asked = {"account": who.account_id, "institution": who.institution_id, "listing": listing}
    rows = session.connection().execute(_KEPT, asked).all()
    if not rows:
        return Layout()
    return Layout(frozenset(rows[0].hidden), tuple(View(row.name, row.query, row.is_default) for row in rows if row.name))


#: put together once, for every list asks it
_KEPT = (
    sa.select(col(ListLayout.hidden), col(SavedView.name), col(SavedView.query), col(SavedView.is_default))
    .outerjoin(SavedView, col(SavedView.layout_id) == col(ListLayout.id))
    .where(
        col(ListLayout.account_id) == sa.bindparam("account"), col(ListLayout.institution_id) == sa.bindparam("institution"),
        col(ListLayout.listing) == sa.bindparam("listing"),
    )
    .order_by(col(SavedView.name))
)  # fmt: skip


def save_view(session: Session, who: Who, listing: str, name: str, query: str) -> None:
    """Save the words of an address under a name; one that is used already stands for them from now on.

    Refused: no name, one that is too long or has unprintable signs, filters too long to be kept, one view too many.
    """
    name = _checked(name)
    if len(query) > LONGEST_QUERY:
        raise RuleBroken("筛选条件太多，保存不下；请减少几项再保存")
    layout = _layout(session, who, listing)
    views = session.exec(select(SavedView).where(col(SavedView.layout_id) == layout.id)).all()
    view = next((one for one in views if one.name == name), None)
    if view is None:
        if len(views) >= MOST_VIEWS:
            raise RuleBroken(f"一个列表最多保存{MOST_VIEWS}个视图，请先删除不用的")
        assert layout.id is not None
        view = SavedView(institution_id=layout.institution_id, layout_id=layout.id, name=name, query=query)
    view.query = query
    session.add(view)
    session.flush()


def choose_default(session: Session, who: Who, listing: str, name: str) -> None:
    """Let the list open with this view. Refused: there is none of this name."""
    view = _view(session, who, listing, name)
    drop_default(session, who, listing)
    view.is_default = True
    session.add(view)
    session.flush()


def drop_default(session: Session, who: Who, listing: str) -> None:
    """Let the list open as it is."""
    for view in session.exec(_views(who, listing).where(col(SavedView.is_default))):
        view.is_default = False
        session.add(view)
    session.flush()


def remove_view(session: Session, who: Who, listing: str, name: str) -> None:
    """Remove a view. Refused: there is none of this name."""
    session.delete(_view(session, who, listing, name))
    session.flush()


def hide_columns(session: Session, who: Who, listing: str, hidden: Collection[str]) -> None:
    """Show all columns of the list but these."""
    layout = _layout(session, who, listing)
    layout.hidden = sorted(hidden)
    session.add(layout)
    session.flush()


def _own(who: Who, listing: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        col(ListLayout.account_id) == who.account_id, col(ListLayout.institution_id) == who.institution_id,
        col(ListLayout.listing) == listing,
    )  # fmt: skip


def _layout(session: Session, who: Who, listing: str) -> ListLayout:
    """The account's row for this list, made when it is needed. Refused: somebody who acts for no institution."""
    if who.institution_id is None:
        raise RuleBroken("您的账号现在不代表任何机构，没有可保存的列表")
    found = session.exec(select(ListLayout).where(_own(who, listing))).first()
    if found is None:
        found = ListLayout(institution_id=who.institution_id, account_id=who.account_id, listing=listing)
        session.add(found)
        session.flush()
    return found


def _views(who: Who, listing: str) -> SelectOfScalar[SavedView]:
    return select(SavedView).join(ListLayout, col(ListLayout.id) == col(SavedView.layout_id)).where(_own(who, listing))


def _view(session: Session, who: Who, listing: str, name: str) -> SavedView:
    found = session.exec(_views(who, listing).where(col(SavedView.name) == name.strip())).first()
    if found is None:
        raise RuleBroken("没有这个名称的视图，可能已在别的窗口中删除")
    return found


def _checked(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise RuleBroken(f"请给视图起一个1至{LONGEST_NAME}个字的名称")
    if not name.isprintable():
        raise RuleBroken("视图名称中有不能显示的字符，请重新输入")
    return name
