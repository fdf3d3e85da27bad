/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_check.h"

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gss/gss_kdc.h"
#include "gss/gss_key.h"
#include "gss/gss_keytab.h"

enum {
    CLOCK_FAILED_S = 300, /* what Kerberos tolerates, unless krb5.conf says otherwise */
    CLOCK_WARNING_S = 60,
    CAMELLIA128 = 25, /* encryption types, as Kerberos numbers them */
    CAMELLIA256 = 26
};

static void tell(struct gss_check *check, const char *name, enum gss_finding_result result,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

static void tell(struct gss_check *check, const char *name, enum gss_finding_result result,
                 const char *format, ...)
{
    struct gss_finding *finding = &check->findings[check->count];
    va_list args;

    if (check->count == GSS_FINDINGS)
        return;
    check->count++;
    finding->check = name;
    finding->result = result;
    va_start(args, format);
    (void)vsnprintf(finding->text, sizeof(finding->text), format, args);
    va_end(args);
}

enum gss_finding_result gss_check_result(const struct gss_check *check)
{
    enum gss_finding_result worst = GSS_FINDING_OK;

    for (uint32_t i = 0; i < check->count; i++) {
        if (check->findings[i].result > worst)
            worst = check->findings[i].result;
    }
    return worst;
}

/* ---- the keytab ---- */

/* The status of a child that becomes the user and opens the file: 0, or errno. */
static int open_as(const struct passwd *user, const char *path)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        if (initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
            setuid(user->pw_uid) != 0)
            _exit(EPERM);
        _exit(access(path, R_OK) == 0 ? 0 : errno);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return EPERM;
    return WEXITSTATUS(status);
}

static void check_user(struct gss_check *check, const char *name)
{
    const struct passwd *user = getpwnam(name);
    int error;

    if (!user) {
        tell(check, "user", GSS_FINDING_FAILED, "there is no user %.64s", name);
        return;
    }
    if (user->pw_uid != geteuid() && geteuid() != 0) {
        tell(check, "user", GSS_FINDING_WARNING,
             "only root can find out whether %.64s may read the keytab", name);
        return;
    }
    error = user->pw_uid == geteuid() ? 0 : open_as(user, check->keytab);
    if (error)
        tell(check, "user", GSS_FINDING_FAILED, "%.64s cannot read the keytab: %s", name,
             strerror(error));
    else
        tell(check, "user", GSS_FINDING_OK, "%.64s can read the keytab", name);
}

static void check_keytab(struct gss_check *check, const struct gss_keytab *keytab)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < keytab->count; i++)
        count += gss_keytab_is_nfs(keytab->entries[i].principal);
    if (keytab->why[0])
        tell(check, "keytab", GSS_FINDING_FAILED, "%.256s: %s", keytab->name, keytab->why);
    else if (count == 0)
        tell(check, "keytab", GSS_FINDING_FAILED,
             "%.256s has no key of an nfs/ principal: add one of nfs/%.100s", keytab->name,
             check->host);
    else
        tell(check, "keytab", GSS_FINDING_OK, "%.256s has %u keys of nfs/ principals", keytab->name,
             count);
}

/* ---- the principal of the host ---- */

/* Is it nfs/HOST@..., in any case? */
static bool is_service_of(const char *principal, const char *host)
{
    size_t bytes = strlen(host);

    return gss_keytab_is_nfs(principal) && strncasecmp(principal + 4, host, bytes) == 0 &&
           (principal[4 + bytes] == '@' || principal[4 + bytes] == '\0');
}

static const struct gss_keytab_entry *find_service(const struct gss_keytab *keytab,
                                                   const char *host)
{
    for (uint32_t i = 0; i < keytab->count; i++) {
        if (is_service_of(keytab->entries[i].principal, host))
            return &keytab->entries[i];
    }
    return NULL;
}

static uint32_t newest_kvno(const struct gss_keytab *keytab, const char *service)
{
    uint32_t newest = 0;

    for (uint32_t i = 0; i < keytab->count; i++) {
        const struct gss_keytab_entry *entry = &keytab->entries[i];

        if (strcmp(entry->principal, service) == 0 && entry->kvno > newest)
            newest = entry->kvno;
    }
    return newest;
}

static void check_principal(struct gss_check *check, const struct gss_keytab *keytab)
{
    const struct gss_keytab_entry *entry = find_service(keytab, check->host);

    if (!entry) {
        tell(check, "principal", GSS_FINDING_FAILED,
             "nfs/%.100s is not in the keytab: clients that mount %.100s ask for it", check->host,
             check->host);
        return;
    }
    (void)snprintf(check->service, sizeof(check->service), "%s", entry->principal);
    tell(check, "principal", GSS_FINDING_OK,
         "%.300s is in the keytab, its newest key has version %u", check->service,
         newest_kvno(keytab, check->service));
}

static bool is_modern(int32_t enctype)
{
    switch (enctype) {
    case GSS_AES128_SHA1:
    case GSS_AES256_SHA1:
    case GSS_AES128_SHA256:
    case GSS_AES256_SHA384:
    case CAMELLIA128:
    case CAMELLIA256:
        return true;
    default:
        return false;
    }
}

static void check_enctypes(struct gss_check *check, const struct gss_keytab *keytab)
{
    uint32_t newest = newest_kvno(keytab, check->service);
    char names[256] = "";
    bool modern = false;

    for (uint32_t i = 0; i < keytab->count; i++) {
        const struct gss_keytab_entry *entry = &keytab->entries[i];
        size_t length = strlen(names);

        if (strcmp(entry->principal, check->service) != 0 || entry->kvno != newest)
            continue;
        modern |= is_modern(entry->enctype_number);
        (void)snprintf(names + length, sizeof(names) - length, "%s%s", length ? ", " : "",
                       entry->enctype);
    }
    tell(check, "enctypes", modern ? GSS_FINDING_OK : GSS_FINDING_FAILED, "%s%s", names,
         modern ? "" : ": none of AES or Camellia, which contexts need");
}

/* ---- names ---- */

/* What an address is called, backwards: clients with `rdns` ask for that. */
static bool check_address(struct gss_check *check, const struct gss_keytab *keytab,
                          const struct addrinfo *address)
{
    char number[64], name[256];

    if (getnameinfo(address->ai_addr, address->ai_addrlen, number, sizeof(number), NULL, 0,
                    NI_NUMERICHOST) != 0 ||
        getnameinfo(address->ai_addr, address->ai_addrlen, name, sizeof(name), NULL, 0,
                    NI_NAMEREQD) != 0 ||
        find_service(keytab, name))
        return true;
    tell(
        check, "names", GSS_FINDING_WARNING,
        "%s is %s backwards, and nfs/%.100s is not in the keytab: clients whose krb5.conf does not "
        "say rdns = false ask for it",
        number, name, name);
    return false;
}

static void check_names(struct gss_check *check, const struct gss_keytab *keytab)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses;
    int error = getaddrinfo(check->host, NULL, &hints, &addresses);
    bool fine = true;

    if (error) {
        tell(check, "names", GSS_FINDING_WARNING, "%.100s has no address here: %s", check->host,
             gai_strerror(error));
        return;
    }
    for (const struct addrinfo *address = addresses; address; address = address->ai_next)
        fine &= check_address(check, keytab, address);
    freeaddrinfo(addresses);
    if (fine)
        tell(check, "names", GSS_FINDING_OK, "%.100s leads to no other name", check->host);
}

/* This machine, by the name that others know. */
static void name_host(struct gss_check *check)
{
    const struct addrinfo hints = {.ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses;

    if (gethostname(check->host, sizeof(check->host) - 1) != 0)
        (void)snprintf(check->host, sizeof(check->host), "localhost");
    if (strchr(check->host, '.') || getaddrinfo(check->host, NULL, &hints, &addresses) != 0)
        return;
    if (addresses->ai_canonname)
        (void)snprintf(check->host, sizeof(check->host), "%s", addresses->ai_canonname);
    freeaddrinfo(addresses);
}

/* ---- the KDC ---- */

static void check_version(struct gss_check *check, const struct gss_keytab *keytab,
                          const struct gss_kdc_answer *answer)
{
    bool kvno = false, enctype = false;

    for (uint32_t i = 0; i < keytab->count; i++) {
        const struct gss_keytab_entry *entry = &keytab->entries[i];
        bool same = strcmp(entry->principal, check->service) == 0 && entry->kvno == answer->kvno;

        kvno |= same;
        enctype |= same && entry->enctype_number == answer->enctype_number;
    }
    if (!kvno)
        tell(check, "version", GSS_FINDING_FAILED,
             "tickets of the KDC need version %u of the key, the keytab's newest is %u: make the "
             "keytab again",
             answer->kvno, newest_kvno(keytab, check->service));
    else if (!enctype)
        tell(check, "version", GSS_FINDING_FAILED,
             "tickets of the KDC need a key of type %s, which the keytab lacks", answer->enctype);
    else if (answer->key_is_wrong)
        tell(check, "version", GSS_FINDING_FAILED,
             "the keytab's key has the version %u of the KDC's, and is another one: make the "
             "keytab again",
             answer->kvno);
    else
        tell(check, "version", GSS_FINDING_OK,
             "tickets of the KDC need version %u of the key, %s: it is in the keytab", answer->kvno,
             answer->enctype);
}

static void check_clock(struct gss_check *check, const struct gss_kdc_answer *answer)
{
    int64_t apart_s = answer->ahead_s < 0 ? -answer->ahead_s : answer->ahead_s;

    tell(check, "clock",
         apart_s >= CLOCK_FAILED_S    ? GSS_FINDING_FAILED
         : apart_s >= CLOCK_WARNING_S ? GSS_FINDING_WARNING
                                      : GSS_FINDING_OK,
         "the KDC's clock differs by %lld s", (long long)apart_s);
}

static void check_kdc(struct gss_check *check, const struct gss_keytab *keytab)
{
    struct gss_kdc_answer answer;

    gss_kdc_ask(&answer, keytab, check->service);
    if (!answer.reached)
        tell(check, "kdc", GSS_FINDING_WARNING, "cannot be asked: %s", answer.error);
    else if (answer.knows)
        tell(check, "kdc", GSS_FINDING_OK, "gives tickets for %.300s", check->service);
    else if (answer.key_is_wrong)
        tell(check, "kdc", GSS_FINDING_FAILED,
             "has other keys of %.300s than the keytab: make the keytab again", check->service);
    else
        tell(check, "kdc", GSS_FINDING_WARNING, "gives no ticket for %.200s: %s", check->service,
             answer.error);
    if (answer.knows)
        check_version(check, keytab, &answer);
    if (answer.has_clock)
        check_clock(check, &answer);
}

void gss_check_run(struct gss_check *check, const char *keytab_name, const char *host,
                   const char *user)
{
    struct gss_keytab keytab;

    memset(check, 0, sizeof(*check));
    if (host)
        (void)snprintf(check->host, sizeof(check->host), "%s", host);
    else
        name_host(check);
    (void)gss_keytab_read(&keytab, keytab_name);
    (void)snprintf(check->keytab, sizeof(check->keytab), "%s", keytab.name);
    check_keytab(check, &keytab);
    if (user)
        check_user(check, user);
    if (keytab.count > 0)
        check_principal(check, &keytab);
    if (check->service[0]) {
        check_enctypes(check, &keytab);
        check_names(check, &keytab);
        check_kdc(check, &keytab);
    }
    gss_keytab_fini(&keytab);
}
