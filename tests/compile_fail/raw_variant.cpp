// expect: parley: with raw a message is its bytes alone, and a variant or a type with a codec needs more to be read again:
// expect: send parley::bytes<Max> or a type that is copied byte by byte, or leave raw out
#include <variant>

#include <parley/parley.hpp>

using refused = parley::channel<std::variant<int, double>, parley::tcp, parley::port, parley::raw>;
static_assert(!refused::description.empty());
