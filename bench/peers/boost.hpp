#pragma once

#include "../support/message.hpp"
#include "../support/stream.hpp"

#include <boost/interprocess/ipc/message_queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>

#include <unistd.h>

namespace bench::peers {

/// Boost.Interprocess's own queue: a mutex and two condition variables around a heap of messages in shared memory. The
/// setup of a ping-pong, over two of them, and of a stream.
template <class Message = message, std::size_t capacity = 1024>
class boost_message_queue {
    using queue = boost::interprocess::message_queue;

    class end {
    public:
        end(const std::string& out, const std::string& in)
            : out_(boost::interprocess::open_only, out.c_str()), in_(boost::interprocess::open_only, in.c_str()) {}

        void send(const Message& given) { out_.send(&given, sizeof given, 0); }

        [[nodiscard]] Message receive() {
            Message taken;
            queue::size_type size = 0;
            unsigned priority = 0;
            in_.receive(&taken, sizeof taken, size, priority);
            if (size != sizeof taken) {
                throw std::runtime_error("a message of another size");
            }
            return taken;
        }

    private:
        queue out_;
        queue in_;
    };

public:
    using message_type = Message;

    boost_message_queue() {
        for (const auto& name : {there_, back_}) {
            queue::remove(name.c_str());
            queue(boost::interprocess::create_only, name.c_str(), capacity, sizeof(Message));
        }
    }
    explicit boost_message_queue(crowd) : boost_message_queue() {}
    boost_message_queue(const boost_message_queue&) = delete;
    boost_message_queue& operator=(const boost_message_queue&) = delete;
    ~boost_message_queue() {
        queue::remove(there_.c_str());
        queue::remove(back_.c_str());
    }

    [[nodiscard]] end left() const { return end(there_, back_); }
    [[nodiscard]] end right() const { return end(back_, there_); }
    [[nodiscard]] end producer() const { return left(); }
    [[nodiscard]] end consumer() const { return right(); }

    [[nodiscard]] static measurement memory(std::uint64_t) {
        const boost_message_queue made;
        return {static_cast<double>(std::filesystem::file_size("/dev/shm/" + made.there_)), 1e-6};
    }

private:
    std::string there_ = "parley-bench-" + std::to_string(::getpid()) + "-there";
    std::string back_ = "parley-bench-" + std::to_string(::getpid()) + "-back";
};

/// Boost.Lockfree's ring of fixed capacity, which may lie in shared memory.
template <class Message, std::size_t capacity>
class lockfree_ring {
public:
    [[nodiscard]] bool try_send(const Message& given) noexcept { return ring_.push(given); }
    [[nodiscard]] bool try_receive(Message& taken) noexcept { return ring_.pop(taken); }
    [[nodiscard]] std::size_t try_send(std::span<const Message> given) noexcept {
        return ring_.push(given.data(), given.size());
    }
    [[nodiscard]] std::size_t try_receive(std::span<Message> taken) noexcept {
        return ring_.pop(taken.data(), taken.size());
    }

    [[nodiscard]] static measurement memory(std::uint64_t) { return {sizeof(lockfree_ring), 1e-6}; }

private:
    boost::lockfree::spsc_queue<Message, boost::lockfree::capacity<capacity>> ring_;
};

}  // namespace bench::peers
