#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include <sys/epoll.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/check.hpp"
#include "conformance/item.hpp"
#include "conformance/venue.hpp"

/// One thread that waits for many links at once, whatever carries them, by their `native_handle()`.

namespace parley::conformance {

/// A receiver in an event loop: its handle, and what to do when it is ready. False when nothing is left at the moment.
struct source {
    int handle;
    std::function<bool()> take_one;
    std::function<void(std::uint32_t)> send;  ///< in another process
};

constexpr std::uint32_t messages = 50;

/// The receivers of the test: two of each composition, so that they do not only differ by transport.
class sources {
public:
    template <class C>
    void add(std::uint32_t& received) {
        for (int each = 0; each < 2; ++each) {
            auto place = std::make_shared<venue<C>>();
            auto in = std::make_shared<decltype(place->receiver())>(place->receiver());
            auto next = std::make_shared<std::uint32_t>(0);
            all_.push_back({(**in).native_handle(),
                            [place, in, next, &received] {
                                if (*next == messages) {
                                    return false;  // the sender has left, or will
                                }
                                const auto message = (**in).try_receive();
                                if (!message) {
                                    return false;
                                }
                                PARLEY_REQUIRE(message->sound());
                                PARLEY_REQUIRE(message->number == *next);
                                ++*next;
                                ++received;
                                return true;
                            },
                            [place](std::uint32_t from) {
                                auto out = place->sender();
                                for (std::uint32_t number = 0; number < messages; ++number) {
                                    put(*out, item::make(from, number));
                                }
                            }});
        }
    }

    std::list<source>& all() noexcept { return all_; }

private:
    std::list<source> all_;
};

TEST_CASE("20 receivers of different transports in one epoll loop of one thread") {
    std::uint32_t received = 0;
    sources every;
    every.add<channel<item, shm>>(received);
    every.add<channel<item, shm, port, unbounded>>(received);
    every.add<channel<item, shm, direct>>(received);
    every.add<channel<item, sysv_shm, blocking_on<futex>>>(received);
    every.add<channel<item, mapped_file, zero>>(received);
    every.add<channel<item, anonymous_shm>>(received);
    every.add<channel<item, mqueue>>(received);
    every.add<channel<item, sysv_mqueue, direct>>(received);
    every.add<channel<item, fifo, port>>(received);
    every.add<channel<item, shm, parley::map>>(received);
    every.add<channel<item, fifo, port, parley::map>>(received);
    every.add<channel<item, fifo, direct, bounded<1>>>(received);
    every.add<channel<item, unix_stream, port>>(received);
    every.add<channel<item, unix_stream, direct, zero>>(received);
    every.add<channel<item, unix_seqpacket, direct, bounded<1>>>(received);
    every.add<channel<item, unix_seqpacket, port, unbounded>>(received);
    every.add<channel<item, tcp, port, zero>>(received);
    every.add<channel<item, tcp, direct>>(received);
    PARLEY_REQUIRE(every.all().size() >= 20);

    const os::descriptor loop{::epoll_create1(EPOLL_CLOEXEC)};
    for (auto& each : every.all()) {
        ::epoll_event wanted{};
        wanted.events = EPOLLIN;
        wanted.data.ptr = &each;
        PARLEY_REQUIRE(::epoll_ctl(loop.get(), EPOLL_CTL_ADD, each.handle, &wanted) == 0);
    }
    std::list<child> senders;
    std::uint32_t from = 0;
    for (auto& each : every.all()) {
        senders.emplace_back("sender " + std::to_string(from), [&, number = from] { each.send(number); });
        ++from;
    }
    while (received < messages * every.all().size()) {
        std::array<::epoll_event, 8> ready;
        const int count = ::epoll_wait(loop.get(), ready.data(), static_cast<int>(ready.size()), -1);
        for (int index = 0; index < count; ++index) {
            auto& each = *static_cast<source*>(ready[static_cast<std::size_t>(index)].data.ptr);
            while (each.take_one()) {
            }
        }
    }
    for (auto& each : senders) {
        PARLEY_REQUIRE(each.join_ok());
    }
}

TEST_CASE("an endpoint's handle speaks for all its peers, also for those that come later") {
    using C = channel<item, shm, direct>;
    const auto name = fresh_name<C>();
    endpoint<C> me{name};
    const os::descriptor loop{::epoll_create1(EPOLL_CLOEXEC)};
    ::epoll_event wanted{};
    wanted.events = EPOLLIN;
    PARLEY_REQUIRE(::epoll_ctl(loop.get(), EPOLL_CTL_ADD, me.native_handle(), &wanted) == 0);
    std::list<child> peers;
    for (std::uint32_t peer = 0; peer < 5; ++peer) {
        peers.emplace_back("peer", [&, peer] {
            endpoint<C> self{name + "-" + std::to_string(peer)};
            for (std::uint32_t number = 0; number < messages; ++number) {
                self.send(name, item::make(peer, number));
            }
        });
    }
    std::array<std::uint32_t, 5> next{};
    for (std::uint32_t received = 0; received < 5 * messages;) {
        ::epoll_event ready{};
        static_cast<void>(::epoll_wait(loop.get(), &ready, 1, -1));
        while (const auto letter = me.try_receive()) {
            PARLEY_REQUIRE(letter->second.number == next.at(letter->second.from)++);
            ++received;
        }
    }
    for (auto& each : peers) {
        PARLEY_REQUIRE(each.join_ok());
    }
}

}  // namespace parley::conformance
