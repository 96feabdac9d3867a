/* SPDX-License-Identifier: MIT */
/* One number space: names and texts of errno, of the library, of both resolvers. */
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "src/error.h"
#include "uring/util.h"

struct error_text {
	int code;
	const char *name;
	const char *text;
};

static const struct error_text library_errors[] = {
	{LSK_ERR_SCHEME, "LSK_ERR_SCHEME", "Unknown scheme"},
	{LSK_ERR_SYNTAX, "LSK_ERR_SYNTAX", "Text does not have the form of its scheme"},
	{LSK_ERR_HOST, "LSK_ERR_HOST", "Not a numeric host address"},
	{LSK_ERR_PORT, "LSK_ERR_PORT", "Port is missing or not a number up to 65535"},
	{LSK_ERR_RANGE, "LSK_ERR_RANGE", "Number does not fit its field"},
	{LSK_ERR_LENGTH, "LSK_ERR_LENGTH", "Path or name too long"},
	{LSK_ERR_OPTION, "LSK_ERR_OPTION", "Unknown option"},
	{LSK_ERR_VALUE, "LSK_ERR_VALUE", "Option value cannot be read"},
	{LSK_ERR_FAMILY, "LSK_ERR_FAMILY", "Address is of another family"},
	{LSK_ERR_EMPTY, "LSK_ERR_EMPTY", "Name has no address"},
};

#define EAI(name, text)                        \
	{                                      \
		LSK_ERR_EAI(name), #name, text \
	}
static const struct error_text resolver_errors[] = {
	EAI(EAI_BADFLAGS, "Bad value for ai_flags"),
	EAI(EAI_NONAME, "Name or service not known"),
	EAI(EAI_AGAIN, "Temporary failure in name resolution"),
	EAI(EAI_FAIL, "Non-recoverable failure in name resolution"),
	EAI(EAI_NODATA, "No address associated with hostname"),
	EAI(EAI_FAMILY, "Address family of name not supported"),
	EAI(EAI_SOCKTYPE, "Socket type of name not supported"),
	EAI(EAI_SERVICE, "Service not supported for socket type"),
	EAI(EAI_ADDRFAMILY, "Address family for hostname not supported"),
	EAI(EAI_MEMORY, "Resolver is out of memory"),
	EAI(EAI_SYSTEM, "System error in the resolver"),
	EAI(EAI_OVERFLOW, "Name does not fit its buffer"),
	EAI(EAI_INPROGRESS, "Resolver request in progress"),
	EAI(EAI_CANCELED, "Resolver request canceled"),
	EAI(EAI_NOTCANCELED, "Resolver request not canceled"),
	EAI(EAI_ALLDONE, "All resolver requests done"),
	EAI(EAI_INTR, "Resolver interrupted by a signal"),
	EAI(EAI_IDN_ENCODE, "Name is not a valid internationalized domain name"),
};
#undef EAI

#define HERR(name, text)                               \
	{                                              \
		LSK_ERR_HOST_LOOKUP(name), #name, text \
	}
static const struct error_text host_lookup_errors[] = {
	HERR(HOST_NOT_FOUND, "Unknown host"),
	HERR(TRY_AGAIN, "Host name lookup failure"),
	HERR(NO_RECOVERY, "Unknown server error"),
	HERR(NO_DATA, "No address associated with name"),
};
#undef HERR

/* Two names of one number (EAGAIN and EWOULDBLOCK) cannot both stand here. */
#define NAME(name) [name] = #name
static const char *const errno_names[] = {
	NAME(EPERM),
	NAME(ENOENT),
	NAME(ESRCH),
	NAME(EINTR),
	NAME(EIO),
	NAME(ENXIO),
	NAME(E2BIG),
	NAME(ENOEXEC),
	NAME(EBADF),
	NAME(ECHILD),
	NAME(EAGAIN),
	NAME(ENOMEM),
	NAME(EACCES),
	NAME(EFAULT),
	NAME(ENOTBLK),
	NAME(EBUSY),
	NAME(EEXIST),
	NAME(EXDEV),
	NAME(ENODEV),
	NAME(ENOTDIR),
	NAME(EISDIR),
	NAME(EINVAL),
	NAME(ENFILE),
	NAME(EMFILE),
	NAME(ENOTTY),
	NAME(ETXTBSY),
	NAME(EFBIG),
	NAME(ENOSPC),
	NAME(ESPIPE),
	NAME(EROFS),
	NAME(EMLINK),
	NAME(EPIPE),
	NAME(EDOM),
	NAME(ERANGE),
	NAME(EDEADLK),
	NAME(ENAMETOOLONG),
	NAME(ENOLCK),
	NAME(ENOSYS),
	NAME(ENOTEMPTY),
	NAME(ELOOP),
	NAME(ENOMSG),
	NAME(EIDRM),
	NAME(ECHRNG),
	NAME(EL2NSYNC),
	NAME(EL3HLT),
	NAME(EL3RST),
	NAME(ELNRNG),
	NAME(EUNATCH),
	NAME(ENOCSI),
	NAME(EL2HLT),
	NAME(EBADE),
	NAME(EBADR),
	NAME(EXFULL),
	NAME(ENOANO),
	NAME(EBADRQC),
	NAME(EBADSLT),
	NAME(EBFONT),
	NAME(ENOSTR),
	NAME(ENODATA),
	NAME(ETIME),
	NAME(ENOSR),
	NAME(ENONET),
	NAME(ENOPKG),
	NAME(EREMOTE),
	NAME(ENOLINK),
	NAME(EADV),
	NAME(ESRMNT),
	NAME(ECOMM),
	NAME(EPROTO),
	NAME(EMULTIHOP),
	NAME(EDOTDOT),
	NAME(EBADMSG),
	NAME(EOVERFLOW),
	NAME(ENOTUNIQ),
	NAME(EBADFD),
	NAME(EREMCHG),
	NAME(ELIBACC),
	NAME(ELIBBAD),
	NAME(ELIBSCN),
	NAME(ELIBMAX),
	NAME(ELIBEXEC),
	NAME(EILSEQ),
	NAME(ERESTART),
	NAME(ESTRPIPE),
	NAME(EUSERS),
	NAME(ENOTSOCK),
	NAME(EDESTADDRREQ),
	NAME(EMSGSIZE),
	NAME(EPROTOTYPE),
	NAME(ENOPROTOOPT),
	NAME(EPROTONOSUPPORT),
	NAME(ESOCKTNOSUPPORT),
	NAME(EOPNOTSUPP),
	NAME(EPFNOSUPPORT),
	NAME(EAFNOSUPPORT),
	NAME(EADDRINUSE),
	NAME(EADDRNOTAVAIL),
	NAME(ENETDOWN),
	NAME(ENETUNREACH),
	NAME(ENETRESET),
	NAME(ECONNABORTED),
	NAME(ECONNRESET),
	NAME(ENOBUFS),
	NAME(EISCONN),
	NAME(ENOTCONN),
	NAME(ESHUTDOWN),
	NAME(ETOOMANYREFS),
	NAME(ETIMEDOUT),
	NAME(ECONNREFUSED),
	NAME(EHOSTDOWN),
	NAME(EHOSTUNREACH),
	NAME(EALREADY),
	NAME(EINPROGRESS),
	NAME(ESTALE),
	NAME(EUCLEAN),
	NAME(ENOTNAM),
	NAME(ENAVAIL),
	NAME(EISNAM),
	NAME(EREMOTEIO),
	NAME(EDQUOT),
	NAME(ENOMEDIUM),
	NAME(EMEDIUMTYPE),
	NAME(ECANCELED),
	NAME(ENOKEY),
	NAME(EKEYEXPIRED),
	NAME(EKEYREVOKED),
	NAME(EKEYREJECTED),
	NAME(EOWNERDEAD),
	NAME(ENOTRECOVERABLE),
	NAME(ERFKILL),
	NAME(EHWPOISON),
};
#undef NAME

static const struct error_text *find_in(const struct error_text *table, size_t count,
					int code)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].code == code)
			return &table[i];
	return NULL;
}

static const struct error_text *find(int code)
{
	const struct error_text *row;

	row = find_in(library_errors, ARRAY_SIZE(library_errors), code);
	if (!row)
		row = find_in(resolver_errors, ARRAY_SIZE(resolver_errors), code);
	if (!row)
		row = find_in(host_lookup_errors, ARRAY_SIZE(host_lookup_errors), code);
	return row;
}

static const char *errno_name(int error)
{
	/* The smallest int has no negation. */
	if (error >= 0 || error <= -(int)ARRAY_SIZE(errno_names))
		return NULL;
	return errno_names[-error];
}

static const char *errno_text(int error)
{
#if HAVE_STRERRORDESC_NP
	const char *text = errno_name(error) ? strerrordesc_np(-error) : NULL;

	return text ? text : errno_name(error);
#else
	/* Every other way to a text wants a buffer or is not thread-safe. */
	return errno_name(error);
#endif
}

int error_set(struct lsk_error *ret_error, int code, size_t offset, const char *format,
	      ...)
{
	va_list values;

	if (!ret_error)
		return code;
	ret_error->code = code;
	ret_error->offset = (unsigned int)offset;
	va_start(values, format);
	vsnprintf(ret_error->text, sizeof(ret_error->text), format, values);
	va_end(values);
	return code;
}

int error_set_code(struct lsk_error *ret_error, int code, size_t offset,
		   const char *what)
{
	return error_set(ret_error, code, offset, "%s%s%s", what ? what : "",
			 what ? ": " : "", lsk_strerror(code));
}

const char *lsk_strerror(int error)
{
	const struct error_text *row = find(error);
	const char *text = row ? row->text : NULL;

	/* The library's own deadline, which the C library words as a STREAMS matter. */
	if (error == -ETIME)
		text = "Timed out";
	if (error == 0)
		text = "Success";
	if (!text)
		text = errno_text(error);
	return text ? text : "Unknown error";
}

const char *lsk_error_name(int error)
{
	const struct error_text *row = find(error);

	return row ? row->name : errno_name(error);
}
