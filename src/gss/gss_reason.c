/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_reason.h"

#include <errno.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gss/gss_ap_req.h"
#include "gss/gss_keytab.h"

struct kind_of_error {
    int64_t minor;
    enum gss_refusal kind;
};

static const struct kind_of_error kinds[] = {
    {KRB5KRB_AP_ERR_SKEW, GSS_REFUSAL_clock},
    {KRB5KRB_AP_ERR_TKT_EXPIRED, GSS_REFUSAL_expired},
    {KRB5KRB_AP_ERR_TKT_NYV, GSS_REFUSAL_expired},
    {KRB5_KT_NOTFOUND, GSS_REFUSAL_no_key},
    {KRB5_KT_KVNONOTFOUND, GSS_REFUSAL_no_key},
    {KRB5KRB_AP_ERR_NOKEY, GSS_REFUSAL_no_key},
    {KRB5KRB_AP_ERR_BADKEYVER, GSS_REFUSAL_no_key},
    {KRB5KRB_AP_ERR_NOT_US, GSS_REFUSAL_no_key},
    {KRB5KRB_AP_WRONG_PRINC, GSS_REFUSAL_no_key},
    {KRB5KRB_AP_ERR_BAD_INTEGRITY, GSS_REFUSAL_bad_key},
    {KRB5_BAD_ENCTYPE, GSS_REFUSAL_enctype},
    {KRB5_NOPERM_ETYPE, GSS_REFUSAL_enctype},
    {KRB5_PROG_ETYPE_NOSUPP, GSS_REFUSAL_enctype},
    {KRB5KDC_ERR_ETYPE_NOSUPP, GSS_REFUSAL_enctype},
    {ENOENT, GSS_REFUSAL_no_keytab},
    {EACCES, GSS_REFUSAL_no_keytab},
    {KRB5_KT_BADNAME, GSS_REFUSAL_no_keytab},
    {KRB5_KT_UNKNOWN_TYPE, GSS_REFUSAL_no_keytab},
    {KRB5_KEYTAB_BADVNO, GSS_REFUSAL_no_keytab},
    {ENOMEM, GSS_REFUSAL_no_memory},
};

enum gss_refusal gss_reason_kind(uint32_t major, uint32_t minor, const struct wire_opaque *token)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if ((uint32_t)kinds[i].minor == minor)
            return kinds[i].kind;
    }
    if (GSS_ROUTINE_ERROR(major) == GSS_S_NO_CONTEXT)
        return GSS_REFUSAL_no_context;
    /* The library's own codes for these are many, and not all distinct. */
    return gss_ap_req_is_one(token->data, token->len) ? GSS_REFUSAL_other : GSS_REFUSAL_bad_token;
}

/* What the library says itself. */
static void quote(uint32_t major, uint32_t minor, char *words)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 status, more = 0;
    bool of_mechanism = minor != 0;

    if (gss_display_status(&status, of_mechanism ? minor : major,
                           of_mechanism ? GSS_C_MECH_CODE : GSS_C_GSS_CODE, (gss_OID)gss_mech_krb5,
                           &more, &text) != GSS_S_COMPLETE)
        (void)snprintf(words, GSS_REASON_BYTES, "error %u of the Kerberos library", minor);
    else
        (void)snprintf(words, GSS_REASON_BYTES, "%.*s", (int)text.length, (char *)text.value);
    (void)gss_release_buffer(&status, &text);
}

/* What a keytab has for the ticket of a request. */
struct match {
    bool principal, kvno, enctype;
    uint32_t last_kvno; /* told */
    char kvnos[128];    /* "1, 2" */
};

static void match_entry(struct match *match, const struct gss_ap_req *request,
                        const struct gss_keytab_entry *entry)
{
    size_t length = strlen(match->kvnos);

    if (strcmp(entry->principal, request->service) != 0)
        return;
    match->principal = true;
    if (entry->kvno == request->kvno) {
        match->kvno = true;
        match->enctype |= entry->enctype_number == request->enctype_number;
    }
    if (length > 0 && entry->kvno == match->last_kvno)
        return;
    match->last_kvno = entry->kvno;
    (void)snprintf(match->kvnos + length, sizeof(match->kvnos) - length, "%s%u",
                   length > 0 ? ", " : "", entry->kvno);
}

static void explain_key(const struct gss_ap_req *request, const char *name, char *words)
{
    struct match match = {0};
    struct gss_keytab keytab;

    if (!gss_keytab_read(&keytab, name)) {
        (void)snprintf(words, GSS_REASON_BYTES, "the keytab %.160s: %s", keytab.name, keytab.why);
        gss_keytab_fini(&keytab);
        return;
    }
    for (uint32_t i = 0; i < keytab.count; i++)
        match_entry(&match, request, &keytab.entries[i]);
    if (!gss_keytab_is_nfs(request->service))
        (void)snprintf(words, GSS_REASON_BYTES, "the ticket is for %.200s, not for an nfs/ service",
                       request->service);
    else if (!match.principal)
        (void)snprintf(words, GSS_REASON_BYTES, "%.200s is not in the keytab %.200s",
                       request->service, keytab.name);
    else if (!match.kvno)
        (void)snprintf(words, GSS_REASON_BYTES,
                       "the ticket needs version %u of the key of %.160s, the keytab %.160s has %s",
                       request->kvno, request->service, keytab.name, match.kvnos);
    else if (!match.enctype)
        (void)snprintf(words, GSS_REASON_BYTES, "the keytab %.200s has no %s key of %.160s",
                       keytab.name, request->enctype, request->service);
    else
        (void)snprintf(words, GSS_REASON_BYTES,
                       "version %u of the key of %.160s in the keytab %.160s is not the one of the "
                       "KDC",
                       request->kvno, request->service, keytab.name);
    gss_keytab_fini(&keytab);
}

static void explain_clock(const struct gss_ap_req *request, const char *keytab, char *words)
{
    int64_t ahead_s;

    if (!gss_ap_req_clock(request, keytab, &ahead_s))
        (void)snprintf(words, GSS_REASON_BYTES, "the clocks of client and server differ too much");
    else
        (void)snprintf(words, GSS_REASON_BYTES, "clock differs by %lld s: the client's is %s",
                       (long long)(ahead_s < 0 ? -ahead_s : ahead_s),
                       ahead_s < 0 ? "behind" : "ahead");
}

void gss_reason_explain(enum gss_refusal kind, uint32_t major, uint32_t minor,
                        const struct wire_opaque *token, const char *keytab, char *words)
{
    struct gss_ap_req request;

    if (!gss_ap_req_decode(&request, token->data, token->len)) {
        if (kind == GSS_REFUSAL_bad_token)
            (void)snprintf(words, GSS_REASON_BYTES, "what it sent is no token of Kerberos");
        else
            quote(major, minor, words);
        return;
    }
    switch (kind) {
    case GSS_REFUSAL_clock:
        explain_clock(&request, keytab, words);
        break;
    case GSS_REFUSAL_expired:
        (void)snprintf(words, GSS_REASON_BYTES, "its ticket for %.200s %s", request.service,
                       minor == (uint32_t)KRB5KRB_AP_ERR_TKT_NYV ? "is not valid yet"
                                                                 : "has expired");
        break;
    case GSS_REFUSAL_no_key:
    case GSS_REFUSAL_bad_key:
        explain_key(&request, keytab, words);
        break;
    case GSS_REFUSAL_enctype:
        (void)snprintf(words, GSS_REASON_BYTES,
                       "its ticket for %.200s uses %s, or its session "
                       "key a type, that krb5.conf does not permit",
                       request.service, request.enctype);
        break;
    default:
        quote(major, minor, words);
        break;
    }
}
