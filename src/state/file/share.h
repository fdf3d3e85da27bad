/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Share reservations as counts (RFC 8881 §9.7).  A file counts its shares in total, and by client
 * (struct share_group).  So neither a conflict check nor the search for conflicting clients walks
 * over opens, of which a client may have very many.
 *
 * No locking: all functions are called with the file's lock held.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/htable.h"
#include "base/list.h"

struct client;
struct vfs_object;

enum {
    SHARE_KINDS = 4 /* number of counts in struct file_share */
};

/* Numbers of opens with each bit of OPEN4_SHARE_ACCESS_* and OPEN4_SHARE_DENY_*. */
struct file_share {
    union {
        struct {
            uint32_t access_read, access_write;
            uint32_t deny_read, deny_write;
        };
        uint32_t of_kind[SHARE_KINDS];
    };
};

/* The opens of one client through one export.  To the client, the same file in another export is
 * another file; its opens there count like another client's. */
struct share_group {
    struct hnode node;
    struct client *client; /* its opens have references on both */
    const struct vfs_object *obj;
    struct file_share share;
    struct list opens;              /* struct open.file_link, oldest first */
    struct list links[SHARE_KINDS]; /* of share_table.by_kind while that count is above 0 */
};

/* All opens of one file, by group.  Most files have only one group, which needs no extra memory. */
struct share_table {
    struct share_group first; /* in use while it has a client */
    struct htable others;
    bool others_ready; /* initialized with the second group */
    struct list by_kind[SHARE_KINDS];
};

/* Would an open with these bits conflict with the counted ones? */
bool file_share_conflict(const struct file_share *share, uint32_t access, uint32_t deny);

void file_share_add(struct file_share *share, uint32_t access, uint32_t deny);
void file_share_sub(struct file_share *share, uint32_t access, uint32_t deny);

/* The memory must be zeroed. */
void share_table_init(struct share_table *table);

/* There must be no groups left. */
void share_table_fini(struct share_table *table);

/* The group of a client and an object, or NULL. */
struct share_group *share_group_lookup(struct share_table *table, const struct client *client,
                                       const struct vfs_object *obj);

/* The same; created if there is none.  NULL without memory. */
struct share_group *share_group_get(struct share_table *table, struct client *client,
                                    const struct vfs_object *obj);

/* After an open has left the group: free the group if it is empty. */
void share_group_put(struct share_table *table, struct share_group *group);

void share_group_add(struct share_table *table, struct share_group *group, uint32_t access,
                     uint32_t deny);
void share_group_sub(struct share_group *group, uint32_t access, uint32_t deny);

/* Call `visit` for each group with an open that conflicts with these bits, possibly more than once,
 * until it returns false.  The group that ended the visit comes first the next time.  `visit` may
 * free its group if it then returns true. */
void share_table_visit(struct share_table *table, uint32_t access, uint32_t deny,
                       bool (*visit)(struct share_group *group, void *arg), void *arg);
