"""Owns hiding personal data in a text before it is logged or shown to people who needn't see it.

It hides too much rather than too little: a mistyped identity number is still personal. Addresses are not hidden.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from language.identifiers import is_bank_card
from language.normalise import fold_width

_GAP: Final = r"[\s\-.·\u200b-\u200f\u2060\ufeff]?"
# The commonest family names, single and double; a bare 姓名 is followed by a name only if one of these comes next.
_FAMILY_NAMES: Final = (
    "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|司徒|令狐|夏侯|轩辕|端木|"
    "[王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟"
    "谭陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安"
    "齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管"
    "柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬"
    "边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺"
    "楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍"
    "辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡"
    "富尧闭由]"
)
_AFTER_NAME: Final = "想要我的在是办去来问怎咋能可有今身电手男女性住年和跟也到把给被从,，。.!！?？、;；:：\\s"
_GIVEN: Final = f"[\u4e00-\u9fff](?:(?![{_AFTER_NAME}])[\u4e00-\u9fff])?"
_LONG_NAME: Final = "[\u4e00-\u9fff]{1,12}(?:[·•・][\u4e00-\u9fff]{1,12})+"


def _card(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[0])
    return "[银行卡号]" if match["cue"] is not None or is_bank_card(digits) else match[0]


# In this order: what is longer or more certain first, since a placeholder is never matched again.
_MASKS: Final[tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r"[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}", re.ASCII), "[邮箱]"),
    (re.compile(rf"(?<![0-9A-Za-z])[1-9](?:{_GAP}\d){{16}}{_GAP}[\dXx](?![0-9A-Za-z])", re.ASCII), "[身份证号]"),
    (re.compile(r"(?<!\d)[1-9]\d{5}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)", re.ASCII), "[身份证号]"),
    (
        re.compile(
            rf"(?P<cue>(?<=卡号)|(?<=账号)|(?<=帐号)|(?<=卡号[:是为])|(?<=账号[:是为]))?(?<!\d)\d(?:{_GAP}\d){{15,18}}(?!\d)",
            re.ASCII,
        ),
        _card,
    ),
    (re.compile(rf"(?<!\d)(?:\+?86{_GAP})?1{_GAP}[3-9](?:{_GAP}\d){{9}}(?!\d)", re.ASCII), "[手机号]"),
    (re.compile(r"(?<![\dA-Za-z])0\d{2,3}[\s-]?[2-8]\d{6,7}(?:-\d{1,5})?(?!\d)", re.ASCII), "[电话号码]"),
    (re.compile(r"(?<![\dA-Za-z])[CDEGHKMPS][A-Z]?\d{7,8}(?![\dA-Za-z])", re.ASCII | re.IGNORECASE), "[证件号]"),
    (
        re.compile(
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-HJ-NP-Z][\s·.-]?"
            r"(?=[A-Z]*\d)[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳](?![A-Z0-9])",
            re.IGNORECASE,
        ),
        "[车牌号]",
    ),
    (re.compile(r"(?<=微信)号?[:是 ]{0,2}[A-Za-z][\w-]{5,19}|(?<=QQ)号?[:是 ]{0,2}\d{5,12}", re.ASCII), "[社交账号]"),
    (
        re.compile(
            rf"(?:(?<=我叫)|(?<=名字叫)|(?<=姓名[:是为叫])|(?<=名字[:是为])|(?<=姓名[:是为叫] )|(?<=名字[:是为] ))"
            rf"(?!车|外卖)(?:{_LONG_NAME}|(?:{_FAMILY_NAMES}){_GIVEN}|(?<=[:])[\u4e00-\u9fff]{{2,4}})"
        ),
        "[姓名]",
    ),
    # Of somebody named in passing only what can be nothing else: a family name, one or two characters, and then no more.
    (
        re.compile(
            rf"(?:(?<=[,。;、 \]]叫)|(?<=[妈爸娃儿女婆公子爷奶妻妹姐弟哥他她人]叫))(?!车|外卖)"
            rf"(?:{_FAMILY_NAMES})(?:(?![证卡金险费表局单书])[\u4e00-\u9fff]){{1,2}}(?=$|[^\u4e00-\u9fff]|身份|电话|手机)"
        ),
        "[姓名]",
    ),
    (
        re.compile(
            rf"(?<=姓名)\s?(?:{_FAMILY_NAMES})[\u4e00-\u9fff]{{1,2}}?(?=$|[^\u4e00-\u9fff]|身份|电话|手机|性别|男|女|住|年龄)"
        ),
        "[姓名]",
    ),
)
_HAN_DIGITS: Final = str.maketrans("〇零一二三四五六七八九幺", "001234567891")
_SPOKEN_NUMBER: Final = re.compile(r"[〇零一二三四五六七八九幺]{11,19}")


@dataclass(frozen=True)
class PersonalDatum:
    """Something personal that was hidden: where its placeholder stands in the masked text, its kind ("手机号"), and itself."""

    start: int
    kind: str
    value: str = field(repr=False)


def mask_personal(text: str) -> str:
    """Return the text with typed placeholders such as [身份证号] for what identifies a person.

    Hidden are identity numbers (18 and 15 digits, also with gaps, full-width, mistyped or spelt in Chinese
    numerals), bank cards, phones, e-mail addresses, passports and permits, plates, WeChat and QQ accounts and the
    name after 我叫, 名字叫, 姓名 or, where it ends there, after 叫. Applying it twice changes nothing.
    """
    return find_personal(text)[0]


def find_personal(text: str) -> tuple[str, list[PersonalDatum]]:
    """Mask like `mask_personal`, and give what was hidden in the order of the masked text."""
    found: list[PersonalDatum] = []
    spoken = ((run.start(), run.end(), _mask_spoken(run[0])) for run in _SPOKEN_NUMBER.finditer(text))
    text, found = edit(text, found, spoken)
    for pattern, placeholder in _MASKS:
        # Matching happens on a folded copy of equal length; only what matched is replaced, the rest keeps its width.
        matches = pattern.finditer(fold_width(text))
        text, found = edit(
            text,
            found,
            ((m.start(), m.end(), placeholder if isinstance(placeholder, str) else placeholder(m)) for m in matches),
        )
    return text, sorted(found, key=lambda datum: datum.start)


def edit(
    text: str, found: Sequence[PersonalDatum], edits: Iterable[tuple[int, int, str]], *, keep: bool = True
) -> tuple[str, list[PersonalDatum]]:
    """Replace some parts of a text, so that the places of what was hidden before stay right.

    Args:
        text: the text.
        found: what was hidden in it before.
        edits: (start, end, new words) in order; a part that becomes a placeholder is hidden.
        keep: whether what these edits hide is given as well.
    """
    pieces, shifts, end, moved, fresh = [], [], 0, 0, []
    for start, stop, shown in edits:
        if shown == text[start:stop] or fold_width(text[start:stop]) == shown:
            continue
        if keep:
            fresh.append(PersonalDatum(start + moved, shown[1 : shown.find("]")], text[start:stop]))
        pieces += [text[end:start], shown]
        moved += len(shown) - (stop - start)
        shifts.append((stop, len(shown) - (stop - start)))
        end = stop
    kept = [replace(d, start=d.start + sum(by for stop, by in shifts if stop <= d.start)) for d in found]
    return "".join([*pieces, text[end:]]), kept + fresh


def _mask_spoken(numerals: str) -> str:
    masked = mask_personal(numerals.translate(_HAN_DIGITS))
    return masked if masked.startswith("[") else numerals
