# SPDX-License-Identifier: MIT
"""VSOCK of the kernel's own vhost: a guest that is a host, and runs a guest itself.

    this test ---- first guest: CID 2, vhost_vsock, QEMU ---- second guest: CID 42

The second QEMU is KVM's: QEMU without KVM makes a processor with SVM, which kvm_amd
finds and uses, so that the second guest's instructions are translated once, not twice.
Two to three minutes, most of them the second kernel's start; run where it is asked for:

    LINSOCK_TEST_NESTED=1 scripts/test vm -- test_vsock_nested
"""

import os
import stat
import tempfile
import unittest
from pathlib import Path

from lab import image, initramfs, paths, plan, run
from lab.kernel import Kernel, open_kernel
from lab.payload import Payload, find_busybox
from lab.qemu import Machine, find_qemu

KERNEL = "6.12"
CID = 42
LIMIT_S = 1800
# A machine on an emulated machine: the kernel's own two seconds are no limit.
PATIENTLY = "connect-timeout=600"
# Who is refused by nobody may learn so at the limit only: the answer is there, and the
# kernel that runs on an emulated machine's SVM was seen to sleep on until then.
REFUSED = "connect-timeout=30"
FIRMWARE = ("/usr/share/seabios", "/usr/share/qemu")
FIRMWARE_NAMES = ("bios-256k.bin", "kvmvapic.bin", "linuxboot_dma.bin", "pvh.bin")
DRIVERS = ["virtio_pci", "vmw_vsock_virtio_transport"]

# Each word to its console is a way out of two machines. noearly: nor has it an AGP bridge
# that were worth some thousand questions.
APPEND = ("console=ttyS0 quiet panic=-1 tsc=reliable no_timer_check pci=noearly "
          "mitigations=off cryptomgr.notests=1")

# The second guest: what it says on its console is what the test looks at.
INSIDE = f"""#!/bin/sh
export PATH=/usr/bin:$PROGRAMS
mount -t proc none /proc
mount -t devtmpfs none /dev
for module in $(cat /lib/modules/order); do insmod /lib/modules/$module.ko || echo "no $module"; done
cd /tmp
echo "cid $(linsock vsock cid)"
head -c 2097152 /dev/urandom >sent
echo "sent $(sha256sum <sent)"
linsock cat --eof=close 'vsock://host:9?{PATIENTLY}' <sent && echo "all sent"
linsock cat 'vsock://host:10?{REFUSED}' </dev/null
echo "nobody: $?"
echo text | linsock cat 'vsock://host:11?type=seqpacket&{REFUSED}'
echo "messages: $?"
mkfifo ready
linsock echo --once --ready-fd=9 vsock://any:7 9>ready &
read -r _ <ready
echo ready | linsock cat --eof=close 'vsock://host:12?{PATIENTLY}'
wait
echo "the end"
poweroff -f
"""

# The first guest: what only it can see it says itself.
OUTSIDE = f"""
set -eu
: >console
tail -f console &
trap "kill $!" EXIT
[ "$(linsock vsock cid)" = "2 host" ] || {{ linsock vsock cid; echo "is not CID 2"; exit 1; }}
# Before the second guest is there.
! linsock cat vsock://{CID}:7 </dev/null 2>error
cat error
mkfifo one two three
linsock echo --ready-fd=9 'vsock://any:11' 9>three &
read -r _ <three
linsock cat -l --eof=ignore vsock://any:9 </dev/null >received 2>one &
receiver=$!
exec 8<one
read -r _ <&8
linsock cat -l --eof=ignore vsock://any:12 </dev/null >said 2>two &
said=$!
exec 9<two
read -r _ <&9
"$QEMU" -nodefaults -no-user-config -display none -no-reboot -L /firmware \\
	-M q35,accel=kvm -cpu host -m 256 -kernel /second/kernel -initrd /second/initramfs \\
	-append '{APPEND}' \\
	-device vhost-vsock-pci,guest-cid={CID} -serial file:console </dev/null &
qemu=$!
until [ -s said ]; do
	kill -0 "$qemu" || {{ echo "the second guest ended too early"; exit 1; }}
	sleep 0.2
done
# To a port at which nobody listens, and to one where the second guest still does.
! linsock cat 'vsock://{CID}:8?{REFUSED}' </dev/null 2>error
cat error
answer=$(echo "from its host" | linsock cat 'vsock://{CID}:7?{PATIENTLY}')
wait "$qemu" || :
wait "$receiver" || :
echo "answer: $answer"
echo "received $(sha256sum <received)"
"""


def second_initramfs(kernel: Kernel, path: Path) -> None:
    """All that the second guest has: the command, busybox, and the modules of VSOCK."""
    payload = Payload()
    payload.add_file(find_busybox(), "/bin/busybox")
    payload.add_program(paths.linsock())
    payload.close()
    archive = initramfs.Archive()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        payload.stage(root)
        for file in sorted(root.rglob("*")):
            mode, data = file.lstat().st_mode, b""
            if stat.S_ISLNK(mode):
                data = os.readlink(file).encode()
            elif stat.S_ISREG(mode):
                data = file.read_bytes()
            archive.add(str(file.relative_to(root)), mode, data)
    inside = INSIDE.replace("$PROGRAMS", str(paths.linsock().parent))
    # What the kernel has built in need not be shipped.
    steps = kernel.modules.resolve([name for name in DRIVERS
                                    if not kernel.modules.missing([name])])
    archive.add("usr/lib/modules", stat.S_IFDIR | 0o755)
    for step in steps:
        archive.add(f"usr/lib/modules/{step.name}.ko", stat.S_IFREG | 0o644, step.image)
    archive.add("usr/lib/modules/order", stat.S_IFREG | 0o644,
                "\n".join(step.name for step in steps).encode())
    archive.add("init", stat.S_IFREG | 0o755, inside.encode())
    path.write_bytes(archive.bytes())


class NestedVsock(unittest.TestCase):
    def setUp(self) -> None:
        if not os.environ.get("LINSOCK_TEST_NESTED"):
            self.skipTest("takes three minutes; to run it: "
                          "LINSOCK_TEST_NESTED=1 scripts/test vm -- test_vsock_nested")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def payload(self, kernel: Kernel) -> Payload:
        """The first guest's files: QEMU, and what it boots."""
        payload = plan.common_payload(None)
        payload.add_program(Path(find_qemu()))
        # Where the distribution's QEMU looks for its parts.
        for part in sorted(Path("/usr/lib").glob("*/qemu/accel-tcg-x86_64.so")):
            payload.add_program(part)
        for name in FIRMWARE_NAMES:
            found = [Path(place, name) for place in FIRMWARE if Path(place, name).is_file()]
            if found:
                payload.add_file(found[0], f"/firmware/{name}")
        second_initramfs(kernel, self.folder / "initramfs")
        payload.add_file(self.folder / "initramfs", "/second/initramfs")
        # Unpacked in the second guest it would be at a speed that nobody waits for.
        payload.add_file(image.bootable(kernel.image, paths.store() / "vm"), "/second/kernel")
        return payload

    def test_a_guest_and_its_host_reach_each_other_by_the_kernels_vhost(self) -> None:
        kernel = open_kernel(KERNEL, paths.kernels())
        search = f"{paths.linsock().parent}:{run.GUEST_PATH}"
        job = run.Job(("/bin/sh", "/run/job"), "/tmp", (("PATH", search), ("QEMU", find_qemu())),
                      script=OUTSIDE, timeout_s=LIMIT_S, runner="boot",
                      shape=Machine(memory_mib=1024, is_host=True))
        import sys
        output = plan.Keeper(lambda b: (sys.stderr.buffer.write(b), sys.stderr.buffer.flush()))
        result = run.run(kernel, ["vhost_vsock", "kvm_amd"], self.payload(kernel), job,
                         paths.store() / "vm", [{"out": output, "err": output}])
        told = output.data.decode("utf-8", "replace")
        self.assertEqual((result.status, result.faults), (0, []), told + result.reason)
        lines = told.splitlines()
        words = dict(line.split(" ", 1) for line in lines if " " in line)
        for line in (f"cid {CID}", "all sent", "nobody: 1", "messages: 1", "the end",
                     "answer: from its host"):
            self.assertIn(line, lines, told)
        self.assertEqual(words["sent"], words["received"], told)
        # Nobody is there yet, nobody is at the port, nobody takes messages there.
        self.assertRegex(told, f"{CID}:7: .*No such device")
        for where in ("host:10", "host:11[?]type=seqpacket", f"{CID}:8"):
            self.assertRegex(told, f"{where}.*Connection reset by peer")


if __name__ == "__main__":
    unittest.main()
