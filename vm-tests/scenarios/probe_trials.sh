#!/bin/sh
# SPDX-License-Identifier: MIT
# What linsock probe tries and most hosts lack: every trial that a kernel of the matrix
# passes says so, and one that no kernel passes does not.
#
#     probe ---- a bus, a node, a frame, a ring of its own ---- probe
#
# needs: can can-raw can-isotp can-j1939 can-gw vcan tipc rds rds_tcp vsock vsock_loopback qrtr bluetooth hci_vhci kcm xfrm_user netlink.usersock fcrypt? pcbc? rxrpc
# needs: tls sctp af_alg algif_skcipher algif_aead gcm ctr? ghash_generic? alg.skcipher.cbc(aes) alg.aead.gcm(aes)
# needs: llc2 rfcomm af_key bridge 8021q tun macsec gtp
# kernels: all
# timeout: 240
# time-warp: yes
set -eu

bus='can.cmsg.timestamp can.cmsg.timestampns can.cmsg.timestamping can.cmsg.mark
can.cmsg.rxq_ovfl can.j1939.cmsg.dest_addr can.j1939.cmsg.dest_name can.j1939.cmsg.prio can.j1939.cmsg.errqueue
can.gw can.ioctl.siocgstamp'
loopback='packet.cmsg.auxdata packet.cmsg.timestamp packet.cmsg.rxq_ovfl
packet.cmsg.tx_timestamp packet.packet'
oneself='tipc.cmsg.destname tipc.cmsg.errinfo tipc.cmsg.retdata netlink.cmsg.pktinfo netlink.cmsg.credentials
netlink.cmsg.listen_all_nsid rxrpc.cmsg.user_call_id
inet.cmsg.tcp_inq inet.cmsg.txtime inet.cmsg.timestamping_new inet.cmsg.timestamping_tx
inet.cmsg.opt_stats inet.cmsg.zerocopy inet.cmsg.rxq_ovfl inet.cmsg.recverr
inet.cmsg.recvopts inet.cmsg.retopts inet6.cmsg.recverr inet6.cmsg.hopopts
inet6.cmsg.dstopts inet6.cmsg.flowinfo rds.cmsg.timestamp rds.cmsg.rxpath_latency
rds.cmsg.zcopy_cookie'
sctp='inet.sctp.cmsg.init inet.sctp.cmsg.sndrcv inet.sctp.cmsg.sndrcv_sent
inet.sctp.cmsg.sndinfo inet.sctp.cmsg.rcvinfo inet.sctp.cmsg.nxtinfo
inet.sctp.cmsg.prinfo inet.sctp.cmsg.authinfo inet.sctp.cmsg.dstaddrv4
inet6.sctp.cmsg.dstaddrv6'
secrets='alg.cmsg.op alg.cmsg.iv alg.cmsg.aead_assoclen alg.alg_set_key.set
alg.alg_set_aead_authsize.set inet.tls.cmsg.record_type inet.tls.cmsg.record_type_sent'
controller='bluetooth.hci.cmsg.direction bluetooth.hci.cmsg.timestamp'
ioctls='tipc.ioctl.siocgetlinkname tipc.ioctl.siocgetnodeid rds.ioctl.siocrdsgettos
qipcrtr.ioctl.siocgifaddr bluetooth.ioctl.hcigetdevlist bluetooth.ioctl.siocinq
kcm.ioctl.siockcmattach packet.ioctl.siocoutq vsock.ioctl.local_cid
inet.ioctl.siocgifconf inet.ioctl.siocgskns'
groups='netlink.group.xfrm.sa netlink.group.uevent.kernel netlink.group.connector.proc
netlink.group.audit.readlog netlink.group.link'
rings='uring.setup_sq_aff uring.setup_attach_wq uring.register_files_update
uring.register_buffers_update uring.register_files_tags uring.register_probe
uring.register_eventfd_async'
asked_rightly='tipc.tipc_group_join.set tipc.tipc_group_leave.set tipc.tipc_mcast_broadcast.set
llc.llc_opt_retry.get bluetooth.ioctl.rfcommgetdevlist rds.so_rds_transport.set
rds.ioctl.siocrdssettos inet.ip_ipsec_policy.set inet6.ipv6_router_alert.set
inet.ioctl.siocgifbr inet.ioctl.siocgifvlan inet.ioctl.siocgmiiphy netlink.link.tun
netlink.genl.macsec netlink.genl.gtp.gtp'
nowhere='can.tp16 netlink.firewall netlink.nflog rds.cmsg.rdma_map'

# All are tried at once; what came out of each is looked up below, a line for each.
# shellcheck disable=SC2086
linsock probe --json $bus $loopback $oneself $sctp $secrets $controller $ioctls $groups $rings $asked_rightly $nowhere |
	tr -d '\n' | sed 's/}, */\n/g; s/"features": {/\n/' >found

echo 'TAP version 13'
echo '1..11'
number=0
# $1: the verdict; $2: what; the rest: features.
all_are() {
	number=$((number + 1))
	verdict=$1
	what=$2
	shift 2
	failed=
	for feature; do
		grep "\"$feature\":" found | grep -Eq "\"verdict\": \"$verdict\"" ||
			failed="$failed $feature"
	done
	[ -z "$failed" ] || printf 'not '
	echo "ok $number - $what"
	for feature in $failed; do
		grep "\"$feature\":" found | sed 's/^/  # /'
	done
}

# shellcheck disable=SC2086
{
	all_are yes 'frames on a bus bring their control messages' $bus
	all_are yes 'frames of loopback do' $loopback
	all_are yes 'messages to oneself do' $oneself
	all_are yes 'messages of SCTP do' $sctp
	all_are yes 'ciphers and TLS take and bring theirs' $secrets
	all_are yes 'packets of a controller do' $controller
	all_are yes 'families have their ioctls' $ioctls
	all_are yes 'groups of netlink can be joined' $groups
	all_are yes 'rings are set up as asked for' $rings
	all_are yes 'what wants to be asked in a way of its own is' $asked_rightly
	all_are 'no|absent' 'what no kernel has, or has no more, is not found' $nowhere
}
