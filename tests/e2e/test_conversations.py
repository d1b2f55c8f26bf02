"""Ten conversations of several turns, typed into the page on a phone and on a desktop.

Each line is what the citizen types or presses, and words that the newest answer must hold.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 800}

CONVERSATIONS = {
    "lost-id-card": [
        ("身份证丢了咋补", "办身份证"),
        ("那要多少钱", "40元"),
        ("几天能下来", "几天办好"),
        ("在西安去哪办", "西安市"),
    ],
    "passport-then-permit": [("护照多少钱", "120"), ("不是护照，是港澳通行证", "港澳"), ("网上能办不", "网上怎么办")],
    "newborn": [("娃刚生下来咋上户口", "上户口"), ("要带啥", "出生医学证明"), ("他爷能替我去办不", "能不能代办")],
    "housing-fund-clarified": [("公积金咋弄", "您说的是哪一件"), ("第一个", "公积金"), ("带啥材料", "带什么材料")],
    "interrupted": [("退休咋办手续", "退休"), ("谢谢啊", "不客气"), ("那要带啥材料", "带什么材料")],
    "region-remembered": [("办居住证去哪儿", "您在哪个市"), ("宝鸡", "宝鸡市"), ("几点上班", "宝鸡")],
    "out-of-scope-and-back": [("给我放首歌", "办"), ("失业金咋领", "失业"), ("能领几个月", "办完得到什么")],
    "case-put-aside": [("我的办件办到哪一步了", "办件编号"), ("算了不查了", "先放下"), ("营业执照怎么办", "执照")],
    "simpler": [("异地就医备案怎么办", "备案"), ("听不懂 说简单点", "简单说"), ("再说一遍", "备案")],
    "danger": [("家里煤气泄漏了", "119"), ("残疾证怎么办", "残疾")],
}


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("name", CONVERSATIONS)
def test_conversation(browser: Browser, base_url: str, name: str, size: dict) -> None:
    context = browser.new_context(base_url=base_url, locale="zh-CN", viewport=size)
    page = context.new_page()
    page.goto("/")
    answers = page.locator(".from-bot:not(#welcome):not(#typing)")
    for text, words in CONVERSATIONS[name]:
        known = answers.count()
        page.get_by_label("您的问题").fill(text)
        page.get_by_role("button", name="发送", exact=True).click()
        expect(answers.nth(known)).to_be_visible(timeout=20_000)
        newest = answers.filter(has_text=words).last
        expect(newest).to_be_visible(timeout=20_000)
        assert answers.count() > known
    if folder := os.environ.get("QINWEN_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}-{size['width']}.png"))
    context.close()
