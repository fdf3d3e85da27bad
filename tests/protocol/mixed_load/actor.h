/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of one of the minor versions, on a thread, and the data that all of them share: which
 * client has which file, lock or name at the moment. cmocka's asserts work on the main thread only;
 * an actor that finds a difference reports it and ends the run.
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

/* The owner of each item: the actor's number plus 1, or 0. */
struct load {
    struct client_fh names, data; /* directories */
    _Atomic uint32_t range_owner[LOAD_RANGES];
    _Atomic uint32_t range_count[LOAD_RANGES]; /* the number in the file at that place */
    _Atomic uint32_t alone_owner, token_owner[LOAD_TOKENS];
    _Atomic uint32_t records[LOAD_ACTORS]; /* confirmed in each actor's file */
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

/* Repeat while the result is DELAY. */
#define actor_patiently(call)                                                                      \
    ({                                                                                             \
        enum nfsstat4 patient_status = (call);                                                     \
                                                                                                   \
        for (; patient_status == NFS4ERR_DELAY; patient_status = (call))                           \
            wait_ms(1);                                                                            \
        patient_status;                                                                            \
    })

/* Report a difference, and end the run. */
void actor_differs(const struct actor *me, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* `status` of `what` must be one of the two; otherwise report it. True: it is NFS4_OK. */
bool actor_got(const struct actor *me, const char *what, enum nfsstat4 status, enum nfsstat4 also);

/* Open for both, created if it does not exist. */
enum nfsstat4 actor_open(struct actor *me, const struct client_fh *dir, const char *name,
                         uint32_t deny, struct place *place);
enum nfsstat4 actor_close(struct actor *me, struct place *place);

/* Lock bytes for writing. */
enum nfsstat4 actor_lock(struct actor *me, struct place *place, uint64_t offset, uint64_t length);
enum nfsstat4 actor_unlock(struct actor *me, struct place *place);

/* Read all of the `len` bytes; NFS4ERR_IO if there are fewer. */
enum nfsstat4 actor_read(struct actor *me, const struct place *place, uint64_t offset, void *data,
                         uint32_t len);
enum nfsstat4 actor_write(struct actor *me, const struct place *place, uint64_t offset,
                          const void *data, uint32_t len);

enum nfsstat4 actor_rename(struct actor *me, const struct client_fh *from, const char *name,
                           const struct client_fh *to, const char *as);
