/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_context.h"

#include <gssapi/gssapi_krb5.h>
#include <sodium.h>

#include "base/memory.h"
#include "gss/gss_context_internal.h"
#include "wire/rpcsec_gss.h"

enum {
    /* What the library needs for contexts whose keys only it knows, at most. */
    MIT_HEADER_BYTES = LIMIT_GSS_HEADER_BYTES,
    MIT_TRAILER_BYTES = LIMIT_GSS_TRAILER_BYTES,
    CFX_PROTOCOL = 1 /* of lucid contexts: RFC 4121 */
};

struct gss_context *gss_context_create(int64_t now_ns)
{
    struct gss_context *context = memory_zalloc(MEMORY_security, sizeof(*context));

    if (!context)
        return NULL;
    atomic_init(&context->refs, 1);
    randombytes_buf(context->handle, sizeof(context->handle));
    list_init(&context->recent);
    list_init(&context->waiting);
    list_init(&context->at_address);
    list_init(&context->at_holder);
    context->made_ns = now_ns;
    atomic_init(&context->used_ns, now_ns);
    context->mit = GSS_C_NO_CONTEXT;
    CHECK(pthread_mutex_init(&context->mit_lock, NULL) == 0);
    CHECK(pthread_mutex_init(&context->seq_lock, NULL) == 0);
    return context;
}

static void context_destroy(struct gss_context *context)
{
    OM_uint32 minor;

    CHECK(!context->in_table && !context->address && !context->holder);
    if (context->mit != GSS_C_NO_CONTEXT)
        (void)gss_delete_sec_context(&minor, &context->mit, GSS_C_NO_BUFFER);
    if (context->has_cfx)
        gss_cfx_fini(&context->cfx);
    gss_principal_put(context->principal);
    (void)pthread_mutex_destroy(&context->mit_lock);
    (void)pthread_mutex_destroy(&context->seq_lock);
    memory_free(MEMORY_security, context);
}

struct gss_context *gss_context_get(struct gss_context *context)
{
    if (context)
        (void)atomic_fetch_add_explicit(&context->refs, 1, memory_order_relaxed);
    return context;
}

void gss_context_put(struct gss_context *context)
{
    /* Pairs with itself: the last one sees what all others did. */
    if (context && atomic_fetch_sub_explicit(&context->refs, 1, memory_order_acq_rel) == 1)
        context_destroy(context);
}

static const char *enctype_name(uint32_t enctype)
{
    switch (enctype) {
    case GSS_AES128_SHA1:
        return "aes128-cts-hmac-sha1-96";
    case GSS_AES256_SHA1:
        return "aes256-cts-hmac-sha1-96";
    case GSS_AES128_SHA256:
        return "aes128-cts-hmac-sha256-128";
    case GSS_AES256_SHA384:
        return "aes256-cts-hmac-sha384-192";
    default:
        return "other";
    }
}

/* Take over the key, if gss_cfx.c knows its type.  False: it must not be used.  Of older types (RFC
 * 4121 is CFX_PROTOCOL), and without mutual authentication, the client alone has chosen the key:
 * then whoever repeats its INIT can also repeat its calls. */
static bool take_key(struct gss_context *context, const gss_krb5_lucid_context_v1_t *lucid)
{
    const gss_krb5_lucid_key_t *key = &lucid->cfx_kd.acceptor_subkey;

    if (lucid->protocol != CFX_PROTOCOL || !lucid->cfx_kd.have_acceptor_subkey || lucid->initiate)
        return false;
    if (gss_key_knows(key->type, key->length)) {
        context->enctype = enctype_name(key->type);
        context->has_cfx = gss_cfx_init(&context->cfx, key->type, key->data, lucid->send_seq);
        return context->has_cfx;
    }
    return true;
}

/* Exporting destroys a context: what the library has to keep is exported first, and imported again.
 * False as in take_key(). */
static bool export_key(struct gss_context *context)
{
    gss_krb5_lucid_context_v1_t *lucid = NULL;
    gss_buffer_desc saved = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;
    bool good;

    if (gss_export_sec_context(&minor, &context->mit, &saved) != GSS_S_COMPLETE)
        return false;
    good = gss_import_sec_context(&minor, &saved, &context->mit) == GSS_S_COMPLETE &&
           gss_krb5_export_lucid_sec_context(&minor, &context->mit, 1, (void **)&lucid) ==
               GSS_S_COMPLETE &&
           take_key(context, lucid);
    if (lucid)
        (void)gss_krb5_free_lucid_sec_context(&minor, lucid);
    if (good && !context->has_cfx)
        good = gss_import_sec_context(&minor, &saved, &context->mit) == GSS_S_COMPLETE;
    if (saved.value)
        sodium_memzero(saved.value, saved.length);
    (void)gss_release_buffer(&minor, &saved);
    return good;
}

/* How long a MIC is that only the library can make. */
static bool measure(struct gss_context *context)
{
    gss_buffer_desc empty = {.length = 0, .value = ""}, mic = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;
    bool fits =
        gss_get_mic(&minor, context->mit, GSS_C_QOP_DEFAULT, &empty, &mic) == GSS_S_COMPLETE &&
        mic.length <= LIMIT_GSS_MIC_BYTES;

    context->enctype = enctype_name(0);
    context->sizes = (struct gss_token_sizes){
        .mic = (uint32_t)mic.length, .header = MIT_HEADER_BYTES, .trailer = MIT_TRAILER_BYTES};
    (void)gss_release_buffer(&minor, &mic);
    return fits;
}

bool gss_context_establish(struct gss_context *context, struct gss_principal *principal,
                           int64_t expires_ns)
{
    if (!export_key(context) || (!context->has_cfx && !measure(context)))
        return false;
    if (context->has_cfx)
        context->sizes = (struct gss_token_sizes){.mic = gss_cfx_mic_bytes(&context->cfx),
                                                  .header = gss_cfx_header_bytes(&context->cfx),
                                                  .trailer = gss_cfx_trailer_bytes(&context->cfx)};
    context->principal = gss_principal_get(principal);
    context->expires_ns = expires_ns;
    /* Pairs with the load in gss_context_is_established(). */
    atomic_store_explicit(&context->established, true, memory_order_release);
    return true;
}

const uint8_t *gss_context_handle(const struct gss_context *context)
{
    return context->handle;
}

bool gss_context_is_established(const struct gss_context *context)
{
    return atomic_load_explicit(&context->established, memory_order_acquire);
}

const struct gss_principal *gss_context_principal(const struct gss_context *context)
{
    return gss_context_is_established(context) ? context->principal : NULL;
}

int64_t gss_context_expires_ns(const struct gss_context *context)
{
    return gss_context_is_established(context) ? context->expires_ns : INT64_MAX;
}

bool gss_context_is_expired(const struct gss_context *context, int64_t now_ns)
{
    return now_ns >= gss_context_expires_ns(context);
}

const char *gss_context_enctype(const struct gss_context *context)
{
    return gss_context_is_established(context) ? context->enctype : "";
}

uint32_t gss_context_next_seq(struct gss_context *context)
{
    uint32_t last = atomic_load_explicit(&context->last_seq, memory_order_relaxed);

    do {
        if (last + 1 >= RPCSEC_GSS_MAXSEQ)
            return 0;
    } while (!atomic_compare_exchange_weak_explicit(&context->last_seq, &last, last + 1,
                                                    memory_order_relaxed, memory_order_relaxed));
    return last + 1;
}

enum gss_seq gss_context_take_seq(struct gss_context *context, uint32_t seq_num)
{
    bool fresh;

    if (seq_num >= RPCSEC_GSS_MAXSEQ)
        return GSS_SEQ_TOO_BIG;
    CHECK(pthread_mutex_lock(&context->seq_lock) == 0);
    fresh = gss_window_take(&context->window, seq_num);
    CHECK(pthread_mutex_unlock(&context->seq_lock) == 0);
    return fresh ? GSS_SEQ_NEW : GSS_SEQ_OLD;
}
