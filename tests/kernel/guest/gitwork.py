#!/usr/bin/python3 -BS
# SPDX-License-Identifier: Apache-2.0
"""git: a repository made, committed to, checked, branched, merged, packed and cloned."""

import os
import subprocess
import sys

from check import drop_caches, equal, main, read, test, true, write

FILES = int(os.environ.get("MS_GIT_FILES", "200"))

os.environ.update(GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1", GIT_AUTHOR_NAME="A",
                  GIT_AUTHOR_EMAIL="a@example.org", GIT_COMMITTER_NAME="A",
                  GIT_COMMITTER_EMAIL="a@example.org")


def git(*argv):
    done = subprocess.run(["git", *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    true(done.returncode == 0, f"git {' '.join(argv)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def text_of(index):
    return f"file {index}\n" * (index % 100 + 1)


@test
def a_repository():
    git("init", "-q", "-b", "main", "repo")
    os.chdir("repo")
    for index in range(FILES):
        os.makedirs(f"dir{index % 20}/sub{index % 3}", exist_ok=True)
        write(f"dir{index % 20}/sub{index % 3}/file{index}", text_of(index))
    os.symlink("dir1", "link")
    write("script", "#!/bin/sh\n", 0o755)
    git("add", ".")
    git("commit", "-q", "-m", "first")
    equal(git("status", "--porcelain"), "", "status after the commit")
    drop_caches()
    git("fsck", "--full", "--strict")
    equal(git("status", "--porcelain"), "", "status with an empty cache")
    equal(len(git("ls-files").splitlines()), FILES + 2, "files in the commit")
    git("checkout", "-q", "-b", "side")
    write("dir1/new", "side\n")
    git("rm", "-q", "dir2/sub2/file2")
    git("add", ".")
    git("commit", "-q", "-m", "side")
    git("checkout", "-q", "main")
    equal((os.path.exists("dir1/new"), os.path.exists("dir2/sub2/file2")), (False, True),
          "files of the other branch after the checkout")
    write("script", "#!/bin/sh\necho\n")
    git("commit", "-q", "-a", "-m", "main")
    git("merge", "-q", "-m", "merge", "side")
    git("gc", "-q")
    drop_caches()
    git("fsck", "--full", "--strict")
    os.chdir("..")
    git("clone", "-q", "--no-local", "repo", "copy")
    os.chdir("copy")
    drop_caches()
    equal(git("status", "--porcelain"), "", "status of the clone")
    equal((read("dir1/new"), os.readlink("link"), os.access("script", os.X_OK)), (b"side\n", "dir1", True),
          "a file, a link and a mode in the clone")
    for index in range(0, FILES, 20):
        equal(read(f"dir{index % 20}/sub{index % 3}/file{index}").decode(), text_of(index), f"file{index}")
    git("fsck", "--full", "--strict")


sys.exit(main())
