/* SPDX-License-Identifier: MIT */
/*
 * ALG: the kernel's cryptography for user space.
 *
 *	alg://hash/sha256     alg://skcipher/cbc(aes)     alg://rng/stdrng
 *
 * The interface is deprecated since Linux 7.2, and OpenSSL is faster on every machine
 * that it was measured on; it stays useful for testing kernels and for keys that never
 * leave the kernel. Source: Documentation/crypto/userspace-if.rst, linux/if_alg.h.
 */
#ifndef LINSOCK_ALG_H
#define LINSOCK_ALG_H

#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>

LSK_BEGIN_DECLS

/**
 * lsk_addr_alg() - an ALG address from its parts
 * @ret_addr: set on success
 * @type: "hash", "skcipher", "aead" or "rng"; at most 13 bytes; copied
 * @name: the algorithm as /proc/crypto names it; at most 63 bytes; copied
 * @feature: feature bits, 0 for none (ignored since Linux 7.2)
 * @mask: mask bits, 0 for none (ignored since Linux 7.2)
 *
 * Return: 0, LSK_ERR_LENGTH, LSK_ERR_SYNTAX (an empty type or name), -EINVAL for NULL.
 */
int lsk_addr_alg(struct lsk_addr *ret_addr, const char *type, const char *name,
		 uint32_t feature, uint32_t mask);

LSK_END_DECLS

#endif
