"""What the pages that edit a firm share: a form becomes an entry of the firm's file and is handed in like one.

The service checks it as it checks a file; what it refuses is said at the field that it is about.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any

from flask import abort
from sqlmodel import Session, col, select
from wtforms import BooleanField, Field, FileField, HiddenField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from skilleval.db.tables import Institution, Table
from skilleval.domain.errors import RuleBroken
from skilleval.services import institutions
from skilleval.services.institutions import Applied
from skilleval.services.tenancy import viewer_of
from skilleval.web import gate
from skilleval.web.forms import Form, Required
from skilleval.web.language import _, lazy

#: what a form is about → the content of a firm's file that it stands for
Content = Callable[[Session, Institution], dict[str, Any]]
#: a refusal names its place in the file: personnel[1].id_number 校验码不对
_PLACE = re.compile(r"(?:institution|registration|scope|specification|post|personnel|venue)(?:\[\d+\])?\.(\w+) ?(.*)")


_YES_NO = (SelectChoice("true", lazy("是")), SelectChoice("false", lazy("否")))


class RowForm(Form):
    """A form that adds a row or edits one; it knows how the row stood when the page was opened."""

    seen = HiddenField()


def yes_no(label: str) -> SelectField:
    """A fact that is so, is not so, or that nobody has entered."""
    choices = [SelectChoice("", lazy("未填")), *_YES_NO]
    return SelectField(label, [Optional()], choices=choices)


def asked_yes_no(label: str) -> SelectField:
    """A fact that must be said, and that nobody says by leaving the field as it is."""
    return SelectField(label, [Required()], choices=[SelectChoice("", lazy("请选择")), *_YES_NO])


def chosen(label: str, words: dict[str, str], *, required: bool = False) -> SelectField:
    """One of a few words, or none unless it is required; then too none is chosen beforehand."""
    listed = [SelectChoice(word, lazy(name)) for word, name in words.items()]
    nothing = SelectChoice("", lazy("请选择") if required else lazy("未填"))
    return SelectField(label, [Required() if required else Optional()], choices=[nothing, *listed])


def own_firm(session: Session) -> Institution:
    """The institution that the account acts for; without one the page is not there."""
    return viewer_of(session).institution or abort(404)


def own_row(session: Session, table: type[Any], row_id: int) -> Any:
    """A row of the institution that asks; what is another's is not there."""
    query = select(table).where(col(table.id) == row_id, viewer_of(session).own(col(table.institution_id)))
    return session.exec(query).first() or abort(404)


def own_rows(session: Session, table: type[Any], *order: Any) -> list[Any]:
    """All rows of the institution that asks, in order."""
    query = select(table).where(viewer_of(session).own(col(table.institution_id)))
    return list(session.exec(query.order_by(*order)))


def prefilled(row: Table, **more: Any) -> dict[str, Any]:
    """What a form begins with: the columns of a row, yes and no as words, and how the row stands."""
    told = row.model_dump() | more | {"seen": _stand(row)}
    return {key: str(value).lower() if isinstance(value, bool) else value for key, value in told.items()}


def _stand(row: Table) -> str:
    """How a row stands, to be compared only; what it holds can't be told from it."""
    return hashlib.sha256(repr(sorted(row.model_dump().items())).encode()).hexdigest()


def entry(form: RowForm, before: Table | None = None) -> dict[str, Any]:
    """The filled fields of a form as an entry of a firm's file.

    Text may be emptied; a choice, day or number that ``before`` has may be changed and not emptied, for the file has no
    word for that. Then the field says so and the entry is refused. Refused too: ``before`` has changed since the page was
    opened, for what somebody else typed would go unseen.
    """
    if before is not None and form.seen.data and form.seen.data != _stand(before):
        raise RuleBroken(_("没有保存：您打开本页之后，有人改动了这条记录。请记下您要改的内容，重新打开本页，看过现在的内容再改"))
    told: dict[str, Any] = {}
    for field in form:
        if isinstance(field, HiddenField | FileField):
            continue
        stood = getattr(before, field.name, None) if before is not None else None
        value = _value(field)
        if value is not None:
            told[field.name] = value
        elif stood not in (None, "", []):
            field.errors = [*field.errors, _("已填过的内容不能清空，请填写新的内容")]
    if form.errors:
        raise RuleBroken(_("请改正标出的内容"))
    return told


def _value(field: Field) -> Any:
    if isinstance(field, BooleanField):
        return field.data
    if isinstance(field, SelectMultipleField):
        return list(field.data or [])
    if isinstance(field, SelectField):
        return {"true": True, "false": False}.get(field.data, field.data) if field.data else None
    if isinstance(field, StringField):
        return field.data if field.data or field.object_data else None
    return field.data


def hand_in(form: Form, content: Content) -> Applied | None:
    """Hand the form in as a firm's file. None where it was refused: the form then says why, each reason at its field."""
    try:
        with gate.writing() as session:
            firm = own_firm(session)
            applied = apply(session, content(session, firm))
            session.commit()
            return applied
    except RuleBroken as refusal:
        refuse(form, refusal)
        return None


def apply(session: Session, content: dict[str, Any]) -> Applied:
    """Bring the institution up to this content; the caller commits, or does not."""
    installation = gate.site().installation
    return institutions.add_institution(
        session, gate.actor(), content, vault=installation.vault, own_standards=installation.folder / "standards"
    )


def refuse(form: Form, refusal: RuleBroken) -> None:
    """Say every reason of a refusal, at the field that it is about where there is one."""
    rest = []
    for reason in refusal.reasons or (refusal.message,):
        found = _PLACE.fullmatch(reason)
        if found is None or found[1] not in form:
            rest.append(reason)
        else:
            form[found[1]].errors = [*form[found[1]].errors, found[2]]
    if not any(field.errors for field in form) or rest:
        form.form_errors.extend(rest or [refusal.message])


def codes(typed: str | None) -> list[str]:
    """The codes in a text, whatever stands between them."""
    return [one for one in re.split(r"[\s,，、;；]+", typed or "") if one]
