// expect: parley: the message cannot be copied byte by byte:
// expect: specialize parley::codec<T> for it, or send parley::bytes<Max>
#include <string>
#include <variant>

#include <parley/parley.hpp>

using refused = parley::channel<std::variant<int, std::string>>;
static_assert(!refused::description.empty());
