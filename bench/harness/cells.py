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
    starts: int = 0  # 0: as many as the others
    batches: int = 0  # of each start; 0: as many as the others


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


# These have figures to reach; large messages, and more connections than the caches
# like, show where it goes from there.
ECHO_POINTS = [(size, batch) for size in (64, 4096) for batch in (1, 8, 64, 512)]
ECHO_FURTHER = [(16384, 1), (16384, 8), (16384, 64), (16384, 512),
                (64, 4096), (4096, 4096)]
# Over TCP these 64 MiB in flight would be a test of its memory limits.
ECHO_UNIX = [(16384, 4096)]


def echo_cells():
    for transport in ("unix", "tcp"):
        more = ECHO_UNIX if transport == "unix" else []
        for size, batch in ECHO_POINTS + ECHO_FURTHER + more:
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
                # A round is as long as a batch, or longer.
                fixed_rounds=1 if batch == 4096 and size > 64 else 0,
                # To start a dozen of them takes longer than to measure.
                starts=1 if batch == 4096 else 0,
                batches=33 if batch == 4096 else 0,
                is_quick=batch in (1, 64) and size == 64,
            )


def serve_cells():
    """Connections that the server has accepted: in the ring's table, too."""
    for batch in (1, 64):
        yield Cell(
            id=f"serve-tcp-64-{batch}", bench="B3", suite="async",
            title=f"echo 64 B, tcp, accepted by the server, {batch} in flight",
            workload="serve", service="serve",
            parameters={"transport": "tcp", "size": 64, "conns": batch, "buffer": 16384},
        )


# Messages a second of a client that sends when it is time: a quarter of what one CPU can.
OPEN_RATE = 20000


def cross_cells():
    """The server sleeps and is woken: its CPU time, and what the client waited."""
    for size in (64, 1024, 16384):
        for connections in (1, 32, 256, 1024):
            parameters = {"transport": "tcp", "size": size, "conns": connections,
                          "buffer": 16384}
            common = dict(bench="B4", suite="async", service="echo", clock="server",
                          has_figures=True, has_client_thread=True, starts=1,
                          without=("no-loop", "libevent-changelist", "liburing-inline"))
            yield Cell(
                id=f"cross-{size}-{connections}",
                title=f"echo {size} B, tcp, client on another CPU, {connections} in flight",
                workload="cross", parameters=parameters, **common,
            )
            yield Cell(
                id=f"open-{size}-{connections}",
                title=f"echo {size} B, tcp, {OPEN_RATE} a second over {connections}"
                " connections, whether answered or not",
                workload="cross-open", parameters={**parameters, "rate": OPEN_RATE},
                # Which takes its time: 256 messages.
                fixed_rounds=1, **common,
            )


# Over TCP the eight, too.
STREAM_POINTS = [(transport, connections, buffer)
                 for transport, connections in (("unix", 1), ("tcp", 1), ("tcp", 8))
                 for buffer in (4096, 16384, 65536)]


def connections_text(count):
    return "" if count == 1 else f", {count} connections"


def sink_cells():
    for transport, connections, buffer in STREAM_POINTS:
        targets = [Target(EPOLL, 1.10, "epoll")]
        extra = {}
        if buffer == 4096 and connections == 1:
            targets[:0] = [Target(URING, 0.60, "epoll"),
                           Target(URING, 1.10, "epoll-64K")]
            extra = {"epoll-64K": ("epoll", {"buffer": 65536})}
        yield Cell(
            id=f"sink-{transport}-{buffer}" + ("" if connections == 1
                                               else f"-{connections}"),
            bench="B5",
            suite="async",
            title=f"stream sink, {transport}, {buffer // 1024} KiB buffers"
            + connections_text(connections),
            workload="sink",
            service="sink",
            parameters={"transport": transport, "conns": connections,
                        "buffer": buffer},
            clock="server",
            has_figures=True,
            unit="KiB",
            targets=tuple(targets),
            extra=extra,
            is_quick=transport == "unix" and buffer == 4096,
        )


def relay_cells():
    """The other two things that are done with streams: making them, and sending on."""
    for transport, connections, buffer in STREAM_POINTS:
        text = (f"{transport}, {buffer // 1024} KiB buffers"
                + connections_text(connections))
        common = dict(bench="B5", suite="async", clock="server", unit="KiB",
                      has_figures=True, targets=(Target(EPOLL, 1.10, "epoll"),))
        yield Cell(
            id=f"stream-{transport}-{buffer}-{connections}",
            title=f"stream source, {text}",
            workload="stream-source", service="source",
            parameters={"transport": transport, "conns": connections, "size": buffer,
                        "buffer": buffer},
            without=("liburing-zc",), **common,
        )
        yield Cell(
            id=f"proxy-{transport}-{buffer}-{connections}",
            title=f"stream proxy, {text}",
            workload="proxy", service="proxy",
            # Two for each: where it comes from and where it goes to.
            parameters={"transport": transport, "conns": 2 * connections,
                        "buffer": buffer},
            is_quick=(transport, connections, buffer) == ("unix", 1, 4096), **common,
        )


def datagram_cells():
    for is_segmented in (False, True):
        for size in (64, 200, 1400):
            for sockets in (1, 16):
                text = "" if sockets == 1 else f" on each of {sockets} sockets"
                parameters = {"transport": "udp", "size": size, "conns": sockets}
                common = dict(bench="B7", suite="async", clock="server", unit="datagram",
                              parameters={**parameters, "segmented": int(is_segmented)})
                # The first one's number is of those that are queued.
                name = "64" if (size, sockets) == (200, 1) else f"{size}-{sockets}"
                targets = (Target(URING, 1.05, "epoll"), Target(EPOLL, 1.10, "epoll"))
                yield Cell(
                    id=f"datagrams-{name}" + ("-gro" if is_segmented else ""),
                    title=f"UDP receive {size} B, 64 queued{text}"
                    + (", put together (GRO)" if is_segmented else ""),
                    workload="datagrams", service="datagrams", targets=targets,
                    is_quick=(size, sockets) == (200, 1), **common,
                )
                yield Cell(
                    id=f"datagrams-send-{size}-{sockets}"
                    + ("-gso" if is_segmented else ""),
                    title=f"UDP send {size} B, 64 in a row{text}"
                    + (", cut by the kernel (GSO)" if is_segmented else ""),
                    workload="datagrams-send", service="datagrams-send",
                    targets=targets[1:], **common,
                )


def connections_that_fit(wanted):
    """Both ends of a connection are descriptors of one process."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if limit == resource.RLIM_INFINITY:
        return wanted
    return min(wanted, (limit - 200) // 2)


def other_cells():
    for transport in ("unix", "tcp"):
        yield Cell(
            id=f"connect-{transport}", bench="B8", suite="async",
            title=f"connect and close, {transport}, 64 at once",
            workload="connect", service="connect",
            parameters={"transport": transport, "conns": 64},
            clock="server", unit="connection",
            targets=(Target(EPOLL, 1.10, "epoll"),),
            is_quick=transport == "tcp",
        )
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
    for firing, text in ((100, "100 of them expire, the others are cancelled"),
                         (10000, "all expire at once")):
        yield Cell(
            id=f"expiry-{firing}", bench="B10", suite="async",
            title=f"10000 timers, {text}",
            workload="expiry", service="timers",
            parameters={"conns": 10000, "firing": firing},
            unit="timer", fixed_rounds=2, has_figures=True,
            targets=tuple(Target(variant, 1000) for variant in ASYNC_VARIANTS),
        )
    for size, listeners in ((64, 256), (1024, 256), (64, 4096), (1024, 4096)):
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
    for size in (1024, 4096, 16384, 65536, 262144, 1048576):
        yield Cell(
            id=f"source-{size}", bench="B12", suite="async",
            title=f"send {size // 1024} KiB over a veth pair",
            workload="source", service="source",
            parameters={"transport": "veth", "size": size, "conns": 1},
            extra={"linsock-zc": (URING, {"zero_copy_min": 1})},
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
            id=f"sync-cross-{transport}", bench="B2", suite="sync",
            title=f"ping-pong 64 B, the partner on another CPU, {transport}",
            workload="sync-pingpong-cross", service="sync",
            parameters={"transport": transport, "size": 64},
            clock="server", unit="round trip", has_figures=True, has_client_thread=True,
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
    return [*sync_cells(), *echo_cells(), *serve_cells(), *cross_cells(),
            *sink_cells(), *relay_cells(), *datagram_cells(), *other_cells()]
