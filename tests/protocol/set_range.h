/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The range of minor versions of the server under test, changed as docs/changing.md says: a row in
 * settings.db, and a SIGHUP.
 */
#pragma once

#include <stdint.h>

/* Store the range; the running server does not read it yet. */
void store_range(uint32_t min, uint32_t max);

/* Send SIGHUP, and wait until the log says that the settings were read, or why not. */
void hang_up(void);

/* Store the range and send SIGHUP. */
void set_range(uint32_t min, uint32_t max);

/* Expect a word in the last line of an event: the range according to the log. */
void expect_served(const char *text);

/* Store one setting of any name; the running server does not read it yet. */
void store_setting(const char *name, const char *value);

/* Store one setting of any name; it is in effect when this returns. */
void set_setting(const char *name, uint32_t value);
