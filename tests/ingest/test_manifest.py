"""Manifests as centres export them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qc.domain.config import MANIFEST_FIELDS, ManifestConfig
from qc.domain.conversation import Channel
from qc.errors import UsageError
from qc.ingest.columns import CALL, MESSAGE, TICKET, columns
from qc.ingest.manifest import read_manifest

HEADER = (
    "通话ID,录音文件,业务项目,渠道,坐席工号,坐席姓名,班组,客户号,开始时间,通话时长,振铃次数,排队时长,满意度,地区,线路"
)
ROW = "A1,a/1.wav,95598,呼入,0801,张三,一组,5501,2026/11/20 9:03,3:05,6,12.5,不满意,城东,L9"


def manifest(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def check_row(row):
    details = row.details
    meta = details.meta
    assert (details.conversation_id, details.file, details.project) == ("A1", "a/1.wav", "95598")
    assert details.channel is Channel.VOICE_INBOUND
    assert (meta.agent_id, meta.agent_name, meta.team, meta.customer_id) == ("0801", "张三", "一组", "5501")
    assert meta.started_at == "2026-11-20T09:03:00"
    assert (meta.duration_ms, meta.ring_count, meta.queue_wait_s) == (185_000, 6, 12.5)
    assert (meta.satisfaction, meta.region) == (2, "城东")
    assert dict(meta.extra) == {"线路": "L9"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(tmp_path, encoding, delimiter):
    text = f"{HEADER}\r\n{ROW}\r\n".replace(",", delimiter)
    found = read_manifest(manifest(tmp_path / "m.csv", text, encoding), ManifestConfig())
    assert not found.problems and not found.failures
    assert [r.line for r in found.rows] == [2]
    check_row(found.rows[0])


def test_title_above_the_header_and_excel_directive(tmp_path):
    text = f"sep=,\n2026年11月20日通话明细,,,\n\n{HEADER}\n{ROW}\n,,,\n"
    found = read_manifest(manifest(tmp_path / "m.csv", text), ManifestConfig())
    assert [r.line for r in found.rows] == [5]
    check_row(found.rows[0])


def test_xlsx_with_excel_types(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEADER.split(","))
    cells = ["A1", "a/1.wav", 95598, "呼入", "0801", "张三", "一组", 5501.0]
    cells += [dt.datetime(2026, 11, 20, 9, 3), dt.time(0, 3, 5), 6, 12.5, 2, "城东", "L9"]
    sheet.append(cells)
    hidden = book.create_sheet("说明", 0)
    hidden.append(["这一页不是数据"])
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "m.xlsx")
    found = read_manifest(tmp_path / "m.xlsx", ManifestConfig())
    check_row(found.rows[0])
    assert found.rows[0].line == 2
    with pytest.raises(UsageError, match="没有工作表“十月”，有：说明、Sheet"):
        read_manifest(tmp_path / "m.xlsx", ManifestConfig(sheet="十月"))


def test_after_call_work_and_transfers(tmp_path):
    cells = {"": None, "0": 0, "2次": 2, "是": 1, "未转人工": 0, "Y": 1, "转到二线": None, "-1": None}
    rows = [f"A{i},1:05,{cell}" for i, cell in enumerate(cells)]
    text = "\n".join(["通话ID,话后处理时长,转接次数", *rows]) + "\n"
    found = read_manifest(manifest(tmp_path / "m.csv", text), ManifestConfig())
    metas = [r.details.meta for r in found.rows]
    assert [m.transfers for m in metas] == list(cells.values())
    assert {m.after_call_s for m in metas} == {65}
    assert dict(metas[6].extra) == {"转接次数": "转到二线"}
    assert [(p.line, p.col) for p in found.problems] == [(8, 3), (9, 3)]
    minutes = "call_id,ACW(分钟),是否转人工\nB1,1.5,否\n"
    (row,) = read_manifest(manifest(tmp_path / "n.csv", minutes), ManifestConfig()).rows
    assert (row.details.meta.after_call_s, row.details.meta.transfers) == (90, 0)


def test_parquet(tmp_path):
    table = {"call_id": ["A1", "A2"], "duration_ms": [185000, None], "satisfaction": [5, 3], "vip": [True, None]}
    pq.write_table(pa.table(table), tmp_path / "m.parquet")
    found = read_manifest(tmp_path / "m.parquet", ManifestConfig())
    first, second = (r.details for r in found.rows)
    assert (first.conversation_id, first.meta.duration_ms, dict(first.meta.extra)) == ("A1", 185_000, {"vip": "true"})
    assert (second.meta.duration_ms, second.meta.satisfaction) == (None, 3)


def test_units_in_headers(tmp_path):
    text = "流水号,通话时长(毫秒),排队时长（分钟）,保持时长\nA1,1500,2,1:05\n"
    meta = read_manifest(manifest(tmp_path / "m.csv", text), ManifestConfig()).rows[0].details.meta
    assert (meta.duration_ms, meta.queue_wait_s, meta.hold_s) == (1500, 120, 65)


def test_own_headers_and_values(tmp_path):
    config = ManifestConfig(
        columns={"file": ("语音档",), "agent_id": ("员工",), "duration_s": ("占线",)},
        channels={"IVR转人工": Channel.VOICE_INBOUND},
        satisfaction={"A": 5},
    )
    text = "语音档,员工,占线,渠道,满意度\n1.wav,77,60,IVR转人工,A\n"
    details = read_manifest(manifest(tmp_path / "m.csv", text), config).rows[0].details
    assert (details.file, details.meta.agent_id, details.meta.duration_ms) == ("1.wav", "77", 60_000)
    assert (details.channel, details.meta.satisfaction) == (Channel.VOICE_INBOUND, 5)


def test_bad_cells_do_not_lose_the_row(tmp_path):
    text = f"{HEADER}\n{ROW}\nA2,2.wav,,传真,,,,,昨天,三分钟,很多,x,还行,,\n"
    found = read_manifest(manifest(tmp_path / "m.csv", text), ManifestConfig())
    assert len(found.rows) == 2
    meta = found.rows[1].details.meta
    assert found.rows[1].details.channel is None
    assert (meta.started_at, meta.duration_ms, meta.ring_count, meta.queue_wait_s, meta.satisfaction) == (None,) * 5
    assert meta.extra["通话时长"] == "三分钟"  # what could not be read is kept as written
    shown = {(p.line, p.message.split(":")[0]): p for p in found.problems}
    assert set(shown) == {(3, h) for h in ("渠道", "开始时间", "通话时长", "振铃次数", "排队时长", "满意度")}
    problem = shown[3, "通话时长"]
    assert (problem.path, problem.col) == ("m.csv", 10)
    assert "秒数、分:秒或时:分:秒" in problem.message
    assert "三分钟" not in problem.render()


def test_not_given_is_not_bad(tmp_path):
    text = "流水号,满意度,通话时长\nA1,未评价,-\nA2,/,\n"
    found = read_manifest(manifest(tmp_path / "m.csv", text), ManifestConfig())
    assert not found.problems
    assert all(r.details.meta.satisfaction is None and not r.details.meta.extra for r in found.rows)


def test_duplicate_and_keyless_rows_are_reported(tmp_path):
    text = "流水号,录音文件\nA1,1.wav\nA2,1.wav\nA1,3.wav\n,\n ,\nA4,4.wav\n,5.wav\n"
    found = read_manifest(manifest(tmp_path / "m.csv", text), ManifestConfig())
    assert [r.line for r in found.rows] == [2, 7, 8]
    assert [(f.input, f.kind) for f in found.failures] == [("m.csv:3", "duplicate_row"), ("m.csv:4", "duplicate_row")]
    assert "录音文件与第 2 行相同" in found.failures[0].message
    found = read_manifest(manifest(tmp_path / "m.csv", "流水号,地区\n,城东\n"), ManifestConfig())
    assert [(f.input, f.kind) for f in found.failures] == [("m.csv:2", "missing_key")]


def test_several_rows_may_name_one_chat_export(tmp_path):
    text = "流水号,录音文件\nS1,chats.jsonl\nS2,chats.jsonl\n"
    found = read_manifest(manifest(tmp_path / "m.csv", text), ManifestConfig())
    assert len(found.rows) == 2 and not found.failures


def test_no_key_column_names_the_headers_and_the_remedy(tmp_path):
    with pytest.raises(UsageError) as caught:
        read_manifest(manifest(tmp_path / "m.csv", "语音档,员工\n1.wav,77\n"), ManifestConfig())
    assert "语音档、员工" in caught.value.message
    assert "manifest:" in caught.value.hint and "file:" in caught.value.hint
    assert caught.value.exit_code == 2


def test_mapped_column_that_is_not_there(tmp_path):
    config = ManifestConfig(columns={"region": ("片区",)})
    found = read_manifest(manifest(tmp_path / "m.csv", "流水号,录音文件\nA1,1.wav\n"), config)
    assert "片区" in found.problems[0].message


def test_unknown_field_in_the_configuration(tmp_path):
    config = ManifestConfig(columns={"agent": ("员工",)})
    with pytest.raises(UsageError, match="没有 agent 这个字段") as caught:
        read_manifest(manifest(tmp_path / "m.csv", HEADER), config)
    assert "agent_id" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m.csv", b""),
        ("m.xlsx", b"not a zip"),
        ("m.xlsx", b"PK\x03\x04" + bytes(100)),
        ("m.parquet", b"PAR1"),
        ("m.pdf", b"%PDF"),
    ],
)
def test_unreadable_manifests_are_usage_errors(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=name):
        read_manifest(tmp_path / name, ManifestConfig())


def test_missing_manifest(tmp_path):
    with pytest.raises(UsageError, match="打不开"):
        read_manifest(tmp_path / "gone.csv", ManifestConfig())


def test_damaged_rows(tmp_path):
    text = '流水号,坐席姓名\nA1,张三\nA2,李\x00四\nA3,"王五\nA4,赵六\n'.encode() + b"A5,\xff\xfe\nA6,x,y\n"
    (tmp_path / "m.csv").write_bytes(text)
    found = read_manifest(tmp_path / "m.csv", ManifestConfig())
    assert [r.details.conversation_id for r in found.rows] == ["A1", "A2", "A4", "A6"]
    assert [(f.input, f.kind) for f in found.failures] == [("m.csv:4", "open_quote"), ("m.csv:6", "encoding")]
    assert found.rows[1].details.meta.agent_name == "李 四"
    assert "比表头多出几格" in found.problems[0].message


def test_quoted_line_breaks_keep_line_numbers(tmp_path):
    text = '流水号,备注\nA1,"一\n二"\nA2,三\n'
    found = read_manifest(manifest(tmp_path / "m.csv", text), ManifestConfig())
    assert [(r.line, r.details.meta.extra["备注"]) for r in found.rows] == [(2, "一\n二"), (4, "三")]


def test_repeated_and_empty_headers_lose_nothing(tmp_path):
    text = "流水号,备注,备注,\nA1,甲,乙,丙\n"
    found = read_manifest(manifest(tmp_path / "m.csv", text), ManifestConfig())
    assert dict(found.rows[0].details.meta.extra) == {"备注": "甲", "备注_3": "乙", "列4": "丙"}


def test_a_config_may_name_every_field_there_is():
    for name in MANIFEST_FIELDS:
        assert {columns(family, {name: ["某列"]}).field_of("某列") for family in (CALL, MESSAGE, TICKET)} != {None}, (
            name
        )
    assert {*CALL, *MESSAGE, *TICKET} <= set(MANIFEST_FIELDS)
