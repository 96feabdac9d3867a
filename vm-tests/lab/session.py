# SPDX-License-Identifier: MIT
"""Talk with the agent in a guest, whatever way the guest came to life."""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable

from .qemu import Emulator

LOG_KEPT_MAX = 1 << 20

Sink = Callable[[bytes], None]


class Session:
    """Reads all ports at once, so that no writer in the guest is ever blocked."""

    def __init__(self, qemu: Emulator, sinks: dict[str, Sink] | None = None) -> None:
        self.qemu = qemu
        self.sinks = sinks or {}
        self.logs: dict[str, bytes] = {"console": b"", "klog": b"", "control": b""}
        self._selector = selectors.DefaultSelector()
        for name, end in qemu.ports.items():
            if name != "monitor":
                end.setblocking(False)
                self._selector.register(end, selectors.EVENT_READ, name)

    def close(self) -> None:
        """Release what the reading needed; the guest is not touched."""
        self._selector.close()

    def send(self, data: bytes) -> None:
        """Write to the control port."""
        control = self.qemu.ports["control"]
        control.setblocking(True)
        control.sendall(data)
        control.setblocking(False)

    def wait(self, condition: Callable[[], bool], deadline: float) -> bool:
        """Read until the condition holds; false at the deadline or at the end.

        What has come by the deadline counts, however late we look.
        """
        while not condition():
            left = deadline - time.monotonic()
            if not self._selector.get_map():
                return False
            for key, _ in self._selector.select(max(left, 0)):
                self._read(key)
            if left <= 0:
                return condition()
        return True

    def drain(self, seconds: float) -> None:
        """Read what is still to come, until the machine ends."""
        self.wait(lambda: False, time.monotonic() + seconds)

    def drain_now(self) -> None:
        """Read what has arrived already: the guest wrote it before it said so."""
        while ready := self._selector.select(0):
            for key, _ in ready:
                self._read(key)

    def _read(self, key: selectors.SelectorKey) -> None:
        try:
            data = key.fileobj.recv(65536)  # type: ignore[union-attr]
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._selector.unregister(key.fileobj)
            return
        if key.data in self.logs:
            self.logs[key.data] = (self.logs[key.data] + data)[-LOG_KEPT_MAX:]
        if key.data in self.sinks:
            self.sinks[key.data](data)

    def words(self, verb: str) -> list[str] | None:
        """The words after `verb` in what the agent said; None if not yet said."""
        for line in self.logs["control"].decode("utf-8", "replace").split("\n")[:-1]:
            first, *rest = line.split()
            if first == verb:
                return rest
        return None

    def has_ended(self) -> bool:
        """Whether QEMU is gone: a port that it held is closed, or it was reaped."""
        return (self.qemu.process.poll() is not None
                or len(self._selector.get_map()) < len(self.qemu.ports) - 1)

    def console(self) -> str:
        """What the kernel printed on its console."""
        return self.logs["console"].decode("utf-8", "replace").replace("\r", "")
