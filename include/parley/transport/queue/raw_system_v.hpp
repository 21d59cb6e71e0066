#pragma once

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

#include <parley/os/error.hpp>
#include <parley/os/process.hpp>
#include <parley/transport/queue/raw_object.hpp>
#include <parley/transport/queue/system_v_object.hpp>

namespace parley::transport::queue {

/// A System V message queue shared with programs that do not know parley. The name is its key in numbers, `0x1234` or
/// `4660`, or else the path of a file from which ftok(3) makes one with the letter 'p'.
///
/// The kernel keeps no list of who has such a queue; it notes who received last (msg_lrpid). For a port that is its
/// receiver, which sends a message of no bytes to itself when it makes the queue, and so is noted from the beginning.
/// What lies in a queue is gone when the queue is removed.
class raw_system_v {
public:
    static constexpr bool keeps_units = true;
    static constexpr bool counts_bytes = true;
    static constexpr bool pollable = false;
    static constexpr bool takes_less_room = true;  ///< it copies, out of a buffer with the message's type before it

    [[nodiscard]] static raw_system_v open(const raw_request& request) {
        const auto key = key_of(request.asked.name);
        auto result = find_or_make(
            request.asked, where(request.asked.name), [&] { return find(key, request); },
            [&] { return make(key, request); });
        static_cast<void>(result.state());  // who owns it, if anybody does
        return result;
    }

    static bool remove(std::string_view name) {
        const int number = ::msgget(key_of(name), 0);
        if (number < 0 && errno == ENOENT) {
            return false;
        }
        if (number < 0 || ::msgctl(number, IPC_RMID, nullptr) != 0) {
            os::throw_system(errno, "removing " + where(name));
        }
        return true;
    }

    [[nodiscard]] attempt put(std::span<const std::byte> content) {
        refused_ = content.size();
        return queue_.put(content) ? attempt::accepted : attempt::refused;
    }
    [[nodiscard]] std::optional<std::size_t> get(std::span<std::byte> room) { return queue_.get(room); }
    /// One byte more than a message has: what is too large is cut off, and shows by that byte.
    [[nodiscard]] std::size_t largest() const noexcept { return unit_ + 1; }

    static constexpr int handle() noexcept { return -1; }
    [[nodiscard]] bool readable() const noexcept { return queue_.readable(); }
    [[nodiscard]] bool writable() const noexcept {
        ::msqid_ds status{};
        return ::msgctl(queue_.number(), IPC_STAT, &status) != 0 ||
               (status.__msg_cbytes + refused_ <= status.msg_qbytes && status.msg_qnum < status.msg_qbytes);
    }

    [[nodiscard]] raw_state state() noexcept {
        ::msqid_ds status{};
        if (::msgctl(queue_.number(), IPC_STAT, &status) != 0) {
            return errno == EIDRM || errno == EINVAL ? raw_state::removed : raw_state::open;
        }
        if (mine_ || !owned_ || status.msg_lrpid == 0) {
            return raw_state::open;
        }
        if (receiver_.number() != status.msg_lrpid) {
            receiver_ = os::process_hold{status.msg_lrpid};
        }
        return receiver_.ended() ? raw_state::owner_died : raw_state::open;
    }
    [[nodiscard]] bool somebody_receives() noexcept { return state() == raw_state::open; }

    void leave() noexcept {
        if (mine_) {
            ::msgctl(queue_.number(), IPC_RMID, nullptr);
        }
    }

private:
    raw_system_v(int number, const raw_request& request)
        : queue_(number, request.unit + 1), unit_(request.unit), owned_(request.owned) {}

    [[nodiscard]] static std::string where(std::string_view name) { return "sysv_mqueue " + std::string(name); }

    [[nodiscard]] static ::key_t key_of(std::string_view name) {
        const bool hexadecimal = name.starts_with("0x") || name.starts_with("0X");
        const auto digits = name.substr(hexadecimal ? 2 : 0);
        std::uint32_t number = 0;
        const auto parsed =
            std::from_chars(digits.data(), digits.data() + digits.size(), number, hexadecimal ? 16 : 10);
        if (!digits.empty() && parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size()) {
            const auto key = static_cast<::key_t>(number);
            if (key != IPC_PRIVATE) {
                return key;
            }
        } else if (const auto key = ::ftok(std::string(name).c_str(), 'p'); key != -1) {
            return key;
        }
        throw_error(errc::invalid_name,
                    where(name) +
                        ": with raw the name is a key, 0x1234 or 4660 but not 0, or the path of a file that "
                        "exists, from which ftok(3) makes one with the letter 'p'");
    }

    [[nodiscard]] static std::optional<raw_system_v> find(::key_t key, const raw_request& request) {
        const int number = ::msgget(key, 0600);  // both, since to look at it one must be allowed to read
        if (number < 0) {
            if (errno == ENOENT) {
                return std::nullopt;
            }
            system_v_object::refuse(errno, request.name(), shape_of(request));
        }
        raw_system_v found{number, request};
        if (request.must_own()) {
            if (found.state() == raw_state::removed) {
                return std::nullopt;
            }
            if (found.receiver_ && !found.receiver_.ended()) {
                throw_port_in_use(where(request.name()) + " (process " + std::to_string(found.receiver_.number()) +
                                  ", which received last,)");
            }
            found.take();
        }
        return found.compare(request) ? std::optional(std::move(found)) : std::nullopt;
    }

    [[nodiscard]] static std::optional<raw_system_v> make(::key_t key, const raw_request& request) {
        const auto as = shape_of(request);
        const int number = ::msgget(key, IPC_CREAT | IPC_EXCL | static_cast<int>(request.asked.permissions & 0777));
        if (number < 0) {
            if (errno == EEXIST) {
                return std::nullopt;
            }
            system_v_object::refuse(errno, request.name(), as);
        }
        raw_system_v made{number, request};
        if (request.has_owner) {
            made.take();
        }
        ::msqid_ds status{};
        if (request.units != 0) {
            if (::msgctl(number, IPC_STAT, &status) == 0) {
                status.msg_qbytes = as.unit * as.units;
                if (::msgctl(number, IPC_SET, &status) == 0) {
                    return made;
                }
            }
            const int reason = errno;
            ::msgctl(number, IPC_RMID, nullptr);
            system_v_object::refuse(reason, request.name(), as);
        }
        return made;
    }

    [[nodiscard]] static shape shape_of(const raw_request& request) noexcept {
        return {request.unit, std::max<std::size_t>(1, request.units), request.asked.permissions, request.composed};
    }

    /// Makes the queue this end's, and if it is a port's, lets the kernel note that.
    void take() noexcept {
        mine_ = true;
        if (owned_) {
            struct {
                long type = std::numeric_limits<long>::max();
            } note;
            // A predecessor that was killed just here has left its own: without a byte, unlike what others send.
            while (::msgrcv(queue_.number(), &note, 0, note.type, IPC_NOWAIT) == 0) {
            }
            if (::msgsnd(queue_.number(), &note, 0, IPC_NOWAIT) == 0) {  // if the queue is full, the first receive does
                static_cast<void>(::msgrcv(queue_.number(), &note, 0, note.type, IPC_NOWAIT | MSG_NOERROR));
            }
        }
    }

    /// Whether the queue is as large as asked for; throws if it is of another size. A moment after it was made, its
    /// maker may not have set that yet. False if it is gone.
    [[nodiscard]] bool compare(const raw_request& request) const {
        ::msqid_ds status{};
        for (int look = 0; request.units != 0; ++look) {
            if (::msgctl(queue_.number(), IPC_STAT, &status) != 0) {
                return false;
            }
            if (status.msg_qbytes == request.unit * request.units) {
                break;
            }
            if (look == 100) {
                throw_error(errc::incompatible,
                            where(request.name()) +
                                " is another queue:\n  there:  " + std::to_string(status.msg_qbytes) +
                                " bytes (msg_qbytes)\n  asked:  " + std::to_string(request.unit * request.units) +
                                " bytes (" + std::string(request.composed) +
                                ")\nuse the same on every side, or bounded_by_kernel for the queue "
                                "as it is, or remove it");
            }
            constexpr ::timespec pause{0, 1'000'000};
            ::nanosleep(&pause, nullptr);
        }
        return true;
    }

    system_v_object queue_;
    std::size_t unit_;
    std::size_t refused_ = 0;  ///< bytes of the message that went last, or did not
    bool owned_;
    bool mine_ = false;
    os::process_hold receiver_;  ///< of a port, as far as the kernel knows
};

static_assert(raw_object<raw_system_v>);

}  // namespace parley::transport::queue
