#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>

namespace parley {

/// How a type that cannot be copied byte by byte travels. Specialize it for your type:
///
/// ```cpp
/// template <>
/// struct parley::codec<Person> {
///     static constexpr std::size_t max_size = 4 + 200;                       // bytes that a message may need at most
///     static std::size_t size(const Person&);                               // bytes that this one needs
///     static std::size_t encode(const Person&, std::span<std::byte>);       // fills them, returns how many
///     static std::optional<Person> decode(std::span<const std::byte>);      // none: these bytes are no Person
///     static constexpr std::string_view parley_name = "person, version 2";  // optional: part of the fingerprint
/// };
/// ```
///
/// - A message with `size` above `max_size` is refused with `errc::message_too_large` before anything is written.
/// - `encode` gets exactly `size` bytes. It runs while a place in the link is held and must not throw: an exception
///   from it ends the program.
/// - `decode` gets the bytes where they travel. A peer that means harm can change them meanwhile: copy a length before
///   checking it.
/// - The compiler cannot see what `encode` writes: change `parley_name` when it changes, and old and new programs
///   refuse to talk to each other instead of misunderstanding each other.
///
/// A codec goes before everything else: a type that could be copied byte by byte and has one travels by its codec.
template <class T>
struct codec;

/// Somebody has specialized `codec` for `T`, completely or not.
template <class T>
concept has_codec = requires {
    sizeof(codec<T>);
};

/// The specialization has everything that a codec needs.
template <class T>
concept has_complete_codec = has_codec<T> &&
    requires(const T& value, std::span<std::byte> room, std::span<const std::byte> bytes) {
    { codec<T>::max_size } -> std::convertible_to<std::size_t>;
    { codec<T>::size(value) } -> std::convertible_to<std::size_t>;
    { codec<T>::encode(value, room) } -> std::convertible_to<std::size_t>;
    { codec<T>::decode(bytes) } -> std::same_as<std::optional<T>>;
};

}  // namespace parley
