#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <sys/types.h>

/// The contract of a queue object: one object of the kernel that takes units of bytes in at one side and gives them out
/// at the other, whole and in order, to any number of processes that have it open.
///
/// A queue object `Object` has
/// - `pollable`: whether it has a descriptor;
/// - `unit`: how many bytes travel as one at most; `padded`: its capacity is exact only if every unit has one size;
/// - `gathers`: whether one call puts in many units that lie in pieces, `put(pieces)`, which says how many bytes of
///   them went, unit by unit; then `get(pieces)` takes out units to pieces, of `full` ones as many as there are;
/// - `make(name, shape, record)` and `open(name, shape, record)`: the first makes a new object where a dead process may
///   have left one, the second opens it. Both are called at the gate of the channel, one process at a time;
/// - `remove(name, record)`: takes it away; whoever has it open may go on with it;
/// - `put(bytes)`: false if there is no room at the moment. `get(room)`: how many bytes, or none if there is nothing.
///   Neither ever waits; both throw `parley::error` where the kernel refuses for another reason;
/// - `handle()`: a descriptor for poll(2), readable when `get` will find something and writable when `put` will find
///   room; -1 where the kernel has none. `readable()` and `writable()` ask without waiting.
/// A killed process leaves a unit either in the object or not: the kernel sees to that.

namespace parley::transport::queue {

/// What a new object is made for.
struct shape {
    std::size_t unit;           ///< bytes of the largest unit that will be put in
    std::size_t units;          ///< how many it holds: exactly so many
    ::mode_t permissions;       ///< mode bits, whatever the umask
    std::string_view composed;  ///< what the user asked for, for an error's text
    bool full = false;          ///< every unit has that size: nobody need keep them apart
};

/// What the channel's segment remembers of an object that has a number instead of a name.
struct record {
    static constexpr std::uint32_t whole = 1;
    static constexpr std::uint32_t begun = 2;  ///< somebody set out to make it, and may have died on the way

    std::atomic<std::uint32_t> made{0};  ///< 0, `begun` or `whole`
    std::atomic<std::int32_t> key{0};    ///< written down before the object is made, so that none is ever lost
    std::atomic<std::int32_t> number{-1};
};

template <class Object>
concept queue_object = requires(Object& object, const std::string& name, const shape& as, record& noted,
                                std::span<const std::byte> content, std::span<std::byte> room) {
    { Object::unit } -> std::convertible_to<std::size_t>;
    { Object::padded } -> std::convertible_to<bool>;
    { Object::gathers } -> std::convertible_to<bool>;
    { Object::pollable } -> std::convertible_to<bool>;
    { Object::make(name, as, noted) } -> std::same_as<Object>;
    { Object::open(name, as, noted) } -> std::same_as<Object>;
    { Object::remove(name, noted) }
    noexcept;
    { object.put(content) } -> std::same_as<bool>;
    { object.get(room) } -> std::same_as<std::optional<std::size_t>>;
    { object.handle() } -> std::same_as<int>;
    { object.readable() } -> std::same_as<bool>;
    { object.writable() } -> std::same_as<bool>;
};

}  // namespace parley::transport::queue
