"""The package's archive: a zip with one spelling, so that any changed byte shows.

Members are stored, not compressed (workbooks and PDFs are compressed already), with a fixed time and no extras; what
was read can therefore be packed again and compared byte for byte.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

#: Above these a file is no package of ours, and nothing of it is read into memory.
MAXIMUM_BYTES = 200 * 1024 * 1024
MAXIMUM_MEMBERS = 64

_UNREADABLE = (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, RuntimeError, struct.error)
_UTF8_NAME = 0x800
_MIDNIGHT_1980 = (1 << 5) | 1


class NotAPackage(Exception):
    """Why the file is not an archive as this software writes it, in Chinese."""


def pack(members: Mapping[str, bytes]) -> bytes:
    """The zip that holds ``members`` in their order. The same members give the same bytes on every machine."""
    body, directory = io.BytesIO(), io.BytesIO()
    for name, content in members.items():
        offset, encoded = body.tell(), name.encode()
        common = struct.pack(
            "<HHHHHIIIHH", 20, _UTF8_NAME, 0, 0, _MIDNIGHT_1980, zlib.crc32(content), len(content), len(content),
            len(encoded), 0,
        )  # fmt: skip
        body.write(b"PK\x03\x04" + common + encoded + content)
        directory.write(b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, offset))
        directory.write(encoded)
    start, size, count = body.tell(), directory.tell(), len(members)
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, size, start, 0)
    return body.getvalue() + directory.getvalue() + end


def unpack(archive: bytes) -> dict[str, bytes]:
    """The members of ``archive``. Raises :class:`NotAPackage`: anything that :func:`pack` did not write."""
    if len(archive) > MAXIMUM_BYTES:
        raise NotAPackage(f"文件超过 {MAXIMUM_BYTES // 1024 // 1024} MB，不是本软件生成的资料包")
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entries = opened.infolist()
            _refuse_foreign(entries)
            members = {entry.filename: opened.read(entry) for entry in entries}
    except _UNREADABLE as error:
        raise NotAPackage(f"压缩包无法读取或已损坏：{error}") from error
    if pack(members) != archive:
        raise NotAPackage("压缩包的结构与本软件写出的不一致：文件生成后被改动，或曾被其他软件重新打包")
    return members


def _refuse_foreign(entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    if len(entries) > MAXIMUM_MEMBERS or len(set(names)) != len(names):
        raise NotAPackage("压缩包内文件过多或重名，不是本软件生成的资料包")
    for entry in entries:
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 or entry.file_size != entry.compress_size:
            raise NotAPackage(f"“{entry.filename}”被压缩或加密：资料包曾被其他软件重新打包")
        if "/" in entry.filename or "\\" in entry.filename or entry.filename.startswith("."):
            raise NotAPackage("压缩包内含有文件夹或不允许的文件名，不是本软件生成的资料包")
