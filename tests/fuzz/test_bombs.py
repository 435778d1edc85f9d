"""Small files that would be large, deep or endless: refused with a reason, in little time and memory."""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qc.privacy.contents import Lines, contents
from tests.fuzz.reading import sheet, workbook
from tests.fuzz.target import Target, check
from tests.fuzz.targets import TARGETS

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LOL = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def said(name: str, data: bytes, folder: Path) -> str:
    """What a target says of `data`, which must have the property as well."""
    (folder / "check").mkdir()
    check(TARGETS[name], data, folder / "check")
    (folder / "say").mkdir()
    try:
        return "\n".join(TARGETS[name].run(data, folder / "say"))
    except TARGETS[name].refusals as error:
        return getattr(error, "message", str(error)) or str(error)


def zipped(**parts: bytes) -> bytes:
    """A workbook with parts added or replaced, compressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(sheet([["a"]]), 0))) as sound, zipfile.ZipFile(out, "w", 8) as made:
        names = {name.replace("_", "/", 1) + ".xml": content for name, content in parts.items()}
        for name in sound.namelist():
            if name not in names:
                made.writestr(name, sound.read(name))
        for name, content in names.items():
            made.writestr(name, content)
    return out.getvalue()


def rows(inner: bytes) -> bytes:
    return f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode() + inner + b"</sheetData></worksheet>"


def strings(inner: bytes) -> bytes:
    return f'<sst xmlns="{_MAIN}">'.encode() + inner + b"</sst>"


SHEET = "xl_worksheets/sheet1"
BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "520 MiB of spaces": (lambda: zipped(**{SHEET: rows(b" " * (520 << 20))}), "超过 512 MiB"),
    "one row of two million cells": (lambda: zipped(**{SHEET: rows(b"<row>" + b"<c/>" * 2_000_000)}), "一行超过 4 MiB"),
    "twelve million empty elements between rows": (
        lambda: zipped(**{SHEET: rows(b"<a/>" * 12_000_000)}),
        "超过 Excel 所能有的",
    ),
    "two million rows": (lambda: zipped(**{SHEET: rows(b"<row/>" * 2_000_000)}), "超过 Excel 所能有的"),
    "five million strings": (lambda: zipped(xl_sharedStrings=strings(b"<si/>" * 5_000_000)), "超过 400 万条"),
    "styles of 30 MiB": (lambda: zipped(xl_styles=b"<styleSheet>" + b"<xf/>" * 6_000_000), "格式部分超过 8 MiB"),
    "a billion laughs": (
        lambda: zipped(**{SHEET: f"<!DOCTYPE a [<!ENTITY l0 'lol'>{_LOL}]>".encode() + rows(b"<row>&l9;</row>")}),
        "实体声明",
    ),
    "an entity from a file": (
        lambda: zipped(
            xl_sharedStrings=b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + strings(b"<si><t>&x;</t></si>")
        ),
        "实体声明",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_workbook_that_unpacks_beyond_measure_is_refused(name, tmp_path):
    make, expected = BOMBS[name]
    assert expected in said("workbook", make(), tmp_path)


@pytest.mark.parametrize(
    "cells",
    [
        b'<row r="9999999999999"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>',
        b'<row r="1"><c r="ZZZZZZZ1" t="inlineStr"><is><t>a</t></is></c></row>',
        b'<row r="1"><c r="XFD1" t="inlineStr"><is><t>a</t></is></c></row>' * 2000,
        b'<row r="1"><c t="s"><v>99999999</v></c></row>',
        b'<row r="1"><c t="d"><v>9999999-99-99</v></c><c s="1"><v>1e300</v></c><c><v>1e999</v></c></row>',
        b'<row r="1">' + b"<a>" * 20_000 + b"</a>" * 20_000 + b"</row>",
    ],
)
def test_cells_of_places_and_numbers_that_do_not_exist(cells, tmp_path):
    check(TARGETS["workbook"], workbook(rows(cells), 0), tmp_path)


def test_links_of_a_workbook_to_other_files_are_not_opened(tmp_path):
    """Not even looked at: `keep_links` is off."""
    link = b'<externalLink xmlns="%s"><externalBook xmlns:r="r" r:id="rId1"/></externalLink>' % _MAIN.encode()
    data = zipped(**{"xl_externalLinks/externalLink1": link})
    check(TARGETS["workbook"], data, tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("config", "a: &a [x]\nb: [*a, *a, *a, *a]\n", "Y007"),
        ("config", "a: &a {x: 1}\nb: {<<: *a}\n", "Y007"),
        ("config", "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 10)), "Y007"),
        ("config", "a: " + "[" * 100_000, "Y005"),
        ("config", "a: " + "{b: " * 100_000, "Y005"),
        ("rules", "- " * 50_000 + "a", "Y005"),
        ("config", "name: !!python/object/apply:os.system ['true']\n", "Y006"),
        ("config", "name: !!binary aGk=\n", "Y006"),
        ("config", "name: " + "x" * 3_000_000, "Y004"),
        ("config", "run: {workers: " + "9" * 100_000 + "}", "S"),
        ("config", "audio: {max_hours: .inf}", "S"),
        ("config", "audio: {max_hours: 1e999}", "S"),
        ("config", "---\na: 1\n---\na: 2\n", "Y009"),
    ],
)
def test_yaml_says_only_what_it_may(name, text, code, tmp_path):
    from qc.errors import SpecError
    from qc.specs.workspace import load_config

    check(TARGETS[name], text.encode(), tmp_path)
    if name == "config":
        (tmp_path / "q.yaml").write_text(text, "utf-8")
        with pytest.raises(SpecError) as refused:
            load_config(tmp_path / "q.yaml")
        assert any(problem.code.startswith(code) for problem in refused.value.problems)


@pytest.mark.parametrize(
    "pattern",
    [
        "(((a{1000}){1000}){1000}){1000}",
        "(a{1000}){1000}",
        "((a{0,100}){0,100}){0,100}",
        "(?:a?){500}a{500}",
        "(a|aa)+$",
        "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)[^a]",
        "[一-龥]{900}[^\\x{4e00}]{900}",
        "(" * 2000 + ")" * 2000,
        "\\p{Han}{1000}" * 50,
    ],
)
def test_a_regular_expression_takes_bounded_time_and_memory(pattern, tmp_path):
    rule = {
        "id": "a.b",
        "title": "甲",
        "severity": "low",
        "message": "第 {turn} 轮",
        "when": "p",
        "find": {"p": {"regex": pattern, "speaker": "customer"}},
        "tests": [
            {"name": "长", "expect": "miss", "turns": [{"customer": "a" * 5000 + "！"}, {"customer": "啊" * 5000}]},
            {"name": "短", "expect": "miss", "turns": [{"customer": "您好"}]},
        ],
    }
    check(TARGETS["rules"], json.dumps(rule, ensure_ascii=False).encode(), tmp_path)


def test_a_word_list_has_a_size(tmp_path):
    check(TARGETS["lexicon_text"], "".join(f"词{n}\n" for n in range(1_000_000)).encode(), tmp_path)


@pytest.mark.parametrize("data", [b'{"a":' * 100_000, b"[" * 500_000, b'{"turns":' + b"9" * 100_000 + b"}"])
@pytest.mark.parametrize("name", ["json", "jsonl", "review_file", "run_json", "parts_list", "cache_entry", "sca"])
def test_json_may_be_deep_or_huge(name, data, tmp_path):
    check(TARGETS[name], data, tmp_path)


@pytest.mark.slow
def test_json_of_nothing_but_brackets(tmp_path):
    assert "请拆成几个文件" in said("json", b"[" + b"[]," * 15_000_000 + b"[]]", tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        "会话编号,发送方,时间,内容\n".encode() + b'"' + "话".encode() * 2_000_000,
        "会话编号,发送方,时间,内容\n".encode() + b'C1,"' * 20_000,
        b"," * 1_000_000,
        b"a" * 8_000_000,
        b"\n" * 1_000_000,
        "会话编号,发送方,时间,内容\nC1,客户,-99999999999999999999,好\nC1,客户,NaN,好\nC1,客户,Infinity,好\n".encode(),
    ],
)
def test_tables_of_one_line_one_cell_or_none(data, tmp_path):
    check(TARGETS["table"], data, tmp_path)


def parquet(table: pa.Table, **options: object) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def test_a_parquet_value_that_stands_in_every_row(tmp_path):
    """One text of 8 MiB, a thousand rows that refer to it: 20 kB on disk."""
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int32()), pa.array(["A" * (8 << 20)]))
    data = parquet(pa.table({"录音文件": text}), compression="zstd")
    assert len(data) < 100_000
    with pytest.raises(Exception, match="超过 64 MiB"):
        list(TARGETS["manifest_parquet"].run(data, tmp_path))
    (tmp_path / "again").mkdir()
    check(TARGETS["manifest_parquet"], data, tmp_path / "again")


def test_parquet_of_strange_shapes(tmp_path):
    nested = pa.array([[[[["A001.wav"]]]]])
    for number, table in enumerate(
        (
            pa.table({"录音文件": nested, "会话编号": ["A001"]}),
            pa.table({"录音文件": pa.array([b"\xff\xfe"]), "会话编号": pa.nulls(1)}),
            pa.table({"会话编号": ["A"], "开始时间": pa.array([1 << 62], pa.timestamp("ms"))}),
            pa.table({"会话编号": ["A"], "时长": pa.array([float("nan")])}),
            pa.table({f"c{n}": [n] for n in range(3000)}),
        )
    ):
        (tmp_path / str(number)).mkdir()
        check(TARGETS["manifest_parquet"], parquet(table), tmp_path / str(number))


def _wav(channels: int = 1, rate: int = 8000, promised: int = 100, bits: int = 16, data: bytes = b"\0" * 100) -> bytes:
    block = channels * bits // 8 & 0xFFFF
    head = struct.pack("<HHIIHH", 1, channels, rate, rate * block & 0xFFFFFFFF, block, bits)
    return b"RIFF\xff\xff\xff\x7fWAVEfmt \x10\0\0\0" + head + b"data" + struct.pack("<I", promised) + data


@pytest.mark.parametrize(
    "data",
    [
        _wav(promised=0x7FFFFFFE),
        _wav(promised=0xFFFFFFFF),
        _wav(channels=10_000),
        _wav(channels=0),
        _wav(rate=0xFFFFFFFF),
        _wav(rate=0),
        _wav(bits=1),
        _wav(bits=0),
        b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0" + b"\xff" * 28 + _wav()[12:],
        b"fLaC\x80\0\0\x22" + b"\xff" * 34,
        b".snd" + struct.pack(">IIIII", 24, 0xFFFFFFFF, 1, 8000, 10_000) + b"\0" * 10,
        b"OggS" + b"\xff" * 300,
        b"\0\0\0\x20ftypM4A " + b"\xff\xff\xff\xff" * 50,
        b"\x1aE\xdf\xa3" + b"\xff" * 500,
    ],
)
def test_headers_that_promise_what_no_file_holds(data, tmp_path):
    pytest.importorskip("av")
    check(TARGETS["audio"], data, tmp_path)


class _Harm:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        return os.open, (str(self.path), os.O_CREAT | os.O_WRONLY)


@pytest.mark.slow
def test_a_pickle_in_a_model_is_not_executed(tmp_path):
    torch = pytest.importorskip("torch")
    from qc.asr.engines.whisper.checkpoint import vocabulary_size
    from qc.errors import UsageError

    trap = tmp_path / "executed"
    for name, form in (("new.pt", True), ("old.pt", False)):
        file = tmp_path / name
        torch.save({"dims": {}, "model_state_dict": _Harm(trap)}, file, _use_new_zipfile_serialization=form)
        with pytest.raises(UsageError, match="不是 openai-whisper 的权重文件"):
            vocabulary_size(file)
        assert not trap.exists()


def test_a_head_that_unpacks_beyond_its_size(tmp_path):
    data = json.loads((Path(__file__).parent / "corpus/head/intent").read_bytes().split(b"\n")[0])
    data["slots"] = 1 << 8
    body = json.dumps(data).encode() + b"\n" + zlib.compress(b"\0" * (32 << 20))
    check(TARGETS["head"], body, tmp_path)


@pytest.mark.slow
def test_a_packed_text_that_is_long_is_looked_through_in_pieces(tmp_path):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed:
        for _ in range(100):
            packed.write(b"138001 \n" * (1 << 17))

    def run(data: bytes, folder: Path) -> list[str]:
        (folder / "a.gz").write_bytes(data)
        assert sum(len(part.lines) for part in contents(folder / "a.gz") if isinstance(part, Lines)) > 100 << 17
        return []

    check(Target(name="pieces", run=run), out.getvalue(), tmp_path)
