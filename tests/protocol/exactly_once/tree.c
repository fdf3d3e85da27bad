/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include <stdio.h>

/* A directory during a listing: which names have been seen, and for which lane. */
struct listing {
    const struct courier *couriers;
    unsigned count; /* number of couriers; 0: the directory is `lane`'s alone */
    const struct lane *lane;
    int dir;
    uint32_t found;
};

static const struct lane *lane_of_name(const struct listing *l, const char *text)
{
    unsigned client, number;

    if (l->count == 0)
        return l->lane;
    if (sscanf(text, "c%ul%u-", &client, &number) != 2 || client >= l->count ||
        number >= WORKLOAD_LANES)
        return NULL;
    return &l->couriers[client].lanes[number];
}

static void compare(const struct lane *lane, const char *text, const char *what, uint64_t got,
                    uint64_t want)
{
    if (got != want)
        lane_differs(lane, "at the end: %s of %s is %llu instead of %llu", what, text,
                     (unsigned long long)got, (unsigned long long)want);
}

static void compare_attributes(const struct lane *lane, int node, const char *text,
                               const struct nfs4_attrs *attrs)
{
    const struct model_node *n = &lane->model.nodes[node];

    compare(lane, text, "type", attrs->type, n->type);
    if (n->type != NF4LNK)
        compare(lane, text, "mode", attrs->mode, n->mode);
    if (n->type != NF4DIR || lane->work->dir_links)
        compare(lane, text, "numlinks", attrs->numlinks, model_links(&lane->model, node));
    if (n->type == NF4REG)
        compare(lane, text, "size", attrs->size, n->size);
}

static bool entry_compare(const struct entry4 *entry, void *context)
{
    struct listing *l = context;
    char text[MODEL_NAME_BYTES] = "";
    const struct lane *lane;
    struct nfs4_attrs attrs;
    struct arena arena;
    int name;

    if (entry->name.len < sizeof(text))
        memcpy(text, entry->name.data, entry->name.len);
    lane = lane_of_name(l, text);
    name = lane ? model_name_find(&lane->model, l->dir, text) : -1;
    l->found++;
    if (name < 0) {
        lane_differs(l->lane, "at the end: directory %d has %.*s", l->dir, (int)entry->name.len,
                     (const char *)entry->name.data);
        return true;
    }
    arena_init(&arena, 1024);
    if (fattr_decode(&entry->attrs, &attrs, &arena))
        compare_attributes(lane, lane->model.names[name].node, text, &attrs);
    else
        lane_differs(lane, "at the end: no attributes of %s", text);
    arena_fini(&arena);
    return true;
}

static void list(struct client_mount *mount, const struct client_fh *fh, struct listing *l,
                 uint32_t names)
{
    enum nfsstat4 status = client_file_readdir(
        mount, fh, CLIENT_BITS(FATTR4_TYPE, FATTR4_MODE, FATTR4_NUMLINKS, FATTR4_SIZE),
        entry_compare, l);

    if (status != NFS4_OK || l->found != names)
        lane_differs(l->lane, "at the end: directory %d: %s, %u names instead of %u", l->dir,
                     status_name(status), l->found, names);
}

static void compare_data(struct client_mount *mount, const struct lane *lane,
                         const struct model_node *node, const char *path)
{
    struct client_file file = {.fh = node->fh};
    uint8_t data[MODEL_FILE_BYTES + 1];
    enum nfsstat4 status = NFS4_OK;
    uint32_t len = 0, got = 1;
    bool eof = false;

    while (status == NFS4_OK && !eof && got > 0) {
        status = client_file_read(mount, &file, len, data + len, sizeof(data) - len, &got, &eof);
        len += status == NFS4_OK ? got : 0;
    }
    if (status != NFS4_OK || len != node->size || memcmp(data, node->data, len) != 0)
        lane_differs(lane, "at the end: %s: %s, %u bytes instead of %u, or others", path,
                     status_name(status), len, node->size);
}

static void compare_target(struct client_mount *mount, const struct lane *lane,
                           const struct model_node *node, const char *path)
{
    const struct nfs_resop4 *op;
    struct client_compound c;
    struct client_result r;

    client_mount_begin(mount, &c);
    client_op_putfh(&c, &node->fh);
    client_op(&c, OP_READLINK);
    (void)client_mount_call(mount, &c, &r);
    op = client_result_lookup(&r, OP_READLINK);
    if (!op || op->status != NFS4_OK || op->opreadlink.link.len != strlen(node->target) ||
        memcmp(op->opreadlink.link.data, node->target, op->opreadlink.link.len) != 0)
        lane_differs(lane, "at the end: another target of %s", path);
    client_result_free(&r);
}

/* Look it up by its path, which must lead to the handle that the lane knows. */
static void compare_node(struct client_mount *mount, const struct lane *lane, int number)
{
    const struct model_node *node = &lane->model.nodes[number];
    struct listing l = {.lane = lane, .dir = number};
    char path[MODEL_PATH_BYTES * 2], below[MODEL_PATH_BYTES];
    struct client_fh fh = {0};
    enum nfsstat4 status;

    model_path(&lane->model, number, below, sizeof(below));
    (void)snprintf(path, sizeof(path), "%s%s", lane->work->path, below);
    status = client_file_lookup(mount, path, &fh);
    if (status != NFS4_OK || fh.len != node->fh.len ||
        memcmp(fh.data, node->fh.data, fh.len) != 0) {
        lane_differs(lane, "at the end: %s: %s, or another file", path, status_name(status));
        return;
    }
    switch (node->type) {
    case NF4DIR:
        list(mount, &fh, &l, model_dir_count(&lane->model, number));
        break;
    case NF4REG:
        compare_data(mount, lane, node, path);
        break;
    case NF4LNK:
        compare_target(mount, lane, node, path);
        break;
    default:
        break;
    }
}

static void compare_shared(struct client_mount *mount, const struct courier *couriers,
                           unsigned count)
{
    const struct lane *any = &couriers[0].lanes[0];
    struct listing l = {.couriers = couriers, .count = count, .lane = any, .dir = MODEL_SHARED};
    uint32_t names = 0;

    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < WORKLOAD_LANES; j++)
            names += model_dir_count(&couriers[i].lanes[j].model, MODEL_SHARED);
    list(mount, &any->model.nodes[MODEL_SHARED].fh, &l, names);
}

/* The tokens that have owners exist, and no others. */
static void compare_tokens(struct client_mount *mount, const struct lane *any)
{
    for (unsigned i = 0; i < WORKLOAD_TOKENS; i++) {
        uint32_t owner = atomic_load(&any->work->token_owner[i]);
        enum nfsstat4 status;
        struct client_fh fh;
        char name[32];

        (void)snprintf(name, sizeof(name), "token-%u", i);
        status = client_file_lookup_at(mount, &any->work->tokens, name, &fh);
        if (status != (owner ? NFS4_OK : NFS4ERR_NOENT))
            lane_differs(any, "at the end: %s: %s, its owner is %d", name, status_name(status),
                         (int)owner - 1);
    }
}

void tree_compare(struct client_mount *mount, const struct courier *couriers, unsigned count)
{
    compare_shared(mount, couriers, count);
    compare_tokens(mount, &couriers[0].lanes[0]);
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < WORKLOAD_LANES; j++)
            for (int node = 1; node < MODEL_NODES; node++)
                if (node != MODEL_SHARED && couriers[i].lanes[j].model.nodes[node].type)
                    compare_node(mount, &couriers[i].lanes[j], node);
}
