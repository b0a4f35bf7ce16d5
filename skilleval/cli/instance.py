"""``skilleval init``: make an installation."""

import click
from sqlalchemy import make_url

from skilleval.cli.output import Workplace, _, emit, json_option, pass_workplace
from skilleval.db.engine import Database, sqlite_url
from skilleval.db.secrets import KEY_NAME, create_keys
from skilleval.domain.errors import RuleBroken
from skilleval.settings import CONFIG_NAME, CONFIG_TEMPLATE, load_settings


@click.command(help=_("建立安装：数据库、带注释的 config.toml、密钥文件夹。"))
@click.option("--database-url", default="", help=_("使用 PostgreSQL 时的数据库地址（默认使用内置 SQLite）"))
@json_option
@pass_workplace
def init(workplace: Workplace, database_url: str, as_json: bool) -> None:
    """Make an installation; what is there already is never overwritten."""
    folder = workplace.folder
    if (folder / CONFIG_NAME).exists():
        raise RuleBroken(f"{folder} 已经是一个安装，未作任何改动")
    folder.mkdir(parents=True, exist_ok=True)
    quoted = database_url.replace("\\", "\\\\").replace('"', '\\"')
    text = CONFIG_TEMPLATE.replace('database_url = ""', f'database_url = "{quoted}"')
    database_file = folder / "skilleval.db"
    # The configuration comes last: a folder without it is not an installation, so a failure before can be retried.
    database = Database(database_url or sqlite_url(database_file))
    database.create()
    database.close()
    if not (folder / "keys" / KEY_NAME).exists():
        create_keys(folder / "keys")
    for own in ("rulepacks", "standards"):
        (folder / own).mkdir(exist_ok=True)
    (folder / CONFIG_NAME).write_text(text, encoding="utf-8")
    settings = load_settings(folder)
    shown = make_url(database_url).render_as_string(hide_password=True) if database_url else database_file
    emit(
        {"instance": folder, "database": shown, "keys": settings.keys_folder},
        as_json,
        [
            _("安装已建立：{folder}").format(folder=folder),
            _("数据库：{database}").format(database=shown),
            _("密钥：{keys}（请另行备份；没有它无法读取证件号码）").format(keys=settings.keys_folder),
            _("要使用网页，请先运行 skilleval accounts setup-token，凭所给口令建立第一个系统管理员。"),
        ],
    )
