#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""linsock packet on a cable in a namespace, its files beside tcpdump and tshark.

va ======= vb: what is sent out of one end is captured at the other. Writes TAP.

usage: test_packet_command.py PATH_OF_LINSOCK [NAME_PART]
"""

import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
# pylint: disable=wrong-import-position
import links
from command import LIMIT, LINSOCK, Skip, call, main, need, need_program, new_namespace

LOST = 3
MARKER = 0x88B6  # IEEE: for local experiments

MACS = "020000000002 020000000001"
FRAMES = {
    "udp": f"{MACS} 0800 4500001f00004000401126cc0a0000010a000002 12670035000b0000 78797a",
    "tcp": f"{MACS} 0800 4500002c00000000400666ca0a0000010a000002 00503039 0000000a 00000014"
           " 50180100 00000000 64617461",
    "icmp": f"{MACS} 0800 4500001c00000000400166df0a0000010a000002 0800e5c412340007",
    "arp": "ffffffffffff 020000000001 0806 0001080006040001 020000000001 0a000001"
           " 000000000000 0a000002",
    "icmp6": "333300000002 020000000001 86dd 6000000000083aff fe800000000000000000000000000001"
             " ff020000000000000000000000000002 8500000000000000",
    "vlan": f"{MACS} 8100 6005 0800 4500001f00004000401126cc0a0000010a000002"
            " 12670035000b0000 78797a",
}
# The kernel's own chatter on the cable is not what the tests count.
OURS = "ether src 02:00:00:00:00:01"


def linsock(*words, expect=0, **more):
    return call(LINSOCK, "packet", *words, expect=expect, **more)


def send_out(*words, expect=0, **more):
    """What "linsock packet" of these words sends out of va, which has come out of vb in the end.

    On a busy machine the kernel delivers later, in a thread of its own: a frame behind the others, of
    the same processor and of a type that nobody captures, tells when they are there.
    """
    everywhere = os.sched_getaffinity(0)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(MARKER)) as near, \
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(MARKER)) as far:
        near.bind(("va", MARKER))
        far.bind(("vb", MARKER))
        os.sched_setaffinity(0, {min(everywhere)})
        try:
            run = linsock(*words, expect=expect, **more)
            near.send(bytes(12) + struct.pack(">H", MARKER) + bytes(46))
        finally:
            os.sched_setaffinity(0, everywhere)
        far.settimeout(LIMIT)
        far.recv(100)
    return run


def cable():
    links.no_address_detection()
    for line in ("link add va type veth peer name vb", "link set va up", "link set vb up"):
        need(line)
    links.settle("va", "vb")


class Capture:
    """A capture that is under way; "words" are its options and filter words."""

    def __init__(self, command, *words, **more):
        self.process = subprocess.Popen([LINSOCK, "packet", command, *words], encoding="latin-1",
                                        stderr=subprocess.PIPE, **more)
        assert self.process.stderr.readline().startswith("capturing on")

    def end(self, number=signal.SIGTERM, expect=0):
        """Ask it to end, if it has not by itself; what it says on stderr."""
        if number:
            self.process.send_signal(number)
        error = self.process.communicate(timeout=LIMIT)[1]
        assert self.process.returncode == expect, f"exit {self.process.returncode}: {error}"
        return error


def counted(report, what):
    found = re.search(rf"^(\d+) packets {what}", report, re.M)
    assert found, f"no \"{what}\" in {report}"
    return int(found.group(1))


def capture_frames(path, *options):
    """Every frame of the table, sent and captured."""
    cable()
    capture = Capture("capture", "-i", "vb", "-w", path, *options, *OURS.split())
    send_out("send", "-i", "va", "-", input="\n".join(FRAMES.values()))
    report = capture.end()
    assert counted(report, "captured") == len(FRAMES), report
    assert counted(report, "received by filter") == len(FRAMES), report
    assert counted(report, "dropped by kernel") == 0, report


def tshark(path, *fields):
    """The fields of each packet, as tshark reads them."""
    need_program("tshark")
    words = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=|"]
    for field in fields:
        words += ["-e", field]
    return [line.split("|") for line in call(*words).stdout.splitlines()]


def test_tshark_reads_every_field():
    for options in ([], ["--pcap"], ["--micro"]):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/file"
            run = os.fork()
            if run == 0:  # each capture in a namespace of its own
                new_namespace()
                try:
                    capture_frames(path, *options)
                    os._exit(0)
                except Skip as why:
                    Path(path).write_text(str(why))
                    os._exit(77)
                except BaseException:  # pylint: disable=broad-except
                    traceback.print_exc()
                    os._exit(1)
            status = os.waitstatus_to_exitcode(os.waitpid(run, 0)[1])
            if status == 77:
                raise Skip(Path(path).read_text())
            assert status == 0
            rows = tshark(path, "frame.number", "frame.time_epoch", "frame.len", "frame.cap_len",
                          "eth.src", "eth.dst", "eth.type", "frame.interface_name")
            assert len(rows) == len(FRAMES), rows
            before = 0.0
            for row, (name, text) in zip(rows, FRAMES.items()):
                frame = bytes.fromhex(text)
                assert row[2] == row[3] == str(len(frame)), (name, row)
                assert row[4] == frame[6:12].hex(":") and row[5] == frame[:6].hex(":"), (name, row)
                assert int(row[6].split(",")[0], 16) == int.from_bytes(frame[12:14], "big"), (name, row)
                assert options or row[7] == "vb", row
                assert float(row[1]) >= before, rows
                before = float(row[1])
            # The bytes themselves, as tshark found them.
            dump = json.loads(call("tshark", "-n", "-r", path, "-T", "json", "-x").stdout)
            for packet, (name, text) in zip(dump, FRAMES.items()):
                raw = packet["_source"]["layers"]["frame_raw"]
                raw = raw[0] if isinstance(raw, list) else raw
                assert bytes.fromhex(raw) == bytes.fromhex(text), name
            info = tshark(path, "ip.src", "udp.dstport", "tcp.flags", "icmp.seq", "arp.opcode",
                          "icmpv6.type", "vlan.id")
            assert info[0][:2] == ["10.0.0.1", "53"] and info[1][2] in ("0x0018", "0x00000018"), info
            assert info[2][3] == "7" and info[3][4] == "1" and info[4][5] == "133", info
            assert info[5][6] == "5", info


def test_tcpdump_and_dump_say_the_same():
    need_program("tcpdump")
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/file"
        capture_frames(path)
        theirs = call("tcpdump", "-tt", "-e", "-n", "-r", path).stdout.splitlines()
        ours = linsock("dump", "-tt", "-r", path).stdout.splitlines()
        assert len(theirs) == len(ours) == len(FRAMES), (theirs, ours)
        for left, right in zip(theirs, ours):
            assert left.split()[0] == right.split()[0], (left, right)
        assert [line.split(" ", 1)[1] for line in ours] == [
            "IP 10.0.0.1.4711 > 10.0.0.2.53: UDP, length 3",
            "IP 10.0.0.1.80 > 10.0.0.2.12345: Flags [P.], seq 10:14, ack 20, win 256, length 4",
            "IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 4660, seq 7, length 8",
            "ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28",
            "IP6 fe80::1 > ff02::2: ICMP6 router solicitation, length 8",
            "vlan 5, p 3, IP 10.0.0.1.4711 > 10.0.0.2.53: UDP, length 3",
        ], ours


def test_filter_words_choose_packets_of_a_file_as_tcpdump_does():
    need_program("tcpdump")
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/file"
        capture_frames(path)
        for words in ("udp", "ip and not tcp", "arp or icmp6", "vlan 5", "tcp[13] & 8 != 0", "port 53"):
            theirs = call("tcpdump", "-n", "-r", path, *words.split()).stdout.splitlines()
            ours = linsock("dump", "-r", path, *words.split()).stdout.splitlines()
            assert len(theirs) == len(ours), (words, theirs, ours)
        linsock("dump", "-r", path, "port port", expect=1)


def test_what_tcpdump_wrote_is_read():
    need_program("tcpdump")
    with tempfile.TemporaryDirectory() as folder:
        path, copy = f"{folder}/file", f"{folder}/copy"
        capture_frames(path)
        call("tcpdump", "-r", path, "-w", copy)
        assert linsock("dump", "-t", "-r", path).stdout == linsock("dump", "-t", "-r", copy).stdout


def test_received_and_dropped_are_what_was_sent():
    cable()
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/file"
        capture = Capture("capture", "-i", "vb", "-B", "64K", "-w", path, *OURS.split())
        send_out("send", "-i", "va", "-c", "100000", FRAMES["udp"])
        capture.process.send_signal(signal.SIGINT)
        report = capture.process.communicate(timeout=LIMIT)[1]
        captured, dropped = counted(report, "captured"), counted(report, "dropped")
        assert captured + dropped == 100000, report
        assert capture.process.returncode == (LOST if dropped else 0), report
        total = json.loads(linsock("stats", "-j", "-r", path).stdout)
        assert total["packets"] == captured, (total, report)
        assert total["kinds"] == [{"kind": "IP UDP", "packets": captured, "bytes": captured * 45}]
        if shutil.which("capinfos"):
            info = call("capinfos", "-M", path).stdout
            assert re.search(rf"Number of packets: +{captured}\b", info), info


def test_a_reader_that_does_not_read_costs_packets_and_is_told():
    cable()
    capture = Capture("capture", "-i", "vb", "--memory", "1", *OURS.split(), stdout=subprocess.PIPE)
    send_out("send", "-i", "va", "-c", "100000", FRAMES["tcp"])
    # The capture waits for nobody: it says that it has ended only when its output is read.
    capture.process.send_signal(signal.SIGTERM)
    _, report = capture.process.communicate(timeout=LIMIT)
    captured, dropped = counted(report, "captured"), counted(report, "dropped")
    lost = counted(report, "lost")
    assert captured + dropped + lost == 100000 and lost > 0, report
    assert capture.process.returncode == LOST


def test_limits_end_a_capture():
    cable()
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/file"
        capture = Capture("capture", "-i", "vb", "-c", "5", "-w", path, *OURS.split())
        linsock("send", "-i", "va", "-c", "9", FRAMES["udp"])
        assert counted(capture.end(number=None), "captured") == 5
        assert len(linsock("dump", "-r", path).stdout.splitlines()) == 5
        assert len(linsock("dump", "-c", "2", "-r", path).stdout.splitlines()) == 2
        capture = Capture("capture", "-i", "vb", "--seconds", "0.1", "-w", path)
        capture.end(number=None)


def times_of(path):
    return [float(line.split()[0]) for line in linsock("dump", "-tt", "-r", path).stdout.splitlines()]


def test_a_file_is_replayed_as_it_was():
    cable()
    with tempfile.TemporaryDirectory() as folder:
        first, second = f"{folder}/first", f"{folder}/second"
        capture = Capture("capture", "-i", "vb", "-c", "30", "-w", first, *OURS.split())
        linsock("send", "-i", "va", "-c", "30", "-r", "50", FRAMES["udp"])
        capture.end(number=None)
        recorded = times_of(first)
        span = recorded[-1] - recorded[0]
        for options, least in ((["-s", "2"], span / 2), (["-t"], 0), (["-p", "100"], 0.29)):
            capture = Capture("capture", "-i", "vb", "-c", "30", "-w", second, *OURS.split())
            begin = time.time()
            report = linsock("replay", "-i", "va", "-r", first, *options).stderr
            assert counted(report, "sent") == 30, report
            capture.end(number=None)
            times = times_of(second)
            assert len(times) == 30
            # A replay that was late catches up, so distances may shrink; it is never early.
            assert times[-1] - begin >= least - 0.001, (options, times[-1] - begin, least)
        assert linsock("dump", "-t", "-r", first).stdout == linsock("dump", "-t", "-r", second).stdout
        report = linsock("replay", "-i", "va", "-t", "-l", "3", "-r", first, "udp").stderr
        assert counted(report, "sent") == 90, report


def test_all_devices_are_watched_cooked():
    cable()
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/file"
        capture = Capture("capture", "-w", path, "udp")
        send_out("send", "-i", "va", FRAMES["udp"])
        assert counted(capture.end(), "captured") == 2
        line = "IP 10.0.0.1.4711 > 10.0.0.2.53: UDP, length 3"
        assert linsock("dump", "-t", "-r", path, "udp").stdout.splitlines() == [line, line]
        if shutil.which("tshark"):
            rows = tshark(path, "sll.pkttype", "sll.etype", "udp.dstport")
            assert [int(row[0], 0) for row in rows] == [4, 3], rows
            assert all(row[2] == "53" for row in rows), rows


def test_lines_have_what_is_asked_for():
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/file"
        capture_frames(path)
        out = linsock("dump", "-r", path, "-c", "1", "-tttt", "-e", "-x", "--nano").stdout.splitlines()
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9} 02:00:00:00:00:01 > 02:00:00:00:00:02, "
                        r"ethertype 0x0800, length 45: IP ", out[0]), out[0]
        assert out[1].startswith("\t0x0000:  0200 0000 0002 0200"), out[1]
        assert out[3].endswith("xyz"), out


def test_what_makes_no_sense_is_told():
    cable()
    linsock("send", "-i", "va", "zz", expect=2)
    linsock("send", "-i", "va", expect=2)
    linsock("send", "00", expect=2)
    assert "nosuch0" in linsock("send", "-i", "nosuch0", "00", expect=1).stderr
    assert "nosuch0" in linsock("capture", "-i", "nosuch0", "-w", "/dev/null", expect=1).stderr
    linsock("capture", "-c", "x", expect=2)
    linsock("replay", "-i", "va", expect=2)
    assert "pcap" in linsock("dump", "-r", "/etc/passwd", expect=1).stderr
    linsock("dump", "-r", "/nonexistent", expect=1)
    # A frame that the device refuses is counted, and the others are sent.
    report = linsock("send", "-i", "va", "-", input=f"{FRAMES['udp']}\n{'00' * 3000}\n{FRAMES['tcp']}\n",
                     expect=LOST).stderr
    assert counted(report, "sent") == 2 and counted(report, "refused") == 1, report


sys.exit(main(globals(), "ip"))
