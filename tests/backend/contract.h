/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract suite: the guarantees of vfs/vfs.h, tested through vfs_ops on any backend.
 *
 * A backend registers with a factory (struct contract_backend) and a main() that calls
 * contract_main(); see mem_contract.c and backend_contract() in CMakeLists.txt. Each test gets a
 * file system of its own from create(), and destroy() takes it down. A test whose `needs` the
 * backend does not meet is left out of the run, not skipped.
 */
#pragma once

#include <string.h>

#include "lib/test.h"
#include "vfs/vfs.h"

/* The fixed identities of the suite. Only multi-user backends meet any but the owner. */
enum contract_id {
    CONTRACT_OWNER = 1000,  /* uid and gid of the owner, if multi_user */
    CONTRACT_MEMBER = 1001, /* another uid, in the owner's group and in CONTRACT_TEAM */
    CONTRACT_OTHER = 1002,  /* another uid, in none of its groups */
    CONTRACT_TEAM = 2000,   /* a second group of owner and member */
};

/* A backend under test. */
struct contract_backend {
    const char *name;

    /* A new, empty file system.  Its root directory belongs to `owner` and has mode 0755. */
    struct vfs *(*create)(void);
    /* The same with room for about `bytes` of data and `links` names of one object; NULL if not
     * supported. */
    struct vfs *(*create_limited)(uint64_t bytes, uint32_t links);
    /* Take the file system down as a restart of the server would, and bring up the same one again;
     * NULL where handles do not survive. `fs` is dead afterwards. */
    struct vfs *(*reopen)(struct vfs *fs);
    /* Take the file system down and remove everything in it. */
    void (*destroy)(struct vfs *fs);

    /* Owns the root directory. With multi_user: uid and gid CONTRACT_OWNER, and CONTRACT_TEAM. */
    struct vfs_cred owner;
    bool multi_user; /* the backend honours the cred of each call; otherwise all act as `owner` */
    bool can_chown;  /* uid 0 may change owners */
    bool can_mknod;  /* uid 0 may make device nodes; all may make sockets and fifos */
    bool named_attr; /* objects can have named attributes */
    bool clones;     /* clone() */
    bool acl;        /* and ACLs of any form */
    bool posix_acl;  /* or ACLs that a POSIX ACL can express */
    bool parents;    /* changes of objects are told to the watchers of their directories */
};

/* What a test requires of a backend, or'ed. */
enum contract_needs {
    NEEDS_NOTHING = 0,
    NEEDS_USERS = 1u << 0,      /* multi_user */
    NEEDS_CHOWN = 1u << 1,      /* can_chown */
    NEEDS_MKNOD = 1u << 2,      /* can_mknod */
    NEEDS_LIMIT = 1u << 3,      /* create_limited; the test makes its own file system */
    NEEDS_REOPEN = 1u << 4,     /* reopen */
    NEEDS_NAMED_ATTR = 1u << 5, /* named_attr */
    NEEDS_ACL = 1u << 6,        /* acl */
    NEEDS_PARENTS = 1u << 7,    /* parents */
    NEEDS_CLONE = 1u << 8,      /* clones */
    NEEDS_SOME_ACL = 1u << 9,   /* acl or posix_acl */
};

/* The fixture: *state of every test. */
struct contract {
    const struct contract_backend *backend;
    struct vfs *fs;
    struct vfs_object *root;                     /* held */
    struct vfs_cred owner, member, other, super; /* super: uid 0 */
};

struct contract_test {
    const char *name;
    void (*run)(void **state);
    uint32_t needs;
};

/* One file of tests: a noun. */
struct contract_group {
    const char *name;
    const struct contract_test *tests;
    size_t count;
};

#define CONTRACT_TEST(fn, what)                                                                    \
    {                                                                                              \
#fn, fn, what                                                                              \
    }

#define CONTRACT_GROUP(noun, tests)                                                                \
    const struct contract_group contract_##noun = {#noun, (tests), ARRAY_SIZE(tests)}

/* Run the group named by argv[1], or every group; the value is for main() to return. */
int contract_main(const struct contract_backend *backend, int argc, char **argv);

/* Take the fixture's file system down and bring it up again (NEEDS_REOPEN). */
void contract_reopen(struct contract *c);

/* Replace the fixture's file system by a limited one (NEEDS_LIMIT). */
void contract_limit(struct contract *c, uint64_t bytes, uint32_t links);

/* Compare statuses by name. */
void assert_status_at(enum vfs_status got, enum vfs_status want, const char *expr, const char *file,
                      int line);
void assert_status2_at(enum vfs_status got, enum vfs_status a, enum vfs_status b, const char *expr,
                       const char *file, int line);
#define assert_status(expr, want) assert_status_at((expr), (want), #expr, __FILE__, __LINE__)
#define assert_ok(expr) assert_status(expr, VFS_OK)
/* Where the contract allows two results. */
#define assert_either(expr, a, b) assert_status2_at((expr), (a), (b), #expr, __FILE__, __LINE__)

/* A vfs_name of a C string. */
struct vfs_name name_of(const char *text);

/* Create objects as `cred`, which must succeed; the caller puts the result. */
struct vfs_object *make(struct vfs_object *dir, const struct vfs_cred *cred, const char *name,
                        enum vfs_type type, uint32_t mode);
struct vfs_object *make_file(struct contract *c, const char *name);
struct vfs_object *make_dir(struct contract *c, const char *name);
struct vfs_object *make_symlink(struct contract *c, const char *name, const char *target);

/* The calls with simple arguments; return the call's status. */
enum vfs_status do_create(struct vfs_object *dir, const struct vfs_cred *cred, const char *name,
                          struct vfs_create *create, struct vfs_object **out);
enum vfs_status do_make(struct vfs_object *dir, const struct vfs_cred *cred, const char *name,
                        enum vfs_type type, uint32_t mode);
enum vfs_status do_lookup(struct vfs_object *dir, const struct vfs_cred *cred, const char *name,
                          struct vfs_object **out);
/* lookup and put: only whether it exists */
enum vfs_status do_find(struct vfs_object *dir, const struct vfs_cred *cred, const char *name);
enum vfs_status do_remove(struct vfs_object *dir, const struct vfs_cred *cred, const char *name);
enum vfs_status do_rename(struct vfs_object *from_dir, const char *from, struct vfs_object *to_dir,
                          const char *to, const struct vfs_cred *cred);
enum vfs_status do_link(struct vfs_object *obj, struct vfs_object *dir, const struct vfs_cred *cred,
                        const char *name);
enum vfs_status do_chmod(struct vfs_object *obj, const struct vfs_cred *cred, uint32_t mode);
enum vfs_status do_chown(struct vfs_object *obj, const struct vfs_cred *cred, uint32_t uid,
                         uint32_t gid);
enum vfs_status do_truncate(struct vfs_object *obj, const struct vfs_cred *cred, uint64_t size);
enum vfs_status do_resolve(struct vfs *fs, const struct vfs_handle *handle,
                           struct vfs_object **out);
uint32_t do_access(struct vfs_object *obj, const struct vfs_cred *cred, uint32_t want);

/* Every attribute. */
struct vfs_attr attr_of(struct vfs_object *obj);
uint64_t change_of(struct vfs_object *obj);

/* Data, through open/write/close and open/read/close as the owner of the fixture's root. */
void put_bytes(struct contract *c, struct vfs_object *obj, uint64_t offset, const void *data,
               uint32_t len);
/* Returns the number of bytes read into buf. */
uint32_t get_bytes(struct contract *c, struct vfs_object *obj, uint64_t offset, void *buf,
                   uint32_t len, bool *eof);
/* read() on an open object; copies data returned by descriptor into buf. */
enum vfs_status do_read(struct vfs_object *obj, uint64_t offset, void *buf, uint32_t len,
                        uint32_t *got, bool *eof);
enum vfs_status do_write(struct vfs_object *obj, const struct vfs_cred *cred, uint64_t offset,
                         const void *data, uint32_t len);
