/* SPDX-License-Identifier: MIT */
/*
 * Boost.Asio, built twice: over epoll and over io_uring. One thread, locking off, a
 * write tried at once before async_write, handlers recycled by Asio's own allocator.
 */
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio.hpp>
#include <cerrno>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "../lockstep/lockstep.h"

namespace asio = boost::asio;
using boost::system::error_code;
using stream_protocol = asio::generic::stream_protocol;
using stream_socket = stream_protocol::socket;
using seq_acceptor = asio::basic_socket_acceptor<stream_protocol>;

namespace
{

constexpr size_t datagram_size = 2048;

struct connection;

/* Each has its buffer: over io_uring an operation holds it until data comes. */
struct datagram_socket {
	asio::ip::udp::socket socket;
	asio::ip::udp::endpoint source;
	std::array<uint8_t, datagram_size> buffer;

	datagram_socket(asio::io_context &context, int fd)
	    : socket(context, asio::ip::udp::v4(), fd)
	{
		socket.non_blocking(true);
	}
};

struct server {
	/* One thread: this hint turns all locking off. */
	asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
	const bench_plan *plan = nullptr;
	bench_tally *tally = nullptr;
	uint64_t goal = 0;
	int error = 0;
	std::vector<uint8_t> buffer;
	std::vector<std::unique_ptr<connection>> connections;
	std::deque<datagram_socket> datagrams;
	std::deque<asio::ip::tcp::socket> dials;
	std::deque<stream_socket> local_dials;
	int listener = -1;
	std::unique_ptr<asio::local::stream_protocol::acceptor> local_acceptor;
	std::unique_ptr<asio::ip::tcp::acceptor> tcp_acceptor;
	std::deque<asio::steady_timer> timers;

	void advance(uint64_t done)
	{
		tally->done += done;
		if (tally->done >= goal)
			context.stop();
	}

	void fail(const error_code &code)
	{
		if (code == asio::error::operation_aborted ||
		    code == asio::error::eof || code == asio::error::connection_reset)
			return;
		error = -(code.value() ? code.value() : EIO);
		context.stop();
	}
};

struct connection {
	server &owner;
	stream_socket socket;
	/*
	 * Of its own only where the operation holds the buffer until data comes
	 * (io_uring) or a write is not whole; over epoll all share one.
	 */
	std::vector<uint8_t> own;
	connection *out = nullptr; /* of a proxy: where to */

	connection(server &parent, const stream_protocol &protocol, int fd)
	    : owner(parent), socket(parent.context, protocol, fd)
	{
		socket.non_blocking(true);
#ifdef BOOST_ASIO_DISABLE_EPOLL
		own.resize(parent.plan->buffer_size);
#endif
	}

	asio::mutable_buffer buffer()
	{
#ifdef BOOST_ASIO_DISABLE_EPOLL
		return asio::buffer(own);
#else
		return asio::buffer(owner.buffer);
#endif
	}

	void echo_read()
	{
		socket.async_read_some(buffer(), [this](error_code code, size_t got) {
			if (code)
				owner.fail(code);
			else
				echo_write(got);
		});
	}

	void echo_write(size_t len)
	{
		error_code code;
		const auto *data = static_cast<const uint8_t *>(buffer().data());
		const size_t sent = socket.write_some(asio::buffer(data, len), code);

		if (code && code != asio::error::would_block) {
			owner.fail(code);
			return;
		}
		if (sent == len) {
			echo_read();
			owner.advance(len);
			return;
		}
#ifndef BOOST_ASIO_DISABLE_EPOLL
		own.assign(data + sent, data + len);
		const asio::const_buffer rest = asio::buffer(own);
#else
		const asio::const_buffer rest = asio::buffer(data + sent, len - sent);
#endif
		asio::async_write(socket, rest, [this, len](error_code result, size_t) {
			if (result) {
				owner.fail(result);
				return;
			}
			echo_read();
			owner.advance(len);
		});
	}

	void sink_read()
	{
		socket.async_read_some(buffer(), [this](error_code code, size_t got) {
			if (code) {
				owner.fail(code);
				return;
			}
			sink_take(got);
			sink_read();
			owner.advance(0);
		});
	}

	void proxy_read()
	{
		socket.async_read_some(buffer(), [this](error_code code, size_t got) {
			if (!code)
				code = proxy_move(got);
			if (code) {
				owner.fail(code);
				return;
			}
			proxy_read();
			owner.advance(0);
		});
	}

	/* The other side's buffer holds a burst: a short write is an error. */
	error_code proxy_move(size_t got)
	{
		error_code code;
		bool is_full = true;

		while (!code && is_full) {
			out->socket.write_some(asio::buffer(buffer(), got), code);
			if (code)
				return code;
			owner.tally->done += got;
			is_full = got == buffer().size();
			if (is_full)
				got = socket.read_some(buffer(), code);
		}
		return code == asio::error::would_block ? error_code() : code;
	}

	/* A full buffer says that there is more: take it without the loop. */
	void sink_take(size_t got)
	{
		error_code code;

		while (!code) {
			bench_tally_data(owner.tally, buffer().data(), got, got);
			if (got < buffer().size())
				break;
			got = socket.read_some(buffer(), code);
		}
	}
};

void datagrams_read(server &owner, datagram_socket &from)
{
	from.socket.async_receive_from(
		asio::buffer(from.buffer), from.source,
		[&owner, &from](error_code code, size_t got) {
			/* What is queued is taken without the loop. */
			while (!code) {
				bench_tally_data(owner.tally, from.buffer.data(), got,
						 1);
				got = from.socket.receive_from(
					asio::buffer(from.buffer), from.source, 0,
					code);
			}
			if (code != asio::error::would_block) {
				owner.fail(code);
				return;
			}
			datagrams_read(owner, from);
			owner.advance(0);
		});
}

template <typename Acceptor> void accept_next(server &owner, Acceptor &acceptor)
{
	acceptor.async_accept([&owner, &acceptor](error_code code, auto socket) {
		if (code) {
			owner.fail(code);
			return;
		}
		socket.close(code);
		accept_next(owner, acceptor);
		owner.advance(1);
	});
}

const char *asio_version()
{
	static const std::string text = std::to_string(BOOST_VERSION / 100000) + "." +
					std::to_string(BOOST_VERSION / 100 % 1000);

	return text.c_str();
}

int asio_open(const bench_start *start, void **ret_server)
{
	auto owner = std::make_unique<server>();

	/* Its receives tell nothing of control messages. */
	if (start->plan->is_segmented && start->plan->service == BENCH_DATAGRAMS)
		return -EOPNOTSUPP;
	owner->plan = start->plan;
	owner->tally = start->tally;
	owner->buffer.resize(start->plan->buffer_size);
	*ret_server = owner.release();
	return 0;
}

int domain_of(int fd)
{
	int domain = 0;
	socklen_t len = sizeof(domain);

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	return domain;
}

int accept_add(server &owner, int fd)
{
	if (domain_of(fd) == AF_UNIX) {
		owner.local_acceptor =
			std::make_unique<asio::local::stream_protocol::acceptor>(
				owner.context, asio::local::stream_protocol(), fd);
		accept_next(owner, *owner.local_acceptor);
	} else {
		owner.tcp_acceptor = std::make_unique<asio::ip::tcp::acceptor>(
			owner.context, asio::ip::tcp::v4(), fd);
		accept_next(owner, *owner.tcp_acceptor);
	}
	return 0;
}

int asio_add(void *context, int fd)
try {
	auto &owner = *static_cast<server *>(context);

	if (owner.plan->service == BENCH_ACCEPT)
		return accept_add(owner, fd);
	if (owner.plan->service == BENCH_DATAGRAMS ||
	    owner.plan->service == BENCH_DATAGRAMS_SEND) {
		owner.datagrams.emplace_back(owner.context, fd);
		if (owner.plan->service == BENCH_DATAGRAMS)
			datagrams_read(owner, owner.datagrams.back());
		return 0;
	}
	owner.connections.push_back(std::make_unique<connection>(
		owner, stream_protocol(domain_of(fd), 0), fd));
	if (owner.plan->service == BENCH_ECHO)
		owner.connections.back()->echo_read();
	else if (owner.plan->service == BENCH_SINK)
		owner.connections.back()->sink_read();
	else if (owner.plan->service == BENCH_PROXY &&
		 owner.connections.size() % 2 == 0) {
		connection &in = *owner.connections[owner.connections.size() - 2];

		in.out = owner.connections.back().get();
		in.proxy_read();
	}
	return 0;
} catch (const std::exception &) {
	return -EIO;
}

int asio_pump(void *context, uint64_t goal)
try {
	auto &owner = *static_cast<server *>(context);

	owner.goal = goal;
	while (owner.tally->done < goal && !owner.error) {
		owner.context.restart();
		owner.context.run();
	}
	return owner.error;
} catch (const std::exception &) {
	return -EIO;
}

int datagrams_send(server &owner, const char *data, size_t len)
{
	const size_t piece = owner.plan->piece_size;

	for (auto &to : owner.datagrams) {
		for (size_t at = 0; at < len; at += piece) {
			error_code code;

			to.socket.send(
				asio::buffer(data + at, std::min(piece, len - at)), 0,
				code);
			if (code)
				return -code.value();
		}
		owner.tally->done += len / owner.plan->message_size;
	}
	return 0;
}

template <typename Socket, typename Endpoint>
void dial(server &owner, std::deque<Socket> &dials, const Endpoint &endpoint,
	  unsigned count)
{
	dials.clear();
	for (unsigned i = 0; i < count; i++) {
		Socket &socket = dials.emplace_back(owner.context);

		socket.async_connect(endpoint, [&owner, &socket](error_code code) {
			if (code) {
				owner.fail(code);
				return;
			}
			socket.close(code);
			owner.advance(1);
		});
	}
}

int asio_connect(void *context, const sockaddr *address, socklen_t len, unsigned count)
try {
	auto &owner = *static_cast<server *>(context);

	if (address->sa_family == AF_INET) {
		asio::ip::tcp::endpoint endpoint;

		std::memcpy(endpoint.data(), address, len);
		dial(owner, owner.dials, endpoint, count);
	} else {
		dial(owner, owner.local_dials, stream_protocol::endpoint(address, len),
		     count);
	}
	return 0;
} catch (const std::exception &) {
	return -EIO;
}

int asio_broadcast(void *context, const void *data, size_t len)
{
	auto &owner = *static_cast<server *>(context);

	if (owner.plan->service == BENCH_DATAGRAMS_SEND)
		return datagrams_send(owner, static_cast<const char *>(data), len);
	for (auto &peer : owner.connections) {
		error_code code;
		const size_t sent =
			peer->socket.write_some(asio::buffer(data, len), code);

		if (sent != len)
			return code ? -code.value() : -EMSGSIZE;
		owner.tally->done++;
	}
	return 0;
}

int asio_timers(void *context, unsigned count)
{
	auto &owner = *static_cast<server *>(context);

	while (owner.timers.size() < count)
		owner.timers.emplace_back(owner.context);
	for (unsigned i = 0; i < count; i++) {
		owner.timers[i].expires_after(
			std::chrono::milliseconds(bench_timer_delay_ms(i)));
		owner.timers[i].async_wait([](error_code) {});
	}
	for (unsigned i = 0; i < count; i++)
		owner.timers[i].cancel();
	/* The cancelled handlers are still to be called. */
	owner.context.restart();
	owner.context.poll();
	return 0;
}

int asio_arm(void *context)
{
	auto &owner = *static_cast<server *>(context);
	const bench_plan *plan = owner.plan;

	while (owner.timers.size() < plan->connections)
		owner.timers.emplace_back(owner.context);
	for (unsigned i = 0; i < plan->connections; i++) {
		owner.timers[i].expires_after(
			std::chrono::milliseconds(bench_timer_ms(plan, i)));
		owner.timers[i].async_wait([&owner](error_code code) {
			if (!code)
				owner.advance(1);
		});
	}
	return 0;
}

int asio_disarm(void *context)
{
	auto &owner = *static_cast<server *>(context);

	for (auto &timer : owner.timers)
		timer.cancel();
	/* The cancelled handlers are still to be called. */
	owner.context.restart();
	owner.context.poll();
	return 0;
}

void asio_close(void *context)
{
	delete static_cast<server *>(context);
}

bench_adapter adapter_make()
{
	bench_adapter adapter{};

#ifdef BOOST_ASIO_DISABLE_EPOLL
	adapter.name = "asio-uring";
	adapter.summary = "Boost.Asio over io_uring, no locks, write_some first";
#else
	adapter.name = "asio";
	adapter.summary = "Boost.Asio over epoll, no locks, write_some first";
#endif
	adapter.services = BENCH_BIT(BENCH_ECHO) | BENCH_BIT(BENCH_SINK) |
			   BENCH_BIT(BENCH_DATAGRAMS) | BENCH_BIT(BENCH_ACCEPT) |
			   BENCH_BIT(BENCH_FANOUT) | BENCH_BIT(BENCH_TIMERS) |
			   BENCH_BIT(BENCH_PROXY) | BENCH_BIT(BENCH_SOURCE) |
			   BENCH_BIT(BENCH_DATAGRAMS_SEND) | BENCH_BIT(BENCH_CONNECT);
	adapter.version = asio_version;
	adapter.open = asio_open;
	adapter.add = asio_add;
	adapter.pump = asio_pump;
	adapter.broadcast = asio_broadcast;
	adapter.connect = asio_connect;
	adapter.timers = asio_timers;
	adapter.arm = asio_arm;
	adapter.disarm = asio_disarm;
	adapter.close = asio_close;
	return adapter;
}

const bench_adapter adapter = adapter_make();

} // namespace

extern "C" const bench_adapter *const bench_adapters[] = {&adapter, nullptr};
