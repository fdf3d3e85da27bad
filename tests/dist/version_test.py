# SPDX-License-Identifier: Apache-2.0
"""What --version tells: version, commit, how the program was built, and the libraries that it runs with.

    version_test.py SANITIZERS
"""

import os
import re
import subprocess
import sys
import unittest

SOURCE, BIN = os.environ["MAINSTAY_SOURCE"], os.environ["MAINSTAY_BIN"]
SANITIZERS = sys.argv[1]
TIMEOUT_S = 60
# The libraries, and what pkg-config calls them.
PACKAGES = {"OpenSSL": "libssl", "GnuTLS": "gnutls", "krb5": "krb5", "libmicrohttpd": "libmicrohttpd",
            "SQLite": "sqlite3", "Jansson": "jansson", "libyaml": "yaml-0.1", "libsodium": "libsodium",
            "curl": "libcurl"}
LIBRARIES = {
    "mainstayd": {"OpenSSL", "GnuTLS", "krb5", "libmicrohttpd", "SQLite", "Jansson", "libyaml", "libsodium"},
    "mainstay": {"curl", "OpenSSL", "krb5", "Jansson", "libsodium"},
    "mainstay-bench": {"OpenSSL", "krb5", "Jansson"}}


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=True).stdout


def parts(program):
    """(first line, {name: rest} of the others)"""
    first, *rest = output(os.path.join(BIN, program), "--version").splitlines()
    return first, {name: value.strip() for name, _, value in (line.partition(":") for line in rest)}


def project_version():
    with open(os.path.join(SOURCE, "CMakeLists.txt"), encoding="utf-8") as file:
        return re.search(r"^project\(mainstay VERSION ([0-9.]+) ", file.read(), re.MULTILINE)[1]


class Version(unittest.TestCase):
    def test_the_version_comes_first(self):
        for program in LIBRARIES:
            self.assertEqual(parts(program)[0], f"{program} {project_version()}")

    def test_all_programs_are_of_one_build(self):
        told = [parts(program)[1] for program in LIBRARIES]
        self.assertRegex(told[0]["commit"], r"\A([0-9a-f]{12}\+?|unknown)\Z")
        self.assertRegex(told[0]["build"], rf"\A\w+, \w+ [0-9.]+, \w+, sanitizers: {SANITIZERS}\Z")
        for each in told[1:]:
            self.assertEqual((each["commit"], each["build"]), (told[0]["commit"], told[0]["build"]))

    def test_the_features_are_those_of_the_build(self):
        text = parts("mainstayd")[1]["features"].split(", ")
        usage = output(os.path.join(BIN, "mainstayd"), "--help")
        self.assertTrue({"NFSv4.1", "NFSv4.2", "Kerberos", "TLS", "kernel TLS", "systemd"} <= set(text))
        self.assertIn("--tls-offload", usage)
        self.assertIn("--keytab", usage)

    def test_the_libraries_are_those_of_this_machine(self):
        for program, names in LIBRARIES.items():
            told = dict(each.rsplit(" ", 1) for each in parts(program)[1]["libraries"].split(", "))
            self.assertEqual(set(told), names)
            for name, version in told.items():
                self.assertEqual(output("pkg-config", "--modversion", PACKAGES[name]).strip(), version, name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
