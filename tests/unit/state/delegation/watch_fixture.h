/* SPDX-License-Identifier: Apache-2.0 */
/* Holders that subscribed to the changes of directories, and clients that make these. */
#pragma once

#include "state/delegation/delegation_conflict.h"
#include "state/delegation/delegation_dir.h"
#include "state/delegation/delegation_notify.h"
#include "unit/state/delegation/delegation_fixture.h"

enum {
    ADD = 1 << NOTIFY4_ADD_ENTRY,
    REMOVE = 1 << NOTIFY4_REMOVE_ENTRY,
    RENAME = 1 << NOTIFY4_RENAME_ENTRY,
    DIR_ATTRS = 1 << NOTIFY4_CHANGE_DIR_ATTRS,
    CHILD_ATTRS = 1 << NOTIFY4_CHANGE_CHILD_ATTRS,
    ENTRIES = ADD | REMOVE | RENAME,
};

/* Calls of delegation_notify_hooks.ready() so far, and for whom the last one was. */
struct readied {
    uint32_t calls;
    struct client *client;
    bool impossible; /* no client has room for notices */
};
extern struct readied readied;

int watch_set_up(void **unused);
int watch_tear_down(void **unused);

#define WATCH_TEST(name) cmocka_unit_test_setup_teardown(name, watch_set_up, watch_tear_down)

/* GET_DIR_DELEGATION, which must succeed; `wants` as granted. */
struct stateid4 must_watch_as(struct client *client, struct vfs_object *dir,
                              struct delegation_subscription *wants, const struct vfs_cred *cred);
struct stateid4 must_watch(struct client *client, struct vfs_object *dir, uint32_t types);

/* delegation_begin() and _end() around nothing. */
enum nfsstat4 claim(struct client *client, struct vfs_object *dir, enum delegation_use use);

/* Changes by a client, at the end of which clients are told. */
void make_file(struct client *client, struct vfs_object *dir, const char *name);
struct vfs_object *make_dir(struct client *client, struct vfs_object *dir, const char *name);
void take_away(struct client *client, struct vfs_object *dir, const char *text);
void move(struct client *client, struct vfs_object *from_dir, const char *from,
          struct vfs_object *to_dir, const char *to);
void set_mode(struct client *client, struct vfs_object *obj, uint32_t mode);

/* What the client is told next: "add a", "remove a", "rename a b", "attrs a", "dir" (`last_notice`
 * has the rest), "" for nothing. */
const char *told(struct client *client);

struct last_notice {
    struct delegation *delegation; /* no reference */
    bool has_change, replaced, has_prev, has_obj;
    uint64_t change;
};
extern struct last_notice last_notice;

uint64_t change_of(struct vfs_object *obj);
