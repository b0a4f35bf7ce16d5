"""Document numbers and secrets at rest: sealed with AES-256-GCM, numbers found again by a keyed index.

An unkeyed hash of an ID number falls in seconds, so the index is keyed, and each institution has its own key:
the same number gives different indexes in two firms. The keys lie in files outside the database.
"""

import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from skilleval.domain.errors import RuleBroken

KEY_NAME = "vault-1.key"
_KEY_ID = b"\x01"
_NONCE_BYTES = 12


class Vault:
    """Seals, opens and indexes document numbers, and seals secrets of accounts, for one installation."""

    def __init__(self, master: bytes) -> None:
        self._master = master
        self._cipher = AESGCM(_derive(master, b"seal"))
        self._index_keys: dict[int, bytes] = {}

    def seal(self, institution_id: int, number: str) -> bytes:
        """The sealed form of ``number``: key id, nonce, ciphertext. Bound to the institution."""
        return self._seal(_context(institution_id), number)

    def open(self, institution_id: int, sealed: bytes) -> str:
        """The number that was sealed. Refused: another key, another institution, a changed byte."""
        try:
            return self._open(_context(institution_id), sealed)
        except InvalidTag as error:
            raise RuleBroken("证件号码无法解密：密钥不符或数据被改动，请检查 keys 文件夹") from error

    def seal_secret(self, public_id: str, secret: str) -> bytes:
        """The sealed form of an account's secret of one-time codes. Bound to the account."""
        return self._seal(b"totp|" + public_id.encode(), secret)

    def open_secret(self, public_id: str, sealed: bytes) -> str:
        """The secret that was sealed. Refused: another key, another account, a changed byte."""
        try:
            return self._open(b"totp|" + public_id.encode(), sealed)
        except InvalidTag as error:
            raise RuleBroken("动态口令密钥无法解密：密钥不符或数据被改动，请检查 keys 文件夹") from error

    def _seal(self, context: bytes, text: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return _KEY_ID + nonce + self._cipher.encrypt(nonce, text.encode(), context)

    def _open(self, context: bytes, sealed: bytes) -> str:
        nonce, text = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        return self._cipher.decrypt(nonce, text, context).decode()

    def index(self, institution_id: int, number: str) -> str:
        """What ``number`` is found by within the institution: 32 hex digits, the same for the same number."""
        key = self._index_keys.get(institution_id)
        if key is None:
            key = self._index_keys[institution_id] = _derive(self._master, b"index %d" % institution_id)
        return hashlib.blake2b(number.encode(), key=key, digest_size=16).hexdigest()

    def web_key(self, purpose: str) -> bytes:
        """32 bytes for one purpose of the web application (signing its cookie, hiding row numbers), nothing else's key."""
        return _derive(self._master, b"web " + purpose.encode())


def _derive(master: bytes, purpose: bytes) -> bytes:
    return hashlib.blake2b(purpose, key=master, digest_size=32).digest()


def _context(institution_id: int) -> bytes:
    return b"id_number|%d" % institution_id


def create_keys(folder: Path) -> None:
    """Make the key file, readable by its owner only. Refused: a file that is there already."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / KEY_NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32) + "\n")


def load_vault(folder: Path) -> Vault:
    """The vault whose key lies in ``folder``. Refused with ``RuleBroken``: no key, or one that is not whole."""
    try:
        master = bytes.fromhex((folder / KEY_NAME).read_text().strip())
    except FileNotFoundError as error:
        raise RuleBroken(f"找不到密钥文件 {folder / KEY_NAME}，没有它无法读取证件号码；请从密钥备份恢复") from error
    except ValueError as error:
        raise RuleBroken(f"密钥文件 {folder / KEY_NAME} 已损坏") from error
    if len(master) != 32:
        raise RuleBroken(f"密钥文件 {folder / KEY_NAME} 已损坏")
    return Vault(master)
