#include <chrono>
#include <cstdlib>
#include <iterator>
#include <list>
#include <random>
#include <vector>

#include "session.hpp"

using namespace parley;
using namespace parley::test;

/// Four senders and four receivers on one small pool; one after another is killed at any moment, and replaced. No block
/// is lost, and none is in two hands.

namespace {

/// What fills a block, so that two who write the same one show.
template <std::size_t Words>
struct text {
    std::uint32_t from;
    std::uint32_t number;
    std::array<std::uint64_t, Words> body;

    void fill(std::uint32_t who, std::uint32_t which) noexcept {
        from = who;
        number = which;
        body.fill(letter::seal_of(who, which));
    }
    [[nodiscard]] bool whole() const noexcept {
        const auto seal = letter::seal_of(from, number);
        return std::all_of(body.begin(), body.end(), [&](std::uint64_t each) { return each == seal; });
    }
};

constexpr std::size_t block_size = 256;

struct alignas(64) page : text<31> {};
static_assert(sizeof(page) == block_size);

/// The same behind its length, or a few bytes that need no block.
using page_or_note = bytes<block_size - 8>;
constexpr std::string_view note = "a note";

template <class Message>
struct lies;  // how the text is reached that a loan or a held message has

template <>
struct lies<page> {
    template <class Slot>
    static auto& in(const Slot& slot) {
        return *slot;
    }
};

template <>
struct lies<page_or_note> {
    using text_type = text<30>;
    static_assert(sizeof(text_type) == page_or_note::max_size);

    template <class Core>
    static text_type& in(const loan<page_or_note, Core>& slot) {
        slot.resize(sizeof(text_type));
        return *reinterpret_cast<text_type*>(slot.room().data());
    }
    template <class Core>
    static const text_type& in(const held<page_or_note, Core>& slot) {
        PARLEY_CHECK_IN_CHILD(slot.content().size() == sizeof(text_type));
        return *reinterpret_cast<const text_type*>(slot.content().data());
    }
};

constexpr std::size_t enough = 48;
constexpr std::size_t scarce = 6;  // of eight who may have one in hand each: the spare one of another is wanted

struct pool_books {
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> loans{0};
    std::atomic<std::uint64_t> taken{0};
    std::atomic<std::uint64_t> notes{0};
    std::atomic<std::uint32_t> torn{0};    ///< as a receiver found it
    std::atomic<std::uint32_t> shared{0};  ///< changed in the hand of a sender or a receiver
};

template <class C>
class churn {
    using message = typename C::message;
    static constexpr bool with_notes = std::is_same_v<message, page_or_note>;
    static constexpr std::size_t each_side = 4;

public:
    explicit churn(unsigned seed, std::size_t blocks = enough) : blocks_(blocks), random_(seed) {
        const auto size = blocks * payload::pool_of<C>::classes::largest;
        static_cast<void>(receiver<C>{create_only, name_, {.pool_size = size}});  // makes the pool
        for (std::size_t index = 0; index < each_side; ++index) {
            senders_.push_back(new_sender());
            receivers_.push_back(new_receiver());
        }
    }

    void run(std::uint64_t loans, unsigned kills) {
        INFO(C::describe());
        std::uniform_int_distribution<std::size_t> whom(0, 2 * each_side - 1);
        for (unsigned kill = 1; kill <= kills; ++kill) {
            const auto moment = loans / (kills + 1) * kill;
            REQUIRE(eventually([&] { return books_->loans.load() >= moment; }, duration{60.0}));
            const auto victim = whom(random_);
            replace(victim < each_side ? senders_ : receivers_, victim % each_side, victim < each_side);
        }
        REQUIRE(eventually([&] { return books_->loans.load() >= loans; }, duration{60.0}));
        books_->stop.store(true);
        for (auto* side : {&senders_, &receivers_}) {
            for (auto& each : *side) {
                CHECK(each.join_ok());
            }
        }
        CHECK(books_->torn.load() == 0);
        CHECK(books_->shared.load() == 0);
        CHECK((books_->notes.load() != 0) == with_notes);
        count_blocks();
        std::fprintf(stderr, "  %s: %llu loans, %llu taken, %u killed\n", std::string(C::describe()).c_str(),
                     static_cast<unsigned long long>(books_->loans.load()),
                     static_cast<unsigned long long>(books_->taken.load()), kills);
        CHECK(C::remove(name_));
        CHECK(files_named(name_).empty());
    }

private:
    /// A sender that finds no block more has found them all, and no one else has any.
    void count_blocks() {
        receiver<C> in{name_};
        sender<C> out{name_};
        std::size_t found = 0;
        message it{};
        if constexpr (with_notes) {
            it.resize(message::max_size);
            std::memset(it.data(), 0, it.size());
        }
        const auto all_there = [&] {
            for (found = 0; out.try_send(it); ++found) {
            }
            for (std::size_t index = 0; index < found; ++index) {
                CHECK(in.try_take());
            }
            // A block lost with the dead comes back when a receiver waits at the empty link while it is wanted.
            return found == blocks_ || in.take_for(std::chrono::milliseconds(500)).has_value();
        };
        CHECK(eventually(all_there, duration{20.0}));
        CHECK(found == blocks_);
    }

    void replace(std::list<child>& side, std::size_t index, bool sends) {
        side.erase(std::next(side.begin(), static_cast<std::ptrdiff_t>(index)));
        side.push_back(sends ? new_sender() : new_receiver());
    }

    child new_sender() {
        return child{"sender", [this, from = ++next_] { send_on(from); }, duration{300.0}};
    }
    child new_receiver() {
        return child{"receiver", [this] { receive_on(); }, duration{300.0}};
    }

    void send_on(std::uint32_t from) {
        auto& b = *books_;
        sender<C> out{name_};
        for (std::uint32_t number = 0; !b.stop.load(); ++number) {
            auto lent = out.loan_for(std::chrono::milliseconds(50));
            if (!lent) {
                continue;
            }
            auto& content = lies<message>::in(*lent);
            content.fill(from, number);
            if (number % 64 == 0) {
                ::sched_yield();
            }
            if (!content.whole()) {
                b.shared.fetch_add(1);
            }
            b.loans.fetch_add(1);
            if (number % 7 == 0) {
                continue;  // let go
            }
            while (!out.try_send(*lent) && !b.stop.load()) {
                ::sched_yield();
            }
            if constexpr (with_notes) {
                lent.reset();
                send_note(out, number);
            }
        }
    }

    /// As a message, in its place in the link, or not after all.
    static void send_note(sender<C>& out, std::uint32_t number) requires with_notes {
        if (number % 2 == 0) {
            static_cast<void>(out.try_send(note));
        } else if (auto place = out.try_loan(note.size())) {
            place->resize(note.size());
            std::memcpy(place->room().data(), note.data(), note.size());
            if (number % 5 != 0) {
                PARLEY_CHECK_IN_CHILD(out.try_send(*place));
            }
        }
    }

    void receive_on() {
        auto& b = *books_;
        receiver<C> in{name_};
        for (std::uint32_t step = 0;; ++step) {
            const bool last = b.stop.load();
            auto held = in.take_for(std::chrono::milliseconds(50));
            if (!held) {
                if (last) {
                    return;
                }
                continue;
            }
            if constexpr (with_notes) {
                if (const auto there = held->content(); there.size() == note.size()) {
                    PARLEY_CHECK_IN_CHILD(std::memcmp(there.data(), note.data(), note.size()) == 0);
                    b.notes.fetch_add(1);
                    continue;
                }
            }
            const auto& content = lies<message>::in(*held);
            if (!content.whole()) {
                b.torn.fetch_add(1);
            }
            if (step % 64 == 0) {
                ::sched_yield();
            }
            if (!content.whole()) {
                b.shared.fetch_add(1);
            }
            b.taken.fetch_add(1);
        }
    }

    std::size_t blocks_;
    std::string name_ = unique_name("crash-pool");
    std::mt19937 random_;
    shared<pool_books> books_;
    std::uint32_t next_ = 0;
    std::list<child> senders_;
    std::list<child> receivers_;
};

/// Ten million in the long form.
std::uint64_t loans() {
    const auto* text = std::getenv("PARLEY_CHURN_LOANS");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : 60'000;
}

}  // namespace

TEST_CASE("a pool loses no block to the dead, and gives none to two") {
    const auto seed = std::random_device{}();
    INFO("seed " << seed);
    churn<channel<page, map, bounded<64>>>{seed}.run(loans(), 100);
}
TEST_CASE("a pool with fewer blocks than hands loses none to the dead, and gives none to two") {
    const auto seed = std::random_device{}();
    INFO("seed " << seed);
    churn<channel<page, map, bounded<64>>>{seed, scarce}.run(loans(), 100);
    churn<channel<page, map, unbounded, mailbox_by<parley::any, at_least_once>>>{seed, scarce}.run(loans() / 2, 40);
}
TEST_CASE("a pool of many segments loses no block to the dead, nor to a queue that has lost its number") {
    const auto seed = std::random_device{}();
    INFO("seed " << seed);
    churn<channel<page, map_by<many_segments>, bounded<64>>>{seed}.run(loans(), 100);
    churn<channel<page, map_by<many_segments>, unbounded, mailbox_by<parley::any, at_least_once>>>{seed}.run(
        loans() / 2, 40);
}
TEST_CASE("a pool behind a small link, a queue of the kernel and a rendezvous loses no block to the dead") {
    const auto seed = std::random_device{}();
    INFO("seed " << seed);
    churn<channel<page, map, unbounded>>{seed}.run(loans() / 2, 40);
    churn<channel<page, map, mailbox_by<parley::any, at_least_once>, bounded<64>>>{seed}.run(loans() / 2, 40);
}
TEST_CASE("a pool whose messages share the link with small ones loses no block to the dead") {
    const auto seed = std::random_device{}();
    INFO("seed " << seed);
    churn<channel<page_or_note, adaptive<64>, bounded<64>>>{seed}.run(loans() / 2, 40);
    churn<channel<page_or_note, adaptive<64>, unbounded, blocking_on<futex>>>{seed}.run(loans() / 2, 40);
}
