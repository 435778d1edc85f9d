"""`qc vault key`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("key", short_help="新建一对钥匙")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="私钥文件")
@click.option("--passphrase", "ask", is_flag=True, help="给私钥加口令（会提示输入；忘了就再也打不开）")
def command(file: Path, ask: bool) -> None:
    """新建一对 X25519 钥匙：私钥写到这个文件（只有自己能读），公钥写到同名的 .pub。

    私钥放在跑批次的机器之外，另外备份一份：私钥没了，封好的原文谁也打不开。

    \b
    例：qc vault key 保管.key --passphrase
    """
    from qc.domain.printable import printable
    from qc.errors import UsageError
    from qc.privacy.installed import needs_vault
    from qc.storage.audit import LOG
    from qc.storage.lineage import LINEAGE_FILE

    needs_vault()
    from qc.privacy.keys import fingerprint, new_pair

    if any((folder / name).exists() for folder in file.resolve().parents for name in (LINEAGE_FILE, LOG)):
        raise UsageError(f"{file} 在批次所在的目录里", "拿走批次的人会连私钥一起拿走；写到别处，最好是别的机器。")
    passphrase = click.prompt("口令", hide_input=True, confirmation_prompt="再输一次") if ask else ""
    public, key = new_pair(file, passphrase)
    click.echo(f"私钥 {printable(str(file))}：拿到别处保管，不要留在跑批次的机器上", err=True)
    click.echo(f"公钥 {printable(str(public))}：qc run … --vault {printable(str(public))}", err=True)
    click.echo(fingerprint(key))
