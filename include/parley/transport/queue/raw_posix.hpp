#pragma once

#include <cerrno>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <mqueue.h>
#include <sys/stat.h>

#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/segment/file_backing.hpp>
#include <parley/transport/queue/posix_object.hpp>
#include <parley/transport/queue/raw_object.hpp>

namespace parley::transport::queue {

/// A POSIX message queue shared with programs that do not know parley: `orders` is the queue `/orders`.
///
/// A sender asks for the permission to write only, a receiver for the one to read; an owner for both. That a queue was
/// unlinked shows in its count of links.
class raw_posix {
public:
    static constexpr bool keeps_units = true;
    static constexpr bool counts_bytes = false;
    static constexpr bool pollable = true;
    static constexpr bool takes_less_room = false;

    [[nodiscard]] static raw_posix open(const raw_request& request) {
        const auto name = queue_name(request.asked.name);
        auto result = find_or_make(
            request.asked, "mqueue " + name, [&] { return find(name, request); }, [&] { return make(name, request); });
        static_cast<void>(result.state());  // who owns it, if anybody does
        return result;
    }

    static bool remove(std::string_view name) {
        const auto full = queue_name(name);
        if (::mq_unlink(full.c_str()) == 0) {
            return true;
        }
        if (errno == ENOENT) {
            return false;
        }
        os::throw_system(errno, "removing mqueue " + full);
    }

    [[nodiscard]] attempt put(std::span<const std::byte> content) {
        if (content.size() > largest_) [[unlikely]] {
            throw_error(errc::message_too_large,
                        "mqueue " + name_ + " takes messages of " + std::to_string(largest_) + " bytes, this one has " +
                            std::to_string(content.size()) +
                            "; send less at a time, or let the queue be made with a larger mq_msgsize");
        }
        return queue_.put(content) ? attempt::accepted : attempt::refused;
    }
    [[nodiscard]] std::optional<std::size_t> get(std::span<std::byte> room) { return queue_.get(room); }
    [[nodiscard]] std::size_t largest() const noexcept { return largest_; }

    [[nodiscard]] int handle() const noexcept { return queue_.handle(); }
    [[nodiscard]] bool readable() const noexcept { return queue_.readable(); }
    [[nodiscard]] bool writable() const noexcept { return queue_.writable(); }

    [[nodiscard]] raw_state state() noexcept { return claim_.look(handle()); }
    [[nodiscard]] bool somebody_receives() noexcept { return state() == raw_state::open; }

    void leave() noexcept {
        if (!claim_.is_mine()) {
            return;
        }
        struct ::stat ours {};
        struct ::stat named {};
        const os::descriptor now{::mq_open(name_.c_str(), O_RDONLY | O_NONBLOCK)};
        if (now && ::fstat(handle(), &ours) == 0 && ::fstat(now.get(), &named) == 0 && is_same_object(ours, named)) {
            ::mq_unlink(name_.c_str());
        }
    }

private:
    raw_posix(posix_object&& queue, std::string name) : queue_(std::move(queue)), name_(std::move(name)) {}

    [[nodiscard]] static std::string queue_name(std::string_view name) {
        return "/" + segment::posix_backing::checked(name);
    }

    [[nodiscard]] static int access(const raw_request& request) noexcept {
        const int way = request.must_own() || request.may_own() ? O_RDWR : request.sends ? O_WRONLY : O_RDONLY;
        return way | O_NONBLOCK;
    }

    [[nodiscard]] static std::optional<raw_posix> find(const std::string& name, const raw_request& request) {
        const ::mqd_t number = ::mq_open(name.c_str(), access(request));
        if (number < 0) {
            if (errno == ENOENT) {
                return std::nullopt;
            }
            posix_object::refuse(errno, name, shape_of(request));
        }
        raw_posix found{posix_object{os::descriptor{number}}, name};
        if ((request.must_own() || request.may_own()) && !found.claim_.take(found.handle()) && request.must_own()) {
            if (found.claim_.look(found.handle()) == raw_state::removed) {
                return std::nullopt;  // its owner is just leaving
            }
            throw_port_in_use("mqueue " + name);
        }
        found.compare(request);
        return found;
    }

    [[nodiscard]] static std::optional<raw_posix> make(const std::string& name, const raw_request& request) {
        const auto as = shape_of(request);
        ::mq_attr wanted{};
        wanted.mq_maxmsg = static_cast<long>(as.units);
        wanted.mq_msgsize = static_cast<long>(as.unit);
        const auto permissions = request.asked.permissions;
        const ::mqd_t number = ::mq_open(name.c_str(), access(request) | O_CREAT | O_EXCL, permissions & 0777, &wanted);
        if (number < 0) {
            if (errno == EEXIST) {
                return std::nullopt;
            }
            posix_object::refuse(errno, name, as);
        }
        raw_posix made{posix_object{os::descriptor{number}}, name};
        if (::fchmod(made.handle(), permissions) != 0) {  // what was asked for, whatever the umask
            os::throw_system(errno, "setting the permissions of mqueue " + name);
        }
        if (request.has_owner && !made.claim_.take(made.handle()) && request.must_own()) {
            throw_port_in_use("mqueue " + name);  // somebody found it before it was locked
        }
        made.compare(request);
        return made;
    }

    /// What a new queue is made for. Ten messages is what the kernel makes for who asks for nothing.
    [[nodiscard]] static shape shape_of(const raw_request& request) noexcept {
        return {request.unit, request.units == 0 ? 10 : request.units, request.asked.permissions, request.composed};
    }

    /// A queue that somebody else has made may take larger messages, not smaller ones; its bound is the one asked for.
    void compare(const raw_request& request) {
        ::mq_attr found{};
        if (::mq_getattr(handle(), &found) != 0) {
            os::throw_system(errno, "looking at mqueue " + name_);
        }
        largest_ = static_cast<std::size_t>(found.mq_msgsize);
        const auto holds = static_cast<std::size_t>(found.mq_maxmsg);
        if (largest_ >= request.unit && (request.units == 0 || holds == request.units)) {
            return;
        }
        throw_error(errc::incompatible,
                    "mqueue " + name_ + " is another queue:\n  there:  " + std::to_string(holds) + " messages of " +
                        std::to_string(largest_) +
                        " bytes\n  asked:  " + (request.units == 0 ? "any number of" : std::to_string(request.units)) +
                        " messages of " + std::to_string(request.unit) + " bytes (" + std::string(request.composed) +
                        ")\nuse the same on every side, or remove it");
    }

    posix_object queue_;
    std::string name_;
    std::size_t largest_ = 0;
    claim_on_file claim_;
};

static_assert(raw_object<raw_posix>);

}  // namespace parley::transport::queue
