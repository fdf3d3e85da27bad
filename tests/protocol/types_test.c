/* SPDX-License-Identifier: Apache-2.0 */
/* The error of each operation on an object of a type that it does not act on. */
#include <string.h>

#include "script.h"
#include "wire/op_table.h"

enum kind {
    DIRECTORY,
    REGULAR,
    SYMLINK,
    FIFO,
    ATTRDIR,
    NAMEDATTR,
    KINDS
};

static struct client_fh fhs[KINDS];

static struct client_fh make(const struct client_fh *dir, const char *name, enum nfs_ftype4 type)
{
    begin(&alice, dir);
    client_op_create(C, name, type, "target", 0777);
    client_op_getfh(C);
    run(NFS4_OK);
    return result_fh();
}

/* The operation with arguments that are valid except for the object. */
static void add(uint32_t op)
{
    static uint8_t zero[8];

    switch (op) {
    case OP_CREATE:
        client_op_create(C, "new", NF4DIR, NULL, 0777);
        break;
    case OP_LINK:
        client_op_link(C, "new");
        break;
    case OP_LOCK:
        client_op_lock_new(C, &client_stateid_anonymous, client_mount_clientid(&alice), "owner",
                           READ_LT, 0, 1);
        break;
    case OP_LOCKT:
        client_compound_add(
            C, &(struct nfs_argop4){
                   .argop = OP_LOCKT,
                   .oplockt = {.locktype = READ_LT,
                               .offset = 0,
                               .length = 1,
                               .owner = {client_mount_clientid(&alice), client_text("owner")}}});
        break;
    case OP_LOCKU:
        client_compound_add(
            C, &(struct nfs_argop4){.argop = OP_LOCKU,
                                    .oplocku = {.locktype = READ_LT, .offset = 0, .length = 1}});
        break;
    case OP_LOOKUP:
        client_op_lookup(C, "name");
        break;
    case OP_OPEN:
        script_op_open(&alice, &(struct client_open){.owner = "types",
                                                     .access = OPEN4_SHARE_ACCESS_READ,
                                                     .name = "name"});
        break;
    case OP_OPENATTR:
        client_compound_add(C, &(struct nfs_argop4){.argop = OP_OPENATTR, .opopenattr = {true}});
        break;
    case OP_OPEN_DOWNGRADE:
        client_compound_add(C, &(struct nfs_argop4){.argop = OP_OPEN_DOWNGRADE,
                                                    .opopen_downgrade = {.share_access = 1}});
        break;
    case OP_READ:
        client_op_read(C, &client_stateid_anonymous, 0, 1);
        break;
    case OP_READDIR:
        client_op_readdir(C, 0, NULL, 4096, CLIENT_BITS(FATTR4_TYPE));
        break;
    case OP_REMOVE:
        client_op_remove(C, "name");
        break;
    case OP_RENAME:
        client_op(C, OP_SAVEFH);
        client_op_rename(C, "name", "new");
        break;
    case OP_SECINFO:
        client_compound_add(
            C, &(struct nfs_argop4){.argop = OP_SECINFO, .opsecinfo = {client_text("name")}});
        break;
    case OP_SECINFO_NO_NAME:
        client_compound_add(C, &(struct nfs_argop4){.argop = OP_SECINFO_NO_NAME,
                                                    .opsecinfo_no_name = {SECINFO_STYLE4_PARENT}});
        break;
    case OP_SETATTR:
        client_compound_add(
            C, &(struct nfs_argop4){.argop = OP_SETATTR,
                                    .opsetattr = {.obj_attributes = {CLIENT_BITS(FATTR4_SIZE),
                                                                     {zero, sizeof(zero)}}}});
        break;
    case OP_WRITE:
        client_op_write(C, &client_stateid_anonymous, 0, UNSTABLE4, "x", 1);
        break;
    default: /* no arguments, or none that matter */
        script_op_zeroed(op);
    }
}

#define NOTDIR NFS4ERR_NOTDIR
#define ISDIR NFS4ERR_ISDIR
#define LINK NFS4ERR_SYMLINK
#define WRONG NFS4ERR_WRONG_TYPE
#define BAD_ID NFS4ERR_BAD_STATEID
#define ANY NFS4_OK /* may succeed, or fail for another reason */

/* RFC 8881 §15.2 allows SYMLINK or ISDIR for some operations and not for others. */
static const struct {
    uint32_t op;
    /* For a directory, a file, a symlink, a FIFO, an attribute directory, a named attribute. */
    enum nfsstat4 status[KINDS];
} cases[] = {
    {OP_COMMIT, {ISDIR, ANY, LINK, WRONG, ISDIR, ANY}},
    {OP_CREATE, {ANY, NOTDIR, NOTDIR, NOTDIR, WRONG, NOTDIR}},
    {OP_LOCK, {ISDIR, ANY, LINK, WRONG, ISDIR, ANY}},
    {OP_LOCKT, {ISDIR, ANY, LINK, WRONG, ISDIR, ANY}},
    {OP_LOCKU, {BAD_ID, BAD_ID, BAD_ID, BAD_ID, BAD_ID, BAD_ID}},
    {OP_LOOKUP, {ANY, NOTDIR, LINK, NOTDIR, ANY, NOTDIR}},
    {OP_LOOKUPP, {ANY, NOTDIR, LINK, NOTDIR, ANY, NOTDIR}},
    {OP_OPEN, {ANY, NOTDIR, LINK, NOTDIR, ANY, NOTDIR}},
    {OP_OPENATTR, {ANY, ANY, ANY, ANY, WRONG, WRONG}},
    {OP_OPEN_DOWNGRADE, {BAD_ID, BAD_ID, BAD_ID, BAD_ID, BAD_ID, BAD_ID}},
    {OP_READ, {ISDIR, ANY, LINK, WRONG, ISDIR, ANY}},
    {OP_READDIR, {ANY, NOTDIR, NOTDIR, NOTDIR, ANY, NOTDIR}},
    {OP_READLINK, {WRONG, WRONG, ANY, WRONG, WRONG, WRONG}},
    {OP_REMOVE, {ANY, NOTDIR, NOTDIR, NOTDIR, ANY, NOTDIR}},
    {OP_RENAME, {ANY, NOTDIR, NOTDIR, NOTDIR, ANY, NOTDIR}},
    {OP_SECINFO, {ANY, NOTDIR, NOTDIR, NOTDIR, ANY, NOTDIR}},
    {OP_SECINFO_NO_NAME, {ANY, NOTDIR, NOTDIR, NOTDIR, ANY, NOTDIR}},
    {OP_SETATTR, {ISDIR, ANY, NFS4ERR_INVAL, NFS4ERR_INVAL, ISDIR, ANY}},
    {OP_WRITE, {ISDIR, ANY, LINK, WRONG, ISDIR, ANY}},
};

/* 4.0 has no WRONG_TYPE, and lacks some of these operations; its LOCK finds the owner by the
 * stateid. */
static enum nfsstat4 expected(uint32_t op, enum nfsstat4 status)
{
    if (script_minor > 0)
        return status;
    if (op == OP_LOCK)
        return BAD_ID;
    if (status == WRONG)
        return op == OP_OPENATTR ? NFS4ERR_NOTSUPP : NFS4ERR_INVAL;
    return op > OP_RELEASE_LOCKOWNER ? ANY : status;
}

static void call_and_compare(uint32_t op, enum kind kind, enum nfsstat4 status)
{
    client_result_free(R);
    assert_int_equal(client_compound_call(&alice.conn, C, R), CLIENT_OK);
    if (status == ANY)
        return;
    if (R->status != status || R->ops[R->count - 1].resop != op)
        fail_msg("%s of kind %d: %s instead of %s", op_info(op)->name, kind, status_name(R->status),
                 status_name(status));
}

static void wrong_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        for (unsigned kind = 0; kind < KINDS; kind++) {
            begin(&alice, &fhs[kind]);
            add(cases[i].op);
            call_and_compare(cases[i].op, (enum kind)kind,
                             expected(cases[i].op, cases[i].status[kind]));
        }
    }
}

/* The saved filehandle is the object, the current one the directory. */
static void link_of_wrong_type(void **state)
{
    static const struct {
        enum kind object, dir;
        enum nfsstat4 status;
    } links[] = {
        {DIRECTORY, DIRECTORY, ISDIR},        {REGULAR, REGULAR, NOTDIR},
        {REGULAR, SYMLINK, NOTDIR},           {REGULAR, FIFO, NOTDIR},
        {REGULAR, NAMEDATTR, NOTDIR},         {DIRECTORY, ATTRDIR, NFS4ERR_XDEV},
        {REGULAR, ATTRDIR, NFS4ERR_XDEV},     {ATTRDIR, DIRECTORY, ISDIR},
        {NAMEDATTR, DIRECTORY, NFS4ERR_XDEV}, {NAMEDATTR, ATTRDIR, NFS4ERR_NOTSUPP},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
        begin_two(&alice, &fhs[links[i].object], &fhs[links[i].dir]);
        add(OP_LINK);
        call_and_compare(OP_LINK, links[i].dir, links[i].status);
    }
}

static int setup(void **state)
{
    struct client_fh dir;

    if (script_setup_default(state) != 0)
        return -1;
    dir = script_dir(script_mem);
    fhs[DIRECTORY] = make(&dir, "directory", NF4DIR);
    fhs[REGULAR] = make_file(&alice, &dir, "file");
    fhs[SYMLINK] = make(&dir, "symlink", NF4LNK);
    fhs[FIFO] = make(&dir, "fifo", NF4FIFO);
    begin(&alice, &fhs[REGULAR]);
    add(OP_OPENATTR);
    client_op_getfh(C);
    run(NFS4_OK);
    fhs[ATTRDIR] = result_fh();
    fhs[NAMEDATTR] = make_open(&alice, &fhs[ATTRDIR], "name").fh; /* still open after its REMOVE */
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_type),
        cmocka_unit_test(link_of_wrong_type),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}
