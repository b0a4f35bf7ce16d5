"""QR codes of certificates, two hundred times as fast as making each anew.

Which level, version and mask a code has is fixed here; then every module is an XOR of data bits. So a code is the code
of one text with the same length, XORed with what each differing bit changes. These differences are measured once, on
codes that segno makes, and the result equals segno's bit by bit. What a certificate's code must hold is not laid down
anywhere (national-rules 4), so the caller says.
"""

from functools import cache

import segno

from skilleval.domain.errors import RuleBroken

ERROR_LEVEL = "m"
QUIET_ZONE = 4
#: Any mask can be read; this one's worst penalty over a sample of certificate texts was the lowest.
MASK = 2
#: How many bytes each version holds at level M.
_CAPACITY = {3: 42, 4: 62, 5: 84, 6: 106, 7: 122, 8: 152, 9: 180, 10: 213}


def code_bits(text: str) -> tuple[int, int]:
    """The modules of the code of ``text`` as one integer, and the number of modules a side.

    The integer holds the rows from the top, the leftmost module highest, each row filled up to whole bytes.
    Refused with ``RuleBroken``: a text that is not ASCII, empty, or too long.
    """
    if not text.isascii() or not text or len(text) > max(_CAPACITY.values()):
        raise RuleBroken(f"二维码内容应为 1 至 {max(_CAPACITY.values())} 个英文、数字或符号，现有 {len(text)} 个字符")
    return _maker(len(text)).make(text.encode())


def code_hex(text: str) -> tuple[str, int]:
    """The code of ``text`` as hexadecimal rows of a one-bit image, and the number of modules a side."""
    bits, side = code_bits(text)
    return f"{bits:0{side * _row_bytes(side) * 2}x}", side


class _Maker:
    """Makes the codes of all texts of one length."""

    def __init__(self, length: int) -> None:
        self.version = next(version for version, capacity in _CAPACITY.items() if length <= capacity)
        self.side = 17 + 4 * self.version
        self.base = b"0" * length
        self.base_bits = self._segno(self.base)
        self.bit_changes: dict[tuple[int, int], int] = {}
        #: what the code changes by when a place holds another byte than "0"
        self.changes: list[dict[int, int]] = [{0x30: 0} for _place in range(length)]

    def make(self, text: bytes) -> tuple[int, int]:
        bits = self.base_bits
        for place, byte in enumerate(text):
            change = self.changes[place].get(byte)
            bits ^= self._change(place, byte) if change is None else change
        return bits, self.side

    def _change(self, place: int, byte: int) -> int:
        change = 0
        for bit in range(8):
            if (byte ^ 0x30) >> bit & 1:
                change ^= self._bit_change(place, bit)
        self.changes[place][byte] = change
        return change

    def _bit_change(self, place: int, bit: int) -> int:
        if (place, bit) not in self.bit_changes:
            changed = bytearray(self.base)
            changed[place] ^= 1 << bit
            self.bit_changes[place, bit] = self._segno(bytes(changed)) ^ self.base_bits
        return self.bit_changes[place, bit]

    def _segno(self, text: bytes) -> int:
        code = segno.make_qr(text, error=ERROR_LEVEL, version=self.version, mask=MASK, mode="byte", boost_error=False)
        return packed(code.matrix)


def packed(matrix: tuple[bytearray, ...]) -> int:
    """segno's matrix as one integer, in the layout of :func:`code_bits`."""
    spare = -len(matrix) % 8
    bits = 0
    for row in matrix:
        for module in row:
            bits = bits << 1 | module
        bits <<= spare
    return bits


def _row_bytes(side: int) -> int:
    return (side + 7) // 8


@cache
def _maker(length: int) -> _Maker:
    return _Maker(length)
