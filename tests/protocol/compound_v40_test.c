/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of a COMPOUND of minor version 0 (RFC 7530 §14.2, §15.2): no session, which operations
 * exist, how many, where it ends; and what only later minor versions have.
 */
#include <string.h>

#include "client/client_seqid.h"
#include "script.h"
#include "wire/op_table.h"

static void empty(void **state)
{
    (void)state;
    begin_bare(&alice, 0);
    run(NFS4_OK);
    assert_int_equal(R->count, 0);
}

/* Numbers below 3, those of 4.1 and 4.2, and undefined ones. SR-09. */
static void illegal_numbers(void **state)
{
    static const uint32_t others[] = {0, 1, 2, 1000, OP_ILLEGAL, UINT32_MAX};

    (void)state;
    for (uint32_t i = 0; i < ARRAY_SIZE(others) + OP_REMOVEXATTR - OP_RELEASE_LOCKOWNER + 1; i++) {
        const uint32_t number = i < ARRAY_SIZE(others)
                                    ? others[i]
                                    : OP_RELEASE_LOCKOWNER + 1 + i - (uint32_t)ARRAY_SIZE(others);

        begin(&alice, NULL);
        client_op_putrootfh(C);
        client_compound_add_words(C, &number, 1);
        client_op_getfh(C);
        run(NFS4ERR_OP_ILLEGAL);
        assert_int_equal(R->count, 2);
        assert_int_equal(R->ops[1].resop, OP_ILLEGAL);
    }
}

/* S20-02: operations that only the other minor version has show which path is taken. */
static void operations_of_v41(void **state)
{
    struct client_fh dir = script_dir(*state);

    for (uint32_t op = OP_BACKCHANNEL_CTL; op <= OP_RECLAIM_COMPLETE; op++) {
        begin(&alice, &dir);
        script_op_zeroed(op);
        run(NFS4ERR_OP_ILLEGAL);
        assert_int_equal(R->count, 2);
        assert_int_equal(R->ops[1].resop, OP_ILLEGAL);
    }
}

/* L-07: as many operations as in 4.1, and no more. */
static void too_many_operations(void **state)
{
    (void)state;
    begin(&alice, NULL);
    for (uint32_t i = 0; i < LIMIT_COMPOUND_OPS; i++)
        client_op_putrootfh(C);
    run(NFS4_OK);
    client_op_putrootfh(C);
    run(NFS4ERR_RESOURCE);
    assert_int_equal(R->count, 1);
    /* Whatever count the COMPOUND states. */
    client_compound_set_count(C, UINT32_MAX);
    run(NFS4ERR_RESOURCE);
    assert_int_equal(R->count, 1);
}

/* Fewer operations than the count states. */
static void too_few_operations(void **state)
{
    (void)state;
    begin(&alice, NULL);
    client_op_putrootfh(C);
    client_op_getfh(C);
    client_compound_set_count(C, 3);
    run(NFS4ERR_BADXDR);
    assert_int_equal(R->count, 3);
    assert_int_equal(R->ops[1].status, NFS4_OK);
}

/* S20-14: the COMPOUND ends with the first error; the operations before it have been done. */
static void ends_with_the_first_error(void **state)
{
    struct client_fh dir = script_dir(*state);

    begin(&alice, &dir);
    client_op_create(C, "made", NF4DIR, NULL, 0755);
    client_op_lookup(C, "nothing");
    client_op_create(C, "not made", NF4DIR, NULL, 0755);
    run(NFS4ERR_NOENT);
    assert_int_equal(R->count, 3);
    assert_int_equal(R->ops[1].status, NFS4_OK);
    (void)look(&alice, &dir, "made");
    begin(&alice, &dir);
    client_op_lookup(C, "not made");
    run(NFS4ERR_NOENT);
    /* SAME ends it as an error does. */
    begin(&alice, &dir);
    client_compound_add_words(C, (const uint32_t[]){OP_NVERIFY, 1, 1u << FATTR4_TYPE, 4, NF4DIR},
                              5);
    client_op_getfh(C);
    run(NFS4ERR_SAME);
    assert_int_equal(R->count, 2);
}

static void without_arguments(void **state)
{
    static const uint32_t none[] = {OP_GETFH,    OP_LOOKUPP,   OP_PUTPUBFH, OP_PUTROOTFH,
                                    OP_READLINK, OP_RESTOREFH, OP_SAVEFH};

    (void)state;
    for (uint32_t number = OP_ACCESS; number <= OP_RELEASE_LOCKOWNER; number++) {
        bool takes_none = false;

        for (size_t i = 0; i < ARRAY_SIZE(none); i++)
            takes_none |= none[i] == number;
        if (takes_none)
            continue;
        begin(&alice, NULL);
        client_op_putrootfh(C);
        client_compound_add_words(C, &number, 1);
        client_result_free(R);
        assert_int_equal(client_compound_call(&alice.conn, C, R), CLIENT_OK);
        if (R->status != NFS4ERR_BADXDR || R->count != 2 || R->ops[1].resop != number)
            fail_msg("%s: %s", op_info(number)->name, status_name(R->status));
    }
}

/* S20-24: any tag is returned unchanged: with success, and with errors of both kinds. */
static void tags(void **state)
{
    static uint8_t bytes[LIMIT_COMPOUND_TAG_BYTES];
    static const uint32_t illegal = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 131); /* NULs and bad UTF-8 among them */
    for (uint32_t len = 0; len <= sizeof(bytes); len = len < 8 ? len + 1 : len * 2)
        for (int kind = 0; kind < 4; kind++) {
            static const enum nfsstat4 statuses[] = {NFS4_OK, NFS4ERR_NOFILEHANDLE,
                                                     NFS4ERR_OP_ILLEGAL, NFS4ERR_RESOURCE};

            client_result_free(R);
            client_compound_free(C);
            client_compound_begin(C, (struct wire_opaque){bytes, len}, 0);
            if (kind == 1)
                client_op_getfh(C);
            else if (kind == 2)
                client_compound_add_words(C, &illegal, 1);
            else
                client_op_putrootfh(C);
            if (kind == 3)
                client_compound_set_count(C, LIMIT_COMPOUND_OPS + 1);
            run(statuses[kind]);
            assert_int_equal(R->tag.len, len);
            if (len)
                assert_memory_equal(R->tag.data, bytes, len);
        }
}

static void open_is(const struct client_fh *dir, const struct OPEN4args *args, enum nfsstat4 status)
{
    struct client_owner *owner = client_mount_owner(&alice, "later versions");
    struct nfs_argop4 op = {.argop = OP_OPEN, .opopen = *args};

    op.opopen.seqid = owner->seqid;
    op.opopen.owner = (struct state_owner4){owner->clientid, client_text(owner->name)};
    begin(&alice, dir);
    client_compound_add(C, &op);
    run(status);
    if (client_owner_advances(status))
        owner->seqid = client_owner_next(owner->seqid);
}

/* What 4.1 added to OPEN: flags that 4.0 does not have, and arms that its unions do not have. */
static void open_of_v41(void **state)
{
    static const uint32_t wants[] = {
        OPEN4_SHARE_ACCESS_WANT_READ_DELEG,
        OPEN4_SHARE_ACCESS_WANT_ANY_DELEG,
        OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
        OPEN4_SHARE_ACCESS_WANT_CANCEL,
        OPEN4_SHARE_ACCESS_WANT_SIGNAL_DELEG_WHEN_RESRC_AVAIL,
        OPEN4_SHARE_ACCESS_WANT_PUSH_DELEG_WHEN_UNCONTENDED,
    };
    static const enum open_claim_type4 claims[] = {CLAIM_FH, CLAIM_DELEG_CUR_FH,
                                                   CLAIM_DELEG_PREV_FH};
    struct client_fh dir = script_dir(*state), file = make_file(&alice, &dir, "file");
    struct OPEN4args args = {.share_access = OPEN4_SHARE_ACCESS_READ,
                             .claim = {.claim = CLAIM_NULL, .file = client_text("file")}};

    for (size_t i = 0; i < ARRAY_SIZE(wants); i++) {
        args.share_access = OPEN4_SHARE_ACCESS_READ | wants[i];
        open_is(&dir, &args, NFS4ERR_INVAL);
    }
    args.share_access = OPEN4_SHARE_ACCESS_READ;
    for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
        args.claim = (struct open_claim4){.claim = claims[i]};
        open_is(&file, &args, NFS4ERR_BADXDR);
    }
    args.claim = (struct open_claim4){.claim = CLAIM_NULL, .file = client_text("new")};
    args.openhow = (struct openflag4){.opentype = OPEN4_CREATE, .how = {.mode = EXCLUSIVE4_1}};
    open_is(&dir, &args, NFS4ERR_BADXDR);
    begin(&alice, &dir);
    client_op_lookup(C, "new");
    run(NFS4ERR_NOENT);
}

/* Attributes above 55, the last of 4.0: not supported, left out where they are requested. */
static void attributes_of_v41(void **state)
{
    static const uint32_t v41[] = {FATTR4_MOUNTED_ON_FILEID + 1, FATTR4_SUPPATTR_EXCLCREAT,
                                   FATTR4_FS_CHARSET_CAP};
    static uint8_t words[8] = {0};
    struct client_fh dir = script_dir(*state);
    struct nfs4_attrs attrs = attrs_of(&alice, &dir, CLIENT_BITS(FATTR4_SUPPORTED_ATTRS));

    for (uint32_t bit = FATTR4_MOUNTED_ON_FILEID + 1; bit < 32 * LIMIT_BITMAP_WORDS; bit++)
        assert_false(bitmap4_isset(&attrs.supported_attrs, bit));
    assert_true(bitmap4_isset(&attrs.supported_attrs, FATTR4_MOUNTED_ON_FILEID));
    for (size_t i = 0; i < ARRAY_SIZE(v41); i++) {
        const struct fattr4 fattr = {CLIENT_BITS(v41[i]), {words, 4}};
        struct nfs_argop4 ops[] = {
            {.argop = OP_CREATE,
             .opcreate = {.objtype = {.type = NF4DIR},
                          .objname = client_text("new"),
                          .createattrs = fattr}},
            {.argop = OP_SETATTR, .opsetattr = {.obj_attributes = fattr}},
            {.argop = OP_VERIFY, .opverify = {fattr}},
            {.argop = OP_NVERIFY, .opnverify = {fattr}},
        };

        for (size_t j = 0; j < ARRAY_SIZE(ops); j++) {
            begin(&alice, &dir);
            client_compound_add(C, &ops[j]);
            run(NFS4ERR_ATTRNOTSUPP);
        }
        begin(&alice, &dir);
        client_op_getattr(C, CLIENT_BITS(FATTR4_TYPE, v41[i]));
        run(NFS4_OK);
        assert_false(bitmap4_isset(&result(OP_GETATTR)->opgetattr.obj_attributes.attrmask, v41[i]));
        assert_int_equal(result(OP_GETATTR)->opgetattr.obj_attributes.attr_vals.len, 4);
    }
}

/* RFC 7530 §16.31.4; in 4.1 SECINFO consumes it. */
static void secinfo_keeps_the_filehandle(void **state)
{
    struct client_fh dir = script_dir(*state), after;
    struct nfs_argop4 op = {.argop = OP_SECINFO, .opsecinfo = {client_text("file")}};

    (void)make_file(&alice, &dir, "file");
    begin(&alice, &dir);
    client_compound_add(C, &op);
    client_op_getfh(C);
    run(NFS4_OK);
    assert_true(result(OP_SECINFO)->opsecinfo.flavors_count > 0);
    after = result_fh();
    assert_int_equal(after.len, dir.len);
    assert_memory_equal(after.data, dir.data, dir.len);
}

/* W17: there is no current stateid. */
static void no_current_stateid(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_file file = make_open(&alice, &dir, "file");

    begin(&alice, &file.fh);
    client_op_read(C, &file.stateid, 0, 1);
    client_op_read(C, &client_stateid_current, 0, 1);
    run(NFS4ERR_BAD_STATEID);
    assert_int_equal(R->count, 3);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),
        cmocka_unit_test(illegal_numbers),
        ON_BOTH(operations_of_v41),
        cmocka_unit_test(too_many_operations),
        cmocka_unit_test(too_few_operations),
        ON_BOTH(ends_with_the_first_error),
        cmocka_unit_test(without_arguments),
        cmocka_unit_test(tags),
        ON_BOTH(open_of_v41),
        ON_BOTH(attributes_of_v41),
        ON_BOTH(secinfo_keeps_the_filehandle),
        ON_BOTH(no_current_stateid),
    };

    return test_group_run_fixtures(tests, script_setup_v40_default, script_teardown);
}
