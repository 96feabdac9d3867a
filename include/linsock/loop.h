/* SPDX-License-Identifier: MIT */
/*
 * Asynchronous sockets: one thread, one loop, on io_uring or on epoll with the same
 * semantics.
 *
 * Operations: a call that starts one returns 0 or an error and never calls back by
 * itself. An operation that was started ends in exactly one terminal event, cancelled
 * or not: a count or 0 on success, a negative error otherwise. A stream delivers many
 * events that carry LSK_EVENT_MORE, and then its terminal one, which does not.
 *
 * Events reach the operation's own callback, from inside lsk_loop_run() or
 * lsk_loop_next(); those of operations without a callback are filled into the array of
 * lsk_loop_next(). A callback may start, cancel and close whatever it likes.
 *
 * Buffers given to an operation belong to it until its terminal event. What a stream
 * delivers is a lease of a pool's buffer, which its holder returns.
 *
 * Threads: a loop and its pools belong to the thread that runs it. Only
 * lsk_loop_wake() and lsk_loop_post() may be called from other threads.
 *
 * Sockets: the first operation binds a socket to the loop, which holds a reference on
 * it until lsk_loop_close() or lsk_loop_release(). Such a socket is closed with
 * lsk_loop_close(): lsk_socket_close() would end neither its operations nor, while they
 * are pending, the connection. Its timeout plays no part here.
 *
 * Forks: a child may free its copy of a loop and nothing else. Running it, starting an
 * operation, cancelling, pausing or resuming one, and letting go of a socket is -ECHILD
 * there. No callback runs then, and the parent's loop goes on.
 *
 * Errors: all calls answer -EINVAL for a NULL they do not allow, -EBADF for a socket
 * that is closed or closing, -EBUSY for one that is bound to another loop, and -ENOMEM.
 * This is not repeated below.
 */
#ifndef LINSOCK_LOOP_H
#define LINSOCK_LOOP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <linsock/addr.h>
#include <linsock/backend.h>
#include <linsock/base.h>
#include <linsock/file.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

struct lsk_loop;
struct lsk_pool;

/**
 * struct lsk_op - the name of an operation: a value, free to copy and to forget
 * @slot: where it is
 * @generation: which one of those that were there; 0 in no operation's name
 */
struct lsk_op {
	uint32_t slot;
	uint32_t generation;
};

/**
 * enum lsk_event_flags - what an event says besides its result
 * @LSK_EVENT_MORE: the stream goes on; without it the operation has ended
 * @LSK_EVENT_LEASE: @data is a lease, to be returned with lsk_lease_free()
 * @LSK_EVENT_COPIED: a zero-copy send was copied by the kernel after all
 */
enum lsk_event_flags {
	LSK_EVENT_MORE = 1 << 0,
	LSK_EVENT_LEASE = 1 << 1,
	LSK_EVENT_COPIED = 1 << 2,
};

/**
 * struct lsk_event - what became of an operation
 * @op: its name
 * @result: bytes, a descriptor, poll events or 0; or a negative error: -ETIME for the
 *	operation's timeout, -ECANCELED for a cancelled one
 * @flags: enum lsk_event_flags
 * @context: as given at the start
 * @data: what was received, @result bytes; NULL where the operation brings no bytes
 * @lease: names the buffer behind @data where LSK_EVENT_LEASE is set
 * @pool: where that buffer is from
 */
struct lsk_event {
	struct lsk_op op;
	int result;
	unsigned int flags;
	void *context;
	void *data;
	uint64_t lease;
	struct lsk_pool *pool;
};

/**
 * typedef lsk_done_fn - told what became of an operation
 * @loop: the loop
 * @event: borrowed for the call
 */
typedef void (*lsk_done_fn)(struct lsk_loop *loop, const struct lsk_event *event);

/**
 * struct lsk_then - what happens with an operation's events, and its timeout
 * @done: NULL: lsk_loop_next() gives the events out
 * @context: handed on in every event
 * @timeout_ns: from now; 0 for none. For a stream it is the time to the next event
 * @ret_op: gets the operation's name where the start succeeds; may be NULL
 *
 * Copied by the call that gets it. NULL in its place: nobody is told.
 */
struct lsk_then {
	lsk_done_fn done;
	void *context;
	int64_t timeout_ns;
	struct lsk_op *ret_op;
};

/**
 * struct lsk_loop_options - zero members have defaults; lsk_loop_features() tells what
 * came of them
 * @entries: operations that are handed to the kernel at one time; 64
 * @completions: completions that may be under way; 8 times @entries
 * @pass_max: events of one pass, after which timers and posts get their turn; 512
 * @busy_poll_us: microseconds of NAPI busy polling before sleep; 0 for none
 * @min_wait_us: microseconds that a wait may wait for more than one completion; 0.
 *	Linux 6.12 and io_uring; without effect elsewhere
 * @zero_copy_min: bytes of a send from which zero-copy is tried, on io_uring and where
 *	the family can; 0 for never. 16384 and more are worth a try. Off by itself for a
 *	socket as soon as the kernel says that it has copied all the same, as it does on
 *	loopback. Such a send ends when the kernel no longer looks at its bytes: later
 *	ones may end, and the socket be closed, before
 * @direct_max: connections that lsk_loop_accept_direct() may have at one time; 0. No
 *	more than RLIMIT_NOFILE, of which they use nothing
 * @force_epoll: nonzero: readiness, whatever lsk_backend_info() says
 */
struct lsk_loop_options {
	unsigned int entries;
	unsigned int completions;
	unsigned int pass_max;
	unsigned int busy_poll_us;
	unsigned int min_wait_us;
	size_t zero_copy_min;
	unsigned int direct_max;
	int force_epoll;
};

/**
 * enum lsk_run - how long lsk_loop_run() goes on
 * @LSK_RUN_FOREVER: until lsk_loop_stop(), or until nothing is left to wait for
 * @LSK_RUN_ONCE: wait for events, handle them, return
 * @LSK_RUN_NOWAIT: handle what is there, return
 */
enum lsk_run {
	LSK_RUN_FOREVER,
	LSK_RUN_ONCE,
	LSK_RUN_NOWAIT,
};

/**
 * struct lsk_loop_stats - counters since the loop was made
 * @passes: waits for events
 * @events: events given out
 * @stale: completions of operations that had ended; dropped
 * @starved: times that a stream found its pool empty
 * @bundles: completions that brought more than one buffer
 * @overflows: times that the kernel had more completions than there was room for
 * @busy: times that the kernel refused a submission for the moment
 * @coalesced: sends that left together with an earlier one
 * @zero_copied: sends whose bytes the kernel did not copy
 * @grown: times that the room for completions was doubled
 * @operations: under way now
 * @sockets: bound now
 */
struct lsk_loop_stats {
	uint64_t passes;
	uint64_t events;
	uint64_t stale;
	uint64_t starved;
	uint64_t bundles;
	uint64_t overflows;
	uint64_t busy;
	uint64_t coalesced;
	uint64_t zero_copied;
	uint64_t grown;
	unsigned int operations;
	unsigned int sockets;
};

/**
 * lsk_loop_new() - make a loop for the calling thread
 * @ret_loop: set on success; free with lsk_loop_free()
 * @options: copied; NULL for the defaults
 *
 * Where the ring is refused for its size the half is tried, and again; where there is
 * no ring at all, readiness does the work: lsk_loop_backend() tells.
 *
 * Return: 0, -EMFILE, or what epoll_create1(2) and eventfd(2) say.
 */
int lsk_loop_new(struct lsk_loop **ret_loop, const struct lsk_loop_options *options);

/**
 * lsk_loop_free() - end a loop
 * @loop: NULL is allowed; not from inside one of its callbacks
 *
 * Every operation under way is cancelled and gets its terminal event, as far as it has
 * a callback. Sockets are closed unless the caller holds a reference; pools are freed;
 * descriptors in events that lsk_loop_next() has not given out are closed.
 *
 * Return: NULL.
 */
struct lsk_loop *lsk_loop_free(struct lsk_loop *loop);

/** lsk_loop_backend() - which back end the loop has got */
enum lsk_backend lsk_loop_backend(const struct lsk_loop *loop);

/**
 * lsk_loop_run() - handle events
 * @loop: the loop
 * @how: enum lsk_run
 *
 * LSK_RUN_FOREVER also returns when events wait for lsk_loop_next(). A signal ends the
 * wait of LSK_RUN_ONCE, as lsk_loop_wake() does, which a signal handler may call.
 *
 * Return: how many operations are under way; -EBUSY from inside a callback; what the
 * kernel says where it lets the loop wait no more.
 */
int lsk_loop_run(struct lsk_loop *loop, enum lsk_run how);

/**
 * lsk_loop_next() - wait for events and take them as values
 * @loop: the loop
 * @ret_events: gets those of operations without a callback
 * @count: room in @ret_events
 * @timeout_ns: 0 takes what is there; LSK_BLOCK waits
 *
 * Callbacks of other operations run inside. Returns 0 after callbacks, a wake or a
 * signal too.
 *
 * Return: how many events there are; as lsk_loop_run() on failure.
 */
int lsk_loop_next(struct lsk_loop *loop, struct lsk_event *ret_events,
		  unsigned int count, int64_t timeout_ns);

/** lsk_loop_stop() - let lsk_loop_run() return after the present pass */
void lsk_loop_stop(struct lsk_loop *loop);

/** lsk_loop_wake() - let the present or the next wait return; from any thread */
void lsk_loop_wake(struct lsk_loop *loop);

/**
 * typedef lsk_post_fn - runs in the loop's thread
 * @loop: the loop
 * @context: as given to lsk_loop_post()
 */
typedef void (*lsk_post_fn)(struct lsk_loop *loop, void *context);

/**
 * lsk_loop_post() - have a function run by the loop's thread; from any thread
 * @loop: the loop, which must live
 * @call: runs once, in the order of the posts of one thread
 * @context: handed to @call
 *
 * Return: 0.
 */
int lsk_loop_post(struct lsk_loop *loop, lsk_post_fn call, void *context);

/**
 * lsk_loop_fd() - a descriptor that says when to call lsk_loop_run()
 * @loop: the loop
 *
 * For a foreign loop (epoll, GLib, libuv, asyncio): watch it for reading, wait no
 * longer than lsk_loop_timeout() says, and call lsk_loop_run(loop, LSK_RUN_NOWAIT) in
 * either case. It is never the ring's own descriptor, which wakes nobody.
 *
 * Return: the descriptor, which the loop keeps; or a negative error.
 */
int lsk_loop_fd(struct lsk_loop *loop);

/**
 * lsk_loop_timeout() - how long a host may sleep
 * @loop: the loop
 *
 * Return: nanoseconds; 0 when lsk_loop_run() has work; LSK_BLOCK without a limit.
 */
int64_t lsk_loop_timeout(struct lsk_loop *loop);

/**
 * lsk_loop_stats() - read the counters
 * @loop: the loop
 * @ret_stats: set
 *
 * Return: 0.
 */
int lsk_loop_stats(const struct lsk_loop *loop, struct lsk_loop_stats *ret_stats);

/**
 * lsk_loop_accept() - accept one connection
 * @loop: the loop
 * @sock: a listening socket
 * @then: result: a close-on-exec descriptor, owned by the receiver of the event; see
 *	lsk_loop_adopt()
 *
 * Return: 0.
 */
int lsk_loop_accept(struct lsk_loop *loop, struct lsk_socket *sock,
		    const struct lsk_then *then);

/**
 * lsk_loop_accept_stream() - accept every connection
 * @loop: the loop
 * @sock: a listening socket
 * @then: as for lsk_loop_accept(), with LSK_EVENT_MORE; -EMFILE and the like end it
 *
 * Return: 0.
 */
int lsk_loop_accept_stream(struct lsk_loop *loop, struct lsk_socket *sock,
			   const struct lsk_then *then);

/**
 * lsk_loop_adopt() - make a socket object of an accepted descriptor, without asking
 * the kernel
 * @loop: the loop
 * @listener: the socket that accepted it
 * @fd: from the event, also a direct one (lsk_loop_accept_direct()), which binds the
 *	socket to the loop at once; handed over on success
 * @ret_socket: set on success; free with lsk_socket_free()
 *
 * Return: 0.
 */
int lsk_loop_adopt(struct lsk_loop *loop, struct lsk_socket *listener, int fd,
		   struct lsk_socket **ret_socket);

/**
 * lsk_loop_connect() - connect
 * @loop: the loop
 * @sock: the socket
 * @addr: copied
 * @then: result: 0; an attempt that is given up goes on in the kernel until the close;
 *	one that failed may be made again on the same socket
 *
 * Sockets in blocking mode stay so, at the price of two fcntl(2): SOCK_NONBLOCK in
 * lsk_socket_new() saves them.
 *
 * Return: 0.
 */
int lsk_loop_connect(struct lsk_loop *loop, struct lsk_socket *sock,
		     const struct lsk_addr *addr, const struct lsk_then *then);

/**
 * lsk_loop_recv() - receive once
 * @loop: the loop
 * @sock: the socket
 * @buf: gets the bytes; borrowed until the terminal event
 * @len: room in @buf; more than 2 GiB count as that
 * @flags: MSG_*
 * @then: result: bytes, 0 at the end of a stream
 *
 * Return: 0.
 */
int lsk_loop_recv(struct lsk_loop *loop, struct lsk_socket *sock, void *buf, size_t len,
		  int flags, const struct lsk_then *then);

/**
 * lsk_loop_recvmsg() - receive once, with address and control messages
 * @loop: the loop
 * @sock: the socket
 * @message: and all it points to: borrowed until the terminal event
 * @flags: MSG_*
 * @then: result: bytes
 *
 * Return: 0.
 */
int lsk_loop_recvmsg(struct lsk_loop *loop, struct lsk_socket *sock,
		     struct msghdr *message, int flags, const struct lsk_then *then);

/**
 * struct lsk_datagram - bytes, and the address that they are from or for
 * @data: where to receive; borrowed until the terminal event
 * @bytes: what to send; borrowed until the terminal event
 * @len: of them
 * @addr: set by lsk_loop_recvfrom(), read by lsk_loop_sendto(); a length of 0 is none
 * @message: the loop's
 * @part: the loop's
 */
struct lsk_datagram {
	union {
		void *data;
		const void *bytes;
	};
	size_t len;
	struct lsk_addr addr;
	struct msghdr message;
	struct iovec part;
};

/**
 * lsk_loop_recvfrom() - receive once, and learn from whom
 * @loop: the loop
 * @sock: the socket
 * @datagram: borrowed until the terminal event
 * @flags: MSG_*
 * @then: result: bytes; what found no room in @datagram is lost
 *
 * Return: 0.
 */
int lsk_loop_recvfrom(struct lsk_loop *loop, struct lsk_socket *sock,
		      struct lsk_datagram *datagram, int flags,
		      const struct lsk_then *then);

/**
 * lsk_loop_recv_stream() - receive until the end
 * @loop: the loop
 * @sock: the socket
 * @pool: where the buffers are from; outlives the stream
 * @then: each event brings a lease; the terminal one says 0 at the end of a stream, or
 *	an error
 *
 * A stream whose pool is empty waits without an event until leases come back. One of
 * a netlink socket that has lost messages ends with -ENOBUFS; what was queued before
 * the loss, the next stream gets. A SOCK_STREAM's bytes may come in several buffers at
 * once (LSK_LOOP_BUNDLES), an event each, in order, from a pool whose buffers are whole
 * and without lease_max. Messages are delivered whole, each in a buffer of
 * its own: for a pool that fills buffers bit by bit the loop makes a second one with
 * LSK_POOL_WHOLE, which their events then name. What is longer than a buffer is cut,
 * as recv(2) does.
 *
 * Return: 0; -ENOSPC where that would be the 65th pool.
 */
int lsk_loop_recv_stream(struct lsk_loop *loop, struct lsk_socket *sock,
			 struct lsk_pool *pool, const struct lsk_then *then);

/**
 * lsk_loop_recvmsg_stream() - receive messages with their addresses, until cancelled
 * @loop: the loop
 * @sock: the socket
 * @pool: made with LSK_POOL_MESSAGES
 * @then: each event brings a lease; lsk_lease_message() reads the rest. Streams and
 *	SOCK_SEQPACKET end: the terminal event then says 0, as for a message of no
 *	bytes, which recv(2) does not tell from the end either
 *
 * Return: 0; -EINVAL for a pool of another kind.
 */
int lsk_loop_recvmsg_stream(struct lsk_loop *loop, struct lsk_socket *sock,
			    struct lsk_pool *pool, const struct lsk_then *then);

/**
 * lsk_loop_pause() - hold a stream's events back
 * @loop: the loop
 * @op: a receiving or accepting stream
 *
 * The kernel is told to deliver no more; what it had delivered already waits in the
 * pool's buffers. No event of @op comes before lsk_loop_resume(), but those that had
 * found no room in the array of lsk_loop_next() and wait for its next call. A cancel or
 * the timeout ends the pause: what was held back comes, and then the terminal event;
 * where the socket is closed, the terminal event alone.
 *
 * Return: 0, or -ENOENT where the stream has ended.
 */
int lsk_loop_pause(struct lsk_loop *loop, struct lsk_op op);

/**
 * lsk_loop_resume() - let a stream go on
 * @loop: the loop
 * @op: the stream
 *
 * Return: as lsk_loop_pause().
 */
int lsk_loop_resume(struct lsk_loop *loop, struct lsk_op op);

/**
 * lsk_loop_send() - send everything, in its turn
 * @loop: the loop
 * @sock: the socket
 * @buf: borrowed until the terminal event
 * @len: how many bytes; -EMSGSIZE above 2 GiB
 * @flags: MSG_*; MSG_NOSIGNAL is implied
 * @then: result: @len; fewer only where a cancel or the timeout came in between
 *
 * Sends of a socket leave in the order of their starts, one behind the other; small
 * ones that wait leave together.
 *
 * Return: 0.
 */
int lsk_loop_send(struct lsk_loop *loop, struct lsk_socket *sock, const void *buf,
		  size_t len, int flags, const struct lsk_then *then);

/**
 * lsk_loop_send_lease() - send what a stream has delivered, in its turn
 * @loop: the loop
 * @sock: the socket
 * @event: with a lease, which is handed over on success and returned with the end
 * @then: as for lsk_loop_send()
 *
 * Return: 0; -EINVAL for an event without a lease.
 */
int lsk_loop_send_lease(struct lsk_loop *loop, struct lsk_socket *sock,
			const struct lsk_event *event, const struct lsk_then *then);

/**
 * lsk_loop_sendmsg() - send a message, in its turn
 * @loop: the loop
 * @sock: the socket
 * @message: and all it points to: borrowed until the terminal event
 * @flags: MSG_*; MSG_NOSIGNAL is implied
 * @then: result: bytes, on a stream perhaps fewer than the message has
 *
 * Return: 0.
 */
int lsk_loop_sendmsg(struct lsk_loop *loop, struct lsk_socket *sock,
		     const struct msghdr *message, int flags,
		     const struct lsk_then *then);

/**
 * lsk_loop_sendto() - send to an address, in its turn
 * @loop: the loop
 * @sock: the socket
 * @datagram: borrowed until the terminal event
 * @flags: MSG_*; MSG_NOSIGNAL is implied
 * @then: as for lsk_loop_sendmsg()
 *
 * Return: 0.
 */
int lsk_loop_sendto(struct lsk_loop *loop, struct lsk_socket *sock,
		    struct lsk_datagram *datagram, int flags,
		    const struct lsk_then *then);

/**
 * struct lsk_transfer - bytes between a socket and a file or a pipe
 * @range: what; its descriptor stays open until the terminal event
 * @moved: set: bytes so far, also where the operation fails, or is stopped
 */
struct lsk_transfer {
	struct lsk_file_range range;
	uint64_t moved;
};

/**
 * lsk_loop_sendfile() - send a part of a file, or what comes out of a pipe, in its turn
 * @loop: the loop
 * @sock: a stream
 * @transfer: borrowed until the terminal event
 * @then: result: 0, also where the file ended early; @transfer->moved counts
 *
 * The bytes do not pass through the program: sendfile(2) and splice(2); they are read
 * and sent where the kernel can do neither. On io_uring a disk is waited for by the
 * kernel, on epoll by the loop's thread. A file's own position, where that is used,
 * moves with the terminal event. lsk_loop_queued() does not count these bytes. While
 * the socket is bound, its descriptor may be in non-blocking mode.
 *
 * Return: 0; -EINVAL for a socket that is no stream, or a bad range; -ESPIPE for what
 * is neither a pipe nor can seek, and for an offset into a pipe.
 */
int lsk_loop_sendfile(struct lsk_loop *loop, struct lsk_socket *sock,
		      struct lsk_transfer *transfer, const struct lsk_then *then);

/**
 * lsk_loop_splice() - receive into a file or a pipe
 * @loop: the loop
 * @sock: a stream, from which nothing else receives meanwhile
 * @transfer: borrowed until the terminal event
 * @then: result: 0 at the end of the stream, or when the count is reached;
 *	@transfer->moved tells which; -EINVAL where the kernel cannot: a file that
 *	appends, a family without splice(2)
 *
 * A pipe that is full is waited for. With another socket's lsk_loop_sendfile() at the
 * pipe's other end, bytes go from socket to socket and are never copied. Into a file
 * the loop's thread writes; what has been received when that fails is lost.
 *
 * Return: as lsk_loop_sendfile().
 */
int lsk_loop_splice(struct lsk_loop *loop, struct lsk_socket *sock,
		    struct lsk_transfer *transfer, const struct lsk_then *then);

/**
 * struct lsk_exchange - a message and the answer that it brings
 * @request: sent, in one piece; without buffers and control messages nothing is sent:
 *	the answer is there already, whatever poll(2) says
 * @answer: gets what comes back; msg_iov, msg_name and msg_control as for recvmsg(2)
 */
struct lsk_exchange {
	struct msghdr request;
	struct msghdr answer;
};

/**
 * lsk_loop_exchange() - send a message and receive its answer, as one operation
 * @loop: the loop
 * @sock: of messages, with nothing else under way on it; its queue of sends is passed
 *	by
 * @exchange: and all it points to: borrowed until the terminal event. The request
 *	must fit the socket's send buffer
 * @then: result: bytes of the answer, or why there is none
 *
 * On a ring both go to the kernel at once, the receive linked to the send: what answers
 * in the moment in which it is asked (AF_ALG) costs a share of one system call. Of a
 * stopped exchange nobody knows how far it came: close the socket.
 *
 * Return: 0; -EOPNOTSUPP for a stream, or a family whose messages no ring can send.
 */
int lsk_loop_exchange(struct lsk_loop *loop, struct lsk_socket *sock,
		      struct lsk_exchange *exchange, const struct lsk_then *then);

/**
 * lsk_loop_queued() - bytes of sends that have not ended
 * @loop: the loop
 * @sock: the socket
 *
 * Above a mark of the caller's choice, pause what feeds the socket and wait with
 * lsk_loop_drain().
 *
 * Return: bytes; 0 for a socket that is not bound to the loop.
 */
size_t lsk_loop_queued(const struct lsk_loop *loop, const struct lsk_socket *sock);

/**
 * lsk_loop_drain() - wait until the queue of sends is short
 * @loop: the loop
 * @sock: the socket
 * @low: bytes
 * @then: result: 0 once lsk_loop_queued() is at most @low
 *
 * Return: 0.
 */
int lsk_loop_drain(struct lsk_loop *loop, struct lsk_socket *sock, size_t low,
		   const struct lsk_then *then);

/**
 * lsk_loop_poll() - wait for readiness
 * @loop: the loop
 * @sock: the socket
 * @events: POLL*
 * @then: result: those that are there
 *
 * Return: 0.
 */
int lsk_loop_poll(struct lsk_loop *loop, struct lsk_socket *sock, int events,
		  const struct lsk_then *then);

/**
 * lsk_loop_timer() - wait for a time
 * @loop: the loop
 * @delay_ns: from now; rounded up to the wheel's tick, about a millisecond
 * @then: result: 0
 *
 * Return: 0.
 */
int lsk_loop_timer(struct lsk_loop *loop, int64_t delay_ns,
		   const struct lsk_then *then);

/**
 * lsk_loop_close() - close a socket in good order
 * @loop: the loop
 * @sock: the socket; closed for every later call
 * @then: result: 0, after the terminal events of all its operations; its timeout bounds
 *	the time that queued sends have
 *
 * Queued sends leave first, receiving stops at once. Then: shutdown(2) of a stream,
 * cancel, wait until the kernel has let go of everything, close(2).
 *
 * Return: 0.
 */
int lsk_loop_close(struct lsk_loop *loop, struct lsk_socket *sock,
		   const struct lsk_then *then);

/**
 * lsk_loop_release() - unbind a socket, to use it elsewhere
 * @loop: the loop
 * @sock: the socket
 *
 * The loop's reference is dropped. The other place may be another thread's loop.
 *
 * Return: 0; -EBUSY while operations are under way.
 */
int lsk_loop_release(struct lsk_loop *loop, struct lsk_socket *sock);

/**
 * typedef lsk_handed_fn - a socket has come from another loop
 * @loop: the one that may bind it now, in whose thread this runs
 * @sock: the reference that was handed over
 * @context: as given to lsk_loop_hand_over()
 */
typedef void (*lsk_handed_fn)(struct lsk_loop *loop, struct lsk_socket *sock,
			      void *context);

/**
 * lsk_loop_hand_over() - give a socket to the loop of another thread
 * @loop: the loop that has it; called in its thread
 * @sock: released from @loop; the caller's reference is handed over on success. A
 *	direct one goes from ring to ring, or else becomes an ordinary one, and is
 *	closed for every other call until it has arrived
 * @to: another loop, which must live
 * @call: runs in the other loop's thread, in the order of these calls
 * @context: handed to @call
 *
 * What it had received and not delivered stays in the socket: end its stream first, and
 * hand over in the terminal event. A direct one takes a pass of both loops; where there
 * was room for it in no table, or its loop ended on the way, it comes closed.
 *
 * Return: 0; -EBUSY while operations are under way.
 */
int lsk_loop_hand_over(struct lsk_loop *loop, struct lsk_socket *sock,
		       struct lsk_loop *to, lsk_handed_fn call, void *context);

/**
 * lsk_loop_cancel() - end an operation
 * @loop: the loop
 * @op: its name
 *
 * Its terminal event comes all the same: -ECANCELED, or the result if that was quicker.
 *
 * Return: 0, or -ENOENT where it has ended.
 */
int lsk_loop_cancel(struct lsk_loop *loop, struct lsk_op op);

/** lsk_loop_cancel_socket() - lsk_loop_cancel() for all operations of a socket; 0 */
int lsk_loop_cancel_socket(struct lsk_loop *loop, struct lsk_socket *sock);

/** lsk_loop_cancel_all() - lsk_loop_cancel() for all operations of the loop; 0 */
int lsk_loop_cancel_all(struct lsk_loop *loop);

/**
 * enum lsk_pool_flags - kinds of pools
 * @LSK_POOL_MESSAGES: for lsk_loop_recvmsg_stream(): room for names and control
 *	messages
 * @LSK_POOL_WHOLE: one lease per buffer, even where the kernel can fill a buffer bit by
 *	bit
 */
enum lsk_pool_flags {
	LSK_POOL_MESSAGES = 1 << 0,
	LSK_POOL_WHOLE = 1 << 1,
};

/**
 * struct lsk_pool_options - zero members have defaults
 * @buffer_size: bytes each; 65536, or 4096 with LSK_POOL_WHOLE, or 2048 with
 *	LSK_POOL_MESSAGES
 * @count: buffers at the start; 16, or 256 of the small ones
 * @count_max: to which the pool may grow when it is empty, a power of two up to 32768;
 *	@count rounded up
 * @control_size: LSK_POOL_MESSAGES: bytes for control messages; 128
 * @lease_max: leases that one stream may hold before it waits for some to come back; 0
 *	for no limit
 * @flags: enum lsk_pool_flags
 */
struct lsk_pool_options {
	unsigned int buffer_size;
	unsigned int count;
	unsigned int count_max;
	unsigned int control_size;
	unsigned int lease_max;
	unsigned int flags;
};

/**
 * lsk_pool_new() - make a pool of receive buffers
 * @loop: the loop that uses it
 * @ret_pool: set on success; freed with the loop
 * @options: copied; NULL for the defaults
 *
 * Return: 0; -EINVAL for sizes out of range; -ENOSPC for more than 64 pools.
 */
int lsk_pool_new(struct lsk_loop *loop, struct lsk_pool **ret_pool,
		 const struct lsk_pool_options *options);

/**
 * lsk_lease_free() - give a buffer back
 * @pool: event->pool
 * @lease: event->lease; exactly once
 */
void lsk_lease_free(struct lsk_pool *pool, uint64_t lease);

/**
 * lsk_lease_message() - address and control messages of a received datagram
 * @pool: event->pool, made with LSK_POOL_MESSAGES
 * @lease: event->lease
 * @ret_message: name, control messages and flags of the datagram; points into the lease
 *
 * Return: 0.
 */
int lsk_lease_message(struct lsk_pool *pool, uint64_t lease,
		      struct msghdr *ret_message);

LSK_END_DECLS

#endif
