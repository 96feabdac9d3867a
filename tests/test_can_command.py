#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""linsock can without a bus: what it says of bad input, what each format of logs keeps,
progress, and privileges that are missing. Writes TAP.

usage: test_can_command.py PATH_OF_LINSOCK [NAME_PART]
"""

import csv
import ctypes
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from folders import main  # pylint: disable=wrong-import-position
from tap import Skip  # pylint: disable=wrong-import-position

LINSOCK = os.path.abspath(sys.argv[1])
LIMIT = 120
PR_CAPBSET_DROP, CAP_NET_ADMIN = 24, 12

LOG = """\
(1795168076.393211) can0 123#0011223344556677
(1795168076.393311) can1 45123#81:00:12345678#11223344556677
(1795168076.393411) can0 123#1122334455667788_E
(1795168076.393511) can0 333#R8_E
(1795168076.393611) can0 20000226#0B20000000008000
(1795168076.393711) can1 1F334455##7AABBCC
(1795168076.393811) can0 7FF#R3
"""


def run(*arguments, stdin=b"", expect=0, **more):
    done = subprocess.run([LINSOCK, "can", *map(str, arguments)], input=stdin, capture_output=True,
                          timeout=LIMIT, check=False, **more)
    assert expect is None or done.returncode == expect, f"{arguments}: {done}"
    return done.stdout.decode(), done.stderr.decode()


def without(log, *parts):
    return "".join(line + "\n" for line in log.splitlines() if not any(p in line for p in parts))


# What the table in docs/can.md says of each format; what is left out is counted, status 3.
KEPT = {
    "candump": (0, LOG),
    "csv": (0, LOG),
    "pcapng": (0, LOG),
    # A remote request's raw DLC has no place in it.
    "blf": (3, without(LOG, "45123#").replace("333#R8_E", "333#R8")),
    # It says that there was an error, not which one.
    "asc": (3, without(LOG, "45123#").replace("20000226#0B20000000008000",
                                              "20000080#0000000000000000")),
    "trc": (3, without(LOG, "45123#", "20000226#")),
}


def test_each_format_keeps_what_the_manual_says_and_counts_the_rest(folder):
    for name, (status, wanted) in KEPT.items():
        path = folder / f"bus.{name}"
        _, told = run("log", "-t", name, "-o", path, stdin=LOG.encode(), expect=status)
        left_out = len(LOG.splitlines()) - len(wanted.splitlines())
        assert (f"left out {left_out} frames" in told) == (left_out > 0), told
        out, _ = run("log", path)
        assert out == wanted, f"{name}:\n{out}"


def test_an_asc_log_is_as_today_s_log2asc_writes_it(folder):
    log = ("(1795168076.000000) can0 123#0011223344556677\n(1795168076.393611) can0 12345678#R3\n"
           "(1795168077.500000) can1 123##5112233\n(1795168078.500000) can1 20000080#0000000000000000\n")
    out, _ = run("log", "-t", "asc", stdin=log.encode(), cwd=folder, env={**os.environ, "TZ": "UTC"})
    fd = f"{'123':>10}{'':35}1 0 3  3 11 22 33   130000  130     3000 0 0 0 0 0"
    assert out == ("date Fri Nov 20 09:47:56 2026\n"
                   "base hex  timestamps absolute\n"
                   "no internal events logged\n"
                   "// version 18.2.0\n"
                   "   0.000000 1  123             Rx   d 8 00 11 22 33 44 55 66 77\n"
                   "   0.393611 1  12345678x       Rx   r 3\n"
                   f"   1.500000 CANFD   2 Rx {fd}\n"
                   "   2.500000 2  ErrorFrame\n"), out


def test_another_reader_takes_our_csv(folder):
    path = folder / "bus.csv"
    run("log", "-o", path, stdin=LOG.encode())
    with open(path, newline="", encoding="ascii") as file:
        rows = list(csv.DictReader(file))
    for row, line in zip(rows, LOG.splitlines()):
        assert re.fullmatch(r"\(([0-9.]+)\) (\S+) (\S+)", line).groups() == (
            row["time"][:-3], row["interface"], row["frame"]), row
        assert int(row["length"]) >= len(row["data"].split()), row
    assert len(rows) == len(LOG.splitlines())
    assert [row["type"] for row in rows] == ["classic", "xl", "classic", "classic", "error", "fd",
                                             "classic"]


def test_tshark_reads_errors_and_xl_of_our_pcapng(folder):
    if not shutil.which("tshark"):
        raise Skip("tshark is not installed")
    path = folder / "bus.pcapng"
    run("log", "-o", path, stdin=LOG.encode())
    done = subprocess.run(["tshark", "-r", path, "-T", "fields", "-e", "frame.len",
                           "-e", "can.flags.err", "-e", "can.id", "-e", "can.flags.rtr"],
                          capture_output=True, timeout=LIMIT, check=True)
    rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
    assert len(rows) == len(LOG.splitlines()), rows
    assert rows[0][2] == str(0x123) and rows[4][1] == "1" and rows[6][3] == "1", rows
    assert rows[1][0] == str(12 + 7), f"an XL frame is its heading and its data: {rows}"


def test_play_prints_frames_when_they_are_due_where_there_is_no_bus(_):
    log = "".join(f"({i / 100:.6f}) can0 {i:03X}#11\n" for i in range(20))
    begin = time.monotonic()
    out, told = run("play", "-v", "-n", 11, "stdout=can0", stdin=log.encode())
    took_s = time.monotonic() - begin
    assert [line.split()[2] for line in out.splitlines()] == [f"{i:03X}#11" for i in range(11)], out
    assert took_s >= 0.1, f"the last one is due after 0.1 s, not {took_s}"
    late = re.search(r": 11 frames; late by p50 (\d+) us, p99 (\d+) us, max (\d+) us$", told)
    assert late and int(late[1]) <= int(late[2]) <= int(late[3]), told


# A log of each format of lines, of which one is no frame: the line and the column.
BAD = {
    "candump": ("(1.000000) can0 123#11\n(2.000000) can0 12G#22\n(3.000000) can0 124#33\n",
                2, 19, 2),
    "asc": ("date Fri Nov 20 09:47:56 2026\nbase hex  timestamps absolute\n"
            "   0.000000 1  123             Rx   d 2 00 11\n"
            "   0.100000 1  123             Rx   d 2 00 ZZ\n"
            "   0.200000 1  124             Rx   d 1 22\n", 4, 44, 2),
    "trc": (";$FILEVERSION=2.1\n;$STARTTIME=46346.4\n;$COLUMNS=N,O,T,B,I,d,l,D\n"
            "      1      0.000 DT 1      0123 Rx 2    00 11\n"
            "      2      1.000 DT 1      0XYZ Rx 2    00 11\n"
            "      3      2.000 DT 1      0124 Rx 1    22\n", 5, 31, 2),
    "csv": ("time,interface,direction,frame,type,id,length,data\n"
            "1.000000000,can0,,123#11,classic,0x123,1,11\n"
            "2.000000000,can0,,12G#11,classic,0x123,1,11\n"
            "3.000000000,can0,,124#22,classic,0x124,1,22\n", 3, 21, 2),
}


def test_a_line_that_is_no_frame_is_told_with_its_place_and_the_rest_is_read(folder):
    for name, (text, line, column, good) in BAD.items():
        path = folder / f"bad.{name}"
        path.write_text(text)
        out, told = run("log", "-f", name, path, expect=1)
        assert len(out.splitlines()) == good, f"{name}: {out} {told}"
        place = re.search(rf"{re.escape(str(path))}:(\d+):(\d+): \S+", told)
        assert place, f"{name}: {told}"
        assert (int(place[1]), int(place[2])) == (line, column), f"{name}: {told}"


def test_a_log_that_is_cut_is_told_and_what_is_whole_is_read(folder):
    log = "".join(f"({i}.000000) can0 {i:03X}#{i:016X}\n" for i in range(1, 200)).encode()
    for name in ("blf", "pcapng"):
        path = folder / f"cut.{name}"
        run("log", "-t", name, "-o", path, stdin=log)
        whole = path.read_bytes()
        path.write_bytes(whole[:-7])
        out, told = run("log", path, expect=1)
        assert f"{path}:" in told, told
        assert all(line in log.decode().splitlines() for line in
                   (f"({float(o.split()[0][1:-1]):.6f}) {' '.join(o.split()[1:])}"
                    for o in out.splitlines())), out
        # A format of blocks loses the last one; a packed one loses its container.
        assert name == "blf" or len(out.splitlines()) == 198, len(out.splitlines())


def blocks(capture):
    """Where the blocks of a pcapng begin, and how long they are."""
    at = 0
    while at < len(capture):
        length = int.from_bytes(capture[at + 4:at + 8], "little")
        yield at, length
        at += length


def test_a_block_that_is_none_is_told_with_its_byte(folder):
    log = "".join(f"({i}.000000) can0 {i:03X}#{i:02X}\n" for i in range(1, 6)).encode()
    path = folder / "bad.pcapng"
    run("log", "-o", path, stdin=log)
    whole = path.read_bytes()
    # A section, an interface, five packets.
    at, length = list(blocks(whole))[3]

    def read_with(offset, word):
        path.write_bytes(whole[:offset] + word.to_bytes(4, "little") + whole[offset + 4:])
        out, told = run("log", path, expect=1)
        return [line.split()[2] for line in out.splitlines()], told

    # Its end is known: what comes behind it is read.
    for offset, word in ((at + 8, 7), (at + 20, 5000), (at + 20, 3)):
        frames, told = read_with(offset, word)
        assert frames == ["001#01", "003#03", "004#04", "005#05"], frames
        assert told == f"linsock can log: {path}: block 4 at byte {at}: its packet cannot be\n", told
    for offset, word, what in ((at + 4, length + 1, "its length cannot be"),
                               (at + 4, 4, "its length cannot be"),
                               (at + 4, length + 4, "its length at the end is another one"),
                               (at + 4, 1 << 30, "it is cut or too long")):
        frames, told = read_with(offset, word)
        assert frames == ["001#01"], frames
        assert told == f"linsock can log: {path}: block 4 at byte {at}: {what}\n", told


def test_an_object_that_is_none_is_told_with_its_number_and_byte(folder):
    path = folder / "bad.blf"
    # Two containers, as one holds no more than 64 KiB.
    log = "".join(f"({i}.000000) can0 {i % 2048:03X}#{i:08X}\n" for i in range(1, 3001)).encode()
    run("log", "-o", path, stdin=log)
    whole = path.read_bytes()
    second = whole.index(b"LOBJ", whole.index(b"LOBJ") + 4)
    path.write_bytes(whole[:second + 40] + b"\xff" * 8 + whole[second + 48:])
    out, told = run("log", path, expect=1)
    seen = len(out.splitlines())
    assert 0 < seen < 3000, seen
    assert re.fullmatch(rf"linsock can log: {re.escape(str(path))}: object \d+, container at byte "
                        rf"{second}: it cannot be unpacked\n", told), (told, second)
    path.write_bytes(whole[:100])
    out, told = run("log", path, expect=1)
    assert not out and told.endswith(": heading at byte 0: it is cut\n"), told
    for command in (("decode", "-d", folder / "bus.dbc", "-I"), ("play", "stdout=can0", "-I")):
        (folder / "bus.dbc").write_text('VERSION ""\nBO_ 1 M: 8 N\n')
        _, told = run(*command, path, expect=1)
        assert "heading at byte 0" in told, told


def test_a_frame_that_is_none_is_told_with_its_place(_):
    for frame, column in (("12G#11", 2), ("123#1", 4), ("123#R9", 5), ("123##", 5),
                          ("123#112233445566778899", 20), ("45123#81:0:0#1", 9)):
        out, told = run("send", "nonesuch0", "123#11", frame, expect=1)
        assert not out and "Wrong CAN-frame format!" in told, told
        lines = told.splitlines()
        mark = next(line for line in lines if "^" in line)
        assert lines[lines.index(mark) - 1] == f"\t{frame}", told
        assert abs(mark.index("^") - 1 - column) <= 1, f"{frame}: {told}"


def test_a_filter_that_is_none_is_told_with_its_place(_):
    for text, part in (("vcan0,123", "123"), ("vcan0,123:7FF,12G:7FF", "G"), ("vcan0,#XY", "XY")):
        _, told = run("dump", text, expect=None)
        assert f"\t{text}" in told and "^" in told, told
        mark = next(line for line in told.splitlines() if "^" in line)
        assert mark.index("^") - 1 >= text.index(",") + 1, f"{text}: {part}: {told}"


def test_a_rule_of_the_gateway_that_is_none_is_told_with_its_place(_):
    for option, text, column in (("-f", "12G:7FF", 2), ("-f", "123", 3), ("-f", "123:7FG", 6),
                                 ("-l", "0", 0), ("-l", "2x", 1), ("-x", "0:1:2", 5), ("-x", "0:1:z:FF", 4),
                                 ("-m", "SET:IX:1.1.00", 5), ("-m", "NOT:I:1.1.00", 3),
                                 ("-m", "SET:I:1.1.00112233445566ZZ", 24), ("-m", "SET:I:1.1.0011223344556677F", 26),
                                 ("-M", "SET:F:1.1.1.00", 14), ("-c", "0:1:2:FF:00:0", 12), ("-p", "4:", 0),
                                 ("-p", "1:X", 2)):
        _, told = run("gw", "-A", option, text, expect=2)
        lines = told.splitlines()
        assert f"'{text}'." in lines[0] and lines[1] == f"\t{text}", told
        assert lines[2] == "\t" + " " * column + "^", (option, text, told)


def read_long(arguments):
    """A log is written until progress shows, so that no time is too short."""
    leader, follower = pty.openpty()
    with subprocess.Popen([LINSOCK, "can", *arguments], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=follower) as process:
        os.close(follower)
        seen, deadline = b"", time.monotonic() + LIMIT
        while b"frames/s" not in seen:
            assert time.monotonic() < deadline, seen
            process.stdin.write(b"(1.000000) can0 123#11\n" * 1000)
            process.stdin.flush()
            if select.select([leader], [], [], 0.05)[0]:
                seen += os.read(leader, 4096)
        process.stdin.close()
        try:
            while chunk := os.read(leader, 4096):
                seen += chunk
        except OSError:  # the other side is closed
            pass
        assert process.wait(LIMIT) == 0
    os.close(leader)
    assert re.search(rb"\r\d+ frames, \d+ frames/s", seen), seen
    assert seen.endswith(b"\r\x1b[K"), seen


def test_progress_is_shown_on_a_terminal_and_goes_away(folder):
    read_long(["log", "-o", str(folder / "bus.csv")])
    dbc = folder / "bus.dbc"
    dbc.write_text('VERSION ""\nBO_ 1 M: 8 N\n SG_ S : 0|8@1+ (1,0) [0|255] "" N\n')
    read_long(["decode", "-d", str(dbc)])


def test_no_progress_where_nobody_looks(folder):
    log = b"(1.000000) can0 123#11\n" * 100000
    dbc = folder / "bus.dbc"
    dbc.write_text('VERSION ""\nBO_ 1 M: 8 N\n SG_ S : 0|8@1+ (1,0) [0|255] "" N\n')
    for arguments in (("log", "-o", folder / "bus.csv"), ("decode", "-d", dbc)):
        out, told = run(*arguments, stdin=log)
        assert not out and not told, (arguments, out, told)


def drop_net_admin():
    """In the child, before it becomes linsock: root has no such right any more."""
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_NET_ADMIN, 0, 0, 0)


def test_a_privilege_that_is_missing_is_named(_):
    for arguments in (("link", "add", "linsock-test0"), ("gw", "-F")):
        _, told = run(*arguments, expect=1, preexec_fn=drop_net_admin)
        assert "CAP_NET_ADMIN" in told, f"{arguments}: {told}"


def test_arguments_that_make_no_sense_are_refused(_):
    for arguments in (("dump",), ("dump", "-s", "3", "can0"), ("dump", "-L", "-a", "can0"),
                      ("dump", "--rotate-size", "1k", "can0"), ("send", "can0"), ("gen",),
                      ("gen", "can0", "-I", "20000000"), ("gen", "can0", "-F", "xyz"),
                      ("gen", "can0", "-D", "1"), ("play", "x"), ("play", "--speed", "0"),
                      ("load", "can0@0"), ("load", "can0@500000,x"), ("bridge", "can0"),
                      ("test", "can0"), ("sniff",), ("isotp", "send", "can0"),
                      ("isotp", "dump", "-s", "7E0", "can0"), ("isotp", "server", "-s", "1", "-d", "2", "can0"),
                      ("isotp", "recv", "-s", "7E0", "-d", "7E8", "-L", "72:64", "can0"),
                      ("j1939", "cat", "can0:0x80"), ("j1939", "claim"), ("j1939", "test", "can0:0x1ff"),
                      ("log", "-t", "nonesuch"), ("gw",), ("link", "set"), ("bcm", "x")):
        _, told = run(*arguments, expect=2)
        assert "--help" in told, f"{arguments}: {told}"


# Each tool of can-utils with the letters that it takes, today's and the distribution's.
LETTERS = {
    "asc2log": "I:O:v",
    "canbusload": "rtbciesv",
    "candump": "t:HNciaSs:lf:Ln:r:Dde8xT:",
    "canfdtest": "bdef:gi:l:o:s:vx",
    "cangen": "g:atefbEXR8mI:L:D:F:S:A:V:p:P:n:ixc:v",
    "cangw": "ADFLs:d:Xteiu:l:f:c:p:x:m:M:",
    "canlogserver": "m:v:i:e:p:",
    "canplayer": "I:l:tin:g:s:xv",
    "cansequence": "efbi:pq::rv",
    "cansniffer": "r:t:h:l:f:qeb8Bc",
    "isotpdump": "s:d:ax:X:ct:",
    "isotpperf": "s:d:x:X:",
    "isotprecv": "s:d:x:p:P:b:m:w:f:lFL:",
    "isotpsend": "s:d:x:p:P:t:f:D:l:g:bSCL:",
    "isotpserver": "l:s:d:x:p:P:b:m:w:t:L:v",
    "isotpsniffer": "s:d:x:X:h:ct:f:L:i",
    "j1939acd": "vr:c:a:p:",
    "j1939cat": "i:vs:rp:P:R:Bc",
    "j1939spy": "vPb:t::",
    "j1939sr": "vp:s:S",
    "log2asc": "I:O:4nfr",
    "slcand": "ocfls:S:t:b:F",
    "testj1939": "vbBPos::rep:cnw::",
}
# These have no options at all.
BARE = ("bcmserver", "cansend", "log2long")


def called_as(folder, tool, *arguments):
    link = folder / tool
    if not link.is_symlink():
        link.symlink_to(LINSOCK)
    return subprocess.run([str(link), *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=LIMIT, check=False, cwd=folder)


def test_each_option_of_can_utils_is_known(folder):
    for tool, letters in LETTERS.items():
        for letter, takes in re.findall(r"(\w)(:*)", letters):
            # The letter after it is none, so whatever the tool would do it does not do.
            value = ["1"] if takes == ":" else []
            done = called_as(folder, tool, f"-{letter}", *value, "-Z")
            told = done.stderr.decode()
            assert f"invalid option -- '{letter}'" not in told, f"{tool} -{letter}: {told}"
            assert "requires an argument" not in told, f"{tool} -{letter}: {told}"
            assert done.returncode in (1, 2), f"{tool} -{letter}: {done}"
            if takes == ":" and letter != "h":  # alone it asks for help
                told = called_as(folder, tool, f"-{letter}").stderr.decode()
                assert "requires an argument" in told, f"{tool} -{letter}: {told}"


def test_help_is_asked_for_as_of_can_utils(folder):
    for tool in (*LETTERS, *BARE):
        done = called_as(folder, tool, "-h")
        assert done.returncode == 0 and done.stdout.startswith(f"usage: {tool} ".encode()), done


if __name__ == "__main__":
    sys.exit(main(globals()))
