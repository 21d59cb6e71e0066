#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <sys/socket.h>

#include <parley/message/frame.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/layout_version.hpp>
#include <parley/transport/datagram/correspondents.hpp>
#include <parley/transport/datagram/envelope.hpp>

/// What a receiver says to those who send to it, through the socket into which they send.

namespace parley::transport::datagram {

template <class C>
class replies {
public:
    explicit replies(int socket) noexcept : socket_(socket) {}

    /// How many messages the user has received. False if the kernel has no room for it now.
    [[nodiscard]] bool credit(const correspondent& whom) const noexcept {
        const auto frame = control(message::frame_kind::credit, C::fingerprint, whom.number, whom.received);
        return tell(whom.from, &frame, envelope_size);
    }

    void goodbye(const correspondent& whom) const noexcept {
        const auto frame = control(message::frame_kind::goodbye, C::fingerprint, whom.number, whom.expected);
        tell(whom.from, &frame, envelope_size);
    }

    /// That this sender's messages are not taken: with 0, because they are of another composition, and which one is
    /// wanted; with 1, because there are too many senders. However short the text must be, the layout version is told.
    void refuse(const origin& from, const message::frame_header& header, std::uint32_t why,
                std::string_view text) const noexcept {
        if (header.kind != message::frame_kind::content && header.kind != message::frame_kind::request) {
            return;
        }
        std::array<std::byte, envelope_size + 1024> bytes;
        const auto length = std::min(text.size(), bytes.size() - envelope_size);
        auto frame = control(message::frame_kind::refusal, C::fingerprint, header.sender, why);
        frame.header.length = static_cast<std::uint32_t>(length);
        tell_version(frame.header, os::layout_version);
        std::memcpy(bytes.data(), &frame, envelope_size);
        std::copy_n(reinterpret_cast<const std::byte*>(text.data()), length,  // NOLINT: bytes are bytes
                    bytes.data() + envelope_size);
        tell(from, bytes.data(), envelope_size + length);
    }

private:
    bool tell(const origin& to, const void* bytes, std::size_t size) const noexcept {
        const auto result = os::uninterrupted(
            [&] { return ::sendto(socket_, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, to.get(), to.size); });
        return result >= 0 || (errno != EAGAIN && errno != ENOBUFS && errno != ENOMEM);  // else it has gone
    }

    int socket_;
};

}  // namespace parley::transport::datagram
