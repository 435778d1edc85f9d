"""Where things are: packaged rules, scorecards and templates, the workspace, the cache."""

from __future__ import annotations

import os
import stat
from pathlib import Path

WORKSPACE_FILE = "qc.yaml"
_PACKAGE = Path(__file__).resolve().parent


def packaged(name: str) -> Path:
    """The shipped `rules`, `scorecards` or `reports`: beside the package in a checkout, inside it in a wheel."""
    inside = _PACKAGE / "_data" / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def find_workspace(start: Path) -> Path | None:
    """The nearest folder at or above `start` that holds `qc.yaml`, or None."""
    here = start.resolve()
    return next((d for d in (here, *here.parents) if (d / WORKSPACE_FILE).is_file()), None)


def choose(name: str, option: Path | None, workspace: Path | None) -> Path:
    """The folder in force for `name`: the option, else the workspace's, else the packaged one."""
    if option is not None:
        return option
    if workspace is not None and (workspace / name).is_dir():
        return workspace / name
    return packaged(name)


def models_dir() -> Path:
    """Weights a person fetched or imported (`qc models`); `QC_MODELS_DIR` moves it."""
    if override := os.environ.get("QC_MODELS_DIR"):
        return Path(override)
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "qc" / "models"


def pseudonym_file() -> Path:
    """The key that pseudonyms of customers and files are made with; `QC_KEY_FILE` names another."""
    if override := os.environ.get("QC_KEY_FILE"):
        return Path(override)
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "qc" / "pseudonyms.key"


def planted(status: os.stat_result, folder: Path) -> bool:
    """Whether an opened file of this `status` may have been put into `folder` by somebody else to be taken for ours:
    everybody can write there, and it belongs neither to this user nor to root."""
    everybody = bool(folder.stat().st_mode & stat.S_IWOTH)
    return everybody and hasattr(os, "geteuid") and status.st_uid not in (0, os.geteuid())


def make_private(folder: Path) -> None:
    """Make `folder` and what is missing above it, for this user alone whatever the umask. Raises OSError."""
    missing = [one for one in (folder, *folder.parents) if not one.is_dir()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)


def cache_dir() -> Path:
    """Transcripts and dictionaries that can be computed again; `QC_CACHE_DIR` moves it."""
    if override := os.environ.get("QC_CACHE_DIR"):
        return Path(override)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "qc"
