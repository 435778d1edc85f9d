"""One runnable rule per operator, shown in the reference page and tested like any other rule."""

from __future__ import annotations

EXAMPLES: dict[str, str] = {
    "keyword": """\
id: example.keyword
title: 承诺时限又没有致歉
severity: low
scope: {speaker: agent}
find:
  promise: {keyword: {all: [小时, 回复]}, in_clause: true}   # 同一个分句里两个词都有
  sorry: {keyword: [抱歉, 对不起, 不好意思]}
when: promise and not sorry
message: 第 {turn} 轮承诺了时限：“{text}”。
tests:
  - name: 承诺时限
    expect: hit
    turns: [{customer: 什么时候处理？}, {agent: 我们会在两小时内给您回复，请放心。}]
  - name: 先致歉
    expect: miss
    turns: [{agent: 抱歉给您添麻烦了，两小时内给您回复。}]
""",
    "regex": """\
id: example.regex
title: 索要验证码
severity: critical
scope: {speaker: agent}
find:
  ask:
    regex:
      pattern: '验证码[^，。！？；]{0,6}(发给我|告诉我|报一下|念一下)'
      except: '(不要|别|不用)[^，。！？；]{0,4}验证码[^，。！？；]{0,6}(发|告诉|报|念)'
when: ask
message: 第 {turn} 轮索要验证码：“{text}”。
tests:
  - name: 要验证码
    expect: hit
    turns: [{agent: 麻烦把验证码报一下。}]
  - name: 提醒不要泄露
    expect: miss
    turns: [{agent: 请不要把验证码告诉我或者任何人。}]
""",
    "near": """\
id: example.near
title: 贬低同业
severity: high
scope: {speaker: agent}
find:
  slander: {near: {a: [别家, 其他公司], b: [骗人, 不赔, 倒闭], within: 8, ordered: true}}
when: slander
message: 第 {turn} 轮贬低同业：“{text}”。
tests:
  - name: 说别家不赔
    expect: hit
    turns: [{agent: 别家出了事都不赔的。}]
  - name: 离得远
    expect: miss
    turns: [{agent: 其他公司的产品我不了解，我们这款意外险酒驾是不赔的。}]
""",
    "silence": """\
id: example.silence
title: 长时间静音未致歉
severity: medium
scope: {speaker: agent}
find:
  silent: {silence: {min_s: 15}}
  sorry: {keyword: [久等, 抱歉, 不好意思], after: {piece: silent, turns: 2}}   # 从打破静音的那一轮数起
when: silent and not sorry
message: 第 {turn} 轮前静音 {value} 秒，没有致歉。
tests:
  - name: 静音后没有致歉
    expect: hit
    turns: [{agent: 请稍等。, at: 0, to: 1.5}, {agent: 查到了。, at: 20, to: 21}]
  - name: 回来就致歉
    expect: miss
    turns: [{agent: 请稍等。, at: 0, to: 1.5}, {agent: 让您久等了，查到了。, at: 20, to: 22}]
  - name: 没有时间
    expect: undecided
    turns: [{agent: 请稍等。}, {agent: 查到了。}]
""",
    "speed": """\
id: example.speed
title: 语速过快
severity: low
scope: {channels: [voice_inbound], speaker: agent}
find:
  fast: {speed: {max: 330, min_chars: 20}}
when: fast
message: 第 {turn} 轮每分钟 {value} 字。
tests:
  - name: 四秒说完二十五个字
    expect: hit
    turns: [{agent: 您的订单昨天已经从仓库发货预计明天上午就可以送到家门口, at: 0, to: 4}]
  - name: 八秒说完
    expect: miss
    turns: [{agent: 您的订单昨天已经从仓库发货预计明天上午就可以送到家门口, at: 0, to: 8}]
""",
    "interrupt": """\
id: example.interrupt
title: 打断客户
severity: medium
scope: {channels: [voice_inbound], speaker: agent}
find:
  cut_in: {interrupt: {min_overlap_s: 0.5, min_chars: 4}}
when: cut_in
message: 第 {turn} 轮打断客户，重叠 {value} 秒。
tests:
  - name: 客户没说完
    expect: hit
    turns: [{customer: 我家这个月的电费为什么这么高。, at: 0, to: 6}, {agent: 你先报一下户号。, at: 4, to: 7}]
  - name: 等客户说完
    expect: miss
    turns: [{customer: 我家这个月的电费为什么这么高。, at: 0, to: 6}, {agent: 请您报一下户号。, at: 6.5, to: 8}]
  - name: 单声道分不清
    expect: undecided
    audio_channels: 1
    turns: [{customer: 我家这个月的电费为什么这么高。, at: 0, to: 6}, {agent: 你先报一下户号。, at: 4, to: 7}]
""",
    "call_duration": """\
id: example.call_duration
title: 超长通话
kind: signal
severity: low
find:
  long: {call_duration: {min_s: 900}}
when: long
message: 通话 {value} 秒，超过十五分钟。
tests:
  - name: 二十分钟
    expect: hit
    turns: [{agent: 您好。, at: 0, to: 2}, {customer: 再见。, at: 1200, to: 1202}]
  - name: 清单里写了时长
    expect: miss
    meta: {duration_ms: 60000}
    turns: [{agent: 您好。}, {customer: 再见。}]
""",
    "turn_count": """\
id: example.turn_count
title: 客户几乎没有说话
kind: signal
severity: low
find:
  quiet: {turn_count: {max: 1}, speaker: customer}
when: quiet
message: 客户只说了 {value} 轮。
tests:
  - name: 只说一句
    expect: hit
    turns: [{agent: 您好，这里是回访专线。}, {customer: 打错了。}]
  - name: 正常对话
    expect: miss
    turns: [{agent: 您好。}, {customer: 我要查电费。}, {agent: 请报户号。}, {customer: 一二三四五六。}]
""",
    "meta": """\
id: example.meta
title: 铃响超过四声未致歉
severity: medium
scope: {speaker: agent}
given: known and late                       # 没有铃响次数，或四声以内：不适用
find:
  known: {meta: {field: ring_count, not_null: true}}
  late: {meta: {field: ring_count, gt: 4}}
  sorry: {keyword: [久等, 抱歉, 不好意思], range: "1..2"}
when: not sorry
message: 铃响 {value} 声才接听，开场没有致歉。
tests:
  - name: 六声未致歉
    expect: hit
    meta: {ring_count: 6}
    turns: [{agent: 您好，请讲。}, {customer: 停电了。}]
  - name: 六声致歉
    expect: miss
    meta: {ring_count: 6}
    turns: [{agent: 您好，让您久等了，请讲。}, {customer: 停电了。}]
  - name: 三声
    expect: na
    meta: {ring_count: 3}
    turns: [{agent: 您好，请讲。}]
""",
    "emotion": """\
id: example.emotion
title: 客户愤怒
kind: signal
severity: medium
find:
  angry: {emotion: {label: negative, component: anger, min_level: 3}, speaker: customer}
when: angry
message: 第 {turn} 轮客户情绪激动：“{text}”。
tests:
  - name: 发火
    expect: hit
    turns: [{agent: 您好。}, {customer: 你们太过分了，气死我了！}]
  - name: 平静
    expect: miss
    turns: [{agent: 您好。}, {customer: 麻烦帮我查一下物流，谢谢。}]
""",
    "topic": """\
id: example.topic
title: 谈到退款
kind: signal
severity: low
scope: {projects: [电商]}
find:
  refund: {topic: {any: [ecommerce.refund], min_share: 0.3}}
when: refund
message: 会话谈到退款。
tests:
  - name: 问退款进度
    expect: hit
    turns: [{customer: 我的退款什么时候到账？}, {agent: 退款三到五个工作日原路返回。}]
  - name: 开发票
    expect: miss
    turns: [{customer: 帮我开一张电子发票。}, {agent: 好的，请提供抬头和税号。}]
""",
    "entity": """\
id: example.entity
title: 坐席念出完整手机号
severity: high
find:
  number: {entity: {type: mobile, valid_only: true}, speaker: agent}
when: number
message: 第 {turn} 轮念出完整手机号。
tests:
  - name: 念出手机号
    expect: hit
    turns: [{agent: 您的手机号是13800138000，对吗？}]
  - name: 只说尾号
    expect: miss
    turns: [{agent: 您尾号8000的手机，对吗？}]
""",
}
