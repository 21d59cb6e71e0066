#pragma once

#include "measurement.hpp"
#include "message.hpp"
#include "processes.hpp"
#include "shared.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <sched.h>

namespace bench {

/// How many processes take part in a stream, and whether they must share cores.
struct crowd {
    std::uint32_t producers = 1;
    std::uint32_t consumers = 1;

    [[nodiscard]] bool crowded() const { return producers + consumers > cores().size(); }
};

/// The part of a series' name that says how many they are, where it is not one each.
[[nodiscard]] inline std::string of(crowd people) {
    return (people.producers == 1 ? "" : "/producers:" + std::to_string(people.producers)) +
           (people.consumers == 1 ? "" : "/consumers:" + std::to_string(people.consumers));
}

/// A message's number says who sent it, so that a consumer can check the order of each sender.
inline constexpr unsigned sender_shift = 40;
inline constexpr std::size_t most_processes = 16;

/// The pace of a consumer that stands alone: the median over pieces of the stream, each several times as long as what
/// the channel holds, so that a lost time slice spoils one piece and not the figure. (The speed of the whole run stands
/// in the JSON file as `whole_run`.)
class pace {
public:
    static constexpr std::uint64_t piece = 4096;

    explicit pace(std::uint64_t messages) { stamps_.reserve(messages / piece + 2); }

    /// To be called with how many have been received so far, in steps that divide a piece.
    void received(std::uint64_t so_far) {
        if (so_far % piece == 0) {
            stamps_.push_back(now_ns());
        }
    }

    /// Messages per second; 0 where the stream was too short to tell.
    [[nodiscard]] double per_second() const {
        if (stamps_.size() < 4) {
            return 0;
        }
        std::vector<double> pieces;
        for (std::size_t index = 1; index < stamps_.size(); ++index) {
            pieces.push_back(static_cast<double>(stamps_[index] - stamps_[index - 1]));
        }
        return static_cast<double>(piece) * 1e9 / median(pieces);
    }

private:
    std::vector<std::uint64_t> stamps_;
};

/// Whether the ends of a setup may lose messages.
template <class Setup>
inline constexpr bool loses = false;
template <class Setup>
    requires requires { Setup::loses; }
inline constexpr bool loses<Setup> = Setup::loses;

/// The figure of a stream: the pace where one consumer faces one producer, else the whole run's speed, because where
/// processes share cores the scheduler is part of what is measured.
[[nodiscard]] inline measurement stream_result(double paced, double messages, double seconds) {
    const double whole_run = messages / seconds;
    return {paced > 0 ? paced : whole_run, seconds, whole_run};
}

/// Sends stops until all consumers have theirs. One that has may be gone before the last of them.
template <class Message, class End>
void stop_again(End& end, const std::atomic<std::uint32_t>& stopped, std::uint32_t consumers) {
    const auto all_stopped = [&] { return stopped.load(std::memory_order_acquire) >= consumers; };
    for (;;) {
        const std::uint64_t next = now_ns() + 1'000'000;
        while (now_ns() < next) {
            if (all_stopped()) {
                return;
            }
            ::sched_yield();
        }
        try {
            end.send(make_message<Message>(stop_number));
        } catch (const std::system_error&) {
            if (!all_stopped()) {
                throw;
            }
        }
    }
}

/// Messages per second through a channel, from the start line until the last consumer has its last message.
///
/// `Setup` is made before the fork, from the crowd if it takes one; `producer()` and `consumer()` are called in the
/// processes and return ends with `send(const message&)` and `message receive()`. The producer that is done last sends
/// every consumer its stop. Checked: no message damaged, none lost, none doubled, and each sender's in order. Of a
/// setup that `loses` messages, those that arrive are counted, and the stop is sent until it does.
///
/// The kernel lets a consumer run in bursts, so that its pace says nothing there: then `paced` is false, and the figure
/// is the whole run's speed.
template <class Setup, bool paced = true>
measurement stream(crowd people, std::uint64_t messages) {
    using content = message_type<Setup>;
    const std::uint64_t each = std::max<std::uint64_t>(messages / people.producers, 200);
    struct alignas(128) process {  // a line each: stamps must not slow the neighbours
        std::uint64_t at = 0;      // when a producer started, when a consumer had its last message
        std::uint64_t received = 0;
        std::uint64_t sum = 0;
        double per_second = 0;
    };
    struct meeting {
        start_line line;
        alignas(128) std::atomic<std::uint32_t> done{0};
        std::atomic<std::uint32_t> stopped{0};
        std::array<process, most_processes> producers;
        std::array<process, most_processes> consumers;
    };
    shared<meeting> meet;
    Setup setup{people};
    process_group processes;
    const std::uint32_t parties = people.producers + people.consumers;

    for (std::uint32_t me = 0; me < people.producers; ++me) {
        processes.start("producer " + std::to_string(me), [&, me] {
            prepared_messages<content> out(std::uint64_t{me} << sender_shift);
            auto end = setup.producer();
            meet->line.wait_for(parties);
            meet->producers[me].at = now_ns();
            for (std::uint64_t index = 0; index < each; ++index) {
                end.send(out[index]);
                out.renew(index);
            }
            if (meet->done.fetch_add(1, std::memory_order_acq_rel) + 1 == people.producers) {
                for (std::uint32_t stops = 0; stops < people.consumers; ++stops) {
                    end.send(make_message<content>(stop_number));
                }
                if constexpr (loses<Setup>) {
                    stop_again<content>(end, meet->stopped, people.consumers);
                }
            }
        });
    }
    for (std::uint32_t me = 0; me < people.consumers; ++me) {
        processes.start("consumer " + std::to_string(me), [&, me] {
            auto end = setup.consumer();
            std::array<std::uint64_t, most_processes> next{};
            std::uint64_t received = 0;
            std::uint64_t sum = 0;
            pace steps(each * people.producers);
            meet->line.wait_for(parties);
            for (;;) {
                const content in = end.receive();
                const std::uint64_t number = number_of(in);
                if (!intact(in)) {
                    throw std::runtime_error("a damaged message");
                }
                if (number == stop_number) {
                    break;
                }
                auto& expected = next[(number >> sender_shift) % most_processes];
                if (number < expected) {
                    throw std::runtime_error("message " + std::to_string(number) + " out of order or doubled");
                }
                expected = number + 1;
                sum += number;
                if (++received % 64 == 0 || loses<Setup>) {
                    meet->consumers[me].at = now_ns();
                    steps.received(received);
                }
            }
            if (!paced && !loses<Setup>) {
                meet->consumers[me].at = now_ns();
            }
            meet->stopped.fetch_add(1, std::memory_order_acq_rel);
            meet->consumers[me].per_second = paced ? steps.per_second() : 0;
            meet->consumers[me].received = received;
            meet->consumers[me].sum = sum;
        });
    }
    processes.join_all();

    std::uint64_t received = 0;
    std::uint64_t sum = 0;
    std::uint64_t start = ~std::uint64_t{0};
    std::uint64_t end = 0;
    for (std::uint32_t me = 0; me < people.consumers; ++me) {
        received += meet->consumers[me].received;
        sum += meet->consumers[me].sum;
        end = std::max(end, meet->consumers[me].at);
    }
    std::uint64_t expected_sum = 0;
    for (std::uint64_t me = 0; me < people.producers; ++me) {
        expected_sum += (me << sender_shift) * each + each * (each - 1) / 2;
        start = std::min(start, meet->producers[me].at);
    }
    if (loses<Setup> ? received == 0 : received != each * people.producers || sum != expected_sum) {
        throw std::runtime_error("sent " + std::to_string(each * people.producers) + " messages, received " +
                                 std::to_string(received) + " or others");
    }
    const double seconds = static_cast<double>(end - start) * 1e-9;
    return stream_result(parties == 2 ? meet->consumers[0].per_second : 0, static_cast<double>(received), seconds);
}

/// The same with one producer and one consumer that hand over up to `batch` messages in one call: ends with
/// `send(std::span<const message>)`, which returns when all are accepted, and `receive(std::span<message>)`, which
/// returns how many came, at least one.
template <class Setup, std::size_t batch = 32>
measurement batched_stream(std::uint64_t messages) {
    static_assert(circle % batch == 0);
    const std::uint64_t total = (messages / batch + 1) * batch;
    struct meeting {
        start_line line;
        alignas(128) std::uint64_t started_at = 0;
        alignas(128) std::uint64_t ended_at = 0;
        double per_second = 0;
    };
    shared<meeting> meet;
    Setup setup{crowd{}};
    process_group processes;

    processes.start("producer", [&] {
        auto end = setup.producer();
        prepared_messages<message> out(0);
        meet->line.wait_for(2);
        meet->started_at = now_ns();
        for (std::uint64_t number = 0; number < total; number += batch) {
            end.send(out.batch(number, batch));
            for (std::uint64_t sent = number; sent < number + batch; ++sent) {
                out.renew(sent);
            }
        }
    });
    processes.start("consumer", [&] {
        auto end = setup.consumer();
        std::array<message, batch> in;
        pace steps(total);
        meet->line.wait_for(2);
        for (std::uint64_t number = 0; number < total;) {
            const std::size_t received = end.receive(std::span<message>(in));
            for (std::size_t index = 0; index < received; ++index, ++number) {
                steps.received(number);
                if (number_of(in[index]) != number || !intact(in[index])) {
                    throw std::runtime_error("message " + std::to_string(number) + " is missing or damaged");
                }
            }
        }
        meet->ended_at = now_ns();
        meet->per_second = steps.per_second();
    });
    processes.join_all();
    const double seconds = static_cast<double>(meet->ended_at - meet->started_at) * 1e-9;
    return stream_result(meet->per_second, static_cast<double>(total), seconds);
}

}  // namespace bench
