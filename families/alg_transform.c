/* SPDX-License-Identifier: MIT */
/*
 * An algorithm with its key: a bound socket, of which each piece of work accepts a
 * socket of its own. The kernel says ENOENT and EINVAL of many things; here they are
 * told apart.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "families/alg.h"
#include "src/error.h"
#include "src/socket.h"
#include "src/trace.h"
#include "uring/util.h"

/* No tag of the kernel's AEADs is longer. */
#define TAG_SIZE_MAX 64

static const char *const type_names[] = {
	[ALG_HASH] = "hash",
	[ALG_SKCIPHER] = "skcipher",
	[ALG_AEAD] = "aead",
	[ALG_RNG] = "rng",
};

static_assert(ARRAY_SIZE(type_names) == ALG_TYPE__COUNT,
	      "every enum alg_type is named");

static int type_by_name(const char *name, enum alg_type *ret_type)
{
	for (size_t i = 0; i < ARRAY_SIZE(type_names); i++)
		if (strcmp(name, type_names[i]) == 0) {
			*ret_type = (enum alg_type)i;
			return 0;
		}
	return -EPROTONOSUPPORT;
}

/* Whether the kernel has any algorithm of the type: ENOENT alone does not say. */
static bool type_is_there(const char *type)
{
	static const char *const samples[][2] = {
		{"hash", "sha256"},
		{"hash", "sha1"},
		{"hash", "md5"},
		{"skcipher", "cbc(aes)"},
		{"skcipher", "ecb(aes)"},
		{"aead", "gcm(aes)"},
		{"aead", "ccm(aes)"},
		{"aead", "authenc(hmac(sha1),cbc(aes))"},
		{"rng", "jitterentropy_rng"},
		{"rng", "stdrng"},
	};
	struct lsk_addr addr;

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		_cleanup_(closep) int fd = -1;

		if (strcmp(samples[i][0], type) != 0 ||
		    lsk_addr_alg(&addr, type, samples[i][1], 0, 0) < 0)
			continue;
		fd = syscall_result(socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
		if (fd >= 0 &&
		    bind(fd, (const struct sockaddr *)&addr.storage, addr.len) == 0)
			return true;
	}
	return false;
}

static int open_failed(struct lsk_error *error, int r)
{
	if (r == -EAFNOSUPPORT)
		return error_set(error, r, 0,
				 "this kernel has no AF_ALG (CRYPTO_USER_API, module "
				 "af_alg), or it is forbidden here");
	return error_set(error, r, 0, "AF_ALG socket: %s", lsk_strerror(r));
}

/* What bind(2) said, in words. */
static int bind_failed(struct lsk_error *error, int r, const struct sockaddr_alg *alg)
{
	const char *type = (const char *)alg->salg_type;
	const char *name = (const char *)alg->salg_name;
	enum alg_type known;

	if (type_by_name(type, &known) < 0)
		return error_set(error, -EPROTONOSUPPORT, 0,
				 "AF_ALG has no type \"%s\": hash, skcipher, aead, rng",
				 type);
	if (r == -ENOENT && !type_is_there(type))
		return error_set(
			error, -EPROTONOSUPPORT, 0,
			"this kernel does not offer algorithms of type %s: module "
			"algif_%s is missing, or forbidden in modprobe.d",
			type, type);
	if (r == -ENOENT)
		return error_set(error, r, 0, "this kernel has no %s \"%s\"", type,
				 name);
	if (r == -ELIBBAD)
		return error_set(error, r, 0,
				 "\"%s\" has failed the kernel's self-test", name);
	if (r == -EINVAL && (alg->salg_feat || alg->salg_mask))
		return error_set(error, r, 0,
				 "feature 0x%x or mask 0x%x has a bit that is not "
				 "allowed",
				 alg->salg_feat, alg->salg_mask);
	return error_set(error, r, 0, "%s/%s: %s", type, name, lsk_strerror(r));
}

/* Modes in which the kernel goes on from piece to piece where it has stopped. */
static bool mode_is_chaining(const char *name)
{
	static const char *const modes[] = {"cbc(", "cfb(", "ctr(",
					    "ecb(", "ofb(", "pcbc("};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (strncmp(name, modes[i], strlen(modes[i])) == 0)
			return true;
	return false;
}

/* The kernel answers no question about tags, but refuses those that cannot be. */
static void find_tag_size(struct lsk_alg *alg)
{
	for (size_t size = TAG_SIZE_MAX; size > 0; size--)
		if (lsk_alg_set_tag_size(alg, size) == 0)
			return;
}

static int alg_init(struct lsk_alg *alg, const struct lsk_addr *addr,
		    struct lsk_error *error)
{
	struct sockaddr_alg sa;
	int r;

	memcpy(&sa, &addr->storage, sizeof(sa));
	sa.salg_type[sizeof(sa.salg_type) - 1] = '\0';
	sa.salg_name[sizeof(sa.salg_name) - 1] = '\0';
	r = lsk_socket_new(&alg->sock, AF_ALG, SOCK_SEQPACKET, 0);
	if (r < 0)
		return open_failed(error, r);
	/* Operation sockets are waited for by nobody: they answer at once. */
	lsk_socket_set_timeout(alg->sock, LSK_BLOCK);
	r = lsk_socket_bind(alg->sock, addr);
	if (r < 0)
		return bind_failed(error, r, &sa);
	r = type_by_name((const char *)sa.salg_type, &alg->type);
	if (r < 0)
		return bind_failed(error, r, &sa);
	alg->is_chaining = alg->type == ALG_SKCIPHER &&
			   mode_is_chaining((const char *)sa.salg_name);
	if (alg->type == ALG_AEAD)
		find_tag_size(alg);
	return 0;
}

int lsk_alg_open(struct lsk_alg **ret_alg, const struct lsk_addr *addr,
		 struct lsk_error *ret_error)
{
	struct lsk_alg *alg;
	int r;

	if (!ret_alg || !addr || addr->len != sizeof(struct sockaddr_alg))
		return error_set_code(ret_error, -EINVAL, 0, "algorithm");
	if (addr->storage.ss_family != AF_ALG)
		return error_set_code(ret_error, LSK_ERR_FAMILY, 0, "algorithm");
	alg = calloc(1, sizeof(*alg));
	if (!alg)
		return error_set_code(ret_error, -ENOMEM, 0, "algorithm");
	r = alg_init(alg, addr, ret_error);
	if (r < 0) {
		lsk_alg_free(alg);
		return r;
	}
	*ret_alg = alg;
	return 0;
}

static void flight_free(struct alg_flight *flight)
{
	const struct lsk_alg *alg = flight->alg;

	if (flight->sock) {
		if (alg->loop && lsk_loop_release(alg->loop, flight->sock) == -EBUSY)
			lsk_loop_close(alg->loop, flight->sock, NULL);
		lsk_socket_free(flight->sock);
	} else if (flight->fd >= 0) {
		close(flight->fd);
	}
	if (flight->parts != flight->parts_small)
		free(flight->parts);
	free(flight->assoc);
	free(flight);
}

int alg_drop_flights(struct lsk_alg *alg)
{
	struct alg_flight *flight;

	if (alg->flying > 0)
		return -EBUSY;
	while ((flight = alg->idle)) {
		alg->idle = flight->next;
		flight_free(flight);
	}
	if (alg->here)
		flight_free(alg->here);
	alg->here = NULL;
	return 0;
}

struct lsk_alg *lsk_alg_free(struct lsk_alg *alg)
{
	if (!alg)
		return NULL;
	assert(alg->flying == 0);
	alg_drop_flights(alg);
	lsk_socket_free(alg->sock);
	free(alg);
	return NULL;
}

void lsk_alg_freep(struct lsk_alg **alg)
{
	lsk_alg_free(*alg);
}

struct lsk_socket *lsk_alg_socket(const struct lsk_alg *alg)
{
	return alg ? alg->sock : NULL;
}

int alg_accept(const struct lsk_alg *alg)
{
	return syscall_result(
		accept4(lsk_socket_fd(alg->sock), NULL, NULL, SOCK_CLOEXEC));
}

/* Set an option of the transform; no hook sees the bytes, which may be a key. */
static int set(struct lsk_alg *alg, int option, const void *data, size_t len)
{
	int r;

	if (!alg || (!data && len > 0 && option != ALG_SET_AEAD_AUTHSIZE))
		return -EINVAL;
	if (len > INT32_MAX)
		return -EINVAL;
	r = alg_drop_flights(alg);
	if (r < 0)
		return r;
	return TRACE(syscall_result(setsockopt(lsk_socket_fd(alg->sock), SOL_ALG,
					       option, data, (socklen_t)len)),
		     .operation = LSK_TRACE_SETSOCKOPT, .sock = alg->sock,
		     .level = SOL_ALG, .number = option, .len = len);
}

/* ENOSYS is a hash without keys; EINVAL a key that does not fit. */
int lsk_alg_set_key(struct lsk_alg *alg, const void *key, size_t len)
{
	int r = set(alg, ALG_SET_KEY, key, len);

	if (r == -EINVAL && alg && (key || len == 0))
		return -EKEYREJECTED;
	return r == -ENOSYS || r == -ENOPROTOOPT ? -EOPNOTSUPP : r;
}

int lsk_alg_set_key_serial(struct lsk_alg *alg, int32_t serial)
{
	int r = set(alg, ALG_SET_KEY_BY_KEY_SERIAL, &serial, sizeof(serial));

	if (r == -EINVAL && alg)
		return -EKEYREJECTED;
	return r == -ENOSYS ? -EOPNOTSUPP : r;
}

int lsk_alg_set_tag_size(struct lsk_alg *alg, size_t size)
{
	int r;

	if (alg && alg->type != ALG_AEAD)
		return -EOPNOTSUPP;
	r = set(alg, ALG_SET_AEAD_AUTHSIZE, NULL, size);
	if (r == 0)
		alg->tag_size = size;
	return r == -EINVAL && alg ? -ERANGE : r;
}

int lsk_alg_set_entropy(struct lsk_alg *alg, const void *entropy, size_t len)
{
	return set(alg, ALG_SET_DRBG_ENTROPY, entropy, len);
}

int lsk_alg_tag_size(const struct lsk_alg *alg)
{
	if (!alg)
		return -EINVAL;
	return alg->type == ALG_AEAD ? (int)alg->tag_size : -EOPNOTSUPP;
}

/* A hash that was sent nothing answers with the digest of nothing. */
int lsk_alg_digest_size(struct lsk_alg *alg)
{
	_cleanup_(closep) int fd = -1;
	char digest[LSK_ALG_DIGEST_MAX * 2];
	ssize_t r;

	if (!alg)
		return -EINVAL;
	if (alg->type != ALG_HASH)
		return -EOPNOTSUPP;
	if (alg->digest_size > 0)
		return (int)alg->digest_size;
	fd = alg_accept(alg);
	if (fd < 0)
		return fd;
	r = syscall_count(recv(fd, digest, sizeof(digest), 0));
	if (r <= 0)
		return r < 0 ? (int)r : -EIO;
	alg->digest_size = (size_t)r;
	return (int)r;
}
