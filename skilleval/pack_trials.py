"""Rule packs that are not in use yet: read from a file, checked with the standing ones, put in the place of one of them."""

import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from skilleval import paths
from skilleval.domain.errors import RuleBroken
from skilleval.domain.rules import Rule
from skilleval.pack_contradictions import Pack
from skilleval.packs import Library, Packs, assemble, pack_files, read_pack


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: in which file (empty: between several packs), and what."""

    file: str
    message: str


def find_pack(library: Library, named: str) -> Pack:
    """The pack with this name of the library, or in this file. Refused: neither, and a file that is malformed."""
    for pack in library.packs:
        if named == pack.key:
            return pack
    file = Path(named)
    if not file.is_file():
        known = "、".join(pack.key for pack in library.packs)
        raise RuleBroken(f"“{named}”既不是规则包的名称（{known}），也不是文件")
    return read_trial(library, file)


def read_trial(library: Library, file: Path) -> Pack:
    """The pack of a file; see ``read_text``. Refused besides: a file that is not there, or no UTF-8."""
    return read_text(library, file.stem, _text(file))


def read_text(library: Library, stem: str, text: str) -> Pack:
    """The pack of a text. It takes the key of the standing pack with its file's ``stem`` or its ``name``, else ``stem``.

    Refused with every reason: a malformed pack.
    """
    keys = {pack.key for pack in library.packs}
    named = {pack.name: pack.key for pack in library.packs}
    return read_pack(stem if stem in keys else named.get(_name(text), stem), text)


def with_pack(library: Library, pack: Pack) -> Library:
    """The library with a pack put in the place of the one of its key, or added.

    Refused with every reason: what contradicts the other packs.
    """
    if pack.key in {one.key for one in library.packs}:
        return assemble([pack if one.key == pack.key else one for one in library.packs])
    return assemble([*library.packs, pack])


def chosen_with(library: Library, packs: Packs, pack: Pack) -> Packs:
    """What a firm would use if, with what it uses now, it used this pack, in the place of the one of its key or besides."""
    names = [one.key for one in packs.packs if one.key != pack.key]
    return with_pack(library, pack).choose([*names, pack.key], packs.chosen_switches)


def with_rule(library: Library, old: Rule, new: Rule) -> Pack:
    """The pack that holds a rule, with another one in its place, for a trial: its text stays, so it is never pinned."""
    pack = next(one for one in library.packs if one.key == old.pack)
    # Where a rule refers to another one it was resolved: the version in the pack is known by its id and first day.
    same = (old.clause.id, old.valid_from)
    return replace(pack, rules=tuple(new if (one.clause.id, one.valid_from) == same else one for one in pack.rules))


def check_files(files: Sequence[Path], instance_folder: Path | None = None) -> list[Finding]:
    """Everything wrong with these files, or with all shipped and own packs where none is named; all problems at once.

    A named file is checked together with the standing packs, in the place of the one of its name.
    """
    standing = standing_files(instance_folder)
    findings: list[Finding] = []
    # What stands is checked by a call without files; otherwise it's the ground that the named files stand on.
    ground = _read_all(standing, [] if files else findings, lambda file: read_pack(file.stem, _text(file)))
    named = _read_all(files, findings, lambda file: read_trial(Library(tuple(ground)), file))
    keys = {pack.key for pack in named}
    try:
        assemble([*(pack for pack in ground if pack.key not in keys), *named]).choose()
    except RuleBroken as refusal:
        findings += [Finding("", reason) for reason in refusal.reasons]
    return findings


def standing_files(instance_folder: Path | None = None) -> list[Path]:
    """The files of the shipped packs, and of the installation's own."""
    folders = [paths.shipped("rulepacks")]
    if instance_folder is not None and (instance_folder / "rulepacks").is_dir():
        folders.append(instance_folder / "rulepacks")
    return [file for folder in folders for file in pack_files(folder)]


def _read_all(files: Iterable[Path], findings: list[Finding], read: Callable[[Path], Pack]) -> list[Pack]:
    packs = []
    for file in files:
        try:
            packs.append(read(file))
        except RuleBroken as refusal:
            findings += [Finding(file.name, reason) for reason in refusal.reasons or (refusal.message,)]
    return packs


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RuleBroken(f"规则包 {file.name} 无法读取：不是 UTF-8 文字") from error
    except OSError as error:
        raise RuleBroken(f"找不到文件 {file}") from error


def _name(text: str) -> str:
    try:
        return str(tomllib.loads(text).get("name", ""))
    except (tomllib.TOMLDecodeError, RecursionError):
        return ""  # read_pack says what is wrong with it
