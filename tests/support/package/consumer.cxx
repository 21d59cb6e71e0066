#include <parley/parley.hpp>

using numbers = parley::channel<int>;

int main() { return numbers::describe().empty() ? 1 : 0; }
