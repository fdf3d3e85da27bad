/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/changes.h"

#include "base/clock.h"
#include "proto/compound.h"
#include "proto/op_counters.h"
#include "proto/reply.h"

static bool has(const struct changes *changes, const struct vfs_object *obj)
{
    for (uint32_t i = 0; i < changes->count; i++) {
        if (changes->objects[i] == obj)
            return true;
    }
    return false;
}

/* Those of one file system go in one call, so that they are waited for together. */
static void persist_all(struct changes *changes)
{
    struct vfs_object *batch[LIMIT_COMPOUND_CHANGES];

    while (changes->count > 0) {
        struct vfs *fs = changes->objects[0]->fs;
        uint32_t left = 0, count = 0;

        for (uint32_t i = 0; i < changes->count; i++) {
            struct vfs_object *obj = changes->objects[i];

            if (obj->fs == fs)
                batch[count++] = obj;
            else
                changes->objects[left++] = obj;
        }
        changes->count = left;
        changes->lost |= fs->ops->persist(fs, batch, count) != VFS_OK;
        while (count > 0)
            vfs_object_put(batch[--count]);
    }
}

void changes_add(struct compound *c, const struct export *export, struct vfs_object *obj)
{
    struct changes *changes = &c->changes;

    if (export->async || !(obj->fs->caps & VFS_CAP_PERSIST) || has(changes, obj))
        return;
    if (changes->count == LIMIT_COMPOUND_CHANGES)
        persist_all(changes);
    if (changes->count == 0 && !changes->lost) {
        changes->op = c->op;
        changes->op_index = c->op_index;
        changes->op_pos = c->op_pos;
    }
    changes->objects[changes->count++] = vfs_object_get(obj);
}

/* Were attributes set in a step of their own, after the object had its name? */
static bool set_later(const struct vfs_create *create)
{
    uint32_t set = create->attrs_applied & ~(uint32_t)(VFS_ATTR_MODE | VFS_ATTR_MODE_HIGH);

    if (create->attr->size == 0)
        set &= ~(uint32_t)VFS_ATTR_SIZE;
    return set != 0;
}

void changes_add_created(struct compound *c, struct vfs_object *dir, struct vfs_object *made,
                         const struct vfs_create *create)
{
    bool exclusive = create->type == VFS_REG && create->mode == VFS_CREATE_EXCLUSIVE;

    if (!create->created && !(made && exclusive))
        return;
    changes_add(c, c->current.export, dir);
    /* The verifier is one of the attributes. */
    if (made && (exclusive || set_later(create)))
        changes_add(c, c->current.export, made);
}

bool changes_settle(struct compound *c)
{
    struct changes *changes = &c->changes;
    bool lost;

    if (changes->count > 0) {
        int64_t since_ns = clock_now_ns();

        persist_all(changes);
        op_counters_add_time(c->server->ops, OP_ROW_STABLE, clock_now_ns() - since_ns, 1);
    }
    lost = changes->lost;
    changes->lost = false;
    return !lost;
}

bool changes_await(struct compound *c, struct reply *reply)
{
    bool kept = changes_settle(c);

    c->call->waited_since_ns = 0; /* that was no operation's wait, nor a part of the next one */
    if (c->timed)
        c->op_begun_ns = clock_now_ns();
    if (kept)
        return true;
    c->op_index = c->changes.op_index;
    reply_op_retract(reply, c, c->changes.op, c->changes.op_pos, NFS4ERR_IO);
    return false;
}

static bool is_stateful(enum nfs_opnum4 op)
{
    switch ((uint32_t)op) {
    case OP_CLOSE:
    case OP_DELEGRETURN:
    case OP_COPY:
    case OP_LOCK:
    case OP_LOCKU:
    case OP_OPEN:
    case OP_OPEN_CONFIRM:
    case OP_OPEN_DOWNGRADE:
    case OP_WANT_DELEGATION:
        return true;
    default:
        return false;
    }
}

bool changes_await_before(struct compound *c, struct reply *reply, enum nfs_opnum4 op)
{
    return !is_stateful(op) || changes_await(c, reply);
}

void changes_drop(struct changes *changes)
{
    while (changes->count > 0)
        vfs_object_put(changes->objects[--changes->count]);
}
