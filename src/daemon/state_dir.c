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

static const char instance_file[] = "instance-id";

/* mkdir -p, the last one private. */
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
    fprintf(stderr, "mainstayd: --state %s: %s\n", path, what);
    return -1;
}

int state_dir_open(const char *path)
{
    int dir;

    if (!make_path(path))
        return complain(path, strerror(errno));
    dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return complain(path, strerror(errno));
    if (flock(dir, LOCK_EX | LOCK_NB) != 0) {
        complain(path, errno == EWOULDBLOCK ? "another mainstayd uses it" : strerror(errno));
        close(dir);
        return -1;
    }
    return dir;
}

/* errno 0: what is in it makes no sense. */
static bool instance_read(int dir, char id[INSTANCE_ID_CHARS + 1])
{
    int fd = openat(dir, instance_file, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return false;
    n = read(fd, id, INSTANCE_ID_CHARS);
    if (n >= 0)
        errno = 0;
    id[n == INSTANCE_ID_CHARS ? n : 0] = '\0';
    close(fd);
    return strspn(id, "0123456789abcdef") == INSTANCE_ID_CHARS;
}

/* Written aside and renamed, so a crash leaves the old one, none, or a whole one. */
static bool instance_write(int dir, const char *id)
{
    int fd = openat(dir, "instance-id.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok;

    if (fd < 0)
        return false;
    ok = write(fd, id, INSTANCE_ID_CHARS) == INSTANCE_ID_CHARS && fsync(fd) == 0;
    close(fd);
    return ok && renameat(dir, "instance-id.new", dir, instance_file) == 0 && fsync(dir) == 0;
}

/* Only for a directory that never had one: to be another server costs the clients their state. */
bool state_dir_instance_id(int dir, char id[INSTANCE_ID_CHARS + 1])
{
    unsigned char random[INSTANCE_ID_CHARS / 2];

    if (instance_read(dir, id))
        return true;
    if (errno == ENOENT) {
        randombytes_buf(random, sizeof(random));
        sodium_bin2hex(id, INSTANCE_ID_CHARS + 1, random, sizeof(random));
        if (instance_write(dir, id))
            return true;
    }
    fprintf(stderr, "mainstayd: %s in the state directory: %s\n", instance_file,
            errno ? strerror(errno) : "damaged");
    return false;
}
