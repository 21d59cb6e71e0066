#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <parley/channel.hpp>
#include <parley/channel/receiving.hpp>
#include <parley/channel/sending.hpp>

namespace parley {

namespace channel_detail {

template <class C>
using link_end_of = typename C::payload::template link_end<C>;

}  // namespace channel_detail

/// One side of a direct link: sends to one peer and receives from it, with all the forms of `sender` and `receiver`.
/// From `endpoint::link`, the fast way without looking up the name, or from `pair()` of an anonymous channel. One
/// thread at a time may use it.
template <class C>
class link
    : public channel_detail::sending<link<C>, typename C::message, typename channel_detail::link_end_of<C>::core,
                                     C::synchronization::sender_side::waits>,
      public channel_detail::receiving<link<C>, typename C::message, typename channel_detail::link_end_of<C>::core,
                                       C::synchronization::receiver_side::waits> {
    using end_type = channel_detail::link_end_of<C>;

public:
    using channel_type = C;                    ///< the channel
    using message_type = typename C::message;  ///< what travels

    /// Takes over the descriptor of one side of an anonymous link: `side` is 0 for the first of `pair()`, 1 for the
    /// second.
    link(from_descriptor_t, int descriptor, std::size_t side) noexcept requires(C::pairs)
        : handle_(os::descriptor{descriptor}), side_(side == 0 ? 0 : 1) {}

    /// Of an anonymous link: a descriptor of this side to hand on, owned by this object.
    [[nodiscard]] int descriptor() const requires(C::pairs) { return handle_.descriptor(); }

    /// As of `receiver`.
    [[nodiscard]] int native_handle() requires transport::pollable_core<typename end_type::core> {
        return core().native_handle();
    }

    /// For the operations.
    [[nodiscard]] typename end_type::core& core() {
        if (end_ != nullptr) [[likely]] {
            if (auto* attached = end_->get(); attached != nullptr) [[likely]] {
                return *attached;
            }
        }
        if constexpr (C::pairs) {
            if (end_ == nullptr) {
                end_ = std::make_shared<end_type>(end_type::open_descriptor(handle_.descriptor(), side_));
                return *end_->get();
            }
        }
        throw_error(errc::bad_state, "this link is not attached: its endpoint has gone, or it was moved from");
    }

private:
    template <class Message, class... Policies>
    friend class parley::channel;
    friend class endpoint<C>;

    explicit link(std::shared_ptr<end_type> end) noexcept : end_(std::move(end)) {}
    link(channel_detail::handle&& anonymous, std::size_t side) noexcept : handle_(std::move(anonymous)), side_(side) {}

    std::shared_ptr<end_type> end_;
    channel_detail::handle handle_;
    std::size_t side_ = 0;
};

/// A process under its name, for direct addressing: sends to processes by their names and receives from them.
///
/// The link with a peer sets itself up at first use, whichever of the two comes first. One thread at a time may use an
/// endpoint and its links; make one for each thread, under a name of its own.
template <class C>
class endpoint {
    static_assert(C::addressing::pairwise,
                  "parley: only direct addressing has endpoints: write parley::sender<C> and parley::receiver<C>");
    static_assert(C::transport::capabilities.named,
                  "parley: this transport has no names, so no endpoints: write auto [one, other] = C::pair()");
    static_assert(!C::payload::stays || !C::transport::capabilities.connected ||
                      C::transport::capabilities.passes_descriptors,
                  "parley: with map or adaptive the pools of an endpoint's links wait under a name, and what is on its "
                  "way over this transport does not: write auto [one, other] = C::pair(), or a transport such as "
                  "unix_stream, shm or fifo, or port, or copy");

    using end_type = typename C::payload::template endpoint<C>;
    using sender_side = typename C::synchronization::sender_side;
    using receiver_side = typename C::synchronization::receiver_side;

public:
    using channel_type = C;                                          ///< the channel
    using message_type = typename C::message;                        ///< what travels
    using addressed_message = std::pair<std::string, message_type>;  ///< who sent it, and what

    /// Takes the name. A name that a live process goes by is `errc::in_use`.
    /// Throws as the constructor of `sender`, too.
    explicit endpoint(std::string_view name, const options& given = {}) : endpoint(open_or_create, name, given) {}

    /// The same, and what to do if an endpoint of that name exists, or does not.
    template <opening_tag Tag>
    endpoint(Tag tag, std::string_view name, const options& given = {})
        : end_(std::make_unique<end_type>(channel_detail::make_request(tag, name, given))) {}

    /// The twins that report through `code`: after a failure the endpoint is false.
    endpoint(std::string_view name, std::error_code& code) noexcept : endpoint(name, options{}, code) {}

    /// The same with options.
    endpoint(std::string_view name, const options& given, std::error_code& code) noexcept
        : endpoint(open_or_create, name, given, code) {}

    /// The same with a tag.
    template <opening_tag Tag>
    endpoint(Tag tag, std::string_view name, const options& given, std::error_code& code) noexcept {
        channel_detail::reported(code, [&] { *this = endpoint(tag, name, given); });
    }

    /// Whether this has its name: not after a failed opening or a move.
    [[nodiscard]] explicit operator bool() const noexcept { return end_ != nullptr; }
    /// The name that this goes by.
    [[nodiscard]] const std::string& name() const { return end().name(); }

    /// A descriptor to wait on for messages of anybody, as of `receiver`.
    [[nodiscard]] int native_handle() requires requires(end_type& attached) { attached.native_handle(); }
    { return end().native_handle(); }

    /// The link with `peer`. Good for as long as this endpoint.
    [[nodiscard]] parley::link<C> link(std::string_view peer) { return parley::link<C>{end().link(peer)}; }
    /// The twin that reports through `code`: none if there can be no link.
    [[nodiscard]] std::optional<parley::link<C>> link(std::string_view peer, std::error_code& code) noexcept {
        return channel_detail::reported(code, [&] { return std::optional<parley::link<C>>(link(peer)); });
    }

    /// Sends to the process of that name, as `sender::send`, with its forms and errors.
    auto send(std::string_view peer, const message_type& content) { return link(peer).send(content); }
    /// The twin that reports through `code`.
    bool send(std::string_view peer, const message_type& content, std::error_code& code) noexcept {
        return with_link(peer, code, [&](parley::link<C>& to) { return to.send(content, code); });
    }
    /// Sends if that is possible at once; whether it was.
    [[nodiscard]] bool try_send(std::string_view peer, const message_type& content) {
        return link(peer).try_send(content);
    }
    /// The twin that reports through `code`.
    [[nodiscard]] bool try_send(std::string_view peer, const message_type& content, std::error_code& code) noexcept {
        return with_link(peer, code, [&](parley::link<C>& to) { return to.try_send(content, code); });
    }
    /// Waits at most for `duration`; whether the message was accepted.
    template <class Rep, class Period>
    [[nodiscard]] bool send_for(std::string_view peer, const message_type& content,
                                std::chrono::duration<Rep, Period> duration) requires sender_side::waits {
        return link(peer).send_for(content, duration);
    }
    /// The twin that reports through `code`.
    template <class Rep, class Period>
    [[nodiscard]] bool send_for(std::string_view peer, const message_type& content,
                                std::chrono::duration<Rep, Period> duration,
                                std::error_code& code) noexcept requires sender_side::waits {
        return with_link(peer, code, [&](parley::link<C>& to) { return to.send_for(content, duration, code); });
    }
    /// Waits at most until `when`, by any clock; whether the message was accepted.
    template <class Clock, class Duration>
    [[nodiscard]] bool send_until(std::string_view peer, const message_type& content,
                                  std::chrono::time_point<Clock, Duration> when) requires sender_side::waits {
        return link(peer).send_until(content, when);
    }
    /// The twin that reports through `code`.
    template <class Clock, class Duration>
    [[nodiscard]] bool send_until(std::string_view peer, const message_type& content,
                                  std::chrono::time_point<Clock, Duration> when,
                                  std::error_code& code) noexcept requires sender_side::waits {
        return with_link(peer, code, [&](parley::link<C>& to) { return to.send_until(content, when, code); });
    }

    /// Symmetric: receives from the process of that name, as `receiver::receive`.
    [[nodiscard]] auto receive(std::string_view peer) { return link(peer).receive(); }
    /// The twin that reports through `code`.
    [[nodiscard]] std::optional<message_type> receive(std::string_view peer, std::error_code& code) noexcept {
        return with_link(peer, code, [&](parley::link<C>& from) { return from.receive(code); });
    }
    /// A message of that process if one is there.
    [[nodiscard]] std::optional<message_type> try_receive(std::string_view peer) { return link(peer).try_receive(); }
    /// The twin that reports through `code`.
    [[nodiscard]] std::optional<message_type> try_receive(std::string_view peer, std::error_code& code) noexcept {
        return with_link(peer, code, [&](parley::link<C>& from) { return from.try_receive(code); });
    }
    /// Waits at most for `duration` for a message of that process.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<message_type> receive_for(
        std::string_view peer, std::chrono::duration<Rep, Period> duration) requires receiver_side::waits {
        return link(peer).receive_for(duration);
    }
    /// The twin that reports through `code`.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<message_type> receive_for(
        std::string_view peer, std::chrono::duration<Rep, Period> duration,
        std::error_code& code) noexcept requires receiver_side::waits {
        return with_link(peer, code, [&](parley::link<C>& from) { return from.receive_for(duration, code); });
    }
    /// Waits at most until `when`, by any clock, for a message of that process.
    template <class Clock, class Duration>
    [[nodiscard]] std::optional<message_type> receive_until(
        std::string_view peer, std::chrono::time_point<Clock, Duration> when) requires receiver_side::waits {
        return link(peer).receive_until(when);
    }
    /// The twin that reports through `code`.
    template <class Clock, class Duration>
    [[nodiscard]] std::optional<message_type> receive_until(
        std::string_view peer, std::chrono::time_point<Clock, Duration> when,
        std::error_code& code) noexcept requires receiver_side::waits {
        return with_link(peer, code, [&](parley::link<C>& from) { return from.receive_until(when, code); });
    }

    /// Asymmetric: receives from whoever has sent, `auto [from, message] = me.receive();`. Blocking, waits for anybody,
    /// also for processes that are yet to come: no single peer's death ends this wait.
    [[nodiscard]] addressed_message receive() requires receiver_side::waits {
        return std::move(*end().receive_until(os::deadline::never()));
    }
    /// Nonblocking: a message of anybody, or none.
    [[nodiscard]] std::optional<addressed_message> receive() requires(!receiver_side::waits) {
        return end().try_receive();
    }
    /// The twin that reports through `code`.
    [[nodiscard]] std::optional<addressed_message> receive(std::error_code& code) noexcept {
        return channel_detail::reported(code, [&] { return end().receive_until(os::deadline::never()); });
    }
    /// A message of anybody if one is there.
    [[nodiscard]] std::optional<addressed_message> try_receive() { return end().try_receive(); }
    /// The twin that reports through `code`.
    [[nodiscard]] std::optional<addressed_message> try_receive(std::error_code& code) noexcept {
        return channel_detail::reported(code, [&] { return end().try_receive(); });
    }
    /// Waits at most for `duration` for a message of anybody.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<addressed_message> receive_for(std::chrono::duration<Rep, Period> duration) requires
        receiver_side::waits {
        return end().receive_until(os::deadline::after(duration));
    }
    /// The twin that reports through `code`.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<addressed_message> receive_for(
        std::chrono::duration<Rep, Period> duration, std::error_code& code) noexcept requires receiver_side::waits {
        return channel_detail::reported(code, [&] { return receive_for(duration); });
    }
    /// Waits at most until `when`, by any clock, for a message of anybody.
    template <class Clock, class Duration>
    [[nodiscard]] std::optional<addressed_message> receive_until(std::chrono::time_point<Clock, Duration> when) requires
        receiver_side::waits {
        return end().receive_until(os::deadline::until(when));
    }
    /// The twin that reports through `code`.
    template <class Clock, class Duration>
    [[nodiscard]] std::optional<addressed_message> receive_until(
        std::chrono::time_point<Clock, Duration> when, std::error_code& code) noexcept requires receiver_side::waits {
        return channel_detail::reported(code, [&] { return receive_until(when); });
    }

private:
    [[nodiscard]] end_type& end() const {
        if (end_ == nullptr) {
            throw_error(errc::bad_state, "this endpoint is not attached: opening it failed, or it was moved from");
        }
        return *end_;
    }

    /// Sets the link up and lets `call` use it; both report through `code`.
    template <class Call>
    auto with_link(std::string_view peer, std::error_code& code, Call call) noexcept
        -> decltype(call(std::declval<parley::link<C>&>())) {
        auto found = link(peer, code);
        return found ? call(*found) : decltype(call(*found))();
    }

    std::unique_ptr<end_type> end_;
};

}  // namespace parley
