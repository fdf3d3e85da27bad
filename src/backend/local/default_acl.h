/* SPDX-License-Identifier: Apache-2.0 */
/* Default ACLs (acl(5)): what new entries of a directory inherit instead of a umask. */
#pragma once

#include "backend/local/local_internal.h"

/* Does the directory have one?  False also if that cannot be found out.  May block; the caller must
 * hold the path of the directory. */
bool local_default_acl_exists(const struct local_object *dir);
