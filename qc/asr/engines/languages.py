"""The languages Whisper knows: named here so that a wrong one is told before a model is loaded."""

from __future__ import annotations

from qc.errors import UsageError

# fmt: off
CODES = frozenset((
    "en", "zh", "de", "es", "ru", "ko", "fr", "ja", "pt", "tr", "pl", "ca", "nl", "ar", "sv", "it", "id", "hi",
    "fi", "vi", "he", "uk", "el", "ms", "cs", "ro", "da", "hu", "ta", "no", "th", "ur", "hr", "bg", "lt", "la",
    "mi", "ml", "cy", "sk", "te", "fa", "lv", "bn", "sr", "az", "sl", "kn", "et", "mk", "br", "eu", "is", "hy",
    "ne", "mn", "bs", "kk", "sq", "sw", "gl", "mr", "pa", "si", "km", "sn", "yo", "so", "af", "oc", "ka", "be",
    "tg", "sd", "gu", "am", "yi", "lo", "uz", "fo", "ht", "ps", "tk", "nn", "mt", "sa", "lb", "my", "bo", "tl",
    "mg", "as", "tt", "haw", "ln", "ha", "ba", "jw", "su", "yue",
))
# fmt: on
"""As `whisper.tokenizer.LANGUAGES`."""


def check_language(code: str) -> str:
    """`code`, if it is one of `CODES`. Raises UsageError."""
    if code not in CODES:
        raise UsageError(f"whisper 没有这个语言：{code}。", "asr.language 写语言代码，普通话是 zh。")
    return code
