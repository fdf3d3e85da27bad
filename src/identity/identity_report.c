/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/identity_report.h"

#include <stdio.h>

#include "identity/identity_cache_internal.h"

static void explain(struct identity_cache *cache, const struct identity_key *key,
                    struct identity_report *report)
{
    *report = (struct identity_report){.age_ns = identity_cache_age_ns(cache, key)};
    report->identity = identity_cache_ask(cache, key, IDENTITY_WAIT);
    identity_cache_reason(cache, key, report);
}

void identity_report_principal(struct identity_cache *cache,
                               const struct identity_principal *principal,
                               struct identity_report *report)
{
    const struct identity_key key = identity_cache_key(principal);

    explain(cache, &key, report);
}

void identity_report_uid(struct identity_cache *cache, uint32_t uid, struct identity_report *report)
{
    const struct identity_key key = {.question = IDENTITY_ASK_UID, .id = uid, .name = ""};

    explain(cache, &key, report);
}

void identity_report_name(struct identity_cache *cache, const char *name,
                          struct identity_report *report)
{
    const struct identity_key key = {.question = IDENTITY_ASK_USER_ID, .name = name};
    uint32_t uid;

    explain(cache, &key, report);
    if (!report->identity || report->identity->origin == IDENTITY_FROM_NOBODY)
        return;
    uid = report->identity->uid; /* the answer to a name has no groups */
    identity_report_fini(report);
    identity_report_uid(cache, uid, report);
}

void identity_report_fini(struct identity_report *report)
{
    identity_put(report->identity);
    report->identity = NULL;
}

static const char *machine_why(const struct identity_report *report, bool known)
{
    if (report->machine == IDENTITY_MACHINE_NOBODY)
        return "it is a machine, and identity.machine is nobody";
    return known ? "it is a machine of one of the server's realms (identity.realms)"
                 : "it is a machine, and of none of the server's realms (identity.realms)";
}

static void account_print(const struct identity_report *report, bool known, const char *unless,
                          char text[IDENTITY_WHY_BYTES])
{
    (void)snprintf(text, IDENTITY_WHY_BYTES, "%s:%u names the account %s%s", report->map,
                   report->line, report->account, known ? "" : unless);
}

const char *identity_report_why(const struct identity_report *report, char text[IDENTITY_WHY_BYTES])
{
    const bool known = report->identity && report->identity->origin != IDENTITY_FROM_NOBODY;

    switch (report->reason) {
    case IDENTITY_REASON_LINE:
        (void)snprintf(text, IDENTITY_WHY_BYTES, "%s:%u says so", report->map, report->line);
        return text;
    case IDENTITY_REASON_ACCOUNT:
        account_print(report, known, ", which the database of users does not have", text);
        return text;
    case IDENTITY_REASON_REALM:
        account_print(report, known,
                      ", which the database of users does not have, or which is root", text);
        return text;
    case IDENTITY_REASON_MACHINE:
        return machine_why(report, known);
    case IDENTITY_REASON_IDMAP:
        return known ? "libnfsidmap knows it"
                     : "neither the map file nor libnfsidmap knows it: are Domain and Local-Realms "
                       "in /etc/idmapd.conf right, and is there such an account?";
    case IDENTITY_REASON_DATABASE:
        return known ? "the database of users has it"
                     : "neither the map file nor the database of users has it";
    }
    return "";
}
