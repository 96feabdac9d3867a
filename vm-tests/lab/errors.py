# SPDX-License-Identifier: MIT
"""What a run can end with besides the program's own exit status."""

EXIT_USAGE = 2
EXIT_SKIP = 77
EXIT_KERNEL_FAULT = 120
EXIT_TIMEOUT = 124
EXIT_LAB = 125


class LabError(Exception):
    """The laboratory cannot run this; the text names the remedy."""


class NeedError(LabError):
    """The kernel lacks something that the test needs: a skip, not a failure."""


class MachineError(LabError):
    """The virtual machine was lost for a reason of its own; another may do better."""
