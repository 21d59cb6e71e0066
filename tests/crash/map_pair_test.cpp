#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include <parley/parley.hpp>

#include "crash/crash_points.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

/// Channels without a name whose messages stay in pools: one of the two is killed at each point that it passes. The
/// other one is told, after it has received what had been sent.

using namespace parley;
using namespace parley::test;

namespace {

struct page {
    std::uint64_t number = 0;
    std::array<std::uint64_t, 511> rest{};

    static page make(std::uint64_t number) {
        page result{.number = number, .rest = {}};
        result.rest.fill(number);
        return result;
    }
    [[nodiscard]] bool sound() const { return rest.front() == number && rest.back() == number; }
};

enum class act { send, loan, receive, take };

/// In a pool that is smaller than the buffer, so that each side waits for blocks too.
constexpr options small_pool{.pool_size = 4 * sizeof(page)};
constexpr std::uint64_t count = 40;

/// Until there is nothing more to do, or the other side has gone. Calls may end with a word about that.
template <class End>
std::error_code send_all(End& end, bool in_place) {
    std::error_code code;
    for (std::uint64_t number = 0; number < count && !code; ++number) {
        if (!in_place) {
            end.send(page::make(number), code);
            continue;
        }
        if (auto lent = end.loan(code)) {
            **lent = page::make(number);
            end.send(std::move(*lent), code);
        }
    }
    return code;
}

template <class End>
std::error_code receive_all(End& end, bool in_place, std::uint64_t& received) {
    std::error_code code;
    const auto note = [&](const page& message) {
        if (message.number != received || !message.sound()) {
            code = errc::corrupt;
        }
        ++received;
    };
    while (received < count && !code) {
        if (!in_place) {
            if (const auto message = end.receive(code)) {
                note(*message);
            }
        } else if (const auto held = end.take(code)) {
            note(**held);
        }
    }
    return code;
}

template <class End>
std::error_code work(End& end, act what) {
    std::uint64_t received = 0;
    if constexpr (requires { end.receive(); }) {
        if (what == act::receive || what == act::take) {
            return receive_all(end, what == act::take, received);
        }
    }
    if constexpr (requires { end.send(page{}); }) {
        return send_all(end, what == act::loan);
    } else {
        return {};
    }
}

template <class C>
struct one_round {
    act what;
    std::optional<sentence> dies;
    passes* seen;

    void run() const {
        const bool victim_sends = what == act::send || what == act::loan;
        auto ends = std::optional{C::pair(small_pool)};
        const auto begin = [this] { dies ? die_at(*dies) : note_crash_points(*seen); };
        std::optional<child> victim;
        std::error_code told;
        std::uint64_t received = 0;
        if (victim_sends) {
            victim.emplace("victim", [&] {
                auto mine = std::move(ends->first);
                ends.reset();
                begin();
                static_cast<void>(work(mine, what));
            });
            auto mine = std::move(ends->second);
            ends.reset();
            told = receive_all(mine, true, received);
        } else {
            victim.emplace("victim", [&] {
                auto mine = std::move(ends->second);
                ends.reset();
                begin();
                static_cast<void>(work(mine, what));
            });
            auto mine = std::move(ends->first);
            ends.reset();
            told = send_all(mine, true);
            if (!told && victim->join() == 128 + SIGKILL) {
                deaths().insert(dies->where);  // after everything was accepted
            }
        }
        const int status = victim->join();
        const bool died = status == 128 + SIGKILL;
        CHECK((died || status == 0));
        if (died) {
            deaths().insert(dies->where);
        }
        INFO(told.message() << " after " << received);
        CHECK((!told || (died && (told == errc::peer_died || told == errc::closed))));
        CHECK((died || !victim_sends || received == count));
    }
};

template <class C>
void kill_one_end() {
    INFO(C::describe());
    for (const auto what : {act::send, act::loan, act::receive, act::take}) {
        INFO("what the victim does: " << static_cast<int>(what));
        shared<passes> seen;
        one_round<C>{what, std::nullopt, &*seen}.run();
        for (const auto* where : seen->names()) {
            for (unsigned passing = 1; passing <= 3; ++passing) {
                INFO("at '" << where << "', passing " << passing);
                one_round<C>{what, sentence{where, passing}, nullptr}.run();
            }
        }
    }
}

template <class... Words>
using pages = channel<page, map, Words...>;

}  // namespace

TEST_CASE("a pair of links whose messages stay: one side dies anywhere") {
    kill_one_end<pages<unix_stream, direct, bounded<8>>>();
    kill_one_end<pages<unix_seqpacket, direct, zero>>();
    kill_one_end<pages<unix_datagram, direct, bounded<8>>>();
    kill_one_end<pages<anonymous_shm, direct, bounded<8>>>();
    kill_one_end<pages<parley::pipe, direct, bounded<8>>>();
    CHECK(untested("pool:") == std::set<std::string>{});
}

TEST_CASE("a pair of a sender and a receiver whose messages stay: one of them dies anywhere") {
    kill_one_end<pages<unix_stream, port, bounded<8>>>();
    kill_one_end<pages<unix_seqpacket, port, unbounded>>();
    kill_one_end<pages<unix_datagram, port, bounded<8>>>();
    kill_one_end<pages<anonymous_shm, bounded<8>>>();
    kill_one_end<pages<anonymous_shm, port, zero>>();
    kill_one_end<pages<parley::pipe, port, bounded<8>>>();
}
