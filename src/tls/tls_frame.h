/* SPDX-License-Identifier: Apache-2.0 */
/* Where the TLS records of a stream begin and end (RFC 8446 §5.1), by their headers alone. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    TLS_FRAME_HEADER_BYTES = 5,
};

/* All zero: nothing has come. */
struct tls_frame {
    uint32_t used; /* bytes that have come of a record, with its header; 0: none is incomplete */
    uint32_t left; /* of its body; known once the header is there */
};

/* These bytes have come next. */
void tls_frame_feed(struct tls_frame *frame, const uint8_t *data, size_t len);
