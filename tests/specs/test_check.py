"""Validation against pydantic types: strictness, places, and every error in Chinese."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, field_validator
from pydantic_core import InitErrorDetails, ValidationError
from pydantic_core._pydantic_core import list_all_errors

from qc.errors import Problem, SpecError
from qc.specs import wording
from qc.specs.document import check, parse
from qc.specs.suggest import suggest


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


def _words(value: tuple[str, ...]) -> tuple[str, ...]:
    if "" in value:
        raise ValueError("词不能是空的\n请删掉空的一项。")
    return value


class Words(Strict):
    any: Annotated[tuple[str, ...], AfterValidator(_words)]
    min: int = 1


class Part(Strict):
    keyword: str | tuple[str, ...] | Words | None = None
    silence: Annotated[float, Field(gt=0)] | None = None


class Cat(Strict):
    kind: Literal["cat"]
    lives: int = 9


class Dog(Strict):
    kind: Literal["dog"]
    tricks: tuple[str, ...] = ()


class Card(Strict):
    id: str = Field(pattern=r"^[a-z]+$")
    title: str = Field(min_length=2)
    colour: Colour = Colour.RED
    colours: frozenset[Colour] = frozenset()
    count: int = Field(default=0, ge=0, le=10)
    weight: float = 1.0
    on: bool = False
    find: dict[str, Part] = {}
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    named: dict[Colour, int] = {}

    @field_validator("title")
    @classmethod
    def _not_x(cls, value: str) -> str:
        if value == "xx":
            raise ValueError("标题不能写 xx")
        return value


HEAD = "id: a\ntitle: 标题\n"


def told(text: str, shape: Any = Card) -> list[tuple[int, int, str, str, str]]:
    with pytest.raises(SpecError) as caught:
        check(parse(text, "a.yml"), shape)
    return [(p.line, p.col, p.code, p.message, p.hint) for p in caught.value.problems]


def test_a_valid_document_becomes_a_model() -> None:
    text = HEAD + (
        "colour: green\ncolours: [red]\nweight: 2\non: true\n"
        "find: {甲: {keyword: 词}, 乙: {keyword: [词, 语]}, 丙: {keyword: {any: [词], min: 2}}}\n"
        "pet: {kind: dog, tricks: [坐]}\nnamed: {red: 3}\n"
    )
    card = check(parse(text, "a.yml"), Card)
    assert card.colour is Colour.GREEN
    assert card.colours == {Colour.RED}
    assert card.weight == 2.0
    assert card.find["乙"].keyword == ("词", "语")
    assert card.find["丙"].keyword == Words(any=("词",), min=2)
    assert card.pet == Dog(kind="dog", tricks=("坐",))
    assert card.named == {Colour.RED: 3}


@pytest.mark.parametrize(
    ("line", "col", "code", "message", "hint"),
    [
        ("count: abc", 8, "S003", '类型不对：应为整数，写成了 "abc"', "请写半角整数，不加引号和单位，例如 3。"),
        ('count: "5"', 8, "S003", '类型不对：应为整数，写成了 "5"', "请写半角整数，不加引号和单位，例如 3。"),
        ("count: 1.5", 8, "S003", "类型不对：应为整数，写成了 1.5", "请写半角整数，不加引号和单位，例如 3。"),
        ("count: 11", 8, "S005", "不能大于 10，写成了 11", "请改成允许范围内的值。"),
        ("count: -1", 8, "S005", "不能小于 0，写成了 -1", "请改成允许范围内的值。"),
        ("weight: [1]", 9, "S003", "类型不对：应为数字，写成了 列表", "请写半角数字，不加引号和单位，例如 1.5。"),
        ("weight: .nan", 9, "S003", '类型不对：应为数字，写成了 ".nan"', "请写半角数字，不加引号和单位，例如 1.5。"),
        (
            "on: yes",
            5,
            "S003",
            '类型不对：应为 true 或 false，写成了 "yes"',
            "请写 true（是）或 false（否），不加引号。",
        ),
        ("on: 1", 5, "S003", "类型不对：应为 true 或 false，写成了 1", "请写 true（是）或 false（否），不加引号。"),
        ("colour: gren", 9, "S004", '不认识的取值 "gren"', "你是不是想写“green”？"),
        ("colour: 蓝", 9, "S004", '不认识的取值 "蓝"', "可以写：green、red。"),
        ("colours: [red, gren]", 16, "S004", '不认识的取值 "gren"', "你是不是想写“green”？"),
        ("colours: red", 10, "S003", '类型不对：应为列表，写成了 "red"', "写作 [甲, 乙]，只有一个也要方括号：[甲]。"),
        ("named: {reed: 1}", 9, "S004", '不认识的取值 "reed"', "你是不是想写“red”？"),
        ("cuont: 5", 1, "S002", "未知字段 cuont", "你是不是想写“count”？"),
        ("find: {甲: {keywrd: 词}}", 12, "S002", "未知字段 keywrd", "你是不是想写“keyword”？"),
        ("find: {甲: {silence: 0}}", 21, "S005", "应大于 0，写成了 0", "请改成允许范围内的值。"),
        (
            "find: {甲: {keyword: 95598}}",
            21,
            "S003",
            "类型不对：应为文字、列表或一组键值，写成了 95598",
            '请给它加引号："95598"。',
        ),
        ("find: {甲: {keyword: [词, 5]}}", 25, "S003", "类型不对：应为文字，写成了 5", '请给它加引号："5"。'),
        ("find: {甲: {keyword: {min: 2}}}", 21, "S001", "缺少字段 any", "请补上这个字段。"),
        (
            "find: {甲: {keyword: {any: [词], min: x}}}",
            37,
            "S003",
            '类型不对：应为整数，写成了 "x"',
            "请写半角整数，不加引号和单位，例如 3。",
        ),
        ("find: {甲: {keyword: {any: ['']}}}", 27, "S008", "词不能是空的", "请删掉空的一项。"),
        (
            "find: 词",
            7,
            "S003",
            '类型不对：应为一组键值，写成了 "词"',
            "写作 {键: 值, 键: 值}，或另起一行缩进着写“键: 值”。",
        ),
        ("find: {甲: }", 11, "S003", "类型不对：应为一组键值，写成了 空值", "请补上值，或删掉这个键。"),
        ("pet: {kind: cow}", 6, "S004", '不认识的取值 "cow"', "可以写：cat、dog。"),
        ("pet: {lives: 3}", 6, "S001", "缺少字段 kind", ""),
        ("pet: {kind: cat, lifes: 3}", 18, "S002", "未知字段 lifes", "你是不是想写“lives”？"),
    ],
)
def test_one_mistake_gives_one_message_at_its_place(line: str, col: int, code: str, message: str, hint: str) -> None:
    assert told(HEAD + line) == [(3, col, code, message, hint)]


def test_all_mistakes_are_told_in_order() -> None:
    found = told("title: xx\ncount: 99\nfoo: 1\n")
    assert [(line, code) for line, _, code, _, _ in found] == [(1, "S001"), (1, "S008"), (2, "S005"), (3, "S002")]
    assert found[1][3] == "标题不能写 xx"
    assert [t[2:4] for t in told("id: A1\ntitle: 题\n")] == [
        ("S007", '写法不对："A1"'),
        ("S006", '至少要有 2 个字，写成了 "题"'),
    ]


def test_a_part_can_be_checked_alone() -> None:
    document = parse("find:\n  甲: {silence: 3}\n  乙: {silence: x}\n", "a.yml")
    assert check(document, Part, ("find", "甲")).silence == 3
    with pytest.raises(SpecError) as caught:
        check(document, TypeAdapter(Part), ("find", "乙"))
    (problem,) = caught.value.problems
    assert (problem.line, problem.col) == (3, 16)


def test_long_values_are_cut_in_messages() -> None:
    ((_, _, _, message, _),) = told(HEAD + f"count: {'长' * 500}")
    assert len(message) < 80


def _context(example: dict[str, Any] | None) -> dict[str, Any] | None:
    """A filled context: the library's examples are empty words and zeros."""
    if example is None:
        return None
    return {
        k: (ValueError("说明") if k == "error" and v is None else "'x'" if v == "" else 3) for k, v in example.items()
    }


@pytest.mark.parametrize("kind", [e["type"] for e in list_all_errors()])
def test_every_error_of_pydantic_has_a_chinese_message(kind: str) -> None:
    example = next(e for e in list_all_errors() if e["type"] == kind)
    context = _context(example.get("example_context"))
    details = InitErrorDetails(type=kind, loc=("a",), input="值", ctx=context or {})
    found = ValidationError.from_exception_data("x", [details]).errors()
    (complaint,) = wording.explain(found, holds=lambda loc: loc == ("a",), fields=lambda loc: {"b": "乙"})
    assert re.search(r"[\u4e00-\u9fff]", complaint.message), complaint
    assert not re.search(r"[A-Za-z]{4,} [A-Za-z]{2,}", complaint.message), complaint
    assert "{" not in complaint.message
    assert re.fullmatch(r"S\d{3}", complaint.code)


def test_suggest() -> None:
    assert suggest("service.greting", ["service.greeting", "bot.repeat"]) == "你是不是想写“service.greeting”？"
    assert suggest("甲", ["乙", "丙"]) == "可以写：丙、乙。"
    assert suggest("甲", [str(n) for n in range(50)], "请检查。") == "请检查。"


def test_rendered_as_people_see_it() -> None:
    with pytest.raises(SpecError) as caught:
        check(parse(HEAD + "find:\n  静音: {silense: 15}\n", "rules/a.yml"), Card)
    assert caught.value.render() == (
        "rules/a.yml:4:8: S002 未知字段 silense\n"
        "      静音: {silense: 15}\n"
        "             ^\n"
        "提示：你是不是想写“silence”？\n\n"
        "共 1 处问题。"
    )
    assert isinstance(caught.value.problems[0], Problem)
