/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The delegation of another client because of which a client was told to retry (NFS4ERR_DELAY)
 * last, for users who ask why the client has stopped.  Its stateid alone is kept, since it is of
 * interest only while the delegation exists.  No lock: of two notes at once the rest of both may
 * stay, which is no stateid.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "wire/nfs4_types.h"

/* Zeroed: there was none. */
struct client_delay {
    _Atomic int64_t at_ns;
    _Atomic uint64_t first; /* bytes of the stateid's `other` */
    _Atomic uint32_t last;
};

void client_delay_note(struct client_delay *delay, const uint8_t other[NFS4_OTHER_SIZE],
                       int64_t now_ns);

/* When the last one was noted; 0: none. */
int64_t client_delay_read(const struct client_delay *delay, uint8_t other[NFS4_OTHER_SIZE]);
