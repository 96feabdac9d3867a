#!/bin/sh
# SPDX-License-Identifier: MIT
# Bluetooth between two emulated controllers, through readiness.
#
#      client, hci0 ---- vhci ---- a thread of the test ---- vhci ---- hci1, listener
#
# needs: bluetooth rfcomm hci_vhci
# kernels: all
# timeout: 300
# time-warp: yes
# criterion: test_bluetooth test_bluetooth_hci
set -eu

export LINSOCK_BACKEND=epoll
export LINSOCK_TEST_BLUETOOTH=1
