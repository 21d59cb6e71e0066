#pragma once

#include "latency.hpp"
#include "measurement.hpp"
#include "message.hpp"
#include "parley_ends.hpp"
#include "ping_pong.hpp"
#include "processes.hpp"
#include "shared.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace bench {

/// What is done with a message besides sending it.
enum class use {
    every_byte,  ///< its sender writes all of it, its receiver reads all of it
    hand_over    ///< nothing: its bytes are there already, or are somebody else's business
};

/// Of messages that are only handed over, one in so many is looked into after all, so that one that is missing or
/// damaged shows. The median is that of the others.
inline constexpr std::uint64_t looked_at = 64;

template <use Use, std::size_t Size>
void produce(message_of<Size>& made, std::uint64_t number) noexcept {
    if constexpr (Use == use::every_byte) {
        made.words.fill(number);
    } else if (number % looked_at == 0) {
        made.words[0] = number;
    }
}

/// Throws unless that is the message of this number.
template <use Use, std::size_t Size>
void consume(const message_of<Size>& taken, std::uint64_t number) {
    std::uint64_t differences = 0;
    if constexpr (Use == use::every_byte) {
        for (const std::uint64_t word : taken.words) {
            differences |= word ^ number;
        }
    } else if (number % looked_at == 0) {
        differences = taken.words[0] ^ number;
    }
    if (differences != 0) {
        throw std::runtime_error("message " + std::to_string(number) + " is missing or damaged");
    }
}

/// One process's two channels.
template <class C>
class two_channels {
public:
    two_channels(const std::string& in, const std::string& out)
        : in_(in), out_(out, {.open_within = std::chrono::seconds(10)}) {}

protected:
    parley::receiver<C> in_;
    parley::sender<C> out_;
};

/// Of a direct link the process has one side, which goes by its way in.
template <class C>
    requires(C::addressing::pairwise)
class two_channels<C> {
public:
    two_channels(const std::string& in, const std::string& out) : me_(in), link_(me_.link(out)) {}
    two_channels(const two_channels&) = delete;
    two_channels& operator=(const two_channels&) = delete;

private:
    parley::endpoint<C> me_;
    parley::link<C> link_;

protected:
    ~two_channels() = default;

    parley::link<C>& in_ = link_;
    parley::link<C>& out_ = link_;
};

/// Messages are copied into the channel and out of it.
template <class C>
class copying_end : two_channels<C> {
public:
    using message = typename C::message;
    using two_channels<C>::two_channels;

    template <use Use>
    void send(std::uint64_t number) {
        produce<Use>(*here_, number);
        static_cast<void>(this->out_.send(*here_));
    }
    template <use Use>
    void receive(std::uint64_t number) {
        static_cast<void>(this->in_.receive(std::span(here_.get(), 1)));
        consume<Use>(*here_, number);
    }

private:
    std::unique_ptr<message> here_ = std::make_unique<message>();
};

/// Messages are written and read where they stay.
template <class C>
class mapping_end : two_channels<C> {
public:
    using two_channels<C>::two_channels;

    template <use Use>
    void send(std::uint64_t number) {
        auto lent = this->out_.loan();
        produce<Use>(*lent, number);
        this->out_.send(std::move(lent));
    }
    template <use Use>
    void receive(std::uint64_t number) {
        const auto held = this->in_.take();
        consume<Use>(*held, number);
    }
};

/// The same with messages whose size is known when they are sent: of this many bytes.
template <std::size_t Size>
struct sized {
    template <class C>
    class end : two_channels<C> {
    public:
        using two_channels<C>::two_channels;

        template <use Use>
        void send(std::uint64_t number) {
            auto lent = this->out_.loan(Size);
            lent.resize(Size);
            produce<Use>(*reinterpret_cast<message_of<Size>*>(lent.room().data()), number);
            this->out_.send(std::move(lent));
        }
        template <use Use>
        void receive(std::uint64_t number) {
            const auto held = this->in_.take();
            const auto content = held.content();
            if (content.size() != Size) {
                throw std::runtime_error("message " + std::to_string(number) + " has another size");
            }
            consume<Use>(*reinterpret_cast<const message_of<Size>*>(content.data()), number);
        }
    };
};

/// The latency of each message that goes to and fro between two processes over two channels, each used as `End` does:
/// half of the round trip, producing and consuming included.
template <class C, template <class> class End, use Use>
measurement whole_message_latency(std::uint64_t round_trips) {
    round_trips = std::max<std::uint64_t>(round_trips, 10);
    const std::uint64_t warm_up = round_trips / 10 + 2;
    struct meeting {
        start_line line;
        measurement result{};
    };
    struct names {
        std::string there = fresh_name<C>();
        std::string back = fresh_name<C>();
        ~names() {
            std::error_code ignored;
            C::remove(there, ignored);
            C::remove(back, ignored);
        }
    };
    shared<meeting> meet;
    const names channels;
    process_group processes;

    processes.start("left", [&] {
        End<C> end(channels.back, channels.there);
        meet->line.wait_for(2);
        meet->result = halves_of_round_trips(warm_up, round_trips, [&](std::uint64_t number) {
            end.template send<Use>(number);
            end.template receive<Use>(number);
        });
    });
    processes.start("right", [&] {
        End<C> end(channels.there, channels.back);
        meet->line.wait_for(2);
        for (std::uint64_t number = 0; number < warm_up + round_trips; ++number) {
            end.template receive<Use>(number);
            end.template send<Use>(number);
        }
    });
    processes.join_all();
    return meet->result;
}

}  // namespace bench
