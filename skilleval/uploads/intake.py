"""Files that people hand in: size → what the bytes are → child process with limits → what is kept.

Neither the name nor the type that a browser sends is looked at. Kept are PDF as they came, and PNG and JPEG painted anew,
without EXIF, comments, profiles or anything behind the picture.
"""

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from skilleval.domain.errors import RuleBroken

MAX_BYTES = 10 * 1024 * 1024
WALL_SECONDS = 30
#: the first bytes of what may be handed in
_HEADS = {b"%PDF-": "pdf", b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}
#: how a browser is told of each
MEDIA_TYPES = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg"}

_ACCEPTED = "只收 PDF、PNG 或 JPEG 文件"


@dataclass(frozen=True, slots=True)
class CleanFile:
    """What is kept of a file that was handed in: its kind (``pdf``, ``png``, ``jpg``) and its bytes."""

    kind: str
    content: bytes

    @property
    def sha256(self) -> str:
        """The hash of what is kept."""
        return hashlib.sha256(self.content).hexdigest()


def clean(content: bytes) -> CleanFile:
    """What may be kept of a file, by what its bytes are.

    Refused with ``RuleBroken``: an empty or too large one, what is neither PDF, PNG nor JPEG whatever its name, what can't
    be opened within the limits, a PDF that is locked, active or has something behind its end.
    """
    if not content:
        raise RuleBroken("文件是空的")
    if len(content) > MAX_BYTES:
        raise RuleBroken(f"文件超过 {MAX_BYTES // 1024 // 1024} MB，请压缩或分成几个文件")
    kind = next((kind for head, kind in _HEADS.items() if content.startswith(head)), None)
    if kind is None:
        raise RuleBroken(f"{_ACCEPTED}；这个文件的内容不是其中任何一种，改扩展名没有用")
    with TemporaryDirectory(prefix="skilleval-") as folder:
        source, target = Path(folder) / "in", Path(folder) / "out"
        source.write_bytes(content)
        _open(source, kind, target)
        return CleanFile(kind, content if kind == "pdf" else target.read_bytes())


def _open(source: Path, kind: str, target: Path) -> None:
    command = [sys.executable, "-I", "-m", "skilleval.uploads.worker", str(source), kind, str(target)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=WALL_SECONDS, check=False)
        answer = json.loads(done.stdout) if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, ValueError):
        answer = None
    if answer is None:
        raise RuleBroken("文件打不开：内容过大或已损坏（读取程序超出内存或时间限制）")
    if "refused" in answer:
        raise RuleBroken(f"文件不能接收：{answer['refused']}")
