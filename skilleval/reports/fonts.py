"""Which font file prints which role (宋体, 仿宋, 楷体, 黑体), what it covers, and whether it may be embedded.

A role is looked up in the installation's ``[fonts]``, then in the system's font folders, then falls back to the 黑体
that comes with the software, and says so. TrueType outlines only; a font that forbids embedding is never used. A
proprietary font is used where the system has it, and is never a dependency.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import weblate_fonts
from fontTools.ttLib import TTFont, TTLibError

from skilleval.domain.errors import RuleBroken
from skilleval.reports.typeface import ChainFont, open_typeface

ROLES = {"song": "宋体", "fangsong": "仿宋", "kai": "楷体", "hei": "黑体"}
#: The bold companion of 黑体, for headings; it can't be configured, and follows the shipped font.
BOLD = "hei_bold"

_SHIPPED = Path(weblate_fonts.__file__).parent / "static" / "weblate_fonts" / "kurinto" / "ttf"
_SHIPPED_ROLES = {"hei": "KurintoSansSC-Rg.ttf", BOLD: "KurintoSansSC-Bd.ttf"}
#: 𠮷 stands only in the Japanese cut, signs such as ※ only in the plain one.
_SHIPPED_REST = {
    "hei": ("KurintoSansJP-Rg.ttf", "KurintoSans-Rg.ttf"),
    BOLD: ("KurintoSansJP-Bd.ttf", "KurintoSans-Bd.ttf"),
}

#: File names by which systems hold a role, best first. None for 黑体: tables look the same on every machine.
_SYSTEM_ROLES = {
    "song": ("simsun.ttc", "BabelStoneHan.ttf", "uming.ttc"),
    "fangsong": ("simfang.ttf",),
    "kai": ("simkai.ttf", "LXGWWenKai-Regular.ttf", "ukai.ttc"),
}
#: Fonts with many rare characters, asked last for what no other font has.
_SYSTEM_RARE = ("simsunb.ttf", "BabelStoneHan.ttf", "HanaMinA.ttf", "HanaMinB.ttf", "LXGWWenKai-Regular.ttf")

_RESTRICTED, _NO_SUBSETS, _BITMAPS_ONLY = 0x0002, 0x0100, 0x0200
_EMBEDDING = {0x0000: "可嵌入", 0x0004: "可嵌入（预览和打印）", 0x0008: "可嵌入（可编辑）"}


@dataclass(frozen=True, slots=True)
class FontFile:
    """One font in one role. ``origin`` is config, system, shipped or fallback."""

    role: str
    path: Path
    origin: str
    name: str
    embedding: int

    @property
    def label(self) -> str:
        """The role in Chinese."""
        return ROLES.get(self.role, "黑体（粗）")

    @property
    def embedding_label(self) -> str:
        """What the font file says about embedding, in Chinese."""
        return _EMBEDDING.get(self.embedding & 0x000F, "不可嵌入")


@dataclass(frozen=True, slots=True)
class Fonts:
    """The fonts of an installation: a file for each role, and the chain that stands in for missing characters."""

    files: Mapping[str, FontFile]
    chains: Mapping[str, tuple[Path, ...]]

    @property
    def notes(self) -> tuple[str, ...]:
        """Which roles fell back to 黑体, in Chinese; empty when each has its own font."""
        return tuple(
            f"未找到{file.label}字体，以黑体代替（可在 config.toml 的 [fonts] 中指定 {role}）"
            for role, file in self.files.items()
            if file.origin == "fallback"
        )

    def font(self, role: str = "hei") -> ChainFont:
        """The font of a role, registered with reportlab under its ``fontName``."""
        return _chain(self.chains[role])

    def name(self, role: str = "hei") -> str:
        """The name under which reportlab knows the font of a role."""
        return self.font(role).fontName

    def missing_glyphs(self, text: str, role: str = "hei") -> list[tuple[str, str]]:
        """The characters of ``text`` that can't be printed in a role, each once, with its code point (U+20BB7)."""
        return [(char, f"U+{ord(char):04X}") for char in self.font(role).missing(text)]

    def coverage(self, role: str) -> dict[str, float]:
        """The share of each character set, in percent, that the role's own file has; the chain may have more."""
        glyphs = open_typeface(self.files[role].path).glyphs
        return {
            name: round(100 * sum(char in glyphs for char in chars) / len(chars), 1)
            for name, chars in character_sets().items()
        }


def load_fonts(configured: Mapping[str, str] | None = None) -> Fonts:
    """The fonts for the ``[fonts]`` of the settings, role → file.

    Refused with ``RuleBroken``: a configured file that is missing, has other outlines than TrueType, or may not be
    embedded. The message names role and file.
    """
    return _load(tuple(sorted((configured or {}).items())))


@cache
def _load(configured: tuple[tuple[str, str], ...]) -> Fonts:
    chosen = dict(configured)
    files: dict[str, FontFile] = {}
    for role in (*ROLES, BOLD):
        files[role] = _configured(role, chosen[role]) if role in chosen else _found(role)
    rare = [path for name in _SYSTEM_RARE if (path := system_fonts().get(name.lower())) and not why_unusable(path)]
    chains = {}
    for role, file in files.items():
        weight = BOLD if role == BOLD else "hei"
        shipped = [_SHIPPED / name for name in (_SHIPPED_ROLES[weight], *_SHIPPED_REST[weight])]
        own = files["hei"].path
        chain = [file.path, *shipped, own, *rare] if role == BOLD else [file.path, own, *shipped, *rare]
        chains[role] = tuple(dict.fromkeys(chain))
    return Fonts(files, chains)


def _configured(role: str, written: str) -> FontFile:
    path = Path(written)
    reason = why_unusable(path)
    if reason:
        raise RuleBroken(f"config.toml [fonts] {role}（{ROLES[role]}）：{written} {reason}")
    return _font_file(role, path, "config")


def _found(role: str) -> FontFile:
    for name in _SYSTEM_ROLES.get(role, ()):
        path = system_fonts().get(name.lower())
        if path and not why_unusable(path):
            return _font_file(role, path, "system")
    shipped = _SHIPPED / _SHIPPED_ROLES.get(role, _SHIPPED_ROLES["hei"])
    return _font_file(role, shipped, "shipped" if role in _SHIPPED_ROLES else "fallback")


def _font_file(role: str, path: Path, origin: str) -> FontFile:
    with TTFont(path, fontNumber=0, lazy=True) as font:
        return FontFile(role, path, origin, font["name"].getDebugName(4) or path.stem, font["OS/2"].fsType)


def why_unusable(path: Path) -> str | None:
    """Why a font file can't be embedded in our documents, in Chinese; None when it can."""
    try:
        # Opened here: fontTools leaves a file that it refuses open.
        with path.open("rb") as file, TTFont(file, fontNumber=0, lazy=True) as font:
            if "glyf" not in font:
                return "不是 TrueType 轮廓的字体（CFF/OpenType 轮廓不能使用）"
            if "fvar" in font:
                return "是可变字体，不能使用，请换用固定字重的字体文件"
            embedding = font["OS/2"].fsType
    except OSError:
        return "不存在或无法读取"
    except (TTLibError, KeyError, AssertionError, ValueError) as error:
        return f"不是可用的字体文件（{error}）"
    if embedding & 0x000F == _RESTRICTED or embedding & (_NO_SUBSETS | _BITMAPS_ONLY):
        return "的许可不允许嵌入文档"
    return None


@cache
def _chain(paths: tuple[Path, ...]) -> ChainFont:
    """One font a chain, so that roles that print with the same files share one embedded subset."""
    mark = hashlib.sha256("\n".join(map(str, paths)).encode()).hexdigest()[:8]
    font = ChainFont(f"{paths[0].stem}-{mark}", [open_typeface(path) for path in paths])
    font.register()
    return font


@cache
def system_fonts() -> dict[str, Path]:
    """The font files of this system by lower-case file name; the first folder wins."""
    found: dict[str, Path] = {}
    for folder in _system_folders():
        for path in sorted(folder.rglob("*.tt[cf]")) if folder.is_dir() else ():
            found.setdefault(path.name.lower(), path)
    return found


def _system_folders() -> list[Path]:
    if os.name == "nt":
        return [
            Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts",
            Path(os.environ.get("LOCALAPPDATA", "")) / "Microsoft" / "Windows" / "Fonts",
        ]
    home = Path.home()
    return [home / ".local/share/fonts", Path("/usr/local/share/fonts"), Path("/usr/share/fonts")]


@cache
def character_sets() -> dict[str, frozenset[int]]:
    """The sets that coverage is told for: GB 2312, GBK, and 罕用 characters seen in names."""
    pairs = [bytes((high, low)) for high in range(0x81, 0xFF) for low in range(0x40, 0xFF)]
    sets = {
        name: frozenset(ord(text) for pair in pairs if (text := pair.decode(codec, "ignore")) and _is_han(text))
        for name, codec in (("GB2312", "gb2312"), ("GBK", "gbk"))
    }
    return {**sets, "人名罕用字": frozenset(map(ord, _RARE_IN_NAMES))}


def _is_han(text: str) -> bool:
    return len(text) == 1 and "\u4e00" <= text <= "\u9fff"


_RARE_IN_NAMES = "䶮𠮷㐂㛃㛚㭎㸌䲟𬀩𬒈𠅤𫖯𫍯𬍛𬭚𬤇𫘜𬸪𫓧𬬻䥽𬘭鿍鿎鿏龦"
