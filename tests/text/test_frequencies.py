"""jieba's parsed dictionary: kept, read back, made again when it is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from qc.text.frequencies import frequencies


class _Source:
    """A dictionary that counts how often it was parsed."""

    def __init__(self, path: Path) -> None:
        path.write_text("电费 3\n电 1\n", encoding="utf-8")
        self.path, self.parsed = path, 0

    def read(self) -> tuple[dict[str, int], int]:
        def parse() -> tuple[dict[str, int], int]:
            self.parsed += 1
            return {"电费": 3, "电": 1, "": 0}, 4

        return frequencies(self.path, parse)


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.setenv("QC_CACHE_DIR", str(tmp_path / "cache"))
    return _Source(tmp_path / "dict.txt")


def test_it_is_parsed_once(source):
    first, second = source.read(), source.read()
    assert first == second == ({"电费": 3, "电": 1, "": 0}, 4)
    assert source.parsed == 1


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"nonsense" * 100])
def test_a_damaged_file_is_made_again(source, tmp_path, damage):
    source.read()
    [kept] = (tmp_path / "cache").glob("words-*.npz")
    kept.write_bytes(damage)
    assert source.read() == source.read() == ({"电费": 3, "电": 1, "": 0}, 4)
    assert source.parsed == 2


def test_another_dictionary_is_another_file(source):
    source.read()
    source.path.write_text("电费 5\n", encoding="utf-8")
    source.read()
    assert source.parsed == 2


def test_without_a_place_to_keep_it_nothing_breaks(source, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert source.read()[1] == 4
    assert [entry.name for entry in tmp_path.iterdir() if entry.suffix == ".npz"] == []


def test_jieba_reads_what_it_would_read_itself():
    import jieba

    from qc.text.words import _tokenizer

    ours, own = _tokenizer(), jieba.Tokenizer()
    own.FREQ, own.total = own.gen_pfdict(own.get_dict_file())
    assert (ours.FREQ, ours.total) == (own.FREQ, own.total)
