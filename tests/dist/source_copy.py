# SPDX-License-Identifier: Apache-2.0
"""A copy of the sources at hand, be they committed or not, without builds and history."""

import os
import shutil

SOURCE = os.environ["MAINSTAY_SOURCE"]
LEFT_OUT = ("build", ".git", "export-demo")


def left_out(folder, names):
    return [name for name in names if name == "__pycache__" or folder == SOURCE and name in LEFT_OUT]


def copy_sources(target):
    shutil.copytree(SOURCE, target, symlinks=True, ignore=left_out)
