/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of what is on disk when a reply leaves: a server of /sync and /async, two directories
 * of this machine, whose syncs are watched (lib/disk_watch.h); and requests whose reply is waited
 * for later.
 */
#pragma once

#include <linux/magic.h>

#include "lib/disk_watch.h"
#include "script.h"

extern struct disk_watch *watch;

/* Group setup: as on ext4, on btrfs and on tmpfs, wherever it really is. */
int durable_setup_ext4(void **state);
int durable_setup_btrfs(void **state);
int durable_setup_tmpfs(void **state);

/* A directory of the test's own in "sync" or "async", with `file`, `link`, `fifo`, `empty/`,
 * `sub/inner` and `other/`.  Nothing is held, and there are no notes. */
struct client_fh durable_dir(const char *export);

/* `name` in that directory, "" for itself: for this machine, and as disk_watch has it. */
const char *durable_path(const char *name);
const char *durable_note(const char *name);

/* PUTFH of that directory and LOOKUP of `name` in it, in the compound C. */
void durable_look(const char *name);

/* Send C over the mount's connection, or one without (begin_bare).  The xid. */
uint32_t durable_send(struct client_conn *conn);
/* Is there anything to be received? */
bool durable_answered(const struct client_conn *conn);
/* Wait for the reply, which becomes R. */
void durable_receive(struct client_conn *conn, uint32_t xid, enum nfsstat4 status);

/* Wait until `count` calls are held. */
void durable_held(uint32_t count);
/* Let the one that is held through, and wait until the next one is. */
void durable_pass(void);

/* A client of the script's minor version. */
void durable_mount(struct client_mount *mount);
/* The server has been killed: bring it up once more, with alice and bob as new clients. */
void durable_restart(void);
