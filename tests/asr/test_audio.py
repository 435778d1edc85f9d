"""Every format a recorder writes comes out as the same tone; everything else is refused with a reason."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from qc.asr.engines.refusal import HEADERLESS, RAW
from qc.asr.sound.audio import BLOCK_S, RATE, AudioError, Samples, open_audio
from qc.ingest.names import AUDIO_SUFFIXES
from tests.asr.damage import BY_FFMPEG, encode, sound

av = pytest.importorskip("av")


def _decoded(path: Path, max_duration_s: float = 60) -> Samples:
    return np.concatenate(list(open_audio(path, max_duration_s).blocks()), axis=1)


def _refusal(path: Path, max_duration_s: float = 60) -> AudioError:
    with pytest.raises(AudioError) as caught:
        _decoded(path, max_duration_s)
    return caught.value


def _hz(samples: Samples) -> float:
    middle = samples[RATE // 2 : RATE // 2 + RATE]
    return float(np.abs(np.fft.rfft(middle * np.hanning(len(middle)))).argmax())


@pytest.mark.parametrize(
    ("name", "options", "channels"),
    [
        ("pcm.wav", {"subtype": "PCM_16"}, 2),
        ("float.wav", {"subtype": "FLOAT"}, 2),
        ("alaw.wav", {"subtype": "ALAW"}, 2),
        ("ulaw.wav", {"subtype": "ULAW"}, 2),
        ("gsm.wav", {"subtype": "GSM610"}, 1),
        ("ima.wav", {"subtype": "IMA_ADPCM"}, 2),
        ("ms.wav", {"subtype": "MS_ADPCM"}, 2),
        ("a.mp3", {"format": "MP3"}, 2),
        ("a.flac", {}, 2),
        ("a.opus", {"format": "OGG", "subtype": "OPUS"}, 2),
        ("a.ogg", {"format": "OGG", "subtype": "VORBIS"}, 2),
        ("a.au", {"format": "AU", "subtype": "ULAW"}, 2),
        ("x.ulaw", {"format": "RAW", "subtype": "ULAW"}, 1),
        ("x.alaw", {"format": "RAW", "subtype": "ALAW"}, 1),
        ("x.vox", {"format": "RAW", "subtype": "VOX_ADPCM"}, 1),
    ],
)
def test_formats_of_libsndfile(
    name: str, options: dict[str, str], channels: int, tone: Callable[..., Samples], write: Callable[..., Path]
) -> None:
    path = write(name, tone(channels=channels), **options)
    samples = _decoded(path)
    assert samples.dtype == np.float32
    assert len(samples) == channels
    assert samples.shape[1] == pytest.approx(2 * RATE, abs=0.15 * RATE)
    assert _hz(samples[0]) == 440
    if channels == 2:
        assert np.abs(samples[1]).mean() == pytest.approx(np.abs(samples[0]).mean() / 2, rel=0.1)


@pytest.mark.parametrize("name", BY_FFMPEG)
def test_formats_of_ffmpeg(name: str, tmp_path: Path) -> None:
    codec, rate, container, bits = BY_FFMPEG[name]
    encode(tmp_path / name, codec, rate, sound(rate), container, bits)
    audio = open_audio(tmp_path / name)
    samples = np.concatenate(list(audio.blocks()), axis=1)
    assert (audio.source_rate, len(samples)) == (rate, 1)
    assert samples.shape[1] == pytest.approx(2 * RATE, abs=0.2 * RATE)
    assert _hz(samples[0]) == 440


def test_telephone_formats_without_an_encoder_here(tmp_path: Path, write: Callable[..., Path]) -> None:
    """GSM and Dialogic ADPCM as other recorders pack them; frames of AMR-WB and G.729 as long as they say."""
    assert _hz(_decoded(write("x.gsm", sound(8000), format="RAW", subtype="GSM610"))[0]) == 440
    adpcm = write("x.vox", sound(8000), format="RAW", subtype="VOX_ADPCM").read_bytes()
    dialogic = tmp_path / "dialogic.wav"
    form = struct.pack("<IHHIIHHH", 18, 0x10, 1, 8000, 4000, 1, 4, 0)
    size = struct.pack("<I", len(adpcm))
    dialogic.write_bytes(b"RIFF" + size + b"WAVEfmt " + form + b"data" + size + adpcm)
    assert _hz(_decoded(dialogic)[0]) == 440
    frames = {
        "spoken.awb": b"#!AMR-WB\n" + (b"\x44" + bytes(range(60))) * 100,
        "silent.awb": b"#!AMR-WB\n" + b"\x7c" * 100,  # nothing but printable characters
        "x.g729": np.random.default_rng(5).bytes(10 * 200),
    }
    for name, content in frames.items():
        (tmp_path / name).write_bytes(content)
        assert _decoded(tmp_path / name).shape == (1, 2 * RATE)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize(("rate", "channels"), [(6000, 1), (8000, 2), (11025, 8), (44100, 2), (96000, 1)])
def test_every_depth_rate_and_number_of_channels(
    subtype: str, rate: int, channels: int, tone: Callable[..., Samples], write: Callable[..., Path]
) -> None:
    samples = _decoded(write("a.wav", tone(1.6, rate, channels), rate, subtype=subtype))
    assert samples.shape == (channels, round(1.6 * RATE))
    for i, row in enumerate(samples):
        assert _hz(row) == 440
        assert np.abs(row).max() == pytest.approx(0.3 / (i + 1), rel=0.08, abs=0.01)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000])
def test_resampling_is_clean_and_exactly_as_long(rate: int, write: Callable[..., Path]) -> None:
    hz = 0.37 * rate if rate < RATE else 5000.0
    wave = 0.5 * np.sin(2 * np.pi * hz * np.arange(4 * rate) / rate)
    path = write("tone.wav", wave, rate, subtype="FLOAT")
    samples = _decoded(path)[0]
    assert len(samples) == 4 * RATE
    spectrum = np.abs(np.fft.rfft(samples[RATE : 3 * RATE] * np.blackman(2 * RATE)))
    frequencies = np.fft.rfftfreq(2 * RATE, 1 / RATE)
    elsewhere = spectrum[np.abs(frequencies - hz) > 50].max()
    assert 20 * np.log10(elsewhere / spectrum.max()) < -80


def test_an_impulse_stays_where_it_was(write: Callable[..., Path]) -> None:
    wave = np.zeros(8000 * 40)
    wave[8000 * 33] = 1.0  # beyond the first block
    assert int(np.abs(_decoded(write("i.wav", wave, subtype="PCM_16"))[0]).argmax()) == RATE * 33


def test_blocks_are_bounded_and_can_be_read_again(tone: Callable[..., Samples], write: Callable[..., Path]) -> None:
    for name in ("long.wav", "long.mp3"):
        audio = open_audio(write(name, tone(50)))
        sizes = [block.shape[1] for block in audio.blocks()]
        assert max(sizes) <= (BLOCK_S + 1) * RATE
        assert sizes == [block.shape[1] for block in audio.blocks()]


def test_not_a_number_becomes_silence(write: Callable[..., Path]) -> None:
    for rate in (8000, RATE):
        poisoned = np.full((rate, 1), np.nan, np.float32)
        poisoned[::7] = np.inf
        assert not _decoded(write("nan.wav", poisoned, rate, subtype="FLOAT")).any()


def test_refusals_say_why(tmp_path: Path, tone: Callable[..., Samples], write: Callable[..., Path]) -> None:
    good = write("good.wav", tone(), subtype="ULAW").read_bytes()
    m4a = tmp_path / "whole.m4a"
    encode(m4a, "aac", 16000, sound(16000))
    page = "<!DOCTYPE html><html><body>登录已过期</body></html>"
    cases = {
        "zero.wav": (b"", "empty_file", "0 字节"),
        "text.mp3": ("这是一段说明，不是录音。\n".encode() * 400, "not_audio", "文本"),
        "gbk.mp3": ("这是一段说明，不是录音。\n".encode("gbk") * 400, "not_audio", "文本"),
        "page.wav": (page.encode(), "not_audio", "网页"),
        "list.mp3": (b"#EXTM3U\n#EXTINF:10,\n/etc/passwd\n", "not_audio", "文本"),
        "random.mp3": (np.random.default_rng(1).bytes(40_000), "not_audio", "不是任何已知的音频格式"),
        "zeros.wav": (bytes(9000), "not_audio", "不是任何已知的音频格式"),
        "half.wav": (good[: len(good) // 2], "truncated", "49%"),
        "header.wav": (good[:58], "truncated", "0%"),
        "broken.wav": (good[:12] + np.random.default_rng(2).bytes(4000), "corrupt", "损坏"),
        "half.m4a": (m4a.read_bytes()[:9000], "corrupt", "损坏"),
        "voice.amr": (b"\x02#!SILK_V3" + bytes(200), "unsupported", "SILK"),
        "dictated.ds2": (b"\x03ds2" + bytes(2000), "unsupported", "DSS"),
        "linear.pcm": (np.random.default_rng(4).bytes(40_000), "unsupported", "没有文件头"),
        "foreign.wav": (good[:20] + b"\x77\x07" + good[22:], "unsupported", "编码"),
    }
    for name, (content, kind, word) in cases.items():
        (tmp_path / name).write_bytes(content)
        error = _refusal(tmp_path / name)
        assert (name, error.kind) == (name, kind)
        assert word in error.message
    assert _refusal(tmp_path / "absent.wav").kind == "unreadable"
    assert _refusal(tmp_path).kind == "unreadable"


def test_recordings_are_known_by_their_name_even_where_they_cannot_be_read() -> None:
    assert {*HEADERLESS, *RAW, ".dss", ".ds2"} <= AUDIO_SUFFIXES


def test_unusual_shapes_are_refused(write: Callable[..., Path]) -> None:
    assert _refusal(write("many.wav", np.zeros((800, 12)))).kind == "unsupported"
    assert _refusal(write("slow.wav", np.zeros(800), 1000)).kind == "unsupported"
    assert _refusal(write("none.wav", np.zeros(0))).kind == "corrupt"


def test_too_long_is_refused_at_once_or_while_reading(tone: Callable[..., Samples], write: Callable[..., Path]) -> None:
    path = write("long.wav", tone(10), subtype="PCM_16")
    with pytest.raises(AudioError) as caught:
        open_audio(path, max_duration_s=9)
    assert caught.value.kind == "too_long"
    assert "audio.max_hours" in caught.value.message  # as the workspace calls it
    assert _refusal(write("long.mp3", tone(10), format="MP3"), 9).kind == "too_long"


@pytest.mark.parametrize("subtype", ["PCM_16", "ALAW"])
@pytest.mark.parametrize("length", [0, 0xFFFFFFFF])
def test_a_recorder_that_never_wrote_the_length(
    length: int, subtype: str, tone: Callable[..., Samples], write: Callable[..., Path]
) -> None:
    path = write("stream.wav", tone(), subtype=subtype)
    content = bytearray(path.read_bytes())
    at = content.index(b"data")
    content[at + 4 : at + 8] = struct.pack("<I", length)
    path.write_bytes(content)
    assert _decoded(path).shape == (2, 2 * RATE)


def test_a_nearly_whole_copy_is_used(tone: Callable[..., Samples], write: Callable[..., Path]) -> None:
    path = write("cut.wav", tone(), subtype="ULAW")
    path.write_bytes(path.read_bytes()[: -int(0.05 * 2 * 8000 * 2)])
    assert _decoded(path).shape[1] == pytest.approx(1.9 * RATE, abs=20)


def test_damage_in_the_middle_of_an_mp3_loses_little(tone: Callable[..., Samples], write: Callable[..., Path]) -> None:
    path = write("scratched.mp3", tone(10), format="MP3")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 600] = np.random.default_rng(3).bytes(600)
    path.write_bytes(content)
    assert _decoded(path).shape[1] > 8 * RATE


def test_a_file_that_goes_away_between_two_readings(tone: Callable[..., Samples], write: Callable[..., Path]) -> None:
    for name in ("gone.wav", "gone.mp3"):
        path = write(name, tone())
        audio = open_audio(path)
        assert list(audio.blocks())
        path.unlink()
        with pytest.raises(AudioError) as caught:
            list(audio.blocks())
        assert caught.value.kind == "unreadable"


def test_spliced_recordings_of_different_rate_are_one(tone: Callable[..., Samples], write: Callable[..., Path]) -> None:
    first = write("first.mp3", tone(4, rate=8000), format="MP3").read_bytes()
    second = write("second.mp3", tone(4, rate=16000, channels=1), 16000, format="MP3")
    second.write_bytes(first + second.read_bytes())
    samples = _decoded(second)
    assert samples.shape[1] == pytest.approx(8 * RATE, rel=0.05)
    assert _hz(samples[0][5 * RATE :]) == 440
