#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <parley/buffering/concept.hpp>
#include <parley/message/frame.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/layout_version.hpp>
#include <parley/transport/socket/companion.hpp>
#include <parley/transport/socket/content.hpp>
#include <parley/transport/socket/incoming.hpp>
#include <parley/transport/socket/kind.hpp>
#include <parley/transport/socket/outgoing.hpp>
#include <parley/transport/socket/presence.hpp>
#include <parley/transport/socket/rendezvous.hpp>

/// One connection, framed: what both sides say on it, and what they know of each other.
///
/// The side that connects sends hello and then messages; the other receives them, and answers. In a pair made by
/// socketpair(2) each side does both, over one connection.
///
/// - bounded<N>: the sending side may have N messages on the way. It knows that from the types, so it starts with N
///   credits; the receiving side gives one back for each message that its user has received.
/// - zero: the sending side makes a `request`, which a receiver that waits answers with `grant` (rendezvous.hpp).
/// - goodbye comes before an end in good order. An end without it is a death.

namespace parley::transport::socket {

template <class C, class Kind>
class connection {
    using frame_header = message::frame_header;
    using frame_kind = message::frame_kind;
    using buffering_word = typename C::template word<buffering_axis>;

public:
    using message_type = typename C::message;
    using kind = Kind;

    static constexpr bool framed = true;
    static constexpr bool rendezvous = buffering_word::rendezvous;
    static constexpr bool unlimited = buffering_word::capacity == buffering::without_limit;
    static constexpr bool counted = !rendezvous && buffering_word::capacity < buffering::as_the_kernel_says;
    static constexpr std::size_t window = counted ? buffering_word::capacity : 0;
    static constexpr std::size_t largest_frame = message::frame_header_size + content_rules<message_type>::largest;
    /// Whether a message can be read to where its receiver wants it.
    static constexpr bool straight = !rendezvous && incoming<Kind::packets, content_rules<message_type>>::straight;

    connection(os::descriptor&& socket, role own)
        : socket_(std::move(socket)),
          role_(own),
          incoming_(own == role::both && counted ? window : 1),
          outgoing_(socket_.get(), Kind::packets, own == role::receives ? keeping::later : keeping::thread) {
        prepare<Kind>(socket_.get());
    }

    [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }
    [[nodiscard]] presence state() const noexcept { return state_; }
    [[nodiscard]] outgoing& way_out() noexcept { return outgoing_; }

    /// Reads once. Whether anything came that matters, an end included. `place`: where the next message may be put
    /// straight; see `is_placed`.
    bool read(std::byte* place = nullptr) {
        if (is_over(state_)) {
            return false;
        }
        const bool comes_along = accompanied<C> && role_ == role::receives && !introduced_;
        const auto brought = incoming_.read(
            socket_.get(),
            [this](const frame_header& header, std::span<const std::byte> payload) { return handle(header, payload); },
            comes_along ? nullptr : place, comes_along ? &passed_ : nullptr);
        if (comes_along &&
            passed_.size() > 1) {  // or a stranger could fill this process's table, and never introduce itself
            passed_.clear();
            end(presence::garbage);
            return true;
        }
        switch (brought) {
            case reading::garbage:
                end(presence::garbage);
                return true;
            case reading::ended:
                // Who never said a word never was there; of a receiver, words are not expected.
                end(left_ || (!came_ && role_ != role::sends) ? presence::left : presence::died);
                return true;
            case reading::something:
                if (left_ && (role_ != role::receives || !introduced_)) {
                    end(presence::left);
                }
                return true;
            default:
                return false;
        }
    }

    /// For a side that has found that the other takes nothing any more: reads all that has come, so that `state` says
    /// how the other side went. Messages stay to be taken. What there is to read ends: from now on the kernel lets
    /// nobody add to it.
    void read_to_the_end() {
        ::shutdown(socket_.get(), SHUT_RD);
        for (bool more = true; more && !is_over(state_); more = read()) {
            if (!incoming_.has_room()) {
                incoming_.enlarge();
            }
        }
        end(presence::died);  // unless something better is known by now
    }

    // What both sides say.

    /// The first frame of a side that sends: of which channel it is, and for direct addressing its name. Its number is
    /// the layout version, for the text of whoever finds that it is another.
    void introduce(std::string_view name) {
        std::array<std::byte, sizeof(std::uint64_t)> fingerprint;
        const std::uint64_t own = C::fingerprint;
        std::memcpy(fingerprint.data(), &own, sizeof own);
        if constexpr (accompanied<C>) {
            if (companion_ != nullptr) {
                with_frame({.kind = frame_kind::hello, .sequence = os::layout_version}, fingerprint,
                           std::as_bytes(std::span{name}), [this](std::span<::iovec> parts, std::size_t size) {
                               send_along(socket_.get(), companion_->descriptor(), parts, size);
                           });
                companion_->passed_on();
                return;
            }
        }
        say(frame_kind::hello, os::layout_version, 0, fingerprint, std::as_bytes(std::span{name}));
    }

    /// What goes with this connection (transport/socket/companion.hpp): of the side that calls, from before it
    /// introduces itself; of the other side, from then on.
    [[nodiscard]] const companion_of<C>& companion() const noexcept { return companion_; }
    void bring(companion_of<C> along) noexcept { companion_ = std::move(along); }

    /// The last frame; nothing is sent after it. `ends_both`: nothing is received any more either, but what has come.
    void say_goodbye(bool ends_both = false) noexcept {
        try {
            if (!is_over(state_) && !outgoing_.is_broken()) {
                say(frame_kind::goodbye, 0, 0);
                if (role_ != role::receives) {
                    outgoing_.finish();  // what was sent may have left no room for it
                }
            }
        } catch (...) {  // then it looks like a death
        }
        ::shutdown(socket_.get(), ends_both ? SHUT_RDWR : SHUT_WR);
    }

    // The side that receives.

    [[nodiscard]] bool is_introduced() const noexcept { return introduced_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] bool has_message() const noexcept { return incoming_.messages() != 0; }
    [[nodiscard]] bool has_room() const noexcept { return incoming_.has_room(); }

    /// The first message; none if its bytes are none. Its credit is owed to the other side until `pay`.
    [[nodiscard]] std::optional<message_type> take(decoder<message_type>& decode) {
        const dropping at_the_end{*this};
        return decode(incoming_.front());
    }
    /// Whether the first message lies where the last read was told to put it. Then it is taken by `take_placed`, or
    /// else fetched from there by `bring_home`.
    [[nodiscard]] bool is_placed() const noexcept { return incoming_.is_placed(); }
    void take_placed() noexcept { const dropping at_the_end{*this}; }
    void bring_home(const std::byte* place) noexcept { incoming_.bring_home(place); }
    /// Of a pair, what goes the same way may have to wait first, for longer than this side receives.
    void pay() {
        if constexpr (counted) {
            const auto if_full = role_ == role::both && outgoing_.is_behind() ? keeping::thread : keeping::refuse;
            if (owed_ != 0 && !is_over(state_) && !outgoing_.is_broken() &&
                say(frame_kind::credit, owed_, 0, {}, {}, if_full) != sending_outcome::full) {
                owed_ = 0;
            }
        }
    }
    [[nodiscard]] bool owes() const noexcept { return owed_ != 0; }

    [[nodiscard]] bool has_request() const noexcept { return granting_.has_request(); }
    [[nodiscard]] bool has_grant() const noexcept { return granting_.has_grant(); }

    /// Answers the request: its message, or a withdrawal, comes now.
    void grant() { answer(frame_kind::grant, granting_.grant(), 0); }

    /// Says that a receiver waits, unless the other side has not read what was said last.
    void say_waiting() {
        if (introduced_ && !is_over(state_)) {
            if (const auto number = granting_.wait()) {
                answer(frame_kind::waiting, number, 0);
            }
        }
    }
    void say_resting() {
        if (const auto number = granting_.rest()) {
            answer(frame_kind::resting, number, 0);
        }
    }

    // The side that sends.

    [[nodiscard]] bool has_credit() const noexcept { return !counted || used_ < window; }

    /// Sends a message, for which there is a credit if they are counted.
    [[nodiscard]] sending_outcome send(const message_type& content, keeping if_full) {
        const outgoing_content<message_type> bytes{content, staging_};
        frame_header header;
        header.sequence = next_number_;
        header.sender = asking_.heard();
        header.length = static_cast<std::uint32_t>(bytes.size());
        if constexpr (message::alternatives<message_type>) {
            header.type = static_cast<std::uint16_t>(content.index());
        }
        const auto outcome = Kind::packets && bytes.size() > largest_part ? send_parts(header, bytes, if_full)
                                                                          : send_whole(header, bytes, if_full);
        if (outcome == sending_outcome::sent || outcome == sending_outcome::kept) {
            ++next_number_;
            if constexpr (counted) {
                ++used_;
            }
            asking_.give();
        }
        return outcome;
    }

    /// Whether a receiver waits, as far as it has said.
    [[nodiscard]] bool is_awaited() const noexcept { return asking_.is_awaited(); }
    [[nodiscard]] bool is_granted() const noexcept { return asking_.is_granted(); }
    /// Whether a request can be made: the last withdrawal has been seen.
    [[nodiscard]] bool may_ask() const noexcept { return asking_.may_ask(); }

    void ask() { say(frame_kind::request, asking_.ask(), asking_.heard()); }
    /// Takes the request back. A grant on its way is answered with that.
    void withdraw() {
        if (const auto number = asking_.withdraw()) {
            say(frame_kind::withdraw, number, asking_.heard());
        }
    }
    /// Says that the last word of a receiver that rests was read, so that it may speak again.
    void acknowledge() {
        if (asking_.acknowledge() && !is_over(state_)) {
            say(frame_kind::withdraw, 0, asking_.heard());
        }
    }

    /// What the other side says of its channel, if it is another.
    [[nodiscard]] const std::string& other_description() const noexcept { return other_description_; }

    /// The other side has found this connection dead or wrong.
    void end(presence how) noexcept {
        if (!is_over(state_)) {
            state_ = how;
        }
    }

    /// Tells a side that came in vain why. The frame's type is 1 where that has nothing to do with what it is; its
    /// number says then whether it is for want of descriptors, which programs that do not know of it take for too many.
    void refuse(presence why) {
        const auto text = C::introduction;
        say(frame_kind::refusal, why == presence::exhausted ? 1 : 0, 0,
            std::as_bytes(std::span{text.substr(0, largest_control)}), {}, keeping::refuse,
            why == presence::another ? 0 : 1);
        ::shutdown(socket_.get(), SHUT_WR);
        end(why);
    }

private:
    /// Taken is taken, also where the message's own codec throws.
    struct dropping {
        connection& from;
        explicit dropping(connection& of) noexcept : from(of) {}
        dropping(const dropping&) = delete;
        dropping& operator=(const dropping&) = delete;
        ~dropping() {
            from.incoming_.drop();
            from.owed_ += counted ? 1 : 0;
        }
    };

    /// A word of the side that receives. The rules keep these from filling the socket, so one that has no room goes to
    /// a peer that does not keep them.
    void answer(frame_kind what, std::uint32_t number, std::uint32_t second) {
        const auto if_full = role_ == role::receives ? keeping::refuse : keeping::thread;
        if (say(what, number, second, {}, {}, if_full) != sending_outcome::sent && role_ == role::receives &&
            !outgoing_.is_broken()) {
            end(presence::garbage);
        }
    }

    /// A frame that steers.
    sending_outcome say(frame_kind what, std::uint32_t number, std::uint32_t second,
                        std::span<const std::byte> first_part = {}, std::span<const std::byte> second_part = {},
                        keeping if_full = keeping::thread, std::uint16_t type = 0) {
        return with_frame(
            {.kind = what, .sender = second, .sequence = number, .type = type}, first_part, second_part,
            [&](std::span<::iovec> parts, std::size_t size) { return outgoing_.send(parts, size, if_full); });
    }

    /// Calls `go` with the pieces of a frame that steers, and their size.
    template <class Go>
    static auto with_frame(frame_header header, std::span<const std::byte> first_part,
                           std::span<const std::byte> second_part, Go go) {
        header.length = static_cast<std::uint32_t>(first_part.size() + second_part.size());
        std::array<::iovec, 3> parts{::iovec{&header, sizeof header},
                                     ::iovec{const_cast<std::byte*>(first_part.data()), first_part.size()},
                                     ::iovec{const_cast<std::byte*>(second_part.data()), second_part.size()}};
        return go(std::span<::iovec>(parts), sizeof header + header.length);
    }

    [[nodiscard]] sending_outcome send_whole(frame_header& header, const outgoing_content<message_type>& bytes,
                                             keeping if_full) {
        const auto content = bytes.slice(0, bytes.size());
        const std::array<::iovec, 3> parts{::iovec{&header, sizeof header}, content[0], content[1]};
        return outgoing_.send(parts, sizeof header + bytes.size(), if_full);
    }

    /// Once the first part has gone, the others have been accepted, too.
    [[nodiscard]] sending_outcome send_parts(frame_header& header, const outgoing_content<message_type>& bytes,
                                             keeping if_full) {
        auto result = sending_outcome::sent;
        header.parts = static_cast<std::uint16_t>((bytes.size() + largest_part - 1) / largest_part);
        for (header.part = 0; header.part < header.parts; ++header.part) {
            const auto from = header.part * largest_part;
            const auto count = std::min(largest_part, bytes.size() - from);
            header.length = static_cast<std::uint32_t>(count);
            const auto content = bytes.slice(from, count);
            const std::array<::iovec, 3> parts{::iovec{&header, sizeof header}, content[0], content[1]};
            const auto outcome = outgoing_.send(parts, sizeof header + count, if_full);
            if (outcome == sending_outcome::full || outcome == sending_outcome::broken) {
                return outcome;
            }
            if (outcome == sending_outcome::kept) {
                result = outcome;
            }
            if_full = outgoing_.once_begun(if_full);
        }
        return result;
    }

    [[nodiscard]] bool handle(const frame_header& header, std::span<const std::byte> payload) {
        came_ = true;
        switch (header.kind) {
            case frame_kind::hello:
            case frame_kind::content:
            case frame_kind::request:
            case frame_kind::withdraw:
                return role_ != role::sends && hear_sender(header, payload);
            case frame_kind::goodbye:
                left_ = true;
                return true;
            default:
                return role_ != role::receives && hear_receiver(header, payload);
        }
    }

    [[nodiscard]] bool hear_sender(const frame_header& header, std::span<const std::byte> payload) {
        if (header.kind == frame_kind::hello || !introduced_) {
            return header.kind == frame_kind::hello && !introduced_ && greet(header, payload);
        }
        if constexpr (rendezvous) {
            granting_.hear_acknowledged(header.sender);
            return hear_request(header);
        } else {
            return header.kind == frame_kind::content && (!counted || incoming_.messages() + owed_ < window);
        }
    }

    [[nodiscard]] bool hear_request(const frame_header& header) {
        switch (header.kind) {
            case frame_kind::request:
                return granting_.hear_request(header.sequence);
            case frame_kind::withdraw:
                if (header.sequence == 0) {
                    return true;  // an acknowledgement
                }
                if (!granting_.hear_withdrawal(header.sequence)) {
                    return false;
                }
                answer(frame_kind::resting, 0, header.sequence);
                return true;
            default:
                return granting_.hear_message();
        }
    }

    [[nodiscard]] bool greet(const frame_header& header, std::span<const std::byte> payload) {
        std::uint64_t fingerprint = 0;
        if (payload.size() < sizeof fingerprint || payload.size() > sizeof fingerprint + 255) {
            return false;
        }
        std::memcpy(&fingerprint, payload.data(), sizeof fingerprint);
        if (fingerprint != C::fingerprint) {
            if (header.sequence != 0) {  // 0 from programs that did not tell it yet
                other_description_ = "layout version " + std::to_string(header.sequence);
            }
            refuse(presence::another);
            return false;
        }
        if constexpr (accompanied<C>) {
            if (role_ == role::receives) {
                const auto met = meet<C>(std::exchange(passed_, {}), companion_);
                if (met == presence::exhausted) {
                    refuse(met);
                }
                if (met != presence::here) {
                    return false;
                }
            }
        }
        const auto name = payload.subspan(sizeof fingerprint);
        name_.assign(reinterpret_cast<const char*>(name.data()), name.size());
        introduced_ = true;
        return true;
    }

    [[nodiscard]] bool hear_receiver(const frame_header& header, std::span<const std::byte> payload) {
        switch (header.kind) {
            case frame_kind::credit: {
                const bool sound = counted && header.sequence != 0 && header.sequence <= used_;
                used_ -= sound ? header.sequence : 0;
                return sound;
            }
            case frame_kind::grant:
                asking_.hear_grant(header.sequence);
                return rendezvous;
            case frame_kind::waiting:
                asking_.hear_waiting(header.sequence);
                return rendezvous;
            case frame_kind::resting:
                asking_.hear_resting(header.sequence, header.sender);
                return rendezvous;
            case frame_kind::refusal:
                other_description_.assign(reinterpret_cast<const char*>(payload.data()), payload.size());
                end(header.type != 1       ? presence::another
                    : header.sequence == 1 ? presence::exhausted
                                           : presence::crowded);
                return false;
            default:
                return false;
        }
    }

    os::descriptor socket_;
    role role_;
    presence state_ = presence::here;
    bool came_ = false;  ///< anything at all
    bool left_ = false;  ///< a goodbye came; what came before counts still
    incoming<Kind::packets, content_rules<message_type>> incoming_;
    outgoing outgoing_;

    companion_of<C> companion_;
    std::vector<os::descriptor> passed_;  ///< that came with the first frame

    // The side that receives.
    bool introduced_ = false;
    std::string name_;
    std::uint32_t owed_ = 0;  ///< credits
    granting granting_;

    // The side that sends.
    aligned_buffer staging_;
    std::uint32_t next_number_ = 0;
    std::uint32_t used_ = 0;  ///< messages on the way
    asking asking_;
    std::string other_description_;
};

}  // namespace parley::transport::socket
