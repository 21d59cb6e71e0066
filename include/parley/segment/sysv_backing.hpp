#pragma once

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/interprocess/xsi_shared_memory.hpp>

#include <parley/os/crash_point.hpp>
#include <parley/os/file_lock.hpp>
#include <parley/os/random.hpp>
#include <parley/segment/file_backing.hpp>
#include <parley/segment/locks.hpp>

/// Segments of System V shared memory (shmget(2)).
///
/// A System V segment has a 32-bit key instead of a name and no descriptor that could be locked. Each channel therefore
/// has a small control file, /dev/shm/parley-sysv.NAME, which carries the locks and the numbers (shmid) of its
/// segments: one for header and body, one for each extent. Keys are drawn at random and the draw is written down before
/// the segment is made, so two names never meet on one key, and what a creator leaves that is killed between making a
/// segment and writing down its number is found and removed by the next process that opens or removes the channel.

namespace parley::segment {

class sysv_backing {
public:
    [[nodiscard]] static std::string locate(std::string_view name) {
        return "/dev/shm/parley-sysv." + posix_backing::checked(name);
    }

    [[nodiscard]] static os::descriptor open(const std::string& path) { return file_backing::open(path); }

    template <class Build>
    [[nodiscard]] static os::descriptor create(const std::string& path, ::mode_t permissions, std::size_t size,
                                               Build build) {
        auto control = file_backing::create(path, permissions, sizeof(record), [&](int file) {
            // The control file gets its name before the segment exists: held shut until the segment is whole.
            if (!os::try_lock_byte(file, locks::gate)) {
                throw_error(errc::system, "locking a nameless file");
            }
        });
        if (control) {
            struct open_gate {
                int file;
                ~open_gate() { os::unlock_byte(file, locks::gate); }
            } guard{control.get()};
            try {
                reserve(control.get(), extent{0, 0, size}, permissions, path);
                PARLEY_CRASH_POINT("sysv segment: reserved, not built");
                build(control.get());
                mark_complete(control.get());
            } catch (...) {
                static_cast<void>(destroy(control.get(), path));
                throw;
            }
        }
        return control;
    }

    /// Whether the creator of the segment came to the end. Asked with the gate held: a creator holds it until then.
    [[nodiscard]] static bool complete(int control) {
        const auto main = read(control, 0);
        struct ::shmid_ds status {};
        return main.state == complete_state && ::shmctl(main.identifier, IPC_STAT, &status) == 0;
    }

    [[nodiscard]] static std::size_t size(int control) {
        struct ::shmid_ds status {};
        if (::shmctl(read(control, 0).identifier, IPC_STAT, &status) != 0) {
            os::throw_system(errno, "asking for the size of a System V segment");
        }
        return status.shm_segsz;
    }

    [[nodiscard]] static bool holds(int control, const extent& part) {
        const auto entry = read(control, part.index);
        struct ::shmid_ds status {};
        return entry.state >= made_state && ::shmctl(entry.identifier, IPC_STAT, &status) == 0 &&
               status.shm_segsz >= part.size;
    }

    static void reserve(int control, const extent& part, ::mode_t permissions, const std::string& what) {
        sweep(control, part.index);
        if (part.index != 0 && read(control, 0).state != complete_state) {
            throw_error(errc::closed, what + " cannot grow: it was removed");  // nobody would remove the new segment
        }
        for (;;) {
            record entry{pending_state, draw_key(), ::getpid(), 0, part.size};
            if (::shmget(entry.key, 0, 0) >= 0 || errno != ENOENT) {
                continue;  // the key is somebody's
            }
            write(control, part.index, entry);
            PARLEY_CRASH_POINT("sysv segment: key written down, not made");
            entry.identifier =
                ::shmget(entry.key, part.size, IPC_CREAT | IPC_EXCL | static_cast<int>(permissions & 0777));
            if (entry.identifier < 0) {
                if (errno == EEXIST) {
                    continue;
                }
                os::throw_system(errno, "reserving " + std::to_string(part.size) + " bytes for " + what,
                                 "see kernel.shmmax, kernel.shmall and kernel.shmmni (sysctl), or ask for less");
            }
            PARLEY_CRASH_POINT("sysv segment: made, number not written down");
            entry.state = made_state;
            write(control, part.index, entry);
            return;
        }
    }

    [[nodiscard]] static region map(int control, const extent& part) {
        const auto entry = read(control, part.index);
        const boost::interprocess::xsi_shared_memory memory(boost::interprocess::open_only, entry.identifier);
        return map_region(mappable::system_v(memory.get_shmid()), 0, 0);
    }

    static void discard(int control, const extent& part) noexcept { sweep(control, part.index); }

    /// Removes every segment of the channel, then the control file: killed between the two, the next one finishes.
    /// Receivers still find the numbers of extents there, and what some process has attached can be attached until the
    /// last one lets go: that much of what was sent can be received after the end.
    static bool destroy(int control, const std::string& path) noexcept {
        std::optional<os::byte_guard> alone;
        try {
            alone.emplace(control, locks::growth);  // else a grower could make a segment that nobody removes
        } catch (const error&) {                    // the kernel will not lock: there is no grower either
        }
        struct ::stat status {};
        const auto count =
            ::fstat(control, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) / sizeof(record) : 0;
        for (std::uint64_t index = 0; index < count; ++index) {
            remove(control, index);
        }
        forget(control, 0);
        return file_backing::destroy(control, path);
    }

private:
    static constexpr std::uint32_t pending_state = 1;   ///< a key is drawn, a segment may exist
    static constexpr std::uint32_t made_state = 2;      ///< the segment exists
    static constexpr std::uint32_t complete_state = 3;  ///< and what is in it is built

    /// One entry of the control file.
    struct record {
        std::uint32_t state;
        ::key_t key;
        ::pid_t maker;
        int identifier;
        std::uint64_t size;
    };

    static record read(int control, std::uint64_t index) noexcept {
        record entry{};
        if (::pread(control, &entry, sizeof(entry), static_cast<::off_t>(index * sizeof(entry))) !=
            static_cast<::ssize_t>(sizeof(entry))) {
            return {};
        }
        return entry;
    }

    static void write(int control, std::uint64_t index, const record& entry) {
        if (::pwrite(control, &entry, sizeof(entry), static_cast<::off_t>(index * sizeof(entry))) !=
            static_cast<::ssize_t>(sizeof(entry))) {
            os::throw_system(errno, "writing the control file of a System V segment");
        }
    }

    static void mark_complete(int control) {
        auto entry = read(control, 0);
        entry.state = complete_state;
        write(control, 0, entry);
    }

    /// Removes the segment of one entry, whatever state it was left in, and the entry.
    static void sweep(int control, std::uint64_t index) noexcept {
        remove(control, index);
        forget(control, index);
    }

    static void forget(int control, std::uint64_t index) noexcept {
        const record none{};
        static_cast<void>(::pwrite(control, &none, sizeof(none), static_cast<::off_t>(index * sizeof(none))));
    }

    static void remove(int control, std::uint64_t index) noexcept {
        const auto entry = read(control, index);
        const int made = entry.identifier;  // g++ 12, optimizing, takes `entry` for gone in the last branch
        if (entry.state == 0) {
            return;
        }
        if (entry.state == pending_state) {
            const int identifier = ::shmget(entry.key, 0, 0);
            struct ::shmid_ds status {};
            if (identifier >= 0 && ::shmctl(identifier, IPC_STAT, &status) == 0 && status.shm_cpid == entry.maker &&
                status.shm_segsz == entry.size) {  // made by whom the entry names, so the channel's
                ::shmctl(identifier, IPC_RMID, nullptr);
            }
        } else {
            boost::interprocess::xsi_shared_memory::remove(made);
        }
    }

    [[nodiscard]] static ::key_t draw_key() {
        for (;;) {
            const auto key = static_cast<::key_t>(os::random_number<std::uint32_t>());
            if (key != IPC_PRIVATE) {
                return key;
            }
        }
    }
};

}  // namespace parley::segment
