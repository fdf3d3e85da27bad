/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Share reservations as numbers (RFC 8881 §9.7).  A file counts its shares in total, and by client
 * (struct share_group), so that neither a conflict nor the search for the clients that have the
 * shares walks over opens, of which one client may have a great many.
 *
 * No locking of its own: all calls with the file's lock held.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/htable.h"
#include "base/list.h"

struct client;
struct vfs_object;

enum {
    SHARE_KINDS = 4 /* the counts of struct file_share, in their order */
};

/* Counts of the opens that have a bit of OPEN4_SHARE_ACCESS_* or OPEN4_SHARE_DENY_* set. */
struct file_share {
    union {
        struct {
            uint32_t access_read, access_write;
            uint32_t deny_read, deny_write;
        };
        uint32_t of_kind[SHARE_KINDS];
    };
};

/* The opens of one client through one export.  What it has open through another one is another file
 * to it, so it is as good as another client's. */
struct share_group {
    struct hnode node;
    struct client *client; /* its opens have references of both */
    const struct vfs_object *obj;
    struct file_share share;
    struct list opens;              /* struct open by file_link, oldest first */
    struct list links[SHARE_KINDS]; /* on share_table.by_kind while that count is above 0 */
};

/* All opens of one file, by group.  Most files have only one, which costs no memory. */
struct share_table {
    struct share_group first; /* in use while it has a client */
    struct htable others;
    bool others_ready; /* made with the second group */
    struct list by_kind[SHARE_KINDS];
};

/* Would an open with these bits conflict with those that are counted? */
bool file_share_conflict(const struct file_share *share, uint32_t access, uint32_t deny);

void file_share_add(struct file_share *share, uint32_t access, uint32_t deny);
void file_share_sub(struct file_share *share, uint32_t access, uint32_t deny);

/* Of memory that is all zero. */
void share_table_init(struct share_table *table);

/* It has no group any more. */
void share_table_fini(struct share_table *table);

/* The group of a client and an object, or NULL. */
struct share_group *share_group_find(struct share_table *table, const struct client *client,
                                     const struct vfs_object *obj);

/* The same; made if there is none.  NULL: there is no memory for it. */
struct share_group *share_group_get(struct share_table *table, struct client *client,
                                    const struct vfs_object *obj);

/* After an open has left the group: it goes if that was the last. */
void share_group_put(struct share_table *table, struct share_group *group);

void share_group_add(struct share_table *table, struct share_group *group, uint32_t access,
                     uint32_t deny);
void share_group_sub(struct share_group *group, uint32_t access, uint32_t deny);

/* Calls `visit` for each group with an open that conflicts with these bits, perhaps more than once,
 * until it returns false.  That group comes first the next time.  `visit` may end the group it is
 * called with, if it returns true then. */
void share_table_visit(struct share_table *table, uint32_t access, uint32_t deny,
                       bool (*visit)(struct share_group *group, void *arg), void *arg);
