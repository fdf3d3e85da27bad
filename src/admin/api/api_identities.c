/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_identities.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api/api_text.h"
#include "admin/endpoint.h"
#include "admin/http/http_request.h"
#include "base/clock.h"
#include "base/errand.h"
#include "gss/gss_name.h"
#include "gss/gss_principal.h"
#include "identity/identity_report.h"
#include "proto/compound.h"

enum {
    IDS_MAX = UINT32_MAX - 1 /* the last one is none */
};

static bool is_number(const char *who)
{
    return who[strspn(who, "0123456789")] == '\0';
}

/* False: there is no such principal, and the reply says so. */
static bool principal_report(struct identity_cache *cache, const char *who,
                             struct identity_report *report, struct http_request *request)
{
    struct gss_principal *principal = gss_name_parse(who);

    if (!principal) {
        http_reply_problem(&request->reply, 400, "no principal can have this name", NULL);
        return false;
    }
    identity_report_principal(cache,
                              &(struct identity_principal){
                                  .key = principal->exported,
                                  .key_len = principal->exported_bytes,
                                  .name = principal->name,
                                  .is_machine = principal->machine,
                              },
                              report);
    gss_principal_put(principal);
    return true;
}

static bool uid_report(struct identity_cache *cache, const char *who,
                       struct identity_report *report, struct http_request *request)
{
    unsigned long long uid;

    errno = 0;
    uid = strtoull(who, NULL, 10);
    if (errno != 0 || uid > IDS_MAX) {
        http_reply_problem(&request->reply, 400, "no user has this number", NULL);
        return false;
    }
    identity_report_uid(cache, (uint32_t)uid, report);
    return true;
}

/* What it is, or NULL after a problem. */
static const char *report_make(struct identity_cache *cache, const char *who,
                               struct identity_report *report, struct http_request *request)
{
    if (strchr(who, '@') || strchr(who, '/'))
        return principal_report(cache, who, report, request) ? "principal" : NULL;
    if (is_number(who))
        return uid_report(cache, who, report, request) ? "uid" : NULL;
    identity_report_name(cache, who, report);
    return "name";
}

static json_t *groups_json(const struct identity *identity)
{
    json_t *groups = json_array();

    for (uint32_t i = 0; i < identity->gid_count; i++)
        (void)json_array_append_new(groups, json_integer(identity->gids[i]));
    return groups;
}

static json_t *id_json(bool known, uint32_t id)
{
    return known ? json_integer(id) : json_null();
}

static json_t *age_json(const struct identity_report *report)
{
    return report->age_ns < 0 ? json_null() : json_real((double)report->age_ns / NSEC_PER_SEC);
}

static json_t *report_json(const char *who, const char *kind, const struct identity_report *report)
{
    const struct identity *identity = report->identity;
    const bool known = identity->origin != IDENTITY_FROM_NOBODY;
    char text[IDENTITY_WHY_BYTES];
    const char *why = identity_report_why(report, text);
    json_t *name =
        known && identity->name[0] ? api_text(identity->name, strlen(identity->name)) : json_null();

    return json_pack("{s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "who",
                     api_text(who, strlen(who)), "kind", kind, "known", known, "uid",
                     id_json(known, identity->uid), "gid", id_json(known, identity->gid), "groups",
                     groups_json(identity), "name", name, "by",
                     identity_origin_name(identity->origin), "why", api_text(why, strlen(why)),
                     "remembered_s", age_json(report));
}

void api_identities_show(struct http_request *request, void *context)
{
    const struct endpoint *endpoint = context;
    const char *who = request->args.of[0], *kind;
    struct identity_report report;

    if (!http_query_check(request, NULL, 0))
        return;
    errand_place("the database of users");
    kind = report_make(endpoint->server->identities, who, &report, request);
    errand_place(NULL);
    if (!kind)
        return;
    if (report.identity)
        http_reply_json(&request->reply, report_json(who, kind, &report));
    else
        http_reply_problem(&request->reply, 503, "the database of users does not answer", NULL);
    identity_report_fini(&report);
}
