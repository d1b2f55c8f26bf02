"""The cities' service halls, as `seeds/venues.yml` names them. Asked by channels that know where a citizen is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

_FILE = Path(__file__).parent / "seeds" / "venues.yml"


@dataclass(frozen=True)
class ServiceHall:
    """A city's hall: the city's code and name, the hall's name, a sentence of advice, and the area code for 12345."""

    region: str
    city: str
    name: str
    note: str
    area_code: str


@cache
def service_halls() -> dict[str, ServiceHall]:
    """Give the halls by the code of their city."""
    table = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["cities"]
    return {
        str(code): ServiceHall(str(code), city["name"], city["hall"], city.get("note", ""), city["area_code"])
        for code, city in table.items()
    }
