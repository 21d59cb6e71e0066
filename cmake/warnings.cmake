# The warnings that our own tests, examples and benchmarks are held to. They are no usage requirement: whoever uses the
# library chooses their own.
include_guard(GLOBAL)

set(parley_warnings -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)

add_library(parley_own_code INTERFACE)
target_compile_options(parley_own_code INTERFACE ${parley_warnings})
target_link_libraries(parley_own_code INTERFACE parley::parley)
