/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_keytab.h"

#include <errno.h>
#include <krb5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char file_prefix[] = "FILE:";

static const char *without_prefix(const char *name)
{
    bool file = strncmp(name, file_prefix, sizeof(file_prefix) - 1) == 0;

    return file ? name + sizeof(file_prefix) - 1 : name;
}

void gss_keytab_resolve_name(const char *name, char *path, size_t path_bytes)
{
    char usual[LIMIT_PATH_BYTES] = "FILE:/etc/krb5.keytab";
    krb5_context krb5;

    if ((!name || !*name) && krb5_init_context(&krb5) == 0) {
        (void)krb5_kt_default_name(krb5, usual, sizeof(usual));
        krb5_free_context(krb5);
    }
    (void)snprintf(path, path_bytes, "%s", without_prefix(name && *name ? name : usual));
}

bool gss_keytab_is_nfs(const char *principal)
{
    return strncmp(principal, "nfs/", 4) == 0;
}

static void complain(krb5_context krb5, struct gss_keytab *keytab, krb5_error_code error)
{
    const char *text = krb5_get_error_message(krb5, error);

    if (error == ENOENT)
        (void)snprintf(keytab->why, sizeof(keytab->why), "it does not exist");
    else if (error == EACCES)
        (void)snprintf(keytab->why, sizeof(keytab->why), "user %u may not read it",
                       (unsigned)geteuid());
    else
        (void)snprintf(keytab->why, sizeof(keytab->why), "%s", text);
    krb5_free_error_message(krb5, text);
}

static void add(krb5_context krb5, struct gss_keytab *keytab, const krb5_keytab_entry *from)
{
    struct gss_keytab_entry *to = &keytab->entries[keytab->count];
    char *principal;

    if (krb5_unparse_name(krb5, from->principal, &principal) != 0)
        return;
    *to = (struct gss_keytab_entry){
        .enctype_number = from->key.enctype,
        .kvno = from->vno,
        .added_s = (uint32_t)from->timestamp,
    };
    (void)snprintf(to->principal, sizeof(to->principal), "%s", principal);
    if (krb5_enctype_to_name(from->key.enctype, 0, to->enctype, sizeof(to->enctype)) != 0)
        (void)snprintf(to->enctype, sizeof(to->enctype), "type %d", (int)from->key.enctype);
    krb5_free_unparsed_name(krb5, principal);
    keytab->count++;
}

static krb5_error_code read_entries(krb5_context krb5, krb5_keytab file, struct gss_keytab *keytab)
{
    krb5_keytab_entry entry;
    krb5_kt_cursor cursor;
    krb5_error_code error = krb5_kt_start_seq_get(krb5, file, &cursor);

    if (error)
        return error;
    while (keytab->count < LIMIT_GSS_KEYTAB_ENTRIES) {
        error = krb5_kt_next_entry(krb5, file, &entry, &cursor);
        if (error)
            break;
        add(krb5, keytab, &entry);
        (void)krb5_free_keytab_entry_contents(krb5, &entry);
    }
    (void)krb5_kt_end_seq_get(krb5, file, &cursor);
    return error == KRB5_KT_END ? 0 : error;
}

/* The library would wait for what a FIFO brings, and so would whoever needs a key.  Keytabs that
 * are no files have other prefixes, and are not found. */
static bool is_file(const char *name)
{
    struct stat st;

    return stat(name, &st) != 0 || S_ISREG(st.st_mode);
}

bool gss_keytab_read(struct gss_keytab *keytab, const char *name)
{
    krb5_keytab file = NULL;
    krb5_context krb5;
    krb5_error_code error;

    memset(keytab, 0, sizeof(*keytab));
    gss_keytab_resolve_name(name, keytab->name, sizeof(keytab->name));
    if (!is_file(keytab->name)) {
        (void)snprintf(keytab->why, sizeof(keytab->why), "it is no regular file");
        return false;
    }
    if (krb5_init_context(&krb5) != 0) {
        (void)snprintf(keytab->why, sizeof(keytab->why), "krb5.conf cannot be read");
        return false;
    }
    keytab->entries = must_calloc(LIMIT_GSS_KEYTAB_ENTRIES, sizeof(*keytab->entries));
    error = krb5_kt_resolve(krb5, keytab->name, &file);
    if (!error)
        error = read_entries(krb5, file, keytab);
    if (error) {
        complain(krb5, keytab, error);
        keytab->count = 0;
    }
    if (file)
        (void)krb5_kt_close(krb5, file);
    krb5_free_context(krb5);
    return !error;
}

void gss_keytab_fini(struct gss_keytab *keytab)
{
    free(keytab->entries);
    keytab->entries = NULL;
    keytab->count = 0;
}
