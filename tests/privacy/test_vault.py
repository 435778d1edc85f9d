"""The vault: nobody reads it without the key that is kept apart, and nothing in it is lost, doubled or swapped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qc.commands import cli
from qc.errors import UsageError
from qc.storage.audit import LOG, UnrecordedError, entries

pytest.importorskip("cryptography")

from qc.privacy.keys import LockedKeyError, fingerprint, new_pair, read_private, read_public
from qc.privacy.vault import rekey, reveal
from qc.privacy.vault_file import forget, read_header, vault_file, vault_files

SECRET = "13812345678"
PASSPHRASE = "暗号 abc"


def _chat(folder: Path, conversations: int) -> Path:
    folder.mkdir()
    lines = [
        json.dumps(
            {"conversation_id": f"c{n:03d}", "role": "客户", "text": f"我的手机{SECRET}", "time": "2026-11-20 09:00:00"}
        )
        for n in range(conversations)
    ]
    (folder / "chat.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def _qc(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pair `key`, `key.pub` and another, `other`."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("key", "other"):
        new_pair(folder / name)
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Path:
    """The same input with (r1) and without (r0) a vault, three shards."""
    root = tmp_path_factory.mktemp("vaults")
    source = _chat(root / "in", 5)
    (root / "qc.yaml").write_text("run: {shard_size: 2}\n", encoding="utf-8")
    common = ["transcribe", source, "--out", root / "runs", "-w", root, "--executor", "serial", "-q"]
    for extra in (["--run-id", "r0"], ["--run-id", "r1", "--vault", keys / "key.pub"]):
        done = _qc(*common, *extra)
        assert done.exit_code == 0, done.output
    return root / "runs"


def test_what_was_masked_comes_back_with_the_key(runs: Path, keys: Path) -> None:
    told = reveal(runs / "r1", "c003", read_private(keys / "key"))
    assert (told["id"], told["source"]) == ("c003", "chat.jsonl")
    assert [turn["text"] for turn in told["turns"]] == [f"我的手机{SECRET}"]  # type: ignore[attr-defined]


def test_nothing_stands_in_clear(runs: Path) -> None:
    import pyarrow.parquet as pq

    for path in runs.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert SECRET.encode() not in content, path
            assert "我的手机".encode() not in content or path.suffix == ".parquet", path
    for path in runs.rglob("*.parquet"):
        assert SECRET not in str(pq.read_table(path).to_pylist()), path


def test_the_tables_are_the_same_with_and_without(runs: Path) -> None:
    def tables(run: str) -> dict[str, bytes]:
        return {str(p.relative_to(runs / run)): p.read_bytes() for p in (runs / run).rglob("*.parquet")}

    assert tables("r0") == tables("r1")
    assert tables("r1")
    assert len(vault_files(runs / "r1")) == 3
    assert not (runs / "r0" / "vault").exists()


def test_every_conversation_is_there_once(runs: Path, keys: Path) -> None:
    found = 0
    for path in vault_files(runs / "r1"):
        with path.open("rb") as file:
            found += read_header(path, file).records
    assert found == 5
    key = read_private(keys / "key")
    assert [reveal(runs / "r1", f"c{n:03d}", key)["id"] for n in range(5)] == [f"c{n:03d}" for n in range(5)]
    with pytest.raises(UsageError, match="没有会话 c9"):
        reveal(runs / "r1", "c9", key)
    with pytest.raises(UsageError, match="没有保管库"):
        reveal(runs / "r0", "c001", key)


def test_another_key_opens_nothing(runs: Path, keys: Path) -> None:
    with pytest.raises(UsageError, match="钥匙不对") as caught:
        reveal(runs / "r1", "c001", read_private(keys / "other"))
    assert fingerprint(read_public(keys / "key.pub")) in caught.value.message


def test_damage_is_told_and_no_other_conversation_is_passed_off(runs: Path, keys: Path, tmp_path: Path) -> None:
    key = read_private(keys / "key")
    run = Path(shutil.copytree(runs / "r1", tmp_path / "r1"))
    path = vault_file(run, 1)
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        for name in ("c002", "c003"):
            try:
                assert reveal(run, name, key)["id"] == name
            except UsageError as error:
                assert "坏了" in error.message or "没有会话" in error.message or "钥匙不对" in error.message
    for cut in (0, 5, 40, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(UsageError, match="坏了"):
            reveal(run, "c003", key)
    path.write_bytes(vault_file(run, 0).read_bytes().replace(b"c000", b"c003"))
    with pytest.raises(UsageError, match="坏了"):
        reveal(run, "c003", key)


def test_rotation_of_keys(runs: Path, keys: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(runs / "r1", tmp_path / "r1"))
    old, other = read_private(keys / "key"), read_public(keys / "other.pub")
    assert rekey(run, old, other) == 3
    assert reveal(run, "c004", read_private(keys / "other"))["id"] == "c004"
    with pytest.raises(UsageError, match="钥匙不对"):
        reveal(run, "c004", old)
    assert rekey(run, old, other) == 3, "done again it changes nothing"
    assert {path.stat().st_mode & 0o777 for path in vault_files(run)} == {0o600}


def test_what_is_over_is_dropped_without_a_key_and_the_others_stay(runs: Path, keys: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(runs / "r1", tmp_path / "r1"))
    key = read_private(keys / "key")
    assert forget(run, ["c000", "c003", "c004", "c9"]) == 3
    assert forget(run, ["c000", "c003", "c004"]) == 0
    assert [reveal(run, name, key)["id"] for name in ("c001", "c002")] == ["c001", "c002"]
    for name in ("c000", "c003", "c004"):
        with pytest.raises(UsageError, match="没有会话"):
            reveal(run, name, key)
        record = len(name).to_bytes(4, "big") + name.encode()  # the bare name may stand in a key's hex digits
        assert all(record not in path.read_bytes() for path in vault_files(run))
    assert forget(runs / "r0", ["c000"]) == 0


def test_words_that_were_purged_are_not_kept_sealed(runs: Path, keys: Path, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    from qc.privacy.vault_file import forget_wordless
    from qc.storage.read import open_run
    from qc.storage.write import write_part

    run = Path(shutil.copytree(runs / "r1", tmp_path / "r1"))
    assert forget_wordless(open_run(run)) == 0, "all words are there"
    turns = open_run(run).part("turns", 1, open_run(run).table("turns").column_names)
    text = pc.if_else(pc.equal(turns["conversation_id"], "c002"), "", turns["text"])
    write_part(run, "turns", 1, turns.set_column(turns.column_names.index("text"), "text", text.cast(pa.string())))
    assert forget_wordless(open_run(run)) == 1
    key = read_private(keys / "key")
    assert reveal(run, "c003", key)["id"] == "c003"
    with pytest.raises(UsageError, match="没有会话"):
        reveal(run, "c002", key)


def test_keys_are_guarded(tmp_path: Path, keys: Path) -> None:
    private, public = tmp_path / "k", tmp_path / "k.pub"
    new_pair(private, PASSPHRASE)
    assert private.stat().st_mode & 0o777 == 0o600
    with pytest.raises(LockedKeyError, match="有口令"):
        read_private(private)
    with pytest.raises(LockedKeyError, match="口令不对"):
        read_private(private, "x")
    assert fingerprint(read_private(private, PASSPHRASE).public_key()) == fingerprint(read_public(public))
    with pytest.raises(UsageError, match="已有文件"):
        new_pair(private)
    with pytest.raises(UsageError, match="是私钥"):
        read_public(private)
    with pytest.raises(UsageError, match="不是私钥"):
        public.chmod(0o600)
        read_private(public)
    private.chmod(0o640)
    with pytest.raises(UsageError, match="别人也能读"):
        read_private(private, PASSPHRASE)
    junk = tmp_path / "junk"
    for content in (b"", b"x" * 100_000, b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"):
        junk.write_bytes(content)
        with pytest.raises(UsageError, match="不是"):
            read_public(junk)


@pytest.mark.parametrize("place", ["runs", "runs/r1", "runs/r1/vault"])
def test_a_private_key_is_not_put_beside_what_it_opens(runs: Path, place: str) -> None:
    refused = _qc("vault", "key", runs.parent / place / "k")
    assert isinstance(refused.exception, UsageError)
    assert "连私钥一起拿走" in refused.exception.hint
    assert not list(runs.rglob("k*"))


def test_who_looks_is_recorded_first_or_sees_nothing(runs: Path, keys: Path) -> None:
    command = ("vault", "reveal", runs / "r1", "c001", "--key")
    shown = _qc(*command, keys / "key", "--reason", f"投诉复查 {SECRET}")
    assert (shown.exit_code, SECRET in shown.output) == (0, True)
    refused = _qc(*command, keys / "other", "--reason", "投诉复查")
    assert (type(refused.exception), SECRET in refused.output) == (UsageError, False)
    acts = [(e.action, e.outcome, e.runs) for e in entries(runs)][-2:]
    assert acts == [("vault reveal", "done", ("r1",)), ("vault reveal", "failed", ("r1",))]
    assert "投诉复查" in list(entries(runs))[-2].note
    assert SECRET not in (runs / LOG).read_text(encoding="utf-8")
    assert type(_qc(*command, keys / "key", "--reason", " ").exception) is UsageError
    assert _qc(*command, keys / "key").exit_code == 2
    log = (runs / LOG).read_bytes()
    (runs / LOG).unlink()
    (runs / LOG).mkdir()
    try:
        unrecorded = _qc(*command, keys / "key", "--reason", "投诉复查")
    finally:
        (runs / LOG).rmdir()
        (runs / LOG).write_bytes(log)
    assert (type(unrecorded.exception), SECRET in unrecorded.output) == (UnrecordedError, False)
    assert "原文没有给看" in str(unrecorded.exception)


def test_a_run_that_keeps_personal_data_has_nothing_to_seal(runs: Path, keys: Path, tmp_path: Path) -> None:
    source = runs.parent / "in"
    both = _qc("run", source, "--out", tmp_path, "--vault", keys / "key.pub", "--keep-personal-data", "-q")
    assert "不能一起用" in str(both.exception)
    private = _qc("run", source, "--out", tmp_path, "--vault", keys / "key", "-q")
    assert "是私钥" in str(private.exception)


@pytest.mark.slow
def test_a_killed_run_goes_on_and_seals_each_conversation_once(tmp_path: Path, keys: Path) -> None:
    _chat(tmp_path / "in", 60)
    (tmp_path / "qc.yaml").write_text("run: {shard_size: 2, workers: 1}\n", encoding="utf-8")
    command = [sys.executable, "-c", "from qc.commands import main; main()", "transcribe", "in", "-q"]
    command += ["--vault", str(keys / "key.pub")]
    first = subprocess.Popen(command, cwd=tmp_path, start_new_session=True, stderr=subprocess.DEVNULL)
    while len(list(tmp_path.glob("runs/*/.work/shards/*.json"))) < 3 and first.poll() is None:
        time.sleep(0.01)
    assert first.poll() is None, "it was to be killed in the middle"
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (run,) = (p.parent for p in tmp_path.glob("runs/*/run.json"))
    records = []
    for path in vault_files(run):
        with path.open("rb") as file:
            records.append(read_header(path, file).records)
    assert (sum(records), len(records)) == (60, 30)
    key = read_private(keys / "key")
    assert all(reveal(run, f"c{n:03d}", key)["id"] == f"c{n:03d}" for n in range(60))


def test_verify_misses_what_is_no_longer_sealed(runs: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(runs / "r1", tmp_path / "r1"))
    assert "5 个会话的原文都封着" in _qc("verify", run).stdout
    forget(run, ["c003"])
    told = _qc("verify", run)
    assert told.exit_code == 1 and "vault/00001.vault 里的会话与结果表不同" in told.stdout
    vault_file(run, 0).unlink()
    assert "读不了 vault/00000.vault：文件或目录不见了" in _qc("verify", run).stdout
    assert "保管库" not in _qc("verify", runs / "r0").stdout
