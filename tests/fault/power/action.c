/* SPDX-License-Identifier: Apache-2.0 */
#include "action.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "record.h"

enum {
    FILE_BYTES_MAX = 6000,
    WRITE_BYTES_MAX = 2000
};

static const uint32_t modes[] = {0600, 0640, 0644, 0750, 0711, 0444, 0777};

static uint32_t any_mode(struct worker *me)
{
    return modes[random_below(&me->random, ARRAY_SIZE(modes))];
}

static enum nfsstat4 done(const struct worker *me, enum nfsstat4 status)
{
    if (me->mount.trouble == CLIENT_OK)
        record_done(me->number, status);
    return status;
}

static const struct client_fh *dir_of(const struct worker *me, const struct worker_name *name)
{
    return &me->tree->dirs[name->dir];
}

/* ---- actions that make names */

/* An EXCLUSIVE4 create has no mode. */
static void record_create(unsigned worker, const char *path, const struct client_open *open,
                          uint64_t verifier)
{
    if (open->how == EXCLUSIVE4)
        record_sent(worker, "create %s - 0 %" PRIu64, path, verifier);
    else if (open->how == EXCLUSIVE4_1)
        record_sent(worker, "create %s %o 1 %" PRIu64, path, open->mode, verifier);
    else
        record_sent(worker, "create %s %o", path, open->mode);
}

static enum nfsstat4 create_as(struct worker *me, enum createmode4 how)
{
    struct worker_name name = worker_name_new(me, NF4REG);
    char text[WORKER_PATH_BYTES], path[WORKER_PATH_BYTES];
    struct client_open open = {
        .owner = "opener",
        .access = OPEN4_SHARE_ACCESS_BOTH | (me->mount.v40 ? 0 : OPEN4_SHARE_ACCESS_WANT_NO_DELEG),
        .name = worker_name_text(me, &name, text),
        .create = true,
        .how = how,
        .mode = any_mode(me),
    };
    uint64_t verifier = random_next(&me->random);
    struct client_file file;
    enum nfsstat4 status;

    memcpy(open.verifier, &verifier, sizeof(verifier));
    record_create(me->number, worker_name_path(me, &name, path), &open, verifier);
    status = done(me, client_file_open(&me->mount, dir_of(me, &name), &open, &file));
    if (status != NFS4_OK)
        return status;
    name.fh = file.fh;
    worker_name_add(me, &name);
    return client_file_close(&me->mount, &file);
}

enum nfsstat4 action_create(struct worker *me)
{
    if (me->name_count == WORKER_NAMES)
        return NFS4ERR_NOSPC;
    return create_as(me, random_one_in(&me->random, 2) ? GUARDED4 : UNCHECKED4);
}

static enum nfsstat4 exclusive(struct worker *me)
{
    return create_as(me, me->mount.v40 ? EXCLUSIVE4 : EXCLUSIVE4_1);
}

static enum nfsstat4 make_dir(struct worker *me)
{
    struct worker_name name = worker_name_new(me, NF4DIR);
    char text[WORKER_PATH_BYTES];
    enum nfsstat4 status;

    record_sent(me->number, "mkdir %s", worker_name_path(me, &name, text));
    status = done(me, client_file_mkdir(&me->mount, dir_of(me, &name),
                                        worker_name_text(me, &name, text), &name.fh));
    if (status == NFS4_OK)
        worker_name_add(me, &name);
    return status;
}

static enum nfsstat4 make_symlink(struct worker *me)
{
    struct worker_name name = worker_name_new(me, NF4LNK);
    char text[WORKER_PATH_BYTES], target[32];
    enum nfsstat4 status;

    (void)snprintf(target, sizeof(target), "to-%08" PRIx32, (uint32_t)random_next(&me->random));
    record_sent(me->number, "symlink %s %s", worker_name_path(me, &name, text), target);
    status = done(me, client_file_symlink(&me->mount, dir_of(me, &name),
                                          worker_name_text(me, &name, text), target, &name.fh));
    if (status == NFS4_OK)
        worker_name_add(me, &name);
    return status;
}

/* SAVEFH of `from`, and an operation on both filehandles. */
static enum nfsstat4 call_with_saved(struct worker *me, const struct client_fh *from,
                                     const struct client_fh *to, const char *old_name,
                                     const char *new_name)
{
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_mount_begin(&me->mount, &c);
    client_op_putfh(&c, from);
    client_op(&c, OP_SAVEFH);
    client_op_putfh(&c, to);
    if (old_name)
        client_op_rename(&c, old_name, new_name);
    else
        client_op_link(&c, new_name);
    status = client_mount_call(&me->mount, &c, &r);
    client_result_free(&r);
    return status;
}

static enum nfsstat4 make_link(struct worker *me)
{
    struct worker_name *file = worker_name_pick(me, NF4REG), name;
    char old_path[WORKER_PATH_BYTES], path[WORKER_PATH_BYTES], text[WORKER_PATH_BYTES];
    enum nfsstat4 status;

    if (!file)
        return action_create(me);
    name = worker_name_new(me, NF4REG);
    name.fh = file->fh;
    record_sent(me->number, "link %s %s", worker_name_path(me, file, old_path),
                worker_name_path(me, &name, path));
    status = done(me, call_with_saved(me, &file->fh, dir_of(me, &name), NULL,
                                      worker_name_text(me, &name, text)));
    if (status == NFS4_OK)
        worker_name_add(me, &name);
    return status;
}

/* ---- actions that move and remove names */

static enum nfsstat4 rename_to(struct worker *me, struct worker_name *old,
                               const struct worker_name *new)
{
    char old_text[WORKER_PATH_BYTES], new_text[WORKER_PATH_BYTES];

    record_sent(me->number, "rename %s %s", worker_name_path(me, old, old_text),
                worker_name_path(me, new, new_text));
    return done(me, call_with_saved(me, dir_of(me, old), dir_of(me, new),
                                    worker_name_text(me, old, old_text),
                                    worker_name_text(me, new, new_text)));
}

/* To a name that does not exist, half of the time in another directory. */
static enum nfsstat4 move(struct worker *me)
{
    struct worker_name *old = worker_name_pick(me, 0), new;
    enum nfsstat4 status;

    if (!old)
        return action_create(me);
    new = worker_name_new(me, old->type);
    if (random_one_in(&me->random, 2))
        new.dir = old->dir;
    status = rename_to(me, old, &new);
    if (status == NFS4_OK) {
        old->dir = new.dir;
        old->number = new.number;
    }
    return status;
}

/* Onto an existing file: the name's former file goes. */
static enum nfsstat4 replace(struct worker *me)
{
    struct worker_name *old = worker_name_pick(me, NF4REG), *onto = worker_name_pick(me, NF4REG);
    enum nfsstat4 status;

    /* RENAME does nothing when both names are links of one file. */
    if (!old || old == onto || memcmp(&old->fh, &onto->fh, sizeof(old->fh)) == 0)
        return action_create(me);
    status = rename_to(me, old, onto);
    if (status == NFS4_OK) {
        struct worker_name moved = *old;

        moved.dir = onto->dir;
        moved.number = onto->number;
        *onto = moved;
        worker_name_drop(me, old);
    }
    return status;
}

static enum nfsstat4 remove_any(struct worker *me)
{
    struct worker_name *name = worker_name_pick(me, 0);
    char text[WORKER_PATH_BYTES];
    enum nfsstat4 status;

    if (!name)
        return action_create(me);
    record_sent(me->number, "remove %s", worker_name_path(me, name, text));
    status = done(
        me, client_file_remove(&me->mount, dir_of(me, name), worker_name_text(me, name, text)));
    if (status == NFS4_OK)
        worker_name_drop(me, name);
    return status;
}

/* ---- actions that change files */

static enum nfsstat4 set_mode(struct worker *me)
{
    struct worker_name *name =
        worker_name_pick(me, random_one_in(&me->random, 4) ? NF4DIR : NF4REG);
    struct nfs4_attrs attrs = {.mode = any_mode(me)};
    char path[WORKER_PATH_BYTES];

    if (!name)
        return action_create(me);
    record_sent(me->number, "mode %s %o", worker_name_path(me, name, path), attrs.mode);
    return done(me, client_file_setattr(&me->mount, &name->fh, CLIENT_BITS(FATTR4_MODE), &attrs));
}

static enum nfsstat4 set_size(struct worker *me)
{
    struct worker_name *name = worker_name_pick(me, NF4REG);
    struct nfs4_attrs attrs = {.size = random_below(&me->random, FILE_BYTES_MAX)};
    char path[WORKER_PATH_BYTES];

    if (!name)
        return action_create(me);
    record_sent(me->number, "size %s %" PRIu64, worker_name_path(me, name, path), attrs.size);
    return done(me, client_file_setattr(&me->mount, &name->fh, CLIENT_BITS(FATTR4_SIZE), &attrs));
}

static enum nfsstat4 open_truncating(struct worker *me, const struct worker_name *name,
                                     struct client_file *file)
{
    struct client_owner *owner = client_mount_owner(&me->mount, "opener");
    uint8_t size[8] = {0};
    struct nfs_argop4 op = {.argop = OP_OPEN};
    char text[WORKER_PATH_BYTES];
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    *file = (struct client_file){.fh = name->fh, .owner = owner};
    op.opopen.share_access = OPEN4_SHARE_ACCESS_WRITE;
    op.opopen.owner =
        (struct state_owner4){client_mount_clientid(&me->mount), client_text("opener")};
    op.opopen.openhow.opentype = OPEN4_CREATE;
    op.opopen.openhow.how.createattrs = (struct fattr4){CLIENT_BITS(FATTR4_SIZE), {size, 8}};
    op.opopen.claim.file = client_text(worker_name_text(me, name, text));
    client_mount_begin(&me->mount, &c);
    client_op_putfh(&c, dir_of(me, name));
    if (owner)
        op.opopen.seqid = client_owner_seqid(&c, owner);
    client_compound_add(&c, &op);
    status = client_mount_call(&me->mount, &c, &r);
    if (status == NFS4_OK)
        file->stateid = client_result_lookup(&r, OP_OPEN)->opopen.stateid;
    client_result_free(&r);
    return status;
}

/* An UNCHECKED create of an existing file, with size 0. */
static enum nfsstat4 truncate_by_open(struct worker *me)
{
    struct worker_name *name = worker_name_pick(me, NF4REG);
    char path[WORKER_PATH_BYTES];
    struct client_file file;
    enum nfsstat4 status;

    if (!name)
        return action_create(me);
    record_sent(me->number, "size %s 0", worker_name_path(me, name, path));
    status = done(me, open_truncating(me, name, &file));
    return status == NFS4_OK ? client_file_close(&me->mount, &file) : status;
}

static enum nfsstat4 commit(struct worker *me, const struct client_fh *fh,
                            const uint8_t verifier[NFS4_VERIFIER_SIZE])
{
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_mount_begin(&me->mount, &c);
    client_op_putfh(&c, fh);
    client_op_commit(&c, 0, 0);
    status = client_mount_call(&me->mount, &c, &r);
    if (status == NFS4_OK && memcmp(client_result_lookup(&r, OP_COMMIT)->opcommit.writeverf,
                                    verifier, NFS4_VERIFIER_SIZE) != 0)
        status = NFS4ERR_IO; /* the server that got the data has died */
    client_result_free(&r);
    return status;
}

static enum nfsstat4 call_write(struct worker *me, const struct worker_name *name, uint64_t offset,
                                const uint8_t *data, uint32_t len, enum stable_how4 stable,
                                uint8_t verifier[NFS4_VERIFIER_SIZE])
{
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_mount_begin(&me->mount, &c);
    client_op_putfh(&c, &name->fh);
    client_op_write(&c, &client_stateid_anonymous, offset, stable, data, len);
    status = client_mount_call(&me->mount, &c, &r);
    if (status == NFS4_OK) {
        const struct WRITE4resok *ok = &client_result_lookup(&r, OP_WRITE)->opwrite;

        memcpy(verifier, ok->writeverf, NFS4_VERIFIER_SIZE);
        if (ok->count != len || ok->committed < stable)
            status = NFS4ERR_IO;
    }
    client_result_free(&r);
    return status;
}

/* Within the file or right behind its end. COMMIT acknowledges an UNSTABLE4 write. */
static enum nfsstat4 write_as(struct worker *me, enum stable_how4 stable)
{
    struct worker_name *name = worker_name_pick(me, NF4REG);
    uint32_t offset, len = 1 + random_below(&me->random, WRITE_BYTES_MAX);
    uint8_t data[WRITE_BYTES_MAX], verifier[NFS4_VERIFIER_SIZE], byte;
    char path[WORKER_PATH_BYTES];
    enum nfsstat4 status;

    if (!name)
        return action_create(me);
    offset = random_below(&me->random, FILE_BYTES_MAX);
    byte = (uint8_t)(1 + random_below(&me->random, 255));
    memset(data, byte, len);
    record_sent(me->number, "write %s %u %u %u", worker_name_path(me, name, path), offset, len,
                byte);
    status = call_write(me, name, offset, data, len, stable, verifier);
    if (status == NFS4_OK && stable == UNSTABLE4)
        do
            status = commit(me, &name->fh, verifier);
        while (status == NFS4ERR_DELAY);
    return done(me, status);
}

static enum nfsstat4 write_stable(struct worker *me)
{
    return write_as(me, random_one_in(&me->random, 2) ? FILE_SYNC4 : DATA_SYNC4);
}

static enum nfsstat4 write_and_commit(struct worker *me)
{
    return write_as(me, UNSTABLE4);
}

action_run action_find(const char *name)
{
    static const struct {
        const char *name;
        action_run run;
    } all[] = {
        {"create", action_create},
        {"exclusive", exclusive},
        {"mkdir", make_dir},
        {"symlink", make_symlink},
        {"link", make_link},
        {"rename", move},
        {"replace", replace},
        {"remove", remove_any},
        {"mode", set_mode},
        {"size", set_size},
        {"truncate", truncate_by_open},
        {"write", write_stable},
        {"commit", write_and_commit},
    };

    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        if (strcmp(all[i].name, name) == 0)
            return all[i].run;
    return NULL;
}

enum nfsstat4 action_make_tree(struct worker *me, struct worker_tree *tree)
{
    enum nfsstat4 status;
    struct client_fh root;

    status = client_file_lookup(&me->mount, "/", &root);
    if (status != NFS4_OK)
        return status;
    record_sent(me->number, "mkdir %s", tree->path);
    status = done(me, client_file_mkdir(&me->mount, &root, tree->path, &tree->top));
    for (unsigned i = 0; status == NFS4_OK && i < WORKER_DIRS; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "d%u", i);
        record_sent(me->number, "mkdir %s/%s", tree->path, name);
        status = done(me, client_file_mkdir(&me->mount, &tree->top, name, &tree->dirs[i]));
    }
    return status;
}
