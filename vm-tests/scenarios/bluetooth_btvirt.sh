#!/bin/sh
# SPDX-License-Identifier: MIT
# A second opinion: what bluetooth_link, _option and _mgmt show between our emulated
# controllers, between those of BlueZ's emulator.
#
#      client, hci0 ---- vhci ---- btvirt -l2 ---- vhci ---- hci1, listener
#
# needs: bluetooth rfcomm hci_vhci algif_hash algif_skcipher cmac ecb?
# kernels: all
# timeout: 300
# time-warp: yes
# criterion: test_bluetooth test_bluetooth_hci test_bluetooth_option test_bluetooth_mgmt
set -eu

command -v btvirt >/dev/null || { echo 'no bluez-test-tools here'; exit 77; }
[ -e /dev/vhci ] || mknod /dev/vhci c 10 137
export LINSOCK_TEST_BLUETOOTH=1 LINSOCK_TEST_BTVIRT=1
