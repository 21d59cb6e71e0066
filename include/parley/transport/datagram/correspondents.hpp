#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>

/// The senders that a receiving socket knows.
///
/// The table has a fixed size, like a processor's cache: the address and the number of a sender pick a set, and when
/// the set is full its least recently heard of is forgotten. So a flood of new senders costs no memory and no time, and
/// forgetting costs little: whatever comes next from a sender that was forgotten says all that is to be known of it.

namespace parley::transport::datagram {

/// Where a datagram came from, as the kernel tells it.
struct origin {
    std::array<std::byte, sizeof(::sockaddr_un)> bytes{};
    ::socklen_t size = 0;

    [[nodiscard]] const ::sockaddr* get() const noexcept {
        return reinterpret_cast<const ::sockaddr*>(bytes.data());  // NOLINT: what the socket interface is made of
    }
    [[nodiscard]] ::sockaddr* get() noexcept {
        return reinterpret_cast<::sockaddr*>(bytes.data());  // NOLINT: the same
    }
    [[nodiscard]] bool operator==(const origin& other) const noexcept {
        return size == other.size && std::memcmp(bytes.data(), other.bytes.data(), size) == 0;
    }
};

/// One sender, as a receiver knows it. Its messages are numbered modulo 2^32.
struct correspondent {
    origin from;
    std::uint32_t number = 0;
    std::uint32_t expected = 0;   ///< the next message that can come: those before have come or are lost
    std::uint32_t received = 0;   ///< the messages before this one are the user's, or lost: what its credit says
    std::uint64_t heard = 0;      ///< when it was last heard of; 0 for an empty place
    bool credit_pending = false;  ///< it has not been told of `received`
};

/// Who is still to be told how much has been received: the kernel had no room for it.
class debts {
public:
    /// Remembers that `whom`, which stays where it is, is to be told.
    void owe_credit(correspondent& whom) {
        if (!whom.credit_pending) {
            whom.credit_pending = true;
            pending_.push_back(&whom);
        }
    }

    [[nodiscard]] bool owes_credit() const noexcept { return !pending_.empty(); }

    /// Calls `tell(correspondent&)` for all who are owed credit; who cannot be told now (false) stays in the list.
    template <class Tell>
    void pay(Tell tell) {
        std::size_t left = 0;
        for (correspondent* each : pending_) {
            if (tell(*each)) {
                each->credit_pending = false;
            } else {
                pending_[left++] = each;
            }
        }
        pending_.resize(left);
    }

private:
    std::vector<correspondent*> pending_;
};

/// The senders of a port.
class correspondents : public debts {
public:
    correspondents() : places_(std::make_unique<std::array<correspondent, sets * ways>>()) {}

    /// The place of this sender, or null.
    [[nodiscard]] correspondent* find(const origin& from, std::uint32_t number, std::string_view) noexcept {
        correspondent* const set = set_of(from, number);
        for (correspondent* each = set; each != set + ways; ++each) {
            if (each->heard != 0 && each->number == number && each->from == from) {
                each->heard = ++now_;
                return each;
            }
        }
        return nullptr;
    }

    /// The place of a sender that was not found: its next message is `expected`.
    [[nodiscard]] correspondent* add(const origin& from, std::uint32_t number, std::string_view,
                                     std::uint32_t expected) noexcept {
        correspondent* const set = set_of(from, number);
        correspondent* oldest = set;
        for (correspondent* each = set; each != set + ways; ++each) {
            oldest = each->heard < oldest->heard ? each : oldest;
        }
        *oldest = {from, number, expected, expected, ++now_, oldest->credit_pending};
        return oldest;
    }

    template <class Visit>
    void for_each(Visit visit) {
        for (auto& each : *places_) {
            if (each.heard != 0) {
                visit(each);
            }
        }
    }

private:
    static constexpr std::size_t ways = 8;
    static constexpr std::size_t sets = 128;

    [[nodiscard]] correspondent* set_of(const origin& from, std::uint32_t number) noexcept {
        std::uint64_t hash = number * 0x9e3779b97f4a7c15U;
        for (::socklen_t at = 0; at + sizeof(std::uint16_t) <= from.size; at += sizeof(std::uint16_t)) {
            std::uint16_t part = 0;
            std::memcpy(&part, from.bytes.data() + at, sizeof part);
            hash = (hash ^ part) * 0x100000001b3U;
        }
        return places_->data() + (hash >> 40) % sets * ways;
    }

    std::unique_ptr<std::array<correspondent, sets * ways>> places_;
    std::uint64_t now_ = 0;
};

}  // namespace parley::transport::datagram
