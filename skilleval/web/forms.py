"""What all forms share: Chinese messages, and the fields that return everywhere."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import DateField, Field, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, StopValidation

from skilleval.domain.errors import RuleBroken
from skilleval.web.language import _, lazy


class Form(FlaskForm):
    """A form of one act. Text is stripped; messages are Chinese."""

    class Meta(FlaskForm.Meta):
        """How all forms behave."""

        locales = ("zh",)

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
    """A day, typed as 2026-06-01 or 20260601, or picked."""

    def __init__(self, label: str, validators: Any = None, **options: Any) -> None:
        super().__init__(label, validators, format=["%Y-%m-%d", "%Y%m%d"], **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed. Refused: what is no day, with an example."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(_("“{typed}”不是日期，请写作 2026-06-01").format(typed=valuelist[0])) from error


class ReasonForm(Form):
    """An act that needs a reason and nothing else."""

    reason = TextAreaField(lazy("理由"), [Required(), Length(min=2, max=500)])


def optional_day(label: str) -> DayField:
    """A day that may stay open."""
    return DayField(label, [Optional()])
