/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

enum {
    TEXTS = 40, /* different names of a lane: few, so that they collide */
    SHARED_ONE_IN = 4
};

void model_init(struct model *m, const char *prefix)
{
    memset(m, 0, sizeof(*m));
    (void)snprintf(m->prefix, sizeof(m->prefix), "%s", prefix);
    m->nodes[MODEL_ROOT] = (struct model_node){.type = NF4DIR, .mode = 0777, .names = 1};
    m->nodes[MODEL_SHARED] = (struct model_node){.type = NF4DIR, .mode = 0777, .names = 1};
}

void model_fini(struct model *m)
{
    for (int i = 0; i < MODEL_NODES; i++)
        free(m->nodes[i].data);
    memset(m, 0, sizeof(*m));
}

int model_node_new(struct model *m, enum nfs_ftype4 type, uint32_t mode)
{
    for (int i = MODEL_SHARED + 1; i < MODEL_NODES; i++) {
        if (m->nodes[i].type != 0)
            continue;
        m->nodes[i] = (struct model_node){.type = type, .mode = mode};
        if (type == NF4REG)
            m->nodes[i].data = must_calloc(1, MODEL_FILE_BYTES);
        return i;
    }
    return 0;
}

int model_name_new(struct model *m, int dir, const char *text, int node)
{
    for (int i = 0; i < MODEL_NAMES; i++) {
        struct model_name *name = &m->names[i];

        if (name->node)
            continue;
        name->node = node;
        name->dir = dir;
        (void)snprintf(name->text, sizeof(name->text), "%s", text);
        m->nodes[node].names++;
        return i;
    }
    return -1;
}

void model_name_remove(struct model *m, int name)
{
    struct model_node *node = &m->nodes[m->names[name].node];

    m->names[name].node = 0;
    if (--node->names > 0)
        return;
    free(node->data);
    memset(node, 0, sizeof(*node));
}

int model_name_find(const struct model *m, int dir, const char *text)
{
    for (int i = 0; i < MODEL_NAMES; i++)
        if (m->names[i].node && m->names[i].dir == dir && strcmp(m->names[i].text, text) == 0)
            return i;
    return -1;
}

int model_name_pick(const struct model *m, struct random *r, enum nfs_ftype4 type)
{
    int start = (int)random_below(r, MODEL_NAMES);

    for (int i = 0; i < MODEL_NAMES; i++) {
        int at = (start + i) % MODEL_NAMES;
        int node = m->names[at].node;

        if (node && (type == 0 || m->nodes[node].type == type))
            return at;
    }
    return -1;
}

int model_node_pick(const struct model *m, struct random *r, enum nfs_ftype4 type)
{
    int name = model_name_pick(m, r, type);

    return name < 0 ? 0 : m->names[name].node;
}

int model_dir_pick(const struct model *m, struct random *r)
{
    int dir;

    if (random_one_in(r, SHARED_ONE_IN))
        return MODEL_SHARED;
    dir = model_node_pick(m, r, NF4DIR);
    return dir && !random_one_in(r, SHARED_ONE_IN) ? dir : MODEL_ROOT;
}

void model_text(const struct model *m, struct random *r, char *text)
{
    (void)snprintf(text, MODEL_NAME_BYTES, "%s-%u", m->prefix, random_below(r, TEXTS));
}

bool model_dir_empty(const struct model *m, int dir)
{
    return model_dir_count(m, dir) == 0;
}

uint32_t model_dir_count(const struct model *m, int dir)
{
    uint32_t count = 0;

    for (int i = 0; i < MODEL_NAMES; i++)
        count += m->names[i].node && m->names[i].dir == dir;
    return count;
}

static int name_of(const struct model *m, int node)
{
    for (int i = 0; i < MODEL_NAMES; i++)
        if (m->names[i].node == node)
            return i;
    return -1;
}

bool model_is_below(const struct model *m, int node, int above)
{
    for (int steps = 0; steps < MODEL_NODES; steps++) {
        int name;

        if (node == above)
            return true;
        if (node <= MODEL_SHARED)
            return false;
        name = name_of(m, node);
        CHECK(name >= 0);
        node = m->names[name].dir;
    }
    return false;
}

uint32_t model_links(const struct model *m, int node)
{
    uint32_t links = m->nodes[node].names;

    if (m->nodes[node].type != NF4DIR)
        return links;
    links = 2;
    for (int i = 0; i < MODEL_NAMES; i++)
        links += m->names[i].node && m->names[i].dir == node &&
                 m->nodes[m->names[i].node].type == NF4DIR;
    return links;
}

void model_path(const struct model *m, int node, char *path, size_t size)
{
    char rest[MODEL_PATH_BYTES] = "", longer[MODEL_PATH_BYTES];

    while (node > MODEL_SHARED) {
        int name = name_of(m, node);

        CHECK(name >= 0);
        CHECK(snprintf(longer, sizeof(longer), "/%s%s", m->names[name].text, rest) <
              (int)sizeof(longer));
        memcpy(rest, longer, sizeof(rest));
        node = m->names[name].dir;
    }
    (void)snprintf(path, size, "/%s%s", node == MODEL_SHARED ? "shared" : m->prefix, rest);
}

void model_write(struct model_node *node, uint32_t offset, const void *data, uint32_t len)
{
    CHECK(offset + len <= MODEL_FILE_BYTES);
    memcpy(node->data + offset, data, len);
    if (node->size < offset + len)
        node->size = offset + len;
}

void model_truncate(struct model_node *node, uint32_t size)
{
    if (size < node->size)
        memset(node->data + size, 0, node->size - size);
    node->size = size;
}
