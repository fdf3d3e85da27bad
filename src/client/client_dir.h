/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The content of one directory as a client keeps it under a delegation (RFC 8881 §10.9): filled
 * once by READDIR, from then on fed by notifications alone.  It sends nothing itself: see
 * client_dir_holder.h.
 *
 * The client does not hear of changes at the moment when they happen.  The content is right
 * nevertheless, as soon as all that was sent has come:
 * - Notifications come in the order of the changes, and they begin before the first READDIR.  So a
 *   name that they have named keeps what they say, and all other names have not changed since.
 * - The client's own changes are not notified.  What is told of a name of such a change may be
 *   older or newer than that.  If nobody else's change is known to have been between (cinfo.before
 *   is the change attribute up to which it was told), the order is clear.  Otherwise the name is in
 *   doubt until it is looked up.  Attributes of a child do not count for that order: they are taken
 *   if they have the file ID of what has the name, and put the name in doubt if that is unknown, or
 *   if an older answer about the name may be on its way.
 *
 * Not thread safe: it belongs to the thread of its connection, which also delivers callbacks.
 */
#pragma once

#include "base/htable.h"
#include "client/client_op.h"
#include "wire/notify.h"

enum client_dir_state {
    CLIENT_DIR_UNKNOWN, /* nothing was read */
    CLIENT_DIR_FILLING, /* delegated, and being read */
    CLIENT_DIR_VALID,
    CLIENT_DIR_LOST, /* what is known is no longer kept up to date: begin again */
};

enum client_dir_loss {
    CLIENT_DIR_RECALLED,
    CLIENT_DIR_REVOKED,
    CLIENT_DIR_SESSION,   /* the session is gone, as after a restart of the server */
    CLIENT_DIR_MALFORMED, /* what came is no notification */
    CLIENT_DIR_RETURNED,
    CLIENT_DIR_LIMIT, /* more entries or own names than the two limits */
};

#define CLIENT_DIR_ENTRIES (4u << 20)
#define CLIENT_DIR_OWN_NAMES (64u << 10)

struct client_dir_entry {
    struct hnode node;
    bool present;        /* false: only remembered as one that is not there */
    bool told;           /* since the fill, an own change or a lookup began */
    bool own;            /* the client changed it itself, and what is told may be older ... */
    uint64_t own_before; /* ... unless all up to this change was told */
    uint32_t in_flight;  /* own changes and lookups of it */
    bool doubtful;       /* to be looked up; then on dir->doubts */
    struct list doubt;
    bool has_cookie;
    uint64_t cookie;
    struct bitmap4 known; /* which of these */
    uint32_t type;
    uint64_t fileid, change, size;
    uint32_t name_len;
    char name[]; /* with a NUL behind it */
};

struct client_dir {
    enum client_dir_state state;
    enum client_dir_loss loss; /* CLIENT_DIR_LOST */
    struct client_fh fh;
    struct stateid4 stateid;
    struct bitmap4 types; /* of notifications that were granted */
    uint32_t count;       /* entries that are present */
    struct htable entries;
    struct list doubts;
    uint32_t own_count; /* entries with `own` */
    bool change_known;
    uint64_t change; /* all up to this value of the change attribute was told */
    bool has_attrs;
    struct nfs4_attrs attrs; /* of the directory, as last told; without pointers */
    /* Notifications so far, by type; and how many of them named what was there already (ADD), or
     * what was not there. */
    uint64_t told[NOTIFY_TYPES], repeated, unknown;
    struct list link; /* for its holder */
    /* Called with each notification after it is applied; NULL: nobody. */
    void (*watch)(struct client_dir *dir, const struct notify_event *event, void *context);
    void *context;
};

const char *client_dir_loss_name(enum client_dir_loss loss);

void client_dir_init(struct client_dir *dir, const struct client_fh *fh);
void client_dir_fini(struct client_dir *dir);

/* The attributes of entries and of the directory that are kept: what to subscribe to and to read.
 * Those of entries that can change are kept only under a delegation that tells them. */
struct bitmap4 client_dir_entry_attrs(void);
struct bitmap4 client_dir_attrs(void);

/* Forget all, and begin to fill it under this delegation. */
void client_dir_fill_begin(struct client_dir *dir, const struct GET_DIR_DELEGATION4resok *granted);

/* An entry of READDIR; false if it is malformed or one too many: the directory is lost then. */
bool client_dir_fill_entry(struct client_dir *dir, const struct entry4 *entry);

/* All entries were read.  `before` and `after` are the directory's change attribute before the
 * delegation was asked for, and now. */
void client_dir_fill_end(struct client_dir *dir, uint64_t before, uint64_t after);

/* Apply a CB_NOTIFY; for a directory that is FILLING or VALID.  Returns its status:
 * NFS4ERR_BADXDR, and the directory is lost, if it is malformed. */
enum nfsstat4 client_dir_notify(struct client_dir *dir, const struct CB_NOTIFY4args *args,
                                struct arena *arena);

/* It is no longer kept up to date.  The first reason stays. */
void client_dir_lose(struct client_dir *dir, enum client_dir_loss why);

/* An own change of the directory: CREATE, OPEN, LINK, REMOVE, RENAME. */
struct client_dir_change {
    const char *gone; /* the name that will no longer be there, or NULL */
    const char *come; /* that will be there, or NULL */
};

/* Before it is sent, and with its reply; `cinfo` NULL: it changed nothing.  The attributes of what
 * comes are known only after a rename in clear order.  When the outcome is unknown since there is
 * no reply, client_dir_change_lost() puts the names in doubt instead. */
void client_dir_change_begin(struct client_dir *dir, const struct client_dir_change *change);
void client_dir_change_end(struct client_dir *dir, const struct client_dir_change *change,
                           const struct change_info4 *cinfo);
void client_dir_change_lost(struct client_dir *dir, const struct client_dir_change *change);

/* A name that is in doubt, or NULL.  It must be looked up: client_dir_doubt_begin() before that,
 * client_dir_doubt_end() with the status of LOOKUP: with another one than NFS4_OK or NFS4ERR_NOENT
 * it stays in doubt. */
struct client_dir_entry *client_dir_doubt(struct client_dir *dir);
void client_dir_doubt_begin(struct client_dir *dir, struct client_dir_entry *entry);
void client_dir_doubt_end(struct client_dir *dir, struct client_dir_entry *entry,
                          enum nfsstat4 status, const struct fattr4 *attrs);

/* The entry of that name, or NULL. */
const struct client_dir_entry *client_dir_lookup(const struct client_dir *dir, const char *name);

/* Visit the entries, in no particular order, until `visit` returns false. */
void client_dir_visit(const struct client_dir *dir,
                      bool (*visit)(const struct client_dir_entry *entry, void *context),
                      void *context);
