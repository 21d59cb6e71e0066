#pragma once

#include <parley/parley.hpp>

#include "message.hpp"
#include "polling.hpp"
#include "stream.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace bench {

/// A name that no other run of this or another benchmark has. Across machines that is an address: the whole of 127/8 is
/// this machine, and the ports below 32768 are those that the kernel gives to nobody by itself. Foreign programs know a
/// queue of System V by its key.
template <class C>
[[nodiscard]] std::string fresh_name() {
    static std::uint64_t runs = 0;
    const auto process = static_cast<std::uint64_t>(::getpid());
    const std::uint64_t run = runs++;
    if constexpr (std::is_same_v<typename C::transport, parley::sysv_mqueue> &&
                  C::template word<parley::framing_axis>::foreign) {
        return std::to_string(0x5000'0000 + process % 65536 * 4096 + run % 4096);
    } else if constexpr (C::transport::capabilities.crosses_machines) {
        return "127." + std::to_string(1 + process / 65536 % 250) + "." + std::to_string(process / 256 % 256) + "." +
               std::to_string(process % 256) + ":" + std::to_string(12'000 + run % 20'000);
    } else {
        return "parley-bench-" + std::to_string(process) + "-" + std::to_string(run);
    }
}

/// A nonblocking channel's end polls, a blocking one's waits by itself.
template <class C, class End>
[[nodiscard]] auto end_of_kind(End end, bool crowded) {
    if constexpr (C::synchronization::sender_side::waits) {
        return end;
    } else {
        return polling<End, typename C::message>(std::move(end), crowded);
    }
}

template <class C>
inline constexpr bool is_small = sizeof(typename C::message) <= sizeof(message) || C::buffering::rendezvous;

/// Receives a message.
template <class C, class In>
    requires is_small<C>
[[nodiscard]] typename C::message receive_from(In& in) { return in.receive(); }

/// A large one goes to where it stays, not through the result of a call. It stands in the outermost block: only from
/// there does g++ before 14 return it without a copy.
template <class C, class In>
    requires(!is_small<C>)
[[nodiscard]] typename C::message receive_from(In& in) {
    typename C::message taken;
    static_cast<void>(in.receive(std::span(&taken, 1)));
    return taken;
}

/// One side of a direct link, with the endpoint that it belongs to.
template <class C>
class direct_end {
    using message = typename C::message;

public:
    direct_end(const std::string& me, const std::string& peer) : me_(me), link_(me_.link(peer)) {}

    // Only one half of these is called: which, the channel's synchronization says.
    void send(const message& given) { static_cast<void>(link_.send(given)); }
    [[nodiscard]] message receive() { return receive_from<C>(link_); }
    void send(std::span<const message> given) { static_cast<void>(link_.send(given)); }
    [[nodiscard]] std::size_t receive(std::span<message> taken) { return link_.receive(taken); }

    [[nodiscard]] bool try_send(const message& given) { return link_.try_send(given); }
    [[nodiscard]] std::optional<message> try_receive() { return link_.try_receive(); }
    [[nodiscard]] std::size_t try_send(std::span<const message> given) { return link_.try_send(given); }
    [[nodiscard]] std::size_t try_receive(std::span<message> taken) { return link_.try_receive(taken); }

private:
    parley::endpoint<C> me_;
    parley::link<C> link_;
};

/// Two processes under names of their own: the setup of a ping-pong, and of a stream one way.
template <class C>
class direct_pair {
public:
    using message_type = typename C::message;
    static constexpr bool loses = !C::transport::capabilities.lossless;

    direct_pair() = default;
    explicit direct_pair(crowd) {}
    direct_pair(const direct_pair&) = delete;
    direct_pair& operator=(const direct_pair&) = delete;
    ~direct_pair() {
        std::error_code ignored;
        C::remove(left_, ignored);
        C::remove(right_, ignored);
    }

    [[nodiscard]] auto left() const { return end_of_kind<C>(direct_end<C>(left_, right_), false); }
    [[nodiscard]] auto right() const { return end_of_kind<C>(direct_end<C>(right_, left_), false); }
    [[nodiscard]] auto producer() const { return left(); }
    [[nodiscard]] auto consumer() const { return right(); }

private:
    std::string left_ = fresh_name<C>();
    std::string right_ = fresh_name<C>();
};

inline constexpr std::chrono::seconds patience_with_a_port{10};  // its receiver makes it

/// Two mailboxes or ports, one each way: the setup of a ping-pong.
template <class C>
class two_ways {
    class end {
        using message = typename C::message;

    public:
        end(const std::string& in, const std::string& out)
            : in_(in), out_(out, {.open_within = patience_with_a_port}) {}

        void send(const message& given) { static_cast<void>(out_.send(given)); }
        [[nodiscard]] message receive() { return receive_from<C>(in_); }
        [[nodiscard]] bool try_send(const message& given) { return out_.try_send(given); }
        [[nodiscard]] std::optional<message> try_receive() { return in_.try_receive(); }
        [[nodiscard]] std::size_t try_receive(std::span<message> taken) { return in_.try_receive(taken); }

    private:
        parley::receiver<C> in_;  // first: a port is its receiver's to create
        parley::sender<C> out_;
    };

public:
    using message_type = typename C::message;

    two_ways() = default;
    two_ways(const two_ways&) = delete;
    two_ways& operator=(const two_ways&) = delete;
    ~two_ways() {
        std::error_code ignored;
        C::remove(there_, ignored);
        C::remove(back_, ignored);
    }

    [[nodiscard]] auto left() const { return end_of_kind<C>(end(back_, there_), false); }
    [[nodiscard]] auto right() const { return end_of_kind<C>(end(there_, back_), false); }

private:
    std::string there_ = fresh_name<C>();
    std::string back_ = fresh_name<C>();
};

/// Senders and receivers of one mailbox: the setup of a stream.
template <class C>
class mailbox_stream {
public:
    explicit mailbox_stream(crowd people) : crowded_(people.crowded()) {}
    mailbox_stream(const mailbox_stream&) = delete;
    mailbox_stream& operator=(const mailbox_stream&) = delete;
    ~mailbox_stream() {
        std::error_code ignored;
        C::remove(name_, ignored);
    }

    [[nodiscard]] auto producer() const { return end_of_kind<C>(parley::sender<C>(name_), crowded_); }
    [[nodiscard]] auto consumer() const { return end_of_kind<C>(parley::receiver<C>(name_), crowded_); }

private:
    std::string name_ = fresh_name<C>();
    bool crowded_;
};

/// A port and its sender: the setup of a stream.
template <class C>
class port_stream {
    class receiving {
    public:
        explicit receiving(const std::string& name) : in_(name) {}
        [[nodiscard]] typename C::message receive() { return receive_from<C>(in_); }

    private:
        parley::receiver<C> in_;
    };

public:
    using message_type = typename C::message;
    static constexpr bool loses = !C::transport::capabilities.lossless;

    explicit port_stream(crowd) {}

    [[nodiscard]] auto producer() const { return parley::sender<C>(name_, {.open_within = patience_with_a_port}); }
    [[nodiscard]] auto consumer() const { return receiving(name_); }

private:
    std::string name_ = fresh_name<C>();
};

/// The two ends of a link without a name: the setup of a ping-pong, and of a stream one way.
template <class C>
class anonymous_pair {
    class end {
    public:
        explicit end(parley::link<C>&& side) : link_(std::move(side)) {}
        void send(const typename C::message& given) { link_.send(given); }
        [[nodiscard]] typename C::message receive() { return receive_from<C>(link_); }

    private:
        parley::link<C> link_;
    };

public:
    using message_type = typename C::message;

    anonymous_pair() = default;
    explicit anonymous_pair(crowd) {}

    // Each in a process of its own, which lets go of the end that is not its own.
    [[nodiscard]] auto left() { return one_of(std::move(sides_->first)); }
    [[nodiscard]] auto right() { return one_of(std::move(sides_->second)); }
    [[nodiscard]] auto producer() { return left(); }
    [[nodiscard]] auto consumer() { return right(); }

private:
    [[nodiscard]] end one_of(parley::link<C>&& mine) {
        end result(std::move(mine));
        sides_.reset();
        return result;
    }

    std::optional<decltype(C::pair())> sides_ = C::pair();
};

/// Bytes of shared memory that a channel of this kind takes, open on both sides, asked of the file system.
template <class C>
[[nodiscard]] measurement memory_of(std::uint64_t) {
    const std::string here = fresh_name<C>();
    const std::string there = fresh_name<C>();
    const auto bytes = [&] {
        std::uint64_t sum = 0;
        for (const auto& file : std::filesystem::directory_iterator("/dev/shm")) {
            const auto name = file.path().filename().string();
            if (name.find(here) != std::string::npos || name.find(there) != std::string::npos) {
                sum += file.file_size();
            }
        }
        return sum;
    };
    std::uint64_t found = 0;
    if constexpr (C::addressing::pairwise) {
        const direct_end<C> left(here, there);
        const direct_end<C> right(there, here);
        found = bytes();
    } else {
        const parley::receiver<C> in(here);
        const parley::sender<C> out(here);
        found = bytes();
    }
    std::error_code ignored;
    C::remove(here, ignored);
    C::remove(there, ignored);
    if (found == 0) {
        throw std::runtime_error("found no file of '" + here + "' in /dev/shm");
    }
    return {static_cast<double>(found), 1e-6};
}

}  // namespace bench
