#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>
#include <unistd.h>

#include <parley/os/clock.hpp>
#include <parley/os/crash_point.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/fence.hpp>
#include <parley/os/file_lock.hpp>
#include <parley/segment/extents.hpp>
#include <parley/segment/header.hpp>
#include <parley/segment/locks.hpp>

/// A segment of shared memory and one process's hold on it: create, attach, detach, destroy.
///
/// Everything that changes who is attached happens at the *gate*, a lock on one byte of the segment's file, which the
/// kernel opens again if its holder dies. What a segment's name stands for is either a whole segment, or none.

namespace parley::segment {

/// What to do about an object of that name that exists, or does not.
enum class opening { open_or_create, create_only, open_only };

struct attachment_request {
    std::string_view name;
    opening mode = opening::open_or_create;
    ::mode_t permissions = 0600;
    os::deadline give_up = os::deadline::never();  ///< until when `open_only` waits for the object to appear
    std::uint64_t pool_size = 0;  ///< bytes for messages that stay in a pool (payload/map.hpp); 0: by the composition
    identity id;
    bool has_owner = false;  ///< the object goes with its owner (owner_lifetime); whoever creates it is that
};

/// One process's hold on one segment. `Body` is what lies behind the header: a struct without pointers whose default
/// constructor leaves it ready for use.
template <class Backing, class Body>
class segment {
public:
    segment() noexcept = default;

    segment(segment&& other) noexcept
        : file_(std::move(other.file_)),
          region_(std::move(other.region_)),
          path_(std::move(other.path_)),
          permissions_(other.permissions_),
          is_owner_(std::exchange(other.is_owner_, false)),
          light_(other.light_),
          process_(std::exchange(other.process_, 0)) {}

    segment& operator=(segment&& other) noexcept {
        segment taken(std::move(other));
        std::swap(file_, taken.file_);
        region_.swap(taken.region_);
        std::swap(path_, taken.path_);
        std::swap(permissions_, taken.permissions_);
        std::swap(is_owner_, taken.is_owner_);
        std::swap(light_, taken.light_);
        std::swap(process_, taken.process_);
        return *this;
    }

    segment(const segment&) = delete;
    segment& operator=(const segment&) = delete;
    ~segment() = default;  // what must happen before is `leave`'s

    /// Finds or makes the segment of that name. `join(segment&)` is called once, at the gate, with the body mapped; it
    /// takes the caller's place, or throws to refuse.
    template <class Join>
    [[nodiscard]] static segment attach(const attachment_request& request, Join join) {
        const auto path = Backing::locate(request.name);
        for (;;) {
            if (request.mode != opening::create_only) {
                if (auto existing = try_open(path, request, join)) {
                    return existing;
                }
            } else if (stands(path, request)) {
                throw_error(errc::already_exists,
                            "creating " + path + ": it exists; open it, or remove the channel first");
            }
            if (request.mode != opening::open_only) {
                if (auto created = try_create(path, request, join)) {
                    return created;
                }
                continue;  // somebody else was faster
            }
            if (request.give_up.passed()) {
                throw_error(errc::not_found, "opening " + path + ": no such channel; start the process that creates " +
                                                 "it first, or let options::open_within wait for it");
            }
            constexpr timespec pause{0, 1'000'000};
            ::nanosleep(&pause, nullptr);
        }
    }

    /// Makes a segment without a name; `attach_to` its descriptor.
    [[nodiscard]] static os::descriptor create_anonymous(const identity& id) {
        return Backing::create_anonymous(whole().size, [&](int file) {
            const auto memory = Backing::map(file, whole());
            construct(memory, id);
        });
    }

    /// Attaches to a segment by a descriptor of it, from `pair`, a parent or a message.
    template <class Join>
    [[nodiscard]] static segment attach_to(int file, const identity& id, Join join) {
        segment result;
        result.file_ = Backing::reopen(file);
        result.path_ = "an anonymous segment";
        const os::byte_guard gate(result.file_.get(), locks::gate);
        result.map(id);
        join(result);
        return result;
    }

    /// Takes away the name; whoever is attached gets `errc::closed`. `wake(Body&)` wakes the sleepers of a segment that
    /// is what `id` describes; those of any other look around by themselves. Whether there was anything to remove.
    template <class Wake>
    static bool remove(std::string_view name, const identity& id, Wake wake) {
        const auto path = Backing::locate(name);
        auto file = Backing::open(path);
        if (!file) {
            return false;
        }
        const os::byte_guard gate(file.get(), locks::gate);
        if (Backing::complete(file.get())) {
            const auto size = Backing::size(file.get());
            if (size < sizeof(header)) {
                throw_error(errc::corrupt, path + " is no parley segment and is left alone");
            }
            const auto memory = Backing::map(file.get(), extent{0, 0, std::min(size, whole().size)});
            auto* head = static_cast<header*>(memory.get_address());
            if (head->magic != header::expected_magic) {
                throw_error(errc::corrupt, path + " is no parley segment and is left alone");
            }
            if (head->closed.load(std::memory_order_acquire) != closing::open) {
                bury(file.get(), path);
                return false;  // a remover died on the way
            }
            head->closed.store(closing::removed, std::memory_order_release);
            PARLEY_CRASH_POINT("segment: closed, name not taken away");
            const bool destroyed = Backing::destroy(file.get(), path);
            if (size >= whole().size && head->fingerprint == id.fingerprint) {
                wake(*body_in(memory));
            }
            if (destroyed) {
                return true;
            }
        }
        bury(file.get(), path);
        return true;
    }

    /// Detaches: at the gate, calls `depart(*this)`, and closes the channel if this was its owner. Call before
    /// destruction; a process that inherited the object by fork only closes its copies.
    template <class Depart>
    void leave(Depart depart) noexcept {
        if (!attached() || inherited()) {
            return;
        }
        try {
            const os::byte_guard gate(file_.get(), locks::gate);
            depart(*this);
            if (is_owner_) {
                discard();
            }
        } catch (const std::exception&) {
            // A lock that the kernel will not give is a place that the kernel will free when the descriptor closes.
        }
        is_owner_ = false;
    }

    [[nodiscard]] bool attached() const noexcept { return process_ != 0; }
    [[nodiscard]] explicit operator bool() const noexcept { return attached(); }

    /// Whether this is a copy that came with fork: its places belong to the parent.
    [[nodiscard]] bool inherited() const noexcept { return process_ != ::getpid(); }

    [[nodiscard]] Body& body() const noexcept { return *body_in(region_); }
    [[nodiscard]] int file() const noexcept { return file_.get(); }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] ::mode_t permissions() const noexcept { return permissions_; }
    [[nodiscard]] bool is_owner() const noexcept { return is_owner_; }

    /// How an unbounded channel grows; `lane` 0 or 1 for the two directions of a duplex one.
    [[nodiscard]] extents<Backing> growth(unsigned lane = 0) const noexcept {
        return {file_.get(), whole().size, permissions_, lane};
    }

    /// Whether the channel still is one, and if not, why. Acquire: what the closer did before is visible.
    [[nodiscard]] closing closed() const noexcept { return head().closed.load(std::memory_order_acquire); }

    /// Says that no more messages will pass.
    void close(closing why) noexcept {
        auto open = closing::open;
        head().closed.compare_exchange_strong(open, why, std::memory_order_acq_rel, std::memory_order_relaxed);
    }

    /// After a store that a sleeper waits for, before asking whether anybody sleeps.
    void fence() const noexcept { os::light_fence(light_ && head().full_fences.load(std::memory_order_relaxed) == 0); }

    /// At the gate, when nobody is left: closes the channel and takes its name away.
    void discard() noexcept {
        close(closing::removed);
        static_cast<void>(Backing::destroy(file_.get(), path_));
    }

    /// For a channel with an owner: if that is dead, closes the channel and takes its name away. Whether it did.
    bool bury_dead_owner() {
        if (is_owner_ || os::byte_is_locked_by_other(file_.get(), locks::owner)) {
            return false;
        }
        const os::byte_guard gate(file_.get(), locks::gate);
        if (closed() != closing::open || os::byte_is_locked_by_other(file_.get(), locks::owner)) {
            return false;
        }
        close(closing::owner_died);
        static_cast<void>(Backing::destroy(file_.get(), path_));
        return true;
    }

private:
    [[nodiscard]] static constexpr extent whole() noexcept { return {0, 0, whole_size<Body>}; }

    [[nodiscard]] static Body* body_in(const region& memory) noexcept {
        return std::launder(reinterpret_cast<Body*>(static_cast<std::byte*>(memory.get_address()) + body_offset<Body>));
    }

    [[nodiscard]] header& head() const noexcept { return *static_cast<header*>(region_.get_address()); }

    static void construct(const region& memory, const identity& id) {
        ::new (static_cast<void*>(static_cast<std::byte*>(memory.get_address()) + body_offset<Body>)) Body;
        (::new (memory.get_address()) header)->write(id);
    }

    void map(const identity& id) {
        const auto size = Backing::size(file_.get());
        if (size < sizeof(header)) {
            header::check(nullptr, size, id, path_);
        }
        region_ = Backing::map(file_.get(), extent{0, 0, std::min(size, whole().size)});
        header::check(static_cast<const header*>(region_.get_address()), size, id, path_);
        register_process();
    }

    void register_process() {
        process_ = ::getpid();
        light_ = os::register_light_fence();
        if (!light_) {
            head().full_fences.store(1, std::memory_order_seq_cst);  // our heavy fence reaches nobody
        }
    }

    template <class Join>
    [[nodiscard]] static segment try_open(const std::string& path, const attachment_request& request, Join join) {
        segment result;
        result.file_ = Backing::open(path);
        if (!result.file_) {
            return {};
        }
        result.path_ = path;
        result.permissions_ = request.permissions;
        const os::byte_guard gate(result.file_.get(), locks::gate);
        if (!Backing::complete(result.file_.get())) {
            bury(result.file_.get(), path);  // its creator died
            return {};
        }
        result.map(request.id);
        if (result.closed() != closing::open || result.orphaned(request)) {
            result.close(closing::owner_died);
            bury(result.file_.get(), path);
            result.process_ = 0;
            return {};
        }
        join(result);
        return result;
    }

    /// Takes away the name of an object that nobody can use any more.
    static void bury(int file, const std::string& path) {
        if (!Backing::destroy(file, path)) {
            throw_error(errc::permission_denied, path +
                                                     " is what is left of a closed channel, and this process may not "
                                                     "remove it; its owner, or root, can");
        }
    }

    /// Whether a channel with an owner has lost it.
    [[nodiscard]] bool orphaned(const attachment_request& request) const noexcept {
        return request.has_owner && !os::byte_is_locked_by_other(file_.get(), locks::owner);
    }

    /// Whether a usable segment has that name.
    [[nodiscard]] static bool stands(const std::string& path, const attachment_request& request) {
        auto file = Backing::open(path);
        if (!file) {
            return false;
        }
        const os::byte_guard gate(file.get(), locks::gate);
        bool usable = Backing::complete(file.get());
        if (usable && Backing::size(file.get()) >= sizeof(header)) {
            const auto memory = Backing::map(file.get(), extent{0, 0, sizeof(header)});
            const auto* head = static_cast<const header*>(memory.get_address());
            usable = head->magic != header::expected_magic ||
                     (head->closed.load(std::memory_order_acquire) == closing::open &&
                      !(request.has_owner && !os::byte_is_locked_by_other(file.get(), locks::owner)));
        }
        if (!usable) {
            bury(file.get(), path);
        }
        return usable;
    }

    template <class Join>
    [[nodiscard]] static segment try_create(const std::string& path, const attachment_request& request, Join join) {
        segment result;
        result.path_ = path;
        result.permissions_ = request.permissions;
        result.is_owner_ = request.has_owner;
        os::descriptor file = Backing::create(path, request.permissions, whole().size, [&](int number) {
            result.region_ = Backing::map(number, whole());
            construct(result.region_, request.id);
            result.register_process();
            if (request.has_owner && !os::try_lock_byte(number, locks::owner)) {
                throw_error(errc::system, "locking a new segment");
            }
            // Until it has a name nobody else can be at the gate. The place is held when the name appears.
            result.file_ = os::descriptor{number};
            struct lend {
                os::descriptor& borrowed;
                ~lend() { static_cast<void>(borrowed.release()); }
            } guard{result.file_};
            join(result);
        });
        if (!file) {
            return {};
        }
        result.file_ = std::move(file);
        return result;
    }

    os::descriptor file_;
    region region_;
    std::string path_;
    ::mode_t permissions_ = 0600;
    bool is_owner_ = false;
    bool light_ = false;
    ::pid_t process_ = 0;
};

}  // namespace parley::segment
