import pytest

from channels.wechat import PushIgnored, push_key, read_push
from channels.wechat.messages import (
    Consent,
    DeskSession,
    Event,
    ImageMessage,
    LinkMessage,
    LocationMessage,
    Push,
    SendingResult,
    TextMessage,
    VideoMessage,
    VoiceMessage,
)
from channels.wechat.xml import read_xml

HEAD = "<ToUserName>gh_1</ToUserName><FromUserName>oU1</FromUserName><CreateTime>1714112445</CreateTime>"


def push(fields, head=HEAD):
    return read_push(read_xml(f"<xml>{head}{fields}</xml>".encode()))


def message(kind, fields="", message_id="77"):
    return push(f"<MsgType><![CDATA[{kind}]]></MsgType><MsgId>{message_id}</MsgId>{fields}")


def event(name, fields=""):
    return push(f"<MsgType>event</MsgType><Event><![CDATA[{name}]]></Event>{fields}")


def test_every_push_has_its_head():
    head = message("text", "<Content>你好</Content>").head
    assert (head.account, head.openid, head.created, head.message_id) == ("gh_1", "oU1", 1714112445, "77")


@pytest.mark.parametrize(("kind", "fields", "expected"), [
    ("text", "<Content>护照 </Content><bizmsgmenuid>2</bizmsgmenuid>", (TextMessage, "护照 ", "2")),
    ("image", "<PicUrl>http://x/1</PicUrl><MediaId>m1</MediaId>", (ImageMessage, "http://x/1", "m1")),
    ("voice", "<MediaId>m2</MediaId><Format>amr</Format><Recognition>办护照。</Recognition>", (VoiceMessage, "m2", "amr", "办护照。")),
    ("voice", "<MediaId>m2</MediaId><Format>speex</Format><Recognition><![CDATA[]]></Recognition>", (VoiceMessage, "m2", "speex", "")),
    ("video", "<MediaId>m3</MediaId><ThumbMediaId>t</ThumbMediaId>", (VideoMessage, "m3")),
    ("shortvideo", "<MediaId>m4</MediaId>", (VideoMessage, "m4")),
    ("location", "<Location_X>34.34</Location_X><Location_Y>108.94</Location_Y><Scale>15</Scale><Label>西安市</Label>",
     (LocationMessage, 34.34, 108.94, "西安市")),
    ("location", "<Location_X>nan</Location_X><Location_Y>500</Location_Y>", (LocationMessage, None, None, "")),
    ("link", "<Title>一页</Title><Url>http://evil/</Url>", (LinkMessage, "一页")),
    ("miniprogrampage", "<Title>小程序</Title><AppId>wx1</AppId>", (LinkMessage, "小程序")),
    ("file", "<Title>a.pdf</Title><FileKey>k</FileKey>", (LinkMessage, "a.pdf")),
    ("hologram", "<Depth>3</Depth>", (Push,)),
], ids=range(12))  # fmt: skip
def test_every_kind_of_message_is_read(kind, fields, expected):
    read = message(kind, fields)
    assert type(read) is expected[0]
    assert tuple(vars(read).values())[2:] == expected[1:]
    assert read.kind == kind


@pytest.mark.parametrize(("name", "fields", "kind", "values"), [
    ("subscribe", "<EventKey>qrscene_hall</EventKey><Ticket>t</Ticket>", Event, {"event_key": "qrscene_hall"}),
    ("SCAN", "<EventKey>hall</EventKey>", Event, {"event": "scan"}),
    ("CLICK", "<EventKey>ASK_GUIDE</EventKey>", Event, {"event": "click", "event_key": "ASK_GUIDE"}),
    ("VIEW", "<EventKey>https://x/</EventKey><MenuId>1</MenuId>", Event, {"event": "view"}),
    ("scancode_waitmsg", "<EventKey>k</EventKey><ScanCodeInfo><ScanType>q</ScanType></ScanCodeInfo>", Event, {}),
    ("location_select", "<SendLocationInfo><Location_X>1</Location_X></SendLocationInfo>", Event, {}),
    ("LOCATION", "<Latitude>34</Latitude><Longitude>108</Longitude><Precision>1</Precision>", Event, {"event": "location"}),
    ("kf_create_session", "<KfAccount>a@gh</KfAccount>", DeskSession, {"account": "a@gh"}),
    ("kf_close_session", "<KfAccount>a@gh</KfAccount><CloseType>KF</CloseType>", DeskSession, {"account": "a@gh"}),
    ("kf_switch_session", "<FromKfAccount>a</FromKfAccount><ToKfAccount>b</ToKfAccount>", DeskSession,
     {"account": "a", "to_account": "b"}),
    ("TEMPLATESENDJOBFINISH", "<MsgID>9</MsgID><Status>failed: system failed</Status>", SendingResult,
     {"sent_id": "9", "status": "failed:systemfailed"}),
    ("MASSSENDJOBFINISH", "<MsgID>9</MsgID><Status>send success</Status><TotalCount>3</TotalCount>", SendingResult,
     {"status": "sendsuccess"}),
    ("subscribe_msg_popup_event",
     ("<SubscribeMsgPopupEvent><List><TemplateId>T</TemplateId><SubscribeStatusString>accept</SubscribeStatusString></List>"
     "<List><TemplateId>U</TemplateId></List></SubscribeMsgPopupEvent>"), Consent, {"template": "T", "accepted": True}),
    ("subscribe_msg_change_event",
     ("<SubscribeMsgChangeEvent><List><TemplateId>T</TemplateId><SubscribeStatusString>reject</SubscribeStatusString></List>"
     "</SubscribeMsgChangeEvent>"), Consent, {"accepted": False}),
    ("subscribe_msg_sent_event",
     ("<SubscribeMsgSentEvent><List><TemplateId>T</TemplateId><MsgID>5</MsgID><ErrorCode>0</ErrorCode>"
     "<ErrorStatus>success</ErrorStatus></List></SubscribeMsgSentEvent>"), SendingResult,
     {"sent_id": "5", "status": "success", "template": "T"}),
    ("subscribe_msg_popup_event", "", Consent, {"template": "", "accepted": False}),
    ("verify_expired", "<ExpiredTime>1</ExpiredTime>", Event, {"event": "verify_expired"}),
    ("card_pass_check", "<CardId>c</CardId>", Event, {}),
], ids=range(18))  # fmt: skip
def test_every_kind_of_event_is_read_whatever_its_letters_case(name, fields, kind, values):
    read = event(name, fields)
    assert type(read) is kind
    assert read.event == name.lower()
    for field, value in values.items():
        assert getattr(read, field) == value


@pytest.mark.parametrize("fields", ["", "<MsgType></MsgType>", "<MsgType>event</MsgType>",
                                    "<MsgType>text</MsgType><MsgType>event</MsgType>",
                                    "<MsgType><a>text</a></MsgType>", "<MsgType>text</MsgType><Content>a</Content><Content>b</Content>",
                                    "<MsgType>text</MsgType><FromUserName>oOther</FromUserName>"])  # fmt: skip
def test_a_push_without_its_key_fields_or_with_two_is_ignored(fields):
    with pytest.raises(PushIgnored):
        push(fields)


def test_a_push_of_nobody_is_ignored():
    with pytest.raises(PushIgnored):
        push("<MsgType>text</MsgType>", "<ToUserName>gh_1</ToUserName>")


@pytest.mark.parametrize("created", ["", "<CreateTime>soon</CreateTime>", "<CreateTime>-5</CreateTime>",
                                     "<CreateTime>1.5</CreateTime>", f"<CreateTime>{'9' * 30}</CreateTime>"])  # fmt: skip
def test_a_bad_time_is_no_time_and_the_key_does_not_depend_on_our_clock(created):
    head = f"<ToUserName>gh_1</ToUserName><FromUserName>oU1</FromUserName>{created}"
    read = push("<MsgType>text</MsgType><MsgId>5</MsgId><Content>a</Content>", head)
    assert read.head.created is None
    assert push_key(read) == "m:5:-"


def test_the_key_tells_messages_apart_and_repeats_together():
    first, again = message("text", "<Content>a</Content>"), message("text", "<Content>a</Content>")
    assert push_key(first) == push_key(again) == "m:77:1714112445"
    assert push_key(message("text", "<Content>a</Content>", "78")) != push_key(first)


def test_without_an_id_the_content_tells_messages_apart():
    def bare(content):
        return push_key(push(f"<MsgType>text</MsgType><Content>{content}</Content>"))

    assert bare("a") == bare("a")
    assert bare("a") != bare("b")
    assert bare("a").startswith("t:1714112445:")


def test_two_events_of_one_second_have_two_keys():
    keys = {push_key(event("subscribe")), push_key(event("LOCATION")), push_key(event("CLICK", "<EventKey>A</EventKey>"))}
    assert len(keys) == 3


@pytest.mark.parametrize("event_key", ["k" * 300, "../../etc", "菜单", "a b", "\n", "😀", "qrscene_../../"])
def test_every_key_fits_the_ledger(event_key):
    key = push_key(event("CLICK", f"<EventKey><![CDATA[{event_key}]]></EventKey>"))
    assert 1 <= len(key) <= 64
    assert key.isascii()
    assert key.isprintable()
    assert " " not in key
