"""What must hold for every answer of the application. Each check gives the faults that it found, as plain sentences."""

import re
from collections.abc import Iterator
from functools import lru_cache
from html.parser import HTMLParser

from werkzeug.test import TestResponse

#: attributes from which a browser loads, or to which it goes
_ADDRESSES = {"href", "src", "action", "formaction", "srcset", "poster", "data", "background", "ping", "cite"}
#: the host by which the tests ask
OURS = "http://localhost/"
_OUTSIDE = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)
#: the value of a form's token, which differs from answer to answer
_TOKEN = re.compile(r'(?<=name="csrf_token" value=")[\w.-]+')
_DOCUMENT_NUMBER = re.compile(r"(?<!\d)440999\d{11}[\dXx](?![0-9A-Za-z])")


def faults_of(answer: TestResponse) -> list[str]:
    """Every fault of one answer, whatever page it is of."""
    where = f"{answer.request.method} {answer.request.path} ({answer.status_code})"
    found = [*_status(answer), *_headers(answer), *_cookies(answer)]
    if answer.mimetype == "text/html":
        found += html_faults(answer.get_data(as_text=True))
    return [f"{where}: {one}" for one in found]


def _status(answer: TestResponse) -> Iterator[str]:
    if answer.status_code >= 500:
        yield "the application failed; its log tells why"
    if answer.location is not None and (not answer.location.startswith("/") or answer.location.startswith(("//", "/\\"))):
        yield f"leads outside: {answer.location}"


def _headers(answer: TestResponse) -> Iterator[str]:
    policy = answer.headers.get("Content-Security-Policy", "")
    if "default-src 'none'" not in policy or "unsafe" in policy or "http" in policy or "*" in policy:
        yield f"content policy {policy!r}"
    for name, wanted in (("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "same-origin")):
        if answer.headers.get(name) != wanted:
            yield f"header {name} is {answer.headers.get(name)!r}"
    is_asset = answer.request.path.startswith("/static/")
    if "skilleval" in answer.request.cookies and not is_asset and answer.headers.get("Cache-Control") != "no-store":
        yield f"a signed-in page that may be stored: {answer.headers.get('Cache-Control')!r}"
    if "Server" in answer.headers and "Werkzeug" not in answer.headers["Server"]:
        yield "tells its server"


def _cookies(answer: TestResponse) -> Iterator[str]:
    for cookie in answer.headers.getlist("Set-Cookie"):
        if "httponly" not in cookie.lower() or "samesite=lax" not in cookie.lower():
            yield f"a cookie without HttpOnly or SameSite: {cookie.partition('=')[0]}"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.headings = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script" and not given.get("src"):
            self.faults.append("inline <script>")
        if tag in ("style", "iframe", "object", "embed", "base"):
            self.faults.append(f"<{tag}>")
        self.headings += tag == "h1"
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.faults.append(f"{name}= on <{tag}>")
            if name in _ADDRESSES and value and _OUTSIDE.match(value) and not value.startswith(OURS) and not (tag == "img" and value.startswith("data:image/")):
                self.faults.append(f"outside address on <{tag}>: {value[:60]}")


def html_faults(page: str) -> list[str]:
    """Inline script, style or handlers, addresses outside, and pages without one heading."""
    return list(_faults_of_text(_TOKEN.sub("", page)))


@lru_cache(maxsize=64)
def _faults_of_text(page: str) -> tuple[str, ...]:
    # Many an answer is the same refusal but for its tokens.
    reader = _Reader()
    reader.feed(page)
    reader.close()
    if "<html" in page and reader.headings != 1:
        return (*reader.faults, f"{reader.headings} <h1>")
    return tuple(reader.faults)


def numbers_in(text: str) -> list[str]:
    """Document numbers that stand in a text in full."""
    return _DOCUMENT_NUMBER.findall(text)
