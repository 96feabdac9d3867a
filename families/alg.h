/* SPDX-License-Identifier: MIT */
/* What the files of the ALG module share. */
#ifndef LSK_FAMILIES_ALG_H
#define LSK_FAMILIES_ALG_H

#include <linux/if_alg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include <linsock/alg.h>

#ifndef SOL_ALG
#define SOL_ALG 279
#endif

enum alg_type { ALG_HASH, ALG_SKCIPHER, ALG_AEAD, ALG_RNG, ALG_TYPE__COUNT };

/* Room for operation, IV and length of the associated data. */
#define ALG_CONTROL_SIZE                                         \
	(CMSG_SPACE(sizeof(uint32_t)) +                          \
	 CMSG_SPACE(sizeof(struct af_alg_iv) + LSK_ALG_IV_MAX) + \
	 CMSG_SPACE(sizeof(uint32_t)))

struct alg_control {
	_Alignas(struct cmsghdr) char bytes[ALG_CONTROL_SIZE];
	size_t len;
};

/*
 * Work for one operation socket: a request in the shape in which the kernel wants it.
 * It stays for the next request, with the socket.
 */
struct alg_flight {
	struct alg_flight *next; /* in the list of the idle */
	struct lsk_alg *alg;
	int fd;
	struct lsk_socket *sock; /* owner of fd; NULL: nobody */
	size_t room;             /* bytes that the socket takes in one piece */
	struct lsk_exchange exchange;
	struct alg_control control;
	struct iovec parts_small[12];
	struct iovec *parts; /* of request and answer */
	size_t parts_room;
	char *assoc; /* gets the associated data back, which nobody wants */
	size_t assoc_room;
	size_t assoc_len;
	size_t send_len;
	size_t answer_len;
	lsk_done_fn done;
	void *context;
};

struct lsk_alg {
	struct lsk_socket *sock;
	struct lsk_loop *loop; /* where the flights' sockets are */
	enum alg_type type;
	bool is_chaining;
	size_t digest_size; /* 0: not known yet */
	size_t tag_size;
	unsigned int flying;
	struct alg_flight *here; /* for lsk_alg_run(); NULL: not made yet */
	struct alg_flight *idle;
};

/* Operation, IV and length of associated data (negative: none) as control messages. */
int alg_control_fill(struct alg_control *control, const struct lsk_afalg *what);

/* A new operation socket, close-on-exec. */
int alg_accept(const struct lsk_alg *alg);

/* Close every operation socket that has nothing to do. -EBUSY while others have. */
int alg_drop_flights(struct lsk_alg *alg);

/* Bytes that an operation socket takes in one piece, after asking for @wanted. */
size_t alg_socket_room(int fd, size_t wanted);

/* send(2) and recv(2) that wait for nothing but the kernel's own work. */
ssize_t alg_send(int fd, const struct msghdr *message, int flags);
ssize_t alg_receive(int fd, struct msghdr *message);

/* Fill in what AF_ALG calls the entry's kind; "" stays where it has no name for it. */
void alg_entry_set_type(struct lsk_alg_entry *entry);

/* The row of a message type of NETLINK_CRYPTO, or NULL. */
struct netlink_message;
const struct netlink_message *alg_message_find(uint16_t type);

#endif
