#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "crash_points.hpp"
#include "queue_objects.hpp"
#include "remains.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/process.hpp"
#include "support/shared.hpp"
#include "support/unique_name.hpp"

/// One mailbox with two survivors, a sender and a receiver, that work on while one victim after another is killed next
/// to them. After each death the books are balanced: what was sent, what was received, what is missing.

namespace parley::test {

struct letter {
    std::uint32_t from;    ///< `survivor`, or the number of the victim's round
    std::uint32_t number;  ///< counted by its sender
    std::uint64_t seal;    ///< of the two above: a torn letter shows

    static constexpr std::uint32_t survivor = 0;

    [[nodiscard]] static std::uint64_t seal_of(std::uint32_t from, std::uint32_t number) noexcept {
        return ((std::uint64_t{from} << 32 | number) + 1) * 0x9e3779b97f4a7c15u;
    }
    [[nodiscard]] static letter make(std::uint32_t from, std::uint32_t number) noexcept {
        return {from, number, seal_of(from, number)};
    }
    [[nodiscard]] bool whole() const noexcept { return seal == seal_of(from, number); }
};

/// The same with a long tail, so that a chain's chunks are soon full.
struct bulky_letter {
    letter core;
    std::array<std::byte, 8000> tail;
};

/// The same, larger than a unit of any queue: it travels in parts, and each part of its tail says whose it is.
struct letter_in_parts {
    letter core;
    std::array<std::uint64_t, 1200> tail;
};

/// The same with a length of its own: every other one is long.
using letter_in_bytes = bytes<3000>;

template <class Message>
[[nodiscard]] Message wrapped(const letter& it) {
    if constexpr (std::is_same_v<Message, letter>) {
        return it;
    } else if constexpr (std::is_same_v<Message, letter_in_bytes>) {
        Message result;
        result.resize(it.number % 2 == 0 ? sizeof it : Message::max_size / sizeof it * sizeof it);
        for (std::size_t at = 0; at < result.size(); at += sizeof it) {
            std::memcpy(result.data() + at, &it, sizeof it);
        }
        return result;
    } else {
        Message result{it, {}};
        if constexpr (std::is_same_v<Message, letter_in_parts>) {
            result.tail.fill(it.seal);
        }
        return result;
    }
}
[[nodiscard]] inline const letter& unwrapped(const letter& it) { return it; }
[[nodiscard]] inline const letter& unwrapped(const bulky_letter& it) { return it.core; }
[[nodiscard]] inline const letter& unwrapped(const letter_in_parts& it) {
    static constexpr letter torn{0, 0, 0};
    const auto is_of_it = [&](std::uint64_t each) { return each == it.core.seal; };
    return std::all_of(it.tail.begin(), it.tail.end(), is_of_it) ? it.core : torn;
}
[[nodiscard]] inline letter unwrapped(std::span<const std::byte> bytes) {
    letter result{0, 0, 0};
    if (bytes.size() >= sizeof result) {
        std::memcpy(&result, bytes.data(), sizeof result);
        for (std::size_t at = 0; at < bytes.size(); at += sizeof result) {
            if (std::memcmp(bytes.data() + at, &result, sizeof result) != 0) {
                return {0, 0, 0};
            }
        }
    }
    return result;
}
[[nodiscard]] inline letter unwrapped(const letter_in_bytes& it) {
    return unwrapped(std::span<const std::byte>(it.data(), it.size()));
}

/// What all processes of a session write down. Single bytes and counters: whoever is killed leaves them consistent.
struct books {
    static constexpr std::uint32_t most = 1 << 22;
    static constexpr std::uint32_t most_of_victim = 1 << 16;

    std::atomic<std::uint32_t> sent{0};      ///< by the survivor
    std::atomic<std::uint32_t> received{0};  ///< of the survivor's letters, by anybody
    std::atomic<std::uint32_t> round{1};
    std::atomic<std::uint32_t> victim_sent{0};      ///< in this round; the call had returned
    std::atomic<std::uint32_t> victim_tried{0};     ///< in this round; the call had begun
    std::atomic<std::uint32_t> victim_received{0};  ///< by the victim
    std::atomic<std::uint32_t> survivor_received{0};
    std::atomic<std::uint32_t> torn{0};
    std::atomic<std::uint32_t> doubled{0};
    std::atomic<std::uint32_t> disordered{0};
    std::atomic<std::uint32_t> strangers{0};  ///< letters of a round that is over
    std::array<std::atomic<std::uint8_t>, most> got{};
    std::array<std::atomic<std::uint8_t>, most_of_victim> got_of_victim{};
    std::array<std::atomic<std::uint8_t>, most_of_victim> returned{};  ///< the victim's call had returned

    // Orders to the survivors, and what they answer.
    std::atomic<bool> survivor_is_there{false};
    std::atomic<bool> stop{false};
    std::atomic<bool> hold_sender{false};
    std::atomic<bool> hold_receiver{false};
    std::atomic<bool> sender_holds{false};
    std::atomic<bool> receiver_holds{false};
    std::atomic<bool> receiver_out{false};  ///< the receiver is to close, and open again when this is false
    std::atomic<::pid_t> wait_for{0};       ///< before each step, wait until this process sleeps
    std::atomic<int> patience_ms{300};

    void note(const letter& it, bool by_victim, std::uint32_t& last_survivor, std::uint32_t& last_victim) noexcept {
        if (!it.whole()) {
            torn.fetch_add(1);
            return;
        }
        auto& last = it.from == letter::survivor ? last_survivor : last_victim;
        if (it.from == letter::survivor) {
            if (it.number >= most) {
                torn.fetch_add(1);
            } else if (got[it.number].load() != 0) {
                doubled.fetch_add(1);
            } else {  // counted first: who sees the letter there sees it counted
                received.fetch_add(1);
                got[it.number].store(1);
            }
        } else if (it.from != round.load()) {
            strangers.fetch_add(1);
            return;
        } else if (it.number >= most_of_victim || got_of_victim[it.number].exchange(1) != 0) {
            doubled.fetch_add(1);
        }
        if (last != no_number && it.number <= last) {
            disordered.fetch_add(1);
        }
        last = it.number;
        (by_victim ? victim_received : survivor_received).fetch_add(1);
    }

    static constexpr std::uint32_t no_number = ~std::uint32_t{0};
};

/// One way to use a channel: what a victim does, again and again.
enum class role {
    send,  ///< one by one
    try_send,
    send_batch,
    loan,     ///< and send; every third is let go
    receive,  ///< one by one
    try_receive,
    receive_batch,
    take,           ///< and note, and release
    come_and_send,  ///< open, send one, leave
    come_and_receive
};

[[nodiscard]] constexpr const char* name_of(role of) {
    constexpr std::array names{"send",        "try_send",      "send_batch", "loan",          "receive",
                               "try_receive", "receive_batch", "take",       "come_and_send", "come_and_receive"};
    return names[static_cast<std::size_t>(of)];
}

[[nodiscard]] constexpr bool sends(role of) {
    return of == role::send || of == role::try_send || of == role::send_batch || of == role::loan ||
           of == role::come_and_send;
}

inline constexpr std::size_t batch_size = 5;

/// What a round allows to go missing or to come twice, for one victim.
[[nodiscard]] constexpr std::uint32_t in_hand(role of) {
    return of == role::send_batch || of == role::receive_batch ? batch_size : 1;
}

/// Seconds within which the survivors go on.
inline constexpr double soon = 1.0;

/// Plays a round, which tells how many seconds the survivors took, until that was soon enough: a busy machine makes one
/// recovery slow, but not the same one three times.
template <class Round>
void check_soon(Round round) {
    double took = round();
    for (int again = 0; again < 2 && took > soon; ++again) {
        took = round();
    }
    CHECK(took <= soon);
}

struct plan {
    role what = role::send;
    bool wait = false;        ///< the survivors are slow, so that the victim has to wait
    bool alone = false;       ///< the survivors hold still until the victim is dead
    bool first = false;       ///< the victim receives before the surviving receiver is there (`exclusive`)
    std::uint32_t steps = 0;  ///< how often at most; 0 for a number that suits
    std::vector<std::pair<role, const char*>> before{};  ///< others die there first, while the survivors hold still
};

template <class C>
class session {
    using sender_type = sender<C>;
    using receiver_type = receiver<C>;
    using message = typename C::message;
    static constexpr bool sender_waits = C::synchronization::sender_side::waits;
    static constexpr bool receiver_waits = C::synchronization::receiver_side::waits;
    static constexpr bool rendezvous = C::template word<buffering_axis>::rendezvous;
    static constexpr bool redelivers = C::addressing::delivery::redelivers;
    static constexpr bool spills =
        lies_in_queues<C> && C::template word<buffering_axis>::capacity == buffering::without_limit;
    static constexpr std::size_t places = C::addressing::many_receivers ? 64 : 1;
    static constexpr bool in_place = C::transport::capabilities.in_place || C::payload::stays;

public:
    explicit session(std::string name = unique_name("crash")) : name_(std::move(name)), segments_before_(segments()) {
        receiver_.emplace(
            "surviving receiver", [this] { receive_on(); }, duration{300.0});
        REQUIRE(eventually([&] { return books_->receiver_holds.load(); }));
        sender_.emplace(
            "surviving sender", [this] { send_on(); }, duration{300.0});
        note_pids();
        release_all();
    }

    ~session() {
        std::fprintf(stderr,
                     "  %s: %u deaths, slowest recovery %.0f ms, %u letters, %u missing, %u twice, %u unreached\n",
                     std::string(C::describe()).c_str(), dead_, slowest_ * 1000.0, books_->received.load(), missing_,
                     books_->doubled.load(), unreached_);
    }

    /// Finds the crash points that a victim passes, then kills one at each, at its 1st, 2nd and 3rd passing. What one
    /// victim passed the next may miss, for want of a peer at the right moment: then another is sent to die there.
    void kill_everywhere(const plan& how, unsigned passings = 3) {
        INFO(C::describe());
        INFO("victim: " << name_of(how.what) << (how.wait ? ", waiting" : "") << (how.alone ? ", alone" : ""));
        shared<passes> seen;
        run_victim(how, std::nullopt, &*seen);
        for (const auto* where : seen->names()) {
            if (std::string_view(where).starts_with("segment") || std::string_view(where).starts_with("sysv")) {
                continue;  // tests/crash/segment_test.cpp
            }
            for (unsigned passing = 1; passing <= passings; ++passing) {
                INFO("at '" << where << "', passing " << passing);
                check_soon([&] { return run_victim(how, sentence{where, passing}, nullptr); });
            }
            for (unsigned more = 0; more < 20 && !deaths().contains(where); ++more) {
                INFO("at '" << where << "', once more");
                check_soon([&] { return run_victim(how, sentence{where, 1}, nullptr); });
            }
        }
    }

    /// One round: a victim dies there (or, without a sentence, ends well), and the survivors go on. Returns the seconds
    /// until they had exchanged messages again.
    double run_victim(const plan& how, std::optional<sentence> dies, passes* seen) {
        begin_round(how);
        for (const auto& [what, where] : how.before) {
            child early("early victim", [&, what = what, where = where] {
                die_at({where, 1});
                work(what, 2000);
            });
            pids_.insert(early.pid());
            const int status = early.join();
            INFO("the early victim was to die at '" << where << "' and ended with " << status);
            CHECK(status == 128 + SIGKILL);
        }
        std::atomic_thread_fence(std::memory_order_seq_cst);
        shared<std::atomic<bool>> go;
        child victim("victim", [&] {
            while (!go->load()) {
                ::sched_yield();
            }
            if (dies) {
                die_at(*dies);
            } else if (seen != nullptr) {
                note_crash_points(*seen);
            }
            work(how.what, how.steps != 0 ? how.steps : how.wait ? 40 : how.alone ? 60 : 400);
        });
        pids_.insert(victim.pid());
        if (how.wait) {
            books_->wait_for.store(victim.pid());
        }
        if (how.first) {
            go->store(true);
            REQUIRE(eventually([&] { return books_->victim_received.load() > 0 || !victim.running(); }));
            books_->receiver_out.store(false);
        }
        go->store(true);
        const int status = victim.join();
        books_->wait_for.store(0);
        if (dies) {
            if (status == 128 + SIGKILL) {
                ++dead_;
                deaths().insert(dies->where);
            } else {
                CHECK(status == 0);
                ++unreached_;  // not that often, this time
            }
        } else {
            CHECK(status == 0);
        }
        return end_round(how, dies && status == 128 + SIGKILL ? dies->where : "");
    }

    /// Every place of the channel can be taken again, and the channel removed, with nothing left behind.
    void finish() {
        INFO(C::describe());
        books_->stop.store(true);
        release_all();
        CHECK(sender_->join_ok());
        CHECK(receiver_->join_ok());
        const queue_objects<C> objects(name_);
        if constexpr (C::template word<lifetime_axis>::until != lifetime::end::owner) {
            CHECK((objects.count() > 0) == lies_in_queues<C>);
        }
        // By rendezvous each place has a queue object of its own, and a machine has not many queues.
        if constexpr (C::template word<lifetime_axis>::until != lifetime::end::owner && rendezvous &&
                      lies_in_queues<C>) {
            CHECK(C::remove(name_));
        } else if constexpr (C::template word<lifetime_axis>::until != lifetime::end::owner) {
            std::vector<sender_type> senders;
            std::vector<receiver_type> receivers;
            for (std::size_t place = 0; place < 64; ++place) {
                senders.emplace_back(name_);
            }
            for (std::size_t place = 0; place < places; ++place) {
                receivers.emplace_back(name_);
            }
            CHECK_THROWS_AS(sender_type{name_}, error);
            CHECK_THROWS_AS(receiver_type{name_}, error);
            CHECK(C::remove(name_));
        }
        CHECK_FALSE(C::remove(name_));
        CHECK(files_named(name_).empty());
        CHECK(objects.count() == 0);
        CHECK(segments_of(pids_, segments_before_).empty());
    }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] books& ledger() noexcept { return *books_; }

private:
    using clock = std::chrono::steady_clock;

    /// Whether a receiver that dies there leaves its message to others.
    [[nodiscard]] static bool is_kept(std::string_view where) {
        return redelivers &&
               (where == "mpmc: ticket to receive won, message not read" ||
                where == "mpmc: message read, slot not freed" ||
                where == "mpmc: dead receiver's message adopted, not read" ||
                where == "pool: out of the link, not in hand" || where == "test: message held, not released");
    }

    void note_pids() {
        pids_.insert(::getpid());
        pids_.insert(sender_->pid());
        pids_.insert(receiver_->pid());
    }

    void hold_all() {
        books_->patience_ms.store(2);
        books_->hold_sender.store(true);
        REQUIRE(eventually([&] { return books_->sender_holds.load() || !sender_->running(); }));
        books_->hold_receiver.store(true);
        REQUIRE(eventually([&] { return books_->receiver_holds.load() || !receiver_->running(); }));
    }

    void release_all(int patience_ms = 300) {
        books_->patience_ms.store(patience_ms);
        books_->hold_sender.store(false);
        books_->hold_receiver.store(false);
        books_->receiver_out.store(false);
    }

    void begin_round(const plan& how) {
        auto& b = *books_;
        if (how.alone || !how.before.empty()) {
            hold_all();
        } else if (how.first) {
            b.receiver_out.store(true);
            b.patience_ms.store(2);
            REQUIRE(eventually([&] { return b.receiver_holds.load(); }));
        }
        for (std::uint32_t index = 0; index < b.victim_tried.load(); ++index) {
            b.got_of_victim[index].store(0);
        }
        b.victim_sent.store(0);
        b.victim_tried.store(0);
        b.victim_received.store(0);
        doubled_before_ = b.doubled.load();
        disordered_before_ = b.disordered.load();
        b.round.fetch_add(1);
    }

    double end_round(const plan& how, std::string_view where) {
        auto& b = *books_;
        const auto sent_before = b.sent.load();
        const auto received_before = b.survivor_received.load();
        const auto begin = clock::now();
        release_all(how.alone ? 5 : 300);  // soon to be held again
        // Both go on: new letters are sent, and the surviving receiver gets some.
        const bool on = eventually(
            [&] {
                return (b.sent.load() >= sent_before + 20 && b.survivor_received.load() >= received_before + 20) ||
                       !sender_->running() || !receiver_->running();
            },
            duration{20.0});
        REQUIRE(sender_->running());
        REQUIRE(receiver_->running());
        const double took = std::chrono::duration<double>(clock::now() - begin).count();
        slowest_ = std::max(slowest_, took);
        if (took > soon) {
            std::fprintf(stderr, "  %s: %.0f ms after a %s died at '%.*s'\n", std::string(C::describe()).c_str(),
                         took * 1000.0, name_of(how.what), static_cast<int>(where.size()), where.data());
        }
        CAPTURE(b.sent.load(), sent_before, b.survivor_received.load(), received_before);
        REQUIRE(on);

        // Balance the books.
        b.hold_sender.store(true);
        REQUIRE(eventually([&] { return b.sender_holds.load(); }));
        std::int64_t missing =
            0;  // less than nothing when a letter given up before was found by another (at_least_once)
        const auto count_victim = [&] {
            std::uint32_t absent = 0;
            if (spills && !where.empty()) {
                return absent;  // what waited in the sender has died with it
            }
            for (std::uint32_t index = 0; index < b.victim_sent.load(); ++index) {
                absent += b.got_of_victim[index].load() == 0 ? 1 : 0;
            }
            return absent;
        };
        std::uint32_t allowed = 0;
        if (!where.empty() || !how.before.empty()) {
            allowed = sends(how.what) || (is_kept(where) && how.what != role::receive_batch) ? 0 : in_hand(how.what);
            for (const auto& [what, at] : how.before) {
                allowed += is_kept(at) ? 0 : in_hand(what);
            }
        }
        // When the last letter is there, so is every earlier one that will come: one receiver is left, and it gets them
        // in order. Only a letter that a dead receiver held may come later.
        const auto balanced = [&] {
            missing = std::int64_t{b.sent.load()} - b.received.load() - missing_ + count_victim();
            return b.got[b.sent.load() - 1].load() != 0 && missing <= allowed;
        };
        const bool fine = eventually(balanced, duration{20.0});
        CAPTURE(missing, allowed, b.sent.load(), b.received.load(), missing_, b.victim_sent.load());
        CHECK(fine);
        CHECK((redelivers || missing >= 0));
        missing_ = b.sent.load() - b.received.load();
        CHECK(b.torn.load() == 0);
        CHECK(b.strangers.load() == 0);
        const auto doubled = b.doubled.load() - doubled_before_;
        if (redelivers) {
            // A letter that a victim held may come again in a later round.
            twice_allowed_ += (how.what == role::take ? 1 : 0) + static_cast<std::uint32_t>(how.before.size());
            CHECK(b.doubled.load() <= twice_allowed_);
        } else {
            // By rendezvous, the sender still waits for a letter that a dead receiver was reading, and offers it again.
            CHECK(doubled <= (rendezvous && how.what == role::take ? 1 : 0));
            CHECK(b.disordered.load() <= disordered_before_ + doubled);
        }
        b.hold_sender.store(false);
        return took;
    }

    // ---- the survivors

    void pace(std::uint64_t& steps) const {
        ++steps;
        const auto whom = books_->wait_for.load();
        if (whom != 0) {
            for (int look = 0; look < 40; ++look) {
                const char now = state(whom);
                if (now == 'S' || now == 'Z' || now == '\0') {
                    break;
                }
                ::sched_yield();
            }
        }
    }

    [[nodiscard]] static char state(::pid_t whom) {
        std::array<char, 128> text{};
        const auto path = "/proc/" + std::to_string(whom) + "/stat";
        const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        const auto size = ::read(file, text.data(), text.size());
        ::close(file);
        const std::string_view stat(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
        const auto name_end = stat.rfind(") ");
        return name_end == stat.npos ? '\0' : stat[name_end + 2];
    }

    [[nodiscard]] std::chrono::milliseconds patience() const {
        return std::chrono::milliseconds(books_->patience_ms.load());
    }

    void send_on() {
        auto& b = *books_;
        sender_type out{open_or_create, name_, {.open_within = std::chrono::seconds(10)}};
        std::uint64_t steps = 0;
        for (std::uint32_t number = 0; !b.stop.load();) {
            if (b.hold_sender.load() || number == books::most) {
                b.sender_holds.store(true);
                ::sched_yield();
                continue;
            }
            b.sender_holds.store(false);
            if (b.hold_sender.load()) {
                continue;
            }
            pace(steps);
            bool done = false;
            if constexpr (sender_waits) {
                done = out.send_for(wrapped<message>(letter::make(letter::survivor, number)), patience());
            } else {
                done = out.try_send(wrapped<message>(letter::make(letter::survivor, number)));
            }
            if (done) {
                b.sent.store(++number);
            }
            ::sched_yield();
        }
    }

    void receive_on() {
        auto& b = *books_;
        auto in = std::make_unique<receiver_type>(name_);
        std::uint64_t steps = 0;
        auto last_survivor = books::no_number;
        auto last_victim = books::no_number;
        std::uint32_t round = 0;
        bool drained = true;  // holds still only then: victims that never wait need room
        b.hold_receiver.store(true);
        for (;;) {
            if (b.receiver_out.load()) {
                in.reset();
            }
            if ((b.hold_receiver.load() && drained) || b.receiver_out.load()) {
                b.receiver_holds.store(true);
                ::sched_yield();
                if (b.stop.load() && !b.hold_receiver.load()) {
                    return;
                }
                continue;
            }
            b.receiver_holds.store(false);
            if ((b.hold_receiver.load() && drained) || b.receiver_out.load()) {
                continue;
            }
            if (!in) {
                in = std::make_unique<receiver_type>(name_);
            }
            pace(steps);
            std::optional<message> it;
            if constexpr (receiver_waits) {
                it = in->receive_for(b.stop.load() ? std::chrono::milliseconds(50) : patience());
            } else {
                it = in->try_receive();
            }
            if (round != b.round.load()) {
                round = b.round.load();
                last_victim = books::no_number;
            }
            drained = !it;
            if (it) {
                b.note(unwrapped(*it), false, last_survivor, last_victim);
            } else if (b.stop.load()) {
                return;
            }
        }
    }

    // ---- the victims

    void work(role what, std::uint32_t steps) {
        if (sends(what)) {
            work_as_sender(what, steps);
        } else {
            work_as_receiver(what, steps);
        }
    }

    /// How long a victim goes on that does not come to the place where it is to die.
    [[nodiscard]] std::chrono::milliseconds longest() const {
        return std::chrono::milliseconds(books_->receiver_holds.load() ? 300 : 1000);
    }

    void work_as_sender(role what, std::uint32_t steps) {
        auto& b = *books_;
        const auto round = b.round.load();
        std::uint32_t number = b.victim_tried.load();
        const auto until = clock::now() + longest();
        const options patient{.open_within = std::chrono::seconds(10)};
        auto out = std::make_unique<sender_type>(open_or_create, name_, patient);
        for (std::uint32_t step = 0; step < steps && clock::now() < until; ++step) {
            if (what == role::come_and_send && step != 0) {
                out.reset();
                out = std::make_unique<sender_type>(open_or_create, name_, patient);
            }
            if (what == role::send_batch) {
                std::array<message, batch_size> batch;
                for (std::uint32_t index = 0; index < batch_size; ++index) {
                    batch[index] = wrapped<message>(letter::make(round, number + index));
                }
                b.victim_tried.store(number + batch_size);
                std::size_t sent = out->try_send(batch);
                if constexpr (sender_waits) {
                    while (sent != batch_size) {
                        sent += out->send_for(batch[sent], std::chrono::milliseconds(500)) ? 1 : 0;
                        if (clock::now() >= until) {
                            break;
                        }
                    }
                }
                number += static_cast<std::uint32_t>(sent);
                b.victim_sent.store(number);
                continue;
            }
            b.victim_tried.store(number + 1);
            if (post(*out, what, wrapped<message>(letter::make(round, number)), step)) {
                b.victim_sent.store(++number);
            }
        }
    }

    [[nodiscard]] bool post(sender_type& out, role what, const message& it, [[maybe_unused]] std::uint32_t step) {
        if constexpr (in_place) {
            if (what == role::loan) {
                auto slot = lent_for(out, it);
                if (!slot) {
                    return false;
                }
                if (step % 3 == 2) {
                    return false;  // let go
                }
                if constexpr (C::payload::stays) {  // a place in the link is found only now
                    return out.try_send(*slot);
                } else {
                    out.send(std::move(*slot));
                    return true;
                }
            }
        }
        if constexpr (sender_waits) {
            if (what != role::try_send) {
                return out.send_for(it, std::chrono::milliseconds(500));
            }
        }
        return out.try_send(it);
    }

    /// A loan with the message in it, if there is one.
    [[nodiscard]] static auto lent_for(sender_type& out, const message& it) {
        if constexpr (std::is_same_v<message, letter_in_bytes>) {
            auto slot = out.try_loan(it.size());
            if (slot) {
                slot->resize(it.size());
                std::memcpy(slot->room().data(), it.data(), it.size());
            }
            return slot;
        } else {
            auto slot = out.try_loan();
            if (slot) {
                **slot = it;
            }
            return slot;
        }
    }
    template <class Held>
    [[nodiscard]] static decltype(auto) content_of(const Held& held) {
        if constexpr (std::is_same_v<message, letter_in_bytes>) {
            return held.content();
        } else {
            return *held;
        }
    }

    void work_as_receiver(role what, std::uint32_t steps) {
        auto& b = *books_;
        auto last_survivor = books::no_number;
        auto last_victim = books::no_number;
        const auto until = clock::now() + longest();
        auto in = std::make_unique<receiver_type>(name_);
        for (std::uint32_t step = 0; step < steps && clock::now() < until; ++step) {
            if (what == role::come_and_receive && step != 0) {
                in.reset();
                in = std::make_unique<receiver_type>(name_);
            }
            if constexpr (in_place) {
                if (what == role::take) {
                    if (auto it = in->try_take()) {
                        b.note(unwrapped(content_of(*it)), true, last_survivor, last_victim);
                        PARLEY_CRASH_POINT("test: message held, not released");
                    } else {
                        ::sched_yield();
                    }
                    continue;
                }
            }
            if (what == role::receive_batch) {
                std::array<message, batch_size> batch;
                const auto count = in->try_receive(batch);
                for (std::size_t index = 0; index < count; ++index) {
                    b.note(unwrapped(batch[index]), true, last_survivor, last_victim);
                }
                if (count == 0) {
                    ::sched_yield();
                }
                continue;
            }
            std::optional<message> it;
            if constexpr (receiver_waits) {
                it = what == role::try_receive ? in->try_receive() : in->receive_for(std::chrono::milliseconds(100));
            } else {
                it = in->try_receive();
            }
            if (it) {
                b.note(unwrapped(*it), true, last_survivor, last_victim);
            }
        }
    }

    std::string name_;
    std::set<int> segments_before_;  // of others, whose numbers of processes may come again
    shared<books> books_;
    std::optional<child> receiver_;
    std::optional<child> sender_;
    std::set<::pid_t> pids_;
    std::uint32_t missing_ = 0;
    std::uint32_t doubled_before_ = 0;
    std::uint32_t twice_allowed_ = 0;  // in all rounds so far
    std::uint32_t disordered_before_ = 0;
    double slowest_ = 0.0;
    unsigned dead_ = 0;
    unsigned unreached_ = 0;
};

}  // namespace parley::test
