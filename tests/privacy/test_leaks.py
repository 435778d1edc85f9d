"""What a masked run wrote holds no personal data, whatever the spelling; what leaks is found, wherever it lies."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from bench.planted import NUMERIC, talks
from qc.commands import cli
from qc.errors import UsageError
from qc.privacy.contents import Skipped
from qc.privacy.leaks import Known, Leak, leaks, read_known

CARD = "6222021234567890128"


def found(path: Path, *known: str) -> list[tuple[str, str, int]]:
    return [
        (one.type, one.where, one.number)
        for one in leaks([path], Known(known) if known else None)
        if isinstance(one, Leak)
    ]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("打13812345678", "mobile"),
        ("138-1234-5678", "mobile"),
        ("１３８１２３４５６７８", "mobile"),
        ("138\u200b1234\u200b5678", "mobile"),
        ("+8613812345678", "mobile"),
        ("tel13812345678", "mobile"),
        ("A110101199003077758", "id_card"),
        ("身份证11010519491231002X。", "id_card"),
        (f"卡{CARD}", "bank_card"),
        ("010-62345678", "landline"),
        ("（0551）65123478", "landline"),
        ("138\u202e1234\u202c5678", "mobile"),
        ("zhang.san@qq.com", "email"),
        ("幺三八一二三四五六七八", "spoken"),
        ("一三八，一二三四，五六七八", "spoken"),
        ("幺三勾，一二三四，五六七八", "spoken"),
        ("一三八，三个八，零零三个七", "spoken"),
        ("工单联系电话13812345678", "mobile"),
        ("订单收货人手机138-1234-5678", "mobile"),
    ],
)
def test_what_leaks_is_found_in_any_file(tmp_path: Path, text: str, kind: str) -> None:
    (tmp_path / "a.log").write_text(f"一\n二 {text}\n", "utf-8")
    pq.write_table(
        pa.table({"n": [1, 2], "notes": [["x"], [text]], "extra": [[("k", "v")], [("k", text)]]},
                 schema=pa.schema([("n", pa.int64()), ("notes", pa.list_(pa.string())),
                                   ("extra", pa.map_(pa.string(), pa.string()))])),
        tmp_path / "t.parquet",
    )  # fmt: skip
    (tmp_path / "p.html").write_text(f"<html>\n<b title='{text}'>\n{text}</b><style>{text}</style></html>", "utf-8")
    assert found(tmp_path) == [
        (kind, "行", 2),
        (kind, "页面文字", 3),
        (kind, "页面属性", 2),
        (kind, "notes 列", 2),
        (kind, "extra 列", 2),
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("138****5678", "订单号13812345678", "20261120130512", "95598", "4008208820", f"流水号{CARD}"),
        *("JDVA13812345678", "SF1381234567890", "E20261120001"),
        *("6222021234567890123", "110105194912310021", "v@1", "1.3812345678", "a13812345678b", "一二三四五六七八九"),
        *("买了三个八寸的、两个九寸的", "打个勾，一二三四五六七八九", "工单号是13812345678"),
        *("d41d8cd98f00b204e9800998ecf8427e13812345678", "z****@qq.com", "33.3333333333333336"),
    ],
)
def test_what_is_nobodys_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_text(text, "utf-8")
    assert found(tmp_path) == []


def test_archives_names_and_metadata_are_looked_into(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("xl/sharedStrings.xml", "<?xml version='1.0'?><sst><si><t>13812345678</t></si></sst>")
    with tarfile.open(tmp_path / "all.tar.gz", "w:gz") as packed:
        member = tarfile.TarInfo("a/13912345678.wav")
        packed.addfile(member, io.BytesIO())
        member = tarfile.TarInfo("book.xlsx")
        member.size = len(inner.getvalue())
        packed.addfile(member, io.BytesIO(inner.getvalue()))
    table = pa.table({"a": ["x"]}).replace_schema_metadata({"who": "13712345678"})
    pq.write_table(table, tmp_path / "t.parquet")
    (tmp_path / "13612345678.txt").write_text("", "ascii")
    (tmp_path / "x.gz").write_bytes(gzip.compress(b"13512345678"))
    (tmp_path / "sound.bin").write_bytes(b"RIFF\0\0")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no")
    result = list(leaks([tmp_path]))
    assert sorted((one.where, one.number) for one in result if isinstance(one, Leak)) == [
        *(("元数据", 1), ("其中的文件名", 1), ("文件名", 1), ("行", 1), ("页面文字", 1)),
    ]
    assert len([one for one in result if isinstance(one, Skipped)]) == 2
    assert "13612345678" not in str(result)


@pytest.mark.parametrize(
    "text",
    [
        "6012345678",
        "6012，345678",
        "６０１２ ３４５６７８",
        "六零幺二三四五六七八",
        "6 0 1 2 3 4 5 6 7 8",
        "⑥⓪①②③④⑤⑥⑦⑧",
    ],
)
def test_a_known_value_is_found_in_any_spelling(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_text(f"户号{text}。", "utf-8")
    assert found(tmp_path) == []
    assert found(tmp_path, "6012345678") == [("known", "行", 1)]
    assert found(tmp_path, "6012345679") == []


def test_a_known_value_is_found_in_pieces_and_by_name(tmp_path: Path) -> None:
    lines = ["请报户号", "六零一二", "嗯", "三四五", "好的", "678"]
    pq.write_table(pa.table({"text": lines}), tmp_path / "t.parquet")
    assert found(tmp_path, "6012345678") == [("known", "text 列", 2)]
    (tmp_path / "n.csv").write_text("客户\n王小明 您好", "utf-8")
    assert ("known", "行", 2) in found(tmp_path, "王小明")


def test_values_come_from_a_column_or_a_list(tmp_path: Path) -> None:
    manifest = tmp_path / "calls.csv"
    manifest.write_text("编号,客户号码\nA1,13812345678\n", "utf-8-sig")
    assert read_known(manifest, "客户号码").digits == ("13812345678",)
    with pytest.raises(UsageError, match="没有“电话”"):
        read_known(manifest, "电话")
    with pytest.raises(UsageError, match="2 列，没有说取哪一列"):
        read_known(manifest, None)
    manifest.write_text("月报\n编号;客户号码\nA1;13812345678\n", "gb18030")
    assert read_known(manifest, "客户号码").digits == ("13812345678",)
    listed = tmp_path / "known.txt"
    listed.write_text("王小明\n13812345678\n", "gb18030")
    assert read_known(listed, None).texts == ("王小明",)
    manifest.write_text("13812345678\n13912345678\n")
    assert read_known(manifest, None).digits == ("13812345678", "13912345678")


def test_values_come_from_a_workbook(tmp_path: Path) -> None:
    manifest = tmp_path / "calls.xlsx"
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["编号", "客户号码"], ["A1", 13812345678], ["A2", None]):
        sheet.append(row)
    book.save(manifest)
    assert read_known(manifest, "客户号码").digits == ("13812345678",)


def test_what_is_not_there_or_too_short_is_refused() -> None:
    with pytest.raises(UsageError, match="没有可查的值"):
        Known(["1", ""])


def _batch(folder: Path, count: int) -> set[str]:
    """Chats full of personal data, in files and fields named by it; what was planted."""
    folder.mkdir()
    planted: set[str] = set()
    rows = ["会话编号,文件,客户号码,坐席姓名,备注"]
    for number, talk in enumerate(talks("develop", count, 3)):
        mobile = f"139{number:08d}"
        planted |= {p.value for p in talk.planted if p.personal and not p.piece and p.type in NUMERIC - {"secret"}}
        planted.add(mobile)
        lines = [
            {"conversation_id": f"{mobile}-{number}", "role": turn.role.value, "text": turn.text}
            for turn in talk.conversation.turns
        ]
        name = f"{mobile}_{number:03d}.jsonl"
        text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
        (folder / name).write_text(text + "\n", "utf-8")
        rows.append(f"{mobile}-{number},{name},{mobile},林晓{mobile},回拨{mobile}或 a{number}@qq.com")
    (folder / "13712345678.jsonl").write_text("{broken 13812345678\n", "utf-8")
    (folder / "calls.csv").write_text("\n".join(rows), "utf-8")
    return planted


def _made(folder: Path, command: str, *options: str) -> None:
    arguments = [command, str(folder / "in"), "--manifest", "calls.csv", "--out", str(folder / "runs"), "-q"]
    done = CliRunner().invoke(cli, [*arguments, "--executor", "serial", *options])
    assert done.exit_code in (0, 3), done.output


def _checked(*paths: Path, known: Path) -> Result:
    return CliRunner().invoke(cli, ["leak-check", *map(str, paths), "--known", str(known)])


def test_a_hostile_batch_leaves_nothing_in_the_tables_and_kept_data_is_told(tmp_path: Path) -> None:
    values = _batch(tmp_path / "in", 110)
    known = tmp_path / "known.txt"
    known.write_text("\n".join(sorted(values)), "utf-8")
    _made(tmp_path, "transcribe", "--run-id", "masked")
    clean = _checked(tmp_path / "runs" / "masked", known=known)
    assert clean.exit_code == 0, clean.output
    _made(tmp_path, "transcribe", "--run-id", "kept", "--keep-personal-data")
    told = _checked(tmp_path / "runs" / "kept", known=known)
    assert told.exit_code == 1
    assert "手机号" in told.output
    assert not [value for value in values if len(value) > 9 and value in told.output]


@pytest.mark.slow
def test_a_hostile_batch_leaves_nothing_in_reports_and_workbooks(tmp_path: Path) -> None:
    known = tmp_path / "known.txt"
    known.write_text("\n".join(sorted(_batch(tmp_path / "in", 40))), "utf-8")
    _made(tmp_path, "run", "--run-id", "masked")
    run, book = tmp_path / "runs" / "masked", tmp_path / "book.xlsx"
    assert CliRunner().invoke(cli, ["export", "xlsx", str(run), "--out", str(book)]).exit_code == 0
    assert (run / "report" / "index.html").is_file()
    clean = _checked(run, book, known=known)
    assert clean.exit_code == 0, clean.output
