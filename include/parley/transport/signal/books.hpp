#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <parley/buffering/concept.hpp>
#include <parley/segment/file_backing.hpp>
#include <parley/segment/segment.hpp>
#include <parley/transport/memory/direct_endpoint.hpp>
#include <parley/transport/signal/mask.hpp>
#include <parley/transport/signal/number.hpp>
#include <parley/transport/signal/signal_queue.hpp>

namespace parley::transport::signal {

/// So many signals may be pending wherever POSIX is kept (_POSIX_SIGQUEUE_MAX).
inline constexpr std::size_t natural_capacity = 32;

/// The backing of direct links over signals: segments in /dev/shm that keep the books, with the messages elsewhere.
class books : public segment::file_backing {
public:
    using object = recipient;  ///< what messages are put into (transport/memory/queue.hpp)

    template <class Message, class Buffering, std::size_t, std::size_t>
    using queue =
        signal_queue<Message, Buffering::capacity == buffering::without_limit ? natural_capacity : Buffering::capacity,
                     Buffering::capacity == buffering::without_limit>;

    [[nodiscard]] static std::string locate(std::string_view name) {
        return "/dev/shm/parley-rt_signal." + segment::posix_backing::checked(name);
    }
};

/// An endpoint blocks the signal as soon as it is made: threads that start after it may then use its links.
template <class C>
class endpoint : public memory::direct_endpoint<C, books> {
public:
    explicit endpoint(const segment::attachment_request& request)
        : memory::direct_endpoint<C, books>((claim(number_of_links()), request)) {}
};

}  // namespace parley::transport::signal
