"""Files that come in: size → form → zip directory → child process with limits → blocks of cells."""

import marshal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from skilleval.domain.errors import RuleBroken
from skilleval.sheets import worker

MAX_BYTES = 60_000_000
MAX_ENTRIES = 2_000
MAX_UNPACKED = 200_000_000
#: what one message may hold: no child within its limits has more to say
MAX_MESSAGE = 1_000_000_000
MAX_RATIO = 200
WALL_SECONDS = 180

_SAVE_AS = "请在 Excel 或 WPS 中打开后“另存为”.xlsx 再导入"


#: (sheet, row as the spreadsheet counts, position from 0) → what the cell holds instead
Corrections = Mapping[tuple[str, int, int], str]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that came in: where it lies, what its sender called it, and cells that were corrected since.

    ``messages`` are what the child process said of it, where it was parsed already.
    """

    path: Path
    name: str
    corrections: Corrections = field(default_factory=dict)
    messages: tuple[tuple[Any, ...], ...] | None = None


Source = Path | Incoming


def incoming(source: Source) -> Incoming:
    """The file, also where it is named by its path alone."""
    return Incoming(source, source.name) if isinstance(source, Path) else source


def parsed(source: Source, progress: Callable[[int], None] | None = None) -> Incoming:
    """The file with all that it holds in memory, so that reading it later starts no process. Refused as by reading it.

    ``progress`` is told how many rows have come in.
    """
    file = incoming(source)
    messages, rows = [], 0
    for message in parse_cells(file):
        messages.append(message)
        if message[0] == "rows" and progress is not None:
            rows += len(message[2])
            progress(rows)
    return Incoming(file.path, file.name, file.corrections, tuple(messages))


def parse_cells(source: Source) -> Iterator[tuple[Any, ...]]:
    """The messages of the child process: sheets by name, and blocks of their rows with the corrected cells in place.

    Refused: a file that is not what it says, a child that died, ran out of time or said no.
    """
    file = incoming(source)
    if file.messages is not None:
        yield from file.messages
        return
    sheet = ""
    corrected_sheets = {name for name, _row, _position in file.corrections}
    for message in _listen(file, examine(file)):
        if message[0] == "sheet":
            sheet = message[1]
        elif sheet in corrected_sheets:
            _put_right(sheet, message[1], message[2], file.corrections)
        yield message


def _put_right(sheet: str, first: int, rows: list[list[Any]], corrections: Corrections) -> None:
    for (name, number, position), text in corrections.items():
        if name == sheet and first <= number < first + len(rows):
            row = list(rows[number - first])
            row += [None] * (position + 1 - len(row))
            row[position] = text or None
            rows[number - first] = row


def examine(source: Source) -> str:
    """``xlsx`` or ``csv`` by what the file holds, not by its name. Refused: everything that is neither."""
    path, name = incoming(source).path, incoming(source).name
    if not path.is_file():
        raise RuleBroken(f"找不到文件 {path}")
    size = path.stat().st_size
    if size == 0:
        raise RuleBroken(f"{name} 是空文件")
    if size > MAX_BYTES:
        raise RuleBroken(f"{name} 有 {size // 1_000_000} MB，超过 {MAX_BYTES // 1_000_000} MB，请分成几个文件")
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise RuleBroken(f"{name} 是旧版 .xls 或加了密码的工作簿，不能读取；{_SAVE_AS}，且不要设密码")
    if head.startswith(b"PK"):
        _examine_zip(path, name)
        return "xlsx"
    if head.startswith(b"%PDF"):
        raise RuleBroken(f"{name} 是 PDF，不是工作簿")
    if Path(name).suffix.lower() in (".xlsx", ".xlsm", ".xlsb", ".xls"):
        raise RuleBroken(f"{name} 不是有效的 Excel 工作簿；{_SAVE_AS}")
    with path.open("rb") as file:
        if b"\x00" in file.read(65536):
            raise RuleBroken(f"{name} 既不是 Excel 工作簿也不是文本文件；{_SAVE_AS}")
    return "csv"


def _examine_zip(path: Path, file: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise RuleBroken(f"{file} 已损坏，不能打开；{_SAVE_AS}") from error
    names = {entry.filename for entry in entries}
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(sum(entry.compress_size for entry in entries), 1)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED:
        raise RuleBroken(f"{file} 解开后过大（{len(entries)} 个部分，{unpacked // 1_000_000} MB），不予读取")
    if (unpacked > 10_000_000 and any(
        entry.file_size > MAX_RATIO * max(entry.compress_size, 1) for entry in entries
    )) or unpacked / packed > MAX_RATIO:
        raise RuleBroken(f"{file} 压缩比异常，疑为压缩炸弹，不予读取；若确为花名册，请删除空白的行列后另存")
    if any(name.lower().endswith((".zip", ".xlsx")) or ".." in name.split("/") for name in names):
        raise RuleBroken(f"{file} 内部含有不应有的文件，不予读取；{_SAVE_AS}")
    if any(name.endswith("vbaProject.bin") for name in names) or "xl/workbook.bin" in names:
        raise RuleBroken(f"{file} 是带宏或二进制格式的工作簿（.xlsm / .xlsb）；{_SAVE_AS}")
    if "xl/workbook.xml" not in names:
        raise RuleBroken(f"{file} 是压缩文件，但不是 Excel 工作簿；{_SAVE_AS}")


def _listen(file: Incoming, kind: str) -> Iterator[tuple[Any, ...]]:
    """What the child process says of a file. Refused: a child that died, ran out of time or said no."""
    command = [sys.executable, "-I", worker.__file__, str(file.path), kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        clock = threading.Timer(WALL_SECONDS, child.kill)
        clock.start()
        try:
            while True:
                try:
                    message = _hear(child.stdout)
                except (EOFError, ValueError, TypeError) as error:
                    raise RuleBroken(
                        f"{file.name} 无法读取：内容过大或已损坏（读取程序超出内存或时间限制）；{_SAVE_AS}，另存前请删除空白的行列"
                    ) from error
                if message[0] == "end":
                    return
                if message[0] == "refused":
                    raise RuleBroken(f"{file.name}：{message[1]}")
                if message[0] == "failed" and kind == "csv":
                    raise RuleBroken(f"{file.name} 不能作为文本文件（.csv）读取；{_SAVE_AS}")
                if message[0] == "failed":
                    raise RuleBroken(f"{file.name} 不能作为 Excel 工作簿读取（{message[1]}）；{_SAVE_AS}")
                yield message
        finally:
            clock.cancel()
            child.kill()


def _hear(child: IO[bytes]) -> tuple[Any, ...]:
    """The next message. Refused with ``EOFError``, ``ValueError`` or ``TypeError``: one that is cut or no message."""
    head = child.read(worker.LENGTH.size)
    length = worker.LENGTH.unpack(head)[0] if len(head) == worker.LENGTH.size else 0
    if not 0 < length <= MAX_MESSAGE:
        raise EOFError
    packed = child.read(length)
    message: tuple[Any, ...] = marshal.loads(packed)
    return message
