/* SPDX-License-Identifier: MIT */
#ifndef LINSOCK_H
#define LINSOCK_H

#include <linsock/addr.h>
#include <linsock/alg.h>
#include <linsock/backend.h>
#include <linsock/bcm.h>
#include <linsock/bluetooth.h>
#include <linsock/can.h>
#include <linsock/can_life.h>
#include <linsock/can_log.h>
#include <linsock/capture.h>
#include <linsock/constant.h>
#include <linsock/control.h>
#include <linsock/dbc.h>
#include <linsock/diag.h>
#include <linsock/endpoint.h>
#include <linsock/error.h>
#include <linsock/file.h>
#include <linsock/genl.h>
#include <linsock/inet.h>
#include <linsock/isotp.h>
#include <linsock/j1939.h>
#include <linsock/loop.h>
#include <linsock/message.h>
#include <linsock/name.h>
#include <linsock/netlink.h>
#include <linsock/netlink_error.h>
#include <linsock/netlink_loop.h>
#include <linsock/netlink_msg.h>
#include <linsock/netlink_watch.h>
#include <linsock/netns.h>
#include <linsock/option.h>
#include <linsock/packet.h>
#include <linsock/packet_ring.h>
#include <linsock/probe.h>
#include <linsock/qipcrtr.h>
#include <linsock/rtnl.h>
#include <linsock/rtnl_can.h>
#include <linsock/socket.h>
#include <linsock/tipc.h>
#include <linsock/tipc_config.h>
#include <linsock/trace.h>
#include <linsock/version.h>
#include <linsock/vsock.h>

#endif
