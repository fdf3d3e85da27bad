/* SPDX-License-Identifier: Apache-2.0 */
/* Identifies one request of a session. */
#pragma once

#include <stdint.h>

#include "wire/nfs4_types.h"

struct session_call {
    uint8_t sessionid[NFS4_SESSIONID_SIZE];
    uint32_t slotid, sequenceid;
};
