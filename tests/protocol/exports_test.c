/* SPDX-License-Identifier: Apache-2.0 */
/* The name space: exports in exports, who may see and change what, and forged filehandles. */
#include <string.h>
#include <sys/stat.h>

#include "script.h"

static int setup(void **state)
{
    static char local[128];
    const char *const options[] = {
        "--export", "/rw=mem:,no_root_squash",
        "--export", "/rw/inner=mem:,no_root_squash,fsid=77",
        "--export", "/deep/down/squashed=mem:",
        "--export", "/all=mem:,all_squash,anonuid=77,anongid=78",
        "--export", "/foreign=mem:,client=192.0.2.0/24",
        "--export", "/mine=mem:,client=127.0.0.1",
        "--export", "/shut=mem:,client=192.0.2.0/24",
        "--export", "/shut/open=mem:,no_root_squash",
        "--export", local,
        NULL,
    };

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/ro=local:%s,ro,no_root_squash", script_server.data);
    return script_setup(options) == 0 && script_open_to_all("/rw") ? 0 : -1;
}

static bool only_open(const struct entry4 *entry, void *context)
{
    bool *only = context;

    *only &= entry->name.len == 4 && memcmp(entry->name.data, "open", 4) == 0;
    return true;
}

static struct client_fh path_fh(const char *path)
{
    struct client_fh fh;

    expect_status(client_file_lookup(&alice, path, &fh), NFS4_OK);
    return fh;
}

/* An open export below one that does not admit this client can be reached by name, and the outer
 * one cannot be reached from there. */
static void below_a_restricted_export(void **state)
{
    struct client_fh open = path_fh("/shut/open"), shut = path_fh("/shut"), up;
    bool only = true;

    (void)state;
    begin(&alice, &open);
    client_op(C, OP_LOOKUPP);
    client_op_getfh(C);
    run(NFS4_OK);
    up = result_fh();
    assert_int_equal(up.len, shut.len);
    assert_memory_equal(up.data, shut.data, shut.len);
    expect_status(client_file_readdir(&alice, &shut, (struct bitmap4){0}, only_open, &only),
                  NFS4_OK);
    assert_true(only);
    begin(&alice, &shut);
    client_op_access(C, ACCESS4_MODIFY | ACCESS4_LOOKUP);
    run(NFS4_OK);
    assert_int_equal(result(OP_ACCESS)->opaccess.access, ACCESS4_LOOKUP);
}

static struct fsid4 fsid_of(const struct client_fh *fh)
{
    return attrs_of(&alice, fh, CLIENT_BITS(FATTR4_FSID)).fsid;
}

static bool fsid_equal(struct fsid4 a, struct fsid4 b)
{
    return a.major == b.major && a.minor == b.minor;
}

static void crossing(void **state)
{
    static const char *const paths[] = {"/",    "/rw", "/rw/inner", "/deep/down/squashed",
                                        "/all", "/ro", "/mine"};
    struct fsid4 fsids[ARRAY_SIZE(paths)];
    struct client_fh rw, up;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        struct client_fh fh = path_fh(paths[i]);

        fsids[i] = fsid_of(&fh);
        for (size_t j = 0; j < i; j++)
            assert_false(fsid_equal(fsids[i], fsids[j]));
        /* L-14 */
        assert_true(attrs_of(&alice, &fh, CLIENT_BITS(FATTR4_FILEID)).fileid != 0);
        assert_true(
            attrs_of(&alice, &fh, CLIENT_BITS(FATTR4_MOUNTED_ON_FILEID)).mounted_on_fileid != 0);
    }
    assert_true(fsids[2].major == 77 || fsids[2].minor == 77);
    rw = path_fh("/rw");
    begin(&alice, NULL);
    client_op_putrootfh(C);
    client_op_lookup(C, "rw");
    client_op_lookup(C, "inner");
    client_op(C, OP_LOOKUPP);
    client_op_getfh(C);
    client_op(C, OP_LOOKUPP);
    client_op(C, OP_LOOKUPP);
    run(NFS4ERR_NOENT);
    up = result_fh();
    assert_int_equal(up.len, rw.len);
    assert_memory_equal(up.data, rw.data, rw.len);
}

struct seen {
    unsigned count;
    struct fsid4 of, own;
    const char *name;
};

static bool see(const struct entry4 *entry, void *context)
{
    struct seen *seen = context;
    struct nfs4_attrs attrs;
    struct arena arena;

    arena_init(&arena, 1024);
    assert_true(fattr_decode(&entry->attrs, &attrs, &arena));
    arena_fini(&arena);
    seen->count++;
    if (entry->name.len == strlen(seen->name) &&
        memcmp(entry->name.data, seen->name, entry->name.len) == 0)
        seen->of = attrs.fsid;
    else
        seen->own = attrs.fsid;
    return true;
}

/* READDIR shows an export below with its own fsid. */
static void listing(void **state)
{
    struct client_fh rw = path_fh("/rw"), inner = path_fh("/rw/inner"), root = path_fh("/");
    struct seen seen = {.name = "inner"}, at_root = {.name = "rw"};

    (void)state;
    make_file(&alice, &rw, "plain");
    expect_status(client_file_readdir(&alice, &rw, CLIENT_BITS(FATTR4_FSID), see, &seen), NFS4_OK);
    assert_int_equal(seen.count, 2);
    assert_true(fsid_equal(seen.of, fsid_of(&inner)));
    assert_true(fsid_equal(seen.own, fsid_of(&rw)));
    expect_status(client_file_readdir(&alice, &root, CLIENT_BITS(FATTR4_FSID), see, &at_root),
                  NFS4_OK);
    assert_true(fsid_equal(at_root.of, fsid_of(&rw)));
    assert_int_equal(at_root.count, 6); /* "foreign" does not admit this client */
    /* An export's name cannot be removed or replaced. */
    expect_status(client_file_remove(&alice, &rw, "inner"), NFS4ERR_NOTEMPTY);
    begin(&alice, &rw);
    client_op_create(C, "inner", NF4DIR, NULL, 0700);
    run(NFS4ERR_EXIST);
    begin_two(&alice, &rw, &rw);
    client_op_rename(C, "inner", "outer");
    run(NFS4ERR_XDEV);
    begin_two(&alice, &rw, &inner);
    client_op_rename(C, "plain", "plain");
    run(NFS4ERR_XDEV);
}

static void client_rule(void **state)
{
    struct client_fh fh;

    (void)state;
    expect_status(client_file_lookup(&alice, "/foreign", &fh), NFS4ERR_NOENT);
    expect_status(client_file_lookup(&alice, "/mine", &fh), NFS4_OK);
}

static void pseudo_is_read_only(void **state)
{
    struct client_fh root = path_fh("/"), deep = path_fh("/deep/down");

    (void)state;
    begin(&alice, &root);
    client_op_create(C, "new", NF4DIR, NULL, 0700);
    run(NFS4ERR_ROFS);
    begin(&alice, &deep);
    client_op_remove(C, "squashed");
    run(NFS4ERR_ROFS);
    assert_int_equal(attrs_of(&alice, &deep, CLIENT_BITS(FATTR4_TYPE)).type, NF4DIR);
}

static void read_only(void **state)
{
    char path[128];
    struct client_fh dir, file;
    struct client_file opened;
    struct client_open how = {.owner = "ro", .access = OPEN4_SHARE_ACCESS_READ, .name = "file"};
    FILE *made;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/file", script_server.data);
    made = fopen(path, "w");
    assert_non_null(made);
    assert_int_equal(fputs("text", made) >= 0, 1);
    assert_int_equal(fclose(made), 0);
    dir = path_fh("/ro");
    file = look(&alice, &dir, "file");
    begin(&alice, &dir);
    client_op_create(C, "new", NF4DIR, NULL, 0700);
    run(NFS4ERR_ROFS);
    expect_status(client_file_remove(&alice, &dir, "file"), NFS4ERR_ROFS);
    expect_status(client_file_create(&alice, &dir, "new", &opened), NFS4ERR_ROFS);
    expect_status(client_file_open_rw(&alice, &dir, "file", &opened), NFS4ERR_ROFS);
    begin_two(&alice, &dir, &dir);
    client_op_rename(C, "file", "other");
    run(NFS4ERR_ROFS);
    begin_two(&alice, &file, &dir);
    client_op_link(C, "other");
    run(NFS4ERR_ROFS);
    begin(&alice, &file);
    client_op_write(C, &client_stateid_anonymous, 0, FILE_SYNC4, "x", 1);
    run(NFS4ERR_ROFS);
    begin(&alice, &file);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE),
                      &(struct nfs4_attrs){.mode = 0600});
    run(NFS4ERR_ROFS);
    begin(&alice, &file);
    client_op_access(C, ACCESS4_READ | ACCESS4_MODIFY | ACCESS4_EXTEND);
    run(NFS4_OK);
    assert_int_equal(result(OP_ACCESS)->opaccess.access, ACCESS4_READ);
    expect_status(client_file_open(&alice, &dir, &how, &opened), NFS4_OK);
    expect_status(client_file_close(&alice, &opened), NFS4_OK);
}

/* The owner of a file that `uid` creates in `export`. */
static void expect_owner(const char *export, uint32_t uid, const char *owner, const char *group)
{
    struct client_fh dir = path_fh(export);
    struct client_cred cred = alice.conn.cred;
    struct client_owner_text text;
    struct nfs4_attrs attrs;
    struct client_fh made;
    char name[16];

    (void)snprintf(name, sizeof(name), "by%u", uid);
    alice.conn.cred = (struct client_cred){.uid = uid, .gid = uid};
    expect_status(client_file_mkdir(&alice, &dir, name, &made), NFS4_OK);
    alice.conn.cred = cred;
    expect_status(client_file_getattr(&alice, &made, CLIENT_BITS(FATTR4_OWNER, FATTR4_OWNER_GROUP),
                                      &attrs, &text),
                  NFS4_OK);
    assert_string_equal(text.owner, owner);
    assert_string_equal(text.owner_group, group);
}

/* The root of mem is open to all; root is squashed to nobody, other users are not. */
static void squash(void **state)
{
    (void)state;
    expect_owner("/rw", 0, "0", "0");
    expect_owner("/rw", 501, "501", "501");
    expect_owner("/deep/down/squashed", 0, "65534", "65534");
    expect_owner("/deep/down/squashed", 501, "501", "501");
    expect_owner("/all", 0, "77", "78");
    expect_owner("/all", 501, "77", "78");
}

/* With a byte flipped, cut or lengthened, a handle never leads to another file. */
static void forge(const char *export, const char *name)
{
    struct client_fh dir = path_fh(export), real = look(&alice, &dir, name);
    uint64_t fileid = attrs_of(&alice, &real, CLIENT_BITS(FATTR4_FILEID)).fileid;

    assert_true(fileid != 0);
    for (uint32_t i = 0; i < real.len * 8; i++) {
        struct client_fh fh = real;

        fh.data[i / 8] ^= (uint8_t)(1u << i % 8);
        begin(&alice, &fh);
        assert_int_equal(client_compound_call(&alice.conn, C, R), CLIENT_OK);
        if (R->status != NFS4ERR_BADHANDLE && R->status != NFS4ERR_STALE)
            fail_msg("%s, bit %u: %s", export, i, status_name(R->status));
    }
    for (uint32_t len = 0; len < NFS4_FHSIZE; len++) {
        struct client_fh fh = real;

        fh.len = len;
        if (len == real.len)
            continue;
        begin(&alice, &fh);
        assert_int_equal(client_compound_call(&alice.conn, C, R), CLIENT_OK);
        if (R->status != NFS4ERR_BADHANDLE && R->status != NFS4ERR_STALE)
            fail_msg("%s, length %u: %s", export, len, status_name(R->status));
    }
}

static void forged_handles(void **state)
{
    struct client_fh rw = path_fh("/rw");

    (void)state;
    make_file(&alice, &rw, "forged");
    forge("/rw", "forged");
    forge("/ro", "file");
    forge("/deep", "down");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crossing),
        cmocka_unit_test(below_a_restricted_export),
        cmocka_unit_test(listing),
        cmocka_unit_test(client_rule),
        cmocka_unit_test(pseudo_is_read_only),
        cmocka_unit_test(read_only),
        cmocka_unit_test(squash),
        cmocka_unit_test(forged_handles),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
