#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

/// What can go wrong, in one enumeration for every transport, and the exception that carries it.
///
/// Every throwing call of the library has a twin that takes `std::error_code&` and reports the same `errc` there.

namespace parley {

/// The conditions a caller can react to. Each names the state of the channel, not the system call that found it.
enum class errc {
    closed = 1,             ///< the channel was removed, or its owner has left: no more messages will pass
    peer_died,              ///< the one process that could have ended this wait was killed
    incompatible,           ///< the object has another message type, composition or layout version than asked for
    corrupt,                ///< the shared bytes break the layout's rules: a peer wrote garbage
    no_space,               ///< the file system or the kernel has no room for the object or its next part
    too_many_participants,  ///< every place for a sender or receiver is taken by a live process
    already_exists,         ///< `create_only`, and the name is taken
    not_found,              ///< `open_only`, and nothing has that name
    in_use,                 ///< the port or the endpoint's name already has a live owner
    invalid_name,           ///< the name cannot be made into a name of the transport's kernel object
    message_too_large,      ///< the message is larger than the channel's messages may be
    permission_denied,      ///< the kernel refuses access to the object
    bad_state,              ///< the call does not fit: two loans at once, an endpoint that was moved from
    unsupported,            ///< this kernel or file system lacks what the transport stands on
    system,                 ///< any other refusal of the kernel; the text has its words
    incomplete,             ///< a body in rounds ended before its last byte: its sender gave it up, or was replaced
};

namespace os {

class error_category_type final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "parley"; }

    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::closed:
                return "the channel is closed";
            case errc::peer_died:
                return "the peer died";
            case errc::incompatible:
                return "the channel has another message type, composition or layout version";
            case errc::corrupt:
                return "the channel's shared bytes are corrupt";
            case errc::no_space:
                return "no space left for the channel";
            case errc::too_many_participants:
                return "every place of the channel is taken";
            case errc::already_exists:
                return "the channel exists already";
            case errc::not_found:
                return "no channel has that name";
            case errc::in_use:
                return "the name already has a live owner";
            case errc::invalid_name:
                return "the name cannot be used";
            case errc::message_too_large:
                return "the message is too large for the channel";
            case errc::permission_denied:
                return "permission denied";
            case errc::bad_state:
                return "the call does not fit the state of the object";
            case errc::unsupported:
                return "the system does not support this transport";
            case errc::system:
                return "the system refused";
            case errc::incomplete:
                return "the body ended before its last byte";
        }
        return "unknown parley error";
    }

    [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override {
        switch (static_cast<errc>(value)) {
            case errc::no_space:
                return std::errc::no_space_on_device;
            case errc::already_exists:
                return std::errc::file_exists;
            case errc::not_found:
                return std::errc::no_such_file_or_directory;
            case errc::message_too_large:
                return std::errc::message_size;
            case errc::permission_denied:
                return std::errc::permission_denied;
            case errc::unsupported:
                return std::errc::not_supported;
            default:
                return {value, *this};
        }
    }
};

}  // namespace os

/// The category of every `errc`.
[[nodiscard]] inline const std::error_category& error_category() noexcept {
    static const os::error_category_type category;
    return category;
}

/// An `errc` as the standard library's code.
[[nodiscard]] inline std::error_code make_error_code(errc condition) noexcept {
    return {static_cast<int>(condition), error_category()};
}

/// What every throwing call throws: `code()` compares with `errc`, `what()` says what was asked, what stands in the
/// way and what to do.
class error : public std::system_error {
public:
    /// With what `what()` says before the condition's own words.
    error(errc condition, const std::string& text) : std::system_error(make_error_code(condition), text) {}
};

/// Throws `error`.
[[noreturn]] inline void throw_error(errc condition, const std::string& text) { throw error(condition, text); }

namespace os {

/// The `errc` that says what a failed system call's `errno` means for a channel.
[[nodiscard]] inline errc condition_of(int error_number) noexcept {
    switch (error_number) {
        case ENOSPC:
        case ENOMEM:
        case EDQUOT:
        case EMFILE:
        case ENFILE:
            return errc::no_space;
        case EEXIST:
            return errc::already_exists;
        case ENOENT:
            return errc::not_found;
        case EACCES:
        case EPERM:
        case EROFS:
            return errc::permission_denied;
        case ENAMETOOLONG:
        case ENOTDIR:
        case EISDIR:
            return errc::invalid_name;
        case EOPNOTSUPP:
        case ENOSYS:
            return errc::unsupported;
        default:
            return errc::system;
    }
}

/// Throws `error` for a failed system call: "<what>: <text of errno>; <remedy>".
[[noreturn]] inline void throw_system(int error_number, std::string what, std::string_view remedy = {}) {
    what += ": ";
    what += std::generic_category().message(error_number);
    if (!remedy.empty()) {
        what += "; ";
        what += remedy;
    }
    throw_error(condition_of(error_number), what);
}

}  // namespace os
}  // namespace parley

template <>
struct std::is_error_code_enum<parley::errc> : std::true_type {};
