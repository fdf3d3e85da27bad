/* SPDX-License-Identifier: Apache-2.0 */
/* What the server is started with: the configuration file, the options over it, the defaults. */
#pragma once

#include "admin/export_control.h"
#include "daemon/options.h"

/* Read the file, if there is one, and check all together.  What the options said over the file is
 * logged, with the level and in the format that result.  Takes what it needs out of `options`.
 * False after telling on stderr all that is wrong: exit status 2.  Free with config_fini(). */
bool configuration_make(struct options *options, struct config *config) MUST_USE;

/* The same while the server runs: read the file again, and lay over it what options said at the
 * start.  NULL if the file is wrong: `report` has a line FILE:LINE: TEXT for each mistake. */
struct config *configuration_again(const char *file, const struct config *options,
                                   const struct export_report *report) MUST_USE;
