#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <parley/os/clock.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/transport/batch.hpp>
#include <parley/transport/copying_context.hpp>
#include <parley/transport/datagram/exchange.hpp>
#include <parley/transport/datagram/outlet.hpp>
#include <parley/transport/datagram/patience.hpp>
#include <parley/transport/datagram/traits.hpp>
#include <parley/transport/socket/patience.hpp>

/// One side of a direct link over datagrams: an outlet to the peer's socket, and the peer's box at this endpoint.
///
/// The outlet finds the peer at first use and again after the peer has gone and come back.

namespace parley::transport::datagram {

/// The algorithm of a link's sender.
template <class C, class Family>
class link_sender {
    using message_type = typename C::message;
    using sender_side = typename C::template word<synchronization_axis>::sender_side;

public:
    static constexpr bool rendezvous = false;

    link_sender(typename Family::address to, std::string_view own_name, box& peer)
        : outlet_(std::move(to), own_name), peer_(&peer) {}

    /// Of a pair. `ending()` says how the peer has ended, which is told where its messages come.
    link_sender(typename Family::way&& to, box& peer, std::function<fate()> ending)
        : outlet_(std::move(to), peer.peer()), peer_(&peer), ending_(std::move(ending)) {}

    [[nodiscard]] outlet<C, Family>& to() noexcept { return outlet_; }

    [[nodiscard]] bool try_push(copying_context&, const message_type& content) { return attempt(content); }

    [[nodiscard]] bool push_until(copying_context&, const message_type& content, os::deadline until) {
        patience<sender_side> patience(until, between_sends);
        const bool sent = os::keep_trying(
            until, [&] { return attempt(content); }, [&] { return wait(patience); });
        outlet_.stop_waiting();
        return sent;
    }

    [[nodiscard]] std::size_t try_push_some(copying_context&, std::span<const message_type> batch) {
        return push_one_by_one(batch, [this](const message_type& each) { return attempt(each); });
    }

    /// Of a pair, for a sender that lacks something else than room, which only the peer could give: throws if that has
    /// gone.
    void check_peer(bool) {
        if (!is_held()) {
            throw_gone();
        }
    }

    /// Of a pair: whether anybody is at the other end. What has come from there is read first: the kernel throws it
    /// away with a question that is refused.
    [[nodiscard]] bool is_held() noexcept {
        static_cast<void>(outlet_.look());
        return outlet_.state() == fate::alive && !peer_->left && outlet_.is_held();
    }

    /// Looks for the peer if it is not known where it is. Whether it is there.
    [[nodiscard]] bool find() {
        if (outlet_.connected() && outlet_.state() == fate::alive && !peer_->left) [[likely]] {
            return true;
        }
        const auto now = os::clock::now();
        if (ending_ || (now < try_again_ && !peer_->been)) {  // of a peer that was there the answer is wanted now
            return false;
        }
        if (!outlet_.connect()) {
            delay_ = std::clamp<os::clock::duration>(2 * delay_, std::chrono::milliseconds(1), longest_delay);
            try_again_ = now + delay_;
            return false;
        }
        delay_ = {};
        try_again_ = {};
        peer_->been = true;
        peer_->left = false;
        return true;
    }

    [[noreturn, gnu::cold, gnu::noinline]] void throw_gone() {
        if (ending_) {
            if (const auto how = outlet_.state(); how == fate::stranger || how == fate::crowded) {
                outlet_.throw_gone();
            }
            // Either socket may have had the word.
            peer_->left = outlet_.state() == fate::left || ending_() == fate::left;
        }
        const auto* const remedy = ending_ ? "make a new pair" : "the link works again when it is back";
        throw_error(peer_->left ? errc::closed : errc::peer_died,
                    "the link with " + outlet_.address().where() +
                        (peer_->left ? ": the peer has left; " : ": the peer was killed; ") + remedy);
    }

private:
    static constexpr os::clock::duration longest_delay = std::chrono::milliseconds(20);

    [[nodiscard]] static bool is_about_end(const error& what) noexcept {
        return what.code() == errc::closed || what.code() == errc::peer_died;
    }

    [[nodiscard]] bool attempt(const message_type& content) {
        if (!find()) [[unlikely]] {
            if (peer_->been || ending_) {
                throw_gone();
            }
            return false;
        }
        try {
            return outlet_.try_push(content);
        } catch (const error& end) {
            if (!is_about_end(end)) {
                throw;
            }
            if (ending_) {
                throw_gone();
            }
            peer_->left = peer_->left || outlet_.state() == fate::left;
            try_again_ = {};
            if (!find()) {  // perhaps another process goes by that name by now
                throw;
            }
            return outlet_.try_push(content);
        }
    }

    [[nodiscard]] bool wait(patience<sender_side>& patience) {
        if (outlet_.connected()) {
            try {
                return outlet_.wait(patience);
            } catch (const error& end) {
                if (ending_ && is_about_end(end)) {
                    throw_gone();
                }
                throw;
            }
        }
        return patience.wait(-1, 0, std::max<os::clock::duration>(delay_, std::chrono::milliseconds(1)), [] {});
    }

    outlet<C, Family> outlet_;
    box* peer_;
    std::function<fate()> ending_;  ///< of a pair
    os::clock::time_point try_again_{};
    os::clock::duration delay_{};
};

/// The algorithm of a link's receiver.
template <class C, class Family>
class link_receiver {
    using message_type = typename C::message;
    using receiver_side = typename C::template word<synchronization_axis>::receiver_side;

public:
    static constexpr bool rendezvous = false;

    link_receiver(exchange<C, Family>& in, box& peer, link_sender<C, Family>& back)
        : exchange_(&in), peer_(&peer), back_(&back) {}

    [[nodiscard]] std::optional<message_type> try_pop(copying_context&) {
        auto content = exchange_->next(*peer_);
        if (content) [[likely]] {
            waiting_.reset();
            gone_ = false;
        } else {
            nothing_came();
        }
        return content;
    }

    [[nodiscard]] std::optional<message_type> pop_until(copying_context& context, os::deadline until) {
        patience<receiver_side> patience(until, between_receives);
        return os::keep_trying(
            until, [&] { return try_pop(context); }, [&] { return wait_with(patience); });
    }

    /// For a batch: one step of the wait between two attempts. What it finds out about the peer is told by an attempt
    /// after it, which takes what the peer sent before.
    [[nodiscard]] bool wait(copying_context&, os::deadline until) {
        if (!waiting_ || waiting_->is_over()) {  // of a wait in slices each has a deadline of its own
            waiting_.emplace(until, between_receives);
        }
        return wait_with(*waiting_);
    }

    [[nodiscard]] std::size_t try_pop_some(copying_context&, std::span<message_type> batch) {
        std::size_t count = 0;
        while (count < batch.size() && exchange_->next(*peer_, batch[count])) {
            ++count;
        }
        if (count != 0) [[likely]] {
            waiting_.reset();
            gone_ = false;
        } else if (!batch.empty()) {
            nothing_came();
        }
        return count;
    }

private:
    static constexpr unsigned polls_per_look = 256;
    static constexpr os::clock::duration until_told = std::chrono::milliseconds(2);
    static constexpr os::clock::duration until_unblocked = std::chrono::milliseconds(1);

    [[nodiscard]] bool wait_with(patience<receiver_side>& patience) {
        const auto look = [this] { this->look(); };
        if (exchange_->blocked()) [[unlikely]] {  // what is in the socket must wait, and would end each sleep
            return patience.wait(-1, 0, until_unblocked, look);
        }
        const auto slice = exchange_->at().owes_credit() ? until_told : os::look_around_interval;
        return patience.wait(exchange_->at().descriptor(), POLLIN, slice, look);
    }

    /// Throws if the peer was known to be there no more: what it sent before has been received by now. Only after an
    /// attempt in vain, and never between a look at the peer and the attempt after it.
    void nothing_came() {
        if (exchange_->blocked()) [[unlikely]] {  // something of the peer's may lie in the socket
            return;
        }
        if (exchange_->at().was_removed()) {
            throw_error(errc::closed, exchange_->at().text() + " is closed: the endpoint was removed by its name");
        }
        if (peer_->been && peer_->left) {
            back_->throw_gone();
        }
        if (std::exchange(gone_, false)) {
            back_->throw_gone();
        }
        if (++vain_ % polls_per_look == 0 && time_to_look_.has_come()) {
            look();
        }
    }

    /// Finds out whether the peer is still there. If it is not, the next receive that finds nothing says so.
    void look() {
        static_cast<void>(exchange_->at().removed());
        if (exchange_->at().is_pair()) {
            gone_ = !back_->is_held();
            return;
        }
        if (!peer_->been) {
            return;
        }
        auto& to = back_->to();
        auto found = to.connected() ? to.look() : fate::unknown;
        const bool asked = !Family::lossless && to.connected();  // over the network the look was a question
        if (found == fate::unknown && !asked) {
            found = Family::answers(to.address()) ? fate::alive : fate::died;
        }
        peer_->left = peer_->left || found == fate::left;
        gone_ = found == fate::died || found == fate::left;
    }

    exchange<C, Family>* exchange_;
    box* peer_;
    link_sender<C, Family>* back_;
    std::optional<patience<receiver_side>> waiting_;  ///< for a batch
    socket::occasion time_to_look_;
    unsigned vain_ = 0;
    bool gone_ = false;
};

/// One side of a link. Its core lives until the endpoint lets go of it.
template <class C, class Family>
class link_end {
public:
    using message_type = typename C::message;

    class core {
    public:
        static constexpr bool in_place = false;

        core(exchange<C, Family>& in, typename Family::address to, std::string_view own_name, box& peer)
            : in_(&in), box_(&peer), sender_(std::move(to), own_name, peer), receiver_(in, peer, sender_) {
            box_->in_use = true;
        }
        /// Of a pair: one socket for each way.
        core(os::descriptor&& in, os::descriptor&& out)
            : own_(std::make_unique<exchange<C, Family>>(Family::place::of_pair(std::move(in)))),
              in_(own_.get()),
              box_(&in_->box_of(exchange<C, Family>::name_in_pair)),
              sender_(Family::way::of_pair(std::move(out)), *box_,
                      [in = in_, peer = box_] { return in->ending(*peer); }),
              receiver_(*in_, *box_, sender_) {
            sender_.to().greet();
        }
        core(const core&) = delete;
        core& operator=(const core&) = delete;
        ~core() {
            box_->in_use = false;
            if (own_ != nullptr && process_ == ::getpid()) {
                sender_.to().take_leave();
            }
        }

        [[nodiscard]] copying_context& context() noexcept { return context_; }
        [[nodiscard]] link_sender<C, Family>& sender() noexcept { return sender_; }
        [[nodiscard]] link_receiver<C, Family>& receiver() noexcept { return receiver_; }

        /// The endpoint's socket, and the messages that have been taken out of it already, in one (epoll(7)).
        [[nodiscard]] int native_handle() {
            if (!poll_) {
                poll_ = os::descriptor{::epoll_create1(EPOLL_CLOEXEC)};
                for (const int each : std::array{in_->at().descriptor(), box_->native_handle()}) {
                    ::epoll_event event{};
                    event.events = EPOLLIN;
                    if (::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, each, &event) != 0) {
                        os::throw_system(errno, "making a descriptor to wait on");
                    }
                }
            }
            return poll_.get();
        }

    private:
        copying_context context_;
        ::pid_t process_ = ::getpid();
        std::unique_ptr<exchange<C, Family>> own_;  ///< of a pair
        exchange<C, Family>* in_;
        box* box_;
        link_sender<C, Family> sender_;
        link_receiver<C, Family> receiver_;
        os::descriptor poll_;
    };

    explicit link_end(std::unique_ptr<core> made) noexcept : core_(std::move(made)) {}

    /// Takes over one side of a pair, by its descriptor. The two sides are alike.
    [[nodiscard]] static link_end open_descriptor(int descriptor, std::size_t) {
        auto [in, out] = Family::open_side(descriptor);
        return link_end{std::make_unique<core>(std::move(in), std::move(out))};
    }

    /// Null once the endpoint has gone.
    [[nodiscard]] core* get() const noexcept { return core_.get(); }
    void detach() noexcept { core_.reset(); }

private:
    std::unique_ptr<core> core_;
};

}  // namespace parley::transport::datagram
