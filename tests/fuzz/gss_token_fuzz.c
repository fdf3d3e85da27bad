/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of a client under a key of zeros: the first byte says which encryption type, and whether
 * it is a MIC (of what follows it) or a wrapped message.
 */
#include <stdlib.h>
#include <string.h>

#include "gss/gss_cfx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    FIRST_TYPE = GSS_AES128_SHA1,
    TYPES = 4,
    WRAPPED = 4 /* a bit of the first byte */
};

static struct gss_cfx *context_of(unsigned type)
{
    static const uint8_t zeros[GSS_KEY_BYTES];
    static struct gss_cfx contexts[TYPES];
    static bool made[TYPES];

    if (!made[type])
        CHECK(gss_cfx_init(&contexts[type], FIRST_TYPE + type, zeros, 0));
    made[type] = true;
    return &contexts[type];
}

static void fuzz_wrapped(const struct gss_cfx *context, const uint8_t *token, size_t token_bytes)
{
    uint8_t *copy = must_malloc(token_bytes + 1), *message;
    size_t bytes;

    memcpy(copy, token, token_bytes);
    message = gss_cfx_unwrap(context, copy, token_bytes, &bytes);
    if (message)
        CHECK(message > copy && bytes < token_bytes && message + bytes < copy + token_bytes);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct gss_cfx *context;
    size_t mic_bytes;

    if (size == 0)
        return 0;
    context = context_of(data[0] % TYPES);
    if (data[0] & WRAPPED) {
        fuzz_wrapped(context, data + 1, size - 1);
        return 0;
    }
    mic_bytes = gss_cfx_mic_bytes(context);
    if (mic_bytes > size - 1)
        mic_bytes = size - 1;
    (void)!gss_cfx_verify(context, data + 1 + mic_bytes, size - 1 - mic_bytes, data + 1, mic_bytes);
    return 0;
}
