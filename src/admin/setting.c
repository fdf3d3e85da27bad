/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/setting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "callback/callback_waits.h"
#include "state/recovery/recovery.h"

static const char *const delegation_words[] = {"none", "read", "write"};
static const char *const directory_words[] = {"none", "recall", "notify"};
static const char *const local_words[] = {"none", "leased", "all"};
static const char *const flag_words[] = {"false", "true"};
static const char *const level_words[] = {[LOG_LEVEL_ERROR] = "error",
                                          [LOG_LEVEL_WARN] = "warn",
                                          [LOG_LEVEL_INFO] = "info",
                                          [LOG_LEVEL_DEBUG] = "debug"};
static const char *const format_words[] = {"text", "json"};

_Static_assert(SETTING_INSTEAD == RECOVERY_GRACE_BY_LEASE, "nfs.grace_s passes it on");

#define TIMEOUT_WANTS "0 (no limit) to 86400 seconds"

/* The bounds are the same in every build, because a state directory may move from one build to
 * another. */
const struct setting setting_table[SETTING_COUNT] = {
    [SETTING_MIN_MINOR_VERSION] = {.name = "nfs.min_minor_version",
                                   .kind = SETTING_NUMBER,
                                   .min = 0,
                                   .max = 2,
                                   .usual = 0,
                                   .wants = "0, 1 or 2",
                                   .help = "the lowest minor version of NFSv4 that is served"},
    [SETTING_MAX_MINOR_VERSION] = {.name = "nfs.max_minor_version",
                                   .kind = SETTING_NUMBER,
                                   .min = 0,
                                   .max = 2,
                                   .usual = 2,
                                   .wants = "0, 1 or 2",
                                   .help = "the highest minor version of NFSv4 that is served"},
    [SETTING_DELEGATIONS] =
        {.name = "nfs.delegations",
         .kind = SETTING_WORD,
         .words = delegation_words,
         .min = 0,
         .max = 2,
         .usual = 2,
         .wants = "none (0), read (1) or write (2)",
         .help = "which delegations clients may get: none, for reading, or for writing too"},
    [SETTING_DIRECTORY_DELEGATIONS] = {.name = "nfs.directory_delegations",
                                       .kind = SETTING_WORD,
                                       .words = directory_words,
                                       .min = 0,
                                       .max = 2,
                                       .usual = 2,
                                       .wants = "none (0), recall (1) or notify (2)",
                                       .help = "whether directories are delegated, and what "
                                               "happens when another client changes one: a recall, "
                                               "or a notice to holders that subscribe"},
    [SETTING_MAX_DELEGATIONS] = {.name = "nfs.max_delegations",
                                 .kind = SETTING_NUMBER,
                                 .min = 0,
                                 .max = LIMIT_DELEGATIONS,
                                 .usual = LIMIT_DELEGATIONS,
                                 .wants = "0 to 524288",
                                 .help = "maximum number of delegations"},
    [SETTING_LOCAL_DELEGATIONS] =
        {.name = "nfs.local_delegations",
         .kind = SETTING_WORD,
         .words = local_words,
         .min = 0,
         .max = 2,
         .usual = 1,
         .wants = "none (0), leased (1) or all (2)",
         .help = "which files and directories of local exports are delegated: none, those for "
                 "which the kernel reports other users, or all"},
    [SETTING_RECALL_PARK_MS] =
        {.name = "nfs.recall_park_ms",
         .unit = "ms",
         .kind = SETTING_NUMBER,
         .min = 0,
         .max = 1000,
         .usual = 100,
         .wants = "0 to 1000 milliseconds",
         .help = "how long a request waits for a delegation to be returned before NFS4ERR_DELAY"},
    [SETTING_CALLBACK_TIMEOUT_MS] = {.name = "nfs.callback_timeout_ms",
                                     .unit = "ms",
                                     .kind = SETTING_NUMBER,
                                     .min = 100,
                                     .max = 600000,
                                     .usual = CALLBACK_TIMEOUT_MS,
                                     .wants = "100 to 600000 milliseconds",
                                     .help = "how long a client may take to answer a callback"},
    [SETTING_CALLBACK_BACKOFF_MS] = {.name = "nfs.callback_backoff_ms",
                                     .unit = "ms",
                                     .kind = SETTING_NUMBER,
                                     .min = 10,
                                     .max = 600000,
                                     .usual = CALLBACK_BACKOFF_MS,
                                     .wants = "10 to 600000 milliseconds",
                                     .help =
                                         "wait before a callback is retried, doubled each time"},
    [SETTING_CALLBACK_BACKOFF_MAX_MS] = {.name = "nfs.callback_backoff_max_ms",
                                         .unit = "ms",
                                         .kind = SETTING_NUMBER,
                                         .min = 10,
                                         .max = 600000,
                                         .usual = CALLBACK_BACKOFF_MAX_MS,
                                         .wants = "10 to 600000 milliseconds",
                                         .help = "longest wait before a callback is retried"},
    [SETTING_CALLBACK_OWN_ADDRESS] =
        {.name = "nfs.callback_own_address",
         .kind = SETTING_FLAG,
         .words = flag_words,
         .min = 0,
         .max = 1,
         .when = SETTING_NEW_CLIENTS,
         .usual = 0,
         .wants = "false (0) or true (1)",
         .help =
             "whether a client of NFSv4.0 is called back only at the address that it comes from"},
    [SETTING_MAX_CONNECTIONS] = {.name = "transport.max_connections",
                                 .kind = SETTING_NUMBER,
                                 .min = 1,
                                 .max = LIMIT_CONNECTIONS,
                                 .usual = LIMIT_CONNECTIONS,
                                 .wants = "1 to 65536",
                                 .help = "maximum number of connections"},
    [SETTING_MAX_CONNECTIONS_PER_ADDRESS] =
        {.name = "transport.max_connections_per_address",
         .kind = SETTING_NUMBER,
         .min = 1,
         .max = LIMIT_CONNECTIONS,
         .usual = LIMIT_CONNECTIONS_PER_ADDRESS,
         .wants = "1 to 65536",
         .help = "maximum number of connections of one IPv4 address or IPv6 /64"},
    [SETTING_MAX_HALF_RECORD_MIB] = {.name = "transport.max_half_record_mib",
                                     .unit = "MiB",
                                     .kind = SETTING_NUMBER,
                                     .min = 1,
                                     .max = LIMIT_TRANSPORT_MIB,
                                     .usual = LIMIT_HALF_RECORD_BYTES >> 20,
                                     .wants = "1 to 65536 MiB",
                                     .help = "memory for requests that have arrived in part"},
    [SETTING_MAX_UNSENT_MIB] = {.name = "transport.max_unsent_mib",
                                .unit = "MiB",
                                .kind = SETTING_NUMBER,
                                .min = 1,
                                .max = LIMIT_TRANSPORT_MIB,
                                .usual = LIMIT_UNSENT_BYTES >> 20,
                                .wants = "1 to 65536 MiB",
                                .help = "memory for replies that clients have not read"},
    [SETTING_RECORD_TIMEOUT_S] = {.name = "transport.record_timeout_s",
                                  .unit = "s",
                                  .kind = SETTING_NUMBER,
                                  .min = 0,
                                  .max = LIMIT_TRANSPORT_TIMEOUT_S,
                                  .usual = LIMIT_RECORD_S,
                                  .wants = TIMEOUT_WANTS,
                                  .help = "how long a request may take to arrive, plus a second "
                                          "for each 16 KiB"},
    [SETTING_SEND_TIMEOUT_S] = {.name = "transport.send_timeout_s",
                                .unit = "s",
                                .kind = SETTING_NUMBER,
                                .min = 0,
                                .max = LIMIT_TRANSPORT_TIMEOUT_S,
                                .usual = LIMIT_SEND_S,
                                .wants = TIMEOUT_WANTS,
                                .help = "how long a client may read none of its replies"},
    [SETTING_IDLE_TIMEOUT_S] = {.name = "transport.idle_timeout_s",
                                .unit = "s",
                                .kind = SETTING_NUMBER,
                                .min = 0,
                                .max = LIMIT_TRANSPORT_TIMEOUT_S,
                                .usual = LIMIT_IDLE_CONNECTION_S,
                                .wants = TIMEOUT_WANTS,
                                .help = "how long a connection that serves no client may be idle"},
    [SETTING_GSS_MAX_CONTEXTS] = {.name = "gss.max_contexts",
                                  .kind = SETTING_NUMBER,
                                  .min = 64,
                                  .max = LIMIT_GSS_CONTEXTS,
                                  .usual = LIMIT_GSS_CONTEXTS_USUAL,
                                  .wants = "64 to 65536",
                                  .help = "maximum number of security contexts of Kerberos"},
    [SETTING_GSS_LIFETIME_S] = {.name = "gss.context_lifetime_s",
                                .unit = "s",
                                .kind = SETTING_NUMBER,
                                .min = 1,
                                .max = LIMIT_GSS_LIFETIME_S,
                                .usual = LIMIT_GSS_LIFETIME_S,
                                .wants = "1 to 86400 seconds",
                                .help = "how long a new security context is good, if the ticket "
                                        "is"},
    [SETTING_MEMORY_MIB] = {.name = "nfs.memory_mib",
                            .unit = "MiB",
                            .kind = SETTING_NUMBER,
                            .min = 0,
                            .max = LIMIT_MEMORY_MIB,
                            .usual = 0,
                            .wants = "0 (a quarter of what there is, or 128) to 16777216 MiB",
                            .help = "memory for requests, replies and client state"},
    [SETTING_MAX_CLIENTS] = {.name = "nfs.max_clients",
                             .kind = SETTING_NUMBER,
                             .min = 1,
                             .max = LIMIT_CLIENTS,
                             .usual = LIMIT_CLIENTS,
                             .wants = "1 to 65536",
                             .help = "maximum number of client records"},
    [SETTING_MAX_CLIENTS_PER_ADDRESS] =
        {.name = "nfs.max_clients_per_address",
         .kind = SETTING_NUMBER,
         .min = 1,
         .max = LIMIT_CLIENTS,
         .usual = LIMIT_CLIENTS_PER_ADDRESS,
         .wants = "1 to 65536",
         .help = "maximum number of client records of one IPv4 address or IPv6 /64"},
    [SETTING_MAX_SESSIONS] = {.name = "nfs.max_sessions",
                              .kind = SETTING_NUMBER,
                              .min = 1,
                              .max = LIMIT_SESSIONS,
                              .usual = LIMIT_SESSIONS,
                              .wants = "1 to 65536",
                              .help = "maximum number of sessions"},
    [SETTING_MAX_SESSIONS_PER_CLIENT] = {.name = "nfs.max_sessions_per_client",
                                         .kind = SETTING_NUMBER,
                                         .min = 1,
                                         .max = LIMIT_SESSIONS_PER_CLIENT,
                                         .usual = LIMIT_SESSIONS_PER_CLIENT,
                                         .wants = "1 to 64",
                                         .help = "maximum number of sessions of one client"},
    [SETTING_MAX_OWNERS] = {.name = "nfs.max_owners",
                            .kind = SETTING_NUMBER,
                            .min = 1,
                            .max = LIMIT_STATE,
                            .usual = LIMIT_OWNERS,
                            .wants = "1 to 16777216",
                            .help = "maximum number of open owners and lock owners"},
    [SETTING_MAX_OWNERS_PER_CLIENT] =
        {.name = "nfs.max_owners_per_client",
         .kind = SETTING_NUMBER,
         .min = 1,
         .max = LIMIT_STATE,
         .usual = LIMIT_OWNERS_PER_CLIENT,
         .wants = "1 to 16777216",
         .help = "maximum number of open owners of one client, and of its lock owners"},
    [SETTING_MAX_OPENS] = {.name = "nfs.max_opens",
                           .kind = SETTING_NUMBER,
                           .min = 1,
                           .max = LIMIT_STATE,
                           .usual = LIMIT_OPENS,
                           .wants = "1 to 16777216",
                           .help = "maximum number of opens"},
    [SETTING_MAX_OPENS_PER_CLIENT] = {.name = "nfs.max_opens_per_client",
                                      .kind = SETTING_NUMBER,
                                      .min = 1,
                                      .max = LIMIT_STATE,
                                      .usual = LIMIT_OPENS_PER_CLIENT,
                                      .wants = "1 to 16777216",
                                      .help = "maximum number of opens of one client"},
    [SETTING_MAX_LOCK_STATES] = {.name = "nfs.max_lock_states",
                                 .kind = SETTING_NUMBER,
                                 .min = 1,
                                 .max = LIMIT_STATE,
                                 .usual = LIMIT_LOCK_STATES,
                                 .wants = "1 to 16777216",
                                 .help = "maximum number of pairs of a lock owner and an open"},
    [SETTING_MAX_LOCK_STATES_PER_CLIENT] =
        {.name = "nfs.max_lock_states_per_client",
         .kind = SETTING_NUMBER,
         .min = 1,
         .max = LIMIT_STATE,
         .usual = LIMIT_LOCK_STATES_PER_CLIENT,
         .wants = "1 to 16777216",
         .help = "maximum number of pairs of a lock owner and an open of one client"},
    [SETTING_MAX_LOCKS] = {.name = "nfs.max_locks",
                           .kind = SETTING_NUMBER,
                           .min = 1,
                           .max = LIMIT_STATE,
                           .usual = LIMIT_LOCKS,
                           .wants = "1 to 16777216",
                           .help = "maximum number of byte-range locks"},
    [SETTING_MAX_LOCKS_PER_CLIENT] = {.name = "nfs.max_locks_per_client",
                                      .kind = SETTING_NUMBER,
                                      .min = 1,
                                      .max = LIMIT_STATE,
                                      .usual = LIMIT_LOCKS_PER_CLIENT,
                                      .wants = "1 to 16777216",
                                      .help = "maximum number of byte-range locks of one client"},
    [SETTING_MAX_LOCK_WAITERS] = {.name = "nfs.max_lock_waiters",
                                  .kind = SETTING_NUMBER,
                                  .min = 1,
                                  .max = LIMIT_STATE,
                                  .usual = LIMIT_LOCK_WAITERS,
                                  .wants = "1 to 16777216",
                                  .help =
                                      "maximum number of lock requests queued in order of arrival"},
    [SETTING_MAX_LOCK_WAITERS_PER_CLIENT] = {.name = "nfs.max_lock_waiters_per_client",
                                             .kind = SETTING_NUMBER,
                                             .min = 1,
                                             .max = LIMIT_STATE,
                                             .usual = LIMIT_LOCK_WAITERS_PER_CLIENT,
                                             .wants = "1 to 16777216",
                                             .help = "maximum of queued lock requests per client"},
    [SETTING_LEASE_S] = {.name = "nfs.lease_s",
                         .unit = "s",
                         .kind = SETTING_NUMBER,
                         .min = 1,
                         .max = LIMIT_LEASE_S,
                         .usual = 90,
                         .when = SETTING_AT_START,
                         .wants = "1 to 3600 seconds",
                         .help = "lease time"},
    [SETTING_GRACE_S] = {.name = "nfs.grace_s",
                         .unit = "s",
                         .kind = SETTING_NUMBER,
                         .min = 0,
                         .max = LIMIT_LEASE_S,
                         .word = "lease",
                         .usual = SETTING_INSTEAD,
                         .when = SETTING_AT_START,
                         .wants = "0 (none) to 3600 seconds, or lease",
                         .help = "how long clients may reclaim after a restart; lease: for the "
                                 "lease, or that of the last run if it was longer"},
    [SETTING_SLOTS] = {.name = "nfs.slots",
                       .kind = SETTING_NUMBER,
                       .min = 1,
                       .max = LIMIT_SLOTS,
                       .usual = LIMIT_SLOTS_DEFAULT,
                       .when = SETTING_NEW_SESSIONS,
                       .wants = "1 to 1024",
                       .help = "slots (concurrent requests) of a new session"},
    [SETTING_REPLY_CACHE_MIB] = {.name = "nfs.reply_cache_mib",
                                 .unit = "MiB",
                                 .kind = SETTING_NUMBER,
                                 .min = 1,
                                 .max = LIMIT_REPLY_BUDGET_MIB,
                                 .usual = LIMIT_REPLY_BUDGET_BYTES >> 20,
                                 .wants = "1 to 1048576 MiB",
                                 .help = "memory for replies that are kept for retries"},
    [SETTING_METRICS_SESSIONS] =
        {.name = "metrics.max_sessions",
         .kind = SETTING_NUMBER,
         .min = 0,
         .max = LIMIT_METRICS_SESSIONS,
         .usual = LIMIT_METRICS_SESSIONS_USUAL,
         .wants = "0 to 10000",
         .help = "maximum number of sessions with metrics of their own; the rest is summed"},
    [SETTING_LOG_LEVEL] = {.name = "log.level",
                           .kind = SETTING_WORD,
                           .words = level_words,
                           .min = LOG_LEVEL_ERROR,
                           .max = LOG_LEVEL_DEBUG,
                           .usual = LOG_LEVEL_INFO,
                           .wants = "error (0), warn (1), info (2) or debug (3)",
                           .help = "the least severe lines that are logged"},
    [SETTING_LOG_FORMAT] = {.name = "log.format",
                            .kind = SETTING_WORD,
                            .words = format_words,
                            .min = 0,
                            .max = 1,
                            .usual = 0,
                            .wants = "text (0) or json (1)",
                            .help = "format of the lines of the log"},
#define X(part, what)                                                                              \
    [SETTING_LOG_LEVEL_##part] = {.name = "log.level." #part,                                      \
                                  .kind = SETTING_WORD,                                            \
                                  .words = level_words,                                            \
                                  .min = LOG_LEVEL_ERROR,                                          \
                                  .max = LOG_LEVEL_DEBUG,                                          \
                                  .word = "default",                                               \
                                  .usual = SETTING_INSTEAD,                                        \
                                  .wants = "default, error (0), warn (1), info (2) or debug (3)",  \
                                  .help = "the least severe lines about " what                     \
                                          " that are logged; default: as log.level"},
    LOG_PARTS_WITH_LEVEL(X)
#undef X
};

bool setting_lookup(const char *name, enum setting_id *id)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        if (strcmp(setting_table[i].name, name) == 0) {
            *id = (enum setting_id)i;
            return true;
        }
    }
    return false;
}

/* Parse a value that is a word. */
static bool word_parse(const struct setting *setting, const char *text, uint32_t *value)
{
    if (setting->word && strcmp(setting->word, text) == 0) {
        *value = SETTING_INSTEAD;
        return true;
    }
    if (!setting->words)
        return false;
    for (uint32_t i = setting->min; i <= setting->max; i++) {
        if (strcmp(setting->words[i], text) == 0) {
            *value = i;
            return true;
        }
    }
    return false;
}

bool setting_parse(enum setting_id id, const char *text, uint32_t *value)
{
    const struct setting *setting = &setting_table[id];
    unsigned long number;
    char *end;

    if (word_parse(setting, text, value))
        return true;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    number = strtoul(text, &end, 10);
    if (*end != '\0' || errno != 0 || number < setting->min || number > setting->max)
        return false;
    *value = (uint32_t)number;
    return true;
}

void setting_print(enum setting_id id, uint32_t value, char text[SETTING_TEXT_BYTES])
{
    const struct setting *setting = &setting_table[id];

    if (setting->word && value == SETTING_INSTEAD)
        (void)snprintf(text, SETTING_TEXT_BYTES, "%s", setting->word);
    else if (setting->words && value <= setting->max)
        (void)snprintf(text, SETTING_TEXT_BYTES, "%s", setting->words[value]);
    else
        (void)snprintf(text, SETTING_TEXT_BYTES, "%u", value);
}

const char *setting_when_name(enum setting_when when)
{
    switch (when) {
    case SETTING_AT_ONCE:
        return "at once";
    case SETTING_NEW_CLIENTS:
        return "for new clients";
    case SETTING_NEW_SESSIONS:
        return "for new sessions";
    case SETTING_AT_START:
        return "at the next start";
    }
    return "?";
}

const char *setting_origin_name(enum setting_origin origin)
{
    switch (origin) {
    case SETTING_DEFAULT:
        return "default";
    case SETTING_FILE:
        return "file";
    case SETTING_STORED:
        return "stored";
    case SETTING_OPTION:
        return "option";
    }
    return "?";
}
