#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/item.hpp"
#include "support/process.hpp"

/// What a suite needs to say one sentence about every composition: a place where processes meet, whatever the
/// addressing and however the transport names things.

namespace parley::conformance {

using namespace std::chrono_literals;
using parley::test::child;
using parley::test::eventually;
using parley::test::shared;
using parley::test::unique_name;

template <class C>
inline constexpr bool sender_waits = C::synchronization::sender_side::waits;
template <class C>
inline constexpr bool receiver_waits = C::synchronization::receiver_side::waits;
template <class C>
using buffering_of = typename C::template word<buffering_axis>;
template <class C>
inline constexpr bool rendezvous = buffering_of<C>::rendezvous;
template <class C>
inline constexpr bool unlimited = buffering_of<C>::capacity == buffering::without_limit;
template <class C>
inline constexpr bool named = C::transport::capabilities.named;
template <class C>
inline constexpr bool pairwise = C::addressing::pairwise;
/// Whether both ends are made at once: where there are no names, or what is in a connection has no other place.
template <class C>
inline constexpr bool only_in_pairs =
    !named<C> || (pairwise<C> && C::payload::stays && C::transport::capabilities.connected &&
                  !C::transport::capabilities.passes_descriptors);
/// Whether there are loans and held messages: the transport is memory, or the message stays in memory.
template <class C>
inline constexpr bool in_place = C::transport::capabilities.in_place || C::payload::stays;

template <class Side>
constexpr bool sleeping_side() {
    if constexpr (Side::waits) {
        return Side::strategy::sleeps;
    } else {
        return false;
    }
}
template <class C>
inline constexpr bool sender_sleeps = sleeping_side<typename C::synchronization::sender_side>();
template <class C>
inline constexpr bool receiver_sleeps = sleeping_side<typename C::synchronization::receiver_side>();

/// How long a wait lasts that must end by its deadline because nothing happens.
inline constexpr auto short_wait = 5ms;

/// How much is sent in advance where there is no bound. Where messages stay in a pool, the pool is the memory whose end
/// is the limit, and has this room: for fewer, since each has a block of its own.
template <class C>
inline constexpr std::uint32_t backlog = C::payload::stays ? 20'000 : 100'000;
template <class C>
[[nodiscard]] constexpr options roomy() {
    constexpr std::uint64_t block = 64;  // of the smallest message
    return {.pool_size = C::payload::stays && unlimited<C> ? 2 * block * backlog<C> : 0};
}

/// An address of this machine that no other test uses: all of 127.0.0.0/8 is this machine, and the process number says
/// which part of it is whose. The ports are below those that the kernel gives out by itself.
[[nodiscard]] inline std::string fresh_address() {
    static unsigned count = 0;
    const auto host = static_cast<unsigned>(::getpid());
    return "127." + std::to_string(host >> 16 & 255) + "." + std::to_string(host >> 8 & 255) + "." +
           std::to_string(host & 255) + ":" + std::to_string(20000 + count++ % 10000);
}

/// A name in the form that the transport wants, for a channel that no other test uses.
template <class C>
[[nodiscard]] std::string fresh_name(const char* what = "conformance") {
    if constexpr (C::transport::capabilities.crosses_machines) {
        return fresh_address();
    } else if constexpr (std::is_same_v<typename C::transport, mapped_file>) {
        return (std::filesystem::temp_directory_path() / unique_name(what)).string();
    } else {
        return unique_name(what);
    }
}

/// A duplicate of a descriptor, for an object that takes one over.
[[nodiscard]] inline int duplicate(int descriptor) { return ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0); }

/// One process's side of a link of `C`, together with what it hangs on.
template <class End, class Holder>
class side {
public:
    side(std::unique_ptr<Holder> holder, End&& end) : holder_(std::move(holder)), end_(std::move(end)) {}
    End* operator->() noexcept { return &end_; }
    End& operator*() noexcept { return end_; }

private:
    std::unique_ptr<Holder> holder_;
    End end_;
};

struct nothing {};

/// Where processes meet: each calls `sender()` or `receiver()` and gets something with the members of both. Made before
/// fork, used in parent and children; whoever made it takes away the channel's name at the end.
template <class C>
class venue {
public:
    venue() = default;
    venue(const venue&) = delete;
    venue& operator=(const venue&) = delete;
    ~venue() {
        std::error_code ignored;
        if constexpr (pairwise<C>) {
            C::remove(sender_name(), ignored);
            C::remove(receiver_name(), ignored);
        } else {
            C::remove(name_, ignored);
        }
    }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::string sender_name() const { return name_of("-s", senders_); }
    [[nodiscard]] std::string receiver_name() const { return name_of("-r", receivers_); }

    [[nodiscard, gnu::noinline]] auto sender() const {
        if constexpr (pairwise<C>) {
            return end_of_link(sender_name(), receiver_name());
        } else if constexpr (C::addressing::owned) {
            return side<parley::sender<C>, nothing>{nullptr,
                                                    parley::sender<C>{open_only, name_, options{.open_within = 60s}}};
        } else {
            return side<parley::sender<C>, nothing>{nullptr, parley::sender<C>{name_, roomy<C>()}};
        }
    }

    [[nodiscard, gnu::noinline]] auto receiver() const {
        if constexpr (pairwise<C>) {
            return end_of_link(receiver_name(), sender_name());
        } else {
            return side<parley::receiver<C>, nothing>{nullptr, parley::receiver<C>{name_, roomy<C>()}};
        }
    }

    /// The bytes of memory that the channel takes up.
    [[nodiscard]] std::size_t memory() const requires(!std::is_same_v<typename C::transport, sysv_shm>) {
        std::string path =
            pairwise<C> ? receiver_name() + "~" + std::filesystem::path(sender_name()).filename().string() : name_;
        if constexpr (std::is_same_v<typename C::transport, shm>) {
            path = "/dev/shm/parley." + path;
        }
        struct ::stat status {};
        return ::stat(path.c_str(), &status) == 0 ? static_cast<std::size_t>(status.st_blocks) * 512 : 0;
    }

private:
    /// Where names are addresses, each side has one of its own.
    [[nodiscard]] std::string name_of(const char* suffix, const std::string& own) const {
        return C::transport::capabilities.crosses_machines ? own : name_ + suffix;
    }

    [[nodiscard]] static auto end_of_link(const std::string& self, const std::string& peer) {
        auto me = std::make_unique<endpoint<C>>(self, roomy<C>());
        auto to_peer = me->link(peer);
        return side<link<C>, endpoint<C>>{std::move(me), std::move(to_peer)};
    }

    std::string name_ = fresh_name<C>();
    std::string senders_ = fresh_name<C>();
    std::string receivers_ = fresh_name<C>();
};

/// The same without names: both ends are there from the beginning, and processes attach by duplicates of them.
template <class C>
    requires only_in_pairs<C>
class venue<C> {
public:
    [[nodiscard, gnu::noinline]] auto sender() const {
        if constexpr (pairwise<C>) {
            return side<link<C>, nothing>{nullptr, link<C>{from_descriptor, duplicate(ends_.first.descriptor()), 0}};
        } else {
            return side<parley::sender<C>, nothing>{
                nullptr, parley::sender<C>{from_descriptor, duplicate(ends_.first.descriptor())}};
        }
    }

    [[nodiscard, gnu::noinline]] auto receiver() const {
        if constexpr (pairwise<C>) {
            return side<link<C>, nothing>{nullptr, link<C>{from_descriptor, duplicate(ends_.second.descriptor()), 1}};
        } else {
            return side<parley::receiver<C>, nothing>{
                nullptr, parley::receiver<C>{from_descriptor, duplicate(ends_.second.descriptor())}};
        }
    }

    [[nodiscard]] std::size_t memory() const {
        struct ::stat status {};
        return ::fstat(ends_.first.descriptor(), &status) == 0 ? static_cast<std::size_t>(status.st_blocks) * 512 : 0;
    }

private:
    decltype(C::pair()) ends_ = C::pair(roomy<C>());
};

template <class End>
using channel_of = typename std::remove_cvref_t<End>::channel_type;

/// Sends in the composition's own way; a side that does not wait tries again.
template <class Out, class Message>
[[gnu::noinline]] void put(Out& out, const Message& message) {
    if constexpr (sender_waits<channel_of<Out>>) {
        out.send(message);
    } else {
        while (!out.send(message)) {
            ::sched_yield();
        }
    }
}

/// Sends a loan if that is possible at once, and says in `code` why not. What is sent of a slot of the link is always
/// possible; a block of a pool has yet to find room in the link.
template <class Out>
[[nodiscard]] bool try_put(Out& out, typename Out::loan_type& loan, std::error_code& code) {
    if constexpr (requires { out.try_send(loan, code); }) {
        return out.try_send(loan, code);
    } else {
        return out.send(std::move(loan), code);
    }
}

/// Sends a loan in the composition's own way; a side that does not wait tries again.
template <class Out>
void put_loan(Out& out, typename Out::loan_type&& loan) {
    if constexpr (requires { out.send(std::move(loan)); }) {
        out.send(std::move(loan));
    } else {
        while (!out.try_send(loan)) {
            ::sched_yield();
        }
    }
}

/// Receives in the composition's own way; a side that does not wait tries again.
template <class In>
[[nodiscard, gnu::noinline]] auto get(In& in) {
    if constexpr (receiver_waits<channel_of<In>>) {
        return in.receive();
    } else {
        for (;;) {
            if (auto message = in.receive()) {
                return std::move(*message);
            }
            ::sched_yield();
        }
    }
}

/// Whether there is nothing to receive. Where the other side has gone, the receiver may have learned that by now.
template <class In>
[[nodiscard]] bool is_drained(In& in) {
    std::error_code code;
    return !in.try_receive(code) && (!code || code == errc::closed);
}

/// Whether a process sleeps in the kernel, waiting on a futex (on which condition variables sleep too) or in poll(2).
[[nodiscard]] inline bool is_asleep(pid_t pid) {
    const auto folder = "/proc/" + std::to_string(pid) + "/";
    std::ifstream stat_file{folder + "stat"};
    const std::string stat{std::istreambuf_iterator<char>{stat_file}, {}};
    const auto name_end = stat.rfind(')');
    if (name_end == std::string::npos || name_end + 2 >= stat.size() || stat[name_end + 2] != 'S') {
        return false;
    }
    std::ifstream wchan_file{folder + "wchan"};
    const std::string wchan{std::istreambuf_iterator<char>{wchan_file}, {}};
    return wchan.empty() || wchan == "0" ||  // not told to us
           wchan.find("futex") != std::string::npos || wchan.find("poll") != std::string::npos;
}

/// A counter on which processes agree how far they are.
class steps {
public:
    void reach(int step) const { at_->store(step); }
    void advance() const { at_->fetch_add(1); }
    [[nodiscard]] int at() const { return at_->load(); }
    [[nodiscard]] bool await(int step) const {
        return eventually([&] { return at_->load() >= step; });
    }

private:
    shared<std::atomic<int>> at_{0};
};

/// The condition that a call throws; `errc{}` if it does not.
template <class Call>
[[nodiscard]] errc thrown_by(Call call) {
    try {
        static_cast<void>(call());
    } catch (const error& caught) {
        return static_cast<errc>(caught.code().value());
    }
    return errc{};
}

/// Sends what there is room for, numbered from 0, at most `most`. How many that were.
template <class Sender>
[[nodiscard]] std::uint32_t send_up_to(std::uint32_t most, Sender& out) {
    std::uint32_t sent = 0;
    while (sent < most && out.try_send(item::make(1, sent))) {
        ++sent;
    }
    return sent;
}

}  // namespace parley::conformance
