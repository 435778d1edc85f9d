"""`qc.yaml` → Config."""

from __future__ import annotations

import codecs
import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from qc.domain.config import (
    MANIFEST_FIELDS,
    TARGETS,
    AsrConfig,
    AudioConfig,
    Config,
    FolderConfig,
    ManifestConfig,
    ReportConfig,
    RunConfig,
)
from qc.domain.conversation import Channel, Role
from qc.errors import SpecError
from qc.specs.document import Document, Problems, read, suggest
from qc.specs.model import Spec
from qc.specs.retention import RetentionSpec

_AUDIO, _ASR, _RUN, _REPORT, _TOP = AudioConfig(), AsrConfig(), RunConfig(), ReportConfig(), Config()


def _known_encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError:
        raise ValueError(f"不认识的编码 {name}\n常用 utf-8、gb18030；不写则自动识别。") from None
    return name


def _inside(folder: str) -> str:
    path = PurePosixPath(folder.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in folder:
        raise ValueError("应是输入目录下的子目录\n写相对路径，用 / 分隔，例如 保险/回访。")
    return str(path)


_Text = Annotated[str, Field(min_length=1)]
_Folder = Annotated[_Text, AfterValidator(_inside)]
_Roles = Annotated[tuple[Role, ...], Field(min_length=2, max_length=8)]


class AudioSpec(Spec):
    """录音的声道与角色。"""

    roles: _Roles = Field(default=_AUDIO.roles, description="双声道录音各声道的角色，从第 0 声道起")
    projects: dict[_Text, _Roles] | None = Field(default=None, description="个别业务项目的声道角色，项目: [角色, …]")
    mono: Role = Field(
        default=_AUDIO.mono_role, description="单声道录音整个是谁；unknown 表示有两个人，由声音和说的话区分"
    )
    detect_swapped: bool = Field(default=_AUDIO.detect_swapped, description="开场白表明声道接反时，按说的话认角色")
    max_hours: float = Field(
        default=_AUDIO.max_duration_s / 3600, gt=0, le=24, description="录音最长几小时，超过算失败"
    )

    def config(self) -> AudioConfig:
        return AudioConfig(
            roles=self.roles,
            project_roles=self.projects or {},
            mono_role=self.mono,
            detect_swapped=self.detect_swapped,
            max_duration_s=round(self.max_hours * 3600),
        )


class AsrSpec(Spec):
    """语音转写。"""

    engine: _Text = Field(default=_ASR.engine, description="转写引擎；auto 用本机装好的最合适的一个")
    model: _Text = Field(default=_ASR.model, description="模型：官方名称、随包的 base，或检查点文件的路径")
    language: _Text = Field(default=_ASR.language, description="语言代码")
    preset: Literal["fast", "accurate"] = Field(default="fast", description="快速（窄束搜索），或更准（束宽 5，更慢）")
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="在哪里计算；auto 有显卡就用显卡")
    batch_size: int | None = Field(
        default=None, ge=1, le=256, description="一次解码几个片段；不写则 CPU 8 个、GPU 16 个"
    )
    precision: Literal["auto", "fp32", "fast"] = Field(default="auto", description="计算精度：自动、单精度、快速")
    word_times: bool = Field(default=_ASR.word_times, description="记下每个词的时间（稍慢）")
    prompt_words: bool = Field(default=_ASR.prompt_words, description="把热词也作为提示交给转写引擎")
    correct_words: bool = Field(default=_ASR.correct_words, description="按读音改正听错的热词，原文保留")
    digits: bool = Field(default=_ASR.digits, description="数字、金额、日期、号码写成阿拉伯数字，原文保留")
    confidence_floor: float = Field(
        default=_ASR.confidence_floor,
        ge=0,
        le=1,
        description="置信度（估计有多大比例的字听对了）低于它的证据只作“无法判定”，不扣分",
    )


class ManifestSpec(Spec):
    """清单（随录参数表）的写法。"""

    columns: dict[_Text, _Text | Annotated[tuple[_Text, ...], Field(min_length=1)]] | None = Field(
        default=None, description="我们的字段名: 清单里的表头（可写几个）；常见中英文表头不用写"
    )
    encoding: Annotated[str, AfterValidator(_known_encoding)] | None = Field(
        default=None, description="清单的编码；不写则自动识别"
    )
    sheet: _Text | None = Field(default=None, description="XLSX 的工作表名；不写取第一张")
    channels: dict[_Text, Channel] | None = Field(default=None, description="渠道列的写法: 渠道")
    satisfaction: dict[_Text, Annotated[int, Field(ge=1, le=5)]] | None = Field(
        default=None, description="满意度的写法: 1 到 5，例如 非常满意: 5"
    )

    def config(self) -> ManifestConfig:
        return ManifestConfig(
            columns={k: (v,) if isinstance(v, str) else v for k, v in (self.columns or {}).items()},
            encoding=self.encoding,
            sheet=self.sheet,
            channels=self.channels or {},
            satisfaction=self.satisfaction or {},
        )


class FolderSpec(Spec):
    """一个输入子目录里放的是什么。"""

    project: _Text | None = Field(default=None, description="业务项目")
    channel: Channel | None = Field(default=None, description="渠道")


class RunSpec(Spec):
    """批次怎样运行。"""

    shard_size: int = Field(default=_RUN.shard_size, ge=1, le=100_000, description="一个分片几个会话")
    executor: Literal["pool", "serial", "ray"] = Field(
        default="pool", description="在哪里计算：本机多进程、当前进程、Ray 集群；不影响结果"
    )
    address: _Text | None = Field(default=None, description="Ray 集群的地址，主机:端口 或 auto；不写则 ray 只用本机")
    workers: int = Field(default=_RUN.workers, ge=0, le=512, description="进程数；0 为每核一个")
    allowance: float = Field(default=_RUN.allowance, ge=0, le=1, description="容许失败的比例；超过时退出码为 3")
    max_turn_chars: int = Field(
        default=_RUN.max_turn_chars, ge=100, le=1_000_000, description="一句话最多几个字，更长的拆成几条"
    )
    group_readable: bool = Field(
        default=_RUN.group_readable,
        description="同组的人可以读批次与报表（0640/2750）；不写则只有运行的人能读（0600/0700）",
    )
    hear_limit: float = Field(
        default=_RUN.hear_limit, ge=0, le=10_000, description="转写一个录音最多用它时长的几倍，超过则隔离；0 为不限"
    )
    hear_floor_s: float = Field(
        default=_RUN.hear_floor_s, ge=1, le=86_400, description="短录音的转写至少给几秒（hear_limit 的下限）"
    )
    judge_limit_s: float = Field(
        default=_RUN.judge_limit_s, ge=0, le=86_400, description="判定一个会话最多几秒，超过则隔离；0 为不限"
    )
    memory_mb: int | None = Field(
        default=_RUN.memory_mb, ge=0, description="一个进程最多占多少内存（MB）；0 为不限，不写为本机内存的八成"
    )


class ReportSpec(Spec):
    """报表的样子。"""

    language: Literal["zh", "en"] = Field(default="zh", description="报表的语言")
    logo: _Text | None = Field(default=None, description="页眉上的标志：PNG、JPEG 或 SVG，相对 qc.yaml 所在目录")
    hide: tuple[_Text, ...] = Field(default=_REPORT.hide, description="不要哪些部分：页名，或 页名#部分")
    audio: Literal["link", "copy", "none"] = Field(
        default="link", description="会话页怎样放录音：link 指向原文件、copy 复制进报表、none 不放"
    )
    pages: int = Field(default=_REPORT.pages, ge=0, le=100_000, description="最多几个会话单独成页")
    compared_runs: int = Field(
        default=_REPORT.compared_runs,
        ge=0,
        le=1000,
        description="走势、指标、坐席、话题、热词、规则的改动与之前几个批次比；0 不比",
    )
    targets: dict[_Text, Annotated[float, Field(ge=0, allow_inf_nan=False)]] | None = Field(
        default=None, description="绩效指标的目标值，指标编号: 数；用指标的单位，比率写百分数，如 answered_20s: 80"
    )

    def config(self) -> ReportConfig:
        return ReportConfig(**self.model_dump(exclude={"targets"}), targets=self.targets or {})


class ModelSpec(Spec):
    """用本单位的标注训练出的模型。"""

    model: _Text | None = Field(
        default=None,
        description="qc emotion train 或 qc intents train 写出的文件，相对 qc.yaml 所在目录；不写则不用模型",
    )


class WorkspaceSpec(Spec):
    """质检工作区的配置 qc.yaml。"""

    name: str = Field(default=_TOP.name, description="单位名称，写在报表标题上")
    default_project: _Text = Field(default=_TOP.default_project, description="清单没有写业务项目时用它")
    default_channel: Channel = Field(default=_TOP.default_channel, description="清单没有写渠道时用它")
    # a section whose lines are all comments is null, and means its defaults
    audio: AudioSpec | None = Field(default=None, description="录音的声道与角色")
    asr: AsrSpec | None = Field(default=None, description="语音转写")
    manifest: ManifestSpec | None = Field(default=None, description="清单的写法")
    folders: dict[_Folder, FolderSpec] | None = Field(
        default=None, description="输入子目录: 业务项目与渠道；最深的一层优先"
    )
    emotion: ModelSpec | None = Field(default=None, description="情绪：训练出的模型")
    intents: ModelSpec | None = Field(default=None, description="意向：训练出的模型")
    run: RunSpec | None = Field(default=None, description="批次怎样运行")
    report: ReportSpec | None = Field(default=None, description="报表的样子")
    retention: RetentionSpec | None = Field(default=None, description="各种数据保留多久（qc purge）")

    def config(self) -> Config:
        return Config(
            name=self.name,
            default_project=self.default_project,
            default_channel=self.default_channel,
            audio=(self.audio or AudioSpec()).config(),
            asr=AsrConfig(**(self.asr or AsrSpec()).model_dump()),
            manifest=(self.manifest or ManifestSpec()).config(),
            folders={k: FolderConfig(project=f.project, channel=f.channel) for k, f in (self.folders or {}).items()},
            run=RunConfig(**(self.run or RunSpec()).model_dump()),
            report=(self.report or ReportSpec()).config(),
            retention=(self.retention or RetentionSpec()).retention(),
            emotion_model=(self.emotion or ModelSpec()).model,
            intents_model=(self.intents or ModelSpec()).model,
        )


def load_config(path: Path | None) -> Config:
    """The configuration in `qc.yaml`; the defaults when `path` is None.

    A relative path counts from the file's folder. The digest covers every setting but where and with how many workers
    it runs, who may read it, limits, what is allowed to fail and the looks of reports, which change no result, and
    where the trained models lie: what is in them counts (Specs.lexicons_digest). Raises SpecError with all problems.
    """
    config = (WorkspaceSpec() if path is None else _read(path)).config()
    model = config.asr.model
    if path is not None and ("/" in model or "\\" in model or model.endswith(".pt")):
        model = str(path.parent / model)
    folder = Path() if path is None else path.parent
    return replace(
        config,
        asr=replace(config.asr, model=model),
        report=replace(config.report, logo=None if config.report.logo is None else str(folder / config.report.logo)),
        emotion_model=None if config.emotion_model is None else str(folder / config.emotion_model),
        intents_model=None if config.intents_model is None else str(folder / config.intents_model),
        digest=_digest(config),
    )


def _read(path: Path) -> WorkspaceSpec:
    document, problems = read(path), Problems()
    spec = problems.check(document, WorkspaceSpec)
    _columns(document, problems)
    _targets(document, problems)
    if spec is None or not problems.empty:
        raise SpecError(problems.all)
    return spec


def _columns(document: Document, problems: Problems) -> None:
    """The keys of `manifest.columns` are our fields; people write it the other way round, too."""
    loc = ("manifest", "columns")
    columns = document.part(loc) if document.holds(loc) else None
    for name, given in columns.items() if isinstance(columns, dict) else ():
        if name in MANIFEST_FIELDS:
            continue
        turned = [header for header in (given if isinstance(given, list) else [given]) if header in MANIFEST_FIELDS]
        hint = suggest(name, MANIFEST_FIELDS, f"可以写：{'、'.join(MANIFEST_FIELDS)}。")
        hint = f"是不是写反了：{turned[0]}: [{name}]" if turned else hint
        problems.add(document, (*loc, name), "S002", f"没有 {name} 这个字段", hint, key=True)


def _targets(document: Document, problems: Problems) -> None:
    """The keys of `report.targets` are ids of indicators."""
    loc = ("report", "targets")
    targets = document.part(loc) if document.holds(loc) else None
    for name in targets if isinstance(targets, dict) else ():
        if name not in TARGETS:
            hint = suggest(name, TARGETS, f"可以写：{'、'.join(TARGETS)}。")
            problems.add(document, (*loc, name), "S002", f"没有 {name} 这个指标", hint, key=True)


def _digest(config: Config) -> str:
    settings = asdict(config)
    for name in (
        "executor",
        "address",
        "workers",
        "group_readable",
        "allowance",
        "hear_limit",
        "hear_floor_s",
        "judge_limit_s",
        "memory_mb",
    ):
        del settings["run"][name]
    del settings["retention"]  # moves no result
    del settings["digest"], settings["report"]
    del settings["emotion_model"], settings["intents_model"]
    return hashlib.sha256(json.dumps(settings, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
