#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The version is the same everywhere, and tools/check-versions sees it where it is not.
set -u

source=$(cd "$(dirname "$0")/../.." && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# expect STATUS WHAT [TAG]
expect() {
    "$source/tools/check-versions" --root "$tree" ${3:+"$3"} >"$tree/output" 2>&1
    status=$?
    if [ $status -ne "$1" ]; then
        echo "check-versions on $2: exit $status, not $1"
        cat "$tree/output"
        failures=$((failures + 1))
    fi
}

# sound: the tree has version 1.2.3.
sound() {
    mkdir -p "$tree/debian"
    echo 'project(mainstay VERSION 1.2.3 LANGUAGES C)' >"$tree/CMakeLists.txt"
    echo 'mainstay (1.2.3) unstable; urgency=medium' >"$tree/debian/changelog"
    printf '# Changelog\n\n## Unreleased\n\n## 1.2.3 - 2026-11-22\n\n## 1.2.2 - 2026-10-22\n' >"$tree/CHANGELOG.md"
}

"$source/tools/check-versions" || failures=$((failures + 1))
sound
expect 0 'a sound tree'
expect 0 'its tag' v1.2.3
expect 1 'another tag' v1.2.4
for file in CMakeLists.txt debian/changelog CHANGELOG.md; do
    sound
    sed -i 's/1\.2\.3/1.2.4/' "$tree/$file"
    expect 1 "another version in $file"
done
sound
sed -i '/Unreleased/d' "$tree/CHANGELOG.md"
expect 1 'a changelog without room for changes'
sound
sed -i 's/ - 2026-11-22//' "$tree/CHANGELOG.md"
expect 1 'a version without its day'

echo "$failures checks were wrong"
[ $failures -eq 0 ]
