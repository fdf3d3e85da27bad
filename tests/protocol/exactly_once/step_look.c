/* SPDX-License-Identifier: Apache-2.0 */
/* LOOKUP, READLINK, READDIR: earlier changes must show, and nothing else. */
#include "step.h"

enum {
    READDIR_BYTES = 5600
};

static bool lookup_build(struct lane *lane, struct client_compound *c)
{
    struct step *s = &lane->step;

    s->dir = model_dir_pick(&lane->model, &lane->random);
    model_text(&lane->model, &lane->random, s->text);
    s->name = model_name_find(&lane->model, s->dir, s->text);
    s->node = s->name < 0 ? 0 : lane->model.names[s->name].node;
    s->expect = s->name < 0 ? NFS4ERR_NOENT : NFS4_OK;
    step_begin(lane, c, s->dir);
    client_op_lookup(c, s->text);
    client_op_getfh(c);
    step_attributes(c);
    return true;
}

static void lookup_done(struct lane *lane, struct client_result *r)
{
    struct step *s = &lane->step;

    step_unchanged(lane, r, 0, s->dir);
    if (s->expect != NFS4_OK)
        return;
    step_handle(lane, r, s->node);
    step_unchanged(lane, r, 1, s->node);
    step_compare(lane, r, 1, s->node);
}

static bool readlink_build(struct lane *lane, struct client_compound *c)
{
    lane->step.node = model_node_pick(&lane->model, &lane->random, NF4LNK);
    if (lane->step.node == 0)
        return false;
    step_begin(lane, c, lane->step.node);
    client_op(c, OP_READLINK);
    return true;
}

static void readlink_done(struct lane *lane, struct client_result *r)
{
    const struct model_node *node = &lane->model.nodes[lane->step.node];
    const struct wire_opaque *link = &client_result_lookup(r, OP_READLINK)->opreadlink.link;

    step_unchanged(lane, r, 0, lane->step.node);
    if (link->len != strlen(node->target) || memcmp(link->data, node->target, link->len) != 0)
        lane_differs(lane, "another target of object %d", lane->step.node);
}

static bool readdir_build(struct lane *lane, struct client_compound *c)
{
    int dir = model_dir_pick(&lane->model, &lane->random);

    lane->step.dir = model_is_private(dir) ? dir : MODEL_ROOT;
    step_begin(lane, c, lane->step.dir);
    client_op_readdir(c, 0, NULL, READDIR_BYTES, CLIENT_BITS(FATTR4_TYPE));
    return true;
}

static void entry_compare(struct lane *lane, const struct entry4 *entry, struct arena *arena)
{
    char text[MODEL_NAME_BYTES] = "";
    struct nfs4_attrs attrs;
    int name;

    if (entry->name.len < sizeof(text))
        memcpy(text, entry->name.data, entry->name.len);
    name = model_name_find(&lane->model, lane->step.dir, text);
    if (name < 0)
        lane_differs(lane, "directory %d has %.*s", lane->step.dir, (int)entry->name.len,
                     (const char *)entry->name.data);
    else if (!fattr_decode(&entry->attrs, &attrs, arena) ||
             attrs.type != lane->model.nodes[lane->model.names[name].node].type)
        lane_differs(lane, "another type of %s", text);
}

static void readdir_done(struct lane *lane, struct client_result *r)
{
    const struct dirlist4 *list = &client_result_lookup(r, OP_READDIR)->opreaddir.reply;
    uint32_t count = 0;

    step_unchanged(lane, r, 0, lane->step.dir);
    for (const struct entry4 *entry = list->entries; entry; entry = entry->nextentry, count++)
        entry_compare(lane, entry, &r->reply.arena);
    if (count != model_dir_count(&lane->model, lane->step.dir) || !list->eof)
        lane_differs(lane, "directory %d: %u names instead of %u", lane->step.dir, count,
                     model_dir_count(&lane->model, lane->step.dir));
}

static const struct step_kind kinds[] = {
    {"LOOKUP", 6, true, lookup_build, lookup_done},
    {"READLINK", 2, true, readlink_build, readlink_done},
    {"READDIR", 4, true, readdir_build, readdir_done},
};

const struct step_table step_looks = {kinds, sizeof(kinds) / sizeof(kinds[0])};
