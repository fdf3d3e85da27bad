/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Security labels (RFC 7862 §9, §12.2.4), on exports with security_label; /plain has none. A server
 * without CAP_SYS_ADMIN cannot set those of a directory unless the machine has SELinux.
 */
#include <string.h>
#include <unistd.h>

#include "holder.h"

static struct client_fh dir;
static uint8_t values[LIMIT_LABEL_BYTES + 256];
static const char secret[] = "system_u:object_r:secret_t:s0";

static int setup(void **state)
{
    static char local[160];
    static const char *const options[] = {"--export", "/mem=mem:,no_root_squash,security_label",
                                          "--export", local,
                                          "--export", "/plain=mem:,no_root_squash",
                                          NULL};

    (void)state;
    script_minor = 2;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash,security_label",
                   script_server.data);
    return script_setup(options) == 0 && script_open_to_all(script_mem) &&
                   script_open_to_all("/plain")
               ? 0
               : -1;
}

static const struct bitmap4 label_bit = {.count = 3,
                                         .words = {[2] = 1u << (FATTR4_SEC_LABEL % 32)}};

static struct nfs4_attrs label_of_text(const void *text, size_t len)
{
    return (struct nfs4_attrs){.sec_label.slai_data = {text, (uint32_t)len}};
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

/* What GETATTR says; false: nothing. */
static bool get(const struct client_fh *fh, struct nfs4_attrs *attrs)
{
    const struct fattr4 *got;

    begin(&alice, fh);
    client_op_getattr(C, label_bit);
    run(NFS4_OK);
    got = &result(OP_GETATTR)->opgetattr.obj_attributes;
    if (!bitmap4_isset(&got->attrmask, FATTR4_SEC_LABEL))
        return false;
    assert_true(fattr_decode(got, attrs, NULL));
    return true;
}

static void expect_label(const struct client_fh *fh, const void *text, size_t len)
{
    struct nfs4_attrs attrs;

    assert_true(get(fh, &attrs));
    assert_int_equal(attrs.sec_label.slai_lfs, 0);
    assert_int_equal(attrs.sec_label.slai_pi, 0);
    assert_int_equal(attrs.sec_label.slai_data.len, len);
    assert_memory_equal(attrs.sec_label.slai_data.data, text, len);
}

static void set(const struct client_fh *fh, const struct nfs4_attrs *attrs, enum nfsstat4 status)
{
    begin(&alice, fh);
    client_op_setattr(C, &client_stateid_anonymous, label_bit, attrs);
    run(status);
    if (status == NFS4_OK)
        assert_true(bitmap4_isset(&result(OP_SETATTR)->attrsset, FATTR4_SEC_LABEL));
}

/* On the directory the test is left out where labels cannot be set. */
static void need_labels(const char *export)
{
    struct nfs4_attrs attrs = label_of_text(secret, sizeof(secret));
    struct bitmap4 supported;
    struct client_fh file;

    dir = script_dir(export);
    if (export == script_mem)
        return;
    file = make_file(&alice, &dir, "probe");
    supported = attrs_of(&alice, &dir, CLIENT_BITS(FATTR4_SUPPORTED_ATTRS)).supported_attrs;
    if (!bitmap4_isset(&supported, FATTR4_SEC_LABEL))
        test_skip("the file system has no labels");
    begin(&alice, &file);
    client_op_setattr(C, &client_stateid_anonymous, label_bit, &attrs);
    assert_int_equal(client_compound_call(&alice.conn, C, R), CLIENT_OK);
    if (R->status == NFS4ERR_PERM)
        test_skip("the system does not let the server set labels");
    expect_status(R->status, NFS4_OK);
}

static void set_and_get(void **state)
{
    struct nfs4_attrs attrs = label_of_text(secret, sizeof(secret));
    struct client_fh file, sub, link;
    uint64_t before;

    need_labels(*state);
    file = make_file(&alice, &dir, "file");
    assert_false(get(&file, &attrs));
    attrs = label_of_text(secret, sizeof(secret));
    before = attrs_of(&alice, &file, CLIENT_BITS(FATTR4_CHANGE)).change;
    set(&file, &attrs, NFS4_OK);
    expect_label(&file, secret, sizeof(secret));
    assert_true(attrs_of(&alice, &file, CLIENT_BITS(FATTR4_CHANGE)).change != before);
    expect_status(client_file_mkdir(&alice, &dir, "dir", &sub), NFS4_OK);
    set(&sub, &attrs, NFS4_OK);
    expect_label(&sub, secret, sizeof(secret));
    expect_status(client_file_symlink(&alice, &dir, "link", "nowhere", &link), NFS4_OK);
    set(&link, &attrs, NFS4_OK);
    expect_label(&link, secret, sizeof(secret));
    attrs = label_of_text("\0\1", 2); /* opaque */
    set(&file, &attrs, NFS4_OK);
    expect_label(&file, "\0\1", 2);
}

/* RFC 7862 §9.4: the root tells the format, even if it has no label. */
static void discovery(void **state)
{
    struct client_fh root;
    struct nfs4_attrs attrs;

    dir = script_dir(*state);
    if (*state == script_local)
        need_labels(*state);
    expect_status(client_file_lookup(&alice, *state, &root), NFS4_OK);
    assert_true(get(&root, &attrs));
    assert_int_equal(attrs.sec_label.slai_lfs, 0);
}

static void from_the_start(void **state)
{
    static const enum createmode4 modes[] = {UNCHECKED4, GUARDED4, EXCLUSIVE4_1};
    static const char *const names[] = {"unchecked", "guarded", "exclusive"};
    struct nfs4_attrs attrs = label_of_text(secret, sizeof(secret));
    struct bitmap4 exclusive;
    struct client_fh fh;
    struct fattr4 wire;

    need_labels(*state);
    /* Before Linux 6.16, clients send anything as the format here. */
    attrs.sec_label.slai_lfs = 0xdeadbeef;
    attrs.sec_label.slai_pi = 0xdeadbeef;
    attrs.mode = 0640;
    wire = fattr(CLIENT_BITS(FATTR4_MODE, FATTR4_SEC_LABEL), &attrs);
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        struct nfs_argop4 op = {
            .argop = OP_OPEN,
            .opopen = {.share_access = OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                       .openhow.opentype = OPEN4_CREATE,
                       .claim = {.claim = CLAIM_NULL, .file = client_text(names[i])}}};

        op.opopen.openhow.how.mode = modes[i];
        if (modes[i] == EXCLUSIVE4_1)
            op.opopen.openhow.how.ch_createboth.cva_attrs = wire;
        else
            op.opopen.openhow.how.createattrs = wire;
        begin(&alice, &dir);
        script_op_as(&alice, "labels", &op);
        run(NFS4_OK);
        assert_true(bitmap4_isset(&result(OP_OPEN)->opopen.attrset, FATTR4_SEC_LABEL));
        fh = look(&alice, &dir, names[i]);
        expect_label(&fh, secret, sizeof(secret));
        assert_int_equal(attrs_of(&alice, &fh, CLIENT_BITS(FATTR4_MODE)).mode, 0640);
    }
    begin(&alice, &dir);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_CREATE,
                                                .opcreate = {.objtype.type = NF4DIR,
                                                             .objname = client_text("dir"),
                                                             .createattrs = wire}});
    run(NFS4_OK);
    assert_true(bitmap4_isset(&result(OP_CREATE)->opcreate.attrset, FATTR4_SEC_LABEL));
    fh = look(&alice, &dir, "dir");
    expect_label(&fh, secret, sizeof(secret));
    exclusive = attrs_of(&alice, &dir, CLIENT_BITS(FATTR4_SUPPATTR_EXCLCREAT)).suppattr_exclcreat;
    assert_true(bitmap4_isset(&exclusive, FATTR4_SEC_LABEL));
}

static void refused(void **state)
{
    static char longest[LIMIT_LABEL_BYTES + 1];
    struct nfs4_attrs attrs = label_of_text(secret, sizeof(secret));
    struct client_fh file;

    need_labels(*state);
    file = make_file(&alice, &dir, "file");
    attrs.sec_label.slai_lfs = 1;
    set(&file, &attrs, NFS4ERR_WRONG_LFS);
    attrs.sec_label.slai_lfs = 0;
    attrs.sec_label.slai_pi = 1;
    set(&file, &attrs, NFS4ERR_WRONG_LFS);
    attrs = label_of_text("", 0);
    set(&file, &attrs, NFS4ERR_BADLABEL);
    memset(longest, 'l', sizeof(longest));
    attrs = label_of_text(longest, sizeof(longest));
    set(&file, &attrs, NFS4ERR_BADLABEL);
    assert_false(get(&file, &attrs));
    attrs = label_of_text(longest, LIMIT_LABEL_BYTES);
    set(&file, &attrs, NFS4_OK);
    expect_label(&file, longest, LIMIT_LABEL_BYTES);
}

/* Only the owner and root. */
static void without_the_right(void **state)
{
    /* A server without privileges acts as one user. */
    const bool may = *state == script_local && geteuid() != 0;
    struct nfs4_attrs attrs = label_of_text(secret, sizeof(secret));
    struct client_fh file;

    need_labels(*state);
    file = make_file(&alice, &dir, "file");
    expect_status(client_file_setattr(&alice, &file, CLIENT_BITS(FATTR4_MODE),
                                      &(struct nfs4_attrs){.mode = 0666}),
                  NFS4_OK);
    bob.conn.cred = script_stranger();
    begin(&bob, &file);
    client_op_setattr(C, &client_stateid_anonymous, label_bit, &attrs);
    run_on(&bob.conn, may ? NFS4_OK : NFS4ERR_PERM);
    bob.conn.cred = script_cred();
    assert_int_equal(get(&file, &attrs), may);
}

struct seen {
    unsigned labelled, plain;
};

static bool see(const struct entry4 *entry, void *context)
{
    struct seen *seen = context;
    struct nfs4_attrs attrs;

    if (!bitmap4_isset(&entry->attrs.attrmask, FATTR4_SEC_LABEL)) {
        seen->plain++;
        return true;
    }
    assert_true(fattr_decode(&entry->attrs, &attrs, NULL));
    assert_int_equal(attrs.sec_label.slai_data.len, sizeof(secret));
    assert_memory_equal(attrs.sec_label.slai_data.data, secret, sizeof(secret));
    seen->labelled++;
    return true;
}

static void listed(void **state)
{
    struct nfs4_attrs attrs = label_of_text(secret, sizeof(secret));
    struct client_fh with, sub;
    struct seen seen = {0};

    need_labels(*state);
    expect_status(client_file_mkdir(&alice, &dir, "sub", &sub), NFS4_OK);
    with = make_file(&alice, &sub, "with");
    make_file(&alice, &sub, "without");
    set(&with, &attrs, NFS4_OK);
    expect_status(
        client_file_readdir(&alice, &sub, CLIENT_BITS(FATTR4_FILEID, FATTR4_SEC_LABEL), see, &seen),
        NFS4_OK);
    assert_int_equal(seen.labelled, 1);
    assert_int_equal(seen.plain, 1);
}

static void compared(void **state)
{
    struct nfs4_attrs attrs = label_of_text(secret, sizeof(secret));
    struct client_fh file;
    struct fattr4 wire;

    need_labels(*state);
    file = make_file(&alice, &dir, "file");
    set(&file, &attrs, NFS4_OK);
    wire = fattr(label_bit, &attrs);
    begin(&alice, &file);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_VERIFY, .opverify = {wire}});
    run(NFS4_OK);
    attrs = label_of_text("x", 1);
    wire = fattr(label_bit, &attrs);
    begin(&alice, &file);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_VERIFY, .opverify = {wire}});
    run(NFS4ERR_NOT_SAME);
}

/* RFC 7862 §9.2.5: a holder learns of the change by the recall. */
static void delegated(void **state)
{
    struct nfs4_attrs attrs = label_of_text(secret, sizeof(secret));
    struct holder holder;
    struct client_file file;

    need_labels(*state);
    holder_open(&holder, 2);
    file = holder_delegated(&holder, &dir, "file", OPEN_DELEGATE_READ);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    set(&file.fh, &attrs, NFS4ERR_DELAY);
    holder_wait_recall(&holder, &file);
    assert_false(get(&file.fh, &attrs));
    holder_return(&holder, &file);
    attrs = label_of_text(secret, sizeof(secret));
    set(&file.fh, &attrs, NFS4_OK);
    holder_close(&holder);
}

/* An export without the option, and earlier minor versions, have no such attribute. */
static void not_offered(void **state)
{
    struct nfs4_attrs attrs = label_of_text(secret, sizeof(secret));
    struct client_mount one;
    struct client_fh file;
    struct bitmap4 bits;

    (void)state;
    dir = script_dir("/plain");
    bits = attrs_of(&alice, &dir, CLIENT_BITS(FATTR4_SUPPORTED_ATTRS)).supported_attrs;
    assert_false(bitmap4_isset(&bits, FATTR4_SEC_LABEL));
    set(&dir, &attrs, NFS4ERR_ATTRNOTSUPP);
    assert_false(get(&dir, &attrs));
    dir = script_dir(script_mem);
    attrs = label_of_text(secret, sizeof(secret));
    file = make_file(&alice, &dir, "file");
    set(&file, &attrs, NFS4_OK);
    script_mount_v41(&one);
    begin(&one, &file);
    client_op_getattr(C, label_bit);
    run_on(&one.conn, NFS4_OK);
    assert_int_equal(result(OP_GETATTR)->opgetattr.obj_attributes.attr_vals.len, 0);
    begin(&one, &file);
    client_op_setattr(C, &client_stateid_anonymous, label_bit, &attrs);
    run_on(&one.conn, NFS4ERR_ATTRNOTSUPP);
    client_mount_close(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(set_and_get), ON_BOTH(discovery),         ON_BOTH(from_the_start),
        ON_BOTH(refused),     ON_BOTH(without_the_right), ON_BOTH(listed),
        ON_BOTH(compared),    ON_BOTH(delegated),         cmocka_unit_test(not_offered),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
