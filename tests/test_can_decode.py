#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""linsock can decode against a second reading of DBC's rules. Writes TAP.

usage: test_can_decode.py PATH_OF_LINSOCK [NAME_PART]

The reading here is the slow and plain one: a frame is one long number. (No package of
the distribution decodes DBC, so there is no other peer.)
"""

import json
import random
import struct
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from folders import main  # pylint: disable=wrong-import-position

LINSOCK = sys.argv[1]
LIMIT = 120
FRAMES = 4000


def decode(folder, dbc, log, *options, expect=0):
    (folder / "bus.dbc").write_bytes(dbc.encode("latin-1"))
    done = subprocess.run([LINSOCK, "can", "decode", "-d", folder / "bus.dbc", *options],
                          input=log.encode(), capture_output=True, timeout=LIMIT, check=False)
    assert done.returncode == expect, f"{done.returncode}: {done.stderr.decode()}"
    return done.stdout.decode(), done.stderr.decode()


class Signal:
    """A signal made up by chance; value() is what a frame says of it."""

    def __init__(self, random_source, number, size):
        choose = random_source
        self.name = f"S{number}"
        self.kind = choose.choice("uuussf d".replace(" ", ""))
        self.length = {"f": 32, "d": 64}.get(self.kind) or choose.randint(1, min(64, 8 * size))
        if self.length > 8 * size:
            self.kind, self.length = "u", 1
        self.is_big = choose.random() < 0.5
        first = choose.randint(0, 8 * size - self.length)  # in the order of its bits
        self.start = first // 8 * 8 + 7 - first % 8 if self.is_big else first
        self.first = first
        self.factor = choose.choice((1, 1, 1, 0.1, 0.25, -2, 3))
        self.offset = choose.choice((0, 0, -40, 1.5))
        self.selector = None

    def text(self):
        mark = f" m{self.selector}" if self.selector is not None else ""
        order, sign = int(not self.is_big), "+" if self.kind == "u" else "-"
        return (f" SG_ {self.name}{mark} : {self.start}|{self.length}@{order}{sign} "
                f"({self.factor},{self.offset}) [0|0] \"\" X\n")

    def value(self, data):
        if self.is_big:
            raw = int.from_bytes(data, "big") >> 8 * len(data) - self.first - self.length
        else:
            raw = int.from_bytes(data, "little") >> self.first
        raw &= (1 << self.length) - 1
        if self.kind == "f":
            raw = struct.unpack("<f", raw.to_bytes(4, "little"))[0]
        elif self.kind == "d":
            raw = struct.unpack("<d", raw.to_bytes(8, "little"))[0]
        elif self.kind == "s" and raw >> self.length - 1:
            raw -= 1 << self.length
        if self.factor == 1 and self.offset == 0:
            return raw
        return float(raw) * self.factor + self.offset


def make_bus(source):
    """A DBC file and its messages: {id: (size, multiplexor or None, signals)}."""
    text, messages, types = "", {}, ""
    for number in range(60):
        size = source.choice((1, 2, 4, 7, 8, 8, 8, 12, 24, 64))
        identifier = number + 1
        signals = [Signal(source, i, size) for i in range(source.randint(1, 20))]
        text += f"BO_ {identifier} M{number}: {size} X\n"
        has_pages = source.random() < 0.4
        if has_pages:
            text += " SG_ Page M : 0|2@1+ (1,0) [0|0] \"\" X\n"
            for signal in signals:
                if source.random() < 0.7:
                    signal.selector = source.randint(0, 3)
        for signal in signals:
            text += signal.text()
            if signal.kind in "fd":
                types += f"SIG_VALTYPE_ {identifier} {signal.name} : {'fd'.index(signal.kind) + 1};\n"
        messages[identifier] = (size, has_pages, signals)
    return text + types, messages


def wanted_of(message, data):
    _, has_pages, signals = message
    page = data[0] & 3
    wanted = {"Page": page} if has_pages else {}
    for signal in signals:
        if signal.selector is None or signal.selector == page:
            wanted[signal.name] = signal.value(data)
    return wanted


def same(ours, wanted):
    """JSON has no numbers that are none."""
    if isinstance(wanted, float) and (wanted != wanted or abs(wanted) == float("inf")):
        return ours is None
    return ours == wanted


def test_random_buses_say_the_same_as_a_second_reading(folder):
    for seed in range(8):
        source = random.Random(seed)
        dbc, messages = make_bus(source)
        log, wanted = "", []
        for _ in range(FRAMES // 8):
            identifier = source.choice(list(messages))
            size = messages[identifier][0]
            data = source.randbytes(size)
            mark = "##0" if size > 8 else "#"
            log += f"(1.000000) can0 {identifier:03X}{mark}{data.hex().upper()}\n"
            wanted.append(wanted_of(messages[identifier], data))
        out, _ = decode(folder, dbc, log, "--json")
        lines = [json.loads(line) for line in out.splitlines()]
        assert len(lines) == len(wanted), f"seed {seed}: {len(lines)} of {len(wanted)}"
        for line, values in zip(lines, wanted):
            ours = line["signals"]
            assert list(ours) == list(values), f"seed {seed}: {line}: {values}"
            for name, value in values.items():
                assert same(ours[name], value), f"seed {seed}: {line}: {name} is {value!r}"


def test_long_input_with_faults_is_read_to_its_end(folder):
    dbc, bad_dbc = "", []
    for i in range(400):
        if i % 7 == 3:
            bad_dbc.append(2 * i + 1)
            dbc += f"BO_ {i} M{i} 8 X\n"  # no colon
        else:
            dbc += f"BO_ {i} M{i}: 8 X\n"
        dbc += " SG_ V : 0|8@1+ (1,0) [0|0] \"\" X\n"
    log, bad_log, good = "", [], 0
    for i in range(1000):
        if i % 11 == 5:
            bad_log.append(i + 1)
            log += f"(1.000000) can0 {i % 400:03X}#1G\n"
        else:
            good += i % 400 % 7 != 3
            log += f"(1.000000) can0 {i % 400:03X}#11\n"
    out, err = decode(folder, dbc, log, expect=1)
    told = [line.split(":") for line in err.splitlines()]
    in_dbc = [(int(parts[2]), int(parts[3])) for parts in told if parts[1].endswith("bus.dbc")]
    in_log = [(int(parts[2]), int(parts[3])) for parts in told if parts[1] == " -"]
    assert [line for line, _ in in_dbc] == bad_dbc, in_dbc
    # The eight stands where the colon should.
    assert all(column == len(f"BO_ {line // 2} M{line // 2} ") + 1 for line, column in in_dbc)
    assert [line for line, _ in in_log] == bad_log
    assert all(column == len("(1.000000) can0 123#1G") for _, column in in_log), in_log
    assert len(out.splitlines()) == good


def test_each_interface_may_have_a_file_of_its_own(folder):
    other = folder / "other.dbc"
    other.write_text('BO_ 1 Other: 8 X\n SG_ V : 8|8@1+ (1,0) [0|0] "km/h" X\n')
    out, _ = decode(folder, 'BO_ 1 Bus: 8 X\n SG_ V : 0|8@1+ (1,0) [0|0] "%" X\n',
                    "(1.000000) can0 001#0A0B\n(2.000000) can1 001#0A0B\n(3.000000) can1 002#\n",
                    "-d", f"can1={other}", "--all")
    assert out == ("(0000000001.000000) can0 Bus: V=10 %\n"
                   "(0000000002.000000) can1 Other: V=11 km/h\n"
                   "(0000000003.000000) can1 002#\n"), out


def test_words_and_units_of_every_code_page_are_valid_json(folder):
    dbc = ('BO_ 1 Temp: 1 X\n SG_ V : 0|8@1- (0.5,-40) [0|0] "\xb0C" X\n'
           'VAL_ 1 V 1 "say \\"one\\"" 2 "gr\xfc\xdfe \\\\" -1 "less" ;\n')
    log = "".join(f"({i}.000000) can0 001#{byte}\n" for i, byte in enumerate(("01", "02", "FF", "03")))
    out, _ = decode(folder, dbc, log, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["signals"]["V"] for line in lines] == [-39.5, -39, -40.5, -38.5]
    assert [line.get("words", {}).get("V") for line in lines] == [
        'say "one"', "gr\xfc\xdfe \\\\", "less", None], lines


def test_a_pipe_is_decoded_as_it_comes(folder):
    (folder / "bus.dbc").write_text('BO_ 1 M: 1 X\n SG_ V : 0|8@1+ (1,0) [0|0] "" X\n')
    with subprocess.Popen([LINSOCK, "can", "decode", "-d", folder / "bus.dbc", "-I", "-"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for value in (1, 2, 3):
            process.stdin.write(f"(1.000000) can0 001#{value:02X}\n".encode())
            process.stdin.flush()
            line = process.stdout.readline().decode()
            assert line == f"(0000000001.000000) can0 M: V={value}\n", line
        process.stdin.close()
        assert process.wait(LIMIT) == 0


def test_arguments_that_make_no_sense_are_refused(folder):
    for arguments, status in ((("decode",), 2), (("decode", "-d", "/nonexistent"), 1),
                              (("decode", "-d", "/dev/null", "-n", "0"), 2),
                              (("decode", "-d", "/dev/null", "-I", "x", "can0"), 2),
                              (("decode", "-d", str(folder)), 1)):
        done = subprocess.run([LINSOCK, "can", *arguments], input=b"", capture_output=True,
                              timeout=LIMIT, check=False)
        assert done.returncode == status and done.stderr, f"{arguments}: {done}"


if __name__ == "__main__":
    sys.exit(main(globals()))
