/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Kerberos realm of a test's own, with its KDC (the script tests/lib/realm), for any user. It is
 * gone when the test program ends. Its environment is that of the test, and of what it starts.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct test_realm {
    pid_t pid;    /* 0: it is not running */
    char dir[64]; /* server.keytab (nfs/localhost), machine.keytab, alice.keytab, bob.keytab */
};

/* Make a realm, run its KDC, and set KRB5_CONFIG and the like in the environment. `options` are
 * those of the script, NULL at the end, or NULL. False: it did not come up; the script said why. */
bool test_realm_start(struct test_realm *realm, const char *const *options);

/* `NAME.keytab` and the like in its directory. Valid until the next call. */
const char *test_realm_path(const struct test_realm *realm, const char *name);

/* A command of kadmin.local, such as "cpw -randkey nfs/localhost". False: it failed. */
bool test_realm_admin(const struct test_realm *realm, const char *command);

/* End the KDC; the directory remains, so that servers go on with their keytab. */
void test_realm_stop(struct test_realm *realm);

/* End the KDC and remove the directory. */
void test_realm_fini(struct test_realm *realm);
