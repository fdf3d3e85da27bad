/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/check.h"
#include "tls/tls_verify.h"

enum {
    SOON_DAYS = 14,
    SOON_CRL_HOURS = 24,
    DAY_S = 86400,
    NAMES_BYTES = 400,
};

__attribute__((format(printf, 4, 5))) static void find(struct tls_check *check, const char *what,
                                                       enum tls_finding_result result,
                                                       const char *format, ...)
{
    struct tls_finding *finding = &check->findings[check->count];
    va_list args;

    CHECK(check->count < TLS_FINDINGS);
    finding->check = what;
    finding->result = result;
    va_start(args, format);
    (void)vsnprintf(finding->text, sizeof(finding->text), format, args);
    va_end(args);
    check->count++;
}

enum tls_finding_result tls_check_result(const struct tls_check *check)
{
    enum tls_finding_result worst = TLS_FINDING_OK;

    for (uint32_t i = 0; i < check->count; i++) {
        if (check->findings[i].result > worst)
            worst = check->findings[i].result;
    }
    return worst;
}

/* ---- texts ---- */

static const char *dn_text(const X509_NAME *name, char *text, size_t size)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data;
    long len = 0;

    if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
        len = BIO_get_mem_data(bio, &data);
    (void)snprintf(text, size, "%.*s", (int)len, len > 0 ? data : "");
    BIO_free(bio);
    return text;
}

static time_t seconds_of(const ASN1_TIME *time)
{
    struct tm tm;

    return time && ASN1_TIME_to_tm(time, &tm) == 1 ? timegm(&tm) : 0;
}

static const char *day_text(const ASN1_TIME *time, char text[32])
{
    time_t seconds = seconds_of(time);
    struct tm tm;

    (void)strftime(text, 32, "%Y-%m-%d %H:%M UTC", gmtime_r(&seconds, &tm));
    return text;
}

/* ---- files ---- */

/* The certificates of a PEM file; NULL: it cannot be opened. */
static STACK_OF(X509) * certs_read(const char *path)
{
    STACK_OF(X509) *certs = NULL;
    FILE *file = fopen(path, "re");
    X509 *cert;

    if (!file)
        return NULL;
    certs = sk_X509_new_null();
    CHECK(certs);
    while ((cert = PEM_read_X509_AUX(file, NULL, NULL, NULL)))
        CHECK(sk_X509_push(certs, cert) > 0);
    ERR_clear_error();
    (void)fclose(file);
    return certs;
}

static void certs_free(STACK_OF(X509) * certs)
{
    sk_X509_pop_free(certs, X509_free);
}

/* ---- the server's certificate ---- */

static void check_dates(struct tls_check *check, STACK_OF(X509) * certs)
{
    time_t now = time(NULL), first_end = 0;
    char text[32], name[256];

    for (int i = 0; i < sk_X509_num(certs); i++) {
        const X509 *cert = sk_X509_value(certs, i);
        time_t end = seconds_of(X509_get0_notAfter(cert));

        (void)dn_text(X509_get_subject_name(cert), name, sizeof(name));
        if (end < now)
            find(check, "dates", TLS_FINDING_FAILED, "%s has expired, on %s", name,
                 day_text(X509_get0_notAfter(cert), text));
        else if (seconds_of(X509_get0_notBefore(cert)) > now)
            find(check, "dates", TLS_FINDING_FAILED, "%s is not valid before %s", name,
                 day_text(X509_get0_notBefore(cert), text));
        else if (first_end == 0 || end < first_end)
            first_end = end;
        if (check->findings[check->count - 1].result == TLS_FINDING_FAILED)
            return;
    }
    find(check, "dates",
         first_end - now < (time_t)SOON_DAYS * DAY_S ? TLS_FINDING_WARNING : TLS_FINDING_OK,
         "valid for %ld days more", (long)((first_end - now) / DAY_S));
}

/* Appends the names that clients look at.  Returns how many. */
static unsigned names_list(X509 *cert, char *text, size_t size)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    char address[INET6_ADDRSTRLEN];
    unsigned count = 0;
    size_t len = 0;

    text[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        const ASN1_STRING *value = name->d.ia5;
        bool is_ip = name->type == GEN_IPADD;
        const char *shown = address;
        int len_ip = is_ip ? ASN1_STRING_length(value) : 4;

        if ((name->type != GEN_DNS && !is_ip) || (len_ip != 4 && len_ip != 16))
            continue;
        if (!is_ip)
            shown = (const char *)ASN1_STRING_get0_data(value);
        else if (!inet_ntop(len_ip == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(value), address,
                            sizeof(address)))
            continue;
        count++;
        if (len < size)
            len += (size_t)snprintf(text + len, size - len, "%s%.*s", len ? ", " : "",
                                    is_ip ? (int)strlen(shown) : ASN1_STRING_length(value), shown);
    }
    GENERAL_NAMES_free(names);
    return count;
}

/* RFC 9289 5.2.1: no wildcards, and the common name does not count. */
static bool has_name(X509 *cert, const char *host)
{
    uint8_t address[16];

    if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
        return X509_check_ip_asc(cert, host, 0) == 1;
    return X509_check_host(cert, host, 0,
                           X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
                           NULL) == 1;
}

static void check_names(struct tls_check *check, X509 *cert, const char *host)
{
    char names[NAMES_BYTES];

    if (names_list(cert, names, sizeof(names)) == 0)
        find(check, "names", TLS_FINDING_FAILED,
             "the certificate has no subjectAltName: no client will find its server's name in it");
    else if (host && !has_name(cert, host))
        find(check, "names", TLS_FINDING_FAILED, "%.60s is none of its names: %s", host, names);
    else if (strchr(names, '*'))
        find(check, "names", TLS_FINDING_WARNING,
             "RFC 9289 forbids wildcards, so clients may refuse them: %s", names);
    else
        find(check, "names", TLS_FINDING_OK, "%s", names);
}

static bool is_for_servers(X509 *cert)
{
    EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
    bool good = usages == NULL;
    char text[64];

    for (int i = 0; i < sk_ASN1_OBJECT_num(usages) && !good; i++) {
        const ASN1_OBJECT *usage = sk_ASN1_OBJECT_value(usages, i);
        int nid = OBJ_obj2nid(usage);

        good = nid == NID_server_auth || nid == NID_anyExtendedKeyUsage ||
               (OBJ_obj2txt(text, sizeof(text), usage, 1) > 0 &&
                strcmp(text, "1.3.6.1.5.5.7.3.34") == 0);
    }
    EXTENDED_KEY_USAGE_free(usages);
    return good;
}

static void check_usage(struct tls_check *check, X509 *cert)
{
    if (is_for_servers(cert))
        find(check, "usage", TLS_FINDING_OK, "the certificate may be used by a server");
    else
        find(check, "usage", TLS_FINDING_FAILED,
             "the certificate is not for servers (extended key usage)");
}

/* Each certificate of the file must be signed by the next. */
static void check_chain(struct tls_check *check, STACK_OF(X509) * certs)
{
    int count = sk_X509_num(certs);
    char name[256];

    for (int i = 0; i + 1 < count; i++) {
        if (X509_check_issued(sk_X509_value(certs, i + 1), sk_X509_value(certs, i)) == X509_V_OK)
            continue;
        find(check, "chain", TLS_FINDING_FAILED,
             "certificate %d of the file is not signed by the one behind it", i + 1);
        return;
    }
    (void)dn_text(X509_get_issuer_name(sk_X509_value(certs, count - 1)), name, sizeof(name));
    find(check, "chain", TLS_FINDING_OK, "%d certificate%s; clients must trust %s", count,
         count == 1 ? "" : "s", name);
}

static void check_cert(struct tls_check *check, const char *path, const char *host)
{
    STACK_OF(X509) *certs = certs_read(path);
    char name[256];
    X509 *cert;

    if (!certs) {
        find(check, "cert", TLS_FINDING_FAILED, "%.200s cannot be read: %s", path, strerror(errno));
        return;
    }
    if (sk_X509_num(certs) == 0) {
        find(check, "cert", TLS_FINDING_FAILED, "%.200s has no certificate in PEM format", path);
    } else {
        cert = sk_X509_value(certs, 0);
        find(check, "cert", TLS_FINDING_OK, "%s",
             dn_text(X509_get_subject_name(cert), name, sizeof(name)));
        check_dates(check, certs);
        check_names(check, cert, host);
        check_usage(check, cert);
        check_chain(check, certs);
    }
    certs_free(certs);
}

/* ---- the others ---- */

static void check_key(struct tls_check *check, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        find(check, "key", TLS_FINDING_FAILED, "%.200s cannot be read: %s", path, strerror(errno));
    else if (st.st_mode & 077)
        find(check, "key", TLS_FINDING_WARNING,
             "others than its owner may use %.200s: mode %03o; chmod 600 mends that", path,
             (unsigned)st.st_mode & 0777);
    else
        find(check, "key", TLS_FINDING_OK, "only its owner can read it");
}

/* The first of the CAs at which no chain ends, and whose issuer is not among them; NULL: there is
 * none.  *anchors: at how many chains end. */
static X509 *loose_end(STACK_OF(X509) * cas, unsigned *anchors)
{
    X509 *loose = NULL;

    *anchors = 0;
    for (int i = 0; i < sk_X509_num(cas); i++) {
        X509 *cert = sk_X509_value(cas, i);
        bool ends = tls_verify_is_anchor(cert);

        *anchors += ends;
        for (int j = 0; j < sk_X509_num(cas) && !ends; j++)
            ends = X509_check_issued(sk_X509_value(cas, j), cert) == X509_V_OK;
        if (!ends && !loose)
            loose = cert;
    }
    return loose;
}

static void check_ca(struct tls_check *check, const char *path)
{
    STACK_OF(X509) *certs = path ? certs_read(path) : NULL;
    int good = 0, count = sk_X509_num(certs);
    time_t now = time(NULL);
    unsigned anchors;
    char name[256];
    X509 *loose;

    if (!path) {
        find(check, "ca", TLS_FINDING_OK, "none: clients with a certificate are refused");
        return;
    }
    for (int i = 0; i < count; i++)
        good += seconds_of(X509_get0_notAfter(sk_X509_value(certs, i))) > now;
    if (!certs)
        find(check, "ca", TLS_FINDING_FAILED, "%.200s cannot be read: %s", path, strerror(errno));
    else if (good == 0)
        find(check, "ca", TLS_FINDING_FAILED, "%.200s has no certificate of a CA that is valid",
             path);
    else if ((loose = loose_end(certs, &anchors)))
        find(check, "ca", anchors == 0 ? TLS_FINDING_FAILED : TLS_FINDING_WARNING,
             "no chain ends at %s, an intermediate certificate: add that of its issuer, the root",
             dn_text(X509_get_subject_name(loose), name, sizeof(name)));
    else
        find(check, "ca", good < count ? TLS_FINDING_WARNING : TLS_FINDING_OK, "%d of %d are valid",
             good, count);
    certs_free(certs);
}

static void check_list(struct tls_check *check, X509_CRL *list, STACK_OF(X509) * cas)
{
    time_t end = seconds_of(X509_CRL_get0_nextUpdate(list)), now = time(NULL);
    char text[32], name[256];
    bool known = false;

    (void)dn_text(X509_CRL_get_issuer(list), name, sizeof(name));
    for (int i = 0; i < sk_X509_num(cas) && !known; i++)
        known = X509_NAME_cmp(X509_CRL_get_issuer(list),
                              X509_get_subject_name(sk_X509_value(cas, i))) == 0;
    if (!known)
        find(check, "crl", TLS_FINDING_WARNING, "no CA of the file is %s, whose list this is",
             name);
    else if (end != 0 && end < now)
        find(check, "crl", TLS_FINDING_FAILED, "the list of %s is out of date since %s", name,
             day_text(X509_CRL_get0_nextUpdate(list), text));
    else if (end != 0 && end - now < (time_t)SOON_CRL_HOURS * 3600)
        find(check, "crl", TLS_FINDING_WARNING, "the list of %s will be out of date on %s", name,
             day_text(X509_CRL_get0_nextUpdate(list), text));
    else
        find(check, "crl", TLS_FINDING_OK, "the list of %s has %d certificates", name,
             sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list)));
}

static void check_crl(struct tls_check *check, const char *path, const char *ca)
{
    FILE *file = fopen(path, "re");
    STACK_OF(X509) *cas = ca ? certs_read(ca) : NULL;
    X509_CRL *list;
    int count = 0;

    if (!file) {
        find(check, "crl", TLS_FINDING_FAILED, "%.200s cannot be read: %s", path, strerror(errno));
    } else {
        for (; count < 4 && (list = PEM_read_X509_CRL(file, NULL, NULL, NULL)); count++) {
            check_list(check, list, cas);
            X509_CRL_free(list);
        }
        if (count == 0)
            find(check, "crl", TLS_FINDING_FAILED, "%.200s has no list in PEM format", path);
        (void)fclose(file);
    }
    ERR_clear_error();
    certs_free(cas);
}

void tls_check_run(struct tls_check *check, const struct tls_files *files, const char *host)
{
    struct tls_context *context;
    char why[TLS_WHY_BYTES];

    check->count = 0;
    check_cert(check, files->cert, host);
    check_key(check, files->key);
    check_ca(check, files->ca);
    if (files->crl)
        check_crl(check, files->crl, files->ca);
    context = tls_context_create(files, why, sizeof(why));
    find(check, "server", context ? TLS_FINDING_OK : TLS_FINDING_FAILED, "%s",
         context ? "a server can use these files" : why);
    tls_context_put(context);
}
