/* SPDX-License-Identifier: Apache-2.0 */
/* --check: finds what a start would refuse, without writing anything. */
#pragma once

#include <stdbool.h>

#include "admin/config/config.h"

/* Look at the state directory, what is stored there, and the exports.  False after telling why on
 * stderr; *wrong_options: the options do not go with what is stored. */
bool preflight_run(const struct config *config, bool *wrong_options);
