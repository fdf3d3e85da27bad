/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of the admin endpoint, which come in pages. */
#pragma once

#include "cli/admin_client.h"

/* GET all pages of a list.  `path` is below /api/v1 and may have a query; `member` has the items.
 * Returns the first page with the items of all pages in it; json_decref() it.  NULL after telling
 * why on stderr. */
json_t *listing_get(struct admin_client *client, const char *path, const char *member);
