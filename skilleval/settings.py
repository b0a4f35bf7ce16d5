"""The settings of one installation: ``config.toml`` in its instance folder."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skilleval.domain.accounts import ROLES
from skilleval.domain.duties import merged_duties
from skilleval.domain.errors import RuleBroken

CONFIG_NAME = "config.toml"

CONFIG_TEMPLATE = """\
# skilleval 安装配置。改动后无需重装，下一条命令即生效。

# 数据库地址。留空则使用本文件夹内的 skilleval.db（SQLite）。
# 使用 PostgreSQL 时写作 "postgresql+psycopg://用户:口令@主机/库名"
database_url = ""

[certificate]
# 证书上印制的查询网址（人社鉴发〔2021〕1号）
query_url = "http://jndj.osta.org.cn"
institution_url = "http://pjjg.osta.org.cn"
# 演示安装为 true：证书与公示印“演示”字样，不得用于正式认定
demo = false

[duties]
# 同一批次中允许由一人兼任的职责，例如 [["review", "approve"]]；留空则五项职责互不兼任。
# 职责：register 组织报名、score 评分、review 审核、approve 审批、issue 发证。兼任削弱互相监督，只供人手不足的企业使用。
merge = []

[web]
# 持有这些角色的账号登录时必须使用动态口令，例如 ["administrator", "issuer", "approver"]
totp_roles = []
# 浏览器访问本系统所用的主机名；其他主机名一律拒绝。供局域网使用时加上服务器的名字或地址
trusted_hosts = ["localhost", "127.0.0.1"]
# 前面有 HTTPS 反向代理时为 true：登录凭据只经加密连接传送
https = false
# 公众能打开的本系统网址，例如 "https://rd.example.cn"。填写后，证书二维码指向本系统的证书核验页；留空则印官方查询网址
public_url = ""

[imports]
# 上传后没有写入也没有放弃的文件保存几天（从最后一次检查算起，1 至 90），过后连同检查结果一并删除，没有写入任何数据
keep_days = 14

[fonts]
# 证书与表单所用字体文件（TrueType 轮廓）。留空则在系统字体中查找，找不到时用随软件安装的黑体。
song = ""
fangsong = ""
kai = ""
hei = ""
"""


@dataclass(frozen=True, slots=True)
class CertificateSettings:
    """What is printed on certificates besides the record itself."""

    query_url: str = "http://jndj.osta.org.cn"
    institution_url: str = "http://pjjg.osta.org.cn"
    demo: bool = False


@dataclass(frozen=True, slots=True)
class WebSettings:
    """How the web application is entered."""

    #: roles whose accounts must sign in with one-time codes
    totp_roles: tuple[str, ...] = ()
    #: host names by which browsers may ask; any other is refused
    trusted_hosts: tuple[str, ...] = ("localhost", "127.0.0.1")
    #: whether browsers come through HTTPS, so that cookies are sent over nothing else
    https: bool = False
    #: where the public reaches the application, without a slash at the end; empty where it does not
    public_url: str = ""


#: days for which a file that waits to be imported may be kept at most: it is full of personal data
MOST_KEEP_DAYS = 90


@dataclass(frozen=True, slots=True)
class ImportSettings:
    """How long files wait that were uploaded to be imported."""

    #: days from the last check of a file that nobody wrote or gave up until it goes: longer than the longest holiday
    keep_days: int = 14


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation: its folder and what its config.toml says."""

    folder: Path
    database_url: str = ""
    certificate: CertificateSettings = CertificateSettings()
    web: WebSettings = WebSettings()
    imports: ImportSettings = ImportSettings()
    #: duties of a batch that one person may have together
    merged_duties: tuple[frozenset[str], ...] = ()
    #: font files by role: song, fangsong, kai, hei; a role that is not set is looked up in the system
    fonts: Mapping[str, str] = field(default_factory=dict)

    @property
    def database_file(self) -> Path:
        """The embedded database, used when ``database_url`` is empty."""
        return self.folder / "skilleval.db"

    @property
    def keys_folder(self) -> Path:
        """Where the keys lie. They are not part of a backup of the database."""
        return self.folder / "keys"


def load_settings(folder: Path) -> Settings:
    """The settings in ``folder/config.toml``.

    Refused with ``RuleBroken``: a folder without the file, a file that is not TOML, an unknown key, a value
    of the wrong type. The message names file and key.
    """
    file = folder / CONFIG_NAME
    if not file.is_file():
        raise RuleBroken(f"{folder} 不是 skilleval 的安装文件夹（没有 {CONFIG_NAME}），请先运行 skilleval init")
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RuleBroken(f"{file} 无法读取：{error}") from error
    certificate = _section(content, "certificate", {"query_url": str, "institution_url": str, "demo": bool}, file)
    fonts = _section(content, "fonts", {"song": str, "fangsong": str, "kai": str, "hei": str}, file)
    web = _section(content, "web", {"totp_roles": list, "trusted_hosts": list, "https": bool, "public_url": str}, file)
    imports = _section(content, "imports", {"keep_days": int}, file)
    duties = _section(content, "duties", {"merge": list}, file)
    database_url = content.pop("database_url", "")
    if not isinstance(database_url, str):
        raise RuleBroken(f"{file}：database_url 应为文字")
    if content:
        raise RuleBroken(f"{file}：不认识的配置项 {'、'.join(sorted(content))}")
    return Settings(
        folder=folder,
        database_url=database_url,
        certificate=CertificateSettings(**certificate),
        web=_web(web, file),
        imports=_imports(imports, file),
        merged_duties=_merged(duties.get("merge", []), file),
        fonts={role: path for role, path in fonts.items() if path},
    )


def _web(section: dict[str, Any], file: Path) -> WebSettings:
    known = WebSettings()
    hosts = section.get("trusted_hosts", list(known.trusted_hosts))
    if not hosts or not all(isinstance(host, str) and host.strip() for host in hosts):
        raise RuleBroken(f"{file}：[web] trusted_hosts 应为至少一个主机名，例如 [\"localhost\"]")
    public = section.get("public_url", "").strip().rstrip("/")
    if public and not public.startswith(("http://", "https://")):
        raise RuleBroken(f"{file}：[web] public_url 应以 https:// 或 http:// 开头，现为 {public}")
    return WebSettings(_roles(section.get("totp_roles", []), file), tuple(hosts), section.get("https", known.https), public)


def _imports(section: dict[str, Any], file: Path) -> ImportSettings:
    days = section.get("keep_days", ImportSettings().keep_days)
    if isinstance(days, bool) or not 1 <= days <= MOST_KEEP_DAYS:
        raise RuleBroken(f"{file}：[imports] keep_days 应为 1 至 {MOST_KEEP_DAYS} 的整数（天），现为 {days}")
    return ImportSettings(days)


def _roles(written: list[Any], file: Path) -> tuple[str, ...]:
    for role in written:
        if not isinstance(role, str) or role not in ROLES:
            raise RuleBroken(f"{file}：[web] totp_roles 中没有角色 {role!r}，可用 {'、'.join(ROLES)}")
    return tuple(written)


def _merged(written: list[Any], file: Path) -> tuple[frozenset[str], ...]:
    if not all(isinstance(group, list) and all(isinstance(one, str) for one in group) for group in written):
        raise RuleBroken(f'{file}：[duties] merge 应写作 [["review", "approve"]]')
    try:
        return merged_duties(written)
    except RuleBroken as refusal:
        raise RuleBroken(f"{file}：[duties] merge {refusal.message}") from refusal


def _section(content: dict[str, Any], name: str, keys: dict[str, type], file: Path) -> dict[str, Any]:
    section = content.pop(name, {})
    if not isinstance(section, dict):
        raise RuleBroken(f"{file}：[{name}] 应为一节")
    for key, value in section.items():
        if key not in keys:
            raise RuleBroken(f"{file}：[{name}] 中不认识的配置项 {key}")
        if not isinstance(value, keys[key]):
            raise RuleBroken(f"{file}：[{name}] {key} 的类型不对")
    return section
