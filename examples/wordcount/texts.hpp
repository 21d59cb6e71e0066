#pragma once

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <parley/os/descriptor.hpp>

#include "words.hpp"

/// Where the words come from: finding texts, reading them, cutting them into pieces that fit a message.

namespace wordcount {

namespace texts_detail {

inline std::size_t read_some(int file, char* room, std::size_t size, const std::string& path) {
    for (;;) {
        if (const auto got = ::read(file, room, size); got >= 0) {
            return static_cast<std::size_t>(got);
        }
        if (errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "reading " + path);
        }
    }
}

inline parley::os::descriptor open(const std::string& path) {
    parley::os::descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) {
        throw std::system_error(errno, std::generic_category(), "opening " + path);
    }
    return file;
}

/// How many bytes of `rest` are the next piece: up to the end of the line, or else as many whole words as fit into
/// `longest` bytes, or else a part of a word that fits nowhere. 0: that takes more of the text to tell.
inline std::size_t next_piece(std::string_view rest, std::size_t longest, bool at_end) {
    const auto window = rest.substr(0, longest);
    if (const auto newline = window.find('\n'); newline != window.npos) {
        return newline + 1;
    }
    if (window.size() < longest) {
        return at_end ? window.size() : 0;
    }
    const auto space = window.find_last_of(white_space);
    return space == window.npos ? longest : space + 1;
}

inline bool is_plain_text(const std::filesystem::path& path) {
    char start[4096];
    std::ifstream file{path, std::ios::binary};
    file.read(start, sizeof start);
    return file.gcount() > 0 && std::memchr(start, '\0', static_cast<std::size_t>(file.gcount())) == nullptr;
}

}  // namespace texts_detail

/// Calls `on_block(string_view)` for one part of the text after the other.
template <class OnBlock>
void for_each_block(const std::string& path, OnBlock on_block) {
    const auto file = texts_detail::open(path);
    std::vector<char> buffer(1 << 18);
    while (const auto size = texts_detail::read_some(file.get(), buffer.data(), buffer.size(), path)) {
        on_block(std::string_view{buffer.data(), size});
    }
}

/// Cuts the text into pieces and calls `on_piece(string_view)` for each: a line with its newline or, where a line is
/// too long for `longest` bytes, a part of one.
///
/// Each piece begins with the byte that stands *before* it in the text (before the first, a newline), so that whoever
/// counts it knows whether it begins in the middle of a word.
template <class OnPiece>
void for_each_piece(const std::string& path, std::size_t longest, OnPiece on_piece) {
    const auto file = texts_detail::open(path);
    std::vector<char> buffer((1 << 18) + longest);
    buffer[0] = '\n';
    std::size_t begin = 1;
    std::size_t end = 1;
    for (bool at_end = false;;) {
        while (const auto size = texts_detail::next_piece({buffer.data() + begin, end - begin}, longest - 1, at_end)) {
            on_piece(std::string_view{buffer.data() + begin - 1, size + 1});
            begin += size;
        }
        if (at_end) {
            return;
        }
        std::memmove(buffer.data(), buffer.data() + begin - 1, end - begin + 1);
        end -= begin - 1;
        begin = 1;
        const auto size = texts_detail::read_some(file.get(), buffer.data() + end, buffer.size() - end, path);
        end += size;
        at_end = size == 0;
    }
}

/// Reads standard input to its end and returns the path of a copy that can be read several times.
inline std::string copy_of_standard_input() {
    const int copy = ::memfd_create("standard input", 0);  // open until the program ends
    if (copy < 0) {
        throw std::system_error(errno, std::generic_category(), "memfd_create");
    }
    std::vector<char> buffer(1 << 18);
    while (const auto size = texts_detail::read_some(STDIN_FILENO, buffer.data(), buffer.size(), "standard input")) {
        for (std::size_t written = 0; written < size;) {
            const auto now = ::write(copy, buffer.data() + written, size - written);
            if (now < 0) {
                throw std::system_error(errno, std::generic_category(), "copying standard input");
            }
            written += static_cast<std::size_t>(now);
        }
    }
    return "/proc/self/fd/" + std::to_string(copy);
}

/// All files with plain text below `root`, without what is hidden and what was built. Each file once: links are not
/// followed.
inline void find_texts(const std::filesystem::path& root, std::vector<std::string>& found) {
    namespace fs = std::filesystem;
    std::error_code missing;
    fs::recursive_directory_iterator entry{root, fs::directory_options::skip_permission_denied, missing};
    for (; !missing && entry != fs::recursive_directory_iterator{}; entry.increment(missing)) {
        const auto name = entry->path().filename().string();
        if (entry->is_directory() && (name.front() == '.' || name == "build")) {
            entry.disable_recursion_pending();
        } else if (entry->is_regular_file() && !entry->is_symlink() && texts_detail::is_plain_text(entry->path())) {
            found.push_back(entry->path().string());
        }
    }
}

}  // namespace wordcount
