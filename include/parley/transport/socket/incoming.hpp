#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <sys/uio.h>

#include <parley/message/frame.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/transport/socket/descriptors.hpp>
#include <parley/transport/socket/kind.hpp>
#include <parley/transport/socket/patience.hpp>

/// What has come over a connection: bytes from the kernel on one side, frames on the other.
///
/// Frames come one behind the other. Those that steer are handled when they come, also when messages wait before them,
/// and are gone then; messages are counted and stay until they are taken. What comes from a peer is not trusted: a
/// length is checked against the largest message before anything of that length is waited for, so no peer makes this
/// grow. Only when the other side has gone, and what it has left in the kernel is all that there will ever be, is room
/// made for that.
///
/// A large message of fixed size need not come by way of the buffer. Who knows where it is to stay gives that *place*
/// to a read; if the next frame is a message, it is put there, and here is its header and a hole where its bytes would
/// be.

namespace parley::transport::socket {

/// What reading once from a socket brought.
enum class reading {
    nothing,    ///< there is nothing at the moment
    something,  ///< bytes, perhaps frames
    ended,      ///< nothing will come any more
    garbage,    ///< what no peer that keeps the rules writes
    full,       ///< there is no room: messages have to be taken first
};

/// Memory for a buffer, aligned to a line, with nothing in it.
struct free_aligned {
    void operator()(std::byte* memory) const noexcept { ::operator delete (memory, std::align_val_t{64}); }
};
using aligned_buffer = std::unique_ptr<std::byte[], free_aligned>;

[[nodiscard]] inline aligned_buffer make_aligned_buffer(std::size_t size) {
    return aligned_buffer{static_cast<std::byte*>(::operator new (size, std::align_val_t{64}))};
}

/// Control frames carry a name, or a description: not more than this.
inline constexpr std::size_t largest_control = 8192;
/// Messages of fixed size are read to where they are to stay from so many bytes on: below, that costs more than a copy.
inline constexpr std::size_t least_straight = 16384;

/// `Rules` says how long a message may be: `largest`, and `fits(length)`.
template <bool Packets, class Rules>
class incoming {
    using frame_header = message::frame_header;
    using frame_kind = message::frame_kind;
    static constexpr std::size_t header_size = message::frame_header_size;
    /// Of a buffer with one message in it, the message begins at a line.
    static constexpr std::size_t origin = 64 - header_size;
    static constexpr std::size_t slack = 65536 + header_size;
    /// A read begins only with so much room: of packets, for the largest.
    static constexpr std::size_t least_room = Packets ? slack : slack / 2;
    static_assert(Rules::largest <= std::numeric_limits<std::uint32_t>::max(), "a length is a number of 32 bits");

public:
    /// `messages`: how many have room beside each other. One is enough, except for a side that must see what comes
    /// behind messages that nobody takes.
    explicit incoming(std::size_t messages) noexcept
        : capacity_(origin + messages * (header_size + Rules::largest) + slack) {}

    /// Reads once from the socket. `on_frame(header, payload)` is called for each frame, for a message before it
    /// counts, and says whether it may be. `place`: where a message may be put straight, with room for the largest, or
    /// null. What comes there and turns out to be something else is only noise there. `passed`: where descriptors go
    /// that come along, without a place; or null.
    template <class OnFrame>
    [[nodiscard]] reading read(int socket, OnFrame on_frame, std::byte* place = nullptr,
                               std::vector<os::descriptor>* passed = nullptr) {
        passed_ = passed;
        if (!data_) {
            data_ = make_aligned_buffer(capacity_);
        }
        if constexpr (straight) {
            if (place != nullptr && messages_ == 0 && expected_part_ == 0) {
                if constexpr (Packets) {
                    return read_packet(socket, on_frame, place);
                } else if (end_ - begin_ < header_size || is_straight(frame_header::read(at(begin_)))) {
                    return read_to(place, socket, on_frame);
                }
            }
        }
        if constexpr (Packets) {
            return read_packet(socket, on_frame);
        } else {
            return read_stream(socket, on_frame);
        }
    }

    /// Whether a message can be put where it is to stay.
    static constexpr bool straight = Rules::straight && Rules::largest >= least_straight &&
                                     largest_control < least_straight && (!Packets || Rules::largest <= largest_part);

    /// Whether the first message was put to the place that a read was given.
    [[nodiscard]] bool is_placed() const noexcept { return placed_; }
    /// Fetches it from there, since somebody else is to use the place.
    void bring_home(const std::byte* place) noexcept {
        std::memcpy(at(begin_ + header_size), place, Rules::largest);
        placed_ = false;
    }

    /// How many messages wait.
    [[nodiscard]] std::size_t messages() const noexcept { return messages_; }

    /// The first message's bytes.
    [[nodiscard]] std::span<std::byte> front() noexcept {
        return {at(begin_ + header_size), frame_header::read(at(begin_)).length};
    }

    /// Lets the first message go. After `front`.
    void drop() noexcept {
        begin_ += header_size + frame_header::read(at(begin_)).length;
        placed_ = false;
        --messages_;
        forget_the_read();
    }

    /// Whether a read would find room.
    [[nodiscard]] bool has_room() const noexcept {
        return messages_ == 0 || capacity_ - origin - (end_ - begin_) >= least_room;
    }

    /// Twice the room, with what is there in it. Throws `errc::no_space`, and then all is as before.
    void enlarge() {
        try {
            auto larger = make_aligned_buffer(2 * capacity_);
            if (data_) {
                std::memcpy(larger.get(), data_.get(), end_);
            }
            data_ = std::move(larger);
            capacity_ *= 2;
        } catch (const std::bad_alloc&) {
            throw_error(errc::no_space,
                        "keeping what the other side sent before it went: there is no memory left; receive it first");
        }
    }

private:
    [[nodiscard]] std::byte* at(std::size_t where) const noexcept { return data_.get() + where; }

    template <class OnFrame>
    [[nodiscard]] reading read_stream(int socket, OnFrame on_frame) {
        make_room(least_room);
        if (end_ == capacity_) {
            return reading::full;
        }
        const auto size = os::uninterrupted([&] {
            return receive({at(end_), capacity_ - end_}, socket, MSG_DONTWAIT);
        });
        if (size <= 0) {
            return nothing_or_end(size);
        }
        end_ += static_cast<std::size_t>(size);
        return scan(on_frame) ? reading::something : reading::garbage;
    }

    [[nodiscard]] ::ssize_t receive(std::span<std::byte> to, int socket, int flags) const {
        return passed_ != nullptr ? receive_with_descriptor(socket, to, flags, *passed_)
                                  : ::recv(socket, to.data(), to.size(), flags);
    }

    [[nodiscard]] static bool is_straight(const frame_header& header) noexcept {
        return header.sound() && header.kind == frame_kind::content && header.parts == 1 &&
               header.length == Rules::largest;
    }

    /// Reads the next message to its place, and behind it no more than a header. Nothing of it, or a part of it only,
    /// has come before.
    template <class OnFrame>
    [[nodiscard]] reading read_to(std::byte* place, int socket, OnFrame on_frame) {
        constexpr auto whole = header_size + Rules::largest;
        auto have = end_ - begin_;
        move_up(begin_, origin, std::min(have, header_size));
        if (have > header_size) {
            std::memcpy(place, at(begin_ + header_size), have - header_size);
        }
        begin_ = scanned_ = origin;
        bool came = false;
        ::ssize_t size = 0;
        for (brief_patience patience; have < whole;) {
            size = os::uninterrupted([&] { return receive_to(place, socket, have); });
            if (size > 0) {
                came = true;
                patience.renew(size);
                have += static_cast<std::size_t>(size);
                if (have >= header_size && !is_straight(frame_header::read(at(origin)))) {
                    break;
                }
            } else if (have <= header_size || nothing_or_end(size) == reading::ended || !patience.lasts()) {
                break;
            }
        }
        end_ = origin + have;
        if (have >= whole && is_straight(frame_header::read(at(origin)))) {
            if (!on_frame(frame_header::read(at(origin)), std::span<const std::byte>{})) {
                return reading::garbage;
            }
            placed_ = true;
            ++messages_;
            scanned_ = origin + whole;
        } else if (have > header_size) {
            std::memcpy(at(origin + header_size), place, std::min(have, whole) - header_size);
        }
        if (!came) {
            return nothing_or_end(size);
        }
        return scan(on_frame) ? reading::something : reading::garbage;
    }

    /// `have` of the frame is there already.
    [[nodiscard]] ::ssize_t receive_to(std::byte* place, int socket, std::size_t have) const noexcept {
        const auto of_header = std::min(have, header_size);
        const auto of_message = have - of_header;
        std::array<::iovec, 3> parts{::iovec{at(origin + of_header), header_size - of_header},
                                     ::iovec{place + of_message, Rules::largest - of_message},
                                     ::iovec{at(origin + header_size + Rules::largest), header_size}};
        ::msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        return ::recvmsg(socket, &message, MSG_DONTWAIT);
    }

    /// Looks at the frames that have come whole. Messages stay, side by side: a frame that steers, behind messages that
    /// nobody takes, keeps no room. False for garbage.
    template <class OnFrame>
    [[nodiscard]] bool scan(OnFrame on_frame) {
        auto end_of_messages = scanned_;
        while (end_ - scanned_ >= header_size) {
            const auto header = frame_header::read(at(scanned_));
            if (!header.sound() || header.parts != 1 || !fits(header)) {
                return false;
            }
            const auto size = header_size + header.length;
            if (end_ - scanned_ < size) {
                break;
            }
            if (!on_frame(header, std::span<const std::byte>{at(scanned_ + header_size), header.length})) {
                return false;
            }
            if (header.kind == frame_kind::content) {
                move_up(scanned_, end_of_messages, size);
                end_of_messages += size;
                ++messages_;
            } else if (messages_ == 0) {
                begin_ = end_of_messages = scanned_ + size;
            }
            scanned_ += size;
        }
        move_up(scanned_, end_of_messages, end_ - scanned_);
        end_ -= scanned_ - end_of_messages;
        scanned_ = end_of_messages;
        forget_the_read();
        return true;
    }

    void move_up(std::size_t from, std::size_t to, std::size_t size) noexcept {
        if (from != to) {
            std::memmove(at(to), at(from), size);
        }
    }

    /// One packet is one frame, or one part of a message; parts are put together where they come to lie.
    template <class OnFrame>
    [[nodiscard]] reading read_packet(int socket, OnFrame on_frame, std::byte* straight_to = nullptr) {
        make_room(least_room);
        const auto place = expected_part_ == 0 ? end_ + header_size : end_;
        if (capacity_ - end_ < least_room) {
            return reading::full;
        }
        std::array<std::byte, header_size> aside;
        const auto size = receive_packet(socket, place, aside, straight_to);
        if (size <= 0) {
            return nothing_or_end(size);
        }
        const auto header = frame_header::read(expected_part_ == 0 ? at(end_) : aside.data());
        if (straight_to != nullptr && static_cast<std::size_t>(size) > header_size) {
            if (static_cast<std::size_t>(size) == header_size + Rules::largest && is_straight(header)) {
                placed_ = add_part(header, on_frame);
                return placed_ ? reading::something : reading::garbage;
            }
            std::memcpy(at(place), straight_to, std::min(static_cast<std::size_t>(size) - header_size, Rules::largest));
        }
        if (static_cast<std::size_t>(size) > header_size + largest_part ||
            static_cast<std::size_t>(size) < header_size || !header.sound() ||
            header.length != static_cast<std::size_t>(size) - header_size) {
            return reading::garbage;
        }
        if (header.kind != frame_kind::content) {
            return header.parts == 1 && fits(header) &&
                           on_frame(header, std::span<const std::byte>{at(place), header.length})
                       ? reading::something
                       : reading::garbage;
        }
        return add_part(header, on_frame) ? reading::something : reading::garbage;
    }

    /// Its size, also where it is larger than the room for it. A first part lies behind its header as it came, the
    /// others begin at `place`, and their headers come to `aside`. What goes straight has its header at the end.
    [[nodiscard]] ::ssize_t receive_packet(int socket, std::size_t place, std::array<std::byte, header_size>& aside,
                                           std::byte* straight_to) {
        const auto once = [&] {
            constexpr int flags = MSG_DONTWAIT | MSG_TRUNC;
            if (expected_part_ == 0 && straight_to == nullptr) {
                return receive({at(end_), header_size + largest_part}, socket, flags);
            }
            std::array<::iovec, 2> parts{::iovec{aside.data(), aside.size()}, ::iovec{at(place), largest_part}};
            if (straight_to != nullptr) {
                parts = {::iovec{at(end_), header_size}, ::iovec{straight_to, Rules::largest}};
            }
            ::msghdr message{};
            message.msg_iov = parts.data();
            message.msg_iovlen = parts.size();
            return ::recvmsg(socket, &message, flags);
        };
        const auto size = os::uninterrupted(once);
        // The other side may have closed without reading our last credits. Of packets the kernel tells that first, and
        // once; what came before is still there.
        return size < 0 && errno == ECONNRESET ? os::uninterrupted(once) : size;
    }

    template <class OnFrame>
    [[nodiscard]] bool add_part(const frame_header& header, OnFrame on_frame) {
        if (header.part != expected_part_ || (header.part != 0 && header.parts != open_.parts)) {
            return false;
        }
        if (header.part == 0) {
            open_ = header;
            open_.length = 0;
            scanned_ = end_;
            end_ += header_size;
        }
        if (Rules::largest - open_.length < header.length) {
            return false;
        }
        open_.length += header.length;
        end_ += header.length;
        expected_part_ = static_cast<std::uint16_t>(header.part + 1);
        if (expected_part_ < header.parts) {
            return true;
        }
        expected_part_ = 0;
        if (!Rules::fits(open_.length) || !on_frame(open_, std::span<const std::byte>{})) {
            return false;
        }
        open_.write(at(scanned_));
        scanned_ = end_;
        ++messages_;
        return true;
    }

    [[nodiscard]] static bool fits(const frame_header& header) noexcept {
        return header.kind == frame_kind::content ? Rules::fits(header.length) : header.length <= largest_control;
    }

    [[nodiscard]] static reading nothing_or_end(::ssize_t size) noexcept {
        return size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOMEM || errno == ENOBUFS)
                   ? reading::nothing
                   : reading::ended;
    }

    /// Moves what is there to the front if less than that is free behind it.
    void make_room(std::size_t wanted) noexcept {
        if (capacity_ - end_ < wanted && begin_ > origin) {
            std::memmove(at(origin), at(begin_), end_ - begin_);
            scanned_ -= begin_ - origin;
            end_ -= begin_ - origin;
            begin_ = origin;
        }
    }

    /// With no message left, everything that was looked at can go.
    void forget_the_read() noexcept {
        if (messages_ != 0 || expected_part_ != 0) {
            return;
        }
        begin_ = scanned_;
        if (begin_ == end_) {
            begin_ = scanned_ = end_ = origin;
        }
    }

    std::size_t capacity_;
    aligned_buffer data_;
    std::size_t begin_ = origin;    ///< of the first frame that is not done with
    std::size_t scanned_ = origin;  ///< everything before was looked at; of packets, the message being put together
    std::size_t end_ = origin;      ///< of what has come
    std::size_t messages_ = 0;
    frame_header open_;
    std::uint16_t expected_part_ = 0;
    bool placed_ = false;
    std::vector<os::descriptor>* passed_ = nullptr;  ///< of the read that goes on
};

}  // namespace parley::transport::socket
