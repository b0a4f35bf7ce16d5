"""A one-time password or a new secret on its way from the act that made it to the page that shows it once.

It travels in the browser's own form cookie, sealed for the session that asked for it and for a few minutes. The page takes
it out, so that neither reloading nor going back shows it again; it stands in no address and nowhere on the server.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from datetime import datetime, timedelta

from flask import session as form_cookie

from skilleval.web import gate

#: long enough for a slow line, short enough that a cookie that was copied is soon worth nothing
LASTS = timedelta(minutes=5)
_KEY = "once"


def hand_on(of: str, secret: str) -> None:
    """Give a secret to the next page of this browser; ``of`` says whose and which, such as the public id of an account."""
    note = json.dumps([of, secret, gate.now().isoformat()])
    sealed = gate.site().installation.vault.seal_for_session(gate.who().session_id_hash, note)
    form_cookie[_KEY] = urlsafe_b64encode(sealed).decode()


def take(of: str) -> str | None:
    """The secret of this name that was just made here, the first time; None ever after, and after a few minutes."""
    try:
        sealed = urlsafe_b64decode(form_cookie.pop(_KEY, ""))
    except (NotBase64, ValueError, TypeError):
        return None
    note = gate.site().installation.vault.open_for_session(gate.who().session_id_hash, sealed) if sealed else None
    if note is None:
        return None
    named, secret, at = json.loads(note)
    is_fresh = gate.now() - datetime.fromisoformat(at) <= LASTS
    return str(secret) if named == of and is_fresh else None
