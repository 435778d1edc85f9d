"""The model folder: what is let in, under which name, what is believed of it afterwards; downloads that go wrong."""

from __future__ import annotations

import hashlib
import pickle
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from qc.asr.models import catalogue, fetch, folder, weights
from qc.asr.models.fetch import FetchError
from qc.asr.models.weights import OFFICIAL, find_model, look_up
from qc.commands import main
from qc.errors import EXIT_CHECK, EXIT_OK, EXIT_USAGE, UsageError
from tests.asr.test_weights import _model_bin

CONTENT = bytes(range(256)) * 5000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty model folder, and no cache of openai-whisper's."""
    monkeypatch.setenv("QC_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "models"


def packed(folder: Path, tokens: int = 51865) -> Path:
    """A CTranslate2 folder whose model has nothing but its embeddings."""
    folder.mkdir(parents=True)
    data = _model_bin({"decoder/embeddings/weight": np.zeros((tokens, 2), np.float16)})
    (folder / "model.bin").write_bytes(data)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_text("{}")
    (folder / "README.md").write_text("not needed")
    return folder


def plain(tokens: int) -> Callable[[Path], int]:
    """Stands for the look into a checkpoint, which needs torch."""
    return lambda path: tokens


# ------------------------------------------------------------------ import


def test_a_folder_becomes_a_model_by_its_name(tmp_path: Path, home: Path) -> None:
    name, found = folder.add(packed(tmp_path / "usb" / "whisper-small-ct2"), None, OFFICIAL, plain(0))
    assert (name, found.file) == ("whisper-small-ct2", home / "whisper-small-ct2" / "model.bin")
    assert sorted(p.name for p in found.file.parent.iterdir()) == [
        "config.json", "model.bin", "tokenizer.json", "vocabulary.txt",
    ]  # fmt: skip
    source = find_model(name)
    assert (source.packed, source.sha256, source.verified) == (True, found.sha256, "与导入时的摘要一致")
    assert source.id == f"whisper-small-ct2@{found.sha256[:12]}"
    assert folder.imported() == [name]
    assert [p for p in home.iterdir() if p.name.startswith(".")] == []
    # the same again is no harm
    assert folder.add(tmp_path / "usb" / "whisper-small-ct2" / "model.bin", None, OFFICIAL, plain(0))[1] == found


def test_an_official_checkpoint_gets_its_official_name(tmp_path: Path) -> None:
    file = tmp_path / "downloaded (1).pt"
    file.write_bytes(CONTENT)
    official = {"small": DIGEST}
    name, found = folder.add(file, None, official, plain(51865))
    assert (name, found.sha256) == ("small", DIGEST)
    assert found.file.read_bytes() == CONTENT


def test_what_is_not_official_may_not_be_called_so(tmp_path: Path, home: Path) -> None:
    file = tmp_path / "small.pt"
    file.write_bytes(CONTENT)
    with pytest.raises(UsageError, match="这不是官方的 small") as refused:
        folder.add(file, None, OFFICIAL, plain(51865))
    assert DIGEST in refused.value.message
    assert list(home.iterdir()) == []
    name, _ = folder.add(file, "small-ours", OFFICIAL, plain(51865))
    assert find_model(name).verified == "与导入时的摘要一致"


def test_another_model_does_not_take_a_name_that_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(CONTENT)
    (tmp_path / "b.pt").write_bytes(CONTENT + b"!")
    folder.add(tmp_path / "a.pt", "ours", OFFICIAL, plain(51865))
    with pytest.raises(UsageError, match="另一个模型"):
        folder.add(tmp_path / "b.pt", "ours", OFFICIAL, plain(51865))
    assert find_model("ours").sha256 == DIGEST


@pytest.mark.parametrize("name", ["../up", ".hidden", "a/b", "", "模型", "x" * 65])
def test_a_name_is_no_path(tmp_path: Path, home: Path, name: str) -> None:
    (tmp_path / "a.pt").write_bytes(CONTENT)
    if name:
        with pytest.raises(UsageError, match="不能作模型名"):
            folder.add(tmp_path / "a.pt", name, OFFICIAL, plain(51865))
    assert folder.find(name) is None
    assert not home.exists() or list(home.iterdir()) == []


def test_what_is_no_multilingual_whisper_is_refused(tmp_path: Path, home: Path) -> None:
    (tmp_path / "english.pt").write_bytes(CONTENT)
    (tmp_path / "empty.pt").touch()
    (tmp_path / "short.bin").write_bytes(folder.MAGIC + b"\x0c\0Whis")
    (tmp_path / "other.bin").write_bytes(_model_bin({}, spec="TransformerSpec"))
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "model.safetensors").touch()
    bare = packed(tmp_path / "bare")
    (bare / "tokenizer.json").unlink()
    for path, said in {
        tmp_path / "english.pt": "只懂英语",
        packed(tmp_path / "english", 51864): "只懂英语",
        tmp_path / "empty.pt": "空文件",
        tmp_path / "short.bin": "不是 CTranslate2 的 Whisper 模型",
        tmp_path / "other.bin": "不是 CTranslate2 的 Whisper 模型",
        tmp_path / "hf": "transformers 格式",
        tmp_path / "hf" / "model.safetensors": "格式",
        bare: "没有 tokenizer.json",
    }.items():
        with pytest.raises(UsageError, match=said):
            folder.add(path, None, OFFICIAL, plain(51864))
    assert not home.exists() or list(home.iterdir()) == []


class _Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("code of a checkpoint ran",)


@pytest.mark.asr
def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    from qc.asr.engines.whisper.checkpoint import vocabulary_size

    dims = {"n_vocab": 51865, "n_text_state": 2, "n_audio_ctx": 3, "n_audio_state": 4}
    state = {
        "decoder.token_embedding.weight": torch.zeros(51865, 2),
        "encoder.positional_embedding": torch.zeros(3, 4),
    }
    good, trap, old, wrong = (tmp_path / f"{n}.pt" for n in ("good", "trap", "old", "wrong"))
    torch.save({"dims": dims, "model_state_dict": state}, good)
    torch.save({"dims": dims, "model_state_dict": state, "x": _Trap()}, trap)
    old.write_bytes(pickle.dumps(_Trap()))
    torch.save({"dims": {**dims, "n_vocab": 51864}, "model_state_dict": state}, wrong)
    assert vocabulary_size(good) == 51865
    for bad in (trap, old, wrong, tmp_path / "absent.pt"):
        with pytest.raises(UsageError):
            vocabulary_size(bad)
    assert "code of a checkpoint ran" not in capsys.readouterr().out


# ------------------------------------------------------------------ finding


def test_packages_come_first_then_the_folder_then_the_cache_of_whisper(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "OFFICIAL", {**OFFICIAL, "small": DIGEST})
    cache = weights.whisper_cache()
    cache.mkdir(parents=True)
    (cache / "small.pt").write_bytes(CONTENT)
    assert find_model("small").files == (cache / "small.pt",)
    (tmp_path / "x.pt").write_bytes(CONTENT)
    folder.add(tmp_path / "x.pt", None, weights.OFFICIAL, plain(51865))
    found = find_model("small")
    assert (found.files, found.verified) == ((home / "small.pt",), "与官方摘要一致")


def test_a_changed_file_is_refused_though_it_was_verified_before(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(CONTENT)
    name, found = folder.add(tmp_path / "a.pt", None, OFFICIAL, plain(51865))
    assert find_model(name).sha256 == DIGEST
    with found.file.open("r+b") as f:
        f.write(b"changed")
    with pytest.raises(UsageError, match="校验不符"):
        find_model(name)
    [entry] = [e for e in catalogue.entries() if e.name == name]
    assert "校验不符" in entry.problem


def test_a_file_without_its_digest_is_refused(home: Path) -> None:
    home.mkdir()
    (home / "ours.pt").write_bytes(CONTENT)
    with pytest.raises(UsageError, match="没有导入时的摘要"):
        look_up("ours")


def test_a_folder_may_be_named_by_its_path(tmp_path: Path) -> None:
    source = find_model(str(packed(tmp_path / "usb" / "ours")))
    assert (source.name, source.packed, source.files[0].name) == ("ours", True, "model.bin")


# ------------------------------------------------------------------ fetch


class _Server(BaseHTTPRequestHandler):
    """Gives CONTENT, as the path says: /whole, /short (ends early, once), /other, /huge, /gone."""

    asked: list[str | None]
    broken: bool

    def do_GET(self) -> None:  # the base class's name
        cls = type(self)
        cls.asked.append(self.headers.get("Range"))
        if self.path == "/gone":
            self.send_error(404)
            return
        body = CONTENT[::-1] if self.path == "/other" else CONTENT
        begin = int(self.headers["Range"].removeprefix("bytes=").rstrip("-")) if self.headers.get("Range") else 0
        if self.path == "/noparts":
            begin = 0
        self.send_response(206 if begin else 200)
        if self.path != "/huge":
            self.send_header("Content-Length", str(len(body) - begin))
        self.end_headers()
        if self.path in ("/short", "/noparts") and not cls.broken:
            cls.broken = True
            self.wfile.write(body[begin : begin + 700_000])
            self.close_connection = True
            return
        self.wfile.write(body[begin:] * (3 if self.path == "/huge" else 1))

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def server() -> Iterator[str]:
    _Server.asked, _Server.broken = [], False
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_address[1]}"
        http.shutdown()


def get(url: str, target: Path) -> list[int]:
    seen: list[int] = []
    fetch.fetch(url, DIGEST, target, len(CONTENT) + 1000, lambda done, total: seen.append(done))
    return seen


def test_a_download_arrives_whole(server: str, home: Path) -> None:
    seen = get(f"{server}/whole", home / "small.pt")
    assert (home / "small.pt").read_bytes() == CONTENT
    assert seen[-1] == len(CONTENT)
    assert [p.name for p in home.iterdir()] == ["small.pt"]


@pytest.mark.parametrize(("path", "whole_again"), [("short", False), ("noparts", True)])
def test_a_download_that_breaks_off_is_completed(server: str, home: Path, path: str, whole_again: bool) -> None:
    with pytest.raises(FetchError, match="下载没有完成") as broken:
        get(f"{server}/{path}", home / "small.pt")
    assert broken.value.exit_code == EXIT_CHECK
    assert not (home / "small.pt").exists()
    seen = get(f"{server}/{path}", home / "small.pt")
    assert (home / "small.pt").read_bytes() == CONTENT
    assert _Server.asked == [None, "bytes=700000-"]
    assert (seen[0] > 1_048_576) != whole_again


@pytest.mark.parametrize(("path", "said"), [("other", "校验不符"), ("gone", "HTTP 404"), ("huge", "比应有的大")])
def test_what_is_not_the_model_is_not_kept(server: str, home: Path, path: str, said: str) -> None:
    with pytest.raises(FetchError, match=said):
        get(f"{server}/{path}", home / "small.pt")
    assert list(home.iterdir()) == []


def test_without_a_network_the_message_says_what_to_do(home: Path) -> None:
    with pytest.raises(FetchError, match="下载没有完成") as refused:
        get("http://127.0.0.1:9/small.pt", home / "small.pt")
    assert "qc models import" in refused.value.hint


# ------------------------------------------------------------------ commands


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["models", *args])
    return int(left.value.code or 0)


def test_fetch_puts_the_model_where_it_is_found(
    server: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from qc.asr.engines.whisper import checkpoint

    monkeypatch.setitem(weights.OFFICIAL, "small", DIGEST)
    monkeypatch.setattr(checkpoint, "address", lambda name: f"{server}/whole")
    assert run("fetch", "small", "--quiet") == EXIT_OK
    assert run("path", "small") == EXIT_OK
    assert capsys.readouterr().out.strip() == str(home / "small.pt")
    assert run("fetch", "small", "--quiet") == EXIT_OK
    assert len(_Server.asked) == 1
    assert "已经装好" in capsys.readouterr().err


def test_path_tells_what_is_missing_from_what_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("path", "turbo") == EXIT_CHECK
    assert "qc models fetch large-v3-turbo" in capsys.readouterr().err
    assert run("path", "whatever") == EXIT_USAGE
    assert run("fetch", "whatever") == EXIT_USAGE
    assert capsys.readouterr().out == ""


def test_import_and_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("import", str(packed(tmp_path / "usb" / "ours"))) == EXIT_OK
    small = packed(tmp_path / "usb" / "quantised")
    variables = {"decoder/embeddings/weight": np.zeros((51865, 2), np.int8)}
    (small / "model.bin").write_bytes(_model_bin(variables))
    assert run("import", str(small), "--name", "small-int8") == EXIT_OK
    assert run("list") == EXIT_OK
    said = capsys.readouterr()
    assert "asr: {model: ours}" in said.err
    lines = said.out.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("✓ ours "))
    assert "openai-whisper、faster-whisper" in lines[at]
    [quantised] = [line for line in lines if line.startswith("✓ small-int8 ")]
    assert "引擎 faster-whisper" in quantised
    assert "与导入时的摘要一致" in lines[at + 2]
    listed = {line.split()[1] for line in lines if line[0] in "✓·✗"}
    assert listed >= set(OFFICIAL) | {"ours", "silero-vad", "ge2e", "libime"}


@pytest.mark.asr
def test_figures_are_of_the_models_there_are() -> None:
    assert list(catalogue.FIGURES) == list(OFFICIAL)
    for figures in catalogue.FIGURES.values():  # a checkpoint is two bytes per parameter
        assert figures.megabytes == pytest.approx(2 * figures.parameters, rel=0.03)
