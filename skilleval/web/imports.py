"""The import wizard: template, upload, check, correction, writing, receipt. One wizard for every kind of import.

Every step is an address, so going back loses nothing and a file waits until somebody returns to it. All who may import
this kind at the institution see its files and may go on with them: a colleague who falls ill holds up nobody.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import StringField
from wtforms.validators import Length, Optional

from skilleval.db.tables import Account, Batch, Contest, Job, Scheme, SpecificationPart, StagedImport
from skilleval.domain.errors import RuleBroken
from skilleval.services import imports, jobs
from skilleval.services.import_expiry import expiry_of
from skilleval.services.import_kinds import IMPORTS
from skilleval.services.import_means import Kind, Means, means_of
from skilleval.services.tenancy import viewer_of
from skilleval.sheets.columns import CellError
from skilleval.sheets.intake import Incoming, parsed
from skilleval.sheets.writing import write_errors
from skilleval.web import gate, large_imports, lists
from skilleval.web.batches import own_batch
from skilleval.web.forms import Form
from skilleval.web.language import _, lazy

pages = Blueprint("imports", __name__, url_prefix="/imports")

#: errors on one page; the others stand in the marked workbook
MOST_ERRORS = 200


class UploadForm(Form):
    """A workbook or text file to import."""

    file = FileField(lazy("文件"), description=lazy(".xlsx 或 .csv（UTF-8 或 GB 18030），最大 32 MB"))
    reason = StringField(
        lazy("更正已有评分的理由"), [Optional(), Length(min=2, max=500)],
        description=lazy("只在更正时填写：审核员已解锁的评分按表中的新值更正，原评分保留，理由记入评分和操作日志"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """What a file may be imported for now: a kind, the hidden number of its batch or contest, and how that is called."""

    kind: Kind
    address: str | None
    name: str


@pages.get("")
def index() -> str:
    """The files that wait to be imported, the last that were, and what can be imported now."""
    session = gate.reading()
    mine = [kind for kind in IMPORTS.values() if _may(kind)]
    rows = imports.imports_of(session, [kind.key for kind in mine])
    checks = jobs.under_way(session, "imports.check", [kind.key for kind in mine])
    return render_template(
        "imports/index.html", rows=rows, kinds=IMPORTS, targets=_targets(session, mine), checks=checks, days=_keep().days
    )


@pages.route("/new/<kind>", methods=["GET", "POST"])
@pages.route("/new/<kind>/<string(length=32):target>", methods=["GET", "POST"])
def new(kind: str, target: str | None = None) -> BaseResponse | str:
    """Upload a file of this kind: it is checked at once, and nothing is written yet."""
    chosen = _kind(kind)
    asked = _asked(gate.reading(), chosen, target)
    form = UploadForm()
    if not chosen.corrects:
        del form.reason
    if form.validate_on_submit():
        try:
            asked.reason = (form.reason.data or "").strip() if chosen.corrects else ""
            return redirect(_upload(asked), 303)
        except RuleBroken as refusal:
            form.refuse(refusal)
    page = render_template("imports/new.html", form=form, kind=chosen, target=target, scope=asked.scope)
    return Response(page, 422 if form.form_errors or form.errors else 200, content_type="text/html; charset=utf-8")


@pages.get("/template/<kind>")
@pages.get("/template/<kind>/<string(length=32):target>")
def template(kind: str, target: str | None = None) -> Response:
    """The workbook to fill in, without document numbers."""
    chosen, session = _kind(kind), gate.reading()
    if chosen.template is None:
        abort(404)
    asked = _asked(session, chosen, target)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "template.xlsx"
        chosen.template(session, asked, file, _means())
        return lists.workbook_response(file.read_bytes(), f"{chosen.key}-template.xlsx")


@pages.post("/filled/<kind>")
@pages.post("/filled/<kind>/<string(length=32):target>")
def filled(kind: str, target: str | None = None) -> Response:
    """The workbook with people and their whole numbers in it; the reason stands in the journal."""
    chosen = _kind(kind)
    if chosen.filled is None:
        abort(404)
    with gate.writing() as session:
        asked = _asked(session, chosen, target)
        imports.note_filled(session, gate.actor(), asked, reason=request.form.get("reason", ""))
        session.commit()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "filled.xlsx"
        chosen.filled(gate.reading(), asked, file, _means())
        return lists.workbook_response(file.read_bytes(), f"{chosen.key}-filled.xlsx")


@pages.get("/<string(length=32):public_id>")
def show(public_id: str) -> str:
    """What the last check found, and what may be done; after the end the receipt."""
    session = gate.reading()
    return _page(session, _staged(session, public_id))


@pages.post("/<string(length=32):public_id>/correct")
def correct(public_id: str) -> BaseResponse | tuple[str, int]:
    """Put cells right that the check found wrong, and check again."""
    staged = _staged(gate.reading(), public_id)
    cells = {
        int(place): "" if text is None else text.strip()
        for place in request.form.getlist("place")
        if place.isdecimal() and (text := _typed(place)) != ""
    }
    if not cells:
        return _told(public_id, _("没有填写要改成的内容。"))
    if staged.size > imports.LARGE:
        return _handed_over("imports.correct", staged, {"cells": cells})
    store = _store()
    try:
        with store.opened_again(staged) as kept:
            file = parsed(imports.corrected(staged, kept, cells))
            with gate.writing() as session:
                row = _staged(session, public_id)
                imports.correct(session, row, file, store, _means(), seen=request.form.get("seen", ""), now=gate.now())
                session.commit()
    except RuleBroken as refusal:
        return _refused(public_id, refusal)
    return _told(public_id, _("已更正 {count} 个单元格并重新检查。").format(count=len(cells)))


@pages.post("/<string(length=32):public_id>/write")
def write(public_id: str) -> BaseResponse | tuple[str, int]:
    """Write what was checked, once: all of it, or the good rows where that was chosen."""
    staged, store = _staged(gate.reading(), public_id), _store()
    if staged.state != "open":
        return _told(public_id, _("该文件已经处理过，没有再次写入。"))
    if staged.size > imports.LARGE:
        return _handed_over("imports.write", staged, {"rows": request.form.get("rows", "all")})
    try:
        with store.opened_again(staged) as kept:
            file = parsed(kept)
            with gate.writing() as session:
                row = _staged(session, public_id)
                written = imports.write(
                    session, gate.actor(), row, file, _means(), seen=request.form.get("seen", ""),
                    good_rows=request.form.get("rows") == "good", now=gate.now(),
                )  # fmt: skip
                session.commit()
    except RuleBroken as refusal:
        return _refused(public_id, refusal)
    if not written:
        return _told(public_id, _("检查之后数据有了变动，没有写入。下面是重新检查的结果，请核对后再写入。"), "warn")
    store.forget(public_id)
    return _told(public_id, _("已写入。"))


@pages.post("/<string(length=32):public_id>/discard")
def discard(public_id: str) -> BaseResponse:
    """Give a file up: nothing of it was written, and it is deleted here."""
    with gate.writing() as session:
        staged = _staged(session, public_id)
        jobs.must_be_free(session, large_imports.target(staged))
        imports.discard(session, gate.actor(), staged, now=gate.now())
        session.commit()
    _store().forget(public_id)
    flash(_("已放弃，文件已删除，没有写入任何数据。"))
    return redirect(url_for("imports.index"), 303)


@pages.get("/<string(length=32):public_id>/marked.xlsx")
def marked(public_id: str) -> Response:
    """The file back with a column 错误原因. It shows whole numbers, so only to whoever uploaded them."""
    staged = _staged(gate.reading(), public_id)
    if staged.state != "open" or staged.account_id != gate.who().account_id:
        abort(404)
    errors = [CellError(**one) for one in staged.found["errors"]]
    with _store().opened_again(staged) as file, TemporaryDirectory() as folder:
        out = write_errors(Path(folder) / "marked.xlsx", file, errors)
        return lists.workbook_response(out.read_bytes(), f"{staged.kind}-marked.xlsx")


def _upload(asked: StagedImport) -> str:
    """Check the file that was sent and keep it: the page to go on with. Refused: no file, or one that can't be read."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise RuleBroken(_("请选择要导入的文件"))
    with TemporaryDirectory() as folder:
        # Never under the sender's name: it may be anything.
        path = Path(folder) / "upload"
        sent.save(path)
        file = Incoming(path, _shown_name(sent.filename))
        if path.stat().st_size <= imports.LARGE:
            return _check_now(asked, file)
        staged = large_imports.check(asked, file)
        return url_for("jobs.show", public_id=staged.public_id) if isinstance(staged, Job) else _page_of(staged, new=False)


def _check_now(asked: StagedImport, file: Incoming) -> str:
    file = parsed(file)
    with gate.writing() as session:
        staged = imports.stage(session, asked, file, _means(), now=gate.now())
        if staged is asked:
            _store().keep(staged.public_id, file.path.read_bytes())
        session.commit()
    return _page_of(staged, new=staged is asked)


def _handed_over(kind: str, staged: StagedImport, words: dict[str, object]) -> BaseResponse | tuple[str, int]:
    """The page of the job that does with a large file what was asked, or of the import with why that can't be."""
    try:
        job = large_imports.hand_over(kind, staged, {**words, "seen": request.form.get("seen", "")})
    except RuleBroken as refusal:
        return _refused(staged.public_id, refusal)
    return redirect(url_for("jobs.show", public_id=job.public_id), 303)


def _page_of(staged: StagedImport, *, new: bool) -> str:
    if not new:
        flash(_("这个文件已经上传过，还没有写入；这里是它的检查结果。"), "warn")
    return url_for("imports.show", public_id=staged.public_id)


def _shown_name(name: str) -> str:
    """The sender's name of a file as it may be shown: without folders and without what can't be seen."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in last if character.isprintable())[-80:] or "upload"


def _asked(session: Session, kind: Kind, target: str | None) -> StagedImport:
    """An import of this kind that is about to be: whose, and for which batch or contest of the institution's own."""
    who = gate.who()
    if who.institution_id is None or bool(target) != bool(kind.target):
        abort(404)
    asked = StagedImport(
        public_id="", institution_id=who.institution_id, account_id=who.account_id, kind=kind.key, file_name="", size=0,
        sha256="", check_id="", counts={}, found={}, checked_at=gate.now(),
    )  # fmt: skip
    if kind.target == "batch":
        batch = own_batch(session, gate.row_number("batch", target or "") or 0)
        asked.batch_id, asked.scope = batch.id, batch.number
    elif kind.target == "contest":
        contest = _own_contest(session, gate.row_number("contest", target or "") or 0)
        asked.contest_id, asked.scope = contest.id, contest.code
    return asked


def _own_contest(session: Session, contest_id: int) -> Contest:
    query = select(Contest).where(col(Contest.id) == contest_id, viewer_of(session).own(col(Contest.institution_id)))
    return session.exec(query).first() or abort(404)


def _targets(session: Session, kinds: list[Kind]) -> list[Target]:
    """What the institution can import now: the roster always, the others where a batch or contest waits for them."""
    hide, own = current_app.extensions["skilleval.ids"].hide, viewer_of(session).own
    targets = [Target(kind, None, "") for kind in kinds if not kind.target]
    states = {state for kind in kinds for state in kind.states}
    schemed = sa.exists().where(
        col(SpecificationPart.specification_id) == col(Batch.specification_id), col(Scheme.part_id) == col(SpecificationPart.id),
    )  # fmt: skip
    batches = select(Batch, schemed).where(own(col(Batch.institution_id)), col(Batch.state).in_(states))
    targets += [
        Target(kind, hide("batch", one.id), f"{one.number} {one.name}")
        for one, has_scheme in session.exec(batches.order_by(col(Batch.id).desc()).limit(20))
        for kind in kinds
        if one.state in kind.states and not (one.route == "direct" and kind.key in ("marks", "scores"))
        and (has_scheme or kind.key != "scores")
    ]  # fmt: skip
    if any(kind.target == "contest" for kind in kinds):
        found = session.exec(select(Contest).where(own(col(Contest.institution_id))).order_by(col(Contest.id).desc()).limit(10))
        targets += [Target(IMPORTS["contest"], hide("contest", one.id), f"{one.code} {one.name}") for one in found]
    return targets


def _staged(session: Session, public_id: str) -> StagedImport:
    """The import, if it is of the institution that asks and of a kind that the account may import; else not there."""
    query = select(StagedImport).where(
        col(StagedImport.public_id) == public_id, viewer_of(session).own(col(StagedImport.institution_id))
    )
    found = session.exec(query).first()
    if found is None or not _may(IMPORTS[found.kind]):
        abort(404)
    return found


def _kind(key: str) -> Kind:
    kind = IMPORTS.get(key)
    if kind is None or not _may(kind):
        abort(404)
    return kind


def _may(kind: Kind) -> bool:
    return not kind.roles.isdisjoint(gate.who().roles)


def _means() -> Means:
    return means_of(gate.site().installation, gate.today())


def _keep() -> timedelta:
    return timedelta(days=gate.site().installation.settings.imports.keep_days)


def _store() -> imports.Store:
    return imports.store_of(gate.site().installation)


def _typed(place: str) -> str | None:
    """What a cell is to hold: the text typed, None to empty it, blank to leave it as it is."""
    return None if request.form.get(f"clear-{place}") else request.form.get(f"value-{place}", "")


def _page(session: Session, staged: StagedImport, refusal: RuleBroken | None = None) -> str:
    uploader = session.get(Account, staged.account_id)
    shown = request.args.get("show", "")
    target = current_app.extensions["skilleval.ids"].hide
    address = target("batch", staged.batch_id) if staged.batch_id else target("contest", staged.contest_id) if staged.contest_id else None
    return render_template(
        "imports/show.html", target=address, staged=staged, kind=IMPORTS[staged.kind], uploader=uploader, refusal=refusal,
        mine=staged.account_id == gate.who().account_id, found=staged.found, most=MOST_ERRORS,
        shown=shown if shown in ("new", "changed") else "errors", earlier=imports.earlier_receipt(session, staged),
        job=jobs.active_on(session, large_imports.target(staged)), jobs=jobs.KINDS,
        kept_to=expiry_of(staged, _keep()),
    )  # fmt: skip


def _refused(public_id: str, refusal: RuleBroken) -> BaseResponse | tuple[str, int]:
    """The page of the import with what was refused; if another was quicker, what has become of it."""
    session = gate.reading()
    staged = _staged(session, public_id)
    if staged.state != "open":
        return _told(public_id, refusal.message, "warn")
    return _page(session, staged, refusal), 422


def _told(public_id: str, message: str, category: str = "message") -> BaseResponse:
    flash(message, category)
    return redirect(url_for("imports.show", public_id=public_id), 303)
