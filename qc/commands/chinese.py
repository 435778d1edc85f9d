"""click's own words in Chinese: its modules look their texts up through a `_` each, which we replace."""

from __future__ import annotations

import click.core
import click.decorators
import click.exceptions
import click.formatting
import click.parser
import click.types

_TEXTS = {
    "Usage:": "用法：",
    "Options": "选项",
    "Commands": "命令",
    "Show this message and exit.": "显示这段说明。",
    "Show the version and exit.": "显示版本。",
    "Error: {message}": "错误：{message}",
    "Try '{command} {option}' for help.": "提示：{command} {option} 可看用法。",
    "Invalid value: {message}": "值不对：{message}",
    "Invalid value for {param_hint}: {message}": "{param_hint} 的值不对：{message}",
    "Missing argument": "缺少参数",
    "Missing option": "缺少选项",
    "Missing parameter": "缺少参数",
    "Missing {param_type}": "缺少 {param_type}",
    "Missing parameter: {param_name}": "缺少参数：{param_name}",
    "Missing command.": "缺少命令。",
    "No such option {name!r}.": "没有选项 {name}。",
    "No such command {name!r}.": "没有命令 {name}。",
    "Did you mean {possibility}?": "你是不是想写 {possibility}？",
    "(Did you mean one of: {possibilities}?)": "（你是不是想写：{possibilities}？）",
    "Option {name!r} does not take a value.": "选项 {name} 不带值。",
    "Option {name!r} requires an argument.": "选项 {name} 后面要有值。",
    "Option {name!r} requires {nargs} arguments.": "选项 {name} 后面要有 {nargs} 个值。",
    "Got unexpected extra argument ({args})": "多出来的参数：{args}",
    "Got unexpected extra arguments ({args})": "多出来的参数：{args}",
    "default: {default}": "默认：{default}",
    "env var: {var}": "环境变量：{var}",
    "required": "必填",
    "{value!r} is not a valid {number_type}.": "{value} 不是 {number_type}。",
    "{value} is not in the range {range}.": "{value} 不在 {range} 之内。",
    "{value!r} does not match the format {format}.": "{value} 不是日期，写成 2026-11-20 这样。",
    "{name} {filename!r} does not exist.": "{filename} 不存在。",
    "{name} {filename!r} is a file.": "{filename} 是文件，这里要目录。",
    "{name} {filename!r} is a directory.": "{filename} 是目录，这里要文件。",
    "{name} {filename!r} is not readable.": "没有读取 {filename} 的权限。",
    "{name} {filename!r} is not writable.": "没有写入 {filename} 的权限。",
    "Aborted!": "已中断。",
}


def _look_up(text: str) -> str:
    return _TEXTS.get(text, text)


def _look_up_plural(one: str, many: str, count: int) -> str:
    return _look_up(one if count == 1 else many)


def speak_chinese() -> None:
    """Replace the look-ups; texts without a translation stay English."""
    for module in (click.core, click.decorators, click.exceptions, click.formatting, click.parser, click.types):
        if hasattr(module, "_"):
            setattr(module, "_", _look_up)  # noqa: B010 - mypy knows no `_` there
        if hasattr(module, "ngettext"):
            setattr(module, "ngettext", _look_up_plural)  # noqa: B010
