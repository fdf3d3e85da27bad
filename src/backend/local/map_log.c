/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/local/map_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/htable.h"
#include "base/log.h"

/* In this machine's byte order, since no other machine reads it. */
struct record_head {
    uint32_t len;   /* of the whole record */
    uint32_t check; /* checksum of what follows */
    uint64_t seq;
    uint64_t ino;
    uint8_t op, id_len, parent_len, name_len;
};

enum {
    CHECK_FROM = offsetof(struct record_head, seq),
    RECORD_MAX = sizeof(struct record_head) + 2ul * LOCAL_ID_BYTES_MAX + LIMIT_NAME_BYTES,
};

static uint32_t checksum(const uint8_t *record, size_t len)
{
    return (uint32_t)hash_bytes(record + CHECK_FROM, len - CHECK_FROM, 0);
}

static bool open_one(int dir_fd, const char *name, char letter, int *fd)
{
    char file[80];

    (void)snprintf(file, sizeof(file), "%s.log%c", name, letter);
    *fd = openat(dir_fd, file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    return *fd >= 0 && flock(*fd, LOCK_EX | LOCK_NB) == 0;
}

bool map_log_open(struct map_log *log, int dir_fd, const char *name)
{
    *log = (struct map_log){.fd = {-1, -1}};
    return open_one(dir_fd, name, 'a', &log->fd[0]) && open_one(dir_fd, name, 'b', &log->fd[1]);
}

void map_log_close(struct map_log *log)
{
    for (unsigned i = 0; i < 2; i++) {
        if (log->fd[i] >= 0)
            close(log->fd[i]);
    }
}

static size_t encode(const struct map_change *change, uint8_t *record)
{
    const struct local_place *place = &change->place;
    struct record_head head = {
        .seq = change->seq,
        .ino = place->ino,
        .op = (uint8_t)change->op,
        .id_len = change->id.len,
        .parent_len = place->parent.len,
        .name_len = (uint8_t)strlen(place->name),
    };
    uint8_t *p = record + sizeof(head);

    p = mempcpy(p, change->id.data, head.id_len);
    p = mempcpy(p, place->parent.data, head.parent_len);
    p = mempcpy(p, place->name, head.name_len);
    head.len = (uint32_t)(p - record);
    memset(record, 0, sizeof(head));
    memcpy(record, &head, sizeof(head));
    head.check = checksum(record, head.len);
    memcpy(record, &head, sizeof(head));
    return head.len;
}

/* Decode a record.  Returns its length; 0 if there is no valid record. */
static size_t decode(const uint8_t *data, size_t size, struct map_change *change)
{
    struct record_head head;
    const uint8_t *p = data + sizeof(head);

    if (size < sizeof(head))
        return 0;
    memcpy(&head, data, sizeof(head));
    if (head.len > size || head.id_len > LOCAL_ID_BYTES_MAX ||
        head.parent_len > LOCAL_ID_BYTES_MAX ||
        head.len != sizeof(head) + head.id_len + head.parent_len + head.name_len ||
        head.check != checksum(data, head.len) || (head.op != MAP_ADD && head.op != MAP_DEL))
        return 0;
    *change = (struct map_change){.op = head.op, .seq = head.seq, .place.ino = head.ino};
    change->id.len = head.id_len;
    memcpy(change->id.data, p, head.id_len);
    p += head.id_len;
    change->place.parent.len = head.parent_len;
    memcpy(change->place.parent.data, p, head.parent_len);
    p += head.parent_len;
    memcpy(change->place.name, p, head.name_len);
    change->place.name[head.name_len] = '\0';
    return head.len;
}

static uint8_t *read_whole(int fd, size_t *size)
{
    struct stat st;
    uint8_t *data;
    ssize_t got;

    *size = 0;
    if (fstat(fd, &st) != 0 || st.st_size == 0)
        return NULL;
    data = must_malloc((size_t)st.st_size);
    got = pread(fd, data, (size_t)st.st_size, 0);
    *size = got > 0 ? (size_t)got : 0;
    return data;
}

/* The position of the next valid record, or `size`. */
static size_t next_record(const uint8_t *data, size_t size, size_t at)
{
    struct map_change change;

    while (at < size && decode(data + at, size - at, &change) == 0)
        at++;
    return at;
}

static uint64_t first_seq(const uint8_t *data, size_t size)
{
    struct map_change change;
    size_t at;

    if (!data)
        return 0;
    at = next_record(data, size, 0);
    return decode(data + at, size - at, &change) ? change.seq : 0;
}

static bool replay_file(const uint8_t *data, size_t size, const char *name,
                        bool (*take)(void *arg, const struct map_change *change), void *arg)
{
    size_t at = 0, lost = 0;

    while (at < size) {
        struct map_change change;
        size_t len = decode(data + at, size - at, &change);
        size_t next = len > 0 ? at + len : next_record(data, size, at + 1);

        if (len > 0 && !take(arg, &change))
            return false;
        if (len == 0 && next < size)
            lost += next - at;
        at = next;
    }
    if (lost > 0)
        log_warn("local.map.damaged", LOG_STR("map", name), LOG_U64("bytes", lost),
                 LOG_STR("effect", "some handles are stale until their files are looked up again"));
    return true;
}

bool map_log_replay(struct map_log *log, const char *name,
                    bool (*take)(void *arg, const struct map_change *change), void *arg)
{
    size_t size[2];
    uint8_t *data[2];
    unsigned older;
    bool ok = true;

    for (unsigned i = 0; i < 2; i++)
        data[i] = read_whole(log->fd[i], &size[i]);
    older = first_seq(data[0], size[0]) > first_seq(data[1], size[1]);
    for (unsigned i = 0; i < 2; i++) {
        unsigned file = i == 0 ? older : !older;

        ok = ok && replay_file(data[file], size[file], name, take, arg);
        free(data[file]);
    }
    return ok;
}

void map_log_append(struct map_log *log, const struct map_change *change)
{
    uint8_t record[RECORD_MAX];
    size_t len = encode(change, record);
    ssize_t put = write(log->fd[log->active], record, len);

    if (put == (ssize_t)len || log->broken)
        return;
    log->broken = true;
    log_error("local.map.log", LOG_STR("error", put < 0 ? strerror(errno) : "short write"));
}

void map_log_swap(struct map_log *log)
{
    log->active = !log->active;
}

bool map_log_clear_old(struct map_log *log)
{
    return ftruncate(log->fd[!log->active], 0) == 0;
}

bool map_log_clear_all(struct map_log *log)
{
    return ftruncate(log->fd[0], 0) == 0 && ftruncate(log->fd[1], 0) == 0;
}
