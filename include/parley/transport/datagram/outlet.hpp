#pragma once

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <parley/message/kind.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/os/poll.hpp>
#include <parley/os/random.hpp>
#include <parley/transport/datagram/allowance.hpp>
#include <parley/transport/datagram/envelope.hpp>
#include <parley/transport/datagram/fate.hpp>
#include <parley/transport/datagram/patience.hpp>
#include <parley/transport/datagram/spill_into.hpp>
#include <parley/transport/datagram/traits.hpp>
#include <parley/transport/death_notice.hpp>
#include <parley/transport/socket/patience.hpp>
#include <parley/transport/spill.hpp>

/// The sending side: one socket, connected to one receiver's.
///
/// With `bounded<N>` the sender counts the messages that it has sent, and the receiver says how many of these its user
/// has received, in `credit` frames that come to this socket; at most N lie between. What the receiver says is the
/// whole count, so a credit that is lost is made good by the next; a sender that gets none asks (allowance.hpp).

namespace parley::transport::datagram {

/// Sends to one receiver. `Family::way` is the connected socket.
template <class C, class Family>
class outlet {
    using message_type = typename C::message;
    using sender_side = typename C::template word<synchronization_axis>::sender_side;
    using way = typename Family::way;
    using parcel_type = parcel_for<C>;

public:
    static constexpr bool rendezvous = false;

    /// To the receiver at `to`; datagrams end with `name`, which is empty but on a link. `notice`: of a port.
    outlet(typename Family::address to, std::string_view name, death_notice* notice = nullptr)
        : to_(std::move(to)), name_(name), notice_(notice) {}

    /// Of a pair: connected from the beginning.
    outlet(way&& to, std::string_view name, death_notice* notice = nullptr)
        : name_(name), notice_(notice), way_(std::move(to)), pair_(true), met_(C::addressing::pairwise) {
        to_.text = "the other end of a pair";
        number_ = os::random_number<std::uint32_t>();
        if constexpr (!C::addressing::pairwise) {
            greet();
        }
    }

    outlet(const outlet&) = delete;
    outlet& operator=(const outlet&) = delete;

    /// Stays until the kernel has taken what an unbounded sender has accepted, unless nobody is there to receive it.
    ~outlet() {
        if (spill_ != nullptr) {
            spill_->linger();
        }
    }

    /// Finds the receiver. False if there is none.
    [[nodiscard]] bool connect() {
        spill_.reset();
        way_ = way::open(to_, {C::fingerprint, C::introduction}, window<C>, parcel_type::largest, !bare<C>);
        number_ = os::random_number<std::uint32_t>();
        allowance_ = {};
        fate_ = fate::alive;
        return way_.has_value();
    }

    [[nodiscard]] bool connected() const noexcept { return way_.has_value(); }
    [[nodiscard]] fate state() const noexcept { return fate_; }
    [[nodiscard]] int descriptor() const noexcept { return way_ ? way_->descriptor() : -1; }
    [[nodiscard]] const typename Family::address& address() const noexcept { return to_; }

    /// Sends if there is room. Throws `errc::closed` if the receiver is gone.
    [[nodiscard]] bool try_push(const message_type& content) {
        if (fate_ != fate::alive) [[unlikely]] {
            throw_gone();
        }
        if constexpr (window<C> != 0) {
            if (allowance_.used_up() && !hear()) {
                nothing_went();
                return false;
            }
        }
        const bool sent = transmit(content);
        if (!sent) {
            if (window<C> != 0 || !waiting_) {  // else it has just been done
                static_cast<void>(hear());
            }
            nothing_went();
        } else if constexpr (window<C> == 0 && !bare<C>) {
            if (allowance_.sent() % polls_per_look == 0) {
                static_cast<void>(hear());
            }
        }
        return sent;
    }

    /// Waits until there may be room for a message, or something happened that `try_push` will tell.
    [[nodiscard]] bool wait(patience<sender_side>& patience) {
        waiting_ = true;
        const short events = allowance_.used_up() ? POLLIN : POLLIN | POLLOUT;
        const bool more = patience.wait(descriptor(), bare<C> ? POLLOUT : events, allowance_.until_question(),
                                        [&] { static_cast<void>(look()); });
        if constexpr (window<C> == 0) {
            static_cast<void>(hear());  // a good-bye is lost with the first send that is refused
        }
        if (fate_ != fate::alive) {
            throw_gone();
        }
        return more;
    }

    /// For a sender that lacks something else than room, which only the receiver could give: throws if that has gone.
    /// `waited`: for that it has just waited.
    void check_peer(bool waited) {
        if (look() != fate::left && fate_ == fate::alive && way_ && way_->may_ask() &&
            !announce(message::frame_kind::request)) {
            note_failure(errno, waited || !spills<C>);
        }
        if (fate_ != fate::alive) {
            throw_gone(waited || !spills<C>);
        }
    }

    /// At the end of a call that may have waited: what the next one finds refused, nobody has looked into.
    void stop_waiting() noexcept { waiting_ = false; }

    /// Whether the receiver is still there, as far as that can be known; `unknown` where nothing speaks against it, and
    /// nothing for it.
    [[nodiscard]] fate look() noexcept {
        if (fate_ != fate::alive || !way_) {
            return fate_;
        }
        listen();
        if (fate_ != fate::alive || (bare<C> && !Family::lossless)) {  // there a look would be a message
            return fate_;
        }
        const auto found = way_->look();
        settle(found);
        return found;
    }

    /// Says good-bye to the receiver, if that is possible at once. What was accepted goes before. To the other end of a
    /// pair nothing else tells an end from a death, so for a while it may take for room to come.
    void take_leave() noexcept {
        if (spill_ != nullptr) {
            spill_->linger();
        }
        if (bare<C> || !way_ || fate_ != fate::alive) {
            return;
        }
        const auto give_up = os::deadline::after(longest_leave);
        while (!announce(message::frame_kind::goodbye) && pair_ && is_full(errno) && !give_up.passed()) {
            static_cast<void>(
                os::poll_for(way_->descriptor(), POLLOUT, give_up.left(os::clock::duration(os::look_around_interval))));
        }
    }

    /// Of a pair: lets the other end know that somebody uses this one.
    void greet() noexcept { announce(message::frame_kind::hello); }

    /// Of a pair: whether anybody holds the other end.
    [[nodiscard]] bool is_held() noexcept {
        return !way_->may_ask() || announce(message::frame_kind::waiting) ||
               (errno != ECONNREFUSED && errno != ENOTCONN);
    }

    /// Throws what the receiver's fate means. `waits`: whether the call waits, unless it is an attempt; nobody waits
    /// for a place in a buffer without an end.
    [[noreturn, gnu::cold, gnu::noinline]] void throw_gone(bool waits = !spills<C>) {
        const bool closes = fate_ == fate::died && notice_ != nullptr && !notice_->is_due(waits);
        throw_end(closes ? fate::left : fate_, to_.where(), description_there_, C::introduction);
    }

private:
    static constexpr unsigned polls_per_look = 256;
    static constexpr auto longest_leave = std::chrono::seconds(1);

    [[nodiscard]] bool transmit(const message_type& content) {
        if constexpr (spills<C>) {
            transmit_or_keep(content);
            return true;
        }
        ::ssize_t result = 0;
        if constexpr (bare<C> && travels_as_it_lies<C>) {
            result = os::uninterrupted([&] {
                return ::send(way_->descriptor(), std::addressof(content), sizeof content, MSG_DONTWAIT | MSG_NOSIGNAL);
            });
        } else if constexpr (travels_as_it_lies<C>) {
            auto frame = head(sizeof(message_type));
            std::array<::iovec, 3> parts{
                ::iovec{&frame, envelope_size},
                ::iovec{const_cast<message_type*>(std::addressof(content)), sizeof(message_type)},  // NOLINT: only read
                ::iovec{name_.data(), name_.size()}};
            ::msghdr datagram{};
            datagram.msg_iov = parts.data();
            datagram.msg_iovlen = parts.size();
            result = os::uninterrupted(
                [&] { return ::sendmsg(way_->descriptor(), &datagram, MSG_DONTWAIT | MSG_NOSIGNAL); });
        } else {
            const auto size = pack(content);
            result = os::uninterrupted(
                [&] { return ::send(way_->descriptor(), parcel_.begin(), size, MSG_DONTWAIT | MSG_NOSIGNAL); });
        }
        if (result < 0) [[unlikely]] {
            return note_failure(errno);
        }
        allowance_.count_one();
        return true;
    }

    /// Makes the datagram in the parcel. Returns its size.
    [[nodiscard]] std::size_t pack(const message_type& content) {
        std::size_t size = parcel_.write(content);
        if constexpr (!bare<C>) {
            const auto frame = head(size);
            std::memcpy(parcel_.begin(), &frame, envelope_size);
            std::memcpy(parcel_.body() + size, name_.data(), name_.size());
            size += envelope_size + name_.size();
        }
        return size;
    }

    /// Unbounded: what the kernel does not take now is kept, and goes out as it can.
    void transmit_or_keep(const message_type& content) {
        const auto size = pack(content);
        if (spill_ == nullptr) {
            spill_ = std::make_unique<transport::spill>(spill_into(way_->descriptor(), [this] {
                const auto found = way_->look();
                return fate_ == fate::alive && found != fate::left && found != fate::died;
            }));
        }
        try {
            spill_->send({parcel_.begin(), size});
        } catch (const std::bad_alloc&) {
            throw_error(errc::no_space, "sending to " + to_.where() + ": the messages that are not received yet have " +
                                            "used up the sender's memory; let the receiver catch up");
        } catch (const error&) {
            throw;
        } catch (const std::system_error& failure) {  // the kernel's word
            note_failure(failure.code().value());
        }
        allowance_.count_one();
    }

    [[nodiscard]] envelope head(std::size_t size) const noexcept {
        return {{.length = static_cast<std::uint32_t>(size), .sender = number_, .sequence = allowance_.sent()},
                C::fingerprint};
    }

    /// A send was refused: false if there is no room, else this throws.
    [[gnu::cold, gnu::noinline]] bool note_failure(int error_number, bool waits = !spills<C>) {
        if (is_full(error_number)) {
            return false;
        }
        switch (error_number) {
            case EMSGSIZE:
                throw_error(errc::message_too_large,
                            "sending to " + to_.where() + ": a datagram of " + std::to_string(parcel_type::largest) +
                                " bytes is more than the kernel takes (" + std::string(Family::limit_of_size) +
                                "); raise it, or send a smaller message");
            case EPIPE:  // it takes no more
                settle(fate::left);
                throw_gone(waits);
            case ECONNREFUSED:
            case ECONNRESET:
            case ENOTCONN:
            case ENOENT:
                if constexpr (bare<C> && !Family::lossless) {  // another program may come to that address at any time
                    throw_error(errc::closed, "sending to " + to_.where() + ": nobody is there at the moment");
                }
                listen();  // perhaps it has said good-bye
                settle(way_->look());
                settle(met_ ? fate::died : fate::left);
                throw_gone(waits);
            default:
                os::throw_system(error_number, "sending to " + to_.where());
        }
    }

    /// Reads what the receiver has answered.
    void listen() {
        if constexpr (!bare<C>) {
            bool heard = false;
            while (fate_ == fate::alive && hear_one()) {
                heard = true;
            }
            if (heard) {
                allowance_.answered();
            }
        }
    }

    /// The same. Whether there is room in the window now.
    bool hear() {
        if constexpr (bare<C>) {
            return true;
        } else {
            listen();
            if (fate_ != fate::alive) {
                throw_gone();
            }
            return !allowance_.used_up();
        }
    }

    [[nodiscard]] bool hear_one() {
        std::array<std::byte, envelope_size + 1024> answer;
        const auto size =
            os::uninterrupted([&] { return ::recv(way_->descriptor(), answer.data(), answer.size(), MSG_DONTWAIT); });
        if (size < 0) {
            if (errno == ECONNREFUSED || errno == ECONNRESET) {
                settle(fate::died);
            }
            return false;
        }
        note(std::span(answer).first(static_cast<std::size_t>(size)));
        return true;
    }

    /// Takes note of an answer of the receiver's, envelope and all.
    void note(std::span<const std::byte> answer) {
        envelope frame;
        if (answer.size() < envelope_size) {
            return;
        }
        std::memcpy(&frame, answer.data(), envelope_size);
        const auto& header = frame.header;
        if (!header.sound() || (header.sender != number_ && header.sender != 0)) {  // 0: whoever you are
            return;
        }
        if (header.kind == message::frame_kind::refusal) {
            fate_ = header.sequence == 0 ? fate::stranger : fate::crowded;
            description_there_ = description_in(header, answer.subspan(envelope_size));
        } else if (frame.fingerprint != C::fingerprint) {
            return;
        } else if (header.kind == message::frame_kind::hello) {
            met_ = true;
        } else if (header.kind == message::frame_kind::goodbye) {
            settle(fate::left);
        } else if (header.kind == message::frame_kind::credit) {
            allowance_.grant(header.sequence);
        }
    }

    /// What a refusal says of who refuses. Its text may have been cut off before it has told anything: over networks an
    /// answer is no longer than what it answers.
    [[nodiscard]] static std::string description_in(const message::frame_header& refusal,
                                                    std::span<const std::byte> text) {
        auto result = printable(text);
        const auto version = "layout version " + std::to_string(told_version(refusal));
        if (told_version(refusal) != 0 && !result.starts_with(version + ",")) {
            result = version + " (the rest of what it says had no room)";
        }
        return result;
    }

    [[nodiscard]] static std::string printable(std::span<const std::byte> text) {
        std::string result;
        for (const auto each : text) {
            const auto letter = static_cast<char>(each);
            result += letter < ' ' || letter > '~' ? '?' : letter;
        }
        return result;
    }

    /// Sends a frame that has nothing but this sender's name behind it. False if there is no room, or nobody.
    bool announce(message::frame_kind kind) noexcept {
        if constexpr (!bare<C>) {
            const auto frame = control(kind, C::fingerprint, number_, allowance_.sent());
            std::array<std::byte, envelope_size + longest_name> bytes;
            std::memcpy(bytes.data(), &frame, envelope_size);
            std::memcpy(bytes.data() + envelope_size, name_.data(), name_.size());
            return ::send(way_->descriptor(), bytes.data(), envelope_size + name_.size(),
                          MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
        }
        return false;
    }

    void settle(fate found) noexcept {
        if (fate_ == fate::alive && found != fate::unknown) {
            fate_ = found;
        }
    }

    /// There was no room. Asks, now and then, whether a credit was lost and whether the receiver lives.
    void nothing_went() {
        if constexpr (!bare<C>) {
            if (fate_ != fate::alive) {
                throw_gone();
            }
            if (window<C> != 0 && allowance_.time_to_ask() && way_->may_ask() &&
                !announce(message::frame_kind::request)) {
                note_failure(errno);
            }
            if (++vain_ % polls_per_look == 0 && time_to_look_.has_come()) {
                static_cast<void>(look());
            }
            if (fate_ != fate::alive) {
                throw_gone();
            }
        }
    }

    typename Family::address to_;
    std::string name_;
    death_notice* notice_;
    std::optional<way> way_;
    std::unique_ptr<transport::spill> spill_;  ///< after the socket that it sends into: it goes first
    parcel_type parcel_;
    std::uint32_t number_ = 0;  ///< tells this socket from others, also from one that had its address before
    allowance<window<C>, Family::lossless> allowance_;
    fate fate_ = fate::alive;
    bool pair_ = false;
    bool met_ = true;  ///< of a pair that goes one way: somebody has used the other end
    bool waiting_ = false;
    socket::occasion time_to_look_;
    unsigned vain_ = 0;
    std::string description_there_;
};

}  // namespace parley::transport::datagram
