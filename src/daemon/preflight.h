/* SPDX-License-Identifier: Apache-2.0 */
/* --check: finds what a start would refuse, without writing anything. */
#pragma once

#include <stdbool.h>

#include "admin/config/config.h"

/* Check the state directory, what is stored there, and the exports.  False after an error message;
 * *wrong_options is set if the options contradict what is stored. */
bool preflight_run(const struct config *config, bool *wrong_options);
