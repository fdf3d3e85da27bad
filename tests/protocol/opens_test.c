/* SPDX-License-Identifier: Apache-2.0 */
/* OPEN in its modes, share reservations, OPEN_DOWNGRADE, CLOSE. */
#include <string.h>

#include "script.h"

static struct client_fh dir;

static enum nfsstat4 open_as(struct client_mount *mount, const char *owner, const char *name,
                             uint32_t access, uint32_t deny, struct client_file *file)
{
    return client_file_open(
        mount, &dir,
        &(struct client_open){.owner = owner, .access = access, .deny = deny, .name = name}, file);
}

static enum nfsstat4 create_as(const char *name, enum createmode4 how, const char *verifier,
                               struct client_file *file)
{
    struct client_open open = {.owner = "creator",
                               .access = OPEN4_SHARE_ACCESS_BOTH,
                               .name = name,
                               .create = true,
                               .how = how,
                               .mode = 0640};

    if (verifier)
        memcpy(open.verifier, verifier, NFS4_VERIFIER_SIZE);
    return client_file_open(&alice, &dir, &open, file);
}

static void create_modes(void **state)
{
    struct client_file file, again;
    uint32_t written;

    dir = script_dir(*state);
    expect_status(create_as("guarded", GUARDED4, NULL, &file), NFS4_OK);
    assert_true(bitmap4_isset(&file.open.attrset, FATTR4_MODE));
    assert_int_equal(attrs_of(&alice, &file.fh, CLIENT_BITS(FATTR4_MODE)).mode, 0640);
    assert_true(file.open.cinfo.before != file.open.cinfo.after);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
    expect_status(create_as("guarded", GUARDED4, NULL, &file), NFS4ERR_EXIST);
    /* The existing attributes stay. */
    expect_status(create_as("guarded", UNCHECKED4, NULL, &file), NFS4_OK);
    expect_status(client_file_write(&alice, &file, 0, FILE_SYNC4, "stay", 4, &written), NFS4_OK);
    expect_status(create_as("guarded", UNCHECKED4, NULL, &again), NFS4_OK);
    assert_int_equal(attrs_of(&alice, &file.fh, CLIENT_BITS(FATTR4_SIZE)).size, 4);
    expect_status(client_file_close(&alice, &again), NFS4_OK);
    expect_status(create_as("unchecked", UNCHECKED4, NULL, &file), NFS4_OK);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

static struct bitmap4 many_attributes(void)
{
    return CLIENT_BITS(FATTR4_TYPE, FATTR4_CHANGE, FATTR4_SIZE, FATTR4_FILEID, FATTR4_MODE,
                       FATTR4_NUMLINKS, FATTR4_OWNER, FATTR4_OWNER_GROUP, FATTR4_SPACE_USED,
                       FATTR4_TIME_ACCESS, FATTR4_TIME_CREATE, FATTR4_TIME_METADATA,
                       FATTR4_TIME_MODIFY);
}

static void begin_create(const char *name, enum createmode4 how)
{
    begin(&alice, &dir);
    script_op_open(&alice, &(struct client_open){.owner = "creator",
                                                 .access = OPEN4_SHARE_ACCESS_BOTH,
                                                 .name = name,
                                                 .create = true,
                                                 .how = how,
                                                 .mode = 0640});
    client_op_getfh(C);
}

/* A new file has the attributes that the COMPOUND which makes it is told. */
static void attributes_at_once(void **state)
{
    const enum createmode4 modes[] = {UNCHECKED4, GUARDED4, EXCLUSIVE4};

    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        const struct fattr4 *given;
        uint8_t first[512];
        size_t len;

        dir = script_dir(*state);
        begin_create("file", modes[i]);
        client_op_access(C, ACCESS4_READ);
        client_op_getattr(C, many_attributes());
        run(NFS4_OK);
        given = &result(OP_GETATTR)->opgetattr.obj_attributes;
        len = given->attr_vals.len;
        assert_true(len > 64 && len <= sizeof(first));
        memcpy(first, given->attr_vals.data, len);
        begin(&alice, &dir);
        client_op_lookup(C, "file");
        client_op_getattr(C, many_attributes());
        run(NFS4_OK);
        given = &result(OP_GETATTR)->opgetattr.obj_attributes;
        assert_int_equal(given->attr_vals.len, len);
        assert_memory_equal(given->attr_vals.data, first, len);
    }
}

static struct nfs4_attrs attributes_now(void)
{
    struct nfs4_attrs attrs;

    assert_true(
        fattr_decode(&result(OP_GETATTR)->opgetattr.obj_attributes, &attrs, &R->reply.arena));
    return attrs;
}

/* And those that later operations of that COMPOUND give it. */
static void attributes_after_more(void **state)
{
    const struct nfs4_attrs wish = {.mode = 0604};

    dir = script_dir(*state);
    begin_create("written", UNCHECKED4);
    client_op_write(C, &client_stateid_anonymous, 0, FILE_SYNC4, "written", 7);
    client_op_getattr(C, many_attributes());
    run(NFS4_OK);
    assert_int_equal(attributes_now().size, 7);
    begin_create("changed", UNCHECKED4);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE), &wish);
    client_op_getattr(C, many_attributes());
    run(NFS4_OK);
    assert_int_equal(attributes_now().mode, 0604);
    begin_create("linked", UNCHECKED4);
    client_op(C, OP_SAVEFH);
    client_op_putfh(C, &dir);
    client_op_link(C, "other");
    client_op(C, OP_RESTOREFH);
    client_op_getattr(C, many_attributes());
    run(NFS4_OK);
    assert_int_equal(attributes_now().numlinks, 2);
    begin_create("file", UNCHECKED4);
    client_op_putfh(C, &dir);
    client_op_getattr(C, many_attributes());
    run(NFS4_OK);
    assert_int_equal(attributes_now().type, NF4DIR);
}

/* The same verifier finds its own file, another one does not. */
static void exclusive(void **state)
{
    static const enum createmode4 modes[] = {EXCLUSIVE4, EXCLUSIVE4_1};

    for (size_t i = 0; i < ARRAY_SIZE(modes) && (script_minor > 0 || modes[i] == EXCLUSIVE4); i++) {
        struct client_file file, again;

        dir = script_dir(*state);
        expect_status(create_as("file", modes[i], "verifier", &file), NFS4_OK);
        expect_status(create_as("file", modes[i], "verifier", &again), NFS4_OK);
        assert_memory_equal(file.stateid.other, again.stateid.other, NFS4_OTHER_SIZE);
        expect_status(create_as("file", modes[i], "another!", &file), NFS4ERR_EXIST);
        if (modes[i] == EXCLUSIVE4_1)
            assert_int_equal(attrs_of(&alice, &again.fh, CLIENT_BITS(FATTR4_MODE)).mode, 0640);
        expect_status(client_file_close(&alice, &again), NFS4_OK);
    }
}

static void truncate_existing(void **state)
{
    uint8_t size[8] = {0};
    struct nfs_argop4 op = {.argop = OP_OPEN};
    struct client_file file;
    uint32_t written;

    dir = script_dir(*state);
    file = make_open(&alice, &dir, "file");
    expect_status(client_file_write(&alice, &file, 0, FILE_SYNC4, "gone", 4, &written), NFS4_OK);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
    op.opopen.share_access = OPEN4_SHARE_ACCESS_BOTH;
    op.opopen.openhow.opentype = OPEN4_CREATE;
    op.opopen.openhow.how.createattrs = (struct fattr4){CLIENT_BITS(FATTR4_SIZE), {size, 8}};
    op.opopen.claim.file = client_text("file");
    begin(&alice, &dir);
    script_op_as(&alice, "truncating", &op);
    run(NFS4_OK);
    assert_true(bitmap4_isset(&result(OP_OPEN)->opopen.attrset, FATTR4_SIZE));
    assert_int_equal(attrs_of(&alice, &file.fh, CLIENT_BITS(FATTR4_SIZE)).size, 0);
}

static void wrong_objects(void **state)
{
    struct client_fh made;
    struct client_file file;
    uint32_t read = OPEN4_SHARE_ACCESS_READ;

    dir = script_dir(*state);
    expect_status(client_file_mkdir(&alice, &dir, "dir", &made), NFS4_OK);
    expect_status(client_file_symlink(&alice, &dir, "link", "dir", &made), NFS4_OK);
    begin(&alice, &dir);
    client_op_create(C, "fifo", NF4FIFO, NULL, 0600);
    run(NFS4_OK);
    expect_status(open_as(&alice, "o", "none", read, 0, &file), NFS4ERR_NOENT);
    expect_status(open_as(&alice, "o", "dir", read, 0, &file), NFS4ERR_ISDIR);
    expect_status(open_as(&alice, "o", "link", read, 0, &file), NFS4ERR_SYMLINK);
    expect_status(open_as(&alice, "o", "fifo", read, 0, &file),
                  V40_OR(NFS4ERR_SYMLINK, NFS4ERR_WRONG_TYPE));
    expect_status(open_as(&alice, "o", "dir", 0, 0, &file), NFS4ERR_INVAL);
    expect_status(open_as(&alice, "o", "dir", 8, 0, &file), NFS4ERR_INVAL);
    expect_status(open_as(&alice, "o", "dir", read, 4, &file), NFS4ERR_INVAL);
    made = make_file(&alice, &dir, "file");
    dir = made;
    expect_status(open_as(&alice, "o", "file", read, 0, &file), NFS4ERR_NOTDIR);
    if (script_minor == 0)
        return;
    /* CLAIM_FH: the current filehandle is the file. */
    expect_status(open_as(&alice, "o", NULL, read, 0, &file), NFS4_OK);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
    expect_status(client_file_close(&alice, &file), NFS4ERR_BAD_STATEID);
}

/* RFC 8881 §9.7: access against other opens' deny, deny against their access. */
static void shares(void **state)
{
    dir = script_dir(*state);
    make_file(&alice, &dir, "file");
    for (uint32_t held = 0; held < 12; held++)
        for (uint32_t wanted = 0; wanted < 12; wanted++) {
            uint32_t access = held / 4 + 1, deny = held % 4;
            uint32_t want = wanted / 4 + 1, want_deny = wanted % 4;
            bool clash = (want & deny) || (want_deny & access);
            struct client_file first, second;

            expect_status(open_as(&alice, "holder", "file", access, deny, &first), NFS4_OK);
            expect_status(open_as(&bob, "wisher", "file", want, want_deny, &second),
                          clash ? NFS4ERR_SHARE_DENIED : NFS4_OK);
            if (!clash)
                expect_status(client_file_close(&bob, &second), NFS4_OK);
            expect_status(client_file_close(&alice, &first), NFS4_OK);
        }
}

/* A client without an open is denied, too; only READ may bypass. */
static void shares_and_io(void **state)
{
    struct client_file file;

    dir = script_dir(*state);
    make_file(&alice, &dir, "file");
    expect_status(
        open_as(&alice, "o", "file", OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_BOTH, &file),
        NFS4_OK);
    begin(&bob, &file.fh);
    client_op_write(C, &client_stateid_anonymous, 0, FILE_SYNC4, "x", 1);
    run(NFS4ERR_LOCKED);
    begin(&bob, &file.fh);
    client_op_read(C, &client_stateid_anonymous, 0, 1);
    run(NFS4ERR_LOCKED);
    begin(&bob, &file.fh);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_SIZE),
                      &(struct nfs4_attrs){.size = 1});
    run(NFS4ERR_LOCKED);
    begin(&bob, &file.fh);
    client_op_read(C, &client_stateid_bypass, 0, 1);
    run(NFS4_OK);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
    begin(&bob, &file.fh);
    client_op_write(C, &client_stateid_anonymous, 0, FILE_SYNC4, "x", 1);
    run(NFS4_OK);
}

static void op_downgrade(const struct client_file *file, uint32_t access, uint32_t deny)
{
    begin(&alice, &file->fh);
    script_op_as(&alice, "o",
                 &(struct nfs_argop4){
                     .argop = OP_OPEN_DOWNGRADE,
                     .opopen_downgrade = {file->stateid, 0, access, deny},
                 });
}

/* Only to modes that were opened before (RFC 8881 §18.18.3). */
static void downgrade(void **state)
{
    struct client_file file, other;

    dir = script_dir(*state);
    make_file(&alice, &dir, "file");
    expect_status(open_as(&alice, "o", "file", OPEN4_SHARE_ACCESS_READ, 0, &file), NFS4_OK);
    expect_status(
        open_as(&alice, "o", "file", OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_WRITE, &file),
        NFS4_OK);
    op_downgrade(&file, OPEN4_SHARE_ACCESS_WRITE, 0);
    run(NFS4ERR_INVAL);
    op_downgrade(&file, 0, 0);
    run(NFS4ERR_INVAL);
    op_downgrade(&file, OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_BOTH);
    run(NFS4ERR_INVAL);
    expect_status(open_as(&bob, "b", "file", OPEN4_SHARE_ACCESS_WRITE, 0, &other),
                  NFS4ERR_SHARE_DENIED);
    op_downgrade(&file, OPEN4_SHARE_ACCESS_READ, 0);
    run(NFS4_OK);
    file.stateid = result(OP_OPEN_DOWNGRADE)->opopen_downgrade.open_stateid;
    begin(&alice, &file.fh);
    client_op_write(C, &file.stateid, 0, FILE_SYNC4, "x", 1);
    run(NFS4ERR_OPENMODE);
    expect_status(open_as(&bob, "b", "file", OPEN4_SHARE_ACCESS_WRITE, 0, &other), NFS4_OK);
    expect_status(client_file_close(&bob, &other), NFS4_OK);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

/* One owner has one stateid for a file; each OPEN increments its seqid (RFC 8881 §8.2.2). */
static void upgrade(void **state)
{
    struct client_file first, second;
    uint32_t written, seqid;

    dir = script_dir(*state);
    make_file(&alice, &dir, "file");
    expect_status(open_as(&alice, "o", "file", OPEN4_SHARE_ACCESS_READ, 0, &first), NFS4_OK);
    seqid = first.stateid.seqid;
    expect_status(client_file_write(&alice, &first, 0, FILE_SYNC4, "x", 1, &written),
                  NFS4ERR_OPENMODE);
    expect_status(open_as(&alice, "o", "file", OPEN4_SHARE_ACCESS_WRITE, 0, &second), NFS4_OK);
    assert_int_equal(second.stateid.seqid, seqid + 1);
    assert_memory_equal(second.stateid.other, first.stateid.other, NFS4_OTHER_SIZE);
    expect_status(client_file_write(&alice, &second, 0, FILE_SYNC4, "x", 1, &written), NFS4_OK);
    op_downgrade(&second, OPEN4_SHARE_ACCESS_READ, 0);
    run(NFS4_OK);
    assert_int_equal(result(OP_OPEN_DOWNGRADE)->opopen_downgrade.open_stateid.seqid, seqid + 2);
}

/* Nothing can be reclaimed, and there are no delegations to claim. */
static void claims(void **state)
{
    static const struct {
        enum open_claim_type4 claim;
        enum nfsstat4 status;
    } table[] = {
        {CLAIM_PREVIOUS, NFS4ERR_NO_GRACE},
        {CLAIM_DELEG_CUR_FH, NFS4ERR_BAD_STATEID},
        {CLAIM_DELEG_PREV_FH, NFS4ERR_NOTSUPP},
        {CLAIM_FH, NFS4_OK},
    };
    struct client_fh file;

    dir = script_dir(*state);
    file = make_file(&alice, &dir, "file");
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        struct nfs_argop4 op = {.argop = OP_OPEN};

        op.opopen.share_access = OPEN4_SHARE_ACCESS_READ;
        op.opopen.claim.claim = table[i].claim;
        begin(&alice, &file);
        script_op_as(&alice, "claims", &op);
        run(table[i].claim == CLAIM_PREVIOUS ? table[i].status
                                             : V40_OR(NFS4ERR_BADXDR, table[i].status));
    }
}

/* The change_info of OPEN is what GETATTR of the directory returns before and after. */
static void change_info(void **state)
{
    struct client_file file;
    uint64_t before;

    dir = script_dir(*state);
    before = attrs_of(&alice, &dir, CLIENT_BITS(FATTR4_CHANGE)).change;
    expect_status(create_as("file", GUARDED4, NULL, &file), NFS4_OK);
    assert_int_equal(file.open.cinfo.before, before);
    assert_int_equal(file.open.cinfo.after,
                     attrs_of(&alice, &dir, CLIENT_BITS(FATTR4_CHANGE)).change);
    assert_int_not_equal(file.open.cinfo.after, before);
}

/* A stateid closes its own file, and no other. */
static void close_another(void **state)
{
    struct client_file file;
    struct client_fh other;

    dir = script_dir(*state);
    file = make_open(&alice, &dir, "file");
    other = make_file(&alice, &dir, "other");
    begin(&alice, &other);
    script_op_close(&alice, &file);
    run(NFS4ERR_BAD_STATEID);
    begin(&alice, NULL);
    script_op_close(&alice, &file);
    run(NFS4ERR_NOFILEHANDLE);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

/* A removed file still exists for clients that have it open. */
static void removed_while_open(void **state)
{
    struct client_file file;
    char data[4];
    uint32_t done;
    bool eof;

    dir = script_dir(*state);
    file = make_open(&alice, &dir, "file");
    expect_status(client_file_write(&alice, &file, 0, FILE_SYNC4, "kept", 4, &done), NFS4_OK);
    expect_status(client_file_remove(&bob, &dir, "file"), NFS4_OK);
    expect_status(client_file_read(&alice, &file, 0, data, sizeof(data), &done, &eof), NFS4_OK);
    assert_memory_equal(data, "kept", 4);
    assert_int_equal(attrs_of(&alice, &file.fh, CLIENT_BITS(FATTR4_NUMLINKS)).numlinks, 0);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
    begin(&alice, &file.fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_SIZE));
    run(NFS4ERR_STALE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(create_modes),
        ON_BOTH(exclusive),
        ON_BOTH(truncate_existing),
        ON_BOTH(wrong_objects),
        ON_BOTH(shares),
        ON_BOTH(shares_and_io),
        ON_BOTH(downgrade),
        ON_BOTH(upgrade),
        ON_BOTH(claims),
        ON_BOTH(change_info),
        ON_BOTH(close_another),
        ON_BOTH(removed_while_open),
        ON_BOTH(attributes_at_once),
        ON_BOTH(attributes_after_more),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
