/* SPDX-License-Identifier: Apache-2.0 */
/* mode_umask (RFC 8275), suppattr_exclcreat (RFC 8881 §5.8.1.14), change_attr_type (RFC 7862
 * §12.2.3). */
#include <dirent.h>
#include <errno.h>
#include <linux/kcmp.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/umask.h"
#include "script.h"

enum {
    WORKERS_MAX = 64
};

static struct client_fh dir;
static uint8_t values[128];

static int setup(void **state)
{
    script_minor = 2;
    return script_setup_default(state);
}

static struct fattr4 fattr(struct bitmap4 bits, const struct nfs4_attrs *attrs)
{
    struct fattr4 out;
    struct xdr x;

    xdr_init_encode(&x, values, sizeof(values));
    assert_true(fattr_encode(&x, &bits, attrs));
    xdr_init_decode(&x, values, xdr_pos(&x), NULL);
    assert_true(wire_fattr4(&x, &out));
    return out;
}

static void op_mkdir(const char *name, const struct fattr4 *attrs)
{
    struct nfs_argop4 op = {
        .argop = OP_CREATE,
        .opcreate = {.objtype.type = NF4DIR, .objname = client_text(name), .createattrs = *attrs}};

    client_compound_add(C, &op);
}

static void op_create(const char *name, enum createmode4 mode, const struct fattr4 *attrs)
{
    struct nfs_argop4 op = {
        .argop = OP_OPEN,
        .opopen = {.share_access = OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                   .openhow.opentype = OPEN4_CREATE,
                   .claim = {.claim = CLAIM_NULL, .file = client_text(name)}}};

    op.opopen.openhow.how.mode = mode;
    if (mode == EXCLUSIVE4_1)
        op.opopen.openhow.how.ch_createboth.cva_attrs = *attrs;
    else
        op.opopen.openhow.how.createattrs = *attrs;
    script_op_as(&alice, "umask", &op);
}

static struct fattr4 masked(void)
{
    return fattr(CLIENT_BITS(FATTR4_MODE_UMASK),
                 &(struct nfs4_attrs){.mode_umask = {.mu_mode = 0666, .mu_umask = 027}});
}

static uint32_t mode_of(const char *name)
{
    const struct client_fh fh = look(&alice, &dir, name);

    return attrs_of(&alice, &fh, CLIENT_BITS(FATTR4_MODE)).mode;
}

/* Files and directories, by each kind of create; the reply names the attribute. */
static void applied(void **state)
{
    static const enum createmode4 modes[] = {UNCHECKED4, GUARDED4, EXCLUSIVE4_1};
    static const char *const names[] = {"unchecked", "guarded", "exclusive"};
    struct fattr4 attrs = masked();

    dir = script_dir(*state);
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        begin(&alice, &dir);
        op_create(names[i], modes[i], &attrs);
        run(NFS4_OK);
        assert_true(bitmap4_isset(&result(OP_OPEN)->opopen.attrset, FATTR4_MODE_UMASK));
        assert_false(bitmap4_isset(&result(OP_OPEN)->opopen.attrset, FATTR4_MODE));
        assert_int_equal(mode_of(names[i]), 0640);
    }
    begin(&alice, &dir);
    op_mkdir("dir", &attrs);
    run(NFS4_OK);
    assert_true(bitmap4_isset(&result(OP_CREATE)->opcreate.attrset, FATTR4_MODE_UMASK));
    assert_int_equal(mode_of("dir"), 0640);
}

/* What it must not be: with another mode, with other bits, for something that exists, or read. */
static void refused(void **state)
{
    const struct nfs4_attrs good = {
        .mode = 0600,
        .mode_set_masked = {.mm_value_to_set = 0600, .mm_mask_bits = 0777},
        .mode_umask = {.mu_mode = 0666, .mu_umask = 022}};
    const struct nfs4_attrs bad[] = {{.mode_umask = {.mu_mode = 010000}},
                                     {.mode_umask = {.mu_umask = 01000}}};
    struct fattr4 attrs;
    struct client_fh file;
    uint64_t change;

    dir = script_dir(*state);
    file = make_file(&alice, &dir, "there");
    change = attrs_of(&alice, &file, CLIENT_BITS(FATTR4_CHANGE)).change;
    for (uint32_t i = 0; i < 4; i++) {
        attrs = i < 2 ? fattr(CLIENT_BITS(FATTR4_MODE_UMASK), &bad[i])
                      : fattr(CLIENT_BITS(i == 2 ? FATTR4_MODE : FATTR4_MODE_SET_MASKED,
                                          FATTR4_MODE_UMASK),
                              &good);
        begin(&alice, &dir);
        op_create("file", GUARDED4, &attrs);
        run(NFS4ERR_INVAL);
        begin(&alice, &dir);
        op_mkdir("dir", &attrs);
        run(NFS4ERR_INVAL);
    }
    begin(&alice, &file);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE_UMASK), &good);
    run(NFS4ERR_INVAL);
    begin(&alice, &file);
    client_op_getattr(C, CLIENT_BITS(FATTR4_MODE_UMASK));
    run(NFS4ERR_INVAL);
    attrs = masked();
    begin(&alice, &file);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_VERIFY, .opverify = {attrs}});
    run(NFS4ERR_INVAL);
    assert_int_equal(attrs_of(&alice, &file, CLIENT_BITS(FATTR4_CHANGE)).change, change);
    begin(&alice, &dir);
    client_op_lookup(C, "file");
    run(NFS4ERR_NOENT);
}

/* An existing file keeps its mode. */
static void existing(void **state)
{
    struct fattr4 attrs = masked();

    dir = script_dir(*state);
    make_file(&alice, &dir, "file");
    begin(&alice, &dir);
    op_create("file", UNCHECKED4, &attrs);
    run(NFS4_OK);
    assert_false(bitmap4_isset(&result(OP_OPEN)->opopen.attrset, FATTR4_MODE_UMASK));
    assert_int_equal(mode_of("file"), 0644);
}

/* A directory of the mem export whose ACL is inherited. */
static void inherited_acl(void **state)
{
    struct nfsace4 ace = {.type = ACE4_ACCESS_ALLOWED_ACE_TYPE,
                          .flag = ACE4_FILE_INHERIT_ACE | ACE4_DIRECTORY_INHERIT_ACE,
                          .access_mask = ACE4_READ_DATA | ACE4_WRITE_DATA | ACE4_APPEND_DATA |
                                         ACE4_EXECUTE | ACE4_READ_ATTRIBUTES | ACE4_READ_ACL,
                          .who = client_text("EVERYONE@")};
    struct fattr4 attrs;

    (void)state;
    dir = script_dir(script_mem);
    expect_status(client_file_setattr(&alice, &dir, CLIENT_BITS(FATTR4_ACL),
                                      &(struct nfs4_attrs){.acl = &ace, .acl_count = 1}),
                  NFS4_OK);
    attrs = masked();
    begin(&alice, &dir);
    op_create("file", GUARDED4, &attrs);
    run(NFS4_OK);
    assert_int_equal(mode_of("file"), 0666);
}

/* user::rwx group::rwx other::rwx, as the kernel stores it. */
static const uint8_t default_acl[] = {2,    0,    0, 0, 1,    0,    7,    0,    0xff, 0xff,
                                      0xff, 0xff, 4, 0, 7,    0,    0xff, 0xff, 0xff, 0xff,
                                      32,   0,    7, 0, 0xff, 0xff, 0xff, 0xff};

/* A directory of the local export with a default ACL of POSIX. */
static void inherited_default_acl(void **state)
{
    struct client_fh root;
    struct fattr4 attrs;
    char path[512];

    (void)state;
    dir = script_dir(script_local);
    expect_status(client_file_lookup(&alice, "/local", &root), NFS4_OK);
    attrs = fattr(CLIENT_BITS(FATTR4_MODE), &(struct nfs4_attrs){.mode = 0777});
    begin(&alice, &root);
    op_mkdir("with default", &attrs);
    client_op_getfh(C);
    run(NFS4_OK);
    dir = result_fh();
    (void)snprintf(path, sizeof(path), "%s/with default", script_server.data);
    if (setxattr(path, "system.posix_acl_default", default_acl, sizeof(default_acl), 0) != 0)
        test_skip("the file system has no POSIX ACLs");
    attrs = masked();
    begin(&alice, &dir);
    op_create("file", GUARDED4, &attrs);
    op_mkdir("dir", &attrs);
    run(NFS4ERR_NOTDIR); /* OPEN moved to the file */
    assert_int_equal(mode_of("file"), 0666);
    begin(&alice, &dir);
    op_mkdir("dir", &attrs);
    run(NFS4_OK);
    assert_int_equal(mode_of("dir"), 0666);
}

/* The threads of the server that run requests. */
static unsigned workers(pid_t tids[WORKERS_MAX])
{
    unsigned count = 0;
    struct dirent *entry;
    char path[300];
    DIR *tasks;

    (void)snprintf(path, sizeof(path), "/proc/%d/task", script_server.pid);
    tasks = opendir(path);
    assert_non_null(tasks);
    while ((entry = readdir(tasks)) && count < WORKERS_MAX) {
        char name[17] = "";
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/%d/task/%s/comm", script_server.pid,
                       entry->d_name);
        file = fopen(path, "re");
        if (!file)
            continue;
        if (fgets(name, sizeof(name), file) && strcmp(name, "worker\n") == 0)
            tids[count++] = (pid_t)strtol(entry->d_name, NULL, 10);
        (void)fclose(file);
    }
    (void)closedir(tasks);
    return count;
}

/* The umask of a request is that of one thread: no two of those that run requests share one, nor
 * does any with the main thread. */
static void of_one_thread(void **state)
{
    pid_t tids[WORKERS_MAX + 1];
    unsigned count = workers(tids);

    (void)state;
    if (!umask_own())
        test_skip("the system gives a thread no umask of its own (seccomp)");
    if (syscall(SYS_kcmp, getpid(), getpid(), KCMP_FS, 0, 0) != 0 ||
        syscall(SYS_kcmp, script_server.pid, script_server.pid, KCMP_FS, 0, 0) != 0)
        test_skip("the system does not let threads be compared (kcmp)");
    assert_true(count >= 2); /* there are two event loops */
    tids[count++] = script_server.pid;
    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = 0; j < i; j++)
            assert_true(syscall(SYS_kcmp, tids[i], tids[j], KCMP_FS, 0, 0) > 0);
    }
}

/* Each attribute that is named is taken, and no other. */
static void exclusive_attributes(void **state)
{
    struct bitmap4 says;
    struct client_mount one;
    struct fattr4 attrs;

    dir = script_dir(*state);
    says = attrs_of(&alice, &dir, CLIENT_BITS(FATTR4_SUPPATTR_EXCLCREAT)).suppattr_exclcreat;
    assert_true(bitmap4_isset(&says, FATTR4_MODE));
    assert_true(bitmap4_isset(&says, FATTR4_MODE_UMASK));
    assert_false(bitmap4_isset(&says, FATTR4_SEC_LABEL)); /* the export has none */
    assert_false(bitmap4_isset(&says, FATTR4_TIME_ACCESS_SET));
    attrs = fattr(CLIENT_BITS(FATTR4_TIME_MODIFY_SET),
                  &(struct nfs4_attrs){.time_modify_set = {.set_it = SET_TO_SERVER_TIME4}});
    begin(&alice, &dir);
    op_create("file", EXCLUSIVE4_1, &attrs);
    run(NFS4ERR_INVAL);
    script_mount_v41(&one);
    says = attrs_of(&one, &dir, CLIENT_BITS(FATTR4_SUPPATTR_EXCLCREAT)).suppattr_exclcreat;
    assert_true(bitmap4_isset(&says, FATTR4_MODE));
    assert_false(bitmap4_isset(&says, FATTR4_MODE_UMASK));
    client_mount_close(&one);
}

/* Minor version 1 does not know it. */
static void minor_one(void **state)
{
    struct client_mount one;
    struct client_fh file;

    dir = script_dir(*state);
    file = make_file(&alice, &dir, "file");
    script_mount_v41(&one);
    begin(&one, &file);
    client_op_getattr(C, CLIENT_BITS(FATTR4_MODE_UMASK));
    run_on(&one.conn, NFS4_OK);
    assert_int_equal(result(OP_GETATTR)->opgetattr.obj_attributes.attr_vals.len, 0);
    begin(&one, &file);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE_UMASK),
                      &(struct nfs4_attrs){.mode_umask = {0644, 022}});
    run_on(&one.conn, NFS4ERR_ATTRNOTSUPP);
    client_mount_close(&one);
}

/* A mem export counts; a directory takes the time, unless it is another machine's. */
static void change_attr_type(void **state)
{
    struct bitmap4 bits = CLIENT_BITS(FATTR4_CHANGE_ATTR_TYPE);
    struct client_fh fh;
    uint32_t type;

    (void)state;
    dir = script_dir(script_mem);
    assert_int_equal(attrs_of(&alice, &dir, bits).change_attr_type,
                     NFS4_CHANGE_TYPE_IS_MONOTONIC_INCR);
    dir = script_dir(script_local);
    type = attrs_of(&alice, &dir, bits).change_attr_type;
    assert_true(type == NFS4_CHANGE_TYPE_IS_TIME_METADATA || type == NFS4_CHANGE_TYPE_IS_UNDEFINED);
    expect_status(client_file_lookup(&alice, "/", &fh), NFS4_OK);
    assert_int_equal(attrs_of(&alice, &fh, bits).change_attr_type, NFS4_CHANGE_TYPE_IS_UNDEFINED);
    begin(&alice, &dir);
    client_op_setattr(C, &client_stateid_anonymous, bits, &(struct nfs4_attrs){.size = 0});
    run(NFS4ERR_INVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(applied),
        ON_BOTH(refused),
        ON_BOTH(existing),
        cmocka_unit_test(inherited_acl),
        cmocka_unit_test(inherited_default_acl),
        cmocka_unit_test(of_one_thread),
        ON_BOTH(exclusive_attributes),
        ON_BOTH(minor_one),
        cmocka_unit_test(change_attr_type),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
