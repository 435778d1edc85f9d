"""Places a file may name, or be: nothing outside is read or written, nobody waits for a pipe, nobody else's is ours."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from qc.asr.cache import TranscriptCache
from qc.domain.config import Config
from qc.domain.head import Task
from qc.domain.run import Lineage
from qc.errors import SpecError, UsageError
from qc.ingest.batch import discover, read_conversations
from qc.paths import planted
from qc.pipeline.plan import start
from qc.reporting.logo import inlined
from qc.reporting.pagenames import page_names
from qc.specs.rules import load_rules
from qc.specs.workspace import load_config
from qc.storage.lineage import read_lineage
from qc.text.head_file import read_head
from tests.fuzz.targets import CORPUS

IDS = (
    "..",
    ".",
    "/",
    "\\",
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\x",
    "con",
    "NUL.txt",
    "a\0b",
    "甲" * 300,
    "é",
    "e\u0301",
)
IDS = (*IDS, "A", "a", "\u202etxt.exe", "x\ny", "-rf", "~root", "", " ", "a/b", "${HOME}", "%2e%2e%2f", "*", "?", "[a]")


@pytest.mark.parametrize(
    "file",
    [
        *(
            "../../etc/passwd",
            "/etc/passwd",
            "..\\..\\secret.wav",
            "C:\\secret.wav",
            "\\\\host\\share\\a.wav",
            "//host/a",
        ),
        *(
            "a/../../secret.wav",
            "file:///etc/passwd",
            "~/secret.wav",
            "/dev/zero",
            "/proc/self/environ",
            ".",
            "..",
            "/",
        ),
        *(".", "..", "/", "*.wav", "secret.wav\0.wav", "./././../secret.wav"),
    ],
)
def test_a_manifest_leads_nowhere_else(file, tmp_path):
    (tmp_path / "secret.wav").write_bytes(b"s")
    root = tmp_path / "in"
    root.mkdir()
    (root / "1.wav").write_bytes(b"1")
    (tmp_path / "m.csv").write_text(f"录音文件,会话编号\n{file},X1\n", "utf-8")
    batch = discover(root, tmp_path / "m.csv", Config())
    assert [Path(r.file).resolve() for r in batch.recordings] == [(root / "1.wav").resolve()]
    assert [f.kind for f in batch.failures] in (["outside_root"], ["missing_recording"], [])
    if not batch.failures:  # it waits for a conversation of that id
        assert [p.document for p in batch.pending] == [None]


def test_what_is_no_file_is_not_waited_for(tmp_path, monkeypatch):
    root = tmp_path / "in"
    root.mkdir()
    for name in ("a.wav", "b.json", "c.csv", "d.xlsx"):
        os.mkfifo(root / name)
    (root / "zero.wav").symlink_to("/dev/zero")
    (root / "env.json").symlink_to("/proc/self/environ")
    (root / "loop.wav").symlink_to(root / "loop.wav")
    with socket.socket(socket.AF_UNIX) as door:
        monkeypatch.chdir(root)  # names of sockets are short
        door.bind("s.wav")
        batch = discover(root, None, Config())
        assert not batch.recordings and not list(read_conversations(batch))
    os.mkfifo(tmp_path / "m.csv")
    with pytest.raises(UsageError, match="不是普通文件"):
        discover(root, tmp_path / "m.csv", Config())


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("qc.yaml", load_config),
        ("logo.png", lambda f: inlined(str(f))),
        ("a.head", lambda f: read_head(f, Task.INTENT)),
        ("rules/a.yml", lambda f: load_rules([f.parent.parent])),
        ("rules/_lexicons/a.yml", lambda f: load_rules([f.parent.parent])),
    ],
)
def test_a_pipe_in_a_workspace_is_refused(name, read: Callable[[Path], object], tmp_path):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(tmp_path / name)
    with pytest.raises((UsageError, SpecError)):
        read(tmp_path / name)


def test_pages_of_any_ids_stay_in_their_folder(tmp_path):
    names = page_names(IDS)
    assert len({name.casefold() for name in names.values()}) == len(set(IDS))
    for name in names.values():
        (tmp_path / name).write_text("x", "utf-8")
        assert (tmp_path / name).parent.resolve() == tmp_path.resolve()
        assert name.isascii() and len(name) <= 100 and not name.startswith(("-", "."))
    assert len(list(tmp_path.iterdir())) == len(set(IDS))


@pytest.mark.parametrize("run_id", [*IDS[:11], "\u202etxt.exe", "x\ny", "-rf", "", " ", "a/b", "*", "?", ".hidden"])
def test_a_run_is_called_by_a_plain_name(run_id, tmp_path):
    with pytest.raises(UsageError, match="不能用作目录名"):
        start(tmp_path, Lineage(run_id=""), run_id=run_id, fresh=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("run_id", ["../up", "a/b", "..\\up", "/etc", "a\0b"])
def test_a_run_that_names_another_place_is_none(run_id, tmp_path):
    """Copies, data sets and reports are called by it."""
    said = json.loads((CORPUS / "run_json/a").read_text("utf-8"))
    (tmp_path / "run.json").write_text(json.dumps({**said, "run_id": run_id}), "utf-8")
    with pytest.raises(UsageError, match="读不懂"):
        read_lineage(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps(said), "utf-8")
    assert read_lineage(tmp_path).run_id == "r"


def test_an_entry_somebody_else_put_into_a_common_cache_is_not_taken(tmp_path):
    """/tmp is no place for a cache; still, what another user plants there is not what a customer said."""
    entry = tmp_path / "cache" / "ab" / "abcd.json"
    entry.parent.mkdir(parents=True)
    entry.write_bytes((CORPUS / "cache_entry/a").read_bytes())
    cache = TranscriptCache(tmp_path / "cache")
    assert cache.get("abcd") is not None
    (tmp_path / "cache").chmod(0o1777)
    assert cache.get("abcd") is not None  # our own
    stranger = os.stat_result((stat.S_IFREG | 0o644, 1, 1, 1, os.geteuid() + 4242, 0, 1, 0, 0, 0))
    assert planted(stranger, tmp_path / "cache")
    (tmp_path / "cache").chmod(0o755)
    assert not planted(stranger, tmp_path / "cache")
    if os.geteuid() == 0:
        (tmp_path / "cache").chmod(0o1777)
        os.chown(entry, 4242, 4242)
        assert cache.get("abcd") is None


def test_a_run_directory_behind_a_link_elsewhere_is_not_written_through(tmp_path):
    """A link where a part belongs is replaced by the part, not followed."""
    from qc.schema.tables import TABLES
    from qc.storage.write import part_path, write_part

    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    place = part_path(tmp_path / "run", "turns", 0)
    place.parent.mkdir(parents=True)
    place.symlink_to(outside)
    write_part(tmp_path / "run", "turns", 0, TABLES["turns"].empty_table())
    assert outside.read_bytes() == b"precious"
    assert place.is_file() and not place.is_symlink()
