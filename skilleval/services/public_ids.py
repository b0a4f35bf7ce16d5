"""Row numbers in addresses, hidden: 128 bits that nobody can count up or guess.

A row's number and its kind make one block, which is encrypted under a key of the installation. The same row has the
same address for ever, no column and no lookup is needed, and an address that was made up decrypts to no kind at all.
"""

import hashlib
import threading
from functools import cache

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

from skilleval.db.secrets import Vault

_HALF = 8


class PublicIds:
    """Turns a kind and a row number into 32 hex digits, and back."""

    def __init__(self, key: bytes) -> None:
        # One block of unique content under its own key: a permutation is all that is asked, so ECB is the right mode.
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())
        self._own = threading.local()

    def hide(self, kind: str, row: int) -> str:
        """The address of row number ``row`` of this kind."""
        return self._encryptor.update(_tag(kind) + row.to_bytes(_HALF)).hex()

    @property
    def _encryptor(self) -> CipherContext:
        """One a thread: it gives each whole block at once and keeps nothing of it, and making one costs ten blocks."""
        try:
            found: CipherContext = self._own.encryptor
        except AttributeError:
            found = self._own.encryptor = self._cipher.encryptor()
        return found

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


@cache
def _tag(kind: str) -> bytes:
    return hashlib.sha256(kind.encode()).digest()[:_HALF]


def public_ids_of(vault: Vault) -> PublicIds:
    """The hidden numbers of this installation."""
    return PublicIds(vault.web_key("public ids"))
