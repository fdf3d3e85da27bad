/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COPY that is answered at once (RFC 7862 §15.2): ranges, ends, holes, between exports, stateids,
 * what is refused, and the retry.
 */
#include <string.h>
#include <unistd.h>

#include "copying.h"
#include "holder.h"

static struct client_fh dir;
static char mem_to_local[] = "/mem /local", local_to_mem[] = "/local /mem",
            local_to_same[] = "/local /again", mem_to_mem[] = "/mem /other";
static struct client_file from, to;

static int start(void **state)
{
    static char local[128], again[128], fixed[128], shut[128];
    const char *const options[] = {"--export", "/mem=mem:,no_root_squash",
                                   "--export", "/other=mem:,no_root_squash",
                                   "--export", local,
                                   "--export", again,
                                   "--export", fixed,
                                   "--export", shut,
                                   NULL};

    (void)state;
    script_minor = 2;
    if (script_server.dir[0] == '\0' && !test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    (void)snprintf(again, sizeof(again), "/again=local:%s,no_root_squash", script_server.data);
    (void)snprintf(fixed, sizeof(fixed), "/fixed=local:%s,no_root_squash,ro", script_server.data);
    (void)snprintf(shut, sizeof(shut), "/shut=local:%s,sec=none", script_server.data);
    if (script_setup(options) != 0 || !script_open_to_all("/mem") || !script_open_to_all("/other"))
        return -1;
    return 0;
}

/* An open source with `length` bytes and an open, empty target. */
static void make_two(const char *export, uint64_t length)
{
    const char *blank = strchr(export, ' ');
    char first[16];
    struct client_fh other;

    (void)snprintf(first, sizeof(first), "%.*s",
                   blank ? (int)(blank - export) : (int)strlen(export), export);
    dir = script_dir(first);
    other = blank ? script_dir(blank + 1) : dir;
    from = make_open(&alice, &dir, "from");
    to = make_open(&alice, &other, "to");
    copying_fill(&alice, &from, 0, length, 1);
}

static void whole(void **state)
{
    struct copying all;

    make_two(*state, 100001);
    all = copying_all(&from, &to);
    assert_int_equal(copying_run(&alice, &all, NFS4_OK), 100001);
    copying_expect(&bob, &to.fh, 0, 100001, 0, 1);
    assert_int_equal(copying_size(&bob, &to.fh), 100001);
    /* Once more over itself, with each number given. */
    all.count = 100001;
    all.consecutive = true;
    assert_int_equal(copying_run(&alice, &all, NFS4_OK), 100001);
    assert_int_equal(copying_size(&bob, &to.fh), 100001);
    /* The client would not mind to wait, but need not. */
    all.asynchronous = true;
    assert_int_equal(copying_run(&alice, &all, NFS4_OK), 100001);
    copying_expect(&bob, &to.fh, 0, 100001, 0, 1);
}

static void ranges(void **state)
{
    struct copying part;

    make_two(*state, 50000);
    copying_fill(&alice, &to, 0, 30000, 2);
    part = copying_all(&from, &to);
    part.from_offset = 10001;
    part.to_offset = 7003;
    part.count = 9999;
    assert_int_equal(copying_run(&alice, &part, NFS4_OK), 9999);
    copying_expect(&bob, &to.fh, 0, 7003, 0, 2);
    copying_expect(&bob, &to.fh, 7003, 9999, 10001, 1);
    copying_expect(&bob, &to.fh, 17002, 30000 - 17002, 17002, 2);
    assert_int_equal(copying_size(&bob, &to.fh), 30000);
    /* From somewhere to the end; behind the end of the target. */
    part.from_offset = 45000;
    part.to_offset = 100000;
    part.count = 0;
    assert_int_equal(copying_run(&alice, &part, NFS4_OK), 5000);
    assert_int_equal(copying_size(&bob, &to.fh), 105000);
    copying_expect_zeros(&bob, &to.fh, 30000, 70000);
    copying_expect(&bob, &to.fh, 100000, 5000, 45000, 1);
}

/* Nothing is copied, and the target stays as it is. */
static void refused(const struct copying *copying, enum nfsstat4 status)
{
    struct bitmap4 bits = CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE);
    struct nfs4_attrs before = attrs_of(&bob, &to.fh, bits), after;

    (void)copying_run(&alice, copying, status);
    after = attrs_of(&bob, &to.fh, bits);
    assert_true(before.change == after.change);
    assert_true(before.size == after.size);
}

static void ends(void **state)
{
    static const struct {
        uint64_t from_offset, to_offset, count;
        enum nfsstat4 status;
    } cases[] = {
        {1001, 0, 0, NFS4ERR_INVAL},         {1001, 0, 1, NFS4ERR_INVAL},
        {1000, 0, 1, NFS4ERR_INVAL},         {0, 0, 1001, NFS4ERR_INVAL},
        {500, 0, UINT64_MAX, NFS4ERR_INVAL}, {UINT64_MAX, 0, UINT64_MAX, NFS4ERR_INVAL},
        {UINT64_MAX, 0, 0, NFS4ERR_INVAL},   {1ull << 63, 0, 1, NFS4ERR_INVAL},
        {0, 1ull << 63, 1, NFS4ERR_FBIG},    {0, UINT64_MAX, 0, NFS4ERR_FBIG},
        {0, INT64_MAX, 1000, NFS4ERR_FBIG},  {0, (uint64_t)INT64_MAX - 998, 1000, NFS4ERR_FBIG},
    };
    struct copying copying;

    make_two(*state, 1000);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        copying = copying_all(&from, &to);
        copying.from_offset = cases[i].from_offset;
        copying.to_offset = cases[i].to_offset;
        copying.count = cases[i].count;
        refused(&copying, cases[i].status);
        copying.asynchronous = true;
        refused(&copying, cases[i].status);
    }
    /* All that follows the end is nothing. */
    copying = copying_all(&from, &to);
    copying.from_offset = 1000;
    copying.to_offset = 77;
    assert_int_equal(copying_run(&alice, &copying, NFS4_OK), 0);
    assert_int_equal(copying_size(&bob, &to.fh), 0);
}

/* A file that has 64 MiB, and data in its last page only. */
static void sparse(void **state)
{
    const uint64_t size = 64 * COPYING_MIB;
    struct copying all;
    uint64_t done = 0;

    make_two(*state, 0);
    copying_fill(&alice, &from, size - 4096, 4096, 3);
    copying_fill(&alice, &to, 0, 8192, 2);
    all = copying_all(&from, &to);
    while (done < size) {
        uint64_t step;

        all.from_offset = all.to_offset = done;
        step = copying_run(&alice, &all, NFS4_OK);
        assert_in_range(step, 1, size - done);
        done += step;
    }
    copying_expect_zeros(&bob, &to.fh, 0, COPYING_MIB);
    copying_expect(&bob, &to.fh, size - 4096, 4096, size - 4096, 3);
    assert_int_equal(copying_size(&bob, &to.fh), size);
    assert_true(attrs_of(&bob, &to.fh, CLIENT_BITS(FATTR4_SPACE_USED)).space_used < COPYING_MIB);
}

/* The client that insists on an answer gets one, and goes on from there. */
static void long_ones_in_parts(void **state)
{
    const uint64_t size = 20 * COPYING_MIB + 5;
    struct copying all;
    uint64_t done = 0;
    unsigned turns = 0;

    make_two(*state, size);
    all = copying_all(&from, &to);
    for (; done < size; turns++) {
        uint64_t step;

        all.from_offset = all.to_offset = done;
        all.count = size - done;
        step = copying_run(&alice, &all, NFS4_OK);
        assert_in_range(step, 1, 16 * COPYING_MIB);
        done += step;
    }
    assert_true(turns > 1);
    copying_expect(&bob, &to.fh, 0, size, 0, 1);
}

/* L-13: what was copied is as safe as what was written, and COMMIT makes it durable. */
static void verifiers(void **state)
{
    const struct COPY4resok *resok;
    struct copying all;

    make_two(*state, 5000);
    all = copying_all(&from, &to);
    copying_begin(&alice, &all);
    client_op_commit(C, 0, 0);
    run(NFS4_OK);
    resok = &result(OP_COPY)->opcopy;
    assert_int_equal(resok->cr_response.wr_count, 5000);
    assert_int_equal(resok->cr_response.wr_committed, UNSTABLE4);
    assert_memory_equal(resok->cr_response.wr_writeverf, result(OP_COMMIT)->opcommit.writeverf,
                        NFS4_VERIFIER_SIZE);
}

static void the_same_file(void **state)
{
    struct copying copying;

    make_two(*state, 1000);
    to = from;
    copying = copying_all(&from, &from);
    copying.count = 10;
    refused(&copying, NFS4ERR_INVAL);
    copying.to_offset = 100;
    refused(&copying, NFS4ERR_INVAL);
    copying.to_offset = 1000;
    refused(&copying, NFS4ERR_INVAL);
}

/* A file of /local, as another export has it. */
static struct client_fh as_in(const char *export, const char *name)
{
    char path[64];
    struct client_fh fh;

    (void)snprintf(path, sizeof(path), "%s/%s", export, name);
    expect_status(client_file_lookup(&alice, path, &fh), NFS4_OK);
    return fh;
}

/* In two exports it is one file nevertheless. */
static void the_same_file_twice(void **state)
{
    struct copying copying;
    struct client_fh root;

    (void)state;
    expect_status(client_file_lookup(&alice, script_local, &root), NFS4_OK);
    to = make_open(&alice, &root, "twice");
    copying_fill(&alice, &to, 0, 1000, 1);
    copying = copying_all(&to, &to);
    copying.to = as_in("/again", "twice");
    copying.count = 10;
    copying.to_offset = 500;
    refused(&copying, NFS4ERR_INVAL);
}

/* PUTFH lets the source pass, since SAVEFH follows; it is examined nevertheless. */
static void source_of_other_security(void **state)
{
    struct copying copying;
    struct client_fh root;

    (void)state;
    make_two("/mem", 10);
    expect_status(client_file_lookup(&alice, script_local, &root), NFS4_OK);
    from = make_open(&alice, &root, "secure");
    copying_fill(&alice, &from, 0, 1000, 1);
    copying = copying_all(&from, &to);
    alice.conn.cred.none = true;
    copying.from = as_in("/shut", "secure");
    alice.conn.cred.none = false;
    refused(&copying, NFS4ERR_ACCESS);
    copying.from_stateid = client_stateid_anonymous;
    refused(&copying, NFS4ERR_ACCESS);
    copying.from_stateid = client_stateid_bypass;
    refused(&copying, NFS4ERR_ACCESS);
    begin_two(&alice, &copying.from, &to.fh);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_CLONE,
                                                .opclone = {.cl_src_stateid = from.stateid,
                                                            .cl_dst_stateid = to.stateid}});
    run(NFS4ERR_ACCESS);
}

static void types(void **state)
{
    struct client_fh sub, link;
    struct copying copying;

    make_two(*state, 10);
    expect_status(client_file_mkdir(&alice, &dir, "sub", &sub), NFS4_OK);
    expect_status(client_file_symlink(&alice, &dir, "link", "from", &link), NFS4_OK);
    copying = copying_all(&from, &to);
    copying.from = sub;
    refused(&copying, NFS4ERR_WRONG_TYPE);
    copying.from = link;
    refused(&copying, NFS4ERR_WRONG_TYPE);
    copying = copying_all(&from, &to);
    copying.to = sub;
    refused(&copying, NFS4ERR_WRONG_TYPE);
    copying.to = link;
    refused(&copying, NFS4ERR_WRONG_TYPE);
}

static void no_filehandles(void **state)
{
    struct copying copying;

    make_two(*state, 10);
    copying = copying_all(&from, &to);
    begin(&alice, NULL);
    copying_op(&copying);
    run(NFS4ERR_NOFILEHANDLE);
    begin(&alice, &to.fh);
    copying_op(&copying);
    run(NFS4ERR_NOFILEHANDLE);
}

static void read_only_exports(void **state)
{
    struct copying copying;
    struct client_fh root;

    (void)state;
    expect_status(client_file_lookup(&alice, script_local, &root), NFS4_OK);
    from = make_open(&alice, &root, "source");
    to = make_open(&alice, &root, "target");
    copying_fill(&alice, &from, 0, 1000, 1);
    copying = copying_all(&from, &to);
    copying.to = as_in("/fixed", "target");
    refused(&copying, NFS4ERR_ROFS);
    copying.to = to.fh;
    copying.from = as_in("/fixed", "source");
    assert_int_equal(copying_run(&alice, &copying, NFS4_OK), 1000);
}

/* Which of the two a stateid is for. */
static void stateids(void **state)
{
    struct client_file reader, again, writer;
    struct copying copying;

    make_two(*state, 1000);
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
    refused(&copying, NFS4ERR_OPENMODE);
    copying = copying_all(&from, &to);
    copying.from_stateid = writer.stateid;
    refused(&copying, NFS4ERR_OPENMODE);
    expect_status(client_file_open(&alice, &dir,
                                   &(struct client_open){.owner = "reader",
                                                         .access = OPEN4_SHARE_ACCESS_READ,
                                                         .name = "to"},
                                   &again),
                  NFS4_OK);
    copying = copying_all(&from, &to);
    copying.to_stateid = reader.stateid;
    refused(&copying, NFS4ERR_OLD_STATEID);
    copying = copying_all(&to, &to); /* each is the other's */
    copying.from = from.fh;
    refused(&copying, NFS4ERR_BAD_STATEID);
    copying = copying_all(&from, &from);
    copying.to = to.fh;
    refused(&copying, NFS4ERR_BAD_STATEID);
    copying = copying_all(&from, &to);
    copying.from_stateid.seqid += 7;
    refused(&copying, NFS4ERR_BAD_STATEID);
    copying = copying_all(&from, &to);
    copying.to_stateid = client_stateid_bypass;
    assert_int_equal(copying_run(&alice, &copying, NFS4_OK), 1000);
    copying.from_stateid = copying.to_stateid = client_stateid_anonymous;
    assert_int_equal(copying_run(&alice, &copying, NFS4_OK), 1000);
    copying.from_stateid = client_stateid_bypass;
    assert_int_equal(copying_run(&alice, &copying, NFS4_OK), 1000);
    expect_status(client_file_close(&alice, &from), NFS4_OK);
    copying = copying_all(&from, &to);
    refused(&copying, NFS4ERR_BAD_STATEID);
}

/* The stateid of each file is the one that was current with it (RFC 8881 §16.2.3.1.2). */
static void current_stateids(void **state)
{
    const struct stateid4 current = {.seqid = 1};
    struct copying copying;

    make_two(*state, 1000);
    copying = copying_all(&from, &to);
    copying.from_stateid = copying.to_stateid = current;
    begin(&alice, &dir);
    script_op_open(&alice, &(struct client_open){
                               .owner = "one", .access = OPEN4_SHARE_ACCESS_READ, .name = "from"});
    client_op(C, OP_SAVEFH);
    client_op_putfh(C, &dir);
    script_op_open(&alice, &(struct client_open){
                               .owner = "two", .access = OPEN4_SHARE_ACCESS_WRITE, .name = "to"});
    copying_op(&copying);
    run(NFS4_OK);
    assert_int_equal(result(OP_COPY)->opcopy.cr_response.wr_count, 1000);
    refused(&copying, NFS4ERR_BAD_STATEID); /* there is none */
}

/* Another client has either file open in a way that forbids it. */
static void share_reservations(void **state)
{
    struct client_file denier;
    struct copying copying;

    make_two(*state, 1000);
    expect_status(client_file_close(&alice, &from), NFS4_OK);
    expect_status(client_file_close(&alice, &to), NFS4_OK);
    copying = copying_all(&from, &to);
    copying.from_stateid = copying.to_stateid = client_stateid_anonymous;
    for (int i = 0; i < 2; i++) {
        expect_status(
            client_file_open(&bob, &dir,
                             &(struct client_open){.owner = "denier",
                                                   .access = OPEN4_SHARE_ACCESS_READ,
                                                   .deny = i == 0 ? OPEN4_SHARE_DENY_READ
                                                                  : OPEN4_SHARE_DENY_WRITE,
                                                   .name = i == 0 ? "from" : "to"},
                             &denier),
            NFS4_OK);
        refused(&copying, NFS4ERR_LOCKED);
        expect_status(client_file_close(&bob, &denier), NFS4_OK);
    }
    assert_int_equal(copying_run(&alice, &copying, NFS4_OK), 1000);
}

/* The rights of who sends it, on both files. */
static void rights(void **state)
{
    struct client_cred own = alice.conn.cred;
    struct copying copying;

    if (geteuid() != 0 && *state == script_local)
        test_skip(TEST_NEEDS_CALLERS);
    make_two(*state, 1000);
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
        refused(&copying, NFS4ERR_ACCESS);
        alice.conn.cred = own;
    }
}

/* Delegations of either file are recalled as for READ and WRITE, and the request waits. */
static void delegations(void **state)
{
    for (int i = 0; i < 2; i++) {
        struct client_file file;
        struct copying copying;
        struct pending pending;
        struct holder holder;

        make_two(*state, 1000);
        expect_status(client_file_close(&alice, &from), NFS4_OK);
        expect_status(client_file_close(&alice, &to), NFS4_OK);
        holder_open(&holder, 2);
        file = holder_delegated(&holder, &dir, i == 0 ? "from" : "to", OPEN_DELEGATE_WRITE);
        copying = copying_all(&from, &to);
        copying.from_stateid = copying.to_stateid = client_stateid_anonymous;
        copying_begin(&alice, &copying);
        pending_send(&pending, &alice);
        (void)holder_wait_recall(&holder, &file);
        holder_finish(&holder, &file);
        expect_status(pending_take(&pending), NFS4_OK);
        assert_int_equal(result(OP_COPY)->opcopy.cr_response.wr_count, 1000);
        holder_close(&holder);
    }
}

/* Copies between servers are not supported. */
static void between_servers(void **state)
{
    struct netloc4 server = {.nl_type = NL4_NAME, .nl_name = client_text("server")};
    struct nfs_argop4 op = {.argop = OP_COPY};
    struct copying copying;

    make_two(*state, 1000);
    copying = copying_all(&from, &to);
    begin_two(&alice, &from.fh, &to.fh);
    op.opcopy = (struct COPY4args){.ca_src_stateid = copying.from_stateid,
                                   .ca_dst_stateid = copying.to_stateid,
                                   .ca_source_server = &server,
                                   .ca_source_server_count = 1};
    client_compound_add(C, &op);
    run(NFS4ERR_NOTSUPP);
    begin(&alice, &from.fh);
    op = (struct nfs_argop4){
        .argop = OP_COPY_NOTIFY,
        .opcopy_notify = {.cna_src_stateid = from.stateid, .cna_destination_server = server}};
    client_compound_add(C, &op);
    run(NFS4ERR_NOTSUPP);
    assert_int_equal(copying_size(&bob, &to.fh), 0);
}

/* The retry of a copy is answered and copies nothing. */
static void retried(void **state)
{
    struct copying all;

    make_two(*state, 1000);
    all = copying_all(&from, &to);
    copying_begin(&alice, &all);
    run(NFS4_OK);
    copying_fill(&bob, &(struct client_file){.fh = to.fh, .stateid = client_stateid_anonymous}, 0,
                 1000, 9);
    retry_on(NULL);
    replay_on(NULL);
    assert_int_equal(result(OP_COPY)->opcopy.cr_response.wr_count, 1000);
    copying_expect(&bob, &to.fh, 0, 1000, 0, 9);
}

static void in_grace(void **state)
{
    struct client_mount carol;
    struct copying copying;

    make_two(*state, 1000);
    copying = copying_all(&from, &to);
    copying.from_stateid = copying.to_stateid = client_stateid_anonymous;
    test_server_kill(&script_server);
    assert_true(test_server_start(&script_server, NULL));
    script_mount_v42(&carol);
    copying_begin(&carol, &copying);
    copying_op(&copying);
    run_on(&carol.conn, NFS4ERR_GRACE);
    client_mount_close(&carol);
}

#define BETWEEN(test, exports)                                                                     \
    {                                                                                              \
#test " from " #exports, test, NULL, NULL, exports                                         \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(whole),
        BETWEEN(whole, mem_to_local),
        BETWEEN(whole, local_to_mem),
        BETWEEN(whole, local_to_same),
        BETWEEN(whole, mem_to_mem),
        ON_BOTH(ranges),
        BETWEEN(ranges, mem_to_local),
        BETWEEN(ranges, local_to_mem),
        BETWEEN(ranges, local_to_same),
        BETWEEN(ranges, mem_to_mem),
        ON_BOTH(ends),
        ON_BOTH(sparse),
        BETWEEN(sparse, local_to_same),
        BETWEEN(sparse, mem_to_mem),
        ON_BOTH(long_ones_in_parts),
        BETWEEN(long_ones_in_parts, mem_to_local),
        ON_BOTH(verifiers),
        ON_BOTH(the_same_file),
        cmocka_unit_test(the_same_file_twice),
        cmocka_unit_test(source_of_other_security),
        ON_BOTH(types),
        ON_BOTH(no_filehandles),
        cmocka_unit_test(read_only_exports),
        ON_BOTH(stateids),
        ON_BOTH(current_stateids),
        ON_BOTH(share_reservations),
        ON_BOTH(rights),
        ON_BOTH(delegations),
        ON_BOTH(between_servers),
        ON_BOTH(retried),
        {"in_grace on local", in_grace, NULL, NULL,
         script_local}, /* the last: it ends the server */
    };

    return test_group_run_fixtures(tests, start, script_teardown);
}
