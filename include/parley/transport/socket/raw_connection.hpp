#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <parley/buffering/concept.hpp>
#include <parley/message/kind.hpp>
#include <parley/message/transit.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/transport/socket/content.hpp>
#include <parley/transport/socket/incoming.hpp>
#include <parley/transport/socket/kind.hpp>
#include <parley/transport/socket/outgoing.hpp>
#include <parley/transport/socket/patience.hpp>
#include <parley/transport/socket/presence.hpp>

/// A connection with a program that need not know parley: the bytes of the messages and nothing else.
///
/// A message of fixed size is its bytes, however they arrive. A `bytes<Max>` is what has arrived, up to `Max`; where
/// the kernel keeps boundaries, one packet. That the other side writes no more does not mean that it does not read, so
/// a side that sends finds the end when it sends.

namespace parley::transport::socket {

template <class C, class Kind>
class raw_connection {
    using buffering_word = typename C::template word<buffering_axis>;

public:
    using message_type = typename C::message;
    using kind = Kind;

    static constexpr bool framed = false;
    static constexpr bool rendezvous = false;
    static constexpr bool unlimited = buffering_word::capacity == buffering::without_limit;
    static constexpr bool counted = false;
    static constexpr std::size_t window = 0;
    static constexpr std::size_t largest_frame = message::size_in_transit<message_type, true>;
    /// Whether a message is read to where its receiver wants it.
    static constexpr bool straight = content_rules<message_type>::straight && largest_frame >= least_straight;

    raw_connection(os::descriptor&& socket, role own)
        : socket_(std::move(socket)), role_(own), outgoing_(socket_.get(), Kind::packets, keeping::thread) {
        prepare<Kind>(socket_.get());
    }

    [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }
    [[nodiscard]] presence state() const noexcept { return state_; }
    [[nodiscard]] outgoing& way_out() noexcept { return outgoing_; }
    void end(presence how) noexcept { state_ = is_over(state_) ? state_ : how; }
    void introduce(std::string_view) const noexcept {}
    void say_goodbye(bool ends_both = false) noexcept { ::shutdown(socket_.get(), ends_both ? SHUT_RDWR : SHUT_WR); }
    void refuse(presence why) noexcept { end(why); }
    [[nodiscard]] const std::string& other_description() const noexcept { return nothing_; }

    /// Reads once. Whether anything came that matters. `place`: where the next message may be put; see `is_placed`.
    bool read(std::byte* place = nullptr) {
        if (role_ == role::sends) {
            return read_and_forget();
        }
        return straight && place != nullptr && !has_message() ? read_to(place) : read_to_keep();
    }

    /// Of a side that sends; see transport/socket/connection.hpp.
    void read_to_the_end() {
        ::shutdown(socket_.get(), SHUT_RD);
        while (read()) {
        }
        end(presence::died);
    }

    // The side that receives.

    [[nodiscard]] bool is_introduced() const noexcept { return true; }
    [[nodiscard]] std::string name() const { return {}; }
    [[nodiscard]] bool has_message() const noexcept {
        return placed_ || (Kind::packets ? has_packet_ : fixed ? end_ - begin_ >= largest_frame : end_ != begin_);
    }
    /// As of a framed connection (transport/socket/connection.hpp).
    [[nodiscard]] bool is_placed() const noexcept { return placed_; }
    void take_placed() noexcept { placed_ = false; }
    void bring_home(const std::byte* place) noexcept {
        keep_in_buffer(place, largest_frame);
        has_packet_ = true;
        placed_ = false;
    }
    [[nodiscard]] bool has_room() const noexcept {
        return role_ == role::sends ? !deaf_ : Kind::packets ? !has_packet_ : capacity - (end_ - begin_) >= chunk;
    }
    [[nodiscard]] std::optional<message_type> take(decoder<message_type>& decode) {
        const auto size = fixed ? largest_frame : std::min(end_ - begin_, largest_frame);
        const std::span<const std::byte> content{data_.get() + begin_, size};
        begin_ += size;
        has_packet_ = false;
        if constexpr (fixed) {
            return decode(content);
        } else {
            return message_type{content};
        }
    }
    void pay() const noexcept {}

    // The side that sends.

    [[nodiscard]] bool has_credit() const noexcept { return true; }

    [[nodiscard]] sending_outcome send(const message_type& content, keeping if_full) {
        const auto bytes = bytes_of(content);
        const ::iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
        return outgoing_.send(std::span{&part, 1}, bytes.size(), if_full);
    }

private:
    static constexpr bool fixed = message::trivial<message_type>;
    static constexpr std::size_t chunk = 65536;
    static constexpr std::size_t capacity = largest_frame + chunk;

    [[nodiscard]] static std::span<const std::byte> bytes_of(const message_type& content) noexcept {
        if constexpr (fixed) {
            return std::as_bytes(std::span{&content, 1});
        } else {
            return {reinterpret_cast<const std::byte*>(content.data()), content.size()};
        }
    }

    /// What a foreign receiver says to a sender of ours.
    [[nodiscard]] bool read_and_forget() {
        std::array<std::byte, 4096> forgotten;
        if (deaf_ || is_over(state_)) {
            return false;
        }
        const auto size =
            os::uninterrupted([&] { return ::recv(socket_.get(), forgotten.data(), forgotten.size(), MSG_DONTWAIT); });
        if (size < 0 && !backlog::lacks_room(errno)) {
            end(presence::left);
        }
        deaf_ = size == 0;
        return size > 0;
    }

    [[nodiscard]] bool read_to_keep() {
        if (is_over(state_) || !has_room()) {
            return false;
        }
        need_buffer();
        std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
        end_ -= std::exchange(begin_, 0);
        const auto size = os::uninterrupted([&] {
            return ::recv(socket_.get(), data_.get() + end_, capacity - end_,
                          MSG_DONTWAIT | (Kind::packets ? MSG_TRUNC : 0));
        });
        if (size < 0 && backlog::lacks_room(errno)) {
            return false;
        }
        if (size < 0 || (size == 0 && !is_empty_packet())) {
            end(presence::left);
            return true;
        }
        return keep(static_cast<std::size_t>(size));
    }

    /// Reads the next message to its place; of a stream, what has come of it before goes there first, and what is not
    /// whole comes back.
    [[nodiscard]] bool read_to(std::byte* place) {
        if (is_over(state_)) {
            return false;
        }
        need_buffer();
        std::size_t have = end_ - begin_;
        std::memcpy(place, data_.get() + begin_, have);
        begin_ = end_ = 0;
        bool came = false;
        for (brief_patience patience; have < largest_frame;) {
            const auto size = os::uninterrupted([&] {
                return ::recv(socket_.get(), place + have, largest_frame - have,
                              MSG_DONTWAIT | (Kind::packets ? MSG_TRUNC : 0));
            });
            if (size > 0) {
                came = true;
                patience.renew(size);
                have += static_cast<std::size_t>(size);
                if (Kind::packets && have != largest_frame) {
                    end(presence::garbage);
                    return true;
                }
            } else if (size == 0 || !backlog::lacks_room(errno)) {
                end(presence::left);
                return true;
            } else if (have == 0 || !patience.lasts()) {
                keep_in_buffer(place, have);
                return came;
            }
        }
        placed_ = true;
        return true;
    }

    void need_buffer() {
        if (!data_) {
            data_ = make_aligned_buffer(capacity);
        }
    }

    void keep_in_buffer(const std::byte* bytes, std::size_t size) noexcept {
        std::memcpy(data_.get(), bytes, size);
        begin_ = 0;
        end_ = size;
    }

    [[nodiscard]] bool keep(std::size_t size) noexcept {
        if constexpr (Kind::packets) {
            if (size > largest_frame || (fixed && size != largest_frame)) {
                end(presence::garbage);
                return true;
            }
            has_packet_ = true;
        }
        end_ += size;
        return true;
    }

    /// A packet of no bytes looks like the end, which stays.
    [[nodiscard]] bool is_empty_packet() const noexcept {
        if constexpr (Kind::packets && !fixed) {
            ::pollfd ended{.fd = socket_.get(), .events = POLLRDHUP, .revents = 0};
            int next = 0;
            return ::poll(&ended, 1, 0) == 0 || (::ioctl(socket_.get(), SIOCINQ, &next) == 0 && next > 0);
        } else {
            return false;
        }
    }

    os::descriptor socket_;
    role role_;
    presence state_ = presence::here;
    outgoing outgoing_;
    aligned_buffer data_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::string nothing_;
    bool has_packet_ = false;
    bool placed_ = false;  ///< the first message lies where the last read was told to put it
    bool deaf_ = false;    ///< the other side of a sender writes no more
};

}  // namespace parley::transport::socket
