/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of a server: stored in its state directory, changed while it runs, obeyed at once.
 * Another process changes what is stored, and then tells the server to read it again.
 *
 * A value in force is, in this order: what was changed since the server started; the option it was
 * started with, which is not stored; what is stored; the default.
 *
 * Thread safe.  What reads the disk says so: not for a thread that serves requests.
 */
#pragma once

#include "admin/setting.h"

struct settings;

enum settings_status {
    SETTINGS_OK,
    SETTINGS_REFUSED,    /* a value is none, or they don't go together */
    SETTINGS_UNREADABLE, /* the file cannot be read or made, or is damaged */
};

/* What the server was started with. */
struct setting_option {
    bool given;
    uint32_t number;
};

struct settings_config {
    int dir; /* the state directory, open as long as the settings are */
    struct setting_option options[SETTING_COUNT];
    uint32_t lease_s; /* what calls to clients must stay below; 0: not known */

    /* Obey `now`, which was checked: it can't fail.  Called by settings_open(), and then whenever a
     * value in force has changed, before the call that changed it returns; one call at a time and
     * in the order of the changes.  It may read settings and must not change them.  NULL:
     * nobody. */
    void (*obey)(void *context, const struct setting_values *now);
    void *context;
};

/* Reads the disk.  NULL, a status and a reason. */
struct settings *settings_open(const struct settings_config *config, enum settings_status *status,
                               char *error, size_t size) MUST_USE;

/* Would settings_open() refuse them?  SETTINGS_OK: it would not, as far as can be told without
 * writing anything.  `config->dir` may be -1: there is no state directory yet.  Obeys nothing. */
enum settings_status settings_check(const struct settings_config *config, char *error,
                                    size_t size) MUST_USE;

/* Nobody uses them any more.  May be NULL. */
void settings_close(struct settings *settings);

/* What is in force now, all at one time. */
void settings_get(struct settings *settings, struct setting_values *values);

/* One setting with all there is to say about it. */
struct setting_state {
    const struct setting *setting;
    char value[SETTING_TEXT_BYTES]; /* in force */
    enum setting_origin origin;
    char stored[SETTING_TEXT_BYTES]; /* "": nothing is stored */
    uint64_t revision;               /* of the change that stored it; 0: none did */
};

/* As of the last time that the disk was read. */
void settings_list(struct settings *settings, struct setting_state states[SETTING_COUNT]);

/* Read what is stored again, and obey.  With an error everything stays as it was.  Reads the
 * disk. */
enum settings_status settings_reload(struct settings *settings, char *error, size_t size) MUST_USE;
