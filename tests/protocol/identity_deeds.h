/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests of users and groups do: files that say who they are, and what the server makes of it.
 */
#pragma once

#include "script.h"

/* The text takes the place of the file at once. */
void identity_file_put(const char *path, const char *text);

/* The client's next calls come from this user, without Kerberos, who may be in a further group. */
void identity_become(struct client_mount *mount, uint32_t uid, uint32_t gid, uint32_t further);

/* A new file of root's, made by alice, which its group alone may read. */
struct client_fh identity_group_file(const struct client_fh *dir, const char *name, uint32_t gid);

/* Does ACCESS grant the client READ? */
bool identity_may_read(struct client_mount *mount, const struct client_fh *fh);

/* "OWNER GROUP", as this client sees it; in static memory. */
const char *identity_owners_of(struct client_mount *mount, const struct client_fh *fh);

/* Does the backend of the test's state need a server that acts as its callers, and there is none?
 * Says then that this part is skipped. */
bool identity_is_skipped(void **state);
