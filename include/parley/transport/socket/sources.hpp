#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <parley/transport/socket/presence.hpp>

namespace parley::transport::socket {

/// Whoever sends under one name: the connections of that name, and how the last one ended that is not there any more.
/// `Member` has a `link` with a `state()`.
template <class Member>
struct source_of_messages {
    std::string name;
    std::vector<Member*> members;  ///< the oldest first
    presence last = presence::unknown;
    bool kept = false;  ///< somebody holds on to this

    /// Whether somebody is there, or how the last one ended.
    [[nodiscard]] presence state() const noexcept {
        const bool here = std::any_of(members.begin(), members.end(),
                                      [](const Member* each) { return !is_over(each->link->state()); });
        return here ? presence::here : members.empty() ? last : members.back()->link->state();
    }

    [[nodiscard]] bool has_message() const noexcept {
        return std::any_of(members.begin(), members.end(),
                           [](const Member* each) { return each->link->has_message(); });
    }
};

/// All of them, by name. What a peer calls itself costs memory only as long as it is there, or somebody asked for it.
template <class Member>
class sources {
public:
    using source = source_of_messages<Member>;

    /// Stays where it is as long as it is kept or has members.
    [[nodiscard]] source& of_name(std::string_view name) {
        auto found = all_.find(name);
        if (found == all_.end()) {
            found = all_.emplace(std::string(name), source{}).first;
            found->second.name = name;
        }
        return found->second;
    }

    /// A member that ended in such a way goes.
    void remove(source& from, Member& gone, presence how) {
        from.members.erase(std::find(from.members.begin(), from.members.end(), &gone));
        from.last = how;
        erase_unless_needed(from);
    }

    /// It is not kept any more.
    void release(source& from) noexcept {
        from.kept = false;
        erase_unless_needed(from);
    }

private:
    void erase_unless_needed(const source& which) noexcept {
        if (!which.kept && which.members.empty()) {
            all_.erase(all_.find(which.name));
        }
    }

    std::map<std::string, source, std::less<>> all_;
};

}  // namespace parley::transport::socket
