/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody who uses the server in one of the minor versions, on a thread, and what all of them
 * share: who has what at the moment.  cmocka's asserts are for the main thread only; whoever finds
 * something wrong says so and has all end.
 */
#pragma once

#include <stdatomic.h>

#include "client/client_file.h"
#include "lib/wait.h"
#include "protocol/exactly_once/random.h"

enum {
    LOAD_RANGES = 6,
    LOAD_TOKENS = 4,
    LOAD_ACTORS = 8, /* those with files of their own */
    LOAD_RECORD_BYTES = 8,
    LOAD_LEASE_S = 3
};

/* Whose something is: the actor's number and 1, or 0. */
struct load {
    struct client_fh names, data; /* directories */
    _Atomic uint32_t range_owner[LOAD_RANGES];
    _Atomic uint32_t range_count[LOAD_RANGES]; /* what the file says at that place */
    _Atomic uint32_t alone_owner, token_owner[LOAD_TOKENS];
    _Atomic uint32_t records[LOAD_ACTORS]; /* surely in the file of each */
    _Atomic bool stop, failed;
};

struct actor {
    struct load *load;
    unsigned number;
    struct random random;
    struct client_mount *mount;
};

/* An open file and the lock state of the actor's one lock owner on it. */
struct place {
    struct client_file file;
    struct stateid4 lock;
    bool has_lock;
};

/* As often as the server asks for patience. */
#define actor_patiently(call)                                                                      \
    ({                                                                                             \
        enum nfsstat4 patient_status = (call);                                                     \
                                                                                                   \
        for (; patient_status == NFS4ERR_DELAY; patient_status = (call))                           \
            wait_ms(1);                                                                            \
        patient_status;                                                                            \
    })

/* Something is wrong: say what, and end. */
void actor_differs(const struct actor *me, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* `status` of `what` is one of the two; otherwise that is wrong.  True: it is NFS4_OK. */
bool actor_got(const struct actor *me, const char *what, enum nfsstat4 status, enum nfsstat4 also);

/* Open for both, made if it is not there. */
enum nfsstat4 actor_open(struct actor *me, const struct client_fh *dir, const char *name,
                         uint32_t deny, struct place *place);
enum nfsstat4 actor_close(struct actor *me, struct place *place);

/* Bytes for writing. */
enum nfsstat4 actor_lock(struct actor *me, struct place *place, uint64_t offset, uint64_t length);
enum nfsstat4 actor_unlock(struct actor *me, struct place *place);

/* All of the `len` bytes; NFS4ERR_IO if there are fewer. */
enum nfsstat4 actor_read(struct actor *me, const struct place *place, uint64_t offset, void *data,
                         uint32_t len);
enum nfsstat4 actor_write(struct actor *me, const struct place *place, uint64_t offset,
                          const void *data, uint32_t len);

enum nfsstat4 actor_rename(struct actor *me, const struct client_fh *from, const char *name,
                           const struct client_fh *to, const char *as);
