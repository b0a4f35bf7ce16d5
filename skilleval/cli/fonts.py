"""``skilleval fonts``: which font prints what, what it covers, and whether it may be embedded."""

from typing import TYPE_CHECKING

import click

from skilleval.cli.output import Workplace, _, emit, json_option, pass_workplace
from skilleval.settings import CONFIG_NAME

if TYPE_CHECKING:
    from skilleval.reports.fonts import Fonts

ORIGINS = {"config": "配置文件", "system": "系统字体", "shipped": "随软件安装", "fallback": "以黑体代替"}


@click.command(help=_("显示证书与表单所用字体：用途、文件、覆盖率、嵌入许可。"))
@click.option("--text", default="", help=_("检查这些文字（如姓名）能否印出，有缺字时退出码为 1"))
@json_option
@pass_workplace
def fonts(workplace: Workplace, text: str, as_json: bool) -> None:
    """Print each role's font. Exit code 1 when ``--text`` has a character that no font has."""
    from skilleval.reports.fonts import load_fonts

    # Fonts are worth asking about before there is an installation, so its absence is no refusal here.
    installed = (workplace.folder / CONFIG_NAME).is_file()
    loaded = load_fonts(workplace.settings.fonts if installed else {})
    rows = [
        {
            "role": role,
            "label": file.label,
            "font": file.name,
            "file": file.path,
            "origin": file.origin,
            "embedding": file.embedding_label,
            "embedding_bits": file.embedding,
            "coverage": loaded.coverage(role),
        }
        for role, file in loaded.files.items()
    ]
    missing = loaded.missing_glyphs(text)
    lines = [line for role in loaded.files for line in _lines(loaded, role)]
    lines += [_("提示：{note}").format(note=note) for note in loaded.notes]
    lines += [_("缺字：{char}（{code}），没有字体能印出").format(char=char, code=code) for char, code in missing]
    if text and not missing:
        lines.append(_("“{text}”的每个字都能印出").format(text=text))
    answer = {
        "roles": rows,
        "notes": loaded.notes,
        "missing": [{"character": char, "code": code} for char, code in missing],
    }
    emit(answer, as_json, lines)
    if missing:
        click.get_current_context().exit(1)


def _lines(loaded: "Fonts", role: str) -> list[str]:
    file = loaded.files[role]
    shares = "  ".join(f"{name} {share:g}%" for name, share in loaded.coverage(role).items())
    return [
        f"{file.label}（{role}）  {file.name}  [{ORIGINS[file.origin]}]",
        f"    {file.path}",
        _("    覆盖：{shares}    嵌入许可：{bits}（fsType {raw}）").format(
            shares=shares, bits=file.embedding_label, raw=file.embedding
        ),
    ]
