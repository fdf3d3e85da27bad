/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one lane's files must look like: objects, and their names in directories. A model changes
 * exactly as the server has confirmed.
 *
 * Object MODEL_ROOT is the lane's own directory. MODEL_SHARED is one that all lanes use, each with
 * names of its own: its change attribute and its listing are not checked.
 */
#pragma once

#include "client/client_op.h"
#include "random.h"

enum {
    MODEL_ROOT = 1,
    MODEL_SHARED = 2,
    MODEL_NODES = 56,
    MODEL_NAMES = 72,
    MODEL_NAME_BYTES = 24,
    MODEL_TARGET_BYTES = 32,
    MODEL_FILE_BYTES = 12288,
    MODEL_LOCK_UNITS = 32, /* the last one goes on to the end of the file, wherever that is */
    MODEL_LOCK_UNIT_BYTES = 64,
    MODEL_PATH_BYTES = 512
};

struct model_node {
    enum nfs_ftype4 type; /* 0: free */
    uint32_t mode;
    uint32_t names;  /* number of names of the object */
    uint64_t change; /* as last seen; 0: not known */
    struct client_fh fh;
    uint32_t size;
    uint8_t *data; /* MODEL_FILE_BYTES of a regular file */
    char target[MODEL_TARGET_BYTES];

    uint32_t access; /* access of its open; 0: it is not open */
    uint32_t modes;  /* 1 */
    bool has_lock;   /* it has a lock stateid */
    struct stateid4 open, lock;
    uint8_t locked[MODEL_LOCK_UNITS]; /* 0, READ_LT or WRITE_LT */
};

struct model_name {
    int node; /* 0: free */
    int dir;
    char text[MODEL_NAME_BYTES];
};

struct model {
    struct model_node nodes[MODEL_NODES];
    struct model_name names[MODEL_NAMES];
    char prefix[MODEL_NAME_BYTES / 2]; /* of each name */
};

void model_init(struct model *m, const char *prefix);
void model_fini(struct model *m);

/* A free object or name; 0 or -1 when there is none. */
int model_node_new(struct model *m, enum nfs_ftype4 type, uint32_t mode);
int model_name_new(struct model *m, int dir, const char *text, int node);

/* The object is removed with its last name. */
void model_name_remove(struct model *m, int name);

/* -1 if there is no such name. */
int model_name_find(const struct model *m, int dir, const char *text);

/* Any name, or any but those of directories, of an object of that type (0: any); -1: none. */
int model_name_pick(const struct model *m, struct random *r, enum nfs_ftype4 type);

/* Any object of that type with a name, or 0. */
int model_node_pick(const struct model *m, struct random *r, enum nfs_ftype4 type);

/* A directory for a new name: mostly the lane's, sometimes the shared one. */
int model_dir_pick(const struct model *m, struct random *r);

/* A name that may or may not exist. */
void model_text(const struct model *m, struct random *r, char *text);

bool model_dir_empty(const struct model *m, int dir);
uint32_t model_dir_count(const struct model *m, int dir);

/* Is `node` the directory `above` or below it? */
bool model_is_below(const struct model *m, int node, int above);

/* numlinks: names, and for directories their subdirectories too. */
uint32_t model_links(const struct model *m, int node);

/* The path of an object below the directories that the model starts with. */
void model_path(const struct model *m, int node, char *path, size_t size);

void model_write(struct model_node *node, uint32_t offset, const void *data, uint32_t len);
void model_truncate(struct model_node *node, uint32_t size);

static inline bool model_is_private(int node)
{
    return node != MODEL_SHARED;
}
