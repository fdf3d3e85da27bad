/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says of the admin endpoint, as a whole. */
#pragma once

#include "admin/config/config_admin.h"

/* Do addresses and tokens fit each other?  False and `error`, to stand behind --admin. */
bool admin_options_check(const struct admin_options *options, char *error, size_t size) MUST_USE;

/* Without a socket, and unless there is to be none, it is STATE/admin.sock. */
void admin_options_fill(struct admin_options *options, const char *state_dir);
