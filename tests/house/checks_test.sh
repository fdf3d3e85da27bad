#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Tests the checks themselves: each must find the single fault in a tree, and must pass a sound
# tree.
set -u

tools=$(cd "$(dirname "$0")/../../tools" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

fresh_tree() {
    rm -rf "${tree:?}/src"
    mkdir -p "$tree/src/base" "$tree/src/wire" "$tree/src/proto/ops" "$tree/src/proto/v41"
}

# put FILE TEXT: write a file below src/ with the licence line and TEXT, formatted as given.
put() {
    mkdir -p "$(dirname "$tree/src/$1")"
    printf '/* SPDX-License-Identifier: Apache-2.0 */\n%s\n' "$2" >"$tree/src/$1"
}

# expect STATUS CHECK WHAT: run tools/check-CHECK on the tree.
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

# state/ includes in one direction; only state.c includes all of it.
expect_layers_fail state/state_limit.c '"state/client/client.h"'
expect_layers_fail state/client/up.c '"state/session/session.h"'
expect_layers_fail state/lock/up.c '"state/open/open.h"'
expect_layers_fail state/open/up.c '"state/v40/client_v40.h"'
expect_layers_fail state/open/up.c '"state/state.c"'
expect_layers_fail state/open/internal.c '"state/client/client_internal.h"'
expect_layers_fail proto/v41/internal.c '"proto/park_internal.h"'
fresh_tree
put state/state.c '#include "state/open/open.h"'
put state/open/open.c '#include "state/delegation/delegation_conflict.h"
#include "state/open/open_internal.h"'
expect 0 layers 'a state/ in order'

fresh_tree
mkdir -p "$tree/src/stray"
put stray/a.c 'int a;'
expect 1 layers 'a folder that the table does not know'

fresh_tree
put ../bench/load/up.c '#include "state/state.h"'
expect 1 layers 'bench/load/up.c including "state/state.h"'
rm -r "$tree/bench"

fresh_tree
echo 'int a;' >"$tree/src/base/a.c"
expect 1 spdx 'a file without a licence'

if [ $format_status -eq 0 ]; then
    fresh_tree
    put base/a.c 'int a( void ) { return 0; }'
    expect 1 format 'a badly laid out file'
    fresh_tree
    put base/a.c "/* $(printf '%095d' 0) */"
    expect 1 format 'a comment of 101 columns'
    put base/a.c "/* $(printf '%093d' 0)§ */"
    expect 0 format 'a comment of 100 columns, not bytes'
fi

# object FILE TEXT: write a file below src/, and compile it.
object() {
    put "$1" "$2"
    objects="$tree/build/src/${1%%/*}/CMakeFiles/ms.dir/$(dirname "${1#*/}")"
    mkdir -p "$objects"
    cc -c -o "$objects/$(basename "$1").o" "$tree/src/$1"
}

# expect_circles STATUS WHAT: run the check, then remove the objects.
expect_circles() {
    "$tools/check-circles" "$tree/build" "$tree" >"$tree/output" 2>&1
    status=$?
    if [ $status -ne "$1" ]; then
        echo "check-circles on $2: exit $status, not $1"
        cat "$tree/output"
        failures=$((failures + 1))
    fi
    rm -rf "$tree/build"
    fresh_tree
}

# calls NAME OTHER: a function that calls another one.
calls() {
    echo "void $2(void); void $1(void); void $1(void) { $2(); }"
}

fresh_tree
object base/a.c 'void a(void); void a(void) {}'
object wire/b.c "$(calls b a)"
expect_circles 0 'calls downwards'
object base/a.c "$(calls a b)"
object wire/b.c "$(calls b a)"
expect_circles 1 'a circle of two folders'
object state/client/a.c "$(calls a b)"
object state/session/b.c "$(calls b a)"
expect_circles 1 'a circle of two folders in one module'
object state/client/a.c "$(calls a b)"
object state/session/b.c "$(calls b c)"
object base/c.c "$(calls c a)"
expect_circles 1 'a circle of three'
object base/a.c "$(calls a b)"
object base/b.c "$(calls b a)"
expect_circles 1 'a circle inside of a folder'
object transport/connection.c "$(calls a b)"
object transport/send_queue.c "$(calls b a)"
expect_circles 0 'a circle of one subject'
object transport/connection.c "$(calls a b)"
object transport/loop.c "$(calls b a)"
expect_circles 1 'a circle of a subject and another file'
object base/a.c 'struct hooks { void (*call)(void); }; extern struct hooks hooks; struct hooks hooks;
void a(void); void a(void) { hooks.call(); }'
object wire/b.c 'void a(void); void b(void); struct hooks { void (*call)(void); }; extern struct hooks hooks;
void b(void) { hooks.call = b; a(); }'
expect_circles 0 'a hook'
object base/a.c "$(calls a b)"
object wire/b.c "$(calls b a)"
object wire/c.c 'void c(void); void c(void) {}'
rm "$tree/src/wire/b.c"
expect_circles 0 'an object whose source is gone'
expect_circles 1 'a build without objects'

# coverage SEEN NEVER EXTRA: the record of the only test program (`-`: it has not run), and the lines
# of the two tables of the document, for an operation that may return IO and STALE in 4.1. The rest,
# for 4.0 and 4.2, is correct, and the table of test names is up to date.
seen_in_others='0 3 5 test\n0 3 70 test\n2 59 5 test\n2 59 70 test\n'
coverage() {
    mkdir -p "$tree/docs" "$tree/tests/protocol" "$tree/records"
    rm -f "$tree/records/program"
    echo program >"$tree/records/programs"
    printf 'OP_ACCESS = 3,\nOP_ALLOCATE = 59,\nNFS4ERR_IO = 5,\nNFS4ERR_EXIST = 17,\nNFS4ERR_STALE = 70,\n' \
        >"$tree/src/wire/nfs4_const.h"
    echo '3 ACCESS: IO STALE' >"$tree/tests/protocol/rfc_errors.txt"
    echo '3 ACCESS: IO ACCESS' >"$tree/tests/protocol/rfc_errors_v40.txt"
    echo '59 ALLOCATE: IO ACCESS' >"$tree/tests/protocol/rfc_errors_v42.txt"
    [ "$1" = - ] || printf "$1$seen_in_others" >"$tree/records/program"
    printf '%s\n' '<!-- tools/check-coverage --write: begin -->' '<!-- end -->' \
        '## Listed, never answered' '| errors | operations | why |' '|---|---|---|' "$2" \
        '## Answered, though not listed' '| errors | operations | why |' '|---|---|---|' "$3" \
        '## 4.0' '<!-- tools/check-coverage --write: begin 4.0 -->' '<!-- end 4.0 -->' \
        '## Listed, never answered in 4.0' '| errors | operations | why |' '|---|---|---|' \
        '| ACCESS | ACCESS | why |' '## Answered in 4.0, though not listed' \
        '| errors | operations | why |' '|---|---|---|' \
        '| STALE | ACCESS | why |' \
        '## 4.2' '<!-- tools/check-coverage --write: begin 4.2 -->' '<!-- end 4.2 -->' \
        '## Listed, never answered in 4.2' '| errors | operations | why |' '|---|---|---|' \
        '| ACCESS | ALLOCATE | why |' '## Answered in 4.2, though not listed' \
        '| errors | operations | why |' '|---|---|---|' \
        '| STALE | ALLOCATE | why |' \
        >"$tree/docs/rfc-coverage.md"
    "$tools/check-coverage" --write "$tree/records" "$tree" >"$tree/output" 2>&1
}

# expect_coverage STATUS WHAT
expect_coverage() {
    "$tools/check-coverage" "$tree/records" "$tree" >"$tree/output" 2>&1
    status=$?
    if [ $status -ne "$1" ]; then
        echo "check-coverage on $2: exit $status, not $1"
        cat "$tree/output"
        failures=$((failures + 1))
    fi
}

fresh_tree
coverage '1 3 5 test\n1 3 17 test\n' '| STALE | ACCESS | why |' '| EXIST | ACCESS | why |'
expect_coverage 0 'a document that tells the truth'
printf "1 3 5 another\n$seen_in_others" >"$tree/records/program"
expect_coverage 1 'a test that no longer causes its error'
coverage '1 3 5 test\n1 3 17 test\n' '' '| EXIST | ACCESS | why |'
expect_coverage 1 'an error without a test'
coverage '1 3 5 test\n1 3 70 test\n1 3 17 test\n' '| STALE | ACCESS | why |' '| EXIST | ACCESS | why |'
expect_coverage 1 'an error documented as never returned that is returned'
coverage '1 3 5 test\n1 3 17 test\n' '| STALE | ACCESS | why |' ''
expect_coverage 1 'an error without a line in the tables'
coverage '1 3 5 test\n' '| STALE | ACCESS | why |' '| EXIST | ACCESS | why |'
expect_coverage 1 'a documented error that is never returned'
coverage '1 3 5 test\n1 3 17 test\n' '| STALE EXIST | ACCESS | why |' '| EXIST | ACCESS | why |'
expect_coverage 1 'a line in the wrong table'
coverage '1 3 5 test\n1 3 17 test\n' '| STALE | ACCESS | why |' '| EXIST | ACCESS | why |'
printf '1 3 5 test\n1 3 17 test\n0 3 70 test\n2 59 5 test\n2 59 70 test\n' >"$tree/records/program"
expect_coverage 1 'an error that only the other minor version answered'
coverage - '| STALE | ACCESS | why |' '| EXIST | ACCESS | why |'
expect_coverage 77 'tests that have not run'
coverage '1 3 5 test\n1 3 17 test\n' '| STALE | ACCESS | why |' '| EXIST | ACCESS | why |'
cp "$tree/docs/rfc-coverage.md" "$tree/before"
printf '1 3 5 test\nskipped\n' >"$tree/records/program"
expect_coverage 77 'a test that was skipped'
if "$tools/check-coverage" --write "$tree/records" "$tree" >/dev/null ||
    ! cmp -s "$tree/before" "$tree/docs/rfc-coverage.md"; then
    echo 'check-coverage --write has written what an incomplete run has seen'
    failures=$((failures + 1))
fi
rm -rf "$tree/docs" "$tree/tests" "$tree/records" "$tree/before"

# A tree that passes check-structure.
sound_structure() {
    fresh_tree
    rm -rf "$tree/tests"
    mkdir -p "$tree/src/proto/attr" "$tree/src/state" "$tree/src/transport" "$tree/tests/unit/state"
    put proto/ops/ops.h 'enum nfsstat4 op_read(struct compound *c);'
    put proto/ops/read.c 'enum nfsstat4 op_read(struct compound *c)
{
    return read_at(c);
}'
    put proto/ops/remove.c 'static enum nfsstat4 take(struct compound *c)
{
    removed = dir->fs->ops->remove(dir, name);
    changes_add(c, c->current.export, dir);
    return removed;
}'
    put proto/attr/attr.c 'int attr;'
    put proto/v41/op_run.c 'enum nfsstat4 v41_op_run(struct v41_compound *x, enum nfs_opnum4 op)
{
    switch (op) {
    case OP_READ:
        return op_read(&x->base);
    }
}'
    put proto/v40/op_run.c 'enum nfsstat4 v40_op_run(struct v40_compound *x)
{
    return op_read(&x->base);
}'
    put proto/v41/compound41.c 'static enum nfsstat4 op_next(struct v41_compound *x, enum v41_gate gate)
{
    return v41_op_run(x, OP_READ);
}'
    put proto/v41/sequence.c '/* open_file() */
int sequence;'
    put transport/rpc_call.h 'struct rpc_call;'
    put state/session/session.c '#include <stdlib.h>'
    put callback/callback.c 'int a = client->kind == CLIENT_V40;'
    put callback/cb_op.c 'bool a = wire_CB_RECALL4args(x, args);'
    put callback/callback.h 'bool a(void (*done)(void *arg), void *arg);'
    put callback/backchannel.c 'int a;'
    put callback/dial_out.c 'int a;'
    echo 'ms_test(NAME unit.state.session.slot DEPS state)' >"$tree/tests/unit/state/CMakeLists.txt"
}

# expect_structure_fail FILE TEXT WHAT: with this file changed or added.
expect_structure_fail() {
    sound_structure
    put "$1" "$2"
    expect 1 structure "$3"
}

sound_structure
expect 0 structure 'a sound tree'
# S20-02, S20-20, SR-02: the paths separate before the handlers, which do not depend on a version.
expect_structure_fail proto/ops/a.c 'int a = c->minor_version;' 'a handler with a minor version'
# S20-04, S20-22: no handler uses owner seqids.
expect_structure_fail proto/ops/a.c 'int a = args->seqid;' "a handler with an owner's seqid"
expect_structure_fail proto/ops/a.c 'int a = args->locker.open_seqid;' 'a LOCK with an open_seqid'
# S20-48: the session determines the owner of state.
expect_structure_fail proto/ops/a.c 'int a = args->owner.clientid;' 'a client id from arguments'
expect_structure_fail proto/ops/a.c 'int a = lock_owner.owner.clientid;' 'a client id of a lock owner'
# S20-41, S20-42: only v41/ uses SEQUENCE and its slots.
expect_structure_fail proto/ops/a.c '#include "state/session/session_conn.h"' 'a handler with a session'
expect_structure_fail proto/attr/a.c '#include "state/session/slot.h"' 'an attribute with a slot'
# S20-44, S20-F1: one implementation of each operation, in a folder that belongs to no version.
expect_structure_fail proto/v41/a.c 'enum nfsstat4 op_read(struct compound *c)
{
    return 0;
}' 'a second body of a handler'
expect_structure_fail proto/ops/read.c 'int a;' 'a handler without a body'
# S20-43: the compiler reports a missing operation (see below), unless the switch has a default.
expect_structure_fail proto/v41/op_run.c 'enum nfsstat4 v41_op_run(struct v41_compound *x)
{
    switch (op) {
    default:
        return 0;
    }
}' 'a switch with a default'
expect_structure_fail proto/v40/op_run.c 'enum nfsstat4 v40_op_run(struct v40_compound *x)
{
    switch (op) {
    default:
        return 0;
    }
}' 'a switch of 4.0 with a default'
# S20-21: no result without a result of SEQUENCE before it.
expect_structure_fail proto/v41/a.c 'static void shortcut(struct v41_compound *x)
{
    v41_op_run(x, OP_READ);
}' 'an operation past the gate'
# S20-15: the gate accesses no files.
expect_structure_fail proto/v41/sequence.c 'int a = open_find(x);' 'a SEQUENCE that looks at opens'
# S20-D4: the session of a request is stored beside the call, not in it.
expect_structure_fail proto/ops/remove.c 'static enum nfsstat4 take(struct compound *c)
{
    return dir->fs->ops->remove(dir, name);
}' 'a handler that does not wait for the disk'

expect_structure_fail proto/ops/a.c '#include "transport/loop.h"' 'a handler that knows loops'
expect_structure_fail transport/rpc_call.h 'struct session *session;' 'a call with a session'
# S20-49: common code compiles without minor version 0.
expect_structure_fail proto/ops/a.c 'int a = v40_a(c);' 'a handler that knows 4.0'
expect_structure_fail proto/v41/a.c '#include "state/v40/client_v40.h"' 'a 4.1 that needs 4.0'
expect_structure_fail export/a.c 'struct a_v40 *a;' 'an export that knows 4.0'
expect_structure_fail state/open/a.c '#include "state/v40/owner_seqid.h"' 'a state/ that needs 4.0'
expect_structure_fail state/open/a.c '#ifdef MAINSTAY_V40
#endif' 'a switch in state/'
# S22-20, S22-05: each callback path has files of its own.
expect_structure_fail callback/dial_out.c '#include "state/session/session_back.h"' 'a dialled session'
expect_structure_fail callback/backchannel.c '#include "callback/dial_out.h"' 'a session that dials'
sound_structure
rm "$tree/src/callback/backchannel.c"
expect 1 structure 'a tree without a back channel'
# S22-06: the client's registration determines the callback path.
expect_structure_fail callback/recall.c 'int a = client->kind == CLIENT_V40;' 'a recall that asks for the version'
# S22-21, S22A-05, S22-09, S22-32: callbacks are encoded in one place, by one table.
expect_structure_fail callback/dial_call.c 'bool a = wire_CB_NOTIFY4args(x, args);' 'a second encoder'
expect_structure_fail callback/dial_call.c 'bool a = wire_rpc_call_header(x, header);' 'a second frame'
# S22-22: each callback path is a struct, not one of many senders.
expect_structure_fail callback/sender.h 'struct sender {
    bool (*send)(struct sender *sender);
};' 'an interface of senders'
# SR-06, SR-10: sessions and slots depend on nothing above them.
expect_structure_fail state/session/session.c '#include <event2/event.h>' 'a session with a library'
sound_structure
echo 'ms_test(NAME unit.state.session.slot DEPS state transport)' >"$tree/tests/unit/state/CMakeLists.txt"
expect 1 structure 'a test of slots with a network'
# S20-45.
sound_structure
echo 'int a(void) { will_return(b, 1); }' >"$tree/tests/unit/state/mock_test.c"
expect 1 structure 'a mock'
# S20-35.
expect_structure_fail base/a.c '#include <sys/sdt.h>' 'a tracing framework'

# S20-43: without one of its operations the switch does not compile.
compiles() {
    cc -std=gnu11 -D_GNU_SOURCE -fsyntax-only -Werror=switch -I"$tools/../src" "$tree/src/proto/v41/op_run.c" \
        2>"$tree/output"
}
fresh_tree
cp "$tools/../src/proto/v41/op_run.c" "$tree/src/proto/v41/op_run.c"
compiles || { echo 'op_run.c does not compile'; cat "$tree/output"; failures=$((failures + 1)); }
for op in READ OPEN EXCHANGE_ID LAYOUTGET; do
    sed "/($op, /d" "$tools/../src/proto/v41/op_run.c" >"$tree/src/proto/v41/op_run.c"
    ! compiles || { echo "op_run.c compiles without $op"; failures=$((failures + 1)); }
done

# requirements LIST: make a tree with that list and one test.
requirements() {
    rm -rf "${tree:?}/tests"
    mkdir -p "$tree/tests"
    printf '%b' "$1" >"$tree/tests/requirements.txt"
    echo '/* A7-01, A7-D2: as asked. */' >"$tree/tests/sound_test.c"
    echo 'A7-03' >"$tree/tests/README.md"
}

requirements '# of today\n\nA7-01 one\nA7-D2 another\n'
expect 0 requirements 'two that are named'
requirements 'A7-01 one\nA7-02 no test\n'
expect 1 requirements 'one that is not named'
requirements 'A7-0 half a name\n'
expect 1 requirements 'a part of a name'
requirements 'A7-03 a document\n'
expect 1 requirements 'one that only a document names'
requirements 'A7-01 one\nA7-01 one\n'
expect 1 requirements 'one that stands there twice'
requirements ''
expect 1 requirements 'an empty list'

fresh_tree
rm -rf "$tree/tests"
for check in layers spdx structure; do
    expect 1 $check 'a tree without a file'
done
[ $format_status -eq 77 ] || expect 1 format 'a tree without a file'

echo "$failures checks were wrong"
[ $failures -eq 0 ]
