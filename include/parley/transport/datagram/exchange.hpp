#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <parley/os/error.hpp>
#include <parley/transport/datagram/boxes.hpp>
#include <parley/transport/datagram/hub.hpp>
#include <parley/transport/datagram/traits.hpp>

namespace parley::transport::datagram {

/// What comes in at an endpoint, sorted by who sent it. All links of an endpoint share it.
template <class C, class Family>
class exchange {
    using message_type = typename C::message;
    using hub_type = hub<C, Family, boxes>;
    using arrival = typename hub_type::arrival;

public:
    explicit exchange(typename Family::place&& at) : hub_(std::move(at)) {
        hub_.known().set_limit(window<C> != 0 ? 2 * std::size_t{window<C>} : most_letters);
    }

    [[nodiscard]] hub_type& at() noexcept { return hub_; }

    /// The box of that peer. Throws `errc::too_many_participants`.
    [[nodiscard]] box& box_of(const std::string& peer) {
        box* const found = hub_.known().of(peer);
        if (found == nullptr) {
            throw_error(errc::too_many_participants, "the endpoint at " + hub_.text() + " has " +
                                                         std::to_string(boxes::most) +
                                                         " links, as many as it may; let one go");
        }
        return *found;
    }

    /// The next message of one peer, or of anybody (null), and whose it is.
    [[nodiscard]] std::optional<std::pair<box*, message_type>> next(box* wanted) {
        if constexpr (window<C> != 0) {
            if (hub_.owes_credit()) [[unlikely]] {
                hub_.pay();
            }
        }
        for (;;) {
            box* const ready = wanted == nullptr ? hub_.known().some_letter() : wanted->empty() ? nullptr : wanted;
            if (ready != nullptr) {
                if (auto content = unpack(*ready)) {
                    return std::pair{ready, std::move(*content)};
                }
                continue;
            }
            if (window<C> == 0 && hub_.known().any_full()) {
                return std::nullopt;
            }
            if (auto content = draw(wanted)) {
                return content;
            }
            if (came_ == arrival::nothing) {
                return std::nullopt;
            }
        }
    }

    /// Of a pair: what comes in besides messages is for `note`.
    void hand_answers_to(std::function<void(std::span<const std::byte>)> note) { note_ = std::move(note); }

    /// Takes one datagram out of the socket, for the sender on the same socket; a message is laid aside. Whether there
    /// was one, and room for it.
    [[nodiscard]] bool listen(box& peer) {
        if (peer.full()) {
            return false;
        }
        box other{"", 0};
        static_cast<void>(draw(&other));
        return came_ != arrival::nothing;
    }

private:
    /// Where messages are not counted, so many of one peer may wait for the user while he receives from another.
    static constexpr std::size_t most_letters = 1024;

    /// Takes one datagram: returns it if it is wanted, else lays it aside.
    [[nodiscard]] std::optional<std::pair<box*, message_type>> draw(box* wanted) {
        came_ = hub_.next();
        if (note_ && (came_ == arrival::answer || came_ == arrival::goodbye)) {
            note_(hub_.whole());
        }
        if (came_ == arrival::goodbye) {
            if (box* const whose = hub_.known().look_up(hub_.name()); whose != nullptr) {
                whose->left = true;
            }
        }
        if (came_ != arrival::content) {
            return std::nullopt;
        }
        auto& whose = static_cast<box&>(*hub_.sender());
        if (wanted != nullptr && wanted != &whose) {
            lay_aside(whose);
            return std::nullopt;
        }
        auto content = hub_.held().read(hub_.size());
        settle(whose, whose.expected);
        if (!content) {
            hub_.drop();
            return std::nullopt;
        }
        return std::pair{&whose, std::move(*content)};
    }

    /// The user has received the messages of `whose` before that number, and also what was lost, if nothing else waits.
    void settle(box& whose, std::uint32_t before) {
        if (hub_.is_pair()) {
            while (listen(whose)) {  // what has come would be lost with a credit that is refused
            }
        }
        hub_.received(whose, whose.empty() ? whose.expected : before);
    }

    void lay_aside(box& whose) {
        if (whose.full()) {
            hub_.drop();  // more than its window: no sender of parley's
        } else {
            whose.put({hub_.held().body(), hub_.size()}, whose.number, whose.expected);
        }
    }

    [[nodiscard]] std::optional<message_type> unpack(box& from) {
        const auto& letter = from.take();
        const auto sender = letter.sender;
        const auto next = letter.next;
        std::memcpy(hub_.held().body(), letter.bytes.data(), letter.bytes.size());
        auto content = hub_.held().read(letter.bytes.size());
        if (sender == from.number) {
            settle(from, next);
        }
        if (!content) {
            hub_.drop();
        }
        return content;
    }

    hub_type hub_;
    arrival came_ = arrival::nothing;
    std::function<void(std::span<const std::byte>)> note_;
};

}  // namespace parley::transport::datagram
