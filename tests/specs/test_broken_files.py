"""A corpus of broken files: none crashes, every message has file, line, column and what to do, all at once.

Each `broken/<kind>/<name>.yml` is put into the sound workspace of `broken/base` and linted as a user would;
`<name>.expected` says what the user must read, and the exit code: 0 for mere warnings. Files that no editor shows
(encodings, size, depth) are made here.
"""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from qc.commands.rules.lint import command

CORPUS = Path(__file__).parent / "broken"
PLACES = {
    "rules": "rules/broken",
    "lexicons": "rules/_lexicons",
    "patterns": "rules/_patterns",
    "topics": "rules/_topics",
    "emotion": "rules/_lexicons/emotion",
    "scorecards": "scorecards",
}
_HEAD = re.compile(r"(?P<path>.+?):(?P<line>\d+):(?P<col>\d+): (?P<code>[A-Z]\d{3}) (?P<message>.+)")


class Told(NamedTuple):
    """One message as the user reads it; `path` is relative to the workspace."""

    path: str
    line: int
    col: int
    code: str
    message: str
    hint: str

    def written(self) -> str:
        return f"{self.code} {self.line}:{self.col} {self.message}" + (f"\n    {self.hint}" if self.hint else "")


def lint(workspace: Path) -> tuple[int, list[Told]]:
    """Exit code and messages of `qc rules lint` in a workspace."""
    done = CliRunner().invoke(command, ["--workspace", str(workspace)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    told: list[Told] = []
    for block in done.output.split("\n\n")[:-1]:
        head = _HEAD.match(block)
        assert head, block
        hint = re.search(r"^提示：(.*)", block, re.MULTILINE)
        path = Path(head["path"]).relative_to(workspace).as_posix()
        place = (int(head["line"]), int(head["col"]))
        message = head["message"].replace(f"{workspace}/", "")
        told.append(Told(path, *place, head["code"], message, hint[1] if hint else ""))
    return done.exit_code, told


def workspace_with(folder: Path, kind: str, name: str) -> tuple[Path, Path]:
    """The sound workspace, and where the broken file goes."""
    root = folder / "质检"
    shutil.copytree(CORPUS / "base", root)
    target = root / "qc.yaml" if kind == "workspace" else root / PLACES[kind] / f"{name}.yml"
    target.parent.mkdir(exist_ok=True)
    return root, target


CASES = sorted(p.relative_to(CORPUS).with_suffix("").as_posix() for p in CORPUS.glob("*/*.yml"))


def test_the_workspace_the_files_are_put_into_is_sound(tmp_path: Path) -> None:
    shutil.copytree(CORPUS / "base", tmp_path / "a")
    assert lint(tmp_path / "a") == (0, [])
    assert len(CASES) >= 110


@pytest.mark.parametrize("case", CASES)
def test_a_broken_file(tmp_path: Path, case: str) -> None:
    kind, name = case.split("/")
    root, target = workspace_with(tmp_path, kind, name)
    target.write_bytes((CORPUS / f"{case}.yml").read_bytes())
    code, told = lint(root)
    expected = (CORPUS / f"{case}.expected").read_text(encoding="utf-8")
    assert "".join(f"{t.written()}\n" for t in told) + f"exit {code}\n" == expected
    lines = target.read_text(encoding="utf-8").splitlines()
    for t in told:
        assert t.path == target.relative_to(root).as_posix()
        assert t.hint, f"no hint: {t.message}"
        assert 1 <= t.line <= max(1, len(lines)) and t.col >= 1


def _big(root: Path) -> bytes:
    return ("id: broken.x\ntitle: 大\n" + "# 说明\n" * 1_200_000).encode()


MADE: dict[str, tuple[Callable[[Path], bytes], tuple[int, int, str, str, str]]] = {
    "gbk": (
        lambda root: "id: broken.x\ntitle: 客户投诉\n".encode("gbk"),
        (2, 8, "Y003", "文件不是 UTF-8 编码，多半是 GBK", "UTF-8"),
    ),
    "utf_16": (
        lambda root: "id: broken.x\ntitle: 客户投诉\n".encode("utf-16"),
        (1, 1, "Y003", "文件是 UTF-16 编码，应为 UTF-8", "UTF-8"),
    ),
    "utf_16_without_mark": (
        lambda root: "id: broken.x\ntitle: 客户投诉\n".encode("utf-16-le"),
        (2, 16, "Y003", "文件是 UTF-16 编码，应为 UTF-8", "UTF-8"),
    ),
    "an_image": (
        lambda root: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4,
        (1, 1, "Y003", "文件不是 UTF-8 文本", "UTF-8"),
    ),
    "ten_megabytes": (_big, (1, 1, "Y004", "文件超过 2 MB", "拆成几个文件")),
    "alias_bomb": (
        lambda root: ("a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a, *a, *a]\n" for n in range(30))).encode(),
        (1, 4, "Y007", "不支持锚点（&）", "去掉它"),
    ),
    "deep_brackets": (lambda root: b"id: " + b"[" * 50_000, (1, 44, "Y005", "嵌套超过 40 层", "平一些")),
    "deep_braces": (lambda root: b"a: " + b"{b: " * 5_000, (1, 160, "Y005", "嵌套超过 40 层", "平一些")),
    "deep_lines": (
        lambda root: "".join("  " * n + f"k{n}:\n" for n in range(200)).encode(),
        (41, 81, "Y005", "嵌套超过 40 层", "平一些"),
    ),
    "many_brackets_in_a_sentence": (
        lambda root: (
            (CORPUS / "rules/missing_key.yml")
            .read_text(encoding="utf-8")
            .replace("when: p and", "when: " + "(" * 800 + "p and")
            .encode()
        ),
        (8, 58, "R003", "括号嵌套超过 50 层", "and not"),
    ),
    "a_long_line": (
        lambda root: b"id: broken.x\ntitle: " + b"x" * 1_000_000 + b"\n",
        (2, 8, "S006", "最多 1000 个字，写得太长了", "短"),
    ),
    "nul_bytes": (lambda root: b"id: broken.x\ntitle: a\x00b\n", (2, 9, "Y001", "不允许的控制字符 U+0000", "删掉它")),
    "carriage_returns": (
        lambda root: b"id: broken.x\rtitle: [a\r",
        (2, 8, "Y001", "方括号没有配对，或少了逗号", "半角逗号"),
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_a_file_made_here(tmp_path: Path, name: str) -> None:
    make, (line, col, code, message, hint) = MADE[name]
    root, target = workspace_with(tmp_path, "rules", "x")
    target.write_bytes(make(target))
    exit_code, told = lint(root)
    assert exit_code == 1
    found = [t for t in told if (t.code, t.line, t.col) == (code, line, col)]
    assert found and message in found[0].message and hint in found[0].hint, told
    assert all(t.hint and t.path == "rules/broken/x.yml" for t in told)


def test_what_is_no_file(tmp_path: Path) -> None:
    root, target = workspace_with(tmp_path, "rules", "x")
    target.mkdir()
    exit_code, told = lint(root)
    assert (exit_code, [(t.code, t.line, t.col) for t in told]) == (1, [("Y014", 1, 1)])


def test_a_file_that_is_not_read_is_told(tmp_path: Path) -> None:
    root, target = workspace_with(tmp_path, "rules", "x")
    target.with_suffix(".yml.txt").write_text("id: broken.x\n", encoding="utf-8")
    exit_code, told = lint(root)
    assert (exit_code, [t.code for t in told]) == (0, ["R015"])


def test_two_files_with_the_same_id(tmp_path: Path) -> None:
    root, target = workspace_with(tmp_path, "rules", "x")
    text = (CORPUS / "base/rules/base/sorry.yml").read_text(encoding="utf-8").replace("base.sorry", "broken.x")
    text = text.replace("speaker: agent}", "speaker: agent, range: 1..9}")
    for suffix in (".yml", ".yaml"):
        target.with_suffix(suffix).write_text(text, encoding="utf-8")
    exit_code, told = lint(root)
    assert (exit_code, [(t.code, t.path) for t in told]) == (1, [("R011", "rules/broken/x.yml")])


def test_every_file_is_told_of_in_one_go(tmp_path: Path) -> None:
    root, _ = workspace_with(tmp_path, "rules", "x")
    chosen = ["rules/unknown_key", "lexicons/level_out_of_range", "patterns/missing_pattern", "topics/bad_weight"]
    chosen += ["emotion/unknown_component", "scorecards/negative_points", "workspace/one_role"]
    for case in chosen:
        kind, name = case.split("/")
        target = root / "qc.yaml" if kind == "workspace" else root / PLACES[kind] / f"{name}.yml"
        target.write_bytes((CORPUS / f"{case}.yml").read_bytes())
    exit_code, told = lint(root)
    assert exit_code == 1
    assert len({t.path for t in told}) == len(chosen)


JUNK = [
    *"{}[]:,-#&*!|>'\"%@?\t\n 　：，“”（）\u200b\ufeff\u00a05.+^$()<",
    "null",
    "- ",
    "{a: 1}",
    "[1]",
    "<<: ",
    "not ",
    "of (",
]


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_file_is_told_of_and_nothing_crashes(tmp_path: Path, seed: int) -> None:
    """Good files with a few pieces of junk put in, cut out or repeated."""
    chance = random.Random(seed)
    source, place = chance.choice(
        [("rules/base/sorry.yml", "rules"), ("scorecards/base.yml", "scorecards"), ("rules/_topics/base.yml", "topics")]
    )
    text = (CORPUS / "base" / source).read_text(encoding="utf-8")
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text))
        if chance.random() < 0.5:
            text = text[:at] + chance.choice(JUNK) + text[at:]
        elif chance.random() < 0.5:
            text = text[:at] + text[at + chance.randint(1, 12) :]
        else:
            text = text[:at] + text[at : at + 30] + text[at:]
    root, target = workspace_with(tmp_path, place, "x")
    target.write_text(text, encoding="utf-8", newline="")
    code, told = lint(root)
    assert code in (0, 1)
    assert told, "the id at least is not the file's name"
    assert all(t.hint and t.line >= 1 and t.col >= 1 for t in told)
