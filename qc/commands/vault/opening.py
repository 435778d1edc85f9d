"""What commands that open a vault share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qc.privacy.installed import needs_vault

if TYPE_CHECKING:
    from qc.privacy.keys import PrivateKey

KEY = click.Path(path_type=Path, exists=True, dir_okay=False)
_TRIES = 3


def private_key(path: Path) -> PrivateKey:
    """The private key in a file; asks for its passphrase where it has one and there is somebody to ask."""
    needs_vault()
    from qc.privacy.keys import LockedKeyError, read_private

    passphrase = ""
    for _ in range(_TRIES):
        try:
            return read_private(path, passphrase)
        except LockedKeyError as error:
            if not sys.stdin.isatty() and passphrase:
                raise
            click.echo(error.message, err=True)
            passphrase = click.prompt("口令", hide_input=True, err=True)
    return read_private(path, passphrase)
