"""Chinese TrueType fonts in a PDF as one Type 0 font each: two-byte codes, only the used glyphs, text that copies back.

reportlab's own TrueType support cuts a font into subsets of 256 glyphs, so that a Chinese line is a run of font
switches, and draws a missing character as glyph 0 without a word. Here a document has one subset a font file; a chain
of fonts stands in for a character that the first one lacks; and a character that none has is refused. The names in
camel case are those that reportlab calls.
"""

import hashlib
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from struct import pack, unpack_from
from typing import Any
from weakref import WeakKeyDictionary

from reportlab.pdfbase import pdfdoc, pdfmetrics
from reportlab.pdfbase.ttfonts import TTFontFile, TTFontMaker

_COPIED_TABLES = ("cvt ", "fpgm", "prep")
_WORDS, _MORE, _SCALE, _TWO_SCALES, _MATRIX = 0x01, 0x20, 0x08, 0x40, 0x80
#: Codes of UTF-16 surrogates stand for no character, so characters beyond U+FFFF borrow them within one document.
_FIRST_BORROWED = 0xD800
_FULL_WIDTH = 1000


class UnprintableText(ValueError):
    """A character that no font of the chain has reached the page: its text was not checked before drawing."""


class Typeface:
    """One font file with TrueType outlines, read once a process."""

    def __init__(self, path: Path, index: int = 0) -> None:
        file = TTFontFile(str(path), validate=0, subfontIndex=index)
        self.name = file.name.decode("latin-1")
        self.glyphs: dict[int, int] = file.charToGlyph
        self.widths: dict[int, float] = file.charWidths
        self.ascent: float = file.ascent
        self.descent: float = file.descent
        self.metrics = {
            "Ascent": file.ascent,
            "Descent": file.descent,
            "CapHeight": file.capHeight,
            "ItalicAngle": file.italicAngle,
            "StemV": file.stemV,
            "FontBBox": pdfdoc.PDFArray(file.bbox),
        }
        self._advances: list[tuple[int, int]] = file.hmetrics
        self._offsets: list[int] = file.glyphPos
        self._outlines = memoryview(file.get_table("glyf"))
        self._tables = {tag: bytes(file.get_table(tag)) for tag in ("head", "hhea", "maxp")}
        for tag in _COPIED_TABLES:
            if tag in file.table:
                self._tables[tag] = bytes(file.get_table(tag))

    def cut(self, codes: Sequence[int]) -> tuple[bytes, dict[int, int]]:
        """A font file with the glyphs of the characters ``codes`` only, and the glyph number of each of them in it."""
        order, place, numbers = [0], {0: 0}, {}
        for code in codes:
            glyph = self.glyphs[code]
            if glyph not in place:
                place[glyph] = len(order)
                order.append(glyph)
            numbers[code] = place[glyph]
        outlines = []
        for glyph in order:  # grows while composite glyphs name their parts
            outlines.append(self._outline(glyph, order, place))
        return self._file(order, outlines), numbers

    def _outline(self, glyph: int, order: list[int], place: dict[int, int]) -> bytes:
        outline = bytes(self._outlines[self._offsets[glyph] : self._offsets[glyph + 1]])
        if len(outline) < 2 or outline[0] < 0x80:
            return outline
        parts, at, flags = bytearray(outline), 10, _MORE
        while flags & _MORE:
            flags, part = unpack_from(">HH", outline, at)
            if part not in place:
                place[part] = len(order)
                order.append(part)
            parts[at + 2 : at + 4] = pack(">H", place[part])
            at += 8 if flags & _WORDS else 6
            at += 2 if flags & _SCALE else 4 if flags & _TWO_SCALES else 8 if flags & _MATRIX else 0
        return bytes(parts)

    def _file(self, order: list[int], outlines: list[bytes]) -> bytes:
        maker = TTFontMaker()
        for tag in _COPIED_TABLES:
            if tag in self._tables:
                maker.add(tag, self._tables[tag])
        offsets, padded = [0], []
        for outline in outlines:
            padded.append(outline + b"\0" * (-len(outline) % 4))
            offsets.append(offsets[-1] + len(padded[-1]))
        head, hhea, maxp = (bytearray(self._tables[tag]) for tag in ("head", "hhea", "maxp"))
        head[8:12], head[50:52] = b"\0\0\0\0", b"\0\1"  # checksum made anew, long offsets
        hhea[34:36] = maxp[4:6] = pack(">H", len(order))
        maker.add("head", bytes(head))
        maker.add("hhea", bytes(hhea))
        maker.add("maxp", bytes(maxp))
        advances = [int(value) for glyph in order for value in self._advances[glyph]]
        maker.add("hmtx", pack(f">{len(advances)}H", *advances))
        maker.add("loca", pack(f">{len(offsets)}L", *offsets))
        maker.add("glyf", b"".join(padded))
        made: bytes = maker.makeStream()
        return made


@cache
def open_typeface(path: Path, index: int = 0) -> Typeface:
    """The typeface of a file, kept for the process."""
    return Typeface(path, index)


class _Use:
    """What one document has used of a chain so far: the characters of each typeface, by the code it writes."""

    def __init__(self, faces: int) -> None:
        self.codes: list[dict[int, int]] = [{} for _face in range(faces)]
        self.borrowed: dict[int, int] = {}
        self.names: dict[int, str] = {}


class _Face:
    """What reportlab asks of a font's face."""

    def __init__(self, name: str, ascent: float, descent: float) -> None:
        self.name, self.ascent, self.descent = name, ascent, descent


class ChainFont:
    """A font for reportlab made of a chain of typefaces: each character comes from the first that has it."""

    _multiByte = 1
    _dynamicFont = 1
    shapable = False
    encoding = None

    def __init__(self, name: str, typefaces: Sequence[Typeface]) -> None:
        self.fontName = name
        self.typefaces = tuple(typefaces)
        self.face = _Face(name, typefaces[0].ascent, typefaces[0].descent)
        self._of: dict[int, int] = {}
        self._uses: WeakKeyDictionary[Any, _Use] = WeakKeyDictionary()

    def register(self) -> None:
        """Make the font known to reportlab under its name."""
        pdfmetrics.registerFont(self)

    def face_of(self, code: int) -> int | None:
        """Which typeface of the chain draws a character; None when none does."""
        found = self._of.get(code)
        if found is None:
            for number, typeface in enumerate(self.typefaces):
                # Glyph 0 is the box that stands for what is missing.
                if typeface.glyphs.get(code):
                    self._of[code] = found = number
                    break
        return found

    def missing(self, text: str) -> list[str]:
        """The characters of ``text`` that no typeface of the chain has, each once, in their order."""
        return [char for char in dict.fromkeys(text) if self.face_of(ord(char)) is None]

    def stringWidth(self, text: str | bytes, size: float, encoding: str = "utf8") -> float:
        """The width of a text in points."""
        written = text.decode(encoding) if isinstance(text, bytes) else text
        total = 0.0
        for code in map(ord, written):
            total += self.typefaces[self._needed(code)].widths[code]
        return total * 0.001 * size

    def splitString(self, text: str | bytes, doc: Any, encoding: str = "utf-8") -> list[tuple[int, bytes]]:
        """``text`` as runs of (number of the typeface, its codes), noting what the document uses."""
        written = text.decode(encoding) if isinstance(text, bytes) else text
        use = self._use(doc)
        runs: list[tuple[int, bytearray]] = []
        for code in map(ord, written):
            face = self._needed(code)
            if not runs or runs[-1][0] != face:
                runs.append((face, bytearray()))
            short = code
            if code > 0xFFFF:
                short = use.borrowed.setdefault(code, _FIRST_BORROWED + len(use.borrowed))
            use.codes[face][short] = code
            runs[-1][1].extend((short >> 8, short & 0xFF))
        return [(face, bytes(codes)) for face, codes in runs]

    def getSubsetInternalName(self, subset: int, doc: Any) -> str:
        """The resource name of one typeface of the chain in a document."""
        use = self._use(doc)
        if not use.names:
            doc.fontMapping[self.fontName] = f"/F{len(doc.fontMapping) + 1}"
            doc.delayedFonts.append(self)
        if subset not in use.names:
            use.names[subset] = f"{doc.fontMapping[self.fontName]}+{subset}"
        return use.names[subset]

    def addObjects(self, doc: Any) -> None:
        """Embed what the document used."""
        use = self._use(doc)
        fonts = doc.idToObject["BasicFonts"].dict
        for number, name in sorted(use.names.items()):
            # A document may have asked for a font and drawn nothing with it.
            codes = dict(sorted(use.codes[number].items())) or {0x20: 0x20}
            fonts[name[1:]] = _embedded(doc, self.typefaces[number], codes, f"{self.fontName}.{number}")
        del self._uses[doc]

    def _needed(self, code: int) -> int:
        face = self._of.get(code)
        if face is None:
            face = self.face_of(code)
            if face is None:
                raise UnprintableText(f"no font has U+{code:04X}")
        return face

    def _use(self, doc: Any) -> _Use:
        use = self._uses.get(doc)
        if use is None:
            use = self._uses[doc] = _Use(len(self.typefaces))
        return use


def _embedded(doc: Any, typeface: Typeface, codes: dict[int, int], key: str) -> Any:
    file, glyphs = typeface.cut(list(codes.values()))
    base = f"{_tag(codes)}+{typeface.name}"
    name = pdfdoc.PDFName(base)
    descriptor = pdfdoc.PDFDictionary(
        {
            "Type": "/FontDescriptor",
            "FontName": name,
            "Flags": 4,
            "FontFile2": _stream(doc, file, f"file:{key}", Length1=len(file)),
            **typeface.metrics,
        }
    )
    descendant = pdfdoc.PDFDictionary(
        {
            "Type": "/Font",
            "Subtype": "/CIDFontType2",
            "BaseFont": name,
            "CIDSystemInfo": pdfdoc.PDFDictionary(
                {"Registry": pdfdoc.PDFString("Adobe"), "Ordering": pdfdoc.PDFString("Identity"), "Supplement": 0}
            ),
            "FontDescriptor": doc.Reference(descriptor, f"descriptor:{key}"),
            "DW": _FULL_WIDTH,
            "W": _widths(typeface, codes),
            "CIDToGIDMap": _stream(doc, _glyph_map(codes, glyphs), f"glyphs:{key}"),
        }
    )
    font = pdfdoc.PDFDictionary(
        {
            "Type": "/Font",
            "Subtype": "/Type0",
            "BaseFont": name,
            "Encoding": "/Identity-H",
            "DescendantFonts": pdfdoc.PDFArray([doc.Reference(descendant, f"descendant:{key}")]),
            "ToUnicode": _stream(doc, _to_unicode(codes), f"unicode:{key}"),
        }
    )
    return doc.Reference(font, f"font:{key}")


def _stream(doc: Any, content: bytes, key: str, **entries: int) -> Any:
    stream = pdfdoc.PDFStream(content=zlib.compress(content, 6), filters=[])
    stream.dictionary["Filter"] = pdfdoc.PDFName("FlateDecode")
    for entry, value in entries.items():
        stream.dictionary[entry] = value
    return doc.Reference(stream, key)


def _tag(codes: dict[int, int]) -> str:
    """Six capital letters that name a subset, the same for the same characters."""
    digest = hashlib.sha256("".join(map(chr, codes.values())).encode()).digest()
    return "".join(chr(65 + byte % 26) for byte in digest[:6])


def _widths(typeface: Typeface, codes: dict[int, int]) -> pdfdoc.PDFArray:
    entries: list[Any] = []
    for code, char in codes.items():
        width = round(typeface.widths[char])
        if width != _FULL_WIDTH:
            entries += [code, pdfdoc.PDFArray([width])]
    return pdfdoc.PDFArray(entries)


def _glyph_map(codes: dict[int, int], glyphs: dict[int, int]) -> bytes:
    table = bytearray(2 * (max(codes) + 1))
    for code, char in codes.items():
        table[2 * code : 2 * code + 2] = pack(">H", glyphs[char])
    return bytes(table)


def _to_unicode(codes: dict[int, int]) -> bytes:
    lines = [
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
        "1 begincodespacerange <0000> <FFFF> endcodespacerange",
    ]
    pairs = [f"<{code:04X}> <{chr(char).encode('utf-16-be').hex().upper()}>" for code, char in codes.items()]
    for start in range(0, len(pairs), 100):  # a block holds 100 pairs at most
        block = pairs[start : start + 100]
        lines += [f"{len(block)} beginbfchar", *block, "endbfchar"]
    lines.append("endcmap CMapName currentdict /CMap defineresource pop end end")
    return "\n".join(lines).encode()
