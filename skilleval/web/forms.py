"""What all forms share: Chinese messages, and the fields that return everywhere."""

import tomllib
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from flask import Response, current_app, render_template
from flask_wtf import FlaskForm
from werkzeug.datastructures import FileStorage
from wtforms import DateField, Field, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.meta import DefaultMeta
from wtforms.validators import InputRequired, Optional, StopValidation

from skilleval.domain.errors import RuleBroken
from skilleval.sheets.columns import CellRefused, fold, read_day
from skilleval.standards import occupations
from skilleval.web.language import _, current


class Form(FlaskForm):
    """A form of one act. Text is stripped; messages are Chinese."""

    class Meta(FlaskForm.Meta):
        """How all forms behave."""

        def get_translations(self, form: Any) -> Any:
            """The messages of the fields themselves, in the language of the page: Flask-WTF asks another library for it."""
            self.locales = (current(),)
            return DefaultMeta.get_translations(self, form)

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            """Strip what is typed into text fields: a blank before a name is never meant."""
            filters = list(unbound_field.kwargs.get("filters", []))
            if (
                issubclass(unbound_field.field_class, StringField)
                and "Password" not in unbound_field.field_class.__name__
            ):
                filters.append(_stripped)
            return unbound_field.bind(form=form, filters=filters, **options)

    def refuse(self, refusal: RuleBroken) -> None:
        """Say at the top of the form why the act was refused, with every reason."""
        reasons = [one for one in refusal.reasons if one != refusal.message]
        self.form_errors.extend([refusal.message, *reasons])


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


class Required(InputRequired):
    """The field must be filled in; says which one is not."""

    def __call__(self, form: Any, field: Field) -> None:
        if not field.raw_data or not str(field.raw_data[0]).strip():
            field.errors[:] = []
            raise StopValidation(_("请填写“{field}”").format(field=field.label.text))


class DayField(DateField):
    """A day, picked or typed in any way that the roster reads too."""

    data: Any  # as of any field: a day once a form was found valid, unless it may stay open

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed. Refused: what is no day, with an example."""
        if not valuelist:
            return
        self.data = None
        try:
            self.data = read_day(valuelist[0])
        except CellRefused as error:
            raise ValueError(_("“{typed}”不是日期，请写作 2026-06-01").format(typed=valuelist[0])) from error


class OccupationField(StringField):
    """The code of an occupation: typed, or chosen from the known ones by name; full-width digits are read too."""

    def __call__(self, **attributes: Any) -> Any:
        """The field, with the list that the page draws beside it."""
        return super().__call__(**{"list": f"{self.id}-known", "autocomplete": "off", **attributes})

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed in its half-width spelling."""
        super().process_formdata([fold(one) for one in valuelist])

    @staticmethod
    def known() -> tuple[tuple[str, str], ...]:
        """Code and name of every occupation of the newest list, by code."""
        return _known_occupations()


@cache
def _known_occupations() -> tuple[tuple[str, str], ...]:
    newest = {code: one.name for (code, _edition), one in sorted(occupations().items())}
    return tuple(newest.items())


def optional_day(label: str) -> DayField:
    """A day that may stay open."""
    return DayField(label, [Optional()])


#: a TOML file that somebody wrote by hand, in bytes; what a preview sends back sealed must fit into a form's field
MAX_TEXT = 200 * 1024


def bytes_of(upload: FileStorage | None, most: int) -> bytes:
    """The bytes of an uploaded file, one more than ``most`` where it is larger; none where no file was chosen."""
    if upload is None:
        return b""
    with upload.stream as stream:
        return bytes(stream.read(most + 1))


def uploaded_text(upload: FileStorage | None) -> str:
    """The text of an uploaded TOML file, empty where none was chosen. Refused: one that is too large for that, or no UTF-8."""
    raw = bytes_of(upload, MAX_TEXT)
    if len(raw) > MAX_TEXT:
        raise RuleBroken(_("文件超过 200 KB，不是这里要的文件；花名册请用导入功能"))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RuleBroken(_("文件不是 UTF-8 编码的文字，请另存为 UTF-8 后再上传")) from error


def toml_of(upload: FileStorage | None) -> dict[str, Any]:
    """The content of an uploaded TOML file. Refused: none, a large one, one that is no TOML; the place is told."""
    text = uploaded_text(upload)
    if not text.strip():
        raise RuleBroken(_("请选择文件"))
    return toml_in(text)


def toml_in(text: str) -> dict[str, Any]:
    """The content of a TOML text. Refused: it is none; the message says where."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RuleBroken(_("不是有效的 TOML 文件：{error}").format(error=error)) from error


def number_in(typed: str) -> float | None:
    """A number as typed into a field; None where it is none."""
    try:
        value = Decimal(typed.strip())
    except InvalidOperation:
        return None
    return float(value) if value.is_finite() else None


def row_choice(kind: str, rows: Iterable[tuple[int | None, str]]) -> list[SelectChoice]:
    """Rows to choose one of, by their hidden numbers."""
    hide = current_app.extensions["skilleval.ids"].hide
    return [SelectChoice(hide(kind, number), told) for number, told in rows]


def page(template: str, form: Form, **context: Any) -> Response:
    """The page of a form: 422 where it was sent and refused."""
    shown = render_template(template, form=form, **context)
    return Response(shown, 422 if form.is_submitted() else 200, content_type="text/html; charset=utf-8")
