"""The child process that opens a file somebody handed in: it may run out of memory or time, and only it dies.

An image is painted anew and written without anything but its pixels; of a PDF it is only told whether it may be kept.
The answer is one line of JSON on standard output: ``{}``, or ``{"refused": why}``.
"""

import json
import sys
from pathlib import Path
from typing import Any

MEMORY_BYTES = 1_500_000_000
CPU_SECONDS = 20
#: a page of A3 at 600 dpi has 70 million; a photo of a phone 12 to 50
MAX_PIXELS = 80_000_000
MAX_PAGES = 300
#: what may follow the end of a PDF: some programs pad
MAX_TAIL = 1_024
_ACTIONS = {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData"}


class _Refused(Exception):
    pass


def main(source: str, kind: str, target: str) -> None:
    """Open ``source`` as ``pdf``, ``png`` or ``jpg``; an image is written to ``target`` by its pixels alone."""
    _limit()
    try:
        if kind == "pdf":
            _open_pdf(Path(source).read_bytes())
        else:
            _repaint(source, kind, target)
        answer = {}
    except _Refused as refusal:
        answer = {"refused": str(refusal)}
    except Exception:  # the readers have many exception classes, and their words are of the file's making
        answer = {"refused": "内容已损坏，不能打开"}
    sys.stdout.write(json.dumps(answer))


def _limit() -> None:
    if sys.platform == "win32":  # no such limits there: the parent's wall clock is what remains
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _repaint(source: str, kind: str, target: str) -> None:
    from PIL import Image, ImageOps

    form = {"png": "PNG", "jpg": "JPEG"}[kind]
    # Its own limit refuses in words of its own; ours comes before a pixel is unpacked all the same.
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(source, formats=[form]) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise _Refused(f"图片有 {opened.width}×{opened.height} 像素，超过 {MAX_PIXELS // 1_000_000} 百万像素，请缩小后再上传")
        # The way up is told by EXIF, which goes: the pixels are turned first.
        upright = ImageOps.exif_transpose(opened).convert("RGB" if kind == "jpg" else "RGBA")
    clean = Image.new(upright.mode, upright.size)
    clean.paste(upright)
    clean.save(target, form, **({"quality": 90} if kind == "jpg" else {"optimize": False}))


def _open_pdf(content: bytes) -> None:
    import io

    from pypdf import PdfReader

    end = content.rfind(b"%%EOF")
    if end < 0 or len(content[end + 5 :].strip(b"\r\n\t \x00")) > MAX_TAIL:
        raise _Refused("PDF 的结尾之后还有别的内容，或没有结尾，请重新扫描或另存后再上传")
    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted:
        raise _Refused("PDF 设有密码，请去掉密码后再上传")
    pages = len(reader.pages)
    if not 1 <= pages <= MAX_PAGES:
        raise _Refused(f"PDF 有 {pages} 页，应为 1 至 {MAX_PAGES} 页")
    reader.pages[0].mediabox  # noqa: B018 # a page that can't be opened is told here
    if _is_active(reader.root_object):
        raise _Refused("PDF 含有脚本、动作或附件，请用“打印为 PDF”另存后再上传")


def _is_active(root: Any) -> bool:
    """Whether the document does something by itself when it is opened, or carries other files."""
    names = _looked_up(root, "/Names")
    opening = _looked_up(root, "/OpenAction")
    acts = isinstance(opening, dict) and opening.get("/S") in _ACTIONS
    return acts or "/AA" in root or bool({"/JavaScript", "/EmbeddedFiles"} & set(names or ()))


def _looked_up(root: Any, key: str) -> Any:
    found = root.get(key)
    return found.get_object() if found is not None else None


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3])
