/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A backend that fails: each call that an operation makes into it, with each status that it may
 * have, and what the client is told.  The backend is mem, one call of which fails on demand.
 * unit.proto.ops.faults_v40 and _v42 are the same in minor versions 0 and 2 (FAULTS_V40,
 * FAULTS_V42).
 */
#include <string.h>

#include "base/check.h"
#include "lib/test.h"
#include "lib/vfs_status_name.h"
#ifdef FAULTS_V40
#include "unit/proto/v40/v40_fixture.h"
#else
#include "unit/proto/v41/v41_fixture.h"
#endif
#include "wire/op_table.h"

/* The calls of struct vfs_ops that can fail. */
#define FAULTS(X)                                                                                  \
    X(statfs)                                                                                      \
    X(getattr)                                                                                     \
    X(access)                                                                                      \
    X(lookup)                                                                                      \
    X(parent)                                                                                      \
    X(create)                                                                                      \
    X(readlink)                                                                                    \
    X(readdir)                                                                                     \
    X(remove)                                                                                      \
    X(rename)                                                                                      \
    X(link)                                                                                        \
    X(open)                                                                                        \
    X(setattr)                                                                                     \
    X(read)                                                                                        \
    X(write)                                                                                       \
    X(commit)                                                                                      \
    X(allocate)                                                                                    \
    X(deallocate)                                                                                  \
    X(seek)                                                                                        \
    X(read_plus)                                                                                   \
    X(clone)                                                                                       \
    X(copy)                                                                                        \
    X(openattr)                                                                                    \
    X(resolve)

enum fault {
#define X(name) FAULT_##name,
    FAULTS(X)
#undef X
};

static const struct vfs_ops *real;
static struct vfs_ops faulty;

/* The next call of that kind fails, and only that one. */
static enum fault fault_call;
static _Atomic(enum vfs_status) fault_status;

static bool fails(enum fault call, enum vfs_status *status)
{
    if (call != fault_call)
        return false;
    *status = atomic_exchange(&fault_status, VFS_OK);
    return *status != VFS_OK;
}

#define FAIL_IF_ASKED(name)                                                                        \
    enum vfs_status status;                                                                        \
    if (fails(FAULT_##name, &status))                                                              \
    return status

static enum vfs_status fault_statfs(struct vfs_object *obj, struct vfs_statfs *out)
{
    FAIL_IF_ASKED(statfs);
    return real->statfs(obj, out);
}

static enum vfs_status fault_getattr(struct vfs_object *obj, uint32_t mask, struct vfs_attr *out)
{
    FAIL_IF_ASKED(getattr);
    return real->getattr(obj, mask, out);
}

static enum vfs_status fault_access(struct vfs_object *obj, const struct vfs_cred *cred,
                                    uint32_t want, uint32_t *granted)
{
    FAIL_IF_ASKED(access);
    return real->access(obj, cred, want, granted);
}

static enum vfs_status fault_lookup(struct vfs_object *dir, const struct vfs_cred *cred,
                                    const struct vfs_name *name, struct vfs_object **out)
{
    FAIL_IF_ASKED(lookup);
    return real->lookup(dir, cred, name, out);
}

static enum vfs_status fault_parent(struct vfs_object *dir, const struct vfs_cred *cred,
                                    struct vfs_object **out)
{
    FAIL_IF_ASKED(parent);
    return real->parent(dir, cred, out);
}

static enum vfs_status fault_create(struct vfs_object *dir, const struct vfs_cred *cred,
                                    const struct vfs_name *name, struct vfs_create *create,
                                    struct vfs_change_info *info, struct vfs_object **out)
{
    FAIL_IF_ASKED(create);
    return real->create(dir, cred, name, create, info, out);
}

static enum vfs_status fault_readlink(struct vfs_object *obj, const struct vfs_cred *cred,
                                      char *buf, uint32_t size, uint32_t *len)
{
    FAIL_IF_ASKED(readlink);
    return real->readlink(obj, cred, buf, size, len);
}

static enum vfs_status fault_readdir(struct vfs_object *dir, const struct vfs_cred *cred,
                                     struct vfs_readdir *rd)
{
    FAIL_IF_ASKED(readdir);
    return real->readdir(dir, cred, rd);
}

static enum vfs_status fault_remove(struct vfs_object *dir, const struct vfs_cred *cred,
                                    const struct vfs_name *name, struct vfs_change_info *info)
{
    FAIL_IF_ASKED(remove);
    return real->remove(dir, cred, name, info);
}

static enum vfs_status fault_rename(struct vfs_object *from_dir, const struct vfs_name *from,
                                    struct vfs_object *to_dir, const struct vfs_name *to,
                                    const struct vfs_cred *cred, struct vfs_change_info *from_info,
                                    struct vfs_change_info *to_info)
{
    FAIL_IF_ASKED(rename);
    return real->rename(from_dir, from, to_dir, to, cred, from_info, to_info);
}

static enum vfs_status fault_link(struct vfs_object *obj, struct vfs_object *dir,
                                  const struct vfs_cred *cred, const struct vfs_name *name,
                                  struct vfs_change_info *info)
{
    FAIL_IF_ASKED(link);
    return real->link(obj, dir, cred, name, info);
}

static enum vfs_status fault_open(struct vfs_object *obj, const struct vfs_cred *cred,
                                  enum vfs_open_want want, bool created)
{
    FAIL_IF_ASKED(open);
    return real->open(obj, cred, want, created);
}

static enum vfs_status fault_setattr(struct vfs_object *obj, const struct vfs_cred *cred,
                                     const struct vfs_attr *set, bool opened, uint32_t *applied)
{
    FAIL_IF_ASKED(setattr);
    return real->setattr(obj, cred, set, opened, applied);
}

static enum vfs_status fault_read(struct vfs_object *obj, struct vfs_read *io)
{
    FAIL_IF_ASKED(read);
    return real->read(obj, io);
}

static enum vfs_status fault_write(struct vfs_object *obj, const struct vfs_cred *cred,
                                   uint64_t offset, const void *data, uint32_t len,
                                   enum vfs_stability want, uint32_t *written,
                                   enum vfs_stability *reached)
{
    FAIL_IF_ASKED(write);
    return real->write(obj, cred, offset, data, len, want, written, reached);
}

static enum vfs_status fault_commit(struct vfs_object *obj, const struct vfs_cred *cred,
                                    uint64_t offset, uint64_t len)
{
    FAIL_IF_ASKED(commit);
    return real->commit(obj, cred, offset, len);
}

static enum vfs_status fault_allocate(struct vfs_object *obj, const struct vfs_cred *cred,
                                      uint64_t offset, uint64_t length)
{
    FAIL_IF_ASKED(allocate);
    return real->allocate(obj, cred, offset, length);
}

static enum vfs_status fault_deallocate(struct vfs_object *obj, const struct vfs_cred *cred,
                                        uint64_t offset, uint64_t length)
{
    FAIL_IF_ASKED(deallocate);
    return real->deallocate(obj, cred, offset, length);
}

static enum vfs_status fault_seek(struct vfs_object *obj, enum vfs_content what, uint64_t offset,
                                  uint64_t *found, bool *eof)
{
    FAIL_IF_ASKED(seek);
    return real->seek(obj, what, offset, found, eof);
}

static enum vfs_status fault_read_plus(struct vfs_object *obj, struct vfs_read_plus *io)
{
    FAIL_IF_ASKED(read_plus);
    return real->read_plus(obj, io);
}

static enum vfs_status fault_clone(struct vfs_object *from, uint64_t from_offset,
                                   struct vfs_object *to, uint64_t to_offset, uint64_t length,
                                   const struct vfs_cred *cred)
{
    FAIL_IF_ASKED(clone);
    return real->clone(from, from_offset, to, to_offset, length, cred);
}

static enum vfs_status fault_copy(struct vfs_object *from, uint64_t from_offset,
                                  struct vfs_object *to, uint64_t to_offset, uint64_t length,
                                  const struct vfs_cred *cred, uint64_t *copied)
{
    FAIL_IF_ASKED(copy);
    return real->copy(from, from_offset, to, to_offset, length, cred, copied);
}

static enum vfs_status fault_openattr(struct vfs_object *obj, const struct vfs_cred *cred,
                                      bool create, struct vfs_object **out)
{
    FAIL_IF_ASKED(openattr);
    return real->openattr(obj, cred, create, out);
}

static enum vfs_status fault_resolve(struct vfs *fs, const struct vfs_handle *handle,
                                     struct vfs_object **out)
{
    FAIL_IF_ASKED(resolve);
    return real->resolve(fs, handle, out);
}

static void make_faulty(struct vfs *fs)
{
    real = fs->ops;
    faulty = *real;
#define X(name) faulty.name = fault_##name;
    FAULTS(X)
#undef X
    fs->ops = &faulty;
}

static struct v41_call call;

#ifdef FAULTS_V40

static const bool v40 = true;
static uint64_t clientid;
static uint32_t seqid = 1; /* of the one owner */

static void client_make(void)
{
    static struct v40_caller caller;

    v40_caller_init(&caller, v41_fd);
    clientid = v40_client(&caller, "client");
}

static void begin(void)
{
    v41_begin(&call);
    call.minor = 0;
}

#else

static const bool v40 = false;
static const uint64_t clientid = 0; /* determined by the session */
static uint32_t seqid;
static struct v41_session session;

static void begin(void)
{
    v41_begin_in(&call, &session, false);
}

static void client_make(void)
{
    v41_session_make(v41_fd, "client", NULL, &session);
    begin();
    v41_put(&call, &(struct nfs_argop4){.argop = OP_RECLAIM_COMPLETE});
    assert_int_equal(v41_last(&call)->status, NFS4_OK);
}

#endif

/* The three objects that operations act on. */
struct handle {
    uint32_t len;
    uint8_t data[NFS4_FHSIZE];
};
static struct handle dir, file, symlink, other; /* the last one in minor version 2 */

static struct wire_opaque text(const char *string)
{
    return (struct wire_opaque){(const uint8_t *)string, (uint32_t)strlen(string)};
}

static void put(struct nfs_argop4 *op)
{
    v41_put(&call, op);
}

static void put_void(uint32_t op)
{
    put(&(struct nfs_argop4){.argop = op});
}

static void put_fh(const struct handle *fh)
{
    put(&(struct nfs_argop4){.argop = OP_PUTFH, .opputfh = {.object = {fh->data, fh->len}}});
}

/* Store the handle that the GETFH at the end of the compound returned. */
static void keep_fh(struct handle *fh)
{
    const struct nfs_resop4 *result;

    put_void(OP_GETFH);
    result = v41_last(&call);
    assert_int_equal(result->status, NFS4_OK);
    fh->len = result->opgetfh.object.len;
    memcpy(fh->data, result->opgetfh.object.data, fh->len);
}

static struct nfs_argop4 open_args(const char *name, enum opentype4 type)
{
    return (struct nfs_argop4){
        .argop = OP_OPEN,
        .opopen = {.seqid = seqid,
                   .share_access = OPEN4_SHARE_ACCESS_BOTH,
                   .owner = {.clientid = clientid, .owner = text("owner")},
                   .openhow = {.opentype = type, .how = {.mode = UNCHECKED4}},
                   .claim = {.claim = CLAIM_NULL, .file = text(name)}}};
}

/* Confirm the open of a new owner. */
static void confirm(struct stateid4 stateid)
{
    if (!v40)
        return;
    seqid++;
    begin();
    put_fh(&file);
    put(&(struct nfs_argop4){.argop = OP_OPEN_CONFIRM, .opopen_confirm = {stateid, seqid++}});
    assert_int_equal(v41_last(&call)->status, NFS4_OK);
}

static int set_up(void **unused)
{
    struct stateid4 stateid;
    struct nfs_argop4 op;

    v41_backend_made = make_faulty;
#ifdef FAULTS_V42
    v41_minor = 2;
#endif
    v41_set_up(unused);
    client_make();
    begin();
    put_void(OP_PUTROOTFH);
    v41_op_mkdir(&call, "dir");
    keep_fh(&dir);
    begin();
    put_fh(&dir);
    op = open_args("file", OPEN4_CREATE);
    put(&op);
    stateid = v41_last(&call)->opopen.stateid;
    begin();
    put_fh(&dir);
    v41_op_lookup(&call, "file");
    keep_fh(&file);
    confirm(stateid);
    begin();
    put_fh(&dir);
    put(&(struct nfs_argop4){.argop = OP_CREATE,
                             .opcreate = {.objtype = {.type = NF4LNK, .linkdata = text("to")},
                                          .objname = text("link")}});
    keep_fh(&symlink);
    if (call.minor < 2)
        return 0;
    begin();
    put_fh(&dir);
    op = open_args("other", OPEN4_CREATE);
    put(&op);
    assert_int_equal(v41_last(&call)->status, NFS4_OK);
    begin();
    put_fh(&dir);
    v41_op_lookup(&call, "other");
    keep_fh(&other);
    return 0;
}

static int tear_down(void **unused)
{
    v41_backend_made = NULL;
    return v41_tear_down(unused);
}

/* The bitmap4 that requests one attribute. */
static struct bitmap4 bit(uint32_t attribute)
{
    struct bitmap4 bits = {.count = 3};

    bitmap4_set(&bits, attribute);
    return bits;
}

/* A fattr4 of one word or two. */
static struct fattr4 fattr(uint32_t attribute, uint32_t len)
{
    static const uint8_t zero[8];

    return (struct fattr4){.attrmask = bit(attribute), .attr_vals = {zero, len}};
}

static void put_access(void)
{
    put_fh(&file);
    put(&(struct nfs_argop4){.argop = OP_ACCESS, .opaccess = {.access = ACCESS4_READ}});
}

static void put_allocate(void)
{
    put_fh(&file);
    put(&(struct nfs_argop4){.argop = OP_ALLOCATE, .opallocate = {.aa_length = 1}});
}

static void put_deallocate(void)
{
    put_fh(&file);
    put(&(struct nfs_argop4){.argop = OP_DEALLOCATE, .opdeallocate = {.da_length = 1}});
}

static void put_seek(void)
{
    put_fh(&file);
    put_void(OP_SEEK);
}

static void put_read_plus(void)
{
    put_fh(&file);
    put_void(OP_READ_PLUS);
}

static void put_clone(void)
{
    put_fh(&file);
    put_void(OP_SAVEFH);
    put_void(OP_CLONE);
}

static void put_copy(void)
{
    put_fh(&file);
    put(&(struct nfs_argop4){.argop = OP_WRITE, .opwrite = {.data = text("data")}});
    put_void(OP_SAVEFH);
    put_fh(&other);
    put(&(struct nfs_argop4){.argop = OP_COPY, .opcopy = {.ca_synchronous = true}});
}

static void put_commit(void)
{
    put_fh(&file);
    put_void(OP_COMMIT);
}

static void put_create(void)
{
    put_fh(&dir);
    v41_op_mkdir(&call, "new");
}

static void put_getattr(void)
{
    put_fh(&file);
    put(&(struct nfs_argop4){.argop = OP_GETATTR, .opgetattr = {.attr_request = bit(FATTR4_SIZE)}});
}

static void put_getattr_space(void)
{
    put_fh(&file);
    put(&(struct nfs_argop4){.argop = OP_GETATTR,
                             .opgetattr = {.attr_request = bit(FATTR4_SPACE_FREE)}});
}

static void put_link(void)
{
    put_fh(&file);
    put_void(OP_SAVEFH);
    put_fh(&dir);
    put(&(struct nfs_argop4){.argop = OP_LINK, .oplink = {.newname = text("new")}});
}

static void put_lookup(void)
{
    put_fh(&dir);
    v41_op_lookup(&call, "file");
}

static void put_lookupp(void)
{
    put_fh(&dir);
    put_void(OP_LOOKUPP);
}

static void put_nverify(void)
{
    put_fh(&file);
    put(&(struct nfs_argop4){.argop = OP_NVERIFY,
                             .opnverify = {.obj_attributes = fattr(FATTR4_SIZE, 8)}});
}

static void put_verify(void)
{
    put_fh(&file);
    put(&(struct nfs_argop4){.argop = OP_VERIFY,
                             .opverify = {.obj_attributes = fattr(FATTR4_SIZE, 8)}});
}

static void put_open(void)
{
    struct nfs_argop4 op = open_args("file", OPEN4_NOCREATE);

    put_fh(&dir);
    put(&op);
}

static void put_open_create(void)
{
    struct nfs_argop4 op = open_args("new", OPEN4_CREATE);

    put_fh(&dir);
    put(&op);
}

static void put_open_truncate(void)
{
    struct nfs_argop4 op = open_args("file", OPEN4_CREATE);

    op.opopen.openhow.how.createattrs = fattr(FATTR4_SIZE, 8);
    put_fh(&dir);
    put(&op);
}

static void put_openattr(void)
{
    put_fh(&file);
    put(&(struct nfs_argop4){.argop = OP_OPENATTR, .opopenattr = {.createdir = true}});
}

static void put_putfh(void)
{
    put_fh(&file);
}

static void put_read(void)
{
    put_fh(&file);
    put(&(struct nfs_argop4){.argop = OP_READ, .opread = {.count = 10}});
}

static void put_readdir(void)
{
    put_fh(&dir);
    put(&(struct nfs_argop4){.argop = OP_READDIR, .opreaddir = {.maxcount = 1000}});
}

static void put_readlink(void)
{
    put_fh(&symlink);
    put_void(OP_READLINK);
}

static void put_remove(void)
{
    put_fh(&dir);
    put(&(struct nfs_argop4){.argop = OP_REMOVE, .opremove = {.target = text("link")}});
}

static void put_rename(void)
{
    put_fh(&dir);
    put_void(OP_SAVEFH);
    put(&(struct nfs_argop4){.argop = OP_RENAME,
                             .oprename = {.oldname = text("file"), .newname = text("new")}});
}

static void put_secinfo(void)
{
    put_fh(&dir);
    put(&(struct nfs_argop4){.argop = OP_SECINFO, .opsecinfo = {.name = text("file")}});
}

static void put_secinfo_parent(void)
{
    put_fh(&dir);
    put(&(struct nfs_argop4){.argop = OP_SECINFO_NO_NAME,
                             .opsecinfo_no_name = {.style = SECINFO_STYLE4_PARENT}});
}

static void put_setattr(void)
{
    put_fh(&file);
    put(&(struct nfs_argop4){.argop = OP_SETATTR,
                             .opsetattr = {.obj_attributes = fattr(FATTR4_MODE, 4)}});
}

static void put_write(void)
{
    put_fh(&file);
    put(&(struct nfs_argop4){.argop = OP_WRITE, .opwrite = {.data = text("data")}});
}

#define STATUSES_MAX 8
#define ANY VFS_IO, VFS_STALE, VFS_DELAY, VFS_SERVERFAULT

static const struct {
    void (*put)(void);
    uint32_t op;
    enum fault call;
    enum vfs_status statuses[STATUSES_MAX]; /* ended by VFS_OK */
} cases[] = {
    {put_access, OP_ACCESS, FAULT_access, {ANY}},
    {put_allocate, OP_ALLOCATE, FAULT_allocate, {ANY, VFS_NOSPC, VFS_DQUOT, VFS_FBIG, VFS_NOTSUPP}},
    {put_deallocate, OP_DEALLOCATE, FAULT_deallocate, {ANY, VFS_NOSPC, VFS_FBIG, VFS_NOTSUPP}},
    {put_seek, OP_SEEK, FAULT_seek, {ANY, VFS_NOTSUPP}},
    {put_read_plus, OP_READ_PLUS, FAULT_read_plus, {ANY, VFS_NOTSUPP}},
    {put_clone, OP_CLONE, FAULT_clone, {ANY, VFS_NOSPC, VFS_DQUOT, VFS_FBIG, VFS_XDEV}},
    {put_copy, OP_COPY, FAULT_copy, {ANY, VFS_NOSPC, VFS_DQUOT, VFS_FBIG}},
    {put_commit, OP_COMMIT, FAULT_commit, {ANY, VFS_NOSPC, VFS_DQUOT}},
    {put_create, OP_CREATE, FAULT_create, {ANY, VFS_NOSPC, VFS_DQUOT, VFS_MLINK}},
    {put_getattr, OP_GETATTR, FAULT_getattr, {ANY}},
    {put_getattr_space, OP_GETATTR, FAULT_statfs, {ANY}},
    {put_link, OP_LINK, FAULT_link, {ANY, VFS_NOSPC, VFS_DQUOT, VFS_MLINK}},
    {put_lookup, OP_LOOKUP, FAULT_lookup, {ANY}},
    {put_lookupp, OP_LOOKUPP, FAULT_parent, {ANY}},
    {put_nverify, OP_NVERIFY, FAULT_getattr, {ANY}},
    {put_open, OP_OPEN, FAULT_lookup, {ANY}},
    {put_open, OP_OPEN, FAULT_open, {ANY}},
    {put_open_create, OP_OPEN, FAULT_create, {ANY, VFS_NOSPC, VFS_DQUOT}},
    {put_open_truncate, OP_OPEN, FAULT_setattr, {ANY, VFS_NOSPC, VFS_DQUOT, VFS_FBIG}},
    {put_openattr, OP_OPENATTR, FAULT_openattr, {ANY, VFS_NOSPC, VFS_DQUOT}},
    {put_putfh, OP_PUTFH, FAULT_resolve, {ANY}},
    {put_read, OP_READ, FAULT_access, {ANY}},
    {put_read, OP_READ, FAULT_read, {ANY}},
    {put_readdir, OP_READDIR, FAULT_readdir, {ANY}},
    {put_readlink, OP_READLINK, FAULT_readlink, {ANY}},
    {put_remove, OP_REMOVE, FAULT_remove, {ANY}},
    {put_rename, OP_RENAME, FAULT_rename, {ANY, VFS_NOSPC, VFS_DQUOT, VFS_MLINK}},
    {put_secinfo, OP_SECINFO, FAULT_lookup, {ANY}},
    {put_secinfo_parent, OP_SECINFO_NO_NAME, FAULT_parent, {ANY}},
    {put_setattr, OP_SETATTR, FAULT_setattr, {ANY, VFS_NOSPC, VFS_DQUOT, VFS_FBIG}},
    {put_verify, OP_VERIFY, FAULT_getattr, {ANY}},
    {put_write, OP_WRITE, FAULT_write, {ANY, VFS_NOSPC, VFS_DQUOT, VFS_FBIG}},
};

/* IO is not listed for operations that read no data and no attributes (RFC 8881 §15.2).  And OPEN
 * looks again for a file that was there under its name, and is gone. */
static enum nfsstat4 expected(uint32_t op, enum fault of, enum vfs_status status)
{
    bool no_io = op == OP_PUTFH || op == OP_SECINFO || op == OP_SECINFO_NO_NAME;
    bool again = op == OP_OPEN && (of == FAULT_open || of == FAULT_setattr);

    if (status == VFS_STALE && again)
        return NFS4_OK;
    return status == VFS_IO && no_io ? NFS4ERR_SERVERFAULT : status_from_vfs(status);
}

static void told_to_the_client(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        if (op_info(cases[i].op)->minor_first > call.minor)
            continue;
        for (size_t j = 0; j < STATUSES_MAX && cases[i].statuses[j] != VFS_OK; j++) {
            enum vfs_status status = cases[i].statuses[j];
            const struct nfs_resop4 *result;

            begin();
            cases[i].put();
            fault_call = cases[i].call;
            atomic_store(&fault_status, status);
            result = v41_last(&call);
            seqid += cases[i].op == OP_OPEN; /* which 4.1 ignores */
            if (result->resop != cases[i].op ||
                result->status != expected(cases[i].op, cases[i].call, status))
                fail_msg("%s: %s became %u", op_info(cases[i].op)->name, vfs_status_name(status),
                         result->status);
            assert_int_equal(atomic_load(&fault_status), VFS_OK);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(told_to_the_client, set_up, tear_down),
    };

    return test_group_run(tests);
}
