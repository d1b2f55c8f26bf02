import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.masking import mask_personal


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("身份证11010519491231002X怎么换", "身份证[身份证号]怎么换"),
        ("11010519491231002x", "[身份证号]"),
        ("１１０１０５１９４９１２３１００２Ｘ", "[身份证号]"),
        ("110105 19491231 002X", "[身份证号]"),
        ("110105199001011239", "[身份证号]"),
        ("老号110105491231002", "老号[身份证号]"),
        ("电话13812345678谢谢", "电话[手机号]谢谢"),
        ("138-1234-5678", "[手机号]"),
        ("138 1234 5678", "[手机号]"),
        ("+8613812345678", "[手机号]"),
        ("1\u200b3812345678", "[手机号]"),
        ("一三八一二三四五六七八", "[手机号]"),
        ("座机029-88886666", "座机[电话号码]"),
        ("卡6222020200112233", "卡6222020200112233"),
        ("卡号:6222020200112233", "卡号:[银行卡号]"),
        ("6222 0202 0011 2230", "[银行卡号]"),
        ("发到zhang.san@example.com吧", "发到[邮箱]吧"),
        ("车牌陕A12345违章", "车牌[车牌号]违章"),
        ("陕AD12345", "[车牌号]"),
        ("我叫张三", "我叫[姓名]"),
        ("我叫王小明我想办身份证", "我叫[姓名]我想办身份证"),
        ("我叫欧阳娜娜,想问", "我叫[姓名],想问"),
        ("我的电话13812345678，叫张伟", "我的电话[手机号]，叫[姓名]"),
        ("我妈叫王秀兰,70岁", "我妈叫[姓名],70岁"),
        ("姓名：李四 电话", "姓名：[姓名] 电话"),
        ("姓名李四身份证", "姓名[姓名]身份证"),
        ("名字叫阿卜杜拉·买买提,", "名字叫[姓名],"),
        ("护照E12345678丢了", "护照[证件号]丢了"),
        ("微信号:zhangsan_88", "微信[社交账号]"),
        ("我叫张三,110105199001011239,13812345678", "我叫[姓名],[身份证号],[手机号]"),
    ],
)
def test_what_identifies_a_person_is_hidden(text, masked):
    assert mask_personal(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "姓名变更怎么办",
        "姓名更正要什么材料",
        "姓名怎么改",
        "我叫车去政务大厅",
        "他叫高新区的人来",
        "办证的人叫啥",
        "那个,叫居住证",
        "打12345还是12333",
        "2026年3月5日",
        "交了20000元",
        "SX202603150001",
        "身份证怎么办",
        "一二三四五",
        "陕西省西安市雁塔区",
        "",
    ],
)
def test_ordinary_questions_stay_as_they_are(text):
    assert mask_personal(text) == text


def test_text_around_keeps_its_width():
    assert mask_personal("电话：１３８１２３４５６７８，谢谢！") == "电话：[手机号]，谢谢！"


@given(st.one_of(st.text(), st.text(st.sampled_from("0123456789Xx -１２一二三姓名我叫张三:：@.a陕A微信QQ号卡[]"), max_size=60)))
def test_masking_never_raises_and_twice_changes_nothing(text):
    once = mask_personal(text)
    assert mask_personal(once) == once


def test_a_long_line_of_digits_is_masked_in_reasonable_time():
    assert mask_personal("1" * 20_000 + "@") is not None
    assert mask_personal("a." * 10_000) is not None
