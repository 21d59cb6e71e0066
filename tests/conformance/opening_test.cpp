#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <list>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/compositions.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// Creating, opening, removing, and everybody who opens the wrong thing.

namespace parley::conformance {

namespace {

/// The file behind a name.
template <class C>
[[nodiscard]] std::string path_of(const std::string& name) {
    if constexpr (std::is_same_v<typename C::transport, shm>) {
        return "/dev/shm/parley." + name;
    } else if constexpr (std::is_same_v<typename C::transport, sysv_shm>) {
        return "/dev/shm/parley-sysv." + name;
    } else {
        return name;
    }
}

struct other_item {
    std::uint32_t from;
    std::uint32_t number;
    double check;
};

template <class Call>
[[nodiscard]] std::string text_of(Call call) {
    try {
        static_cast<void>(call());
    } catch (const error& caught) {
        return caught.what();
    }
    return {};
}

}  // namespace

using on_each_transport = std::tuple<on<shm>, on<sysv_shm>, on<mapped_file>>;

TEMPLATE_LIST_TEST_CASE("create_only, open_only, open or create", "", on_each_transport) {
    using C = typename TestType::template c<bounded<3>>;
    INFO(C::describe());
    venue<C> place;
    const auto& name = place.name();
    CHECK(thrown_by([&] { return sender<C>{open_only, name}; }) == errc::not_found);
    CHECK(thrown_by([&] {
              return receiver<C>{open_only, name, options{.open_within = short_wait}};
          }) == errc::not_found);
    CHECK_FALSE(C::remove(name));
    std::error_code code;
    {
        const receiver<C> none{open_only, name, {}, code};
        CHECK(code == errc::not_found);
        CHECK(code == std::errc::no_such_file_or_directory);
        CHECK_FALSE(none);
    }
    {
        sender<C> out{create_only, name};
        out.send(item::make(1, 1));
        CHECK(thrown_by([&] { return sender<C>{create_only, name}; }) == errc::already_exists);
        CHECK(thrown_by([&] { return receiver<C>{create_only, name}; }) == errc::already_exists);
        const receiver<C> none{create_only, name, {}, code};
        CHECK(code == errc::already_exists);
        CHECK_FALSE(none);
        receiver<C> in{open_only, name, {}, code};
        CHECK_FALSE(code);
        CHECK(in);
    }
    CHECK(thrown_by([&] { return sender<C>{create_only, name}; }) == errc::already_exists);  // also with nobody there
    {
        receiver<C> in{name};
        CHECK(in.receive().number == 1);
    }
    CHECK(C::remove(name, code));
    CHECK_FALSE(code);
    CHECK_FALSE(C::remove(name, code));
    CHECK_FALSE(code);
    CHECK_FALSE(std::filesystem::exists(path_of<C>(name)));
    CHECK(sender<C>{create_only, name});
}

TEST_CASE("open_within waits for the one who creates") {
    using C = on<shm>::c<>;
    venue<C> place;
    steps step;
    child opener{[&] {
        step.reach(1);
        receiver<C> in{open_only, place.name(), {.open_within = 60s}};
        PARLEY_CHECK_IN_CHILD(in.receive().number == 3);
    }};
    REQUIRE(step.await(1));
    sender<C> out{create_only, place.name()};
    out.send(item::make(1, 3));
    CHECK(opener.join_ok());
}

TEMPLATE_LIST_TEST_CASE("of many who create at once one does, and all meet", "", on_each_transport) {
    using C = typename TestType::template c<bounded<3>>;
    INFO(C::describe());
    for (int round = 0; round < 20; ++round) {
        venue<C> place;
        shared<std::atomic<int>> created{0};
        shared<std::atomic<int>> ready{0};
        std::list<child> all;
        for (std::uint32_t self = 0; self < 6; ++self) {
            all.emplace_back("one of many", [&, self] {
                ready->fetch_add(1);
                PARLEY_CHECK_IN_CHILD(eventually([&] { return ready->load() == 6; }));
                std::error_code code;
                const sender<C> maker{create_only, place.name(), {}, code};
                PARLEY_CHECK_IN_CHILD(!code || code == errc::already_exists);
                created->fetch_add(maker ? 1 : 0);
                if (self % 2 == 0) {
                    sender<C> out{place.name()};
                    out.send(item::make(self, 1));
                } else {
                    receiver<C> in{place.name()};
                    PARLEY_CHECK_IN_CHILD(in.receive().sound());
                }
            });
        }
        for (auto& each : all) {
            REQUIRE(each.join_ok());
        }
        REQUIRE(created->load() == 1);
    }
}

TEMPLATE_LIST_TEST_CASE("another message type or another composition is refused, and shown", "", on_each_transport) {
    using C = typename TestType::template c<bounded<3>>;
    using T = typename C::transport;
    using other_message = parley::channel<other_item, T, bounded<3>>;
    using other_capacity = parley::channel<item, T, bounded<4>>;
    using other_buffering = parley::channel<item, T, unbounded>;
    using other_waiting = parley::channel<item, T, bounded<3>, nonblocking>;
    using other_selection = parley::channel<item, T, bounded<3>, mailbox_by<exclusive>>;
    using other_addressing = parley::channel<item, T, bounded<3>, port>;
    using other_lifetime = parley::channel<item, T, bounded<3>, owner_lifetime>;
    venue<C> place;
    sender<C> out{place.name()};
    out.send(item::make(1, 1));

    const auto refuses = [&]<class Other>(std::type_identity<Other>) {
        INFO(Other::describe());
        CHECK(thrown_by([&] { return sender<Other>{place.name()}; }) == errc::incompatible);
        CHECK(thrown_by([&] { return receiver<Other>{open_only, place.name()}; }) == errc::incompatible);
        const auto text = text_of([&] { return receiver<Other>{place.name()}; });
        INFO(text);
        CHECK(text.find(std::string(C::describe())) != std::string::npos);
        CHECK(text.find(std::string(Other::describe())) != std::string::npos);
        CHECK(text.find(path_of<C>(place.name())) != std::string::npos);
        std::error_code code;
        const receiver<Other> none{place.name(), code};
        CHECK(code == errc::incompatible);
        CHECK_FALSE(none);
    };
    refuses(std::type_identity<other_message>{});
    refuses(std::type_identity<other_capacity>{});
    refuses(std::type_identity<other_buffering>{});
    refuses(std::type_identity<other_waiting>{});
    refuses(std::type_identity<other_selection>{});
    refuses(std::type_identity<other_addressing>{});
    refuses(std::type_identity<other_lifetime>{});

    // Whoever is right is not disturbed.
    receiver<C> in{place.name()};
    CHECK(in.receive().number == 1);
}

TEST_CASE("an endpoint of another composition is refused, and shown") {
    using C = on<shm>::c<direct>;
    using other = parley::channel<other_item, shm, direct>;
    venue<C> place;
    const endpoint<C> alice{place.sender_name()};
    const auto text = text_of([&] { return endpoint<other>{place.sender_name()}; });
    CHECK(thrown_by([&] { return endpoint<other>{place.sender_name()}; }) == errc::incompatible);
    INFO(text);
    CHECK(text.find(std::string(C::describe())) != std::string::npos);
    CHECK(text.find(std::string(other::describe())) != std::string::npos);
    {
        endpoint<other> bob{place.receiver_name()};
        CHECK(thrown_by([&] { bob.send(place.sender_name(), {}); }) == errc::incompatible);
    }
    std::error_code ignored;
    other::remove(place.receiver_name(), ignored);
}

TEMPLATE_LIST_TEST_CASE("what is no channel is left alone", "", on_each_transport) {
    using C = typename TestType::template c<bounded<3>>;
    INFO(C::describe());
    const std::vector<std::pair<std::string, std::string>> garbage{{"empty", ""},
                                                                   {"short", "hello"},
                                                                   {"one page of letters", std::string(4096, 'x')},
                                                                   {"much", std::string(1 << 20, '\1')},
                                                                   {"zeros", std::string(1 << 20, '\0')}};
    for (const auto& [what, content] : garbage) {
        INFO(what);
        venue<C> place;
        const auto path = path_of<C>(place.name());
        std::ofstream{path, std::ios::binary} << content;
        if constexpr (std::is_same_v<typename C::transport, sysv_shm>) {
            // The control file of a System V segment whose creator died looks like this, too: it is swept away.
            CHECK_NOTHROW(sender<C>{place.name()}.send(item::make(1, 1)));
        } else {
            CHECK(thrown_by([&] { return sender<C>{place.name()}; }) == errc::corrupt);
            CHECK(thrown_by([&] { return receiver<C>{open_only, place.name()}; }) == errc::corrupt);
            CHECK(thrown_by([&] { return C::remove(place.name()); }) == errc::corrupt);
            std::error_code code;
            CHECK_FALSE(C::remove(place.name(), code));
            CHECK(code == errc::corrupt);
            CHECK(thrown_by([&] { return sender<C>{create_only, place.name()}; }) == errc::already_exists);
            std::ifstream in{path, std::ios::binary};
            CHECK(std::string(std::istreambuf_iterator<char>{in}, {}) == content);
        }
        std::filesystem::remove(path);
    }
}

TEST_CASE("a segment that was cut short, or speaks another layout, is refused") {
    using C = on<shm>::c<>;
    venue<C> place;
    const auto path = path_of<C>(place.name());
    sender<C>{place.name()}.send(item::make(1, 1));
    const auto exchange_version = [&](std::uint32_t version) {
        std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
        std::uint32_t before = 0;
        file.seekg(8);  // behind the magic number
        file.read(reinterpret_cast<char*>(&before), sizeof before);
        file.seekp(8);
        file.write(reinterpret_cast<const char*>(&version), sizeof version);
        return before;
    };
    const auto version = exchange_version(99);
    CHECK(thrown_by([&] { return sender<C>{place.name()}; }) == errc::incompatible);
    CHECK(exchange_version(version) == 99);
    CHECK(sender<C>{place.name()});
    std::filesystem::resize_file(path, 8192);
    CHECK(thrown_by([&] { return sender<C>{place.name()}; }) == errc::corrupt);
    CHECK(C::remove(place.name()));
}

TEST_CASE("names that cannot be are refused") {
    const auto refused = [](auto kind, const std::string& name) {
        using C = typename decltype(kind)::type;
        INFO(C::describe());
        INFO("'" << name.substr(0, 20) << "', " << name.size() << " bytes");
        CHECK(thrown_by([&] { return sender<C>{name}; }) == errc::invalid_name);
        CHECK(thrown_by([&] { return receiver<C>{open_only, name}; }) == errc::invalid_name);
        CHECK(thrown_by([&] { return C::remove(name); }) == errc::invalid_name);
        std::error_code code;
        const sender<C> none{name, code};
        CHECK(code == errc::invalid_name);
        CHECK_FALSE(C::remove(name, code));
        CHECK(code == errc::invalid_name);
    };
    for (const auto& name :
         {std::string{}, std::string{"a/b"}, std::string{"../a"}, std::string(201, 'x'), std::string("a\0b", 3)}) {
        refused(std::type_identity<on<shm>::c<>>{}, name);
        refused(std::type_identity<on<sysv_shm>::c<>>{}, name);
    }
    for (const auto& name : {std::string{}, std::string{"/tmp/"}, std::string("/tmp/a\0b", 8)}) {
        refused(std::type_identity<on<mapped_file>::c<>>{}, name);
    }
    using F = on<mapped_file>::c<>;
    CHECK(thrown_by([&] { return sender<F>{"/tmp/" + std::string(300, 'x')}; }) == errc::invalid_name);
    CHECK(thrown_by([&] { return sender<F>{std::filesystem::temp_directory_path().string()}; }) == errc::invalid_name);

    using C = on<shm>::c<>;
    const auto longest = unique_name("long") + std::string(200, 'x');
    const auto name = longest.substr(0, 200);
    CHECK(sender<C>{name});
    CHECK(C::remove(name));
}

TEMPLATE_LIST_TEST_CASE("the permissions asked for are what the object has, whatever the umask", "",
                        on_each_transport) {
    using C = typename TestType::template c<bounded<3>>;
    INFO(C::describe());
    for (const ::mode_t mask : {0000U, 0077U, 0777U}) {
        for (const ::mode_t wanted : {0600U, 0660U, 0666U}) {
            INFO(std::oct << mask << " " << wanted);
            venue<C> place;
            const auto before = ::umask(mask);
            { const sender<C> out{place.name(), {.permissions = wanted}}; }
            ::umask(before);
            struct ::stat status {};
            REQUIRE(::stat(path_of<C>(place.name()).c_str(), &status) == 0);
            CHECK((status.st_mode & 0777) == wanted);
        }
    }
    venue<C> place;
    const auto before = ::umask(0);
    const sender<C> out{place.name()};
    ::umask(before);
    struct ::stat status {};
    REQUIRE(::stat(path_of<C>(place.name()).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
}

TEMPLATE_LIST_TEST_CASE("another user is refused what the permissions do not allow, and given what they do", "",
                        on_each_transport) {
    using C = typename TestType::template c<bounded<3>>;
    INFO(C::describe());
    if (::geteuid() != 0) {
        WARN("skipped: only root can become another user");
        return;
    }
    constexpr ::uid_t nobody = 65534;
    venue<C> shut;
    venue<C> open;
    const sender<C> one{shut.name()};
    sender<C> two{open.name(), {.permissions = 0666}};
    two.send(item::make(1, 1));
    child stranger{[&] {
        PARLEY_CHECK_IN_CHILD(::setgid(nobody) == 0 && ::setuid(nobody) == 0);
        PARLEY_CHECK_IN_CHILD(thrown_by([&] { return receiver<C>{shut.name()}; }) == errc::permission_denied);
        receiver<C> in{open.name()};
        PARLEY_CHECK_IN_CHILD(in.receive().number == 1);
    }};
    CHECK(stranger.join_ok());
}

}  // namespace parley::conformance
