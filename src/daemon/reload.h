/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGHUP, and the same by the admin endpoint: the configuration file is read again. What differs
 * is put into effect, or all of it is refused. Exports that do not differ are not touched.
 */
#pragma once

#include "daemon/exports.h"
#include "daemon/listening.h"

struct admin;
struct identities;
struct settings;
struct transport;

struct reload {
    const char *file;             /* NULL: there is none, only stored settings are read again */
    const struct config *options; /* what the command line said; NULL without a file */
    const struct config *running; /* what the server was started with */
    struct settings *settings;
    struct exports *exports;
    struct admin *admin;           /* whose tokens and certificates are read, too */
    struct transport *transport;   /* whose certificates are, too */
    struct identities *identities; /* whose map file is read, too */
    struct listening_addresses at; /* for warnings about exports */
};

/* Each change, or each mistake, is logged and is a line of `report`.  But for RELOAD_DONE nothing
 * was changed.  `force`: exports that are gone from the file but in use are removed, too.  Any
 * thread. */
enum reload_result reload_run(const struct reload *reload, bool force,
                              const struct export_report *report);

/* The same, and the exports, for the admin endpoint: `reload` is the context, and stays. */
struct export_control reload_control(struct reload *reload);
