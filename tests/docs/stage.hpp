#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

/// Where a block of code of a documentation page runs, as if nobody else were on the machine.

namespace parley::docs {

/// A folder of its own to be in, also for what has a path; /dev/shm, queues and System V objects of its own where the
/// process may ask for that (CAP_SYS_ADMIN). Elsewhere what has one of the `names` and was not there before is taken
/// away at the end.
class stage {
public:
    explicit stage(std::set<std::string> names = {}) : names_(std::move(names)) {
        std::string made = (std::filesystem::temp_directory_path() / "parley-docs-XXXXXX").string();
        if (::mkdtemp(made.data()) == nullptr) {
            throw std::system_error(errno, std::generic_category(), "making " + made);
        }
        folder_ = made;
        std::filesystem::current_path(folder_);
        std::filesystem::create_directory(folder_ / "run");
        std::filesystem::permissions(folder_ / "run", std::filesystem::perms::owner_all);
        ::setenv("XDG_RUNTIME_DIR", (folder_ / "run").c_str(), 1);
        alone_ = ::unshare(CLONE_NEWNS | CLONE_NEWIPC) == 0 &&
                 ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                 ::mount("parley-docs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") == 0;
        before_ = shared_memory();
    }
    stage(const stage&) = delete;
    stage& operator=(const stage&) = delete;
    ~stage() {
        std::error_code ignored;
        for (const auto& file : shared_memory()) {
            if (!alone_ && before_.count(file) == 0) {
                std::filesystem::remove(file, ignored);
            }
        }
        std::filesystem::current_path("/", ignored);
        std::filesystem::remove_all(folder_, ignored);
    }

    /// Runs `block`, and beside it a shell script, if that is not empty. Returns what both wrote to the standard
    /// output.
    template <class Block>
    [[nodiscard]] std::string run(Block block, const std::string& beside = {}) {
        const auto file = folder_ / "output";
        {
            const captured_output capturing(file);
            const background script(beside);
            block();
        }
        std::ostringstream text;
        text << std::ifstream(file).rdbuf();
        auto said = text.str();
        std::cout << said << std::flush;
        while (!said.empty() && said.back() == '\n') {
            said.pop_back();
        }
        return said;
    }

    /// Runs a shell script; one that fails is an error.
    static void shell(const std::string& script) {
        if (std::system(("set -eu\n" + script).c_str()) != 0) {
            throw std::runtime_error("this fails in a shell:\n" + script);
        }
    }

private:
    class captured_output {
    public:
        explicit captured_output(const std::filesystem::path& file) : real_(::dup(STDOUT_FILENO)) {
            flush();
            const int to = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
            ::dup2(to, STDOUT_FILENO);
            ::close(to);
        }
        captured_output(const captured_output&) = delete;
        captured_output& operator=(const captured_output&) = delete;
        ~captured_output() {
            flush();
            ::dup2(real_, STDOUT_FILENO);
            ::close(real_);
        }

    private:
        static void flush() {
            std::cout << std::flush;
            std::fflush(stdout);
        }
        int real_;
    };

    class background {
    public:
        explicit background(const std::string& script) {
            if (!script.empty()) {
                thread_ = std::thread([script] {
                    try {
                        shell(script);
                    } catch (const std::exception& failure) {
                        std::cout << failure.what() << '\n';
                        std::abort();
                    }
                });
            }
        }
        background(const background&) = delete;
        background& operator=(const background&) = delete;
        ~background() {
            if (thread_.joinable()) {
                thread_.join();
            }
        }

    private:
        std::thread thread_;
    };

    /// What of parley's has one of the names, as parley.orders or parley.alice~bob.
    [[nodiscard]] std::set<std::filesystem::path> shared_memory() const {
        std::set<std::filesystem::path> found;
        for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
            auto name = entry.path().filename().string();
            const bool ours = name.rfind("parley", 0) == 0;
            std::replace(name.begin(), name.end(), '~', '.');
            std::istringstream parts(name);
            for (std::string part; ours && std::getline(parts, part, '.');) {
                if (names_.count(part) != 0) {
                    found.insert(entry.path());
                }
            }
        }
        return found;
    }

    std::set<std::string> names_;
    std::filesystem::path folder_;
    bool alone_ = false;
    std::set<std::filesystem::path> before_;
};

}  // namespace parley::docs
