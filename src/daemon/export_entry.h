/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What daemon/ knows of each export, and the single steps of all changes.  Private to exports.h and
 * the files behind it.  Functions that may wait for an exported file system are called without
 * exports->lock, the others behind them with it.
 */
#pragma once

#include <pthread.h>

#include "daemon/exports.h"

enum {
    EXPORT_TEXT_BYTES = 512
};

/* One that is exported. */
struct export_entry {
    struct export_spec spec;
    enum export_origin origin;
    struct vfs *fs;
    uint32_t descriptors; /* of the spare ones; 0: a first export */
    bool named;           /* the configuration still says it */
};

/* A backend that was removed and is not gone yet. */
struct export_leaving {
    struct vfs *fs;
    uint32_t descriptors;
};

/* One in which clients are to lose what they have open. */
struct export_losing {
    struct vfs_object *root; /* keeps the backend */
    bool all;                /* else: those that are not admitted any more */
};

struct export_shelved;

struct exports {
    struct exports_config config;
    pthread_mutex_t lock; /* guards the rest, and serialises changes */
    uint64_t revision;    /* higher after each change and each start */
    uint32_t spare;       /* descriptors */
    uint32_t building;    /* backends with some of them that are not exported yet */
    uint32_t preparing;   /* plans whose backends are being created */
    uint32_t count;
    struct export_entry *entries[LIMIT_EXPORTS];
    uint32_t shelved_count;
    struct export_shelved *shelf[LIMIT_EXPORTS]; /* export_shelf.h */
    uint32_t leaving_count;
    struct export_leaving leaving[LIMIT_EXPORTS_RETIRED];
    uint32_t losing_count;
    struct export_losing losing[LIMIT_EXPORTS]; /* export_unlock() */
    uint32_t covered_count;
    struct vfs_object *covered[LIMIT_EXPORTS]; /* the same: references */
};

/* A line of a report. */
void export_say(const struct export_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whoever asks for a change looks at what it exports; without the lock. */
void export_look(const struct export_report *report, const struct export_spec *spec);

/* Have the exports the revision that is expected? */
bool export_expected(const struct exports *exports, const struct export_report *report);

/* Can so many changes be made?  False: `report` says why not.  Asked before anything is stored. */
bool export_room(struct exports *exports, uint32_t changes, const struct export_report *report);

/* Whom the exports of a configuration belong to. */
enum export_origin export_origin_of(const struct config *said);

/* "2 clients (3 opens, 1 delegation)".  Returns `text`. */
const char *export_uses_text(const struct open_fs_uses *uses, char *text, size_t size);

/* ---- without the lock ---- */

/* A backend on its way to be exported. */
struct export_built {
    struct vfs *fs; /* NULL: none, or it is exported */
    uint32_t share; /* of the spare descriptors */
    bool busy;      /* there is none, since others on their way have the descriptors */
    bool leaves;    /* or removed exports */
};

/* Create that of an export that comes after the start.  `mine` others of the caller are on their
 * way with a share; for those of other threads it waits a little.  False, with `error`. */
bool export_backend_later(struct exports *exports, const struct export_spec *spec, uint32_t mine,
                          struct export_built *built, char *error, size_t size) MUST_USE;

/* Create it, the caller's only one.  False: `report` says why not. */
bool export_built_create(struct exports *exports, const struct export_spec *spec,
                         struct export_built *built, const struct export_report *report) MUST_USE;

/* Drop what is left of it. */
void export_built_drop(struct exports *exports, struct export_built *built);

/* An export in JSON, which its backend would take.  NULL: `report` says what is wrong. */
struct config *export_json_read(const char *json, const struct export_report *report);

/* Hooks of the table (export_table_hooks). */
void export_revoke_all(struct vfs *fs, void *context);
void export_backend_gone(struct vfs *fs, void *context);

/* ---- with the lock ---- */

/* A hook of the table: an export has appeared in this directory, which is an entry more, made by no
 * request.  export_unlock() recalls its delegations; nobody waits for the holders. */
void export_recall_later(struct vfs_object *dir, void *context);

/* Release it, and then recall and revoke what export_recall_later() and export_revoke_later() were
 * told meanwhile. */
void export_unlock(struct exports *exports);

/* NULL: there is none at this path. */
struct export_entry *export_entry_find(const struct exports *exports, const char *path);

/* Of an export that the table has. */
void export_entry_add(struct exports *exports, const struct export_spec *spec,
                      enum export_origin origin, struct vfs *fs, uint32_t share);
void export_entry_drop(struct exports *exports, struct export_entry *entry);

/* Export it.  False, with `error`: the backend is to be dropped. */
bool export_entry_put_up(struct exports *exports, const struct export_spec *spec,
                         enum export_origin origin, struct vfs *fs, uint32_t share, char *error,
                         size_t size);

/* Export it as an administrator's.  False: `report` says why not. */
bool export_built_put_up(struct exports *exports, const struct export_spec *spec,
                         struct export_built *built, const struct export_report *report) MUST_USE;

/* export_unlock() revokes what clients have open in it: all, or, since its options have changed,
 * those that it does not admit.  In the second case it also recalls the delegations of those who
 * are told changes of directories. */
void export_revoke_later(struct exports *exports, struct vfs *fs, bool all);

/* Release the lock for a moment. */
void export_pause(struct exports *exports);

/* Have clients anything open in it? */
bool export_entry_used(const struct exports *exports, const struct export_entry *entry,
                       struct open_fs_uses *uses);

/* Remove it; export_unlock() revokes what clients have open.  False, with `error`: it stays. */
bool export_entry_take_away(struct exports *exports, struct export_entry *entry, char *error,
                            size_t size);
