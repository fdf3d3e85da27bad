/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocations of the server that fail on demand, and requests that are made again until none does.
 *
 *     faults_install(dir);       before the first server starts
 *     faults_meet();             after each has started
 *     faults_pass_begin();
 *     STEP(&alice, build, NFS4_OK);
 *     ... more of them, the same in each pass
 *     if (faults_pass_end()) ... that was the last pass
 *
 * A step is a request.  In its first allocation, then its second and so on, the server fails; a
 * request that fails for that is made again, and must come to what it came to without a fault.  A
 * request that succeeds though an allocation failed cannot be made again: its next allocation's
 * turn comes in the next pass.  The passes end when each step ran through without meeting a fault.
 */
#pragma once

#include "protocol/script.h"

void faults_install(const char *dir);
void faults_remove(void);
void faults_meet(void);

/* The first pass of a script comes next. */
void faults_begin(void);

void faults_pass_begin(void);
bool faults_pass_end(void);

/* How many allocations have failed in all. */
unsigned faults_count(void);

/* In this step too an allocation fails; the answers that come to it otherwise are the caller's.
 * False: nothing is left to fail in it.  True if it has when faults_undo() says so. */
void faults_arm(void);
bool faults_disarm(void);

/* A request: build() makes the compound C of `mount`'s. */
#define STEP(mount, build, status) faults_step(#build, mount, build, NULL, status)
/* Or call() makes it, over the connection of `mount`, and waits for its answer. */
#define STEP_CALL(mount, call, status) faults_step(#call, mount, NULL, call, status)
void faults_step(const char *name, struct client_mount *mount, void (*build)(void),
                 enum client_status (*call)(enum nfsstat4 *status), enum nfsstat4 want);
