"""The server's side of HTTP connections: one that does not end the headers of its request in time is closed.

uvicorn closes only connections that are silent between requests, and `guard.py` sees a request once it has its headers.
Each open connection holds a file handle, so a visitor who begins many requests and ends none could use up all handles.
"""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 20.0


class Protocol(H11Protocol):
    """HTTP as uvicorn serves it, with a limit of time for the headers."""

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the limit."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take the next bytes; those of headers do not move their limit."""
        super().data_received(data)
        self._watch()

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._stop()
        elif self._limit is None:
            self._limit = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def _stop(self) -> None:
        if self._limit:
            self._limit.cancel()
            self._limit = None
