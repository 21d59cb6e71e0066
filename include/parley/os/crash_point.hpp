#pragma once

/// Marks a place between two stores that a peer could see, where a process may be killed.
///
/// A normal build has nothing here. With PARLEY_CRASH_POINTS defined, the crash tests install a hook and kill a real
/// process at each of the marks in turn.

#ifdef PARLEY_CRASH_POINTS

namespace parley::os {
inline void (*crash_point_hook)(const char* where) = nullptr;
}

#define PARLEY_CRASH_POINT(where)                      \
    do {                                               \
        if (::parley::os::crash_point_hook != nullptr) \
            ::parley::os::crash_point_hook(where);     \
    } while (false)

#else

#define PARLEY_CRASH_POINT(where) static_cast<void>(0)

#endif
