/* SPDX-License-Identifier: Apache-2.0 */
/* What OpenSSL says of a failure, in words. */
#pragma once

#include <stddef.h>

/* The first cause of the failure that OpenSSL has just noted for this thread; `otherwise` if it has
 * noted none.  Forgets all that was noted.  Returns `text`, of `size` bytes. */
char *tls_error_take(char *text, size_t size, const char *otherwise);
