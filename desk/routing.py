"""Which desk a handed-off conversation goes to: by its item, then its department, its region, and its text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

from desk.classifier import DepartmentClassifier
from desk.desks import Desk, Desks
from desk.errors import DeskUnknown
from language import Encoder, ancestors

# Under this share the text says too little: a general desk is the honest choice.
LEAST_SHARE = 0.45
_LEAST_SAID = 4
# Asking for a person says nothing about the matter, but 人工 has a character of 人社 in it.
_ASKING = re.compile(
    r"(?:我|请|帮|给|想|要)*(?:转接?|找|接|换)?(?:一个|个)?(?:人工|真人|客服|坐席|工作人员)(?:客服|服务|坐席)?"
    r"|有人(?:吗|在吗)|你好|您好"
)


@dataclass(frozen=True)
class Route:
    """A desk, with the department that was understood and by what: `item`, `department`, `text` or `region`."""

    desk: Desk
    department: str | None
    by: str


class Router:
    """Chooses desks.

    Args:
        item_department: gives an item's department (「公安·户政」) by its code.
    """

    def __init__(self, item_department: Callable[[str], str | None]) -> None:
        self._item_department = item_department
        self._classifier: DepartmentClassifier | None = None
        self._training = Lock()

    def learn(self, encoder: Encoder) -> None:
        """Train the classifier with sentence vectors, which takes some seconds: for a thread, after start-up.

        Until then, texts are judged by their characters alone.
        """
        self._classifier = DepartmentClassifier.trained(encoder)

    def route(
        self, desks: Desks, *, item: str | None, department: str | None, region: str | None, texts: Sequence[str]
    ) -> Route:
        """Choose a desk among the active ones.

        Args:
            desks: all active desks.
            item: the item the conversation is about, if known.
            department: the department, if somebody named it.
            region: the region's code, if known.
            texts: what the citizen wrote lately; read only where neither item nor department is known.

        Raises:
            DeskUnknown: there is no active desk at all.
        """
        if not desks.by_code:
            raise DeskUnknown("现在没有开着的服务台。")
        own = [desk for desk in desks.by_code.values() if item and item in desk.items]
        if own:
            return Route(_nearest(own, region), self._short_department(item, department), "item")
        known = self._short_department(item, department)
        by = "department" if department else "item"
        if known is None:
            known, by = self._guess(texts), "text"
        special = [
            desk
            for desk in desks.by_code.values()
            if known and desk.department == known and not desk.items and _serves(desk, region)
        ]
        if special:
            return Route(_nearest(special, region), known, by)
        general = [desk for desk in desks.by_code.values() if desk.department is None and not desk.items]
        nearby = [desk for desk in general if _serves(desk, region)]
        return Route(_nearest(nearby or general or list(desks.by_code.values()), region), known, "region")

    def _short_department(self, item: str | None, department: str | None) -> str | None:
        full = department or (self._item_department(item) if item else None)
        return full.split("·", 1)[0] if full else None

    def _guess(self, texts: Sequence[str]) -> str | None:
        said = "\n".join(left for text in texts if len(left := _ASKING.sub("", text).strip()) >= _LEAST_SAID)
        if not said:
            return None
        with self._training:
            if self._classifier is None:
                self._classifier = DepartmentClassifier.trained()
        best = self._classifier.predict([said])[0][0]
        return best.department if best.probability >= LEAST_SHARE else None


def _serves(desk: Desk, region: str | None) -> bool:
    """Tell whether a desk is for a region: its own or one below; without a region, only the highest desks are."""
    if region is None:
        return not ancestors(desk.region)
    return desk.region == region[:6] or desk.region in {above.code for above in ancestors(region)}


def _nearest(desks: Sequence[Desk], region: str | None) -> Desk:
    """Give the desk whose region is nearest above the citizen's; the smaller code where two are equal."""
    order = [region[:6], *(above.code for above in ancestors(region))] if region else []
    far = len(order) + 1

    def distance(desk: Desk) -> tuple[int, int, str]:
        place = order.index(desk.region) if desk.region in order else far
        return place, len(ancestors(desk.region)), desk.code

    return min(desks, key=distance)
