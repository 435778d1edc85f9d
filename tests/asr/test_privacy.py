"""Nothing reports home."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.asr
def test_speech_detection_leaves_no_telemetry(tmp_path: Path) -> None:
    code = (
        "import numpy as np\nfrom qc.asr.sound.detect import SpeechDetector, SpeechOptions\n"
        "d = SpeechDetector(1)\nd.feed(np.zeros((1, 16000), np.float32))\nprint(d.spans(SpeechOptions()))"
    )
    env = {k: v for k, v in os.environ.items() if k not in ("CI", "ORT_DISABLE_TELEMETRY")}
    env |= {"XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[()]"
    assert not [p for p in tmp_path.rglob("*") if "icrosoft" in str(p) or "onnxruntime" in str(p)]
