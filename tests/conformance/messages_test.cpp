#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include <parley/parley.hpp>

#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// Messages of every kind, from one process to another.

namespace parley::conformance {

namespace {

struct person {
    std::string name;
    std::uint32_t age = 0;
    bool operator==(const person&) const = default;
};

struct tick {};
struct quote {
    double price;
    std::uint32_t volume;
};
using event = std::variant<tick, quote, bytes<64>>;

struct alignas(128) wide {  // more than a line
    std::array<std::uint64_t, 512> words;
};

struct three_bytes {
    std::array<std::uint8_t, 3> value;
};

template <class Message>
struct each_way {
    using channels = std::tuple<parley::channel<Message, shm>,                                 //
                                parley::channel<Message, shm, bounded<1>, direct>,             //
                                parley::channel<Message, shm, unbounded, blocking_on<futex>>,  //
                                parley::channel<Message, mapped_file, bounded<3>, port>,       //
                                parley::channel<Message, sysv_shm, zero>,                      //
                                parley::channel<Message, fifo, port, parley::map>,             //
                                parley::channel<Message, anonymous_shm, zero, direct>,         //
                                parley::channel<Message, shm, zero, sync<nonblocking, blocking>>>;
};

/// Sends what `make(number)` gives from a child, and checks it here with `sound(message, number)`.
template <class C, class Make, class Sound>
void pass(std::uint32_t count, Make make, Sound sound) {
    INFO(C::describe());
    venue<C> place;
    auto in = place.receiver();
    child sender{"sender", [&] {
                     auto out = place.sender();
                     for (std::uint32_t number = 0; number < count; ++number) {
                         put(*out, make(number));
                     }
                 }};
    std::uint32_t wrong = 0;
    for (std::uint32_t number = 0; number < count; ++number) {
        wrong += sound(get(*in), number) ? 0 : 1;
    }
    CHECK(wrong == 0);
    CHECK(sender.join_ok());
}

std::string text_of(std::uint32_t number, std::size_t longest) {
    return std::string(number % (longest + 1), static_cast<char>('a' + number % 26));
}

}  // namespace

}  // namespace parley::conformance

template <>
struct parley::codec<parley::conformance::person> {
    using person = parley::conformance::person;
    static constexpr std::size_t max_size = 4 + 100;
    static constexpr std::string_view parley_name = "person of the tests, version 1";
    static std::size_t size(const person& value) { return 4 + value.name.size(); }
    static std::size_t encode(const person& value, std::span<std::byte> room) {
        std::memcpy(room.data(), &value.age, 4);
        std::memcpy(room.data() + 4, value.name.data(), value.name.size());
        return 4 + value.name.size();
    }
    static std::optional<person> decode(std::span<const std::byte> content) {
        if (content.size() < 4) {
            return std::nullopt;
        }
        person result;
        std::memcpy(&result.age, content.data(), 4);
        result.name.assign(reinterpret_cast<const char*>(content.data()) + 4, content.size() - 4);
        if (result.name == "nobody") {
            return std::nullopt;
        }
        return result;
    }
};

namespace parley::conformance {

TEMPLATE_LIST_TEST_CASE("bytes<Max> of every size", "", each_way<bytes<200>>::channels) {
    pass<TestType>(
        450, [](std::uint32_t number) { return bytes<200>{text_of(number, 200)}; },
        [](const bytes<200>& message, std::uint32_t number) {
            return message.as_string_view() == text_of(number, 200);
        });
}

TEMPLATE_LIST_TEST_CASE("a type with a codec", "", each_way<person>::channels) {
    pass<TestType>(
        250,
        [](std::uint32_t number) {
            return person{text_of(number, 100), number};
        },
        [](const person& message, std::uint32_t number) {
            return message == person{text_of(number, 100), number};
        });
}

TEMPLATE_LIST_TEST_CASE("a variant of types", "", each_way<event>::channels) {
    pass<TestType>(
        300,
        [](std::uint32_t number) {
            switch (number % 3) {
                case 0:
                    return event{tick{}};
                case 1:
                    return event{quote{number * 0.5, number}};
                default:
                    return event{bytes<64>{text_of(number, 64)}};
            }
        },
        [](const event& message, std::uint32_t number) {
            if (message.index() != number % 3) {
                return false;
            }
            switch (number % 3) {
                case 0:
                    return true;
                case 1:
                    return std::get<quote>(message).volume == number && std::get<quote>(message).price == number * 0.5;
                default:
                    return std::get<bytes<64>>(message).as_string_view() == text_of(number, 64);
            }
        });
}

TEMPLATE_LIST_TEST_CASE("large and aligned, small and odd, empty", "", each_way<wide>::channels) {
    pass<TestType>(
        100,
        [](std::uint32_t number) {
            wide message{};
            message.words.fill(number);
            return message;
        },
        [](const wide& message, std::uint32_t number) {
            for (const auto word : message.words) {
                if (word != number) {
                    return false;
                }
            }
            return reinterpret_cast<std::uintptr_t>(&message) % 128 == 0;
        });
}

TEST_CASE("small and odd, and empty") {
    pass<parley::channel<three_bytes, shm, bounded<3>>>(
        300,
        [](std::uint32_t number) {
            const auto byte = static_cast<std::uint8_t>(number);
            return three_bytes{{byte, static_cast<std::uint8_t>(byte + 1), static_cast<std::uint8_t>(byte + 2)}};
        },
        [](const three_bytes& message, std::uint32_t number) {
            return message.value[0] == static_cast<std::uint8_t>(number) &&
                   message.value[2] == static_cast<std::uint8_t>(number + 2);
        });
    pass<parley::channel<tick, shm, bounded<3>>>(
        300, [](std::uint32_t) { return tick{}; }, [](const tick&, std::uint32_t) { return true; });
    pass<parley::channel<char, shm, unbounded>>(
        300, [](std::uint32_t number) { return static_cast<char>('a' + number % 26); },
        [](char message, std::uint32_t number) { return message == static_cast<char>('a' + number % 26); });
}

TEST_CASE("bytes are written and read where they travel") {
    const auto check = [](auto kind) {
        using C = typename decltype(kind)::type;
        INFO(C::describe());
        venue<C> place;
        auto in = place.receiver();
        child sender{[&] {
            auto out = place.sender();
            for (std::uint32_t number = 0; number < 200; ++number) {
                auto loan = out->loan();
                const auto text = text_of(number, 100);
                PARLEY_CHECK_IN_CHILD(loan.room().size() == 100);
                PARLEY_CHECK_IN_CHILD(thrown_by([&] { loan.resize(101); }) == errc::message_too_large);
                std::memcpy(loan.room().data(), text.data(), text.size());
                loan.resize(text.size());
                out->send(std::move(loan));
            }
        }};
        for (std::uint32_t number = 0; number < 200; ++number) {
            const auto held = in->take();
            const auto content = held.content();
            CHECK(std::string_view(reinterpret_cast<const char*>(content.data()), content.size()) ==
                  text_of(number, 100));
        }
        CHECK(sender.join_ok());
    };
    check(std::type_identity<parley::channel<bytes<100>, shm, bounded<3>>>{});
    check(std::type_identity<parley::channel<bytes<100>, shm, zero>>{});
    check(std::type_identity<parley::channel<bytes<100>, shm, unbounded, direct>>{});
}

TEST_CASE("a message that is too large for its codec is refused before anything is sent") {
    using C = parley::channel<person, shm, bounded<3>>;
    venue<C> place;
    auto in = place.receiver();
    auto out = place.sender();
    const person large{std::string(101, 'x'), 1};
    CHECK(thrown_by([&] { out->send(large); }) == errc::message_too_large);
    CHECK(thrown_by([&] { return out->try_send(large); }) == errc::message_too_large);
    std::error_code code;
    CHECK_FALSE(out->send(large, code));
    CHECK(code == errc::message_too_large);
    const std::vector<person> batch{{"a", 1}, large, {"b", 2}};
    CHECK(out->send(std::span<const person>{batch}, code) == 0);
    CHECK(code == errc::message_too_large);
    CHECK_FALSE(in->try_receive());
    for (std::uint32_t number = 0; number < 3; ++number) {  // and takes up no place
        CHECK(out->try_send({"c", number}));
    }
    CHECK(in->receive() == person{"c", 0});
}

TEST_CASE("a message that its codec refuses is dropped, reported, and does not stop the next") {
    const auto check = [](auto kind) {
        using C = typename decltype(kind)::type;
        INFO(C::describe());
        venue<C> place;
        auto in = place.receiver();
        child sender{[&] {
            auto out = place.sender();
            for (const char* name : {"ada", "nobody", "bob", "nobody", "eve"}) {
                out->send({name, 1});
            }
        }};
        CHECK(in->receive().name == "ada");
        CHECK(thrown_by([&] { return in->receive(); }) == errc::corrupt);
        CHECK(in->receive().name == "bob");
        std::error_code code;
        CHECK_FALSE(in->receive(code));
        CHECK(code == errc::corrupt);
        CHECK(in->receive().name == "eve");
        CHECK(sender.join_ok());
    };
    const auto check_batch = [](auto kind) {
        using C = typename decltype(kind)::type;
        INFO(C::describe());
        venue<C> place;
        auto in = place.receiver();
        auto out = place.sender();
        const std::vector<person> sent{{"nobody", 0}, {"ada", 1}, {"nobody", 2}, {"bob", 3}};
        REQUIRE(out->try_send(std::span<const person>{sent}) == sent.size());
        std::vector<person> batch(8);
        CHECK(in->try_receive(std::span<person>{batch}) == 2);  // the sound ones first
        CHECK(batch[0] == person{"ada", 1});
        CHECK(batch[1] == person{"bob", 3});
        CHECK(thrown_by([&] { return in->try_receive(); }) == errc::corrupt);
        CHECK(in->try_receive(std::span<person>{batch}) == 0);
        REQUIRE(out->try_send({"nobody", 4}));
        CHECK(thrown_by([&] { return in->try_receive(std::span<person>{batch}); }) == errc::corrupt);
        CHECK_FALSE(in->try_receive());
    };
    check_batch(std::type_identity<parley::channel<person, shm, bounded<8>>>{});
    check_batch(std::type_identity<parley::channel<person, shm, bounded<8>, direct>>{});
    check_batch(std::type_identity<parley::channel<person, shm, unbounded>>{});
    check(std::type_identity<parley::channel<person, shm, bounded<3>>>{});
    check(std::type_identity<parley::channel<person, shm, bounded<1>, direct>>{});
    check(std::type_identity<parley::channel<person, shm, zero>>{});
    check(std::type_identity<parley::channel<person, shm, parley::map, bounded<3>>>{});
    check(std::type_identity<parley::channel<person, shm, unbounded, mailbox_by<at_least_once, round_robin>>>{});
}

}  // namespace parley::conformance
