/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errands: work that may wait for a file system, and so for ever, each on a thread of its own.
 * Whoever asked for it looks whether it is done, and may abandon it.  An abandoned errand goes on
 * if the file system answers some day, but then changes nothing (errand_commit()).
 *
 * No thread waits for an errand but in errands_end(), and that not for long.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct errand;

enum {
    ERRAND_PLACE_BYTES = 256, /* of a directory's name; longer ones are cut */
    ERRAND_NO_WAKE = -1
};

struct errand_work {
    void (*run)(void *context);
    void (*free)(void *context); /* on any thread, when neither side needs it; may be NULL */
    void *context;
    int wake_fd; /* an eventfd that gets 1 when it is done and was not abandoned; or none */
};

/* Start an errand, with a reference for the caller.  NULL, and the context is still the caller's:
 * `most` errands run already, or there is no thread to have. */
struct errand *errand_start(const struct errand_work *work, uint32_t most) MUST_USE;

/* NULL is allowed. */
void errand_put(struct errand *errand);

/* Has run() returned?  Then the caller sees all that it did. */
bool errand_is_done(struct errand *errand);

/* Has it begun to change something (errand_commit())? */
bool errand_is_committed(struct errand *errand);

/* Has it begun nothing new (errand_place(), errand_commit()) for LIMIT_ERRAND_S, or run for
 * LIMIT_ERRAND_ALL_S?  A slow file system lets it go on, one that hangs does not. */
bool errand_is_late(struct errand *errand);

/* Give it up.  False: it is done after all. */
bool errand_abandon(struct errand *errand) MUST_USE;

/* ---- for the thread of an errand; on others there is nothing to do, and nothing abandoned ---- */

/* What it is about to use, for the people who wonder why it hangs.  NULL: nothing that could.  Each
 * call tells that it gets on. */
void errand_place(const char *directory);

/* It is about to change what others can see.  False: it was abandoned, and must not. */
bool errand_commit(void) MUST_USE;
bool errand_is_abandoned(void);

/* ---- of all errands ---- */

/* What this errand uses or, if it uses nothing (or is NULL), what all of them do: "/a, /b".  "":
 * nothing. */
void errand_places(const struct errand *errand, char *text, size_t size);

/* How many run although they were abandoned. */
uint32_t errands_abandoned(void);

/* Wait until none runs, or none has begun something new for `idle_s` (LIMIT_ERRAND_S, if that is
 * longer, for those that change something), or `most_s` are over.  False: some run; what they use
 * must stay until the process has ended. */
bool errands_end(uint32_t idle_s, uint32_t most_s) MUST_USE;
