/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/version.h"

#include <curl/curl.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <sodium.h>

#include "base/build_record.h"

void version_print(FILE *out)
{
    const struct build_library libraries[] = {
        {"curl", curl_version_info(CURLVERSION_NOW)->version},
        {"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)},
        {"krb5", build_record.krb5},
        {"Jansson", jansson_version_str()},
        {"libsodium", sodium_version_string()},
    };

    build_record_print(out, "mainstay", NULL, libraries, sizeof(libraries) / sizeof(libraries[0]));
}
