#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A check that cannot fail is worth nothing: gives each a tree with one fault in it and
# wants it found, and a sound tree and wants it passed.
set -u

tools=$(cd "$(dirname "$0")/../../tools" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

fresh_tree() {
    rm -rf "${tree:?}/src"
    mkdir -p "$tree/src/base" "$tree/src/wire" "$tree/src/proto/ops" "$tree/src/proto/v41"
}

# put FILE TEXT: a file below src/ with the licence line and TEXT, laid out as it is.
put() {
    printf '/* SPDX-License-Identifier: Apache-2.0 */\n%s\n' "$2" >"$tree/src/$1"
}

# expect STATUS CHECK WHAT: runs tools/check-CHECK on the tree.
expect() {
    "$tools/check-$2" "$tree" >"$tree/output" 2>&1
    status=$?
    if [ $status -ne "$1" ]; then
        echo "check-$2 on $3: exit $status, not $1"
        cat "$tree/output"
        failures=$((failures + 1))
    fi
}

expect_layers_fail() {
    fresh_tree
    put "$1" "#include $2"
    expect 1 layers "$1 including $2"
}

format_status=0
"$tools/check-format" >/dev/null 2>&1
[ $? -ne 77 ] || format_status=77

fresh_tree
put wire/sound.c '#include "wire/sound.h"

#include <stdio.h>

#include "base/check.h"

int sound(void)
{
    return 0;
}'
expect 0 layers 'a sound tree'
expect 0 spdx 'a sound tree'
expect $format_status format 'a sound tree'

expect_layers_fail base/up.c '"wire/xdr.h"'
expect_layers_fail wire/up.c '"proto/compound.h"'
expect_layers_fail wire/sideways.c '"vfs/vfs.h"'
expect_layers_fail wire/bare.c '"xdr.h"'
expect_layers_fail wire/dots.c '"../base/check.h"'
expect_layers_fail wire/macro.c 'HEADER'
expect_layers_fail wire/internal.c '"base/log_internal.h"'
expect_layers_fail proto/backend.c '"backend/mem/mem.h"'
expect_layers_fail proto/ops/minor.c '"proto/v41/session.h"'
expect_layers_fail proto/v41/other.c '"proto/v40/seqid.h"'

fresh_tree
mkdir -p "$tree/src/stray"
put stray/a.c 'int a;'
expect 1 layers 'a folder that the table does not know'

fresh_tree
echo 'int a;' >"$tree/src/base/a.c"
expect 1 spdx 'a file without a licence'

if [ $format_status -eq 0 ]; then
    fresh_tree
    put base/a.c 'int a( void ) { return 0; }'
    expect 1 format 'a badly laid out file'
fi

fresh_tree
for check in layers spdx; do
    expect 1 $check 'a tree without a file'
done
[ $format_status -eq 77 ] || expect 1 format 'a tree without a file'

echo "$failures checks were wrong"
[ $failures -eq 0 ]
