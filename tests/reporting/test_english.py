"""English pages hold no Chinese but what people wrote: where the data of a run has none, its pages have none.

The Chinese of stored tables is turned into as many letters, so that every place in a text stays where it was. Only
columns in which the code itself writes Chinese sentences keep them, without the words they quote.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from qc import errors
from qc.commands import cli
from qc.domain.config import ReportConfig
from qc.domain.language import speaking
from qc.ingest import details, documents, json_value, manifest
from qc.opinion import complaint_reasons as grounds
from qc.paths import packaged
from qc.pipeline.options import Options
from qc.pipeline.run import run_batch
from qc.pipeline.specs import folders
from qc.reporting import sentences
from qc.reporting.build import build_report
from qc.reporting.catalogue import read_catalogue
from qc.storage.lineage import write_lineage
from qc.storage.read import StoredRun, open_run
from tests.opinion.month import Quiet
from tests.reporting.conftest import RunBuilder
from tests.reporting.month import make_month

CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uff09\uff0b-\uffef]")
"""Characters and marks, but for the ＊ that stands for a masked one."""
OURS = {("findings", "reason"), ("failures", "message"), ("complaints", "reasons")}
"""Columns of sentences that the code writes."""
MARKS = str.maketrans("【】", "[]")
"""What marks the hit in a cell of a workbook, where nothing else can."""


def latin(text: str) -> str:
    """`text` with a letter for each Chinese character and mark."""
    return CHINESE.sub(lambda found: chr(97 + ord(found[0]) % 26), text)


def written_by_us(sentence: str, names: set[str]) -> str:
    """A sentence of the code without the users' words in it."""
    bare = re.sub("“(.*?)”", lambda quoted: f"“{latin(quoted[1])}”", sentence)
    bare = re.sub("(?<=同一地区（).*?(?=）有)|(?<=同一产品（).*?(?=）有)", lambda place: latin(place[0]), bare)
    for name in sorted(names, key=len, reverse=True):
        bare = re.sub(f"(片段 |、|随录参数 ){re.escape(name)}(?= |、)", lambda m, name=name: m[1] + latin(name), bare)
    return bare


def changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: changed(own, change) for key, own in value.items()}
    if isinstance(value, tuple):  # a pair of a map
        return tuple(changed(own, change) for own in value)
    return [changed(own, change) for own in value] if isinstance(value, list) else value


def latinised(run: Path) -> StoredRun:
    """The run with all Chinese of its users turned into letters."""
    tables = {path: pq.read_table(path) for path in sorted(run.rglob("*.parquet"))}
    names = {name for table in tables.values() if "pieces" in table.column_names for own in table["pieces"].to_pylist()
             for name in own or ()}  # fmt: skip
    for path, table in tables.items():
        columns = []
        for field in table.schema:
            ours = (path.parent.name, field.name) in OURS
            change = (lambda text: written_by_us(text, names)) if ours else latin
            values = [changed(value, change) for value in table[field.name].to_pylist()]
            columns.append(pa.array(values, field.type))
        pq.write_table(pa.Table.from_arrays(columns, schema=table.schema), path)
    stored = open_run(run)
    line = stored.lineage
    cards = tuple(replace(card, title=latin(card.title)) for card in line.scorecards)
    titles = {rule: latin(title) for rule, title in line.rule_titles.items()}
    write_lineage(run, replace(line, name=latin(line.name), rule_titles=titles, scorecards=cards))
    return open_run(run)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within = tag
        self.found += [value for _, value in attrs if value]

    def handle_data(self, data: str) -> None:
        unsaid = {"script": r"//.*", "style": r"(?s)/\*.*?\*/|:lang\(zh\)[^}]*"}.get(self._within, "(?!)")
        self.found.append(re.sub(unsaid, "", data))


def chinese_on(pages: Path) -> dict[str, list[str]]:
    """Page → its words (attributes and scripts included) with Chinese."""
    out = {}
    for path in sorted(pages.rglob("*.html")):
        reader = _Words()
        reader.feed(path.read_text(encoding="utf-8"))
        if found := [text.strip()[:200] for text in reader.found if CHINESE.search(text)]:
            out[path.name] = found
    return out


def english(run: StoredRun, out: Path, **more: Any) -> Path:
    settings = ReportConfig(language="en")
    return build_report(run, out=out, template_dirs=[packaged("reports")], settings=settings, **more).parent


def in_workbook(path: Path) -> list[str]:
    book = load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    told = [*book.sheetnames, *(str(c.value) for c in cells), *(c.comment.text for c in cells if c.comment)]
    return [text for text in told if CHINESE.search(text.translate(MARKS))]


def qc(*args: object) -> str:
    done = CliRunner().invoke(cli, [str(a) for a in args])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


BROKEN = {
    "empty.json": b"",
    "cut.json": b'{"id": "x", "turns": [',
    "wrong.json": b'{"hello": 1}',
    "list.json": b'{"id": "y", "turns": ["hello"]}',
    "bytes.jsonl": b'{"id": "z", "turns": [{"role": "agent", "text": "\xff\xfe"}]}\n{"id": "z2", "turns": []}\n5\n',
    "table.csv": b"a,b\n1,2\n",
    "calls2.csv": b"file,team\nx.wav,a\n",
    "book.xlsx": b"PK no workbook",
    "letter.wav": b"Dear all, this is a letter and no recording at all." * 4,
    "nothing.wav": b"",
    "pictures.png": b"\x89PNG",
}
MANIFEST = """conversation_id,file,satisfaction,channel,,started_at
D1,letter.wav,9,inbound,x,yesterday
,,1,,,
D1,letter.wav,5,inbound,,
D3,pictures.png,5,inbound,,
D4,../out.wav,5,chat,,
D5,lost.wav,5,telepathy,,,,too many
D6,,,,,
"""


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nights judged by the packaged rules, reviews and an appeal among them; the last one received what cannot be
    read."""
    folder = tmp_path_factory.mktemp("english")
    make_month(folder, 9, 15)
    source = folder / "broken"
    source.mkdir()
    for name, content in BROKEN.items():
        (source / name).write_bytes(content)
    talk = {"id": "T1", "工号": "", "turns": [{"role": "客户", "text": "你们到底管不管，我要投诉", "time": "soon"}]}
    (source / "talks.jsonl").write_text(json.dumps(talk, ensure_ascii=False), encoding="utf-8")
    (source / "manifest.csv").write_text(MANIFEST, encoding="utf-8")
    options = Options(out=folder / "runs", run_id="broken", workers=1)
    run_batch(source, source / "manifest.csv", folders(None), options, Quiet())
    for run in sorted((folder / "runs").iterdir()):
        if (run / "run.json").is_file():
            latinised(run)
    return folder / "runs"


@pytest.mark.slow
def test_pages_of_judged_nights_hold_no_chinese_of_ours(month: Path, tmp_path: Path) -> None:
    runs = sorted(path for path in month.iterdir() if (path / "run.json").is_file())
    last, broken = runs[-2], open_run(month / "broken")
    assert broken.table("failures").num_rows > 8 and broken.lineage.notes
    for run in (last, broken.path):
        qc("report", "run", run, "--lang", "en", "--out", tmp_path / run.name)
        qc("export", "xlsx", run, "--lang", "en", "--out", tmp_path / f"{run.name}.xlsx")
    qc("report", "month", month, "--lang", "en", "--out", tmp_path / "month")
    told = qc("opinion", "report", month, "--lang", "en", "--out", tmp_path / "opinion")
    assert len(list(tmp_path.rglob("*.html"))) > 30
    assert not chinese_on(tmp_path)
    assert not CHINESE.search(told) and not CHINESE.search((tmp_path / "opinion/alerts.json").read_text("utf-8"))
    assert not [text for run in (last, broken.path) for text in in_workbook(tmp_path / f"{run.name}.xlsx")]


def filled(form: str) -> str:
    """A sentence of that form, as a run stores it."""
    return re.sub(r"\{(\w+)\}", lambda field: "7" if field[1] in ("n", "line", "same", "col") else "x", form)


def texts(node: ast.AST | None) -> list[str]:
    """What a string of a program may read, 7 for a value."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=one, orelse=other):
            return [*texts(one), *texts(other)]
        case ast.Attribute(attr="told", value=ast.Name(id="gone")):
            return ["在本批次运行中被改动了"]
        case ast.JoinedStr(values=parts):
            pieces = [texts(p.value) or ["7"] if isinstance(p, ast.FormattedValue) else texts(p) for p in parts]
            return ["".join(own) for own in product(*pieces)]
        case ast.Call(func=ast.Name(id="printable"), args=[inside]):
            return texts(inside)
    return []


WRITERS = {
    *("Failure", "ShapeError", "AudioError", "GridError", "SheetError", "TooLargeError", "_RowError"),
    *("failed", "unheard", "row_failure", "_fail", "_note", "_set_aside"),
}
"""Who is told why an input failed, or what is to be noted."""
NAMED = {"what", "message", "note", "_NO_TRANSCRIPT", "_UNKNOWN_BESIDE", "_UNKNOWN_TABLE", "EXPECTED"}
RETURNED = {"unheard", "unjudged", "unreadable", "told", "too_long"}
ELSEWHERE = {"labelled.py", "references.py", "parquet.py", "chat.py"}
"""Read files that no run receives, or write facts, which `sentence` does not say."""
OF_REVIEWS = "第 7 行表头里没有这些列：7"


def written(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in WRITERS:
            for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                yield from texts(argument)
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in NAMED:
            yield from texts(node.value)
        elif isinstance(node, ast.FunctionDef) and node.name in RETURNED:
            yield from (text for own in ast.walk(node) if isinstance(own, ast.Return) for text in texts(own.value))


def test_every_failure_and_note_of_the_code_can_be_said() -> None:
    root = packaged("qc")
    files = [path for room in ("ingest", "asr", "sheets") for path in (root / room).rglob("*.py")]
    files += [
        root / "pipeline" / f"{n}.py" for n in ("limits", "importing", "restore", "judging", "transcribe", "retry")
    ]
    stored = {text for path in [*files, root / "errors.py"] if path.name not in ELSEWHERE for text in written(path)}
    for known in (documents.FAULTS, manifest._FAULTS, details._EXPECTED, json_value.type_names):
        stored |= set(known.values())
    stored |= {text.removesuffix("。") for pair in errors._REFUSALS.values() for text in pair}
    stored = {text for text in stored if CHINESE.search(text)} - {OF_REVIEWS}
    assert len(stored) > 100 and not [text for text in stored if sentences.sentence(text) != text]
    with speaking(read_catalogue([packaged("reports")], "en")):
        assert not sorted(text for text in stored if CHINESE.search(sentences.sentence(text)))


@pytest.mark.parametrize("piece", ["这一行", "a: ", "转写 a：", "清单第 1 行："])
def test_names_that_look_like_sentences_without_end_stay(piece: str) -> None:
    with speaking(read_catalogue([packaged("reports")], "en")):
        assert len(sentences.sentence(piece * 5000)) >= len(piece) * 4990


def test_names_full_of_our_words_are_read_at_once() -> None:
    """Tried at every place, this would take hours."""
    words = (" 个失败或隔离的输入，成功 ", " 重试：试了 ", " 的第 ", " 项应是对象，却是", "与第 ", " 行相同，只用第 ")
    hostile = [one + other * 2000 for one in words for other in words] + ["".join(words[::-1]) * 1000]
    with speaking(read_catalogue([packaged("reports")], "en")):
        assert min(len(sentences.sentence(text)) for text in hostile) > 5000
        assert (
            sentences.sentence("a:b.csv:3:c: 不是 0 到 10000 的整数")
            == "a:b.csv:3:c: not a whole number from 0 to 10000"
        )


def test_a_page_says_every_sentence_a_run_stores(sample: StoredRun, builder, tmp_path: Path) -> None:
    build: RunBuilder = builder("stored")
    for name in build.rows:
        build.rows[name] = [changed(row, latin) for row in sample.table(name).to_pylist()]
    for number, row in enumerate(r for r in build.rows["findings"] if r["verdict"] == "undecided"):
        row["reason"] = "；".join(map(filled, sentences.REASONS[number % 2 :: 2]))
    for row, note in zip(build.rows["conversations"], map(filled, sentences.FACTS[1:3]), strict=False):
        row["extra"] = [(sentences.READ_NOTE, note), ("列3", "x")]
    build.rows["failures"] = []
    for number, form in enumerate((*sentences.FAILURES, *sentences.MACHINE)):
        build.fail(f"{number}.wav", "corrupt", f"{filled(form)}。")
    for row in build.rows["complaints"]:
        row["reasons"] = [grounds.TYPE.format(title="x") + "：" + grounds.TOPIC.format(title="x")]
    cards = tuple(replace(card, title=latin(card.title)) for card in sample.lineage.scorecards)
    run = build.write(name="night", scorecards=cards, notes=tuple(map(filled, sentences.NOTES)))
    assert not chinese_on(english(run, tmp_path / "en"))
