"""Names of persons: behind a label, before 先生 or 女士, as the answer to a question, beside a telephone number.

A surname alone (王女士) names nobody. Where the words around it prove little, every character of the given name must be
one that given names are made of.
"""

from __future__ import annotations

import re

_COMMON = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石"
    "金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖樊殷施洪翟安倪牟温芦章鲁葛柳岳齐梅庄"
    "辛管祝左涂谷祁舒耿卜詹关苗凌费纪靳童欧甄项曲成游裴席卫查鲍位霍翁柯阮蓝穆佟尤傅袁盛骆宁褚冉蒲柴阎麦苟桂凤"
    "邢荆刁卞匡阙郜谌仝聂申俞冼娄戚窦岑缪滕桑敖冀巩焦兰甘尚符包屈饶解艾卓吉简蒙师闵瞿臧邬姬佘楚邝麻雍芮仇栾隋阚蔺茅晏宫喻庞颜文古单宗景司农党连应边房"
)
SURNAME = f"(?:欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|令狐|慕容|司徒|端木|夏侯|淳于|闻人|呼延|宇文|长孙|[{_COMMON}])"
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅玲桃飞鹏波斌辉宇浩凯健俊帆帅旭宁翔旺梁栋维启克伦翰海山仁波宏坤"
    "浩然轩梓涵欣怡子墨晨曦佳琪雨桐思远嘉铭若彤文志建国淑珍惠珠翠雅芝萍娥婷姣婉娴瑾颖露瑶怡婵雁蓓纨仪荷丹蓉眉君琴蕊薇菁梦岚苑"
    "婕馨瑗琰韵融园艺咏卿聪澜纯毓悦昭冰爽琬茗羽希宁飘育滢馥筠柔竹霭凝晓欢霄枫芸菲寒伊亚宜可姬舒影荔枝丽阳妮宝贝初程楚"
    "晴云莹雪琳松柏森林峰岭岩川江河湖源泉滨洁莲菊春夏秋冬月星光亮新家立德福禄寿喜祥瑞庆荣贵富昌盛隆兴顺利诚信义礼智忠孝康"
    "安乐永长久恒世泽润民生学才良善美景培树根苗苏卫东西南北中正大小少老一二三元金银铜铁水木火土龙虎豹凤麟鹤雄豪毅锋钢锐钧锦"
    "鑫淼焱垚彬炜炳焕煜烨燕莺鸿鹰天宸辰昊昕晖晗景晶曼莎莉蕾蓝青翠素清净汐沛沐泓湘潇淳渊瀚灏璐璇珊琼瑜璟珂玥玮琦珺璞"
    "佑博爱四花鸣胜诗庆涵馨豪萌滔航驰腾彪彬宾灿炎焰煌烽熙熠炫耀曜晟昱旻昀晔暄朗朔朋胤臣致舟良艾芃芊芙芮芯苓茹荞莘莞菀萌蒙蓁蔚蕴薪蕙霏霄霖霁霜雄雍雁雪零震鸽鸾鹃麒麦黛默双友可叶同名吉向君启周品哲唯善喆嗣囡圣坚坤垣城"
    "堃壮声夕多奇奎妤妹始娅娇娣婧嫒存季守宏宗定实宪寅尔尚山岳峥崇川工己帅帆干广庭廷弘彦彩彬征律微心必念恒恩悌惟愉愿慕慧憬成战才承扬抒拓振捷放敦斐斯方旋无既日早昂易显晋智暖曼有朱权村杏来松果柯柱栩格桦梵棠森"
    "楷榆榕槿毅毓水汉沁沂沙治泉泊法洛洪津流涌润涟淇深渝渲湛满源溪滢漫漪澄灵炅烈然煊照熹爱牧特猛玄玉玺珈珍珠球理甜生用电画畅白皓益盈盼直相真眉知矗石研硕社祎祖祝神秉秋科秦积程稳穗立竞章端笑笛简米粟素红纪级纬"
    "细经统绍绮维绿翊翌联肖胜能自航良艳苹荃营落葳蒲蓝薛蕾虎虹蝶行衍西观解言让议记许诚谊谣谷贞财贤贺贯赐赞起超越跃路军轮辕辰达迅远连逢遥遇避邦郎郡采重野钊钗铎铮银链锁镇长门闯间闻队阔陆陶际随集雨青静非韦韬韵"
    "项顺领颂颜飒飚饶首香驹骁骄骏骞高鲁鲜鸥麓黎"
    "睿雯男丰祺骐翊烁煦钰铄锴瑄妤姝樱澈澍琰璨祯禾笙筱衡裕赫辞迪靖颢奕弈尧舜禹汤政敬勤俭慧贤淑媛嫣娇嫚妍姗婧倩茜芬芹芷苒茵荃莎菡萱葵蓬蔓薰藜诗语诺谦谨论达迎进运逸道郁都配重野量"
)
_NOT_GIVEN = (
    "大小中都配重野量论道利于有无来起多能必才名间记许解用电法行社科经细级自让言定实成工干连避随集首非直真知理特流满爱"
)
_NOT_ALONE = "小阿和知予以"
"""Characters of given names that are common words too: by itself behind a surname none makes a name."""
_GIVEN_1 = "".join(sorted(set(_GIVEN) - set(_NOT_GIVEN) | {*_NOT_ALONE, "爱"}))
LIKELY = f"{SURNAME}[{_GIVEN_1}]{{1,2}}"
"""RE2 and re: a name by its characters alone; some words look like one."""
DOTTED = r"\p{Han}{2,7}[·•]\p{Han}{2,7}"
"""RE2: a name of other peoples: 阿依古丽·肉孜."""

_HONORIFIC = "先生|女士|小姐|阿姨|师傅|大哥|大姐|叔叔"
_LABEL = (
    "收货人|收件人|寄件人|发件人|联系人|姓名|户名|户主|机主|车主|业主|投保人|被保险人|被保人|受益人|开户人|持卡人|经办人|办理人|申请人"
    "|收款人|付款人|监护人|委托人|代办人|负责人|签收人|下单人|法人|联络人|当事人|报修人|投诉人|报案人|本人|配送员|快递员|送货员|我叫|名叫|名字叫?|改名叫?|叫做|真名叫?"
)
_SURE_LABEL = _LABEL.replace("|本人", "").replace("|名叫", "")
_LINK = "(?:就?是|为|叫|改为|改成)?[： ]{0,2}"
_END = rf"(?:\P{{Han}}|\z|手机|电话|联系|身份证|{_HONORIFIC})"
_WEAK = "我是|叫|您是|请问是|是"
_KIN = (
    "女儿|儿子|孩子|老婆|爱人|妻子|太太|丈夫|老公|妈妈?|母亲|爸爸?|父亲|哥哥|弟弟|姐姐|妹妹|家属|家人|亲戚|朋友|同事|同学|邻居|房东|租客|室友"
    "|代理人|委托人|助理|秘书"
)
_RIDDLES = (
    "弓长|木子|立早|口天|双木|耳东|古月|言午|草头|草字头|三横|走肖|木易|文刀|卯金刀|人可|干勾|女加|二马|禾火|双口"
)
"""How people spell surnames: 弓长张."""
_OWNED = "名下|本人|这个户"
_LED = rf"(?:{_SURE_LABEL}){_LINK}|[我他她](?:{_KIN})(?:名字|就?是|叫)?"
_BEHIND = rf"\P{{Han}}|\z|电话|手机|吗|吧|啊|呀|[让叫托]我|的(?:{_KIN})"
NAMED = "|".join(
    (
        rf"(?:{_LABEL}){_LINK}(?P<label>{SURNAME}\p{{Han}}{{1,2}}){_END}",
        rf"(?:{_LED})(?P<led>{LIKELY}|{DOTTED})",
        rf"(?P<spelt>(?:{_RIDDLES}){SURNAME}(?:[ ，、]*\p{{Han}}{{1,4}}的\p{{Han}}){{0,2}})",
        rf"(?:^|\P{{Han}})(?P<addressed>{SURNAME}\p{{Han}}{{1,2}})(?:{_HONORIFIC})",
        rf"(?:^|\P{{Han}})(?P<receives>{SURNAME}\p{{Han}}{{1,2}})(?:亲?收|签收)(?:\P{{Han}}|\z)",
        rf"(?:{_WEAK}|改成|改为|换成|写|找|联系|姓)(?P<said>{LIKELY})(?:{_BEHIND})",
        rf"(?:[我您]是|请问是|叫)(?P<dotted>{DOTTED})(?:{_BEHIND})",
    )
)
FOLLOWED = rf"(?P<followed>{LIKELY})(?:{_HONORIFIC}|{_OWNED})"
"""RE2: names, that in a group named by what shows them; by themselves those that only what follows shows, for both
together outgrow the memory of one automaton and become fifty times slower."""

_WORDS = re.compile(
    "高兴|胡子|周[一二三四五六日末]|方便|安全|安心|安装|安排|平安|成功|方法|方案|万元|万一|常用|常见|白天|金额|关于|关系|关闭|关注|向上|查询|查看|查一|于是|应急|任何|任务"
    "|何时|何必|谢谢|许多|温馨|温度|成本|成都|段时|莫名|易损|康复|左右|管理|管家|项目|毛病|曲线|游戏|席位|位置|卫生|石头|江苏|江西|云南|海南"
    "|宁夏|宁波|武汉|温州|安徽|吴江|常州|无锡|方向|方式|金融|向您|向我|龙头|牛年|付款|付钱|付费|钱款|钱包|严重|齐全|路口|时间|水电|利息|余额"
    "|白色|黄色|蓝色|程序|施工|夏天|马上|马桶|高温|高峰|高压|林业|田地|石化|石油|司机|安卓|苏宁|蓝牙|项链|万家|向来|成人|成交|成长|高中|高新|包装|包含|包括|包邮|包裹|包月|包年|解决|解释|解除|师傅|师父|简单|简直|尚未|符合|甘肃|吉林|吉祥|兰州|焦作|艾特|蒙古|申请|申报|申领"
    "|文件|文明|文字|文化|文档|古代|单位|单独|单元|单子|单号|司法|农业|农村|农行|农商|党员|连续|连接|应用|应当|应急|边上|房子|房产|房东|楚雄|麻烦|宗旨"
    "|安康|金牌|金额|平安|万能|方正|高级|路人|金卡|白金|东方航|关心|成立|金华|安庆|长安|石家|江阴|江门|宁德|万象|安溪|温岭|金山|金坛|吴兴"
)
_SHORT = 2
_BEFORE = re.compile(rf"(?:^|[^一-龥a-z])({LIKELY})[ ，、：；,/(]{{0,3}}$")
_AFTER = re.compile(rf"[ ，、：；,/]{{0,3}}({LIKELY})(?![一-龥])")


def is_name(text: str) -> bool:
    """Whether the candidate is no everyday word that begins with a character of surnames."""
    alone = len(text) == _SHORT and text[-1] in _NOT_ALONE
    return not alone and _WORDS.match(text) is None and text[-1] not in "村路街镇乡县区市省巷屯"


def beside(before: str, after: str) -> list[tuple[int, int]]:
    """Names that stand directly beside personal data, as (characters before it, …) and (… after it): spans relative to
    its start (negative) and to its end."""
    out = []
    found = _BEFORE.search(before)
    if found and is_name(found[1]):
        out.append((found.start(1) - len(before), found.end(1) - len(before)))
    found = _AFTER.match(after)
    if found and is_name(found[1]):
        out.append((found.start(1), found.end(1)))
    return out
