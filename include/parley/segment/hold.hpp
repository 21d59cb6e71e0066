#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <exception>
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
#include <parley/os/forks.hpp>
#include <parley/os/smaller.hpp>
#include <parley/segment/extents.hpp>
#include <parley/segment/function_ref.hpp>
#include <parley/segment/header.hpp>
#include <parley/segment/locks.hpp>

/// One process's hold on a segment of shared memory, whatever lies in it: create, attach, detach, destroy.
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
    bool huge_pages = false;  ///< for messages that stay in a pool, where they are to be had
    bool has_owner = false;   ///< the object goes with its owner (owner_lifetime); whoever creates it is that
};

/// What lies behind the header: where, up to where, and how it begins.
struct contents {
    std::size_t offset;
    std::size_t whole_size;  ///< of the segment, header included
    void (*construct)(void* memory);
};

/// The part of `segment` (segment/segment.hpp) that needs no type of what lies there: compiled once for each backing,
/// not for each channel.
template <class Backing>
class hold {
public:
    hold() noexcept = default;

    hold(hold&& other) noexcept
        : file_(std::move(other.file_)),
          region_(std::move(other.region_)),
          path_(std::move(other.path_)),
          permissions_(other.permissions_),
          is_owner_(std::exchange(other.is_owner_, false)),
          light_(other.light_),
          process_(std::exchange(other.process_, 0)) {}

    hold& operator=(hold&& other) noexcept {
        hold taken(std::move(other));
        std::swap(file_, taken.file_);
        region_.swap(taken.region_);
        std::swap(path_, taken.path_);
        std::swap(permissions_, taken.permissions_);
        std::swap(is_owner_, taken.is_owner_);
        std::swap(light_, taken.light_);
        std::swap(process_, taken.process_);
        return *this;
    }

    hold(const hold&) = delete;
    hold& operator=(const hold&) = delete;
    ~hold() = default;  // what must happen before is `leave`'s

    [[nodiscard]] bool attached() const noexcept { return process_ != 0; }
    [[nodiscard]] explicit operator bool() const noexcept { return attached(); }

    /// Whether this is a copy that came with fork: its places belong to the parent.
    [[nodiscard]] bool inherited() const noexcept { return process_ != ::getpid(); }

    [[nodiscard]] int file() const noexcept { return file_.get(); }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] ::mode_t permissions() const noexcept { return permissions_; }
    [[nodiscard]] bool is_owner() const noexcept { return is_owner_; }

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
        static_cast<void>(destroyed(file_.get(), path_));
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
        static_cast<void>(destroyed(file_.get(), path_));
        return true;
    }

protected:
    /// Calls `join` once, at the gate, with everything mapped.
    using joining = function_ref<void()>;

    [[nodiscard]] void* memory_at(std::size_t offset) const noexcept {
        return static_cast<std::byte*>(region_.get_address()) + offset;
    }

    void attach(const attachment_request& request, const contents& inside, joining join) {
        const auto path = Backing::locate(request.name);
        for (;;) {
            if (request.mode != opening::create_only) {
                if (try_open(path, request, inside, join)) {
                    return;
                }
                *this = hold{};
            } else if (stands(path, request)) {
                throw_error(errc::already_exists,
                            "creating " + path + ": it exists; open it, or remove the channel first");
            }
            if (request.mode != opening::open_only) {
                if (try_create(path, request, inside, join)) {
                    return;
                }
                *this = hold{};
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

    void attach_to(int file, const identity& id, const contents& inside, joining join, bool waits) {
        file_ = Backing::reopen(file);
        path_ = "an anonymous segment";
        if (!waits && !os::try_lock_byte(file_.get(), locks::gate)) {
            throw_error(errc::in_use, path_ + " is in the hands of somebody who does not let go of it");
        }
        const os::byte_guard gate(file_.get(), locks::gate);
        map(id, inside);
        join();
    }

    [[nodiscard]] static os::descriptor create_anonymous(const identity& id, const contents& inside) {
        return Backing::create_anonymous(inside.whole_size, [&](int file) {
            const auto memory = Backing::map(file, whole(inside));
            construct(memory, id, inside);
        });
    }

    /// `wake` is called with what lies in the segment.
    static bool remove(std::string_view name, const identity& id, const contents& inside,
                       function_ref<void(void*)> wake) {
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
            const auto memory = Backing::map(file.get(), extent{0, 0, os::smaller(size, inside.whole_size)});
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
            const bool gone = destroyed(file.get(), path);
            if (size >= inside.whole_size && head->fingerprint == id.fingerprint) {
                wake(static_cast<std::byte*>(memory.get_address()) + inside.offset);
            }
            if (gone) {
                return true;
            }
        }
        bury(file.get(), path);
        return true;
    }

    /// Calls `depart` at the gate.
    void leave(function_ref<void()> depart) noexcept {
        if (!attached() || inherited()) {
            return;
        }
        try {
            const os::byte_guard gate(file_.get(), locks::gate);
            depart();
            if (is_owner_) {
                discard();
            }
        } catch (const std::exception&) {
            // A lock that the kernel will not give is a place that the kernel will free when the descriptor closes.
        }
        is_owner_ = false;
    }

private:
    [[nodiscard]] static extent whole(const contents& inside) noexcept { return {0, 0, inside.whole_size}; }

    [[nodiscard]] header& head() const noexcept { return *static_cast<header*>(region_.get_address()); }

    static void construct(const region& memory, const identity& id, const contents& inside) {
        inside.construct(static_cast<std::byte*>(memory.get_address()) + inside.offset);
        (::new (memory.get_address()) header)->write(id);
    }

    void map(const identity& id, const contents& inside) {
        const auto size = Backing::size(file_.get());
        if (size < sizeof(header)) {
            header::check(nullptr, size, id, path_);
        }
        region_ = Backing::map(file_.get(), extent{0, 0, os::smaller(size, inside.whole_size)});
        header::check(static_cast<const header*>(region_.get_address()), size, id, path_);
        register_process();
    }

    void register_process() {
        process_ = ::getpid();
        os::count_forks();  // for what is lent and held
        light_ = os::register_light_fence();
        if (!light_) {
            head().full_fences.store(1, std::memory_order_seq_cst);  // our heavy fence reaches nobody
        }
    }

    /// Whether there was a segment to attach to; if not, this is left half done.
    [[nodiscard]] bool try_open(const std::string& path, const attachment_request& request, const contents& inside,
                                joining join) {
        file_ = Backing::open(path);
        if (!file_) {
            return false;
        }
        path_ = path;
        permissions_ = request.permissions;
        const os::byte_guard gate(file_.get(), locks::gate);
        if (!Backing::complete(file_.get())) {
            bury(file_.get(), path);  // its creator died
            return false;
        }
        map(request.id, inside);
        if (closed() != closing::open || orphaned(request)) {
            close(closing::owner_died);
            bury(file_.get(), path);
            return false;
        }
        join();
        return true;
    }

    /// Whether this made the segment; if somebody else did, this is left half done.
    [[nodiscard]] bool try_create(const std::string& path, const attachment_request& request, const contents& inside,
                                  joining join) {
        path_ = path;
        permissions_ = request.permissions;
        is_owner_ = request.has_owner;
        os::descriptor file = Backing::create(path, request.permissions, inside.whole_size, [&](int number) {
            region_ = Backing::map(number, whole(inside));
            construct(region_, request.id, inside);
            register_process();
            if (request.has_owner && !os::try_lock_byte(number, locks::owner)) {
                throw_error(errc::system, "locking a new segment");
            }
            // Until it has a name nobody else can be at the gate. The place is held when the name appears.
            file_ = os::descriptor{number};
            struct lend {
                os::descriptor& borrowed;
                ~lend() { static_cast<void>(borrowed.release()); }
            } guard{file_};
            join();
        });
        file_ = std::move(file);
        return static_cast<bool>(file_);
    }

    /// For who needs no reason: what is closed keeps its name where that cannot be taken away, for the next one.
    [[nodiscard]] static bool destroyed(int file, const std::string& path) noexcept {
        try {
            return Backing::destroy(file, path);
        } catch (const std::exception&) {
            return false;
        }
    }

    /// Takes away the name of an object that nobody can use any more. Throws why that cannot be done.
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

    os::descriptor file_;
    region region_;
    std::string path_;
    ::mode_t permissions_ = 0600;
    bool is_owner_ = false;
    bool light_ = false;
    ::pid_t process_ = 0;
};

}  // namespace parley::segment
