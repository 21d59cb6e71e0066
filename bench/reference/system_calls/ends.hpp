#pragma once

#include "descriptor.hpp"
#include "waiting.hpp"

#include <cstddef>
#include <cstring>
#include <memory>
#include <stdexcept>

#include <poll.h>

/// What one process sends and receives with. `Calls` has `write(file, bytes, size)` and `read(file, bytes, size)`, with
/// the meaning of write(2) and read(2), and their `write_name` and `read_name`.

namespace bench::reference {

/// Where the kernel keeps messages apart: one call for each.
template <class Calls, class Message, class Waiting>
class message_end {
public:
    explicit message_end(const side& mine) noexcept : out_(mine.to_write()), in_(mine.to_read()) {}

    void send(const Message& given) {
        const auto sent = Waiting::complete(out_, POLLOUT, Calls::write_name,
                                            [&] { return Calls::write(out_, &given, sizeof given); });
        check(sent);
    }

    [[nodiscard]] Message receive() {
        Message taken;
        const auto received =
            Waiting::complete(in_, POLLIN, Calls::read_name, [&] { return Calls::read(in_, &taken, sizeof taken); });
        check(received);
        return taken;
    }

private:
    static void check(::ssize_t size) {
        if (static_cast<std::size_t>(size) != sizeof(Message)) [[unlikely]] {
            throw std::runtime_error("a message of another size");
        }
    }

    int out_;
    int in_;
};

/// Writes all of it, in as many calls as it takes.
template <class Calls, class Waiting>
void write_all(int file, const std::byte* bytes, std::size_t size) {
    while (size > 0) {
        const auto written =
            Waiting::complete(file, POLLOUT, Calls::write_name, [&] { return Calls::write(file, bytes, size); });
        bytes += written;
        size -= static_cast<std::size_t>(written);
    }
}

/// Reads at least `least` bytes and at most `most`; how many.
template <class Calls, class Waiting>
std::size_t read_some(int file, std::byte* bytes, std::size_t least, std::size_t most) {
    std::size_t have = 0;
    while (have < least) {
        const auto more = Waiting::complete(file, POLLIN, Calls::read_name,
                                            [&] { return Calls::read(file, bytes + have, most - have); });
        if (more == 0) [[unlikely]] {
            throw std::runtime_error("the other side is gone");
        }
        have += static_cast<std::size_t>(more);
    }
    return have;
}

/// Where the kernel carries bytes: one call to write a message, and a read takes as many of them as have come. What is
/// as large as the buffer for that is read to where it belongs.
template <class Calls, class Message, class Waiting>
class stream_end {
    static constexpr std::size_t chunk = std::size_t{64} * 1024;
    static constexpr bool straight = sizeof(Message) * 2 > chunk;

public:
    explicit stream_end(const side& mine)
        : out_(mine.to_write()), in_(mine.to_read()), buffer_(straight ? nullptr : new std::byte[chunk]) {}

    void send(const Message& given) {
        write_all<Calls, Waiting>(out_, reinterpret_cast<const std::byte*>(&given), sizeof given);
    }

    [[nodiscard]] Message receive() {
        Message taken;
        if constexpr (straight) {
            read_some<Calls, Waiting>(in_, reinterpret_cast<std::byte*>(&taken), sizeof taken, sizeof taken);
        } else {
            if (end_ - begin_ < sizeof taken) {
                refill();
            }
            std::memcpy(&taken, buffer_.get() + begin_, sizeof taken);
            begin_ += sizeof taken;
        }
        return taken;
    }

private:
    void refill() {
        const std::size_t left = end_ - begin_;
        std::memmove(buffer_.get(), buffer_.get() + begin_, left);
        begin_ = 0;
        end_ = left + read_some<Calls, Waiting>(in_, buffer_.get() + left, sizeof(Message) - left, chunk - left);
    }

    int out_;
    int in_;
    std::unique_ptr<std::byte[]> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

/// Where the kernel keeps packets apart that are smaller than the message: it cuts a write into packets by itself, and
/// gives one of them to each read.
template <class Calls, class Message, class Waiting>
class packet_end {
public:
    explicit packet_end(const side& mine) noexcept : out_(mine.to_write()), in_(mine.to_read()) {}

    void send(const Message& given) {
        write_all<Calls, Waiting>(out_, reinterpret_cast<const std::byte*>(&given), sizeof given);
    }

    [[nodiscard]] Message receive() {
        Message taken;
        read_some<Calls, Waiting>(in_, reinterpret_cast<std::byte*>(&taken), sizeof taken, sizeof taken);
        return taken;
    }

private:
    int out_;
    int in_;
};

}  // namespace bench::reference
