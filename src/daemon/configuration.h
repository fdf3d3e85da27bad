/* SPDX-License-Identifier: Apache-2.0 */
/* What the server is started with: the configuration file, the options over it, the defaults. */
#pragma once

#include "daemon/options.h"

/* Read the file, if there is one, and check all together.  What the options said over the file is
 * logged, with the level and in the format that result.  Takes what it needs out of `options`.
 * False after telling on stderr all that is wrong: exit status 2.  Free with config_fini(). */
bool configuration_make(struct options *options, struct config *config) MUST_USE;
