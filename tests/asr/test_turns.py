from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qc.asr.turns import MAX_TURN_MS
from qc.asr.turns import to_turns as turns_of
from qc.domain.conversation import Role
from qc.domain.recording import ChannelTranscript, Segment, Transcript

AGENT, CUSTOMER = Role.AGENT, Role.CUSTOMER
ROLES = (AGENT, CUSTOMER)


def to_turns(transcript, roles):
    """Turns of a transcript whose channel i is spoken by roles[i]."""
    return turns_of(transcript.channels, {(i, None): role for i, role in enumerate(roles)})


def _transcript(*channels: list[tuple[int, int, str] | tuple[int, int, str, float]]) -> Transcript:
    return Transcript(
        sha256="0" * 64,
        duration_ms=0,
        sample_rate=8000,
        codec="ulaw",
        engine="e",
        model="m",
        options="o",
        channels=tuple(
            ChannelTranscript(
                audio_channel=i,
                speech_ms=0,
                segments=tuple(
                    Segment(start_ms=s[0], end_ms=s[1], text=s[2], confidence=s[3] if len(s) == 4 else 0.8) for s in own
                ),
            )
            for i, own in enumerate(channels)
        ),
    )


def _shape(transcript: Transcript) -> list[tuple[Role, int | None, int | None, str]]:
    return [(t.role, t.start_ms, t.end_ms, t.text) for t in to_turns(transcript, ROLES)]


def test_phrases_of_one_speaker_are_one_turn_until_a_second_of_silence() -> None:
    agent = [(0, 1000, "您好，"), (1500, 3000, "请说。"), (4000, 5000, "喂？")]
    assert _shape(_transcript(agent, [])) == [(AGENT, 0, 3000, "您好，请说。"), (AGENT, 4000, 5000, "喂？")]


def test_the_other_side_in_a_pause_divides_a_turn() -> None:
    agent = [(0, 1000, "您好，"), (1600, 3000, "请说。")]
    customer = [(1100, 1500, "喂。")]
    assert [t[3] for t in _shape(_transcript(agent, customer))] == ["您好。", "喂。", "请说。"]


def test_a_murmur_during_speech_does_not_divide_it_and_overlap_survives() -> None:
    agent = [(0, 4000, "您的电费，"), (4000, 8000, "一共是一百块。")]
    customer = [(3500, 4500, "嗯。")]
    assert _shape(_transcript(agent, customer)) == [
        (AGENT, 0, 8000, "您的电费，一共是一百块。"),
        (CUSTOMER, 3500, 4500, "嗯。"),
    ]


def test_an_invention_stays_alone_and_divides_nobody() -> None:
    agent = [(0, 1000, "您好，"), (1500, 2500, "请说。")]
    customer = [(1100, 1400, "谢谢观看。", 0.0)]
    turns = to_turns(_transcript(agent, customer), ROLES)
    assert [(t.text, t.confidence) for t in turns] == [("您好，请说。", 0.8), ("谢谢观看。", 0.0)]
    (first, second) = to_turns(_transcript([(0, 1000, "您好。"), (1100, 1500, "啊。", 0.0)], []), ROLES)
    assert (first.confidence, second.confidence) == (0.8, 0.0)


def test_confidence_is_weighted_by_characters() -> None:
    (turn,) = to_turns(_transcript([(0, 900, "一二三四", 1.0), (1000, 2000, "五六七八九十一二", 0.4)], []), ROLES)
    assert turn.confidence == 0.6


def test_one_channel_has_shorter_turns_and_no_agent() -> None:
    transcript = _transcript([(0, 1000, "您好。"), (1450, 2000, "我想问一下。")])
    assert [t.role for t in to_turns(transcript, (Role.UNKNOWN,))] == [Role.UNKNOWN, Role.UNKNOWN]


def test_channels_beyond_the_roles_are_unknown() -> None:
    transcript = _transcript([], [], [(0, 10, "三。")])
    assert [t.role for t in to_turns(transcript, ROLES)] == [Role.UNKNOWN]


def test_a_long_turn_is_cut_at_its_longest_pause() -> None:
    speech = [(i * 5500, i * 5500 + 5000, f"第{i}句。") for i in range(20)]
    speech = [(a + (400 if i >= 7 else 0), b + (400 if i >= 7 else 0), t) for i, (a, b, t) in enumerate(speech)]
    turns = to_turns(_transcript(speech, []), ROLES)
    assert turns[0].text.endswith("第6句。")
    assert all(t.end_ms - t.start_ms <= MAX_TURN_MS for t in turns if t.end_ms is not None and t.start_ms is not None)


def test_no_speech_no_turns() -> None:
    assert to_turns(_transcript([], []), ROLES) == ()


_CHANNEL = st.lists(
    st.tuples(st.integers(0, 2000), st.integers(50, 20_000), st.sampled_from([0.0, 0.5, 0.9])), max_size=30
)


@given(_CHANNEL, _CHANNEL)
def test_nothing_said_is_lost_or_moved(
    first: list[tuple[int, int, float]], second: list[tuple[int, int, float]]
) -> None:
    channels = []
    for own in (first, second):
        at, segments = 0, []
        for i, (pause, length, confidence) in enumerate(own):
            segments.append((at + pause, at + pause + length, f"句{i}。", confidence))
            at += pause + length
        channels.append(segments)
    turns = to_turns(_transcript(*channels), ROLES)
    assert [t.start_ms for t in turns] == sorted(t.start_ms for t in turns if t.start_ms is not None)
    for channel, segments in enumerate(channels):
        own_turns = [t for t in turns if t.audio_channel == channel]
        assert "".join(t.text for t in own_turns) == "".join(s[2] for s in segments)
        assert {(t.start_ms, t.end_ms) for t in own_turns} <= {(a[0], b[1]) for a in segments for b in segments}
        invented = "".join(t.text for t in own_turns if t.confidence == 0.0)
        assert invented == "".join(s[2] for s in segments if s[3] == 0.0)
