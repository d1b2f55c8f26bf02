"""The client of the control interface."""

from __future__ import annotations

from typing import Any

import aiohttp

Shape = dict[str, Any]


class SimulatorUnreachable(Exception):
    """Nothing that speaks the control interface is there."""


class ActRefused(Exception):
    """The control interface did not take an act; the sentence says why."""


class Remote:
    """Speaks to a simulator's control interface."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Remote:  # noqa: PYI034
        # An act may take three attempts of five seconds.
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def check(self) -> None:
        """See that a simulator is there.

        Raises:
            SimulatorUnreachable: it is not.
        """
        await self._ask("GET", "/simulator/menu")

    async def act(self, name: str, openid: str, **shape: Any) -> Shape:
        """Do something as a citizen; gives the push with its attempts.

        Raises:
            ActRefused: the act is unknown or lacks something.
            SimulatorUnreachable: the simulator is gone.
        """
        return await self._ask("POST", f"/simulator/{name}", {"openid": openid, **shape})

    async def phone(self, openid: str, after: int = 0) -> Shape:
        """Give what stands on a phone from place `after` on."""
        return await self._ask("GET", f"/simulator/phone/{openid}?after={after}")

    async def menu(self) -> list[str]:
        """Give the names of the menu's buttons."""
        return list((await self._ask("GET", "/simulator/menu"))["buttons"])

    async def _ask(self, method: str, path: str, shape: Shape | None = None) -> Shape:
        assert self._session, "use it in `async with`"
        try:
            async with self._session.request(method, self._address + path, json=shape) as answer:
                given: Shape = await answer.json()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise SimulatorUnreachable(f"{self._address} 没有模拟器在运行（{type(error).__name__}）。") from None
        if "error" in given:
            raise ActRefused(str(given["error"]))
        return given
