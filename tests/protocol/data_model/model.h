/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files must contain that several workers change at once.  Below MODEL_SHARED_BYTES each
 * region belongs to one worker, and no worker makes the file shorter than that.  The tail behind it
 * belongs to one worker as a whole, and so does the file's size.  So each worker knows the bytes of
 * its own places at each moment, and all are known when the workers rest.
 */
#pragma once

#include "client/client_file.h"
#include "exactly_once/random.h"

enum {
    MODEL_FILES = 3,
    MODEL_WORKERS = 4,
    MODEL_REGION_BYTES = 48 << 10,
    MODEL_SHARED_BYTES = 32 * MODEL_REGION_BYTES,
    MODEL_TAIL_BYTES = 512 << 10,
    MODEL_FILE_BYTES = MODEL_SHARED_BYTES + MODEL_TAIL_BYTES,
    MODEL_BLOCK_BYTES = 4096, /* of clones */
};

/* Bytes of a worker's places are used by that worker only, as is the size by the tail's. */
struct model_file {
    char name[16];
    uint64_t size;
    uint8_t bytes[MODEL_FILE_BYTES];
};

/* A range of one file. */
struct model_place {
    uint32_t file;
    uint64_t offset;
    uint32_t length;
};

extern struct model_file model_files[MODEL_FILES];

/* Who owns the byte. */
uint32_t model_owner(uint32_t file, uint64_t offset);

/* If the tail, and so the size, is this worker's. */
bool model_owns_tail(uint32_t worker, uint32_t file);

/* A place of the worker's: of whole blocks or not, and not longer than `max` bytes. */
struct model_place model_pick(struct random *random, uint32_t worker, uint32_t max, bool blocks);

/* The worker's range has these bytes from now on (NULL: zeros); the file grows with it. */
void model_put(const struct model_place *place, const uint8_t *data);

/* Zeros in it, as far as the file goes. */
void model_dig(const struct model_place *place);

/* The file has another size. */
void model_resize(uint32_t file, uint64_t size);

/* The first of the bytes found at `offset` that differs, in the places of `worker`, or in all with
 * MODEL_WORKERS; `len` if none does. */
uint32_t model_compare(uint32_t worker, uint32_t file, uint64_t offset, const uint8_t *found,
                       uint32_t len);
