"""`qc verify`: sound runs are trusted; whatever is changed afterwards is told, by the check it is for."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.archive.due import due_runs
from qc.archive.purge import purge
from qc.commands import cli
from qc.domain.retention import Kept, Period, Retention
from qc.pipeline.plan import opened_again
from qc.pipeline.specs import folders
from qc.pipeline.verification.check import State, Trust, Verified
from qc.pipeline.verification.verify import verify
from qc.schema.tables import TABLES
from qc.storage.digests import read_parts, write_parts
from qc.storage.lineage import read_lineage, write_lineage
from qc.storage.read import open_run
from qc.storage.write import part_number, write_part
from tests.faults.night import Night


class Silent:
    def note(self, message: str) -> None: ...
    def stage(self, title: str, total: float | None, unit: str) -> None: ...
    def advance(self, amount: float, message: str) -> None: ...
    def finish(self) -> None: ...


@pytest.fixture(scope="session")
def sound(tonight: Night, undisturbed: tuple[Path, int]) -> tuple[Night, Path]:
    """A night and its run."""
    return tonight, undisturbed[0]


@pytest.fixture
def run(sound: tuple[Night, Path], tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(sound[1], tmp_path / sound[1].name))


def _verified(run: Path, calm: Night, **more: Any) -> Verified:
    return verify(run, folders(calm.workspace), calm.workspace, **{"sample": 100, "progress": Silent()} | more)


def _failed(done: Verified) -> dict[str, str]:
    return {c.id: "；".join([c.told, *c.problems]) for c in done.checks if c.state is State.FAILED}


def _changed(run: Path, table: str, part: int, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Rows of one part changed by somebody who makes the digests fit again: files alone do not tell."""
    stored = open_run(run)
    rows = stored.part(table, part, TABLES[table].names).to_pylist()
    change(rows)
    made = write_part(run, table, part, pa.Table.from_pylist(rows, TABLES[table]))
    parts = [made if p.path == made.path else p for p in read_parts(run) or ()]
    counts = {**stored.lineage.tables}
    counts[table] = sum(p.rows for p in parts if p.path.startswith(f"{table}/"))
    write_lineage(run, replace(stored.lineage, tables=counts, parts_digest=write_parts(run, parts)))


def test_a_sound_run_is_trusted(sound: tuple[Night, Path]) -> None:
    calm, path = sound
    done = _verified(path, calm, source=calm.source)
    assert done.trust is Trust.TRUSTED, done
    assert {c.id for c in done.checks} >= {"files", "rows", "balance", "references", "points", "verdicts", "scores"}
    assert "17 个会话" in next(c.told for c in done.checks if c.id == "verdicts")


def test_the_command_says_it_in_chinese_and_by_its_exit_code(sound: tuple[Night, Path], run: Path) -> None:
    calm, path = sound
    ask = CliRunner().invoke
    good = ask(cli, ["verify", str(path), "-w", str(calm.workspace), "-q", "--sample", "3"])
    assert good.exit_code == 0, good.output
    assert "结论：可信" in good.output
    (run / "hits" / "part-00001.parquet").unlink()
    bad = ask(cli, ["verify", str(run), "-w", str(calm.workspace), "-q"])
    assert bad.exit_code == 1
    assert "结论：不可信" in bad.output and "缺少 hits/part-00001.parquet" in bad.output
    told = json.loads(ask(cli, ["verify", str(run), "-w", str(calm.workspace), "--json"]).stdout)
    assert told["trust"] == "untrusted"
    assert {c["id"] for c in told["checks"] if c["state"] == "failed"} >= {"files", "rows"}


def _flip(run: Path) -> None:
    path = run / "turns" / "part-00002.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _extra(run: Path) -> None:
    shutil.copy(run / "turns" / "part-00000.parquet", run / "turns" / "part-00009.parquet")


def _swap(run: Path) -> None:
    one, other = (run / "findings" / f"part-0000{n}.parquet" for n in (0, 1))
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_flip, "turns/part-00002.parquet 的内容变了"),
        (_extra, "多出 turns/part-00009.parquet"),
        (_swap, "findings/part-00000.parquet 的内容变了"),
        (lambda run: (run / "parts.json").unlink(), "parts.json 不见了"),
        (lambda run: (run / "parts.json").write_text("{}"), "读不懂"),
    ],
)
def test_files_that_are_not_as_written(
    sound: tuple[Night, Path], run: Path, spoil: Callable[[Path], object], told: str
) -> None:
    spoil(run)
    assert told in _failed(_verified(run, sound[0], sample=0))["files"]


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
def test_any_table_whose_part_is_half_there(sound: tuple[Night, Path], run: Path, table: str) -> None:
    """Every check that needs it says so; none of them breaks."""
    path = open_run(run).part_files(table)[0]
    path.write_bytes(path.read_bytes()[:40])
    told = _failed(_verified(run, sound[0], source=sound[0].source))
    assert {"files", "rows"} <= set(told), told
    path.unlink()
    assert "files" in _failed(_verified(run, sound[0], source=sound[0].source))


def test_a_run_that_changes_while_it_is_looked_at(sound: tuple[Night, Path], run: Path) -> None:
    """Another command opened it again: what was half read says nothing of it."""

    class Meddling(Silent):
        def stage(self, title: str, total: float | None, unit: str) -> None:
            if title == "核对结果表":
                opened_again(run, read_lineage(run))
                shutil.rmtree(run / "turns")

    done = _verified(run, sound[0], progress=Meddling())
    assert [c.id for c in done.checks] == ["status"], done
    assert "核对期间批次被改动" in done.checks[0].told


def test_a_list_of_parts_that_was_made_to_fit(sound: tuple[Night, Path], run: Path) -> None:
    write_parts(run, (read_parts(run) or ())[1:])
    assert "摘要不符" in _failed(_verified(run, sound[0], sample=0))["files"]


def _first(column: str, value: Any) -> Callable[[list[dict[str, Any]]], object]:
    def change(rows: list[dict[str, Any]]) -> None:
        old = rows[0][column]
        rows[0][column] = value(old) if callable(value) else value

    return change


FORGED: Mapping[str, tuple[str, Callable[[list[dict[str, Any]]], object], str]] = {
    "a verdict": ("findings", _first("verdict", "undecided"), "verdicts"),
    "a finding left out": ("findings", lambda rows: rows.pop(), "references"),
    "a finding twice": ("findings", lambda rows: rows.append(dict(rows[-1])), "references"),
    "a finding of another rule": ("findings", _first("rule_id", "no.such_rule"), "references"),
    "evidence elsewhere": ("hits", _first("char_start", lambda n: n + 1), "references"),
    "evidence in no turn": ("hits", _first("turn", 99), "references"),
    "other words": ("turns", _first("text", "什么也没说过。"), "verdicts"),
    "a turn left out": ("turns", lambda rows: rows.pop(), "references"),
    "a conversation twice": ("conversations", lambda rows: rows.append(dict(rows[-1])), "balance"),
    "a conversation left out": ("conversations", lambda rows: rows.pop(), "balance"),
    "a better score": ("scores", _first("score", lambda n: 100.0 - n), "points"),
    "points given back": ("item_scores", _first("points", -50.0), "points"),
    "an item passed": ("item_scores", lambda rows: [row.update(status="passed") for row in rows], "scores"),
    "a mood": ("emotions", _first("level", 5), "verdicts"),
    "a complaint": ("complaints", _first("severity", "low"), "complaints"),
}


_QUICK = ("a verdict",)


@pytest.mark.parametrize("forgery", [pytest.param(f, marks=() if f in _QUICK else pytest.mark.slow) for f in FORGED])
def test_what_was_forged_with_fitting_digests(sound: tuple[Night, Path], run: Path, forgery: str) -> None:
    table, change, check = FORGED[forgery]
    _changed(run, table, 0, change)
    failed = _failed(_verified(run, sound[0]))
    assert check in failed, failed
    assert "files" not in failed


_SAID_TWICE = {
    "findings": ("verdict", "reason", "hit_count", "first_turn", "kind", "severity", "status", "pieces"),
    "hits": ("turn", "char_start", "char_end", "text", "piece", "operator", "role"),
    "scores": ("raw_score", "score", "grade", "passed", "base", "scorecard_digest", "business_error"),
    "item_scores": ("status", "points", "max_points", "hits", "section_points", "fatal", "effect"),
    "conversations": ("turn_count", "agent_turns", "primary_topic", "not_applicable", "customer_emotion_level"),
    "emotions": ("polarity", "label", "level", "smoothed", "snownlp"),
}
"""Columns that follow from others: that one was changed can be known without any digest."""
_OTHER = {
    pa.string(): st.sampled_from(["hit", "miss", "low", "另外", "x.y"]),
    pa.int32(): st.integers(0, 99),
    pa.float32(): st.floats(0, 99, width=32),
    pa.float64(): st.floats(0, 99),
    pa.bool_(): st.booleans(),
}


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_cell_that_follows_from_others(
    sound: tuple[Night, Path], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    table = data.draw(st.sampled_from(sorted(_SAID_TWICE)))
    column = data.draw(st.sampled_from(_SAID_TWICE[table]))
    stored = open_run(sound[1])
    part = data.draw(st.sampled_from([part_number(p) for p in stored.part_files(table)]))
    rows = stored.part(table, part, [column])[column].to_pylist()
    if not rows:
        return
    row = data.draw(st.integers(0, len(rows) - 1))
    kind = TABLES[table].field(column).type
    value = data.draw(_OTHER.get(kind, st.just(["另外"])).filter(lambda v: v != rows[row]))
    path = Path(shutil.copytree(sound[1], tmp_path_factory.mktemp("cell") / sound[1].name))
    _changed(path, table, part, lambda rows: rows[row].update({column: value}))
    assert _verified(path, sound[0]).trust is Trust.UNTRUSTED, (table, column, part, row, value)


@pytest.mark.slow
def test_sources(sound: tuple[Night, Path], tmp_path: Path) -> None:
    calm, path = sound
    source = Path(shutil.copytree(calm.source, tmp_path / "in"))
    (source / "R1.wav").rename(source / "renamed.wav")
    assert _verified(path, calm, sample=0, source=source).trust is Trust.TRUSTED
    (source / "R2.wav").unlink()
    partly = _verified(path, calm, sample=0, source=source)
    assert partly.trust is Trust.PARTLY
    assert "1 个不在" in partly.checks[-1].told
    (source / "R3.wav").write_bytes(b"RIFF other")
    assert "R3.wav 的内容与质检时不同" in _failed(_verified(path, calm, sample=0, source=source))["sources"]


@pytest.mark.slow
def test_rules_that_changed_since(sound: tuple[Night, Path], tmp_path: Path) -> None:
    """Outside git only what is still the same is judged; in git the rules of then are found."""
    calm, path = sound
    home = Path(shutil.copytree(calm.workspace, tmp_path / "ws"))
    git: Callable[..., object] = lambda *args: subprocess.run(  # noqa: E731
        ["git", "-C", home, "-c", "user.name=n", "-c", "user.email=e", *args], check=True, capture_output=True
    )
    rule = home / "rules" / "service" / "sorry.yml"
    now = replace(calm, workspace=home)

    def edit(word: str) -> None:
        text = rule.read_text("utf-8")
        rule.write_text(text.replace("keyword: [非常抱歉]", f"keyword: [{word}]"), encoding="utf-8")

    edit("您好")
    partly = _verified(path, now)
    assert partly.trust is Trust.PARTLY, partly
    (judged,) = [c for c in partly.checks if c.id == "verdicts"]
    assert "2 条规则的结果都相同" in judged.told and "1 条规则和评分没有重判" in judged.told
    shutil.copytree(calm.workspace, home, dirs_exist_ok=True)
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "then")
    edit("您好")
    git("commit", "-qam", "now")
    whole = _verified(path, now)
    assert whole.trust is Trust.TRUSTED, whole
    assert "git 版本" in next(c.told for c in whole.checks if c.id == "verdicts")
    assert _verified(path, now, revision="HEAD~1").trust is Trust.TRUSTED
    _forged(path, now, tmp_path)


def _forged(path: Path, now: Night, folder: Path) -> None:
    """With the rules of then, a forged verdict is still told."""
    copy = Path(shutil.copytree(path, folder / path.name))
    _changed(copy, "findings", 0, _first("verdict", "undecided"))
    assert "verdicts" in _failed(_verified(copy, now))


def test_a_run_of_before_and_one_that_is_not_done(sound: tuple[Night, Path], run: Path) -> None:
    (run / "parts.json").unlink()
    write_lineage(run, replace(read_lineage(run), parts_digest=""))
    old = _verified(run, sound[0])
    assert old.trust is Trust.PARTLY
    assert "较早的版本" in next(c.told for c in old.checks if c.id == "files")
    write_lineage(run, replace(read_lineage(run), status="running"))  # type: ignore[arg-type]
    assert "没有做完" in _failed(_verified(run, sound[0]))["status"]
    told = CliRunner().invoke(cli, ["verify", str(run), "-w", str(sound[0].workspace), "-q"])
    assert told.exit_code == 1
    assert "还不能用" in told.output and "备份" not in told.output


@pytest.mark.slow
def test_a_run_that_only_forgot_its_recordings_is_checked_like_any_other(sound: tuple[Night, Path], run: Path) -> None:
    """Where they lay decides nothing; once words are gone, there is nothing left to compare."""
    calm, _ = sound
    for kind, checked in ((Kept.AUDIO, True), (Kept.TEXT, False)):
        retention = Retention(default={kind: Period(days=1)})
        (one,), _ = due_runs([open_run(run)], retention, date(2099, 1, 1), run / "none")
        purge(one, date(2099, 1, 1), lambda _: nullcontext(), lambda: None)
        done = _verified(run, calm)
        assert done.trust is (Trust.TRUSTED if checked else Trust.PARTLY), done
        assert ("verdicts" in {c.id for c in done.checks}) is checked
    told = CliRunner().invoke(cli, ["verify", str(run)])
    assert "--at" not in told.stdout and "按保留期清除掉的，无从核对" in told.stdout
