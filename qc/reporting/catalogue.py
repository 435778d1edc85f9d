"""The words of the reports in another language, from `lang/LANGUAGE/*.json` in the template folders."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from qc.errors import UsageError

SOURCE = "zh"
"""The language templates are written in; it needs no catalogue."""


def read_catalogue(template_dirs: Sequence[Path], language: str) -> Mapping[str, str]:
    """All catalogues of `language` as one, Chinese text → its translation; the folder that comes first wins.

    Raises UsageError when there is none, or a file is not an object of strings.
    """
    if language == SOURCE:
        return {}
    files = [path for folder in reversed(template_dirs) for path in sorted((folder / "lang" / language).glob("*.json"))]
    if not files:
        raise UsageError(f"报表没有语言 {language}。", "可用：zh、en；或在工作区的 reports/lang/ 下放翻译。")
    return {text: told for path in files for text, told in _read(path).items()}


def _read(path: Path) -> Mapping[str, str]:
    try:
        catalogue = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"读不了报表的翻译 {path}：{type(error).__name__}", "应是 UTF-8 的 JSON。") from None
    if not isinstance(catalogue, dict) or not all(isinstance(told, str) for told in catalogue.values()):
        raise UsageError(f"报表的翻译 {path} 不对。", '应是 {"中文": "translation"} 这样的一个对象。')
    return catalogue
