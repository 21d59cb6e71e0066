#pragma once

#include <new>
#include <string_view>
#include <utility>

#include <parley/os/descriptor.hpp>
#include <parley/segment/extents.hpp>
#include <parley/segment/header.hpp>
#include <parley/segment/hold.hpp>

namespace parley::segment {

/// One process's hold on one segment. `Body` is what lies behind the header: a struct without pointers whose default
/// constructor leaves it ready for use.
template <class Backing, class Body>
class segment : public hold<Backing> {
    using base = hold<Backing>;

public:
    using backing_type = Backing;
    using body_type = Body;

    /// Finds or makes the segment of that name. `join(segment&)` is called once, at the gate, with the body mapped; it
    /// takes the caller's place, or throws to refuse.
    template <class Join>
    [[nodiscard]] static segment attach(const attachment_request& request, Join join) {
        segment result;
        result.base::attach(request, inside, [&] { join(result); });
        return result;
    }

    /// Makes a segment without a name; `attach_to` its descriptor.
    [[nodiscard]] static os::descriptor create_anonymous(const identity& id) {
        return base::create_anonymous(id, inside);
    }

    /// Attaches to a segment by a descriptor of it, from `pair`, a parent or a message. `waits`: at the gate; else
    /// somebody there is `errc::in_use`.
    template <class Join>
    [[nodiscard]] static segment attach_to(int file, const identity& id, Join join, bool waits = true) {
        segment result;
        result.base::attach_to(
            file, id, inside, [&] { join(result); }, waits);
        return result;
    }

    /// Takes away the name; whoever is attached gets `errc::closed`. `wake(Body&)` wakes the sleepers of a segment that
    /// is what `id` describes; those of any other look around by themselves. Whether there was anything to remove.
    template <class Wake>
    static bool remove(std::string_view name, const identity& id, Wake wake) {
        return base::remove(name, id, inside, [&](void* body) { wake(*body_at(body)); });
    }

    /// Detaches: at the gate, calls `depart(*this)`, and closes the channel if this was its owner. Call before
    /// destruction; a process that inherited the object by fork only closes its copies.
    template <class Depart>
    void leave(Depart depart) noexcept {
        base::leave([&] { depart(*this); });
    }

    [[nodiscard]] Body& body() const noexcept { return *body_at(this->memory_at(body_offset<Body>)); }

    /// How an unbounded channel grows; `lane` 0 or 1 for the two directions of a duplex one.
    [[nodiscard]] extents<Backing> growth(unsigned lane = 0) const noexcept {
        return {this->file(), whole_size<Body>, this->permissions(), lane};
    }

private:
    static constexpr contents inside{body_offset<Body>, whole_size<Body>, [](void* memory) { ::new (memory) Body; }};

    [[nodiscard]] static Body* body_at(void* memory) noexcept { return std::launder(static_cast<Body*>(memory)); }
};

}  // namespace parley::segment
