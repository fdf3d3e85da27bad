/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_ap_req.h"

#include <krb5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    AP_REQ = GSS_DER_APPLICATION + 14,
    AUTHENTICATOR = GSS_DER_APPLICATION + 2,
    TOKEN = GSS_DER_APPLICATION, /* RFC 2743 §3.1 */
    FIELD_TICKET = GSS_DER_FIELD + 3,
    FIELD_AUTHENTICATOR = GSS_DER_FIELD + 4,
    FIELD_ENCTYPE = GSS_DER_FIELD + 0,
    FIELD_CIPHER = GSS_DER_FIELD + 2,
    FIELD_CTIME = GSS_DER_FIELD + 5,
    USAGE_AUTHENTICATOR = 11, /* RFC 4120 §7.5.1 */
    TIME_BYTES = 15           /* "20261123080000Z" */
};

static krb5_data data_of(const struct gss_der *der)
{
    return (krb5_data){.data = (char *)der->at, .length = (unsigned)(der->end - der->at)};
}

/* The parts of an AP-REQ behind the frame and the OID of the mechanism. */
static bool find_parts(struct gss_ap_req *request, const void *token, size_t token_bytes)
{
    struct gss_der all = {.at = token, .end = (const uint8_t *)token + token_bytes};
    struct gss_der frame, oid, outer, sequence;

    if (!gss_der_enter(&all, TOKEN, &frame) || !gss_der_enter(&frame, GSS_DER_OID, &oid) ||
        frame.end - frame.at < 2 || frame.at[0] != 1 || frame.at[1] != 0)
        return false;
    frame.at += 2; /* the token's kind, RFC 4121 §4.1 */
    return gss_der_enter(&frame, AP_REQ, &outer) &&
           gss_der_enter(&outer, GSS_DER_SEQUENCE, &sequence) &&
           gss_der_find(&sequence, FIELD_TICKET, &request->ticket) &&
           gss_der_find(&sequence, FIELD_AUTHENTICATOR, &request->authenticator);
}

bool gss_ap_req_is_one(const void *token, size_t token_bytes)
{
    struct gss_ap_req request;

    return find_parts(&request, token, token_bytes);
}

static bool describe(struct gss_ap_req *request, krb5_context krb5, const krb5_ticket *ticket)
{
    char *service;

    if (krb5_unparse_name(krb5, ticket->server, &service) != 0)
        return false;
    (void)snprintf(request->service, sizeof(request->service), "%s", service);
    krb5_free_unparsed_name(krb5, service);
    request->kvno = ticket->enc_part.kvno;
    request->enctype_number = ticket->enc_part.enctype;
    if (krb5_enctype_to_name(ticket->enc_part.enctype, 0, request->enctype,
                             sizeof(request->enctype)) != 0)
        (void)snprintf(request->enctype, sizeof(request->enctype), "type %d",
                       (int)ticket->enc_part.enctype);
    return true;
}

bool gss_ap_req_decode(struct gss_ap_req *request, const void *token, size_t token_bytes)
{
    krb5_ticket *ticket = NULL;
    krb5_context krb5;
    krb5_data encoded;
    bool done = false;

    if (!find_parts(request, token, token_bytes) || krb5_init_context(&krb5) != 0)
        return false;
    encoded = data_of(&request->ticket);
    if (krb5_decode_ticket(&encoded, &ticket) == 0) {
        done = describe(request, krb5, ticket);
        krb5_free_ticket(krb5, ticket);
    }
    krb5_free_context(krb5);
    return done;
}

/* The time in a decrypted authenticator. */
static bool find_time(const krb5_data *plain, int64_t *time_s)
{
    struct gss_der all = {.at = (const uint8_t *)plain->data,
                          .end = (const uint8_t *)plain->data + plain->length};
    struct gss_der outer, sequence, field, text;
    char digits[TIME_BYTES + 1];
    struct tm tm = {0};

    if (!gss_der_enter(&all, AUTHENTICATOR, &outer) ||
        !gss_der_enter(&outer, GSS_DER_SEQUENCE, &sequence) ||
        !gss_der_find(&sequence, FIELD_CTIME, &field) ||
        !gss_der_enter(&field, GSS_DER_TIME, &text) || text.end - text.at != TIME_BYTES)
        return false;
    memcpy(digits, text.at, TIME_BYTES);
    digits[TIME_BYTES] = '\0';
    if (!strptime(digits, "%Y%m%d%H%M%SZ", &tm))
        return false;
    *time_s = timegm(&tm);
    return true;
}

static bool decrypt_time(const struct gss_ap_req *request, krb5_context krb5,
                         const krb5_keyblock *key, int64_t *time_s)
{
    struct gss_der field = request->authenticator, sequence, number, octets;
    krb5_enc_data sealed = {0};
    krb5_data plain = {0};
    uint32_t enctype;
    bool done = false;

    if (!gss_der_enter(&field, GSS_DER_SEQUENCE, &sequence) ||
        !gss_der_find(&sequence, FIELD_ENCTYPE, &number) || !gss_der_u32(&number, &enctype) ||
        !gss_der_find(&sequence, FIELD_CIPHER, &field) ||
        !gss_der_enter(&field, GSS_DER_OCTETS, &octets))
        return false;
    sealed.enctype = (krb5_enctype)enctype;
    sealed.ciphertext = data_of(&octets);
    plain.length = sealed.ciphertext.length;
    plain.data = calloc(1, plain.length + 1);
    if (plain.data && krb5_c_decrypt(krb5, key, USAGE_AUTHENTICATOR, NULL, &sealed, &plain) == 0)
        done = find_time(&plain, time_s);
    free(plain.data);
    return done;
}

bool gss_ap_req_clock(const struct gss_ap_req *request, const char *keytab, int64_t *ahead_s)
{
    krb5_data encoded = data_of(&request->ticket);
    krb5_ticket *ticket = NULL;
    krb5_keytab keys = NULL;
    krb5_timestamp now;
    krb5_context krb5;
    int64_t time_s;
    bool done = false;

    if (krb5_init_context(&krb5) != 0)
        return false;
    if (krb5_decode_ticket(&encoded, &ticket) == 0 && krb5_kt_resolve(krb5, keytab, &keys) == 0 &&
        krb5_server_decrypt_ticket_keytab(krb5, keys, ticket) == 0 &&
        krb5_timeofday(krb5, &now) == 0 &&
        decrypt_time(request, krb5, ticket->enc_part2->session, &time_s)) {
        *ahead_s = time_s - (int64_t)(uint32_t)now;
        done = true;
    }
    if (ticket)
        krb5_free_ticket(krb5, ticket);
    if (keys)
        (void)krb5_kt_close(krb5, keys);
    krb5_free_context(krb5);
    return done;
}
