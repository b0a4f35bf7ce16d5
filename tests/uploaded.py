"""Files as people hand them in, good and hostile."""

import io
import struct
import zlib

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

#: what a camera writes about a photo
TOLD = "who took it where"


def pdf(pages: int = 1, script: str = "", password: str = "") -> bytes:
    """A PDF of blank pages, with a script that runs when it is opened, or locked."""
    writer, out = PdfWriter(), io.BytesIO()
    for _page in range(pages):
        writer.add_blank_page(300, 400)
    if script:
        action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject(script)}
        writer.root_object[NameObject("/OpenAction")] = DictionaryObject(action)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


def photo(form: str = "JPEG", size: tuple[int, int] = (40, 20)) -> bytes:
    """A red picture that lies on its side, with the place where it was taken."""
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = TOLD, 6
    exif.get_ifd(0x8825).update({1: "N", 2: (22.0, 32.0, 1.0)})
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, form, exif=exif)
    return out.getvalue()


def giant(side: int = 30_000) -> bytes:
    """A PNG of a few kilobytes that says to be ``side`` pixels wide and high."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1_000_000)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )

