"""No bytes break a parser: the corpus again, then a few changes of it; a campaign of seconds each when slow."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.mutation import mutated
from tests.fuzz.target import Target, check
from tests.fuzz.targets import CORPUS, ROOT, TARGETS, seeds

_DEAR = {"audio", "audio_raw", "checkpoint", "given", "rows_bleep"}
"""They need the transcription extra."""
_LOCKED = {"vault_file", "vault_record", "vault_packed", "public_key", "private_key"}
"""They need the vault's."""

_HEAVY = {"checkpoint", "talk", "rows_verify", "rows_retention"}
"""Seconds for torch, for all rules, for files that are synced."""


def _loaded(name: str) -> Target:
    if name in _DEAR:
        pytest.importorskip("av")
    if name == "checkpoint":
        pytest.importorskip("torch")
    if name in _LOCKED:
        pytest.importorskip("cryptography")
    return TARGETS[name]


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] * (n in _HEAVY)) for n in TARGETS])
def test_what_is_known_breaks_no_parser(name, tmp_path):
    _all(_loaded(name), tmp_path)


def _all(target: Target, folder: Path) -> None:
    known = seeds(target.name)
    assert known
    for number, path in enumerate(known):
        here = folder / str(number)
        here.mkdir()
        check(target, path.read_bytes(), here)


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_what_is_changed_breaks_no_parser(name, tmp_path):
    target, chance = _loaded(name), random.Random(name)
    known = [path.read_bytes() for path in seeds(name)]
    for number in range(15 if name in _HEAVY else 60 if name in _DEAR else 150):
        here = tmp_path / str(number)
        here.mkdir()
        check(target, mutated(known, chance), here)


def test_every_folder_of_the_corpus_has_a_target():
    assert {path.name for path in CORPUS.iterdir()} <= set(TARGETS)


@pytest.mark.parametrize(
    ("harm", "key"),
    [
        ("raise ValueError('x')", "ValueError"),
        ("open('/tmp/qc-escaped', 'w').close()", "trespass open"),
        ("__import__('subprocess').run(['true'])", "trespass subprocess"),
        ("__import__('pickle').loads(b'cos\\nsystem\\n.')", "trespass pickle"),
        ("said.append('幺三八零零一三八')", "speech"),
        ("said.append('\\x1b[2J')", "controls"),
        ("said.append(' ')", "silent"),
        ("blob = b'x' * (450 << 20)", "memory"),
    ],
)
def test_the_property_sees_what_it_should(harm, key, tmp_path):
    """A harness that sees nothing finds nothing. In a process of its own: memory only ever grows once."""
    program = f"""
import tempfile
from pathlib import Path
from tests.fuzz.target import Broken, Target, check

def run(data, folder):
    said = ["好"]
    {harm}
    return said

try:
    check(Target(name="t", run=run), b"", Path({str(tmp_path)!r}))
except Broken as error:
    print(error.key)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(key), done.stdout + done.stderr
