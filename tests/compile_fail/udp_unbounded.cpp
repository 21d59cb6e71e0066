// expect: parley: this transport may lose messages, and would lose most of what unbounded lets a sender pour into it:
// expect: write bounded<N> or bounded_by_kernel, or a transport that loses nothing such as tcp
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::udp, parley::port, parley::unbounded>;
static_assert(!refused::description.empty());
