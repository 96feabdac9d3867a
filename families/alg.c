/* SPDX-License-Identifier: MIT */
/* AF_ALG: "type/name" and "type/name/feature/mask"; see linux/if_alg.h. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if_alg.h>

#include <linsock/alg.h>
#include <linsock/control.h>
#include <linsock/message.h>

#include "families/alg.h"
#include "families/fields.h"
#include "families/probe.h"
#include "families/table.h"
#include "src/error.h"
#include "src/text.h"

static const struct field_kind feature_kind = {"feature bits", UINT32_MAX, NULL};
static const struct field_kind mask_kind = {"mask bits", UINT32_MAX, NULL};

int lsk_addr_alg(struct lsk_addr *ret_addr, const char *type, const char *name,
		 uint32_t feature, uint32_t mask)
{
	struct sockaddr_alg alg = {
		.salg_family = AF_ALG,
		.salg_feat = feature,
		.salg_mask = mask,
	};
	size_t type_len, name_len;

	if (!type || !name)
		return -EINVAL;
	type_len = strlen(type);
	name_len = strlen(name);
	if (type_len == 0 || name_len == 0)
		return LSK_ERR_SYNTAX;
	/* The kernel ends both with a NUL of its own in the last byte. */
	if (type_len >= sizeof(alg.salg_type) || name_len >= sizeof(alg.salg_name))
		return LSK_ERR_LENGTH;
	memcpy(alg.salg_type, type, type_len);
	memcpy(alg.salg_name, name, name_len);
	return lsk_addr_set(ret_addr, &alg, sizeof(alg));
}

/* Copy one field of at most @max bytes out of the text. */
static int take_name(struct fields *fields, const char *what, char *buf, size_t max)
{
	size_t start = fields->offset;
	const char *field;
	size_t len = fields_take(fields, "/", &field);

	if (len == 0)
		return error_set(fields->error, LSK_ERR_SYNTAX, start, "expected %s",
				 what);
	if (len > max)
		return error_set(fields->error, LSK_ERR_LENGTH, start,
				 "%s has at most %zu bytes", what, max);
	memcpy(buf, field, len);
	buf[len] = '\0';
	return 0;
}

static int alg_parse(const char *text, struct lsk_addr *ret_addr,
		     struct lsk_error *ret_error)
{
	struct fields fields = {.text = text, .error = ret_error};
	char type[14], name[64];
	uint32_t feature = 0, mask = 0;
	int r;

	r = take_name(&fields, "the algorithm's type", type, sizeof(type) - 1);
	if (r == 0)
		r = fields_expect(&fields, '/', "the algorithm's name");
	if (r == 0)
		r = take_name(&fields, "the algorithm's name", name, sizeof(name) - 1);
	if (r == 0 && fields_skip(&fields, '/')) {
		r = fields_number(&fields, "/", &feature_kind, &feature);
		if (r == 0)
			r = fields_expect(&fields, '/', "mask bits");
		if (r == 0)
			r = fields_number(&fields, "", &mask_kind, &mask);
	}
	if (r < 0)
		return r;
	return lsk_addr_alg(ret_addr, type, name, feature, mask);
}

/* Whether parse() would read the bytes up to a NUL as they stand. */
static bool is_plain(const unsigned char *name, size_t size)
{
	size_t len = strnlen((const char *)name, size);

	if (len == 0 || len == size)
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] >= 0x7f || strchr("/?", name[i]))
			return false;
	return true;
}

static int alg_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	struct text_writer writer = {.buf = buf, .size = size};
	struct sockaddr_alg alg;

	if (addr->len != sizeof(alg))
		return -EINVAL;
	memcpy(&alg, &addr->storage, sizeof(alg));
	if (!is_plain(alg.salg_type, sizeof(alg.salg_type)) ||
	    !is_plain(alg.salg_name, sizeof(alg.salg_name)))
		return -EINVAL;
	text_put_format(&writer, "%s/%s", (const char *)alg.salg_type,
			(const char *)alg.salg_name);
	if (alg.salg_feat || alg.salg_mask)
		text_put_format(&writer, "/0x%x/0x%x", alg.salg_feat, alg.salg_mask);
	return text_end(&writer);
}

int alg_control_fill(struct alg_control *control, const struct lsk_afalg *what)
{
	struct lsk_control out = {.data = control->bytes,
				  .size = sizeof(control->bytes)};
	const uint32_t op = (uint32_t)what->op;
	const uint32_t assoc_len = (uint32_t)what->assoc_len;
	struct {
		uint32_t len;
		char bytes[LSK_ALG_IV_MAX];
	} iv;
	int r;

	if (what->op < 0 || what->iv_len > sizeof(iv.bytes) ||
	    (!what->iv && what->iv_len > 0) || what->assoc_len > INT32_MAX)
		return -EINVAL;
	r = lsk_control_add(&out, SOL_ALG, ALG_SET_OP, &op, sizeof(op));
	if (r == 0 && what->iv) {
		iv.len = (uint32_t)what->iv_len;
		memcpy(iv.bytes, what->iv, what->iv_len);
		r = lsk_control_add(&out, SOL_ALG, ALG_SET_IV, &iv,
				    sizeof(iv.len) + what->iv_len);
	}
	if (r == 0 && what->assoc_len >= 0)
		r = lsk_control_add(&out, SOL_ALG, ALG_SET_AEAD_ASSOCLEN, &assoc_len,
				    sizeof(assoc_len));
	control->len = out.len;
	return r;
}

ssize_t lsk_sendmsg_afalg(struct lsk_socket *sock, const struct iovec *buffers,
			  size_t count, const struct lsk_afalg *what)
{
	struct alg_control control;
	struct lsk_message message = {
		.buffers = buffers,
		.buffers_count = count,
		.control = {.data = control.bytes, .size = sizeof(control.bytes)},
	};
	int r;

	if (!sock || !what || (!buffers && count > 0))
		return -EINVAL;
	if (lsk_socket_domain(sock) != AF_ALG)
		return LSK_ERR_FAMILY;
	r = alg_control_fill(&control, what);
	if (r < 0)
		return r;
	message.control.len = control.len;
	return lsk_socket_sendmsg(sock, &message, what->flags);
}

static const struct family_type alg_types[] = {
	{"seqpacket", SOCK_SEQPACKET, 0},
	{NULL, 0, 0},
};

const struct lsk_family lsk_family_alg = {
	.domain = AF_ALG,
	.name = "alg",
	.summary = "the kernel's cryptography",
	.parse = alg_parse,
	.format = alg_format,
	.types = alg_types,
	.probe = &alg_probe,
	/* A multishot accept would never end: every accept gives one more. */
	.send = FAMILY_SEND_RING,
	.ring = 0,
	.accepts_at_once = true,
};
