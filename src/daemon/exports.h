/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exports of the running server: what was said of each, who said it, and the backend that it
 * got.  Those of the command line or the configuration file change when the file is read again.
 * Others are added, changed and removed by an administrator, and stored.
 *
 * Thread safe, by one lock; calls may wait for disks.  It is not held while they wait for an
 * exported file system, so that exports_visit() never waits for one.
 */
#pragma once

#include "admin/config/config.h"
#include "admin/export_control.h"
#include "export/export_table.h"

struct exports;
struct state;

struct exports_config {
    struct export_table *table; /* outlives the exports */
    struct state *state;        /* the same; whose clients lose what they have open */
    const char *state_dir;
    int state_fd;               /* the same, open; exports.db is in it */
    uint32_t descriptors;       /* for the files of the first exports, divided evenly */
    uint32_t descriptors_spare; /* for those that come later */
    bool machine;               /* the process has kept the rights that `local` exports need */
};

/* Does the configuration, or what is stored in its state directory, name an export of files of this
 * machine?  Also true if that cannot be seen without writing to the directory, and if the
 * configuration leaves all exports to come. */
bool exports_serve_machine(const struct config *said);

/* Does one of them have security_label?  Those that will be added do not count. */
bool exports_set_labels(const struct config *said);

/* The same of attribute_cache=watched. */
bool exports_watch_changes(const struct config *said);

/* Add the exports of the configuration to the table, then those that are stored: they give way to a
 * configured one of the same path, and one that cannot be served is logged and left out.  NULL,
 * with `error`. */
struct exports *exports_open(const struct exports_config *config, const struct config *said,
                             char *error, size_t size) MUST_USE;

/* The table keeps the exports.  NULL is allowed. */
void exports_close(struct exports *exports);

/* Once a second, if exports_await() says that there is such: what was removed and is not in use any
 * more is freed, and files whose opens ended while they were counted are closed.  One thread at a
 * time, which asks exports_await() only between two ticks. */
void exports_tick(struct exports *exports);
bool exports_await(struct exports *exports);

/* What a configuration changes: backends of new exports that were created for it. */
struct exports_plan;

/* Prepare the change to `said`.  NULL: an export of it cannot be served; `report` says which, with
 * the line of `file`, and why.  To be followed by exports_apply() or exports_cancel(), by the same
 * thread; meanwhile no other thread changes exports. */
struct exports_plan *exports_prepare(struct exports *exports, const struct config *said,
                                     const char *file, const struct export_report *report) MUST_USE;
void exports_cancel(struct exports_plan *plan);

/* Change what differs, a line of `report` for each change; exports that are the same are not
 * touched.  One that is no longer named but in use stays, unless `force` says that its clients lose
 * what they have open. */
void exports_apply(struct exports_plan *plan, bool force, const struct export_report *report);

/* Let `report` have what exports_prepare() and exports_apply() would change, as far as that can be
 * told without creating a backend. */
void exports_foresee(struct exports *exports, const struct config *said, bool force,
                     const struct export_report *report);

/* What an administrator does (export_control.h). */
bool exports_visit(struct exports *exports, const char *path,
                   void (*show)(const struct export_shown *shown, void *arg), void *arg);
enum export_result exports_add(struct exports *exports, const char *json,
                               const struct export_report *report);
enum export_result exports_change(struct exports *exports, const char *path, const char *json,
                                  const struct export_report *report);
enum export_result exports_remove(struct exports *exports, const char *path, bool force,
                                  const struct export_report *report);
