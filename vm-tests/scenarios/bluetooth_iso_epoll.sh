#!/bin/sh
# SPDX-License-Identifier: MIT
# Isochronous channels between two emulated controllers, through readiness.
#
#      hci0 ---- vhci ---- a thread of the test ---- vhci ---- hci1
#
# needs: bluetooth rfcomm hci_vhci
# kernels: all
# timeout: 300
# time-warp: yes
# criterion: test_bluetooth_iso
set -eu

export LINSOCK_BACKEND=epoll
export LINSOCK_TEST_BLUETOOTH=1
