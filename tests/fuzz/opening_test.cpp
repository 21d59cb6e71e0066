#include <algorithm>
#include <memory>

#include "hostile.hpp"

using namespace parley;
using namespace parley::test;

/// Objects that are no channels, or were one before somebody changed a few bytes, and names made of any bytes.

namespace {

struct letter {
    std::uint64_t number;
    std::uint64_t more[5];
};

void write_file(const std::string& path, const std::vector<char>& bytes) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::vector<char> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Opens and uses what lies at `path`, in a child that may not crash. The `errc` of the first refusal, or 0.
template <class C>
int try_to_use(const std::string& name, bool may_pass) {
    shared<std::atomic<int>> told;
    child victim("victim", [&] {
        try {
            sender<C> out{open_only, name};
            receiver<C> in{open_only, name};
            for (int step = 0; step < 20; ++step) {
                static_cast<void>(out.try_send(letter{}));
                static_cast<void>(in.try_receive());
            }
            static_cast<void>(out.send_for(letter{}, std::chrono::milliseconds(2)));
            static_cast<void>(in.receive_for(std::chrono::milliseconds(2)));
        } catch (const error& refused) {
            PARLEY_CHECK_IN_CHILD(is_a_word_of_ours(refused));
            told->store(refused.code().value());
        }
        PARLEY_CHECK_IN_CHILD(may_pass || told->load() != 0);
        std::error_code ignored;
        C::remove(name, ignored);
    });
    CHECK(victim.join_ok());
    return told->load();
}

template <class C>
void open_mutants(std::uint64_t rounds) {
    INFO(C::describe());
    const auto seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const auto path = (std::filesystem::temp_directory_path() / unique_name("fuzz-open")).string();
    const auto below = [&](std::uint64_t limit) { return random() % limit; };
    {
        sender<C> out{create_only, path};
        static_cast<void>(out.try_send(letter{}));
    }
    const auto valid = read_file(path);
    REQUIRE(valid.size() > sizeof(segment::header));
    std::filesystem::remove(path);

    for (std::uint64_t round = 0; round < rounds; ++round) {
        INFO("round " << round);
        auto bytes = valid;
        bool may_pass = true;
        switch (round % 4) {
            case 0:  // something else altogether
                bytes.assign(below(2 * valid.size()), '\0');
                std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
                may_pass = false;
                break;
            case 1:  // cut short
                bytes.resize(below(valid.size()));
                may_pass = false;
                break;
            case 2:  // the identity is another
                bytes[below(32)] = static_cast<char>(random());
                break;
            default:  // a few bytes of the rest
                for (auto change = below(20) + 1; change > 0; --change) {
                    bytes[sizeof(segment::header) + below(valid.size() - sizeof(segment::header))] =
                        static_cast<char>(random());
                }
        }
        write_file(path, bytes);
        const auto told = static_cast<errc>(try_to_use<C>(path, may_pass));
        if (!may_pass) {
            INFO("told " << static_cast<int>(told));
            CHECK((told == errc::corrupt || told == errc::incompatible));
        }
        std::filesystem::remove(path);
    }
}

}  // namespace

TEST_CASE("files of random bytes, cut short or changed, are refused or at least do no harm") {
    open_mutants<channel<letter, mapped_file, bounded<4>, blocking_on<futex>>>(120);
    open_mutants<channel<letter, mapped_file, unbounded, blocking_on<futex>>>(60);
    open_mutants<channel<letter, mapped_file, zero, blocking_on<futex>>>(60);
}

TEST_CASE("what has the name and is no channel is left alone") {
    using C = channel<letter, mapped_file>;
    const auto path = (std::filesystem::temp_directory_path() / unique_name("fuzz-open")).string();
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{100}, std::size_t{5000}}) {
        const std::vector<char> bytes(size, 'x');
        write_file(path, bytes);
        for (int attempt = 0; attempt < 3; ++attempt) {
            std::error_code code;
            if (attempt == 0) {
                sender<C> out{path, code};
                CHECK_FALSE(out);
            } else if (attempt == 1) {
                receiver<C> in{open_only, path, {}, code};
                CHECK_FALSE(in);
            } else {
                CHECK_FALSE(C::remove(path, code));
            }
            CHECK(code == errc::corrupt);
        }
        CHECK(read_file(path) == bytes);
    }
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
    std::error_code code;
    sender<C> out{path, code};
    CHECK_FALSE(out);
    CHECK(code);
    std::filesystem::remove(path);
}

TEST_CASE("a name is any bytes that a file name may have, or invalid_name") {
    const auto seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    using C = channel<letter, bounded<1>>;
    using D = channel<letter, direct, bounded<1>, nonblocking>;
    for (int round = 0; round < 400; ++round) {
        std::string name(random() % 260, '\0');
        const bool printable = random() % 2 == 0;
        for (auto& each : name) {
            each = static_cast<char>(printable ? ' ' + random() % 95 : random());
        }
        if (random() % 4 == 0) {
            name += unique_name("/../");
        }
        std::error_code code;
        {
            receiver<C> in{create_only, name, {}, code};
            const bool fits =
                !name.empty() && name.size() <= 200 && name.find('/') == name.npos && name.find('\0') == name.npos;
            CAPTURE(name, code.message());
            if (fits) {
                CHECK((in || code == errc::already_exists));
            } else {
                CHECK(code == errc::invalid_name);
            }
            if (in) {
                CHECK(std::filesystem::exists("/dev/shm/parley." + name));
                CHECK(C::remove(name));
            }
        }
        endpoint<D> me{name, code};
        CHECK((me || code == errc::invalid_name));
        if (me) {
            std::error_code other;
            static_cast<void>(me.try_send(name + "x", {}, other));
            CHECK((!other || other == errc::invalid_name));
            D::remove(name, other);
            D::remove(name + "x", other);
        }
    }
}
