"""One file per command: a thin click function over a pure function."""

from __future__ import annotations

import sys
from typing import Any

import click

from qc import __version__
from qc.commands.chinese import speak_chinese
from qc.commands.lazy import Lazy
from qc.commands.terminal import guard
from qc.domain.printable import printable
from qc.errors import EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_USAGE, QcError, origin, refusal, remedy

speak_chinese()

_COMMANDS = {
    "run": "整批质检：转写、判定、评分、出报表",
    "transcribe": "只转写，存成批次，之后用 inspect 判定",
    "inspect": "用当前规则重新判定已存的批次，不用模型",
    "report": "由已存的批次重新生成报表，或一个会话的页面",
    "show": "在终端里看一个会话和它的证据",
    "explain": "为什么这样判：一个会话上的每条规则，或一条规则的细节",
    "export": "导出 Excel、CSV、Parquet",
    "query": "用 SQL 查一个或多个批次的结果表",
    "purge": "按保留期清除录音路径、文字、结果、报表、转写缓存",
    "compact": "许多批次合成一个数据集，DuckDB、Spark、Pandas 直接读",
    "verify": "核对一个批次还可不可信：文件、计数、抽样重判",
    "opinion": "舆情：每天与之前比，预警、一页简报、回测",
    "review": "复核：抽样、收回人的意见、申诉、回归用例",
    "emotion": "情绪模型：用自己的标注训练、评测",
    "intents": "意图模型：用自己的标注训练、评测",
    "bleep": "录音的消音副本：个人信息处换成提示音",
    "vault": "保管库：脱敏前的原文，凭另外保管的私钥才看得到",
    "audit": "审计日志：谁在什么时候做了什么，有没有被改过",
    "rules": "规则：新建、检查、测试、比较、入库",
    "topics": "话题：还缺哪些话题，有哪些新词",
    "asr": "转写准不准：与参考文本比",
    "diff-asr": "换了转写，哪些判定跟着变，为什么",
    "models": "转写模型：列出、下载、导入",
    "init": "新建一个工作区：配置、规则、评分表、CI",
    "plan": "一晚要多少核、GPU、内存和磁盘，由本机实测的速度算出",
    "leak-check": "查写出的文件里还有没有个人信息",
    "doctor": "检查本机、模型与工作区，告诉你该做什么",
}
_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.command(
    cls=Lazy,
    commands_in="qc.commands",
    about=_COMMANDS,
    context_settings=_HELP,
    epilog="退出码：0 完成；1 检查未通过；2 用法或配置有误；3 完成但有录音失败；4 内部错误；130 被中断。",
)
@click.version_option(__version__, "-V", "--version", prog_name="qc", message="%(prog)s %(version)s", help="显示版本。")
@click.help_option("-h", "--help", help="显示这段说明。")
def cli() -> None:
    """qc 智能质检：录音、在线会话、机器人会话与工单的批量质检。"""


def main(args: list[str] | None = None) -> Any:
    """Run the command line and exit with the house's exit codes."""
    guard()
    try:
        code = cli.main(args=args, prog_name="qc", standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("\n已中断。", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except QcError as error:
        click.echo(printable(error.render()), err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of a pipe (head, less) left; that is no error of ours
        sys.exit(0)
    except OSError as error:
        click.echo(printable(_disk(error).render()), err=True)
        _reraise_when_debugging()
        sys.exit(EXIT_USAGE)
    except Exception as error:  # the last door: no stack trace full of customer speech on a terminal
        click.echo(f"内部错误：{type(error).__name__}（{origin(error)}）", err=True)
        click.echo("提示：请把命令与以上一行报告给维护者；设 QC_DEBUG=1 可看到完整堆栈。", err=True)
        _reraise_when_debugging()
        sys.exit(EXIT_INTERNAL)
    sys.exit(code if isinstance(code, int) else 0)


def _disk(error: OSError) -> QcError:
    """What the operating system refused, where, and what to do."""
    return QcError(f"文件读写失败：{refusal(error)}" + (f"：{error.filename}" if error.filename else ""), remedy(error))


def _reraise_when_debugging() -> None:
    import os

    if os.environ.get("QC_DEBUG"):
        raise  # noqa: PLE0704 - called from an except block
