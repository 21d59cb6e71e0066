#pragma once

#include <algorithm>
#include <array>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <sys/uio.h>
#include <unistd.h>

#include <parley/message/frame.hpp>
#include <parley/os/crash_point.hpp>

namespace parley::transport::queue {

/// The parts of one message and their headers, each where it lies, as one call gives them to the object
/// (transport/queue/object.hpp): a unit full, and the next.
class gathering {
    using header = message::frame_header;

public:
    /// Puts a message of `first.parts` parts into the object, each `Full` or not. Whether all of it has room.
    template <bool Full, class Object>
    [[nodiscard]] bool put(Object& object, const header& first, const std::byte* bytes, std::size_t size) {
        constexpr std::size_t payload = Object::unit - message::frame_header_size;
        constexpr std::size_t pieces_of_part = Full ? 3 : 2;
        static constexpr std::array<std::byte, Full ? payload : 0> nothing{};
        headers_.assign(first.parts, first);
        pieces_.clear();
        for (std::uint16_t part = 0; part < first.parts; ++part) {
            const auto from = part * payload;
            const auto length = std::min(payload, size - from);
            headers_[part].part = part;
            headers_[part].length = static_cast<std::uint32_t>(length);
            pieces_.push_back({&headers_[part], sizeof(header)});
            pieces_.push_back({const_cast<std::byte*>(bytes + from), length});
            if constexpr (Full) {
                pieces_.push_back({const_cast<std::byte*>(nothing.data()), payload - length});
            }
        }
        const std::size_t at_once = pieces_of_part * parts_at_once<Object>();
        for (std::size_t done = 0; done < pieces_.size(); done += at_once) {
            const auto next = std::span<const ::iovec>(pieces_).subspan(done, std::min(at_once, pieces_.size() - done));
            std::size_t wanted = 0;
            for (const auto& each : next) {
                wanted += each.iov_len;
            }
            if (object.put(next) != wanted) {
                return false;
            }
            if (done + at_once < pieces_.size()) {
                PARLEY_CRASH_POINT("queue parts gathered: some sent");
            }
        }
        return true;
    }

private:
    /// The kernel cuts what one call writes into pages. Where those are larger than a unit, a call writes one. While it
    /// writes it keeps the other side out, which takes one page with each call: with two there are half as many calls
    /// as pages to write, and the other side never waits for more than two.
    template <class Object>
    [[nodiscard]] static std::size_t parts_at_once() noexcept {
        return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) == Object::unit ? 2 : 1;
    }

    std::vector<header> headers_;
    std::vector<::iovec> pieces_;
};

}  // namespace parley::transport::queue
