"""How `qc/asr/speakers/voices/ge2e.npz` was made: the weights in the wheel of Resemblyzer 0.1.4 as float16 arrays.

usage: python -m bench.speech.convert_voice_encoder Resemblyzer-0.1.4-py3-none-any.whl OUT.npz   (needs torch)

Only the wheel's data file is read, by torch's loader that takes no code; nothing of the package is imported. The two
scalars of the training loss (similarity_weight, similarity_bias) are left out.
"""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import torch

WHEEL_SHA256 = "8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f"


def convert(wheel: Path, out: Path) -> None:
    """Write the arrays and print their number and the digest of the file."""
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != WHEEL_SHA256:
        sys.exit(f"{wheel} is not the wheel of Resemblyzer 0.1.4")
    with zipfile.ZipFile(wheel) as z:
        state = torch.load(io.BytesIO(z.read("resemblyzer/pretrained.pt")), map_location="cpu", weights_only=True)
    arrays = {
        name.replace(".", "_"): value.numpy().astype(np.float16)
        for name, value in sorted(state["model_state"].items())
        if name.startswith(("lstm.", "linear."))
    }
    with out.open("wb") as f:
        np.savez(f, **arrays)
    print("arrays", sum(a.size for a in arrays.values()), "parameters", hashlib.sha256(out.read_bytes()).hexdigest())


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
