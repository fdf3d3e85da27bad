/* SPDX-License-Identifier: Apache-2.0 */
/* The path of a file, as clients see it. */
#pragma once

#include <jansson.h>

struct server;
struct vfs_object;

/* A string, or null if the path cannot be found out.  Between export_enter() and _leave(). */
json_t *api_path(const struct server *server, struct vfs_object *obj);
