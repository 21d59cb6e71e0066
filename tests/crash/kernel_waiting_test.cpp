#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

#include <unistd.h>

#include <parley/os/runtime_directory.hpp>
#include <parley/transport/rt_signal.hpp>

#include "conformance/venue.hpp"
#include "queue/waiting.hpp"

/// One process is killed while it, or its peer, is blocked in a call over datagram sockets or signals. The other one is
/// told, and the name is as good as new for whoever comes next.

using namespace parley;
using namespace parley::test;
using namespace std::chrono_literals;

namespace {

template <class C>
inline constexpr bool sends_signals = std::is_same_v<typename C::transport, rt_signal>;
template <class C>
using content_of = typename C::message;

/// A message of a channel, told from others by its number.
template <class C>
[[nodiscard]] content_of<C> numbered(std::uint32_t number) {
    if constexpr (sends_signals<C>) {
        return number;
    } else {
        return letter::make(1, number);
    }
}
template <class C>
[[nodiscard]] std::uint32_t number_of(const content_of<C>& content) {
    if constexpr (sends_signals<C>) {
        return content;
    } else {
        PARLEY_CHECK_IN_CHILD(content.whole());
        return content.number;
    }
}

/// What processes of that name have left in the file system.
[[nodiscard]] std::size_t remains_of(const std::string& name) {
    return files_named(name, os::runtime_directory()).size() + files_named(name).size();
}

/// The number of the message by which a survivor and a successor know that they have met.
constexpr std::uint32_t last_word = 7777;

/// Two endpoints: one blocks in a call, one of them is killed.
template <class C>
class two_endpoints {
public:
    two_endpoints() = default;
    two_endpoints(const two_endpoints&) = delete;
    two_endpoints& operator=(const two_endpoints&) = delete;
    ~two_endpoints() {
        std::error_code ignored;
        C::remove(blocked_, ignored);
        C::remove(other_, ignored);
        CHECK(remains_of(blocked_) == 0);
        CHECK(remains_of(other_) == 0);
    }

    void kill(waits_for what, bool the_blocked_one) {
        INFO(C::describe());
        const bool sends = what == waits_for::room;
        INFO((sends ? "one waits for room, " : "one waits for a message, ")
             << (the_blocked_one ? "and dies" : "its peer dies"));
        record_of_deaths record(std::string(C::describe()) + (sends ? ", room" : ", message") +
                                (the_blocked_one ? ", the waiting one dies" : ", its peer dies"));
        shared<scene> stage;
        auto& in = *stage;
        child blocked("blocked", [&] {
            endpoint<C> me{blocked_};
            auto peer = me.link(other_);
            peer.send(numbered<C>(0));
            PARLEY_CHECK_IN_CHILD(number_of<C>(peer.receive()) == 0);
            in.here.store(true);
            use_until_told(peer, sends, in);
            meet_successor(peer, in);
        });
        child other("other", [&] {
            endpoint<C> me{other_};
            auto peer = me.link(blocked_);
            PARLEY_CHECK_IN_CHILD(number_of<C>(peer.receive()) == 0);
            peer.send(numbered<C>(0));
            in.there.store(true);
            wait_for(in.act);
            use_until_told(peer, !sends, in);
            meet_successor(peer, in);
        });
        auto& victim = the_blocked_one ? blocked : other;
        auto& survivor = the_blocked_one ? other : blocked;
        const auto from = kill_asleep(victim, blocked, in);
        in.act.store(true);
        REQUIRE(eventually([&] { return in.told.load() != 0 || !survivor.running(); }));
        CHECK(in.told.load() == static_cast<int>(errc::peer_died));
        record.note(from, in.at.load());
        child successor("successor", [&] {
            endpoint<C> me{the_blocked_one ? blocked_ : other_};
            auto peer = me.link(the_blocked_one ? other_ : blocked_);
            meet_successor(peer, in);
        });
        CHECK(survivor.join_ok());
        CHECK(successor.join_ok());
    }

private:
    static void use_until_told(parley::link<C>& peer, bool sends, scene& in) {
        std::error_code code;
        while (!code) {
            if (sends) {
                peer.send(numbered<C>(1), code);
            } else if (const auto got = peer.receive(code)) {
                PARLEY_CHECK_IN_CHILD(number_of<C>(*got) <= 1);
            }
        }
        in.tell(code);
    }

    /// Both do the same: each sends a last word, and stays until both have one.
    static void meet_successor(parley::link<C>& peer, scene& in) {
        std::error_code code;
        PARLEY_CHECK_IN_CHILD(eventually([&] { return peer.send_for(numbered<C>(last_word), 20ms, code); }));
        PARLEY_CHECK_IN_CHILD(eventually([&] {
            const auto got = peer.receive_for(20ms, code);
            return got && number_of<C>(*got) == last_word;
        }));
        (in.heir.exchange(true) ? in.leave : in.heir).store(true);
        wait_for(in.leave);
    }

    std::string blocked_ = conformance::fresh_name<C>("crash-waiting-a");
    std::string other_ = conformance::fresh_name<C>("crash-waiting-b");
};

template <class... Words>
void kill_in_link() {
    using C = channel<letter, direct, Words...>;
    two_endpoints<C> ends;
    for (const bool the_blocked_one : {false, true}) {
        ends.kill(waits_for::message, the_blocked_one);
        if constexpr (!conformance::unlimited<C>) {
            if (C::transport::capabilities.lossless || C::buffering::capacity < buffering::as_the_kernel_says) {
                ends.kill(waits_for::room, the_blocked_one);
            }
        }
    }
}

/// A port: its receiver, or one of its senders, is killed while it or the other one waits.
template <class C>
void kill_at_port(const std::string& name) {
    INFO(C::describe() << " at " << name);
    record_of_deaths record(std::string(C::describe()) + ", the receiver of " + name + " dies");
    const auto send_until_told = [&](scene& in) {
        sender<C> mine{open_only, name, {.open_within = std::chrono::seconds(60)}};
        in.here.store(true);
        std::error_code code;
        while (!code) {
            mine.send(numbered<C>(1), code);
        }
        in.tell(code);
    };
    {  // the receiver, while a sender waits for room
        shared<scene> stage;
        auto& in = *stage;
        child owner("owner", [&] {
            receiver<C> mine{name};
            in.there.store(true);
            ::pause();
        });
        child blocked("blocked", [&] { send_until_told(in); });
        const auto from = kill_asleep(owner, blocked, in);
        CHECK(blocked.join_ok());
        CHECK(in.told.load() == static_cast<int>(errc::peer_died));
        record.note(from, in.at.load());
    }
    receiver<C> heir{name};
    {  // a sender that waits for room
        shared<scene> stage;
        stage->there.store(true);
        child blocked("blocked", [&] { send_until_told(*stage); });
        static_cast<void>(kill_asleep(blocked, blocked, *stage));
    }
    while (const auto left = heir.try_receive()) {
        CHECK(number_of<C>(*left) == 1);
    }
    {  // a sender that has nothing to say, while the receiver waits: who it was that died makes no difference to it
        shared<scene> stage;
        child silent("silent", [&] {
            sender<C> mine{name};
            stage->there.store(true);
            ::pause();
        });
        REQUIRE(eventually([&] { return stage->there.load(); }));
        silent.kill9();
        CHECK_FALSE(heir.receive_for(250ms));
    }
    sender<C> out{name};
    out.send(numbered<C>(last_word));
    CHECK(number_of<C>(heir.receive()) == last_word);
}

template <class C>
void kill_at_ports() {
    const auto name = conformance::fresh_name<C>("crash-waiting");
    kill_at_port<C>(name);
    CHECK(remains_of(name) == 0);
    if constexpr (!C::transport::capabilities.crosses_machines) {
        kill_at_port<C>("@" + unique_name("crash-waiting"));
    }
}

}  // namespace

TEST_CASE("whoever is blocked in a direct link over unix_datagram is told of its peer's death") {
    kill_in_link<unix_datagram, bounded<4>>();
    kill_in_link<unix_datagram, bounded<1>>();
    kill_in_link<unix_datagram, bounded_by_kernel>();
    kill_in_link<unix_datagram, unbounded>();
}

TEST_CASE("whoever is blocked in a direct link over udp is told of its peer's death") {
    kill_in_link<udp, bounded<4>>();
    kill_in_link<udp, bounded_by_kernel>();
}

TEST_CASE("whoever is blocked at a port over datagrams is told of its receiver's death, and the name is free again") {
    kill_at_ports<channel<letter, port, unix_datagram, bounded<4>>>();
    kill_at_ports<channel<letter, port, unix_datagram, bounded_by_kernel>>();
    kill_at_ports<channel<letter, port, udp, bounded<4>>>();
}

TEST_CASE("whoever is blocked in a direct link over rt_signal is told of its peer's death") {
    two_endpoints<channel<std::uint32_t, rt_signal, direct, bounded<4>>> bounded_ends;
    two_endpoints<channel<std::uint32_t, rt_signal, direct, unbounded>> unbounded_ends;
    for (const bool the_blocked_one : {false, true}) {
        bounded_ends.kill(waits_for::message, the_blocked_one);
        bounded_ends.kill(waits_for::room, the_blocked_one);
    }
    unbounded_ends.kill(waits_for::message, false);  // what is sent to a name waits for whoever comes under it
}
