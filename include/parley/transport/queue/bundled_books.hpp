#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include <parley/os/bundle.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/segment/file_backing.hpp>
#include <parley/transport/queue/objects.hpp>

namespace parley::transport::queue {

/// The backing of the books of a channel without a name: a memfd, and in one bundle with it (os/bundle.hpp) the queue
/// objects, all of which are made with the channel.
template <class Object>
class bundled_books : public segment::file_backing {
public:
    using object = Object;
    static constexpr bool bundled = true;
    static constexpr bool pollable = Object::pollable;

    template <class Message, class Buffering, std::size_t Senders, std::size_t Receivers>
    using queue = typename queue_selector<Message, Buffering, Senders, Receivers, bundled_books>::type;

    /// Opens the memfd again: of a bundle, or by itself.
    [[nodiscard]] static os::descriptor reopen(int file) {
        struct ::stat status {};
        if (::fstat(file, &status) == 0 && S_ISSOCK(status.st_mode)) {
            const auto content = os::open_bundle(file);
            if (content.empty()) {
                throw_error(errc::corrupt, "this descriptor is a socket, but none that holds a channel");
            }
            return file_backing::reopen(content.front().get());
        }
        return file_backing::reopen(file);
    }

    [[nodiscard]] static Object object_in(int bundle, std::size_t index) {
        auto content = os::open_bundle(bundle);
        if (index + 1 >= content.size()) {
            throw_error(errc::corrupt, "this descriptor is a socket, but none that holds this channel");
        }
        return Object{std::move(content[index + 1])};
    }

    /// All objects of a new channel.
    [[nodiscard]] static std::vector<Object> make_objects(std::size_t count, const shape& as) {
        std::vector<Object> result;
        for (std::size_t index = 0; index < count; ++index) {
            result.push_back(Object::make_anonymous(as));
        }
        return result;
    }

    /// One end of the channel, as a descriptor to hand on.
    [[nodiscard]] static os::descriptor bundle(const os::descriptor& books, const std::vector<Object>& objects) {
        std::vector<int> content{books.get()};
        for (const auto& each : objects) {
            content.push_back(each.handle());
        }
        return os::make_bundle(content);
    }
};

}  // namespace parley::transport::queue
