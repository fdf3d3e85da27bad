/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL's memory: counted in class `tls` of base/memory.h, and part of the budget.  OpenSSL
 * itself is not refused any because of the budget: that would end sessions that are in use.  New
 * connections are, and their sessions.
 */
#pragma once

#include <stdbool.h>

/* Count it from now on, in the whole process.  To be called before anything uses OpenSSL; has no
 * effect when a library has used it already. */
void tls_memory_init(void);

/* Is it counted? */
bool tls_memory_is_counted(void);
