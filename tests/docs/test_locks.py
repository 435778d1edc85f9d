"""The locks are in step with pyproject.toml, whole, and name no address; the audit never calls the unknown clean."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = ["core", *PROJECT["optional-dependencies"]]
_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?: ;[^\\]*)? \\")


def _pins(extra: str) -> dict[str, set[Version]]:
    """Name → versions locked (of some packages several, by system or Python)."""
    pins: dict[str, set[Version]] = {}
    for line in (ROOT / "requirements" / f"{extra}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(("#", " ")):
            continue
        found = _PIN.fullmatch(line)
        assert found is not None, f"{extra}: {line}"
        pins.setdefault(canonicalize_name(found["name"]), set()).add(Version(found["version"]))
    return pins


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "requirements" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("extra", EXTRAS)
def test_every_dependency_is_locked_as_asked_for(extra: str) -> None:
    wanted = PROJECT["dependencies"] + PROJECT["optional-dependencies"].get(extra, [])
    pins = _pins(extra)
    for line in wanted:
        asked = Requirement(line)
        locked = pins.get(canonicalize_name(asked.name), set())
        assert locked, f"requirements/{extra}.txt lacks {asked.name}: make lock"
        assert all(asked.specifier.contains(v, prereleases=True) for v in locked), f"{extra}: {line}: make lock"


@pytest.mark.parametrize("extra", EXTRAS)
def test_every_pin_has_hashes_and_no_address(extra: str) -> None:
    text = (ROOT / "requirements" / f"{extra}.txt").read_text(encoding="utf-8")
    assert not re.search(r"://|--index|--extra-index|--find-links|\bfile:| @ ", text)
    blocks = re.split(r"\n(?=[A-Za-z])", text.split("\n", 2)[2])
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)
    assert len(blocks) == sum(len(versions) for versions in _pins(extra).values())


def test_the_locks_agree() -> None:
    core = _pins("core")
    for extra in EXTRAS:
        pins = _pins(extra)
        assert {name: pins.get(name) for name in core} == core, extra
    torch = re.search(r"torch==(\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert torch is not None
    assert _pins("asr")["torch"] == {Version(torch[1])}


def test_there_is_a_lock_for_every_extra_and_no_other() -> None:
    assert sorted(p.stem for p in (ROOT / "requirements").glob("*.txt")) == sorted(EXTRAS)


def _report(**packages: list[dict[str, object]] | None) -> dict[str, object]:
    known = [
        {"name": name, "version": "1", "vulns": found} if found is not None else {"name": name, "skip_reason": "?"}
        for name, found in packages.items()
    ]
    return {"dependencies": known}


def test_what_could_not_be_looked_up_is_not_called_clean() -> None:
    told = _script("audit").told
    assert told(_report(a=[], b=[]))[0] == 0
    code, lines = told(_report(a=[], b=[{"id": "CVE-1", "fix_versions": ["2"]}], c=None))
    assert (code, lines[0]) == (1, "b 1：CVE-1，修复于 2")
    for unknown in (None, {}, {"dependencies": []}, _report(a=[], b=None), _report(a=None)):
        code, lines = told(unknown)
        assert (code, "没有查" in lines[0]) == (2, True)
