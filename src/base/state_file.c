/* SPDX-License-Identifier: Apache-2.0 */
/* A file is the content, then "\n", 16 hex digits of XXH3 over the content, "\n". */
#include "base/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/log.h"

enum {
    TRAILER_BYTES = 18,
    NAME_BYTES = 64,
};

enum copy_state {
    COPY_WHOLE,
    COPY_UNMARKED, /* the right length, and no checksum: of an older server */
    COPY_ABSENT,
    COPY_DAMAGED,
};

struct copy {
    char name[NAME_BYTES];
    enum copy_state state;
    const char *why; /* COPY_DAMAGED: the system's error, or NULL */
    char content[STATE_FILE_BYTES_MAX];
};

static void trailer_make(const void *content, size_t len, char trailer[TRAILER_BYTES + 1])
{
    (void)snprintf(trailer, TRAILER_BYTES + 1, "\n%016llx\n",
                   (unsigned long long)XXH3_64bits(content, len));
}

static void copy_judge(struct copy *copy, const char *bytes, ssize_t got, size_t len)
{
    char trailer[TRAILER_BYTES + 1];

    copy->state = COPY_DAMAGED;
    copy->why = got < 0 ? strerror(errno) : NULL;
    if (got < (ssize_t)len)
        return;
    memcpy(copy->content, bytes, len);
    trailer_make(bytes, len, trailer);
    if ((size_t)got == len)
        copy->state = COPY_UNMARKED;
    else if ((size_t)got == len + TRAILER_BYTES && memcmp(bytes + len, trailer, TRAILER_BYTES) == 0)
        copy->state = COPY_WHOLE;
}

static void copy_read(struct copy *copy, int dir, const char *name, const char *suffix, size_t len)
{
    char bytes[STATE_FILE_BYTES_MAX + TRAILER_BYTES + 1];
    int fd;

    (void)snprintf(copy->name, sizeof(copy->name), "%s%s", name, suffix);
    fd = openat(dir, copy->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        copy->state = COPY_ABSENT;
        return;
    }
    /* One byte more than there may be shows a file that is too long. */
    copy_judge(copy, bytes, fd < 0 ? -1 : read(fd, bytes, len + TRAILER_BYTES + 1), len);
    explicit_bzero(bytes, sizeof(bytes));
    if (fd >= 0)
        close(fd);
}

static bool write_whole(int fd, const void *content, size_t len)
{
    char trailer[TRAILER_BYTES + 1];

    trailer_make(content, len, trailer);
    return write(fd, content, len) == (ssize_t)len &&
           write(fd, trailer, TRAILER_BYTES) == TRAILER_BYTES && fsync(fd) == 0;
}

/* Written aside and renamed, so that a crash leaves the old file, none, or a whole one. */
static bool copy_write(int dir, const char *name, const char *suffix, const void *content,
                       size_t len)
{
    char final[NAME_BYTES], aside[NAME_BYTES];
    bool ok;
    int fd;

    (void)snprintf(final, sizeof(final), "%s%s", name, suffix);
    (void)snprintf(aside, sizeof(aside), "%s.new", name);
    fd = openat(dir, aside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    ok = write_whole(fd, content, len);
    close(fd);
    return ok && renameat(dir, aside, dir, final) == 0;
}

bool state_file_store(int dir, const char *name, const void *content, size_t len)
{
    CHECK(len <= STATE_FILE_BYTES_MAX && strlen(name) + sizeof(".copy") <= NAME_BYTES);
    return copy_write(dir, name, ".copy", content, len) &&
           copy_write(dir, name, "", content, len) && fsync(dir) == 0;
}

static const struct copy *choose(const struct copy *main, const struct copy *spare)
{
    if (main->state == COPY_WHOLE)
        return main;
    if (spare->state == COPY_WHOLE)
        return spare;
    /* A server that makes no checksums makes no copies. */
    return main->state == COPY_UNMARKED && spare->state == COPY_ABSENT ? main : NULL;
}

static void report(const struct copy *bad, const struct copy *good)
{
    const char *what = bad->state == COPY_ABSENT                ? "missing"
                       : bad->state == COPY_DAMAGED && bad->why ? bad->why
                                                                : "damaged";

    log_warn("state_file.recovered", LOG_STR("file", bad->name), LOG_STR("why", what),
             LOG_STR("from", good->name));
}

static void restore(int dir, const char *name, const struct copy *good, const struct copy *bad,
                    size_t len)
{
    if (good->state == COPY_WHOLE)
        report(bad, good);
    if (!state_file_store(dir, name, good->content, len))
        log_warn("state_file.unwritable", LOG_STR("file", name), LOG_STR("error", strerror(errno)));
}

static enum state_file_status refuse(char *error, size_t size, const char *name, const char *why)
{
    (void)snprintf(error, size, "%s: %s", name, why);
    return STATE_FILE_DAMAGED;
}

static enum state_file_status resolve(const char *name, const struct copy copies[2], size_t len,
                                      const struct copy **out, char *error, size_t size)
{
    const struct copy *main = &copies[0], *spare = &copies[1];
    const struct copy *good = choose(main, spare);

    if (main->state == COPY_ABSENT && spare->state == COPY_ABSENT)
        return STATE_FILE_ABSENT;
    if (!good)
        return refuse(error, size, name,
                      main->state == COPY_DAMAGED && main->why
                          ? main->why
                          : "damaged, and there is no intact copy: restore it from a backup");
    if (main->state == COPY_WHOLE && spare->state == COPY_WHOLE &&
        memcmp(main->content, spare->content, len) != 0)
        return refuse(error, size, name, "differs from its copy");
    *out = good;
    return STATE_FILE_WHOLE;
}

static enum state_file_status read_both(int dir, const char *name, void *content, size_t len,
                                        bool restoring, char *error, size_t size)
{
    enum state_file_status status;
    const struct copy *good;
    struct copy copies[2];

    CHECK(len <= STATE_FILE_BYTES_MAX && strlen(name) + sizeof(".copy") <= NAME_BYTES);
    copy_read(&copies[0], dir, name, "", len);
    copy_read(&copies[1], dir, name, ".copy", len);
    status = resolve(name, copies, len, &good, error, size);
    if (status == STATE_FILE_WHOLE) {
        const struct copy *other = &copies[good == copies];

        memcpy(content, good->content, len);
        if (restoring && (good->state != COPY_WHOLE || other->state != COPY_WHOLE))
            restore(dir, name, good, other, len);
    }
    explicit_bzero(copies, sizeof(copies)); /* it may be a key */
    return status;
}

enum state_file_status state_file_load(int dir, const char *name, void *content, size_t len,
                                       char *error, size_t size)
{
    return read_both(dir, name, content, len, true, error, size);
}

enum state_file_status state_file_peek(int dir, const char *name, void *content, size_t len,
                                       char *error, size_t size)
{
    return read_both(dir, name, content, len, false, error, size);
}
