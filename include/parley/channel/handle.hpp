#pragma once

#include <utility>

#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>

namespace parley {

/// Says that a constructor takes over a descriptor that `descriptor()` of the same kind of object gave, perhaps in
/// another process: inherited across fork or exec, or received with SCM_RIGHTS (unix(7)).
struct from_descriptor_t {
    explicit from_descriptor_t() = default;
};
/// The tag itself.
inline constexpr from_descriptor_t from_descriptor{};

namespace channel_detail {

/// One end of an anonymous channel before it is used: only a descriptor. It attaches in the process that first uses it,
/// so an end made before fork can be used by the child, and the copy that the parent never used goes without a trace.
///
/// All copies of the descriptor, across fork and exec, are one open file description. When the last of them is closed,
/// the kernel lets the other side know that nobody is left: by a lock that goes (memory), by an end of file (sockets).
class handle {
public:
    handle() noexcept = default;
    explicit handle(os::descriptor&& file) noexcept : file_(std::move(file)) {}

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
