#pragma once

#include <concepts>
#include <string_view>
#include <system_error>
#include <utility>

#include <parley/channel.hpp>
#include <parley/channel/receiving.hpp>
#include <parley/channel/sending.hpp>

namespace parley {

namespace channel_detail {

/// For the constructors that only say what to write: an anonymous channel given something like a name.
template <class Given, class C>
concept vain_name = !C::transport::capabilities.named && std::convertible_to<const Given&, std::string_view>;

/// Opening and closing, the same for senders and receivers. `End` is the transport's end for that role.
template <class C, class End>
class opened {
public:
    static_assert(!C::addressing::pairwise,
                  "parley: with direct addressing processes name each other: write parley::endpoint<C> me{\"name\"}");

    /// The channel.
    using channel_type = C;
    /// What travels.
    using message_type = typename C::message;

    /// What was moved from is attached to nothing.
    opened(opened&&) noexcept = default;
    /// What was moved from is attached to nothing.
    opened& operator=(opened&&) noexcept = default;
    opened(const opened&) = delete;
    opened& operator=(const opened&) = delete;

    /// Whether this is attached, or can attach: not after a failed opening or a move.
    [[nodiscard]] explicit operator bool() const noexcept { return usable_; }

    /// Of an anonymous channel: a descriptor of this end to hand on, owned by this object.
    [[nodiscard]] int descriptor() const requires(C::pairs) { return handle_.descriptor(); }

    /// A descriptor that poll(2), select(2) and epoll(7) can wait on, owned by this object: readable when a receive may
    /// find a message or has an error to tell, for a sender writable when a send may find room. It is a hint: wait on
    /// it level-triggered, after a `try_` form found nothing, and try again. A receiver with `map` or `adaptive` over a
    /// transport of the kernel should try now and then at least (a timeout of a second will do): a block that a killed
    /// sender lost on the way comes back to who lacks one when a receiver has found the link empty, twice. In memory
    /// who lacks a block makes the handle readable.
    [[nodiscard]] int native_handle() requires transport::pollable_core<typename End::core> {
        return core().native_handle();
    }

    /// For the operations. Throws `errc::bad_state` where there is nothing to work with.
    [[nodiscard]] typename End::core& core() {
        if (auto* attached = end_.get(); attached != nullptr) [[likely]] {
            return *attached;
        }
        if constexpr (C::pairs) {
            if (usable_) {
                end_ = End::open_descriptor(handle_.descriptor());
                return *end_.get();
            }
        }
        throw_error(errc::bad_state,
                    "this sender or receiver is not attached: opening it failed, or it was moved from");
    }

protected:
    opened() noexcept = default;

    template <class Tag>
    void open(Tag tag, std::string_view name, const options& given) {
        end_ = End::open(make_request(tag, name, given));
        usable_ = true;
    }

    explicit opened(handle&& anonymous) noexcept : handle_(std::move(anonymous)), usable_(true) {}

private:
    struct flag {  // false again after a move
        bool value = false;
        flag() noexcept = default;
        explicit flag(bool on) noexcept : value(on) {}
        flag(flag&& other) noexcept : value(std::exchange(other.value, false)) {}
        flag& operator=(flag&& other) noexcept {
            value = std::exchange(other.value, false);
            return *this;
        }
        flag& operator=(bool on) noexcept {
            value = on;
            return *this;
        }
        operator bool() const noexcept { return value; }
    };

    End end_;
    handle handle_;
    flag usable_;
};

template <class C>
using sending_end_of = typename C::payload::template sending_end<C>;
template <class C>
using receiving_end_of = typename C::payload::template receiving_end<C>;

}  // namespace channel_detail

/// Sends into a mailbox or a port. Attached for as long as it lives. One thread at a time may use it; make one for each
/// thread. After fork, the parent's sender is the parent's: the child makes its own.
template <class C>
class sender
    : public channel_detail::opened<C, channel_detail::sending_end_of<C>>,
      public channel_detail::sending<sender<C>, typename C::message, typename channel_detail::sending_end_of<C>::core,
                                     C::synchronization::sender_side::waits> {
    using base = channel_detail::opened<C, channel_detail::sending_end_of<C>>;

public:
    /// Opens the channel of that name, or creates it; a port must be there.
    /// Throws `errc::incompatible` (another message or composition), `errc::no_space`, `errc::too_many_participants`,
    /// `errc::invalid_name`, `errc::permission_denied`, `errc::corrupt`, and as the tag says.
    explicit sender(std::string_view name, const options& given = {}) requires(C::transport::capabilities.named)
        : sender(open_or_create, name, given) {}

    /// The same, and what to do if the channel exists, or does not.
    template <opening_tag Tag>
    sender(Tag tag, std::string_view name, const options& given = {}) requires(C::transport::capabilities.named) {
        this->open(tag, name, given);
    }

    /// The twins that report through `code`: after a failure this is false.
    sender(std::string_view name, std::error_code& code) noexcept requires(C::transport::capabilities.named)
        : sender(open_or_create, name, options{}, code) {}

    /// The same with options.
    sender(std::string_view name, const options& given, std::error_code& code) noexcept
        requires(C::transport::capabilities.named)
        : sender(open_or_create, name, given, code) {}

    /// The same with a tag.
    template <opening_tag Tag>
    sender(Tag tag, std::string_view name, const options& given, std::error_code& code) noexcept
        requires(C::transport::capabilities.named) {
        channel_detail::reported(code, [&] { this->open(tag, name, given); });
    }

    /// For the sentence that says what to write where a transport has no names.
    template <channel_detail::vain_name<C> Name, class... More>
    explicit sender(const Name&, const More&...) {
        static_assert(C::transport::capabilities.named,
                      "parley: this transport has no names: write auto [out, in] = C::pair()");
    }

    /// Takes over the descriptor of an anonymous channel's sender.
    sender(from_descriptor_t, int descriptor) noexcept requires(C::pairs)
        : base(channel_detail::handle{os::descriptor{descriptor}}) {}

private:
    template <class Message, class... Policies>
    friend class parley::channel;
    explicit sender(channel_detail::handle&& anonymous) noexcept : base(std::move(anonymous)) {}
};

/// Receives from a mailbox, or is the owner of a port. Attached for as long as it lives. One thread at a time may use
/// it; make one for each thread. After fork, the parent's receiver is the parent's: the child makes its own.
template <class C>
class receiver : public channel_detail::opened<C, channel_detail::receiving_end_of<C>>,
                 public channel_detail::receiving<receiver<C>, typename C::message,
                                                  typename channel_detail::receiving_end_of<C>::core,
                                                  C::synchronization::receiver_side::waits> {
    using base = channel_detail::opened<C, channel_detail::receiving_end_of<C>>;

public:
    /// Opens the channel of that name, or creates it. A port that has a live receiver is `errc::in_use`.
    /// Throws as the constructor of `sender`.
    explicit receiver(std::string_view name, const options& given = {}) requires(C::transport::capabilities.named)
        : receiver(open_or_create, name, given) {}

    /// The same, and what to do if the channel exists, or does not.
    template <opening_tag Tag>
    receiver(Tag tag, std::string_view name, const options& given = {}) requires(C::transport::capabilities.named) {
        this->open(tag, name, given);
    }

    /// The twins that report through `code`: after a failure this is false.
    receiver(std::string_view name, std::error_code& code) noexcept requires(C::transport::capabilities.named)
        : receiver(open_or_create, name, options{}, code) {}

    /// The same with options.
    receiver(std::string_view name, const options& given, std::error_code& code) noexcept
        requires(C::transport::capabilities.named)
        : receiver(open_or_create, name, given, code) {}

    /// The same with a tag.
    template <opening_tag Tag>
    receiver(Tag tag, std::string_view name, const options& given, std::error_code& code) noexcept
        requires(C::transport::capabilities.named) {
        channel_detail::reported(code, [&] { this->open(tag, name, given); });
    }

    /// For the sentence that says what to write where a transport has no names.
    template <channel_detail::vain_name<C> Name, class... More>
    explicit receiver(const Name&, const More&...) {
        static_assert(C::transport::capabilities.named,
                      "parley: this transport has no names: write auto [out, in] = C::pair()");
    }

    /// Takes over the descriptor of an anonymous channel's receiver.
    receiver(from_descriptor_t, int descriptor) noexcept requires(C::pairs)
        : base(channel_detail::handle{os::descriptor{descriptor}}) {}

private:
    template <class Message, class... Policies>
    friend class parley::channel;
    explicit receiver(channel_detail::handle&& anonymous) noexcept : base(std::move(anonymous)) {}
};

}  // namespace parley
