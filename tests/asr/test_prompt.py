from __future__ import annotations

import pytest

from qc.asr.engines.ct2.engine import Ct2Options
from qc.asr.engines.prompt import MOST_CHARS, prompted
from qc.asr.engines.whisper.engine import WhisperOptions
from qc.domain.config import AsrConfig
from qc.domain.speech import HotWord

_WORDS = [HotWord(text=w) for w in ("退保", "分布式光伏", "退保")]


def test_nothing_is_said_before_unless_asked_for() -> None:
    assert prompted(AsrConfig(), _WORDS) == AsrConfig()
    assert prompted(AsrConfig(prompt_words=True), []).prompt == ""


def test_hot_words_are_said_before_as_many_as_fit() -> None:
    assert prompted(AsrConfig(prompt_words=True), _WORDS).prompt == "退保、分布式光伏。"
    many = [HotWord(text=f"热词{i}") for i in range(1000)]
    assert 0 < len(prompted(AsrConfig(prompt_words=True), many).prompt) <= MOST_CHARS


@pytest.mark.parametrize("options", [WhisperOptions, Ct2Options])
def test_another_prompt_is_another_transcript(options: type[WhisperOptions] | type[Ct2Options]) -> None:
    ids = {options(prompt=p).id for p in ("", "退保。", "光伏。")}
    assert len(ids) == 3
    assert options().id == options(prompt="").id
