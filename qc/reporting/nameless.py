"""What was said, without what tells who the agent is."""

from __future__ import annotations

import re

from qc.reporting.records import MetaRow

_STAFF_NUMBER = re.compile(r"(工号|坐席号|员工号)(\s*[是为：:]*\s*)[0-9A-Za-z一二三四五六七八九零〇幺两]+")
_TITLED = re.compile(r"(我姓|免贵姓|敝姓)[\u4e00-\u9fff]")


def nameless(meta: MetaRow, text: str) -> str:
    """`text` without the agent's name and number, also as the agent says them: 工号 1025, 我姓李."""
    text = _STAFF_NUMBER.sub(lambda m: m[1] + m[2] + "＊＊", text)
    for own in (meta.agent_name, meta.agent_id):
        if own and len(own) > 1:
            text = text.replace(own, "＊" * len(own))
    return _TITLED.sub(lambda m: m[1] + "＊", text)
