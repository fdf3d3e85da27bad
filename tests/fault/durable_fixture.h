/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of what is on disk when a reply leaves: a server with the exports /sync and /async, two
 * directories of this machine whose syncs are watched (lib/disk_watch.h); and requests whose reply
 * is received later.
 */
#pragma once

#include <linux/magic.h>

#include "lib/disk_watch.h"
#include "script.h"

extern struct disk_watch *watch;

/* Group setup: with directories that look like ext4, btrfs or tmpfs, wherever they really are. */
int durable_setup_ext4(void **state);
int durable_setup_btrfs(void **state);
int durable_setup_tmpfs(void **state);

/* A directory of the test's own in "sync" or "async", with `file`, `link`, `fifo`, `empty/`,
 * `sub/inner` and `other/`. No call is held, and there are no notes. */
struct client_fh durable_dir(const char *export);

/* The path of `name` in that directory, "" for the directory itself: on this machine, and as
 * disk_watch notes it. */
const char *durable_path(const char *name);
const char *durable_note(const char *name);

/* PUTFH of that directory and LOOKUP of `name` in it, in the compound C. */
void durable_look(const char *name);

/* Send C over `conn`: the mount's connection, or any other after begin_bare(). Returns the xid. */
uint32_t durable_send(struct client_conn *conn);
/* Has a reply arrived? */
bool durable_answered(const struct client_conn *conn);
/* Wait for the reply, which becomes R. */
void durable_receive(struct client_conn *conn, uint32_t xid, enum nfsstat4 status);

/* Wait until `count` calls are held. */
void durable_held(uint32_t count);
/* Let the held call pass, and wait until the next one is held. */
void durable_pass(void);

/* A client of the script's minor version. */
void durable_mount(struct client_mount *mount);
/* The server has been killed: start it again, with alice and bob as new clients. */
void durable_restart(void);
