/* SPDX-License-Identifier: Apache-2.0 */
/* OPEN in all its create modes, claims and shares, OPEN_DOWNGRADE and CLOSE. */
#include <string.h>

#include "script.h"

static struct client_open how_default(const char *name)
{
    return (struct client_open){
        .owner = "owner",
        .access = OPEN4_SHARE_ACCESS_BOTH,
        .name = name,
        .mode = 0640,
    };
}

static struct client_open how_create(const char *name, enum createmode4 mode)
{
    struct client_open how = how_default(name);

    how.create = true;
    how.how = mode;
    return how;
}

static struct client_file open_as(struct client_mount *mount, const struct client_fh *dir,
                                  const struct client_open *how, enum nfsstat4 status)
{
    struct client_file file;

    expect_status(client_file_open(mount, dir, how, &file), status);
    return file;
}

static bool fh_same(const struct client_fh *a, const struct client_fh *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static void write_text(struct client_mount *mount, const struct client_file *file, const char *text,
                       enum nfsstat4 status)
{
    uint32_t written;

    expect_status(
        client_file_write(mount, file, 0, UNSTABLE4, text, (uint32_t)strlen(text), &written),
        status);
}

static uint64_t size_of(const struct client_fh *fh)
{
    return attrs_of(&alice, fh, CLIENT_BITS(FATTR4_SIZE)).size;
}

static void unchecked(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_open how = how_create("file", UNCHECKED4);
    struct client_file first = open_as(&alice, &dir, &how, NFS4_OK), again;
    struct nfs4_attrs attrs = attrs_of(&alice, &first.fh, CLIENT_BITS(FATTR4_MODE));

    assert_int_equal(attrs.mode, 0640);
    assert_true(bitmap4_isset(&first.open.attrset, FATTR4_MODE));
    write_text(&alice, &first, "contents", NFS4_OK);
    how.mode = 0777; /* not for a file that is there */
    again = open_as(&bob, &dir, &how, NFS4_OK);
    assert_true(fh_same(&first.fh, &again.fh));
    attrs = attrs_of(&alice, &first.fh, CLIENT_BITS(FATTR4_MODE, FATTR4_SIZE));
    assert_int_equal(attrs.mode, 0640);
    assert_int_equal(attrs.size, 8);
}

/* A size of 0 among the attributes truncates what is there (RFC 8881 §18.16.3). */
static void unchecked_truncates(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_file file = make_open(&alice, &dir, "file");
    uint8_t zero[8] = {0};
    struct nfs_argop4 op = {.argop = OP_OPEN};

    write_text(&alice, &file, "contents", NFS4_OK);
    op.opopen.share_access = OPEN4_SHARE_ACCESS_WRITE;
    op.opopen.owner = (struct state_owner4){bob.session.clientid, client_text("truncater")};
    op.opopen.openhow.opentype = OPEN4_CREATE;
    op.opopen.openhow.how.mode = UNCHECKED4;
    op.opopen.openhow.how.createattrs =
        (struct fattr4){CLIENT_BITS(FATTR4_SIZE), {zero, sizeof(zero)}};
    op.opopen.claim.file = client_text("file");
    begin(&bob, &dir);
    client_compound_add(C, &op);
    run(NFS4_OK);
    assert_true(bitmap4_isset(&result(OP_OPEN)->opopen.attrset, FATTR4_SIZE));
    assert_int_equal(size_of(&file.fh), 0);
}

static void guarded(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_open how = how_create("file", GUARDED4);

    open_as(&alice, &dir, &how, NFS4_OK);
    open_as(&alice, &dir, &how, NFS4ERR_EXIST);
    open_as(&bob, &dir, &how, NFS4ERR_EXIST);
}

/* The same verifier is the same request again, another one finds the file taken. */
static void exclusive(void **state)
{
    static const enum createmode4 modes[] = {EXCLUSIVE4, EXCLUSIVE4_1};
    struct client_fh dir = script_dir(*state);

    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        struct client_open how = how_create(i ? "file41" : "file", modes[i]);
        struct client_file first, again;

        memcpy(how.verifier, "verifier", NFS4_VERIFIER_SIZE);
        first = open_as(&alice, &dir, &how, NFS4_OK);
        again = open_as(&alice, &dir, &how, NFS4_OK);
        assert_true(fh_same(&first.fh, &again.fh));
        memcpy(how.verifier, "another!", NFS4_VERIFIER_SIZE);
        open_as(&alice, &dir, &how, NFS4ERR_EXIST);
        if (modes[i] == EXCLUSIVE4_1)
            assert_int_equal(attrs_of(&alice, &first.fh, CLIENT_BITS(FATTR4_MODE)).mode, 0640);
    }
}

static void change_info(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_open how = how_create("file", GUARDED4);
    uint64_t before = attrs_of(&alice, &dir, CLIENT_BITS(FATTR4_CHANGE)).change;
    struct client_file file = open_as(&alice, &dir, &how, NFS4_OK);
    uint64_t after = attrs_of(&alice, &dir, CLIENT_BITS(FATTR4_CHANGE)).change;

    assert_int_not_equal(before, after);
    assert_int_equal(file.open.cinfo.before, before);
    assert_int_equal(file.open.cinfo.after, after);
}

static void create_object(const struct client_fh *dir, const char *name, enum nfs_ftype4 type)
{
    begin(&alice, dir);
    client_op_create(C, name, type, "target", 0755);
    run(NFS4_OK);
}

static void other_kinds(void **state)
{
    static const struct {
        const char *name;
        enum nfs_ftype4 type;
        enum nfsstat4 status;
    } kinds[] = {
        {"directory", NF4DIR, NFS4ERR_ISDIR},
        {"symlink", NF4LNK, NFS4ERR_SYMLINK},
        {"fifo", NF4FIFO, NFS4ERR_WRONG_TYPE},
        {"socket", NF4SOCK, NFS4ERR_WRONG_TYPE},
    };
    struct client_fh dir = script_dir(*state), file = make_file(&alice, &dir, "file");
    struct client_open how = how_default("nobody");

    open_as(&alice, &dir, &how, NFS4ERR_NOENT);
    open_as(&alice, &file, &how, NFS4ERR_NOTDIR);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        create_object(&dir, kinds[i].name, kinds[i].type);
        how.name = kinds[i].name;
        open_as(&alice, &dir, &how, kinds[i].status);
        how.create = true;
        open_as(&alice, &dir, &how, kinds[i].status);
        how.create = false;
    }
}

static void bad_arguments(void **state)
{
    struct client_fh dir = script_dir(*state), file = make_file(&alice, &dir, "file");
    struct client_open how = how_default("file");

    how.access = 0;
    open_as(&alice, &dir, &how, NFS4ERR_INVAL);
    how.access = 0x40;
    open_as(&alice, &dir, &how, NFS4ERR_INVAL);
    how = how_default("file");
    how.deny = 4;
    open_as(&alice, &dir, &how, NFS4ERR_INVAL);
    how = how_create(NULL, UNCHECKED4); /* CLAIM_FH creates nothing */
    open_as(&alice, &file, &how, NFS4ERR_INVAL);
    begin(&alice, NULL);
    how = how_default("file");
    client_op_open(C, &how);
    run(NFS4ERR_NOFILEHANDLE);
}

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
    struct client_fh dir = script_dir(*state), file = make_file(&alice, &dir, "file");

    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        struct nfs_argop4 op = {.argop = OP_OPEN};

        op.opopen.share_access = OPEN4_SHARE_ACCESS_READ;
        op.opopen.owner = (struct state_owner4){alice.session.clientid, client_text("claims")};
        op.opopen.claim.claim = table[i].claim;
        begin(&alice, &file);
        client_compound_add(C, &op);
        run(table[i].status);
    }
}

static void shares(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_open how = how_create("file", GUARDED4);
    struct client_file holder, other;

    how.access = OPEN4_SHARE_ACCESS_READ;
    how.deny = OPEN4_SHARE_DENY_WRITE;
    holder = open_as(&alice, &dir, &how, NFS4_OK);
    how = how_default("file");
    open_as(&bob, &dir, &how, NFS4ERR_SHARE_DENIED);
    how.access = OPEN4_SHARE_ACCESS_READ;
    how.deny = OPEN4_SHARE_DENY_READ; /* what alice has */
    open_as(&bob, &dir, &how, NFS4ERR_SHARE_DENIED);
    how.deny = OPEN4_SHARE_DENY_NONE;
    other = open_as(&bob, &dir, &how, NFS4_OK);
    /* No way round it by a stateid that stands for no open. */
    begin(&bob, &holder.fh);
    client_op_write(C, &client_stateid_anonymous, 0, UNSTABLE4, "x", 1);
    run(NFS4ERR_LOCKED);
    expect_status(client_file_close(&alice, &holder), NFS4_OK);
    begin(&bob, &holder.fh);
    client_op_write(C, &client_stateid_anonymous, 0, UNSTABLE4, "x", 1);
    run(NFS4_OK);
    how.access = OPEN4_SHARE_ACCESS_BOTH;
    how.owner = "another owner";
    open_as(&bob, &dir, &how, NFS4_OK);
    expect_status(client_file_close(&bob, &other), NFS4_OK);
}

static void downgrade(const struct client_fh *fh, struct stateid4 *stateid, uint32_t access,
                      uint32_t deny, enum nfsstat4 status)
{
    begin(&alice, fh);
    client_compound_add(C, &(struct nfs_argop4){
                               .argop = OP_OPEN_DOWNGRADE,
                               .opopen_downgrade = {*stateid, 0, access, deny},
                           });
    run(status);
    if (status == NFS4_OK)
        *stateid = result(OP_OPEN_DOWNGRADE)->opopen_downgrade.open_stateid;
}

/* One owner has one stateid for a file, whose seqid counts up (RFC 8881 §8.2.2, §18.18). */
static void upgrade_and_downgrade(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_open how = how_create("file", GUARDED4);
    struct client_file file, more;

    how.access = OPEN4_SHARE_ACCESS_READ;
    file = open_as(&alice, &dir, &how, NFS4_OK);
    assert_int_equal(file.stateid.seqid, 1);
    write_text(&alice, &file, "no", NFS4ERR_OPENMODE);
    how = how_default("file");
    more = open_as(&alice, &dir, &how, NFS4_OK);
    assert_memory_equal(more.stateid.other, file.stateid.other, NFS4_OTHER_SIZE);
    assert_int_equal(more.stateid.seqid, 2);
    write_text(&alice, &more, "yes", NFS4_OK);
    downgrade(&file.fh, &more.stateid, OPEN4_SHARE_ACCESS_WRITE, OPEN4_SHARE_DENY_NONE,
              NFS4ERR_INVAL); /* no OPEN was for that */
    downgrade(&file.fh, &more.stateid, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_WRITE,
              NFS4ERR_INVAL);
    downgrade(&file.fh, &more.stateid, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE, NFS4_OK);
    assert_int_equal(more.stateid.seqid, 3);
    write_text(&alice, &more, "no", NFS4ERR_OPENMODE);
    expect_status(client_file_close(&alice, &more), NFS4_OK);
}

static void closed(void **state)
{
    struct client_fh dir = script_dir(*state), other = make_file(&alice, &dir, "other");
    struct client_file file = make_open(&alice, &dir, "file");

    begin(&alice, &other); /* a stateid is of its file */
    client_op_close(C, &file.stateid);
    run(NFS4ERR_BAD_STATEID);
    begin(&alice, NULL);
    client_op_close(C, &file.stateid);
    run(NFS4ERR_NOFILEHANDLE);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
    expect_status(client_file_close(&alice, &file), NFS4ERR_BAD_STATEID);
    write_text(&alice, &file, "no", NFS4ERR_BAD_STATEID);
}

/* The file lives as long as somebody has it open; then its handle is stale. */
static void removed_while_open(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_file file = make_open(&alice, &dir, "file");
    char data[8];
    uint32_t got;
    bool eof;

    write_text(&alice, &file, "contents", NFS4_OK);
    expect_status(client_file_remove(&bob, &dir, "file"), NFS4_OK);
    expect_status(client_file_read(&alice, &file, 0, data, sizeof(data), &got, &eof), NFS4_OK);
    assert_int_equal(got, sizeof(data));
    assert_memory_equal(data, "contents", sizeof(data));
    expect_status(client_file_close(&alice, &file), NFS4_OK);
    begin(&alice, &file.fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_TYPE));
    run(NFS4ERR_STALE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(unchecked),     ON_BOTH(unchecked_truncates),
        ON_BOTH(guarded),       ON_BOTH(exclusive),
        ON_BOTH(change_info),   ON_BOTH(other_kinds),
        ON_BOTH(bad_arguments), ON_BOTH(claims),
        ON_BOTH(shares),        ON_BOTH(upgrade_and_downgrade),
        ON_BOTH(closed),        ON_BOTH(removed_while_open),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
