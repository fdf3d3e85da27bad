/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories of this machine for tests of backend/local: made below a parent, with the server's
 * state beside them, and removed at the end.
 */
#pragma once

#include "backend/contract.h"
#include "backend/local/local.h"

struct local_dir {
    char base[128];  /* what is removed at the end */
    char path[160];  /* the exported directory: base/export */
    char state[160]; /* base/state */
    struct vfs *fs;
};

/* How the next file systems are to be made. */
struct local_setting {
    const char *parent; /* "/dev/shm", "/tmp" */
    enum local_finding finding;
    bool own_user;
};
extern struct local_setting local_setting;

/* A new directory, with a file system on it. */
struct local_dir *local_dir_create(void);
/* The file system goes down and comes up again. */
void local_dir_reopen(struct local_dir *dir);
void local_dir_destroy(struct local_dir *dir);
/* That of a file system made here. */
struct local_dir *local_dir_of(const struct vfs *fs);
/* Bring up a file system on the directory: NULL and a message on stderr if that fails. */
struct vfs *local_dir_open(const struct local_dir *dir);

/* Run as a user without privileges from here on; when the test is run as such, nothing changes. */
void local_drop_privileges(void);
bool local_privileged(void);

/* The contract suite as the setting has it. */
int local_contract_main(const char *name, int argc, char **argv);
