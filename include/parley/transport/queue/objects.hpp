#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>

#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <parley/os/cpu.hpp>
#include <parley/os/crash_point.hpp>
#include <parley/os/error.hpp>
#include <parley/os/file_lock.hpp>
#include <parley/segment/file_backing.hpp>
#include <parley/segment/header.hpp>
#include <parley/segment/locks.hpp>
#include <parley/transport/queue/object.hpp>

/// The queue objects of a channel, and how they come and go with its segment.
///
/// Beside each channel over queues lies a small segment of shared memory, its books: who takes part and lives, what was
/// composed, whether it is closed. The messages themselves are in the kernel. An object is made at the gate of the
/// segment by the first who needs it, and noted there when it is whole; it is removed at the gate, before the segment's
/// name is taken away. So a process killed in between leaves nothing that the next one does not find.

namespace parley::transport::queue {

/// What lies at the beginning of the segment's body: at an offset that does not depend on the composition.
template <std::size_t Count>
struct alignas(os::cache_line) object_table {
    std::uint64_t count = Count;
    std::array<record, Count> records{};
};

inline constexpr std::size_t table_offset = sizeof(segment::header);
inline constexpr std::size_t most_objects = 512;

/// Where one process finds the objects of the channel that it attaches to.
struct origin {
    const std::string& path;  ///< of the segment
    ::mode_t permissions;
    std::span<record> records;
    std::string_view composed;  ///< the composition, for an error's text
    int bundle = -1;            ///< of an anonymous channel: the descriptor that it came by
};

template <class Message, class Buffering, std::size_t Senders, std::size_t Receivers, class Backing>
struct queue_selector;  // transport/queue/selector.hpp

/// Opens the object of that number, or makes it if nobody has. At the gate.
template <class Backing>
[[nodiscard]] typename Backing::object open_object(const origin& from, std::size_t index, shape as) {
    using object = typename Backing::object;
    as.permissions = from.permissions;
    as.composed = from.composed;
    auto& noted = from.records[index];
    if constexpr (Backing::bundled) {
        return Backing::object_in(from.bundle, index);
    } else {
        const auto name = Backing::object_name(from.path, index);
        if (noted.made.load(std::memory_order_acquire) == record::whole) {
            return object::open(name, as, noted);
        }
        noted.made.store(record::begun, std::memory_order_release);
        PARLEY_CRASH_POINT("queue object: begun, not made");
        auto made = object::make(name, as, noted);
        PARLEY_CRASH_POINT("queue object: made, not noted");
        noted.made.store(record::whole, std::memory_order_release);
        return made;
    }
}

/// Lets an end of a channel open its objects with `begin`, at the gate: after it has its place and the segment its
/// name, or two creators of one name would meet at one object.
template <class Segment, class Begin>
void begin_at_gate(Segment& attached, Begin begin) {
    const os::byte_guard gate(attached.file(), segment::locks::gate);
    if (attached.closed() != segment::closing::open) {
        throw_error(errc::closed, attached.path() + " was removed in the moment of its opening; open it again");
    }
    try {
        begin();
    } catch (const error&) {
        if (attached.body().objects.records[0].made.load(std::memory_order_relaxed) != record::whole) {
            attached.discard();  // a channel without its object is none
        }
        throw;
    }
}

/// The backing of the books of a channel over queues: a file in /dev/shm that takes its queue objects along when it
/// goes. `Names` says where they are: `prefix`, `to_file(name)`, the name as a part of a file's name, which also checks
/// it, and `object_name(file, index)`.
template <class Object, class Names>
class books : public segment::file_backing {
public:
    using object = Object;
    static constexpr bool bundled = false;
    static constexpr bool pollable = Object::pollable;

    template <class Message, class Buffering, std::size_t Senders, std::size_t Receivers>
    using queue = typename queue_selector<Message, Buffering, Senders, Receivers, books>::type;

    /// For a segment at whose beginning there is no table of objects: an endpoint's home.
    struct without_objects : segment::file_backing {
        [[nodiscard]] static std::string locate(std::string_view name) { return books::locate(name); }
    };

    [[nodiscard]] static std::string locate(std::string_view name) {
        return "/dev/shm/parley-" + std::string(Names::prefix) + "." + Names::to_file(name);
    }

    [[nodiscard]] static std::string object_name(const std::string& path, std::size_t index) {
        constexpr std::size_t before = std::string_view{"/dev/shm/parley-."}.size() + Names::prefix.size();
        return Names::object_name(path.substr(before), index);
    }

    /// At the gate: takes the objects and the name away, if the name still stands for this file.
    static bool destroy(int file, const std::string& path) noexcept {
        if (file_backing::is_named(file, path)) {
            remove_objects(file, path);
            PARLEY_CRASH_POINT("queue object: all removed, segment named");
        }
        return file_backing::destroy(file, path);
    }

private:
    static void remove_objects(int file, const std::string& path) noexcept {
        std::uint64_t count = 0;
        if (::pread(file, &count, sizeof count, table_offset) != static_cast<::ssize_t>(sizeof count)) {
            return;
        }
        for (std::size_t index = 0; index < std::min<std::uint64_t>(count, most_objects); ++index) {
            record noted;
            const auto where = table_offset + offsetof(object_table<1>, records) + index * sizeof(record);
            std::array<std::byte, sizeof(record)> bytes;
            if (::pread(file, bytes.data(), bytes.size(), static_cast<::off_t>(where)) !=
                static_cast<::ssize_t>(bytes.size())) {
                return;
            }
            std::array<std::int32_t, 3> values;
            static_assert(sizeof values == sizeof(record));
            std::memcpy(values.data(), bytes.data(), sizeof values);
            noted.key.store(values[1], std::memory_order_relaxed);
            noted.number.store(values[2], std::memory_order_relaxed);
            if (values[0] != 0 || values[1] != 0) {  // made, or begun
                try {
                    Object::remove(object_name(path, index), noted);
                    PARLEY_CRASH_POINT("queue object: removed, others are there");
                } catch (const std::exception&) {  // no memory for a name: it stays
                }
            }
        }
    }
};

}  // namespace parley::transport::queue
