/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of mainstayd, checked. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "admin/settings.h"
#include "base/log.h"
#include "export/export.h"

struct listen_address {
    struct sockaddr_storage addr;
    socklen_t len;
};

struct options {
    uint32_t listen_count;
    struct listen_address listen[LIMIT_LISTENERS];
    uint32_t export_count;
    struct export_spec exports[LIMIT_EXPORTS];
    char *state_dir;      /* default: /var/lib/mainstay for root, else a directory of the user */
    uint32_t threads;     /* 0: one per CPU */
    uint32_t descriptors; /* 0: as many as the process may have */
    uint32_t lease_s;
    uint32_t slots;           /* of a new session; 0: LIMIT_SLOTS_DEFAULT */
    uint32_t reply_cache_mib; /* 0: LIMIT_REPLY_BUDGET_BYTES */
    uint32_t grace_s;         /* or RECOVERY_GRACE_BY_LEASE */
    struct setting_option settings[SETTING_COUNT];
    enum log_level log_level;
    bool log_json;
    uint32_t log_queue_kib; /* 0: no queue */
    bool check_only;
};

enum options_result {
    OPTIONS_RUN,
    OPTIONS_DONE,  /* --help, --version: printed; exit status 0 */
    OPTIONS_WRONG, /* an error was reported on stderr; exit status 2 */
};

/* Parse argv into `options`.  Call options_fini() whatever the result. */
enum options_result options_parse(struct options *options, int argc, char **argv);
void options_fini(struct options *options);
