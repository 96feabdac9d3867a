# SPDX-License-Identifier: MIT
"""The cells of the table: which workload, which parameters, which figure to reach."""

import dataclasses
import resource
from typing import Optional

# The variants of linsock: one for each back end.
URING = "linsock"
EPOLL = "linsock-epoll"
ASYNC_VARIANTS = (URING, EPOLL)


@dataclasses.dataclass(frozen=True)
class Target:
    """A figure that must be reached: a ratio to another variant, or an absolute one."""

    variant: str
    limit: float
    reference: Optional[str] = None  # None: the limit is absolute
    metric: str = "ns"  # or "calls", or the name of a figure


@dataclasses.dataclass(frozen=True)
class Cell:
    """One measurement: all variants in turn."""

    id: str  # unique: the name in results
    bench: str  # B1 to B12
    suite: str  # "sync" or "async"
    title: str
    workload: str
    service: str
    parameters: dict
    clock: str = "thread"  # whose time: "thread", "server" or "process"
    unit: str = "message"
    targets: tuple = ()
    # More columns: label -> (adapter, parameters that differ).
    extra: dict = dataclasses.field(default_factory=dict)
    only: tuple = ()  # the variants that play; empty: all that can
    without: tuple = ()  # those that do not, though they could
    is_quick: bool = False  # part of --quick
    has_figures: bool = False
    needs_namespaces: bool = False
    has_client_thread: bool = False
    fixed_rounds: int = 0  # 0: calibrated


def echo_targets(batch):
    targets = [
        Target(URING, 1.05, "liburing"),
        Target(URING, 0.85, "libuv"),
        Target(URING, 0.65, "libevent"),
        Target(URING, 0.80, "asio"),
        Target(URING, 0.80, "asio-uring"),
        Target(URING, {1: 2.1, 8: 0.27, 64: 0.07, 512: 0.04}[batch], metric="calls"),
        Target(EPOLL, 1.10, "epoll"),
    ]
    if batch >= 64:
        targets.insert(0, Target(URING, 1.00, "epoll"))
    return tuple(targets)


# Those of the issue have figures to reach; large messages, and more connections than
# the caches like, show where it goes from there.
ECHO_POINTS = [(size, batch) for size in (64, 4096) for batch in (1, 8, 64, 512)]
ECHO_FURTHER = [(16384, 1), (16384, 64)]


def echo_cells():
    for transport in ("unix", "tcp"):
        # Of TCP the search for free ports would take minutes: a dozen programs at once.
        many = [(64, 4096)] if transport == "unix" else []
        for size, batch in ECHO_POINTS + ECHO_FURTHER + many:
            is_point = (size, batch) in ECHO_POINTS
            yield Cell(
                id=f"echo-{transport}-{size}-{batch}",
                bench="B3",
                suite="async",
                title=f"echo {size} B, {transport}, {batch} in flight",
                workload="echo",
                service="echo",
                parameters={"transport": transport, "size": size, "conns": batch,
                            "buffer": 16384},
                targets=echo_targets(batch) if is_point else (),
                is_quick=batch in (1, 64) and size == 64,
            )


def cross_cells():
    """The server sleeps and is woken: its CPU time, and what the client waited."""
    for size, connections in ((64, 1), (64, 32), (64, 256), (1024, 32), (16384, 32)):
        yield Cell(
            id=f"cross-{size}-{connections}",
            bench="B4",
            suite="async",
            title=f"echo {size} B, tcp, client on another CPU, {connections} in flight",
            workload="cross",
            service="echo",
            parameters={"transport": "tcp", "size": size, "conns": connections,
                        "buffer": 16384},
            clock="server",
            has_figures=True,
            has_client_thread=True,
            without=("no-loop", "libevent-changelist"),
        )


def sink_cells():
    for transport in ("unix", "tcp"):
        for buffer in (4096, 16384, 65536):
            targets = [Target(EPOLL, 1.10, "epoll")]
            extra = {}
            if buffer == 4096:
                targets[:0] = [Target(URING, 0.60, "epoll"),
                               Target(URING, 1.10, "epoll-64K")]
                extra = {"epoll-64K": ("epoll", {"buffer": 65536})}
            yield Cell(
                id=f"sink-{transport}-{buffer}",
                bench="B5",
                suite="async",
                title=f"stream sink, {transport}, {buffer // 1024} KiB buffers",
                workload="sink",
                service="sink",
                parameters={"transport": transport, "conns": 1, "buffer": buffer},
                clock="server",
                unit="KiB",
                targets=tuple(targets),
                extra=extra,
                is_quick=transport == "unix" and buffer == 4096,
            )


def connections_that_fit(wanted):
    """Both ends of a connection are descriptors of one process."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if limit == resource.RLIM_INFINITY:
        return wanted
    return min(wanted, (limit - 200) // 2)


def other_cells():
    for size, sockets in ((200, 1), (64, 1), (1400, 1), (200, 16)):
        name = "" if sockets == 1 else f" on each of {sockets} sockets"
        yield Cell(
            # The first one's number is of those that are queued.
            id="datagrams-64" if (size, sockets) == (200, 1)
            else f"datagrams-{size}-{sockets}",
            bench="B7", suite="async",
            title=f"UDP receive {size} B, 64 queued{name}",
            workload="datagrams", service="datagrams",
            parameters={"transport": "udp", "size": size, "conns": sockets},
            clock="server", unit="datagram",
            targets=(Target(URING, 1.05, "epoll"), Target(EPOLL, 1.10, "epoll")),
            is_quick=(size, sockets) == (200, 1),
        )
    for transport in ("unix", "tcp"):
        yield Cell(
            id=f"accept-{transport}", bench="B8", suite="async",
            title=f"accept and close, {transport}, 64 waiting",
            workload="accept", service="accept",
            parameters={"transport": transport, "conns": 64},
            clock="server", unit="connection",
            targets=(Target(URING, 1.00, "epoll"), Target(EPOLL, 1.10, "epoll")),
            is_quick=transport == "unix",
        )
    idle = connections_that_fit(10000)
    yield Cell(
        id="idle", bench="B9", suite="async",
        title=f"{idle} idle connections that spoke once, unix",
        workload="idle", service="echo",
        parameters={"transport": "unix", "conns": idle, "size": 64, "buffer": 4096},
        targets=tuple(Target(variant, 256, metric="rss_bytes_per_connection")
                      for variant in ASYNC_VARIANTS),
        has_figures=True, is_quick=True,
        without=("no-loop", "libevent-changelist", "liburing-inline"),
    )
    yield Cell(
        id="timers", bench="B10", suite="async",
        title="100000 timers armed and cancelled",
        workload="timers", service="timers",
        parameters={"conns": 100000},
        unit="timer", fixed_rounds=1,
        targets=tuple(Target(variant, 1000) for variant in ASYNC_VARIANTS),
        is_quick=True,
    )
    for size, listeners in ((64, 256), (1024, 256), (64, 4096)):
        yield Cell(
            id=f"fanout-{size}" if listeners == 256 else f"fanout-{size}-{listeners}",
            bench="B6", suite="async",
            title=f"fan-out of {size} B to {listeners}, unix",
            workload="fanout", service="fanout",
            parameters={"transport": "unix", "size": size, "conns": listeners},
            clock="server", unit="send",
            targets=(Target(EPOLL, 1.10, "epoll"),),
            is_quick=size == 64 and listeners == 256,
        )
    yield Cell(
        id="starve", bench="B11", suite="async",
        title="256 talkers of 8 x 1 KiB, a pool of 16 buffers, unix",
        workload="starve", service="echo",
        parameters={"transport": "unix", "size": 1024, "conns": 256, "pool": 16,
                    "buffer": 1024},
        has_figures=True,
        only=("epoll", "liburing") + ASYNC_VARIANTS,
    )
    for size in (4096, 16384, 65536, 262144, 1048576):
        yield Cell(
            id=f"source-{size}", bench="B12", suite="async",
            title=f"send {size // 1024} KiB over a veth pair",
            workload="source", service="source",
            parameters={"transport": "veth", "size": size, "conns": 1},
            needs_namespaces=True,
        )


def sync_cells():
    single = (Target("linsock-sync", 1.03, "bare"),
              Target("linsock-sync", 1.00, "bare-poll"))
    for transport in ("unix", "tcp"):
        for direction in ("recv", "send"):
            for size in (1, 64, 4096):
                yield Cell(
                    id=f"sync-{direction}-{transport}-{size}", bench="B1", suite="sync",
                    title=f"{direction} {size} B, nothing to wait for, {transport}",
                    workload=f"sync-{direction}", service="sync",
                    parameters={"transport": transport, "size": size},
                    clock="server", unit="call", targets=single,
                    is_quick=transport == "unix" and size == 64,
                )
        yield Cell(
            id=f"sync-pingpong-{transport}", bench="B2", suite="sync",
            title=f"ping-pong 64 B on one CPU, {transport}",
            workload="sync-pingpong", service="sync",
            parameters={"transport": transport, "size": 64},
            clock="process", unit="round trip", has_figures=True, has_client_thread=True,
            targets=(Target("linsock-sync", 1.00, "bare-poll"),),
            is_quick=transport == "unix",
        )
    for direction, call in (("recv", "recvmmsg"), ("send", "sendmmsg")):
        yield Cell(
            id=f"sync-{direction}-batch", bench="B2", suite="sync",
            title=f"{direction} 64 datagrams of 64 B in one call ({call})",
            workload=f"sync-{direction}-batch", service="sync",
            parameters={"size": 64},
            clock="server", unit="datagram",
            targets=(Target("linsock-sync", 1.05, "bare"),
                     Target("linsock-noname", 1.05, "bare-noname")),
            is_quick=direction == "recv",
        )


def all_cells():
    return [*sync_cells(), *echo_cells(), *cross_cells(), *sink_cells(), *other_cells()]
