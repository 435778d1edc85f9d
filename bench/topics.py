"""How many real chats the e-commerce taxonomy knows, how often it is right on labelled utterances, what intentions it
finds and how fast it is.

    python -m bench.topics --data DIR [--part odd|even|dev|reread] [--misses 20] [--read 50] [--seed 1]

DIR holds `jddc.jsonl` (chats: {"turns": [{"role", "text"}]}) and `cic/{train,dev}.json` (utterances of buyers with
`label_des`, from DataCLUE). Only labels that speak of a matter are mapped (LABELS); greetings, thanks, moods are not.
`--part odd` is what we tuned on, `dev` is what we report, `reread` the same
with labels two readers gave it. `--read` prints chats to be judged by a reader, `--misses`
utterances that went wrong: they hold customer speech, keep them to yourself.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bench.emotion.corpora import REREAD, cic_intents
from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn
from qc.domain.topic import UNKNOWN_TOPIC
from qc.paths import packaged
from qc.specs.emotion import load_emotion_lexicon
from qc.specs.intents import load_intents
from qc.specs.taxonomy import load_taxonomies
from qc.text.intents import IntentFinder
from qc.text.shard import Shard
from qc.text.topics import TopicAssigner

Result = TypeVar("Result")
PROJECT = "电商"
LABELS = {
    "shipping": (
        "咨询发货时间 催促发货 要求延迟发货 表示商家发错货了 咨询能否分开/一起发货 "
        "咨询商品是不是预售款 咨询偏远地区是否发货 咨询商家发货地"
    ),
    "delivery": (
        "咨询物流信息 咨询快递单号 表示物流太慢了 咨询到货时间 咨询发什么快递 咨询是否可以指定快递 咨询是否可以发顺丰"
    ),
    "address": "要求修改收件信息 确认地址是否修改成功 表示商家发错地址",
    "freight": ("咨询退换货运费由谁承担 咨询运费险赔付规则 要求退运费 要求改运费 咨询运费金额 咨询能否到付"),
    "order": "表示要重拍 表示拍错了 咨询如何下单 表示无法下单 要求改商品信息",
    "payment": "咨询是否可以微信支付",
    "invoice": "咨询能否开发票及发票类型和寄送时间",
    "refund": "咨询退款时间 咨询退款去向 咨询退款金额 表示无法申请退款",
    "return": (
        "咨询退换货规则 表示需要退货退款 咨询退换货地址 咨询退换货支持快递 要求取消退换货退款 "
        "咨询换货发货时间 表示商品已经寄回去了 表示具体时间寄回去 咨询商家是否收到寄回的商品 "
        "咨询是否可以拒收 咨询退货退款原因选什么"
    ),
    "repair": "咨询商品是否有质保，质保多久",
    "quality": "反馈收到的商品有问题 咨询商品质量是否有保障 咨询商品的色差问题",
    "product": (
        "咨询商品区别 咨询商品重量 咨询商品规格数量 咨询商品的材质/面料 咨询能否定制 "
        "咨询商品具体尺码尺寸 咨询商品是什么颜色 咨询补货/上货时间 咨询商品上新时间 "
        "咨询是否有味道 需要商品推荐 咨询哪款更好 咨询什么颜色好看 咨询商品包装 咨询商品产地 "
        "咨询商品是否可以单买/单卖 咨询是否有买家秀"
    ),
    "promotion": (
        "咨询活动规则 咨询是否有活动 咨询如何领取优惠券 咨询商品是否有赠品 咨询优惠券使用规则 "
        "表示优惠券无法使用 咨询买多件能否优惠 咨询是否有好评返现 咨询返现金额 咨询返现时间 "
        "咨询返现方式 咨询能否提前享受优惠 咨询赠品何时发货 咨询如何加入会员 "
        "咨询赠品是否可以自选"
    ),
    "price": "咨询商品价格 抱怨商品涨价了 讨价还价 咨询是否可以打折 咨询是否可以改价",
    "complaint": "要求补偿",
}
"""Our topic → the labels that speak of it, each without its first word, 买家."""
TOPIC_OF = {f"买家{label}": topic for topic, labels in LABELS.items() for label in labels.split()}


def conversation(number: int, turns: list[tuple[Role, str]]) -> Conversation:
    return Conversation(
        id=str(number),
        project=PROJECT,
        channel=Channel.CHAT,
        turns=tuple(Turn(role=role, text=text) for role, text in turns),
        meta=CallMeta(),
        source=Source(path="bench", format="qc", sha256=""),
    )


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """What the work gives, and its CPU seconds: the median of seven times."""
    seconds = []
    for _ in range(7):
        begin = time.process_time()
        result = work()
        seconds.append(time.process_time() - begin)
    return result, sorted(seconds)[3]


def chats(path: Path) -> list[Conversation]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [conversation(i, [(Role(t["role"]), t["text"]) for t in row["turns"]]) for i, row in enumerate(rows)]


def utterances(folder: Path, part: str) -> list[tuple[str, str, str]]:
    """(sentence, topic, label) of the mapped labels."""
    halves = {"even": 0, "odd": 1}
    rows = cic_intents(folder, "train")[halves[part] :: 2] if part in halves else cic_intents(folder, part)
    return [(text, f"ecommerce.{TOPIC_OF[intent]}", intent) for text, intent in rows if intent in TOPIC_OF]


def on_chats(path: Path, assigner: TopicAssigner, finder: IntentFinder, read: int, seed: int) -> None:
    listed = chats(path)
    shard = Shard(listed)
    assigner.assign(shard), finder.find(shard)  # compile
    topics, topics_s = timed(lambda: assigner.assign(shard))
    intents, intents_s = timed(lambda: finder.find(shard))
    n = len(listed)
    known = sum(topics.primary(i) != UNKNOWN_TOPIC for i in range(n))
    reason = sum(r.topic_id != UNKNOWN_TOPIC for r in topics.reasons)
    said = {shard.conversation[t.turn] for t in topics.turns if listed[shard.conversation[t.turn]].turns}
    unknown = sum(s.share for shares in topics.shares for s in shares if s.topic_id == UNKNOWN_TOPIC) / n
    print(f"chats {n}  main topic known {known / n:.3f}  contact reason known {reason / n:.3f}  "
          f"some turn has a topic {len(said) / n:.3f}  mean unknown share {unknown:.3f}")  # fmt: skip
    print(f"topics {n / topics_s:,.0f} chats/CPU-s  intentions {n / intents_s:,.0f} chats/CPU-s")
    print("main topics    ", dict(Counter(topics.primary(i).split(".")[-1] for i in range(n)).most_common(9)))
    print("contact reasons", dict(Counter(r.topic_id.split(".")[-1] for r in topics.reasons).most_common(9)))
    print("intentions     ", dict(Counter((s.intent_id, s.level) for shown in intents.shown for s in shown)))
    for i in random.Random(seed).sample(range(n), min(read, n)):
        r = topics.reasons[i]
        print(f"\n#{i} main {topics.primary(i)}  reason {r.topic_id} @{r.turn}  "
              f"{[(s.intent_id, s.level, s.turn, s.phrases) for s in intents.shown[i]]}")  # fmt: skip
        for k, turn in enumerate(listed[i].turns[:9], 1):
            print(f"   {k} {turn.role.value[:1]} {turn.text[:70]}")


def on_utterances(folder: Path, part: str, assigner: TopicAssigner, misses: int, seed: int) -> None:
    rows = utterances(folder, part)
    shard = Shard([conversation(i, [(Role.CUSTOMER, text)]) for i, (text, _, _) in enumerate(rows)])
    got = [r.topic_id for r in assigner.assign(shard).reasons]
    known = [g != UNKNOWN_TOPIC for g in got]
    right = [g == topic for g, (_, topic, _) in zip(got, rows, strict=True)]
    n = len(rows)
    print(f"cic {part}: {n} utterances of {len(TOPIC_OF)} labels  known {sum(known) / n:.3f}  "
          f"right of all {sum(right) / n:.3f}  right of known {sum(right) / max(sum(known), 1):.3f}")  # fmt: skip
    for topic in LABELS:
        mine = [i for i, row in enumerate(rows) if row[1] == f"ecommerce.{topic}"]
        claimed = [i for i, g in enumerate(got) if g == f"ecommerce.{topic}"]
        hit = sum(right[i] for i in mine)
        print(f"   {topic:10} n {len(mine):4}  recall {hit / max(len(mine), 1):.2f}  "
              f"precision {hit / max(len(claimed), 1):.2f}")  # fmt: skip
    wrong = [i for i in range(n) if not right[i]]
    for i in random.Random(seed).sample(wrong, min(misses, len(wrong))):
        print(f"   {rows[i][1]:22} got {got[i]:22} {rows[i][2]}  {rows[i][0]}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--part", choices=("odd", "even", "dev", REREAD), default="dev")
    parser.add_argument("--misses", type=int, default=0)
    parser.add_argument("--read", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rules = packaged("rules")
    assigner = TopicAssigner(load_taxonomies(rules / "_topics"))
    finder = IntentFinder(
        load_intents(rules / "_intents"), load_emotion_lexicon(rules / "_lexicons" / "emotion").modifiers
    )
    on_chats(given.data / "jddc.jsonl", assigner, finder, given.read, given.seed)
    on_utterances(given.data, given.part, assigner, given.misses, given.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
