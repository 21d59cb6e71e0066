#pragma once

#include <utility>

#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/os/file_lock.hpp>
#include <parley/segment/locks.hpp>

namespace parley {

/// Says that a constructor takes over a descriptor that `descriptor()` of the same kind of object gave, perhaps in
/// another process: inherited across fork or exec, or received with SCM_RIGHTS (unix(7)).
struct from_descriptor_t {
    explicit from_descriptor_t() = default;
};
inline constexpr from_descriptor_t from_descriptor{};

namespace channel_detail {

/// One end of an anonymous channel before it is used: only a descriptor. It attaches in the process that first uses it,
/// so an end made before fork can be used by the child, and the copy that the parent never used goes without a trace.
///
/// The descriptor shares the lock of its role. All its copies, across fork and exec, are one open file description, so
/// the kernel drops that lock with the last of them: that is how the other side knows that nobody is left.
class handle {
public:
    handle() noexcept = default;
    explicit handle(os::descriptor&& file) noexcept : file_(std::move(file)) {}

    /// A handle of `role` (segment/locks.hpp) on the anonymous object behind `file`.
    template <class Backing>
    [[nodiscard]] static handle make(int file, std::uint32_t role) {
        handle result{Backing::reopen(file)};
        if (!os::try_share_byte(result.file_.get(), role)) {
            throw_error(errc::system, "sharing a lock of an anonymous channel");
        }
        return result;
    }

    [[nodiscard]] int descriptor() const {
        if (!file_) {
            throw_error(errc::bad_state, "this end was moved from, or has no descriptor");
        }
        return file_.get();
    }

private:
    os::descriptor file_;
};

}  // namespace channel_detail
}  // namespace parley
