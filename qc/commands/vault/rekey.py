"""`qc vault rekey`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import FOLDER
from qc.commands.vault.opening import KEY


@click.command("rekey", short_help="换钥匙")
@click.argument("runs", type=FOLDER, nargs=-1, required=True, metavar="批次目录...")
@click.option("--key", "file", type=KEY, required=True, metavar="旧私钥", help="现在打得开的私钥")
@click.option("--to", "new", type=KEY, required=True, metavar="新公钥", help="以后由它封")
def command(runs: tuple[Path, ...], file: Path, new: Path) -> None:
    """批次的保管库改由另一把公钥封：换保管人、私钥到期时用。只重封每个文件的小钥匙，原文不动；中断了再运行一次即可。

    私钥和保管库文件一起被人拷走时，换钥匙救不了已拷走的那一份。

    \b
    例：qc vault rekey runs/20261120-213000-1a2b3c --key 保管.key --to 新保管.key.pub
    """
    from qc.commands.auditing import audited, roots_of
    from qc.commands.vault.opening import private_key
    from qc.storage.read import open_run

    stored = [open_run(run) for run in runs]
    old = private_key(file)
    from qc.privacy.keys import fingerprint, read_public
    from qc.privacy.vault import rekey

    public = read_public(new)
    with audited(roots_of(stored), "vault rekey") as act:
        act.note = f"{fingerprint(old.public_key())} → {fingerprint(public)}"
        for run in stored:
            act.runs.append(run.lineage.run_id)
            count = rekey(run.path, old, public)
            act.counts["files"] = act.counts.get("files", 0) + count
            click.echo(f"{run.path}：{count} 个文件由公钥 {fingerprint(public)} 封", err=True)
