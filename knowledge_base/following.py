"""Owns reading a text as the next words of a conversation: a correction, a place alone, a name alone, a change of subject.

Only words are looked at here, no knowledge. Called by `Answerer`.
"""

from __future__ import annotations

import re

from language import find_regions

_CORRECTION = re.compile(
    r"(?:不是|不要|没问|不问)[^,.!?是]{1,12}[,.]?\s*(?:而?是|我?要|我?问|我?想)(?P<meant>.+)"
    r"|^(?:不对|不是|错了|都不是|都不对|搞错了|打错了|我?说错了|不)[^,.!]{0,6}[,.!]\s*(?:应该|我)?(?:要|说|问)?(?:的)?(?:是)?(?P<said>.{2,})"
)
_REGION_WORDS = re.compile(r"[我在是的换成到住人区县市这边里那呢吧啊,.!?\s]")
_FOLLOW = re.compile(r"^(?:那|那么|要是|如果)|(?:呢|咋样|的话)[?.!]*$")
_ASKING = re.compile(
    r"[?几吗么谁啥甚哪咋]|什么|怎|如何|多[少久长大高远快]|能不|[可行得要有是好]不|不[行能成?]|不$|没$|没有$|能|可以|行|"
    r"材料|手续|证件|资料|流程|步骤|程序|条件|要求|资格|地址|地方|部门|电话|时间|费用|收费|免费|价|钱|网上|手机|线上|代办|委托|"
    r"依据|文件|规定|政策|投诉|举报|有效期|期限|额度|比例|标准|金额|后补|容缺|周末|上班|下班|周[一二三四五六日]|星期|礼拜|点|丢|补|过期|没带|"
    r"照片|复印|要件|年龄|利息|利率|工资|年限|条款|规章|优惠|还是|有没有|([一-龥])[不没]\1|批得|收到|缴费|找"
)
_LACKING = re.compile(
    r"(?:丢|没带|没有|找不到|找不着|寻不见|寻不着|不见|弄坏|撕|烂|过期)(?:了|咧)?.{0,2}(?:咋办|咋弄|怎么办|咋整|行不|行吗|可以吗)"
)
_PAYING = re.compile(r"[交缴收花付租利税罚]|工本|费")
_NEAR_HEAD = 6
# Fewer letters ("嗯嗯", "是的") tell nothing of anybody.
_LEAST_TOLD = 4
_MOVING = re.compile(r"^(?:还有|然后|另外|对了|再问|顺便|换个|先说|先|那)|(?:也要|也得|也)")


def corrected(text: str) -> str | None:
    """Give what a correction says is meant: "不是护照，是港澳通行证" → "港澳通行证"."""
    found = _CORRECTION.search(text)
    return (found["meant"] or found["said"]) if found else None


def says_what_is_meant(text: str) -> bool:
    """Tell whether a text corrects what was understood, and says what is meant instead."""
    return corrected(text) is not None


def says_only_region(text: str) -> bool:
    """Tell whether a text names a region and says nothing else ("我在宝鸡", "换成西安的")."""
    for mention in find_regions(text):
        text = text.replace(mention.text, "")
    return len(_REGION_WORDS.sub("", text)) <= 1


def follows(text: str) -> bool:
    """Tell whether a text takes up what was asked before, of something else ("那护照呢")."""
    return bool(_FOLLOW.search(text))


def asks_nothing(text: str) -> bool:
    """Tell whether a text names something and asks no facet of it ("职工医保", "投靠老婆的那种")."""
    return _ASKING.search(text) is None


def tells_of_oneself(text: str) -> bool:
    """Tell whether a text asks nothing and has words enough to tell how things are ("我是自己不干的", "他没买房,租的")."""
    return asks_nothing(text) and sum(sign.isalnum() for sign in text) >= _LEAST_TOLD


def lacks_something(text: str) -> bool:
    """Tell whether a text asks what to do without something ("票丢了咋办")."""
    return _LACKING.search(text) is not None


def asks_paying(text: str) -> bool:
    """Tell whether a text speaks of paying, as against getting ("多少钱" of a benefit means what one gets)."""
    return _PAYING.search(text) is not None


def names_several(text: str) -> bool:
    """Tell whether a text joins things ("护照和身份证")."""
    return re.search(r"[和跟与及]|还有", text) is not None


def moves_on(text: str, name: str) -> bool:
    """Tell whether a text turns to what it names: "然后上户口呢", "户口呢,也要收费吗", "还有那个育儿补贴"."""
    place = text.find(name)
    after = text[place + len(name) :]
    turned = bool(re.match(r"(?:那个|的话|这块|方面)?(?:呢|的话|也)", after))
    return place >= 0 and (turned or (place <= _NEAR_HEAD and bool(_MOVING.search(text[:place]))))
