/* SPDX-License-Identifier: Apache-2.0 */
#include "data_model/model.h"

struct model_file model_files[MODEL_FILES];

bool model_owns_tail(uint32_t worker, uint32_t file)
{
    return file % MODEL_WORKERS == worker;
}

uint32_t model_owner(uint32_t file, uint64_t offset)
{
    if (offset >= MODEL_SHARED_BYTES)
        return file % MODEL_WORKERS;
    return (uint32_t)(offset / MODEL_REGION_BYTES + file) % MODEL_WORKERS;
}

/* Where the worker's range begins that the place is to be in, and its end. */
static void pick_range(struct random *random, uint32_t worker, uint32_t file, uint64_t *from,
                       uint64_t *to)
{
    const uint32_t turns = MODEL_SHARED_BYTES / MODEL_REGION_BYTES / MODEL_WORKERS;
    const uint32_t first = (worker + MODEL_WORKERS - file % MODEL_WORKERS) % MODEL_WORKERS;
    const uint32_t region = first + MODEL_WORKERS * random_below(random, turns);

    if (model_owns_tail(worker, file) && random_one_in(random, 3)) {
        *from = MODEL_SHARED_BYTES;
        *to = MODEL_FILE_BYTES;
        return;
    }
    *from = (uint64_t)region * MODEL_REGION_BYTES;
    *to = *from + MODEL_REGION_BYTES;
}

struct model_place model_pick(struct random *random, uint32_t worker, uint32_t max, bool blocks)
{
    struct model_place place = {.file = random_below(random, MODEL_FILES)};
    const uint32_t unit = blocks ? MODEL_BLOCK_BYTES : 1;
    uint64_t from, to;
    uint32_t room;

    pick_range(random, worker, place.file, &from, &to);
    place.offset = from + (uint64_t)unit * random_below(random, (uint32_t)(to - from) / unit);
    room = (uint32_t)(to - place.offset);
    if (max < room)
        room = max;
    place.length = unit * (1 + random_below(random, room / unit));
    return place;
}

void model_put(const struct model_place *place, const uint8_t *data)
{
    struct model_file *file = &model_files[place->file];
    const uint64_t end = place->offset + place->length;

    if (data)
        memcpy(file->bytes + place->offset, data, place->length);
    else
        memset(file->bytes + place->offset, 0, place->length);
    /* Only the tail's owner is at an end that is not the file's yet. */
    if (end > MODEL_SHARED_BYTES && end > file->size)
        file->size = end;
}

void model_dig(const struct model_place *place)
{
    memset(model_files[place->file].bytes + place->offset, 0, place->length);
}

void model_resize(uint32_t file, uint64_t size)
{
    struct model_file *f = &model_files[file];

    if (size < f->size)
        memset(f->bytes + size, 0, f->size - size);
    f->size = size;
}

uint32_t model_compare(uint32_t worker, uint32_t file, uint64_t offset, const uint8_t *found,
                       uint32_t len)
{
    const uint8_t *bytes = model_files[file].bytes + offset;

    for (uint32_t i = 0; i < len; i++) {
        if (worker != MODEL_WORKERS && model_owner(file, offset + i) != worker)
            continue;
        if (found[i] != bytes[i])
            return i;
    }
    return len;
}
