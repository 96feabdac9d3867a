#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Logs that other programs read and write: python-can and tshark. Writes TAP.

usage: test_can_log_peers.py PATH_OF_LINSOCK [NAME_PART]

What is not installed is skipped, and named.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from folders import main  # pylint: disable=wrong-import-position
from tap import Skip  # pylint: disable=wrong-import-position

LINSOCK = os.path.abspath(sys.argv[1])
LIMIT = 120

# Frames that every format holds; raw DLCs and error frames are tried where a format has them.
LOG = """\
(1795168076.393211) can0 123#0011223344556677 T
(1795168076.393311) can1 1F334455#1122334455667788 R
(1795168076.393411) can0 5A1# T
(1795168076.393511) can0 123##5112233 T
(1795168076.393611) can1 1F334455##7AABBCCDDEEFF00112233445566000000 R
(1795168076.393711) can0 7FF#R5 T
(1795168076.393811) can0 00000123#DE R
(1795168077.000000) can1 321##4 R
(1795168079.250000) can0 700##400112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF\
00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF T
"""

# Reads or writes a log with python-can; entries are JSON, one a line.
PYTHON_CAN = """
import json, sys, can
if sys.argv[1] == "read":
    is_asc = sys.argv[2].endswith(".asc")
    for m in can.LogReader(sys.argv[2], **({"relative_timestamp": False} if is_asc else {})):
        print(json.dumps([round(m.timestamp, 6), m.arbitration_id, m.is_extended_id, m.is_fd,
                          m.is_remote_frame, m.bitrate_switch, m.error_state_indicator, m.dlc,
                          "" if m.is_remote_frame else bytes(m.data).hex()]))
else:
    writer = can.Logger(sys.argv[2])
    for line in sys.stdin:
        t, i, x, fd, rtr, brs, esi, dlc, data = json.loads(line)
        writer.on_message_received(can.Message(
            timestamp=t, arbitration_id=i, is_extended_id=x, is_fd=fd, is_remote_frame=rtr,
            bitrate_switch=brs, error_state_indicator=esi, dlc=dlc, channel=0,
            data=None if rtr else bytes.fromhex(data)))
    writer.stop()
"""


def run(*arguments, stdin=None):
    done = subprocess.run(arguments, input=stdin, capture_output=True, timeout=LIMIT, check=False,
                          env={**os.environ, "TZ": "UTC"})
    assert done.returncode == 0, f"{arguments}: {done.returncode}: {done.stderr.decode()}"
    return done.stdout.decode()


def python_can(*arguments, stdin=None):
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", "import can"], capture_output=True,
                          check=False).returncode == 0:
            return run(python, "-c", PYTHON_CAN, *arguments, stdin=stdin)
    raise Skip("python-can is not installed (package python3-can)")


def entry(line):
    """A line of candump's log as what PYTHON_CAN prints."""
    time, _, frame = line.split()[:3]
    name, _, rest = frame.partition("#")
    is_fd = rest.startswith("#")
    flags = int(rest[1], 16) if is_fd else 0
    is_remote = rest.startswith("R")
    data = rest[2:] if is_fd else "" if is_remote else rest
    length = int(rest[1:] or 0) if is_remote else len(data) // 2
    return [float(time[1:-1]), int(name, 16), len(name) == 8, is_fd, is_remote,
            bool(flags & 1), bool(flags & 2), length, data.lower()]


def entries(log):
    return [entry(line) for line in log.splitlines()]


def near(theirs, ours, what, resolution=2e-6):
    """The same frames, with times as exact as the format keeps them."""
    assert len(theirs) == len(ours), f"{what}: {len(theirs)} of {len(ours)} frames"
    for a, b in zip(theirs, ours):
        assert abs(a[0] - b[0]) <= resolution, f"{what}: {a} is not {b}"
        assert a[1:] == b[1:], f"{what}: {a} is not {b}"


def converted(folder, log, name, *options):
    source = folder / "source.log"
    source.write_text(log)
    run(LINSOCK, "can", "log", *options, "-o", str(folder / name), str(source))
    return folder / name


def without_direction(log):
    return "".join(line[:-2] + "\n" for line in log.splitlines())


def test_python_can_reads_what_we_write(folder):
    # It takes an FD frame without data in an ASC log for a remote request.
    with_data = "".join(line + "\n" for line in LOG.splitlines() if "321##4" not in line)
    for name, log in (("x.blf", LOG), ("x.asc", with_data), ("x.log", LOG)):
        path = converted(folder, log, name)
        theirs = [json.loads(line) for line in python_can("read", str(path)).splitlines()]
        near(theirs, entries(log), name)
    # Its CSV knows no FD, and its TRC neither FD nor version 2.1's remote requests.
    classic = "".join(line + "\n" for line in LOG.splitlines() if "##" not in line)
    data = "".join(line + "\n" for line in classic.splitlines() if "#R" not in line)
    path = converted(folder, data, "x.trc")
    theirs = [json.loads(line) for line in python_can("read", str(path)).splitlines()]
    # It counts from the log's start.
    ours = [[item[0] - entries(data)[0][0], *item[1:]] for item in entries(data)]
    near(theirs, ours, "x.trc", 2e-3)


def test_we_read_what_python_can_writes(folder):
    classic = "".join(line + "\n" for line in LOG.splitlines() if "##" not in line)
    for name, log in (("y.blf", LOG), ("y.asc", LOG), ("y.csv", classic),
                      ("y.log", LOG.replace("#R5", "#R"))):  # it leaves lengths out
        lines = "".join(json.dumps(item) + "\n" for item in entries(log))
        python_can("write", str(folder / name), stdin=lines.encode())
        ours = entries(run(LINSOCK, "can", "log", str(folder / name)))
        if name == "y.asc":  # the date in its heading is today's
            late = ours[0][0] - entries(log)[0][0]
            ours = [[item[0] - late, *item[1:]] for item in ours]
        # Its BLF rounds the start to milliseconds, and counts from the exact time.
        near(ours, entries(log), name, 1e-3)


def tshark(path):
    if not shutil.which("tshark"):
        raise Skip("tshark is not installed")
    fields = ("frame.time_epoch", "can.id", "can.flags.xtd", "can.flags.rtr", "can.len",
              "frame.packet_flags_direction", "frame.interface_name")
    arguments = [word for field in fields for word in ("-e", field)]
    out = run("tshark", "-r", str(path), "-T", "fields", *arguments)
    return [line.split("\t") for line in out.splitlines()]


def wanted_by_tshark(log, names, has_direction=True):
    rows = []
    for line in log.splitlines():
        time, identifier, is_extended, _, is_remote, _, _, length, _ = entry(line)
        direction = "0x00000002" if line.endswith("T") else "0x00000001"
        rows.append([f"{time:.9f}", str(identifier), str(int(is_extended)),
                     str(int(is_remote)), str(length), direction if has_direction else "",
                     names[line.split()[1]]])
    return rows


def same_rows(theirs, wanted, what):
    for row in theirs + wanted:
        row[0] = f"{float(row[0]):.6f}"
    # Of FD frames tshark shows no remote flag.
    for a, b in zip(theirs, wanted):
        a[3] = a[3] or "0"
        assert a == b, f"{what}: {a} is not {b}"
    assert len(theirs) == len(wanted), f"{what}: {len(theirs)} of {len(wanted)} frames"


def test_tshark_reads_our_pcapng_with_interfaces_and_directions(folder):
    rows = tshark(converted(folder, LOG, "z.pcapng"))
    same_rows(rows, wanted_by_tshark(LOG, {"can0": "can0", "can1": "can1"}), "pcapng")


def test_tshark_reads_our_blf(folder):
    rows = tshark(converted(folder, LOG, "z.blf"))
    same_rows(rows, wanted_by_tshark(LOG, {"can0": "CAN-1", "can1": "CAN-2"}), "blf")


def test_tshark_reads_our_candump_log(folder):
    rows = tshark(converted(folder, LOG, "z.log"))
    for row in rows:
        row[6] = ""
    same_rows(rows, wanted_by_tshark(LOG, {"can0": "", "can1": ""}, has_direction=False), "log")


def test_log2asc_prints_the_same_bytes(folder):
    if not shutil.which("log2asc"):
        raise Skip("log2asc is not installed (package can-utils)")
    link = folder / "log2asc"
    link.symlink_to(LINSOCK)
    for log in (LOG, without_direction(LOG)):
        (folder / "bus.log").write_text(log)
        for options in ([], ["-4"], ["-f"], ["-r"], ["-4", "-f", "-r"]):
            for names in (["can0", "can1"], ["can1", "can0"], ["can1"]):
                arguments = [*options, "-I", str(folder / "bus.log"), *names]
                theirs, ours = run("log2asc", *arguments), run(str(link), *arguments)
                assert theirs == ours, f"{arguments}:\n{theirs}\n{ours}"


def test_asc2log_prints_the_same_frames(folder):
    if not shutil.which("asc2log"):
        raise Skip("asc2log is not installed (package can-utils)")
    link = folder / "asc2log"
    link.symlink_to(LINSOCK)
    path = converted(folder, LOG, "bus.asc")
    # It takes today's date where its locale is not installed, and keeps no ESI and FDF.
    theirs = [line.split()[1:] for line in run("asc2log", "-I", str(path)).splitlines()]
    ours = [line.split()[1:] for line in run(str(link), "-I", str(path)).splitlines()]
    assert len(ours) == len(LOG.splitlines())
    assert [line for line in theirs if "##" not in line[1]] == [
        line for line in ours if "##" not in line[1]], f"{theirs}\n{ours}"


def test_log2long_prints_the_same_bytes(folder):
    if not shutil.which("log2long"):
        raise Skip("log2long is not installed (package can-utils)")
    link = folder / "log2long"
    link.symlink_to(LINSOCK)
    log = LOG + """\
(1.0) vcan0 123#1122334455667788_E
(1795168076.393211000)   any 20000080#0000000000000000
(0) x 7FF#R
"""
    for text in (log, without_direction(LOG), ""):
        assert run("log2long", stdin=text.encode()) == run(str(link), stdin=text.encode())
    done = subprocess.run([str(link)], input=b"(1) can0 123#11\n(2) can0 12G#22\n(3) can0\n"
                          b"(4) can0 124#33\n", capture_output=True, timeout=LIMIT, check=False)
    assert done.returncode == 1, done
    assert done.stdout.decode().splitlines() == [
        "(1)  can0       123   [1]  11                        '.'",
        "(4)  can0       124   [1]  33                        '3'"], done
    places = [line.split(": ")[1] for line in done.stderr.decode().splitlines()]
    assert places == ["-:2:12", "-:3:9"], done


def test_every_format_gives_back_what_it_got(folder):
    for name in ("r.blf", "r.asc", "r.trc", "r.csv", "r.pcapng", "r.log"):
        path = converted(folder, LOG, name, "-x")
        again = run(LINSOCK, "can", "log", "-x", str(path))
        assert again == LOG, f"{name}: {again}"


def test_a_big_blf_has_many_containers_and_a_heading_that_knows_its_size(folder):
    log = "".join(f"({1795168076 + i // 1000}.{i % 1000:03}000) can0 {i % 2048:03X}#"
                  f"{i:016X} T\n" for i in range(20000))
    path = converted(folder, log, "big.blf")
    heading = path.read_bytes()[:144]
    assert int.from_bytes(heading[16:24], "little") == path.stat().st_size
    assert int.from_bytes(heading[32:36], "little") == 20000
    assert run(LINSOCK, "can", "log", "-x", str(path)) == log
    theirs = [json.loads(line) for line in python_can("read", str(path)).splitlines()]
    near(theirs, entries(log), "big.blf")


def test_a_row_of_files_has_every_line_once(folder):
    log = without_direction("".join(f"({i}.000000) can0 {i % 2048:03X}#{i:08X} T\n"
                                    for i in range(1, 1001)))
    converted(folder, log, "bus.log", "--rotate-size=2k")
    files = sorted(folder.glob("bus-*.log"))
    wanted = "".join(f"({i:010}.000000) can0 {i % 2048:03X}#{i:08X}\n" for i in range(1, 1001))
    assert "".join(file.read_text() for file in files) == wanted
    sizes = {file.stat().st_size for file in files[:-1]}
    assert all(2048 <= size < 2048 + 64 for size in sizes), sizes
    for file in files:
        file.unlink()
    converted(folder, log, "bus.blf", "--rotate-time=100")
    files = sorted(folder.glob("bus-*.blf"))
    assert len(files) == 10, files
    assert "".join(run(LINSOCK, "can", "log", str(file)) for file in files) == wanted


if __name__ == "__main__":
    sys.exit(main(globals()))
