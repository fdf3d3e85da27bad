#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Links in the documents lead somewhere: to a file that is there, and to a heading of it. docs/README.md, the table of
contents, has each page once, and pages that the code names are there."""

import glob
import os
import re
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.environ.get("MAINSTAY_SOURCE", os.path.join(HERE, "../..")))
CONTENTS = "docs/README.md"


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def pages():
    paths = [path for pattern in ("*.md", "docs/*.md", "tests/*/README.md", "contrib/*.md", "contrib/*/*.md")
             for path in glob.glob(pattern, root_dir=ROOT)]
    return sorted(paths)


def prose(page):
    """Without blocks of code, whose # is a comment."""
    return re.sub(r"(?ms)^```.*?^```$|^    .*?$", "", text(page))


def anchors(page):
    """As GitHub names headings."""
    titles = re.findall(r"(?m)^#+ (.*)$", prose(page))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(page):
    return re.findall(r"\]\(([^()\s]+)\)", prose(page))


class Links(unittest.TestCase):
    def test_they_lead_somewhere(self):
        found = 0
        for page in pages():
            for link in links(page):
                if re.match(r"\w+:", link):
                    continue
                found += 1
                path, _, anchor = link.partition("#")
                path = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
                self.assertTrue(os.path.exists(os.path.join(ROOT, path)), f"{page}: {link} is not there")
                if anchor:
                    self.assertIn(anchor, anchors(path), f"{page}: {link} is no heading there")
        self.assertGreater(found, 100)

    def test_contents_have_each_page_once(self):
        named = [link for link in links(CONTENTS) if re.fullmatch(r"[\w-]+\.md", link)]
        there = [os.path.basename(page) for page in pages() if page.startswith("docs/") and page != CONTENTS]
        self.assertEqual(sorted(named), sorted(there))

    def test_pages_that_the_code_names(self):
        """In comments and messages, by their path."""
        found = 0
        for pattern in ("src", "bench", "contrib", "debian", "tests", "tools"):
            for path in glob.glob(f"{pattern}/**", root_dir=ROOT, recursive=True):
                if os.path.isdir(os.path.join(ROOT, path)) or not self.is_text(path):
                    continue
                for page in re.findall(r"\bdocs/[\w-]+\.md\b", text(path)):
                    found += 1
                    self.assertTrue(os.path.exists(os.path.join(ROOT, page)), f"{path}: {page} is not there")
        self.assertGreater(found, 20)

    @staticmethod
    def is_text(path):
        return re.search(r"\.(c|h|py|sh|txt|md|cmake|yaml|yml|conf|service|socket)$", path) or "." not in path and \
            os.path.dirname(path) in ("tools", "debian")


if __name__ == "__main__":
    unittest.main()
