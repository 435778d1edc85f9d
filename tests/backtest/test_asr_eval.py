"""qc asr eval: stored runs and engines against references."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qc.asr.engines.transcriber import AsrIdentity
from qc.commands import cli
from qc.errors import SpecError, UsageError
from qc.storage.read import StoredRun
from tests.backtest.heard import Line, recordings, run
from tests.backtest.stored import HOSTILE, Centre, centre

SAID = {
    "a": [("客户", "我的账单不对"), ("坐席", "请打一三八一二三四五六七八退保")],
    "b": [("客户", "在吗"), ("坐席", f"您好{HOSTILE}")],
}
HEARD: dict[str, list[Line]] = {
    "a": [(1, "我的帐丹不对", 0.8), (0, "请打13812345678推保", 0.6)],
    "b": [(1, "在吗", 0.9), (0, f"您号{HOSTILE}", 0.7)],
}
BETTER: dict[str, list[Line]] = {**HEARD, "a": [(1, "我的账单不对", 0.8), (0, "请打13812345678退保", 0.6)]}


class Room:
    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._monkeypatch = folder, monkeypatch
        self.centre: Centre = centre(folder / "ws")
        (folder / "ws" / "qc.yaml").write_text(
            "default_channel: voice_inbound\nasr: {correct_words: false, digits: false}\n"
        )
        self.source = recordings(folder / "in", list(SAID))
        self.references = folder / "r.jsonl"
        rows = [{"file": f"{f}.wav", "role": r, "text": t} for f, own in SAID.items() for r, t in own]
        self.references.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")

    def run(self, engine: str, heard: dict[str, list[Line]]) -> StoredRun:
        made = run(self.centre, self.source, self.folder / "runs", engine, heard, self._monkeypatch)
        identity = AsrIdentity(engine=engine, model="none", options="o")
        self._monkeypatch.setattr("qc.pipeline.asr_eval.identify", lambda config: identity)
        return made

    def qc(self, *args: object) -> Result:
        options = ("-q", "-w", self.centre.home)
        return CliRunner().invoke(cli, ["asr", "eval", *map(str, (self.references, *args, *options))])


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    monkeypatch.setenv("QC_CACHE_DIR", str(tmp_path / "cache"))
    return Room(tmp_path, monkeypatch)


Read = Callable[[str], str]


@pytest.mark.slow
def test_an_engine_on_recordings(room: Room, tmp_path: Path) -> None:
    room.run("one 1", HEARD)
    words = tmp_path / "words.txt"
    words.write_text("退保  # 关键\n\n账单\n", encoding="utf-8")
    page, document = tmp_path / "e.html", tmp_path / "e.json"
    done = room.qc("--audio", room.source, "--keywords", words, "--html", page, "--json", document)
    assert done.exit_code == 0, done.output
    found = json.loads(document.read_text(encoding="utf-8"))
    (system,) = found["systems"]
    assert (found["format"], system["name"]) == ("qc.asr.eval", "one · none · fast")
    assert (system["substitutions"], system["insertions"], system["deletions"]) == (4, 0, 0)
    assert [(k["text"], k["said"], k["found"]) for k in system["keywords"]] == [("退保", 1, 0), ("账单", 1, 0)]
    assert {g["label"] for g in found["groups"]["role"]} == {"坐席", "客户"}
    assert found["worst"][0]["versions"][0]["errors"]["substitutions"] == 2
    html = page.read_text(encoding="utf-8")
    assert "<script>alert" not in html
    assert html.count("<script>") == 1
    assert '<p class="batch">批次' not in html  # an engine is no run
    assert "13812345678" not in html + done.output
    assert "一三八一二三四五六七八" not in html + done.output
    assert [stat.S_IMODE(path.stat().st_mode) for path in (page, document)] == [0o600, 0o600]
    assert room.qc("--audio", room.source, "--html", page, "--keep-personal-data").exit_code == 0
    assert "13812345678" in page.read_text(encoding="utf-8")


def test_two_runs_side_by_side_and_the_gate(room: Room, tmp_path: Path) -> None:
    worse, better = room.run("one 1", HEARD), room.run("two 2", BETTER)
    document = tmp_path / "e.json"
    done = room.qc("--run", worse.path, "--compare", better.path, "--json", document, "--max-cer", "1")
    assert done.exit_code == 1, done.output
    assert "已脱敏" in done.output
    found = json.loads(document.read_text(encoding="utf-8"))
    one, two = found["systems"]
    assert (one["substitutions"], two["substitutions"]) == (4, 1)
    (difference,) = found["differences"]
    assert difference["difference"] == pytest.approx(two["cer"] - one["cer"])
    assert difference["low"] <= difference["difference"] <= difference["high"] <= 0
    assert room.qc("--run", better.path, "--max-cer", "50").exit_code == 0


def test_a_run_and_an_engine(room: Room) -> None:
    made = room.run("one 1", HEARD)
    done = room.qc("--run", made.path, "--audio", room.source, "--compare", "preset=accurate")
    assert done.exit_code == 0, done.output
    assert "one · none · accurate" in done.output


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"file": "z.wav", "text": "好"}, "录音不存在"),
        ({"file": "../a.wav", "text": "好"}, "不在录音目录里"),
    ],
)
def test_recordings_that_are_not_there(room: Room, row: dict[str, str], message: str) -> None:
    room.run("one 1", HEARD)
    room.references.write_text("\n" + json.dumps(row), encoding="utf-8")
    done = room.qc("--audio", room.source)
    assert isinstance(done.exception, UsageError)
    assert "第 2 行" in done.exception.message
    assert message in done.exception.message


def test_a_run_that_lacks_a_recording(room: Room) -> None:
    made = room.run("one 1", HEARD)
    room.references.write_text(json.dumps({"file": "z.wav", "text": "好"}), encoding="utf-8")
    done = room.qc("--run", made.path)
    assert isinstance(done.exception, UsageError)
    assert "z.wav（第 1 行）" in done.exception.message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--compare", "speed=1"), "看不懂"),
        (("--compare", "preset=quick"), "preset 只能是"),
        (("--compare", "nowhere"), "批次目录不存在：nowhere"),
    ],
)
def test_what_cannot_be_compared(room: Room, options: tuple[str, ...], message: str) -> None:
    done = room.qc("--audio", room.source, *options)
    assert isinstance(done.exception, UsageError)
    assert message in done.exception.message


def test_broken_references(room: Room) -> None:
    room.references.write_text('{"file": "a.wav"}\n{', encoding="utf-8")
    done = room.qc("--audio", room.source)
    assert isinstance(done.exception, SpecError)
    assert [p.line for p in done.exception.problems] == [1, 2]
