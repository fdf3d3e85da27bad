/* SPDX-License-Identifier: Apache-2.0 */
/* OPENATTR, and how the directory that it opens differs from others (RFC 8881 §5.3, RFC 7530
 * §5.3). */
#include <string.h>

#include "script.h"

static struct client_fh dir, file, read_only;

static int setup(int (*script)(const char *const *options))
{
    static char local[128];
    const char *const options[] = {"--export", "/mem=mem:,no_root_squash",   "--export", local,
                                   "--export", "/ro=mem:,ro,no_root_squash", NULL};

    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    if (script(options) != 0 || !script_open_to_all(script_mem))
        return -1;
    return client_file_lookup(&alice, "/ro", &read_only) == NFS4_OK ? 0 : -1;
}

static int setup_v41(void **state)
{
    (void)state;
    return setup(script_setup);
}

static int begin_with_file(void **state)
{
    (void)state;
    dir = script_dir(script_mem);
    file = make_file(&alice, &dir, "file");
    return 0;
}

static void op_openattr(bool createdir)
{
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_OPENATTR, .opopenattr = {.createdir = createdir}});
}

static void openattr(struct client_mount *mount, const struct client_fh *fh, bool createdir,
                     enum nfsstat4 status)
{
    begin(mount, fh);
    op_openattr(createdir);
    client_op_getfh(C);
    run(status);
}

static struct client_fh attrdir_of(const struct client_fh *fh)
{
    openattr(&alice, fh, true, NFS4_OK);
    return result_fh();
}

static uint32_t type_of(const struct client_fh *fh)
{
    return attrs_of(&alice, fh, CLIENT_BITS(FATTR4_TYPE)).type;
}

static bool named_attr_of(const struct client_fh *fh)
{
    return attrs_of(&alice, fh, CLIENT_BITS(FATTR4_NAMED_ATTR)).named_attr;
}

static void expect_same_fh(const struct client_fh *a, const struct client_fh *b)
{
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->data, b->data, a->len);
}

struct listed {
    unsigned count;
    const char *name;
};

static bool listed_one(const struct entry4 *entry, void *context)
{
    struct listed *listed = context;
    struct nfs4_attrs attrs;
    struct arena arena;

    arena_init(&arena, 1024);
    assert_true(fattr_decode(&entry->attrs, &attrs, &arena));
    arena_fini(&arena);
    assert_int_equal(attrs.type, NF4NAMEDATTR);
    assert_int_equal(entry->name.len, strlen(listed->name));
    assert_memory_equal(entry->name.data, listed->name, entry->name.len);
    listed->count++;
    return true;
}

/* The whole life of one attribute of an object. */
static void whole_life(const struct client_fh *fh)
{
    struct client_fh attrdir, found;
    struct client_file attr;
    struct listed listed = {.name = "colour"};
    char buf[16];
    uint32_t count;
    bool eof;

    assert_false(named_attr_of(fh));
    openattr(&alice, fh, false, NFS4ERR_NOENT);
    attrdir = attrdir_of(fh);
    assert_int_equal(type_of(&attrdir), NF4ATTRDIR);
    assert_false(named_attr_of(fh)); /* RFC 8881 §5.8.1.8: false before there is one */
    openattr(&alice, fh, false, NFS4ERR_NOENT);

    expect_status(client_file_create(&alice, &attrdir, "colour", &attr), NFS4_OK);
    assert_true(attr.open.cinfo.atomic);
    assert_true(attr.open.cinfo.before != attr.open.cinfo.after);
    expect_status(client_file_write(&alice, &attr, 0, FILE_SYNC4, "green", 5, &count), NFS4_OK);
    begin(&alice, &attr.fh);
    client_op_setattr(C, &attr.stateid, CLIENT_BITS(FATTR4_SIZE), &(struct nfs4_attrs){.size = 9});
    client_op_setattr(C, &attr.stateid, CLIENT_BITS(FATTR4_SIZE), &(struct nfs4_attrs){.size = 5});
    client_op_commit(C, 0, 0);
    run(NFS4_OK);
    expect_status(client_file_close(&alice, &attr), NFS4_OK);
    assert_int_equal(type_of(&attr.fh), NF4NAMEDATTR);
    assert_int_equal(attrs_of(&alice, &attr.fh, CLIENT_BITS(FATTR4_NUMLINKS)).numlinks, 1);
    assert_int_equal(attrs_of(&alice, &attr.fh, CLIENT_BITS(FATTR4_SIZE)).size, 5);
    assert_true(named_attr_of(fh));
    assert_false(named_attr_of(&attrdir));
    assert_false(named_attr_of(&attr.fh));

    openattr(&bob, fh, false, NFS4_OK);
    found = result_fh();
    expect_same_fh(&found, &attrdir);
    found = look(&bob, &attrdir, "colour");
    expect_same_fh(&found, &attr.fh);
    expect_status(client_file_open_rw(&bob, &attrdir, "colour", &attr), NFS4_OK);
    expect_status(client_file_read(&bob, &attr, 0, buf, sizeof(buf), &count, &eof), NFS4_OK);
    assert_int_equal(count, 5);
    assert_memory_equal(buf, "green", 5);
    expect_status(client_file_close(&bob, &attr), NFS4_OK);
    expect_status(
        client_file_readdir(&alice, &attrdir, CLIENT_BITS(FATTR4_TYPE), listed_one, &listed),
        NFS4_OK);
    assert_int_equal(listed.count, 1);

    expect_status(client_file_remove(&alice, &attrdir, "colour"), NFS4_OK);
    expect_status(client_file_remove(&alice, &attrdir, "colour"), NFS4ERR_NOENT);
    assert_false(named_attr_of(fh));
}

static void of_all_objects(void **state)
{
    struct client_fh made, root;

    (void)state;
    whole_life(&file);
    expect_status(client_file_mkdir(&alice, &dir, "dir", &made), NFS4_OK);
    whole_life(&made);
    expect_status(client_file_symlink(&alice, &dir, "link", "file", &made), NFS4_OK);
    whole_life(&made);
    begin(&alice, &dir);
    client_op_create(C, "fifo", NF4FIFO, NULL, 0600);
    client_op_getfh(C);
    run(NFS4_OK);
    made = result_fh();
    whole_life(&made);
    alice.conn.cred = bob.conn.cred = (struct client_cred){.uid = 0, .gid = 0};
    expect_status(client_file_lookup(&alice, script_mem, &root), NFS4_OK);
    whole_life(&root); /* an export's root is like any directory */
    alice.conn.cred = bob.conn.cred = script_cred();
}

/* RFC 8881 §18.14.3: to the object itself, directory or not. */
static void lookupp_leads_back(void **state)
{
    struct client_fh objects[] = {file, dir};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
        struct client_fh attrdir = attrdir_of(&objects[i]), up;

        begin(&alice, &attrdir);
        client_op(C, OP_LOOKUPP);
        client_op_getfh(C);
        run(NFS4_OK);
        up = result_fh();
        expect_same_fh(&up, &objects[i]);
    }
}

static void where_there_are_none(void **state)
{
    struct client_fh local = script_dir(script_local), there = make_file(&alice, &local, "file");

    (void)state;
    openattr(&alice, &there, true, NFS4ERR_NOTSUPP);
    openattr(&alice, &local, false, NFS4ERR_NOTSUPP);
    assert_false(named_attr_of(&there));
    begin(&alice, NULL);
    client_op_putrootfh(C);
    op_openattr(true);
    run(NFS4ERR_NOTSUPP);
    begin(&alice, NULL);
    op_openattr(true);
    run(NFS4ERR_NOFILEHANDLE);
    openattr(&alice, &read_only, true, NFS4ERR_ROFS);
    openattr(&alice, &read_only, false, NFS4ERR_NOENT);
}

/* Minor version 0 has no WRONG_TYPE; RFC 7530 §13.2 lists INVAL for CREATE, NOTSUPP for
 * OPENATTR. */
static enum nfsstat4 wrong_type(enum nfsstat4 in_v40)
{
    return alice.v40 ? in_v40 : NFS4ERR_WRONG_TYPE;
}

static void only_attributes_within(void **state)
{
    static const enum nfs_ftype4 types[] = {NF4DIR, NF4LNK, NF4SOCK, NF4FIFO};
    struct client_fh attrdir = attrdir_of(&file);
    struct client_file attr = make_open(&alice, &attrdir, "attr");
    struct client_open how = {.owner = "exclusive",
                              .access = OPEN4_SHARE_ACCESS_BOTH,
                              .name = "new",
                              .create = true,
                              .how = EXCLUSIVE4};
    struct client_file made;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        begin(&alice, &attrdir);
        client_op_create(C, "new", types[i], "to", 0700);
        run(wrong_type(NFS4ERR_INVAL));
    }
    openattr(&alice, &attrdir, true, wrong_type(NFS4ERR_NOTSUPP));
    openattr(&alice, &attr.fh, true, wrong_type(NFS4ERR_NOTSUPP));
    openattr(&alice, &attr.fh, false, wrong_type(NFS4ERR_NOTSUPP));
    expect_status(client_file_open(&alice, &attrdir, &how, &made), NFS4ERR_INVAL);
    if (!alice.v40) {
        how.how = EXCLUSIVE4_1;
        expect_status(client_file_open(&alice, &attrdir, &how, &made), NFS4ERR_INVAL);
    }
    expect_status(client_file_create(&alice, &attrdir, "attr", &made), NFS4ERR_EXIST);
    expect_status(client_file_close(&alice, &attr), NFS4_OK);
}

static void rename_from(const struct client_fh *from, const char *old, const struct client_fh *to,
                        const char *new, enum nfsstat4 status)
{
    begin_two(&alice, from, to);
    client_op_rename(C, old, new);
    run(status);
}

static void link_to(const struct client_fh *obj, const struct client_fh *to, enum nfsstat4 status)
{
    begin_two(&alice, obj, to);
    client_op_link(C, "link");
    run(status);
}

/* RFC 8881 §18.26.3, §18.9.4; RFC 7530 §16.27.4, §16.9.5 */
static void they_stay_where_they_are(void **state)
{
    struct client_fh attrdir = attrdir_of(&file), other = attrdir_of(&dir), attr, local, sub;
    const struct RENAME4resok *renamed;

    (void)state;
    attr = make_file(&alice, &attrdir, "attr");
    expect_status(client_file_mkdir(&alice, &dir, "sub", &sub), NFS4_OK);
    expect_status(client_file_lookup(&alice, script_local, &local), NFS4_OK);
    rename_from(&attrdir, "attr", &dir, "attr", NFS4ERR_XDEV);
    rename_from(&attrdir, "attr", &other, "attr", NFS4ERR_XDEV);
    rename_from(&dir, "file", &attrdir, "new", NFS4ERR_XDEV);
    rename_from(&attrdir, "attr", &local, "new", NFS4ERR_XDEV);
    rename_from(&attrdir, "attr", &attr, "new", NFS4ERR_NOTDIR);
    rename_from(&attrdir, "attr", &attrdir, "new", NFS4_OK);
    renamed = &result(OP_RENAME)->oprename;
    assert_true(renamed->source_cinfo.atomic && renamed->target_cinfo.atomic);
    assert_true(renamed->target_cinfo.after != renamed->target_cinfo.before);
    look(&alice, &attrdir, "new");

    link_to(&attr, &dir, NFS4ERR_XDEV);
    link_to(&attr, &other, NFS4ERR_XDEV);
    link_to(&attr, &local, NFS4ERR_XDEV);
    link_to(&attr, &attrdir, NFS4ERR_NOTSUPP);
    link_to(&file, &attrdir, NFS4ERR_XDEV);
    link_to(&sub, &attrdir, NFS4ERR_XDEV);
    link_to(&attrdir, &other, NFS4ERR_XDEV);
    link_to(&attrdir, &dir, NFS4ERR_ISDIR);
}

static enum nfsstat4 open_as(struct client_mount *mount, const struct client_fh *in,
                             uint32_t access, uint32_t deny, struct client_file *opened)
{
    return client_file_open(
        mount, in,
        &(struct client_open){.owner = "sharer", .access = access, .deny = deny, .name = "attr"},
        opened);
}

/* Stateids, share reservations and locks work as on any file. */
static void state_as_of_files(void **state)
{
    struct client_fh attrdir = attrdir_of(&file);
    struct client_file first, second;

    (void)state;
    make_file(&alice, &attrdir, "attr");
    expect_status(
        open_as(&alice, &attrdir, OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_WRITE, &first),
        NFS4_OK);
    expect_status(open_as(&bob, &attrdir, OPEN4_SHARE_ACCESS_WRITE, 0, &second),
                  NFS4ERR_SHARE_DENIED);
    expect_status(open_as(&bob, &attrdir, OPEN4_SHARE_ACCESS_READ, 0, &second), NFS4_OK);
    begin(&bob, &second.fh);
    client_op_write(C, &second.stateid, 0, FILE_SYNC4, "x", 1);
    run(NFS4ERR_OPENMODE);
    begin(&bob, &second.fh);
    client_op_write(C, &client_stateid_anonymous, 0, FILE_SYNC4, "x", 1);
    run(NFS4ERR_LOCKED);
    begin(&alice, &file); /* a stateid is valid for its own file only */
    client_op_read(C, &first.stateid, 0, 1);
    run(NFS4ERR_BAD_STATEID);
    begin(&bob, &second.fh);
    client_compound_add(
        C, &(struct nfs_argop4){
               .argop = OP_LOCKT,
               .oplockt = {READ_LT, 0, 1, {client_mount_clientid(&bob), client_text("locker")}}});
    run(NFS4_OK);
    expect_status(client_file_close(&bob, &second), NFS4_OK);
    expect_status(client_file_close(&alice, &first), NFS4_OK);
}

/* OPENATTR sets the current filehandle, so there is no current stateid after it (RFC 8881
 * §16.2.3.1.2). */
static void forgets_the_stateid(void **state)
{
    struct client_open how = {.clientid = client_mount_clientid(&alice),
                              .owner = "current",
                              .access = OPEN4_SHARE_ACCESS_READ,
                              .name = "file"};

    (void)state;
    begin(&alice, &dir);
    client_op_open(C, &how);
    op_openattr(true);
    client_op_close(C, &client_stateid_current);
    run(NFS4ERR_BAD_STATEID);
    begin(&alice, &dir); /* the same owner: the same open */
    client_op_open(C, &how);
    client_op_close(C, &client_stateid_current);
    run(NFS4_OK);
}

static void set_mode(const struct client_fh *fh, uint32_t mode, enum nfsstat4 status)
{
    expect_status(client_file_setattr(&alice, fh, CLIENT_BITS(FATTR4_MODE),
                                      &(struct nfs4_attrs){.mode = mode}),
                  status);
}

static uint32_t access_to(const struct client_fh *fh)
{
    begin(&alice, fh);
    client_op_access(C, ACCESS4_READ | ACCESS4_LOOKUP | ACCESS4_MODIFY | ACCESS4_EXTEND |
                            ACCESS4_DELETE | ACCESS4_EXECUTE);
    run(NFS4_OK);
    return result(OP_ACCESS)->opaccess.access;
}

static void may_read_may_look(void **state)
{
    struct client_fh attrdir, attr;
    struct client_file made;

    (void)state;
    set_mode(&file, 0600, NFS4_OK);
    alice.conn.cred = script_stranger();
    openattr(&alice, &file, false, NFS4ERR_ACCESS);
    openattr(&alice, &file, true, NFS4ERR_ACCESS);
    alice.conn.cred = script_cred();
    set_mode(&file, 0644, NFS4_OK);
    alice.conn.cred = script_stranger();
    openattr(&alice, &file, false, NFS4ERR_NOENT);
    openattr(&alice, &file, true, NFS4ERR_ACCESS);
    alice.conn.cred = script_cred();
    attrdir = attrdir_of(&file);
    attr = make_file(&alice, &attrdir, "attr");
    set_mode(&attrdir, 0777, NFS4ERR_INVAL);
    set_mode(&attr, 0640, NFS4_OK);
    assert_int_equal(access_to(&attrdir), ACCESS4_READ | ACCESS4_LOOKUP | ACCESS4_MODIFY |
                                              ACCESS4_EXTEND | ACCESS4_DELETE);
    assert_int_equal(access_to(&attr), ACCESS4_READ | ACCESS4_MODIFY | ACCESS4_EXTEND);

    alice.conn.cred = script_stranger();
    openattr(&alice, &file, true, NFS4_OK);
    assert_int_equal(access_to(&attrdir), ACCESS4_READ | ACCESS4_LOOKUP);
    assert_int_equal(access_to(&attr), 0);
    expect_status(client_file_create(&alice, &attrdir, "new", &made), NFS4ERR_ACCESS);
    expect_status(client_file_remove(&alice, &attrdir, "attr"), NFS4ERR_ACCESS);
    expect_status(client_file_open_rw(&alice, &attrdir, "attr", &made), NFS4ERR_ACCESS);
    alice.conn.cred = script_cred();
}

/* An open attribute can be used after the object and its attributes are removed. */
static void they_go_with_their_object(void **state)
{
    struct client_fh attrdir = attrdir_of(&file);
    struct client_file attr = make_open(&alice, &attrdir, "attr"), closed;
    char buf[8];
    uint32_t count;
    bool eof;

    (void)state;
    expect_status(client_file_create(&alice, &attrdir, "closed", &closed), NFS4_OK);
    expect_status(client_file_close(&alice, &closed), NFS4_OK);
    expect_status(client_file_write(&alice, &attr, 0, FILE_SYNC4, "bytes", 5, &count), NFS4_OK);
    expect_status(client_file_remove(&alice, &dir, "file"), NFS4_OK);
    begin(&alice, &attrdir);
    run(NFS4ERR_STALE);
    begin(&alice, &closed.fh);
    run(NFS4ERR_STALE);
    expect_status(client_file_read(&alice, &attr, 0, buf, sizeof(buf), &count, &eof), NFS4_OK);
    assert_int_equal(count, 5);
    assert_int_equal(attrs_of(&alice, &attr.fh, CLIENT_BITS(FATTR4_NUMLINKS)).numlinks, 0);
    expect_status(client_file_close(&alice, &attr), NFS4_OK);
    begin(&alice, &attr.fh);
    run(NFS4ERR_STALE);
}

/* A file that is open when it loses its name keeps its attributes. */
static void they_stay_with_an_open_object(void **state)
{
    struct client_fh attrdir = attrdir_of(&file);
    struct client_file opened;

    (void)state;
    make_file(&alice, &attrdir, "attr");
    expect_status(client_file_open_rw(&alice, &dir, "file", &opened), NFS4_OK);
    expect_status(client_file_remove(&bob, &dir, "file"), NFS4_OK);
    openattr(&bob, &file, false, NFS4_OK);
    look(&bob, &attrdir, "attr");
    expect_status(client_file_close(&alice, &opened), NFS4_OK);
    begin(&alice, &attrdir);
    run(NFS4ERR_STALE);
}

static struct nfs4_attrs change_of(const struct client_fh *fh)
{
    return attrs_of(&alice, fh, CLIENT_BITS(FATTR4_CHANGE, FATTR4_TIME_METADATA));
}

/* Adding and removing names changes the object, writing to them does not. */
static void the_object_changes_with_its_names(void **state)
{
    uint64_t before = change_of(&file).change, after;
    struct client_fh attrdir = attrdir_of(&file);
    struct client_file attr;
    uint32_t count;

    (void)state;
    assert_int_equal(change_of(&file).change, before); /* still no attribute */
    attr = make_open(&alice, &attrdir, "attr");
    after = change_of(&file).change;
    assert_true(after > before);
    expect_status(client_file_write(&alice, &attr, 0, FILE_SYNC4, "x", 1, &count), NFS4_OK);
    assert_int_equal(change_of(&file).change, after);
    expect_status(client_file_close(&alice, &attr), NFS4_OK);
    expect_status(client_file_remove(&alice, &attrdir, "attr"), NFS4_OK);
    assert_true(change_of(&file).change > after);
}

#define WITH_FILE(test) cmocka_unit_test_setup(test, begin_with_file)

/* clang-format off */
#define IN_BOTH                                                                                    \
    WITH_FILE(of_all_objects),                                                                     \
    WITH_FILE(lookupp_leads_back),                                                                 \
    WITH_FILE(where_there_are_none),                                                               \
    WITH_FILE(only_attributes_within),                                                             \
    WITH_FILE(they_stay_where_they_are),                                                           \
    WITH_FILE(state_as_of_files),                                                                  \
    WITH_FILE(may_read_may_look),                                                                  \
    WITH_FILE(they_go_with_their_object),                                                          \
    WITH_FILE(they_stay_with_an_open_object),                                                      \
    WITH_FILE(the_object_changes_with_its_names)
/* clang-format on */

#ifdef MAINSTAY_V40
static int setup_v40(void **state)
{
    (void)state;
    return setup(script_setup_v40);
}

static int run_v40(void)
{
    const struct CMUnitTest tests[] = {IN_BOTH};

    return test_group_run_fixtures(tests, setup_v40, script_teardown);
}
#else
static int run_v40(void)
{
    return 0;
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {IN_BOTH, WITH_FILE(forgets_the_stateid)};
    int failed = test_group_run_fixtures(tests, setup_v41, script_teardown);

    return run_v40() || failed;
}
