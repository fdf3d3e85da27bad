/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exports of a running server, as the administration steers them; daemon/ does the work, since only
 * it knows the backends.  Any thread; each call may wait for disks and for another one to finish.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "export/export.h"
#include "state/open/open_fs.h"

/* Whom an export belongs to: who names it can change it. */
enum export_origin {
    EXPORT_BY_OPTION, /* the command line */
    EXPORT_BY_FILE,   /* the configuration file */
    EXPORT_BY_ADMIN,  /* whoever added it while the server runs */
};

enum export_service {
    EXPORT_SERVED,
    EXPORT_OVERRULED,  /* it is stored, but the command line or the file has one at its path */
    EXPORT_NOT_SERVED, /* it is stored, but its backend could not be created */
};

enum export_result {
    EXPORT_DONE,
    EXPORT_UNKNOWN, /* there is none at this path */
    EXPORT_FOREIGN, /* it belongs to the command line or the file */
    EXPORT_EXISTS,  /* there is one at this path already */
    EXPORT_IN_USE,  /* clients have files of it open */
    EXPORT_REFUSED, /* it is not possible */
    EXPORT_BUSY,    /* it is not possible yet */
    EXPORT_CHANGED, /* the exports have another revision than was expected */
    EXPORT_FAILED,  /* it could not be stored */
};

/* What becomes of a configuration file that is read again. */
enum reload_result {
    RELOAD_DONE,
    RELOAD_REFUSED,   /* it is wrong, or cannot be put into effect */
    RELOAD_OVERTAKEN, /* a reload that began later was applied meanwhile */
};

enum {
    EXPORT_ERROR_BYTES = 512
};

/* One export; what the pointers name lasts as long as the call that shows it. */
struct export_shown {
    const struct export_spec *spec;
    enum export_origin origin;
    enum export_service service;
    const char *why; /* it is not served; NULL: it is */
    bool secure;
    struct open_fs_uses uses;
    uint64_t revision; /* of all exports; another one after each change and each start */
};

/* Who wants a change: texts go to it, a line each. */
struct export_report {
    void (*line)(void *context, const char *text);
    void *context;
    uint64_t expected; /* the revision that the exports must have; 0: any */
    /* Gets each export that is to be new or changed, before that cannot be stopped any more, and
     * may wait for its file system; NULL: nobody looks. */
    void (*look)(void *context, const struct export_spec *spec);
    void *look_context;
};

struct export_control {
    /* Visit all exports, the stored ones that are not served among them; or the one at `path`, the
     * one that is served if there are two.  False: there is none. */
    bool (*visit)(void *context, const char *path,
                  void (*show)(const struct export_shown *shown, void *arg), void *arg);

    /* Add one from the keys of the configuration file, as JSON.  What is wrong goes to `report`. */
    enum export_result (*add)(void *context, const char *json, const struct export_report *report);

    /* Change the one at `path` to what the JSON says.  One that is not served is tried again. */
    enum export_result (*change)(void *context, const char *path, const char *json,
                                 const struct export_report *report);

    /* Remove it.  If clients use it, only with `force`: they lose what they have open.  Of one that
     * is overruled: what is stored. */
    enum export_result (*remove)(void *context, const char *path, bool force,
                                 const struct export_report *report);

    /* Read the configuration file again and apply the difference, each change a line of `report`.
     * But for RELOAD_DONE nothing was changed, and the lines say why. */
    enum reload_result (*reload)(void *context, bool force, const struct export_report *report);

    /* Only look what that would change, as far as it can be told without opening directories. */
    enum reload_result (*foresee)(void *context, bool force, const struct export_report *report);
    void *context;
};
