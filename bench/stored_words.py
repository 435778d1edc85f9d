"""What people say and where they work, in the stored runs of `bench/stored_runs.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """`channels` from the commonest on; `share` of all conversations."""

    name: str
    channels: tuple[str, ...]
    share: float


PROJECTS = (
    Project(name="95598", channels=("voice_inbound", "chat", "voice_outbound", "bot_voice"), share=0.45),
    Project(name="电商", channels=("chat", "voice_inbound", "message", "bot_text"), share=0.25),
    Project(name="保险", channels=("voice_inbound", "voice_outbound", "chat"), share=0.2),
    Project(name="信用卡", channels=("voice_inbound", "voice_outbound", "message"), share=0.1),
)
REGIONS = ("城东", "城西", "城南", "城北", "开发区", "高新区", "临江", "安平", "永宁", "清河", "东湖", "西山")
ACCENTS = ("普通话", "四川话", "粤语口音", "东北话")
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾"


def _span(text: str) -> tuple[str, int, int]:
    """A sentence and where the evidence in it is, marked by two bars."""
    before, evidence, after = text.split("|")
    return before + evidence + after, len(before), len(before) + len(evidence)


AGENT = tuple(
    map(
        _span,
        (
            "|您好|，很高兴为您服务，请问有什么可以帮您？",
            "请您|稍等|，我帮您查询一下。",
            "让您久等了，系统显示您的业务|正在办理|。",
            "这个问题|不归我们管|，您联系别的部门吧。",
            "|非常抱歉|给您带来不便，我马上为您登记。",
            "您的意思是想|变更|登记的信息，对吗？",
            "这边已经为您提交，|三个工作日|内会有专人与您联系。",
            "|您自己不会看|吗？公告里都写了。",
            "请您核对一下：地址是某某路 12 号，|预约时间|是明天上午。",
            "根据规定，这项业务需要|本人|带证件到营业厅办理。",
            "我非常|理解您的心情|，换作是我也会着急。",
            "请问还有|其他|可以帮您的吗？",
            "感谢您的来电，请对我的服务|评价|，再见。",
            "您先|别急|，我把办理步骤一条一条发给您。",
            "系统里查不到这笔|记录|，您方便提供一下流水号吗？",
            "这边|反复|跟您说过了，只能等。",
        ),
    )
)
CUSTOMER = tuple(
    map(
        _span,
        (
            "你好，我想问一下|账单|怎么突然多了这么多？",
            "我家从昨天晚上|停电|到现在，什么时候能来电？",
            "我已经打了|三次电话|，每次都说登记了。",
            "你们再不解决我就|投诉|到监管部门。",
            "好的，|谢谢|你。",
            "那个|退款|怎么还没有到账？",
            "你能不能|说慢一点|，我没听清。",
            "我要找你们|领导|。",
            "嗯，户号是|一二三四|。",
            "这个产品|保本|吗？",
            "我的快递|显示签收|，可是我没有收到。",
            "行，那我再|等等|看。",
            "上次那位坐席|答应|我今天回电话的。",
            "为什么要我|重新说|一遍？",
            "|不错|，你讲得很清楚。",
            "就这样吧，|再见|。",
        ),
    )
)
