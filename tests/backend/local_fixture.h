/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories of this machine for tests of backend/local: made below a parent, with the server's
 * state beside them, and removed at the end.
 */
#pragma once

#include "backend/contract.h"
#include "backend/local/local.h"

struct local_dir {
    char base[128];  /* removed at the end */
    char path[160];  /* the exported directory: base/export */
    char state[160]; /* base/state */
    struct vfs *fs;
};

/* How the next file systems are created. */
struct local_setting {
    const char *parent; /* "/dev/shm", "/tmp" */
    enum local_finding finding;
    bool own_user;
    uint32_t sole_changer; /* of struct vfs: attributes are kept */
    bool clones;           /* the parent's file system has them */
    uint32_t descriptors_max, objects_max;
};
extern struct local_setting local_setting;

/* A new directory, with a file system on it. */
struct local_dir *local_dir_create(void);
/* Take the file system down and bring it up again. */
void local_dir_reopen(struct local_dir *dir);
void local_dir_destroy(struct local_dir *dir);
/* The directory of a file system made here. */
struct local_dir *local_dir_of(const struct vfs *fs);
/* Bring up a file system on the directory: NULL and a message on stderr if that fails. */
struct vfs *local_dir_open(const struct local_dir *dir);

/* Run as a user without privileges from here on; no effect if the test is run as such a user. */
void local_drop_privileges(void);
bool local_privileged(void);

/* Do files that these tests make have POSIX ACLs? */
bool local_has_acls(void);

/* From here on this system call of this thread, and of those that it starts, fails with `err`.  For
 * a child process; false: filters of system calls are not possible here. */
bool local_call_fail(uint32_t number, int err);

/* How such a child ends. */
enum {
    AS_EXPECTED,
    OTHERWISE,
    NO_FILTER,
};

/* Run a group once for each way of finding objects that is possible in this run; the value is for
 * main() to return. */
#define local_group_run(tests) local_group_run_all((tests), ARRAY_SIZE(tests))
int local_group_run_all(const struct CMUnitTest *tests, size_t count);

/* cmocka fixture: *state is a struct local_dir. */
int local_test_set_up(void **state);
int local_test_tear_down(void **state);
#define LOCAL_TEST(fn) cmocka_unit_test_setup_teardown(fn, local_test_set_up, local_test_tear_down)

/* The path of a name below the exported directory, or beside it; valid for four calls. */
const char *local_path(const struct local_dir *dir, const char *name);
const char *local_outside(const struct local_dir *dir, const char *name);

/* Run the contract suite with the setting. */
int local_contract_main(const char *name, int argc, char **argv);
