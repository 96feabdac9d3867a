# SPDX-License-Identifier: MIT
"""What machine it was."""

import os
import pathlib
import platform
import re
import subprocess
import time


def read(path, default=""):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return default


def cpu_model():
    for line in read("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def commit(root):
    done = subprocess.run(["git", "-C", str(root), "describe", "--always", "--dirty"],
                          capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def ns_per_instruction(root):
    """What the clock of a machine with --time-warp advances by, an instruction: -icount shift=N."""
    return 1 << int(re.search(r'^ICOUNT = "shift=(\d+)', read(root / "vm-tests/lab/qemu.py"), re.M)[1])


def mitigations():
    """The ones that make a system call dear."""
    folder = pathlib.Path("/sys/devices/system/cpu/vulnerabilities")
    found = []
    for name in ("meltdown", "spectre_v2", "retbleed", "mds"):
        text = read(folder / name)
        if text and text != "Not affected":
            found.append(f"{name}: {text.split(';')[0]}")
    return found


def describe(root):
    memory = read("/proc/meminfo").splitlines()[0].split()[1]
    return {
        "kernel": platform.release(),
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "hypervisor": " hypervisor " in read("/proc/cpuinfo").replace("\n", " "),
        "memory_mib": int(memory) // 1024,
        "mitigations": mitigations(),
        "io_uring_disabled": read("/proc/sys/kernel/io_uring_disabled", "0"),
        "libc": " ".join(platform.libc_ver()),
        "commit": commit(root),
        "time": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "load": os.getloadavg()[0],
        "user": "root" if os.geteuid() == 0 else "unprivileged",
    }
