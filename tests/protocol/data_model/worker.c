/* SPDX-License-Identifier: Apache-2.0 */
#include "data_model/worker.h"

#include <stdarg.h>
#include <stdio.h>

#include "data_model/data_op.h"
#include "lib/test.h"
#include "lib/wait.h"

enum {
    PART_BYTES_MAX = 100 << 10, /* of an operation */
};

static const char *const names[] = {
    [WORKER_WRITE] = "WRITE",
    [WORKER_READ] = "READ",
    [WORKER_READ_PLUS] = "READ_PLUS",
    [WORKER_READ_ALL] = "READ_PLUS of all",
    [WORKER_SEEK] = "SEEK",
    [WORKER_ALLOCATE] = "ALLOCATE",
    [WORKER_DEALLOCATE] = "DEALLOCATE",
    [WORKER_CLONE] = "CLONE",
    [WORKER_COPY] = "COPY",
    [WORKER_TRUNCATE] = "SETATTR",
};
_Static_assert(ARRAY_SIZE(names) == WORKER_DEEDS, "each deed has a name");

/* Repeat while the result is DELAY. */
#define patiently(call)                                                                            \
    ({                                                                                             \
        enum nfsstat4 patient_status = (call);                                                     \
                                                                                                   \
        for (; patient_status == NFS4ERR_DELAY; patient_status = (call))                           \
            wait_ms(1);                                                                            \
        patient_status;                                                                            \
    })

const char *worker_deed_name(enum worker_deed deed)
{
    return names[deed];
}

unsigned worker_deed_bit(const char *name)
{
    for (unsigned i = 0; i < WORKER_DEEDS; i++)
        if (strcasecmp(name, names[i]) == 0)
            return 1u << i;
    return 0;
}

static void differs(struct worker *w, enum worker_deed deed, const struct model_place *place,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

static void differs(struct worker *w, enum worker_deed deed, const struct model_place *place,
                    const char *format, ...)
{
    va_list args;
    char text[200];

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)fprintf(stderr, "worker %u: %s of %s at %llu, %u bytes: %s\n", w->number, names[deed],
                  model_files[place->file].name, (unsigned long long)place->offset, place->length,
                  text);
    atomic_store(w->failed, true);
}

/* True if the deed succeeded, and counts it; any other status is a difference. */
static bool good(struct worker *w, enum worker_deed deed, const struct model_place *place,
                 enum nfsstat4 status)
{
    if (status != NFS4_OK) {
        differs(w, deed, place, "answered with %s", status_name(status));
        return false;
    }
    w->done[deed]++;
    return true;
}

static struct model_place pick(struct worker *w)
{
    return model_pick(&w->random, w->number, PART_BYTES_MAX, random_one_in(&w->random, 3));
}

static void write_some(struct worker *w)
{
    const struct model_place place = pick(w);
    const enum stable_how4 how = random_one_in(&w->random, 4) ? FILE_SYNC4 : UNSTABLE4;
    uint8_t data[PART_BYTES_MAX];
    struct model_place written = place;

    random_fill(random_next(&w->random), data, place.length);
    if (!good(w, WORKER_WRITE, &place,
              patiently(client_file_write(&w->mount, &w->files[place.file], place.offset, how, data,
                                          place.length, &written.length))))
        return;
    if (written.length == 0 || written.length > place.length)
        differs(w, WORKER_WRITE, &place, "%u bytes were written", written.length);
    else
        model_put(&written, data);
}

/* The result of a read of the worker's own place, whose end it knows if the tail is its own. */
static void check_read(struct worker *w, enum worker_deed deed, const struct model_place *place,
                       const uint8_t *data, uint32_t got, bool eof)
{
    const bool owns_size = model_owns_tail(w->number, place->file);
    const uint64_t size = owns_size ? model_files[place->file].size : MODEL_SHARED_BYTES;
    const uint64_t end = place->offset + got;
    const uint32_t same = model_compare(w->number, place->file, place->offset, data,
                                        got < place->length ? got : place->length);

    if (got > place->length)
        differs(w, deed, place, "%u bytes came", got);
    else if (same < got)
        differs(w, deed, place, "byte %u differs", same);
    else if (place->offset < size && (got == 0 || end > size))
        differs(w, deed, place, "%u bytes came of a file of %llu", got, (unsigned long long)size);
    else if (owns_size && eof != (end >= size))
        differs(w, deed, place, "%u bytes, eof %d, of a file of %llu", got, eof,
                (unsigned long long)size);
    else if (end < MODEL_SHARED_BYTES && eof)
        differs(w, deed, place, "eof");
}

static void read_some(struct worker *w)
{
    const struct model_place place = pick(w);
    uint8_t data[PART_BYTES_MAX];
    uint32_t got;
    bool eof;

    if (good(w, WORKER_READ, &place,
             patiently(client_file_read(&w->mount, &w->files[place.file], place.offset, data,
                                        place.length, &got, &eof))))
        check_read(w, WORKER_READ, &place, data, got, eof);
}

static bool read_plus(struct worker *w, enum worker_deed deed, const struct model_place *place,
                      uint8_t *data, uint32_t *got, bool *eof)
{
    uint32_t hole_bytes;

    if (!good(w, deed, place,
              patiently(data_op_read_plus(&w->mount, &w->files[place->file], place->offset, data,
                                          place->length, got, &hole_bytes, eof))))
        return false;
    w->hole_bytes += hole_bytes;
    return true;
}

static void read_plus_some(struct worker *w)
{
    const struct model_place place = pick(w);
    uint8_t data[PART_BYTES_MAX];
    uint32_t got;
    bool eof;

    if (read_plus(w, WORKER_READ_PLUS, &place, data, &got, &eof))
        check_read(w, WORKER_READ_PLUS, &place, data, got, eof);
}

/* Of other workers' places, too, which may change meanwhile; of its own all is known. */
static void read_plus_all(struct worker *w)
{
    struct model_place place = {.file = random_below(&w->random, MODEL_FILES),
                                .length = PART_BYTES_MAX};
    uint8_t data[PART_BYTES_MAX];
    uint32_t got, same;
    bool eof;

    place.offset = random_below(&w->random, MODEL_SHARED_BYTES - PART_BYTES_MAX);
    if (!read_plus(w, WORKER_READ_ALL, &place, data, &got, &eof))
        return;
    same = model_compare(w->number, place.file, place.offset, data, got);
    if (got == 0 || eof || same < got)
        differs(w, WORKER_READ_ALL, &place, "%u bytes, eof %d, byte %u differs", got, eof, same);
}

/* Up to where the next data begin, its own place is zero; a hole begins with a zero. */
static void seek(struct worker *w)
{
    static const uint8_t zeros[MODEL_TAIL_BYTES];
    struct model_place place = pick(w);
    const enum data_content4 what =
        random_one_in(&w->random, 2) ? NFS4_CONTENT_DATA : NFS4_CONTENT_HOLE;
    uint64_t at, place_end = place.offset + place.length;
    enum nfsstat4 status;
    bool eof;

    status =
        patiently(data_op_seek(&w->mount, &w->files[place.file], place.offset, what, &at, &eof));
    if (status == NFS4ERR_NXIO && place.offset >= MODEL_SHARED_BYTES &&
        place.offset >= model_files[place.file].size)
        return; /* behind the end */
    if (!good(w, WORKER_SEEK, &place, status))
        return;
    if (!eof && at < place.offset)
        differs(w, WORKER_SEEK, &place, "%llu", (unsigned long long)at);
    if (what == NFS4_CONTENT_DATA) {
        at = eof || at > place_end ? place_end : at;
        if (model_compare(w->number, place.file, place.offset, zeros,
                          (uint32_t)(at - place.offset)) < at - place.offset)
            differs(w, WORKER_SEEK, &place, "there are data before %llu", (unsigned long long)at);
    } else if (!eof && at < place_end && model_files[place.file].bytes[at] != 0) {
        differs(w, WORKER_SEEK, &place, "%llu is no hole", (unsigned long long)at);
    }
}

static void allocate(struct worker *w)
{
    const struct model_place place = pick(w);
    struct model_file *file = &model_files[place.file];
    const uint64_t end = place.offset + place.length;

    if (!good(w, WORKER_ALLOCATE, &place,
              patiently(
                  data_op_allocate(&w->mount, &w->files[place.file], place.offset, place.length))))
        return;
    if (end > MODEL_SHARED_BYTES && end > file->size)
        model_resize(place.file, end);
}

static void deallocate(struct worker *w)
{
    const struct model_place place = pick(w);

    if (good(w, WORKER_DEALLOCATE, &place,
             patiently(
                 data_op_deallocate(&w->mount, &w->files[place.file], place.offset, place.length))))
        model_dig(&place);
}

/* Two places of the worker's for a copy, of the same length, within what there is to copy.  False:
 * these don't do. */
static bool pick_two(struct worker *w, bool blocks, struct model_place *from,
                     struct model_place *to)
{
    *from = model_pick(&w->random, w->number, PART_BYTES_MAX, blocks);
    *to = model_pick(&w->random, w->number, PART_BYTES_MAX, blocks);
    if (to->length > from->length)
        to->length = from->length;
    from->length = to->length;
    if (from->offset + from->length > MODEL_SHARED_BYTES &&
        from->offset + from->length > model_files[from->file].size)
        return false;
    return from->file != to->file || from->offset >= to->offset + to->length ||
           to->offset >= from->offset + from->length;
}

static struct data_op_range range_of(const struct worker *w, const struct model_place *from,
                                     const struct model_place *to)
{
    return (struct data_op_range){.from = &w->files[from->file],
                                  .from_offset = from->offset,
                                  .to = &w->files[to->file],
                                  .to_offset = to->offset,
                                  .length = to->length};
}

static void clone_some(struct worker *w)
{
    struct model_place from, to;
    struct data_op_range range;

    if (!pick_two(w, true, &from, &to))
        return;
    range = range_of(w, &from, &to);
    if (good(w, WORKER_CLONE, &to, patiently(data_op_clone(&w->mount, &range))))
        model_put(&to, model_files[from.file].bytes + from.offset);
}

static void copy(struct worker *w)
{
    struct model_place from, to;
    struct data_op_range range;
    uint64_t copied;

    /* COPY must not be within a file (RFC 7862 §15.2.3). */
    if (!pick_two(w, random_one_in(&w->random, 2), &from, &to) || from.file == to.file)
        return;
    range = range_of(w, &from, &to);
    if (!good(w, WORKER_COPY, &to, patiently(data_op_copy(&w->mount, &range, &copied))))
        return;
    if (copied == 0 || copied > to.length) {
        differs(w, WORKER_COPY, &to, "%llu bytes were copied", (unsigned long long)copied);
        return;
    }
    to.length = (uint32_t)copied;
    model_put(&to, model_files[from.file].bytes + from.offset);
}

static void truncate_tail(struct worker *w)
{
    const struct model_place place = {.file = random_below(&w->random, MODEL_FILES)};
    const uint64_t size = MODEL_SHARED_BYTES + random_below(&w->random, MODEL_TAIL_BYTES);

    if (!model_owns_tail(w->number, place.file))
        return;
    if (good(w, WORKER_TRUNCATE, &place,
             patiently(client_file_setattr(&w->mount, &w->files[place.file].fh,
                                           CLIENT_BITS(FATTR4_SIZE),
                                           &(struct nfs4_attrs){.size = size}))))
        model_resize(place.file, size);
}

static void turn(struct worker *w)
{
    static void (*const deeds[])(struct worker *) = {
        [WORKER_WRITE] = write_some,
        [WORKER_READ] = read_some,
        [WORKER_READ_PLUS] = read_plus_some,
        [WORKER_READ_ALL] = read_plus_all,
        [WORKER_SEEK] = seek,
        [WORKER_ALLOCATE] = allocate,
        [WORKER_DEALLOCATE] = deallocate,
        [WORKER_CLONE] = clone_some,
        [WORKER_COPY] = copy,
        [WORKER_TRUNCATE] = truncate_tail,
    };
    const uint32_t deed = random_below(&w->random, WORKER_DEEDS);

    if (!(w->without & 1u << deed))
        deeds[deed](w);
}

static void *work(void *arg)
{
    struct worker *w = arg;

    for (; w->turns > 0 && !atomic_load(w->failed); w->turns--)
        turn(w);
    return NULL;
}

void worker_start(struct worker *worker, uint32_t turns)
{
    worker->turns = turns;
    assert_int_equal(pthread_create(&worker->thread, NULL, work, worker), 0);
}

void worker_join(struct worker *worker)
{
    assert_int_equal(pthread_join(worker->thread, NULL), 0);
}
