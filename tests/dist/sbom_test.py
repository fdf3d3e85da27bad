# SPDX-License-Identifier: Apache-2.0
"""The bill of materials: sound SPDX 2.3, and what is really linked."""

import json
import os
import re
import subprocess
import sys
import unittest

import jsonschema

SOURCE, BIN = os.environ["MAINSTAY_SOURCE"], os.environ["MAINSTAY_BIN"]
TOOL = os.path.join(SOURCE, "tools", "make-sbom")
HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = [os.path.join(BIN, name) for name in ("mainstayd", "mainstay", "mainstay-bench")]
TIMEOUT_S = 120


def output(*command, **environment):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=True,
                          env={**os.environ, "LC_ALL": "C", **environment}).stdout


def mapped(process):
    """The libraries in the memory of a process."""
    with open(f"/proc/{process}/maps", encoding="utf-8") as file:
        return set(re.findall(r"(/\S+\.so(?:\.\S+)?)$", file.read(), re.MULTILINE))


class Sbom(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(BIN, "mainstay.spdx.json"), encoding="utf-8") as file:
            cls.document = json.load(file)
        cls.packages = {package["SPDXID"]: package for package in cls.document["packages"]}
        cls.libraries = {name: package for package in cls.document["packages"]
                         for name in re.findall(r"[^\s,]+", package.get("comment", "").partition(": ")[2])}

    def related(self, element, kind):
        return {each["relatedSpdxElement"] for each in self.document["relationships"]
                if (each["spdxElementId"], each["relationshipType"]) == (element, kind)}

    def test_the_schema(self):
        with open(os.path.join(HERE, "spdx.schema.json"), encoding="utf-8") as file:
            jsonschema.validate(self.document, json.load(file))

    def test_names_are_defined_once(self):
        self.assertEqual(len(self.packages), len(self.document["packages"]))
        ends = {each[end] for each in self.document["relationships"] for end in ("spdxElementId", "relatedSpdxElement")}
        self.assertEqual(ends, {*self.packages, "SPDXRef-DOCUMENT"})

    def test_it_describes_this_build(self):
        release, = self.related("SPDXRef-DOCUMENT", "DESCRIBES")
        version, commit = re.match(r"\S+ (\S+)\ncommit: +(\S+)\n", output(PROGRAMS[0], "--version")).groups()
        self.assertEqual(self.packages[release]["versionInfo"], version)
        self.assertEqual(self.packages[release]["sourceInfo"], f"commit {commit}")
        self.assertEqual({self.packages[each]["name"] for each in self.related(release, "CONTAINS")},
                         {os.path.basename(program) for program in PROGRAMS})

    def test_what_each_program_is_linked_with_is_there(self):
        """By another tool than the one that made it."""
        for program in PROGRAMS:
            needed = re.findall(r"^\s+NEEDED\s+(\S+)$", output("objdump", "--private-headers", program), re.MULTILINE)
            self.assertIn("libc.so.6", needed)
            linked = self.related(f"SPDXRef-program-{os.path.basename(program)}", "DYNAMIC_LINK")
            self.assertEqual({self.libraries[name]["SPDXID"] for name in needed}, linked)

    def test_what_runs_is_there(self):
        """All that a running server has in its memory, but modules that libraries load by themselves."""
        server = subprocess.Popen([PROGRAMS[0], "--listen", "127.0.0.1:0", "--export", "/=mem:", "--admin", "none"],
                                  stderr=subprocess.PIPE, text=True)
        try:
            self.assertTrue(any("ready on" in line for line in server.stderr))
            found = mapped(server.pid)
        finally:
            server.kill()
            server.communicate()
        started = {name for name in map(os.path.basename, found) if not name.startswith("libnss_")}
        known = {re.sub(r"\.so.*", "", name) for name in self.libraries}
        self.assertIn("libcrypto", known)
        self.assertEqual({name for name in started if re.sub(r"(-[0-9.]+)?\.so.*", "", name) not in known
                          and re.sub(r"\.so.*", "", name) not in known}, set())

    def test_versions_are_those_that_are_installed(self):
        packages = [each for each in self.packages.values() if each["primaryPackagePurpose"] == "LIBRARY"]
        self.assertGreater(len(packages), 10)
        for package in packages:
            version, maintainer = output("dpkg-query", "--show", "--showformat=${Version}\\n${Maintainer}",
                                         package["name"]).split("\n")
            self.assertEqual(package["versionInfo"], version)
            self.assertEqual(re.findall(r"\w+", package["supplier"])[1:], re.findall(r"\w+", maintainer))

    def test_it_is_reproducible(self):
        made = [output(TOOL, *PROGRAMS, SOURCE_DATE_EPOCH="1700000000") for _ in range(2)]
        self.assertEqual(made[0], made[1])
        self.assertIn('"created": "2023-11-14T22:13:20Z"', made[0])

    def test_what_cannot_be_told(self):
        done = subprocess.run([TOOL, "/bin/true"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              check=False, timeout=TIMEOUT_S)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("does not tell its version", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
