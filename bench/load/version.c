/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load/version.h"

#include <jansson.h>
#include <openssl/crypto.h>

#include "base/build_record.h"

void version_print(FILE *out)
{
    const struct build_library libraries[] = {
        {"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)},
        {"krb5", build_record.krb5},
        {"Jansson", jansson_version_str()},
    };

    build_record_print(out, "mainstay-bench", NULL, libraries,
                       sizeof(libraries) / sizeof(libraries[0]));
}
