"""Owns the administrative divisions of Shaanxi and finding them in what a citizen wrote.

The table and the context rules for names that are everyday words are in `data/regions.yml`. Other packages ask here
for a region's name and parents; the pipeline's region rule calls `find_regions`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, Final

from language.data_files import read_data
from language.name_index import NameIndex
from language.region_guards import GuardBook, read_guards

_CODE_LENGTH: Final = 6
_SHORTEST_NAME: Final = 2
_SUFFIXES: Final = "省市区县"


class RegionLevel(str, Enum):
    """How high a region stands; the value is what the database stores."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"


@dataclass(frozen=True)
class Region:
    """A division with a six-digit code of GB/T 2260; `names` are all it is called by, the official one first."""

    code: str
    name: str
    level: RegionLevel
    parent: str | None
    names: tuple[str, ...]


@dataclass(frozen=True)
class RegionMention:
    """A region in a text at `text[start:end]`; 西安市雁塔区 is one mention of its most exact region."""

    region: Region
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class _Named:
    """What a name stands for: a region, or a zone inside the city that was named before it."""

    code: str
    of_city: bool = False


def region(code: str) -> Region | None:
    """Return the region of a code; longer codes (9, 12 digits) count by their first six, unknown ones give `None`."""
    return _regions().get(code[:_CODE_LENGTH])


def all_regions() -> tuple[Region, ...]:
    """Return every region in order of code, the province first."""
    return tuple(_regions().values())


def region_terms() -> tuple[str, ...]:
    """Return the names of two or more characters that the segmenter should keep whole, without everyday words."""
    guards = _guards()
    return tuple(name for name in _names_to_codes() if not guards.needs_neighbour(name))


def ancestors(code: str) -> tuple[Region, ...]:
    """Return the regions above a code, nearest first: of a county its city and the province; none if unknown."""
    found = region(code)
    above = []
    while found is not None and found.parent is not None and (found := region(found.parent)) is not None:
        above.append(found)
    return tuple(above)


def name_of(code: str) -> str | None:
    """Return how to tell a citizen which region it is (西安市雁塔区), or `None` for an unknown code."""
    found = region(code)
    if found is None:
        return None
    city = "".join(above.name for above in ancestors(code) if above.level is RegionLevel.CITY)
    return city + found.name


def find_regions(text: str) -> list[RegionMention]:
    """Return the regions named in a normalised text in order of place.

    Short names that are everyday words count only where their rule in `data/regions.yml` allows it (延长居住证 and
    长安汽车 name no region). A name right after a region above it joins it.
    """
    mentions: list[RegionMention] = []
    for mention, of_city in _single_mentions(text):
        previous = mentions[-1] if mentions else None
        if previous is not None and not text[previous.end : mention.start].strip():
            joined = _join(previous, mention, of_city=of_city, text=text)
            if joined is not None:
                mentions[-1] = joined
                continue
        mentions.append(mention)
    return mentions


def _single_mentions(text: str) -> Iterator[tuple[RegionMention, bool]]:
    index, guards = _name_index(), _guards()
    start, last = 0, None
    while start < len(text):
        for match in index.matches_at(text, start):
            found = _regions()[match.value.code]
            end = start + len(match.name)
            under_last = last is not None and last.end == start and last.region in ancestors(found.code)
            if guards.allows(match.name, text, start, follows_parent=under_last):
                last = RegionMention(found, match.name, start, end)
                yield last, match.value.of_city
                start = end
                break
        else:
            start += 1


def _join(previous: RegionMention, mention: RegionMention, *, of_city: bool, text: str) -> RegionMention | None:
    if of_city and previous.region.level is not RegionLevel.PROVINCE:
        exact = previous.region  # 宝鸡高新区 belongs to 宝鸡
    elif previous.region in ancestors(mention.region.code) or previous.region == mention.region:
        exact = mention.region
    else:
        return None
    return RegionMention(exact, text[previous.start : mention.end], previous.start, mention.end)


@cache
def _regions() -> dict[str, Region]:
    table = read_data("regions")
    found = [_read_region(table["province"], RegionLevel.PROVINCE, None)]
    for city in table["cities"]:
        found.append(_read_region(city, RegionLevel.CITY, found[0].code))
        found += [_read_region(county, RegionLevel.COUNTY, city["code"]) for county in city["counties"]]
    return {each.code: each for each in sorted(found, key=lambda each: each.code)}


def _read_region(row: dict[str, Any], level: RegionLevel, parent: str | None) -> Region:
    short = row["name"].rstrip(_SUFFIXES)
    derived = [short] if len(short) >= _SHORTEST_NAME else []
    names = dict.fromkeys([row["name"], *derived, *row.get("also", ())])
    return Region(row["code"], row["name"], level, parent, tuple(names))


@cache
def _names_to_codes() -> dict[str, _Named]:
    names = {name: _Named(each.code) for each in all_regions() for name in each.names}
    for zone in read_data("regions")["zones"]:
        meant = _Named(zone["code"], zone.get("of_city", False))
        names |= dict.fromkeys([zone["name"], *zone.get("also", ())], meant)
    return names


@cache
def _name_index() -> NameIndex[_Named]:
    return NameIndex(_names_to_codes())


@cache
def _guards() -> GuardBook:
    return read_guards(read_data("regions"))
