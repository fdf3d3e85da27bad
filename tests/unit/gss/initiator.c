/* SPDX-License-Identifier: Apache-2.0 */
#include "initiator.h"

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <sys/time.h>
#include <time.h>

#include "base/clock.h"

_Thread_local int64_t initiator_clock_s;

/* The Kerberos library reads the clock by these two; the program's own come before the C library's.
 */
int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
    struct timespec now;

    (void)tz;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    tv->tv_sec = now.tv_sec + initiator_clock_s;
    tv->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *timer)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec += initiator_clock_s;
    if (timer)
        *timer = now.tv_sec;
    return now.tv_sec;
}

static gss_name_t import_name(const char *text, gss_OID type)
{
    gss_buffer_desc buffer = {.length = strlen(text), .value = (void *)text};
    gss_name_t name;
    OM_uint32 minor;

    assert_int_equal(gss_import_name(&minor, &buffer, type, &name), GSS_S_COMPLETE);
    return name;
}

void initiator_init(struct initiator *initiator, const struct test_realm *realm, const char *user,
                    const char *keytab, const char *target)
{
    static _Atomic unsigned caches;
    char keys[128], cache[64];
    gss_key_value_element_desc places[] = {{"client_keytab", keys}, {"ccache", cache}};
    gss_key_value_set_desc store = {.count = ARRAY_SIZE(places), .elements = places};
    gss_OID_set_desc mechanisms = {.count = 1, .elements = (gss_OID)gss_mech_krb5};
    gss_name_t name = import_name(user, GSS_C_NT_USER_NAME);
    OM_uint32 minor;

    (void)snprintf(keys, sizeof(keys), "%s/%s.keytab", realm->dir, keytab);
    (void)snprintf(cache, sizeof(cache), "MEMORY:initiator%u", atomic_fetch_add(&caches, 1));
    memset(initiator, 0, sizeof(*initiator));
    initiator->flags = GSS_C_MUTUAL_FLAG;
    initiator->mechanism = (gss_OID)gss_mech_krb5;
    initiator->target = import_name(target, GSS_C_NT_HOSTBASED_SERVICE);
    assert_int_equal(gss_acquire_cred_from(&minor, name, GSS_C_INDEFINITE, &mechanisms,
                                           GSS_C_INITIATE, &store, &initiator->credential, NULL,
                                           NULL),
                     GSS_S_COMPLETE);
    (void)gss_release_name(&minor, &name);
}

void initiator_restart(struct initiator *initiator)
{
    OM_uint32 minor;

    (void)gss_delete_sec_context(&minor, &initiator->context, GSS_C_NO_BUFFER);
    (void)gss_release_buffer(&minor, &initiator->token);
    initiator->done = false;
}

void initiator_fini(struct initiator *initiator)
{
    OM_uint32 minor;

    initiator_restart(initiator);
    (void)gss_release_cred(&minor, &initiator->credential);
    (void)gss_release_name(&minor, &initiator->target);
}

void initiator_step(struct initiator *initiator, const struct gss_accept_reply *reply)
{
    gss_buffer_desc in = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor, major;

    if (reply)
        in = (gss_buffer_desc){.length = reply->token_bytes, .value = reply->token};
    (void)gss_release_buffer(&minor, &initiator->token);
    major = gss_init_sec_context(
        &minor, initiator->credential, &initiator->context, initiator->target, initiator->mechanism,
        initiator->flags, 0, GSS_C_NO_CHANNEL_BINDINGS, &in, NULL, &initiator->token, NULL, NULL);
    if (GSS_ERROR(major)) {
        gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
        OM_uint32 status, more = 0;

        (void)gss_display_status(&status, minor, GSS_C_MECH_CODE, (gss_OID)gss_mech_krb5, &more,
                                 &text);
        printf("initiator: %.*s\n", (int)text.length, (char *)text.value);
    }
    assert_false(GSS_ERROR(major));
    initiator->done = major == GSS_S_COMPLETE;
}

gss_buffer_desc initiator_mic(struct initiator *initiator, const void *data, size_t bytes)
{
    gss_buffer_desc message = {.length = bytes, .value = (void *)data}, mic;
    OM_uint32 minor;

    assert_int_equal(gss_get_mic(&minor, initiator->context, GSS_C_QOP_DEFAULT, &message, &mic),
                     GSS_S_COMPLETE);
    return mic;
}

bool initiator_verifies(struct initiator *initiator, const void *data, size_t bytes,
                        const void *mic, size_t mic_bytes)
{
    gss_buffer_desc message = {.length = bytes, .value = (void *)data};
    gss_buffer_desc token = {.length = mic_bytes, .value = (void *)mic};
    OM_uint32 minor;

    return !GSS_ERROR(gss_verify_mic(&minor, initiator->context, &message, &token, NULL));
}

void acceptance_init(struct acceptance *acceptance, const char *keytab,
                     const struct gss_table_settings *settings)
{
    static const struct gss_table_settings usual;

    memset(acceptance, 0, sizeof(*acceptance));
    acceptance->credential = gss_credential_create(keytab);
    acceptance->table = gss_table_create(settings ? settings : &usual);
    acceptance->acceptor = gss_acceptor_create(acceptance->credential, acceptance->table);
}

void acceptance_fini(struct acceptance *acceptance)
{
    gss_accept_reply_fini(&acceptance->reply);
    gss_context_put(acceptance->context);
    gss_acceptor_destroy(acceptance->acceptor);
    gss_table_destroy(acceptance->table);
    gss_credential_destroy(acceptance->credential);
}

void acceptance_take(struct acceptance *acceptance, const void *token, size_t token_bytes,
                     const void *handle)
{
    struct gss_accept_call call = {
        .first = !handle,
        .handle = {handle, handle ? GSS_HANDLE_BYTES : 0},
        .token = {token, (uint32_t)token_bytes},
        .peer = "192.0.2.1:700",
        .address = 1,
        .now_ns = clock_now_ns(),
    };

    gss_accept_reply_fini(&acceptance->reply);
    gss_accept(acceptance->acceptor, &call, &acceptance->reply);
}

void acceptance_meet(struct acceptance *acceptance, struct initiator *initiator)
{
    uint8_t handle[GSS_HANDLE_BYTES];
    bool first = true;

    initiator_restart(initiator);
    initiator_step(initiator, NULL);
    do {
        acceptance_take(acceptance, initiator->token.value, initiator->token.length,
                        first ? NULL : handle);
        assert_non_null(acceptance->reply.context);
        memcpy(handle, gss_context_handle(acceptance->reply.context), sizeof(handle));
        first = false;
        if (!initiator->done)
            initiator_step(initiator, &acceptance->reply);
    } while (!acceptance->reply.complete);
    assert_true(initiator->done);
    gss_context_put(acceptance->context);
    acceptance->context = gss_context_get(acceptance->reply.context);
}
