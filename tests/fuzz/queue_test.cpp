#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <span>
#include <variant>

#include <mqueue.h>
#include <sys/msg.h>

#include <parley/message/frame.hpp>

#include "hostile.hpp"
#include "spoil.hpp"
#include "support/memory_in_use.hpp"

using namespace parley;
using namespace parley::test;

/// A process that may open a channel's queue object puts anything into it, while others receive. They get a message or
/// `errc::corrupt`; they do not crash, read no memory that is not theirs, and do not grow. Afterwards what is sent
/// arrives.

namespace {

using object_of_mqueue = transport::queue::posix_object;
using object_of_sysv = transport::queue::system_v_object;

/// A queue object, opened by one who knows nothing of parley.
template <class Object>
class raw_object {
public:
    raw_object(const std::string& books, const std::string& name, std::size_t index) {
        if constexpr (std::is_same_v<Object, object_of_mqueue>) {
            handle_ = ::mq_open(name.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        } else if constexpr (std::is_same_v<Object, object_of_sysv>) {
            handle_ = number_in(books, index);
        } else {
            handle_ = ::open(name.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);  // not in packet mode
        }
        PARLEY_CHECK_IN_CHILD(handle_ >= 0);
    }

    /// Whether it went in; false if there is no room, or the kernel refuses such a unit.
    [[nodiscard]] bool put(std::span<const std::byte> unit) {
        if constexpr (std::is_same_v<Object, object_of_mqueue>) {
            return ::mq_send(handle_, reinterpret_cast<const char*>(unit.data()), unit.size(), 0) == 0;
        } else if constexpr (std::is_same_v<Object, object_of_sysv>) {
            buffer_.resize(sizeof(long) + unit.size());
            const long type = 1 + static_cast<long>(unit.size() % 3);
            std::memcpy(buffer_.data(), &type, sizeof type);
            std::copy(unit.begin(), unit.end(), buffer_.begin() + sizeof type);
            return ::msgsnd(handle_, buffer_.data(), unit.size(), IPC_NOWAIT) == 0;
        } else {
            return ::write(handle_, unit.data(), unit.size()) > 0;
        }
    }

private:
    [[nodiscard]] static int number_in(const std::string& books, std::size_t index) {
        const raw_file file(books);
        std::int32_t number = -1;
        const auto where = transport::queue::table_offset + offsetof(transport::queue::object_table<1>, records) +
                           index * sizeof(transport::queue::record) + 2 * sizeof number;
        std::memcpy(&number, file.data() + where, sizeof number);
        return number;
    }

    int handle_ = -1;
    std::vector<std::byte> buffer_;
};

enum class sizes {
    any,
    full  ///< as large as a unit can be
};

/// Units that are nearly right, or not at all.
class unit_source {
public:
    /// `capacity`: bytes of the largest message.
    unit_source(std::uint64_t seed, std::size_t unit, std::size_t capacity, std::size_t largest, sizes made)
        : random_(seed),
          unit_(unit),
          capacity_(capacity),
          parts_((capacity + payload() - 1) / payload()),
          bytes_(largest),
          full_(made == sizes::full) {}

    [[nodiscard]] std::span<const std::byte> next() {
        for (std::size_t index = 0; index < std::min<std::size_t>(bytes_.size(), 64); ++index) {
            bytes_[index] = static_cast<std::byte>(random_());
        }
        bytes_[below(bytes_.size())] = static_cast<std::byte>(random_());
        if (turn_ % parts_ != 0 && below(8) != 0) {
            return next_part();
        }
        if (below(4) == 0) {  // no header
            return of_size(below(2) == 0 ? below(64) : below(bytes_.size() + 1));
        }
        message::frame_header head;
        head.length = static_cast<std::uint32_t>(below(payload() + 1));
        head.sequence = sequence_;
        const auto told = head.length;
        switch (below(10)) {
            case 0:
                head.length = static_cast<std::uint32_t>(random_());  // says more than there is
                break;
            case 1:
                head.parts = static_cast<std::uint16_t>(random_());
                head.part = static_cast<std::uint16_t>(random_());
                break;
            case 2:
                head.part = static_cast<std::uint16_t>(below(3));
                head.parts = static_cast<std::uint16_t>(below(4));
                break;
            case 3:
                head.kind = static_cast<message::frame_kind>(random_());
                break;
            case 4:
                head.sequence = static_cast<std::uint32_t>(random_());
                break;
            case 5:
                head.magic = static_cast<std::uint16_t>(head.magic ^ (1U << below(16)));
                break;
            case 6:
                head.version = static_cast<std::uint8_t>(random_());
                break;
            case 7:  // sound, around anything
                head.length = static_cast<std::uint32_t>(payload());
                head.write(bytes_.data());
                return of_size(unit_);
            default:
                return next_part();
        }
        head.write(bytes_.data());
        return of_size(below(8) == 0 ? message::frame_header_size / 2 : message::frame_header_size + told);
    }

    [[nodiscard]] std::size_t below(std::size_t limit) { return random_() % limit; }

private:
    [[nodiscard]] std::size_t payload() const { return unit_ - message::frame_header_size; }

    /// Parts that continue one another.
    [[nodiscard]] std::span<const std::byte> next_part() {
        message::frame_header head;
        head.parts = static_cast<std::uint16_t>(parts_);
        head.part = static_cast<std::uint16_t>(turn_++ % parts_);
        head.length = static_cast<std::uint32_t>(std::min(payload(), capacity_ - head.part * payload()));
        head.sequence = sequence_;
        sequence_ += turn_ % parts_ == 0 ? 1U : 0U;
        head.write(bytes_.data());
        return of_size(unit_);
    }

    [[nodiscard]] std::span<const std::byte> of_size(std::size_t size) const {
        return std::span<const std::byte>(bytes_).first(full_ ? unit_ : std::min(size, bytes_.size()));
    }

    std::mt19937_64 random_;
    std::size_t unit_;
    std::size_t capacity_;
    std::size_t parts_;
    std::vector<std::byte> bytes_;
    bool full_;
    std::uint32_t sequence_ = 0;
    std::size_t turn_ = 0;
};

/// A desk of a rendezvous holds one unit, and most of the time that is the good one's.
template <class C>
[[nodiscard]] std::size_t units_to_put() {
    const std::size_t all = std::getenv("PARLEY_FUZZ_LONG") == nullptr ? 3'000 : 100'000;
    return C::template word<buffering_axis>::rendezvous ? all / 10 : all;
}

struct tally {
    std::atomic<std::size_t> wanted{0};
    std::atomic<std::size_t> put{0};
    std::atomic<std::size_t> refused{0};  ///< by the kernel, or by an object that is full
    std::atomic<std::size_t> messages{0};
    std::atomic<std::size_t> corrupt{0};
    std::atomic<bool> over{false};
};

/// Puts units into an object until there were enough of them. `channel`: the name of the segment.
template <class C>
void flood(const std::string& channel, std::vector<std::size_t> indices, std::uint64_t seed, sizes made, tally& count) {
    using backing = typename C::transport::backing_type;
    using object = typename backing::object;
    const auto books = backing::locate(channel);
    std::vector<raw_object<object>> into;
    into.reserve(indices.size());
    for (const auto index : indices) {
        into.emplace_back(books, backing::object_name(books, index), index);
    }
    const auto longest = 2 * object::unit;
    constexpr auto capacity = message::wire<typename C::message>::capacity;
    const auto unit = std::min(object::unit, message::frame_header_size + capacity);
    unit_source source(seed, unit, capacity, longest, made);
    while (count.put.load() < count.wanted.load() && !count.over.load()) {
        if (into[source.below(into.size())].put(source.next())) {
            count.put.fetch_add(1);
        } else {
            count.refused.fetch_add(1);
            ::sched_yield();
        }
    }
}

/// Receives as long as units come, and a little longer.
template <class Receive>
void receive_all(Receive receive, tally& count) {
    std::size_t early = 0;
    while (!count.over.load()) {
        try {
            if (receive()) {
                count.messages.fetch_add(1);
            }
        } catch (const error& told) {
            PARLEY_CHECK_IN_CHILD(told.code() == errc::corrupt);
            count.corrupt.fetch_add(1);
        }
        if (early == 0 && count.put.load() > count.wanted.load() / 10) {
            early = memory_in_use();
        }
    }
    PARLEY_CHECK_IN_CHILD(memory_in_use() <= early + (std::size_t{1} << 21));
}

template <class C>
void report(const tally& count) {
    std::fprintf(stderr, "  %s: %zu units, %zu refused, %zu taken for messages, %zu corrupt\n",
                 std::string(C::describe()).c_str(), count.put.load(), count.refused.load(), count.messages.load(),
                 count.corrupt.load());
}

/// Floods while children work: `receive`, and perhaps `send`. Each is called with the tally.
template <class C, class... Bodies>
void flood_while(const std::string& channel, std::vector<std::size_t> indices, sizes made, Bodies... bodies) {
    const auto seed = fuzz_seed();
    CAPTURE(seed);
    INFO(C::describe());
    shared<tally> count;
    count->wanted.store(units_to_put<C>());
    child hostile(
        "hostile", [&] { flood<C>(channel, indices, seed, made, *count); }, duration{200.0});
    std::list<child> others;
    (others.emplace_back(
         "victim", [&] { bodies(*count); }, duration{200.0}),
     ...);
    CHECK(hostile.join_ok());
    count->over.store(true);
    for (auto& each : others) {
        CHECK(each.join_ok());
    }
    report<C>(*count);
    CHECK(count->put.load() >= count->wanted.load());
    CHECK((C::template word<buffering_axis>::rendezvous || count->corrupt.load() > 0));
    if (made == sizes::full && message::trivial<typename C::message>) {
        CHECK(count->messages.load() > 0);  // whatever is in it
    }
}

template <class Message>
[[nodiscard]] Message sound() {
    if constexpr (message::byte_string<Message>) {
        const std::array<std::byte, 3> content{std::byte{1}, std::byte{2}, std::byte{3}};
        return Message{std::span<const std::byte>(content)};
    } else {
        return Message{};
    }
}

template <class C>
void flood_mailbox() {
    const auto name = unique_name("fuzz-queue");
    receiver<C> in{create_only, name};
    flood_while<C>(name, {0}, sizes::any, [&](tally& count) {
        receiver<C> mine{name};
        receive_all([&] { return mine.receive_for(std::chrono::milliseconds(1)).has_value(); }, count);
    });
    std::error_code code;
    while (in.try_receive(code) || code) {
        code.clear();
    }
    sender<C> out{name};
    constexpr auto capacity = C::template word<buffering_axis>::capacity;
    for (std::size_t number = 0; number < capacity; ++number) {
        CHECK(out.try_send(sound<typename C::message>()));
    }
    CHECK_FALSE(out.try_send(sound<typename C::message>()));
    for (std::size_t number = 0; number < capacity; ++number) {
        CHECK(in.receive_for(std::chrono::seconds(10)).has_value());
    }
    C::remove(name);
}

/// A rendezvous: garbage on the desks, while one sends and one receives.
template <class C>
void flood_rendezvous() {
    const auto name = unique_name("fuzz-queue");
    receiver<C> first{create_only, name};  // takes the first place, and keeps it
    sender<C> idle{name};
    const auto desk_of_receiver = std::size_t{64};
    flood_while<C>(
        name, {0, desk_of_receiver}, sizes::any,
        [&](tally& count) {
            receive_all([&] { return first.receive_for(std::chrono::milliseconds(1)).has_value(); }, count);
        },
        [&](tally& count) {
            while (!count.over.load()) {
                try {
                    static_cast<void>(idle.try_send(letter{}));
                    static_cast<void>(idle.send_for(letter{}, std::chrono::milliseconds(1)));
                } catch (const error& told) {
                    PARLEY_CHECK_IN_CHILD(told.code() == errc::corrupt);
                    count.corrupt.fetch_add(1);
                }
            }
        });
    child taker("taker", [&] { PARLEY_CHECK_IN_CHILD(receiver<C>{name}.receive_for(std::chrono::seconds(30))); });
    CHECK(idle.send_for(letter{}, std::chrono::seconds(30)));
    CHECK(taker.join_ok());
    C::remove(name);
}

/// A link, with messages in parts: garbage between the parts.
template <class C>
void flood_link(sizes made) {
    const auto name = unique_name("fuzz-queue");
    endpoint<C> me{name + "-a"};
    static_cast<void>(me.link(name + "-b"));
    {
        flood_while<C>(name + "-a~" + name + "-b", {0}, made, [&](tally& count) {
            endpoint<C> mine{name + "-b"};
            receive_all([&] { return mine.receive_for(name + "-a", std::chrono::milliseconds(1)).has_value(); }, count);
        });
    }
    endpoint<C> peer{name + "-b"};
    std::error_code code;
    while (peer.try_receive(name + "-a", code) || code == errc::corrupt) {
        code.clear();
    }
    for (int round = 0; round < 3; ++round) {
        CHECK(me.try_send(name + "-b", sound<typename C::message>()));
        CHECK(peer.try_receive(name + "-a"));
    }
    std::error_code ignored;
    C::remove(name + "-a", ignored);
    C::remove(name + "-b", ignored);
}

struct parcel {
    std::array<std::uint64_t, 1200> content;
};

template <class Transport>
void flood_transport() {
    flood_mailbox<channel<letter, Transport, bounded<4>>>();
    flood_mailbox<channel<bytes<100>, Transport, bounded<4>>>();
    flood_mailbox<channel<std::variant<std::uint32_t, letter>, Transport, bounded<4>>>();
    flood_rendezvous<channel<letter, Transport, zero, blocking_on<futex>>>();
    for (const auto made : {sizes::any, sizes::full}) {
        flood_link<channel<parcel, direct, Transport, bounded<1>>>(made);
        flood_link<channel<bytes<9'000>, direct, Transport, bounded<1>>>(made);
    }
}

}  // namespace

TEST_CASE("garbage in POSIX message queues") { flood_transport<mqueue>(); }
TEST_CASE("garbage in System V message queues") { flood_transport<sysv_mqueue>(); }
TEST_CASE("garbage in named pipes") { flood_transport<fifo>(); }
TEST_CASE("garbage in the books of queues") {
    for (const auto spare : {spare_header, header_and_all}) {
        spoil_mailbox<channel<letter, mqueue, bounded<4>, nonblocking>>(spare);
        spoil_mailbox<channel<letter, sysv_mqueue, bounded<4>, blocking_on<futex>>>(spare);
        spoil_mailbox<channel<letter, fifo, zero, blocking_on<futex>>>(spare);
    }
}
