"""A location that a citizen sent → the service hall of that city, or an honest word when it is none of ours."""

from __future__ import annotations

import math
import re

from channels.wechat.data_files import City, cities
from channels.wechat.messages import LocationMessage
from conversations import Response
from knowledge_base import ServiceHall, service_halls
from language import RegionLevel, ancestors, find_regions, normalise
from qinwen.replies import Reply
from qinwen.vocabulary import Facet, Outcome

_EARTH = 6371.0
# The province's extent, degrees, and the farthest that one of its places lies from the nearest of its cities, km.
_SOUTH, _NORTH, _WEST, _EAST = 31.70, 39.60, 105.45, 111.30
_FARTHEST = 210.0
_OTHER_PROVINCE = re.compile(r"(?!陕西)[\u4e00-\u9fff]{2,8}?(?:省|自治区)|(?:北京|天津|上海|重庆)市|香港|澳门|台湾")
_ELSEWHERE = (
    "您发的位置看着不在陕西省里。我只知道陕西的办事地点；要在当地办，请打当地的 12345 问。"
    "想问陕西的哪个市，直接说就行，比如：咸阳的政务大厅在哪儿。"
)
_UNREADABLE = "位置收到了，可我看不出是哪儿。您在哪个市、哪个县，打成字告诉我就行，比如：宝鸡的政务大厅在哪儿。"


def answer_location(message: LocationMessage) -> Response:
    """Give the hall of the city where the place is: by the place's name, else by which city is nearest."""
    if message.latitude is None or message.longitude is None:
        return Response(Outcome.CLARIFY, (Reply("text", _UNREADABLE),), facet=Facet.PLACE.value)
    if _OTHER_PROVINCE.match(message.label):
        return _elsewhere()
    region, guessed = _named_city(message.label), False
    if region is None:
        region, guessed = _nearest_city(message.latitude, message.longitude), True
    hall = None if region is None else service_halls().get(region)
    if hall is None:
        return _elsewhere()
    return Response(Outcome.ANSWERED, (Reply("text", _words(hall, guessed=guessed)),), None, Facet.PLACE.value, hall.region)


def distance(latitude: float, longitude: float, city: City) -> float:
    """Give the great-circle distance to a city, km (haversine formula)."""
    here, there = math.radians(latitude), math.radians(city.latitude)
    half = math.sin((there - here) / 2) ** 2
    half += math.cos(here) * math.cos(there) * math.sin(math.radians(city.longitude - longitude) / 2) ** 2
    return 2 * _EARTH * math.asin(math.sqrt(min(1.0, half)))


def _named_city(label: str) -> str | None:
    for mention in find_regions(normalise(label)):
        for region in (mention.region, *ancestors(mention.region.code)):
            if region.level is RegionLevel.CITY:
                return region.code
    return None


def _nearest_city(latitude: float, longitude: float) -> str | None:
    if not (_SOUTH <= latitude <= _NORTH and _WEST <= longitude <= _EAST):
        return None
    away, region = min((distance(latitude, longitude, city), city.region) for city in cities())
    return region if away <= _FARTHEST else None


def _words(hall: ServiceHall, *, guessed: bool) -> str:
    first = f"按直线距离估，离您最近的市是{hall.city}。" if guessed else f"您发的位置在{hall.city}。"
    return (
        f"{first}市级大厅是{hall.name}。{hall.note}\n"
        f"门牌和上班时间我这里没有，去之前打 12345 问一声（人在外地拨 {hall.area_code}-12345）。示例内容，以当地窗口为准。\n"
        "您要办什么事？说出来，我告诉您去哪个窗口、带什么材料。"
    )


def _elsewhere() -> Response:
    return Response(Outcome.REFUSED_OUT_OF_SCOPE, (Reply("text", _ELSEWHERE),), facet=Facet.PLACE.value)
