#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <sys/mman.h>

#include <boost/interprocess/exceptions.hpp>
#include <boost/interprocess/mapped_region.hpp>

#include <parley/os/error.hpp>
#include <parley/os/huge_pages.hpp>

/// A part of a segment that is reserved, mapped and given back as a whole.

namespace parley::segment {

using region = boost::interprocess::mapped_region;

/// Extent 0 holds header and body; an unbounded channel grows by extents 1, 2, 3 and so on, each at its own offset.
struct extent {
    std::uint64_t index;
    std::uint64_t offset;  ///< bytes from the beginning, a multiple of the page size
    std::size_t size;      ///< bytes
};

/// What Boost.Interprocess maps: a descriptor, or the number of a System V segment.
class mappable {
public:
    [[nodiscard]] static mappable file(int descriptor) noexcept { return mappable{descriptor, false}; }
    [[nodiscard]] static mappable system_v(int identifier) noexcept { return mappable{identifier, true}; }

    [[nodiscard]] boost::interprocess::mapping_handle_t get_mapping_handle() const noexcept {
        boost::interprocess::mapping_handle_t handle{};
        handle.handle = number_;
        handle.is_xsi = is_xsi_;
        return handle;
    }

private:
    mappable(int number, bool is_xsi) noexcept : number_(number), is_xsi_(is_xsi) {}
    int number_;
    bool is_xsi_;
};

enum class access { read_only, read_write };

/// Maps `size` bytes from `offset` on, at an address of ours if one is given; 0 bytes mean all there are.
[[nodiscard]] inline region map_region(const mappable& what, std::uint64_t offset, std::size_t size,
                                       access how = access::read_write, void* address = nullptr) {
    namespace boost_ipc = boost::interprocess;
    try {
        return region{what,
                      how == access::read_only ? boost_ipc::read_only : boost_ipc::read_write,
                      static_cast<boost_ipc::offset_t>(offset),
                      size,
                      address,
                      address != nullptr ? MAP_FIXED : boost_ipc::default_map_options};
    } catch (const boost::interprocess::interprocess_exception& failure) {
        os::throw_system(failure.get_native_error(), "mapping " + std::to_string(size) + " bytes of a segment",
                         "see the limits of address space (ulimit -v) and of mappings (vm.max_map_count)");
    }
}

/// The same, so that it can have huge pages, and would rather (os/huge_pages.hpp).
[[nodiscard]] inline region map_region_hugely(const mappable& what, std::uint64_t offset, std::size_t size,
                                              access how) {
    os::room_for_huge_pages room(size, offset);
    auto result = map_region(what, offset, size, how, room.begin());
    room.release();
    os::prefer_huge_pages(result.get_address(), size);
    return result;
}

}  // namespace parley::segment
