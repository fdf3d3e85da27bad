/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mainstayd of this build (in MAINSTAY_BIN) as a process of its own, for tests that talk to it
 * as clients do. It is killed when the test program ends. Its state and log are in a temporary
 * directory, with an empty directory `data` to export. Options from MAINSTAY_SERVER_OPTIONS in the
 * environment follow those of the test.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define TEST_SERVER_OPTIONS 32u

struct test_server {
    pid_t pid;       /* 0: it is not running */
    unsigned port;   /* 0 until the first start */
    char target[32]; /* 127.0.0.1:PORT */
    char dir[64], state[80], data[80], log[80];
    const char *options[TEST_SERVER_OPTIONS]; /* of the caller, NULL at the end */
    bool usual_ports;                         /* else `local` exports accept any client port */
};

/* Open the program for all starts to come.  A caller that is about to become another user does this
 * before: that user may not be let into the directory of the build.  False: it is not there. */
bool test_server_hold_program(void);

/* Make the directory; the server does not run yet. */
bool test_server_init(struct test_server *server);

/* Start with `options` (NULL: those of the last start, which must still be valid), with two event
 * loops unless they say otherwise, and wait until the server is ready. It listens on the same port
 * each time. False: it did not come up, and its log is on stdout. If the system does not let it act
 * as its callers (`unshare -r`), the program ends as skipped. */
bool test_server_start(struct test_server *server, const char *const *options);

/* End it by SIGTERM. False: it was not running, did not end in time, or not with status 0 (as after
 * a sanitizer's report); its log is on stdout. */
bool test_server_stop(struct test_server *server);

/* The same with whatever exit status, for a server that cannot end in order. */
bool test_server_end(struct test_server *server, int *exit_status);

/* Kill it as a crash would. */
void test_server_kill(struct test_server *server);

/* How many sockets its process has. */
unsigned test_server_sockets(const struct test_server *server);

/* Remove the directory. */
void test_server_fini(struct test_server *server);
