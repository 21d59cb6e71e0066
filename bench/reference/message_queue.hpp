#pragma once

#include "../support/message.hpp"
#include "../support/stream.hpp"

#include <boost/interprocess/ipc/message_queue.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>

#include <unistd.h>

namespace bench::reference {

/// Boost.Interprocess's own queue: a mutex and two condition variables around a heap of messages in shared memory. The
/// setup of a stream.
class message_queue {
    using queue = boost::interprocess::message_queue;

    class end {
    public:
        explicit end(const std::string& name) : queue_(boost::interprocess::open_only, name.c_str()) {}

        void send(const message& given) { queue_.send(&given, sizeof given, 0); }

        [[nodiscard]] message receive() {
            message taken;
            queue::size_type size = 0;
            unsigned priority = 0;
            queue_.receive(&taken, sizeof taken, size, priority);
            if (size != sizeof taken) {
                throw std::runtime_error("a message of another size");
            }
            return taken;
        }

    private:
        queue queue_;
    };

    static constexpr std::size_t capacity = 1024;
    std::string name_ = "parley_bench_message_queue_" + std::to_string(::getpid());

public:
    explicit message_queue(crowd) {
        queue::remove(name_.c_str());
        queue(boost::interprocess::create_only, name_.c_str(), capacity, sizeof(message));
    }
    message_queue(const message_queue&) = delete;
    message_queue& operator=(const message_queue&) = delete;
    ~message_queue() { queue::remove(name_.c_str()); }

    [[nodiscard]] end producer() const { return end(name_); }
    [[nodiscard]] end consumer() const { return end(name_); }
};

}  // namespace bench::reference
