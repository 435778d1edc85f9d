"""Who is who: cues, channels, swapped channels, voices of one channel, announcements."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from qc.asr.assemble import Assembly, assemble
from qc.asr.speakers.announcements import ANNOUNCER, without_announcements
from qc.asr.speakers.cues import CueFinder, cue_finder
from qc.asr.speakers.roles import roles_of
from qc.domain.config import AsrConfig, AudioConfig
from qc.domain.conversation import Role, RoleSource
from qc.domain.recording import ChannelTranscript, Segment, Transcript
from qc.domain.speech import RoleCue, SpeechSpecs
from qc.paths import packaged
from qc.specs.role_cues import load_role_cues

AGENT, CUSTOMER, SYSTEM, UNKNOWN = Role.AGENT, Role.CUSTOMER, Role.SYSTEM, Role.UNKNOWN
CUES = load_role_cues(packaged("rules") / "_speech")
AUDIO = AudioConfig()

GREETS = ("您好，电力公司，很高兴为您服务。", "请您稍等，我帮您查一下。", "请问还有其他需要吗？", "感谢您的来电。")
ASKS = ("你好，我想问一下，我家停电了。", "好的，谢谢你。", "没有了，谢谢。")


def _finder(project: str = "95598") -> CueFinder:
    return cue_finder(CUES, project)


def _channel(number: int, *said: tuple[str, int | None] | str) -> ChannelTranscript:
    """Phrases of 2 s, 0.5 s apart; a text, or a text and its speaker."""
    pairs = [(s, None) if isinstance(s, str) else s for s in said]
    segments = tuple(
        Segment(start_ms=i * 2500, end_ms=i * 2500 + 2000, text=text, confidence=0.9, speaker=speaker)
        for i, (text, speaker) in enumerate(pairs)
    )
    return ChannelTranscript(audio_channel=number, segments=segments, speech_ms=0)


def _roles(
    channels: Sequence[ChannelTranscript], audio: AudioConfig = AUDIO
) -> tuple[dict[tuple[int, int | None], Role], RoleSource]:
    roles, source = roles_of(channels, audio, "95598", _finder())
    return {v: r for v, r in roles.items() if v[1] != ANNOUNCER}, source


def _mono(first: Sequence[str], second: Sequence[str]) -> ChannelTranscript:
    said = [(text, v) for pair in zip(first, second, strict=False) for v, text in enumerate(pair)]
    return _channel(0, *said)


def test_cues_are_found_through_marks_homophones_and_traditional_characters():
    found = _finder().find(["您好 很高興，为您服务", "给您带来不变", "我要。投诉你们！", "不相干"])
    assert [(c.text, c.words, c.role) for c in found] == [
        (0, "很高兴为您服务", "agent"),
        (1, "给您带来不便", "agent"),
        (2, "我要投诉", "customer"),
        (2, "你们", "customer"),
    ]
    assert [(c.start, c.length) for c in found[:2]] == [(2, 7), (0, 6)]


def test_a_cue_counts_in_its_projects_only():
    cues = (RoleCue(role="agent", text="国网为您服务", weight=1, projects=("95598",)),)
    assert [c.role for c in cue_finder(cues, "95598").find(["国网为您服务"])] == ["agent"]
    assert cue_finder(cues, "电商").find(["国网为您服务"]) == []
    assert cue_finder((), "电商").find(["国网为您服务"]) == []


def test_channels_speak_as_they_are_wired():
    stereo = [_channel(0, *GREETS), _channel(1, *ASKS), _channel(2, "喂")]
    assert _roles(stereo) == ({(0, None): AGENT, (1, None): CUSTOMER, (2, None): UNKNOWN}, RoleSource.CHANNELS)
    wired = AudioConfig(project_roles={"95598": (CUSTOMER, AGENT)})
    assert _roles(stereo[1::-1], wired)[1] is RoleSource.SWAPPED  # the wiring says otherwise than the words
    assert _roles([_channel(0, *ASKS), _channel(1, *GREETS)], wired)[1] is RoleSource.CHANNELS


def test_swapped_channels_need_strong_evidence():
    swapped = [_channel(0, *ASKS), _channel(1, *GREETS)]
    assert _roles(swapped) == ({(0, None): CUSTOMER, (1, None): AGENT}, RoleSource.SWAPPED)
    assert _roles(swapped, AudioConfig(detect_swapped=False))[1] is RoleSource.CHANNELS
    weak = [_channel(0, "喂，你好。"), _channel(1, "请您说一下。", "不客气。")]
    assert _roles(weak) == ({(0, None): AGENT, (1, None): CUSTOMER}, RoleSource.CHANNELS)


def test_two_voices_of_one_channel_are_named_by_what_they_say():
    expected = {(0, 0): AGENT, (0, 1): CUSTOMER}
    assert _roles([_mono(GREETS, ASKS)]) == (expected, RoleSource.VOICES)
    assert _roles([_mono(ASKS, GREETS)])[0] == {(0, 0): CUSTOMER, (0, 1): AGENT}
    # a stereo file with all speech on one channel is a mono one
    assert _roles([_mono(GREETS, ASKS), _channel(1)]) == (expected, RoleSource.VOICES)
    outbound = ("您好，我是红日保险公司的客户经理，想给您介绍一款产品。", "请您放心。", "感谢您的支持。")
    assert _roles([_mono(("喂，你是谁？", "哦，我知道了。", "好的。"), outbound)])[0] == {
        (0, 0): CUSTOMER,
        (0, 1): AGENT,
    }


@pytest.mark.parametrize(
    "channel",
    [
        _mono(("喂，你好。", "对。", "好的，再见。"), ("你好。", "是的。", "再见。")),  # says nothing of anybody
        _mono(GREETS, GREETS),  # both halves of the agent
        _mono((*GREETS[:2], ASKS[0]), (ASKS[1], GREETS[2], GREETS[3])),  # voices mixed up
        _channel(0, *GREETS, *ASKS),  # nobody told apart
    ],
)
def test_who_cannot_be_told_is_unknown(channel: ChannelTranscript):
    roles, source = _roles([channel])
    assert source is RoleSource.UNSURE
    assert set(roles.values()) == {UNKNOWN}


def test_an_unknown_phrase_stays_unknown_and_a_configured_mono_role_stands():
    channel = _mono(GREETS, ASKS)
    whose = Segment(start_ms=90_000, end_ms=91_000, text="嗯。", confidence=0.9)
    channel = ChannelTranscript(audio_channel=0, segments=(*channel.segments, whose), speech_ms=0)
    assert _roles([channel])[0] == {(0, 0): AGENT, (0, 1): CUSTOMER, (0, None): UNKNOWN}
    assert _roles([channel], AudioConfig(mono_role=AGENT)) == (
        {(0, 0): AGENT, (0, 1): AGENT, (0, None): AGENT},
        RoleSource.CONFIGURED,
    )


def test_inventions_name_nobody():
    channel = _mono(("喂。", "对。"), ("你好。", "是的。"))
    invented = tuple(
        Segment(start_ms=60_000 + i, end_ms=60_001 + i, text=text, confidence=0.0, speaker=0)
        for i, text in enumerate(GREETS)
    )
    channel = ChannelTranscript(audio_channel=0, segments=(*channel.segments, *invented), speech_ms=0)
    assert _roles([channel])[1] is RoleSource.UNSURE


@pytest.mark.parametrize(
    ("said", "announced"),
    [
        (("欢迎致电红日保险。", "为了保证服务质量，本次通话将被录音。", *GREETS), 2),
        (("您的来电正在排队，", "前面还有三位客户，", "请不要挂机。", *GREETS), 3),
        (("普通话请按1，", "人工服务请按0。"), 2),
        (GREETS, 0),
        (
            ("您好，很高兴为您服务，", "为了保证服务质量，本次通话将被录音。", "请问您贵姓？"),
            0,
        ),  # the agent's own notice
        (("请您不要挂断，我帮您查一下。",), 0),
    ],
)
def test_announcements_are_set_apart(said: tuple[str, ...], announced: int):
    (channel,) = without_announcements([_channel(0, *said)], _finder())
    assert [s.speaker for s in channel.segments] == [ANNOUNCER] * announced + [None] * (len(said) - announced)


def test_a_rating_menu_after_the_talk_is_an_announcement():
    menu = ("请对本次服务进行评价，", "非常满意请按1，满意请按2。")
    (channel,) = without_announcements([_channel(0, *GREETS, *menu)], _finder())
    assert [s.speaker for s in channel.segments] == [None] * len(GREETS) + [ANNOUNCER] * 2


def _assembled(*channels: ChannelTranscript):
    transcript = Transcript(
        sha256="0" * 64,
        duration_ms=60_000,
        sample_rate=8000,
        codec="ulaw",
        engine="e",
        model="m",
        options="o",
        channels=channels,
    )
    assembly = Assembly(audio=AUDIO, asr=AsrConfig(), speech=SpeechSpecs(cues=CUES))
    return assemble(transcript, "95598", assembly)


def test_turns_of_a_shared_channel():
    turns, source = _assembled(_mono(("为保证服务质量，本次通话将被录音。", *GREETS), ("嗯。", *ASKS)))
    assert source is RoleSource.VOICES
    assert [t.role for t in turns[:3]] == [SYSTEM, CUSTOMER, AGENT]
    assert "".join(t.text for t in turns if t.role is AGENT).startswith("您好，电力公司")
    for turn in turns:
        assert "".join(turn.text[p.start : p.end] for p in turn.phrases) == turn.text
        assert [p.start_ms for p in turn.phrases] == sorted(p.start_ms for p in turn.phrases)


def test_a_phrase_of_nobody_divides_what_one_said():
    said = [("请您稍等，", 0), ("嗯。", None), ("我帮您查一下。", 0), ("好的。", 1)]
    turns, _ = _assembled(_channel(0, *said))
    assert len(turns) == 4
    (one, _) = _assembled(_channel(0, *said[:1], *said[2:3], said[3]))[0]
    assert len(one.phrases) == 2
