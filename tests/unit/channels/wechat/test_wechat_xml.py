import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.wechat import PushIgnored, PushRefused
from channels.wechat.xml import clean, read_xml, text_of, write_xml


@pytest.mark.parametrize("body", [
    b'<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml/>',
    b'<!DOCTYPE x [<!ENTITY a "b">]><xml>&a;</xml>',
    b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p;]><xml/>',
    b"<!DOCTYPE xml><xml/>",
])  # fmt: skip
def test_a_document_type_is_refused(body):
    with pytest.raises(PushRefused) as caught:
        read_xml(body)
    assert caught.value.reason == "dtd"


@pytest.mark.parametrize("body", [
    b"", b"   ", b"{}", b'{"a": 1}', b"<html></html>", b"<xml>", b"<xml></xml><xml></xml>", b"plain", b"<xml>&nbsp;</xml>",
    b"<xml>\x00</xml>", b"<xml>\x0b</xml>", b"<xml>\xff\xfe</xml>", "<xml>中</xml>".encode("gbk"),
    "<xml>a</xml>".encode("utf-16"), b'<?xml version="1.0" encoding="GBK"?><xml/>',
    b"<?xml version='1.0' encoding='iso-8859-1'?><xml/>", b"<XML/>", b"<a:xml xmlns:a='x'/>",
], ids=range(18))  # fmt: skip
def test_what_is_no_xml_of_the_platform_is_ignored(body):
    with pytest.raises(PushIgnored):
        read_xml(body)


def test_deep_and_wide_trees_are_ignored_before_they_grow():
    for body in ("<xml>" + "<a>" * 9000, "<xml>" + "<a/>" * 12000 + "</xml>", "<xml>" + "<a>" * 8 + "</a>" * 8 + "</xml>"):
        with pytest.raises(PushIgnored) as caught:
            read_xml(body.encode())
        assert caught.value.reason == "too_many_elements"


def test_a_byte_order_mark_and_the_usual_prolog_are_fine():
    root = read_xml("\ufeff<?xml version='1.0' encoding='UTF-8'?><xml><a>中</a></xml>".encode())
    assert text_of(root, "a") == "中"


def test_a_field_is_one_text():
    root = read_xml(b"<xml><a>1</a><a>2</a><b><c>3</c></b><d/><e><![CDATA[ x<y ]]>&amp;z</e></xml>")
    for tag, reason in (("a", "duplicate_field"), ("b", "nested_field")):
        with pytest.raises(PushIgnored) as caught:
            text_of(root, tag)
        assert caught.value.reason == reason
    assert (text_of(root, "d"), text_of(root, "nothing"), text_of(root, "e")) == ("", "", " x<y &z")


@given(st.text())
def test_every_text_comes_back_as_it_was_but_for_what_xml_cannot_carry(text):
    written = write_xml({"Content": text, "Number": 5, "Deep": {"Inner": "a]]>b"}})
    root = ET.fromstring(written)
    assert (root.findtext("Content") or "") == clean(text)
    assert root.findtext("Number") == "5"
    assert root.findtext("Deep/Inner") == "a]]>b"


@pytest.mark.parametrize("text", ["a]]>b", "]]]]>>", "]]><Content>x</Content>", "a & b < c > d", "办社保👍🏻👨‍👩‍👧𠮷"])
def test_a_text_cannot_break_out_of_its_element(text):
    root = ET.fromstring(write_xml({"Content": text}))
    assert root.findtext("Content") == text
    assert len(root) == 1
