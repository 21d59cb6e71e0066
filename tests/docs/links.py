#!/usr/bin/env python3
"""Passes if every link leads somewhere: in Markdown files, and in the HTML of a folder.

A link to a file, a heading or an anchor must find it. One to the world outside is looked at for its form only, and
nothing is fetched.
"""

import argparse
import html.parser
import pathlib
import re
import sys
import tempfile
import urllib.parse

OUTSIDE = re.compile(r"^(https?)://([A-Za-z0-9-]+\.)+[A-Za-z]{2,}(:\d+)?(/[^\s<>\"]*)?$")
MARKDOWN_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(<?([^()\s>]+(?:\([^()\s]*\))?)>?(?:\s+\"[^\"]*\")?\)")
IN_WORDS = {"mailto", "javascript", "data"}


def slug(heading):
    """The anchor that GitHub gives to a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    text = re.sub(r"<[^>]*>|[`*]|&[a-z]+;", "", text).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


class Page(html.parser.HTMLParser):
    """The links and the anchors of one HTML file."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") or (tag == "object" and name == "data"):
                self.links.append(value or "")
            elif name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value)


def markdown_page(text):
    """The links and the anchors of one Markdown file."""
    links, anchors, counts, in_block = [], set(), {}, False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            in_block = not in_block
        if in_block:
            continue
        heading = re.match(r"^#+ (.*)$", line)
        if heading:
            name = slug(heading.group(1))
            count = counts[name] = counts.get(name, -1) + 1
            anchors.add(f"{name}-{count}" if count else name)
        links += MARKDOWN_LINK.findall(re.sub(r"`[^`]*`", "", line))
    return links, anchors


class Checker:
    """Knows what each file has, and asks once."""

    def __init__(self):
        self.known = {}

    def look(self, path):
        path = path.resolve()
        if path not in self.known:
            if path.suffix == ".html":
                page = Page(path.read_text(encoding="utf-8", errors="replace"))
                self.known[path] = page.links, page.anchors
            elif path.suffix == ".md":
                self.known[path] = markdown_page(path.read_text(encoding="utf-8"))
            else:
                self.known[path] = [], None
        return self.known[path]

    def complaint(self, path, link):
        """What is wrong with a link, or None."""
        parts = urllib.parse.urlsplit(link)
        if parts.scheme in ("http", "https"):
            return None if OUTSIDE.match(link) else "is no address"
        if parts.scheme in IN_WORDS:
            return None
        if parts.scheme or link.startswith("/"):
            return "leads nowhere in this tree"
        target = path.parent / urllib.parse.unquote(parts.path) if parts.path else path
        if not target.exists():
            return "finds no file"
        if parts.fragment and target.is_file():
            anchors = self.look(target)[1]
            if anchors is not None and urllib.parse.unquote(parts.fragment) not in anchors:
                return "finds no such anchor"
        return None

    def complaints(self, path):
        said = []
        for link in dict.fromkeys(self.look(path)[0]):
            wrong = self.complaint(path, link)
            if wrong:
                said.append(f"{path}: '{link}' {wrong}")
        return said


def files(paths):
    """The files meant: of a folder, all its HTML."""
    for path in paths:
        yield from sorted(path.rglob("*.html")) if path.is_dir() else [path]


SELF_TEST = {
    # the files, and how many complaints there are
    "good.md": ("# A `b` c\n[x](#a-b-c) [y](other.md#two) ![z](p.svg) `[no](nowhere)` [w](https://example.org/a)\n", 0),
    "other.md": ("## Two\n## Two\n[x](#two-1)\n```\n[no](nowhere)\n```\n", 0),
    "p.svg": ("<svg/>", 0),
    "bad.md": ("[x](nowhere.md) [y](other.md#three) [z](#none) [w](https://bad) [v](/root)\n", 5),
    "good.html": ('<a id="one"></a><a href="#one"></a><a href="other.md"></a><img src="p.svg">', 0),
    "bad.html": ('<a href="#two"></a><a href="good.html#two"></a><img src="q.svg">', 3),
}


def self_test():
    """Whether this script accepts and refuses as it says."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, (text, _) in SELF_TEST.items():
            (pathlib.Path(folder) / name).write_text(text, encoding="utf-8")
        for name, (_, expected) in SELF_TEST.items():
            said = Checker().complaints(pathlib.Path(folder) / name)
            if len(said) != expected:
                wrong += 1
                print(f"{name}: expected {expected} complaints, heard {said}")
    return wrong == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("paths", nargs="*", type=pathlib.Path, help="Markdown and HTML files; folders of HTML")
    arguments = parser.parse_args()
    if arguments.self_test:
        return 0 if self_test() else 1
    checker, looked_at, wrong = Checker(), 0, 0
    for path in files(arguments.paths):
        looked_at += 1
        for complaint in checker.complaints(path):
            wrong += 1
            print(complaint)
    print(f"{looked_at} files, {wrong} bad links")
    return 0 if looked_at and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
