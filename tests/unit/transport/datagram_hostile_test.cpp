#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/compositions.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// Receivers of datagrams among hostile senders, and senders whose receiver's answers are lost.

namespace parley::conformance {

namespace {

using message::frame_kind;
using transport::datagram::control;
using transport::datagram::envelope;
using transport::datagram::envelope_size;

/// A socket that can send anything to a channel's address.
template <class Family>
class intruder {
public:
    explicit intruder(const std::string& name)
        : to_(Family::parse(name)), socket_(::socket(to_.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        if (to_.family() == AF_UNIX) {
            const ::sockaddr unnamed{AF_UNIX, {}};
            static_cast<void>(::bind(socket_.get(), &unnamed, sizeof(::sa_family_t)));
        }
    }

    bool send(std::span<const std::byte> datagram) const {
        return ::sendto(socket_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL, to_.get(),
                        to_.length) >= 0;
    }

private:
    transport::socket::address to_;
    os::descriptor socket_;
};

/// Anything that comes from a hostile process: garbage, and frames with one thing or another wrong.
class garbage {
public:
    explicit garbage(std::uint64_t fingerprint) : fingerprint_(fingerprint) {}

    std::vector<std::byte> next() {
        std::vector<std::byte> result(size_(random_));
        for (auto& each : result) {
            each = static_cast<std::byte>(random_());
        }
        if (result.size() >= envelope_size && random_() % 8 != 0) {
            auto frame = control(static_cast<frame_kind>(random_() % 13), fingerprint_,
                                 static_cast<std::uint32_t>(random_()), static_cast<std::uint32_t>(random_()));
            frame.header.length = static_cast<std::uint32_t>(random_() % 4 == 0 ? random_() : random_() % 300);
            if (random_() % 8 == 0) {
                frame.fingerprint = random_();
            }
            if (random_() % 8 == 0) {
                frame.header.version = static_cast<std::uint8_t>(random_());
            }
            std::memcpy(result.data(), &frame, envelope_size);
        }
        return result;
    }

private:
    std::uint64_t fingerprint_;
    std::mt19937_64 random_{7};
    std::uniform_int_distribution<std::size_t> size_{0, 300};
};

/// The bytes of memory that this process has in use.
std::size_t resident() {
    std::ifstream status("/proc/self/statm");
    std::size_t whole = 0;
    std::size_t in_use = 0;
    status >> whole >> in_use;
    return in_use * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

using hostile_compositions =
    std::tuple<on<unix_datagram>::c<port>, on<unix_datagram>::c<port, bounded_by_kernel>, on<udp>::c<port>,
               on<udp>::c<port, bounded_by_kernel>, on<unix_datagram>::c<direct>, on<udp>::c<direct>>;

/// The sender number of those who send what they should.
constexpr std::uint32_t honest = 42;

/// What the receiving process tells.
struct report {
    std::atomic<std::uint32_t> seen{0};  ///< the number after the last honest message
    std::atomic<bool> finished{false};
    std::atomic<std::size_t> before{0};  ///< memory, when a quarter of all had come
    std::atomic<std::size_t> after{0};
};

constexpr std::uint32_t honest_messages = 200;
constexpr int hostile_to_one = 50;

/// Receives while others send garbage. It allocates nothing, so that what it has in use is the library's.
template <class In>
void receive_among_garbage(In& in, report& tell) {
    while (!tell.finished) {
        if (const auto message = in.try_receive(); message && message->sound() && message->from == honest) {
            PARLEY_CHECK_IN_CHILD(message->number >= tell.seen);
            tell.seen = message->number + 1;
            if (tell.before == 0 && message->number > honest_messages / 4) {
                tell.before = resident();
            }
        }
    }
    tell.after = resident();
}

/// Sends garbage, from ever new senders, and an honest message now and then, which arrives.
template <class C, class Out>
void send_among_garbage(Out& out, const std::string& name, const report& told) {
    using family = typename C::transport::family;
    garbage source{C::fingerprint};
    std::optional<intruder<family>> hostile;
    std::uint32_t next = 0;
    for (std::uint32_t number = 0; number < honest_messages; ++number) {
        for (int count = 0; count < hostile_to_one; ++count) {
            if (count % 5 == 0) {
                hostile.emplace(name);
            }
            const auto datagram = source.next();
            for (int attempts = 0; attempts < 100 && !hostile->send(datagram); ++attempts) {
                ::sched_yield();  // a full queue
            }
        }
        // Over udp it may be crowded out: then another one gets through.
        REQUIRE(eventually([&] {
            if (told.seen == next || !C::transport::capabilities.lossless) {
                next += out.try_send(item::make(honest, next)) ? 1 : 0;
            }
            return told.seen > number;
        }));
    }
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("datagrams: among garbage and floods of strangers a receiver goes on, in the same memory", "",
                        hostile_compositions) {
    using C = TestType;
    INFO(C::describe());
    venue<C> place;
    shared<report> told;
    steps step;
    child owner{"owner", [&] {
                    auto in = place.receiver();
                    step.reach(1);
                    receive_among_garbage(*in, *told);
                    if constexpr (!pairwise<C>) {
                        PARLEY_CHECK_IN_CHILD(in->core().statistics().garbage > 0);
                    }
                }};
    REQUIRE(step.await(1));
    auto out = place.sender();
    send_among_garbage<C>(*out, pairwise<C> ? place.receiver_name() : place.name(), *told);
    told->finished = true;
    CHECK(owner.join_ok());
    CHECK(told->before > 0);
    CHECK(told->after < told->before + (std::size_t{1} << 20));
}

TEST_CASE("datagrams: a message shorter than it says does not show what another left behind") {
    using text = bytes<64>;
    using C = channel<text, unix_datagram, port>;
    const auto name = unique_name("datagram");
    receiver<C> in{name};
    sender<C> out{name};
    out.send(text(std::string_view("a secret of somebody else's, and long enough to show")));
    CHECK(in.receive().size() == 52);
    // The slot says 50 bytes, the datagram brings 2 of them.
    auto frame = control(frame_kind::content, C::fingerprint, 7, 0);
    frame.header.length = 10;
    std::array<std::byte, envelope_size + 10> datagram{};
    std::memcpy(datagram.data(), &frame, envelope_size);
    const std::uint64_t claimed = 50;
    std::memcpy(datagram.data() + envelope_size, &claimed, sizeof claimed);
    intruder<unix_datagram::family>{name}.send(datagram);
    if (const auto received = in.try_receive()) {
        CHECK(received->as_string_view().substr(2).find_first_not_of('\0') == std::string_view::npos);
    }
}

namespace {

/// Stands between a sender and a receiver over udp, and loses some of what they say.
class lossy_middle {
public:
    lossy_middle(const std::string& at, const std::string& behind)
        : outside_(make(at, true)), inside_(make(behind, false)) {}

    /// Hands on what is there. `lose(is it from the sender)` says what is lost.
    template <class Lose>
    void pass(Lose lose) {
        std::array<std::byte, 2048> datagram;
        for (;;) {
            ::socklen_t size = sizeof sender_;
            const auto out = ::recvfrom(outside_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT,
                                        reinterpret_cast<::sockaddr*>(&sender_), &size);
            if (out > 0) {
                sender_size_ = size;
                if (!lose(true)) {
                    static_cast<void>(::send(inside_.get(), datagram.data(), static_cast<std::size_t>(out), 0));
                }
            }
            const auto back = ::recv(inside_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT);
            if (back > 0 && !lose(false)) {
                static_cast<void>(::sendto(outside_.get(), datagram.data(), static_cast<std::size_t>(back), 0,
                                           reinterpret_cast<::sockaddr*>(&sender_), sender_size_));
            }
            if (out < 0 && back < 0) {
                return;
            }
        }
    }

private:
    static os::descriptor make(const std::string& name, bool own) {
        const auto address = udp::family::parse(name);
        os::descriptor made{::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        REQUIRE((own ? ::bind(made.get(), address.get(), address.length)
                     : ::connect(made.get(), address.get(), address.length)) == 0);
        return made;
    }

    os::descriptor outside_;
    os::descriptor inside_;
    ::sockaddr_storage sender_{};
    ::socklen_t sender_size_ = 0;
};

}  // namespace

TEST_CASE("datagrams: credits that are lost on the way are asked for again") {
    using C = on<udp>::c<port, bounded<4>>;
    constexpr std::uint32_t count = 300;
    venue<C> place;
    auto in = place.receiver();
    const auto at = fresh_address();
    lossy_middle middle{at, place.name()};
    sender<C> out{at};
    std::mt19937 random{11};
    std::uint32_t sent = 0;
    std::uint32_t received = 0;
    REQUIRE(eventually([&] {
        if (sent < count && out.try_send(item::make(1, sent))) {
            ++sent;
        }
        static_cast<void>(out.try_send(item::make(1, sent)) && ++sent);
        middle.pass([&](bool from_sender) { return !from_sender && random() % 4 != 0; });
        while (const auto message = in->try_receive()) {
            REQUIRE(message->number == received);
            ++received;
        }
        return sent >= count && received == sent;
    }));
    CHECK(in->core().statistics().lost == 0);
}

TEST_CASE("datagrams: messages that are lost on the way are counted, and their room is given back") {
    using C = on<udp>::c<port, bounded<4>>;
    constexpr std::uint32_t count = 300;
    venue<C> place;
    auto in = place.receiver();
    const auto at = fresh_address();
    lossy_middle middle{at, place.name()};
    sender<C> out{at};
    std::mt19937 random{12};
    std::uint32_t sent = 0;
    std::uint32_t next = 0;
    std::uint32_t received = 0;
    REQUIRE(eventually([&] {
        if (out.try_send(item::make(1, sent))) {
            ++sent;
        }
        middle.pass([&](bool) { return random() % 2 == 0; });
        while (const auto message = in->try_receive()) {
            REQUIRE(message->sound());
            REQUIRE(message->number >= next);
            next = message->number + 1;
            ++received;
        }
        return sent >= count;
    }));
    // Everything was lost or received, but for what is still on its way.
    CHECK(received > 0);
    CHECK(in->core().statistics().lost + received <= sent);
    CHECK(in->core().statistics().lost + received + 4 >= sent);
}

}  // namespace parley::conformance
