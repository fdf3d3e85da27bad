/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_gss.h"

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT_FLAGS (GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG)

/* ---- what went wrong, in words ---- */

/* MIT's text of a status, without its final point. */
static void text_of(OM_uint32 code, int type, char *out, size_t size)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor, more = 0;

    *out = '\0';
    if (gss_display_status(&minor, code, type, (gss_OID)gss_mech_krb5, &more, &text) ==
        GSS_S_COMPLETE)
        (void)snprintf(out, size, "%.*s", (int)text.length, (const char *)text.value);
    gss_release_buffer(&minor, &text);
}

static void explain(OM_uint32 major, OM_uint32 minor, const struct client_gss_wish *wish,
                    char why[CLIENT_WHY_BYTES])
{
    char general[128], special[160];

    text_of(major, GSS_C_GSS_CODE, general, sizeof(general));
    text_of(minor, GSS_C_MECH_CODE, special, sizeof(special));
    if (GSS_ROUTINE_ERROR(major) == GSS_S_NO_CRED)
        (void)snprintf(why, CLIENT_WHY_BYTES, "no ticket: run kinit first (%.150s)", special);
    else if (GSS_ROUTINE_ERROR(major) == GSS_S_CREDENTIALS_EXPIRED)
        (void)snprintf(why, CLIENT_WHY_BYTES, "the ticket has expired: run kinit again (%.150s)",
                       special);
    else
        (void)snprintf(why, CLIENT_WHY_BYTES, "no ticket for nfs of %.60s: %.150s", wish->server,
                       *special ? special : general);
}

/* ---- the initiator ---- */

static OM_uint32 name_import(const char *text, gss_OID type, gss_name_t *name, OM_uint32 *minor)
{
    gss_buffer_desc buffer = {strlen(text), (void *)text};

    return gss_import_name(minor, &buffer, type, name);
}

static OM_uint32 server_name(const char *server, gss_name_t *name, OM_uint32 *minor)
{
    char service[CLIENT_WHY_BYTES];

    if (strchr(server, '/'))
        return name_import(server, (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME, name, minor);
    (void)snprintf(service, sizeof(service), "nfs@%s", server);
    return name_import(service, GSS_C_NT_HOSTBASED_SERVICE, name, minor);
}

static OM_uint32 credential_acquire(const struct client_gss_wish *wish, gss_cred_id_t *credential,
                                    OM_uint32 *minor)
{
    gss_key_value_element_desc elements[2];
    gss_key_value_set_desc store = {0, elements};
    gss_OID_set_desc mechs = {1, (gss_OID)gss_mech_krb5};
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 major, ignored;

    if (wish->ccache)
        elements[store.count++] = (gss_key_value_element_desc){"ccache", wish->ccache};
    if (wish->keytab)
        elements[store.count++] = (gss_key_value_element_desc){"client_keytab", wish->keytab};
    if (wish->principal) {
        major = name_import(wish->principal, (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME, &name, minor);
        if (major != GSS_S_COMPLETE)
            return major;
    }
    major =
        gss_acquire_cred_from(minor, name, GSS_C_INDEFINITE, &mechs, GSS_C_INITIATE,
                              store.count ? &store : GSS_C_NO_CRED_STORE, credential, NULL, NULL);
    gss_release_name(&ignored, &name);
    return major;
}

uint32_t client_gss_advance(struct client_gss *gss, const void *token, uint32_t len,
                            uint32_t *minor)
{
    gss_buffer_desc in = {len, (void *)token}, out = GSS_C_EMPTY_BUFFER;
    OM_uint32 ignored, lifetime = 0, major;

    major = gss_init_sec_context(
        minor, gss->credential, &gss->context, gss->server, (gss_OID)gss_mech_krb5, CONTEXT_FLAGS,
        0, GSS_C_NO_CHANNEL_BINDINGS, len ? &in : GSS_C_NO_BUFFER, NULL, &out, NULL, &lifetime);
    free(gss->token);
    gss->token = NULL;
    gss->token_len = (uint32_t)out.length;
    if (out.length > 0) {
        gss->token = must_malloc(out.length);
        memcpy(gss->token, out.value, out.length);
    }
    gss->lifetime_s = lifetime;
    gss_release_buffer(&ignored, &out);
    return major;
}

enum client_status client_gss_create(const struct client_gss_wish *wish, struct client_gss **gss,
                                     char why[CLIENT_WHY_BYTES])
{
    struct client_gss *made = must_calloc(1, sizeof(*made));
    OM_uint32 major, minor;

    made->refs = 1;
    major = server_name(wish->server, &made->server, &minor);
    if (major == GSS_S_COMPLETE)
        major = credential_acquire(wish, &made->credential, &minor);
    if (major == GSS_S_COMPLETE)
        major = client_gss_advance(made, NULL, 0, &minor);
    if (GSS_ERROR(major)) {
        explain(major, minor, wish, why);
        client_gss_put(made);
        made = NULL;
    }
    *gss = made;
    return made ? CLIENT_OK : CLIENT_FAILED;
}

struct client_gss *client_gss_get(struct client_gss *gss)
{
    gss->refs++;
    return gss;
}

void client_gss_put(struct client_gss *gss)
{
    OM_uint32 minor;

    if (!gss || --gss->refs > 0)
        return;
    gss_delete_sec_context(&minor, &gss->context, GSS_C_NO_BUFFER);
    gss_release_cred(&minor, &gss->credential);
    gss_release_name(&minor, &gss->server);
    free(gss->token);
    free(gss);
}

void client_gss_use(struct client_conn *conn, struct client_gss *gss, uint32_t service)
{
    struct client_gss *old = conn->gss;

    conn->gss = gss ? client_gss_get(gss) : NULL;
    conn->gss_service = gss ? service : 0;
    client_gss_put(old);
}

/* ---- messages ---- */

/* Copies what GSS allocated, so that it can be freed with free(). */
static bool buffer_take(OM_uint32 major, gss_buffer_t buffer, uint8_t **out, uint32_t *out_len)
{
    OM_uint32 minor;

    *out = NULL;
    *out_len = 0;
    if (major == GSS_S_COMPLETE) {
        *out = must_malloc(buffer->length ? buffer->length : 1);
        memcpy(*out, buffer->value, buffer->length);
        *out_len = (uint32_t)buffer->length;
    }
    gss_release_buffer(&minor, buffer);
    return major == GSS_S_COMPLETE;
}

bool client_gss_sign(struct client_gss *gss, const void *data, size_t len, uint8_t **mic,
                     uint32_t *mic_len)
{
    gss_buffer_desc in = {len, (void *)data}, out = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;

    return buffer_take(gss_get_mic(&minor, gss->context, GSS_C_QOP_DEFAULT, &in, &out), &out, mic,
                       mic_len);
}

bool client_gss_verify(struct client_gss *gss, const void *data, size_t len, const void *mic,
                       uint32_t mic_len)
{
    gss_buffer_desc in = {len, (void *)data}, token = {mic_len, (void *)mic};
    OM_uint32 minor;

    return gss_verify_mic(&minor, gss->context, &in, &token, NULL) == GSS_S_COMPLETE;
}

bool client_gss_wrap(struct client_gss *gss, const void *data, size_t len, uint8_t **out,
                     uint32_t *out_len)
{
    gss_buffer_desc in = {len, (void *)data}, token = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;

    return buffer_take(gss_wrap(&minor, gss->context, 1, GSS_C_QOP_DEFAULT, &in, NULL, &token),
                       &token, out, out_len);
}

bool client_gss_unwrap(struct client_gss *gss, const void *data, size_t len, uint8_t **out,
                       uint32_t *out_len)
{
    gss_buffer_desc in = {len, (void *)data}, plain = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;
    int sealed = 0;

    return buffer_take(gss_unwrap(&minor, gss->context, &in, &plain, &sealed, NULL), &plain, out,
                       out_len) &&
           sealed;
}
