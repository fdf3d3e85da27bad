/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/vfs_read_plus.h"

#include <string.h>

#include "base/check.h"

/* The reply stays within its bound, see the header. */
enum {
    ROOM_MAX = 64 /* of a hole, the data behind it, and their padding */
};
_Static_assert(LIMIT_READ_PLUS_HOLE >= ROOM_MAX, "a hole is longer than what is said of it");

void vfs_read_plus_begin(struct vfs_read_plus *io)
{
    CHECK(io->hole_room + io->data_room + 3 <= ROOM_MAX);
    io->count = 0;
    io->fd = -1;
    io->eof = false;
}

static struct vfs_read_plus_part *last_of(struct vfs_read_plus *io)
{
    return io->count ? &io->parts[io->count - 1] : NULL;
}

uint64_t vfs_read_plus_len(const struct vfs_read_plus *io)
{
    const struct vfs_read_plus_part *last = io->count ? &io->parts[io->count - 1] : NULL;

    return last ? last->offset + last->len - io->offset : 0;
}

bool vfs_read_plus_full(const struct vfs_read_plus *io)
{
    return io->count >= LIMIT_READ_PLUS_PARTS - 1;
}

/* Behind the last part that has bytes in the buffer come the holes since. */
static uint8_t *place_of_next(const struct vfs_read_plus *io)
{
    uint8_t *at = io->buf;

    for (uint32_t i = io->count; i > 0; i--) {
        const struct vfs_read_plus_part *part = &io->parts[i - 1];

        if (!part->hole)
            return part->data + ((part->len + 3) & ~3u) + (at - io->buf);
        at += io->hole_room;
    }
    return at;
}

static struct vfs_read_plus_part *append(struct vfs_read_plus *io, uint32_t len, bool hole)
{
    uint64_t offset = io->offset + vfs_read_plus_len(io);
    struct vfs_read_plus_part *part;

    CHECK(io->count < LIMIT_READ_PLUS_PARTS);
    part = &io->parts[io->count++];
    *part = (struct vfs_read_plus_part){.offset = offset, .len = len, .hole = hole};
    return part;
}

void vfs_read_plus_hole(struct vfs_read_plus *io, uint32_t len)
{
    if (len == 0)
        return;
    CHECK(len <= io->len - vfs_read_plus_len(io));
    if (len < LIMIT_READ_PLUS_HOLE || vfs_read_plus_full(io))
        memset(vfs_read_plus_data(io, len), 0, len);
    else
        append(io, len, true);
}

uint8_t *vfs_read_plus_data(struct vfs_read_plus *io, uint32_t len)
{
    struct vfs_read_plus_part *last = last_of(io);
    uint8_t *place;

    CHECK(len <= io->len - vfs_read_plus_len(io));
    if (last && !last->hole) {
        last->len += len;
        return last->data + last->len - len;
    }
    place = place_of_next(io) + io->data_room;
    append(io, len, false)->data = place;
    return place;
}

void vfs_read_plus_cut(struct vfs_read_plus *io, uint32_t len)
{
    struct vfs_read_plus_part *last = last_of(io);

    CHECK(last && !last->hole && len <= last->len);
    last->len -= len;
    if (last->len == 0)
        io->count--;
}

void vfs_read_plus_fd(struct vfs_read_plus *io, uint32_t len)
{
    struct vfs_read_plus_part *last = last_of(io);

    CHECK(io->fd >= 0 && len > 0 && (!last || last->hole));
    CHECK(len <= io->len - vfs_read_plus_len(io));
    append(io, len, false);
}
