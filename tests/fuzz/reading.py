"""Targets: what stands in an input folder. Recordings, manifests, chats, tickets, transcripts of other products, label
files and reference texts."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from qc.asr.engines.refusal import AudioError
from qc.domain.config import AsrConfig, Config
from qc.domain.failure import Failure
from qc.ingest.batch import discover, read_conversations
from qc.ingest.labelled import read_labelled
from qc.ingest.references import read_references
from qc.specs.labels import read_labels
from tests.fuzz.target import Target

_IMPORTED = Config(asr=AsrConfig(engine="imported"))


def audio(suffix: str) -> Callable[[bytes, Path], Iterator[str]]:
    def run(data: bytes, folder: Path) -> Iterator[str]:
        from qc.asr.sound.audio import open_audio

        file = folder / f"a{suffix}"
        file.write_bytes(data)
        channels = open_audio(file, 300)
        for block in channels.blocks():
            assert block.shape[0] == channels.channels
            assert abs(block).max() < float("inf")
        yield from ()

    return run


def document(suffix: str) -> Callable[[bytes, Path], Iterator[str]]:
    """As `qc run` reads an input folder, with a recording beside of the same name."""

    def run(data: bytes, folder: Path) -> Iterator[str]:
        root = folder / "in"
        root.mkdir()
        (root / f"a{suffix}").write_bytes(data)
        yield from _read(root, None, Config())
        (root / "a.wav").write_bytes(b"RIFF")
        yield from _read(root, None, _IMPORTED)

    return run


def _read(root: Path, manifest: Path | None, config: Config) -> Iterator[str]:
    batch = discover(root, manifest, config)
    for failure in batch.failures:
        yield failure.message
    yield from batch.notes
    for item in read_conversations(batch):
        if isinstance(item, Failure):
            yield item.message
        else:
            assert item.id and item.turns
            item.id.encode()
            for turn in item.turns:
                turn.text.encode()
                assert turn.start_ms is None or 0 <= turn.start_ms < 1 << 53  # chats may go on for years
            assert item.meta.duration_ms is None or item.meta.duration_ms >= 0


def manifest(suffix: str) -> Callable[[bytes, Path], Iterator[str]]:
    def run(data: bytes, folder: Path) -> Iterator[str]:
        root = folder / "in"
        root.mkdir()
        (root / "A001.wav").write_bytes(b"RIFF")
        (root / "A002.json").write_text('{"id": "A002", "turns": [{"role": "客户", "text": "您好"}]}', "utf-8")
        file = folder / f"calls{suffix}"
        file.write_bytes(data)
        yield from _read(root, file, Config())

    return run


def one_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes, Path], Iterator[str]]:
    """A parser of one file that raises what is wrong."""

    def run(data: bytes, folder: Path) -> Iterator[str]:
        file = folder / name
        file.write_bytes(data)
        read(file)
        yield from ()

    return run


def in_workbook(run: Callable[[bytes, Path], Iterator[str]], sheets: int = 1) -> Callable[[bytes, Path], Iterator[str]]:
    """`run` on a sound workbook in which one part is the data: the first byte says which. So that what is tried gets
    past the checksums of the zip."""

    def inside(data: bytes, folder: Path) -> Iterator[str]:
        return run(workbook(data[1:], data[0] if data else 0, sheets), folder)

    return inside


PARTS = (
    "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml",
    "xl/workbook.xml",
    "xl/styles.xml",
    "xl/_rels/workbook.xml.rels",
    "[Content_Types].xml",
)


def workbook(part: bytes, which: int, sheets: int = 1) -> bytes:
    """A small workbook with one part replaced."""
    parts = dict(_sound(sheets))
    parts[PARTS[which % len(PARTS)]] = part
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name, content in parts.items():
            z.writestr(name, content)
    return out.getvalue()


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEETS = ("复核", "规则", "批次")


def _sound(sheets: int) -> Iterator[tuple[str, bytes]]:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>'
        for n in range(1, sheets + 1)
    )
    yield (
        "[Content_Types].xml",
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>{overrides}'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}.sharedStrings+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/></Types>'.encode(),
    )
    yield (
        "_rels/.rels",
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_REL}/officeDocument" '
        f'Target="xl/workbook.xml"/></Relationships>'.encode(),
    )
    listed = "".join(f'<sheet name="{_SHEETS[n]}" sheetId="{n + 1}" r:id="rId{n + 1}"/>' for n in range(sheets))
    yield (
        "xl/workbook.xml",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><sheets>{listed}</sheets></workbook>'.encode(),
    )
    rels = "".join(
        f'<Relationship Id="rId{n}" Type="{_REL}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, sheets + 1)
    )
    yield (
        "xl/_rels/workbook.xml.rels",
        f'<Relationships xmlns="{_PACKAGE}/relationships">{rels}'
        f'<Relationship Id="rId8" Type="{_REL}/sharedStrings" Target="sharedStrings.xml"/>'
        f'<Relationship Id="rId9" Type="{_REL}/styles" Target="styles.xml"/></Relationships>'.encode(),
    )
    yield "xl/sharedStrings.xml", f'<sst xmlns="{_MAIN}"><si><t>会话编号</t></si><si><t>您好</t></si></sst>'.encode()
    yield (
        "xl/styles.xml",
        f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
        f'<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        f'<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'.encode(),
    )
    for n in range(1, sheets + 1):
        yield f"xl/worksheets/sheet{n}.xml", sheet([_HEADERS[n - 1], _CELLS[n - 1]] if sheets > 1 else CHAT)


def sheet(rows: list[list[str]]) -> bytes:
    """A sheet of inline texts."""
    cells = "".join(
        f'<row r="{r}">' + "".join(f'<c t="inlineStr"><is><t>{c}</t></is></c>' for c in row) + "</row>"
        for r, row in enumerate(rows, 1)
    )
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{cells}</sheetData></worksheet>'.encode()


CHAT = [["会话编号", "发送方", "时间", "内容"], ["C1", "客户", "2026-11-20 09:00:00", "您好"]]
_HEADERS = [
    ["会话编号", "规则编号", "机器判定", "人工判定", "漏判的规则", "说明", "复核人", "规则版本", "规则摘要"],
    ["规则编号", "规则", "规则版本", "规则摘要"],
    ["项", "值"],
]
_CELLS = [
    ["C1", "service.opening", "命中（违规）", "未命中（达标）", "", "说了", "王芳", "1.0", "abc"],
    ["service.opening", "开头语", "1.0", "abc"],
    ["run_id", "20261120"],
]

TARGETS = (
    Target(name="audio", run=audio(".wav"), refusals=(AudioError,)),
    Target(name="audio_raw", run=audio(".vox"), refusals=(AudioError,)),
    Target(name="json", run=document(".json")),
    Target(name="jsonl", run=document(".jsonl")),
    Target(name="table", run=document(".csv")),
    Target(name="workbook", run=document(".xlsx")),
    Target(name="workbook_part", run=in_workbook(document(".xlsx"))),
    Target(name="manifest", run=manifest(".csv")),
    Target(name="manifest_parquet", run=manifest(".parquet")),
    Target(name="references", run=one_file("a.csv", read_references)),
    Target(name="references_json", run=one_file("a.jsonl", read_references)),
    Target(name="labelled", run=one_file("a.csv", read_labelled)),
    Target(name="labelled_json", run=one_file("a.jsonl", read_labelled)),
    Target(name="labels", run=one_file("a.csv", read_labels)),
    Target(name="labels_json", run=one_file("a.jsonl", read_labels)),
)
