#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# First process of the guest. In the template it mounts, loads modules, starts the
# stream of the kernel log, says "ready" and blocks on the control port: this is
# the state that is saved. In a clone it goes on from there: it reads the job,
# makes the payload disk the root (writable by an overlay) and runs the job.
# Ports: control (both ways), out, err, klog. The console carries only the kernel.
# shellcheck shell=dash

# Where the kernel shows the named port; ports appear some time after the driver.
port() {
	tries=500
	while [ "$tries" -gt 0 ]; do
		for entry in /sys/class/virtio-ports/*; do
			if [ "$(cat "$entry/name" 2>/dev/null)" = "linsock.$1" ]; then
				echo "/dev/${entry##*/}"
				return
			fi
		done
		usleep 10000
		tries=$((tries - 1))
	done
	echo "agent: no port $1" >/dev/console
	reboot -f
}

load_modules() {
	failed=''
	while read -r kind name; do
		insmod "/lib/modules/$name.ko" 2>/dev/null && continue
		[ "$kind" = soft ] || failed="$failed $name"
	done </lib/modules/order
}

first_half() {
	/bin/busybox --install -s /bin
	mount -t proc proc /proc
	mount -t sysfs sysfs /sys
	mount -t devtmpfs devtmpfs /dev
	mount -t tmpfs tmpfs /over
	mkdir /over/upper /over/work
	load_modules
	ip link set lo up
	exec 3<>"$(port control)"
	out=$(port out)
	err=$(port err)
	# Opened before the template is saved: a clone's log begins where it begins.
	cat /dev/kmsg >"$(port klog)" &
	echo "ready$failed" >&3
}

# The job's root: payload below, memory above.
enter_payload() {
	if ! mount -t ext4 -o ro /dev/vda /payload || ! mount -t overlay \
		-o lowerdir=/payload,upperdir=/over/upper,workdir=/over/work overlay /new; then
		echo "broken payload" >&3
		return
	fi
	mount -t proc proc /new/proc
	mount -t sysfs sysfs /new/sys
	mount -t devtmpfs devtmpfs /new/dev
	mkdir -p /new/dev/pts /new/dev/shm
	mount -t devpts devpts /new/dev/pts
	mount -t tmpfs tmpfs /new/dev/shm
	mount -t tmpfs tmpfs /new/run
	# Files may have been shipped to /tmp; the overlay there can be written as well.
	if [ -z "$(ls -A /new/tmp)" ]; then
		mount -t tmpfs tmpfs /new/tmp
	fi
	ln -sf /proc/self/fd /new/dev/fd
	ln -sf fd/0 /new/dev/stdin
	ln -sf fd/1 /new/dev/stdout
	ln -sf fd/2 /new/dev/stderr
	# Unless the job brought an index of the modules, nothing here could name one to
	# load: the kernel need not look, and a program that asks it gets a plain answer.
	if [ ! -e "/new/lib/modules/$(uname -r)/modules.alias" ]; then
		echo >/proc/sys/kernel/modprobe
	fi
	cp /run/job /init /new/run/
	cd /new || return
	# Moved over the root instead of a mere chroot: user namespaces are refused
	# to a process that sits in a chroot.
	mount -o move . /
	exec chroot . /bin/busybox sh /run/init second "$out" "$err"
}

second_half() {
	out=$1
	err=$2
	mkfifo /run/out /run/err
	# A port can be opened only once, a job may open its output again: a pipe lies
	# between them.
	cat </run/out >"$out" &
	out_pid=$!
	cat </run/err >"$err" &
	err_pid=$!
	echo begun >&3
	setsid /bin/sh /run/job </dev/null >/run/out 2>/run/err 3>&-
	status=$?
	# What the job left running in the background may hold its output open.
	{ sleep 1; kill "$out_pid" "$err_pid"; } 2>/dev/null 3>&- &
	wait "$out_pid" "$err_pid"
	echo '<6>linsock-vm: end of job' >/dev/kmsg
	echo "exit $status" >&3
	# The host ends the machine once it has read everything.
	while :; do sleep 1000; done
}

if [ "${1:-}" = second ]; then
	second_half "$2" "$3"
fi
/bin/busybox mkdir -p /proc
PATH=/bin
export PATH
first_half
read -r epoch size <&3
head -c "$size" <&3 >/run/job
date -s "@$epoch" >/dev/null
enter_payload
while :; do sleep 1000; done
