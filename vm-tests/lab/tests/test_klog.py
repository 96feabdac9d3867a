# SPDX-License-Identifier: MIT
import tempfile
import unittest
from pathlib import Path

from lab.errors import LabError
from lab.klog import decode_kmsg, read_ignored, scan

WARN = """\
[    1.000000] usb: hello
[    2.000000] ------------[ cut here ]------------
[    2.000001] WARNING: CPU: 0 PID: 7 at net/can/raw.c:100 raw_bind+0x1/0x2
[    2.000002] Call Trace:
[    2.000003]  <TASK>
[    2.000004] ---[ end trace 0000000000000000 ]---
[    3.000000] calm again
"""


class Scan(unittest.TestCase):
    def test_quiet_log_has_no_fault(self) -> None:
        self.assertEqual(scan(["[ 1.0] vcan: Virtual CAN interface driver",
                               "[ 1.1] a debug line about a bug fixed"]), [])

    def test_report_is_one_fault_that_ends_with_its_trace(self) -> None:
        faults = scan(WARN.splitlines())
        self.assertEqual(len(faults), 1)
        self.assertIn("raw_bind", faults[0].line)
        self.assertIn("end trace", faults[0].context[-1])

    def test_each_kind_of_fault_is_seen(self) -> None:
        for line in ("BUG: kernel NULL pointer dereference, address: 0",
                     "kernel BUG at mm/slub.c:1", "Oops: 0000 [#1] SMP",
                     "BUG: KASAN: use-after-free in x", "INFO: task x:1 blocked for more than",
                     "WARNING: possible circular locking dependency detected",
                     "unreferenced object 0xffff", "Kernel panic - not syncing: x",
                     "rcu: INFO: rcu_preempt detected stalls", "refcount_t: underflow",
                     "unregister_netdevice: waiting for vcan0 to become free"):
            if "detected stalls" in line:
                line = "INFO: rcu_preempt self-detected stall on CPU"
            self.assertEqual(len(scan([line])), 1, line)

    def test_ignored_line_is_no_fault(self) -> None:
        self.assertEqual(scan(["WARNING: Support for this device (X) is not included"]), [])

    def test_two_reports_are_two_faults(self) -> None:
        self.assertEqual(len(scan((WARN + WARN).splitlines())), 2)

    def test_context_has_a_limit(self) -> None:
        faults = scan(["Oops: 0"] + ["x"] * 100, context_max=30)
        self.assertEqual(len(faults[0].context), 30)


class Kmsg(unittest.TestCase):
    def test_records_lose_prefix_and_dictionary(self) -> None:
        text = "4,10,2500000,-;WARNING: x\n SUBSYSTEM=net\n6,11,2600000,-;a;b\n"
        self.assertEqual(decode_kmsg(text),
                         ["[    2.500000] WARNING: x", "[    2.600000] a;b"])

    def test_a_broken_record_is_left_out(self) -> None:
        self.assertEqual(decode_kmsg("garbage\n4,1,2"), [])


TRACE = """\
[    2.0] BUG: kernel NULL pointer dereference, address: 0000000000000000
[    2.0] RIP: 0010:isotp_sendmsg+0x12/0x340 [can_isotp]
[    2.0] Call Trace:
[    2.0]  <TASK>
[    2.0]  ? page_fault_oops+0x1/0x2
[    2.0]  exc_page_fault+0x7f/0x180
[    2.0]  sock_sendmsg.isra.0+0x1/0x40
[    2.0]  __sys_sendto+0x1/0x40
[    2.0]  do_syscall_64+0x5/0x80
[    2.0] ---[ end trace 0000000000000000 ]---
"""


class Fingerprint(unittest.TestCase):
    def test_functions_that_led_to_the_fault_are_its_name(self) -> None:
        fault, = scan(TRACE.splitlines())
        self.assertEqual(fault.fingerprint(), "isotp_sendmsg:sock_sendmsg:__sys_sendto:do_syscall_64")

    def test_report_without_frames_is_named_by_its_words(self) -> None:
        fault, = scan(["[    3.5] unregister_netdevice: waiting for vcan0 to become free. Usage 2"])
        self.assertEqual(fault.fingerprint(),
                         "unregister_netdevice: waiting for vcan to become free. Usage ")


class Ignored(unittest.TestCase):
    def read(self, text: str) -> list:
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(text)
            file.flush()
            return read_ignored(Path(file.name))

    def test_line_or_fingerprint_may_be_ignored(self) -> None:
        for pattern in ("NULL pointer", "^isotp_sendmsg:sock_sendmsg"):
            ignored = self.read(f"# a comment\n\n{pattern}  # known, ticket 7\n")
            self.assertEqual(scan(TRACE.splitlines(), ignored=ignored), [])

    def test_a_reason_is_demanded(self) -> None:
        for text in ("BUG: x\n", "BUG: x  # \n", "BUG: x # too near\n"):
            with self.assertRaisesRegex(LabError, ":1: no reason"):
                self.read(text)

    def test_a_bad_pattern_is_told(self) -> None:
        with self.assertRaisesRegex(LabError, ":2: "):
            self.read("ok  # fine\n(  # open\n")
