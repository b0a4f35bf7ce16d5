import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from skilleval.domain.errors import RuleBroken
from skilleval.reports import qr

ADDRESS = "http://jndj.osta.org.cn#"


def made_by_segno(text: str) -> int:
    version = next(version for version, capacity in qr._CAPACITY.items() if len(text) <= capacity)
    code = segno.make_qr(
        text.encode(), error=qr.ERROR_LEVEL, version=version, mask=qr.MASK, mode="byte", boost_error=False
    )
    return qr.packed(code.matrix)


@given(st.from_regex(r"Y[0-9]{21}", fullmatch=True))
@settings(max_examples=60, deadline=None)
def test_a_code_of_a_certificate_number_equals_segnos_bit_by_bit(number: str) -> None:
    assert qr.code_bits(ADDRESS + number)[0] == made_by_segno(ADDRESS + number)


@pytest.mark.parametrize("length", [1, 42, 43, 62, 63, 84, 106, 107, 213])
def test_a_text_of_any_allowed_length_equals_segnos(length: int) -> None:
    text = ("Ab9#~ /" * 40)[:length]

    bits, side = qr.code_bits(text)

    assert bits == made_by_segno(text)
    assert len(qr.code_hex(text)[0]) == side * ((side + 7) // 8) * 2


@pytest.mark.parametrize("text", ["", "证书", "x" * 214])
def test_a_text_that_is_empty_not_ascii_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(RuleBroken, match="二维码内容"):
        qr.code_bits(text)
