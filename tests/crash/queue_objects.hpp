#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <mqueue.h>
#include <sys/msg.h>
#include <unistd.h>

#include <parley/parley.hpp>

/// What a channel over queue objects may leave behind: its books, and the objects that they speak of.

namespace parley::test {

template <class C>
inline constexpr bool lies_in_queues = requires {
    typename C::transport::backing_type::object;
};

/// The objects of the channel, or the link, of that name. Made before it is removed, while its books are there.
template <class C>
class queue_objects {
public:
    explicit queue_objects(const std::string& name) {
        if constexpr (lies_in_queues<C>) {
            using backing = typename C::transport::backing_type;
            books_ = backing::locate(name);
            for (std::size_t index = 0; index < transport::queue::most_objects; ++index) {
                names_.push_back(backing::object_name(books_, index));
            }
            read_numbers();
        }
    }

    /// How many are there now.
    [[nodiscard]] std::size_t count() const {
        std::size_t result = 0;
        if constexpr (lies_in_queues<C>) {
            using object = typename C::transport::backing_type::object;
            if constexpr (std::is_same_v<object, transport::queue::system_v_object>) {
                for (const int number : numbers_) {
                    ::msqid_ds status{};
                    result += ::msgctl(number, IPC_STAT, &status) == 0 ? 1U : 0U;
                }
            } else {
                for (const auto& name : names_) {
                    result += exists<object>(name) ? 1U : 0U;
                }
            }
        }
        return result;
    }

    /// Takes away all there may be, also where nobody can believe the books any more.
    void take_away() const {
        if constexpr (lies_in_queues<C>) {
            using object = typename C::transport::backing_type::object;
            if constexpr (std::is_same_v<object, transport::queue::system_v_object>) {
                const auto hash = std::hash<std::string>{}(names_.front()) & 0x00ffffffU;
                const auto first = static_cast<::key_t>(0x70000000U | hash);  // transport/queue/system_v_object.hpp
                for (::key_t key = first; key < first + 64; ++key) {
                    ::msgctl(::msgget(key, 0), IPC_RMID, nullptr);
                }
            } else {
                for (const auto& name : names_) {
                    if constexpr (std::is_same_v<object, transport::queue::posix_object>) {
                        ::mq_unlink(name.c_str());
                    } else {
                        ::unlink(name.c_str());
                    }
                }
            }
        }
    }

    [[nodiscard]] bool books_are_there() const { return !books_.empty() && std::filesystem::exists(books_); }

private:
    template <class Object>
    [[nodiscard]] static bool exists(const std::string& name) {
        if constexpr (std::is_same_v<Object, transport::queue::posix_object>) {
            const auto queue = ::mq_open(name.c_str(), O_RDONLY | O_CLOEXEC);
            if (queue >= 0) {
                ::mq_close(queue);
            }
            return queue >= 0;
        } else {
            return std::filesystem::exists(name);
        }
    }

    void read_numbers() {
        std::ifstream in(books_, std::ios::binary);
        in.seekg(static_cast<std::streamoff>(transport::queue::table_offset));
        std::uint64_t count = 0;
        in.read(reinterpret_cast<char*>(&count), sizeof count);
        in.seekg(static_cast<std::streamoff>(transport::queue::table_offset +
                                             offsetof(transport::queue::object_table<1>, records)));
        for (std::uint64_t index = 0; in && index < count && index < transport::queue::most_objects; ++index) {
            std::array<std::int32_t, 3> values{};  // whether it was made, its key, its number
            static_assert(sizeof values == sizeof(transport::queue::record));
            in.read(reinterpret_cast<char*>(values.data()), sizeof values);
            if (in && values[1] != 0) {
                numbers_.insert(values[2] >= 0 ? values[2] : ::msgget(values[1], 0));
            }
        }
    }

    std::string books_;
    std::vector<std::string> names_;
    std::set<int> numbers_;
};

}  // namespace parley::test
