/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/backends.h"

#include <stdio.h>
#include <string.h>

#include "backend/local/local.h"
#include "backend/mem/mem.h"

struct backend {
    const char *name;
    bool needs_arg;
    struct vfs *(*create)(const struct export_spec *spec, const char *state_dir, char *error,
                          size_t error_size);
};

static struct vfs *create_mem(const struct export_spec *spec, const char *state_dir, char *error,
                              size_t error_size)
{
    /* Without the squash there is a root who may own the top; with it everybody may write there,
     * as in /tmp. */
    struct mem_options options = {
        .root_mode = spec->squash == EXPORT_NO_ROOT_SQUASH ? 0755 : 01777,
    };

    (void)state_dir, (void)error, (void)error_size;
    return mem_create(&options);
}

static struct vfs *create_local(const struct export_spec *spec, const char *state_dir, char *error,
                                size_t error_size)
{
    struct local_options options = {.path = spec->arg, .state_dir = state_dir};
    struct vfs *fs = NULL;

    return local_create(&options, &fs, error, error_size) == 0 ? fs : NULL;
}

static const struct backend backends[] = {
    {"mem", false, create_mem},
    {"local", true, create_local},
};

static const struct backend *backend_find(const struct export_spec *spec, char *error,
                                          size_t error_size)
{
    for (size_t i = 0; i < ARRAY_SIZE(backends); i++) {
        if (strcmp(backends[i].name, spec->backend) != 0)
            continue;
        if (backends[i].needs_arg == (*spec->arg != '\0'))
            return &backends[i];
        snprintf(error, error_size, "export %s: backend %s %s", spec->path, spec->backend,
                 backends[i].needs_arg ? "needs a directory behind its colon"
                                       : "takes no argument");
        return NULL;
    }
    snprintf(error, error_size, "export %s: there is no backend '%s'", spec->path, spec->backend);
    return NULL;
}

bool backend_check(const struct export_spec *spec, char *error, size_t error_size)
{
    return backend_find(spec, error, error_size) != NULL;
}

bool backend_export(struct export_table *table, const struct export_spec *spec,
                    const char *state_dir, char *error, size_t error_size)
{
    const struct backend *backend = backend_find(spec, error, error_size);
    char why[256] = "";
    struct vfs *fs;

    if (!backend)
        return false;
    fs = backend->create(spec, state_dir, why, sizeof(why));
    if (!fs) {
        snprintf(error, error_size, "export %s: %s", spec->path, why);
        return false;
    }
    if (export_table_add(table, spec, fs, why, sizeof(why)))
        return true;
    fs->ops->destroy(fs);
    snprintf(error, error_size, "%s", why);
    return false;
}
