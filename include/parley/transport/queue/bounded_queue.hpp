#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <parley/message/frame.hpp>
#include <parley/message/transit.hpp>
#include <parley/message/wire.hpp>
#include <parley/os/cpu.hpp>
#include <parley/transport/queue/engine.hpp>
#include <parley/transport/queue/gathering.hpp>
#include <parley/transport/queue/object.hpp>
#include <parley/transport/queue/objects.hpp>
#include <parley/transport/queue/scattering.hpp>
#include <parley/transport/queue/spilling_sender.hpp>
#include <parley/transport/queue/units.hpp>

/// A bounded buffer that is a queue object of the kernel.
///
/// A message that fits into one unit is one unit, and the kernel's own count is the bound. A larger one travels in
/// parts, each with a header, where one sender and one receiver are at work. Then the messages are numbered, and two
/// numbers in the segment bound how many are on their way: which one the sender sends next, and before which one
/// everything is out of the object, by what the receiver has seen.
///
/// When a process is killed, a whole unit is in the object or not. A sender killed between two parts leaves the
/// beginning of a message, a receiver the end of one; whoever receives next finds a part that does not continue what it
/// has, drops it, and begins with the next first part. A sender killed with a message begun may have put in all of it
/// or not: its successor counts that message as sent, and the receiver as received, when it sees a part of a later one
/// or finds the object empty. So the count is right again as soon as somebody receives.

namespace parley::transport::queue {

/// `Spills`: the sender keeps what the object does not take (`unbounded`).
template <class Message, std::size_t Capacity, class Backing, std::size_t Senders, std::size_t Receivers,
          bool Spills = false>
class bounded_queue {
    using object = typename Backing::object;
    using wire = message::wire<Message>;
    using header = message::frame_header;

public:
    static constexpr std::size_t object_count = 1;  ///< in each lane
    template <std::size_t Lanes>
    using table = object_table<Lanes>;
    template <class Side, bool IsSender>
    using engine = std::conditional_t<IsSender,
                                      std::conditional_t<Spills, spilling_sender<Message, bounded_queue, Side>,
                                                         queue_sender<Message, bounded_queue, Side>>,
                                      queue_receiver<Message, bounded_queue, Side>>;
    static constexpr bool pollable = Backing::pollable;
    class producer;
    class consumer;

private:
    static constexpr std::size_t payload_of_unit = payload_of<object>;
    static constexpr std::size_t parts_at_most = units_of<Message, object>;
    static constexpr bool in_parts = parts_at_most > 1;
    static_assert(!in_parts || (Senders == 1 && Receivers == 1), "a rule refuses this");
    /// Few calls put the parts of a message in, and they come without a copy of their own.
    static constexpr bool gathers = in_parts && object::gathers;
    /// All messages have the same number of parts. Then each of these fills its unit, and one call takes out as many as
    /// there are; of messages that may have one part, each such would fill a whole one for nothing.
    static constexpr bool in_full_units = gathers && wire::fixed_size;
    static constexpr std::size_t unit_size = in_parts ? object::unit : message::frame_header_size + wire::capacity;

public:
    /// What an object is made for.
    static constexpr shape shape_of_object{unit_size, Capacity* parts_at_most, 0, {}, in_full_units};

    /// Opens what an end of this queue works with; `lane`: which of the two of a link.
    template <class Segment, class End>
    static void begin(Segment& attached, std::size_t lane, std::string_view composed, int bundle, End& end) {
        begin_at_gate(attached, [&] {
            end.begin(
                origin{attached.path(), attached.permissions(), attached.body().objects.records, composed, bundle},
                lane);
        });
    }

private:
    /// A message on its way, contiguous and aligned.
    class staging {
    public:
        [[nodiscard]] std::byte* data() noexcept { return bytes_.data() + pad; }

    private:
        // The message behind the header is aligned as `wire` wants it.
        static constexpr std::size_t alignment = std::max<std::size_t>(wire::alignment, alignof(header));
        static constexpr std::size_t pad =
            (message::frame_header_size + alignment - 1) / alignment * alignment - message::frame_header_size;
        static constexpr std::size_t room =
            message::frame_header_size + (in_parts ? parts_at_most * payload_of_unit : wire::capacity);
        struct alignas(alignment) block {
            std::byte bytes[alignment];
        };

    public:
        [[nodiscard]] std::byte* message() noexcept { return data() + message::frame_header_size; }
        staging() : blocks_((pad + room) / alignment + 1) {
            bytes_ = {reinterpret_cast<std::byte*>(blocks_.data()), blocks_.size() * alignment};
        }
        staging(staging&& other) noexcept : blocks_(std::move(other.blocks_)), bytes_(other.bytes_) {}
        staging& operator=(staging&& other) noexcept {
            blocks_ = std::move(other.blocks_);
            bytes_ = other.bytes_;
            return *this;
        }
        staging(const staging&) = delete;
        staging& operator=(const staging&) = delete;
        ~staging() = default;

    private:
        std::vector<block> blocks_;
        std::span<std::byte> bytes_;
    };

    // Counted only where messages travel in parts, modulo 2^32 as in their headers. Each side writes its own.
    alignas(os::cache_line) std::atomic<std::uint32_t> sent_{0};
    std::atomic<std::uint32_t> sending_{0};  // 1: the message of number `sent_` is begun, and may be whole
    alignas(os::cache_line) std::atomic<std::uint32_t> received_{0};
};

template <class Message, std::size_t Capacity, class Backing, std::size_t Senders, std::size_t Receivers, bool Spills>
class bounded_queue<Message, Capacity, Backing, Senders, Receivers, Spills>::producer {
public:
    /// The kernel does not know how many messages lie in an object in parts: who waits for room is woken by the
    /// receiver.
    static constexpr bool counts = in_parts;
    static constexpr bool pollable = bounded_queue::pollable && !counts;

    producer(bounded_queue& shared, std::size_t place) : shared_(&shared), place_(place) {}

    /// To be called once by a new holder of the place: counts what a dead predecessor had begun.
    template <class PeerAlive, class FellowAlive>
    [[nodiscard]] bool occupy(PeerAlive, FellowAlive) noexcept {
        if constexpr (in_parts) {
            if (shared_->sending_.exchange(0, std::memory_order_relaxed) != 0) {
                shared_->sent_.fetch_add(1, std::memory_order_release);
            }
        }
        return true;
    }

    /// After the place is taken, at the gate.
    void begin(const origin& from, std::size_t lane) {
        object_.emplace(open_object<Backing>(from, lane, shape_of_object));
    }

    /// False if there is no room. Throws before anything is sent if the message is too large.
    [[nodiscard]] bool put(const Message& content) {
        const std::size_t size = wire::size(content);
        if (!room_for_parts()) {
            return false;
        }
        if constexpr (gathers && message::trivial<Message>) {
            return put_bytes_at(reinterpret_cast<const std::byte*>(std::addressof(content)), size);
        } else {
            wire::write(staging_.message(), content);
            return put_bytes_at(staging_.message(), size);
        }
    }

    [[nodiscard]] bool readable() const { return object_->readable(); }
    [[nodiscard]] bool writable() const { return room_for_parts() && object_->writable(); }
    [[nodiscard]] int handle() const noexcept { return object_->handle(); }

    /// The size of a message as `put_bytes` takes it.
    static constexpr std::size_t capacity = wire::capacity;

    /// The same for a message that was written elsewhere.
    [[nodiscard]] bool put_bytes(std::span<const std::byte> written) {
        if (!room_for_parts()) {
            return false;
        }
        if constexpr (gathers) {
            return put_bytes_at(written.data(), written.size());
        } else {
            std::memcpy(staging_.message(), written.data(), written.size());
            return put_bytes_at(staging_.message(), written.size());
        }
    }

    /// After the object was emptied: nothing that was sent is left in it.
    void forget() noexcept {
        shared_->sent_.store(shared_->received_.load(std::memory_order_relaxed), std::memory_order_release);
        shared_->sending_.store(0, std::memory_order_relaxed);
    }

private:
    [[nodiscard]] bool room_for_parts() const noexcept {
        if constexpr (in_parts) {
            // Acquire: what the receiver took out is out of the object.
            const auto on_their_way =
                shared_->sent_.load(std::memory_order_relaxed) - shared_->received_.load(std::memory_order_acquire);
            // Signed: a receiver may have seen a message before it was counted, or nonsense that a stranger put in.
            return static_cast<std::int32_t>(on_their_way) < static_cast<std::int32_t>(Capacity);
        } else {
            return true;
        }
    }

    /// `bytes`: in the staging, except where the object gathers.
    [[nodiscard]] bool put_bytes_at(const std::byte* bytes, std::size_t size) {
        header head;
        head.sender = static_cast<std::uint32_t>(place_);
        if constexpr (!in_parts) {
            head.sequence = sequence_++;
            head.length = static_cast<std::uint32_t>(size);
            head.write(staging_.data());
            if (!object_->put({staging_.data(), object::padded ? unit_size : message::frame_header_size + size})) {
                --sequence_;
                return false;
            }
            return true;
        } else {
            head.sequence = shared_->sent_.load(std::memory_order_relaxed);
            shared_->sending_.store(1, std::memory_order_relaxed);
            PARLEY_CRASH_POINT("queue part: message begun, none sent");
            const bool whole = put_parts(head, bytes, size);
            if (whole) {
                PARLEY_CRASH_POINT("queue part: all sent, message not counted");
                // Release: the parts are in the object.
                shared_->sent_.store(head.sequence + 1, std::memory_order_release);
                PARLEY_CRASH_POINT("queue part: message counted, not finished");
            }
            shared_->sending_.store(0, std::memory_order_release);  // not before it is counted
            return whole;
        }
    }

    /// False only behind what a dead sender left half sent, or a stranger put in: the receiver clears it away, and this
    /// beginning too.
    [[nodiscard]] bool put_parts(header head, const std::byte* bytes, std::size_t size) {
        const std::size_t parts = std::max<std::size_t>(1, (size + payload_of_unit - 1) / payload_of_unit);
        head.parts = static_cast<std::uint16_t>(parts);
        if constexpr (gathers) {
            return put_gathered<in_full_units>(*object_, head, bytes, size);
        } else {
            return put_parts_in_turn(head, size);
        }
    }

    /// From the last part to the first, each header would overwrite bytes that are still to come: so in order, and the
    /// bytes under a header are put aside.
    [[nodiscard]] bool put_parts_in_turn(header head, std::size_t size) {
        for (std::size_t part = 0; part < head.parts; ++part) {
            std::byte* const where = staging_.data() + part * payload_of_unit;
            std::array<std::byte, message::frame_header_size> aside;
            std::memcpy(aside.data(), where, aside.size());
            head.part = static_cast<std::uint16_t>(part);
            head.length = static_cast<std::uint32_t>(std::min(payload_of_unit, size - part * payload_of_unit));
            head.write(where);
            const bool done = object_->put({where, message::frame_header_size + head.length});
            std::memcpy(where, aside.data(), aside.size());
            if (!done) {
                return false;
            }
            PARLEY_CRASH_POINT("queue parts in turn: one sent");
        }
        return true;
    }

    bounded_queue* shared_;
    std::size_t place_;
    std::uint32_t sequence_ = 0;
    std::optional<object> object_;
    staging staging_;
};

template <class Message, std::size_t Capacity, class Backing, std::size_t Senders, std::size_t Receivers, bool Spills>
class bounded_queue<Message, Capacity, Backing, Senders, Receivers, Spills>::consumer {
public:
    static constexpr bool pollable = bounded_queue::pollable;

    consumer(bounded_queue& shared, std::size_t) : shared_(&shared) {}

    template <class PeerAlive, class FellowAlive>
    [[nodiscard]] static bool occupy(PeerAlive, FellowAlive) noexcept {
        return true;
    }

    void begin(const origin& from, std::size_t lane) {
        object_.emplace(open_object<Backing>(from, lane, shape_of_object));
    }

    enum class outcome { nothing, message, garbage };

    /// Whether there is `get_to`.
    static constexpr bool gets_to_a_place = message::trivial<Message>;

    /// Takes a message out, if one is there: then it lies at `message()`. Whatever was no message is gone.
    [[nodiscard]] outcome get() { return get_at(staging_.message()); }

    /// The same, and it lies there: by the kernel's own copy, or by one more. Where there was none, what lies there may
    /// be anything.
    [[nodiscard]] outcome get_to(Message& place) requires gets_to_a_place {
        auto* const there = reinterpret_cast<std::byte*>(std::addressof(place));
        if constexpr (gathers) {
            if (have_ == 0) {
                return get_to_place(there);
            }
        }
        const auto result = get();  // behind what has come already of this message
        if (result == outcome::message) {
            std::memcpy(there, staging_.message(), sizeof place);
        }
        return result;
    }

    /// After the object was emptied: a part that comes continues nothing.
    void forget() noexcept { have_ = 0; }

    [[nodiscard]] const std::byte* message() noexcept { return staging_.message(); }
    /// Bytes of it that came.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool readable() const {
        const auto sent = in_parts ? shared_->sent_.load(std::memory_order_acquire) : 0;  // as in `get`
        const bool something = object_->readable();
        if (!something) {
            found_empty(sent);
        }
        return something;
    }
    [[nodiscard]] int handle() const noexcept { return object_->handle(); }

private:
    enum class came { nothing, part, message, garbage };

    [[nodiscard]] outcome get_to_place(std::byte* place) requires gathers {
        try {
            const auto result = get_at(place);
            if (have_ != 0) {  // the beginning of one
                std::memcpy(staging_.message(), place, have_ * payload_of_unit);
            }
            return result;
        } catch (...) {
            have_ = 0;
            throw;
        }
    }

    [[nodiscard]] outcome get_at(std::byte* base) {
        constexpr std::size_t enough = (looks_for_the_rest + 2) * shape_of_object.units;  // a flood has no end
        std::size_t looks = 0;
        for (std::size_t tried = 0; tried < enough; ++tried) {
            // Before the look. Acquire: what is counted is in the object, or has been.
            const auto sent = in_parts ? shared_->sent_.load(std::memory_order_acquire) : 0;
            switch (take(base)) {
                case came::nothing:
                    if (have_ != 0 && base != staging_.message() && looks < looks_for_the_rest) {
                        ++looks;
                        os::pause();
                        break;
                    }
                    found_empty(sent);
                    return outcome::nothing;
                case came::garbage:
                    return outcome::garbage;
                case came::message:
                    return outcome::message;
                case came::part:
                    looks = 0;
                    break;
            }
        }
        return outcome::nothing;
    }

    /// Takes one unit out, or as many parts of one message as a call can.
    [[nodiscard]] came take(std::byte* base) {
        if constexpr (gathers) {
            return take_to(base);
        } else {
            return take_one();
        }
    }

    [[nodiscard]] came take_to(std::byte* base) requires gathers {
        const std::size_t first = have_;
        const auto size = scattered_.get(*object_, base, first, in_full_units ? parts_at_most - first : 1);
        if (!size) {
            return came::nothing;
        }
        PARLEY_CRASH_POINT("queue part: taken, not counted");
        std::size_t units = 1;
        if constexpr (in_full_units) {
            units = *size / object::unit;
            if (*size == 0 || *size % object::unit != 0) {
                return drop_all();
            }
        }
        for (auto place = first; place < first + units; ++place) {
            const header& head = scattered_.at(place);
            if (!is_part(head, in_full_units ? object::unit : *size)) {
                return drop_all();
            }
            count(head);
            if (!continues(head)) {
                continue;
            }
            if (place != have_) {
                scattered_.move(base, place, have_);
            }
            if (completes(head)) {
                return came::message;
            }
        }
        return came::part;
    }

    /// Units that fill pages are bytes for the kernel: behind what is none, nobody knows where one begins. But none is
    /// ever put in or left in part, so that an empty object is a beginning. What is dropped makes room as if received.
    [[nodiscard]] came drop_all() {
        if constexpr (in_full_units) {
            have_ = 0;
            constexpr std::size_t enough = 2 * std::bit_ceil(shape_of_object.units);  // reads of a full one
            for (std::size_t tried = 0; tried < enough; ++tried) {
                const auto sent = shared_->sent_.load(std::memory_order_acquire);  // as in `get_at`
                if (!scattered_.get(*object_, staging_.message(), 0, parts_at_most)) {
                    found_empty(sent);
                    break;
                }
            }
        }
        return came::garbage;
    }

    [[nodiscard]] came take_one() requires(!gathers) {
        // The header comes to lie before the bytes, on what has come already.
        std::byte* const where = staging_.message() + have_ * payload_of_unit;
        std::byte* const before = where - message::frame_header_size;
        std::array<std::byte, message::frame_header_size> aside;
        std::memcpy(aside.data(), before, aside.size());
        const auto size = object_->get({before, unit_size});
        const auto head = header::read(before);
        std::memcpy(before, aside.data(), aside.size());
        if (!size) {
            return came::nothing;
        }
        if (!is_part(head, *size)) {
            return came::garbage;
        }
        if constexpr (!in_parts) {
            size_ = head.length;
            return came::message;
        } else {
            PARLEY_CRASH_POINT("queue part: taken, not counted");
            count(head);
            if (!continues(head)) {
                return came::part;
            }
            if (std::byte* const belongs = staging_.message() + have_ * payload_of_unit; where != belongs) {
                std::memmove(belongs, where, head.length);
            }
            return completes(head) ? came::message : came::part;
        }
    }

    /// Whether a unit of that size can be what a sender of this channel has put in.
    [[nodiscard]] static bool is_part(const header& head, std::size_t size) noexcept {
        if (size < message::frame_header_size || !head.sound() || head.kind != message::frame_kind::content ||
            head.length > size - message::frame_header_size || head.parts > parts_at_most) {
            return false;
        }
        const bool last = head.part + 1 == head.parts;
        const std::size_t size_with_it = head.part * payload_of_unit + head.length;
        return size_with_it <= wire::capacity && (last ? size_with_it >= smallest : head.length == payload_of_unit);
    }

    /// Bytes of the shortest message: what is read of every message, whatever it says.
    static constexpr std::size_t smallest = wire::fixed_size ? wire::capacity : 0;

    /// Everything before a part that was taken out is out too.
    void count(const header& head) noexcept {
        const std::uint32_t number = head.sequence + (head.part + 1 == head.parts ? 1 : 0);
        if (shared_->received_.load(std::memory_order_relaxed) != number) {
            // Release: the parts are out of the object.
            shared_->received_.store(number, std::memory_order_release);
        }
    }

    /// `sent`: how far the sender had come before the object was found empty. All of that is out.
    void found_empty(std::uint32_t sent) const noexcept {
        if constexpr (in_parts) {
            const auto missed = static_cast<std::int32_t>(sent - shared_->received_.load(std::memory_order_relaxed));
            if (missed != 0 && missed != -1) {  // by one, a message can be seen before its sender has counted it
                shared_->received_.store(sent, std::memory_order_release);
            }
        } else {
            static_cast<void>(sent);
        }
    }

    /// Whether the part continues what is there. If not, what is there is dropped, and a first part begins a new
    /// message.
    [[nodiscard]] bool continues(const header& head) noexcept {
        if (head.part != have_ || (have_ != 0 && head.sequence != sequence_)) {
            have_ = 0;
            if (head.part != 0) {
                return false;
            }
        }
        sequence_ = head.sequence;
        return true;
    }

    /// Counts a part that is where it belongs. Whether it was the last.
    [[nodiscard]] bool completes(const header& head) noexcept {
        if (++have_ != head.parts) {
            return false;
        }
        size_ = (have_ - 1) * payload_of_unit + head.length;
        have_ = 0;
        return true;
    }

    /// While its sender is at work, the rest of a message is there in a moment; and in the user's own place the
    /// beginning cannot stay.
    static constexpr std::size_t looks_for_the_rest = 50;

    bounded_queue* shared_;
    std::optional<object> object_;
    staging staging_;
    std::size_t have_ = 0;  // parts of the message to come
    std::size_t size_ = 0;
    std::uint32_t sequence_ = 0;
    [[no_unique_address]] std::conditional_t<gathers, scattering<object, parts_at_most, wire::capacity>, std::monostate>
        scattered_;
};

}  // namespace parley::transport::queue
