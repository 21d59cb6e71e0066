// expect: parley: a body in rounds waits for room again and again:
// expect: write blocking for the sending side, as in sync<blocking, nonblocking>
#include <parley/parley.hpp>

using letters = parley::channel<parley::bytes<4096>, parley::direct, parley::nonblocking>;

void refused(parley::endpoint<letters>& me) {
    parley::rounds to_bob{me.link("bob")};
    to_bob.send(std::vector<std::byte>(10'000));
}
