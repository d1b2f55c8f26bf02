"""The words of an answer: the facet's card, the FAQ's, the question back, and that nothing was found.

Called by `knowledge_base.answering` alone, which decides what is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from knowledge_base import rendering
from knowledge_base.choices import clarifying_options, facet_options, region_options
from knowledge_base.content import PROVINCE, Faq
from knowledge_base.judging import Best
from knowledge_base.outside import OUTSIDE
from knowledge_base.questions import Answer, Option, Question
from knowledge_base.snapshot import Snapshot, Version
from knowledge_base.thresholds import Thresholds
from qinwen.replies import Choice, Reply
from qinwen.vocabulary import Facet, Outcome


class AnswerWords:
    """Makes answers from a snapshot."""

    def __init__(self, knowledge: Snapshot, thresholds: Thresholds) -> None:
        self._knowledge, self._thresholds = knowledge, thresholds

    def ask_item(self, best: Best, question: Question) -> Answer:
        """Ask which item a question without one is about; the facet is kept for the answer."""
        words = f"您问的是哪件事的「{best.facet.label}」？告诉我要办什么就行，比如「身份证」「居住证」「公积金提取」。"
        if best.facet is Facet.OVERVIEW:
            words = "您要办的是哪件事？说个大概就行，比如「补身份证」「给孩子上户口」「取公积金」。"
        reply = (Reply("text", words),)
        return Answer(Outcome.ASK_SLOT, reply, None, best.facet, question.region, confidence=best.share)

    def facet(self, item: str, facet: Facet, region: str | None, at: datetime, confidence: float = 1.0) -> Answer:
        """Answer with a facet of an item, in the region's own words where it has them, and with what to ask next."""
        found = self._knowledge.facet(item, facet, region or PROVINCE, at)
        if found is None:
            names = self._knowledge.items[item].everyday_name
            words = f"「{names}」的这一项我这里还没有内容，请打 12345 或到窗口问一下。"
            return Answer(Outcome.NOT_FOUND, (Reply("text", words),), item, facet, region)
        general = self._knowledge.facet(item, facet, PROVINCE, at) if found.region != PROVINCE else None
        replies = [rendering.facet_card(found, general)]
        options: list[Option] = []
        if facet is Facet.OVERVIEW:
            options = facet_options(found.item, region)
            replies.append(_choices("想知道哪一样？点一下，或者直接问我：", options))
        elif region is None and (own := self._knowledge.regions_with_own(item, facet, at)):
            options = region_options(found.item, facet, own)
            replies.append(_choices("各地不太一样。您在哪个市？告诉我，我给您当地的：", options))
        return Answer(Outcome.ANSWERED, tuple(replies), item, facet, region, tuple(options), confidence)

    def faq(self, version: Version, best: Best, question: Question) -> Answer:
        """Answer with an FAQ."""
        faq = faq_of(version)
        facet = faq.facet or (best.facet if faq.item else None)
        card = rendering.faq_card(faq, version)
        return Answer(Outcome.ANSWERED, (card,), faq.item, facet, question.region, (), best.scope)

    def clarify(self, rivals: Sequence[str], best: Best, question: Question) -> Answer:
        """Ask which of several items is meant."""
        items = [self._knowledge.items[code] for code in rivals]
        options = clarifying_options(items, best.facet, question.region)
        reply = _choices("您说的是哪一件？点一下就行，也可以回数字：", options)
        facet = best.facet if best.facet_share >= self._thresholds.facet else None
        return Answer(Outcome.CLARIFY, (reply,), None, facet, question.region, tuple(options), best.share)

    def not_found(self, best: Best, question: Question) -> Answer:
        """Say that it is not ours, or not known well enough, and offer the nearest two."""
        shares = best.ranking.item_shares()
        outside = max(question.intents, key=lambda name: question.intents[name], default="") == "out_of_scope"
        outside = outside or (best.item == OUTSIDE and best.share >= self._thresholds.item_short)
        near = [best.ranking.items[n] for n in np.argsort(-shares)[:4] if best.ranking.items[n] in self._knowledge.items][:2]
        options = clarifying_options([self._knowledge.items[code] for code in near], Facet.OVERVIEW, None)
        if outside or not near:
            words = "这件事不归我管，我只懂政务服务怎么办。比如您可以问「身份证丢了怎么补」「公积金怎么提」。"
            return Answer(Outcome.REFUSED_OUT_OF_SCOPE, (Reply("text", words),), confidence=best.scope)
        words = "这个我还没有把握答对，不敢乱说。您看是不是想问下面这两件？都不是的话，可以打 12345，或者换个说法再问我。"
        return Answer(Outcome.NOT_FOUND, (_choices(words, options),), options=tuple(options), confidence=best.scope)


def faq_of(version: Version) -> Faq:
    """Give the FAQ that an FAQ's version is of."""
    assert isinstance(version.content, Faq)
    return version.content


def elsewhere(place: str, best: Best) -> Answer:
    """Say that another province's affairs are not ours."""
    words = (
        f"我只知道陕西省的办法，{place}的规定和这里不一样，不敢替那边说。请打当地的 12345，或在国家政务服务平台上选{place}查。"
    )
    return Answer(Outcome.REFUSED_OUT_OF_SCOPE, (Reply("text", words),), confidence=best.scope)


def _choices(words: str, options: Sequence[Option]) -> Reply:
    return Reply("choices", words, tuple(Choice(option.title, option.value) for option in options))
