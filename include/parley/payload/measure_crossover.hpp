#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <sched.h>
#include <unistd.h>

#include <parley/addressing/port.hpp>
#include <parley/buffering/bounded.hpp>
#include <parley/channel.hpp>
#include <parley/channel/sender_receiver.hpp>
#include <parley/message/bytes.hpp>
#include <parley/payload/copy.hpp>
#include <parley/payload/map.hpp>
#include <parley/synchronization/blocking.hpp>
#include <parley/transport/concept.hpp>

/// From which size on it pays to leave a message where it is: a measurement, for the threshold of `adaptive`. It takes
/// a second and two threads, so <parley/parley.hpp> does not include it.

namespace parley {

/// What `measure_crossover` found.
struct crossover {
    /// Nanoseconds from before a message is written to after it is read, each byte of it: the fastest round.
    struct point {
        std::size_t size = 0;  ///< bytes of the message
        double copied = 0;     ///< with `copy`
        double mapped = 0;     ///< with `map`
    };

    /// Bytes: what to write as `adaptive<Threshold>`. 0 where `map` is the better one at every size; the largest size
    /// that was measured where `copy` is.
    std::size_t threshold = 0;
    std::vector<point> curve;  ///< from small to large
};

namespace payload {

/// The threshold for which what the sizes cost is least in all, each counted by its ratio: where one curve is not
/// always above or below the other, which is how a busy machine measures, no single size decides. Where the curves do
/// cross behind the last size that is copied, it is there: where the straight lines between the points cross, over the
/// logarithm of the size.
[[nodiscard]] inline std::size_t crossing(std::span<const crossover::point> curve) {
    std::size_t copies = 0;  // how many sizes, from the smallest on
    double gain = 0;
    double best = 0;
    for (std::size_t index = 0; index < curve.size(); ++index) {
        gain += std::log(curve[index].mapped / curve[index].copied);
        if (gain > best) {
            best = gain;
            copies = index + 1;
        }
    }
    if (copies == 0) {
        return 0;
    }
    const auto& below = curve[copies - 1];
    if (copies == curve.size()) {
        return below.size;
    }
    const auto& above = curve[copies];
    const double ahead = below.mapped - below.copied;  // both positive, or it would not be the best place
    const double behind = above.copied - above.mapped;
    const double ratio = static_cast<double>(above.size) / static_cast<double>(below.size);
    return static_cast<std::size_t>(static_cast<double>(below.size) * std::pow(ratio, ahead / (ahead + behind)));
}

namespace crossover_detail {

inline constexpr std::size_t largest = std::size_t{1} << 20;

/// The largest message that travels in one piece, with room for what is written around it.
template <class Transport>
inline constexpr std::size_t largest_copied = std::min(largest, Transport::capabilities.largest_unit) -
                                              (Transport::capabilities.largest_unit < largest ? 256 : 0);

inline void write_all(std::span<std::byte> place, unsigned number) noexcept {
    std::memset(place.data(), static_cast<int>(number & 0xff), place.size());
}

inline void read_all(std::span<const std::byte> place) noexcept {
    std::uint64_t sum = 0;
    std::size_t at = 0;
    for (std::uint64_t word = 0; at + sizeof word <= place.size(); at += sizeof word) {
        std::memcpy(&word, place.data() + at, sizeof word);
        sum += word;
    }
    for (; at < place.size(); ++at) {
        sum += static_cast<std::uint64_t>(place[at]);
    }
    asm volatile("" : : "r"(sum));  // it has been read
}

/// A port between two threads of this process, and messages through it one at a time.
template <class C>
class trial {
    using message = typename C::message;

public:
    explicit trial(const std::string& name) : name_(name), in_(name), out_(name), reader_([this] { read(); }) {}
    trial(const trial&) = delete;
    trial& operator=(const trial&) = delete;

    ~trial() {
        over_.store(true, std::memory_order_relaxed);
        std::error_code code;
        own_->resize(0);
        if (!out_.send_for(*own_, std::chrono::seconds(1), code)) {
            C::remove(name_, code);  // the reader waits for nothing more
        }
        reader_.join();
    }

    /// Nanoseconds for each of so many messages of this size. Throws what the reader met.
    [[nodiscard]] double run(std::size_t size, unsigned count) {
        const auto start = std::chrono::steady_clock::now();
        for (unsigned number = 0; number < count; ++number) {
            send(size, number);
            ++sent_;
            while (read_.load(std::memory_order_acquire) != sent_) {
                if (failed_.load(std::memory_order_acquire)) {
                    std::rethrow_exception(failure_);
                }
                ::sched_yield();
            }
        }
        const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
        return took.count() / count;
    }

private:
    static constexpr bool stays = C::payload::stays;

    void send(std::size_t size, unsigned number) {
        if constexpr (stays) {
            auto lent = out_.loan(size);
            lent.resize(size);
            write_all(lent.room().first(size), number);
            out_.send(std::move(lent));
        } else {
            own_->resize(size);
            write_all({own_->data(), size}, number);
            out_.send(*own_);
        }
    }

    void read() noexcept {
        try {
            const auto received = std::make_unique<message>();
            for (; !over_.load(std::memory_order_relaxed); read_.fetch_add(1, std::memory_order_release)) {
                if constexpr (stays) {
                    read_all(in_.take().content());
                } else if (in_.receive(std::span(received.get(), 1)) == 1) {
                    read_all({received->data(), received->size()});
                }
            }
        } catch (...) {
            failure_ = std::current_exception();
            failed_.store(true, std::memory_order_release);
        }
    }

    std::string name_;
    receiver<C> in_;
    sender<C> out_;
    std::unique_ptr<message> own_ = std::make_unique<message>();
    std::uint64_t sent_ = 0;
    std::atomic<std::uint64_t> read_{0};
    std::atomic<bool> over_{false};
    std::atomic<bool> failed_{false};
    std::exception_ptr failure_;
    std::thread reader_;  // the last: it uses all of these
};

}  // namespace crossover_detail
}  // namespace payload

/// Measures on this machine, as it is now, from which size on it is better to leave a message of this transport where
/// it was written. Messages go from one thread of this process to another, through a port of its own; each byte is
/// written and read. Takes about a second. Throws as opening and sending do.
///
/// (The textbook's question, copy or map, with the figures of the machine at hand.)
template <class Transport>
    requires composable<bytes<1>, Transport, port, map>
[[nodiscard]] crossover measure_crossover() {
    namespace detail = payload::crossover_detail;
    using content = bytes<detail::largest_copied<Transport>>;
    using copying = channel<content, Transport, port, bounded<1>, copy>;
    using mapping = channel<content, Transport, port, bounded<1>, map>;
    constexpr int rounds = 9;
    constexpr double nanoseconds_for_a_round = 2e6;

    static std::atomic<unsigned> number{0};
    const auto name = "crossover-" + std::to_string(::getpid()) + "-" + std::to_string(++number);
    detail::trial<copying> copied(name + "-copy");
    detail::trial<mapping> mapped(name + "-map");
    crossover result;
    for (std::size_t size = 64; size <= content::max_size; size *= 2) {
        const auto first = copied.run(size, 8) + mapped.run(size, 8);  // touches the memory, too
        const auto count = static_cast<unsigned>(std::clamp(nanoseconds_for_a_round / first, 4.0, 1000.0));
        auto& fastest =
            result.curve.emplace_back(crossover::point{size, copied.run(size, count), mapped.run(size, count)});
        for (int round = 1; round < rounds; ++round) {  // in turn, so that whatever else the machine does meets both
            fastest.copied = std::min(fastest.copied, copied.run(size, count));
            fastest.mapped = std::min(fastest.mapped, mapped.run(size, count));
        }
    }
    result.threshold = payload::crossing(result.curve);
    return result;
}

}  // namespace parley
