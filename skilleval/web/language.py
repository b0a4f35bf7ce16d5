"""The language of the pages: Simplified Chinese as written in the source, English by a catalogue."""

import gettext
import io
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages import mofile, pofile
from flask import Blueprint, Flask, redirect, request, session
from markupsafe import escape
from werkzeug.wrappers import Response

from skilleval.web import gate

LANGUAGES = {"zh": "简体中文", "en": "English"}
DEFAULT = "zh"

_FOLDER = Path(__file__).parent / "translations"

pages = Blueprint("language", __name__)

#: the language of the page that is being made; a variable of its own, for a list asks it hundreds of times
_spoken: ContextVar[str] = ContextVar("language", default=DEFAULT)


def current() -> str:
    """The language of the page."""
    return _spoken.get()


def speak(language: str) -> None:
    """Make what follows in this language, until the request ends."""
    _spoken.set(language if language in LANGUAGES else DEFAULT)


def _(message: str) -> str:
    """The message in the language of the page."""
    return _catalogue(_spoken.get()).gettext(message)


class _Later:
    """A message that is translated when it is shown: for labels, which are made once for all requests."""

    def __init__(self, message: str) -> None:
        self._message = message

    def __str__(self) -> str:
        return _(self._message)

    def __html__(self) -> str:
        return escape(_(self._message))


def lazy(message: str) -> Any:
    """The message, translated each time it is shown."""
    return _Later(message)


def marked(message: str) -> str:
    """The message as it is, marked for the catalogue: it is translated where it is shown."""
    return message


def ngettext(one: str, many: str, count: int) -> str:
    """The message for this count in the language of the page."""
    return _catalogue(_spoken.get()).ngettext(one, many, count)


@pages.post("/language")
def choose() -> Response:
    """Switch the language of this browser."""
    wanted = request.form.get("language", DEFAULT)
    session["language"] = wanted if wanted in LANGUAGES else DEFAULT
    return redirect(gate.page_of_form(), 303)


def install(app: Flask) -> None:
    """Teach templates to translate, and remember the language before each request."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(_, ngettext, newstyle=True)  # type: ignore[attr-defined] # of the extension
    app.jinja_env.globals.update(languages=LANGUAGES, current_language=current)
    app.before_request(_remember)
    app.teardown_request(lambda _error: speak(DEFAULT))
    app.register_blueprint(pages)


def _remember() -> None:
    """Speak the language that this browser asked for by the switch."""
    speak(session.get("language", DEFAULT))


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    """The messages of a language, compiled from its .po file when first asked for: no compiled file is kept."""
    file = _FOLDER / language / "LC_MESSAGES" / "messages.po"
    if not file.is_file():
        return gettext.NullTranslations()
    with file.open("rb") as text:
        catalogue = pofile.read_po(text, locale=language)
    compiled = io.BytesIO()
    mofile.write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
