#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/venue.hpp"
#include "support/catch.hpp"
#include "support/open_files.hpp"

/// Clients that do not keep the rules: their connection ends, and nobody else suffers.

namespace parley::conformance {

using test::open_files;

namespace {

using message::frame_header;
using message::frame_kind;
using bytes_of_frame = std::vector<std::byte>;

template <class Transport>
struct kind_of;
template <>
struct kind_of<unix_stream> {
    using type = transport::socket::unix_stream_kind;
};
template <>
struct kind_of<unix_seqpacket> {
    using type = transport::socket::unix_seqpacket_kind;
};
template <>
struct kind_of<tcp> {
    using type = transport::socket::tcp_kind;
};

/// A client that writes what it likes.
template <class Kind>
class stranger {
public:
    explicit stranger(const std::string& name) : address_(Kind::parse(name)) { connect(); }

    void connect() {
        socket_ = os::descriptor{::socket(address_.family(), Kind::type | SOCK_CLOEXEC, 0)};
        if (::connect(socket_.get(), address_.get(), address_.length) != 0) {
            throw std::system_error{errno, std::generic_category(), "connect"};
        }
    }

    /// Whether it was still possible.
    bool write(const bytes_of_frame& bytes) const {
        return ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
    }

    /// Whether the other side has ended the connection.
    [[nodiscard]] bool is_cut() const {
        std::array<std::byte, 4096> ignored;
        for (;;) {
            const auto size = ::recv(socket_.get(), ignored.data(), ignored.size(), MSG_DONTWAIT);
            if (size <= 0) {
                return size == 0 || (errno != EAGAIN && errno != EINTR);
            }
        }
    }

    void close() { socket_.reset(); }

private:
    transport::socket::address address_;
    os::descriptor socket_;
};

bytes_of_frame frame(frame_header header, const bytes_of_frame& payload = {}) {
    bytes_of_frame result(message::frame_header_size + payload.size());
    header.write(result.data());
    std::copy(payload.begin(), payload.end(), result.begin() + message::frame_header_size);
    return result;
}

bytes_of_frame frame(frame_kind kind, const bytes_of_frame& payload = {}) {
    frame_header header;
    header.kind = kind;
    header.length = static_cast<std::uint32_t>(payload.size());
    return frame(header, payload);
}

template <class C>
bytes_of_frame hello(std::string_view name = {}) {
    bytes_of_frame payload(sizeof(std::uint64_t) + name.size());
    const std::uint64_t fingerprint = C::fingerprint;
    std::memcpy(payload.data(), &fingerprint, sizeof fingerprint);
    const auto text = std::as_bytes(std::span{name});
    std::copy(text.begin(), text.end(), payload.begin() + sizeof fingerprint);
    return frame(frame_kind::hello, payload);
}

bytes_of_frame content(std::size_t size) { return frame(frame_kind::content, bytes_of_frame(size)); }

/// What no peer writes that keeps the rules, each beginning after a hello where `greeted`.
template <class C>
std::vector<std::pair<bool, bytes_of_frame>> breaches() {
    frame_header endless;
    endless.length = 0xffffffff;
    frame_header of_the_future;
    of_the_future.version = 77;
    of_the_future.length = sizeof(item);
    frame_header in_parts;
    in_parts.part = 3;
    in_parts.parts = 5;
    in_parts.length = sizeof(item);
    frame_header unknown;
    unknown.kind = static_cast<frame_kind>(99);
    std::vector<std::pair<bool, bytes_of_frame>> result{
        {false, bytes_of_frame(100, std::byte{0x2a})},
        {false, content(sizeof(item))},
        {false, frame(frame_kind::hello)},
        {false, frame(frame_kind::hello, bytes_of_frame(8000))},
        {false, frame(frame_kind::request)},
        {true, hello<C>()},
        {true, content(sizeof(item) + 1)},
        {true, content(sizeof(item) - 1)},
        {true, content(0)},
        {true, frame(endless)},
        {true, frame(of_the_future, bytes_of_frame(sizeof(item)))},
        {true, frame(in_parts, bytes_of_frame(sizeof(item)))},
        {true, frame(unknown)},
        {true, frame(frame_kind::credit)},
        {true, frame(frame_kind::grant)},
        {true, frame(frame_kind::refusal, bytes_of_frame(10))},
        {true, bytes_of_frame(24, std::byte{0xff})},
    };
    if constexpr (rendezvous<C>) {
        result.push_back({true, content(sizeof(item))});  // nobody has granted it
    } else {
        result.push_back({true, frame(frame_kind::request)});
    }
    return result;
}

template <class Transport>
using lists = std::tuple<channel<item, Transport, port>, channel<item, Transport, port, zero>,
                         channel<item, Transport, port, bounded_by_kernel>>;
using counted_ports = std::tuple<channel<item, unix_stream, port>, channel<item, unix_seqpacket, port>>;
using ports = decltype(std::tuple_cat(lists<unix_stream>{}, lists<unix_seqpacket>{}, lists<tcp>{}));

std::size_t resident_pages() {
    std::ifstream file{"/proc/self/statm"};
    std::size_t all = 0;
    std::size_t resident = 0;
    file >> all >> resident;
    return resident;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a connection that breaks the rules is cut, and the others of the port go on", "", ports) {
    using C = TestType;
    INFO(C::describe());
    venue<C> place;
    auto in = place.receiver();
    auto out = place.sender();
    std::size_t which = 0;
    for (const auto& [greeted, bytes] : breaches<C>()) {
        INFO("breach " << which++);
        stranger<typename kind_of<typename C::transport>::type> client{place.name()};
        if (greeted) {
            REQUIRE(client.write(hello<C>()));
        }
        REQUIRE(client.write(bytes));
        CHECK(eventually([&] {
            CHECK_FALSE(in->try_receive());
            return client.is_cut();
        }));
        if constexpr (!rendezvous<C>) {
            out->send(item::make(1, 9));
            CHECK(in->receive().number == 9);
        }
    }
}

TEMPLATE_LIST_TEST_CASE("a connection cut short in a frame leaves nothing", "", ports) {
    using C = TestType;
    INFO(C::describe());
    venue<C> place;
    auto in = place.receiver();
    const auto whole = content(sizeof(item));
    for (std::size_t length = 1; length < whole.size(); length += 5) {
        stranger<typename kind_of<typename C::transport>::type> client{place.name()};
        REQUIRE(client.write(hello<C>()));
        REQUIRE(client.write({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)}));
        client.close();
        CHECK_FALSE(in->receive_for(1ms));
    }
}

TEMPLATE_LIST_TEST_CASE("a hundred thousand frames of garbage, and memory does not grow", "", counted_ports) {
    using C = TestType;
    venue<C> place;
    auto in = place.receiver();
    auto out = place.sender();
    std::mt19937 random{7};
    std::optional<stranger<typename kind_of<typename C::transport>::type>> client;
    std::size_t before = 0;
    for (int round = 0; round < 100'000; ++round) {
        if (!client) {
            client.emplace(place.name());
            if (random() % 8 != 0) {
                client->write(hello<C>(std::string(random() % 200, 'x')));
            }
        }
        frame_header header;
        header.kind = static_cast<frame_kind>(random() % 12);
        header.length = random() % 4 == 0 ? static_cast<std::uint32_t>(random()) : random() % 64;
        header.sequence = static_cast<std::uint32_t>(random() % 3);
        header.parts = static_cast<std::uint16_t>(random() % 3);
        if (!client->write(frame(header, bytes_of_frame(random() % 64, static_cast<std::byte>(random()))))) {
            client.reset();
        }
        std::error_code code;
        static_cast<void>(in->try_receive(code));
        REQUIRE(!code);
        if (client && client->is_cut()) {
            client.reset();
        }
        if (round == 20'000) {
            before = resident_pages();
        }
    }
    CHECK(resident_pages() < before + 4096);
    client.reset();
    while (in->try_receive()) {
    }
    out->send(item::make(1, 9));
    CHECK(in->receive().number == 9);
}

TEST_CASE("a client that sends more than its window is cut") {
    using C = channel<item, unix_stream, port, bounded<4>>;
    venue<C> place;
    auto in = place.receiver();
    stranger<transport::socket::unix_stream_kind> client{place.name()};
    REQUIRE(client.write(hello<C>()));
    bytes_of_frame flood;
    for (int number = 0; number < 5; ++number) {
        const auto one = content(sizeof(item));
        flood.insert(flood.end(), one.begin(), one.end());
    }
    REQUIRE(client.write(flood));
    CHECK(eventually([&] {
        static_cast<void>(in->try_receive());
        return client.is_cut();
    }));
}

TEST_CASE("garbage on a link is an error of that link alone") {
    using C = channel<item, unix_stream, direct>;
    venue<C> names;
    endpoint<C> me{names.receiver_name()};
    auto link = me.link("stranger");
    stranger<transport::socket::unix_stream_kind> client{names.receiver_name()};
    REQUIRE(client.write(hello<C>("stranger")));
    REQUIRE(client.write(bytes_of_frame(100, std::byte{0x2a})));
    CHECK(thrown_by([&] { return link.receive(); }) == errc::corrupt);
    CHECK_FALSE(link.try_receive());  // that is told once
    endpoint<C> peer{names.sender_name()};
    peer.send(names.receiver_name(), item::make(1, 9));
    CHECK(me.receive(names.sender_name()).number == 9);
    CHECK_FALSE(me.try_receive());
}

TEMPLATE_LIST_TEST_CASE("who comes is accepted, and some at a time: nobody is kept from a deadline", "",
                        counted_ports) {
    using C = TestType;
    using kind = typename kind_of<typename C::transport>::type;
    constexpr std::size_t few = 32;
    constexpr std::size_t many = 3 * few;
    const auto name = "@" + unique_name("crowd");
    segment::attachment_request request;
    request.name = name;
    transport::socket::hub_of<C, kind> in{kind::parse(name), request};
    std::vector<std::unique_ptr<stranger<kind>>> crowd;
    for (std::size_t number = 0; number < many; ++number) {
        crowd.push_back(std::make_unique<stranger<kind>>(name));
    }
    auto before = open_files();
    const auto first = before;
    while (before != first + static_cast<std::ptrdiff_t>(many)) {
        in.refresh();
        const auto now = open_files();
        REQUIRE(now > before);
        CHECK(now <= before + static_cast<std::ptrdiff_t>(few));
        before = now;
    }
}

TEST_CASE("connections have a limit, and who comes beyond it is told") {
    using C = channel<item, unix_stream, port>;
    venue<C> place;
    auto in = place.receiver();
    const auto before = resident_pages();
    std::vector<std::unique_ptr<stranger<transport::socket::unix_stream_kind>>> crowd;
    for (std::size_t number = 0; number < transport::socket::most_connections; ++number) {
        try {
            crowd.push_back(std::make_unique<stranger<transport::socket::unix_stream_kind>>(place.name()));
        } catch (const std::system_error&) {
            SUCCEED("no descriptors left");
            return;
        }
        CHECK_FALSE(in->try_receive());
    }
    sender<C> late{place.name()};
    std::error_code code;
    CHECK(eventually([&] {
        CHECK_FALSE(in->try_receive());
        static_cast<void>(late.try_send(item::make(1, 1), code));
        return static_cast<bool>(code);
    }));
    CHECK(code == errc::too_many_participants);
    CHECK(resident_pages() < before + std::size_t{64} * 1024 * 1024 / 4096);
    crowd.clear();
    CHECK(eventually([&] {
        CHECK_FALSE(in->try_receive());
        std::error_code ignored;
        sender<C> next{place.name(), ignored};
        return next && next.try_send(item::make(1, 2), ignored) && in->receive_for(100ms).has_value();
    }));
}

}  // namespace parley::conformance
