from pathlib import Path

import pytest

from skilleval.reports.fonts import load_fonts
from skilleval.reports.paper import Paper
from tests.reports.reading import fonts_not_embedded, is_sound, text_of


@pytest.mark.slow
def test_a_form_with_empty_cells_embeds_every_font_and_takes_text_literally(tmp_path: Path) -> None:
    paper, file = Paper(load_fonts({})), tmp_path / "form.pdf"
    rows = [[paper.cell("标题", bold=True), ""], [paper.cell("<b>郑䶮</b> &amp;"), paper.cell("𠮷")]]

    file.write_bytes(paper.build([paper.title("表"), paper.grid(rows, (100, 100))], "表"))

    assert fonts_not_embedded(file) == []
    assert is_sound(file)
    text = "".join(text_of(file).split())
    assert "<b>郑䶮</b>" in text and "&amp;" in text and "𠮷" in text
