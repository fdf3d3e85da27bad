/* SPDX-License-Identifier: Apache-2.0 */
/* Records of TLS are told apart however their bytes come. */
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "lib/test.h"
#include "tls/tls_frame.h"

enum {
    HEADER = TLS_FRAME_HEADER_BYTES,
};

/* Three records: 300 bytes, none, 7. */
static uint8_t stream[3 * HEADER + 307];

/* What is incomplete after so many bytes. */
static uint32_t used_at(size_t at)
{
    if (at < HEADER + 300)
        return (uint32_t)at;
    at -= HEADER + 300;
    if (at < HEADER)
        return (uint32_t)at;
    at -= HEADER;
    return at < HEADER + 7 ? (uint32_t)at : 0;
}

static int setup(void **state)
{
    (void)state;
    memset(stream, 0xff, sizeof(stream));
    memcpy(stream, "\x17\x03\x03\x01\x2c", HEADER);
    memcpy(stream + HEADER + 300, "\x17\x03\x03\x00\x00", HEADER);
    memcpy(stream + 2 * HEADER + 300, "\x17\x03\x03\x00\x07", HEADER);
    return 0;
}

static void pieces_of_any_size(void **state)
{
    (void)state;
    for (size_t step = 1; step <= sizeof(stream); step++) {
        struct tls_frame frame = {0};

        for (size_t at = 0; at < sizeof(stream);) {
            size_t n = sizeof(stream) - at < step ? sizeof(stream) - at : step;

            tls_frame_feed(&frame, stream + at, n);
            at += n;
            assert_int_equal(frame.used, used_at(at));
        }
    }
}

static void nothing(void **state)
{
    struct tls_frame frame = {0};

    (void)state;
    tls_frame_feed(&frame, NULL, 0);
    assert_int_equal(frame.used, 0);
    tls_frame_feed(&frame, stream, 2);
    tls_frame_feed(&frame, NULL, 0);
    assert_int_equal(frame.used, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_of_any_size),
        cmocka_unit_test(nothing),
    };

    return test_group_run_fixtures(tests, setup, NULL);
}
