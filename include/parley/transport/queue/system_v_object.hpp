#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sys/ipc.h>
#include <sys/msg.h>

#include <parley/os/crash_point.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/os/limit_text.hpp>
#include <parley/transport/queue/object.hpp>
#include <parley/transport/queue/units.hpp>

namespace parley::transport::queue {

/// A System V message queue (msgget(2)): a number, and no descriptor. `ipcs -q` lists it.
///
/// Its capacity is a number of bytes (msg_qbytes), so every unit is filled up to one size. The key is made from the
/// name; where that is somebody's already, the next one is tried, and which one it is stands in the channel's segment,
/// where it was written before the queue was made: no two names share a queue, and none is lost.
class system_v_object {
public:
    static constexpr std::size_t unit = 8192;  ///< kernel.msgmax, for everybody
    static constexpr bool padded = true;
    static constexpr bool gathers = false;
    static constexpr bool pollable = false;

    /// Of messages: 16, or as many as go into the bytes that everybody may have.
    template <class Message>
    static constexpr std::size_t natural_capacity = std::clamp<std::size_t>(16384 / bytes_of<Message, system_v_object>,
                                                                            1, 16);

    [[nodiscard]] static system_v_object make(const std::string& name, const shape& as, record& noted) {
        remove(name, noted);
        auto key = first_key(name);
        int number = -1;
        for (;; ++key) {
            if (key == IPC_PRIVATE || ::msgget(key, 0) >= 0 || errno == EACCES) {
                continue;  // the key is somebody's
            }
            if (errno != ENOENT) {  // not a question of the key: the kernel has no such queues, or a sandbox no calls
                refuse(errno, name, as);
            }
            noted.key.store(key, std::memory_order_release);
            PARLEY_CRASH_POINT("queue object: key noted, System V queue not made");
            number = ::msgget(key, IPC_CREAT | IPC_EXCL | static_cast<int>(as.permissions & 0777));
            if (number >= 0) {
                break;
            }
            if (errno != EEXIST) {
                refuse(errno, name, as);
            }
        }
        PARLEY_CRASH_POINT("queue object: System V queue made, number not noted");
        noted.number.store(number, std::memory_order_release);
        PARLEY_CRASH_POINT("queue object: number noted, size not set");
        ::msqid_ds status{};
        if (::msgctl(number, IPC_STAT, &status) == 0) {
            status.msg_qbytes = as.unit * as.units;
            if (::msgctl(number, IPC_SET, &status) == 0) {
                return system_v_object(number, as.unit);
            }
        }
        const int reason = errno;
        remove(name, noted);
        refuse(reason, name, as);
    }

    [[nodiscard]] static system_v_object open(const std::string& name, const shape& as, record& noted) {
        const int number = noted.number.load(std::memory_order_acquire);
        if (!is_queue_of(name, noted.key.load(std::memory_order_relaxed), number)) {
            throw_error(errc::closed, "the System V message queue of " + name + " is gone: somebody took it away");
        }
        return system_v_object(number, as.unit);
    }

    /// Of a queue that was opened elsewhere; `largest`: bytes of a unit.
    system_v_object(int number, std::size_t largest)
        : number_(number), unit_(largest), buffer_(sizeof(long) + largest) {}

    static void remove(const std::string& name, record& noted) noexcept {
        const auto key = noted.key.exchange(0, std::memory_order_acq_rel);
        auto number = noted.number.exchange(-1, std::memory_order_acq_rel);
        if (number < 0 && key != 0) {
            number = ::msgget(key, 0);  // its maker died before it wrote the number down
        }
        if (is_queue_of(name, key, number)) {
            ::msgctl(number, IPC_RMID, nullptr);
        }
    }

    [[nodiscard]] bool put(std::span<const std::byte> content) {
        const long type = 1;
        std::memcpy(buffer_.data(), &type, sizeof type);
        std::memcpy(buffer_.data() + sizeof type, content.data(), std::min(content.size(), unit_));
        const int result =
            os::uninterrupted([&] { return ::msgsnd(number_, buffer_.data(), content.size(), IPC_NOWAIT); });
        if (result == 0) [[likely]] {
            return true;
        }
        if (errno == EAGAIN) {
            return false;
        }
        gone(errno, "sending to");
    }

    /// The size of the unit, or of the largest if this one is larger. Less room than that has its beginning.
    [[nodiscard]] std::optional<std::size_t> get(std::span<std::byte> room) {
        const auto size =
            os::uninterrupted([&] { return ::msgrcv(number_, buffer_.data(), unit_, 0, IPC_NOWAIT | MSG_NOERROR); });
        if (size >= 0) [[likely]] {
            const auto taken = static_cast<std::size_t>(size);
            std::memcpy(room.data(), buffer_.data() + sizeof(long), std::min(taken, room.size()));
            return taken;
        }
        if (errno == ENOMSG) {
            return std::nullopt;
        }
        gone(errno, "receiving from");
    }

    static constexpr int handle() noexcept { return -1; }
    [[nodiscard]] bool readable() const noexcept {
        ::msqid_ds status{};
        return ::msgctl(number_, IPC_STAT, &status) != 0 || status.msg_qnum > 0;
    }
    [[nodiscard]] bool writable() const noexcept {
        ::msqid_ds status{};
        return ::msgctl(number_, IPC_STAT, &status) != 0 || status.__msg_cbytes + unit_ <= status.msg_qbytes;
    }

    [[nodiscard]] int number() const noexcept { return number_; }

    /// Throws what it means that a queue could not be opened or made.
    [[noreturn]] static void refuse(int reason, const std::string& name, const shape& as) {
        const auto what = "sysv_mqueue " + name + ": " + std::to_string(as.units) + " messages of " +
                          std::to_string(as.unit) + " bytes asked (" + std::string(as.composed) + ")";
        switch (reason) {
            case EPERM:
            case EINVAL:
                throw_error(errc::no_space, what + ", " + os::limit("/proc/sys/kernel/msgmnb") +
                                                " bytes in all; raise it (sysctl kernel.msgmnb), or write a smaller "
                                                "bounded<N> or message");
            case ENOSPC:
                throw_error(errc::no_space, what + ", " + os::limit("/proc/sys/kernel/msgmni") +
                                                " queues; raise it (sysctl kernel.msgmni), or remove some (ipcrm)");
            default:
                os::throw_system(reason, what);
        }
    }

private:
    /// As ftok(3) makes one from a file: from what the name stands for, with parley's own letter in front.
    [[nodiscard]] static ::key_t first_key(const std::string& name) noexcept {
        return static_cast<::key_t>(0x70000000U | (std::hash<std::string>{}(name)&0x00ffffffU));
    }

    /// Whether that queue can be the one of that name: anybody who may write the segment may have written there a
    /// number of somebody else's.
    [[nodiscard]] static bool is_queue_of(const std::string& name, ::key_t key, int number) noexcept {
        constexpr ::key_t most_tried = 1 << 16;
        const auto first = first_key(name);
        ::msqid_ds status{};
        return number >= 0 && key >= first && key - first < most_tried && ::msgctl(number, IPC_STAT, &status) == 0 &&
               status.msg_perm.__key == key;
    }

    [[noreturn]] static void gone(int reason, const std::string& what) {
        if (reason == EIDRM || reason == EINVAL) {
            throw_error(errc::closed, what + " a System V message queue that is gone: it was removed");
        }
        os::throw_system(reason, what + " a System V message queue");
    }

    int number_;
    std::size_t unit_;
    std::vector<std::byte> buffer_;  ///< a message as msgsnd(2) wants it: its type, then its bytes
};

static_assert(queue_object<system_v_object>);

}  // namespace parley::transport::queue
