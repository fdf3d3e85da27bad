/* SPDX-License-Identifier: Apache-2.0 */
/* The clients that use an export, for the refusal to remove it. */
#pragma once

#include <jansson.h>

struct server;

enum {
    API_USERS_SHOWN = 10
};

/* Add "OWNER (ADDRESS)" to the texts for each of the first API_USERS_SHOWN clients that have files
 * of the export at `path` open, or delegations of them; and "and others" if there are more.
 * Takes locks of state/ and of the export table. */
void api_users_add(const struct server *server, const char *path, json_t *texts);
