#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include <parley/message/wire.hpp>
#include <parley/os/error.hpp>
#include <parley/os/forks.hpp>
#include <parley/os/smaller.hpp>

/// Messages written and read where they travel: `loan` and `held`.

namespace parley {

namespace channel_detail {

/// A message type whose values can lie in a slot as they are; the others are copied or encoded on the way.
template <class Message>
concept plain_in_place = message::wire<Message>::in_place && message::wire<Message>::fixed_size;

}  // namespace channel_detail

/// A slot of the channel to write the next message in, without a copy. Send it, or let it go: then nothing is sent.
///
/// While a loan is out its sender can send nothing else, and in a channel with other senders what they send after it
/// arrives after it: write without delay. The memory holds whatever was there; write every member.
/// Let go in a mailbox or a port, it takes up its place in the buffer until a receiver has come by.
/// A copy that came with a fork is nothing: it lets nothing go, the loan is the parent's.
template <class Message, class Core>
class loan {
public:
    /// For the channel.
    loan(Core& core, std::byte* slot) noexcept : core_(&core), slot_(slot) { core.context().loan_out = true; }
    /// Takes the slot over.
    loan(loan&& other) noexcept
        : core_(std::exchange(other.core_, nullptr)), slot_(other.slot_), forks_(other.forks_) {}
    /// Lets the own slot go, and takes the other over.
    loan& operator=(loan&& other) noexcept {
        drop();
        core_ = std::exchange(other.core_, nullptr);
        slot_ = other.slot_;
        forks_ = other.forks_;
        return *this;
    }
    loan(const loan&) = delete;
    loan& operator=(const loan&) = delete;
    ~loan() { drop(); }

    /// The message to write, for a type that is copied byte by byte.
    [[nodiscard]] Message& operator*() const noexcept requires channel_detail::plain_in_place<Message> {
        return *std::launder(reinterpret_cast<Message*>(slot_));
    }
    /// Its members.
    [[nodiscard]] Message* operator->() const noexcept requires channel_detail::plain_in_place<Message> {
        return std::addressof(**this);
    }

    /// For `bytes<Max>`: the room for Max bytes, or, where a loan can be asked for with a size, at least for those.
    [[nodiscard]] std::span<std::byte> room() const noexcept requires(!channel_detail::plain_in_place<Message>) {
        const auto all = message::wire<Message>::room(slot_);
        if constexpr (requires { core_->sender().loaned_capacity(); }) {
            const auto before = static_cast<std::size_t>(all.data() - slot_);
            return all.first(os::smaller(all.size(), core_->sender().loaned_capacity() - before));
        } else {
            return all;
        }
    }

    /// For `bytes<Max>`: how many of them are the message. Say it before sending.
    void resize(std::size_t size) const requires(!channel_detail::plain_in_place<Message>) {
        if (const auto most = room().size(); size > most) {
            throw_error(errc::message_too_large,
                        "a loan of " + std::to_string(most) + " bytes was given " + std::to_string(size));
        }
        message::wire<Message>::set_size(slot_, size);
    }

    /// For the channel: whose slot this is; null after a move, and when it has been sent.
    [[nodiscard]] Core* core() const noexcept { return core_; }

    /// For the channel: the slot is sent and no longer lent.
    [[nodiscard]] Core* surrender() noexcept {
        if (core_ != nullptr) {
            core_->context().loan_out = false;
        }
        return std::exchange(core_, nullptr);
    }

private:
    void drop() noexcept {
        if (auto* core = surrender(); core != nullptr && forks_ == os::forks()) {
            core->sender().drop_loan(core->context());
        }
    }

    Core* core_;
    std::byte* slot_;
    std::uint32_t forks_ = os::forks();
};

/// A message in the channel, to read where it lies. It is received when this is destroyed or `release`d; until then it
/// takes up its place, and its receiver can receive nothing else. A copy that came with a fork releases nothing.
template <class Message, class Core>
class held {
public:
    /// For the channel.
    held(Core& core, const std::byte* slot) noexcept : core_(&core), slot_(slot) { core.context().take_out = true; }
    /// Takes the message over.
    held(held&& other) noexcept
        : core_(std::exchange(other.core_, nullptr)), slot_(other.slot_), forks_(other.forks_) {}
    /// Releases the own message, and takes the other over.
    held& operator=(held&& other) noexcept {
        release();
        core_ = std::exchange(other.core_, nullptr);
        slot_ = other.slot_;
        forks_ = other.forks_;
        return *this;
    }
    held(const held&) = delete;
    held& operator=(const held&) = delete;
    ~held() { release(); }

    /// The message, for a type that is copied byte by byte.
    [[nodiscard]] const Message& operator*() const noexcept requires channel_detail::plain_in_place<Message> {
        return *std::launder(reinterpret_cast<const Message*>(slot_));
    }
    /// Its members.
    [[nodiscard]] const Message* operator->() const noexcept requires channel_detail::plain_in_place<Message> {
        return std::addressof(**this);
    }

    /// For `bytes<Max>`: the message. Throws `errc::corrupt` if a peer wrote an impossible length.
    [[nodiscard]] std::span<const std::byte> content() const requires(!channel_detail::plain_in_place<Message>) {
        if (core_ == nullptr) [[unlikely]] {
            throw_error(errc::bad_state, "this message has been released, or was moved from");
        }
        const auto result = [&] {
            if constexpr (requires { core_->receiver().taken_capacity(); }) {
                return message::wire<Message>::content(slot_, core_->receiver().taken_capacity());
            } else {
                return message::wire<Message>::content(slot_);
            }
        }();
        if (!result) {
            throw_error(errc::corrupt, "a message in the channel says it is longer than the largest message");
        }
        return *result;
    }

    /// Done with the message: its place is free.
    void release() noexcept {
        if (auto* core = std::exchange(core_, nullptr); core != nullptr && forks_ == os::forks()) {
            core->context().take_out = false;
            core->receiver().release_taken(core->context());
        }
    }

private:
    Core* core_;
    const std::byte* slot_;
    std::uint32_t forks_ = os::forks();
};

}  // namespace parley
