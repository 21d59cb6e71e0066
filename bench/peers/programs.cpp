#include "all_series.hpp"
#include "program_pair.hpp"
#include "support/message.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

/// The peers that are programs, built by bench/run into the folder that PARLEY_BENCH_PEERS names.

namespace bench {

namespace {

[[nodiscard]] std::filesystem::path built(const std::string& what) {
    const char* const folder = std::getenv("PARLEY_BENCH_PEERS");
    return folder == nullptr ? std::filesystem::path() : std::filesystem::path(folder) / what;
}

void add(suite& measured, const std::string& who, const std::shared_ptr<peers::program_pair>& pair) {
    constexpr std::uint32_t rounds_between = 9;  // several times as long as others
    constexpr double run_seconds = 0.05;
    for (const std::size_t bytes : {64U, 1024U, 16384U, 65536U}) {
        std::string name = who + "/latency";
        if (bytes != sizeof(message)) {
            name += "/bytes:" + std::to_string(bytes);
        }
        measured.add(
            name, unit::nanoseconds, 20'000,
            [pair, bytes](std::uint64_t messages) { return pair->latency(bytes, messages); }, run_seconds,
            rounds_between);
    }
    measured.add(
        who + "/stream", unit::messages_per_second, 200'000,
        [pair](std::uint64_t messages) { return pair->stream(64, messages); }, run_seconds, rounds_between);
}

}  // namespace

void add_aeron(suite& measured) {
    const auto classes = built("aeron/classes");
    if (!std::filesystem::exists(classes / "Peer.class")) {
        measured.missing("Aeron (mvn, and a JDK)");
        return;
    }
    const auto libraries = (classes.parent_path() / "lib").string() + "/*";
    const auto meeting = "/dev/shm/parley-bench-aeron-" + std::to_string(::getpid());
    // Java 16 and newer refuse what Aeron does to files and buffers if they are not told.
    const std::vector<std::string> command{"java",
                                           "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                                           "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
                                           "-Xms64m",
                                           "-Xmx256m",
                                           "-cp",
                                           classes.string() + ":" + libraries,
                                           "Peer",
                                           meeting};
    auto driver = command;
    driver.emplace_back("driver");
    add(measured, "peer.aeron", std::make_shared<peers::program_pair>(command, driver));
}

void add_iceoryx2(suite& measured) {
    const auto program = built("iceoryx2/release/peer");
    if (!std::filesystem::exists(program)) {
        measured.missing("iceoryx2 (cargo >= 1.85)");
        return;
    }
    const auto meeting = "parley-bench-" + std::to_string(::getpid());
    add(measured, "peer.iceoryx2",
        std::make_shared<peers::program_pair>(std::vector<std::string>{program.string(), meeting}));
}

}  // namespace bench
