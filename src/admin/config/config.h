/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of a server: what it is started with, from the configuration file and from the
 * command line.  A plain value: the file makes one, the command line another, and the second is
 * laid over the first.  config_key.h has the keys that people write.
 *
 * No threads, no globals.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "admin/config/config_admin.h"
#include "admin/config/listen_address.h"
#include "admin/settings.h"
#include "base/log.h"
#include "export/export.h"
#include "identity/identity_setup.h"

enum config_key_id {
    CONFIG_LISTEN,
    CONFIG_STATE,
    CONFIG_THREADS,
    CONFIG_SPIN,
    CONFIG_DESCRIPTORS,
    CONFIG_LEASE,
    CONFIG_GRACE,
    CONFIG_SLOTS,
    CONFIG_REPLY_CACHE,
    CONFIG_LOG_LEVEL,
    CONFIG_LOG_FORMAT,
    CONFIG_LOG_QUEUE,
    CONFIG_ADMIN,
    CONFIG_ADMIN_TOKEN,
    CONFIG_ADMIN_OPEN,
    CONFIG_ADMIN_TLS,
    CONFIG_GSS_KEYTAB,
    CONFIG_TLS_CERT,
    CONFIG_TLS_KEY,
    CONFIG_TLS_CA,
    CONFIG_TLS_CRL,
    CONFIG_TLS_OFFLOAD,
    CONFIG_IDENTITY_MAP,
    CONFIG_IDENTITY_DOMAIN,
    CONFIG_IDENTITY_REALMS,
    CONFIG_IDENTITY_MACHINE,
    CONFIG_IDENTITY_OWNERS,
    CONFIG_IDENTITY_MANAGE_GIDS,
    CONFIG_IDENTITY_GROUPS_TTL,
    CONFIG_EXPORTS,
    CONFIG_SETTINGS,
    CONFIG_KEY_COUNT,
};

struct config_tls {
    char *cert, *key, *ca, *crl; /* paths of PEM files; NULL: none */
    bool offload;                /* let the kernel encrypt what is sent, where it can */
};

/* Whom callers are taken for. */
struct config_identity {
    char *map;    /* the map file; NULL: there is none */
    char *domain; /* of owners; NULL: libnfsidmap's, else the host's */
    char *realms; /* of which machines are root, separated by blanks; NULL: that of the keytab */
    enum identity_machine machine;
    enum identity_owners owners;
    bool manage_gids; /* groups of AUTH_SYS callers by the database of this machine */
    uint32_t groups_ttl_s;
};

struct config {
    uint32_t listen_count;
    struct listen_address listen[LIMIT_LISTENERS];
    uint32_t export_count;
    struct export_spec exports[LIMIT_EXPORTS];
    char *state_dir;      /* NULL: the usual one of this user */
    uint32_t threads;     /* 0: one a CPU */
    uint32_t spin_us;     /* or TRANSPORT_SPIN_AUTO */
    uint32_t descriptors; /* 0: as many as the process may have */
    uint32_t lease_s;
    uint32_t grace_s;         /* or RECOVERY_GRACE_BY_LEASE */
    uint32_t slots;           /* of a new session; 0: LIMIT_SLOTS_DEFAULT */
    uint32_t reply_cache_mib; /* 0: LIMIT_REPLY_BUDGET_BYTES */
    enum log_level log_level;
    bool log_json;
    uint32_t log_queue_kib; /* 0: lines are not queued */
    char *keytab;           /* of the nfs/ principals; NULL: the usual one of Kerberos */
    struct admin_options admin;
    struct config_tls tls;
    struct config_identity identity;

    struct setting_option initial[SETTING_COUNT]; /* of the file: until something is stored */
    struct setting_option options[SETTING_COUNT]; /* of the command line: for this run */
    const char *setting_options[SETTING_COUNT];   /* that said so; NULL: --set NAME */

    /* Where it comes from.  The command line has no lines; 0: the file does not have it. */
    const char *file;                 /* the caller's; NULL: there is none */
    bool by_option[CONFIG_KEY_COUNT]; /* said by an option */
    uint32_t lines[CONFIG_KEY_COUNT];
    uint32_t export_lines[LIMIT_EXPORTS];
    uint32_t setting_lines[SETTING_COUNT];
};

/* With all defaults, and nothing to serve. */
struct config *config_create(void);

/* Another one that says the same. */
struct config *config_copy(const struct config *config);

/* NULL is fine. */
void config_destroy(struct config *config);

/* Free what it owns, of one that was moved to another place. */
void config_fini(struct config *config);

/* What an option said although the file says something else.  The texts are for people, and last
 * as long as the call. */
struct config_conflict {
    const char *option; /* "--threads", "--min-minor", or "--set NAME" */
    const char *value;  /* that counts */
    const char *configured;
    uint32_t line; /* of the file */
};

/* Lay what options said in `options` over `config`; `tell` is called for each conflict.  A list
 * takes the place of the other list.  `options` keeps what it has not given up, to be destroyed. */
void config_overlay(struct config *config, struct config *options,
                    void (*tell)(const struct config_conflict *conflict));

/* Some keys, like `lease`, are settings, too.  Let `initial` and `options` have what the file and
 * the options say by such a key, unless they have the setting itself. */
void config_share_settings(struct config *config);

/* The values of settings that are in force as long as nothing is stored. */
void config_settings(const struct config *config, struct setting_values *values);

/* Do they fit each other and the lease?  False and `error`; *line is where the last of them stands
 * in the file, 0: none does. */
bool config_settings_fit(const struct config *config, uint32_t *line, char *error,
                         size_t size) MUST_USE;
