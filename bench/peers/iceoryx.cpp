#include "../support/machine.hpp"
#include "../support/program.hpp"
#include "peer_series.hpp"

#include <iceoryx_hoofs/log/logmanager.hpp>
#include <iceoryx_posh/popo/publisher.hpp>
#include <iceoryx_posh/popo/subscriber.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <sched.h>

namespace bench {

namespace {

using namespace iox;

/// The daemon through which publishers and subscribers find each other; it carries nothing.
class roudi {
public:
    void go_on() {
        if (!running_) {
            running_ = std::make_unique<program>(
                std::vector<std::string>{"sh", "-c", "exec iox-roudi --monitoring-mode off --log-level off 2>&1"}, 0);
            while (running_->answer().find("ready") == std::string::npos) {
            }
        }
        running_->go_on();
    }
    void stop() { running_->stop(); }

private:
    std::unique_ptr<program> running_;
};

/// What a process has with the daemon. Our processes end by _exit, which destroys no static objects; the daemon must
/// hear of the end all the same, or holds the next one of that name for a second.
class registration {
public:
    explicit registration(const std::string& me) {
        log::LogManager::GetLogManager().SetDefaultLogLevel(log::LogLevel::kOff, log::LogLevelOutput::kHideLogLevel);
        runtime_ = &runtime::PoshRuntime::initRuntime(RuntimeName_t(cxx::TruncateToCapacity, me));
    }
    registration(const registration&) = delete;
    registration& operator=(const registration&) = delete;
    ~registration() { runtime_->~PoshRuntime(); }

private:
    runtime::PoshRuntime* runtime_ = nullptr;
};

/// A publisher there and a subscriber back. What is sent is copied into the loaned sample, and what is received out of
/// it, as everybody does in this comparison.
template <class Message>
class iceoryx_end {
public:
    iceoryx_end(const std::string& me, const std::string& out, const std::string& in)
        : registered_(me),
          out_(named(out), {.subscriberTooSlowPolicy = popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER}),
          in_(named(in), {.queueFullPolicy = popo::QueueFullPolicy::BLOCK_PRODUCER}) {
        // What is sent before the other side subscribes is lost.
        while (!out_.hasSubscribers() || in_.getSubscriptionState() != SubscribeState::SUBSCRIBED) {
            ::sched_yield();
        }
    }

    void send(const Message& given) {
        auto loaned = out_.loan();
        if (loaned.has_error()) {
            throw std::runtime_error("nothing to loan");
        }
        std::memcpy(loaned->get(), &given, sizeof given);
        loaned->publish();
    }

    [[nodiscard]] Message receive() {
        for (;;) {
            auto taken = in_.take();
            if (!taken.has_error()) {
                Message result;
                std::memcpy(&result, taken->get(), sizeof result);
                return result;
            }
            pause();
        }
    }

private:
    static capro::ServiceDescription named(const std::string& direction) {
        return {"parley", "bench", capro::IdString_t(cxx::TruncateToCapacity, direction)};
    }

    registration registered_;
    popo::Publisher<Message> out_;
    popo::Subscriber<Message> in_;
};

template <class Message>
class iceoryx {
    using end = iceoryx_end<Message>;

public:
    using message_type = Message;

    iceoryx() = default;
    explicit iceoryx(crowd) {}

    [[nodiscard]] end left() const { return end("parley-bench-left", "there", "back"); }
    [[nodiscard]] end right() const { return end("parley-bench-right", "back", "there"); }
    [[nodiscard]] end producer() const { return left(); }
    [[nodiscard]] end consumer() const { return right(); }
};

/// `measured.add` with the daemon awake during each run.
template <class Run>
[[nodiscard]] auto with(const std::shared_ptr<roudi>& daemon, Run run) {
    return [daemon, run](std::uint64_t messages) {
        daemon->go_on();
        const measurement result = run(messages);
        daemon->stop();
        return result;
    };
}

}  // namespace

void add_iceoryx(suite& measured) {
    const auto daemon = std::make_shared<roudi>();
    const std::string who = "peer.iceoryx";
    const auto add_latency_of = [&]<class Message>(std::type_identity<Message>) {
        measured.add(who + "/latency" + in_bytes<Message>(), unit::nanoseconds, 2'000,
                     with(daemon, latency<iceoryx<Message>>), 0.03, peer_rounds_between);
    };
    add_latency_of(std::type_identity<message>{});
    add_latency_of(std::type_identity<message_of<1024>>{});
    add_latency_of(std::type_identity<message_of<16384>>{});
    add_latency_of(std::type_identity<message_of<65536>>{});
    measured.add(who + "/stream", unit::messages_per_second, 20'000,
                 with(daemon, [](std::uint64_t messages) { return stream<iceoryx<message>>({}, messages); }), 0.03,
                 peer_rounds_between);
}

}  // namespace bench
