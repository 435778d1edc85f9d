"""What stands beside the words: columns of manifests and forms, names of folders, notes."""

from __future__ import annotations

import pytest

from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn
from qc.pipeline.plan import planned_lineage
from qc.pipeline.privacy import masked
from qc.text.entities import find_entities
from qc.text.shard import Shard


def _masked(customer: str | None = None, **extra: str) -> Conversation:
    source = Source(path="a.json", format="ticket", sha256="0" * 64)
    turns = (Turn(role=Role.CUSTOMER, text="停电了"),)
    meta = CallMeta(customer_id=customer, extra=extra)
    form = Conversation(id="a", project="打13812345678", channel=Channel.TICKET, turns=turns, meta=meta, source=source)
    shard = Shard([form])
    (out,) = masked(shard, find_entities(shard))
    return out


@pytest.mark.parametrize(
    ("title", "value"),
    [
        ("客户姓名", "王晓明"),
        ("联系人", "欧阳倩"),
        ("户号", "1020384756"),
        ("用户编号", "3401288765"),
        ("出生日期", "1988-03-19"),
        ("微信号", "xiaoyu_lulu521"),
        ("护照号码", "E82345679"),
        ("家庭住址", "阳光花园"),
        ("联系电话", "13812345678"),
        ("Customer_Name", "王晓明"),
        ("account_no", "1020384756"),
        ("birthday", "1988-03-19"),
    ],
)
def test_the_name_of_a_column_says_what_it_holds(title: str, value: str) -> None:
    told = _masked(**{title: value}).meta.extra[title]
    assert told != value and len(told) == len(value) and "*" in told
    assert _masked(**{title: told}).meta.extra[title] == told, "masking again changes nothing"


@pytest.mark.parametrize(
    ("title", "value"),
    [
        ("工单类型", "故障报修"),
        ("受理编号", "1020384756"),
        ("月电量", "427"),
        ("设备型号", "KFR-35GW"),
        ("停电时间", "1988-03-19"),
        ("片区", "阳光花园"),
        ("处理时长", "20"),
        ("device_name", "王码电脑"),
        ("order_no", "1020384756"),
    ],
)
def test_what_tells_of_nobody_stays(title: str, value: str) -> None:
    assert _masked(**{title: value}).meta.extra == {title: value}


def test_a_bare_number_of_a_customer_is_an_account_and_apart_from_others() -> None:
    one, other = (str(_masked(number).meta.customer_id) for number in ("1020384756", "1020384856"))
    assert one.startswith("10******56-") and other.startswith("10******56-") and one != other
    assert _masked(one).meta.customer_id == one
    assert [_masked(plain).meta.customer_id for plain in ("K20051", "10086", "C000123")] == [
        "K20051",
        "10086",
        "C000123",
    ]


def test_a_project_that_is_a_shifted_column_is_masked() -> None:
    assert _masked().project == "打138****5678"


def test_names_of_folders_and_notes_of_a_run_that_kept_everything_are_masked() -> None:
    lineage = planned_lineage(
        input_path="in/13812345678",
        input_digest="",
        manifest="13812345678.csv",
        specs=None,
        speech_digest="",
        config_digest="",
        asr=None,
        mask=True,
        notes=("3 个录音不在清单里：13812345678.wav", "由批次 b 重新判定"),
        shard_size=1,
        confidence_floor=0.5,
        name="复核13812345678",
    )
    assert "13812345678" not in repr(lineage)
    assert lineage.input_path == "in/138****5678"
