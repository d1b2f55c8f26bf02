"""Reads the platform's XML, which comes from the open internet, and writes ours (wechat.md §6 rows 14 to 21, 32).

No DTD, hence no entity of anybody's making; UTF-8 alone; few elements, not deep; a field is text or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from channels.wechat.errors import PushIgnored, PushRefused

_MAX_DEPTH = 8
_MAX_ELEMENTS = 200
_DECLARED = re.compile(r"""\A\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")
# What XML 1.0 does not allow even in CDATA, half surrogate pairs included.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def read_xml(body: bytes) -> Element:
    """Parse a push.

    Raises:
        PushRefused: it carries a document type, which the platform never sends.
        PushIgnored: it is not the platform's kind of XML.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PushIgnored("not_utf8") from error
    declared = _DECLARED.match(text)
    if declared and declared[1].lower() not in ("utf-8", "utf8"):
        raise PushIgnored("not_utf8")
    parser = DefusedXMLParser(target=_Bounded(), encoding="utf-8", forbid_dtd=True)
    try:
        parser.feed(text.encode())
        root: Any = parser.close()
    except DefusedXmlException as error:
        raise PushRefused("dtd") from error
    except PushIgnored:
        raise
    except (SyntaxError, ValueError, RecursionError, LookupError, AssertionError) as error:
        # Expat's ParseError is a SyntaxError.
        raise PushIgnored("not_xml") from error
    if not isinstance(root, Element) or root.tag != "xml":
        raise PushIgnored("not_xml")
    return root


def child(parent: Element, tag: str) -> Element | None:
    """Give the one child of this name.

    Raises:
        PushIgnored: there are several, so nobody can say which one is meant.
    """
    found = parent.findall(tag)
    if len(found) > 1:
        raise PushIgnored("duplicate_field")
    return found[0] if found else None


def text_of(parent: Element | None, tag: str) -> str:
    """Give the text of a field; empty when it is missing.

    Raises:
        PushIgnored: the field is there twice, or holds elements where text belongs.
    """
    field = None if parent is None else child(parent, tag)
    if field is None:
        return ""
    if len(field):
        raise PushIgnored("nested_field")
    return field.text or ""


def write_xml(fields: Mapping[str, Any]) -> str:
    """Write the XML of a reply: texts in CDATA, numbers plain, mappings as elements, pairs in order."""
    return f"<xml>{''.join(_write(fields.items()))}</xml>"


def clean(text: str) -> str:
    """Take out what XML can't carry."""
    return _ILLEGAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _write(fields: Iterable[tuple[str, Any]]) -> Iterable[str]:
    for name, value in fields:
        if isinstance(value, Mapping):
            yield f"<{name}>{''.join(_write(value.items()))}</{name}>"
        elif isinstance(value, int):
            yield f"<{name}>{value}</{name}>"
        else:
            yield f"<{name}><![CDATA[{clean(value).replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"


class _Bounded(TreeBuilder):
    """Builds the tree, and stops at the first element too many or too deep."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._elements = 0

    def start(self, tag: str, attrs: dict[Any, Any], /) -> Element:
        """Count an element in."""
        self._depth += 1
        self._elements += 1
        if self._depth > _MAX_DEPTH or self._elements > _MAX_ELEMENTS:
            raise PushIgnored("too_many_elements")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        """Count an element out."""
        self._depth -= 1
        return super().end(tag)
