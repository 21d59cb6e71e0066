#pragma once

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Tables in Markdown.

namespace parley::docs {

using cells = std::vector<std::string>;

[[nodiscard]] inline std::string code(std::string_view text) { return "`" + std::string(text) + "`"; }

class table {
public:
    explicit table(cells heading) : heading_(std::move(heading)) {}

    void add(cells row) { rows_.push_back(std::move(row)); }

    /// Makes one row of all that differ in their first cell only.
    void unite_equal_rows() {
        std::vector<cells> united;
        for (auto& row : rows_) {
            const auto same = std::find_if(united.begin(), united.end(), [&](const cells& other) {
                return std::equal(row.begin() + 1, row.end(), other.begin() + 1, other.end());
            });
            if (same == united.end()) {
                united.push_back(std::move(row));
            } else {
                same->front() += ", " + row.front();
            }
        }
        rows_ = std::move(united);
    }

    friend std::ostream& operator<<(std::ostream& out, const table& shown) {
        write(out, shown.heading_);
        write(out, cells(shown.heading_.size(), "---"));
        for (const auto& row : shown.rows_) {
            write(out, row);
        }
        return out;
    }

private:
    static void write(std::ostream& out, const cells& row) {
        out << '|';
        for (const auto& cell : row) {
            out << ' ' << cell << (cell.empty() ? "|" : " |");
        }
        out << '\n';
    }

    cells heading_;
    std::vector<cells> rows_;
};

/// A part of a document that a program writes, between marks that tests/docs/tables.py knows.
template <class Write>
void write_section(std::ostream& out, std::string_view name, Write write) {
    out << "<!-- generated: " << name << " -->\n";
    write(out);
    out << "<!-- end -->\n";
}

}  // namespace parley::docs
