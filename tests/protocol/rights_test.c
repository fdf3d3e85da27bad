/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is refused to which caller: to a stranger in another user's directories, to all on a
 * read-only export. Mostly on mem, where that needs no privileges.
 */
#include <string.h>
#include <unistd.h>

#include "script.h"

static struct client_fh closed, inner, file, read_only, read_only_file;

static int setup(void **state)
{
    static char local[128], ro[128];
    const char *const options[] = {
        "--export", "/mem=mem:,no_root_squash", "--export", local, "--export", ro, NULL};
    char path[128];
    FILE *made;

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    (void)snprintf(ro, sizeof(ro), "/ro=local:%s,ro,no_root_squash", script_server.data);
    (void)snprintf(path, sizeof(path), "%s/file", script_server.data);
    made = fopen(path, "we");
    if (!made || fclose(made) != 0)
        return -1;
    if (script_setup(options) != 0 || !script_open_to_all(script_mem))
        return -1;
    return client_file_lookup(&alice, "/ro", &read_only) == NFS4_OK &&
                   client_file_lookup(&alice, "/ro/file", &read_only_file) == NFS4_OK
               ? 0
               : -1;
}

static void set_mode(const struct client_fh *fh, uint32_t mode)
{
    expect_status(client_file_setattr(&alice, fh, CLIENT_BITS(FATTR4_MODE),
                                      &(struct nfs4_attrs){.mode = mode}),
                  NFS4_OK);
}

/* `closed` is accessible to its owner alone; it contains `inner`, which all may use, and `file`,
 * which only the owner may use. The caller is a stranger from here on. */
static int begin_as_stranger(void **state)
{
    (void)state;
    closed = script_dir(script_mem);
    expect_status(client_file_mkdir(&alice, &closed, "inner", &inner), NFS4_OK);
    set_mode(&inner, 0777);
    file = make_file(&alice, &closed, "file");
    set_mode(&file, 0600);
    set_mode(&closed, 0700);
    alice.conn.cred = script_stranger();
    return 0;
}

static int end_as_stranger(void **state)
{
    (void)state;
    alice.conn.cred = script_cred();
    return 0;
}

static void op_secinfo(const char *name)
{
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_SECINFO, .opsecinfo = {client_text(name)}});
}

static void op_secinfo_parent(void)
{
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_SECINFO_NO_NAME,
                                                .opsecinfo_no_name = {SECINFO_STYLE4_PARENT}});
}

static void op_open(const char *name, bool create)
{
    script_op_open(&alice, &(struct client_open){.owner = "rights",
                                                 .access = OPEN4_SHARE_ACCESS_BOTH,
                                                 .name = name,
                                                 .create = create,
                                                 .mode = 0644});
}

static void op_truncate(void)
{
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_SIZE),
                      &(struct nfs4_attrs){.size = 0});
}

static void in_a_closed_directory(void **state)
{
    (void)state;
    begin(&alice, &closed);
    client_op_lookup(C, "file");
    run(NFS4ERR_ACCESS);
    begin(&alice, &closed);
    op_secinfo("file");
    run(NFS4ERR_ACCESS);
    begin(&alice, &closed);
    client_op_readdir(C, 0, NULL, 4096, CLIENT_BITS(FATTR4_TYPE));
    run(NFS4ERR_ACCESS);
    begin(&alice, &closed);
    client_op_create(C, "new", NF4DIR, NULL, 0777);
    run(NFS4ERR_ACCESS);
    begin(&alice, &closed);
    op_open("file", false);
    run(NFS4ERR_ACCESS);
    begin(&alice, &closed);
    op_open("new", true);
    run(NFS4ERR_ACCESS);
    begin(&alice, &closed);
    client_op_remove(C, "file");
    run(NFS4ERR_ACCESS);
    begin_two(&alice, &closed, &inner);
    client_op_rename(C, "file", "new");
    run(NFS4ERR_ACCESS);
    begin_two(&alice, &file, &closed);
    client_op_link(C, "new");
    run(NFS4ERR_ACCESS);
    begin(&alice, &closed);
    client_op(C, OP_LOOKUPP);
    run(NFS4ERR_ACCESS);
    if (script_minor == 0)
        return;
    begin(&alice, &closed);
    op_secinfo_parent();
    run(NFS4ERR_ACCESS);
}

static void of_a_closed_file(void **state)
{
    (void)state;
    begin(&alice, &file);
    client_op_read(C, &client_stateid_anonymous, 0, 1);
    run(NFS4ERR_ACCESS);
    begin(&alice, &file);
    client_op_write(C, &client_stateid_anonymous, 0, UNSTABLE4, "x", 1);
    run(NFS4ERR_ACCESS);
    begin(&alice, &file);
    op_truncate();
    run(NFS4ERR_ACCESS);
}

/* Operations reserved to the owner or root. */
static void not_the_owner(void **state)
{
    static uint8_t value[8] = {0, 0, 0, 1, '0'};
    const struct fattr4 owner_root = {CLIENT_BITS(FATTR4_OWNER), {value, sizeof(value)}};

    (void)state;
    begin(&alice, &file);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE),
                      &(struct nfs4_attrs){.mode = 0666});
    run(NFS4ERR_PERM);
    begin(&alice, &inner);
    client_op_create(C, "device", NF4CHR, NULL, 0666);
    run(NFS4ERR_PERM);
    begin(&alice, &inner);
    script_op_as(&alice, "rights",
                 &(struct nfs_argop4){
                     .argop = OP_OPEN,
                     .opopen = {.share_access = OPEN4_SHARE_ACCESS_BOTH,
                                .openhow = {.opentype = OPEN4_CREATE,
                                            .how = {.mode = GUARDED4, .createattrs = owner_root}},
                                .claim = {.claim = CLAIM_NULL, .file = client_text("given")}}});
    run(NFS4ERR_PERM);
}

/* In a sticky directory only owners remove and rename entries; 4.1 does not list PERM for these
 * operations. */
static void sticky(void **state)
{
    struct client_fh dir;

    (void)state;
    alice.conn.cred = script_cred();
    dir = script_dir(script_mem);
    (void)make_file(&alice, &dir, "file");
    set_mode(&dir, 01777);
    alice.conn.cred = script_stranger();
    begin(&alice, &dir);
    client_op_remove(C, "file");
    run(NFS4ERR_ACCESS);
    begin_two(&alice, &dir, &dir);
    client_op_rename(C, "file", "new");
    run(NFS4ERR_ACCESS);
}

struct seen {
    unsigned entries, errors;
};

static bool count(const struct entry4 *entry, void *context)
{
    struct seen *seen = context;

    seen->entries++;
    seen->errors += bitmap4_isset(&entry->attrs.attrmask, FATTR4_RDATTR_ERROR);
    return true;
}

/* Names may be read but entries not accessed: each entry carries the error, otherwise the whole
 * listing fails (RFC 8881 §18.23.3). */
static void names_alone(void **state)
{
    struct client_fh dir;
    struct seen seen = {0};

    if (geteuid() != 0 && *state == script_local)
        test_skip(TEST_NEEDS_CALLERS);
    dir = script_dir(*state);
    (void)make_file(&alice, &dir, "a");
    (void)make_file(&alice, &dir, "b");
    set_mode(&dir, 0744);
    alice.conn.cred = script_stranger();
    begin(&alice, &dir);
    client_op_readdir(C, 0, NULL, 4096, CLIENT_BITS(FATTR4_SIZE));
    run(NFS4ERR_ACCESS);
    expect_status(client_file_readdir(&alice, &dir, CLIENT_BITS(FATTR4_SIZE, FATTR4_RDATTR_ERROR),
                                      count, &seen),
                  NFS4_OK);
    assert_int_equal(seen.entries, 2);
    assert_int_equal(seen.errors, 2);
    expect_status(client_file_readdir(&alice, &dir, CLIENT_BITS(FATTR4_SIZE), count, &seen),
                  NFS4ERR_ACCESS);
    expect_status(client_file_readdir(&alice, &dir, client_bits(NULL, 0), count, &seen), NFS4_OK);
    assert_int_equal(seen.entries, 4);
}

static void on_a_read_only_export(void **state)
{
    (void)state;
    begin(&alice, &read_only);
    client_op_create(C, "new", NF4DIR, NULL, 0777);
    run(NFS4ERR_ROFS);
    begin(&alice, &read_only);
    op_open("file", false);
    run(NFS4ERR_ROFS);
    begin(&alice, &read_only);
    op_open("new", true);
    run(NFS4ERR_ROFS);
    begin(&alice, &read_only);
    client_op_remove(C, "file");
    run(NFS4ERR_ROFS);
    begin_two(&alice, &read_only, &read_only);
    client_op_rename(C, "file", "new");
    run(NFS4ERR_ROFS);
    begin_two(&alice, &read_only_file, &read_only);
    client_op_link(C, "new");
    run(NFS4ERR_ROFS);
    begin(&alice, &read_only_file);
    op_truncate();
    run(NFS4ERR_ROFS);
    begin(&alice, &read_only_file);
    client_op_write(C, &client_stateid_anonymous, 0, UNSTABLE4, "x", 1);
    run(NFS4ERR_ROFS);
}

/* Two exports are two file systems. */
static void between_exports(void **state)
{
    struct client_fh dir;

    (void)state;
    dir = script_dir(script_mem);
    begin_two(&alice, &read_only_file, &dir);
    client_op_link(C, "new");
    run(NFS4ERR_XDEV);
    begin_two(&alice, &read_only, &dir);
    client_op_rename(C, "file", "new");
    run(NFS4ERR_XDEV);
}

#define AS_STRANGER(test) cmocka_unit_test_setup_teardown(test, begin_as_stranger, end_as_stranger)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AS_STRANGER(in_a_closed_directory),
        AS_STRANGER(of_a_closed_file),
        AS_STRANGER(not_the_owner),
        AS_STRANGER(sticky),
        {"names_alone on mem", names_alone, NULL, end_as_stranger, script_mem},
        {"names_alone on local", names_alone, NULL, end_as_stranger, script_local},
        cmocka_unit_test(on_a_read_only_export),
        cmocka_unit_test(between_exports),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
