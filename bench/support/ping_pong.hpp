#pragma once

#include "measurement.hpp"
#include "message.hpp"
#include "processes.hpp"
#include "shared.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

namespace bench {

/// Sends the message of that number and waits until it is back.
template <class Message, class End>
void exchange(End& end, prepared_messages<Message>& out, std::uint64_t number) {
    end.send(out[number]);
    out.renew(number);
    const Message back = end.receive();
    if (number_of(back) != number || !intact(back)) {
        throw std::runtime_error("another message came back than was sent");
    }
}

/// The other side of that: sends back what comes, so many times.
template <class Message, class End>
void send_back(End& end, std::uint64_t count) {
    for (std::uint64_t number = 0; number < count; ++number) {
        const Message in = end.receive();
        if (number_of(in) != number || !intact(in)) {
            throw std::runtime_error("message " + std::to_string(number) + " is missing or damaged");
        }
        end.send(in);
    }
}

/// One way of a message that goes to and fro between two processes, in nanoseconds.
///
/// `Setup` is made before the fork; `left()` and `right()` are each called once, in the process that plays that side,
/// and return an end with `send(const message&)` and `message receive()`. The figure is the median over groups of round
/// trips: a group is long enough for the clock and short enough that a lost time slice spoils few of them.
template <class Setup, std::uint64_t group = 100>
measurement ping_pong(std::uint64_t round_trips) {
    using content = message_type<Setup>;
    const std::uint64_t groups = std::max<std::uint64_t>(round_trips / group, 20);
    const std::uint64_t warm_up = groups / 10 + 1;
    struct meeting {
        start_line line;
        measurement result{};
    };
    shared<meeting> meet;
    Setup setup;
    process_group processes;

    processes.start("left", [&] {
        auto end = setup.left();
        prepared_messages<content> out(0);
        std::vector<double> one_way;
        one_way.reserve(groups);
        std::uint64_t number = 0;
        std::uint64_t measured_from = 0;
        meet->line.wait_for(2);
        for (std::uint64_t done = 0; done < warm_up + groups; ++done) {
            const std::uint64_t start = now_ns();
            if (done == warm_up) {
                measured_from = start;
            }
            for (std::uint64_t trip = 0; trip < group; ++trip, ++number) {
                exchange(end, out, number);
            }
            if (done >= warm_up) {
                one_way.push_back(static_cast<double>(now_ns() - start) / (2.0 * static_cast<double>(group)));
            }
        }
        meet->result = {median(one_way), static_cast<double>(now_ns() - measured_from) * 1e-9};
    });
    processes.start("right", [&] {
        auto end = setup.right();
        meet->line.wait_for(2);
        send_back<content>(end, (warm_up + groups) * group);
    });
    processes.join_all();
    return meet->result;
}

/// Returns when the process sleeps in the kernel, whatever it does before it goes to sleep.
class sleep_watch {
public:
    explicit sleep_watch(::pid_t process) : path_("/proc/" + std::to_string(process) + "/stat") {}

    void wait_until_asleep() const {
        for (;;) {
            std::ifstream file(path_);
            std::string text;
            std::getline(file, text);
            const auto name_end = text.rfind(')');
            if (name_end == std::string::npos || text.size() < name_end + 3) {
                throw std::runtime_error("the peer is gone");
            }
            if (text[name_end + 2] == 'S') {
                return;
            }
        }
    }

private:
    std::string path_;
};

/// One way of a message handed to a process that is asleep, from before `send` until `receive` has returned it, in
/// nanoseconds.
///
/// Each side sends only when it has seen the other sleep in the kernel, so that the figure is the same question to
/// those who spin before they sleep and to those who do not.
///
/// The figure is the mean of both sides' medians.
template <class Setup>
measurement sleeping_ping_pong(std::uint64_t round_trips) {
    using content = message_type<Setup>;
    round_trips = std::max<std::uint64_t>(round_trips, 20);
    struct meeting {
        start_line line;
        std::atomic<::pid_t> players[2]{};
        std::atomic<std::uint64_t> sent_at{0};
        measurement sides[2]{};
    };
    shared<meeting> meet;
    Setup setup;
    process_group processes;

    const auto play = [&](auto& end, std::size_t side) {
        meet->players[side].store(::getpid(), std::memory_order_release);
        meet->line.wait_for(2);
        const sleep_watch peer(meet->players[1 - side].load(std::memory_order_acquire));
        std::vector<double> one_way;
        one_way.reserve(round_trips);
        const auto receive = [&](std::uint64_t number) {
            const content in = end.receive();
            const std::uint64_t woke_at = now_ns();
            if (number_of(in) != number || !intact(in)) {
                throw std::runtime_error("message " + std::to_string(number) + " is missing or damaged");
            }
            one_way.push_back(static_cast<double>(woke_at - meet->sent_at.load(std::memory_order_acquire)));
        };
        const auto send = [&](std::uint64_t number) {
            peer.wait_until_asleep();
            meet->sent_at.store(now_ns(), std::memory_order_release);
            end.send(make_message<content>(number));
        };
        const std::uint64_t start = now_ns();
        for (std::uint64_t number = 0; number < round_trips; ++number) {
            if (side == 0) {
                send(number);
                receive(number);
            } else {
                receive(number);
                send(number);
            }
        }
        meet->sides[side] = latencies(one_way, static_cast<double>(now_ns() - start) * 1e-9);
    };
    processes.start("left", [&] {
        auto end = setup.left();
        play(end, 0);
    });
    processes.start("right", [&] {
        auto end = setup.right();
        play(end, 1);
    });
    processes.join_all();
    measurement result = meet->sides[0];
    result.figure = (result.figure + meet->sides[1].figure) / 2;
    for (std::size_t index = 0; index < result.spread.size(); ++index) {
        result.spread[index] = (result.spread[index] + meet->sides[1].spread[index]) / 2;
    }
    return result;
}

}  // namespace bench
