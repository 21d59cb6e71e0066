#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/socket.h>

#include <parley/message/frame.hpp>
#include <parley/transport/socket/address.hpp>

#include "hostile.hpp"
#include "support/memory_in_use.hpp"

using namespace parley;
using namespace parley::test;

/// A client that connects to a port and sends anything, also after a greeting that it has learnt from a good one,
/// while a good sender keeps sending. The good one's messages arrive, all of them and in order.

namespace {

struct letter {
    std::uint64_t number;
    std::uint64_t seal;
    std::array<std::uint64_t, 4> more;

    static letter make(std::uint64_t number) { return {number, number * 0x9e3779b97f4a7c15u + 1, {}}; }
    [[nodiscard]] bool whole() const { return seal == number * 0x9e3779b97f4a7c15u + 1; }
};

template <class Transport>
inline constexpr int type_of =
    std::is_same_v<Transport, unix_seqpacket>                                    ? SOCK_SEQPACKET
    : std::is_same_v<Transport, unix_datagram> || std::is_same_v<Transport, udp> ? SOCK_DGRAM
                                                                                 : SOCK_STREAM;
template <class Transport>
inline constexpr bool connects = type_of<Transport> != SOCK_DGRAM;

/// Of this machine, and of no other test: the number of the process says which part of 127.0.0.0/8.
template <class Transport>
std::string fresh_name() {
    if constexpr (Transport::capabilities.crosses_machines) {
        static unsigned count = 0;
        const auto host = static_cast<unsigned>(::getpid());
        return "127." + std::to_string(host >> 16 & 255) + "." + std::to_string(host >> 8 & 255) + "." +
               std::to_string(host & 255) + ":" + std::to_string(17000 + count++);
    } else {
        return "@" + unique_name("fuzz");
    }
}

template <class Transport>
transport::socket::address address_of(const std::string& name) {
    if constexpr (Transport::capabilities.crosses_machines) {
        return transport::socket::internet_address(name, type_of<Transport>);
    } else {
        return transport::socket::local_address(name);
    }
}

/// A socket of one who knows nothing of parley.
template <class Transport>
class raw_socket {
public:
    /// Connected to `name`.
    [[nodiscard]] static raw_socket to(const std::string& name) {
        const auto at = address_of<Transport>(name);
        raw_socket made(at.family());
        made.connected_ = ::connect(made.file_.get(), at.get(), at.length) == 0;
        return made;
    }

    /// What one who opens `name` and sends says first, up to `most` bytes or units.
    template <class Speak>
    [[nodiscard]] static std::vector<std::byte> first_words(const std::string& name, Speak speak) {
        const auto at = address_of<Transport>(name);
        raw_socket listener(at.family());
        const int on = 1;
        ::setsockopt(listener.file_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        REQUIRE(::bind(listener.file_.get(), at.get(), at.length) == 0);
        if (connects<Transport>) {
            REQUIRE(::listen(listener.file_.get(), 4) == 0);
        }
        child speaker("speaker", [&] { speak(name); });
        std::vector<std::byte> words(65536);
        os::descriptor accepted;
        int file = listener.file_.get();
        if (connects<Transport> && readable(file)) {
            accepted = os::descriptor{::accept4(file, nullptr, nullptr, SOCK_CLOEXEC)};
            file = accepted.get();
        }
        const auto size = readable(file) ? ::recv(file, words.data(), words.size(), MSG_DONTWAIT) : 0;
        words.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        speaker.kill9();
        return words;
    }

    /// Whether it went out. Not, if the other side has closed, or takes nothing at the moment.
    [[nodiscard]] bool put(std::span<const std::byte> unit) {
        return connected_ && ::send(file_.get(), unit.data(), unit.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
    }

private:
    explicit raw_socket(int family) : file_(::socket(family, type_of<Transport> | SOCK_CLOEXEC, 0)) {}

    [[nodiscard]] static bool readable(int file) {
        ::pollfd one{.fd = file, .events = POLLIN, .revents = 0};
        return ::poll(&one, 1, 5000) > 0;
    }

    os::descriptor file_;
    bool connected_ = false;
};

[[nodiscard]] std::size_t units_to_put() { return std::getenv("PARLEY_FUZZ_LONG") == nullptr ? 3'000 : 100'000; }

/// Frames that are nearly right, or not at all. `greeting`: what a good client says first. `fingerprint`: what stands
/// behind the header of a datagram; 0 where nothing does.
class frame_source {
public:
    frame_source(std::uint64_t seed, std::vector<std::byte> greeting, std::uint64_t fingerprint)
        : random_(seed), greeting_(std::move(greeting)), fingerprint_(fingerprint), bytes_(70'000) {}

    [[nodiscard]] std::size_t below(std::size_t limit) { return random_() % limit; }
    [[nodiscard]] std::span<const std::byte> greeting() const { return greeting_; }

    [[nodiscard]] std::span<const std::byte> next() {
        for (std::size_t index = 0; index < 160; ++index) {
            bytes_[index] = static_cast<std::byte>(random_());
        }
        const auto all = std::span<const std::byte>(bytes_);
        switch (below(8)) {
            case 0:
                return all.first(1 + below(160));
            case 1:
                return all.first(1 + below(bytes_.size()));
            case 2:
            case 3:
                if (!greeting_.empty()) {  // the greeting, changed or cut
                    std::copy(greeting_.begin(), greeting_.end(), bytes_.begin());
                    bytes_[below(greeting_.size())] ^= static_cast<std::byte>(1 + below(255));
                    return all.first(below(2) == 0 ? greeting_.size() : 1 + below(greeting_.size()));
                }
                break;
            default:
                break;
        }
        message::frame_header head;
        head.kind = static_cast<message::frame_kind>(1 + below(10));
        head.length = static_cast<std::uint32_t>(below(2) == 0 ? sizeof(letter) : below(128));
        head.sequence = static_cast<std::uint32_t>(below(2) == 0 ? below(64) : random_());
        head.sender = static_cast<std::uint32_t>(below(3));
        const auto told = head.length;
        switch (below(8)) {
            case 0:
                head.length = static_cast<std::uint32_t>(random_());
                break;
            case 1:
                head.parts = static_cast<std::uint16_t>(random_());
                head.part = static_cast<std::uint16_t>(random_());
                break;
            case 2:
                head.kind = static_cast<message::frame_kind>(random_());
                break;
            case 3:
                head.parts = 65535;
                head.part = static_cast<std::uint16_t>(below(4));
                break;
            default:
                break;
        }
        head.write(bytes_.data());
        if (fingerprint_ != 0 && below(4) != 0) {
            std::memcpy(bytes_.data() + message::frame_header_size, &fingerprint_, sizeof fingerprint_);
        }
        return all.first(message::frame_header_size + (fingerprint_ != 0 ? sizeof fingerprint_ : 0) +
                         (below(8) == 0 ? below(200) : told));
    }

private:
    std::mt19937_64 random_;
    std::vector<std::byte> greeting_;
    std::uint64_t fingerprint_;
    std::vector<std::byte> bytes_;
};

struct tally {
    std::atomic<std::size_t> put{0};
    std::atomic<std::size_t> connections{0};
    std::atomic<std::uint64_t> sent{0};      ///< by the good one
    std::atomic<std::uint64_t> received{0};  ///< of the good one's
    std::atomic<std::size_t> strange{0};     ///< taken for messages
    std::atomic<std::size_t> corrupt{0};
    std::atomic<std::size_t> lost{0};
    std::atomic<bool> up{false};
    std::atomic<bool> over{false};  ///< the hostile one has ended
    std::atomic<bool> done{false};  ///< the good one has
};

template <class Transport>
void attack(const std::string& name, frame_source& source, tally& count) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(150);
    while (count.put.load() < units_to_put() && std::chrono::steady_clock::now() < until) {
        auto client = raw_socket<Transport>::to(name);
        count.connections.fetch_add(1);
        if (source.below(3) != 0 && !source.greeting().empty()) {
            static_cast<void>(client.put(source.greeting()));
        }
        int refused = 0;
        for (auto units = 1 + source.below(20); units > 0 && refused < 20;) {
            if (client.put(source.next())) {
                count.put.fetch_add(1);
                --units;
            } else {
                ++refused;
                ::sched_yield();
            }
        }
    }
}

template <class C>
void receive_all(const std::string& name, tally& count) {
    receiver<C> in{name};
    count.up.store(true);
    std::uint64_t expected = 0;
    std::size_t early = 0;
    for (;;) {
        const bool last = count.done.load();
        std::error_code code;
        const auto got = in.receive_for(std::chrono::milliseconds(20), code);
        if (code) {
            PARLEY_CHECK_IN_CHILD(code == errc::corrupt);
            count.corrupt.fetch_add(1);
        } else if (got && got->whole()) {
            PARLEY_CHECK_IN_CHILD(got->number >= expected);
            count.lost.fetch_add(got->number - expected);
            expected = got->number + 1;
            count.received.fetch_add(1);
        } else if (got) {
            count.strange.fetch_add(1);
        } else if (last) {
            break;
        }
        if (early == 0 && count.put.load() > units_to_put() / 10) {
            early = memory_in_use();
        }
    }
    PARLEY_CHECK_IN_CHILD(early == 0 || memory_in_use() <= early + (std::size_t{1} << 22));
}

template <class C>
void attack_port() {
    using transport_word = typename C::transport;
    INFO(C::describe());
    const auto seed = fuzz_seed();
    CAPTURE(seed);
    const auto name = fresh_name<transport_word>();
    auto greeting = raw_socket<transport_word>::first_words(fresh_name<transport_word>(), [](const std::string& at) {
        sender<C> out{open_only, at, {.open_within = std::chrono::seconds(4)}};
        // It may be part of the greeting. No change of one of its bytes makes it whole: letter{} would need one bit.
        static_cast<void>(out.send_for(letter{.number = 1, .seal = 0, .more = {}}, std::chrono::seconds(4)));
    });
    frame_source source(seed, greeting, connects<transport_word> ? 0 : C::fingerprint);
    shared<tally> count;
    child receiving(
        "receiver", [&] { receive_all<C>(name, *count); }, duration{250.0});
    REQUIRE(eventually([&] { return count->up.load() || !receiving.running(); }));
    child good(
        "good sender",
        [&] {
            sender<C> out{open_only, name, {.open_within = std::chrono::seconds(20)}};
            std::uint64_t after = 0;
            for (std::uint64_t number = 0; after < 200; ++number) {  // and some more in peace
                after += count->over.load() ? 1U : 0U;
                PARLEY_CHECK_IN_CHILD(out.send_for(letter::make(number), std::chrono::seconds(60)));
                count->sent.store(number + 1);
            }
        },
        duration{250.0});
    child hostile(
        "hostile", [&] { attack<transport_word>(name, source, *count); }, duration{250.0});
    CHECK(hostile.join_ok());
    count->over.store(true);
    CHECK(good.join_ok());
    count->done.store(true);
    CHECK(receiving.join_ok());
    std::fprintf(stderr,
                 "  %s: greeting of %zu bytes, %zu units over %zu connections, %zu taken for messages, %zu corrupt; "
                 "%llu good ones, %zu lost\n",
                 std::string(C::describe()).c_str(), greeting.size(), count->put.load(), count->connections.load(),
                 count->strange.load(), count->corrupt.load(), static_cast<unsigned long long>(count->received.load()),
                 count->lost.load());
    CHECK(count->put.load() >= units_to_put());
    if (C::transport::capabilities.lossless) {
        CHECK(count->received.load() == count->sent.load());
    }
    CHECK(count->received.load() >= 100);
    std::error_code ignored;
    C::remove(name, ignored);
}

}  // namespace

TEST_CASE("a hostile client of a unix_stream port") { attack_port<channel<letter, port, unix_stream, bounded<4>>>(); }
TEST_CASE("a hostile client of a unix_seqpacket port") {
    attack_port<channel<letter, port, unix_seqpacket, bounded<4>>>();
}
TEST_CASE("a hostile client of a unix_datagram port") {
    attack_port<channel<letter, port, unix_datagram, bounded<4>>>();
}
TEST_CASE("a hostile client of a tcp port") { attack_port<channel<letter, port, tcp, bounded<4>>>(); }
TEST_CASE("a hostile client of a udp port") { attack_port<channel<letter, port, udp, bounded<4>>>(); }
