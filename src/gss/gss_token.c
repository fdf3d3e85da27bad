/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_token.h"

#include <gssapi/gssapi.h>
#include <sodium.h>
#include <string.h>

#include "gss/gss_context_internal.h"

const struct gss_token_sizes *gss_token_sizes(const struct gss_context *context)
{
    DCHECK(gss_context_is_established(context));
    return &context->sizes;
}

/* ---- contexts whose keys only the library knows: one thread at a time ---- */

static void mit_enter(struct gss_context *context)
{
    CHECK(pthread_mutex_lock(&context->mit_lock) == 0);
}

static void mit_leave(struct gss_context *context)
{
    CHECK(pthread_mutex_unlock(&context->mit_lock) == 0);
}

static gss_buffer_desc buffer_of(const void *data, size_t bytes)
{
    return (gss_buffer_desc){.length = bytes, .value = (void *)data};
}

static bool mit_mic(struct gss_context *context, const void *data, size_t bytes, uint8_t *mic)
{
    gss_buffer_desc message = buffer_of(data, bytes), token = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor, major;
    bool done;

    mit_enter(context);
    major = gss_get_mic(&minor, context->mit, GSS_C_QOP_DEFAULT, &message, &token);
    mit_leave(context);
    done = !GSS_ERROR(major) && token.length == context->sizes.mic;
    if (done)
        memcpy(mic, token.value, token.length);
    (void)gss_release_buffer(&minor, &token);
    return done;
}

/* That a token was seen before, or comes out of order, is no error here. */
static bool mit_verify(struct gss_context *context, const void *data, size_t bytes, const void *mic,
                       size_t mic_bytes)
{
    gss_buffer_desc message = buffer_of(data, bytes), token = buffer_of(mic, mic_bytes);
    OM_uint32 minor, major;

    mit_enter(context);
    major = gss_verify_mic(&minor, context->mit, &message, &token, NULL);
    mit_leave(context);
    return !GSS_ERROR(major);
}

static size_t mit_wrap(struct gss_context *context, uint8_t *data, size_t bytes)
{
    gss_buffer_desc message = buffer_of(data, bytes), token = GSS_C_EMPTY_BUFFER;
    const struct gss_token_sizes *sizes = &context->sizes;
    OM_uint32 minor, major;
    size_t token_bytes = 0;
    int sealed = 0;

    mit_enter(context);
    major = gss_wrap(&minor, context->mit, 1, GSS_C_QOP_DEFAULT, &message, &sealed, &token);
    mit_leave(context);
    if (!GSS_ERROR(major) && sealed && token.length <= sizes->header + bytes + sizes->trailer) {
        memcpy(data - sizes->header, token.value, token.length);
        token_bytes = token.length;
    }
    (void)gss_release_buffer(&minor, &token);
    return token_bytes;
}

static uint8_t *mit_unwrap(struct gss_context *context, uint8_t *data, size_t data_bytes,
                           size_t *bytes)
{
    gss_buffer_desc token = buffer_of(data, data_bytes), message = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor, major;
    uint8_t *at = NULL;
    int sealed = 0;

    mit_enter(context);
    major = gss_unwrap(&minor, context->mit, &token, &message, &sealed, NULL);
    mit_leave(context);
    if (!GSS_ERROR(major) && sealed && message.length <= data_bytes) {
        at = data;
        *bytes = message.length;
        if (message.length > 0)
            memcpy(at, message.value, message.length);
    }
    if (message.value)
        sodium_memzero(message.value, message.length);
    (void)gss_release_buffer(&minor, &message);
    return at;
}

/* ---- all contexts ---- */

bool gss_token_mic(struct gss_context *context, const void *data, size_t bytes, uint8_t *mic)
{
    return context->has_cfx ? gss_cfx_mic(&context->cfx, data, bytes, mic)
                            : mit_mic(context, data, bytes, mic);
}

bool gss_token_verify(struct gss_context *context, const void *data, size_t bytes, const void *mic,
                      size_t mic_bytes)
{
    return context->has_cfx ? gss_cfx_verify(&context->cfx, data, bytes, mic, mic_bytes)
                            : mit_verify(context, data, bytes, mic, mic_bytes);
}

size_t gss_token_wrap(struct gss_context *context, uint8_t *data, size_t bytes)
{
    if (!context->has_cfx)
        return mit_wrap(context, data, bytes);
    if (!gss_cfx_wrap(&context->cfx, data, bytes))
        return 0;
    return context->sizes.header + bytes + context->sizes.trailer;
}

uint8_t *gss_token_unwrap(struct gss_context *context, uint8_t *token, size_t token_bytes,
                          size_t *bytes)
{
    return context->has_cfx ? gss_cfx_unwrap(&context->cfx, token, token_bytes, bytes)
                            : mit_unwrap(context, token, token_bytes, bytes);
}
