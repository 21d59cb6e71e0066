#pragma once

#include <list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "crash/queue_objects.hpp"
#include "hostile.hpp"

/// Garbage written all over the segments of a channel, while others send and receive.

namespace parley::test {

struct letter {
    std::uint64_t number;
    std::uint64_t more[5];
};

inline constexpr auto moment = std::chrono::milliseconds(1);
inline constexpr auto while_spoiled = std::chrono::milliseconds(300);

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
            if constexpr (requires { out.try_send(*loan); }) {
                static_cast<void>(out.try_send(*loan));
            } else {
                out.send(std::move(*loan));
            }
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

/// Senders and receivers of the mailbox or port of that name come and go while these files of it are spoilt.
template <class C>
void spoil_in_use(const std::string& name, const std::vector<std::string>& files, std::size_t spare) {
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
    spoil_while(files, spare, attach_and(make_sender, send), attach_and(make_receiver, receive));
}

template <class C>
void spoil_mailbox(std::size_t spare) {
    INFO(C::describe());
    const auto name = unique_name("fuzz");
    receiver<C> in{create_only, name};
    const auto path = C::transport::backing_type::locate(name);
    spoil_in_use<C>(name, {path}, spare);
    std::error_code ignored;
    C::remove(name, ignored);
    std::filesystem::remove(path);
    queue_objects<C>(name).take_away();
}

/// With the header spared, garbage reaches the rings; without, it mostly ends at the header.
inline constexpr std::size_t header_and_all = 0;
inline constexpr std::size_t spare_header = sizeof(segment::header);

}  // namespace parley::test
