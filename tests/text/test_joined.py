"""Numbers that letters are glued to, and account numbers behind a misheard label: hidden; codes of that look stay."""

from __future__ import annotations

import pytest

from qc.text.entities import find_entities, find_in
from qc.text.masking import mask, mask_turns
from tests.text.shards import shard


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("A13812345678", "A138****5678"),
        ("我的号码A13812345678，谢谢", "我的号码A138****5678，谢谢"),
        ("tel13812345678", "tel138****5678"),
        ("TEL02162345678", "TEL0216*****78"),
        ("Tel138 1234 5678", "Tel138 **** 5678"),
        ("phone8613812345678", "phone861******5678"),
        ("v信13812345678", "v信138****5678"),
        ("加v13812345678", "加v138****5678"),
        ("手机13812345678号", "手机138****5678号"),
        ("13812345678vx同号", "138****5678vx同号"),
        ("13812345678xiexie", "138****5678xiexie"),
        ("A一三八一二三四五六七八", "A一三八****五六七八"),
        ("ID：A110101199003077758", "ID：A110101********7758"),
        ("card6222021234567890128", "card6222***********0128"),
    ],
)
def test_letters_that_are_glued_to_a_number_do_not_save_it(text: str, masked: str) -> None:
    assert mask(text, find_in(text)) == masked


@pytest.mark.parametrize(
    "text",
    [
        "SF1381234567890",
        "SF8613812345678",
        "YT1381234567890",
        "JD138123456789",
        "JDVA13812345678",
        "EA123456789CN",
        "E20261120001",
        "E2026112012345678",
        "GD1381234567",
        "订单A13812345678",
        "运单VB13812345678",
        "工号A13812345678",
        "vb13812345678cn",
        "1a13812345678bc3",
        "v1.38.12345678",
        "RMB13812345678",
        "13812345678kWh",
        "A110101199003077751",  # its check digit is wrong
    ],
)
def test_codes_versions_and_amounts_stay(text: str) -> None:
    assert mask(text, find_in(text)) == text


@pytest.mark.parametrize("label", ["户号", "呼号", "互号", "护号", "您的户后"])
def test_a_misheard_label_is_one(label: str) -> None:
    text = f"{label}是6012345678"
    assert mask(text, find_in(text)) == f"{label}是60******78"


def test_the_answer_to_a_misheard_question() -> None:
    """户号 heard as 呼号 from one and as 4号 from the other."""
    lines = [("agent", "你先把呼号报给我，我要查一下才知道。"), ("customer", "4号是6012"), ("customer", "345678")]
    talk = shard([*lines, ("agent", "上个月用电320度")])
    assert mask_turns(talk, find_entities(talk))[1:] == ["4号是****", "******", "上个月用电320度"]
