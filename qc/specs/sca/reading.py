"""The JSON of SCA rules, taken apart: keys in any of the spellings its APIs use, and what nobody asked for kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from qc.errors import Problem, SpecError

MAX_CHARS = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Something one side cannot say. `where`: the place in the JSON, or rule and key of ours; `what` stands there.

    `approximate`: it was carried over, but does not mean quite the same.
    """

    where: str
    what: str
    why: str
    approximate: bool = False

    def line(self) -> str:
        """For people, one line."""
        return f"{'近似' if self.approximate else '未转'} {self.where} {self.what}：{self.why}"


class Node:
    """A JSON object and its path. Keys are found whatever their case and underscores: check_range, CheckRange."""

    def __init__(self, data: object, path: str) -> None:
        self.path = path
        given = data if isinstance(data, dict) else {}
        self._data = {_plain(str(key)): (str(key), value) for key, value in given.items()}
        self._asked: set[str] = set()

    def get(self, *names: str) -> object:
        """The value of the first name there is; None when there is none."""
        for name in names:
            self._asked.add(_plain(name))
        return next((self._data[_plain(name)][1] for name in names if _plain(name) in self._data), None)

    def text(self, *names: str) -> str:
        """The value as text; empty when there is none."""
        value = self.get(*names)
        return "" if value is None or isinstance(value, dict | list) else str(value).strip()

    def number(self, *names: str) -> float | None:
        """The value as a number; None when it is none."""
        value = self.get(*names)
        try:
            return None if value is None or isinstance(value, bool | dict | list) else float(str(value))
        except ValueError:
            return None

    def flag(self, *names: str) -> bool:
        """Whether the value is true."""
        return str(self.get(*names)).lower() in ("true", "1")

    def texts(self, *names: str) -> list[str]:
        """A list of texts, also where the SDK wraps it in an object."""
        return [str(item).strip() for item in _unwrapped(self.get(*names)) if str(item).strip()]

    def node(self, *names: str) -> Node:
        """The object under the first name there is, or an empty one."""
        key = next((self._data[_plain(name)][0] for name in names if _plain(name) in self._data), names[0])
        return Node(_loaded(self.get(*names)), f"{self.path}.{key}" if self.path else key)

    def nodes(self, *names: str) -> list[Node]:
        """The objects of a list."""
        key = next((self._data[_plain(name)][0] for name in names if _plain(name) in self._data), names[0])
        path = f"{self.path}.{key}" if self.path else key
        return [Node(item, f"{path}[{n}]") for n, item in enumerate(_unwrapped(self.get(*names)))]

    def unasked(self) -> Iterator[tuple[str, object]]:
        """Keys that were not asked for and say something, with their values."""
        for plain, (key, value) in self._data.items():
            if plain not in self._asked and value not in (None, "", False, 0, [], {}):
                yield key, value


def read_json(text: str, shown_as: str) -> Node:
    """The object that holds `conditions` and `rules`: the text's own, or the one inside JsonStr or Data.

    Raises SpecError with file, line and column when it is no JSON or holds no rules.
    """
    if len(text) > MAX_CHARS:
        _refuse(shown_as, 1, 1, f"文件超过 {MAX_CHARS // 1_000_000} MB", "请分几次导出。")
    try:
        data: object = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        _refuse(shown_as, error.lineno, error.colno, "不是 JSON", "请确认导出的是规则的 JSON，没有改动过。")
    except RecursionError:
        _refuse(shown_as, 1, 1, "JSON 嵌套太深", "请确认导出的是规则的 JSON。")
    except ValueError:
        _refuse(shown_as, 1, 1, "JSON 里有过大的数", "请确认导出的是规则的 JSON。")
    node = Node(data, "")
    for name in ("JsonStr", "jsonStrForRule", "Data", "JsonStr"):
        inside = node.node(name)
        if inside.get("conditions") is not None or inside.get("rules") is not None or inside.get("jsonStrForRule"):
            node = inside
    if not node.nodes("rules"):
        _refuse(shown_as, 1, 1, "里面没有规则（rules）", "应是 UploadRule 的 JSON：{conditions: […], rules: […]}。")
    return node


def _plain(key: str) -> str:
    return key.replace("_", "").lower()


def _loaded(value: object) -> object:
    """JSON inside a JSON text."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _unwrapped(value: object) -> list[object]:
    """A list, also inside {ConditionBasicInfo: […]} and the like."""
    value = _loaded(value)
    if isinstance(value, dict) and len(value) == 1:
        [value] = value.values()
    return value if isinstance(value, list) else []


def _refuse(path: str, line: int, col: int, message: str, hint: str) -> None:
    raise SpecError([Problem(path=path, line=line, col=col, code="J001", message=message, hint=hint)])
