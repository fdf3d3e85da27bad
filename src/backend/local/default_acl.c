/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/local/default_acl.h"

#include <stdio.h>
#include <sys/xattr.h>

/* Whoever can reach a directory may ask for its ACLs. */
bool local_default_acl_exists(const struct local_object *dir)
{
    char link[32];

    /* The path's descriptor takes no fgetxattr(). */
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", dir->path_fd);
    return getxattr(link, "system.posix_acl_default", NULL, 0) > 0;
}
