/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings in a state directory of the test's own, with a hook that records its arguments. Tests
 * change them as another process does: SQL in settings.db, then a reload. Helpers assert.
 */
#pragma once

#include <stdatomic.h>

#include "admin/settings.h"
#include "lib/test.h"

#define MIN_MINOR "nfs.min_minor_version"
#define MAX_MINOR "nfs.max_minor_version"

enum {
    NOT_GIVEN = -1
};

extern char settings_dir[64];
extern int settings_dir_fd;
extern struct settings *settings;
extern char settings_error[256]; /* from the last failed call */

/* The hook's last argument, and its number of calls. */
extern struct setting_values obeyed;
extern unsigned obeyed_count;

/* Fixtures of one test: an empty directory, and settings in it without options. */
int settings_set_up(void **unused);
int settings_tear_down(void **unused);

/* Open them again, as a new start would, with options or NOT_GIVEN. */
void start_with(int min, int max);
enum settings_status try_start(int min, int max);

/* Store one setting, or both in one transaction; value NULL is the default. */
void store_one(const char *name, const char *value);
void store_both(const char *min, const char *max);

enum settings_status reload(void);

/* Store, then reload. */
enum settings_status set_one(const char *name, const char *value);
enum settings_status set_both(const char *min, const char *max);

/* Expect these values in effect, and reported to the hook. */
void expect_range(uint32_t min, uint32_t max);
void expect_origin(enum setting_id id, enum setting_origin origin);
/* Expect this text in the last error. */
void expect_error(const char *text);

/* Run SQL in settings.db. Waits for other writers. */
void sql(const char *text);
