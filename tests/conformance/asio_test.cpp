#include <cstdint>
#include <list>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <parley/parley.hpp>

#include "conformance/check.hpp"
#include "conformance/item.hpp"
#include "conformance/venue.hpp"

/// Receivers in coroutines: Boost.Asio waits on their `native_handle()`.

namespace parley::conformance {

namespace asio = boost::asio;

constexpr std::uint32_t messages = 100;

/// The next message; the thread does something else until it is there.
template <class Receiver>
asio::awaitable<item> next_message(Receiver& in, asio::posix::stream_descriptor& handle) {
    for (;;) {
        if (auto message = in.try_receive()) {
            co_return *message;
        }
        co_await handle.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    }
}

template <class C>
asio::awaitable<void> receive_all(venue<C>& place, std::uint32_t& finished) {
    auto in = place.receiver();
    child sender{"sender", [&] {
                     auto out = place.sender();
                     for (std::uint32_t number = 0; number < messages; ++number) {
                         out->send(item::make(1, number));
                     }
                 }};
    // Asio closes what it is given; the handle is the receiver's.
    asio::posix::stream_descriptor handle{co_await asio::this_coro::executor, duplicate(in->native_handle())};
    for (std::uint32_t number = 0; number < messages; ++number) {
        const item message = co_await next_message(*in, handle);
        PARLEY_REQUIRE(message.number == number);
    }
    PARLEY_REQUIRE(sender.join_ok());
    ++finished;
}

TEST_CASE("coroutines of Boost.Asio receive from several transports in one thread") {
    asio::io_context loop{1};
    venue<channel<item, shm>> memory;
    venue<channel<item, mqueue>> queue;
    venue<channel<item, pipe, port>> pipe_line;
    venue<channel<item, anonymous_shm, direct>> link;
    venue<channel<item, unix_stream, port>> stream;
    venue<channel<item, unix_seqpacket, direct>> packets;
    venue<channel<item, tcp, direct, zero>> network;
    std::uint32_t finished = 0;
    const auto start = [&](asio::awaitable<void> work) {
        asio::co_spawn(loop, std::move(work), [](std::exception_ptr failure) {
            if (failure) {
                std::rethrow_exception(failure);
            }
        });
    };
    start(receive_all(memory, finished));
    start(receive_all(queue, finished));
    start(receive_all(pipe_line, finished));
    start(receive_all(link, finished));
    start(receive_all(stream, finished));
    start(receive_all(packets, finished));
    start(receive_all(network, finished));
    loop.run();
    PARLEY_REQUIRE(finished == 7);
}

}  // namespace parley::conformance
