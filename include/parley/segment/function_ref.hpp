#pragma once

#include <type_traits>
#include <utility>

namespace parley::segment {

template <class Signature>
class function_ref;

/// Something that can be called, of whatever type, somewhere else: good for as long as that. What takes one of these is
/// compiled once, where a template would be for each caller; for paths where an indirect call does not count.
template <class Result, class... Arguments>
class function_ref<Result(Arguments...)> {
public:
    template <class Function>
        requires(!std::is_same_v<std::remove_cvref_t<Function>, function_ref>)
    function_ref(Function&& function)  // copies are out of its reach: NOLINT(bugprone-forwarding-reference-overload)
    noexcept
        : function_(const_cast<void*>(static_cast<const void*>(&function))),
          call_(&call<std::remove_reference_t<Function>>) {}

    Result operator()(Arguments... arguments) const { return call_(function_, std::forward<Arguments>(arguments)...); }

private:
    template <class Function>
    static Result call(void* function, Arguments... arguments) {
        return (*static_cast<Function*>(function))(std::forward<Arguments>(arguments)...);
    }

    void* function_;
    Result (*call_)(void*, Arguments...);
};

}  // namespace parley::segment
