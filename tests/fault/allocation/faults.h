/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocations of the server that fail on demand, and requests that are repeated until none fails.
 *
 *     faults_install(dir);       before the first server starts
 *     faults_meet();             after each has started
 *     faults_pass_begin();
 *     STEP(&alice, build, NFS4_OK);
 *     ... more of them, the same in each pass
 *     if (faults_pass_end()) ... that was the last pass
 *
 * A step is a request.  Its first allocation fails, then its second and so on; a request that
 * fails for that reason is repeated, and must give the same result as without a failure.  A
 * request that succeeds although an allocation failed cannot be repeated: its next allocation
 * fails in the next pass.  The passes end when each step ran through without a failure.
 */
#pragma once

#include "protocol/script.h"

void faults_install(const char *dir);
void faults_remove(void);
void faults_meet(void);

/* The next pass is the first one of a script. */
void faults_begin(void);

void faults_pass_begin(void);
bool faults_pass_end(void);

/* How many allocations have failed in all. */
unsigned faults_count(void);

/* Make an allocation fail in this step too; the caller handles the unusual answers. False: no
 * allocation is left to fail in it. faults_disarm() says whether one has failed. */
void faults_arm(void);
bool faults_disarm(void);

/* One request: build() fills the compound C of `mount`. */
#define STEP(mount, build, status) faults_step(#build, mount, build, NULL, status)
/* Or call() sends it over the connection of `mount` and waits for its answer. */
#define STEP_CALL(mount, call, status) faults_step(#call, mount, NULL, call, status)
void faults_step(const char *name, struct client_mount *mount, void (*build)(void),
                 enum client_status (*call)(enum nfsstat4 *status), enum nfsstat4 want);
