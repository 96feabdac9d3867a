# SPDX-License-Identifier: MIT
"""Run a program in a virtual machine with a real distribution kernel.

A template of the booted kernel is made once: guest RAM in a sparse file, device
state beside it. Each run maps that RAM copy-on-write, so a test begins a tenth
of a second after its start even without KVM, and no run sees another's traces.
"""
