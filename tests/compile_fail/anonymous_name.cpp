// expect: parley: this transport has no names: write auto [out, in] = C::pair()
#include <parley/parley.hpp>

using numbers = parley::channel<int, parley::anonymous_shm>;

int main() { parley::sender<numbers> out{"numbers"}; }
