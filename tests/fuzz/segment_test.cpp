#include <array>
#include <span>
#include <variant>

#include "spoil.hpp"

using namespace parley;
using namespace parley::test;

/// A peer that may write the segment writes garbage all over it, while others send and receive. They may get wrong
/// messages, none, or an error of the library; never a crash, and never a hang in a call with a deadline.
///
/// The condition variables of `condvar` are glibc's and trust what lies in them: the promise is that of the other
/// strategies.

namespace {

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
