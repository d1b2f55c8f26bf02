"""Keeps the connection to our action server open: Rasa makes a session and a connection for each call of an action."""

from __future__ import annotations

import aiohttp
from rasa.utils.endpoints import EndpointConfig


class KeptSession:
    """Stands in for an endpoint's `session`: gives the one that was made first, and leaves it open after a request."""

    def __init__(self, endpoint: EndpointConfig) -> None:
        self._make = endpoint.session
        self._session: aiohttp.ClientSession | None = None

    def __call__(self) -> KeptSession:
        """Give what Rasa enters and leaves around each request."""
        return self

    async def __aenter__(self) -> aiohttp.ClientSession:
        """Give the session."""
        if self._session is None:
            self._session = self._make()
        return self._session

    async def __aexit__(self, *_: object) -> None:
        """Leave it open."""

    async def close(self) -> None:
        """Close it for good."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def keep_session(endpoint: EndpointConfig) -> KeptSession:
    """Make an endpoint keep its session."""
    kept = KeptSession(endpoint)
    endpoint.session = kept
    return kept
