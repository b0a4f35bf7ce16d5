"""The institution's file in the browser: uploaded, checked, what it would change shown, then applied.

Between preview and confirmation the text travels sealed in the form, so what is applied is what was shown. Nothing of
the upload is kept on disk.
"""

import base64
import binascii
from dataclasses import dataclass

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField
from sqlmodel import Session
from werkzeug.wrappers import Response as BaseResponse

from skilleval.db.tables import Table
from skilleval.domain.errors import RuleBroken
from skilleval.services.institutions import Applied
from skilleval.services.tenancy import must_be_own
from skilleval.web import firm_words, gate
from skilleval.web.firm_edits import apply, own_firm
from skilleval.web.forms import Form, Required, page, toml_in, uploaded_text
from skilleval.web.language import _, lazy

pages = Blueprint("institution_files", __name__, url_prefix="/institution/file")


class FileForm(Form):
    """The file of the institution."""

    file = FileField(
        lazy("机构文件"), [Required()], description=lazy("TOML 文件，UTF-8 编码，不超过 200 KB"),
        render_kw={"accept": ".toml"},
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One row that the file adds, changes or removes, and for a changed one what differs."""

    kind: str
    name: str
    differences: list[tuple[str, str, str]]


@pages.route("", methods=["GET", "POST"])
def upload() -> Response | str:
    """Choose the file; what it would do is shown before anything is written."""
    form = FileForm()
    if form.validate_on_submit():
        try:
            text = uploaded_text(form.file.data)
            with gate.writing() as session:
                # Applied on trial: the session is left without a commit, so that nothing of it stays.
                applied = _apply(session, text)
                lines = _lines(applied)
        except RuleBroken as refusal:
            form.refuse(refusal)
        else:
            sealed = gate.site().installation.vault.seal_upload(gate.who().institution_id or 0, text)
            return render_template(
                "institution_files/preview.html", lines=lines, warnings=applied.warnings,
                sealed=base64.b64encode(sealed).decode(),
            )  # fmt: skip
    return page("institution_files/upload.html", form)


@pages.post("/apply")
def confirm() -> BaseResponse:
    """Apply the file that the preview showed."""
    with gate.writing() as session:
        applied = _apply(session, _opened(request.form.get("sealed", "")))
        session.commit()
    told = _("机构文件已写入：新增 {added} 项，更新 {changed} 项，删去 {removed} 项。")
    flash(told.format(added=len(applied.added), changed=len(applied.changed), removed=len(applied.removed)))
    return redirect(url_for("institutions.show"), 303)


def _apply(session: Session, text: str) -> Applied:
    content = toml_in(text)
    named = content.get("institution")
    code = str(named.get("credit_code", "")) if isinstance(named, dict) else ""
    if code:
        must_be_own(session, code)
    elif isinstance(named, dict):
        named["credit_code"] = own_firm(session).credit_code
    return apply(session, content)


def _opened(sealed: str) -> str:
    try:
        content = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RuleBroken(_("预览的内容已失效，请重新上传")) from error
    return gate.site().installation.vault.open_upload(gate.who().institution_id or 0, content)


def _lines(applied: Applied) -> dict[str, list[Line]]:
    differences = {id(row): columns for row, columns in applied.differences}

    def line(row: Table) -> Line:
        found = firm_words.differences(row, differences.get(id(row), {}))
        return Line(firm_words.kind_of(row), firm_words.name_of(row), found)

    return {
        what: [line(row) for row in rows]
        for what, rows in (("added", applied.added), ("changed", applied.changed), ("removed", applied.removed))
    }
