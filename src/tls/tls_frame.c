/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_frame.h"

enum {
    LENGTH_AT = 3, /* in the header: two bytes, the higher one first */
};

/* One byte of the header. */
static void header_feed(struct tls_frame *frame, uint8_t byte)
{
    if (frame->used >= LENGTH_AT)
        frame->left = frame->left << 8 | byte;
    else
        frame->left = 0;
    frame->used++;
    if (frame->used == TLS_FRAME_HEADER_BYTES && frame->left == 0)
        frame->used = 0;
}

void tls_frame_feed(struct tls_frame *frame, const uint8_t *data, size_t len)
{
    while (len > 0) {
        size_t n = 1;

        if (frame->used < TLS_FRAME_HEADER_BYTES) {
            header_feed(frame, *data);
        } else {
            n = len < frame->left ? len : frame->left;
            frame->left -= (uint32_t)n;
            frame->used = frame->left > 0 ? frame->used + (uint32_t)n : 0;
        }
        data += n;
        len -= n;
    }
}
