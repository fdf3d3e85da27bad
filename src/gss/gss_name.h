/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the library, and the principals that they are. */
#pragma once

#include <gssapi/gssapi.h>

#include "base/check.h"

struct gss_principal;

/* With one reference.  NULL: no memory, or gss_principal_create() takes no such name. */
struct gss_principal *gss_name_principal(gss_name_t name) MUST_USE;

/* The same of "alice@MAINSTAY.TEST", as if it had come in a ticket; without a realm it is one of
 * the default realm.  NULL also: no principal can have this name.  May read files of Kerberos. */
struct gss_principal *gss_name_parse(const char *text) MUST_USE;
