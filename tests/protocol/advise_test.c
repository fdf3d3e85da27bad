/* SPDX-License-Identifier: Apache-2.0 */
/* IO_ADVISE (RFC 7862 §15.5). */
#include <string.h>

#include "holder.h"

static struct client_fh dir;

static int setup(void **state)
{
    script_minor = 2;
    return script_setup_default(state);
}

static void op_advise(const struct stateid4 *stateid, uint64_t offset, uint64_t count,
                      struct bitmap4 hints)
{
    struct nfs_argop4 op = {.argop = OP_IO_ADVISE, .opio_advise = {*stateid, offset, count, hints}};

    client_compound_add(C, &op);
}

static void advise(struct client_mount *by, const struct client_fh *fh,
                   const struct stateid4 *stateid, enum nfsstat4 status)
{
    begin(by, fh);
    op_advise(stateid, 0, 0, CLIENT_BITS(IO_ADVISE4_WILLNEED));
    run_on(&by->conn, status);
}

/* The answer for a range of a file with data. */
static struct bitmap4 answer(const struct client_file *file, struct bitmap4 hints)
{
    begin(&alice, &file->fh);
    op_advise(&file->stateid, 0, 100, hints);
    run(NFS4_OK);
    return result(OP_IO_ADVISE)->opio_advise.ior_hints;
}

static void expect_only(struct bitmap4 got, uint32_t hint)
{
    const struct bitmap4 want = CLIENT_BITS(hint);

    assert_memory_equal(got.words, want.words, sizeof(want.words));
}

/* Hints that contradict each other, are unknown or not followed are no errors; the answer names
 * what is followed. */
static void hints(void **state)
{
    const bool follows = *state == script_local;
    struct client_file file;
    uint32_t written;

    dir = script_dir(*state);
    file = make_open(&alice, &dir, "file");
    expect_status(client_file_write(&alice, &file, 0, FILE_SYNC4, "data", 4, &written), NFS4_OK);
    expect_only(answer(&file, (struct bitmap4){.count = 0}), IO_ADVISE4_NORMAL);
    expect_only(answer(&file, CLIENT_BITS(IO_ADVISE4_SEQUENTIAL, IO_ADVISE4_RANDOM)),
                IO_ADVISE4_NORMAL);
    expect_only(answer(&file, CLIENT_BITS(40, 95)), IO_ADVISE4_NORMAL);
    expect_only(answer(&file, CLIENT_BITS(IO_ADVISE4_WILLNEED, IO_ADVISE4_READ)),
                follows ? IO_ADVISE4_WILLNEED : IO_ADVISE4_NORMAL);
    expect_only(answer(&file, CLIENT_BITS(IO_ADVISE4_DONTNEED)),
                follows ? IO_ADVISE4_DONTNEED : IO_ADVISE4_NORMAL);
    expect_only(answer(&file, CLIENT_BITS(IO_ADVISE4_WILLNEED, IO_ADVISE4_DONTNEED)),
                follows ? IO_ADVISE4_WILLNEED : IO_ADVISE4_NORMAL);
    script_read_is(&alice, &file, NFS4_OK);
    assert_memory_equal(result(OP_READ)->opread.data.data, "d", 1);
}

static void ranges(void **state)
{
    static const struct {
        uint64_t offset, count;
        enum nfsstat4 status;
    } cases[] = {
        {0, 0, NFS4_OK},
        {UINT64_C(1) << 50, 0, NFS4_OK}, /* need not exist */
        {INT64_MAX, 0, NFS4_OK},
        {0, INT64_MAX, NFS4_OK},
        {1, INT64_MAX, NFS4ERR_FBIG},
        {UINT64_C(1) << 63, 0, NFS4ERR_FBIG},
        {0, UINT64_MAX, NFS4ERR_FBIG},
        {UINT64_MAX, UINT64_MAX, NFS4ERR_FBIG},
    };
    struct client_file file;

    dir = script_dir(*state);
    file = make_open(&alice, &dir, "file");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        for (uint32_t hint = IO_ADVISE4_WILLNEED; hint <= IO_ADVISE4_DONTNEED; hint += 2) {
            begin(&alice, &file.fh);
            op_advise(&file.stateid, cases[i].offset, cases[i].count, CLIENT_BITS(hint));
            run(cases[i].status);
        }
    }
    assert_int_equal(attrs_of(&alice, &file.fh, CLIENT_BITS(FATTR4_SIZE)).size, 0);
}

/* Hints are for the owner of a stateid, whatever that permits. */
static void stateids(void **state)
{
    struct client_file file, other;
    struct stateid4 wrong;

    dir = script_dir(*state);
    file = make_open(&alice, &dir, "file");
    other = make_open(&alice, &dir, "other");
    advise(&alice, &file.fh, &file.stateid, NFS4_OK);
    advise(&alice, &file.fh, &client_stateid_anonymous, NFS4_OK);
    advise(&alice, &file.fh, &client_stateid_bypass, NFS4_OK);
    advise(&alice, &file.fh, &client_stateid_current, NFS4ERR_BAD_STATEID);
    advise(&alice, &file.fh, &other.stateid, NFS4ERR_BAD_STATEID);
    advise(&bob, &file.fh, &file.stateid, NFS4ERR_BAD_STATEID);
    wrong = file.stateid;
    wrong.seqid += 1;
    advise(&alice, &file.fh, &wrong, NFS4ERR_BAD_STATEID);
    wrong = file.stateid;
    wrong.other[0] ^= 1;
    advise(&alice, &file.fh, &wrong, NFS4ERR_BAD_STATEID);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
    advise(&alice, &other.fh, &file.stateid, NFS4ERR_BAD_STATEID);
}

static void without_the_right(void **state)
{
    struct client_fh file;

    dir = script_dir(*state);
    file = make_file(&alice, &dir, "file");
    expect_status(client_file_setattr(&alice, &file, CLIENT_BITS(FATTR4_MODE),
                                      &(struct nfs4_attrs){.mode = 0}),
                  NFS4_OK);
    bob.conn.cred = script_stranger();
    advise(&bob, &file, &client_stateid_anonymous, NFS4ERR_ACCESS);
    bob.conn.cred = script_cred();
}

static void chmod_file(const struct client_fh *fh, uint32_t mode)
{
    expect_status(client_file_setattr(&alice, fh, CLIENT_BITS(FATTR4_MODE),
                                      &(struct nfs4_attrs){.mode = mode}),
                  NFS4_OK);
}

/* As for READ, another user of the same client needs the right to read the file. */
static void of_another_user(void **state)
{
    struct client_file file;

    dir = script_dir(*state);
    file = make_open(&alice, &dir, "file");
    chmod_file(&file.fh, 0);
    advise(&alice, &file.fh, &file.stateid, NFS4_OK);
    alice.conn.cred = script_stranger();
    advise(&alice, &file.fh, &file.stateid, NFS4ERR_ACCESS);
    alice.conn.cred = script_cred();
    chmod_file(&file.fh, 0444);
    alice.conn.cred = script_stranger();
    advise(&alice, &file.fh, &file.stateid, NFS4_OK);
    alice.conn.cred = script_cred();
}

static void wrong_objects(void **state)
{
    struct client_fh made;

    dir = script_dir(*state);
    advise(&alice, &dir, &client_stateid_anonymous, NFS4ERR_ISDIR);
    expect_status(client_file_symlink(&alice, &dir, "link", "dir", &made), NFS4_OK);
    advise(&alice, &made, &client_stateid_anonymous, NFS4ERR_SYMLINK);
    begin(&alice, &dir);
    client_op_create(C, "fifo", NF4FIFO, NULL, 0600);
    run(NFS4_OK);
    made = look(&alice, &dir, "fifo");
    advise(&alice, &made, &client_stateid_anonymous, NFS4ERR_WRONG_TYPE);
    advise(&alice, NULL, &client_stateid_anonymous, NFS4ERR_NOFILEHANDLE);
}

/* A hint recalls nothing. */
static void delegated(void **state)
{
    struct holder holder;
    struct client_file file;

    dir = script_dir(*state);
    holder_open(&holder, 2);
    file = holder_delegated(&holder, &dir, "file", OPEN_DELEGATE_WRITE);
    advise(&alice, &file.fh, &client_stateid_anonymous, NFS4_OK);
    advise(&holder.mount, &file.fh, client_file_delegation(&file), NFS4_OK);
    assert_int_equal(holder_recalls(&holder, &file), 0);
    holder_finish(&holder, &file);
    holder_close(&holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(hints),           ON_BOTH(ranges),
        ON_BOTH(stateids),        ON_BOTH(without_the_right),
        ON_BOTH(of_another_user), ON_BOTH(wrong_objects),
        ON_BOTH(delegated),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
