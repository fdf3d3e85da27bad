/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The range of minor versions of the server under test, changed as the user guide says: a row in
 * settings.db, and a SIGHUP.
 */
#pragma once

#include <stdint.h>

/* Store them; the running server does not know yet. */
void store_range(uint32_t min, uint32_t max);

/* SIGHUP, and wait until the log says that the settings were read, or why not. */
void hang_up(void);

/* Both. */
void set_range(uint32_t min, uint32_t max);

/* A word in the last line of an event: what the log says is served. */
void expect_served(const char *text);

/* One setting, whatever its name; stored, and obeyed when this returns. */
void set_setting(const char *name, uint32_t value);
