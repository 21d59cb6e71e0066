#include <iterator>
#include <list>
#include <random>

#include "session.hpp"

using namespace parley;
using namespace parley::test;

/// Four senders and four receivers; in each round one of them, anyone, is killed at any moment, and replaced.

namespace {

struct open_books {
    static constexpr std::uint32_t senders_most = 1024;
    static constexpr std::uint32_t most = 1 << 18;
    std::atomic<bool> stop{false};
    std::atomic<bool> drain{false};
    std::atomic<std::uint32_t> torn{0};
    std::atomic<std::uint32_t> doubled{0};
    std::atomic<std::uint32_t> disordered{0};
    std::atomic<std::uint64_t> received{0};
    std::array<std::atomic<std::uint32_t>, senders_most> sent{};
    std::atomic<std::uint64_t> limit{1000};  ///< of letters in all; senders stop beyond it for a while
    std::array<std::array<std::atomic<std::uint8_t>, most / 8>, senders_most> got{};  ///< a bit for each letter

    /// Whether the letter had been noted before.
    bool note(std::uint32_t from, std::uint32_t number) noexcept {
        const auto bit = static_cast<std::uint8_t>(1U << (number % 8));
        return (got[from][number / 8].fetch_or(bit) & bit) != 0;
    }
    [[nodiscard]] bool has(std::uint32_t from, std::uint32_t number) const noexcept {
        return ((got[from][number / 8].load() >> (number % 8)) & 1) != 0;
    }
};

template <class C>
class crowd {
    static constexpr bool sender_waits = C::synchronization::sender_side::waits;
    static constexpr bool receiver_waits = C::synchronization::receiver_side::waits;
    static constexpr std::size_t each_side = 4;

public:
    explicit crowd(unsigned seed) : random_(seed) {
        for (std::size_t index = 0; index < each_side; ++index) {
            senders_.push_back(new_sender());
            receivers_.push_back(new_receiver());
        }
    }

    void kill_and_replace(unsigned rounds) {
        INFO(C::describe());
        std::uniform_int_distribution<std::size_t> whom(0, 2 * each_side - 1);
        std::uniform_int_distribution<std::uint64_t> letters(0, 2000);
        for (unsigned round = 0; round < rounds; ++round) {
            // A random moment: after so many letters.
            const auto moment = books_->received.load() + letters(random_);
            INFO("round " << round);
            books_->limit.store(moment + 1000);
            REQUIRE(eventually([&] { return books_->received.load() >= moment; }, duration{20.0}));
            const auto victim = whom(random_);
            if (victim < each_side) {
                senders_.erase(std::next(senders_.begin(), static_cast<std::ptrdiff_t>(victim)));
                senders_.push_back(new_sender());
            } else {
                receivers_.erase(std::next(receivers_.begin(), static_cast<std::ptrdiff_t>(victim - each_side)));
                receivers_.push_back(new_receiver());
            }
        }
        const auto moment = books_->received.load() + 400;
        books_->limit.store(moment + 1000);
        REQUIRE(eventually([&] { return books_->received.load() >= moment; }, duration{20.0}));
        books_->stop.store(true);
        for (auto& each : senders_) {
            CHECK(each.join_ok());
        }
        books_->drain.store(true);
        for (auto& each : receivers_) {
            CHECK(each.join_ok());
        }
        std::uint32_t missing = 0;
        for (std::uint32_t from = 0; from < next_; ++from) {
            for (std::uint32_t number = 0; number < books_->sent[from].load(); ++number) {
                missing += books_->has(from, number) ? 0 : 1;
            }
        }
        CHECK(missing <= rounds);  // the letter in the victim's hands
        CHECK(books_->torn.load() == 0);
        CHECK(books_->doubled.load() == 0);
        CHECK(books_->disordered.load() == 0);
        CHECK(C::remove(name_));
        CHECK(files_named(name_).empty());
        std::fprintf(stderr, "  %s: %u kills, %llu letters, %u missing\n", std::string(C::describe()).c_str(), rounds,
                     static_cast<unsigned long long>(books_->received.load()), missing);
    }

private:
    child new_sender() {
        const auto from = next_++;
        REQUIRE(from < open_books::senders_most);
        return child{"sender", [this, from] { send_on(from); }, duration{200.0}};
    }

    child new_receiver() {
        return child{"receiver", [this] { receive_on(); }, duration{200.0}};
    }

    void send_on(std::uint32_t from) {
        sender<C> out{name_};
        for (std::uint32_t number = 0; !books_->stop.load();) {
            bool done = false;
            if (number == open_books::most || books_->received.load() > books_->limit.load()) {
                ::sched_yield();
            } else if constexpr (sender_waits) {
                done = out.send_for(letter::make(from, number), std::chrono::milliseconds(200));
            } else {
                done = out.try_send(letter::make(from, number));
            }
            if (done) {
                books_->sent[from].store(++number);
            }
        }
    }

    void receive_on() {
        auto& b = *books_;
        receiver<C> in{name_};
        std::vector<std::uint32_t> last(open_books::senders_most, books::no_number);
        for (bool last_look = false;;) {
            last_look = b.drain.load();
            std::optional<letter> it;
            if constexpr (receiver_waits) {
                it = in.receive_for(std::chrono::milliseconds(200));
            } else {
                it = in.try_receive();
            }
            if (!it) {
                if (last_look) {
                    return;
                }
                continue;
            }
            b.received.fetch_add(1);
            if (!it->whole() || it->from >= open_books::senders_most || it->number >= open_books::most) {
                b.torn.fetch_add(1);
                continue;
            }
            if (b.note(it->from, it->number)) {
                b.doubled.fetch_add(1);
            }
            if (last[it->from] != books::no_number && it->number <= last[it->from]) {
                b.disordered.fetch_add(1);
            }
            last[it->from] = it->number;
        }
    }

    std::string name_ = unique_name("crash-random");
    std::mt19937 random_;
    shared<open_books> books_;
    std::uint32_t next_ = 0;
    std::list<child> senders_;
    std::list<child> receivers_;
};

}  // namespace

TEST_CASE("500 rounds of death at random on the default mailbox") {
    const auto seed = std::random_device{}();
    INFO("seed " << seed);
    crowd<channel<letter>>{seed}.kill_and_replace(500);
}
TEST_CASE("death at random on other mailboxes") {
    const auto seed = std::random_device{}();
    INFO("seed " << seed);
    crowd<channel<letter, bounded<1>>>{seed}.kill_and_replace(100);
    crowd<channel<letter, zero>>{seed}.kill_and_replace(100);
    crowd<channel<letter, unbounded>>{seed}.kill_and_replace(100);
    crowd<channel<letter, bounded<7>, nonblocking>>{seed}.kill_and_replace(100);
    crowd<channel<letter, bounded<7>, mailbox_by<round_robin>>>{seed}.kill_and_replace(100);
}
