#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <parley/message/frame.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/transport/datagram/correspondents.hpp>
#include <parley/transport/datagram/envelope.hpp>
#include <parley/transport/datagram/fate.hpp>
#include <parley/transport/datagram/replies.hpp>
#include <parley/transport/datagram/traits.hpp>

/// The receiving side: one socket at a name, into which any number of senders send.
///
/// Whatever comes is checked, and what is no datagram of this composition is dropped and counted: others that share the
/// socket go on. Where messages are counted, each sender is told how many of its messages the user has received; who
/// cannot be told at once is told at the next call.

namespace parley::transport::datagram {

/// What a receiver has seen that was no message for its user.
struct statistics {
    std::uint64_t lost = 0;     ///< messages that never came, by the gaps in their numbers
    std::uint64_t late = 0;     ///< messages that came after a later one of their sender, or twice
    std::uint64_t garbage = 0;  ///< datagrams that are none of this composition
};

/// `Family::place` is the socket and its hold on the name. `Known` holds the senders: `correspondents`, or `boxes`.
template <class C, class Family, class Known = correspondents>
class hub {
public:
    using parcel_type = parcel_for<C>;
    using place = typename Family::place;

    /// What came: nothing, a message, or something else.
    enum class arrival { nothing, content, goodbye, other };

    explicit hub(place&& at) : place_(std::move(at)), replies_(place_.descriptor()), process_(::getpid()) {
        if (place_.is_pair()) {
            meet_other_end();
        }
    }
    hub(const hub&) = delete;
    hub& operator=(const hub&) = delete;

    /// Leaves in good order: whoever may wait for an answer gets a good-bye.
    ~hub() {
        if (process_ == ::getpid()) {
            part();
            place_.leave();
        }
    }

    [[nodiscard]] int descriptor() const noexcept { return place_.descriptor(); }
    [[nodiscard]] const std::string& text() const noexcept { return place_.text(); }
    [[nodiscard]] const statistics& seen() const noexcept { return seen_; }

    /// Takes one datagram from the socket. A message then lies at `body()`, `size()` bytes of it, from `sender()`, with
    /// `name()`. That is in `held()`, or where the caller wants a message that travels as it lies.
    [[nodiscard]] arrival next(std::byte* body = nullptr) {
        body_ = body == nullptr ? parcel_.body() : body;
        const auto size = os::uninterrupted([&] { return body == nullptr ? receive() : receive_to(body); });
        if (size < 0) {
            return note_failure(errno);
        }
        if (size == 0 && shut_) {
            return arrival::nothing;
        }
        if (static_cast<std::size_t>(size) > parcel_type::largest) {
            return drop();
        }
        if constexpr (bare<C>) {
            size_ = static_cast<std::size_t>(size);
            return parcel_type::fits(size_) ? arrival::content : drop();
        } else {
            return examine(static_cast<std::size_t>(size));
        }
    }

    [[nodiscard]] parcel_type& held() noexcept { return parcel_; }
    [[nodiscard]] const std::byte* body() const noexcept { return body_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::string_view name() noexcept {
        const auto* where = straight && size_ != 0 ? parcel_.tail() : body_ + size_;
        return {reinterpret_cast<const char*>(where), name_size_};  // NOLINT: bytes are bytes
    }
    /// The number of whoever sent what came.
    [[nodiscard]] std::uint32_t number() const noexcept { return number_; }
    /// Where senders are known: whose message lies there.
    [[nodiscard]] correspondent* sender() noexcept { return sender_; }
    [[nodiscard]] Known& known() noexcept { return known_; }
    [[nodiscard]] const Known& known() const noexcept { return known_; }

    /// What lies there turned out to be no message.
    arrival drop() noexcept {
        ++seen_.garbage;
        return arrival::other;
    }

    /// There is no room for what lies there.
    void lose() noexcept { ++seen_.lost; }

    /// The user has received all messages of `whom` before number `before`.
    void received(correspondent& whom, std::uint32_t before) {
        whom.received = before;
        if constexpr (window<C> != 0) {
            if (!replies_.credit(whom)) {
                known_.owe_credit(whom);
            }
        }
    }

    /// The same, to be told with the next `pay`.
    void received_among_others(correspondent& whom, std::uint32_t before) {
        whom.received = before;
        if constexpr (window<C> != 0) {
            known_.owe_credit(whom);
        }
    }

    [[nodiscard]] bool owes_credit() const noexcept { return known_.owes_credit(); }
    void pay() {
        known_.pay([this](correspondent& whom) { return replies_.credit(whom); });
    }

    /// Whether the name leads elsewhere by now: the channel was removed. Then everybody known gets a good-bye.
    [[nodiscard]] bool removed() {
        if (!removed_ && place_.removed()) {
            removed_ = true;
            shut();
            say_goodbye();
        }
        return removed_;
    }

    [[nodiscard]] bool is_pair() const noexcept { return place_.is_pair(); }

    /// Of a pair that goes one way: whether anybody holds the other end, and if not, how the last one ended.
    [[nodiscard]] fate other_side() noexcept {
        if (!place_.may_ask() || greet(message::frame_kind::waiting) || (errno != ECONNREFUSED && errno != ENOTCONN)) {
            return fate::alive;
        }
        return met_ && !left_ ? fate::died : fate::left;
    }
    /// Of a pair: whether somebody has used the other end.
    [[nodiscard]] bool met() const noexcept { return met_; }

    /// What `removed` has found.
    [[nodiscard]] bool was_removed() const noexcept { return removed_; }

private:
    static constexpr bool remembers = !bare<C> && (window<C> != 0 || !Family::lossless || C::addressing::pairwise);
    static constexpr bool straight = travels_as_it_lies<C>;
    static constexpr int last_datagrams = 4096;

    /// The size of what came, also where that is more than there is room for.
    [[nodiscard]] ::ssize_t receive() noexcept {
        constexpr int flags = MSG_DONTWAIT | MSG_TRUNC;
        if constexpr (bare<C>) {
            return ::recv(place_.descriptor(), parcel_.begin(), parcel_type::largest, flags);
        } else {
            from_.size = sizeof from_.bytes;
            return ::recvfrom(place_.descriptor(), parcel_.begin(), parcel_type::largest, flags, from_.get(),
                              &from_.size);
        }
    }

    /// The same, with the message at `body`, and what stands before and behind it in the parcel.
    [[nodiscard]] ::ssize_t receive_to(std::byte* body) noexcept {
        if constexpr (bare<C>) {
            return ::recv(place_.descriptor(), body, parcel_type::message_capacity, MSG_DONTWAIT | MSG_TRUNC);
        }
        std::array<::iovec, 3> room{::iovec{parcel_.begin(), envelope_size},
                                    ::iovec{body, parcel_type::message_capacity},
                                    ::iovec{parcel_.tail(), longest_name}};
        ::msghdr datagram{};
        datagram.msg_iov = room.data();
        datagram.msg_iovlen = room.size();
        datagram.msg_name = from_.get();
        datagram.msg_namelen = sizeof from_.bytes;
        const auto size = ::recvmsg(place_.descriptor(), &datagram, MSG_DONTWAIT | MSG_TRUNC);
        from_.size = datagram.msg_namelen;
        return size;
    }

    [[gnu::cold, gnu::noinline]] arrival note_failure(int error_number) {
        switch (error_number) {
            case EAGAIN:
                return arrival::nothing;
            case ECONNREFUSED:
            case ECONNRESET:
            case ENOBUFS:
            case ENOMEM:
                return arrival::other;
            default:
                os::throw_system(error_number, "receiving on " + place_.text());
        }
    }

    [[nodiscard]] arrival examine(std::size_t size) {
        if (size < envelope_size) {
            return drop();
        }
        envelope frame;
        std::memcpy(&frame, parcel_.begin(), envelope_size);
        const auto& header = frame.header;
        if (!header.sound() || header.length > size - envelope_size) {
            return drop();
        }
        if (frame.fingerprint != C::fingerprint) [[unlikely]] {
            const bool may_be_forged = !Family::lossless;  // then nobody gets more bytes from here than came
            replies_.refuse(from_, header, 0,
                            C::introduction.substr(0, may_be_forged ? size - envelope_size : C::introduction.npos));
            return drop();
        }
        number_ = header.sender;
        size_ = header.length;
        name_size_ = size - envelope_size - size_;
        const bool is_content = header.kind == message::frame_kind::content;
        if (name_size_ > longest_name || !(is_content ? parcel_type::fits(size_) : size_ == 0)) {
            return drop();
        }
        switch (header.kind) {
            case message::frame_kind::content:
                return accept(header);
            case message::frame_kind::request:
                return answer(header);
            case message::frame_kind::goodbye:
                left_ = true;
                return arrival::goodbye;
            case message::frame_kind::hello:
                other_end_ = from_;
                met_ = true;
                left_ = false;
                return arrival::other;
            case message::frame_kind::waiting:
                return arrival::other;
            default:
                return drop();
        }
    }

    /// A message: the sender's next, or a later one if some were lost.
    [[nodiscard]] arrival accept(const message::frame_header& header) {
        if constexpr (remembers) {
            sender_ = known_.find(from_, header.sender, name());
            if (sender_ == nullptr) [[unlikely]] {
                sender_ = known_.add(from_, header.sender, name(), header.sequence);
                if (sender_ == nullptr) {
                    replies_.refuse(from_, header, 1, "");
                    return drop();
                }
            }
            const std::uint32_t ahead = header.sequence - sender_->expected;
            if (ahead != 0) [[unlikely]] {
                if (ahead >> 31 != 0) {
                    ++seen_.late;
                    return arrival::other;
                }
                seen_.lost += ahead;
            }
            sender_->expected = header.sequence + 1;
        }
        return arrival::content;
    }

    /// A sender without credit asks how much has been received. What it sent before and has not come is lost.
    [[nodiscard]] arrival answer(const message::frame_header& header) {
        if constexpr (window<C> != 0) {
            auto* whom = known_.find(from_, header.sender, name());
            if (whom == nullptr) {
                whom = known_.add(from_, header.sender, name(), header.sequence);
            }
            if (whom == nullptr) {
                replies_.refuse(from_, header, 1, "");
                return drop();
            }
            const std::uint32_t missing = header.sequence - whom->expected;
            if (missing != 0 && missing >> 31 == 0) {
                seen_.lost += missing;
                if (whom->received == whom->expected) {  // nothing of it waits for the user
                    whom->received = header.sequence;
                }
                whom->expected = header.sequence;
            }
            if (!replies_.credit(*whom)) {
                known_.owe_credit(*whom);
            }
        }
        return arrival::other;
    }

    /// From now on nobody's message is accepted; what was accepted before can be received.
    void shut() noexcept { shut_ = place_.shut(); }

    void say_goodbye() noexcept {
        if constexpr (!bare<C>) {
            known_.for_each([this](const correspondent& each) { replies_.goodbye(each); });
        }
    }

    /// Of a pair: says something to whoever sends. False if it could not.
    bool greet(message::frame_kind kind) noexcept {
        const auto frame = control(kind, C::fingerprint, 0, 0);
        errno = 0;
        return !bare<C> && other_end_.size != 0 &&
               ::sendto(place_.descriptor(), &frame, envelope_size, MSG_DONTWAIT | MSG_NOSIGNAL, other_end_.get(),
                        other_end_.size) >= 0;
    }

    /// Of a pair: the other end's address stands with whatever came first.
    void meet_other_end() noexcept {
        other_end_.size = sizeof other_end_.bytes;
        if (::recvfrom(place_.descriptor(), nullptr, 0, MSG_DONTWAIT | MSG_PEEK, other_end_.get(), &other_end_.size) <
            0) {
            other_end_.size = 0;
        }
        greet(message::frame_kind::hello);
    }

    /// Says good-bye to everybody known, and to those whose messages nobody will read any more.
    void part() noexcept {
        if (place_.is_pair()) {  // others may hold this end, too, and receive what is there
            greet(message::frame_kind::goodbye);
            return;
        }
        if constexpr (!bare<C>) {
            shut();  // or reading would make room, for messages that nobody will read
            try {
                for (int count = 0; count < last_datagrams; ++count) {
                    const auto what = next();
                    if (what == arrival::nothing) {
                        break;
                    }
                    if (what == arrival::content && !remembers) {
                        meet();
                    }
                }
            } catch (const error&) {  // the socket is broken, and there is nobody to tell
            }
            say_goodbye();
        }
    }

    /// Enters the sender of what has come, although nobody counts its messages.
    void meet() {
        envelope frame;
        std::memcpy(&frame, parcel_.begin(), envelope_size);
        if (known_.find(from_, frame.header.sender, name()) == nullptr) {
            static_cast<void>(known_.add(from_, frame.header.sender, name(), frame.header.sequence));
        }
    }

    place place_;
    replies<C> replies_;
    ::pid_t process_;
    parcel_type parcel_;
    origin from_;
    std::byte* body_ = nullptr;
    std::uint32_t number_ = 0;
    std::size_t size_ = 0;
    std::size_t name_size_ = 0;
    correspondent* sender_ = nullptr;
    Known known_;
    statistics seen_;
    bool removed_ = false;
    bool shut_ = false;
    origin other_end_;   ///< of a pair
    bool met_ = false;   ///< of a pair: somebody has used the other end
    bool left_ = false;  ///< and has taken leave
};

}  // namespace parley::transport::datagram
