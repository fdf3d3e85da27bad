/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE, LOOKUP, LOOKUPP, READDIR, READLINK, REMOVE, RENAME, LINK, SECINFO. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "script.h"

static struct client_fh dir;

static void op_create_device(const char *name, enum nfs_ftype4 type)
{
    struct nfs_argop4 op = {.argop = OP_CREATE,
                            .opcreate = {.objtype = {.type = type}, .objname = client_text(name)}};

    op.opcreate.objtype.devdata = (struct specdata4){7, 9};
    client_compound_add(C, &op);
}

static void create_types(void **state)
{
    static const enum nfs_ftype4 types[] = {NF4DIR, NF4BLK, NF4CHR, NF4LNK, NF4SOCK, NF4FIFO};
    struct nfs4_attrs attrs;

    dir = script_dir(*state);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        char name[8];
        bool device = types[i] == NF4BLK || types[i] == NF4CHR;
        struct client_fh made;

        if (device && geteuid() != 0) {
            test_skip_part(TEST_NEEDS_DEVICES);
            continue;
        }
        (void)snprintf(name, sizeof(name), "t%d", (int)types[i]);
        begin(&alice, &dir);
        if (device)
            op_create_device(name, types[i]);
        else
            client_op_create(C, name, types[i], "target", 0750);
        client_op_getfh(C);
        run(NFS4_OK);
        assert_true(result(OP_CREATE)->opcreate.cinfo.before !=
                    result(OP_CREATE)->opcreate.cinfo.after);
        made = result_fh();
        attrs = attrs_of(&alice, &made, CLIENT_BITS(FATTR4_TYPE, FATTR4_MODE, FATTR4_RAWDEV));
        assert_int_equal(attrs.type, types[i]);
        if (device)
            assert_true(attrs.rawdev.specdata1 == 7 && attrs.rawdev.specdata2 == 9);
        else if (types[i] != NF4LNK)
            assert_int_equal(attrs.mode, 0750);
        begin(&alice, &dir);
        client_op_create(C, name, NF4DIR, NULL, 0750);
        run(NFS4ERR_EXIST);
    }
    begin(&alice, &dir);
    client_op_create(C, "regular", NF4REG, NULL, 0750);
    run(NFS4ERR_BADTYPE);
    begin(&alice, NULL);
    client_op_create(C, "nowhere", NF4DIR, NULL, 0750);
    run(NFS4ERR_NOFILEHANDLE);
}

static void symlinks(void **state)
{
    struct client_fh made, file;

    dir = script_dir(*state);
    file = make_file(&alice, &dir, "file");
    expect_status(client_file_symlink(&alice, &dir, "link", "../any where/\xc3\xa4", &made),
                  NFS4_OK);
    begin(&alice, &made);
    client_op(C, OP_READLINK);
    run(NFS4_OK);
    assert_int_equal(result(OP_READLINK)->opreadlink.link.len, 15);
    assert_memory_equal(result(OP_READLINK)->opreadlink.link.data, "../any where/\xc3\xa4", 15);
    begin(&alice, &made);
    client_op_lookup(C, "x");
    run(NFS4ERR_SYMLINK);
    begin(&alice, &file);
    client_op(C, OP_READLINK);
    run(V40_OR(NFS4ERR_INVAL, NFS4ERR_WRONG_TYPE));
    begin(&alice, &dir);
    client_op(C, OP_READLINK);
    run(V40_OR(NFS4ERR_INVAL, NFS4ERR_WRONG_TYPE));
    begin(&alice, &dir);
    client_op_create(C, "empty", NF4LNK, "", 0777);
    run(NFS4ERR_INVAL);
}

static void lookups(void **state)
{
    struct client_fh sub, file, up;

    dir = script_dir(*state);
    file = make_file(&alice, &dir, "file");
    expect_status(client_file_mkdir(&alice, &dir, "sub", &sub), NFS4_OK);
    begin(&alice, &sub);
    client_op(C, OP_LOOKUPP);
    client_op_getfh(C);
    run(NFS4_OK);
    up = result_fh();
    assert_int_equal(up.len, dir.len);
    assert_memory_equal(up.data, dir.data, dir.len);
    begin(&alice, &dir);
    client_op_lookup(C, "none");
    client_op_getfh(C);
    run(NFS4ERR_NOENT);
    begin(&alice, &file);
    client_op_lookup(C, "x");
    run(NFS4ERR_NOTDIR);
    begin(&alice, &file);
    client_op(C, OP_LOOKUPP);
    run(NFS4ERR_NOTDIR);
    begin(&alice, NULL);
    client_op_putrootfh(C);
    client_op(C, OP_LOOKUPP);
    run(NFS4ERR_NOENT);
    begin(&alice, NULL);
    client_op(C, OP_PUTPUBFH);
    client_op_lookup(C, (const char *)*state + 1);
    run(NFS4_OK);
    begin(&alice, NULL);
    client_op_getfh(C);
    run(NFS4ERR_NOFILEHANDLE);
}

enum {
    MANY = 300
};

struct listing {
    bool seen[MANY];
    unsigned count;
    uint64_t cookie;
    uint8_t verifier[NFS4_VERIFIER_SIZE];
    bool eof;
};

/* One READDIR from where the last one ended, of at most `bytes`. */
static unsigned list_page(struct listing *l, uint32_t bytes)
{
    unsigned count = 0;

    begin(&alice, &dir);
    client_op_readdir(C, l->cookie, l->verifier, bytes, CLIENT_BITS(FATTR4_FILEID, FATTR4_TYPE));
    run(NFS4_OK);
    memcpy(l->verifier, result(OP_READDIR)->opreaddir.cookieverf, sizeof(l->verifier));
    l->eof = result(OP_READDIR)->opreaddir.reply.eof;
    for (const struct entry4 *e = result(OP_READDIR)->opreaddir.reply.entries; e;
         e = e->nextentry) {
        char name[8] = {0};
        unsigned n;

        assert_true(e->name.len < sizeof(name));
        memcpy(name, e->name.data, e->name.len);
        assert_int_equal(sscanf(name, "n%u", &n), 1);
        assert_true(n < MANY && !l->seen[n] && e->cookie > 2);
        l->seen[n] = true;
        l->cookie = e->cookie;
        count++;
    }
    l->count += count;
    return count;
}

static void make_many(void)
{
    for (unsigned i = 0; i < MANY; i++) {
        char name[8];

        (void)snprintf(name, sizeof(name), "n%u", i);
        begin(&alice, &dir);
        client_op_create(C, name, NF4DIR, NULL, 0700);
        run(NFS4_OK);
    }
}

/* Page by page each entry comes once, even while earlier entries are removed. */
static void readdir_pages(void **state)
{
    static const uint32_t sizes[] = {200, 1000, 4096, 30000};

    dir = script_dir(*state);
    make_many();
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct listing l = {.count = 0};

        while (!l.eof)
            assert_true(list_page(&l, sizes[i]) > 0 || l.eof);
        assert_int_equal(l.count, MANY);
    }
}

static void readdir_and_remove(void **state)
{
    struct listing l = {.count = 0};
    bool removed[MANY] = {false};

    dir = script_dir(*state);
    make_many();
    while (!l.eof) {
        list_page(&l, 1000);
        for (unsigned i = 0; i < MANY; i++) {
            char name[8];

            if (!l.seen[i] || removed[i])
                continue;
            (void)snprintf(name, sizeof(name), "n%u", i);
            expect_status(client_file_remove(&bob, &dir, name), NFS4_OK);
            removed[i] = true;
        }
    }
    assert_int_equal(l.count, MANY);
}

static void readdir_refused(void **state)
{
    struct client_fh file;
    struct nfs_argop4 op = {.argop = OP_READDIR, .opreaddir = {.maxcount = 4096}};

    dir = script_dir(*state);
    begin(&alice, &dir);
    client_compound_add(C, &op);
    run(NFS4_OK);
    assert_null(result(OP_READDIR)->opreaddir.reply.entries);
    assert_true(result(OP_READDIR)->opreaddir.reply.eof);
    file = make_file(&alice, &dir, "file");
    begin(&alice, &file);
    client_compound_add(C, &op);
    run(NFS4ERR_NOTDIR);
    op.opreaddir.maxcount = 24; /* too small for any entry */
    begin(&alice, &dir);
    client_compound_add(C, &op);
    run(NFS4ERR_TOOSMALL);
    op.opreaddir.maxcount = 4;
    begin(&alice, &dir);
    client_compound_add(C, &op);
    run(NFS4ERR_TOOSMALL);
    op.opreaddir.maxcount = 4096;
    for (op.opreaddir.cookie = 1; op.opreaddir.cookie <= 2; op.opreaddir.cookie++) {
        begin(&alice, &dir);
        client_compound_add(C, &op);
        run(NFS4ERR_BAD_COOKIE);
    }
    op.opreaddir.cookie = 100;
    memset(op.opreaddir.cookieverf, 0x55, NFS4_VERIFIER_SIZE);
    begin(&alice, &dir);
    client_compound_add(C, &op);
    run(NFS4ERR_NOT_SAME);
}

static void removes(void **state)
{
    struct client_fh sub, file;

    dir = script_dir(*state);
    file = make_file(&alice, &dir, "file");
    expect_status(client_file_mkdir(&alice, &dir, "sub", &sub), NFS4_OK);
    make_file(&alice, &sub, "inside");
    expect_status(client_file_remove(&alice, &dir, "none"), NFS4ERR_NOENT);
    expect_status(client_file_remove(&alice, &dir, "sub"), NFS4ERR_NOTEMPTY);
    expect_status(client_file_remove(&alice, &file, "x"), NFS4ERR_NOTDIR);
    expect_status(client_file_remove(&alice, &dir, "file"), NFS4_OK);
    begin(&alice, &file);
    client_op_getattr(C, CLIENT_BITS(FATTR4_SIZE));
    run(NFS4ERR_STALE);
    expect_status(client_file_remove(&alice, &sub, "inside"), NFS4_OK);
    expect_status(client_file_remove(&alice, &dir, "sub"), NFS4_OK);
    begin(&alice, &sub);
    client_op_create(C, "late", NF4DIR, NULL, 0700);
    assert_int_equal(client_compound_call(&alice.conn, C, R), CLIENT_OK);
    assert_true(R->status == NFS4ERR_STALE || R->status == NFS4ERR_NOENT);
}

/* One of each kind in a new directory. */
static void make_kinds(void *export)
{
    struct client_fh made;

    dir = script_dir(export);
    make_file(&alice, &dir, "file");
    make_file(&alice, &dir, "file2");
    expect_status(client_file_symlink(&alice, &dir, "link", "file", &made), NFS4_OK);
    expect_status(client_file_mkdir(&alice, &dir, "empty", &made), NFS4_OK);
    expect_status(client_file_mkdir(&alice, &dir, "empty2", &made), NFS4_OK);
    expect_status(client_file_mkdir(&alice, &dir, "full", &made), NFS4_OK);
    expect_status(client_file_mkdir(&alice, &made, "inside", &made), NFS4_OK);
}

/* RFC 8881 §18.26.3: which type may replace which. */
static void rename_matrix(void **state)
{
    static const struct {
        const char *from, *to;
        enum nfsstat4 status;
    } table[] = {
        {"none", "new", NFS4ERR_NOENT},      {"file", "new", NFS4_OK},
        {"file", "file2", NFS4_OK},          {"file", "link", NFS4_OK},
        {"file", "empty", NFS4ERR_EXIST},    {"file", "full", NFS4ERR_EXIST},
        {"file", "file", NFS4_OK},           {"link", "new", NFS4_OK},
        {"link", "file", NFS4_OK},           {"link", "empty", NFS4ERR_EXIST},
        {"empty", "new", NFS4_OK},           {"empty", "empty2", NFS4_OK},
        {"empty", "full", NFS4ERR_NOTEMPTY}, {"empty", "file", NFS4ERR_EXIST},
        {"empty", "link", NFS4ERR_EXIST},    {"full", "new", NFS4_OK},
        {"full", "empty", NFS4_OK},          {"full", "full", NFS4_OK},
    };

    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        uint64_t fileid = 0;
        struct client_fh fh;

        make_kinds(*state);
        if (table[i].status == NFS4_OK) {
            fh = look(&alice, &dir, table[i].from);
            fileid = attrs_of(&alice, &fh, CLIENT_BITS(FATTR4_FILEID)).fileid;
        }
        begin_two(&alice, &dir, &dir);
        client_op_rename(C, table[i].from, table[i].to);
        run(table[i].status);
        if (table[i].status != NFS4_OK)
            continue;
        fh = look(&alice, &dir, table[i].to);
        assert_true(attrs_of(&alice, &fh, CLIENT_BITS(FATTR4_FILEID)).fileid == fileid);
        begin(&alice, &dir);
        client_op_lookup(C, table[i].from);
        run(strcmp(table[i].from, table[i].to) == 0 ? NFS4_OK : NFS4ERR_NOENT);
    }
}

static void rename_across(void **state)
{
    struct client_fh full, inside, file, up;

    make_kinds(*state);
    full = look(&alice, &dir, "full");
    inside = look(&alice, &full, "inside");
    file = look(&alice, &dir, "file");
    begin_two(&alice, &dir, &inside); /* a directory into itself */
    client_op_rename(C, "full", "knot");
    run(NFS4ERR_INVAL);
    begin_two(&alice, &full, &dir);
    client_op_rename(C, "inside", "out");
    run(NFS4_OK);
    assert_true(result(OP_RENAME)->oprename.source_cinfo.before !=
                result(OP_RENAME)->oprename.source_cinfo.after);
    assert_true(result(OP_RENAME)->oprename.target_cinfo.before !=
                result(OP_RENAME)->oprename.target_cinfo.after);
    begin(&alice, &inside);
    client_op(C, OP_LOOKUPP);
    client_op_getfh(C);
    run(NFS4_OK);
    up = result_fh();
    assert_memory_equal(up.data, dir.data, dir.len);
    begin_two(&alice, &file, &dir);
    client_op_rename(C, "x", "y");
    run(NFS4ERR_NOTDIR);
    begin_two(&alice, &dir, &file);
    client_op_rename(C, "x", "y");
    run(NFS4ERR_NOTDIR);
    begin(&alice, &dir);
    client_op_rename(C, "x", "y");
    run(NFS4ERR_NOFILEHANDLE);
}

/* Two names of one file: RENAME of one to the other does nothing. */
static void links(void **state)
{
    struct client_fh file, sub;

    dir = script_dir(*state);
    file = make_file(&alice, &dir, "file");
    expect_status(client_file_mkdir(&alice, &dir, "sub", &sub), NFS4_OK);
    begin_two(&alice, &file, &sub);
    client_op_link(C, "other");
    run(NFS4_OK);
    assert_int_equal(attrs_of(&alice, &file, CLIENT_BITS(FATTR4_NUMLINKS)).numlinks, 2);
    begin_two(&alice, &file, &sub);
    client_op_link(C, "other");
    run(NFS4ERR_EXIST);
    begin_two(&alice, &sub, &dir);
    client_op_rename(C, "other", "file");
    run(NFS4_OK);
    look(&alice, &dir, "file");
    look(&alice, &sub, "other");
    begin_two(&alice, &sub, &dir);
    client_op_link(C, "dir");
    run(NFS4ERR_ISDIR);
    begin_two(&alice, &file, &file);
    client_op_link(C, "x");
    run(NFS4ERR_NOTDIR);
    begin(&alice, &dir);
    client_op_link(C, "x");
    run(NFS4ERR_NOFILEHANDLE);
    expect_status(client_file_remove(&alice, &dir, "file"), NFS4_OK);
    assert_int_equal(attrs_of(&alice, &file, CLIENT_BITS(FATTR4_NUMLINKS)).numlinks, 1);
}

static void op_secinfo(const char *name)
{
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_SECINFO, .opsecinfo = {client_text(name)}});
}

static bool has_sys(const struct SECINFO4resok *ok)
{
    for (uint32_t i = 0; i < ok->flavors_count; i++)
        if (ok->flavors[i].flavor == AUTH_SYS)
            return true;
    return false;
}

/* Both consume the current filehandle (RFC 8881 §2.6.3.1.1.8); L-08. */
static void secinfo(void **state)
{
    struct nfs_argop4 no_name = {.argop = OP_SECINFO_NO_NAME};
    struct client_fh file;

    dir = script_dir(*state);
    file = make_file(&alice, &dir, "file");
    begin(&alice, &dir);
    op_secinfo("file");
    client_op_getfh(C);
    run(V40_OR(NFS4_OK, NFS4ERR_NOFILEHANDLE));
    assert_true(has_sys(&result(OP_SECINFO)->opsecinfo));
    begin(&alice, &dir);
    op_secinfo("none");
    run(NFS4ERR_NOENT);
    begin(&alice, &file);
    op_secinfo("x");
    run(NFS4ERR_NOTDIR);
    if (script_minor == 0)
        return;
    for (no_name.opsecinfo_no_name.style = SECINFO_STYLE4_CURRENT_FH;
         no_name.opsecinfo_no_name.style <= SECINFO_STYLE4_PARENT;
         no_name.opsecinfo_no_name.style++) {
        begin(&alice, &dir);
        client_compound_add(C, &no_name);
        client_op_getfh(C);
        run(NFS4ERR_NOFILEHANDLE);
        assert_true(has_sys(&result(OP_SECINFO_NO_NAME)->opsecinfo_no_name));
    }
}

/* Permission on directories depends on the caller. */
static void stranger(void **state)
{
    struct client_cred cred = alice.conn.cred;
    struct client_fh sub, made;

    if (geteuid() != 0 && strcmp(*state, "/local") == 0)
        test_skip(TEST_NEEDS_CALLERS);
    dir = script_dir(*state);
    expect_status(client_file_mkdir(&alice, &dir, "sub", &sub), NFS4_OK);
    make_file(&alice, &sub, "inside");
    alice.conn.cred = script_stranger();
    expect_status(client_file_mkdir(&alice, &sub, "x", &made), NFS4ERR_ACCESS);
    expect_status(client_file_remove(&alice, &sub, "inside"), NFS4ERR_ACCESS);
    begin_two(&alice, &sub, &dir);
    client_op_rename(C, "inside", "stolen");
    run(NFS4ERR_ACCESS);
    alice.conn.cred = cred;
    expect_status(client_file_setattr(&alice, &sub, CLIENT_BITS(FATTR4_MODE),
                                      &(struct nfs4_attrs){.mode = 0700}),
                  NFS4_OK);
    alice.conn.cred = script_stranger();
    expect_status(client_file_lookup_at(&alice, &sub, "inside", &made), NFS4ERR_ACCESS);
    begin(&alice, &sub);
    client_op_readdir(C, 0, NULL, 4096, (struct bitmap4){0});
    run(NFS4ERR_ACCESS);
    alice.conn.cred = cred;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(create_types),
        ON_BOTH(symlinks),
        ON_BOTH(lookups),
        ON_BOTH(readdir_pages),
        ON_BOTH(readdir_and_remove),
        ON_BOTH(readdir_refused),
        ON_BOTH(removes),
        ON_BOTH(rename_matrix),
        ON_BOTH(rename_across),
        ON_BOTH(links),
        ON_BOTH(secinfo),
        ON_BOTH(stranger),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
