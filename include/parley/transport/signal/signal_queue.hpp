#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

#include <parley/message/wire.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/cpu.hpp>
#include <parley/os/crash_point.hpp>
#include <parley/os/error.hpp>
#include <parley/os/file_lock.hpp>
#include <parley/segment/file_backing.hpp>
#include <parley/segment/locks.hpp>
#include <parley/transport/queue/engine.hpp>
#include <parley/transport/queue/spilling_sender.hpp>
#include <parley/transport/signal/dispatcher.hpp>
#include <parley/transport/signal/number.hpp>
#include <parley/transport/signal/recipient.hpp>

/// One direction of a direct link whose messages are real-time signals.
///
/// The messages are in the kernel, in the receiving process's queue of pending signals. The link's segment keeps the
/// books: who receives, as the number of its process and the tag that it has chosen (transport/signal/dispatcher.hpp),
/// how many messages the sender has sent to this receiver, and how many this receiver has received. Each number is
/// written by one side, and their difference is the bound. A receiver takes its entry away when it leaves; the next
/// one's has another tag, by which the sender knows that nothing is under way to it.
///
/// What is under way to a process goes with it. Else, when a process is killed,
///   - as receiver: its entry stays. The sender holds the process and not its number, so no other process is ever sent
///     to, and finds that nobody is there;
///   - as sender, before its message is in the queue or after it was counted: nothing is wrong;
///   - as sender, in between: its *intent* says that one message was sent or not. The next sender counts it, and tells
///     the receiver by a letter without a message that it has; so a place may stay taken until the receiver comes
///     there, but none is given twice and none is lost.

namespace parley::transport::signal {

/// `Spills`: the sender keeps what there is no room for (`unbounded`).
template <class Message, std::size_t Capacity, bool Spills>
class signal_queue {
    using wire = message::wire<Message>;
    static_assert(wire::capacity <= sizeof(letter::content), "a rule refuses this");
    static_assert(Capacity <= (1U << 30), "the counters go round beyond it");

public:
    static constexpr std::size_t object_count = 0;  // nothing with a name of its own
    static constexpr bool pollable = true;
    class producer;
    class consumer;

    template <class Side, bool IsSender>
    using engine = std::conditional_t<IsSender,
                                      std::conditional_t<Spills, queue::spilling_sender<Message, signal_queue, Side>,
                                                         queue::queue_sender<Message, signal_queue, Side>>,
                                      queue::queue_receiver<Message, signal_queue, Side>>;

    /// Begins the work of an end that is attached; `lane`: the side that sends.
    template <class Segment, class End>
    static void begin(Segment& attached, std::size_t lane, std::string_view composed, int, End& end) {
        if constexpr (std::is_same_v<End, producer>) {
            end.begin(attached.file(), segment::locks::sender_places + 1 - static_cast<std::uint32_t>(lane));
        } else {
            check_limit(attached.path(), composed);
            end.begin();
            attached.fence();
            attached.body().sides[lane].senders_lot.wake_one();  // it may have waited for this one to come
        }
    }

private:
    static void check_limit(const std::string& path, std::string_view composed) {
        struct ::rlimit pending {};
        if (::getrlimit(RLIMIT_SIGPENDING, &pending) == 0 && pending.rlim_cur < Capacity) {
            throw_error(errc::no_space, path + ": " + std::to_string(Capacity) + " signals asked (" +
                                            std::string(composed) + "), RLIMIT_SIGPENDING allows " +
                                            std::to_string(pending.rlim_cur) +
                                            " for all processes of this user; raise it (ulimit -i), or write a smaller "
                                            "bounded<N>");
        }
    }

    /// Both halves of a word of 64 bits: for a receiver its process and its tag, for a count the receiver's tag and the
    /// number of messages.
    [[nodiscard]] static constexpr std::uint64_t pair(std::uint32_t high, std::uint32_t low) noexcept {
        return (std::uint64_t{high} << 32) | low;
    }
    [[nodiscard]] static constexpr std::uint32_t high(std::uint64_t word) noexcept {
        return static_cast<std::uint32_t>(word >> 32);
    }
    [[nodiscard]] static constexpr std::uint32_t low(std::uint64_t word) noexcept {
        return static_cast<std::uint32_t>(word);
    }

    // Written by the receiver. `receiver_` is stored last (release, B) and loaded first (acquire, C).
    alignas(os::cache_line) std::atomic<std::uint64_t> receiver_{0};  ///< process and tag; 0: nobody
    std::atomic<std::uint64_t> space_{0};                             ///< what the process's number is a number in
    std::atomic<std::int32_t> number_{0};                             ///< of the signal
    alignas(os::cache_line) std::atomic<std::uint32_t> received_{0};
    // Written by the sender: tag and count.
    alignas(os::cache_line) std::atomic<std::uint64_t> intent_{0};  ///< before a message is sent
    std::atomic<std::uint64_t> sent_{0};                            ///< after that
};

template <class Message, std::size_t Capacity, bool Spills>
class signal_queue<Message, Capacity, Spills>::producer {
public:
    static constexpr bool pollable = false;
    static constexpr bool counts = false;

    producer(signal_queue& shared, std::size_t) noexcept : shared_(&shared) {}

    template <class PeerAlive, class FellowAlive>
    [[nodiscard]] static bool occupy(PeerAlive, FellowAlive) noexcept {
        return true;
    }

    /// `file`: of the segment. `lock`: the byte of it that the receiving side holds locked while it lives.
    void begin(int file, std::uint32_t lock) noexcept {
        file_ = file;
        lock_ = lock;
    }

    /// False if there is no room, or nobody to send to.
    [[nodiscard]] bool put(const Message& content) {
        std::array<std::byte, sizeof(letter::content)> bytes{};
        wire::write(bytes.data(), content);
        return put_bytes(bytes);
    }

    /// The same for a message that was written elsewhere.
    [[nodiscard]] bool put_bytes(std::span<const std::byte> written) {
        const auto to = shared_->receiver_.load(std::memory_order_acquire);  // C
        if (to != known_) [[unlikely]] {
            known_ = find(to) ? to : 0;
            absent_ = 0;
        }
        if (known_ == 0) {
            absent_ = to;
            refused_at_ = os::clock::now();
            return false;
        }
        if (!room() || !settled()) {
            return false;
        }
        letter out{low(known_), false, 0};
        std::memcpy(&out.content, written.data(), std::min(written.size(), sizeof out.content));
        const auto next = pair(low(known_), low(shared_->sent_.load(std::memory_order_relaxed)) + 1);
        shared_->intent_.store(next, std::memory_order_release);
        PARLEY_CRASH_POINT("signal: to be sent, not in the queue");
        if (!deliver(out)) {
            shared_->intent_.store(next - 1, std::memory_order_release);
            return false;
        }
        PARLEY_CRASH_POINT("signal: in the queue, not counted");
        shared_->sent_.store(next, std::memory_order_release);
        return true;
    }

    /// Whether an attempt may succeed now. Where the kernel refused one, nothing tells when it would not: later. Where
    /// the receiver's process had ended, not before whoever waits has looked around for it.
    [[nodiscard]] bool writable() const noexcept {
        const auto to = shared_->receiver_.load(std::memory_order_acquire);
        const auto since = os::clock::now() - refused_at_;
        if (to == absent_) {
            return to != 0 && since > 2 * os::look_around_interval;
        }
        return to != 0 && (to != known_ || room()) && since > std::chrono::milliseconds(1);
    }
    [[nodiscard]] bool readable() const noexcept { return under_way() != 0; }
    static constexpr int handle() noexcept { return -1; }

private:
    /// Finds the process of a receiver. Only while that lives, so that its number can be no other's: the gate lets
    /// nobody take the place over meanwhile.
    [[nodiscard]] bool find(std::uint64_t to) {
        recipient_.reset();
        if (to == 0) {
            return false;
        }
        if (shared_->space_.load(std::memory_order_relaxed) != number_space()) {
            throw_error(errc::unsupported,
                        "sending a signal to a peer in another PID namespace: its process has no "
                        "number here; write another transport, such as unix_seqpacket");
        }
        auto found = recipient::find(static_cast<::pid_t>(high(to)));
        const auto file = segment::file_backing::reopen(file_);  // a gate that is locked by none of our own
        const os::byte_guard gate(file.get(), segment::locks::gate);
        if (!found || shared_->receiver_.load(std::memory_order_acquire) != to ||
            !os::byte_is_locked_by_other(file_, lock_)) {
            return false;
        }
        recipient_ = std::move(found);
        number_ = shared_->number_.load(std::memory_order_relaxed);
        if (!is_real_time(number_)) {
            throw_error(errc::corrupt, "the books of a link name a signal that is none of the real-time signals");
        }
        const auto sent = shared_->sent_.load(std::memory_order_relaxed);
        unsettled_ = false;
        if (high(sent) != low(to)) {  // nothing was sent to this one
            shared_->intent_.store(pair(low(to), 0), std::memory_order_release);
            shared_->sent_.store(pair(low(to), 0), std::memory_order_release);
        } else {
            unsettled_ = shared_->intent_.load(std::memory_order_relaxed) != sent;
        }
        return true;
    }

    /// How many messages were sent to this receiver and not received.
    [[nodiscard]] std::uint32_t under_way() const noexcept {
        const auto sent = shared_->sent_.load(std::memory_order_relaxed);
        if (high(sent) != low(shared_->receiver_.load(std::memory_order_acquire))) {
            return 0;
        }
        // Acquire: what was received is out of the queue.
        const auto count = low(sent) - shared_->received_.load(std::memory_order_acquire);
        return count > (1U << 31) ? 0 : count;  // forged signals may have been received beside ours
    }
    [[nodiscard]] bool room() const noexcept { return under_way() < Capacity; }

    /// Counts what a predecessor may have sent, and tells the receiver that it has. Whether there is room after that.
    [[nodiscard]] bool settled() {
        if (!unsettled_) [[likely]] {
            return true;
        }
        const auto next = shared_->sent_.load(std::memory_order_relaxed) + 1;
        if (!deliver({low(known_), true, low(next)})) {
            return false;
        }
        PARLEY_CRASH_POINT("signal: settled, not counted");
        shared_->intent_.store(next, std::memory_order_release);
        shared_->sent_.store(next, std::memory_order_release);
        unsettled_ = false;
        return room();
    }

    [[nodiscard]] bool deliver(const letter& out) {
        const auto outcome = recipient_->queue(number_, out.seal());
        if (outcome == recipient::outcome::queued) [[likely]] {
            return true;
        }
        absent_ = outcome == recipient::outcome::gone ? known_ : 0;
        refused_at_ = os::clock::now();
        return false;
    }

    signal_queue* shared_;
    int file_ = -1;
    std::uint32_t lock_ = 0;
    std::uint64_t known_ = 0;   // whom `recipient_` is
    std::uint64_t absent_ = 0;  // whose process was not there at the last attempt
    std::optional<recipient> recipient_;
    int number_ = 0;
    bool unsettled_ = false;
    os::clock::time_point refused_at_{};
};

template <class Message, std::size_t Capacity, bool Spills>
class signal_queue<Message, Capacity, Spills>::consumer {
public:
    static constexpr bool pollable = true;
    static constexpr bool gets_to_a_place = false;

    consumer(signal_queue& shared, std::size_t) noexcept : shared_(&shared) {}
    consumer(consumer&&) noexcept = default;
    consumer& operator=(consumer&&) = delete;
    consumer(const consumer&) = delete;
    consumer& operator=(const consumer&) = delete;

    ~consumer() {
        if (begun_ && inbox_ != nullptr && !inbox_->inherited()) {
            auto own = own_entry();  // a successor's stays
            shared_->receiver_.compare_exchange_strong(own, 0, std::memory_order_release, std::memory_order_relaxed);
        }
    }

    /// At the gate: from here on messages may come.
    template <class PeerAlive, class FellowAlive>
    [[nodiscard]] bool occupy(PeerAlive, FellowAlive) {
        const auto before = low(shared_->receiver_.exchange(0, std::memory_order_acq_rel));
        const auto counted = high(shared_->sent_.load(std::memory_order_acquire));
        inbox_ = std::make_unique<dispatcher::inbox>(
            2 * Capacity + 16, [&](std::uint32_t tag) { return tag == before || tag == counted; });
        shared_->received_.store(0, std::memory_order_relaxed);
        shared_->space_.store(number_space(), std::memory_order_relaxed);
        shared_->number_.store(number_of_links(), std::memory_order_relaxed);
        shared_->receiver_.store(own_entry(), std::memory_order_release);  // B
        return true;
    }

    /// From here on the segment outlives this end, which leaves in good order.
    void begin() noexcept { begun_ = true; }

    enum class outcome { nothing, message, garbage };

    /// Takes a message out, if one is there: then it lies at `message()`.
    [[nodiscard]] outcome get() {
        while (const auto next = inbox_->take()) {
            received_ = next->settles ? next->content : received_ + 1;
            // Release: the message is out of the queue.
            shared_->received_.store(received_, std::memory_order_release);
            if (!next->settles) {
                std::memcpy(content_.data(), &next->content, content_.size());
                return outcome::message;
            }
        }
        return outcome::nothing;
    }

    [[nodiscard]] const std::byte* message() const noexcept { return content_.data(); }
    /// Bytes of it that came.
    [[nodiscard]] static constexpr std::size_t size() noexcept { return wire::capacity; }
    [[nodiscard]] bool readable() const { return inbox_->readable(); }
    [[nodiscard]] int handle() const noexcept { return inbox_->handle(); }

private:
    [[nodiscard]] std::uint64_t own_entry() const noexcept {
        return pair(static_cast<std::uint32_t>(::getpid()), inbox_->tag());
    }

    signal_queue* shared_;
    std::unique_ptr<dispatcher::inbox> inbox_;
    bool begun_ = false;
    std::uint32_t received_ = 0;
    alignas(letter) std::array<std::byte, sizeof(letter::content)> content_{};
};

}  // namespace parley::transport::signal
