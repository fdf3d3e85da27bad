/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/config/config_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool refuse(struct config_faults *faults, int error)
{
    const char *remedy = error == ENOENT   ? ": --config wants the path of a file"
                         : error == EACCES ? ": let the user that runs the server read it"
                                           : "";

    config_faults_add(faults, 0, "cannot be read: %s%s", strerror(error), remedy);
    return false;
}

static bool is_fit(const struct stat *st, struct config_faults *faults)
{
    if (S_ISDIR(st->st_mode)) {
        config_faults_add(faults, 0, "is a directory: name a file in it");
    } else if (!S_ISREG(st->st_mode)) {
        config_faults_add(faults, 0, "is not a regular file: write the configuration to one");
    } else if (st->st_size > (off_t)LIMIT_CONFIG_BYTES) {
        config_faults_add(faults, 0, "has %lld bytes, more than %u: is it a configuration?",
                          (long long)st->st_size, LIMIT_CONFIG_BYTES);
    } else {
        return true;
    }
    return false;
}

/* The file may grow past LIMIT_CONFIG_BYTES meanwhile. */
static bool read_all(int fd, struct config_bytes *bytes, struct config_faults *faults)
{
    bytes->data = must_malloc(LIMIT_CONFIG_BYTES + 1);
    bytes->len = 0;
    while (bytes->len <= LIMIT_CONFIG_BYTES) {
        ssize_t more = read(fd, bytes->data + bytes->len, LIMIT_CONFIG_BYTES + 1 - bytes->len);

        if (more == 0)
            return true;
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0) {
            (void)refuse(faults, errno);
            config_bytes_fini(bytes);
            return false;
        }
        bytes->len += (size_t)more;
    }
    config_faults_add(faults, 0, "grows beyond %u bytes: is it a configuration?",
                      LIMIT_CONFIG_BYTES);
    config_bytes_fini(bytes);
    return false;
}

bool config_bytes_load(const char *path, struct config_bytes *bytes, struct config_faults *faults)
{
    /* Not waiting: a FIFO has no writer. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;
    bool good;

    if (fd < 0)
        return refuse(faults, errno);
    good = fstat(fd, &st) == 0 ? is_fit(&st, faults) : refuse(faults, errno);
    good = good && read_all(fd, bytes, faults);
    close(fd);
    return good;
}

void config_bytes_fini(struct config_bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct config_bytes){0};
}
