"""Whatever qc writes, leak-check can read: a value that was planted in it is found."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from qc.commands import cli
from qc.privacy.contents import Skipped
from qc.privacy.leaks import Leak, leaks
from qc.storage.read import open_run
from qc.storage.summary import summarised
from tests.archive.nights import night

MOBILE = "13812345678"


def found(path: Path) -> set[tuple[str, str, int]]:
    """File, place and number of every leak; everything could be read."""
    told = list(leaks([path]))
    assert not [one for one in told if isinstance(one, Skipped)], told
    return {(one.file, one.where, one.number) for one in told if isinstance(one, Leak)}


def test_the_packed_copies_beside_a_run_are_read(tmp_path: Path) -> None:
    run = night(tmp_path / "runs", 0, talks=3)
    path = run.part_files("conversations")[0]
    table = pq.read_table(path)
    ids = table["customer_id"].to_pylist()
    at = table.column_names.index("customer_id")
    told = pa.array([MOBILE, *ids[1:]], pa.string())
    pq.write_table(table.set_column(at, table.schema.field(at), told), path)
    summarised(run)
    file = f"{run.path.name}/.summary/conversations.arrow"
    assert (file, "customer_id 列", 1) in found(run.path)


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("a.html", f"<html><p>打{MOBILE[:5]}<mark>{MOBILE[5:]}</mark>吧</p></html>", "页面文字"),
        ("b.html", f"<html>\n<a href='a/%31{MOBILE[1:]}.wav'>听</a></html>", "页面属性"),
        ("c.html", f"<html><script>x = '\\u0031{MOBILE[1:]}'</script></html>", "页面文字"),
        ("e.html", f"<html><p>打{MOBILE[:5]}<!-- x -->{MOBILE[5:]}吧</p></html>", "页面文字"),
        ("h.html", f"<html><p>打{MOBILE[:3]}<span class='heard-faint'>{MOBILE[3:]}</span>吧</p></html>", "页面文字"),
        ("f.html", f"<html><!-- {MOBILE} --></html>", "页面属性"),
        ("g.svg", f"<svg ><text><![CDATA[{MOBILE}]]></text></svg>", "页面属性"),
        ("d.json", json.dumps({"said": MOBILE.translate({48 + i: 0xFF10 + i for i in range(10)})}), "行"),
    ],
)
def test_how_pages_and_json_write_a_number(tmp_path: Path, name: str, text: str, where: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    assert {place for _, place, _ in found(tmp_path)} == {where}


def test_numbers_side_by_side_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<html><td>138</td><td>12345678</td><b>138</b>12345678<span>138</span>12345678</html>", "utf-8"
    )
    assert not found(tmp_path)


def test_columns_of_numbers_and_encoded_texts(tmp_path: Path) -> None:
    lists = pa.array([[MOBILE], []], pa.list_(pa.string())).cast(pa.list_(pa.dictionary(pa.int32(), pa.string())))
    table = pa.table({"n": [1, int(MOBILE)], "t": lists, "ms": [5, 9 * 10**9]})
    pq.write_table(table, tmp_path / "t.parquet")
    name = f"{tmp_path.name}/t.parquet"
    assert found(tmp_path) == {(name, "n 列", 2), (name, "t 列", 1)}


def test_the_names_of_columns_and_links_are_told(tmp_path: Path) -> None:
    pq.write_table(pa.table({f"138{8:05d}000": [1]}), tmp_path / "t.parquet")
    (tmp_path / "link").symlink_to("/etc/passwd")
    told = list(leaks([tmp_path]))
    assert [(one.file, one.where) for one in told if isinstance(one, Leak)] == [
        (f"{tmp_path.name}/t.parquet", "元数据")
    ]
    assert [one.reason for one in told if isinstance(one, Skipped)] == ["是链接，没有跟随"]


def test_a_name_cannot_put_words_into_the_verdict(tmp_path: Path) -> None:
    (tmp_path / "a\n没有查到个人信息。\x1b[2J.txt").write_text(MOBILE)
    done = CliRunner().invoke(cli, ["leak-check", str(tmp_path)])
    assert done.exit_code == 1
    assert [line for line in done.output.splitlines() if line.startswith("没有查到")] == []
    assert "\x1b" not in done.output


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    (tmp_path / "00000.vault").write_bytes(b"qc vault 1\n\0\0\0\5")
    (tmp_path / "shut.txt").write_text(MOBILE)
    (tmp_path / "shut.txt").chmod(0)
    told = [one for one in leaks([tmp_path]) if isinstance(one, Skipped)]
    assert ("保管库，密封着" in told[0].reason) and (os.getuid() == 0 or "没有权限" in told[1].reason)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night whose personal data was kept on purpose, and what every command makes of it."""
    root = tmp_path_factory.mktemp("all")
    source = root / "in"
    source.mkdir()
    turns = [
        {"role": "agent", "text": "您好，请问有什么可以帮您？"},
        {"role": "customer", "text": f"我要投诉，打{MOBILE}，再不来我就打12398投诉你们！"},
        {"role": "agent", "text": "不归我管。"},
    ]
    rows = [{"id": f"C{i}", "turns": turns, "customer_id": MOBILE, "agent_id": "A1"} for i in range(3)]
    (source / "chats.jsonl").write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    (source / f"{MOBILE}.jsonl").write_text("{broken\n", "utf-8")
    out = root / "out"
    kept = "--keep-personal-data"
    run = out / "runs" / "night"
    for arguments in (
        ("run", source, "--out", out / "runs", "--run-id", "before", kept, "-q", "--executor", "serial"),
        ("run", source, "--out", out / "runs", "--run-id", "night", "--fresh", kept, "-q", "--executor", "serial"),
        ("report", "conversation", "C1", "--run", run),
        ("export", "xlsx", run, "--out", out / "book.xlsx", kept),
        ("export", "csv", run, "--out", out / "csv", kept),
        ("export", "parquet", run, "--out", out / "parquet", kept),
        ("compact", out / "runs", "--to", out / "lake", kept),
        ("opinion", "report", out / "runs"),
        ("report", "month", out / "runs"),
        ("query", "select * from turns", run, "--json", out / "turns.json", kept),
        ("review", "sample", run, "--n", "2", "--out", out / "sheet.xlsx"),
    ):
        done = CliRunner().invoke(cli, [*map(str, arguments)])
        assert done.exit_code in (0, 3), (arguments, done.output, done.exception)
    summarised(open_run(run))
    work = run / ".work" / "terms"  # what a run that was killed leaves
    work.mkdir(parents=True)
    shutil.copy(run / "turns" / "part-00000.parquet", work / "part-00000.parquet")
    (run / ".work" / "retry.json").write_text(json.dumps([{"input": MOBILE}]), "utf-8")
    (run / "turns" / ".part-00000.parquet.0a1b.tmp").write_bytes((work / "part-00000.parquet").read_bytes())
    return out


_PLACES = (
    *(f"runs/night/{name}/" for name in ("conversations", "turns", "failures", ".summary", ".work/terms")),
    *(f"runs/night/{name}" for name in (".work/retry.json", "turns/.part-", "report/conversations/", "pages/")),
    *("book.xlsx!", "csv/", "parquet/", "lake/turns/", "lake/conversations/", "turns.json"),
)


@pytest.mark.slow
def test_what_was_kept_is_found_wherever_it_went(everything: Path) -> None:
    told = {file for file, _, _ in found(everything)}
    assert [place for place in _PLACES if not any(place in file for file in told)] == []


@pytest.mark.slow
def test_every_file_any_command_wrote_is_read(everything: Path, tmp_path: Path) -> None:
    """A value at the end of each file that is text; the others are tables, whose every column is looked at."""
    copy = Path(shutil.copytree(everything, tmp_path / "copy"))
    texts = [
        path for path in _files(copy) if path.suffix in (".json", ".jsonl", ".html", ".csv", ".svg", ".sha256", ".txt")
    ]
    assert {path.suffix for path in _files(copy)} <= {
        *(".json", ".jsonl", ".html", ".csv", ".xlsx", ".parquet", ".arrow", ".sha256", ".tmp", ""),
    }, "a new kind of file: let leak-check read it"
    for path in texts:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\n<p>{MOBILE}</p>")
    told = {file for file, _, _ in found(copy)}
    assert [path for path in texts if f"copy/{path.relative_to(copy)}" not in told] == []


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
