# SPDX-License-Identifier: MIT
"""The virtual network between the machines of one run: a hub in this process.

Each machine's card is one end of a socket pair; a frame is its length in four bytes
and its content, as QEMU's `-netdev socket` has it. No name in a file system, no right
of any kind, and nothing that could be left behind.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading

LENGTH_SIZE = 4
# What a machine that does not read may leave waiting; then its frames are lost.
WAITING_MAX = 4 << 20


class Port:
    """One machine's end: what came from it, and what is still to go to it."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.received = bytearray()
        self.waiting = bytearray()

    def frames(self) -> list[bytes]:
        """Take the whole frames, each with its length before it."""
        found, at = [], 0
        while len(self.received) - at >= LENGTH_SIZE:
            size = LENGTH_SIZE + int.from_bytes(self.received[at:at + LENGTH_SIZE], "big")
            if len(self.received) - at < size:
                break
            found.append(bytes(self.received[at:at + size]))
            at += size
        del self.received[:at]
        return found

    def flush(self) -> None:
        """Write what can be written."""
        with contextlib.suppress(BlockingIOError, OSError):
            while self.waiting:
                del self.waiting[:self.end.send(self.waiting)]


class Hub:
    """Gives each frame to all machines but its sender, in a thread of its own."""

    def __init__(self, ends: list[socket.socket]) -> None:
        self._ports = [Port(end) for end in ends]
        self._selector = selectors.DefaultSelector()
        self._wake, self._sleep = socket.socketpair()
        self._selector.register(self._sleep, selectors.EVENT_READ, None)
        for port in self._ports:
            port.end.setblocking(False)
            self._selector.register(port.end, selectors.EVENT_READ, port)
        self._thread = threading.Thread(target=self._run, name="hub")
        self._thread.start()

    def close(self) -> None:
        """End the thread; the machines' ends stay the caller's."""
        self._wake.close()
        self._thread.join()
        self._sleep.close()
        self._selector.close()

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        while True:
            for key, events in self._selector.select():
                if key.data is None:
                    return
                if events & selectors.EVENT_WRITE:
                    key.data.flush()
                if events & selectors.EVENT_READ:
                    self._read(key.data)
            self._arm()

    def _read(self, port: Port) -> None:
        try:
            data = port.end.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._selector.unregister(port.end)
            self._ports.remove(port)
            return
        port.received += data
        for frame in port.frames():
            for other in self._ports:
                if other is not port and len(other.waiting) < WAITING_MAX:
                    other.waiting += frame

    def _arm(self) -> None:
        for port in self._ports:
            port.flush()
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if port.waiting else 0)
            self._selector.modify(port.end, events, port)
