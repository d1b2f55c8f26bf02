"""How good the waiting ranges are: the method in words, the simulation's calibration, and the real waits beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from desk import Calibration, read_calibration, simulated_calibration
from qinwen.clock import now
from web.console.access import member_of
from web.console.forms import text_of
from web.console.pages import render, transact
from web.console.supervision.scope import supervised_desks

_SINCE = timedelta(days=30)
_ENOUGH = 30
_SIDE, _EDGE = 260, 40


async def show_waiting(request: web.Request) -> web.Response:
    """Show method and calibration: `GET /supervise/waiting?desk=`."""
    chosen, moment = text_of(request.query, "desk"), now()

    def read(session: Session) -> dict[str, Any]:
        mine = supervised_desks(session, member_of(request))
        codes = [desk.code for desk in mine if desk.code == chosen] or [desk.code for desk in mine]
        return {"desks": mine, "real": read_calibration(session, moment - _SINCE, codes)}

    found = await transact(request, read)
    simulated = simulated_calibration()
    real: list[Calibration] = found.pop("real")
    levels = [row["level"] for row in simulated["calibration"]]
    return render(
        request,
        "supervision/waiting.html",
        title="等待时间准不准",
        chosen=chosen,
        simulated=simulated,
        real={row.level: row for row in real},
        count=real[0].n if real else 0,
        enough=_ENOUGH,
        days=_SINCE.days,
        plot={
            "side": _SIDE,
            "edge": _EDGE,
            "simulated": [_point(row["level"], row["observed"]) for row in simulated["calibration"]],
            "real": [_point(row.level, row.observed) for row in real] if real and real[0].n >= _ENOUGH else [],
            "levels": [(level, _point(level, level)) for level in levels],
        },
        bars=[{**row, "x": _SIDE * row["coverage"]} for row in simulated["loads"]],
        **found,
    )


def _point(said: float, came: float) -> tuple[float, float]:
    """Give where a point stands in the plot, from the upper left."""
    return round(_EDGE + said * _SIDE, 1), round(_EDGE + (1 - came) * _SIDE, 1)
