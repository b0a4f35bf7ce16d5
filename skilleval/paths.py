"""Where the shipped data folders and this installation's own folder lie."""

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent

#: names the folder of this installation; the command line's --instance wins over it
INSTANCE_VARIABLE = "SKILLEVAL_INSTANCE"


def shipped(name: str) -> Path:
    """The shipped data folder ``name``: inside the package (installed wheel) or beside it (checkout).

    Refused with ``FileNotFoundError``: a folder that is in neither place.
    """
    for folder in (_PACKAGE / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"shipped data folder {name!r} is neither in nor beside the package")


def instance(given: str | Path | None = None) -> Path:
    """The folder of this installation: the one given, else the environment's, else the checkout's, else ./instance."""
    chosen = given or os.environ.get(INSTANCE_VARIABLE)
    if chosen:
        return Path(chosen).resolve()
    checkout = _PACKAGE.parent
    if (checkout / "pyproject.toml").is_file():
        return checkout / "instance"
    return Path.cwd() / "instance"
