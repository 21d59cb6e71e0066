// expect: parley: parley::codec<T> of the message lacks a part:
// expect: give it max_size, size, encode and decode as parley/message/codec.hpp shows
#include <string>

#include <parley/parley.hpp>

template <>
struct parley::codec<std::string> {
    static constexpr std::size_t max_size = 100;
};

using refused = parley::channel<std::string>;
static_assert(!refused::description.empty());
