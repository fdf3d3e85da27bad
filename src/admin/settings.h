/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of a server: stored in its state directory, changed while it runs, and effective at
 * once.  Another process changes what is stored, and then tells the server to reload it.
 *
 * A value in force is, in this order: what was changed since the server started; the option it was
 * started with, which is not stored; what is stored; what the configuration file says; the default.
 *
 * Thread safe.  Functions that read the disk say so; threads that serve requests must not call
 * them.
 */
#pragma once

#include "admin/setting.h"

struct settings;

enum settings_status {
    SETTINGS_OK,
    SETTINGS_REFUSED,    /* a value is invalid, or the values are inconsistent */
    SETTINGS_UNREADABLE, /* the file cannot be read or created, or is damaged */
};

/* An option of the start. */
struct setting_option {
    bool given;
    uint32_t number;
};

struct settings_config {
    int dir; /* the state directory, open as long as the settings are */
    struct setting_option initial[SETTING_COUNT]; /* of the configuration file */
    struct setting_option options[SETTING_COUNT]; /* of the command line */
    uint32_t lease_s; /* what calls to clients must stay below; 0: not known */

    /* Put `now` into effect; the values have been checked, so this cannot fail.  Called by
     * settings_open(), and whenever a value in force has changed, before the function that changed
     * it returns.  Calls are serialized, in the order of the changes.  It may read settings but
     * must not change them.  NULL is allowed. */
    void (*apply)(void *context, const struct setting_values *now);
    void *context;
};

/* Reads the disk.  On failure returns NULL and sets *status and `error`. */
struct settings *settings_open(const struct settings_config *config, enum settings_status *status,
                               char *error, size_t size) MUST_USE;

/* Would settings_open() fail?  Writes nothing, so it may miss an error.  `config->dir` may be -1 if
 * there is no state directory yet.  Does not call `apply`. */
enum settings_status settings_check(const struct settings_config *config, char *error,
                                    size_t size) MUST_USE;

/* No thread may use the settings any more.  NULL is allowed. */
void settings_close(struct settings *settings);

/* All values in force, as of one moment. */
void settings_get(struct settings *settings, struct setting_values *values);

/* One setting in detail. */
struct setting_state {
    const struct setting *setting;
    char value[SETTING_TEXT_BYTES]; /* in force */
    enum setting_origin origin;
    char stored[SETTING_TEXT_BYTES]; /* "" if nothing is stored */
    uint64_t revision;               /* of the change that stored it; 0: not stored */
};

/* As of the last time that the disk was read. */
void settings_list(struct settings *settings, struct setting_state states[SETTING_COUNT]);

/* Reload what is stored, and put it into effect.  On an error nothing changes.  Reads the disk. */
enum settings_status settings_reload(struct settings *settings, char *error, size_t size) MUST_USE;
