# SPDX-License-Identifier: MIT
"""Links for tests that shell out to ip(8)."""

import json
import subprocess
import time
from pathlib import Path

LIMIT = 120


def listing(*words):
    run = subprocess.run(["ip", "-j", *words], capture_output=True, check=True, timeout=LIMIT)
    return json.loads(run.stdout or "[]")


def settle(*names):
    """Wait until the links carry frames.

    The second end of a pair that goes up is ready at once; the carrier of the first goes on in
    a worker of the kernel, in its own time: frames before that are lost in silence, and state
    and queueing discipline change under whoever compares two listings.
    """
    end = time.monotonic() + LIMIT
    for name in names:
        while True:
            link = listing("link", "show", name)[0]
            tentative = listing("-6", "addr", "show", name, "tentative")
            if link["operstate"] == "UP" and link["qdisc"] != "noop" and not any(tentative):
                break
            assert time.monotonic() < end, f"{name} does not come up: {link} {tentative}"


def no_address_detection():
    """IPv6 addresses of links made from now on are not looked for on their network first."""
    Path("/proc/sys/net/ipv6/conf/default/accept_dad").write_text("0", encoding="ascii")
