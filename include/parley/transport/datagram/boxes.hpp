#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/eventfd.h>
#include <unistd.h>

#include <parley/os/descriptor.hpp>
#include <parley/transport/datagram/correspondents.hpp>

/// What an endpoint keeps of each peer: a box.
///
/// All peers send into the endpoint's one socket. Who receives from one of them takes out of the socket what others
/// have sent, and lays it into their boxes. Where messages are counted a box never holds more than its peer's window;
/// else an endpoint with a full box reads no further until that box is emptied, and the kernel's buffer is the bound
/// again.

namespace parley::transport::datagram {

/// The messages of one peer that have come and that nobody has received, and what is known of the peer. As a
/// correspondent it is the process that goes by that name now.
class box : public correspondent {
public:
    box(std::string peer, std::size_t limit) : peer_(std::move(peer)), limit_(limit) {}

    bool in_use = false;  ///< a link of the user's hangs on it
    bool been = false;    ///< the peer was there
    bool left = false;    ///< and has taken leave since

    [[nodiscard]] const std::string& peer() const noexcept { return peer_; }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] bool full() const noexcept { return count_ == limit_; }

    /// A message: its bytes, its sender's number, and the number of the message after it.
    struct letter {
        std::vector<std::byte> bytes;
        std::uint32_t sender = 0;
        std::uint32_t next = 0;
    };

    /// Not if it is full.
    void put(std::span<const std::byte> bytes, std::uint32_t sender, std::uint32_t next) {
        if (count_ == letters_.size()) {
            std::rotate(letters_.begin(), letters_.begin() + static_cast<std::ptrdiff_t>(first_), letters_.end());
            first_ = 0;
            letters_.resize(std::min(limit_, std::max<std::size_t>(4, 2 * letters_.size())));
        }
        auto& place = letters_[(first_ + count_) % letters_.size()];
        place.bytes.assign(bytes.begin(), bytes.end());
        place.sender = sender;
        place.next = next;
        if (count_++ == 0) {
            signal(true);
        }
    }

    /// The first one; it is gone with the next `put`.
    [[nodiscard]] const letter& take() noexcept {
        const auto& taken = letters_[first_];
        first_ = (first_ + 1) % letters_.size();
        if (--count_ == 0) {
            signal(false);
        }
        return taken;
    }

    /// A descriptor that is readable while something lies here.
    [[nodiscard]] int native_handle() {
        if (!signal_) {
            signal_ = os::descriptor{::eventfd(count_ == 0 ? 0 : 1, EFD_CLOEXEC | EFD_NONBLOCK)};
        }
        return signal_.get();
    }

private:
    void signal(bool something) const noexcept {
        if (signal_) {
            std::uint64_t one = 1;
            static_cast<void>(something ? ::write(signal_.get(), &one, sizeof one)
                                        : ::read(signal_.get(), &one, sizeof one));
        }
    }

    std::string peer_;
    std::size_t limit_;
    std::vector<letter> letters_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    os::descriptor signal_;
};

/// The boxes of one endpoint, by the names of the peers.
class boxes : public debts {
public:
    static constexpr std::size_t most = 64;

    /// How many messages a box may hold, for all that are made after this.
    void set_limit(std::size_t limit) noexcept { limit_ = limit; }

    /// The box of `name`, made if need be; null if there is no room for another one.
    [[nodiscard]] box* of(std::string_view name) {
        if (box* const found = look_up(name); found != nullptr) {
            return found;
        }
        if (all_.size() == most && !drop_one()) {
            return nullptr;
        }
        all_.push_back(std::make_unique<box>(std::string(name), limit_));
        return last_ = all_.back().get();
    }

    [[nodiscard]] correspondent* find(const origin& from, std::uint32_t number, std::string_view name) noexcept {
        box* const found = look_up(name);
        if (found == nullptr || found->heard == 0 || found->number != number || !(found->from == from)) {
            return nullptr;
        }
        found->heard = ++now_;
        return found;
    }

    /// A process that was not heard of under this name before. Null if there is no room, or it has no name.
    [[nodiscard]] correspondent* add(const origin& from, std::uint32_t number, std::string_view name,
                                     std::uint32_t expected) {
        box* const found = name.empty() ? nullptr : of(name);
        if (found != nullptr) {
            const bool pending = found->credit_pending;
            static_cast<correspondent&>(*found) = {from, number, expected, expected, ++now_, pending};
            found->been = true;
            found->left = false;
        }
        return found;
    }

    template <class Visit>
    void for_each(Visit visit) {
        for (const auto& each : all_) {
            if (each->heard != 0) {
                visit(*each);
            }
        }
    }

    /// Whether some box can take no more.
    [[nodiscard]] bool any_full() const noexcept {
        return std::any_of(all_.begin(), all_.end(), [](const auto& each) { return each->full(); });
    }

    /// A box with something in it, or null; another one each time.
    [[nodiscard]] box* some_letter() noexcept {
        for (std::size_t step = 0; step < all_.size(); ++step) {
            turn_ = (turn_ + 1) % all_.size();
            if (!all_[turn_]->empty()) {
                return all_[turn_].get();
            }
        }
        return nullptr;
    }

    [[nodiscard]] box* look_up(std::string_view name) noexcept {
        if (last_ != nullptr && last_->peer() == name) {
            return last_;
        }
        for (const auto& each : all_) {
            if (each->peer() == name) {
                return last_ = each.get();
            }
        }
        return nullptr;
    }

private:
    /// Makes room: the one that nobody needs and that was heard of longest ago goes. Whether there was one.
    bool drop_one() noexcept {
        auto oldest = all_.end();
        for (auto each = all_.begin(); each != all_.end(); ++each) {
            const bool needed = (*each)->in_use || !(*each)->empty() || (*each)->credit_pending;
            if (!needed && (oldest == all_.end() || (*each)->heard < (*oldest)->heard)) {
                oldest = each;
            }
        }
        if (oldest == all_.end()) {
            return false;
        }
        all_.erase(oldest);
        last_ = nullptr;
        return true;
    }

    std::vector<std::unique_ptr<box>> all_;
    box* last_ = nullptr;  ///< asked for last
    std::size_t turn_ = 0;
    std::size_t limit_ = 1;
    std::uint64_t now_ = 0;
};

}  // namespace parley::transport::datagram
