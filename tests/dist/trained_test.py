# SPDX-License-Identifier: Apache-2.0
"""tools/build-trained: programs that were built for what bench/train makes them do.

    trained_test.py C-COMPILER

The preset is one of a user's: without optimisation across files, which takes most of the time, and with little work."""

import glob
import json
import os
import shutil
import sys
import tempfile
import unittest

from installation import output
from source_copy import copy_sources

COMPILER = sys.argv.pop(1)
PRESET = "quick"


def user_presets():
    preset = {"name": PRESET, "inherits": "trained", "cacheVariables": {
        "CMAKE_C_COMPILER": COMPILER, "CMAKE_BUILD_TYPE": "Debug", "CMAKE_C_FLAGS_DEBUG": "-O0",
        "MAINSTAY_LTO": "OFF"}}
    return {"version": 6, "configurePresets": [preset],
            "buildPresets": [{"name": PRESET, "configurePreset": PRESET}]}


class Trained(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="mainstay-trained-")
        cls.addClassCleanup(directory.cleanup)
        cls.top = os.path.join(directory.name, "sources")
        cls.built = os.path.join(cls.top, "build", PRESET)
        copy_sources(cls.top)
        with open(os.path.join(cls.top, "CMakeUserPresets.json"), "w", encoding="utf-8") as file:
            json.dump(user_presets(), file)

    def counts(self):
        return glob.glob(f"{self.built}/**/*.gcda", recursive=True)

    def test_two_passes(self):
        said = output(os.path.join(self.top, "tools", "build-trained"), PRESET, "--scale", "0.01")
        self.assertIn("Linking C executable mainstayd", said)
        version = output(os.path.join(self.built, "mainstayd"), "--version")
        self.assertIn("build:     Debug, trained, GNU ", version)
        folders = {os.path.relpath(path, self.built).split("/CMakeFiles")[0] for path in self.counts()}
        self.assertLessEqual({f"src/{name}" for name in ("wire", "transport", "proto", "state", "backend/mem",
                                                         "backend/local")}, folders)
        with open(os.path.join(self.built, "build.ninja"), encoding="utf-8") as file:
            flags = file.read()
        self.assertIn(" -fprofile-use ", flags)
        self.assertNotIn(" -fprofile-generate ", flags)


if __name__ == "__main__":
    if os.path.basename(os.path.realpath(shutil.which(COMPILER))).startswith("clang"):
        print("skipped: clang counts in its own way")
        sys.exit(77)
    unittest.main()
