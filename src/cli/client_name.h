/* SPDX-License-Identifier: Apache-2.0 */
/* The client that an administrator means. */
#pragma once

#include "cli/admin_client.h"

enum {
    CLIENT_ID_CHARS = 16
};

/* Find the id of a client by its id, its owner name or its address.  If `by_part` is true, a part
 * of an owner name that only one client has will do.  False after telling on stderr that none or
 * several are meant. */
bool client_name_resolve(struct admin_client *client, const char *name, bool by_part,
                         char id[CLIENT_ID_CHARS + 1]) MUST_USE;
