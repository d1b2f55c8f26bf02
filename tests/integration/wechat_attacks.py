"""The attack list of the WeChat channel as a table: the raw HTTP request, and the right answer to each.

A row says what is sent, in which mode the account is, the status and body that must come back, and how many messages reach
a responder (`turns`) or are answered with a prepared word (`prepared`). Without a query of its own a request is signed, and in
compatible and secure mode encrypted, as the platform does it (compatible mode with a forged clear copy beside); in a query
`{signature}` stands for the right one, `{SIGNATURE}` and `{short}` for wrong forms of it. What is no inbound protocol is tested
where it lives: `ELSEWHERE` names the place of each such row.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

NOW = 1714112445
TOKEN, APP_ID, ACCOUNT, AES_KEY = "AAAAA", "wxba5fad812f8e6fb9", "gh_1", "A" * 43
VECTORS = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parents[1] / "data" / "wechat_vectors.json").read_text(encoding="utf-8"))[
        "vectors"
    ]
}
HEAD = "<ToUserName>gh_1</ToUserName><FromUserName>oU1</FromUserName>"


@dataclass(frozen=True)
class Attack:
    """One request and its right answer.

    Attributes:
        row: its number in the list.
        about: what is wrong with it.
        body: the body, before it is sealed.
        query: the parameters; `None` for right ones.
        mode: the account's mode.
        status: the status that must come back; `None` where the server may also cut the connection.
        answer: the body that must come back; `None` for a reply to the citizen.
        says: what that reply must contain.
        turns: how many messages reach a responder.
        prepared: how many are answered with a prepared word.
        drift: how many seconds the timestamp lies before our clock.
        extra: what is put behind the query.
        headers: further lines of the header.
        raw_length: what Content-Length says, -1 for no such line.
        repeat: how often the body is sent in the one request.
        times: how often the whole request is sent.
    """

    row: int
    about: str
    body: bytes | str = ""
    query: str | None = None
    mode: str = "plain"
    method: str = "POST"
    status: int | None = 403
    answer: str | None = ""
    says: str = ""
    turns: int = 0
    prepared: int = 0
    drift: int = 0
    extra: str = ""
    headers: tuple[str, ...] = ()
    raw_length: int | None = None
    repeat: int = 1
    times: int = 1


def text(content: str = "护照多少钱", fields: str = "", message_id: str = "1", openid: str = "oU1") -> str:
    """Give the XML of a text message."""
    head = HEAD.replace("oU1", openid)
    number = f"<MsgId>{message_id}</MsgId>" if message_id else ""
    return (
        f"<xml>{head}<CreateTime>{NOW}</CreateTime><MsgType>text</MsgType>"
        f"<Content><![CDATA[{content}]]></Content>{number}{fields}</xml>"
    )


def other(fields: str, head: str = HEAD) -> str:
    """Give the XML of another push."""
    return f"<xml>{head}<CreateTime>{NOW}</CreateTime>{fields}</xml>"


def event(name: str, fields: str = "") -> str:
    """Give the XML of an event."""
    return other(f"<MsgType>event</MsgType><Event>{name}</Event>{fields}")


def vector(row: int, name: str, **right: object) -> Attack:
    """Give a push made of a test vector, in secure mode."""
    values = VECTORS[name]
    query = f"timestamp={values['timestamp']}&nonce={values['nonce']}&encrypt_type=aes"
    query += f"&signature={values.get('signature', '')}&msg_signature={values.get('msg_signature', '')}"
    body = values.get("body") or f"<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[{values['encrypt']}]]></Encrypt></xml>"
    return Attack(row, f"{name} {values.get('about', '')}", body, query, "secure", **right)  # type: ignore[arg-type]


TAKEN = {"status": 200, "answer": None}
IGNORED = {"status": 200, "answer": "success"}
GOOD = f"timestamp={NOW}&nonce=n&signature="
PRIVATE = "身份证11010519491231002X\n手机13800138000 [info] wechat_push_taken"

ATTACKS = [
    Attack(1, "no parameters at all", text(), ""),
    Attack(1, "no signature", text(), f"timestamp={NOW}&nonce=n"),
    Attack(1, "a wrong signature", text(), GOOD + "0" * 40),
    Attack(1, "a signature in capitals", text(), GOOD + "{SIGNATURE}"),
    Attack(1, "a short signature", text(), GOOD + "{short}"),
    Attack(1, "two signatures", text(), GOOD + "{signature}&signature={signature}"),
    Attack(1, "a signature that is not ASCII", text(), GOOD + "%E5%AF%86%E7%A0%81"),
    Attack(1, "a signature of broken bytes", text(), GOOD + "%FF%FE"),
    Attack(1, "a GET without a signature", query=f"timestamp={NOW}&nonce=n&echostr=1", method="GET"),
    Attack(1, "a GET with a wrong one", query=GOOD + "0" * 40 + "&echostr=1", method="GET"),
    vector(2, "N17"),
    Attack(2, "no msg_signature", text(), GOOD + "{signature}&encrypt_type=aes", "secure"),
    vector(3, "N18"),
    Attack(3, "clear XML in secure mode", text(), GOOD + "{signature}", "secure"),
    Attack(3, "encrypt_type=raw in secure mode", text(), GOOD + "{signature}&encrypt_type=raw", "secure"),
    Attack(3, "clear XML that says it is encrypted", text(), GOOD + "{signature}&encrypt_type=aes&msg_signature=" + "0" * 40, "secure"),
    Attack(3, "clear XML in compatible mode", text(), GOOD + "{signature}", "compatible"),
    Attack(3, "ciphertext in plain mode", text(), GOOD + "{signature}&encrypt_type=aes&msg_signature=" + "0" * 40),
    Attack(4, "a forged clear part beside the true one", text("真的"), mode="compatible", **TAKEN, says="答:真的", turns=1),
    vector(5, "N01"), vector(5, "N07"),
    vector(6, "N02"), vector(6, "N03"), vector(6, "N04"),
    vector(7, "N05"), vector(7, "N06"),
    vector(8, "N09"), vector(8, "N10"), vector(8, "N11"),
    Attack(8, "a megabyte of Encrypt", f"<xml><Encrypt>{'A' * 1_000_000}</Encrypt></xml>", mode="secure", status=413,
           query=GOOD + "{signature}&encrypt_type=aes&msg_signature=" + "0" * 40),
    vector(9, "N15", **IGNORED), vector(9, "N16", **IGNORED),
    Attack(10, "a true request again inside the window", text(), **TAKEN, says="答:护照多少钱", turns=1, times=3),
    Attack(10, "a true encrypted request again", text(), mode="secure", **TAKEN, turns=1, times=3),
    Attack(11, "a true request of an hour ago", text(), drift=3600),
    Attack(11, "a true request of tomorrow", text(), drift=-86400),
    Attack(11, "a true encrypted request of an hour ago", text(), mode="secure", drift=3600),
    Attack(11, "a retry after 15 s", text(), drift=15, **TAKEN, turns=1),
    Attack(13, "a body larger than 64 KiB", text("字" * 30_000), status=413),
    Attack(13, "a length that lies high", text(), raw_length=10_000_000, status=413),
    Attack(13, "no length and an endless body", b"2000\r\n" + b"x" * 0x2000 + b"\r\n", raw_length=-1, status=413, repeat=10,
           headers=("Transfer-Encoding: chunked",)),
    Attack(13, "a body that never comes", "", raw_length=500, status=408),
    Attack(13, "no length and no body", "", raw_length=-1, **IGNORED),
    Attack(14, "an external entity", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + text("&a;")),
    Attack(14, "a parameter entity", '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]>' + text()),
    Attack(14, "a plain document type", "<!DOCTYPE xml>" + text()),
    vector(14, "N13"),
    Attack(15, "entities that multiply", '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>' + text("&b;")),
    Attack(16, "elements 9000 deep", "<xml>" + "<a>" * 9000, **IGNORED),
    Attack(16, "12,000 siblings", "<xml>" + "<a/>" * 12_000 + "</xml>", **IGNORED),
    Attack(17, "JSON", '{"MsgType":"text"}', **IGNORED),
    Attack(17, "HTML", "<html><body>x</body></html>", **IGNORED),
    Attack(17, "nothing", "", **IGNORED),
    Attack(17, "an empty root", "<xml/>", **IGNORED),
    Attack(17, "UTF-16", text().encode("utf-16"), **IGNORED),
    Attack(17, "GBK and its prolog", b'<?xml version="1.0" encoding="GBK"?>' + text().encode("gbk"), **IGNORED),
    Attack(17, "a byte order mark is fine", b"\xef\xbb\xbf" + text().encode(), **TAKEN, turns=1),
    vector(17, "N08", **IGNORED),
    Attack(18, "broken UTF-8", text().encode().replace("护".encode(), b"\xff\xfe"), **IGNORED),
    Attack(18, "NUL", text("a\x00b"), **IGNORED),
    Attack(18, "a vertical tab", text("a\x0bb"), **IGNORED),
    vector(18, "N12", **IGNORED),
    vector(19, "N14", **TAKEN, says="办社保👍🏻👨‍👩‍👧", turns=1),
    Attack(19, "rare characters and directions", text("𠮷野家在哪\u200f办\u200b证"), **TAKEN, says="𠮷野家", turns=1),
    Attack(20, "no sender", other("<MsgType>text</MsgType><Content>x</Content>", "<ToUserName>gh_1</ToUserName>"), **IGNORED),
    Attack(20, "no kind", other("<Content>x</Content>"), **IGNORED),
    Attack(20, "no id", text(message_id=""), **TAKEN, turns=1, times=2),
    Attack(20, "no time", text().replace(f"<CreateTime>{NOW}</CreateTime>", ""), **TAKEN, turns=1, times=2),
    Attack(20, "a time before time", text().replace(str(NOW), "-1"), **TAKEN, turns=1),
    Attack(20, "a time that is none", text().replace(str(NOW), "soon"), **TAKEN, turns=1),
    Attack(21, "two senders", text(fields="<FromUserName>oOther</FromUserName>"), **IGNORED),
    Attack(21, "two contents", text(fields="<Content>other</Content>"), **IGNORED),
    Attack(21, "elements where text belongs", other("<MsgType>text</MsgType><Content><a>x</a></Content>"), **IGNORED),
    Attack(22, "another account", text().replace("gh_1", "gh_other")),
    Attack(22, "another account, encrypted", text().replace("gh_1", "gh_other"), mode="secure"),
    Attack(22, "another openid in the address", text(), extra="&openid=oOther"),
    Attack(22, "the same openid in the address is fine", text(), extra="&openid=oU1", **TAKEN, turns=1),
    Attack(23, "an unknown kind", other("<MsgType>hologram</MsgType><MsgId>9</MsgId>"), **TAKEN, prepared=1, says="看不了"),
    Attack(23, "an unknown event", event("solar_eclipse"), **IGNORED),
    Attack(23, "an event in other letters", event("SubScribe"), **TAKEN, prepared=1, says="我是秦问"),
    Attack(23, "fields of the future", text(fields="<Mood><Inner>x</Inner></Mood>"), **TAKEN, turns=1),
    Attack(24, "blank", text("  "), **TAKEN, prepared=1, says="还没写字"),
    Attack(24, "a sticker", text("【收到不支持的消息类型，暂无法显示】"), **TAKEN, prepared=1, says="表情"),
    Attack(24, "speech that nobody recognised", other("<MsgType>voice</MsgType><MediaId>m</MediaId><Recognition></Recognition>"
           "<MsgId>3</MsgId>"), **TAKEN, prepared=1, says="打成字"),
    Attack(24, "a picture", other("<MsgType>image</MsgType><PicUrl>http://127.0.0.1:9/</PicUrl><MsgId>3</MsgId>"),
           **TAKEN, prepared=1, says="图片"),
    Attack(24, "a video", other("<MsgType>video</MsgType><MsgId>3</MsgId>"), **TAKEN, prepared=1, says="视频"),
    Attack(24, "a file", other("<MsgType>file</MsgType><MsgId>3</MsgId>"), **TAKEN, prepared=1, says="打不开"),
    Attack(25, "the same message three times", text(message_id="25"), **TAKEN, says="答:护照多少钱", turns=1, times=3),
    Attack(29, "a command of the engine", text('/intent{"slot":"v"}'), **TAKEN, says="答:intent", turns=1),
    Attack(29, "a command behind blanks", text("   /restart"), **TAKEN, says="答:restart", turns=1),
    Attack(29, "a command of another kind", text("EXTERNAL: x"), **TAKEN, says="答:x", turns=1),
    Attack(30, "a forged menu item", text("第一项", "<bizmsgmenuid>/restart</bizmsgmenuid>"), **TAKEN, says="答:第一项", turns=1),
    Attack(30, "a menu item that is none", text("第一项", "<bizmsgmenuid>0</bizmsgmenuid>"), **TAKEN, says="答:第一项", turns=1),
    Attack(30, "a menu key that is not in the table", event("CLICK", "<EventKey>/restart</EventKey>"), **IGNORED),
    Attack(31, "10,000 characters", text("字" * 10_000), **TAKEN, prepared=1, says="500"),
    Attack(32, "the end of CDATA", text("a]]]]><![CDATA[>b & <c>"), **TAKEN, says="答:a]]>b & <c>", turns=1),
    Attack(38, "an unsubscription, twice, of somebody unknown", event("unsubscribe"), **IGNORED, times=2),
    Attack(39, "a subscription twice", event("subscribe", "<EventKey></EventKey>"), **TAKEN, prepared=1, times=2, says="我是秦问"),
    Attack(39, "a scene that is none", event("subscribe", "<EventKey>qrscene_../../</EventKey>"), **TAKEN, prepared=1,
           says="我是秦问"),
    Attack(42, "a shared page", other("<MsgType>link</MsgType><Title>领补贴</Title><Url>http://127.0.0.1:9/evil</Url><MsgId>4</MsgId>"),
           **TAKEN, prepared=1, says="打不开"),
    Attack(43, "personal data and a false log line", text(PRIVATE),
           **TAKEN, turns=1),
    Attack(44, "two timestamps", text(), GOOD + "{signature}&timestamp=1"),
    Attack(44, "an endless query", text(), GOOD + "{signature}&x=" + "a" * 4000, status=414),
    Attack(44, "another method", text(), method="PUT", status=405, answer=None),
    Attack(44, "another content type is fine", text(), headers=("Content-Type: application/json",), **TAKEN, turns=1),
    Attack(45, "a script to echo, signed", query=GOOD + "{signature}&echostr=%3Cscript%3E", method="GET", status=200,
           answer="<script>"),
    Attack(45, "a script to echo, not signed", query=GOOD + "x&echostr=%3Cscript%3E", method="GET"),
    Attack(45, "10 kB to echo", query=GOOD + "{signature}&echostr=" + "a" * 1900, method="GET"),
    Attack(45, "nothing to echo", query=GOOD + "{signature}", method="GET"),
    Attack(45, "a true address check", query=GOOD + "{signature}&echostr=4375120948345356249", method="GET", status=200,
           answer="4375120948345356249"),
    # WeCom's customer service is another channel: its bells at this address start nothing, however often they ring.
    Attack(47, "a bell of WeCom's customer service", event("kf_msg_or_event", "<Token>t</Token><OpenKfId>wk1</OpenKfId>"),
           **IGNORED, times=3),
]  # fmt: skip

# Rows that are not about one request to the webhook, and where their tests stand.
ELSEWHERE = {
    12: "tests/integration/test_wechat_webhook.py",
    26: "tests/integration/test_wechat_webhook.py",
    27: "tests/integration/test_wechat_webhook.py",
    28: "tests/integration/test_wechat_webhook.py",
    33: "tests/unit/channels/wechat/test_wechat_rendering.py",
    34: "tests/integration/test_wechat_webhook.py",
    35: "tests/integration/test_wechat_webhook.py",
    36: "tests/integration/test_wechat_webhook.py",
    37: "tests/unit/channels/wechat_server_api",
    40: "tests/unit/channels/wechat_server_api",
    41: "tests/unit/channels/wechat_server_api",
    46: "tests/unit/conversations/test_desk_side.py",
    48: "tests/integration/test_wechat_webhook.py",
}
