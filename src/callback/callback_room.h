/* SPDX-License-Identifier: Apache-2.0 */
/* What one callback over a session has room for besides CB_SEQUENCE (RFC 8881 §18.36.3). */
#pragma once

#include <stdint.h>

struct callback_room {
    uint32_t ops;   /* whose results are no more than a status */
    uint32_t bytes; /* of these operations, encoded */
};
