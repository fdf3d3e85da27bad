/* SPDX-License-Identifier: Apache-2.0 */
/* A tree whose attributes are kept (attribute_cache), to be compared with what the kernel says. */
#pragma once

#include "backend/local_fixture.h"

/* A tree that one export keeps, and the export of a directory in it that keeps nothing. */
struct tree {
    struct local_dir *dir, inner_dir;
    struct vfs *inner; /* of /sub */
    struct vfs_object *root, *sub, *file, *linked, *symlink;
    struct vfs_object *inner_root, *inner_file;
};

extern struct tree tree;
extern const struct vfs_cred owner;

/* cmocka fixture: kept as only the server changes it; as the kernel tells of others. */
int tree_set_up(void **state);
int tree_set_up_watched(void **state);
int tree_tear_down(void **state);
#define TREE_TEST(fn) cmocka_unit_test_setup_teardown(fn, tree_set_up, tree_tear_down)
#define WATCHED_TEST(fn) cmocka_unit_test_setup_teardown(fn, tree_set_up_watched, tree_tear_down)

/* Skip the test where nothing is kept of the file system. */
void need_kept(void);

/* What the server says of it is what the kernel says, of all objects and listings. */
void check_tree(void);
void check_object(struct vfs_object *obj, const char *name);
void check_listing(struct vfs_object *dir, const char *name);

/* Twice: the second time most answers are kept ones.  Returns how many were. */
uint64_t check_kept(void);

/* Answers that came from what is kept. */
uint64_t hits(void);
