/* SPDX-License-Identifier: Apache-2.0 */
#include "step.h"

void step_begin(struct lane *lane, struct client_compound *c, int node)
{
    client_op_putfh(c, &lane->model.nodes[node].fh);
    client_op_getattr(c, CLIENT_BITS(FATTR4_CHANGE));
}

void step_attributes(struct client_compound *c)
{
    client_op_getattr(
        c, CLIENT_BITS(FATTR4_TYPE, FATTR4_CHANGE, FATTR4_SIZE, FATTR4_MODE, FATTR4_NUMLINKS));
}

/* False when the compound ended before this operation. */
static bool attributes(struct lane *lane, struct client_result *r, uint32_t which,
                       struct nfs4_attrs *attrs)
{
    for (uint32_t i = 0; i < r->decoded; i++) {
        const struct nfs_resop4 *op = &r->ops[i];

        if (op->resop != OP_GETATTR || op->status != NFS4_OK || which-- > 0)
            continue;
        if (fattr_decode(&op->opgetattr.obj_attributes, attrs, &r->reply.arena))
            return true;
        lane_differs(lane, "attributes that cannot be decoded");
        return false;
    }
    return false;
}

void step_unchanged(struct lane *lane, struct client_result *r, uint32_t which, int node)
{
    uint64_t change = lane->model.nodes[node].change;
    struct nfs4_attrs attrs;

    if (!model_is_private(node) || change == 0 || !attributes(lane, r, which, &attrs))
        return;
    if (attrs.change != change)
        lane_differs(lane, "object %d: change %llu before it, and %llu after the last step", node,
                     (unsigned long long)attrs.change, (unsigned long long)change);
}

void step_change_info(struct lane *lane, const struct change_info4 *info, int dir)
{
    uint64_t change = lane->model.nodes[dir].change;

    if (model_is_private(dir) && change != 0 && info->atomic && info->before != change)
        lane_differs(lane, "directory %d: changed from %llu, which was %llu", dir,
                     (unsigned long long)info->before, (unsigned long long)change);
}

static void compare(struct lane *lane, const char *what, int node, uint64_t got, uint64_t want)
{
    if (got != want)
        lane_differs(lane, "object %d: %s is %llu instead of %llu", node, what,
                     (unsigned long long)got, (unsigned long long)want);
}

void step_compare(struct lane *lane, struct client_result *r, uint32_t which, int node)
{
    struct model_node *n = &lane->model.nodes[node];
    struct nfs4_attrs attrs;

    if (!attributes(lane, r, which, &attrs)) {
        lane_differs(lane, "no attributes of object %d", node);
        return;
    }
    compare(lane, "type", node, attrs.type, n->type);
    if (!model_is_private(node))
        return;
    if (n->type != NF4LNK)
        compare(lane, "mode", node, attrs.mode, n->mode);
    if (n->type != NF4DIR || lane->work->dir_links)
        compare(lane, "numlinks", node, attrs.numlinks, model_links(&lane->model, node));
    if (n->type == NF4REG)
        compare(lane, "size", node, attrs.size, n->size);
    n->change = attrs.change;
}

void step_handle(struct lane *lane, const struct client_result *r, int node)
{
    const struct nfs_resop4 *op = client_result_lookup(r, OP_GETFH);
    struct client_fh *fh = &lane->model.nodes[node].fh;

    if (!op || op->opgetfh.object.len == 0) {
        lane_differs(lane, "no handle of object %d", node);
        return;
    }
    if (fh->len == 0) {
        fh->len = op->opgetfh.object.len;
        memcpy(fh->data, op->opgetfh.object.data, fh->len);
    } else if (fh->len != op->opgetfh.object.len ||
               memcmp(fh->data, op->opgetfh.object.data, fh->len) != 0) {
        lane_differs(lane, "another handle of object %d", node);
    }
}

bool step_room(const struct lane *lane)
{
    bool node = false, name = false;

    for (int i = MODEL_SHARED + 1; i < MODEL_NODES; i++)
        node |= lane->model.nodes[i].type == 0;
    for (int i = 0; i < MODEL_NAMES; i++)
        name |= lane->model.names[i].node == 0;
    return node && name;
}

uint32_t step_mode(struct lane *lane, enum nfs_ftype4 type)
{
    if (type == NF4DIR)
        return 0700 | (random_below(&lane->random, 0100));
    return 0600 | (random_below(&lane->random, 0200));
}
