"""What is recognised by its shape alone: e-mail addresses, number plates, names behind a label, dates and amounts."""

from __future__ import annotations

_PROVINCE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_COUNT = "一二三四五六七八九十百千万两零〇"
_SURNAME = (
    "[王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石"
    "金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖樊殷施洪翟安倪牟温芦章鲁葛柳岳齐梅庄"
    "辛管祝左涂谷祁舒耿卜詹关苗凌费纪靳童欧甄项曲成游裴席卫查鲍位霍翁]"
    "|欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|令狐|慕容"
)
_LABEL = "收货人|收件人|寄件人|联系人|姓名|户名|机主|投保人|被保险人|被保人|受益人|开户人|持卡人|我叫|名字叫|名字是"
_ONES = "一二三四五六七八九十"
SHAPES = "|".join(
    (
        r"(?P<email>[a-z0-9][a-z0-9._%+\-]{0,63}@[a-z0-9\-]{1,63}(?:\.[a-z0-9\-]{1,63}){1,4})",
        rf"(?:{_LABEL})(?:是|为|叫)?[： ]{{0,2}}(?P<name>(?:{_SURNAME})\p{{Han}}{{1,2}})"
        r"(?:\P{Han}|\z|手机|电话|联系)",
        rf"(?P<plate>[{_PROVINCE}][a-hj-z][·. ]?[a-hj-np-z0-9]{{5,6}})",
        r"(?P<date>(?:(?:19|20)?[0-9]{2}年)?[0-9]{1,2}月[0-9]{1,2}[日号]|20[0-9]{2}[\-/.][0-9]{1,2}[\-/.][0-9]{1,2}"
        rf"|(?:[{_COUNT}]{{2,4}}年)?[{_ONES}]{{1,2}}月[{_ONES}]{{1,3}}[日号])",
        rf"(?P<amount>[0-9][0-9,，]{{0,15}}(?:\.[0-9]{{1,4}})?[{_COUNT}]?(?:块钱|元|块|角|rmb|人民币)"
        rf"|[¥￥][0-9]{{1,12}}(?:\.[0-9]{{1,2}})?|[{_COUNT}]{{1,12}}(?:块钱|元)|[{_COUNT}]{{2,12}}块)",
    )
)
"""RE2: an alternation of named groups, one per entity type; candidates until `holds` agrees."""

_LATIN = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyz")
_DIGITS = frozenset(b"0123456789")
_PROVINCE_BYTES = 3
_MONTHS, _DAYS = 12, 31


def holds(name: str, buffer: bytes, start: int, end: int) -> bool:
    """Whether the candidate `name` at these bytes of normalised UTF-8 is one."""
    if name == "email":
        return _stands_alone(buffer, start, end)
    if name == "plate":
        digits = sum(b in _DIGITS for b in buffer[start + _PROVINCE_BYTES : end])
        return digits > 1 and _stands_alone(buffer, start + _PROVINCE_BYTES, end)
    if name == "date":
        return _exists(buffer[start:end].decode()) and (start == 0 or buffer[start - 1] not in _LATIN)
    return True


def _stands_alone(buffer: bytes, start: int, end: int) -> bool:
    """Not a piece of a longer code such as vb13812345678 or 13812345678abc."""
    return (start == 0 or buffer[start - 1] not in _LATIN) and (end == len(buffer) or buffer[end] not in _LATIN)


def _exists(date: str) -> bool:
    """Arabic months and days must exist; Chinese ones are taken as they are."""
    for mark in "年月日号/-.":
        date = date.replace(mark, " ")
    parts = date.split()
    if not all(p.isascii() for p in parts):
        return True
    return 1 <= int(parts[-2]) <= _MONTHS and 1 <= int(parts[-1]) <= _DAYS
