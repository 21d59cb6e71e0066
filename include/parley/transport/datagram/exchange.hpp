#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
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
    /// The name of the peer in a pair.
    static constexpr const char* name_in_pair = "pair";

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

    /// The next message of one peer.
    [[nodiscard]] std::optional<message_type> next(box& wanted) {
        std::optional<message_type> content;
        while (!content && find(&wanted, nullptr)) {
            content = open();
        }
        return content;
    }

    /// The same, to where it stays. Whether there was one; if not, `to` may hold anything.
    [[nodiscard]] bool next(box& wanted, message_type& to) {
        if constexpr (travels_as_it_lies<C>) {
            if (!find(&wanted, reinterpret_cast<std::byte*>(std::addressof(to)))) {  // NOLINT: it is its bytes
                return false;
            }
            settle();
            return true;
        } else {
            auto content = next(wanted);
            if (content) {
                to = std::move(*content);
            }
            return content.has_value();
        }
    }

    /// The next message of anybody, and whose it is.
    [[nodiscard]] std::optional<std::pair<box*, message_type>> next_of_anybody() {
        while (find(nullptr, nullptr)) {
            box* const whose = found_.from;
            if (auto content = open()) {
                return std::pair{whose, std::move(*content)};
            }
        }
        return std::nullopt;
    }

    /// Whether nothing is taken out of the socket for now, since the first message there may be for a full box.
    [[nodiscard]] bool blocked() const noexcept {
        return window<C> == 0 && Family::lossless && hub_.known().any_full();
    }

    /// Of a pair whose other side has gone: how it ended, which stands behind its last message. What has come before is
    /// laid aside.
    [[nodiscard]] fate ending(box& peer) {
        while (!peer.full() && draw(nullptr) != arrival::nothing) {
            if (came_ == arrival::content) {
                lay_aside(peer);
            }
        }
        return hub_.met() && !peer.left ? fate::died : fate::left;
    }

private:
    /// Where messages are not counted, so many of one peer may wait for the user while he receives from another.
    static constexpr std::size_t most_letters =
        std::clamp<std::size_t>((std::size_t{4} << 20) / parcel_for<C>::largest, 4, 1024);

    /// A message that has been found, and what is to be said of it.
    struct finding {
        box* from = nullptr;
        std::size_t size = 0;
        std::uint32_t sender = 0;
        std::uint32_t next = 0;
    };

    /// Looks for the next message of one peer, or of anybody (null). It then lies in the hub's hands, or at `where` if
    /// that is given. Then comes `open` or `settle`.
    [[nodiscard]] bool find(box* wanted, std::byte* where) {
        pay();
        for (;;) {
            box* const ready = wanted == nullptr ? hub_.known().some_letter() : wanted->empty() ? nullptr : wanted;
            if (ready != nullptr) {
                const auto& letter = ready->take();
                found_ = {ready, letter.bytes.size(), letter.sender, letter.next};
                std::memcpy(where == nullptr ? hub_.held().body() : where, letter.bytes.data(), letter.bytes.size());
                return true;
            }
            if (blocked()) {
                return false;
            }
            switch (draw(where)) {
                case arrival::nothing:
                    pay();
                    if (wanted != nullptr && !wanted->empty()) {
                        break;  // it came just now
                    }
                    return false;
                case arrival::content:
                    if (auto& whose = static_cast<box&>(*hub_.sender()); wanted == nullptr || wanted == &whose) {
                        found_ = {&whose, hub_.size(), whose.number, whose.expected};
                        return true;
                    } else {
                        lay_aside(whose);
                    }
                    break;
                default:
                    break;
            }
        }
    }

    /// The message that was found; none if it turns out to be none.
    [[nodiscard]] std::optional<message_type> open() {
        auto content = hub_.held().read(found_.size);
        settle();
        if (!content) [[unlikely]] {
            hub_.drop();
        }
        return content;
    }

    /// The user has received what was found, and also what was lost, if nothing else waits.
    void settle() {
        auto& whose = *found_.from;
        if (found_.sender == whose.number) {
            hub_.received(whose, whose.empty() ? whose.expected : found_.next);
        }
    }

    void pay() {
        if constexpr (window<C> != 0) {
            if (hub_.owes_credit()) [[unlikely]] {
                hub_.pay();
            }
        }
    }

    /// Takes one datagram out of the socket.
    arrival draw(std::byte* where) {
        came_ = hub_.next(where);
        if (came_ == arrival::content || came_ == arrival::nothing) [[likely]] {
            return came_;
        }
        if (came_ == arrival::goodbye) {
            box* const whose = hub_.known().look_up(hub_.name());
            // Not of one that went by that name before.
            if (whose != nullptr && (whose->heard == 0 || whose->number == hub_.number())) {
                whose->left = true;
            }
        }
        return came_;
    }

    void lay_aside(box& whose) {
        if (!whose.full()) {
            whose.put({hub_.body(), hub_.size()}, whose.number, whose.expected);
        } else if (window<C> == 0 && !Family::lossless) {
            hub_.lose();  // as where the kernel has no room: others must not wait for this one
        } else {
            hub_.drop();  // more than its window: no sender of parley's
        }
    }

    hub_type hub_;
    arrival came_ = arrival::nothing;
    finding found_;
};

}  // namespace parley::transport::datagram
