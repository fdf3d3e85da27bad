/* SPDX-License-Identifier: Apache-2.0 */
/* A CB_NOTIFY put together event by event, encoded, decoded and fed to a directory cache. */
#pragma once

#include "client/client_dir.h"

enum {
    DIR_FEED_BYTES = 16384
};

struct dir_feed {
    uint8_t bytes[DIR_FEED_BYTES];
    struct xdr x;
    uint32_t count;
};

void dir_feed_init(struct dir_feed *feed);

/* `fileid` 0: without attributes.  `cookie` 0: without one. */
void dir_feed_come(struct dir_feed *feed, const char *name, uint64_t fileid, uint64_t cookie,
                   bool replaced);
void dir_feed_gone(struct dir_feed *feed, const char *name);
void dir_feed_rename(struct dir_feed *feed, const char *from, const char *to, uint64_t fileid,
                     bool replaced);
/* `fileid` 0: the size alone. */
void dir_feed_child(struct dir_feed *feed, const char *name, uint64_t fileid, uint64_t size);
void dir_feed_change(struct dir_feed *feed, uint64_t change);
void dir_feed_verifier(struct dir_feed *feed);

/* Whatever it is. */
void dir_feed_raw(struct dir_feed *feed, uint32_t mask, const void *bytes, uint32_t len);

/* All of it at once, with the status of client_dir_notify(); begins the next one. */
enum nfsstat4 dir_feed_send(struct dir_feed *feed, struct client_dir *dir);

/* Begin to fill under a grant of all types, of which CHILD_ATTRS only if asked for. */
void dir_feed_grant(struct client_dir *dir, bool child_attrs);

/* An entry of READDIR with type, size and these. */
bool dir_feed_read(struct client_dir *dir, const char *name, uint64_t fileid, uint64_t cookie);
