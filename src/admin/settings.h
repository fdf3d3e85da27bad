/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of a server: stored in its state directory, changed while it runs, and effective at
 * once.  Another process may change what is stored, and then tell the server to reload it.
 *
 * A value in force is, in this order: what was changed since the server started; the option it was
 * started with, which is not stored; what is stored; what the configuration file says; the default.
 * So an option that is still given at the next start overrides the change again; settings_list()
 * shows that.
 *
 * Thread safe.  Functions that read or write the disk say so; threads that serve requests must not
 * call them.
 */
#pragma once

#include "admin/setting.h"

struct settings;

enum settings_status {
    SETTINGS_OK,
    SETTINGS_UNKNOWN,    /* no setting has this name */
    SETTINGS_REFUSED,    /* a value is invalid, or the values are inconsistent */
    SETTINGS_CONFLICT,   /* the settings are not at the expected revision */
    SETTINGS_BUSY,       /* another process has the file locked: try again */
    SETTINGS_UNREADABLE, /* the file cannot be read or written, or is damaged */
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

/* All values in force, as of one moment.  Those of SETTING_AT_START are those of the start. */
void settings_get(struct settings *settings, struct setting_values *values);

/* One setting in detail. */
struct setting_state {
    const struct setting *setting;
    char value[SETTING_TEXT_BYTES]; /* in force */
    enum setting_origin origin;
    char stored[SETTING_TEXT_BYTES];  /* "" if nothing is stored */
    char option[SETTING_TEXT_BYTES];  /* of this start, in force or not; "": none */
    char restart[SETTING_TEXT_BYTES]; /* after a start with the same options and file */
    uint64_t revision;                /* of the change that stored it; 0: not stored */
};

/* As of the last time that the disk was read.  Returns the revision of the latest change, 0 if
 * there was none. */
uint64_t settings_list(struct settings *settings, struct setting_state states[SETTING_COUNT]);

/* A new value of one setting. */
struct settings_change {
    const char *name;
    const char *value; /* for setting_parse(); NULL: as if the setting had never been stored */
};

#define SETTINGS_REVISION_ANY UINT64_MAX

/* Names and values may be any text, of any length. */
struct settings_request {
    const struct settings_change *changes; /* each setting at most once */
    uint32_t count;                        /* at least 1 */
    uint64_t expected; /* the revision that the changes are based on, or SETTINGS_REVISION_ANY */
};

/* Check all changes together, store them in one transaction, and put them into effect.  Also
 * refuses changes with which the server could not start again with the same options.  On success
 * the changes are durable and *revision is theirs.  Otherwise nothing changes, and `error` says why
 * in printable ASCII.  Changes by other processes take effect at the same time.  Writes the disk;
 * waits a quarter of a second for other processes. */
enum settings_status settings_change(struct settings *settings,
                                     const struct settings_request *request, uint64_t *revision,
                                     char *error, size_t size) MUST_USE;

/* Reload what is stored, and put it into effect.  On an error nothing changes.  Reads the disk. */
enum settings_status settings_reload(struct settings *settings, char *error, size_t size) MUST_USE;

/* The same, and from now on the configuration file says `initial`. */
enum settings_status settings_reconfigure(struct settings *settings,
                                          const struct setting_option initial[SETTING_COUNT],
                                          char *error, size_t size) MUST_USE;

/* What settings_reconfigure(), or with NULL settings_reload(), would make of the settings.  Nothing
 * changes.  Reads the disk. */
enum settings_status settings_foresee(struct settings *settings,
                                      const struct setting_option *initial,
                                      struct setting_state states[SETTING_COUNT], char *error,
                                      size_t size) MUST_USE;
