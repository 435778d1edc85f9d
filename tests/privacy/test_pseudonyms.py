"""Customers whose masked numbers look the same stay apart, and nobody gets a number back without the key."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pyarrow as pa
import pytest

from qc.errors import UsageError
from qc.opinion.matters import telling_customer
from qc.pipeline.privacy import masked_id
from qc.privacy.pseudonyms import own_key, pseudonym, use


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("qc.privacy.pseudonyms._in_force", [])
    monkeypatch.setenv("QC_KEY_FILE", str(tmp_path / "data" / "key"))
    return tmp_path / "data" / "key"


def test_customers_behind_the_same_mask_stay_apart(key_file: Path) -> None:
    one, other = masked_id("13812345678"), masked_id("13899995678")
    assert one.startswith("138****5678-") and other.startswith("138****5678-")
    assert one != other
    assert one == masked_id(" 13812345678 ").strip() or one == masked_id("13812345678")
    assert masked_id(one) == one
    assert masked_id("K20051") == "K20051"
    assert telling_customer(pa.chunked_array([[one, other, "138****5678", "K20051"]])).to_pylist() == [
        *(one, other),
        *(None, "K20051"),
    ]


def test_trying_every_number_finds_nobody_without_the_key(key_file: Path) -> None:
    letters = masked_id("13812345678").rpartition("-")[2]
    to_letters = str.maketrans("0123456789", "ghijklmnop")
    tried = (f"138{middle:04d}5678" for middle in range(10_000))
    plain = {hashlib.sha256(number.encode()).hexdigest()[:8].translate(to_letters) for number in tried}
    assert letters not in plain
    use(bytes(32))
    assert masked_id("13812345678").rpartition("-")[2] != letters


def test_the_key_is_made_once_and_for_its_owner_alone(
    key_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QC_KEY_FILE", str(tmp_path / "above" / "data" / "key"))
    key_file = tmp_path / "above" / "data" / "key"
    before = os.umask(0)
    try:
        key = own_key()
    finally:
        os.umask(before)
    assert len(key) == 32
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (key_file.parent, tmp_path / "above")} == {0o700}
    assert own_key() == key
    assert [path.name for path in key_file.parent.iterdir()] == ["key"]


@pytest.mark.parametrize(("mode", "text", "says"), [(0o644, "00" * 32, "别人也能读"), (0o600, "abc", "不是化名钥匙")])
def test_a_key_that_is_none_is_refused(key_file: Path, mode: int, text: str, says: str) -> None:
    key_file.parent.mkdir()
    key_file.write_text(text, "ascii")
    key_file.chmod(mode)
    with pytest.raises(UsageError, match=says):
        pseudonym("13812345678")
