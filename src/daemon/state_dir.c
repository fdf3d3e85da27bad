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

#include "base/limits.h"
#include "base/log.h"
#include "base/state_file.h"
#include "daemon/console.h"

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

static int complain(const char *path, const char *what)
{
    console_error("--state %s: %s", path, what);
    return -1;
}

static int open_locked(const char *path)
{
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0)
        return complain(path, strerror(errno));
    if (flock(dir, LOCK_EX | LOCK_NB) != 0) {
        complain(path, errno == EWOULDBLOCK
                           ? "another mainstayd uses it; each server needs a directory of its own"
                           : strerror(errno));
        close(dir);
        return -1;
    }
    return dir;
}

int state_dir_open(const char *path)
{
    if (!make_path(path))
        return complain(path, strerror(errno));
    return open_locked(path);
}

static bool refuse(const char *path, const char *why)
{
    complain(path, why);
    return false;
}

/* An empty file does not count: no client is recorded before the tables exist. */
static bool has_records(int dir)
{
    struct stat st;

    return fstatat(dir, recovery_file, &st, 0) == 0 ? st.st_size > 0 : errno != ENOENT;
}

static bool refuse_lost_instance(const char *path)
{
    return refuse(path, "instance-id: missing, but recovery.db exists: restore it, or move "
                        "recovery.db away to start as a new server");
}

static bool is_instance(const char id[INSTANCE_ID_CHARS + 1])
{
    return strspn(id, "0123456789abcdef") == INSTANCE_ID_CHARS;
}

/* Only for a directory that never had an ID: under a new identity the clients lose their state. */
static bool instance_make(const char *path, int dir, char *id)
{
    unsigned char random[INSTANCE_ID_CHARS / 2];

    if (has_records(dir))
        return refuse_lost_instance(path);
    randombytes_buf(random, sizeof(random));
    sodium_bin2hex(id, INSTANCE_ID_CHARS + 1, random, sizeof(random));
    if (state_file_store(dir, instance_file, id, INSTANCE_ID_CHARS))
        return true;
    console_error("--state %s: %s cannot be written: %s; choose another directory with --state",
                  path, instance_file, strerror(errno));
    return false;
}

bool state_dir_instance_id(const char *path, int dir, char id[INSTANCE_ID_CHARS + 1])
{
    char error[128];

    switch (state_file_load(dir, instance_file, id, INSTANCE_ID_CHARS, error, sizeof(error))) {
    case STATE_FILE_ABSENT:
        return instance_make(path, dir, id);
    case STATE_FILE_DAMAGED:
        return refuse(path, error);
    case STATE_FILE_WHOLE:
        break;
    }
    id[INSTANCE_ID_CHARS] = '\0';
    if (!is_instance(id))
        return refuse(path, "instance-id: damaged");
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
static bool can_make(const char *path)
{
    char part[LIMIT_PATH_BYTES], inside[LIMIT_PATH_BYTES + sizeof("/.")];

    state_dir_existing(path, part, sizeof(part));
    (void)snprintf(inside, sizeof(inside), "%s/.", part);
    if (faccessat(AT_FDCWD, inside, W_OK | X_OK, AT_EACCESS) == 0)
        return true;
    console_error("--state %s: does not exist and cannot be created in %s: %s", path, part,
                  strerror(errno));
    return false;
}

static bool instance_check(const char *path, int dir)
{
    char id[INSTANCE_ID_CHARS + 1] = "", error[128];

    switch (state_file_peek(dir, instance_file, id, INSTANCE_ID_CHARS, error, sizeof(error))) {
    case STATE_FILE_ABSENT:
        return !has_records(dir) || refuse_lost_instance(path);
    case STATE_FILE_DAMAGED:
        return refuse(path, error);
    case STATE_FILE_WHOLE:
        break;
    }
    return is_instance(id) || refuse(path, "instance-id: damaged");
}

bool state_dir_check(const char *path, int *dir)
{
    struct stat st;

    *dir = -1;
    if (strlen(path) >= LIMIT_PATH_BYTES) {
        complain(path, strerror(ENAMETOOLONG));
        return false;
    }
    if (stat(path, &st) != 0 && errno == ENOENT)
        return can_make(path);
    *dir = open_locked(path);
    if (*dir < 0)
        return false;
    if (faccessat(*dir, ".", W_OK | X_OK, AT_EACCESS) != 0) {
        complain(path, strerror(errno));
        return false;
    }
    return instance_check(path, *dir);
}
