/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/version.h"

#include <gnutls/gnutls.h>
#include <jansson.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <sodium.h>
#include <sqlite3.h>
#include <yaml.h>

#include "base/build_record.h"

static const char features[] =
#ifdef MAINSTAY_V40
    "NFSv4.0, "
#endif
    "NFSv4.1, NFSv4.2, Kerberos, TLS, kernel TLS, systemd";

void version_print(FILE *out)
{
    const struct build_library libraries[] = {
        {"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)},
        {"GnuTLS", gnutls_check_version(NULL)},
        {"krb5", build_record.krb5},
        {"libmicrohttpd", MHD_get_version()},
        {"SQLite", sqlite3_libversion()},
        {"Jansson", jansson_version_str()},
        {"libyaml", yaml_get_version_string()},
        {"libsodium", sodium_version_string()},
    };

    build_record_print(out, "mainstayd", features, libraries,
                       sizeof(libraries) / sizeof(libraries[0]));
}
