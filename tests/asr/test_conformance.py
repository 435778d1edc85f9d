"""Every engine keeps the same promises, and those checks notice when one does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from qc.asr.engines import conformance
from qc.asr.engines import registry as engines
from qc.asr.engines.conformance import BrokenPromiseError, Trial
from qc.asr.engines.transcriber import AsrIdentity, Phrase, Transcriber, Window
from qc.domain.config import AsrConfig

Change = Callable[[Window, list[Phrase]], list[Phrase]]


@pytest.fixture(scope="module")
def faster() -> Trial:
    pytest.importorskip("faster_whisper")
    return Trial(engines.open_transcriber(AsrConfig(engine=engines.FASTER)), AsrConfig())


@pytest.fixture(scope="module")
def openai(transcriber: Transcriber) -> Trial:
    return Trial(transcriber, AsrConfig())


@pytest.mark.asr
@pytest.mark.parametrize("promise", conformance.PROMISES, ids=lambda p: p.__name__)
def test_openai_whisper(promise: Callable[[Trial], None], openai: Trial) -> None:
    promise(openai)


@pytest.mark.asr
@pytest.mark.parametrize("promise", conformance.PROMISES, ids=lambda p: p.__name__)
def test_faster_whisper(promise: Callable[[Trial], None], faster: Trial) -> None:
    promise(faster)


@pytest.mark.asr
def test_faster_whisper_writes_as_much_as_it_may(faster: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was cut off is known to be: CTranslate2 counts the prompt in, and writes no more than half of its limit."""
    from qc.asr.engines import tokens
    from qc.asr.engines.ct2 import engine

    monkeypatch.setattr(tokens, "TOKENS_PER_S", 0)
    transcriber = faster.transcriber
    assert isinstance(transcriber, engine.Ct2Transcriber)
    (cut,) = transcriber._decode(conformance.speech()[:1])
    assert not cut.complete
    assert sum(len(p.text) for p in cut.phrases) > tokens.SPARE_TOKENS // 2


@pytest.mark.asr
def test_identities_are_known_before_loading(openai: Trial, faster: Trial) -> None:
    for trial, name in ((openai, engines.OPENAI), (faster, engines.FASTER)):
        conformance.identity_is_known_before_loading(engines.identify(AsrConfig(engine=name)), trial.transcriber)


class Engine:
    """A perfect recogniser of the sample call, but for what `change` does to its phrases."""

    name, model_id, options_id = "parrot 1", "none@0", "o"

    def __init__(self, change: Change = lambda w, p: p) -> None:
        self.change = change

    def identify(self, config: AsrConfig) -> AsrIdentity:
        return AsrIdentity(engine=self.name, model=self.model_id, options=self.options_id)

    def open(self, config: AsrConfig) -> Transcriber:
        return self

    def transcribe(self, windows: Sequence[Window]) -> list[list[Phrase]]:
        known = [w.samples.tobytes() for w in conformance.speech()]
        return [
            self.change(
                w,
                [Phrase(start=p.offset, end=p.offset + p.length, text="喂" * 10, confidence=0.9) for p in w.pieces]
                if w.samples.tobytes() in known
                else [],
            )
            for w in windows
        ]


def _believed(window: Window, found: list[Phrase]) -> list[Phrase]:
    return found or [Phrase(start=0, end=len(window.samples), text="谢谢观看", confidence=0.9)]


def test_a_good_engine_passes() -> None:
    good = Engine()
    assert conformance.check(good, AsrConfig()) is good


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda w, found: [replace(p, end=len(w.samples) + 1) for p in found], "samples"),
        (lambda w, found: [replace(p, confidence=1.1) for p in found], "confidence of 1.1"),
        (lambda w, found: [p for p in found for _ in range(2)], "overlap"),
        (lambda w, found: [], "not ten characters"),
        (lambda w, found: [replace(p, confidence=0.1) for p in found], "confidence floor"),
        (_believed, "silence gave words"),
    ],
)
def test_a_bad_engine_is_noticed(change: Change, says: str) -> None:
    with pytest.raises(BrokenPromiseError, match=says):
        conformance.check(Engine(change), AsrConfig())


def test_an_engine_that_changes_its_mind_is_noticed() -> None:
    calls: list[int] = []

    def change(window: Window, found: list[Phrase]) -> list[Phrase]:
        calls.append(1)
        return [replace(p, confidence=1 / len(calls)) for p in found]

    with pytest.raises(BrokenPromiseError, match="other phrases"):
        conformance.the_same_again(Trial(Engine(change), AsrConfig()))


def test_another_identity_after_opening_is_noticed() -> None:
    identity = AsrIdentity(engine="parrot 1", model="none@1", options="o")
    with pytest.raises(BrokenPromiseError, match="none@1"):
        conformance.identity_is_known_before_loading(identity, Engine())
