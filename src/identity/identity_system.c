/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libnfsidmap decides which account a principal is: it knows which realms are ours, and never takes
 * alice@EVIL for alice.  Its list of groups does (it looks at what stands before the `@` alone), so
 * groups come from the account.
 */
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nfsidmap.h> /* needs the types of the headers before it */

#include "base/check.h"
#include "base/log.h"
#include "identity/identity_source.h"

enum {
    RECORD_BYTES = 1024,        /* of a user or group, to begin with */
    RECORD_BYTES_MAX = 16 << 20 /* groups may have very many members */
};

/* ---- libnfsidmap ---- */

static pthread_once_t idmap_once = PTHREAD_ONCE_INIT;
static bool idmap_works;

/* The library makes its list of local realms at the first question, without a lock of its own: a
 * second thread would see half of the list, and take a user for a stranger.  Groups, which are what
 * takes long, are asked for outside of this lock. */
static pthread_mutex_t idmap_lock = PTHREAD_MUTEX_INITIALIZER;

/* What the library says goes to nobody: it would be stderr. */
static void idmap_says(const char *format, ...)
{
    (void)format;
}

/* Reads /etc/idmapd.conf, and may ask the DNS for the domain. */
static void idmap_start(void)
{
    nfs4_set_debug(0, idmap_says);
    idmap_works = nfs4_init_name_mapping(NULL) == 0;
    if (!idmap_works)
        log_warn("identity.idmap", LOG_STR("error", "libnfsidmap can't be initialized: see "
                                                    "/etc/idmapd.conf"));
}

static bool idmap_ready(void)
{
    return pthread_once(&idmap_once, idmap_start) == 0 && idmap_works;
}

static int idmap_principal(char *principal, uid_t *uid, gid_t *gid)
{
    int err;

    CHECK(pthread_mutex_lock(&idmap_lock) == 0);
    err = nfs4_gss_princ_to_ids((char *)"krb5", principal, uid, gid);
    CHECK(pthread_mutex_unlock(&idmap_lock) == 0);
    return err;
}

static int idmap_domain(char *domain, size_t size)
{
    int err;

    CHECK(pthread_mutex_lock(&idmap_lock) == 0);
    err = nfs4_get_default_domain(NULL, domain, size);
    CHECK(pthread_mutex_unlock(&idmap_lock) == 0);
    return err;
}

/* ---- the database of users ---- */

/* More room for what ERANGE said has none.  False without memory, and if that is too much. */
static bool buffer_grow(char **buffer, size_t *size)
{
    const size_t wanted = *size == 0 ? RECORD_BYTES : *size * 4;
    char *larger = wanted <= RECORD_BYTES_MAX ? realloc(*buffer, wanted) : NULL;

    if (!larger)
        return false;
    *buffer = larger;
    *size = wanted;
    return true;
}

/* What getpwnam_r() and its like mean; some report an error for what is not there. */
static enum identity_found found_of(int err, const void *record)
{
    if (record)
        return IDENTITY_FOUND;
    return err == 0 || err == ENOENT || err == ESRCH || err == EBADF || err == EPERM
               ? IDENTITY_UNKNOWN
               : IDENTITY_FAILED;
}

static enum identity_found make(enum identity_origin origin, uint32_t uid, uint32_t gid,
                                const char *name, const uint32_t *gids, int gid_count,
                                struct identity **answer)
{
    *answer = identity_create(origin, uid, gid, name, gids, (uint32_t)gid_count);
    return *answer ? IDENTITY_FOUND : IDENTITY_FAILED;
}

static enum identity_found make_with_groups(enum identity_origin origin, uint32_t uid, uint32_t gid,
                                            const char *account, struct identity **answer)
{
    gid_t *gids = malloc(LIMIT_CALLER_GIDS * sizeof(*gids));
    int count = LIMIT_CALLER_GIDS;
    enum identity_found found;

    if (!gids)
        return IDENTITY_FAILED;
    if (getgrouplist(account, gid, gids, &count) < 0) {
        log_warn("identity.groups", LOG_STR("account", account), LOG_I64("groups", count),
                 LOG_U64("used", LIMIT_CALLER_GIDS));
        count = LIMIT_CALLER_GIDS;
    }
    found = make(origin, uid, gid, account, gids, count, answer);
    free(gids);
    return found;
}

/* Of the account `name`, or if that is NULL, of the user `uid`. */
static enum identity_found ask_account(const char *name, uint32_t uid, bool with_groups,
                                       struct identity **answer)
{
    struct passwd record, *got = NULL;
    char *buffer = NULL;
    enum identity_found found;
    size_t size = 0;
    int err = ERANGE;

    while (err == ERANGE && buffer_grow(&buffer, &size))
        err = name ? getpwnam_r(name, &record, buffer, size, &got)
                   : getpwuid_r(uid, &record, buffer, size, &got);
    found = found_of(err, got);
    if (found == IDENTITY_FOUND && with_groups)
        found = make_with_groups(IDENTITY_FROM_DATABASE, got->pw_uid, got->pw_gid, got->pw_name,
                                 answer);
    else if (found == IDENTITY_FOUND)
        found =
            make(IDENTITY_FROM_DATABASE, got->pw_uid, got->pw_gid, got->pw_name, NULL, 0, answer);
    free(buffer);
    return found;
}

static enum identity_found ask_group(const char *name, uint32_t gid, struct identity **answer)
{
    struct group record, *got = NULL;
    char *buffer = NULL;
    enum identity_found found;
    size_t size = 0;
    int err = ERANGE;

    while (err == ERANGE && buffer_grow(&buffer, &size))
        err = name ? getgrnam_r(name, &record, buffer, size, &got)
                   : getgrgid_r(gid, &record, buffer, size, &got);
    found = found_of(err, got);
    if (found == IDENTITY_FOUND)
        found = make(IDENTITY_FROM_DATABASE, IDENTITY_NOBODY, got->gr_gid, got->gr_name, NULL, 0,
                     answer);
    free(buffer);
    return found;
}

/* ---- what the two say together ---- */

static enum identity_found ask_principal(const char *name, struct identity **answer)
{
    struct identity *account;
    uid_t uid;
    gid_t gid;
    char *copy;
    int err;

    if (!idmap_ready())
        return IDENTITY_UNKNOWN;
    copy = strdup(name);
    if (!copy)
        return IDENTITY_FAILED;
    err = idmap_principal(copy, &uid, &gid);
    free(copy);
    if (err != 0)
        return err == -ENOENT || err == -EINVAL || err == -ENOSYS ? IDENTITY_UNKNOWN
                                                                  : IDENTITY_FAILED;
    switch (ask_account(NULL, uid, true, &account)) {
    case IDENTITY_FAILED:
        return IDENTITY_FAILED;
    case IDENTITY_UNKNOWN: /* the library may have numbers of users without accounts */
        return make(IDENTITY_FROM_IDMAP, uid, gid, NULL, NULL, 0, answer);
    case IDENTITY_FOUND:
        break;
    }
    *answer = identity_create(IDENTITY_FROM_IDMAP, uid, gid, account->name, account->gids,
                              account->gid_count);
    identity_put(account);
    return *answer ? IDENTITY_FOUND : IDENTITY_FAILED;
}

static enum identity_found ask_domain(struct identity **answer)
{
    char domain[NFS4_MAX_DOMAIN_LEN + 1] = "", host[256] = "";
    const char *dot;

    if (idmap_ready() && idmap_domain(domain, sizeof(domain) - 1) == 0 && domain[0])
        return make(IDENTITY_FROM_IDMAP, 0, 0, domain, NULL, 0, answer);
    (void)gethostname(host, sizeof(host) - 1);
    dot = strchr(host, '.');
    return make(IDENTITY_FROM_DATABASE, 0, 0, dot && dot[1] ? dot + 1 : "localdomain", NULL, 0,
                answer);
}

static enum identity_found system_ask(enum identity_question question, uint32_t id,
                                      const char *name, struct identity **answer)
{
    switch (question) {
    case IDENTITY_ASK_PRINCIPAL:
        return ask_principal(name, answer);
    case IDENTITY_ASK_ACCOUNT:
        return ask_account(name, 0, true, answer);
    case IDENTITY_ASK_UID:
        return ask_account(NULL, id, true, answer);
    case IDENTITY_ASK_USER:
        return ask_account(NULL, id, false, answer);
    case IDENTITY_ASK_GROUP:
        return ask_group(NULL, id, answer);
    case IDENTITY_ASK_USER_ID:
        return ask_account(name, 0, false, answer);
    case IDENTITY_ASK_GROUP_ID:
        return ask_group(name, 0, answer);
    case IDENTITY_ASK_DOMAIN:
        return ask_domain(answer);
    }
    return IDENTITY_UNKNOWN;
}

const struct identity_source identity_system = {.ask = system_ask};
