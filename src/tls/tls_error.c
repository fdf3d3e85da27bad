/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_error.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

char *tls_error_take(char *text, size_t size, const char *otherwise)
{
    unsigned long code = ERR_peek_error();
    const char *reason = ERR_reason_error_string(code);

    if (ERR_SYSTEM_ERROR(code))
        reason = strerror(ERR_GET_REASON(code));
    snprintf(text, size, "%s", reason ? reason : otherwise);
    ERR_clear_error();
    return text;
}
