"""Row numbers in addresses, hidden: 128 bits that nobody can count up or guess.

A row's number and its kind make one block, which is encrypted under a key of the installation. The same row has the
same address for ever, no column and no lookup is needed, and an address that was made up decrypts to no kind at all.
"""

import hashlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from flask import Flask
from werkzeug.routing import BaseConverter, ValidationError

_HALF = 8


class PublicIds:
    """Turns a kind and a row number into 32 hex digits, and back."""

    def __init__(self, key: bytes) -> None:
        # One block of unique content under its own key: a permutation is all that is asked, so ECB is the right mode.
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())

    def hide(self, kind: str, row: int) -> str:
        """The address of row number ``row`` of this kind."""
        encryptor = self._cipher.encryptor()
        return (encryptor.update(_tag(kind) + row.to_bytes(_HALF)) + encryptor.finalize()).hex()

    def find(self, kind: str, address: str) -> int | None:
        """The row number behind an address of this kind; None for anything else."""
        try:
            block = bytes.fromhex(address)
        except ValueError:
            return None
        if len(block) != 2 * _HALF:
            return None
        decryptor = self._cipher.decryptor()
        opened = decryptor.update(block) + decryptor.finalize()
        return int.from_bytes(opened[_HALF:]) if opened[:_HALF] == _tag(kind) else None


def _tag(kind: str) -> bytes:
    return hashlib.sha256(kind.encode()).digest()[:_HALF]


def install(app: Flask, key: bytes) -> None:
    """Let addresses say ``<row:person>``; ``url_for`` takes the row's number and hides it."""
    ids = PublicIds(key)
    app.extensions["skilleval.ids"] = ids

    class RowConverter(BaseConverter):
        regex = "[0-9a-f]{32}"

        def __init__(self, url_map: object, kind: str) -> None:
            super().__init__(url_map)  # type: ignore[arg-type] # werkzeug's map, which it passes itself
            self.kind = kind

        def to_python(self, value: str) -> int:
            found = ids.find(self.kind, value)
            if found is None:
                raise ValidationError
            return found

        def to_url(self, value: int) -> str:
            return ids.hide(self.kind, value)

    app.url_map.converters["row"] = RowConverter
