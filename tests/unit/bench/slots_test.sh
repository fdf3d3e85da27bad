#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# S20-47: bench-slots tells ns and operations per second of the gate and of a whole COMPOUND, for one
# and two threads and several numbers of sessions and slots. What they are is no matter here.
set -u

output=$("$MAINSTAY_BIN/bench-slots" --ms 2 --rounds 1) || exit 1
echo "$output"
rows=$(echo "$output" | awk '
    ($1 == "gate" || $1 == "compound") && NF == 8 {
        for (i = 4; i <= 7; i++)
            if ($i !~ /^[0-9.]+$/)
                exit
        if ($4 > 0 && $5 > 0)
            rows++
    }
    END { print rows + 0 }')
echo "$rows rows with figures"
[ "$rows" -eq 16 ] || exit 1
for wrong in --nonsense '--ms 0'; do
    # shellcheck disable=SC2086
    ! "$MAINSTAY_BIN/bench-slots" $wrong >/dev/null 2>&1 || { echo "it takes $wrong"; exit 1; }
done
