#pragma once

#include "../../support/machine.hpp"
#include "descriptor.hpp"
#include "ends.hpp"
#include "pipes.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include <fcntl.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

namespace bench::reference {

struct mqueue_calls {
    static constexpr const char* write_name = "mq_send";
    static constexpr const char* read_name = "mq_receive";
    static ::ssize_t write(int queue, const void* bytes, std::size_t size) noexcept {
        return ::mq_send(queue, static_cast<const char*>(bytes), size, 0) == 0 ? static_cast<::ssize_t>(size) : -1;
    }
    static ::ssize_t read(int queue, void* bytes, std::size_t size) noexcept {
        return ::mq_receive(queue, static_cast<char*>(bytes), size, nullptr);
    }
};

/// POSIX queues, one each way. On Linux their descriptors are those of files.
struct mqueue {
    static both_sides open(std::size_t capacity, std::size_t size) {
        return two_ways(queue("there", capacity, size), queue("back", capacity, size));
    }

    template <class Message, class Waiting>
    using end = message_end<mqueue_calls, Message, Waiting>;

private:
    static way queue(const std::string& direction, std::size_t capacity, std::size_t size) {
        const std::string name = "/parley-bench-" + std::to_string(::getpid()) + "-" + direction;
        ::mq_attr wanted{};
        wanted.mq_maxmsg = static_cast<long>(capacity);
        wanted.mq_msgsize = static_cast<long>(size);
        way result;
        result.write = descriptor(
            checked(::mq_open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &wanted), "mq_open"));
        result.read = descriptor(::mq_open(name.c_str(), O_RDONLY | O_CLOEXEC));
        ::mq_unlink(name.c_str());
        checked(result.read.get(), "mq_open");
        return result;
    }
};

/// A System V queue, which goes with the object in the process that made it.
class sysv_queue {
public:
    sysv_queue(std::size_t capacity, std::size_t size)
        : id_(checked(::msgget(IPC_PRIVATE, IPC_CREAT | 0600), "msgget")), maker_(::getpid()) {
        ::msqid_ds status{};
        checked(::msgctl(id_, IPC_STAT, &status), "msgctl(IPC_STAT)");
        status.msg_qbytes = capacity * size;
        checked(::msgctl(id_, IPC_SET, &status), "msgctl(IPC_SET)");
    }
    sysv_queue(const sysv_queue&) = delete;
    sysv_queue& operator=(const sysv_queue&) = delete;
    ~sysv_queue() {
        if (::getpid() == maker_) {
            ::msgctl(id_, IPC_RMID, nullptr);
        }
    }

    [[nodiscard]] int id() const noexcept { return id_; }

private:
    int id_;
    ::pid_t maker_;
};

/// One process's side. The calls take the type of a message in a `long` before it, in the same memory, and copy nothing
/// else. There is nothing to poll: who has tried long enough waits in the call.
template <class Message, class Waiting>
class sysv_end {
    struct letter {
        long type;
        Message content;
    };

public:
    sysv_end(int out, int in) noexcept : out_(out), in_(in) {}

    void send(const Message& given) {
        letter out{1, given};
        complete("msgsnd", [&](int flags) { return ::msgsnd(out_, &out, sizeof out.content, flags); });
    }

    [[nodiscard]] Message receive() {
        letter taken;
        const auto size =
            complete("msgrcv", [&](int flags) { return ::msgrcv(in_, &taken, sizeof taken.content, 0, flags); });
        if (static_cast<std::size_t>(size) != sizeof(Message)) {
            throw std::runtime_error("a message of another size");
        }
        return taken.content;
    }

private:
    template <class Call>
    static auto complete(const char* name, Call call) {
        std::uint64_t give_up = 0;
        bool wait = !Waiting::nonblocking;
        for (;;) {
            const auto result = call(wait ? 0 : IPC_NOWAIT);
            if (result >= 0) [[likely]] {
                return result;
            }
            if (errno != EINTR && errno != EAGAIN && errno != ENOMSG) {
                throw_errno(name);
            }
            const std::uint64_t now = now_ns();
            give_up = give_up == 0 ? now + polling_calls::spin_ns : give_up;
            wait = !Waiting::nonblocking || now >= give_up;
        }
    }

    int out_;
    int in_;
};

/// System V queues, one each way.
struct sysv_mqueue;

}  // namespace bench::reference
