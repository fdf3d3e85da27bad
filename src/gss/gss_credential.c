/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_credential.h"

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/log.h"
#include "gss/gss_credential_internal.h"
#include "gss/gss_keytab.h"

enum {
    WHY_BYTES = 512
};

struct gss_credential {
    char keytab[LIMIT_PATH_BYTES];
    bool named;           /* somebody expects it to be there */
    pthread_mutex_t lock; /* a leaf but for the log; guards all below, and is held while the file
                           * is read */
    bool tried;
    struct stat seen; /* the file when it was read last; zeroed if it was not there */
    struct gss_held_credential *held; /* NULL: see `why` */
    char why[WHY_BYTES];

    pthread_mutex_t realm_lock; /* a leaf: guards `realm`; never held while the file is read */
    char realm[LIMIT_GSS_NAME_BYTES]; /* of the first nfs/ principal; "": there is none */
};

struct gss_credential *gss_credential_create(const char *keytab)
{
    struct gss_credential *credential = must_calloc(1, sizeof(*credential));

    credential->named = (keytab && *keytab) || getenv("KRB5_KTNAME");
    gss_keytab_resolve_name(keytab, credential->keytab, sizeof(credential->keytab));
    CHECK(pthread_mutex_init(&credential->lock, NULL) == 0);
    CHECK(pthread_mutex_init(&credential->realm_lock, NULL) == 0);
    return credential;
}

void gss_credential_let_go(struct gss_held_credential *held)
{
    OM_uint32 minor;

    /* Pairs with itself: the last one sees what all others did. */
    if (!held || atomic_fetch_sub_explicit(&held->refs, 1, memory_order_acq_rel) != 1)
        return;
    (void)gss_release_cred(&minor, &held->id);
    free(held);
}

void gss_credential_destroy(struct gss_credential *credential)
{
    if (!credential)
        return;
    gss_credential_let_go(credential->held);
    (void)pthread_mutex_destroy(&credential->lock);
    (void)pthread_mutex_destroy(&credential->realm_lock);
    free(credential);
}

const char *gss_credential_keytab(const struct gss_credential *credential)
{
    return credential->keytab;
}

/* All nfs/ principals of the keytab: a service without a host. */
static gss_name_t import_service(void)
{
    gss_buffer_desc service = {.length = 3, .value = "nfs"};
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 minor;

    if (gss_import_name(&minor, &service, GSS_C_NT_HOSTBASED_SERVICE, &name) != GSS_S_COMPLETE)
        return GSS_C_NO_NAME;
    return name;
}

/* Without a replay cache: contexts whose keys the client alone has chosen are refused
 * (gss_context.c), so that a repeated token opens nothing. */
static struct gss_held_credential *acquire(const char *keytab)
{
    gss_key_value_element_desc places[] = {{"keytab", keytab}, {"rcache", "none:"}};
    gss_key_value_set_desc store = {.count = ARRAY_SIZE(places), .elements = places};
    gss_OID_set_desc mechanisms = {.count = 1, .elements = (gss_OID)gss_mech_krb5};
    struct gss_held_credential *held = must_calloc(1, sizeof(*held));
    gss_name_t service = import_service();
    OM_uint32 minor, major = GSS_S_FAILURE;

    atomic_init(&held->refs, 1);
    if (service != GSS_C_NO_NAME)
        major = gss_acquire_cred_from(&minor, service, GSS_C_INDEFINITE, &mechanisms, GSS_C_ACCEPT,
                                      &store, &held->id, NULL, NULL);
    (void)gss_release_name(&minor, &service);
    if (major == GSS_S_COMPLETE)
        return held;
    free(held);
    return NULL;
}

static uint32_t count_nfs(const struct gss_keytab *keytab)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < keytab->count; i++)
        count += gss_keytab_is_nfs(keytab->entries[i].principal);
    return count;
}

static void realm_find(struct gss_credential *credential, const struct gss_keytab *keytab)
{
    const char *realm = "";

    for (uint32_t i = 0; i < keytab->count && !*realm; i++) {
        const char *principal = keytab->entries[i].principal, *at = strrchr(principal, '@');

        if (gss_keytab_is_nfs(principal) && at)
            realm = at + 1;
    }
    CHECK(pthread_mutex_lock(&credential->realm_lock) == 0);
    (void)snprintf(credential->realm, sizeof(credential->realm), "%s", realm);
    CHECK(pthread_mutex_unlock(&credential->realm_lock) == 0);
}

static void tell_locked(const struct gss_credential *credential, uint32_t keys)
{
    if (credential->held)
        log_info("gss.keytab", LOG_STR("keytab", credential->keytab), LOG_U64("keys", keys));
    else if (credential->named)
        log_warn("gss.keytab", LOG_STR("keytab", credential->keytab),
                 LOG_STR("error", credential->why),
                 LOG_STR("effect", "clients with Kerberos are refused"));
    else
        log_info("gss.keytab", LOG_STR("keytab", credential->keytab),
                 LOG_STR("error", credential->why));
}

/* Read the keytab, and tell the log what has become of it. */
static void read_locked(struct gss_credential *credential)
{
    char why[WHY_BYTES] = "";
    struct gss_keytab keytab;
    uint32_t keys = 0;
    bool news;

    gss_credential_let_go(credential->held);
    credential->held = NULL;
    if (!gss_keytab_read(&keytab, credential->keytab))
        (void)snprintf(why, sizeof(why), "%s", keytab.why);
    else if ((keys = count_nfs(&keytab)) == 0)
        (void)snprintf(why, sizeof(why), "it has no key of an nfs/ principal");
    else if (!(credential->held = acquire(credential->keytab)))
        (void)snprintf(why, sizeof(why), "the Kerberos library does not take it");
    realm_find(credential, &keytab);
    gss_keytab_fini(&keytab);
    news = credential->held || !credential->tried || strcmp(why, credential->why) != 0;
    memcpy(credential->why, why, sizeof(why));
    if (news)
        tell_locked(credential, keys);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

struct gss_held_credential *gss_credential_hold(struct gss_credential *credential, char *why,
                                                size_t why_bytes)
{
    struct gss_held_credential *held;
    struct stat now;

    if (stat(credential->keytab, &now) != 0)
        memset(&now, 0, sizeof(now));
    CHECK(pthread_mutex_lock(&credential->lock) == 0);
    /* What could not be used is tried each time: what was wrong may lie elsewhere. */
    if (!credential->held || !is_same(&now, &credential->seen)) {
        read_locked(credential);
        credential->seen = now;
        credential->tried = true;
    }
    held = credential->held;
    if (held)
        (void)atomic_fetch_add_explicit(&held->refs, 1, memory_order_relaxed);
    else
        (void)snprintf(why, why_bytes, "the server's keytab %.160s: %s", credential->keytab,
                       credential->why);
    CHECK(pthread_mutex_unlock(&credential->lock) == 0);
    return held;
}

bool gss_credential_is_usable(struct gss_credential *credential, char *why, size_t why_bytes)
{
    struct gss_held_credential *held = gss_credential_hold(credential, why, why_bytes);

    gss_credential_let_go(held);
    return held;
}

bool gss_credential_realm(struct gss_credential *credential, char *realm, size_t realm_bytes)
{
    size_t bytes;
    bool fits;

    CHECK(pthread_mutex_lock(&credential->realm_lock) == 0);
    bytes = strlen(credential->realm) + 1;
    fits = bytes > 1 && bytes <= realm_bytes;
    if (fits)
        memcpy(realm, credential->realm, bytes);
    CHECK(pthread_mutex_unlock(&credential->realm_lock) == 0);
    return fits;
}
