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
#include "crash/remains.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/unique_name.hpp"

/// Direct links over connections that bring their pools along: one endpoint stays, its peer is killed at each point
/// that it passes and comes back under its name. What was in the connection has gone with it; the survivor is told,
/// gets nothing torn or twice, and goes on with the next one.

using namespace parley;
using namespace parley::test;

namespace {

using namespace std::chrono_literals;

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

constexpr options small_pool{.pool_size = 4 * sizeof(page)};
constexpr std::uint64_t count = 40;

template <class C>
class survivor {
public:
    void kill_everywhere(act what) {
        INFO(C::describe());
        INFO("what the victim does: " << static_cast<int>(what));
        shared<passes> seen;
        run(what, std::nullopt, &*seen);
        for (const auto* where : seen->names()) {
            for (unsigned passing = 1; passing <= 2; ++passing) {
                INFO("at '" << where << "', passing " << passing);
                run(what, sentence{where, passing}, nullptr);
            }
        }
    }

    [[nodiscard]] const std::string& name() const { return name_; }

private:
    static bool ended(const std::error_code& code) { return code == errc::peer_died || code == errc::closed; }

    void run(act what, std::optional<sentence> dies, passes* seen) {
        const bool victim_sends = what == act::send || what == act::loan;
        const auto base = ++round_ * 1000;
        child victim("victim", [&] {
            dies ? die_at(*dies) : note_crash_points(*seen);
            endpoint<C> peer{name_ + "-b", small_pool};
            auto link = peer.link(name_ + "-a");
            std::error_code code;
            for (std::uint64_t number = 0; number < count && !code; ++number) {
                work(link, what, base + number, code);
            }
            if (victim_sends) {
                static_cast<void>(link.receive_for(20s, code));  // that all of it has come
            }
        });
        std::error_code code;
        std::uint64_t done = 0;
        std::uint64_t last = base - 1;
        const auto until = std::chrono::steady_clock::now() + 20s;
        while (done < count && std::chrono::steady_clock::now() < until) {
            if (victim_sends) {
                if (const auto message = link_.receive_for(10ms, code)) {
                    CHECK(message->sound());
                    if (message->number >= base) {  // and nothing of the one before, which nobody had received
                        CHECK(message->number == last + 1);
                        last = message->number;
                        ++done;
                    }
                }
            } else if (link_.send_for(page::make(base + done), 10ms, code)) {
                ++done;
            }
            if (ended(code) && !victim.running()) {
                break;
            }
            CHECK((!code || ended(code)));
        }
        if (victim_sends && done == count) {
            static_cast<void>(link_.send_for(page{}, 20s, code));
        }
        const int status = victim.join();
        const bool died = status == 128 + SIGKILL;
        CHECK((died || status == 0));
        if (died) {
            deaths().insert(dies->where);
        }
        CHECK((died || done == count));
        go_on(base + 500);
    }

    static void work(parley::link<C>& link, act what, std::uint64_t number, std::error_code& code) {
        switch (what) {
            case act::send:
                link.send(page::make(number), code);
                break;
            case act::loan:
                if (auto lent = link.loan(code)) {
                    **lent = page::make(number);
                    link.send(std::move(*lent), code);
                }
                break;
            case act::receive:
                if (const auto message = link.receive(code)) {
                    PARLEY_CHECK_IN_CHILD(message->sound());
                }
                break;
            case act::take:
                if (const auto held = link.take(code)) {
                    PARLEY_CHECK_IN_CHILD((*held)->sound());
                }
                break;
        }
    }

    /// With the next one of that name, both ways.
    void go_on(std::uint64_t number) {
        child heir("heir", [&] {
            endpoint<C> peer{name_ + "-b", small_pool};
            auto link = peer.link(name_ + "-a");
            while (link.receive().number != number) {  // nothing else could come but what was sent in vain
            }
            link.send(page::make(number + 1));
            std::error_code code;
            static_cast<void>(link.receive_for(20s, code));
        });
        std::error_code code;
        bool answered = false;
        CHECK(eventually([&] {
            static_cast<void>(link_.send_for(page::make(number), 100ms, code));
            while (const auto message = link_.receive_for(50ms, code)) {
                answered = answered || message->number == number + 1;
            }
            return answered;
        }));
        static_cast<void>(link_.send_for(page{}, 1s, code));
        CHECK(heir.join_ok());
    }

    std::string name_ = unique_name("crash-connection");
    endpoint<C> me_{name_ + "-a", small_pool};
    parley::link<C> link_ = me_.link(name_ + "-b");
    std::uint64_t round_ = 0;
};

template <class C>
void kill_one_of_two() {
    std::string name;
    {
        survivor<C> one;
        name = one.name();
        for (const auto what : {act::send, act::loan, act::receive, act::take}) {
            one.kill_everywhere(what);
        }
    }
    C::remove(name + "-b");
    CHECK(files_named(name).empty());
}

template <class... Words>
using pages = channel<page, map, direct, Words...>;

}  // namespace

TEST_CASE("a link over connections that bring pools along: one side dies anywhere, and comes back") {
    kill_one_of_two<pages<unix_stream, bounded<8>>>();
    CHECK(untested("pool:") == std::set<std::string>{});
}

TEST_CASE("so with other words") {
    kill_one_of_two<pages<unix_seqpacket, unbounded>>();
    kill_one_of_two<pages<unix_seqpacket, zero>>();
}
