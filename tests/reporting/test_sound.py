"""A page plays the recording that was judged, or says why not; it never reaches outside the input folder."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from qc.domain.config import ReportConfig
from qc.errors import UsageError
from qc.reporting.build import SHEETS, build_conversation, build_report
from qc.reporting.records import read_records
from qc.reporting.sound import Recordings, Sound
from qc.storage.read import StoredRun
from tests.reporting.conftest import RunBuilder, Talk

SPOKEN = b"RIFF what was said"
ALONE = (*(sheet.name for sheet in SHEETS), "agent")
"""What to hide for a report of conversation pages only: quick to build."""


@pytest.fixture
def run_of(builder: Callable[[str], RunBuilder], tmp_path: Path) -> Callable[..., StoredRun]:
    """A run of one call, whose recording lies at `path` below the input folder and is stored as `stored`."""

    def make(path: str = "早 班/a%1#.wav", stored: str | None = None, **lineage: Any) -> StoredRun:
        build = builder("runs/one")
        build.add(Talk("A1"))
        row = build.rows["conversations"][0]
        row["source_path"] = stored or path
        row["source_sha256"] = hashlib.sha256(SPOKEN).hexdigest()
        file = tmp_path / "in" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(SPOKEN)
        return build.write(**{"input_path": str(tmp_path / "in"), **lineage})

    return make


def sound_of(run: StoredRun, kept: str, out: Path) -> Sound | None:
    recordings = Recordings(run=run, kept=kept, pages=out / "conversations", copies=out / "audio", shelf="../audio")
    return recordings.of(read_records(run, ["A1"])["A1"].meta, "A1")


def test_a_folder_named_by_personal_data_is_copied_from_and_not_linked(
    run_of: Callable[..., StoredRun], tmp_path: Path
) -> None:
    run = run_of("13812345678/a.wav", "a.wav", input_path=str(tmp_path / "in" / "138****5678"))
    copied = sound_of(run, "copy", tmp_path / "report")
    assert copied is not None and copied.address == "../audio/A1.wav"
    assert sound_of(run, "link", tmp_path / "report") == Sound(address="", problem="masked")


def test_a_link_leads_from_the_page_to_the_recording(run_of: Callable[..., StoredRun], tmp_path: Path) -> None:
    run = run_of()
    sound = sound_of(run, "link", tmp_path / "report")
    assert sound is not None and sound.problem == "" and "%23" in sound.address and "%25" in sound.address
    reached = Path(os.path.normpath(tmp_path / "report" / "conversations" / unquote(sound.address)))
    assert reached.read_bytes() == SPOKEN
    assert not (tmp_path / "report").exists(), "a link writes nothing"


def test_a_copy_travels_with_the_report(
    run_of: Callable[..., StoredRun], tmp_path: Path, templates: list[Path]
) -> None:
    (tmp_path / "in").mkdir()
    run = run_of(path="a.WAV")
    (tmp_path / "in" / "a.WAV").chmod(0o600)
    settings = ReportConfig(audio="copy", hide=ALONE)
    report = build_report(run, out=tmp_path / "report", template_dirs=templates, settings=settings).parent
    moved = tmp_path / "stick"
    report.rename(moved)
    shutil.rmtree(tmp_path / "in")
    html = (moved / "conversations" / "A1.html").read_text(encoding="utf-8")
    assert 'src="../audio/A1.wav"' in html and "media-src &#39;self&#39;" in html and "未作脱敏" in html
    assert (moved / "audio" / "A1.wav").read_bytes() == SPOKEN
    assert (moved / "audio" / "A1.wav").stat().st_mode & 0o077 == 0, "nobody may read it who could not before"


def test_none_plays_nothing(run_of: Callable[..., StoredRun], tmp_path: Path, templates: list[Path]) -> None:
    settings = ReportConfig(audio="none")
    page = build_conversation(run_of(), "A1", out=tmp_path / "x", template_dirs=templates, settings=settings)
    html = page.read_text(encoding="utf-8")
    assert "<audio" not in html and "media-src" not in html


def test_only_what_was_judged_is_played(run_of: Callable[..., StoredRun], tmp_path: Path) -> None:
    run = run_of()
    file = tmp_path / "in" / "早 班" / "a%1#.wav"
    file.write_bytes(b"another call under the same name")
    assert sound_of(run, "link", tmp_path / "r") == Sound(address="", problem="changed")
    file.unlink()
    assert sound_of(run, "copy", tmp_path / "r") == Sound(address="", problem="missing")
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("stored", ["../secret.wav", "/etc/hostname", "way/out.wav", "a\0b.wav"])
@pytest.mark.parametrize("kept", ["link", "copy"])
def test_no_path_leads_out_of_the_input_folder(
    run_of: Callable[..., StoredRun], tmp_path: Path, stored: str, kept: str
) -> None:
    run = run_of(path="ok.wav", stored=stored)
    (tmp_path / "secret.wav").write_bytes(SPOKEN)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "out.wav").write_bytes(SPOKEN)
    (tmp_path / "in" / "way").symlink_to(tmp_path / "elsewhere")
    sound = sound_of(run, kept, tmp_path / "r")
    assert sound is not None and sound.address == "" and sound.problem in ("outside", "missing")
    assert not (tmp_path / "r").exists()


def test_a_masked_name_is_found_by_its_content_and_never_shown(
    run_of: Callable[..., StoredRun], tmp_path: Path
) -> None:
    run = run_of(path="13812345678.wav", stored="138****5678.wav")
    (tmp_path / "in" / "13800005678.wav").write_bytes(b"another call")
    assert sound_of(run, "link", tmp_path / "r") == Sound(address="", problem="masked")
    assert sound_of(run, "copy", tmp_path / "r") == Sound(address="../audio/A1.wav")
    assert (tmp_path / "r" / "audio" / "A1.wav").read_bytes() == SPOKEN


def test_a_relative_input_is_found_from_the_folder_of_the_runs(
    run_of: Callable[..., StoredRun], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of(input_path="in")
    monkeypatch.chdir("/")
    sound = sound_of(run, "link", tmp_path / "r")
    assert sound is not None and sound.address.startswith("../../in/")


def test_a_full_disk_costs_no_report(
    run_of: Callable[..., StoredRun], tmp_path: Path, templates: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of()
    out = tmp_path / "report"
    build_report(run, out=out, template_dirs=templates, settings=ReportConfig(hide=ALONE))
    before = (out / "conversations" / "A1.html").read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(UsageError, match=r"报表没有写完：磁盘已满.*结果已经完整.*原来的报表没有动"):
        build_report(run, out=out, template_dirs=templates, settings=ReportConfig(audio="copy", hide=ALONE))
    assert (out / "conversations" / "A1.html").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "report", "runs"]


def test_a_chat_has_no_sound(sample: StoredRun, tmp_path: Path) -> None:
    recordings = Recordings(run=sample, kept="link", pages=tmp_path, copies=tmp_path, shelf="audio")
    assert recordings.of(read_records(sample, ["D001"])["D001"].meta, "D001") is None
