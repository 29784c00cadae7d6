"""A guard under which this process opens no socket and resolves no host name."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

_lock = threading.Lock()
_state: dict[str, Any] = {"depth": 0}


class NetworkRefused(OSError):
    """Something tried to use the network while text with identifiers was in memory."""


class _RefusedSocket(socket.socket):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NetworkRefused("de-identification uses no network: a library tried to open a socket")


def _refuse(*args: Any, **kwargs: Any) -> NoReturn:
    raise NetworkRefused("de-identification uses no network: a library tried to reach a host")


@contextmanager
def refused_network() -> Iterator[None]:
    """Refuse new sockets and name look-ups in this process, in every thread, until the block ends.

    Sockets that are open already stay usable, and so do libraries that open theirs in C without asking Python.
    """
    with _lock:
        if _state["depth"] == 0:
            _state["real"] = (socket.socket, socket.getaddrinfo, socket.create_connection)
            socket.socket, socket.getaddrinfo, socket.create_connection = _RefusedSocket, _refuse, _refuse  # type: ignore[misc]
        _state["depth"] += 1
    try:
        yield
    finally:
        with _lock:
            _state["depth"] -= 1
            if _state["depth"] == 0:
                socket.socket, socket.getaddrinfo, socket.create_connection = _state.pop("real")  # type: ignore[misc]


def refuse_for_good() -> None:
    """Refuse the network for the rest of this process: for worker processes."""
    refused_network().__enter__()
