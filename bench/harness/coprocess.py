# SPDX-License-Identifier: MIT
"""A benchmark program as a co-process: a line of words in, a line of JSON out."""

import json
import os
import select
import subprocess


class CoprocessError(Exception):
    """The program refused a command, hung or died."""


class Coprocess:
    """One program under test, pinned to one CPU."""

    def __init__(self, path, cpu, environment=None, timeout_s=60):
        self.path = path
        self.timeout_s = timeout_s
        # The child inherits the parent's mask: set around the start, so that no
        # thread of its is ever elsewhere.
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {cpu})
        try:
            self.process = subprocess.Popen(
                [path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **(environment or {})},
                text=True,
                bufsize=1,
            )
        finally:
            os.sched_setaffinity(0, before)

    def ask(self, command):
        """Send one command and return its answer; CoprocessError if it failed."""
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise CoprocessError(f"{self.path} died") from None
        ready, _, _ = select.select([self.process.stdout], [], [], self.timeout_s)
        if not ready:
            self.kill()
            raise CoprocessError(f"no answer to '{command}' in {self.timeout_s} s")
        line = self.process.stdout.readline()
        if not line:
            code = self.process.wait()
            raise CoprocessError(f"died of '{command}', status {code}")
        answer = json.loads(line)
        if not answer["ok"]:
            raise CoprocessError(answer["reason"])
        return answer

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        """Let it leave by itself; kill it if it does not."""
        if self.process.poll() is None:
            try:
                self.process.stdin.write("quit\n")
                self.process.stdin.close()
                self.process.wait(timeout=self.timeout_s)
            except (BrokenPipeError, subprocess.TimeoutExpired):
                self.kill()
        self.process.stdout.close()


def list_adapters(path):
    """What the program at path offers: a list of dictionaries."""
    done = subprocess.run([path, "--list"], capture_output=True, text=True, check=True,
                          timeout=10)
    return json.loads(done.stdout)["adapters"]
