"""Sentences that a run stores, and how a page says them in its language: why rules were undecided, why inputs failed,
what is to be known of a run.

They are stored in Chinese, as whoever met the case wrote them; here stand the forms they are written with, and a
sentence is read by the same forms. A value called `what…` or `why…` is a sentence of ours in its turn; any other is
the user's (names of files, columns, pieces) or a number, and stays. What this version cannot read stays as it was
stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from string import Formatter

from qc.domain.language import say

REASONS = (
    "有关的话转写置信度低于 {floor}",
    "有的话没有听清（转写置信度低于 {floor}），不能断定没有说",
    "没有区分出说话人，不能确定是谁说的",
    "没有区分出说话人，话轮又超过 {n} 个，没有逐一比较",
    "不是双声道录音，分不清谁打断了谁",
    "会话不是由双声道录音转写而来，分不清谁打断了谁",
    "会话没有时间信息",
    "会话没有时间信息，不能按秒计算距离",
    "会话没有说话的起止时间",
    "会话没有音量（不是由录音转写而来）",
    "没有录音时长，不知道何时挂机",
    "清单没有给出时长，会话也没有时间信息",
    "前置条件本身不能确定",
    "可能属于例外，不能确定",
    "范围里一轮也没有",
    "片段 {pieces} 不能确定：{why}",
    "步骤“{step}”不能确定：{why}",
    "随录参数 {name} 没有值",
    "随录参数 {name} 的值不是数字",
    "随录参数 {name} 的值不是日期",
    "随录参数 {name} 的值不是“是”或“否”",
)
"""The clauses of findings.reason, as the operators store them (joined by ；); in one with a value, the value."""

MACHINE = (
    "磁盘已满",
    "磁盘配额已满",
    "文件大小超过限制",
    "没有权限",
    "这个位置是只读的",
    "文件或目录不见了",
    "磁盘或网络盘出错",
    "文件系统不支持锁",
    "打开的文件太多",
    "正被别的进程占用",
    "这是一个目录，不是文件",
    "这里已经有一个文件",
    "目录不是空的",
    "这是一个不跟随的链接，或链接成环",
    "名字太长",
    "腾出空间，或用 --out（转写缓存用环境变量 QC_CACHE_DIR）换一个位置",
    "放宽 ulimit -f，或用 --out 换一个位置",
    "检查这个位置的读写权限，或换一个位置",
    "可能被移走、删除，或网络盘断开了；恢复之后再试",
    "检查磁盘与网络盘的连接，恢复之后再试",
    "换一个支持文件锁的位置",
    "放宽 ulimit -n，或减少 --workers",
    "等它结束之后再试",
    "换一个文件名，或先移走这个目录",
    "换一个名字，或先移走它",
    "换一个目录，或先移走里面的文件",
    "换成真正的文件或目录",
    "换一个短一些的名字",
    "检查磁盘与目录的权限",
)
"""What the operating system refuses, and what to do about it."""

FAILURES = (
    # files and folders
    "{why_do}。恢复原样之后，同一条命令加 --retry-failed 重试",
    "等它写完后，同一条命令加 --retry-failed 重试",
    "{what}，没有采用；{why_do}",
    "{what}在本批次运行中读不了：{why}",
    "{what}在本批次运行中被改动了",
    "文件",
    "录音",
    "转写 {path} ",
    "文件读不了：{why}；{why_do}",
    "目录打不开，里面的文件没有读：{why}",
    "文件是空的（0 字节）",
    "会话编号与其他录音重复",
    "会话编号与 {place} 的重复，只用先出现的",
    "录音旁没有同名的转写文件（如 A001.wav 旁的 A001.json）；没有转写的录音用 asr.engine: auto 转写",
    "录音旁没有同名的转写文件",
    "录音旁的表格不是一通电话的转写，应是一句一行",
    "录音旁有 {n} 个转写：{names}；只留一个",
    "里面有 {n} 个会话；录音旁的转写应当只有这一通",
    "转写 {path}：{why}",
    # rows of the manifest
    "清单第 {line} 行：{why}",
    "会话编号与录音文件都是空的",
    "{what}与第 {line} 行相同，只用第 {same} 行",
    "会话编号",
    "录音文件",
    "与第 {line} 行指向同一个录音",
    "{file} 不是支持的录音或会话格式",
    "输入目录里没有{what}",
    "录音 {file}",
    "会话 {id} 的录音或文本",
    "有 {n} 个文件都叫 {name}；请写相对输入目录的完整路径",
    "录音文件在输入目录之外；写相对输入目录的路径，或只写文件名",
    # what is inside
    "这一行{why}",
    "有无法识别的字节；请把清单存成 UTF-8 或 GBK",
    "有无法识别的字节；文件应是 UTF-8 或 GBK",
    "这一行过长",
    "过长；单个会话不能超过 64 MiB",
    "引号没有闭合",
    "文件里没有会话",
    "文件里没有内容",
    "会话里没有任何文字",
    "这条消息没有会话编号",
    "JSON 文件超过 64 MiB；请存成每行一通会话的 .jsonl",
    "JSON 里的值超过 {n} 万个；请拆成几个文件",
    "{what}，问题在第 {line} 行第 {col} 个字符",
    "没有写完（文件可能被截断）",
    "不是合法的 JSON",
    "JSON 嵌套过深",
    "JSON 里有过大的数",
    "不是认识的会话、工单或转写格式；应是 {shape}、每行一条消息、工单，"
    "或 whisper、WhisperX、FunASR、阿里云 SCA、Contact Lens、腾讯云的转写结果（见 docs/inputs.zh-CN.md）",
    "{what}；这里是{what_type}",
    "应是对象，却是{what_type}",
    "{what_place} 应是数组，却是{what_type}",
    "{what_place} 应是文字，却是{what_type}",
    "{what_place} 的第 {n} 项应是对象，却是{what_type}",
    "segments 第 {n} 段的 text",
    "Transcript 第 {n} 项的 Content",
    "ResultDetail 第 {n} 句",
    "第 {n} 条消息的内容",
    "第 {n} 句的 {key}",
    "{key} 第 {n} 句",
    "对象",
    "数组",
    "文字",
    "真假值",
    "数",
    "Contact Lens 任务没有成功（JobStatus：{status}）",
    "腾讯云识别任务没有成功（StatusStr：{status}）",
    # tables
    "不是认识的表格；会话表要有会话编号、发送方、时间、内容，工单表要有工单号、客户诉求、处理结果",
    "没有内容",
    "工作表是空的",
    "不是可读的 Excel 工作簿（.xlsx）；旧的 .xls 请另存为 .xlsx 或 CSV",
    "没有工作表“{sheet}”，有：{sheets}",
    "工作簿里没有工作表",
    "工作簿已损坏，读到一半中断",
    "工作簿解压后超过 {n} MiB；请拆成几个，或存成 CSV",
    "工作簿里有实体声明（DTD）：Excel 不会写出它，没有读",
    "工作簿里有一段超过 {n} MiB 的文字；请把数据另存为 CSV",
    "工作表的行数或格式超过 Excel 所能有的；请把数据另存为 CSV",
    "工作表里有一行超过 {n} MiB；请把数据另存为 CSV",
    "工作簿里的文字超过 {n} 万条；请拆成几个，或存成 CSV",
    "工作簿的格式部分超过 {n} MiB；请把数据另存为 CSV",
    # recordings
    "文件打不开：它在读的时候被移走、删除或改动了；等它写完、放回原处之后再试",
    "不是录音：内容是网页，请检查下载或导出",
    "不是录音：内容是文本，请检查下载或导出",
    "无法识别为录音：不是任何已知的音频格式",
    "录音不完整：只有文件头所写的 {n}%，请重新拷贝",
    "录音超过 {hours} 小时的上限（qc.yaml 的 audio.max_hours）",
    "微信 SILK 语音不支持，请先转换为 WAV",
    "录音笔的 DSS 格式不支持，请先转换为 WAV",
    "文件头像录音，但内容已损坏或不完整，解不出声音",
    "没有文件头，编码和采样率无从得知：请转换为 WAV，8 kHz 的 µ-law、A-law 可把扩展名改为 .ulaw、.alaw",
    "解不出任何声音：录音时长为 0，或文件已损坏",
    "有 {n} 个声道，最多支持 {most} 个；文件头可能已损坏",
    "采样率 {n} Hz 不合理，支持 4000 到 384000 Hz；文件头可能已损坏",
    "文件里只有画面，没有声音",
    "录音用了不支持的音频编码，请先转换为 WAV",
    "没有听到说话声（录音长 {n} 秒）",
    "转写里有的话没有时间，无法与录音对应；请导出带起止时间的转写",
    "转写里最晚的一句在第 {last} 秒，录音只有 {n} 秒；可能不是这个录音的转写",
    "转写结果不在缓存里（缓存被清理或损坏），请重新运行",
    # limits, and faults of ours
    "转写这个录音（约 {n} 秒）超过 {limit} 秒还没有完成（qc.yaml 的 run.hear_limit），可能使解码或识别卡住，已隔离",
    "转写这个录音时进程占用的内存超过 {n} MB（qc.yaml 的 run.memory_mb），已隔离",
    "转写这个录音时进程被杀死（可能内存不足，或文件使解码器崩溃、卡死），已隔离",
    "转写这个录音时程序出错（{error}，{where}），已隔离；请报告给维护者",
    "判定这个会话超过 {n} 秒还没有完成（qc.yaml 的 run.judge_limit_s），已隔离",
    "判定这个会话时进程占用的内存超过 {n} MB（qc.yaml 的 run.memory_mb），已隔离",
    "质检这个会话时进程被杀死（可能内存不足），已隔离",
    "质检这个会话时程序出错（{error}，{where}），已隔离；请报告给维护者",
)
"""failures.message."""

NOTES = (
    "{n} 个链接没有跟随（指向输入目录之外、指向目录或已失效）",
    "{n} 个文件不是录音也不是会话文本，没有处理：{files}",
    "{n} 个录音不在清单里：{files}",
    "{file} 看起来是清单，没有读；要用它请加 --manifest",
    "由批次 {run} 重新判定",
    "{day} 重试：试了 {n} 个失败或隔离的输入，成功 {good} 个",
    "在 Ray 集群上计算：{machines} 台机器，{n} 个进程",
    "（另有 {n} 处）{why}",
    "qc.yaml 把 {name} 对应到“{headers}”，清单里没有这一列",
    "比表头多出几格，多出的没有读；内容里有分隔符时要加引号",
    "不是认识的渠道；写呼入、呼出、在线、机器人、工单、留言，或在 qc.yaml 的 manifest.channels 里对应",
    "不是认识的时间；写成 2026-11-20 21:03:11 或 2026/11/20 9:03",
    "不是时长；写秒数、分:秒或时:分:秒",
    "不是 0 到 10000 的整数",
    "不是次数；写 0 到 10000 的整数，或是、否",
    "不是满意度；写 1–5 或非常满意…非常不满意，或在 qc.yaml 的 manifest.satisfaction 里对应",
    "{header}: {why}",
    "{manifest}:{line}:{why}",
)
"""The notes of a run; the last two are about a cell, and a row, of the manifest."""

READ_NOTE = "读入说明"
FACTS = (READ_NOTE, "{n} 条消息的时间无法识别", "消息时间的写法不一致，没有使用", "列{n}")
"""What reading adds to the facts of a conversation, and columns of a manifest without a name."""


_DEEPEST = 6
"""Sentences within sentences; a name of a file may look like any number of them."""
_NUMBERS = ("line", "same", "col")


def clauses(stored: str) -> str:
    """Why a rule was undecided, said: clauses of `REASONS`."""
    each = enumerate(stored.split("；"))
    return say("；").join(_told(clause, _REASONS, first=not place) for place, clause in each)


def sentence(stored: str) -> str:
    """A failure or a note, said."""
    whole = stored.removesuffix("。")
    return _told(whole, _SENTENCES, first=True) + (say("。").rstrip() if whole != stored else "")


def fact(name: str, value: str) -> tuple[str, str]:
    """A fact of a conversation: what reading put there is said, what the manifest says stays."""
    return _told(name, _FACTS, first=True), _told(value, _FACTS, first=True) if name == READ_NOTE else value


class _Forms:
    """Sentences to read by."""

    def __init__(self, texts: Sequence[str]) -> None:
        parts = {text: [(plain, name) for plain, name, _, _ in Formatter().parse(text)] for text in texts}
        self.plain = {text for text, own in parts.items() if not any(name for _, name in own)}
        self.open = [
            # its longest words spare most of the matching
            (text, max((plain for plain, _ in own), key=len), re.compile(_pattern(own), re.DOTALL))
            for text, own in parts.items()
            if text not in self.plain
        ]


def _pattern(parts: Sequence[tuple[str, str | None]]) -> str:
    """A value ends where what stands behind it first begins and is not tried longer: a name that is full of such words
    would cost its length to the third power. Only where a number follows, the first may be another's."""
    out = re.escape(parts[0][0])
    for (_, name), (behind, following) in pairwise([*parts, ("", None)]):
        if name is not None:
            value = r"\d+" if name in _NUMBERS else ".*?" if _ours(name) else ".+?"
            held = "(?>" if following and following not in _NUMBERS else "(?:"
            out += f"{held}(?P<{name}>{value}){re.escape(behind)})"
    return out


def _ours(name: str | None) -> bool:
    return name is not None and name.startswith(("what", "why"))


_REASONS, _SENTENCES, _FACTS = _Forms(REASONS), _Forms((*FAILURES, *MACHINE, *NOTES)), _Forms(FACTS)


def _told(stored: str, forms: _Forms, *, first: bool = False, within: int = 0) -> str:
    """`first`: it begins a sentence, with a capital letter where it is translated. `within`: sentences around it."""
    if within > _DEEPEST:
        return stored
    if stored in forms.plain:
        return _begun(stored, {}, first)
    for text, words, pattern in forms.open:
        if words in stored and (found := pattern.fullmatch(stored)):
            form = say(text)
            values = {
                name: _told(value, forms, first=first and form.startswith(f"{{{name}}}"), within=within + 1)
                if _ours(name)
                else value
                for name, value in found.groupdict().items()
            }
            return _begun(text, values, first and not form.startswith("{"))
    return stored


def _begun(text: str, values: Mapping[str, str], first: bool) -> str:
    told = say(text, **values)
    return told[:1].upper() + told[1:] if first and say(text) != text else told
