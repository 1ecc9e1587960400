"""Which WebSockets are open for which session, so that ending a session closes them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable


class Socket:
    """One open socket. `ended` is set, from any thread, when its session ends."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def end(self) -> None:
        """Close the socket soon; may be called from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.ended.set)


class Sockets:
    """Open sockets by the hash of their session's token."""

    def __init__(self) -> None:
        self._open: defaultdict[str, set[Socket]] = defaultdict(set)

    def add(self, token_hash: str) -> Socket:
        """A socket has been opened; call in the event loop."""
        socket = Socket()
        self._open[token_hash].add(socket)
        return socket

    def remove(self, token_hash: str, socket: Socket) -> None:
        """A socket has been closed."""
        self._open[token_hash].discard(socket)
        if not self._open[token_hash]:
            del self._open[token_hash]

    def end_sessions(self, token_hashes: Iterable[str]) -> None:
        """Close every socket of these sessions; may be called from any thread."""
        for token_hash in token_hashes:
            for socket in tuple(self._open.get(token_hash, ())):
                socket.end()

    def count(self) -> int:
        """How many sockets are open."""
        return sum(len(sockets) for sockets in self._open.values())
