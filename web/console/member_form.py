"""The fields of an account (`templates/staff/member_fields.html`): what there is to choose from, and what was filled in."""

from __future__ import annotations

from typing import Any

from multidict import MultiDictProxy

from language import RegionLevel, all_regions
from staff import Particulars, Role
from web.console.forms import text_of

Form = MultiDictProxy[Any]


def read_particulars(form: Form, *, active: bool) -> Particulars:
    """Read the fields; whether they are allowed is decided where the account is written."""
    typed = (line.strip() for line in text_of(form, "new_departments").splitlines())
    known = {role.value for role in Role}
    return Particulars(
        name=text_of(form, "name"),
        roles=frozenset(Role(value) for value in form.getall("role", []) if value in known),
        departments=frozenset({*map(str, form.getall("department", [])), *typed} - {""}),
        regions=frozenset(map(str, form.getall("region", []))),
        active=active,
    )


def choices_for(departments: list[str], wanted: Particulars) -> dict[str, Any]:
    """Give what the template offers to choose from: roles, the departments in use, the regions city by city."""
    regions = all_regions()
    return {
        "roles": list(Role),
        "departments": sorted({*departments, *wanted.departments}),
        "province": next(one for one in regions if one.level is RegionLevel.PROVINCE),
        "cities": [
            (city, [one for one in regions if one.parent == city.code]) for city in regions if city.level is RegionLevel.CITY
        ],
    }
