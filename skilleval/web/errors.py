"""What is said when something is refused, is not there, or goes wrong."""

import secrets
from typing import Any

from flask import Flask, Response, current_app, g, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, SecurityError

from skilleval.domain.errors import RuleBroken
from skilleval.web import gate
from skilleval.web.language import _

Answer = tuple[str, int]


def install(app: Flask) -> None:
    """Word every error for the person who sees it."""
    app.register_error_handler(RuleBroken, _refused)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(Exception, _broken)


def _refused(error: RuleBroken) -> Answer:
    """An act that a rule refuses. Nothing of it was saved: the view had not committed."""
    return render_template("errors/refused.html", refusal=error, back=gate.restoring(gate.page_of_form())), 422


def _stale_form(error: CSRFError) -> Any:
    """A form of a session that has ended, or of another site."""
    if gate.asking() is None and not gate.is_public(request.endpoint or "", request.method):
        return gate.ask_to_sign_in()
    return render_template("errors/stale_form.html", back=gate.restoring(gate.page_of_form())), 400


def _http(error: HTTPException) -> Any:
    if isinstance(error, SecurityError):
        # No page can be built for a host that is not ours: every address in it would carry the forged name.
        told = _(
            "浏览器所用的主机名不在允许之列。请系统管理员在 config.toml 的 [web] trusted_hosts 中加上它，然后重新启动。"
        )
        return Response(f"{told}\n", 400, mimetype="text/plain")
    code = error.code or 500
    if code < 400:
        return error
    if code == 403:
        roles = gate.roles_for(request.endpoint or "", "GET" if request.method == "HEAD" else request.method)
        return render_template("errors/forbidden.html", roles=roles), 403
    # What is foreign must look like what is not there: no word of the address, no id, nothing of the record.
    g.no_page = True
    name = {404: "missing", 405: "missing", 413: "too_large"}.get(code, "bad_request")
    return render_template(f"errors/{name}.html"), 404 if code == 405 else code


def _busy(error: OperationalError) -> Answer:
    """Somebody else writes for longer than an act may wait, such as a very large import on SQLite. Other faults are ours."""
    if "locked" not in str(error.orig):
        return _broken(error)
    return render_template("errors/busy.html", back=gate.restoring(gate.page_of_form())), 503


def _broken(error: Exception) -> Answer:
    """A fault of ours: told with an id that stands in the log, and with what was not saved."""
    number = secrets.token_hex(4)
    g.pop("who", None)
    current_app.logger.exception("error %s at %s", number, request.endpoint, exc_info=error)
    return render_template("errors/broken.html", number=number), 500
