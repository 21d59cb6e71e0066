// expect: parley: this transport has no names, so no endpoints: write auto [one, other] = C::pair()
#include <parley/parley.hpp>

using talk = parley::channel<int, parley::direct, parley::anonymous_shm>;

int main() { parley::endpoint<talk> me{"me"}; }
