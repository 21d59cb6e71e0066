#pragma once

#include <parley/parley.hpp>

#include "message.hpp"
#include "polling.hpp"
#include "stream.hpp"

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

/// A name that no other run of this or another benchmark has.
[[nodiscard]] inline std::string fresh_name() {
    static std::uint64_t runs = 0;
    return "parley-bench-" + std::to_string(::getpid()) + "-" + std::to_string(runs++);
}

/// A nonblocking channel's end polls, a blocking one's waits by itself.
template <class C, class End>
[[nodiscard]] auto end_of_kind(End end, bool crowded) {
    if constexpr (C::synchronization::sender_side::waits) {
        return end;
    } else {
        return polling(std::move(end), crowded);
    }
}

/// One side of a direct link, with the endpoint that it belongs to.
template <class C>
class direct_end {
public:
    direct_end(const std::string& me, const std::string& peer) : me_(me), link_(me_.link(peer)) {}

    // Only one half of these is called: which, the channel's synchronization says.
    void send(const message& given) { static_cast<void>(link_.send(given)); }
    [[nodiscard]] message receive() { return link_.receive(); }
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
    std::string left_ = fresh_name();
    std::string right_ = left_ + "-peer";
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
    std::string name_ = fresh_name();
    bool crowded_;
};

/// Bytes of shared memory that a channel of this name and kind takes, asked of the file system.
template <class C>
[[nodiscard]] measurement memory_of_mailbox(std::uint64_t) {
    const std::string name = fresh_name();
    const parley::sender<C> out(name);
    std::uint64_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator("/dev/shm")) {
        if (file.path().filename().string().find(name) != std::string::npos) {
            bytes += file.file_size();
        }
    }
    C::remove(name);
    if (bytes == 0) {
        throw std::runtime_error("found no file of '" + name + "' in /dev/shm");
    }
    return {static_cast<double>(bytes), 1e-6};
}

}  // namespace bench
