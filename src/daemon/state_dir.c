/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/config/config.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/state_file.h"
#include "daemon/console.h"

enum {
    ERROR_BYTES = 512
};

static const char instance_file[] = "instance-id", recovery_file[] = "recovery.db";

/* Like mkdir -p; the last directory is private. */
static bool make_path(const char *path)
{
    char part[LIMIT_PATH_BYTES];
    size_t len = strlen(path);

    if (len >= sizeof(part)) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (size_t i = 1; i < len; i++) {
        if (path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return false;
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* `what` begins with the directory. */
static void tell(const struct config *config, const char *what)
{
    uint32_t line = config->lines[CONFIG_STATE];

    if (line > 0)
        console_error("%s:%u: state %s", config->file, line, what);
    else
        console_error("--state %s", what);
}

void state_dir_complain(const struct config *config, const char *what)
{
    char text[LIMIT_PATH_BYTES + ERROR_BYTES];

    (void)snprintf(text, sizeof(text), "%s: %s", config->state_dir, what);
    tell(config, text);
}

static bool refuse(const struct config *config, const char *why)
{
    state_dir_complain(config, why);
    return false;
}

static int open_locked(const struct config *config)
{
    int dir = open(config->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0) {
        state_dir_complain(config, strerror(errno));
        return -1;
    }
    if (flock(dir, LOCK_EX | LOCK_NB) == 0)
        return dir;
    state_dir_complain(config,
                       errno == EWOULDBLOCK
                           ? "another mainstayd uses it; each server needs a directory of its own"
                           : strerror(errno));
    close(dir);
    return -1;
}

int state_dir_open(const struct config *config)
{
    if (make_path(config->state_dir))
        return open_locked(config);
    state_dir_complain(config, strerror(errno));
    return -1;
}

/* An empty file does not count: no client is recorded before the tables exist. */
static bool has_records(int dir)
{
    struct stat st;

    return fstatat(dir, recovery_file, &st, 0) == 0 ? st.st_size > 0 : errno != ENOENT;
}

static bool refuse_lost_instance(const struct config *config)
{
    return refuse(config, "instance-id: missing, but recovery.db exists: restore it, or move "
                          "recovery.db away to start as a new server");
}

static bool is_instance(const char id[INSTANCE_ID_CHARS + 1])
{
    return strspn(id, "0123456789abcdef") == INSTANCE_ID_CHARS;
}

/* Only for a directory that never had an ID: under a new identity the clients lose their state. */
static bool instance_make(const struct config *config, int dir, char *id)
{
    unsigned char random[INSTANCE_ID_CHARS / 2];
    char error[ERROR_BYTES];

    if (has_records(dir))
        return refuse_lost_instance(config);
    randombytes_buf(random, sizeof(random));
    sodium_bin2hex(id, INSTANCE_ID_CHARS + 1, random, sizeof(random));
    if (state_file_store(dir, instance_file, id, INSTANCE_ID_CHARS))
        return true;
    (void)snprintf(error, sizeof(error), "%s cannot be written: %s; choose another directory",
                   instance_file, strerror(errno));
    return refuse(config, error);
}

bool state_dir_instance_id(const struct config *config, int dir, char id[INSTANCE_ID_CHARS + 1])
{
    char error[128];

    switch (state_file_load(dir, instance_file, id, INSTANCE_ID_CHARS, error, sizeof(error))) {
    case STATE_FILE_ABSENT:
        return instance_make(config, dir, id);
    case STATE_FILE_DAMAGED:
        return refuse(config, error);
    case STATE_FILE_WHOLE:
        break;
    }
    id[INSTANCE_ID_CHARS] = '\0';
    if (!is_instance(id))
        return refuse(config, "instance-id: damaged");
    if (!has_records(dir))
        log_warn("state_dir.recovery_missing", LOG_STR("file", recovery_file),
                 LOG_STR("effect", "no client can reclaim what it held"));
    return true;
}

/* ---- checks without changes ---- */

void state_dir_existing(const char *path, char *part, size_t size)
{
    struct stat st;

    (void)snprintf(part, size, "%s", path);
    while (stat(part, &st) != 0 && errno == ENOENT) {
        char *slash = strrchr(part, '/');

        if (!slash) {
            (void)snprintf(part, size, ".");
            return;
        }
        slash[slash == part] = '\0'; /* keep the slash of "/" */
    }
}

/* Could make_path() succeed? */
static bool can_make(const char *path, char *error, size_t size)
{
    char part[LIMIT_PATH_BYTES], inside[LIMIT_PATH_BYTES + sizeof("/.")];

    state_dir_existing(path, part, sizeof(part));
    (void)snprintf(inside, sizeof(inside), "%s/.", part);
    if (faccessat(AT_FDCWD, inside, W_OK | X_OK, AT_EACCESS) == 0)
        return true;
    (void)snprintf(error, size, "%s: does not exist and cannot be created in %s: %s", path, part,
                   strerror(errno));
    return false;
}

static bool instance_check(const struct config *config, int dir)
{
    char id[INSTANCE_ID_CHARS + 1] = "", error[128];

    switch (state_file_peek(dir, instance_file, id, INSTANCE_ID_CHARS, error, sizeof(error))) {
    case STATE_FILE_ABSENT:
        return !has_records(dir) || refuse_lost_instance(config);
    case STATE_FILE_DAMAGED:
        return refuse(config, error);
    case STATE_FILE_WHOLE:
        break;
    }
    return is_instance(id) || refuse(config, "instance-id: damaged");
}

/* 0 for a directory that can be used. */
static int directory_error(const char *path)
{
    struct stat st;

    if (strlen(path) >= LIMIT_PATH_BYTES)
        return ENAMETOOLONG;
    if (stat(path, &st) != 0)
        return errno;
    if (!S_ISDIR(st.st_mode))
        return ENOTDIR;
    return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

bool state_dir_look(const char *path, char *error, size_t size)
{
    int failed = directory_error(path);

    if (failed == ENOENT)
        return can_make(path, error, size);
    if (failed != 0)
        (void)snprintf(error, size, "%s: %s", path, strerror(failed));
    return failed == 0;
}

bool state_dir_check(const struct config *config, int *dir)
{
    char error[LIMIT_PATH_BYTES + ERROR_BYTES];

    *dir = -1;
    if (!state_dir_look(config->state_dir, error, sizeof(error))) {
        tell(config, error);
        return false;
    }
    if (access(config->state_dir, F_OK) != 0)
        return true; /* it will be made */
    *dir = open_locked(config);
    return *dir >= 0 && instance_check(config, *dir);
}
