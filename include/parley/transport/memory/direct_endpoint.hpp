#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <list>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/os/file_lock.hpp>
#include <parley/segment/locks.hpp>
#include <parley/segment/segment.hpp>
#include <parley/transport/memory/context.hpp>
#include <parley/transport/memory/direct_link.hpp>
#include <parley/wait/bell.hpp>
#include <parley/wait/parking_lot.hpp>

/// Direct addressing in memory: processes that name each other, and the links that set themselves up between them.
///
/// Each name has a *home*, a small segment that says who has a link with the name's process, and in which that process
/// sleeps when it waits for anybody. A link is a segment of its own, named after both. Whoever uses a link first makes
/// it, and enters it at the other's home, which it makes too if the other has not come yet; so the order in which
/// processes start does not matter. The last one out takes a link away if no message is left in it, and a home if no
/// link is left at it.

namespace parley::transport::memory {

inline constexpr std::size_t links_of_one = 64;

/// From so many links on, an endpoint lets go of those whose peers have gone: over time, any number of peers.
inline constexpr std::size_t crowded = links_of_one / 2;
inline constexpr std::size_t longest_endpoint_name = 95;

/// What lies in the segment of a home.
template <class C>
struct home_body {
    using receiver_side = typename C::template word<synchronization_axis>::receiver_side;

    struct entry {
        std::atomic<std::uint32_t> used{0};
        std::array<char, longest_endpoint_name + 1> name;
    };

    std::atomic<std::uint32_t> changes{0};  ///< of the entries
    [[no_unique_address]] home_lot<receiver_side> lot;
    std::array<entry, links_of_one> peers;

    /// The name in an entry; read-only for whoever is not at the gate.
    [[nodiscard]] static std::string name_of(const entry& from) {
        std::array<char, longest_endpoint_name + 1> copy;
        std::memcpy(copy.data(), from.name.data(), copy.size());
        copy.back() = '\0';
        return copy.data();
    }

    /// At the gate: enters `peer`. False if there is no room.
    bool enter(std::string_view peer) noexcept {
        entry* free = nullptr;
        for (auto& each : peers) {
            if (each.used.load(std::memory_order_relaxed) == 0) {
                free = free == nullptr ? &each : free;
            } else if (name_of(each) == peer) {
                return true;
            }
        }
        if (free == nullptr) {
            return false;
        }
        free->name.fill('\0');
        peer.copy(free->name.data(), longest_endpoint_name);
        free->used.store(1, std::memory_order_release);
        changes.fetch_add(1, std::memory_order_release);
        return true;
    }

    /// At the gate.
    void erase(std::string_view peer) noexcept {
        for (auto& each : peers) {
            if (each.used.load(std::memory_order_relaxed) != 0 && name_of(each) == peer) {
                each.used.store(0, std::memory_order_release);
                changes.fetch_add(1, std::memory_order_release);
            }
        }
    }

    [[nodiscard]] bool empty() const noexcept {
        for (const entry& each : peers) {
            if (each.used.load(std::memory_order_relaxed) != 0) {
                return false;
            }
        }
        return true;
    }
};

/// A process's hold on its own home, or on a peer's.
template <class C, class Backing>
class home {
public:
    using body_type = home_body<C>;
    using segment_type = segment::segment<Backing, body_type>;

    static constexpr segment::identity identity{C::fingerprint ^ 0x686f6d65, C::description,
                                                segment::whole_size<body_type>};

    home(segment::attachment_request request, bool as_owner, std::string_view visitor) : as_owner_(as_owner) {
        request.id = identity;
        segment_ = segment_type::attach(request, [&](segment_type& joined) {
            if (as_owner && !os::try_lock_byte(joined.file(), segment::locks::owner)) {
                throw_error(errc::in_use, joined.path() +
                                              ": a live process already goes by that name; choose another, "
                                              "or wait until it has ended");
            }
            if (as_owner) {
                joined.body().lot.occupy(0);
            } else {
                static_cast<void>(os::try_share_byte(joined.file(), segment::locks::senders));
                if (!joined.body().enter(visitor)) {
                    throw_error(errc::too_many_participants, joined.path() + " has " + std::to_string(links_of_one) +
                                                                 " links, as many as there are places");
                }
            }
        });
        if (!as_owner) {
            segment_.fence();
            segment_.body().lot.wake_one();
        }
    }

    home(home&&) noexcept = default;
    home& operator=(home&&) = delete;
    home(const home&) = delete;
    home& operator=(const home&) = delete;

    ~home() {
        if (!segment_.attached() || segment_.inherited()) {
            return;
        }
        segment_.leave([&](segment_type& left) {
            for (const auto& [peer, link] : forgotten_) {
                if (is_gone(link)) {
                    left.body().erase(peer);
                }
            }
            // Before the gate opens: of two that leave at a time, the second must find itself alone.
            os::unlock_byte(left.file(), as_owner_ ? segment::locks::owner : segment::locks::senders);
            const bool others = os::byte_is_locked_by_other(left.file(), segment::locks::owner) ||
                                os::byte_is_locked_by_other(left.file(), segment::locks::senders);
            if (!others && left.body().empty()) {
                left.discard();
            }
        });
    }

    [[nodiscard]] segment_type& segment() noexcept { return segment_; }
    [[nodiscard]] body_type& body() noexcept { return segment_.body(); }

    /// On leaving, the entry of `peer` goes, unless there is a `link` of that name again.
    void forget(const std::string& peer, const std::string& link) noexcept {
        try {
            forgotten_.emplace_back(peer, link);
        } catch (const std::bad_alloc&) {  // then the entry stays, which costs a place
        }
    }

    /// At the gate of a home: whether nobody has set that link up again. Whoever does makes it first and then enters it
    /// at the gate, so an entry that is erased after this look comes again.
    [[nodiscard]] static bool is_gone(const std::string& link) noexcept {
        try {
            return !Backing::open(Backing::locate(link));
        } catch (const error&) {
            return false;
        }
    }

private:
    segment_type segment_;
    bool as_owner_;
    std::list<std::pair<std::string, std::string>> forgotten_;  ///< peers, and the names of the links with them
};

/// A process under its name, with all its links.
/// The backing of homes: where links have objects of the kernel beside them, homes have none.
template <class Backing>
struct backing_of_homes {
    using type = Backing;
};
template <class Backing>
    requires requires { typename Backing::without_objects; }
struct backing_of_homes<Backing> {
    using type = typename Backing::without_objects;
};

template <class C, class Backing>
class direct_endpoint {
    using home_type = home<C, typename backing_of_homes<Backing>::type>;
    using link_type = link_end<C, Backing>;
    using receiver_side = typename C::template word<synchronization_axis>::receiver_side;

public:
    using message_type = typename C::message;

    struct connection {
        std::string peer;
        home_type home_of_peer;
        std::shared_ptr<link_type> link;
        /// Until then nobody takes from it who receives from anybody: whoever takes may say so.
        os::clock::time_point passed_over_until{};
        [[nodiscard]] bool passed_over() const noexcept {
            return passed_over_until != os::clock::time_point{} && os::clock::now() < passed_over_until;
        }
    };

    explicit direct_endpoint(segment::attachment_request request)
        : name_(checked(request.name)),
          permissions_(request.permissions),
          home_(std::make_unique<home_type>(named(request, name_), true, "")) {}

    direct_endpoint(direct_endpoint&&) noexcept = default;
    direct_endpoint& operator=(direct_endpoint&& other) noexcept {
        leave();
        name_ = std::move(other.name_);
        permissions_ = other.permissions_;
        home_ = std::move(other.home_);
        connections_ = std::move(other.connections_);
        seen_changes_ = other.seen_changes_;
        bell_ = std::move(other.bell_);
        return *this;
    }
    direct_endpoint(const direct_endpoint&) = delete;
    direct_endpoint& operator=(const direct_endpoint&) = delete;
    ~direct_endpoint() { leave(); }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    /// The link with `peer`, set up if need be. It lasts as long as the endpoint; others may hold it longer, detached.
    [[nodiscard]] const std::shared_ptr<link_type>& link(std::string_view peer) {
        for (auto each = connections_.begin(); each != connections_.end(); ++each) {
            if (each->peer == peer) {
                auto& context = each->link->context();
                if (!context.closed() || context.loan_out || context.take_out) {
                    return each->link;
                }
                static_cast<void>(each->link->detach());
                connections_.erase(each);  // it was removed: a new one
                break;
            }
        }
        return connect(checked(peer));
    }

    /// Receives from whoever has sent, waiting at most until the deadline.
    [[nodiscard]] std::optional<std::pair<std::string, message_type>> receive_until(os::deadline until) {
        return receive_until(until, pop);
    }
    [[nodiscard]] std::optional<std::pair<std::string, message_type>> try_receive() { return try_receive(pop); }

    /// The same, where `take(connection)` gets the message of a peer out of its link, if there is one: an optional.
    template <class Take>
    [[nodiscard]] auto receive_until(os::deadline until, Take take) {
        if constexpr (receiver_waits) {
            return os::keep_trying(
                until, [&] { return try_receive(take); }, [&] { return wait(until); });
        } else {
            return try_receive(take);
        }
    }
    template <class Take>
    [[nodiscard]] auto try_receive(Take take) {
        auto found = attempt(take);
        if constexpr (has_bell) {
            if (!found && bell_.hangs()) {
                bell_.listen(home_->body().lot, 0);
                return attempt(take);
            }
        }
        return found;
    }

    /// As of a link (transport/memory/context.hpp), for messages of anybody.
    [[nodiscard]] int native_handle() requires rings<receiver_side, no_objects> {
        return bell_.handle(home_->body().lot, 0);
    }

    /// Takes away the links that nobody uses any more: the peer has gone, nothing is left to receive, and the user
    /// holds no `link` of it.
    void let_go() {
        for (auto each = connections_.begin(); each != connections_.end();) {
            auto& context = each->link->context();
            if (each->link.use_count() > 1 || context.loan_out || context.take_out || !each->link->abandoned()) {
                ++each;
                continue;
            }
            if (each->link->detach()) {
                const auto link_name = name_of_link(name_, each->peer);
                each->home_of_peer.forget(name_, link_name);
                erase_here(each->peer, link_name);
                tell_of_the_end_with(each->peer);
            } else {  // the peer came back in this moment
                seen_changes_ = home_->body().changes.load(std::memory_order_relaxed) - 1;
            }
            each = connections_.erase(each);
        }
    }

    /// Removes the home of that name and every link entered there.
    static bool remove(std::string_view name) {
        const auto own = checked(name);
        std::list<std::string> peers;
        const bool removed = home_type::segment_type::remove(own, home_type::identity, [&](home_body<C>& body) {
            for (const auto& each : body.peers) {
                if (each.used.load(std::memory_order_acquire) != 0) {
                    peers.push_back(home_body<C>::name_of(each));
                }
            }
            body.lot.wake_all();
        });
        for (const auto& peer : peers) {
            link_type::remove(name_of_link(own, peer));
        }
        return removed;
    }

private:
    static constexpr bool receiver_waits = receiver_side::waits;
    static constexpr bool has_bell = rings<receiver_side, no_objects>;

    static constexpr auto pop = [](connection& from) { return from.link->receiver().try_pop(from.link->context()); };

    template <class Take>
    [[nodiscard]] auto attempt(Take& take)
        -> std::optional<std::pair<std::string, typename std::invoke_result_t<Take&, connection&>::value_type>> {
        discover();
        for (std::size_t step = 0; step < connections_.size(); ++step) {
            // The one that was served goes to the end, so that none is always first.
            connections_.splice(connections_.end(), connections_, connections_.begin());
            auto& each = connections_.back();
            if (each.link->context().closed()) {
                continue;
            }
            if (auto message = take_from(each, take)) {
                return std::pair{each.peer, std::move(*message)};
            }
        }
        if (connections_.size() >= crowded && suspicion_.due()) {
            let_go();
        }
        if (home_->segment().closed() != segment::closing::open) {
            throw_error(errc::closed, home_->segment().path() + " is closed: the endpoint was removed by its name");
        }
        return std::nullopt;
    }

    [[nodiscard]] static std::string checked(std::string_view name) {
        if (name.empty() || name.size() > longest_endpoint_name || name.find('~') != std::string_view::npos) {
            throw_error(errc::invalid_name, "the endpoint's name '" + std::string(name) +
                                                "' cannot be used: it has 1 to " +
                                                std::to_string(longest_endpoint_name) +
                                                " bytes and no '~', which stands in the names of links");
        }
        return std::string(name);
    }

    [[nodiscard]] static segment::attachment_request named(segment::attachment_request request,
                                                           const std::string& name) {
        request.name = name;
        return request;
    }

    [[nodiscard]] static std::string name_of_link(const std::string& one, const std::string& other) {
        const auto& first = one < other ? one : other;
        const auto& second = one < other ? other : one;
        return first + "~" + second.substr(second.rfind('/') + 1);  // where names are paths: beside the first
    }

    [[nodiscard]] const std::shared_ptr<link_type>& connect(std::string peer) {
        if (connections_.size() >= crowded) {
            let_go();
        }
        if (peer == name_) {
            throw_error(errc::invalid_name, "the endpoint '" + name_ + "' cannot have a link with itself");
        }
        segment::attachment_request request;
        request.permissions = permissions_;
        const auto link_name = name_of_link(name_, peer);
        request.name = link_name;
        auto link = std::make_shared<link_type>(link_type::open(request, name_ < peer ? 0 : 1));
        {
            const os::byte_guard gate(home_->segment().file(), segment::locks::gate);
            if (!home_->body().enter(peer)) {
                throw_error(
                    errc::too_many_participants,
                    "the endpoint '" + name_ + "' has " + std::to_string(links_of_one) + " links, as many as it may");
            }
        }
        request.name = peer;
        try {
            auto& made = connections_.emplace_back(connection{peer, home_type{request, false, name_}, std::move(link)});
            made.link->context().set_home_of_peer(made.home_of_peer.body().lot);
            return made.link;
        } catch (...) {  // where the peer cannot be told, nothing is to stay behind either
            if (link != nullptr && link->detach()) {
                erase_here(peer, link_name);
            }
            throw;
        }
    }

    /// A message of this peer, if there is one. That the peer has gone, or the link is removed in this moment, is no
    /// end for one who receives from anybody.
    template <class Take>
    [[nodiscard]] static auto take_from(connection& from, Take& take) -> std::invoke_result_t<Take&, connection&> {
        auto& context = from.link->context();
        struct among_many {
            bool& flag;
            explicit among_many(bool& on) noexcept : flag(on) { flag = true; }
            among_many(const among_many&) = delete;
            among_many& operator=(const among_many&) = delete;
            ~among_many() { flag = false; }
        } guard{context.one_of_many};
        try {
            return take(from);
        } catch (const error& end) {
            if (end.code() != errc::closed) {
                throw;
            }
            return std::nullopt;
        }
    }

    /// Sets up the links that others have entered at this home. Of a peer with which that cannot be done, it says so
    /// once; nobody else's messages are to wait for that.
    void discover() {
        const auto changes = home_->body().changes.load(std::memory_order_acquire);
        if (changes == seen_changes_) {
            return;
        }
        std::exception_ptr failure;
        for (const auto& each : home_->body().peers) {
            if (each.used.load(std::memory_order_acquire) != 0) {
                try {
                    static_cast<void>(link(home_body<C>::name_of(each)));
                } catch (const error&) {
                    failure = std::current_exception();
                }
            }
        }
        seen_changes_ = changes;
        if (failure) {
            std::rethrow_exception(failure);
        }
    }

    /// Takes the entry of `peer` out of the own home, unless there is a `link` of that name again; on leaving, if that
    /// cannot be done now.
    void erase_here(const std::string& peer, const std::string& link_name) noexcept {
        try {
            const os::byte_guard gate(home_->segment().file(), segment::locks::gate);
            if (home_type::is_gone(link_name)) {
                home_->body().erase(peer);
            }
        } catch (const error&) {
            home_->forget(peer, link_name);
        }
    }

    [[nodiscard]] bool anything_there() {
        for (auto& each : connections_) {
            if (!each.passed_over() && !each.link->context().closed() &&
                each.link->receiver().ready(each.link->context())) {
                return true;
            }
        }
        return false;
    }

    [[nodiscard]] bool wait(os::deadline until) {
        for (auto& each : connections_) {
            each.link->receiver().begin_wait(each.link->context());
        }
        const auto end_all = [this] {
            for (auto& each : connections_) {
                each.link->receiver().end_wait(each.link->context());
            }
        };
        bool slept = false;
        const bool ready = waiting::wait_until(
            home_->body().lot, 0, until,
            [&] {
                return home_->body().changes.load(std::memory_order_acquire) != seen_changes_ ||
                       home_->segment().closed() != segment::closing::open || anything_there();
            },
            [&] {
                for (auto& each : connections_) {
                    each.link->receiver().look(each.link->context());
                }
            },
            slept);
        end_all();
        return ready;
    }

    /// A link has gone, with all that was in it: what lies beside it can go, too.
    void tell_of_the_end_with(const std::string& peer) const noexcept {
        if constexpr (requires { C::link_has_gone(name_, peer); }) {
            C::link_has_gone(name_, peer);
        }
    }

    void leave() noexcept {
        for (auto& each : connections_) {
            if (each.link->detach()) {
                const auto link_name = name_of_link(name_, each.peer);
                each.home_of_peer.forget(name_, link_name);
                home_->forget(each.peer, link_name);
                tell_of_the_end_with(each.peer);
            }
        }
        connections_.clear();
        home_.reset();
    }

    std::string name_;
    ::mode_t permissions_;
    std::unique_ptr<home_type> home_;
    std::list<connection> connections_;
    std::uint32_t seen_changes_ = 0;
    suspicion suspicion_;
    waiting::bell bell_;
};

}  // namespace parley::transport::memory
