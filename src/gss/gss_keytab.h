/* SPDX-License-Identifier: Apache-2.0 */
/* What a keytab has in it: principals, with versions and types of their keys, but no keys. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/limits.h"

struct gss_keytab_entry {
    char principal[LIMIT_GSS_NAME_BYTES];
    char enctype[64];
    int32_t enctype_number;
    uint32_t kvno;
    int64_t added_s; /* Unix time */
};

struct gss_keytab {
    char name[LIMIT_PATH_BYTES]; /* without "FILE:" */
    uint32_t count;
    struct gss_keytab_entry *entries;
    char why[256]; /* it could not be read, in words; "" */
};

/* Read a keytab; NULL or "": that of KRB5_KTNAME, of krb5.conf, or /etc/krb5.keytab.  At most
 * LIMIT_GSS_KEYTAB_ENTRIES of it.  May block.  False: see `why`; then it has no entries. */
bool gss_keytab_read(struct gss_keytab *keytab, const char *name);
void gss_keytab_fini(struct gss_keytab *keytab);

/* Only the name, without reading. */
void gss_keytab_resolve_name(const char *name, char *path, size_t path_bytes);

/* Is it a service principal of NFS, nfs/HOST@REALM? */
bool gss_keytab_is_nfs(const char *principal);
