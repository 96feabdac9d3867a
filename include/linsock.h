/* SPDX-License-Identifier: MIT */
#ifndef LINSOCK_H
#define LINSOCK_H

#include <linsock/addr.h>
#include <linsock/backend.h>
#include <linsock/can.h>
#include <linsock/constant.h>
#include <linsock/endpoint.h>
#include <linsock/error.h>
#include <linsock/name.h>
#include <linsock/probe.h>
#include <linsock/socket.h>
#include <linsock/version.h>

#endif
