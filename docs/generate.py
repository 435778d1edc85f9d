"""Write docs/reference from the code itself: commands, tables, operators, JSON Schemas of the YAML files.

usage: python docs/generate.py [FOLDER]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

_NOTE = "<!-- 由 docs/generate.py 生成，请勿手改 -->\n"


def pages() -> Mapping[str, str]:
    """File name → text."""
    from qc.reporting.indicators.reference import indicator_reference
    from qc.ruletest.reference import operator_reference
    from qc.specs.jsonschema import schema_files

    written = {"cli.md": _cli(), "tables.md": _tables(), "operators.md": _NOTE + operator_reference()}
    written["indicators.md"] = _NOTE + "\n" + indicator_reference()
    return written | {f"schema/{name}": text for name, text in schema_files().items()}


def _cli() -> str:
    from qc.commands import cli

    parts = [_NOTE, "# 命令参考\n"]
    for path, command in _commands("qc", cli):
        command._help_option = None  # made anew, whoever asked for help before
        context = click.Context(
            command, info_name=path, terminal_width=100, max_content_width=100, help_option_names=["-h", "--help"]
        )
        parts += [f"## {path}\n", "```text", click.unstyle(command.get_help(context)), "```\n"]
    return "\n".join(parts)


def _commands(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _commands(f"{path} {name}", inner)


def _tables() -> str:
    from qc.schema.reviews import ALL_TABLES
    from qc.schema.tables import SCHEMA_VERSION

    parts = [
        _NOTE,
        "# 结果表参考\n",
        f"表结构版本 {SCHEMA_VERSION}。每个批次目录下一张表一个子目录，内为 zstd 压缩的 Parquet 分片；"
        "时间均为距会话开始的毫秒，话轮从 1 数起，文本默认脱敏且长度不变。"
        "复核的各表（samples 起）由 qc review 写在 reviews/ 下，没有复核过的批次没有。\n",
    ]
    for name, schema in ALL_TABLES.items():
        parts += [
            f"## {name}\n",
            schema.metadata[b"qc.title"].decode() + "。\n",
            "| 列 | 类型 | 含义 |",
            "|---|---|---|",
        ]
        parts += [f"| `{f.name}` | {_type(f.type)} | {f.metadata[b'zh'].decode()} |" for f in schema]
        parts.append("")
    return "\n".join(parts)


def _type(kind: object) -> str:
    text = str(kind)
    return "list<struct>" if text.startswith("list<element: struct") else text.replace("element: ", "")


def main(folder: Path) -> None:
    """Write every page into `folder`."""
    (folder / "schema").mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if any(argument.startswith("-") for argument in sys.argv[1:]):
        sys.exit(__doc__)
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "reference")
