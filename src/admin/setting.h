/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of settings that can be changed while the server runs.  A setting has a name, a kind,
 * bounds and a default.  Its value is text outside of the server and typed inside.  Rules that span
 * several settings are in minor_setting.h and callback_setting.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/log_part.h"

enum setting_id {
    SETTING_MIN_MINOR_VERSION,
    SETTING_MAX_MINOR_VERSION,
    SETTING_DELEGATIONS,
    SETTING_DIRECTORY_DELEGATIONS,
    SETTING_MAX_DELEGATIONS,
    SETTING_LOCAL_DELEGATIONS,
    SETTING_RECALL_PARK_MS,
    SETTING_CALLBACK_TIMEOUT_MS,
    SETTING_CALLBACK_BACKOFF_MS,
    SETTING_CALLBACK_BACKOFF_MAX_MS,
    SETTING_CALLBACK_OWN_ADDRESS,
    SETTING_MAX_CONNECTIONS,
    SETTING_MAX_CONNECTIONS_PER_ADDRESS,
    SETTING_MAX_HALF_RECORD_MIB,
    SETTING_MAX_UNSENT_MIB,
    SETTING_RECORD_TIMEOUT_S,
    SETTING_SEND_TIMEOUT_S,
    SETTING_IDLE_TIMEOUT_S,
    SETTING_GSS_MAX_CONTEXTS,
    SETTING_GSS_LIFETIME_S,
    SETTING_MEMORY_MIB,
    SETTING_MAX_CLIENTS,
    SETTING_MAX_CLIENTS_PER_ADDRESS,
    SETTING_MAX_SESSIONS,
    SETTING_MAX_SESSIONS_PER_CLIENT,
    SETTING_MAX_OWNERS,
    SETTING_MAX_OWNERS_PER_CLIENT,
    SETTING_MAX_OPENS,
    SETTING_MAX_OPENS_PER_CLIENT,
    SETTING_MAX_LOCK_STATES,
    SETTING_MAX_LOCK_STATES_PER_CLIENT,
    SETTING_MAX_LOCKS,
    SETTING_MAX_LOCKS_PER_CLIENT,
    SETTING_MAX_LOCK_WAITERS,
    SETTING_MAX_LOCK_WAITERS_PER_CLIENT,
    SETTING_LEASE_S,
    SETTING_GRACE_S,
    SETTING_SLOTS,
    SETTING_REPLY_CACHE_MIB,
    SETTING_METRICS_SESSIONS,
    SETTING_LOG_LEVEL,
    SETTING_LOG_FORMAT,
#define X(part, what) SETTING_LOG_LEVEL_##part, /* SETTING_INSTEAD: that of SETTING_LOG_LEVEL */
    LOG_PARTS_WITH_LEVEL(X)
#undef X
    SETTING_COUNT,
};

enum setting_kind {
    SETTING_NUMBER, /* decimal digits */
    SETTING_WORD,   /* one of a few words, or its number */
    SETTING_FLAG,   /* false or true, or 0 or 1 */
};

/* When a change of it takes effect. */
enum setting_when {
    SETTING_AT_ONCE,
    SETTING_NEW_CLIENTS,  /* for clients that register afterwards */
    SETTING_NEW_SESSIONS, /* for sessions that are created afterwards */
    SETTING_AT_START,     /* when the server starts the next time; until then it is only stored */
};

const char *setting_when_name(enum setting_when when);

enum {
    SETTING_NAME_BYTES = 64, /* a name with its NUL */
    SETTING_TEXT_BYTES = 64, /* a value as text, with its NUL */
};

/* The value of setting.word. */
#define SETTING_INSTEAD UINT32_MAX

struct setting {
    const char *name;
    enum setting_kind kind;
    uint32_t min, max;
    uint32_t usual;           /* the default */
    const char *const *words; /* for the values 0 to `max`; NULL: none */
    const char *word;         /* for the value SETTING_INSTEAD, beside the numbers; NULL: none */
    const char *unit;         /* "ms", "s" or "MiB", as its name ends; NULL: a count or a word */
    enum setting_when when;
    const char *wants; /* the accepted values, for error messages */
    const char *help;  /* one line */
};

extern const struct setting setting_table[SETTING_COUNT];

/* Look up a setting by name.  False: not found. */
bool setting_lookup(const char *name, enum setting_id *id) MUST_USE;

/* Parse a value.  False: the setting does not accept it. */
bool setting_parse(enum setting_id id, const char *text, uint32_t *value) MUST_USE;

/* Print a value so that setting_parse() accepts it. */
void setting_print(enum setting_id id, uint32_t value, char text[SETTING_TEXT_BYTES]);

/* Where the value in force comes from.  A later origin overrides an earlier one; but a value stored
 * while the server runs overrides an option. */
enum setting_origin {
    SETTING_DEFAULT,
    SETTING_FILE, /* the configuration file */
    SETTING_STORED,
    SETTING_OPTION, /* a command-line option, for this run */
};

const char *setting_origin_name(enum setting_origin origin);

struct setting_value {
    uint32_t number;
    enum setting_origin origin;
};

/* The values of all settings at one moment. */
struct setting_values {
    struct setting_value of[SETTING_COUNT];
};
