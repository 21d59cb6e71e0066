#include <array>
#include <list>
#include <memory>
#include <span>
#include <variant>

#include "hostile.hpp"

using namespace parley;
using namespace parley::test;

/// A peer that may write the segment writes garbage all over it, while others send and receive. They may get wrong
/// messages, none, or an error of the library; never a crash, and never a hang in a call with a deadline.
///
/// The condition variables of `condvar` are glibc's and trust what lies in them: the promise is that of the other
/// strategies.

namespace {

struct letter {
    std::uint64_t number;
    std::uint64_t more[5];
};

constexpr auto moment = std::chrono::milliseconds(1);
constexpr auto while_spoiled = std::chrono::milliseconds(300);

/// Calls `act` again and again for a while; counts what came of it.
template <class Act>
void go_on(Act act) {
    const auto until = std::chrono::steady_clock::now() + while_spoiled;
    while (std::chrono::steady_clock::now() < until) {
        try {
            act();
        } catch (const error& told) {
            PARLEY_CHECK_IN_CHILD(is_a_word_of_ours(told));
        }
    }
}

template <class Sender>
void send_in_every_way(Sender& out) {
    using message = typename Sender::message_type;
    message content{};
    static_cast<void>(out.try_send(content));
    const std::vector<message> batch(3, content);
    static_cast<void>(out.try_send(std::span<const message>(batch)));
    if constexpr (Sender::channel_type::synchronization::sender_side::waits) {
        static_cast<void>(out.send_for(content, moment));
    }
    // By rendezvous the sending of a loan waits for a receiver, however long that takes.
    constexpr bool waits_with_loan = Sender::channel_type::template word<buffering_axis>::rendezvous &&
                                     Sender::channel_type::synchronization::sender_side::waits;
    if constexpr (!waits_with_loan && requires { out.try_loan(); }) {
        static bool let_go = false;
        if (auto loan = out.try_loan(); loan && (let_go = !let_go)) {
            out.send(std::move(*loan));
        }
    }
}

template <class Receiver>
void receive_in_every_way(Receiver& in) {
    using message = typename Receiver::message_type;
    static_cast<void>(in.try_receive());
    std::vector<message> batch(3);
    static_cast<void>(in.try_receive(std::span<message>(batch)));
    if constexpr (Receiver::channel_type::synchronization::receiver_side::waits) {
        static_cast<void>(in.receive_for(moment));
    }
    if constexpr (requires { in.try_take(); }) {
        static_cast<void>(in.try_take());
    }
}

/// `files`: what the garbage goes into. `spare`: so many bytes at the beginning stay as they are.
template <class... Bodies>
void spoil_while(const std::vector<std::string>& files, std::size_t spare, Bodies... bodies) {
    const auto seed = fuzz_seed();
    CAPTURE(seed, spare);
    shared<std::atomic<bool>> over;
    child hostile("hostile", [&] {
        garbage source(seed);
        std::list<raw_file> maps;
        for (const auto& path : files) {
            maps.emplace_back(path);
        }
        while (!over->load()) {
            for (const auto& each : maps) {
                source.spoil(each, spare);
            }
            if (source.below(50) == 0) {
                for (auto& each : maps) {
                    each.follow();
                }
                ::sched_yield();  // they get somewhere in between
            }
        }
    });
    std::list<child> victims;
    (victims.emplace_back("victim", bodies, duration{30.0}), ...);
    for (auto& each : victims) {
        CHECK(each.join_ok());
    }
    over->store(true);
    CHECK(hostile.join_ok());
}

template <class C>
void spoil_mailbox(std::size_t spare) {
    INFO(C::describe());
    const auto name = unique_name("fuzz");
    receiver<C> in{create_only, name};
    const auto attach_and = [&](auto make, auto act) {
        return [=] {
            go_on([&] {
                auto end = make();
                for (int step = 0; step < 200; ++step) {
                    try {
                        act(*end);
                    } catch (const error& told) {
                        PARLEY_CHECK_IN_CHILD(is_a_word_of_ours(told));
                    }
                }
            });
        };
    };
    const auto make_sender = [=] { return std::make_unique<sender<C>>(name); };
    const auto make_receiver = [=] { return std::make_unique<receiver<C>>(name); };
    const auto send = [](sender<C>& out) { send_in_every_way(out); };
    const auto receive = [](receiver<C>& from) { receive_in_every_way(from); };
    spoil_while({"/dev/shm/parley." + name}, spare, attach_and(make_sender, send), attach_and(make_receiver, receive));
    std::error_code ignored;
    C::remove(name, ignored);
    std::filesystem::remove("/dev/shm/parley." + name);
}

template <class... Words>
using mail = channel<letter, Words...>;

template <class C>
void spoil_direct(std::size_t spare) {
    INFO(C::describe());
    const auto name = unique_name("fuzz");
    const auto alice = name + "-a";
    const auto bob = name + "-b";
    {
        endpoint<C> one{alice};
        static_cast<void>(one.link(bob));
        static_cast<void>(one.try_send(bob, {}));
        std::vector<std::string> files;
        for (const auto& each : std::filesystem::directory_iterator("/dev/shm")) {
            if (each.path().filename().string().find(name + "-a~") != std::string::npos) {
                files.push_back(each.path().string());
            }
        }
        REQUIRE_FALSE(files.empty());
        const auto talk = [&](const std::string& me, const std::string& peer) {
            return [=] {
                go_on([&] {
                    endpoint<C> mine{me};
                    for (int step = 0; step < 200; ++step) {
                        try {
                            static_cast<void>(mine.try_send(peer, {}));
                            static_cast<void>(mine.try_receive(peer));
                            auto link = mine.link(peer);
                            std::array<letter, 3> batch{};
                            static_cast<void>(link.try_send(std::span<const letter>(batch)));
                            static_cast<void>(link.try_receive(std::span<letter>(batch)));
                            if constexpr (C::synchronization::receiver_side::waits) {
                                static_cast<void>(mine.receive_for(moment));
                            }
                            if constexpr (C::synchronization::sender_side::waits) {
                                static_cast<void>(mine.send_for(peer, {}, moment));
                            }
                        } catch (const error& told) {
                            PARLEY_CHECK_IN_CHILD(is_a_word_of_ours(told));
                        }
                    }
                });
            };
        };
        spoil_while(files, spare, talk(bob, alice), talk(name + "-c", alice));
    }
    std::error_code ignored;
    C::remove(alice, ignored);
    for (const auto& each : std::filesystem::directory_iterator("/dev/shm")) {
        if (each.path().filename().string().find(name) != std::string::npos) {
            std::filesystem::remove(each.path());
        }
    }
}

/// With the header spared, garbage reaches the rings; without, it mostly ends at the header.
constexpr std::size_t header_and_all = 0;
constexpr std::size_t spare_header = sizeof(segment::header);

}  // namespace

TEST_CASE("garbage in mailboxes") {
    for (const auto spare : {spare_header, header_and_all}) {
        spoil_mailbox<mail<bounded<4>, nonblocking>>(spare);
        spoil_mailbox<mail<bounded<1>, blocking_on<futex>>>(spare);
        spoil_mailbox<mail<bounded<7>, blocking_on<spin>, mailbox_by<round_robin>>>(spare);
        spoil_mailbox<mail<bounded<4>, blocking_on<futex>, mailbox_by<exclusive>>>(spare);
        spoil_mailbox<mail<bounded<4>, blocking_on<futex>, mailbox_by<parley::any, at_least_once>>>(spare);
        spoil_mailbox<mail<bounded<4>, nonblocking, mailbox_by<round_robin, at_least_once>>>(spare);
    }
}
TEST_CASE("garbage in rendezvous") {
    for (const auto spare : {spare_header, header_and_all}) {
        spoil_mailbox<mail<zero, blocking_on<futex>>>(spare);
        spoil_mailbox<mail<zero, parley::sync<nonblocking, blocking_on<futex>>>>(spare);
    }
}
TEST_CASE("garbage in unbounded mailboxes") {
    for (const auto spare : {spare_header, header_and_all}) {
        spoil_mailbox<mail<unbounded, blocking_on<futex>>>(spare);
        spoil_mailbox<mail<unbounded, nonblocking, mailbox_by<parley::any, at_least_once>>>(spare);
        spoil_mailbox<mail<unbounded, blocking_on<spin>, mailbox_by<round_robin, at_least_once>>>(spare);
    }
}
TEST_CASE("garbage in messages of variable size") {
    spoil_mailbox<channel<bytes<100>, bounded<4>, blocking_on<futex>>>(spare_header);
    spoil_mailbox<channel<bytes<100>, unbounded, nonblocking>>(spare_header);
    spoil_mailbox<channel<bytes<100>, zero, blocking_on<futex>>>(spare_header);
    spoil_mailbox<channel<std::variant<std::uint32_t, letter>, bounded<4>, nonblocking>>(spare_header);
}
TEST_CASE("garbage in direct links") {
    for (const auto spare : {spare_header, header_and_all}) {
        spoil_direct<channel<letter, direct, bounded<4>, nonblocking>>(spare);
        spoil_direct<channel<letter, direct, bounded<100>, blocking_on<futex>>>(spare);
        spoil_direct<channel<letter, direct, zero, blocking_on<futex>>>(spare);
        spoil_direct<channel<letter, direct, unbounded, blocking_on<futex>>>(spare);
    }
}
