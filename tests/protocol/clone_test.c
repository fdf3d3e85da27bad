/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CLONE (RFC 7862 §15.13): ranges, ends, stateids, what is refused, and the retry; on mem, and on
 * btrfs and XFS where their images can be mounted.
 */
#include <string.h>
#include <sys/resource.h>

#include "copying.h"
#include "holder.h"
#include "lib/disk_watch.h"
#include "lib/image.h"

static char btrfs[] = "/btrfs", xfs[] = "/xfs";
static const char *btrfs_dir, *xfs_dir;
static struct disk_watch *watch; /* of btrfs_dir */
static struct client_fh dir;
static struct client_file from, to;
static uint32_t block;

static int start(void **state)
{
    static char local[160], fixed[160], again[160], images[2][160];
    const char *options[15] = {"--export", "/mem=mem:,no_root_squash",
                               "--export", "/other=mem:,no_root_squash",
                               "--export", local,
                               "--export", fixed,
                               "--export", again};
    size_t count = 10;

    (void)state;
    script_minor = 2;
    if (script_server.dir[0] == '\0' && !test_server_init(&script_server))
        return -1;
    btrfs_dir = image_mount("btrfs");
    xfs_dir = image_mount("xfs");
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    (void)snprintf(fixed, sizeof(fixed), "/fixed=local:%s,no_root_squash,ro",
                   btrfs_dir ? btrfs_dir : script_server.data);
    (void)snprintf(again, sizeof(again), "/again=local:%s,no_root_squash",
                   btrfs_dir ? btrfs_dir : script_server.data);
    for (int i = 0; i < 2; i++) {
        const char *place = i == 0 ? btrfs_dir : xfs_dir;

        if (!place)
            continue;
        (void)snprintf(images[i], sizeof(images[i]), "%s=local:%s,no_root_squash",
                       i == 0 ? btrfs : xfs, place);
        options[count++] = "--export";
        options[count++] = images[i];
    }
    if (btrfs_dir)
        watch = disk_watch_install(script_server.dir, btrfs_dir, 0);
    if (script_setup(options) != 0 || !script_open_to_all("/mem") || !script_open_to_all("/other"))
        return -1;
    return 0;
}

/* Leaves the test if the export has no file system. */
static void need(const char *export)
{
    if (export == btrfs && !btrfs_dir)
        test_skip(IMAGE_NEEDED("btrfs"));
    if (export == xfs && !xfs_dir)
        test_skip(IMAGE_NEEDED("xfs"));
}

/* An open source with that many blocks and `tail` bytes, and an open, empty target. */
static void make_two(const char *export, uint64_t blocks, uint32_t tail)
{
    need(export);
    dir = script_dir(export);
    from = make_open(&alice, &dir, "from");
    to = make_open(&alice, &dir, "to");
    block = attrs_of(&alice, &from.fh, CLIENT_BITS(FATTR4_CLONE_BLKSIZE)).clone_blksize;
    copying_fill(&alice, &from, 0, blocks * block + tail, 1);
}

static void clone_op(const struct copying *copying)
{
    struct nfs_argop4 op = {
        .argop = OP_CLONE,
        .opclone = {.cl_src_stateid = copying->from_stateid,
                    .cl_dst_stateid = copying->to_stateid,
                    .cl_src_offset = copying->from_offset,
                    .cl_dst_offset = copying->to_offset,
                    .cl_count = copying->count},
    };

    client_compound_add(C, &op);
}

static void clone_begin(struct client_mount *mount, const struct copying *copying)
{
    begin_two(mount, &copying->from, &copying->to);
    clone_op(copying);
}

#define cloned(copying, status) clone_call(copying, status, __FILE__, __LINE__)

/* With an error, the target stays as it is. */
static void clone_call(const struct copying *copying, enum nfsstat4 status, const char *file,
                       int line)
{
    struct bitmap4 bits = CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE);
    struct nfs4_attrs before = attrs_of(&bob, &to.fh, bits), after;

    clone_begin(&alice, copying);
    script_run(NULL, status, file, line);
    after = attrs_of(&bob, &to.fh, bits);
    if (status != NFS4_OK && (before.change != after.change || before.size != after.size))
        _fail(file, line);
}

static void whole(void **state)
{
    struct copying all;
    uint64_t size;

    make_two(*state, 10, 33);
    size = copying_size(&bob, &from.fh);
    all = copying_all(&from, &to);
    cloned(&all, NFS4_OK);
    assert_int_equal(copying_size(&bob, &to.fh), size);
    copying_expect(&bob, &to.fh, 0, size, 0, 1);
    /* Each has its own bytes from now on. */
    copying_fill(&alice, &from, 100, 2 * block, 2);
    copying_fill(&alice, &to, 5 * block, block + 5, 3);
    copying_expect(&bob, &from.fh, 0, 100, 0, 1);
    copying_expect(&bob, &from.fh, 100, 2 * block, 100, 2);
    copying_expect(&bob, &from.fh, 2 * block + 100, size - 2 * block - 100, 2 * block + 100, 1);
    copying_expect(&bob, &to.fh, 0, 5 * block, 0, 1);
    copying_expect(&bob, &to.fh, 5 * block, block + 5, 5 * block, 3);
    copying_expect(&bob, &to.fh, 6 * block + 5, size - 6 * block - 5, 6 * block + 5, 1);
    /* Over what is there; and the count given. */
    all.count = size;
    cloned(&all, NFS4_OK);
    copying_expect(&bob, &to.fh, 0, 100, 0, 1);
    copying_expect(&bob, &to.fh, 100, 2 * block, 100, 2);
}

static void ranges(void **state)
{
    struct copying part;

    make_two(*state, 10, 33);
    copying_fill(&alice, &to, 0, 6ull * block, 2);
    part = copying_all(&from, &to);
    part.from_offset = 2ull * block;
    part.to_offset = block;
    part.count = 3ull * block;
    cloned(&part, NFS4_OK);
    copying_expect(&bob, &to.fh, 0, block, 0, 2);
    copying_expect(&bob, &to.fh, block, 3ull * block, 2ull * block, 1);
    copying_expect(&bob, &to.fh, 4ull * block, 2ull * block, 4ull * block, 2);
    assert_int_equal(copying_size(&bob, &to.fh), 6ull * block);
    /* From somewhere to the end; behind the end of the target. */
    part.from_offset = 9ull * block;
    part.to_offset = 20ull * block;
    part.count = 0;
    cloned(&part, NFS4_OK);
    assert_int_equal(copying_size(&bob, &to.fh), 21ull * block + 33);
    copying_expect_zeros(&bob, &to.fh, 6ull * block, 14ull * block);
    copying_expect(&bob, &to.fh, 20ull * block, block + 33, 9ull * block, 1);
}

/* Ranges that are not aligned, do not exist or end beyond 2^63. */
static void ends(void **state)
{
    struct copying all, bad;
    uint64_t b, size;

    make_two(*state, 4, 33);
    b = block;
    size = 4 * b + 33;
    all = copying_all(&from, &to);
    const struct {
        uint64_t from_offset, to_offset, count;
        enum nfsstat4 status;
    } cases[] = {
        {1, 0, b, NFS4ERR_INVAL},
        {0, 1, b, NFS4ERR_INVAL},
        {0, 0, b + 1, NFS4ERR_INVAL},
        {0, 0, size + 1, NFS4ERR_INVAL},
        {4 * b, 0, b, NFS4ERR_INVAL},
        {5 * b, 0, 0, NFS4ERR_INVAL},
        {5 * b, 0, b, NFS4ERR_INVAL},
        {0, 0, UINT64_MAX, NFS4ERR_INVAL},
        {UINT64_MAX, 0, UINT64_MAX, NFS4ERR_INVAL},
        {UINT64_MAX, 0, 0, NFS4ERR_INVAL},
        {1ull << 63, 0, 0, NFS4ERR_INVAL},
        {0, 1ull << 63, b, NFS4ERR_FBIG},
        {0, UINT64_MAX, 0, NFS4ERR_FBIG},
        {0, (1ull << 63) - b, 2 * b, NFS4ERR_FBIG},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        bad = all;
        bad.from_offset = cases[i].from_offset;
        bad.to_offset = cases[i].to_offset;
        bad.count = cases[i].count;
        cloned(&bad, cases[i].status);
    }
    /* All that follows the end is nothing. */
    copying_fill(&alice, &from, size, b - 33, 1);
    bad = all;
    bad.from_offset = 5 * b;
    cloned(&bad, NFS4_OK);
    assert_int_equal(copying_size(&bob, &to.fh), 0);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(prlimit(script_server.pid, RLIMIT_FSIZE, NULL, &limit), 0);
    limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
    assert_int_equal(prlimit(script_server.pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

/* The signal that tells of it does not end the server. */
static void beyond_the_limit_of_files(void **state)
{
    struct copying copying;

    make_two(*state, 4, 0);
    copying = copying_all(&from, &to);
    copying.to_offset = 2ull * block;
    limit_files(2ull * block);
    cloned(&copying, NFS4ERR_FBIG);
    limit_files(3ull * block);
    cloned(&copying, NFS4ERR_FBIG);
    limit_files(RLIM_INFINITY);
    cloned(&copying, NFS4_OK);
    assert_int_equal(copying_size(&alice, &to.fh), 6ull * block);
    expect_status(client_file_close(&alice, &from), NFS4_OK);
    expect_status(client_file_close(&alice, &to), NFS4_OK);
}

static int lift_limit(void **state)
{
    (void)state;
    limit_files(RLIM_INFINITY);
    return 0;
}

static void the_same_file(void **state)
{
    struct copying copying;

    make_two(*state, 10, 33);
    to = from;
    copying = copying_all(&from, &from);
    cloned(&copying, NFS4ERR_INVAL);
    copying.count = 3ull * block;
    cloned(&copying, NFS4ERR_INVAL);
    copying.to_offset = 2ull * block;
    cloned(&copying, NFS4ERR_INVAL);
    copying.from_offset = 4ull * block;
    cloned(&copying, NFS4ERR_INVAL);
    copying.to_offset = block;
    cloned(&copying, NFS4_OK);
    copying_expect(&bob, &to.fh, 0, block, 0, 1);
    copying_expect(&bob, &to.fh, block, 3ull * block, 4ull * block, 1);
    copying_expect(&bob, &to.fh, 4ull * block, 6ull * block + 33, 4ull * block, 1);
}

static void types(void **state)
{
    struct client_fh sub, link;
    struct copying copying;

    make_two(*state, 1, 0);
    expect_status(client_file_mkdir(&alice, &dir, "sub", &sub), NFS4_OK);
    expect_status(client_file_symlink(&alice, &dir, "link", "from", &link), NFS4_OK);
    copying = copying_all(&from, &to);
    copying.from = sub;
    cloned(&copying, NFS4ERR_WRONG_TYPE);
    copying.from = link;
    cloned(&copying, NFS4ERR_WRONG_TYPE);
    copying = copying_all(&from, &to);
    copying.to = sub;
    cloned(&copying, NFS4ERR_WRONG_TYPE);
    copying.to = link;
    cloned(&copying, NFS4ERR_WRONG_TYPE);
}

static void no_filehandles(void **state)
{
    struct copying copying;

    make_two(*state, 1, 0);
    copying = copying_all(&from, &to);
    begin(&alice, NULL);
    clone_op(&copying);
    run(NFS4ERR_NOFILEHANDLE);
    begin(&alice, &to.fh);
    clone_op(&copying);
    run(NFS4ERR_NOFILEHANDLE);
}

/* Which of the two a stateid is for. */
static void stateids(void **state)
{
    struct client_file reader, writer;
    struct copying copying;

    make_two(*state, 2, 0);
    expect_status(client_file_open(&alice, &dir,
                                   &(struct client_open){.owner = "reader",
                                                         .access = OPEN4_SHARE_ACCESS_READ,
                                                         .name = "to"},
                                   &reader),
                  NFS4_OK);
    expect_status(client_file_open(&alice, &dir,
                                   &(struct client_open){.owner = "writer",
                                                         .access = OPEN4_SHARE_ACCESS_WRITE,
                                                         .name = "from"},
                                   &writer),
                  NFS4_OK);
    copying = copying_all(&from, &to);
    copying.to_stateid = reader.stateid;
    cloned(&copying, NFS4ERR_OPENMODE);
    copying = copying_all(&from, &to);
    copying.from_stateid = writer.stateid;
    cloned(&copying, NFS4ERR_OPENMODE);
    copying.from_stateid = to.stateid;
    cloned(&copying, NFS4ERR_BAD_STATEID);
    copying = copying_all(&from, &to);
    copying.to_stateid = from.stateid;
    cloned(&copying, NFS4ERR_BAD_STATEID);
    expect_status(client_file_open(&alice, &dir,
                                   &(struct client_open){.owner = "reader",
                                                         .access = OPEN4_SHARE_ACCESS_BOTH,
                                                         .name = "to"},
                                   &writer),
                  NFS4_OK);
    copying.to_stateid = reader.stateid;
    cloned(&copying, NFS4ERR_OLD_STATEID);
    copying.to_stateid = client_stateid_bypass;
    cloned(&copying, NFS4_OK);
    copying.from_stateid = copying.to_stateid = client_stateid_anonymous;
    cloned(&copying, NFS4_OK);
    expect_status(client_file_close(&alice, &from), NFS4_OK);
    copying = copying_all(&from, &to);
    cloned(&copying, NFS4ERR_BAD_STATEID);
}

/* Another client has either file open in a way that forbids it. */
static void share_reservations(void **state)
{
    struct copying copying;

    make_two(*state, 2, 0);
    expect_status(client_file_close(&alice, &from), NFS4_OK);
    expect_status(client_file_close(&alice, &to), NFS4_OK);
    copying = copying_all(&from, &to);
    copying.from_stateid = copying.to_stateid = client_stateid_anonymous;
    for (int i = 0; i < 2; i++) {
        const struct client_open denying = {.owner = "denier",
                                            .access = OPEN4_SHARE_ACCESS_READ,
                                            .deny = i == 0 ? OPEN4_SHARE_DENY_READ
                                                           : OPEN4_SHARE_DENY_WRITE,
                                            .name = i == 0 ? "from" : "to"};
        struct client_file denier;

        expect_status(client_file_open(&bob, &dir, &denying, &denier), NFS4_OK);
        cloned(&copying, NFS4ERR_LOCKED);
        expect_status(client_file_close(&bob, &denier), NFS4_OK);
    }
    cloned(&copying, NFS4_OK);
}

/* The rights of who sends it, on both files. */
static void rights(void **state)
{
    struct client_cred own = alice.conn.cred;
    struct copying copying;

    make_two(*state, 2, 0);
    copying = copying_all(&from, &to);
    copying.from_stateid = copying.to_stateid = client_stateid_anonymous;
    for (int i = 0; i < 2; i++) {
        expect_status(client_file_setattr(&alice, &from.fh, CLIENT_BITS(FATTR4_MODE),
                                          &(struct nfs4_attrs){.mode = i == 0 ? 0600 : 0644}),
                      NFS4_OK);
        expect_status(client_file_setattr(&alice, &to.fh, CLIENT_BITS(FATTR4_MODE),
                                          &(struct nfs4_attrs){.mode = i == 0 ? 0666 : 0644}),
                      NFS4_OK);
        alice.conn.cred = script_stranger();
        cloned(&copying, NFS4ERR_ACCESS);
        alice.conn.cred = own;
    }
}

/* Delegations of either file are recalled as for READ and WRITE, and the request waits; but not for
 * what cannot succeed. */
static void delegations(void **state)
{
    for (int i = 0; i < 2; i++) {
        struct client_file file;
        struct copying copying;
        struct pending pending;
        struct holder holder;

        make_two(*state, 2, 0);
        expect_status(client_file_close(&alice, &from), NFS4_OK);
        expect_status(client_file_close(&alice, &to), NFS4_OK);
        holder_open(&holder, 2);
        file = holder_delegated(&holder, &dir, i == 0 ? "from" : "to", OPEN_DELEGATE_WRITE);
        copying = copying_all(&from, &to);
        copying.from_stateid = copying.to_stateid = client_stateid_anonymous;
        copying.count = UINT64_MAX;
        clone_begin(&alice, &copying);
        run(NFS4ERR_INVAL);
        copying.count = 0;
        clone_begin(&alice, &copying);
        pending_send(&pending, &alice);
        (void)holder_wait_recall(&holder, &file);
        holder_finish(&holder, &file);
        expect_status(pending_take(&pending), NFS4_OK);
        copying_expect(&bob, &to.fh, 0, 2ull * block, 0, 1);
        holder_close(&holder);
    }
}

/* The retry of a clone is answered and clones nothing. */
static void retried(void **state)
{
    struct copying all;

    make_two(*state, 2, 0);
    all = copying_all(&from, &to);
    clone_begin(&alice, &all);
    run(NFS4_OK);
    copying_fill(&bob, &(struct client_file){.fh = to.fh, .stateid = client_stateid_anonymous}, 0,
                 2ull * block, 9);
    retry_on(NULL);
    replay_on(NULL);
    copying_expect(&bob, &to.fh, 0, 2ull * block, 0, 9);
}

static bool has_blksize(const struct client_fh *fh)
{
    begin(&alice, fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_CLONE_BLKSIZE));
    run(NFS4_OK);
    return bitmap4_isset(&result(OP_GETATTR)->opgetattr.obj_attributes.attrmask,
                         FATTR4_CLONE_BLKSIZE);
}

/* RFC 7862 §12.2.1: per file system, read-only, and there where files can be cloned. */
static void blksize(void **state)
{
    const struct nfs4_attrs attrs = {.clone_blksize = 4096};

    make_two(*state, 0, 0);
    assert_true(has_blksize(&from.fh));
    assert_true(has_blksize(&dir));
    assert_int_equal(block, 4096);
    begin(&alice, &from.fh);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_CLONE_BLKSIZE), &attrs);
    run(NFS4ERR_INVAL);
}

/* A file system that cannot clone says so, and has no block size. */
static void not_everywhere(void **state)
{
    struct copying copying;

    (void)state;
    dir = script_dir(script_local);
    if (has_blksize(&dir))
        test_skip("/tmp can clone files");
    from = make_open(&alice, &dir, "from");
    to = make_open(&alice, &dir, "to");
    copying_fill(&alice, &from, 0, 4096, 1);
    copying = copying_all(&from, &to);
    cloned(&copying, NFS4ERR_NOTSUPP);
}

/* Files of two file systems share nothing. */
static void between_file_systems(void **state)
{
    static char *const others[] = {script_local, btrfs, xfs, "/other"};
    struct copying copying;

    (void)state;
    make_two(script_mem, 2, 0);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        struct client_fh other;

        if ((others[i] == btrfs && !btrfs_dir) || (others[i] == xfs && !xfs_dir))
            continue;
        other = script_dir(others[i]);
        to = make_open(&alice, &other, "to");
        copying = copying_all(&from, &to);
        cloned(&copying, NFS4ERR_XDEV);
    }
    if (!btrfs_dir || !xfs_dir)
        return;
    dir = script_dir(btrfs);
    from = make_open(&alice, &dir, "from");
    copying_fill(&alice, &from, 0, 8192, 1);
    dir = script_dir(xfs);
    to = make_open(&alice, &dir, "to");
    copying = copying_all(&from, &to);
    cloned(&copying, NFS4ERR_XDEV);
}

/* A file of an export, by its path. */
static struct client_fh at(const char *path)
{
    struct client_fh fh;

    expect_status(client_file_lookup(&alice, path, &fh), NFS4_OK);
    return fh;
}

/* Two exports of one file system; one of them may be read only. */
static void between_exports(void **state)
{
    struct copying copying;
    struct client_fh root;

    (void)state;
    need(btrfs);
    root = at(btrfs);
    from = make_open(&alice, &root, "source");
    to = make_open(&alice, &root, "target");
    copying_fill(&alice, &from, 0, 10000, 1);
    copying = copying_all(&from, &to);
    copying.to = at("/fixed/target");
    cloned(&copying, NFS4ERR_ROFS);
    copying.to = at("/again/target");
    copying.from = at("/fixed/source");
    cloned(&copying, NFS4_OK);
    copying_expect(&bob, &to.fh, 0, 10000, 0, 1);
    /* It is one file, whatever it is called. */
    copying = copying_all(&to, &to);
    copying.from = at("/fixed/target");
    cloned(&copying, NFS4ERR_INVAL);
}

static uint32_t syncs(void)
{
    return disk_watch_count(watch, DISK_FSYNC, NULL) + disk_watch_count(watch, DISK_SYNCFS, NULL);
}

/* The result has no verifier, so a client could not notice that a clone was lost. */
static void on_disk_before_the_reply(void **state)
{
    struct copying all;

    make_two(*state, 2, 0);
    all = copying_all(&from, &to);
    disk_watch_reset(watch);
    clone_begin(&alice, &all);
    run(NFS4_OK);
    assert_int_equal(syncs(), 1);
    disk_watch_fail(watch, DISK_FSYNC, NULL, 1);
    clone_begin(&alice, &all);
    run(NFS4ERR_IO);
    disk_watch_reset(watch);
}

/* With minor versions 0 and 1 nothing changes. */
static void in_minor_one(void **state)
{
    struct client_mount carol;
    struct copying copying;

    make_two(*state, 1, 0);
    script_mount_v41(&carol);
    copying = copying_all(&from, &to);
    copying.from_stateid = copying.to_stateid = client_stateid_anonymous;
    begin_two(&carol, &from.fh, &to.fh);
    clone_op(&copying);
    assert_int_equal(client_compound_call(&carol.conn, C, R), CLIENT_OK);
    expect_status(R->status, NFS4ERR_OP_ILLEGAL);
    begin(&carol, &from.fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_CLONE_BLKSIZE));
    run_on(&carol.conn, NFS4_OK);
    assert_false(bitmap4_isset(&result(OP_GETATTR)->opgetattr.obj_attributes.attrmask,
                               FATTR4_CLONE_BLKSIZE));
    client_mount_close(&carol);
}

/* After a restart of the server; the last test, as alice and bob have no sessions any more. */
static void in_grace(void **state)
{
    struct client_mount carol;
    struct copying copying;

    make_two(*state, 2, 0);
    copying = copying_all(&from, &to);
    copying.from_stateid = copying.to_stateid = client_stateid_anonymous;
    test_server_kill(&script_server);
    assert_true(test_server_start(&script_server, NULL));
    script_mount_v42(&carol);
    clone_begin(&carol, &copying);
    run_on(&carol.conn, NFS4ERR_GRACE);
    client_mount_close(&carol);
}

#define ON_ALL(test)                                                                               \
    {#test " on mem", test, NULL, NULL, script_mem}, {#test " on btrfs", test, NULL, NULL, btrfs}, \
    {                                                                                              \
#test " on XFS", test, NULL, NULL, xfs                                                     \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_ALL(whole),
        ON_ALL(ranges),
        ON_ALL(ends),
        ON_ALL(the_same_file),
        ON_ALL(types),
        ON_ALL(no_filehandles),
        ON_ALL(stateids),
        ON_ALL(share_reservations),
        ON_ALL(rights),
        ON_ALL(delegations),
        ON_ALL(retried),
        ON_ALL(blksize),
        cmocka_unit_test(not_everywhere),
        cmocka_unit_test(between_file_systems),
        cmocka_unit_test(between_exports),
        {"beyond_the_limit_of_files on btrfs", beyond_the_limit_of_files, NULL, lift_limit, btrfs},
        {"beyond_the_limit_of_files on XFS", beyond_the_limit_of_files, NULL, lift_limit, xfs},
        {"on_disk_before_the_reply on btrfs", on_disk_before_the_reply, NULL, NULL, btrfs},
        {"in_minor_one on mem", in_minor_one, NULL, NULL, script_mem},
        {"in_grace on btrfs", in_grace, NULL, NULL, btrfs},
    };

    return test_group_run_fixtures(tests, start, script_teardown);
}
