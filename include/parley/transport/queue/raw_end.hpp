#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <unistd.h>

#include <parley/addressing/concept.hpp>
#include <parley/buffering/concept.hpp>
#include <parley/framing/concept.hpp>
#include <parley/lifetime/concept.hpp>
#include <parley/os/error.hpp>
#include <parley/segment/segment.hpp>
#include <parley/synchronization/concept.hpp>
#include <parley/transport/concept.hpp>
#include <parley/transport/copying_context.hpp>
#include <parley/transport/queue/raw_object.hpp>
#include <parley/transport/queue/raw_receiver.hpp>
#include <parley/transport/queue/raw_sender.hpp>
#include <parley/transport/queue/raw_unit.hpp>

/// The ends of a mailbox or a port over a raw object: the object itself and nothing beside it.

namespace parley::transport::queue {

template <class C, class Object, bool IsSender>
class raw_end {
    using addressing = typename C::template word<addressing_axis>;
    using buffering_word = typename C::template word<buffering_axis>;
    using engine = std::conditional_t<IsSender, raw_sender<C, Object>, raw_receiver<C, Object>>;

public:
    using message_type = typename C::message;

    /// What a sender or receiver works with. Stays where it is when the end is moved.
    class core {
    public:
        static constexpr bool in_place = false;

        explicit core(Object&& object) : engine_(std::move(object), context_.notice()) {}
        core(const core&) = delete;
        core& operator=(const core&) = delete;
        ~core() = default;

        [[nodiscard]] closing_context& context() noexcept { return context_; }
        [[nodiscard]] engine& sender() noexcept requires IsSender { return engine_; }
        [[nodiscard]] engine& receiver() noexcept requires(!IsSender) { return engine_; }
        [[nodiscard]] int native_handle() noexcept requires Object::pollable { return engine_.object().handle(); }

        void leave() noexcept {
            if constexpr (IsSender) {
                engine_.linger();
            }
            engine_.object().leave();
        }

    private:
        closing_context context_;
        engine engine_;
    };

    raw_end() noexcept = default;
    raw_end(raw_end&&) noexcept = default;
    raw_end& operator=(raw_end&& other) noexcept {
        detach();
        core_ = std::move(other.core_);
        process_ = other.process_;
        return *this;
    }
    raw_end(const raw_end&) = delete;
    raw_end& operator=(const raw_end&) = delete;
    ~raw_end() { detach(); }

    [[nodiscard]] static raw_end open(segment::attachment_request request) {
        if constexpr (IsSender && addressing::owned) {
            // A port is made by its receiver.
            if (request.mode == segment::opening::create_only) {
                throw_error(errc::bad_state, "creating the port '" + std::string(request.name) +
                                                 "' from a sender: a port is created by its receiver; open it instead");
            }
            request.mode = segment::opening::open_only;
        }
        raw_end result;
        result.core_ = std::make_unique<core>(Object::open({
            .asked = request,
            .sends = IsSender,
            .owned = addressing::owned,
            .has_owner = has_owner,
            .unit = raw_unit<message_type>::capacity,
            .units = units,
            .composed = C::description,
        }));
        result.process_ = ::getpid();
        return result;
    }

    static bool remove(std::string_view name) { return Object::remove(name); }

    /// Null after a move.
    [[nodiscard]] core* get() const noexcept { return core_.get(); }

private:
    /// A mailbox over an object that does not survive its processes goes with them by itself; its name stays.
    static constexpr bool has_owner =
        addressing::owned || (C::template word<lifetime_axis>::until == lifetime::end::owner &&
                              C::template word<transport_axis>::capabilities.survives_processes);
    static constexpr std::size_t units =
        buffering_word::capacity >= buffering::as_the_kernel_says ? 0 : buffering_word::capacity;
    static_assert(!Object::counts_bytes || units == 0 || raw_unit<message_type>::fixed_size,
                  "parley: with raw this queue counts bytes, so for bytes<Max> no number of messages is exact: write "
                  "bounded_by_kernel or unbounded, a message of fixed size, or leave raw out");

    void detach() noexcept {
        if (core_ != nullptr && process_ == ::getpid()) {  // after fork, it is the parent's
            core_->leave();
        }
        core_.reset();
    }

    std::unique_ptr<core> core_;
    ::pid_t process_ = 0;
};

/// The end for a composition: `Framed`, or with `raw` one on the object alone.
template <class C, class Framed, class Object, bool IsSender>
using framed_or_raw = std::conditional_t<C::template word<framing_axis>::foreign, raw_end<C, Object, IsSender>, Framed>;

}  // namespace parley::transport::queue
