# SPDX-License-Identifier: MIT
"""VSOCK between a guest and this host, for real: vhost-device-vsock beside one machine.

    guest (CID 4) ---- virtio ---- vhost-device-vsock ---- UNIX sockets ---- this host

The host has no VSOCK for it: it speaks the protocol that Firecracker and Cloud
Hypervisor speak too ("CONNECT port", "OK number"; PATH_PORT for the other direction).
"""

import contextlib
import hashlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from lab import paths, plan, run
from lab.kernel import open_kernel
from lab.qemu import Machine

KERNEL = "6.12"
CID = 4
LIMIT_S = 300
# The kernel's own two seconds are no limit for a machine that is busy.
PATIENTLY = "connect-timeout=120"

GUEST = f"""
set -eu
[ "$(linsock vsock cid)" = {CID} ] || {{ linsock vsock cid; echo "is not CID {CID}"; exit 1; }}
# To the host. The device passes no half of a shutdown on, so the end is a close; more
# than 32 KiB at once it does not carry (rust-vmm/vhost-device#494).
head -c 2097152 /dev/urandom >sent
linsock cat --eof=close -s 16384 'vsock://host:9?{PATIENTLY}' <sent
echo "sent $(sha256sum <sent)"
# Nobody there, of which version 0.3.0 says nothing; no messages.
! linsock cat vsock://host:10 </dev/null 2>error
cat error
grep -q -e reset -e 'timed out' error
! linsock cat 'vsock://host:11?type=seqpacket' </dev/null 2>error
cat error
grep -q -e 'not supported' -e reset error
echo "seqpacket refused"
# From the host, which is told once both servers listen.
mkfifo echoes
linsock echo --once --ready-fd=9 vsock://any:7 9>echoes &
read -r _ <echoes
mkfifo says
"$HELLO" listen 8 >says &
exec 8<says
read -r word <&8
[ "$word" = listening ]
echo ready | linsock cat --eof=close 'vsock://host:11?{PATIENTLY}'
read -r asked <&8
wait
# The device goes with this machine, and what it has not delivered too: until the host is
# done, which hears of us first. Nobody would tell us that it had gone before we came.
echo here | linsock cat --eof=ignore 'vsock://host:12?{PATIENTLY}' || :
case $asked in
'vsock://host:'*' asks') echo "the host asked" ;;
*) echo "who asked: $asked"; exit 1 ;;
esac
"""


def find_device() -> str | None:
    """The device, as scripts/setup fetched it, or the system's."""
    own = paths.store() / "vhost-device/usr/bin/vhost-device-vsock"
    return str(own) if own.is_file() else shutil.which("vhost-device-vsock")


class Guest:
    """A machine that runs GUEST beside the device; whoever waits for it hears of its end."""

    def __init__(self, build: Path, device: Path, then) -> None:
        self.build, self.device, self.then = build, device, then
        self.result: run.Result | None = None
        self.output = plan.Keeper()
        self.thread = threading.Thread(target=self.work)

    def work(self) -> None:
        """The thread."""
        try:
            self.result = self.boot()
        except Exception as error:  # noqa: BLE001 - told by the test itself
            self.output(repr(error).encode())
        finally:
            self.then()

    def boot(self) -> run.Result:
        """Run the script to its end."""
        hello = self.build / "examples/vsock_hello"
        payload = plan.common_payload(None)
        payload.add_program(hello)
        search = f"{paths.linsock().parent}:{run.GUEST_PATH}"
        job = run.Job(("/bin/sh", "/run/job"), "/tmp", (("PATH", search), ("HELLO", str(hello))),
                      script=GUEST, timeout_s=LIMIT_S, runner="boot",
                      shape=Machine(vsock=self.device))
        return run.run(open_kernel(KERNEL, paths.kernels()), ["vmw_vsock_virtio_transport"],
                       payload, job, paths.store() / "vm",
                       [{"out": self.output, "err": self.output}])

    def told(self) -> str:
        """What the guest printed."""
        return self.output.data.decode("utf-8", "replace")


class HostVsock(unittest.TestCase):
    def setUp(self) -> None:
        device = find_device()
        if device is None:
            self.skipTest("vhost-device-vsock is not there (scripts/setup vm)")
        assert paths.SOURCE is not None
        self.build = paths.SOURCE / "build/main"
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.uds = self.folder / "vm"
        self.start(device, "--guest-cid", str(CID), "--socket", str(self.folder / "device"),
                   "--uds-path", str(self.uds))
        deadline = time.monotonic() + LIMIT_S
        while not (self.folder / "device").exists():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def start(self, *words: str, **options: object) -> subprocess.Popen:
        """A program that lives no longer than the test."""
        process = subprocess.Popen(words, **options)  # type: ignore[call-overload]
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                self.addCleanup(stream.close)
        return process

    def listen(self, port: int) -> subprocess.Popen:
        """What tells all that one client sends to the host's port."""
        process = self.start(
            str(self.build / "tools/linsock"), "cat", "-l", "--eof=ignore",
            f"unix://{self.uds}_{port}", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.assertIn(b"listening on", process.stderr.readline())
        return process

    def test_guest_and_host_reach_each_other(self) -> None:
        received, ready, done = self.listen(9), self.listen(11), self.listen(12)
        digest: list[str] = []
        reader = threading.Thread(
            target=lambda: digest.append(hashlib.sha256(received.stdout.read()).hexdigest()))
        reader.start()
        self.addCleanup(reader.join)
        self.addCleanup(received.kill)
        guest = Guest(self.build, self.folder / "device",
                      lambda: (ready.kill(), done.kill()))
        guest.thread.start()
        with contextlib.ExitStack() as stack:
            # A guest that was let down would wait for us.
            stack.callback(guest.thread.join)
            stack.callback(done.kill)
            if ready.stdout.read() == b"ready\n":
                self.ask_guest()
                self.assertEqual(done.stdout.readline(), b"here\n", guest.told())
        assert guest.result is not None, guest.told()
        self.assertEqual((guest.result.status, guest.result.faults), (0, []),
                         guest.told() + guest.result.reason)
        reader.join()
        for line in (f"sent {digest[0]}", "seqpacket refused", "the host asked"):
            self.assertIn(line, guest.told())

    def read_until(self, sock: socket.socket, pattern: bytes) -> None:
        """Receive just what is wanted."""
        said = b""
        while not re.fullmatch(pattern, said):
            piece = sock.recv(100)
            self.assertTrue(piece, said)
            said += piece

    def ask_guest(self) -> None:
        """This host's half: the handshake by hand, by the library, and to nobody."""
        with socket.socket(socket.AF_UNIX) as by_hand:
            by_hand.settimeout(LIMIT_S)
            by_hand.connect(str(self.uds))
            # What comes in one piece with the first line the device loses.
            by_hand.sendall(b"CONNECT 7\n")
            self.read_until(by_hand, rb"OK \d+\n")
            by_hand.sendall(b"from the host")
            self.read_until(by_hand, b"from the host")
        hello = str(self.build / "examples/vsock_hello")
        nobody = subprocess.run([hello, str(self.uds), "13"], capture_output=True, text=True,
                                timeout=LIMIT_S, check=False)
        self.assertEqual(nobody.returncode, 1)
        self.assertIn("reset", nobody.stderr)
        asked = subprocess.run([hello, str(self.uds), "8"], capture_output=True, timeout=LIMIT_S,
                               check=True)
        self.assertEqual(asked.stdout, b"hello\n")


if __name__ == "__main__":
    unittest.main()
