/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READDIR_BYTES 32768u
#define READDIR_CALLS 100000u
#define TREE_DEPTH 8u
#define PATH_COMPONENTS 32u

void client_file_result_fh(const struct client_result *r, struct client_fh *fh)
{
    const struct nfs_resop4 *op = client_result_lookup(r, OP_GETFH);

    memset(fh, 0, sizeof(*fh));
    if (!op || op->status != NFS4_OK)
        return;
    fh->len = op->opgetfh.object.len;
    memcpy(fh->data, op->opgetfh.object.data, fh->len);
}

static enum nfsstat4 call_for_fh(struct client_mount *mount, struct client_compound *c,
                                 struct client_fh *fh)
{
    struct client_result r;
    enum nfsstat4 status;

    client_op_getfh(c);
    status = client_mount_call(mount, c, &r);
    client_file_result_fh(&r, fh);
    client_result_free(&r);
    return status;
}

enum nfsstat4 client_file_lookup(struct client_mount *mount, const char *path, struct client_fh *fh)
{
    char *copy = must_strdup(path), *rest = NULL;
    struct client_compound c;
    unsigned depth = 0;

    client_mount_begin(mount, &c);
    client_op_putrootfh(&c);
    for (char *name = strtok_r(copy, "/", &rest); name && depth < PATH_COMPONENTS;
         name = strtok_r(NULL, "/", &rest), depth++)
        client_op_lookup(&c, name);
    free(copy);
    return call_for_fh(mount, &c, fh);
}

enum nfsstat4 client_file_lookup_at(struct client_mount *mount, const struct client_fh *dir,
                                    const char *name, struct client_fh *fh)
{
    struct client_compound c;

    client_mount_begin(mount, &c);
    client_op_putfh(&c, dir);
    client_op_lookup(&c, name);
    return call_for_fh(mount, &c, fh);
}

enum nfsstat4 client_file_read(struct client_mount *mount, const struct client_file *file,
                               uint64_t offset, void *data, uint32_t len, uint32_t *got, bool *eof)
{
    struct client_compound c;
    struct client_result r;
    const struct nfs_resop4 *op;
    enum nfsstat4 status;

    *got = 0;
    *eof = false;
    client_mount_begin_uncached(mount, &c);
    client_op_putfh(&c, &file->fh);
    client_op_read(&c, &file->stateid, offset, len);
    status = client_mount_call(mount, &c, &r);
    op = client_result_lookup(&r, OP_READ);
    if (status == NFS4_OK && op && op->opread.data.len <= len) {
        *got = op->opread.data.len;
        *eof = op->opread.eof;
        if (*got)
            memcpy(data, op->opread.data.data, *got);
    }
    client_result_free(&r);
    return status;
}

enum nfsstat4 client_file_write(struct client_mount *mount, const struct client_file *file,
                                uint64_t offset, enum stable_how4 stable, const void *data,
                                uint32_t len, uint32_t *written)
{
    struct client_compound c;
    struct client_result r;
    const struct nfs_resop4 *op;
    enum nfsstat4 status;

    client_mount_begin(mount, &c);
    client_op_putfh(&c, &file->fh);
    client_op_write(&c, &file->stateid, offset, stable, data, len);
    status = client_mount_call(mount, &c, &r);
    op = client_result_lookup(&r, OP_WRITE);
    *written = status == NFS4_OK && op ? op->opwrite.count : 0;
    client_result_free(&r);
    return status;
}

static void text_copy(char *out, size_t size, const struct wire_opaque *in)
{
    (void)snprintf(out, size, "%.*s", (int)in->len, in->len ? (const char *)in->data : "");
}

enum nfsstat4 client_file_getattr(struct client_mount *mount, const struct client_fh *fh,
                                  struct bitmap4 bits, struct nfs4_attrs *attrs,
                                  struct client_owner_text *text)
{
    struct client_compound c;
    struct client_result r;
    const struct nfs_resop4 *op;
    enum nfsstat4 status;

    memset(attrs, 0, sizeof(*attrs));
    client_mount_begin(mount, &c);
    client_op_putfh(&c, fh);
    client_op_getattr(&c, bits);
    status = client_mount_call(mount, &c, &r);
    op = client_result_lookup(&r, OP_GETATTR);
    if (status == NFS4_OK && op &&
        !fattr_decode(&op->opgetattr.obj_attributes, attrs, &r.reply.arena)) {
        mount->trouble = CLIENT_MALFORMED;
        status = NFS4ERR_SERVERFAULT;
    }
    if (text) {
        text_copy(text->owner, sizeof(text->owner), &attrs->owner);
        text_copy(text->owner_group, sizeof(text->owner_group), &attrs->owner_group);
    }
    client_result_free(&r);
    return status;
}

enum nfsstat4 client_file_setattr(struct client_mount *mount, const struct client_fh *fh,
                                  struct bitmap4 which, const struct nfs4_attrs *attrs)
{
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_mount_begin(mount, &c);
    client_op_putfh(&c, fh);
    client_op_setattr(&c, &client_stateid_anonymous, which, attrs);
    status = client_mount_call(mount, &c, &r);
    client_result_free(&r);
    return status;
}

static enum nfsstat4 create(struct client_mount *mount, const struct client_fh *dir,
                            const char *name, enum nfs_ftype4 type, const char *target,
                            uint32_t mode, struct client_fh *fh)
{
    struct client_compound c;

    client_mount_begin(mount, &c);
    client_op_putfh(&c, dir);
    client_op_create(&c, name, type, target, mode);
    return call_for_fh(mount, &c, fh);
}

enum nfsstat4 client_file_mkdir(struct client_mount *mount, const struct client_fh *dir,
                                const char *name, struct client_fh *fh)
{
    return create(mount, dir, name, NF4DIR, NULL, 0755, fh);
}

enum nfsstat4 client_file_symlink(struct client_mount *mount, const struct client_fh *dir,
                                  const char *name, const char *target, struct client_fh *fh)
{
    return create(mount, dir, name, NF4LNK, target, 0777, fh);
}

enum nfsstat4 client_file_remove(struct client_mount *mount, const struct client_fh *dir,
                                 const char *name)
{
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_mount_begin(mount, &c);
    client_op_putfh(&c, dir);
    client_op_remove(&c, name);
    status = client_mount_call(mount, &c, &r);
    client_result_free(&r);
    return status;
}

/* Pass on the entries of one reply. *more: another reply is to be requested from *cookie. */
static void entries_visit(const struct READDIR4resok *ok,
                          bool (*entry)(const struct entry4 *entry, void *context), void *context,
                          uint64_t *cookie, bool *more)
{
    *more = !ok->reply.eof && ok->reply.entries;
    for (const struct entry4 *e = ok->reply.entries; e; e = e->nextentry) {
        *cookie = e->cookie;
        if (!entry(e, context)) {
            *more = false;
            return;
        }
    }
}

enum nfsstat4 client_file_readdir(struct client_mount *mount, const struct client_fh *dir,
                                  struct bitmap4 bits,
                                  bool (*entry)(const struct entry4 *entry, void *context),
                                  void *context)
{
    uint8_t verifier[NFS4_VERIFIER_SIZE] = {0};
    enum nfsstat4 status = NFS4_OK;
    uint64_t cookie = 0;
    bool more = true;

    for (unsigned i = 0; more && status == NFS4_OK && i < READDIR_CALLS; i++) {
        struct client_compound c;
        struct client_result r;
        const struct nfs_resop4 *op;

        client_mount_begin_uncached(mount, &c);
        client_op_putfh(&c, dir);
        client_op_readdir(&c, cookie, verifier, READDIR_BYTES, bits);
        status = client_mount_call(mount, &c, &r);
        op = client_result_lookup(&r, OP_READDIR);
        more = false;
        if (status == NFS4_OK && op) {
            memcpy(verifier, op->opreaddir.cookieverf, sizeof(verifier));
            entries_visit(&op->opreaddir, entry, context, &cookie, &more);
        }
        client_result_free(&r);
    }
    return status;
}

/* The names of a directory, collected before any is removed. */
struct name_list {
    char **names;
    size_t count;
};

static bool name_gather(const struct entry4 *entry, void *context)
{
    struct name_list *list = context;
    char *name = must_malloc(entry->name.len + 1);

    memcpy(name, entry->name.data, entry->name.len);
    name[entry->name.len] = '\0';
    list->names = must_realloc(list->names, (list->count + 1) * sizeof(*list->names));
    list->names[list->count++] = name;
    return true;
}

static enum nfsstat4 remove_tree(struct client_mount *mount, const struct client_fh *dir,
                                 const char *name, unsigned depth)
{
    enum nfsstat4 status = client_file_remove(mount, dir, name);
    struct name_list list = {NULL, 0};
    struct client_fh fh;

    if (status != NFS4ERR_NOTEMPTY || depth == 0)
        return status;
    status = client_file_lookup_at(mount, dir, name, &fh);
    if (status == NFS4_OK)
        status = client_file_readdir(mount, &fh, (struct bitmap4){0}, name_gather, &list);
    for (size_t i = 0; i < list.count; i++) {
        if (status == NFS4_OK)
            status = remove_tree(mount, &fh, list.names[i], depth - 1);
        free(list.names[i]);
    }
    free(list.names);
    return status == NFS4_OK ? client_file_remove(mount, dir, name) : status;
}

enum nfsstat4 client_file_remove_tree(struct client_mount *mount, const struct client_fh *dir,
                                      const char *name)
{
    return remove_tree(mount, dir, name, TREE_DEPTH);
}
