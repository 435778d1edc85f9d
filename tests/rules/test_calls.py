"""Whole conversations against all packs at once: good service is left alone, bad service is found for what it is."""

from __future__ import annotations

import pytest

from qc.domain.conversation import CallMeta, Channel, Conversation, Role
from qc.domain.finding import Verdict
from tests.rules.packs import conversation, findings, violations

A, C, B = Role.AGENT, Role.CUSTOMER, Role.BOT

OUTAGE = [
    (A, "您好，这里是供电公司95598，工号1025，请问有什么可以帮您？"),
    (C, "你好，我家里突然停电了，邻居家都有电，麻烦派人来看看。"),
    (A, "非常抱歉给您带来不便，您别着急，我马上帮您登记报修。请问您家的地址是哪里？"),
    (C, "和平路二十六号，三单元五零二。"),
    (A, "好的，请问您的联系电话是多少？"),
    (C, "一三八，零零一三，八零零零。"),
    (A, "跟您核对一下，地址是和平路二十六号三单元五零二，电话是一三八零零一三八零零零，对吗？"),
    (C, "对，没错。"),
    (A, "已经登记好了，抢修人员会在四十五分钟之内到达现场。请问还有其他需要吗？"),
    (C, "没有了，谢谢你。"),
    (A, "不客气，感谢您的来电，祝您生活愉快，再见。"),
]
SPARKS = [
    (A, "您好，供电公司，工号1031，请问有什么可以帮您？"),
    (C, "我们楼下的电表箱在冒火花，太吓人了。"),
    (A, "请您先远离表箱，不要触碰，提醒周围的邻居注意安全。请说一下您的地址。"),
    (C, "人民路八号。"),
    (A, "人民路八号，对吗？我马上通知抢修，45分钟内到达，同时请您留意不要让孩子靠近。"),
    (C, "好的，那你们快点。"),
    (A, "您放心，我会全程跟进。请问还有其他问题吗？"),
    (C, "没有，再见。"),
    (A, "感谢您的来电，再见。"),
]
VISIT = [
    (A, "您好，我是同心人寿的回访专员，工号三一零二，请问您是王芳女士吗？"),
    (C, "是的，我是。"),
    (A, "为了保护您的权益，这次通话会录音。请问您的身份证后四位是多少？"),
    (C, "零零二八。"),
    (A, "核对无误。您投保了一份养老保险，合同是您本人亲自签名的吗？"),
    (C, "是我本人签的。"),
    (A, "这款产品的收益是不确定的，销售人员有没有向您承诺保本或者保证收益？"),
    (C, "没有承诺。"),
    (A, "您有十五天的犹豫期，犹豫期之后退保会有损失，这些您都清楚吗？"),
    (C, "清楚，这些都讲过了。"),
    (A, "谢谢您的配合，祝您生活愉快，再见。"),
]
SURRENDER = [
    (A, "您好，同心人寿客服中心，工号三零一五，请问有什么可以帮您？"),
    (C, "你们业务员当初说随时能取，现在我要退保。"),
    (A, "您的心情我理解。请问您是投保人本人吗？请报一下身份证后四位，不需要提供密码。"),
    (C, "是本人，五六七八。"),
    (A, "核对无误。您的保单现在退保只能拿回现金价值，会有损失。您说的随时能取，我登记核实，三个工作日内答复您。"),
    (C, "那我先不退了，你们查清楚。"),
    (A, "好的，已经为您登记。请问还有其他需要吗？"),
    (C, "没有了。"),
    (A, "感谢您的来电，再见。"),
]
ANGRY = [
    (A, "您好，小鹿商城客服，工号五零一一，请问有什么可以帮您？"),
    (C, "我十天前申请的退款还没到，你们太过分了，简直是骗子公司！"),
    (A, "非常抱歉让您着急了，您的心情我完全理解，我马上帮您查。"),
    (C, "再不退我就打12315投诉你们。"),
    (A, "您先消消气。我查到是银行退回了，我现在帮您重新提交退款，三个工作日内到账。"),
    (C, "那好吧。"),
    (A, "给您添麻烦了，到账后会短信通知您。请问还有其他需要吗？"),
    (C, "没有了。"),
    (A, "感谢您的理解，祝您生活愉快，再见。"),
]
CHAT = [
    (A, "您好，很高兴为您服务，请问有什么可以帮您"),
    (C, "好评返现吗，加微信能便宜点不"),
    (A, "亲，我们没有好评返现活动的，也请不要添加陌生微信转账，谨防诈骗哦"),
    (C, "那我要退货，拆开用过了"),
    (A, "拆封后影响二次销售的无法退货呢，建议您看下质量保证，我这边帮您申请换货可以吗"),
    (C, "行吧"),
    (A, "好的，已经为您提交换货，辛苦您给小妹打个评价呢，祝您生活愉快"),
]
BOT = [
    (B, "您好，我是智能助手小电，请问有什么可以帮您？"),
    (C, "电表红灯一直闪"),
    (B, "抱歉，我没有理解您的问题，请换个说法。"),
    (C, "转人工"),
    (B, "好的，正在为您转接人工客服，请稍候。"),
]
TICKET = [
    (C, "客户反映收到的书包拉链破损，要求换货，联系电话13800138000。"),
    (A, "已联系商家补发，3个工作日内送达，并致歉。"),
    (A, "书包已签收，客户表示认可。"),
]


def inbound(lines: list[tuple[Role, str]], project: str, meta: CallMeta | None = None) -> Conversation:
    return conversation(lines, project=project, channel=Channel.VOICE_INBOUND, meta=meta, audio_channels=2)


GOOD = {
    "报修": inbound(OUTAGE, "95598", CallMeta(ring_count=2, satisfaction=5)),
    "险情": inbound(SPARKS, "95598", CallMeta(ring_count=3)),
    "回访": conversation(VISIT, project="保险", channel=Channel.VOICE_OUTBOUND, audio_channels=2),
    "退保": inbound(SURRENDER, "保险"),
    "客户愤怒但处理得当": inbound(ANGRY, "电商"),
    "在线会话": conversation(CHAT, project="电商", channel=Channel.CHAT),
    "机器人": conversation(BOT, project="95598", channel=Channel.BOT_TEXT),
    "工单": conversation(TICKET, project="电商", channel=Channel.TICKET),
}


@pytest.mark.parametrize("name", GOOD)
def test_good_service_is_left_alone(name: str) -> None:
    found = findings(GOOD[name])
    assert violations(GOOD[name]) == set()
    assert [f for f in found if f.verdict is Verdict.UNDECIDED] == []


def swapped(lines: list[tuple[Role, str]], swap: dict[str, str]) -> list[tuple[Role, str]]:
    """The lines with parts of their text replaced."""
    text = "\n".join(text for _, text in lines)
    for old, new in swap.items():
        text = text.replace(old, new)
    return [(role, part) for (role, _), part in zip(lines, text.split("\n"), strict=True)]


@pytest.mark.parametrize(
    ("lines", "project", "swap", "rule"),
    [
        (OUTAGE, "95598", {"您好，": "", "请问有什么可以帮您": "请讲"}, "service.greeting"),
        (OUTAGE, "95598", {"，工号1025": ""}, "utility.agent_id"),
        (OUTAGE, "95598", {"抢修人员会在四十五分钟之内到达现场": "抢修人员会尽快到达现场"}, "utility.deadline_promise"),
        (OUTAGE, "95598", {OUTAGE[6][1]: "好的，记下来了。"}, "utility.repeat_confirm"),
        (
            SPARKS,
            "95598",
            {"请您先远离表箱，不要触碰，提醒周围的邻居注意安全。": "", "，同时请您留意不要让孩子靠近": ""},
            "utility.safety",
        ),
        (SURRENDER, "保险", {"不需要提供密码": "再提供一下查询密码"}, "privacy.ask_secret"),
        (SURRENDER, "保险", {"只能拿回现金价值，会有损失": "已经提交"}, "insurance.surrender_loss"),
        (
            SURRENDER,
            "保险",
            {SURRENDER[2][1]: "好的。", "核对无误。您的保单": "您的保单是重疾险，"},
            "insurance.identity_check",
        ),
        (
            ANGRY,
            "电商",
            {ANGRY[4][1]: "退款不归我们管，您自己去找银行吧。", ANGRY[3][1]: "那什么时候能到？"},
            "service.shirking",
        ),
        (ANGRY, "电商", {"您先消消气。": "不是跟您说过了吗，"}, "service.rhetorical"),
        (ANGRY, "电商", {"您先消消气。": "您去投诉吧，"}, "service.forbidden_words"),
        (ANGRY, "电商", {"，三个工作日内到账": ""}, "ecommerce.refund_deadline"),
    ],
)
def test_one_fault_is_found_alone(lines: list[tuple[Role, str]], project: str, swap: dict[str, str], rule: str) -> None:
    changed = swapped(lines, swap)
    assert changed != lines
    assert violations(inbound(changed, project, CallMeta(ring_count=2))) == {rule}


def test_late_answer_needs_the_ring_count() -> None:
    assert violations(inbound(OUTAGE, "95598", CallMeta(ring_count=6))) == {"utility.late_answer_apology"}
    assert violations(inbound(OUTAGE, "95598", CallMeta())) == set()


def test_anger_answered_coldly_is_a_fault_and_the_signals_stay() -> None:
    cold = [(role, text if role is C else "按流程处理的，请等通知。") for role, text in ANGRY[:-1]] + [ANGRY[-1]]
    found = {f.rule_id for f in findings(inbound(cold, "电商")) if f.verdict is Verdict.HIT}
    assert {"service.no_soothing", "customer.anger", "customer.escalation"} <= found


def test_a_project_is_not_judged_by_the_norms_of_another() -> None:
    packs = {f.rule_id.split(".")[0] for f in findings(inbound(OUTAGE, "物业"))}
    assert packs <= {"service", "customer", "privacy"}


def test_mono_recording_accuses_nobody() -> None:
    mixed = [(Role.UNKNOWN, text) for _, text in swapped(OUTAGE, {"您好，": "", "，工号1025": ""})]
    one = conversation(mixed, project="95598", channel=Channel.VOICE_INBOUND, audio_channels=1)
    assert {f.verdict for f in findings(one)} == {Verdict.UNDECIDED}


@pytest.mark.parametrize("word", ["满意度", "再见", "还有别的问题吗"])
def test_any_polite_ending_will_do(word: str) -> None:
    ending = [*OUTAGE[:-3], (A, "已经登记，四十五分钟之内到达。"), (C, "好。"), (A, word)]
    assert "service.closing" not in violations(inbound(ending, "95598"))
