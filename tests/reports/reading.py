"""Other programs that read our PDFs back."""

import shutil
import subprocess
from pathlib import Path

from tests.conftest import skip_without


def run(*command: object) -> str:
    """What a program prints; the test is skipped where the machine lacks it."""
    skip_without(str(command[0]))
    answer = subprocess.run([str(part) for part in command], capture_output=True, check=True)
    return answer.stdout.decode(errors="replace")


def fonts_not_embedded(file: Path) -> list[str]:
    """The fonts of a PDF that are not embedded, or whose text can't be copied."""
    lines = run("pdffonts", file).splitlines()[2:]
    assert lines, "no font at all"
    return [line for line in lines if line.split()[-5:-2] != ["yes", "yes", "yes"]]


def text_of(file: Path) -> str:
    return run("pdftotext", "-layout", file, "-")


def codes_of(file: Path, folder: Path) -> list[str]:
    """What a reader of QR codes sees on the rendered pages."""
    skip_without("zbarimg")
    run("pdftoppm", "-r", "110", "-png", file, folder / "page")
    pages = sorted(folder.glob("page*.png"))
    zbarimg = shutil.which("zbarimg") or "zbarimg"
    found = subprocess.run([zbarimg, "-q", "--raw", *map(str, pages)], capture_output=True, text=True, check=False)
    return found.stdout.splitlines()


def is_sound(file: Path) -> bool:
    return "No syntax or stream encoding errors" in run("qpdf", "--check", file)
