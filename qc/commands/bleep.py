"""`qc bleep`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import FOLDER
from qc.errors import UsageError

_FILE = click.Path(path_type=Path, dir_okay=False)
_PAD_MS = 200


@click.command("bleep", short_help="录音的消音副本：个人信息处换成提示音")
@click.argument("run", type=FOLDER, metavar="批次目录")
@click.argument("conversation", metavar="会话编号")
@click.option(
    "--out",
    "-o",
    type=_FILE,
    metavar="文件.wav",
    help="副本写到哪里（默认：批次目录/bleep/编号.wav；只写了 --offsets 就不写副本）",
)
@click.option("--offsets", type=_FILE, metavar="文件", help="另把消了哪些时段写成 JSON 或 CSV（按文件名）")
@click.option("--silence", is_flag=True, help="换成静音（默认：1 kHz 提示音）")
@click.option(
    "--pad-ms", type=click.IntRange(0, 5000), default=_PAD_MS, show_default=True, metavar="毫秒", help="前后各多消多少"
)
def command(run: Path, conversation: str, out: Path | None, offsets: Path | None, silence: bool, pad_ms: int) -> None:
    """写一份录音的副本，话里识别出的个人信息处换成提示音或静音；原录音不动。编号可以只写开头。

    有词的时间（qc.yaml 的 asr.word_times）就只消那几个词；没有就消整个短语，会说明。所有声道一起消。
    没有转写出来、或没有识别为个人信息的，仍然听得到：给外人之前请听一遍。录音须与当时质检的完全相同（SHA-256）。
    批次目录里的副本到期时由 qc purge 删除，写到别处的由你自己删。

    \b
    例：qc bleep runs/20261120-213000-1a2b3c A001
        qc bleep runs/20261120-213000-1a2b3c A001 --out A001.wav --offsets A001.json
    """
    from qc.commands.auditing import audited, roots_of
    from qc.commands.transcript import identify
    from qc.privacy.bleep import BY_WORDS, bleep, copy_of, write_bleeped, write_offsets
    from qc.storage.read import open_run

    if out is not None and out.suffix.lower() != ".wav":
        raise UsageError(f"消音后的录音是 WAV：{out}", "例：--out A002.wav")
    stored = open_run(run)
    with audited(roots_of([stored]), "bleep") as act:
        act.runs.append(stored.lineage.run_id)
        full = identify(stored, conversation)
        act.note = full
        if out is None and offsets is None:
            out = copy_of(stored, full)
        told, recording = bleep(stored, full, pad_ms=pad_ms, silence=silence)
        act.counts["spans"] = len(told.spans)
        if out is not None:
            if out.resolve() == recording.resolve():
                raise UsageError("不能写在原录音上", "换一个文件名。")
            write_bleeped(told, recording, out)
            act.wrote(out)
        if offsets is not None:
            write_offsets(told, offsets)
            act.wrote(offsets)
    coarse = sum(span.by != BY_WORDS for span in told.spans)
    click.echo(
        f"消了 {len(told.spans)} 处，共 {told.hidden_ms / 1000:.1f} 秒"
        if told.spans
        else "这个会话里没有识别出个人信息，一处也没有消；给外人之前请自己听一遍。",
        err=True,
    )
    if coarse:
        click.echo(
            f"其中 {coarse} 处没有词的时间，消的是整个短语或整轮；qc.yaml 写 asr.word_times: true 重新转写可以更准。",
            err=True,
        )
    for path in (out, offsets):
        if path is not None:
            click.echo(path)
