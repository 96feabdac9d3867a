/* SPDX-License-Identifier: MIT */
/*
 * Files and sockets: a whole file through a socket, a socket as a stdio stream, and
 * lines read with a bound. The rules of <linsock/socket.h> about errors, threads,
 * waiting and signals hold here too.
 */
#ifndef LINSOCK_FILE_H
#define LINSOCK_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <linsock/base.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/** LSK_FILE_POSITION - an offset: where the file's own position is, which moves on */
#define LSK_FILE_POSITION INT64_C(-1)

/** LSK_FILE_REST - a count: everything up to the end of the file */
#define LSK_FILE_REST INT64_C(-1)

/**
 * struct lsk_file_range - a part of a file
 * @fd: the file, a pipe, a device, another socket; borrowed
 * @offset: first byte, or LSK_FILE_POSITION, the only one for what cannot seek
 * @count: bytes, or LSK_FILE_REST
 */
struct lsk_file_range {
	int fd;
	int64_t offset;
	int64_t count;
};

/**
 * lsk_socket_sendfile() - send a part of a file
 * @sock: a stream socket that may wait
 * @range: what
 * @ret_sent: bytes sent, written on success and on failure; may be NULL
 *
 * By sendfile(2), from pipes by splice(2), and by reading and sending where the kernel
 * does neither. One deadline covers all of it. Reading from @range->fd takes as long as
 * it takes: only pipes are waited for within the deadline.
 *
 * Return: 0, also where the file ended early; -EINVAL for a socket that is no stream or
 * whose timeout is 0, and for a bad range; -ETIME, -EPIPE, or another negated errno.
 */
int lsk_socket_sendfile(struct lsk_socket *sock, const struct lsk_file_range *range,
			uint64_t *ret_sent);

/**
 * lsk_socket_makefile() - a stdio stream over the socket
 * @sock: the socket; the stream takes a reference
 * @mode: "r", "w" or "rw", with an optional "b"
 * @ret_file: set on success; fclose() it
 *
 * The descriptor is closed when lsk_socket_close() was called, or the last reference
 * dropped, and all streams are closed; until then lsk_socket_fd() stays valid.
 *
 * A stream for one direction is buffered by stdio, as setvbuf() says. One for both
 * keeps input in a buffer of its own and sends what every output call writes at once,
 * since one stdio buffer cannot serve two directions.
 *
 * Where a read or write fails, ferror() is true and errno is positive as in stdio:
 * EAGAIN (timeout 0), ETIME (deadline). What was read stays: after clearerr() reading
 * goes on where it stopped. fgets() and getline() drop a line that they had begun: use
 * struct lsk_reader where a timeout is set.
 *
 * Return: 0, -EINVAL for another mode, -ENOMEM.
 */
int lsk_socket_makefile(struct lsk_socket *sock, const char *mode, FILE **ret_file);

/* Reads lines and records from a socket; a buffer of a bounded size. */
struct lsk_reader;

/**
 * lsk_reader_new() - read a socket through a buffer
 * @ret_reader: set on success; free with lsk_reader_free()
 * @sock: the socket; the reader takes a reference
 * @size: bytes of the buffer, which is the longest line; at least 1
 *
 * One thread at a time may use a reader.
 *
 * Return: 0, -ENOMEM, -EINVAL.
 */
int lsk_reader_new(struct lsk_reader **ret_reader, struct lsk_socket *sock,
		   size_t size);

/**
 * lsk_reader_free() - drop the reader and what it has buffered
 * @reader: the reader; NULL is allowed
 *
 * Return: NULL.
 */
struct lsk_reader *lsk_reader_free(struct lsk_reader *reader);

/**
 * lsk_reader_until() - read up to a delimiter
 * @reader: the reader
 * @delimiter: the byte that ends a record, such as '\n'
 * @ret_record: set to the record with its delimiter; borrowed, valid until the next
 * call
 *
 * After an error nothing is lost: the next call goes on with what was read. The last
 * record of a stream may lack its delimiter.
 *
 * Return: bytes of the record; 0 at the end of the stream; LSK_ERR_LENGTH where the
 * buffer is full without a delimiter (lsk_reader_read() takes it out); or as
 * lsk_socket_recv().
 */
ssize_t lsk_reader_until(struct lsk_reader *reader, char delimiter,
			 const char **ret_record);

/**
 * lsk_reader_read() - read bytes
 * @reader: the reader
 * @buf: gets them
 * @len: room
 *
 * What is buffered comes first; only where nothing is does it wait.
 *
 * Return: bytes, 0 at the end of the stream, or as lsk_socket_recv().
 */
ssize_t lsk_reader_read(struct lsk_reader *reader, void *buf, size_t len);

/** lsk_reader_buffered() - bytes that lsk_reader_read() gives without a system call */
size_t lsk_reader_buffered(const struct lsk_reader *reader);

LSK_END_DECLS

#endif
