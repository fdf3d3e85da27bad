/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE, REMOVE, RENAME, LINK. */
#include <stdio.h>

#include "step.h"

static bool create_build(struct lane *lane, struct client_compound *c)
{
    static const enum nfs_ftype4 types[] = {NF4DIR, NF4DIR, NF4LNK, NF4FIFO, NF4SOCK};
    struct step *s = &lane->step;

    s->dir = model_dir_pick(&lane->model, &lane->random);
    model_text(&lane->model, &lane->random, s->text);
    s->name = model_name_find(&lane->model, s->dir, s->text);
    s->type = types[random_below(&lane->random, 5)];
    s->mode = step_mode(lane, s->type);
    (void)snprintf(s->text2, sizeof(s->text2), "to-%u", random_below(&lane->random, 1000));
    s->expect = s->name < 0 ? NFS4_OK : NFS4ERR_EXIST;
    if (s->expect == NFS4_OK && !step_room(lane))
        return false;
    step_begin(lane, c, s->dir);
    client_op(c, OP_SAVEFH);
    client_op_create(c, s->text, s->type, s->text2, s->mode);
    client_op_getfh(c);
    step_attributes(c);
    client_op(c, OP_RESTOREFH);
    step_attributes(c);
    return true;
}

static void create_done(struct lane *lane, struct client_result *r)
{
    struct step *s = &lane->step;

    step_unchanged(lane, r, 0, s->dir);
    if (s->expect != NFS4_OK)
        return;
    step_change_info(lane, &client_result_lookup(r, OP_CREATE)->opcreate.cinfo, s->dir);
    s->node = model_node_new(&lane->model, s->type, s->mode);
    model_name_new(&lane->model, s->dir, s->text, s->node);
    if (s->type == NF4LNK)
        memcpy(lane->model.nodes[s->node].target, s->text2, sizeof(s->text2));
    step_handle(lane, r, s->node);
    step_compare(lane, r, 1, s->node);
    step_compare(lane, r, 2, s->dir);
}

/* An object whose last name is removed must not be open: the model could no longer use its open. */
static bool removable(const struct lane *lane, int name)
{
    const struct model_node *node = &lane->model.nodes[lane->model.names[name].node];

    return node->names > 1 || node->access == 0;
}

static bool remove_build(struct lane *lane, struct client_compound *c)
{
    struct step *s = &lane->step;

    s->name = model_name_pick(&lane->model, &lane->random, 0);
    if (s->name < 0 || random_one_in(&lane->random, 12)) {
        s->dir = model_dir_pick(&lane->model, &lane->random);
        model_text(&lane->model, &lane->random, s->text);
        if (model_name_find(&lane->model, s->dir, s->text) >= 0)
            return false;
        s->name = -1;
        s->expect = NFS4ERR_NOENT;
    } else {
        s->dir = lane->model.names[s->name].dir;
        s->node = lane->model.names[s->name].node;
        memcpy(s->text, lane->model.names[s->name].text, sizeof(s->text));
        if (!removable(lane, s->name))
            return false;
        s->expect =
            lane->model.nodes[s->node].type == NF4DIR && !model_dir_empty(&lane->model, s->node)
                ? NFS4ERR_NOTEMPTY
                : NFS4_OK;
    }
    step_begin(lane, c, s->dir);
    client_op_remove(c, s->text);
    step_attributes(c);
    return true;
}

static void remove_done(struct lane *lane, struct client_result *r)
{
    struct step *s = &lane->step;

    step_unchanged(lane, r, 0, s->dir);
    if (s->expect != NFS4_OK)
        return;
    step_change_info(lane, &client_result_lookup(r, OP_REMOVE)->opremove.cinfo, s->dir);
    lane->model.nodes[s->node].change = 0;
    model_name_remove(&lane->model, s->name);
    step_compare(lane, r, 1, s->dir);
}

/* The target of a rename or link: s->dir2, s->text2, s->name2. */
static void pick_target(struct lane *lane)
{
    struct step *s = &lane->step;

    s->dir2 = model_dir_pick(&lane->model, &lane->random);
    model_text(&lane->model, &lane->random, s->text2);
    s->name2 = model_name_find(&lane->model, s->dir2, s->text2);
}

/* The result of RENAME to an existing target (RFC 8881 §18.26.3). */
static enum nfsstat4 rename_over(const struct lane *lane)
{
    const struct step *s = &lane->step;
    int over = lane->model.names[s->name2].node;
    bool from_dir = lane->model.nodes[s->node].type == NF4DIR;
    bool to_dir = lane->model.nodes[over].type == NF4DIR;

    if (over == s->node)
        return NFS4_OK;
    if (from_dir != to_dir)
        return NFS4ERR_EXIST;
    return to_dir && !model_dir_empty(&lane->model, over) ? NFS4ERR_NOTEMPTY : NFS4_OK;
}

static bool rename_build(struct lane *lane, struct client_compound *c)
{
    struct step *s = &lane->step;

    s->name = model_name_pick(&lane->model, &lane->random, 0);
    if (s->name < 0)
        return false;
    s->dir = lane->model.names[s->name].dir;
    s->node = lane->model.names[s->name].node;
    memcpy(s->text, lane->model.names[s->name].text, sizeof(s->text));
    pick_target(lane);
    if (model_is_below(&lane->model, s->dir2, s->node)) {
        if (s->name2 >= 0)
            return false;
        s->expect = NFS4ERR_INVAL;
    } else if (s->name2 >= 0) {
        if (!removable(lane, s->name2))
            return false;
        s->expect = rename_over(lane);
        /* Linux reports that an ancestor is not empty before it reports that a file cannot replace
         * it. */
        if (s->expect == NFS4ERR_EXIST &&
            model_is_below(&lane->model, s->dir, lane->model.names[s->name2].node))
            return false;
    }
    step_begin(lane, c, s->dir);
    client_op(c, OP_SAVEFH);
    step_begin(lane, c, s->dir2);
    client_op_rename(c, s->text, s->text2);
    step_attributes(c);
    client_op(c, OP_RESTOREFH);
    step_attributes(c);
    return true;
}

static void rename_done(struct lane *lane, struct client_result *r)
{
    struct step *s = &lane->step;
    bool same = s->name2 >= 0 && lane->model.names[s->name2].node == s->node;
    const struct RENAME4resok *ok;

    step_unchanged(lane, r, 0, s->dir);
    step_unchanged(lane, r, 1, s->dir2);
    if (s->expect != NFS4_OK)
        return;
    ok = &client_result_lookup(r, OP_RENAME)->oprename;
    step_change_info(lane, &ok->source_cinfo, s->dir);
    step_change_info(lane, &ok->target_cinfo, s->dir2);
    if (!same) {
        lane->model.nodes[s->node].change = 0;
        if (s->name2 >= 0) {
            lane->model.nodes[lane->model.names[s->name2].node].change = 0;
            model_name_remove(&lane->model, s->name2);
        }
        lane->model.names[s->name].dir = s->dir2;
        memcpy(lane->model.names[s->name].text, s->text2, sizeof(s->text2));
    }
    step_compare(lane, r, 2, s->dir2);
    step_compare(lane, r, 3, s->dir);
}

static bool link_build(struct lane *lane, struct client_compound *c)
{
    struct step *s = &lane->step;

    s->node = model_node_pick(&lane->model, &lane->random,
                              random_one_in(&lane->random, 4) ? NF4FIFO : NF4REG);
    if (s->node == 0 || !step_room(lane))
        return false;
    pick_target(lane);
    s->expect = s->name2 < 0 ? NFS4_OK : NFS4ERR_EXIST;
    step_begin(lane, c, s->node);
    client_op(c, OP_SAVEFH);
    step_begin(lane, c, s->dir2);
    client_op_link(c, s->text2);
    step_attributes(c);
    client_op(c, OP_RESTOREFH);
    step_attributes(c);
    return true;
}

static void link_done(struct lane *lane, struct client_result *r)
{
    struct step *s = &lane->step;

    step_unchanged(lane, r, 0, s->node);
    step_unchanged(lane, r, 1, s->dir2);
    if (s->expect != NFS4_OK)
        return;
    step_change_info(lane, &client_result_lookup(r, OP_LINK)->oplink.cinfo, s->dir2);
    model_name_new(&lane->model, s->dir2, s->text2, s->node);
    step_compare(lane, r, 2, s->dir2);
    step_compare(lane, r, 3, s->node);
}

static const struct step_kind kinds[] = {
    {"CREATE", 8, false, create_build, create_done},
    {"REMOVE", 12, false, remove_build, remove_done},
    {"RENAME", 10, false, rename_build, rename_done},
    {"LINK", 5, false, link_build, link_done},
};

const struct step_table step_names = {kinds, sizeof(kinds) / sizeof(kinds[0])};
