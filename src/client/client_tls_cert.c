/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_tls_cert.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void name_tell(const X509_NAME *name, char *out, size_t size)
{
    BIO *text = BIO_new(BIO_s_mem());
    int len;

    CHECK(text);
    X509_NAME_print_ex(text, name, 0, XN_FLAG_RFC2253);
    len = BIO_read(text, out, (int)size - 1);
    out[len > 0 ? len : 0] = '\0';
    BIO_free(text);
}

/* What a certificate says may hold any bytes. */
static void printable_make(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

/* "DNS:name" or "IP:address"; names of other kinds are not those of servers. */
static void alternative_tell(const GENERAL_NAME *name, char *out, size_t size)
{
    char address[INET6_ADDRSTRLEN];

    if (name->type == GEN_DNS) {
        (void)snprintf(out, size, "DNS:%.*s", ASN1_STRING_length(name->d.dNSName),
                       (const char *)ASN1_STRING_get0_data(name->d.dNSName));
    } else if (name->type == GEN_IPADD) {
        const int len = ASN1_STRING_length(name->d.iPAddress);

        if ((len == 4 || len == 16) &&
            inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(name->d.iPAddress),
                      address, sizeof(address)))
            (void)snprintf(out, size, "IP:%s", address);
    }
}

static void alternatives_tell(X509 *cert, char *out, size_t size)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    size_t len = 0;

    *out = '\0';
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
        char one[256] = "";
        int added;

        alternative_tell(sk_GENERAL_NAME_value(names, i), one, sizeof(one));
        if (!*one)
            continue;
        printable_make(one);
        added = snprintf(out + len, size - len, "%s%s", len ? ", " : "", one);
        if (added < 0 || (size_t)added >= size - len)
            break;
        len += (size_t)added;
    }
    GENERAL_NAMES_free(names);
}

void client_tls_cert_tell(X509 *cert, struct client_tls_facts *facts)
{
    struct tm tm;

    name_tell(X509_get_subject_name(cert), facts->subject, sizeof(facts->subject));
    name_tell(X509_get_issuer_name(cert), facts->issuer, sizeof(facts->issuer));
    alternatives_tell(cert, facts->names, sizeof(facts->names));
    if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) == 1)
        facts->not_after = timegm(&tm);
}

static void day_tell(int64_t when, char *out, size_t size)
{
    time_t at = (time_t)when;
    struct tm tm;

    if (!gmtime_r(&at, &tm) || strftime(out, size, "%Y-%m-%d %H:%M UTC", &tm) == 0)
        *out = '\0';
}

void client_tls_cert_why(long result, const struct client_tls_wish *wish,
                         const struct client_tls_facts *facts, char why[CLIENT_WHY_BYTES])
{
    char day[64];

    switch (result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        (void)snprintf(why, CLIENT_WHY_BYTES,
                       "the server's certificate is for other names than %s: %.120s", wish->name,
                       *facts->names ? facts->names : "it has no subjectAltName");
        return;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        day_tell(facts->not_after, day, sizeof(day));
        (void)snprintf(why, CLIENT_WHY_BYTES, "the server's certificate expired: %s", day);
        return;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        (void)snprintf(why, CLIENT_WHY_BYTES,
                       "the server's certificate is from a CA that %.80s does not have: %.90s",
                       wish->ca ? wish->ca : "the system", facts->issuer);
        return;
    default:
        (void)snprintf(why, CLIENT_WHY_BYTES, "the server's certificate: %s",
                       X509_verify_cert_error_string(result));
    }
}
