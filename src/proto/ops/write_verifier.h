/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier in the results of WRITE, COMMIT and the like (RFC 8881 §18.32). */
#pragma once

#include <string.h>

#include "vfs/vfs_object.h"
#include "wire/nfs4_const.h"

/* A backend changes it when it may have lost what was written. */
static inline void write_verifier_put(uint8_t *to, const struct vfs *fs)
{
    uint64_t verifier = __atomic_load_n(&fs->write_verifier, __ATOMIC_RELAXED);

    _Static_assert(sizeof(verifier) == NFS4_VERIFIER_SIZE, "a verifier is 64 bits");
    memcpy(to, &verifier, sizeof(verifier));
}
