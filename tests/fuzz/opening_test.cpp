#include <algorithm>
#include <cstddef>

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

/// What a process is told that opens and uses what lies at `path`.
constexpr int nothing_said = 0;

/// In a child that may not crash. The first `errc`, or `nothing_said`.
template <class C>
int try_to_use(const std::string& path) {
    shared<std::atomic<int>> told;
    child victim("victim", [&] {
        try {
            sender<C> out{open_only, path};
            receiver<C> in{open_only, path};
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
        std::error_code ignored;
        C::remove(path, ignored);
    });
    CHECK(victim.join_ok());
    return told->load();
}

/// The bytes of a file that is a channel, and what comes of it when they are changed.
template <class C>
class specimen {
public:
    specimen() {
        {
            sender<C> out{create_only, path_};
            static_cast<void>(out.try_send(letter{}));
        }
        valid_ = read_file(path_);
        std::filesystem::remove(path_);
        REQUIRE(valid_.size() > sizeof(segment::header));
    }

    [[nodiscard]] const std::vector<char>& valid() const noexcept { return valid_; }

    [[nodiscard]] int told(const std::vector<char>& bytes) const {
        write_file(path_, bytes);
        const int result = try_to_use<C>(path_);
        std::filesystem::remove(path_);
        return result;
    }

    [[nodiscard]] int told_when(std::size_t offset, char byte) const {
        auto bytes = valid_;
        bytes[offset] = byte;
        return told(bytes);
    }

private:
    std::string path_ = (std::filesystem::temp_directory_path() / unique_name("fuzz-open")).string();
    std::vector<char> valid_;
};

constexpr int corrupt = static_cast<int>(errc::corrupt);
constexpr int incompatible = static_cast<int>(errc::incompatible);

template <class C>
void change_each_field_of_the_header(std::mt19937_64& random) {
    INFO(C::describe());
    using header = segment::header;
    const specimen<C> file;
    REQUIRE(file.told(file.valid()) == nothing_said);
    for (std::size_t offset = 0; offset < offsetof(header, description); ++offset) {
        const auto change = static_cast<char>(1 + random() % 255);
        INFO("byte " << offset << " changed by " << int{change});
        const int told = file.told_when(offset, static_cast<char>(file.valid()[offset] ^ change));
        CHECK(told == (offset < offsetof(header, version) ? corrupt : incompatible));
    }
    // The description is for people: a wrong one is shown, not believed.
    for (const auto offset : {offsetof(header, description), offsetof(header, closed) - 1}) {
        CHECK(file.told_when(offset, '\x7f') == nothing_said);
    }
    // One who fences in full when nobody needs it only loses time.
    CHECK(file.told_when(offsetof(header, full_fences), '\x01') == nothing_said);
    for (const char closed : {'\x01', '\x02', '\x03', '\xff'}) {
        const int told = file.told_when(offsetof(header, closed), closed);
        INFO("closed with " << int{closed} << ", told " << told);
        CHECK((told == static_cast<int>(errc::not_found) || told == static_cast<int>(errc::closed) || told == corrupt));
    }
}

template <class C>
void cut_short() {
    INFO(C::describe());
    const specimen<C> file;
    const auto whole = file.valid().size();
    const auto head = sizeof(segment::header);
    for (const auto size : {std::size_t{0}, std::size_t{1}, std::size_t{8}, std::size_t{32}, head - 1, head, head + 1,
                            whole / 2, whole - 1}) {
        INFO(size << " of " << whole << " bytes");
        auto bytes = file.valid();
        bytes.resize(size);
        const int told = file.told(bytes);
        // A file is rounded up to pages: the last byte may be one that nobody needs.
        CHECK((told == corrupt || (size == whole - 1 && told == nothing_said)));
    }
}

template <class C>
void open_mutants(std::mt19937_64& random, std::uint64_t rounds) {
    INFO(C::describe());
    const specimen<C> file;
    const auto below = [&](std::uint64_t limit) { return random() % limit; };
    for (std::uint64_t round = 0; round < rounds; ++round) {
        INFO("round " << round);
        auto bytes = file.valid();
        if (round % 2 == 0) {  // something else altogether
            bytes.resize(below(2 * file.valid().size()));
            std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
            CHECK(file.told(bytes) == corrupt);
        } else {  // a few bytes behind the header
            for (auto change = below(20) + 1; change > 0; --change) {
                const auto behind = sizeof(segment::header);
                bytes[behind + below(bytes.size() - behind)] = static_cast<char>(random());
            }
            static_cast<void>(file.told(bytes));  // whatever it is told, it did not crash
        }
    }
}

template <class C>
void open_changed() {
    const auto seed = fuzz_seed();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    change_each_field_of_the_header<C>(random);
    cut_short<C>();
    open_mutants<C>(random, 60);
}

/// What lies in /dev/shm for a channel or an endpoint of that name.
std::vector<std::string> left_of(const std::string& name) {
    std::vector<std::string> result;
    for (const auto& each : std::filesystem::directory_iterator("/dev/shm")) {
        const auto file = each.path().filename().string();
        if (file == "parley." + name || file.starts_with("parley." + name + "~")) {
            result.push_back(file);
        }
    }
    return result;
}

}  // namespace

TEST_CASE("a file that was a channel before somebody changed or cut it is refused, or does no harm") {
    open_changed<channel<letter, mapped_file, bounded<4>, blocking_on<futex>>>();
    open_changed<channel<letter, mapped_file, unbounded, blocking_on<futex>>>();
    open_changed<channel<letter, mapped_file, zero, blocking_on<futex>>>();
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
    const auto seed = fuzz_seed();
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
        if (name.find('/') == std::string::npos && !left_of(name).empty()) {
            continue;  // somebody else's
        }
        const bool fits = !name.empty() && name.size() <= 200 && name.find('/') == std::string::npos &&
                          name.find('\0') == std::string::npos;
        CAPTURE(name, fits);
        std::error_code code;
        {
            receiver<C> in{create_only, name, {}, code};
            CAPTURE(code.message());
            CHECK(static_cast<bool>(in) == fits);
            if (fits) {
                CHECK(std::filesystem::exists("/dev/shm/parley." + name));
                CHECK(C::remove(name));
            } else {
                CHECK(code == errc::invalid_name);
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
        if (fits) {
            CHECK(left_of(name) == std::vector<std::string>{});
            CHECK(left_of(name + "x") == std::vector<std::string>{});
        }
    }
}
