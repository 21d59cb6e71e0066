#include "all_series.hpp"
#include "reference/plain_spsc.hpp"
#include "support/latency.hpp"
#include "support/plain_ends.hpp"
#include "support/whole_message.hpp"

#include <parley/payload/measure_crossover.hpp>

#include <cstddef>
#include <string>

/// The question of the textbook: does a message travel, or does it stay while a reference to it travels?

namespace bench {

namespace {

constexpr double run_seconds = 0.05;
constexpr std::uint32_t rounds_between = 5;

/// What a reference is: 24 bytes.
using descriptor = message_of<24>;

using spinning = parley::blocking_on<parley::spin>;

/// Polling, over the kernel too: to write a large message takes longer than a side looks before it sleeps, and then
/// what is measured is how long it takes to wake up.
template <class Message, class Transport, class... Words>
using way = parley::channel<Message, Transport, parley::port, parley::bounded<4>, Words...>;

constexpr std::size_t kibi = 1024;
constexpr std::size_t mebi = 1024 * kibi;
constexpr std::size_t largest = 16 * mebi;

template <class Transport, std::size_t Size, class... Words>
class sizes_of {
    using content = message_of<Size>;
    using copied = way<content, Transport, Words...>;
    using mapped = way<content, Transport, parley::map, Words...>;
    using adapted = way<parley::bytes<largest>, Transport, parley::adaptive<>, Words...>;

public:
    sizes_of(suite& measured, std::string transport) : measured_(measured), transport_(std::move(transport)) {}

    void add() {
        if constexpr (parley::composable<content, Transport, parley::port, parley::bounded<4>, Words...>) {
            add("copy", whole_message_latency<copied, copying_end, use::every_byte>);
            add("copy_hand_over", whole_message_latency<copied, copying_end, use::hand_over>);
        }
        add("map", whole_message_latency<mapped, mapping_end, use::every_byte>);
        add("adaptive", whole_message_latency<adapted, sized<Size>::template end, use::every_byte>);
        measured_.add({"adaptive over the better of copy and map, " + transport_ + ", " + std::to_string(Size) + " B",
                       name_of("adaptive"),
                       {name_of("copy"), name_of("map")},
                       bar::direction::at_most,
                       1.1});
        add("map_hand_over", whole_message_latency<mapped, mapping_end, use::hand_over>);
    }

    [[nodiscard]] std::string name_of(const std::string& how) const {
        return transport_ + "." + how + "/latency" + in_bytes<content>();
    }

private:
    void add(const std::string& how, measurement (*run)(std::uint64_t)) {
        measured_.add(name_of(how), unit::nanoseconds, 200, run, run_seconds, rounds_between);
    }

    suite& measured_;
    std::string transport_;
};

template <class Transport, std::size_t... Sizes>
void add_over(suite& measured, const std::string& transport) {
    (sizes_of<Transport, Sizes, spinning>(measured, transport).add(), ...);
    constexpr auto mebibyte = std::size_t{1} << 20;
    using large = message_of<mebibyte>;
    if constexpr (parley::composable<large, Transport, parley::port, parley::bounded<4>>) {
        const sizes_of<Transport, mebibyte, spinning> named(measured, transport);
        const auto add_bar = [&](const std::string& what, const std::string& how, double limit) {
            measured.add({"1 MiB over " + transport + ", " + what + ", copy over map",
                          named.name_of("copy" + how),
                          {named.name_of("map" + how)},
                          bar::direction::at_least,
                          limit});
        };
        add_bar("every byte", "", 1.5);
        add_bar("handed over", "_hand_over", 10);
    }
}

/// A link in shared memory has one sender and one receiver each way, as the plain ring has.
template <std::size_t Size>
[[nodiscard]] std::string add_over_a_link(suite& measured) {
    using content = message_of<Size>;
    using mapped = parley::channel<content, parley::shm, parley::direct, parley::bounded<4>, parley::map,
                                   parley::blocking_on<parley::spin>>;
    auto name = "shm_direct.map_hand_over/latency" + in_bytes<content>();
    measured.add(name, unit::nanoseconds, 200, whole_message_latency<mapped, mapping_end, use::hand_over>, run_seconds,
                 rounds_between);
    return name;
}

/// The blocks in segments of their own, against all of them in one.
template <std::size_t Size, class... Words>
void add_many_segments(suite& measured) {
    using content = message_of<Size>;
    using scattered = way<content, parley::shm, parley::map_by<parley::many_segments>, Words...>;
    const auto add = [&](const std::string& how, const std::string& what, auto run) {
        const auto name = "shm.map_by_many_segments" + how + "/latency" + in_bytes<content>();
        measured.add(name, unit::nanoseconds, 200, run, run_seconds, rounds_between);
        measured.add({"many segments over one, shm, " + what + ", " + std::to_string(Size) + " B",
                      name,
                      {"shm.map" + how + "/latency" + in_bytes<content>()},
                      bar::direction::told,
                      0});
    };
    add("", "every byte", whole_message_latency<scattered, mapping_end, use::every_byte>);
    add("_hand_over", "handed over", whole_message_latency<scattered, mapping_end, use::hand_over>);
}

template <class Transport>
[[nodiscard]] std::string crossover_of() {
    const auto found = parley::measure_crossover<Transport>();
    return std::string(Transport::name) + " " + std::to_string(found.threshold);
}

}  // namespace

void add_copy_against_map(suite& measured) {
    const std::string transport = "shm";
    const std::string plain_descriptors = "plain_descriptors/latency/bytes:24";
    measured.add(plain_descriptors, unit::nanoseconds, 5'000,
                 latency<ring_pair<reference::slot_sequence_ring<descriptor, 64>, descriptor>>, run_seconds,
                 rounds_between);
    const auto small_over_a_link = add_over_a_link<64>(measured);
    const auto large_over_a_link = add_over_a_link<mebi>(measured);
    sizes_of<parley::shm, 64, spinning>(measured, transport).add();
    add_many_segments<64, spinning>(measured);
    sizes_of<parley::shm, kibi, spinning>(measured, transport).add();
    sizes_of<parley::shm, 4 * kibi, spinning>(measured, transport).add();
    sizes_of<parley::shm, 16 * kibi, spinning>(measured, transport).add();
    sizes_of<parley::shm, 64 * kibi, spinning>(measured, transport).add();
    add_many_segments<64 * kibi, spinning>(measured);
    sizes_of<parley::shm, 256 * kibi, spinning>(measured, transport).add();
    sizes_of<parley::shm, mebi, spinning>(measured, transport).add();
    add_many_segments<mebi, spinning>(measured);
    sizes_of<parley::shm, 4 * mebi, spinning>(measured, transport).add();
    sizes_of<parley::shm, 16 * mebi, spinning>(measured, transport).add();

    const auto named = [](const std::string& how, std::size_t size) {
        return "shm." + how + "/latency" + (size == 64 ? "" : "/bytes:" + std::to_string(size));
    };
    using enum bar::direction;
    measured.add({"map in shm, handed over, 1 MiB over 64 B",
                  named("map_hand_over", mebi),
                  {named("map_hand_over", 64)},
                  at_most,
                  1.3});
    measured.add({"map over a direct link in shm, handed over, 1 MiB over 64 B",
                  large_over_a_link,
                  {small_over_a_link},
                  at_most,
                  1.3});
    measured.add({"map in shm, handed over, over a plain ring of descriptors",
                  named("map_hand_over", 64),
                  {plain_descriptors},
                  at_most,
                  1.3});
    measured.add(
        {"map over a direct link in shm, handed over, over the same", small_over_a_link, {plain_descriptors}, told, 0});
    measured.add({"1 MiB in shm, every byte, copy over map", named("copy", mebi), {named("map", mebi)}, at_least, 1.3});
}

void add_copy_against_map_over_the_kernel(suite& measured) {
    add_over<parley::mqueue, 64, 4 * kibi, 64 * kibi, mebi>(measured, "mqueue");
    add_over<parley::fifo, 64, 4 * kibi, 64 * kibi, mebi>(measured, "fifo");
    add_over<parley::unix_stream, 64, 4 * kibi, 64 * kibi, mebi>(measured, "unix_stream");
    add_over<parley::unix_seqpacket, 64, 4 * kibi, 64 * kibi, mebi>(measured, "unix_seqpacket");
}

std::string crossovers() {
    return crossover_of<parley::shm>() + ", " + crossover_of<parley::mqueue>() + ", " + crossover_of<parley::fifo>() +
           ", " + crossover_of<parley::unix_stream>() + ", " + crossover_of<parley::unix_seqpacket>() + ", " +
           crossover_of<parley::unix_datagram>();
}

}  // namespace bench
