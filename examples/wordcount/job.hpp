#pragma once

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <unistd.h>

#include <parley/parley.hpp>

#include "family.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "texts.hpp"
#include "words.hpp"

/// The job, for any composition of the mailbox:
///
///     reader --- lines ---> (mailbox) ---> worker 1 ... W --- reports ---> (port) ---> collector
///
/// Where the transport has no mailboxes, each worker has a port of its own, and the reader sends to them in turn.
///
/// The collector is the parent of all, so it learns from the kernel who has died, and nobody has to be told that the
/// lines are at an end by a message that could be lost: when everything has been sent the collector *removes* the
/// mailbox. What is in it can still be received; after that, every worker that is left gets `errc::closed`.

namespace wordcount {

/// What the reader sends: a piece of text with the byte before it (see `for_each_piece`).
using piece = parley::bytes<1024>;

/// Where the reports go, for lines that travel by `Lines`: to a port on the same transport, with the same waiting; in
/// shared memory where reports are too large for the transport.
template <class Lines>
struct reports_channel_for {
    template <class Transport>
    using over = std::type_identity<parley::channel<report, parley::port, Transport, typename Lines::synchronization>>;
    static constexpr auto choose() {
        using transport = typename Lines::transport;
        if constexpr (parley::composable<report, parley::port, transport, typename Lines::synchronization>) {
            return over<transport>{};
        } else {
            return over<parley::shm>{};
        }
    }
    using type = typename decltype(choose())::type;
};
template <class Lines>
using reports_for = typename reports_channel_for<Lines>::type;

/// Whether the workers share one channel for the lines, or have one each.
template <class Lines>
inline constexpr bool shared_lines = Lines::addressing::many_receivers;

/// How much a worker of an `at_most_once` mailbox gathers in a report, at most: what its death can cost.
inline constexpr std::size_t pieces_per_report = 4096;
inline constexpr std::size_t pieces_per_batch = 64;

struct job {
    const std::vector<std::string>& texts;
    std::uint32_t workers;
    bool kill_worker;
    const tally& expected;
    const volatile std::sig_atomic_t& stop;
};

struct outcome {
    counts counted;
    std::optional<std::uint64_t> sent;  ///< messages; none if the reader did not come to the end
    std::vector<std::string> failures;  ///< who ended in another way than planned
    std::string killed;                 ///< whom `kill_worker` met
    bool may_lose = false;              ///< by the composition, when a worker is killed
    bool interrupted = false;
    double seconds = 0;
};

/// A channel name that no other run uses, and that is gone at the end.
template <class C>
class channel_name {
public:
    explicit channel_name(std::string_view what)
        : name_("wordcount-" + std::to_string(::getpid()) + "-" + std::string(what)) {
        if (C::transport::capabilities.survives_reboot) {  // its name is the path of a file
            name_ = (std::filesystem::temp_directory_path() / name_).string();
        }
        remove();  // left by a process of the same number that was killed
    }
    channel_name(const channel_name&) = delete;
    channel_name& operator=(const channel_name&) = delete;
    ~channel_name() { remove(); }

    void remove() noexcept {
        std::error_code ignored;
        C::remove(name_, ignored);
    }
    operator std::string_view() const noexcept { return name_; }
    operator std::string() const { return name_; }

private:
    std::string name_;
};

/// The others wait for the collector to make the channels.
inline constexpr parley::options patient{.open_within = std::chrono::seconds(30)};

template <class Lines>
void read(const std::vector<std::string>& texts, const std::vector<std::string>& lines, std::string_view reports) {
    std::vector<parley::sender<Lines>> outs;
    for (const auto& each : lines) {
        outs.emplace_back(parley::open_only, each, patient);
    }
    parley::sender<reports_for<Lines>> collector{reports, patient};
    std::size_t turn = 0;

    report sent;
    std::vector<piece> batch(pieces_per_batch);
    std::size_t filled = 0;
    const auto flush = [&] {
        for (std::span rest{std::as_const(batch).data(), filled}; !rest.empty();) {
            std::error_code code;
            const auto to = outs.begin() + static_cast<std::ptrdiff_t>(turn++ % outs.size());
            const auto accepted = to->send(rest, code);
            sent.counted.messages += accepted;
            rest = rest.subspan(accepted);
            if (code && outs.size() > 1) {
                outs.erase(to);  // its worker was killed: the others do its work
            } else if (code) {
                throw std::system_error(code);
            }
        }
        filled = 0;
    };
    for (const auto& text : texts) {
        for_each_piece(text, piece::max_size, [&](std::string_view content) {
            batch[filled++].assign(content);
            if (filled == batch.size()) {
                flush();
            }
        });
    }
    flush();
    collector.send(sent);
}

/// Receives batches and reports many pieces at a time: fast, and what has not been reported dies with the process.
template <class Lines>
void count_in_batches(parley::receiver<Lines>& in, parley::sender<reports_for<Lines>>& out, std::uint32_t number) {
    report_builder gathered{number};
    const auto flush = [&] {
        out.send(gathered.content());
        gathered.clear();
    };
    std::vector<piece> batch(pieces_per_batch);
    std::error_code end;
    while (const auto received = in.receive(std::span{batch}, end)) {
        for (const auto& each : std::span{batch}.first(received)) {
            const auto content = each.as_string_view();
            if (gathered.content().counted.messages == pieces_per_report || !gathered.has_room_for(content)) {
                flush();
            }
            gathered.add(content);
        }
    }
    if (end != parley::errc::closed) {
        throw std::system_error(end);
    }
    flush();
}

/// Holds each piece until it has been reported: if this process dies, the mailbox gives the piece to another.
template <class Lines>
void count_one_by_one(parley::receiver<Lines>& in, parley::sender<reports_for<Lines>>& out, std::uint32_t number) {
    report_builder single{number};
    try {
        for (;;) {
            const auto held = in.take();
            const auto content = held.content();
            single.add({reinterpret_cast<const char*>(content.data()), content.size()});
            out.send(single.content());
            single.clear();
        }
    } catch (const parley::error& failure) {
        if (failure.code() != parley::errc::closed) {
            throw;
        }
    }
}

template <class Lines>
void work(std::uint32_t number, std::string_view lines, std::string_view reports) {
    auto in = shared_lines<Lines> ? parley::receiver<Lines>{parley::open_only, lines, patient}
                                  : parley::receiver<Lines>{lines};
    parley::sender<reports_for<Lines>> out{reports, patient};
    out.send(report_builder{number}.content());  // empty: "I am there"
    if constexpr (Lines::addressing::delivery::redelivers) {
        count_one_by_one<Lines>(in, out, number);
    } else {
        count_in_batches<Lines>(in, out, number);
    }
}

template <class Lines>
class collector {
    using reports_channel = reports_for<Lines>;
    static constexpr bool redelivers = Lines::addressing::delivery::redelivers;

public:
    explicit collector(const job& todo) : todo_(todo), there_(todo.workers + 1, false) {}

    outcome run() {
        const auto start = std::chrono::steady_clock::now();
        for (std::uint32_t number = 0; number < (shared_lines<Lines> ? 1 : todo_.workers); ++number) {
            lines_.emplace_back("lines-" + std::to_string(number));
        }
        const std::vector<std::string> names(lines_.begin(), lines_.end());
        children_.start("reader", [&] { read<Lines>(todo_.texts, names, reports_); });
        for (std::uint32_t number = 1; number <= todo_.workers; ++number) {
            const auto& name = names[shared_lines<Lines> ? 0 : number - 1];
            children_.start("worker " + std::to_string(number), [&] { work<Lines>(number, name, reports_); });
        }
        parley::receiver<reports_channel> in{parley::create_only, reports_};
        std::optional<parley::sender<Lines>> maker;  // stays, in case that the mailbox goes with whoever made it
        if constexpr (shared_lines<Lines>) {
            maker.emplace(parley::create_only, lines_.front());
        }

        progress_bar progress{todo_.expected.bytes};
        while (children_.anybody_alive() && todo_.stop == 0) {
            receive_for(std::chrono::milliseconds(20), in);
            children_.look();
            kill_one_in_time();
            close_in_time();
            progress.show(result_.counted.total.bytes, result_.counted.total.messages);
        }
        result_.interrupted = todo_.stop != 0;
        children_.kill_all(SIGTERM);  // after an interruption
        while (const auto rest = in.try_receive()) {
            merge(*rest);
        }
        result_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        result_.may_lose = !redelivers;
        for (std::size_t index = 0; index < children_.size(); ++index) {
            if (!children_[index].ended_well() && victim_ != index) {
                result_.failures.push_back(children_[index].name);
            }
        }
        return std::move(result_);
    }

private:
    void receive_for(std::chrono::milliseconds duration, parley::receiver<reports_channel>& in) {
        const auto until = std::chrono::steady_clock::now() + duration;
        while (std::chrono::steady_clock::now() < until) {
            if (const auto next = in.receive_until(until)) {
                merge(*next);
            }
        }
    }

    void merge(const report& next) {
        if (next.from == report::reader) {
            result_.sent = next.counted.messages;
            return;
        }
        there_.at(next.from) = true;
        result_.counted.total += next.counted;
        next.for_each_word([&](std::string_view word, std::uint32_t times) { result_.counted.words.add(word, times); });
    }

    /// Some way into the job, or before its end if it is a short one.
    void kill_one_in_time() {
        const bool far_enough = result_.counted.total.bytes >= todo_.expected.bytes / 3;
        if (!todo_.kill_worker || victim_ || !(far_enough || everything_sent())) {
            return;
        }
        for (std::size_t number = 1; number <= todo_.workers; ++number) {
            if (children_[number].alive && there_[number]) {
                ::kill(children_[number].pid, SIGKILL);
                victim_ = number;
                result_.killed = children_[number].name + " (process " + std::to_string(children_[number].pid) + ")";
                return;
            }
        }
    }

    /// Removes the mailbox when no message will be sent any more, or none received.
    ///
    /// Each worker that lives must have attached: who came later would not find the mailbox. And with redelivery the
    /// workers stay until all is counted, for one of them may die and leave a message to the others.
    void close_in_time() {
        if (closed_) {
            return;
        }
        bool all_there = true;
        bool any_worker = false;
        for (std::size_t number = 1; number <= todo_.workers; ++number) {
            all_there = all_there && (there_[number] || !children_[number].alive);
            any_worker = any_worker || children_[number].alive;
        }
        const bool all_counted = !redelivers || result_.counted.total.messages >= result_.sent.value_or(0);
        if (!any_worker || (everything_sent() && all_there && all_counted)) {
            for (auto& each : lines_) {
                each.remove();
            }
            closed_ = true;
        }
    }

    /// Also when the reader has died: more will not come.
    [[nodiscard]] bool everything_sent() const {
        const auto& reader = children_[report::reader];
        return result_.sent || (!reader.alive && !reader.ended_well());
    }

    const job& todo_;
    std::list<channel_name<Lines>> lines_;
    channel_name<reports_channel> reports_{"reports"};
    family children_;
    std::vector<bool> there_;  // by number: the worker has attached
    std::optional<std::size_t> victim_;
    bool closed_ = false;
    outcome result_;
};

template <class Lines>
outcome run(const job& todo) {
    return collector<Lines>{todo}.run();
}

}  // namespace wordcount
