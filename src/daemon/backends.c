/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/backends.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/local/local.h"
#include "backend/mem/mem.h"
#include "base/errand.h"
#include "base/guess.h"
#include "base/log.h"
#include "export/export_table.h"

struct backend_room {
    const char *state_dir;
    uint32_t descriptors; /* for each backend that keeps files open */
};

struct backend {
    const char *name;
    bool needs_arg, keeps_descriptors;
    struct vfs *(*create)(const struct export_spec *spec, const struct backend_room *room,
                          char *error, size_t error_size);
    /* Would create() fail?  NULL: it cannot fail. */
    bool (*check)(const struct export_spec *spec, const struct backend_room *room, char *error,
                  size_t error_size);
    /* Is what the argument names there?  NULL: it names nothing. */
    bool (*look)(const struct export_spec *spec, char *error, size_t error_size);
};

static struct vfs *create_mem(const struct export_spec *spec, const struct backend_room *room,
                              char *error, size_t error_size)
{
    /* With no_root_squash, root can set up the top directory.  With a squash nobody is root, so all
     * users may write there, as in /tmp. */
    struct mem_options options = {
        .root_mode = spec->squash == EXPORT_NO_ROOT_SQUASH ? 0755 : 01777,
    };

    (void)room, (void)error, (void)error_size;
    return mem_create(&options);
}

static struct vfs *create_local(const struct export_spec *spec, const struct backend_room *room,
                                char *error, size_t error_size)
{
    struct local_options options = {
        .path = spec->arg,
        .state_dir = room->state_dir,
        .descriptors_max = room->descriptors,
    };
    struct vfs *fs = NULL;

    errand_place(spec->arg);
    if (local_create(&options, &fs, error, error_size) != 0)
        fs = NULL;
    errand_place(NULL);
    return fs;
}

static bool check_local(const struct export_spec *spec, const struct backend_room *room,
                        char *error, size_t error_size)
{
    struct local_options options = {.path = spec->arg, .state_dir = room->state_dir};

    return local_check(&options, error, error_size) == 0;
}

static bool look_local(const struct export_spec *spec, char *error, size_t error_size)
{
    const char *wrong = NULL;
    struct stat st;

    errand_place(spec->arg);
    if (*spec->arg != '/')
        wrong = "an absolute path is expected";
    else if (stat(spec->arg, &st) != 0)
        wrong = strerror(errno);
    else if (!S_ISDIR(st.st_mode))
        wrong = "it is not a directory";
    errand_place(NULL);
    if (!wrong)
        return true;
    (void)snprintf(error, error_size,
                   "export %.64s: argument: '%.256s': %s: name a directory of this machine",
                   spec->path, spec->arg, wrong);
    return false;
}

static const struct backend backends[] = {
    {"mem", false, false, create_mem, NULL, NULL},
    {"local", true, true, create_local, check_local, look_local},
};

/* `known` names them all. */
static void refuse_backend(const struct export_spec *spec, const char *known, char *error,
                           size_t error_size)
{
    char hint[GUESS_HINT_BYTES];
    struct guess guess;

    guess_init(&guess, spec->backend, strlen(spec->backend));
    for (size_t i = 0; i < ARRAY_SIZE(backends); i++)
        guess_offer(&guess, backends[i].name);
    if (spec->backend[0] == '/') /* a directory, without what serves it */
        guess.nearest = "local";
    (void)snprintf(error, error_size, "export %s: unknown backend '%.64s'%s (available: %s)",
                   spec->path, spec->backend, guess_hint(&guess, "", hint, sizeof(hint)), known);
}

static const struct backend *backend_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(backends); i++) {
        if (strcmp(backends[i].name, name) == 0)
            return &backends[i];
    }
    return NULL;
}

static const struct backend *backend_find(const struct export_spec *spec, char *error,
                                          size_t error_size)
{
    for (size_t i = 0; i < ARRAY_SIZE(backends); i++) {
        if (strcmp(backends[i].name, spec->backend) != 0)
            continue;
        if (backends[i].needs_arg == (*spec->arg != '\0'))
            return &backends[i];
        (void)snprintf(error, error_size, "export %s: backend %s %s", spec->path, spec->backend,
                       backends[i].needs_arg
                           ? "needs a directory after its colon, for example local:/srv/data"
                           : "takes no argument");
        return NULL;
    }
    refuse_backend(spec, "mem: and local:DIRECTORY", error, error_size);
    return NULL;
}

bool backend_check(const struct export_spec *spec, char *error, size_t error_size)
{
    return backend_find(spec, error, error_size) != NULL;
}

/* The words of a file: it has the argument under a key of its own. */
const char *backend_look(const struct export_spec *spec, char *error, size_t error_size)
{
    const struct backend *backend = backend_named(spec->backend);

    if (!backend) {
        refuse_backend(spec, "mem and local", error, error_size);
        return "backend";
    }
    if (backend->needs_arg == (*spec->arg != '\0'))
        return !backend->look || backend->look(spec, error, error_size) ? NULL : "argument";
    (void)snprintf(error, error_size, "export %.64s: backend %s %s", spec->path, spec->backend,
                   backend->needs_arg ? "needs a directory, for example argument: /srv/data"
                                      : "takes no argument: remove the key");
    return backend->needs_arg ? "backend" : "argument";
}

struct vfs *backend_create(const struct export_spec *spec, const char *state_dir,
                           uint32_t descriptors, char *error, size_t error_size)
{
    const struct backend *backend = backend_find(spec, error, error_size);
    const struct backend_room room = {state_dir, descriptors};
    char why[256] = "";
    struct vfs *fs;

    if (!backend)
        return NULL;
    fs = backend->create(spec, &room, why, sizeof(why));
    if (!fs)
        (void)snprintf(error, error_size, "export %s: %s", spec->path, why);
    return fs;
}

uint32_t backend_keeping_files(const struct export_spec *specs, uint32_t count)
{
    uint32_t keepers = 0;

    for (uint32_t i = 0; i < count; i++) {
        for (size_t j = 0; j < ARRAY_SIZE(backends); j++)
            keepers += backends[j].keeps_descriptors && !strcmp(backends[j].name, specs[i].backend);
    }
    return keepers;
}

/* How long the kernel lets a local program wait for one of our leases.  UINT32_MAX: without limit,
 * or unknown. */
static uint32_t lease_break_time_s(void)
{
    FILE *file = fopen("/proc/sys/fs/lease-break-time", "re");
    uint32_t seconds = UINT32_MAX;
    char text[16];

    if (!file)
        return seconds;
    if (fgets(text, sizeof(text), file))
        seconds = (uint32_t)strtoul(text, NULL, 10);
    (void)fclose(file);
    return seconds > 0 ? seconds : UINT32_MAX;
}

void backend_check_lease_break(const struct export_spec *specs, uint32_t count, uint32_t lease_s)
{
    uint32_t seconds = lease_break_time_s();
    char note[256];

    if (seconds > lease_s || !backend_serves_machine(specs, count))
        return;
    (void)snprintf(note, sizeof(note),
                   "local programs wait at most %u s for a delegated file, but an unresponsive "
                   "client keeps it for the lease (%u s): raise lease-break-time or lower --lease",
                   seconds, lease_s);
    log_info("local.lease_break_time", LOG_U64("seconds", seconds), LOG_U64("lease", lease_s),
             LOG_STR("note", note));
}

bool backend_serves_machine(const struct export_spec *specs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(specs[i].backend, "local") == 0)
            return true;
    }
    return false;
}

void backend_block_signals(void)
{
    local_block_signals();
}

/* Try to add an export with a file system in memory in place of its own. */
static bool try_add(struct export_table *table, const struct export_spec *spec, char *error,
                    size_t error_size)
{
    struct vfs *fs = mem_create(NULL);

    if (export_table_add(table, spec, fs, error, error_size))
        return true;
    fs->ops->destroy(fs);
    return false;
}

static bool check_one(struct export_table *table, const struct export_spec *spec,
                      const struct backend_room *room, char *error, size_t error_size)
{
    const struct backend *backend = backend_find(spec, error, error_size);
    char why[256] = "";

    if (!backend)
        return false;
    if (!backend->check || backend->check(spec, room, why, sizeof(why)))
        return try_add(table, spec, error, error_size);
    (void)snprintf(error, error_size, "export %s: %s", spec->path, why);
    return false;
}

bool backend_check_all(const struct export_spec *specs, uint32_t count, const char *state_dir,
                       char *error, size_t error_size)
{
    const struct backend_room room = {.state_dir = state_dir};
    struct export_table *table = export_table_create();
    bool good = true;

    for (uint32_t i = 0; i < count && good; i++)
        good = check_one(table, &specs[i], &room, error, error_size);
    export_table_destroy(table);
    return good;
}
