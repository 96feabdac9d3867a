/* SPDX-License-Identifier: MIT */
/* Jobs of the broadcast manager: cycles that are sent, frames that are watched. */
#include <linsock/bcm.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/can.h>
#include <linux/can/bcm.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "src/error.h"
#include "src/socket.h"
#include "uring/util.h"

#define NSEC_PER_USEC 1000
#define WATCH_MAX     257

/* The longest message: the frames of a job with a multiplexer. */
#define MESSAGE_MAX \
	(sizeof(struct bcm_msg_head) + WATCH_MAX * sizeof(struct canfd_frame))

/* A job as it was asked for, to ask again when the interface was gone. */
struct bcm_job {
	struct bcm_job *next;
	size_t size;
	struct bcm_msg_head *head;
};

/* Something that came while an answer was waited for. */
struct bcm_note {
	struct bcm_note *next;
	struct lsk_bcm_event event;
};

struct lsk_bcm {
	struct lsk_socket *sock;
	struct bcm_note *notes; /* oldest first */
	int told;               /* an error that came while an answer was waited for */
	char interface[IF_NAMESIZE]; /* empty: all */
	struct bcm_job *jobs;
};

/* A message to the kernel: a head, and frames of one kind after it. */
struct request {
	size_t size; /* bytes of @head and what follows */
	size_t stride;
	struct bcm_msg_head *head;
};

static int step_failed(struct lsk_error *error, int r, const char *what)
{
	return error_set(error, r, 0, "%s: %s", what, lsk_strerror(r));
}

/* The kernel wants connect(2), not bind(2). */
static int bcm_connect(const struct lsk_bcm *bcm, struct lsk_socket *sock)
{
	struct sockaddr_can sa = {.can_family = AF_CAN};
	struct lsk_addr addr;
	int r;

	if (bcm->interface[0]) {
		sa.can_ifindex = (int)if_nametoindex(bcm->interface);
		if (sa.can_ifindex == 0)
			return -ENODEV;
	}
	r = lsk_addr_set(&addr, &sa, sizeof(sa));
	return r < 0 ? r : lsk_socket_connect(sock, &addr);
}

static int bcm_init(struct lsk_bcm *bcm, const char *interface, struct lsk_error *error)
{
	int r = lsk_socket_new(&bcm->sock, AF_CAN, SOCK_DGRAM, CAN_BCM);

	if (r < 0)
		return step_failed(error, r, "BCM socket");
	if (interface && strlen(interface) >= sizeof(bcm->interface))
		r = -ENODEV;
	else if (interface && strcmp(interface, LSK_CAN_ANY) != 0)
		memcpy(bcm->interface, interface, strlen(interface) + 1);
	if (r == 0)
		r = bcm_connect(bcm, bcm->sock);
	if (r == -ENODEV)
		return error_set(error, r, 0, "no interface is called \"%s\"",
				 interface);
	return r < 0 ? step_failed(error, r, "connect") : 0;
}

int lsk_bcm_open(struct lsk_bcm **ret_bcm, const char *interface,
		 struct lsk_error *ret_error)
{
	struct lsk_bcm *bcm;
	int r;

	if (!ret_bcm)
		return step_failed(ret_error, -EINVAL, "no place for the socket");
	bcm = calloc(1, sizeof(*bcm));
	if (!bcm)
		return step_failed(ret_error, -ENOMEM, "socket");
	r = bcm_init(bcm, interface, ret_error);
	if (r < 0) {
		lsk_bcm_free(bcm);
		return r;
	}
	*ret_bcm = bcm;
	return 0;
}

static void job_drop(struct bcm_job **place)
{
	struct bcm_job *job = *place;

	*place = job->next;
	free(job->head);
	free(job);
}

static void note_take(struct lsk_bcm *bcm, struct lsk_bcm_event *event)
{
	struct bcm_note *note = bcm->notes;

	bcm->notes = note->next;
	*event = note->event;
	free(note);
}

struct lsk_bcm *lsk_bcm_free(struct lsk_bcm *bcm)
{
	if (!bcm)
		return NULL;
	lsk_socket_free(bcm->sock);
	while (bcm->jobs)
		job_drop(&bcm->jobs);
	while (bcm->notes)
		note_take(bcm, &(struct lsk_bcm_event){0});
	free(bcm);
	return NULL;
}

struct lsk_socket *lsk_bcm_socket(const struct lsk_bcm *bcm)
{
	return bcm ? bcm->sock : NULL;
}

static struct bcm_timeval interval_of(int64_t ns)
{
	return (struct bcm_timeval){
		.tv_sec = (long)(ns / LSK_NSEC_PER_SEC),
		.tv_usec = (long)(ns % LSK_NSEC_PER_SEC / NSEC_PER_USEC),
	};
}

static int64_t interval_ns(const struct bcm_timeval *interval)
{
	return interval->tv_sec * LSK_NSEC_PER_SEC + interval->tv_usec * INT64_C(1000);
}

static uint32_t kernel_id(const struct lsk_can_frame *frame)
{
	return frame->id | (frame->is_extended ? CAN_EFF_FLAG : 0) |
	       (frame->is_remote ? CAN_RTR_FLAG : 0);
}

/*
 * Make a request with frames, all of the first one's kind. Return: 0 with memory that
 * the caller frees, or an error.
 */
static int request_new(struct request *request, uint32_t opcode,
		       const struct lsk_can_frame *frames, size_t count)
{
	bool is_fd = count > 0 && frames[0].kind == LSK_CAN_FD;
	int r = 0;

	request->stride = is_fd ? LSK_CANFD_MTU : LSK_CAN_MTU;
	request->size = sizeof(*request->head) + count * request->stride;
	request->head = calloc(1, request->size);
	if (!request->head)
		return -ENOMEM;
	request->head->opcode = opcode;
	request->head->nframes = (uint32_t)count;
	request->head->flags = is_fd ? CAN_FD_FRAME : 0;
	request->head->can_id = count > 0 ? kernel_id(&frames[0]) : 0;
	for (size_t i = 0; i < count && r >= 0; i++) {
		uint8_t *place = (uint8_t *)(request->head + 1) + i * request->stride;

		if (frames[i].kind != frames[0].kind || frames[i].kind > LSK_CAN_FD)
			r = LSK_ERR_RANGE;
		else
			r = lsk_can_frame_to_kernel(&frames[i], place, request->stride);
	}
	if (r < 0) {
		free(request->head);
		return r;
	}
	return 0;
}

static int request_send(const struct lsk_bcm *bcm, const struct request *request)
{
	ssize_t count = lsk_socket_send(bcm->sock, request->head, request->size, 0);

	return count < 0 ? (int)count : 0;
}

/* Where the job of this identity stands, or the end of the list. */
static struct bcm_job **job_find(struct lsk_bcm *bcm, const struct bcm_msg_head *head)
{
	struct bcm_job **place = &bcm->jobs;

	while (*place && ((*place)->head->opcode != head->opcode ||
			  (*place)->head->can_id != head->can_id ||
			  ((*place)->head->flags ^ head->flags) & CAN_FD_FRAME))
		place = &(*place)->next;
	return place;
}

/*
 * Send the request of a job, and keep it. @request's memory is taken over or freed.
 * Without memory to keep it nothing is sent.
 */
static int job_start(struct lsk_bcm *bcm, struct request *request)
{
	struct bcm_job *job = malloc(sizeof(*job));
	struct bcm_job **place;
	int r = job ? request_send(bcm, request) : -ENOMEM;

	if (r < 0) {
		free(request->head);
		free(job);
		return r;
	}
	place = job_find(bcm, request->head);
	if (*place)
		job_drop(place);
	*job = (struct bcm_job){
		.next = *place, .size = request->size, .head = request->head};
	*place = job;
	return 0;
}

static void job_forget(struct lsk_bcm *bcm, uint32_t opcode, uint32_t can_id,
		       bool is_fd)
{
	const struct bcm_msg_head head = {
		.opcode = opcode,
		.can_id = can_id,
		.flags = is_fd ? CAN_FD_FRAME : 0,
	};
	struct bcm_job **place = job_find(bcm, &head);

	if (*place)
		job_drop(place);
}

/* A request without frames: the job is named by identifier and kind. */
static int job_request(const struct lsk_bcm *bcm, uint32_t opcode, uint32_t can_id,
		       bool is_fd)
{
	struct request request;
	int r = request_new(&request, opcode, NULL, 0);

	if (r < 0)
		return r;
	request.head->can_id = can_id;
	/* A job of FD frames is found with the flag alone. */
	request.head->flags = is_fd ? CAN_FD_FRAME : 0;
	r = request_send(bcm, &request);
	free(request.head);
	return r;
}

/* Frames that the job of this identity was made with; more than any for none. */
static size_t job_frames(struct lsk_bcm *bcm, const struct bcm_msg_head *head)
{
	struct bcm_job *job = *job_find(bcm, head);

	return job ? job->head->nframes : SIZE_MAX;
}

int lsk_bcm_send_cycle(struct lsk_bcm *bcm, const struct lsk_bcm_cycle *cycle)
{
	struct request request;
	int r;

	if (!bcm || !cycle || !cycle->frames || cycle->frame_count == 0 ||
	    cycle->frame_count > LSK_BCM_FRAMES_MAX || cycle->first_ns < 0 ||
	    cycle->then_ns < 0 || (cycle->first_count > 0 && cycle->first_ns == 0))
		return -EINVAL;
	r = request_new(&request, TX_SETUP, cycle->frames, cycle->frame_count);
	if (r < 0)
		return r;
	request.head->flags |= SETTIMER | STARTTIMER;
	if (cycle->tells_end)
		request.head->flags |= TX_COUNTEVT;
	request.head->count = cycle->first_count;
	request.head->ival1 = interval_of(cycle->first_ns);
	request.head->ival2 = interval_of(cycle->then_ns);
	/* A job cannot grow: it has to be made anew. */
	if (job_frames(bcm, request.head) < cycle->frame_count)
		lsk_bcm_stop_cycle(bcm, &cycle->frames[0]);
	return job_start(bcm, &request);
}

int lsk_bcm_send_once(struct lsk_bcm *bcm, const struct lsk_can_frame *frame)
{
	struct request request;
	int r;

	if (!bcm || !frame)
		return -EINVAL;
	r = request_new(&request, TX_SEND, frame, 1);
	if (r < 0)
		return r;
	r = request_send(bcm, &request);
	free(request.head);
	return r;
}

/* What a job sends now, for when it has to be made anew. */
static void job_keep_data(struct lsk_bcm *bcm, const struct request *request)
{
	struct bcm_job *job = *job_find(bcm, request->head);

	if (!job || request->size > job->size)
		return;
	memcpy(job->head + 1, request->head + 1,
	       request->size - sizeof(*request->head));
}

int lsk_bcm_update(struct lsk_bcm *bcm, const struct lsk_can_frame *frames,
		   size_t count, bool announce)
{
	struct request request;
	int r;

	if (!bcm || !frames || count == 0 || count > LSK_BCM_FRAMES_MAX)
		return -EINVAL;
	/* The kernel would make a new job that is never sent. */
	r = job_request(bcm, TX_READ, kernel_id(&frames[0]),
			frames[0].kind == LSK_CAN_FD);
	if (r < 0)
		return r;
	r = request_new(&request, TX_SETUP, frames, count);
	if (r < 0)
		return r;
	if (announce)
		request.head->flags |= TX_ANNOUNCE;
	r = request_send(bcm, &request);
	if (r == 0)
		job_keep_data(bcm, &request);
	free(request.head);
	return r;
}

int lsk_bcm_stop_cycle(struct lsk_bcm *bcm, const struct lsk_can_frame *frame)
{
	if (!bcm || !frame)
		return -EINVAL;
	job_forget(bcm, TX_SETUP, kernel_id(frame), frame->kind == LSK_CAN_FD);
	return job_request(bcm, TX_DELETE, kernel_id(frame), frame->kind == LSK_CAN_FD);
}

static uint32_t watch_flags(unsigned int flags)
{
	return (flags & LSK_BCM_WATCH_ID ? RX_FILTER_ID : 0u) |
	       (flags & LSK_BCM_WATCH_LENGTH ? RX_CHECK_DLC : 0u) |
	       (flags & LSK_BCM_WATCH_RESUME ? RX_ANNOUNCE_RESUME : 0u) |
	       (flags & LSK_BCM_WATCH_LATE ? RX_NO_AUTOTIMER : 0u);
}

int lsk_bcm_watch(struct lsk_bcm *bcm, const struct lsk_bcm_watch *watch)
{
	struct request request;
	int r;

	if (!bcm || !watch || watch->mask_count > WATCH_MAX ||
	    (watch->mask_count > 0 && !watch->masks) || watch->timeout_ns < 0 ||
	    watch->throttle_ns < 0)
		return -EINVAL;
	r = request_new(&request, RX_SETUP, watch->masks, watch->mask_count);
	if (r < 0)
		return r;
	if (watch->mask_count == 0) {
		request.head->can_id = watch->can_id;
		request.head->flags = RX_FILTER_ID | (watch->is_fd ? CAN_FD_FRAME : 0);
	}
	request.head->flags |= SETTIMER | watch_flags(watch->flags);
	/* A silence that is to be told counts from now on. */
	if (watch->timeout_ns > 0 && !(watch->flags & LSK_BCM_WATCH_LATE))
		request.head->flags |= STARTTIMER;
	request.head->ival1 = interval_of(watch->timeout_ns);
	request.head->ival2 = interval_of(watch->throttle_ns);
	return job_start(bcm, &request);
}

int lsk_bcm_unwatch(struct lsk_bcm *bcm, uint32_t can_id, bool is_fd)
{
	if (!bcm)
		return -EINVAL;
	job_forget(bcm, RX_SETUP, can_id, is_fd);
	return job_request(bcm, RX_DELETE, can_id, is_fd);
}

/* Whether the kernel took the socket off its interface. No job has this identifier. */
static bool is_unbound(const struct lsk_bcm *bcm)
{
	return job_request(bcm, TX_READ, UINT32_MAX, false) == -ENOTCONN;
}

/*
 * A new socket in the old one's place: the old one holds jobs of an interface that is
 * no more, whose index may come again. The descriptor keeps its number.
 */
static int replace_socket(struct lsk_bcm *bcm)
{
	struct lsk_socket *sock = NULL;
	int r = lsk_socket_new(&sock, AF_CAN, SOCK_DGRAM, CAN_BCM);

	if (r == 0)
		r = bcm_connect(bcm, sock);
	if (r == 0)
		r = syscall_result(
			dup3(socket_fd(sock), socket_fd(bcm->sock), O_CLOEXEC));
	lsk_socket_free(sock);
	return r < 0 ? r : 0;
}

int lsk_bcm_restore(struct lsk_bcm *bcm)
{
	int r;

	if (!bcm)
		return -EINVAL;
	if (!bcm->interface[0] || !is_unbound(bcm))
		return 0;
	r = replace_socket(bcm);
	if (r == 0)
		bcm->told = 0;
	for (struct bcm_job *job = bcm->jobs; job && r >= 0; job = job->next) {
		const struct request request = {.size = job->size, .head = job->head};
		struct bcm_msg_head *head = job->head;

		/* What was to be sent so often only was sent, or is late. */
		head->count = 0;
		if (head->opcode == TX_SETUP && head->ival2.tv_sec == 0 &&
		    head->ival2.tv_usec == 0)
			continue;
		r = request_send(bcm, &request);
	}
	return r < 0 ? r : 1;
}

/* Whether the kernel's words are an event; answers to TX_READ are none. */
static bool take_event(const void *buf, size_t size, struct lsk_bcm_event *event)
{
	struct bcm_msg_head head;
	size_t rest;

	if (size < sizeof(head))
		return false;
	memcpy(&head, buf, sizeof(head));
	rest = size - sizeof(head);
	event->can_id = head.can_id;
	switch (head.opcode) {
	case RX_CHANGED:
		event->kind = LSK_BCM_CHANGED;
		return lsk_can_frame_from_kernel(&event->frame,
						 (const uint8_t *)buf + sizeof(head),
						 rest) == 0;
	case RX_TIMEOUT:
		event->kind = LSK_BCM_SILENT;
		return true;
	case TX_EXPIRED:
		event->kind = LSK_BCM_SENT;
		return true;
	default:
		return false;
	}
}

/* One message of the kernel. Return: its bytes, or a negative error. */
static ssize_t read_message(struct lsk_bcm *bcm, uint8_t *buf, size_t size, int flags,
			    unsigned int *ret_interface)
{
	struct lsk_addr from;
	ssize_t count = lsk_socket_recvfrom(bcm->sock, buf, size, flags, &from);

	*ret_interface = 0;
	if (count >= 0 && from.len >= offsetof(struct sockaddr_can, can_addr))
		memcpy(ret_interface,
		       (const uint8_t *)&from.storage +
			       offsetof(struct sockaddr_can, can_ifindex),
		       sizeof(*ret_interface));
	return count;
}

int lsk_bcm_next(struct lsk_bcm *bcm, struct lsk_bcm_event *ret_event)
{
	_Alignas(8) uint8_t buf[MESSAGE_MAX];
	ssize_t count;

	if (!bcm || !ret_event)
		return -EINVAL;
	if (bcm->notes) {
		note_take(bcm, ret_event);
		return 0;
	}
	if (bcm->told < 0) {
		int r = bcm->told;

		bcm->told = 0;
		return r;
	}
	do {
		count = read_message(bcm, buf, sizeof(buf), 0, &ret_event->interface);
		if (count < 0)
			return (int)count;
	} while (!take_event(buf, (size_t)count, ret_event));
	return 0;
}

/* Whether a message is the answer about the job, which is filled then. */
static bool take_answer(const uint8_t *buf, size_t size, struct lsk_bcm_job *job,
			struct lsk_can_frame *frames, size_t frames_max)
{
	size_t stride = job->is_fd ? LSK_CANFD_MTU : LSK_CAN_MTU;
	struct bcm_msg_head head;

	if (size < sizeof(head))
		return false;
	memcpy(&head, buf, sizeof(head));
	if (head.opcode != (job->is_watch ? RX_STATUS : TX_STATUS) ||
	    head.can_id != job->can_id || !(head.flags & CAN_FD_FRAME) != !job->is_fd ||
	    size < sizeof(head) + head.nframes * stride)
		return false;
	job->remaining = head.count;
	job->first_ns = interval_ns(&head.ival1);
	job->then_ns = interval_ns(&head.ival2);
	job->frame_count = head.nframes;
	for (size_t i = 0; i < head.nframes && i < frames_max; i++)
		lsk_can_frame_from_kernel(&frames[i], buf + sizeof(head) + i * stride,
					  stride);
	return true;
}

/* Keep what is no answer, where it is an event. */
static int note_add(struct lsk_bcm *bcm, const uint8_t *buf, size_t size,
		    unsigned int interface)
{
	struct bcm_note **place = &bcm->notes;
	struct bcm_note *note = calloc(1, sizeof(*note));

	if (!note)
		return -ENOMEM;
	if (!take_event(buf, size, &note->event)) {
		free(note);
		return 0;
	}
	note->event.interface = interface;
	while (*place)
		place = &(*place)->next;
	*place = note;
	return 0;
}

int lsk_bcm_read(struct lsk_bcm *bcm, struct lsk_bcm_job *job,
		 struct lsk_can_frame *ret_frames, size_t frames_max)
{
	_Alignas(8) uint8_t buf[MESSAGE_MAX];
	unsigned int interface;
	ssize_t count;
	int r;

	if (!bcm || !job || (!ret_frames && frames_max > 0))
		return -EINVAL;
	r = job_request(bcm, job->is_watch ? RX_READ : TX_READ, job->can_id,
			job->is_fd);
	/* The answer stands in the queue when the request returns, or never. */
	while (r == 0) {
		count = read_message(bcm, buf, sizeof(buf), MSG_DONTWAIT, &interface);
		if (count == -EAGAIN)
			return -ENOBUFS;
		/* Once, and before all that stands in the queue. */
		if (count == -ENETDOWN) {
			bcm->told = (int)count;
			continue;
		}
		if (count < 0)
			return (int)count;
		if (take_answer(buf, (size_t)count, job, ret_frames, frames_max))
			return 0;
		r = note_add(bcm, buf, (size_t)count, interface);
	}
	return r;
}
