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
        self._index_keys: dict[bytes, bytes] = {}

    def seal(self, institution_id: int, number: str) -> bytes:
        """The sealed form of ``number``: key id, nonce, ciphertext. Bound to the institution."""
        return self._seal(_context(institution_id), number.encode())

    def open(self, institution_id: int, sealed: bytes) -> str:
        """The number that was sealed. Refused: another key, another institution, a changed byte."""
        try:
            return self._open(_context(institution_id), sealed).decode()
        except InvalidTag as error:
            raise RuleBroken("证件号码无法解密：密钥不符或数据被改动，请检查 keys 文件夹") from error

    def seal_secret(self, public_id: str, secret: str) -> bytes:
        """The sealed form of an account's secret of one-time codes. Bound to the account."""
        return self._seal(b"totp|" + public_id.encode(), secret.encode())

    def open_secret(self, public_id: str, sealed: bytes) -> str:
        """The secret that was sealed. Refused: another key, another account, a changed byte."""
        try:
            return self._open(b"totp|" + public_id.encode(), sealed).decode()
        except InvalidTag as error:
            raise RuleBroken("动态口令密钥无法解密：密钥不符或数据被改动，请检查 keys 文件夹") from error

    def seal_upload(self, institution_id: int, text: str) -> bytes:
        """The sealed form of an uploaded text that waits in the browser for its confirmation. Bound to the institution."""
        return self._seal(b"upload|" + _context(institution_id), text.encode())

    def open_upload(self, institution_id: int, sealed: bytes) -> str:
        """The text that was sealed. Refused: another key, another institution, a changed byte."""
        try:
            return self._open(b"upload|" + _context(institution_id), sealed).decode()
        except (InvalidTag, ValueError) as error:
            raise RuleBroken("预览的内容已失效，请重新上传") from error

    def seal_for_session(self, id_hash: str, text: str) -> bytes:
        """The sealed form of a text that one signed-in browser is shown next. Bound to its session."""
        return self._seal(b"session|" + id_hash.encode(), text.encode())

    def open_for_session(self, id_hash: str, sealed: bytes) -> str | None:
        """The text that was sealed; None: another session, another key, a changed byte."""
        try:
            return self._open(b"session|" + id_hash.encode(), sealed).decode()
        except (InvalidTag, ValueError, RuleBroken):
            return None

    def _seal(self, context: bytes, content: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return _KEY_ID + nonce + self._cipher.encrypt(nonce, content, context)

    def _open(self, context: bytes, sealed: bytes) -> bytes:
        nonce, content = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        return self._cipher.decrypt(nonce, content, context)

    def index(self, institution_id: int, number: str) -> str:
        """What ``number`` is found by within the institution: 32 hex digits, the same for the same number."""
        return self._index(b"index %d" % institution_id, number)

    def tail_index(self, institution_id: int, number: str) -> str:
        """What the last six characters of ``number`` are found by; ``number`` may be those six alone.

        Plain last digits in the database would undo the sealing: beside the birth date they leave little of a number
        unknown. So they are indexed like the whole, under a key of their own.
        """
        return self._index(b"tail %d" % institution_id, number[-6:].upper())

    def _index(self, purpose: bytes, text: str) -> str:
        key = self._index_keys.get(purpose)
        if key is None:
            key = self._index_keys[purpose] = _derive(self._master, purpose)
        return hashlib.blake2b(text.encode(), key=key, digest_size=16).hexdigest()

    def seal_file(self, public_id: str, content: bytes) -> bytes:
        """The sealed form of a file that was uploaded. Bound to its id."""
        return self._seal(b"upload|" + public_id.encode(), content)

    def open_file(self, public_id: str, sealed: bytes) -> bytes:
        """The file that was sealed. Refused: another key, another id, a changed byte."""
        try:
            return self._open(b"upload|" + public_id.encode(), sealed)
        except InvalidTag as error:
            raise RuleBroken("上传的文件无法解密：密钥不符或文件被改动，请重新上传") from error

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
