"""Makes of a page and of a header what Doxygen 1.9.4 understands. No line gets another number.

A page: headings get the names that GitHub gives them, so that links to them work in both places.

A header: left out are attributes, what is not public, and a `requires` behind a function's head, which Doxygen takes for
a part of the next thing. What every word of an axis must have (the axis's concept.hpp) is told here once, and not at
each word.
"""

import re

# --- Pages --------------------------------------------------------------------------------------------------------


def slug(heading):
    """The name that GitHub gives to a heading."""
    text = re.sub(r"[`*]", "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def page(text, stem):
    """Headings with names, and links that use them."""
    result, in_block = [], False
    for line in text.splitlines():
        if line.startswith("```"):
            in_block = not in_block
        heading = re.match(r"^(#+) (.*)$", line)
        if not in_block and heading:
            level, title = heading.groups()
            name = stem if len(level) == 1 else f"{stem}-{slug(title)}"
            if name != "index":  # Doxygen's own name for the first page
                line = f"{level} {title} {{#{name}}}"
        elif not in_block:
            line = re.sub(r"\]\((\w+)\.md#([^)]+)\)", r"](@ref \1-\2)", line)
            line = re.sub(r"\]\((\w+)\.md\)", r"](@ref \1)", line)
            line = re.sub(r"\]\(#([^)]+)\)", rf"](@ref {stem}-\1)", line)
            line = line.replace("](../drawings/", "](")  # IMAGE_PATH says where they are
        result.append(line)
    return "\n".join(result) + "\n"


# --- Headers ------------------------------------------------------------------------------------------------------

# What every word of an axis has.
CONTRACT = {
    r"using axis =": "The axis that this is a word of.",
    r"using natural_lifetime =": "The lifetime of a channel that names none.",
    r"using natural_buffering =": "The buffering of a channel that names none.",
    r"using selection =": "Which receiver gets a message.",
    r"using delivery =": "What becomes of a message in the hands of a receiver that dies.",
    r"using sender_side =": "How senders wait.",
    r"using receiver_side =": "How receivers wait.",
    r"using strategy =": "How a side that waits does it; void for one that does not.",
    r"using travelling =": "What the transport carries in place of the message.",
    r"using segments =": "Who stores the blocks of the pool.",
    r"static constexpr (std::string_view|auto) name =": "As descriptions and errors tell it.",
    r"static constexpr (std::string_view|auto) side_name =": "The same for one side.",
    r"static constexpr transport::capabilities capabilities\b": "What this transport can do.",
    r"static constexpr transport::capabilities raw_capabilities\b": "The same with `raw`.",
    r"static constexpr bool well_formed =": "Whether its arguments make sense; a rule says what is wrong.",
    r"static constexpr bool many_senders =": "Whether several processes may send into one link.",
    r"static constexpr bool many_receivers =": "Whether several processes may receive from one link.",
    r"static constexpr bool owned =": "Whether it is created by its one receiver and gone with it.",
    r"static constexpr bool pairwise =": "Whether there is a link for each pair of processes.",
    r"static constexpr bool takes_turns =": "Whether receivers take turns.",
    r"static constexpr bool one_at_a_time =": "Whether one process at a time may receive.",
    r"static constexpr bool redelivers =": "Whether another receiver gets the message.",
    r"static constexpr bool waits =": "Whether this side may wait.",
    r"static constexpr bool sleeps =": "Whether it must be woken.",
    r"static constexpr std::size_t capacity =": "How many messages; see buffering/concept.hpp for the special values.",
    r"static constexpr bool rendezvous =": "Whether a send ends only in the hands of a receiver.",
    r"static constexpr lifetime::end until =": "What ends the channel.",
    r"static constexpr bool foreign =": "Whether the other side may know nothing of parley.",
    r"static constexpr bool implied =": "Whether descriptions leave it out.",
    r"static constexpr bool stays =": "Whether the bytes of a message stay where they were written.",
    r"static constexpr bool names_blocks =": "Whether blocks of the pool have names that are made from the pool's.",
    r"static constexpr std::size_t reference_size =": "Bytes of the reference that travels in place of a message; 0 if none does.",
    r"static constexpr bool accepts =": "Whether a word keeps this axis's contract.",
    r"using fallback =": "The word for a composition that names none.",
}

# What a transport or a payload gives to the channel: users never name it.
INTERNAL = r"^ *using (sending_end|receiving_end|link_end|endpoint|family|backing|storage) ="


def matching(text, start, opening, closing):
    """The end of what the bracket at `start` opens."""
    depth = 0
    for position in range(start, len(text)):
        depth += (text[position] == opening) - (text[position] == closing)
        if depth == 0:
            return position + 1
    raise ValueError("a bracket is not closed")


def constraint_end(text, start):
    """The end of a constraint that begins at `start`: before the function's body or the constructor's initializers."""
    position = start
    while position < len(text):
        if text[position] in "(":
            position = matching(text, position, "(", ")")
        elif re.match(r"requires\s*\(", text[position:]):
            position = matching(text, text.index("(", position), "(", ")")
            position += len(re.match(r"\s*", text[position:]).group())
            position = matching(text, position, "{", "}")  # a requires-expression
        elif text[position] in "{;" or (text[position] == ":" and text[position - 1 : position + 2].count(":") == 1):
            return position
        else:
            position += 1
    raise ValueError("a constraint has no end")


def without_trailing_constraints(text):
    """`f(...) const requires X {` without its constraint."""
    found = re.compile(r"(?<=[)\w])\s+requires\b(?=[\s(!])")
    position = 0
    while match := found.search(text, position):
        line = text[text.rfind("\n", 0, match.end()) + 1 : match.end()]
        before = text[: match.start()].rstrip()
        if re.match(r"^\s*(//|\*)", line) or not re.search(r"(\)|const|noexcept)$", before):
            position = match.end()
            continue
        end = constraint_end(text, match.end())
        text = before + "\n" * text.count("\n", len(before), end) + " " + text[end:]
        position = len(before)
    return text


def with_contract(text):
    """Every member of a word that says nothing of itself is told what CONTRACT says of it."""
    lines, first = text.splitlines(), 0  # where what this line belongs to begins
    for number, line in enumerate(lines):
        head = line.strip()
        if not head.startswith("template") or head.endswith(";"):
            above = lines[first - 1].strip() if first > 0 else ""
            if line.startswith(" ") and not above.startswith("///") and "///<" not in line:
                said = next((each for pattern, each in CONTRACT.items() if re.match(pattern, head)), None)
                if re.match(INTERNAL, line):
                    said = "For the library."
                if said:
                    indent = re.match(r" *", lines[first]).group()
                    lines[first] = f"{indent}/** {said} */ {lines[first].strip()}"
            first = number + 1
    return "\n".join(lines) + "\n"


def public(text):
    """Classes without what is private or protected, which Doxygen links to and does not show."""
    result, hidden = [], None
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        if hidden is not None and indent == hidden and (line.strip() == "public:" or line.strip().startswith("}")):
            hidden = None
        if hidden is None and line.strip() in ("private:", "protected:"):
            hidden = indent
        result.append("" if hidden is not None else line)
    return "\n".join(result) + "\n"


def with_file_comments(text):
    """A comment that stands for itself is one of the file, and not of the namespace that follows."""
    return re.sub(r"^\n((?:///.*\n)+)(?=\n)", r"/// \\file\n\1", text, flags=re.MULTILINE)


def header(text):
    """C++ that Doxygen understands."""
    text = with_file_comments(text)
    text = public(re.sub(r"\[\[[^\[\]]*\]\] ?", "", text))
    text = text.replace("    friend ", "    ")  # Doxygen gives friends no anchors
    text = without_trailing_constraints(text)
    return with_contract(text)
