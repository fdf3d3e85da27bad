/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ALLOCATE, DEALLOCATE, SEEK and READ_PLUS refuse (RFC 7862 §11.2), what recalls delegations
 * for them, and their retries. All clients speak minor version 2.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "holder.h"

enum {
    KIB = 1 << 10,
};

static const uint32_t all[] = {OP_ALLOCATE, OP_DEALLOCATE, OP_READ_PLUS, OP_SEEK};
static const uint32_t changing[] = {OP_ALLOCATE, OP_DEALLOCATE};
static const uint32_t reading[] = {OP_READ_PLUS, OP_SEEK};

static struct client_fh dir;
static struct client_file file;

static int start(void **state)
{
    static char local[128], fixed[128];
    const char *const options[] = {
        "--export", "/mem=mem:,no_root_squash", "--export", local, "--export", fixed, NULL};

    (void)state;
    script_minor = 2;
    if (script_server.dir[0] == '\0' && !test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    (void)snprintf(fixed, sizeof(fixed), "/fixed=local:%s,no_root_squash,ro", script_server.data);
    if (script_setup(options) != 0 || !script_open_to_all("/mem"))
        return -1;
    return 0;
}

/* A file with data in its first half. */
static void open_file(const char *export)
{
    static const uint8_t data[4 * KIB] = {1};
    uint32_t written;

    dir = script_dir(export);
    file = make_open(&alice, &dir, "file");
    expect_status(client_file_write(&alice, &file, 0, UNSTABLE4, data, sizeof(data), &written),
                  NFS4_OK);
    begin(&alice, &file.fh);
    client_op_setattr(C, &file.stateid, CLIENT_BITS(FATTR4_SIZE),
                      &(struct nfs4_attrs){.size = 8 * KIB});
    run(NFS4_OK);
}

static void add(uint32_t op, const struct stateid4 *stateid)
{
    switch (op) {
    case OP_ALLOCATE:
        client_op_allocate(C, stateid, 0, 16 * KIB);
        break;
    case OP_DEALLOCATE:
        client_op_deallocate(C, stateid, 0, 4 * KIB);
        break;
    case OP_READ_PLUS:
        client_op_read_plus(C, stateid, 0, 16);
        break;
    default:
        client_op_seek(C, stateid, 0, NFS4_CONTENT_DATA);
    }
}

static void refused(struct client_mount *by, uint32_t op, const struct stateid4 *stateid,
                    enum nfsstat4 status)
{
    begin(by, &file.fh);
    add(op, stateid);
    run(status);
    assert_int_equal(R->ops[R->count - 1].resop, op);
}

static struct nfs4_attrs attrs(void)
{
    return attrs_of(&alice, &file.fh,
                    CLIENT_BITS(FATTR4_SIZE, FATTR4_CHANGE, FATTR4_SPACE_USED, FATTR4_TIME_MODIFY));
}

static void no_filehandle(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        begin(&alice, NULL);
        add(all[i], &client_stateid_anonymous);
        run(NFS4ERR_NOFILEHANDLE);
    }
}

/* RFC 7862 §15.1.3 and §15.4.3 have one error for all that is no file. */
static void wrong_types(void **state)
{
    static const enum nfs_ftype4 types[] = {NF4DIR, NF4LNK, NF4FIFO};
    static const enum nfsstat4 statuses[] = {NFS4ERR_ISDIR, NFS4ERR_SYMLINK, NFS4ERR_WRONG_TYPE};

    dir = script_dir(*state);
    for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
        char name[] = {(char)('a' + t), 0};

        begin(&alice, &dir);
        client_op_create(C, name, types[t], "target", 0644);
        client_op_getfh(C);
        run(NFS4_OK);
        file.fh = result_fh();
        for (size_t i = 0; i < ARRAY_SIZE(all); i++)
            refused(&alice, all[i], &client_stateid_anonymous,
                    i < ARRAY_SIZE(changing) ? NFS4ERR_WRONG_TYPE : statuses[t]);
    }
}

static void stateids(void **state)
{
    struct client_file other, reader, writer;
    struct stateid4 wrong;

    open_file(*state);
    other = make_open(&alice, &dir, "other");
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        wrong = file.stateid;
        wrong.other[5] ^= 1;
        refused(&alice, all[i], &wrong, NFS4ERR_BAD_STATEID);
        refused(&alice, all[i], &other.stateid, NFS4ERR_BAD_STATEID);
        refused(&bob, all[i], &file.stateid, NFS4ERR_BAD_STATEID);
        wrong = file.stateid;
        wrong.seqid++;
        refused(&alice, all[i], &wrong, NFS4ERR_BAD_STATEID);
    }
    expect_status(client_file_open_rw(&alice, &dir, "file", &other), NFS4_OK); /* the next seqid */
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        refused(&alice, all[i], &file.stateid, NFS4ERR_OLD_STATEID);
    expect_status(
        client_file_open(&bob, &dir,
                         &(struct client_open){.owner = "reader",
                                               .name = "file",
                                               .access = OPEN4_SHARE_ACCESS_READ |
                                                         OPEN4_SHARE_ACCESS_WANT_NO_DELEG},
                         &reader),
        NFS4_OK);
    expect_status(
        client_file_open(&bob, &dir,
                         &(struct client_open){.owner = "writer",
                                               .name = "file",
                                               .access = OPEN4_SHARE_ACCESS_WRITE |
                                                         OPEN4_SHARE_ACCESS_WANT_NO_DELEG},
                         &writer),
        NFS4_OK);
    for (size_t i = 0; i < ARRAY_SIZE(changing); i++) {
        refused(&bob, changing[i], &reader.stateid, NFS4ERR_OPENMODE);
        refused(&bob, changing[i], &client_stateid_bypass, NFS4_OK); /* as for WRITE */
        refused(&bob, changing[i], &client_stateid_anonymous, NFS4_OK);
        refused(&bob, changing[i], &writer.stateid, NFS4_OK);
    }
    for (size_t i = 0; i < ARRAY_SIZE(reading); i++) {
        refused(&bob, reading[i], &writer.stateid, NFS4ERR_OPENMODE);
        refused(&bob, reading[i], &client_stateid_bypass, NFS4_OK);
        refused(&bob, reading[i], &client_stateid_anonymous, NFS4_OK);
        refused(&bob, reading[i], &reader.stateid, NFS4_OK);
    }
}

static void one_range(uint32_t op, uint64_t offset, uint64_t length, enum nfsstat4 status)
{
    begin(&alice, &file.fh);
    if (op == OP_ALLOCATE)
        client_op_allocate(C, &file.stateid, offset, length);
    else
        client_op_deallocate(C, &file.stateid, offset, length);
    run(status);
}

/* What is refused changes nothing. */
static void ranges(void **state)
{
    struct nfs4_attrs before, after;

    open_file(*state);
    before = attrs();
    for (size_t i = 0; i < ARRAY_SIZE(changing); i++) {
        one_range(changing[i], 0, 0, NFS4ERR_INVAL);
        one_range(changing[i], UINT64_MAX, 0, NFS4ERR_INVAL);
        one_range(changing[i], 0, UINT64_MAX, NFS4ERR_FBIG);
        one_range(changing[i], UINT64_MAX, UINT64_MAX, NFS4ERR_FBIG);
        one_range(changing[i], INT64_MAX, 1, NFS4ERR_FBIG);
        one_range(changing[i], (uint64_t)INT64_MAX + 1, 1, NFS4ERR_FBIG);
    }
    one_range(OP_ALLOCATE, 0, 1ull << 43, NFS4ERR_NOSPC);
    one_range(OP_ALLOCATE, 3, 1ull << 43, NFS4ERR_NOSPC);
    after = attrs();
    assert_int_equal(after.size, before.size);
    assert_int_equal(after.space_used, before.space_used);
}

/* The stranger has no right to the file. */
static void permissions(void **state)
{
    struct client_mount mallory;

    open_file(*state);
    begin(&alice, &file.fh);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE),
                      &(struct nfs4_attrs){.mode = 0600});
    run(NFS4_OK);
    if (geteuid() != 0 && strcmp(*state, script_local) == 0)
        return; /* there all act as the server's user */
    script_mount_v42(&mallory);
    mallory.conn.cred = script_stranger();
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        refused(&mallory, all[i], &client_stateid_anonymous, NFS4ERR_ACCESS);
    client_mount_close(&mallory);
}

/* As for WRITE and READ: a WRITE delegation is in the way of all of them, a READ delegation only of
 * those that change the file. */
static void delegations(void **state)
{
    static const enum open_delegation_type4 types[] = {OPEN_DELEGATE_READ, OPEN_DELEGATE_WRITE};

    dir = script_dir(*state);
    for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
        for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
            bool conflict = types[t] == OPEN_DELEGATE_WRITE || i < ARRAY_SIZE(changing);
            char name[] = {(char)('a' + t), (char)('a' + i), 0};
            struct holder holder;
            struct client_file held;

            make_file(&alice, &dir, name);
            holder_open(&holder, 2);
            held = holder_delegated(&holder, &dir, name, types[t]);
            file = held;
            begin(&bob, &file.fh);
            add(all[i], &client_stateid_anonymous);
            if (conflict) {
                run(NFS4ERR_DELAY);
                holder_wait_recall(&holder, &held);
                holder_return(&holder, &held);
                begin(&bob, &file.fh);
                add(all[i], &client_stateid_anonymous);
            }
            run(all[i] == OP_SEEK ? NFS4ERR_NXIO : NFS4_OK);
            if (!conflict)
                assert_int_equal(holder_recalls(&holder, &held), 0);
            expect_status(client_file_close(&holder.mount, &held), NFS4_OK);
            holder_close(&holder);
        }
    }
}

/* The holder of a delegation works with its stateid. */
static void by_delegation(void **state)
{
    struct holder holder;
    struct client_file held;
    const struct stateid4 *stateid;

    dir = script_dir(*state);
    make_file(&alice, &dir, "held");
    holder_open(&holder, 2);
    held = holder_delegated(&holder, &dir, "held", OPEN_DELEGATE_WRITE);
    stateid = client_file_delegation(&held);
    file = held;
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        refused(&holder.mount, all[i], stateid, NFS4_OK);
    assert_int_equal(holder_recalls(&holder, &held), 0);
    holder_finish(&holder, &held);
    holder_close(&holder);
}

static void share_reservations(void **state)
{
    struct client_open how = {.owner = "denier",
                              .access = OPEN4_SHARE_ACCESS_READ | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                              .deny = OPEN4_SHARE_DENY_BOTH,
                              .name = "denied"};
    struct client_file denier;

    dir = script_dir(*state);
    file.fh = make_file(&alice, &dir, "denied");
    expect_status(client_file_open(&bob, &dir, &how, &denier), NFS4_OK);
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        refused(&alice, all[i], &client_stateid_anonymous, NFS4ERR_LOCKED);
    refused(&alice, OP_READ_PLUS, &client_stateid_bypass, NFS4_OK);
    refused(&alice, OP_SEEK, &client_stateid_bypass, NFS4ERR_NXIO);
    expect_status(client_file_close(&bob, &denier), NFS4_OK);
}

static void in_grace(void **state)
{
    struct client_mount carol;

    open_file(*state);
    test_server_kill(&script_server);
    assert_true(test_server_start(&script_server, NULL));
    script_mount_v42(&carol);
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        begin(&carol, &file.fh);
        add(all[i], &client_stateid_anonymous);
        run_on(&carol.conn, NFS4ERR_GRACE);
    }
    begin(&carol, &file.fh);
    add(OP_READ_PLUS, &client_stateid_bypass);
    run_on(&carol.conn, NFS4_OK);
    client_mount_close(&carol);
}

static void read_only_exports(void **state)
{
    struct client_fh root;

    (void)state;
    expect_status(client_file_lookup(&alice, script_local, &root), NFS4_OK);
    make_file(&alice, &root, "fixed file");
    expect_status(client_file_lookup(&alice, "/fixed", &root), NFS4_OK);
    file.fh = look(&alice, &root, "fixed file");
    for (size_t i = 0; i < ARRAY_SIZE(changing); i++)
        refused(&alice, changing[i], &client_stateid_anonymous, NFS4ERR_ROFS);
    refused(&alice, OP_READ_PLUS, &client_stateid_anonymous, NFS4_OK);
    refused(&alice, OP_SEEK, &client_stateid_anonymous, NFS4ERR_NXIO);
}

/* A retry gets the reply that was kept, and nothing happens again. */
static void retries(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        const struct nfs4_attrs size = {.size = 100};

        open_file(*state);
        begin(&alice, &file.fh);
        add(all[i], &file.stateid);
        run(NFS4_OK);
        expect_status(client_file_setattr(&bob, &file.fh, CLIENT_BITS(FATTR4_SIZE), &size),
                      NFS4_OK);
        retry_on(NULL);
        replay_on(NULL);
        assert_int_equal(attrs().size, 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_filehandle),
        ON_BOTH(wrong_types),
        ON_BOTH(stateids),
        ON_BOTH(ranges),
        ON_BOTH(permissions),
        ON_BOTH(delegations),
        ON_BOTH(by_delegation),
        ON_BOTH(retries),
        ON_BOTH(share_reservations),
        cmocka_unit_test(read_only_exports),
        {"in_grace on local", in_grace, NULL, NULL, script_local},
    };

    return test_group_run_fixtures(tests, start, script_teardown);
}
